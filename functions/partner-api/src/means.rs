//! A buyer's saved means, as their shop sees them: masked, switched off and on, deleted.

use axum::Json;
use axum::extract::State;
use domain::time::plus_seconds;
use domain::wallet::Kept;
use http::StatusCode;
use runtime::{Path, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workflows::error::WorkflowError;
use workflows::ports::Ports;
use workflows::{clock, links, wallet};

use crate::access::Caller;
use crate::problems::Answer;
use crate::web;

/// Saved means.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MeansView {
    /// Id: what orders are charged to.
    #[schema(example = "mns_01kavxa3hs8g5xv6qt7mh3v2kc_1")]
    pub id: String,
    /// For people, masked.
    #[schema(example = "Мир •• 1234")]
    pub label: String,
    /// `card`, `sbp` ….
    pub method: &'static str,
    /// Until when a card is valid, `yyyy-mm`.
    pub valid_until: Option<String>,
    /// The buyer lets them be used.
    pub enabled: bool,
    /// The account whose bank knows them.
    pub account: Option<String>,
    /// When they were saved.
    pub saved_at: String,
    /// The order they were saved with; its agreement is the buyer's consent.
    pub order: String,
}

/// A buyer's saved means.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MeansList {
    /// The means, oldest first.
    pub means: Vec<MeansView>,
}

/// Whether means may be used.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeansChange {
    /// The buyer lets them be used.
    pub enabled: bool,
}

fn shown(kept: Kept) -> MeansView {
    MeansView {
        id: kept.id,
        label: kept.means.label,
        method: kept.method.code(),
        valid_until: kept.means.valid_until,
        enabled: kept.enabled,
        account: kept.account,
        saved_at: kept.at.to_string(),
        order: kept.order.to_string(),
    }
}

fn named(customer: &str) -> Answer<&str> {
    if (1..=64).contains(&customer.chars().count()) { Ok(customer) } else { Err(Problem::not_found().into()) }
}

/// List a buyer's saved means
///
/// Without what a bank would take for them.
#[utoipa::path(
    get,
    path = "/v1/customers/{customer}/means",
    operation_id = "means",
    tag = "Payments",
    params(("customer" = String, Path, description = "Your own id of the buyer.", example = "buyer-1")),
    responses((status = 200, description = "The means.", body = MeansList)),
    security(("api_key" = [])),
)]
pub async fn list(
    State(ports): State<Ports>,
    Caller(tenant): Caller,
    Path(customer): Path<String>,
) -> Answer<Json<MeansList>> {
    let list = wallet::list(&ports, &tenant, named(&customer)?).await?;
    Ok(Json(MeansList { means: list.into_iter().map(shown).collect() }))
}

/// Switch saved means off or on
///
/// Means that are switched off are neither offered nor charged.
#[utoipa::path(
    patch,
    path = "/v1/customers/{customer}/means/{means}",
    operation_id = "change_means",
    tag = "Payments",
    params(
        ("customer" = String, Path, description = "Your own id of the buyer.", example = "buyer-1"),
        ("means" = String, Path, description = "Id of the means."),
    ),
    request_body = MeansChange,
    responses((status = 200, description = "The means.", body = MeansView)),
    security(("api_key" = [])),
)]
pub async fn change(
    State(ports): State<Ports>,
    Caller(tenant): Caller,
    Path((customer, means)): Path<(String, String)>,
    web::Json(request): web::Json<MeansChange>,
) -> Answer<Json<MeansView>> {
    let kept = wallet::enable(&ports, &tenant, named(&customer)?, &means, request.enabled).await?;
    Ok(Json(shown(kept)))
}

/// A link to a buyer's wallet.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WalletLink {
    /// Address of the page; give it to this buyer only.
    #[schema(example = "https://pay.example/w/…")]
    pub url: String,
    /// Until when it opens.
    pub expires_at: String,
}

/// Link a buyer to their wallet
///
/// A page where the buyer sees the means they have saved at your shop, switches them off and on, deletes them. Good for a day; whoever has
/// the link has the wallet.
#[utoipa::path(
    post,
    path = "/v1/customers/{customer}/wallet-link",
    operation_id = "wallet_link",
    tag = "Payments",
    params(("customer" = String, Path, description = "Your own id of the buyer.", example = "buyer-1")),
    responses((status = 200, description = "The link.", body = WalletLink)),
    security(("api_key" = [])),
)]
pub async fn wallet_link(
    State(ports): State<Ports>,
    Caller(tenant): Caller,
    Path(customer): Path<String>,
) -> Answer<Json<WalletLink>> {
    let now = clock::now(&ports, &tenant).await.map_err(WorkflowError::from)?;
    let until = plus_seconds(now, links::WALLET_SECONDS);
    let url = links::wallet_url(&ports.settings, &tenant, named(&customer)?, until);
    Ok(Json(WalletLink { url, expires_at: until.to_string() }))
}

/// Delete saved means
///
/// They are forgotten here and at the bank. Repeating it changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/customers/{customer}/means/{means}",
    operation_id = "delete_means",
    tag = "Payments",
    params(
        ("customer" = String, Path, description = "Your own id of the buyer.", example = "buyer-1"),
        ("means" = String, Path, description = "Id of the means."),
    ),
    responses((status = 204, description = "They are gone.")),
    security(("api_key" = [])),
)]
pub async fn delete(
    State(ports): State<Ports>,
    Caller(tenant): Caller,
    Path((customer, means)): Path<(String, String)>,
) -> Answer<StatusCode> {
    wallet::delete(&ports, &tenant, named(&customer)?, &means).await?;
    Ok(StatusCode::NO_CONTENT)
}
