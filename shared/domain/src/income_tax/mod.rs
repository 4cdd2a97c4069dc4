//! НДФЛ withheld from payouts to natural persons: by the scale of the year, from the income since its beginning, in whole
//! roubles.
//!
//! ```text
//! payment ──▶ tax of all income of the year − what stays withheld of it ──▶ withheld now, never less than nothing
//! income taken back ──▶ the same sum is lower ──▶ withheld too much ──▶ less from the next payment, or given back when asked for
//! ```
//!
//! Who the platform withholds from: natural persons, never sole proprietors (Tax Code, article 227) or payers of the tax on
//! professional income (422-ФЗ, article 2, part 8). What it pays is remuneration under contracts; dividends and interest, whose
//! rates differ, are not paid here.

mod register;
mod report;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use register::{CODE_CONTRACT, Payment, Row, Totals, Year, give_back, pay, take_back, undo};
pub use report::{Report, Section1, Section2, report};

use crate::calendar::{self, Reckoned};
use crate::money::{Currency, Money};
use crate::requisites::PayeeKind;

/// Whether a person was 183 days in Russia within twelve months (Tax Code, article 207), on the day of the payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Residency {
    /// They were.
    Resident,
    /// They were not.
    NonResident,
}

/// A part of a year's income and the rate of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Band {
    /// Income above so many roubles.
    pub above: i64,
    /// Rate in percent.
    pub percent: u8,
    /// Budget classification code the agent reports it under.
    pub kbk: &'static str,
}

/// A scale, and the first year it is for.
struct Scale {
    since: i16,
    residents: &'static [Band],
}

const fn band(above: i64, percent: u8, kbk: &'static str) -> Band {
    Band { above, percent, kbk }
}

const KBK_FIRST: &str = "18210102010011000110";
const KBK_SECOND: &str = "18210102080011000110";

/// Rates of residents (Tax Code, article 224, item 1) by year, with the codes of the order of the Ministry of Finance of
/// 10.06.2024 № 85н: 13 % alone until 2020, 15 % above 5 million since 2021 (372-ФЗ of 23.11.2020), five rates since 2025
/// (176-ФЗ of 12.07.2024).
const SCALES: &[Scale] = &[
    Scale { since: 2001, residents: &[band(0, 13, KBK_FIRST)] },
    Scale { since: 2021, residents: &[band(0, 13, KBK_FIRST), band(5_000_000, 15, KBK_SECOND)] },
    Scale {
        since: 2025,
        residents: &[
            band(0, 13, KBK_FIRST),
            band(2_400_000, 15, KBK_SECOND),
            band(5_000_000, 18, "18210102150011000110"),
            band(20_000_000, 20, "18210102160011000110"),
            band(50_000_000, 22, "18210102170011000110"),
        ],
    },
];

/// The rate of everybody else (article 224, item 3). Its 15 % is for dividends, which are not paid here.
const NON_RESIDENTS: &[Band] = &[band(0, 30, KBK_FIRST)];

/// Why tax could not be reckoned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaxError {
    /// Tax is in roubles.
    #[error("{0} is not an amount in roubles")]
    Currency(Money),
    /// Larger than can be represented.
    #[error("an amount of tax is larger than can be represented")]
    Overflow,
    /// Income, a deduction or a tax to give back that is no positive amount.
    #[error("{0} is not an amount to pay or to give back")]
    Amount(Money),
    /// More is given back than stays withheld too much.
    #[error("{asked} are to be given back, {excess} were withheld too much")]
    Excess {
        /// What was asked for.
        asked: Money,
        /// What is there to give back.
        excess: Money,
    },
    /// More income is taken back than was paid.
    #[error("{asked} of income are taken back, {paid} were paid")]
    Income {
        /// What was asked for.
        asked: Money,
        /// What was paid in the year.
        paid: Money,
    },
    /// The totals are another year's.
    #[error("a payment of {on} does not belong to the year {year}")]
    Year {
        /// Day of the payment.
        on: Date,
        /// Year of the totals.
        year: i16,
    },
    /// The form of that year is not known here.
    #[error("6-НДФЛ of quarter {quarter} of {year} is not known, only quarters 1 to 4 since 2024")]
    Form {
        /// Year of the report.
        year: i16,
        /// Quarter of the report.
        quarter: u8,
    },
}

