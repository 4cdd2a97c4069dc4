//! What the platform's suppliers are paid for a partner's orders: receipts printed, messages sent. Counted by the day it was done, priced
//! by the operator's dated prices, and never charged to the partner.
//!
//! ```text
//!  journals, delivery records ──▶ a day's usage, written before the day is sealed ──▶ a month's, priced once and booked
//! ```

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::delivery::Delivery;
use crate::ledger::{Account, Posting};
use crate::money::{Money, MoneyError};
use crate::order::{Event, Order, TaskId};
use crate::partner::Channel;
use crate::report::Period;
use crate::time::moscow_date;

/// Septets of a text message that travels alone, and of each part of a longer one (3GPP TS 23.040, section 9.2.3.24: a header of six octets
/// joins the parts).
const SEPTETS: (usize, usize) = (160, 153);
/// Units of UCS-2 that fit in the same octets.
const UCS2_UNITS: (usize, usize) = (70, 67);
/// Characters of the GSM 7-bit default alphabet (3GPP TS 23.038, section 6.2.1).
const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Characters of its extension: an escape goes before each (section 6.2.1.1).
const GSM_EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// What a supplier is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A fiscal receipt a register has printed.
    Receipt,
    /// An e-mail.
    Email,
    /// A text message; paid for by the part.
    Sms,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Receipt, Self::Email, Self::Sms];

    /// The code used in rows and in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }
}

impl From<Channel> for Kind {
    fn from(channel: Channel) -> Self {
        match channel {
            Channel::Email => Self::Email,
            Channel::Sms => Self::Sms,
        }
    }
}

/// Parts a text message is sent in: of 160 and 153 characters where all are of the GSM alphabet, else of 70 and 67. What counts for two
/// (an extended character, an emoji) is never cut.
pub fn sms_parts(text: &str) -> u16 {
    let septets = |letter: char| match letter {
        letter if GSM.contains(letter) => Some(1),
        letter if GSM_EXTENSION.contains(letter) => Some(2),
        _ => None,
    };
    let plain: Option<Vec<usize>> = text.chars().map(septets).collect();
    let (sizes, (alone, part)) = match plain {
        Some(sizes) => (sizes, SEPTETS),
        None => (text.chars().map(char::len_utf16).collect(), UCS2_UNITS),
    };
    if sizes.iter().sum::<usize>() <= alone {
        return 1;
    }
    let (mut parts, mut filled) = (1_u16, 0);
    for size in sizes {
        if filled + size > part {
            parts = parts.saturating_add(1);
            filled = 0;
        }
        filled += size;
    }
    parts
}

/// How many of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Count {
    /// Receipts or messages.
    #[serde(rename = "n")]
    pub count: u32,
    /// What is paid for: the parts of text messages, else the same number.
    #[serde(rename = "u")]
    pub units: u32,
}

/// What was used, by kind; kinds nothing was used of are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Usage(BTreeMap<Kind, Count>);

impl Usage {
    /// Counts one more, of so many units.
    pub fn add(&mut self, kind: Kind, units: u16) {
        self.join(kind, Count { count: 1, units: u32::from(units) });
    }

    fn join(&mut self, kind: Kind, more: Count) {
        let count = self.0.entry(kind).or_default();
        count.count = count.count.saturating_add(more.count);
        count.units = count.units.saturating_add(more.units);
    }

    /// Counts what another has counted too.
    pub fn merge(&mut self, other: &Self) {
        for (kind, count) in &other.0 {
            self.join(*kind, *count);
        }
    }

    /// How many of a kind.
    pub fn of(&self, kind: Kind) -> Count {
        self.0.get(&kind).copied().unwrap_or_default()
    }

    /// Whether nothing was used.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Usage by the day (Moscow).
pub type Days = BTreeMap<Date, Usage>;

/// Counts the receipts of an order that were printed, those printed wrong too, on the days that are wanted.
pub fn printed(days: &mut Days, order: &Order, wanted: impl Fn(Date) -> bool) {
    for entry in order.journal.iter().filter(|entry| entry.event == Event::ReceiptIssued) {
        let day = moscow_date(entry.at);
        if wanted(day) {
            days.entry(day).or_default().add(Kind::Receipt, 1);
        }
    }
}

/// Counts a message to the buyer on the day it got through, if that is wanted. Webhooks are nobody's to charge for.
pub fn delivered(days: &mut Days, delivery: &Delivery, wanted: impl Fn(Date) -> bool) {
    let TaskId::Notify(_, channel) = delivery.task else { return };
    if let Some(day) = delivery.done_at.map(moscow_date).filter(|day| wanted(*day)) {
        days.entry(day).or_default().add(channel.into(), delivery.parts);
    }
}

/// A message that belongs to no order, as it is kept under its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Through what.
    #[serde(rename = "k")]
    pub kind: Kind,
    /// What is paid for.
    #[serde(rename = "u")]
    pub units: u16,
}

