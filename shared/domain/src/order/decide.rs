//! (state, command, now) → next state, postings and tasks; or already applied; or refused, and why.

use crate::acquiring::{SavedMeans, Standing};
use crate::details::Details;
use crate::ledger;
use crate::money::{Money, MoneyError};
use crate::order::{
    DeclineReason, Entry, Event, ExecutionEnd, Operation, OperationKind, Order, RECHECK_SECONDS, RESEND_SECONDS,
    Receipt, Status, Task, TaskId, Transaction, TransactionKind, TransactionState,
};
use crate::receipt::{Fiscal, ReceiptKind};
use crate::time::{Timestamp, plus_seconds};
use crate::webhook::{persist_seconds, retry_seconds};

/// What is asked of an order, or reported about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// The buyer has agreed and wants to pay. The agreement is already on record.
    StartPayment,
    /// The bank knows the payment and shows its page at `url`.
    BankRegistered {
        /// Operation.
        operation: u8,
        /// The bank's own id.
        reference: String,
        /// The bank's page.
        url: String,
    },
    /// The bank says how an operation stands.
    BankReported {
        /// Operation.
        operation: u8,
        /// What it says.
        report: BankReport,
    },
    /// The register printed a receipt.
    ReceiptIssued {
        /// Receipt.
        receipt: u8,
        /// What it printed.
        fiscal: Fiscal,
    },
    /// The executor took the order.
    HandedOver,
    /// The executor says how execution ended.
    ExecutionReported(ExecutionOutcome),
    /// The buyer cancels.
    Cancel,
    /// The buyer opened the result.
    OpenResult,
    /// A task was done and leaves no other trace.
    TaskDone(TaskId),
    /// A task could not be done now.
    TaskFailed {
        /// Which.
        task: TaskId,
        /// It never can be done; give it up.
        forever: bool,
        /// Not before this many seconds, as the other side asked.
        retry_after_seconds: Option<u32>,
    },
    /// Look what is due. `done` are the tasks whose records say they are done.
    LookDue {
        /// Done tasks.
        done: Vec<TaskId>,
    },
    /// The partner's part goes out with a payout.
    PayOut {
        /// The payout's id.
        payout: String,
    },
}

/// How execution ended, as the executor says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecutionOutcome {
    /// Delivered.
    Fulfilled,
    /// Given up.
    Failed,
}

/// What a bank says of an operation, in our words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankReport {
    /// The bank's own id, where it named one.
    pub reference: Option<String>,
    /// How it stands.
    pub state: BankState,
    /// The means, where the bank has saved them on the buyer's wish.
    pub saved: Option<SavedMeans>,
    /// How much of the amount was paid with bonus points.
    pub points: Option<Money>,
}

impl BankReport {
    /// A report of a state and nothing else.
    pub const fn new(reference: Option<String>, state: BankState) -> Self {
        Self { reference, state, saved: None, points: None }
    }
}

/// How an operation stands at the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BankState {
    /// No outcome yet.
    Pending,
    /// Money moved: this much.
    Succeeded(Money),
    /// How the whole payment stands, of which what was asked about is a part.
    Stands(Standing),
    /// Money will not move.
    Declined(DeclineReason),
    /// The bank has never heard of it.
    NotFound,
}

/// What a decision may look at besides the order.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// Now, in the order's own time.
    pub now: Timestamp,
    /// The partner wants webhooks.
    pub webhook: bool,
    /// Payouts are made without being asked for.
    pub automatic_payout: bool,
    /// A random value that spreads retries.
    pub jitter: u16,
}

/// The answer to a command that was not refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// The order changes.
    Changed(Box<Change>),
    /// It already has; nothing to do.
    AlreadyApplied,
}

/// The next state, and what to send to the workers once it is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The next state, its version already one higher.
    pub order: Order,
    /// Tasks to send now.
    pub send: Vec<TaskId>,
}

