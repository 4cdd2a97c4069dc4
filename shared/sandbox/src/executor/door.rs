//! The sandbox executor's API: for the platform's connector, and for test partners who decide what becomes of their orders.

use axum::extract::{Path, Query, State as Given};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use connectors::fulfilment::sandbox::wire::{
    CancelBody, CancelReply, CancelWord, JobAnswer, JobBody, OutcomeBody, ResultBody,
};
use connectors::fulfilment::sandbox::{PURPOSE, translate};
use connectors::peer;
use domain::partner::origin;
use serde::Deserialize;
use serde_json::json;

use super::{Execution, State, USUAL_REASON, act, own, page};
use crate::Shared;
use crate::door::{Received, Refusal, answer, bytes, machine_rule, partner, signed_json};
use crate::rows::{self, Next};

/// Executions listed, at most.
pub const LIST_MAX: usize = 100;

/// `POST /sandbox/executor/v1/jobs`: an order it has is not done twice.
pub async fn accept(
    Given(Shared { ports, .. }): Given<Shared>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Refusal> {
    let (tenant, job): (_, JobBody) = signed_json(&ports, &headers, PURPOSE, received)?;
    let mut errors = Vec::new();
    if own(&job.order, &tenant).is_none() {
        errors.push(machine_rule("/order", "an order id of the terminal's"));
    }
    if !(1..=100).contains(&job.lines.len()) {
        errors.push(machine_rule("/lines", "1 to 100"));
    }
    if job.callback_url.len() > 2_048 || origin(&job.callback_url).is_none() {
        errors.push(machine_rule("/callback_url", "an absolute http(s) URL, at most 2048 characters"));
    }
    if !errors.is_empty() {
        return Err(Refusal::invalid(errors));
    }
    let now = workflows::clock::now(&ports, &tenant).await?;
    let order = job.order.clone();
    let again = rows::change(&ports, &tenant, &order, |before: Option<Execution>| match before {
        Some(_) => Next::Keep(true),
        None => Next::Put(Execution::new(job.clone(), now), false),
    })
    .await?;
    if !again {
        let by_itself = Execution::new(job, now).look_at.map(|_| now);
        rows::wake::<Execution>(&ports, &tenant, &order, now, by_itself).await;
    }
    let status = if again { StatusCode::OK } else { StatusCode::CREATED };
    Ok(answer(status, JobAnswer { order, again }))
}

/// `POST /sandbox/executor/v1/cancellations`.
pub async fn cancel(
    Given(Shared { ports, .. }): Given<Shared>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Refusal> {
    let (tenant, CancelBody { order }): (_, CancelBody) = signed_json(&ports, &headers, PURPOSE, received)?;
    if own(&order, &tenant).is_none() {
        return Err(Refusal::field("/order", "an order id of the terminal's"));
    }
    let word = match act(&ports, &tenant, &order, |execution, _| execution.cancel()).await? {
        None => CancelWord::NotFound,
        Some((true, ..)) => CancelWord::Cancelled,
        Some((false, ..)) => CancelWord::TooLate,
    };
    Ok(answer(StatusCode::OK, CancelReply { order, answer: word }))
}

/// `GET /sandbox/executions`: what the executor has, and the address of its page.
pub async fn list(Given(Shared { ports, .. }): Given<Shared>, headers: HeaderMap) -> Result<Response, Refusal> {
    let tenant = partner(&ports, &headers).await?;
    let mut executions: Vec<Execution> = rows::list(&ports, &tenant, LIST_MAX).await?;
    executions.reverse();
    let executions: Vec<_> = executions.iter().map(shown).collect();
    Ok(answer(StatusCode::OK, json!({ "executions": executions, "page": page::url(&ports, &tenant) })))
}

fn shown(execution: &Execution) -> serde_json::Value {
    json!({
        "order": execution.job.order,
        "number": execution.job.number,
        "state": execution.state,
        "scenario": execution.job.scenario,
        "accepted_at": execution.accepted_at.to_string(),
    })
}

/// `?force=1`.
#[derive(Debug, Default, Deserialize)]
pub struct Options {
    #[serde(default)]
    force: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fulfil {
    result: ResultBody,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fail {
    reason: String,
}

/// `POST /sandbox/executions/{order}/fulfil`: with a body `{"result": …}` or with none.
pub async fn fulfil(
    Given(shared): Given<Shared>,
    Path(order): Path<String>,
    Query(options): Query<Options>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Refusal> {
    let tenant = partner(&shared.ports, &headers).await?;
    let body = bytes(received)?;
    let result = if body.is_empty() {
        None
    } else {
        let Fulfil { result } = peer::read(&body)?;
        translate::content(result.clone())?;
        Some(result)
    };
    told(&shared, &tenant, &order, &options, |execution, now| {
        let result = result.clone().unwrap_or_else(|| execution.usual_result(now));
        OutcomeBody::Fulfilled { result }
    })
    .await
}

/// `POST /sandbox/executions/{order}/fail`: with a body `{"reason": …}` or with none.
pub async fn fail(
    Given(shared): Given<Shared>,
    Path(order): Path<String>,
    Query(options): Query<Options>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Refusal> {
    let tenant = partner(&shared.ports, &headers).await?;
    let body = bytes(received)?;
    let reason = if body.is_empty() {
        USUAL_REASON.to_owned()
    } else {
        let Fail { reason } = peer::read(&body)?;
        reason
    };
    if !(1..=500).contains(&reason.chars().count()) {
        let (russian, english) = ("от 1 до 500 знаков", "1 to 500 characters");
        return Err(Refusal::invalid(vec![("/reason".to_owned(), russian.to_owned(), english.to_owned())]));
    }
    told(&shared, &tenant, &order, &options, |_, _| OutcomeBody::Failed { reason: reason.clone() }).await
}

async fn told(
    shared: &Shared,
    tenant: &domain::id::Tenant,
    order: &str,
    options: &Options,
    outcome: impl Fn(&Execution, domain::time::Timestamp) -> OutcomeBody + Send + Sync,
) -> Result<Response, Refusal> {
    let force = matches!(options.force.as_str(), "1" | "true");
    if own(order, tenant).is_none() {
        return Err(Refusal::not_found());
    }
    let acted = act(&shared.ports, tenant, order, |execution, now| {
        let outcome = outcome(execution, now);
        execution.told(outcome, force, now)
    });
    match acted.await? {
        None => Err(Refusal::not_found()),
        Some((Err(state), ..)) => Err(ended(state)),
        Some((Ok(()), execution, heard)) => {
            let mut body = shown(&execution);
            if let Some(body) = body.as_object_mut() {
                // What the platform answered to the report; nothing when it did not answer, then the report is repeated.
                body.insert("report_status".to_owned(), json!(heard));
            }
            Ok(answer(StatusCode::OK, body))
        }
    }
}

const fn ended(state: State) -> Refusal {
    let (code, english, russian) = match state {
        State::Cancelled => (
            "execution-cancelled",
            "The execution is cancelled; ?force=1 sends the report all the same",
            "Исполнение отменено; ?force=1 отправит отчёт всё равно",
        ),
        State::Accepted | State::Fulfilled | State::Failed => (
            "execution-ended",
            "The execution has already ended; ?force=1 sends a report all the same",
            "Исполнение уже завершено; ?force=1 отправит отчёт всё равно",
        ),
    };
    Refusal::new(StatusCode::CONFLICT, code, english, russian)
}
