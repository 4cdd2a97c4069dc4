//! What a month's register is made of: orders, oldest first, and the lines each has in the month.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::id::Tenant;
use domain::ledger::{self, Account, Posting};
use domain::money::{Money, MoneyError};
use domain::order::{self, Entry, OperationKind, Order};
use domain::report::{Corrects, Event, Line, Period};
use domain::time::{Timestamp, moscow_date};
use storage::keys;

use crate::error::WorkflowError;
use crate::payouts;
use crate::ports::Ports;

/// Months (UTC), the report's own with them, in which an order with an entry of the month may have been made.
pub(crate) const MONTHS: usize = 14;
/// Rows read at once of each part of a month.
const ROWS: usize = 400;

/// Numbers of the reports of closed months.
pub(super) type Numbers = BTreeMap<Period, String>;

/// The closed document a line of an order mends that was paid in an earlier month.
fn corrects(closed: &Numbers, paid: Period, period: Period) -> Option<Corrects> {
    let number = closed.get(&paid).filter(|_| paid < period)?;
    let reason = "возвраты по заказам закрытого периода и их отзыв".to_owned();
    Some(Corrects { period: paid, number: number.clone(), reason })
}

/// A part of a month's orders being read.
#[derive(Default)]
struct Part {
    read: VecDeque<Order>,
    next: Option<String>,
    over: bool,
}

/// A walk over the orders that have an entry of a month, oldest first: the parts of each month they were made in side by side.
pub(super) struct Walk<'a> {
    ports: &'a Ports,
    tenant: &'a Tenant,
    period: Period,
    months: Vec<(i16, i8)>,
    parts: Vec<Part>,
    /// Months that are read through.
    pub(super) month: usize,
    /// The order of the month being read that was answered last.
    pub(super) after: Option<String>,
    /// Orders looked at.
    pub(super) seen: usize,
}

impl<'a> Walk<'a> {
    /// One that goes on from a place.
    pub(super) fn new(
        ports: &'a Ports,
        tenant: &'a Tenant,
        period: Period,
        month: usize,
        after: Option<String>,
    ) -> Self {
        let noon = domain::time::MOSCOW.to_timestamp(period.last().at(12, 0, 0, 0)).unwrap_or(Timestamp::MAX);
        let mut months = payouts::months_back(noon, MONTHS);
        months.reverse();
        let begun = Self::parts(after.as_ref());
        Self { ports, tenant, period, months, parts: begun, month, after, seen: 0 }
    }

    fn parts(after: Option<&String>) -> Vec<Part> {
        (0..keys::SPREAD).map(|_| Part { next: after.cloned(), ..Part::default() }).collect()
    }

    async fn fill(&mut self, month: (i16, i8)) -> Result<(), WorkflowError> {
        let period = self.period;
        for (spread, part) in (0..keys::SPREAD).zip(&mut self.parts) {
            while part.read.is_empty() && !part.over {
                let place = part.next.take();
                let page = self.ports.store.orders_since(self.tenant, month, spread, place, ROWS).await?;
                self.seen += page.orders.len();
                let wanted = |order: &Order| order.journal.iter().any(|entry| period.contains(moscow_date(entry.at)));
                part.read.extend(page.orders.into_iter().filter(wanted));
                part.over = page.next.is_none();
                part.next = page.next;
            }
        }
        Ok(())
    }

    /// The next order; nothing when there are no more.
    pub(super) async fn next(&mut self) -> Result<Option<Order>, WorkflowError> {
        while let Some(month) = self.months.get(self.month).copied() {
            self.fill(month).await?;
            let first = |part: &&mut Part| part.read.front().map(|order| order.id.ulid());
            let oldest = self.parts.iter_mut().filter(|part| !part.read.is_empty()).min_by_key(first);
            if let Some(order) = oldest.and_then(|part| part.read.pop_front()) {
                self.after = Some(order.id.ulid());
                return Ok(Some(order));
            }
            self.month += 1;
            self.after = None;
            self.parts = Self::parts(None);
        }
        Ok(None)
    }
}

