//! Wire: what the `YooKassa` connector says, held to the bank's published examples, and what it understands.
//!
//! The objects are those of <https://yookassa.ru/developers/api>, with our own pairs in `metadata`.

#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use connectors::bank::yookassa::{YookassaBank, terms};
use connectors::bank::{
    Bank, BankError, Callback, CallbackAnswer, CallbackError, CaptureRequest, ChargeRequest, Incoming, Known,
    PaymentRequest, Question, Registered, ReturnRequest, Show,
};
use connectors::http::{Http, HttpError, Request, Response};
use domain::acquiring::{Credentials, Method, Return, SavedMeans, Stages, Standing};
use domain::details::Language;
use domain::money::{Currency, Money};
use domain::order::{BankReport, BankState, DeclineReason};
use domain::time::Timestamp;
use serde_json::{Value, json};

const NUMBER: &str = "01KAVXA3HS8G5XV6QT7MH3V2KCo1";
const CAPTURE: &str = "01KAVXA3HS8G5XV6QT7MH3V2KCo2";
const REFUND: &str = "01KAVXA3HS8G5XV6QT7MH3V2KCo3";
const ID: &str = "22e12f66-000f-5000-8000-18db351245c7";
const REFUND_ID: &str = "216749f7-0016-50be-b000-078d43a63ae4";

/// Answers in order, and remembers what it was asked.
#[derive(Default)]
struct Wire {
    answers: Mutex<VecDeque<Result<(u16, String), HttpError>>>,
    asked: Mutex<Vec<Request>>,
}

impl Wire {
    fn of<const N: usize>(answers: [(u16, Value); N]) -> Self {
        let answers = answers.into_iter().map(|(status, body)| Ok((status, body.to_string()))).collect();
        Self { answers: Mutex::new(answers), asked: Mutex::default() }
    }

    fn raw(status: u16, body: &str) -> Self {
        let answers = Mutex::new([Ok((status, body.to_owned()))].into());
        Self { answers, asked: Mutex::default() }
    }

    fn silent(error: HttpError) -> Self {
        Self { answers: Mutex::new([Err(error)].into()), asked: Mutex::default() }
    }

    /// Verb and path of all requests, every one of them held to what is common to all.
    fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        assert!(self.answers.lock().unwrap().is_empty(), "answers are left");
        let line = |request: &Request| {
            // "54401:test_secret", as curl's -u makes it.
            assert_eq!(header(request, "authorization"), Some("Basic NTQ0MDE6dGVzdF9zZWNyZXQ="));
            assert!(!request.partner_given);
            format!("{} {}", request.method, request.url.strip_prefix("https://api.yookassa.ru").unwrap())
        };
        asked.iter().map(line).collect()
    }

    /// Key and body of the only command.
    fn command(&self) -> (String, Value) {
        let asked = self.asked.lock().unwrap();
        let mut commands = asked.iter().filter(|request| request.method == http::Method::POST);
        let command = commands.next().unwrap();
        assert!(commands.next().is_none());
        assert_eq!(header(command, "content-type"), Some("application/json"));
        let key = header(command, "idempotence-key").unwrap();
        assert!(key.len() <= 64);
        (key.to_owned(), serde_json::from_slice(&command.body).unwrap())
    }
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_str())
}

#[async_trait]
impl Http for Wire {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        self.asked.lock().unwrap().push(request);
        let (status, body) = self.answers.lock().unwrap().pop_front().unwrap()?;
        Ok(Response { status, headers: Vec::new(), body: Bytes::from(body) })
    }
}

fn now() -> Timestamp {
    "2026-11-21T09:00:00Z".parse().unwrap()
}

fn bank_of(more: &[(&str, &str)]) -> YookassaBank {
    let credentials = [("shop_id", "54401"), ("secret_key", "test_secret")];
    let credentials = credentials.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    YookassaBank::new("https://api.yookassa.ru/", &Credentials(credentials.collect::<BTreeMap<_, _>>()), now())
}

fn bank() -> YookassaBank {
    bank_of(&[])
}

fn request() -> PaymentRequest {
    PaymentRequest {
        number: NUMBER.into(),
        bill: "1000000000000016.1".into(),
        amount: Money::rub(200),
        method: Method::Card,
        stages: Stages::One,
        description: "Заказ №72".into(),
        return_url: "https://www.example.com/return_url".into(),
        callback_url: "https://pay.test/callbacks/bank/demoshop.t/yk".into(),
        expires_at: "2026-11-21T10:00:00Z".parse().unwrap(),
        language: Language::Ru,
        merchant: "ООО «Справка»".into(),
        customer: None,
        save: false,
        points_max: None,
        email: None,
        phone: None,
    }
}

