//! The order: what is bought, and everything that has become of it.
//!
//! ```text
//!            StartPayment      bank: succeeded                executor: fulfilled
//!  Awaiting ─────────────▶ Checking ─────────▶ Paid ─▶ Executing ─────────────▶ Fulfilled ─▶ PaidOut
//!     │  ▲                    │                 three days │ ▲ late execution        ▲
//!     │  └── bank: declined ──┘                            ▼ │                       │
//!     │ time is over                                    Overdue ─────────────────────┘
//!     ▼                                                     │ buyer cancels, or execution failed
//!  Expired ── late payment ─▶ Refunding ─▶ Refunded ◀── Refunding
//! ```
//!
//! Three levels: the **order** (what is bought), its **operations** (what someone asked for), their **transactions** (what the
//! bank was told). The order's status is derived from them, never stored.

mod decide;
mod journal;
mod task;

#[cfg(test)]
mod laws;

use serde::{Deserialize, Serialize};

pub use decide::{BankReport, BankState, Change, Command, Context, Decision, ExecutionOutcome, Refusal, decide};
pub use journal::{Entry, Event};
pub use task::{Task, TaskId};

use crate::commission::CommissionTerms;
use crate::details::Details;
use crate::id::{BillNumber, OrderId};
use crate::money::Money;
use crate::receipt::{Fiscal, ReceiptKind};
use crate::time::{Timestamp, plus_seconds};

/// Seconds after hand-over in which the order must be executed before the buyer may cancel, and after payment and hand-over
/// before its money may go out: three days of 24 hours.
pub const THREE_DAYS_SECONDS: i64 = 3 * 24 * 3_600;
/// Seconds after which a task nobody reported on is sent again.
pub const RESEND_SECONDS: i64 = 1_200;
/// Seconds after which a bank that said a payment ran out of time is asked once more: a day.
pub const RECHECK_SECONDS: i64 = 24 * 3_600;
/// Seconds after the result was sent before a buyer who has not opened it is reminded.
pub const REMINDER_SECONDS: i64 = 24 * 3_600;

/// The head of an order: the small part that changes, rewritten whole with every commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Id; part of the key, not of the row's body.
    #[serde(skip, default = "no_id")]
    pub id: OrderId,
    /// Grows by one with every commit; an attribute of its own in the row.
    #[serde(skip)]
    pub version: u64,
    /// When the due index will show the order; never later than [`Order::next_due`], perhaps earlier.
    #[serde(skip)]
    pub due: Option<Timestamp>,
    /// The system's own number.
    #[serde(rename = "b")]
    pub bill: BillNumber,
    /// The merchant's order number.
    #[serde(rename = "n")]
    pub number: String,
    /// What is to be paid.
    #[serde(rename = "a")]
    pub amount: Money,
    /// When it was created.
    #[serde(rename = "c", with = "jiff::fmt::serde::timestamp::second::required")]
    pub created_at: Timestamp,
    /// Until when it may be paid.
    #[serde(rename = "x", with = "jiff::fmt::serde::timestamp::second::required")]
    pub expires_at: Timestamp,
    /// The agent's fee, as agreed when the order was made.
    #[serde(rename = "f")]
    pub commission: CommissionTerms,
    /// What someone asked for.
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<Operation>,
    /// Fiscal receipts due and issued.
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    pub receipts: Vec<Receipt>,
    /// How far execution is.
    #[serde(rename = "e", default, skip_serializing_if = "Execution::is_none")]
    pub execution: Execution,
    /// The payout that carries the partner's part.
    #[serde(rename = "y", default, skip_serializing_if = "Option::is_none")]
    pub payout: Option<String>,
    /// What must still be done outside.
    #[serde(rename = "k", default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<Task>,
    /// What has happened, with the ledger's postings.
    #[serde(rename = "j")]
    pub journal: Vec<Entry>,
    /// The offer, until the buyer agrees to it and it moves to a row of its own.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<Box<Details>>,
}

