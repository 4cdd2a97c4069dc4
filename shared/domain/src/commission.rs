//! The agent's fee on a payment.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::money::{Money, MoneyError};

/// How much of a payment the agent keeps: a share, a fixed part, bounds.
///
/// The share is rounded half away from zero to the kopeck; the partner's part is the rest, so that both always add up to
/// the payment. The fee never exceeds the payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommissionTerms {
    /// Share of the payment in percent, e.g. `3.5`.
    #[serde(rename = "p")]
    pub percent: Decimal,
    /// Fixed part in kopecks.
    #[serde(rename = "f", default, skip_serializing_if = "is_zero")]
    pub fixed_minor: i64,
    /// Least fee in kopecks.
    #[serde(rename = "l", default, skip_serializing_if = "is_zero")]
    pub least_minor: i64,
    /// Greatest fee in kopecks.
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    pub greatest_minor: Option<i64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_zero(value: &i64) -> bool {
    *value == 0
}

impl CommissionTerms {
    /// The fee on `payment`.
    ///
    /// # Errors
    /// The fee does not fit.
    pub fn fee(&self, payment: Money) -> Result<Money, MoneyError> {
        let currency = payment.currency();
        let share = payment.times(self.percent / Decimal::ONE_HUNDRED)?;
        let fee = share.plus(Money::new(self.fixed_minor, currency))?.minor();
        let fee = fee.max(self.least_minor).min(self.greatest_minor.unwrap_or(i64::MAX));
        Money::new(fee, currency).at_most(payment)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn fee_and_rest_add_up_to_the_payment(minor in 1_i64..10_000_000_000, basis_points in 0_i64..10_000, fixed in 0_i64..100_000) {
            let terms = CommissionTerms {
                percent: Decimal::new(basis_points, 2), fixed_minor: fixed, least_minor: 0, greatest_minor: None,
            };
            let payment = Money::rub(minor);
            let fee = terms.fee(payment).unwrap();
            let rest = payment.minus(fee).unwrap();
            prop_assert!(fee.minor() >= 0 && rest.minor() >= 0);
            prop_assert_eq!(fee.plus(rest).unwrap(), payment);
        }
    }

    #[test]
    fn bounds_hold() {
        let terms = CommissionTerms {
            percent: Decimal::new(35, 1),
            fixed_minor: 0,
            least_minor: 1_000,
            greatest_minor: Some(5_000),
        };
        assert_eq!(terms.fee(Money::rub(300_000)).unwrap(), Money::rub(5_000));
        assert_eq!(terms.fee(Money::rub(10_000)).unwrap(), Money::rub(1_000));
        assert_eq!(terms.fee(Money::rub(500)).unwrap(), Money::rub(500));
    }
}
