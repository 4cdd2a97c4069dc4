//! A story: a world, what is done in it, and a telling of everything that then happens.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use axum::body::Body;
use connectors::bank::catalogue::Family;
use connectors::http::Request;
use connectors::signature;
use domain::acquiring::Account;
use domain::delivery::Delivery;
use domain::id::{OrderId, Tenant};
use domain::money::Money;
use domain::order::{Entry, Order, Status, TaskId};
use domain::partner::Partner;
use domain::receipt::ReceiptDocument;
use domain::time::Timestamp;
use http::Method;
use http_body_util::BodyExt as _;
use storage::memory::MemoryTable;
use storage::store::Store;
use storage::table::{Freshness, Item, Key, Page, Range, Table, TableError, Write};
use support::{Answer, BASE_URL, FORM_SECRET, START, WEBHOOK_SECRET, World, wish};
use tower::ServiceExt as _;
use workflows::orders::{OrderRequest, ScenarioRequest};
use workflows::ports::{Ports, Random};

/// Seconds of a minute.
pub const MINUTE: i64 = 60;
/// Seconds of an hour.
pub const HOUR: i64 = 3_600;
/// Seconds of a day.
pub const DAY: i64 = 24 * HOUR;

/// Randomness without chance: no jitter, and ids that differ. A telling must not change because somebody drew a number more.
#[derive(Default)]
struct Steady(AtomicU64);

impl Random for Steady {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
        if buffer.len() > 2 {
            let no = self.0.fetch_add(1, Ordering::Relaxed) + 1;
            for (to, from) in buffer.iter_mut().rev().zip(no.to_le_bytes()) {
                *to = from;
            }
        }
    }
}

/// A table that lets others in before every step, so that what is done at once is done in between.
struct Yielding(MemoryTable);

#[async_trait]
impl Table for Yielding {
    async fn get(&self, key: &Key, freshness: Freshness) -> Result<Option<Item>, TableError> {
        tokio::task::yield_now().await;
        self.0.get(key, freshness).await
    }

    async fn query(&self, range: &Range, freshness: Freshness) -> Result<Page, TableError> {
        tokio::task::yield_now().await;
        self.0.query(range, freshness).await
    }

    async fn put(&self, write: Write) -> Result<(), TableError> {
        tokio::task::yield_now().await;
        self.0.put(write).await
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<(), TableError> {
        tokio::task::yield_now().await;
        self.0.commit(writes).await
    }

    async fn due(&self, bucket: &str, until: i64, limit: usize) -> Result<Vec<(Key, i64)>, TableError> {
        tokio::task::yield_now().await;
        self.0.due(bucket, until, limit).await
    }

    async fn add(&self, key: &Key, amount: u64) -> Result<u64, TableError> {
        tokio::task::yield_now().await;
        self.0.add(key, amount).await
    }
}

/// A story.
pub struct Story {
    /// Where it plays.
    pub world: World,
    /// What the partner verifies webhooks with.
    pub webhook_secret: String,
    /// Webhooks are counted at the end instead of told one by one.
    pub webhooks_in_short: bool,
    told: String,
    orders: Vec<Order>,
    entries: BTreeMap<OrderId, usize>,
    statuses: BTreeMap<OrderId, Status>,
    webhooks: BTreeSet<String>,
    webhooks_heard: usize,
    emails: usize,
    texts: usize,
    payouts: BTreeSet<String>,
}

/// An answer of the partner's API.
pub struct Said {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: http::HeaderMap,
    /// The body; null when it is no JSON.
    pub body: serde_json::Value,
    /// The body.
    pub text: String,
    /// The body as it came.
    pub bytes: bytes::Bytes,
}

impl Story {
    /// Begins.
    pub async fn begins() -> Self {
        let steady: Arc<dyn Random> = Arc::new(Steady::default());
        let table = MemoryTable::new();
        let yielding = table.clone();
        let wrap: Arc<support::Wrap> = Arc::new(move |ports| Ports {
            store: Store::new(Arc::new(Yielding(yielding.clone()))),
            random: Arc::clone(&steady),
            ..ports
        });
        let world = World::build(1, table, Some(wrap)).await;
        Self {
            world,
            webhook_secret: WEBHOOK_SECRET.to_owned(),
            webhooks_in_short: false,
            told: String::new(),
            orders: Vec::new(),
            entries: BTreeMap::new(),
            statuses: BTreeMap::new(),
            webhooks: BTreeSet::new(),
            webhooks_heard: 0,
            emails: 0,
            texts: 0,
            payouts: BTreeSet::new(),
        }
    }

