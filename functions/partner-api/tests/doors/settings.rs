//! A partner's own settings.

use std::collections::BTreeSet;

use domain::partner::{Partner, WebhookEndpoint};
use serde_json::{Value, json};

use crate::{Api, shape};

#[tokio::test]
async fn a_partner_reads_their_settings_without_secrets() {
    let api = Api::new().await;
    let answer = api.get("/v1/partner").await;
    let settings = answer.json();
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&settings), names(&partner_api::examples::partner()));
    assert_eq!((&settings["id"], &settings["mode"]), (&"demoshop".into(), &"test".into()));
    assert_eq!(
        settings["commission"],
        json!({ "percent": "3.5", "fixed": "0.00", "least": "0.00", "greatest": null, "vat_percent": "0" })
    );
    let text = String::from_utf8(answer.body).unwrap();
    assert!(!text.contains("whsec_") && !text.contains(support::FORM_SECRET));
}

#[tokio::test]
async fn a_webhook_is_set_read_and_removed_and_its_secret_is_shown_once() {
    let api = Api::new().await;
    let set = async |url: &str| api.call("PUT", "/v1/webhook", &api.world.key, Some(&json!({ "url": url }))).await;
    let gone = WebhookEndpoint { url: "https://old.example/".into(), secret: "whsec_AAAA".into(), gone: true };
    let partner = Partner { webhook: Some(gone), ..support::partner() };
    api.world.ports.store.put_partner(&api.world.shop, &partner).await.unwrap();
    assert_eq!(api.get("/v1/webhook").await.json(), json!({ "url": "https://old.example/", "gone": true }));

    let first = set("https://shop.example/hook").await;
    assert_eq!(first.status, 200);
    let second = set("https://shop.example/hook").await;
    let secret = |answer: &crate::Answer| answer.json()["secret"].as_str().unwrap().to_owned();
    assert_ne!(secret(&first), secret(&second));
    assert!(standardwebhooks::Webhook::new(&secret(&second)).is_ok());
    assert_eq!(secret(&second).len(), "whsec_".len() + 44, "32 bytes in base64");
    let read = api.get("/v1/webhook").await;
    assert_eq!(read.json(), json!({ "url": "https://shop.example/hook", "gone": false }));
    let kept = workflows::perform::partner(&api.world.ports, &api.world.shop).await.unwrap();
    assert_eq!(kept.webhook.as_ref().unwrap().secret, secret(&second));
    assert_eq!(Partner { webhook: None, ..(*kept).clone() }, Partner { webhook: None, ..support::partner() });

    for _ in 0..2 {
        let removed = api.call("DELETE", "/v1/webhook", &api.world.key, None).await;
        assert_eq!((removed.status, removed.body.len()), (204, 0));
        assert_eq!(api.get("/v1/webhook").await.problem().0, 404);
    }
}

#[tokio::test]
async fn a_webhook_goes_to_no_private_place() {
    let api = Api::new().await;
    for (url, code) in [
        ("http://shop.example/hook", "url"),
        ("https://localhost/hook", "private_host"),
        ("https://127.0.0.1/hook", "private_host"),
        ("https://169.254.169.254/latest/meta-data", "private_host"),
        ("https://[::1]/", "private_host"),
        ("https://user@shop.example/", "url"),
        ("", "url"),
    ] {
        let answer = api.call("PUT", "/v1/webhook", &api.world.key, Some(&json!({ "url": url }))).await;
        assert_eq!(answer.faults(), [("/url".into(), code.into())], "{url}");
    }
    let unknown = api
        .call("PUT", "/v1/webhook", &api.world.key, Some(&json!({ "url": "https://a.example/", "secret": "x" })))
        .await;
    assert_eq!(unknown.faults(), [("/secret".into(), "unknown".into())]);
    let kept = workflows::perform::partner(&api.world.ports, &api.world.shop).await.unwrap();
    assert_eq!(*kept, support::partner());
}

#[tokio::test]
async fn a_method_that_is_not_there_is_told() {
    let api = Api::new().await;
    let answer = api.call("PATCH", "/v1/partner", &api.world.key, Some(&json!({}))).await;
    assert_eq!(answer.problem().0, 405);
    assert_eq!(api.get("/v1/nowhere").await.problem().0, 404);
    assert_eq!(shape(&api.get("/v1/nowhere").await.json())["errors"], Value::Null);
}
