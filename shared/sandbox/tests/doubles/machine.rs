//! The machine under all doubles: rows, the buyer's page, saved means, links of the СБП, a partner's settings.

use connectors::http::{HttpError, Request};
use connectors::{nspk, signature};
use domain::acquiring::{Lapse, Method, Stages};
use domain::details::Language;
use domain::money::Money;
use domain::time::plus_seconds;
use sandbox::double::{self, Deal, DealState, Family, NewDeal, No, RefundState};
use serde_json::json;
use std::sync::atomic::Ordering;

use crate::support::{BASE, START, World};

pub fn new_deal(world: &World, number: &str) -> NewDeal {
    NewDeal {
        family: Family::Tbank,
        number: number.into(),
        amount: Money::rub(300_000),
        stages: Stages::Two,
        method: Method::Card,
        description: "Выписка ЕГРН".into(),
        return_success: "https://shop.test/ok".into(),
        return_failure: "https://shop.test/no".into(),
        callback_url: None,
        expires_at: plus_seconds(world.now(), 3_600),
        language: Language::Ru,
        merchant: "ООО «Справка»".into(),
        customer: None,
        save: false,
        points_max: None,
        hold_seconds: 7 * 86_400,
        lapse: Lapse::Released,
        words: json!({ "kept": "as it is" }),
    }
}

async fn open(world: &World, new: NewDeal) -> Deal {
    double::open(&world.ports, &world.tenant, new).await.unwrap().deal
}

async fn pay(world: &World, deal: &Deal, form: &str) -> (u16, String) {
    let answer = world.form(&format!("/sandbox/deal/demoshop/{}", deal.reference), form).await;
    let location = answer.headers.get("location").map(|value| value.to_str().unwrap().to_owned());
    (answer.status, location.unwrap_or_default())
}

async fn found(world: &World, number: &str) -> Deal {
    double::find(&world.ports, &world.tenant, Family::Tbank, number).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_hold_is_captured_in_part_and_given_back() {
    let world = World::new();
    let deal = open(&world, new_deal(&world, "n-1")).await;
    assert_eq!(deal.facts().state, DealState::Open);
    assert_eq!(pay(&world, &deal, "card=success").await, (303, "https://shop.test/ok".into()));
    assert_eq!(found(&world, "n-1").await.facts().held, Money::rub(300_000));
    let act = async |what: fn(&mut Deal, _) -> Result<(), No>| {
        double::act(&world.ports, &world.tenant, &deal.reference, what).await.unwrap().unwrap()
    };
    assert_eq!(act(|deal, now| deal.capture(Money::rub(300_001), now)).await.0, Err(No::TooMuch));
    assert_eq!(act(|deal, now| deal.capture(Money::rub(200_000), now)).await.0, Ok(()));
    assert_eq!(act(|deal, now| deal.capture(Money::rub(200_000), now)).await.0, Err(No::NotHeld));
    let back = |id: &'static str, minor| {
        double::act(&world.ports, &world.tenant, &deal.reference, move |deal, now| {
            deal.refund(id, Money::rub(minor), now)
        })
    };
    assert_eq!(back("r-1", 50_000).await.unwrap().unwrap().0, Ok(RefundState::Done));
    assert_eq!(back("r-1", 50_000).await.unwrap().unwrap().0, Ok(RefundState::Done));
    assert_eq!(back("r-1", 1).await.unwrap().unwrap().0, Err(No::NumberReused));
    assert_eq!(back("r-2", 150_001).await.unwrap().unwrap().0, Err(No::TooMuch));
    let facts = found(&world, &deal.reference).await.facts();
    assert_eq!(facts.state, DealState::PartlyRefunded);
    assert_eq!((facts.held, facts.captured, facts.refunded), (Money::rub(0), Money::rub(200_000), Money::rub(50_000)));
}

