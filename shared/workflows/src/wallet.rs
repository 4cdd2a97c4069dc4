//! The buyer's wallet at a shop: means kept with consent, switched off and on, deleted here and at the bank.

use domain::details::Details;
use domain::exchange::Purpose;
use domain::id::Tenant;
use domain::order::{Command, Order, TaskId, means_id};
use domain::wallet::Kept;

use crate::connect::{self, At};
use crate::error::WorkflowError;
use crate::exchange::{About, recorded};
use crate::perform::{self, apply};
use crate::ports::Ports;

/// Keeps what the bank has saved for an operation. Keeping it twice keeps it once.
pub(crate) async fn keep(ports: &Ports, order: &Order, details: &Details, no: u8) -> Result<(), WorkflowError> {
    let operation = order.operation(no);
    if let (Some(operation), Some(customer)) = (operation, &details.payment.customer)
        && let Some(means) = &operation.saved
    {
        let id = means_id(&order.id, no);
        let tenant = order.id.tenant();
        // Switched off or deleted before a late repetition: it stays so.
        if ports.store.means(tenant, customer, &id).await?.is_none() {
            let kept = Kept {
                id,
                account: operation.account.clone(),
                method: operation.method,
                means: means.clone(),
                enabled: true,
                deleted: false,
                at: crate::clock::now(ports, tenant).await?,
                order: order.id.clone(),
                agreed: details.consent.as_ref().and_then(|consent| consent.means.clone()),
            };
            ports.store.put_means(tenant, customer, &kept).await?;
        }
    }
    apply(ports, &order.id, &Command::TaskDone(TaskId::KeepMeans(no))).await?;
    Ok(())
}

/// A buyer's means, oldest first. Means saved twice are listed once, as they were saved last.
pub async fn list(ports: &Ports, tenant: &Tenant, customer: &str) -> Result<Vec<Kept>, WorkflowError> {
    let mut list: Vec<Kept> = Vec::new();
    for kept in ports.store.wallet(tenant, customer).await? {
        if kept.deleted {
            continue;
        }
        list.retain(|other| other.account != kept.account || other.means.token != kept.means.token);
        list.push(kept);
    }
    Ok(list)
}

/// Switches means off or on again.
pub async fn enable(
    ports: &Ports,
    tenant: &Tenant,
    customer: &str,
    id: &str,
    enabled: bool,
) -> Result<Kept, WorkflowError> {
    let kept = ports.store.means(tenant, customer, id).await?.filter(|kept| !kept.deleted);
    let mut kept = kept.ok_or(WorkflowError::NotFound)?;
    if kept.enabled != enabled {
        kept.enabled = enabled;
        ports.store.put_means(tenant, customer, &kept).await?;
    }
    Ok(kept)
}

/// Deletes means: they can not be charged from this moment on, and are forgotten at the bank. Cut short, it is finished by
/// asking again.
pub async fn delete(ports: &Ports, tenant: &Tenant, customer: &str, id: &str) -> Result<(), WorkflowError> {
    let mut kept = ports.store.means(tenant, customer, id).await?.ok_or(WorkflowError::NotFound)?;
    if kept.deleted && kept.means.token.is_empty() {
        return Ok(());
    }
    let token = kept.means.token.clone();
    kept.enabled = false;
    ports.store.put_means(tenant, customer, &kept).await?;
    let partner = perform::partner(ports, tenant).await?;
    let bank = connect::bank(ports, &partner, At { tenant, account: kept.account.as_deref() })?;
    let about = About {
        tenant: tenant.clone(),
        account: kept.account.clone(),
        order: Some(kept.order.clone()),
        operation: None,
        purpose: Purpose::Forget,
    };
    let http = recorded(ports, about).await;
    bank.forget(&http, customer, &token).await.map_err(WorkflowError::Bank)?;
    kept.deleted = true;
    kept.means.token = String::new();
    ports.store.put_means(tenant, customer, &kept).await?;
    Ok(())
}
