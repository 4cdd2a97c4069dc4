//! What one payment can go through at a bank, as a pure machine.
//!
//! ```text
//!  Open ──card──▶ Held ──capture──▶ Captured ──refunds──▶ PartlyRefunded, Refunded      (in one stage: Captured at once)
//!   │ │             └─void, lapse─▶ Voided (or Captured, where the bank captures what nobody did)
//!   │ ├──card──▶ Declined                                 insufficient_funds, blocked; refused by the buyer
//!   │ ├──card──▶ Challenge ─▶ as above | Declined         three wrong codes
//!   │ └──card──▶ Processing ─plan─▶ …                     late, after_expiry, abandoned
//!   └─ expires_at ─▶ Declined(timed_out) ─plan (after_expiry only)─▶ Held | Captured
//! ```
//!
//! What will happen by itself is a plan with times. Whoever looks at a payment first lets everything happen whose time has
//! come, so that a question, a form and the sweep can not see different truths.

use std::collections::BTreeMap;
use std::ops::Deref;

use domain::acquiring::{Lapse, Method, Stages, Standing};
use domain::details::Language;
use domain::money::Money;
use domain::order::DeclineReason;
use domain::time::{Timestamp, plus_seconds};
use jiff::fmt::serde::timestamp::second;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::bindings::Binding;
use super::card::{Card, CardShown};
use super::tell::{Event, Outgoing};
use super::{Family, Ids};
use crate::callback::Calls;
use crate::rows::Thing;

/// Codes a buyer may get wrong before the check has failed.
pub const CODES_MAX: u8 = 3;
/// The code that is right.
pub const RIGHT_CODE: &str = "111111";
/// Seconds until the card `late` has its outcome.
const LATE_SECONDS: i64 = 180;
/// Seconds after expiry until the money of the card `after_expiry` arrives.
const AFTER_EXPIRY_SECONDS: i64 = 600;
/// Seconds until a refund of the card `refund_slow` is done.
const SLOW_REFUND_SECONDS: i64 = 600;
/// Seconds until a refund of the card `refund_cancelled` is taken back.
const REFUND_CANCELLED_SECONDS: i64 = 3_600;
/// Seconds until a hold of the card `hold_dropped` is let go.
const HOLD_DROPPED_SECONDS: i64 = 24 * 3_600;

/// A payment as the merchant asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewDeal {
    /// Whose dialect it was asked in.
    pub family: Family,
    /// The merchant's number: one deal per tenant, family and number.
    pub number: String,
    /// What is to be paid.
    pub amount: Money,
    /// In how many stages.
    pub stages: Stages,
    /// By what means.
    pub method: Method,
    /// For the buyer.
    pub description: String,
    /// Where the buyer goes when the money was taken.
    pub return_success: String,
    /// Where the buyer goes when it was not.
    pub return_failure: String,
    /// Where to tell of it; else where the terminal says.
    pub callback_url: Option<String>,
    /// Until when it can be paid.
    #[serde(with = "second::required")]
    pub expires_at: Timestamp,
    /// Language of the page.
    pub language: Language,
    /// The shop's name on the page.
    pub merchant: String,
    /// The merchant's id of the buyer.
    pub customer: Option<String>,
    /// The means shall be saved, if there is a `customer`.
    pub save: bool,
    /// Most that may be paid with bonus points.
    pub points_max: Option<Money>,
    /// Seconds until a hold lapses; 0: it never does by itself.
    pub hold_seconds: u32,
    /// What becomes of a hold that lapses.
    pub lapse: Lapse,
    /// The family's own fields, kept as they are.
    pub words: Value,
}

impl NewDeal {
    /// Whether two requests ask for the same. Expiry is left out: many banks count it from when they are asked.
    pub fn asks_the_same(&self, other: &Self) -> bool {
        Self { expires_at: other.expires_at, ..self.clone() } == *other
    }
}

