//! The canonical fiscal receipt (54-ФЗ, FFD 1.2, agent scheme), before any register's dialect.

use serde::{Deserialize, Serialize};

use crate::details::{Details, Line};
use crate::id::OrderId;
use crate::money::{Money, MoneyError};
use crate::partner::Partner;
use crate::tax::Taxation;
use crate::time::{MOSCOW, Timestamp};

/// Tag 1054: which way the money went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReceiptKind {
    /// Приход.
    #[serde(rename = "sale")]
    Sale,
    /// Возврат прихода.
    #[serde(rename = "refund")]
    SaleRefund,
}

impl ReceiptKind {
    /// Tag 1054.
    pub const fn tag_1054(self) -> u8 {
        match self {
            Self::Sale => 1,
            Self::SaleRefund => 2,
        }
    }
}

/// The agent whose register prints, as a receipt names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Name (tag 1048).
    pub name: String,
    /// ИНН (tag 1018).
    pub inn: String,
    /// Registered address.
    pub address: String,
    /// Sender of electronic receipts (tag 1117) and the address for questions.
    pub email: String,
    /// Telephone for questions.
    pub phone: String,
    /// Taxation system (tag 1055).
    pub taxation: Taxation,
}

/// What a register is asked to print: everything it needs and nothing to decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptDocument {
    /// Stable id: the order and the receipt's number in it. A register that has seen it answers with what it printed then.
    pub external_id: String,
    /// Tag 1054.
    pub kind: ReceiptKind,
    /// The agent.
    pub agent: Agent,
    /// Address of the checkout (tag 1187).
    pub place: String,
    /// Buyer's e-mail or telephone (tag 1008).
    pub buyer_contact: String,
    /// Lines (tag 1059), each with the agent sign 64 (tag 1222).
    pub lines: Vec<Line>,
    /// Name (1225), ИНН (1226) and telephone (1171) of the principal.
    pub supplier: Supplier,
    /// Paid by electronic means (tag 1081); equals the sum of the lines (tag 1020).
    pub total: Money,
}

/// The principal in an agent's receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supplier {
    /// Tag 1225.
    pub name: String,
    /// Tag 1226.
    pub inn: String,
    /// Tag 1171, E.164.
    pub phone: String,
}

/// Tag 1222 of every line: the agent acts in the principal's name (ГК 1005 п. 1).
pub const AGENT_SIGN: u8 = 64;
/// Tag 1214 of every line: full settlement.
pub const METHOD_FULL: u8 = 4;
/// Tag 1209: FFD 1.2.
pub const FFD_VERSION: u8 = 4;

impl ReceiptDocument {
    /// The document of a receipt.
    ///
    /// # Errors
    /// The lines do not sum up.
    pub fn new(
        external_id: String,
        kind: ReceiptKind,
        lines: Vec<Line>,
        details: &Details,
        partner: &Partner,
        agent: Agent,
        place: String,
    ) -> Result<Self, MoneyError> {
        let zero = lines.first().map_or(Money::rub(0), |line| line.amount.zero());
        let total = lines.iter().try_fold(zero, |sum, line| sum.plus(line.amount))?;
        Ok(Self {
            external_id,
            kind,
            agent,
            place,
            buyer_contact: details.receipt_contact().unwrap_or_default().to_owned(),
            lines,
            supplier: Supplier { name: partner.name.clone(), inn: partner.inn.clone(), phone: partner.phone.clone() },
            total,
        })
    }
}

/// The stable id a register knows a receipt by.
pub fn external_id(order: &OrderId, no: u8) -> String {
    format!("{order}-r{no}")
}

/// What the register printed: the fiscal attributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fiscal {
    /// ФН number (tag 1041), 16 digits.
    #[serde(rename = "fn")]
    pub drive: String,
    /// ФД number (tag 1040).
    #[serde(rename = "fd")]
    pub document: u64,
    /// ФПД (tag 1077), 10 digits.
    #[serde(rename = "fp")]
    pub sign: String,
    /// РН ККТ (tag 1037), 16 digits.
    #[serde(rename = "rn")]
    pub register: String,
    /// Shift (tag 1038).
    #[serde(rename = "sh")]
    pub shift: u32,
    /// Number in the shift (tag 1042).
    #[serde(rename = "no")]
    pub number: u32,
    /// When it was printed (tag 1012).
    #[serde(rename = "at", with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// What it printed as the total (tag 1020): read back and compared.
    #[serde(rename = "s")]
    pub total: Money,
}

impl Fiscal {
    /// The text of the receipt's QR code (tag 1196).
    pub fn qr(&self, kind: ReceiptKind) -> String {
        let at = MOSCOW.to_datetime(self.at);
        format!(
            "t={:04}{:02}{:02}T{:02}{:02}&s={}&fn={}&i={}&fp={}&n={}",
            at.year(),
            at.month(),
            at.day(),
            at.hour(),
            at.minute(),
            self.total.to_decimal(),
            self.drive,
            self.document,
            self.sign,
            kind.tag_1054(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_qr_text_has_the_published_form() {
        // A published example of tag 1196; 18:50 Moscow is 15:50 UTC.
        let fiscal = Fiscal {
            drive: "9961440300195301".into(),
            document: 871,
            sign: "1470707772".into(),
            register: "0000000001234567".into(),
            shift: 1,
            number: 1,
            at: "2022-03-18T15:50:00Z".parse().unwrap(),
            total: Money::rub(100_000),
        };
        let expected = "t=20220318T1850&s=1000.00&fn=9961440300195301&i=871&fp=1470707772&n=1";
        assert_eq!(fiscal.qr(ReceiptKind::Sale), expected);
    }
}