    // --- telling ---

    /// Tells what somebody does.
    pub async fn tell(&mut self, what: impl AsRef<str>) {
        let at = elapsed(self.world.now().await);
        let _ = writeln!(self.told, "{at} ▸ {}", self.plain(what.as_ref()));
    }

    /// Tells what is so.
    pub async fn note(&mut self, what: impl AsRef<str>) {
        let at = elapsed(self.world.now().await);
        let _ = writeln!(self.told, "{at}     {}", self.plain(what.as_ref()));
    }

    /// A text with ids replaced by names that do not change.
    fn plain(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for order in &self.orders {
            text = text.replace(&order.id.to_string(), &format!("<{}>", order.number));
            text = text.replace(&order.id.ulid(), &format!("<{}>", order.number));
            text = text.replace(&order.bill.to_string(), &format!("<bill of {}>", order.number));
        }
        for (at, payout) in self.payouts.iter().enumerate() {
            text = text.replace(payout.as_str(), &format!("<payout {}>", at + 1));
        }
        text
    }

    /// Looks what is new, and tells it.
    pub async fn look(&mut self) {
        for order in self.orders.clone() {
            let now = self.world.load(&order.id).await.order;
            let told = self.entries.insert(order.id.clone(), now.journal.len()).unwrap_or(0);
            for entry in &now.journal[told..] {
                self.note(format!("{}: {}{}", now.number, entry.event.code(), moved(entry))).await;
            }
            let status = now.status();
            if self.statuses.insert(order.id.clone(), status) != Some(status) {
                self.note(format!("{} is {}", now.number, status.code())).await;
            }
        }
        for payout in self.world.ports.store.payouts(&self.world.shop, None, 100).await.unwrap().0.into_iter().rev() {
            if self.payouts.insert(payout.id.clone()) {
                let numbers: Vec<_> = payout.orders.iter().map(|line| line.number.as_str()).collect();
                self.note(format!("payment order {} over {}: {}", payout.number, payout.amount, numbers.join(", ")))
                    .await;
            }
        }
        let webhooks = self.world.net.webhooks();
        for webhook in &webhooks[self.webhooks_heard..] {
            let text = self.webhook(webhook);
            if !self.webhooks_in_short {
                self.note(text).await;
            }
        }
        self.webhooks_heard = webhooks.len();
        let emails = self.world.mailbox.emails();
        for email in &emails[self.emails..] {
            let links = links(&email.text);
            let pictures = if email.inline.is_empty() { "" } else { " with a QR code" };
            self.note(format!("e-mail to {}: «{}» {links}{pictures}", email.to, email.subject)).await;
        }
        self.emails = emails.len();
        let texts = self.world.mailbox.texts();
        for sms in &texts[self.texts..] {
            self.note(format!("SMS to {}: {}", sms.to, named_links(&sms.text))).await;
        }
        self.texts = texts.len();
    }

    /// One webhook as told; its signature must hold.
    fn webhook(&mut self, request: &Request) -> String {
        let mut headers = http::HeaderMap::new();
        for (name, value) in &request.headers {
            headers.insert(*name, value.parse().unwrap());
        }
        let signed_at: i64 = headers["webhook-timestamp"].to_str().unwrap().parse().unwrap();
        let real = self.world.ports.clock.now().as_second();
        assert!((real - HOUR..=real).contains(&signed_at), "signed at {signed_at}, it is {real}");
        // Not `verify`: the library compares with the clock of the machine, not with the world's.
        let verifier = standardwebhooks::Webhook::new(&self.webhook_secret).unwrap();
        let signature = verifier.sign(headers["webhook-id"].to_str().unwrap(), signed_at, &request.body).unwrap();
        assert_eq!(headers["webhook-signature"].to_str().unwrap(), signature);
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        let again =
            if self.webhooks.insert(headers["webhook-id"].to_str().unwrap().to_owned()) { "" } else { " again" };
        let text = |value: &serde_json::Value| value.as_str().unwrap_or("?").to_owned();
        format!(
            "webhook{again} {}: {} is {}",
            text(&body["type"]),
            text(&body["data"]["number"]),
            text(&body["data"]["status"])
        )
    }

