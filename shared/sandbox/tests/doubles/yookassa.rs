//! The double of `YooKassa`, spoken to by the platform's own connector.

use connectors::bank::yookassa::YookassaBank;
use connectors::bank::{
    Bank, BankError, CaptureRequest, ChargeRequest, Charged, Known, PaymentRequest, Question, Registered,
    ReturnRequest, Show,
};
use connectors::nspk;
use domain::acquiring::{Credentials, Method, Return, Stages, Standing};
use domain::details::Language;
use domain::money::Money;
use domain::order::{BankReport, BankState, DeclineReason};
use domain::time::plus_seconds;
use sandbox::double::{self, Family};
use serde_json::{Value, json};

use crate::support::{Answer, BASE, Heard, World};

const DAY: i64 = 24 * 3_600;

/// A number of the platform's, made about when the world begins.
fn number(no: u32) -> String {
    format!("01KAA000000000000000000000o{no}")
}

async fn credentials(world: &World) -> Credentials {
    double::terminal(&world.ports, &world.tenant, Family::Yookassa).await.unwrap().credentials
}

async fn bank(world: &World) -> YookassaBank {
    YookassaBank::new(&format!("{BASE}/sandbox/yookassa/demoshop"), &credentials(world).await, world.now())
}

fn request(world: &World) -> PaymentRequest {
    PaymentRequest {
        number: number(1),
        bill: "1000000000000016.1".into(),
        amount: Money::rub(300_000),
        method: Method::Card,
        stages: Stages::One,
        description: "Выписка ЕГРН".into(),
        return_url: "https://shop.test/back".into(),
        callback_url: "https://pay.test/callbacks/bank/demoshop.t/yookassa".into(),
        expires_at: plus_seconds(world.now(), 1_800),
        language: Language::Ru,
        merchant: "ООО «Справка»".into(),
        customer: None,
        save: false,
        points_max: None,
        email: None,
        phone: None,
    }
}

fn held(world: &World) -> PaymentRequest {
    PaymentRequest { stages: Stages::Two, ..request(world) }
}

fn known(reference: Option<&str>) -> Known {
    let reference = reference.map(str::to_owned);
    let (amount, method, stages) = (Money::rub(300_000), Method::Card, Stages::One);
    Known { number: number(1), reference, amount, captured: None, method, stages }
}

fn stands(held: i64, captured: i64, refunded: i64) -> BankState {
    let (held, captured, refunded) = (Money::rub(held), Money::rub(captured), Money::rub(refunded));
    BankState::Stands(Standing { held, captured, refunded })
}

/// A payment that is registered and paid with a test card.
async fn paid(world: &World, request: &PaymentRequest, card: &str) -> Registered {
    let registered = bank(world).await.register(world.http(), request).await.unwrap();
    let Show::Page(page) = &registered.show else { panic!("{registered:?}") };
    let answer = world.form(page, &format!("card={card}")).await;
    assert_eq!(answer.status, 303);
    registered
}

async fn asked(world: &World, reference: Option<&str>) -> BankReport {
    let question = Question { number: number(1), payment: known(reference), reference: None };
    bank(world).await.ask(world.http(), &question).await.unwrap()
}

async fn capture(world: &World, reference: &str, minor: i64) -> Result<BankReport, BankError> {
    let (held, amount) = (Money::rub(300_000), Money::rub(minor));
    let request = CaptureRequest { number: number(2), payment: known(Some(reference)), held, amount };
    bank(world).await.capture(world.http(), &request).await
}

async fn back(world: &World, reference: &str, no: u32, kind: Return, minor: i64) -> Result<BankReport, BankError> {
    let (payment, standing) = (known(Some(reference)), Money::rub(300_000));
    let request = ReturnRequest { number: number(no), payment, kind, amount: Money::rub(minor), standing };
    bank(world).await.give_back(world.http(), &request).await
}

async fn asked_of(world: &World, reference: &str, no: u32, refund: Option<&str>) -> BankReport {
    let refund = refund.map(str::to_owned);
    let question = Question { number: number(no), payment: known(Some(reference)), reference: refund };
    bank(world).await.ask(world.http(), &question).await.unwrap()
}

