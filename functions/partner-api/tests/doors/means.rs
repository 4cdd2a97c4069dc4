//! A buyer's saved means, and the link to their wallet.

use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Waker};

use domain::id::{Mode, Tenant};
use domain::wallet::Kept;
use serde_json::json;

use crate::Api;
use crate::orders::wish;

const LIST: &str = "/v1/customers/buyer-1/means";

#[tokio::test]
async fn saved_means_are_listed_masked() {
    let api = Api::new().await;
    assert_eq!(api.get(LIST).await.json(), json!({ "means": [] }));
    let id = api.saved("buyer-1", "success").await;
    let answer = api.get(LIST).await;
    let means = &answer.json()["means"][0];
    assert_eq!((&means["id"], &means["method"], &means["enabled"]), (&id.clone().into(), &"card".into(), &true.into()));
    assert!(means["label"].as_str().unwrap().contains("0001"), "{means}");
    assert!(means["valid_until"].as_str().is_none_or(|month| month.len() == 7));
    let kept = api.world.ports.store.means(&api.world.shop, "buyer-1", &id).await.unwrap().unwrap();
    assert!(!kept.means.token.is_empty() && !String::from_utf8(answer.body).unwrap().contains(&kept.means.token));
    assert!(kept.agreed.is_some(), "what the buyer agreed to is on record with them");
    assert_eq!(api.get("/v1/customers/buyer-2/means").await.json(), json!({ "means": [] }));
}

#[tokio::test]
async fn means_that_are_switched_off_are_not_charged_until_they_are_on_again() {
    let api = Api::new().await;
    let id = api.saved("buyer-1", "success").await;
    let path = format!("{LIST}/{id}");
    let switch = async |enabled: bool| {
        let answer = api.call("PATCH", &path, &api.world.key, Some(&json!({ "enabled": enabled }))).await;
        assert_eq!((answer.status, &answer.json()["enabled"]), (200, &enabled.into()));
    };
    let charge = async |number: &str| {
        let mut order = wish(number);
        order["customer"] = "buyer-1".into();
        order["buyer"] = json!({ "email": support::BUYER_EMAIL });
        order["charge"] = json!({ "means": id, "reason": "Подписка" });
        api.post("/v1/orders", &order).await
    };
    switch(false).await;
    switch(false).await;
    assert_eq!(charge("A-1").await.faults(), [("/charge/means".into(), "no_means".into())]);
    switch(true).await;
    assert_eq!(charge("A-1").await.status, 201);
    let wrong = api.call("PATCH", &path, &api.world.key, Some(&json!({ "enabled": true, "x": 1 }))).await;
    assert_eq!(wrong.faults(), [("/x".into(), "unknown".into())]);
    let absent = format!("{LIST}/mns_x_1");
    assert_eq!(api.call("PATCH", &absent, &api.world.key, Some(&json!({ "enabled": true }))).await.problem().0, 404);
}

#[tokio::test]
async fn deleted_means_are_gone_here_and_at_the_bank() {
    let api = Api::new().await;
    let id = api.saved("buyer-1", "success").await;
    let path = format!("{LIST}/{id}");
    // The bank is silent: they can not be charged from now on, and deleting is finished by asking again.
    api.world.net.faults(|call| matches!(call, support::Call::Http(_)).then_some(support::Fault::Silence));
    let answer = api.call("DELETE", &path, &api.world.key, None).await;
    assert_eq!(answer.problem(), (503, "unavailable".into()));
    assert_eq!(api.get(LIST).await.json()["means"][0]["enabled"], false);
    // Whether the bank has forgotten them nobody knows: they are not to be offered again.
    let on = json!({ "enabled": true });
    assert_eq!(api.call("PATCH", &path, &api.world.key, Some(&on)).await.problem().0, 404);
    assert_eq!(api.get(LIST).await.json()["means"][0]["enabled"], false);
    api.world.net.no_faults();
    for _ in 0..2 {
        assert_eq!(api.call("DELETE", &path, &api.world.key, None).await.status, 204);
    }
    assert_eq!(api.get(LIST).await.json(), json!({ "means": [] }));
    let kept = api.world.ports.store.means(&api.world.shop, "buyer-1", &id).await.unwrap().unwrap();
    assert!(kept.deleted && kept.means.token.is_empty());
    assert_eq!(api.call("PATCH", &path, &api.world.key, Some(&json!({ "enabled": true }))).await.problem().0, 404);
    let absent = format!("{LIST}/mns_x_1");
    assert_eq!(api.call("DELETE", &absent, &api.world.key, None).await.problem().0, 404);
}

