//! A world for the sandbox: a table in memory, a clock that is set, a queue that is looked into, and an outside that hears
//! callbacks and answers as told.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use connectors::bank::Incoming;
use connectors::channel::{ChannelError, Channels, Email, Sms};
use connectors::client_bank::Payer;
use connectors::http::{Http, HttpError, Request, Response};
use connectors::signature::derive;
use domain::id::{Mode, Tenant};
use domain::receipt::Agent;
use domain::tax::Taxation;
use domain::time::Timestamp;
use http::{HeaderMap, Method};
use http_body_util::BodyExt as _;
use storage::memory::MemoryTable;
use storage::store::Store;
use storage::table::{Freshness, Item, Key, Page, Range, Table, TableError, Write};
use tower::ServiceExt as _;
use workflows::ports::{Clock, MasterSecret, Message, Ports, Queue, QueueError, Random, Settings};

pub const BASE: &str = "https://pay.test";
pub const START: i64 = 1_795_000_000; // 2026-11-18

/// A callback as it was heard.
#[derive(Debug, Clone)]
pub struct Heard {
    pub method: Method,
    pub url: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Heard {
    /// As a connector is handed it.
    pub fn incoming(&self) -> Incoming {
        let query = self.url.split_once('?').map_or("", |(_, query)| query).to_owned();
        let peer = Some(Ipv4Addr::LOCALHOST.into());
        Incoming { headers: self.headers.clone(), query, body: self.body.clone(), peer }
    }
}

/// A table that lets others in before every step, and can fail at one write.
pub struct Shaky {
    table: MemoryTable,
    puts: AtomicUsize,
    fail_at: AtomicUsize,
}

#[async_trait]
impl Table for Shaky {
    async fn get(&self, key: &Key, freshness: Freshness) -> Result<Option<Item>, TableError> {
        tokio::task::yield_now().await;
        self.table.get(key, freshness).await
    }
    async fn query(&self, range: &Range, freshness: Freshness) -> Result<Page, TableError> {
        tokio::task::yield_now().await;
        self.table.query(range, freshness).await
    }
    async fn put(&self, write: Write) -> Result<(), TableError> {
        tokio::task::yield_now().await;
        let no = self.puts.fetch_add(1, Ordering::SeqCst) + 1;
        if no == self.fail_at.load(Ordering::SeqCst) {
            return Err(TableError::NotDone("as told".into()));
        }
        self.table.put(write).await
    }
    async fn commit(&self, writes: Vec<Write>) -> Result<(), TableError> {
        self.table.commit(writes).await
    }
    async fn due(&self, bucket: &str, until: i64, limit: usize) -> Result<Vec<(Key, i64)>, TableError> {
        self.table.due(bucket, until, limit).await
    }
    async fn add(&self, key: &Key, amount: u64) -> Result<u64, TableError> {
        self.table.add(key, amount).await
    }
}

#[derive(Default)]
pub struct Outside {
    router: OnceLock<Router>,
    heard: Mutex<Vec<Heard>>,
    answers: Mutex<VecDeque<Option<u16>>>,
    says: Mutex<String>,
    to_lose: AtomicUsize,
    now: AtomicI64,
    sent: Mutex<VecDeque<Message>>,
}

#[async_trait]
impl Http for Outside {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let mut built = http::Request::builder().method(request.method).uri(&request.url);
        for (name, value) in &request.headers {
            built = built.header(*name, value);
        }
        if let Some(path) = request.url.strip_prefix(BASE).filter(|path| path.starts_with("/sandbox/")) {
            let request = built.uri(path).body(Body::from(request.body)).unwrap();
            let response = self.router.get().unwrap().clone().oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let lose = |left: usize| left.checked_sub(1);
            if self.to_lose.fetch_update(Ordering::SeqCst, Ordering::SeqCst, lose).is_ok() {
                return Err(HttpError::Unknown("the answer was lost".into()));
            }
            let text = |value: &http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
            let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
            return Ok(Response { status: parts.status.as_u16(), headers, body });
        }
        let (method, headers) = (built.method_ref().unwrap().clone(), built.headers_ref().unwrap().clone());
        self.heard.lock().unwrap().push(Heard { method, url: request.url, headers, body: request.body });
        let answer = self.answers.lock().unwrap().pop_front().unwrap_or(Some(200));
        let status = answer.ok_or_else(|| HttpError::Unknown("silence".into()))?;
        Ok(Response { status, headers: Vec::new(), body: Bytes::from(self.says.lock().unwrap().clone()) })
    }
}

#[async_trait]
impl Channels for Outside {
    async fn email(&self, _: Email) -> Result<String, ChannelError> {
        Err(ChannelError::NotSent("no mail here".into()))
    }
    async fn sms(&self, _: Sms) -> Result<String, ChannelError> {
        Err(ChannelError::NotSent("no sms here".into()))
    }
}

