//! The room that **stands in** for everybody outside: the sandbox bank, register and executor, and a clock per test partner.
//!
//! Invariant: the sandbox is on the other side of the wire. It learns of an order only what a connector sends, tells of it only
//! by signed callbacks, reads no row of ours and calls no workflow but the test clock, the key check and a test partner's choice
//! of bank and registers; what it promises happens in the test partner's own time, found again by its rows' due index. Live tenants do not exist here.
//!
//! It is honest: it validates like the real thing, keeps one outcome per number whatever comes in which order, and where it
//! plays tricks (falls silent, repeats, lies about time) it does so because a test card or scenario asked for it.

mod bank;
mod callback;
mod clock;
pub mod device;
mod door;
pub mod double;
mod executor;
pub mod registers;
mod rows;
mod till;

use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use domain::id::Tenant;
use serde::{Deserialize, Serialize};
use storage::store::StoreError;
use workflows::ports::Ports;

/// Makes everything of a tenant's orders happen that is due; given by whoever starts the sandbox.
pub type Sweep = Arc<dyn Fn(Ports, Tenant) -> Sweeping + Send + Sync>;
/// A sweep under way.
pub type Sweeping = Pin<Box<dyn Future<Output = Result<(), Box<dyn std::error::Error + Send + Sync>>> + Send>>;

/// Bytes of a request's body, at most: a file result in base64 and what is around it.
const BODY_BYTES_MAX: usize = 64 * 1_024;
/// Rows looked at in one sweep, at most.
const SWEEP_ROWS_MAX: usize = 2_000;
/// Payments as the sandbox bank kept them before it ran on the machine of all doubles.
const FORMER_BANK: &str = "bank";
/// Documents as the sandbox register kept them before it ran on the machine of all doubles.
const FORMER_TILL: &str = "till";
/// Rows asked for at once.
const SWEEP_BATCH: usize = 50;

