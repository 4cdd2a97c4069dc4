//! The sandbox executor's words.

use serde::{Deserialize, Serialize};

/// `POST /sandbox/executor/v1/jobs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobBody {
    /// The platform's order id.
    pub order: String,
    /// The merchant's order number.
    pub number: String,
    /// What is to be done, 1 to 100.
    pub lines: Vec<JobLine>,
    /// The buyer.
    pub buyer: Buyer,
    /// The partner's own text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
    /// What the sandbox shall do with it.
    #[serde(default)]
    pub scenario: Scenario,
    /// Absolute URL.
    pub callback_url: String,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobLine {
    /// Name.
    pub name: String,
    /// A decimal.
    pub quantity: String,
    /// `300000RUB`: minor units and currency.
    pub amount: String,
}

/// The buyer's contacts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Buyer {
    /// E-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Telephone, E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// How the sandbox executor behaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scenario {
    /// Reports success by itself.
    #[default]
    Automatic,
    /// Waits to be told.
    Manual,
    /// Reports failure by itself.
    Failing,
}

/// The answer to [`JobBody`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobAnswer {
    /// As sent.
    pub order: String,
    /// It was sent before.
    #[serde(default)]
    pub again: bool,
}

/// `POST /sandbox/executor/v1/cancellations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelBody {
    /// The platform's order id.
    pub order: String,
}

/// The answer to [`CancelBody`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelReply {
    /// As sent.
    pub order: String,
    /// What becomes of it.
    pub answer: CancelWord,
}

/// What becomes of a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelWord {
    /// It will not be done.
    Cancelled,
    /// It is already done.
    TooLate,
    /// Never seen.
    NotFound,
}

/// The body of a callback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportBody {
    /// The platform's order id.
    pub order: String,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: OutcomeBody,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum OutcomeBody {
    /// Done.
    Fulfilled {
        /// What the buyer gets.
        result: ResultBody,
    },
    /// Given up.
    Failed {
        /// Why.
        reason: String,
    },
}

/// What the buyer gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ResultBody {
    /// A text.
    Text {
        /// It.
        text: String,
    },
    /// A link.
    Link {
        /// Absolute URL.
        url: String,
    },
    /// A file.
    File {
        /// Name.
        name: String,
        /// `type/subtype`.
        media_type: String,
        /// Content.
        base64: String,
    },
}
