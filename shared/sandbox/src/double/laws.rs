//! What is true of every history of a deal.

use domain::acquiring::{Lapse, Method, Stages};
use domain::details::Language;
use domain::money::Money;
use domain::time::Timestamp;
use proptest::prelude::*;

use super::bindings::Binding;
use super::*;

const AMOUNT: i64 = 1_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn deal(stages: Stages, lapse: Lapse, save: bool) -> Deal {
    let new = NewDeal {
        family: Family::Sandbox,
        number: "n".into(),
        amount: Money::rub(AMOUNT),
        stages,
        method: Method::Card,
        description: "d".into(),
        return_success: "https://shop.test/".into(),
        return_failure: "https://shop.test/".into(),
        callback_url: None,
        expires_at: at(1_000),
        language: Language::Ru,
        merchant: "m".into(),
        customer: Some("c".into()),
        save,
        points_max: Some(Money::rub(300)),
        hold_seconds: 5_000,
        lapse,
        words: serde_json::json!({ "a": [1, null, "ё"] }),
    };
    let ids = Ids { reference: "r".into(), qr: "q".into(), token: "t".into() };
    Deal::new(new, ids, at(0))
}

fn binding(card: Card) -> Binding {
    Binding {
        family: Family::Sandbox,
        token: "other".into(),
        customer: "c".into(),
        method: Method::Card,
        card,
        deal: "r0".into(),
        made_at: at(0),
        forgotten: false,
    }
}

#[derive(Debug, Clone)]
enum Act {
    Pay(usize),
    Charge(usize, bool),
    Confirm(bool),
    Refuse,
    Cancel,
    Capture(i64),
    Void(i64),
    Refund(u8, i64),
    Wait(i64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let card = 0..Card::ALL.len();
    let act = prop_oneof![
        3 => card.clone().prop_map(Act::Pay),
        1 => (card, any::<bool>()).prop_map(|(card, present)| Act::Charge(card, present)),
        2 => any::<bool>().prop_map(Act::Confirm),
        1 => Just(Act::Refuse),
        1 => Just(Act::Cancel),
        3 => (-1_i64..1_200).prop_map(Act::Capture),
        2 => (-1_i64..1_200).prop_map(Act::Void),
        4 => (0_u8..4, -1_i64..1_200).prop_map(|(id, minor)| Act::Refund(id, minor)),
        3 => prop_oneof![0_i64..900, Just(3_600), Just(90_000)].prop_map(Act::Wait),
    ];
    proptest::collection::vec(act, 0..40)
}

/// Does it; the answer, where a repetition must be told the same.
fn done(deal: &mut Deal, act: &Act, now: i64) -> Result<(), TestCaseError> {
    match act {
        Act::Pay(card) => {
            deal.pay(Card::ALL[*card], at(now));
        }
        Act::Charge(card, present) => {
            let binding = binding(Card::ALL[*card]);
            let first = deal.charge(&binding, *present, at(now));
            let after = deal.clone();
            prop_assert_eq!(deal.charge(&binding, *present, at(now)), first);
            prop_assert_eq!(&*deal, &after, "charged once");
        }
        Act::Confirm(right) => {
            deal.confirm(if *right { RIGHT_CODE } else { "0" }, at(now));
        }
        Act::Refuse => {
            deal.refuse(at(now));
        }
        Act::Cancel => {
            let first = deal.cancel_open(at(now));
            prop_assert_eq!(deal.cancel_open(at(now)), first);
        }
        Act::Capture(minor) => {
            let before = deal.facts();
            if deal.capture(Money::rub(*minor), at(now)).is_ok() {
                prop_assert!(before.captured.is_zero() && *minor > 0, "captured once");
                prop_assert_eq!(deal.facts().captured, Money::rub(*minor));
                prop_assert!(deal.facts().held.is_zero(), "the rest is let go");
            }
        }
        Act::Void(minor) => {
            let before = deal.facts();
            if deal.void(Money::rub(*minor), at(now)).is_ok() {
                prop_assert!(*minor > 0);
                prop_assert_eq!(deal.facts().held, before.held.minus(Money::rub(*minor)).unwrap());
            }
        }
        Act::Refund(id, minor) => {
            let (id, amount) = (format!("r{id}"), Money::rub(*minor));
            let first = deal.refund(&id, amount, at(now));
            prop_assert!(first.is_err() || *minor > 0);
            let after = deal.clone();
            prop_assert_eq!(deal.refund(&id, amount, at(now)), first);
            prop_assert_eq!(&*deal, &after, "given back once");
        }
        Act::Wait(_) => {}
    }
    Ok(())
}

fn kept(deal: &Deal) -> Deal {
    let mut deal = deal.clone();
    deal.happened.clear();
    deal
}

proptest! {
    #[test]
    fn money_is_taken_once_and_never_more_comes_back(
        acts in acts(), two: bool, captures: bool, save: bool,
    ) {
        let stages = if two { Stages::Two } else { Stages::One };
        let lapse = if captures { Lapse::Captured } else { Lapse::Released };
        let mut deal = deal(stages, lapse, save);
        let mut asked = deal.clone(); // never swept: looks only now and then
        let (mut now, mut taken, mut gone) = (0, 0, 0);
        for act in &acts {
            now += 1;
            if let Act::Wait(seconds) = act {
                now += seconds;
            }
            let before = deal.facts();
            deal.advance(at(now));
            asked.advance(at(now));
            prop_assert_eq!(deal.facts(), asked.facts(), "the sweep and a question see the same");
            done(&mut deal, act, now)?;
            // `deal` is swept a second later; `asked` waits for the next question.
            asked = kept(&deal);
            deal.advance(at(now + 1));
            let facts = deal.facts();
            taken += u32::from(before.captured.is_zero() && facts.captured.is_positive());
            prop_assert!(taken <= 1);
            prop_assert!(before.captured.is_zero() || before.captured == facts.captured, "what is taken stays taken");
            prop_assert!(facts.held.minor() + facts.captured.minor() <= AMOUNT);
            prop_assert!(facts.held.minor() >= 0 && facts.captured.minor() >= 0);
            let out: i64 = facts
                .refunds
                .iter()
                .filter(|refund| matches!(refund.state, RefundState::Done | RefundState::Pending))
                .map(|refund| refund.amount.minor())
                .sum();
            prop_assert!(out <= facts.captured.minor(), "no more goes back than was taken");
            prop_assert!(facts.refunded.minor() <= out);
            prop_assert!(facts.points.minor() <= 300);
            prop_assert_eq!(facts.state == DealState::Declined, facts.reason.is_some());
            gone = gone.max(facts.refunded.minor());
            let text = serde_json::to_string(&deal).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Deal>(&text).unwrap(), &kept(&deal), "the row reads back");
        }
        // Nothing stays open for ever, and everything that was planned has happened.
        deal.advance(at(now + 200_000));
        let facts = deal.facts();
        prop_assert!(!matches!(facts.state, DealState::Open | DealState::Challenge | DealState::Processing | DealState::Held));
        prop_assert!(facts.refunds.iter().all(|refund| refund.state != RefundState::Pending));
        prop_assert!(Thing::due(&kept(&deal)).is_none() || deal.bind_at.is_some());
        let told = |wanted: fn(&Event) -> bool| deal.happened.iter().filter(|told| wanted(&told.event)).count();
        let times = if deal.card() == Some(Card::Doubled) { 2 } else { 1 };
        let captures = told(|event| matches!(event, Event::Captured { .. }));
        let bindings = told(|event| *event == Event::Bound);
        prop_assert!(captures <= times && bindings <= times * usize::from(save));
    }
}

