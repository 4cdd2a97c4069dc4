//! API keys of a partner's sites and couriers: issued with a name, listed without the key, revoked. The operator may all of it;
//! a partner lists, revokes, and issues keys to couriers.

use axum::Json;
use axum::extract::State;
use domain::id::Tenant;
use http::StatusCode;
use runtime::{Path, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workflows::access::{self, KeyRole, ListedKey};
use workflows::error::WorkflowError;
use workflows::perform;
use workflows::ports::Ports;

use crate::access::{Caller, OperatedTenant, TenantPath};
use crate::problems::{self, Answer};
use crate::web;

/// Characters of a key's name, at most.
const NAME_CHARACTERS_MAX: usize = 40;

/// A key that is wanted.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    /// What makes orders with it, 1 to 40 characters: a site, 1С, a CRM. Orders tell it as their `origin`.
    #[schema(example = "RetailCRM")]
    pub name: String,
    /// `partner` for everything, `courier` for the orders given to it; `partner` when left out.
    #[schema(example = "partner")]
    pub role: Option<String>,
}

/// A courier's key that is wanted.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CourierKeyRequest {
    /// Who bears it, 1 to 40 characters.
    #[schema(example = "Курьер 12")]
    pub name: String,
}

/// A key.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct KeyView {
    /// Id: SHA-256 of the key, lower-case hex.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub id: String,
    /// What makes orders with it, or who bears it.
    pub name: String,
    /// `partner` or `courier`.
    #[schema(example = "partner")]
    pub role: &'static str,
    /// When it was issued.
    pub issued_at: String,
}

/// A key that was issued.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IssuedKey {
    /// Id.
    pub id: String,
    /// What makes orders with it, or who bears it.
    pub name: String,
    /// `partner` or `courier`.
    #[schema(example = "partner")]
    pub role: &'static str,
    /// When it was issued.
    pub issued_at: String,
    /// The key; shown this once.
    #[schema(example = "ak_test_demoshop_…")]
    pub api_key: String,
}

/// A tenant's keys.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct KeyList {
    /// The keys, oldest first.
    pub keys: Vec<KeyView>,
}

fn shown(key: ListedKey) -> KeyView {
    KeyView { id: key.sha256, name: key.name, role: key.role.code(), issued_at: key.at.to_string() }
}

/// Issue a key
///
/// For one of a partner's sites or programs, at most five at once, or for a courier, at most a hundred. The key is shown this once.
#[utoipa::path(
    post,
    path = "/v1/operator/partners/{partner}/{mode}/keys",
    operation_id = "issue_key",
    tag = "Operator",
    params(TenantPath),
    request_body = KeyRequest,
    responses((status = 201, description = "The key.", body = IssuedKey)),
    security(("operator_token" = [])),
)]
pub async fn issue(
    State(ports): State<Ports>,
    OperatedTenant(tenant): OperatedTenant,
    web::Json(request): web::Json<KeyRequest>,
) -> Answer<(StatusCode, Json<IssuedKey>)> {
    perform::partner(&ports, &tenant).await?;
    let role = request.role.as_deref().unwrap_or(KeyRole::Partner.code());
    let role = KeyRole::ALL.into_iter().find(|known| known.code() == role).ok_or_else(|| {
        problems::fault("/role", "unknown_value", "Допустимы: partner, courier.", "One of: partner, courier.")
    })?;
    issued(&ports, &tenant, &request.name, role).await
}

async fn issued(ports: &Ports, tenant: &Tenant, name: &str, role: KeyRole) -> Answer<(StatusCode, Json<IssuedKey>)> {
    let name = name.trim();
    let long = name.chars().count() > NAME_CHARACTERS_MAX;
    if name.is_empty() || long || name.chars().any(char::is_control) {
        let (ru, en) = ("От 1 до 40 символов, без управляющих.", "1 to 40 characters, none of them a control one.");
        return Err(problems::fault("/name", "name", ru, en).into());
    }
    let issued = access::issue_named_key(ports, tenant, name, role).await.map_err(WorkflowError::from)?;
    let (listed, api_key) = issued.ok_or_else(problems::keys_full)?;
    let KeyView { id, name, role, issued_at } = shown(listed);
    Ok((StatusCode::CREATED, Json(IssuedKey { id, name, role, issued_at, api_key })))
}

