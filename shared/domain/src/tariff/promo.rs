//! A partner's side of tariffs: which one they have since when, and the promo codes they have activated.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Pricing, Service, Tariff};
use crate::commission::CommissionTerms;
use crate::money::Money;
use crate::time::{MOSCOW, Timestamp, moscow_date};

/// A promo code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promo {
    /// The code, upper case; part of the key.
    #[serde(skip)]
    pub code: String,
    /// Percent of the fee it lets off; 100 makes it free.
    #[serde(rename = "o")]
    pub off: Decimal,
    /// Months it works for, from its activation.
    #[serde(rename = "m")]
    pub months: u8,
    /// The last day (Moscow) it can be activated on.
    #[serde(rename = "l")]
    pub last_day: Date,
}

/// A promo code a partner has activated, with what it gave then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activation {
    /// The code.
    #[serde(rename = "c")]
    pub code: String,
    /// Percent of the fee it lets off.
    #[serde(rename = "o")]
    pub off: Decimal,
    /// Since when.
    #[serde(rename = "f", with = "jiff::fmt::serde::timestamp::second::required")]
    pub from: Timestamp,
    /// Orders made at this moment or later are priced without it.
    #[serde(rename = "u", with = "jiff::fmt::serde::timestamp::second::required")]
    pub until: Timestamp,
}

/// Why a promo code can not be activated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PromoRefusal {
    /// Its last day is over.
    #[error("the last day of activation was {0}")]
    Over(Date),
    /// The partner has had it.
    #[error("the partner has activated it at {0}")]
    Used(Timestamp),
}

/// The tariff of a partner since a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assigned {
    /// The tariff; their individual terms where none is named.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub tariff: Option<String>,
    /// Since when.
    #[serde(rename = "f", with = "jiff::fmt::serde::timestamp::second::required")]
    pub from: Timestamp,
}

/// What a partner's orders are priced by. Without anything in it, by the partner's individual terms.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tariffs {
    /// Earliest first.
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    pub assigned: Vec<Assigned>,
    /// Earliest first.
    #[serde(rename = "p", default, skip_serializing_if = "Vec::is_empty")]
    pub promos: Vec<Activation>,
    /// Kopecks the account of what is paid ahead may be overdrawn by.
    #[serde(rename = "c", default, skip_serializing_if = "is_default")]
    pub credit_minor: i64,
    /// Until when the API is paid, where it is paid by the month.
    #[serde(
        rename = "u",
        default,
        with = "jiff::fmt::serde::timestamp::second::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub paid_until: Option<Timestamp>,
    /// Months of the API that were paid, ever: each has a number, so that none is paid twice.
    #[serde(rename = "m", default, skip_serializing_if = "is_default")]
    pub months: u32,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The same hour of the same day so many months later (Moscow), or the month's last day.
fn months_after(at: Timestamp, months: u8) -> Timestamp {
    let later = MOSCOW.to_datetime(at).saturating_add(jiff::Span::new().months(i32::from(months)));
    MOSCOW.to_timestamp(later).unwrap_or(Timestamp::MAX)
}

impl Tariffs {
    /// The tariff at a moment; nothing where the individual terms hold.
    pub fn at(&self, at: Timestamp) -> Option<&str> {
        self.assigned.iter().rev().find(|assigned| assigned.from <= at)?.tariff.as_deref()
    }

    /// Assigns a tariff from a moment on; what was to begin then or later gives way. Answers whether that changed anything.
    pub fn assign(&mut self, assigned: Assigned) -> bool {
        let before = self.assigned.clone();
        self.assigned.retain(|there| there.from < assigned.from);
        if self.assigned.last().and_then(|last| last.tariff.as_ref()) != assigned.tariff.as_ref() {
            self.assigned.push(assigned);
        }
        self.assigned != before
    }

    /// Activates a promo code, once.
    ///
    /// # Errors
    /// It is too late, or the partner has had it.
    pub fn activate(&mut self, promo: &Promo, now: Timestamp) -> Result<&Activation, PromoRefusal> {
        if let Some(had) = self.promos.iter().find(|had| had.code == promo.code) {
            return Err(PromoRefusal::Used(had.from));
        }
        if moscow_date(now) > promo.last_day {
            return Err(PromoRefusal::Over(promo.last_day));
        }
        let until = months_after(now, promo.months);
        self.promos.push(Activation { code: promo.code.clone(), off: promo.off, from: now, until });
        self.promos.last().ok_or(PromoRefusal::Used(now))
    }

    /// Takes down that the month with a number was paid: it follows the one before, or begins now. Answers whether that was news.
    pub fn month_paid(&mut self, number: u32, now: Timestamp) -> bool {
        if number != self.months + 1 {
            return false;
        }
        self.months = number;
        self.paid_until = Some(months_after(self.paid_until.map_or(now, |until| until.max(now)), 1));
        true
    }

    /// The promo code that lets off most at a moment.
    pub fn promo(&self, at: Timestamp) -> Option<&Activation> {
        let works = |promo: &&Activation| promo.from <= at && at < promo.until;
        self.promos.iter().filter(works).max_by_key(|promo| promo.off)
    }

