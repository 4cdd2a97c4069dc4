//! The sandbox bank through its doors, spoken to by the platform's own connector.

use crate::support::{BASE, START, World};
use connectors::bank::sandbox::SandboxBank;
use connectors::bank::{
    Bank as _, BankError, CaptureRequest, ChargeRequest, Known, PaymentRequest, Question, Registered, ReturnRequest,
    Show,
};
use connectors::{nspk, signature};
use domain::acquiring::{Method, Return, Stages, Standing};
use domain::details::Language;
use domain::money::Money;
use domain::order::{BankReport, BankState, DeclineReason};
use domain::time::plus_seconds;
use storage::store::SandboxRow;

fn bank(world: &World) -> SandboxBank {
    SandboxBank::new(BASE, &world.tenant, world.secret("bank"), world.now())
}

fn request(number: &str) -> PaymentRequest {
    PaymentRequest {
        number: number.into(),
        bill: "1000000000000016.1".into(),
        amount: Money::rub(300_000),
        description: "Выписка ЕГРН".into(),
        return_url: "https://pay.test/c/x/return".into(),
        callback_url: "https://pay.test/callbacks/bank/x".into(),
        expires_at: domain::time::Timestamp::from_second(START + 3_600).unwrap(),
        language: Language::Ru,
        merchant: "ООО «Справка»".into(),
        method: Method::Card,
        stages: Stages::One,
        customer: None,
        save: false,
        points_max: None,
        email: None,
        phone: None,
    }
}

fn hold(number: &str) -> PaymentRequest {
    PaymentRequest { stages: Stages::Two, ..request(number) }
}

fn known(number: &str) -> Known {
    let (amount, method, stages) = (Money::rub(300_000), Method::Card, Stages::One);
    Known { number: number.into(), reference: None, amount, captured: None, method, stages }
}

/// A payment the bank knows, and its page.
struct Paper {
    reference: String,
    url: String,
}

async fn told_of(world: &World, request: &PaymentRequest) -> Paper {
    match bank(world).register(world.http(), request).await.unwrap() {
        Registered { reference, show: Show::Page(url) } => Paper { reference, url },
        Registered { reference, show: Show::Sbp(link) } => {
            let id = nspk::read(&link).unwrap().id;
            Paper { reference, url: format!("{BASE}/sandbox/sbp/demoshop/{id}") }
        }
    }
}

async fn registered(world: &World, number: &str) -> Paper {
    told_of(world, &request(number)).await
}

async fn ask(world: &World, number: &str) -> BankReport {
    let question = Question { number: number.into(), payment: known(number), reference: None };
    bank(world).ask(world.http(), &question).await.unwrap()
}

async fn state(world: &World, number: &str) -> BankState {
    ask(world, number).await.state
}

async fn capture(world: &World, number: &str, minor: i64) -> Result<BankState, BankError> {
    let (held, amount) = (Money::rub(300_000), Money::rub(minor));
    let request = CaptureRequest { number: number.into(), payment: known("n-1"), held, amount };
    bank(world).capture(world.http(), &request).await.map(|report| report.state)
}

async fn give_back(world: &World, kind: Return, number: &str, minor: i64) -> Result<BankState, BankError> {
    let (standing, amount) = (Money::rub(300_000), Money::rub(minor));
    let request = ReturnRequest { number: number.into(), payment: known("n-1"), kind, amount, standing };
    bank(world).give_back(world.http(), &request).await.map(|report| report.state)
}

