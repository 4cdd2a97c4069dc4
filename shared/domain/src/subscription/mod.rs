//! Subscriptions: saved means charged by a schedule the buyer has agreed to, in phases of exact amounts.
//!
//! ```text
//!            a day before                 at its time               the bank says yes
//!  Active ─────────────────▶ (noticed) ─────────────▶ (charging) ────────────────────▶ the next charge, or Completed
//!    ▲                                     ▲                │ the bank says no
//!    │ resume                              └── a day later ─┤ (three times)
//!    └───────────────────────────────────────── Paused ◀────┘                cancel, any time ─▶ Cancelled
//! ```
//!
//! A charge is never made earlier than a day after the buyer was told of it, and never two for one place of the schedule: what
//! was missed, by a pause or an outage, is not made up for. Pure: the same arguments give the same answer.

mod proof;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::consent::AgreedText;
use crate::details::Language;
use crate::id::{OrderId, Tenant};
use crate::money::Money;
use crate::time::{MOSCOW, Timestamp, plus_seconds};

pub use proof::prove;

/// Seconds before a charge in which the buyer is told of it: a day.
pub const NOTICE_SECONDS: i64 = 24 * 3_600;
/// Seconds between that word and the charge, at the least. An hour less, for the sweep comes when it comes and the outcome of a charge takes its
/// minutes: a daily charge, announced when the one before is known to be paid, would else be later every day.
pub const NOTICE_LEAST_SECONDS: i64 = 23 * 3_600;
/// Seconds after which a declined charge is tried again: a day.
pub const RETRY_SECONDS: i64 = 24 * 3_600;
/// Times a declined charge is tried again.
pub const RETRIES_MAX: u8 = 3;
/// Seconds after which a charge that was begun is looked at: ten minutes.
pub const LOOK_SECONDS: i64 = 600;
/// Seconds after the day that was announced in which a charge may still be made: three days. Later it is announced anew.
pub const ANNOUNCED_SECONDS: i64 = 3 * 24 * 3_600;
/// Charges a subscription remembers; older ones are found as orders.
pub const REMEMBERED_MAX: usize = 60;

/// A number of charges of one amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// What is charged each time, exactly.
    #[serde(rename = "a")]
    pub amount: Money,
    /// How often; for ever when left out.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}

/// How far apart charges are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// A day.
    Day,
    /// Seven days.
    Week,
    /// A month: on the same day, on the last one of a month that is too short for it.
    Month,
}

impl Every {
    /// The code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

/// Whether it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It goes on.
    Active,
    /// It waits to be resumed.
    Paused(Pause),
    /// Somebody ended it.
    Cancelled(Canceller),
    /// All phases are over.
    Completed,
}

impl State {
    /// The code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused(_) => "paused",
            Self::Cancelled(_) => "cancelled",
            Self::Completed => "completed",
        }
    }
}

/// Why a subscription waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pause {
    /// The bank declined a charge and all its repetitions.
    Declined,
    /// The means were deleted or switched off.
    NoMeans,
    /// The buyer could not be told of a charge.
    Unreachable,
    /// A charge could not be asked for as it was agreed.
    Refused,
}

impl Pause {
    /// The code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::NoMeans => "no_means",
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
        }
    }
}

/// Who ended a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Canceller {
    /// The buyer, by the link in every letter.
    Buyer,
    /// The partner.
    Partner,
    /// The operator.
    Operator,
}

impl Canceller {
    /// The code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Buyer => "buyer",
            Self::Partner => "partner",
            Self::Operator => "operator",
        }
    }
}

/// What the buyer has agreed to, and where that is on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mandate {
    /// The order whose agreement saved the means.
    #[serde(rename = "o")]
    pub order: OrderId,
    /// The words the buyer agreed to then.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub text: Option<AgreedText>,
    /// The version of the partner's terms.
    #[serde(rename = "v")]
    pub terms_version: String,
    /// The terms have a clause that the price rises.
    #[serde(rename = "r", default, skip_serializing_if = "std::ops::Not::not")]
    pub rises: bool,
}

