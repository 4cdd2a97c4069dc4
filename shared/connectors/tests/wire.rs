//! Wire: what the sandbox connectors say, held to bodies kept in `tests/wire/`, and what they understand.
//!
//! A change of a kept body is a change of the protocol: the other side may run an older version.

#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use connectors::bank::sandbox::SandboxBank;
use connectors::bank::{
    Bank, BankError, Callback, CallbackAnswer, CallbackError, CaptureRequest, ChargeRequest, Charged, Incoming, Known,
    PaymentRequest, Question, Registered, ReturnRequest, Show,
};
use connectors::fulfilment::sandbox::SandboxExecutor;
use connectors::fulfilment::{CancelAnswer, ExecutionOutcome, Executor, Job, ResultContent};
use connectors::http::{Http, HttpError, Request, Response};
use connectors::signature::{sign, verify};
use connectors::till::sandbox::SandboxTill;
use connectors::till::{self, FailureClass, Till, TillAnswer, TillCallback, TillError};
use domain::acquiring::{Method, Return, SavedMeans, Stages, Standing};
use domain::details::{ExecutionScenario, Language, Line, Particulars, ReceiptScenario, Subject};
use domain::id::{Mode, OrderId, Tenant};
use domain::money::Money;
use domain::order::{BankReport, BankState, DeclineReason};
use domain::receipt::{
    Agent, AgentSign, Buyer, Ffd, Item, Measure, Payments, Principal, ReceiptDocument, ReceiptKind, Settlement,
    Supplier,
};
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
        method: Method::Card,
        stages: Stages::One,
        customer: None,
        save: false,
        points_max: None,
        email: Some("buyer@mail.test".into()),
        phone: Some("+79990000000".into()),
    }
}

fn known(number: &str) -> Known {
    let reference = Some("pay_demoshop_00ff".into());
    let (amount, method, stages) = (Money::rub(300_000), Method::Card, Stages::One);
    Known { number: number.into(), reference, amount, captured: None, method, stages }
}

fn question(number: &str) -> Question {
    Question { number: number.into(), payment: known(number), reference: None }
}

fn incoming(headers: &HeaderMap, body: &str) -> Incoming {
    let body = Bytes::copy_from_slice(body.as_bytes());
    Incoming { headers: headers.clone(), query: String::new(), body, peer: None }
}

fn stands(held: i64, captured: i64, refunded: i64) -> BankState {
    let [held, captured, refunded] = [held, captured, refunded].map(Money::rub);
    BankState::Stands(Standing { held, captured, refunded })
}

fn line() -> Line {
    Line {
        name: "Выписка ЕГРН".into(),
        price: Money::rub(10_001),
        quantity: "1.50".parse().unwrap(),
        amount: Money::rub(15_002),
        vat: VatRate::Vat22,
        subject: Subject::Service,
        particulars: Particulars::default(),
    }
}

fn item() -> Item {
    let line = line();
    Item {
        name: line.name,
        price: line.price,
        quantity: line.quantity,
        measure: Measure::PIECE,
        amount: line.amount,
        vat: line.vat,
        calculated: false,
        subject: line.subject,
        settlement: Settlement::FullPayment,
        principal: Some(Principal {
            sign: AgentSign::Agent,
            supplier: Supplier {
                name: "ООО «Справка»".into(),
                inn: "7727401209".into(),
                phones: vec!["+74951234567".into()],
            },
        }),
        mark: None,
        fraction: None,
    }
}

fn document(kind: ReceiptKind, contact: &str) -> ReceiptDocument {
    ReceiptDocument {
        external_id: "ord_t_demoshop_01kaj0000000000000000000000-r1".into(),
        kind,
        ffd: Ffd::V1_2,
        agent: Agent {
            name: "АО «Агент»".into(),
            inn: "7700000016".into(),
            address: "Москва".into(),
            email: "agent@pay.test".into(),
            phone: "+74950000000".into(),
            taxation: Taxation::UsnIncomeOutcome,
        },
        taxation: Taxation::UsnIncomeOutcome,
        place: "https://pay.test".into(),
        internet: true,
        cashier: None,
        buyer: Buyer { contact: contact.into(), name: None, inn: None },
        items: vec![item()],
        payments: Payments::electronic(Money::rub(15_002)),
        correction: None,
        wrong_sign: None,
        sell_unchecked: false,
        total: Money::rub(15_002),
    }
}

