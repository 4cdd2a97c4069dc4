//! Our transactions beside the banks' registries.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::civil::Date;

use super::facts::{Deposits, Facts, Movement, Paper, Row, Terms, Way, apart, first_absent, last, shifted};
use super::finding::{Candidate, Discrepancy, Side, Subject};
use super::kinds::Kind;
use super::pairing::{Copied, Pairing, copy};
use super::{Outcome, Scope};
use crate::ledger::Account;
use crate::money::{Money, MoneyError};

/// What a bank has to pay out: by account, by where the money lands, by day of the registry; by currency.
#[derive(Default)]
pub(super) struct Nets {
    pub sums: BTreeMap<(String, Account, Date), BTreeMap<&'static str, Money>>,
    /// Days of accounts whose registries are here.
    pub known: BTreeSet<(String, Date)>,
}

/// One account's papers.
#[derive(Default)]
struct Papers<'a> {
    ours: Vec<&'a Movement>,
    /// What our journal has once more, and which time it is.
    again: Vec<(&'a Movement, u32)>,
    theirs: Vec<&'a Row>,
    /// The registry's day and landing place of each row.
    of: Vec<(Date, Account)>,
    parts: BTreeMap<Date, BTreeSet<&'a str>>,
}

pub(super) fn compare(facts: &Facts, terms: &Terms, scope: Scope, outcome: &mut Outcome) -> Result<Nets, MoneyError> {
    let mut accounts: BTreeMap<&str, Papers> = BTreeMap::new();
    let mut movements: Vec<&Movement> =
        facts.movements.iter().filter(|movement| movement.lands != Account::PartnerCash).collect();
    movements.sort_by_key(|movement| movement.at);
    // An operation is booked once each way. What is booked again has no partner to look for: it is ours to undo.
    let mut copies: HashMap<(&str, Way), u32> = HashMap::with_capacity(movements.len());
    for movement in movements {
        let papers = accounts.entry(&movement.account).or_default();
        let copy = copies.entry((&movement.operation, movement.way)).or_default();
        if *copy == 0 {
            papers.ours.push(movement);
        } else {
            papers.again.push((movement, *copy));
        }
        *copy += 1;
    }
    let key = |registry: &super::Registry| (registry.account.clone(), registry.day, registry.part.clone());
    for registry in last(&facts.registries, key, |registry| registry.received) {
        let papers = accounts.entry(&registry.account).or_default();
        papers.parts.entry(registry.day).or_default().insert(&registry.part);
        papers.theirs.extend(&registry.rows);
        papers.of.extend(registry.rows.iter().map(|_| (registry.day, registry.lands)));
    }
    let names = Names::of(facts);
    let mut nets = Nets::default();
    for (account, papers) in accounts {
        let pairing = Pairing::of(&papers.ours, &papers.theirs, terms);
        let expected = terms.parts.get(account);
        let there = |day: Date| {
            let parts = papers.parts.get(&day);
            parts.is_some_and(|parts| expected.is_none_or(|all| all.iter().all(|part| parts.contains(part.as_str()))))
        };
        let look = Look { account, facts, terms, scope, names: &names, pairing: &pairing, papers: &papers };
        look.pairs(outcome)?;
        look.left_of_ours(there, outcome)?;
        look.left_of_theirs(outcome)?;
        if let Some(how) = terms.deposits.get(account) {
            look.nets(*how, &mut nets)?;
            let days = papers.parts.keys().filter(|day| there(**day));
            nets.known.extend(days.map(|day| (account.to_owned(), *day)));
        }
    }
    Ok(nets)
}

/// Everything our books have a name for.
struct Names<'a> {
    numbers: HashSet<&'a str>,
    operations: HashSet<&'a str>,
    references: HashSet<&'a str>,
}

