//! The register of a closed month as it is kept: lines in pages small enough for a row, each sealed by a hash in the report's head.
//!
//! A month's lines do not fit into a row, and making them again from the journals takes as long as closing the month did. So they are written
//! once, page by page, before the head that names them: a page no head names is nothing yet, and is written over by whoever goes on.

use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Totals, Wrong};
use crate::time::Timestamp;

/// Bytes of a page as text, at most. A row has 400 kB; deflated and in base64, not even noise of this length comes to that.
pub const PAGE_BYTES_MAX: usize = 300_000;

/// A page's entry in the head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageSeal {
    /// Lines, or movements.
    #[serde(rename = "n")]
    pub rows: u32,
    /// SHA-256 of the page's text, hex.
    #[serde(rename = "h")]
    pub sha256: String,
}

/// All pages of a register, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pages {
    /// Pages of movements.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub movements: Vec<PageSeal>,
    /// Pages of lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<PageSeal>,
}

impl Pages {
    /// One hash over all of them: what a paper is known by that has not all lines in it.
    pub fn sha256(&self) -> String {
        let pages = self.movements.iter().chain(&self.lines);
        let digest = pages.fold(Sha256::new(), |digest, page| digest.chain_update(&page.sha256).chain_update("\n"));
        hex::encode(digest.finalize())
    }
}

/// A page of rows: JSON lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The text.
    pub text: String,
    rows: u32,
}

impl Page {
    /// Its entry in the head.
    pub fn seal(&self) -> PageSeal {
        PageSeal { rows: self.rows, sha256: hex::encode(Sha256::digest(&self.text)) }
    }

    /// Whether nothing is on it.
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }
}

/// Rows as pages: as many as fit on each.
#[derive(Debug, Clone, Default)]
pub struct Paged {
    full: Vec<Page>,
    open: Page,
    bytes: usize,
}

impl Paged {
    /// One more row.
    ///
    /// # Errors
    /// It can not be written.
    pub fn push(&mut self, row: &impl Serialize) -> Result<(), Wrong> {
        let json = serde_json::to_string(row).map_err(|error| Wrong::Page(error.to_string()))?;
        if !self.open.is_empty() && self.open.text.len() + json.len() + 1 > PAGE_BYTES_MAX {
            self.full.push(std::mem::take(&mut self.open));
        }
        self.bytes += json.len() + 1;
        self.open.text.push_str(&json);
        self.open.text.push('\n');
        self.open.rows += 1;
        Ok(())
    }

    /// Bytes of all rows.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The pages.
    pub fn finish(mut self) -> Vec<Page> {
        if !self.open.is_empty() {
            self.full.push(self.open);
        }
        self.full
    }
}

/// The rows of a page, if it is the one its seal was made of.
///
/// # Errors
/// It is another, or is not readable.
pub fn opened<T: DeserializeOwned>(text: &str, seal: &PageSeal) -> Result<Vec<T>, Wrong> {
    if hex::encode(Sha256::digest(text)) != seal.sha256 {
        return Err(Wrong::Page("it is not the page that was sealed".to_owned()));
    }
    let rows: Result<Vec<T>, _> = text.lines().map(serde_json::from_str).collect();
    let rows = rows.map_err(|error| Wrong::Page(error.to_string()))?;
    if u32::try_from(rows.len()) == Ok(seal.rows) { Ok(rows) } else { Err(Wrong::Page("it has other rows".to_owned())) }
}

/// A month being closed: how far its lines have been gathered. Written after the pages it names, so that whoever goes on after a crash
/// writes the same pages again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Pages so far; those of movements are written first, all at once.
    #[serde(default)]
    pub pages: Option<Pages>,
    /// Sums of the lines so far.
    #[serde(default)]
    pub totals: Totals,
    /// Months of orders that have been read, of all that are.
    #[serde(default)]
    pub month: usize,
    /// The order of the next month that was read last.
    #[serde(default)]
    pub after: Option<String>,
    /// VAT in percent on the fee of the latest line that has any, and that line's moment.
    #[serde(default)]
    pub percent: Option<(Timestamp, Decimal)>,
}