/// One payment at a bank. Reads like what was asked for ([`NewDeal`]), and more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deal {
    asked: NewDeal,
    /// The bank's own id.
    pub reference: String,
    /// When it was asked for.
    #[serde(with = "second::required")]
    pub created_at: Timestamp,
    /// Whatever else the family wants to remember of it: keys of repeated requests, its own numbers of commands.
    pub notes: BTreeMap<String, Value>,
    qr: String,
    token: String,
    phase: Phase,
    card: Option<Card>,
    charged_by: Option<String>,
    bound: bool,
    held: Money,
    captured: Money,
    points: Money,
    refunds: Vec<Refund>,
    #[serde(with = "second::optional")]
    authorized_at: Option<Timestamp>,
    #[serde(with = "second::optional")]
    captured_at: Option<Timestamp>,
    #[serde(with = "second::required")]
    changed_at: Timestamp,
    /// What will happen by itself, earliest first.
    plan: Vec<Step>,
    /// Saved means that are still to be written down.
    #[serde(with = "second::optional")]
    pub(super) bind_at: Option<Timestamp>,
    pub(super) calls: Calls<Outgoing>,
    /// What is still to be told; never stored.
    #[serde(skip)]
    pub(super) happened: Vec<Happened>,
}

/// Something that happened, and how the deal stood then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Happened {
    pub at: Timestamp,
    pub deal: Deal,
    pub event: Event,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    Open,
    /// A code is asked for; so many were wrong.
    Challenge {
        wrong: u8,
    },
    Processing,
    Held,
    Captured,
    Voided,
    Declined(DeclineReason),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Step {
    #[serde(with = "second::required")]
    at: Timestamp,
    verdict: Verdict,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Authorize,
    Decline(DeclineReason),
    Release,
    Capture,
    Refund(String),
    RefundCancel(String),
}

/// Money on its way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// The merchant's number of it.
    pub id: String,
    /// How much.
    pub amount: Money,
    /// How it stands.
    pub state: RefundState,
    /// When it was asked for.
    #[serde(with = "second::required")]
    pub at: Timestamp,
}

/// How a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    /// The bank is at it.
    Pending,
    /// The money went back.
    Done,
    /// The bank refused; nothing went back.
    Declined,
    /// It was done, and then taken back: nothing went back after all.
    Cancelled,
}

/// How a deal stands, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DealState {
    /// Nobody has paid yet.
    Open,
    /// The buyer is asked for a code.
    Challenge,
    /// The bank is at it.
    Processing,
    /// The money is held, all of it or what a partial void left.
    Held,
    /// The money was taken, all of it or what was captured.
    Captured,
    /// A hold was let go.
    Voided,
    /// A part of what was taken went back.
    PartlyRefunded,
    /// All that was taken went back.
    Refunded,
    /// No money was taken.
    Declined,
}

/// How a deal stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// In one word.
    pub state: DealState,
    /// Held now.
    pub held: Money,
    /// Taken in all.
    pub captured: Money,
    /// Went back of it.
    pub refunded: Money,
    /// Paid with bonus points, of the amount.
    pub points: Money,
    /// Bonus points the bank gives for the money that it took and that has not gone back.
    pub accrued: Money,
    /// Why it was declined.
    pub reason: Option<DeclineReason>,
    /// The card that was used; nothing for the СБП and before anybody paid.
    pub card: Option<CardShown>,
    /// The token of the saved means: made by this deal, or charged by it.
    pub binding: Option<String>,
    /// All refunds, also those that came to nothing.
    pub refunds: Vec<Refund>,
    /// When the money was held or taken.
    pub authorized_at: Option<Timestamp>,
    /// When it was taken.
    pub captured_at: Option<Timestamp>,
    /// When anything happened last.
    pub changed_at: Timestamp,
}

impl Facts {
    /// The three amounts.
    pub const fn standing(&self) -> Standing {
        Standing { held: self.held, captured: self.captured, refunded: self.refunded }
    }
}

/// Why a command is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum No {
    /// Nothing is held.
    NotHeld,
    /// Nothing was taken.
    NotCaptured,
    /// Nothing at all, or more than there is, or in another currency.
    TooMuch,
    /// The number was used for another amount.
    NumberReused,
    /// It is over, or not there yet.
    Ended,
    /// The bank does not want to.
    Refused(DeclineReason),
}

