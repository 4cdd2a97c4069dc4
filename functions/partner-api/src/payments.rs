//! What a partner does with an order's money: capture, cancel, edit, charge, the shop's own statuses, terminals.

use axum::Json;
use axum::extract::State;
use domain::order::Initiator;
use http::HeaderMap;
use serde::Deserialize;
use utoipa::ToSchema;
use workflows::error::WorkflowError;
use workflows::handover::{self, CollectRequest, MarkRequest};
use workflows::orders::LineRequest;
use workflows::payments::{self, Done, PartRequest};
use workflows::ports::Ports;
use workflows::view::{self, OrderView};

use crate::access::{HandedOrder, OwnOrder};
use crate::problems::{self, Answer};
use crate::{examples, orders, web};

/// A new basket.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditRequest {
    /// The lines, 1 to 100, in roubles.
    pub lines: Vec<LineRequest>,
}

/// Why the buyer is charged without being there.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonRequest {
    /// 1 to 200 characters; the buyer is told.
    #[schema(example = "Заказ собран")]
    pub reason: String,
}

/// Your own status of an order.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusRequest {
    /// The status, as your settings name it.
    #[schema(example = "picked")]
    pub status: String,
}

/// What a terminal printed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TerminalRequest {
    /// Retrieval reference number, 6 to 36 characters.
    #[schema(example = "632112345678")]
    pub reference: String,
}

fn answer(ports: &Ports, done: Result<Done, WorkflowError>) -> Answer<Json<OrderView>> {
    match done? {
        Done::Applied(applied) => Ok(Json(view::order(&ports.settings, &applied.order, &applied.details))),
        Done::Invalid(found) => Err(problems::invalid(found).into()),
    }
}

/// Capture held money
///
/// All that is held, an amount, or quantities of lines; what is not captured is let go. Repeating a capture of all changes nothing.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/capture",
    operation_id = "capture_order",
    tag = "Payments",
    params(("id" = String, Path, description = "Id of the order.")),
    request_body = PartRequest,
    responses((status = 200, description = "The order; the capture is under way.", body = OrderView, example = json!(examples::paid_order()))),
    security(("api_key" = [])),
)]
pub async fn capture(
    State(ports): State<Ports>,
    OwnOrder(id): OwnOrder,
    web::Json(request): web::Json<PartRequest>,
) -> Answer<Json<OrderView>> {
    answer(&ports, payments::capture(&ports, &id, &request).await)
}

/// Cancel an order, or give a part of its money back
///
/// One command: what is held is let go, what was captured today and can be reversed is reversed, all else is refunded. Without an amount or
/// lines the order ends. Repeating it changes nothing; a part asked for twice is given back twice, unless both requests carry the same
/// `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/cancel",
    operation_id = "cancel_order",
    tag = "Payments",
    params(
        ("id" = String, Path, description = "Id of the order."),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 200 printable ASCII characters, kept with the order: a repeated request with the same key and body gives nothing back again, with another body 409.", example = "refund-77"),
    ),
    request_body = PartRequest,
    responses((status = 200, description = "The order; its money is on its way back.", body = OrderView)),
    security(("api_key" = [])),
)]
pub async fn cancel(
    State(ports): State<Ports>,
    OwnOrder(id): OwnOrder,
    headers: HeaderMap,
    web::Json(request): web::Json<PartRequest>,
) -> Answer<Json<OrderView>> {
    let key = orders::idempotency_key(&headers)?;
    answer(&ports, payments::cancel(&ports, &id, &request, key).await)
}

/// Change the basket
///
/// Of a held order to the same or a lower total, the difference stays the buyer's; of an order that waits for its charge either way. The
/// buyer is told.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/edit",
    operation_id = "edit_order",
    tag = "Payments",
    params(("id" = String, Path, description = "Id of the order.")),
    request_body = EditRequest,
    responses((status = 200, description = "The order with its new basket.", body = OrderView)),
    security(("api_key" = [])),
)]
pub async fn edit(
    State(ports): State<Ports>,
    OwnOrder(id): OwnOrder,
    web::Json(request): web::Json<EditRequest>,
) -> Answer<Json<OrderView>> {
    answer(&ports, payments::edit(&ports, &id, &request.lines).await)
}

