//! The people of a world: partners who create and repeat, buyers who pay, retry, abandon and cancel, executors who are late.

use std::sync::{Arc, Mutex, PoisonError};

use connectors::http::Response;
use serde_json::{Value, json};

use super::outside::World;

/// An order as its partner and buyer know it.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The id, once an answer told it.
    pub id: Option<String>,
    /// Path of the checkout page.
    pub page: Option<String>,
    /// What people saw that must not be.
    pub wrong: Vec<String>,
}

/// One order and everyone around it.
#[derive(Clone)]
pub struct People {
    /// The world.
    pub world: World,
    /// The partner's key.
    pub key: String,
    /// The merchant's number.
    pub number: String,
    /// What the partner asks for.
    pub request: Value,
    /// What is known.
    pub known: Arc<Mutex<Known>>,
}

const CARDS: [&str; 14] = [
    "success",
    "success",
    "success",
    "success",
    "success",
    "insufficient_funds",
    "blocked",
    "challenge",
    "abandoned",
    "late",
    "silent",
    "after_expiry",
    "doubled",
    "out_of_order",
];

impl People {
    /// People around an order nobody has heard of yet.
    pub fn new(world: World, key: String, number: String) -> Self {
        let dice = world.dice.clone();
        let execution = dice.one_of(&["automatic", "automatic", "manual", "manual", "failing"]);
        let receipt = dice.one_of(&["prompt", "prompt", "silent", "failing_once"]);
        let price = format!("{}.{:02}", 1 + dice.below(99_999), dice.below(100));
        let mut request = json!({
            "number": number,
            "lines": [{ "name": "Выписка ЕГРН", "price": price }],
            "scenario": { "execution": execution, "receipt": receipt },
        });
        if dice.chance(500) {
            request["buyer"] = json!({ "email": "buyer@example.com", "phone": "+79161234567" });
            request["channels"] = json!(["email", "sms"]);
        }
        Self { world, key, number, request, known: Arc::default() }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody does something.
    pub async fn act(self) {
        let page = self.known().page.clone();
        let Some(page) = page else { return self.create().await };
        match self.world.dice.below(100) {
            0..=54 => self.pay(&page).await,
            55..=64 => drop(self.world.call(get(&format!("{page}/return"))).await),
            65..=79 => self.execute().await,
            80..=91 => self.cancel(&page).await,
            _ => self.create().await,
        }
    }

    async fn create(&self) {
        let request = http::Request::builder()
            .method("POST")
            .uri("/v1/orders")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", self.key))
            .body(self.request.to_string().into_bytes());
        let Ok(request) = request else { return };
        let Some(response) = self.world.call(request).await else { return };
        if !matches!(response.status, 200 | 201) {
            if response.status < 500 {
                self.known().wrong.push(format!("creation answered {}: {}", response.status, text(&response)));
            }
            return;
        }
        let Ok(order) = serde_json::from_slice::<Value>(&response.body) else { return };
        let id = order["id"].as_str().map(ToOwned::to_owned);
        let page = order["checkout_url"].as_str().and_then(path);
        let mut known = self.known();
        if known.id.is_some() && known.id != id {
            let wrong = format!("one number, two orders: {:?} and {id:?}", known.id);
            known.wrong.push(wrong);
        }
        known.id = id;
        known.page = page;
    }

    async fn pay(&self, page: &str) {
        let dice = &self.world.dice;
        let Some(shown) = self.world.call(get(page)).await else { return };
        let html = text(&shown);
        let Some(csrf) = field(&html, "csrf").filter(|_| html.contains("/pay\"")) else { return };
        let mut form = format!("csrf={csrf}&email=buyer%40example.com&channel_email=1&consent_personal_data=1");
        if !dice.chance(100) {
            form.push_str("&consent_terms=1");
        }
        let pressed = post(&format!("{page}/pay"), form);
        if dice.chance(200) {
            let (world, again) = (self.world.clone(), pressed.clone());
            self.world.processes.start(async move {
                let _ = world.call(again).await;
            });
        }
        let Some(bank) = self.world.call(pressed).await.and_then(|response| location(&response)) else { return };
        if dice.chance(80) || !bank.contains("/sandbox/bank/pay/") {
            return; // the buyer closes the window
        }
        let card = post(&bank, format!("card={}", dice.one_of(&CARDS)));
        if dice.chance(100) {
            let (world, again) = (self.world.clone(), card.clone());
            self.world.processes.start(async move {
                let _ = world.call(again).await;
            });
        }
        let Some(answer) = self.world.call(card).await else { return };
        let Some(mut next) = location(&answer) else { return };
        if next.contains("/sandbox/bank/pay/") {
            let code = if dice.chance(800) { "111111" } else { "000000" };
            let challenge = post(&format!("{bank}/challenge"), format!("code={code}"));
            match self.world.call(challenge).await.and_then(|response| location(&response)) {
                Some(on) => next = on,
                None => return,
            }
        }
        if dice.chance(700) {
            let _ = self.world.call(get(&next)).await;
        }
    }

    async fn execute(&self) {
        let Some(id) = self.known().id.clone() else { return };
        let dice = &self.world.dice;
        let force = if dice.chance(300) { "?force=1" } else { "" };
        let (verb, body) = if dice.chance(850) {
            ("fulfil", json!({ "result": { "kind": "text", "text": "Готово" } }))
        } else {
            ("fail", json!({ "reason": "нет данных" }))
        };
        let request = http::Request::builder()
            .method("POST")
            .uri(format!("/sandbox/executions/{id}/{verb}{force}"))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", self.key))
            .body(body.to_string().into_bytes());
        if let Ok(request) = request {
            let _ = self.world.call(request).await;
        }
    }

    async fn cancel(&self, page: &str) {
        let Some(shown) = self.world.call(get(&format!("{page}/cancel"))).await else { return };
        let Some(csrf) = field(&text(&shown), "csrf") else { return };
        let pressed = post(&format!("{page}/cancel"), format!("csrf={csrf}"));
        if self.world.dice.chance(300) {
            let (world, again) = (self.world.clone(), pressed.clone());
            self.world.processes.start(async move {
                let _ = world.call(again).await;
            });
        }
        let _ = self.world.call(pressed).await;
    }
}

fn text(response: &Response) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}

fn path(url: &str) -> Option<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map(|at| rest[at..].to_owned())
}

fn location(response: &Response) -> Option<String> {
    response.header("location").and_then(|url| if url.starts_with('/') { Some(url.to_owned()) } else { path(url) })
}

/// The value of a hidden field, as a browser would send it back.
fn field(html: &str, name: &str) -> Option<String> {
    let at = html.find(&format!("name=\"{name}\""))?;
    let rest = &html[at..];
    let tag = &rest[..rest.find('>')?];
    let value = &tag[tag.find("value=\"")? + 7..];
    Some(value[..value.find('"')?].to_owned())
}

fn get(path: &str) -> http::Request<Vec<u8>> {
    let mut request = http::Request::new(Vec::new());
    if let Ok(uri) = path.parse() {
        *request.uri_mut() = uri;
    }
    request
}

fn post(path: &str, form: String) -> http::Request<Vec<u8>> {
    let mut request = get(path);
    *request.method_mut() = http::Method::POST;
    *request.body_mut() = form.into_bytes();
    let value = http::HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(http::header::CONTENT_TYPE, value);
    request
}
