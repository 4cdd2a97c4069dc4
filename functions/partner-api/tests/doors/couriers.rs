//! Couriers' keys: what they open, what they do not, and how they end.

use domain::id::OrderId;
use partner_api::openapi;
use serde_json::{Value, json};
use workflows::ports::Clock as _;

use crate::orders::wish;
use crate::{Answer, Api};

const KEYS: &str = "/v1/partner/keys";

/// A courier's key: its id, and what is sent.
async fn courier(api: &Api, name: &str) -> (String, String) {
    let answer = api.post(KEYS, &json!({ "name": name })).await;
    assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
    let issued = answer.json();
    assert_eq!(issued["role"], "courier");
    let text = |name: &str| issued[name].as_str().unwrap().to_owned();
    (text("id"), text("api_key"))
}

async fn order(api: &Api, number: &str) -> String {
    let mut order = wish(number);
    order["buyer"] = json!({ "email": support::BUYER_EMAIL });
    api.order(&order).await
}

async fn give(api: &Api, method: &str, path: &str, key: &str) -> Answer {
    api.call(method, &format!("{path}/couriers/{key}"), &api.world.key, None).await
}

fn numbers(list: &Value) -> Vec<&str> {
    list["orders"].as_array().unwrap().iter().map(|order| order["number"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_courier_takes_money_for_the_orders_given_and_sees_no_other() {
    let api = Api::new().await;
    let (id, key) = courier(&api, "Курьер 12").await;
    let (given, kept) = (order(&api, "A-1").await, order(&api, "A-2").await);
    for _ in 0..2 {
        assert_eq!(give(&api, "PUT", &given, &id).await.status, 204);
    }
    assert_eq!(api.call("GET", &given, &key, None).await.json()["number"], "A-1");
    assert_eq!(numbers(&api.call("GET", "/v1/courier/orders", &key, None).await.json()), ["A-1"]);
    let cash = json!({ "method": "cash", "reference": "PKO-118" });
    assert_eq!(api.call("POST", &format!("{given}/collect"), &key, Some(&cash)).await.json()["captured"], "3000.00");
    let marks = api.call("PUT", &format!("{given}/marks"), &key, Some(&json!([]))).await;
    assert_eq!(marks.faults(), [(String::new(), "count".into())], "the door is open");
    // One that was not given is as one that is not there.
    let nowhere = OrderId::new(api.world.shop.clone(), "A-9", api.world.clock.now());
    for path in [&kept, &format!("/v1/orders/{nowhere}")] {
        assert_eq!(api.call("GET", path, &key, None).await.problem().0, 404, "{path}");
        assert_eq!(api.call("POST", &format!("{path}/collect"), &key, Some(&cash)).await.problem().0, 404, "{path}");
    }
    assert_eq!(api.get(&kept).await.json()["captured"], "0.00");
    // Taken back, it is closed; what was recorded stays.
    for _ in 0..2 {
        assert_eq!(give(&api, "DELETE", &given, &id).await.status, 204);
    }
    assert_eq!(api.call("GET", &given, &key, None).await.problem().0, 404);
    assert_eq!(numbers(&api.call("GET", "/v1/courier/orders", &key, None).await.json()), Vec::<&str>::new());
    assert_eq!(api.get(&given).await.json()["captured"], "3000.00");
    assert_eq!(give(&api, "PUT", &given, &id).await.status, 204);
    assert_eq!(api.call("GET", &given, &key, None).await.status, 200, "given once more");
}

#[tokio::test]
async fn every_other_door_is_shut_to_a_courier() {
    let api = Api::new().await;
    let (id, key) = courier(&api, "Курьер 12").await;
    let path = order(&api, "A-1").await;
    assert_eq!(give(&api, "PUT", &path, &id).await.status, 204);
    let order = path.rsplit('/').next().unwrap();
    let open = [("get", "/v1/orders/{id}"), ("post", "/v1/orders/{id}/collect"), ("put", "/v1/orders/{id}/marks")];
    let document = openapi::document(openapi::Reader::Partner, openapi::EXAMPLE_URL);
    let document = serde_json::to_value(document).unwrap();
    let mut shut = 0;
    for (route, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let mine =
                open.contains(&(method, route)) || ["/v1/courier/orders", "/v1/tariffs"].contains(&route.as_str());
            if mine || !route.starts_with("/v1/") {
                continue;
            }
            let real = route.replace("{id}", order).replace("{entry}", "1").replace("{key}", &id);
            let real = real.replace("{customer}", "buyer-1").replace("{means}", "mns_1");
            let answer = api.call(&method.to_uppercase(), &real, &key, Some(&json!({}))).await;
            assert_eq!(answer.problem(), (403, "courier_key".into()), "{method} {route}");
            shut += 1;
        }
    }
    assert!(shut > 40, "{shut}");
    for route in ["/v1/operator/receipts", "/v1/operator/partners/demoshop/test/keys"] {
        assert_eq!(api.call("GET", route, &key, None).await.problem().0, 404, "{route}");
    }
    let clock = format!("Bearer {key}");
    assert_eq!(workflows::access::tenant(&api.world.ports, Some(&clock)).await.unwrap(), None, "nor the sandbox's");
}

#[tokio::test]
async fn a_partner_lists_its_keys_without_them_and_ends_them() {
    let api = Api::new().await;
    let (id, key) = courier(&api, " Курьер 12 ").await;
    let listed = api.get(KEYS).await;
    assert!(!String::from_utf8(listed.body.clone()).unwrap().contains(&key));
    let list = listed.json();
    assert_eq!((&list["keys"][0]["id"], &list["keys"][0]["name"]), (&id.as_str().into(), &"Курьер 12".into()));
    assert_eq!(list["keys"][0]["role"], "courier");
    for _ in 0..2 {
        assert_eq!(api.call("DELETE", &format!("{KEYS}/{id}"), &api.world.key, None).await.status, 204);
    }
    assert_eq!(api.call("GET", "/v1/courier/orders", &key, None).await.problem().0, 401);
    assert_eq!(api.get(KEYS).await.json()["keys"], json!([]));
    // Nothing can be given to one that has ended, to a site's key, or to what is none.
    let path = order(&api, "A-1").await;
    let site = api.operator("POST", "/v1/operator/partners/demoshop/test/keys", Some(&json!({ "name": "site" }))).await;
    let site = site.json()["id"].as_str().unwrap().to_owned();
    for none in [&id, &site, "x"] {
        assert_eq!(give(&api, "PUT", &path, none).await.problem().0, 404, "{none}");
    }
    for none in ["x", &"0".repeat(64)] {
        assert_eq!(api.call("DELETE", &format!("{KEYS}/{none}"), &api.world.key, None).await.problem().0, 404);
    }
    for name in ["", " ", "a\nb", &"x".repeat(41)] {
        assert_eq!(api.post(KEYS, &json!({ "name": name })).await.faults(), [("/name".into(), "name".into())]);
    }
    let role = json!({ "name": "x", "role": "partner" });
    assert_eq!(api.post(KEYS, &role).await.faults(), [("/role".into(), "unknown".into())], "the operator's to give");
}

#[tokio::test]
async fn couriers_do_not_take_the_room_of_sites() {
    let api = Api::new().await;
    for no in 0..6 {
        courier(&api, &format!("Курьер {no}")).await;
    }
    let keys = "/v1/operator/partners/demoshop/test/keys";
    for role in ["partner", "courier"] {
        let made = api.operator("POST", keys, Some(&json!({ "name": role, "role": role }))).await;
        assert_eq!((made.status, &made.json()["role"]), (201, &role.into()));
    }
    let wrong = api.operator("POST", keys, Some(&json!({ "name": "x", "role": "owner" }))).await;
    assert_eq!(wrong.faults(), [("/role".into(), "unknown_value".into())]);
}

#[tokio::test]
async fn a_long_list_of_given_orders_is_read_page_by_page() {
    let api = Api::new().await;
    let (id, key) = courier(&api, "Курьер 12").await;
    for no in 1..=5 {
        let path = order(&api, &format!("A-{no}")).await;
        assert_eq!(give(&api, "PUT", &path, &id).await.status, 204);
        api.world.advance(60);
    }
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.call("GET", &format!("/v1/courier/orders?limit=2{cursor}"), &key, None).await.json();
        found.extend(numbers(&page).into_iter().map(ToOwned::to_owned));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(found, ["A-5", "A-4", "A-3", "A-2", "A-1"]);
}
