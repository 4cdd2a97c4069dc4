//! `PayKeeper`'s words: forms out, JSON in. Numbers come as text or as numbers, one object alone or in a list: both are read.

use serde::{Deserialize, Deserializer};

/// `GET /info/settings/token/`. «JSON API», 6.1.
#[derive(Debug, Clone, Deserialize)]
pub struct Token {
    /// Goes into every `/change/…` request; lives up to a day.
    pub token: String,
}

/// The answer to a change, and to anything that is refused (with HTTP status 200). «JSON API», 2.6, 2.12, 9.6.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Verdict {
    /// `success` or `fail`.
    #[serde(deserialize_with = "text")]
    pub result: String,
    /// What is wrong, for people.
    #[serde(deserialize_with = "text")]
    pub msg: String,
    /// The payment a charge has made.
    #[serde(deserialize_with = "text")]
    pub payment_id: String,
}

/// `POST /change/invoice/preview/`. «JSON API», 3.4.
#[derive(Debug, Clone, Deserialize)]
pub struct InvoiceMade {
    /// Id of the invoice.
    #[serde(deserialize_with = "text")]
    pub invoice_id: String,
    /// The page where it is paid.
    pub invoice_url: String,
}

/// `GET /info/invoice/byid/` and an element of `/info/invoice/list/`. «JSON API», 3.1, 3.2.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Invoice {
    /// Id.
    #[serde(deserialize_with = "text")]
    pub id: String,
    /// `created`, `sent`, `paid` or `expired`.
    #[serde(deserialize_with = "text")]
    pub status: String,
    /// The shop's order number.
    #[serde(deserialize_with = "text")]
    pub orderid: String,
    /// Roubles with two decimals.
    #[serde(deserialize_with = "text")]
    pub pay_amount: String,
    /// The payment, once it is paid.
    #[serde(deserialize_with = "text")]
    pub paymentid: String,
}

/// A payment: `GET /info/payments/byid/` and an element of `/info/payments/search/`. «JSON API», 2.2, 2.3.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PaymentRow {
    /// Id.
    #[serde(deserialize_with = "text")]
    pub id: String,
    /// The shop's order number.
    #[serde(deserialize_with = "text")]
    pub orderid: String,
    /// Roubles with two decimals.
    #[serde(deserialize_with = "text")]
    pub pay_amount: String,
    /// Of it went back or was let go.
    #[serde(deserialize_with = "text")]
    pub refund_amount: String,
    /// Through which payment system.
    #[serde(deserialize_with = "text")]
    pub payment_system_id: String,
    /// See [`Status`].
    #[serde(deserialize_with = "text")]
    pub status: String,
    /// When the money was seen, Moscow time.
    #[serde(deserialize_with = "text")]
    pub obtain_datetime: String,
    /// When an authorized payment is captured, Moscow time; only with `advanced=true`, which writes its names in capitals.
    #[serde(alias = "BATCH_DATE", deserialize_with = "text")]
    pub batch_date: String,
    /// The saved card, where one was made; only with `advanced=true`.
    #[serde(alias = "BANK_ID", deserialize_with = "text")]
    pub bank_id: String,
    /// Its masked number.
    #[serde(alias = "CARD_NUMBER", deserialize_with = "text")]
    pub card_number: String,
    /// Until when it is valid.
    #[serde(alias = "CARD_EXPIRY", deserialize_with = "text")]
    pub card_expiry: String,
}

/// An element of `GET /info/refunds/bypaymentid/`. «JSON API», 2.7.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RefundRow {
    /// Roubles with two decimals.
    #[serde(deserialize_with = "text")]
    pub amount: String,
    /// `started`, `done`, or what came to nothing.
    #[serde(deserialize_with = "text")]
    pub status: String,
    /// When, Moscow time.
    #[serde(deserialize_with = "text")]
    pub datetime: String,
}

/// States of a payment. «JSON API», 2, the diagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The buyer has not finished.
    Pending,
    /// `obtained`, `stuck` and `success` are one: the money was taken; they differ in how far the shop has been told of it.
    Debited,
    /// A refund is on its way.
    Refunding,
    /// Everything went back.
    Refunded,
    /// A part went back.
    PartiallyRefunded,
    /// Cancelled.
    Canceled,
    /// Not made.
    Failed,
}

impl Status {
    /// Reads a state.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "pending" => Some(Self::Pending),
            "obtained" | "stuck" | "success" => Some(Self::Debited),
            "refunding" => Some(Self::Refunding),
            "refunded" => Some(Self::Refunded),
            "partially_refunded" => Some(Self::PartiallyRefunded),
            "canceled" => Some(Self::Canceled),
            "failed" => Some(Self::Failed),
            _ => None,
        }
    }
}

/// A notification: `application/x-www-form-urlencoded`, fields beside these are passed over. «Приём POST оповещений».
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notification {
    /// Id of the payment.
    pub id: String,
    /// Roubles with two decimals.
    pub sum: String,
    /// The shop's client.
    pub clientid: String,
    /// The shop's order number.
    pub orderid: String,
    /// `md5(id + sum + clientid + orderid + secret)`; nothing when it is missing.
    pub key: Option<String>,
    /// Through which payment system.
    pub ps_id: String,
    /// When the authorized payment is captured.
    pub batch_date: String,
    /// The saved card.
    pub bank_id: String,
    /// Its masked number.
    pub card_number: String,
    /// Until when it is valid.
    pub card_expiry: String,
}

/// One object, or a list of them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// A list.
    Many(Vec<T>),
    /// An object.
    One(T),
}

/// Text, a number or nothing, as text.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Word {
        Text(String),
        Number(serde_json::Number),
        Nothing(()),
    }
    Ok(match Word::deserialize(deserializer)? {
        Word::Text(text) => text,
        Word::Number(number) => number.to_string(),
        Word::Nothing(()) => String::new(),
    })
}
