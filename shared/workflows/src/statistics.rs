//! Statistics of some days: how many orders were made, paid, cancelled and refunded, and what that brought.
//!
//! Everything but "made" is counted from the lines orders have in the months' reports, on the day of the line: statistics of a month and
//! its report are sums of the same lines. Orders are walked newest first, for a year before the first day too, for money of an old order
//! may move today. One call looks at so many orders and no more; a longer walk is gone on with, and its parts are added up.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::acquiring::Method;
use domain::id::Tenant;
use domain::money::Money;
use domain::order::{Event, Operation, Order};
use domain::report::{self, Wrong};
use domain::time::moscow_date;
use jiff::civil::Date;

use crate::error::WorkflowError;
use crate::exports::{Days, month_before, month_of, read_place, write_place};
use crate::months;
use crate::ports::Ports;
use crate::reading::{self, Reach};

/// Months before the days' own in which an order that moved money on them may have been made: as far as reports look back.
const MONTHS_BACK: usize = 13;
/// Orders of a month that are taken at once.
const ORDERS_AT_ONCE: usize = 1_000;
/// Orders one call looks at before it ends: some seconds at a seventh of a processor.
pub const ORDERS_ENOUGH: usize = 5_000;
/// Reads of a month one call makes, at most: those of a year and of the year before it, with room to spare.
const READS_MAX: usize = 40;

/// What a row's days are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A day each.
    Day,
    /// Weeks, from Monday.
    Week,
    /// Months of the calendar.
    Month,
}

impl By {
    /// The first of the days a day is counted with.
    pub fn first(self, day: Date) -> Date {
        match self {
            Self::Day => day,
            Self::Week => {
                let back = i64::from(day.weekday().to_monday_zero_offset());
                day.saturating_sub(jiff::Span::new().days(back))
            }
            Self::Month => day.first_of_month(),
        }
    }

    /// The last of them.
    pub fn last(self, day: Date) -> Date {
        match self {
            Self::Day => day,
            Self::Week => self.first(day).saturating_add(jiff::Span::new().days(6)),
            Self::Month => day.last_of_month(),
        }
    }
}

/// What a row's orders have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Nothing.
    None,
    /// The means of payment.
    Method,
    /// The account at a bank.
    Account,
    /// How the order stands now.
    Status,
}

impl Group {
    /// What it has in common by one operation; an order's own is its last attempt.
    fn of(self, order: &Order, operation: Option<&Operation>) -> Option<String> {
        match self {
            Self::None => None,
            Self::Method => operation.map(|operation| operation.method).map(|method: Method| method.code().to_owned()),
            Self::Account => operation.and_then(|operation| operation.account.clone()),
            Self::Status => Some(order.status().code().to_owned()),
        }
    }
}

/// What is counted. Sums are roubles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Orders made.
    pub made: u64,
    /// Orders made then that were paid, whenever.
    pub made_and_paid: u64,
    /// Orders first paid.
    pub paid: u64,
    /// Orders that ended without money.
    pub cancelled: u64,
    /// Orders of which money first went back.
    pub refunded: u64,
    /// Payments: an order paid in parts has several.
    pub payments: u64,
    /// Returns of money.
    pub returns: u64,
    /// Taken, whoever has it.
    pub captured: i64,
    /// Went back of it, less what a bank took back of that.
    pub returned: i64,
    /// The agent's fee less what was given back of it, VAT included.
    pub fee: i64,
    /// VAT in it.
    pub vat: i64,
    /// What the partner's balance gained.
    pub net: i64,
}

impl Figures {
    fn add(&mut self, line: &report::Line, first: bool) -> Result<(), Wrong> {
        let one = u64::from(first);
        let mut moved = Self::default();
        match line.event {
            report::Event::Paid => {
                (moved.paid, moved.payments, moved.captured) = (one, 1, line.amount.minor());
            }
            report::Event::Refunded => {
                (moved.refunded, moved.returns, moved.returned) = (one, 1, line.amount.minor());
            }
            report::Event::Restored => moved.returned = line.amount.zero().minus(line.amount)?.minor(),
            report::Event::Cancelled => moved.cancelled = 1,
        }
        let (_, fee, vat) = line.signed()?;
        (moved.fee, moved.vat, moved.net) = (fee.minor(), vat.minor(), line.net()?.minor());
        *self = self.plus(&moved)?;
        Ok(())
    }

