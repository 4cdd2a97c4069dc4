//! The double of Assist, spoken to by the platform's own connector.

use async_trait::async_trait;
use connectors::bank::assist::wire::{self, check_value};
use connectors::bank::assist::{AssistBank, xml};
use connectors::bank::{
    Bank, BankError, Callback, CallbackError, CaptureRequest, ChargeRequest, Incoming, Known, PaymentRequest, Question,
    Registered, ReturnRequest, Show,
};
use connectors::http::{Http, HttpError, Request, Response};
use domain::acquiring::{Method, Return, Stages, Standing};
use domain::details::Language;
use domain::money::Money;
use domain::order::{BankReport, BankState, DeclineReason};
use domain::time::plus_seconds;
use sandbox::double::{self, Family, Terminal};

use crate::support::{Answer, BASE, World};

const NUMBER: &str = "01m7q5cqg0s8g5xv6qt7mh3v2ko1"; // made when the world begins
const HEARD: &str = "<pushpaymentresult firstcode=\"0\" secondcode=\"0\"></pushpaymentresult>";

struct Shop {
    world: World,
    terminal: Terminal,
}

impl Shop {
    async fn new() -> Self {
        let world = World::new();
        world.says(HEARD);
        let terminal = double::terminal(&world.ports, &world.tenant, Family::Assist).await.unwrap();
        Self { world, terminal }
    }

    fn bank(&self) -> AssistBank {
        AssistBank::new(&self.terminal.address, &self.terminal.credentials, self.world.now())
    }

    async fn register(&self, request: &PaymentRequest) -> Registered {
        self.bank().register(self.world.http(), request).await.unwrap()
    }

    /// Registers and pays with a card.
    async fn paid(&self, request: &PaymentRequest, card: &str) -> Registered {
        let registered = self.register(request).await;
        self.pay(&registered, &format!("card={card}")).await;
        registered
    }

    async fn pay(&self, registered: &Registered, form: &str) -> Answer {
        let Show::Page(page) = &registered.show else { panic!("a page") };
        self.world.form(page, form).await
    }

    async fn ask(&self, known: &Known) -> BankReport {
        let question = Question { number: known.number.clone(), payment: known.clone(), reference: None };
        self.bank().ask(self.world.http(), &question).await.unwrap()
    }

    async fn capture(&self, http: &dyn Http, known: &Known, amount: i64) -> Result<BankState, BankError> {
        let amount = Money::rub(amount);
        let request = CaptureRequest { number: second(), payment: known.clone(), held: known.amount, amount };
        self.bank().capture(http, &request).await.map(|report| report.state)
    }

    async fn back(
        &self,
        known: &Known,
        kind: Return,
        no: u8,
        amount: i64,
        standing: i64,
    ) -> Result<BankState, BankError> {
        self.back_by(self.world.http(), known, kind, no, amount, standing).await
    }

    async fn back_by(
        &self,
        http: &dyn Http,
        known: &Known,
        kind: Return,
        no: u8,
        amount: i64,
        standing: i64,
    ) -> Result<BankState, BankError> {
        let (amount, standing) = (Money::rub(amount), Money::rub(standing));
        let number = format!("{}{no}", NUMBER.trim_end_matches('1'));
        let request = ReturnRequest { number, payment: known.clone(), kind, amount, standing };
        self.bank().give_back(http, &request).await.map(|report| report.state)
    }

    /// What was told since, as the connector understands it.
    fn told(&self) -> Vec<Callback> {
        let hear = |incoming: Incoming| self.bank().callback(self.world.now(), &incoming).unwrap().unwrap();
        self.world.heard().iter().map(|heard| hear(heard.incoming())).collect()
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let access = ["merchant_id", "login", "password"].map(|name| (name, self.terminal.credentials.of(name)));
        let body = form(&[&access[..], fields].concat());
        self.world.form(&format!("{}{path}", self.terminal.address), &body).await
    }
}

fn named(request: &PaymentRequest, registered: &Registered) -> Known {
    let reference = Some(registered.reference.clone());
    let (amount, method, stages) = (request.amount, request.method, request.stages);
    Known { number: request.number.clone(), reference, amount, method, stages, captured: None }
}

fn second() -> String {
    format!("{}2", NUMBER.trim_end_matches('1'))
}

fn form(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
    };
    fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.to_vec()).unwrap()
}

fn payment(world: &World) -> PaymentRequest {
    PaymentRequest {
        number: NUMBER.into(),
        bill: "1000000000000016.1".into(),
        amount: Money::rub(300_050),
        method: Method::Card,
        stages: Stages::One,
        description: "Выписка ЕГРН; срочно".into(),
        return_url: "https://pay.test/c/x/return".into(),
        callback_url: "https://pay.test/callbacks/bank/demoshop.t/assist".into(),
        expires_at: plus_seconds(world.now(), 3_600),
        language: Language::Ru,
        merchant: "ООО «Справка»".into(),
        customer: None,
        save: false,
        points_max: None,
        email: Some("b@x.test".into()),
        phone: None,
    }
}

