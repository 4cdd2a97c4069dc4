//! Wire: what is said to Assist, held to its manual and to a published vector, and what of its answers is understood.

#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use connectors::bank::assist::wire::{check_value, request_text, result_text};
use connectors::bank::assist::{AssistBank, terms};
use connectors::bank::{
    Bank, BankError, Callback, CallbackError, CaptureRequest, ChargeRequest, Incoming, Known, PaymentRequest, Question,
    ReturnRequest, Show,
};
use connectors::http::{Http, HttpError, Request, Response};
use domain::acquiring::{Credentials, Method, Return, Stages, Standing};
use domain::details::Language;
use domain::money::Money;
use domain::order::{BankState, DeclineReason};
use domain::time::Timestamp;
use http::HeaderMap;
use url::form_urlencoded;

const NUMBER: &str = "01m7ynaym0s8g5xv6qt7mh3v2ko1"; // made on 2026-11-21 at 9:00
const BACK: &str = "01m7ynaym0s8g5xv6qt7mh3v2ko2";
const BILL: &str = "5999999232808477";

/// Answers in turn and remembers what it was asked.
#[derive(Default)]
struct Wire {
    answers: Mutex<VecDeque<Result<(u16, String), HttpError>>>,
    asked: Mutex<Vec<Request>>,
}

impl Wire {
    fn new<const N: usize>(answers: [String; N]) -> Self {
        Self { answers: Mutex::new(answers.into_iter().map(|body| Ok((200, body))).collect()), asked: Mutex::default() }
    }

    fn then(self, answer: Result<(u16, &str), HttpError>) -> Self {
        self.answers.lock().unwrap().push_back(answer.map(|(status, body)| (status, body.to_owned())));
        self
    }

    /// Paths and fields of the requests, in order.
    fn asked(&self) -> Vec<(String, Vec<(String, String)>)> {
        assert!(self.answers.lock().unwrap().is_empty(), "not everything was asked");
        let asked = self.asked.lock().unwrap();
        let read = |request: &Request| {
            assert_eq!(request.method, http::Method::POST);
            assert!(!request.partner_given);
            assert!(request.headers[0].1.starts_with("application/x-www-form-urlencoded"));
            let path = request.url.strip_prefix("https://payments.test").unwrap().to_owned();
            (path, form_urlencoded::parse(&request.body).into_owned().collect())
        };
        asked.iter().map(read).collect()
    }

    fn paths(&self) -> Vec<String> {
        self.asked().into_iter().map(|(path, _)| path).collect()
    }
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
    "2026-11-21T09:05:00Z".parse().unwrap()
}

fn credentials() -> Credentials {
    let given = [("merchant_id", "999999"), ("login", "apikassa"), ("password", "Parol2026"), ("secret", "secret")];
    Credentials(given.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
}

fn bank() -> AssistBank {
    AssistBank::new("https://payments.test/", &credentials(), now())
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
        callback_url: "https://pay.test/callbacks/bank/demoshop.t/assist".into(),
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

fn known(stages: Stages) -> Known {
    let reference = if stages == Stages::Two { format!("{BILL}.1") } else { BILL.to_owned() };
    Known {
        number: NUMBER.into(),
        reference: Some(reference),
        amount: Money::rub(300_000),
        method: Method::Card,
        stages,
        captured: None,
    }
}

/// One operation: its number, type, amount, response code.
type Op = (u8, u16, &'static str, &'static str);

fn order(bill: &str, state: &str, operations: &[Op]) -> String {
    use std::fmt::Write;
    let mut text = format!(
        "<order><ordernumber>{NUMBER}</ordernumber><billnumber>{bill}</billnumber><testmode>0</testmode>\
         <orderamount>3000.00</orderamount><ordercurrency>RUB</ordercurrency><orderdate>21.11.2026 09:00:54</orderdate>\
         <orderstate>{state}</orderstate><packetdate>21.11.2026 09:05:53</packetdate><signature/>"
    );
    for (no, kind, amount, code) in operations {
        write!(
            text,
            "<operation><billnumber>{bill}.{no}</billnumber><operationtype>{kind}</operationtype><amount>{amount}</amount>\
             <currency>RUB</currency><meantypename>VISA</meantypename><meannumber>411111****1111</meannumber>\
             <cardexpirationdate>12/28</cardexpirationdate><responsecode>{code}</responsecode><new>field</new></operation>"
        )
        .unwrap();
    }
    text + "</order>"
}

fn result(orders: &[String]) -> String {
    format!(
        "<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n<!DOCTYPE result [\n<!ATTLIST result\nfirstcode CDATA \
         #REQUIRED\nsecondcode CDATA #REQUIRED\ncount CDATA #REQUIRED>\n<!ELEMENT result (order*)>\n]>\n<result \
         firstcode=\"0\" secondcode=\"0\" count=\"{}\">{}</result>",
        orders.len(),
        orders.concat()
    )
}

fn one(state: &str, operations: &[Op]) -> String {
    result(&[order(BILL, state, operations)])
}

fn nothing() -> String {
    "<result firstcode=\"10\" secondcode=\"201\" count=\"0\"/>".to_owned()
}

fn code(first: u8, second: u16) -> String {
    format!("<?xml version=\"1.0\"?><result firstcode=\"{first}\" secondcode=\"{second}\" count=\"0\"></result>")
}

/// An answer to a command: flat, within `orders`.
fn flat(state: &str, kind: u16, amount: &str, response: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><result firstcode=\"0\" secondcode=\"0\" count=\"1\"><orders><order>\
         <ordernumber>{NUMBER}</ordernumber><responsecode>{response}</responsecode><recommendation/>\
         <message>Завершено успешно</message><orderdate>21.11.2026 09:00:54</orderdate><amount>{amount}</amount>\
         <currency>RUB</currency><meantypename>VISA</meantypename><meannumber>411111****1111</meannumber><testmode>0</testmode>\
         <orderstate>{state}</orderstate><operationtype>{kind}</operationtype><billnumber>{BILL}.2</billnumber>\
         <orderamount>3000.00</orderamount><ordercurrency>RUB</ordercurrency></order></orders></result>"
    )
}

fn cancelled(state: &str, amount: &str, response: &str) -> String {
    format!(
        r#"{{"wscancel":{{"order":{{"billnumber":"{BILL}","ordernumber":"{NUMBER}","testmode":0,"ordercomment":"","orderamount":3000.00,
        "ordercurrency":"RUB","orderdate":"21.11.2026 09:00:54","orderstate":"{state}","operations":[{{"billnumber":"{BILL}.3",
        "operationtype":300,"amount":"{amount}","currency":"RUB","responsecode":"{response}","new":[]}}]}},"checkdata":null}}}}"#
    )
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

