//! Subscriptions of a world: partners who make them with the means a payment has saved, look after them and end them; buyers who end
//! them by their link, or pay by hand what the bank has declined.

use std::collections::BTreeSet;

use domain::id::OrderId;
use domain::order::{Operation, Order};
use domain::time::{Timestamp, plus_seconds};
use serde_json::{Value, json};
use storage::store::Store;
use storage::table::Freshness;
use workflows::ports::Ports;

use super::people::{People, field, get, path, post, text};

/// A subscription as its partner knows it.
#[derive(Debug, Clone, Default)]
pub struct Subscribed {
    /// What was asked for: the same when it is asked again.
    pub request: Option<Value>,
    /// Requests that were refused: one of them may still be on its way, so the next has another number.
    pub refused: usize,
    /// The id, once an answer told it.
    pub id: Option<String>,
    /// Path of the page that ends it.
    pub page: Option<String>,
    /// The payments that had begun when somebody was told that it is over.
    pub ended: Option<BTreeSet<Payment>>,
}

/// A payment: its order and number.
pub type Payment = (OrderId, u8);

impl People {
    /// Somebody does something about the subscription.
    pub(super) async fn subscription(&self) {
        let subscribed = self.known().subscribed.clone();
        let Some(id) = subscribed.id else { return self.subscribe().await };
        match self.world.dice.below(100) {
            0..=4 => self.subscribe().await,
            5..=9 => {
                let ended = self.api("POST", &format!("/v1/subscriptions/{id}/cancel"), Some(&json!({}))).await;
                if ended.is_some_and(|ended| ended.status == 200 && text(&ended).contains("\"cancelled\"")) {
                    self.subscription_ended(&id).await;
                }
            }
            10..=14 => self.end_by_link(&id, subscribed.page.as_deref().unwrap_or_default()).await,
            15..=44 => {
                let list = self.means().await;
                let other = list.get(self.world.dice.below(list.len())).filter(|_| self.world.dice.chance(500));
                let wanted = other.map_or_else(|| json!({}), |means| json!({ "means": means }));
                self.api("POST", &format!("/v1/subscriptions/{id}/resume"), Some(&wanted)).await;
            }
            45..=64 => self.pay_by_hand(&id).await,
            65..=69 => self.means_change().await,
            _ => drop(self.api("GET", &format!("/v1/subscriptions/{id}"), None).await),
        }
    }

    /// The partner asks for a subscription, or for the same once more.
    async fn subscribe(&self) {
        let known = self.known().subscribed.request.clone();
        let request = if let Some(request) = known {
            request
        } else {
            let list = self.means().await;
            let Some(means) = list.get(self.world.dice.below(list.len())) else { return };
            let request = self.subscription_request(means);
            self.known().subscribed.request.get_or_insert(request).clone()
        };
        let Some(asked) = self.request_of("POST", "/v1/subscriptions", Some(&request)) else { return };
        if self.world.dice.chance(100) {
            self.aside(&asked);
        }
        let Some(answer) = self.world.call(asked).await else { return };
        let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let mut known = self.known();
        match answer.status {
            200 | 201 => {
                let id = told["id"].as_str().map(ToOwned::to_owned);
                let same = known.subscribed.request.as_ref() == Some(&request);
                if known.subscribed.id.is_some() && known.subscribed.id != id {
                    if same {
                        let wrong = format!("one number, two subscriptions: {:?} and {id:?}", known.subscribed.id);
                        known.wrong.push(wrong);
                    }
                    known.subscribed.ended = None;
                }
                known.subscribed.id = id;
                known.subscribed.request = Some(request);
                known.subscribed.page = told["cancel_url"].as_str().and_then(path);
            }
            // The means are gone by now, the first charge's moment has passed, or charges are stopped: another time with others.
            409 | 422 if told["code"] != "subscription_number_taken" => {
                if known.subscribed.request.as_ref() == Some(&request) {
                    known.subscribed.request = None;
                    known.subscribed.refused += 1;
                }
            }
            500.. => {}
            _ => known.wrong.push(format!("a subscription answered {}: {}", answer.status, text(&answer))),
        }
    }

