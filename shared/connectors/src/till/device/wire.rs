//! The words of the device protocol (docs/DEVICES.md). What is fiscal is named by its tag (приказ ФНС ЕД-7-20/662@, tables 3 to 29):
//! that is what every maker's driver takes.

use domain::receipt::device::Trouble;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A job as it is given out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its id; stays the same whenever it is given out.
    pub external_id: String,
    /// Number of the lease; `failed` names it.
    pub lease: u32,
    /// The job is the agent's alone until then, RFC 3339.
    pub lease_until: String,
    /// It was given out before and nobody told what became of it: look for it in the register first, and print it only if it is not
    /// there.
    pub maybe_printed: bool,
    /// The last document that is on record: if the job was printed, its number is higher, or its drive another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub printed_after: Option<After>,
    /// What to print.
    pub receipt: Receipt,
}

/// A document in a drive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    /// ФН.
    #[serde(rename = "1041")]
    pub drive: String,
    /// ФД.
    #[serde(rename = "1040")]
    pub document: u64,
}

/// A receipt. Amounts are roubles with two decimals; flags are `true` and `false`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// 1 sale, 2 refund of a sale.
    #[serde(rename = "1054")]
    pub kind: u8,
    /// Version of the format: 2 for 1.05, 4 for 1.2.
    #[serde(rename = "1209")]
    pub ffd: u8,
    /// Taxation system.
    #[serde(rename = "1055")]
    pub taxation: u8,
    /// Name of the register's owner.
    #[serde(rename = "1048")]
    pub owner: String,
    /// Their ИНН.
    #[serde(rename = "1018")]
    pub inn: String,
    /// Their registered address.
    #[serde(rename = "1009")]
    pub address: String,
    /// Sender of electronic receipts.
    #[serde(rename = "1117")]
    pub sender: String,
    /// Place of settlement.
    #[serde(rename = "1187")]
    pub place: String,
    /// Settled on the Internet.
    #[serde(rename = "1125")]
    pub internet: bool,
    /// Cashier.
    #[serde(rename = "1021", default, skip_serializing_if = "Option::is_none")]
    pub cashier: Option<String>,
    /// Their ИНН.
    #[serde(rename = "1203", default, skip_serializing_if = "Option::is_none")]
    pub cashier_inn: Option<String>,
    /// The buyer's e-mail or telephone.
    #[serde(rename = "1008")]
    pub contact: String,
    /// The buyer's name.
    #[serde(rename = "1227", default, skip_serializing_if = "Option::is_none")]
    pub buyer: Option<String>,
    /// The buyer's ИНН.
    #[serde(rename = "1228", default, skip_serializing_if = "Option::is_none")]
    pub buyer_inn: Option<String>,
    /// Items.
    #[serde(rename = "1059")]
    pub items: Vec<Item>,
    /// Cash.
    #[serde(rename = "1031")]
    pub cash: String,
    /// Electronic.
    #[serde(rename = "1081")]
    pub electronic: String,
    /// Prepayment offset.
    #[serde(rename = "1215")]
    pub prepaid: String,
    /// On credit.
    #[serde(rename = "1216")]
    pub credit: String,
    /// By a counter-provision.
    #[serde(rename = "1217")]
    pub counter: String,
    /// Total.
    #[serde(rename = "1020")]
    pub total: String,
    /// 0 of one's own accord, 1 by order; only in a correction, which tag 1054 then counts.
    #[serde(rename = "1173", default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<u8>,
    /// Day of what is corrected.
    #[serde(rename = "1178", default, skip_serializing_if = "Option::is_none")]
    pub corrected_on: Option<Date>,
    /// Number of the order.
    #[serde(rename = "1179", default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// Fiscal sign of the wrong receipt.
    #[serde(rename = "1192", default, skip_serializing_if = "Option::is_none")]
    pub wrong_sign: Option<String>,
    /// Marked goods are sold although the check of their codes fails or can not be made.
    pub sell_unchecked: bool,
}

/// An item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Name.
    #[serde(rename = "1030")]
    pub name: String,
    /// Price of a unit.
    #[serde(rename = "1079")]
    pub price: String,
    /// Quantity.
    #[serde(rename = "1023")]
    pub quantity: String,
    /// Measure.
    #[serde(rename = "2108")]
    pub measure: u8,
    /// Amount.
    #[serde(rename = "1043")]
    pub amount: String,
    /// VAT rate.
    #[serde(rename = "1199")]
    pub rate: u8,
    /// VAT in the amount.
    #[serde(rename = "1200", default, skip_serializing_if = "Option::is_none")]
    pub vat: Option<String>,
    /// What it is.
    #[serde(rename = "1212")]
    pub subject: u8,
    /// How far the settlement is.
    #[serde(rename = "1214")]
    pub settlement: u8,
    /// Agent sign.
    #[serde(rename = "1222", default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<u8>,
    /// The supplier.
    #[serde(rename = "1224", default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<Supplier>,
    /// The supplier's ИНН.
    #[serde(rename = "1226", default, skip_serializing_if = "Option::is_none")]
    pub supplier_inn: Option<String>,
    /// Marking code as it was read, group separators as `\u001d`.
    #[serde(rename = "2000", default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// A part of a marked unit.
    #[serde(rename = "1291", default, skip_serializing_if = "Option::is_none")]
    pub fraction: Option<Fraction>,
}

/// Tag 1224.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supplier {
    /// Telephones.
    #[serde(rename = "1171")]
    pub phones: Vec<String>,
    /// Name.
    #[serde(rename = "1225")]
    pub name: String,
}

/// Tag 1291.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fraction {
    /// Numerator.
    #[serde(rename = "1293")]
    pub part: u32,
    /// Denominator.
    #[serde(rename = "1294")]
    pub whole: u32,
}

/// What was printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// ФН, 16 digits.
    #[serde(rename = "1041")]
    pub drive: String,
    /// ФД.
    #[serde(rename = "1040")]
    pub document: u64,
    /// ФПД, 10 digits.
    #[serde(rename = "1077")]
    pub sign: String,
    /// РН ККТ, 16 digits.
    #[serde(rename = "1037")]
    pub registration: String,
    /// Shift.
    #[serde(rename = "1038")]
    pub shift: u32,
    /// Number in the shift.
    #[serde(rename = "1042")]
    pub number: u32,
    /// When, RFC 3339.
    #[serde(rename = "1012")]
    pub at: String,
    /// Total, roubles with two decimals.
    #[serde(rename = "1020")]
    pub total: String,
    /// VAT rate of each item as it was printed.
    #[serde(rename = "1199", default, skip_serializing_if = "Option::is_none")]
    pub rates: Option<Vec<u8>>,
}

/// Why it was surely not printed. An agent that does not know tells nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotDone {
    /// The lease.
    pub lease: u32,
    /// `paper_out`, `offline`, `shift_over_24h`, `drive_full`, `drive_expired`, `marking_refused`, `document`.
    pub code: Trouble,
    /// The register's words.
    #[serde(default)]
    pub text: String,
}

/// What a register tells of itself, at least every five minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Key of the model (`GET /v1/devices/models`).
    pub model: String,
    /// Serial number.
    pub serial: String,
    /// РН ККТ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<String>,
    /// ФН, 16 digits.
    pub drive: String,
    /// The last day of the drive.
    pub drive_until: Date,
    /// Documents it has left.
    pub documents_left: u32,
    /// When the shift was opened, RFC 3339; left out while it is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shift_opened_at: Option<String>,
    /// Whether there is paper; left out without a printer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paper: Option<bool>,
    /// Agent and firmware.
    pub software: String,
}
