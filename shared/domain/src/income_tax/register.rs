//! The register of income and tax (регистр налогового учета, Tax Code, article 230, item 1): one row for each payment and each
//! correction, never changed once written.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Residency, TaxError, remit_by, roubles, tax};
use crate::money::Money;

/// Code of remuneration under a civil contract (приказ ФНС ММВ-7-11/387@, annex 1).
pub const CODE_CONTRACT: u16 = 2010;

/// A row of the register. Income and what was computed are less than nothing where income was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Whose: the payee's ИНН.
    pub payee: String,
    /// The year whose tax it is.
    pub year: i16,
    /// Moscow day of the payment or the correction.
    pub on: Date,
    /// The payee's status that day.
    pub residency: Residency,
    /// Code of the income.
    pub code: u16,
    /// Income before tax.
    pub income: Money,
    /// Deduction granted with it.
    pub deduction: Money,
    /// By how much the tax of the year changed.
    pub computed: Money,
    /// Withheld now.
    pub withheld: Money,
    /// Given back to the payee now.
    pub returned: Money,
    /// The day what was withheld is remitted by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remit_by: Option<Date>,
    /// The payout, refund or application behind it.
    pub reference: String,
}

/// Income about to be paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// The payee's ИНН.
    pub payee: String,
    /// Moscow day of the payment.
    pub on: Date,
    /// The payee's status that day.
    pub residency: Residency,
    /// Code of the income.
    pub code: u16,
    /// Before tax.
    pub income: Money,
    /// Deduction granted with it; non-residents have none (article 210, item 4).
    pub deduction: Money,
    /// The payout.
    pub reference: String,
}

/// A payee's year so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// The year.
    pub year: i16,
    /// Income, less what was taken back.
    pub income: Money,
    /// Deductions.
    pub deduction: Money,
    /// Tax as last computed.
    pub computed: Money,
    /// Tax withheld.
    pub withheld: Money,
    /// Tax given back.
    pub returned: Money,
}

impl Totals {
    /// Adds up one payee's rows of one year. Rows of other years are left out; their order does not matter.
    ///
    /// # Errors
    /// Not in roubles, or too large.
    pub fn of<'a>(year: i16, rows: impl IntoIterator<Item = &'a Row>) -> Result<Self, TaxError> {
        let nothing = Money::rub(0);
        let mut totals =
            Self { year, income: nothing, deduction: nothing, computed: nothing, withheld: nothing, returned: nothing };
        for row in rows {
            totals.add(row)?;
        }
        Ok(totals)
    }

    /// Adds a row, if it is this year's.
    ///
    /// # Errors
    /// Not in roubles, or too large.
    pub fn add(&mut self, row: &Row) -> Result<(), TaxError> {
        if row.year == self.year {
            self.income = self.income.plus(row.income)?;
            self.deduction = self.deduction.plus(row.deduction)?;
            self.computed = self.computed.plus(row.computed)?;
            self.withheld = self.withheld.plus(row.withheld)?;
            self.returned = self.returned.plus(row.returned)?;
        }
        Ok(())
    }

    /// Tax withheld that was not given back.
    ///
    /// # Errors
    /// Too large.
    pub fn stays_withheld(&self) -> Result<Money, TaxError> {
        Ok(self.withheld.minus(self.returned)?)
    }

    /// The tax of the year for a payee of this status.
    ///
    /// # Errors
    /// Too large.
    pub fn tax(&self, residency: Residency) -> Result<Money, TaxError> {
        tax(self.year, residency, self.income.minus(self.deduction)?)
    }

    /// Tax withheld too much, nothing where it is not.
    ///
    /// # Errors
    /// Too large.
    pub fn excess(&self) -> Result<Money, TaxError> {
        at_least_nothing(self.stays_withheld()?.minus(self.computed)?)
    }
}

/// A payee's year as it is kept beside its rows, so that the next payment sees it at once; the rows can make it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Year {
    /// The sums of its rows.
    pub totals: Totals,
    /// The payee's status as of the last payment: the whole year is taxed by it.
    pub residency: Residency,
}

