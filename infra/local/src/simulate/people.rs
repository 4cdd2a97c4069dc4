//! The people of a world: partners who create and repeat, buyers who pay, retry, abandon and cancel, executors who are late.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use connectors::http::Response;
use domain::id::OrderId;
use serde_json::{Value, json};
use workflows::ports::Ports;

use super::kinds::Kind;
use super::outside::World;
use super::subscribers::{Payment, Subscribed};

/// Buyers of a world.
pub const CUSTOMERS: usize = 4;

/// The shop's id of one of them.
pub fn customer(no: usize) -> String {
    format!("c-{no}")
}

/// An order as its partner and buyer know it.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The id, once an answer told it.
    pub id: Option<String>,
    /// Path of the checkout page.
    pub page: Option<String>,
    /// The means a charge was asked for with.
    pub charge: Option<String>,
    /// The bank can not take such an order, and the partner was told so.
    pub not_offered: bool,
    /// The subscription, where there is one.
    pub subscribed: Subscribed,
    /// Means somebody was told are deleted, with the payments that had begun then.
    pub deleted: BTreeMap<String, BTreeSet<Payment>>,
    /// What people saw that must not be.
    pub wrong: Vec<String>,
}

/// One order and everyone around it.
#[derive(Clone)]
pub struct People {
    /// The world.
    pub world: World,
    /// A machine to see what a telephone would.
    pub ports: Ports,
    /// The partner's key.
    pub key: String,
    /// The merchant's number.
    pub number: String,
    /// What kind of order it is.
    pub kind: Kind,
    /// The shop's id of the buyer.
    pub customer: String,
    /// What the partner asks for.
    pub request: Value,
    /// What is known.
    pub known: Arc<Mutex<Known>>,
}

impl People {
    /// People around an order nobody has heard of yet.
    pub fn new(world: World, ports: Ports, key: String, number: String) -> Self {
        let dice = world.dice.clone();
        let kind = Kind::roll(&dice);
        let customer = customer(dice.below(CUSTOMERS));
        let request = kind.request(&dice, &number, &customer);
        Self { world, ports, key, number, kind, customer, request, known: Arc::default() }
    }

    pub(super) fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody does something.
    pub async fn act(self) {
        let (id, page) = {
            let known = self.known();
            if known.not_offered {
                return;
            }
            (known.id.clone(), known.page.clone())
        };
        let (Some(id), Some(page)) = (id, page) else { return self.create().await };
        if self.kind == Kind::Subscribed && self.world.dice.chance(400) {
            return self.subscription().await;
        }
        match self.world.dice.below(100) {
            0..=39 => self.pay(&page).await,
            40..=43 => self.pay_another_way(&page).await,
            44..=47 => drop(self.world.call(get(&format!("{page}/return"))).await),
            48..=60 => self.execute().await,
            61..=67 => self.cancel(&page).await,
            68..=70 => self.create().await,
            _ => self.manage(&id).await,
        }
    }

    async fn create(&self) {
        let mut request = self.request.clone();
        if self.kind == Kind::Charged {
            // The same means when it is asked again: another request would be another order.
            let chosen = self.known().charge.clone();
            let means = if let Some(means) = chosen {
                means
            } else {
                let list = self.means().await;
                let Some(means) = list.get(self.world.dice.below(list.len())) else { return };
                self.known().charge.get_or_insert_with(|| means.clone()).clone()
            };
            request["charge"] = json!({ "means": means, "reason": "Ежемесячная подписка" });
        }
        let request = http::Request::builder()
            .method("POST")
            .uri("/v1/orders")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", self.key))
            .body(request.to_string().into_bytes());
        let Ok(request) = request else { return };
        let Some(response) = self.world.call(request).await else { return };
        let mut known = self.known();
        if !matches!(response.status, 200 | 201) {
            let body = text(&response);
            let means_gone = self.kind == Kind::Charged && matches!(response.status, 409 | 422);
            if response.status == 422 && body.contains("no_account") {
                known.not_offered |= known.id.is_none();
            } else if response.status < 500 && !means_gone {
                known.wrong.push(format!("creation answered {}: {body}", response.status));
            }
            return;
        }
        let Ok(order) = serde_json::from_slice::<Value>(&response.body) else { return };
        let id = order["id"].as_str().map(ToOwned::to_owned);
        let page = order["checkout_url"].as_str().and_then(path);
        if known.id.is_some() && known.id != id {
            let wrong = format!("one number, two orders: {:?} and {id:?}", known.id);
            known.wrong.push(wrong);
        }
        known.id = id;
        known.page = page;
    }