#[tokio::test]
async fn a_switch_that_comes_between_does_not_undo_a_deletion() {
    let api = Api::new().await;
    let id = api.saved("buyer-1", "success").await;
    let (store, shop) = (&api.world.ports.store, &api.world.shop);
    let delete = |kept: &Kept| Some(Kept { deleted: true, ..kept.clone() });
    let mut seen = Vec::new();
    let stands = store.change_means(shop, "buyer-1", &id, |kept| {
        seen.push(kept.deleted);
        if !kept.deleted {
            // Deleted after it was read, and before it is written. The table in memory answers at once.
            let deleting = pin!(store.change_means(shop, "buyer-1", &id, delete));
            assert!(deleting.poll(&mut Context::from_waker(Waker::noop())).is_ready());
        }
        (!kept.deleted).then(|| Kept { enabled: true, ..kept.clone() })
    });
    assert!(stands.await.unwrap().unwrap().deleted);
    assert_eq!(seen, [false, true], "looked at again");
    assert!(store.means(shop, "buyer-1", &id).await.unwrap().unwrap().deleted);
    // Nor does saving them late, once more.
    let saved = Kept { deleted: false, ..store.means(shop, "buyer-1", &id).await.unwrap().unwrap() };
    store.keep_means(shop, "buyer-1", &saved).await.unwrap();
    assert!(store.means(shop, "buyer-1", &id).await.unwrap().unwrap().deleted);
    assert!(store.change_means(shop, "buyer-1", "mns_x_1", delete).await.unwrap().is_none());
}

#[tokio::test]
async fn anothers_buyer_has_nothing_here() {
    let api = Api::new().await;
    let id = api.saved("buyer-1", "success").await;
    let live = Tenant::try_new("demoshop", Mode::Live).unwrap();
    let other = Tenant::try_new("othershop", Mode::Test).unwrap();
    for tenant in [live, other] {
        let key = api.world.enrol(&tenant, &support::partner()).await;
        assert_eq!(api.call("GET", LIST, &key, None).await.json(), json!({ "means": [] }));
        let path = format!("{LIST}/{id}");
        assert_eq!(api.call("PATCH", &path, &key, Some(&json!({ "enabled": false }))).await.problem().0, 404);
        assert_eq!(api.call("DELETE", &path, &key, None).await.problem().0, 404);
    }
    assert_eq!(api.get(LIST).await.json()["means"][0]["enabled"], true);
    let long = format!("/v1/customers/{}/means", "x".repeat(65));
    assert_eq!(api.get(&long).await.problem().0, 404);
    for (method, path) in [("GET", LIST), ("POST", "/v1/customers/buyer-1/wallet-link")] {
        assert_eq!(api.call(method, path, "", None).await.problem().0, 401);
    }
}

#[tokio::test]
async fn a_wallet_link_opens_just_that_buyers_wallet_until_it_ends() {
    let api = Api::new().await;
    let link = async |customer: &str| {
        api.call("POST", &format!("/v1/customers/{customer}/wallet-link"), &api.world.key, None).await
    };
    let answer = link("%D0%B8%D0%B2%D0%B0%D0%BD%7E%40shop").await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    let (url, expires_at) = (answer.json()["url"].clone(), answer.json()["expires_at"].clone());
    assert_eq!(expires_at, "2026-11-22T09:00:00Z");
    let token = url.as_str().unwrap().strip_prefix(&format!("{}/w/", support::BASE_URL)).unwrap().to_owned();
    assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"~._-".contains(&byte)), "{token}");
    let settings = &api.world.ports.settings;
    let (tenant, customer, until) = workflows::links::open_wallet(settings, &token).unwrap();
    assert_eq!((&tenant, customer.as_str()), (&api.world.shop, "иван~@shop"));
    assert_eq!(until.to_string(), "2026-11-22T09:00:00Z");
    let changed = token.replacen("demoshop.t", "demoshop.l", 1);
    for wrong in [changed.as_str(), "", "x", &token[1..], &token.replace('~', "")] {
        assert!(workflows::links::open_wallet(settings, wrong).is_none(), "{wrong}");
    }
    assert_eq!(link(&"x".repeat(65)).await.problem().0, 404);
}
