//! What is kept between comparisons: papers as they were read, discrepancies with their history, and what each run saw.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::finding::{Discrepancy, Subject};
use super::kinds::Kind;
use super::work::{By, Change, State};
use crate::ledger::Account;
use crate::money::Money;
use crate::time::Timestamp;

/// What kind of paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaperKind {
    /// A bank's registry of an acquiring account.
    Registry,
    /// A register's report.
    Report,
    /// A statement of one of our accounts.
    Statement,
}

impl PaperKind {
    /// The stable code used in keys and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Report => "report",
            Self::Statement => "statement",
        }
    }
}

/// A loaded paper of a day without its rows. Loaded again, the last one counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filing {
    /// The day it speaks about.
    pub day: Date,
    /// What it is.
    pub kind: PaperKind,
    /// The acquiring account, the register, or the code of the account of our books.
    pub name: String,
    /// Which file of the day, where there are several.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub part: String,
    /// When it was received.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub received: Timestamp,
    /// SHA-256 of its rows, hex; they are kept under it.
    pub sha256: String,
    /// How many rows it has.
    pub rows: u32,
    /// How many pages they are kept on.
    pub pages: u32,
    /// Where the account's money lands.
    pub lands: Account,
    /// What a registry has the bank pay out, fees taken off; what a statement shows to have been paid out by banks to `lands`.
    pub net: Money,
    /// What was there in the morning, by a statement that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opening: Option<Money>,
    /// What was there in the evening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing: Option<Money>,
}

impl Filing {
    /// What people call it: `registry tbank 2026-11-21`.
    pub fn title(&self) -> String {
        let Self { kind, name, day, .. } = self;
        let part = if self.part.is_empty() { String::new() } else { format!(" ({})", self.part) };
        format!("{} {name} {day}{part}", kind.code())
    }
}

/// Something that happened to a discrepancy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// Who; nobody where a comparison did it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub who: String,
    /// `opened`, `changed`, `reopened`, `resolved`, `corrected`, `explained`.
    pub what: String,
    /// Why, or by what.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// Notes a discrepancy keeps, the latest ones.
const NOTES_MAX: usize = 50;

/// A discrepancy in the accountant's work list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filed {
    /// Grows by one with every change; an attribute of its own in the row.
    #[serde(skip)]
    pub version: u64,
    /// The day it was first found to be of; part of the key.
    pub filed: Date,
    /// What it is.
    pub found: Discrepancy,
    /// What happened to it, oldest first.
    pub notes: Vec<Note>,
}

impl Filed {
    /// A discrepancy nobody knew of.
    pub fn new(found: Discrepancy, at: Timestamp) -> Self {
        let opened = Note { at, who: String::new(), what: "opened".to_owned(), text: String::new() };
        Self { version: 1, filed: found.day, found, notes: vec![opened] }
    }

    /// The next state of it.
    #[must_use]
    pub fn next(&self, found: Discrepancy, note: Note) -> Self {
        let mut notes = self.notes.clone();
        notes.push(note);
        let more = notes.len().saturating_sub(NOTES_MAX);
        notes.drain(..more);
        Self { version: self.version + 1, filed: self.filed, found, notes }
    }

    /// The next state after a comparison changed it; `by` names what explains one that is found no more.
    #[must_use]
    pub fn changed(&self, change: &Change, by: &str, at: Timestamp) -> Self {
        let what = match change {
            Change::Opened(_) => "opened",
            Change::Updated(_) => "changed",
            Change::Reopened(_) => "reopened",
            Change::Closed(_) => "resolved",
        };
        let text = if what == "resolved" { format!("resolved by {by}") } else { String::new() };
        let note = Note { at, who: String::new(), what: what.to_owned(), text };
        self.next(change.discrepancy().clone(), note)
    }

    /// The account or register it is about, where it is about one.
    pub fn about(&self) -> Option<&str> {
        match &self.found.subject {
            Subject::Transaction { account, .. } | Subject::Deposit { account, .. } => Some(account),
            Subject::Receipt { register, .. } => Some(register),
            Subject::Payout { .. } | Subject::Line { .. } => None,
        }
    }

    /// Why it is closed, in a few words; nothing while it is open.
    pub fn resolution(&self) -> Option<String> {
        let State::Resolved { by, .. } = &self.found.state else { return None };
        Some(match by {
            By::Themselves => {
                let last = self.notes.iter().rfind(|note| note.what == "resolved");
                last.map_or_else(|| "resolved by later facts".to_owned(), |note| note.text.clone())
            }
            By::Correction => self.found.corrections.last().map(|last| last.reason.clone()).unwrap_or_default(),
            By::Explained { reason, .. } => reason.clone(),
        })
    }
}

/// How many there are, and what they come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// How many.
    pub count: u32,
    /// What came in.
    pub taken: Money,
    /// What went out, above zero.
    pub returned: Money,
}

impl Default for Counted {
    fn default() -> Self {
        Self { count: 0, taken: Money::rub(0), returned: Money::rub(0) }
    }
}

impl Counted {
    /// With one more; amounts of other currencies are counted and not summed.
    #[must_use]
    pub fn with(self, amount: Money) -> Self {
        let count = self.count.saturating_add(1);
        let plus = |sum: Money, more: Money| sum.plus(more).unwrap_or(sum);
        let back =
            if amount.minor() < 0 { amount.zero().minus(amount).unwrap_or(amount.zero()) } else { amount.zero() };
        let taken = if amount.is_positive() { amount } else { amount.zero() };
        Self { count, taken: plus(self.taken, taken), returned: plus(self.returned, back) }
    }
}

/// How a day of one account, register or statement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Compared, and nothing waits.
    Compared,
    /// Compared; something waits for a paper of another day.
    Waiting,
    /// We have movements, and no paper of the day is here.
    PaperMissing,
}

impl RunState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Compared, Self::Waiting, Self::PaperMissing];

    /// The stable code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Compared => "compared",
            Self::Waiting => "waiting",
            Self::PaperMissing => "paper_missing",
        }
    }
}

/// What the last comparison of a day saw of one account, register or statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The day.
    pub day: Date,
    /// Which kind of paper it is laid beside.
    pub kind: PaperKind,
    /// The account, the register, or the code of the account of our books.
    pub name: String,
    /// When it was last compared.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// What we have.
    pub ours: Counted,
    /// What they have; nothing where no paper is here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theirs: Option<Counted>,
    /// How it stands.
    pub state: RunState,
    /// Papers something of the day waits for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<String>,
    /// Discrepancies found of the day, by kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<(Kind, u32)>,
}
