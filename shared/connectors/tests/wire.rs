//! Wire: what the sandbox connectors say, held to bodies kept in `tests/wire/`, and what they understand.
//!
//! A change of a kept body is a change of the protocol: the other side may run an older version.

#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use connectors::bank::sandbox::SandboxBank;
use connectors::bank::{Bank, BankError, Callback, CallbackError, PaymentRequest, RefundRequest, Registered};
use connectors::fulfilment::sandbox::SandboxExecutor;
use connectors::fulfilment::{CancelAnswer, ExecutionOutcome, Executor, Job, ResultContent};
use connectors::http::{Http, HttpError, Request, Response};
use connectors::signature::{sign, verify};
use connectors::till::sandbox::SandboxTill;
use connectors::till::{Till, TillAnswer, TillError};
use domain::details::{ExecutionScenario, Language, Line, ReceiptScenario, Subject};
use domain::id::{Mode, OrderId, Tenant};
use domain::money::Money;
use domain::order::{BankReport, BankState, DeclineReason};
use domain::receipt::{Agent, ReceiptDocument, ReceiptKind, Supplier};
use domain::tax::{Taxation, VatRate};
use domain::time::Timestamp;
use http::HeaderMap;

const SECRET: &[u8] = b"secret";

macro_rules! kept {
    ($name:literal) => {
        include_str!(concat!("wire/", $name, ".json"))
    };
}

/// Answers as told and remembers what it was asked.
struct Wire {
    answer: Mutex<Option<Result<(u16, String), HttpError>>>,
    asked: Mutex<Vec<Request>>,
}

impl Wire {
    fn answering(status: u16, body: &str) -> Self {
        Self { answer: Mutex::new(Some(Ok((status, body.to_owned())))), asked: Mutex::default() }
    }

    fn silent(error: HttpError) -> Self {
        Self { answer: Mutex::new(Some(Err(error))), asked: Mutex::default() }
    }

    /// The one request, its signature verified.
    fn asked(&self) -> (String, serde_json::Value) {
        let asked = self.asked.lock().unwrap();
        let [request] = asked.as_slice() else { panic!("one request") };
        let header = |name| request.headers.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_str());
        verify(SECRET, now(), header("x-signature"), &request.body).unwrap();
        assert_eq!(header("x-terminal"), Some("demoshop.t"));
        assert!(!request.partner_given);
        (request.url.clone(), serde_json::from_slice(&request.body).unwrap())
    }
}

#[async_trait]
impl Http for Wire {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        self.asked.lock().unwrap().push(request);
        let (status, body) = self.answer.lock().unwrap().take().unwrap()?;
        Ok(Response { status, headers: Vec::new(), body: Bytes::from(body) })
    }
}

fn now() -> Timestamp {
    "2026-11-21T09:00:00Z".parse().unwrap()
}

fn tenant() -> Tenant {
    Tenant::try_new("demoshop", Mode::Test).unwrap()
}

fn bank() -> SandboxBank {
    SandboxBank::new("https://pay.test/", &tenant(), SECRET.to_vec(), now())
}

fn till(scenario: ReceiptScenario) -> SandboxTill {
    SandboxTill::new("https://pay.test", &tenant(), SECRET.to_vec(), now(), scenario)
}

fn executor() -> SandboxExecutor {
    SandboxExecutor::new("https://pay.test", &tenant(), SECRET.to_vec(), now())
}

fn same(said: &serde_json::Value, kept: &str) {
    let kept: serde_json::Value = serde_json::from_str(kept).unwrap();
    assert_eq!(said, &kept, "said: {said:#}");
}

fn signed(body: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("x-signature", sign(SECRET, now(), body.as_bytes()).parse().unwrap());
    headers
}

fn payment() -> PaymentRequest {
    PaymentRequest {
        number: "ord_t_demoshop_01kaj0000000000000000000000-o1".into(),
        bill: "1000000000000016.1".into(),
        amount: Money::rub(300_000),
        description: "Выписка ЕГРН".into(),
        return_url: "https://pay.test/c/x/return".into(),
        callback_url: "https://pay.test/callbacks/bank/sandbox/x".into(),
        expires_at: "2026-11-21T10:00:00Z".parse().unwrap(),
        language: Language::Ru,
        merchant: "ООО «Справка»".into(),
    }
}

fn line() -> Line {
    Line {
        name: "Выписка ЕГРН".into(),
        price: Money::rub(10_001),
        quantity: "1.50".parse().unwrap(),
        amount: Money::rub(15_002),
        vat: VatRate::Vat22,
        subject: Subject::Service,
    }
}