/// A charge and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// 1, 2, ….
    #[serde(rename = "n")]
    pub no: u32,
    /// Its order.
    #[serde(rename = "o")]
    pub order: OrderId,
    /// Its amount.
    #[serde(rename = "a")]
    pub amount: Money,
    /// When it was first asked for.
    #[serde(rename = "t", with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// Whether the bank took the money; nothing while that is not known.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub paid: Option<bool>,
    /// When the schedule had it. Charges made before this was kept have none.
    #[serde(
        rename = "d",
        default,
        with = "jiff::fmt::serde::timestamp::second::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub scheduled: Option<Timestamp>,
    /// When the buyer was told of it before; a first charge that follows their agreement at once has none.
    #[serde(
        rename = "w",
        default,
        with = "jiff::fmt::serde::timestamp::second::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub told: Option<Timestamp>,
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Id; part of the key, not of the row's body.
    #[serde(skip)]
    pub id: String,
    /// Grows by one with every commit; an attribute of its own in the row.
    #[serde(skip)]
    pub version: u64,
    /// The partner's own number of it.
    #[serde(rename = "n")]
    pub number: String,
    /// SHA-256 of what was asked for, hex.
    #[serde(rename = "h")]
    pub request_sha256: String,
    /// The shop's id of the buyer.
    #[serde(rename = "u")]
    pub customer: String,
    /// The means that are charged: their id in the buyer's wallet.
    #[serde(rename = "m")]
    pub means: String,
    /// What it is for; the line of every receipt.
    #[serde(rename = "d")]
    pub description: String,
    /// What is charged how often.
    #[serde(rename = "p")]
    pub phases: Vec<Phase>,
    /// How far apart.
    #[serde(rename = "e")]
    pub every: Every,
    /// The first place of the schedule; a new one after a pause.
    #[serde(rename = "f", with = "jiff::fmt::serde::timestamp::second::required")]
    pub from: Timestamp,
    /// What the buyer has agreed to.
    #[serde(rename = "y")]
    pub mandate: Mandate,
    /// The buyer's e-mail.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The buyer's telephone, E.164.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Language of letters.
    #[serde(rename = "g")]
    pub language: Language,
    /// Which of the shop's sites it came from.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// When it was made.
    #[serde(rename = "c", with = "jiff::fmt::serde::timestamp::second::required")]
    pub created_at: Timestamp,
    /// Whether it goes on.
    #[serde(rename = "s")]
    pub state: State,
    /// The next charge's number, from 1.
    #[serde(rename = "q")]
    pub charge: u32,
    /// The next charge's place in the schedule, from 0.
    #[serde(rename = "l")]
    pub slot: u32,
    /// How often the subscription was resumed with this charge open: each time under a new order.
    #[serde(rename = "r", default, skip_serializing_if = "is_zero")]
    pub round: u8,
    /// How often the bank has declined the next charge.
    #[serde(rename = "t", default, skip_serializing_if = "is_zero")]
    pub declined: u8,
    /// When the buyer was told of the next charge.
    #[serde(
        rename = "w",
        default,
        with = "jiff::fmt::serde::timestamp::second::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub noticed_at: Option<Timestamp>,
    /// Nothing is done before.
    #[serde(
        rename = "z",
        default,
        with = "jiff::fmt::serde::timestamp::second::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub not_before: Option<Timestamp>,
    /// The next charge was begun; what came of it is not known.
    #[serde(rename = "v", default, skip_serializing_if = "std::ops::Not::not")]
    pub charging: bool,
    /// The latest charges, oldest first.
    #[serde(rename = "j", default, skip_serializing_if = "Vec::is_empty")]
    pub charges: Vec<Charge>,
    /// When somebody ended it.
    #[serde(
        rename = "x",
        default,
        with = "jiff::fmt::serde::timestamp::second::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub ended_at: Option<Timestamp>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a field over by reference")]
const fn is_zero(value: &u8) -> bool {
    *value == 0
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing until then; nothing ever when there is no moment.
    Wait(Option<Timestamp>),
    /// The buyer is told of the next charge.
    Notice,
    /// The next charge is asked for.
    Charge,
    /// What came of the charge is looked at.
    Look,
}

