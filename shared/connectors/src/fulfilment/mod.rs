//! Executors: who does what the buyer has paid for.

pub mod sandbox;

use async_trait::async_trait;
use domain::details::{ExecutionScenario, Line};
use domain::id::OrderId;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::http::Http;
pub use crate::peer::{CallbackError, PeerError as ExecutorError};

/// Bytes of a text result, at most.
pub const TEXT_BYTES_MAX: usize = 20 * 1_024;
/// Bytes of a file result as base64, at most.
pub const FILE_BASE64_BYTES_MAX: usize = 48 * 1_024;

/// A paid order as an executor is handed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The order; the executor does it once.
    pub order: OrderId,
    /// The merchant's order number.
    pub number: String,
    /// What is to be done.
    pub lines: Vec<Line>,
    /// The buyer's e-mail.
    pub email: Option<String>,
    /// The buyer's telephone, E.164.
    pub phone: Option<String>,
    /// The partner's own text.
    pub metadata: Option<String>,
    /// What the sandbox shall do with it.
    pub scenario: ExecutionScenario,
    /// Where the executor tells the outcome.
    pub callback_url: String,
}

/// The executor has the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// It had it before.
    pub again: bool,
}

/// What an executor says to a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelAnswer {
    /// It will not be done (or was cancelled before).
    Cancelled,
    /// It is already done.
    TooLate,
    /// It has never seen the order.
    NotFound,
}

/// What an executor tells by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionReport {
    /// The order.
    pub order: OrderId,
    /// How it ended.
    pub outcome: ExecutionOutcome,
}

/// How execution ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecutionOutcome {
    /// Done.
    Fulfilled {
        /// What the buyer gets.
        result: ResultContent,
    },
    /// Given up.
    Failed {
        /// Why, for people; at most 500 characters.
        reason: String,
    },
}

/// What the buyer gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "content", rename_all = "snake_case")]
pub enum ResultContent {
    /// A text, at most [`TEXT_BYTES_MAX`].
    Text(String),
    /// An absolute http(s) URL, at most 2048 characters.
    Link(String),
    /// A file.
    File {
        /// Its name without a path, 1 to 120 characters.
        name: String,
        /// `type/subtype`.
        media_type: String,
        /// Content in standard base64, at most [`FILE_BASE64_BYTES_MAX`].
        base64: String,
    },
}

/// An executor.
#[async_trait]
pub trait Executor: Send + Sync {
    /// Hands an order over; an order it has is not done twice.
    async fn hand_over(&self, http: &dyn Http, job: &Job) -> Result<Accepted, ExecutorError>;
    /// Tells that an order is cancelled.
    async fn cancel(&self, http: &dyn Http, order: &OrderId) -> Result<CancelAnswer, ExecutorError>;
    /// Verifies and translates what the executor told by itself. `now` is the real clock.
    fn callback(
        &self,
        now: Timestamp,
        headers: &::http::HeaderMap,
        raw_body: &[u8],
    ) -> Result<ExecutionReport, CallbackError>;
}