impl Year {
    /// A year in which nothing was paid.
    pub fn new(year: i16) -> Self {
        let nothing = Money::rub(0);
        let totals = Totals {
            year,
            income: nothing,
            deduction: nothing,
            computed: nothing,
            withheld: nothing,
            returned: nothing,
        };
        Self { totals, residency: Residency::Resident }
    }

    /// The year with one row more.
    ///
    /// # Errors
    /// The row is another year's, not in roubles, or too large.
    pub fn after(&self, row: &Row) -> Result<Self, TaxError> {
        if row.year != self.totals.year {
            return Err(TaxError::Year { on: row.on, year: self.totals.year });
        }
        let mut totals = self.totals;
        totals.add(row)?;
        let residency = if row.income.is_positive() { row.residency } else { self.residency };
        Ok(Self { totals, residency })
    }
}

/// The row of a payment: what is withheld brings the tax of the whole year's income to what it should be. What was withheld too
/// much before is kept back less now; what can not be withheld from this payment, which never becomes less than nothing, is
/// withheld from the next one.
///
/// # Errors
/// The payment is another year's, no positive amount, or not in roubles.
pub fn pay(so_far: &Totals, payment: &Payment) -> Result<Row, TaxError> {
    if payment.on.year() != so_far.year {
        return Err(TaxError::Year { on: payment.on, year: so_far.year });
    }
    let income = positive(payment.income)?;
    let deduction = match payment.residency {
        Residency::Resident => at_least_nothing(roubles(payment.deduction)?)?,
        Residency::NonResident => Money::rub(0),
    };
    let after = Totals { income: so_far.income.plus(income)?, deduction: so_far.deduction.plus(deduction)?, ..*so_far };
    let due = after.tax(payment.residency)?;
    let whole_roubles = Money::rub(income.minor() / 100 * 100);
    let withheld = at_least_nothing(due.minus(so_far.stays_withheld()?)?)?.at_most(whole_roubles)?;
    Ok(Row {
        payee: payment.payee.clone(),
        year: so_far.year,
        on: payment.on,
        residency: payment.residency,
        code: payment.code,
        income,
        deduction,
        computed: due.minus(so_far.computed)?,
        withheld,
        returned: Money::rub(0),
        remit_by: withheld.is_positive().then(|| remit_by(payment.on).value),
        reference: payment.reference.clone(),
    })
}

/// The row of income the payee gave back (a refund after the payout): the tax of the year the income was paid in becomes less.
/// Nothing is given back by it; the excess lowers what is withheld from the year's next payments, and [`give_back`] returns it
/// to a payee who asks. `correction.income` is what was taken back, a positive amount.
///
/// # Errors
/// More than was paid in that year, no positive amount, or not in roubles.
pub fn take_back(so_far: &Totals, correction: &Payment) -> Result<Row, TaxError> {
    let asked = positive(correction.income)?;
    if asked.minor() > so_far.income.minor() {
        return Err(TaxError::Income { asked, paid: so_far.income });
    }
    let after = Totals { income: so_far.income.minus(asked)?, ..*so_far };
    let due = after.tax(correction.residency)?;
    Ok(Row {
        income: Money::rub(0).minus(asked)?,
        computed: due.minus(so_far.computed)?,
        ..empty(so_far.year, correction)
    })
}

/// The row of a payment that never reached the payee: the bank sent it back, and all that was withheld from it goes back with it.
/// What rounding then leaves unwithheld is withheld from the year's next payment. `on` is the day it came back.
///
/// # Errors
/// More than was paid in the year, or not in roubles.
pub fn undo(so_far: &Totals, payment: &Row, status: Residency, on: Date) -> Result<Row, TaxError> {
    if payment.income.minor() > so_far.income.minor() {
        return Err(TaxError::Income { asked: payment.income, paid: so_far.income });
    }
    let nothing = Money::rub(0);
    let (income, deduction) = (so_far.income.minus(payment.income)?, so_far.deduction.minus(payment.deduction)?);
    let after = Totals { income, deduction, ..*so_far };
    Ok(Row {
        on,
        income: nothing.minus(payment.income)?,
        deduction: nothing.minus(payment.deduction)?,
        computed: after.tax(status)?.minus(so_far.computed)?,
        withheld: nothing,
        returned: payment.withheld,
        remit_by: Some(remit_by(on).value).filter(|_| payment.withheld.is_positive()),
        ..payment.clone()
    })
}