/// Events heard since last asked, every one of them held to what the connector makes of it.
async fn events(world: &World) -> Vec<String> {
    let bank = bank(world).await;
    let name = |heard: Heard| {
        assert_eq!(heard.url, "https://pay.test/callbacks/bank/demoshop.t/yookassa");
        let body: Value = serde_json::from_slice(&heard.body).unwrap();
        let callback = bank.callback(world.now(), &heard.incoming()).unwrap();
        let about = callback.map(|callback| (callback.number, callback.proven));
        let event = body["event"].as_str().unwrap().to_owned();
        match event.as_str() {
            "payment_method.active" => assert_eq!(about, None),
            _ => assert!(matches!(&about, Some((number, false)) if number.starts_with("01KAA")), "{about:?}"),
        }
        event
    };
    world.heard().into_iter().map(name).collect()
}

#[tokio::test]
async fn one_stage_is_paid_and_told() {
    let world = World::new();
    let bank = bank(&world).await;
    let registered = bank.register(world.http(), &request(&world)).await.unwrap();
    assert_eq!(bank.register(world.http(), &request(&world)).await.unwrap(), registered);
    assert_eq!(asked(&world, Some(&registered.reference)).await.state, BankState::Pending);
    let Show::Page(page) = &registered.show else { panic!("{registered:?}") };
    assert_eq!(world.form(page, "card=success").await.location(), "https://shop.test/back");
    let report = asked(&world, Some(&registered.reference)).await;
    assert_eq!(report, BankReport::new(Some(registered.reference.clone()), stands(0, 300_000, 0)));
    assert_eq!(events(&world).await, ["payment.succeeded"]);
    // Whoever lost the id finds it by the number.
    assert_eq!(asked(&world, None).await, report);
    let nobodys = Question { number: number(9), payment: Known { number: number(9), ..known(None) }, reference: None };
    assert_eq!(bank.ask(world.http(), &nobodys).await.unwrap().state, BankState::NotFound);
}

#[tokio::test]
async fn a_hold_is_captured_in_part_once() {
    let world = World::new();
    let Registered { reference, .. } = paid(&world, &held(&world), "success").await;
    assert_eq!(asked(&world, Some(&reference)).await.state, stands(300_000, 0, 0));
    let error = capture(&world, &reference, 300_001).await.unwrap_err();
    assert!(matches!(&error, BankError::Refused { status: 400, .. }), "{error:?}");
    let captured = BankReport::new(None, BankState::Succeeded(Money::rub(200_000)));
    assert_eq!(capture(&world, &reference, 200_000).await.unwrap(), captured);
    assert_eq!(capture(&world, &reference, 200_000).await.unwrap(), captured);
    assert_eq!(asked(&world, Some(&reference)).await.state, stands(0, 200_000, 0));
    assert_eq!(asked_of(&world, &reference, 2, None).await.state, stands(0, 200_000, 0));
    assert_eq!(events(&world).await, ["payment.waiting_for_capture", "payment.succeeded"]);
    // A day later the key is forgotten, and the payment tells that it was done.
    world.pass(DAY).await;
    assert_eq!(capture(&world, &reference, 200_000).await.unwrap().state, stands(0, 200_000, 0));
    assert_eq!(events(&world).await, [""; 0]);
}

#[tokio::test]
async fn a_hold_is_let_go_by_the_shop_or_by_itself() {
    let world = World::new();
    let Registered { reference, .. } = paid(&world, &held(&world), "success").await;
    for _ in 0..2 {
        let report = back(&world, &reference, 2, Return::Void, 300_000).await.unwrap();
        assert_eq!(report.state, BankState::Succeeded(Money::rub(300_000)));
    }
    assert_eq!(asked(&world, Some(&reference)).await.state, stands(0, 0, 0));
    assert_eq!(events(&world).await, ["payment.waiting_for_capture", "payment.canceled"]);
    for (card, after) in [("success", 7 * DAY), ("hold_dropped", DAY)] {
        let world = World::new();
        let Registered { reference, .. } = paid(&world, &held(&world), card).await;
        world.pass(after - 1).await;
        assert_eq!(asked(&world, Some(&reference)).await.state, stands(300_000, 0, 0));
        world.pass(1).await;
        assert_eq!(asked(&world, Some(&reference)).await.state, stands(0, 0, 0));
        assert_eq!(events(&world).await, ["payment.waiting_for_capture", "payment.canceled"]);
        assert_eq!(capture(&world, &reference, 300_000).await.unwrap().state, stands(0, 0, 0));
    }
}

