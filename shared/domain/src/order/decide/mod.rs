//! (state, command, now) → next state, postings and tasks; or already applied; or refused, and why.

mod due;
mod execution;
mod fees;
mod giving;
mod payment;
mod receipts;
mod report;
mod taking;

pub use receipts::NotPrinted;

use super::parts::PartError;
use super::{
    Asked, Collected, DeclineReason, Difference, Entry, Event, ExecutionEnd, Initiator, Operation, OperationKind,
    Order, RESEND_SECONDS, Status, Task, TaskId, Transaction, TransactionKind, TransactionState, What,
};
use crate::acquiring::{Account, Method, MethodTerms, SavedMeans, Stages, Standing};
use crate::details::{Details, Line};
use crate::ledger;
use crate::maturity::Wait;
use crate::money::{Money, MoneyError};
use crate::partner::Channel;
use crate::receipt::Fiscal;
use crate::receipt::register::Register;
use crate::time::{Timestamp, plus_seconds};

/// What is asked of an order, or reported about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// The buyer has agreed and wants to pay, or a charge they agreed to is due. The agreement is already on record.
    StartPayment(Start),
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
        /// It was asked now. What it tells by itself may be older than what is known.
        asked: bool,
    },
    /// The buyer gives a payment up that nobody has paid, to pay another way. The bank was asked a moment ago, and either can
    /// not end it or has not: should it be paid after all, and another one too, the second of them goes back.
    GiveUp {
        /// Operation.
        operation: u8,
    },
    /// Held money is to be taken.
    Capture {
        /// How much of it; the rest is let go.
        what: What,
        /// Who asks for it.
        by: Initiator,
    },
    /// The basket is changed: down while its money is held, up or down while it is only agreed to.
    Edit {
        /// The new basket.
        lines: Vec<Line>,
        /// Who asks for it.
        by: Initiator,
    },
    /// A person has taken the money: by a terminal beside the platform, or in cash.
    Collect {
        /// [`Method::Terminal`] or [`Method::Cash`].
        method: Method,
        /// What the terminal printed, the retrieval reference number; for cash the number of the paper.
        reference: String,
        /// Where and who; the checkout's own address where nothing is said.
        collected: Option<Collected>,
    },
    /// The register printed a receipt.
    ReceiptIssued {
        /// Receipt.
        receipt: u8,
        /// What it printed.
        fiscal: Fiscal,
        /// How that differs from what it was sent, where the register tells.
        differs: Option<Difference>,
    },
    /// A register has surely not printed a receipt.
    ReceiptNotPrinted {
        /// Receipt.
        receipt: u8,
        /// The register it was pinned to.
        register: Option<String>,
        /// Under which of its ids.
        attempt: u8,
        /// Why.
        why: NotPrinted,
    },
    /// A receipt that was printed wrong is to be undone and printed anew.
    CorrectReceipt {
        /// Receipt.
        receipt: u8,
    },
    /// It is known which marked units are handed over.
    SetMarks {
        /// Lines, counted from 1, and the code of the one unit each of them is.
        marks: Vec<(u8, String)>,
    },
    /// The executor took the order.
    HandedOver,
    /// The executor says how execution ended.
    ExecutionReported(ExecutionOutcome),
    /// The order is cancelled, or a part of its money given back.
    Cancel(Cancellation),
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

/// How a payment is to be taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Start {
    /// Through which account; the sandbox's own bank where none is named.
    pub account: Option<String>,
    /// By what means.
    pub method: Method,
    /// Money lands on a nominal account.
    pub nominal: bool,
    /// Seconds the bank keeps a hold.
    pub hold_seconds: u32,
    /// The day of the authorization counts as the first of them.
    pub hold_counts_today: bool,
    /// Who asks for it.
    pub by: Initiator,
    /// Why, where the buyer is not there.
    pub reason: Option<String>,
    /// Saved means to charge: their id in the wallet.
    pub means: Option<String>,
    /// The buyer wants the means to be saved.
    pub save: bool,
}

