//! The canonical fiscal receipt (54-ФЗ, FFD 1.05 and 1.2, agent scheme), before any register's dialect.
//!
//! What a receipt says is decided here and nowhere else; a register's connector only translates. Every field names its tag, so
//! that what a register refuses, what a law in [`laws`] forbids and what a partner's developer sent can be told apart by it.

pub mod device;
pub mod laws;
pub mod register;
mod tags;

use serde::{Deserialize, Serialize};

pub use tags::{AgentSign, Ffd, Measure, NoMeasure, ReceiptKind, Settlement, Subject};

use crate::money::{Money, MoneyError};
use crate::tax::{Taxation, VatRate};
use crate::time::{MOSCOW, Timestamp};

/// The owner of the register that prints, as a receipt names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Name (tag 1048).
    pub name: String,
    /// ИНН (tag 1018).
    pub inn: String,
    /// Registered address (tag 1009).
    pub address: String,
    /// Sender of electronic receipts (tag 1117) and the address for questions.
    pub email: String,
    /// Telephone for questions.
    pub phone: String,
    /// Taxation system (tag 1055), where a line names none.
    pub taxation: Taxation,
}

/// The principal in an agent's receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supplier {
    /// Tag 1225.
    #[serde(rename = "n")]
    pub name: String,
    /// Tag 1226.
    #[serde(rename = "i")]
    pub inn: String,
    /// Tag 1171, E.164.
    #[serde(rename = "p")]
    pub phones: Vec<String>,
}

/// What a register is asked to print: everything it needs and nothing to decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptDocument {
    /// Stable id: the order and the receipt's number in it, at most 64 characters. A register that has seen it answers with what
    /// it printed then.
    pub external_id: String,
    /// Tag 1054.
    pub kind: ReceiptKind,
    /// Tag 1209.
    pub ffd: Ffd,
    /// The owner of the register (tags 1048, 1018, 1009, 1117).
    pub agent: Agent,
    /// Tag 1055: one for all lines.
    pub taxation: Taxation,
    /// Where it was settled (tag 1187): the checkout's address, or a point of sale.
    pub place: String,
    /// Settled on the Internet (tag 1125).
    pub internet: bool,
    /// Who took the money, where a person did (tags 1021 and 1203).
    pub cashier: Option<Cashier>,
    /// The buyer.
    pub buyer: Buyer,
    /// Tag 1059.
    pub items: Vec<Item>,
    /// How it was paid; together the total.
    pub payments: Payments,
    /// Tag 1020: the sum of the items.
    pub total: Money,
    /// What it corrects, where it is a correction (чек коррекции).
    pub correction: Option<Correction>,
    /// Tag 1192 of a plain receipt in FFD 1.05, where no correction has items: the fiscal sign of the wrong receipt it undoes or
    /// replaces. Its rates are of that one's day.
    pub wrong_sign: Option<String>,
    /// Marked goods are sold although the check of their codes fails or can not be made.
    pub sell_unchecked: bool,
}

/// The person at the till.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cashier {
    /// Tag 1021.
    #[serde(rename = "n")]
    pub name: String,
    /// Tag 1203.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub inn: Option<String>,
}

/// Whom the receipt goes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buyer {
    /// E-mail or telephone (tag 1008).
    pub contact: String,
    /// Name of a firm that buys (tag 1227).
    pub name: Option<String>,
    /// Its ИНН (tag 1228).
    pub inn: Option<String>,
}

/// One item (tag 1059).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Tag 1030, at most 128 characters.
    pub name: String,
    /// Tag 1079: price of a unit.
    pub price: Money,
    /// Tag 1023, at most 6 decimals.
    pub quantity: rust_decimal::Decimal,
    /// Tag 2108.
    pub measure: Measure,
    /// Tag 1043: price times quantity, rounded to the kopeck.
    pub amount: Money,
    /// Tag 1199 without [`Item::calculated`].
    pub vat: VatRate,
    /// The calculated rate of tag 1199: 22/122 instead of 22 %, for what is paid before it is handed over.
    pub calculated: bool,
    /// Tag 1212.
    pub subject: Subject,
    /// Tag 1214.
    pub settlement: Settlement,
    /// Tags 1222, 1224 and 1226; nothing for the owner's own goods.
    pub principal: Option<Principal>,
    /// The code of a marked unit as it was read, group separators (0x1D) included.
    pub mark: Option<String>,
    /// Tag 1291: a part of a marked unit, numerator and denominator.
    pub fraction: Option<(u32, u32)>,
}

