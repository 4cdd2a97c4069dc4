//! What must be true of every order at any moment, whatever happened to it: checked from the stored row alone.

use crate::acquiring::Method;
use crate::commission::Fee;
use crate::ledger::{self, Account, Posting};
use crate::money::Money;
use crate::order::{
    Event, ExecutionEnd, Operation, OperationKind, Order, Receipt, TaskId, TransactionKind, TransactionState,
};
use crate::tariff::ServiceEnd;
use crate::time::{Timestamp, plus_seconds};

/// Seconds a task may be late before an order counts as stuck: a day.
pub const STUCK_SECONDS: i64 = 24 * 3_600;
/// Failures of a receipt's task after which somebody must look at it: half a day ([`crate::webhook::persist_seconds`]). What its
/// register refuses may be refused for ever, and the law gives little time.
pub const RECEIPT_FAILURES_MAX: u8 = 8;

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

const fn is_payout(event: Event) -> bool {
    matches!(event, Event::PaidOut | Event::Settled)
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
        let owed = self.balance(Account::PartnerPending) + self.balance(Account::PartnerAvailable);
        let collected = self.order.payments().any(|payment| payment.method.is_collected());
        // A fee that a refund leaves is owed by the partner, and no more than it.
        let fee = if self.order.keeps_fee() {
            self.order.booked_fee().and_then(Fee::total).map_or(0, Money::minor)
        } else {
            0
        };
        if owed > fee && !collected && !self.moved_after_payout() {
            self.say("books.partner", format!("the partner was given {owed} kopecks too much"));
        }
    }

    /// Whether money moved after the partner's part had gone out: a payment that came late, or one the bank gave back by itself.
    /// Then the partner owes, or is owed, the difference.
    fn moved_after_payout(&self) -> bool {
        let order = self.order;
        let out = order.journal.iter().find(|entry| entry.event == Event::PaidOut).map(|entry| entry.no);
        let moves = |event| matches!(event, Event::Captured | Event::Refunded | Event::RefundUndone);
        out.is_some_and(|out| order.journal.iter().any(|entry| entry.no > out && moves(entry.event)))
    }

    fn money(&mut self) {
        let order = self.order;
        let (mut at_bank, mut at_nominal, mut in_cash, mut charged) = (0_i64, 0_i64, 0_i64, 0_i64);
        for operation in &order.operations {
            let moved = Order::receipt_due(operation).is_some();
            let back = matches!(operation.kind, OperationKind::Return { .. });
            let on_books = if back {
                let undone = self.count(Event::RefundUndone, Some(operation.no));
                self.count(Event::Refunded, Some(operation.no)).checked_sub(undone)
            } else {
                Some(self.count(Event::Captured, Some(operation.no)))
            };
            if on_books != Some(usize::from(moved)) {
                self.say(
                    "money.journal",
                    format!("operation {} is on the books {on_books:?} times, not {}", operation.no, u8::from(moved)),
                );
            }
            if moved {
                let money = operation.money().map_or(0, Money::minor);
                let fee = operation.bank_fee.map_or(0, |fee| fee.amount.minor());
                let (money, fee) = if back { (-money, -fee) } else { (money, fee) };
                charged += fee;
                let money = money - fee;
                match (operation.method, operation.nominal) {
                    (Method::Cash, _) => in_cash += money,
                    (_, true) => at_nominal += money,
                    (_, false) => at_bank += money,
                }
            }
            self.on_payment(operation);
        }
        // Cash of a fulfilled order has been set off against what the partner was owed.
        let fulfilled = matches!(order.execution.ended, Some(ExecutionEnd::Fulfilled(_)));
        let set_off = fulfilled && self.balance(Account::PartnerCash) == 0;
        for (account, wanted) in [
            (Account::BankClearing, at_bank),
            (Account::Nominal, at_nominal),
            (Account::PartnerCash, if set_off { 0 } else { in_cash }),
            (Account::Acquiring, charged),
        ] {
            let booked = self.balance(account);
            if booked != wanted {
                self.say("money.bank", format!("{} holds {wanted} kopecks, the books say {booked}", account.code()));
            }
        }
        let Ok(taken) = order.taken() else {
            return self.say("money.sum", "what was taken can not be summed up");
        };
        let Ok(parts) = order.fee(false) else {
            return self.say("money.fee", "the fee can not be worked out");
        };
        let Ok(booked) = order.booked_fee() else {
            return self.say("money.fee", "the fee on the books can not be summed up");
        };
        let fees = [(Account::Commission, parts.net, booked.net), (Account::CommissionVat, parts.vat, booked.vat)];
        for (account, wanted, booked) in fees.map(|(account, one, other)| (account, one.minor(), other.minor())) {
            if booked != wanted {
                self.say("money.fee", format!("{} should be {wanted} kopecks, the books say {booked}", account.code()));
            }
        }
        let fee = parts.net.minor() + parts.vat.minor();
        let pending = -self.balance(Account::PartnerPending);
        let available = -self.balance(Account::PartnerAvailable);
        let (owed, out) = (pending + available, -self.balance(Account::PayoutInTransit));
        // Orders paid out before the two were told apart never had anything available.
        let told_apart = self.postings().iter().any(|posting| posting.credit == Account::PartnerAvailable);
        if pending != 0 && told_apart && matches!(order.execution.ended, Some(ExecutionEnd::Fulfilled(_))) {
            self.say("money.pending", format!("{pending} kopecks of a fulfilled order never become available"));
        }
        let (Ok(deducted), Ok(deduction)) = (order.deducted(), order.deduction()) else {
            return self.say("money.service", "what is taken off for the service can not be worked out");
        };
        if deducted != deduction {
            self.say("money.service", format!("{deducted} were taken off for the service, not {deduction}"));
        }
        self.service();
        let due = taken.minor() - fee - out - deducted.minor() - if set_off { in_cash } else { 0 };
        if owed != due {
            self.say("money.partner", format!("the partner is owed {owed} kopecks, not {due}"));
        }
        self.payments();
    }

    /// What was reserved for an order is reserved while it is under way, and was taken or went back when it ended.
    fn service(&mut self) {
        let order = self.order;
        let service = order.pricing.as_ref().and_then(|pricing| pricing.service.as_ref());
        let ended = service.and_then(|service| service.ended);
        let fulfilled = matches!(order.execution.ended, Some(ExecutionEnd::Fulfilled(_)));
        let over = order.execution.ended.is_some() || order.has(Event::Expired) || order.has(Event::Cancelled);
        let taken = ended == Some(ServiceEnd::Taken);
        // What the bank gave back and took again may be fulfilled after all.
        let revived = order.has(Event::RefundUndone);
        if service.is_some() && ((over && ended.is_none()) || (taken != fulfilled && !(fulfilled && revived))) {
            self.say(
                "service.end",
                format!("the reservation is {ended:?} of an order that is {}", order.status().code()),
            );
        }
        let minor = |amount: Option<Money>| amount.map_or(0, Money::minor);
        let reserved = minor(service.filter(|_| ended.is_none()).map(|service| service.reserved));
        let taken = service.filter(|_| ended == Some(ServiceEnd::Taken));
        let price = minor(taken.map(|service| service.price));
        let vat = taken.and_then(|service| ledger::included_vat(service.price, service.vat_percent).ok());
        let vat = minor(vat);
        let of_fee = order.booked_fee().map_or(0, |fee| fee.vat.minor());
        let on_vat = -self.balance(Account::CommissionVat) - of_fee;
        let booked = [
            (Account::Reserved, reserved, -self.balance(Account::Reserved)),
            (Account::Services, price - vat, -self.balance(Account::Services)),
            (Account::CommissionVat, vat, on_vat),
        ];
        for (account, wanted, booked) in booked {
            if booked != wanted {
                self.say(
                    "service.books",
                    format!("{} should be {wanted} kopecks, the books say {booked}", account.code()),
                );
            }
        }
    }

    fn payments(&mut self) {
        let order = self.order;
        let standing: Vec<_> = order.standing_payments().map(|payment| payment.child).collect();
        for (at, child) in standing.iter().enumerate() {
            if standing[..at].contains(child) {
                self.say("money.twice", format!("several payments stand for {child:?}"));
            }
        }
        if order.has(Event::Expired) && !standing.is_empty() {
            self.say("money.expired", "an expired order keeps a payment");
        }
        for payment in order.attempts() {
            let Ok(figures) = order.figures(payment) else {
                self.say("money.figures", format!("what became of payment {} can not be summed up", payment.no));
                continue;
            };
            let came = if payment.succeeded() { payment.money().map_or(0, Money::minor) } else { 0 };
            let (held, let_go, captured) = (figures.held.minor(), figures.let_go.minor(), figures.captured.minor());
            let (returned, returning) = (figures.returned.minor(), figures.returning.minor());
            if [held, let_go, captured, returned, returning].iter().any(|part| *part < 0)
                || held + let_go + captured != came
                || returned > captured
                || (held == 0 && returned + returning > captured)
                || (held > 0 && returning > held)
            {
                self.say(
                    "money.parts",
                    format!("payment {} of {came} kopecks does not add up: {figures:?}", payment.no),
                );
            }
            // Refunds the bank took back are owed beside whatever is under way.
            let undone = |no| self.count(Event::RefundUndone, Some(no)) > 0;
            if order.operations_of(payment.no).filter(|of| of.is_open() && !undone(of.no)).count() > 1 {
                self.say("money.open", format!("several operations of payment {} are under way", payment.no));
            }
        }
    }

    /// A capture, return or movement of points belongs to a payment that came, on the same account.
    fn on_payment(&mut self, operation: &Operation) {
        let Some(of) = operation.kind.of() else {
            return;
        };
        match self.order.operation(of) {
            Some(payment)
                if payment.succeeded()
                    && payment.kind.of().is_none()
                    && payment.account == operation.account
                    && payment.nominal == operation.nominal => {}
            _ => self.say("money.of", format!("operation {} belongs to no payment that came", operation.no)),
        }
        if !operation.parts.is_empty() && !matches!(operation.kind, OperationKind::PointsSpent { .. }) {
            let sum: i64 = operation.parts.iter().map(|part| part.amount.minor()).sum();
            if sum != operation.amount.minor() {
                self.say("money.lines", format!("the parts of operation {} sum up to {sum} kopecks", operation.no));
            }
        }
    }

    /// Each captured amount is covered by one valid chain: the sale, its closing where it was a prepayment, the refunds.
    fn receipts(&mut self) {
        let order = self.order;
        for operation in &order.operations {
            let Some(kind) = Order::receipt_due(operation) else { continue };
            let Ok(money) = operation.money() else { continue };
            if money.is_zero() {
                continue; // points are no money
            }
            let of_it: Vec<_> = order.receipts_of(operation.no, false).collect();
            let shares = of_it.iter().enumerate().all(|(at, receipt)| usize::from(receipt.share) == at);
            if of_it.is_empty() || !shares || of_it.iter().any(|receipt| receipt.kind != kind) {
                self.say("receipt.one", format!("operation {} has {} receipts", operation.no, of_it.len()));
            }
            self.total("receipt.total", operation.no, &of_it, money);
            self.chain(operation, money, &of_it);
        }
        for receipt in &order.receipts {
            let covered = order.operation(receipt.operation).is_some_and(|operation| {
                // A refund the bank took back is owed again; its receipt waits for it.
                Order::receipt_due(operation).is_some() || self.count(Event::RefundUndone, Some(operation.no)) > 0
            });
            if !covered {
                self.say("receipt.orphan", format!("receipt {} covers no money", receipt.no));
            }
            let corrections = order.receipts.iter().filter(|other| other.corrects == Some(receipt.no)).count();
            match (&receipt.differs, corrections) {
                (None, 0) | (Some(_), 2) => {}
                (Some(differs), 0) => {
                    self.say("receipt.differs", format!("receipt {} was printed wrong: {}", receipt.no, differs.text));
                }
                (_, many) => self.say("receipt.corrections", format!("receipt {} has {many} corrections", receipt.no)),
            }
        }
    }

    /// Printed receipts of one operation sum up to what they cover.
    fn total(&mut self, rule: &'static str, operation: u8, receipts: &[&Receipt], wanted: Money) {
        let printed: Option<i64> = receipts
            .iter()
            .map(|receipt| {
                receipt.fiscal.as_ref().filter(|_| receipt.differs.is_none()).map(|fiscal| fiscal.total.minor())
            })
            .sum();
        if printed.is_some_and(|printed| printed != wanted.minor()) {
            self.say(rule, format!("the receipts of operation {operation} have another total than {wanted}"));
        }
    }

    /// What was paid before the hand-over is closed by it, once, for all that had not gone back by then.
    fn chain(&mut self, operation: &Operation, money: Money, sales: &[&Receipt]) {
        let order = self.order;
        let of = operation.no;
        let closings: Vec<_> = order.receipts_of(of, true).collect();
        let before = sales.iter().any(|receipt| receipt.stage.settlement().is_before());
        if !before || matches!(operation.kind, OperationKind::Return { .. }) {
            if !closings.is_empty() {
                self.say("receipt.closing", format!("operation {of} was no prepayment and is closed"));
            }
            return;
        }
        let after = closings.first().map_or(u8::MAX, |closing| closing.after);
        let payment = operation.kind.of().unwrap_or(of);
        let gone = order.returns_of(payment).filter(|gone| gone.no <= after);
        let gone = gone.filter(|gone| gone.told() != Some(TransactionKind::Void));
        let gone = gone.filter(|gone| !matches!(gone.state(), TransactionState::Declined(_)));
        let gone: i64 = gone.map(|gone| gone.amount.minor()).sum();
        let left = Money::new(money.minor() - gone, money.currency());
        if closings.is_empty() {
            // A sale that came in the same breath as the fulfilment is one of full settlement.
            if order.has(Event::Fulfilled) && left.is_positive() {
                self.say(
                    "receipt.unclosed",
                    format!("the prepayment of operation {of} was handed over and not closed"),
                );
            }
        } else {
            self.total("receipt.closing_total", of, &closings, left);
        }
    }

    fn execution(&mut self) {
        let order = self.order;
        // What a terminal took an operator gives back.
        let stands = order.standing_payments().any(|payment| !payment.method.is_collected());
        let settling = order.payments().any(|payment| order.open_operation_of(payment.no).is_some());
        match order.execution.ended {
            Some(ExecutionEnd::Cancelled(_) | ExecutionEnd::Failed(_)) if stands && !settling => {
                self.say("execution.refund", "the order was cancelled and its money was not sent back");
            }
            Some(ExecutionEnd::Fulfilled(_)) if order.payments().all(|payment| !payment.succeeded()) => {
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
        // As it stood before the payout: what it owes then says when it may go out.
        let mut unpaid = Order { payout: None, ..order.clone() };
        // A receipt printed since moves nothing: an order that owes is payable from its last entry, which was an earlier one then.
        unpaid.journal.retain(|entry| entry.at <= paid_out || !entry.postings.is_empty());
        unpaid.journal.iter_mut().filter(|entry| is_payout(entry.event)).for_each(|entry| entry.postings.clear());
        match unpaid.payable_at() {
            Some(at) if at <= paid_out => {}
            Some(at) if !self.moved_after_payout() => {
                self.say("payout.early", format!("paid out at {paid_out}, payable from {at}"));
            }
            None if !self.moved_after_payout() => {
                self.say("payout.unfulfilled", "paid out without being fulfilled and paid");
            }
            _ => {}
        }
        let last = order.journal.iter().rev().find(|entry| is_payout(entry.event)).map_or(0, |entry| entry.no);
        let moved_since = order.journal.iter().any(|entry| entry.no > last && !entry.postings.is_empty());
        let left = self.balance(Account::PartnerPending) + self.balance(Account::PartnerAvailable);
        if left != 0 && !moved_since {
            self.say("payout.amount", format!("{left} kopecks are left on the partner's account after the payout"));
        }
    }

    /// Every obligation has its task, every task and deadline its place in the due index, and none is old.
    fn nothing_forgotten(&mut self, now: Timestamp, automatic_payout: bool) {
        let order = self.order;
        let has = |id: TaskId| order.tasks.iter().any(|task| task.id == id);
        for operation in order.operations.iter().filter(|operation| operation.is_open()) {
            let known = has(TaskId::AskBank(operation.no)) || has(TaskId::TellBank(operation.no));
            if !known {
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
        for operation in order.operations.iter().filter(|operation| {
            operation.told() == Some(TransactionKind::Authorization)
                && operation.hold_until.is_some_and(|until| until < now)
                && order.figures(operation).is_ok_and(|figures| figures.held.is_positive())
        }) {
            if order.open_operation_of(operation.no).is_none() && !has(TaskId::AskBank(operation.no)) {
                self.say("forgotten.hold", format!("nobody decides about the hold of operation {}", operation.no));
            }
        }
        let executing = order.standing_payment().is_some() && order.execution.ended.is_none() && !order.is_splitting();
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
            if let TaskId::Receipt(no) = task.id
                && task.failures >= RECEIPT_FAILURES_MAX
            {
                self.say("stuck.receipt", format!("receipt {no} could not be printed {} times", task.failures));
            }
            if plus_seconds(task.next_at, STUCK_SECONDS) < now {
                self.say("stuck.task", format!("task {} has waited since {}", task.id, task.next_at));
            }
        }
        if order.due.is_some_and(|due| plus_seconds(due, STUCK_SECONDS) < now) {
            self.say("stuck.due", "nobody has looked at the order for a day after it was due");
        }
    }
}