fn known() -> Known {
    Known {
        number: NUMBER.into(),
        reference: Some(ID.into()),
        amount: Money::rub(200),
        captured: None,
        method: Method::Card,
        stages: Stages::One,
    }
}

fn lost() -> Known {
    Known { reference: None, ..known() }
}

fn capture(minor: i64) -> CaptureRequest {
    CaptureRequest { number: CAPTURE.into(), payment: known(), held: Money::rub(200), amount: Money::rub(minor) }
}

fn back(kind: Return, minor: i64) -> ReturnRequest {
    let (payment, standing) = (known(), Money::rub(200));
    ReturnRequest { number: REFUND.into(), payment, kind, amount: Money::rub(minor), standing }
}

fn question(number: &str, payment: Known, reference: Option<&str>) -> Question {
    Question { number: number.into(), payment, reference: reference.map(str::to_owned) }
}

/// The published example of a payment.
fn payment(status: &str) -> Value {
    json!({
        "id": ID,
        "status": status,
        "paid": status != "pending",
        "amount": { "value": "2.00", "currency": "RUB" },
        "created_at": "2018-07-18T10:51:18.139Z",
        "description": "Заказ №72",
        "metadata": { "apikassa_number": NUMBER, "cms_name": "another" },
        "recipient": { "account_id": "54401", "gateway_id": "100700" },
        "refundable": status == "succeeded",
        "test": false,
    })
}

fn with(mut object: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("an object") };
    object.as_object_mut().unwrap().extend(more);
    object
}

fn refund(status: &str) -> Value {
    json!({
        "id": REFUND_ID,
        "status": status,
        "amount": { "value": "1.00", "currency": "RUB" },
        "created_at": "2017-10-04T19:27:51.407Z",
        "payment_id": ID,
        "metadata": { "apikassa_number": REFUND, "apikassa_payment": NUMBER },
    })
}

fn list(items: &[Value]) -> Value {
    json!({ "type": "list", "items": items })
}

fn error(code: &str, description: &str, parameter: Option<&str>) -> Value {
    let id = "ab5a11cd-13cc-4e33-af8b-75a74e18dd09";
    json!({ "type": "error", "id": id, "code": code, "description": description, "parameter": parameter })
}

fn page() -> Value {
    let url = "https://yoomoney.ru/api-pages/v2/payment-confirm/epl?orderId=22e12f66-000f-5000-8000-18db351245c7";
    json!({ "confirmation": { "type": "redirect", "confirmation_url": url, "return_url": "https://www.example.com/" } })
}

fn stands(held: i64, captured: i64, refunded: i64) -> BankState {
    let (held, captured, refunded) = (Money::rub(held), Money::rub(captured), Money::rub(refunded));
    BankState::Stands(Standing { held, captured, refunded })
}

fn refused(error: &BankError) -> (u16, &str) {
    let BankError::Refused { status, code, .. } = error else { panic!("{error:?}") };
    (*status, code)
}

fn unreadable(error: &BankError) -> &str {
    let BankError::Unreadable { pointer, .. } = error else { panic!("{error:?}") };
    pointer
}

#[tokio::test]
async fn a_payment_is_created_with_our_number_as_its_key() {
    let wire = Wire::of([(200, with(payment("pending"), page()))]);
    let registered = bank().register(&wire, &request()).await.unwrap();
    let url = "https://yoomoney.ru/api-pages/v2/payment-confirm/epl?orderId=22e12f66-000f-5000-8000-18db351245c7";
    assert_eq!(registered, Registered { reference: ID.into(), show: Show::Page(url.into()) });
    assert_eq!(wire.asked(), ["POST /v3/payments"]);
    let (key, body) = wire.command();
    assert_eq!(key, NUMBER);
    let wanted = json!({
        "amount": { "value": "2.00", "currency": "RUB" },
        "capture": true,
        "description": "Заказ №72",
        "metadata": { "apikassa_number": NUMBER, "apikassa_bill": "1000000000000016.1" },
        "confirmation": {
            "type": "redirect", "return_url": "https://www.example.com/return_url", "locale": "ru_RU"
        },
        "payment_method_data": { "type": "bank_card" },
    });
    assert_eq!(body, wanted);
}

