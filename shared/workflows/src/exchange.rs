//! The journal of exchanges with banks: every request and answer, masked, kept apart from the orders they were about.
//!
//! ```text
//! door or worker ─▶ bank ─▶ answer        (a bank's callback likewise)
//!        └ masked ─▶ queue `exchange` ─▶ thousands together ─▶ packed by tenant and five minutes ─▶ one row
//! ```
//!
//! Nobody waits for the journal and nothing is decided by it: what could not be sent is in the log and missing here. Who made an
//! exchange draws its id; a queue may bring it twice and in other company, and it then lies in two rows of one slot. Slots are
//! read whole and by ids, so it is shown once.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use connectors::bank::{CallbackAnswer, Incoming};
use connectors::http::{Http, HttpError, Identity, Request, Response};
use connectors::mask;
use domain::exchange::{Exchange, Outcome, Place, Purpose, SLOT_SECONDS, slot};
use domain::id::{OrderId, Tenant};
use domain::order::{Operation, Order};
use domain::time::{Timestamp, plus_seconds};
use storage::exchanges;
use storage::keys;
use storage::table::Freshness;

use crate::clock;
use crate::error::{Whose, WorkflowError};
use crate::perform;
use crate::ports::{Message, Ports, QueueName};

/// Random bytes of an id.
const ID_BYTES: usize = 10;
/// Bytes kept of a callback that was not believed: anybody can send one.
const REFUSED_BYTES_MAX: usize = 2 * 1024;
/// Rows read at once; a row is at most [`exchanges::ROW_BYTES_MAX`] long, and a query brings a megabyte.
const ROWS_AT_ONCE: usize = 10;

/// What an exchange is about.
#[derive(Debug, Clone)]
pub struct About {
    /// Whose.
    pub tenant: Tenant,
    /// Id of the account at the bank.
    pub account: Option<String>,
    /// The order.
    pub order: Option<OrderId>,
    /// Its operation.
    pub operation: Option<u8>,
    /// What for.
    pub purpose: Purpose,
}

impl About {
    /// An order's operation.
    pub fn operation(order: &OrderId, operation: u8, purpose: Purpose) -> Self {
        let tenant = order.tenant().clone();
        Self { tenant, account: None, order: Some(order.clone()), operation: Some(operation), purpose }
    }

    /// The same, over an account.
    #[must_use]
    pub fn over(self, account: &str) -> Self {
        Self { account: Some(account.to_owned()), ..self }
    }
}

/// The way out to a bank, with everything that goes over it put into the journal.
pub struct Recorded<'a> {
    ports: &'a Ports,
    about: About,
    ahead_seconds: i64,
}

/// The way out to a bank for one purpose: to be handed to a connector instead of `ports.http`.
pub async fn recorded(ports: &Ports, about: About) -> Recorded<'_> {
    let ahead_seconds = clock::ahead_seconds(ports, &about.tenant).await;
    Recorded { ports, about, ahead_seconds }
}

#[async_trait]
impl Http for Recorded<'_> {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        self.exchange(request, None).await
    }

    async fn send_as(&self, request: Request, identity: &Identity) -> Result<Response, HttpError> {
        self.exchange(request, Some(identity)).await
    }
}

impl Recorded<'_> {
    async fn exchange(&self, request: Request, identity: Option<&Identity>) -> Result<Response, HttpError> {
        let began = self.ports.clock.now();
        let headers: Vec<_> = request.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let sent = mask::passage(headers, &request.body, mask::BODY_BYTES_MAX);
        let (method, url) = (request.method.to_string(), mask::url(&request.url));
        let answer = match identity {
            None => self.ports.http.send(request).await,
            Some(identity) => self.ports.http.send_as(request, identity).await,
        };
        let (outcome, status, received, note) = match &answer {
            Ok(response) => {
                let headers = response.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
                let received = mask::passage(headers, &response.body, mask::BODY_BYTES_MAX);
                (Outcome::Answered, Some(response.status), Some(received), String::new())
            }
            Err(HttpError::NotSent(reason)) => (Outcome::NotSent, None, None, mask::note(reason)),
            Err(HttpError::Unknown(reason)) => (Outcome::NoAnswer, None, None, mask::note(reason)),
        };
        let exchange = Exchange {
            id: id(self.ports),
            at: plus_seconds(began, self.ahead_seconds),
            tenant: self.about.tenant.clone(),
            account: self.about.account.clone(),
            order: self.about.order.clone(),
            operation: self.about.operation,
            purpose: self.about.purpose,
            method,
            url,
            request: sent,
            status,
            answer: received,
            outcome,
            note,
            milliseconds: milliseconds_since(self.ports, began),
        };
        send(self.ports, &exchange).await;
        answer
    }
}

