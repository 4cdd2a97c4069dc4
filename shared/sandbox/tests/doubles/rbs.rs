//! The double of the gateway of BPC (Sberbank, Alfa-Bank and others), spoken to by the platform's own connector.

use connectors::bank::rbs::RbsBank;
use connectors::bank::{
    Bank, BankError, Callback, CaptureRequest, ChargeRequest, Known, PaymentRequest, Question, Registered,
    ReturnRequest, Show,
};
use domain::acquiring::{Method, Return, SavedMeans, Stages, Standing};
use domain::details::Language;
use domain::money::Money;
use domain::order::{BankReport, BankState, DeclineReason};
use domain::time::plus_seconds;
use sandbox::double::{self, Family};
use serde_json::{Value, json};

use crate::support::{BASE, World};

const AMOUNT: i64 = 300_000;

struct Gate {
    world: World,
    bank: RbsBank,
}

impl Gate {
    async fn new() -> Self {
        let world = World::new();
        let terminal = double::terminal(&world.ports, &world.tenant, Family::Rbs).await.unwrap();
        let bank = RbsBank::new(&terminal.address, &terminal.credentials, world.now());
        Self { world, bank }
    }

    fn payment(&self, number: &str, stages: Stages) -> PaymentRequest {
        PaymentRequest {
            number: number.into(),
            bill: "1000000000000016.1".into(),
            amount: Money::rub(AMOUNT),
            method: Method::Card,
            stages,
            description: "Выписка ЕГРН".into(),
            return_url: "https://shop.test/back?x=1".into(),
            callback_url: format!("{BASE}/callbacks/bank/demoshop.t/own"),
            expires_at: plus_seconds(self.world.now(), 3_600),
            language: Language::Ru,
            merchant: "ООО «Справка»".into(),
            customer: None,
            save: false,
            points_max: None,
            email: None,
            phone: None,
        }
    }

    async fn register(&self, request: &PaymentRequest) -> Registered {
        self.bank.register(self.world.http(), request).await.unwrap()
    }