    /// Both together.
    ///
    /// # Errors
    /// A sum that does not fit.
    pub fn plus(&self, other: &Self) -> Result<Self, Wrong> {
        let sum = |left: i64, right: i64| Money::rub(left).plus(Money::rub(right)).map(Money::minor);
        Ok(Self {
            made: self.made + other.made,
            made_and_paid: self.made_and_paid + other.made_and_paid,
            paid: self.paid + other.paid,
            cancelled: self.cancelled + other.cancelled,
            refunded: self.refunded + other.refunded,
            payments: self.payments + other.payments,
            returns: self.returns + other.returns,
            captured: sum(self.captured, other.captured)?,
            returned: sum(self.returned, other.returned)?,
            fee: sum(self.fee, other.fee)?,
            vat: sum(self.vat, other.vat)?,
            net: sum(self.net, other.net)?,
        })
    }
}

/// Figures by the first of their days and what their orders have in common.
pub type Rows = BTreeMap<(Date, Option<String>), Figures>;

/// What one call came to.
#[derive(Debug, Clone)]
pub struct Page {
    /// Figures of the orders it looked at; where nothing happened there is no row.
    pub rows: Rows,
    /// Where to go on: the figures of all pages are to be added up.
    pub next: Option<String>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// The days, Moscow.
    pub days: Days,
    /// What a row's days are.
    pub by: By,
    /// What its orders have in common.
    pub group: Group,
    /// Orders one call looks at before it ends, and those that were read with the last of them.
    pub orders_enough: usize,
}

impl Asked {
    /// Counts one order.
    fn count(&self, rows: &mut Rows, order: &Order) -> Result<(), WorkflowError> {
        let last = order.payments().next_back();
        let lines = months::lines(order)?;
        let mut row =
            |day: Date, operation: Option<&Operation>, figures: &mut dyn FnMut(&mut Figures) -> Result<(), Wrong>| {
                let key = (self.by.first(day).max(self.days.from), self.group.of(order, operation));
                figures(rows.entry(key).or_default())
            };
        let made = moscow_date(order.created_at);
        if self.days.contain(made) {
            let paid = u64::from(order.has(Event::Captured));
            row(made, last, &mut |figures| {
                figures.made += 1;
                figures.made_and_paid += paid;
                Ok(())
            })?;
        }
        let (mut paid, mut refunded) = (false, false);
        for (entry, line) in &lines {
            let seen = match line.event {
                report::Event::Paid => std::mem::replace(&mut paid, true),
                report::Event::Refunded => std::mem::replace(&mut refunded, true),
                report::Event::Restored | report::Event::Cancelled => false,
            };
            if self.days.contain(line.on) {
                let of = entry.subject.filter(|_| line.event != report::Event::Cancelled);
                let operation = of.and_then(|no| order.operation(no)).or(last);
                row(line.on, operation, &mut |figures| figures.add(line, !seen))?;
            }
        }
        Ok(())
    }
}

/// Figures of some days, from the orders after the place where an earlier page ended.
pub async fn page(ports: &Ports, tenant: &Tenant, asked: &Asked, place: Option<&str>) -> Result<Page, WorkflowError> {
    let days = asked.days;
    let oldest = (0..MONTHS_BACK).fold(month_of(days.begin()), |month, _| month_before(month));
    let (mut month, mut after) = place.and_then(read_place).unwrap_or_else(|| (month_of(days.end()), None));
    let looked_at = AtomicUsize::new(0);
    let wanted = |order: &Order| {
        looked_at.fetch_add(1, Ordering::Relaxed);
        days.contain_moment(order.created_at) || order.journal.iter().any(|entry| days.contain_moment(entry.at))
    };
    let mut rows = Rows::new();
    let at_once = ORDERS_AT_ONCE.min(asked.orders_enough);
    for _ in 0..READS_MAX {
        if month < oldest || looked_at.load(Ordering::Relaxed) >= asked.orders_enough {
            break;
        }
        let from = after.take();
        let found =
            reading::orders_of_month(ports, tenant, month, from.as_deref(), at_once, Reach::STANDARD, wanted).await?;
        for order in &found.orders {
            asked.count(&mut rows, order)?;
        }
        after = found.next;
        if after.is_none() {
            month = month_before(month);
        }
    }
    let next = (month >= oldest).then(|| write_place(month, after.as_deref().unwrap_or_default()));
    Ok(Page { rows, next })
}