/// What became of a callback.
#[derive(Debug, Clone)]
pub struct Fate {
    outcome: Outcome,
    note: String,
    answer: Option<CallbackAnswer>,
}

impl Fate {
    /// As a workflow tells it.
    pub fn of<T, E: std::fmt::Display>(told: &Result<Result<T, E>, WorkflowError>) -> Self {
        let (outcome, note) = match told {
            Ok(Ok(_)) => (Outcome::Taken, String::new()),
            Ok(Err(error)) => (Outcome::Refused, error.to_string()),
            Err(error) if error.whose() == Whose::Caller => (Outcome::Refused, error.chain()),
            Err(error) => (Outcome::Failed, error.chain()),
        };
        Self { outcome, note, answer: None }
    }

    /// With the answer the bank was given.
    #[must_use]
    pub fn answered(self, answer: CallbackAnswer) -> Self {
        Self { answer: Some(answer), ..self }
    }
}

/// Puts a callback that came in, and what became of it, into the journal. Who is not believed may be anybody: of that little is
/// kept, and nothing for a tenant there is not.
pub async fn came_in(ports: &Ports, about: About, incoming: &Incoming, fate: Fate) {
    let began = ports.clock.now();
    let believed = fate.outcome == Outcome::Taken;
    if !believed && perform::partner(ports, &about.tenant).await.is_err() {
        return;
    }
    let max = if believed { mask::BODY_BYTES_MAX } else { REFUSED_BYTES_MAX };
    let query = if incoming.query.is_empty() { String::new() } else { format!("?{}", incoming.query) };
    let answer = fate.answer.map(|CallbackAnswer { content_type, body }| {
        mask::passage(content_type.map(|kind| ("content-type", kind)), body.as_bytes(), mask::BODY_BYTES_MAX)
    });
    let exchange = Exchange {
        id: id(ports),
        at: plus_seconds(began, clock::ahead_seconds(ports, &about.tenant).await),
        method: if incoming.body.is_empty() && !query.is_empty() { "GET" } else { "POST" }.to_owned(),
        url: mask::url(&format!("{}/callbacks/bank{query}", ports.settings.base_url)),
        request: mask::passage(mask::readable(&incoming.headers), &incoming.body, max),
        tenant: about.tenant,
        account: about.account,
        order: about.order,
        operation: about.operation,
        purpose: about.purpose,
        status: believed.then_some(200),
        answer,
        outcome: fate.outcome,
        note: mask::note(&fate.note),
        milliseconds: 0,
    };
    send(ports, &exchange).await;
}

fn id(ports: &Ports) -> String {
    let mut drawn = [0; ID_BYTES];
    ports.random.fill(&mut drawn);
    hex::encode(drawn)
}

fn milliseconds_since(ports: &Ports, began: Timestamp) -> u32 {
    let passed = ports.clock.now().as_millisecond() - began.as_millisecond();
    u32::try_from(passed.max(0)).unwrap_or(u32::MAX)
}

/// Sends a record to who keeps it. A failure is logged and no more: no payment fails for its journal.
async fn send(ports: &Ports, exchange: &Exchange) {
    let body = match serde_json::to_string(exchange) {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(%error, "an exchange can not be written");
            return;
        }
    };
    let message = Message { queue: QueueName::Exchange, body, delay_seconds: 0 };
    if let Err(error) = ports.queue.send(vec![message]).await {
        tracing::warn!(order = exchange.order.as_ref().map(ToString::to_string), %error, "an exchange is missing in the journal");
    }
}

