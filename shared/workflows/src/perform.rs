//! The one path of every change: load, decide, commit, send.

use std::sync::Arc;

use domain::details::Details;
use domain::id::{OrderId, Tenant};
use domain::order::{Change, Command, Context, Decision, Order, TaskId, decide};
use domain::partner::Partner;
use domain::time::{Timestamp, whole_seconds};
use serde::{Deserialize, Serialize};
use storage::store::{Loaded, StoreError};
use storage::table::Freshness;

use crate::clock;
use crate::concern;
use crate::error::WorkflowError;
use crate::ports::{Message, Ports, QueueError, QueueName};

/// Looks at an order that others keep changing before giving up.
const LOOKS_MAX: usize = 6;

/// What a worker is sent: which task of which order, and the order as it was when the task was made, so that the worker need
/// not read it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// The order.
    pub order: OrderId,
    /// The task.
    pub task: TaskId,
    /// The order then. Left out when a task is sent again: then the worker looks whether it is still wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Box<Snapshot>>,
    /// A delivery the partner asked to see again, though it is done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replay: bool,
}

/// An order as it was when a task was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its version.
    pub version: u64,
    /// Its entry in the due index, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<i64>,
    /// The head.
    pub head: Order,
    /// What was agreed.
    pub details: Details,
}

/// An order after a command.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The order as it is now.
    pub order: Order,
    /// Its details.
    pub details: Details,
    /// Whether this command changed it, or it had been before.
    pub changed: bool,
}

/// Applies a command to an order.
///
/// The first look is an eventually consistent one, at half the price: a change made on it is checked by the order's version.
/// What it would refuse, or take for done, is looked at again consistently before anybody is told.
pub async fn apply(ports: &Ports, id: &OrderId, command: &Command) -> Result<Applied, WorkflowError> {
    look_and_apply(ports, id, command, None, &|_| true).await
}

/// Applies a command to an order that was read or written a moment ago: that is the first look, and it costs nothing.
pub async fn apply_knowing(
    ports: &Ports,
    order: Order,
    details: Details,
    command: &Command,
) -> Result<Applied, WorkflowError> {
    apply_while(ports, order, details, command, &|_| true).await
}

/// Whether what somebody outside said still holds of an order.
pub(crate) type Holds<'a> = &'a (dyn Fn(&Order) -> bool + Sync);

/// Applies a command that holds only as long as something is so of the order: what somebody outside said while it was. Where it is so no
/// longer and the command would still change the order, or be refused, it is busy: whoever said it is to be asked anew.
pub(crate) async fn apply_while(
    ports: &Ports,
    order: Order,
    details: Details,
    command: &Command,
    holds: Holds<'_>,
) -> Result<Applied, WorkflowError> {
    let id = order.id.clone();
    let known = Loaded { order, details, agreement_version: 0, deliveries: Vec::new() };
    Box::pin(look_and_apply(ports, &id, command, Some(known), holds)).await
}

async fn look_and_apply(
    ports: &Ports,
    id: &OrderId,
    command: &Command,
    mut known: Option<Loaded>,
    holds: Holds<'_>,
) -> Result<Applied, WorkflowError> {
    for look in 0..LOOKS_MAX {
        let cheap = look == 0;
        let loaded = match known.take() {
            Some(known) => Some(known),
            None if cheap => ports.store.load(id, Freshness::Eventual).await?,
            None => ports.store.load(id, Freshness::Consistent).await?,
        };
        let Some(mut loaded) = loaded else {
            if cheap {
                continue;
            }
            return Err(WorkflowError::NotFound);
        };
        loaded.forget_done();
        let partner = partner(ports, id.tenant()).await?;
        let now = clock::now(ports, id.tenant()).await?;
        match decide(&loaded.order, &loaded.details, command, &context(ports, &partner, now)) {
            Ok(Decision::AlreadyApplied) if !cheap => {
                return Ok(Applied { order: loaded.order, details: loaded.details, changed: false });
            }
            _ if !holds(&loaded.order) => return Err(WorkflowError::Busy),
            Ok(Decision::Changed(change)) => {
                let Change { order, send: tasks } = *change;
                match concern::commit(ports, &loaded.order, &order, now).await {
                    Ok(()) => {}
                    Err(StoreError::Conflict) => continue,
                    Err(other) => return Err(other.into()),
                }
                send(ports, &order, &loaded.details, &tasks).await;
                return Ok(Applied { order, details: loaded.details, changed: true });
            }
            Err(refusal) if !cheap => return Err(refusal.into()),
            Ok(Decision::AlreadyApplied) | Err(_) => {}
        }
    }
    Err(WorkflowError::Busy)
}

