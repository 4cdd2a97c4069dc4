//! The sandbox executor's page, for a test partner without curl. Its address is a secret derived for the tenant: it opens this
//! page and nothing else, and can be handed to a tester who gets no key.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State as Given};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use connectors::fulfilment::sandbox::wire::OutcomeBody;
use domain::id::Tenant;
use domain::money::Money;
use pages::{ExecutionJob, ExecutorView, Lang, executor_page};
use serde::Deserialize;
use subtle::ConstantTimeEq;
use workflows::links::mac;
use workflows::ports::Ports;

use super::door::LIST_MAX;
use super::{Execution, State, USUAL_REASON, act, own};
use crate::door::{self, Refusal, see_other};
use crate::{SandboxError, Shared, rows};

/// Address of a test partner's page.
pub fn url(ports: &Ports, tenant: &Tenant) -> String {
    format!("{}{}", ports.settings.base_url, path(ports, tenant))
}

fn path(ports: &Ports, tenant: &Tenant) -> String {
    format!("/sandbox/executor/{}~{}", tenant.partner(), tag(ports, tenant))
}

fn tag(ports: &Ports, tenant: &Tenant) -> String {
    let digest = mac(&ports.settings.master_secret.0, format!("sandbox-executor-page\n{tenant}").as_bytes());
    hex::encode(&digest[..16])
}

fn tenant_of(ports: &Ports, token: &str) -> Option<Tenant> {
    let (partner, given) = token.split_once('~')?;
    let tenant = Tenant::try_new(partner, domain::id::Mode::Test).ok()?;
    bool::from(tag(ports, &tenant).as_bytes().ct_eq(given.as_bytes())).then_some(tenant)
}

/// `GET /sandbox/executor/{token}`.
pub async fn show(
    Given(Shared { ports, .. }): Given<Shared>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(tenant) = tenant_of(&ports, &token) else {
        return Refusal::not_found().page();
    };
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let lang = accepted.map_or_else(Lang::default, Lang::from_accept_language);
    match view(&ports, &tenant, lang).await {
        Ok(view) => door::page(StatusCode::OK, executor_page(&view), "'self'"),
        Err(error) => Refusal::from(error).page(),
    }
}

async fn view(ports: &Ports, tenant: &Tenant, lang: Lang) -> Result<ExecutorView, SandboxError> {
    let executions: Vec<Execution> = rows::list(ports, tenant, LIST_MAX).await?;
    let jobs = executions.iter().rev().map(|execution| job(execution, lang)).collect();
    Ok(ExecutorView { lang, action_url: path(ports, tenant), csrf: String::new(), jobs, index_url: None })
}

fn job(execution: &Execution, lang: Lang) -> ExecutionJob {
    let lines = &execution.job.lines;
    let amount: i64 = lines.iter().filter_map(|line| line.amount.parse::<Money>().ok()).map(Money::minor).sum();
    let outcome = match (execution.state, lang) {
        (State::Accepted, _) => None,
        (State::Fulfilled, Lang::Ru) => Some("Выполнен"),
        (State::Fulfilled, Lang::En) => Some("Fulfilled"),
        (State::Failed, Lang::Ru) => Some("Не выполнен"),
        (State::Failed, Lang::En) => Some("Failed"),
        (State::Cancelled, Lang::Ru) => Some("Отменён"),
        (State::Cancelled, Lang::En) => Some("Cancelled"),
    };
    ExecutionJob {
        id: execution.job.order.clone(),
        bill: execution.job.order.clone(),
        number: execution.job.number.clone(),
        title: lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>().join(", "),
        amount_minor: amount,
        handed_at_ms: execution.accepted_at.as_millisecond(),
        outcome: outcome.map(str::to_owned),
    }
}

/// The page's form.
#[derive(Debug, Deserialize)]
pub struct Decision {
    job: String,
    decision: String,
}

/// `POST /sandbox/executor/{token}` with `job` and `decision` = `fulfil` or `refuse`.
pub async fn decide(
    Given(Shared { ports, .. }): Given<Shared>,
    Path(token): Path<String>,
    form: Result<Form<Decision>, FormRejection>,
) -> Response {
    let Some(tenant) = tenant_of(&ports, &token) else {
        return Refusal::not_found().page();
    };
    let Ok(Form(Decision { job, decision })) = form else {
        return Refusal::field("", "job and decision").page();
    };
    let fulfil = match decision.as_str() {
        "fulfil" => true,
        "refuse" => false,
        _ => return Refusal::field("/decision", "fulfil or refuse").page(),
    };
    if own(&job, &tenant).is_none() {
        return Refusal::not_found().page();
    }
    let acted = act(&ports, &tenant, &job, |execution, now| {
        let outcome = if fulfil {
            OutcomeBody::Fulfilled { result: execution.usual_result(now) }
        } else {
            OutcomeBody::Failed { reason: USUAL_REASON.to_owned() }
        };
        execution.told(outcome, false, now)
    });
    match acted.await {
        Ok(Some(_)) => see_other(&path(&ports, &tenant)), // what has ended meanwhile is seen there
        Ok(None) => Refusal::not_found().page(),
        Err(error) => Refusal::from(error).page(),
    }
}
