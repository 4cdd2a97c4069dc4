//! The doors of device agents: a job is fetched, what became of it is told, the register tells of itself.
//!
//! Whoever shows no good key of that very register learns nothing but that. Every answer may be lost: each of these requests may be
//! sent again as it was.

use axum::Json;
use axum::extract::{FromRequestParts, RawPathParams, State};
use axum::response::{IntoResponse, Response};
use connectors::peer::Malformed;
use connectors::till::device::{translate, wire};
use domain::time::Timestamp;
use http::header::{AUTHORIZATION, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use runtime::{FieldError, JsonBody, Path, Problem, outcome};
use workflows::device::{self, Agent, Taken, Told};
use workflows::ports::Ports;

/// Seconds after which an agent that got nothing comes again, when nothing is out.
const COME_AGAIN_SECONDS: i64 = 5;

/// An agent that has shown the key of the register in the path.
pub struct Shown(Agent);

impl FromRequestParts<Ports> for Shown {
    type Rejection = Problem;

    async fn from_request_parts(request: &mut Parts, ports: &Ports) -> Result<Self, Problem> {
        let mut sent = request.headers.get_all(AUTHORIZATION).iter();
        let one = sent.next().filter(|_| sent.next().is_none()).and_then(|value| value.to_str().ok());
        let agent = Box::pin(device::agent(ports, one)).await.map_err(|error| outcome::problem(&error))?;
        let agent = agent.ok_or_else(Problem::unauthorized)?;
        let params = RawPathParams::from_request_parts(request, ports).await.map_err(|_| Problem::not_found())?;
        let own = params.iter().any(|(name, value)| name == "register" && value == agent.register());
        if own { Ok(Self(agent)) } else { Err(Problem::not_found()) }
    }
}

/// Gives out a job; 204 while there is none.
pub async fn take(State(ports): State<Ports>, Shown(agent): Shown) -> Result<Response, Problem> {
    match Box::pin(device::take(&ports, &agent)).await.map_err(|error| outcome::problem(&error))? {
        Taken::Job(job) => Ok(Json(job).into_response()),
        Taken::Nothing(until) => {
            let seconds = until.map_or(COME_AGAIN_SECONDS, |until| seconds_until(&ports, until));
            Ok((StatusCode::NO_CONTENT, [(RETRY_AFTER, HeaderValue::from(seconds))]).into_response())
        }
    }
}

fn seconds_until(ports: &Ports, until: Timestamp) -> i64 {
    (until.as_second() - ports.clock.now().as_second()).max(1)
}

/// A job's id in the path.
type Job = Path<(String, String)>;

/// Takes the fiscal attributes.
pub async fn done(
    State(ports): State<Ports>,
    Shown(agent): Shown,
    Path((_, id)): Job,
    JsonBody(told): JsonBody<wire::Done>,
) -> Result<StatusCode, Problem> {
    let outcome = translate::outcome(&told, ports.clock.now()).map_err(unlike)?;
    heard(Box::pin(device::done(&ports, &agent, &id, &outcome)).await)
}

/// Takes that it was surely not printed, and why.
pub async fn failed(
    State(ports): State<Ports>,
    Shown(agent): Shown,
    Path((_, id)): Job,
    JsonBody(told): JsonBody<wire::NotDone>,
) -> Result<StatusCode, Problem> {
    let why = translate::not_done(&told).map_err(unlike)?;
    heard(Box::pin(device::failed(&ports, &agent, &id, &why)).await)
}

/// Takes what a register tells of itself.
pub async fn state(
    State(ports): State<Ports>,
    Shown(agent): Shown,
    JsonBody(told): JsonBody<wire::State>,
) -> Result<StatusCode, Problem> {
    let condition = translate::condition(&told, ports.clock.now()).map_err(unlike)?;
    device::state(&ports, &agent, &condition).await.map_err(|error| outcome::problem(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

fn unlike(Malformed { pointer, rule }: Malformed) -> Problem {
    let ru = "не соответствует описанию протокола";
    Problem::unprocessable(vec![FieldError::new(pointer, "invalid", ru, rule)])
}

fn heard(told: Result<Told, workflows::error::WorkflowError>) -> Result<StatusCode, Problem> {
    match told.map_err(|error| outcome::problem(&error))? {
        Told::Recorded => Ok(StatusCode::NO_CONTENT),
        Told::PrintedBefore => Err(Problem::conflict(
            "printed_before",
            "The job is on record as printed by another document",
            "Задание уже учтено как напечатанное другим документом",
        )),
        Told::AnotherJobs => Err(Problem::conflict(
            "document_of_another_job",
            "The document is on record as another job's",
            "Этот документ уже учтён за другим заданием",
        )),
        Told::Stale => Err(Problem::conflict(
            "lease_over",
            "The job was given out again or is closed",
            "Задание выдано заново или закрыто",
        )),
        Told::TestDrive => Err(Problem::conflict(
            "test_drive",
            "A drive for tests (9999…) signs nothing for real money",
            "Тестовый накопитель (9999…) не подходит для настоящих расчётов",
        )),
    }
}