#[tokio::test]
async fn money_goes_back_in_parts_and_no_more_than_was_taken() {
    let world = World::new();
    let Registered { reference, .. } = paid(&world, &request(&world), "success").await;
    let first = back(&world, &reference, 2, Return::Refund, 100_000).await.unwrap();
    assert_eq!(first.state, BankState::Succeeded(Money::rub(100_000)));
    assert_eq!(back(&world, &reference, 2, Return::Refund, 100_000).await.unwrap(), first);
    world.pass(2 * DAY).await;
    assert_eq!(back(&world, &reference, 2, Return::Refund, 100_000).await.unwrap(), first, "however late");
    let error = back(&world, &reference, 3, Return::Refund, 200_001).await.unwrap_err();
    assert!(matches!(&error, BankError::Refused { status: 400, .. }), "{error:?}");
    back(&world, &reference, 4, Return::Refund, 200_000).await.unwrap();
    assert_eq!(asked(&world, Some(&reference)).await.state, stands(0, 300_000, 300_000));
    assert_eq!(asked_of(&world, &reference, 2, first.reference.as_deref()).await, first);
    assert_eq!(asked_of(&world, &reference, 2, None).await, first);
    assert_eq!(asked_of(&world, &reference, 3, None).await.state, stands(0, 300_000, 300_000), "never made");
    assert_eq!(events(&world).await, ["payment.succeeded", "refund.succeeded", "refund.succeeded"]);
}

#[tokio::test]
async fn refunds_may_take_their_time_or_come_to_nothing() {
    let world = World::new();
    let Registered { reference, .. } = paid(&world, &request(&world), "refund_slow").await;
    let slow = back(&world, &reference, 2, Return::Refund, 100_000).await.unwrap();
    assert_eq!(slow.state, BankState::Pending);
    assert_eq!(asked(&world, Some(&reference)).await.state, stands(0, 300_000, 0));
    world.pass(600).await;
    assert_eq!(events(&world).await, ["payment.succeeded", "refund.succeeded"]);
    let done = asked_of(&world, &reference, 2, slow.reference.as_deref()).await;
    assert_eq!(done.state, BankState::Succeeded(Money::rub(100_000)));

    let world = World::new();
    let Registered { reference, .. } = paid(&world, &request(&world), "refund_cancelled").await;
    let undone = back(&world, &reference, 2, Return::Refund, 300_000).await.unwrap();
    assert_eq!(undone.state, BankState::Succeeded(Money::rub(300_000)));
    assert_eq!(asked(&world, Some(&reference)).await.state, stands(0, 300_000, 300_000));
    world.pass(3_600).await;
    assert_eq!(events(&world).await, ["payment.succeeded", "refund.succeeded"], "nobody is told");
    assert_eq!(asked(&world, Some(&reference)).await.state, stands(0, 300_000, 0));
    let undone = asked_of(&world, &reference, 2, undone.reference.as_deref()).await;
    assert_eq!(undone.state, BankState::Declined(DeclineReason::Other));

    let world = World::new();
    let Registered { reference, .. } = paid(&world, &request(&world), "refund_refused").await;
    for _ in 0..2 {
        let refused = back(&world, &reference, 2, Return::Refund, 300_000).await.unwrap();
        assert_eq!(refused.state, BankState::Declined(DeclineReason::Other));
    }
    let second = back(&world, &reference, 3, Return::Refund, 300_000).await.unwrap();
    assert_eq!(second.state, BankState::Succeeded(Money::rub(300_000)));
}

#[tokio::test]
async fn every_decline_has_its_reason() {
    for (card, reason) in
        [("insufficient_funds", DeclineReason::InsufficientFunds), ("blocked", DeclineReason::CardBlocked)]
    {
        let world = World::new();
        let Registered { reference, .. } = paid(&world, &request(&world), card).await;
        assert_eq!(asked(&world, Some(&reference)).await.state, BankState::Declined(reason));
        assert_eq!(events(&world).await, ["payment.canceled"]);
    }
    let world = World::new();
    let registered = paid(&world, &request(&world), "challenge").await;
    let Show::Page(page) = &registered.show else { panic!("a page") };
    assert_eq!(asked(&world, Some(&registered.reference)).await.state, BankState::Pending);
    for _ in 0..3 {
        world.form(page, "code=000000").await;
    }
    let state = asked(&world, Some(&registered.reference)).await.state;
    assert_eq!(state, BankState::Declined(DeclineReason::AuthenticationFailed));
    // An hour is the means' own term, whatever the platform would have liked.
    let world = World::new();
    let registered = bank(&world).await.register(world.http(), &request(&world)).await.unwrap();
    world.pass(3_599).await;
    assert_eq!(asked(&world, Some(&registered.reference)).await.state, BankState::Pending);
    world.pass(1).await;
    let state = asked(&world, Some(&registered.reference)).await.state;
    assert_eq!(state, BankState::Declined(DeclineReason::TimedOut));
    assert_eq!(events(&world).await, ["payment.canceled"]);
}

