//! The doors of the sandbox: its bank, register, executor, and the clock of a test partner.
//!
//! Invariant: this is the one place where the sandbox and the orders' sweep meet. A test partner who moves the clock sees
//! everything happen that is due then, on both sides of the wire, before the answer.

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use domain::id::Tenant;
use workflows::ports::Ports;

/// Rounds of a sweep, at most: what one side does may make something due on the other.
const ROUNDS_MAX: usize = 20;

/// The doors.
pub fn router(ports: Ports) -> Router {
    sandbox::router(ports, Arc::new(|ports, tenant| Box::pin(async move { sweep(&ports, &tenant).await })))
}

/// Makes everything happen that is due for a test tenant: outside first, then its orders, until nothing is due.
///
/// # Errors
/// The table, or an order, could not be looked at; what is due stays due.
pub async fn sweep(ports: &Ports, tenant: &Tenant) -> Result<(), Box<dyn Error + Send + Sync>> {
    for _ in 0..ROUNDS_MAX {
        let rows = sandbox::sweep_tenant(ports, tenant).await?;
        let swept = workflows::sweep::test_tenant(ports, tenant).await?;
        if swept.failed > 0 {
            return Err(format!("{} due orders could not be looked at", swept.failed).into());
        }
        if rows == 0 && swept.changed == 0 && swept.payouts == 0 {
            return Ok(());
        }
    }
    tracing::warn!(%tenant, "something is still due after {ROUNDS_MAX} rounds; the schedule goes on with it");
    Ok(())
}
