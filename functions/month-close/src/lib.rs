//! What is over: every tenant's days are sealed into the chain of their books, months whose last day is sealed are closed, what their
//! receipts and messages cost is booked, debts nothing has netted in time are invoiced, and days are compared with the papers that are here.
//!
//! Invariant: a tick carries nothing and remembers nothing. What is sealed stays sealed; a tick that is late, doubled or lost
//! changes only when the rest is.

use runtime::WorkerError;
use workflows::error::{Whose, WorkflowError};
use workflows::ports::Ports;
use workflows::{books, debts, months, reconciliation, usage};

/// One tick.
///
/// # Errors
/// The tenants could not be listed, or the books of some could not be sealed or closed: the others' are, the log says whose are not,
/// somebody is told (`MonthCloseErrors`), and the next tick tries again. Nothing is behind, but a live partner's paper has not come
/// within five working days: then somebody is told too, with each comparison, once a day, until it is loaded.
pub async fn tick(ports: Ports) -> Result<(), WorkerError> {
    let tenants = ports.store.tenants().await.map_err(|error| failed(error.into()))?;
    let (mut days, mut closed, mut invoices, mut compared, mut lost) = (0, 0, 0, 0, 0);
    let (mut open, mut letters, mut reckoned, mut late) = (0, 0, 0, 0);
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
        match usage::close(&ports, tenant).await {
            Ok(months) => reckoned += months,
            Err(error) => {
                tracing::error!(%tenant, error = %error.chain(), "what a partner's receipts and messages cost could not be booked");
                lost += 1;
            }
        }
        match months::close(&ports, tenant, months::ORDERS_MAX).await {
            Ok(done) => {
                closed += done.months;
                open += usize::from(done.goes_on);
            }
            Err(error) => {
                tracing::error!(%tenant, error = %error.chain(), "a partner's month could not be closed");
                lost += 1;
            }
        }
        match Box::pin(reconciliation::run::tick(&ports, tenant)).await {
            Ok(None) => {}
            Ok(Some(ran)) => {
                compared += ran.days;
                // A test partner's papers are nobody's to bring.
                for paper in ran.late.iter().filter(|_| !tenant.is_test()) {
                    tracing::error!(%tenant, paper, "a paper has not come within five working days: it has to be asked for");
                    late += 1;
                }
                for paper in &ran.missing {
                    tracing::warn!(%tenant, paper, "a day has movements, and nobody has loaded the paper they are compared with");
                }
            }
            Err(error) => {
                tracing::error!(%tenant, error = %error.chain(), "a partner's days could not be reconciled");
                lost += 1;
            }
        }
        // Of what is closed: a letter that can not be sent now is asked for again in an hour.
        match months::letters::send_due(&ports, tenant).await {
            Ok(sent) => letters += sent,
            Err(error) => tracing::warn!(%tenant, error = %error.chain(), "a report's letter is not on its way"),
        }
    }
    tracing::info!(
        tenants = tenants.len(),
        days,
        months = closed,
        unfinished = open,
        invoices,
        compared,
        letters,
        reckoned,
        late,
        failed = lost,
        "sealed"
    );
    match (lost, late) {
        (0, 0) => Ok(()),
        (0, late) => {
            Err(WorkerError::Ours(format!("papers that have not come within five working days: {late}").into()))
        }
        (lost, _) => Err(WorkerError::Ours(format!("the books of {lost} tenants are behind").into())),
    }
}

fn failed(error: WorkflowError) -> WorkerError {
    match error.whose() {
        Whose::Outside => WorkerError::Outside(error.into()),
        Whose::Ours | Whose::Caller => WorkerError::Ours(error.into()),
    }
}
