//! What partners read back: pages of orders, the delivery log, the file of a payout. Nothing here changes anything.

use connectors::client_bank;
use domain::delivery::Delivery;
use domain::id::{OrderId, Tenant};
use domain::order::Order;
use domain::payout::Payout;
use domain::time::Timestamp;
use storage::keys;
use storage::store::OrderPage;
use storage::table::Freshness;

use crate::error::WorkflowError;
use crate::payouts;
use crate::ports::Ports;

/// Rows read at once where all of a month are.
const ROWS: usize = 500;

/// How far one page reads in each part of a month: a page that finds little is short, and says where to go on.
#[derive(Debug, Clone, Copy)]
pub struct Reach {
    /// Rows read at once; an order has about a dozen.
    pub rows: usize,
    /// Queries, at most.
    pub queries: usize,
    /// Whether the last write may be missed.
    pub freshness: Freshness,
}

impl Reach {
    /// Some five hundred orders of each part.
    pub const STANDARD: Self = Self { rows: 400, queries: 5, freshness: Freshness::Eventual };
    /// As many, for what is written down for ever: nothing that was recorded is missed.
    pub const SEALED: Self = Self { freshness: Freshness::Consistent, ..Self::STANDARD };
}

/// Some orders of a month, newest first.
#[derive(Debug, Clone)]
pub struct OrdersPage {
    /// Their heads.
    pub orders: Vec<Order>,
    /// Where to go on; nothing when there are no more.
    pub next: Option<String>,
}

/// The next `limit` orders of a month (UTC, by creation) that are `wanted`, after the place where an earlier page ended.
///
/// A month lies in several parts that are read side by side. Their keys are in one order, so one place serves all of them: a
/// page ends where the part that was read least far ends.
pub async fn orders_of_month(
    ports: &Ports,
    tenant: &Tenant,
    month: (i16, i8),
    after: Option<&str>,
    limit: usize,
    reach: Reach,
    wanted: impl Fn(&Order) -> bool,
) -> Result<OrdersPage, WorkflowError> {
    let mut found: Vec<(String, Order)> = Vec::new();
    let mut horizon: Option<String> = None;
    for spread in 0..keys::SPREAD {
        let mut place = after.map(ToOwned::to_owned);
        let mut count = 0;
        for _ in 0..reach.queries {
            let page = ports.store.orders(tenant, month, spread, place, reach.rows, reach.freshness).await?;
            let fit = page.orders.into_iter().filter(|order| wanted(order));
            let before = found.len();
            found.extend(fit.map(|order| (order.id.ulid(), order)));
            count += found.len() - before;
            place = page.next;
            if place.is_none() || count >= limit {
                break;
            }
        }
        horizon = horizon.max(place);
    }
    found.retain(|(ulid, _)| horizon.as_ref().is_none_or(|end| ulid >= end));
    found.sort_by(|(left, _), (right, _)| right.cmp(left));
    if found.len() > limit {
        found.truncate(limit);
        horizon = found.last().map(|(ulid, _)| ulid.clone());
    }
    Ok(OrdersPage { orders: found.into_iter().map(|(_, order)| order).collect(), next: horizon })
}

/// Months (UTC) whose orders are read through, newest first.
#[derive(Debug, Clone)]
pub struct Span {
    months: Vec<(i16, i8)>,
    /// So many months without an order end it early.
    empty_max: usize,
}

impl Span {
    /// These months, all of them.
    pub const fn of(months: Vec<(i16, i8)>) -> Self {
        Self { months, empty_max: usize::MAX }
    }

    /// All months in which a tenant, whose time is `now`, may have made orders.
    pub fn recent(ports: &Ports, now: Timestamp) -> Self {
        let (months, empty_max) = payouts::recent_months(ports, now);
        Self { months, empty_max }
    }
}

/// Hands over all of a tenant's orders of some months, page by page, with the delivery records among them: what is written down for ever
/// is made of these, and nothing that was recorded is missed.
pub async fn each_page(
    ports: &Ports,
    tenant: &Tenant,
    span: Span,
    mut visit: impl FnMut(OrderPage) + Send,
) -> Result<(), WorkflowError> {
    let mut empty = 0;
    for month in span.months {
        let mut any = false;
        for spread in 0..keys::SPREAD {
            let mut after = None;
            loop {
                let mut page = ports.store.orders_and_deliveries(tenant, month, spread, after, ROWS).await?;
                any |= !page.orders.is_empty();
                after = page.next.take();
                visit(page);
                if after.is_none() {
                    break;
                }
            }
        }
        empty = if any { 0 } else { empty + 1 };
        if empty == span.empty_max {
            break;
        }
    }
    Ok(())
}

/// An order and its delivery records, in the order of the timeline.
pub async fn deliveries(ports: &Ports, id: &OrderId) -> Result<(Order, Vec<Delivery>), WorkflowError> {
    let loaded = ports.store.load(id, Freshness::Consistent).await?.ok_or(WorkflowError::NotFound)?;
    Ok((loaded.order, loaded.deliveries))
}

/// A payout as a payment order in the form banks' client programs load (CP1251); without one where it goes to a wallet.
pub fn payment_order_file(ports: &Ports, payout: &Payout) -> Vec<u8> {
    client_bank::payment_orders(&ports.settings.payer, std::slice::from_ref(payout))
}