/// What the buyer sees next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    /// Back to the shop.
    Shop,
    /// The bank's page again.
    Page,
    /// The page with a word about the wrong code.
    WrongCode,
    /// Nothing was done: it was over before.
    Past,
}

impl Thing for Deal {
    const KIND: &'static str = "deal";

    fn due(&self) -> Option<Timestamp> {
        self.plan.first().map(|step| step.at).into_iter().chain(self.calls.due()).chain(self.bind_at).min()
    }
}

impl Deref for Deal {
    type Target = NewDeal;

    fn deref(&self) -> &NewDeal {
        &self.asked
    }
}

impl Deal {
    /// A payment the bank has just been told of.
    pub(super) fn new(asked: NewDeal, ids: Ids, now: Timestamp) -> Self {
        let zero = asked.amount.zero();
        let mut deal = Self {
            reference: ids.reference,
            created_at: now,
            notes: BTreeMap::new(),
            qr: ids.qr,
            token: ids.token,
            phase: Phase::Open,
            card: None,
            charged_by: None,
            bound: false,
            held: zero,
            captured: zero,
            points: zero,
            refunds: Vec::new(),
            authorized_at: None,
            captured_at: None,
            changed_at: now,
            plan: Vec::new(),
            bind_at: None,
            calls: Calls::default(),
            happened: Vec::new(),
            asked,
        };
        deal.plan(deal.expires_at, Verdict::Decline(DeclineReason::TimedOut));
        deal
    }

    /// What was asked for.
    pub const fn asked(&self) -> &NewDeal {
        &self.asked
    }

    /// The test card that was chosen.
    pub const fn card(&self) -> Option<Card> {
        self.card
    }

    /// The token its means are saved under, should they be.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The link the buyer pays by in the СБП's own way.
    pub fn sbp_link(&self) -> String {
        use connectors::nspk::{Kind, Link, write};
        let bank = "100000000000".to_owned(); // no member of the СБП has this number
        write(&Link { id: self.qr.clone(), kind: Kind::Dynamic, bank, sum: Some(self.amount) })
    }

    /// The id in that link.
    pub fn qr_id(&self) -> &str {
        &self.qr
    }

    /// How it stands.
    pub fn facts(&self) -> Facts {
        let refunded = self.back(&[RefundState::Done]);
        let (state, reason) = match self.phase {
            Phase::Open => (DealState::Open, None),
            Phase::Challenge { .. } => (DealState::Challenge, None),
            Phase::Processing => (DealState::Processing, None),
            Phase::Held => (DealState::Held, None),
            Phase::Voided => (DealState::Voided, None),
            Phase::Declined(reason) => (DealState::Declined, Some(reason)),
            Phase::Captured if refunded.is_zero() => (DealState::Captured, None),
            Phase::Captured if refunded == self.captured => (DealState::Refunded, None),
            Phase::Captured => (DealState::PartlyRefunded, None),
        };
        let by_card = self.method != Method::Sbp;
        Facts {
            state,
            held: self.held,
            captured: self.captured,
            refunded,
            points: self.points,
            accrued: self.accrued(refunded),
            reason,
            card: self.card.filter(|_| by_card).map(Card::shown),
            binding: self.charged_by.clone().or_else(|| self.bound.then(|| self.token.clone())),
            refunds: self.refunds.clone(),
            authorized_at: self.authorized_at,
            captured_at: self.captured_at,
            changed_at: self.changed_at,
        }
    }

    /// A hundredth of the money that stays: whoever pays with points is a member of the bank's programme.
    fn accrued(&self, refunded: Money) -> Money {
        let (captured, money) = (self.captured.minor(), self.captured.minor() - self.points.minor());
        let stays = money.saturating_mul(captured - refunded.minor()).checked_div(captured).unwrap_or(0);
        let earned = if self.card == Some(Card::Points) { stays.max(0) / 100 } else { 0 };
        Money::new(earned, self.amount.currency())
    }

