//! The words of Касса `PayKeeper`: forms out with a cart in JSON, JSON in. Numbers come as text or as numbers.

use serde::{Deserialize, Serialize};
use serde_json::Number;

use crate::till::reading::text;

/// `POST /change/receipt/print/` («JSON API», 8.11).
pub const PRINT: &str = "/change/receipt/print/";
/// `GET /info/receipts/byid/?id=` («JSON API», 8.4).
pub const BY_ID: &str = "/info/receipts/byid/";

/// `GET /info/settings/token/` («JSON API», 6.1).
#[derive(Debug, Clone, Deserialize)]
pub struct Token {
    /// Goes into every `/change/…` request; lives up to a day.
    pub token: String,
}

/// A position of the cart. «API для выдачи чека 54-ФЗ с перечнем товаров».
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CartItem {
    /// Tag 1030, at most 128 characters.
    pub name: String,
    /// Tag 1079, roubles.
    pub price: Number,
    /// Tag 1023.
    pub quantity: Number,
    /// Tag 1043, roubles.
    pub sum: Number,
    /// Tag 1199, a word.
    pub tax: String,
    /// Tag 1212, a word; goods where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_type: Option<String>,
    /// Tag 1214, a word; full payment where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_type: Option<String>,
    /// Tag 2108.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<String>,
    /// The marking code in Base64, so that its separators survive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_code_b64: Option<String>,
    /// Tag 1291, the denominator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items_in_package: Option<u32>,
    /// Tag 1291, the numerator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items_sold_from_package: Option<u32>,
    /// Tag 1222.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentOfItem>,
    /// Tags 1224 and 1226.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<SupplierOfItem>,
}

/// `agent` of a position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentOfItem {
    /// Tag 1222, a word.
    #[serde(rename = "type")]
    pub kind: String,
}

/// `supplier` of a position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplierOfItem {
    /// Tag 1225.
    pub name: String,
    /// Tag 1226.
    pub inn: String,
    /// Tag 1171.
    pub phones: Vec<String>,
}

/// `receipt_properties`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptProperties {
    /// What a correction rests on.
    pub correction: CorrectionProperties,
}

/// `receipt_properties.correction`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectionProperties {
    /// Tag 1173: `self` or `instruction`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Tag 1178, `YYYY-MM-DD`.
    pub date: String,
    /// Tag 1179.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Tag 1192.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong_sign: Option<String>,
}

/// The answer to a print, and to anything that is refused (with HTTP status 200).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Verdict {
    /// `success` or `fail`.
    #[serde(deserialize_with = "text")]
    pub result: String,
    /// What is wrong, for people.
    #[serde(deserialize_with = "text")]
    pub msg: String,
    /// The cabinet's number of the receipt.
    #[serde(deserialize_with = "text")]
    pub receipt_id: String,
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

/// A receipt: `GET /info/receipts/byid/`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ReceiptRow {
    /// The cabinet's number.
    #[serde(deserialize_with = "text")]
    pub id: String,
    /// `created`, `sent`, `success` or `failed`.
    #[serde(deserialize_with = "text")]
    pub status: String,
    /// Why it failed, in words.
    #[serde(deserialize_with = "text")]
    pub msg: String,
    /// `success` or `fail` where there is no such receipt.
    #[serde(deserialize_with = "text")]
    pub result: String,
    /// Our key, where it is told.
    #[serde(deserialize_with = "text")]
    pub receipt_key: String,
    /// Tag 1031, roubles.
    #[serde(deserialize_with = "text")]
    pub sum_cash: String,
    /// Tag 1081, roubles.
    #[serde(deserialize_with = "text")]
    pub sum_cashless: String,
    /// Tag 1215, roubles.
    #[serde(deserialize_with = "text")]
    pub sum_advance: String,
    /// Tag 1216, roubles.
    #[serde(deserialize_with = "text")]
    pub sum_credit: String,
    /// Tag 1217, roubles.
    #[serde(deserialize_with = "text")]
    pub sum_counter_payment: String,
    /// Tag 1041.
    #[serde(rename = "fn", deserialize_with = "text")]
    pub drive: String,
    /// Tag 1040.
    #[serde(rename = "fnd", deserialize_with = "text")]
    pub document: String,
    /// Tag 1077.
    #[serde(rename = "fpd", deserialize_with = "text")]
    pub sign: String,
    /// Tag 1037.
    #[serde(rename = "rnkkt", deserialize_with = "text")]
    pub register: String,
    /// Tag 1012, `YYYYMMDDTHHMM`, Moscow.
    #[serde(rename = "ts", deserialize_with = "text")]
    pub at: String,
    /// Tag 1038.
    #[serde(deserialize_with = "text")]
    pub shift_number: String,
    /// Tag 1042.
    #[serde(deserialize_with = "text")]
    pub receipt_number: String,
    /// The cart, where it is told: JSON, or JSON in text.
    pub cart: serde_json::Value,
}

/// Of a position of the cart, what is read back.
#[derive(Debug, Clone, Deserialize)]
pub struct CartRate {
    /// Tag 1199, a word.
    pub tax: String,
}