/// Why the sandbox could not do its part.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The table.
    #[error("the sandbox's rows are not available")]
    Store(#[from] StoreError),
    /// A row that others kept changing.
    #[error("{kind} `{id}` kept changing")]
    Busy {
        /// Kind of row.
        kind: &'static str,
        /// Its id.
        id: String,
    },
    /// A row that this program can not read or write.
    #[error("{kind} `{id}` is not readable")]
    Row {
        /// Kind of row.
        kind: &'static str,
        /// Its id.
        id: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A message that is not one of ours.
    #[error("not a message of the sandbox: {0}")]
    Message(&'static str),
}

impl SandboxError {
    /// Whether trying again later may help.
    pub const fn passes(&self) -> bool {
        match self {
            Self::Store(StoreError::Conflict | StoreError::NotDone(_) | StoreError::Unknown(_)) | Self::Busy { .. } => {
                true
            }
            Self::Store(StoreError::Shape(_)) | Self::Row { .. } | Self::Message(_) => false,
        }
    }
}

/// What the sandbox's queue carries: look at this row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Look {
    tenant: Tenant,
    kind: String,
    id: String,
}

/// What the doors share.
#[derive(Clone)]
pub struct Shared {
    ports: Ports,
    sweep: Sweep,
}

/// All doors of the sandbox, under `/sandbox`.
pub fn router(ports: Ports, sweep: Sweep) -> Router {
    Router::new()
        .route("/sandbox/bank/v1/payments", post(bank::door::register))
        .route("/sandbox/bank/v1/payments/status", post(bank::door::status))
        .route("/sandbox/bank/v1/payments/withdraw", post(bank::door::withdraw))
        .route("/sandbox/bank/v1/charges", post(bank::door::charge))
        .route("/sandbox/bank/v1/captures", post(bank::door::capture))
        .route("/sandbox/bank/v1/voids", post(bank::door::void))
        .route("/sandbox/bank/v1/reversals", post(bank::door::reversal))
        .route("/sandbox/bank/v1/refunds", post(bank::door::refund))
        .route("/sandbox/bank/v1/means/forget", post(bank::door::forget))
        .route("/sandbox/bank/pay/{reference}", get(bank::page::show).post(bank::page::decide))
        .route("/sandbox/bank/pay/{reference}/challenge", post(bank::page::decide))
        .route("/sandbox/till/v5/sell", post(till::door::sell))
        .route("/sandbox/till/v5/sell_refund", post(till::door::sell_refund))
        .route("/sandbox/till/v5/sell_correction", post(till::door::sell_correction))
        .route("/sandbox/till/v5/sell_refund_correction", post(till::door::sell_refund_correction))
        .route("/sandbox/till/v5/report", post(till::door::report))
        .route("/sandbox/executor/v1/jobs", post(executor::door::accept))
        .route("/sandbox/executor/v1/cancellations", post(executor::door::cancel))
        .route("/sandbox/executor/{token}", get(executor::page::show).post(executor::page::decide))
        .route("/sandbox/executions", get(executor::door::list))
        .route("/sandbox/executions/{order}/fulfil", post(executor::door::fulfil))
        .route("/sandbox/executions/{order}/fail", post(executor::door::fail))
        .merge(double::routes())
        .merge(registers::routes())
        .route("/sandbox/clock", get(clock::show).post(clock::advance))
        .fallback(door::nothing_here)
        .method_not_allowed_fallback(door::wrong_method)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(Shared { ports, sweep })
}

/// Address of the page where a test partner decides what becomes of their orders' execution; a secret of its own.
pub fn executor_page_url(ports: &Ports, tenant: &Tenant) -> String {
    executor::page::url(ports, tenant)
}

/// Does what one message of the sandbox's queue asks for.
///
/// # Errors
/// The message is not ours, or a row could not be read or written; look at [`SandboxError::passes`].
pub async fn work(ports: &Ports, body: &str) -> Result<(), SandboxError> {
    let look: Look =
        serde_json::from_str(body).map_err(|_| SandboxError::Message("not of the form tenant, kind, id"))?;
    if !look.tenant.is_test() {
        return Err(SandboxError::Message("a live tenant"));
    }
    work_on(ports, &look.tenant, &look.kind, &look.id).await
}

/// Makes everything happen that is due in a test tenant's sandbox; answers how many rows were looked at.
///
/// # Errors
/// The first row that could not be read or written; the others were still looked at.
pub async fn sweep_tenant(ports: &Ports, tenant: &Tenant) -> Result<usize, SandboxError> {
    let mut looked = 0;
    if !tenant.is_test() {
        return Ok(looked);
    }
    let mut failed = None;
    while looked < SWEEP_ROWS_MAX {
        let now = workflows::clock::now(ports, tenant).await?;
        let due = ports.store.due_sandbox_rows(tenant, now, SWEEP_BATCH).await?;
        let found = due.len();
        looked += found;
        for (kind, id) in due {
            if let Err(error) = work_on(ports, tenant, &kind, &id).await {
                tracing::warn!(%tenant, kind, id, %error, "a sandbox row could not be worked on");
                failed.get_or_insert(error);
            }
        }
        // A row that could not be worked on stays due: going on would look at it forever.
        if found < SWEEP_BATCH || failed.is_some() {
            break;
        }
    }
    failed.map_or(Ok(looked), Err)
}

async fn work_on(ports: &Ports, tenant: &Tenant, kind: &str, id: &str) -> Result<(), SandboxError> {
    use crate::rows::Thing as _;
    match kind {
        double::Deal::KIND => double::work(ports, tenant, id).await,
        registers::Document::KIND => registers::work(ports, tenant, id).await,
        executor::Execution::KIND => executor::work(ports, tenant, id).await,
        FORMER_BANK | FORMER_TILL => rows::put_aside(ports, tenant, kind, id).await,
        _ => Err(SandboxError::Message("no such kind of row")),
    }
}