#[tokio::test]
async fn the_sbp_is_paid_by_its_link() {
    let world = World::new();
    let request = PaymentRequest { method: Method::Sbp, ..request(&world) };
    let registered = bank(&world).await.register(world.http(), &request).await.unwrap();
    let Show::Sbp(link) = &registered.show else { panic!("{registered:?}") };
    let link = nspk::read(link).unwrap();
    assert_eq!(link.sum, Some(Money::rub(300_000)));
    let page = world.ask("GET", &format!("/sandbox/sbp/demoshop/{}", link.id), &[], "").await;
    assert_eq!(world.form(page.location(), "card=success").await.status, 303);
    assert_eq!(asked(&world, Some(&registered.reference)).await.state, stands(0, 300_000, 0));
    let report = back(&world, &registered.reference, 2, Return::Refund, 100_000).await.unwrap();
    assert_eq!(report.state, BankState::Succeeded(Money::rub(100_000)));
}

async fn charge(world: &World, no: u32, token: &str, buyer_present: bool) -> Charged {
    let payment = PaymentRequest { number: number(no), ..request(world) };
    let request = ChargeRequest { payment, token: token.into(), buyer_present };
    bank(world).await.charge(world.http(), &request).await.unwrap()
}

#[tokio::test]
async fn a_card_is_saved_and_charged() {
    let world = World::new();
    let saving = PaymentRequest { customer: Some("buyer-7".into()), save: true, ..held(&world) };
    let Registered { reference, .. } = paid(&world, &saving, "success").await;
    let heard = world.heard();
    let told: Value = serde_json::from_slice(&heard[0].body).unwrap();
    assert_eq!(told["object"]["payment_method"]["saved"], json!(true));
    let means = asked(&world, Some(&reference)).await.saved.unwrap();
    assert_eq!((means.label.as_str(), means.valid_until.as_deref()), ("Мир •• 0001", Some("2030-12")));
    for buyer_present in [false, true] {
        let no = 5 + u32::from(buyer_present);
        let charged = charge(&world, no, &means.token, buyer_present).await;
        assert_eq!((charged.report.state, charged.page.as_deref()), (stands(0, 300_000, 0), None));
        assert_eq!(charge(&world, no, &means.token, buyer_present).await, charged);
    }
    assert_eq!(events(&world).await, ["payment.succeeded", "payment.succeeded"], "once for every payment");
    let gone = charge(&world, 7, "00000000-000f-5000-a000-000000000000", false).await;
    assert_eq!(gone.report, BankReport::new(None, BankState::Declined(DeclineReason::Other)));
    // A charge whose answer was lost was made, and is found.
    world.lose_answers(1);
    let payment = PaymentRequest { number: number(8), ..request(&world) };
    let lost = ChargeRequest { payment, token: means.token.clone(), buyer_present: false };
    let error = bank(&world).await.charge(world.http(), &lost).await.unwrap_err();
    assert!(matches!(error, BankError::Unknown(_)), "{error:?}");
    let question = Question { number: number(8), payment: Known { number: number(8), ..known(None) }, reference: None };
    let found = bank(&world).await.ask(world.http(), &question).await.unwrap();
    assert_eq!(found.state, stands(0, 300_000, 0));
    bank(&world).await.forget(world.http(), "buyer-7", &means.token).await.unwrap();
}

#[tokio::test]
async fn a_charge_may_need_the_buyer_or_the_money() {
    let world = World::new();
    let saving = PaymentRequest { customer: Some("buyer-7".into()), save: true, ..request(&world) };
    let registered = paid(&world, &saving, "challenge").await;
    let Show::Page(page) = &registered.show else { panic!("a page") };
    world.form(page, "code=111111").await;
    let means = asked(&world, Some(&registered.reference)).await.saved.unwrap();
    assert_eq!(charge(&world, 5, &means.token, false).await.report.state, stands(0, 300_000, 0));
    let charged = charge(&world, 6, &means.token, true).await;
    assert_eq!(charged.report.state, BankState::Pending);
    assert_eq!(world.form(&charged.page.unwrap(), "code=111111").await.location(), "https://shop.test/back");
    assert_eq!(charge(&world, 6, &means.token, true).await.report.state, stands(0, 300_000, 0));

    let world = World::new();
    let saving = PaymentRequest { customer: Some("buyer-7".into()), save: true, ..request(&world) };
    let Registered { reference, .. } = paid(&world, &saving, "charge_declined").await;
    let means = asked(&world, Some(&reference)).await.saved.unwrap();
    let charged = charge(&world, 5, &means.token, false).await;
    assert_eq!(charged.report.state, BankState::Declined(DeclineReason::InsufficientFunds));
}

