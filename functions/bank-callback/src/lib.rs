//! A bank tells what became of a payment or a refund.
//!
//! Invariant: nothing is believed that is not signed over the bytes that came, and nothing is told to who did not sign.
//! A repeated callback is answered as the first one; one that contradicts what is on record changes nothing.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::HeaderMap;
use runtime::{ClientAddress, Path, Problem};
use workflows::bank::Incoming;
use workflows::ports::Ports;

/// Bytes of a callback, at most.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The door.
pub fn router(ports: Ports) -> Router {
    Router::new()
        .route("/callbacks/bank/sandbox/{order}", post(own))
        .route("/callbacks/bank/{tenant}/{account}", get(account).post(account))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(ports)
}

/// The sandbox's own bank speaks of one order at a time.
async fn own(
    State(ports): State<Ports>,
    Path(order): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let order = order.parse().map_err(|_| Problem::not_found())?;
    let incoming = Incoming { headers, query: String::new(), body, peer: None };
    runtime::answered(workflows::bank::callback(&ports, &order, &incoming).await)
}

/// A bank speaks of whatever it knows of an account.
async fn account(
    State(ports): State<Ports>,
    Path((tenant, account)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    ClientAddress(peer): ClientAddress,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let tenant = tenant.parse().map_err(|_| Problem::not_found())?;
    let incoming = Incoming { headers, query: query.unwrap_or_default(), body, peer: peer.parse().ok() };
    runtime::answered(workflows::bank::account_callback(&ports, &tenant, &account, &incoming).await)
}
