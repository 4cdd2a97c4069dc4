//! Wire: what the `PayKeeper` connector says and what it understands, against the forms of the vendor's documents.

#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use connectors::bank::paykeeper::{PaykeeperBank, terms, translate};
use connectors::bank::{
    Bank, BankError, Callback, CallbackError, CaptureRequest, ChargeRequest, Incoming, Known, PaymentRequest, Question,
    ReturnRequest, Show,
};
use connectors::http::{Http, HttpError, Request, Response};
use domain::acquiring::{Credentials, Lapse, Method, Return, Stages, Standing};
use domain::details::Language;
use domain::money::{Currency, Money};
use domain::order::{BankReport, BankState, DeclineReason};
use domain::time::Timestamp;

const NUMBER: &str = "01KAVXA3HS8G5XV6QT7MH3V2KCo1";
const TOKEN: &str = r#"{"token":"t0ken"}"#;
const NO_INVOICES: &str = "[]";

/// Answers in order and remembers what it was asked.
struct Wire {
    answers: Mutex<VecDeque<Result<(u16, String), HttpError>>>,
    asked: Mutex<Vec<Request>>,
}

impl Wire {
    fn answering(answers: &[&str]) -> Self {
        Self::with(answers.iter().map(|body| Ok((200, (*body).to_owned()))).collect())
    }

    fn with(answers: Vec<Result<(u16, String), HttpError>>) -> Self {
        Self { answers: Mutex::new(answers.into()), asked: Mutex::default() }
    }

    /// `GET /path?query` or `POST /path body`, one a line, decoded.
    fn said(&self) -> Vec<String> {
        let line = |request: &Request| {
            let url = request.url.strip_prefix("https://demo.server.paykeeper.test").unwrap();
            let body = String::from_utf8(request.body.to_vec()).unwrap();
            let gap = if body.is_empty() { "" } else { " " };
            format!("{} {url}{gap}{body}", request.method)
        };
        self.asked.lock().unwrap().iter().map(line).collect()
    }

    fn paths(&self) -> Vec<String> {
        let path = |line: &String| line.split(['?', ' ']).nth(1).unwrap().to_owned();
        self.said().iter().map(path).collect()
    }

    /// The fields of the last form.
    fn form(&self) -> Vec<(String, String)> {
        let asked = self.asked.lock().unwrap();
        let posts = asked.iter().filter(|request| request.method == http::Method::POST);
        url::form_urlencoded::parse(&posts.last().unwrap().body).into_owned().collect()
    }

    fn field(&self, name: &str) -> String {
        self.form().into_iter().find(|(found, _)| found == name).map(|(_, value)| value).unwrap_or_default()
    }
}

#[async_trait]
impl Http for Wire {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let header = |name| request.headers.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_str());
        // RFC 7617: user and password of the cabinet.
        assert_eq!(header("authorization"), Some("Basic ZGVtbzpwYXNz"));
        let is_form = header("content-type") == Some("application/x-www-form-urlencoded");
        assert_eq!(is_form, request.method == http::Method::POST);
        self.asked.lock().unwrap().push(request);
        let (status, body) = self.answers.lock().unwrap().pop_front().unwrap()?;
        Ok(Response { status, headers: Vec::new(), body: Bytes::from(body) })
    }
}

fn bank_with(more: &[(&str, &str)]) -> PaykeeperBank {
    let known = [("user", "demo"), ("password", "pass"), ("secret", "verysecretseed")];
    let pairs = known.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let now: Timestamp = "2026-11-21T09:00:00Z".parse().unwrap();
    PaykeeperBank::new("https://demo.server.paykeeper.test/", &Credentials(pairs.collect()), now)
}

fn bank() -> PaykeeperBank {
    bank_with(&[])
}

fn holding() -> PaykeeperBank {
    bank_with(&[("hold_systems", "30, 31"), ("pstype_hold", "card_hold"), ("pstype_card", "card_default")])
}

fn payment() -> PaymentRequest {
    PaymentRequest {
        number: NUMBER.into(),
        bill: "1000000000000016.1".into(),
        amount: Money::rub(300_000),
        method: Method::Card,
        stages: Stages::One,
        description: "Выписка ЕГРН".into(),
        return_url: "https://pay.test/c/x/return".into(),
        callback_url: "https://pay.test/callbacks/bank/demoshop.t/pk".into(),
        // Half past midnight of the 22nd in Moscow.
        expires_at: "2026-11-21T21:30:00Z".parse().unwrap(),
        language: Language::Ru,
        merchant: "ООО «Справка»".into(),
        customer: None,
        save: false,
        points_max: None,
        email: Some("buyer@pay.test".into()),
        phone: None,
    }
}

fn known(reference: Option<&str>) -> Known {
    Known {
        number: NUMBER.into(),
        reference: reference.map(ToOwned::to_owned),
        amount: Money::rub(300_000),
        method: Method::Card,
        stages: Stages::One,
        captured: None,
    }
}

fn question(reference: Option<&str>) -> Question {
    Question { number: NUMBER.into(), payment: known(reference), reference: None }
}