/// The id of the subscription a tenant gave a number: known from the number alone, so that a repeated creation finds the first.
pub fn subscription_id(tenant: &Tenant, number: &str) -> String {
    let digest = Sha256::digest(format!("{tenant}\n{number}"));
    let mut bytes = [0_u8; 16];
    for (to, from) in bytes.iter_mut().zip(digest.iter()) {
        *to = *from;
    }
    format!("sub_{}", ulid::Ulid::from(u128::from_be_bytes(bytes)).to_string().to_lowercase())
}

/// The moment of a place in a schedule, at the same hour of Moscow's day.
pub fn scheduled(from: Timestamp, every: Every, slot: u32) -> Option<Timestamp> {
    let slot = i64::from(slot);
    let span = match every {
        Every::Day => jiff::Span::new().try_days(slot),
        Every::Week => jiff::Span::new().try_weeks(slot),
        Every::Month => jiff::Span::new().try_months(slot),
    };
    // A month that is too short ends the sum with its last day; counted from the first place, the day comes back later.
    let at = MOSCOW.to_datetime(from).checked_add(span.ok()?).ok()?;
    MOSCOW.to_timestamp(at).ok()
}

/// The amount of a charge; nothing after the last phase.
pub fn amount(phases: &[Phase], charge: u32) -> Option<Money> {
    let mut left = charge.checked_sub(1)?;
    for phase in phases {
        match phase.count {
            Some(count) if left >= count => left -= count,
            _ => return Some(phase.amount),
        }
    }
    None
}

/// Whether a phase costs more than the one before.
pub fn rises(phases: &[Phase]) -> bool {
    phases.windows(2).any(|pair| pair[1].amount.minor() > pair[0].amount.minor())
}

impl Subscription {
    /// The next charge's amount; nothing after the last.
    pub fn amount(&self) -> Option<Money> {
        amount(&self.phases, self.charge)
    }

    /// The amounts of the phases that are not over.
    pub fn amounts_left(&self) -> impl Iterator<Item = Money> {
        let done = self.charge.saturating_sub(1);
        let ends = self.phases.iter().scan(0_u32, |all, phase| {
            *all = phase.count.map_or(u32::MAX, |count| all.saturating_add(count));
            Some(*all)
        });
        self.phases.iter().zip(ends).filter(move |(_, end)| *end > done).map(|(phase, _)| phase.amount)
    }

    /// The amount before, where the next charge costs more.
    pub fn rises_from(&self) -> Option<Money> {
        let before = amount(&self.phases, self.charge.checked_sub(1)?)?;
        self.amount().filter(|next| next.minor() > before.minor()).map(|_| before)
    }

    /// The number of the next charge's order.
    pub fn order_number(&self) -> String {
        match self.round {
            0 => format!("{}-{}", self.id, self.charge),
            round => format!("{}-{}-{round}", self.id, self.charge),
        }
    }

    /// When the schedule has the next charge.
    pub fn scheduled_at(&self) -> Option<Timestamp> {
        scheduled(self.from, self.every, self.slot)
    }

    /// Whether the buyer must be told before the next charge, which the schedule has at one moment and which is made at another: of
    /// all but a first one that follows their agreement at once. One that is a day late does not; one that was made in time and is
    /// tried again each day after it was declined does, until nobody would expect it any more.
    fn needs_notice(&self, scheduled: Timestamp, made: Timestamp) -> bool {
        let at_once = scheduled.as_second() - self.created_at.as_second() < NOTICE_SECONDS;
        let expected = if self.declined == 0 {
            NOTICE_SECONDS
        } else {
            ANNOUNCED_SECONDS + i64::from(self.declined) * RETRY_SECONDS
        };
        let late = made.as_second() - scheduled.as_second() >= expected;
        self.charge > 1 || self.round > 0 || !at_once || late
    }

    /// When the next charge is made, if nothing comes between; nothing when there is none.
    pub fn charge_at(&self) -> Option<Timestamp> {
        if self.state != State::Active || self.amount().is_none() {
            return None;
        }
        let at = self.scheduled_at()?;
        let told = self.noticed_at.map(|noticed| plus_seconds(noticed, NOTICE_LEAST_SECONDS));
        Some([Some(at), told, self.not_before].into_iter().flatten().max().unwrap_or(at))
    }

