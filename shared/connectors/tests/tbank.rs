//! Wire: what the T-Bank connector says, what it understands, and what it does not believe.
//!
//! Tokens come from the bank's own documents: the request of «Токен» (1.80) and the notification of section 4.2 (1.8).

#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use connectors::bank::tbank::{TbankBank, terms, token};
use connectors::bank::{
    Bank, BankError, Callback, CallbackError, CaptureRequest, ChargeRequest, Incoming, Known, PaymentRequest, Question,
    Registered, ReturnRequest, Show,
};
use connectors::http::{Http, HttpError, Request, Response};
use domain::acquiring::{Credentials, Method, Return, Stages, Standing};
use domain::details::Language;
use domain::money::Money;
use domain::order::{BankState, DeclineReason};
use serde_json::{Value, json};

const NUMBER: &str = "01KAVXA3HS8G5XV6QT7MH3V2KCo1";
const ID: &str = "3093639567";
const LINK: &str =
    "https://qr.nspk.ru/AD10001246OADML79D5OP9279JLPI2V6?type=02&bank=100000000001&sum=253&cur=RUB&crc=D959";

/// Answers in turn as told and remembers what it was asked.
struct Wire {
    answers: Mutex<VecDeque<Result<(u16, String), HttpError>>>,
    asked: Mutex<Vec<(String, Value)>>,
}

impl Wire {
    fn answering(answers: &[Value]) -> Self {
        Self::bodies(answers.iter().map(|answer| Ok((200, answer.to_string()))))
    }

    fn bodies(answers: impl IntoIterator<Item = Result<(u16, String), HttpError>>) -> Self {
        Self { answers: Mutex::new(answers.into_iter().collect()), asked: Mutex::default() }
    }

    /// What was asked, method and body, every token verified.
    fn asked(&self) -> Vec<(String, Value)> {
        assert!(self.answers.lock().unwrap().is_empty(), "an answer was not asked for");
        self.asked.lock().unwrap().clone()
    }

    fn methods(&self) -> Vec<String> {
        self.asked().into_iter().map(|(method, _)| method).collect()
    }
}

#[async_trait]
impl Http for Wire {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        token::verify(&request.body, "secret").unwrap();
        assert!(!request.partner_given);
        assert_eq!(request.headers, [("content-type", "application/json".to_owned())]);
        let method = request.url.strip_prefix("https://bank.test/v2/").unwrap().to_owned();
        let mut body: Value = serde_json::from_slice(&request.body).unwrap();
        body.as_object_mut().unwrap().remove("Token").unwrap();
        assert_eq!(body.as_object_mut().unwrap().remove("TerminalKey"), Some(json!("Shop")));
        self.asked.lock().unwrap().push((method.clone(), body));
        let answer = self.answers.lock().unwrap().pop_front();
        let (status, body) = answer.unwrap_or_else(|| panic!("{method} is not expected"))?;
        Ok(Response { status, headers: Vec::new(), body: Bytes::from(body) })
    }
}

fn bank() -> TbankBank {
    let names = [("terminal_key", "Shop"), ("password", "secret")];
    let credentials = names.map(|(name, value)| (name.to_owned(), value.to_owned()));
    TbankBank::new("https://bank.test/", &Credentials(credentials.into()), "2026-11-21T09:00:00Z".parse().unwrap())
}

fn payment() -> PaymentRequest {
    PaymentRequest {
        number: NUMBER.into(),
        bill: "1000000000000016.1".into(),
        amount: Money::rub(100_000),
        method: Method::Card,
        stages: Stages::One,
        description: "Выписка ЕГРН".into(),
        return_url: "https://pay.test/c/x/return".into(),
        callback_url: "https://pay.test/callbacks/bank/shop/tbank".into(),
        expires_at: "2026-11-21T10:00:00Z".parse().unwrap(),
        language: Language::Ru,
        merchant: "ООО «Справка»".into(),
        customer: None,
        save: false,
        points_max: None,
        email: Some("buyer@mail.test".into()),
        phone: None,
    }
}

fn known(method: Method) -> Known {
    let (amount, stages) = (Money::rub(100_000), Stages::One);
    Known { number: NUMBER.into(), reference: Some(ID.into()), amount, captured: None, method, stages }
}