fn capture(minor: i64) -> CaptureRequest {
    let (held, amount) = (Money::rub(300_000), Money::rub(minor));
    CaptureRequest { number: "01KAVXA3HS8G5XV6QT7MH3V2KCo2".into(), payment: known(Some("i")), held, amount }
}

fn give_back(kind: Return, minor: i64, standing: i64) -> ReturnRequest {
    ReturnRequest {
        number: "01KAVXA3HS8G5XV6QT7MH3V2KCo3".into(),
        payment: known(Some("i")),
        kind,
        amount: Money::rub(minor),
        standing: Money::rub(standing),
    }
}

fn stands(held: i64, captured: i64, refunded: i64) -> BankState {
    let [held, captured, refunded] = [held, captured, refunded].map(Money::rub);
    BankState::Stands(Standing { held, captured, refunded })
}

/// A payment as the search and the question by id name it; `more` goes before the closing brace.
fn row(status: &str, system: u8, refunded: &str, more: &str) -> String {
    format!(
        r#"[{{"id":"20261121120000123","pay_amount":"3000.00","refund_amount":"{refunded}","clientid":"{NUMBER}","orderid":"{NUMBER}","payment_system_id":"{system}","unique_id":"PK1","status":"{status}","repeat_counter":"0","pending_datetime":"2026-11-21 11:58:00","obtain_datetime":"2026-11-21 11:59:00","success_datetime":null{more}}}]"#
    )
}

fn one(status: &str) -> String {
    row(status, 11, "0.00", "")
}