    /// What an order made now is priced by: the terms of whatever no rule is about, and what goes onto the order beside them. `tariff`
    /// is the one of [`Tariffs::at`], `vat_percent` what the platform's taxation says, `categories` those of the basket.
    pub fn price(
        &self,
        individual: &CommissionTerms,
        tariff: Option<&Tariff>,
        vat_percent: Decimal,
        categories: &[&str],
        now: Timestamp,
    ) -> (CommissionTerms, Option<Pricing>) {
        let off = self.promo(now).map(|promo| promo.off).unwrap_or_default();
        let version = tariff.and_then(|tariff| Some((tariff, tariff.at(now)?)));
        let Some((tariff, version)) = version else {
            let pricing = (!off.is_zero()).then(|| Pricing { off, ..Pricing::default() });
            return (individual.clone(), pricing);
        };
        let vat_percent = version.vat_percent.unwrap_or(vat_percent);
        let taxed = |terms: &CommissionTerms| CommissionTerms { vat_percent, ..terms.clone() };
        let wanted = |category: &Option<String>| category.as_deref().is_none_or(|named| categories.contains(&named));
        let rules = version.rules.iter().filter(|rule| wanted(&rule.category));
        let rules = rules.map(|rule| super::Rule { terms: taxed(&rule.terms), ..rule.clone() }).collect();
        let service = version.api.need().map(|reserved| Service {
            reserved,
            price: version.api.price(),
            overdrawn: Money::rub(0),
            vat_percent,
            ended: None,
        });
        let (id, no) = (Some(tariff.id.clone()), version.no);
        let pricing =
            Pricing { tariff: id, version: no, rules, refunds: version.refunds, off, service, moved: Vec::new() };
        (taxed(&version.general), Some(pricing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_promo_code_works_for_months_and_once() {
        let promo = |code: &str, off: i64| Promo {
            code: code.to_owned(),
            off: Decimal::from(off),
            months: 3,
            last_day: "2026-11-30".parse().unwrap(),
        };
        let mut mine = Tariffs::default();
        let activated = mine.activate(&promo("FREE", 100), at("2026-11-30T20:59:59Z")).unwrap().clone();
        assert_eq!(activated.until, at("2027-02-28T20:59:59Z"), "of a month without a 30th the last day");
        assert_eq!(mine.activate(&promo("FREE", 100), activated.until), Err(PromoRefusal::Used(activated.from)));
        let late = mine.activate(&promo("HALF", 50), at("2026-11-30T21:00:00Z"));
        assert_eq!(late, Err(PromoRefusal::Over("2026-11-30".parse().unwrap())), "December in Moscow");
        mine.activate(&promo("HALF", 50), at("2026-11-20T00:00:00Z")).unwrap();
        let off = |when| mine.promo(at(when)).map(|promo| promo.code.as_str());
        assert_eq!(off("2026-11-20T00:00:00Z"), Some("HALF"));
        assert_eq!(off("2026-12-01T00:00:00Z"), Some("FREE"), "the better of two");
        assert_eq!(off("2027-02-28T20:59:59Z"), None);
    }

    #[test]
    fn a_month_is_paid_once_and_follows_the_one_before() {
        let mut mine = Tariffs::default();
        assert!(mine.month_paid(1, at("2026-11-20T00:00:00Z")));
        assert!(!mine.month_paid(1, at("2026-11-20T00:00:05Z")), "told twice");
        assert_eq!(mine.paid_until, Some(at("2026-12-20T00:00:00Z")));
        assert!(mine.month_paid(2, at("2026-12-01T00:00:00Z")));
        assert_eq!(mine.paid_until, Some(at("2027-01-20T00:00:00Z")), "paid ahead, it follows");
        assert!(mine.month_paid(3, at("2027-05-01T00:00:00Z")));
        assert_eq!(mine.paid_until, Some(at("2027-06-01T00:00:00Z")), "after a pause it begins at once");
    }

    #[test]
    fn a_tariff_is_assigned_from_a_moment_and_what_was_to_follow_gives_way() {
        let mut mine = Tariffs::default();
        let assigned = |tariff: Option<&str>, from| Assigned { tariff: tariff.map(ToOwned::to_owned), from: at(from) };
        assert!(mine.assign(assigned(Some("one"), "2026-11-01T00:00:00Z")));
        assert!(mine.assign(assigned(Some("two"), "2026-12-01T00:00:00Z")));
        assert!(!mine.assign(assigned(Some("two"), "2026-12-01T00:00:00Z")), "said again");
        assert_eq!(mine.at(at("2026-10-31T23:59:59Z")), None);
        assert_eq!(mine.at(at("2026-11-30T23:59:59Z")), Some("one"));
        assert_eq!(mine.at(at("2026-12-01T00:00:00Z")), Some("two"));
        assert!(mine.assign(assigned(None, "2026-11-15T00:00:00Z")));
        assert_eq!(mine.at(at("2026-12-01T00:00:00Z")), None, "individual terms again");
        assert_eq!(mine.at(at("2026-11-14T23:59:59Z")), Some("one"));
    }
}
