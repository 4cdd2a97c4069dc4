//! Who asks, and for what of theirs: the API key's tenant, the operator, and ids in the path that are the tenant's own.

use axum::extract::FromRequestParts;
use domain::id::{Mode, OrderId, Tenant};
use http::request::Parts;
use runtime::Problem;
pub use runtime::caller::{Bearer, Caller, OwnMonth, Site};
use runtime::caller::{authorization, in_path};
use utoipa::IntoParams;
use workflows::access::{self, KeyRole};
use workflows::couriers;
use workflows::ports::Ports;

use crate::problems::Refused;

/// An order in the path that a courier's key may open if it was given to it, and a partner's as [`OwnOrder`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedOrder(pub OrderId);

/// The operator; for anybody else the route is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator;

/// The tenant in the path of one of the operator's routes. Whether there is such a partner is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatedTenant(pub Tenant);

/// What [`OperatedTenant`] is in the path.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "it only says what the path is made of")]
pub struct TenantPath {
    /// The partner's id.
    #[param(example = "demoshop")]
    partner: String,
    /// `test` or `live`.
    #[param(example = "live")]
    mode: String,
}

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

impl FromRequestParts<Ports> for HandedOrder {
    type Rejection = Refused;

    async fn from_request_parts(request: &mut Parts, ports: &Ports) -> Result<Self, Refused> {
        let bearer = Bearer::from_request_parts(request, ports).await?;
        let id = order_in_path(request, ports, &bearer.tenant).await?;
        let given = match bearer.role {
            KeyRole::Partner => true,
            KeyRole::Courier => couriers::has(ports, &id, &bearer.key_sha256).await?,
        };
        if given { Ok(Self(id)) } else { Err(Problem::not_found().into()) }
    }
}

impl FromRequestParts<Ports> for Operator {
    type Rejection = Refused;

    async fn from_request_parts(request: &mut Parts, ports: &Ports) -> Result<Self, Refused> {
        if access::is_operator(ports, authorization(request)) { Ok(Self) } else { Err(Problem::not_found().into()) }
    }
}

/// An order of a tenant by the id in the path; another tenant's is not there.
async fn order_in_path(request: &mut Parts, ports: &Ports, tenant: &Tenant) -> Result<OrderId, Refused> {
    let id = in_path(request, ports, "id").await?.parse::<OrderId>().ok();
    id.filter(|id| id.tenant() == tenant).ok_or_else(|| Problem::not_found().into())
}

impl FromRequestParts<Ports> for OperatedTenant {
    type Rejection = Refused;

    async fn from_request_parts(request: &mut Parts, ports: &Ports) -> Result<Self, Refused> {
        Operator::from_request_parts(request, ports).await?;
        let mode = match in_path(request, ports, "mode").await?.as_str() {
            "test" => Mode::Test,
            "live" => Mode::Live,
            _ => return Err(Problem::not_found().into()),
        };
        let tenant = Tenant::try_new(&in_path(request, ports, "partner").await?, mode);
        tenant.map(Self).map_err(|_| Problem::not_found().into())
    }
}

impl FromRequestParts<Ports> for OwnOrder {
    type Rejection = Refused;

    async fn from_request_parts(request: &mut Parts, ports: &Ports) -> Result<Self, Refused> {
        let Caller(tenant) = Caller::from_request_parts(request, ports).await?;
        order_in_path(request, ports, &tenant).await.map(Self)
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
