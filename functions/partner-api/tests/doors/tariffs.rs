//! Tariffs, promo codes and what is paid ahead, as the doors show them.

use http::Request;
use serde_json::{Value, json};

use crate::Api;
use crate::orders::wish;

const TARIFF: &str = "/v1/operator/partners/demoshop/test/tariff";
const PREPAID: &str = "/v1/operator/partners/demoshop/test/prepaid";

fn version() -> Value {
    json!({
        "name": {"ru": "Базовый", "en": "Basic"},
        "fee": {"percent": "3.5", "fixed": "1.00", "least": "10.00", "greatest": "500.00"},
        "rules": [{"method": "sbp", "fee": {"percent": "1.2"}}, {"category": "books", "fee": {"percent": "5"}}],
        "refunds": "kept",
        "vat_percent": "22",
        "api": {"charged": "order", "price": "25.00"},
    })
}

async fn publish(api: &Api, no: u32, version: &Value) -> crate::Answer {
    api.operator("PUT", &format!("/v1/operator/tariffs/basic/versions/{no}"), Some(version)).await
}

async fn plain(api: &Api, path: &str) -> crate::Answer {
    api.ask(Request::builder().uri(path).body(axum::body::Body::empty()).unwrap()).await
}

#[tokio::test]
async fn tariffs_are_published_for_everybody() {
    let api = Api::new().await;
    assert_eq!(plain(&api, "/v1/tariffs").await.json(), json!({ "tariffs": [] }));
    assert_eq!(publish(&api, 1, &version()).await.status, 200);
    assert_eq!(publish(&api, 1, &version()).await.status, 200, "said again");
    let mut next = version();
    next["from"] = json!("2030-01-01");
    next["rules"] = json!([]);
    next["api"] = json!({"charged": "month", "price": "990.00"});
    assert_eq!(publish(&api, 2, &next).await.status, 200);
    let answer = plain(&api, "/v1/tariffs").await;
    assert_eq!(answer.header("cache-control"), "public, max-age=60");
    let tariff = answer.json()["tariffs"][0].clone();
    assert_eq!((&tariff["id"], &tariff["name"]["en"]), (&json!("basic"), &json!("Basic")));
    let [announced, current] = [&tariff["versions"][0], &tariff["versions"][1]];
    assert_eq!(
        (&announced["state"], &announced["from"]),
        (&json!("announced"), &json!("2029-12-31T21:00:00Z")),
        "Moscow's day"
    );
    assert_eq!((&current["state"], &current["until"]), (&json!("in_force"), &json!("2029-12-31T21:00:00Z")));
    assert_eq!(current["fee"], json!({"percent": "3.5", "fixed": "1.00", "least": "10.00", "greatest": "500.00"}));
    assert_eq!(current["rules"][0]["method"], "sbp");
    assert_eq!(current["api"], json!({"charged": "order", "price": "25.00", "least": "90.00"}));
    assert_eq!((&current["refunds"], &current["vat_percent"]), (&json!("kept"), &json!("22")));

    let page = plain(&api, "/tariffs").await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    let text = String::from_utf8(page.body).unwrap();
    for part in [
        "Базовый",
        "вступит в силу",
        "действует с",
        "СБП",
        "категория «books»",
        "не возвращается",
        "25,00\u{a0}₽ за заказ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let english = String::from_utf8(plain(&api, "/tariffs?lang=en").await.body).unwrap();
    for part in ["Basic", "in force since", "SBP", "the fee stays", "25.00\u{a0}₽ an order"] {
        assert!(english.contains(part), "{part}: {english}");
    }
}

#[tokio::test]
async fn a_version_in_force_stays_and_everything_wrong_with_one_is_said() {
    let api = Api::new().await;
    publish(&api, 1, &version()).await;
    let mut changed = version();
    changed["fee"]["percent"] = json!("4");
    assert_eq!(publish(&api, 1, &changed).await.problem(), (409, "version_in_force".into()));
    changed["from"] = json!("2030-01-01");
    assert_eq!(publish(&api, 3, &changed).await.problem(), (409, "version_number".into()));
    changed["from"] = json!("2020-01-01");
    assert_eq!(publish(&api, 2, &changed).await.faults(), [("/from".into(), "too_early".into())]);
    let cases = [
        ("/fee/percent", json!("51"), "percent"),
        ("/fee/least", json!("-1"), "amount"),
        ("/name/ru", json!(" "), "required"),
        ("/from", json!("tomorrow"), "moment"),
        ("/rules/0/method", json!("shells"), "unknown_value"),
        ("/rules/0/fee/percent", json!("x"), "percent"),
        ("/refunds", json!("halved"), "unknown_value"),
        ("/vat_percent", json!("31"), "percent"),
        ("/api/charged", json!("daily"), "unknown_value"),
        ("/api/price", json!("free"), "amount"),
    ];
    for (pointer, value, code) in cases {
        let mut wrong = version();
        wrong["from"] = json!("2030-01-01");
        *wrong.pointer_mut(pointer).unwrap() = value;
        let faults = publish(&api, 2, &wrong).await.faults();
        assert_eq!(faults, [(pointer.to_owned(), code.to_owned())]);
    }
    let mut twice = version();
    twice["from"] = json!("2030-01-01");
    twice["rules"][1] = twice["rules"][0].clone();
    assert_eq!(publish(&api, 2, &twice).await.faults(), [("/rules/1".into(), "repeated".into())]);
    twice["rules"][1] = json!({"fee": {"percent": "1"}});
    assert_eq!(publish(&api, 2, &twice).await.faults(), [("/rules/1".into(), "required".into())]);
    let mut unsaid = version();
    unsaid["api"] = json!({"charged": "month", "price": "0", "least": "1.00"});
    let faults = publish(&api, 2, &unsaid).await.faults();
    assert_eq!(faults, [("/from".into(), "required".into()), ("/api/least".into(), "not_allowed".into())]);
    for path in ["/v1/operator/tariffs/Basic/versions/1", "/v1/operator/tariffs/basic/versions/0"] {
        assert_eq!(api.operator("PUT", path, Some(&version())).await.problem().0, 404);
    }
    assert_eq!(api.put("/v1/operator/tariffs/basic/versions/2", &twice).await.problem().0, 404, "not for partners");
}

#[tokio::test]
async fn a_tariff_is_assigned_from_a_moment_and_shown_to_the_partner() {
    let api = Api::new().await;
    publish(&api, 1, &version()).await;
    let assign = |body: Value| {
        let api = &api;
        async move { api.operator("PUT", TARIFF, Some(&body)).await }
    };
    assert_eq!(assign(json!({"tariff": "no"})).await.faults(), [("/tariff".into(), "unknown".into())]);
    assert_eq!(
        assign(json!({"tariff": "basic", "from": "2020-01-01"})).await.faults(),
        [("/from".into(), "past".into())]
    );
    assert_eq!(
        assign(json!({"tariff": "basic", "credit": "-5"})).await.faults(),
        [("/credit".into(), "amount".into())]
    );
    assert_eq!(api.get("/v1/partner/tariff").await.json()["tariff"], Value::Null);
    let later = assign(json!({"tariff": "basic", "from": "2030-01-01", "credit": "50.00"})).await.json();
    assert_eq!((&later["tariff"], &later["prepaid"]["credit"]), (&Value::Null, &json!("50.00")));
    assert_eq!(later["assigned"], json!([{"tariff": "basic", "from": "2029-12-31T21:00:00Z"}]));
    let now = assign(json!({"tariff": "basic"})).await.json();
    assert_eq!(now["tariff"]["id"], "basic");
    let own = api.get("/v1/partner/tariff").await.json();
    assert_eq!((&own["tariff"]["id"], &own["individual"]["percent"]), (&json!("basic"), &json!("3.5")));
    assert_eq!(own["prepaid"], json!({"balance": "0.00", "reserved": "0.00", "credit": "50.00"}));
    assert_eq!(own["assigned"].as_array().unwrap().len(), 1, "what was to begin later gave way");
    assert_eq!(assign(json!({"tariff": null})).await.json()["tariff"], Value::Null);
    let unknown =
        api.operator("PUT", "/v1/operator/partners/nobody/test/tariff", Some(&json!({"tariff": "basic"}))).await;
    assert_eq!(unknown.problem().0, 404);
}

#[tokio::test]
async fn a_promo_code_is_activated_once() {
    let api = Api::new().await;
    let make = |code: &'static str, off: &'static str, last: &'static str| {
        let api = &api;
        let path = format!("/v1/operator/promo-codes/{code}");
        async move { api.operator("PUT", &path, Some(&json!({"off_percent": off, "months": 3, "last_day": last}))).await }
    };
    assert_eq!(make("START3", "100", "2030-01-31").await.status, 200);
    assert_eq!(make("START3", "100", "2030-01-31").await.status, 200, "said again");
    assert_eq!(make("START3", "50", "2030-01-31").await.problem(), (409, "promo_taken".into()));
    assert_eq!(make("OLD", "12.5", "2020-01-31").await.status, 200);
    assert_eq!(make("low", "1", "2030-01-31").await.problem().0, 404);
    let faults = make("BAD", "101", "31.01.2030").await.faults();
    assert_eq!(faults, [("/off_percent".into(), "percent".into()), ("/last_day".into(), "date".into())]);
    let activate = |code: &'static str| {
        let api = &api;
        async move { api.post("/v1/partner/promo-codes", &json!({"code": code})).await }
    };
    assert_eq!(activate("nothing").await.problem().0, 404);
    assert_eq!(activate("%").await.faults(), [("/code".into(), "code".into())]);
    assert_eq!(activate("OLD").await.problem(), (409, "promo_over".into()));
    let activated = activate("start3").await;
    assert_eq!((activated.status, activated.json()["off_percent"].as_str()), (201, Some("100")));
    assert_eq!(activate("START3").await.problem(), (409, "promo_used".into()));
    assert_eq!(api.get("/v1/partner/tariff").await.json()["promo_codes"][0]["code"], "START3");
    let path = api.paid(&wish("A-1"), "success").await;
    assert_eq!(api.get(&path).await.json()["commission"], "0.00");
}

