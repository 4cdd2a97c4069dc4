//! What is due: expiries, the three days, reminders, lost tasks, payouts, subscriptions.

use domain::id::{OrderId, Tenant};
use domain::order::{Change, Command, Decision, TaskId, decide};
use domain::partner::Partner;
use domain::time::{Timestamp, whole_seconds};
use storage::keys;
use storage::store::{Loaded, StoreError};
use storage::table::Freshness;

use crate::clock;
use crate::concern;
use crate::error::WorkflowError;
use crate::payouts;
use crate::perform::{self, Work, context};
use crate::ports::Ports;
use crate::subscriptions;

/// Orders looked at in one bucket at once.
const PAGE: usize = 100;
/// Pages of one bucket in one run; the rest waits for the next minute.
const PAGES_MAX: usize = 20;

/// What a run has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Orders looked at.
    pub looked: usize,
    /// Orders that changed.
    pub changed: usize,
    /// Tasks sent again.
    pub sent: usize,
    /// Payouts made.
    pub payouts: usize,
    /// Subscriptions looked at.
    pub subscriptions: usize,
    /// Orders and subscriptions that could not be looked at; they stay due.
    pub failed: usize,
}

impl Swept {
    fn add(&mut self, other: Self) {
        self.looked += other.looked;
        self.changed += other.changed;
        self.sent += other.sent;
        self.payouts += other.payouts;
        self.subscriptions += other.subscriptions;
        self.failed += other.failed;
    }

    fn count(&mut self, subscriptions: subscriptions::Swept) {
        self.subscriptions += subscriptions.looked;
        self.failed += subscriptions.failed;
    }
}

/// Looks at everything that is due: live orders, and every test tenant's by its own clock.
pub async fn everything(ports: &Ports) -> Result<Swept, WorkflowError> {
    let mut total = Swept::default();
    let now = whole_seconds(ports.clock.now());
    for part in 0..keys::DUE_SPREAD {
        total.add(bucket(ports, &keys::live_due_bucket(part), now).await?);
    }
    total.count(subscriptions::sweep_live(ports, now).await?);
    for tenant in ports.store.tenants().await? {
        if tenant.is_test() {
            total.add(test_tenant(ports, &tenant).await?);
        }
    }
    Ok(total)
}

/// Looks at what is due for one test tenant, by its own clock.
pub async fn test_tenant(ports: &Ports, tenant: &Tenant) -> Result<Swept, WorkflowError> {
    let now = clock::now(ports, tenant).await?;
    // Subscriptions first: the orders they make are looked at with the others.
    let swept = Box::pin(subscriptions::sweep(ports, &keys::test_subscription_due_bucket(tenant), now)).await?;
    let mut total = bucket(ports, &keys::test_due_bucket(tenant), now).await?;
    total.count(swept);
    Ok(total)
}

async fn bucket(ports: &Ports, bucket: &str, now: Timestamp) -> Result<Swept, WorkflowError> {
    let mut total = Swept::default();
    for _ in 0..PAGES_MAX {
        let due = ports.store.due_orders(bucket, now, PAGE).await?;
        let full = due.len() == PAGE;
        let mut payable = Vec::new();
        let before = total.failed;
        for id in due {
            total.looked += 1;
            match order(ports, &id, now).await {
                Ok(looked) => {
                    total.changed += usize::from(looked.changed);
                    total.sent += looked.sent;
                    payable.extend(looked.payable);
                }
                Err(error) => {
                    total.failed += 1;
                    tracing::error!(order = %id, error = %error.chain(), "a due order could not be looked at");
                }
            }
        }
        total.payouts += payouts::pay(ports, payable, now).await?;
        if !full || total.failed - before == PAGE {
            break;
        }
    }
    Ok(total)
}

struct Looked {
    changed: bool,
    sent: usize,
    payable: Option<Loaded>,
}

/// Looks at one order: does what is due of itself, sends again what was lost, and says whether it is to be paid out.
async fn order(ports: &Ports, id: &OrderId, now: Timestamp) -> Result<Looked, WorkflowError> {
    for _ in 0..5 {
        let Some(loaded) = ports.store.load(id, Freshness::Consistent).await? else {
            return Ok(Looked { changed: false, sent: 0, payable: None });
        };
        let partner = perform::partner(ports, id.tenant()).await?;
        let command = Command::LookDue { done: loaded.done_tasks() };
        let decision = decide(&loaded.order, &loaded.details, &command, &context(ports, &partner, now))?;
        let Decision::Changed(change) = decision else {
            let payable = is_payable(&loaded, &partner, now).then_some(loaded);
            return Ok(Looked { changed: false, sent: 0, payable });
        };
        let Change { order, send } = *change;
        match concern::commit(ports, &loaded.order, &order, now).await {
            Ok(()) => {}
            Err(StoreError::Conflict) => continue,
            Err(other) => return Err(other.into()),
        }
        let loaded = Loaded { order, ..loaded };
        resend(ports, &loaded, &send).await;
        let payable = is_payable(&loaded, &partner, now).then(|| loaded.clone());
        return Ok(Looked { changed: true, sent: send.len(), payable });
    }
    Err(WorkflowError::Busy)
}

fn is_payable(loaded: &Loaded, partner: &Partner, now: Timestamp) -> bool {
    partner.payout.automatic && loaded.order.payable_at().is_some_and(|at| at <= now)
}

/// Sends what is on a tenant's orders' lists again, whatever the time: the queues themselves were lost, as when the stack on one
/// machine ends. Answers how many tasks were sent.
///
/// What failed before and waits for its next attempt goes on waiting, and a bank is not asked before the time to pay is over.
pub async fn resend_all(ports: &Ports, tenant: &Tenant) -> Result<usize, WorkflowError> {
    let now = clock::now(ports, tenant).await?;
    let buckets = if tenant.is_test() {
        vec![keys::test_due_bucket(tenant)]
    } else {
        (0..keys::DUE_SPREAD).map(keys::live_due_bucket).collect()
    };
    let mut sent = 0;
    for bucket in buckets {
        for id in ports.store.due_orders(&bucket, Timestamp::MAX, usize::MAX).await? {
            if id.tenant() != tenant {
                continue;
            }
            let Some(loaded) = ports.store.load(&id, Freshness::Consistent).await? else {
                continue;
            };
            let done = loaded.done_tasks();
            let tasks = loaded.order.tasks.iter().filter(|task| {
                let waits = task.failures > 0 || matches!(task.id, TaskId::AskBank(_));
                !done.contains(&task.id) && (task.next_at <= now || !waits)
            });
            let tasks: Vec<_> = tasks.map(|task| task.id).collect();
            sent += tasks.len();
            resend(ports, &loaded, &tasks).await;
        }
    }
    Ok(sent)
}

/// Sends tasks without a snapshot: the worker looks again whether each is still wanted, for the first message may have
/// arrived after all.
async fn resend(ports: &Ports, loaded: &Loaded, tasks: &[TaskId]) {
    let order = &loaded.order;
    let works = tasks.iter().map(|task| Work { order: order.id.clone(), task: *task, snapshot: None, replay: false });
    if let Err(error) = perform::send_works(ports, works).await {
        tracing::warn!(order = %order.id, %error, "tasks were not sent; the next sweep will send them");
    }
}
