//! What a caller of the partner API sees: request in; status, headers, body and what was kept, out.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod document;
mod exchanges;
mod operator;
mod orders;
mod reading;
mod settings;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use serde_json::Value;
use support::World;
use tower::ServiceExt;

/// The API of a world.
pub(crate) struct Api {
    pub(crate) world: World,
    router: Router,
}

/// What was answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status and code of a problem, which must be one.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", String::from_utf8_lossy(&self.body));
        let body = self.json();
        assert_eq!(body["status"], self.status);
        assert!(body["messages"]["ru"].is_string() && body["messages"]["en"].is_string());
        (self.status, body["code"].as_str().unwrap().to_owned())
    }

    /// Pointers and codes of a 422.
    pub(crate) fn faults(&self) -> Vec<(String, String)> {
        assert_eq!(self.problem().0, 422, "{}", String::from_utf8_lossy(&self.body));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let body = self.json();
        let errors = body["errors"].as_array().unwrap();
        errors.iter().map(|error| (text(&error["pointer"]), text(&error["code"]))).collect()
    }
}

impl Api {
    pub(crate) async fn new() -> Self {
        let world = World::new().await;
        let router = runtime::door(partner_api::router(world.ports.clone()));
        Self { world, router }
    }

    pub(crate) async fn ask(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub(crate) async fn call(&self, method: &str, path: &str, token: &str, body: Option<&Value>) -> Answer {
        let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        self.ask(request.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &self.world.key, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, &self.world.key, Some(body)).await
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.world.table.all_items().len()
    }
}

/// The names of an object's fields, and of those of objects in it.
pub(crate) fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), shape(value))).collect(),
        Value::Array(items) => Value::Array(items.iter().take(1).map(shape).collect()),
        Value::String(_) => "text".into(),
        Value::Number(_) => "number".into(),
        other => other.clone(),
    }
}
