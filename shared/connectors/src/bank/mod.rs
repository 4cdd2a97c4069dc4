//! Banks: the one trait every bank's dialect is translated to.
//!
//! A stable external number goes with every payment and refund, so that a repetition is recognised on the other side and an
//! unknown outcome can be asked about.

pub mod sandbox;

use async_trait::async_trait;
use domain::details::Language;
use domain::money::Money;
use domain::order::BankReport;
use domain::time::Timestamp;

use crate::http::Http;
pub use crate::peer::{CallbackError, PeerError as BankError};

/// A payment as a bank is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRequest {
    /// Stable external id: `{order_id}-o{operation}`.
    pub number: String,
    /// `bill.operation`, for people.
    pub bill: String,
    /// What is to be paid.
    pub amount: Money,
    /// A line for the buyer.
    pub description: String,
    /// Where the bank sends the buyer afterwards.
    pub return_url: String,
    /// Where the bank tells the outcome.
    pub callback_url: String,
    /// Until when the bank may take the money.
    pub expires_at: Timestamp,
    /// Language of the bank's page.
    pub language: Language,
    /// The shop's name on the bank's page.
    pub merchant: String,
}

/// A payment the bank knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The bank's own id.
    pub reference: String,
    /// The bank's page for the buyer.
    pub url: String,
}

/// A refund as a bank is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRequest {
    /// Stable external id of the refund operation.
    pub number: String,
    /// The payment's stable external id.
    pub payment_number: String,
    /// The bank's own id of the payment, where it is known.
    pub payment_reference: Option<String>,
    /// What goes back.
    pub amount: Money,
}

/// What a bank tells by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// The stable external id it is about.
    pub number: String,
    /// How it stands.
    pub report: BankReport,
}

/// A bank.
#[async_trait]
pub trait Bank: Send + Sync {
    /// Makes a payment known to the bank; with the same number and body again, the same answer.
    async fn register(&self, http: &dyn Http, request: &PaymentRequest) -> Result<Registered, BankError>;
    /// How a payment or a refund stands, by its number.
    async fn ask(&self, http: &dyn Http, number: &str) -> Result<BankReport, BankError>;
    /// Sends a payment's money back; with the same number again, the same answer. Never answers `NotFound`.
    async fn refund(&self, http: &dyn Http, request: &RefundRequest) -> Result<BankReport, BankError>;
    /// Verifies and translates what the bank told by itself. `now` is the real clock.
    fn callback(&self, now: Timestamp, headers: &::http::HeaderMap, raw_body: &[u8])
    -> Result<Callback, CallbackError>;
}