fn no_id() -> OrderId {
    let tenant = crate::id::Tenant::try_new("none", crate::id::Mode::Test);
    // "none" is a well-formed partner id; the row's key replaces it at once.
    OrderId::new(tenant.unwrap_or_else(|_| unreachable!()), "", Timestamp::UNIX_EPOCH)
}

/// What someone asked for: a payment, a refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// 1, 2, …; `bill.no` is its extended number.
    #[serde(rename = "n")]
    pub no: u8,
    /// What was asked for.
    #[serde(rename = "k")]
    pub kind: OperationKind,
    /// How much.
    #[serde(rename = "a")]
    pub amount: Money,
    /// What the bank was told.
    #[serde(rename = "t")]
    pub transactions: Vec<Transaction>,
}

/// Kinds of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OperationKind {
    /// The buyer pays.
    #[serde(rename = "p")]
    Payment,
    /// The payment of this operation goes back.
    #[serde(rename = "r")]
    Refund {
        /// The payment.
        of: u8,
    },
}

/// What the bank was told, and what it said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// What the bank was told.
    #[serde(rename = "k")]
    pub kind: TransactionKind,
    /// What it said.
    #[serde(rename = "s")]
    pub state: TransactionState,
    /// The bank's own id.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The bank's page, while the buyer may still be there.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Kinds of transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransactionKind {
    /// Authorization and capture in one stage.
    #[serde(rename = "p")]
    Purchase,
    /// Money back after the capture.
    #[serde(rename = "r")]
    Refund,
}

/// What is known of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransactionState {
    /// On record before the bank is told; whether the bank knows is not known.
    #[serde(rename = "i")]
    Intended,
    /// The bank knows; no outcome yet.
    #[serde(rename = "w")]
    Pending,
    /// Done.
    #[serde(rename = "y")]
    Succeeded,
    /// Will not be done.
    #[serde(rename = "n")]
    Declined(DeclineReason),
}

/// Why a bank declined, in words every bank shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclineReason {
    /// Not enough money on the card.
    InsufficientFunds,
    /// The card is blocked, lost or expired.
    CardBlocked,
    /// The buyer did not pass the bank's check (3-D Secure).
    AuthenticationFailed,
    /// The buyer went back.
    CancelledByBuyer,
    /// The buyer did nothing in time.
    TimedOut,
    /// The bank never heard of the payment.
    NotReached,
    /// Any other reason of the bank's.
    Other,
}

impl DeclineReason {
    /// The stable code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::InsufficientFunds => "insufficient_funds",
            Self::CardBlocked => "card_blocked",
            Self::AuthenticationFailed => "authentication_failed",
            Self::CancelledByBuyer => "cancelled_by_buyer",
            Self::TimedOut => "timed_out",
            Self::NotReached => "not_reached",
            Self::Other => "other",
        }
    }
}

/// A fiscal receipt of the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// 1, 2, ….
    #[serde(rename = "n")]
    pub no: u8,
    /// Sale or refund.
    #[serde(rename = "k")]
    pub kind: ReceiptKind,
    /// The operation whose money it covers.
    #[serde(rename = "o")]
    pub operation: u8,
    /// What the register printed, once it did.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub fiscal: Option<Fiscal>,
}

/// How far execution is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// Handed over to the executor.
    #[serde(
        rename = "h",
        default,
        with = "jiff::fmt::serde::timestamp::second::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub handed_over_at: Option<Timestamp>,
    /// Not executed in three days; the buyer may cancel since.
    #[serde(
        rename = "o",
        default,
        with = "jiff::fmt::serde::timestamp::second::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub overdue_at: Option<Timestamp>,
    /// How and when it ended.
    #[serde(rename = "z", default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<ExecutionEnd>,
    /// The buyer opened the result.
    #[serde(
        rename = "v",
        default,
        with = "jiff::fmt::serde::timestamp::second::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub opened_at: Option<Timestamp>,
    /// The buyer was reminded of it.
    #[serde(rename = "m", default, skip_serializing_if = "std::ops::Not::not")]
    pub reminded: bool,
}