fn standing(held: i64, captured: i64, refunded: i64) -> BankState {
    let [held, captured, refunded] = [held, captured, refunded].map(Money::rub);
    BankState::Stands(Standing { held, captured, refunded })
}

const fn done(minor: i64) -> BankState {
    BankState::Succeeded(Money::rub(minor))
}

/// Does what it is asked and loses the answers of one service.
struct Losing<'a> {
    http: &'a dyn Http,
    path: &'static str,
}

#[async_trait]
impl Http for Losing<'_> {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let lost = request.url.ends_with(self.path);
        let answer = self.http.send(request).await?;
        if lost { Err(HttpError::Unknown("lost".into())) } else { Ok(answer) }
    }
}

#[tokio::test]
async fn a_payment_in_one_stage_goes_back_in_part_and_whole() {
    let shop = Shop::new().await;
    let request = payment(&shop.world);
    let registered = shop.register(&request).await;
    assert!(wire::is_bill(&registered.reference) && !registered.reference.contains('.'));
    let known = named(&request, &registered);
    assert_eq!(shop.ask(&known).await.state, BankState::Pending);
    // Asked for twice is one order.
    assert_eq!(shop.register(&request).await, registered);
    let answer = shop.pay(&registered, "card=success").await;
    let numbers = format!("?billnumber={}&ordernumber={NUMBER}", registered.reference);
    assert_eq!((answer.status, answer.location()), (303, format!("{}{numbers}", request.return_url).as_str()));
    let told = shop.told();
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].number.as_str(), told[0].proven, told[0].report.state),
        (NUMBER, false, standing(0, 300_050, 0))
    );
    let report = shop.ask(&known).await;
    assert_eq!((report.state, report.reference.as_deref()), (standing(0, 300_050, 0), known.reference.as_deref()));

    assert_eq!(shop.back(&known, Return::Refund, 2, 100_000, 300_050).await.unwrap(), done(100_000));
    assert_eq!(shop.ask(&known).await.state, standing(0, 300_050, 100_000));
    // The same once more, and another of the same amount.
    assert_eq!(shop.back(&known, Return::Refund, 2, 100_000, 300_050).await.unwrap(), done(100_000));
    assert_eq!(shop.back(&known, Return::Refund, 3, 100_000, 200_050).await.unwrap(), done(100_000));
    assert_eq!(shop.back(&known, Return::Refund, 4, 100_050, 100_050).await.unwrap(), done(100_050));
    assert_eq!(shop.ask(&known).await.state, standing(0, 300_050, 300_050));
    let told = shop.told();
    assert_eq!(told.len(), 3);
    assert!(told.iter().all(|told| !told.proven && told.number == NUMBER), "how much went back is asked");
    // Paid is not registered again.
    let error = shop.bank().register(shop.world.http(), &request).await.unwrap_err();
    assert!(matches!(error, BankError::Unknown(_)), "{error:?}");
}

#[tokio::test]
async fn a_hold_is_confirmed_in_part_once() {
    let shop = Shop::new().await;
    let request = PaymentRequest { stages: Stages::Two, ..payment(&shop.world) };
    let registered = shop.paid(&request, "success").await;
    assert!(registered.reference.ends_with(".1"));
    let known = named(&request, &registered);
    assert_eq!(shop.told()[0].report.state, standing(300_050, 0, 0));
    assert_eq!(shop.ask(&known).await.state, standing(300_050, 0, 0));
    let http = shop.world.http();
    for _ in 0..2 {
        assert_eq!(shop.capture(http, &known, 200_000).await.unwrap(), done(200_000));
    }
    assert_eq!(shop.capture(http, &known, 100_000).await.unwrap(), standing(0, 200_000, 0));
    let told = shop.told();
    assert_eq!((told.len(), told[0].report.state), (1, BankState::Pending), "how much is asked");
    assert_eq!(shop.ask(&known).await.state, standing(0, 200_000, 0));
    assert_eq!(shop.back(&known, Return::Refund, 3, 50_000, 200_000).await.unwrap(), done(50_000));
    assert_eq!(shop.ask(&known).await.state, standing(0, 200_000, 50_000));
    assert_eq!(shop.back(&known, Return::Refund, 4, 150_000, 150_000).await.unwrap(), done(150_000));
    assert_eq!(shop.ask(&known).await.state, standing(0, 200_000, 200_000));
}

