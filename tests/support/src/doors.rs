//! Which function answers which address, as the routes of `template.yaml` have it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use http::{HeaderValue, Request, Response};
use runtime::door;
use tower::ServiceExt;
use workflows::ports::Ports;

/// The doors, each behind what stands before it on Lambda.
#[derive(Clone)]
pub struct Doors {
    by_prefix: Vec<(&'static str, Router)>,
    asked: Arc<AtomicU64>,
}

impl Doors {
    /// All of them.
    pub fn new(ports: &Ports) -> Self {
        let api = door(partner_api::router(ports.clone()).merge(documents::router(ports.clone())));
        let by_prefix = vec![
            ("/callbacks/bank/", door(bank_callback::router(ports.clone()))),
            ("/callbacks/till/", door(till_callback::router(ports.clone()))),
            ("/callbacks/execution/", door(fulfilment_callback::router(ports.clone()))),
            ("/sandbox/", door(sandbox_door::router(ports.clone()))),
            ("/v1/devices/models", api.clone()),
            ("/v1/devices/", door(till_callback::router(ports.clone()))),
            ("/v1/", api.clone()),
            ("/a/", api.clone()),
            ("/openapi", api.clone()),
            ("/docs", api.clone()),
            ("/tariffs", api),
            ("", door(checkout::router(ports.clone()))),
        ];
        Self { by_prefix, asked: Arc::default() }
    }

    /// Has a request answered. It gets a number for an id, so that every run gives the same answer.
    pub async fn call(&self, mut request: Request<Body>) -> Response<Body> {
        let no = self.asked.fetch_add(1, Ordering::Relaxed);
        if let Ok(id) = HeaderValue::from_str(&format!("request-{no}")) {
            request.headers_mut().entry("x-request-id").or_insert(id);
        }
        let path = request.uri().path();
        let found = self.by_prefix.iter().find(|(prefix, _)| path.starts_with(prefix));
        let (_, router) = found.expect("the last door takes every path");
        match router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}
