//! Receipts and messages: what the partner and the operator see of them, and what becomes of the books.

use domain::ledger::Account;
use serde_json::{Value, json};

use crate::Api;
use crate::orders::wish;

const DAY: i64 = 24 * 3_600;
const PRICES: &str = "/v1/operator/supplier-prices";
const COST: &str = "/v1/operator/partners/demoshop/test/usage";

async fn prices(api: &Api, prices: Value) {
    let answer = api.operator("PUT", PRICES, Some(&json!({ "prices": prices }))).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
}

async fn findings(api: &Api) -> Vec<(&'static str, String)> {
    let report = workflows::audit::audit(&api.world.ports, &|| {}).await.unwrap();
    report.findings.into_iter().map(|finding| (finding.rule, finding.text)).collect()
}

/// What the tenant's book says of usage: day, debit, credit, amount.
async fn booked(api: &Api) -> Vec<(String, Account, Account, i64)> {
    let entries = api.world.ports.store.book_entries(&api.world.shop, jiff::civil::Date::MIN).await.unwrap();
    let of_usage = entries.into_iter().filter(|entry| entry.id.starts_with("usage.booked/"));
    let postings = of_usage.flat_map(|entry| {
        let day = entry.on.unwrap().to_string();
        entry.postings.into_iter().map(move |one| (day.clone(), one.debit, one.credit, one.amount.minor()))
    });
    postings.collect()
}

async fn a_paid_order() -> Api {
    let api = Api::new().await; // 21 November
    let mut wish = wish("A-1");
    wish["channels"] = json!(["email", "sms"]);
    wish["buyer"]["phone"] = json!(support::BUYER_PHONE);
    wish["buyer"]["email"] = json!(support::BUYER_EMAIL);
    api.paid(&wish, "success").await;
    api.world.pass(3_600, 600).await;
    api
}

#[tokio::test]
async fn receipts_and_messages_cost_the_partner_nothing_and_the_platform_what_its_suppliers_take() {
    let api = a_paid_order().await;
    prices(
        &api,
        json!([
            {"kind": "receipt", "since": "2026-11-01", "price": "0.605"}, {"kind": "sms", "since": "2026-11-01", "price": "2.90"},
            {"kind": "email", "since": "2026-12-01", "price": "100"},
        ]),
    )
    .await;
    let before = api.get("/v1/usage").await.json();
    assert_eq!((&before["counted_through"], &before["kinds"][0]["count"]), (&Value::Null, &json!(0)), "not sealed yet");

    api.world.pass(2 * DAY, 6 * 3_600).await;
    api.world.close_days().await;
    let (mails, texts) = (api.world.mailbox.emails(), api.world.mailbox.texts());
    let parts: u64 = texts.iter().map(|text| u64::from(domain::usage::sms_parts(&text.text))).sum();
    assert!(!mails.is_empty() && parts > texts.len() as u64, "{} mails, {texts:?}", mails.len());
    let used = api.get("/v1/usage?month=2026-11").await.json();
    let kind =
        |kind: &str, count: usize, units: u64| json!({"kind": kind, "count": count, "units": units, "charged": "0.00"});
    let kinds =
        json!([kind("receipt", 1, 1), kind("email", mails.len(), mails.len() as u64), kind("sms", texts.len(), parts)]);
    assert_eq!((&used["kinds"], &used["charged"], &used["is_final"]), (&kinds, &json!("0.00"), &json!(false)));
    assert!(used.get("cost").is_none() && used.get("costs").is_none(), "{used}");
    assert!(booked(&api).await.is_empty(), "the month is not over");

    api.world.pass(9 * DAY, 6 * 3_600).await;
    let balance = api.get("/v1/balance").await.json();
    for _ in 0..3 {
        api.world.close_days().await;
    }
    let sms = 290 * i64::try_from(parts).unwrap();
    let cost = [(Account::Messaging, Account::Suppliers, 61), (Account::Messaging, Account::Suppliers, sms)];
    let cost = cost.map(|(debit, credit, minor)| ("2026-11-30".to_owned(), debit, credit, minor));
    assert_eq!(
        booked(&api).await,
        cost,
        "0.605 rounded once, e-mails without a price, once however often the clock strikes"
    );
    let used = api.operator("GET", &format!("{COST}?month=2026-11"), None).await.json();
    let total = format!("{}.{:02}", (61 + sms) / 100, (61 + sms) % 100);
    assert_eq!((&used["cost"], &used["is_final"], &used["charged"]), (&json!(total), &json!(true), &json!("0.00")));
    assert_eq!(used["costs"][0], json!({"kind": "receipt", "cost": "0.61"}));
    assert_eq!(api.get("/v1/balance").await.json(), balance, "nothing of it is the partner's");
    assert_eq!(findings(&api).await, []);

    // Later prices change no month that was reckoned.
    prices(&api, json!([{"kind": "receipt", "since": "2026-01-01", "price": "7"}])).await;
    api.world.close_days().await;
    assert_eq!(booked(&api).await, cost);
    assert_eq!(api.operator("GET", &format!("{COST}?month=2026-11"), None).await.json(), used);
    assert_eq!(findings(&api).await, []);
    // The entry was recorded in December, in which nothing else was: no report is made of it.
    api.world.pass(31 * DAY, DAY).await;
    api.world.close_days().await;
    let reports = api.get("/v1/reports").await.json();
    assert_eq!(reports["reports"].as_array().unwrap().iter().filter(|one| one["month"] == "2027-01").count(), 0);
    assert_eq!(findings(&api).await, []);
}

