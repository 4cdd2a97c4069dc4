//! The words of АТОЛ Онлайн, v4 and v5. Sections are those of the description of v4, 5.23.

use serde::{Deserialize, Serialize};
use serde_json::Number;

use crate::till::sandbox::wire::{AgentInfo, CorrectionInfo, Payload as Fiscal, Payment, Service, SupplierInfo};

/// Error 10, `MissingToken`.
pub const CODE_MISSING_TOKEN: i64 = 10;
/// Error 11, `ExpiredToken`: 24 hours have passed.
pub const CODE_EXPIRED_TOKEN: i64 = 11;
/// Error 33, `IncomingExternalIdAlreadyExists`: the answer names the uuid.
pub const CODE_DUPLICATE: i64 = 33;
/// Error 34, `StateCheckNotFound`: not processed yet.
pub const CODE_NO_STATE: i64 = 34;

/// `POST getToken` (section 4.2).
#[derive(Debug, Clone, Serialize)]
pub struct Login<'a> {
    /// Of the settings file.
    pub login: &'a str,
    /// Of the settings file.
    pub pass: &'a str,
}

/// What `getToken` answers (section 4.3).
#[derive(Debug, Clone, Deserialize)]
pub struct Token {
    /// Valid for 24 hours, at most 1000 characters; absent with an error.
    #[serde(default)]
    pub token: Option<String>,
    /// Why there is none.
    #[serde(default)]
    pub error: Option<ErrorBody>,
}

/// `POST <group>/<operation>` (sections 6 and 7).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Body {
    /// `dd.mm.yyyy HH:MM:SS`, Moscow.
    pub timestamp: String,
    /// Unique among the documents of the group, at most 128 characters.
    pub external_id: String,
    /// Where to call back.
    pub service: Service,
    /// A receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// A correction (v5), in the shape of a receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correction: Option<Receipt>,
    /// Print although marking codes can not be checked (v5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ism_optional: Option<bool>,
}

/// A receipt or, with what it corrects, a correction of v5.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Receipt {
    /// The buyer (section 6.2).
    pub client: Client,
    /// The register's user (section 6.3).
    pub company: crate::till::sandbox::wire::Company,
    /// Tags 1173, 1178 and 1179, with a correction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correction_info: Option<CorrectionInfo>,
    /// Tag 1059, 1 to 100.
    pub items: Vec<Item>,
    /// Tags 1031, 1081, 1215 to 1217 (section 6.7).
    pub payments: Vec<Payment>,
    /// Tags 1102 to 1107, at most 6 (section 6.8); without them the items' sums count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vats: Vec<Vat>,
    /// Tag 1020, roubles.
    pub total: Number,
    /// Tag 1021.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cashier: Option<String>,
    /// Tag 1203 (v5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cashier_inn: Option<String>,
    /// Tag 1192, at most 16 characters: the fiscal sign of the wrong receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_check_props: Option<String>,
    /// Tag 1125.
    pub internet: bool,
}

/// The buyer (section 6.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Client {
    /// Tag 1008.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Tag 1008.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Tag 1227.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Tag 1228.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inn: Option<String>,
}

/// Tag 1059 (section 6.6).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    /// Tag 1030, at most 128 characters.
    pub name: String,
    /// Tag 1079, roubles.
    pub price: Number,
    /// Tag 1023.
    pub quantity: Number,
    /// Tag 1197 (v4), at most 16 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measurement_unit: Option<String>,
    /// Tag 2108 (v5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measure: Option<u8>,
    /// Tag 1043, roubles.
    pub sum: Number,
    /// Tag 1214 (section 8.2).
    pub payment_method: String,
    /// Tag 1212: a word in v4 (section 8.3), a number in v5.
    pub payment_object: Object,
    /// Tags 1199 and 1200.
    pub vat: Vat,
    /// Tag 1222.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_info: Option<AgentInfo>,
    /// Tags 1224 and 1226.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier_info: Option<SupplierInfo>,
    /// Tag 1162 (v4): bytes in hexadecimal with spaces between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nomenclature_code: Option<String>,
    /// Tag 1163 (v5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark_code: Option<MarkCode>,
    /// Tag 2102 (v5): always `0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark_processing_mode: Option<&'static str>,
    /// Tag 1291 (v5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark_quantity: Option<MarkQuantity>,
    /// Tag 2003 (v5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned_status: Option<u8>,
}

/// Tag 1212.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Object {
    /// v4.
    Word(&'static str),
    /// v5.
    Number(u8),
}

/// Tags 1199 and 1200, or a sum of tags 1102 to 1107.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Vat {
    /// The rate (section 8.4).
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Roubles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sum: Option<Number>,
}

/// Tag 1163: one field, the code in base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct MarkCode(pub std::collections::BTreeMap<&'static str, String>);

/// Tag 1291.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MarkQuantity {
    /// Tag 1293.
    pub numerator: u32,
    /// Tag 1294.
    pub denominator: u32,
}

/// What a registration, a report and a callback say (sections 9 and 10.5).
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Answer {
    /// The service's own id.
    #[serde(default)]
    pub uuid: Option<String>,
    /// `wait`, `done`, `fail`; absent with some errors.
    #[serde(default)]
    pub status: Option<String>,
    /// What went wrong.
    #[serde(default)]
    pub error: Option<ErrorBody>,
    /// What was printed.
    #[serde(default)]
    pub payload: Option<Payload>,
    /// The platform's id; told with a report.
    #[serde(default)]
    pub external_id: Option<String>,
}

/// Why not (section 11.1).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ErrorBody {
    /// By itself no name of an error: registers' codes (section 11.3) overlap with the service's (section 11.2).
    pub code: i64,
    /// Words.
    #[serde(default)]
    pub text: String,
    /// `none`, `system`, `driver`, `timeout`, `agent`, `unknown`.
    #[serde(rename = "type", default)]
    pub kind: String,
}

/// The fiscal attributes (section 10.5).
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Payload {
    /// As ours.
    #[serde(flatten)]
    pub fiscal: Fiscal,
    /// Results of the checks of marking codes (v5).
    #[serde(default)]
    pub marks_result: Option<Vec<MarkResult>>,
}

/// What a check of a marking code came to.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct MarkResult {
    /// Which item, from 0.
    pub position: Number,
    /// Tag 2106.
    pub result: u8,
}
