//! What a bank charges for taking money: its tariff, by means and day, and what becomes of the charge when the money goes back.
//!
//! Charged for what is captured, never for what is only held. The agent bears it: nothing of it is the partner's. Rounded half away
//! from zero to the kopeck, capture by capture, as a registry lists it.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::acquiring::Method;
use crate::money::{Money, MoneyError};

/// What becomes of the bank's fee when captured money goes back. A reversal, before the capture has cleared, is never charged for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnRefund {
    /// The bank keeps it.
    #[default]
    Kept,
    /// It comes back, in proportion to what goes back.
    Returned,
}

/// A bank's tariff for one means, or for all that have none of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcquirerTerms {
    /// By which means; all that have no terms of their own where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// The first Moscow day they hold. They end where later ones of the same means begin.
    pub since: Date,
    /// Share of what is captured, in percent.
    pub percent: Decimal,
    /// Fixed part in kopecks.
    #[serde(default)]
    pub fixed_minor: i64,
    /// Least fee in kopecks.
    #[serde(default)]
    pub least_minor: i64,
    /// Greatest fee in kopecks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub greatest_minor: Option<i64>,
    /// What a refund does to it.
    #[serde(default)]
    pub refunds: OnRefund,
}

impl AcquirerTerms {
    /// What the bank keeps of a capture.
    ///
    /// # Errors
    /// The fee does not fit.
    pub fn fee(&self, captured: Money) -> Result<Money, MoneyError> {
        let currency = captured.currency();
        let share = captured.times(self.percent / Decimal::ONE_HUNDRED)?;
        let fee = share.plus(Money::new(self.fixed_minor, currency))?.minor();
        let bounded = fee.max(self.least_minor).min(self.greatest_minor.unwrap_or(i64::MAX));
        Ok(Money::new(bounded.max(0), currency))
    }
}

/// The terms that hold for a means on a day: its own before the general ones, the latest of each.
pub fn terms(all: &[AcquirerTerms], method: Method, on: Date) -> Option<&AcquirerTerms> {
    let latest = |of: Option<Method>| {
        let begun = all.iter().filter(|terms| terms.method == of && terms.since <= on);
        begun.max_by_key(|terms| terms.since)
    };
    latest(Some(method)).or_else(|| latest(None))
}

/// What a bank kept of a capture, or gave back with a refund, as it was reckoned then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(Money, OnRefund)", into = "(Money, OnRefund)")]
pub struct BankFee {
    /// How much: kept of what was taken, given back of what was returned.
    pub amount: Money,
    /// What a refund does to it.
    pub refunds: OnRefund,
}

impl From<(Money, OnRefund)> for BankFee {
    fn from((amount, refunds): (Money, OnRefund)) -> Self {
        Self { amount, refunds }
    }
}

impl From<BankFee> for (Money, OnRefund) {
    fn from(fee: BankFee) -> Self {
        (fee.amount, fee.refunds)
    }
}

/// What of a payment's fee has come back once `returned` of its `captured` has gone back: in proportion, all of it with the last
/// kopeck.
///
/// # Errors
/// The amounts do not work out.
pub fn come_back(charged: Money, captured: Money, returned: Money) -> Result<Money, MoneyError> {
    if !captured.is_positive() {
        return Ok(charged.zero());
    }
    let share = Decimal::from(returned.minor()) / Decimal::from(captured.minor());
    charged.times(share.min(Decimal::ONE))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn of(method: Option<Method>, since: Date, percent: i64) -> AcquirerTerms {
        AcquirerTerms {
            method,
            since,
            percent: Decimal::new(percent, 2),
            fixed_minor: 0,
            least_minor: 0,
            greatest_minor: None,
            refunds: OnRefund::Kept,
        }
    }

    #[test]
    fn the_terms_of_the_day_and_the_means_hold() {
        let all = [
            of(None, date(2026, 1, 1), 250),
            of(Some(Method::Sbp), date(2026, 3, 1), 40),
            of(None, date(2026, 11, 21), 210),
            of(Some(Method::Sbp), date(2026, 11, 21), 70),
        ];
        let percent = |method, on| terms(&all, method, on).map(|terms| terms.percent);
        assert_eq!(percent(Method::Card, date(2025, 12, 31)), None);
        assert_eq!(percent(Method::Card, date(2026, 11, 20)), Some(Decimal::new(250, 2)));
        assert_eq!(percent(Method::Card, date(2026, 11, 21)), Some(Decimal::new(210, 2)));
        assert_eq!(percent(Method::Sbp, date(2026, 2, 28)), Some(Decimal::new(250, 2)), "none of its own yet");
        assert_eq!(percent(Method::Sbp, date(2026, 11, 20)), Some(Decimal::new(40, 2)));
        assert_eq!(percent(Method::Sbp, date(2027, 1, 1)), Some(Decimal::new(70, 2)));
    }

    #[test]
    fn a_fee_has_its_bounds_and_is_rounded_half_away_from_zero() {
        let plain = of(None, date(2026, 1, 1), 250);
        assert_eq!(plain.fee(Money::rub(100)).unwrap(), Money::rub(3), "2.5 kopecks");
        let bounded = AcquirerTerms { fixed_minor: 100, least_minor: 500, greatest_minor: Some(2_000), ..plain };
        for (captured, fee) in [(1_000, 500), (30_000, 850), (1_000_000, 2_000)] {
            assert_eq!(bounded.fee(Money::rub(captured)).unwrap(), Money::rub(fee));
        }
    }

    proptest! {
        #[test]
        fn what_comes_back_piece_by_piece_is_all_of_it_in_the_end(charged in 0_i64..1_000_000, pieces in prop::collection::vec(1_i64..1_000_000, 1..8)) {
            let captured = Money::rub(pieces.iter().sum());
            let (mut gone, mut given) = (0, 0);
            for piece in pieces {
                gone += piece;
                let back = come_back(Money::rub(charged), captured, Money::rub(gone)).unwrap().minor() - given;
                prop_assert!(back >= 0);
                given += back;
            }
            prop_assert_eq!(given, charged);
        }
    }
}
