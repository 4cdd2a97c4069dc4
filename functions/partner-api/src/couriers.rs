//! Orders given to couriers: which key may open which order, and what a courier has before them.

use axum::Json;
use axum::extract::State;
use domain::id::OrderId;
use http::{StatusCode, Uri};
use runtime::Path;
use workflows::couriers;
use workflows::ports::Ports;

use crate::access::{Bearer, OwnOrder};
use crate::orders::{OrderList, summary};
use crate::problems::Answer;
use crate::query::{List, Parameters};

/// Give an order to a courier
///
/// To the courier with this key: it may read the order, record money taken for it and name its marked units. Repeating it changes
/// nothing; several couriers may have one order.
#[utoipa::path(
    put,
    path = "/v1/orders/{id}/couriers/{key}",
    operation_id = "give_order",
    tag = "Orders",
    params(
        ("id" = String, Path, description = "Id of the order."),
        ("key" = String, Path, description = "Id of the courier's key."),
    ),
    responses((status = 204, description = "The courier has it.")),
    security(("api_key" = [])),
)]
pub async fn give(
    State(ports): State<Ports>,
    OwnOrder(id): OwnOrder,
    Path((_, key)): Path<(String, String)>,
) -> Answer<StatusCode> {
    handed(&ports, &id, &key, true).await
}

/// Take an order back from a courier
///
/// What the courier has recorded stays. Repeating it changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/orders/{id}/couriers/{key}",
    operation_id = "take_order_back",
    tag = "Orders",
    params(
        ("id" = String, Path, description = "Id of the order."),
        ("key" = String, Path, description = "Id of the courier's key."),
    ),
    responses((status = 204, description = "The courier does not have it.")),
    security(("api_key" = [])),
)]
pub async fn take_back(
    State(ports): State<Ports>,
    OwnOrder(id): OwnOrder,
    Path((_, key)): Path<(String, String)>,
) -> Answer<StatusCode> {
    handed(&ports, &id, &key, false).await
}

async fn handed(ports: &Ports, id: &OrderId, key: &str, given: bool) -> Answer<StatusCode> {
    couriers::give(ports, id, key, given).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the orders given to you
///
/// To the courier's key you ask with, the order made last first. Nothing is given to a partner's own key, which opens every order.
#[utoipa::path(
    get,
    path = "/v1/courier/orders",
    operation_id = "courier_orders",
    tag = "Orders",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 100 orders, 50 when left out.", minimum = 1, maximum = 100, example = 50),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "Orders.", body = OrderList)),
    security(("api_key" = [])),
)]
pub async fn orders(State(ports): State<Ports>, bearer: Bearer, uri: Uri) -> Answer<Json<OrderList>> {
    let parameters = Parameters::read(&uri, &["limit", "cursor"])?;
    let limit = parameters.limit()?;
    let list = List { tenant: &bearer.tenant, name: "courier_orders", filter: &bearer.key_sha256 };
    let place = parameters.place(&ports, &list)?;
    let (orders, next) = couriers::orders(&ports, &bearer.tenant, &bearer.key_sha256, place, limit).await?;
    let orders = orders.iter().map(|order| summary(&ports.settings, order)).collect();
    let next_cursor = next.map(|place| list.cursor(&ports.settings, &place));
    Ok(Json(OrderList { orders, next_cursor }))
}