#[tokio::test]
async fn a_hold_is_confirmed_whole_or_let_go() {
    let shop = Shop::new().await;
    let request = PaymentRequest { stages: Stages::Two, ..payment(&shop.world) };
    let known = named(&request, &shop.paid(&request, "success").await);
    assert_eq!(shop.capture(shop.world.http(), &known, 300_050).await.unwrap(), done(300_050));
    let told = shop.told();
    assert_eq!(told[1].report.state, standing(0, 300_050, 0));

    let request = PaymentRequest { number: "01m7q5cqg0s8g5xv6qt7mh3v2do1".into(), ..request };
    let known = named(&request, &shop.paid(&request, "success").await);
    for _ in 0..2 {
        assert_eq!(shop.back(&known, Return::Void, 2, 300_050, 300_050).await.unwrap(), done(300_050));
    }
    assert_eq!(shop.ask(&known).await.state, standing(0, 0, 0));
    let error = shop.capture(shop.world.http(), &known, 1).await.unwrap();
    assert_eq!(error, standing(0, 0, 0));

    // By itself, after a day or after seven.
    for (no, card, seconds) in [("e", "hold_dropped", 86_400), ("f", "success", 7 * 86_400)] {
        let request = PaymentRequest { number: format!("01m7q5cqg0s8g5xv6qt7mh3v2{no}o1"), ..request.clone() };
        let known = named(&request, &shop.paid(&request, card).await);
        shop.world.pass(seconds - 1).await;
        assert_eq!(shop.ask(&known).await.state, standing(300_050, 0, 0));
        shop.world.pass(1).await;
        assert_eq!(shop.ask(&known).await.state, standing(0, 0, 0));
    }
}

#[tokio::test]
async fn answers_that_are_lost_do_nothing_twice() {
    let shop = Shop::new().await;
    let http = shop.world.http();
    let request = PaymentRequest { stages: Stages::Two, ..payment(&shop.world) };
    let losing = Losing { http, path: wire::PAY_REQUEST };
    let error = shop.bank().register(&losing, &request).await.unwrap_err();
    assert!(error.may_have_happened());
    let known = named(&request, &shop.paid(&request, "success").await);
    let losing = Losing { http, path: wire::CHARGE };
    assert!(shop.capture(&losing, &known, 200_000).await.unwrap_err().may_have_happened());
    assert_eq!(shop.ask(&known).await.state, standing(0, 200_000, 0));
    assert_eq!(shop.capture(http, &known, 200_000).await.unwrap(), done(200_000));
    let losing = Losing { http, path: wire::CANCEL };
    let lost = shop.back_by(&losing, &known, Return::Refund, 3, 50_000, 200_000).await;
    assert!(lost.unwrap_err().may_have_happened());
    assert_eq!(shop.back(&known, Return::Refund, 3, 50_000, 200_000).await.unwrap(), done(50_000));
    assert_eq!(shop.ask(&known).await.state, standing(0, 200_000, 50_000));
    // A repetition that began before the first was done: the external id keeps it from going back twice.
    let bill = known.reference.as_deref().map(wire::plain_bill).unwrap();
    let again = [("Billnumber", bill), ("Amount", "500.00"), ("Currency", "RUB"), ("Format", "5")];
    let id = ("Externalrefundid", "01m7q5cqg0s8g5xv6qt7mh3v2ko3");
    let answer = shop.post(wire::CANCEL, &[&again[..], &[id]].concat()).await;
    assert_eq!(answer.status, 400);
    assert_eq!(shop.ask(&known).await.state, standing(0, 200_000, 50_000));
}

#[tokio::test]
async fn declines_have_their_reasons() {
    let shop = Shop::new().await;
    let cases = [
        ("a", vec!["card=insufficient_funds"], DeclineReason::InsufficientFunds),
        ("b", vec!["card=blocked"], DeclineReason::CardBlocked),
        ("c", vec!["card=challenge", "code=1", "code=2", "code=3"], DeclineReason::AuthenticationFailed),
        // Assist does not say that it was the buyer.
        ("d", vec!["action=refuse"], DeclineReason::Other),
    ];
    for (no, forms, reason) in cases {
        let request = PaymentRequest { number: format!("01m7q5cqg0s8g5xv6qt7mh3v2{no}o1"), ..payment(&shop.world) };
        let registered = shop.register(&request).await;
        for form in forms {
            shop.pay(&registered, form).await;
        }
        let report = shop.ask(&named(&request, &registered)).await;
        assert_eq!(report.state, BankState::Declined(reason));
        let told = shop.told();
        assert_eq!((told.len(), told[0].proven, told[0].report.state), (1, true, BankState::Declined(reason)));
        let error = shop.bank().register(shop.world.http(), &request).await.unwrap_err();
        assert!(matches!(error, BankError::Refused { code, .. } if code == "declined"), "an order is over");
    }
    let request = PaymentRequest { number: "01m7q5cqg0s8g5xv6qt7mh3v2fo1".into(), ..payment(&shop.world) };
    let registered = shop.register(&request).await;
    shop.world.pass(3_600).await;
    let report = shop.ask(&named(&request, &registered)).await;
    assert_eq!(report.state, BankState::Declined(DeclineReason::TimedOut));
    assert!(shop.told().is_empty(), "of orders that ran out of time nothing is told");
}