impl From<crate::money::MoneyError> for TaxError {
    fn from(error: crate::money::MoneyError) -> Self {
        match error {
            crate::money::MoneyError::Currency { right, .. } => Self::Currency(right),
            _ => Self::Overflow,
        }
    }
}

/// Whether tax is withheld from what a payee of this kind is paid.
pub const fn is_withheld_from(kind: PayeeKind) -> bool {
    matches!(kind, PayeeKind::Person)
}

/// The bands of a year, lowest first.
pub fn bands(year: i16, residency: Residency) -> &'static [Band] {
    match residency {
        Residency::NonResident => NON_RESIDENTS,
        Residency::Resident => {
            let scale = SCALES.iter().rev().find(|scale| scale.since <= year);
            scale.map_or(SCALES[0].residents, |scale| scale.residents)
        }
    }
}

/// The tax of a year's income (what is left of it after deductions), in whole roubles: 50 kopecks and more are a rouble, less is
/// nothing (Tax Code, article 52, item 6). Rounded once, on the whole; the tax at the end of every band but the last is a whole
/// number of roubles anyway. Nothing of less than nothing.
///
/// # Errors
/// Not in roubles, or too large.
pub fn tax(year: i16, residency: Residency, base: Money) -> Result<Money, TaxError> {
    roubles(base)?;
    let hundredths = bands(year, residency).iter().enumerate().map(|(index, band)| {
        let within = within(bands(year, residency), index, base.minor());
        i128::from(within) * i128::from(band.percent)
    });
    // Kopecks times percent: ten thousand of them are a rouble.
    let whole = (hundredths.sum::<i128>() + 5_000) / 10_000;
    i64::try_from(whole * 100).map(Money::rub).map_err(|_| TaxError::Overflow)
}

/// The part of a base, in kopecks, that lies in one band.
fn within(bands: &[Band], index: usize, base: i64) -> i64 {
    let from = bands[index].above.saturating_mul(100);
    let to = bands.get(index + 1).map_or(i64::MAX, |next| next.above.saturating_mul(100));
    base.clamp(from, to) - from
}

/// Tax by band, the lowest filled first: which budget code so much tax belongs to.
fn spread(bands: &[Band], tax: i64) -> Vec<i64> {
    let mut left = tax.max(0);
    let mut parts = Vec::with_capacity(bands.len());
    for (index, band) in bands.iter().enumerate() {
        let room = bands.get(index + 1).map_or(i64::MAX, |next| (next.above - band.above) * i64::from(band.percent));
        let part = left.min(room);
        left -= part;
        parts.push(part);
    }
    parts
}

/// A day tax withheld on a day is remitted by (article 226, item 6), moved to a working day where it is none (article 6.1,
/// item 7): withheld on the 1st to 22nd, the 28th; withheld later, the 5th of the next month; from 23 December, the last working
/// day of the year. In 2023 one month ran from the 23rd to the 22nd; before, tax was remitted the day after.
pub fn remit_by(withheld_on: Date) -> Reckoned<Date> {
    let early = withheld_on.day() <= 22;
    let last_of_year = !early && withheld_on.month() == 12;
    match withheld_on.year() {
        ..=2022 => calendar::working_from(withheld_on.tomorrow().unwrap_or(withheld_on)),
        _ if last_of_year => calendar::working_until(withheld_on.last_of_year()),
        2023 if !early => calendar::working_from(of_next_month(withheld_on, 28)),
        _ if early => calendar::working_from(of_month(withheld_on, 28)),
        _ => calendar::working_from(of_next_month(withheld_on, 5)),
    }
}

/// The day the tax service is told by how much will come (article 58, item 9): the 25th, the 3rd of the next month, and from
/// 23 December the last working day of the year.
pub fn notify_by(withheld_on: Date) -> Reckoned<Date> {
    let early = withheld_on.day() <= 22;
    if early {
        calendar::working_from(of_month(withheld_on, 25))
    } else if withheld_on.month() == 12 {
        calendar::working_until(withheld_on.last_of_year())
    } else {
        calendar::working_from(of_next_month(withheld_on, 3))
    }
}

