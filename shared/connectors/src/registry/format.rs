//! How a bank writes its registry: configuration.

use std::collections::BTreeMap;

use domain::money::Currency;
use domain::reconcile::Way;
use serde::{Deserialize, Serialize};

/// A bank's registry, as it comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Format {
    /// In what it is written.
    #[serde(default)]
    pub encoding: Encoding,
    /// What stands between cells.
    #[serde(default = "semicolon")]
    pub delimiter: char,
    /// Lines before the header, or before the first row where there is none. Empty lines do not count.
    #[serde(default)]
    pub skip: usize,
    /// A line names the columns.
    #[serde(default = "yes")]
    pub header: bool,
    /// What the first cell of a line begins with that ends the rows: totals, signatures.
    #[serde(default)]
    pub until: Vec<String>,
    /// Where everything stands.
    pub columns: Columns,
    /// How a day is written, and a moment where the bank says it (`%d.%m.%Y %H:%M:%S`, as `strptime` has it). Day and time of two
    /// columns are joined by a space.
    pub day_format: String,
    /// Hours its moments are ahead of UTC.
    #[serde(default = "moscow")]
    pub utc_hours: i8,
    /// What the words of the kind column mean; nothing for rows to be passed over (holds). A word that is not here is refused.
    #[serde(default)]
    pub ways: BTreeMap<String, Option<Way>>,
    /// The currency of rows that name none.
    #[serde(default = "roubles")]
    pub currency: Currency,
    /// How fees are signed.
    #[serde(default)]
    pub fees: Fees,
}

impl Format {
    pub(super) fn sheet(&self) -> super::Sheet<'_> {
        let Self { encoding, delimiter, skip, header, .. } = *self;
        super::Sheet { encoding, delimiter, skip, header, until: &self.until }
    }
}

/// Where everything stands. What a bank does not write is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// The amount.
    pub amount: Column,
    /// The day, or the moment.
    pub day: Column,
    /// The time of the day, where it has a column of its own.
    #[serde(default)]
    pub time: Option<Column>,
    /// The bank's id.
    #[serde(default)]
    pub reference: Option<Column>,
    /// Our operation number.
    #[serde(default)]
    pub operation: Option<Column>,
    /// The merchant's number of the order.
    #[serde(default)]
    pub number: Option<Column>,
    /// The kind of operation. Without it the amount's sign says which way the money went.
    #[serde(default)]
    pub way: Option<Column>,
    /// What the bank kept.
    #[serde(default)]
    pub fee: Option<Column>,
    /// The currency: letters or digits of ISO 4217.
    #[serde(default)]
    pub currency: Option<Column>,
}

/// A column: by its place, counted from 1, or by its name in the header, in letters of any case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Column {
    /// By its place.
    Place(usize),
    /// By its name.
    Name(String),
}

/// How the bank signs its fees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fees {
    /// What it kept is above zero.
    #[default]
    Kept,
    /// What it kept is below zero, as it moves what it pays out.
    Moved,
}

/// In what a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// UTF-8, with a byte order mark or without.
    #[default]
    Utf8,
    /// CP1251.
    Windows1251,
}

impl Encoding {
    /// The text; nothing for bytes that are none.
    pub(super) fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).ok().map(ToOwned::to_owned),
            Self::Windows1251 => encoding_rs::WINDOWS_1251
                .decode_without_bom_handling_and_without_replacement(bytes)
                .map(std::borrow::Cow::into_owned),
        }
    }
}

pub(super) const fn semicolon() -> char {
    ';'
}

pub(super) const fn yes() -> bool {
    true
}

pub(super) const fn moscow() -> i8 {
    3
}

const fn roubles() -> Currency {
    Currency::RUB
}