/// The worker of the queue `exchange`: keeps what came together in as few rows as can be. Answers for each message by itself, in
/// their order.
pub async fn keep(ports: &Ports, bodies: &[String]) -> Vec<Result<(), WorkflowError>> {
    let read: Vec<Result<Exchange, _>> = bodies.iter().map(|body| serde_json::from_str(body)).collect();
    let sound = read.iter().filter_map(|exchange| exchange.as_ref().ok()).cloned();
    let mut failed: BTreeMap<String, String> = BTreeMap::new();
    match exchanges::pack(sound) {
        Ok(rows) => {
            for row in rows {
                let ttl = plus_seconds(row.latest, i64::from(ports.settings.exchange_days) * 24 * 3_600).as_second();
                if let Err(error) = ports.store.put_exchanges(&row, ttl).await {
                    let reason = WorkflowError::from(error).chain();
                    failed.extend(row.ids.into_iter().map(|id| (id, reason.clone())));
                }
            }
        }
        Err(error) => failed.extend(read.iter().flatten().map(|exchange| (exchange.id.clone(), error.to_string()))),
    }
    let answers = read.into_iter().map(|exchange| match exchange {
        Err(error) => Err(WorkflowError::Message(error)),
        Ok(exchange) => match failed.get(&exchange.id) {
            Some(reason) => Err(WorkflowError::Outside { who: "the table", reason: reason.clone() }),
            None => Ok(()),
        },
    });
    answers.collect()
}

/// A stretch of time: its beginning belongs to it, its end does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// From here on.
    pub from: Timestamp,
    /// Up to here.
    pub to: Timestamp,
}

/// Which exchanges.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Of this order.
    pub order: Option<OrderId>,
    /// With this text in them, in whatever case.
    pub text: Option<String>,
}

impl Wanted {
    fn takes(&self, exchange: &Exchange, lower: Option<&str>) -> bool {
        self.order.as_ref().is_none_or(|order| exchange.order.as_ref() == Some(order))
            && lower.is_none_or(|text| exchange.mentions(text))
    }
}

/// How far one page reads: a page that finds little is short, and says where to go on.
#[derive(Debug, Clone, Copy)]
pub struct Reach {
    /// Queries, at most; each brings [`ROWS_AT_ONCE`] rows or the end of a day. The slot that was begun is read to its end.
    pub queries: usize,
}

impl Reach {
    /// Some ten megabytes as they are kept, or a month without exchanges.
    pub const STANDARD: Self = Self { queries: 32 };
}

/// Some exchanges, newest first.
#[derive(Debug, Clone)]
pub struct ExchangesFound {
    /// They.
    pub exchanges: Vec<Exchange>,
    /// Everything from here on has been looked at; nothing when all has been.
    pub next: Option<Place>,
}

