//! The sandbox bank: what one payment can go through, as a pure machine.
//!
//! ```text
//!  Open ──card──▶ Captured                    success, silent, doubled, out_of_order
//!   │ ├──card──▶ Declined                     insufficient_funds, blocked; refused by the buyer
//!   │ ├──card──▶ Challenge ─▶ Captured | Declined (three wrong codes)
//!   │ └──card──▶ Processing ─plan─▶ …         late, after_expiry, abandoned
//!   └─ expires_at ─▶ Declined(timed_out) ─plan (after_expiry only)─▶ Captured
//! ```
//!
//! What will happen by itself is a plan with times. Whoever looks at a payment first lets everything happen whose time has
//! come, so that a question, a form and the sweep can not see different truths.

pub mod door;
pub mod page;

use connectors::bank::sandbox::wire::{self, Outcome, PaymentBody};
use domain::id::{Mode, Tenant};
use domain::money::{Currency, Money};
use domain::order::DeclineReason;
use domain::time::{Timestamp, plus_seconds};
use serde::{Deserialize, Serialize};
use workflows::links::mac;
use workflows::ports::Ports;

use crate::SandboxError;
use crate::callback::{self, Call, Calling, Calls};
use crate::rows::{self, Next, Thing};

/// Codes a buyer may get wrong before the check has failed.
const CODES_MAX: u8 = 3;
/// The code that is right.
pub const RIGHT_CODE: &str = "111111";
/// Seconds until the card `late` has its outcome.
const LATE_SECONDS: i64 = 180;
/// Seconds after expiry until the money of the card `after_expiry` arrives.
const AFTER_EXPIRY_SECONDS: i64 = 600;

/// The test cards, by the value of the form's field `card`. There are no card numbers in the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Card {
    /// The money is taken.
    Success,
    /// Not enough money.
    InsufficientFunds,
    /// The card is blocked.
    Blocked,
    /// A code is asked for.
    Challenge,
    /// The buyer goes away at the bank's page.
    Abandoned,
    /// The money is taken three minutes later.
    Late,
    /// The money is taken, and the bank tells nobody who does not ask.
    Silent,
    /// The bank says it timed out, and the money arrives after all.
    AfterExpiry,
    /// The callback comes twice.
    Doubled,
    /// A stale callback comes after the right one.
    OutOfOrder,
}

impl Card {
    /// All, as the page lists them.
    pub const ALL: [Self; 10] = [
        Self::Success,
        Self::InsufficientFunds,
        Self::Blocked,
        Self::Challenge,
        Self::Abandoned,
        Self::Late,
        Self::Silent,
        Self::AfterExpiry,
        Self::Doubled,
        Self::OutOfOrder,
    ];

    /// The form's word.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::InsufficientFunds => "insufficient_funds",
            Self::Blocked => "blocked",
            Self::Challenge => "challenge",
            Self::Abandoned => "abandoned",
            Self::Late => "late",
            Self::Silent => "silent",
            Self::AfterExpiry => "after_expiry",
            Self::Doubled => "doubled",
            Self::OutOfOrder => "out_of_order",
        }
    }

    /// Reads the form's word.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|card| card.id() == id)
    }
}

/// A payment as the bank keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    reference: String,
    request: PaymentBody,
    amount: Money,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    expires_at: Timestamp,
    state: State,
    /// What will happen by itself, earliest first.
    plan: Vec<Step>,
    refunds: Vec<Refunded>,
    calls: Calls,
}

/// How a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The buyer has not chosen.
    Open,
    /// The buyer is asked for a code.
    Challenge {
        /// Wrong codes so far.
        wrong: u8,
    },
    /// The buyer has done their part; no outcome yet.
    Processing,
    /// No money moves.
    Declined(DeclineReason),
    /// The money was taken, once.
    Captured,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Step {
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    at: Timestamp,
    verdict: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Capture,
    Decline(DeclineReason),
}

/// Money that went back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Refunded {
    number: String,
    reference: String,
    amount: Money,
}

/// What a buyer's doing leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    /// Back to the shop.
    Shop,
    /// The bank's page again, which shows how it stands.
    Page,
    /// The page again: the code was wrong.
    WrongCode,
    /// Nothing was done: the payment is past this.
    Past,
}

/// Why a refund is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRefund {
    /// The number was used for another amount.
    NumberReused,
    /// Nothing was taken.
    NotCaptured,
    /// More than was taken.
    TooMuch,
    /// The bank's own id is another payment's.
    OtherReference,
}

