//! The buyer's pages: see the order, agree, go to pay, come back, get the result, cancel.
//!
//! Invariant: no GET moves money. Looking at a page may record what the bank says when it is asked, and that a result was
//! opened; everything else is a POST with a token only our own page has. A token that is not ours opens nothing and says
//! nothing. Every answer is a designed page, complete without JavaScript, under a policy of hashes.

mod answer;
mod form;
mod order;
mod payment;
mod result;
mod subscription;
mod view;
mod wallet;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use http::StatusCode;
use workflows::ports::Ports;

use crate::answer::Reader;

/// Bytes of a form, at most.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The doors.
pub fn router(ports: Ports) -> Router {
    Router::new()
        .route("/pay", get(form::by_query).post(form::by_body))
        .route("/c/{token}", get(order::see))
        .route("/c/{token}/return", get(order::come_back))
        .route("/c/{token}/pay", get(order::back_to_order).post(order::pay))
        .route("/c/{token}/another", get(order::back_to_order).post(order::pay_another_way))
        .route("/c/{token}/cancel", get(order::confirm_cancel).post(order::cancel))
        .route("/c/{token}/cancel/ask", get(order::back_to_order).post(order::ask_cancel))
        .route("/r/{token}", get(result::receipt))
        .route("/d/{token}", get(result::delivery))
        .route("/d/{token}/file", get(result::file))
        .route("/s/{token}", get(subscription::see).post(subscription::end))
        .route("/w/{token}", get(wallet::see).post(wallet::change))
        .route("/legal/personal-data", get(result::personal_data))
        .route("/legal/terms", get(result::terms))
        .fallback(async |reader: Reader| reader.failure(StatusCode::NOT_FOUND))
        .method_not_allowed_fallback(async |reader: Reader| reader.failure(StatusCode::METHOD_NOT_ALLOWED))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(ports)
}