impl Execution {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// How execution ended. Decided once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExecutionEnd {
    /// The executor delivered.
    #[serde(rename = "y")]
    Fulfilled(#[serde(with = "jiff::fmt::serde::timestamp::second::required")] Timestamp),
    /// The executor gave up.
    #[serde(rename = "n")]
    Failed(#[serde(with = "jiff::fmt::serde::timestamp::second::required")] Timestamp),
    /// The buyer cancelled.
    #[serde(rename = "x")]
    Cancelled(#[serde(with = "jiff::fmt::serde::timestamp::second::required")] Timestamp),
}

/// The order in one word, for people and partners. Derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing was paid yet.
    Awaiting,
    /// A payment is under way, and its outcome not known.
    Checking,
    /// Paid, not yet handed over.
    Paid,
    /// Handed over to execution.
    Executing,
    /// Not executed in three days; the buyer may cancel.
    Overdue,
    /// Executed and delivered.
    Fulfilled,
    /// Executed, and the partner's part has gone out.
    PaidOut,
    /// Cancelled; the money is on its way back.
    Refunding,
    /// The money is back.
    Refunded,
    /// Nobody paid in time.
    Expired,
}

impl Status {
    /// The stable code used in the API and in return parameters.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Awaiting => "awaiting_payment",
            Self::Checking => "checking_payment",
            Self::Paid => "paid",
            Self::Executing => "executing",
            Self::Overdue => "overdue",
            Self::Fulfilled => "fulfilled",
            Self::PaidOut => "paid_out",
            Self::Refunding => "refunding",
            Self::Refunded => "refunded",
            Self::Expired => "expired",
        }
    }
}

impl Operation {
    /// The transaction that tells how the operation stands.
    pub fn state(&self) -> TransactionState {
        self.transactions.last().map_or(TransactionState::Intended, |transaction| transaction.state)
    }

    /// The bank's own id of the latest transaction.
    pub fn reference(&self) -> Option<&str> {
        self.transactions.last().and_then(|transaction| transaction.reference.as_deref())
    }

    /// The bank's page.
    pub fn url(&self) -> Option<&str> {
        self.transactions.last().and_then(|transaction| transaction.url.as_deref())
    }

    /// Whether its outcome is not known.
    pub fn is_open(&self) -> bool {
        matches!(self.state(), TransactionState::Intended | TransactionState::Pending)
    }

    /// Whether it succeeded.
    pub fn succeeded(&self) -> bool {
        self.state() == TransactionState::Succeeded
    }
}

impl Order {
    /// A new order awaiting its payment.
    pub fn new(
        id: OrderId,
        bill: BillNumber,
        amount: Money,
        commission: CommissionTerms,
        payment_timeout_seconds: u32,
        offer: Details,
        now: Timestamp,
    ) -> Self {
        let expires_at = plus_seconds(now, i64::from(payment_timeout_seconds));
        Self {
            id,
            version: 1,
            due: Some(expires_at),
            bill,
            number: offer.number.clone(),
            amount,
            created_at: now,
            expires_at,
            commission,
            operations: Vec::new(),
            receipts: Vec::new(),
            execution: Execution::default(),
            payout: None,
            tasks: Vec::new(),
            journal: vec![Entry { no: 1, at: now, event: Event::Created, subject: None, postings: Vec::new() }],
            offer: Some(Box::new(offer)),
        }
    }

