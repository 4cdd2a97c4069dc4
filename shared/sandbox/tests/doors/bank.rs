//! The sandbox bank through its doors, spoken to by the platform's own connector.

use crate::support::{BASE, START, World};
use connectors::bank::sandbox::SandboxBank;
use connectors::bank::{Bank as _, BankError, PaymentRequest, RefundRequest, Registered};
use connectors::signature;
use domain::details::Language;
use domain::money::Money;
use domain::order::{BankState, DeclineReason};
use domain::time::plus_seconds;

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
    }
}

async fn registered(world: &World, number: &str) -> Registered {
    bank(world).register(world.http(), &request(number)).await.unwrap()
}

async fn state(world: &World, number: &str) -> BankState {
    bank(world).ask(world.http(), number).await.unwrap().state
}

/// What the callbacks said, in order, each verified by the connector.
fn told(world: &World) -> Vec<BankState> {
    let bank = bank(world);
    let heard = world.heard();
    heard.iter().map(|heard| bank.callback(world.now(), &heard.headers, &heard.body).unwrap().report.state).collect()
}

const PAID: BankState = BankState::Succeeded(Money::rub(300_000));

#[tokio::test]
async fn every_card_does_what_it_says() {
    let declined = BankState::Declined;
    let cases: [(&str, Vec<BankState>, BankState); 8] = [
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
    for _ in 0..2 {
        assert_eq!(world.form(&code, "code=0").await.status, 422);
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
    assert_eq!(registered(&world, "n-1").await, first);
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
    let page = registered(&world, "n-1").await;
    world.answers(&[None; 10]);
    world.form(&page.url, "card=success").await;
    for _ in 0..50 {
        world.pass(600).await;
    }
    assert_eq!(world.heard().len(), 4);
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
    let live = r#"{"tenant":"demoshop.l","kind":"bank","id":"x"}"#;
    assert!(sandbox::work(&world.ports, live).await.is_err());
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
    let refund = |number: &str, minor: i64| RefundRequest {
        number: number.into(),
        payment_number: "n-1".into(),
        payment_reference: Some(page.reference.clone()),
        amount: Money::rub(minor),
    };
    let code = |answer: Result<_, BankError>| match answer {
        Err(BankError::Refused { code, .. }) => code,
        other => panic!("{other:?}"),
    };
    let bank = bank(&world);
    let whole = refund("n-2", 300_000);
    assert_eq!(code(bank.refund(world.http(), &whole).await), "not-captured");
    assert_eq!(state(&world, "n-2").await, BankState::NotFound);
    world.form(&page.url, "card=success").await;
    assert_eq!(code(bank.refund(world.http(), &refund("n-3", 300_001)).await), "exceeds-captured");
    let first = bank.refund(world.http(), &whole).await.unwrap();
    assert_eq!(first.state, PAID);
    assert_eq!(bank.refund(world.http(), &whole).await.unwrap(), first, "the same number, the same answer");
    assert_eq!(bank.ask(world.http(), "n-2").await.unwrap(), first);
    assert_eq!(code(bank.refund(world.http(), &refund("n-2", 1)).await), "number-reused");
    assert_eq!(code(bank.refund(world.http(), &refund("n-4", 1)).await), "exceeds-captured");
    let other = RefundRequest { payment_reference: Some("pay_x".into()), ..refund("n-5", 1) };
    assert_eq!(code(bank.refund(world.http(), &other).await), "invalid");
    let unknown = RefundRequest { payment_number: "n-9".into(), ..whole };
    assert_eq!(code(bank.refund(world.http(), &unknown).await), "payment-not-found");
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
