//! Subscriptions, as a partner and the operator deal with them. What happens over a year is a scenario's matter.

use domain::id::{Mode, Tenant};
use serde_json::{Value, json};

use crate::{Answer, Api, shape};

const PATH: &str = "/v1/subscriptions";

fn request(means: &str) -> Value {
    let mut request = partner_api::examples::subscription_request();
    request["means"] = means.into();
    request
}

async fn made(api: &Api, means: &str) -> Answer {
    let made = api.post(PATH, &request(means)).await;
    assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
    made
}

#[tokio::test]
async fn a_subscription_is_made_once_and_looks_as_documented() {
    let api = Api::new().await;
    let means = api.saved("buyer-1", "success").await;
    let first = made(&api, &means).await;
    let subscription = first.json();
    assert_eq!(shape(&subscription), shape(&partner_api::examples::subscription()));
    let path = format!("{PATH}/{}", subscription["id"].as_str().unwrap());
    assert_eq!(first.header("location"), path);
    let next = json!({ "no": 1, "amount": "1.00", "at": "2026-12-01T09:00:00Z", "noticed_at": null, "declined": 0 });
    assert_eq!((&subscription["state"], &subscription["next"]), (&"active".into(), &next));
    assert_eq!(subscription["consent"]["terms_version"], "2026-11-01");
    let saved_with = api.get("/v1/customers/buyer-1/means").await.json()["means"][0]["order"].clone();
    assert_eq!(subscription["consent"]["order"], saved_with, "whose agreement is the consent");
    assert_eq!(api.get(&path).await.json(), subscription);

    let rows = api.rows();
    let again = api.post(PATH, &request(&means)).await;
    assert_eq!((again.status, again.header("idempotent-replayed"), again.json()), (200, "true", subscription.clone()));
    let mut other = request(&means);
    other["phases"][2]["amount"] = "999.00".into();
    assert_eq!(api.post(PATH, &other).await.problem(), (409, "subscription_number_taken".into()));
    assert_eq!(api.rows(), rows);
}

#[tokio::test]
async fn what_is_wrong_with_a_subscription_is_pointed_to_and_nothing_is_kept() {
    let api = Api::new().await;
    let means = api.saved("buyer-1", "success").await;
    let rows = api.rows();
    let cases: [(&str, Value, &str, &str); 24] = [
        ("means", json!(""), "/means", "no_means"),
        ("means", json!("m".repeat(2_000)), "/means", "no_means"),
        ("number", json!(""), "/number", "required"),
        ("number", json!("x".repeat(65)), "/number", "too_long"),
        ("description", json!(" "), "/description", "required"),
        ("description", json!("x".repeat(129)), "/description", "too_long"),
        ("terms_version", json!(""), "/terms_version", "required"),
        ("means", json!("mns_x_1"), "/means", "no_means"),
        ("every", json!("year"), "/every", "unknown_value"),
        ("first_at", json!("tomorrow"), "/first_at", "moment"),
        ("first_at", json!("2026-11-21T08:59:59Z"), "/first_at", "past"),
        ("first_at", json!("2028-11-21T09:00:00Z"), "/first_at", "range"),
        ("phases", json!([]), "/phases", "count"),
        ("phases", json!(vec![json!({ "amount": "1.00", "count": 1 }); 13]), "/phases", "count"),
        ("phases", json!([{ "amount": "0.00" }]), "/phases/0/amount", "amount"),
        ("phases", json!([{ "amount": "1.001" }]), "/phases/0/amount", "amount"),
        ("phases", json!([{ "amount": "10000000.01" }]), "/phases/0/amount", "amount"),
        ("phases", json!([{ "amount": "1.00", "count": 0 }]), "/phases/0/count", "count"),
        ("phases", json!([{ "amount": "1.00", "count": 1201 }]), "/phases/0/count", "count"),
        ("phases", json!([{ "amount": "2.00" }, { "amount": "1.00" }]), "/phases/0/count", "count"),
        ("rises_agreed", json!(false), "/rises_agreed", "required"),
        ("buyer", json!({ "email": "nobody" }), "/buyer/email", "email"),
        ("buyer", json!({ "phone": "12" }), "/buyer/phone", "phone"),
        ("discount", json!("5"), "/discount", "unknown"),
    ];
    for (field, value, at, code) in cases {
        let mut wrong = request(&means);
        wrong[field] = value.clone();
        assert_eq!(api.post(PATH, &wrong).await.faults(), [(at.to_owned(), code.to_owned())], "{field} {value}");
    }
    let mut others = request(&means);
    others["customer"] = "buyer-2".into();
    assert_eq!(api.post(PATH, &others).await.faults(), [("/means".into(), "no_means".into())]);
    others["customer"] = json!("");
    assert_eq!(api.post(PATH, &others).await.faults()[0], ("/customer".into(), "required".into()));
    assert_eq!(api.rows(), rows);
    let mut down = request(&means);
    (down["phases"], down["rises_agreed"]) =
        (json!([{ "amount": "2.00", "count": 1 }, { "amount": "1.00" }]), json!(false));
    assert_eq!(api.post(PATH, &down).await.status, 201, "a price that falls needs no clause");
}

