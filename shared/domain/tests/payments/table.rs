//! The tables: what every command makes of every state, written down. `UPDATE=1 cargo test -p domain --test payments` writes
//! them anew; without it they are compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use domain::audit::audit;
use domain::details::PaymentTerms;
use domain::money::Money;
use domain::order::{BankReport, Change, Command, Decision, Order, Refusal, TaskId, TransactionState};

use crate::commands::{self, Tried, named};
use crate::states::{Chapter, State, chapters};
use crate::tale::{AMOUNT, Tale, at, standing};
use crate::written;

/// What became of a command, as far as the tables tell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Changed { becomes: String, journal: String, bank: String, books: String, tasks: String },
    Nothing,
    Refused(&'static str),
}

/// A task as the tables name it.
pub fn task(id: TaskId) -> String {
    match id {
        TaskId::AskBank(no) => format!("ask of {no}"),
        TaskId::TellBank(no) => format!("tell of {no}"),
        TaskId::KeepMeans(_) => "keep the means".to_owned(),
        TaskId::Receipt(no) => format!("print receipt {no}"),
        TaskId::HandOver => "hand over".to_owned(),
        TaskId::CancelExecution => "cancel execution".to_owned(),
        TaskId::Notify(..) => "letter".to_owned(),
        TaskId::Webhook(_) => "webhook".to_owned(),
    }
}

fn words(list: &[String]) -> String {
    if list.is_empty() { "–".to_owned() } else { list.join("<br>") }
}

fn transactions(before: &Order, after: &Order) -> Vec<String> {
    let mut list = Vec::new();
    for operation in &after.operations {
        let known = before.operation(operation.no);
        let same = known.is_some_and(|known| {
            known.transactions.len() == operation.transactions.len()
                && (known.told(), known.state(), known.amount)
                    == (operation.told(), operation.state(), operation.amount)
        });
        if same {
            continue;
        }
        let state = match operation.state() {
            TransactionState::Intended if operation.attempt() > 0 => "to be told again",
            TransactionState::Intended => "to be told",
            TransactionState::Pending => "pending",
            TransactionState::Succeeded if operation.transactions.len() > 1 => "undone",
            TransactionState::Succeeded => "done",
            TransactionState::Declined(reason) => reason.code(),
        };
        let kind = operation.told().map_or("", |kind| kind.code());
        let what = if kind.is_empty() || named(operation).starts_with(kind) || kind == "points" {
            named(operation)
        } else {
            format!("{} ({kind})", named(operation))
        };
        list.push(format!("{what} {}: {state}", operation.amount.to_decimal()));
    }
    list
}

fn changed(before: &Order, change: &Change) -> Cell {
    let after = &change.order;
    let new = &after.journal[before.journal.len()..];
    let journal: Vec<String> = new.iter().map(|entry| after.event_code(entry).to_owned()).collect();
    let postings = new.iter().flat_map(|entry| &entry.postings);
    let books: Vec<String> = postings
        .map(|posting| format!("{} ← {} {}", posting.debit.code(), posting.credit.code(), posting.amount.to_decimal()))
        .collect();
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    let had: BTreeSet<TaskId> = before.tasks.iter().map(|task| task.id).collect();
    let has: BTreeSet<TaskId> = after.tasks.iter().map(|task| task.id).collect();
    for id in has.difference(&had) {
        *counted.entry(task(*id)).or_default() += 1;
    }
    for id in change.send.iter().filter(|id| had.contains(id)) {
        *counted.entry(format!("{} again", task(*id))).or_default() += 1;
    }
    for id in had.difference(&has) {
        *counted.entry(format!("~~{}~~", task(*id))).or_default() += 1;
    }
    let tasks: Vec<String> =
        counted.into_iter().map(|(name, times)| if times == 1 { name } else { format!("{name} ×{times}") }).collect();
    Cell::Changed {
        becomes: format!("{} / {}", after.status().code(), after.payment_state().code()),
        journal: words(&journal),
        bank: words(&transactions(before, after)),
        books: words(&books),
        tasks: words(&tasks),
    }
}

/// One cell; the audit finds nothing in what comes of it, and a repetition changes nothing more.
fn cell(state: &State, tried: &Tried) -> Cell {
    let decision = match state.tale.decide(&tried.command, tried.at) {
        Err(refusal) => return Cell::Refused(refusal.code()),
        Ok(Decision::AlreadyApplied) => return Cell::Nothing,
        Ok(Decision::Changed(change)) => change,
    };
    let place = || format!("{}: {}", state.name, tried.name);
    let findings = audit(&decision.order, at(tried.at), true);
    assert!(findings.is_empty(), "{}: {findings:#?}\n{:#?}", place(), decision.order);
    if tried.repeatable {
        let after = Tale { order: decision.order.clone(), ..state.tale.clone() };
        let again = after.decide(&tried.command, tried.at);
        assert!(!matches!(again, Ok(Decision::Changed(_))), "{}: again it changes: {again:#?}", place());
    }
    changed(&state.tale.order, &decision)
}

/// Told and asked become one where they come to the same.
fn merged(cells: &[(String, Cell)]) -> Vec<(String, Cell)> {
    let mut merged: Vec<(String, Cell)> = Vec::new();
    for (name, cell) in cells {
        let pair = name.strip_suffix(" (asked)").map(|name| format!("{name} (told)"));
        match merged.last_mut() {
            Some((last, same)) if Some(&*last) == pair.as_ref() && same == cell => {
                name.trim_end_matches(" (asked)").clone_into(last);
            }
            _ => merged.push((name.clone(), cell.clone())),
        }
    }
    merged
}