impl<'a> Names<'a> {
    fn of(facts: &'a Facts) -> Self {
        let of_movements = facts.movements.iter().map(|movement| movement.number.as_str());
        let of_receipts = facts.receipts.iter().map(|due| due.number.as_str());
        Self {
            numbers: of_movements.chain(of_receipts).chain(facts.known.iter().map(String::as_str)).collect(),
            operations: facts.movements.iter().map(|movement| movement.operation.as_str()).collect(),
            references: facts.movements.iter().filter_map(|movement| movement.reference.as_deref()).collect(),
        }
    }

    fn know(&self, row: &Row) -> bool {
        let among =
            |names: &HashSet<&str>, name: &Option<String>| name.as_deref().is_some_and(|name| names.contains(name));
        among(&self.numbers, &row.number)
            || among(&self.operations, &row.operation)
            || among(&self.references, &row.reference)
    }
}

/// A look at one account.
struct Look<'a> {
    account: &'a str,
    facts: &'a Facts,
    terms: &'a Terms,
    scope: Scope,
    names: &'a Names<'a>,
    pairing: &'a Pairing<'a>,
    papers: &'a Papers<'a>,
}

impl Look<'_> {
    fn pairs(&self, outcome: &mut Outcome) -> Result<(), MoneyError> {
        for (at, movement) in self.papers.ours.iter().enumerate() {
            let Some(partner) = self.pairing.partner_of_ours[at] else { continue };
            let (row, day) = (self.papers.theirs[partner], movement.day());
            if !self.scope.holds(day) {
                continue;
            }
            outcome.matched += 1;
            let differ = |kind| {
                let (ours, theirs) = (Side::of_movement(movement), Side::of_row(row));
                let key = movement_key(movement, 0);
                Discrepancy::new(kind, key, day, self.subject_of(movement, Some(row))).sides(Some(ours), Some(theirs))
            };
            if movement.amount.currency() != row.amount.currency() {
                outcome.found.push(differ(Kind::Currency));
            } else if movement.amount != row.amount {
                let difference = row.amount.minus(movement.amount)?;
                outcome.found.push(differ(Kind::Amount).moves(movement.lands, difference));
            }
            if let (Some(expected), Some(kept)) = (movement.bank_fee, row.fee)
                && expected != kept
                && expected.currency() == kept.currency()
            {
                outcome.found.push(differ(Kind::Fee).moves(movement.lands, expected.minus(kept)?));
            }
            let tolerance = self.terms.tolerance(movement.way, movement.method);
            if apart(day, row.day) > i32::from(tolerance) {
                outcome.found.push(differ(Kind::Date));
            }
        }
        Ok(())
    }

    fn left_of_ours(&self, there: impl Fn(Date) -> bool, outcome: &mut Outcome) -> Result<(), MoneyError> {
        for (movement, copy) in &self.papers.again {
            if self.scope.holds(movement.day()) {
                outcome.found.push(self.unmatched(Kind::Duplicate, movement, *copy)?);
            }
        }
        for (at, movement) in self.papers.ours.iter().enumerate() {
            if self.pairing.partner_of_ours[at].is_some() {
                continue;
            }
            let day = movement.day();
            let tolerance = self.terms.tolerance(movement.way, movement.method);
            if let Some(absent) = first_absent(day, tolerance, &there) {
                outcome.waiting.insert(movement_key(movement, 0));
                if self.scope.holds(day) {
                    outcome.absent.insert(Paper::Registry(self.account.to_owned(), absent));
                }
                continue;
            }
            if !self.scope.holds(day) {
                continue;
            }
            let kind = if movement.way == Way::Returned { Kind::CancelledRefund } else { Kind::MissingThere };
            let rivals = self.pairing.rivals_of_ours.get(&at).into_iter().flatten();
            let candidates = rivals.map(|row| candidate_row(self.papers.theirs[*row])).collect();
            outcome.found.push(Discrepancy { candidates, ..self.unmatched(kind, movement, 0)? });
        }
        Ok(())
    }

    fn unmatched(&self, kind: Kind, movement: &Movement, copy: u32) -> Result<Discrepancy, MoneyError> {
        let difference = movement.amount.zero().minus(landed(movement.amount, movement.bank_fee)?)?;
        let subject = self.subject_of(movement, None);
        let found = Discrepancy::new(kind, movement_key(movement, copy), movement.day(), subject);
        Ok(found.sides(Some(Side::of_movement(movement)), None).moves(movement.lands, difference))
    }

    fn left_of_theirs(&self, outcome: &mut Outcome) -> Result<(), MoneyError> {
        let refunds = self.refunds();
        // What has a partner is the true one of its copies; the first, where none has.
        let mut copies: HashMap<Copied, u32> = HashMap::new();
        for (at, row) in self.papers.theirs.iter().enumerate() {
            if self.pairing.partner_of_theirs[at].is_some()
                && let Some(likeness) = copy(row)
            {
                copies.insert(likeness, 1);
            }
        }
        let mut nameless: HashMap<String, u32> = HashMap::new();
        for (at, row) in self.papers.theirs.iter().enumerate() {
            if self.pairing.partner_of_theirs[at].is_some() {
                continue;
            }
            let prefix = row_key(self.account, row);
            let copy = match copy(row) {
                Some(likeness) => {
                    let copies = copies.entry(likeness).or_default();
                    *copies += 1;
                    *copies - 1
                }
                None => 0,
            };
            let nth = nameless.entry(prefix.clone()).or_default();
            let key = format!("{prefix}/{nth}");
            *nth += 1;
            let cancelled = (row.way == Way::Undone).then(|| refund_of(&refunds, row)).flatten();
            let rivals = self.pairing.rivals_of_theirs.get(&at);
            let kind = match row.way {
                _ if copy > 0 => Kind::Duplicate,
                Way::FeeOnly => Kind::Fee,
                Way::Undone if cancelled.is_some() => Kind::CancelledRefund,
                _ if rivals.is_some() || self.names.know(row) => Kind::MissingHere,
                _ => Kind::Orphan,
            };
            let (day, key, lands) = match cancelled.filter(|_| kind == Kind::CancelledRefund) {
                // Named as the refund is, so that absence and cancellation of one refund are one discrepancy.
                Some(refund) => (refund.day(), movement_key(refund, 0), refund.lands),
                None => (row.day, key, self.papers.of[at].1),
            };
            let whole = shifted(row.day, i16::from(self.terms.days)) <= self.facts.journal_until;
            // A copy stays a copy whatever our journal still learns.
            if !whole && copy == 0 {
                outcome.waiting.insert(key);
                if self.scope.holds(day) {
                    outcome.absent.insert(Paper::Journal(shifted(self.facts.journal_until, 1)));
                }
                continue;
            }
            if !self.scope.holds(day) {
                continue;
            }
            let fee = row.fee.map(|fee| fee.zero().minus(fee)).transpose()?;
            let moved = if row.way == Way::FeeOnly { fee.unwrap_or(row.amount) } else { landed(row.amount, row.fee)? };
            let subject = match cancelled.filter(|_| kind == Kind::CancelledRefund) {
                Some(refund) => self.subject_of(refund, Some(row)),
                None => Subject::Transaction {
                    account: self.account.to_owned(),
                    number: row.number.clone(),
                    operation: row.operation.clone(),
                    reference: row.reference.clone(),
                },
            };
            let found =
                Discrepancy::new(kind, key, day, subject).sides(None, Some(Side::of_row(row))).moves(lands, moved);
            let candidates =
                rivals.into_iter().flatten().map(|one| candidate_movement(self.papers.ours[*one])).collect();
            outcome.found.push(Discrepancy { candidates, ..found });
        }
        Ok(())
    }

    /// Refunds that the bank has made and that stand in our journal, by everything a row may name them by.
    fn refunds(&self) -> HashMap<&str, Vec<&Movement>> {
        let undone: HashSet<&str> = self
            .papers
            .ours
            .iter()
            .filter(|movement| movement.way == Way::Undone)
            .map(|movement| movement.operation.as_str())
            .collect();
        let mut refunds: HashMap<&str, Vec<&Movement>> = HashMap::new();
        for (at, movement) in self.papers.ours.iter().enumerate() {
            let stands = movement.way == Way::Returned && !undone.contains(movement.operation.as_str());
            if !stands || self.pairing.partner_of_ours[at].is_none() {
                continue;
            }
            let names = [Some(movement.operation.as_str()), movement.reference.as_deref()];
            for name in names.into_iter().flatten() {
                refunds.entry(name).or_default().push(movement);
            }
        }
        refunds
    }

    fn nets(&self, how: Deposits, nets: &mut Nets) -> Result<(), MoneyError> {
        for (at, row) in self.papers.theirs.iter().enumerate() {
            let (day, default) = self.papers.of[at];
            let partner = self.pairing.partner_of_theirs[at].map(|one| self.papers.ours[one]);
            // What is in dispute over its currency is in no sum.
            if partner.is_some_and(|movement| movement.amount.currency() != row.amount.currency()) {
                continue;
            }
            let lands = partner.map_or(default, |movement| movement.lands);
            let kept = row.fee.filter(|fee| how == Deposits::Net && fee.currency() == row.amount.currency());
            let paid = kept.map_or(Ok(row.amount), |fee| row.amount.minus(fee))?;
            let sums = nets.sums.entry((self.account.to_owned(), lands, day)).or_default();
            let sum = sums.entry(paid.currency().code()).or_insert(paid.zero());
            *sum = sum.plus(paid)?;
        }
        Ok(())
    }

    fn subject_of(&self, movement: &Movement, row: Option<&Row>) -> Subject {
        let reference = movement.reference.as_ref().or_else(|| row?.reference.as_ref());
        Subject::Transaction {
            account: self.account.to_owned(),
            number: Some(movement.number.clone()),
            operation: Some(movement.operation.clone()),
            reference: reference.cloned(),
        }
    }
}

