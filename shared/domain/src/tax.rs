//! VAT rates as an agent receipt names them (FFD tag 1199), with the tax inside an amount.

use std::collections::BTreeMap;

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
    /// All of them.
    pub const ALL: [Self; 7] = [Self::None, Self::Vat0, Self::Vat5, Self::Vat7, Self::Vat10, Self::Vat20, Self::Vat22];

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

    /// Tag 1199 of the calculated rate (10/110, 22/122 and so on); 0 % and no VAT have none of their own.
    pub const fn tag_1199_calculated(self) -> u8 {
        match self {
            Self::Vat20 => 3,
            Self::Vat10 => 4,
            Self::Vat5 => 9,
            Self::Vat7 => 10,
            Self::Vat22 => 12,
            Self::Vat0 | Self::None => self.tag_1199(),
        }
    }

    /// A rate by tag 1199, and whether it is the calculated one.
    pub fn of_tag_1199(tag: u8) -> Option<(Self, bool)> {
        let plain = Self::ALL.into_iter().find(|rate| rate.tag_1199() == tag).map(|rate| (rate, false));
        plain.or_else(|| Self::ALL.into_iter().find(|rate| rate.tag_1199_calculated() == tag).map(|rate| (rate, true)))
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

/// Which rule gave a line its VAT rate, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateSource {
    /// The order's line names it.
    #[default]
    Line,
    /// The rule for the delivery's method and region.
    Delivery,
    /// The rule for the product.
    Product,
    /// The rule for its category.
    Category,
    /// The seller's default.
    Seller,
}

/// A seller's VAT rates by product, category and delivery.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateRules {
    /// By the shop's product code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub products: BTreeMap<String, VatRate>,
    /// By the shop's category.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub categories: BTreeMap<String, VatRate>,
    /// Of delivery, the first rule that fits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delivery: Vec<DeliveryRate>,
}

/// The VAT rate of a way of delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryRate {
    /// The shop's name of the way; every way where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The region, ISO 3166-2 such as `RU-MOW`; every region where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The rate.
    pub vat: VatRate,
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
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Osn, Self::UsnIncome, Self::UsnIncomeOutcome, Self::Esn, Self::Patent];

    /// The stable code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Osn => "osn",
            Self::UsnIncome => "usn_income",
            Self::UsnIncomeOutcome => "usn_income_outcome",
            Self::Esn => "esn",
            Self::Patent => "patent",
        }
    }

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