#[tokio::test]
async fn a_payment_is_registered_in_the_banks_words() {
    let http = Wire::answering(201, kept!("bank_payment_answer"));
    let registered = bank().register(&http, &payment()).await.unwrap();
    let url = "https://pay.test/sandbox/bank/pay/pay_demoshop_00ff".to_owned();
    assert_eq!(registered, Registered { reference: "pay_demoshop_00ff".into(), show: Show::Page(url) });
    let (url, said) = http.asked();
    assert_eq!(url, "https://pay.test/sandbox/bank/v1/payments");
    same(&said, kept!("bank_payment"));
}

#[tokio::test]
async fn everything_a_payment_may_ask_for_is_in_the_banks_words() {
    let request = PaymentRequest {
        stages: Stages::Two,
        customer: Some("customer-1".into()),
        save: true,
        points_max: Some(Money::rub(150_000)),
        ..payment()
    };
    let http = Wire::answering(201, kept!("bank_payment_answer"));
    bank().register(&http, &request).await.unwrap();
    same(&http.asked().1, kept!("bank_payment_hold"));
}

#[tokio::test]
async fn the_sbp_is_paid_by_a_link_that_is_whole() {
    let request = PaymentRequest { method: Method::Sbp, ..payment() };
    let register = async |answer: &str| {
        let http = Wire::answering(201, answer);
        let registered = bank().register(&http, &request).await;
        assert_eq!(http.asked().1["method"], "sbp");
        registered
    };
    let whole = kept!("bank_payment_sbp_answer");
    let link = "https://qr.nspk.ru/AD100004BAL7227F9BNP6KNE007J9B3K?type=02&bank=100000000000&sum=300000&cur=RUB&crc=";
    let Registered { show: Show::Sbp(shown), .. } = register(whole).await.unwrap() else { panic!("a link") };
    assert!(shown.starts_with(link), "{shown}");
    let none = kept!("bank_payment_answer");
    for broken in [whole.replace("sum=300000", "sum=30000"), whole.replace("qr.nspk.ru", "qr.test"), none.to_owned()] {
        let error = register(&broken).await.unwrap_err();
        assert!(matches!(error, BankError::Unreadable { ref pointer, .. } if pointer == "/sbp"), "{error:?}");
    }
    // Another amount with a checksum of its own.
    let other = "https://qr.nspk.ru/AD100004BAL7227F9BNP6KNE007J9B3K?type=02&bank=100000000007&sum=1&cur=RUB&crc=AB75";
    assert!(register(&whole.replace(&shown, other)).await.is_err());
}

