//! The sandbox bank's words (`docs/sandbox`): requests are strict, what comes back may carry more fields than we know.

use serde::{Deserialize, Serialize};

/// `POST /sandbox/bank/v1/payments`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentBody {
    /// The merchant's stable id of the payment, 1 to 100 of `A-Z a-z 0-9 _ . -`.
    pub number: String,
    /// The number for people, 1 to 40 characters.
    pub bill: String,
    /// Minor units, positive.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// 1 to 250 characters.
    pub description: String,
    /// Absolute URL, at most 2048 characters.
    pub return_url: String,
    /// Absolute URL, at most 2048 characters.
    pub callback_url: String,
    /// RFC 3339; the page closes then. In the test partner's own time.
    pub expires_at: String,
    /// `ru` or `en`.
    pub language: String,
    /// The shop's name, 1 to 250 characters.
    pub merchant: String,
}

/// The answer to [`PaymentBody`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentAnswer {
    /// As sent.
    pub number: String,
    /// The bank's own id.
    pub reference: String,
    /// The page the buyer is sent to.
    pub url: String,
}

/// `POST /sandbox/bank/v1/payments/status`; also for refunds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusBody {
    /// The merchant's stable id.
    pub number: String,
}

/// `POST /sandbox/bank/v1/refunds`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundBody {
    /// The merchant's stable id of the refund.
    pub number: String,
    /// The merchant's stable id of the payment.
    pub payment_number: String,
    /// The bank's own id of the payment; held against the number where it is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_reference: Option<String>,
    /// Minor units, positive.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
}

/// How something stands: the answer to a question or a refund, and the body of a callback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The merchant's stable id.
    pub number: String,
    /// The bank's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// How it stands.
    pub state: State,
    /// Minor units that moved; with `succeeded`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// ISO 4217; with `succeeded`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Why; with `declined`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The states the bank knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// No outcome yet.
    Pending,
    /// Money moved.
    Succeeded,
    /// Money will not move.
    Declined,
    /// The number was never seen. Said in a body, so that a 404 of some gateway is never taken for it.
    NotFound,
}