/// The day the payee is told by that too much was withheld: ten working days after it was found (article 231, item 1, and
/// article 6.1, item 6).
pub fn tell_by(found_on: Date) -> Reckoned<Date> {
    calendar::plus_working_days(found_on, 10)
}

/// The day the tax is given back by: three months after the payee's application (article 231, item 1).
pub fn give_back_by(applied_on: Date) -> Reckoned<Date> {
    calendar::working_from(applied_on.saturating_add(jiff::Span::new().months(3)))
}

fn of_month(day: Date, of: i8) -> Date {
    day.with().day(of).build().unwrap_or(day)
}

fn of_next_month(day: Date, of: i8) -> Date {
    day.last_of_month().tomorrow().map_or(day, |first| of_month(first, of))
}

fn roubles(amount: Money) -> Result<Money, TaxError> {
    if amount.currency() == Currency::RUB { Ok(amount) } else { Err(TaxError::Currency(amount)) }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const R: Residency = Residency::Resident;
    const N: Residency = Residency::NonResident;

    fn of(year: i16, residency: Residency, roubles: i64) -> i64 {
        tax(year, residency, Money::rub(roubles * 100)).unwrap().minor() / 100
    }

    #[test]
    fn published_examples_of_the_scale() {
        // The regional tax service's examples for 2025 (told by klerk.ru, topic 156704383349601): deductions are off already.
        assert_eq!(tax(2025, R, Money::rub((2_400_000 - 2 * 2_800) * 100)).unwrap(), Money::rub(31_127_200));
        assert_eq!(of(2025, R, 3_400_000 - 18_000), 459_300);
        assert_eq!(of(2025, R, 6_600_000), 990_000);
        assert_eq!(of(2025, R, 36_000_000), 6_602_000);
        // klerk.ru/buh/articles/585573 and pcs.ru/blog/1210: of 3 million, 600 thousand at 15 %.
        assert_eq!(of(2026, R, 3_000_000), 312_000 + 90_000);
        // Limits of the codes of 2025 and before (glavkniga.ru/elver/sv/33): 312 thousand, 650 thousand until 2024.
        for (base, tax) in
            [(2_400_000, 312_000), (5_000_000, 702_000), (20_000_000, 3_402_000), (50_000_000, 9_402_000)]
        {
            assert_eq!(of(2025, R, base), tax);
        }
        assert_eq!(of(2025, R, 60_000_000), 9_402_000 + 2_200_000);
        // fisposuda.ru: 4 and 7 million by the scale of 2021 to 2024.
        assert_eq!((of(2024, R, 4_000_000), of(2024, R, 7_000_000)), (520_000, 950_000));
        assert_eq!((of(2020, R, 7_000_000), of(2021, R, 5_000_000)), (910_000, 650_000));
        assert_eq!((of(2019, N, 100_000), of(2026, N, 100_000_000)), (30_000, 30_000_000));
    }

    #[test]
    fn half_a_rouble_is_a_rouble() {
        let kopecks = |base| tax(2026, R, Money::rub(base)).unwrap();
        // 13 % of 50 is 6.50, of 3.84 is 0.4992, of 3.85 is 0.5005.
        assert_eq!(kopecks(5_000), Money::rub(700));
        assert_eq!((kopecks(384), kopecks(385)), (Money::rub(0), Money::rub(100)));
        assert_eq!((kopecks(0), kopecks(-5_000)), (Money::rub(0), Money::rub(0)));
        assert!(tax(2026, R, Money::new(1, Currency::USD)).is_err());
        assert!(tax(2026, R, Money::rub(i64::MAX)).is_ok());
    }

    #[test]
    fn only_plain_natural_persons_are_withheld_from() {
        let kinds = [PayeeKind::Company, PayeeKind::Entrepreneur, PayeeKind::SelfEmployed, PayeeKind::Person];
        assert_eq!(kinds.map(is_withheld_from), [false, false, false, true]);
    }

    /// Published terms of 2025 (glavkniga.ru/elver/sv/33 for the first; the others follow from the same article and the
    /// calendar of the year).
    #[test]
    fn terms_of_remittance_fall_on_working_days() {
        let by = |year, month, day| remit_by(date(year, month, day)).value;
        assert_eq!((by(2025, 1, 1), by(2025, 1, 22)), (date(2025, 1, 28), date(2025, 1, 28)));
        assert_eq!((by(2025, 1, 23), by(2025, 1, 31)), (date(2025, 2, 5), date(2025, 2, 5)));
        // 28 June is a Saturday, 5 April and 5 July Saturdays, 5 October a Sunday.
        assert_eq!((by(2025, 6, 2), by(2025, 3, 31)), (date(2025, 6, 30), date(2025, 4, 7)));
        assert_eq!((by(2025, 6, 30), by(2025, 9, 23)), (date(2025, 7, 7), date(2025, 10, 6)));
        // 31 December is a day off in 2025, 2026 and 2027.
        assert_eq!((by(2025, 12, 22), by(2025, 12, 23)), (date(2025, 12, 29), date(2025, 12, 30)));
        assert_eq!((by(2026, 12, 31), by(2027, 12, 23)), (date(2026, 12, 30), date(2027, 12, 30)));
        // 2023: from the 23rd to the 22nd, and January begins anew.
        assert_eq!((by(2023, 1, 10), by(2023, 1, 23)), (date(2023, 1, 30), date(2023, 2, 28)));
        assert_eq!((by(2023, 11, 30), by(2023, 12, 25)), (date(2023, 12, 28), date(2023, 12, 29)));
        assert_eq!(by(2018, 2, 9), date(2018, 2, 12), "the next day, after the weekend");
        assert_eq!(notify_by(date(2025, 1, 22)).value, date(2025, 1, 27), "glavkniga.ru/elver/sv/33");
        assert_eq!(notify_by(date(2025, 1, 23)).value, date(2025, 2, 3));
        assert_eq!(notify_by(date(2025, 12, 31)).value, date(2025, 12, 30));
        assert!(remit_by(date(2028, 3, 1)).provisional && !remit_by(date(2026, 3, 1)).provisional);
        assert_eq!(tell_by(date(2026, 4, 27)).value, date(2026, 5, 13));
        assert_eq!(give_back_by(date(2026, 11, 30)).value, date(2027, 3, 1));
    }

    fn residency() -> impl Strategy<Value = Residency> {
        prop_oneof![4 => Just(R), 1 => Just(N)]
    }

    proptest! {
        #[test]
        fn more_income_is_never_less_tax(
            year in 2015_i16..2030, residency in residency(), a in 0_i64..10_000_000_000, more in 0_i64..10_000_000_000,
        ) {
            let (less, most) = (tax(year, residency, Money::rub(a)).unwrap(), tax(year, residency, Money::rub(a + more)).unwrap());
            prop_assert!(less.minor() <= most.minor());
            prop_assert_eq!(less.minor() % 100, 0);
            // Never more than the highest rate of what was added, and a rouble.
            prop_assert!(most.minor() - less.minor() <= more * 30 / 100 + 100);
        }

        #[test]
        fn the_bands_add_up(year in 2015_i16..2030, residency in residency(), base in 0_i64..20_000_000_000) {
            let bands = bands(year, residency);
            let inside: i64 = (0..bands.len()).map(|index| within(bands, index, base)).sum();
            prop_assert_eq!(inside, base);
            let whole = tax(year, residency, Money::rub(base)).unwrap().minor();
            let parts = spread(bands, whole);
            prop_assert_eq!(parts.iter().sum::<i64>(), whole);
            // What a band is taxed with is its income times its rate, rounded in the last one only.
            for (index, part) in parts.iter().enumerate() {
                let exact = within(bands, index, base) * i64::from(bands[index].percent);
                prop_assert!((part * 100 - exact).abs() <= 5_000, "{} {} {}", index, part, exact);
            }
        }
    }
}
