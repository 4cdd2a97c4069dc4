//! What is compared: our journal's side, and the papers of banks and registers, already in our words.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::acquiring::Method;
use crate::ledger::Account;
use crate::money::{Money, MoneyError};
use crate::order::TransactionKind;
use crate::time::{Timestamp, moscow_date};

/// Which way the money went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Taken from the buyer: a purchase or a capture. Above zero.
    Taken,
    /// Went back to the buyer: a refund or a reversal. Below zero.
    Returned,
    /// A refund that the bank took back. Above zero.
    Undone,
    /// Taken back by the buyer's bank (chargeback). Below zero.
    Disputed,
    /// A chargeback that was won. Above zero.
    DisputeWon,
    /// Nothing moved; the bank charges a fee all the same (a failed authorization). Zero.
    FeeOnly,
}

impl Way {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Returned => "returned",
            Self::Undone => "undone",
            Self::Disputed => "disputed",
            Self::DisputeWon => "dispute_won",
            Self::FeeOnly => "fee_only",
        }
    }

    /// The way of a transaction that moved a signed amount; nothing for what moves no money.
    pub const fn of(kind: TransactionKind, amount: Money) -> Option<Self> {
        match kind {
            TransactionKind::Purchase | TransactionKind::Capture => Some(Self::Taken),
            TransactionKind::Refund | TransactionKind::Reversal | TransactionKind::Void => {
                Some(if amount.minor() > 0 { Self::Undone } else { Self::Returned })
            }
            TransactionKind::Authorization | TransactionKind::Points => None,
        }
    }

    /// Whether its amounts are below zero.
    pub const fn is_out(self) -> bool {
        matches!(self, Self::Returned | Self::Disputed)
    }
}

/// A financial transaction of our journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// When we learned of it.
    pub at: Timestamp,
    /// The merchant's number of the order.
    pub number: String,
    /// The operation's extended number: unique to the operation.
    pub operation: String,
    /// The account whose bank moved it.
    pub account: String,
    /// By what means.
    pub method: Method,
    /// Which way.
    pub way: Way,
    /// Where the money landed: [`Account::BankClearing`], [`Account::Nominal`]. What a person took ([`Account::PartnerCash`])
    /// is in no bank's registry, and is not looked for there.
    pub lands: Account,
    /// How much, signed as [`Way`] says.
    pub amount: Money,
    /// What the bank keeps of it by its contract, below zero where it gives a fee back; nothing where no rate is known, and then
    /// nothing is compared. Not the agent's own fee.
    pub bank_fee: Option<Money>,
    /// The bank's own id.
    pub reference: Option<String>,
}

impl Movement {
    /// Its Moscow day.
    pub fn day(&self) -> Date {
        moscow_date(self.at)
    }
}

/// A receipt of our journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The id the register was told.
    pub external_id: String,
    /// The merchant's number of the order.
    pub number: String,
    /// The register it is pinned to.
    pub register: String,
    /// The day it became due.
    pub day: Date,
    /// Tag 1020, signed: below zero for a receipt that gives money back.
    pub total: Money,
    /// Tax by tag 1199, as [`crate::receipt::ReceiptDocument::vats`] makes it.
    pub vats: BTreeMap<u8, Money>,
    /// What we hold to be printed.
    pub printed: Option<Printed>,
}

/// A printed receipt's number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Printed {
    /// ФН number (tag 1041).
    pub drive: String,
    /// ФД number (tag 1040).
    pub document: u64,
    /// The day it was printed (tag 1012, Moscow).
    pub day: Date,
}

/// How a payout stands in our books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PayoutState {
    /// Its payment order is at the bank.
    Sent,
    /// It is gone.
    Confirmed,
    /// It came back.
    Returned,
}

/// A payout of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Its id.
    pub id: String,
    /// The payment order's number.
    pub number: u32,
    /// The day of the payment order.
    pub day: Date,
    /// How much, above zero.
    pub amount: Money,
    /// How it stands.
    pub state: PayoutState,
    /// The account of our books it leaves: `settlement` or `nominal`.
    pub from: Account,
}

