//! The outside with faults: a table, HTTP, queues and channels that fail before, fail after, repeat, delay and die.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use connectors::channel::{ChannelError, Channels, Email, Sms};
use connectors::http::{Http, HttpError, Request, Response};
use domain::time::Timestamp;
use http_body_util::BodyExt as _;
use sha2::{Digest, Sha256};
use storage::table::{Freshness, Item, Key, Page, Range, Table, TableError, Write};
use tower::ServiceExt as _;
use workflows::ports::{Clock, Message, Queue, QueueError, Random};

use super::devices::Device;
use super::dice::Dice;
use super::processes::{Processes, promise};

/// The world everyone lives in. Clones share it.
#[derive(Clone)]
pub struct World {
    /// Chance.
    pub dice: Dice,
    /// Processes.
    pub processes: Processes,
    /// Unix seconds.
    pub seconds: Arc<AtomicI64>,
    /// Whether faults happen.
    pub faulty: Arc<AtomicBool>,
    /// Faults that happened.
    pub faults: Arc<AtomicUsize>,
    /// The table behind the faults.
    pub table: Arc<dyn Table>,
    /// Messages on their way to workers, with how often each was received.
    pub queue: Arc<Mutex<Vec<(Message, u8)>>>,
    /// Messages nobody could work off.
    pub dead: Arc<AtomicUsize>,
    /// Machines that answer HTTP.
    pub machines: Arc<Mutex<Vec<Router>>>,
    /// What the partner's endpoint has heard: `webhook-id`.
    pub heard: Arc<Mutex<Vec<String>>>,
    /// References of messages the buyers got.
    pub letters: Arc<Mutex<Vec<String>>>,
    /// When the buyers were told of charges to come, by the message's reference: anew after a pause.
    pub notices: Arc<Mutex<BTreeMap<String, Vec<i64>>>>,
    /// Registers in the partner's shops.
    pub devices: Arc<Mutex<Vec<Device>>>,
    /// Callbacks of banks that were made: any may come again when it is stale.
    pub callbacks: Arc<Mutex<Vec<http::Request<Vec<u8>>>>>,
    /// Whether the sandbox's bank declines some charges of saved means, always the same ones.
    pub moody: bool,
}

/// What becomes of one input or output.
enum Fate {
    Happens,
    DoesNot,
    HappensUnseen,
    DiesBefore,
    DiesAfter,
}

impl World {
    fn fate(&self, what: &str) -> Fate {
        if !self.faulty.load(Ordering::Relaxed) {
            return Fate::Happens;
        }
        let fate = match self.dice.below(1_000) {
            0..=9 => Fate::DoesNot,
            10..=19 => Fate::HappensUnseen,
            20..=25 => Fate::DiesBefore,
            26..=31 => Fate::DiesAfter,
            _ => return Fate::Happens,
        };
        self.faults.fetch_add(1, Ordering::Relaxed);
        self.dice.note(what);
        fate
    }

    /// One input or output: others may come first, and it may fail or be the last of its process.
    async fn io<T, E>(
        &self,
        what: &str,
        act: impl Future<Output = Result<T, E>> + Send,
        not_done: impl FnOnce() -> E,
        unknown: impl FnOnce() -> E,
    ) -> Result<T, E> {
        self.processes.others().await;
        match self.fate(what) {
            Fate::Happens => act.await,
            Fate::DoesNot => Err(not_done()),
            Fate::HappensUnseen => match act.await {
                Ok(_) => Err(unknown()),
                Err(error) => Err(error),
            },
            Fate::DiesBefore => {
                self.processes.die().await;
                Err(not_done())
            }
            Fate::DiesAfter => {
                let _ = act.await;
                self.processes.die().await;
                Err(unknown())
            }
        }
    }

    /// Sends a request to one of the machines, as a process of its own that may die unanswered.
    pub async fn call(&self, mut request: http::Request<Vec<u8>>) -> Option<Response> {
        // A door would draw an id of its own, past the dice; and answers with it are kept in the journal of exchanges.
        if let Ok(id) = http::HeaderValue::try_from(format!("{:016x}", self.dice.below(usize::MAX))) {
            request.headers_mut().insert("x-request-id", id);
        }
        let router = {
            let machines = self.machines.lock().unwrap_or_else(PoisonError::into_inner);
            machines[self.dice.below(machines.len())].clone()
        };
        let (give, awaited) = promise();
        let dice = self.dice.clone();
        self.processes.start(async move {
            let what = format!("{} {}", request.method(), request.uri().path());
            let Ok(response) = router.oneshot(request.map(Body::from)).await;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
            dice.note(&format!("{what} {}", parts.status.as_u16()));
            let headers = parts
                .headers
                .iter()
                .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
            give.keep(Response { status: parts.status.as_u16(), headers: headers.collect(), body });
        });
        awaited.value().await
    }
}

