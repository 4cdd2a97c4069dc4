//! API keys of a partner's sites: issued with a name, listed without the key, revoked. For the operator.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use runtime::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workflows::access::{self, ListedKey};
use workflows::error::WorkflowError;
use workflows::perform;
use workflows::ports::Ports;

use crate::access::Operator;
use crate::banks::tenant_of;
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
}

/// A key.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct KeyView {
    /// Id: SHA-256 of the key, lower-case hex.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub id: String,
    /// What makes orders with it.
    pub name: String,
    /// When it was issued.
    pub issued_at: String,
}

/// A key that was issued.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IssuedKey {
    /// Id.
    pub id: String,
    /// What makes orders with it.
    pub name: String,
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
    KeyView { id: key.sha256, name: key.name, issued_at: key.at.to_string() }
}

/// Issue a key
///
/// For one of a partner's sites or programs, at most five at once. The key is shown this once.
#[utoipa::path(
    post,
    path = "/v1/operator/partners/{partner}/{mode}/keys",
    operation_id = "issue_key",
    tag = "Operator",
    params(
        ("partner" = String, Path, description = "The partner's id.", example = "demoshop"),
        ("mode" = String, Path, description = "`test` or `live`.", example = "live"),
    ),
    request_body = KeyRequest,
    responses((status = 201, description = "The key.", body = IssuedKey)),
    security(("operator_token" = [])),
)]
pub async fn issue(
    State(ports): State<Ports>,
    Operator: Operator,
    Path((partner, mode)): Path<(String, String)>,
    web::Json(request): web::Json<KeyRequest>,
) -> Answer<(StatusCode, Json<IssuedKey>)> {
    let tenant = tenant_of(&partner, &mode)?;
    perform::partner(&ports, &tenant).await?;
    let name = request.name.trim();
    let long = name.chars().count() > NAME_CHARACTERS_MAX;
    if name.is_empty() || long || name.chars().any(char::is_control) {
        let (ru, en) = ("От 1 до 40 символов, без управляющих.", "1 to 40 characters, none of them a control one.");
        return Err(problems::fault("/name", "name", ru, en).into());
    }
    let issued = access::issue_named_key(&ports, &tenant, name).await.map_err(WorkflowError::from)?;
    let (listed, api_key) = issued.ok_or_else(problems::keys_full)?;
    let KeyView { id, name, issued_at } = shown(listed);
    Ok((StatusCode::CREATED, Json(IssuedKey { id, name, issued_at, api_key })))
}

/// List a partner's keys
///
/// Those with a name, without what one would send.
#[utoipa::path(
    get,
    path = "/v1/operator/partners/{partner}/{mode}/keys",
    operation_id = "keys",
    tag = "Operator",
    params(
        ("partner" = String, Path, description = "The partner's id.", example = "demoshop"),
        ("mode" = String, Path, description = "`test` or `live`.", example = "live"),
    ),
    responses((status = 200, description = "The keys.", body = KeyList)),
    security(("operator_token" = [])),
)]
pub async fn list(
    State(ports): State<Ports>,
    Operator: Operator,
    Path((partner, mode)): Path<(String, String)>,
) -> Answer<Json<KeyList>> {
    let tenant = tenant_of(&partner, &mode)?;
    perform::partner(&ports, &tenant).await?;
    let keys = ports.store.listed_keys(&tenant).await.map_err(WorkflowError::from)?;
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
        ("partner" = String, Path, description = "The partner's id.", example = "demoshop"),
        ("mode" = String, Path, description = "`test` or `live`.", example = "live"),
        ("key" = String, Path, description = "Id of the key: its SHA-256, lower-case hex."),
    ),
    responses((status = 204, description = "It is revoked.")),
    security(("operator_token" = [])),
)]
pub async fn revoke(
    State(ports): State<Ports>,
    Operator: Operator,
    Path((partner, mode, key)): Path<(String, String, String)>,
) -> Answer<StatusCode> {
    let tenant = tenant_of(&partner, &mode)?;
    let digest = key.len() == 64 && key.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let found = digest && access::revoke_key(&ports, &tenant, &key).await.map_err(WorkflowError::from)?;
    if found { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found().into()) }
}