#[tokio::test]
async fn late_doubled_and_stale_notifications_are_genuine() {
    let shop = Shop::new().await;
    let states = async |no: &str, card: &str, stages| {
        let request =
            PaymentRequest { number: format!("01m7q5cqg0s8g5xv6qt7mh3v2{no}o1"), stages, ..payment(&shop.world) };
        let registered = shop.paid(&request, card).await;
        (named(&request, &registered), shop.told().iter().map(|told| told.report.state).collect::<Vec<_>>())
    };
    let paid = standing(0, 300_050, 0);
    assert_eq!(states("a", "doubled", Stages::One).await.1, [paid, paid]);
    assert_eq!(states("b", "silent", Stages::One).await.1, []);
    assert_eq!(states("c", "out_of_order", Stages::One).await.1, [paid, standing(300_050, 0, 0)]);
    let (known, told) = states("d", "late", Stages::One).await;
    assert!(told.is_empty());
    assert_eq!(shop.ask(&known).await.state, BankState::Pending);
    shop.world.pass(180).await;
    assert_eq!(shop.ask(&known).await.state, paid);
    assert_eq!(shop.told().len(), 1);
    let (known, _) = states("e", "after_expiry", Stages::One).await;
    shop.world.pass(3_600).await;
    assert_eq!(shop.ask(&known).await.state, BankState::Declined(DeclineReason::TimedOut));
    shop.world.pass(600).await;
    assert_eq!(shop.ask(&known).await.state, paid);
}

#[tokio::test]
async fn refunds_may_be_slow_refused_and_taken_back() {
    let shop = Shop::new().await;
    let known = async |no: &str, card: &str| {
        let request = PaymentRequest { number: format!("01m7q5cqg0s8g5xv6qt7mh3v2{no}o1"), ..payment(&shop.world) };
        named(&request, &shop.paid(&request, card).await)
    };
    let slow = known("a", "refund_slow").await;
    assert_eq!(shop.back(&slow, Return::Refund, 2, 300_050, 300_050).await.unwrap(), BankState::Pending);
    assert_eq!(shop.ask(&slow).await.state, standing(0, 300_050, 0));
    shop.world.pass(600).await;
    assert_eq!(shop.ask(&slow).await.state, standing(0, 300_050, 300_050));
    assert_eq!(shop.back(&slow, Return::Refund, 2, 300_050, 300_050).await.unwrap(), done(300_050));

    let refused = known("b", "refund_refused").await;
    let declined = BankState::Declined(DeclineReason::Other);
    assert_eq!(shop.back(&refused, Return::Refund, 2, 1_000, 300_050).await.unwrap(), declined);
    assert_eq!(shop.ask(&refused).await.state, standing(0, 300_050, 0));
    assert_eq!(shop.back(&refused, Return::Refund, 3, 1_000, 300_050).await.unwrap(), done(1_000));

    let taken = known("c", "refund_cancelled").await;
    assert_eq!(shop.back(&taken, Return::Refund, 2, 1_000, 300_050).await.unwrap(), done(1_000));
    shop.told();
    shop.world.pass(3_600).await;
    assert_eq!(shop.ask(&taken).await.state, standing(0, 300_050, 0));
    assert!(shop.told().is_empty(), "silently");
}