fn standing(held: i64, captured: i64, refunded: i64) -> BankState {
    let [held, captured, refunded] = [held, captured, refunded].map(Money::rub);
    BankState::Stands(Standing { held, captured, refunded })
}

const PAGE: &str = r#"{"url": "https://payments.test/pay/pay.cfm?CFSID=x%3D&stage=iframe", "expirationtime":"21.11.2026 16:37:53", "orderstate": "In Process"}"#;

#[test]
fn the_published_check_value_verifies() {
    let text = request_text(&["999999", "ORD-1", "100.00", "RUB", "", ""]);
    assert_eq!(text, "999999;ORD-1;100.00;RUB");
    assert_eq!(check_value("secret", &text), "9FD8850B3685AF17B7CC13C11A81BA8D");
}

#[tokio::test]
async fn a_payment_is_a_form_and_known_by_its_first_bill() {
    let wire = Wire::new([PAGE.to_owned(), one("In Process", &[])]);
    let registered = bank().register(&wire, &payment()).await.unwrap();
    assert_eq!(registered.reference, BILL);
    assert_eq!(registered.show, Show::Page("https://payments.test/pay/pay.cfm?CFSID=x%3D&stage=iframe".into()));
    let asked = wire.asked();
    let (path, said) = &asked[0];
    assert_eq!(path, "/pay/payrequest.cfm");
    let said: Vec<_> = said.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let sum = check_value("secret", &format!("999999;{NUMBER};3000.00;RUB"));
    let wanted = [
        ("Merchant_ID", "999999"),
        ("Login", "apikassa"),
        ("Password", "Parol2026"),
        ("OrderNumber", NUMBER),
        ("OrderAmount", "3000.00"),
        ("OrderCurrency", "RUB"),
        ("OrderComment", "Выписка ЕГРН"),
        ("Delay", "0"),
        ("Language", "RU"),
        ("URL_RETURN_OK", "https://pay.test/c/x/return"),
        ("URL_RETURN_NO", "https://pay.test/c/x/return"),
        ("CardPayment", "1"),
        ("YMPayment", "0"),
        ("WMPayment", "0"),
        ("QIWIPayment", "0"),
        ("MirPayPayment", "0"),
        ("FastPayPayment", "0"),
        ("Checkvalue", &sum),
    ];
    assert_eq!(said, wanted);
    let (path, said) = &asked[1];
    assert_eq!(path, "/orderresult/orderresult.cfm");
    assert_eq!(field(said, "Ordernumber"), Some(NUMBER));
    assert_eq!(field(said, "Format"), Some("3"));
    // Where nothing is said Assist looks three days back, and it refuses long spans.
    let parts = |which: &str| {
        ["Year", "Month", "Day", "Hour", "Min"].map(|part| field(said, &format!("{which}{part}")).unwrap().to_owned())
    };
    assert_eq!((parts("Start").join(" "), parts("End").join(" ")), ("2026 11 20 9 0".into(), "2026 12 20 9 0".into()));
}

#[tokio::test]
async fn an_old_order_is_looked_for_in_span_after_span() {
    let later: Timestamp = "2027-02-01T00:00:00Z".parse().unwrap();
    let bank = AssistBank::new("https://payments.test/", &credentials(), later);
    let question = Question { number: NUMBER.into(), payment: known(Stages::One), reference: None };
    let paid = one("Approved", &[(1, 100, "3000.00", "AS000")]);
    let wire = Wire::new([nothing(), nothing(), paid]);
    assert_eq!(bank.ask(&wire, &question).await.unwrap().state, standing(0, 300_000, 0));
    let days: Vec<_> = wire.asked().iter().map(|(_, said)| field(said, "StartMonth").unwrap().to_owned()).collect();
    assert_eq!(days, ["11", "12", "1"]);
    // A number that says nothing of its time: the last month.
    let payment = Known { number: "A-1".into(), ..known(Stages::One) };
    let question = Question { number: "A-1".into(), payment, reference: None };
    let wire = Wire::new([nothing()]);
    assert_eq!(bank.ask(&wire, &question).await.unwrap().state, BankState::NotFound);
    let said = &wire.asked()[0].1;
    assert_eq!(
        (field(said, "StartMonth"), field(said, "StartDay"), field(said, "EndDay")),
        (Some("1"), Some("3"), Some("2"))
    );
}

#[tokio::test]
async fn what_a_payment_may_carry() {
    let two = PaymentRequest {
        stages: Stages::Two,
        customer: Some("buyer-7".into()),
        points_max: Some(Money::rub(150_000)),
        email: Some("b@x.test".into()),
        phone: Some("+79160000000".into()),
        language: Language::En,
        ..payment()
    };
    let wire = Wire::new([PAGE.replace("\"url\"", "\"URL\""), one("In Process", &[])]);
    assert_eq!(bank().register(&wire, &two).await.unwrap().reference, format!("{BILL}.1"));
    let said = &wire.asked()[0].1;
    let sum = check_value("secret", &format!("999999;{NUMBER};3000.00;RUB;1500.00;buyer-7"));
    for (name, value) in [
        ("Delay", "1"),
        ("Language", "EN"),
        ("OrderMaxPoints", "1500.00"),
        ("CustomerNumber", "buyer-7"),
        ("Email", "b@x.test"),
        ("MobilePhone", "+79160000000"),
        ("Checkvalue", &sum),
    ] {
        assert_eq!(field(said, name), Some(value), "{name}");
    }

    let saved = PaymentRequest { customer: Some("buyer-7".into()), save: true, ..payment() };
    let wire = Wire::new([PAGE.to_owned(), one("In Process", &[])]);
    bank().register(&wire, &saved).await.unwrap();
    let said = &wire.asked()[0].1;
    for (name, value) in [
        ("RecurringIndicator", "1"),
        ("RecurringMinAmount", "0.01"),
        ("RecurringMaxAmount", "1000000.00"),
        ("RecurringPeriod", "1"),
        ("RecurringMaxDate", "21.11.2029"),
    ] {
        assert_eq!(field(said, name), Some(value), "{name}");
    }
    assert_eq!(field(said, "CustomerNumber"), None, "the two exclude each other");

    let sbp = PaymentRequest { method: Method::Sbp, ..payment() };
    let wire = Wire::new([PAGE.to_owned(), one("In Process", &[])]);
    bank().register(&wire, &sbp).await.unwrap();
    let said = &wire.asked()[0].1;
    assert_eq!((field(said, "FastPayPayment"), field(said, "CardPayment")), (Some("1"), Some("0")));
}

