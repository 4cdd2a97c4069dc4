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
        ports.store.keep_means(tenant, customer, &kept).await?;
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

/// A buyer's means, oldest first. Means saved twice are listed once, as they were saved last. Those whose deletion was cut short
/// are listed, switched off, so that it can be finished.
pub async fn list(ports: &Ports, tenant: &Tenant, customer: &str) -> Result<Vec<Kept>, WorkflowError> {
    let mut wallet = ports.store.wallet(tenant, customer).await?;
    wallet.sort_by_key(|kept| kept.at);
    let mut list: Vec<Kept> = Vec::new();
    for kept in wallet.into_iter().filter(|kept| !kept.is_gone()) {
        list.retain(|other| !other.is_the_same(&kept));
        list.push(kept);
    }
    Ok(list)
}

/// Switches means off or on again. What is deleted, or is being deleted, stays off: its bank may have forgotten it.
pub async fn enable(
    ports: &Ports,
    tenant: &Tenant,
    customer: &str,
    id: &str,
    enabled: bool,
) -> Result<Kept, WorkflowError> {
    let kept = ports.store.means(tenant, customer, id).await?.filter(|kept| !kept.deleted);
    let kept = kept.ok_or(WorkflowError::NotFound)?;
    let switch = |kept: &Kept| (!kept.deleted && kept.enabled != enabled).then(|| Kept { enabled, ..kept.clone() });
    let mut stands = None;
    for same in same(ports, tenant, customer, kept).await? {
        stands = ports.store.change_means(tenant, customer, &same.id, switch).await?;
    }
    stands.filter(|kept| !kept.deleted).ok_or(WorkflowError::NotFound)
}

/// All that is kept of the same means, these last: saved twice, they are kept twice and shown once.
async fn same(ports: &Ports, tenant: &Tenant, customer: &str, kept: Kept) -> Result<Vec<Kept>, WorkflowError> {
    let mut all = ports.store.wallet(tenant, customer).await?;
    all.retain(|other| other.id != kept.id && !other.is_gone() && other.is_the_same(&kept));
    all.push(kept);
    Ok(all)
}

/// Deletes means: they can not be charged from this moment on, nor switched on again, and are forgotten at the bank. Cut short, it
/// is finished by asking again.
pub async fn delete(ports: &Ports, tenant: &Tenant, customer: &str, id: &str) -> Result<(), WorkflowError> {
    let kept = ports.store.means(tenant, customer, id).await?.ok_or(WorkflowError::NotFound)?;
    if kept.is_gone() {
        return Ok(());
    }
    // Those that were asked for are the last: while they are there, asking again does the rest.
    let same = same(ports, tenant, customer, kept.clone()).await?;
    let delete = |kept: &Kept| (!kept.deleted).then(|| Kept { enabled: false, deleted: true, ..kept.clone() });
    for kept in &same {
        ports.store.change_means(tenant, customer, &kept.id, delete).await?;
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
    let empty = |kept: &Kept| {
        let means = SavedMeans { token: String::new(), ..kept.means.clone() };
        (!kept.is_gone()).then(|| Kept { means, enabled: false, deleted: true, ..kept.clone() })
    };
    for kept in &same {
        ports.store.change_means(tenant, customer, &kept.id, empty).await?;
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