impl Thing for Payment {
    const KIND: &'static str = "bank";

    fn due(&self) -> Option<Timestamp> {
        self.plan.first().map(|step| step.at).into_iter().chain(self.calls.due()).min()
    }
}

impl Calling for Payment {
    const PURPOSE: &'static str = connectors::bank::sandbox::PURPOSE;

    fn calls(&mut self) -> &mut Calls {
        &mut self.calls
    }

    fn callback_url(&self) -> &str {
        &self.request.callback_url
    }
}

impl Payment {
    /// A payment the bank has just been told of.
    pub fn new(reference: String, request: PaymentBody, amount: Money, expires_at: Timestamp) -> Self {
        let timeout = Step { at: expires_at, verdict: Verdict::Decline(DeclineReason::TimedOut) };
        Self {
            reference,
            request,
            amount,
            expires_at,
            state: State::Open,
            plan: vec![timeout],
            refunds: Vec::new(),
            calls: Calls::default(),
        }
    }

    /// Lets everything happen whose time has come; answers whether anything did.
    pub fn advance(&mut self, now: Timestamp) -> bool {
        let mut happened = false;
        while let Some(step) = self.plan.first().copied().filter(|step| step.at <= now) {
            self.plan.remove(0);
            self.settle(step.verdict);
            self.tell(now);
            happened = true;
        }
        happened
    }

    /// The buyer chooses a card and pays.
    pub fn pay(&mut self, card: Card, now: Timestamp) -> Go {
        if self.state != State::Open {
            return Go::Past;
        }
        match card {
            Card::Success => self.end(Verdict::Capture, now),
            Card::InsufficientFunds => self.end(Verdict::Decline(DeclineReason::InsufficientFunds), now),
            Card::Blocked => self.end(Verdict::Decline(DeclineReason::CardBlocked), now),
            Card::Challenge => {
                self.state = State::Challenge { wrong: 0 };
                Go::Page
            }
            Card::Abandoned => {
                self.state = State::Processing; // the plan still has the timeout, and nothing else
                Go::Page
            }
            Card::Late => {
                self.state = State::Processing;
                self.plan = vec![Step { at: plus_seconds(now, LATE_SECONDS), verdict: Verdict::Capture }];
                Go::Shop
            }
            Card::Silent => {
                self.plan.clear();
                self.settle(Verdict::Capture);
                Go::Shop
            }
            Card::AfterExpiry => {
                self.state = State::Processing;
                let arrives_at = plus_seconds(self.expires_at, AFTER_EXPIRY_SECONDS);
                self.plan.push(Step { at: arrives_at, verdict: Verdict::Capture });
                Go::Shop
            }
            Card::Doubled => {
                let go = self.end(Verdict::Capture, now);
                self.tell(now);
                go
            }
            Card::OutOfOrder => {
                let mut stale = self.outcome();
                stale.state = wire::State::Pending;
                let go = self.end(Verdict::Capture, now);
                self.calls.add(now, &stale);
                go
            }
        }
    }

    /// The buyer types a code.
    pub fn confirm(&mut self, code: &str, now: Timestamp) -> Go {
        let State::Challenge { wrong } = self.state else {
            return Go::Past;
        };
        if code.trim() == RIGHT_CODE {
            return self.end(Verdict::Capture, now);
        }
        let wrong = wrong.saturating_add(1);
        if wrong >= CODES_MAX {
            return self.end(Verdict::Decline(DeclineReason::AuthenticationFailed), now);
        }
        self.state = State::Challenge { wrong };
        Go::WrongCode
    }

    /// The buyer goes back.
    pub fn refuse(&mut self, now: Timestamp) -> Go {
        match self.state {
            State::Open | State::Challenge { .. } => self.end(Verdict::Decline(DeclineReason::CancelledByBuyer), now),
            _ => Go::Past,
        }
    }

    /// Money goes back; with a number that was seen before, the same answer.
    pub fn refund(&mut self, body: &wire::RefundBody, amount: Money, reference: &str) -> Result<Outcome, NoRefund> {
        if body.payment_reference.as_ref().is_some_and(|given| *given != self.reference) {
            return Err(NoRefund::OtherReference);
        }
        if let Some(before) = self.refunds.iter().find(|refund| refund.number == body.number) {
            return if before.amount == amount { Ok(before.outcome()) } else { Err(NoRefund::NumberReused) };
        }
        if self.state != State::Captured {
            return Err(NoRefund::NotCaptured);
        }
        let back = self.refunds.iter().try_fold(amount, |sum, refund| sum.plus(refund.amount));
        let fits = back.and_then(|back| self.amount.minus(back)).is_ok_and(|rest| rest.minor() >= 0);
        if !fits {
            return Err(NoRefund::TooMuch);
        }
        let refund = Refunded { number: body.number.clone(), reference: reference.to_owned(), amount };
        let outcome = refund.outcome();
        self.refunds.push(refund);
        Ok(outcome)
    }

