//! Wire: what the connector of Бизнес.Ру Чеки says and understands. Signatures were made by PHP's own `json_encode` and `md5`, as
//! the vendor's client makes them; the document is the one of the vendor's examples where it can be.

#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

mod tills;

use std::collections::BTreeMap;

use connectors::till::business_kassa::translate::{nds_value, php_json, sign, tag_1199};
use connectors::till::{FailureClass, Till, TillAnswer, TillError};
use domain::money::Money;
use domain::receipt::register::RegisterKind;
use domain::receipt::{Payments, ReceiptDocument, ReceiptKind};
use domain::tax::VatRate;
use serde_json::json;

use tills::{Wire, ask, class, document, print, till};

const TOKEN: (u16, &str) = (200, r#"{"token":"t0ken","expires":"2025-11-22 12:00:00"}"#);
const NONE: (u16, &str) = (200, "[]");
const TAKEN: (u16, &str) = (200, r#"{"command_id":4711,"receipt_url":"https://check.test/4711"}"#);
const SHUT: (u16, &str) = (401, r#"{"message":"Токен просрочен"}"#);

fn kassa() -> Box<dyn Till> {
    till(RegisterKind::BusinessKassa, &[("app_id", "a0a1"), ("secret", "s3cret")])
}

/// A row of the list of commands.
fn row(extra: &serde_json::Value) -> String {
    let mut row = json!({ "id": 4711, "c_num": "ord_t_shop_01k-r1", "status": 1, "result": null, "result_msg": null,
        "date_result": null, "fn_number": null });
    row.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    json!([{ "id": 1, "c_num": "ord_t_shop_01k-r11", "fiscal_document_number": "1" }, row]).to_string()
}

fn printed_row() -> String {
    row(&json!({
        "fn_number": "9289000100123456", "ecr_registration_number": "0000000001234567", "fiscal_document_number": "871",
        "fiscal_document_attribute": 470_707_772, "result_shift_number": null, "receipt_datetime": "2025-11-21 12:01:02",
        "total": 150.02, "date_result": "2025-11-21 12:01:03", "result_msg": "OK",
        "command": { "c_num": "ord_t_shop_01k-r1", "goods": [{ "nds_value": 20, "nds_not_apply": false }] },
    }))
}

#[test]
fn signatures_as_the_vendors_client_makes_them() {
    let parameters = BTreeMap::from([("nonce", "1763715600000000.0"), ("app_id", "a0a1")]);
    assert_eq!(sign(&php_json(&parameters).unwrap(), "s3cret"), "bffb0e03521030136375248c55ea69c8");
    let escaped = json!({ "app_id": "a/b", "i": 1000, "n": 150.1, "x": "Ёлка «/»\u{2028}" });
    assert_eq!(sign(&php_json(&escaped).unwrap(), "k"), "7158c17b29658feece94b969098625ac");
}

#[test]
fn every_rate_has_a_number_of_its_own() {
    for rate in VatRate::ALL {
        assert_eq!(tag_1199(nds_value(rate, false)), Some(rate.tag_1199()), "{rate:?}");
        assert_eq!(tag_1199(nds_value(rate, true)), Some(rate.tag_1199_calculated()), "{rate:?}");
    }
    assert_eq!((nds_value(VatRate::Vat22, true), tag_1199(Some(18))), (Some(122), None));
}

#[tokio::test]
async fn a_document_in_the_vendors_words() {
    let wire = Wire::answering(&[TOKEN, NONE, TAKEN]);
    assert_eq!(print(kassa().as_ref(), &wire, &document()).await.unwrap(), TillAnswer::Waiting);
    let asked = wire.asked();
    let base = "https://check.business.ru/open-api/v2";
    let urls: Vec<_> = asked.iter().map(|request| request.url.as_str()).collect();
    let list = format!("{base}/Command?app_id=a0a1&c_num=ord_t_shop_01k-r1&nonce=1763715600000000.1&token=t0ken");
    let token = format!("{base}/Token?app_id=a0a1&nonce=1763715600000000.0");
    assert_eq!(urls, [token.as_str(), &list, &format!("{base}/Command")]);
    let signs: Vec<_> = asked
        .iter()
        .map(|request| request.headers.iter().find(|(name, _)| *name == "sign").unwrap().1.as_str())
        .collect();
    assert_eq!(signs[..2], ["bffb0e03521030136375248c55ea69c8", "01a31303a9fcf02b47c5b4bdee6dc3f6"]);
    let said = wire.said();
    // Of the body read and written again by PHP.
    assert_eq!(signs[2], "83f9b045408a55a97bf9e466b04e7b0b");
    let wanted = concat!(
        r#"{"app_id":"a0a1","command":{"c_num":"ord_t_shop_01k-r1","author":"АО «Агент»","smsEmail54FZ":"+79261234567","#,
        r#""payed_cash":50.02,"payed_cashless":100,"tag1055":4,"goods":[{"name":"Выписка ЕГРН 1\/2","price":100.01,"#,
        r#""count":1.5,"sum":150.02,"nds_value":22,"nds_not_apply":false,"payment_mode":4,"item_type":4,"#,
        r#""agent_info":{"type":64,"supplier_phone":["+74951234567"],"supplier_name":"ООО «Справка»","#,
        r#""supplier_inn":"7727401209"}}]},"nonce":"ord_t_shop_01k-r1.0.0","token":"t0ken","type":"printCheck"}"#
    );
    assert_eq!(said, wanted);
    let refund = ReceiptDocument { kind: ReceiptKind::SaleRefund, ..document() };
    let wire = Wire::answering(&[TOKEN, NONE, TAKEN]);
    print(kassa().as_ref(), &wire, &refund).await.unwrap();
    assert!(wire.said().ends_with(r#""type":"printPurchaseReturn"}"#));
}

#[tokio::test]
async fn what_is_known_is_not_sent_again() {
    let known = printed_row();
    let wire = Wire::answering(&[TOKEN, (200, &known)]);
    let TillAnswer::Printed(printed) = print(kassa().as_ref(), &wire, &document()).await.unwrap() else { panic!() };
    let fiscal = &printed.fiscal;
    assert_eq!((fiscal.document, fiscal.sign.as_str(), fiscal.shift), (871, "0470707772", 0));
    assert_eq!((fiscal.at.to_string().as_str(), fiscal.total), ("2025-11-21T09:01:02Z", Money::rub(15_002)));
    assert_eq!(printed.echo.rates, Some(vec![1]), "not what was sent");
    let waiting = row(&json!({}));
    for body in [waiting.as_str(), &format!(r#"{{"commands":{waiting}}}"#)] {
        let wire = Wire::answering(&[TOKEN, (200, body)]);
        assert_eq!(print(kassa().as_ref(), &wire, &document()).await.unwrap(), TillAnswer::Waiting);
        wire.asked();
    }
    let timeout =
        row(&json!({ "date_result": "2025-11-21 12:01:03", "result_msg": "Истекло время ожидания ответа ККТ" }));
    let wire = Wire::answering(&[TOKEN, (200, &timeout), TAKEN]);
    assert_eq!(print(kassa().as_ref(), &wire, &document()).await.unwrap(), TillAnswer::Waiting);
    assert!(wire.said().contains(r#""nonce":"ord_t_shop_01k-r1.1.0""#), "another command");
    let drive = row(&json!({ "date_result": "x", "result_msg": "Архив фискального накопителя переполнен" }));
    let wire = Wire::answering(&[TOKEN, (200, &drive)]);
    let failed = print(kassa().as_ref(), &wire, &document()).await.unwrap();
    assert_eq!(class(failed), (FailureClass::Register, "4711".into()));
    let wire = Wire::answering(&[TOKEN, NONE]);
    assert_eq!(ask(kassa().as_ref(), &wire, &document()).await.unwrap(), TillAnswer::NotFound);
}

#[tokio::test]
async fn a_token_is_kept_and_asked_for_anew_once() {
    let kassa = kassa();
    let first = Wire::answering(&[TOKEN, NONE]);
    ask(kassa.as_ref(), &first, &document()).await.unwrap();
    let wire = Wire::answering(&[SHUT, TOKEN, NONE, SHUT, TOKEN, TAKEN]);
    assert_eq!(print(kassa.as_ref(), &wire, &document()).await.unwrap(), TillAnswer::Waiting);
    assert!(wire.said().contains(r#""nonce":"ord_t_shop_01k-r1.0.1""#));
    let wire = Wire::answering(&[SHUT, TOKEN, SHUT]);
    let barred = print(kassa.as_ref(), &wire, &document()).await.unwrap();
    assert_eq!(class(barred), (FailureClass::Register, "auth".into()));
    let wire = Wire::answering(&[(403, r#"{"message":"Подпись запроса не верна"}"#)]);
    let barred = print(kassa.as_ref(), &wire, &document()).await.unwrap();
    assert_eq!(class(barred), (FailureClass::Register, "auth".into()));
}

#[tokio::test]
async fn silence_before_the_command_and_after_it() {
    for before in [&[][..], &[TOKEN], &[(502, "<html>")], &[TOKEN, (502, "<html>")], &[TOKEN, (200, "<html>")]] {
        let wire = match before.last() {
            Some((502 | 200, "<html>")) => Wire::answering(before),
            _ => Wire::silent_after(before),
        };
        let error = print(kassa().as_ref(), &wire, &document()).await.unwrap_err();
        assert!(matches!(error, TillError::NotSent(_)), "{before:?}: {error:?}");
    }
    for after in [(502, "<html>"), (200, "<html>"), (200, "{}")] {
        let wire = Wire::answering(&[TOKEN, NONE, after]);
        assert!(print(kassa().as_ref(), &wire, &document()).await.unwrap_err().may_have_happened(), "{after:?}");
    }
    let refusal = (422, r#"{"message":"command.goods: неверная сумма"}"#);
    let wire = Wire::answering(&[TOKEN, NONE, refusal]);
    let wrong = ReceiptDocument { payments: Payments::electronic(Money::rub(1)), ..document() };
    let refused = print(kassa().as_ref(), &wire, &wrong).await.unwrap();
    assert_eq!(class(refused), (FailureClass::Document, "422".into()));
    let stranger = kassa().callback("2025-11-21T09:00:00Z".parse().unwrap(), &http::HeaderMap::new(), b"{}");
    assert!(stranger.is_err());
}
