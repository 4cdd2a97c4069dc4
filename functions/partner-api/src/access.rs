//! Who asks, and for what of theirs: the API key's tenant, the operator, and ids in the path that are the tenant's own.

use axum::extract::{FromRequestParts, RawPathParams};
use domain::id::{OrderId, Tenant};
use http::header::AUTHORIZATION;
use http::request::Parts;
use runtime::Problem;
use workflows::access;
use workflows::error::WorkflowError;
use workflows::ports::Ports;

use crate::problems::Refused;

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

/// The operator; for anybody else the route is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator;

/// An order of the caller's tenant, by the id in the path. Whether it exists is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnOrder(pub OrderId);

/// A webhook of an order: an entry of its timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnEntry(pub OrderId, pub u16);

/// A subscription of the caller's tenant, by the id in the path. Whether it exists is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnSubscription(pub Tenant, pub String);

/// A payout of the caller's tenant, by the id in the path. Whether it exists is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnPayout(pub Tenant, pub String);

/// The one `Authorization` header; several are none.
fn authorization(request: &Parts) -> Option<&str> {
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
        let caller = access::caller(ports, authorization(request)).await.map_err(WorkflowError::from)?;
        let caller = caller.ok_or_else(Problem::unauthorized)?;
        Ok(Self { tenant: caller.tenant, name: caller.name })
    }
}

impl FromRequestParts<Ports> for Operator {
    type Rejection = Refused;

    async fn from_request_parts(request: &mut Parts, ports: &Ports) -> Result<Self, Refused> {
        if access::is_operator(ports, authorization(request)) { Ok(Self) } else { Err(Problem::not_found().into()) }
    }
}

async fn in_path(request: &mut Parts, ports: &Ports, name: &str) -> Result<String, Refused> {
    // What is not UTF-8 names nothing.
    let params = RawPathParams::from_request_parts(request, ports).await.map_err(|_| Problem::not_found())?;
    let value = params.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
    value.ok_or_else(|| Problem::not_found().into())
}

impl FromRequestParts<Ports> for OwnOrder {
    type Rejection = Refused;

    async fn from_request_parts(request: &mut Parts, ports: &Ports) -> Result<Self, Refused> {
        let Caller(tenant) = Caller::from_request_parts(request, ports).await?;
        let id = in_path(request, ports, "id").await?.parse::<OrderId>().ok();
        id.filter(|id| *id.tenant() == tenant).map(Self).ok_or_else(|| Problem::not_found().into())
    }
}

impl FromRequestParts<Ports> for OwnEntry {
    type Rejection = Refused;

    async fn from_request_parts(request: &mut Parts, ports: &Ports) -> Result<Self, Refused> {
        let OwnOrder(id) = OwnOrder::from_request_parts(request, ports).await?;
        let entry = in_path(request, ports, "entry").await?;
        let plain = entry.bytes().all(|byte| byte.is_ascii_digit());
        let entry = entry.parse().ok().filter(|_| plain).ok_or_else(Problem::not_found)?;
        Ok(Self(id, entry))
    }
}

impl FromRequestParts<Ports> for OwnSubscription {
    type Rejection = Refused;

    async fn from_request_parts(request: &mut Parts, ports: &Ports) -> Result<Self, Refused> {
        let Caller(tenant) = Caller::from_request_parts(request, ports).await?;
        Ok(Self(tenant, in_path(request, ports, "id").await?))
    }
}

impl FromRequestParts<Ports> for OwnPayout {
    type Rejection = Refused;

    async fn from_request_parts(request: &mut Parts, ports: &Ports) -> Result<Self, Refused> {
        let Caller(tenant) = Caller::from_request_parts(request, ports).await?;
        let id = in_path(request, ports, "id").await?;
        let fits = id.strip_prefix("po_").is_some_and(|ulid| {
            ulid.len() == 26 && ulid.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        });
        if fits { Ok(Self(tenant, id)) } else { Err(Problem::not_found().into()) }
    }
}