    /// How many wrong codes the buyer has typed, while a code is asked for.
    pub const fn wrong_codes(&self) -> Option<u8> {
        match self.phase {
            Phase::Challenge { wrong } => Some(wrong),
            _ => None,
        }
    }

    /// Lets everything happen whose time has come.
    pub fn advance(&mut self, now: Timestamp) {
        while self.plan.first().is_some_and(|step| step.at <= now) {
            let Step { at, verdict } = self.plan.remove(0);
            match verdict {
                Verdict::Authorize => self.authorize(at),
                Verdict::Decline(reason) => self.decline(reason, at),
                Verdict::Release => self.release(self.held, at),
                Verdict::Capture => self.take(self.held, at),
                Verdict::Refund(id) => self.refund_becomes(&id, RefundState::Done, at),
                Verdict::RefundCancel(id) => self.refund_becomes(&id, RefundState::Cancelled, at),
            }
        }
    }

    /// The buyer chooses a card and pays.
    pub fn pay(&mut self, card: Card, now: Timestamp) -> Go {
        if self.phase != Phase::Open {
            return Go::Past;
        }
        self.card = Some(card);
        self.changed_at = now;
        match card {
            Card::InsufficientFunds => self.decline(DeclineReason::InsufficientFunds, now),
            Card::Blocked => self.decline(DeclineReason::CardBlocked, now),
            Card::Challenge => {
                self.phase = Phase::Challenge { wrong: 0 };
                return Go::Page;
            }
            Card::Abandoned => {
                self.phase = Phase::Processing; // the plan still has the timeout, and nothing else
                return Go::Page;
            }
            Card::Late => {
                self.phase = Phase::Processing;
                self.plan.clear();
                self.plan(plus_seconds(now, LATE_SECONDS), Verdict::Authorize);
            }
            Card::AfterExpiry => {
                self.phase = Phase::Processing;
                self.plan(plus_seconds(self.expires_at, AFTER_EXPIRY_SECONDS), Verdict::Authorize);
            }
            Card::Success
            | Card::Silent
            | Card::Doubled
            | Card::OutOfOrder
            | Card::RefundSlow
            | Card::RefundCancelled
            | Card::RefundRefused
            | Card::HoldDropped
            | Card::Points
            | Card::ChargeDeclined => self.authorize(now),
        }
        Go::Shop
    }

    /// The buyer types a code.
    pub fn confirm(&mut self, code: &str, now: Timestamp) -> Go {
        let Phase::Challenge { wrong } = self.phase else {
            return Go::Past;
        };
        self.changed_at = now;
        if code.trim() == RIGHT_CODE {
            self.authorize(now);
            return Go::Shop;
        }
        let wrong = wrong.saturating_add(1);
        if wrong >= CODES_MAX {
            self.decline(DeclineReason::AuthenticationFailed, now);
            return Go::Shop;
        }
        self.phase = Phase::Challenge { wrong };
        Go::WrongCode
    }

    /// The buyer goes back.
    pub fn refuse(&mut self, now: Timestamp) -> Go {
        match self.phase {
            Phase::Open | Phase::Challenge { .. } => {
                self.decline(DeclineReason::CancelledByBuyer, now);
                Go::Shop
            }
            _ => Go::Past,
        }
    }

    /// The merchant withdraws what nobody has paid: it becomes declined, `cancelled_by_buyer`. Withdrawn before is done.
    pub fn cancel_open(&mut self, now: Timestamp) -> Result<(), No> {
        match self.phase {
            Phase::Open | Phase::Challenge { .. } | Phase::Processing => {
                self.decline(DeclineReason::CancelledByBuyer, now);
                Ok(())
            }
            Phase::Declined(DeclineReason::CancelledByBuyer) => Ok(()),
            _ => Err(No::Ended),
        }
    }

