//! The addresses of the sandbox bank's page: the page of all doubles, under the names this bank has always had.

use axum::extract::{Path, State as Given};
use axum::http::Uri;
use axum::response::Response;

use super::tenant_of;
use crate::Shared;
use crate::door::Refusal;
use crate::double::{Chosen, decide_deal, show_deal};

/// `GET /sandbox/bank/pay/{reference}`.
pub async fn show(Given(shared): Given<Shared>, Path(reference): Path<String>, here: Uri) -> Response {
    match tenant_of(&reference) {
        Some(tenant) => show_deal(&shared, &tenant, &reference, here.path()).await,
        None => Refusal::not_found().page(),
    }
}

/// `POST /sandbox/bank/pay/{reference}` with `card`, and `…/challenge` with `code`; either with `decision` perhaps.
pub async fn decide(Given(shared): Given<Shared>, Path(reference): Path<String>, chosen: Chosen) -> Response {
    let here = format!("/sandbox/bank/pay/{reference}");
    match tenant_of(&reference) {
        Some(tenant) => decide_deal(&shared, &tenant, &reference, &here, chosen).await,
        None => Refusal::not_found().page(),
    }
}
