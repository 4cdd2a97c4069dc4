//! The commands: everything an order can be asked or told in a state.

use domain::acquiring::Method;
use domain::money::Money;
use domain::order::{
    BankReport, BankState, Cancellation, Command, DeclineReason, ExecutionOutcome, Initiator, Operation, OperationKind,
    TaskId, TransactionKind, What,
};
use rust_decimal::Decimal;

use crate::states::{nothing_to_charge, off};
use crate::tale::{DAY, HOUR, Tale, at, charge, fiscal, line, means, rub, standing, start};

/// A command with its name, at its time; what is told may be told or asked for.
pub struct Tried {
    /// What people call it.
    pub name: String,
    /// What comes.
    pub command: Command,
    /// Seconds since the tale began.
    pub at: i64,
    /// The same command again changes nothing, or is refused.
    pub repeatable: bool,
}

struct List {
    now: i64,
    list: Vec<Tried>,
}

impl List {
    fn add(&mut self, name: impl Into<String>, command: Command) {
        let repeatable = match &command {
            Command::Cancel(cancellation) => cancellation.what == What::Whole,
            Command::Capture { what, .. } => *what == What::Whole,
            Command::TaskFailed { .. } => false,
            _ => true,
        };
        self.list.push(Tried { name: name.into(), command, at: self.now, repeatable });
    }

    fn at(&mut self, seconds: i64, name: &str, command: Command) {
        self.add(name, command);
        self.list.last_mut().unwrap().at = seconds;
    }
}

/// An operation as the tables name it.
pub fn named(operation: &Operation) -> String {
    let kind = match operation.kind {
        OperationKind::Payment => "payment",
        OperationKind::Verification => "verification",
        OperationKind::Capture { .. } => "capture",
        OperationKind::Return { .. } => match operation.told() {
            Some(TransactionKind::Void) => "void",
            Some(TransactionKind::Reversal) => "reversal",
            _ => "refund",
        },
        OperationKind::PointsSpent { .. } => "points spent",
        OperationKind::PointsAccrued { .. } => "points given",
    };
    format!("{kind} {}", operation.no)
}

/// Everything that can come in a state.
pub fn of(tale: &Tale) -> Vec<Tried> {
    let mut list = List { now: tale.now, list: Vec::new() };
    asked(&mut list, tale);
    for operation in &tale.order.operations {
        if !matches!(operation.kind, OperationKind::PointsSpent { .. } | OperationKind::PointsAccrued { .. }) {
            reported(&mut list, operation);
        }
    }
    due(&mut list, tale);
    list.list
}

/// What people, the executor and the register ask for and say.
fn asked(list: &mut List, tale: &Tale) {
    let order = &tale.order;
    list.add("the buyer pays", Command::StartPayment(start()));
    list.add("the partner charges saved means", Command::StartPayment(charge()));
    list.add("the partner charges, no means named", Command::StartPayment(nothing_to_charge()));
    for attempt in order.attempts() {
        let operation = attempt.no;
        list.add(format!("the buyer gives up {}", named(attempt)), Command::GiveUp { operation });
    }
    list.add(
        "a terminal has taken the money",
        Command::Collect { method: Method::Terminal, reference: "632112345679".into(), collected: None },
    );
    let lines = |no, quantity| What::Lines(vec![(no, Decimal::from(quantity))]);
    let parts = [
        ("whole", What::Whole),
        ("1000.00", What::Amount(rub(1_000))),
        ("one unit of line 2", lines(2, 1)),
        ("line 3, which is not there", lines(3, 1)),
        ("5000.00", What::Amount(rub(5_000))),
    ];
    for (name, what) in parts.clone() {
        list.add(format!("capture {name}"), Command::Capture { what, by: Initiator::Partner });
    }
    list.add("the buyer cancels", Command::Cancel(Cancellation::BUYER));
    for (name, what) in parts {
        let cancellation = Cancellation { by: Initiator::Partner, what, reason: None, terminal: None, asked: None };
        list.add(format!("cancel {name}"), Command::Cancel(cancellation));
    }
    if order.operations.first().is_some_and(|first| first.method == domain::acquiring::Method::Terminal) {
        let terminal = Some("632199999999".to_owned());
        let cancellation =
            Cancellation { by: Initiator::Partner, what: What::Whole, reason: None, terminal, asked: None };
        list.add("cancel whole, given back by the terminal", Command::Cancel(cancellation));
    }
    let baskets =
        [("down to 2500.00", vec![line("A", 2_000), line("C", 500)]), ("up to 4000.00", vec![line("A", 4_000)])];
    for (name, lines) in baskets {
        list.add(format!("edit {name}"), Command::Edit { lines, by: Initiator::Partner });
    }
    list.add("handed over", Command::HandedOver);
    list.add("the executor has fulfilled", Command::ExecutionReported(ExecutionOutcome::Fulfilled));
    list.add("the executor gives up", Command::ExecutionReported(ExecutionOutcome::Failed));
    list.add("the buyer opens the result", Command::OpenResult);
    list.add("pay out", Command::PayOut { payout: "po_2".into() });
    if let Some(receipt) = order.receipts.last() {
        let total = order.receipt_total(receipt, &tale.details).unwrap();
        let no = receipt.no;
        list.add(
            format!("receipt {no} printed"),
            Command::ReceiptIssued { receipt: no, fiscal: fiscal(total), differs: None },
        );
        let other = fiscal(total.plus(Money::rub(1)).unwrap());
        list.add(
            format!("receipt {no} printed over another total"),
            Command::ReceiptIssued { receipt: no, fiscal: other, differs: None },
        );
    }
    for task in &order.tasks {
        if matches!(task.id, TaskId::AskBank(_) | TaskId::TellBank(_) | TaskId::HandOver) {
            let task = task.id;
            list.add(
                format!("{} failed", crate::table::task(task)),
                Command::TaskFailed { task, forever: false, retry_after_seconds: None },
            );
        }
    }
}

