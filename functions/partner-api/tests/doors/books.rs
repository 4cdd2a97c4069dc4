//! Sealed days, statements with two times, and what the operator's accountant says of payouts.

use axum::body::Body;
use domain::order::THREE_DAYS_SECONDS;
use http::Request;
use serde_json::{Value, json};
use support::OPERATOR_TOKEN;

use crate::Api;
use crate::orders::wish;

const DAY: i64 = 24 * 3_600;

async fn paid_out() -> (Api, Value) {
    let api = Api::new().await;
    api.paid(&wish("A-1"), "success").await;
    api.world.pass(THREE_DAYS_SECONDS + DAY, 6 * 3_600).await;
    api.world.close_days().await;
    let payout = api.get("/v1/payouts").await.json()["payouts"][0].clone();
    (api, payout)
}

fn balance(statement: &Value, account: &str) -> String {
    let accounts = statement["accounts"].as_array().unwrap();
    let found = accounts.iter().find(|row| row["account"] == account).unwrap();
    found["balance"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_statement_tells_what_was_known_when() {
    let api = Api::new().await;
    assert_eq!(api.get("/v1/ledger/statement").await.problem(), (409, "nothing_sealed".into()));
    let (api, _) = paid_out().await;
    let days = api.get("/v1/ledger/days").await.json();
    let days = days["days"].as_array().unwrap();
    for pair in days.windows(2) {
        assert_eq!(pair[0]["previous_sha256"], pair[1]["sha256"]);
    }
    let first = days.last().unwrap()["day"].as_str().unwrap();
    let last = days[0]["day"].as_str().unwrap();
    let of = async |query: &str| api.get(&format!("/v1/ledger/statement{query}")).await.json();
    let early = of(&format!("?known={first}")).await;
    assert_eq!((balance(&early, "partner"), balance(&early, "available")), ("-2895.00".into(), "0.00".into()));
    let ripe = of(&format!("?known={first}&effective={last}")).await;
    assert_eq!((balance(&ripe, "partner"), balance(&ripe, "available")), ("0.00".into(), "-2895.00".into()));
    let late = of("").await;
    assert_eq!((balance(&late, "available"), balance(&late, "payout")), ("0.00".into(), "-2895.00".into()));
    assert_eq!(api.get("/v1/ledger/statement?known=2099-01-01").await.problem().0, 422);
    assert_eq!(api.get("/v1/ledger/statement?known=yesterday").await.problem().0, 422);
    let page = api.get("/v1/ledger/days?limit=1").await.json();
    let next = page["next_cursor"].as_str().unwrap();
    let more = api.get(&format!("/v1/ledger/days?limit=1&cursor={next}")).await.json();
    assert_eq!(more["days"][0]["sha256"], page["days"][0]["previous_sha256"]);
}

#[tokio::test]
async fn an_accountant_says_what_became_of_a_payout() {
    let (api, payout) = paid_out().await;
    assert_eq!(payout["state"], "sent");
    let path = format!("/v1/operator/payment-orders/{}/outcome", payout["number"]);
    let say = async |body: Value| api.call("POST", &path, OPERATOR_TOKEN, Some(&body)).await;
    let confirmed = json!({"outcome": "confirmed", "on": "2026-11-25", "text": "481516"});
    assert_eq!(
        api.call("POST", &path, &api.world.key, Some(&confirmed)).await.status,
        404,
        "partners do not learn of it"
    );
    for (wrong, pointer) in [
        (json!({"outcome": "lost", "on": "2026-11-25", "text": "1"}), "/outcome"),
        (json!({"outcome": "confirmed", "on": "25.11.2026", "text": "1"}), "/on"),
        (json!({"outcome": "confirmed", "on": "2026-11-25", "text": " "}), "/text"),
    ] {
        let answer = say(wrong).await;
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer);
    }
    assert_eq!(say(confirmed.clone()).await.json()["state"], "confirmed");
    assert_eq!(say(confirmed.clone()).await.json()["state"], "confirmed");
    let returned = json!({"outcome": "returned", "on": "2026-11-26", "text": "счёт закрыт"});
    assert_eq!(say(returned).await.json()["return_reason"], "счёт закрыт");
    assert_eq!(say(confirmed).await.problem(), (409, "payout_ended".into()));
    let nobody = json!({"outcome": "confirmed", "on": "2026-11-25", "text": "1"});
    let path = "/v1/operator/payment-orders/999998/outcome";
    assert_eq!(api.call("POST", path, OPERATOR_TOKEN, Some(&nobody)).await.status, 404);
}

/// A statement of the payer's account with one line: a payment order of ours, or what came back of it.
fn statement(payout: &Value, back: bool) -> String {
    let ours = "40702810200000000001";
    let account = payout["account"]["number"].as_str().unwrap();
    let (from, to, day) =
        if back { (account, ours, "ДатаПоступило") } else { (ours, account, "ДатаСписано") };
    let (number, amount, id) = (&payout["number"], payout["amount"].as_str().unwrap(), payout["id"].as_str().unwrap());
    let lines = [
        "1CClientBankExchange".to_owned(),
        "ВерсияФормата=1.03".to_owned(),
        "Кодировка=Windows".to_owned(),
        "ДатаНачала=25.11.2026".to_owned(),
        "ДатаКонца=26.11.2026".to_owned(),
        format!("РасчСчет={ours}"),
        "СекцияДокумент=Платежное поручение".to_owned(),
        format!("Номер={}", if back { json!(4711) } else { number.clone() }),
        "Дата=25.11.2026".to_owned(),
        format!("Сумма={amount}"),
        format!("{day}=26.11.2026"),
        format!("ПлательщикСчет={from}"),
        format!("ПолучательСчет={to}"),
        format!("НазначениеПлатежа=Возврат по п/п №{number} от 25.11.2026, {id}: счёт закрыт"),
        "КонецДокумента".to_owned(),
        "КонецФайла".to_owned(),
        String::new(),
    ];
    lines.join("\r\n")
}

#[tokio::test]
async fn a_banks_statement_is_loaded_once_whatever_comes() {
    let (api, payout) = paid_out().await;
    let load = async |text: String| {
        let request = Request::builder().method("POST").uri("/v1/operator/statements");
        let request = request.header("authorization", format!("Bearer {OPERATOR_TOKEN}"));
        api.ask(request.header("content-type", "text/plain").body(Body::from(text)).unwrap()).await
    };
    let state = async || api.get("/v1/payouts").await.json()["payouts"][0]["state"].clone();
    for (text, recorded, outcome, after) in [
        (statement(&payout, false), 1, "confirmed", "confirmed"),
        (statement(&payout, false), 0, "repeat", "confirmed"),
        (statement(&payout, true), 1, "returned", "returned"),
        (statement(&payout, true), 0, "repeat", "returned"),
    ] {
        let answer = load(text).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        let told = answer.json();
        assert_eq!((&told["recorded"], &told["lines"][0]["outcome"]), (&json!(recorded), &json!(outcome)));
        assert_eq!(told["lines"][0]["payouts"], if outcome == "repeat" { json!([]) } else { json!([payout["id"]]) });
        assert_eq!(state().await, after);
    }
    let cut = statement(&payout, false).replace("КонецФайла\r\n", "");
    let refused = load(cut).await;
    assert_eq!((refused.status, refused.json()["errors"][0]["code"].clone()), (422, "statement".into()));
    let balance = api.get("/v1/balance").await.json();
    assert_eq!(balance["available"], "2895.00", "what came back is owed again");
}