#[tokio::test]
async fn a_hold_that_saves_the_card_says_both() {
    let wire = Wire::of([(200, with(payment("pending"), page()))]);
    let request = PaymentRequest {
        stages: Stages::Two,
        save: true,
        customer: Some("buyer-7".into()),
        language: Language::En,
        description: "д".repeat(200),
        ..request()
    };
    bank().register(&wire, &request).await.unwrap();
    let (_, body) = wire.command();
    assert_eq!(body["capture"], json!(false));
    assert_eq!(body["save_payment_method"], json!(true));
    assert_eq!(body["merchant_customer_id"], json!("buyer-7"));
    assert_eq!(body["confirmation"]["locale"], json!("en_US"));
    assert_eq!(body["description"].as_str().unwrap().chars().count(), 128);
}

#[tokio::test]
async fn the_sbp_is_a_link_of_its_operator() {
    let link = "https://qr.nspk.ru/AD10006M8KH234K1LO5L1FAPMJ?type=02&bank=100000000000&sum=200&cur=RUB&crc=AB75";
    let of =
        |link: &str| with(payment("pending"), json!({ "confirmation": { "type": "qr", "confirmation_data": link } }));
    let request = PaymentRequest { method: Method::Sbp, ..request() };
    let wire = Wire::of([(200, of(link))]);
    assert_eq!(bank().register(&wire, &request).await.unwrap().show, Show::Sbp(link.into()));
    let (_, body) = wire.command();
    assert_eq!(body["payment_method_data"], json!({ "type": "sbp" }));
    assert_eq!(body["confirmation"]["type"], json!("qr"));
    for other in ["https://qr.nspk.ru.example.com/AD1", "http://qr.nspk.ru/AD1", "javascript:alert(1)", ""] {
        let error = bank().register(&Wire::of([(200, of(other))]), &request).await.unwrap_err();
        assert_eq!(unreadable(&error), "/confirmation/confirmation_data", "{other}");
    }
}

#[tokio::test]
async fn what_it_can_not_do_is_refused_before_anything_is_sent() {
    let wire = Wire::default();
    for method in [Method::MirPay, Method::YandexPay, Method::MtsPay, Method::Dolyami, Method::Terminal] {
        let error = bank().register(&wire, &PaymentRequest { method, ..request() }).await.unwrap_err();
        assert_eq!(refused(&error), (0, "unsupported"));
    }
    let hold = PaymentRequest { method: Method::Sbp, stages: Stages::Two, ..request() };
    assert_eq!(refused(&bank().register(&wire, &hold).await.unwrap_err()), (0, "unsupported"));
    for (kind, minor) in [(Return::Reversal, 200), (Return::Void, 100)] {
        assert_eq!(refused(&bank().give_back(&wire, &back(kind, minor)).await.unwrap_err()), (0, "unsupported"));
    }
    bank().forget(&wire, "buyer-7", "token").await.unwrap();
    assert!(wire.asked().is_empty());
    for terms in terms() {
        assert!(!terms.partial_void && !terms.reversal && !terms.points, "{terms:?}");
        assert_eq!(terms.hold.is_on(), terms.method != Method::Sbp);
        assert!(terms.takes(Money::rub(100), Stages::One, true) && !terms.takes(Money::rub(99), Stages::One, false));
        assert!(!terms.takes(Money::new(100, Currency::USD), Stages::One, false));
    }
}

#[tokio::test]
async fn an_answer_about_something_else_is_not_believed() {
    let cases = [
        ("/metadata", with(payment("pending"), json!({ "metadata": { "apikassa_number": "another" } }))),
        ("/metadata", with(payment("pending"), json!({ "metadata": null }))),
        ("/amount", with(payment("pending"), json!({ "amount": { "value": "2.01", "currency": "RUB" } }))),
        ("/amount", with(payment("pending"), json!({ "amount": { "value": "2.00", "currency": "USD" } }))),
        ("/amount/currency", with(payment("pending"), json!({ "amount": { "value": "2.00", "currency": "???" } }))),
        ("/amount/value", with(payment("pending"), json!({ "amount": { "value": "-2.00", "currency": "RUB" } }))),
        ("/amount/value", with(payment("pending"), json!({ "amount": { "value": 2, "currency": "RUB" } }))),
        ("/id", with(payment("pending"), json!({ "id": "../refunds" }))),
        ("/confirmation", payment("pending")),
        ("/confirmation/confirmation_url", with(payment("pending"), json!({ "confirmation": { "type": "redirect" } }))),
        ("", json!({})),
        ("", json!([])),
    ];
    for (pointer, answer) in cases {
        let answer = match answer.get("confirmation") {
            Some(_) => answer,
            None if pointer == "/confirmation" || !answer.is_object() => answer,
            None => with(answer, page()),
        };
        let error = bank().register(&Wire::of([(200, answer)]), &request()).await.unwrap_err();
        assert_eq!(unreadable(&error), pointer, "{error:?}");
        assert!(error.may_have_happened());
    }
}

