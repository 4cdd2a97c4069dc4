//! The sandbox executor: does each order once, when its scenario or a test partner says so.
//!
//! ```text
//!  Accepted ──▶ Fulfilled   automatic; told to
//!     │  └────▶ Failed      failing; told to
//!     └───────▶ Cancelled ──force──▶ Fulfilled | Failed    an executor that did not listen: the report is sent all the same
//! ```

pub mod door;
pub mod page;

use connectors::fulfilment::sandbox::wire::{JobBody, OutcomeBody, ReportBody, ResultBody, Scenario};
use domain::id::{OrderId, Tenant};
use domain::time::{Timestamp, plus_seconds};
use serde::{Deserialize, Serialize};
use workflows::ports::Ports;

use crate::SandboxError;
use crate::callback::{self, Call, Calling, Calls};
use crate::rows::{self, Next, Thing};

/// Seconds after which the sweep does what the queue forgot.
const NET_SECONDS: i64 = 60;

/// An order as the executor keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    job: JobBody,
    state: State,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    accepted_at: Timestamp,
    /// When the sweep does it, should the queue have forgotten.
    #[serde(default, with = "jiff::fmt::serde::timestamp::second::optional", skip_serializing_if = "Option::is_none")]
    look_at: Option<Timestamp>,
    /// What was reported, to be said again in the same words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reported: Option<ReportBody>,
    calls: Calls,
}

/// How an execution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// To be done.
    Accepted,
    /// Done.
    Fulfilled,
    /// Given up.
    Failed,
    /// Not to be done any more.
    Cancelled,
}

impl Thing for Execution {
    const KIND: &'static str = "executor";

    fn due(&self) -> Option<Timestamp> {
        self.look_at.into_iter().chain(self.calls.due()).min()
    }
}

impl Calling for Execution {
    const PURPOSE: &'static str = connectors::fulfilment::sandbox::PURPOSE;

    fn calls(&mut self) -> &mut Calls {
        &mut self.calls
    }

    fn callback_url(&self) -> &str {
        &self.job.callback_url
    }
}

impl Execution {
    /// An order that has just been handed over.
    pub fn new(job: JobBody, now: Timestamp) -> Self {
        let look_at = (job.scenario != Scenario::Manual).then(|| plus_seconds(now, NET_SECONDS));
        Self { job, state: State::Accepted, accepted_at: now, look_at, reported: None, calls: Calls::default() }
    }

    /// Does what the scenario says it does by itself.
    fn by_itself(&mut self, now: Timestamp) {
        if self.state != State::Accepted {
            return;
        }
        match self.job.scenario {
            Scenario::Manual => {}
            Scenario::Automatic => {
                let result = self.usual_result(now);
                self.end(OutcomeBody::Fulfilled { result }, now);
            }
            Scenario::Failing => self.end(OutcomeBody::Failed { reason: USUAL_REASON.to_owned() }, now),
        }
    }

    /// Ends it as told. Without `force` only what is not ended yet; with it, a report is sent whatever was before, as by an
    /// executor that did not listen.
    pub fn told(&mut self, outcome: OutcomeBody, force: bool, now: Timestamp) -> Result<(), State> {
        if self.state != State::Accepted && !force {
            return Err(self.state);
        }
        self.end(outcome, now);
        Ok(())
    }

    /// Cancels it, unless it is already done.
    pub fn cancel(&mut self) -> bool {
        match self.state {
            State::Accepted | State::Cancelled => {
                self.state = State::Cancelled;
                self.look_at = None;
                true
            }
            State::Failed => true, // nothing was done and nothing will be
            State::Fulfilled => false,
        }
    }

    fn end(&mut self, outcome: OutcomeBody, now: Timestamp) {
        self.state = match outcome {
            OutcomeBody::Fulfilled { .. } => State::Fulfilled,
            OutcomeBody::Failed { .. } => State::Failed,
        };
        self.look_at = None;
        let report = ReportBody { order: self.job.order.clone(), outcome };
        self.calls.add(now, &report);
        self.reported = Some(report);
    }

    /// What the sandbox delivers when nobody says otherwise.
    fn usual_result(&self, now: Timestamp) -> ResultBody {
        let lines: Vec<_> = self.job.lines.iter().map(|line| format!("— {} × {}", line.name, line.quantity)).collect();
        let at = connectors::till::sandbox::translate::moment(now);
        let text = format!(
            "Заказ {} выполнен {at} (МСК).\n\nСостав:\n{}\n\nЭто результат тестового заказа: услуга не оказывалась.\n\
             This is the result of a test order.",
            self.job.number,
            lines.join("\n"),
        );
        ResultBody::Text { text }
    }
}

const USUAL_REASON: &str = "Исполнитель не смог выполнить тестовый заказ (сценарий failing)";

/// A change to an execution, with the callbacks it sets going made before the answer: the answer, the execution, and the last
/// status the callbacks heard.
async fn act<A: Send>(
    ports: &Ports,
    tenant: &Tenant,
    order: &str,
    mut what: impl FnMut(&mut Execution, Timestamp) -> A + Send,
) -> Result<Option<(A, Execution, Option<u16>)>, SandboxError> {
    let now = workflows::clock::now(ports, tenant).await?;
    let acted: Option<(A, Execution, Vec<Call>)> =
        rows::change(ports, tenant, order, |execution: Option<Execution>| {
            let Some(mut execution) = execution else {
                return Next::Keep(None);
            };
            let before = execution.clone();
            let answer = what(&mut execution, now);
            let begun = execution.calls.begin(now, &callback::WAITS_SECONDS);
            let after = execution.clone();
            if execution == before {
                Next::Keep(Some((answer, after, begun)))
            } else {
                Next::Put(execution, Some((answer, after, begun)))
            }
        })
        .await?;
    let Some((answer, execution, begun)) = acted else {
        return Ok(None);
    };
    if begun.is_empty() {
        rows::wake::<Execution>(ports, tenant, order, now, execution.due()).await;
        return Ok(Some((answer, execution, None)));
    }
    let heard = callback::make::<Execution>(ports, tenant, order, now, execution.callback_url(), begun).await?;
    Ok(Some((answer, execution, heard)))
}

/// Does what the scenario says, and makes the callbacks that are due.
pub async fn work(ports: &Ports, tenant: &Tenant, order: &str) -> Result<(), SandboxError> {
    act(ports, tenant, order, Execution::by_itself).await.map(|_| ())
}

/// An order of this tenant's, as its row is named.
fn own(order: &str, tenant: &Tenant) -> Option<OrderId> {
    order.parse().ok().filter(|order: &OrderId| order.tenant() == tenant)
}