    fn subscription_request(&self, means: &str) -> Value {
        let (dice, refused) = (&self.world.dice, self.known().subscribed.refused);
        let price = || format!("{}.{:02}", 1 + dice.below(dice.one_of(&[9, 900, 3_000])), dice.below(100));
        let phases = match dice.below(4) {
            0 => json!([{ "amount": price() }]),
            1 => json!([{ "amount": "1.00", "count": 1 }, { "amount": "500.00", "count": 1 }, { "amount": "1000.00" }]),
            2 => {
                json!([{ "amount": price(), "count": 1 + dice.below(3) }, { "amount": price(), "count": 1 + dice.below(2) }])
            }
            _ => json!([{ "amount": price(), "count": 2 }, { "amount": price() }]),
        };
        let mut request = json!({
            "number": format!("P-{}-{refused}", self.number),
            "customer": self.customer,
            "means": means,
            "phases": phases,
            "every": dice.one_of(&["day", "day", "day", "week", "week", "month"]),
            "description": "Подписка «Справка плюс»",
            "terms_version": "2026-11-01",
            "rises_agreed": true,
        });
        let ahead = dice.one_of(&[0, 0, 7_200, 80_000, 200_000]);
        if ahead > 0 {
            request["first_at"] = json!(plus_seconds(self.world.now(), ahead).to_string());
        }
        match dice.below(10) {
            0..=4 => {}
            5..=7 => request["buyer"] = json!({ "email": "buyer@example.com", "phone": "+79161234567" }),
            _ => request["buyer"] = json!({ "phone": "+79161234567" }),
        }
        request
    }

    async fn end_by_link(&self, id: &str, page: &str) {
        let Some(shown) = self.world.call(get(page)).await else { return };
        let Some(csrf) = field(&text(&shown), "csrf") else { return };
        let pressed = post(page, format!("csrf={csrf}"));
        if self.world.dice.chance(300) {
            self.aside(&pressed);
        }
        if self.world.call(pressed).await.is_some_and(|answer| answer.status == 303) {
            self.subscription_ended(id).await;
        }
    }

    /// The buyer opens the page of the latest charge's order, and pays it if it is still to be paid.
    async fn pay_by_hand(&self, id: &str) {
        let Some(told) = self.api("GET", &format!("/v1/subscriptions/{id}"), None).await else { return };
        let told: Value = serde_json::from_slice(&told.body).unwrap_or_default();
        let charge = told["charges"].as_array().and_then(|charges| charges.last()).filter(|one| one["state"] != "paid");
        let Some(order) = charge.and_then(|charge| charge["order"].as_str()) else { return };
        let Some(order) = self.api("GET", &format!("/v1/orders/{order}"), None).await else { return };
        let order: Value = serde_json::from_slice(&order.body).unwrap_or_default();
        if let Some(page) = order["checkout_url"].as_str().and_then(path) {
            Box::pin(self.pay(&page)).await;
        }
    }

    /// Somebody was told that it is over: what has begun until now is all there ever will be.
    async fn subscription_ended(&self, id: &str) {
        let begun = self.begun(|order, payment| is_of(order, id) && payment.is_without_buyer()).await;
        let mut known = self.known();
        if known.subscribed.id.as_deref() == Some(id) {
            known.subscribed.ended.get_or_insert(begun);
        }
    }

    /// Somebody was told that means are deleted: what has begun until now is all they are ever charged for.
    pub(super) async fn means_deleted(&self, means: &str) {
        let begun = self.begun(|_, payment| payment.means.as_deref() == Some(means)).await;
        self.known().deleted.entry(means.to_owned()).or_insert(begun);
    }

    /// Those payments that have begun by now, seen past all faults.
    async fn begun(&self, of: impl Fn(&Order, &Operation) -> bool) -> BTreeSet<Payment> {
        let ports = Ports { store: Store::new(self.world.table.clone()), ..self.ports.clone() };
        let Some(tenant) = self.known().id.as_ref().and_then(|id| Some(id.parse::<OrderId>().ok()?.tenant().clone()))
        else {
            return BTreeSet::new();
        };
        let (now, freshness) = (self.world.now(), Freshness::Consistent);
        let orders = workflows::payouts::recent_orders(&ports, &tenant, now, freshness).await.unwrap_or_default();
        payments(&orders, of)
    }
}

/// Whether an order is a charge of a subscription.
pub fn is_of(order: &Order, subscription: &str) -> bool {
    order.number.strip_prefix(subscription).is_some_and(|rest| rest.starts_with('-'))
}

/// Some payments of some orders.
pub fn payments<'a>(
    orders: impl IntoIterator<Item = &'a Order>,
    of: impl Fn(&Order, &Operation) -> bool,
) -> BTreeSet<Payment> {
    let all = orders.into_iter().flat_map(|order| order.payments().map(move |payment| (order, payment)));
    all.filter(|(order, payment)| of(order, payment)).map(|(order, payment)| (order.id.clone(), payment.no)).collect()
}

impl super::outside::World {
    /// Its time.
    pub fn now(&self) -> Timestamp {
        let seconds = self.seconds.load(std::sync::atomic::Ordering::Relaxed);
        Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}