#[tokio::test]
async fn silence_and_strangers_on_the_way_leave_it_unknown() {
    let html = "<html><body><h1>403 Forbidden</h1></body></html>";
    let cases = [
        (500, error("internal_server_error", "Internal server error", None).to_string()),
        (502, html.to_owned()),
        (504, String::new()),
        (202, json!({ "type": "processing", "retry_after": 1_800 }).to_string()),
        (200, html.to_owned()),
        (200, "{\"id\": \"22e12f66-000f-5000".to_owned()),
        (403, html.to_owned()),
        (404, "{}".to_owned()),
        (302, String::new()),
    ];
    for (status, body) in cases {
        let error = bank().register(&Wire::raw(status, &body), &request()).await.unwrap_err();
        assert!(matches!(error, BankError::Unknown(_)), "{status} {body}: {error:?}");
        let error = bank().capture(&Wire::raw(status, &body), &capture(200)).await.unwrap_err();
        assert!(matches!(error, BankError::Unknown(_)), "{status} {body}: {error:?}");
    }
    let error = bank().register(&Wire::silent(HttpError::Unknown("reset".into())), &request()).await.unwrap_err();
    assert!(matches!(error, BankError::Unknown(_)));
    let late = error_of(429, "too_many_requests").await;
    let unsent = bank().register(&Wire::silent(HttpError::NotSent("no route".into())), &request()).await.unwrap_err();
    for error in [late, unsent] {
        assert!(matches!(error, BankError::NotSent(_)), "{error:?}");
    }
}

async fn error_of(status: u16, code: &str) -> BankError {
    bank().register(&Wire::of([(status, error(code, "Words", Some("amount")))]), &request()).await.unwrap_err()
}

#[tokio::test]
async fn a_refusal_is_told_in_the_banks_words() {
    for (status, code) in [(400, "invalid_request"), (401, "invalid_credentials"), (403, "forbidden")] {
        let error = error_of(status, code).await;
        assert_eq!(refused(&error), (status, code));
        assert!(error.to_string().contains("Words (amount)"), "{error}");
    }
}

#[tokio::test]
async fn a_number_used_with_another_body_is_looked_up() {
    let used = error("invalid_request", "Idempotence key duplicated", Some("Idempotence-Key"));
    let other = json!({ "id": "1", "metadata": {}, "unheard": "of" });
    let found = list(&[other, with(payment("pending"), page())]);
    let wire = Wire::of([(400, used.clone()), (200, found)]);
    assert_eq!(bank().register(&wire, &request()).await.unwrap().reference, ID);
    let since = "created_at.gte=2025-11-24T20%3A46%3A24.000Z";
    assert_eq!(wire.asked(), ["POST /v3/payments".to_owned(), format!("GET /v3/payments?limit=100&{since}")]);
    let wire = Wire::of([(400, used), (200, list(&[]))]);
    assert_eq!(refused(&bank().register(&wire, &request()).await.unwrap_err()), (400, "invalid_request"));
}