    /// How the payment stands, in the bank's words.
    pub fn outcome(&self) -> Outcome {
        let (state, reason) = match self.state {
            State::Open | State::Challenge { .. } | State::Processing => (wire::State::Pending, None),
            State::Declined(reason) => (wire::State::Declined, Some(reason.code().to_owned())),
            State::Captured => (wire::State::Succeeded, None),
        };
        let moved = (state == wire::State::Succeeded).then_some(self.amount);
        Outcome {
            number: self.request.number.clone(),
            reference: Some(self.reference.clone()),
            state,
            amount: moved.map(Money::minor),
            currency: moved.map(|moved| moved.currency().code().to_owned()),
            reason,
        }
    }

    fn refund_outcome(&self, number: &str) -> Option<Outcome> {
        self.refunds.iter().find(|refund| refund.number == number).map(Refunded::outcome)
    }

    fn end(&mut self, verdict: Verdict, now: Timestamp) -> Go {
        self.plan.clear();
        self.settle(verdict);
        self.tell(now);
        Go::Shop
    }

    fn settle(&mut self, verdict: Verdict) {
        self.state = match (self.state, verdict) {
            // Taken once; nothing undoes it but a refund.
            (State::Captured, _) | (_, Verdict::Capture) => State::Captured,
            (_, Verdict::Decline(reason)) => State::Declined(reason),
        };
    }

    fn tell(&mut self, now: Timestamp) {
        let outcome = self.outcome();
        self.calls.add(now, &outcome);
    }
}

impl Refunded {
    fn outcome(&self) -> Outcome {
        Outcome {
            number: self.number.clone(),
            reference: Some(self.reference.clone()),
            state: wire::State::Succeeded,
            amount: Some(self.amount.minor()),
            currency: Some(self.amount.currency().code().to_owned()),
            reason: None,
        }
    }
}

/// Which payment a refund's number belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RefundOf {
    payment: String,
}

impl Thing for RefundOf {
    const KIND: &'static str = "bank-refund";

    fn due(&self) -> Option<Timestamp> {
        None
    }
}

/// The bank's own id of a number: the same number, the same id; and nobody can guess it, so that the page's address is for the
/// buyer alone. `pay_demoshop_…` for payments, `ref_demoshop_…` for refunds.
fn reference(ports: &Ports, kind: &str, tenant: &Tenant, number: &str) -> String {
    let key = &ports.settings.master_secret.0;
    let digest = mac(key, format!("sandbox-bank-reference\n{tenant}\n{kind}\n{number}").as_bytes());
    format!("{kind}_{}_{}", tenant.partner(), hex::encode(&digest[..16]))
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
    (amount.is_positive() && amount.minor() <= AMOUNT_MAX).then_some(amount)
}

/// Kopecks of one payment, at most: what a fiscal receipt can carry (`OrangeData` manual 2.31: 99 999 999.99).
const AMOUNT_MAX: i64 = 9_999_999_999;

/// A change to a payment by its buyer, with the callbacks it sets going made before the answer.
async fn act<A: Send>(
    ports: &Ports,
    tenant: &Tenant,
    reference: &str,
    mut what: impl FnMut(&mut Payment, Timestamp) -> A + Send,
) -> Result<Option<(A, Payment)>, SandboxError> {
    let now = workflows::clock::now(ports, tenant).await?;
    let acted = rows::change(ports, tenant, reference, |payment: Option<Payment>| {
        let Some(mut payment) = payment else {
            return Next::Keep(None);
        };
        let before = payment.clone();
        payment.advance(now);
        let answer = what(&mut payment, now);
        let begun = payment.calls.begin(now, &callback::WAITS_SECONDS);
        let after = payment.clone();
        if payment == before {
            Next::Keep(Some((answer, after, begun)))
        } else {
            Next::Put(payment, Some((answer, after, begun)))
        }
    })
    .await?;
    let Some((answer, payment, begun)) = acted else {
        return Ok(None);
    };
    deliver(ports, tenant, &payment, now, begun).await?;
    Ok(Some((answer, payment)))
}

