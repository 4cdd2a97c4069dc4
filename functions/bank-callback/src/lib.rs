//! A bank tells what became of a payment or a refund.
//!
//! Invariant: nothing is believed that is not signed over the bytes that came, and nothing is told to who did not sign.
//! A repeated callback is answered as the first one; one that contradicts what is on record changes nothing.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use runtime::Problem;
use workflows::bank::Incoming;
use workflows::ports::Ports;

/// Bytes of a callback, at most.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The door.
pub fn router(ports: Ports) -> Router {
    Router::new()
        .route("/callbacks/bank/sandbox/{order}", post(callback))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(ports)
}

async fn callback(
    State(ports): State<Ports>,
    Path(order): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let incoming = Incoming { headers, query: String::new(), body, peer: None };
    let order = order.parse().map_err(|_| Problem::not_found())?;
    runtime::heard(workflows::bank::callback(&ports, &order, &incoming).await)
}
