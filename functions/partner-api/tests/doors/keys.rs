//! Keys of a partner's sites.

use serde_json::{Value, json};

use crate::Api;
use crate::orders::wish;

const KEYS: &str = "/v1/operator/partners/demoshop/test/keys";

async fn issue(api: &Api, name: &str) -> (String, String) {
    let answer = api.operator("POST", KEYS, Some(&json!({ "name": name }))).await;
    assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
    let text = |name: &str| answer.json()[name].as_str().unwrap().to_owned();
    (text("id"), text("api_key"))
}

async fn names(api: &Api) -> Vec<Value> {
    let list = api.operator("GET", KEYS, None).await.json();
    list["keys"].as_array().unwrap().iter().map(|key| key["name"].clone()).collect()
}

#[tokio::test]
async fn an_order_tells_which_site_made_it() {
    let api = Api::new().await;
    let (id, key) = issue(&api, " RetailCRM ").await;
    let made = api.call("POST", "/v1/orders", &key, Some(&wish("A-1"))).await;
    assert_eq!((made.status, &made.json()["origin"]), (201, &"RetailCRM".into()));
    let path = made.header("location").to_owned();
    assert_eq!(api.get(&path).await.json()["origin"], "RetailCRM", "whoever asks");
    let plain = api.order(&wish("A-2")).await;
    assert_eq!(api.get(&plain).await.json()["origin"], Value::Null, "a key without a name");
    // The same request from another site finds the same order.
    let (_, other) = issue(&api, "1С").await;
    let again = api.call("POST", "/v1/orders", &other, Some(&wish("A-1"))).await;
    assert_eq!((again.status, &again.json()["origin"]), (200, &"RetailCRM".into()));
    let listed = api.operator("GET", KEYS, None).await;
    let text = String::from_utf8(listed.body.clone()).unwrap();
    assert!(!text.contains(&key) && !text.contains(&other), "keys are shown once");
    assert_eq!(listed.json()["keys"][0]["id"], id);
}

#[tokio::test]
async fn there_are_at_most_five_and_one_that_is_revoked_makes_room() {
    let api = Api::new().await;
    let mut issued = Vec::new();
    for name in ["site", "1С", "RetailCRM", "app", "site"] {
        issued.push(issue(&api, name).await);
    }
    assert_eq!(names(&api).await, ["site", "1С", "RetailCRM", "app", "site"]);
    let rows = api.rows();
    let sixth = api.operator("POST", KEYS, Some(&json!({ "name": "sixth" }))).await;
    assert_eq!(sixth.problem(), (409, "keys_full".into()));
    assert_eq!(api.rows(), rows);

    let (id, key) = &issued[1];
    for _ in 0..2 {
        assert_eq!(api.operator("DELETE", &format!("{KEYS}/{id}"), None).await.status, 204);
    }
    assert_eq!(names(&api).await, ["site", "RetailCRM", "app", "site"]);
    assert_eq!(api.call("GET", "/v1/partner", key, None).await.problem().0, 401);
    for (_, other) in [&issued[0], &issued[4]] {
        assert_eq!(api.call("GET", "/v1/partner", other, None).await.status, 200, "of one name, and not this key");
    }
    issue(&api, "sixth").await;
}

#[tokio::test]
async fn a_revoked_key_is_good_for_nothing_everywhere_within_a_minute() {
    let mut api = Api::new().await;
    let (id, key) = issue(&api, "site").await;
    // One instance has the key in its memory; the key is revoked at another.
    assert_eq!(api.call("GET", "/v1/partner", &key, None).await.status, 200);
    let elsewhere = api.router.clone();
    api.world.restart();
    api.router = runtime::door(partner_api::router(api.world.ports.clone()));
    assert_eq!(api.operator("DELETE", &format!("{KEYS}/{id}"), None).await.status, 204);
    assert_eq!(api.call("GET", "/v1/partner", &key, None).await.problem().0, 401);
    api.router = elsewhere;
    api.world.advance(60);
    assert_eq!(api.call("GET", "/v1/partner", &key, None).await.problem().0, 401);
}

#[tokio::test]
async fn keys_of_before_work_and_can_be_revoked_by_their_digest() {
    let api = Api::new().await;
    let old = &api.world.key;
    assert_eq!(api.get("/v1/partner").await.status, 200);
    assert_eq!(names(&api).await, Vec::<Value>::new(), "one without a name is not listed");
    let digest = workflows::access::sha256_hex(old);
    assert_eq!(api.operator("DELETE", &format!("{KEYS}/{digest}"), None).await.status, 204);
    assert_eq!(api.get("/v1/partner").await.problem().0, 401);
}

#[tokio::test]
async fn what_is_wrong_is_told_and_nobody_else_learns_of_it() {
    let api = Api::new().await;
    let (id, _) = issue(&api, "site").await;
    for name in [String::new(), "  ".into(), "x".repeat(41), "a\nb".into()] {
        let answer = api.operator("POST", KEYS, Some(&json!({ "name": name }))).await;
        assert_eq!(answer.faults(), [("/name".into(), "name".into())], "{name}");
    }
    for none in ["x", &"0".repeat(64), &id.to_uppercase()] {
        assert_eq!(api.operator("DELETE", &format!("{KEYS}/{none}"), None).await.problem().0, 404, "{none}");
    }
    let live = KEYS.replace("/test/", "/live/");
    assert_eq!(api.operator("GET", &live, None).await.problem().0, 404, "there is no such tenant");
    let other = KEYS.replace("demoshop", "othershop");
    assert_eq!(api.operator("DELETE", &format!("{other}/{id}"), None).await.problem().0, 404, "another's key stays");
    for token in ["", "wrong", &api.world.key] {
        for method in ["GET", "POST", "DELETE", "PUT"] {
            for path in [KEYS.to_owned(), format!("{KEYS}/{id}")] {
                let answer = api.call(method, &path, token, Some(&json!({ "name": "x" }))).await;
                assert_eq!(answer.problem().0, 404, "{method} {path}");
            }
        }
    }
    assert_eq!(names(&api).await, ["site"]);
}

#[tokio::test]
async fn enrolled_partners_have_a_key_with_a_name_and_no_more_than_five() {
    let api = Api::new().await;
    let mut request = partner_api::examples::partner_request();
    request["id"] = json!("newshop");
    assert_eq!(api.operator("POST", "/v1/operator/partners", Some(&request)).await.status, 201);
    let keys = "/v1/operator/partners/newshop/live/keys";
    assert_eq!(api.operator("GET", keys, None).await.json()["keys"][0]["name"], "main");
    request["issue_keys"] = json!(true);
    for _ in 0..4 {
        assert_eq!(api.operator("POST", "/v1/operator/partners", Some(&request)).await.status, 200);
    }
    request["name"] = json!("Другое имя");
    let full = api.operator("POST", "/v1/operator/partners", Some(&request)).await;
    assert_eq!(full.problem(), (409, "keys_full".into()));
    let tenant = "newshop.l".parse().unwrap();
    let partner = workflows::perform::partner(&api.world.ports, &tenant).await.unwrap();
    assert_ne!(partner.name, "Другое имя", "nothing was changed");
}