    /// Goes through the gateway's own address of the page to the page, and does something there.
    async fn at_page(&self, registered: &Registered, form: &str) -> String {
        let Show::Page(page) = &registered.show else { panic!("{registered:?}") };
        let path = page.strip_prefix(BASE).unwrap();
        let page = self.world.ask("GET", path, &[], "").await;
        assert_eq!(page.status, 303, "{path}");
        let answer = self.world.form(page.location(), form).await;
        answer.headers.get("location").map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    /// A payment made with a card.
    async fn paid(&self, number: &str, stages: Stages, card: &str) -> Known {
        let registered = self.register(&self.payment(number, stages)).await;
        self.at_page(&registered, &format!("card={card}")).await;
        known(number, &registered.reference)
    }

    async fn ask(&self, payment: &Known) -> BankReport {
        let question = Question { number: payment.number.clone(), payment: payment.clone(), reference: None };
        self.bank.ask(self.world.http(), &question).await.unwrap()
    }

    async fn capture(&self, payment: &Known, held: i64, minor: i64) -> Result<BankState, BankError> {
        let (held, amount) = (Money::rub(held), Money::rub(minor));
        let request = CaptureRequest { number: "c-1".into(), payment: payment.clone(), held, amount };
        self.bank.capture(self.world.http(), &request).await.map(|report| report.state)
    }

    async fn back(
        &self,
        payment: &Known,
        number: &str,
        kind: Return,
        minor: i64,
        standing: i64,
    ) -> Result<BankState, BankError> {
        let (amount, standing) = (Money::rub(minor), Money::rub(standing));
        let request = ReturnRequest { number: number.into(), payment: payment.clone(), kind, amount, standing };
        self.bank.give_back(self.world.http(), &request).await.map(|report| report.state)
    }

    /// The callbacks heard, each held to its signature: operation, status, and what the connector makes of it.
    fn told(&self) -> Vec<(String, String, Option<Callback>)> {
        let heard = self.world.heard();
        let told = heard.iter().map(|heard| {
            let incoming = heard.incoming();
            let of = |name: &str| {
                let pairs = incoming.query.split('&').filter_map(|pair| pair.split_once('='));
                pairs
                    .into_iter()
                    .find(|(found, _)| *found == name)
                    .map(|(_, value)| value.to_owned())
                    .unwrap_or_default()
            };
            (of("operation"), of("status"), self.bank.callback(self.world.now(), &incoming).unwrap())
        });
        told.collect()
    }

    fn operations(&self) -> Vec<String> {
        self.told().into_iter().map(|(operation, status, _)| format!("{operation} {status}")).collect()
    }

    /// A method of the gateway's, asked by somebody else's software.
    async fn raw(&self, method: &str, form: &str) -> Value {
        let terminal = double::terminal(&self.world.ports, &self.world.tenant, Family::Rbs).await.unwrap();
        let (user, password) = (terminal.credentials.of("user"), terminal.credentials.of("password"));
        let form = format!("userName={user}&password={password}&{form}");
        self.world.form(&format!("{}/payment/rest/{method}", terminal.address), &form).await.json()
    }
}

fn known(number: &str, reference: &str) -> Known {
    let (number, reference) = (number.to_owned(), Some(reference.to_owned()));
    let (amount, method, stages) = (Money::rub(AMOUNT), Method::Card, Stages::One);
    Known { number, reference, amount, captured: None, method, stages }
}

fn stands(held: i64, captured: i64, refunded: i64) -> BankState {
    let (held, captured, refunded) = (Money::rub(held), Money::rub(captured), Money::rub(refunded));
    BankState::Stands(Standing { held, captured, refunded })
}

fn done(minor: i64) -> BankState {
    BankState::Succeeded(Money::rub(minor))
}

#[tokio::test]
async fn a_payment_in_one_stage() {
    let gate = Gate::new().await;
    let request = gate.payment("o-1", Stages::One);
    let registered = gate.register(&request).await;
    assert_eq!(gate.register(&request).await, registered, "a repetition finds the first, its page and all");
    let payment = known("o-1", &registered.reference);
    assert_eq!(gate.ask(&payment).await.state, BankState::Pending);
    let back = gate.at_page(&registered, "card=success").await;
    assert_eq!(back, format!("https://shop.test/back?x=1&orderId={}&lang=ru", registered.reference));
    let report = gate.ask(&payment).await;
    assert_eq!(report, BankReport::new(Some(registered.reference), stands(0, AMOUNT, 0)));
    // By its number alone it is found as well.
    assert_eq!(gate.ask(&Known { reference: None, ..payment }).await, report);
    let told = gate.told();
    let [(operation, _, Some(callback))] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((operation.as_str(), callback.number.as_str()), ("deposited", "o-1"));
    assert_eq!((callback.report.state, callback.proven), (BankState::Pending, false));
    assert_eq!(gate.ask(&known("unknown", "01491d0b-c848-7dd6-a20d-e96900a7d8c0")).await.state, BankState::NotFound);
}

#[tokio::test]
async fn a_hold_is_captured_or_let_go() {
    let gate = Gate::new().await;
    let payment = gate.paid("o-1", Stages::Two, "success").await;
    assert_eq!(gate.ask(&payment).await.state, stands(AMOUNT, 0, 0));
    for _ in 0..2 {
        assert_eq!(gate.capture(&payment, AMOUNT, 200_000).await.unwrap(), done(200_000));
    }
    assert_eq!(gate.ask(&payment).await.state, stands(0, 200_000, 0));
    assert_eq!(gate.operations(), ["approved 1", "deposited 1"]);

    let payment = gate.paid("o-2", Stages::Two, "success").await;
    for _ in 0..2 {
        assert_eq!(gate.back(&payment, "o-2r", Return::Void, AMOUNT, AMOUNT).await.unwrap(), done(AMOUNT));
    }
    assert_eq!(gate.ask(&payment).await.state, stands(0, 0, 0));
    assert_eq!(gate.operations(), ["approved 1", "reversed 1"]);

    let payment = gate.paid("o-3", Stages::Two, "success").await;
    for _ in 0..2 {
        assert_eq!(gate.back(&payment, "o-3r", Return::Void, 100_000, AMOUNT).await.unwrap(), done(100_000));
    }
    assert_eq!(gate.ask(&payment).await.state, stands(200_000, 0, 0));
    // Reversed once, and not again.
    let error = gate.back(&payment, "o-3s", Return::Void, 200_000, 200_000).await.unwrap_err();
    assert!(matches!(&error, BankError::Refused { code, .. } if code == "7"), "{error:?}");
    assert_eq!(gate.capture(&payment, 200_000, 200_000).await.unwrap(), done(200_000));
    // A day over a week later a hold is gone by itself.
    let payment = gate.paid("o-4", Stages::Two, "success").await;
    gate.world.pass(8 * 86_400).await;
    assert_eq!(gate.capture(&payment, AMOUNT, AMOUNT).await.unwrap(), stands(0, 0, 0));
}

#[tokio::test]
async fn money_goes_back_in_parts_and_whole() {
    let gate = Gate::new().await;
    let payment = gate.paid("o-1", Stages::One, "success").await;
    for _ in 0..2 {
        assert_eq!(gate.back(&payment, "o-1r", Return::Refund, 100_000, AMOUNT).await.unwrap(), done(100_000));
    }
    assert_eq!(gate.ask(&payment).await.state, stands(0, AMOUNT, 100_000));
    for _ in 0..2 {
        assert_eq!(gate.back(&payment, "o-1s", Return::Refund, 200_000, 200_000).await.unwrap(), done(200_000));
    }
    assert_eq!(gate.ask(&payment).await.state, stands(0, AMOUNT, AMOUNT));
    assert_eq!(gate.operations(), ["deposited 1", "refunded 1", "refunded 1"]);
    // The first one repeated late is still done, by its own id.
    assert_eq!(gate.back(&payment, "o-1r", Return::Refund, 100_000, AMOUNT).await.unwrap(), done(100_000));
    // One that is not known is not sent on a payment that stands otherwise.
    let told = gate.back(&payment, "o-1t", Return::Refund, 50_000, 250_000).await.unwrap();
    assert_eq!(told, stands(0, AMOUNT, AMOUNT));
}

#[tokio::test]
async fn a_capture_is_undone_on_its_day() {
    let gate = Gate::new().await;
    let payment = gate.paid("o-1", Stages::One, "success").await;
    for _ in 0..2 {
        assert_eq!(gate.back(&payment, "o-1r", Return::Reversal, AMOUNT, AMOUNT).await.unwrap(), done(AMOUNT));
    }
    assert_eq!(gate.ask(&payment).await.state, stands(0, 0, 0));
    assert_eq!(gate.operations(), ["deposited 1", "reversed 1"]);
    let payment = gate.paid("o-2", Stages::One, "success").await;
    gate.world.pass(86_400).await;
    let error = gate.back(&payment, "o-2r", Return::Reversal, AMOUNT, AMOUNT).await.unwrap_err();
    assert!(matches!(&error, BankError::Refused { code, .. } if code == "7"), "{error:?}");
    assert_eq!(gate.back(&payment, "o-2s", Return::Refund, AMOUNT, AMOUNT).await.unwrap(), done(AMOUNT));
}

#[tokio::test]
async fn lost_answers_move_nothing_twice() {
    let gate = Gate::new().await;
    let request = gate.payment("o-1", Stages::Two);
    gate.world.lose_answers(1);
    assert!(matches!(gate.bank.register(gate.world.http(), &request).await, Err(BankError::Unknown(_))));
    let registered = gate.register(&request).await;
    gate.at_page(&registered, "card=success").await;
    let payment = known("o-1", &registered.reference);

    // The answer to a command is the second of three: the question before it is heard, the one after it is not asked.
    let lost = async |command: &str, form: &str| {
        gate.raw(command, &format!("orderId={}&{form}", registered.reference)).await;
    };
    lost("deposit.do", "amount=200000").await;
    assert_eq!(gate.capture(&payment, AMOUNT, 200_000).await.unwrap(), done(200_000));
    lost("refund.do", "amount=50000&externalRefundId=o-1r&expectedDepositedAmount=200000").await;
    assert_eq!(gate.back(&payment, "o-1r", Return::Refund, 50_000, 200_000).await.unwrap(), done(50_000));
    // Old software sends no id: the amounts tell.
    lost("refund.do", "amount=50000").await;
    assert_eq!(gate.back(&payment, "o-1s", Return::Refund, 50_000, 150_000).await.unwrap(), done(50_000));
    assert_eq!(gate.ask(&payment).await.state, stands(0, 200_000, 100_000));

    gate.world.lose_answers(1);
    let error = gate.back(&payment, "o-1t", Return::Refund, 10_000, 100_000).await.unwrap_err();
    assert!(matches!(error, BankError::Unknown(_)), "{error:?}");
    assert_eq!(gate.back(&payment, "o-1t", Return::Refund, 10_000, 100_000).await.unwrap(), done(10_000));
    assert_eq!(gate.ask(&payment).await.state, stands(0, 200_000, 110_000));
}

#[tokio::test]
async fn a_repetition_that_overtakes_is_recognised_by_the_gateway() {
    let gate = Gate::new().await;
    let payment = gate.paid("o-1", Stages::One, "success").await;
    let order = payment.reference.clone().unwrap();
    for expected in ["0", "0"] {
        let answer = gate.raw("refund.do", &format!("orderId={order}&amount=1000&externalRefundId=r-1")).await;
        assert_eq!(answer["errorCode"], expected);
    }
    for expected in ["0", "7"] {
        let form = format!("orderId={order}&amount=1000&expectedDepositedAmount={}", AMOUNT - 1_000);
        assert_eq!(gate.raw("refund.do", &form).await["errorCode"], expected);
    }
    assert_eq!(gate.ask(&payment).await.state, stands(0, AMOUNT, 2_000));
}

#[tokio::test]
async fn refusals_have_their_reasons() {
    let gate = Gate::new().await;
    let cases = [("insufficient_funds", DeclineReason::InsufficientFunds), ("blocked", DeclineReason::CardBlocked)];
    for (card, reason) in cases {
        let payment = gate.paid(card, Stages::One, card).await;
        assert_eq!(gate.ask(&payment).await.state, BankState::Declined(reason), "{card}");
        assert_eq!(gate.operations(), ["deposited 0"]);
    }
    let registered = gate.register(&gate.payment("o-1", Stages::Two)).await;
    let back = gate.at_page(&registered, "action=refuse").await;
    assert!(back.starts_with("https://shop.test/back?x=1&orderId="), "{back}");
    let payment = known("o-1", &registered.reference);
    assert_eq!(gate.ask(&payment).await.state, BankState::Declined(DeclineReason::CancelledByBuyer));
    assert_eq!(gate.operations(), ["approved 0"]);

    let registered = gate.register(&gate.payment("o-5", Stages::One)).await;
    let payment = known("o-5", &registered.reference);
    for _ in 0..2 {
        let ended = gate.bank.withdraw(gate.world.http(), &payment).await.unwrap();
        assert_eq!(ended.state, BankState::Declined(DeclineReason::CancelledByBuyer));
    }
    gate.told();

    let registered = gate.register(&gate.payment("o-2", Stages::One)).await;
    gate.at_page(&registered, "card=challenge").await;
    let payment = known("o-2", &registered.reference);
    assert_eq!(gate.ask(&payment).await.state, BankState::Pending);
    for _ in 0..3 {
        gate.at_page(&registered, "code=000000").await;
    }
    assert_eq!(gate.ask(&payment).await.state, BankState::Declined(DeclineReason::AuthenticationFailed));

    let registered = gate.register(&gate.payment("o-3", Stages::One)).await;
    gate.world.heard();
    gate.world.pass(3_601).await;
    let timed_out = BankState::Declined(DeclineReason::TimedOut);
    assert_eq!(gate.ask(&known("o-3", &registered.reference)).await.state, timed_out);
    let told = gate.told();
    let [(operation, _, Some(callback))] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(operation, "declinedByTimeout");
    assert!(callback.proven && callback.report.state == timed_out);
    // Too late, and the money comes all the same.
    let payment = gate.paid("o-4", Stages::One, "after_expiry").await;
    gate.world.pass(3_601).await;
    assert_eq!(gate.ask(&payment).await.state, timed_out);
    gate.world.pass(600).await;
    assert_eq!(gate.ask(&payment).await.state, stands(0, AMOUNT, 0));
}

#[tokio::test]
async fn a_card_is_saved_charged_and_forgotten() {
    let gate = Gate::new().await;
    let saving = PaymentRequest { customer: Some("c-1".into()), save: true, ..gate.payment("o-1", Stages::One) };
    let registered = gate.register(&saving).await;
    gate.at_page(&registered, "card=success").await;
    let report = gate.ask(&known("o-1", &registered.reference)).await;
    let Some(SavedMeans { token, label, valid_until }) = report.saved else { panic!("{report:?}") };
    assert_eq!((label.as_str(), valid_until.as_deref()), ("Мир •• 0001", Some("2030-12")));
    let heard: Vec<_> = gate.world.heard().iter().map(|heard| heard.url.clone()).collect();
    assert!(heard[0].contains("/demoshop.t/own?") && heard[1].contains("/demoshop.t/rbs?"), "{heard:?}");
    assert!(heard[1].contains("operation=bindingCreated"), "what is no payment goes to the static address");

    let charge = async |number: &str, present| {
        let payment = PaymentRequest { customer: Some("c-1".into()), ..gate.payment(number, Stages::One) };
        let request = ChargeRequest { payment, token: token.clone(), buyer_present: present };
        gate.bank.charge(gate.world.http(), &request).await
    };
    for _ in 0..2 {
        let charged = charge("o-2", false).await.unwrap();
        assert_eq!((charged.report.state, charged.report.saved, charged.page), (stands(0, AMOUNT, 0), None, None));
    }
    let listed = gate.raw("getBindings.do", "clientId=c-1").await;
    assert_eq!(listed["bindings"][0]["bindingId"], token);
    for _ in 0..2 {
        gate.bank.forget(gate.world.http(), "c-1", &token).await.unwrap();
    }
    assert_eq!(gate.raw("getBindings.do", "clientId=c-1").await["errorCode"], "2");
    let charged = charge("o-3", false).await.unwrap();
    assert_eq!(charged.report.state, BankState::Declined(DeclineReason::Other));
}

#[tokio::test]
async fn a_saved_card_may_ask_or_decline() {
    let gate = Gate::new().await;
    let token = async |number: &str, forms: &[&str]| {
        let saving = PaymentRequest { customer: Some("c-1".into()), save: true, ..gate.payment(number, Stages::Two) };
        let registered = gate.register(&saving).await;
        for form in forms {
            gate.at_page(&registered, form).await;
        }
        gate.ask(&known(number, &registered.reference)).await.saved.unwrap().token
    };
    let charge = async |number: &str, token: &str, present| {
        let payment = PaymentRequest { customer: Some("c-1".into()), ..gate.payment(number, Stages::One) };
        let request = ChargeRequest { payment, token: token.into(), buyer_present: present };
        gate.bank.charge(gate.world.http(), &request).await.unwrap()
    };
    let declining = token("o-1", &["card=charge_declined"]).await;
    let charged = charge("o-2", &declining, false).await;
    assert_eq!(charged.report.state, BankState::Declined(DeclineReason::InsufficientFunds));
    let asking = token("o-3", &["card=challenge", "code=111111"]).await;
    assert_eq!(charge("o-4", &asking, false).await.report.state, stands(0, AMOUNT, 0));
    let charged = charge("o-5", &asking, true).await;
    assert_eq!(charged.report.state, BankState::Pending);
    let registered = Registered { reference: String::new(), show: Show::Page(charged.page.unwrap()) };
    gate.at_page(&registered, "code=111111").await;
    let payment = known("o-5", charged.report.reference.as_deref().unwrap());
    assert_eq!(gate.ask(&payment).await.state, stands(0, AMOUNT, 0));
    // Asked again, it is the same charge.
    assert_eq!(charge("o-5", &asking, true).await.report.state, stands(0, AMOUNT, 0));
}

#[tokio::test]
async fn by_sbp() {
    let gate = Gate::new().await;
    let request = PaymentRequest { method: Method::Sbp, ..gate.payment("o-1", Stages::One) };
    let registered = gate.register(&request).await;
    let Show::Sbp(link) = &registered.show else { panic!("{registered:?}") };
    let link = connectors::nspk::read(link).unwrap();
    assert_eq!(link.sum, Some(Money::rub(AMOUNT)));
    assert_eq!(gate.register(&request).await, registered);
    let page = gate.world.ask("GET", &format!("/sandbox/sbp/demoshop/{}", link.id), &[], "").await;
    let order = registered.reference.clone();
    assert_eq!(gate.raw("sbp/c2b/qr/status.do", &format!("mdOrder={order}")).await["qrStatus"], "STARTED");
    gate.world.form(page.location(), "card=refund_slow").await;
    assert_eq!(gate.raw("sbp/c2b/qr/status.do", &format!("mdOrder={order}")).await["qrStatus"], "ACCEPTED");
    let payment = Known { method: Method::Sbp, ..known("o-1", &order) };
    assert_eq!(gate.ask(&payment).await.state, stands(0, AMOUNT, 0));
    // A refund is under way for a while, and asking for it again starts no second.
    for _ in 0..2 {
        let told = gate.back(&payment, "o-1r", Return::Refund, 100_000, AMOUNT).await.unwrap();
        assert_eq!(told, BankState::Pending);
    }
    gate.world.pass(601).await;
    assert_eq!(gate.ask(&payment).await.state, stands(0, AMOUNT, 100_000));
    assert_eq!(gate.back(&payment, "o-1r", Return::Refund, 100_000, AMOUNT).await.unwrap(), done(100_000));
}

#[tokio::test]
async fn refunds_that_come_to_nothing() {
    let gate = Gate::new().await;
    let payment = gate.paid("o-1", Stages::One, "refund_refused").await;
    let error = gate.back(&payment, "o-1r", Return::Refund, 100_000, AMOUNT).await.unwrap_err();
    assert!(matches!(&error, BankError::Refused { code, .. } if code == "7"), "{error:?}");
    assert_eq!(gate.back(&payment, "o-1s", Return::Refund, 100_000, AMOUNT).await.unwrap(), done(100_000));
    let payment = gate.paid("o-2", Stages::One, "refund_cancelled").await;
    assert_eq!(gate.back(&payment, "o-2r", Return::Refund, 100_000, AMOUNT).await.unwrap(), done(100_000));
    assert_eq!(gate.ask(&payment).await.state, stands(0, AMOUNT, 100_000));
    gate.world.heard();
    gate.world.pass(3_601).await;
    assert_eq!(gate.ask(&payment).await.state, stands(0, AMOUNT, 0), "taken back, and told to nobody");
    assert!(gate.world.heard().is_empty());
    // Its number is used up: whoever never heard that it was done must not wait for it for ever.
    let error = gate.back(&payment, "o-2r", Return::Refund, 100_000, AMOUNT).await.unwrap_err();
    assert!(matches!(&error, BankError::Refused { code, .. } if code == "7"), "{error:?}");
    assert_eq!(gate.back(&payment, "o-2ra1", Return::Refund, 100_000, AMOUNT).await.unwrap(), done(100_000));
}

#[tokio::test]
async fn points_pay_a_part() {
    const HALF: i64 = AMOUNT / 2;
    let gate = Gate::new().await;
    let payment = gate.paid("o-1", Stages::One, "points").await;
    let report = gate.ask(&payment).await;
    assert_eq!((report.state, report.points), (stands(0, HALF, 0), Some(Money::rub(HALF))));
    assert_eq!(report.accrued, Some(Money::rub(HALF / 100)), "for the money alone");
    let order = payment.reference.clone().unwrap();
    let shown = gate.raw("getOrderStatusExtended.do", &format!("orderId={order}")).await;
    assert_eq!((&shown["amount"], &shown["paymentAmountInfo"]["depositedAmount"]), (&json!(AMOUNT), &json!(HALF)));
    // Money alone does not go back of it.
    assert_eq!(gate.raw("refund.do", &format!("orderId={order}&amount=1000")).await["errorCode"], "7");
    for _ in 0..2 {
        assert_eq!(gate.back(&payment, "o-1r", Return::Refund, 50_000, HALF).await.unwrap(), done(50_000));
    }
    let report = gate.ask(&payment).await;
    assert_eq!((report.state, report.accrued), (stands(0, HALF, 50_000), Some(Money::rub((HALF - 50_000) / 100))));
    let shown = gate.raw("getOrderStatusExtended.do", &format!("orderId={order}")).await;
    assert_eq!(shown["orderBundle"]["loyalties"][0]["bonusAmountRefunded"], "50000", "points in their proportion");
    assert_eq!(shown["refunds"][0]["amount"], 50_000);
    assert_eq!(gate.back(&payment, "o-1s", Return::Refund, 100_000, 100_000).await.unwrap(), done(100_000));
    let report = gate.ask(&payment).await;
    assert_eq!((report.state, report.accrued), (stands(0, HALF, HALF), None), "what was given is taken back");
    let shown = gate.raw("getOrderStatusExtended.do", &format!("orderId={order}")).await;
    assert_eq!(shown["orderBundle"]["loyalties"][0]["bonusAmountRefunded"], HALF.to_string());
    // An order of a hundred roubles leaves nothing to points.
    let small = PaymentRequest { amount: Money::rub(10_000), ..gate.payment("o-2", Stages::One) };
    let registered = gate.register(&small).await;
    gate.at_page(&registered, "card=points").await;
    let payment = Known { amount: Money::rub(10_000), ..known("o-2", &registered.reference) };
    let report = gate.ask(&payment).await;
    assert_eq!((report.points, report.accrued), (None, Some(Money::rub(100))));
}

#[tokio::test]
async fn points_of_a_hold_are_captured_or_let_go_with_it() {
    const HALF: i64 = AMOUNT / 2;
    let gate = Gate::new().await;
    let payment = gate.paid("o-1", Stages::Two, "points").await;
    let report = gate.ask(&payment).await;
    assert_eq!((report.state, report.points), (stands(HALF, 0, 0), Some(Money::rub(HALF))));
    assert_eq!(report.accrued, None, "a hold earns nothing until it is captured");
    for _ in 0..2 {
        assert_eq!(gate.capture(&payment, HALF, HALF).await.unwrap(), done(HALF));
    }
    assert_eq!(gate.ask(&payment).await.state, stands(0, HALF, 0));
    assert_eq!(gate.back(&payment, "o-1r", Return::Reversal, HALF, HALF).await.unwrap(), done(HALF));
    assert_eq!(gate.ask(&payment).await.state, stands(0, 0, 0));

    let payment = gate.paid("o-2", Stages::Two, "points").await;
    assert_eq!(gate.capture(&payment, HALF, 100_000).await.unwrap(), done(100_000));
    let report = gate.ask(&payment).await;
    assert_eq!((report.state, report.points), (stands(0, 100_000, 0), Some(Money::rub(100_000))));
    assert_eq!(report.accrued, Some(Money::rub(1_000)));
    for (number, minor, standing) in [("o-2r", 33_333, 100_000), ("o-2s", 66_667, 66_667)] {
        assert_eq!(gate.back(&payment, number, Return::Refund, minor, standing).await.unwrap(), done(minor));
    }
    assert_eq!(gate.ask(&payment).await.state, stands(0, 100_000, 100_000));

    let payment = gate.paid("o-3", Stages::Two, "points").await;
    // A part of such a hold is not let go, nor captured in money alone.
    let error = gate.back(&payment, "o-3r", Return::Void, 50_000, HALF).await.unwrap_err();
    assert!(matches!(&error, BankError::Refused { code, .. } if code == "7"), "{error:?}");
    let order = payment.reference.clone().unwrap();
    assert_eq!(gate.raw("deposit.do", &format!("orderId={order}&amount=50000")).await["errorCode"], "7");
    assert_eq!(gate.raw("autoCompletion.do", &format!("orderId={order}")).await["errorCode"], "4");
    assert_eq!(gate.back(&payment, "o-3s", Return::Void, HALF, HALF).await.unwrap(), done(HALF));
    assert_eq!(gate.ask(&payment).await.state, stands(0, 0, 0));
    // In money alone the whole of it is, and so is all of it by nought.
    for (number, command) in [
        ("o-4", "deposit.do?amount=150000"),
        ("o-5", "deposit.do?amount=0"),
        ("o-6", "autoCompletion.do?compositeAmount=0"),
        ("o-7", "autoCompletion.do?compositeCompletionAmount=300000"),
    ] {
        let payment = gate.paid(number, Stages::Two, "points").await;
        let (method, form) = command.split_once('?').unwrap();
        let form = format!("orderId={}&{form}", payment.reference.clone().unwrap());
        assert_eq!(gate.raw(method, &form).await["errorCode"], "0", "{command}");
        assert_eq!(gate.ask(&payment).await.state, stands(0, HALF, 0), "{command}");
    }
}

#[tokio::test]
async fn what_does_not_divide_goes_back_to_the_kopeck() {
    // 1000.01 leave 500.00 to points.
    let gate = Gate::new().await;
    let odd = PaymentRequest { amount: Money::rub(100_001), ..gate.payment("o-1", Stages::One) };
    let registered = gate.register(&odd).await;
    gate.at_page(&registered, "card=points").await;
    let payment = Known { amount: Money::rub(100_001), ..known("o-1", &registered.reference) };
    let report = gate.ask(&payment).await;
    assert_eq!((report.state, report.points), (stands(0, 50_001, 0), Some(Money::rub(50_000))));
    let mut left = 50_001;
    for (no, minor) in [101, 333, 1_999, 7_777, 12_345].into_iter().enumerate() {
        let number = format!("o-1r{no}");
        assert_eq!(gate.back(&payment, &number, Return::Refund, minor, left).await.unwrap(), done(minor), "{minor}");
        left -= minor;
        assert_eq!(gate.ask(&payment).await.state, stands(0, 50_001, 50_001 - left), "{minor}");
    }
    assert_eq!(gate.back(&payment, "o-1z", Return::Refund, left, left).await.unwrap(), done(left));
    assert_eq!(gate.ask(&payment).await.state, stands(0, 50_001, 50_001));
}

#[tokio::test]
async fn callbacks_are_repeated_as_the_gateway_repeats_them() {
    let gate = Gate::new().await;
    gate.world.answers(&[Some(500), Some(201), None]);
    gate.paid("o-1", Stages::One, "success").await;
    let first = gate.world.heard();
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].method, "GET");
    gate.world.pass(29).await;
    assert!(gate.world.heard().is_empty());
    gate.world.pass(1).await;
    gate.world.pass(30).await;
    let repeated = gate.world.heard();
    assert_eq!(repeated.iter().map(|heard| &heard.url).collect::<Vec<_>>(), [&first[0].url; 2], "to the byte");
    gate.world.pass(3_600).await;
    assert!(gate.world.heard().is_empty(), "after three failures it is silent");
    gate.paid("o-2", Stages::One, "doubled").await;
    assert_eq!(gate.operations(), ["deposited 1"; 2]);
    gate.paid("o-3", Stages::One, "out_of_order").await;
    assert_eq!(gate.operations(), ["deposited 1", "approved 1"]);
    gate.paid("o-4", Stages::One, "silent").await;
    assert!(gate.world.heard().is_empty());
}