#[tokio::test]
async fn what_assist_has_not_is_refused_before_anything_is_sent() {
    let wire = Wire::default();
    let cases = [
        PaymentRequest { method: Method::Dolyami, ..payment() },
        PaymentRequest { method: Method::Sbp, stages: Stages::Two, ..payment() },
        PaymentRequest { method: Method::Sbp, save: true, ..payment() },
    ];
    for case in cases {
        let error = bank().register(&wire, &case).await.unwrap_err();
        assert!(matches!(error, BankError::Refused { code, .. } if code == "unsupported"));
    }
    let charge = |payment, token: &str| ChargeRequest { payment, token: token.to_owned(), buyer_present: false };
    for case in [charge(PaymentRequest { stages: Stages::Two, ..payment() }, BILL), charge(payment(), "not-a-bill")] {
        let error = bank().charge(&wire, &case).await.unwrap_err();
        assert!(matches!(error, BankError::Refused { code, .. } if code == "unsupported"));
    }
    let part = ReturnRequest { amount: Money::rub(1), ..back(Return::Void, 1, 300_000) };
    let error = bank().give_back(&wire, &part).await.unwrap_err();
    assert!(matches!(error, BankError::Refused { code, .. } if code == "unsupported"));
    assert!(wire.asked().is_empty());
    for terms in terms() {
        let stages = if terms.hold.is_on() { Stages::Two } else { Stages::One };
        let request = PaymentRequest { method: terms.method, stages, save: terms.save.is_on(), ..payment() };
        let wire = Wire::new([PAGE.to_owned(), one("In Process", &[])]);
        bank().register(&wire, &request).await.unwrap();
    }
}

