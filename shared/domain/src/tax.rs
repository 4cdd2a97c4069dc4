//! VAT rates as an agent receipt names them (FFD tag 1199), with the tax inside an amount.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::money::{Money, MoneyError};

/// The principal's VAT rate on a line. Text forms follow the registers' common dialect (`vat22`, `none`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VatRate {
    /// The principal is not a VAT payer.
    None,
    /// 0 %.
    Vat0,
    /// 5 %.
    Vat5,
    /// 7 %.
    Vat7,
    /// 10 %.
    Vat10,
    /// 20 %: sales before 2026 and their refunds.
    Vat20,
    /// 22 %: in force since 2026-01-01.
    Vat22,
}

impl VatRate {
    /// Tag 1199 (FFD 1.2, table of VAT rates).
    pub const fn tag_1199(self) -> u8 {
        match self {
            Self::Vat20 => 1,
            Self::Vat10 => 2,
            Self::Vat0 => 5,
            Self::None => 6,
            Self::Vat5 => 7,
            Self::Vat7 => 8,
            Self::Vat22 => 11,
        }
    }

    /// The rate in percent; nothing where no VAT is charged.
    pub const fn percent(self) -> Option<u8> {
        match self {
            Self::None => None,
            Self::Vat0 => Some(0),
            Self::Vat5 => Some(5),
            Self::Vat7 => Some(7),
            Self::Vat10 => Some(10),
            Self::Vat20 => Some(20),
            Self::Vat22 => Some(22),
        }
    }

    /// The tax contained in `gross`, rounded half up to the kopeck.
    ///
    /// # Errors
    /// The amount does not fit.
    pub fn inside(self, gross: Money) -> Result<Option<Money>, MoneyError> {
        let Some(percent) = self.percent() else { return Ok(None) };
        let share = Decimal::from(percent).checked_div(Decimal::from(100 + u32::from(percent)));
        gross.times(share.ok_or(MoneyError::Overflow)?).map(Some)
    }

    /// Whether a sale made on `date` may carry the rate.
    pub fn in_force(self, date: jiff::civil::Date) -> bool {
        let since = jiff::civil::date(2026, 1, 1);
        match self {
            Self::Vat22 => date >= since,
            Self::Vat20 => date < since,
            _ => true,
        }
    }
}

/// The taxation system of the register's owner (FFD tag 1055, a bit).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taxation {
    /// ОСН.
    Osn,
    /// УСН, income.
    UsnIncome,
    /// УСН, income less expenses.
    UsnIncomeOutcome,
    /// ЕСХН.
    Esn,
    /// Патент.
    Patent,
}

impl Taxation {
    /// Tag 1055.
    pub const fn tag_1055(self) -> u8 {
        match self {
            Self::Osn => 1,
            Self::UsnIncome => 2,
            Self::UsnIncomeOutcome => 4,
            Self::Esn => 16,
            Self::Patent => 32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tax_inside_an_amount_agrees_with_published_examples() {
        // ATOL Online v4 specification 5.23, sample receipt; Штрих driver log (766 at 20 %).
        let cases = [(VatRate::Vat20, 30_000, 5_000), (VatRate::Vat10, 10_000, 909), (VatRate::Vat20, 76_600, 12_767)];
        for (rate, gross, vat) in cases {
            assert_eq!(rate.inside(Money::rub(gross)).unwrap(), Some(Money::rub(vat)));
        }
        assert_eq!(VatRate::None.inside(Money::rub(1)).unwrap(), None);
    }

    #[test]
    fn the_standard_rate_changes_with_2026() {
        let (old, new) = (jiff::civil::date(2025, 12, 31), jiff::civil::date(2026, 1, 1));
        assert!(VatRate::Vat20.in_force(old) && !VatRate::Vat20.in_force(new));
        assert!(!VatRate::Vat22.in_force(old) && VatRate::Vat22.in_force(new));
    }
}