#[tokio::test]
async fn what_was_done_is_done_though_its_answer_was_lost() {
    let world = World::new();
    let bank = bank(&world).await;
    world.lose_answers(1);
    let error = bank.register(world.http(), &request(&world)).await.unwrap_err();
    assert!(matches!(error, BankError::Unknown(_)), "{error:?}");
    assert_eq!(asked(&world, None).await.state, BankState::Pending);
    // Asked for once more, a word of it changed: the same payment.
    let again = PaymentRequest { description: "Выписка".into(), ..request(&world) };
    let Registered { reference, show } = bank.register(world.http(), &again).await.unwrap();
    let Show::Page(page) = show else { panic!("a page") };
    world.form(&page, "card=success").await;
    assert_eq!(asked(&world, None).await.reference, Some(reference.clone()));
    // The list of refunds is read first, so the second answer is the refund's.
    let first = back(&world, &reference, 2, Return::Refund, 100_000).await.unwrap();
    world.lose_answers(1);
    assert!(back(&world, &reference, 3, Return::Refund, 100_000).await.is_err());
    let second = back(&world, &reference, 3, Return::Refund, 100_000).await.unwrap();
    assert_ne!(first.reference, second.reference);
    assert_eq!(asked(&world, Some(&reference)).await.state, stands(0, 300_000, 200_000));
}

#[tokio::test]
async fn a_crash_between_any_two_writes_leaves_one_charge_that_can_be_found() {
    for write in 1.. {
        let world = World::new();
        let saving = PaymentRequest { customer: Some("buyer-7".into()), save: true, ..request(&world) };
        let Registered { reference, .. } = paid(&world, &saving, "success").await;
        let token = asked(&world, Some(&reference)).await.saved.unwrap().token;
        events(&world).await;
        world.fail_put(write);
        let payment = PaymentRequest { number: number(5), ..request(&world) };
        let request = ChargeRequest { payment, token, buyer_present: false };
        let first = bank(&world).await.charge(world.http(), &request).await;
        world.fail_put(0);
        let known = Known { number: number(5), ..known(None) };
        let question = Question { number: number(5), payment: known, reference: None };
        let found = bank(&world).await.ask(world.http(), &question).await.unwrap().state;
        match first {
            Err(error) => assert!(matches!(error, BankError::Unknown(_)), "{error:?}"),
            Ok(_) => assert_eq!(found, stands(0, 300_000, 0)),
        }
        let whole = [BankState::NotFound, stands(0, 300_000, 0)].contains(&found);
        assert!(whole, "write {write}: {found:?}");
        let again = bank(&world).await.charge(world.http(), &request).await.unwrap();
        assert_eq!(again.report.state, stands(0, 300_000, 0));
        world.pass(DAY).await;
        let told = events(&world).await;
        assert!(!told.is_empty() && told.iter().all(|event| event == "payment.succeeded"), "{told:?}");
        let listed = raw(&world, "GET", "/payments", None, &Value::Null).await.json();
        assert_eq!(listed["items"].as_array().unwrap().len(), 2, "one that saved, and one charge");
        if write > 4 {
            return;
        }
    }
}

#[tokio::test]
async fn callers_that_come_at_once_with_one_key_make_one_payment() {
    let world = World::new();
    let bank = bank(&world).await;
    let request = request(&world);
    let register = || bank.register(world.http(), &request);
    let (one, two, three) = tokio::join!(register(), register(), register());
    assert_eq!(one.unwrap(), two.unwrap());
    let Registered { reference, show } = three.unwrap();
    let Show::Page(page) = show else { panic!("a page") };
    world.form(&page, "card=success").await;
    let give = || back(&world, &reference, 2, Return::Refund, 200_000);
    let (one, two) = tokio::join!(give(), give());
    assert_eq!(one.unwrap(), two.unwrap());
    assert_eq!(asked(&world, Some(&reference)).await.state, stands(0, 300_000, 200_000));
    assert_eq!(events(&world).await, ["payment.succeeded", "refund.succeeded"]);
}

