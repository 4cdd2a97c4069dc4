//! The conversation with the sandbox executor.

use async_trait::async_trait;
use domain::id::{OrderId, Tenant};
use domain::time::Timestamp;

use super::translate;
use super::wire::{CancelBody, CancelReply, JobAnswer, ReportBody};
use crate::fulfilment::{Accepted, CallbackError, CancelAnswer, ExecutionReport, Executor, ExecutorError, Job};
use crate::http::Http;
use crate::peer::{Malformed, Peer};

/// The sandbox executor, as one tenant speaks to it.
#[derive(Debug, Clone)]
pub struct SandboxExecutor {
    peer: Peer,
}

impl SandboxExecutor {
    /// The executor at `base_url`. `secret` is derived for [`super::PURPOSE`]. `now` is the real clock, for signatures.
    pub fn new(base_url: &str, tenant: &Tenant, secret: Vec<u8>, now: Timestamp) -> Self {
        Self { peer: Peer::new(base_url, tenant, secret, now) }
    }
}

#[async_trait]
impl Executor for SandboxExecutor {
    async fn hand_over(&self, http: &dyn Http, job: &Job) -> Result<Accepted, ExecutorError> {
        let body = translate::job(job);
        let answer: JobAnswer = self.peer.call(http, "/sandbox/executor/v1/jobs", &body).await?;
        if answer.order != body.order {
            return Err(Malformed::at("/order", "the order that was handed over").into());
        }
        Ok(Accepted { again: answer.again })
    }

    async fn cancel(&self, http: &dyn Http, order: &OrderId) -> Result<CancelAnswer, ExecutorError> {
        let body = CancelBody { order: order.to_string() };
        let reply: CancelReply = self.peer.call(http, "/sandbox/executor/v1/cancellations", &body).await?;
        if reply.order != body.order {
            return Err(Malformed::at("/order", "the order that was cancelled").into());
        }
        Ok(translate::cancel_answer(reply.answer))
    }

    fn callback(
        &self,
        now: Timestamp,
        headers: &::http::HeaderMap,
        raw_body: &[u8],
    ) -> Result<ExecutionReport, CallbackError> {
        let report: ReportBody = self.peer.verified(now, headers, raw_body)?;
        Ok(translate::report(report)?)
    }
}