/// What a bank says of an operation.
fn reported(list: &mut List, operation: &Operation) {
    let of = operation.kind.of();
    let mut say = |name: &str, state: BankState, change: &dyn Fn(&mut BankReport)| {
        let mut report = BankReport::new(None, state);
        change(&mut report);
        // A return the bank declines is owed all the same: each such answer is one more failure of its task.
        let owed = matches!(operation.kind, OperationKind::Return { .. }) && matches!(state, BankState::Declined(_));
        for (how, asked) in [("told", false), ("asked", true)] {
            let command = Command::BankReported { operation: operation.no, report: report.clone(), asked };
            list.add(format!("{}: {name} ({how})", named(operation)), command);
            list.list.last_mut().unwrap().repeatable = !owed;
        }
    };
    let same = |_: &mut BankReport| ();
    let amount = operation.amount;
    say("pending", BankState::Pending, &same);
    say("succeeded", BankState::Succeeded(amount), &same);
    say("succeeded over a kopeck less", off(amount), &same);
    say("declined", BankState::Declined(DeclineReason::InsufficientFunds), &same);
    say("timed out", BankState::Declined(DeclineReason::TimedOut), &same);
    say("not found", BankState::NotFound, &same);
    if of.is_some() {
        return; // how the payment stands is told of the payment: the same, whichever operation was asked about
    }
    let other = |report: &mut BankReport| report.reference = Some("bank-other".into());
    say("succeeded, by another name", BankState::Succeeded(amount), &other);
    if operation.save {
        let saved = |report: &mut BankReport| report.saved = Some(means());
        say("succeeded, means saved", BankState::Succeeded(amount), &saved);
    }
    let all = amount.minor();
    let most = all - all / 3;
    let third = all / 3;
    let stands = [
        ("nothing stands", (0, 0, 0)),
        ("all held", (all, 0, 0)),
        ("two thirds held", (most, 0, 0)),
        ("all captured", (0, all, 0)),
        ("two thirds captured", (0, most, 0)),
        ("all captured, a third back", (0, all, third)),
        ("all captured, all back", (0, all, all)),
        ("more captured than there is", (0, all + 1, 0)),
    ];
    for (name, (held, captured, refunded)) in stands {
        say(name, standing(held, captured, refunded), &same);
    }
}

/// What comes with time: each deadline of the order that lies ahead.
fn due(list: &mut List, tale: &Tale) {
    let look = || Command::LookDue { done: vec![] };
    list.add("a look, nothing due", look());
    let order = &tale.order;
    let seconds = |moment: domain::time::Timestamp| moment.as_second() - at(0).as_second();
    let mut deadlines: Vec<(i64, &str)> = Vec::new();
    deadlines.extend(order.waits_until().map(|until| (seconds(until), "a look, the time to pay or charge is over")));
    if order.execution.overdue_at.is_none() {
        deadlines.extend(order.execution_deadline().map(|until| (seconds(until), "a look, three days have passed")));
    }
    for payment in order.payments() {
        if let Some((warning, end)) = order.hold_deadlines(payment) {
            deadlines.push((seconds(warning), "a look, the hold ends in a day"));
            deadlines.push((seconds(end), "a look, the hold ends"));
        }
    }
    if order.execution.opened_at.is_none() && !order.execution.reminded && order.has(domain::order::Event::Fulfilled) {
        deadlines.push((tale.now + DAY, "a look, a day after the result was sent"));
    }
    if !order.tasks.is_empty() {
        deadlines.push((tale.now + HOUR, "a look, an hour later"));
    }
    for (moment, name) in deadlines {
        if moment > tale.now {
            list.at(moment, name, look());
        }
    }
}
