//! What must be true of every order at any moment, whatever happened to it: checked from the stored row alone.

use crate::ledger::{self, Account, Posting};
use crate::money::Money;
use crate::order::{Event, ExecutionEnd, Operation, OperationKind, Order, TaskId};
use crate::receipt::ReceiptKind;
use crate::time::{Timestamp, plus_seconds};

/// Seconds a task may be late before an order counts as stuck: a day.
pub const STUCK_SECONDS: i64 = 24 * 3_600;

/// A rule that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable code of the rule.
    pub rule: &'static str,
    /// What is wrong, with the values in it.
    pub text: String,
}

/// Checks one order. `now` is in the order's own time; `automatic_payout` as the partner has it set.
pub fn audit(order: &Order, now: Timestamp, automatic_payout: bool) -> Vec<Finding> {
    let mut audit = Audit { order, findings: Vec::new() };
    audit.journal();
    audit.books();
    audit.money();
    audit.receipts();
    audit.execution();
    audit.payout();
    audit.nothing_forgotten(now, automatic_payout);
    audit.findings
}

struct Audit<'a> {
    order: &'a Order,
    findings: Vec<Finding>,
}

impl Audit<'_> {
    fn say(&mut self, rule: &'static str, text: impl Into<String>) {
        self.findings.push(Finding { rule, text: text.into() });
    }

    fn count(&self, event: Event, subject: Option<u8>) -> usize {
        self.order.journal.iter().filter(|entry| entry.event == event && entry.subject == subject).count()
    }

    fn postings(&self) -> Vec<Posting> {
        self.order.journal.iter().flat_map(|entry| entry.postings.iter().copied()).collect()
    }

    fn balance(&mut self, account: Account) -> i64 {
        match ledger::balance(account, self.order.amount.zero(), &self.postings()) {
            Ok(balance) => balance.minor(),
            Err(error) => {
                self.say("books.sum", error.to_string());
                0
            }
        }
    }

    fn journal(&mut self) {
        let order = self.order;
        for (at, entry) in order.journal.iter().enumerate() {
            if usize::from(entry.no) != at + 1 {
                self.say("journal.gap", format!("entry {} stands at place {}", entry.no, at + 1));
            }
        }
        for event in
            [Event::Created, Event::HandedOver, Event::Fulfilled, Event::Cancelled, Event::Expired, Event::PaidOut]
        {
            let times = order.journal.iter().filter(|entry| entry.event == event).count();
            if times > 1 {
                self.say("journal.twice", format!("{} happened {times} times", event.code()));
            }
        }
        if order.first(Event::Created).is_none() {
            self.say("journal.start", "the journal has no beginning");
        }
    }

    fn books(&mut self) {
        let mut sum = 0_i64;
        for account in Account::ALL {
            sum += self.balance(account);
        }
        if sum != 0 {
            self.say("books.balance", format!("all accounts together are {sum} kopecks off zero"));
        }
        for posting in self.postings() {
            if !posting.amount.is_positive() || posting.debit == posting.credit {
                self.say("books.posting", format!("a posting of {} moves nothing", posting.amount));
            }
        }
        let owed = self.balance(Account::PartnerPayable);
        if owed > 0 {
            self.say("books.partner", format!("the partner was given {owed} kopecks too much"));
        }
    }

    fn money(&mut self) {
        let order = self.order;
        let (mut at_bank, mut fees) = (0_i64, 0_i64);
        for operation in &order.operations {
            let (event, sign) = match operation.kind {
                OperationKind::Payment => (Event::Captured, 1),
                OperationKind::Refund { .. } => (Event::Refunded, -1),
            };
            let wanted = usize::from(operation.succeeded());
            let found = self.count(event, Some(operation.no));
            if found != wanted {
                self.say(
                    "money.journal",
                    format!("operation {} is on the books {found} times, not {wanted}", operation.no),
                );
            }
            if operation.succeeded() {
                at_bank += sign * operation.amount.minor();
                fees += sign * order.commission.fee(operation.amount).map_or(0, Money::minor);
            }
            self.refund(operation);
        }
        let booked = self.balance(Account::BankClearing);
        if booked != at_bank {
            self.say("money.bank", format!("the bank holds {at_bank} kopecks, the books say {booked}"));
        }
        let commission = -self.balance(Account::Commission);
        if commission != fees {
            self.say("money.fee", format!("the fee should be {fees} kopecks, the books say {commission}"));
        }
        let standing = order.payments().filter(|p| p.succeeded() && order.refund_of(p.no).is_none()).count();
        if standing > 1 {
            self.say("money.twice", format!("{standing} payments stand for one order"));
        }
        if order.has(Event::Expired) && standing > 0 {
            self.say("money.expired", "an expired order keeps a payment");
        }
    }

    fn refund(&mut self, operation: &Operation) {
        let OperationKind::Refund { of } = operation.kind else {
            return;
        };
        match self.order.operation(of) {
            Some(payment) if payment.succeeded() && payment.amount == operation.amount => {}
            _ => self.say("money.refund", format!("operation {} refunds what was not paid", operation.no)),
        }
        let refunds = self.order.operations.iter().filter(|other| other.kind == operation.kind).count();
        if refunds > 1 {
            self.say("money.refund_twice", format!("payment {of} is refunded {refunds} times"));
        }
    }

    fn receipts(&mut self) {
        let order = self.order;
        for operation in order.operations.iter().filter(|operation| operation.succeeded()) {
            let kind = match operation.kind {
                OperationKind::Payment => ReceiptKind::Sale,
                OperationKind::Refund { .. } => ReceiptKind::SaleRefund,
            };
            let of_it: Vec<_> = order.receipts.iter().filter(|receipt| receipt.operation == operation.no).collect();
            if of_it.len() != 1 || of_it.iter().any(|receipt| receipt.kind != kind) {
                self.say("receipt.one", format!("operation {} has {} receipts", operation.no, of_it.len()));
            }
            if of_it.iter().any(|r| r.fiscal.as_ref().is_some_and(|fiscal| fiscal.total != operation.amount)) {
                self.say("receipt.total", format!("the receipt of operation {} has another total", operation.no));
            }
        }
        for receipt in &order.receipts {
            if !order.operation(receipt.operation).is_some_and(Operation::succeeded) {
                self.say("receipt.orphan", format!("receipt {} covers no money", receipt.no));
            }
        }
    }

    fn execution(&mut self) {
        let order = self.order;
        let refunded = order.payments().filter(|payment| order.refund_of(payment.no).is_some()).count();
        match order.execution.ended {
            Some(ExecutionEnd::Cancelled(_) | ExecutionEnd::Failed(_)) if refunded == 0 => {
                self.say("execution.refund", "the order was cancelled and its money was not sent back");
            }
            Some(ExecutionEnd::Fulfilled(_)) if order.standing_payment().is_none() => {
                self.say("execution.unpaid", "the order was fulfilled and nothing pays for it");
            }
            _ => {}
        }
        if order.has(Event::Fulfilled) && (order.has(Event::Cancelled) || order.has(Event::ExecutionFailed)) {
            self.say("execution.both", "the order was both fulfilled and cancelled");
        }
    }

    fn payout(&mut self) {
        let order = self.order;
        let Some(paid_out) = order.first(Event::PaidOut) else {
            if order.payout.is_some() {
                self.say("payout.journal", "a payout is named that the journal does not know");
            }
            return;
        };
        let unpaid = Order { payout: None, ..order.clone() };
        match unpaid.payable_at() {
            Some(at) if at <= paid_out => {}
            Some(at) => self.say("payout.early", format!("paid out at {paid_out}, payable from {at}")),
            None => self.say("payout.unfulfilled", "paid out without being fulfilled and paid"),
        }
        let left = self.balance(Account::PartnerPayable);
        if left != 0 {
            self.say("payout.amount", format!("{left} kopecks are left on the partner's account after the payout"));
        }
    }

    /// Every obligation has its task, every task and deadline its place in the due index, and none is old.
    fn nothing_forgotten(&mut self, now: Timestamp, automatic_payout: bool) {
        let order = self.order;
        let has = |id: TaskId| order.tasks.iter().any(|task| task.id == id);
        for operation in order.operations.iter().filter(|operation| operation.is_open()) {
            let task = match operation.kind {
                OperationKind::Payment => TaskId::AskBank(operation.no),
                OperationKind::Refund { .. } => TaskId::Refund(operation.no),
            };
            if !has(task) {
                self.say(
                    "forgotten.operation",
                    format!("nobody is to learn what became of operation {}", operation.no),
                );
            }
        }
        for receipt in order.receipts.iter().filter(|receipt| receipt.fiscal.is_none()) {
            if !has(TaskId::Receipt(receipt.no)) {
                self.say("forgotten.receipt", format!("nobody is to print receipt {}", receipt.no));
            }
        }
        let executing = order.standing_payment().is_some() && order.execution.ended.is_none();
        if executing && order.execution.handed_over_at.is_none() && !has(TaskId::HandOver) {
            self.say("forgotten.execution", "nobody is to hand the order over");
        }
        match (order.next_due(automatic_payout), order.due) {
            (Some(wanted), Some(stored)) if stored <= wanted => {}
            (Some(wanted), stored) => {
                self.say("forgotten.due", format!("due at {wanted}, the index says {stored:?}"));
            }
            (None, _) => {}
        }
        for task in &order.tasks {
            if plus_seconds(task.next_at, STUCK_SECONDS) < now {
                self.say("stuck.task", format!("task {} has waited since {}", task.id, task.next_at));
            }
        }
        if order.due.is_some_and(|due| plus_seconds(due, STUCK_SECONDS) < now) {
            self.say("stuck.due", "nobody has looked at the order for a day after it was due");
        }
    }
}
