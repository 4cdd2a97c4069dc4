//! Our receipts beside the registers' reports.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::facts::{Due, Facts, Paper, Print, Printed, Terms, apart, first_absent, last, shifted};
use super::finding::{Discrepancy, Side, Subject};
use super::kinds::Kind;
use super::{Outcome, Scope};
use crate::money::Money;

pub(super) fn compare(facts: &Facts, terms: &Terms, scope: Scope, outcome: &mut Outcome) {
    let reports = last(&facts.reports, |report| (report.register.clone(), report.day), |report| report.received);
    let known: HashSet<_> = reports.iter().map(|report| (report.register.as_str(), report.day)).collect();
    // One fiscal document listed twice was still printed once.
    let mut documents = HashSet::new();
    let mut prints: Vec<(&str, &Print)> = Vec::new();
    for report in &reports {
        for print in &report.prints {
            if documents.insert((&print.printed.drive, print.printed.document)) {
                prints.push((&report.register, print));
            }
        }
    }
    prints
        .sort_by_key(|(register, print)| (print.printed.day, *register, &print.printed.drive, print.printed.document));
    let mut by_id: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut by_document: HashMap<(&str, u64), usize> = HashMap::new();
    for (at, (_, print)) in prints.iter().enumerate() {
        if let Some(id) = &print.external_id {
            by_id.entry(id).or_default().push(at);
        } else {
            by_document.insert((&print.printed.drive, print.printed.document), at);
        }
    }
    let mut taken = vec![false; prints.len()];
    for due in &facts.receipts {
        let named = by_id.get(due.external_id.as_str()).map(Vec::as_slice).unwrap_or_default();
        let is_ours = |printed: &Printed| {
            let held = due.printed.as_ref();
            held.is_some_and(|held| (&held.drive, held.document) == (&printed.drive, printed.document))
        };
        let first = named.iter().find(|at| is_ours(&prints[**at].1.printed)).or(named.first()).copied();
        let numbered = || {
            let held = due.printed.as_ref()?;
            by_document.get(&(held.drive.as_str(), held.document)).copied()
        };
        let Some(first) = first.or_else(numbered) else {
            left(due, terms, scope, |day| known.contains(&(due.register.as_str(), day)), outcome);
            continue;
        };
        taken[first] = true;
        pair(due, prints[first].1, facts, terms, scope, outcome);
        for other in named.iter().filter(|at| **at != first) {
            taken[*other] = true;
            let (register, print) = prints[*other];
            if scope.holds(print.printed.day) {
                let subject = subject(register, Some(due), Some(print));
                let found = Discrepancy::new(Kind::Duplicate, print_key(register, print), print.printed.day, subject);
                outcome.found.push(found.sides(None, Some(side(print))));
            }
        }
    }
    for ((register, print), _) in prints.iter().zip(taken).filter(|(_, taken)| !taken) {
        let (key, day) = (print_key(register, print), print.printed.day);
        if shifted(day, i16::from(terms.receipt_days)) > facts.journal_until {
            wait(key, scope.holds(day), Paper::Journal(shifted(facts.journal_until, 1)), outcome);
        } else if scope.holds(day) {
            let found = Discrepancy::new(Kind::Orphan, key, day, subject(register, None, Some(print)));
            outcome.found.push(found.sides(None, Some(side(print))));
        }
    }
}

/// A receipt no report has.
fn left(due: &Due, terms: &Terms, scope: Scope, there: impl Fn(jiff::civil::Date) -> bool, outcome: &mut Outcome) {
    let (day, grace) = due.printed.as_ref().map_or((due.day, terms.receipt_days), |printed| (printed.day, terms.days));
    if let Some(absent) = first_absent(day, grace, there) {
        wait(due_key(due), scope.holds(due.day), Paper::Report(due.register.clone(), absent), outcome);
    } else if scope.holds(due.day) {
        let found =
            Discrepancy::new(Kind::MissingReceipt, due_key(due), due.day, subject(&due.register, Some(due), None));
        outcome.found.push(found.sides(Some(side_of(due)), None));
    }
}

/// A receipt and what was printed for it.
fn pair(due: &Due, print: &Print, facts: &Facts, terms: &Terms, scope: Scope, outcome: &mut Outcome) {
    if !scope.holds(due.day) {
        return;
    }
    outcome.matched += 1;
    let mut differ = |kind| {
        let found = Discrepancy::new(kind, due_key(due), due.day, subject(&due.register, Some(due), Some(print)));
        outcome.found.push(found.sides(Some(side_of(due)), Some(side(print))));
    };
    if due.total != print.total {
        differ(if due.total.currency() == print.total.currency() { Kind::Amount } else { Kind::Currency });
    }
    // A report without rates does not say.
    if !print.vats.is_empty() {
        let (ours, theirs) = (taxed(&due.vats), taxed(&print.vats));
        let rates = ours.keys().eq(theirs.keys());
        if !rates || (due.total == print.total && ours != theirs) {
            differ(Kind::WrongRate);
        }
    }
    let moved = due.printed.as_ref().is_some_and(|held| held.day != print.printed.day);
    if moved || apart(due.day, print.printed.day) > i32::from(terms.receipt_days) {
        differ(Kind::Date);
    }
    if due.printed.is_none() {
        if shifted(print.printed.day, i16::from(terms.receipt_days)) > facts.journal_until {
            wait(due_key(due), true, Paper::Journal(shifted(facts.journal_until, 1)), outcome);
        } else {
            differ(Kind::MissingHere);
        }
    }
}

fn taxed(vats: &BTreeMap<u8, Money>) -> BTreeMap<u8, Money> {
    vats.iter().filter(|(_, amount)| !amount.is_zero()).map(|(tag, amount)| (*tag, *amount)).collect()
}

fn wait(key: String, reported: bool, paper: Paper, outcome: &mut Outcome) {
    outcome.waiting.insert(key);
    if reported {
        outcome.absent.insert(paper);
    }
}

fn due_key(due: &Due) -> String {
    format!("receipt/{}", due.external_id)
}

fn print_key(register: &str, print: &Print) -> String {
    format!("print/{register}/{}/{}", print.printed.drive, print.printed.document)
}

fn subject(register: &str, due: Option<&Due>, print: Option<&Print>) -> Subject {
    let printed = print.map(|print| &print.printed).or_else(|| due?.printed.as_ref());
    Subject::Receipt {
        register: register.to_owned(),
        number: due.map(|due| due.number.clone()),
        external_id: due.map(|due| &due.external_id).or_else(|| print?.external_id.as_ref()).cloned(),
        document: printed.map(|printed| (printed.drive.clone(), printed.document)),
    }
}

fn side_of(due: &Due) -> Side {
    let day = due.printed.as_ref().map_or(due.day, |printed| printed.day);
    Side { amount: Some(due.total), day: Some(day), vats: due.vats.clone(), ..Side::default() }
}

fn side(print: &Print) -> Side {
    Side { amount: Some(print.total), day: Some(print.printed.day), vats: print.vats.clone(), ..Side::default() }
}
