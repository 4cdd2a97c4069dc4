//! The operator's list of receipts somebody should look after.

use serde_json::{Value, json};

use crate::Api;
use crate::orders::wish;

const LIST: &str = "/v1/operator/receipts";
const MINUTE: i64 = 60;

async fn list(api: &Api, query: &str) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.operator("GET", &format!("{LIST}?tenant=demoshop.t{query}{cursor}"), None).await;
        assert_eq!(page.status, 200, "{}", String::from_utf8_lossy(&page.body));
        let page = page.json();
        found.extend(page["receipts"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else { return found };
        cursor = format!("&cursor={next}");
    }
}

/// Number, receipt and concern of each.
async fn told(api: &Api, query: &str) -> Vec<(String, u64, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = list(api, query).await;
    list.iter()
        .map(|one| (text(&one["number"]), one["receipt"]["no"].as_u64().unwrap(), text(&one["concern"])))
        .collect()
}

fn with(number: &str, receipt: &str) -> Value {
    let mut order = wish(number);
    order["scenario"] = json!({ "receipt": receipt });
    order
}

/// Printed with another rate than it was sent.
fn wrong(number: &str) -> Value {
    let mut order = with(number, "other_rate");
    order["lines"][0]["vat"] = "vat22".into();
    order
}

fn listed(api: &Api) -> usize {
    api.world.table.all_items().iter().filter(|item| item.key.pk.starts_with("Q#")).count()
}

#[tokio::test]
async fn a_receipt_that_waits_is_listed_until_it_is_printed() {
    let api = Api::new().await;
    api.paid(&wish("A-1"), "success").await;
    assert_eq!((told(&api, "").await, listed(&api)), (Vec::new(), 0), "what goes its usual way is never listed");
    let path = api.paid(&with("A-2", "failing_once"), "success").await;
    assert_eq!(told(&api, "").await, [("A-2".into(), 1, "waits".into())]);
    let one = &list(&api, "").await[0];
    assert_eq!(
        (&one["failures"], &one["receipt"]["state"], &one["tenant"]),
        (&1.into(), &"due".into(), &"demoshop.t".into())
    );
    assert_eq!(format!("/v1/orders/{}", one["order"].as_str().unwrap()), path);
    assert!(one["next_at"].is_string() && one["since"].is_string());
    api.world.pass(60 * MINUTE, 5 * MINUTE).await;
    assert_eq!(api.get(&path).await.json()["receipts"][0]["state"], "issued");
    assert_eq!(told(&api, "").await, []);
    // Read again an hour after all was well, it is taken off.
    api.world.pass(60 * MINUTE, 30 * MINUTE).await;
    let before = api.rows();
    assert_eq!(told(&api, "").await, []);
    let gone = api.world.table.all_items().into_iter().find(|item| item.key.pk.starts_with("Q#")).unwrap();
    assert!(gone.ttl.is_some());
    assert_eq!(api.rows(), before);
}

#[tokio::test]
async fn a_register_that_says_nothing_is_of_concern_after_twenty_minutes() {
    let api = Api::new().await;
    let register = json!({ "id": "shop-1", "kind": "device", "credentials": {} });
    let registers = json!({ "registers": [register] });
    let connected = api.operator("PUT", "/v1/operator/partners/demoshop/test/registers", Some(&registers)).await;
    assert_eq!(connected.status, 200, "{}", String::from_utf8_lossy(&connected.body));
    api.paid(&wish("A-1"), "success").await;
    api.world.pass(19 * MINUTE, 19 * MINUTE).await;
    assert_eq!((told(&api, "").await, listed(&api)), (Vec::new(), 0), "its agent may yet come");
    api.world.pass(2 * MINUTE, MINUTE).await;
    assert_eq!(told(&api, "").await, [("A-1".into(), 1, "waits".into())]);
    // Nobody came in half an hour: it is surely not printed, and is put there again under another id.
    api.world.pass(60 * MINUTE, 5 * MINUTE).await;
    assert_eq!(told(&api, "").await, [("A-1".into(), 1, "not_printed".into())]);
    assert!(list(&api, "").await[0]["external_id"].as_str().unwrap().ends_with("-r1a1"));
}

#[tokio::test]
async fn what_differs_is_listed_until_it_is_corrected() {
    let api = Api::new().await;
    let path = api.paid(&wrong("A-1"), "success").await;
    assert_eq!(told(&api, "&concern=differs").await, [("A-1".into(), 1, "differs".into())]);
    assert_eq!(told(&api, "&concern=waits").await, []);
    assert!(list(&api, "").await[0]["receipt"]["differs"].is_string());
    let order = path.rsplit('/').next().unwrap();
    let correct = format!("/v1/operator/orders/{order}/receipts/1/correct");
    assert_eq!(api.operator("POST", &correct, None).await.status, 200);
    api.world.settle().await;
    assert_eq!(told(&api, "").await, []);
}

#[tokio::test]
async fn a_prepayment_past_its_day_is_listed_until_it_is_closed() {
    let api = Api::new().await;
    assert_eq!(
        api.put("/v1/partner/receipts", &json!({ "scheme": "prepayment", "closing_days": 1 })).await.status,
        200
    );
    let mut order = wish("A-1");
    order["scenario"] = json!({ "execution": "manual" });
    let path = api.paid(&order, "success").await;
    assert_eq!(told(&api, "").await, []);
    api.world.pass(25 * 60 * MINUTE, 60 * MINUTE).await;
    assert_eq!(told(&api, "").await, [("A-1".into(), 1, "closing_late".into())]);
    let fulfil = format!("/sandbox/executions/{}/fulfil", path.rsplit('/').next().unwrap());
    assert_eq!(api.world.api(http::Method::POST, &fulfil, &api.world.key, "").await.status, 200);
    api.world.settle().await;
    assert_eq!(api.get(&path).await.json()["receipts"][1]["state"], "issued");
    assert_eq!(told(&api, "").await, []);
}

#[tokio::test]
async fn a_long_list_is_read_page_by_page_and_only_by_the_operator() {
    let api = Api::new().await;
    for no in 1..=5 {
        api.paid(&wrong(&format!("A-{no}")), "success").await;
        api.world.advance(MINUTE);
    }
    let found = told(&api, "&limit=2").await;
    let numbers: Vec<_> = found.iter().map(|(number, ..)| number.as_str()).collect();
    assert_eq!(numbers, ["A-1", "A-2", "A-3", "A-4", "A-5"]);
    let all = api.operator("GET", LIST, None).await.json();
    assert_eq!(all["receipts"], json!([]), "those of test partners are not among the live ones");
    for (query, at) in
        [("tenant=none.t", "/tenant"), ("concern=x", "/concern"), ("limit=0", "/limit"), ("month=1", "/month")]
    {
        let answer = api.operator("GET", &format!("{LIST}?{query}"), None).await;
        assert_eq!(answer.faults()[0].0, at, "{query}");
    }
    let cursor = api.operator("GET", &format!("{LIST}?tenant=demoshop.t&limit=2"), None).await.json();
    let cursor = cursor["next_cursor"].as_str().unwrap();
    let other = api.operator("GET", &format!("{LIST}?limit=2&cursor={cursor}"), None).await;
    assert_eq!(other.faults(), [("/cursor".into(), "cursor".into())]);
    for token in ["", &api.world.key] {
        assert_eq!(api.call("GET", LIST, token, None).await.problem().0, 404);
    }
}