#[tokio::test]
async fn every_state_is_understood() {
    let canceled = |party: &str, reason: &str| {
        with(payment("canceled"), json!({ "cancellation_details": { "party": party, "reason": reason } }))
    };
    let less = json!({ "amount": { "value": "1.50", "currency": "RUB" } });
    let back = json!({ "refunded_amount": { "value": "0.50", "currency": "RUB" } });
    let declined = |reason| BankState::Declined(reason);
    let cases = [
        (payment("pending"), BankState::Pending),
        (payment("waiting_for_capture"), stands(200, 0, 0)),
        (payment("succeeded"), stands(0, 200, 0)),
        (with(payment("succeeded"), less.clone()), stands(0, 150, 0)),
        (with(with(payment("succeeded"), less), back), stands(0, 150, 50)),
        (canceled("merchant", "canceled_by_merchant"), stands(0, 0, 0)),
        (canceled("yoo_money", "expired_on_capture"), stands(0, 0, 0)),
        (canceled("yoo_money", "expired_on_confirmation"), declined(DeclineReason::TimedOut)),
        (canceled("payment_network", "insufficient_funds"), declined(DeclineReason::InsufficientFunds)),
        (canceled("payment_network", "3d_secure_failed"), declined(DeclineReason::AuthenticationFailed)),
        (canceled("payment_network", "payment_method_restricted"), declined(DeclineReason::CardBlocked)),
        (canceled("payment_network", "card_expired"), declined(DeclineReason::CardBlocked)),
        (canceled("yoo_money", "fraud_suspected"), declined(DeclineReason::Other)),
        (canceled("payment_network", "said_some_day"), declined(DeclineReason::Other)),
        (payment("canceled"), declined(DeclineReason::Other)),
    ];
    for (answer, state) in cases {
        let wire = Wire::of([(200, with(answer, json!({ "added_later": [1] })))]);
        let report = bank().ask(&wire, &question(NUMBER, known(), None)).await.unwrap();
        assert_eq!(report, BankReport::new(Some(ID.into()), state));
        assert_eq!(wire.asked(), [format!("GET /v3/payments/{ID}")]);
    }
    let nonsense = [
        ("/status", payment("sleeping")),
        ("/amount", with(payment("succeeded"), json!({ "amount": { "value": "2.01", "currency": "RUB" } }))),
        ("/amount", with(payment("succeeded"), json!({ "amount": { "value": "2.00", "currency": "KZT" } }))),
        (
            "/refunded_amount",
            with(payment("succeeded"), json!({ "refunded_amount": { "value": "2.01", "currency": "RUB" } })),
        ),
        ("/metadata", with(payment("succeeded"), json!({ "metadata": { "apikassa_number": CAPTURE } }))),
    ];
    for (pointer, answer) in nonsense {
        let error = bank().ask(&Wire::of([(200, answer)]), &question(NUMBER, known(), None)).await.unwrap_err();
        assert_eq!(unreadable(&error), pointer);
    }
    let gone = Wire::of([(404, error("not_found", "Incorrect payment_id", Some("payment_id")))]);
    let report = bank().ask(&gone, &question(NUMBER, known(), None)).await.unwrap();
    assert_eq!(report.state, BankState::NotFound);
}

#[tokio::test]
async fn saved_means_come_with_the_payment_that_saved_them() {
    let card = json!({ "payment_method": {
        "type": "bank_card", "id": ID, "saved": true, "title": "Bank card *4444",
        "card": {
            "first6": "555555", "last4": "4444", "expiry_month": "07", "expiry_year": "2027", "card_type": "Mir",
            "card_product": { "code": "MCP", "name": "MIR Privilege" }, "issuer_country": "RU",
        },
    } });
    let sbp = json!({ "payment_method": { "type": "sbp", "id": "sbp-1", "saved": true, "sbp_operation_id": "1" } });
    let unsaved = json!({ "payment_method": { "type": "bank_card", "id": ID, "saved": false, "title": "*4444" } });
    let means = |token: &str, label: &str, until: Option<&str>| SavedMeans {
        token: token.into(),
        label: label.into(),
        valid_until: until.map(str::to_owned),
    };
    let cases = [
        (card, Some(means(ID, "Мир •• 4444", Some("2027-07")))),
        (sbp, Some(means("sbp-1", "СБП", None))),
        (unsaved, None),
    ];
    for (method, saved) in cases {
        let wire = Wire::of([(200, with(payment("waiting_for_capture"), method))]);
        assert_eq!(bank().ask(&wire, &question(NUMBER, known(), None)).await.unwrap().saved, saved);
    }
}

#[tokio::test]
async fn a_payment_whose_id_was_lost_is_found_by_its_number() {
    let other = with(payment("succeeded"), json!({ "metadata": { "apikassa_number": "other" } }));
    let first = json!({ "type": "list", "items": [other], "next_cursor": "37a5c87d-3984-51e8-a7f3-8de646d39ec15" });
    let wire = Wire::of([(200, first.clone()), (200, list(&[payment("succeeded")]))]);
    let report = bank().ask(&wire, &question(NUMBER, lost(), None)).await.unwrap();
    assert_eq!(report, BankReport::new(Some(ID.into()), stands(0, 200, 0)));
    let asked = wire.asked();
    assert!(asked[1].ends_with("&cursor=37a5c87d-3984-51e8-a7f3-8de646d39ec15"), "{asked:?}");
    let none = Wire::of([(200, first.clone()), (200, list(&[]))]);
    let report = bank().ask(&none, &question(NUMBER, lost(), None)).await.unwrap();
    assert_eq!(report, BankReport::new(None, BankState::NotFound));
    // A list without an end proves nothing.
    let endless = Wire::of([(); 20].map(|()| (200, first.clone())));
    let error = bank().ask(&endless, &question(NUMBER, lost(), None)).await.unwrap_err();
    assert!(matches!(error, BankError::Unknown(_)));
}