#[test]
fn late_steps_happen_in_their_order_and_at_their_times() {
    let mut deal = deal(Stages::Two, Lapse::Captured, false);
    deal.pay(Card::AfterExpiry, at(10));
    deal.advance(at(1_000_000));
    let told: Vec<_> = deal.happened.iter().map(|told| (told.at.as_second(), told.event.clone())).collect();
    let amount = Money::rub(AMOUNT);
    let expected = [(1_000, Event::TimedOut), (1_600, Event::Authorized), (6_600, Event::Captured { amount })];
    assert_eq!(told, expected);
    assert_eq!(deal.happened[1].deal.facts().held, amount, "as it stood then");
    assert_eq!(deal.facts().state, DealState::Captured, "the bank captures what nobody did");
}

#[test]
fn another_currency_is_no_part_of_it() {
    let dollars = Money::new(1, domain::money::Currency::USD);
    let mut deal = deal(Stages::Two, Lapse::Released, false);
    deal.pay(Card::Success, at(10));
    assert_eq!((deal.capture(dollars, at(11)), deal.void(dollars, at(11))), (Err(No::TooMuch), Err(No::TooMuch)));
    deal.capture(Money::rub(AMOUNT), at(12)).unwrap();
    assert_eq!(deal.refund("r", dollars, at(13)), Err(No::TooMuch));
}

#[test]
fn a_stale_word_comes_after_the_right_one() {
    let mut deal = deal(Stages::One, Lapse::Released, false);
    deal.pay(Card::OutOfOrder, at(10));
    let told: Vec<_> = deal.happened.iter().map(|told| told.deal.facts().state).collect();
    assert_eq!(told, [DealState::Captured, DealState::Held]);
}

#[test]
fn points_pay_half_and_no_more_than_they_may() {
    for (most, expected) in [(Some(300), 300), (Some(900), 500), (None, 0)] {
        let mut new = deal(Stages::One, Lapse::Released, false).asked().clone();
        new.points_max = most.map(Money::rub);
        let ids = Ids { reference: "r".into(), qr: "q".into(), token: "t".into() };
        let mut deal = Deal::new(new, ids, at(0));
        deal.pay(Card::Points, at(1));
        assert_eq!(deal.facts().points, Money::rub(expected));
    }
}

#[test]
fn seeds_have_the_shapes_banks_use() {
    let seed = Seed(std::array::from_fn(|index| u8::try_from(index * 37 % 256).unwrap()));
    assert_eq!(seed.hex(6), "00254a");
    assert_eq!(seed.digits(12), "174185230741");
    assert!(seed.code(30).bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()));
    let uuid = seed.uuid();
    assert_eq!(uuid.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    assert_eq!((uuid.as_bytes()[14], uuid.as_bytes()[19]), (b'4', b'a'));
}