#[tokio::test]
async fn charges_the_operator_has_stopped_can_not_be_subscribed_to() {
    let api = Api::new().await;
    let means = api.saved("buyer-1", "success").await;
    let frozen = json!({ "frozen": true });
    let path = "/v1/operator/partners/demoshop/test/charges";
    assert_eq!(api.operator("PUT", path, Some(&frozen)).await.status, 204);
    assert_eq!(api.post(PATH, &request(&means)).await.problem(), (409, "unsupported".into()));
}

#[tokio::test]
async fn it_is_cancelled_by_the_partner_or_the_operator_and_stays_so() {
    let api = Api::new().await;
    let means = api.saved("buyer-1", "success").await;
    let path = made(&api, &means).await.header("location").to_owned();
    for _ in 0..2 {
        let answer = api.call("POST", &format!("{path}/cancel"), &api.world.key, None).await;
        assert_eq!(
            (answer.status, &answer.json()["state"], &answer.json()["reason"]),
            (200, &"cancelled".into(), &"partner".into())
        );
        assert_eq!(answer.json()["next"], Value::Null);
    }
    let resumed = api.post(&format!("{path}/resume"), &json!({})).await;
    assert_eq!((resumed.status, &resumed.json()["state"]), (200, &"cancelled".into()), "what is over stays over");

    let mut second = request(&means);
    second["number"] = "S-18".into();
    let id = api.post(PATH, &second).await.json()["id"].as_str().unwrap().to_owned();
    let operator = format!("/v1/operator/partners/demoshop/test/subscriptions/{id}/cancel");
    for token in ["", "wrong", &api.world.key] {
        assert_eq!(api.call("POST", &operator, token, None).await.problem().0, 404);
    }
    assert_eq!(api.operator("POST", &operator.replace("/test/", "/live/"), None).await.problem().0, 404);
    assert_eq!(api.operator("POST", &operator, None).await.json()["reason"], "operator");
    api.world.pass(20 * 24 * 3_600, 24 * 3_600).await;
    assert_eq!(api.get(&format!("{PATH}/{id}")).await.json()["charges"], json!([]));
}

#[tokio::test]
async fn they_are_listed_page_by_page_and_by_buyer() {
    let api = Api::new().await;
    let (one, two) = (api.saved("buyer-1", "success").await, api.saved("buyer-2", "success").await);
    for no in 0..5 {
        let (customer, means) = if no < 3 { ("buyer-1", &one) } else { ("buyer-2", &two) };
        let mut wish = request(means);
        (wish["number"], wish["customer"]) = (format!("S-{no}").into(), customer.into());
        assert_eq!(api.post(PATH, &wish).await.status, 201);
    }
    let all = async |query: &str| {
        let (mut numbers, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = api.get(&format!("{PATH}?limit=2{query}{cursor}")).await.json();
            let found = page["subscriptions"].as_array().unwrap();
            numbers.extend(found.iter().map(|one| one["number"].as_str().unwrap().to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        numbers.sort();
        numbers
    };
    assert_eq!(all("").await, ["S-0", "S-1", "S-2", "S-3", "S-4"]);
    assert_eq!(all("&customer=buyer-2").await, ["S-3", "S-4"]);
    assert_eq!(all("&customer=nobody").await, Vec::<String>::new());
    assert_eq!(api.get(&format!("{PATH}?state=active")).await.faults(), [("/state".into(), "unknown".into())]);
}

#[tokio::test]
async fn anothers_subscription_is_not_there() {
    let api = Api::new().await;
    let means = api.saved("buyer-1", "success").await;
    let path = made(&api, &means).await.header("location").to_owned();
    let live = Tenant::try_new("demoshop", Mode::Live).unwrap();
    let other = Tenant::try_new("othershop", Mode::Test).unwrap();
    for tenant in [live, other] {
        let key = api.world.enrol(&tenant, &support::partner()).await;
        assert_eq!(api.call("GET", PATH, &key, None).await.json()["subscriptions"], json!([]));
        assert_eq!(api.call("GET", &path, &key, None).await.problem().0, 404);
        assert_eq!(api.call("POST", &format!("{path}/cancel"), &key, None).await.problem().0, 404);
        let resume = api.call("POST", &format!("{path}/resume"), &key, Some(&json!({}))).await;
        assert_eq!(resume.problem().0, 404);
        assert_eq!(api.call("POST", PATH, &key, Some(&request(&means))).await.faults()[0].0, "/means");
    }
    for (method, path) in [("GET", PATH), ("POST", PATH), ("GET", &path)] {
        assert_eq!(api.call(method, path, "", Some(&json!({}))).await.problem().0, 401, "{method} {path}");
    }
    assert_eq!(api.get(&format!("{PATH}/sub_x")).await.problem().0, 404);
    let long = "x".repeat(1_100);
    assert_eq!(api.get(&format!("{PATH}/{long}")).await.problem().0, 404, "no key the table could have");
    let means = format!("/v1/customers/buyer-1/means/{long}");
    assert_eq!(api.call("DELETE", &means, &api.world.key, None).await.problem().0, 404);
    assert_eq!(api.call("PATCH", &means, &api.world.key, Some(&json!({ "enabled": true }))).await.problem().0, 404);
    assert_eq!(api.get(&path).await.json()["state"], "active");
}