/// Who cancels what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancellation {
    /// Who.
    pub by: Initiator,
    /// How much of what stands.
    pub what: What,
    /// Why, in their words.
    pub reason: Option<String>,
    /// What a terminal printed, where the money was taken and is given back by one.
    pub terminal: Option<String>,
    /// By which name of the asker's: asked again under it, the same goes back once.
    pub asked: Option<Asked>,
}

impl Cancellation {
    /// The buyer cancels the whole order.
    pub const BUYER: Self = Self { by: Initiator::Buyer, what: What::Whole, reason: None, terminal: None, asked: None };
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
    /// How much of the amount was paid with bonus points. They are no money: what stands or succeeded is told without them.
    pub points: Option<Money>,
    /// Bonus points the bank gives for the payment.
    pub accrued: Option<Money>,
    /// Which attempt of a return it speaks of ([`Operation::attempt`]), where that is known: each has a number of its own at the bank.
    pub attempt: Option<u8>,
}

impl BankReport {
    /// A report of a state and nothing else.
    pub const fn new(reference: Option<String>, state: BankState) -> Self {
        Self { reference, state, saved: None, points: None, accrued: None, attempt: None }
    }

    /// The same, of an attempt.
    #[must_use]
    pub fn of_attempt(self, attempt: u8) -> Self {
        Self { attempt: Some(attempt), ..self }
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
pub struct Context<'a> {
    /// Now, in the order's own time.
    pub now: Timestamp,
    /// The partner wants webhooks.
    pub webhook: bool,
    /// Payouts are made without being asked for.
    pub automatic_payout: bool,
    /// A random value that spreads retries.
    pub jitter: u16,
    /// The tenant's accounts at banks.
    pub accounts: &'a [Account],
    /// The registers the tenant's receipts are printed by.
    pub registers: &'a [Register],
    /// Days after a payment in which a prepayment should be closed.
    pub closing_days: u16,
    /// The partner may give back what has been paid out to them: it is taken off their next payouts.
    pub refunds_paid_out: bool,
    /// How long a fulfilled order's money waits.
    pub wait: Wait,
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
    /// A receipt that was printed as it was sent needs no correction.
    #[error("receipt {0} was printed as it was sent")]
    NothingToCorrect(u8),
    /// A line that is no marked unit, or whose receipt has been printed, takes no marking code.
    #[error("line {0} takes no marking code now")]
    NotMarkable(u8),
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
    /// A capture or return of the payment is under way; its outcome is not known.
    #[error("operation {0} is under way")]
    OperationUnderWay(u8),
    /// Nothing is held.
    #[error("nothing is held")]
    NothingHeld,
    /// Nothing was taken that could go back.
    #[error("nothing stands that could go back")]
    NothingStands,
    /// More than stands, or less than anything.
    #[error(transparent)]
    Part(#[from] PartError),
    /// The bank can not do it for this account and means.
    #[error("the bank does not offer {0} for this payment")]
    Unsupported(&'static str),
    /// A held order may only be edited down, an order that is agreed to only while nothing is held or paid.
    #[error("the order can not be edited now")]
    NotEditable,
    /// The new basket costs more than is held.
    #[error("{wanted} is more than the {held} that are held")]
    AboveHold {
        /// The new basket.
        wanted: Money,
        /// What is held.
        held: Money,
    },
    /// There are no saved means to charge.
    #[error("there are no saved means to charge")]
    NoMeans,
    /// The partner's part has gone out; what is given back now would be the partner's debt.
    #[error("the partner's part of the order has been paid out")]
    PaidOut,
    /// What a terminal took only a terminal gives back: its reference is missing.
    #[error("the reference of the terminal's refund is missing")]
    TerminalReference,
    /// Nothing to open.
    #[error("the order is not fulfilled")]
    NotFulfilled,
    /// Sums do not work out.
    #[error("the amounts do not work out")]
    Money(#[from] MoneyError),
    /// The name of the asker's stands for another return.
    #[error("the key was used for another return of this order")]
    KeyReused,
    /// More operations, receipts or entries than an order can have.
    #[error("the order has too many entries")]
    Full,
}

impl Refusal {
    /// The stable code of its kind.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Expired(_) => "order_expired",
            Self::NotPayable(_) => "order_not_payable",
            Self::PaymentUnderWay(_) => "payment_under_way",
            Self::NoOperation(_) => "no_operation",
            Self::NoReceipt(_) => "no_receipt",
            Self::Amount { .. } => "amount_differs",
            Self::Reference { .. } => "reference_differs",
            Self::NothingToCorrect(_) => "nothing_to_correct",
            Self::NotMarkable(_) => "not_markable",
            Self::Contradiction(_) => "contradiction",
            Self::ExecutionEnded(_) => "execution_ended",
            Self::NotCancellable => "not_cancellable",
            Self::NotMature => "not_mature",
            Self::OperationUnderWay(_) => "operation_under_way",
            Self::NothingHeld => "nothing_held",
            Self::NothingStands => "nothing_stands",
            Self::Part(_) => "part",
            Self::Money(_) => "amounts",
            Self::Unsupported(_) => "unsupported",
            Self::NotEditable => "not_editable",
            Self::AboveHold { .. } => "above_hold",
            Self::NoMeans => "no_means",
            Self::PaidOut => "paid_out",
            Self::TerminalReference => "terminal_reference",
            Self::NotFulfilled => "not_fulfilled",
            Self::KeyReused => "return_key_reused",
            Self::Full => "order_full",
        }
    }
}

/// Decides. Pure: the same arguments give the same answer.
///
/// # Errors
/// The command is refused; nothing changes.
pub fn decide(order: &Order, details: &Details, command: &Command, context: &Context<'_>) -> Result<Decision, Refusal> {
    let mut next = Next { order: order.clone(), details, context, send: Vec::new(), touched: false };
    match command {
        Command::StartPayment(start) => next.start_payment(start)?,
        Command::BankRegistered { operation, reference, url } => next.bank_registered(*operation, reference, url)?,
        Command::BankReported { operation, report, asked } => next.bank_reported(*operation, report, *asked)?,
        Command::GiveUp { operation } => next.give_up(*operation)?,
        Command::Capture { what, by } => next.capture(what, *by)?,
        Command::Edit { lines, by } => next.edit(lines, *by)?,
        Command::Collect { method, reference, collected } => next.collect(*method, reference, collected.as_ref())?,
        Command::ReceiptIssued { receipt, fiscal, differs } => {
            next.receipt_issued(*receipt, fiscal, differs.as_ref())?;
        }
        Command::ReceiptNotPrinted { receipt, register, attempt, why } => {
            next.not_printed(*receipt, register.as_deref(), *attempt, *why)?;
        }
        Command::CorrectReceipt { receipt } => next.correct_receipt(*receipt)?,
        Command::SetMarks { marks } => next.set_marks(marks)?,
        Command::HandedOver => next.handed_over()?,
        Command::ExecutionReported(outcome) => next.execution_reported(*outcome)?,
        Command::Cancel(cancellation) => next.cancel(cancellation)?,
        Command::OpenResult => next.open_result()?,
        Command::TaskDone(task) => next.drop_task(*task),
        Command::TaskFailed { task, forever, retry_after_seconds } => {
            next.task_failed(*task, *forever, *retry_after_seconds);
        }
        Command::LookDue { done } => next.look_due(done)?,
        Command::PayOut { payout } => next.pay_out(payout)?,
    }
    next.settle_service(order.journal.len())?;
    next.mature(order.journal.len())?;
    Ok(next.finish(order))
}

/// Kopecks of a capture or refund that no bank finds too little: a rouble.
const LEAST_PART_MINOR: i64 = 100;

/// The next state while it is being made.
struct Next<'a> {
    order: Order,
    details: &'a Details,
    context: &'a Context<'a>,
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

    /// Whatever an order owes that was fulfilled (or went back and left a fee) becomes available once three days have passed: so says the entry that makes it owe, the last
    /// one after the `known` ones that were there before.
    fn mature(&mut self, known: usize) -> Result<(), Refusal> {
        let journal = &self.order.journal;
        if !self.order.is_settled_with_partner() || journal.len() == known {
            return Ok(());
        }
        let balance = |account| {
            let postings = journal.iter().flat_map(|entry| &entry.postings);
            ledger::balance(account, self.order.amount.zero(), postings)
        };
        let cash = balance(ledger::Account::PartnerCash)?;
        let pending = balance(ledger::Account::PartnerPending)?.plus(cash)?;
        let from = self.order.matures_at().filter(|from| *from > self.context.now);
        let moved = ledger::set_off(cash)?.into_iter().chain(ledger::mature(pending, from)?);
        if let Some(entry) = self.order.journal.last_mut() {
            // What goes out becomes available first.
            entry.postings.splice(..0, moved);
        }
        Ok(())
    }

    /// Adds a journal entry and whom to tell of it.
    fn record(&mut self, event: Event, subject: Option<u8>, postings: Vec<ledger::Posting>) -> Result<(), Refusal> {
        let no = u16::try_from(self.order.journal.len() + 1).map_err(|_| Refusal::Full)?;
        let entry = Entry { no, at: self.context.now, event, subject, postings };
        let told = self.order.is_told_to_buyer(&entry);
        self.order.journal.push(entry);
        self.touched = true;
        if self.context.webhook && event.webhook().is_some() {
            self.task(TaskId::Webhook(no));
        }
        if told {
            self.tell_buyer(no);
        }
        Ok(())
    }

    /// Tells the buyer of an entry through every channel they can be reached by.
    fn tell_buyer(&mut self, entry: u16) {
        let channels: Vec<_> = self.details.reachable().map(|(channel, _)| channel).collect();
        if channels.is_empty() && self.order.offer.is_some() {
            // Nobody has agreed, as far as is known here. The agreement is a row of its own: it may be written in this very
            // moment, by a buyer whose payment is then refused. By the time of the first look it is there, or never comes.
            let next_at = plus_seconds(self.context.now, RESEND_SECONDS);
            let late = Channel::ALL.map(|channel| Task { id: TaskId::Notify(entry, channel), failures: 0, next_at });
            self.order.tasks.extend(late);
        }
        for channel in channels {
            self.task(TaskId::Notify(entry, channel));
        }
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

    fn operation(&self, no: u8) -> Result<&Operation, Refusal> {
        self.order.operation(no).ok_or(Refusal::NoOperation(no))
    }

    fn operation_mut(&mut self, no: u8) -> Result<&mut Operation, Refusal> {
        self.touched = true;
        self.order.operations.iter_mut().find(|operation| operation.no == no).ok_or(Refusal::NoOperation(no))
    }

    /// Adds an operation and its first transaction, on record before the bank is told.
    fn push_operation(&mut self, operation: Operation, told: TransactionKind) -> Result<u8, Refusal> {
        let no = u8::try_from(self.order.operations.len() + 1).map_err(|_| Refusal::Full)?;
        let state = TransactionState::Intended;
        let transactions = vec![Transaction { kind: told, state, reference: None, url: None, attempt: 0 }];
        self.order.operations.push(Operation { no, transactions, ..operation });
        self.touched = true;
        Ok(no)
    }

    /// An operation on a payment, pinned to the same account.
    fn operation_on(payment: &Operation, kind: OperationKind, amount: Money, by: Initiator) -> Operation {
        Operation {
            no: 0,
            kind,
            amount,
            transactions: Vec::new(),
            parts: Vec::new(),
            child: payment.child,
            method: payment.method,
            account: payment.account.clone(),
            stages: Stages::One,
            hold_seconds: 0,
            hold_counts_today: false,
            hold_until: None,
            by,
            reason: None,
            nominal: payment.nominal,
            save: false,
            saved: None,
            means: None,
            points: None,
            collected: None,
            bank_fee: None,
            asked: None,
        }
    }

    /// What the account of an operation can do. The sandbox's own bank, and an account that is no longer listed, refuse for
    /// themselves what they can not.
    fn terms(&self, operation: &Operation) -> Option<&MethodTerms> {
        let id = operation.account.as_deref()?;
        self.context.accounts.iter().find(|account| account.id == id)?.terms(operation.method)
    }

    /// Whether a part of a payment is enough for its bank to move: none moves less than it takes, but a rouble is enough for all.
    fn moves(&self, payment: &Operation, amount: Money) -> bool {
        self.terms(payment).is_none_or(|terms| amount.minor() >= terms.least_minor.min(LEAST_PART_MINOR))
    }
}