/// What a supplier takes for one unit, from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Of what.
    #[serde(rename = "k")]
    pub kind: Kind,
    /// The first Moscow day it holds; it ends where the next one of its kind begins.
    #[serde(rename = "s")]
    pub since: Date,
    /// Roubles.
    #[serde(rename = "p")]
    pub price: Decimal,
}

/// The price of a kind on a day.
pub fn price(all: &[Price], kind: Kind, on: Date) -> Option<&Price> {
    all.iter().filter(|price| price.kind == kind && price.since <= on).max_by_key(|price| price.since)
}

/// A month that is over: what was used, by which prices, and what it costs the platform. Never changed once written: what prices are
/// set later does not touch it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Month {
    /// What was used.
    #[serde(rename = "u")]
    pub used: Usage,
    /// The prices it was reckoned by.
    #[serde(rename = "p", default, skip_serializing_if = "Vec::is_empty")]
    pub prices: Vec<Price>,
    /// What each kind costs; kinds without a price, or that cost nothing, are left out.
    #[serde(rename = "c", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub costs: BTreeMap<Kind, Money>,
}

impl Month {
    /// Reckons a month: each day's units by the day's price, each kind summed up and then rounded once to the kopeck, half away from zero.
    /// Prices are fractions of a kopeck often enough.
    ///
    /// # Errors
    /// A sum does not fit.
    pub fn of(days: &Days, prices: &[Price]) -> Result<Self, MoneyError> {
        let (mut used, mut applied, mut exact) = (Usage::default(), Vec::new(), BTreeMap::new());
        for (day, usage) in days {
            used.merge(usage);
            for (kind, count) in &usage.0 {
                let Some(price) = price(prices, *kind, *day) else { continue };
                if !applied.contains(price) {
                    applied.push(*price);
                }
                let sum: &mut Decimal = exact.entry(*kind).or_default();
                *sum += price.price * Decimal::from(count.units);
            }
        }
        applied.sort_by_key(|price| (price.kind, price.since));
        let mut costs = BTreeMap::new();
        for (kind, roubles) in exact {
            let cost = Money::rub(100).times(roubles)?;
            if cost.is_positive() {
                costs.insert(kind, cost);
            }
        }
        Ok(Self { used, prices: applied, costs })
    }

    /// What all of it costs.
    ///
    /// # Errors
    /// The sum does not fit.
    pub fn cost(&self) -> Result<Money, MoneyError> {
        self.costs.values().try_fold(Money::rub(0), |sum, cost| sum.plus(*cost))
    }

    /// What it does to the books: the platform's expense, owed to its suppliers. Nothing of it is the partner's.
    pub fn postings(&self) -> Vec<Posting> {
        self.costs.values().map(|cost| Posting::new(Account::Messaging, Account::Suppliers, *cost)).collect()
    }
}

