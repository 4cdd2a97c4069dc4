//! An executor tells how execution ended.
//!
//! Invariant: nothing is believed that is not signed over the bytes that came, and nothing is told to who did not sign.
//! A repeated callback is answered as the first one; one that contradicts what is on record changes nothing.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use runtime::{Path, Problem};
use workflows::ports::Ports;

/// Bytes of a callback, at most.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The door.
pub fn router(ports: Ports) -> Router {
    Router::new()
        .route("/callbacks/execution/sandbox/{order}", post(callback))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(ports)
}

async fn callback(
    State(ports): State<Ports>,
    Path(order): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let order = order.parse().map_err(|_| Problem::not_found())?;
    runtime::heard(workflows::execution::callback(&ports, &order, &headers, &body).await)
}