    /// What is to be done now.
    pub fn step(&self, now: Timestamp) -> Step {
        let reached = |at: Timestamp, step: Step| if at <= now { step } else { Step::Wait(Some(at)) };
        if self.charging {
            return reached(self.not_before.unwrap_or(now), Step::Look);
        }
        let (Some(at), Some(charge_at)) = (self.scheduled_at(), self.charge_at()) else { return Step::Wait(None) };
        if self.noticed_at.is_none() && self.needs_notice(at, charge_at.max(now)) {
            let notice = plus_seconds(at, -NOTICE_SECONDS);
            return reached(notice.max(self.not_before.unwrap_or(notice)), Step::Notice);
        }
        reached(charge_at, Step::Charge)
    }

    /// When somebody must look at it next.
    pub fn due(&self) -> Option<Timestamp> {
        match self.step(Timestamp::MIN) {
            Step::Wait(at) => at,
            Step::Notice | Step::Charge | Step::Look => Some(Timestamp::MIN),
        }
    }

    /// Whether the buyer is still to be told of a charge.
    pub fn awaits_notice_of(&self, charge: u32, now: Timestamp) -> bool {
        let planned = self.scheduled_at().zip(self.charge_at());
        let wanted = planned.is_some_and(|(at, charge_at)| self.needs_notice(at, charge_at.max(now)));
        self.state == State::Active && !self.charging && self.noticed_at.is_none() && wanted && self.charge == charge
    }

    /// The buyer was told of the next charge.
    pub fn noticed(&mut self, now: Timestamp) {
        self.noticed_at = Some(now);
        self.not_before = None;
    }

    /// Whether the day the buyer was told of is long over: charges were stopped, or nobody could make them. Each time the bank
    /// declines gives it a day more.
    pub fn is_told_of_too_long_ago(&self, now: Timestamp) -> bool {
        let day = self.noticed_at.and_then(|_| self.charge_day());
        day.is_some_and(|day| plus_seconds(day, ANNOUNCED_SECONDS + i64::from(self.declined) * RETRY_SECONDS) < now)
    }

    /// The moment the next charge may first be made at: the one that was announced, where it was.
    fn charge_day(&self) -> Option<Timestamp> {
        let at = self.scheduled_at()?;
        Some(self.noticed_at.map_or(at, |noticed| at.max(plus_seconds(noticed, NOTICE_LEAST_SECONDS))))
    }

    /// The next charge is to be announced once more before it is made.
    pub fn announce_anew(&mut self) {
        self.noticed_at = None;
        self.not_before = None;
    }

    /// The next charge is begun with an order: on record before the order is charged, so that whoever ends the subscription knows
    /// of it.
    pub fn begun(&mut self, order: &OrderId, amount: Money, now: Timestamp) {
        self.charging = true;
        self.not_before = Some(plus_seconds(now, LOOK_SECONDS));
        if let Some(again) = self.charges.last_mut().filter(|last| last.order == *order && last.no == self.charge) {
            again.paid = None;
            return;
        }
        self.charges.push(Charge {
            no: self.charge,
            order: order.clone(),
            amount,
            at: now,
            paid: None,
            scheduled: self.scheduled_at(),
            told: self.noticed_at,
        });
        let many = self.charges.len().saturating_sub(REMEMBERED_MAX);
        self.charges.drain(..many);
    }

    /// A charge was begun and the bank never asked: it may be begun again from a moment on.
    pub fn not_asked(&mut self, at: Timestamp) {
        self.charging = false;
        self.not_before = Some(at);
    }

    /// A charge was begun, and its bank does not take it now: it is begun again the next day, and after three days of that waits to
    /// be resumed, or the buyer would be told of it again and again.
    pub fn not_taken(&mut self, now: Timestamp) {
        self.not_asked(plus_seconds(now, RETRY_SECONDS));
        if self.charge_day().is_none_or(|day| plus_seconds(day, ANNOUNCED_SECONDS) <= now) {
            self.pause(Pause::Refused);
        }
    }

    /// Nothing can be said yet: looked at again later.
    pub fn wait(&mut self, now: Timestamp, seconds: i64) {
        self.not_before = Some(plus_seconds(now, seconds));
    }