#[tokio::test]
async fn means_are_saved_and_charged() {
    let shop = Shop::new().await;
    let http = shop.world.http();
    let first = PaymentRequest { customer: Some("buyer-7".into()), save: true, ..payment(&shop.world) };
    let known = named(&first, &shop.paid(&first, "challenge").await);
    let registered = shop.register(&first).await;
    shop.pay(&registered, "code=111111").await;
    let saved = shop.ask(&known).await.saved.unwrap();
    assert_eq!((Some(&saved.token), saved.label.as_str()), (known.reference.as_ref(), "Мир •• 0004"));
    assert_eq!(saved.valid_until.as_deref(), Some("2030-12"));
    let charge = |no: &str, amount| ChargeRequest {
        payment: PaymentRequest {
            number: format!("01m7q5cqg0s8g5xv6qt7mh3v2{no}o1"),
            amount: Money::rub(amount),
            ..payment(&shop.world)
        },
        token: saved.token.clone(),
        buyer_present: false,
    };
    for _ in 0..2 {
        let charged = shop.bank().charge(http, &charge("a", 10_000)).await.unwrap();
        assert_eq!((charged.report.state, charged.page), (standing(0, 10_000, 0), None));
    }
    let losing = Losing { http, path: wire::RECURRENT };
    assert!(shop.bank().charge(&losing, &charge("b", 20_000)).await.unwrap_err().may_have_happened());
    let charged = shop.bank().charge(http, &charge("b", 20_000)).await.unwrap();
    assert_eq!(charged.report.state, standing(0, 20_000, 0));
    let error = shop.bank().charge(http, &charge("g", 100_000_001)).await.unwrap_err();
    assert!(matches!(&error, BankError::Refused { code, .. } if code == "5/108"), "more than was agreed on: {error:?}");

    let request = PaymentRequest { number: "01m7q5cqg0s8g5xv6qt7mh3v2zo1".into(), ..first.clone() };
    let other = named(&request, &shop.paid(&request, "charge_declined").await);
    let declined = ChargeRequest { token: other.reference.unwrap(), ..charge("d", 10_000) };
    let charged = shop.bank().charge(http, &declined).await.unwrap();
    assert_eq!(charged.report.state, BankState::Declined(DeclineReason::InsufficientFunds));
    // A payment that saved nothing charges nothing.
    let plain = PaymentRequest { number: "01m7q5cqg0s8g5xv6qt7mh3v2yo1".into(), ..payment(&shop.world) };
    let plain = shop.paid(&plain, "success").await;
    let error = shop.bank().charge(http, &ChargeRequest { token: plain.reference, ..charge("e", 10_000) }).await;
    assert!(matches!(error, Err(BankError::Refused { code, .. }) if code == "10/201"));
    shop.bank().forget(http, "buyer-7", &saved.token).await.unwrap();
}

#[tokio::test]
async fn points_are_half_of_a_payment_and_go_back_with_it() {
    let shop = Shop::new().await;
    let request = PaymentRequest { points_max: Some(Money::rub(100_000)), ..payment(&shop.world) };
    let known = named(&request, &shop.paid(&request, "points").await);
    let report = shop.ask(&known).await;
    assert_eq!((report.state, report.points), (standing(0, 200_050, 0), Some(Money::rub(100_000))));
    assert_eq!(shop.back(&known, Return::Refund, 2, 150_000, 200_050).await.unwrap(), done(150_000));
    assert_eq!(shop.ask(&known).await.state, standing(0, 200_050, 150_000));
    assert_eq!(shop.back(&known, Return::Refund, 3, 50_050, 50_050).await.unwrap(), done(50_050));
    let report = shop.ask(&known).await;
    assert_eq!((report.state, report.points), (standing(0, 200_050, 200_050), Some(Money::rub(100_000))));
    let number = ("Ordernumber", NUMBER);
    assert!(
        text(&shop.post("/orderstate/orderstate.cfm", &[number]).await).contains(";Canceled;"),
        "points went back too"
    );
}

#[tokio::test]
async fn a_hold_with_points_is_confirmed_whole() {
    let shop = Shop::new().await;
    let request = PaymentRequest { points_max: Some(Money::rub(100_000)), stages: Stages::Two, ..payment(&shop.world) };
    let known = named(&request, &shop.paid(&request, "points").await);
    let report = shop.ask(&known).await;
    assert_eq!((report.state, report.points), (standing(200_050, 0, 0), Some(Money::rub(100_000))));
    assert!(shop.capture(shop.world.http(), &known, 100_000).await.is_err());
    for _ in 0..2 {
        assert_eq!(shop.capture(shop.world.http(), &known, 200_050).await.unwrap(), done(200_050));
    }
    assert_eq!(shop.ask(&known).await.state, standing(0, 200_050, 0));
    assert_eq!(shop.back(&known, Return::Refund, 3, 50_000, 200_050).await.unwrap(), done(50_000));
    assert_eq!(shop.back(&known, Return::Refund, 4, 150_050, 150_050).await.unwrap(), done(150_050));
    assert_eq!(shop.ask(&known).await.state, standing(0, 200_050, 200_050));
}

#[tokio::test]
async fn the_sbp_is_a_choice_of_the_page() {
    let shop = Shop::new().await;
    let request = PaymentRequest { method: Method::Sbp, customer: Some("buyer-7".into()), ..payment(&shop.world) };
    let known = named(&request, &shop.paid(&request, "success").await);
    let report = shop.ask(&known).await;
    assert_eq!((report.state, report.saved), (standing(0, 300_050, 0), None));
    assert_eq!(shop.back(&known, Return::Refund, 2, 300_050, 300_050).await.unwrap(), done(300_050));
}

