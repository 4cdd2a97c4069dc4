//! The clearing registry: every financial transaction of a Moscow day, as the bank's own registry of the day has them.
//!
//! What moves money is a purchase or a capture, and a refund or a reversal the other way round; a hold and its letting go move
//! none. Read from the orders' journals, so that it can not differ from the books.

use std::collections::BTreeMap;

use domain::acquiring::Method;
use domain::id::{OrderId, Tenant};
use domain::ledger::{self, Account};
use domain::money::{Money, MoneyError};
use domain::order::{Entry, Event, Order, TransactionKind};
use domain::time::{Timestamp, moscow_date};
use jiff::civil::Date;

use crate::error::WorkflowError;
use crate::exports::{month_before, read_place, write_place};
use crate::ports::Ports;
use crate::reading::{self, Reach};

/// Months before the day's own in which an order with a transaction of that day may have been made.
const MONTHS_BACK: usize = 13;

/// A financial transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// When it became known.
    pub at: Timestamp,
    /// The order.
    pub order: OrderId,
    /// The merchant's number of it.
    pub number: String,
    /// The operation's extended number.
    pub operation: String,
    /// The account whose bank moved the money; the sandbox's own where none is named.
    pub account: Option<String>,
    /// By what means.
    pub method: Method,
    /// What the bank was told.
    pub kind: TransactionKind,
    /// What was taken; negative for what went back.
    pub amount: Money,
    /// The agent's fee on it; negative for what was given back of it.
    pub fee: Money,
    /// The bank's own id.
    pub reference: Option<String>,
}

/// Sums of one account and means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// The account.
    pub account: Option<String>,
    /// The means.
    pub method: Method,
    /// How many transactions.
    pub count: usize,
    /// Taken.
    pub taken: Money,
    /// Went back.
    pub returned: Money,
    /// The agent's fee.
    pub fee: Money,
}

impl Total {
    /// Taken less went back.
    ///
    /// # Errors
    /// The amounts do not work out.
    pub fn net(&self) -> Result<Money, MoneyError> {
        self.taken.minus(self.returned)
    }
}

/// A part of a day's registry.
#[derive(Debug, Clone)]
pub struct Page {
    /// The newest order's first; within an order as they were made.
    pub transactions: Vec<Transaction>,
    /// Where to go on.
    pub next: Option<String>,
}

/// A part of a day's registry: transactions of at most `limit` orders, after the place where an earlier page ended.
pub async fn page(
    ports: &Ports,
    tenant: &Tenant,
    date: Date,
    place: Option<&str>,
    limit: usize,
) -> Result<Page, WorkflowError> {
    let own = (date.year(), date.month());
    let oldest = (0..MONTHS_BACK).fold(own, |month, _| month_before(month));
    // A place is the month of the orders and the place in it; an empty one is its beginning.
    let (mut month, mut after) = place.and_then(read_place).unwrap_or((own, None));
    let wanted = |order: &Order| order.journal.iter().any(|entry| is_of(entry, date));
    let (mut transactions, mut left) = (Vec::new(), limit);
    let next = loop {
        let from = after.take();
        let found =
            reading::orders_of_month(ports, tenant, month, from.as_deref(), left, Reach::STANDARD, wanted).await?;
        left = left.saturating_sub(found.orders.len());
        for order in &found.orders {
            transactions.extend(of_order(order, date)?);
        }
        if let Some(place) = found.next {
            break Some(write_place(month, &place));
        }
        if month == oldest {
            break None;
        }
        month = month_before(month);
        if left == 0 {
            break Some(write_place(month, ""));
        }
    };
    Ok(Page { transactions, next })
}

/// The whole registry of a day; nothing when it has more than `most` transactions.
pub async fn whole(
    ports: &Ports,
    tenant: &Tenant,
    date: Date,
    most: usize,
) -> Result<Option<Vec<Transaction>>, WorkflowError> {
    let (mut all, mut place) = (Vec::new(), None);
    loop {
        let page = page(ports, tenant, date, place.as_deref(), 500).await?;
        all.extend(page.transactions);
        if all.len() > most {
            return Ok(None);
        }
        place = page.next;
        if place.is_none() {
            return Ok(Some(all));
        }
    }
}

/// Sums by account and means.
///
/// # Errors
/// The amounts do not work out.
pub fn totals(transactions: &[Transaction]) -> Result<Vec<Total>, MoneyError> {
    let mut totals: BTreeMap<(Option<String>, Method), Total> = BTreeMap::new();
    for one in transactions {
        let zero = one.amount.zero();
        let total = totals.entry((one.account.clone(), one.method)).or_insert_with(|| Total {
            account: one.account.clone(),
            method: one.method,
            count: 0,
            taken: zero,
            returned: zero,
            fee: zero,
        });
        total.count += 1;
        total.fee = total.fee.plus(one.fee)?;
        if one.amount.minor() < 0 {
            total.returned = total.returned.minus(one.amount)?;
        } else {
            total.taken = total.taken.plus(one.amount)?;
        }
    }
    Ok(totals.into_values().collect())
}

fn is_of(entry: &Entry, date: Date) -> bool {
    matches!(entry.event, Event::Captured | Event::Refunded | Event::RefundUndone) && moscow_date(entry.at) == date
}

/// An order's transactions of a day.
fn of_order(order: &Order, date: Date) -> Result<Vec<Transaction>, MoneyError> {
    let mut found = Vec::new();
    for entry in order.journal.iter().filter(|entry| is_of(entry, date)) {
        let Some(operation) = entry.subject.and_then(|no| order.operation(no)) else { continue };
        let zero = order.amount.zero();
        let moved = |account| ledger::balance(account, zero, &entry.postings);
        found.push(Transaction {
            at: entry.at,
            order: order.id.clone(),
            number: order.number.clone(),
            operation: format!("{}.{}", order.bill, operation.no),
            account: operation.account.clone(),
            method: operation.method,
            kind: operation.told().unwrap_or(TransactionKind::Purchase),
            amount: ledger::at_banks(zero, &entry.postings)?,
            fee: zero.minus(moved(Account::Commission)?)?,
            reference: operation.reference().map(ToOwned::to_owned),
        });
    }
    Ok(found)
}