/// Why a command is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The time to pay is over.
    #[error("the order expired at {0}")]
    Expired(Timestamp),
    /// Nothing is to be paid any more.
    #[error("the order is {}", .0.code())]
    NotPayable(Status),
    /// A payment's outcome is not known yet; a second one must not be started.
    #[error("the outcome of operation {0} is not known yet")]
    PaymentUnderWay(u8),
    /// No such operation.
    #[error("the order has no operation {0}")]
    NoOperation(u8),
    /// No such receipt.
    #[error("the order has no receipt {0}")]
    NoReceipt(u8),
    /// The bank reports another amount than was asked for.
    #[error("the bank reports {reported}, the operation is over {expected}")]
    Amount {
        /// What the bank says.
        reported: Money,
        /// What was asked for.
        expected: Money,
    },
    /// The bank names another transaction than before.
    #[error("the bank names transaction `{reported}`, known is `{known}`")]
    Reference {
        /// What the bank says.
        reported: String,
        /// What it said before.
        known: String,
    },
    /// The register printed another total than it was given.
    #[error("the register printed {printed}, the receipt is over {expected}")]
    Printed {
        /// What was printed.
        printed: Money,
        /// What was to be printed.
        expected: Money,
    },
    /// A success or a refusal is final; the contrary came after it.
    #[error("operation {0} has already ended otherwise")]
    Contradiction(u8),
    /// Execution has ended otherwise, once and for all.
    #[error("execution has already ended: {0:?}")]
    ExecutionEnded(ExecutionEnd),
    /// The buyer may cancel only after three days, and only what is not executed.
    #[error("the order can not be cancelled now")]
    NotCancellable,
    /// Not fulfilled, not mature, or already paid out.
    #[error("the order is not payable to the partner")]
    NotMature,
    /// Nothing to open.
    #[error("the order is not fulfilled")]
    NotFulfilled,
    /// Sums do not work out.
    #[error("the amounts do not work out")]
    Money(#[from] MoneyError),
    /// More operations, receipts or entries than an order can have.
    #[error("the order has too many entries")]
    Full,
}

/// Decides. Pure: the same arguments give the same answer.
///
/// # Errors
/// The command is refused; nothing changes.
pub fn decide(order: &Order, details: &Details, command: &Command, context: &Context) -> Result<Decision, Refusal> {
    let mut next = Next { order: order.clone(), details, context, send: Vec::new(), touched: false };
    match command {
        Command::StartPayment => next.start_payment()?,
        Command::BankRegistered { operation, reference, url } => next.bank_registered(*operation, reference, url)?,
        Command::BankReported { operation, report } => next.bank_reported(*operation, report)?,
        Command::ReceiptIssued { receipt, fiscal } => next.receipt_issued(*receipt, fiscal)?,
        Command::HandedOver => next.handed_over()?,
        Command::ExecutionReported(outcome) => next.execution_reported(*outcome)?,
        Command::Cancel => next.cancel()?,
        Command::OpenResult => next.open_result()?,
        Command::TaskDone(task) => next.drop_task(*task),
        Command::TaskFailed { task, forever, retry_after_seconds } => {
            next.task_failed(*task, *forever, *retry_after_seconds);
        }
        Command::LookDue { done } => next.look_due(done)?,
        Command::PayOut { payout } => next.pay_out(payout)?,
    }
    Ok(next.finish(order))
}

/// The next state while it is being made.
struct Next<'a> {
    order: Order,
    details: &'a Details,
    context: &'a Context,
    send: Vec<TaskId>,
    touched: bool,
}

