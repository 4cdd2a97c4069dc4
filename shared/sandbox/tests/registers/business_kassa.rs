//! Бизнес.Ру Чеки: its double and the platform's connector, and the vendor's published examples.

use axum::body::Body;
use connectors::till::business_kassa::translate::{php_json, sign};
use connectors::till::{FailureClass, TillAnswer, difference};
use domain::money::Money;
use domain::receipt::register::RegisterKind;
use domain::receipt::{Cashier, Item, Measure, Payments, ReceiptDocument};
use domain::tax::VatRate;
use serde_json::{Value, json};

use crate::documents::{advance, closing, correction, document, item, marked, prepayment, refund, sale};
use crate::spoken::{Spoken, failed};
use crate::support::BASE;

const KIND: RegisterKind = RegisterKind::BusinessKassa;

#[tokio::test]
async fn what_is_said_is_understood() {
    let spoken = Spoken::new(KIND).await;
    let (world, ffd) = (&spoken.world, spoken.register.ffd);
    let sale = sale(world, "sale", ffd);
    let first = spoken.says_all(&sale).await;
    assert_eq!(first.echo.rates, Some(vec![11]));
    let second = spoken.says_all(&refund(&sale, "refund")).await;
    assert_eq!((first.fiscal.document + 1, first.fiscal.number + 1), (second.fiscal.document, second.fiscal.number));
    let before = spoken.says_all(&prepayment(&sale, "prepayment")).await;
    assert_eq!(before.echo.rates, Some(vec![12]), "22/122");
    spoken.says_all(&closing(&sale, "closing")).await;
    spoken.says_all(&advance(world, "advance", ffd)).await;
    let own = Item { principal: None, ..item(2_000, VatRate::Vat10) };
    let mut mixed = document(world, "mixed", ffd, vec![item(1_000, VatRate::None), own, item(3_000, VatRate::Vat0)]);
    mixed.payments = Payments { cash: Money::rub(1_050), ..Payments::electronic(Money::rub(4_950)) };
    mixed.cashier = Some(Cashier { name: "Иванова / смена 2".into(), inn: None });
    mixed.buyer.name = Some("ООО «Покупатель»".into());
    mixed.buyer.inn = Some("7707083893".into());
    spoken.says_all(&mixed).await;
    assert_eq!(spoken.kept("mixed").await.unwrap().cashier, mixed.cashier);
}

#[tokio::test]
async fn what_it_has_no_words_for_goes_elsewhere() {
    let spoken = Spoken::new(KIND).await;
    let (world, ffd) = (&spoken.world, spoken.register.ffd);
    spoken.has_no_words_for(&document(world, "marked", ffd, vec![marked(1_000)])).await;
    spoken.has_no_words_for(&correction(&sale(world, "s", ffd), "correction")).await;
    let weighed = Item { measure: Measure::of(11).unwrap(), ..item(1_000, VatRate::None) };
    spoken.has_no_words_for(&document(world, "weighed", ffd, vec![weighed])).await;
    let fine = Item { quantity: "1.2345".parse().unwrap(), amount: Money::rub(1_235), ..item(1_000, VatRate::None) };
    spoken.has_no_words_for(&document(world, "fine", ffd, vec![fine])).await;
}

#[tokio::test]
async fn an_answer_that_got_lost_prints_nothing_twice() {
    let spoken = Spoken::new(KIND).await;
    let sale = sale(&spoken.world, "sale", spoken.register.ffd);
    assert_eq!(spoken.ask(&sale).await, TillAnswer::NotFound, "asking prints nothing");
    spoken.spoil(&["lost_answer"]).await;
    assert!(spoken.print(&sale).await.unwrap_err().may_have_happened());
    assert_eq!(spoken.print(&sale).await.unwrap(), TillAnswer::Waiting, "found by its number");
    spoken.world.pass(2).await;
    let TillAnswer::Printed(first) = spoken.print(&sale).await.unwrap() else { panic!("not printed") };
    spoken.world.lose_answers(1);
    let silence = spoken.print(&sale).await.unwrap_err();
    assert!(!silence.may_have_happened(), "only the list was asked for");
    let TillAnswer::Printed(again) = spoken.print(&sale).await.unwrap() else { panic!("not printed") };
    assert_eq!(first, again);
}

