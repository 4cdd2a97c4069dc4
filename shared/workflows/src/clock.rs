//! What time it is for a tenant: the real time, or a test partner's own.

use domain::id::Tenant;
use domain::time::{Timestamp, plus_seconds, whole_seconds};
use storage::store::StoreError;

use crate::ports::Ports;

/// A test clock moves at most this far at once: 400 days.
pub const ADVANCE_SECONDS_MAX: i64 = 400 * 24 * 3_600;

/// Now, in the tenant's own time, in whole seconds.
pub async fn now(ports: &Ports, tenant: &Tenant) -> Result<Timestamp, StoreError> {
    let real = whole_seconds(ports.clock.now());
    if tenant.is_test() { Ok(plus_seconds(real, ports.store.clock_offset(tenant).await?)) } else { Ok(real) }
}

/// Seconds a tenant's time is ahead of the real one, for what is only noted: where that can not be read, none.
pub async fn ahead_seconds(ports: &Ports, tenant: &Tenant) -> i64 {
    if tenant.is_test() { ports.store.clock_offset(tenant).await.unwrap_or(0) } else { 0 }
}

/// Moves a test tenant's clock on; answers what time it is then. Two movers at once: one is told to look again.
pub async fn advance(ports: &Ports, tenant: &Tenant, seconds: i64) -> Result<Timestamp, StoreError> {
    let offset = ports.store.advance_clock(tenant, seconds.clamp(0, ADVANCE_SECONDS_MAX)).await?;
    Ok(plus_seconds(whole_seconds(ports.clock.now()), offset))
}
