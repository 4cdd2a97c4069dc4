//! Orders with a receipt somebody should look after: listed before they come to be so, read by the operator, taken off when all is well.
//!
//! An order is listed by the commit that finds it of concern, in a row of its own written just before: a commit that fails leaves an
//! entry too many, never one too few. Whoever reads the list looks at the order itself, and takes off what has been all right for a
//! while. An order whose receipts go their usual way is never listed, and pays nothing for the list.

use domain::details::Details;
use domain::id::Tenant;
use domain::order::Order;
use domain::time::{Timestamp, plus_seconds, whole_seconds};
use storage::keys;
use storage::store::StoreError;
use storage::table::Freshness;

use crate::clock;
use crate::error::WorkflowError;
use crate::ports::Ports;
use crate::prepaid;

/// Seconds an entry stays though its order is all right: the commit it was written for may still be under way.
const KEPT_SECONDS: i64 = 3_600;

/// Writes the next state of an order (`before` is what it follows), and lists it before if a receipt of it is to be looked after. `now` is the tenant's time.
pub(crate) async fn commit(ports: &Ports, before: &Order, order: &Order, now: Timestamp) -> Result<(), StoreError> {
    if order.receipts_of_concern(now).next().is_some() {
        ports.store.list_concern(&order.id, whole_seconds(ports.clock.now())).await?;
    }
    prepaid::commit(ports, before, order).await
}

/// An order with a receipt to look after.
#[derive(Debug, Clone)]
pub struct Found {
    /// The order.
    pub order: Order,
    /// Its details.
    pub details: Details,
    /// The time of its tenant.
    pub now: Timestamp,
}

/// Some orders of the list.
#[derive(Debug, Clone)]
pub struct Page {
    /// The orders.
    pub orders: Vec<Found>,
    /// Where to go on; nothing when there are no more.
    pub next: Option<String>,
}

/// The next orders after a place an earlier page ended at: of a tenant, or of all partners' live ones. At most `limit` entries are
/// read, so a page may be short and still not be the last.
pub async fn page(
    ports: &Ports,
    tenant: Option<&Tenant>,
    place: Option<&str>,
    limit: usize,
) -> Result<Page, WorkflowError> {
    let partitions = keys::concern_partitions(tenant.filter(|tenant| tenant.is_test()));
    let (mut at, mut after) = match place.and_then(|place| place.split_once('/')) {
        Some((at, after)) => (at.parse().unwrap_or(0), Some(after.to_owned()).filter(|after| !after.is_empty())),
        None => (0, None),
    };
    let (mut orders, mut read) = (Vec::new(), 0);
    while let Some(partition) = partitions.get(at) {
        if read >= limit {
            let next = format!("{at}/{}", after.unwrap_or_default());
            return Ok(Page { orders, next: Some(next) });
        }
        let listed = ports.store.concerns(partition, tenant, after.take(), limit - read).await?;
        read += listed.orders.len();
        for entry in &listed.orders {
            let loaded = ports.store.load(&entry.order, Freshness::Consistent).await?;
            let now = clock::now(ports, entry.order.tenant()).await?;
            let found = loaded.filter(|loaded| loaded.order.receipts_of_concern(now).next().is_some());
            let here = whole_seconds(ports.clock.now());
            match found {
                Some(found) => orders.push(Found { order: found.order, details: found.details, now }),
                None if plus_seconds(entry.at, KEPT_SECONDS) <= here => ports.store.unlist_concern(entry, here).await?,
                None => {}
            }
        }
        after = listed.next;
        at += usize::from(after.is_none());
    }
    Ok(Page { orders, next: None })
}
