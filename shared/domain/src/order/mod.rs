//! The order: what is bought, and everything that has become of it.
//!
//! ```text
//!            StartPayment      bank: captured                 executor: fulfilled
//!  Awaiting ─────────────▶ Checking ─────────▶ Paid ─▶ Executing ─────────────▶ Fulfilled ─▶ PaidOut
//!     │  ▲                    │  │                three days │ ▲ late execution        ▲
//!     │  └── bank: declined ──┘  │ bank: held                ▼ │                       │
//!     │ time is over             ▼                          Overdue ─────────────────────┘
//!     │                        Held ─ capture ─▶ Paid           │ buyer cancels, or execution failed
//!     ▼                          └── let go ──▶ Cancelled       ▼
//!  Expired ── late payment ─▶ Refunding ─▶ Refunded ◀────── Refunding
//! ```
//!
//! A held order may be executed before it is captured; then Held gives way to Executing, and the payment state
//! ([`PaymentState`]) says that the money is only held.
//!
//! Three levels: the **order** (what is bought), its **operations** (what someone asked for), their **transactions** (what the
//! bank was told). The order's status is derived from them, never stored.

mod concern;
mod decide;
mod fees;
mod journal;
mod operation;
mod parts;
mod receipts;
mod standing;
mod task;

#[cfg(test)]
mod fee_laws;
#[cfg(test)]
mod laws;

use serde::{Deserialize, Serialize};

pub use concern::{Concern, OfConcern};
pub use decide::{
    BankReport, BankState, Cancellation, Change, Command, Context, Decision, ExecutionOutcome, NotPrinted, Refusal,
    Start, decide,
};
pub use fees::deducts;
pub use journal::{Entry, Event};
pub use operation::{Asked, Initiator, Operation, OperationKind, Transaction, TransactionKind, TransactionState};
pub use parts::{Part, PartError, What};
pub use receipts::{Collected, Difference, Issuer, Receipt, ReceiptScheme, Stage, preview};
pub use standing::{Figures, PaymentState, Status};
pub use task::{Task, TaskId};

use crate::commission::CommissionTerms;
use crate::details::{Details, Line};
use crate::id::{BillNumber, OrderId};
use crate::maturity::Wait;
use crate::money::Money;
use crate::tariff::Pricing;
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
/// Seconds before a hold ends in which it is captured or let go, as the partner has it set: time for a second attempt.
pub const HOLD_MARGIN_SECONDS: i64 = 2 * 3_600;
/// Seconds before a hold ends in which the partner is warned: a day.
pub const HOLD_WARNING_SECONDS: i64 = 24 * 3_600;
/// Seconds an order waits for the charge it was agreed to, at most: 90 days, as long as a payment may wait anywhere.
pub const CHARGE_SECONDS: i64 = 90 * 24 * 3_600;

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
    /// What a tariff or a promo code says besides.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub pricing: Option<Box<Pricing>>,
    /// What someone asked for.
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<Operation>,
    /// The basket, where it was edited after the buyer's agreement; else it is the agreement's.
    #[serde(rename = "l", default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
    /// Saved means the order is to be charged to later, once the buyer has agreed to that.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub means: Option<Means>,
    /// Fiscal receipts due and issued.
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    pub receipts: Vec<Receipt>,
    /// Until when what was paid before the hand-over should be closed; then the partner is warned.
    #[serde(
        rename = "w",
        default,
        with = "jiff::fmt::serde::timestamp::second::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub closing_by: Option<Timestamp>,
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

/// Saved means an order is to be charged to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Means {
    /// Its id in the buyer's wallet.
    #[serde(rename = "i")]
    pub id: String,
    /// The account whose bank knows it.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
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
    /// How long its money waits, by the terms of the moment it was fulfilled in; 72 hours where nothing is said.
    #[serde(rename = "y", default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Wait>,
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
            pricing: None,
            operations: Vec::new(),
            lines: Vec::new(),
            means: None,
            receipts: Vec::new(),
            closing_by: None,
            execution: Execution::default(),
            payout: None,
            tasks: Vec::new(),
            journal: vec![Entry { no: 1, at: now, event: Event::Created, subject: None, postings: Vec::new() }],
            offer: Some(Box::new(offer)),
        }
    }
}

/// The id in the buyer's wallet of means an operation has saved: known before they are kept.
pub fn means_id(order: &OrderId, operation: u8) -> String {
    format!("mns_{}_{operation}", order.ulid().to_lowercase())
}