/// List a partner's keys
///
/// Those with a name, without what one would send.
#[utoipa::path(
    get,
    path = "/v1/operator/partners/{partner}/{mode}/keys",
    operation_id = "keys",
    tag = "Operator",
    params(TenantPath),
    responses((status = 200, description = "The keys.", body = KeyList)),
    security(("operator_token" = [])),
)]
pub async fn list(State(ports): State<Ports>, OperatedTenant(tenant): OperatedTenant) -> Answer<Json<KeyList>> {
    perform::partner(&ports, &tenant).await?;
    listed(&ports, &tenant).await
}

async fn listed(ports: &Ports, tenant: &Tenant) -> Answer<Json<KeyList>> {
    let keys = ports.store.listed_keys(tenant).await.map_err(WorkflowError::from)?;
    Ok(Json(KeyList { keys: keys.into_iter().map(shown).collect() }))
}

/// Revoke a key
///
/// Within a minute it is good for nothing. A key without a name is not listed, and can be revoked by its SHA-256 all the same. Repeating
/// it changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/operator/partners/{partner}/{mode}/keys/{key}",
    operation_id = "revoke_key",
    tag = "Operator",
    params(
        TenantPath,
        ("key" = String, Path, description = "Id of the key: its SHA-256, lower-case hex."),
    ),
    responses((status = 204, description = "It is revoked.")),
    security(("operator_token" = [])),
)]
pub async fn revoke(
    State(ports): State<Ports>,
    OperatedTenant(tenant): OperatedTenant,
    Path((_, _, key)): Path<(String, String, String)>,
) -> Answer<StatusCode> {
    revoked(&ports, &tenant, &key).await
}

async fn revoked(ports: &Ports, tenant: &Tenant, key: &str) -> Answer<StatusCode> {
    let digest = key.len() == 64 && key.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let found = digest && access::revoke_key(ports, tenant, key).await.map_err(WorkflowError::from)?;
    if found { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found().into()) }
}

/// Issue a courier's key
///
/// It reads the orders given to it (`PUT /v1/orders/{id}/couriers/{key}`), records money taken for them and names their marked units;
/// everything else answers 403 `courier_key`. At most a hundred at once. The key is shown this once.
#[utoipa::path(
    post,
    path = "/v1/partner/keys",
    operation_id = "issue_courier_key",
    tag = "Settings",
    request_body = CourierKeyRequest,
    responses((status = 201, description = "The key.", body = IssuedKey)),
    security(("api_key" = [])),
)]
pub async fn issue_to_courier(
    State(ports): State<Ports>,
    Caller(tenant): Caller,
    web::Json(request): web::Json<CourierKeyRequest>,
) -> Answer<(StatusCode, Json<IssuedKey>)> {
    issued(&ports, &tenant, &request.name, KeyRole::Courier).await
}

/// List your keys
///
/// Those with a name, without what one would send. New keys for sites and programs are the operator's to give.
#[utoipa::path(
    get,
    path = "/v1/partner/keys",
    operation_id = "own_keys",
    tag = "Settings",
    responses((status = 200, description = "The keys.", body = KeyList)),
    security(("api_key" = [])),
)]
pub async fn list_own(State(ports): State<Ports>, Caller(tenant): Caller) -> Answer<Json<KeyList>> {
    listed(&ports, &tenant).await
}

/// Revoke a key of yours
///
/// Within a minute it is good for nothing, also when it is the one you ask with. Repeating it changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/partner/keys/{key}",
    operation_id = "revoke_own_key",
    tag = "Settings",
    params(("key" = String, Path, description = "Id of the key: its SHA-256, lower-case hex.")),
    responses((status = 204, description = "It is revoked.")),
    security(("api_key" = [])),
)]
pub async fn revoke_own(
    State(ports): State<Ports>,
    Caller(tenant): Caller,
    Path(key): Path<String>,
) -> Answer<StatusCode> {
    revoked(&ports, &tenant, &key).await
}