#[tokio::test]
async fn commands_are_given_in_the_banks_words() {
    let done = kept!("bank_refund_answer");
    let report = BankReport::new(Some("ref_demoshop_00ff".into()), BankState::Succeeded(Money::rub(300_000)));
    let amount = Money::rub(300_000);
    for (kind, path) in [(Return::Void, "voids"), (Return::Reversal, "reversals"), (Return::Refund, "refunds")] {
        let http = Wire::answering(200, done);
        let request =
            ReturnRequest { number: "n-2".into(), payment: known("n-1"), kind, amount, standing: Money::rub(300_000) };
        assert_eq!(bank().give_back(&http, &request).await.unwrap(), report);
        let (url, said) = http.asked();
        assert_eq!(url, format!("https://pay.test/sandbox/bank/v1/{path}"));
        same(&said, kept!("bank_refund"));
    }
    let request = CaptureRequest { number: "n-2".into(), payment: known("n-1"), held: amount, amount };
    let http = Wire::answering(200, done);
    assert_eq!(bank().capture(&http, &request).await.unwrap(), report);
    let (url, said) = http.asked();
    assert_eq!(url, "https://pay.test/sandbox/bank/v1/captures");
    same(&said, kept!("bank_refund"));
    for (answer, expected) in [
        (r#"{"number":"n-2","state":"pending"}"#, BankState::Pending),
        (r#"{"number":"n-2","state":"declined","reason":"other"}"#, BankState::Declined(DeclineReason::Other)),
    ] {
        assert_eq!(bank().capture(&Wire::answering(200, answer), &request).await.unwrap().state, expected);
    }
    for answer in [
        done.replace("300000", "299999"),
        done.replace("RUB", "USD"),
        done.replace("n-2", "n-3"),
        r#"{"number":"n-2","state":"not_found"}"#.to_owned(),
        done[..done.len() / 2].to_owned(),
        "<html>".to_owned(),
    ] {
        let error = bank().capture(&Wire::answering(200, &answer), &request).await.unwrap_err();
        assert!(matches!(error, BankError::Unreadable { .. }), "{answer}: {error:?}");
    }
    let refused = Wire::answering(409, r#"{"code":"not-held","title":"x"}"#);
    let Err(BankError::Refused { status: 409, code, .. }) = bank().capture(&refused, &request).await else {
        panic!("refused")
    };
    assert_eq!(code, "not-held");
}

#[tokio::test]
async fn saved_means_are_charged_and_forgotten_in_the_banks_words() {
    let request = ChargeRequest { payment: payment(), token: "means_00ff".into(), buyer_present: true };
    let number = &payment().number;
    let pending = format!(r#"{{"payment":{{"number":"{number}","state":"pending"}},"url":"https://pay.test/x"}}"#);
    let http = Wire::answering(201, &pending);
    let charged = bank().charge(&http, &request).await.unwrap();
    let report = BankReport::new(None, BankState::Pending);
    assert_eq!(charged, Charged { report, page: Some("https://pay.test/x".into()) });
    let (url, said) = http.asked();
    assert_eq!(url, "https://pay.test/sandbox/bank/v1/charges");
    same(&said["payment"], kept!("bank_payment"));
    assert_eq!((&said["token"], &said["buyer_present"]), (&"means_00ff".into(), &true.into()));
    for answer in [
        pending.replace("https", "javascript"),
        pending.replace("pending", "not_found"),
        pending.replace(number.as_str(), "other"),
    ] {
        let error = bank().charge(&Wire::answering(201, &answer), &request).await.unwrap_err();
        assert!(matches!(error, BankError::Unreadable { .. }), "{answer}");
    }
    let http = Wire::answering(200, r#"{"token":"means_00ff"}"#);
    bank().forget(&http, "customer-1", "means_00ff").await.unwrap();
    let (url, said) = http.asked();
    assert_eq!(url, "https://pay.test/sandbox/bank/v1/means/forget");
    same(&said, r#"{"customer":"customer-1","token":"means_00ff"}"#);
    assert!(bank().forget(&Wire::answering(200, r#"{"token":"other"}"#), "customer-1", "means_00ff").await.is_err());
}

#[tokio::test]
async fn how_a_whole_payment_stands_is_understood() {
    let report = bank().ask(&Wire::answering(200, kept!("bank_stands")), &question("n-1")).await.unwrap();
    let saved =
        SavedMeans {
            token: "means_00ff".into(), label: "Мир •• 0001".into(), valid_until: Some("2030-12".into())
        };
    let expected = BankReport {
        saved: Some(saved),
        points: Some(Money::rub(100_000)),
        ..BankReport::new(Some("pay_demoshop_00ff".into()), stands(0, 200_000, 50_000))
    };
    assert_eq!(report, expected);
    for (from, to) in [
        (r#""held": 0"#, r#""held": null"#),
        (r#""held": 0"#, r#""held": -1"#),
        (r#""refunded": 50000"#, r#""refunded": 200001"#),
        (r#""currency": "RUB""#, r#""currency": "moon""#),
        (r#""captured": 200000"#, r#""captured": "200000""#),
    ] {
        let body = kept!("bank_stands").replace(from, to);
        assert_ne!(body, kept!("bank_stands"));
        let error = bank().ask(&Wire::answering(200, &body), &question("n-1")).await.unwrap_err();
        assert!(matches!(error, BankError::Unreadable { .. }), "{to}");
    }
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
        assert_eq!(bank().ask(&Wire::answering(200, body), &question("n")).await.unwrap(), expected, "{body}");
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
        let error = bank().ask(&Wire::answering(200, body), &question("n")).await.unwrap_err();
        assert!(matches!(error, BankError::Unreadable { .. }) && error.may_have_happened(), "{body}: {error:?}");
    }
}

#[tokio::test]
async fn silence_is_told_from_what_did_not_happen() {
    let unsent = bank().ask(&Wire::silent(HttpError::NotSent("x".into())), &question("n")).await.unwrap_err();
    assert!(matches!(unsent, BankError::NotSent(_)) && !unsent.may_have_happened());
    let lost = bank().ask(&Wire::silent(HttpError::Unknown("x".into())), &question("n")).await.unwrap_err();
    assert!(matches!(lost, BankError::Unknown(_)) && lost.may_have_happened());
    // A 404 of some gateway is not the bank's word that it never heard of the payment.
    let gone = bank().ask(&Wire::answering(404, "not found"), &question("n")).await.unwrap_err();
    assert!(matches!(gone, BankError::Refused { status: 404, .. }));
}

#[tokio::test]
async fn a_callback_is_believed_by_its_bytes_only() {
    let body = kept!("bank_callback");
    let callback = bank().callback(now(), &incoming(&signed(body), body)).unwrap().unwrap();
    let report = BankReport::new(Some("pay_demoshop_00ff".into()), stands(0, 300_000, 0));
    let answer = CallbackAnswer::EMPTY;
    assert_eq!(callback, Callback { number: "n-1".into(), report, proven: true, answer });
    let older = r#"{"number":"n-1","state":"succeeded","amount":300000,"currency":"RUB"}"#;
    let older = bank().callback(now(), &incoming(&signed(older), older)).unwrap().unwrap();
    assert_eq!(older.report.state, BankState::Succeeded(Money::rub(300_000)));
    let call = |headers: &HeaderMap, body: &str| bank().callback(now(), &incoming(headers, body)).unwrap_err();
    assert_eq!(call(&HeaderMap::new(), body), CallbackError::Unsigned);
    // The same content in other bytes is another body.
    assert_eq!(call(&signed(body), &body.replace(": ", ":")), CallbackError::WrongSignature);
    let later = domain::time::plus_seconds(now(), 301);
    assert_eq!(bank().callback(later, &incoming(&signed(body), body)).unwrap_err(), CallbackError::Stale);
    let mut two = signed(body);
    two.append("x-signature", "t=1,v1=00".parse().unwrap());
    assert_eq!(call(&two, body), CallbackError::Unsigned);
    for (body, place) in [
        (r#"{"number":"n","state":"moon"}"#, "/state"),
        (r#"{"number":"n","state":"not_found"}"#, "/state"),
        (r#"{"number":"n","state":"succeeded","currency":"RUB"}"#, "/amount"),
        (r#"{"number":"n","state":"stands","held":0,"captured":1,"currency":"RUB"}"#, "/refunded"),
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
    let with_id = |id: &str| ReceiptDocument { external_id: id.into(), ..document(ReceiptKind::Sale, "b@mail.test") };
    let id = "ord_t_demoshop_01kaj0000000000000000000000-r1";
    let (known, other) = (with_id(id), with_id("i"));
    let about = |of: &str| till::Question {
        document: if of == "i" { &other } else { &known },
        callback_url: "https://pay.test/callbacks/till",
    };
    let TillAnswer::Printed(printed) =
        till(ReceiptScenario::Prompt).ask(&Wire::answering(200, kept!("till_done")), about(id)).await.unwrap()
    else {
        panic!("printed")
    };
    let fiscal = &printed.fiscal;
    // The QR text says all that matters of it; 13:05:09 is Moscow time, and the attribute's leading zeros come back.
    assert_eq!(fiscal.qr(ReceiptKind::Sale), "t=20261121T1305&s=150.02&fn=9999078900004312&i=871&fp=0070707772&n=1");
    assert_eq!(fiscal.at, "2026-11-21T10:05:09Z".parse().unwrap());
    let answers = [
        (
            400,
            r#"{"external_id":"i","status":"fail","error":{"code":32,"text":"items[0].name (1030)","type":"system"}}"#,
            Some(FailureClass::Document),
        ),
        (
            200,
            r#"{"external_id":"i","status":"fail","error":{"code":-1,"text":"late","type":"timeout"}}"#,
            Some(FailureClass::Passing),
        ),
        (200, r#"{"external_id":"i","status":"wait","error":{"code":33,"text":"again","type":"system"}}"#, None),
    ];
    for (status, body, expected) in answers {
        let answer = till(ReceiptScenario::Prompt).ask(&Wire::answering(status, body), about("i")).await.unwrap();
        match (answer, expected) {
            (TillAnswer::Failed(failed), Some(expected)) => assert_eq!(failed.class, expected),
            (TillAnswer::Waiting, None) => {}
            other => panic!("{other:?}"),
        }
    }
    let missing = r#"{"external_id":"i","status":"fail","error":{"code":34,"text":"","type":"system"}}"#;
    assert_eq!(
        till(ReceiptScenario::Prompt).ask(&Wire::answering(200, missing), about("i")).await.unwrap(),
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
        let error = till(ReceiptScenario::Prompt).ask(&Wire::answering(200, &body), about("i")).await.unwrap_err();
        assert!(matches!(error, TillError::Unreadable { .. }), "{body}");
    }
    let refused = till(ReceiptScenario::Prompt).ask(&Wire::answering(400, r#"{"code":"malformed"}"#), about("i")).await;
    assert!(matches!(refused, Err(TillError::Refused { status: 400, .. })));
    let body = kept!("till_done");
    let told = till(ReceiptScenario::Prompt).callback(now(), &signed(body), body.as_bytes()).unwrap();
    assert_eq!(told, TillCallback { external_id: id.into(), answer: Some(TillAnswer::Printed(printed.clone())) });
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
