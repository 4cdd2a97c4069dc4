//! A whole world in one process, for tests: every door, worker and clock over a table in memory.
//!
//! Invariant: the same seed and the same calls give the same world. Nothing runs by itself: messages wait until they are
//! pumped, deadlines until [`World::tick`], time until [`World::advance`]. Our own addresses are answered by the routers
//! themselves, everybody else's by the world.
//!
//! ```ignore
//! let world = World::new().await;
//! let order = world.order(&support::wish("A-1")).await;
//! world.pay(&order, "success").await;
//! world.settle().await;
//! assert_eq!(world.status(&order.id).await, Status::Fulfilled);
//! ```
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a helper of tests fails the test that asked too much of it"
)]

mod answer;
mod demo;
mod doors;
mod outside;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use domain::details::Details;
use domain::id::{Mode, OrderId, Tenant};
use domain::order::{Order, Status};
use domain::partner::Partner;
use domain::time::Timestamp;
use http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{Method, Request};
use runtime::WorkerError;
use storage::memory::MemoryTable;
use storage::store::{Loaded, Store};
use storage::table::{Freshness, Table};
use workflows::orders::{Created, OrderRequest};
use workflows::ports::{Message, Ports, QueueName};

pub use answer::Answer;
pub use demo::{
    AGENT_NAME, BUYER_EMAIL, BUYER_PHONE, FORM_SECRET, OPERATOR_TOKEN, WEBHOOK_SECRET, WEBHOOK_URL, partner, wish,
};
pub use doors::Doors;
pub use outside::{Call, Fault, HandClock, Mailbox, Net, Queue, Seeded, Waiting};

/// The public address of every world.
pub const BASE_URL: &str = "https://pay.apikassa.example";
/// When every world begins: a Saturday noon in Moscow.
pub const START: &str = "2026-11-21T09:00:00Z";
/// Rounds of [`World::settle`], at most.
const SETTLE_ROUNDS_MAX: usize = 50;

/// The world.
pub struct World {
    /// What workflows are given.
    pub ports: Ports,
    /// Every row.
    pub table: MemoryTable,
    /// The real time.
    pub clock: Arc<HandClock>,
    /// What waits for the workers.
    pub queue: Arc<Queue>,
    /// What the buyer got.
    pub mailbox: Arc<Mailbox>,
    /// Everybody outside, and what was sent to them.
    pub net: Arc<Net>,
    /// Our doors.
    pub doors: Doors,
    /// The demo partner in test mode, with automatic payouts and a webhook.
    pub shop: Tenant,
    /// Its API key.
    pub key: String,
    wrap: Option<Arc<Wrap>>,
}

/// Replaces some ports by others, such as a table that fails.
pub type Wrap = dyn Fn(Ports) -> Ports + Send + Sync;

/// What a worker made of a message.
#[derive(Debug)]
pub struct Pumped {
    /// From which queue.
    pub queue: QueueName,
    /// The message.
    pub body: String,
    /// How it went; a failed message waits to be brought again.
    pub outcome: Result<(), WorkerError>,
}

impl World {
    /// A world with the demo partner in it.
    pub async fn new() -> Self {
        Self::build(1, MemoryTable::new(), None).await
    }

    /// A world from a seed, over a table, with some of its ports replaced.
    pub async fn build(seed: u64, table: MemoryTable, wrap: Option<Arc<Wrap>>) -> Self {
        let clock = Arc::new(HandClock::new(START.parse().expect("a moment")));
        let queue = Arc::new(Queue::new(Arc::clone(&clock)));
        let mailbox = Arc::new(Mailbox::default());
        let net = Arc::new(Net::new(BASE_URL));
        let ports = Ports {
            store: Store::new(Arc::new(table.clone()) as Arc<dyn Table>),
            http: Arc::clone(&net) as _,
            channels: Arc::clone(&mailbox) as _,
            queue: Arc::clone(&queue) as _,
            clock: Arc::clone(&clock) as _,
            random: Arc::new(Seeded::new(seed)),
            settings: Arc::new(demo::settings(BASE_URL)),
            tokens: Arc::default(),
        };
        let ports = match &wrap {
            Some(wrap) => wrap(ports),
            None => ports,
        };
        let shop = Tenant::try_new("demoshop", Mode::Test).expect("a partner id");
        let doors = Doors::new(&ports);
        net.open(doors.clone());
        let mut world = Self { ports, table, clock, queue, mailbox, net, doors, shop, key: String::new(), wrap };
        world.key = world.enrol(&world.shop.clone(), &partner()).await;
        world
    }