/// The settings of a tenant's partner.
pub async fn partner(ports: &Ports, tenant: &Tenant) -> Result<Arc<Partner>, WorkflowError> {
    let real = whole_seconds(ports.clock.now());
    ports.store.partner(tenant, real).await?.ok_or(WorkflowError::NotFound)
}

/// What a decision about a partner's order may look at.
pub fn context<'a>(ports: &Ports, partner: &'a Partner, now: Timestamp) -> Context<'a> {
    let mut jitter = [0; 2];
    ports.random.fill(&mut jitter);
    Context {
        now,
        webhook: partner.wants_webhooks(),
        automatic_payout: partner.payout.automatic,
        jitter: u16::from_le_bytes(jitter),
        accounts: &partner.accounts,
        registers: &partner.receipts.registers,
        closing_days: partner.receipts.closing_days,
        refunds_paid_out: partner.payout.refunds_paid_out,
        wait: partner.payout.wait,
    }
}

/// Sends committed tasks to the workers. A failure is logged and no more: the tasks are on record, and the sweep finds them.
pub async fn send(ports: &Ports, order: &Order, details: &Details, tasks: &[TaskId]) {
    if tasks.is_empty() {
        return;
    }
    let snapshot = Box::new(Snapshot {
        version: order.version,
        due: order.due.map(Timestamp::as_second),
        head: order.clone(),
        details: details.clone(),
    });
    let works = tasks.iter().map(|task| Work {
        order: order.id.clone(),
        task: *task,
        snapshot: Some(snapshot.clone()),
        replay: false,
    });
    if let Err(error) = send_works(ports, works).await {
        tracing::warn!(order = %order.id, %error, "tasks were not sent; the sweep will send them");
    }
}

/// Sends messages to the workers.
pub async fn send_works(ports: &Ports, works: impl Iterator<Item = Work>) -> Result<(), QueueError> {
    let messages = works.filter_map(|work| {
        let body = serde_json::to_string(&work).ok()?;
        Some(Message { queue: queue_of(work.task), body, delay_seconds: 0 })
    });
    ports.queue.send(messages.collect()).await
}

/// Reads a message.
pub fn work(body: &str) -> Result<Work, WorkflowError> {
    serde_json::from_str(body).map_err(WorkflowError::Message)
}

/// The queue a kind of task goes through.
pub const fn queue_of(task: TaskId) -> QueueName {
    match task {
        TaskId::AskBank(_) | TaskId::TellBank(_) | TaskId::KeepMeans(_) => QueueName::BankOperation,
        TaskId::Receipt(_) => QueueName::Receipt,
        TaskId::HandOver | TaskId::CancelExecution => QueueName::Fulfilment,
        TaskId::Notify(..) => QueueName::Notification,
        TaskId::Webhook(_) => QueueName::Webhook,
    }
}

/// The order a worker shall act for: as it was when the task was made, or, when the task is sent again, as it is now, if the
/// task is still on its list. Nothing when there is nothing to do any more.
pub async fn subject(ports: &Ports, work: Work) -> Result<Option<(Order, Details)>, WorkflowError> {
    if let Some(snapshot) = work.snapshot {
        let due = snapshot.due.and_then(|due| Timestamp::from_second(due).ok());
        let order = Order { id: work.order, version: snapshot.version, due, ..snapshot.head };
        return Ok(Some((order, snapshot.details)));
    }
    let loaded = ports.store.load(&work.order, Freshness::Consistent).await?.ok_or(WorkflowError::NotFound)?;
    let wanted = loaded.order.tasks.iter().any(|task| task.id == work.task);
    let open = wanted && !loaded.done_tasks().contains(&work.task);
    Ok((work.replay || open).then_some((loaded.order, loaded.details)))
}