/// A row of a bank's registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The bank's id.
    pub reference: Option<String>,
    /// Our operation number.
    pub operation: Option<String>,
    /// The merchant's number of the order.
    pub number: Option<String>,
    /// Which way.
    pub way: Way,
    /// How much, signed as [`Way`] says.
    pub amount: Money,
    /// What the bank kept, below zero for what it gave back.
    pub fee: Option<Money>,
    /// The day the bank gives it.
    pub day: Date,
    /// The moment, where the bank says it.
    pub at: Option<Timestamp>,
    /// The line of the file.
    pub line: u32,
}

/// A bank's registry of an account and a day. One without rows says that nothing happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    /// The account.
    pub account: String,
    /// The day it speaks about.
    pub day: Date,
    /// Which file of the day, where the bank sends several (cards, СБП); empty where it sends one.
    pub part: String,
    /// When it was received. Of several of one account, day and part the last one counts: a registry imported twice is one
    /// registry, a corrected one takes the other's place.
    pub received: Timestamp,
    /// Where the account's money lands, where the row's partner does not say it.
    pub lands: Account,
    /// What it lists.
    pub rows: Vec<Row>,
}

/// A receipt in a register's report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Print {
    /// The id we gave it, where the report has it.
    pub external_id: Option<String>,
    /// Its number and day.
    pub printed: Printed,
    /// Tag 1020, signed as [`Due::total`].
    pub total: Money,
    /// Tax by tag 1199.
    pub vats: BTreeMap<u8, Money>,
}

/// A register's report of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The register.
    pub register: String,
    /// The day.
    pub day: Date,
    /// When it was received; the last one of a register and a day counts.
    pub received: Timestamp,
    /// What it printed.
    pub prints: Vec<Print>,
}

/// What a line of a statement is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A payout left, by its payment order's number.
    Payout(u32),
    /// A payout came back.
    PayoutReturned(u32),
    /// A bank paid out what it took in these days.
    Deposit {
        /// The acquiring account.
        account: String,
        /// What it was booked as when it was taken.
        lands: Account,
        /// The first day.
        from: Date,
        /// The last day.
        until: Date,
    },
    /// The agent's own business: nothing of partners'.
    Own,
    /// Not known.
    Unknown,
}

/// A line of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementLine {
    /// The bank's number of the document.
    pub reference: String,
    /// How much, below zero for what left.
    pub amount: Money,
    /// What it is.
    pub what: What,
}

/// A statement of one of our accounts and a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The account of our books it is the statement of.
    pub account: Account,
    /// The day.
    pub day: Date,
    /// When it was received; the last one of an account and a day counts.
    pub received: Timestamp,
    /// What was there in the morning.
    pub opening: Money,
    /// What was there in the evening.
    pub closing: Money,
    /// What happened.
    pub lines: Vec<StatementLine>,
}

/// A statement that does not add up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementFault {
    /// The lines do not lead from the opening to the closing balance.
    #[error("the lines lead to {counted}, the statement says {closing}")]
    Sum {
        /// What the lines come to.
        counted: Money,
        /// What it says.
        closing: Money,
    },
    /// The amounts can not be summed.
    #[error("the statement's amounts can not be summed")]
    Money(#[from] MoneyError),
}

impl Statement {
    /// Checks that opening balance and lines come to the closing balance: a statement cut short must not count as one.
    ///
    /// # Errors
    /// They do not.
    pub fn check(&self) -> Result<(), StatementFault> {
        let counted = self.lines.iter().try_fold(self.opening, |sum, line| sum.plus(line.amount))?;
        let closing = self.closing;
        if counted == closing { Ok(()) } else { Err(StatementFault::Sum { counted, closing }) }
    }
}

/// A paper of the other side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Paper {
    /// Our own journal of a day, which is not over.
    Journal(Date),
    /// A bank's registry of an account and a day.
    Registry(String, Date),
    /// A register's report of a day.
    Report(String, Date),
    /// A statement of an account and a day.
    Statement(Account, Date),
}

