//! КИТ Онлайн's words: JSON both ways, names in capitals. `Models` of KitOnline-NET; names of agents' items as shops' modules send
//! them.

use serde::{Deserialize, Serialize};
use serde_json::Number;

use crate::till::reading::text;

/// `ResultCode`: taken, or asked about with success.
pub const OK: u32 = 0;
/// `ResultCode`: «Неизвестная ошибка сервиса».
pub const SERVICE_ERROR: u32 = 1;
/// `ResultCode`: «Чек с таким id не найден».
pub const NOT_FOUND: u32 = 43;
/// `ResultCode`: «Чек с таким `CheckId` уже существует».
pub const KNOWN: u32 = 45;

/// `CheckState.State`: taken, routed, processed, being printed.
pub const WAITING: [u32; 4] = [0, 10, 20, 30];
/// `CheckState.State`: printed.
pub const SUCCEEDED: u32 = 1000;
/// `CheckState.State`: not printed.
pub const FAILED: u32 = 1010;

/// `POST /WebService.svc/SendCheck`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SendCheck {
    /// Who asks.
    pub request: Asking,
    /// The document.
    pub check: Check,
}

/// `POST /WebService.svc/StateCheck`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StateCheck {
    /// Who asks.
    pub request: Asking,
    /// The document's `CheckId`.
    pub check_number: String,
}

/// `Request`: who asks, signed for one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Asking {
    /// The company in the cabinet.
    pub company_id: u64,
    /// A user with the right «API».
    pub user_login: String,
    /// MD5 of `CompanyId`, the password and `CheckId`, in hexadecimal digits.
    pub sign: String,
    /// `1`: tell the fiscal attributes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fiscal_data: Option<String>,
    /// `1`: tell the receipt's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// `Check`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Check {
    /// The shop's id, at most 64 characters.
    pub check_id: String,
    /// Tag 1054.
    pub calculation_type: u8,
    /// Tag 1055, a bit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_system_type: Option<u8>,
    /// Tag 1020, kopecks.
    pub sum: i64,
    /// Tag 1008; not together with `Phone`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Tag 1008: ten digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// How it was paid.
    pub pay: Pay,
    /// Tag 1059.
    pub subjects: Vec<Subject>,
}

/// `Pay`, kopecks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Pay {
    /// Tag 1031.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cash_sum: Option<i64>,
    /// Tag 1081.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e_money_sum: Option<i64>,
    /// Tag 1215.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prepayment_sum: Option<i64>,
    /// Tag 1216.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postpay_sum: Option<i64>,
    /// Tag 1217.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub providing_sum: Option<i64>,
}

/// `Subjects[]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Subject {
    /// Tag 1030, at most 128 characters.
    pub subject_name: String,
    /// Tag 1079, kopecks.
    pub price: i64,
    /// Tag 1023.
    pub quantity: Number,
    /// Tag 1199.
    pub tax: u8,
    /// Tag 1214; 4 where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay_attribute: Option<u8>,
    /// Tag 1212; 4 where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goods_attribute: Option<u8>,
    /// Tag 1197.
    #[serde(rename = "unitOfMeasurement", default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Tag 1222, a bit.
    #[serde(rename = "agentType", default, skip_serializing_if = "Option::is_none")]
    pub agent_type: Option<u8>,
    /// Tag 1226.
    #[serde(rename = "supplierINN", default, skip_serializing_if = "Option::is_none")]
    pub supplier_inn: Option<String>,
    /// Tag 1224.
    #[serde(rename = "supplierInfo", default, skip_serializing_if = "Option::is_none")]
    pub supplier_info: Option<SupplierInfo>,
}

/// `supplierInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SupplierInfo {
    /// Tag 1225.
    pub name: String,
    /// Tag 1171.
    pub phone_numbers: Vec<String>,
}

/// The answer to both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Answer {
    /// 0, or what is wrong with the request.
    pub result_code: u32,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// The vendor's own number of what was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_queue_id: Option<u64>,
    /// How the document stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_state: Option<CheckState>,
    /// What was printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fiscal_data: Option<FiscalData>,
    /// The receipt's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// `CheckState`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CheckState {
    /// See [`WAITING`], [`SUCCEEDED`], [`FAILED`].
    pub state: u32,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<u32>,
}

/// `FiscalData`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct FiscalData {
    /// Tag 1012, `dd.mm.yy HH:MM`.
    #[serde(deserialize_with = "text")]
    pub date: String,
    /// Tag 1037.
    #[serde(deserialize_with = "text")]
    pub rnm: String,
    /// Tag 1041.
    #[serde(deserialize_with = "text")]
    pub storage_number: String,
    /// Tag 1038.
    #[serde(deserialize_with = "text")]
    pub session: String,
    /// Tag 1042.
    #[serde(deserialize_with = "text")]
    pub check_number: String,
    /// Tag 1040.
    #[serde(deserialize_with = "text")]
    pub document: String,
    /// Tag 1077.
    #[serde(deserialize_with = "text")]
    pub sign: String,
    /// Tag 1013.
    #[serde(deserialize_with = "text")]
    pub factory_number: String,
}