#[async_trait]
impl Queue for Outside {
    async fn send(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        self.sent.lock().unwrap().extend(messages);
        Ok(())
    }
}

impl Clock for Outside {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.now.load(Ordering::SeqCst)).unwrap()
    }
}

impl Random for Outside {
    fn fill(&self, buffer: &mut [u8]) {
        for (index, byte) in buffer.iter_mut().enumerate() {
            *byte = u8::try_from(index * 37 % 256).unwrap();
        }
    }
}

pub struct World {
    pub ports: Ports,
    pub tenant: Tenant,
    pub swept: Arc<AtomicUsize>,
    outside: Arc<Outside>,
    table: Arc<Shaky>,
}

/// What a door answered.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
    pub fn location(&self) -> &str {
        self.headers["location"].to_str().unwrap()
    }
}

impl World {
    pub fn new() -> Self {
        let outside = Arc::new(Outside { now: AtomicI64::new(START), ..Outside::default() });
        let table =
            Arc::new(Shaky { table: MemoryTable::new(), puts: AtomicUsize::new(0), fail_at: AtomicUsize::new(0) });
        let agent = Agent {
            name: "Агент".into(),
            inn: "7700000016".into(),
            address: "Москва".into(),
            email: "agent@pay.test".into(),
            phone: "+74950000000".into(),
            taxation: Taxation::Osn,
        };
        let payer = Payer {
            name: "Агент".into(),
            inn: "7700000016".into(),
            account: "40702810200000000001".into(),
            bic: "044525225".into(),
            bank: "Банк".into(),
            correspondent: "30101810400000000225".into(),
        };
        let settings = Settings {
            payer,
            base_url: BASE.into(),
            master_secret: MasterSecret(b"master".to_vec()),
            agent,
            operator_token_sha256: String::new(),
            allow_private_hosts: true,
            exchange_days: Settings::EXCHANGE_DAYS,
        };
        let ports = Ports {
            store: Store::new(table.clone()),
            http: outside.clone(),
            channels: outside.clone(),
            queue: outside.clone(),
            clock: outside.clone(),
            random: outside.clone(),
            settings: Arc::new(settings),
            tokens: Arc::default(),
        };
        let swept = Arc::new(AtomicUsize::new(0));
        let counter = swept.clone();
        let sweep: sandbox::Sweep = Arc::new(move |_, _| {
            counter.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Ok(()) })
        });
        assert!(outside.router.set(sandbox::router(ports.clone(), sweep)).is_ok());
        let tenant = Tenant::try_new("demoshop", Mode::Test).unwrap();
        Self { ports, tenant, swept, outside, table }
    }

    pub fn http(&self) -> &dyn Http {
        self.outside.as_ref()
    }

    pub fn secret(&self, purpose: &str) -> Vec<u8> {
        derive(&self.ports.settings.master_secret.0, purpose, &self.tenant)
    }

    pub fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// Real time passes, and what is due happens.
    pub async fn pass(&self, seconds: i64) {
        self.outside.now.fetch_add(seconds, Ordering::SeqCst);
        sandbox::sweep_tenant(&self.ports, &self.tenant).await.unwrap();
    }

    /// The queue's messages are worked off, once each.
    pub async fn drain(&self) -> usize {
        let messages: Vec<_> = self.outside.sent.lock().unwrap().drain(..).collect();
        for message in &messages {
            sandbox::work(&self.ports, &message.body).await.unwrap();
        }
        messages.len()
    }

    pub fn lose_messages(&self) {
        self.outside.sent.lock().unwrap().clear();
    }

    /// How the next callbacks are answered; nothing is silence.
    pub fn answers(&self, answers: &[Option<u16>]) {
        self.outside.answers.lock().unwrap().extend(answers);
    }

    /// What is said to callbacks from now on, whatever their status.
    pub fn says(&self, body: &str) {
        body.clone_into(&mut self.outside.says.lock().unwrap());
    }

    /// The next answers of the sandbox's doors are lost on their way: done, and not heard of.
    pub fn lose_answers(&self, count: usize) {
        self.outside.to_lose.store(count, Ordering::SeqCst);
    }

    /// Callbacks heard since last asked.
    pub fn heard(&self) -> Vec<Heard> {
        std::mem::take(&mut *self.outside.heard.lock().unwrap())
    }

    /// The `no`-th write from now on fails.
    pub fn fail_put(&self, no: usize) {
        let at = if no == 0 { 0 } else { self.table.puts.load(Ordering::SeqCst) + no };
        self.table.fail_at.store(at, Ordering::SeqCst);
    }

    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut request = http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).unwrap();
        let response = self.outside.router.get().unwrap().clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub async fn form(&self, url: &str, form: &str) -> Answer {
        let path = url.strip_prefix(BASE).unwrap_or(url);
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        self.ask("POST", path, &kind, form.to_owned()).await
    }
}
