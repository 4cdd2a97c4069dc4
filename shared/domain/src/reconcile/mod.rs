//! The end of a day: what our journal says, beside what banks, registers and statements say; every difference gets a name.
//!
//! ```text
//!   journal ──┐                         ┌─ matched
//!   registries ┤   compare(facts)  ─────┼─ waiting: the other side's paper for the day is not here yet
//!   reports ───┤   pure, of the whole   └─ discrepancies ──▶ merge(work list) ──▶ opened · changed · reopened · closed by itself
//!   statements ┘   window at once
//! ```
//!
//! [`compare`] keeps nothing between days. It is handed the facts of a window of days (the scope, and a few days around it) and
//! says all that is wrong with them, so that papers may come late, twice or in another order, and what a later day explains is
//! simply not found any more. [`merge`] lays what was found beside the work list of before and says what changed in it.
//!
//! Who belongs to whom, in this order, and never two ways at once:
//! 1. the bank's reference and the way the money went;
//! 2. our operation number and the way;
//! 3. the amount, the way and the time (the order's number too, where the row has it), and only where each is the other's one
//!    possible partner. What has several is not guessed at: it is reported with its candidates.
//!
//! Several captures or refunds under one reference are told apart by operation number, then by amount. Equal ones are as good as
//! each other; of different ones that are left, only a single pair is taken for one thing with two amounts.

mod bank;
mod facts;
mod filed;
mod finding;
mod kinds;
mod pairing;
mod receipts;
mod statement;
mod work;

use std::collections::BTreeSet;

use jiff::civil::Date;

pub use facts::{
    Deposits, Due, Facts, Movement, Paper, PayoutState, Print, Printed, Registry, Report, Row, Sent, Statement,
    StatementFault, StatementLine, Terms, Way, What,
};
pub use filed::{Counted, Filed, Filing, Note, PaperKind, Run, RunState};
pub use finding::{Candidate, Discrepancy, Side, Subject};
pub use kinds::Kind;
pub use work::{By, Change, Correction, REASON_MAX, Refusal, State, merge};

use crate::money::MoneyError;

/// The days a comparison speaks about, both included. Facts of days around them are there to find partners for what lies at the
/// edges; nothing is reported of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub until: Date,
}

impl Scope {
    /// One day.
    pub const fn day(day: Date) -> Self {
        Self { from: day, until: day }
    }

    /// Whether a day is within.
    pub fn holds(self, day: Date) -> bool {
        self.from <= day && day <= self.until
    }
}

/// What a comparison has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What differs, by day and id.
    pub found: Vec<Discrepancy>,
    /// What has a partner: transactions, receipts, payouts and deposits.
    pub matched: usize,
    /// Keys ([`Discrepancy::key`]) of what has no partner yet, and may still get one from a paper that is to come.
    pub waiting: BTreeSet<String>,
    /// Papers something waits for.
    pub absent: BTreeSet<Paper>,
}

/// Compares everything the facts hold, and reports what belongs to the scope.
///
/// Takes time and memory in proportion to the facts, sorting aside.
///
/// # Errors
/// Amounts that do not fit.
pub fn compare(facts: &Facts, terms: &Terms, scope: Scope) -> Result<Outcome, MoneyError> {
    let mut outcome = Outcome::default();
    let nets = bank::compare(facts, terms, scope, &mut outcome)?;
    receipts::compare(facts, terms, scope, &mut outcome);
    statement::compare(facts, terms, scope, &nets, &mut outcome)?;
    outcome.found.sort_by(|left, right| (left.day, &left.id).cmp(&(right.day, &right.id)));
    Ok(outcome)
}