#[tokio::test]
async fn an_order_that_is_not_covered_is_refused_with_what_is_there_and_what_it_needs() {
    let api = Api::new().await;
    publish(&api, 1, &version()).await;
    api.operator("PUT", TARIFF, Some(&json!({"tariff": "basic"}))).await;
    let refused = api.post("/v1/orders", &wish("A-1")).await;
    assert_eq!(refused.problem(), (402, "prepaid_too_low".into()));
    assert_eq!(refused.json()["detail"], "the order needs 90.00 RUB, there is 0.00 RUB");
    let pay_in = |amount: &'static str, reference: &'static str, on: &'static str| {
        let api = &api;
        let body = json!({"amount": amount, "reference": reference, "on": on});
        async move { api.operator("POST", PREPAID, Some(&body)).await }
    };
    assert_eq!(pay_in("0.00", "1", "2020-01-01").await.faults(), [("/amount".into(), "amount".into())]);
    assert_eq!(pay_in("1.00", "a b", "2020-01-01").await.faults(), [("/reference".into(), "reference".into())]);
    assert_eq!(pay_in("1.00", "1", "2099-01-01").await.faults(), [("/on".into(), "date".into())]);
    let first = pay_in("100.00", "481516", "2020-01-01").await;
    assert_eq!((first.status, &first.json()["prepaid"]["balance"]), (201, &json!("100.00")));
    let again = pay_in("100.00", "481516", "2020-01-01").await;
    assert_eq!((again.status, &again.json()["prepaid"]["balance"]), (200, &json!("100.00")));
    assert_eq!(pay_in("200.00", "481516", "2020-01-01").await.problem(), (409, "reference_taken".into()));
    assert_eq!(pay_in("100.00", "481516", "2020-01-02").await.problem(), (409, "reference_taken".into()));
    let made = api.post("/v1/orders", &wish("A-1")).await;
    assert_eq!(made.status, 201, "the number was not used up by the refusal");
    assert_eq!(api.post("/v1/orders", &wish("A-1")).await.status, 200);
    assert_eq!(api.get("/v1/prepaid").await.json(), json!({"balance": "10.00", "reserved": "90.00", "credit": "0.00"}));
    let moved = api.post("/v1/prepaid", &json!({"amount": "10.00", "reference": "t-1"})).await;
    assert_eq!(moved.problem(), (409, "available_too_low".into()));
    assert_eq!(moved.json()["detail"], "0.00 RUB is available");
}