fn document(kind: ReceiptKind, contact: &str) -> ReceiptDocument {
    ReceiptDocument {
        external_id: "ord_t_demoshop_01kaj0000000000000000000000-r1".into(),
        kind,
        agent: Agent {
            name: "АО «Агент»".into(),
            inn: "7700000016".into(),
            address: "Москва".into(),
            email: "agent@pay.test".into(),
            phone: "+74950000000".into(),
            taxation: Taxation::UsnIncomeOutcome,
        },
        place: "https://pay.test".into(),
        buyer_contact: contact.into(),
        lines: vec![line()],
        supplier: Supplier {
            name: "ООО «Справка»".into(), inn: "7727401209".into(), phone: "+74951234567".into()
        },
        total: Money::rub(15_002),
    }
}

#[tokio::test]
async fn a_payment_is_registered_in_the_banks_words() {
    let http = Wire::answering(201, kept!("bank_payment_answer"));
    let registered = bank().register(&http, &payment()).await.unwrap();
    let url = "https://pay.test/sandbox/bank/pay/pay_demoshop_00ff".to_owned();
    assert_eq!(registered, Registered { reference: "pay_demoshop_00ff".into(), url });
    let (url, said) = http.asked();
    assert_eq!(url, "https://pay.test/sandbox/bank/v1/payments");
    same(&said, kept!("bank_payment"));
}

#[tokio::test]
async fn a_refund_is_asked_for_in_the_banks_words() {
    let http = Wire::answering(200, kept!("bank_refund_answer"));
    let request = RefundRequest {
        number: "n-2".into(),
        payment_number: "n-1".into(),
        payment_reference: Some("pay_demoshop_00ff".into()),
        amount: Money::rub(300_000),
    };
    let report = bank().refund(&http, &request).await.unwrap();
    let expected = BankState::Succeeded(Money::rub(300_000));
    assert_eq!(report, BankReport::new(Some("ref_demoshop_00ff".into()), expected));
    same(&http.asked().1, kept!("bank_refund"));
}

