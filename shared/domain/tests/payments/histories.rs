//! Everything up to eight events can make of an order's payments: of one payment in one or two stages, of means that are charged later, of several
//! payments, one for each child. Whatever comes late, twice or in another order, nothing is paid for twice, nothing that pays for nothing stays,
//! and nobody waits for ever for what has ended.

use std::collections::BTreeSet;

use domain::acquiring::Stages;
use domain::details::{PaymentTerms, Purpose};

use domain::order::{
    BankReport, BankState, Cancellation, Command, DeclineReason, ExecutionOutcome, Initiator, Operation, OperationKind,
    Order, Status, TaskId, TransactionState, What,
};

use crate::tale::{Tale, charge, children, means, start};

/// Moves after the first one, by whoever may move.
const MOVES: usize = 7;

/// The bank says how an operation ended.
fn says(no: u8, state: BankState, saved: bool) -> Command {
    let report = BankReport { saved: saved.then(means), ..BankReport::new(None, state) };
    Command::BankReported { operation: no, report, asked: true }
}

fn cancel() -> Command {
    let what = What::Whole;
    Command::Cancel(Cancellation { by: Initiator::Partner, what, reason: None, terminal: None, asked: None })
}

/// What may happen next. What was said to have timed out may come after all: its callback was lost.
fn moves(order: &Order) -> Vec<Command> {
    let mut moves = Vec::new();
    for operation in &order.operations {
        let late = matches!(
            operation.state(),
            TransactionState::Declined(DeclineReason::TimedOut | DeclineReason::NotReached)
        );
        if !operation.is_open() && !late {
            continue;
        }
        let no = operation.no;
        let check = operation.kind == OperationKind::Verification;
        moves.push(says(no, BankState::Succeeded(operation.amount), check));
        if !late && operation.kind.of().is_none() {
            moves.push(says(no, BankState::Declined(DeclineReason::InsufficientFunds), false));
            moves.push(says(no, BankState::Declined(DeclineReason::TimedOut), false));
        }
    }
    if order.open_payment().is_none() {
        moves.push(Command::StartPayment(start()));
        if order.status() == Status::Ordered {
            moves.push(Command::StartPayment(charge()));
        }
        if order.held().unwrap().is_positive() {
            moves.push(Command::Capture { what: What::Whole, by: Initiator::Partner });
        }
    }
    let tasks = |id| order.tasks.iter().any(|task| task.id == id);
    if tasks(TaskId::HandOver) {
        moves.push(Command::HandedOver);
    }
    if order.execution.handed_over_at.is_some() && order.execution.ended.is_none() {
        moves.push(Command::ExecutionReported(ExecutionOutcome::Failed));
    }
    moves.push(cancel());
    moves
}

/// What an order is as far as its payments go: without times.
fn seen(order: &Order) -> String {
    let operations: Vec<_> =
        order.operations.iter().map(|of| (of.kind, of.child, of.state(), of.told(), of.attempt())).collect();
    let events: Vec<_> = order.journal.iter().map(|entry| (entry.event, entry.subject)).collect();
    format!("{operations:?} {events:?}")
}

/// What holds of every order at every time.
fn holds(order: &Order, story: &[String]) {
    let told = || story.join("\n");
    let standing: Vec<&Operation> = order.standing_payments().collect();
    for payment in &standing {
        let same = standing.iter().filter(|other| other.child == payment.child).count();
        assert_eq!(same, 1, "the same is paid for twice:\n{}", told());
    }
    if order.is_splitting() {
        assert!(order.payments().any(Operation::is_open), "nobody is waited for, and it is waited:\n{}", told());
    }
}

/// All that is open ends: returns are done, charges are declined.
fn ends(tale: &Tale) -> Order {
    let mut tale = tale.clone();
    while let Some(open) = tale.order.operations.iter().find(|operation| operation.is_open()) {
        let (no, amount, returned) = (open.no, open.amount, open.kind.of().is_some());
        let state =
            if returned { BankState::Succeeded(amount) } else { BankState::Declined(DeclineReason::InsufficientFunds) };
        tale = tale.does(says(no, state, false));
    }
    tale.order
}

#[test]
fn whatever_happens_nothing_is_paid_for_twice_and_everything_ends() {
    let mut known = BTreeSet::new();
    let mut refusals = BTreeSet::new();
    let two = PaymentTerms { stages: Stages::Two, ..PaymentTerms::default() };
    let later = PaymentTerms { purpose: Purpose::Order, customer: Some("buyer-1".into()), ..PaymentTerms::default() };
    let held = PaymentTerms { stages: Stages::Two, ..children(1) };
    let all = [children(0), children(1), held, PaymentTerms::default(), two, later];
    for (case, terms) in all.into_iter().enumerate() {
        let mut stories = vec![(Tale::new(terms).started(), Vec::new())];
        for _ in 0..MOVES {
            let mut next = Vec::new();
            for (tale, story) in stories {
                for command in moves(&tale.order) {
                    let mut after = tale.clone();
                    let mut told: Vec<String> = Vec::clone(&story);
                    told.push(format!("{command:?}"));
                    if let Err(refusal) = after.apply(&command) {
                        refusals.insert(refusal.code());
                        continue;
                    }
                    after.tidy();
                    after.now += 60;
                    if !known.insert(format!("{case} {}", seen(&after.order))) {
                        continue;
                    }
                    holds(&after.order, &told);
                    let begun = after.order.payments().count() > tale.order.payments().count();
                    let paid = tale.order.payments().any(Operation::succeeded);
                    assert!(!begun || !paid, "charged anew after a charge had come:\n{}", told.join("\n"));
                    let ended = ends(&after);
                    let status = ended.status();
                    assert_ne!(status, Status::Checking, "{}", told.join("\n"));
                    let standing: Vec<u8> = ended.standing_payments().map(|payment| payment.no).collect();
                    for of in ended.attempts().filter(|of| !standing.contains(&of.no)) {
                        let figures = ended.figures(of).unwrap();
                        let kept = (figures.held.minor(), figures.kept().unwrap().minor());
                        assert_eq!(kept, (0, 0), "it pays for nothing and stays:\n{}", told.join("\n"));
                    }
                    let gone = ended.execution.ended.is_some() || status == Status::Cancelled;
                    assert!(!gone || ended.standing_payment().is_none(), "{status:?}\n{}", told.join("\n"));
                    next.push((after, told));
                }
            }
            stories = next;
        }
    }
    assert!(known.len() > 10_000, "{} histories only", known.len());
    let named = ["nothing_held", "operation_under_way", "order_not_payable", "payment_under_way"];
    assert_eq!(refusals.into_iter().collect::<Vec<_>>(), named);
}

/// A card's check that comes when the order was paid with another card, failed and went back must not charge its card.
#[test]
fn a_check_that_comes_after_everything_went_back_charges_nobody() {
    let timed_out = Tale::new(children(0)).started().declined(1, DeclineReason::TimedOut);
    let amount = timed_out.order.operation(1).unwrap().amount;
    let paid = timed_out.started().does(says(2, BankState::Succeeded(amount), true)).done(3).done(4).done(5);
    let executing = paid.does(Command::HandedOver);
    let back = executing.does(Command::ExecutionReported(ExecutionOutcome::Failed)).done(6).done(7);
    assert_eq!(back.order.status(), Status::Refunded);
    let late = back.does(says(1, BankState::Succeeded(amount), true));
    assert!(late.order.operations.iter().skip(7).all(|of| of.kind == OperationKind::Return { of: 1 }));
    assert_eq!(late.done(8).order.status(), Status::Refunded);
}
