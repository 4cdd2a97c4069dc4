//! Orders handed to other programs page by page: those made on some days, newest first, each with what it has brought.
//!
//! Nothing is kept between pages: a place is an order's own place, so a page may end anywhere, and orders made meanwhile shift nothing.

use std::collections::BTreeMap;

use domain::details::Details;
use domain::id::{OrderId, Tenant};
use domain::order::Order;
use domain::report::Brought;
use domain::time::{MOSCOW, Timestamp, moscow_date};
use jiff::civil::Date;
use storage::keys;
use storage::table::Freshness;

use crate::error::WorkflowError;
use crate::months;
use crate::ports::Ports;
use crate::reading::{self, Reach};

/// Reads of a month's parts one page makes, at most; each looks at some six hundred orders when it finds nothing.
const READS_MAX: usize = 8;

/// A month (UTC) of the orders' keys.
type Month = (i16, i8);

/// Days, Moscow, both counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub from: Date,
    /// The last.
    pub until: Date,
}

impl Days {
    /// Whether a day is one of them.
    pub fn contain(self, day: Date) -> bool {
        (self.from..=self.until).contains(&day)
    }

    /// Whether a moment lies in them.
    pub fn contain_moment(self, at: Timestamp) -> bool {
        self.contain(moscow_date(at))
    }

    fn midnight(day: Date) -> Timestamp {
        MOSCOW.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX)
    }

    /// When they begin.
    pub fn begin(self) -> Timestamp {
        Self::midnight(self.from)
    }

    /// When they are over: the midnight after the last.
    pub fn end(self) -> Timestamp {
        self.until.tomorrow().map_or(Timestamp::MAX, Self::midnight)
    }
}

/// Orders of some days.
#[derive(Debug, Clone)]
pub struct Page {
    /// Newest first.
    pub orders: Vec<Order>,
    /// Where to go on.
    pub next: Option<String>,
}

/// The place behind an order: what a page that ended with it goes on from.
pub fn place_after(id: &OrderId) -> String {
    write_place(month_of(id.created_at()), &id.ulid())
}

/// At most `limit` orders made on some days, after the place where an earlier page ended. A page may be short and still have a next one.
pub async fn page(
    ports: &Ports,
    tenant: &Tenant,
    days: Days,
    place: Option<&str>,
    limit: usize,
) -> Result<Page, WorkflowError> {
    let (first, last) = (month_of(days.begin()), month_of(before(days.end())));
    let floor = keys::orders_at(days.begin());
    let begin = || (last, Some(keys::orders_at(days.end())));
    let (mut month, mut after) = place.and_then(read_place).unwrap_or_else(begin);
    let wanted = |order: &Order| days.contain_moment(order.created_at);
    let mut orders: Vec<Order> = Vec::new();
    for _ in 0..READS_MAX {
        let left = limit.saturating_sub(orders.len());
        if left == 0 || month < first {
            break;
        }
        let from = after.take();
        let found =
            reading::orders_of_month(ports, tenant, month, from.as_deref(), left, Reach::STANDARD, wanted).await?;
        orders.extend(found.orders);
        after = found.next.filter(|place| month != first || *place >= floor);
        if after.is_none() {
            month = month_before(month);
        }
    }
    let next = (month >= first).then(|| write_place(month, after.as_deref().unwrap_or_default()));
    Ok(Page { orders, next })
}

/// An order with what other programs are told of it.
#[derive(Debug, Clone)]
pub struct Exported {
    /// Its head.
    pub order: Order,
    /// What it has brought.
    pub brought: Brought,
}

/// What an order has brought, by the lines it has in the reports.
pub fn exported(order: Order) -> Result<Exported, WorkflowError> {
    let lines = months::lines(&order)?;
    let brought = Brought::of(lines.iter().map(|(_, line)| line))?;
    Ok(Exported { order, brought })
}

/// What was agreed of an order.
pub async fn details(ports: &Ports, order: &Order) -> Result<Details, WorkflowError> {
    Ok(ports.store.details(order, Freshness::Eventual).await?)
}

/// Numbers of the payment orders that carried some orders' money, by payout.
pub async fn payment_orders(
    ports: &Ports,
    tenant: &Tenant,
    orders: &[Exported],
) -> Result<BTreeMap<String, u32>, WorkflowError> {
    let mut numbers = BTreeMap::new();
    for id in orders.iter().filter_map(|one| one.order.payout.as_ref()) {
        if !numbers.contains_key(id)
            && let Some(payout) = ports.store.payout(tenant, id).await?
        {
            numbers.insert(id.clone(), payout.number);
        }
    }
    Ok(numbers)
}

fn before(at: Timestamp) -> Timestamp {
    domain::time::plus_seconds(at, -1)
}

/// The month (UTC) a moment lies in.
pub(crate) fn month_of(at: Timestamp) -> Month {
    let date = at.to_zoned(jiff::tz::TimeZone::UTC).date();
    (date.year(), date.month())
}

/// The month before.
pub(crate) const fn month_before((year, month): Month) -> Month {
    if month == 1 { (year - 1, 12) } else { (year, month - 1) }
}

/// A month of the orders and a place in it; an empty one is its beginning.
pub(crate) fn write_place((year, month): Month, after: &str) -> String {
    format!("{year:04}-{month:02} {after}")
}

/// What [`write_place`] wrote.
pub(crate) fn read_place(place: &str) -> Option<(Month, Option<String>)> {
    let (month, after) = place.split_once(' ')?;
    let (year, month) = month.split_once('-')?;
    let after = Some(after.to_owned()).filter(|after| !after.is_empty());
    Some(((year.parse().ok()?, month.parse().ok()?), after))
}