fn code(answer: Result<BankState, BankError>) -> String {
    match answer {
        Err(BankError::Refused { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

const fn stands(held: i64, captured: i64, refunded: i64) -> BankState {
    BankState::Stands(Standing {
        held: Money::rub(held),
        captured: Money::rub(captured),
        refunded: Money::rub(refunded),
    })
}

const fn done(minor: i64) -> BankState {
    BankState::Succeeded(Money::rub(minor))
}

/// What the callbacks said, in order, each verified by the connector.
fn told(world: &World) -> Vec<BankState> {
    let bank = bank(world);
    let heard = world.heard();
    let told = heard.iter().map(|heard| bank.callback(world.now(), &heard.incoming()).unwrap().unwrap());
    told.map(|told| told.report.state).collect()
}

const PAID: BankState = stands(0, 300_000, 0);
const HELD: BankState = stands(300_000, 0, 0);

#[tokio::test]
async fn every_card_does_what_it_says() {
    let declined = BankState::Declined;
    let cases: [(&str, Vec<BankState>, BankState); 9] = [
        ("refund_slow", vec![PAID], PAID),
        ("success", vec![PAID], PAID),
        (
            "insufficient_funds",
            vec![declined(DeclineReason::InsufficientFunds)],
            declined(DeclineReason::InsufficientFunds),
        ),
        ("blocked", vec![declined(DeclineReason::CardBlocked)], declined(DeclineReason::CardBlocked)),
        ("silent", vec![], PAID),
        ("doubled", vec![PAID, PAID], PAID),
        ("out_of_order", vec![PAID, BankState::Pending], PAID),
        ("late", vec![], BankState::Pending),
        ("after_expiry", vec![], BankState::Pending),
    ];
    for (card, callbacks, asked) in cases {
        let world = World::new();
        let page = registered(&world, "n-1").await;
        let answer = world.form(&page.url, &format!("card={card}")).await;
        assert_eq!((answer.status, answer.location()), (303, "https://pay.test/c/x/return"), "{card}");
        assert_eq!(told(&world), callbacks, "{card}: the callback comes before the buyer does");
        assert_eq!(state(&world, "n-1").await, asked, "{card}");
    }
}

#[tokio::test]
async fn a_late_bank_answers_after_three_minutes_by_itself() {
    let world = World::new();
    let page = registered(&world, "n-1").await;
    world.form(&page.url, "card=late").await;
    world.pass(179).await;
    assert_eq!(told(&world), []);
    world.pass(1).await;
    assert_eq!(told(&world), [PAID]);
    world.pass(100_000).await;
    assert_eq!(told(&world), [], "once");
}

#[tokio::test]
async fn a_session_nobody_finishes_times_out() {
    for form in [None, Some("card=abandoned"), Some("card=challenge")] {
        let world = World::new();
        let page = registered(&world, "n-1").await;
        if let Some(form) = form {
            assert_eq!(world.form(&page.url, form).await.status, 303);
        }
        assert_eq!(state(&world, "n-1").await, BankState::Pending);
        world.pass(3_600).await;
        assert_eq!(told(&world), [BankState::Declined(DeclineReason::TimedOut)]);
        world.form(&page.url, "card=success").await;
        assert_eq!(state(&world, "n-1").await, BankState::Declined(DeclineReason::TimedOut));
    }
}

#[tokio::test]
async fn money_may_arrive_after_the_bank_said_it_would_not() {
    let world = World::new();
    let page = registered(&world, "n-1").await;
    world.form(&page.url, "card=after_expiry").await;
    world.pass(3_600).await;
    assert_eq!(told(&world), [BankState::Declined(DeclineReason::TimedOut)]);
    world.pass(599).await;
    assert_eq!(state(&world, "n-1").await, BankState::Declined(DeclineReason::TimedOut));
    world.pass(1).await;
    assert_eq!(told(&world), [PAID]);
    assert_eq!(state(&world, "n-1").await, PAID);
}

#[tokio::test]
async fn three_wrong_codes_are_too_many() {
    let world = World::new();
    let page = registered(&world, "n-1").await;
    let code = format!("{}/challenge", page.url);
    assert_eq!(world.form(&page.url, "card=challenge").await.status, 303);
    for wrong in ["code=0", "code=&decision=confirm"] {
        assert_eq!(world.form(&code, wrong).await.status, 422);
    }
    assert_eq!(world.form(&code, "code=123456").await.status, 303);
    assert_eq!(told(&world), [BankState::Declined(DeclineReason::AuthenticationFailed)]);
    world.form(&code, "code=111111").await;
    assert_eq!(told(&world), []);

    let page = registered(&world, "n-2").await;
    let code = format!("{}/challenge", page.url);
    world.form(&code, "code=111111").await;
    assert_eq!(state(&world, "n-2").await, BankState::Pending, "no code before a card");
    world.form(&page.url, "card=challenge").await;
    world.form(&code, "code=0").await;
    assert_eq!(world.form(&code, "code=111111").await.location(), "https://pay.test/c/x/return");
    assert_eq!(told(&world), [PAID]);
}

#[tokio::test]
async fn the_buyer_may_go_back() {
    let world = World::new();
    let page = registered(&world, "n-1").await;
    world.form(&page.url, "card=success&decision=refuse").await;
    assert_eq!(told(&world), [BankState::Declined(DeclineReason::CancelledByBuyer)]);
}

#[tokio::test]
async fn a_number_is_one_payment() {
    let world = World::new();
    let first = registered(&world, "n-1").await;
    world.pass(60).await;
    let again = registered(&world, "n-1").await;
    assert_eq!((again.reference, again.url), (first.reference, first.url));
    let other = PaymentRequest { amount: Money::rub(1), ..request("n-1") };
    let Err(BankError::Refused { status: 409, code, .. }) = bank(&world).register(world.http(), &other).await else {
        panic!("another body under the same number is refused")
    };
    assert_eq!(code, "number-reused");
    assert_eq!(state(&world, "n-2").await, BankState::NotFound);
}

#[tokio::test]
async fn what_a_bank_would_refuse_is_refused_by_field() {
    let world = World::new();
    let good = request("n-1");
    let cases = [
        (PaymentRequest { number: "a b".into(), ..good.clone() }, "/number"),
        (PaymentRequest { amount: Money::rub(0), ..good.clone() }, "/amount"),
        (PaymentRequest { amount: Money::new(1, domain::money::Currency::USD), ..good.clone() }, "/currency"),
        (PaymentRequest { return_url: "javascript:alert(1)".into(), ..good.clone() }, "/return_url"),
        (PaymentRequest { callback_url: "/x".into(), ..good.clone() }, "/callback_url"),
        (PaymentRequest { merchant: " ".into(), ..good.clone() }, "/merchant"),
        (PaymentRequest { expires_at: world.now(), ..good.clone() }, "/expires_at"),
        (PaymentRequest { expires_at: plus_seconds(world.now(), 91 * 86_400), ..good.clone() }, "/expires_at"),
        (PaymentRequest { method: Method::Terminal, ..good.clone() }, "/method"),
        (PaymentRequest { method: Method::Sbp, stages: Stages::Two, ..good.clone() }, "/stages"),
        (PaymentRequest { save: true, ..good.clone() }, "/save"),
        (PaymentRequest { save: true, customer: Some(String::new()), ..good.clone() }, "/customer"),
        (PaymentRequest { points_max: Some(Money::rub(300_001)), ..good.clone() }, "/points_max"),
    ];
    for (request, pointer) in cases {
        let answer = bank(&world).register(world.http(), &request).await;
        let Err(BankError::Refused { status: 422, message, .. }) = answer else { panic!("{pointer}: {answer:?}") };
        assert!(message.contains(pointer), "{message}");
    }
    assert_eq!(state(&world, "n-1").await, BankState::NotFound);
}

#[tokio::test]
async fn only_what_the_platform_signed_lately_is_heard() {
    let world = World::new();
    let body = r#"{"number":"n-1"}"#;
    let path = "/sandbox/bank/v1/payments/status";
    let good = signature::sign(&world.secret("bank"), world.now(), body.as_bytes());
    let stale = signature::sign(&world.secret("bank"), plus_seconds(world.now(), -301), body.as_bytes());
    let other = signature::sign(&world.secret("till"), world.now(), body.as_bytes());
    let cases = [
        (Some("demoshop.t"), Some(good.as_str()), 200, None),
        (Some("demoshop.t"), None, 401, Some("unsigned")),
        (Some("demoshop.t"), Some(other.as_str()), 401, Some("wrong-signature")),
        (Some("demoshop.t"), Some(stale.as_str()), 401, Some("stale-signature")),
        (Some("othershop.t"), Some(good.as_str()), 401, Some("wrong-signature")),
        (Some("demoshop.l"), Some(good.as_str()), 401, Some("wrong-signature")),
        (None, Some(good.as_str()), 401, Some("no-terminal")),
    ];
    for (terminal, signature, status, code) in cases {
        let mut headers = Vec::new();
        headers.extend(terminal.map(|value| ("x-terminal", value)));
        headers.extend(signature.map(|value| ("x-signature", value)));
        let answer = world.ask("POST", path, &headers, body).await;
        assert_eq!(answer.status, status, "{terminal:?} {signature:?}");
        if let Some(code) = code {
            assert_eq!(answer.json()["code"], code);
        }
    }
}

#[tokio::test]
async fn two_at_once_have_one_outcome() {
    for _ in 0..5 {
        let world = World::new();
        let page = registered(&world, "n-1").await;
        let (pay, blocked, refuse) = tokio::join!(
            world.form(&page.url, "card=success"),
            world.form(&page.url, "card=blocked"),
            world.form(&page.url, "decision=refuse"),
        );
        assert_eq!([pay.status, blocked.status, refuse.status], [303, 303, 303]);
        let told = told(&world);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(state(&world, "n-1").await, told[0]);
    }
}

#[tokio::test]
async fn a_callback_is_repeated_until_it_is_answered() {
    let world = World::new();
    let page = registered(&world, "n-1").await;
    world.answers(&[Some(500), None, Some(200)]);
    world.form(&page.url, "card=success").await;
    assert_eq!(told(&world).len(), 1);
    world.pass(29).await;
    assert_eq!(told(&world).len(), 0);
    world.pass(1).await;
    assert_eq!(told(&world), [PAID]);
    world.pass(299).await;
    assert_eq!(told(&world).len(), 0);
    world.pass(1).await;
    assert_eq!(told(&world), [PAID]);
    world.pass(100_000).await;
    assert_eq!(told(&world).len(), 0, "answered: never again");
}

#[tokio::test]
async fn a_callback_is_given_up_after_four_attempts() {
    let world = World::new();
    world.says("OK, said the wrong status");
    let page = registered(&world, "n-1").await;
    world.answers(&[None; 10]);
    world.form(&page.url, "card=success").await;
    for _ in 0..50 {
        world.pass(600).await;
    }
    let heard = world.heard();
    assert_eq!(heard.len(), 4);
    let where_to = |heard: &crate::support::Heard| (heard.method.to_string(), heard.url.clone(), heard.body.clone());
    assert!(heard.iter().all(|again| where_to(again) == where_to(&heard[0])), "to the byte");
    assert_eq!((heard[0].method.as_str(), heard[0].url.as_str()), ("POST", "https://pay.test/callbacks/bank/x"));
    assert_eq!(state(&world, "n-1").await, PAID);
}

#[tokio::test]
async fn the_queue_wakes_the_bank_without_a_sweep() {
    let world = World::new();
    let page = registered(&world, "n-1").await;
    world.answers(&[Some(503)]);
    world.form(&page.url, "card=success").await;
    assert_eq!(told(&world).len(), 1);
    assert_eq!(world.drain().await, 1, "a message for the repetition");
    assert_eq!(told(&world).len(), 0, "not before its time");
    assert!(sandbox::work(&world.ports, "{}").await.is_err());
    let live = r#"{"tenant":"demoshop.l","kind":"deal","id":"x"}"#;
    assert!(sandbox::work(&world.ports, live).await.is_err());
}

#[tokio::test]
async fn rows_of_the_former_machine_are_put_aside() {
    let world = World::new();
    let row = SandboxRow { version: 1, body: r#"{"state":"open"}"#.into(), due: Some(world.now()) };
    world.ports.store.put_sandbox_row(&world.tenant, "bank", "pay_demoshop_0", &row).await.unwrap();
    assert_eq!(sandbox::sweep_tenant(&world.ports, &world.tenant).await.unwrap(), 1);
    assert_eq!(sandbox::sweep_tenant(&world.ports, &world.tenant).await.unwrap(), 0);
    let kept = world.ports.store.sandbox_row(&world.tenant, "bank", "pay_demoshop_0").await.unwrap().unwrap();
    assert_eq!(kept, SandboxRow { version: 2, due: None, ..row });
}

#[tokio::test]
async fn a_write_that_fails_leaves_nothing_half_done() {
    for no in 1..=3 {
        let world = World::new();
        let page = registered(&world, "n-1").await;
        world.fail_put(no);
        world.form(&page.url, "card=success").await;
        world.fail_put(0);
        world.form(&page.url, "card=success").await;
        world.pass(60).await;
        let told = told(&world);
        assert!(!told.is_empty() && told.iter().all(|state| *state == PAID), "{no}: {told:?}");
        assert_eq!(state(&world, "n-1").await, PAID);
    }
}

#[tokio::test]
async fn money_goes_back_once_and_only_what_was_taken() {
    let world = World::new();
    let page = registered(&world, "n-1").await;
    let refund = |number: &'static str, minor| give_back(&world, Return::Refund, number, minor);
    assert_eq!(code(refund("n-2", 300_000).await), "not-captured");
    assert_eq!(state(&world, "n-2").await, BankState::NotFound);
    world.form(&page.url, "card=success").await;
    assert_eq!(code(refund("n-3", 300_001).await), "exceeds-captured");
    assert_eq!(refund("n-2", 100_000).await.unwrap(), done(100_000));
    assert_eq!(refund("n-2", 100_000).await.unwrap(), done(100_000), "the same number, the same answer");
    assert_eq!(state(&world, "n-2").await, done(100_000));
    assert_eq!(state(&world, "n-1").await, stands(0, 300_000, 100_000));
    assert_eq!(told(&world), [PAID, stands(0, 300_000, 100_000)]);
    assert_eq!(code(refund("n-2", 1).await), "number-reused");
    assert_eq!(code(give_back(&world, Return::Reversal, "n-2", 100_000).await), "number-reused");
    assert_eq!(code(refund("n-4", 200_001).await), "exceeds-captured");
    assert_eq!(refund("n-5", 200_000).await.unwrap(), done(200_000));
    assert_eq!(state(&world, "n-1").await, stands(0, 300_000, 300_000));
    let payment = Known { reference: Some("pay_x".into()), ..known("n-1") };
    let (amount, standing, kind) = (Money::rub(1), Money::rub(1), Return::Refund);
    let other = ReturnRequest { number: "n-6".into(), payment, kind, amount, standing };
    let answer = bank(&world).give_back(world.http(), &other).await;
    assert!(matches!(answer, Err(BankError::Refused { status: 422, .. })), "another reference");
    let unknown = ReturnRequest { payment: known("n-9"), ..other };
    let answer = bank(&world).give_back(world.http(), &unknown).await;
    assert!(matches!(answer, Err(BankError::Refused { status: 404, .. })), "another payment");
    registered(&world, "n-9").await;
    let reused = ReturnRequest { number: "n-2".into(), ..unknown };
    let answer = bank(&world).give_back(world.http(), &reused).await;
    assert!(matches!(answer, Err(BankError::Refused { status: 409, .. })), "a number is of one payment");
}

#[tokio::test]
async fn what_is_held_is_captured_once_and_the_rest_is_let_go() {
    let world = World::new();
    let page = told_of(&world, &hold("n-1")).await;
    assert_eq!(code(capture(&world, "c-1", 300_000).await), "not-held");
    world.form(&page.url, "card=success").await;
    assert_eq!(told(&world), [HELD]);
    assert_eq!(state(&world, "n-1").await, HELD);
    assert_eq!(code(capture(&world, "c-1", 300_001).await), "exceeds-held");
    assert_eq!(code(give_back(&world, Return::Refund, "r-1", 1).await), "not-captured");
    for _ in 0..2 {
        assert_eq!(capture(&world, "c-2", 200_000).await.unwrap(), done(200_000));
    }
    assert_eq!(told(&world), [stands(0, 200_000, 0)], "once");
    assert_eq!(state(&world, "c-2").await, done(200_000));
    assert_eq!(code(capture(&world, "c-2", 100_000).await), "number-reused");
    assert_eq!(code(capture(&world, "c-3", 100_000).await), "not-held");
    assert_eq!(code(give_back(&world, Return::Void, "v-1", 100_000).await), "not-held");
    assert_eq!(state(&world, "n-1").await, stands(0, 200_000, 0));
}

#[tokio::test]
async fn a_hold_is_let_go_whole_in_part_or_by_itself() {
    let world = World::new();
    let page = told_of(&world, &hold("n-1")).await;
    world.form(&page.url, "card=success").await;
    let void = |number: &'static str, minor| give_back(&world, Return::Void, number, minor);
    assert_eq!(void("v-1", 100_000).await.unwrap(), done(100_000));
    assert_eq!(void("v-1", 100_000).await.unwrap(), done(100_000));
    assert_eq!(code(void("v-2", 200_001).await), "exceeds-held");
    assert_eq!(state(&world, "n-1").await, stands(200_000, 0, 0));
    assert_eq!(void("v-3", 200_000).await.unwrap(), done(200_000));
    assert_eq!(told(&world), [HELD, stands(200_000, 0, 0), stands(0, 0, 0)]);
    assert_eq!(code(capture(&world, "c-1", 1).await), "not-held");
    for (card, seconds) in [("success", 7 * 86_400), ("hold_dropped", 86_400)] {
        let world = World::new();
        let page = told_of(&world, &hold("n-1")).await;
        world.form(&page.url, &format!("card={card}")).await;
        assert_eq!(told(&world), [HELD], "{card}");
        world.pass(seconds - 1).await;
        assert_eq!(told(&world), [], "{card}");
        world.pass(1).await;
        assert_eq!(told(&world), [stands(0, 0, 0)], "{card}");
    }
}

#[tokio::test]
async fn a_whole_capture_is_reversed_until_it_has_cleared() {
    for (seconds, minor, expected) in [
        (86_399, 300_000, Ok(stands(0, 300_000, 300_000))),
        (86_400, 300_000, Err("cleared")),
        (0, 299_999, Err("cleared")),
    ] {
        let world = World::new();
        let page = registered(&world, "n-1").await;
        assert_eq!(code(give_back(&world, Return::Reversal, "r-0", 300_000).await), "not-captured");
        world.form(&page.url, "card=success").await;
        world.pass(seconds).await;
        let answer = give_back(&world, Return::Reversal, "r-1", minor).await;
        match expected {
            Ok(expected) => {
                assert_eq!(answer.unwrap(), done(minor));
                assert_eq!(state(&world, "n-1").await, expected);
            }
            Err(expected) => assert_eq!(code(answer), expected),
        }
    }
}

#[tokio::test]
async fn refunds_may_take_their_time_fail_and_be_undone() {
    let paid = async |card: &str| {
        let world = World::new();
        let page = registered(&world, "n-1").await;
        world.form(&page.url, &format!("card={card}")).await;
        assert_eq!(told(&world), [PAID]);
        world
    };
    let world = paid("refund_slow").await;
    assert_eq!(give_back(&world, Return::Refund, "r-1", 300_000).await.unwrap(), BankState::Pending);
    assert_eq!(code(give_back(&world, Return::Refund, "r-2", 1).await), "exceeds-captured", "it is on its way");
    assert_eq!((state(&world, "r-1").await, state(&world, "n-1").await), (BankState::Pending, PAID));
    world.pass(600).await;
    assert_eq!(told(&world), [stands(0, 300_000, 300_000)]);
    assert_eq!(state(&world, "r-1").await, done(300_000));

    let world = paid("refund_refused").await;
    let declined = BankState::Declined(DeclineReason::Other);
    for _ in 0..2 {
        assert_eq!(give_back(&world, Return::Refund, "r-1", 300_000).await.unwrap(), declined);
    }
    assert_eq!((state(&world, "r-1").await, state(&world, "n-1").await), (declined, PAID));
    assert_eq!(give_back(&world, Return::Refund, "r-2", 300_000).await.unwrap(), done(300_000));

    let world = paid("refund_cancelled").await;
    assert_eq!(give_back(&world, Return::Refund, "r-1", 300_000).await.unwrap(), done(300_000));
    assert_eq!(told(&world), [stands(0, 300_000, 300_000)]);
    world.pass(3_600).await;
    assert_eq!(told(&world), [], "silently");
    assert_eq!((state(&world, "r-1").await, state(&world, "n-1").await), (declined, PAID));
}

fn charge(number: &str, token: &str, buyer_present: bool) -> ChargeRequest {
    ChargeRequest { payment: request(number), token: token.into(), buyer_present }
}

#[tokio::test]
async fn saved_means_are_charged_until_they_are_forgotten() {
    let saving = |number| PaymentRequest { customer: Some("c-1".into()), save: true, ..request(number) };
    for (card, absent, present) in [
        ("success", PAID, PAID),
        ("challenge", PAID, BankState::Pending),
        (
            "charge_declined",
            BankState::Declined(DeclineReason::InsufficientFunds),
            BankState::Declined(DeclineReason::InsufficientFunds),
        ),
    ] {
        let world = World::new();
        let page = told_of(&world, &saving("n-1")).await;
        world.form(&page.url, &format!("card={card}")).await;
        world.form(&page.url, "code=111111").await;
        assert_eq!(told(&world), [PAID], "{card}");
        let saved = ask(&world, "n-1").await.saved.unwrap();
        assert!(saved.label.starts_with("Мир ••") && saved.valid_until.as_deref() == Some("2030-12"));
        let take = async |number: &str, present| {
            bank(&world).charge(world.http(), &charge(number, &saved.token, present)).await.unwrap()
        };
        let first = take("n-2", false).await;
        assert_eq!((first.report.state, &first.report.saved, &first.page), (absent, &None, &None), "{card}");
        assert_eq!(take("n-2", false).await, first);
        assert_eq!(told(&world), [absent], "{card}: once");
        let second = take("n-3", true).await;
        assert_eq!((second.report.state, second.page.is_some()), (present, present == BankState::Pending), "{card}");
        if let Some(page) = second.page {
            world.form(&page, "code=111111").await;
            assert_eq!(state(&world, "n-3").await, PAID);
        }
        let other = charge("n-1", &saved.token, false);
        let answer = bank(&world).charge(world.http(), &other).await;
        assert!(matches!(answer, Err(BankError::Refused { status: 409, .. })), "another's number");
        bank(&world).forget(world.http(), "c-2", &saved.token).await.unwrap();
        assert!(bank(&world).charge(world.http(), &charge("n-4", &saved.token, false)).await.is_ok());
        for _ in 0..2 {
            bank(&world).forget(world.http(), "c-1", &saved.token).await.unwrap();
        }
        let answer = bank(&world).charge(world.http(), &charge("n-5", &saved.token, false)).await;
        let Err(BankError::Refused { status: 404, code, .. }) = answer else { panic!("{answer:?}") };
        assert_eq!(code, "means-not-found");
        assert_eq!(state(&world, "n-5").await, BankState::NotFound);
        assert_eq!(take("n-2", false).await, first, "done before is done");
    }
}

#[tokio::test]
async fn the_sbp_is_paid_by_its_link() {
    let world = World::new();
    let sbp = PaymentRequest { method: Method::Sbp, customer: Some("c-1".into()), save: true, ..request("n-1") };
    let paper = told_of(&world, &sbp).await;
    let led = world.ask("GET", paper.url.strip_prefix(BASE).unwrap(), &[], "").await;
    assert_eq!(world.form(led.location(), "card=success").await.location(), "https://pay.test/c/x/return");
    assert_eq!(told(&world), [PAID]);
    let saved = ask(&world, "n-1").await.saved.unwrap();
    assert_eq!((saved.label.as_str(), saved.valid_until), ("СБП, тестовый банк", None));
}

#[tokio::test]
async fn points_pay_a_part() {
    let world = World::new();
    let with = PaymentRequest { points_max: Some(Money::rub(100_000)), ..request("n-1") };
    let page = told_of(&world, &with).await;
    world.form(&page.url, "card=points").await;
    let report = ask(&world, "n-1").await;
    // What stands is money; points are none, and go back after it.
    assert_eq!((report.state, report.points), (stands(0, 200_000, 0), Some(Money::rub(100_000))));
    give_back(&world, Return::Refund, "r-1", 50_000).await.unwrap();
    assert_eq!(give_back(&world, Return::Refund, "r-2", 150_000).await.unwrap(), done(150_000));
    assert_eq!(ask(&world, "n-1").await.state, stands(0, 200_000, 200_000));
    let held = told_of(&world, &PaymentRequest { points_max: Some(Money::rub(100_000)), ..hold("n-2") }).await;
    world.form(&held.url, "card=points").await;
    assert_eq!(ask(&world, "n-2").await.state, stands(200_000, 0, 0));
}

#[tokio::test]
async fn an_answer_that_is_lost_was_given_all_the_same() {
    let world = World::new();
    let page = told_of(&world, &hold("n-1")).await;
    world.form(&page.url, "card=success").await;
    world.lose_answers(1);
    assert!(matches!(capture(&world, "c-1", 200_000).await, Err(BankError::Unknown(_))));
    assert_eq!(state(&world, "c-1").await, done(200_000));
    assert_eq!(capture(&world, "c-1", 200_000).await.unwrap(), done(200_000));
    world.lose_answers(1);
    assert!(matches!(give_back(&world, Return::Refund, "r-1", 1).await, Err(BankError::Unknown(_))));
    assert_eq!(give_back(&world, Return::Refund, "r-1", 1).await.unwrap(), done(1));
    assert_eq!(told(&world), [HELD, stands(0, 200_000, 0), stands(0, 200_000, 1)]);
}

#[tokio::test]
async fn captures_and_voids_at_once_have_one_outcome() {
    for _ in 0..5 {
        let world = World::new();
        let page = told_of(&world, &hold("n-1")).await;
        world.form(&page.url, "card=success").await;
        let (one, two, void) = tokio::join!(
            capture(&world, "c-1", 300_000),
            capture(&world, "c-2", 200_000),
            give_back(&world, Return::Void, "v-1", 300_000),
        );
        assert_eq!([one, two, void].iter().filter(|answer| answer.is_ok()).count(), 1);
        let [first, last] = told(&world)[..] else { panic!("two callbacks") };
        assert_eq!((first, last), (HELD, state(&world, "n-1").await));
    }
}

#[tokio::test]
async fn pages_have_a_strict_policy_and_unknown_ones_are_not_there() {
    let world = World::new();
    let page = registered(&world, "n-1").await;
    let path = page.url.strip_prefix(BASE).unwrap();
    for (form, words) in [("", "3000"), ("card=challenge", "111111"), ("decision=refuse", "отказались")] {
        if !form.is_empty() {
            world.form(path, form).await;
        }
        let answer = world.ask("GET", path, &[], "").await;
        assert_eq!(answer.status, 200);
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let html = String::from_utf8(answer.body.to_vec()).unwrap().replace(['\u{a0}', '\u{202f}', ' '], "");
        assert!(html.contains(words), "{words}: {html}");
    }
    for path in ["/sandbox/bank/pay/x", "/sandbox/bank/pay/pay_demoshop_00000000000000000000000000000000", "/sandbox/x"]
    {
        assert_eq!(world.ask("GET", path, &[], "").await.status, 404, "{path}");
    }
    assert_eq!(world.form(path, "card=4111111111111111").await.status, 422);
}

#[tokio::test]
async fn what_nobody_has_paid_is_withdrawn_and_nothing_else() {
    let world = World::new();
    let withdraw = async |number: &str| bank(&world).withdraw(world.http(), &known(number)).await.unwrap().state;
    let declined = BankState::Declined(DeclineReason::CancelledByBuyer);
    assert_eq!(withdraw("n-0").await, BankState::NotFound);
    let page = registered(&world, "n-1").await;
    for _ in 0..2 {
        assert_eq!(withdraw("n-1").await, declined);
    }
    world.form(&page.url, "card=success").await;
    assert_eq!(state(&world, "n-1").await, declined, "nobody can pay it any more");
    let page = registered(&world, "n-2").await;
    world.form(&page.url, "card=success").await;
    assert_eq!(withdraw("n-2").await, stands(0, 300_000, 0), "the buyer was faster");
    let page = registered(&world, "n-3").await;
    world.form(&page.url, "card=late").await;
    assert_eq!(withdraw("n-3").await, BankState::Pending, "the bank is at it");
}

#[tokio::test]
async fn means_that_were_told_of_can_be_forgotten_whatever_failed_in_between() {
    let world = World::new();
    let saving = PaymentRequest { customer: Some("c-1".into()), save: true, ..request("n-1") };
    let page = told_of(&world, &saving).await;
    // The payment is on record, what it saved is not yet.
    world.fail_put(2);
    assert_eq!(world.form(&page.url, "card=success").await.status, 503);
    let token = ask(&world, "n-1").await.saved.unwrap().token;
    bank(&world).forget(world.http(), "c-1", &token).await.unwrap();
    world.pass(3_600).await;
    let payment =
        PaymentRequest { customer: Some("c-1".into()), expires_at: plus_seconds(world.now(), 600), ..request("n-2") };
    let charge = ChargeRequest { payment, token, buyer_present: false };
    assert!(matches!(bank(&world).charge(world.http(), &charge).await, Err(BankError::Refused { .. })), "forgotten");
}
