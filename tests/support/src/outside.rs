//! Everything outside, in our hand: time, chance, the network, the queues, the buyer's mailbox.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use axum::body::Body;
use bytes::Bytes;
use connectors::channel::{ChannelError, Channels, Email, Sms};
use connectors::http::{Http, HttpError, Request, Response};
use domain::time::Timestamp;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tokio::sync::oneshot;
use workflows::ports::{Clock, Message, QueueError, QueueName, Random};

use crate::answer::Answer;
use crate::doors::Doors;

/// Seconds until a message whose worker failed is brought again.
const VISIBILITY_SECONDS: i64 = 60;
/// Times a message is brought before it is given up.
const RECEIVES_MAX: u8 = 5;

fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A clock that stands until it is moved.
#[derive(Debug)]
pub struct HandClock(AtomicI64);

impl HandClock {
    /// Stands at a moment.
    pub fn new(at: Timestamp) -> Self {
        Self(AtomicI64::new(at.as_second()))
    }

    /// Moves on (or back, as bad clocks do).
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::Relaxed)).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// Randomness from a seed.
pub struct Seeded(Mutex<ChaCha8Rng>);

impl Seeded {
    /// The same seed, the same bytes.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(ChaCha8Rng::seed_from_u64(seed)))
    }
}

impl Random for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        locked(&self.0).fill_bytes(buffer);
    }
}

