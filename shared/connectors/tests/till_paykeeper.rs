//! Wire: what the connector of Касса PayKeeper says and understands, after the fields public clients send and the attributes the
//! vendor's payments show.

#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

mod tills;

use connectors::till::paykeeper::translate::{settlement_word, subject_word};
use connectors::till::{FailureClass, Till, TillAnswer, TillCallback, TillError};
use domain::money::Money;
use domain::receipt::register::RegisterKind;
use domain::receipt::{Correction, Item, ReceiptDocument, Settlement, Subject};
use serde_json::{Value, json};

use tills::{Wire, ask, class, document, print, till};

const TOKEN: (u16, &str) = (200, r#"{"token":"t0ken"}"#);
const TAKEN: (u16, &str) = (200, r#"{"receipt_id":"57"}"#);
const CREATED: (u16, &str) = (200, r#"[{"id":"57","status":"created"}]"#);

fn cabinet() -> Box<dyn Till> {
    let server = "https://demo.server.paykeeper.test/";
    till(RegisterKind::Paykeeper, &[("server", server), ("user", "demo"), ("password", "pass")])
}

fn printed(extra: &Value) -> String {
    // Attributes as a client of the vendor's keeps them for a payment.
    let mut row = json!({ "id": 57, "status": "success", "fn": "9999078902018961", "ts": "20260505T1455", "fnd": "35",
        "fpd": "3512313478", "rnkkt": "1840159071038290", "shift_number": 7, "receipt_number": 5 });
    row.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    row.to_string()
}

#[tokio::test]
async fn a_document_in_the_vendors_words() {
    let wire = Wire::answering(&[TOKEN, TAKEN, CREATED]);
    let item = Item { mark: Some("0104\u{1d}91".into()), fraction: Some((1, 3)), ..document().items[0].clone() };
    let sent = ReceiptDocument { items: vec![item], ..document() };
    assert_eq!(print(cabinet().as_ref(), &wire, &sent).await.unwrap(), TillAnswer::Waiting);
    let asked = wire.asked();
    let urls: Vec<_> = asked.iter().map(|request| request.url.as_str()).collect();
    let at = |path: &str| format!("https://demo.server.paykeeper.test{path}");
    assert_eq!(urls, [at("/info/settings/token/"), at("/change/receipt/print/"), at("/info/receipts/byid/?id=57")]);
    assert!(asked.iter().all(|request| request.headers.contains(&("authorization", "Basic ZGVtbzpwYXNz".into()))));
    let form: Vec<(String, String)> = url::form_urlencoded::parse(&asked[1].body).into_owned().collect();
    let cart: Value = serde_json::from_str(&form.iter().find(|(name, _)| name == "cart").unwrap().1).unwrap();
    let wanted = json!([{
        "name": "Выписка ЕГРН 1/2", "price": 100.01, "quantity": 1.5, "sum": 150.02, "tax": "vat22",
        "item_type": "service", "payment_type": "full", "item_code_b64": "MDEwNB05MQ==", "items_in_package": 3,
        "items_sold_from_package": 1, "agent": { "type": "another" },
        "supplier": { "name": "ООО «Справка»", "inn": "7727401209", "phones": ["+74951234567"] },
    }]);
    assert_eq!(cart, wanted, "{cart:#}");
    let rest: Vec<_> =
        form.iter().filter(|(name, _)| name != "cart").map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let wanted = [
        ("payment_id", ""),
        ("type", "sale"),
        ("is_post_sale", "false"),
        ("is_correction", "false"),
        ("refund_id", ""),
        ("contact", "+79261234567"),
        ("sum_cashless", "100.00"),
        ("sum_cash", "50.02"),
        ("sum_advance", "0.00"),
        ("sum_credit", "0.00"),
        ("sum_counter_payment", "0.00"),
        ("receipt_key", "ord_t_shop_01k-r1"),
        ("token", "t0ken"),
    ];
    assert_eq!(rest, wanted);
    let words: Vec<_> = Settlement::ALL.into_iter().map(settlement_word).collect();
    assert_eq!(words, ["prepay", "part_prepay", "advance", "full", "part_credit", "credit", "credit_payment"]);
    let unknown: Vec<_> = Subject::ALL.into_iter().filter(|subject| subject_word(*subject).is_none()).collect();
    assert_eq!(unknown, [Subject::Deposit]);
}

#[tokio::test]
async fn a_correction_says_what_it_rests_on() {
    let date = jiff::civil::date(2025, 11, 17);
    let correction = Some(Correction { order: Some("17-04/2".into()), date, wrong_sign: None });
    let wire = Wire::answering(&[TOKEN, TAKEN, CREATED]);
    print(cabinet().as_ref(), &wire, &ReceiptDocument { correction, ..document() }).await.unwrap();
    let asked = wire.asked();
    let form: Vec<(String, String)> = url::form_urlencoded::parse(&asked[1].body).into_owned().collect();
    let of = |wanted: &str| form.iter().find(|(name, _)| name == wanted).unwrap().1.clone();
    assert_eq!(of("is_correction"), "true");
    assert_eq!(wire.said(), "", "a question has no body");
    let rests = r#"{"correction":{"type":"instruction","date":"2025-11-17","number":"17-04/2"}}"#;
    assert_eq!(of("receipt_properties"), rests);
}

#[tokio::test]
async fn receipts_of_the_cabinet_in_our_words() {
    let cart = r#"[{"name":"Выписка","tax":"vat20"}]"#;
    let told =
        printed(&json!({ "sum_cash": "50.02", "sum_cashless": 100, "cart": cart, "receipt_key": "ord_t_shop_01k-r1" }));
    let wire = Wire::answering(&[TOKEN, TAKEN, (200, &told)]);
    let TillAnswer::Printed(found) = ask(cabinet().as_ref(), &wire, &document()).await.unwrap() else { panic!() };
    let fiscal = &found.fiscal;
    assert_eq!((fiscal.drive.as_str(), fiscal.document, fiscal.sign.as_str()), ("9999078902018961", 35, "3512313478"));
    assert_eq!((fiscal.register.as_str(), fiscal.shift, fiscal.number), ("1840159071038290", 7, 5));
    assert_eq!((fiscal.at.to_string().as_str(), fiscal.total), ("2026-05-05T11:55:00Z", Money::rub(15_002)));
    assert_eq!(found.echo.rates, Some(vec![1]), "not what was sent");
    let without = printed(&json!({ "fnd": "", "fpd": null }));
    let wire = Wire::answering(&[TOKEN, TAKEN, (200, &without)]);
    assert_eq!(ask(cabinet().as_ref(), &wire, &document()).await.unwrap(), TillAnswer::Waiting, "8.12");
    let failed = r#"{"id":"57","status":"failed","msg":"Код маркировки не прошёл проверку"}"#;
    let wire = Wire::answering(&[TOKEN, TAKEN, (200, failed)]);
    let answer = ask(cabinet().as_ref(), &wire, &document()).await.unwrap();
    assert_eq!(class(answer), (FailureClass::Mark, "failed".into()));
    for nonsense in [
        printed(&json!({ "receipt_key": "another" })),
        printed(&json!({ "id": "58" })),
        printed(&json!({ "fn": "123x" })),
        printed(&json!({ "cart": "[{}]" })),
        printed(&json!({ "status": "sold" })),
        "<html>".to_owned(),
    ] {
        let wire = Wire::answering(&[TOKEN, TAKEN, (200, &nonsense)]);
        assert!(ask(cabinet().as_ref(), &wire, &document()).await.unwrap_err().may_have_happened(), "{nonsense}");
    }
}

#[tokio::test]
async fn refusals_and_silence() {
    let stale = (200, r#"{"result":"fail","msg":"Токен безопасности не верен"}"#);
    let wire = Wire::answering(&[TOKEN, stale, TOKEN, TAKEN, CREATED]);
    assert_eq!(print(cabinet().as_ref(), &wire, &document()).await.unwrap(), TillAnswer::Waiting);
    let wire = Wire::answering(&[TOKEN, stale, TOKEN, stale]);
    let barred = print(cabinet().as_ref(), &wire, &document()).await.unwrap();
    assert_eq!(class(barred), (FailureClass::Register, "fail".into()));
    for shut in [(401, "<html>"), (302, "")] {
        let wire = Wire::answering(&[shut]);
        let barred = print(cabinet().as_ref(), &wire, &document()).await.unwrap();
        assert_eq!(class(barred), (FailureClass::Register, "auth".into()));
    }
    let wire = Wire::answering(&[TOKEN, (200, r#"{"result":"fail","msg":"Сумма не совпадает с корзиной"}"#)]);
    let refused = print(cabinet().as_ref(), &wire, &document()).await.unwrap();
    assert_eq!(class(refused), (FailureClass::Document, "fail".into()));
    let wire = Wire::silent_after(&[]);
    assert!(matches!(print(cabinet().as_ref(), &wire, &document()).await, Err(TillError::NotSent(_))));
    for after in [(504, "<html>"), (200, "<html>"), (200, "{}"), (200, "[]")] {
        let wire = Wire::answering(&[TOKEN, after]);
        assert!(print(cabinet().as_ref(), &wire, &document()).await.unwrap_err().may_have_happened(), "{after:?}");
    }
    let wire = Wire::answering(&[]);
    let nowhere = print(till(RegisterKind::Paykeeper, &[]).as_ref(), &wire, &document()).await.unwrap();
    assert_eq!(class(nowhere), (FailureClass::Register, "credentials".into()));
}

#[test]
fn a_callback_is_believed_in_its_key_only() {
    let now = "2025-11-21T09:00:00Z".parse().unwrap();
    let none = http::HeaderMap::new();
    for body in ["id=57&receipt_key=ord_t_shop_01k-r1&status=success", r#"{"receipt_key":"ord_t_shop_01k-r1"}"#] {
        let told = cabinet().callback(now, &none, body.as_bytes()).unwrap();
        assert_eq!(told, TillCallback { external_id: "ord_t_shop_01k-r1".into(), answer: None });
    }
    for body in ["", "id=57", "receipt_key=", "{}", "\u{0}\u{1}"] {
        assert!(cabinet().callback(now, &none, body.as_bytes()).is_err(), "{body}");
    }
}
