//! Our payouts, and what banks have to pay out, beside the statements.
//!
//! Lines that are known to be payouts and deposits are posted as they come. What is wrong with one therefore stands on the account
//! the money came from: in transit, or at the acquiring bank. Only a line that is not known is about the statement's own account.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::civil::Date;

use super::bank::Nets;
use super::facts::{
    Facts, Paper, PayoutState, Sent, Statement, StatementLine, Terms, What, first_absent, last, shifted,
};
use super::finding::{Discrepancy, Side, Subject};
use super::kinds::Kind;
use super::{Outcome, Scope};
use crate::ledger::Account;
use crate::money::{Money, MoneyError};

/// Days one deposit may be for.
const DEPOSIT_DAYS_MAX: i16 = 366;

/// A line, and the statement it stands in.
type Placed<'a> = (&'a Statement, &'a StatementLine);

/// Deposits by account, landing place, first and last day.
type DepositKey<'a> = (&'a str, Account, Date, Date);

struct Look<'a> {
    terms: &'a Terms,
    scope: Scope,
    nets: &'a Nets,
    known: HashSet<(Account, Date)>,
    /// What lines are told apart by where the bank gives one number to several.
    names: HashMap<String, u32>,
}

pub(super) fn compare(
    facts: &Facts,
    terms: &Terms,
    scope: Scope,
    nets: &Nets,
    outcome: &mut Outcome,
) -> Result<(), MoneyError> {
    let statements = last(&facts.statements, |statement| (statement.account, statement.day), |one| one.received);
    let known = statements.iter().map(|statement| (statement.account, statement.day)).collect();
    let numbers: HashSet<u32> = facts.payouts.iter().map(|payout| payout.number).collect();
    let mut look = Look { terms, scope, nets, known, names: HashMap::new() };
    let mut payouts: HashMap<u32, (Vec<Placed>, Vec<Placed>)> = HashMap::new();
    let mut deposits: BTreeMap<DepositKey, Vec<Placed>> = BTreeMap::new();
    for statement in &statements {
        for line in &statement.lines {
            let placed = (*statement, line);
            match &line.what {
                What::Payout(number) if numbers.contains(number) => payouts.entry(*number).or_default().0.push(placed),
                What::PayoutReturned(number) if numbers.contains(number) => {
                    payouts.entry(*number).or_default().1.push(placed);
                }
                What::Deposit { account, lands, from, until } if sound(*from, *until) => {
                    if terms.deposits.contains_key(account) {
                        deposits.entry((account, *lands, *from, *until)).or_default().push(placed);
                    }
                }
                What::Own => {}
                What::Payout(_) | What::PayoutReturned(_) | What::Deposit { .. } | What::Unknown => {
                    look.line(Kind::Orphan, placed, statement.account, outcome);
                }
            }
        }
    }
    let nothing = (Vec::new(), Vec::new());
    for payout in &facts.payouts {
        let (left, back) = payouts.get(&payout.number).unwrap_or(&nothing);
        look.payout(payout, left, back, outcome)?;
    }
    look.deposits(&deposits, outcome)
}

fn sound(from: Date, until: Date) -> bool {
    from <= until && until <= shifted(from, DEPOSIT_DAYS_MAX)
}

