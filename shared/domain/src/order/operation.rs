//! Operations and their transactions: what someone asked for, and what the bank was told.

use serde::{Deserialize, Serialize};

use super::DeclineReason;
use super::parts::Part;
use crate::acquirer::BankFee;
use crate::acquiring::{Method, SavedMeans, Stages};
use crate::money::{Money, MoneyError};
use crate::time::Timestamp;

/// What someone asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// 1, 2, …; `bill.no` is its extended number.
    #[serde(rename = "n")]
    pub no: u8,
    /// What was asked for.
    #[serde(rename = "k")]
    pub kind: OperationKind,
    /// How much.
    #[serde(rename = "a")]
    pub amount: Money,
    /// What the bank was told.
    #[serde(rename = "t")]
    pub transactions: Vec<Transaction>,
    /// What of the basket it is about; empty for all of it.
    #[serde(rename = "l", default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// The child order it pays for, counted from 1.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub child: Option<u8>,
    /// By what means.
    #[serde(rename = "m", default, skip_serializing_if = "is_default")]
    pub method: Method,
    /// The account it is pinned to; the sandbox's own bank where none is named.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// In how many stages a payment is taken.
    #[serde(rename = "g", default, skip_serializing_if = "is_default")]
    pub stages: Stages,
    /// Seconds the bank keeps a hold.
    #[serde(rename = "w", default, skip_serializing_if = "is_default")]
    pub hold_seconds: u32,
    /// The day of the authorization counts as the first of them.
    #[serde(rename = "d", default, skip_serializing_if = "std::ops::Not::not")]
    pub hold_counts_today: bool,
    /// Until when the money is held, once it is.
    #[serde(
        rename = "h",
        default,
        with = "jiff::fmt::serde::timestamp::second::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub hold_until: Option<Timestamp>,
    /// Who asked for it.
    #[serde(rename = "b", default, skip_serializing_if = "is_default")]
    pub by: Initiator,
    /// Why, in the words of whoever asked for it without the buyer.
    #[serde(rename = "y", default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The money lands on a nominal account.
    #[serde(rename = "z", default, skip_serializing_if = "std::ops::Not::not")]
    pub nominal: bool,
    /// The buyer wants the means to be saved.
    #[serde(rename = "v", default, skip_serializing_if = "std::ops::Not::not")]
    pub save: bool,
    /// What the bank has saved, until it is kept in the wallet.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub saved: Option<SavedMeans>,
    /// The saved means that are charged: their id in the wallet.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub means: Option<String>,
    /// How much of the amount was paid with bonus points, and is no money.
    #[serde(rename = "q", default, skip_serializing_if = "Option::is_none")]
    pub points: Option<Money>,
    /// Where and by whom it was taken, where a person took it.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub collected: Option<Box<super::Collected>>,
    /// What the bank kept of it, or gave back with it, by the terms of the day.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub bank_fee: Option<BankFee>,
    /// What its asker calls it, where they have a name for it.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
}

/// A request as its asker names it, both as the first 16 digits of a SHA-256: enough to tell one order's from each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The name.
    #[serde(rename = "k")]
    pub key: String,
    /// What was asked for under it.
    #[serde(rename = "b")]
    pub body: String,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Kinds of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OperationKind {
    /// The buyer pays.
    #[serde(rename = "p")]
    Payment,
    /// A small amount is held and let go, to learn whether the means can be charged later.
    #[serde(rename = "v")]
    Verification,
    /// Held money of a payment is taken.
    #[serde(rename = "c")]
    Capture {
        /// The payment.
        of: u8,
    },
    /// Money of a payment goes back, or its hold is let go.
    #[serde(rename = "r")]
    Return {
        /// The payment.
        of: u8,
    },
    /// A part of a payment was paid with points.
    #[serde(rename = "b")]
    PointsSpent {
        /// The payment.
        of: u8,
    },
    /// Points were given for a payment.
    #[serde(rename = "g")]
    PointsAccrued {
        /// The payment.
        of: u8,
    },
}

impl OperationKind {
    /// The payment an operation belongs to, unless it is one.
    pub const fn of(self) -> Option<u8> {
        match self {
            Self::Payment | Self::Verification => None,
            Self::Capture { of } | Self::Return { of } | Self::PointsSpent { of } | Self::PointsAccrued { of } => {
                Some(of)
            }
        }
    }
}

/// Who asked for an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Initiator {
    /// The buyer, who is there.
    #[default]
    Buyer,
    /// The partner, through the API or the cabinet.
    Partner,
    /// A rule of the partner's.
    Rule,
    /// A schedule the buyer has agreed to.
    Schedule,
    /// The platform: a deadline, a second payment, the other half of a split.
    Platform,
    /// The bank, by itself.
    Bank,
}