#[tokio::test]
async fn callbacks_are_repeated_for_a_day_until_200() {
    let world = World::new();
    world.answers(&[Some(500), None, Some(201), Some(302)]);
    paid(&world, &request(&world), "success").await;
    let mut heard = world.heard();
    for seconds in [60, 300, 900, 1_800, 3_600] {
        world.pass(seconds).await;
        heard.extend(world.heard());
    }
    assert_eq!(heard.len(), 5, "four that were not heard, and the one that was");
    assert!(heard.iter().all(|one| one.body == heard[0].body), "to the byte");
    let body: Value = serde_json::from_slice(&heard[0].body).unwrap();
    assert_eq!((&body["type"], &body["object"]["status"]), (&json!("notification"), &json!("succeeded")));
    let world = World::new();
    world.answers(&[Some(500); 20]);
    paid(&world, &request(&world), "success").await;
    for _ in 0..30 {
        world.pass(3_600).await;
    }
    assert_eq!(world.heard().len(), 10, "then it is given up");
}

#[tokio::test]
async fn test_cards_play_their_tricks_with_callbacks() {
    for (card, wanted) in [
        ("silent", vec![]),
        ("doubled", vec!["payment.succeeded"; 2]),
        ("out_of_order", vec!["payment.succeeded", "payment.waiting_for_capture"]),
    ] {
        let world = World::new();
        let Registered { reference, .. } = paid(&world, &request(&world), card).await;
        assert_eq!(events(&world).await, wanted, "{card}");
        assert_eq!(asked(&world, Some(&reference)).await.state, stands(0, 300_000, 0));
    }
}

/// Asks the double past the connector.
async fn raw(world: &World, method: &str, path: &str, key: Option<&str>, body: &Value) -> Answer {
    let credentials = credentials(world).await;
    let pair = format!("{}:{}", credentials.of("shop_id"), credentials.of("secret_key"));
    let basic = format!("Basic {}", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, pair));
    let mut headers = vec![("authorization", basic.as_str()), ("content-type", "application/json")];
    headers.extend(key.map(|key| ("Idempotence-Key", key)));
    let body = if body.is_null() { String::new() } else { body.to_string() };
    world.ask(method, &format!("/sandbox/yookassa/demoshop/v3{path}"), &headers, body).await
}

fn body() -> Value {
    json!({
        "amount": { "value": "100.00", "currency": "RUB" },
        "capture": true,
        "confirmation": { "type": "redirect", "return_url": "https://shop.test/back" },
        "description": "Заказ №1",
    })
}

fn with(mut object: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("an object") };
    object.as_object_mut().unwrap().extend(more);
    object
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_in_the_banks_words() {
    let world = World::new();
    let cases = [
        ("amount", json!({ "amount": null })),
        ("amount.value", json!({ "amount": { "value": "0.00", "currency": "RUB" } })),
        ("amount.value", json!({ "amount": { "value": "350000.01", "currency": "RUB" } })),
        ("amount.value", json!({ "amount": { "value": "1,00", "currency": "RUB" } })),
        ("amount.currency", json!({ "amount": { "value": "1.00", "currency": "USD" } })),
        ("confirmation", json!({ "confirmation": null })),
        ("confirmation.return_url", json!({ "confirmation": { "type": "redirect" } })),
        ("confirmation.type", json!({ "confirmation": { "type": "qr" } })),
        (
            "confirmation.locale",
            json!({ "confirmation": {
            "type": "redirect", "return_url": "https://shop.test", "locale": "de_DE",
        } }),
        ),
        ("description", json!({ "description": "д".repeat(129) })),
        ("merchant_customer_id", json!({ "merchant_customer_id": "c".repeat(201) })),
        ("metadata", json!({ "metadata": { "a": "x".repeat(513) } })),
        ("payment_method_data.type", json!({ "payment_method_data": { "type": "qiwi" } })),
        ("payment_method_id", json!({ "payment_method_id": "none" })),
        ("capture", json!({ "payment_method_data": { "type": "sbp" }, "capture": false })),
    ];
    for (parameter, more) in cases {
        let answer = raw(&world, "POST", "/payments", Some("k"), &with(body(), more)).await;
        let told = answer.json();
        assert_eq!((answer.status, &told["parameter"]), (400, &json!(parameter)), "{told}");
        assert_eq!((&told["type"], &told["code"]), (&json!("error"), &json!("invalid_request")));
        assert_eq!(told["id"].as_str().unwrap().len(), 36);
    }
    let long = "k".repeat(65);
    for key in [None, Some(long.as_str())] {
        let told = raw(&world, "POST", "/payments", key, &body()).await.json();
        assert_eq!(told["parameter"], "Idempotence-Key");
    }
    for path in ["/payments/none", "/refunds/none", "/payment_methods/none", "/refunds/..%2F"] {
        let answer = raw(&world, "GET", path, None, &Value::Null).await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (404, Some("not_found")), "{path}");
    }
    assert_eq!(raw(&world, "POST", "/webhooks", Some("k"), &json!({})).await.status, 403);
    let missing = json!({ "payment_id": "none", "amount": { "value": "1.00", "currency": "RUB" } });
    assert_eq!(raw(&world, "POST", "/refunds", Some("k"), &missing).await.json()["parameter"], "payment_id");
}