#[tokio::test]
async fn notifications_are_repeated_for_four_hours_until_they_are_heard() {
    let shop = Shop::new().await;
    shop.world.says("OK");
    let request = payment(&shop.world);
    shop.paid(&request, "success").await;
    let first = shop.world.heard();
    assert_eq!(first.len(), 1, "OK is not the answer that was agreed on");
    let mut repeated = 0;
    for _ in 0..4 * 60 + 10 {
        shop.world.pass(60).await;
        for heard in shop.world.heard() {
            repeated += 1;
            assert_eq!(heard.body, first[0].body, "to the byte");
        }
    }
    assert_eq!(repeated, 8);

    let request = PaymentRequest { number: "01m7q5cqg0s8g5xv6qt7mh3v2do1".into(), ..request };
    shop.world.answers(&[Some(500), None]);
    shop.paid(&request, "success").await;
    shop.world.says("<pushpaymentresult firstcode=\"5\" secondcode=\"108\"></pushpaymentresult>");
    let mut heard = shop.world.heard().len();
    for _ in 0..20 {
        shop.world.pass(60).await;
        heard += shop.world.heard().len();
    }
    assert_eq!(heard, 3, "a no ends it like a yes");
}

#[tokio::test]
async fn a_changed_notification_is_not_believed() {
    let shop = Shop::new().await;
    shop.paid(&payment(&shop.world), "success").await;
    let heard = shop.world.heard().remove(0);
    let body = String::from_utf8(heard.body.to_vec()).unwrap();
    assert!(heard.url.ends_with("/callbacks/bank/demoshop.t/assist"));
    for (from, to, wanted) in [
        ("amount=3000.50", "amount=3000.51", Some(CallbackError::WrongSignature)),
        ("orderstate=Approved", "orderstate=Delayed", Some(CallbackError::WrongSignature)),
        ("&checkvalue=", "&was=", Some(CallbackError::Unsigned)),
        ("&slipno=", "&addedlater=1&slipno=", None),
    ] {
        assert!(body.contains(from), "{from} in {body}");
        let mut incoming = heard.incoming();
        incoming.body = body.replace(from, to).into();
        assert_eq!(shop.bank().callback(shop.world.now(), &incoming).err(), wanted, "{to}");
    }
}

#[tokio::test]
async fn strangers_and_wrong_requests_are_refused_as_assist_does() {
    let shop = Shop::new().await;
    let address = &shop.terminal.address;
    let (merchant, secret) = (shop.terminal.credentials.of("merchant_id"), shop.terminal.credentials.of("secret"));
    let state =
        async |path: &str, fields: &[(&str, &str)]| shop.world.form(&format!("{address}{path}"), &form(fields)).await;
    // By format: fields, XML, JSON with a status.
    let stranger = [("Merchant_ID", merchant), ("Login", "somebody"), ("Password", "else"), ("Ordernumber", NUMBER)];
    let answer = state("/orderstate/orderstate.cfm", &stranger).await;
    assert_eq!((answer.status, text(&answer).as_str()), (200, "error;7;141\r\n"));
    let answer = state("/orderstate/orderstate.cfm", &[&stranger[..], &[("Format", "3")]].concat()).await;
    let result = xml::read(&answer.body).unwrap();
    assert_eq!((result.attribute("firstcode"), result.attribute("secondcode")), ("7", "141"));
    let answer = state("/orderstate/orderstate.cfm", &[&stranger[..], &[("Format", "5")]].concat()).await;
    assert_eq!((answer.status, answer.json()["fault"]["detail"]["firstcode"].as_str()), (401, Some("7")));
    let nobody = format!("{BASE}/sandbox/assist/no.body/orderstate/orderstate.cfm");
    assert_eq!(text(&shop.world.form(&nobody, "Format=1").await), "error;7;141\r\n");
    assert_eq!(
        shop.world.ask("GET", &format!("{}/charge/charge.cfm", address.replace(BASE, "")), &[], "").await.status,
        405
    );

    let sum = |amount: &str| check_value(secret, &format!("{merchant};A-1;{amount};RUB"));
    let pay = async |fields: &[(&str, &str)]| {
        let answer = state("/pay/payrequest.cfm", &[&[("Merchant_ID", merchant)][..], fields].concat()).await;
        assert_eq!(answer.status, 200);
        let json = answer.json();
        (json["orderstate"].as_str().unwrap().to_owned(), json["URL"].as_str().unwrap().to_owned())
    };
    let good = sum("10.34");
    let order = [("OrderNumber", "A-1"), ("OrderAmount", "10.34"), ("OrderCurrency", "RUB")];
    let with = |more: &[(&'static str, &'static str)]| [&order[..], &[("Checkvalue", good.as_str())], more].concat();
    let decline = ("Decline".to_owned(), String::new());
    assert_eq!(pay(&order).await, decline, "nothing says who asks");
    assert_eq!(pay(&[&order[..], &[("Checkvalue", "00")]].concat()).await, decline);
    for wrong in [
        [("Delay", "2")],
        [("ChequeItems", "{}")],
        [("ChequeItems", "[{\"id\":1}]")],
        [("URL_RETURN_OK", "javascript:1")],
        [("RecurringIndicator", "1")],
    ] {
        assert_eq!(pay(&with(&wrong)).await, decline, "{wrong:?}");
    }
    let recurring = [
        ("RecurringIndicator", "1"),
        ("RecurringMinAmount", "0.01"),
        ("RecurringMaxAmount", "10.00"),
        ("RecurringPeriod", "1"),
        ("RecurringMaxDate", "31.12.2027"),
    ];
    let both = check_value(secret, &format!("{merchant};A-1;10.34;RUB;buyer-7"));
    let both = [&order[..], &recurring, &[("CustomerNumber", "buyer-7"), ("Checkvalue", &both)]].concat();
    assert_eq!(pay(&both).await, decline, "a recurrent has no customer");
    for amount in ["0", "-1", "10,34", "1.234", "abc"] {
        let sum = sum(amount);
        let fields = [("OrderNumber", "A-1"), ("OrderAmount", amount), ("OrderCurrency", "RUB"), ("Checkvalue", &sum)];
        assert_eq!(pay(&fields).await, decline, "{amount}");
    }
    // A line of a receipt with the key as the manual's sample spells it: its first letter is Cyrillic.
    let items = r#"{"items":[{"id":1,"product":"p","name":"Выписка","price":"10.34","quantity":1,"amount":"10.34","tax":"vat22","еancode":"4600000000000"}]}"#;
    let (word, url) = pay(&with(&[("ChequeItems", items), ("CardPayment", "1")])).await;
    assert_eq!(word, "In Process");
    assert!(url.starts_with(&format!("{BASE}/sandbox/deal/demoshop/5")), "{url}");
}