#[tokio::test]
async fn a_tariff_by_the_month_is_paid_before_orders_are_made() {
    let api = Api::new().await;
    let mut monthly = version();
    monthly["api"] = json!({"charged": "month", "price": "990.00"});
    publish(&api, 1, &monthly).await;
    assert_eq!(api.post("/v1/partner/tariff/month", &json!({})).await.problem(), (409, "no_month_to_pay".into()));
    api.operator("PUT", TARIFF, Some(&json!({"tariff": "basic"}))).await;
    let refused = api.post("/v1/orders", &wish("A-1")).await;
    assert_eq!(refused.problem(), (402, "tariff_unpaid".into()));
    assert_eq!(refused.json()["detail"], "a month costs 990.00 RUB, there is 0.00 RUB paid ahead");
    assert_eq!(api.post("/v1/partner/tariff/month", &json!({})).await.problem(), (402, "tariff_unpaid".into()));
    let body = json!({"amount": "2500.00", "reference": "1", "on": "2020-01-01"});
    api.operator("POST", PREPAID, Some(&body)).await;
    let paid = api.post("/v1/partner/tariff/month", &json!({})).await.json();
    assert_eq!((&paid["prepaid"]["balance"], paid["paid_until"].is_string()), (&json!("1510.00"), true));
    let path = api.order(&wish("A-1")).await;
    let again = api.post("/v1/partner/tariff/month", &json!({})).await.json();
    assert_eq!(again["prepaid"]["balance"], "520.00", "the next month");
    assert_eq!(api.post("/v1/partner/tariff/month", &json!({})).await.problem(), (409, "no_month_to_pay".into()));
    assert_eq!(api.get("/v1/prepaid").await.json()["reserved"], "0.00", "orders are not charged");
    api.world.advance(63 * 86_400);
    assert_eq!(api.post("/v1/orders", &wish("A-2")).await.problem(), (402, "tariff_unpaid".into()));
    assert_eq!(api.post("/v1/orders", &wish("A-1")).await.status, 200, "an order that is there stays there: {path}");
    let report = workflows::audit::audit(&api.world.ports, &|| ()).await.unwrap();
    assert!(report.findings.iter().all(|of| !of.rule.starts_with("books")), "{:?}", report.findings);
    // Two months of 990.00 × 22 / 122 = 178.52 of VAT each.
    let books = &report.balances["demoshop.t"];
    assert_eq!((books["service"], books["vat"]), (-2 * (99_000 - 17_852), -2 * 17_852));
}
