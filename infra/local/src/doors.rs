//! Which function answers which address, as the routes of `template.yaml` have it: what API Gateway does on AWS.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::{IntoResponse, Response};
use http::Method;
use runtime::{ClientAddress, Problem, door};
use tower::ServiceExt;
use workflows::ports::Ports;

/// Every function that answers HTTP, each behind the door it has on Lambda.
#[derive(Clone)]
pub struct Doors {
    checkout: Router,
    documents: Router,
    partner_api: Router,
    bank_callback: Router,
    till_callback: Router,
    fulfilment_callback: Router,
    /// The sandbox's bank, register, executor and clock.
    pub sandbox: Router,
}

impl Doors {
    /// All of them.
    pub fn new(ports: &Ports) -> Self {
        Self {
            checkout: door(checkout::router(ports.clone())),
            documents: door(documents::router(ports.clone())),
            partner_api: door(partner_api::router(ports.clone())),
            bank_callback: door(bank_callback::router(ports.clone())),
            till_callback: door(till_callback::router(ports.clone())),
            fulfilment_callback: door(fulfilment_callback::router(ports.clone())),
            sandbox: door(sandbox_door::router(ports.clone())),
        }
    }

    /// The function whose route this is.
    fn route(&self, method: &Method, path: &str) -> Option<&Router> {
        let below = |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty());
        let get = method == Method::GET;
        let post = method == Method::POST;
        match path {
            "/pay" => Some(&self.checkout),
            _ if below("/c/") || below("/w/") || below("/s/") => Some(&self.checkout),
            _ if get && (below("/r/") || below("/d/") || below("/legal/")) => Some(&self.checkout),
            "/openapi.json" | "/openapi-operator.json" | "/docs" | "/docs/operator" | "/tariffs" if get => {
                Some(&self.partner_api)
            }
            _ if post && below("/v1/devices/") => Some(&self.till_callback),
            _ if get && below("/a/") => Some(&self.documents),
            "/v1/orders.csv" | "/v1/orders.xml" if get => Some(&self.documents),
            _ if get && is_paper(path) => Some(&self.documents),
            _ if below("/v1/") => Some(&self.partner_api),
            // Some banks tell by GET.
            _ if below("/callbacks/bank/") => Some(&self.bank_callback),
            _ if post && below("/callbacks/till/") => Some(&self.till_callback),
            _ if post && below("/callbacks/execution/") => Some(&self.fulfilment_callback),
            _ if below("/sandbox/") => Some(&self.sandbox),
            _ => None,
        }
    }
}

/// `/v1/reports/{month}/{file}`.
fn is_paper(path: &str) -> bool {
    let rest = path.strip_prefix("/v1/reports/").and_then(|rest| rest.split_once('/'));
    rest.is_some_and(|(month, file)| !month.is_empty() && !file.is_empty() && !file.contains('/'))
}

/// Has a request answered by the function whose it is.
pub async fn dispatch(State(doors): State<Doors>, mut request: Request) -> Response {
    let Some(function) = doors.route(request.method(), request.uri().path()).cloned() else {
        return Problem::not_found().into_response();
    };
    if let Some(ConnectInfo(caller)) = request.extensions().get::<ConnectInfo<SocketAddr>>().copied() {
        request.extensions_mut().insert(ClientAddress(caller.ip().to_string()));
    }
    function.oneshot(request).await.into_response()
}
