//! What the doubles are sent, field by field as the vendor names them; what is named nowhere is refused. Fields nothing is made
//! of here are taken as they are.

use serde::Deserialize;
use serde_json::{Number, Value};

/// `getToken`.
#[derive(Debug, Deserialize)]
pub(super) struct Login {
    pub(super) login: String,
    pub(super) pass: String,
}

/// A document (sections 6.1 and 7.2).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    pub(super) timestamp: String,
    pub(super) external_id: String,
    #[serde(default)]
    pub(super) service: Option<Service>,
    #[serde(default)]
    pub(super) receipt: Option<Receipt>,
    #[serde(default)]
    pub(super) correction: Option<Receipt>,
    #[serde(default)]
    pub(super) ism_optional: bool,
    #[serde(default, rename = "source_id")]
    _source_id: Option<Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Service {
    #[serde(default)]
    pub(super) callback_url: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Receipt {
    #[serde(default)]
    pub(super) client: Option<Client>,
    pub(super) company: Company,
    #[serde(default)]
    pub(super) correction_info: Option<CorrectionInfo>,
    pub(super) items: Vec<Item>,
    pub(super) payments: Vec<Payment>,
    #[serde(default)]
    pub(super) vats: Option<Vec<Vat>>,
    pub(super) total: Number,
    #[serde(default)]
    pub(super) cashier: Option<String>,
    #[serde(default)]
    pub(super) cashier_inn: Option<String>,
    #[serde(default)]
    pub(super) additional_check_props: Option<String>,
    #[serde(default)]
    pub(super) internet: bool,
    #[serde(default, rename = "additional_user_props")]
    _additional_user_props: Option<Value>,
    #[serde(default, rename = "device_number")]
    _device_number: Option<Value>,
    #[serde(default, rename = "cashless_payments")]
    _cashless_payments: Option<Value>,
    #[serde(default, rename = "timezone")]
    _timezone: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Client {
    #[serde(default)]
    pub(super) email: Option<String>,
    #[serde(default)]
    pub(super) phone: Option<String>,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) inn: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Company {
    pub(super) email: String,
    #[serde(default)]
    pub(super) sno: Option<String>,
    pub(super) inn: String,
    pub(super) payment_address: String,
    #[serde(default, rename = "location")]
    _location: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CorrectionInfo {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) base_date: String,
    #[serde(default)]
    pub(super) base_number: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) price: Number,
    pub(super) quantity: Number,
    pub(super) sum: Number,
    #[serde(default)]
    pub(super) measurement_unit: Option<String>,
    #[serde(default)]
    pub(super) measure: Option<u8>,
    #[serde(default)]
    pub(super) payment_method: Option<String>,
    #[serde(default)]
    pub(super) payment_object: Option<Value>,
    pub(super) vat: Vat,
    #[serde(default)]
    pub(super) agent_info: Option<AgentInfo>,
    #[serde(default)]
    pub(super) supplier_info: Option<SupplierInfo>,
    #[serde(default)]
    pub(super) nomenclature_code: Option<String>,
    #[serde(default)]
    pub(super) mark_code: Option<std::collections::BTreeMap<String, String>>,
    #[serde(default)]
    pub(super) mark_processing_mode: Option<String>,
    #[serde(default)]
    pub(super) mark_quantity: Option<MarkQuantity>,
    #[serde(default)]
    pub(super) planned_status: Option<u8>,
    #[serde(default, rename = "user_data")]
    _user_data: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MarkQuantity {
    pub(super) numerator: u32,
    pub(super) denominator: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vat {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) sum: Option<Number>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AgentInfo {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default, rename = "paying_agent")]
    _paying_agent: Option<Value>,
    #[serde(default, rename = "receive_payments_operator")]
    _receive_payments_operator: Option<Value>,
    #[serde(default, rename = "money_transfer_operator")]
    _money_transfer_operator: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SupplierInfo {
    #[serde(default)]
    pub(super) phones: Vec<String>,
    #[serde(default)]
    pub(super) name: String,
    pub(super) inn: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Payment {
    #[serde(rename = "type")]
    pub(super) kind: u8,
    pub(super) sum: Number,
}