    /// The bank took the money: the schedule goes on with the first place that has not passed.
    pub fn paid(&mut self, now: Timestamp) {
        self.ended(true);
        self.charge = self.charge.saturating_add(1);
        self.round = 0;
        self.noticed_at = None;
        self.not_before = None;
        self.advance(now);
        // While it was paused as well: the buyer may have paid the order of the charge that was declined.
        let goes_on = matches!(self.state, State::Active | State::Paused(_));
        if goes_on && (self.amount().is_none() || self.scheduled_at().is_none()) {
            self.state = State::Completed;
        }
    }

    fn advance(&mut self, now: Timestamp) {
        self.slot = self.slot.saturating_add(1);
        while self.scheduled_at().is_some_and(|at| at <= now) {
            self.slot = self.slot.saturating_add(1);
        }
    }

    fn ended(&mut self, paid: bool) {
        self.charging = false;
        self.declined = if paid { 0 } else { self.declined.saturating_add(1) };
        if let Some(last) = self.charges.last_mut() {
            last.paid = Some(paid);
        }
    }

    /// The bank took nothing: tried again a day later, three times; then it waits for somebody.
    pub fn refused(&mut self, now: Timestamp) {
        self.ended(false);
        self.not_before = Some(plus_seconds(now, RETRY_SECONDS));
        if self.declined > RETRIES_MAX {
            self.pause(Pause::Declined);
        }
    }

    /// It waits to be resumed.
    pub fn pause(&mut self, why: Pause) {
        self.charging = false;
        self.leave_open();
        if self.state == State::Active {
            self.state = State::Paused(why);
        }
    }

    /// A charge that was begun and is not to be asked for any more.
    fn leave_open(&mut self) {
        let next = self.charge;
        if !self.charging
            && let Some(last) = self.charges.last_mut().filter(|last| last.no == next && last.paid.is_none())
        {
            last.paid = Some(false);
        }
    }

    /// It is over. Answers whether that is new.
    pub fn cancel(&mut self, by: Canceller, now: Timestamp) -> bool {
        let open = matches!(self.state, State::Active | State::Paused(_));
        if open {
            self.leave_open();
            self.state = State::Cancelled(by);
            self.ended_at = Some(now);
        }
        open
    }

