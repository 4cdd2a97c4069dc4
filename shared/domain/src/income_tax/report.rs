//! The figures of 6-НДФЛ (приказ ФНС ЕД-7-11/649@, as in force since 2024): section 1 by budget code and term of remittance,
//! section 2 by rate from the beginning of the year.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Band, Residency, Row, TaxError, Totals, bands, spread, within};
use crate::money::Money;

/// The figures of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The year.
    pub year: i16,
    /// The quarter it goes up to, 1 to 4.
    pub quarter: u8,
    /// Obligations of the last three months, by budget code.
    pub section_1: Vec<Section1>,
    /// The year so far, by rate.
    pub section_2: Vec<Section2>,
}

/// What is remitted for the last three months under one budget code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section1 {
    /// Budget classification code.
    pub kbk: String,
    /// Withheld in the three months (line 020).
    pub withheld: Money,
    /// By term (lines 021 to 026): the 1st to 22nd and the rest of each of the three months.
    pub by_term: [Money; 6],
    /// Given back in the three months (line 030).
    pub returned: Money,
    /// By the same terms (lines 031 to 036).
    pub returned_by_term: [Money; 6],
}

/// Income and tax of the year so far at one rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section2 {
    /// Rate in percent.
    pub percent: u8,
    /// Budget classification code.
    pub kbk: String,
    /// Persons with income at this rate.
    pub persons: u32,
    /// Their income. Deductions stand with the lowest rate, and so does the income they free.
    pub income: Money,
    /// Deductions.
    pub deduction: Money,
    /// Tax computed.
    pub computed: Money,
    /// Tax withheld (line 160).
    pub withheld: Money,
    /// Tax not withheld (line 170).
    pub not_withheld: Money,
    /// Tax withheld too much (line 180).
    pub excess: Money,
    /// Tax given back (line 190).
    pub returned: Money,
}

/// Adds the register up. `rows` are all payees' rows of the year, each payee's in the order they were written; income of the
/// year taken back after its end belongs to the corrected report of the fourth quarter, and to no other.
///
/// A payee whose status changed is reported for the whole year by the last one, as the tax is computed.
///
/// # Errors
/// A year or quarter without a known form, not in roubles, or too large.
pub fn report(year: i16, quarter: u8, rows: &[Row]) -> Result<Report, TaxError> {
    if year < 2024 || !(1..=4).contains(&quarter) {
        return Err(TaxError::Form { year, quarter });
    }
    let reported = |row: &&Row| row.year == year && (quarter == 4 || quarter_of(row) <= quarter);
    let mut by_payee: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows.iter().filter(reported) {
        by_payee.entry(&row.payee).or_default().push(row);
    }
    let mut first = BTreeMap::new();
    let mut second = BTreeMap::new();
    for rows in by_payee.into_values() {
        obligations(&mut first, quarter, &rows)?;
        income(&mut second, year, &rows)?;
    }
    let section_1 = first.into_iter().map(|(kbk, lines)| section_1(kbk, &lines)).collect::<Result<_, _>>()?;
    let section_2 = second.into_iter().map(|((percent, kbk), sum)| sum.section(percent, kbk)).collect();
    Ok(Report { year, quarter, section_1, section_2 })
}

/// Quarter of a row within its own year; later ones for what is corrected after it.
fn quarter_of(row: &Row) -> u8 {
    if row.on.year() == row.year { u8::try_from((row.on.month() + 2) / 3).unwrap_or(4) } else { 5 }
}

fn obligations(into: &mut BTreeMap<&'static str, [[i64; 6]; 2]>, quarter: u8, rows: &[&Row]) -> Result<(), TaxError> {
    let mut net = 0;
    for row in rows {
        let bands = bands(row.year, row.residency);
        let (withheld, returned) = parts(bands, &mut net, row)?;
        if quarter_of(row) != quarter {
            continue;
        }
        let month = usize::try_from((row.on.month() - 1) % 3).unwrap_or_default();
        let term = month * 2 + usize::from(row.on.day() > 22);
        for (index, band) in bands.iter().enumerate() {
            if withheld[index] != 0 || returned[index] != 0 {
                let lines = into.entry(band.kbk).or_default();
                lines[0][term] = sum(lines[0][term], withheld[index])?;
                lines[1][term] = sum(lines[1][term], returned[index])?;
            }
        }
    }
    Ok(())
}

