//! What is due: the sandbox's own promises first, then every order's expiry, three days, reminder, lost task and payout.
//!
//! Invariant: a tick carries nothing and remembers nothing. What is due is found by the index, so that a tick that is late,
//! doubled or lost changes only when things happen.

use domain::id::Tenant;
use runtime::WorkerError;
use sandbox::SandboxError;
use workflows::error::{Whose, WorkflowError};
use workflows::ports::Ports;

/// One tick.
///
/// # Errors
/// The table could not be asked what is due; the next tick asks again.
pub async fn tick(ports: Ports) -> Result<(), WorkerError> {
    let tenants = ports.store.tenants().await.map_err(|error| failed(error.into()))?;
    let (mut rows, mut lost) = (0, 0);
    for tenant in tenants.iter().filter(|tenant| tenant.is_test()) {
        match sandbox::sweep_tenant(&ports, tenant).await {
            Ok(looked) => rows += looked,
            Err(error) => {
                // The others' orders must not wait for one partner's sandbox.
                log(tenant, &error);
                lost += 1;
            }
        }
    }
    let swept = workflows::sweep::everything(&ports).await.map_err(failed)?;
    tracing::info!(
        sandbox_rows = rows,
        sandboxes_failed = lost,
        looked = swept.looked,
        changed = swept.changed,
        sent = swept.sent,
        payouts = swept.payouts,
        failed = swept.failed,
        "swept"
    );
    Ok(())
}

fn log(tenant: &Tenant, error: &SandboxError) {
    let told = runtime::log::chain(error);
    if error.passes() {
        tracing::warn!(%tenant, error = told, "a sandbox could not be swept now");
    } else {
        tracing::error!(%tenant, error = told, "a sandbox can not be swept");
    }
}

fn failed(error: WorkflowError) -> WorkerError {
    match error.whose() {
        Whose::Outside => WorkerError::Outside(error.into()),
        Whose::Ours | Whose::Caller => WorkerError::Ours(error.into()),
    }
}