/// What of an amount is with the bank: its fee is booked, and kept, from there.
fn landed(amount: Money, fee: Option<Money>) -> Result<Money, MoneyError> {
    fee.filter(|fee| fee.currency() == amount.currency()).map_or(Ok(amount), |fee| amount.minus(fee))
}

/// The one refund of ours an undoing row names, of the same amount; nothing where several fit.
fn refund_of<'a>(refunds: &HashMap<&str, Vec<&'a Movement>>, row: &Row) -> Option<&'a Movement> {
    for name in [row.operation.as_deref(), row.reference.as_deref()].into_iter().flatten() {
        let mirrored = |movement: &&&Movement| {
            movement.amount.currency() == row.amount.currency()
                && movement.amount.minor().checked_neg() == Some(row.amount.minor())
        };
        let mut found = refunds.get(name).into_iter().flatten().filter(mirrored);
        if let (Some(refund), None) = (found.next(), found.next()) {
            return Some(refund);
        }
    }
    None
}

fn movement_key(movement: &Movement, copy: u32) -> String {
    let (operation, way) = (&movement.operation, movement.way.code());
    if copy == 0 { format!("operation/{operation}/{way}") } else { format!("operation/{operation}/{way}/{copy}") }
}

fn row_key(account: &str, row: &Row) -> String {
    let name = [&row.reference, &row.operation, &row.number].into_iter().find_map(Option::as_deref).unwrap_or("-");
    let amount = format_args!("{}{}", row.amount.minor(), row.amount.currency().code());
    format!("row/{account}/{}/{}/{name}/{amount}", row.way.code(), row.day)
}

fn candidate_row(row: &Row) -> Candidate {
    let name = [&row.reference, &row.operation].into_iter().find_map(Clone::clone);
    let name = name.unwrap_or_else(|| format!("line {}", row.line));
    Candidate { name, amount: row.amount, day: row.day }
}

fn candidate_movement(movement: &Movement) -> Candidate {
    Candidate { name: movement.operation.clone(), amount: movement.amount, day: movement.day() }
}