    /// The end: what everybody's books say, and that the audit finds nothing.
    pub async fn ends(mut self) -> String {
        self.look().await;
        let dead = self.world.queue.dead();
        assert!(dead.is_empty(), "messages were given up: {dead:?}");
        self.world.close_days().await;
        let report = workflows::audit::audit(&self.world.ports, &|| ()).await.unwrap();
        assert!(report.is_clean(), "{}\nthe audit: {:#?}", self.told, report.findings);
        self.told.push_str("— in the end —\n");
        if self.webhooks_in_short {
            let _ =
                writeln!(self.told, "webhooks: {} messages in {} attempts", self.webhooks.len(), self.webhooks_heard);
        }
        for order in self.orders.clone() {
            let loaded = self.world.load(&order.id).await;
            let done = loaded.done_tasks();
            let open = loaded.order.tasks.iter().filter(|task| !done.contains(&task.id));
            let tasks: Vec<_> = open.map(|task| format!(", {} still to do", task.id)).collect();
            let _ = writeln!(self.told, "{} is {}{}", order.number, loaded.order.status().code(), tasks.concat());
        }
        for (tenant, balances) in &report.balances {
            let balances = balances.iter().filter(|(_, minor)| **minor != 0);
            let balances: Vec<_> =
                balances.map(|(account, minor)| format!("{account} {}", Money::rub(*minor).to_decimal())).collect();
            let balances = if balances.is_empty() { "nothing".to_owned() } else { balances.join(", ") };
            let _ = writeln!(self.told, "books of {tenant}: {balances}");
        }
        let others = self.others().await;
        self.told.push_str(&self.plain(&others));
        self.told
    }

    /// What the bank and the register say, who know nothing of our table.
    async fn others(&self) -> String {
        let mut text = String::new();
        let store = &self.world.ports.store;
        let deals = store.sandbox_rows(&self.world.shop, "deal", 100).await.unwrap();
        let mut deals: Vec<serde_json::Value> =
            deals.iter().map(|(_, row)| serde_json::from_str(&row.body).unwrap()).collect();
        deals.sort_by_key(|deal| deal["asked"]["number"].to_string());
        for deal in deals {
            let refunds = deal["refunds"].as_array().unwrap().len();
            let state = deal["phase"].to_string().replace('"', "");
            let back = if refunds == 0 { String::new() } else { format!(", given back {refunds} time") };
            let _ = writeln!(text, "the bank of {}: {state}{back}", deal["asked"]["number"].as_str().unwrap());
        }
        for (_, row) in store.sandbox_rows(&self.world.shop, "document", 100).await.unwrap() {
            let row: serde_json::Value = serde_json::from_str(&row.body).unwrap();
            let state = row["state"].as_object().and_then(|state| state.keys().next().cloned());
            let kind = if row["content"]["kind"] == "sale" { "sale" } else { "refund" };
            let id = row["external_id"].as_str().unwrap();
            let _ =
                writeln!(text, "the register of {id}: {kind}, {}", state.unwrap_or_else(|| row["state"].to_string()));
        }
        text
    }

    // --- time ---

    /// Everything happens that can happen now.
    pub async fn settles(&mut self) {
        self.world.settle().await;
        self.look().await;
    }

    /// Time passes, in steps of a minute, ten minutes or an hour, and everything due happens on the way.
    pub async fn passes(&mut self, seconds: i64) {
        let step = if seconds <= HOUR {
            MINUTE
        } else if seconds <= DAY {
            10 * MINUTE
        } else {
            HOUR
        };
        let mut left = seconds;
        while left > 0 {
            self.world.advance(step.min(left));
            self.settles().await;
            left -= step;
        }
    }

    // --- people ---

    /// The demo partner changes their settings.
    pub async fn settings(&self, change: impl FnOnce(&mut Partner)) {
        let mut partner = support::partner();
        change(&mut partner);
        self.world.ports.store.put_partner(&self.world.shop, &partner).await.unwrap();
    }

