//! Hand-over to execution, and what execution reports.

use connectors::bank::CallbackError;
use connectors::fulfilment::{CancelAnswer, ExecutionOutcome as Outcome, ExecutionReport, Job, ResultContent};
use domain::delivery::Delivery;
use domain::id::OrderId;
use domain::order::{Command, ExecutionOutcome, TaskId};
use domain::time::{Timestamp, plus_seconds};
use serde::{Deserialize, Serialize};
use storage::table::Freshness;

use crate::bank::finish;
use crate::error::WorkflowError;
use crate::perform::{self, Applied, apply, apply_knowing};
use crate::ports::Ports;
use crate::{clock, connect, links};

/// Seconds a link to a result is good for: 30 days.
pub const RESULT_LINK_SECONDS: i64 = 30 * 24 * 3_600;

/// What execution brought, as kept for the buyer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredResult {
    /// The content.
    pub content: ResultContent,
    /// When it came.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
}

/// The worker of the queue `fulfilment`.
pub async fn work(ports: &Ports, body: &str) -> Result<(), WorkflowError> {
    let work = perform::work(body)?;
    let (id, task) = (work.order.clone(), work.task);
    let Some((order, details)) = perform::subject(ports, work).await? else {
        return Ok(());
    };
    let outcome = async {
        let executor = connect::executor(ports, id.tenant())?;
        let outside = |error: connectors::fulfilment::ExecutorError| WorkflowError::Outside {
            who: "the executor",
            reason: error.to_string(),
        };
        match task {
            TaskId::HandOver => {
                let job = Job {
                    order: id.clone(),
                    number: order.number.clone(),
                    lines: details.lines.clone(),
                    email: details.email.as_ref().map(|contact| contact.value.clone()),
                    phone: details.phone.as_ref().map(|contact| contact.value.clone()),
                    metadata: details.metadata.clone(),
                    scenario: details.scenario.execution,
                    callback_url: format!("{}/callbacks/execution/sandbox/{id}", ports.settings.base_url),
                };
                executor.hand_over(ports.http.as_ref(), &job).await.map_err(outside)?;
                apply_knowing(ports, order.clone(), details.clone(), &Command::HandedOver).await?;
            }
            TaskId::CancelExecution => {
                match executor.cancel(ports.http.as_ref(), &id).await.map_err(outside)? {
                    CancelAnswer::Cancelled | CancelAnswer::NotFound => {}
                    CancelAnswer::TooLate => tracing::warn!(order = %id, "the executor had executed a cancelled order"),
                }
                let mut delivery = Delivery::new(task, "execution.cancelled");
                delivery.done_at = Some(clock::now(ports, id.tenant()).await?);
                ports.store.put_delivery(&id, &delivery).await?;
            }
            _ => {}
        }
        Ok(())
    };
    let outcome = match outcome.await {
        // The order was cancelled or ended while it was being handed over: nothing is left to do.
        Err(WorkflowError::Refused(_)) => apply(ports, &id, &Command::TaskDone(task)).await.map(|_| ()),
        other => other,
    };
    finish(ports, &id, task, outcome).await
}

/// Records what the executor reports. A result is kept before the order is said to be fulfilled.
pub async fn callback(
    ports: &Ports,
    id: &OrderId,
    headers: &http::HeaderMap,
    body: &[u8],
) -> Result<Result<Applied, CallbackError>, WorkflowError> {
    let executor = connect::executor(ports, id.tenant())?;
    let ExecutionReport { order, outcome } = match executor.callback(ports.clock.now(), headers, body) {
        Ok(report) => report,
        Err(error) => return Ok(Err(error)),
    };
    if order != *id {
        return Err(WorkflowError::NotFound);
    }
    let outcome = match outcome {
        Outcome::Fulfilled { result } => {
            // Kept before the order says that it is fulfilled, and only if it may become so.
            let loaded = ports.store.load(id, Freshness::Consistent).await?.ok_or(WorkflowError::NotFound)?;
            if loaded.order.execution.ended.is_none() && loaded.order.standing_payment().is_some() {
                let at = clock::now(ports, id.tenant()).await?;
                ports.store.put_result(id, &StoredResult { content: result, at }).await?;
            }
            ExecutionOutcome::Fulfilled
        }
        Outcome::Failed { reason } => {
            tracing::warn!(order = %id, reason = reason.as_str(), "the executor gave an order up");
            ExecutionOutcome::Failed
        }
    };
    apply(ports, id, &Command::ExecutionReported(outcome)).await.map(Ok)
}

/// What a result link shows.
#[derive(Debug, Clone)]
pub enum ResultPage {
    /// The result, and until when the link is good.
    Open {
        /// What execution brought.
        result: StoredResult,
        /// The order.
        applied: Box<Applied>,
        /// Until when.
        until: Timestamp,
    },
    /// The link has expired.
    Expired(OrderId),
}

/// Opens a result by its link and records that it was opened.
pub async fn open_result(ports: &Ports, token: &str) -> Result<ResultPage, WorkflowError> {
    let (id, until) = links::open_result(&ports.settings, token).ok_or(WorkflowError::NotFound)?;
    if clock::now(ports, id.tenant()).await? >= until {
        return Ok(ResultPage::Expired(id));
    }
    let result: StoredResult = ports.store.result(&id).await?.ok_or(WorkflowError::NotFound)?;
    let applied = Box::new(apply(ports, &id, &Command::OpenResult).await?);
    Ok(ResultPage::Open { result, applied, until })
}

/// The link to an order's result, if it is fulfilled.
pub fn result_link(ports: &Ports, order: &domain::order::Order) -> Option<(String, Timestamp)> {
    let Some(domain::order::ExecutionEnd::Fulfilled(at)) = order.execution.ended else {
        return None;
    };
    let until = plus_seconds(at, RESULT_LINK_SECONDS);
    Some((links::result_url(&ports.settings, &order.id, until), until))
}
