//! A closed month as it is kept: who, the number, the sums. Its lines stand in the orders' journals and are derived again for a paper.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::pages::Pages;
use super::{Head, Line, Movement, MovementKind, Report, Tally, Totals, Wrong};
use crate::money::Money;

/// Sums of one kind of movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovementSum {
    /// How many.
    pub count: u64,
    /// Amounts, a magnitude.
    pub amount: Money,
    /// VAT in them.
    pub vat: Money,
}

/// A closed month. Written once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// 1, 2, … without gaps; the document's number.
    pub no: u32,
    /// What the report is about.
    pub head: Head,
    /// Sums of its lines.
    pub totals: Totals,
    /// Sums of its movements.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub movements: BTreeMap<MovementKind, MovementSum>,
    /// What the agent owed the principal when the month ended.
    pub closing: Money,
    /// The seal of the last day the report rests on, hex.
    pub sha256: String,
    /// Pages of its register. Months closed before there were any have none: their lines are made again from the journals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<Pages>,
}

fn summed(movements: &[Movement]) -> Result<BTreeMap<MovementKind, MovementSum>, Wrong> {
    let mut sums: BTreeMap<MovementKind, MovementSum> = BTreeMap::new();
    for one in movements {
        let zero = MovementSum { count: 0, amount: one.amount.zero(), vat: one.amount.zero() };
        let sum = sums.entry(one.kind).or_insert(zero);
        *sum = MovementSum { count: sum.count + 1, amount: sum.amount.plus(one.amount)?, vat: sum.vat.plus(one.vat)? };
    }
    Ok(sums)
}

impl Closed {
    /// What is kept of a report.
    ///
    /// # Errors
    /// The report does not hold.
    pub fn of(no: u32, report: &Report, sha256: &str) -> Result<Self, Wrong> {
        report.check()?;
        let Report { head, totals, movements, closing } = report.clone();
        Ok(Self { no, head, totals, movements: summed(&movements)?, closing, sha256: sha256.to_owned(), pages: None })
    }

    /// The whole report again, from movements read anew.
    ///
    /// # Errors
    /// They are not those the month was closed with.
    pub fn report(&self, movements: Vec<Movement>) -> Result<Report, Wrong> {
        let mut tally = Tally::of(self.head.clone(), self.totals.clone())?;
        for movement in movements {
            tally.movement(movement)?;
        }
        let report = tally.finish(self.closing)?;
        if summed(&report.movements)? == self.movements { Ok(report) } else { Err(Wrong::Register) }
    }

    /// The whole report again, from lines and movements read anew.
    ///
    /// # Errors
    /// They are not those the month was closed with.
    pub fn again<'a>(
        &self,
        lines: impl IntoIterator<Item = &'a Line>,
        movements: Vec<Movement>,
    ) -> Result<Report, Wrong> {
        let mut tally = Tally::new(self.head.clone())?;
        for line in lines {
            tally.line(line)?;
        }
        for movement in movements {
            tally.movement(movement)?;
        }
        let report = tally.finish(self.closing)?;
        report.same(&self.totals)?;
        if summed(&report.movements)? == self.movements { Ok(report) } else { Err(Wrong::Register) }
    }
}