fn answer(status: &str, more: &Value) -> Value {
    let mut body = json!({
        "Success": true, "ErrorCode": "0", "TerminalKey": "Shop", "Status": status, "PaymentId": ID, "OrderId": NUMBER,
        "Added": {"later": 1},
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn error(code: &str, details: &str) -> Value {
    json!({"Success": false, "ErrorCode": code, "Message": "Неверные параметры.", "Details": details})
}

fn order(payments: &Value) -> Value {
    json!({"Success": true, "ErrorCode": "0", "Message": "OK", "OrderId": NUMBER, "TerminalKey": "Shop", "Payments": payments})
}

fn stands(held: i64, captured: i64, refunded: i64) -> BankState {
    let [held, captured, refunded] = [held, captured, refunded].map(Money::rub);
    BankState::Stands(Standing { held, captured, refunded })
}

fn question(reference: Option<&str>) -> Question {
    let payment = Known { reference: reference.map(Into::into), ..known(Method::Card) };
    Question { number: NUMBER.into(), payment, reference: None }
}

fn back(kind: Return, method: Method, amount: i64, standing: i64) -> ReturnRequest {
    ReturnRequest {
        number: "01KAVXA3HS8G5XV6QT7MH3V2KCo2".into(),
        payment: known(method),
        kind,
        amount: Money::rub(amount),
        standing: Money::rub(standing),
    }
}

#[test]
fn tokens_are_those_of_the_banks_documents() {
    let request = json!({
        "TerminalKey": "MerchantTerminalKey", "Amount": 19200, "OrderId": "21090",
        "Description": "Подарочная карта на 1000 рублей",
        "DATA": {"Phone": "+71234567890"}, "Receipt": {"Items": [{"Amount": 10000}]},
    });
    let signed: Value = serde_json::from_slice(&token::signed(&request, "usaf8fw8fsw21g").unwrap()).unwrap();
    assert_eq!(signed["Token"], "0024a00af7c350a3a67ca168ce06502aa72772456662e38696d48b56ee9c97d9");
    let request = json!({"Amount": 123, "TerminalKey": "TestBank", "DATA": {"a": 1}});
    let signed: Value = serde_json::from_slice(&token::signed(&request, "TestPassword").unwrap()).unwrap();
    assert_eq!(signed["Token"], "cdc3ced376c25d0a7e827ca2f5b64b56ade12b6b799b32d35ae0af49d7727a44");
    let told = r#"{"TerminalKey":"1321054611234DEMO","OrderId":"201709","Success":true,"Status":"AUTHORIZED",
        "PaymentId":"8742591","ErrorCode":"0","Amount":9855,"CardId":322264,"Pan":"430000******0777","ExpDate":"1122",
        "RebillId":"101709","Token":"b906d28e76c6428e37b25fcf86c0adc52c63d503013fdd632e300593d165766b"}"#;
    token::verify(told.as_bytes(), "Dfsfh56dgKl").unwrap();
    token::verify(told.replace("9855", "\"9855\"").as_bytes(), "Dfsfh56dgKl").unwrap();
    assert_eq!(token::verify(told.as_bytes(), "other"), Err(CallbackError::WrongSignature));
    // What is signed with nothing anybody can sign: an account without its password believes nobody.
    let anybodys = token::signed(&json!({ "TerminalKey": "x", "Status": "CONFIRMED" }), "").unwrap();
    assert_eq!(token::verify(&anybodys, ""), Err(CallbackError::WrongSignature));
}

#[test]
fn a_token_is_of_what_was_written() {
    // SHA-256 of `1.50`, `1e2`, `pw` and `true`: digits as they came, whatever number they are; null and lists take no part.
    let sign = |text: &str| hex::encode(<sha2::Sha256 as sha2::Digest>::digest(text.as_bytes()));
    let body = |token: &str| {
        format!(r#"{{"A":1.50,"B":1e2,"C":null,"D":[1],"E":{{"x":1}},"Z":true,"Яя":"е\u0301","Token":"{token}"}}"#)
    };
    token::verify(body(&sign("1.501e2pwtrueе\u{301}")).as_bytes(), "pw").unwrap();
    assert_eq!(token::verify(body(&sign("1.5100pwtrueе\u{301}")).as_bytes(), "pw"), Err(CallbackError::WrongSignature));
    for (body, wanted) in [("{}", CallbackError::Unsigned), (r#"{"Token":""}"#, CallbackError::Unsigned)] {
        assert_eq!(token::verify(body.as_bytes(), "pw"), Err(wanted), "{body}");
    }
    for body in ["", "[]", "{", "<html>", r#"{"Token":"x"} x"#] {
        assert!(matches!(token::verify(body.as_bytes(), "pw"), Err(CallbackError::Malformed { .. })), "{body}");
    }
}

#[test]
fn a_new_terminals_terms_are_the_documents() {
    let terms: BTreeMap<_, _> = terms().into_iter().map(|terms| (terms.method, terms)).collect();
    let (card, sbp) = (&terms[&Method::Card], &terms[&Method::Sbp]);
    assert!(card.takes(Money::rub(100), Stages::Two, false) && !card.takes(Money::rub(99), Stages::One, false));
    assert!(sbp.takes(Money::rub(1_000), Stages::One, false) && !sbp.takes(Money::rub(999), Stages::One, false));
    assert!(!sbp.takes(Money::rub(1_000), Stages::Two, false));
    assert!(terms[&Method::SberPay].hold_seconds > card.hold_seconds);
}

#[tokio::test]
async fn a_payment_is_registered_in_the_banks_words() {
    let told = answer("NEW", &json!({"Amount": 100_000, "PaymentURL": "https://securepay.tinkoff.ru/new/fU1ppgqa"}));
    let http = Wire::answering(std::slice::from_ref(&told));
    let registered = bank().register(&http, &payment()).await.unwrap();
    let show = Show::Page("https://securepay.tinkoff.ru/new/fU1ppgqa".into());
    assert_eq!(registered, Registered { reference: ID.into(), show });
    let said = json!({
        "Amount": 100_000, "OrderId": NUMBER, "Description": "Выписка ЕГРН", "PayType": "O", "Language": "ru",
        "NotificationURL": "https://pay.test/callbacks/bank/shop/tbank", "SuccessURL": "https://pay.test/c/x/return",
        "FailURL": "https://pay.test/c/x/return", "RedirectDueDate": "2026-11-21T13:00:00+03:00",
        "DATA": {"OperationInitiatorType": "0", "Email": "buyer@mail.test"},
    });
    assert_eq!(http.asked(), [("Init".to_owned(), said)]);

    let http = Wire::answering(std::slice::from_ref(&told));
    let saving = PaymentRequest { save: true, customer: Some("c-1".into()), stages: Stages::Two, ..payment() };
    bank().register(&http, &saving).await.unwrap();
    let (_, said) = http.asked().remove(0);
    assert_eq!([&said["Recurrent"], &said["CustomerKey"], &said["PayType"]], ["Y", "c-1", "T"]);
    assert_eq!(said["DATA"]["OperationInitiatorType"], "1");
    // A customer who did not agree is not named: naming binds the card.
    let http = Wire::answering(&[told]);
    bank().register(&http, &PaymentRequest { customer: Some("c-1".into()), ..payment() }).await.unwrap();
    assert!(http.asked()[0].1.get("CustomerKey").is_none());
}

#[tokio::test]
async fn a_payment_by_the_sbp_is_a_link() {
    let sbp = PaymentRequest { method: Method::Sbp, ..payment() };
    let qr =
        json!({"Success": true, "ErrorCode": "0", "Data": LINK, "PaymentId": 3_093_639_567_i64, "OrderId": NUMBER});
    let http = Wire::answering(&[answer("NEW", &json!({"Amount": "100000"})), qr.clone()]);
    let registered = bank().register(&http, &sbp).await.unwrap();
    assert_eq!(registered, Registered { reference: ID.into(), show: Show::Sbp(LINK.into()) });
    assert_eq!(http.asked()[1], ("GetQr".to_owned(), json!({"PaymentId": ID, "DataType": "PAYLOAD"})));
    // The first answer was lost: the link is asked for again.
    let before =
        order(&json!([{"PaymentId": ID, "Amount": 100_000, "Status": "NEW", "Success": "true", "ErrorCode": 0}]));
    let http = Wire::answering(&[error("8", "Заказ с таким order_id уже существует."), before, qr]);
    assert_eq!(bank().register(&http, &sbp).await.unwrap().show, Show::Sbp(LINK.into()));
    assert_eq!(http.methods(), ["Init", "CheckOrder", "GetQr"]);
    let cut = json!({"Success": true, "ErrorCode": "0", "Data": LINK.replace("sum=253", "sum=25")});
    let http = Wire::answering(&[answer("NEW", &json!({})), cut]);
    assert!(
        matches!(bank().register(&http, &sbp).await, Err(BankError::Unreadable { pointer, .. }) if pointer == "/Data")
    );

    let two = PaymentRequest { stages: Stages::Two, ..sbp };
    let refused = bank().register(&Wire::answering(&[]), &two).await.unwrap_err();
    assert!(matches!(refused, BankError::Refused { code, .. } if code == "unsupported"));
    let saving = PaymentRequest { save: true, stages: Stages::One, ..two };
    let no_qr = Wire::answering(&[answer("NEW", &json!({})), error("3001", "Оплата через СБП недоступна")]);
    bank().register(&no_qr, &saving).await.unwrap_err();
    let said = &no_qr.asked()[0].1;
    assert_eq!((&said["Recurrent"], &said["DATA"]["QR"]), (&json!("Y"), &json!("true")));
    assert_eq!(said["NotificationURL"], format!("https://pay.test/callbacks/bank/shop/tbank?payment={NUMBER}"));
}

#[tokio::test]
async fn a_number_used_before_is_never_paid_twice() {
    let used = || error("8", "Заказ с таким order_id уже существует.");
    let before = |status: &str, amount: i64| {
        order(&json!([{"PaymentId": ID, "Amount": amount, "Status": status, "Success": true, "ErrorCode": "0"}]))
    };
    // Nobody has seen its form: it is shut, and the number is refused for good.
    let http = Wire::answering(&[used(), before("NEW", 100_000), answer("CANCELED", &json!({"NewAmount": 0}))]);
    let shut = bank().register(&http, &payment()).await.unwrap_err();
    assert!(matches!(&shut, BankError::Refused { code, .. } if code == "8") && !shut.may_have_happened());
    assert_eq!(http.methods(), ["Init", "CheckOrder", "Cancel"]);
    for (status, open) in [("CANCELED", false), ("DEADLINE_EXPIRED", false), ("FORM_SHOWED", true), ("CONFIRMED", true)]
    {
        let http = Wire::answering(&[used(), before(status, 100_000)]);
        let error = bank().register(&http, &payment()).await.unwrap_err();
        assert_eq!(error.may_have_happened(), open, "{status}: {error}");
    }
    // The number is another payment's.
    let http = Wire::answering(&[used(), before("NEW", 99_999)]);
    assert!(matches!(bank().register(&http, &payment()).await, Err(BankError::Refused { .. })));
}

#[tokio::test]
async fn states_are_understood() {
    let declined = BankState::Declined;
    let cases = [
        ("NEW", 100_000, BankState::Pending),
        ("FORM_SHOWED", 100_000, BankState::Pending),
        ("PREAUTHORIZING", 100_000, BankState::Pending),
        ("AUTHORIZING", 100_000, BankState::Pending),
        ("3DS_CHECKING", 100_000, BankState::Pending),
        ("3DS_CHECKED", 100_000, BankState::Pending),
        ("PAY_CHECKING", 100_000, BankState::Pending),
        ("AUTHORIZED", 100_000, stands(100_000, 0, 0)),
        ("CONFIRMING", 100_000, BankState::Pending),
        ("CONFIRM_CHECKING", 100_000, BankState::Pending),
        ("CONFIRMED", 70_000, stands(0, 70_000, 0)),
        ("REVERSING", 100_000, BankState::Pending),
        ("PARTIAL_REVERSED", 60_000, stands(60_000, 0, 0)),
        ("REVERSED", 0, stands(0, 0, 0)),
        ("REFUNDING", 100_000, BankState::Pending),
        ("ASYNC_REFUNDING", 100_000, BankState::Pending),
        ("PARTIAL_REFUNDED", 60_000, stands(0, 100_000, 40_000)),
        ("REFUNDED", 100_000, stands(0, 100_000, 100_000)),
        ("CANCELED", 100_000, declined(DeclineReason::Other)),
        ("DEADLINE_EXPIRED", 100_000, declined(DeclineReason::TimedOut)),
        ("ATTEMPTS_EXPIRED", 100_000, declined(DeclineReason::Other)),
        ("AUTH_FAIL", 100_000, declined(DeclineReason::AuthenticationFailed)),
    ];
    for (status, amount, expected) in cases {
        let http = Wire::answering(&[answer(status, &json!({"Amount": amount, "PaymentId": 3_093_639_567_i64}))]);
        let report = bank().ask(&http, &question(Some(ID))).await.unwrap();
        assert_eq!((report.reference.as_deref(), report.state), (Some(ID), expected), "{status}");
        // The same by the number, of several attempts.
        let others = json!([
            {"PaymentId": 1, "Amount": 100_000, "Status": "REJECTED", "Success": false, "ErrorCode": "1051", "Message": ""},
            {"PaymentId": ID, "Amount": amount, "Status": status, "Success": "true", "ErrorCode": 0, "RRN": "1"},
        ]);
        let report = bank().ask(&Wire::answering(&[order(&others)]), &question(None)).await.unwrap();
        assert_eq!((report.reference.as_deref(), report.state), (Some(ID), expected), "{status}");
    }
    for (code, reason) in [
        ("1051", DeclineReason::InsufficientFunds),
        ("116", DeclineReason::InsufficientFunds),
        ("1041", DeclineReason::CardBlocked),
        ("101", DeclineReason::AuthenticationFailed),
        ("99", DeclineReason::Other),
    ] {
        // Why, is told by the order only.
        let no = answer("REJECTED", &json!({"Amount": 100_000}));
        let why = order(&json!([{"PaymentId": ID, "Status": "REJECTED", "Success": false, "ErrorCode": code}]));
        let report = bank().ask(&Wire::answering(&[no, why]), &question(Some(ID))).await.unwrap();
        assert_eq!(report.state, declined(reason), "{code}");
    }
}

#[tokio::test]
async fn what_the_bank_does_not_know_is_not_found() {
    for told in [error("335", "OrderId не найден"), error("7", "Заказ не найден."), order(&json!([]))]
    {
        let report = bank().ask(&Wire::answering(&[told]), &question(None)).await.unwrap();
        assert_eq!(report.state, BankState::NotFound);
    }
    let told = error("255", "Платеж не найден");
    let report = bank().ask(&Wire::answering(&[told]), &question(Some(ID))).await.unwrap();
    assert_eq!(report.state, BankState::NotFound);
}

#[tokio::test]
async fn answers_that_make_no_sense_are_not_outcomes() {
    let bodies = [
        "[]".to_owned(),
        "{}".to_owned(),
        answer("CONFIRMED", &json!({})).to_string(),
        answer("CONFIRMED", &json!({"Amount": 1.5})).to_string(),
        answer("CONFIRMED", &json!({"Amount": -1})).to_string(),
        answer("CONFIRMED", &json!({"Amount": "1 000"})).to_string(),
        answer("CONFIRMED", &json!({"Amount": 100_000, "OrderId": "other"})).to_string(),
        answer("CONFIRMED", &json!({"Amount": 100_000, "PaymentId": "1"})).to_string(),
        answer("CONFIRMED", &json!({"Amount": 100_000, "TerminalKey": "Other"})).to_string(),
        answer("PARTIAL_REFUNDED", &json!({"Amount": 100_000})).to_string(),
        answer("PARTIAL_REVERSED", &json!({"Amount": 0})).to_string(),
        answer("MOON", &json!({"Amount": 100_000})).to_string(),
    ];
    for body in bodies {
        let error = bank().ask(&Wire::bodies([Ok((200, body.clone()))]), &question(Some(ID))).await.unwrap_err();
        assert!(matches!(error, BankError::Unreadable { .. }) && error.may_have_happened(), "{body}: {error:?}");
    }
    let two = json!([
        {"PaymentId": 1, "Amount": 100_000, "Status": "CONFIRMED", "Success": true, "ErrorCode": 0},
        {"PaymentId": 2, "Amount": 100_000, "Status": "CONFIRMED", "Success": true, "ErrorCode": 0},
    ]);
    let error = bank().ask(&Wire::answering(&[order(&two)]), &question(None)).await.unwrap_err();
    assert!(matches!(error, BankError::Unreadable { pointer, .. } if pointer == "/Payments"));
}

#[tokio::test]
async fn silence_is_told_from_what_did_not_happen() {
    let unknown: [Result<(u16, String), HttpError>; 7] = [
        Err(HttpError::Unknown("x".into())),
        Ok((502, "<html>".into())),
        Ok((500, error("9999", "").to_string())),
        Ok((200, "<html>".into())),
        Ok((200, String::new())),
        Ok((200, r#"{"Success":true,"Err"#.into())),
        Ok((200, error("9999", "Внутренняя ошибка системы").to_string())),
    ];
    for told in unknown {
        let shown = format!("{told:?}");
        let error = bank().register(&Wire::bodies([told]), &payment()).await.unwrap_err();
        assert!(matches!(error, BankError::Unknown(_)) && error.may_have_happened(), "{shown}: {error:?}");
    }
    for told in [Err(HttpError::NotSent("x".into())), Ok((429, String::new()))] {
        let error = bank().register(&Wire::bodies([told]), &payment()).await.unwrap_err();
        assert!(matches!(error, BankError::NotSent(_)), "{error:?}");
    }
    for told in [
        Ok((403, "<html>".to_owned())),
        Ok((200, error("204", "Неверный токен.").to_string())),
        Ok((400, error("251", "Неверная сумма.").to_string())),
    ] {
        let error = bank().register(&Wire::bodies([told]), &payment()).await.unwrap_err();
        assert!(matches!(error, BankError::Refused { .. }) && !error.may_have_happened(), "{error:?}");
    }
}

#[tokio::test]
async fn held_money_is_captured_once() {
    let request = CaptureRequest {
        number: "01KAVXA3HS8G5XV6QT7MH3V2KCo2".into(),
        payment: known(Method::Card),
        held: Money::rub(100_000),
        amount: Money::rub(70_000),
    };
    let done = BankState::Succeeded(Money::rub(70_000));
    let http = Wire::answering(&[answer("CONFIRMED", &json!({}))]);
    assert_eq!(bank().capture(&http, &request).await.unwrap().state, done);
    assert_eq!(http.asked(), [("Confirm".to_owned(), json!({"PaymentId": ID, "Amount": 70_000}))]);
    // Told again, and done before; let go in between; under way.
    let no = || error("8", "Неверный статус транзакции.");
    for (status, amount, expected) in [
        ("CONFIRMED", 70_000, done),
        ("REVERSED", 0, stands(0, 0, 0)),
        ("CONFIRMING", 100_000, BankState::Pending),
        ("CONFIRMED", 100_000, stands(0, 100_000, 0)),
    ] {
        let http = Wire::answering(&[no(), answer(status, &json!({"Amount": amount}))]);
        assert_eq!(bank().capture(&http, &request).await.unwrap().state, expected, "{status}");
    }
    let http = Wire::answering(&[no(), answer("AUTHORIZED", &json!({"Amount": 100_000}))]);
    assert!(matches!(bank().capture(&http, &request).await, Err(BankError::Refused { code, .. }) if code == "8"));
    // The bank's own id was lost with its answer.
    let payment = Known { reference: None, ..known(Method::Card) };
    let found = order(&json!([{"PaymentId": ID, "Status": "AUTHORIZED", "Amount": 100_000}]));
    let http = Wire::answering(&[found, answer("CONFIRMING", &json!({}))]);
    let report = bank().capture(&http, &CaptureRequest { payment, ..request }).await.unwrap();
    assert_eq!(report.state, BankState::Pending);
}

#[tokio::test]
async fn money_goes_back_under_a_number_of_its_own() {
    let moved = |status: &str, original: i64, left: i64| {
        answer(status, &json!({"OriginalAmount": original, "NewAmount": left, "PaymentId": 3_093_639_567_i64}))
    };
    let declined = BankState::Declined(DeclineReason::Other);
    let cases = [
        (Return::Void, 100_000, 100_000, moved("REVERSED", 100_000, 0), BankState::Succeeded(Money::rub(100_000))),
        (
            Return::Void,
            40_000,
            100_000,
            moved("PARTIAL_REVERSED", 100_000, 60_000),
            BankState::Succeeded(Money::rub(40_000)),
        ),
        (Return::Refund, 100_000, 100_000, moved("REFUNDED", 100_000, 0), BankState::Succeeded(Money::rub(100_000))),
        (Return::Reversal, 100_000, 100_000, moved("REFUNDED", 100_000, 0), BankState::Succeeded(Money::rub(100_000))),
        (
            Return::Refund,
            40_000,
            100_000,
            moved("PARTIAL_REFUNDED", 100_000, 60_000),
            BankState::Succeeded(Money::rub(40_000)),
        ),
        (Return::Refund, 60_000, 60_000, moved("REFUNDED", 60_000, 0), BankState::Succeeded(Money::rub(60_000))),
        (Return::Refund, 40_000, 100_000, moved("REFUNDING", 100_000, 60_000), BankState::Pending),
        // A repetition is answered with how the payment stands. Neither through nor under way: the bank has taken it back.
        (Return::Refund, 10_000, 60_000, moved("PARTIAL_REFUNDED", 60_000, 60_000), declined),
        (Return::Refund, 100_000, 100_000, moved("CONFIRMED", 100_000, 100_000), declined),
        (Return::Refund, 100_000, 100_000, moved("REFUNDING", 100_000, 100_000), BankState::Pending),
        // This one moved now, though more is left than there should be: an earlier one was taken back.
        (
            Return::Refund,
            10_000,
            60_000,
            moved("PARTIAL_REFUNDED", 100_000, 90_000),
            BankState::Succeeded(Money::rub(10_000)),
        ),
        // Told again, how the payment stands says which.
        (Return::Refund, 10_000, 60_000, moved("PARTIAL_REFUNDED", 90_000, 90_000), stands(0, 100_000, 10_000)),
        (Return::Refund, 10_000, 60_000, moved("CONFIRMED", 100_000, 100_000), stands(0, 100_000, 0)),
        (Return::Refund, 100_000, 100_000, answer("CONFIRMED", &json!({})), BankState::Pending),
        // It was captured in between: the same command has refunded.
        (Return::Void, 100_000, 100_000, moved("REFUNDED", 100_000, 0), stands(0, 100_000, 100_000)),
    ];
    for (kind, amount, standing, told, expected) in cases {
        let http = Wire::answering(std::slice::from_ref(&told));
        let request = back(kind, Method::Card, amount, standing);
        assert_eq!(bank().give_back(&http, &request).await.unwrap().state, expected, "{kind:?} {told}");
        let said = json!({"PaymentId": ID, "Amount": amount, "ExternalRequestId": request.number});
        assert_eq!(http.asked(), [("Cancel".to_owned(), said)]);
    }
    let request = back(Return::Refund, Method::Card, 100_000, 100_000);
    let declined = Wire::answering(&[error("3002", "Недостаточный баланс счёта для отмены")]);
    let state = bank().give_back(&declined, &request).await.unwrap().state;
    assert_eq!(state, BankState::Declined(DeclineReason::Other));
    let too_much = Wire::answering(&[error("330", "Сумма в запросе больше чем в оригинальной транзакции")]);
    assert!(matches!(bank().give_back(&too_much, &request).await, Err(BankError::Refused { .. })));
    let no = || error("8", "Неверный статус транзакции.");
    let http = Wire::answering(&[no(), answer("REFUNDED", &json!({"Amount": 0}))]);
    assert_eq!(bank().give_back(&http, &request).await.unwrap().state, stands(0, 100_000, 100_000));
    let http = Wire::answering(&[no(), answer("CONFIRMED", &json!({"Amount": 100_000}))]);
    assert!(matches!(bank().give_back(&http, &request).await, Err(BankError::Refused { .. })));
}

#[tokio::test]
async fn a_return_by_the_sbp_is_looked_for_before_it_is_asked_for() {
    let request = back(Return::Refund, Method::Sbp, 40_000, 100_000);
    let now = |status: &str, amount: i64| answer(status, &json!({"Amount": amount}));
    let http = Wire::answering(&[now("CONFIRMED", 100_000), now("ASYNC_REFUNDING", 100_000)]);
    assert_eq!(bank().give_back(&http, &request).await.unwrap().state, BankState::Pending);
    // The bank does not recognise its repetition, so no number goes with it.
    assert_eq!(http.asked()[1], ("Cancel".to_owned(), json!({"PaymentId": ID, "Amount": 40_000})));
    for (status, left, expected) in [
        ("ASYNC_REFUNDING", 100_000, BankState::Pending),
        ("PARTIAL_REFUNDED", 60_000, BankState::Succeeded(Money::rub(40_000))),
        ("REFUNDED", 0, stands(0, 100_000, 100_000)),
    ] {
        let http = Wire::answering(&[now(status, left)]);
        assert_eq!(bank().give_back(&http, &request).await.unwrap().state, expected, "{status}");
    }
    let rest = back(Return::Refund, Method::Sbp, 60_000, 60_000);
    let http = Wire::answering(&[now("REFUNDED", 100_000)]);
    assert_eq!(bank().give_back(&http, &rest).await.unwrap().state, BankState::Succeeded(Money::rub(60_000)));
    let http = Wire::answering(&[now("PARTIAL_REFUNDED", 60_000), now("REFUNDED", 60_000)]);
    assert_eq!(bank().give_back(&http, &rest).await.unwrap().state, BankState::Succeeded(Money::rub(60_000)));
}

#[tokio::test]
async fn saved_means_are_charged() {
    let request = |method, stages, buyer_present, token: &str| ChargeRequest {
        payment: PaymentRequest { method, stages, ..payment() },
        token: token.into(),
        buyer_present,
    };
    let new = || answer("NEW", &json!({"Amount": 100_000, "PaymentURL": "https://x.test"}));
    let http = Wire::answering(&[new(), answer("CONFIRMED", &json!({"Amount": 100_000}))]);
    let charged = bank().charge(&http, &request(Method::Card, Stages::One, false, "145919.881900")).await.unwrap();
    assert_eq!((charged.report.state, charged.page), (stands(0, 100_000, 0), None));
    let asked = http.asked();
    assert_eq!(asked[0].1["DATA"]["OperationInitiatorType"], "R");
    assert!(asked[0].1.get("Recurrent").is_none() && asked[0].1.get("CustomerKey").is_none());
    assert_eq!(asked[1], ("Charge".to_owned(), json!({"PaymentId": ID, "RebillId": "145919"})));
    // Held for a moment in one stage, for good in two.
    for (stages, expected) in [(Stages::One, BankState::Pending), (Stages::Two, stands(100_000, 0, 0))] {
        let http = Wire::answering(&[new(), answer("AUTHORIZED", &json!({"Amount": 100_000}))]);
        let charged = bank().charge(&http, &request(Method::Card, stages, true, "145919")).await.unwrap();
        assert_eq!(charged.report.state, expected);
        assert_eq!(http.asked()[0].1["DATA"]["OperationInitiatorType"], "2");
    }
    let http = Wire::answering(&[new(), json!({"Success": false, "ErrorCode": "1051", "Status": "REJECTED"})]);
    let charged = bank().charge(&http, &request(Method::Card, Stages::One, true, "145919")).await.unwrap();
    assert_eq!(charged.report.state, BankState::Declined(DeclineReason::InsufficientFunds));
    let http = Wire::answering(&[new(), error("10", "Метод Charge заблокирован для данного терминала")]);
    assert!(bank().charge(&http, &request(Method::Card, Stages::One, true, "145919")).await.is_err());
    // Repeated: `Init` had got through, `Charge` had not; and both had.
    let before = |status: &str| order(&json!([{"PaymentId": ID, "Amount": 100_000, "Status": status}]));
    let used = || error("8", "Заказ с таким order_id уже существует.");
    let http = Wire::answering(&[used(), before("NEW"), answer("CONFIRMED", &json!({"Amount": 100_000}))]);
    bank().charge(&http, &request(Method::Card, Stages::One, true, "145919")).await.unwrap();
    let http = Wire::answering(&[used(), before("CONFIRMED")]);
    let charged = bank().charge(&http, &request(Method::Card, Stages::One, true, "145919")).await.unwrap();
    assert_eq!(charged.report.state, stands(0, 100_000, 0));

    let http = Wire::answering(&[new(), answer("OK", &json!({"Amount": 100_000, "Currency": "643"}))]);
    let charged = bank().charge(&http, &request(Method::Sbp, Stages::One, false, "70LSS7DN18SJQRS1")).await.unwrap();
    assert_eq!(charged.report.state, BankState::Pending);
    let asked = http.asked();
    assert_eq!(
        (&asked[0].1["Recurrent"], &asked[0].1["DATA"]),
        (&json!("Y"), &json!({"QR": "true", "Email": "buyer@mail.test"}))
    );
    assert_eq!(asked[1], ("ChargeQr".to_owned(), json!({"PaymentId": ID, "AccountToken": "70LSS7DN18SJQRS1"})));
}

#[tokio::test]
async fn saved_means_are_forgotten() {
    let list = |status: &str| {
        json!([{"CardId": "1", "Pan": "x", "Status": "A", "RebillId": "7", "CardType": 0},
        {"CardId": 881_900, "Pan": "518223******0036", "Status": status, "RebillId": "145919", "CardType": 0, "ExpDate": "1122"}])
    };
    for token in ["145919", "145919.881900", "5.881900"] {
        let http = Wire::answering(&[list("A"), json!({"Success": true, "ErrorCode": "0", "Status": "D"})]);
        bank().forget(&http, "c-1", token).await.unwrap();
        let asked = http.asked();
        assert_eq!(asked[0], ("GetCardList".to_owned(), json!({"CustomerKey": "c-1"})));
        assert_eq!(asked[1], ("RemoveCard".to_owned(), json!({"CustomerKey": "c-1", "CardId": "881900"})));
    }
    for told in [list("D"), json!([]), error("7", "Неверный статус покупателя")] {
        bank().forget(&Wire::answering(&[told]), "c-1", "145919.881900").await.unwrap();
    }
    for told in [error("204", "Неверный токен."), error("0", "")] {
        bank().forget(&Wire::answering(&[told]), "c-1", "145919").await.unwrap_err();
    }
    let bound = bank().forget(&Wire::answering(&[]), "c-1", "70LSS7DN18SJQRS1").await.unwrap_err();
    assert!(matches!(bound, BankError::Refused { code, .. } if code == "unsupported"));
}

#[tokio::test]
async fn kept_means_are_listed_as_they_are_told_of() {
    let card = |status: &str, rebill: &str| json!({"CardId": 881_900, "Pan": "220138******0013", "Status": status, "RebillId": rebill, "CardType": 0, "ExpDate": "1230"});
    let list = json!([card("A", "145919"), card("D", "1"), card("I", "2"), card("A", "")]);
    let http = Wire::answering(&[list]);
    let kept = bank().kept(&http, "c-1").await.unwrap();
    assert_eq!(http.asked(), [("GetCardList".to_owned(), json!({"CustomerKey": "c-1"}))]);
    let more = json!({"RebillId": 145_919, "CardId": 881_900, "Pan": "220138******0013", "ExpDate": "1230"});
    let told = told(&notification("CONFIRMED", &more), "").unwrap().unwrap();
    assert_eq!(kept, [told.report.saved.unwrap()]);
    assert_eq!(bank().kept(&Wire::answering(&[error("7", "Неверный статус покупателя")]), "c-1").await.unwrap(), []);
    bank().kept(&Wire::answering(&[error("204", "Неверный токен.")]), "c-1").await.unwrap_err();
}

fn incoming(body: impl Into<Bytes>, query: &str) -> Incoming {
    Incoming { headers: http::HeaderMap::new(), query: query.into(), body: body.into(), peer: None }
}

fn told(body: &Value, query: &str) -> Result<Option<Callback>, CallbackError> {
    let body = token::signed(body, "secret").unwrap();
    bank().callback("2026-11-21T09:00:00Z".parse().unwrap(), &incoming(body, query))
}

fn notification(status: &str, more: &Value) -> Value {
    let mut body = json!({
        "TerminalKey": "Shop", "OrderId": NUMBER, "Success": true, "Status": status, "PaymentId": 3_093_639_567_i64,
        "ErrorCode": "0", "Amount": 100_000, "Pan": "220138******0013", "ExpDate": "1228",
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[test]
fn notifications_are_believed_by_their_token() {
    let one = told(&notification("CONFIRMED", &json!({})), "").unwrap().unwrap();
    assert_eq!((one.number.as_str(), one.report.reference.as_deref(), one.proven), (NUMBER, Some(ID), true));
    assert_eq!(one.report.state, stands(0, 100_000, 0));
    assert_eq!((one.answer.content_type, one.answer.body.as_str()), (Some("text/plain"), "OK"));
    assert_eq!(one.report.saved, None);
    for (status, more, state, proven) in [
        ("AUTHORIZED", json!({}), stands(100_000, 0, 0), true),
        ("REVERSED", json!({"Amount": 0}), stands(0, 0, 0), true),
        (
            "REJECTED",
            json!({"Success": false, "ErrorCode": "1051"}),
            BankState::Declined(DeclineReason::InsufficientFunds),
            true,
        ),
        ("DEADLINE_EXPIRED", json!({}), BankState::Declined(DeclineReason::TimedOut), true),
        ("3DS_CHECKING", json!({}), BankState::Pending, true),
        // What went back is not told; and a state added later is no outcome: the bank is asked.
        ("PARTIAL_REFUNDED", json!({"Amount": 60_000}), BankState::Pending, false),
        ("REFUNDED", json!({"Amount": 0}), BankState::Pending, false),
        ("MOON", json!({"Amount": 0}), BankState::Pending, false),
    ] {
        let callback = told(&notification(status, &more), "").unwrap().unwrap();
        assert_eq!((callback.report.state, callback.proven), (state, proven), "{status}");
    }
    // Fields of any kind that are added later.
    let more = json!({"Added": "later", "Flag": false, "None": null, "Number": 1.50, "Data": {"source": "cards"}});
    assert!(told(&notification("CONFIRMED", &more), "").unwrap().unwrap().proven);
}

#[test]
fn notifications_tell_of_means_that_were_kept() {
    let one =
        told(&notification("AUTHORIZED", &json!({"RebillId": 101_709, "CardId": "322264"})), "").unwrap().unwrap();
    let saved = one.report.saved.unwrap();
    assert_eq!((saved.token.as_str(), saved.label.as_str()), ("101709.322264", "Мир •• 0013"));
    assert_eq!(saved.valid_until.as_deref(), Some("2028-12"));
    let account = json!({
        "TerminalKey": "Shop", "RequestKey": "AB1000670LSS7DN18SJQDNP4B05KLJL2", "Status": "ACTIVE",
        "AccountToken": "70LSS7DN18SJQRS10006DNPKLJL24B05", "BankMemberId": "100000000004",
        "BankMemberName": "Промсвязьбанк", "NotificationType": "LINKACCOUNT", "Success": true, "Message": "OK", "ErrorCode": "0",
    });
    let one = told(&account, &format!("a=b&payment={NUMBER}")).unwrap().unwrap();
    let saved = one.report.saved.unwrap();
    assert_eq!((one.number.as_str(), one.report.state), (NUMBER, BankState::Pending));
    assert_eq!((saved.token.as_str(), saved.label.as_str()), ("70LSS7DN18SJQRS10006DNPKLJL24B05", "Промсвязьбанк"));
    assert_eq!(told(&account, "").unwrap(), None);
    let card = json!({"TerminalKey": "Shop", "NotificationType": "LINKCARD", "Success": true, "ErrorCode": "0", "Status": "COMPLETED"});
    assert_eq!(told(&card, "").unwrap(), None);
}

#[test]
fn nobody_is_believed_who_has_not_signed() {
    let at = "2026-11-21T09:00:00Z".parse().unwrap();
    let whole = String::from_utf8(token::signed(&notification("CONFIRMED", &json!({})), "secret").unwrap()).unwrap();
    let call = |body: String| bank().callback(at, &incoming(body, "")).unwrap_err();
    let foreign = token::signed(&notification("CONFIRMED", &json!({})), "other").unwrap();
    assert_eq!(call(String::from_utf8(foreign).unwrap()), CallbackError::WrongSignature);
    assert_eq!(call(notification("CONFIRMED", &json!({})).to_string()), CallbackError::Unsigned);
    for (from, to) in [
        ("100000", "100001"),
        ("CONFIRMED", "REFUNDED"),
        ("V2KCo1", "V2KCo2"),
        ("\"Success\":true", "\"Success\":false"),
        ("\"Success\":true", "\"Success\":true,\"Added\":\"x\""),
        ("\"ExpDate\":\"1228\",", ""),
    ] {
        assert!(whole.contains(from), "{from}: {whole}");
        assert_eq!(call(whole.replace(from, to)), CallbackError::WrongSignature, "{to}");
    }
    for (more, place) in [
        (json!({"TerminalKey": "Other"}), "/TerminalKey"),
        (json!({"OrderId": ""}), "/OrderId"),
        (json!({"PaymentId": null}), "/PaymentId"),
        (json!({"Status": null}), "/Status"),
        (json!({"Amount": "x"}), "/Amount"),
        (json!({"Amount": null}), "/Amount"),
    ] {
        let Err(CallbackError::Malformed { pointer, .. }) = told(&notification("CONFIRMED", &more), "") else {
            panic!("{more}")
        };
        assert_eq!(pointer, place);
    }
    // Two amounts: whichever the token is of, it is not read.
    let doubled = whole.replace("\"Amount\":100000", "\"Amount\":1,\"Amount\":100000");
    assert!(matches!(call(doubled), CallbackError::Malformed { .. }));
}
