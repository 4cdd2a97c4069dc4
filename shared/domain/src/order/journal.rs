//! The order's journal: what happened, when, and what it did to the books.

use serde::{Deserialize, Serialize};

use crate::ledger::Posting;
use crate::time::Timestamp;

/// One entry. Never changed once written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// 1, 2, … without gaps.
    #[serde(rename = "n")]
    pub no: u16,
    /// When.
    #[serde(rename = "t", with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// What.
    #[serde(rename = "e")]
    pub event: Event,
    /// The operation or receipt it is about.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<u8>,
    /// Postings of the ledger.
    #[serde(rename = "p", default, skip_serializing_if = "Vec::is_empty")]
    pub postings: Vec<Posting>,
}

/// What can happen to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Event {
    /// The partner made it.
    #[serde(rename = "c")]
    Created,
    /// The buyer agreed and goes to pay.
    #[serde(rename = "s")]
    PaymentStarted,
    /// The bank declined.
    #[serde(rename = "n")]
    PaymentDeclined,
    /// The bank took the money.
    #[serde(rename = "p")]
    Captured,
    /// The register printed.
    #[serde(rename = "r")]
    ReceiptIssued,
    /// The executor has it.
    #[serde(rename = "h")]
    HandedOver,
    /// The executor delivered.
    #[serde(rename = "f")]
    Fulfilled,
    /// The executor gave up.
    #[serde(rename = "g")]
    ExecutionFailed,
    /// Three days passed.
    #[serde(rename = "o")]
    Overdue,
    /// The buyer cancelled.
    #[serde(rename = "x")]
    Cancelled,
    /// Money is to go back.
    #[serde(rename = "q")]
    RefundStarted,
    /// Money went back.
    #[serde(rename = "b")]
    Refunded,
    /// Nobody paid in time.
    #[serde(rename = "e")]
    Expired,
    /// The partner's part went out.
    #[serde(rename = "y")]
    PaidOut,
    /// What moved after the partner's part went out was settled with a later payout.
    #[serde(rename = "Y")]
    Settled,
    /// The buyer opened the result.
    #[serde(rename = "v")]
    ResultOpened,
    /// The buyer was reminded of the result.
    #[serde(rename = "m")]
    Reminded,
    /// The bank holds the money.
    #[serde(rename = "H")]
    Held,
    /// Held money is to be taken.
    #[serde(rename = "C")]
    CaptureStarted,
    /// The bank did not take it.
    #[serde(rename = "N")]
    CaptureFailed,
    /// A hold is to be let go, whole or in part.
    #[serde(rename = "V")]
    ReleaseStarted,
    /// It was let go.
    #[serde(rename = "R")]
    Released,
    /// A hold ends soon.
    #[serde(rename = "W")]
    HoldEnding,
    /// The bank took a refund back: the money is owed again.
    #[serde(rename = "U")]
    RefundUndone,
    /// The basket was changed.
    #[serde(rename = "E")]
    Edited,
    /// Saved means were checked, and can be charged.
    #[serde(rename = "M")]
    MeansSaved,
    /// The means were not saved.
    #[serde(rename = "L")]
    MeansNotSaved,
    /// The children are being charged.
    #[serde(rename = "S")]
    SplitStarted,
    /// All children's payments have ended, and enough of them stand or everything goes back.
    #[serde(rename = "T")]
    SplitEnded,
    /// Bonus points were spent.
    #[serde(rename = "P")]
    PointsSpent,
    /// Bonus points were given.
    #[serde(rename = "G")]
    PointsAccrued,
    /// Bonus points went back to where they came from.
    #[serde(rename = "B")]
    PointsReturned,
    /// The register printed something else than it was sent.
    #[serde(rename = "D")]
    ReceiptDiffers,
    /// A register could not print: the receipt goes to another, or under another id.
    #[serde(rename = "A")]
    ReceiptMoved,
    /// A wrong receipt is undone and printed anew.
    #[serde(rename = "K")]
    ReceiptCorrected,
    /// A prepayment has waited for its closing receipt longer than the partner allows.
    #[serde(rename = "Q")]
    ClosingLate,
    /// Which marked units are handed over is known.
    #[serde(rename = "k")]
    MarksSet,
}

impl Event {
    /// The webhook's event type; nothing for what is not a partner's business.
    pub const fn webhook(self) -> Option<&'static str> {
        match self {
            Self::Created
            | Self::PaymentStarted
            | Self::ResultOpened
            | Self::Reminded
            | Self::CaptureStarted
            | Self::ReleaseStarted
            | Self::SplitStarted
            | Self::ReceiptMoved
            | Self::MarksSet => None,
            told => Some(told.code()),
        }
    }

    /// The code used in the API's timeline.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Created => "order.created",
            Self::PaymentStarted => "order.payment_started",
            Self::ResultOpened => "result.opened",
            Self::Reminded => "buyer.reminded",
            Self::PaymentDeclined => "order.payment_declined",
            Self::Captured => "order.paid",
            Self::ReceiptIssued => "receipt.issued",
            Self::HandedOver => "order.handed_over",
            Self::Fulfilled => "order.fulfilled",
            Self::ExecutionFailed => "order.execution_failed",
            Self::Overdue => "order.overdue",
            Self::Cancelled => "order.cancelled",
            Self::RefundStarted => "order.refund_started",
            Self::Refunded => "order.refunded",
            Self::Expired => "order.expired",
            Self::PaidOut => "order.paid_out",
            Self::Settled => "order.settled",
            Self::Held => "order.held",
            Self::CaptureStarted => "order.capture_started",
            Self::CaptureFailed => "order.capture_failed",
            Self::ReleaseStarted => "order.release_started",
            Self::Released => "order.released",
            Self::HoldEnding => "order.hold_ending",
            Self::RefundUndone => "order.refund_undone",
            Self::Edited => "order.edited",
            Self::MeansSaved => "means.saved",
            Self::MeansNotSaved => "means.not_saved",
            Self::SplitStarted => "order.split_started",
            Self::SplitEnded => "order.split_ended",
            Self::PointsSpent => "points.spent",
            Self::PointsAccrued => "points.accrued",
            Self::PointsReturned => "points.returned",
            Self::ReceiptDiffers => "receipt.differs",
            Self::ReceiptMoved => "receipt.moved",
            Self::ReceiptCorrected => "receipt.corrected",
            Self::ClosingLate => "receipt.closing_late",
            Self::MarksSet => "receipt.marks_set",
        }
    }

    /// Whether the buyer is told of every such entry; see [`super::Order::is_told_to_buyer`].
    pub(super) const fn told_to_buyer(self) -> bool {
        matches!(
            self,
            Self::ReceiptIssued
                | Self::Fulfilled
                | Self::Overdue
                | Self::Cancelled
                | Self::ExecutionFailed
                | Self::Reminded
                | Self::Held
                | Self::Released
                | Self::Edited
        )
    }
}