fn lost() -> Box<dyn std::error::Error + Send + Sync> {
    "simulated".into()
}

/// The table as one machine sees it.
pub struct FaultyTable(pub World);

#[async_trait]
impl Table for FaultyTable {
    async fn get(&self, key: &Key, freshness: Freshness) -> Result<Option<Item>, TableError> {
        let act = self.0.table.get(key, freshness);
        self.0.io("get", act, || TableError::NotDone(lost()), || TableError::Unknown(lost())).await
    }

    async fn query(&self, range: &Range, freshness: Freshness) -> Result<Page, TableError> {
        let act = self.0.table.query(range, freshness);
        self.0.io("query", act, || TableError::NotDone(lost()), || TableError::Unknown(lost())).await
    }

    async fn put(&self, write: Write) -> Result<(), TableError> {
        let act = self.0.table.put(write);
        self.0.io("put", act, || TableError::NotDone(lost()), || TableError::Unknown(lost())).await
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<(), TableError> {
        let act = self.0.table.commit(writes);
        self.0.io("commit", act, || TableError::Conflict { write: 0 }, || TableError::Unknown(lost())).await
    }

    async fn due(&self, bucket: &str, until: i64, limit: usize) -> Result<Vec<(Key, i64)>, TableError> {
        let act = self.0.table.due(bucket, until, limit);
        self.0.io("due", act, || TableError::NotDone(lost()), || TableError::Unknown(lost())).await
    }

    async fn add(&self, key: &Key, amount: u64) -> Result<u64, TableError> {
        let act = self.0.table.add(key, amount);
        self.0.io("add", act, || TableError::NotDone(lost()), || TableError::Unknown(lost())).await
    }
}

/// Where the sandbox's own bank charges saved means.
const CHARGES: &str = "/sandbox/bank/v1/charges";

/// Whether an address is a bank's.
fn is_bank(path: &str) -> bool {
    let code = path.strip_prefix("/sandbox/").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    path.starts_with("/sandbox/bank/v1/") || sandbox::double::Family::parse(code).is_some()
}

/// Whether the sandbox's bank never charges the payment of this request: one in six.
fn is_declined(body: &[u8]) -> bool {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let number = body["payment"]["number"].as_str().or(body["number"].as_str()).unwrap_or_default();
    Sha256::digest(number)[0].is_multiple_of(6)
}

fn answer(status: u16, body: &'static [u8]) -> Response {
    Response { status, headers: Vec::new(), body: Bytes::from_static(body) }
}

/// HTTP as one machine sees it.
pub struct FaultyHttp {
    /// The world.
    pub world: World,
    /// Our own address; everything else is the partner's.
    pub base_url: String,
}

impl FaultyHttp {
    async fn exchange(&self, request: Request) -> Result<Response, HttpError> {
        let Some(path) = request.url.strip_prefix(&self.base_url) else {
            return Ok(self.partner(&request));
        };
        let mut builder = http::Request::builder().method(request.method).uri(path);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let built = builder.body(request.body.to_vec()).map_err(|error| HttpError::NotSent(error.to_string()))?;
        let faulty = self.world.faulty.load(Ordering::Relaxed);
        if self.world.moody && path == CHARGES && is_declined(&request.body) {
            return Ok(answer(402, br#"{"code":"declined","detail":"Not this one"}"#));
        }
        if faulty && self.world.dice.chance(20) {
            // The network repeats it; the second arrives whenever it does.
            self.again(built.clone());
        }
        if path.starts_with("/callbacks/bank/") {
            self.stale(&built, faulty);
        }
        let at_bank = faulty && is_bank(path);
        if at_bank && self.world.dice.chance(5) {
            return Ok(answer(429, b"Too many requests"));
        }
        let response = self.world.call(built).await.ok_or_else(|| HttpError::Unknown("no answer".to_owned()))?;
        Ok(if at_bank { self.garbled(response) } else { response })
    }

    fn again(&self, request: http::Request<Vec<u8>>) {
        let world = self.world.clone();
        self.world.processes.start(async move {
            let _ = world.call(request).await;
        });
    }

    /// Keeps a bank's callback, and has an earlier one come again: what it says was true once.
    fn stale(&self, callback: &http::Request<Vec<u8>>, faulty: bool) {
        let mut kept = self.world.callbacks.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(callback.clone());
        let earlier = kept[self.world.dice.below(kept.len())].clone();
        drop(kept);
        if faulty && self.world.dice.chance(100) {
            self.world.faults.fetch_add(1, Ordering::Relaxed);
            self.again(earlier);
        }
    }

    /// What a gateway between us and the bank makes of its answer: the bank has done what it was asked to.
    fn garbled(&self, response: Response) -> Response {
        const HTML: &[u8] = b"<!DOCTYPE html><title>502 Bad Gateway</title>";
        let garbled = match self.world.dice.below(1_000) {
            0..=4 => answer(502, HTML),
            5..=9 => answer(200, HTML),
            10..=14 => answer(500, b""),
            15..=19 => {
                let half = response.body.len() / 2;
                Response { body: response.body.slice(..half), ..response }
            }
            20..=22 => answer(200, b""),
            _ => return response,
        };
        self.world.faults.fetch_add(1, Ordering::Relaxed);
        garbled
    }

    /// The partner's endpoint: slow to come back, sometimes asking for patience, never twice to be believed.
    fn partner(&self, request: &Request) -> Response {
        let id = request.headers.iter().find(|(name, _)| *name == "webhook-id").map(|(_, value)| value.clone());
        let mut headers = Vec::new();
        let status = if self.world.faulty.load(Ordering::Relaxed) && self.world.dice.chance(150) {
            headers.push(("retry-after".to_owned(), "120".to_owned()));
            503
        } else {
            self.world.heard.lock().unwrap_or_else(PoisonError::into_inner).extend(id);
            204
        };
        Response { status, headers, body: Bytes::new() }
    }
}

#[async_trait]
impl Http for FaultyHttp {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let act = self.exchange(request);
        let not_sent = || HttpError::NotSent("simulated".to_owned());
        self.world.io("http", act, not_sent, || HttpError::Unknown("simulated".to_owned())).await
    }
}

/// Queues: some messages are lost with an error, some without one, some come twice.
pub struct FaultyQueue(pub World);

#[async_trait]
impl Queue for FaultyQueue {
    async fn send(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        let world = &self.0;
        let act = async {
            for message in messages {
                let faulty = world.faulty.load(Ordering::Relaxed);
                let copies = if faulty && world.dice.chance(30) { 2 } else { 1 };
                let mut queue = world.queue.lock().unwrap_or_else(PoisonError::into_inner);
                for _ in 0..copies {
                    queue.push((message.clone(), 0));
                }
            }
            Ok(())
        };
        let error = || QueueError { queue: "simulated", reason: "simulated".to_owned() };
        world.io("queue", act, error, error).await
    }
}

/// Channels to the buyers.
pub struct FaultyChannels(pub World);

#[async_trait]
impl Channels for FaultyChannels {
    async fn email(&self, email: Email) -> Result<String, ChannelError> {
        self.deliver(email.reference).await
    }