    /// Adds a partner; answers their API key.
    pub async fn enrol(&self, tenant: &Tenant, partner: &Partner) -> String {
        self.ports.store.put_partner(tenant, partner).await.expect("a partner is kept");
        workflows::access::issue_key(&self.ports, tenant).await.expect("a key is kept")
    }

    /// The process ends and another begins: what was only in its memory is gone. The table, the queues and time stay.
    pub fn restart(&mut self) {
        let fresh = Ports { store: Store::new(Arc::new(self.table.clone()) as Arc<dyn Table>), ..self.ports.clone() };
        self.ports = match &self.wrap {
            Some(wrap) => wrap(fresh),
            None => fresh,
        };
        self.doors = Doors::new(&self.ports);
        self.net.open(self.doors.clone());
    }

    // --- time, and what happens in it ---

    /// Moves the real time on. Nothing happens by that alone.
    pub fn advance(&self, seconds: i64) {
        self.clock.advance(seconds);
    }

    /// Now, in the demo partner's own time.
    pub async fn now(&self) -> Timestamp {
        workflows::clock::now(&self.ports, &self.shop).await.expect("a clock")
    }

    /// Moves the demo partner's clock through the sandbox's door, as the partner would: what is due happens.
    pub async fn advance_shop(&self, seconds: i64) -> Answer {
        self.api(Method::POST, "/sandbox/clock", &self.key, &format!("{{\"advance_seconds\":{seconds}}}")).await
    }

    /// One tick of the schedule.
    pub async fn tick(&self) {
        deadlines::tick(self.ports.clone()).await.expect("a tick");
    }

    /// One look at days that are over.
    pub async fn close_days(&self) {
        month_close::tick(self.ports.clone()).await.expect("a tick");
    }

    /// Brings the oldest message that may be seen to its worker.
    pub async fn pump_one(&self) -> Option<Pumped> {
        let waiting = self.queue.take_first()?;
        Some(self.deliver(waiting).await)
    }

    /// Brings messages to their workers until none may be seen now; answers how many were brought.
    pub async fn pump_all(&self) -> usize {
        let mut brought = 0;
        while self.pump_one().await.is_some() {
            brought += 1;
            assert!(brought < 100_000, "the workers never come to an end");
        }
        brought
    }

    /// Brings one message to its worker. What fails waits to be brought again, as often as a queue would.
    pub async fn deliver(&self, waiting: Waiting) -> Pumped {
        let Message { queue, body, .. } = waiting.message.clone();
        let outcome = Box::pin(Self::handle(self.ports.clone(), queue, body.clone())).await;
        if outcome.is_err() {
            self.queue.bring_again(waiting);
        }
        Pumped { queue, body, outcome }
    }

    async fn handle(ports: Ports, queue: QueueName, body: String) -> Result<(), WorkerError> {
        match queue {
            QueueName::BankOperation => Box::pin(bank_operation::handle(ports, body)).await,
            QueueName::Receipt => receipt::handle(ports, body).await,
            QueueName::Notification => notification::handle(ports, body).await,
            QueueName::Webhook => webhook::handle(ports, body).await,
            QueueName::Fulfilment => fulfilment::handle(ports, body).await,
            QueueName::Exchange => exchange::handle(ports, vec![body]).await.into_iter().collect(),
            QueueName::Sandbox => sandbox_worker::handle(ports, body).await,
        }
    }

    /// Lets everything happen that can happen now: messages and ticks, until there is nothing more.
    pub async fn settle(&self) {
        for _ in 0..SETTLE_ROUNDS_MAX {
            self.pump_all().await;
            self.tick().await;
            if self.queue.first().is_none() {
                return;
            }
        }
        panic!("the world does not settle");
    }

    /// Time passes, in steps of at most `step_seconds`, and everything due happens on the way.
    pub async fn pass(&self, seconds: i64, step_seconds: i64) {
        let mut left = seconds;
        while left > 0 {
            let step = left.min(step_seconds.max(1));
            self.advance(step);
            self.settle().await;
            left -= step;
        }
    }

    // --- orders ---