#[tokio::test]
async fn an_invoice_is_made_with_a_fresh_token() {
    let made = r#"{"invoice_id":"20261121115800001","invoice_url":"https://demo.server.paykeeper.test/bill/20261121115800001/","invoice":"<html>"}"#;
    let wire = Wire::answering(&[NO_INVOICES, TOKEN, made]);
    let registered = bank().register(&wire, &payment()).await.unwrap();
    assert_eq!(registered.reference, "20261121115800001");
    let page = "https://demo.server.paykeeper.test/bill/20261121115800001/";
    assert_eq!(registered.show, Show::Page(page.into()));
    assert_eq!(wire.paths(), ["/info/invoice/list/", "/info/settings/token/", "/change/invoice/preview/"]);
    let list = "GET /info/invoice/list/?start_date=2026-11-20&end_date=2026-11-22&status%5B%5D=created&status%5B%5D=sent&limit=100&from=0";
    assert_eq!(wire.said()[0], list);
    let service = r#"{"lang":"ru","service_name":"Выписка ЕГРН","user_result_callback":"https://pay.test/c/x/return"}"#;
    let form = [
        ("pay_amount", "3000.00"),
        ("clientid", NUMBER),
        ("orderid", NUMBER),
        ("service_name", service),
        ("client_email", "buyer@pay.test"),
        ("expiry", "2026-11-22 00:30:00"),
        ("token", "t0ken"),
    ];
    assert_eq!(wire.form(), form.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn a_repeated_registration_finds_its_invoice() {
    let open = format!(
        r#"[{{"id":"1","orderid":"other","pay_amount":"3000.00"}},{{"id":2,"orderid":"{NUMBER}","pay_amount":"3000","status":"created"}}]"#
    );
    let wire = Wire::answering(&[&open]);
    let registered = bank().register(&wire, &payment()).await.unwrap();
    assert_eq!(registered.reference, "2");
    assert_eq!(registered.show, Show::Page("https://demo.server.paykeeper.test/bill/2/".into()));
}

#[tokio::test]
async fn a_token_that_is_refused_is_asked_for_once_more() {
    // The words as the vendor's server says them, escaped.
    let stale = r#"{"result":"fail","msg":"\u0422\u043e\u043a\u0435\u043d \u0431\u0435\u0437\u043e\u043f\u0430\u0441\u043d\u043e\u0441\u0442\u0438 \u043d\u0435 \u0432\u0435\u0440\u0435\u043d."}"#;
    let made = r#"{"invoice_id":17,"invoice_url":"https://demo.server.paykeeper.test/bill/17/"}"#;
    let wire = Wire::answering(&[NO_INVOICES, TOKEN, stale, r#"{"token":"second"}"#, made]);
    assert_eq!(bank().register(&wire, &payment()).await.unwrap().reference, "17");
    assert_eq!(wire.field("token"), "second");

    let wire = Wire::answering(&[NO_INVOICES, TOKEN, stale, TOKEN, stale]);
    let error = bank().register(&wire, &payment()).await.unwrap_err();
    assert!(matches!(&error, BankError::Refused { code, .. } if code == "fail"), "{error:?}");
}

#[tokio::test]
async fn means_and_stages_lead_to_their_payment_system() {
    let made = r#"{"invoice_id":"17","invoice_url":"https://demo.server.paykeeper.test/bill/17/"}"#;
    let page = |way: &str| format!("https://demo.server.paykeeper.test/bill/17/{way}");
    let wish = |method, stages| PaymentRequest { method, stages, ..payment() };
    let taken = [
        (bank(), Method::Sbp, Stages::One, "?pstype=sbp_default"),
        (bank_with(&[("pstype_t_pay", "tpay")]), Method::TPay, Stages::One, "?pstype=tpay"),
        (holding(), Method::Card, Stages::One, "?pstype=card_default"),
        (holding(), Method::Card, Stages::Two, "?pstype=card_hold"),
        (bank_with(&[("hold_systems", "all")]), Method::Card, Stages::Two, ""),
    ];
    for (bank, method, stages, way) in taken {
        let wire = Wire::answering(&[NO_INVOICES, TOKEN, made]);
        let registered = bank.register(&wire, &wish(method, stages)).await.unwrap();
        assert_eq!(registered.show, Show::Page(page(way)), "{method:?} {stages:?}");
    }
    let impossible = [
        (bank(), Method::Card, Stages::Two),
        (bank(), Method::TPay, Stages::One),
        (holding(), Method::Sbp, Stages::Two),
        (bank_with(&[("hold_systems", "all")]), Method::Card, Stages::One),
        (bank_with(&[("hold_systems", "30")]), Method::Card, Stages::One),
    ];
    for (bank, method, stages) in impossible {
        let wire = Wire::answering(&[]);
        let error = bank.register(&wire, &wish(method, stages)).await.unwrap_err();
        assert!(matches!(&error, BankError::Refused { code, .. } if code == "unsupported"), "{method:?}: {error:?}");
        assert!(wire.said().is_empty());
    }
    let dollars = PaymentRequest { amount: Money::new(300_000, Currency::USD), ..payment() };
    let error = bank().register(&Wire::answering(&[]), &dollars).await.unwrap_err();
    assert!(matches!(&error, BankError::Refused { code, .. } if code == "unsupported"), "{error:?}");
}

#[tokio::test]
async fn a_card_is_saved_by_the_form() {
    let request = PaymentRequest { save: true, customer: Some("client-7".into()), ..payment() };
    let registered = bank().register(&Wire::answering(&[]), &request).await.unwrap();
    assert_eq!(registered.reference, NUMBER);
    let Show::Page(page) = registered.show else { panic!("a page") };
    let (address, query) = page.split_once('?').unwrap();
    assert_eq!(address, "https://demo.server.paykeeper.test/create/");
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let field = |name: &str| fields.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value.as_str());
    assert_eq!((field("sum"), field("clientid"), field("orderid")), ("3000.00", "client-7", NUMBER));
    assert_eq!((field("msgtype"), field("lang")), ("createbinding", "ru"));
    // «HTML-форма»: SHA-256 over the values one after the other and the secret word.
    let signed = ["3000.00", "client-7", NUMBER, "Выписка ЕГРН", "buyer@pay.test", ""];
    assert_eq!(field("sign"), translate::order_sign(&signed, "verysecretseed"));
    // Nothing is known of it before the buyer comes.
    let wire = Wire::answering(&["[]"]);
    assert_eq!(bank().ask(&wire, &question(Some(NUMBER))).await.unwrap().state, BankState::NotFound);
}

#[test]
fn the_form_is_signed_as_the_document_says() {
    // printf '%s' '1000.00Иванов100500Услугаa@b.test+79990000000verysecretseed' | sha256sum
    let signed = ["1000.00", "Иванов", "100500", "Услуга", "a@b.test", "+79990000000"];
    let expected = "a2cb2b61f41e914809cdf6cba3257d9b9150afb8ff8e55f0d3735da3a9c3a398";
    assert_eq!(translate::order_sign(&signed, "verysecretseed"), expected);
}

#[tokio::test]
async fn states_are_understood() {
    let done = |amount: &str, at: &str| {
        format!(
            r#"[{{"id":"1","payment_id":"20261121120000123","amount":"{amount}","status":"done","datetime":"{at}"}}]"#
        )
    };
    let captured = r#","batch_date":"2026-11-21 11:59:30""#;
    let planned = r#","batch_date":"2026-11-27 12:00:00""#;
    let cases = [
        (one("obtained"), None, stands(0, 300_000, 0)),
        (one("stuck"), None, stands(0, 300_000, 0)),
        (one("success"), None, stands(0, 300_000, 0)),
        (row("refunded", 11, "3000.00", ""), Some(done("3000.00", "2026-11-21 12:00:00")), stands(0, 300_000, 300_000)),
        (
            row("partially_refunded", 11, "100.50", ""),
            Some(done("100.50", "2026-11-21 12:00:00")),
            stands(0, 300_000, 10_050),
        ),
        (row("partially_refunded", 11, "100.50", ""), Some("[]".into()), stands(0, 300_000, 10_050)),
        // Two stages: no date of capture, or one to come, is a hold.
        (row("obtained", 30, "0.00", ""), None, stands(300_000, 0, 0)),
        (row("success", 30, "0.00", r#","batch_date":null"#), None, stands(300_000, 0, 0)),
        (row("success", 30, "0.00", planned), None, stands(300_000, 0, 0)),
        (row("success", 30, "0.00", captured), None, stands(0, 300_000, 0)),
        // A whole reverse of a hold, and one of a part that captured the rest.
        (row("refunded", 30, "3000.00", ""), Some(done("3000.00", "2026-11-21 11:59:20")), stands(0, 0, 0)),
        (
            row("partially_refunded", 30, "1000.00", captured),
            Some(done("1000.00", "2026-11-21 11:59:30")),
            stands(0, 200_000, 0),
        ),
        (
            row("partially_refunded", 30, "1000.00", ""),
            Some(done("1000.00", "2026-11-21 11:59:30")),
            stands(0, 200_000, 0),
        ),
        // A refund after the capture.
        (
            row("partially_refunded", 30, "1000.00", captured),
            Some(done("1000.00", "2026-11-21 11:59:31")),
            stands(0, 300_000, 100_000),
        ),
    ];
    for (found, refunds, state) in cases {
        let mut answers = vec![found.as_str(), found.as_str()];
        answers.extend(refunds.as_deref());
        let wire = Wire::answering(&answers);
        let report = holding().ask(&wire, &question(Some("17"))).await.unwrap();
        assert_eq!(report, BankReport::new(None, state), "{found}");
    }
    let search = format!("GET /info/payments/search/?query={NUMBER}&beg_date=2023-11-19&end_date=2029-11-23");
    let wire = Wire::answering(&[&one("obtained"), &one("obtained")]);
    bank().ask(&wire, &question(None)).await.unwrap();
    assert_eq!(wire.said(), [search.as_str(), "GET /info/payments/byid/?id=20261121120000123&advanced=true"]);
}

#[tokio::test]
async fn a_payment_nobody_made_is_asked_of_its_invoice() {
    let invoice = |status: &str, number: &str| {
        format!(
            r#"{{"id":"17","user_id":"1","status":"{status}","pay_amount":"3000.00","orderid":"{number}","paymentid":null}}"#
        )
    };
    let failed = one("failed");
    let cancelled = one("failed").replace("failed", "canceled").replace(r#""2026-11-21 11:59:00""#, "null");
    let cases = [
        ("[]", invoice("created", NUMBER), BankState::Pending),
        ("", invoice("sent", NUMBER), BankState::Pending),
        ("[]", invoice("expired", NUMBER), BankState::Declined(DeclineReason::TimedOut)),
        ("[]", r#"{"result":"fail","msg":"Счёт не найден."}"#.into(), BankState::NotFound),
        // The buyer may try again while the invoice is open.
        (failed.as_str(), invoice("created", NUMBER), BankState::Pending),
        (failed.as_str(), invoice("expired", NUMBER), BankState::Declined(DeclineReason::Other)),
        (cancelled.as_str(), invoice("expired", NUMBER), BankState::Declined(DeclineReason::CancelledByBuyer)),
    ];
    for (found, invoice, state) in cases {
        let wire = Wire::answering(&[found, &invoice]);
        assert_eq!(bank().ask(&wire, &question(Some("17"))).await.unwrap().state, state, "{found} {invoice}");
    }
    let wire = Wire::answering(&["[]"]);
    assert_eq!(bank().ask(&wire, &question(None)).await.unwrap().state, BankState::NotFound);
    let pending = one("pending");
    let wire = Wire::answering(&[&pending]);
    assert_eq!(bank().ask(&wire, &question(None)).await.unwrap().state, BankState::Pending);
    let wire = Wire::answering(&["[]", &invoice("created", "another")]);
    let error = bank().ask(&wire, &question(Some("17"))).await.unwrap_err();
    assert!(matches!(&error, BankError::Unreadable { pointer, .. } if pointer == "/orderid"), "{error:?}");
}

#[tokio::test]
async fn what_makes_no_sense_is_said_so() {
    let twice = format!("[{0},{0}]", one("success").trim_matches(['[', ']']));
    let cases = [
        (twice, "/orderid"),
        (one("sold"), "/status"),
        (one("success").replace("3000.00", "30 rub"), "/pay_amount"),
        ("<html>sign in</html>".to_owned(), ""),
        (one("success")[..80].to_owned(), ""),
    ];
    for (body, wanted) in cases {
        let wire = Wire::answering(&[&body, &body]);
        let error = bank().ask(&wire, &question(None)).await.unwrap_err();
        assert!(
            matches!(&error, BankError::Unreadable { pointer, .. } if pointer.starts_with(wanted)),
            "{body}: {error:?}"
        );
    }
    let odd = r#"[{"amount":"3000.00","status":"returned","datetime":"2026-11-21 12:00:00"}]"#;
    for status in ["refunded", "partially_refunded"] {
        let found = row(status, 11, "3000.00", "");
        let wire = Wire::answering(&[&found, &found, odd]);
        let error = bank().ask(&wire, &question(None)).await.unwrap_err();
        assert!(matches!(&error, BankError::Unreadable { pointer, .. } if pointer == "/refund_amount"), "{error:?}");
    }
    // Neither an empty object nor a refusal in a list says that there is no payment.
    let error = bank().ask(&Wire::answering(&["{}"]), &question(None)).await.unwrap_err();
    assert!(matches!(&error, BankError::Unreadable { .. }), "{error:?}");
    let wire = Wire::answering(&[r#"[{"result":"fail","msg":"Доступ запрещён"}]"#]);
    let error = bank().ask(&wire, &question(None)).await.unwrap_err();
    assert!(matches!(&error, BankError::Refused { message, .. } if message == "Доступ запрещён"), "{error:?}");
    // Somebody else's number is not ours, however much it contains it.
    let longer = one("success").replace(NUMBER, &format!("{NUMBER}0"));
    let wire = Wire::answering(&[&longer]);
    assert_eq!(bank().ask(&wire, &question(None)).await.unwrap().state, BankState::NotFound);
    for (status, unknown) in [(500, true), (502, true), (401, false), (403, false), (303, false)] {
        let wire = Wire::with(vec![Ok((status, "<html>".into()))]);
        let error = bank().ask(&wire, &question(None)).await.unwrap_err();
        assert_eq!(matches!(error, BankError::Unknown(_)), unknown, "{status}: {error:?}");
        assert_eq!(matches!(&error, BankError::Refused { code, .. } if code == "auth"), !unknown, "{status}");
    }
}

#[tokio::test]
async fn a_hold_is_captured_whole_by_capture_and_in_part_by_reverse() {
    let held = row("success", 30, "0.00", "");
    let wire = Wire::answering(&[&held, &held, TOKEN, r#"{"result":"success"}"#]);
    let report = holding().capture(&wire, &capture(300_000)).await.unwrap();
    assert_eq!(report.state, BankState::Succeeded(Money::rub(300_000)));
    assert_eq!(wire.said()[3], "POST /change/payment/capture/ id=20261121120000123&token=t0ken");

    let after = row("partially_refunded", 30, "1000.00", r#","batch_date":"2026-11-21 12:00:00""#);
    let let_go = r#"[{"amount":"1000.00","status":"done","datetime":"2026-11-21 12:00:00"}]"#;
    let wire = Wire::answering(&[&held, &held, TOKEN, r#"[{"result":"success"}]"#, &after, &after, let_go]);
    let report = holding().capture(&wire, &capture(200_000)).await.unwrap();
    assert_eq!(report.state, BankState::Succeeded(Money::rub(200_000)));
    let said = "POST /change/payment/reverse/ id=20261121120000123&amount=1000.00&partial=true&token=t0ken";
    assert_eq!(wire.said()[3], said);

    // Repeated, it sends nothing.
    let wire = Wire::answering(&[&after, &after, let_go]);
    let report = holding().capture(&wire, &capture(200_000)).await.unwrap();
    assert_eq!(report.state, BankState::Succeeded(Money::rub(200_000)));
    // On its way.
    let refunding = row("refunding", 30, "0.00", "");
    let started = r#"[{"amount":"1000.00","status":"started","datetime":"2026-11-21 12:00:00"}]"#;
    let wire = Wire::answering(&[&refunding, &refunding, started]);
    let report = holding().capture(&wire, &capture(200_000)).await.unwrap();
    assert_eq!(report.state, BankState::Pending);
}

#[tokio::test]
async fn a_capture_that_is_refused_is_looked_into() {
    let held = row("success", 30, "0.00", "");
    let no = r#"{"result":"fail","msg":"Платёж уже списан"}"#;
    let captured = row("success", 30, "0.00", r#","batch_date":"2026-11-21 11:59:30""#);
    let wire = Wire::answering(&[&held, &held, TOKEN, no, &captured, &captured]);
    let report = holding().capture(&wire, &capture(300_000)).await.unwrap();
    assert_eq!(report.state, stands(0, 300_000, 0));
    let wire = Wire::answering(&[&held, &held, TOKEN, no, &held, &held]);
    let error = holding().capture(&wire, &capture(300_000)).await.unwrap_err();
    assert!(matches!(&error, BankError::Refused { message, .. } if message == "Платёж уже списан"), "{error:?}");
    let wire = Wire::answering(&[&held, &held]);
    let error = holding().capture(&wire, &capture(300_001)).await.unwrap_err();
    assert!(matches!(&error, BankError::Refused { code, .. } if code == "amount"), "{error:?}");
}

#[tokio::test]
async fn money_goes_back_once() {
    let whole = one("success");
    let done = |amount: &str| format!(r#"[{{"amount":"{amount}","status":"done","datetime":"2026-11-21 12:00:00"}}]"#);
    let part = row("partially_refunded", 11, "1000.00", "");
    let ok = r#"{"result":"success"}"#;
    let refund = give_back(Return::Refund, 100_000, 300_000);
    let wire = Wire::answering(&[&whole, &whole, TOKEN, ok, &part, &part, &done("1000.00")]);
    assert_eq!(bank().give_back(&wire, &refund).await.unwrap().state, BankState::Succeeded(Money::rub(100_000)));
    assert_eq!((wire.field("amount"), wire.field("partial")), ("1000.00".into(), "true".into()));
    // Repeated: it stands as it would after it, so it happened.
    let wire = Wire::answering(&[&part, &part, &done("1000.00")]);
    assert_eq!(bank().give_back(&wire, &refund).await.unwrap().state, BankState::Succeeded(Money::rub(100_000)));
    assert_eq!(wire.paths().iter().filter(|path| path.starts_with("/change")).count(), 0);
    // The rest, whole.
    let rest = give_back(Return::Refund, 200_000, 200_000);
    let all = row("refunded", 11, "3000.00", "");
    let wire = Wire::answering(&[&part, &part, &done("1000.00"), TOKEN, ok, &all, &all, &done("3000.00")]);
    assert_eq!(bank().give_back(&wire, &rest).await.unwrap().state, BankState::Succeeded(Money::rub(200_000)));
    assert_eq!((wire.field("amount"), wire.field("partial")), ("2000.00".into(), "false".into()));
    // Slow: on its way, when sent and when repeated.
    let slow = row("refunding", 11, "0.00", "");
    let started = r#"[{"amount":"1000.00","status":"started","datetime":"2026-11-21 12:00:00"}]"#;
    let wire = Wire::answering(&[&whole, &whole, TOKEN, ok, &slow, &slow, started]);
    assert_eq!(bank().give_back(&wire, &refund).await.unwrap().state, BankState::Pending);
    let wire = Wire::answering(&[&slow, &slow, started]);
    assert_eq!(bank().give_back(&wire, &refund).await.unwrap().state, BankState::Pending);
    let asked = Question { number: refund.number.clone(), payment: refund.payment.clone(), reference: None };
    let wire = Wire::answering(&[&slow, &slow, started]);
    assert_eq!(bank().ask(&wire, &asked).await.unwrap().state, BankState::Pending);
    // Something else happened meanwhile: how it stands is said, nothing is sent.
    let wire = Wire::answering(&[&all, &all, &done("3000.00")]);
    assert_eq!(bank().give_back(&wire, &refund).await.unwrap().state, stands(0, 300_000, 300_000));
    // Taken on and given up.
    let given_up = r#"[{"amount":"1000.00","status":"failed","datetime":"2026-11-21 12:00:00"}]"#;
    let wire = Wire::answering(&[&whole, &whole, TOKEN, ok, &whole, &whole, given_up]);
    let state = bank().give_back(&wire, &refund).await.unwrap().state;
    assert_eq!(state, BankState::Declined(DeclineReason::Other));
}

#[tokio::test]
async fn a_hold_is_let_go_whole_or_not_at_all() {
    let held = row("success", 30, "0.00", "");
    let gone = row("refunded", 30, "3000.00", "");
    let done = r#"[{"amount":"3000.00","status":"done","datetime":"2026-11-21 12:00:00"}]"#;
    let void = give_back(Return::Void, 300_000, 300_000);
    let wire = Wire::answering(&[&held, &held, TOKEN, r#"{"result":"success"}"#, &gone, &gone, done]);
    let report = holding().give_back(&wire, &void).await.unwrap();
    assert_eq!(report.state, BankState::Succeeded(Money::rub(300_000)));
    assert_eq!((wire.field("amount"), wire.field("partial")), ("3000.00".into(), "false".into()));
    let wire = Wire::answering(&[&gone, &gone, done]);
    assert_eq!(holding().give_back(&wire, &void).await.unwrap().state, BankState::Succeeded(Money::rub(300_000)));
    let wire = Wire::answering(&[]);
    let error = holding().give_back(&wire, &give_back(Return::Void, 100_000, 300_000)).await.unwrap_err();
    assert!(matches!(&error, BankError::Refused { code, .. } if code == "unsupported"), "{error:?}");
    // Its term was over and PayKeeper captured it: not let go.
    let lapsed = row("success", 30, "0.00", r#","batch_date":"2026-11-21 11:59:30""#);
    let wire = Wire::answering(&[&lapsed, &lapsed]);
    assert_eq!(holding().give_back(&wire, &void).await.unwrap().state, stands(0, 300_000, 0));
}

#[tokio::test]
async fn lost_answers_are_told_from_lost_questions() {
    let whole = one("success");
    let found = || vec![Ok((200, whole.clone())), Ok((200, whole.clone()))];
    let refund = give_back(Return::Refund, 100_000, 300_000);
    let silent = || Err(HttpError::Unknown("reset".into()));
    // The question before: the command was not sent.
    for answers in [vec![silent()], vec![Ok((502, String::new()))], vec![Ok((200, "<html>".into()))]] {
        let error = bank().give_back(&Wire::with(answers), &refund).await.unwrap_err();
        assert!(matches!(error, BankError::NotSent(_)), "{error:?}");
    }
    let mut answers = found();
    answers.push(silent());
    let error = bank().give_back(&Wire::with(answers), &refund).await.unwrap_err();
    assert!(matches!(error, BankError::NotSent(_)), "{error:?}");
    // The command itself.
    for answer in [
        silent(),
        Ok((504, String::new())),
        Ok((200, "<html>".into())),
        Ok((200, r#"{"result""#.into())),
        Ok((200, "{}".into())),
    ] {
        let mut answers = found();
        answers.extend([Ok((200, TOKEN.into())), answer]);
        let error = bank().give_back(&Wire::with(answers), &refund).await.unwrap_err();
        assert!(error.may_have_happened(), "{error:?}");
    }
    // Taken on, and then silence: on its way.
    let mut answers = found();
    answers.extend([Ok((200, TOKEN.into())), Ok((200, r#"{"result":"success"}"#.into())), silent()]);
    assert_eq!(bank().give_back(&Wire::with(answers), &refund).await.unwrap().state, BankState::Pending);
}

#[tokio::test]
async fn a_saved_card_is_charged_once() {
    let payment = PaymentRequest { customer: Some("client-7".into()), ..payment() };
    let request = ChargeRequest { payment, token: "bind-1".into(), buyer_present: false };
    let charged = one("success").replace("\"clientid\":\"01", "\"clientid\":\"x");
    let ok = r#"{"result":"success","payment_id":20261121120000123}"#;
    let wire = Wire::answering(&["[]", TOKEN, ok, &charged, &charged]);
    let result = bank().charge(&wire, &request).await.unwrap();
    assert_eq!(result.report.state, stands(0, 300_000, 0));
    assert_eq!(result.report.reference.as_deref(), Some("20261121120000123"));
    assert_eq!(result.page, None);
    assert_eq!((wire.field("bank_id"), wire.field("sum")), ("bind-1".into(), "3000.00".into()));
    let signed = ["3000.00", "client-7", NUMBER, "Выписка ЕГРН", "buyer@pay.test", ""];
    assert_eq!(wire.field("sign"), translate::order_sign(&signed, "verysecretseed"));
    // Repeated: the payment is there.
    let wire = Wire::answering(&[&charged, &charged, &charged, &charged]);
    assert_eq!(bank().charge(&wire, &request).await.unwrap(), result);
    // Declined: a payment that was not made is left.
    let no = r#"{"result":"fail","msg":"Недостаточно средств"}"#;
    let failed = one("failed");
    let wire = Wire::answering(&["[]", TOKEN, no, &failed, &failed]);
    let declined = bank().charge(&wire, &request).await.unwrap();
    assert_eq!(declined.report.state, BankState::Declined(DeclineReason::Other));
    // Refused: nothing is left.
    let wire = Wire::answering(&["[]", TOKEN, no, "[]"]);
    let error = bank().charge(&wire, &request).await.unwrap_err();
    assert!(matches!(&error, BankError::Refused { message, .. } if message == "Недостаточно средств"), "{error:?}");
    let wire =
        Wire::with(vec![Ok((200, "[]".into())), Ok((200, TOKEN.into())), Err(HttpError::Unknown("reset".into()))]);
    assert!(bank().charge(&wire, &request).await.unwrap_err().may_have_happened());
}

fn told(bank: &PaykeeperBank, body: &str) -> Result<Option<Callback>, CallbackError> {
    let incoming = Incoming {
        headers: http::HeaderMap::new(),
        query: String::new(),
        body: Bytes::from(body.to_owned()),
        peer: None,
    };
    bank.callback("2026-11-21T09:00:00Z".parse().unwrap(), &incoming)
}

fn notification(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The published formula: id 123456, 1000.00 roubles, «Иванов Иван Иванович», order 100500, secret word `verysecretseed`.
const SIGNED: [(&str, &str); 5] = [
    ("id", "123456"),
    ("sum", "1000.00"),
    ("clientid", "Иванов Иван Иванович"),
    ("orderid", "100500"),
    ("key", "f3c662ddde6fedeb7c75eab59f620bb6"),
];

#[test]
fn a_notification_is_believed_and_answered() {
    let more = [
        ("service_name", "Услуга"),
        ("client_email", "a@b.test"),
        ("ps_id", "11"),
        ("batch_date", ""),
        ("added_later", "whatever"),
    ];
    let body = notification(&[SIGNED.as_slice(), &more].concat());
    let callback = told(&bank(), &body).unwrap().unwrap();
    assert_eq!(callback.number, "100500");
    assert_eq!(callback.report, BankReport::new(None, stands(0, 100_000, 0)));
    assert!(callback.proven);
    assert_eq!(callback.answer.content_type, Some("text/plain"));
    assert_eq!(callback.answer.body, "OK 757948616899e38e72a65e0ca9af03dd");
    // Capital letters in the key are the same number.
    let upper = body.replace(SIGNED[4].1, &SIGNED[4].1.to_uppercase());
    assert_eq!(told(&bank(), &upper).unwrap().unwrap(), callback);
}

#[test]
fn a_hold_is_told_by_its_system_and_the_date_of_capture() {
    let hold = |date: &str| {
        let more = [("ps_id", "30"), ("batch_date", date)];
        told(&holding(), &notification(&[SIGNED.as_slice(), &more].concat())).unwrap().unwrap()
    };
    let callback = hold("");
    assert_eq!((callback.report.state, callback.proven), (stands(100_000, 0, 0), true));
    // With a date it is captured or about to be: PayKeeper is asked.
    assert!(!hold("2026-11-27").proven);
    assert!(!hold("2026-11-20 10:00:00").proven);
}

#[test]
fn a_saved_card_comes_with_the_notification() {
    let labels = [
        ("220220******1234", "12/28", "Мир •• 1234", Some("2028-12")),
        ("427600******0001", "2027/01", "Visa •• 0001", Some("2027-01")),
        ("510000xxxxxx5555", "202703", "MasterCard •• 5555", Some("2027-03")),
        ("621234******7777", "07/2030", "UnionPay •• 7777", Some("2030-07")),
        ("", "soon", "Карта", None),
    ];
    for (card, expiry, label, valid_until) in labels {
        let more = [("bank_id", "bind-1"), ("card_number", card), ("card_expiry", expiry)];
        let body = notification(&[SIGNED.as_slice(), &more].concat());
        let saved = told(&bank(), &body).unwrap().unwrap().report.saved.unwrap();
        assert_eq!((saved.token.as_str(), saved.label.as_str()), ("bind-1", label));
        assert_eq!(saved.valid_until.as_deref(), valid_until);
    }
}

#[test]
fn what_is_not_paykeepers_is_refused() {
    for (index, (name, _)) in SIGNED.iter().enumerate() {
        let mut changed = SIGNED;
        changed[index].1 = "1";
        let error = told(&bank(), &notification(&changed)).unwrap_err();
        assert_eq!(error, CallbackError::WrongSignature, "{name}");
        let missing: Vec<_> = SIGNED.iter().copied().filter(|(found, _)| found != name).collect();
        let error = told(&bank(), &notification(&missing)).unwrap_err();
        let wanted = if *name == "key" { CallbackError::Unsigned } else { CallbackError::WrongSignature };
        assert_eq!(error, wanted, "{name}");
        let twice: Vec<_> = SIGNED.iter().copied().chain([SIGNED[index]]).collect();
        let error = told(&bank(), &notification(&twice)).unwrap_err();
        assert!(matches!(error, CallbackError::Malformed { .. }), "{name}: {error:?}");
    }
    for body in ["", "key=", "{}", "id=1&sum=1.00&key=00"] {
        assert!(told(&bank(), body).is_err(), "{body}");
    }
    // Without a secret word nothing can be believed.
    let nobody = PaykeeperBank::new("https://x.test", &Credentials::default(), "2026-11-21T09:00:00Z".parse().unwrap());
    let key = translate::md5_of(&["123456", "1000.00", "Иванов Иван Иванович", "100500"], "");
    let mut signed = SIGNED;
    signed[4].1 = &key;
    assert_eq!(told(&nobody, &notification(&signed)).unwrap_err(), CallbackError::WrongSignature);
}

#[test]
fn the_borders_of_what_is_signed_can_not_be_moved() {
    // Signed alike: `1234561000.00` is 123456 and 1000.00, and would be 1234561 and 000.00.
    for (id, sum) in [("1234561", "000.00"), ("12345", "61000.00"), ("123456100", "0.00"), ("1234561000", ".00")] {
        let mut moved = SIGNED;
        (moved[0].1, moved[1].1) = (id, sum);
        match told(&bank(), &notification(&moved)) {
            Err(CallbackError::Malformed { pointer, .. }) => assert_eq!(pointer, "/sum"),
            // Another amount, which is then not the order's.
            Ok(Some(callback)) => assert_eq!(callback.report.state, stands(0, 6_100_000, 0)),
            other => panic!("{other:?}"),
        }
    }
    // An amount that is not written as amounts are.
    let key = translate::md5_of(&["12345", "00100.00", "x", "100500"], "verysecretseed");
    let fields = [("id", "12345"), ("sum", "00100.00"), ("clientid", "x"), ("orderid", "100500"), ("key", &key)];
    let error = told(&bank(), &notification(&fields)).unwrap_err();
    assert!(matches!(&error, CallbackError::Malformed { pointer, .. } if pointer == "/sum"), "{error:?}");
    // A longer number takes from the client's name: none of ours.
    let mut moved = SIGNED;
    (moved[2].1, moved[3].1) = ("Иванов Иван Иванови", "ч100500");
    assert_eq!(told(&bank(), &notification(&moved)).unwrap(), None);
}

#[test]
fn a_hold_lapses_into_a_capture_and_is_let_go_whole_only() {
    let terms = terms();
    let card = terms.iter().find(|terms| terms.method == Method::Card).unwrap();
    assert_eq!(card.lapse, Lapse::Captured);
    assert!(card.partial_capture && !card.partial_void && card.partial_refund);
    assert!(!card.takes(Money::rub(300_000), Stages::Two, false));
}