impl Initiator {
    /// The stable code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Buyer => "buyer",
            Self::Partner => "partner",
            Self::Rule => "rule",
            Self::Schedule => "schedule",
            Self::Platform => "platform",
            Self::Bank => "bank",
        }
    }
}

/// What the bank was told, and what it said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// What the bank was told.
    #[serde(rename = "k")]
    pub kind: TransactionKind,
    /// What it said.
    #[serde(rename = "s")]
    pub state: TransactionState,
    /// The bank's own id.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The bank's page or СБП link, while the buyer may still be there.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Attempts the bank has declined before; each has its own external number.
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    pub attempt: u8,
}

/// Kinds of transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TransactionKind {
    /// Authorization and capture in one stage.
    #[serde(rename = "p")]
    Purchase,
    /// Money is held.
    #[serde(rename = "a")]
    Authorization,
    /// Held money is taken, and what is left of the hold let go.
    #[serde(rename = "c")]
    Capture,
    /// A hold is let go, whole or in part.
    #[serde(rename = "v")]
    Void,
    /// A capture is undone before it has cleared.
    #[serde(rename = "x")]
    Reversal,
    /// Money back after the capture.
    #[serde(rename = "r")]
    Refund,
    /// Bonus points move.
    #[serde(rename = "b")]
    Points,
}

impl TransactionKind {
    /// The stable code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::Authorization => "authorization",
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Reversal => "reversal",
            Self::Refund => "refund",
            Self::Points => "points",
        }
    }
}

/// What is known of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransactionState {
    /// On record before the bank is told; whether the bank knows is not known.
    #[serde(rename = "i")]
    Intended,
    /// The bank knows; no outcome yet.
    #[serde(rename = "w")]
    Pending,
    /// Done.
    #[serde(rename = "y")]
    Succeeded,
    /// Will not be done.
    #[serde(rename = "n")]
    Declined(DeclineReason),
}

impl TransactionState {
    /// Whether the outcome is not known.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Intended | Self::Pending)
    }
}

impl Operation {
    /// The transaction that tells how the operation stands.
    pub fn state(&self) -> TransactionState {
        self.transactions.last().map_or(TransactionState::Intended, |transaction| transaction.state)
    }

    /// What the bank was told last.
    pub fn told(&self) -> Option<TransactionKind> {
        self.transactions.last().map(|transaction| transaction.kind)
    }

    /// Attempts the bank has declined before.
    pub fn attempt(&self) -> u8 {
        self.transactions.last().map_or(0, |transaction| transaction.attempt)
    }

    /// The bank's own id of the latest transaction.
    pub fn reference(&self) -> Option<&str> {
        self.transactions.last().and_then(|transaction| transaction.reference.as_deref())
    }

    /// The bank's page, or a link of the СБП.
    pub fn url(&self) -> Option<&str> {
        self.transactions.last().and_then(|transaction| transaction.url.as_deref())
    }

    /// A link of the СБП the buyer's own bank opens.
    pub fn sbp_link(&self) -> Option<&str> {
        self.url().filter(|url| url.starts_with("https://qr.nspk.ru/") || url.starts_with("https://sub.nspk.ru/"))
    }

    /// Whether its outcome is not known.
    pub fn is_open(&self) -> bool {
        self.state().is_open()
    }

    /// Whether it succeeded.
    pub fn succeeded(&self) -> bool {
        self.state() == TransactionState::Succeeded
    }

    /// Whether it is a payment, not a verification.
    pub fn is_payment(&self) -> bool {
        self.kind == OperationKind::Payment
    }

    /// Whether its buyer may give it up to pay another way: it waits for them at the bank, and for nobody else.
    pub fn may_be_given_up(&self) -> bool {
        let waits = self.state() == TransactionState::Pending && self.url().is_some();
        self.kind.of().is_none() && self.by == Initiator::Buyer && waits
    }

    /// Whether saved means are charged while the buyer is not there. The platform charges only what the buyer has begun: the
    /// parts of a split.
    pub const fn is_without_buyer(&self) -> bool {
        // A terminal charges nothing that was saved.
        self.means.is_some() && matches!(self.by, Initiator::Partner | Initiator::Rule | Initiator::Schedule)
    }

    /// The amount less what was paid with points.
    ///
    /// # Errors
    /// The amounts do not work out.
    pub fn money(&self) -> Result<Money, MoneyError> {
        self.points.map_or(Ok(self.amount), |points| self.amount.minus(points))
    }
}