/// Whose an item is, and as what the register's owner sells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// Tag 1222.
    pub sign: AgentSign,
    /// Tags 1224{1171, 1225} and 1226.
    pub supplier: Supplier,
}

impl Item {
    /// Tag 1199.
    pub const fn tag_1199(&self) -> u8 {
        if self.calculated { self.vat.tag_1199_calculated() } else { self.vat.tag_1199() }
    }

    /// Tag 1200: the tax inside the amount; nothing where no VAT is charged.
    ///
    /// # Errors
    /// The amount does not fit.
    pub fn vat_inside(&self) -> Result<Option<Money>, MoneyError> {
        self.vat.inside(self.amount)
    }
}

/// How a receipt is paid. Amounts are never negative; all of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payments {
    /// Tag 1031.
    pub cash: Money,
    /// Tag 1081.
    pub electronic: Money,
    /// Tag 1215: offset of what was paid before.
    pub prepaid: Money,
    /// Tag 1216: to be paid later.
    pub credit: Money,
    /// Tag 1217: by a counter-provision.
    pub counter: Money,
}

impl Payments {
    /// Nothing paid.
    pub const fn none(zero: Money) -> Self {
        Self { cash: zero, electronic: zero, prepaid: zero, credit: zero, counter: zero }
    }

    /// All of `total` by electronic means.
    pub const fn electronic(total: Money) -> Self {
        Self { electronic: total, ..Self::none(total.zero()) }
    }

    /// All of `total` in cash.
    pub const fn cash(total: Money) -> Self {
        Self { cash: total, ..Self::none(total.zero()) }
    }

    /// All of `total` was paid before.
    pub const fn prepaid(total: Money) -> Self {
        Self { prepaid: total, ..Self::none(total.zero()) }
    }

    /// Tag and amount of each kind that is not zero.
    pub fn tagged(&self) -> impl Iterator<Item = (u16, Money)> {
        [(1031, self.cash), (1081, self.electronic), (1215, self.prepaid), (1216, self.credit), (1217, self.counter)]
            .into_iter()
            .filter(|(_, amount)| !amount.is_zero())
    }

    /// All together.
    ///
    /// # Errors
    /// The sum does not fit.
    pub fn sum(&self) -> Result<Money, MoneyError> {
        self.tagged().try_fold(self.cash.zero(), |sum, (_, amount)| sum.plus(amount))
    }
}

/// What a correction rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// Tag 1173: a tax office's order (1) with its number (tag 1179), or one's own accord (0).
    pub order: Option<String>,
    /// Tag 1178: the Moscow day of what is corrected.
    pub date: jiff::civil::Date,
    /// Tag 1192: the fiscal sign of the wrong receipt.
    pub wrong_sign: Option<String>,
}

impl ReceiptDocument {
    /// Tag 1192, of a correction or of a plain receipt: the fiscal sign of the wrong one.
    pub fn mended(&self) -> Option<&str> {
        let corrected = self.correction.as_ref().and_then(|correction| correction.wrong_sign.as_ref());
        corrected.or(self.wrong_sign.as_ref()).map(String::as_str)
    }

    /// The sum of the items.
    ///
    /// # Errors
    /// The sum does not fit.
    pub fn items_sum(items: &[Item]) -> Result<Money, MoneyError> {
        let zero = items.first().map_or(Money::rub(0), |item| item.amount.zero());
        items.iter().try_fold(zero, |sum, item| sum.plus(item.amount))
    }

    /// The tax by tag 1199 (tags 1102 to 1107 and their successors): amounts without VAT and at 0 % are the items' own.
    ///
    /// # Errors
    /// A sum does not fit.
    pub fn vats(&self) -> Result<std::collections::BTreeMap<u8, Money>, MoneyError> {
        let mut vats = std::collections::BTreeMap::new();
        for item in &self.items {
            let amount = match item.vat_inside()? {
                Some(tax) if item.vat.percent() != Some(0) => tax,
                _ => item.amount,
            };
            let sum: &mut Money = vats.entry(item.tag_1199()).or_insert(amount.zero());
            *sum = sum.plus(amount)?;
        }
        Ok(vats)
    }
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
