//! Orders: made, looked at, looked for.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::order::{Initiator, Order, Status};
use domain::time::Timestamp;
use http::header::LOCATION;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use runtime::Problem;
use serde::Serialize;
use utoipa::ToSchema;
use workflows::error::WorkflowError;
use workflows::orders::{Asker, Created, OrderRequest};
use workflows::ports::{Ports, Settings};
use workflows::reading::Reach;
use workflows::view::{self, OrderView};
use workflows::{checkout, clock, links, orders, reading};

use crate::access::{Caller, HandedOrder, Site};
use crate::problems::{self, Answer};
use crate::query::{List, Month, Parameters};
use crate::{examples, web};

/// The header with the partner's own key of a request.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Says that an answer is that of an earlier request.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// Characters of an order's number, at most.
const NUMBER_CHARACTERS_MAX: usize = 64;

/// Statuses an order can have.
const STATUSES: [Status; 14] = [
    Status::Awaiting,
    Status::Checking,
    Status::Ordered,
    Status::Held,
    Status::Paid,
    Status::Executing,
    Status::Overdue,
    Status::Fulfilled,
    Status::PaidOut,
    Status::Refunding,
    Status::Refunded,
    Status::Cancelled,
    Status::MeansSaved,
    Status::Expired,
];

/// An order in a list; `GET /v1/orders/{id}` has all of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OrderSummary {
    /// Id.
    pub id: String,
    /// The merchant's order number.
    pub number: String,
    /// The system's own order number, 16 digits.
    pub billnumber: String,
    /// The order in one word.
    pub status: &'static str,
    /// Amount in roubles, with two decimals.
    pub amount: String,
    /// ISO 4217 currency.
    pub currency: String,
    /// The agent's fee, once paid.
    pub commission: Option<String>,
    /// The partner's part, once paid.
    pub net: Option<String>,
    /// Address to send the buyer to; shows the order's state afterwards.
    pub checkout_url: String,
    /// When it was created.
    pub created_at: String,
    /// Until when it may be paid.
    pub expires_at: String,
    /// From when its money may be paid out, once it is fulfilled.
    pub payable_at: Option<String>,
    /// The payout that carries the partner's part.
    pub payout: Option<String>,
}

/// Some of the tenant's orders, newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OrderList {
    /// The orders.
    pub orders: Vec<OrderSummary>,
    /// Send it back as `cursor` to go on; `null` on the last page. A page can be short, even empty, and still have one.
    pub next_cursor: Option<String>,
}

pub(crate) fn summary(settings: &Settings, order: &Order) -> OrderSummary {
    let (fee, net) = view::earned(order).unzip();
    let time = |at: Timestamp| at.to_string();
    OrderSummary {
        id: order.id.to_string(),
        number: order.number.clone(),
        billnumber: order.bill.to_string(),
        status: order.status().code(),
        amount: order.amount.to_decimal().to_string(),
        currency: order.amount.currency().code().to_owned(),
        commission: fee.map(|fee| fee.to_decimal().to_string()),
        net: net.map(|net| net.to_decimal().to_string()),
        checkout_url: links::checkout_url(settings, &order.id),
        created_at: time(order.created_at),
        expires_at: time(order.expires_at),
        payable_at: order.payable_at().map(time),
        payout: order.payout.clone(),
    }
}

/// Create an order
///
/// Answers with the order and the address to send the buyer to. `201` when it was made, `200` with `Idempotent-Replayed: true` when the same
/// request (same `number` or same `Idempotency-Key`, same body) had made it before. Nothing is kept of a refused request.
#[utoipa::path(
    post,
    path = "/v1/orders",
    operation_id = "create_order",
    tag = "Orders",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 200 printable ASCII characters, kept for three days: a repeated request with the same key and body gets the same order, with another body 422.", example = "5f0c3a52-8f4e-4c59-9d0c-0d6f4a4f3c11")),
    request_body(content = OrderRequest, example = json!(examples::order_request())),
    responses(
        (status = 201, description = "The order was made.", body = OrderView,
            headers(("Location" = String, description = "Path of the order.")), example = json!(examples::new_order())),
        (status = 200, description = "The order this request made before, as it is now.", body = OrderView,
            headers(("Location" = String, description = "Path of the order."), ("Idempotent-Replayed" = String, description = "`true`"))),
    ),
    security(("api_key" = [])),
)]
pub async fn create(
    State(ports): State<Ports>,
    Site { tenant, name }: Site,
    headers: HeaderMap,
    web::Json(request): web::Json<OrderRequest>,
) -> Answer<Response> {
    let key = idempotency_key(&headers)?;
    let asker = Asker { by: Initiator::Partner, origin: name.as_deref() };
    let (order, details, repeated) = match orders::create_by(&ports, &tenant, &request, key, asker).await? {
        Created::Order { order, details, repeated } => (order, details, repeated),
        Created::Invalid(found) => return Err(problems::invalid(found).into()),
        Created::NumberTaken => return Err(problems::order_number_taken().into()),
        Created::TooLittle(shortage) => return Err(problems::prepaid_too_low(&shortage).into()),
        Created::KeyReused => return Err(problems::idempotency_key_reused().into()),
    };
    let status = if repeated { StatusCode::OK } else { StatusCode::CREATED };
    let mut response = (status, Json(view::order(&ports.settings, &order, &details))).into_response();
    // An order's id is Latin letters, digits and `_`.
    if let Ok(location) = HeaderValue::try_from(format!("/v1/orders/{}", order.id)) {
        response.headers_mut().insert(LOCATION, location);
    }
    if repeated {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut sent = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(one) = sent.next() else { return Ok(None) };
    let text = std::str::from_utf8(one.as_bytes()).ok();
    let fits = text.filter(|text| {
        (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
    });
    match (fits, sent.next()) {
        (Some(key), None) => Ok(Some(key)),
        _ => Err(problems::idempotency_key_malformed()),
    }
}

/// Look at an order
///
/// The order with its operations, receipts and timeline, as webhooks carry it.
#[utoipa::path(
    get,
    path = "/v1/orders/{id}",
    operation_id = "order",
    tag = "Orders",
    params(("id" = String, Path, description = "Id of the order.", example = "ord_t_demoshop_01kavxa3hs8g5xv6qt7mh3v2kc")),
    responses((status = 200, description = "The order.", body = OrderView, example = json!(examples::paid_order()))),
    security(("api_key" = [])),
)]
pub async fn one(State(ports): State<Ports>, HandedOrder(id): HandedOrder) -> Answer<Json<OrderView>> {
    let seen = checkout::look(&ports, &id).await?;
    Ok(Json(view::order(&ports.settings, &seen.order, &seen.details)))
}