#[tokio::test]
async fn a_capture_takes_a_part_and_lets_the_rest_go() {
    let part = with(payment("succeeded"), json!({ "amount": { "value": "1.50", "currency": "RUB" } }));
    let wire = Wire::of([(200, part.clone())]);
    let report = bank().capture(&wire, &capture(150)).await.unwrap();
    assert_eq!(report, BankReport::new(None, BankState::Succeeded(Money::rub(150))));
    assert_eq!(wire.asked(), [format!("POST /v3/payments/{ID}/capture")]);
    let wanted = json!({ "amount": { "value": "1.50", "currency": "RUB" } });
    assert_eq!(wire.command(), (CAPTURE.to_owned(), wanted));
    // Another amount than was told is how it stands, not what was asked for.
    let report = bank().capture(&Wire::of([(200, part)]), &capture(200)).await.unwrap();
    assert_eq!(report.state, stands(0, 150, 0));
}

#[tokio::test]
async fn a_command_that_was_done_before_tells_how_the_payment_stands() {
    let no = error("invalid_request", "Payment is in an inappropriate status", Some("payment_id"));
    let wire = Wire::of([(400, no.clone()), (200, payment("succeeded"))]);
    assert_eq!(bank().capture(&wire, &capture(200)).await.unwrap().state, stands(0, 200, 0));
    assert_eq!(wire.asked()[1], format!("GET /v3/payments/{ID}"));
    let lapsed = json!({ "cancellation_details": { "party": "yoo_money", "reason": "expired_on_capture" } });
    let wire = Wire::of([(400, no.clone()), (200, with(payment("canceled"), lapsed))]);
    assert_eq!(bank().capture(&wire, &capture(200)).await.unwrap().state, stands(0, 0, 0));
    // Held still: the refusal is of this command.
    let wire = Wire::of([(400, no), (200, payment("waiting_for_capture"))]);
    assert_eq!(refused(&bank().capture(&wire, &capture(200)).await.unwrap_err()), (400, "invalid_request"));
    let wire = Wire::of([(401, error("invalid_credentials", "Error in shopId or secret key", None))]);
    assert_eq!(refused(&bank().capture(&wire, &capture(200)).await.unwrap_err()), (401, "invalid_credentials"));
}

#[tokio::test]
async fn a_hold_is_let_go_whole() {
    let canceled = json!({ "cancellation_details": { "party": "merchant", "reason": "canceled_by_merchant" } });
    let wire = Wire::of([(200, with(payment("canceled"), canceled.clone()))]);
    let report = bank().give_back(&wire, &back(Return::Void, 200)).await.unwrap();
    assert_eq!(report.state, BankState::Succeeded(Money::rub(200)));
    assert_eq!(wire.asked(), [format!("POST /v3/payments/{ID}/cancel")]);
    assert_eq!(wire.command(), (REFUND.to_owned(), json!({})));
    let no = error("invalid_request", "You can only cancel payments with the waiting_for_capture status", None);
    let wire = Wire::of([(400, no.clone()), (200, with(payment("canceled"), canceled))]);
    assert_eq!(bank().give_back(&wire, &back(Return::Void, 200)).await.unwrap().state, stands(0, 0, 0));
    // Captured in the meantime: nothing was let go, and the answer says so.
    let wire = Wire::of([(400, no), (200, payment("succeeded"))]);
    assert_eq!(bank().give_back(&wire, &back(Return::Void, 200)).await.unwrap().state, stands(0, 200, 0));
}