    /// The partner's account at the double of a bank.
    pub async fn account_at(&self, family: Family) -> Account {
        let path = format!("/sandbox/banks/{}", family.code());
        let bank = self.world.api(Method::GET, &path, &self.world.key, "").await.json();
        let credentials = serde_json::from_value(bank["credentials"].clone()).unwrap();
        workflows::connect::double_account(family, bank["address"].as_str().unwrap().to_owned(), credentials)
    }

    /// The demo partner makes an order of 3 000 ₽, with the buyer's e-mail.
    pub async fn orders(&mut self, number: &str) -> Order {
        self.orders_as(number, |_| ()).await
    }

    /// The demo partner makes an order that waits for the test partner's word to be executed.
    pub async fn orders_by_hand(&mut self, number: &str) -> Order {
        self.orders_as(number, |wish| wish.scenario = Some(scenario(Some("manual"), None))).await
    }

    /// The demo partner makes an order of their wish.
    pub async fn orders_as(&mut self, number: &str, change: impl FnOnce(&mut OrderRequest)) -> Order {
        let mut wish = with_email(number);
        change(&mut wish);
        self.tell(format!("the partner makes order {number}")).await;
        let order = self.world.order(&wish).await;
        self.follows(&order).await;
        order
    }

    /// From now on the story tells of this order.
    pub async fn follows(&mut self, order: &Order) {
        self.orders.push(order.clone());
        self.look().await;
    }

    /// The orders this story tells of.
    pub fn followed(&self) -> &[Order] {
        &self.orders
    }

    /// The buyer agrees and pays with a test card; answers with the page they end on.
    pub async fn pays(&mut self, order: &Order, card: &str) -> Answer {
        self.tell(format!("the buyer pays {} with the card `{card}`", order.number)).await;
        let page = self.world.pay(order, card).await;
        self.look().await;
        page
    }

    /// The buyer presses the button of a page that was left open; answers with what the browser gets.
    pub async fn presses_again(&self, order: &Order) -> Answer {
        let csrf = workflows::links::form_token(&self.world.ports.settings, &order.id, "pay");
        let fields = [("csrf", csrf.as_str()), ("consent_personal_data", "1"), ("consent_terms", "1")];
        self.world.post(&format!("{}/pay", self.world.page(order)), &fields).await
    }

    /// The buyer opens the result from the latest letter that has one.
    pub async fn opens_the_result(&mut self) {
        self.tell("the buyer opens the result").await;
        let letters = self.world.mailbox.emails();
        let url = letters.iter().rev().find_map(|letter| {
            let (_, rest) = letter.text.split_once(&format!("{BASE_URL}/d/"))?;
            Some(format!("/d/{}", rest.split_whitespace().next()?))
        });
        let page = self.world.get(&url.unwrap()).await;
        self.note(format!("the page of the result answers {}", page.status)).await;
        self.look().await;
    }

    /// The buyer presses «Отменить заказ» on the last question's page; answers with the order's page.
    pub async fn cancels(&mut self, order: &Order) -> Answer {
        self.tell(format!("the buyer cancels {}", order.number)).await;
        let path = format!("{}/cancel", self.world.page(order));
        let question = self.world.get(&path).await;
        // A page of before, when the question is not asked any more.
        let csrf = question
            .input("csrf")
            .unwrap_or_else(|| workflows::links::form_token(&self.world.ports.settings, &order.id, "cancel"));
        let answer = self.world.post(&path, &[("csrf", &csrf)]).await;
        let page = self.world.get(&answer.location()).await;
        self.look().await;
        page
    }

    /// The executor is told how an execution ended: `fulfil`, `fail`, with `?force=1` even when it had ended.
    pub async fn executor(&mut self, order: &Order, word: &str) -> serde_json::Value {
        self.tell(format!("the executor of {}: {word}", order.number)).await;
        let path = format!("/sandbox/executions/{}/{word}", order.id);
        let answer = self.world.api(Method::POST, &path, &self.world.key, "").await;
        let heard = answer.json()["report_status"].clone();
        self.note(format!("the executor's page answers {}, its report is answered {heard}", answer.status)).await;
        self.look().await;
        answer.json()
    }

