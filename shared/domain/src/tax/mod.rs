//! VAT rates as an agent receipt names them (FFD tag 1199), with the tax inside an amount.

mod rules;

use jiff::civil::{Date, date};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub use rules::{DeliveryRate, RateFault, RateFaultKind, RateRules, RateSource, Shipment};

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

    /// The stable code used in rows and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Vat0 => "vat0",
            Self::Vat5 => "vat5",
            Self::Vat7 => "vat7",
            Self::Vat10 => "vat10",
            Self::Vat20 => "vat20",
            Self::Vat22 => "vat22",
        }
    }

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

    /// When sales may carry the rate.
    pub fn term(self) -> Term {
        TERMS.into_iter().find_map(|(rate, term)| (rate == self).then_some(term)).unwrap_or(Term::NEVER)
    }

    /// Whether a sale made on a day may carry the rate. A refund and a correction carry the rate of their sale, whenever that was.
    pub fn in_force(self, on: Date) -> bool {
        self.term().holds(on)
    }
}

/// When a rate is in force, both days included; without a limit where none is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// The first day.
    pub since: Option<Date>,
    /// The last day.
    pub until: Option<Date>,
}

impl Term {
    const ALWAYS: Self = Self { since: None, until: None };
    const NEVER: Self = Self { since: Some(Date::MAX), until: Some(Date::MIN) };

    /// Whether a day is within.
    pub fn holds(self, on: Date) -> bool {
        self.since.is_none_or(|since| since <= on) && self.until.is_none_or(|until| on <= until)
    }
}

/// Every rate with the days it is in force: a law that changes one changes this table and nothing else. The 18 % of sales before
/// 2019 are not in it: what could still come back of them is long past.
const TERMS: [(VatRate, Term); 7] = [
    (VatRate::None, Term::ALWAYS),
    (VatRate::Vat0, Term::ALWAYS),
    (VatRate::Vat10, Term::ALWAYS),
    // НК 164 п. 3, 303-ФЗ of 2018 and 425-ФЗ of 2025.
    (VatRate::Vat20, Term { since: Some(date(2019, 1, 1)), until: Some(date(2025, 12, 31)) }),
    (VatRate::Vat22, Term { since: Some(date(2026, 1, 1)), until: None }),
    // НК 164 п. 8, 176-ФЗ of 2024: sellers on УСН.
    (VatRate::Vat5, Term { since: Some(date(2025, 1, 1)), until: None }),
    (VatRate::Vat7, Term { since: Some(date(2025, 1, 1)), until: None }),
];

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
    fn every_rate_is_in_the_table_once() {
        for rate in VatRate::ALL {
            assert_eq!(TERMS.iter().filter(|(of, _)| *of == rate).count(), 1, "{rate:?}");
        }
        assert!(!Term::NEVER.holds(date(2026, 1, 1)));
    }

    #[test]
    fn exactly_one_standard_rate_is_in_force_on_every_day() {
        let mut day = date(2019, 1, 1);
        while day < date(2030, 1, 1) {
            assert_ne!(VatRate::Vat20.in_force(day), VatRate::Vat22.in_force(day), "{day}");
            assert!([VatRate::None, VatRate::Vat0, VatRate::Vat10].iter().all(|rate| rate.in_force(day)), "{day}");
            day = day.tomorrow().unwrap();
        }
        let before = date(2024, 12, 31);
        for rate in [VatRate::Vat5, VatRate::Vat7] {
            assert!(!rate.in_force(before) && rate.in_force(before.tomorrow().unwrap()), "{rate:?}");
        }
    }

    #[test]
    fn the_calculated_rate_takes_the_same_tax_out_of_an_advance() {
        // 22/122 of 1 220.00 is 220.00, and so is the tax inside a sale of 1 220.00 at 22 %.
        assert_eq!(VatRate::Vat22.inside(Money::rub(122_000)), Ok(Some(Money::rub(22_000))));
        for rate in VatRate::ALL {
            let calculated = rate.percent().is_some_and(|percent| percent > 0);
            assert_eq!(rate.tag_1199() != rate.tag_1199_calculated(), calculated, "{rate:?}");
            assert_eq!(VatRate::of_tag_1199(rate.tag_1199()), Some((rate, false)));
            if calculated {
                assert_eq!(VatRate::of_tag_1199(rate.tag_1199_calculated()), Some((rate, true)));
            }
        }
        assert_eq!(VatRate::of_tag_1199(13), None);
    }

    #[test]
    fn the_standard_rate_changes_with_2026() {
        let (old, new) = (jiff::civil::date(2025, 12, 31), jiff::civil::date(2026, 1, 1));
        assert!(VatRate::Vat20.in_force(old) && !VatRate::Vat20.in_force(new));
        assert!(!VatRate::Vat22.in_force(old) && VatRate::Vat22.in_force(new));
    }
}