#[tokio::test]
async fn a_refund_is_made_once_however_late_it_is_repeated() {
    let wire = Wire::of([(200, list(&[])), (200, refund("succeeded"))]);
    let report = bank().give_back(&wire, &back(Return::Refund, 100)).await.unwrap();
    assert_eq!(report, BankReport::new(Some(REFUND_ID.into()), BankState::Succeeded(Money::rub(100))));
    assert_eq!(wire.asked(), [format!("GET /v3/refunds?limit=100&payment_id={ID}"), "POST /v3/refunds".to_owned()]);
    let wanted = json!({
        "payment_id": ID,
        "amount": { "value": "1.00", "currency": "RUB" },
        "metadata": { "apikassa_number": REFUND, "apikassa_payment": NUMBER },
    });
    assert_eq!(wire.command(), (REFUND.to_owned(), wanted));
    for (status, state) in [
        ("pending", BankState::Pending),
        ("succeeded", BankState::Succeeded(Money::rub(100))),
        ("canceled", BankState::Declined(DeclineReason::Other)),
    ] {
        let wire = Wire::of([(200, list(&[refund(status)]))]);
        assert_eq!(bank().give_back(&wire, &back(Return::Refund, 100)).await.unwrap().state, state);
        assert_eq!(wire.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_refund_of_something_else_is_not_believed() {
    let cases = [
        ("/amount", with(refund("succeeded"), json!({ "amount": { "value": "1.01", "currency": "RUB" } }))),
        ("/payment_id", with(refund("succeeded"), json!({ "payment_id": REFUND_ID }))),
        ("/metadata", with(refund("succeeded"), json!({ "metadata": { "apikassa_number": NUMBER } }))),
        ("/status", refund("sleeping")),
    ];
    for (pointer, answer) in cases {
        let wire = Wire::of([(200, list(&[])), (200, answer)]);
        let error = bank().give_back(&wire, &back(Return::Refund, 100)).await.unwrap_err();
        assert_eq!(unreadable(&error), pointer);
    }
    let no = error("invalid_request", "Refund amount is greater than the payment's", Some("amount"));
    let wire = Wire::of([(200, list(&[])), (400, no)]);
    let error = bank().give_back(&wire, &back(Return::Refund, 100)).await.unwrap_err();
    assert_eq!(refused(&error), (400, "invalid_request"));
}

#[tokio::test]
async fn an_operation_is_asked_about_by_its_own_id_or_found() {
    let taken_back = json!({ "cancellation_details": { "party": "refund_network", "reason": "rejected_by_payee" } });
    let wire = Wire::of([(200, with(refund("canceled"), taken_back))]);
    let report = bank().ask(&wire, &question(REFUND, known(), Some(REFUND_ID))).await.unwrap();
    assert_eq!(report.state, BankState::Declined(DeclineReason::Other));
    assert_eq!(wire.asked(), [format!("GET /v3/refunds/{REFUND_ID}")]);
    // The answer to the refund was lost.
    let wire = Wire::of([(200, payment("succeeded")), (200, list(&[refund("pending")]))]);
    let report = bank().ask(&wire, &question(REFUND, known(), None)).await.unwrap();
    assert_eq!(report, BankReport::new(Some(REFUND_ID.into()), BankState::Pending));
    // It never arrived, or it was a capture: how the payment stands tells.
    let wire = Wire::of([(200, payment("succeeded")), (200, list(&[]))]);
    let report = bank().ask(&wire, &question(CAPTURE, known(), None)).await.unwrap();
    assert_eq!(report, BankReport::new(None, stands(0, 200, 0)));
    let wire = Wire::of([(200, payment("waiting_for_capture"))]);
    let report = bank().ask(&wire, &question(CAPTURE, known(), Some(ID))).await.unwrap();
    assert_eq!(report, BankReport::new(None, stands(200, 0, 0)));
    let wire = Wire::of([(404, error("not_found", "Incorrect refund_id", Some("refund_id")))]);
    let report = bank().ask(&wire, &question(REFUND, known(), Some(REFUND_ID))).await.unwrap();
    assert_eq!(report.state, BankState::NotFound);
}

#[tokio::test]
async fn saved_means_are_charged_without_a_page_or_with_one() {
    let charge = |buyer_present| ChargeRequest { payment: request(), token: "2f1d-saved".into(), buyer_present };
    let wire = Wire::of([(200, payment("succeeded"))]);
    let charged = bank().charge(&wire, &charge(false)).await.unwrap();
    assert_eq!((charged.report.state, charged.page), (stands(0, 200, 0), None));
    let (key, body) = wire.command();
    assert_eq!((key.as_str(), &body["payment_method_id"]), (NUMBER, &json!("2f1d-saved")));
    assert!(body.get("confirmation").is_none() && body.get("payment_method_data").is_none(), "{body}");
    let wire = Wire::of([(200, with(payment("pending"), page()))]);
    let charged = bank().charge(&wire, &charge(true)).await.unwrap();
    assert_eq!(charged.report.state, BankState::Pending);
    assert!(charged.page.unwrap().starts_with("https://yoomoney.ru/"));
    assert_eq!(wire.command().1["confirmation"]["type"], json!("redirect"));
    let poor = json!({ "cancellation_details": { "party": "payment_network", "reason": "insufficient_funds" } });
    let wire = Wire::of([(200, with(payment("canceled"), poor))]);
    let charged = bank().charge(&wire, &charge(false)).await.unwrap();
    assert_eq!(charged.report.state, BankState::Declined(DeclineReason::InsufficientFunds));
    let gone = error("invalid_request", "This payment_method_id doesn't exist", Some("payment_method_id"));
    let charged = bank().charge(&Wire::of([(400, gone)]), &charge(false)).await.unwrap();
    assert_eq!(charged.report.state, BankState::Declined(DeclineReason::Other));
}

fn incoming(peer: Option<&str>, body: &Value) -> Incoming {
    Incoming {
        headers: http::HeaderMap::new(),
        query: String::new(),
        body: Bytes::from(body.to_string()),
        peer: peer.map(|peer| peer.parse::<IpAddr>().unwrap()),
    }
}

fn told(event: &str, object: &Value) -> Value {
    json!({ "type": "notification", "event": event, "object": object, "added_later": true })
}

#[test]
fn a_callback_says_whom_to_ask_about_and_proves_nothing() {
    let wanted = Callback {
        number: NUMBER.into(),
        report: BankReport::new(Some(ID.into()), BankState::Pending),
        proven: false,
        answer: CallbackAnswer::EMPTY,
    };
    for (event, object) in [
        ("payment.waiting_for_capture", payment("waiting_for_capture")),
        ("payment.succeeded", payment("succeeded")),
        ("payment.canceled", payment("canceled")),
        ("payment.said_some_day", payment("sleeping")),
        ("refund.succeeded", refund("succeeded")),
    ] {
        let found = bank().callback(now(), &incoming(Some("185.71.76.5"), &told(event, &object))).unwrap();
        assert_eq!(found.as_ref(), Some(&wanted), "{event}");
    }
    let nothing = [
        told("payment_method.active", &json!({ "type": "bank_card", "id": ID, "saved": true, "status": "active" })),
        told("payout.succeeded", &json!({ "id": "po-1" })),
        told("deal.closed", &json!({ "id": "dl-1" })),
        // Made past us: in the shop's cabinet, by other software.
        told("payment.succeeded", &json!({ "id": ID, "metadata": {} })),
        told("refund.succeeded", &json!({ "id": REFUND_ID, "payment_id": ID })),
    ];
    for body in nothing {
        assert_eq!(bank().callback(now(), &incoming(Some("2a02:5180:0:1509::7"), &body)).unwrap(), None, "{body}");
    }
}

#[test]
fn a_callback_from_elsewhere_is_refused_whatever_it_says() {
    let body = told("payment.succeeded", &payment("succeeded"));
    assert_eq!(bank().callback(now(), &incoming(None, &body)), Err(CallbackError::Unsigned));
    for peer in ["127.0.0.1", "185.71.78.1", "::1", "10.0.0.1"] {
        let error = bank().callback(now(), &incoming(Some(peer), &body)).unwrap_err();
        assert_eq!(error, CallbackError::WrongSignature, "{peer}");
    }
    let double = bank_of(&[("networks", "127.0.0.0/8, ::1")]);
    for peer in ["127.0.0.1", "::1"] {
        assert!(double.callback(now(), &incoming(Some(peer), &body)).unwrap().is_some(), "{peer}");
    }
    let error = double.callback(now(), &incoming(Some("185.71.76.5"), &body)).unwrap_err();
    assert_eq!(error, CallbackError::WrongSignature);
    assert!(bank_of(&[("networks", "any")]).callback(now(), &incoming(None, &body)).unwrap().is_some());
    // Networks that can not be read let nobody in, rather than everybody.
    let closed = bank_of(&[("networks", "everywhere")]);
    assert!(closed.callback(now(), &incoming(Some("185.71.76.5"), &body)).is_err());
}

#[test]
fn a_callback_that_is_none_is_named() {
    let cases = [
        ("", json!([])),
        ("", json!({ "event": "payment.succeeded", "object": {} })),
        ("/type", json!({ "type": "error", "event": "payment.succeeded", "object": {} })),
        ("/event", json!({ "type": "notification", "event": "succeeded", "object": {} })),
    ];
    for (place, body) in cases {
        let error = bank().callback(now(), &incoming(Some("77.75.156.11"), &body)).unwrap_err();
        let CallbackError::Malformed { pointer, .. } = error else { panic!("{error:?}") };
        assert_eq!(pointer, place, "{body}");
    }
}

#[test]
fn secrets_are_never_printed() {
    let shown = format!("{:?}", bank());
    assert!(!shown.contains("secret") && !shown.contains("NTQ0"), "{shown}");
}
