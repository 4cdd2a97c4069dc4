//! The sandbox register's words, after ATOL Online v5 (FFD 1.2). Differences: signed instead of a token, and a
//! report is asked for by `external_id` instead of `uuid`, because only the former is known when an answer got lost.

use serde::{Deserialize, Serialize};
use serde_json::Number;

/// Error 32: the document breaks a rule.
pub const CODE_VALIDATION: i32 = 32;
/// Error 33, `IncomingExternalIdAlreadyExists`: success, by another name.
pub const CODE_DUPLICATE: i32 = 33;
/// Error 34: no such document (yet).
pub const CODE_NOT_FOUND: i32 = 34;
/// Error −1: the register did not get to it in time; worth trying again.
pub const CODE_QUEUE_TIMEOUT: i32 = -1;

/// The external id is spent: the document must come under another one. Our own, as are the next two.
pub const CODE_EXPIRED: i32 = 1001;
/// The register prints nothing any more.
pub const CODE_BROKEN: i32 = 1002;
/// A marking code did not pass its check.
pub const CODE_MARK: i32 = 1003;

/// `POST /sandbox/till/v5/sell` and `…/sell_refund`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentBody {
    /// Stable id, at most 128 characters.
    pub external_id: String,
    /// The document.
    pub receipt: ReceiptBody,
    /// Where to call back.
    pub service: Service,
    /// `dd.mm.yyyy HH:MM:SS`, Moscow.
    pub timestamp: String,
    /// What the sandbox shall do with it: a code of [`domain::details::ReceiptScenario`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
}

/// Where to call back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Absolute URL, at most 256 characters.
    pub callback_url: String,
}

/// The document's content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptBody {
    /// The buyer.
    pub client: Client,
    /// The register's user, here the agent.
    pub company: Company,
    /// Tag 1059, 1 to 100.
    pub items: Vec<Item>,
    /// Tags 1031, 1081, 1215 to 1217.
    pub payments: Vec<Payment>,
    /// Tag 1020.
    pub total: Number,
    /// Tag 1125: settled on the Internet.
    pub internet: bool,
    /// Tag 1021, where a person took the money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cashier: Option<String>,
    /// Tags 1173 to 1179, with a correction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<CorrectionInfo>,
}

/// What a correction rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorrectionInfo {
    /// Tag 1173: `self` or `instruction`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Tag 1178, `dd.mm.yyyy`.
    pub base_date: String,
    /// Tag 1179; empty with `self`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub base_number: String,
    /// Tag 1192: the fiscal sign of the wrong receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong_sign: Option<String>,
}

/// The buyer; one of the two contacts (tag 1008).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// E-mail, at most 64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// `+` and digits, at most 64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// The register's user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Company {
    /// Tag 1117.
    pub email: String,
    /// Tag 1055: `osn`, `usn_income`, `usn_income_outcome`, `esn`, `patent`.
    pub sno: String,
    /// Tag 1018.
    pub inn: String,
    /// Tag 1187, at most 256 characters.
    pub payment_address: String,
}

/// Tag 1059.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Tag 1030, at most 128 characters.
    pub name: String,
    /// Tag 1079, roubles.
    pub price: Number,
    /// Tag 1023, at most 6 decimals.
    pub quantity: Number,
    /// Tag 2108: 0 is a piece.
    pub measure: u8,
    /// Tag 1043, roubles.
    pub sum: Number,
    /// Tag 1214: `full_prepayment`, `prepayment`, `advance`, `full_payment` and so on.
    pub payment_method: String,
    /// Tag 1212.
    pub payment_object: u8,
    /// Tag 1199.
    pub vat: Vat,
    /// Tag 1222.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_info: Option<AgentInfo>,
    /// Tags 1224 and 1226.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier_info: Option<SupplierInfo>,
    /// Tag 2000: the code of a marked unit as it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// Tag 1291: numerator and denominator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fraction: Option<(u32, u32)>,
}

/// Tag 1199 and 1200.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vat {
    /// `none`, `vat0`, `vat5`, `vat7`, `vat10`, `vat20`, `vat22`; before the hand-over `vat105`, `vat107`, `vat110`, `vat120`, `vat122`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Roubles; absent with `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sum: Option<Number>,
}

/// Tag 1222.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentInfo {
    /// `another` is bit 6, «агент»; also `bank_paying_agent`, `paying_agent`, `attorney`, `commission_agent` and so on.
    #[serde(rename = "type")]
    pub kind: String,
}

/// Tags 1224{1171, 1225} and 1226.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupplierInfo {
    /// Tag 1171.
    pub phones: Vec<String>,
    /// Tag 1225.
    pub name: String,
    /// Tag 1226.
    pub inn: String,
}

/// One way it was paid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payment {
    /// 0 in cash (tag 1031), 1 by electronic means (1081), 2 offset of a prepayment (1215), 3 credit (1216), 4 counter-provision (1217).
    #[serde(rename = "type")]
    pub kind: u8,
    /// Roubles.
    pub sum: Number,
}

/// `POST /sandbox/till/v5/report`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportBody {
    /// Stable id.
    pub external_id: String,
}

/// Every answer, and the body of a callback.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The register's own id; empty when the document was refused.
    #[serde(default)]
    pub uuid: String,
    /// Stable id.
    #[serde(default)]
    pub external_id: String,
    /// How it stands.
    pub status: Status,
    /// Why it was not printed, or that it was sent before.
    #[serde(default)]
    pub error: Option<ErrorBody>,
    /// What was printed; with `done`.
    #[serde(default)]
    pub payload: Option<Payload>,
    /// `dd.mm.yyyy HH:MM:SS`, Moscow.
    #[serde(default)]
    pub timestamp: String,
}

/// How a document stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Taken.
    Wait,
    /// Printed.
    Done,
    /// Not printed.
    Fail,
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// Code.
    pub code: i32,
    /// Words.
    #[serde(default)]
    pub text: String,
    /// `none`, `system`, `driver`, `timeout`, `agent`, `unknown`.
    #[serde(rename = "type", default)]
    pub kind: String,
}

/// The fiscal attributes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Payload {
    /// Tag 1042.
    pub fiscal_receipt_number: u32,
    /// Tag 1038.
    pub shift_number: u32,
    /// Tag 1012, `dd.mm.yyyy HH:MM:SS`, Moscow.
    pub receipt_datetime: String,
    /// Tag 1020, roubles.
    pub total: Number,
    /// Tag 1041.
    pub fn_number: String,
    /// Tag 1037.
    pub ecr_registration_number: String,
    /// Tag 1040.
    pub fiscal_document_number: u64,
    /// Tag 1077.
    pub fiscal_document_attribute: u64,
    /// Tag 1060.
    #[serde(default)]
    pub fns_site: String,
    /// Tag 1199 of each item as it was printed. Our own: АТОЛ tells no rates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rates: Option<Vec<u8>>,
}