#[tokio::test]
async fn strangers_are_shown_nothing() {
    let world = World::new();
    let own = bank(&world).await.register(world.http(), &request(&world)).await.unwrap();
    for credentials in [json!({}), json!({ "shop_id": "1", "secret_key": "test_x" })] {
        let credentials: Credentials = serde_json::from_value(credentials).unwrap();
        let stranger = YookassaBank::new(&format!("{BASE}/sandbox/yookassa/demoshop"), &credentials, world.now());
        let question = Question { number: number(1), payment: known(Some(&own.reference)), reference: None };
        let error = stranger.ask(world.http(), &question).await.unwrap_err();
        assert!(matches!(&error, BankError::Refused { status: 401, code, .. } if code == "invalid_credentials"));
    }
    let nobody = world.ask("GET", "/sandbox/yookassa/NOBODY/v3/me", &[], "").await;
    assert_eq!(nobody.status, 401);
}

#[tokio::test]
async fn a_key_is_kept_for_a_day() {
    let world = World::new();
    let first = raw(&world, "POST", "/payments", Some("k"), &body()).await.json();
    let again = raw(&world, "POST", "/payments", Some("k"), &body()).await.json();
    assert_eq!(first, again);
    let other = raw(&world, "POST", "/payments", Some("k"), &with(body(), json!({ "description": "2" }))).await;
    let told = other.json();
    assert_eq!((other.status, told["description"].as_str()), (400, Some("Idempotence key duplicated")));
    assert_eq!(told["parameter"], "Idempotence-Key");
    world.pass(DAY).await;
    let new = raw(&world, "POST", "/payments", Some("k"), &body()).await.json();
    assert_ne!(first["id"], new["id"]);
    assert_eq!(raw(&world, "POST", "/payments", Some("k"), &body()).await.json()["id"], new["id"]);
}