    /// Makes an order as the demo partner.
    pub async fn order(&self, wish: &OrderRequest) -> Order {
        match Box::pin(workflows::orders::create(&self.ports, &self.shop, wish, None)).await.expect("an order is made")
        {
            Created::Order { order, .. } => *order,
            other => panic!("no order was made: {other:?}"),
        }
    }

    /// Makes an order as the demo partner, its offer changed before anybody sees it.
    pub async fn order_with(&self, wish: &OrderRequest, change: impl FnOnce(&mut Details)) -> Order {
        let made = self.order(wish).await;
        let mut order = self.load(&made.id).await.order;
        change(order.offer.as_mut().expect("an offer"));
        order.version += 1;
        self.ports.store.commit(&order).await.expect("the offer is kept");
        order
    }

    /// An order as it is on record.
    pub async fn load(&self, id: &OrderId) -> Loaded {
        let loaded = self.ports.store.load(id, Freshness::Consistent).await.expect("the table");
        loaded.expect("the order is on record")
    }

    /// How an order stands.
    pub async fn status(&self, id: &OrderId) -> Status {
        self.load(id).await.order.status()
    }

    /// The path of an order's page.
    pub fn page(&self, order: &Order) -> String {
        let url = workflows::links::checkout_url(&self.ports.settings, &order.id);
        url.strip_prefix(BASE_URL).expect("our own address").to_owned()
    }

    // --- the buyer's browser ---

    /// Looks at a path, or an address of ours.
    pub async fn get(&self, path: &str) -> Answer {
        self.browse(Method::GET, path, &[], None).await
    }

    /// Looks at a path with an `Accept-Language`.
    pub async fn get_in(&self, path: &str, accept_language: &str) -> Answer {
        self.browse(Method::GET, path, &[(ACCEPT_LANGUAGE.as_str(), accept_language)], None).await
    }

    /// Sends a form.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers = [(CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded")];
        self.browse(Method::POST, path, &headers, Some(form)).await
    }

    async fn browse(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Answer {
        let path = path.strip_prefix(BASE_URL).unwrap_or(path);
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(USER_AGENT, "Mozilla/5.0 (test)").header("x-forwarded-for", "203.0.113.7");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request.body(body.map_or_else(Body::empty, Body::from)).expect("a request")).await
    }

    /// A call of the API, or of another door that is asked with a key and JSON.
    pub async fn api(&self, method: Method, path: &str, key: &str, body: &str) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(AUTHORIZATION, format!("Bearer {key}"))
            .header(CONTENT_TYPE, "application/json");
        self.ask(request.body(Body::from(body.to_owned())).expect("a request")).await
    }

    /// Any request to our doors.
    pub async fn ask(&self, request: Request<Body>) -> Answer {
        Answer::of(self.doors.call(request).await).await
    }

    /// The buyer agrees to everything that must be agreed to and presses the button; answers with what the browser gets.
    pub async fn agree(&self, order: &Order) -> Answer {
        self.agree_with(order, &[]).await
    }

    /// The same, with some of the form's fields set.
    pub async fn agree_with(&self, order: &Order, set: &[(&str, &str)]) -> Answer {
        let page = self.get(&self.page(order)).await;
        let known = page.inputs();
        let mut fields: BTreeMap<&str, &str> =
            known.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        if fields.get("email").is_some_and(|typed| typed.is_empty()) {
            fields.insert("email", BUYER_EMAIL);
        }
        fields.extend([("consent_personal_data", "1"), ("consent_terms", "1")]);
        fields.extend(set.iter().copied());
        let fields: Vec<_> = fields.into_iter().collect();
        self.post(&format!("{}/pay", self.page(order)), &fields).await
    }

    /// The buyer agrees, and chooses a test card on the bank's page; answers with the page the bank sends them to.
    pub async fn pay(&self, order: &Order, card: &str) -> Answer {
        let sent = self.agree(order).await;
        assert_eq!(sent.status, 303, "{}", sent.text());
        self.pay_at_bank(&sent.location(), card).await
    }

    /// The buyer chooses a test card on the bank's page, and follows where the browser is sent.
    pub async fn pay_at_bank(&self, bank_url: &str, card: &str) -> Answer {
        let mut answer = self.post(bank_url, &[("card", card)]).await;
        for _ in 0..5 {
            if answer.status != 303 {
                return answer;
            }
            answer = self.get(&answer.location()).await;
        }
        panic!("the browser is sent around in circles");
    }
}