    async fn sms(&self, sms: Sms) -> Result<String, ChannelError> {
        self.deliver(sms.reference).await
    }
}

impl FaultyChannels {
    async fn deliver(&self, reference: String) -> Result<String, ChannelError> {
        let world = &self.0;
        let act = async {
            if reference.ends_with("-notice") {
                let at = world.seconds.load(Ordering::Relaxed);
                let mut notices = world.notices.lock().unwrap_or_else(PoisonError::into_inner);
                notices.entry(reference.clone()).or_default().push(at);
            }
            world.letters.lock().unwrap_or_else(PoisonError::into_inner).push(reference);
            Ok("simulated".to_owned())
        };
        let not_sent = || ChannelError::NotSent("simulated".to_owned());
        world.io("channel", act, not_sent, || ChannelError::Unknown("simulated".to_owned())).await
    }
}

/// A machine's clock: the world's, somewhat fast or slow.
pub struct SkewedClock {
    /// The world.
    pub world: World,
    /// Seconds it is ahead.
    pub skew: i64,
}

impl Clock for SkewedClock {
    fn now(&self) -> Timestamp {
        let seconds = self.world.seconds.load(Ordering::Relaxed) + self.skew;
        Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// Randomness from the seed.
pub struct SeededRandom(pub Dice);

impl Random for SeededRandom {
    fn fill(&self, buffer: &mut [u8]) {
        self.0.fill(buffer);
    }
}