#[tokio::test]
async fn answers_of_the_bank_are_understood() {
    let report = |state| BankReport::new(None, state);
    let cases = [
        (r#"{"number":"n","state":"pending"}"#, report(BankState::Pending)),
        (r#"{"number":"n","state":"not_found"}"#, report(BankState::NotFound)),
        (
            r#"{"number":"n","state":"declined","reason":"insufficient_funds"}"#,
            report(BankState::Declined(DeclineReason::InsufficientFunds)),
        ),
        (r#"{"number":"n","state":"declined","reason":"moon"}"#, report(BankState::Declined(DeclineReason::Other))),
        (r#"{"number":"n","state":"declined","new":{"field":1}}"#, report(BankState::Declined(DeclineReason::Other))),
    ];
    for (body, expected) in cases {
        assert_eq!(bank().ask(&Wire::answering(200, body), "n").await.unwrap(), expected, "{body}");
    }
}

#[tokio::test]
async fn answers_that_make_no_sense_are_not_outcomes() {
    let bodies = [
        "",
        "<html>",
        "{}",
        r#"{"number":"other","state":"pending"}"#,
        r#"{"number":"n","state":"moon"}"#,
        r#"{"number":"n","state":"succeeded"}"#,
        r#"{"number":"n","state":"succeeded","amount":1,"currency":"rub"}"#,
        r#"{"number":"n","state":"succeeded","amount":1.5,"currency":"RUB"}"#,
        r#"{"number":"n","state":"pending"}{"#,
    ];
    for body in bodies {
        let error = bank().ask(&Wire::answering(200, body), "n").await.unwrap_err();
        assert!(matches!(error, BankError::Unreadable { .. }) && error.may_have_happened(), "{body}: {error:?}");
    }
}

#[tokio::test]
async fn silence_is_told_from_what_did_not_happen() {
    let unsent = bank().ask(&Wire::silent(HttpError::NotSent("x".into())), "n").await.unwrap_err();
    assert!(matches!(unsent, BankError::NotSent(_)) && !unsent.may_have_happened());
    let lost = bank().ask(&Wire::silent(HttpError::Unknown("x".into())), "n").await.unwrap_err();
    assert!(matches!(lost, BankError::Unknown(_)) && lost.may_have_happened());
    // A 404 of some gateway is not the bank's word that it never heard of the payment.
    let gone = bank().ask(&Wire::answering(404, "not found"), "n").await.unwrap_err();
    assert!(matches!(gone, BankError::Refused { status: 404, .. }));
}

#[tokio::test]
async fn a_callback_is_believed_by_its_bytes_only() {
    let body = kept!("bank_callback");
    let callback = bank().callback(now(), &signed(body), body.as_bytes()).unwrap();
    let state = BankState::Succeeded(Money::rub(300_000));
    let report = BankReport::new(Some("pay_demoshop_00ff".into()), state);
    assert_eq!(callback, Callback { number: "n-1".into(), report });
    let call = |headers: &HeaderMap, body: &str| bank().callback(now(), headers, body.as_bytes()).unwrap_err();
    assert_eq!(call(&HeaderMap::new(), body), CallbackError::Unsigned);
    // The same content in other bytes is another body.
    assert_eq!(call(&signed(body), &body.replace(": ", ":")), CallbackError::WrongSignature);
    let later = domain::time::plus_seconds(now(), 301);
    assert_eq!(bank().callback(later, &signed(body), body.as_bytes()).unwrap_err(), CallbackError::Stale);
    let mut two = signed(body);
    two.append("x-signature", "t=1,v1=00".parse().unwrap());
    assert_eq!(call(&two, body), CallbackError::Unsigned);
    for (body, place) in [
        (r#"{"number":"n","state":"moon"}"#, "/state"),
        (r#"{"number":"n","state":"not_found"}"#, "/state"),
        (r#"{"number":"n","state":"succeeded","currency":"RUB"}"#, "/amount"),
        (r#"{"number":7,"state":"pending"}"#, "/number"),
        ("[", "/"),
    ] {
        let CallbackError::Malformed { pointer, .. } = call(&signed(body), body) else { panic!("{body}") };
        assert!(pointer == place || place == "/", "{body}: {pointer}");
    }
}

#[tokio::test]
async fn a_receipt_is_sent_in_the_registers_words() {
    let kinds = [
        (ReceiptKind::Sale, "buyer@mail.test", ReceiptScenario::Prompt, "sell", kept!("till_sell")),
        (
            ReceiptKind::SaleRefund,
            "+79990000000",
            ReceiptScenario::FailingOnce,
            "sell_refund",
            kept!("till_sell_refund"),
        ),
    ];
    for (kind, contact, scenario, path, kept) in kinds {
        let http = Wire::answering(200, kept!("till_waiting"));
        let answer =
            till(scenario).print(&http, &document(kind, contact), "https://pay.test/callbacks/till").await.unwrap();
        assert_eq!(answer, TillAnswer::Waiting);
        let (url, said) = http.asked();
        assert_eq!(url, format!("https://pay.test/sandbox/till/v5/{path}"));
        same(&said, kept);
    }
}

#[tokio::test]
async fn answers_of_the_register_are_understood() {
    let id = "ord_t_demoshop_01kaj0000000000000000000000-r1";
    let TillAnswer::Printed(fiscal) =
        till(ReceiptScenario::Prompt).ask(&Wire::answering(200, kept!("till_done")), id).await.unwrap()
    else {
        panic!("printed")
    };
    // The QR text says all that matters of it; 13:05:09 is Moscow time, and the attribute's leading zeros come back.
    assert_eq!(fiscal.qr(ReceiptKind::Sale), "t=20261121T1305&s=150.02&fn=9999078900004312&i=871&fp=0070707772&n=1");
    assert_eq!(fiscal.at, "2026-11-21T10:05:09Z".parse().unwrap());
    let answers = [
        (
            400,
            r#"{"external_id":"i","status":"fail","error":{"code":32,"text":"items[0].name (1030)","type":"system"}}"#,
            Some(false),
        ),
        (200, r#"{"external_id":"i","status":"fail","error":{"code":-1,"text":"late","type":"timeout"}}"#, Some(true)),
        (200, r#"{"external_id":"i","status":"wait","error":{"code":33,"text":"again","type":"system"}}"#, None),
    ];
    for (status, body, expected) in answers {
        let answer = till(ReceiptScenario::Prompt).ask(&Wire::answering(status, body), "i").await.unwrap();
        match (answer, expected) {
            (TillAnswer::Failed { passing, .. }, Some(expected)) => assert_eq!(passing, expected),
            (TillAnswer::Waiting, None) => {}
            other => panic!("{other:?}"),
        }
    }
    let missing = r#"{"external_id":"i","status":"fail","error":{"code":34,"text":"","type":"system"}}"#;
    assert_eq!(
        till(ReceiptScenario::Prompt).ask(&Wire::answering(200, missing), "i").await.unwrap(),
        TillAnswer::NotFound
    );
    for body in [
        r#"{"external_id":"i","status":"done"}"#.to_owned(),
        r#"{"external_id":"other","status":"wait"}"#.to_owned(),
        r#"{"external_id":"i","status":"fail"}"#.to_owned(),
        kept!("till_done").replace(id, "i").replace("150.02", "150.021"),
        kept!("till_done").replace(id, "i").replace("21.11.2026", "31.02.2026"),
        kept!("till_done").replace(id, "i").replace("9999078900004312", "99990789000043"),
    ] {
        let error = till(ReceiptScenario::Prompt).ask(&Wire::answering(200, &body), "i").await.unwrap_err();
        assert!(matches!(error, TillError::Unreadable { .. }), "{body}");
    }
    let refused = till(ReceiptScenario::Prompt).ask(&Wire::answering(400, r#"{"code":"malformed"}"#), "i").await;
    assert!(matches!(refused, Err(TillError::Refused { status: 400, .. })));
    let body = kept!("till_done");
    let (told, answer) = till(ReceiptScenario::Prompt).callback(now(), &signed(body), body.as_bytes()).unwrap();
    assert_eq!((told.as_str(), answer), (id, TillAnswer::Printed(fiscal)));
}

#[tokio::test]
async fn an_order_is_handed_over_in_the_executors_words() {
    let order = OrderId::new(tenant(), "A-1", now());
    let job = Job {
        order: order.clone(),
        number: "A-1".into(),
        lines: vec![line()],
        email: Some("buyer@mail.test".into()),
        phone: None,
        metadata: Some("кадастр 77:01".into()),
        scenario: ExecutionScenario::Manual,
        callback_url: "https://pay.test/callbacks/execution".into(),
    };
    let http = Wire::answering(201, &format!(r#"{{"order":"{order}"}}"#));
    assert!(!executor().hand_over(&http, &job).await.unwrap().again);
    same(&http.asked().1, &kept!("executor_job").replace("ORDER", &order.to_string()));
    let reply = format!(r#"{{"order":"{order}","answer":"too_late"}}"#);
    let http = Wire::answering(200, &reply);
    assert_eq!(executor().cancel(&http, &order).await.unwrap(), CancelAnswer::TooLate);
    same(&http.asked().1, &format!(r#"{{"order":"{order}"}}"#));
}

#[tokio::test]
async fn reports_of_the_executor_are_understood_within_limits() {
    let order = OrderId::new(tenant(), "A-1", now());
    let report = |rest: &str| {
        let body = format!(r#"{{"order":"{order}",{rest}}}"#);
        executor().callback(now(), &signed(&body), body.as_bytes())
    };
    let result = |rest: &str| report(&format!(r#""outcome":"fulfilled","result":{rest}"#));
    let fulfilled = |content| ExecutionOutcome::Fulfilled { result: content };
    let text = fulfilled(ResultContent::Text("готово".into()));
    assert_eq!(result(r#"{"kind":"text","text":"готово"}"#).unwrap().outcome, text);
    let link = fulfilled(ResultContent::Link("https://files.test/1".into()));
    assert_eq!(result(r#"{"kind":"link","url":"https://files.test/1"}"#).unwrap().outcome, link);
    let failed = ExecutionOutcome::Failed { reason: "нет данных".into() };
    assert_eq!(report(r#""outcome":"failed","reason":"нет данных""#).unwrap().outcome, failed);
    let long = format!(r#"{{"kind":"text","text":"{}"}}"#, "x".repeat(20 * 1024 + 1));
    let large = format!(r#"{{"kind":"file","name":"a","media_type":"a/b","base64":"{}"}}"#, "A".repeat(200 * 1024 + 4));
    for (bad, place) in [
        (r#"{"kind":"text","text":" "}"#, "/result/text"),
        (long.as_str(), "/result/text"),
        (r#"{"kind":"link","url":"javascript:alert(1)"}"#, "/result/url"),
        (r#"{"kind":"file","name":"../a","media_type":"a/b","base64":"AA=="}"#, "/result/name"),
        (r#"{"kind":"file","name":"a","media_type":"a\r\nb","base64":"AA=="}"#, "/result/media_type"),
        (r#"{"kind":"file","name":"a","media_type":"a/b","base64":"A"}"#, "/result/base64"),
        (large.as_str(), "/result/base64"),
    ] {
        let Err(CallbackError::Malformed { pointer, .. }) = result(bad) else { panic!("{place}") };
        assert_eq!(pointer, place);
    }
    assert!(matches!(report(r#""outcome":"moon""#), Err(CallbackError::Malformed { .. })));
}