/// An order's lines of a month, each with its entry. Entries of later months count for nothing: a closed report must be made again as it
/// was, whatever becomes of the order.
pub(super) fn lines_of<'a>(
    order: &'a Order,
    period: Period,
    closed: &Numbers,
) -> Result<Vec<(&'a Entry, Line)>, MoneyError> {
    let journal = || order.journal.iter().filter(|entry| moscow_date(entry.at) <= period.last());
    let is_capture = |entry: &&Entry| entry.event == order::Event::Captured;
    let paid = journal().find(is_capture).map(|entry| moscow_date(entry.at));
    let mut lines = Vec::new();
    for entry in journal().filter(|entry| period.contains(moscow_date(entry.at))) {
        let event = match entry.event {
            order::Event::Captured => Event::Paid,
            order::Event::Refunded => Event::Refunded,
            order::Event::RefundUndone => Event::Restored,
            _ => continue,
        };
        let (amount, fee, vat, at_principal) = moved(entry)?;
        let on = moscow_date(entry.at);
        let method = entry.subject.and_then(|no| order.operation(no)).map(|operation| operation.method);
        let line = Line {
            order: order.number.clone(),
            bill: order.bill.to_string(),
            event,
            created: moscow_date(order.created_at),
            paid: if event == Event::Paid { Some(on) } else { paid },
            on,
            method: method.unwrap_or_default(),
            amount,
            fee,
            vat,
            at_principal,
            corrects: paid.filter(|_| event != Event::Paid).and_then(|paid| corrects(closed, Period::of(paid), period)),
        };
        lines.push((entry, line));
    }
    let ended = journal().find(|entry| is_end(order, entry));
    if let Some(entry) = ended.filter(|entry| paid.is_none() && period.contains(moscow_date(entry.at))) {
        let zero = order.amount.zero();
        let line = Line {
            order: order.number.clone(),
            bill: order.bill.to_string(),
            event: Event::Cancelled,
            created: moscow_date(order.created_at),
            paid: None,
            on: moscow_date(entry.at),
            method: order.payments().next_back().map(|payment| payment.method).unwrap_or_default(),
            amount: order.amount,
            fee: zero,
            vat: zero,
            at_principal: false,
            corrects: None,
        };
        lines.push((entry, line));
    }
    Ok(lines)
}

/// An order's lines in the reports of all months, those that are not over included.
///
/// # Errors
/// The amounts do not work out.
pub fn lines(order: &Order) -> Result<Vec<(&Entry, Line)>, MoneyError> {
    let months: BTreeSet<Period> = order.journal.iter().map(|entry| Period::of(moscow_date(entry.at))).collect();
    let mut lines = Vec::new();
    for period in months {
        lines.extend(lines_of(order, period, &Numbers::new())?);
    }
    Ok(lines)
}

/// Whether an order that was never paid ended with an entry.
fn is_end(order: &Order, entry: &Entry) -> bool {
    match entry.event {
        order::Event::Expired | order::Event::Cancelled => true,
        order::Event::Released => {
            let operation = |no| order.operation(no);
            let release = entry.subject.and_then(operation);
            let held = release.and_then(|release| release.kind.of()).and_then(operation);
            let whole = release.zip(held).is_some_and(|(release, held)| release.amount == held.amount);
            whole && held.is_some_and(|held| held.kind != OperationKind::Verification)
        }
        _ => false,
    }
}

/// Amount, fee and VAT of an entry, magnitudes all, and whether the partner's own people have the money.
fn moved(entry: &Entry) -> Result<(Money, Money, Money, bool), MoneyError> {
    let zero = Money::rub(0);
    let of = |account| {
        let balance = ledger::balance(account, zero, &entry.postings)?;
        if balance.minor() < 0 { zero.minus(balance) } else { Ok(balance) }
    };
    let vat = ledger::fee_vat(zero, &entry.postings)?;
    let vat = if vat.minor() < 0 { zero.minus(vat)? } else { vat };
    let fee = of(Account::Commission)?.plus(vat)?;
    let held = ledger::at_banks(zero, &entry.postings)?;
    let held = if held.minor() < 0 { zero.minus(held)? } else { held };
    if held.is_positive() {
        return Ok((held, fee, vat, false));
    }
    // What is set off by the same entry stands before the entry's own postings.
    let touches = |one: &&Posting| [one.debit, one.credit].contains(&Account::PartnerCash);
    let cash = entry.postings.iter().rfind(touches).map(|posting| posting.amount);
    Ok((cash.unwrap_or(zero), fee, vat, cash.is_some()))
}