    /// Takes money from saved means. The same means again: done before.
    pub fn charge(&mut self, binding: &Binding, buyer_present: bool, now: Timestamp) -> Result<(), No> {
        if self.charged_by.as_ref() == Some(&binding.token) {
            return Ok(());
        }
        if self.phase != Phase::Open {
            return Err(No::Ended);
        }
        self.charged_by = Some(binding.token.clone());
        match binding.card {
            Card::ChargeDeclined => {
                self.card = Some(Card::ChargeDeclined);
                self.decline(DeclineReason::InsufficientFunds, now);
            }
            // Nobody is there who could be asked for a code.
            Card::Challenge if !buyer_present => {
                self.card = Some(Card::Challenge);
                self.authorize(now);
            }
            card => {
                self.pay(card, now);
            }
        }
        Ok(())
    }

    /// Takes held money, once; what is held and not taken is let go.
    pub fn capture(&mut self, amount: Money, now: Timestamp) -> Result<(), No> {
        if self.phase != Phase::Held {
            return Err(No::NotHeld);
        }
        if !fits(amount, self.held) {
            return Err(No::TooMuch);
        }
        self.take(amount, now);
        Ok(())
    }

    /// No more points than these pay for what was captured: the others went back to the buyer.
    pub fn keep_points(&mut self, points: Money) {
        self.points = points;
    }

    /// Lets held money go, all of it or a part.
    pub fn void(&mut self, amount: Money, now: Timestamp) -> Result<(), No> {
        if self.phase != Phase::Held {
            return Err(No::NotHeld);
        }
        if !fits(amount, self.held) {
            return Err(No::TooMuch);
        }
        self.release(amount, now);
        Ok(())
    }

    /// Sends taken money back; with an id that was seen before, how that refund stands.
    pub fn refund(&mut self, id: &str, amount: Money, now: Timestamp) -> Result<RefundState, No> {
        if let Some(before) = self.refunds.iter().find(|refund| refund.id == id) {
            return match before.state {
                _ if before.amount != amount => Err(No::NumberReused),
                RefundState::Declined => Err(No::Refused(DeclineReason::Other)),
                state => Ok(state),
            };
        }
        if self.phase != Phase::Captured {
            return Err(No::NotCaptured);
        }
        let taken = self.back(&[RefundState::Pending, RefundState::Done]);
        if !self.captured.minus(taken).is_ok_and(|rest| fits(amount, rest)) {
            return Err(No::TooMuch);
        }
        let state = match self.card {
            Some(Card::RefundRefused) if self.refunds.is_empty() => RefundState::Declined,
            Some(Card::RefundSlow) => RefundState::Pending,
            _ => RefundState::Done,
        };
        self.refunds.push(Refund { id: id.to_owned(), amount, state, at: now });
        self.changed_at = now;
        match state {
            RefundState::Declined => return Err(No::Refused(DeclineReason::Other)),
            RefundState::Pending => self.plan(plus_seconds(now, SLOW_REFUND_SECONDS), Verdict::Refund(id.to_owned())),
            RefundState::Done | RefundState::Cancelled => {
                // Once: a bank that took every refund back would owe the money for ever.
                if self.card == Some(Card::RefundCancelled) && self.refunds.len() == 1 {
                    let at = plus_seconds(now, REFUND_CANCELLED_SECONDS);
                    self.plan(at, Verdict::RefundCancel(id.to_owned()));
                }
                self.tell(&Event::Refunded { id: id.to_owned() }, now);
            }
        }
        Ok(state)
    }

