//! What is over: every tenant's days are sealed into the chain of their books, months whose last day is sealed are closed, debts
//! nothing has netted in time are invoiced, and days are compared with the papers that are here.
//!
//! Invariant: a tick carries nothing and remembers nothing. What is sealed stays sealed; a tick that is late, doubled or lost
//! changes only when the rest is.

use runtime::WorkerError;
use workflows::error::{Whose, WorkflowError};
use workflows::ports::Ports;
use workflows::{books, debts, months, reconciliation};

/// One tick.
///
/// # Errors
/// The tenants could not be listed; the next tick asks again.
pub async fn tick(ports: Ports) -> Result<(), WorkerError> {
    let tenants = ports.store.tenants().await.map_err(|error| failed(error.into()))?;
    let (mut days, mut closed, mut invoices, mut compared, mut lost) = (0, 0, 0, 0, 0);
    for tenant in &tenants {
        match debts::invoice(&ports, tenant).await {
            Ok(invoice) => invoices += usize::from(invoice.is_some()),
            Err(error) => {
                tracing::error!(%tenant, error = %error.chain(), "a partner's debt could not be invoiced");
                lost += 1;
            }
        }
        match books::seal(&ports, tenant).await {
            Ok(sealed) => days += sealed,
            Err(error) => {
                // The others' books must not wait for one partner's.
                tracing::error!(%tenant, error = %error.chain(), "a partner's days could not be sealed");
                lost += 1;
                continue;
            }
        }
        match months::close(&ports, tenant).await {
            Ok(months) => closed += months,
            Err(error) => {
                tracing::error!(%tenant, error = %error.chain(), "a partner's month could not be closed");
                lost += 1;
            }
        }
        match Box::pin(reconciliation::run::tick(&ports, tenant)).await {
            Ok(None) => {}
            Ok(Some(ran)) => {
                compared += ran.days;
                for paper in &ran.missing {
                    tracing::warn!(%tenant, paper, "a day has movements, and nobody has loaded the paper they are compared with");
                }
            }
            Err(error) => {
                tracing::error!(%tenant, error = %error.chain(), "a partner's days could not be reconciled");
                lost += 1;
            }
        }
    }
    tracing::info!(tenants = tenants.len(), days, months = closed, invoices, compared, failed = lost, "sealed");
    Ok(())
}

fn failed(error: WorkflowError) -> WorkerError {
    match error.whose() {
        Whose::Outside => WorkerError::Outside(error.into()),
        Whose::Ours | Whose::Caller => WorkerError::Ours(error.into()),
    }
}
