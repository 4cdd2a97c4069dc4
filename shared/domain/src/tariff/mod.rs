//! Tariffs: what the platform's services cost a partner, in versions that come into force one after the other.
//!
//! ```text
//!  put ─▶ announced ── its moment comes ─▶ in force ── the next one's comes ─▶ past
//!             │ put anew under its number      (nothing changes it any more)
//!             └──────▶ announced
//! ```
//!
//! An order is priced by the version in force when it is made: [`Pricing`] goes onto the order, and what is published later does not
//! touch it. The fee is of the payment (`docs/TARIFFS.md`); the price of the API is another thing, and stands on another account.

mod pricing;
mod promo;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub(crate) use pricing::Cells;
pub use pricing::{Moved, Pricing, Service, ServiceEnd};
pub use promo::{Activation, Assigned, Promo, PromoRefusal, Tariffs};

use crate::acquiring::Method;
use crate::commission::CommissionTerms;
use crate::money::Money;
use crate::time::{Timestamp, plus_seconds};

/// Seconds a version must be announced ahead: twice as long as any instance goes on with what it read.
pub const LEAD_SECONDS: i64 = 120;
/// Kopecks a partner on «Базовый» must have on their account for an order, at least, where the tariff does not say otherwise: 90 ₽.
pub const LEAST_MINOR: i64 = 9_000;
/// Rules of one version, at most: each is stored with every order.
pub const RULES_MAX: usize = 20;

/// Ways to pay that have a price of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// A card, typed in or in a wallet: what a bank takes it for is the same.
    Card,
    /// СБП.
    Sbp,
    /// The buyer pays in parts, the shop is paid at once.
    Instalments,
    /// A terminal beside the platform.
    Terminal,
    /// Cash.
    Cash,
}

impl Group {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Card, Self::Sbp, Self::Instalments, Self::Terminal, Self::Cash];

    /// The stable code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Sbp => "sbp",
            Self::Instalments => "instalments",
            Self::Terminal => "terminal",
            Self::Cash => "cash",
        }
    }

    /// The group a way to pay belongs to.
    pub const fn of(method: Method) -> Self {
        match method {
            Method::Card | Method::MirPay | Method::YandexPay | Method::SberPay | Method::TPay | Method::MtsPay => {
                Self::Card
            }
            Method::Sbp => Self::Sbp,
            Method::Dolyami => Self::Instalments,
            Method::Terminal => Self::Terminal,
            Method::Cash => Self::Cash,
        }
    }
}

/// Fee terms of a way to pay, of a category of goods, or of both together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The way to pay; any where none is named.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
    /// The shop's category; any where none is named.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The terms.
    #[serde(rename = "t")]
    pub terms: CommissionTerms,
}

impl Rule {
    /// How much it says of a payment: a category says more than a way to pay. Nothing where it is about another.
    fn fits(&self, group: Group, category: Option<&str>) -> Option<u8> {
        let of_group = self.group.is_none_or(|named| named == group);
        let of_category = self.category.as_deref().is_none_or(|named| Some(named) == category);
        let weight = u8::from(self.group.is_some()) + 2 * u8::from(self.category.is_some());
        (of_group && of_category).then_some(weight)
    }
}

/// What a refund does to the fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RefundedFee {
    /// It goes back with the money: it is reckoned anew over what is left.
    #[default]
    Reversed,
    /// It stays, unless the platform itself gives the money back (a second or a late payment, an execution that failed).
    Kept,
}

impl RefundedFee {
    /// The stable code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Reversed => "reversed",
            Self::Kept => "kept",
        }
    }
}

/// What the API itself costs. It is no part of the fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Api {
    /// Nothing is charged for an order; the API is paid by the month.
    Month {
        /// Kopecks a month, VAT in it; nothing for a free one.
        price_minor: i64,
    },
    /// «Базовый»: every order is charged from what the partner has paid ahead.
    Order {
        /// Kopecks an order, VAT in it.
        price_minor: i64,
        /// Kopecks that must be there for an order, at least.
        least_minor: i64,
    },
}

impl Api {
    /// What is reserved of the partner's account for an order; nothing where orders are not charged.
    pub fn need(self) -> Option<Money> {
        match self {
            Self::Month { .. } => None,
            Self::Order { price_minor, least_minor } => {
                Some(Money::rub(price_minor.max(least_minor))).filter(|need| need.is_positive())
            }
        }
    }

    /// The price of a month; nothing where there is none.
    pub fn month(self) -> Option<Money> {
        match self {
            Self::Month { price_minor } => Some(Money::rub(price_minor)).filter(|price| price.is_positive()),
            Self::Order { .. } => None,
        }
    }

