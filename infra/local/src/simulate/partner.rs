//! What a world's partner does with orders, at moments the dice choose: captures, refunds, edits, charges, cancels, and looks
//! after the saved means. Much of it is too late or too much, and must be refused without a trace.

use connectors::http::Response;
use serde_json::{Value, json};

use super::kinds::Kind;
use super::people::{People, text};

/// What no well-formed request may be answered with.
const NEVER: [u16; 5] = [400, 401, 403, 405, 415];

impl People {
    /// The partner does something with the order.
    pub(super) async fn manage(&self, id: &str) {
        let dice = &self.world.dice;
        if self.kind == Kind::Terminal && dice.chance(400) {
            self.order(id, "terminal", &json!({ "reference": format!("RRN{:06}", dice.below(3)) })).await;
            return;
        }
        if self.kind == Kind::Later && dice.chance(250) {
            return self.charge(id).await;
        }
        match dice.below(100) {
            0..=34 => {
                self.order(id, "capture", &self.part(&[0, 0, 1, 2])).await;
            }
            35..=57 => {
                let mut part = self.part(&[1, 1, 2]);
                if self.kind == Kind::Terminal && dice.chance(800) {
                    part["terminal_reference"] = json!(format!("BACK{:06}", dice.below(1_000)));
                }
                self.order(id, "cancel", &part).await;
            }
            58..=62 => {
                let mut whole = json!({ "reason": "передумали" });
                if self.kind == Kind::Terminal {
                    whole["terminal_reference"] = json!("BACK000000");
                }
                self.order(id, "cancel", &whole).await;
            }
            63..=77 => {
                self.order(id, "edit", &self.edited()).await;
            }
            78..=83 => self.charge(id).await,
            84..=88 => {
                let status = dice.one_of(&["picked", "picked", "picked", "ready", "unheard of", "gone"]);
                self.order(id, "status", &json!({ "status": status })).await;
            }
            89..=94 => drop(self.api("GET", &format!("/v1/orders/{id}"), None).await),
            _ => self.means_change().await,
        }
    }

    async fn charge(&self, id: &str) {
        self.order(id, "charge", &json!({ "reason": "Заказ собран" })).await;
    }

    async fn order(&self, id: &str, verb: &str, body: &Value) -> Option<Response> {
        let path = format!("/v1/orders/{id}/{verb}");
        if self.world.dice.chance(60) {
            // Pressed twice. Parts are not: asked for twice they are two.
            let twice = body.get("amount").is_none() && body.get("lines").is_none();
            if let Some(again) = self.request_of("POST", &path, Some(body)).filter(|_| twice) {
                let world = self.world.clone();
                self.world.processes.start(async move {
                    let _ = world.call(again).await;
                });
            }
        }
        self.api("POST", &path, Some(body)).await
    }

    pub(super) fn request_of(&self, method: &str, path: &str, body: Option<&Value>) -> Option<http::Request<Vec<u8>>> {
        http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", self.key))
            .body(body.map(|body| body.to_string().into_bytes()).unwrap_or_default())
            .ok()
    }

    /// Asks the API; what no partner should ever hear is put down.
    pub(super) async fn api(&self, method: &str, path: &str, body: Option<&Value>) -> Option<Response> {
        let response = self.world.call(self.request_of(method, path, body)?).await?;
        if NEVER.contains(&response.status) {
            let wrong = format!("{method} {path} answered {}: {}", response.status, text(&response));
            self.known().wrong.push(wrong);
        }
        Some(response)
    }

    /// All (0), an amount (1) or lines (2).
    fn part(&self, choices: &[usize]) -> Value {
        let dice = &self.world.dice;
        match dice.one_of(choices) {
            0 => json!({}),
            1 => {
                let minor = 1 + dice.below(self.total_minor() * dice.one_of(&[100, 100, 40, 10, 110]) / 100);
                json!({ "amount": roubles(minor) })
            }
            _ => {
                let lines = self.request["lines"].as_array().map_or(1, Vec::len);
                let line = 1 + dice.below(lines);
                if dice.chance(500) {
                    json!({ "lines": [{ "line": line }] })
                } else {
                    json!({ "lines": [{ "line": line, "quantity": "1" }] })
                }
            }
        }
    }

    /// A basket that costs less; of an order that is only agreed to perhaps more.
    fn edited(&self) -> Value {
        let dice = &self.world.dice;
        let most = if self.kind == Kind::Later { 160 } else { 100 };
        let mut lines = self.request["lines"].as_array().cloned().unwrap_or_default();
        if lines.len() > 1 && dice.chance(300) {
            lines.pop();
        }
        for line in &mut lines {
            let price = minor(line["price"].as_str().unwrap_or_default());
            line["price"] = json!(roubles((price * (20 + dice.below(most - 19)) / 100).max(1)));
        }
        json!({ "lines": lines })
    }

    fn total_minor(&self) -> usize {
        let lines = self.request["lines"].as_array().into_iter().flatten();
        lines
            .map(|line| {
                let price = minor(line["price"].as_str().unwrap_or_default());
                match line["quantity"].as_str() {
                    Some("2") => price * 2,
                    Some("3") => price * 3,
                    Some("0.5") => price / 2,
                    _ => price,
                }
            })
            .sum::<usize>()
            .max(1)
    }

    /// The buyer's saved means the partner may use now.
    pub(super) async fn means(&self) -> Vec<String> {
        self.wallet().await.into_iter().filter(|(_, enabled)| *enabled).map(|(id, _)| id).collect()
    }

    /// All the buyer's saved means, and whether they may be used now.
    async fn wallet(&self) -> Vec<(String, bool)> {
        let Some(response) = self.api("GET", &format!("/v1/customers/{}/means", self.customer), None).await else {
            return Vec::new();
        };
        let list: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let all = list["means"].as_array().into_iter().flatten();
        all.filter_map(|means| Some((means["id"].as_str()?.to_owned(), means["enabled"] == true))).collect()
    }

    pub(super) async fn means_change(&self) {
        let dice = &self.world.dice;
        // Those that are switched off as well: perhaps somebody was cut short deleting them.
        let list = self.wallet().await;
        if list.is_empty() {
            return;
        }
        let means = &list[dice.below(list.len())].0;
        let path = format!("/v1/customers/{}/means/{means}", self.customer);
        if dice.chance(400) {
            let deleted = self.api("DELETE", &path, None).await;
            if deleted.is_some_and(|answer| answer.status == 204) {
                self.means_deleted(means).await;
            }
        } else {
            let _ = self.api("PATCH", &path, Some(&json!({ "enabled": false }))).await;
            if dice.chance(700) {
                let _ = self.api("PATCH", &path, Some(&json!({ "enabled": true }))).await;
            }
        }
    }
}

fn minor(roubles: &str) -> usize {
    roubles.replace('.', "").parse().unwrap_or(0)
}

fn roubles(minor: usize) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}