#[tokio::test]
async fn payments_are_listed_in_parts_the_newest_first() {
    let world = World::new();
    let mut ids = Vec::new();
    for no in 0..3 {
        let made = raw(&world, "POST", "/payments", Some(&format!("k{no}")), &body()).await.json();
        ids.insert(0, made["id"].as_str().unwrap().to_owned());
        world.pass(60).await;
    }
    let list = async |query: &str| {
        let told = raw(&world, "GET", &format!("/payments{query}"), None, &Value::Null).await.json();
        let items = told["items"].as_array().unwrap_or(&Vec::new()).clone();
        let ids: Vec<_> = items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
        (ids, told["next_cursor"].as_str().map(str::to_owned))
    };
    assert_eq!(list("").await, (ids.clone(), None));
    assert_eq!(list("?limit=2").await, (ids[..2].to_vec(), Some(ids[2].clone())));
    assert_eq!(list(&format!("?limit=2&cursor={}", ids[2])).await, (ids[2..].to_vec(), None));
    let middle = plus_seconds(world.now(), -120).to_string();
    assert_eq!(list(&format!("?created_at.gte={middle}")).await.0, ids[..2].to_vec());
    assert_eq!(list(&format!("?created_at.lt={middle}")).await.0, ids[2..].to_vec());
    assert_eq!(list("?status=succeeded").await.0, [""; 0]);
    world.form(&format!("/sandbox/deal/demoshop/{}", ids[1]), "card=success").await;
    assert_eq!(list("?status=succeeded&limit=1").await, (vec![ids[1].clone()], None));
    assert_eq!(list("?status=pending&limit=1").await, (ids[..1].to_vec(), Some(ids[2].clone())));
    for no in 0..3 {
        let back = json!({ "payment_id": ids[1], "amount": { "value": "1.00", "currency": "RUB" } });
        raw(&world, "POST", "/refunds", Some(&format!("r{no}")), &back).await;
        world.pass(60).await;
    }
    let refunds = async |query: &str| raw(&world, "GET", &format!("/refunds{query}"), None, &Value::Null).await.json();
    let first = refunds("?limit=2").await;
    let rest = refunds(&format!("?limit=2&cursor={}", first["next_cursor"].as_str().unwrap())).await;
    assert_eq!((first["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len()), (2, 1));
    assert!(first["items"][0]["created_at"].as_str() > rest["items"][0]["created_at"].as_str());
    assert_eq!(refunds(&format!("?payment_id={}", ids[0])).await["items"], json!([]));
    for query in ["?limit=0", "?limit=101", "?cursor=none", "?created_at.gte=yesterday"] {
        assert_eq!(raw(&world, "GET", &format!("/payments{query}"), None, &Value::Null).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn means_are_saved_without_a_payment() {
    let world = World::new();
    let asked = json!({
        "type": "bank_card",
        "confirmation": { "type": "redirect", "return_url": "https://shop.test/back" },
        "metadata": { "order_id": "37" },
    });
    let made = raw(&world, "POST", "/payment_methods", Some("k"), &asked).await.json();
    assert_eq!((&made["status"], &made["saved"]), (&json!("pending"), &json!(false)));
    let page = made["confirmation"]["confirmation_url"].as_str().unwrap();
    assert_eq!(world.form(page, "card=success").await.status, 303);
    let path = format!("/payment_methods/{}", made["id"].as_str().unwrap());
    let saved = raw(&world, "GET", &path, None, &Value::Null).await.json();
    assert_eq!((&saved["status"], &saved["card"]["last4"]), (&json!("active"), &json!("0001")));
    assert_eq!(saved["metadata"]["order_id"], "37");
    assert_eq!(events(&world).await, ["payment_method.active"]);
    let charged = charge(&world, 5, made["id"].as_str().unwrap(), false).await;
    assert_eq!(charged.report.state, stands(0, 300_000, 0));
    let as_payment = format!("/payments/{}", made["id"].as_str().unwrap());
    assert_eq!(raw(&world, "GET", &as_payment, None, &Value::Null).await.status, 404);
}

#[tokio::test]
async fn a_payment_has_the_form_of_the_banks_documents() {
    let world = World::new();
    let asked = with(
        body(),
        json!({
            "capture": false, "payment_method_data": { "type": "bank_card" }, "metadata": { "order_id": "37" },
        }),
    );
    let made = raw(&world, "POST", "/payments", Some("k"), &asked).await.json();
    let id = made["id"].as_str().unwrap();
    assert_eq!(id.len(), 36);
    let wanted = json!({
        "id": id,
        "status": "pending",
        "paid": false,
        "amount": { "value": "100.00", "currency": "RUB" },
        "confirmation": {
            "type": "redirect",
            "confirmation_url": format!("{BASE}/sandbox/deal/demoshop/{id}"),
            "return_url": "https://shop.test/back",
        },
        "created_at": "2026-11-18T11:06:40.000Z",
        "description": "Заказ №1",
        "metadata": { "order_id": "37" },
        "payment_method": { "type": "bank_card", "id": id, "saved": false },
        "recipient": { "account_id": credentials(&world).await.of("shop_id"), "gateway_id": "2000000" },
        "refundable": false,
        "test": true,
    });
    assert_eq!(made, wanted);
    world.form(made["confirmation"]["confirmation_url"].as_str().unwrap(), "card=challenge").await;
    world.form(made["confirmation"]["confirmation_url"].as_str().unwrap(), "code=111111").await;
    let held = raw(&world, "GET", &format!("/payments/{id}"), None, &Value::Null).await.json();
    assert_eq!((&held["status"], &held["paid"]), (&json!("waiting_for_capture"), &json!(true)));
    assert_eq!(held["expires_at"], "2026-11-25T11:06:40.000Z");
    assert_eq!(held["authorization_details"]["three_d_secure"]["applied"], json!(true));
    assert_eq!(held["payment_method"]["title"], "Bank card *0004");
    assert!(held.get("confirmation").is_none());
    let taken = raw(&world, "POST", &format!("/payments/{id}/capture"), Some("c"), &Value::Null).await.json();
    assert_eq!((&taken["status"], &taken["captured_at"]), (&json!("succeeded"), &json!("2026-11-18T11:06:40.000Z")));
    assert_eq!((&taken["income_amount"]["value"], &taken["refundable"]), (&json!("96.50"), &json!(true)));
}
