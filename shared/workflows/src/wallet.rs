//! The buyer's wallet at a shop: means kept with consent, switched off and on, deleted here and at the bank.

use std::collections::BTreeSet;

use domain::acquiring::SavedMeans;
use domain::details::Details;
use domain::exchange::Purpose;
use domain::id::Tenant;
use domain::order::{Command, Operation, Order, TaskId, means_id};
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

/// Of what a bank says it keeps for a buyer, that which an operation must have saved: what is in the wallet already was saved
/// before. Nothing where none is left, or several, of which nobody can say whose they are.
pub(crate) async fn only_new(
    ports: &Ports,
    tenant: &Tenant,
    customer: &str,
    operation: &Operation,
    mut kept: Vec<SavedMeans>,
) -> Result<Option<SavedMeans>, WorkflowError> {
    if !kept.is_empty() {
        let wallet = ports.store.wallet(tenant, customer).await?;
        let of_account = wallet.iter().filter(|known| known.account == operation.account);
        let known: Vec<&str> = of_account.map(|known| known.means.token.as_str()).collect();
        kept.retain(|means| !known.contains(&means.token.as_str()));
    }
    if kept.len() > 1 {
        tracing::warn!(count = kept.len(), "the bank keeps means that are in no wallet");
    }
    let only = kept.pop();
    Ok(only.filter(|_| kept.is_empty()))
}

/// A buyer's means, oldest first. Means saved twice are listed once, as they were saved last.
pub async fn list(ports: &Ports, tenant: &Tenant, customer: &str) -> Result<Vec<Kept>, WorkflowError> {
    let mut wallet = ports.store.wallet(tenant, customer).await?;
    wallet.sort_by_key(|kept| kept.at);
    let mut list: Vec<Kept> = Vec::new();
    for kept in wallet.into_iter().filter(|kept| !kept.deleted) {
        list.retain(|other| !other.is_the_same(&kept));
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
    for mut same in same(ports, tenant, customer, &kept).await? {
        if same.enabled != enabled {
            same.enabled = enabled;
            ports.store.put_means(tenant, customer, &same).await?;
        }
    }
    kept.enabled = enabled;
    Ok(kept)
}

/// All that is kept of the same means: saved twice, they are kept twice and shown once.
async fn same(ports: &Ports, tenant: &Tenant, customer: &str, kept: &Kept) -> Result<Vec<Kept>, WorkflowError> {
    let all = ports.store.wallet(tenant, customer).await?;
    let same = |other: &Kept| other.id == kept.id || (!other.deleted && other.is_the_same(kept));
    Ok(all.into_iter().filter(same).collect())
}

/// Deletes means: they can not be charged from this moment on, and are forgotten at the bank. Cut short, it is finished by
/// asking again.
pub async fn delete(ports: &Ports, tenant: &Tenant, customer: &str, id: &str) -> Result<(), WorkflowError> {
    let kept = ports.store.means(tenant, customer, id).await?.ok_or(WorkflowError::NotFound)?;
    if kept.deleted && kept.means.token.is_empty() {
        return Ok(());
    }
    let mut same = same(ports, tenant, customer, &kept).await?;
    // Those that were asked for last: while they are there, asking again does the rest.
    same.sort_by_key(|kept| kept.id == id);
    for mut kept in same.clone() {
        kept.enabled = false;
        ports.store.put_means(tenant, customer, &kept).await?;
    }
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
    let tokens: BTreeSet<&str> = same.iter().map(|kept| kept.means.token.as_str()).collect();
    for token in tokens.into_iter().filter(|token| !token.is_empty()) {
        bank.forget(&http, customer, token).await.map_err(WorkflowError::Bank)?;
    }
    for mut kept in same {
        kept.enabled = false;
        kept.deleted = true;
        kept.means.token = String::new();
        ports.store.put_means(tenant, customer, &kept).await?;
    }
    Ok(())
}

/// What the means of an order are called: those saved with it, or those of the buyer's wallet.
pub async fn label(
    ports: &Ports,
    order: &Order,
    details: &Details,
    means: &str,
) -> Result<Option<String>, WorkflowError> {
    let mut own = order.attempts().filter(|saved| means_id(&order.id, saved.no) == means);
    if let Some(saved) = own.find_map(|saved| saved.saved.as_ref()) {
        return Ok(Some(saved.label.clone()));
    }
    let Some(customer) = &details.payment.customer else { return Ok(None) };
    Ok(ports.store.means(order.id.tenant(), customer, means).await?.map(|kept| kept.means.label))
}