    /// A call of the partner's API.
    pub async fn api(&self, key: &str, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Said {
        let mut request = http::Request::builder().method(method).uri(path);
        request = request.header("authorization", format!("Bearer {key}")).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let door = runtime::door(partner_api::router(self.world.ports.clone()));
        let answer = door.oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        Said { status: parts.status.as_u16(), headers: parts.headers, body, text, bytes }
    }

    /// The partner has something done with an order: `capture`, `cancel`, `edit`, `charge`, `status` or `terminal`. Answers with
    /// the order, or with the problem.
    pub async fn asks(&mut self, order: &Order, what: &str, body: serde_json::Value) -> serde_json::Value {
        let words =
            if body.as_object().is_some_and(serde_json::Map::is_empty) { String::new() } else { format!(": {body}") };
        self.tell(format!("the partner asks to {what} {}{words}", order.number)).await;
        let path = format!("/v1/orders/{}/{what}", order.id);
        let said = self.api(&self.world.key, Method::POST, &path, &[], &body.to_string()).await;
        self.note(format!("it is answered {}", answered(&said))).await;
        self.look().await;
        said.body
    }

    /// Tells how the API says the money of an order stands, and what was done with it.
    pub async fn tells_money(&mut self, order: &Order) -> serde_json::Value {
        let view = self.api_order(order).await;
        self.note(format!("the API says of {}: {}", order.number, stands(&view))).await;
        for operation in view["operations"].as_array().unwrap() {
            let text = |name: &str| operation[name].as_str().unwrap_or_default().to_owned();
            let reason = operation["reason"].as_str().map(|reason| format!(" «{reason}»")).unwrap_or_default();
            let decline = operation["decline_reason"].as_str().map(|why| format!(" ({why})")).unwrap_or_default();
            self.note(format!(
                "  {} {}, {} {} by {}: {}{decline}{reason}",
                text("number"),
                text("kind"),
                text("transaction"),
                text("amount"),
                text("by"),
                text("state")
            ))
            .await;
        }
        view
    }

    /// Tells what the receipts say that the register has: over how much, and paid how.
    pub async fn tells_receipts(&mut self) {
        let documents = self.world.ports.store.sandbox_rows(&self.world.shop, "document", 100).await.unwrap();
        for (_, row) in documents {
            let row: serde_json::Value = serde_json::from_str(&row.body).unwrap();
            let document: ReceiptDocument = serde_json::from_value(row["content"].clone()).unwrap();
            let paid: Vec<_> =
                document.payments.tagged().map(|(tag, amount)| format!("{tag} = {}", amount.to_decimal())).collect();
            let (id, kind) = (row["external_id"].as_str().unwrap(), row["content"]["kind"].as_str().unwrap());
            self.note(format!("{id} is a {kind} over {}: {}", document.total.to_decimal(), paid.join(", "))).await;
        }
    }

    /// The buyer agrees with more fields than the page's own, and pays with a test card.
    pub async fn pays_with(&mut self, order: &Order, fields: &[(&str, &str)], card: &str) -> Answer {
        let named: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.tell(format!("the buyer pays {} with the card `{card}`, {}", order.number, self.plain(&named.join(", "))))
            .await;
        let sent = self.agrees_with(order, fields).await;
        assert_eq!(sent.status, 303, "{}", sent.text());
        let page = self.world.pay_at_bank(&sent.location(), card).await;
        self.look().await;
        page
    }

    /// The buyer agrees with more fields than the page's own; answers with what the browser gets.
    pub async fn agrees_with(&self, order: &Order, fields: &[(&str, &str)]) -> Answer {
        let csrf = workflows::links::form_token(&self.world.ports.settings, &order.id, "pay");
        let mut all = vec![("csrf", csrf.as_str()), ("consent_personal_data", "1"), ("consent_terms", "1")];
        all.extend(fields);
        self.world.post(&format!("{}/pay", self.world.page(order)), &all).await
    }

    /// The means a buyer has saved at the demo partner's.
    pub async fn wallet(&mut self, customer: &str) -> Vec<serde_json::Value> {
        let path = format!("/v1/customers/{customer}/means");
        let said = self.api(&self.world.key, Method::GET, &path, &[], "").await;
        let means = said.body["means"].as_array().unwrap().clone();
        let shown: Vec<String> = means
            .iter()
            .map(|one| {
                let on = if one["enabled"] == true { "" } else { ", switched off" };
                format!("{} by {}{on}", one["label"].as_str().unwrap(), one["method"].as_str().unwrap())
            })
            .collect();
        let shown = if shown.is_empty() { "nothing".to_owned() } else { shown.join("; ") };
        self.note(format!("the wallet of {customer}: {shown}")).await;
        means
    }

    /// What the API says of an order.
    pub async fn api_order(&self, order: &Order) -> serde_json::Value {
        let said = self.api(&self.world.key, Method::GET, &format!("/v1/orders/{}", order.id), &[], "").await;
        assert_eq!(said.status, 200, "{}", said.text);
        said.body
    }

    // --- the bank ---

    /// A callback of the bank's about an order's first payment, signed as the bank signs at the world's time.
    pub async fn bank_says(&mut self, order: &Order, words: &str, change: impl FnOnce(&mut Forged)) -> u16 {
        let now = self.world.load(&order.id).await.order;
        let reference =
            now.operation(1).and_then(|operation| operation.reference()).unwrap_or("pay_unknown").to_owned();
        let mut forged = Forged {
            order: order.id.to_string(),
            number: format!("{}-o1", order.id),
            reference,
            state: "succeeded",
            amount: order.amount.minor(),
            currency: "RUB",
            secret: signature::derive(&self.world.ports.settings.master_secret.0, "bank", order.id.tenant()),
            signed_at: self.world.ports.clock.now(),
            signed: true,
        };
        change(&mut forged);
        self.tell(format!("a callback of the bank's: {words}")).await;
        let status = self.post_forged(&forged).await;
        self.note(format!("it is answered {status}")).await;
        self.look().await;
        status
    }

    async fn post_forged(&self, forged: &Forged) -> u16 {
        let mut body =
            serde_json::json!({ "number": forged.number, "reference": forged.reference, "state": forged.state });
        match forged.state {
            "succeeded" => {
                body["amount"] = forged.amount.into();
                body["currency"] = forged.currency.into();
            }
            "declined" => body["reason"] = "insufficient_funds".into(),
            _ => {}
        }
        let body = body.to_string();
        let mut request = http::Request::post(format!("/callbacks/bank/sandbox/{}", forged.order));
        request = request.header("content-type", "application/json");
        if forged.signed {
            request =
                request.header(signature::HEADER, signature::sign(&forged.secret, forged.signed_at, body.as_bytes()));
        }
        self.world.ask(request.body(Body::from(body)).unwrap()).await.status
    }

    // --- what partners and people can read ---

    /// Tells the delivery log of one task.
    pub async fn tell_log(&mut self, order: &Order, task: TaskId) {
        let loaded = self.world.load(&order.id).await;
        let Some(delivery) = loaded.deliveries.iter().find(|delivery| delivery.task == task).cloned() else {
            self.note(format!("the delivery log knows nothing of {task}")).await;
            return;
        };
        let Delivery { event, attempts, done_at, given_up, .. } = delivery;
        let end = match (done_at, given_up) {
            (Some(at), _) => format!("delivered at {}", elapsed(at)),
            (None, true) => "given up".to_owned(),
            (None, false) => "still tried".to_owned(),
        };
        self.note(format!("the delivery log of {event}: {} attempts, {end}", attempts.len())).await;
        for attempt in attempts {
            let status = attempt.status.map(|status| status.to_string()).unwrap_or_default();
            self.note(format!("  {} {status}{}", elapsed(attempt.at), attempt.note)).await;
        }
    }

    /// Tells where a page sends the buyer by itself: the parameters, whose signature must hold.
    pub async fn tell_return(&mut self, page: &Answer) -> BTreeMap<String, String> {
        let (seconds, url) = page.refresh().unwrap();
        let (address, query) = url.split_once('?').unwrap();
        let fields: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        assert!(workflows::links::fields_signature_holds(FORM_SECRET, &fields), "{url}");
        self.note(format!("the page goes to {address} by itself after {seconds} s, with")).await;
        for (name, value) in fields.iter().filter(|(name, _)| *name != "signature") {
            let value = if name == "at" {
                elapsed(Timestamp::from_second(value.parse().unwrap()).unwrap())
            } else {
                value.clone()
            };
            self.note(format!("  {name}={value}")).await;
        }
        fields
    }

    /// The number of the first entry of a kind in an order's journal.
    pub async fn entry(&self, order: &Order, code: &str) -> u16 {
        let order = self.world.load(&order.id).await.order;
        order.journal.iter().find(|entry| entry.event.code() == code).unwrap().no
    }

    /// How an order stands.
    pub async fn status(&self, order: &Order) -> Status {
        self.world.status(&order.id).await
    }
}

/// A callback that somebody makes up.
pub struct Forged {
    /// Of which order, in the address.
    pub order: String,
    /// Of which operation.
    pub number: String,
    /// The bank's own id.
    pub reference: String,
    /// How it stands.
    pub state: &'static str,
    /// Kopecks.
    pub amount: i64,
    /// Currency.
    pub currency: &'static str,
    /// What it is signed with.
    pub secret: Vec<u8>,
    /// When it is signed.
    pub signed_at: Timestamp,
    /// Whether it is signed at all.
    pub signed: bool,
}

/// How an order's money stands, in a line.
fn stands(view: &serde_json::Value) -> String {
    let text = |name: &str| view[name].as_str().unwrap_or("?").to_owned();
    let (status, state) = (text("status"), text("payment_state"));
    format!("{status}, {state}, held {}, captured {}, returned {}", text("held"), text("captured"), text("returned"))
}

/// What the API answered, in a line.
fn answered(said: &Said) -> String {
    match said.status {
        200 => stands(&said.body),
        status => {
            let first = &said.body["errors"][0];
            let words = match first["pointer"].as_str() {
                Some(pointer) => format!("{pointer} {}", first["code"].as_str().unwrap_or("?")),
                None => said.body["detail"].as_str().unwrap_or(&said.text).to_owned(),
            };
            format!("{status} {words}")
        }
    }
}

/// A wish with the buyer's e-mail in it.
pub fn with_email(number: &str) -> OrderRequest {
    let mut wish = wish(number);
    wish.buyer.email = Some(support::BUYER_EMAIL.to_owned());
    wish.channels = vec!["email".to_owned()];
    wish
}

/// What the sandbox shall do.
pub fn scenario(execution: Option<&str>, receipt: Option<&str>) -> ScenarioRequest {
    ScenarioRequest { execution: execution.map(ToOwned::to_owned), receipt: receipt.map(ToOwned::to_owned) }
}

/// A tenant from its text form.
pub fn tenant(text: &str) -> Tenant {
    text.parse().unwrap()
}

/// `2d 03:04:05` since the world began.
fn elapsed(at: Timestamp) -> String {
    let start: Timestamp = START.parse().unwrap();
    let seconds = at.as_second() - start.as_second();
    let (days, rest) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    format!("{days}d {:02}:{:02}:{:02}", rest / HOUR, rest % HOUR / MINUTE, rest % MINUTE)
}

/// What an entry did to the books: `(bank ← partner 3000.00)`, the debited account first.
fn moved(entry: &Entry) -> String {
    let moves = entry
        .postings
        .iter()
        .map(|posting| format!("{} ← {} {}", posting.debit.code(), posting.credit.code(), posting.amount.to_decimal()));
    let moves: Vec<_> = moves.collect();
    if moves.is_empty() { String::new() } else { format!(" ({})", moves.join(", ")) }
}

/// Which of our pages an address leads to.
fn page_of(url: &str) -> &'static str {
    let path = url.strip_prefix(BASE_URL).unwrap_or(url);
    match path.split('/').nth(1) {
        Some("c") if path.ends_with("/cancel") => "<cancel>",
        Some("c") => "<order>",
        Some("r") => "<receipt>",
        Some("d") => "<result>",
        _ => "<link>",
    }
}

fn is_link(word: &str) -> bool {
    word.starts_with("https://")
}

/// The links of a text, by name.
fn links(text: &str) -> String {
    let mut names: Vec<_> = text.split_whitespace().filter(|word| word.starts_with(BASE_URL)).map(page_of).collect();
    names.dedup();
    names.join(" ")
}

fn named_links(text: &str) -> String {
    text.split(' ').map(|word| if is_link(word) { page_of(word) } else { word }).collect::<Vec<_>>().join(" ")
}