    /// One of its refunds.
    pub fn refund_of(&self, id: &str) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.id == id)
    }

    /// Has something told, as if it had just happened.
    pub fn tell(&mut self, event: &Event, at: Timestamp) {
        let mut seen = Self { calls: Calls::default(), happened: Vec::new(), ..self.clone() };
        let times = match self.card {
            Some(Card::Silent) => 0,
            Some(Card::Doubled) => 2,
            _ => 1,
        };
        let stale = self.card == Some(Card::OutOfOrder) && matches!(event, Event::Captured { .. });
        for _ in 0..times {
            self.happened.push(Happened { at, deal: seen.clone(), event: event.clone() });
        }
        if stale {
            // What was true before the money was taken arrives after it.
            seen.phase = Phase::Held;
            seen.held = seen.amount;
            seen.captured = seen.amount.zero();
            seen.captured_at = None;
            self.happened.push(Happened { at, deal: seen, event: Event::Authorized });
        }
    }

    fn authorize(&mut self, at: Timestamp) {
        // Taken once; nothing undoes it but a void or a refund.
        if matches!(self.phase, Phase::Held | Phase::Captured | Phase::Voided) {
            return;
        }
        self.plan.clear();
        self.authorized_at = Some(at);
        self.changed_at = at;
        if self.card == Some(Card::Points) {
            let half = Money::new(self.amount.minor() / 2, self.amount.currency());
            self.points = self.points_max.and_then(|most| half.at_most(most).ok()).unwrap_or_else(|| half.zero());
        }
        // Known before anything is told: banks name the saved means together with the money.
        self.bound = self.save && self.customer.is_some() && self.charged_by.is_none();
        self.held = self.amount;
        match self.stages {
            Stages::One => self.take(self.amount, at),
            Stages::Two => {
                self.phase = Phase::Held;
                let lapse = match self.lapse {
                    Lapse::Released => Verdict::Release,
                    Lapse::Captured => Verdict::Capture,
                };
                if self.hold_seconds > 0 {
                    self.plan(plus_seconds(at, i64::from(self.hold_seconds)), lapse);
                }
                if self.card == Some(Card::HoldDropped) {
                    self.plan(plus_seconds(at, HOLD_DROPPED_SECONDS), Verdict::Release);
                }
                self.tell(&Event::Authorized, at);
            }
        }
        if self.bound {
            self.bind_at = Some(at);
            self.tell(&Event::Bound, at);
        }
    }

    fn decline(&mut self, reason: DeclineReason, at: Timestamp) {
        if matches!(self.phase, Phase::Held | Phase::Captured | Phase::Voided) {
            return;
        }
        self.phase = Phase::Declined(reason);
        self.changed_at = at;
        // After its expiry the card `after_expiry` has its say all the same.
        if reason == DeclineReason::TimedOut {
            self.tell(&Event::TimedOut, at);
        } else {
            self.plan.clear();
            self.tell(&Event::Declined, at);
        }
    }

    fn take(&mut self, amount: Money, at: Timestamp) {
        self.plan.clear();
        self.phase = Phase::Captured;
        self.held = self.amount.zero();
        self.captured = amount;
        self.captured_at = Some(at);
        self.changed_at = at;
        self.tell(&Event::Captured { amount }, at);
    }

    fn release(&mut self, amount: Money, at: Timestamp) {
        self.held = self.held.minus(amount).unwrap_or_else(|_| self.held.zero());
        self.changed_at = at;
        if self.held.is_zero() {
            self.plan.clear();
            self.phase = Phase::Voided;
        }
        self.tell(&Event::Voided { amount }, at);
    }

    fn refund_becomes(&mut self, id: &str, state: RefundState, at: Timestamp) {
        let Some(refund) = self.refunds.iter_mut().find(|refund| refund.id == id) else { return };
        refund.state = state;
        self.changed_at = at;
        let id = id.to_owned();
        let event = if state == RefundState::Done { Event::Refunded { id } } else { Event::RefundCancelled { id } };
        self.tell(&event, at);
    }

    fn back(&self, states: &[RefundState]) -> Money {
        let counted = self.refunds.iter().filter(|refund| states.contains(&refund.state));
        // Of one currency and within what was captured: both are held to when a refund is taken.
        counted.fold(self.amount.zero(), |sum, refund| sum.plus(refund.amount).unwrap_or(sum))
    }

    fn plan(&mut self, at: Timestamp, verdict: Verdict) {
        let after = self.plan.partition_point(|step| step.at <= at);
        self.plan.insert(after, Step { at, verdict });
    }
}

/// Whether an amount is something, and no more than there is.
fn fits(amount: Money, of: Money) -> bool {
    amount.is_positive() && of.minus(amount).is_ok_and(|rest| rest.minor() >= 0)
}