#[tokio::test]
async fn the_browsers_form_is_redirected() {
    let shop = Shop::new().await;
    let merchant = shop.terminal.credentials.of("merchant_id");
    let sum = check_value(shop.terminal.credentials.of("secret"), &format!("{merchant};A-2;237.40;RUB"));
    let fields = form(&[
        ("Merchant_ID", merchant),
        ("OrderNumber", "A-2"),
        ("OrderAmount", "237.40"),
        ("OrderCurrency", "RUB"),
        ("Delay", "1"),
        ("URL_RETURN_OK", "https://shop.test/yes?a=1"),
        ("URL_RETURN_NO", "https://shop.test/no"),
        ("Checkvalue", &sum),
    ]);
    let url = format!("{}/pay/order.cfm", shop.terminal.address);
    let answer = shop.world.form(&url, &fields).await;
    assert_eq!(answer.status, 302);
    let page = answer.location().to_owned();
    let link = shop.world.ask("GET", &format!("{}?{fields}", url.replace(BASE, "")), &[], "").await;
    assert_eq!((link.status, link.location()), (302, page.as_str()));
    let paid = shop.world.form(&page, "card=success").await;
    assert!(paid.location().starts_with("https://shop.test/yes?a=1&billnumber=5"), "{}", paid.location());
    let answer = shop.world.form(&url, &fields.replace("237.40", "1.00")).await;
    assert_eq!((answer.status, answer.location()), (302, "error.cfm?ErrorID=9.6"));
    let error = format!("{}?ErrorID=9.6", url.replace(BASE, "").replace("order.cfm", "error.cfm"));
    let error = shop.world.ask("GET", &error, &[], "").await;
    assert_eq!(error.status, 400);
}

