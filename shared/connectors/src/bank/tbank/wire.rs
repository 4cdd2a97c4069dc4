//! The bank's words: requests as it wants them, answers and notifications as leniently as its own documents write them.
//!
//! The same field is a number in one example and a string in another (`Amount`, `PaymentId`, `ErrorCode`, `Success`), so both are
//! understood everywhere.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Number;

/// `POST /v2/Init` (1.80, `Init`; 1.8, table 2.3.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Init {
    /// At most 20 characters.
    pub terminal_key: String,
    /// Kopecks: at least 100, for the СБП 1000.
    pub amount: i64,
    /// At most 36 characters, never used before.
    pub order_id: String,
    /// At most 140 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The shop's own id of the buyer, at most 36 characters. Where it is given, the card may be bound: never without consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_key: Option<String>,
    /// `Y`: the means are kept for charges to come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recurrent: Option<&'static str>,
    /// `O` one stage, `T` two.
    pub pay_type: &'static str,
    /// `ru` or `en`.
    pub language: &'static str,
    /// Where the bank tells the outcome.
    #[serde(rename = "NotificationURL")]
    pub notification_url: String,
    /// Where the buyer goes after a success.
    #[serde(rename = "SuccessURL")]
    pub success_url: String,
    /// Where the buyer goes otherwise.
    #[serde(rename = "FailURL")]
    pub fail_url: String,
    /// `YYYY-MM-DDTHH24:MI:SS+03:00`; from a minute to 90 days ahead.
    pub redirect_due_date: String,
    /// At most 20 pairs, 20 and 100 characters.
    #[serde(rename = "DATA")]
    pub data: BTreeMap<&'static str, String>,
}

/// `GetState`, `Confirm`, `Cancel`, `Charge`, `GetQr`, `ChargeQr`: a payment and what is wanted of it (1.8, sections 2.8 to 2.11,
/// 3.2, 3.5).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OfPayment {
    /// At most 20 characters.
    pub terminal_key: String,
    /// The bank's own id.
    pub payment_id: String,
    /// Kopecks: what is captured, or goes back. Left out, the whole amount of `Init` is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// `Cancel` with the same one again answers how the payment stands; not for the СБП.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_request_id: Option<String>,
    /// Saved card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rebill_id: Option<String>,
    /// Bound account of the СБП.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_token: Option<String>,
    /// `PAYLOAD`: a link, not a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_type: Option<&'static str>,
}

/// `POST /v2/CheckOrder` (1.8, section 2.12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CheckOrder {
    /// At most 20 characters.
    pub terminal_key: String,
    /// As in `Init`.
    pub order_id: String,
}

/// `GetCardList` and `RemoveCard` (1.8, sections 5.7 and 5.8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OfCustomer {
    /// At most 20 characters.
    pub terminal_key: String,
    /// As in `Init`.
    pub customer_key: String,
    /// The card to remove.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card_id: Option<String>,
}

/// A value that is written now as one kind, now as another.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Loose {
    /// `true`, `false`.
    Flag(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(String),
}

impl Loose {
    /// As text; a number by its digits.
    pub fn text(&self) -> String {
        match self {
            Self::Flag(flag) => flag.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }

    /// Whole kopecks, not negative.
    pub fn minor(&self) -> Option<i64> {
        let minor = match self {
            Self::Flag(_) => None,
            Self::Number(number) => number.as_i64(),
            Self::Text(text) => text.parse().ok(),
        };
        minor.filter(|minor| *minor >= 0)
    }

    /// Whether it says yes.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Flag(flag) => *flag,
            Self::Number(_) => false,
            Self::Text(text) => text.eq_ignore_ascii_case("true"),
        }
    }
}

/// Any answer about a payment, and a notification of one: the same names everywhere (1.8, tables 2.3.2, 2.8.2, 2.9.2, 2.10.3,
/// 2.11.2, 3.2.2, 4.2.1, 4.6.2).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Answer {
    /// Whether the request was carried out.
    pub success: Loose,
    /// `0` for no error.
    pub error_code: Loose,
    /// What went wrong, in short.
    #[serde(default)]
    pub message: Option<String>,
    /// What went wrong, at length.
    #[serde(default)]
    pub details: Option<String>,
    /// The terminal.
    #[serde(default)]
    pub terminal_key: Option<String>,
    /// The payment's state; of a binding, its own.
    #[serde(default)]
    pub status: Option<String>,
    /// The bank's own id.
    #[serde(default)]
    pub payment_id: Option<Loose>,
    /// As in `Init`.
    #[serde(default)]
    pub order_id: Option<Loose>,
    /// Kopecks: what the payment is over now.
    #[serde(default)]
    pub amount: Option<Loose>,
    /// Kopecks before a `Cancel`.
    #[serde(default)]
    pub original_amount: Option<Loose>,
    /// Kopecks after it.
    #[serde(default)]
    pub new_amount: Option<Loose>,
    /// The form, `Init` only.
    #[serde(default, rename = "PaymentURL")]
    pub payment_url: Option<String>,
    /// Of `GetQr`: the link. Of a notification: further pairs, which tell us nothing.
    #[serde(default)]
    pub data: Option<serde_json::Value>,
    /// `LINKCARD`, `LINKACCOUNT`; nothing for a payment.
    #[serde(default)]
    pub notification_type: Option<String>,
    /// The card in the bank's list.
    #[serde(default)]
    pub card_id: Option<Loose>,
    /// What a later `Charge` names.
    #[serde(default)]
    pub rebill_id: Option<Loose>,
    /// `430000******0777`.
    #[serde(default)]
    pub pan: Option<Loose>,
    /// `MMYY`.
    #[serde(default)]
    pub exp_date: Option<Loose>,
    /// What a later `ChargeQr` names.
    #[serde(default)]
    pub account_token: Option<String>,
    /// The bank of a bound account.
    #[serde(default)]
    pub bank_member_name: Option<String>,
}

/// The answer to `CheckOrder` (1.8, tables 2.12.2 and 2.12.3).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Order {
    /// What every answer has.
    #[serde(flatten)]
    pub answer: Answer,
    /// Payments under that number.
    #[serde(default)]
    pub payments: Vec<OrderPayment>,
}

/// One payment of an order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OrderPayment {
    /// The bank's own id.
    pub payment_id: Loose,
    /// Its state.
    pub status: String,
    /// Kopecks.
    #[serde(default)]
    pub amount: Option<Loose>,
    /// Why it was declined.
    #[serde(default)]
    pub error_code: Option<Loose>,
}

/// The answer to `GetCardList`: a list, or an object that says what went wrong (1.8, table 5.7.2).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Cards {
    /// The buyer's cards, removed ones too.
    List(Vec<Card>),
    /// An error.
    No(Box<Answer>),
}

/// A card of a buyer's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Card {
    /// The bank's own id.
    pub card_id: Loose,
    /// `A` active, `I` not active, `D` removed.
    pub status: String,
    /// What a `Charge` names.
    #[serde(default)]
    pub rebill_id: Option<Loose>,
    /// `430000******0777`.
    #[serde(default)]
    pub pan: Option<Loose>,
    /// `MMYY`.
    #[serde(default)]
    pub exp_date: Option<Loose>,
}
