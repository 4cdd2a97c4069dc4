//! The agent's fee on a payment.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::money::{Money, MoneyError};

/// How much of a payment the agent keeps: a share, a fixed part, bounds.
///
/// The share is rounded half away from zero to the kopeck, and so is the VAT on the fee; the partner's part is the rest, so that
/// all three always add up to the payment. What is withheld never exceeds the payment.
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
    /// VAT in percent that is charged on top of the fee; none where the agent pays none.
    #[serde(rename = "v", default, skip_serializing_if = "Decimal::is_zero")]
    pub vat_percent: Decimal,
}

/// A fee and its VAT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fee {
    /// The agent's income.
    pub net: Money,
    /// VAT on it.
    pub vat: Money,
}

impl Fee {
    /// All that is withheld.
    ///
    /// # Errors
    /// The sum does not fit.
    pub fn total(self) -> Result<Money, MoneyError> {
        self.net.plus(self.vat)
    }

    /// Both together.
    ///
    /// # Errors
    /// The sum does not fit.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        Ok(Self { net: self.net.plus(other.net)?, vat: self.vat.plus(other.vat)? })
    }

    /// As much the other way.
    ///
    /// # Errors
    /// The amounts do not fit.
    pub fn reversed(self) -> Result<Self, MoneyError> {
        Ok(Self { net: self.net.zero().minus(self.net)?, vat: self.vat.zero().minus(self.vat)? })
    }

    /// What one fee is more than another.
    ///
    /// # Errors
    /// The difference does not fit.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        Ok(Self { net: self.net.minus(other.net)?, vat: self.vat.minus(other.vat)? })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_zero(value: &i64) -> bool {
    *value == 0
}

impl CommissionTerms {
    /// What is withheld of `payment`: the fee, with its VAT.
    ///
    /// # Errors
    /// The fee does not fit.
    pub fn fee(&self, payment: Money) -> Result<Money, MoneyError> {
        self.parts(payment)?.total()
    }

    /// The fee on `payment` and the VAT on it. Where both together would be more than the payment, all of it is withheld, and the VAT
    /// is what such a sum contains.
    ///
    /// # Errors
    /// The fee does not fit.
    pub fn parts(&self, payment: Money) -> Result<Fee, MoneyError> {
        self.discounted(payment, Decimal::ZERO)
    }

    /// The same, with `off` percent of the fee let off by a promo code. The fee is rounded to the kopeck first, what is left of it once
    /// more, and VAT is charged on that.
    ///
    /// # Errors
    /// The fee does not fit.
    pub fn discounted(&self, payment: Money, off: Decimal) -> Result<Fee, MoneyError> {
        let currency = payment.currency();
        let share = payment.times(self.percent / Decimal::ONE_HUNDRED)?;
        let fee = share.plus(Money::new(self.fixed_minor, currency))?.minor();
        let net = Money::new(fee.max(self.least_minor).min(self.greatest_minor.unwrap_or(i64::MAX)), currency);
        let net = if off.is_zero() { net } else { net.times(Decimal::ONE - off / Decimal::ONE_HUNDRED)? };
        let vat = net.times(self.vat_percent / Decimal::ONE_HUNDRED)?;
        let fee = Fee { net, vat };
        if fee.total()?.minor() <= payment.minor() {
            return Ok(fee);
        }
        let vat = payment.times(self.vat_percent / (Decimal::ONE_HUNDRED + self.vat_percent))?;
        Ok(Fee { net: payment.minus(vat)?, vat })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn fee_vat_and_rest_add_up_to_the_payment(
            minor in 1_i64..10_000_000_000, basis_points in 0_i64..10_000, fixed in 0_i64..100_000, least in 0_i64..10_000,
            greatest in proptest::option::of(10_000_i64..1_000_000), vat in 0_i64..30,
        ) {
            let terms = CommissionTerms {
                percent: Decimal::new(basis_points, 2), fixed_minor: fixed, least_minor: least, greatest_minor: greatest,
                vat_percent: Decimal::from(vat),
            };
            let payment = Money::rub(minor);
            let Fee { net, vat } = terms.parts(payment).unwrap();
            let rest = payment.minus(terms.fee(payment).unwrap()).unwrap();
            prop_assert!(net.minor() >= 0 && vat.minor() >= 0 && rest.minor() >= 0);
            prop_assert_eq!(net.plus(vat).unwrap().plus(rest).unwrap(), payment);
        }

        #[test]
        fn a_payment_taken_in_pieces_costs_what_it_costs_whole(pieces in proptest::collection::vec(1_i64..1_000_000, 1..6), basis_points in 0_i64..2_000) {
            let terms = CommissionTerms {
                percent: Decimal::new(basis_points, 2), fixed_minor: 500, least_minor: 1_000, greatest_minor: Some(50_000),
                vat_percent: Decimal::from(22),
            };
            let (mut taken, mut sum) = (Money::rub(0), Fee { net: Money::rub(0), vat: Money::rub(0) });
            for piece in pieces {
                let next = taken.plus(Money::rub(piece)).unwrap();
                let before = if taken.is_zero() { sum } else { terms.parts(taken).unwrap() };
                let step = terms.parts(next).unwrap().minus(before).unwrap();
                sum = Fee { net: sum.net.plus(step.net).unwrap(), vat: sum.vat.plus(step.vat).unwrap() };
                taken = next;
            }
            prop_assert_eq!(sum, terms.parts(taken).unwrap());
        }
    }

    #[test]
    fn bounds_hold() {
        let terms = CommissionTerms {
            percent: Decimal::new(35, 1),
            fixed_minor: 0,
            least_minor: 1_000,
            greatest_minor: Some(5_000),
            vat_percent: Decimal::ZERO,
        };
        assert_eq!(terms.fee(Money::rub(300_000)).unwrap(), Money::rub(5_000));
        assert_eq!(terms.fee(Money::rub(10_000)).unwrap(), Money::rub(1_000));
        assert_eq!(terms.fee(Money::rub(500)).unwrap(), Money::rub(500));
    }

    #[test]
    fn vat_is_charged_on_top_and_contained_in_what_is_withheld_whole() {
        let terms = CommissionTerms {
            percent: Decimal::from(3),
            fixed_minor: 0,
            least_minor: 1_000,
            greatest_minor: None,
            vat_percent: Decimal::from(22),
        };
        let parts = |minor| terms.parts(Money::rub(minor)).map(|fee| (fee.net.minor(), fee.vat.minor())).unwrap();
        assert_eq!(parts(100_000), (3_000, 660));
        assert_eq!(parts(1_220), (1_000, 220));
        assert_eq!(parts(610), (500, 110));
    }
}