#[tokio::test]
async fn every_service_answers_in_every_format() {
    let shop = Shop::new().await;
    let request = PaymentRequest { stages: Stages::Two, ..payment(&shop.world) };
    let bill = shop.paid(&request, "success").await.reference;
    let number = ("Ordernumber", NUMBER);
    let sum = check_value(
        shop.terminal.credentials.of("secret"),
        &format!("{}{NUMBER}3000.50RUBDelayed", shop.terminal.credentials.of("merchant_id")),
    );
    // Fields: what would break a line is a space.
    let lines = text(&shop.post("/orderstate/orderstate.cfm", &[number]).await);
    let (names, values) = lines.trim_end().split_once("\r\n").unwrap();
    let fields: Vec<_> = names.split(';').zip(values.split(';')).collect();
    for wanted in [("orderstate", "Delayed"), ("orderamount", "3000.50"), ("ordercomment", "Выписка ЕГРН  срочно")]
    {
        assert!(fields.contains(&wanted), "{wanted:?} in {fields:?}");
    }
    assert!(fields.contains(&("checkvalue", &sum)) && fields.contains(&("billnumber", wire::plain_bill(&bill))));
    let answer = shop.post("/orderstate/orderstate.cfm", &[number, ("Format", "3")]).await;
    let order = xml::read(&answer.body).unwrap().child("order").unwrap().clone();
    assert_eq!((order.value("checkvalue"), order.value("ordercomment")), (sum.as_str(), "Выписка ЕГРН; срочно"));
    let json = shop.post("/orderstate/orderstate.cfm", &[number, ("Format", "5")]).await.json();
    assert_eq!(json["orderstate"]["orderstate"], "Delayed");
    assert_eq!(json["orderstate"]["checkdata"]["checkvalue"], sum);
    let json = shop.post(wire::ORDER_RESULT, &[("Billnumber", &bill), ("Format", "5")]).await.json();
    assert_eq!(json["orderresult"]["orders"][0]["operations"][0]["operationtype"], 100);
    let answer = shop.post(wire::ORDER_RESULT, &[number, ("Format", "1")]).await;
    assert_eq!(text(&answer), "error;5;103\r\n");
    // A request in JSON, as the manual's description of the services has it.
    let body = serde_json::json!({
        "merchant": {
            "merchant_id": shop.terminal.credentials.of("merchant_id").parse::<u32>().unwrap(),
            "login": shop.terminal.credentials.of("login"), "password": shop.terminal.credentials.of("password"),
        },
        "billnumber": bill, "amount": "1000.00", "currency": "RUB", "language": "EN", "chequeitem": [],
    });
    let path = format!("{}/charge/charge.cfm", shop.terminal.address).replace(BASE, "");
    let kind = [("content-type", "application/json")];
    let json = shop.world.ask("POST", &path, &kind, body.to_string()).await.json();
    assert_eq!(json["charge"]["responsecode"], "AS000");
    assert_eq!(
        (json["charge"]["orderstate"].as_str(), json["charge"]["amount"].as_str()),
        (Some("PartialDelayed"), Some("1000.00"))
    );
    assert_eq!(json["charge"]["customer"]["email"], "b@x.test");
    let again = shop.post(wire::CHARGE, &[("Billnumber", &bill)]).await;
    assert_eq!(text(&again), "error;1;307\r\n", "confirmed once");
    let half = shop.post("/cancel/cancel.cfm", &[("Billnumber", &bill), ("Amount", "1.00")]).await;
    assert_eq!(text(&half), "error;5;105\r\n", "an amount has its currency");
    let fields = [("Billnumber", bill.as_str()), ("Amount", "1.00"), ("Currency", "RUB")];
    assert!(text(&shop.post("/cancel/cancel.cfm", &fields).await).contains(";AS000;"));
    let xml = shop.post("/cancel/cancel.cfm", &[&fields[..], &[("Format", "3")]].concat()).await;
    let order = xml::read(&xml.body).unwrap().child("orders").unwrap().child("order").unwrap().clone();
    assert_eq!((order.value("orderstate"), order.value("operationtype")), ("PartialCanceled", "300"));
    let json = shop.post("/cancel/wscancel.cfm", &[&fields[..], &[("Format", "5")]].concat()).await.json();
    let operations = json["wscancel"]["order"]["operations"].as_array().unwrap();
    assert_eq!((operations.len(), operations[0]["amount"].as_str()), (1, Some("1.00")));
    let much =
        shop.post("/cancel/cancel.cfm", &[("Billnumber", &bill), ("Amount", "998.00"), ("Currency", "RUB")]).await;
    assert_eq!(text(&much), "error;5;108\r\n");
    let nothing = shop.post("/cancel/cancel.cfm", &[("Billnumber", "5000000000000000")]).await;
    assert_eq!(text(&nothing), "error;10;201\r\n");
    // All that is left.
    assert!(text(&shop.post("/cancel/cancel.cfm", &[("Billnumber", &bill)]).await).contains(";997.00;"));
}

#[tokio::test]
async fn orders_are_looked_for_three_days_back_where_nothing_is_said() {
    let shop = Shop::new().await;
    let request = payment(&shop.world);
    let known = named(&request, &shop.paid(&request, "success").await);
    shop.world.pass(4 * 86_400).await;
    let number = ("Ordernumber", NUMBER);
    assert_eq!(text(&shop.post("/orderstate/orderstate.cfm", &[number]).await), "error;10;201\r\n");
    let month = [number, ("StartYear", "2026"), ("StartMonth", "11"), ("StartDay", "1")];
    assert!(text(&shop.post("/orderstate/orderstate.cfm", &month).await).contains(";Approved;"));
    assert_eq!(
        text(&shop.post("/orderstate/orderstate.cfm", &[number, ("StartMonth", "13")]).await),
        "error;5;129\r\n"
    );
    let year = [number, ("StartYear", "2025")];
    assert_eq!(text(&shop.post("/orderstate/orderstate.cfm", &year).await), "error;17;4\r\n");
    assert_eq!(shop.ask(&known).await.state, standing(0, 300_050, 0), "the connector says how far back");
    shop.world.pass(300 * 86_400).await;
    assert_eq!(shop.back(&known, Return::Refund, 2, 300_050, 300_050).await.unwrap(), done(300_050));
}