#[tokio::test]
async fn a_registration_that_is_none_is_told_from_one_that_may_be() {
    let failed = async |wire: Wire| bank().register(&wire, &payment()).await.unwrap_err();
    let declined = r#"{"URL":"", "expirationtime":"07.07.2018 13:37:53", "orderstate": "Decline"}"#;
    assert!(
        matches!(failed(Wire::new([declined.into(), nothing()])).await, BankError::Refused { code, .. } if code == "declined")
    );
    let paid = one("Approved", &[(1, 100, "3000.00", "AS000")]);
    let unknown = [
        // Declined because it is paid.
        Wire::new([declined.into(), paid]),
        Wire::new(["<html><body>Ведутся работы</body></html>".into()]),
        Wire::new([r#"{"url": "https://pay"#.into()]),
        Wire::default().then(Ok((502, "bad gateway"))),
        Wire::default().then(Err(HttpError::Unknown("silence".into()))),
        // The order that was just created is not there; or it was paid long ago.
        Wire::new([PAGE.into(), nothing()]),
        Wire::new([
            PAGE.into(),
            result(&[order(BILL, "Approved", &[(1, 100, "3000.00", "AS000")]), order(BILL, "In Process", &[])]),
        ]),
        Wire::new([PAGE.into(), "<result".into()]),
    ];
    for wire in unknown {
        let error = failed(wire).await;
        assert!(matches!(error, BankError::Unknown(_)), "{error:?}");
    }
    let error = failed(Wire::default().then(Err(HttpError::NotSent("no connection".into())))).await;
    assert!(matches!(error, BankError::NotSent(_)));
    let error = failed(Wire::new([PAGE.replace("https://", "//"), one("In Process", &[])])).await;
    assert!(matches!(error, BankError::Unreadable { pointer, .. } if pointer == "/URL"));
    let error = failed(Wire::new([PAGE.into(), code(7, 102)])).await;
    assert!(matches!(error, BankError::Refused { code, .. } if code == "7/102"));
    // A second page after one that ran out: known by the first bill all the same.
    let second = result(&[order(BILL, "Timeout", &[]), order("5999999232808478", "In Process", &[])]);
    let wire = Wire::new([PAGE.into(), second]);
    assert_eq!(bank().register(&wire, &payment()).await.unwrap().reference, BILL);
}

async fn ask(stages: Stages, answer: String) -> Result<domain::order::BankReport, BankError> {
    let question = Question { number: NUMBER.into(), payment: known(stages), reference: None };
    bank().ask(&Wire::new([answer]), &question).await
}

#[tokio::test]
async fn a_hold_that_was_let_go_is_no_refund_even_where_its_name_was_lost() {
    const HELD: Op = (1, 100, "3000.00", "AS000");
    const LET_GO: Op = (2, 300, "3000.00", "AS000");
    let payment = Known { reference: None, ..known(Stages::Two) };
    let question = Question { number: NUMBER.into(), payment, reference: None };
    let told = bank().ask(&Wire::new([one("Canceled", &[HELD, LET_GO])]), &question).await.unwrap();
    assert_eq!(told.state, standing(0, 0, 0));
    assert_eq!(told.reference, known(Stages::Two).reference);
}

#[tokio::test]
async fn the_nine_states_are_understood_with_their_amounts() {
    const PAID: Op = (1, 100, "3000.00", "AS000");
    const PART: Op = (2, 200, "2000.00", "AS000");
    let declined = BankState::Declined;
    let cases: [(Stages, &str, &[Op], BankState); 24] = [
        (Stages::One, "In Process", &[], BankState::Pending),
        (Stages::One, "Approved", &[PAID], standing(0, 300_000, 0)),
        (Stages::One, "Approved", &[], standing(0, 300_000, 0)),
        (Stages::One, "PartialApproved", &[(1, 100, "1000,00", "AS000")], standing(0, 100_000, 0)),
        (
            Stages::One,
            "Approved",
            &[(1, 100, "3000.00", "AS100"), (2, 100, "3000.00", "AS000")],
            standing(0, 300_000, 0),
        ),
        (Stages::One, "Canceled", &[PAID, (2, 300, "3000.00", "AS000")], standing(0, 300_000, 300_000)),
        (Stages::One, "PartialCanceled", &[PAID, (2, 300, "100.50", "AS000")], standing(0, 300_000, 10_050)),
        (
            Stages::One,
            "PartialCanceled",
            &[PAID, (2, 300, "100.50", "AS000"), (3, 300, "9.00", "AS300")],
            standing(0, 300_000, 10_050),
        ),
        (
            Stages::One,
            "PartialCanceled",
            &[PAID, (2, 300, "1.00", "AS000"), (3, 300, "2.00", "AS000")],
            standing(0, 300_000, 300),
        ),
        (Stages::One, "Approved", &[PAID, (2, 300, "100.50", "AS100")], standing(0, 300_000, 0)),
        (Stages::Two, "Delayed", &[PAID], standing(300_000, 0, 0)),
        (Stages::Two, "Approved", &[PAID, (2, 200, "3000.00", "AS000")], standing(0, 300_000, 0)),
        (Stages::Two, "PartialDelayed", &[PAID, PART], standing(0, 200_000, 0)),
        (Stages::Two, "PartialCanceled", &[PAID, PART, (3, 300, "500.00", "AS000")], standing(0, 200_000, 50_000)),
        (Stages::Two, "Canceled", &[PAID, PART, (3, 300, "2000.00", "AS000")], standing(0, 200_000, 200_000)),
        (Stages::Two, "Canceled", &[PAID, (2, 300, "3000.00", "AS000")], standing(0, 0, 0)),
        (Stages::Two, "PartialCanceled", &[PAID, (2, 300, "1000.00", "AS000")], standing(200_000, 0, 0)),
        (Stages::One, "Declined", &[(1, 100, "3000.00", "AS102")], declined(DeclineReason::InsufficientFunds)),
        (Stages::One, "Declined", &[(1, 100, "3000.00", "AS104")], declined(DeclineReason::CardBlocked)),
        (Stages::One, "Declined", &[(1, 100, "3000.00", "AS108")], declined(DeclineReason::CardBlocked)),
        (Stages::One, "Declined", &[(1, 100, "3000.00", "AS100")], declined(DeclineReason::Other)),
        (Stages::One, "Declined", &[], declined(DeclineReason::Other)),
        (Stages::One, "Timeout", &[], declined(DeclineReason::TimedOut)),
        (Stages::Two, "Timeout", &[], declined(DeclineReason::TimedOut)),
    ];
    for (stages, state, operations, wanted) in cases {
        let report = ask(stages, one(state, operations)).await.unwrap();
        assert_eq!(report.state, wanted, "{state} {operations:?}");
        assert_eq!(report.reference, known(stages).reference);
    }
    for answer in [nothing(), "<result firstcode='0' secondcode='0' count='0'/>".to_owned()] {
        let report = ask(Stages::One, answer).await.unwrap();
        assert_eq!((report.state, report.reference), (BankState::NotFound, None));
    }
}

#[tokio::test]
async fn attempts_under_one_number_are_one_payment() {
    let other = "5999999232808479";
    let paid = |bill| order(bill, "Approved", &[(1, 100, "3000.00", "AS000")]);
    let failed = order(BILL, "Declined", &[(1, 100, "3000.00", "AS102")]);
    let open = order(other, "In Process", &[]);
    let cases = [
        (result(&[failed.clone(), paid(other)]), standing(0, 300_000, 0)),
        (result(&[failed.clone(), open.clone()]), BankState::Pending),
        (result(&[order(BILL, "In Process", &[]), failed.replace(BILL, other)]), BankState::Pending),
        // Paid twice: nothing is lost sight of.
        (result(&[paid(BILL), paid(other)]), standing(0, 600_000, 0)),
    ];
    for (answer, wanted) in cases {
        let report = ask(Stages::One, answer).await.unwrap();
        assert_eq!((report.state, report.reference.as_deref()), (wanted, Some(BILL)));
    }
}

/// The second payment of an order is one in points.
fn with_points(answer: &str) -> String {
    let points = |text: &str, no: u8| {
        let (before, after) = text.split_once(&format!("<billnumber>{BILL}.{no}</billnumber>")).unwrap();
        let after = after.replacen("VISA", "Discount", 1).replacen("411111****1111", "", 1);
        format!("{before}<billnumber>{BILL}.{no}</billnumber>{after}")
    };
    let text = points(answer, 2);
    if text.contains(&format!("{BILL}.4<")) { points(&text, 4) } else { text }
}

#[tokio::test]
async fn points_and_means_are_told() {
    let halves: &[Op] = &[(1, 100, "1700.00", "AS000"), (2, 100, "1300.00", "AS000"), (3, 500, "30.00", "AS000")];
    let report = ask(Stages::One, with_points(&one("Approved", halves))).await.unwrap();
    assert_eq!((report.state, report.points), (standing(0, 170_000, 0), Some(Money::rub(130_000))));
    assert_eq!(report.accrued, Some(Money::rub(3_000)));
    let saved = report.saved.unwrap();
    assert_eq!((saved.token.as_str(), saved.label.as_str()), (BILL, "Visa •• 1111"));
    assert_eq!(saved.valid_until.as_deref(), Some("2028-12"));
    let sbp = one("Approved", &[(1, 100, "3000.00", "AS000")]).replace("411111****1111", "").replace("VISA", "СБП");
    let report = ask(Stages::One, sbp).await.unwrap();
    assert_eq!((report.state, report.saved, report.points), (standing(0, 300_000, 0), None, None));
}

#[tokio::test]
async fn nonsense_is_not_understood() {
    const PAID: Op = (1, 100, "3000.00", "AS000");
    let good = one("Approved", &[PAID]);
    let unreadable = [
        (good.replace(&format!("<ordernumber>{NUMBER}"), "<ordernumber>other"), "/result/order/ordernumber"),
        (good.replace("<orderamount>3000.00", "<orderamount>2999.00"), "/result/order/orderamount"),
        (good.replace("<ordercurrency>RUB", "<ordercurrency>USD"), "/result/order/orderamount"),
        (good.replace("Approved", "Perhaps"), "/result/order/orderstate"),
        (good.replace("<testmode>0", "<testmode>1"), "/result/order/testmode"),
        (good.replace("<amount>3000.00", "<amount>-5"), "/amount"),
        (one("PartialDelayed", &[PAID]), "/result/order/operation/amount"),
        (one("Approved", &[PAID, (2, 300, "3000.01", "AS000")]), "/result/order/operation/amount"),
    ];
    for (answer, place) in unreadable {
        let error = ask(Stages::One, answer).await.unwrap_err();
        assert!(matches!(&error, BankError::Unreadable { pointer, .. } if pointer == place), "{error:?}");
    }
    for later in [code(12, 201), code(17, 3)] {
        let error = ask(Stages::One, later).await.unwrap_err();
        assert!(matches!(error, BankError::NotSent(_)), "{error:?}");
    }
    for answer in [&good[..good.len() - 20], "<html><p>500</p></html>", "", "{}", &code(2, 1), &code(16, 0)] {
        let error = ask(Stages::One, answer.to_owned()).await.unwrap_err();
        assert!(matches!(error, BankError::Unknown(_)), "{error:?}");
    }
    let error = ask(Stages::One, code(7, 102)).await.unwrap_err();
    assert!(matches!(error, BankError::Refused { code, .. } if code == "7/102"));
    let tests = Credentials([("merchant_id".into(), "999999".into()), ("test".into(), "1".into())].into());
    let question = Question { number: NUMBER.into(), payment: known(Stages::One), reference: None };
    let wire = Wire::new([good.replace("<testmode>0", "<testmode>1")]);
    let report = AssistBank::new("https://payments.test", &tests, now()).ask(&wire, &question).await.unwrap();
    assert_eq!(report.state, standing(0, 300_000, 0));
    // The old name of the rouble.
    let report = ask(Stages::One, good.replace("RUB", "RUR")).await.unwrap();
    assert_eq!(report.state, standing(0, 300_000, 0));
}

fn capture(amount: i64) -> CaptureRequest {
    let (held, amount) = (Money::rub(300_000), Money::rub(amount));
    CaptureRequest { number: BACK.into(), payment: known(Stages::Two), held, amount }
}

#[tokio::test]
async fn the_money_of_a_hold_with_points_is_confirmed_whole_and_without_an_amount() {
    let held = with_points(&one("Delayed", &[(1, 100, "1700.00", "AS000"), (2, 100, "1300.00", "AS000")]));
    assert_eq!(ask(Stages::Two, held.clone()).await.unwrap().state, standing(170_000, 0, 0));
    let request = CaptureRequest { held: Money::rub(170_000), ..capture(170_000) };
    let wire = Wire::new([held.clone(), flat("Approved", 200, "1700.00", "AS000")]);
    let report = bank().capture(&wire, &request).await.unwrap();
    assert_eq!(report.state, BankState::Succeeded(Money::rub(170_000)));
    let (_, said) = wire.asked().pop().unwrap();
    assert_eq!(
        (field(&said, "Billnumber"), field(&said, "Amount"), field(&said, "Currency")),
        (Some(BILL), None, None)
    );
    // A part of it can not be.
    let wire = Wire::new([held]);
    let part = CaptureRequest { amount: Money::rub(100_000), ..request };
    assert!(matches!(bank().capture(&wire, &part).await, Err(BankError::Refused { .. })));
    assert_eq!(wire.paths().len(), 1);
}

#[tokio::test]
async fn a_capture_asks_first_and_confirms_once() {
    const HELD: &[Op] = &[(1, 100, "3000.00", "AS000")];
    let wire = Wire::new([one("Delayed", HELD), flat("PartialDelayed", 200, "2000.00", "AS000")]);
    let report = bank().capture(&wire, &capture(200_000)).await.unwrap();
    assert_eq!(report.state, BankState::Succeeded(Money::rub(200_000)));
    let (path, said) = wire.asked().pop().unwrap();
    assert_eq!(path, "/charge/charge.cfm");
    assert_eq!(
        (field(&said, "Billnumber"), field(&said, "Amount"), field(&said, "Currency")),
        (Some(BILL), Some("2000.00"), Some("RUB"))
    );

    let done: &[Op] = &[(1, 100, "3000.00", "AS000"), (2, 200, "2000.00", "AS000")];
    for (answer, wanted) in [
        (one("PartialDelayed", done), BankState::Succeeded(Money::rub(200_000))),
        (one("Approved", &[HELD[0], (2, 200, "3000.00", "AS000")]), standing(0, 300_000, 0)),
        (one("Canceled", &[HELD[0], (2, 300, "3000.00", "AS000")]), standing(0, 0, 0)),
        (one("Timeout", &[]), BankState::Declined(DeclineReason::TimedOut)),
    ] {
        let wire = Wire::new([answer]);
        assert_eq!(bank().capture(&wire, &capture(200_000)).await.unwrap().state, wanted);
        assert_eq!(wire.paths().len(), 1, "nothing is confirmed twice");
    }
    // A no that came because an earlier attempt had done it, and one that is one.
    let wire = Wire::new([one("Delayed", HELD), code(1, 307), one("PartialDelayed", done)]);
    assert_eq!(
        bank().capture(&wire, &capture(200_000)).await.unwrap().state,
        BankState::Succeeded(Money::rub(200_000))
    );
    let wire = Wire::new([one("Delayed", HELD), code(1, 307), one("Delayed", HELD)]);
    let error = bank().capture(&wire, &capture(200_000)).await.unwrap_err();
    assert!(matches!(error, BankError::Refused { code, .. } if code == "1/307"));
    for (answer, wanted) in [
        (flat("Delayed", 200, "2000.00", "AS100"), Some(BankState::Declined(DeclineReason::Other))),
        (flat("Delayed", 200, "2000.00", "AS300"), Some(BankState::Pending)),
        (flat("Delayed", 200, "2000.00", "AS998"), None),
        (code(2, 1), None),
        ("<html><p>Gateway</p></html>".to_owned(), None),
    ] {
        let wire = Wire::new([one("Delayed", HELD), answer]);
        let state = bank().capture(&wire, &capture(200_000)).await;
        match (state, wanted) {
            (Ok(report), Some(wanted)) => assert_eq!(report.state, wanted),
            (Err(BankError::Unknown(_)), None) => {}
            (other, _) => panic!("{other:?}"),
        }
    }
    let wire = Wire::new([one("Delayed", HELD), flat("Approved", 200, "3000.00", "AS000")]);
    let error = bank().capture(&wire, &capture(200_000)).await.unwrap_err();
    assert!(matches!(error, BankError::Unreadable { pointer, .. } if pointer == "/order/operation/amount"));
    let wire = Wire::new([one("Delayed", HELD)]).then(Err(HttpError::Unknown("silence".into())));
    assert!(matches!(bank().capture(&wire, &capture(200_000)).await, Err(BankError::Unknown(_))));
    assert!(
        matches!(bank().capture(&Wire::new([nothing()]), &capture(200_000)).await, Err(BankError::Refused { code, .. }) if code == "not_held")
    );
    assert!(
        matches!(bank().capture(&Wire::new([one("Delayed", HELD)]), &capture(300_001)).await, Err(BankError::Refused { code, .. }) if code == "amount")
    );
}

fn back(kind: Return, amount: i64, standing: i64) -> ReturnRequest {
    let stages = if kind == Return::Void { Stages::Two } else { Stages::One };
    let (amount, standing) = (Money::rub(amount), Money::rub(standing));
    ReturnRequest { number: BACK.into(), payment: known(stages), kind, amount, standing }
}

#[tokio::test]
async fn a_return_asks_first_and_carries_its_own_number() {
    const PAID: &[Op] = &[(1, 100, "3000.00", "AS000")];
    let once: &[Op] = &[PAID[0], (2, 300, "1000.00", "AS000")];
    let wire = Wire::new([one("Approved", PAID), cancelled("PartialCanceled", "1000.00", "AS000")]);
    let report = bank().give_back(&wire, &back(Return::Refund, 100_000, 300_000)).await.unwrap();
    assert_eq!(report.state, BankState::Succeeded(Money::rub(100_000)));
    let (path, said) = wire.asked().pop().unwrap();
    assert_eq!(path, "/cancel/wscancel.cfm");
    for (name, value) in
        [("Billnumber", BILL), ("Amount", "1000.00"), ("Currency", "RUB"), ("Externalrefundid", BACK), ("Format", "5")]
    {
        assert_eq!(field(&said, name), Some(value), "{name}");
    }
    // Whole, voided, and the rest of what went back in part.
    for (request, before, answer) in [
        (back(Return::Reversal, 300_000, 300_000), one("Approved", PAID), cancelled("Canceled", "3000.00", "AS000")),
        (back(Return::Void, 300_000, 300_000), one("Delayed", PAID), cancelled("Canceled", "3000.00", "AS000")),
        (
            back(Return::Refund, 200_000, 200_000),
            one("PartialCanceled", once),
            cancelled("Canceled", "2000.00", "AS000"),
        ),
    ] {
        let wire = Wire::new([before, answer]);
        assert_eq!(bank().give_back(&wire, &request).await.unwrap().state, BankState::Succeeded(request.amount));
    }
    // Done before; or something else was done meanwhile.
    let all: &[Op] = &[PAID[0], (2, 300, "3000.00", "AS000")];
    let charged: &[Op] = &[PAID[0], (2, 200, "3000.00", "AS000")];
    for (request, answer, wanted) in [
        (
            back(Return::Refund, 100_000, 300_000),
            one("PartialCanceled", once),
            BankState::Succeeded(Money::rub(100_000)),
        ),
        (back(Return::Void, 300_000, 300_000), one("Canceled", all), BankState::Succeeded(Money::rub(300_000))),
        (back(Return::Refund, 200_000, 300_000), one("PartialCanceled", once), standing(0, 300_000, 100_000)),
        (back(Return::Void, 300_000, 300_000), one("Approved", charged), standing(0, 300_000, 0)),
    ] {
        let wire = Wire::new([answer]);
        assert_eq!(bank().give_back(&wire, &request).await.unwrap().state, wanted);
        assert_eq!(wire.paths().len(), 1, "nothing goes back twice");
    }
}

#[tokio::test]
async fn an_unclear_return_is_looked_at_again() {
    const PAID: &[Op] = &[(1, 100, "3000.00", "AS000")];
    let once: &[Op] = &[PAID[0], (2, 300, "1000.00", "AS000")];
    let request = back(Return::Refund, 100_000, 300_000);
    let fault = r#"{"fault":{"faultcode":"Client","faultstring":"Externalrefundid"}}"#;
    let wire = Wire::new([one("Approved", PAID)]).then(Ok((400, fault))).then(Ok((200, &one("PartialCanceled", once))));
    assert_eq!(bank().give_back(&wire, &request).await.unwrap().state, BankState::Succeeded(Money::rub(100_000)));
    let wire = Wire::new([one("Approved", PAID)]).then(Ok((400, fault))).then(Ok((200, &one("Approved", PAID))));
    let error = bank().give_back(&wire, &request).await.unwrap_err();
    assert!(matches!(error, BankError::Refused { status: 400, .. }));
    for (answer, wanted) in [
        (cancelled("Approved", "1000.00", "AS100"), Some(BankState::Declined(DeclineReason::Other))),
        (cancelled("Approved", "1000.00", "AS300"), Some(BankState::Pending)),
        (cancelled("Approved", "1000.00", "AS200"), None),
        (r#"{"wscancel":{"#.to_owned(), None),
        ("<html></html>".to_owned(), None),
    ] {
        let wire = Wire::new([one("Approved", PAID), answer]);
        match (bank().give_back(&wire, &request).await, wanted) {
            (Ok(report), Some(wanted)) => assert_eq!(report.state, wanted),
            (Err(BankError::Unknown(_)), None) => {}
            (other, _) => panic!("{other:?}"),
        }
    }
    let wire =
        Wire::new([one("Approved", PAID), cancelled("Canceled", "1000.00", "AS000").replace(BILL, "5000000000000001")]);
    let error = bank().give_back(&wire, &request).await.unwrap_err();
    assert!(matches!(error, BankError::Unreadable { pointer, .. } if pointer == "/wscancel/order/billnumber"));
}

#[tokio::test]
async fn a_payment_of_two_halves_goes_back_by_halves() {
    let halves: &[Op] = &[(1, 100, "1700.00", "AS000"), (2, 100, "1300.00", "AS000")];
    let all: &[Op] = &[halves[0], halves[1], (3, 300, "1700.00", "AS000"), (4, 300, "1300.00", "AS000")];
    let (before, after) = (with_points(&one("Approved", halves)), with_points(&one("Canceled", all)));
    let wire = Wire::new([before.clone(), cancelled("Canceled", "1300.00", "AS000"), after]);
    let report = bank().give_back(&wire, &back(Return::Refund, 170_000, 170_000)).await.unwrap();
    assert_eq!(report.state, BankState::Succeeded(Money::rub(170_000)));
    let said = &wire.asked()[1].1;
    assert_eq!((field(said, "Billnumber"), field(said, "Amount")), (Some(BILL), None), "points go back with the rest");
    let wire = Wire::new([before.clone(), cancelled("PartialCanceled", "500.00", "AS000")]);
    bank().give_back(&wire, &back(Return::Refund, 50_000, 170_000)).await.unwrap();
    let said = &wire.asked()[1].1;
    assert_eq!((field(said, "Billnumber"), field(said, "Amount")), (Some("5999999232808477.1"), Some("500.00")));
    // More than was money: it stands otherwise.
    let report = bank().give_back(&Wire::new([before]), &back(Return::Refund, 200_000, 300_000)).await.unwrap();
    assert_eq!(report.state, standing(0, 170_000, 0));
}

#[tokio::test]
async fn saved_means_are_charged_once() {
    let request = ChargeRequest { payment: payment(), token: "5111111000000001".into(), buyer_present: true };
    let wire = Wire::new([nothing(), flat("Approved", 100, "3000.00", "AS000")]);
    let charged = bank().charge(&wire, &request).await.unwrap();
    assert_eq!((charged.report.state, charged.page), (standing(0, 300_000, 0), None));
    assert_eq!(charged.report.reference.as_deref(), Some(BILL));
    let (path, said) = wire.asked().pop().unwrap();
    assert_eq!(path, "/recurrent/rp.cfm");
    for (name, value) in
        [("BillNumber", "5111111000000001"), ("OrderNumber", NUMBER), ("Amount", "3000.00"), ("Currency", "RUB")]
    {
        assert_eq!(field(&said, name), Some(value), "{name}");
    }
    let wire = Wire::new([one("Approved", &[(1, 100, "3000.00", "AS000")])]);
    assert_eq!(bank().charge(&wire, &request).await.unwrap().report.state, standing(0, 300_000, 0));
    let wire = Wire::new([nothing(), flat("Declined", 100, "3000.00", "AS102")]);
    let declined = BankState::Declined(DeclineReason::InsufficientFunds);
    assert_eq!(bank().charge(&wire, &request).await.unwrap().report.state, declined);
    let wire = Wire::new([nothing(), code(5, 108), nothing()]);
    assert!(matches!(bank().charge(&wire, &request).await, Err(BankError::Refused { code, .. }) if code == "5/108"));
    let wire = Wire::new([nothing(), code(5, 107), one("Approved", &[(1, 100, "3000.00", "AS000")])]);
    assert_eq!(bank().charge(&wire, &request).await.unwrap().report.state, standing(0, 300_000, 0));
    let wire = Wire::new([nothing()]).then(Ok((504, "")));
    assert!(matches!(bank().charge(&wire, &request).await, Err(BankError::Unknown(_))));
    bank().forget(&Wire::default(), "buyer-7", "5111111000000001").await.unwrap();
}

/// The fields of a notification, in the order of Assist's example of a result package.
fn told(state: &str) -> Vec<(String, String)> {
    let sum = check_value("secret", &result_text("999999", NUMBER, "3000.00", "RUB", state));
    let bill = format!("{BILL}.1");
    let fields = [
        ("merchant_id", "999999"),
        ("ordernumber", NUMBER),
        ("billnumber", &bill),
        ("testmode", "0"),
        ("ordercomment", "Выписка ЕГРН"),
        ("orderamount", "3000.00"),
        ("ordercurrency", "RUB"),
        ("amount", "3000.00"),
        ("currency", "RUB"),
        ("orderstate", state),
        ("responsecode", if state == "Declined" { "AS102" } else { "AS000" }),
        ("operationtype", "100"),
        ("packetdate", "21.11.2026 09:05:53"),
        ("signature", ""),
        ("checkvalue", &sum),
        ("token", ""),
    ];
    fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn hear(fields: &[(String, String)]) -> Result<Option<Callback>, CallbackError> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let incoming = Incoming { headers: HeaderMap::new(), query: String::new(), body: Bytes::from(body), peer: None };
    bank().callback(now(), &incoming)
}

fn with(mut fields: Vec<(String, String)>, name: &str, value: &str) -> Vec<(String, String)> {
    match fields.iter_mut().find(|(found, _)| found == name) {
        Some((_, found)) => value.clone_into(found),
        None => fields.push((name.to_owned(), value.to_owned())),
    }
    fields
}

#[test]
fn a_notification_of_money_is_a_reason_to_ask() {
    let callback = hear(&with(told("Approved"), "addedlater", "1")).unwrap().unwrap();
    assert_eq!((callback.number.as_str(), callback.proven), (NUMBER, false));
    assert_eq!(callback.report.state, standing(0, 300_000, 0));
    assert_eq!(callback.answer.content_type, Some("text/xml; charset=utf-8"));
    let body = &callback.answer.body;
    assert!(body.contains("<pushpaymentresult firstcode=\"0\" secondcode=\"0\">"), "{body}");
    assert!(body.contains(&format!("<billnumber>{BILL}.1</billnumber><packetdate>21.11.2026 09:05:53</packetdate>")));
    let cases = [
        ("Delayed", standing(300_000, 0, 0)),
        ("PartialDelayed", BankState::Pending),
        ("PartialApproved", BankState::Pending),
        ("PartialCanceled", BankState::Pending),
        ("Canceled", BankState::Pending),
        ("In Process", BankState::Pending),
    ];
    for (state, wanted) in cases {
        let callback = hear(&told(state)).unwrap().unwrap();
        assert_eq!((callback.proven, callback.report.state), (false, wanted), "{state}");
    }
    for (state, reason) in [("Declined", DeclineReason::InsufficientFunds), ("Timeout", DeclineReason::TimedOut)] {
        let callback = hear(&told(state)).unwrap().unwrap();
        assert_eq!((callback.proven, callback.report.state), (true, BankState::Declined(reason)), "{state}");
    }
}

#[test]
fn both_rules_of_the_check_value_are_in_force() {
    // An operation over a part: the one rule takes the operation's amount, the other the order's.
    let part = with(with(told("PartialCanceled"), "amount", "500.00"), "operationtype", "300");
    assert!(hear(&part).is_ok());
    let sum = check_value("secret", &result_text("999999", NUMBER, "500.00", "RUB", "PartialCanceled"));
    assert!(hear(&with(part.clone(), "checkvalue", &sum)).is_ok());
    let other = check_value("secret", &result_text("999999", NUMBER, "500.01", "RUB", "PartialCanceled"));
    assert_eq!(hear(&with(part, "checkvalue", &other)).unwrap_err(), CallbackError::WrongSignature);
    let lower = told("Approved").into_iter().map(|(name, value)| {
        let value = if name == "checkvalue" { value.to_lowercase() } else { value };
        (name, value)
    });
    assert!(hear(&lower.collect::<Vec<_>>()).is_ok());
    // What is echoed is escaped.
    let callback = hear(&with(told("Approved"), "packetdate", "<x>&")).unwrap().unwrap();
    assert!(callback.answer.body.contains("<packetdate>&lt;x&gt;&amp;</packetdate>"));
}

#[test]
fn a_notification_that_is_not_assists_is_refused() {
    let missing: Vec<_> = told("Approved").into_iter().filter(|(name, _)| name != "checkvalue").collect();
    assert_eq!(hear(&missing).unwrap_err(), CallbackError::Unsigned);
    assert_eq!(hear(&with(told("Approved"), "checkvalue", "")).unwrap_err(), CallbackError::Unsigned);
    assert_eq!(hear(&[]).unwrap_err(), CallbackError::Unsigned);
    for (name, value) in [
        ("checkvalue", "00000000000000000000000000000000"),
        ("checkvalue", "9FD8"),
        ("merchant_id", "999998"),
        ("ordernumber", "01m7ynaym0s8g5xv6qt7mh3v2ko3"),
        ("orderstate", "Delayed"),
    ] {
        assert_eq!(
            hear(&with(told("Approved"), name, value)).unwrap_err(),
            CallbackError::WrongSignature,
            "{name}={value}"
        );
    }
    // Of the two amounts one is under the check value.
    for (order, operation) in [("orderamount", "amount"), ("ordercurrency", "currency")] {
        let value = if order == "orderamount" { "3000.01" } else { "USD" };
        let both = with(with(told("Approved"), order, value), operation, value);
        assert_eq!(hear(&both).unwrap_err(), CallbackError::WrongSignature);
    }
    let mut twice = told("Approved");
    twice.push(("orderstate".into(), "Declined".into()));
    assert!(matches!(hear(&twice).unwrap_err(), CallbackError::Malformed { pointer, .. } if pointer == "/orderstate"));
    let test = with(told("Approved"), "testmode", "1");
    assert!(matches!(hear(&test).unwrap_err(), CallbackError::Malformed { pointer, .. } if pointer == "/testmode"));
    let other = AssistBank::new(
        "https://payments.test",
        &Credentials([("merchant_id".into(), "888888".into()), ("secret".into(), "secret".into())].into()),
        now(),
    );
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(told("Approved")).finish();
    let incoming = Incoming { headers: HeaderMap::new(), query: String::new(), body: Bytes::from(body), peer: None };
    assert!(
        matches!(other.callback(now(), &incoming), Err(CallbackError::Malformed { pointer, .. }) if pointer == "/merchant_id")
    );
}

#[test]
fn a_notification_that_proves_nothing_is_asked_about() {
    // Signed in the other way, which only Assist's public key would tell.
    let signed = with(with(told("Approved"), "signature", "kA0DAAIRzfHw"), "checkvalue", "");
    let callback = hear(&signed).unwrap().unwrap();
    assert_eq!((callback.proven, callback.number.as_str()), (false, NUMBER));
    let bare = Credentials([("merchant_id".into(), "999999".into())].into());
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(told("Approved")).finish();
    let incoming = Incoming { headers: HeaderMap::new(), query: String::new(), body: Bytes::from(body), peer: None };
    let callback = AssistBank::new("https://payments.test", &bare, now()).callback(now(), &incoming).unwrap().unwrap();
    assert!(!callback.proven);
}

#[test]
fn no_secret_is_printed() {
    let printed = format!("{:?}", bank());
    assert!(
        !printed.contains("secret") && !printed.contains("Parol2026") && !printed.contains("apikassa"),
        "{printed}"
    );
}
