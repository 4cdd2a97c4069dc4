//! Subscriptions: made from saved means, looked at, ended, gone on with.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::subscription::Canceller;
use http::header::LOCATION;
use http::{HeaderName, HeaderValue, StatusCode, Uri};
use runtime::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workflows::error::WorkflowError;
use workflows::ports::Ports;
use workflows::subscriptions::{self, Made, SubscriptionRequest, SubscriptionView};

use crate::access::{OperatedTenant, OwnSubscription, Site, TenantPath};
use crate::problems::{self, Answer};
use crate::query::{List, Parameters};
use crate::{access::Caller, web};

/// Says that an answer is that of an earlier request.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Some of the tenant's subscriptions.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SubscriptionList {
    /// The subscriptions, in the order of their ids.
    pub subscriptions: Vec<SubscriptionView>,
    /// Send it back as `cursor` to go on; `null` on the last page. A page can be short, even empty, and still have one.
    pub next_cursor: Option<String>,
}

/// How to go on.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResumeRequest {
    /// Other means of the same buyer's; those of before when left out.
    #[serde(default)]
    #[schema(example = "mns_01kavxa3hs8g5xv6qt7mh3v2kc_1")]
    pub means: Option<String>,
}

/// Make a subscription
///
/// A buyer's saved means are charged by a schedule, in phases of exact amounts, each charge an order of its own with the number
/// `{id}-{charge}`. The buyer is told a day before each charge. A declined charge is tried again three times, a day apart; then the
/// subscription is paused. `201` when it was made, `200` when the same request had made it before.
#[utoipa::path(
    post,
    path = "/v1/subscriptions",
    operation_id = "create_subscription",
    tag = "Subscriptions",
    request_body(content = SubscriptionRequest, example = json!(crate::examples::subscription_request())),
    responses(
        (status = 201, description = "The subscription was made.", body = SubscriptionView,
            headers(("Location" = String, description = "Path of the subscription.")), example = json!(crate::examples::subscription())),
        (status = 200, description = "The subscription this request made before, as it is now.", body = SubscriptionView,
            headers(("Location" = String, description = "Path of the subscription."), ("Idempotent-Replayed" = String, description = "`true`"))),
    ),
    security(("api_key" = [])),
)]
pub async fn create(
    State(ports): State<Ports>,
    Site { tenant, name }: Site,
    web::Json(request): web::Json<SubscriptionRequest>,
) -> Answer<Response> {
    let (made, repeated) = match subscriptions::create(&ports, &tenant, &request, name.as_deref()).await? {
        Made::Subscription { subscription, repeated } => (subscription, repeated),
        Made::Invalid(found) => return Err(problems::invalid(found).into()),
        Made::NumberTaken => return Err(problems::subscription_number_taken().into()),
    };
    let status = if repeated { StatusCode::OK } else { StatusCode::CREATED };
    let mut response = (status, Json(subscriptions::view(&ports, &tenant, &made))).into_response();
    // An id is Latin letters, digits and `_`.
    if let Ok(location) = HeaderValue::try_from(format!("/v1/subscriptions/{}", made.id)) {
        response.headers_mut().insert(LOCATION, location);
    }
    if repeated {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// List subscriptions
///
/// All, or those of a buyer.
#[utoipa::path(
    get,
    path = "/v1/subscriptions",
    operation_id = "subscriptions",
    tag = "Subscriptions",
    params(
        ("customer" = Option<String>, Query, description = "Your own id of the buyer.", example = "buyer-1"),
        ("limit" = Option<u32>, Query, description = "1 to 100 subscriptions, 50 when left out.", minimum = 1, maximum = 100, example = 50),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "Subscriptions.", body = SubscriptionList)),
    security(("api_key" = [])),
)]
pub async fn list(State(ports): State<Ports>, Caller(tenant): Caller, uri: Uri) -> Answer<Json<SubscriptionList>> {
    let parameters = Parameters::read(&uri, &["customer", "limit", "cursor"])?;
    let limit = parameters.limit()?;
    let customer = parameters.text("customer");
    let list = List { tenant: &tenant, name: "subscriptions", filter: customer.unwrap_or_default() };
    let place = parameters.place(&ports, &list)?;
    let (found, next) = ports.store.subscriptions(&tenant, place, limit).await.map_err(WorkflowError::from)?;
    let wanted = found.iter().filter(|one| customer.is_none_or(|customer| one.customer == customer));
    Ok(Json(SubscriptionList {
        subscriptions: wanted.map(|one| subscriptions::view(&ports, &tenant, one)).collect(),
        next_cursor: next.map(|place| list.cursor(&ports.settings, &place)),
    }))
}