/// The next `limit` exchanges that are wanted, newest first, before the place where an earlier page ended. `spans` lie apart, the
/// latest first.
pub async fn find(
    ports: &Ports,
    tenant: &Tenant,
    spans: &[Span],
    wanted: &Wanted,
    before: Option<&Place>,
    limit: usize,
    reach: Reach,
) -> Result<ExchangesFound, WorkflowError> {
    let lower = wanted.text.as_deref().map(str::to_lowercase);
    let (mut found, mut queries) = (Vec::new(), 0);
    for (no, span) in spans.iter().enumerate() {
        let from = span.from.as_millisecond();
        let mut to: Place = (span.to.as_millisecond(), String::new());
        if let Some(before) = before {
            to = to.min(before.clone());
        }
        while to > (from, String::new()) {
            let last = if to.1.is_empty() { to.0 - 1 } else { to.0 };
            let Ok(last) = Timestamp::from_millisecond(last) else { break };
            let day = day_of(last);
            let mut after = Some(keys::before_slot(slot(last)));
            let mut open: Option<(Timestamp, BTreeMap<Place, Exchange>)> = None;
            'day: loop {
                let page = ports.store.exchanges(tenant, day, after, ROWS_AT_ONCE).await?;
                queries += 1;
                for (slot, exchanges) in page.rows {
                    if let Some((read, taken)) = open.take_if(|(open, _)| *open != slot)
                        && let Some(next) = give(&mut found, taken, limit, read, queries >= reach.queries)
                    {
                        return Ok(ExchangesFound { exchanges: found, next: Some(next) });
                    }
                    if plus_seconds(slot, SLOT_SECONDS).as_millisecond() <= from {
                        break 'day;
                    }
                    let (_, taken) = open.get_or_insert_with(|| (slot, BTreeMap::new()));
                    for exchange in exchanges {
                        let place = exchange.place();
                        if place.0 >= from && place < to && wanted.takes(&exchange, lower.as_deref()) {
                            taken.insert(place, exchange);
                            // One more than can be given tells that there are more.
                            if taken.len() > limit - found.len() + 1 {
                                taken.pop_first();
                            }
                        }
                    }
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            if let Some((read, taken)) = open
                && let Some(next) = give(&mut found, taken, limit, read, false)
            {
                return Ok(ExchangesFound { exchanges: found, next: Some(next) });
            }
            to = (day.as_millisecond(), String::new());
            let left = to.0 > from || no + 1 < spans.len();
            if left && queries >= reach.queries {
                return Ok(ExchangesFound { exchanges: found, next: Some(to) });
            }
        }
    }
    Ok(ExchangesFound { exchanges: found, next: None })
}

/// Gives a slot's exchanges out, newest first. Answers where to go on, if this is enough: after the last that was given, or where
/// the slot begins.
fn give(
    found: &mut Vec<Exchange>,
    taken: BTreeMap<Place, Exchange>,
    limit: usize,
    slot: Timestamp,
    enough: bool,
) -> Option<Place> {
    for exchange in taken.into_values().rev() {
        if found.len() >= limit {
            return found.last().map(Exchange::place);
        }
        found.push(exchange);
    }
    (enough || found.len() >= limit).then(|| (slot.as_millisecond(), String::new()))
}

fn day_of(at: Timestamp) -> Timestamp {
    let second = at.as_second();
    Timestamp::from_second(second - second.rem_euclid(24 * 3_600)).unwrap_or(at)
}

/// Seconds before an entry of an order's journal in which exchanges about it may have been made.
const BEFORE_SECONDS: i64 = 3_600;
/// Seconds after it: a bank repeats its callbacks for a day.
const AFTER_SECONDS: i64 = 36 * 3_600;

/// An order's exchanges, newest first: around each entry of its journal, and up to now while an operation is open.
pub async fn of_order(
    ports: &Ports,
    id: &OrderId,
    before: Option<&Place>,
    limit: usize,
) -> Result<ExchangesFound, WorkflowError> {
    let loaded = ports.store.load(id, Freshness::Eventual).await?;
    let order = match loaded {
        Some(loaded) => loaded.order,
        None => ports.store.load(id, Freshness::Consistent).await?.ok_or(WorkflowError::NotFound)?.order,
    };
    let now = clock::now(ports, id.tenant()).await?;
    let wanted = Wanted { order: Some(id.clone()), text: None };
    find(ports, id.tenant(), &spans_of(&order, now), &wanted, before, limit, Reach::STANDARD).await
}

/// When an order's exchanges were made, the latest stretch first.
fn spans_of(order: &Order, now: Timestamp) -> Vec<Span> {
    let end = plus_seconds(now, 2 * SLOT_SECONDS); // clocks of machines differ
    let mut spans: BTreeSet<(Timestamp, Timestamp)> = BTreeSet::new();
    let last = order.journal.iter().map(|entry| entry.at).max().unwrap_or(order.created_at);
    for at in order.journal.iter().map(|entry| entry.at) {
        spans.insert((plus_seconds(at, -BEFORE_SECONDS), plus_seconds(at, AFTER_SECONDS)));
    }
    if order.operations.iter().any(Operation::is_open) {
        spans.insert((plus_seconds(last, -BEFORE_SECONDS), end));
    }
    let mut merged: Vec<Span> = Vec::new();
    for (from, to) in spans {
        let to = to.min(end);
        match merged.last_mut() {
            Some(before) if from <= before.to => before.to = before.to.max(to),
            _ => merged.push(Span { from, to }),
        }
    }
    merged.reverse();
    merged
}
