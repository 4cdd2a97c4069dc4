//! `OrangeData`'s words (manual 2.31.3, sections 2.1 to 2.8).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

/// The header a command is signed in (1.2.5).
pub const SIGNATURE: &str = "x-signature";
/// Seconds until a full queue is worth another attempt, with 503 (2.1).
pub const RETRY_AFTER: &str = "retry-after";
/// «Document Expired Before Processing» (2.2): the receipt goes there again under a new id.
pub const EXPIRED: u16 = 524;

/// A command (2.1.1, 2.3.1, 2.7.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Command<C> {
    /// Unique for an owner, 1 to 64 characters.
    pub id: String,
    /// The owner's ИНН.
    pub inn: String,
    /// The group of devices; the vendor's default where it is `null`.
    pub group: Option<String>,
    /// Name of the key it is signed with.
    pub key: String,
    /// The document.
    pub content: C,
    /// Where the outcome is told, at most 1024 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
    /// Goes along with the callback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_api_key: Option<String>,
    /// Prints although the marking codes did not pass their check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore_item_code_check: Option<bool>,
}

/// A receipt (2.1.1.1), or a correction in FFD 1.2 (2.7.1.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    /// Tag 1209; 2 where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ffd_version: Option<u8>,
    /// Tag 1054.
    #[serde(rename = "type")]
    pub kind: u8,
    /// Tag 1059.
    pub positions: Vec<Position>,
    /// Payments and taxation.
    pub check_close: CheckClose,
    /// Tag 1008.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_contact: Option<String>,
    /// Tag 1057, FFD 1.05.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_type: Option<u8>,
    /// Tag 1171, FFD 1.05.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier_phone_numbers: Option<Vec<String>>,
    /// Tag 1227, FFD 1.05.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// Tag 1228, FFD 1.05.
    #[serde(default, rename = "customerINN", skip_serializing_if = "Option::is_none")]
    pub customer_inn: Option<String>,
    /// Tag 1256, FFD 1.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_info: Option<CustomerInfo>,
    /// Tag 1021.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cashier: Option<String>,
    /// Tag 1203, 12 digits.
    #[serde(default, rename = "cashierINN", skip_serializing_if = "Option::is_none")]
    pub cashier_inn: Option<String>,
    /// Tag 1009.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement_address: Option<String>,
    /// Tag 1187.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement_place: Option<String>,
    /// Tag 1117.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_email: Option<String>,
    /// Tag 1192: the fiscal sign of the wrong receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_attribute: Option<String>,
    /// Tag 1020.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_sum: Option<Number>,
    /// The numbers of 20 % and 20/120 mean just these, and not 22 % (npm `node-orangedata` 1.5.0).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_tax20: Option<bool>,
    /// Tag 1125.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_internet_store: Option<bool>,
    /// Tag 1173: 0 by oneself, 1 by order. In a correction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction_type: Option<u8>,
    /// Tag 1178, ISO 8601 with the time 00:00:00.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause_document_date: Option<String>,
    /// Tag 1179, 1 to 32 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause_document_number: Option<String>,
    /// `vat1Sum` to `vat10Sum` (tags 1102 to 1107 and their successors), and whatever else is told.
    #[serde(flatten)]
    pub more: BTreeMap<String, Value>,
}

/// A correction in FFD 1.05, which has no items (2.3.1.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CorrectionContent {
    /// Tag 1209.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ffd_version: Option<u8>,
    /// Tag 1054: 1 or 3.
    #[serde(rename = "type")]
    pub kind: u8,
    /// Tag 1173.
    pub correction_type: u8,
    /// Tag 1178.
    pub cause_document_date: String,
    /// Tag 1179.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause_document_number: Option<String>,
    /// Tag 1055, by number.
    pub taxation_system: u8,
    /// Tag 1020.
    pub total_sum: Number,
    /// Tag 1031.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cash_sum: Option<Number>,
    /// Tag 1081.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e_cash_sum: Option<Number>,
    /// Tag 1215.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prepayment_sum: Option<Number>,
    /// Tag 1216.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postpayment_sum: Option<Number>,
    /// Tag 1217.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_payment_type_sum: Option<Number>,
    /// Tag 1008.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_contact: Option<String>,
    /// Tag 1117.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_email: Option<String>,
    /// Tag 1125.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_internet_store: Option<bool>,
    /// See [`Content::use_tax20`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_tax20: Option<bool>,
    /// `tax1Sum` to `tax10Sum`, counted like [`Content::more`].
    #[serde(flatten)]
    pub more: BTreeMap<String, Value>,
}