    /// What of that is taken once the order is fulfilled; the rest goes back.
    pub const fn price(self) -> Money {
        match self {
            Self::Month { .. } => Money::rub(0),
            Self::Order { price_minor, .. } => Money::rub(price_minor),
        }
    }
}

/// One version of a tariff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// 1, 2, … without gaps.
    #[serde(rename = "n")]
    pub no: u32,
    /// When it comes into force.
    #[serde(rename = "f", with = "jiff::fmt::serde::timestamp::second::required")]
    pub from: Timestamp,
    /// The fee of whatever no rule is about. Its VAT and that of the rules is [`Version::vat_percent`].
    #[serde(rename = "g")]
    pub general: CommissionTerms,
    /// More special terms, in the order they are published.
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// What a refund does to the fee.
    #[serde(rename = "k", default)]
    pub refunds: RefundedFee,
    /// VAT on the fee in percent, where it is not what the platform's taxation says.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub vat_percent: Option<Decimal>,
    /// The price of the API.
    #[serde(rename = "a")]
    pub api: Api,
}

/// Where a version stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Its moment has not come.
    Announced,
    /// Orders are priced by it.
    InForce,
    /// Another one has followed.
    Past,
}

impl Phase {
    /// The stable code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::InForce => "in_force",
            Self::Past => "past",
        }
    }
}

/// A tariff with all its versions, earliest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tariff {
    /// Names it in the API: 1 to 20 of `a-z 0-9 -`; part of the key.
    #[serde(skip)]
    pub id: String,
    /// For people, Russian and English.
    #[serde(rename = "t")]
    pub name: (String, String),
    /// Versions.
    #[serde(rename = "v")]
    pub versions: Vec<Version>,
}

/// Why a version can not be put.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionRefusal {
    /// It is in force, or will be before everybody had heard of another.
    #[error("version {0} is in force, or about to be")]
    InForce(u32),
    /// Numbers have no gaps.
    #[error("the next version is {0}")]
    Number(u32),
    /// It must begin later than everybody has heard of it, and in the order of the numbers.
    #[error("it must begin at {0} or later, and before the version that follows")]
    From(Timestamp),
}

impl Tariff {
    /// The version in force at a moment.
    pub fn at(&self, at: Timestamp) -> Option<&Version> {
        self.versions.iter().rev().find(|version| version.from <= at)
    }

    /// Where a version stands at a moment.
    pub fn phase(&self, no: u32, at: Timestamp) -> Option<Phase> {
        let version = self.versions.iter().find(|version| version.no == no)?;
        let current = self.at(at).map(|current| current.no);
        Some(if version.from > at {
            Phase::Announced
        } else if current == Some(no) {
            Phase::InForce
        } else {
            Phase::Past
        })
    }

