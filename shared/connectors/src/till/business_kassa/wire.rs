//! The words of Бизнес.Ру Чеки: JSON both ways. «Open API», `JSON_check`, `Command`, `Token`.

use serde::{Deserialize, Serialize};
use serde_json::Number;

use crate::till::reading::text;

/// `Command.type`: приход.
pub const SALE: &str = "printCheck";
/// `Command.type`: возврат прихода.
pub const REFUND: &str = "printPurchaseReturn";

/// `GET Token`.
#[derive(Debug, Clone, Deserialize)]
pub struct Token {
    /// Goes into every other request.
    pub token: String,
}

/// `POST Command`. The names stand in the order of the alphabet: what is signed is sorted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewCommand {
    /// The integration.
    pub app_id: String,
    /// The document.
    pub command: Check,
    /// Names the request; never twice the same.
    pub nonce: String,
    /// The token.
    pub token: String,
    /// [`SALE`] or [`REFUND`].
    #[serde(rename = "type")]
    pub kind: String,
}

/// `command` of a receipt. Amounts are roubles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// The shop's number of the receipt.
    #[serde(deserialize_with = "text")]
    pub c_num: String,
    /// Tag 1021.
    #[serde(default)]
    pub author: String,
    /// Tag 1008.
    #[serde(rename = "smsEmail54FZ", default)]
    pub contact: String,
    /// Tag 1227.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// Tag 1228.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_inn: Option<String>,
    /// Tag 1031.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payed_cash: Option<Number>,
    /// Tag 1081.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payed_cashless: Option<Number>,
    /// Tag 1215.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payed_prepay: Option<Number>,
    /// Tag 1216.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payed_credit: Option<Number>,
    /// Tag 1217.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payed_consideration: Option<Number>,
    /// Tag 1055, a bit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag1055: Option<u8>,
    /// Tag 1059.
    pub goods: Vec<Good>,
}

/// `goods[]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Good {
    /// Tag 1030.
    pub name: String,
    /// Tag 1079.
    pub price: Number,
    /// Tag 1023, at most three decimals.
    pub count: Number,
    /// Tag 1043.
    pub sum: Number,
    /// The rate in percent; nothing without VAT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nds_value: Option<u8>,
    /// Without VAT.
    #[serde(default)]
    pub nds_not_apply: bool,
    /// Tag 1214.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_mode: Option<u8>,
    /// Tag 1212.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_type: Option<u8>,
    /// Tags 1222, 1224 and 1226.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_info: Option<AgentInfo>,
}

/// `agent_info` of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentInfo {
    /// Tag 1222.
    #[serde(rename = "type")]
    pub kind: u8,
    /// Tag 1171.
    pub supplier_phone: Vec<String>,
    /// Tag 1225.
    pub supplier_name: String,
    /// Tag 1226.
    pub supplier_inn: String,
}

/// The answer to a command that is taken.
#[derive(Debug, Clone, Deserialize)]
pub struct Taken {
    /// The vendor's number of it.
    #[serde(deserialize_with = "text")]
    pub command_id: String,
}

/// The answer to what is not.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Refusal {
    /// What is wrong, for people.
    #[serde(deserialize_with = "text")]
    pub message: String,
}

/// `GET Command`: a list of commands, alone or under its name.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Commands {
    /// Alone.
    Plain(Vec<CommandRow>),
    /// Under its name.
    Named {
        /// The list.
        commands: Vec<CommandRow>,
    },
}

/// A command and what became of it: an element of `GET Command`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct CommandRow {
    /// The vendor's number.
    #[serde(deserialize_with = "text")]
    pub id: String,
    /// The shop's number of the receipt.
    #[serde(deserialize_with = "text")]
    pub c_num: String,
    /// When it came to an end.
    #[serde(deserialize_with = "text")]
    pub date_result: String,
    /// How, in words.
    #[serde(deserialize_with = "text")]
    pub result_msg: String,
    /// Tag 1041.
    #[serde(deserialize_with = "text")]
    pub fn_number: String,
    /// Tag 1037.
    #[serde(deserialize_with = "text")]
    pub ecr_registration_number: String,
    /// Tag 1040.
    #[serde(deserialize_with = "text")]
    pub fiscal_document_number: String,
    /// Tag 1077.
    #[serde(deserialize_with = "text")]
    pub fiscal_document_attribute: String,
    /// Tag 1038.
    #[serde(deserialize_with = "text")]
    pub result_shift_number: String,
    /// Tag 1042, where it is told.
    #[serde(deserialize_with = "text")]
    pub fiscal_receipt_number: String,
    /// Tag 1012.
    #[serde(deserialize_with = "text")]
    pub receipt_datetime: String,
    /// Tag 1020.
    #[serde(deserialize_with = "text")]
    pub total: String,
    /// The document, where it is told.
    pub command: Option<Rates>,
}

/// Of a command's document, what is read back.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Rates {
    /// Its items.
    pub goods: Vec<Rate>,
}

/// The rate of an item.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Rate {
    /// In percent.
    #[serde(deserialize_with = "text")]
    pub nds_value: String,
    /// Without VAT.
    pub nds_not_apply: bool,
}
