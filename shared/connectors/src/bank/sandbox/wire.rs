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
    /// `one` or `two`; left out: `one`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stages: Option<String>,
    /// By what means, in the platform's codes; left out: `card`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The merchant's id of the buyer, 1 to 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// The means shall be saved; with `customer` only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub save: bool,
    /// Minor units that may be paid with bonus points, at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points_max: Option<i64>,
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
    /// The link of the СБП, with the method `sbp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sbp: Option<String>,
}

/// `POST /sandbox/bank/v1/charges`: a payment from saved means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChargeBody {
    /// The payment; `save` is of no use here.
    pub payment: PaymentBody,
    /// The bank's token of the means.
    pub token: String,
    /// Whether the buyer can be asked for a check.
    pub buyer_present: bool,
}

/// The answer to [`ChargeBody`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeAnswer {
    /// How the payment stands.
    pub payment: Outcome,
    /// The page where the buyer passes a check; while one is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// `POST /sandbox/bank/v1/means/forget`: forgotten before, and never known, are done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForgetBody {
    /// The merchant's id of the buyer.
    pub customer: String,
    /// The bank's token of the means.
    pub token: String,
}

/// The answer to [`ForgetBody`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgetAnswer {
    /// As sent.
    pub token: String,
}

/// `POST /sandbox/bank/v1/payments/status`, also for captures and returns; `POST /sandbox/bank/v1/payments/withdraw`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusBody {
    /// The merchant's stable id.
    pub number: String,
}

/// `POST /sandbox/bank/v1/captures`, `…/voids`, `…/reversals`, `…/refunds`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandBody {
    /// The merchant's stable id of the command.
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

/// How something stands: the answer to a question or a command, and the body of a callback. Callbacks are of payments only,
/// whatever was done with them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The merchant's stable id.
    pub number: String,
    /// The bank's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// How it stands.
    pub state: State,
    /// Minor units that moved; with `succeeded`, which commands have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// ISO 4217; with `succeeded` and `stands`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Why; with `declined`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Minor units held now; with `stands`, which payments have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<i64>,
    /// Minor units captured in all; with `stands`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured: Option<i64>,
    /// Minor units that went back of them; with `stands`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded: Option<i64>,
    /// Minor units that were paid with bonus points, where any were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<i64>,
    /// The means, where they were saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved: Option<Saved>,
}

impl Outcome {
    /// A state and nothing else.
    pub const fn new(number: String, state: State) -> Self {
        Self {
            number,
            reference: None,
            state,
            amount: None,
            currency: None,
            reason: None,
            held: None,
            captured: None,
            refunded: None,
            points: None,
            saved: None,
        }
    }
}

/// Saved means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// What they are charged by.
    pub token: String,
    /// For people, masked.
    pub label: String,
    /// Until when a card is valid, `yyyy-mm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
}

/// The states the bank knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// No outcome yet.
    Pending,
    /// A command's money moved.
    Succeeded,
    /// Money of a payment is or was held or captured: this much.
    Stands,
    /// Money will not move.
    Declined,
    /// The number was never seen. Said in a body, so that a 404 of some gateway is never taken for it.
    NotFound,
}