/// Something that is about to be done outside.
#[derive(Debug)]
pub enum Call<'a> {
    /// A request over the network.
    Http(&'a Request),
    /// An e-mail.
    Email(&'a Email),
    /// A text message.
    Sms(&'a Sms),
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It does not happen, and the caller is told so.
    NotDone,
    /// It does not happen, and the caller hears nothing.
    Silence,
    /// It happens, and the caller hears nothing.
    AnswerLost,
    /// It never will be done, and the caller is told so.
    Refused,
}

type Faults = Box<dyn FnMut(&Call<'_>) -> Option<Fault> + Send>;
type Site = Arc<dyn Fn(&Request) -> Response + Send + Sync>;

/// The network: our own addresses are answered by our doors, others by whoever was put there.
pub struct Net {
    base_url: String,
    doors: Mutex<Option<Doors>>,
    sites: Mutex<BTreeMap<String, Site>>,
    sent: Mutex<Vec<Request>>,
    faults: Mutex<Option<Faults>>,
    holds: Mutex<Vec<Hold>>,
}

/// An answer that will be late.
struct Hold {
    of: Box<dyn Fn(&Request) -> bool + Send>,
    given: oneshot::Sender<()>,
    arrives: oneshot::Receiver<()>,
}

/// An answer on its way.
pub struct Late {
    given: oneshot::Receiver<()>,
    arrives: oneshot::Sender<()>,
}

impl Late {
    /// Waits until it is given; then it is on its way until it [arrives](Self::arrives).
    pub async fn given(&mut self) {
        (&mut self.given).await.expect("somebody asks");
    }

    /// It arrives.
    pub fn arrives(self) {
        self.arrives.send(()).expect("somebody waits for it");
    }
}

impl Net {
    pub(crate) fn new(base_url: &str) -> Self {
        let net = Self {
            base_url: base_url.to_owned(),
            doors: Mutex::default(),
            sites: Mutex::default(),
            sent: Mutex::default(),
            faults: Mutex::default(),
            holds: Mutex::default(),
        };
        net.answer("https://shop.example/", |_| Response { status: 200, headers: Vec::new(), body: Bytes::new() });
        net
    }

    pub(crate) fn open(&self, doors: Doors) {
        *locked(&self.doors) = Some(doors);
    }

    /// From now on, requests to addresses that begin so are answered so. The longest beginning counts.
    pub fn answer(&self, prefix: &str, site: impl Fn(&Request) -> Response + Send + Sync + 'static) {
        locked(&self.sites).insert(prefix.to_owned(), Arc::new(site));
    }

    /// From now on, this decides what goes wrong.
    pub fn faults(&self, faults: impl FnMut(&Call<'_>) -> Option<Fault> + Send + 'static) {
        *locked(&self.faults) = Some(Box::new(faults));
    }

    /// From now on, nothing goes wrong.
    pub fn no_faults(&self) {
        *locked(&self.faults) = None;
    }

    /// What is done for the next such request is done at once; its answer takes as long as is wanted.
    pub fn late(&self, of: impl Fn(&Request) -> bool + Send + 'static) -> Late {
        let (given, seen) = oneshot::channel();
        let (arrives, waits) = oneshot::channel();
        locked(&self.holds).push(Hold { of: Box::new(of), given, arrives: waits });
        Late { given: seen, arrives }
    }

    /// Every request to others than ourselves, oldest first.
    pub fn sent(&self) -> Vec<Request> {
        locked(&self.sent).clone()
    }

    /// Bodies and headers of the webhooks the demo partner got, oldest first.
    pub fn webhooks(&self) -> Vec<Request> {
        self.sent().into_iter().filter(|request| request.url == crate::demo::WEBHOOK_URL).collect()
    }

    async fn deal(&self, request: Request) -> Result<Response, HttpError> {
        if let Some(path) = request.url.strip_prefix(&self.base_url).filter(|path| path.starts_with('/')) {
            let doors = locked(&self.doors).clone();
            let doors = doors.ok_or_else(|| HttpError::NotSent("the doors are not open yet".to_owned()))?;
            let mut ours = http::Request::builder().method(request.method.clone()).uri(path);
            for (name, value) in &request.headers {
                ours = ours.header(*name, value);
            }
            let ours = ours.body(Body::from(request.body.clone()));
            let ours = ours.map_err(|error| HttpError::NotSent(error.to_string()))?;
            let answer = Answer::of(doors.call(ours).await).await;
            let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
            let headers = answer.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
            return Ok(Response { status: answer.status, headers: headers.collect(), body: answer.body });
        }
        let sites = locked(&self.sites).clone();
        let site = sites.iter().rev().find(|(prefix, _)| request.url.starts_with(prefix.as_str()));
        let answer = site.map(|(_, site)| site(&request));
        locked(&self.sent).push(request);
        answer.ok_or_else(|| HttpError::NotSent("there is no such host".to_owned()))
    }

    fn fault(&self, call: &Call<'_>) -> Option<Fault> {
        locked(&self.faults).as_mut().and_then(|faults| faults(call))
    }
}

#[async_trait]
impl Http for Net {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let late = {
            let mut holds = locked(&self.holds);
            holds.iter().position(|hold| (hold.of)(&request)).map(|at| holds.remove(at))
        };
        if let Some(Hold { given, arrives, .. }) = late {
            let answer = self.deal(request).await;
            given.send(()).expect("whoever wants it late waits for it");
            arrives.await.expect("a late answer arrives");
            return answer;
        }
        match self.fault(&Call::Http(&request)) {
            None => self.deal(request).await,
            Some(Fault::NotDone) => Err(HttpError::NotSent("the line is down".to_owned())),
            Some(Fault::Refused) => Ok(Response { status: 403, headers: Vec::new(), body: "no".into() }),
            Some(Fault::Silence) => Err(HttpError::Unknown("silence".to_owned())),
            Some(Fault::AnswerLost) => {
                let _lost = self.deal(request).await;
                Err(HttpError::Unknown("the answer got lost".to_owned()))
            }
        }
    }
}

/// The buyer's mailbox and telephone.
#[derive(Default)]
pub struct Mailbox {
    emails: Mutex<Vec<Email>>,
    texts: Mutex<Vec<Sms>>,
    faults: Mutex<Option<Faults>>,
}

impl Mailbox {
    /// Every e-mail, oldest first.
    pub fn emails(&self) -> Vec<Email> {
        locked(&self.emails).clone()
    }

    /// Every text message, oldest first.
    pub fn texts(&self) -> Vec<Sms> {
        locked(&self.texts).clone()
    }

    /// From now on, this decides what goes wrong.
    pub fn faults(&self, faults: impl FnMut(&Call<'_>) -> Option<Fault> + Send + 'static) {
        *locked(&self.faults) = Some(Box::new(faults));
    }

    /// From now on, nothing goes wrong.
    pub fn no_faults(&self) {
        *locked(&self.faults) = None;
    }

    fn take<T>(&self, call: &Call<'_>, pile: &Mutex<Vec<T>>, message: T) -> Result<String, ChannelError> {
        let fault = locked(&self.faults).as_mut().and_then(|faults| faults(call));
        if !matches!(fault, None | Some(Fault::AnswerLost)) {
            return Err(match fault {
                Some(Fault::Refused) => ChannelError::Refused("there is no such address".to_owned()),
                Some(Fault::Silence) => ChannelError::Unknown("silence".to_owned()),
                _ => ChannelError::NotSent("the line is down".to_owned()),
            });
        }
        let mut pile = locked(pile);
        pile.push(message);
        match fault {
            None => Ok(format!("message-{}", pile.len())),
            Some(_) => Err(ChannelError::Unknown("the answer got lost".to_owned())),
        }
    }
}

#[async_trait]
impl Channels for Mailbox {
    async fn email(&self, email: Email) -> Result<String, ChannelError> {
        self.take(&Call::Email(&email), &self.emails, email.clone())
    }

    async fn sms(&self, sms: Sms) -> Result<String, ChannelError> {
        self.take(&Call::Sms(&sms), &self.texts, sms.clone())
    }
}

/// A message that waits for its worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Grows with every message.
    pub no: u64,
    /// The message.
    pub message: Message,
    /// Unix seconds before which it is not seen.
    pub visible_at: i64,
    /// Times it was brought and its worker failed.
    pub receives: u8,
}

/// The workers' queues, in one line. At least once is up to who pumps: [`Queue::put_back`] brings a message twice.
pub struct Queue {
    clock: Arc<HandClock>,
    line: Mutex<Line>,
}

#[derive(Default)]
struct Line {
    sent: u64,
    waiting: BTreeMap<u64, Waiting>,
    dead: Vec<Waiting>,
    closed: bool,
}

impl Queue {
    pub(crate) fn new(clock: Arc<HandClock>) -> Self {
        Self { clock, line: Mutex::default() }
    }

    /// Everything that waits, oldest first, whether it may be seen yet or not.
    pub fn waiting(&self) -> Vec<Waiting> {
        locked(&self.line).waiting.values().cloned().collect()
    }

    /// The oldest message that may be seen now.
    pub fn first(&self) -> Option<Waiting> {
        let now = self.clock.now().as_second();
        locked(&self.line).waiting.values().find(|waiting| waiting.visible_at <= now).cloned()
    }

    /// Takes the oldest message that may be seen now.
    pub fn take_first(&self) -> Option<Waiting> {
        self.first().and_then(|waiting| self.take(waiting.no))
    }

    /// Takes a message; not brought to a worker, it is lost.
    pub fn take(&self, no: u64) -> Option<Waiting> {
        locked(&self.line).waiting.remove(&no)
    }

    /// Takes everything that waits.
    pub fn take_all(&self) -> Vec<Waiting> {
        std::mem::take(&mut locked(&self.line).waiting).into_values().collect()
    }

    /// Puts a message (back) into the line at its old place, to be brought (again).
    pub fn put_back(&self, waiting: Waiting) {
        locked(&self.line).waiting.insert(waiting.no, waiting);
    }

    pub(crate) fn bring_again(&self, mut waiting: Waiting) {
        waiting.receives += 1;
        waiting.visible_at = self.clock.now().as_second() + VISIBILITY_SECONDS;
        let mut line = locked(&self.line);
        if waiting.receives >= RECEIVES_MAX {
            line.dead.push(waiting);
        } else {
            line.waiting.insert(waiting.no, waiting);
        }
    }

    /// Messages that were given up.
    pub fn dead(&self) -> Vec<Waiting> {
        locked(&self.line).dead.clone()
    }

    /// Whether the queues take messages; a closed one fails whoever sends.
    pub fn close(&self, closed: bool) {
        locked(&self.line).closed = closed;
    }
}

#[async_trait]
impl workflows::ports::Queue for Queue {
    async fn send(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        let now = self.clock.now().as_second();
        let mut line = locked(&self.line);
        if line.closed {
            let queue = messages.first().map_or(QueueName::Sandbox, |message| message.queue).name();
            return Err(QueueError { queue, reason: "closed".to_owned() });
        }
        for message in messages {
            line.sent += 1;
            let no = line.sent;
            let visible_at = now + i64::from(message.delay_seconds);
            line.waiting.insert(no, Waiting { no, message, visible_at, receives: 0 });
        }
        Ok(())
    }
}