    /// The operation with this number.
    pub fn operation(&self, no: u8) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.no == no)
    }

    /// Payments, in the order they were tried.
    pub fn payments(&self) -> impl DoubleEndedIterator<Item = &Operation> {
        self.operations.iter().filter(|operation| operation.kind == OperationKind::Payment)
    }

    /// The payment whose outcome is not known.
    pub fn open_payment(&self) -> Option<&Operation> {
        self.payments().rev().find(|operation| operation.is_open())
    }

    /// The refund of a payment, wherever it stands.
    pub fn refund_of(&self, payment: u8) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.kind == OperationKind::Refund { of: payment })
    }

    /// The payment that pays for the order: captured and not on its way back.
    pub fn standing_payment(&self) -> Option<&Operation> {
        self.payments().find(|operation| operation.succeeded() && self.refund_of(operation.no).is_none())
    }

    /// Whether an entry is a capture that was sent back in the same breath: the order had expired or was paid already.
    pub fn is_returned_capture(&self, entry: &Entry) -> bool {
        let next = self.journal.iter().find(|next| next.no == entry.no + 1);
        entry.event == Event::Captured && next.is_some_and(|next| next.event == Event::RefundStarted)
    }

    /// The code of an entry's event. A payment that came too late is not called one that pays for the order.
    pub fn event_code(&self, entry: &Entry) -> &'static str {
        if self.is_returned_capture(entry) { "order.payment_returned" } else { entry.event.code() }
    }

    /// Whether the journal has such an entry.
    pub fn has(&self, event: Event) -> bool {
        self.journal.iter().any(|entry| entry.event == event)
    }

    /// When something first happened.
    pub fn first(&self, event: Event) -> Option<Timestamp> {
        self.journal.iter().find(|entry| entry.event == event).map(|entry| entry.at)
    }

    /// The order in one word.
    pub fn status(&self) -> Status {
        if self
            .operations
            .iter()
            .any(|operation| matches!(operation.kind, OperationKind::Refund { .. }) && !operation.succeeded())
            && self.standing_payment().is_none()
        {
            return Status::Refunding;
        }
        if self.standing_payment().is_some() {
            return match (self.execution.ended, self.payout.is_some()) {
                (Some(ExecutionEnd::Fulfilled(_)), true) => Status::PaidOut,
                (Some(ExecutionEnd::Fulfilled(_)), false) => Status::Fulfilled,
                _ if self.execution.overdue_at.is_some() => Status::Overdue,
                _ if self.execution.handed_over_at.is_some() => Status::Executing,
                _ => Status::Paid,
            };
        }
        if self.payments().any(Operation::succeeded) {
            return Status::Refunded;
        }
        if self.has(Event::Expired) {
            return Status::Expired;
        }
        if self.open_payment().is_some() { Status::Checking } else { Status::Awaiting }
    }

    /// When the buyer may cancel, if execution is still due then.
    pub fn execution_deadline(&self) -> Option<Timestamp> {
        self.standing_payment()?;
        if self.execution.ended.is_some() {
            return None;
        }
        let from = self.execution.handed_over_at.or_else(|| self.first(Event::Captured))?;
        Some(plus_seconds(from, THREE_DAYS_SECONDS))
    }

    /// Whether the buyer may cancel now.
    pub fn may_cancel(&self) -> bool {
        self.execution.overdue_at.is_some() && self.execution.ended.is_none() && self.standing_payment().is_some()
    }

    /// When the partner's part may go out: the order is fulfilled, and three days have passed since both payment and
    /// hand-over. Nothing when it never may, or has gone out.
    pub fn payable_at(&self) -> Option<Timestamp> {
        let Some(ExecutionEnd::Fulfilled(_)) = self.execution.ended else {
            return None;
        };
        if self.payout.is_some() || self.standing_payment().is_none() {
            return None;
        }
        let paid = self.first(Event::Captured)?;
        let handed_over = self.execution.handed_over_at.unwrap_or(paid);
        Some(plus_seconds(paid.max(handed_over), THREE_DAYS_SECONDS))
    }

    /// When somebody must look at the order next, if nobody does before.
    pub fn next_due(&self, automatic_payout: bool) -> Option<Timestamp> {
        let tasks = self.tasks.iter().map(|task| task.next_at);
        let expiry = matches!(self.status(), Status::Awaiting).then_some(self.expires_at);
        let overdue = self.execution_deadline().filter(|_| self.execution.overdue_at.is_none());
        let payable = self.payable_at().filter(|_| automatic_payout);
        tasks.chain(expiry).chain(overdue).chain(payable).chain(self.reminder_at()).min()
    }

    fn reminder_at(&self) -> Option<Timestamp> {
        let Some(ExecutionEnd::Fulfilled(at)) = self.execution.ended else {
            return None;
        };
        let wanted =
            self.execution.opened_at.is_none() && !self.execution.reminded && self.standing_payment().is_some();
        wanted.then(|| plus_seconds(at, REMINDER_SECONDS))
    }
}