/// Everything known of a window of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Our financial transactions.
    pub movements: Vec<Movement>,
    /// Our receipts.
    pub receipts: Vec<Due>,
    /// Our payouts.
    pub payouts: Vec<Sent>,
    /// Our journal is whole up to this day.
    pub journal_until: Date,
    /// Numbers of orders that exist, besides those the movements and receipts name: an old order a row names is not unknown.
    pub known: BTreeSet<String>,
    /// Banks' registries.
    pub registries: Vec<Registry>,
    /// Registers' reports.
    pub reports: Vec<Report>,
    /// Statements.
    pub statements: Vec<Statement>,
}

impl Facts {
    /// Numbers of orders that rows name and nothing here does. Those that exist belong into [`Facts::known`] before the facts are
    /// compared, or their rows are taken for strangers'.
    pub fn numbers_to_look_up(&self) -> BTreeSet<&str> {
        let ours: HashSet<&str> = (self.movements.iter().map(|movement| movement.number.as_str()))
            .chain(self.receipts.iter().map(|due| due.number.as_str()))
            .chain(self.known.iter().map(String::as_str))
            .collect();
        let rows = self.registries.iter().flat_map(|registry| &registry.rows);
        rows.filter_map(|row| row.number.as_deref()).filter(|number| !ours.contains(number)).collect()
    }
}

/// How a bank pays out what it took on an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deposits {
    /// Less its fees.
    #[default]
    Net,
    /// In full; the fees are charged apart.
    Gross,
}

/// What is allowed for. All days are calendar days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Days a bank's date and ours may lie apart, either way: what happens near midnight.
    pub days: u8,
    /// The same for refunds of the СБП, which are asynchronous.
    pub sbp_refund_days: u8,
    /// Days a receipt may be printed after it became due.
    pub receipt_days: u8,
    /// Days a payment order may take.
    pub payout_days: u8,
    /// Days a bank may take to pay out a day's money.
    pub deposit_days: u8,
    /// Seconds between a bank's moment and ours within which equal amounts may be one transaction.
    pub window_seconds: i64,
    /// Files a day of an account consists of, where it is not the one without a name.
    pub parts: BTreeMap<String, BTreeSet<String>>,
    /// Accounts whose deposits are compared with their registries.
    pub deposits: BTreeMap<String, Deposits>,
}

impl Terms {
    /// The usual: a day for midnight, three for refunds of the СБП, a day for receipts, five for money to travel (a payment order
    /// lives longer than a weekend), ten minutes between clocks.
    pub fn usual() -> Self {
        Self {
            days: 1,
            sbp_refund_days: 3,
            receipt_days: 1,
            payout_days: 5,
            deposit_days: 5,
            window_seconds: 600,
            parts: BTreeMap::new(),
            deposits: BTreeMap::new(),
        }
    }

    pub(super) const fn tolerance(&self, way: Way, method: Method) -> u8 {
        match (way, method) {
            (Way::Returned, Method::Sbp) if self.sbp_refund_days > self.days => self.sbp_refund_days,
            _ => self.days,
        }
    }
}

/// A day, some days later or earlier; held at the ends of the calendar.
pub(super) fn shifted(day: Date, days: i16) -> Date {
    day.saturating_add(Span::new().days(days))
}

/// Days between two, without a sign.
pub(super) fn apart(left: Date, right: Date) -> i32 {
    left.since(right).map_or(i32::MAX, |span| span.get_days().abs())
}

/// The first day from `day` on, `grace` days long, that is not there.
pub(super) fn first_absent(day: Date, grace: u8, there: impl Fn(Date) -> bool) -> Option<Date> {
    (0..=i16::from(grace)).map(|days| shifted(day, days)).find(|day| !there(*day))
}

/// Of papers received several times, the last ones.
pub(super) fn last<T, K: Ord>(papers: &[T], key: impl Fn(&T) -> K, received: impl Fn(&T) -> Timestamp) -> Vec<&T> {
    let mut last: BTreeMap<K, &T> = BTreeMap::new();
    for paper in papers {
        let held = last.entry(key(paper)).or_insert(paper);
        if received(held) <= received(paper) {
            *held = paper;
        }
    }
    last.into_values().collect()
}