fn section(state: &State) -> String {
    let order = &state.tale.order;
    let findings = audit(order, at(state.tale.now), true);
    assert!(findings.is_empty(), "{}: {findings:#?}", state.name);
    let mut text = format!("## {}\n\n{}", state.name, state.told);
    let _ = write!(text, " Status `{}`, payment `{}`", order.status().code(), order.payment_state().code());
    let operations: Vec<String> = order.operations.iter().map(named).collect();
    let operations = if operations.is_empty() { "none".to_owned() } else { operations.join(", ") };
    let _ = writeln!(text, "; operations: {operations}.\n");
    let cells: Vec<_> =
        commands::of(&state.tale).iter().map(|tried| (tried.name.clone(), cell(state, tried))).collect();
    let cells = merged(&cells);
    let mut rows: Vec<(Cell, Vec<String>)> = Vec::new();
    for (name, cell) in cells {
        match rows.iter_mut().find(|(known, _)| *known == cell) {
            Some((_, names)) => names.push(name),
            None => rows.push((cell, vec![name])),
        }
    }
    text.push_str("| what comes | becomes | journal | at the bank | books | tasks |\n|---|---|---|---|---|---|\n");
    for (cell, names) in &rows {
        if let Cell::Changed { becomes, journal, bank, books, tasks } = cell {
            let _ = writeln!(text, "| {} | {becomes} | {journal} | {bank} | {books} | {tasks} |", names.join("<br>"));
        }
    }
    text.push('\n');
    for (cell, names) in &rows {
        if *cell == Cell::Nothing {
            let _ = writeln!(text, "- Changes nothing: {}.", names.join("; "));
        }
    }
    for (cell, names) in &rows {
        if let Cell::Refused(code) = cell {
            let _ = writeln!(text, "- Refused, `{code}`: {}.", names.join("; "));
        }
    }
    text.push('\n');
    text
}

fn document(chapter: &Chapter) -> String {
    written::document("payments", chapter.title, "PAYMENTS.md", chapter.states.iter().map(section))
}

fn contents(chapters: &[Chapter]) -> String {
    let mut text = String::new();
    for chapter in chapters {
        let _ = writeln!(
            text,
            "\n### {}\n\n| state | status | payment | what has happened |\n|---|---|---|---|",
            chapter.title
        );
        for State { name, told, tale } in &chapter.states {
            let (status, payment) = (tale.order.status().code(), tale.order.payment_state().code());
            let _ = writeln!(
                text,
                "| [{name}](payments/{}#{}) | `{status}` | `{payment}` | {told} |",
                chapter.file,
                written::anchor(name)
            );
        }
    }
    text
}

#[test]
fn the_tables_of_the_payment_model_are_as_written() {
    let chapters = chapters();
    let documents = chapters.iter().map(|chapter| (chapter.file, document(chapter)));
    written::compare("payments", "payments", documents, "PAYMENTS.md", &contents(&chapters));
}

#[test]
fn how_a_payment_stands_means_the_same_whichever_of_its_operations_was_asked_about() {
    for state in chapters().iter().flat_map(|chapter| &chapter.states) {
        for tried in commands::of(&state.tale) {
            let domain::order::Command::BankReported { operation, report, asked } = &tried.command else { continue };
            if !matches!(report.state, domain::order::BankState::Stands(_)) {
                continue;
            }
            let direct = state.tale.decide(&tried.command, tried.at);
            for of in state.tale.order.operations_of(*operation) {
                use domain::order::OperationKind::{Capture, Return};
                if matches!(of.kind, Capture { .. } | Return { .. }) {
                    let (report, asked) = (report.clone(), *asked);
                    let command = domain::order::Command::BankReported { operation: of.no, report, asked };
                    let through = state.tale.decide(&command, tried.at);
                    assert_eq!(through, direct, "{}: {} through operation {}", state.name, tried.name, of.no);
                }
            }
        }
    }
}

/// Points are no money: a bank that tells of all of the amount and of points beside it is not believed, or they would be booked
/// as money.
#[test]
fn points_are_a_part_of_the_amount_and_not_of_the_money() {
    let tale = Tale::new(PaymentTerms::default()).started();
    let told = |money: i64, points: Option<i64>| {
        let state = standing(0, money, 0);
        let report = BankReport { points: points.map(Money::rub), ..BankReport::new(None, state) };
        tale.decide(&Command::BankReported { operation: 1, report, asked: true }, tale.now)
    };
    for (money, points) in [(AMOUNT, None), (AMOUNT, Some(0)), (AMOUNT - 100_000, Some(100_000))] {
        let Ok(Decision::Changed(change)) = told(money, points) else { panic!("{money} and {points:?}") };
        assert_eq!(change.order.taken().unwrap(), Money::rub(money), "{money} and {points:?}");
    }
    for (money, points) in [(AMOUNT, Some(100_000)), (AMOUNT - 100_000, None), (AMOUNT - 100_000, Some(99_999))] {
        let refused = told(money, points);
        assert!(matches!(refused, Err(Refusal::Amount { .. })), "{money} and {points:?}: {refused:?}");
    }
}