/// Find orders
///
/// By `number`, or by the month (UTC) they were created in, newest first, this month when nothing is given. A `cursor` belongs to the
/// month and status it was given out for.
#[utoipa::path(
    get,
    path = "/v1/orders",
    operation_id = "orders",
    tag = "Orders",
    params(
        ("number" = Option<String>, Query, description = "The merchant's order number; stands alone.", example = "A-1001"),
        ("month" = Option<String>, Query, description = "`YYYY-MM`.", example = "2026-11"),
        ("status" = Option<String>, Query, description = "Only orders of this status.", example = "fulfilled"),
        ("limit" = Option<u32>, Query, description = "1 to 100 orders, 50 when left out.", minimum = 1, maximum = 100, example = 50),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "Orders.", body = OrderList, example = json!(examples::order_list()))),
    security(("api_key" = [])),
)]
pub async fn list(State(ports): State<Ports>, Caller(tenant): Caller, uri: Uri) -> Answer<Json<OrderList>> {
    let parameters = Parameters::read(&uri, &["number", "month", "status", "limit", "cursor"])?;
    if let Some(number) = parameters.text("number") {
        for other in ["month", "status", "limit", "cursor"] {
            if parameters.text(other).is_some() {
                let pointer = format!("/{other}");
                return Err(
                    problems::fault(&pointer, "alone", "Не вместе с number.", "Not together with number.").into()
                );
            }
        }
        if number.is_empty() || number.chars().count() > NUMBER_CHARACTERS_MAX {
            return Err(problems::fault("/number", "length", "От 1 до 64 символов.", "1 to 64 characters.").into());
        }
        let claim = ports.store.number(&tenant, number).await.map_err(WorkflowError::from)?;
        let mut found = Vec::new();
        if let Some(claim) = claim {
            match checkout::look(&ports, &claim.order).await {
                Ok(seen) => found.push(summary(&ports.settings, &seen.order)),
                // The number is claimed a moment before the order is written.
                Err(WorkflowError::NotFound) => {}
                Err(other) => return Err(other.into()),
            }
        }
        return Ok(Json(OrderList { orders: found, next_cursor: None }));
    }
    let limit = parameters.limit()?;
    let month = match parameters.month()? {
        Some(month) => month,
        None => Month::of(
            clock::now(&ports, &tenant).await.map_err(WorkflowError::from)?.to_zoned(jiff::tz::TimeZone::UTC).date(),
        ),
    };
    let status = parameters.text("status").map(status).transpose()?;
    let filter = format!("{month} {}", status.map_or("", Status::code));
    let list = List { tenant: &tenant, name: "orders", filter: &filter };
    let place = parameters.place(&ports, &list)?;
    let wanted = |order: &Order| status.is_none_or(|status| order.status() == status);
    let page = reading::orders_of_month(
        &ports,
        &tenant,
        (month.year, month.month),
        place.as_deref(),
        limit,
        Reach::STANDARD,
        wanted,
    )
    .await?;
    Ok(Json(OrderList {
        orders: page.orders.iter().map(|order| summary(&ports.settings, order)).collect(),
        next_cursor: page.next.map(|place| list.cursor(&ports.settings, &place)),
    }))
}

fn status(text: &str) -> Result<Status, Problem> {
    STATUSES.into_iter().find(|status| status.code() == text).ok_or_else(|| {
        let codes = STATUSES.map(Status::code).join(", ");
        problems::fault("/status", "unknown_value", &format!("Допустимы: {codes}."), &format!("One of: {codes}."))
    })
}