#[tokio::test]
async fn a_token_that_is_refused_is_asked_for_anew() {
    let spoken = Spoken::new(KIND).await;
    let of = |id: &str| sale(&spoken.world, id, spoken.register.ffd);
    spoken.printed(&of("a")).await;
    spoken.spoil(&["session"]).await;
    spoken.printed(&of("b")).await;
    spoken.spoil(&["session", "session"]).await;
    let barred = failed(spoken.print(&of("c")).await.unwrap());
    assert_eq!((barred.class, barred.code.as_str()), (FailureClass::Register, "auth"));
    for name in ["app_id", "secret"] {
        let barred = failed(spoken.with(name, "x").print(spoken.world.http(), &of("d"), "").await.unwrap());
        assert_eq!((barred.class, barred.code.as_str()), (FailureClass::Register, "auth"));
    }
    assert_eq!(spoken.kept("d").await, None);
}

#[tokio::test]
async fn failures_are_told_apart() {
    let spoken = Spoken::new(KIND).await;
    let of = |id: &str| sale(&spoken.world, id, spoken.register.ffd);
    spoken.spoil(&["failing_once", "expiring", "broken", "other_rate"]).await;
    let mut classes = Vec::new();
    for id in ["a", "b", "c"] {
        classes.push(spoken.fails(&of(id)).await.class);
    }
    assert_eq!(classes, [FailureClass::Passing, FailureClass::Expired, FailureClass::Register]);
    let other = spoken.printed(&of("d")).await;
    spoken.printed(&of("a")).await;
    let differs = difference(&of("d"), &other).unwrap();
    assert_eq!(differs.rates, [(11, 1)], "{}", differs.text);
    let wrong = ReceiptDocument { payments: Payments::electronic(Money::rub(1)), ..of("e") };
    let refused = failed(spoken.print(&wrong).await.unwrap());
    assert_eq!(refused.class, FailureClass::Document, "{}", refused.text);
    assert!(refused.text.contains("/payments"), "{}", refused.text);
}

/// The examples of the vendor's own client, as that client writes and signs them; the rate is this year's.
#[tokio::test]
async fn the_vendors_examples_are_printed() {
    let spoken = Spoken::new(KIND).await;
    let credentials = &spoken.register.credentials;
    let path = spoken.register.address.as_ref().unwrap().strip_prefix(BASE).unwrap();
    let get = async |what: &str, parameters: Value| {
        let pairs = parameters.as_object().unwrap().iter().map(|(name, value)| (name, value.as_str().unwrap()));
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let sign = sign(&php_json(&parameters).unwrap(), credentials.of("secret"));
        spoken.world.ask("GET", &format!("{path}/{what}?{query}"), &[("sign", &sign)], "").await
    };
    let app_id = credentials.of("app_id");
    let token = get("Token", json!({ "app_id": app_id, "nonce": "nonce_17637156" })).await.json();
    let token = token["token"].as_str().unwrap();
    let good = json!({ "count": 2, "price": 500, "sum": 1000, "name": "Товар 1", "nds_value": 122, "nds_not_apply": false,
        "payment_mode": 1, "item_type": 1 });
    let command = json!({ "author": "Тестовый кассир", "smsEmail54FZ": "test@test.ru", "c_num": "1111222333",
        "payed_cashless": 1000, "goods": [good] });
    let body =
        json!({ "app_id": app_id, "command": command, "nonce": "nonce_2", "token": token, "type": "printCheck" });
    let post = async |body: &Value, sign: &str| {
        let headers = [("sign", sign), ("content-type", "application/json")];
        spoken.world.ask("POST", &format!("{path}/Command"), &headers, Body::from(body.to_string())).await
    };
    let signed = sign(&body.to_string(), credentials.of("secret"));
    assert_eq!(post(&body, "00").await.status, 403);
    let made = post(&body, &signed).await;
    let id = made.json()["command_id"].as_u64().unwrap();
    assert_eq!(post(&body, &signed).await.json()["command_id"], id, "once");
    spoken.world.pass(2).await;
    let shown = get(&format!("Command/{id}"), json!({ "app_id": app_id, "nonce": "n3", "token": token })).await.json();
    assert_eq!((&shown["c_num"], &shown["total"]), (&json!("1111222333"), &json!("1000.00")));
    assert!(shown["fiscal_document_number"].is_string() && shown["receipt_datetime"].is_string());
    assert_eq!(get("StateSystem", json!({ "app_id": app_id, "nonce": "n4", "token": token })).await.status, 200);
    assert_eq!(get("StateSystem", json!({ "app_id": app_id, "nonce": "n5", "token": "t" })).await.status, 401);
}
