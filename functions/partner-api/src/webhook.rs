//! Where the partner hears of changes, set by the partner.

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::partner::{Partner, WebhookEndpoint};
use http::StatusCode;
use runtime::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workflows::error::WorkflowError;
use workflows::perform;
use workflows::ports::{Ports, Random};

use crate::access::Caller;
use crate::partner::{WebhookState, webhook_state};
use crate::problems::{self, Answer};
use crate::web;

/// Bytes of a webhook's secret.
const SECRET_BYTES: usize = 32;

/// Where webhooks shall go.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookRequest {
    /// An `https` address of a public name, at most 500 characters.
    #[schema(example = "https://shop.example/hook")]
    pub url: String,
}

/// Where webhooks go since now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookSet {
    /// The address.
    #[schema(example = "https://shop.example/hook")]
    pub url: String,
    /// Verifies signatures; shown this once.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")]
    pub secret: String,
}

/// A new secret, in the form of Standard Webhooks.
pub fn new_secret(random: &dyn Random) -> String {
    let mut bytes = [0; SECRET_BYTES];
    random.fill(&mut bytes);
    format!("whsec_{}", STANDARD.encode(bytes))
}

/// Read where webhooks go
///
/// Without the secret: it is shown only when it is made.
#[utoipa::path(
    get,
    path = "/v1/webhook",
    operation_id = "webhook",
    tag = "Settings",
    responses((status = 200, description = "The address.", body = WebhookState)),
    security(("api_key" = [])),
)]
pub async fn read(State(ports): State<Ports>, Caller(tenant): Caller) -> Answer<Json<WebhookState>> {
    let partner = perform::partner(&ports, &tenant).await?;
    webhook_state(&partner).map(Json).ok_or_else(|| Problem::not_found().into())
}

/// Set where webhooks go
///
/// Makes a new secret each time and shows it this once. An address that had answered 410 Gone is tried again. Webhooks already under way
/// may bear the former secret's signature for about a minute.
#[utoipa::path(
    put,
    path = "/v1/webhook",
    operation_id = "set_webhook",
    tag = "Settings",
    request_body = WebhookRequest,
    responses((status = 200, description = "The address and its secret.", body = WebhookSet)),
    security(("api_key" = [])),
)]
pub async fn set(
    State(ports): State<Ports>,
    Caller(tenant): Caller,
    web::Json(request): web::Json<WebhookRequest>,
) -> Answer<Json<WebhookSet>> {
    web::endpoint(&request.url, ports.settings.allow_private_hosts)
        .map_err(|(code, ru, en)| problems::fault("/url", code, ru, en))?;
    let secret = new_secret(ports.random.as_ref());
    let endpoint = WebhookEndpoint { url: request.url.clone(), secret: secret.clone(), gone: false };
    let named = |partner: Option<Partner>| Some((Partner { webhook: Some(endpoint.clone()), ..partner? }, ()));
    let changed = ports.store.change_partner(&tenant, named).await.map_err(WorkflowError::from)?;
    changed.ok_or(WorkflowError::NotFound)?;
    Ok(Json(WebhookSet { url: request.url, secret }))
}

/// Stop webhooks
///
/// What is still to be told is given up; the API tells it. Repeating it changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/webhook",
    operation_id = "remove_webhook",
    tag = "Settings",
    responses((status = 204, description = "No webhooks are sent.")),
    security(("api_key" = [])),
)]
pub async fn remove(State(ports): State<Ports>, Caller(tenant): Caller) -> Answer<StatusCode> {
    let removed = |partner: Option<Partner>| {
        let partner = partner.filter(|partner| partner.webhook.is_some())?;
        Some((Partner { webhook: None, ..partner }, ()))
    };
    ports.store.change_partner(&tenant, removed).await.map_err(WorkflowError::from)?;
    Ok(StatusCode::NO_CONTENT)
}