/// What a row withheld and gave back, by band; `net` is the payee's tax that stays withheld.
fn parts(bands: &[Band], net: &mut i64, row: &Row) -> Result<(Vec<i64>, Vec<i64>), TaxError> {
    let before = spread(bands, *net);
    *net = sum(*net, row.withheld.minor())?;
    let full = spread(bands, *net);
    *net = sum(*net, -row.returned.minor())?;
    let after = spread(bands, *net);
    let less = |more: &[i64], less: &[i64]| more.iter().zip(less).map(|(more, less)| more - less).collect();
    Ok((less(&full, &before), less(&full, &after)))
}

fn section_1(kbk: &str, lines: &[[i64; 6]; 2]) -> Result<Section1, TaxError> {
    let whole = |line: &[i64; 6]| line.iter().try_fold(0, |all, part| sum(all, *part)).map(Money::rub);
    Ok(Section1 {
        kbk: kbk.to_owned(),
        withheld: whole(&lines[0])?,
        by_term: lines[0].map(Money::rub),
        returned: whole(&lines[1])?,
        returned_by_term: lines[1].map(Money::rub),
    })
}

#[derive(Default)]
struct Sums {
    persons: u32,
    income: i64,
    deduction: i64,
    computed: i64,
    withheld: i64,
    not_withheld: i64,
    excess: i64,
    returned: i64,
}

impl Sums {
    fn section(self, percent: u8, kbk: &str) -> Section2 {
        Section2 {
            percent,
            kbk: kbk.to_owned(),
            persons: self.persons,
            income: Money::rub(self.income),
            deduction: Money::rub(self.deduction),
            computed: Money::rub(self.computed),
            withheld: Money::rub(self.withheld),
            not_withheld: Money::rub(self.not_withheld),
            excess: Money::rub(self.excess),
            returned: Money::rub(self.returned),
        }
    }
}

