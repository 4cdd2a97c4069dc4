//! Orders given to couriers: a row for each order and key, beside the order and not in it.

use domain::id::{OrderId, Tenant};
use domain::order::Order;
use domain::time::whole_seconds;
use storage::store::KeyRole;
use storage::table::Freshness;

use crate::error::WorkflowError;
use crate::ports::Ports;

/// Gives an order to a courier's key, by the key's SHA-256 in hex, or takes it back.
///
/// # Errors
/// The order is not there, or no courier of the tenant's has such a key.
pub async fn give(ports: &Ports, id: &OrderId, key_sha256: &str, given: bool) -> Result<(), WorkflowError> {
    let keys = ports.store.listed_keys(id.tenant()).await?;
    if !keys.iter().any(|known| known.role == KeyRole::Courier && known.sha256 == key_sha256) {
        return Err(WorkflowError::NotFound);
    }
    ports.store.load(id, Freshness::Consistent).await?.ok_or(WorkflowError::NotFound)?;
    Ok(ports.store.give_order(id, key_sha256, given, whole_seconds(ports.clock.now())).await?)
}

/// Whether a courier's key may open an order.
pub async fn has(ports: &Ports, id: &OrderId, key_sha256: &str) -> Result<bool, WorkflowError> {
    Ok(ports.store.is_given(id, key_sha256).await?)
}

/// Some of the orders given to a courier's key, the one made last first, and where to go on.
pub async fn orders(
    ports: &Ports,
    tenant: &Tenant,
    key_sha256: &str,
    after: Option<String>,
    limit: usize,
) -> Result<(Vec<Order>, Option<String>), WorkflowError> {
    let page = ports.store.given_orders(tenant, key_sha256, after, limit).await?;
    let mut orders = Vec::with_capacity(page.orders.len());
    for given in &page.orders {
        let loaded = ports.store.load(&given.order, Freshness::Eventual).await?;
        orders.extend(loaded.map(|loaded| loaded.order));
    }
    Ok((orders, page.next))
}
