//! A discrepancy: what is wrong with what, what each side says of it, and how it stands.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::facts::{Movement, Row};
use super::kinds::Kind;
use super::work::{Correction, State};
use crate::ledger::{self, Account};
use crate::money::{Money, MoneyError};

/// Candidates that are named at most.
pub(super) const CANDIDATES_MAX: usize = 5;

/// What a discrepancy is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Subject {
    /// A financial transaction.
    Transaction {
        /// The acquiring account.
        account: String,
        /// The merchant's number of the order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
        /// Our operation number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operation: Option<String>,
        /// The bank's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// A fiscal receipt.
    Receipt {
        /// The register.
        register: String,
        /// The merchant's number of the order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
        /// The id we gave it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        external_id: Option<String>,
        /// ФН and ФД numbers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<(String, u64)>,
    },
    /// A payout.
    Payout {
        /// Its id.
        id: String,
        /// The payment order's number.
        number: u32,
    },
    /// What a bank paid out for a day or several.
    Deposit {
        /// The acquiring account.
        account: String,
        /// The first day.
        from: Date,
        /// The last day.
        until: Date,
    },
    /// A line of a statement.
    Line {
        /// The bank's number of the document.
        reference: String,
    },
}

/// What one side says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// How much, signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// The bank's fee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee: Option<Money>,
    /// The day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Date>,
    /// Tax by tag 1199.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub vats: BTreeMap<u8, Money>,
    /// The line of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// What might be the partner of something that has several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Our operation number, or the bank's reference, or the line of the file.
    pub name: String,
    /// How much.
    pub amount: Money,
    /// The day.
    pub day: Date,
}

/// A discrepancy. What is found is fixed by the facts; how it stands, by the accountant and by later facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discrepancy {
    /// `dis_` and 26 hexadecimal digits: a digest of kind and key, so that the same thing found again is the same.
    pub id: String,
    /// What is wrong.
    pub kind: Kind,
    /// What of: made of what names it, never of figures that may be corrected.
    pub key: String,
    /// Our Moscow day where we have it, their day where we do not.
    pub day: Date,
    /// What it is about.
    pub subject: Subject,
    /// What our journal says; nothing where it has nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ours: Option<Side>,
    /// What the other side says; nothing where it has nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theirs: Option<Side>,
    /// The account of our books it is about, where money is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Account>,
    /// By how much the account (debits less credits) would have to move for our books to say what they say; nothing where no
    /// posting can close it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<Money>,
    /// Possible partners, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
    /// How it stands.
    pub state: State,
    /// What was posted for it, oldest first. Never taken out: what turns out to be wrong is corrected in turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<Correction>,
}

impl Discrepancy {
    pub(super) fn new(kind: Kind, key: String, day: Date, subject: Subject) -> Self {
        let digest = hex::encode(Sha256::digest(format!("{}\n{key}", kind.code())));
        let id = format!("dis_{}", digest.get(..26).unwrap_or(&digest));
        Self {
            id,
            kind,
            key,
            day,
            subject,
            ours: None,
            theirs: None,
            account: None,
            difference: None,
            candidates: Vec::new(),
            state: State::Open,
            corrections: Vec::new(),
        }
    }

    pub(super) fn sides(self, ours: Option<Side>, theirs: Option<Side>) -> Self {
        Self { ours, theirs, ..self }
    }

    pub(super) fn moves(self, account: Account, difference: Money) -> Self {
        Self { account: Some(account), difference: Some(difference), ..self }
    }

    /// What is still to be posted: the difference less what was posted for it. Nothing where no posting can close it.
    ///
    /// # Errors
    /// The amounts do not work out.
    pub fn outstanding(&self) -> Result<Option<Money>, MoneyError> {
        let (Some(account), Some(difference)) = (self.account, self.difference) else { return Ok(None) };
        let postings = self.corrections.iter().flat_map(|correction| &correction.postings);
        let posted = ledger::balance(account, difference.zero(), postings)?;
        difference.minus(posted).map(Some)
    }
}

impl Side {
    pub(super) fn of_movement(movement: &Movement) -> Self {
        Self { amount: Some(movement.amount), fee: movement.bank_fee, day: Some(movement.day()), ..Self::default() }
    }

    pub(super) fn of_row(row: &Row) -> Self {
        Self { amount: Some(row.amount), fee: row.fee, day: Some(row.day), line: Some(row.line), ..Self::default() }
    }
}