#[tokio::test]
async fn a_number_is_one_deal_of_its_family() {
    let world = World::new();
    let first = double::open(&world.ports, &world.tenant, new_deal(&world, "n-1")).await.unwrap();
    assert!(first.is_new && first.is_same);
    world.pass(60).await;
    let again = double::open(&world.ports, &world.tenant, new_deal(&world, "n-1")).await.unwrap();
    assert!(!again.is_new && again.is_same && again.deal.reference == first.deal.reference);
    let other = NewDeal { amount: Money::rub(1), ..new_deal(&world, "n-1") };
    let other = double::open(&world.ports, &world.tenant, other).await.unwrap();
    assert!(!other.is_new && !other.is_same && other.deal.amount == Money::rub(300_000));
    let elsewhere = double::find(&world.ports, &world.tenant, Family::Rbs, &first.deal.reference).await.unwrap();
    assert!(elsewhere.is_none(), "another family knows nothing of it");
    assert_eq!(first.deal.words["kept"], "as it is");
}

#[tokio::test]
async fn saved_means_are_charged_until_they_are_forgotten() {
    let world = World::new();
    let saving = NewDeal { customer: Some("c-1".into()), save: true, ..new_deal(&world, "n-1") };
    let deal = open(&world, saving).await;
    pay(&world, &deal, "card=challenge").await;
    pay(&world, &deal, "code=111111").await;
    let token = found(&world, "n-1").await.facts().binding.unwrap();
    let kept = double::bindings(&world.ports, &world.tenant, Family::Tbank, "c-1").await.unwrap();
    assert_eq!(kept.iter().map(|kept| kept.token.as_str()).collect::<Vec<_>>(), [token.as_str()]);
    assert!(double::bindings(&world.ports, &world.tenant, Family::Rbs, "c-1").await.unwrap().is_empty());
    let charge = async |number, present| {
        let new = NewDeal { stages: Stages::One, ..new_deal(&world, number) };
        double::charge(&world.ports, &world.tenant, new, &token, present).await.unwrap()
    };
    let present = charge("n-2", true).await.unwrap();
    assert_eq!(present.deal.facts().state, DealState::Challenge, "the buyer is asked");
    let absent = charge("n-3", false).await.unwrap();
    assert!(absent.is_new && absent.deal.facts().state == DealState::Captured);
    assert_eq!(charge("n-3", false).await.map(|again| (again.is_new, again.deal)), Some((false, absent.deal)));
    for _ in 0..2 {
        assert!(double::unbind(&world.ports, &world.tenant, Family::Tbank, &token).await.unwrap());
    }
    assert!(charge("n-4", false).await.is_none());
    assert!(double::bindings(&world.ports, &world.tenant, Family::Tbank, "c-1").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_link_of_the_sbp_leads_to_the_page() {
    let world = World::new();
    let deal = open(&world, NewDeal { method: Method::Sbp, stages: Stages::One, ..new_deal(&world, "n-1") }).await;
    let link = nspk::read(&deal.sbp_link()).unwrap();
    assert_eq!((link.sum, link.id.as_str()), (Some(Money::rub(300_000)), deal.qr_id()));
    let answer = world.ask("GET", &format!("/sandbox/sbp/demoshop/{}", link.id), &[], "").await;
    assert_eq!(answer.location(), format!("/sandbox/deal/demoshop/{}", deal.reference));
    assert_eq!(world.ask("GET", answer.location(), &[], "").await.status, 200);
    assert_eq!(world.ask("GET", "/sandbox/sbp/demoshop/AD1", &[], "").await.status, 404);
}

#[tokio::test]
async fn a_partner_sees_and_sets_its_contracts() {
    let world = World::new();
    let key = workflows::access::issue_key(&world.ports, &world.tenant).await.unwrap();
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let shown = world.ask("GET", "/sandbox/banks/tbank", &headers, "").await.json();
    assert_eq!(shown["address"], format!("{BASE}/sandbox/tbank/demoshop"));
    assert_eq!(shown["callback_url"], format!("{BASE}/callbacks/bank/demoshop.t/tbank"));
    let set = world.ask("PUT", "/sandbox/banks/tbank", &headers, r#"{"callback_url":"http://127.0.0.1:9/x"}"#).await;
    assert_eq!(set.json()["callback_url"], "http://127.0.0.1:9/x");
    let bad = world.ask("PUT", "/sandbox/banks/tbank", &headers, r#"{"callback_url":"x"}"#).await;
    assert_eq!(bad.status, 422);
    let unset = world.ask("PUT", "/sandbox/banks/tbank", &headers, r#"{"callback_url":null}"#).await;
    assert_eq!(unset.json(), shown);
    assert_eq!(world.ask("GET", "/sandbox/banks/moon", &headers, "").await.status, 404);
    assert_eq!(world.ask("GET", "/sandbox/banks/tbank", &[], "").await.status, 401);
}

/// A deal of the sandbox's own bank, which tells what it says with its state.
fn own(world: &World, number: &str) -> NewDeal {
    NewDeal { family: Family::Sandbox, ..new_deal(world, number) }
}

/// What was said lately: state and held kopecks. Each is signed at the time it was sent.
fn told(world: &World) -> Vec<(String, i64)> {
    let heard = world.heard();
    let told = heard.iter().map(|heard| {
        assert_eq!(
            (heard.method.as_str(), heard.url.as_str()),
            ("POST", "https://pay.test/callbacks/bank/demoshop.t/sandbox")
        );
        let incoming = heard.incoming();
        let header = incoming.headers["x-signature"].to_str().unwrap();
        signature::verify(&world.secret("bank"), world.now(), Some(header), &incoming.body).unwrap();
        let said: serde_json::Value = serde_json::from_slice(&incoming.body).unwrap();
        (said["state"].as_str().unwrap().to_owned(), said["held"].as_i64().unwrap_or_default())
    });
    told.collect()
}

#[tokio::test]
async fn what_is_told_survives_silence_lost_messages_and_crashes() {
    let held = [("stands".to_owned(), 300_000)];
    let world = World::new();
    let deal = open(&world, own(&world, "n-1")).await;
    assert_eq!(world.drain().await, 0, "an hour is left to the sweep");
    world.says("not what anybody waits for");
    world.answers(&[None, Some(500)]);
    pay(&world, &deal, "card=success").await;
    assert_eq!(told(&world), held);
    assert_eq!(world.drain().await, 1, "a message for the repetition");
    assert_eq!(told(&world), [], "not before its time");
    world.pass(30).await;
    assert_eq!(told(&world), held);
    world.lose_messages();
    world.pass(300).await;
    assert_eq!(told(&world), held, "found by the sweep");
    world.pass(100_000).await;
    assert_eq!(told(&world), [], "answered: never again");
    for no in 1..=5 {
        let world = World::new();
        let saving = NewDeal { customer: Some("c-1".into()), save: true, ..own(&world, "n-1") };
        let deal = open(&world, saving).await;
        world.fail_put(no);
        pay(&world, &deal, "card=success").await;
        world.fail_put(0);
        pay(&world, &deal, "card=success").await;
        world.pass(60).await;
        let told = told(&world);
        assert!(!told.is_empty() && told.iter().all(|told| *told == held[0]), "{no}: {told:?}");
        let kept = double::bindings(&world.ports, &world.tenant, Family::Sandbox, "c-1").await.unwrap();
        assert_eq!(kept.len(), 1, "{no}: saved means are written down once");
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_was_given_all_the_same() {
    let world = World::new();
    let deal = open(&world, own(&world, "n-1")).await;
    world.lose_answers(1);
    let sent = world.http().send(Request {
        method: http::Method::POST,
        url: format!("{BASE}/sandbox/deal/demoshop/{}", deal.reference),
        headers: vec![("content-type", "application/x-www-form-urlencoded".to_owned())],
        body: "card=success".into(),
        partner_given: false,
    });
    assert!(matches!(sent.await, Err(HttpError::Unknown(_))));
    let deal = double::find(&world.ports, &world.tenant, Family::Sandbox, "n-1").await.unwrap().unwrap();
    assert_eq!((deal.facts().state, deal.created_at.as_second()), (DealState::Held, START));
}

#[tokio::test]
async fn a_test_partners_clock_brings_what_is_due() {
    let world = World::new();
    let key = workflows::access::issue_key(&world.ports, &world.tenant).await.unwrap();
    open(&world, own(&world, "n-1")).await;
    let bearer = format!("Bearer {key}");
    let moved = world.ask("POST", "/sandbox/clock", &[("authorization", &bearer)], r#"{"advance_seconds":3600}"#).await;
    assert_eq!(moved.status, 200);
    assert_eq!(told(&world), [("declined".to_owned(), 0)]);
    assert_eq!(world.swept.load(Ordering::SeqCst), 1);
}
