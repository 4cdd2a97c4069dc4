//! The sandbox's own bank: what it says differently from the other doubles ([`crate::double`]), and nothing of what a payment
//! goes through.

pub mod door;
pub mod page;

use connectors::bank::sandbox::PURPOSE;
use connectors::bank::sandbox::wire::{Outcome, Saved, State};
use connectors::signature;
use domain::acquiring::{Credentials, Method, Stages};
use domain::id::{Mode, Tenant};
use domain::money::{Currency, Money};
use domain::time::Timestamp;

use crate::callback;
use crate::double::{Deal, DealState, Dialect, Event, Facts, Family, Outgoing, RefundState, Seed, Terminal};

/// Its dialect.
pub struct Own;

impl Dialect for Own {
    const FAMILY: Family = Family::Sandbox;
    const WAITS_SECONDS: &'static [i64] = &callback::WAITS_SECONDS;
    const PURPOSE: Option<&'static str> = Some(PURPOSE);

    fn credentials(secret_hex: &str, _partner: &str) -> Credentials {
        Credentials([("secret".to_owned(), secret_hex.to_owned())].into())
    }

    /// `pay_demoshop_…`: the partner's id is in it, so that the page's address needs nothing else.
    fn reference(seed: &Seed, partner: &str) -> String {
        format!("pay_{partner}_{}", seed.hex(32))
    }

    fn token(seed: &Seed) -> String {
        format!("means_{}", seed.hex(32))
    }

    fn tell(terminal: &Terminal, deal: &Deal, event: &Event) -> Vec<Outgoing> {
        let outcome = match event {
            // The saved means are in what is told of the money; a cancelled refund is found out by who asks.
            Event::Bound | Event::Unbound | Event::RefundCancelled { .. } => return Vec::new(),
            // Told in one stage only when it is stale: before the money was taken nobody knew anything.
            Event::Authorized if deal.stages == Stages::One => Outcome::new(deal.number.clone(), State::Pending),
            _ => outcome(deal),
        };
        let body = serde_json::to_string(&outcome).unwrap_or_default();
        vec![Outgoing::post(terminal.callback_url(deal), "application/json; charset=utf-8", body)]
    }

    fn seal(terminal: &Terminal, now: Timestamp, outgoing: &Outgoing) -> Option<(&'static str, String)> {
        let secret = hex::decode(terminal.credentials.of("secret")).ok()?;
        Some((signature::HEADER, signature::sign(&secret, now, outgoing.body.as_bytes())))
    }

    fn order(deal: &Deal) -> String {
        deal.words.get("bill").and_then(serde_json::Value::as_str).unwrap_or(&deal.number).to_owned()
    }
}

/// How a payment stands, in the bank's words.
fn outcome(deal: &Deal) -> Outcome {
    let facts = deal.facts();
    let reference = Some(deal.reference.clone());
    let plain = |state| Outcome { reference: reference.clone(), ..Outcome::new(deal.number.clone(), state) };
    match facts.state {
        DealState::Open | DealState::Challenge | DealState::Processing => plain(State::Pending),
        DealState::Declined => {
            Outcome { reason: facts.reason.map(|reason| reason.code().to_owned()), ..plain(State::Declined) }
        }
        DealState::Held | DealState::Captured | DealState::Voided | DealState::PartlyRefunded | DealState::Refunded => {
            let (held, captured, refunded) = in_money(&facts);
            Outcome {
                currency: Some(deal.amount.currency().code().to_owned()),
                held: Some(held),
                captured: Some(captured),
                refunded: Some(refunded),
                points: facts.points.is_positive().then(|| facts.points.minor()),
                saved: facts.binding.filter(|_| deal.save).map(|token| saved(deal, token)),
                ..plain(State::Stands)
            }
        }
    }
}

/// What is held, was captured and went back in money: points are none, and go back after it.
fn in_money(facts: &Facts) -> (i64, i64, i64) {
    let less = |gross: Money| (gross.minor() - facts.points.minor()).max(0);
    let captured = less(facts.captured);
    (less(facts.held), captured, facts.refunded.minor().min(captured))
}

/// What a command over an amount of money moves, with the points that go with it.
fn with_points(facts: &Facts, kind: Command, amount: Money) -> Money {
    let (held, captured, refunded) = in_money(facts);
    let all = match kind {
        Command::Capture => return amount.plus(facts.points).unwrap_or(amount),
        Command::Void => (held, Ok(facts.held)),
        Command::Reversal => (captured, Ok(facts.captured)),
        Command::Refund => (captured - refunded, facts.captured.minus(facts.refunded)),
    };
    match all {
        (left, Ok(gross)) if left == amount.minor() => gross,
        _ => amount,
    }
}

fn saved(deal: &Deal, token: String) -> Saved {
    match deal.card().filter(|_| deal.method != Method::Sbp) {
        Some(card) => {
            let valid_until = Some(card.shown().expiry.replace('/', "-"));
            Saved { token, label: format!("Мир •• {}", card.last_four()), valid_until }
        }
        None => Saved { token, label: "СБП, тестовый банк".to_owned(), valid_until: None },
    }
}

/// What became of a command, in the bank's words.
fn command_outcome(deal: &Deal, number: &str, reference: &str) -> Option<Outcome> {
    let Noted { kind, minor } = noted(deal, number)?;
    let state = match kind {
        Command::Capture | Command::Void => State::Succeeded,
        Command::Reversal | Command::Refund => match deal.refund_of(number)?.state {
            RefundState::Pending => State::Pending,
            RefundState::Done => State::Succeeded,
            RefundState::Declined | RefundState::Cancelled => State::Declined,
        },
    };
    let moved = state == State::Succeeded;
    Some(Outcome {
        reference: Some(reference.to_owned()),
        amount: moved.then_some(minor),
        currency: moved.then(|| deal.amount.currency().code().to_owned()),
        reason: (state == State::Declined).then(|| "other".to_owned()),
        ..Outcome::new(number.to_owned(), state)
    })
}

/// What can be done with a payment that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Command {
    Capture,
    Void,
    Reversal,
    Refund,
}

/// A command as it stands in a deal's notes, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Noted {
    kind: Command,
    minor: i64,
}

fn noted(deal: &Deal, number: &str) -> Option<Noted> {
    deal.notes.get(number).and_then(|note| serde_json::from_value(note.clone()).ok())
}

/// The tenant whose payment a reference names.
fn tenant_of(reference: &str) -> Option<Tenant> {
    let (partner, digest) = reference.strip_prefix("pay_")?.split_once('_')?;
    let plain = digest.len() == 32 && digest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if plain { Tenant::try_new(partner, Mode::Test).ok() } else { None }
}

fn money(amount: i64, currency: &str) -> Option<Money> {
    let currency = Currency::from_code(currency).filter(|currency| *currency == Currency::RUB)?;
    let amount = Money::new(amount, currency);
    (amount.is_positive() && amount.minor() <= connectors::bank::sandbox::AMOUNT_MAX).then_some(amount)
}