    /// It goes on after a pause: the schedule begins anew, with a day's notice. Answers whether that is new.
    pub fn resume(&mut self, means: Option<String>, now: Timestamp) -> bool {
        if !matches!(self.state, State::Paused(_)) || self.charging {
            return false;
        }
        self.state = State::Active;
        self.means = means.unwrap_or_else(|| self.means.clone());
        self.from = plus_seconds(now, NOTICE_SECONDS);
        self.slot = 0;
        self.round = self.round.saturating_add(1);
        self.declined = 0;
        self.noticed_at = None;
        self.not_before = None;
        true
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use proptest::prelude::*;

    use super::*;
    use crate::id::Mode;
    use crate::time::moscow_date;

    const DAY: i64 = 24 * 3_600;

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn phases(amounts: &[(i64, Option<u32>)]) -> Vec<Phase> {
        amounts.iter().map(|(minor, count)| Phase { amount: Money::rub(*minor), count: *count }).collect()
    }

    fn subscription(from: &str, every: Every, phases: Vec<Phase>) -> Subscription {
        let tenant = Tenant::try_new("demoshop", Mode::Test).unwrap();
        let order = OrderId::new(tenant.clone(), "A-1", moment("2026-01-01T00:00:00Z"));
        Subscription {
            id: subscription_id(&tenant, "S-1"),
            version: 1,
            number: "S-1".into(),
            request_sha256: String::new(),
            customer: "buyer-1".into(),
            means: "mns_1".into(),
            description: "Подписка".into(),
            phases,
            every,
            from: moment(from),
            mandate: Mandate { order, text: None, terms_version: "1".into(), rises: true },
            email: Some("a@example.com".into()),
            phone: None,
            language: Language::Ru,
            origin: None,
            created_at: moment("2026-01-01T00:00:00Z"),
            state: State::Active,
            charge: 1,
            slot: 0,
            round: 0,
            declined: 0,
            noticed_at: None,
            not_before: None,
            charging: false,
            charges: Vec::new(),
            ended_at: None,
        }
    }

    fn dates(from: &str, every: Every, count: u32) -> Vec<Date> {
        (0..count).map(|slot| moscow_date(scheduled(moment(from), every, slot).unwrap())).collect()
    }

    #[test]
    fn the_last_day_of_a_short_month_stands_in_for_a_day_it_has_not() {
        let found: Vec<_> = dates("2027-01-31T07:00:00Z", Every::Month, 6).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31", "2027-06-30"]);
        let leap = dates("2028-01-30T07:00:00Z", Every::Month, 3);
        assert_eq!(leap[1].to_string(), "2028-02-29");
        // Moscow's day: half past one at night there is the evening before in UTC.
        assert_eq!(dates("2027-01-30T22:30:00Z", Every::Month, 2)[1].to_string(), "2027-02-28");
        assert_eq!(dates("2027-12-31T07:00:00Z", Every::Week, 2)[1].to_string(), "2028-01-07");
        assert_eq!(dates("2027-02-28T07:00:00Z", Every::Day, 2)[1].to_string(), "2027-03-01");
    }

    #[test]
    fn one_rouble_then_five_hundred_then_a_thousand_for_ever() {
        let phases = phases(&[(100, Some(1)), (50_000, Some(1)), (100_000, None)]);
        let amounts: Vec<_> = (0..6).map(|no| amount(&phases, no).map(Money::minor)).collect();
        assert_eq!(amounts, [None, Some(100), Some(50_000), Some(100_000), Some(100_000), Some(100_000)]);
        assert!(rises(&phases));
        assert_eq!(amount(&self::phases(&[(100, Some(2))]), 3), None);
        assert!(!rises(&self::phases(&[(100, Some(2)), (100, None)])));
    }

    #[test]
    fn a_first_charge_at_once_needs_no_notice_and_the_next_one_a_day() {
        let mut sub = subscription("2026-01-01T00:00:00Z", Every::Month, phases(&[(100, Some(1)), (200, None)]));
        let now = moment("2026-01-01T00:00:00Z");
        assert_eq!(sub.step(now), Step::Charge);
        assert_eq!(sub.rises_from(), None);
        sub.begun(&sub.mandate.order.clone(), Money::rub(100), now);
        assert_eq!(sub.step(now), Step::Wait(Some(plus_seconds(now, LOOK_SECONDS))));
        sub.paid(plus_seconds(now, LOOK_SECONDS));
        assert_eq!(sub.rises_from(), Some(Money::rub(100)));
        let notice = moment("2026-01-31T00:00:00Z");
        assert_eq!(sub.step(now), Step::Wait(Some(notice)));
        assert_eq!(sub.due(), Some(notice));
        // The notice went out late: the charge waits for its day.
        let late = plus_seconds(notice, 5 * 3_600);
        assert_eq!(sub.step(late), Step::Notice);
        sub.noticed(late);
        assert_eq!(sub.step(late), Step::Wait(Some(plus_seconds(late, NOTICE_LEAST_SECONDS))));
    }

    #[test]
    fn a_daily_charge_keeps_its_hour_though_every_step_takes_its_minutes() {
        let from = "2026-02-01T09:00:00Z";
        let mut sub = subscription(from, Every::Day, phases(&[(100, None)]));
        let mut now = sub.created_at;
        for day in 0..200_u32 {
            for step in [Step::Notice, Step::Charge, Step::Look] {
                // The sweep comes every minute.
                now = plus_seconds(sub.due().unwrap().max(now), 59);
                assert_eq!(sub.step(now), step, "day {day}");
                match step {
                    Step::Notice => sub.noticed(now),
                    Step::Charge => sub.begun(&sub.mandate.order.clone(), Money::rub(100), now),
                    _ => sub.paid(now),
                }
            }
            let late = now.as_second() - scheduled(sub.from, Every::Day, day).unwrap().as_second();
            assert!((0..=LOOK_SECONDS + 2 * 59).contains(&late), "day {day}: {late} seconds");
            assert_eq!((sub.slot, sub.charge), (day + 1, day + 2));
        }
    }

    #[test]
    fn a_first_charge_that_is_a_day_late_is_announced_like_any_other() {
        let mut sub = subscription("2026-01-01T00:00:00Z", Every::Month, phases(&[(100, None)]));
        let now = sub.created_at;
        assert_eq!(sub.step(plus_seconds(now, DAY - 1)), Step::Charge);
        assert_eq!(sub.step(plus_seconds(now, DAY)), Step::Notice);
        assert!(sub.awaits_notice_of(1, plus_seconds(now, DAY)) && !sub.awaits_notice_of(1, now));
        // Charges were stopped for a day.
        sub.wait(now, RETRY_SECONDS);
        assert_eq!(sub.step(plus_seconds(now, DAY)), Step::Notice);
        // One that was made in time and declined is tried again without another word.
        sub.begun(&sub.mandate.order.clone(), Money::rub(100), now);
        sub.refused(now);
        assert_eq!(sub.step(plus_seconds(now, DAY)), Step::Charge);
        // But not days after anybody would expect it.
        assert_eq!(sub.step(plus_seconds(now, 4 * DAY - 1)), Step::Charge);
        assert_eq!(sub.step(plus_seconds(now, 4 * DAY)), Step::Notice);
    }

    #[test]
    fn a_charge_that_was_declined_and_is_paid_by_hand_while_it_waits_is_not_made_again() {
        let mut sub = subscription("2026-01-01T00:00:00Z", Every::Month, phases(&[(100, Some(1)), (200, Some(1))]));
        let now = sub.created_at;
        sub.begun(&sub.mandate.order.clone(), Money::rub(100), now);
        sub.pause(Pause::NoMeans);
        sub.paid(now);
        assert!(sub.resume(None, now));
        assert_eq!((sub.charge, sub.amount()), (2, Some(Money::rub(200))));
        sub.pause(Pause::NoMeans);
        sub.begun(&sub.mandate.order.clone(), Money::rub(200), now);
        sub.paid(now);
        assert_eq!(sub.state, State::Completed);
    }

    #[test]
    fn a_charge_its_bank_does_not_take_is_begun_for_three_days_and_then_waits() {
        let mut sub = subscription("2026-01-01T00:00:00Z", Every::Month, phases(&[(100, None)]));
        let first = sub.created_at;
        for day in 0..4 {
            let now = plus_seconds(first, day * DAY);
            if day > 0 {
                sub.noticed_at = Some(plus_seconds(first, -DAY)); // or it would be announced before
            }
            assert_eq!((sub.state, sub.step(now)), (State::Active, Step::Charge), "day {day}");
            sub.begun(&sub.mandate.order.clone(), Money::rub(100), now);
            sub.not_taken(now);
        }
        assert_eq!(sub.state, State::Paused(Pause::Refused));
        assert_eq!(sub.charges.last().unwrap().paid, Some(false));
    }

    #[test]
    fn a_declined_charge_is_tried_four_times_and_then_waits() {
        let mut sub = subscription("2026-01-01T00:00:00Z", Every::Month, phases(&[(100, None)]));
        let mut now = moment("2026-01-01T00:00:00Z");
        for tries in 1..=4 {
            assert_eq!(sub.step(now), Step::Charge, "{tries}");
            sub.begun(&sub.mandate.order.clone(), Money::rub(100), now);
            sub.refused(now);
            now = plus_seconds(now, DAY);
        }
        assert_eq!((sub.state, sub.step(now)), (State::Paused(Pause::Declined), Step::Wait(None)));
        assert_eq!(sub.charges.len(), 1);
        let first = sub.order_number();
        assert!(sub.resume(Some("mns_2".into()), now) && !sub.resume(None, now));
        assert_ne!(sub.order_number(), first);
        assert_eq!(sub.step(now), Step::Notice);
        sub.noticed(now);
        assert_eq!(sub.step(plus_seconds(now, DAY)), Step::Charge);
        assert!(sub.cancel(Canceller::Buyer, now) && !sub.cancel(Canceller::Partner, now));
        assert_eq!(sub.step(plus_seconds(now, DAY)), Step::Wait(None));
    }

    fn any_every() -> impl Strategy<Value = Every> {
        prop_oneof![Just(Every::Day), Just(Every::Week), Just(Every::Month)]
    }

    proptest! {
        #[test]
        fn places_of_a_schedule_follow_each_other_at_the_same_hour(
            second in 1_700_000_000_i64..2_000_000_000, every in any_every(), slot in 0_u32..1_200,
        ) {
            let from = Timestamp::from_second(second).unwrap();
            let (here, next) = (scheduled(from, every, slot).unwrap(), scheduled(from, every, slot + 1).unwrap());
            prop_assert_eq!(MOSCOW.to_datetime(here).time(), MOSCOW.to_datetime(from).time());
            let apart = (next.as_second() - here.as_second()) / DAY;
            match every {
                Every::Day => prop_assert_eq!(apart, 1),
                Every::Week => prop_assert_eq!(apart, 7),
                Every::Month => {
                    prop_assert!((28..=31).contains(&apart));
                    let (first, date) = (moscow_date(from), moscow_date(here));
                    prop_assert_eq!(date.day(), first.day().min(date.days_in_month()));
                }
            }
        }

        /// Whatever the bank says and however late somebody looks.
        #[test]
        fn what_is_charged_is_what_was_agreed_and_never_unannounced(
            every in any_every(),
            list in prop::collection::vec((1_i64..1_000, 1_u32..4), 1..4),
            endless in any::<bool>(),
            chances in prop::collection::vec((0_u8..10, 1_i64..4 * DAY), 1..120),
        ) {
            let mut phases: Vec<Phase> =
                list.iter().map(|(minor, count)| Phase { amount: Money::rub(*minor), count: Some(*count) }).collect();
            if endless && let Some(last) = phases.last_mut() {
                last.count = None;
            }
            let mut sub = subscription("2026-01-31T09:00:00Z", every, phases.clone());
            let mut now = sub.created_at;
            let mut paid: Vec<(Timestamp, Money)> = Vec::new();
            let (mut tries, mut tried_at) = (0, None::<Timestamp>);
            for (chance, seconds) in chances {
                now = plus_seconds(now, seconds);
                if sub.state != State::Active && chance == 0 {
                    sub.resume(None, now);
                    tries = 0;
                }
                for _ in 0..4 {
                    match sub.step(now) {
                        Step::Wait(at) => {
                            prop_assert!(at.is_none_or(|at| at > now));
                            prop_assert_eq!(at, sub.due());
                            break;
                        }
                        Step::Notice => sub.noticed(now),
                        Step::Look => sub.wait(now, LOOK_SECONDS),
                        Step::Charge => {
                            let told = sub.noticed_at.unwrap();
                            prop_assert!(now.as_second() - told.as_second() >= NOTICE_LEAST_SECONDS);
                            prop_assert!(sub.scheduled_at().unwrap() <= now);
                            if tries > 0 {
                                prop_assert!(now.as_second() - tried_at.unwrap().as_second() >= RETRY_SECONDS);
                            }
                            let amount = sub.amount().unwrap();
                            sub.begun(&sub.mandate.order.clone(), amount, now);
                            tried_at = Some(now);
                            if chance < 7 {
                                sub.paid(now);
                                paid.push((now, amount));
                                tries = 0;
                            } else {
                                sub.refused(now);
                                tries += 1;
                                prop_assert!(tries <= 4);
                                prop_assert_eq!(tries == 4, sub.state == State::Paused(Pause::Declined));
                            }
                        }
                    }
                }
            }
            for (no, (_, charged)) in (1_u32..).zip(&paid) {
                prop_assert_eq!(Some(*charged), super::amount(&phases, no));
            }
            let total: u32 = phases.iter().filter_map(|phase| phase.count).sum();
            prop_assert!(endless || paid.len() <= usize::try_from(total).unwrap());
            prop_assert_eq!(sub.state == State::Completed, !endless && paid.len() == usize::try_from(total).unwrap());
            prop_assert_eq!(usize::try_from(sub.charge).unwrap(), paid.len() + 1);
            for pair in paid.windows(2) {
                prop_assert!(pair[1].0.as_second() - pair[0].0.as_second() >= NOTICE_LEAST_SECONDS);
            }
        }
    }
}