    /// Puts the next version, or puts an announced one anew. Answers whether that changed anything.
    ///
    /// # Errors
    /// The version is in force, or does not begin late enough.
    pub fn put(&mut self, version: Version, now: Timestamp) -> Result<bool, VersionRefusal> {
        if self.versions.contains(&version) {
            return Ok(false);
        }
        let soon = plus_seconds(now, LEAD_SECONDS);
        let at = self.versions.iter().position(|there| there.no == version.no);
        if let Some(at) = at
            && self.versions.get(at).is_some_and(|there| there.from <= soon)
        {
            return Err(VersionRefusal::InForce(version.no));
        }
        let next = u32::try_from(self.versions.len() + 1).unwrap_or(u32::MAX);
        if at.is_none() && version.no != next {
            return Err(VersionRefusal::Number(next));
        }
        let index = at.unwrap_or(self.versions.len());
        let before = index.checked_sub(1).and_then(|before| self.versions.get(before)).map(|before| before.from);
        // Nobody can have a tariff that has no version: the first one may begin at once.
        let earliest = before.map_or(now, |before| plus_seconds(before, 1).max(plus_seconds(now, LEAD_SECONDS + 1)));
        let following = self.versions.get(index + 1).map(|after| after.from);
        if version.from < earliest || following.is_some_and(|after| version.from >= after) {
            return Err(VersionRefusal::From(earliest));
        }
        match self.versions.get_mut(index) {
            Some(there) => *there = version,
            None => self.versions.push(version),
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn terms(percent: i64) -> CommissionTerms {
        CommissionTerms {
            percent: Decimal::from(percent),
            fixed_minor: 0,
            least_minor: 0,
            greatest_minor: None,
            vat_percent: Decimal::ZERO,
        }
    }

    fn version(no: u32, from: i64, percent: i64) -> Version {
        Version {
            no,
            from: at(from),
            general: terms(percent),
            rules: Vec::new(),
            refunds: RefundedFee::Reversed,
            vat_percent: None,
            api: Api::Month { price_minor: 0 },
        }
    }

    fn tariff() -> Tariff {
        Tariff { id: "one".to_owned(), name: ("Один".to_owned(), "One".to_owned()), versions: Vec::new() }
    }

    #[test]
    fn a_version_in_force_is_never_changed_and_the_next_one_is_announced() {
        let mut tariff = tariff();
        assert_eq!(tariff.put(version(1, -1, 3), at(0)), Err(VersionRefusal::From(at(0))), "not of yesterday");
        assert_eq!(tariff.put(version(2, 0, 3), at(0)), Err(VersionRefusal::Number(1)));
        assert_eq!(tariff.put(version(1, 0, 3), at(0)), Ok(true));
        assert_eq!(tariff.put(version(1, 0, 3), at(9_000)), Ok(false), "said again");
        assert_eq!(tariff.put(version(1, 0, 4), at(1)), Err(VersionRefusal::InForce(1)));
        assert_eq!(
            tariff.put(version(2, 120, 4), at(0)),
            Err(VersionRefusal::From(at(121))),
            "too soon to be heard of"
        );
        assert_eq!(tariff.put(version(2, 500, 4), at(0)), Ok(true));
        assert_eq!(tariff.put(version(2, 600, 5), at(0)), Ok(true), "announced only");
        assert_eq!(tariff.put(version(3, 600, 5), at(0)), Err(VersionRefusal::From(at(601))));
        assert_eq!(tariff.put(version(3, 900, 6), at(0)), Ok(true));
        assert!(tariff.put(version(2, 900, 5), at(0)).is_err(), "not past the one that follows");
        assert_eq!(tariff.put(version(2, 700, 7), at(480)), Err(VersionRefusal::InForce(2)), "about to be");
        let phases = |now| [1, 2, 3].map(|no| tariff.phase(no, at(now)).unwrap().code());
        assert_eq!(phases(599), ["in_force", "announced", "announced"]);
        assert_eq!(phases(600), ["past", "in_force", "announced"]);
        assert_eq!(phases(900), ["past", "past", "in_force"]);
        assert!(tariff.at(at(-1)).is_none());
    }

    proptest! {
        #[test]
        fn what_priced_an_order_prices_it_for_ever(puts in proptest::collection::vec((1_u32..6, 0_i64..4_000, 0_i64..9), 1..20), step in 0_i64..400) {
            let mut tariff = tariff();
            let mut now = 0;
            for (no, from, percent) in puts {
                let seen: Vec<_> = (0..=now).step_by(50).map(|when| tariff.at(at(when)).cloned()).collect();
                let first = tariff.versions.is_empty();
                let _refused_or_not = tariff.put(version(no, now + from, percent), at(now));
                if !first {
                    let again: Vec<_> = (0..=now).step_by(50).map(|when| tariff.at(at(when)).cloned()).collect();
                    prop_assert_eq!(seen, again);
                }
                prop_assert!(tariff.versions.windows(2).all(|two| two[0].from < two[1].from && two[0].no + 1 == two[1].no));
                now += step;
            }
        }
    }

    #[test]
    fn a_category_says_more_than_a_way_to_pay() {
        let rule =
            |group, category: Option<&str>| Rule { group, category: category.map(ToOwned::to_owned), terms: terms(1) };
        let weight = |rule: Rule| rule.fits(Group::Sbp, Some("books"));
        assert_eq!(weight(rule(None, None)), Some(0));
        assert_eq!(weight(rule(Some(Group::Sbp), None)), Some(1));
        assert_eq!(weight(rule(None, Some("books"))), Some(2));
        assert_eq!(weight(rule(Some(Group::Sbp), Some("books"))), Some(3));
        assert_eq!(weight(rule(Some(Group::Card), Some("books"))), None);
        assert_eq!(weight(rule(None, Some("toys"))), None);
        assert!(Method::ALL.iter().all(|method| Group::ALL.contains(&Group::of(*method))));
    }

    #[test]
    fn an_order_reserves_its_price_but_ninety_roubles_at_least() {
        let order = |price_minor| Api::Order { price_minor, least_minor: LEAST_MINOR };
        assert_eq!((order(2_500).need(), order(2_500).price()), (Some(Money::rub(9_000)), Money::rub(2_500)));
        assert_eq!(order(12_000).need(), Some(Money::rub(12_000)));
        assert_eq!(Api::Month { price_minor: 100_000 }.need(), None);
    }
}
