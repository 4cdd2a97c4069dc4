//! Money: an exact number of minor units of one currency. Every comparison, sum and rounding of money lives here.

use std::fmt;
use std::str::FromStr;

pub use iso_currency::Currency;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// An amount in minor units (kopecks) of an ISO 4217 currency. Stored and shown on the wire as `300000RUB`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// Why two amounts could not be combined, or a text could not be read as money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Amounts of different currencies.
    #[error("{left} and {right} are amounts of different currencies")]
    Currency {
        /// The left operand.
        left: Money,
        /// The right operand.
        right: Money,
    },
    /// The result does not fit.
    #[error("an amount is larger than can be represented")]
    Overflow,
    /// Not of the form `300000RUB` or not an exact number of minor units.
    #[error("`{0}` is not an amount of money")]
    Form(String),
}

impl Money {
    /// `minor` kopecks of roubles.
    pub const fn rub(minor: i64) -> Self {
        Self { minor, currency: Currency::RUB }
    }

    /// `minor` units of `currency`.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Minor units (kopecks).
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// ISO 4217 currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Nothing, of the same currency.
    #[must_use]
    pub const fn zero(self) -> Self {
        Self { minor: 0, currency: self.currency }
    }

    /// Whether there is nothing.
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// Whether there is something to pay.
    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }

    /// The sum.
    ///
    /// # Errors
    /// Different currencies, or a sum that does not fit.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same(other)?;
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// The difference; may be negative.
    ///
    /// # Errors
    /// Different currencies, or a difference that does not fit.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.same(other)?;
        let minor = self.minor.checked_sub(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// This amount times a factor, rounded half away from zero to the minor unit.
    ///
    /// # Errors
    /// The product does not fit.
    pub fn times(self, factor: Decimal) -> Result<Self, MoneyError> {
        let product = Decimal::from(self.minor).checked_mul(factor).ok_or(MoneyError::Overflow)?;
        let minor = product
            .round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)
            .try_into()
            .map_err(|_| MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// The amount in major units with the currency's number of decimals, as `3000.00`.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.minor, self.exponent())
    }

    /// Reads major units (`3000.00`, `3000.5`, `3000`) exactly.
    ///
    /// # Errors
    /// Not a plain decimal number, more decimals than the currency has, or too large.
    pub fn parse_major(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let form = || MoneyError::Form(text.chars().take(40).collect());
        let plain = !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if !plain {
            return Err(form());
        }
        let value = Decimal::from_str_exact(text).map_err(|_| form())?;
        let exponent = Self::new(0, currency).exponent();
        let scaled = value.checked_mul(Decimal::from(10_i64.pow(exponent))).ok_or(MoneyError::Overflow)?;
        if !scaled.fract().is_zero() {
            return Err(form());
        }
        let minor = scaled.trunc().try_into().map_err(|_| MoneyError::Overflow)?;
        Ok(Self { minor, currency })
    }

    /// The smaller of two amounts of one currency.
    ///
    /// # Errors
    /// Different currencies.
    pub fn at_most(self, other: Self) -> Result<Self, MoneyError> {
        self.same(other)?;
        Ok(if self.minor <= other.minor { self } else { other })
    }

    fn exponent(self) -> u32 {
        self.currency.exponent().map_or(2, u32::from)
    }

    fn same(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency { Ok(()) } else { Err(MoneyError::Currency { left: self, right: other }) }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_decimal(), self.currency.code())
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let form = || MoneyError::Form(text.chars().take(40).collect());
        let split = text.len().checked_sub(3).filter(|at| text.is_char_boundary(*at)).ok_or_else(form)?;
        let (minor, code) = text.split_at(split);
        let minor = minor.parse().map_err(|_| form())?;
        let currency = Currency::from_code(code).ok_or_else(form)?;
        Ok(Self { minor, currency })
    }
}

impl Serialize for Money {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}{}", self.minor, self.currency.code()))
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_stored_form_reads_back(minor in any::<i64>()) {
            let money = Money::rub(minor);
            let text = serde_json::to_string(&money).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&text).unwrap(), money);
        }

        #[test]
        fn major_units_read_back(minor in 0_i64..1_000_000_000_000) {
            let money = Money::rub(minor);
            prop_assert_eq!(Money::parse_major(&money.to_decimal().to_string(), Currency::RUB).unwrap(), money);
        }

        #[test]
        fn minus_undoes_plus(a in -1_000_000_000_i64..1_000_000_000, b in -1_000_000_000_i64..1_000_000_000) {
            let (a, b) = (Money::rub(a), Money::rub(b));
            prop_assert_eq!(a.plus(b).unwrap().minus(b).unwrap(), a);
        }
    }

    #[test]
    fn rounding_is_half_away_from_zero() {
        assert_eq!(Money::rub(50).times(Decimal::new(1, 2)).unwrap(), Money::rub(1));
        assert_eq!(Money::rub(49).times(Decimal::new(1, 2)).unwrap(), Money::rub(0));
        assert_eq!(Money::rub(-50).times(Decimal::new(1, 2)).unwrap(), Money::rub(-1));
    }

    #[test]
    fn what_is_not_money_is_refused() {
        for text in ["", "12.345", "-1", "1e3", "1,5", " 1", "99999999999999999999"] {
            assert!(Money::parse_major(text, Currency::RUB).is_err(), "{text}");
        }
        assert!(Money::rub(1).plus(Money::new(1, Currency::USD)).is_err());
        assert!(Money::rub(i64::MAX).plus(Money::rub(1)).is_err());
        for text in ["RUB", "1XXQ", "1,0RUB", "я"] {
            assert!(text.parse::<Money>().is_err(), "{text}");
        }
    }
}
