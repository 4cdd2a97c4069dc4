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
    /// The buyer opened the result.
    #[serde(rename = "v")]
    ResultOpened,
    /// The buyer was reminded of the result.
    #[serde(rename = "m")]
    Reminded,
}

impl Event {
    /// The webhook's event type; nothing for what is not a partner's business.
    pub const fn webhook(self) -> Option<&'static str> {
        match self {
            Self::Created | Self::PaymentStarted | Self::ResultOpened | Self::Reminded => None,
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
        }
    }

    /// Whether the buyer is told.
    pub const fn told_to_buyer(self) -> bool {
        matches!(
            self,
            Self::ReceiptIssued
                | Self::Fulfilled
                | Self::Overdue
                | Self::Cancelled
                | Self::ExecutionFailed
                | Self::Reminded
        )
    }
}