/// Look at a subscription
///
/// With its next charge and what came of the latest ones.
#[utoipa::path(
    get,
    path = "/v1/subscriptions/{id}",
    operation_id = "subscription",
    tag = "Subscriptions",
    params(("id" = String, Path, description = "Id of the subscription.", example = "sub_3zj9e2w7qd01kb51fg8s6n0y4h")),
    responses((status = 200, description = "The subscription.", body = SubscriptionView, example = json!(crate::examples::subscription()))),
    security(("api_key" = [])),
)]
pub async fn one(
    State(ports): State<Ports>,
    OwnSubscription(tenant, id): OwnSubscription,
) -> Answer<Json<SubscriptionView>> {
    let found = subscriptions::one(&ports, &tenant, &id).await?;
    Ok(Json(subscriptions::view(&ports, &tenant, &found)))
}

/// Cancel a subscription
///
/// Nothing more is charged; a charge the bank has been asked for already is seen through. Repeating it changes nothing.
#[utoipa::path(
    post,
    path = "/v1/subscriptions/{id}/cancel",
    operation_id = "cancel_subscription",
    tag = "Subscriptions",
    params(("id" = String, Path, description = "Id of the subscription.")),
    responses((status = 200, description = "The subscription.", body = SubscriptionView)),
    security(("api_key" = [])),
)]
pub async fn cancel(
    State(ports): State<Ports>,
    OwnSubscription(tenant, id): OwnSubscription,
) -> Answer<Json<SubscriptionView>> {
    let found = subscriptions::cancel(&ports, &tenant, &id, Canceller::Partner).await?;
    Ok(Json(subscriptions::view(&ports, &tenant, &found)))
}

/// Go on with a paused subscription
///
/// The charge that failed is made a day later, after its notice; what was missed meanwhile is not charged for. A subscription that is not
/// paused stays as it is.
#[utoipa::path(
    post,
    path = "/v1/subscriptions/{id}/resume",
    operation_id = "resume_subscription",
    tag = "Subscriptions",
    params(("id" = String, Path, description = "Id of the subscription.")),
    request_body = ResumeRequest,
    responses((status = 200, description = "The subscription.", body = SubscriptionView)),
    security(("api_key" = [])),
)]
pub async fn resume(
    State(ports): State<Ports>,
    OwnSubscription(tenant, id): OwnSubscription,
    web::Json(request): web::Json<ResumeRequest>,
) -> Answer<Json<SubscriptionView>> {
    match subscriptions::resume(&ports, &tenant, &id, request.means.as_deref()).await? {
        Ok(found) => Ok(Json(subscriptions::view(&ports, &tenant, &found))),
        Err(wrong) => Err(problems::invalid(wrong).into()),
    }
}

/// Cancel a partner's subscription
///
/// On a buyer's word to the operator.
#[utoipa::path(
    post,
    path = "/v1/operator/partners/{partner}/{mode}/subscriptions/{id}/cancel",
    operation_id = "operator_cancel_subscription",
    tag = "Operator",
    params(
        TenantPath,
        ("id" = String, Path, description = "Id of the subscription."),
    ),
    responses((status = 200, description = "The subscription.", body = SubscriptionView)),
    security(("operator_token" = [])),
)]
pub async fn cancel_by_operator(
    State(ports): State<Ports>,
    OperatedTenant(tenant): OperatedTenant,
    Path((_, _, id)): Path<(String, String, String)>,
) -> Answer<Json<SubscriptionView>> {
    let found = subscriptions::cancel(&ports, &tenant, &id, Canceller::Operator).await?;
    Ok(Json(subscriptions::view(&ports, &tenant, &found)))
}