fn income(into: &mut BTreeMap<(u8, &'static str), Sums>, year: i16, rows: &[&Row]) -> Result<(), TaxError> {
    let totals = Totals::of(year, rows.iter().copied())?;
    let status = rows.iter().rev().find(|row| !row.income.is_zero()).map_or(Residency::Resident, |row| row.residency);
    let bands = bands(year, status);
    let base = totals.income.minus(totals.deduction)?.minor().max(0);
    let computed = spread(bands, totals.tax(status)?.minor());
    let (mut net, mut withheld, mut returned) = (0, vec![0; bands.len()], vec![0; bands.len()]);
    for row in rows {
        let (more, back) = parts(bands, &mut net, row)?;
        for index in 0..bands.len() {
            withheld[index] = sum(withheld[index], more[index])?;
            returned[index] = sum(returned[index], back[index])?;
        }
    }
    let stays = spread(bands, net);
    let touched: BTreeSet<usize> = (0..bands.len())
        .filter(|index| {
            *index == 0 || within(bands, *index, base) > 0 || withheld[*index] != 0 || returned[*index] != 0
        })
        .collect();
    for index in touched {
        let band = bands[index];
        let sums = into.entry((band.percent, band.kbk)).or_default();
        let freed = if index == 0 { totals.income.minor().saturating_sub(base) } else { 0 };
        let own = within(bands, index, base).saturating_add(freed);
        sums.persons += u32::from(own > 0);
        sums.income = sum(sums.income, own)?;
        sums.deduction = sum(sums.deduction, if index == 0 { totals.deduction.minor() } else { 0 })?;
        sums.computed = sum(sums.computed, computed[index])?;
        sums.withheld = sum(sums.withheld, withheld[index])?;
        sums.not_withheld = sum(sums.not_withheld, (computed[index] - stays[index]).max(0))?;
        sums.excess = sum(sums.excess, (stays[index] - computed[index]).max(0))?;
        sums.returned = sum(sums.returned, returned[index])?;
    }
    Ok(())
}

fn sum(a: i64, b: i64) -> Result<i64, TaxError> {
    a.checked_add(b).ok_or(TaxError::Overflow)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};
    use proptest::prelude::*;

    use super::super::register::{CODE_CONTRACT, Payment, give_back, pay, take_back};
    use super::*;

    fn step(payee: &str, on: Date, roubles: i64) -> Payment {
        Payment {
            payee: payee.into(),
            on,
            residency: Residency::Resident,
            code: CODE_CONTRACT,
            income: Money::rub(roubles * 100),
            deduction: Money::rub(0),
            reference: "po_1".into(),
        }
    }

    fn totals(rows: &[Row], year: i16, payee: &str) -> Totals {
        Totals::of(year, rows.iter().filter(|row| row.payee == payee)).unwrap()
    }

    fn roubles(line: &[Money; 6]) -> [i64; 6] {
        line.map(|amount| amount.minor() / 100)
    }

    #[test]
    fn the_report_of_a_quarter() {
        let mut rows = Vec::new();
        let mut paid = |payee, on, roubles| {
            let payment = step(payee, on, roubles);
            rows.push(pay(&totals(&rows, 2026, payee), &payment).unwrap());
        };
        paid("a", date(2026, 2, 22), 1_000_000);
        paid("a", date(2026, 4, 22), 1_000_000);
        paid("a", date(2026, 4, 23), 1_000_000); // 400 at 13 %, 600 at 15 %
        paid("b", date(2026, 6, 30), 100_000);
        paid("a", date(2026, 7, 1), 1_000_000); // the next quarter
        let half = report(2026, 2, &rows).unwrap();
        let first: Vec<_> = half.section_1.iter().map(|of| (of.kbk.as_str(), roubles(&of.by_term))).collect();
        assert_eq!(
            first,
            [
                ("18210102010011000110", [130_000, 52_000, 0, 0, 0, 13_000]),
                ("18210102080011000110", [0, 90_000, 0, 0, 0, 0]),
            ]
        );
        assert_eq!(half.section_1[0].withheld, Money::rub(19_500_000));
        let second: Vec<_> = half
            .section_2
            .iter()
            .map(|of| {
                (of.percent, of.persons, of.income.minor() / 100, of.computed.minor() / 100, of.withheld.minor() / 100)
            })
            .collect();
        assert_eq!(second, [(13, 2, 2_500_000, 325_000, 325_000), (15, 1, 600_000, 90_000, 90_000)]);
        assert_eq!(report(2026, 1, &rows).unwrap().section_1[0].withheld, Money::rub(13_000_000));
        assert!(report(2025, 4, &rows).unwrap().section_2.is_empty());
        assert!(matches!(report(2023, 4, &rows), Err(TaxError::Form { .. })));
        assert!(report(2026, 5, &rows).is_err() && report(2026, 0, &rows).is_err());
    }

    #[test]
    fn what_was_given_back_and_what_was_not_withheld_is_told() {
        let mut rows = vec![pay(&totals(&[], 2026, "a"), &step("a", date(2026, 10, 1), 3_000_000)).unwrap()];
        rows.push(take_back(&totals(&rows, 2026, "a"), &step("a", date(2026, 11, 30), 800_000)).unwrap());
        let year = report(2026, 4, &rows).unwrap();
        let excess: Vec<_> =
            year.section_2.iter().map(|of| (of.percent, of.excess.minor() / 100, of.persons)).collect();
        assert_eq!(excess, [(13, 26_000, 1), (15, 90_000, 0)]);
        rows.push(give_back(&totals(&rows, 2026, "a"), &step("a", date(2026, 12, 23), 116_000)).unwrap());
        let year = report(2026, 4, &rows).unwrap();
        let first: Vec<_> =
            year.section_1.iter().map(|of| (roubles(&of.by_term)[0], roubles(&of.returned_by_term)[5])).collect();
        assert_eq!(first, [(312_000, 26_000), (90_000, 90_000)]);
        assert!(year.section_2.iter().all(|of| of.excess.is_zero()));
        // Taken back after the year: only the corrected report of the year knows.
        rows.push(take_back(&totals(&rows, 2026, "a"), &step("a", date(2027, 2, 1), 200_000)).unwrap());
        assert_eq!(report(2026, 4, &rows).unwrap().section_2[0].excess, Money::rub(2_600_000));
        assert_eq!(report(2027, 1, &rows).unwrap().section_2, []);
        // Non-residents have a rate of their own, and what could not be withheld is told.
        let abroad = |on, roubles| Payment { residency: Residency::NonResident, ..step("c", on, roubles) };
        let mut rows = vec![pay(&totals(&[], 2026, "c"), &step("c", date(2026, 1, 12), 100_000)).unwrap()];
        rows.push(pay(&totals(&rows, 2026, "c"), &abroad(date(2026, 2, 2), 10_000)).unwrap());
        let told = report(2026, 1, &rows).unwrap();
        let line = &told.section_2[0];
        assert_eq!(
            (line.percent, line.not_withheld, line.withheld),
            (30, Money::rub(1_000_000), Money::rub(2_300_000))
        );
        // What was given back does not count as withheld: 30 % of 60 thousand are 18, 6.5 stay of the first payment, 10 came in.
        let mut rows = vec![pay(&totals(&[], 2026, "c"), &step("c", date(2026, 1, 12), 100_000)).unwrap()];
        rows.push(take_back(&totals(&rows, 2026, "c"), &step("c", date(2026, 1, 13), 50_000)).unwrap());
        rows.push(give_back(&totals(&rows, 2026, "c"), &step("c", date(2026, 1, 14), 6_500)).unwrap());
        rows.push(pay(&totals(&rows, 2026, "c"), &abroad(date(2026, 2, 2), 10_000)).unwrap());
        let line = &report(2026, 1, &rows).unwrap().section_2[0];
        assert_eq!((line.not_withheld, line.returned), (Money::rub(150_000), Money::rub(650_000)));
    }

    proptest! {
        #[test]
        fn the_report_adds_up_to_the_register(
            steps in proptest::collection::vec((0_usize..3, 0_u8..5, 1_i64..3_000_000, 1_i16..360), 1..40),
        ) {
            let mut steps = steps;
            steps.sort_by_key(|step| step.3);
            let mut rows: Vec<Row> = Vec::new();
            for (who, kind, roubles, day) in steps {
                let payee = ["a", "b", "c"][who];
                let on = date(2026, 1, 1).saturating_add(jiff::Span::new().days(day));
                let so_far = totals(&rows, 2026, payee);
                let step = step(payee, on, roubles);
                let row = match kind { 0..=2 => pay(&so_far, &step), 3 => take_back(&so_far, &step), _ => give_back(&so_far, &step) };
                rows.extend(row);
            }
            let all = Totals::of(2026, &rows).unwrap();
            let year = report(2026, 4, &rows).unwrap();
            let add = |of: fn(&Section2) -> Money| year.section_2.iter().map(|line| of(line).minor()).sum::<i64>();
            prop_assert_eq!(add(|of| of.income), all.income.minor());
            prop_assert_eq!(add(|of| of.computed), all.computed.minor());
            prop_assert_eq!(add(|of| of.withheld), all.withheld.minor());
            prop_assert_eq!(add(|of| of.returned), all.returned.minor());
            prop_assert_eq!(add(|of| of.computed), add(|of| of.withheld) - add(|of| of.returned) + add(|of| of.not_withheld) - add(|of| of.excess));
            // The four quarters' section 1 are the year's tax.
            let (mut withheld, mut returned) = (0, 0);
            for quarter in 1..=4 {
                for line in report(2026, quarter, &rows).unwrap().section_1 {
                    prop_assert!(line.by_term.iter().chain(&line.returned_by_term).all(|amount| amount.minor() >= 0));
                    withheld += line.withheld.minor();
                    returned += line.returned.minor();
                }
            }
            prop_assert_eq!((withheld, returned), (all.withheld.minor(), all.returned.minor()));
        }
    }
}