    pub(super) async fn pay(&self, page: &str) {
        let dice = &self.world.dice;
        let Some(shown) = self.world.call(get(page)).await else { return };
        let html = text(&shown);
        let Some(csrf) = field(&html, "csrf").filter(|_| html.contains("/pay\"")) else { return };
        let mut form = format!("csrf={csrf}&email=buyer%40example.com&channel_email=1&consent_personal_data=1");
        if !dice.chance(100) {
            form.push_str("&consent_terms=1");
        }
        if self.kind.saves(dice) {
            form.push_str("&consent_means=1");
        }
        if self.kind == Kind::Sbp {
            form.push_str("&method=sbp");
        }
        if self.kind == Kind::SavedAtPage || dice.chance(30) {
            let list = self.means().await;
            if let Some(means) = list.get(dice.below(list.len())) {
                form.push_str("&means=");
                form.push_str(means);
            }
        }
        let pressed = post(&format!("{page}/pay"), form);
        if dice.chance(200) {
            self.aside(&pressed);
        }
        let Some(next) = self.world.call(pressed).await.and_then(|response| location(&response)) else { return };
        if dice.chance(80) {
            return; // the buyer closes the window
        }
        if next.starts_with("/sandbox/") {
            return self.at_bank(&next).await;
        }
        if self.kind == Kind::Sbp
            && let Some(bank) = self.scan().await
        {
            self.at_bank(&bank).await;
        }
    }

    /// The buyer's telephone reads the code of the СБП and opens the bank it names.
    async fn scan(&self) -> Option<String> {
        let id: OrderId = self.known().id.clone()?.parse().ok()?;
        let seen = workflows::checkout::look(&self.ports, &id).await.ok()?;
        let link = connectors::nspk::read(seen.order.open_payment()?.sbp_link()?).ok()?;
        let opened = get(&format!("/sandbox/sbp/{}/{}", id.tenant().partner(), link.id));
        location(&self.world.call(opened).await?)
    }

    async fn at_bank(&self, bank: &str) {
        let dice = &self.world.dice;
        let card = self.kind.card(dice);
        let decided = if dice.chance(30) { "decision=refuse".to_owned() } else { format!("card={card}") };
        let decided = post(bank, decided);
        if dice.chance(100) {
            self.aside(&decided);
        }
        let Some(answer) = self.world.call(decided).await else { return };
        let Some(mut next) = location(&answer) else { return };
        if next.starts_with("/sandbox/") && card == "challenge" {
            for _ in 0..3 {
                let code = if dice.chance(700) { "111111" } else { "000000" };
                let challenge = post(bank, format!("code={code}"));
                if let Some(on) = self.world.call(challenge).await.and_then(|response| location(&response)) {
                    next = on;
                    break;
                }
            }
        }
        if dice.chance(700) {
            let _ = self.world.call(get(&next)).await;
        }
    }

    /// The same once more, whenever it arrives.
    pub(super) fn aside(&self, request: &http::Request<Vec<u8>>) {
        let (world, again) = (self.world.clone(), request.clone());
        self.world.processes.start(async move {
            let _ = world.call(again).await;
        });
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

    /// The buyer gives the payment under way up, and mostly begins another at once; the old one may still be paid.
    async fn pay_another_way(&self, page: &str) {
        let Some(shown) = self.world.call(get(page)).await else { return };
        let html = text(&shown);
        let Some(csrf) = field(&html, "csrf").filter(|_| html.contains("/another\"")) else { return };
        let bank = self.scan().await;
        let pressed = post(&format!("{page}/another"), format!("csrf={csrf}"));
        if self.world.dice.chance(200) {
            self.aside(&pressed);
        }
        let _ = self.world.call(pressed).await;
        if self.world.dice.chance(800) {
            self.pay(page).await;
        }
        if let Some(bank) = bank.filter(|_| self.world.dice.chance(500)) {
            self.at_bank(&bank).await;
        }
    }

    async fn cancel(&self, page: &str) {
        let Some(shown) = self.world.call(get(&format!("{page}/cancel"))).await else { return };
        let Some(csrf) = field(&text(&shown), "csrf") else { return };
        let pressed = post(&format!("{page}/cancel"), format!("csrf={csrf}"));
        if self.world.dice.chance(300) {
            self.aside(&pressed);
        }
        let _ = self.world.call(pressed).await;
    }
}

pub(super) fn text(response: &Response) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}

pub(super) fn path(url: &str) -> Option<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map(|at| rest[at..].to_owned())
}

fn location(response: &Response) -> Option<String> {
    response.header("location").and_then(|url| if url.starts_with('/') { Some(url.to_owned()) } else { path(url) })
}

/// The value of a hidden field, as a browser would send it back.
pub(super) fn field(html: &str, name: &str) -> Option<String> {
    let at = html.find(&format!("name=\"{name}\""))?;
    let rest = &html[at..];
    let tag = &rest[..rest.find('>')?];
    let value = &tag[tag.find("value=\"")? + 7..];
    Some(value[..value.find('"')?].to_owned())
}

pub(super) fn get(path: &str) -> http::Request<Vec<u8>> {
    let mut request = http::Request::new(Vec::new());
    if let Ok(uri) = path.parse() {
        *request.uri_mut() = uri;
    }
    request
}

pub(super) fn post(path: &str, form: String) -> http::Request<Vec<u8>> {
    let mut request = get(path);
    *request.method_mut() = http::Method::POST;
    *request.body_mut() = form.into_bytes();
    let value = http::HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(http::header::CONTENT_TYPE, value);
    request
}