impl Look<'_> {
    /// A line that belongs to nothing, or repeats another.
    fn line(&mut self, kind: Kind, (statement, line): Placed, account: Account, outcome: &mut Outcome) {
        let amount = line.amount;
        let name = format!(
            "line/{}/{}/{}/{}{}",
            statement.account.code(),
            statement.day,
            line.reference,
            amount.minor(),
            amount.currency().code()
        );
        let nth = self.names.entry(name.clone()).or_default();
        let key = format!("{name}/{nth}");
        *nth += 1;
        if self.scope.holds(statement.day) {
            let subject = Subject::Line { reference: line.reference.clone() };
            let theirs = Side { amount: Some(amount), day: Some(statement.day), ..Side::default() };
            let found = Discrepancy::new(kind, key, statement.day, subject);
            outcome.found.push(found.sides(None, Some(theirs)).moves(account, amount));
        }
    }

    fn payout(
        &mut self,
        payout: &Sent,
        left: &[Placed],
        back: &[Placed],
        outcome: &mut Outcome,
    ) -> Result<(), MoneyError> {
        // What came back may have been sent again; what left more often than that left twice.
        let (due, twice) = left.split_at(left.len().min(1 + back.len()));
        for line in twice {
            self.line(Kind::Duplicate, *line, Account::PayoutInTransit, outcome);
        }
        let key = format!("payout/{}", payout.id);
        let zero = payout.amount.zero();
        let ours = match payout.state {
            PayoutState::Sent | PayoutState::Confirmed => zero.minus(payout.amount)?,
            PayoutState::Returned => zero,
        };
        let foreign = due.iter().chain(back).find(|(_, line)| line.amount.currency() != zero.currency());
        let theirs = match foreign {
            Some((_, line)) => line.amount,
            None => due.iter().chain(back).try_fold(zero, |sum, (_, line)| sum.plus(line.amount))?,
        };
        if !self.scope.holds(payout.day) {
            return Ok(());
        }
        if ours == theirs {
            outcome.matched += 1;
            return Ok(());
        }
        let to_come = due.is_empty() || (payout.state == PayoutState::Returned && back.is_empty());
        let there = |day| self.known.contains(&(payout.from, day));
        let absent = first_absent(payout.day, self.terms.payout_days, there).filter(|_| to_come);
        if let Some(absent) = absent {
            outcome.waiting.insert(key);
            outcome.absent.insert(Paper::Statement(payout.from, absent));
            return Ok(());
        }
        let subject = Subject::Payout { id: payout.id.clone(), number: payout.number };
        let side = |amount, day| Side { amount: Some(amount), day, ..Side::default() };
        let seen = back.last().or(due.last()).map(|(statement, _)| side(theirs, Some(statement.day)));
        let kind = if foreign.is_some() { Kind::Currency } else { Kind::Payout };
        let found = Discrepancy::new(kind, key, payout.day, subject).sides(Some(side(ours, Some(payout.day))), seen);
        outcome.found.push(match foreign {
            Some(_) => found,
            None => found.moves(Account::PayoutInTransit, theirs.minus(ours)?),
        });
        Ok(())
    }

    fn deposits(
        &mut self,
        deposits: &BTreeMap<DepositKey, Vec<Placed>>,
        outcome: &mut Outcome,
    ) -> Result<(), MoneyError> {
        let mut paid: BTreeSet<(&str, Account, Date)> = BTreeSet::new();
        for ((account, lands, from, until), lines) in deposits {
            let days: Vec<Date> =
                (0..=DEPOSIT_DAYS_MAX).map(|days| shifted(*from, days)).take_while(|day| day <= until).collect();
            paid.extend(days.iter().map(|day| (*account, *lands, *day)));
            let key = deposit_key(account, *lands, *from);
            let absent = days.iter().find(|day| !self.nets.known.contains(&((*account).to_owned(), **day)));
            if let Some(absent) = absent {
                outcome.waiting.insert(key);
                if self.scope.holds(*from) {
                    outcome.absent.insert(Paper::Registry((*account).to_owned(), *absent));
                }
                continue;
            }
            let Some(((statement, first), more)) = lines.split_first() else { continue };
            let currency = first.amount.currency().code();
            let of = |day: &Date| self.nets.sums.get(&((*account).to_owned(), *lands, *day))?.get(currency).copied();
            let expected = days.iter().filter_map(of).try_fold(None, |sum: Option<Money>, net| match sum {
                Some(sum) => sum.plus(net).map(Some),
                None => Ok(Some(net)),
            })?;
            let twice = Some(first.amount) == expected && more.iter().all(|(_, line)| line.amount == first.amount);
            if twice {
                outcome.matched += usize::from(self.scope.holds(*from));
                for line in more {
                    self.line(Kind::Duplicate, *line, *lands, outcome);
                }
                continue;
            }
            let came = more.iter().try_fold(first.amount, |sum, (_, line)| sum.plus(line.amount))?;
            if !self.scope.holds(*from) {
                continue;
            }
            if Some(came) == expected {
                outcome.matched += 1;
                continue;
            }
            let subject = Subject::Deposit { account: (*account).to_owned(), from: *from, until: *until };
            let theirs = Side { amount: Some(came), day: Some(statement.day), ..Side::default() };
            let found = match expected {
                None => Discrepancy::new(Kind::MissingHere, key, *from, subject)
                    .sides(None, Some(theirs))
                    .moves(*lands, came),
                Some(expected) => {
                    let ours = Side { amount: Some(expected), day: Some(*until), ..Side::default() };
                    let found = Discrepancy::new(Kind::Amount, key, *from, subject).sides(Some(ours), Some(theirs));
                    found.moves(*lands, came.minus(expected)?)
                }
            };
            outcome.found.push(found);
        }
        self.outstanding(&paid, outcome)
    }

    /// Days whose money has not come.
    fn outstanding(&self, paid: &BTreeSet<(&str, Account, Date)>, outcome: &mut Outcome) -> Result<(), MoneyError> {
        let sums = self.nets.sums.iter().flat_map(|(key, sums)| sums.values().map(move |net| (key, net)));
        for ((account, lands, day), net) in sums {
            if net.is_zero() || paid.contains(&(account.as_str(), *lands, *day)) {
                continue;
            }
            let to = if *lands == Account::Nominal { Account::Nominal } else { Account::Settlement };
            let key = deposit_key(account, *lands, *day);
            let there = |day| self.known.contains(&(to, day));
            if let Some(absent) = first_absent(*day, self.terms.deposit_days, there) {
                outcome.waiting.insert(key);
                if self.scope.holds(*day) {
                    outcome.absent.insert(Paper::Statement(to, absent));
                }
            } else if self.scope.holds(*day) {
                let subject = Subject::Deposit { account: account.clone(), from: *day, until: *day };
                let ours = Side { amount: Some(*net), day: Some(*day), ..Side::default() };
                let found = Discrepancy::new(Kind::MissingThere, key, *day, subject).sides(Some(ours), None);
                outcome.found.push(found.moves(*lands, net.zero().minus(*net)?));
            }
        }
        Ok(())
    }
}

fn deposit_key(account: &str, lands: Account, from: Date) -> String {
    format!("deposit/{account}/{}/{from}", lands.code())
}
