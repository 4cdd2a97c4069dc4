//! Who asks at the partners' doors: the API key's tenant; and what every such door answers when it refuses.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::response::{IntoResponse, Response};
use domain::id::Tenant;
use domain::report::Period;
use http::StatusCode;
use http::header::AUTHORIZATION;
use http::request::Parts;
use jiff::civil::Date;
use workflows::access::{self, KeyRole};
use workflows::error::{Whose, WorkflowError};
use workflows::ports::Ports;

use crate::outcome;
use crate::problem::Problem;
use crate::query::Month;

/// Seconds after which it is worth asking again when somebody outside was silent.
pub const RETRY_AFTER_SECONDS: u32 = 5;

/// A problem on its way out, so that `?` turns every error into one.
#[derive(Debug)]
pub struct Refused(pub Problem);

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<WorkflowError> for Refused {
    fn from(error: WorkflowError) -> Self {
        Self(match (error.whose(), &error) {
            (Whose::Caller, WorkflowError::NotConnected(..)) => bank_not_connected(),
            (Whose::Caller, WorkflowError::Refused(refusal)) => outcome::refused(refusal),
            (Whose::Caller, WorkflowError::Payout(_)) => payout_ended(),
            (Whose::Caller, _) => Problem::not_found(),
            (Whose::Outside, _) => Problem::unavailable(&error, RETRY_AFTER_SECONDS),
            (Whose::Ours, _) => Problem::internal(&error),
        })
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

/// What a handler answers.
pub type Answer<T> = Result<T, Refused>;

/// The tenant whose API key was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller(pub Tenant);

/// The tenant whose API key was sent, and which of their sites has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The tenant.
    pub tenant: Tenant,
    /// The key's name.
    pub name: Option<String>,
}

/// The key that asks, whatever it may do: its tenant, and its SHA-256 in hex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// The tenant.
    pub tenant: Tenant,
    /// The key's id.
    pub key_sha256: String,
    /// What it may do.
    pub role: KeyRole,
    /// The key's name.
    pub name: Option<String>,
}

/// A month in the path, and whose it is.
#[derive(Debug, Clone)]
pub struct OwnMonth(pub Tenant, pub Period);

/// The one `Authorization` header; several are none.
pub fn authorization(request: &Parts) -> Option<&str> {
    let mut sent = request.headers.get_all(AUTHORIZATION).iter();
    let one = sent.next()?.to_str().ok()?;
    sent.next().is_none().then_some(one)
}

impl FromRequestParts<Ports> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(request: &mut Parts, ports: &Ports) -> Result<Self, Refused> {
        Site::from_request_parts(request, ports).await.map(|site| Self(site.tenant))
    }
}

impl FromRequestParts<Ports> for Site {
    type Rejection = Refused;

    async fn from_request_parts(request: &mut Parts, ports: &Ports) -> Result<Self, Refused> {
        let bearer = Bearer::from_request_parts(request, ports).await?;
        match bearer.role {
            KeyRole::Partner => Ok(Self { tenant: bearer.tenant, name: bearer.name }),
            KeyRole::Courier => Err(courier_key().into()),
        }
    }
}

impl FromRequestParts<Ports> for Bearer {
    type Rejection = Refused;

    async fn from_request_parts(request: &mut Parts, ports: &Ports) -> Result<Self, Refused> {
        let sent = authorization(request);
        let caller = access::caller(ports, sent).await.map_err(WorkflowError::from)?;
        let (caller, key_sha256) = caller.zip(access::key_sha256(sent)).ok_or_else(Problem::unauthorized)?;
        Ok(Self { tenant: caller.tenant, key_sha256, role: caller.role, name: caller.name })
    }
}

/// A named part of the path.
///
/// # Errors
/// There is none.
pub async fn in_path(request: &mut Parts, ports: &Ports, name: &str) -> Result<String, Refused> {
    // What is not UTF-8 names nothing.
    let params = RawPathParams::from_request_parts(request, ports).await.map_err(|_| Problem::not_found())?;
    let value = params.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
    value.ok_or_else(|| Problem::not_found().into())
}

impl FromRequestParts<Ports> for OwnMonth {
    type Rejection = Refused;

    async fn from_request_parts(request: &mut Parts, ports: &Ports) -> Result<Self, Refused> {
        let Caller(tenant) = Caller::from_request_parts(request, ports).await?;
        let month = Month::parse(&in_path(request, ports, "month").await?);
        let first = month.and_then(|month| Date::new(month.year, month.month, 1).ok());
        Ok(Self(tenant, Period::of(first.ok_or_else(Problem::not_found)?)))
    }
}

/// 403: a courier's key at a door that is none of theirs.
pub const fn courier_key() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "courier_key",
        "A courier's key reads the orders given to it, takes their money and names marked units; nothing else",
        "Ключ курьера открывает только переданные ему заказы: прочитать, принять оплату, указать коды маркировки",
    )
}

/// 409: nobody could charge for the order.
pub const fn bank_not_connected() -> Problem {
    Problem::conflict(
        "bank_not_connected",
        "No bank is connected for live orders yet; use the test key",
        "Банк для боевых заказов ещё не подключён; используйте тестовый ключ",
    )
}

/// 409: what is said of a payout contradicts what became of it.
pub const fn payout_ended() -> Problem {
    Problem::conflict(
        "payout_ended",
        "The payout was netted or has come back already",
        "Выплата зачтена без перевода или уже вернулась",
    )
}