#[tokio::test]
async fn requests_are_held_to_the_gateways_rules() {
    let gate = Gate::new().await;
    let good = "orderNumber=n-1&amount=1000&returnUrl=https://shop.test/";
    let cases = [
        ("register.do", "amount=1000&returnUrl=https://shop.test/", "4"),
        ("register.do", "orderNumber=n&returnUrl=https://shop.test/", "4"),
        ("register.do", "orderNumber=n&amount=1000", "4"),
        ("register.do", "orderNumber=n&amount=0&returnUrl=https://shop.test/", "5"),
        ("register.do", "orderNumber=n&amount=10.00&returnUrl=https://shop.test/", "5"),
        ("register.do", "orderNumber=n&amount=1000&returnUrl=../test.html", "5"),
        ("register.do", "orderNumber=123456789012345678901234567890123&amount=1000&returnUrl=https://s.test/", "5"),
        ("register.do", "orderNumber=n&amount=1000&returnUrl=https://s.test/&currency=840", "3"),
        ("register.do", "orderNumber=n&amount=1000&returnUrl=https://s.test/&features=FORCE_CREATE_BINDING", "5"),
        ("register.do", "orderNumber=n&amount=1000&returnUrl=https://s.test/&clientId=c&bindingId=b", "2"),
        ("register.do", "orderNumber=n&amount=1000&returnUrl=https://s.test/&jsonParams=x", "5"),
        ("register.do", "orderNumber=n&amount=1000&returnUrl=https://s.test/&expirationDate=2020-01-01T00:00:00", "5"),
        ("register.do", good, "0"),
        ("register.do", good, "1"),
        ("registerPreAuth.do", good, "1"),
        ("getOrderStatusExtended.do", "", "1"),
        ("getOrderStatusExtended.do", "orderNumber=n-1", "0"),
        ("getOrderStatusExtended.do", "orderNumber=n-2", "6"),
        ("getOrderStatusExtended.do", "orderId=moon", "6"),
        ("deposit.do", "orderNumber=n-1&amount=0", "7"),
        ("reverse.do", "orderNumber=n-1", "7"),
        ("refund.do", "orderNumber=n-1&amount=0", "7"),
        ("paymentOrderBinding.do", "bindingId=b", "4"),
        ("paymentOrderBinding.do", "mdOrder=moon&bindingId=b", "6"),
        ("getBindings.do", "", "4"),
        ("unBindCard.do", "bindingId=b", "2"),
        ("decline.do", "orderNumber=n-1", "0"),
    ];
    for (method, form, code) in cases {
        assert_eq!(gate.raw(method, form).await["errorCode"], code, "{method} {form}");
    }
    assert_eq!(gate.raw("getOrderStatusExtended.do", "orderNumber=n-1").await["orderStatus"], 6);

    let terminal = double::terminal(&gate.world.ports, &gate.world.tenant, Family::Rbs).await.unwrap();
    let ask = async |path: &str, form: &str| {
        let path = format!("/sandbox/rbs/{path}?{form}&orderNumber=n-1");
        gate.world.ask("GET", &path, &[], "").await
    };
    let status = "demoshop/payment/rest/getOrderStatusExtended.do";
    let (user, password) = (terminal.credentials.of("user"), terminal.credentials.of("password"));
    let token = terminal.credentials.of("token");
    let cases = [
        (status, format!("userName={user}&password={password}"), "0"),
        (status, format!("token={token}"), "0"),
        (status, format!("userName={user}&password={password}x"), "5"),
        (status, format!("userName=x&password={password}"), "5"),
        (status, "token=".to_owned(), "5"),
        (status, "token=x".to_owned(), "5"),
        ("otherone/payment/rest/getOrderStatusExtended.do", format!("userName={user}&password={password}"), "5"),
        ("!/payment/rest/getOrderStatusExtended.do", format!("token={token}"), "5"),
    ];
    for (path, form, code) in cases {
        let answer = ask(path, &form).await;
        assert_eq!((answer.status, answer.json()["errorCode"].as_str()), (200, Some(code)), "{path} {form}");
    }
    assert_eq!(ask("demoshop/payment/rest/moon.do", &format!("token={token}")).await.status, 404);
    assert_eq!(ask("demoshop/payment/merchants/x/payment_ru.html", "mdOrder=moon").await.status, 404);
    let english = gate.raw("getOrderStatusExtended.do", "orderNumber=n-2&language=en").await;
    assert_eq!(english["errorMessage"], "Order not found");
}
