//! What a caller of the partner API sees: request in; status, headers, body and what was kept, out.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod banks;
mod books;
mod clearing;
mod concerns;
mod couriers;
mod document;
mod exchanges;
mod files;
mod keys;
mod means;
mod operator;
mod orders;
mod payments;
mod reading;
mod receipts;
mod reconciliation;
mod reports;
mod settings;
mod statistics;
mod subscriptions;
mod tariffs;
mod usage;
mod values;

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use domain::order::Order;
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use serde_json::{Value, json};
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
        let papers = documents::router(world.ports.clone());
        let router = runtime::door(partner_api::router(world.ports.clone()).merge(papers));
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

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.call("PUT", path, &self.world.key, Some(body)).await
    }

    pub(crate) async fn operator(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.call(method, path, support::OPERATOR_TOKEN, body).await
    }

    /// Makes an order; answers with its path.
    pub(crate) async fn order(&self, wish: &Value) -> String {
        let made = self.post("/v1/orders", wish).await;
        assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
        made.header("location").to_owned()
    }

    /// The order behind a path as it is on record.
    pub(crate) async fn order_at(&self, path: &str) -> Order {
        self.world.load(&path.rsplit('/').next().unwrap().parse().unwrap()).await.order
    }

    /// Makes an order the buyer pays with a test card, and lets happen what then happens; answers with its path.
    pub(crate) async fn paid(&self, wish: &Value, card: &str) -> String {
        let path = self.order(wish).await;
        self.world.pay(&self.order_at(&path).await, card).await;
        self.world.settle().await;
        path
    }

    /// The buyer agrees to everything, to having the means saved too, and pays at the bank with a test card.
    pub(crate) async fn agrees_and_saves(&self, path: &str, card: &str) {
        let order = self.order_at(path).await;
        let page = self.world.page(&order);
        let known = self.world.get(&page).await.inputs();
        let mut fields: BTreeMap<&str, &str> =
            known.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        if fields.get("email").is_none_or(|typed| typed.is_empty()) {
            fields.insert("email", support::BUYER_EMAIL);
        }
        fields.extend([("consent_personal_data", "1"), ("consent_terms", "1"), ("consent_means", "1")]);
        fields.insert("method", "card");
        fields.remove("means");
        let fields: Vec<_> = fields.into_iter().collect();
        let sent = self.world.post(&format!("{page}/pay"), &fields).await;
        assert_eq!(sent.status, 303, "{}", sent.text());
        self.world.pay_at_bank(&sent.location(), card).await;
        self.world.settle().await;
    }

    /// Has a buyer save a test card; answers with the id of the means.
    pub(crate) async fn saved(&self, customer: &str, card: &str) -> String {
        let number = format!("save-{customer}-{card}");
        let mut wish = orders::wish(&number);
        (wish["customer"], wish["payment"]) = (customer.into(), json!({ "purpose": "save_means" }));
        let path = self.order(&wish).await;
        self.agrees_and_saves(&path, card).await;
        let means = self.get(&format!("/v1/customers/{customer}/means")).await.json();
        let order = path.rsplit('/').next().unwrap();
        let list = means["means"].as_array().unwrap();
        let own = list.iter().find(|one| one["order"] == order).unwrap_or_else(|| panic!("{means:#}"));
        own["id"].as_str().unwrap().to_owned()
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