/// The days of a month among others.
pub fn days_of(days: &Days, period: Period) -> Days {
    days.range(period.first()..=period.last()).map(|(day, usage)| (*day, usage.clone())).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::delivery::Attempt;

    fn of(kind: Kind, since: Date, price: &str) -> Price {
        Price { kind, since, price: price.parse().unwrap() }
    }

    fn used(counts: &[(Kind, u16, usize)]) -> Usage {
        let mut usage = Usage::default();
        for (kind, units, times) in counts {
            (0..*times).for_each(|_| usage.add(*kind, *units));
        }
        usage
    }

    #[test]
    fn parts_of_a_text_message_are_those_of_the_standard() {
        let cases = [
            (String::new(), 1),
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(306), 2),
            ("a".repeat(307), 3),
            ("[".repeat(80), 1),
            ("[".repeat(81), 2),
            // 76 brackets are 152 septets: the next would be cut, and goes to the second part with 76 others.
            ("[".repeat(152), 2),
            ("[".repeat(153), 3),
            ("я".repeat(70), 1),
            ("я".repeat(71), 2),
            ("я".repeat(134), 2),
            ("я".repeat(135), 3),
            (format!("{}я", "a".repeat(70)), 2),
            ("🙂".repeat(35), 1),
            ("🙂".repeat(36), 2),
            ("🙂".repeat(66), 2),
            ("🙂".repeat(67), 3),
        ];
        for (text, parts) in cases {
            assert_eq!(sms_parts(&text), parts, "{} characters", text.chars().count());
        }
        assert_eq!(GSM.chars().count(), 127, "128 with the escape");
    }

    #[test]
    fn only_messages_that_got_through_count_on_the_day_they_did() {
        let at = |text: &str| text.parse().unwrap();
        let mut sms = Delivery::new(TaskId::Notify(4, Channel::Sms), "message.paid_receipt");
        sms.parts = 3;
        sms.attempt(Attempt { at: at("2026-11-20T20:00:00Z"), status: None, note: "lost".to_owned() });
        let mut days = Days::new();
        delivered(&mut days, &sms, |_| true);
        assert!(days.is_empty(), "tried and not sent");
        sms.done_at = Some(at("2026-11-20T21:00:00Z"));
        let webhook = Delivery { done_at: sms.done_at, ..Delivery::new(TaskId::Webhook(4), "order.paid") };
        let mail = Delivery { done_at: sms.done_at, ..Delivery::new(TaskId::Notify(4, Channel::Email), "") };
        for delivery in [&sms, &webhook, &mail] {
            delivered(&mut days, delivery, |_| true);
            delivered(&mut days, delivery, |_| false);
        }
        let moscow = Days::from([(date(2026, 11, 21), used(&[(Kind::Sms, 3, 1), (Kind::Email, 1, 1)]))]);
        assert_eq!(days, moscow);
        assert_eq!(days[&date(2026, 11, 21)].of(Kind::Sms), Count { count: 1, units: 3 });
    }

    #[test]
    fn a_months_cost_is_each_days_units_by_the_days_price_rounded_once() {
        let days = Days::from([
            (date(2026, 11, 9), used(&[(Kind::Receipt, 1, 3), (Kind::Sms, 2, 2), (Kind::Email, 1, 5)])),
            (date(2026, 11, 10), used(&[(Kind::Sms, 3, 1), (Kind::Email, 1, 1)])),
        ]);
        let prices = [
            of(Kind::Sms, date(2026, 1, 1), "2.90"),
            of(Kind::Sms, date(2026, 11, 10), "3.05"),
            of(Kind::Sms, date(2026, 11, 11), "9"),
            of(Kind::Receipt, date(2026, 11, 10), "1"),
            of(Kind::Email, date(2026, 1, 1), "0.0025"),
        ];
        let month = Month::of(&days, &prices).unwrap();
        // 4 × 2.90 + 3 × 3.05 = 20.75. Receipts have no price on the 9th. 6 × 0.0025 = 0.015: day by day it would be 0.01.
        assert_eq!(month.costs, BTreeMap::from([(Kind::Email, Money::rub(2)), (Kind::Sms, Money::rub(2_075))]));
        assert_eq!(month.prices, [prices[4], prices[0], prices[1]]);
        assert_eq!(month.cost().unwrap(), Money::rub(2_077));
        assert_eq!(month.used.of(Kind::Receipt), Count { count: 3, units: 3 });
        let postings = month.postings();
        assert!(postings.iter().all(|one| (one.debit, one.credit) == (Account::Messaging, Account::Suppliers)));
        assert_eq!(postings.len(), 2);
        // The prices it was reckoned by are all it takes to reckon it again.
        assert_eq!(Month::of(&days, &month.prices).unwrap(), month);
        let free = Month::of(&days, &[]).unwrap();
        assert!(free.costs.is_empty() && free.postings().is_empty());
        assert_eq!(free.used, month.used);
    }

    proptest! {
        #[test]
        fn parts_are_as_few_as_hold_the_text(text in "[a-z\\[яё🙂]{0,400}") {
            let parts = usize::from(sms_parts(&text));
            let (gsm, units) = (text.is_ascii(), text.chars().map(char::len_utf16).sum::<usize>());
            let (size, alone, part) = if gsm { (units + text.matches('[').count(), 160, 153) } else { (units, 70, 67) };
            if size <= alone {
                prop_assert_eq!(parts, 1);
            } else {
                // At most one unit of a part stays empty.
                prop_assert!(parts >= size.div_ceil(part) && parts <= size.div_ceil(part - 1));
            }
        }
    }
}