/// An item (2.1.1.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// Tag 1023.
    pub quantity: Number,
    /// Tag 1079.
    pub price: Number,
    /// Tag 1199, up to 10.
    pub tax: u8,
    /// Tag 1200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_sum: Option<Number>,
    /// Tag 1030.
    pub text: String,
    /// Tag 1214; full payment where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_method_type: Option<u8>,
    /// Tag 1212; goods where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_subject_type: Option<u8>,
    /// Tag 1162, base64, FFD 1.05.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nomenclature_code: Option<String>,
    /// Tag 2000 as it was read, FFD 1.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_code: Option<String>,
    /// Tag 2003, with a marking code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_status: Option<u8>,
    /// Tag 1291.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fractional_quantity: Option<Fraction>,
    /// Tag 1197, FFD 1.05.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_of_measurement: Option<String>,
    /// Tag 2108, FFD 1.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity_measurement_unit: Option<u8>,
    /// Tag 1222.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_type: Option<u8>,
    /// Tag 1226.
    #[serde(default, rename = "supplierINN", skip_serializing_if = "Option::is_none")]
    pub supplier_inn: Option<String>,
    /// Tag 1224.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier_info: Option<SupplierInfo>,
}

/// Tag 1224 (2.1.1.6): together at most 243 bytes, four more for each telephone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SupplierInfo {
    /// Tag 1171.
    #[serde(default)]
    pub phone_numbers: Vec<String>,
    /// Tag 1225.
    #[serde(default)]
    pub name: String,
}

/// Tag 1256 (2.1.1.8).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerInfo {
    /// Tag 1227.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Tag 1228.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inn: Option<String>,
}

/// Tag 1291 (2.1.1.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fraction {
    /// Tag 1293.
    pub numerator: u32,
    /// Tag 1294.
    pub denominator: u32,
}

/// How it was paid (2.1.1.3).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckClose {
    /// By kind.
    pub payments: Vec<Payment>,
    /// Tag 1055, by number.
    pub taxation_system: u8,
}

/// A payment (2.1.1.4).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    /// 1 cash, 2 electronic, 14 paid before, 15 on credit, 16 counter-provision.
    #[serde(rename = "type")]
    pub kind: u8,
    /// How much.
    pub amount: Number,
}

/// What was printed (2.2.1, 2.4.1, 2.8.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Done<C> {
    /// The command's id.
    pub id: String,
    /// Tag 1013.
    #[serde(rename = "deviceSN", default)]
    pub device_sn: Option<String>,
    /// Tag 1037.
    #[serde(rename = "deviceRN")]
    pub device_rn: String,
    /// Tag 1041.
    pub fs_number: String,
    /// Tag 1040.
    pub document_number: u64,
    /// Tag 1038.
    pub shift_number: u32,
    /// Tag 1042.
    pub document_index: u32,
    /// Tag 1012, ISO 8601 without a zone: as the register's clock shows it.
    pub processed_at: String,
    /// Tag 1077.
    pub fp: String,
    /// The document as the register has it.
    pub content: C,
}

/// Why a command is refused (2.1.2).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errors {
    /// Sentences.
    pub errors: Vec<String>,
}

/// A marking code that did not pass (2.2.2.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MarkError {
    /// The item, from 0.
    pub position: u16,
    /// Tag 2000.
    #[serde(default)]
    pub item_code: Option<String>,
    /// What was found out.
    #[serde(default)]
    pub check_result: Option<CheckResult>,
}

/// The check of a marking code (2.2.2.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckResult {
    /// Tag 2004.
    #[serde(default)]
    pub fs_check_status: Option<u8>,
    /// Tag 2106: bits 0 to 3 all set is a code in order.
    #[serde(default)]
    pub check_result: Option<u8>,
    /// The drive's answer to the check over the net.
    #[serde(default)]
    pub oism_check_result_code: Option<u8>,
}

/// The body of 422: the manual's table has an object, its example the list alone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum MarkErrors {
    /// 2.2.2.
    Object {
        /// One for each code.
        errors: Vec<MarkError>,
    },
    /// The example after 2.2.2.3.
    List(Vec<MarkError>),
}

/// What a callback tells: only whose outcome is known now.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Told {
    /// The command's id.
    pub id: String,
}