/// Charge the means the buyer has left
///
/// For orders of the purpose `order`. The buyer is told why.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/charge",
    operation_id = "charge_order",
    tag = "Payments",
    params(("id" = String, Path, description = "Id of the order.")),
    request_body = ReasonRequest,
    responses((status = 200, description = "The order; the charge is under way.", body = OrderView)),
    security(("api_key" = [])),
)]
pub async fn charge(
    State(ports): State<Ports>,
    OwnOrder(id): OwnOrder,
    web::Json(request): web::Json<ReasonRequest>,
) -> Answer<Json<OrderView>> {
    answer(&ports, payments::charge(&ports, &id, Initiator::Partner, Some(&request.reason)).await)
}

/// Tell the order's status in your shop
///
/// Does what the rule for it in your payment settings says: `capture`, `charge` or `cancel`. A status without a rule does nothing.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/status",
    operation_id = "shop_status",
    tag = "Payments",
    params(("id" = String, Path, description = "Id of the order.")),
    request_body = StatusRequest,
    responses((status = 200, description = "The order.", body = OrderView)),
    security(("api_key" = [])),
)]
pub async fn status(
    State(ports): State<Ports>,
    OwnOrder(id): OwnOrder,
    web::Json(request): web::Json<StatusRequest>,
) -> Answer<Json<OrderView>> {
    answer(&ports, payments::status(&ports, &id, &request.status).await)
}

/// Record a payment by a terminal
///
/// Money a terminal beside the platform has taken (mPOS, soft-POS): the order is paid, and its receipt issued.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/terminal",
    operation_id = "record_terminal",
    tag = "Payments",
    params(("id" = String, Path, description = "Id of the order.")),
    request_body = TerminalRequest,
    responses((status = 200, description = "The order.", body = OrderView)),
    security(("api_key" = [])),
)]
pub async fn terminal(
    State(ports): State<Ports>,
    OwnOrder(id): OwnOrder,
    web::Json(request): web::Json<TerminalRequest>,
) -> Answer<Json<OrderView>> {
    answer(&ports, payments::terminal(&ports, &id, &request.reference).await)
}

/// Record money a person has taken
///
/// In cash or by a terminal, in a shop, at the door, at a pick-up point: the order is paid at once, and its receipt names the point of sale and
/// the cashier. The same reference again changes nothing. Where a buyer takes a part of an order only, edit its basket before collecting (an
/// order that waits for its charge), or give a part back after.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/collect",
    operation_id = "collect_order",
    tag = "Payments",
    params(("id" = String, Path, description = "Id of the order.")),
    request_body = CollectRequest,
    responses((status = 200, description = "The order, paid; its receipt is under way.", body = OrderView, example = json!(examples::paid_order()))),
    security(("api_key" = [])),
)]
pub async fn collect(
    State(ports): State<Ports>,
    HandedOrder(id): HandedOrder,
    web::Json(request): web::Json<CollectRequest>,
) -> Answer<Json<OrderView>> {
    answer(&ports, handover::collect(&ports, &id, &request).await)
}

/// Name the marked units
///
/// Which unit each marked line is, known when it is picked. Lines whose receipt has been printed keep what it says; a receipt whose code its
/// register refused is sent again with the new one. A receipt that is at its register this moment answers 503: try again.
#[utoipa::path(
    put,
    path = "/v1/orders/{id}/marks",
    operation_id = "set_marks",
    tag = "Payments",
    params(("id" = String, Path, description = "Id of the order.")),
    request_body(content = Vec<MarkRequest>, description = "1 to 100 codes, one for a line.", example = json!(examples::marks())),
    responses((status = 200, description = "The order; its lines are `marked`.", body = OrderView)),
    security(("api_key" = [])),
)]
pub async fn marks(
    State(ports): State<Ports>,
    HandedOrder(id): HandedOrder,
    web::Json(request): web::Json<Vec<MarkRequest>>,
) -> Answer<Json<OrderView>> {
    answer(&ports, Box::pin(handover::marks(&ports, &id, &request)).await)
}