#[tokio::test]
async fn without_prices_everything_is_counted_and_nothing_booked() {
    let api = a_paid_order().await;
    api.world.pass(12 * DAY, 6 * 3_600).await;
    api.world.close_days().await;
    let used = api.operator("GET", &format!("{COST}?month=2026-11"), None).await.json();
    assert_eq!((&used["cost"], &used["costs"], &used["is_final"]), (&json!("0.00"), &json!([]), &json!(true)));
    assert_eq!(used["kinds"][0]["count"], 1);
    assert!(booked(&api).await.is_empty());
    assert_eq!(findings(&api).await, []);
}

#[tokio::test]
async fn prices_are_the_operators_and_what_is_wrong_with_them_is_said() {
    let api = Api::new().await;
    assert_eq!(api.operator("GET", PRICES, None).await.json(), json!({"prices": []}));
    assert_eq!(api.call("PUT", PRICES, &api.world.key, Some(&json!({"prices": []}))).await.status, 404);
    assert_eq!(api.call("GET", COST, &api.world.key, None).await.status, 404);
    let wrong = json!({"prices": [
        {"kind": "pigeon", "since": "2026-11-01", "price": "1"}, {"kind": "sms", "since": "soon", "price": "1"},
        {"kind": "sms", "since": "2026-11-01", "price": "-1"}, {"kind": "sms", "since": "2026-11-01", "price": "0.0000001"},
        {"kind": "sms", "since": "2026-11-01", "price": "1"}, {"kind": "sms", "since": "2026-11-01", "price": "2"},
    ]});
    let faults = api.operator("PUT", PRICES, Some(&wrong)).await.faults();
    let expected = [
        ("/prices/0/kind", "unknown_value"),
        ("/prices/1/since", "date"),
        ("/prices/2/price", "amount"),
        ("/prices/3/price", "amount"),
        ("/prices/5", "repeated"),
    ];
    assert_eq!(faults, expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    prices(&api, json!([{"kind": "sms", "since": "2026-11-10", "price": "3"}, {"kind": "sms", "since": "2026-11-01", "price": "2.90"}]))
        .await;
    let set = api.operator("GET", PRICES, None).await.json();
    assert_eq!(set["prices"][0], json!({"kind": "sms", "since": "2026-11-01", "price": "2.90"}));
    assert_eq!(api.get("/v1/usage?month=2026-13").await.problem().0, 422);
}