async fn deliver(
    ports: &Ports,
    tenant: &Tenant,
    payment: &Payment,
    now: Timestamp,
    begun: Vec<Call>,
) -> Result<(), SandboxError> {
    let id = &payment.reference;
    if begun.is_empty() {
        rows::wake::<Payment>(ports, tenant, id, now, payment.due()).await;
        return Ok(());
    }
    callback::make::<Payment>(ports, tenant, id, now, payment.callback_url(), begun).await?;
    Ok(())
}

/// Lets happen what is due on a payment.
pub async fn work(ports: &Ports, tenant: &Tenant, reference: &str) -> Result<(), SandboxError> {
    act(ports, tenant, reference, |_, _| ()).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn payment() -> Payment {
        let request = PaymentBody {
            number: "n".into(),
            bill: "b".into(),
            amount: 1_000,
            currency: "RUB".into(),
            description: "d".into(),
            return_url: "https://shop.test/".into(),
            callback_url: "https://pay.test/".into(),
            expires_at: at(1_000).to_string(),
            language: "ru".into(),
            merchant: "m".into(),
        };
        Payment::new("pay_shop_x".into(), request, Money::rub(1_000), at(1_000))
    }

    fn refund(number: u8, minor: i64) -> (wire::RefundBody, Money) {
        let body = wire::RefundBody {
            number: format!("r{number}"),
            payment_number: "n".into(),
            payment_reference: None,
            amount: minor,
            currency: "RUB".into(),
        };
        (body, Money::rub(minor))
    }

    #[derive(Debug, Clone)]
    enum Act {
        Pay(usize),
        Confirm(bool),
        Refuse,
        Refund(u8, i64),
        Wait(i64),
    }

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        let act = prop_oneof![
            (0..Card::ALL.len()).prop_map(Act::Pay),
            any::<bool>().prop_map(Act::Confirm),
            Just(Act::Refuse),
            (0_u8..4, 1_i64..1_200).prop_map(|(number, minor)| Act::Refund(number, minor)),
            (0_i64..900).prop_map(Act::Wait),
        ];
        proptest::collection::vec(act, 0..30)
    }

    proptest! {
        #[test]
        fn one_number_captures_at_most_once_and_gives_back_at_most_that(acts in acts()) {
            let mut payment = payment();
            let mut now = 0;
            let mut captures = 0;
            for act in acts {
                let before = payment.state;
                payment.advance(at(now));
                match act {
                    Act::Pay(card) => { payment.pay(Card::ALL[card], at(now)); }
                    Act::Confirm(right) => { payment.confirm(if right { RIGHT_CODE } else { "0" }, at(now)); }
                    Act::Refuse => { payment.refuse(at(now)); }
                    Act::Refund(number, minor) => {
                        let (body, amount) = refund(number, minor);
                        let first = payment.refund(&body, amount, "ref");
                        prop_assert_eq!(payment.refund(&body, amount, "ref"), first);
                    }
                    Act::Wait(seconds) => now += seconds,
                }
                payment.advance(at(now));
                captures += u32::from(before != State::Captured && payment.state == State::Captured);
                prop_assert!(before != State::Captured || payment.state == State::Captured, "what is taken stays taken");
                let back: i64 = payment.refunds.iter().map(|refund| refund.amount.minor()).sum();
                let taken = if payment.state == State::Captured { 1_000 } else { 0 };
                prop_assert!(back <= taken);
                let text = serde_json::to_string(&payment).unwrap();
                prop_assert_eq!(&serde_json::from_str::<Payment>(&text).unwrap(), &payment, "the row reads back");
            }
            prop_assert!(captures <= 1);
            // Nothing stays open for ever.
            payment.advance(at(now + 10_000));
            prop_assert!(matches!(payment.state, State::Captured | State::Declined(_)));
            prop_assert!(payment.plan.is_empty());
        }
    }

    #[test]
    fn a_question_and_the_sweep_see_the_same() {
        let mut swept = payment();
        swept.pay(Card::AfterExpiry, at(10));
        let asked = swept.clone();
        for (now, state) in
            [(999, wire::State::Pending), (1_000, wire::State::Declined), (1_600, wire::State::Succeeded)]
        {
            swept.advance(at(now));
            let mut asked = asked.clone();
            asked.advance(at(now));
            assert_eq!(swept.outcome(), asked.outcome());
            assert_eq!(swept.outcome().state, state, "{now}");
        }
    }
}
