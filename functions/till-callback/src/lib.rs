//! A cash register tells what became of a receipt; the agent of a stationary one fetches what to print, too.
//!
//! Invariant: nothing is believed that is not signed over the bytes that came, and nothing is told to who did not sign.
//! A repeated callback is answered as the first one; one that contradicts what is on record changes nothing.

pub mod device;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::{any, post};
use domain::id::{OrderId, Tenant};
use http::{HeaderMap, StatusCode};
use runtime::{Path, Problem};
use workflows::ports::Ports;
use workflows::receipt::Teller;

/// Bytes of a callback, at most.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The door.
pub fn router(ports: Ports) -> Router {
    Router::new()
        .route("/callbacks/till/sandbox/{order}", post(own))
        .route("/callbacks/till/{tenant}/{register}", any(callback))
        .route("/v1/devices/{register}/jobs/take", post(device::take))
        .route("/v1/devices/{register}/jobs/{external_id}/done", post(device::done))
        .route("/v1/devices/{register}/jobs/{external_id}/failed", post(device::failed))
        .route("/v1/devices/{register}/state", post(device::state))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(ports)
}

/// The sandbox's own register.
async fn own(
    State(ports): State<Ports>,
    Path(order): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let order: OrderId = order.parse().map_err(|_| Problem::not_found())?;
    runtime::heard(Box::pin(workflows::receipt::callback(&ports, Teller::Own(&order), &headers, &body)).await)
}

/// A register of a tenant's.
async fn callback(
    State(ports): State<Ports>,
    Path((tenant, register)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let tenant: Tenant = tenant.parse().map_err(|_| Problem::not_found())?;
    runtime::heard(
        Box::pin(workflows::receipt::callback(&ports, Teller::Register(&tenant, &register), &headers, &body)).await,
    )
}