impl Next<'_> {
    fn finish(mut self, before: &Order) -> Decision {
        let due = self.order.next_due(self.context.automatic_payout);
        // An early entry in the due index is harmless and free; moving it costs two writes. So it moves only when it is too
        // late, when it has come, or when nothing is due any more and nothing else moves it.
        self.order.due = match (before.due, due) {
            (Some(stored), Some(wanted)) if stored <= wanted && stored > self.context.now => Some(stored),
            (_, wanted) => wanted,
        };
        if !self.touched && self.order.due == before.due {
            return Decision::AlreadyApplied;
        }
        self.order.version += 1;
        Decision::Changed(Box::new(Change { order: self.order, send: self.send }))
    }

    /// Adds a journal entry and whom to tell of it.
    fn record(&mut self, event: Event, subject: Option<u8>, postings: Vec<ledger::Posting>) -> Result<(), Refusal> {
        let no = u16::try_from(self.order.journal.len() + 1).map_err(|_| Refusal::Full)?;
        self.order.journal.push(Entry { no, at: self.context.now, event, subject, postings });
        self.touched = true;
        if self.context.webhook && event.webhook().is_some() {
            self.task(TaskId::Webhook(no));
        }
        if event.told_to_buyer() {
            let channels: Vec<_> = self.details.reachable().map(|(channel, _)| channel).collect();
            for channel in channels {
                self.task(TaskId::Notify(no, channel));
            }
        }
        Ok(())
    }

    /// Adds a task to be sent now, and again if nothing is heard of it.
    fn task(&mut self, id: TaskId) {
        if self.order.tasks.iter().all(|task| task.id != id) {
            let next_at = plus_seconds(self.context.now, RESEND_SECONDS);
            self.order.tasks.push(Task { id, failures: 0, next_at });
            self.send.push(id);
            self.touched = true;
        }
    }

    fn drop_task(&mut self, id: TaskId) {
        let before = self.order.tasks.len();
        self.order.tasks.retain(|task| task.id != id);
        self.touched |= self.order.tasks.len() != before;
    }

    fn operation_index(&self, no: u8) -> Result<usize, Refusal> {
        self.order.operations.iter().position(|operation| operation.no == no).ok_or(Refusal::NoOperation(no))
    }

    fn push_operation(&mut self, kind: OperationKind, amount: Money) -> Result<u8, Refusal> {
        let no = u8::try_from(self.order.operations.len() + 1).map_err(|_| Refusal::Full)?;
        let transaction = match kind {
            OperationKind::Payment => TransactionKind::Purchase,
            OperationKind::Refund { .. } => TransactionKind::Refund,
        };
        let state = TransactionState::Intended;
        let transactions = vec![Transaction { kind: transaction, state, reference: None, url: None }];
        self.order.operations.push(Operation { no, kind, amount, transactions });
        Ok(no)
    }

    fn start_payment(&mut self) -> Result<(), Refusal> {
        match self.order.status() {
            Status::Awaiting => {}
            Status::Checking => {
                let open = self.order.open_payment().map_or(0, |operation| operation.no);
                return Err(Refusal::PaymentUnderWay(open));
            }
            Status::Expired => return Err(Refusal::Expired(self.order.expires_at)),
            other => return Err(Refusal::NotPayable(other)),
        }
        if self.context.now >= self.order.expires_at {
            return Err(Refusal::Expired(self.order.expires_at));
        }
        self.order.offer = None;
        let no = self.push_operation(OperationKind::Payment, self.order.amount)?;
        self.record(Event::PaymentStarted, Some(no), Vec::new())?;
        // Asked about when the time to pay is over, should the bank not have said anything until then.
        let next_at = self.order.expires_at;
        self.order.tasks.push(Task { id: TaskId::AskBank(no), failures: 0, next_at });
        Ok(())
    }

    fn bank_registered(&mut self, no: u8, reference: &str, url: &str) -> Result<(), Refusal> {
        let index = self.operation_index(no)?;
        self.same_reference(index, Some(reference))?;
        let Some(transaction) = self.order.operations[index].transactions.last_mut() else {
            return Err(Refusal::NoOperation(no));
        };
        if transaction.state == TransactionState::Intended {
            transaction.state = TransactionState::Pending;
            transaction.reference = Some(reference.to_owned());
            transaction.url = Some(url.to_owned());
            self.touched = true;
        }
        Ok(())
    }

    fn same_reference(&self, index: usize, reported: Option<&str>) -> Result<(), Refusal> {
        match (reported, self.order.operations[index].reference()) {
            (Some(reported), Some(known)) if reported != known => {
                Err(Refusal::Reference { reported: reported.to_owned(), known: known.to_owned() })
            }
            _ => Ok(()),
        }
    }

    fn bank_reported(&mut self, no: u8, report: &BankReport) -> Result<(), Refusal> {
        let index = self.operation_index(no)?;
        let operation = &self.order.operations[index];
        let (kind, state, expected) = (operation.kind, operation.state(), operation.amount);
        self.same_reference(index, report.reference.as_deref())?;
        match (report.state, state) {
            (BankState::Succeeded(_) | BankState::Pending, TransactionState::Succeeded)
            | (BankState::Declined(_) | BankState::Pending | BankState::NotFound, TransactionState::Declined(_))
            | (BankState::NotFound, TransactionState::Pending) => {}
            (BankState::Declined(_) | BankState::NotFound, TransactionState::Succeeded) => {
                return Err(Refusal::Contradiction(no));
            }
            (BankState::Succeeded(reported), _) => {
                if reported != expected {
                    return Err(Refusal::Amount { reported, expected });
                }
                self.settle(index, TransactionState::Succeeded, report.reference.as_deref());
                match kind {
                    OperationKind::Payment => self.captured(no, expected)?,
                    OperationKind::Refund { of } => self.refunded(no, of, expected)?,
                }
            }
            (BankState::Declined(reason), _) => self.declined(index, no, kind, reason, report)?,
            (BankState::NotFound, TransactionState::Intended) => match kind {
                OperationKind::Payment => self.declined(index, no, kind, DeclineReason::NotReached, report)?,
                OperationKind::Refund { .. } => {} // the bank has not been told; the refund's task tells it
            },
            // A standing becomes a decision with two-stage payments.
            (BankState::Stands(_), _) => return Err(Refusal::Contradiction(no)),
            (BankState::Pending, _) => {
                if let (Some(reference), TransactionState::Intended) = (&report.reference, state) {
                    self.settle(index, TransactionState::Pending, Some(reference));
                }
            }
        }
        self.expire_if_over()
    }

    fn settle(&mut self, index: usize, state: TransactionState, reference: Option<&str>) {
        if let Some(transaction) = self.order.operations[index].transactions.last_mut() {
            transaction.state = state;
            if let Some(reference) = reference {
                transaction.reference = Some(reference.to_owned());
            }
            if state != TransactionState::Pending {
                transaction.url = None;
            }
            self.touched = true;
        }
    }

    fn declined(
        &mut self,
        index: usize,
        no: u8,
        kind: OperationKind,
        reason: DeclineReason,
        report: &BankReport,
    ) -> Result<(), Refusal> {
        match kind {
            OperationKind::Payment => {
                self.settle(index, TransactionState::Declined(reason), report.reference.as_deref());
                self.drop_task(TaskId::AskBank(no));
                if matches!(reason, DeclineReason::TimedOut | DeclineReason::NotReached) {
                    // Nothing was refused: time only ran out. Money that moved after all, and whose callbacks got lost, is
                    // found by asking once more a day later.
                    let next_at = plus_seconds(self.context.now, RECHECK_SECONDS);
                    self.order.tasks.push(Task { id: TaskId::AskBank(no), failures: 0, next_at });
                }
                self.record(Event::PaymentDeclined, Some(no), Vec::new())
            }
            // Money owed to a buyer stays owed: the task goes on, and the audit names the order.
            OperationKind::Refund { .. } => {
                self.task_failed(TaskId::Refund(no), false, None);
                Ok(())
            }
        }
    }

    fn captured(&mut self, no: u8, amount: Money) -> Result<(), Refusal> {
        let second = self
            .order
            .payments()
            .any(|other| other.no != no && other.succeeded() && self.order.refund_of(other.no).is_none());
        let spoiled = second || self.order.has(Event::Expired) || self.order.execution.ended.is_some();
        let fee = self.order.commission.fee(amount)?;
        self.drop_task(TaskId::AskBank(no));
        self.record(Event::Captured, Some(no), ledger::capture(amount, fee))?;
        self.receipt(ReceiptKind::Sale, no)?;
        if spoiled {
            return self.start_refund(no, amount);
        }
        self.task(TaskId::HandOver);
        Ok(())
    }

    fn receipt(&mut self, kind: ReceiptKind, operation: u8) -> Result<(), Refusal> {
        let no = u8::try_from(self.order.receipts.len() + 1).map_err(|_| Refusal::Full)?;
        self.order.receipts.push(Receipt { no, kind, operation, fiscal: None });
        self.task(TaskId::Receipt(no));
        Ok(())
    }

    fn start_refund(&mut self, payment: u8, amount: Money) -> Result<(), Refusal> {
        let no = self.push_operation(OperationKind::Refund { of: payment }, amount)?;
        self.record(Event::RefundStarted, Some(no), Vec::new())?;
        self.task(TaskId::Refund(no));
        Ok(())
    }

    fn refunded(&mut self, no: u8, of: u8, amount: Money) -> Result<(), Refusal> {
        debug_assert!(self.order.operation(of).is_some_and(Operation::succeeded));
        let fee = self.order.commission.fee(amount)?;
        self.drop_task(TaskId::Refund(no));
        self.record(Event::Refunded, Some(no), ledger::refund(amount, fee))?;
        self.receipt(ReceiptKind::SaleRefund, no)
    }

    fn receipt_issued(&mut self, no: u8, fiscal: &Fiscal) -> Result<(), Refusal> {
        let index = self.order.receipts.iter().position(|receipt| receipt.no == no).ok_or(Refusal::NoReceipt(no))?;
        if self.order.receipts[index].fiscal.is_some() {
            self.drop_task(TaskId::Receipt(no));
            return Ok(());
        }
        let operation = self.order.receipts[index].operation;
        let expected = self.order.operation(operation).ok_or(Refusal::NoOperation(operation))?.amount;
        if fiscal.total != expected {
            return Err(Refusal::Printed { printed: fiscal.total, expected });
        }
        self.order.receipts[index].fiscal = Some(fiscal.clone());
        self.drop_task(TaskId::Receipt(no));
        self.record(Event::ReceiptIssued, Some(no), Vec::new())
    }

    fn handed_over(&mut self) -> Result<(), Refusal> {
        self.drop_task(TaskId::HandOver);
        if self.order.execution.handed_over_at.is_some() || self.order.execution.ended.is_some() {
            return Ok(());
        }
        if self.order.standing_payment().is_none() {
            return Err(Refusal::NotPayable(self.order.status()));
        }
        self.order.execution.handed_over_at = Some(self.context.now);
        self.record(Event::HandedOver, None, Vec::new())
    }

    fn execution_reported(&mut self, outcome: ExecutionOutcome) -> Result<(), Refusal> {
        match (self.order.execution.ended, outcome) {
            (Some(ExecutionEnd::Fulfilled(_)), ExecutionOutcome::Fulfilled)
            | (Some(ExecutionEnd::Failed(_)), ExecutionOutcome::Failed) => return Ok(()),
            (Some(ended), _) => return Err(Refusal::ExecutionEnded(ended)),
            (None, _) => {}
        }
        let payment = self.order.standing_payment().map(|payment| (payment.no, payment.amount));
        let Some((payment, amount)) = payment else {
            return Err(Refusal::NotPayable(self.order.status()));
        };
        if self.order.execution.handed_over_at.is_none() {
            // The executor answers before its acceptance was on record.
            self.handed_over()?;
        }
        match outcome {
            ExecutionOutcome::Fulfilled => {
                self.order.execution.ended = Some(ExecutionEnd::Fulfilled(self.context.now));
                self.record(Event::Fulfilled, None, Vec::new())
            }
            ExecutionOutcome::Failed => {
                self.order.execution.ended = Some(ExecutionEnd::Failed(self.context.now));
                self.record(Event::ExecutionFailed, None, Vec::new())?;
                self.start_refund(payment, amount)
            }
        }
    }

    fn cancel(&mut self) -> Result<(), Refusal> {
        match self.order.execution.ended {
            Some(ExecutionEnd::Cancelled(_)) => return Ok(()),
            Some(ended) => return Err(Refusal::ExecutionEnded(ended)),
            None => {}
        }
        if !self.order.may_cancel() {
            return Err(Refusal::NotCancellable);
        }
        let payment = self.order.standing_payment().map(|payment| (payment.no, payment.amount));
        let Some((payment, amount)) = payment else {
            return Err(Refusal::NotCancellable);
        };
        self.order.execution.ended = Some(ExecutionEnd::Cancelled(self.context.now));
        self.drop_task(TaskId::HandOver);
        self.record(Event::Cancelled, None, Vec::new())?;
        self.task(TaskId::CancelExecution);
        self.start_refund(payment, amount)
    }

    fn open_result(&mut self) -> Result<(), Refusal> {
        let Some(ExecutionEnd::Fulfilled(_)) = self.order.execution.ended else {
            return Err(Refusal::NotFulfilled);
        };
        if self.order.execution.opened_at.is_some() {
            return Ok(());
        }
        self.order.execution.opened_at = Some(self.context.now);
        self.record(Event::ResultOpened, None, Vec::new())
    }

    fn task_failed(&mut self, id: TaskId, forever: bool, retry_after_seconds: Option<u32>) {
        let context = self.context;
        let Some(task) = self.order.tasks.iter_mut().find(|task| task.id == id) else {
            return;
        };
        task.failures = task.failures.saturating_add(1);
        let wait = match id {
            _ if forever => None,
            TaskId::Webhook(_) => retry_seconds(task.failures, context.jitter),
            TaskId::Notify(..) if task.failures > 20 => None,
            _ => Some(persist_seconds(task.failures, context.jitter)),
        };
        if let Some(seconds) = wait {
            let asked = i64::from(retry_after_seconds.unwrap_or(0));
            task.next_at = plus_seconds(context.now, seconds.max(asked));
            self.touched = true;
        } else {
            self.drop_task(id);
        }
    }

    fn look_due(&mut self, done: &[TaskId]) -> Result<(), Refusal> {
        for id in done {
            self.drop_task(*id);
        }
        self.expire_if_over()?;
        let now = self.context.now;
        let late = self.order.execution.overdue_at.is_none()
            && self.order.execution_deadline().is_some_and(|deadline| deadline <= now);
        if late {
            self.order.execution.overdue_at = Some(now);
            self.record(Event::Overdue, None, Vec::new())?;
        }
        if self.order.reminder_at().is_some_and(|at| at <= now) {
            self.order.execution.reminded = true;
            self.record(Event::Reminded, None, Vec::new())?;
        }
        for task in self.order.tasks.iter_mut().filter(|task| task.next_at <= now) {
            task.next_at = plus_seconds(now, RESEND_SECONDS);
            self.send.push(task.id);
            self.touched = true;
        }
        Ok(())
    }

    /// Ends an order nobody paid in time; never while a payment's outcome is not known.
    fn expire_if_over(&mut self) -> Result<(), Refusal> {
        if self.order.status() == Status::Awaiting && self.context.now >= self.order.expires_at {
            self.record(Event::Expired, None, Vec::new())?;
        }
        Ok(())
    }

    fn pay_out(&mut self, payout: &str) -> Result<(), Refusal> {
        if self.order.payout.as_deref() == Some(payout) {
            return Ok(());
        }
        if self.order.payable_at().is_none_or(|at| at > self.context.now) {
            return Err(Refusal::NotMature);
        }
        let amount = self.order.net()?;
        self.order.payout = Some(payout.to_owned());
        self.record(Event::PaidOut, None, ledger::payout(amount))
    }
}

impl Order {
    /// The partner's part of the standing payment.
    ///
    /// # Errors
    /// The amounts do not work out.
    pub fn net(&self) -> Result<Money, MoneyError> {
        let Some(payment) = self.standing_payment() else {
            return Ok(self.amount.zero());
        };
        payment.amount.minus(self.commission.fee(payment.amount)?)
    }
}