/// The row of tax given back on the payee's application (article 231, item 1). `application.income` is the tax given back.
///
/// # Errors
/// More than was withheld too much, no positive amount, or not in roubles.
pub fn give_back(so_far: &Totals, application: &Payment) -> Result<Row, TaxError> {
    let asked = positive(application.income)?;
    let excess = so_far.excess()?;
    if asked.minor() > excess.minor() {
        return Err(TaxError::Excess { asked, excess });
    }
    Ok(Row { returned: asked, ..empty(so_far.year, application) })
}

fn empty(year: i16, of: &Payment) -> Row {
    let nothing = Money::rub(0);
    Row {
        payee: of.payee.clone(),
        year,
        on: of.on,
        residency: of.residency,
        code: of.code,
        income: nothing,
        deduction: nothing,
        computed: nothing,
        withheld: nothing,
        returned: nothing,
        remit_by: None,
        reference: of.reference.clone(),
    }
}

fn positive(amount: Money) -> Result<Money, TaxError> {
    Some(roubles(amount)?).filter(|amount| amount.is_positive()).ok_or(TaxError::Amount(amount))
}

fn at_least_nothing(amount: Money) -> Result<Money, TaxError> {
    Ok(if amount.minor() < 0 { roubles(amount)?.zero() } else { amount })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn payment(on: Date, kopecks: i64) -> Payment {
        Payment {
            payee: "500100732259".into(),
            on,
            residency: Residency::Resident,
            code: CODE_CONTRACT,
            income: Money::rub(kopecks),
            deduction: Money::rub(0),
            reference: "po_1".into(),
        }
    }

    fn paid(rows: &mut Vec<Row>, payment: &Payment) -> Row {
        let row = pay(&Totals::of(payment.on.year(), rows.iter()).unwrap(), payment).unwrap();
        rows.push(row.clone());
        row
    }

    #[test]
    fn tax_is_withheld_from_the_income_since_january() {
        // 230 thousand a month: the 15 % begin with the eleventh month (told at balashovskij-r64.gosweb.gosuslugi.ru).
        let mut rows = Vec::new();
        let withheld: Vec<i64> = (1..=12)
            .map(|month| paid(&mut rows, &payment(date(2025, month, 10), 23_000_000)).withheld.minor() / 100)
            .collect();
        assert_eq!(withheld[..10], [29_900; 10]);
        // 100 thousand at 13 % and 130 thousand at 15 %.
        assert_eq!(withheld[10..], [32_500, 34_500]);
        assert_eq!(rows[5].remit_by, Some(date(2025, 6, 30)));
        // A new year begins with nothing.
        let row = paid(&mut rows, &payment(date(2026, 1, 12), 23_000_000));
        assert_eq!((row.year, row.withheld), (2026, Money::rub(2_990_000)));
        let late = payment(date(2025, 12, 31), 100);
        assert!(matches!(pay(&Totals::of(2026, &rows).unwrap(), &late), Err(TaxError::Year { .. })));
    }

    #[test]
    fn a_payment_that_came_back_was_never_made() {
        let mut rows = Vec::new();
        let first = paid(&mut rows, &payment(date(2026, 2, 2), 240_000_000));
        let over = paid(&mut rows, &payment(date(2026, 3, 2), 10_000_000));
        assert_eq!((first.withheld, over.withheld), (Money::rub(31_200_000), Money::rub(1_500_000)));
        // The first, of 13 %, comes back after the one of 15 %: all of its tax goes back, and the excess lowers the next tax.
        let so_far = Totals::of(2026, &rows).unwrap();
        let back = undo(&so_far, &first, Residency::Resident, date(2026, 3, 5)).unwrap();
        assert_eq!((back.returned, back.withheld), (Money::rub(31_200_000), Money::rub(0)));
        assert_eq!((back.computed, back.remit_by), (Money::rub(-31_400_000), Some(date(2026, 3, 30))));
        rows.push(back.clone());
        assert_eq!(Totals::of(2026, &rows).unwrap().excess().unwrap(), Money::rub(200_000));
        let again = paid(&mut rows, &payment(date(2026, 3, 6), 240_000_000));
        assert_eq!(again.withheld, Money::rub(31_200_000));
        let so_far = Totals::of(2026, &rows).unwrap();
        assert_eq!(so_far.computed, so_far.stays_withheld().unwrap());
        let year = rows.iter().try_fold(Year::new(2026), |year, row| year.after(row)).unwrap();
        assert_eq!(year.totals, so_far);
        assert!(matches!(
            undo(&Totals::of(2026, []).unwrap(), &first, Residency::Resident, back.on),
            Err(TaxError::Income { .. })
        ));
    }

    #[test]
    fn income_taken_back_lowers_what_is_withheld_next_or_is_given_back() {
        let mut rows = Vec::new();
        paid(&mut rows, &payment(date(2026, 2, 2), 10_000_000));
        let back = take_back(&Totals::of(2026, &rows).unwrap(), &payment(date(2026, 2, 20), 4_000_000)).unwrap();
        assert_eq!(
            (back.income, back.computed, back.withheld),
            (Money::rub(-4_000_000), Money::rub(-520_000), Money::rub(0))
        );
        rows.push(back);
        assert_eq!(Totals::of(2026, &rows).unwrap().excess().unwrap(), Money::rub(520_000));
        // The next payment of 30 thousand owes 3 900: nothing is withheld, and 1 300 stay too much.
        let next = paid(&mut rows, &payment(date(2026, 3, 2), 3_000_000));
        assert_eq!((next.withheld, next.remit_by, next.computed), (Money::rub(0), None, Money::rub(390_000)));
        let so_far = Totals::of(2026, &rows).unwrap();
        assert_eq!(so_far.excess().unwrap(), Money::rub(130_000));
        assert!(matches!(give_back(&so_far, &payment(date(2026, 3, 3), 130_001)), Err(TaxError::Excess { .. })));
        rows.push(give_back(&so_far, &payment(date(2026, 3, 3), 130_000)).unwrap());
        let so_far = Totals::of(2026, &rows).unwrap();
        assert_eq!(
            (so_far.excess().unwrap(), so_far.stays_withheld().unwrap()),
            (Money::rub(0), Money::rub(1_170_000))
        );
        assert!(matches!(take_back(&so_far, &payment(date(2026, 4, 1), 9_000_001)), Err(TaxError::Income { .. })));
        // What was given back is no longer withheld: the next payment owes its own tax.
        assert_eq!(pay(&so_far, &payment(date(2026, 4, 1), 1_000_000)).unwrap().withheld, Money::rub(130_000));
        // Income of last year given back this year is last year's row.
        let late = take_back(&so_far, &payment(date(2027, 1, 15), 1_000_000)).unwrap();
        assert_eq!((late.year, late.on), (2026, date(2027, 1, 15)));
    }

    #[test]
    fn a_new_status_counts_for_the_whole_year() {
        let mut rows = Vec::new();
        let abroad = Payment { residency: Residency::NonResident, ..payment(date(2026, 1, 12), 10_000_000) };
        assert_eq!(paid(&mut rows, &abroad).withheld, Money::rub(3_000_000));
        // 13 % of 200 thousand are 26 thousand, 30 were withheld: nothing now, 4 too much.
        let home = payment(date(2026, 8, 3), 10_000_000);
        let row = paid(&mut rows, &home);
        assert_eq!(
            (row.withheld, Totals::of(2026, &rows).unwrap().excess().unwrap()),
            (Money::rub(0), Money::rub(400_000))
        );
        // The other way round the rest is withheld, of later payments too where one is not enough.
        let mut rows = Vec::new();
        paid(&mut rows, &payment(date(2026, 1, 12), 10_000_000));
        let small = Payment { residency: Residency::NonResident, ..payment(date(2026, 8, 3), 1_000_050) };
        assert_eq!(paid(&mut rows, &small).withheld, Money::rub(1_000_000));
        let totals = Totals::of(2026, &rows).unwrap();
        assert_eq!((totals.computed, totals.withheld), (Money::rub(3_300_000), Money::rub(2_300_000)));
    }

    #[test]
    fn only_a_positive_amount_of_roubles_is_income() {
        let so_far = Totals::of(2026, []).unwrap();
        for bad in [Money::rub(0), Money::rub(-1), Money::new(100, crate::money::Currency::USD)] {
            let payment = Payment { income: bad, ..payment(date(2026, 1, 12), 1) };
            assert!(pay(&so_far, &payment).is_err() && take_back(&so_far, &payment).is_err());
            assert!(give_back(&so_far, &payment).is_err());
        }
        let deducted = Payment { deduction: Money::rub(280_000), ..payment(date(2026, 1, 12), 20_000_000) };
        assert_eq!(pay(&so_far, &deducted).unwrap().withheld, Money::rub(2_563_600));
    }

    proptest! {
        /// Whatever came back, in whatever order: what stays withheld is the tax of what was paid, once the next payment has made good
        /// what rounding left.
        #[test]
        fn payments_and_returns_in_any_order_leave_the_tax_of_what_was_paid(
            steps in proptest::collection::vec((1_i64..500_000_000, any::<prop::sample::Index>(), any::<bool>()), 1..25),
        ) {
            let on = date(2026, 6, 1);
            let (mut year, mut standing) = (Year::new(2026), Vec::<Row>::new());
            for (kopecks, which, comes_back) in steps {
                let row = if comes_back && !standing.is_empty() {
                    let gone = standing.swap_remove(which.index(standing.len()));
                    undo(&year.totals, &gone, year.residency, on).unwrap()
                } else {
                    let row = pay(&year.totals, &payment(on, kopecks)).unwrap();
                    standing.push(row.clone());
                    row
                };
                year = year.after(&row).unwrap();
                let paid: i64 = standing.iter().map(|row| row.income.minor()).sum();
                prop_assert_eq!(year.totals.income.minor(), paid);
                prop_assert_eq!(year.totals.computed, tax(2026, Residency::Resident, Money::rub(paid)).unwrap());
                prop_assert!(year.totals.stays_withheld().unwrap().minor() >= 0);
            }
            // A payment that is large enough makes everything good.
            let row = pay(&year.totals, &payment(on, 10_000_000_000)).unwrap();
            let year = year.after(&row).unwrap();
            prop_assert_eq!(year.totals.stays_withheld().unwrap(), year.totals.computed);
        }

        #[test]
        fn any_split_of_a_year_is_taxed_like_its_sum(parts in proptest::collection::vec(10_000_i64..900_000_000, 1..30)) {
            let mut rows = Vec::new();
            for part in &parts {
                let row = paid(&mut rows, &payment(date(2026, 5, 5), *part));
                prop_assert!(row.withheld.minor() >= 0 && row.withheld.minor() <= *part);
                prop_assert_eq!(row.withheld.minor() % 100, 0);
                prop_assert_eq!(row.withheld, row.computed);
            }
            let whole = tax(2026, Residency::Resident, Money::rub(parts.iter().sum())).unwrap();
            prop_assert_eq!(Totals::of(2026, &rows).unwrap().withheld, whole);
        }

        #[test]
        fn the_books_of_a_year_hold_through_corrections(
            steps in proptest::collection::vec((0_u8..4, 1_i64..500_000_000, any::<bool>()), 1..40),
        ) {
            let mut rows: Vec<Row> = Vec::new();
            for (kind, kopecks, resident) in steps {
                let totals = Totals::of(2026, &rows).unwrap();
                let residency = if resident { Residency::Resident } else { Residency::NonResident };
                let step = Payment { residency, ..payment(date(2026, 5, 5), kopecks) };
                let row = match kind {
                    0 | 1 => pay(&totals, &step),
                    2 => take_back(&totals, &step),
                    _ => give_back(&totals, &step),
                };
                let Ok(row) = row else { continue };
                rows.push(row);
                let totals = Totals::of(2026, &rows).unwrap();
                prop_assert!(totals.income.minor() >= 0 && totals.stays_withheld().unwrap().minor() >= 0);
                // The computed tax is always that of the income, for the status of the last row that computed it.
                let last = rows.iter().rev().find(|row| row.income.minor() != 0).map(|row| row.residency).unwrap();
                prop_assert_eq!(totals.computed, totals.tax(last).unwrap());
            }
        }
    }
}
