//! What closing a month costs: `cargo run --release --bin month -- [ORDERS]` (100,000).
//!
//! A month of orders that were paid and handed over, and most of them paid out, ninety at a time; its days are sealed. Then it is closed as
//! `month-close` does it, and all its papers are made as `documents` does: the act, and the register in parts as CSV and as workbooks.
//!
//! The table makes its orders up when they are read, so that what the process holds is what the workflow holds. Its rows are as long as real
//! ones: heads from `tests/stored`, and beside each its agreement and records of delivery. All of it is counted in DynamoDB's units.
//! Prints seconds, calls, units, and memory (Linux).
#![expect(clippy::unwrap_used, reason = "a benchmark ends where it can not go on")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use connectors::channel::{ChannelError, Channels, Email, Sms};
use connectors::client_bank::Payer;
use connectors::http::{Http, HttpError, Request, Response};
use domain::id::{BillNumber, Mode, OrderId, Tenant};
use domain::ledger::{DayBook, Line};
use domain::money::Money;
use domain::order::{Event, Order};
use domain::partner::Partner;
use domain::payout::{Payout, PayoutLine, PayoutState};
use domain::receipt::Agent;
use domain::report::{Closed, Period};
use domain::tax::Taxation;
use domain::time::{Timestamp, moscow_date, plus_seconds};
use jiff::civil::Date;
use papers::pdf::Pdf;
use papers::register::Register;
use papers::xlsx::Book;
use serde_json::Value;
use storage::keys;
use storage::memory::MemoryTable;
use storage::metered::{Meter, MeteredTable};
use storage::store::Store;
use storage::table::{Condition, Freshness, Item, Key, Page, Range, Table, TableError, Write};
use workflows::books;
use workflows::months::{self, Reading};
use workflows::ports::{Clock, MasterSecret, Message, Ports, Queue, QueueError, Random, Settings};

const HEAD: &str = include_str!("../../../tests/stored/rows/order-paid-out.json");
const AGREEMENT: &str = include_str!("../../../tests/stored/rows/agreement-paid-out.json");
const DELIVERIES: [&str; 3] = [
    include_str!("../../../tests/stored/rows/delivery-email-1.json"),
    include_str!("../../../tests/stored/rows/delivery-webhook-1.json"),
    include_str!("../../../tests/stored/rows/delivery-webhook-2.json"),
];
const PARTNER: &str = include_str!("../../../tests/stored/rows/partner-1.json");
/// Orders of one payout.
const GROUP: usize = 90;
const DAY: i64 = 24 * 3_600;
const MONTH: Date = Date::constant(2026, 11, 1);

fn body(row: &str) -> Value {
    serde_json::from_str::<Value>(row).unwrap()["body"].take()
}

/// The month: which order is which.
struct Month {
    tenant: Tenant,
    template: Order,
    begins: i64,
    count: usize,
    filler: [String; 4],
}

impl Month {
    fn new(count: usize) -> Self {
        let tenant = Tenant::try_new("bigshop", Mode::Live).unwrap();
        let mut template: Order = serde_json::from_value(body(HEAD)).unwrap();
        template.id = OrderId::new(tenant.clone(), "B-0", template.created_at);
        let begins = domain::time::MOSCOW.to_timestamp(MONTH.at(3, 0, 0, 0)).unwrap().as_second();
        let filler = [AGREEMENT, DELIVERIES[0], DELIVERIES[1], DELIVERIES[2]].map(|row| body(row).to_string());
        Self { tenant, template, begins, count, filler }
    }

    /// Orders are spread evenly over the month, but for its last hours.
    fn created(&self, no: usize) -> Timestamp {
        let seconds = 30 * DAY - 8 * 3_600;
        let at = i64::try_from(no).unwrap() * seconds / i64::try_from(self.count).unwrap();
        Timestamp::from_second(self.begins + at).unwrap()
    }

    fn number(no: usize) -> String {
        format!("B-{no:06}")
    }

    fn id(&self, no: usize) -> OrderId {
        OrderId::new(self.tenant.clone(), &Self::number(no), self.created(no))
    }

    /// When the payout an order belongs to was made.
    fn paid_out(&self, no: usize) -> Timestamp {
        let last = ((no / GROUP + 1) * GROUP).min(self.count) - 1;
        plus_seconds(self.created(last), 4 * DAY)
    }

    fn order(&self, no: usize) -> Order {
        let mut order = self.template.clone();
        let created = self.created(no);
        let moved = created.as_second() - self.template.created_at.as_second();
        order.id = self.id(no);
        order.number = Self::number(no);
        order.bill = BillNumber::new(u64::try_from(no).unwrap());
        order.created_at = created;
        for entry in &mut order.journal {
            let out = entry.event == Event::PaidOut;
            entry.at = if out { self.paid_out(no) } else { plus_seconds(entry.at, moved) };
        }
        // What was left unsaid after the payout would lie before it.
        let end = order.journal.iter().position(|entry| entry.event == Event::PaidOut).map_or(usize::MAX, |at| at + 1);
        order.journal.truncate(end);
        order
    }

    fn payouts(&self) -> Vec<Payout> {
        let to = serde_json::from_value::<Partner>(body(PARTNER)).unwrap().payout.to;
        let numbers: Vec<usize> = (0..self.count).collect();
        let groups = numbers.chunks(GROUP).enumerate();
        let payouts = groups.map(|(group, orders)| {
            let lines = orders.iter().map(|no| {
                let order = self.order(*no);
                let out = order.journal.iter().find(|entry| entry.event == Event::PaidOut).unwrap();
                PayoutLine { order: order.id.clone(), number: order.number.clone(), amount: out.postings[0].amount }
            });
            let lines: Vec<PayoutLine> = lines.collect();
            let amount = lines.iter().fold(Money::rub(0), |sum, line| sum.plus(line.amount).unwrap());
            Payout {
                id: format!("po_{group:026}"),
                version: 1,
                number: u32::try_from(group).unwrap() + 1,
                at: self.paid_out(orders[0]),
                amount,
                payee: "ООО «Справка»".into(),
                inn: "7700000016".into(),
                kpp: None,
                to: to.clone(),
                from: None,
                tax: None,
                days: None,
                orders: lines,
                carried: None,
                state: PayoutState::Sent,
                lines: Vec::new(),
            }
        });
        payouts.collect()
    }
}

/// Rows of one order: its head, and what lies beside it.
const SUFFIXES: [&str; 5] = ["", "#A", "#T#n3.email", "#T#w3", "#T#w5"];

/// A table whose orders are made up.
struct Made {
    month: Arc<Month>,
    /// By partition: ULIDs and numbers of orders, in order.
    orders: BTreeMap<String, Vec<(String, usize)>>,
    rest: MemoryTable,
}

impl Made {
    fn new(month: Arc<Month>) -> Self {
        let mut orders: BTreeMap<String, Vec<(String, usize)>> = BTreeMap::new();
        for no in 0..month.count {
            let id = month.id(no);
            orders.entry(keys::order_partition(&id)).or_default().push((id.ulid(), no));
        }
        for orders in orders.values_mut() {
            orders.sort();
        }
        Self { month, orders, rest: MemoryTable::new() }
    }

    fn row(&self, pk: &str, ulid: &str, no: usize, kind: usize) -> Item {
        let body = match kind.checked_sub(1) {
            None => serde_json::to_string(&self.month.order(no)).unwrap(),
            Some(kind) => self.month.filler[kind].clone(),
        };
        let key = Key { pk: pk.to_owned(), sk: format!("{ulid}{}", SUFFIXES[kind]) };
        Item { key, version: 9, body, due: None, ttl: None }
    }
}

#[async_trait]
impl Table for Made {
    async fn get(&self, key: &Key, freshness: Freshness) -> Result<Option<Item>, TableError> {
        self.rest.get(key, freshness).await
    }

    async fn query(&self, range: &Range, freshness: Freshness) -> Result<Page, TableError> {
        let Some(orders) = self.orders.get(&range.pk) else { return self.rest.query(range, freshness).await };
        assert!(range.prefix.is_empty() && !range.descending, "only whole months are read, oldest first");
        let after = range.after.clone().unwrap_or_default();
        let first =
            orders.partition_point(|(ulid, _)| *ulid < after.chars().take(keys::HEAD_LENGTH).collect::<String>());
        let rows = orders[first..].iter().flat_map(|(ulid, no)| (0..SUFFIXES.len()).map(move |kind| (ulid, *no, kind)));
        let mut rows = rows.filter(|(ulid, _, kind)| format!("{ulid}{}", SUFFIXES[*kind]) > after);
        let items: Vec<Item> =
            rows.by_ref().take(range.limit).map(|(ulid, no, kind)| self.row(&range.pk, ulid, no, kind)).collect();
        let next = rows.next().and_then(|_| items.last().map(|item| item.key.sk.clone()));
        Ok(Page { items, next })
    }

    async fn put(&self, write: Write) -> Result<(), TableError> {
        self.rest.put(write).await
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<(), TableError> {
        self.rest.commit(writes).await
    }

    async fn due(&self, bucket: &str, until: i64, limit: usize) -> Result<Vec<(Key, i64)>, TableError> {
        self.rest.due(bucket, until, limit).await
    }

    async fn add(&self, key: &Key, amount: u64) -> Result<u64, TableError> {
        self.rest.add(key, amount).await
    }
}

/// Nobody is outside.
struct Nobody(Timestamp);

#[async_trait]
impl Http for Nobody {
    async fn send(&self, _: Request) -> Result<Response, HttpError> {
        Err(HttpError::NotSent("nobody".into()))
    }
}

#[async_trait]
impl Channels for Nobody {
    async fn email(&self, _: Email) -> Result<String, ChannelError> {
        Err(ChannelError::NotSent("nobody".into()))
    }

    async fn sms(&self, _: Sms) -> Result<String, ChannelError> {
        Err(ChannelError::NotSent("nobody".into()))
    }
}

#[async_trait]
impl Queue for Nobody {
    async fn send(&self, _: Vec<Message>) -> Result<(), QueueError> {
        Ok(())
    }
}

impl Clock for Nobody {
    fn now(&self) -> Timestamp {
        self.0
    }
}

impl Random for Nobody {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

fn ports(table: Arc<dyn Table>) -> Ports {
    let nobody = Arc::new(Nobody("2026-12-02T09:00:00Z".parse().unwrap()));
    let name = "ООО «Апикасса»".to_owned();
    let settings = Settings {
        base_url: "https://pay.example".into(),
        master_secret: MasterSecret(b"the master secret of a benchmark".to_vec()),
        agent: Agent {
            name: name.clone(),
            inn: "7700000023".into(),
            address: "101000, Москва, ул. Примерная, 1".into(),
            email: "help@apikassa.example".into(),
            phone: "+74950000000".into(),
            taxation: Taxation::UsnIncome,
        },
        payer: Payer {
            name,
            inn: "7700000023".into(),
            account: "40702810700000000001".into(),
            bic: "044525901".into(),
            bank: "АО «Тестовый банк»".into(),
            correspondent: "30101810300000000901".into(),
        },
        operator_token_sha256: String::new(),
        allow_private_hosts: false,
        exchange_days: Settings::EXCHANGE_DAYS,
    };
    Ports {
        store: Store::new(table),
        http: Arc::clone(&nobody) as _,
        channels: Arc::clone(&nobody) as _,
        queue: Arc::clone(&nobody) as _,
        clock: Arc::clone(&nobody) as _,
        random: nobody as _,
        settings: Arc::new(settings),
        tokens: Arc::default(),
    }
}

/// A figure of the process, in kilobytes.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|figure| figure.parse().ok()).unwrap_or_default()
}

/// Forgets the peak so far.
fn reset_peak() {
    let _old_kernels_can_not = std::fs::write("/proc/self/clear_refs", "5");
}

#[expect(clippy::disallowed_methods, reason = "measures, decides nothing")]
fn now() -> Instant {
    Instant::now()
}

fn told(what: &str, meter: &Meter, label: &str, took: Duration) {
    let (mut writes, mut reads) = (0, 0);
    for line in meter.report().into_iter().filter(|line| line.label == label) {
        writes += line.write_units;
        reads += line.read_half_units;
    }
    let calls = meter.calls().get(label).copied().unwrap_or_default();
    let millis = took.as_millis();
    println!(
        "{what}: {}.{:03} s, {calls} calls, {writes} write units, {} read units, at most {} MB",
        millis / 1_000,
        millis % 1_000,
        reads / 2,
        memory("VmHWM:") / 1_024
    );
}

async fn set_up(ports: &Ports, table: &dyn Table, month: &Month) {
    let partner: Partner = serde_json::from_value(body(PARTNER)).unwrap();
    ports.store.put_partner(&month.tenant, &partner).await.unwrap();
    for payout in month.payouts() {
        let key = keys::payout(&month.tenant, &payout.id);
        let item = Item { body: serde_json::to_string(&payout).unwrap(), key, version: 1, due: None, ttl: None };
        table.put(Write { item, condition: Condition::Always }).await.unwrap();
    }
    // An order's entries lie on the day it was made, on the next, and on the day of its payout: days are sealed as they fill.
    let mut days: BTreeMap<Date, Vec<Line>> = BTreeMap::new();
    let mut last: Option<DayBook> = None;
    for no in 0..=month.count {
        let order = (no < month.count).then(|| month.order(no));
        let today = order.as_ref().map(|order| moscow_date(order.created_at));
        while let Some(day) = days.keys().next().copied().filter(|day| today.is_none_or(|today| *day < today)) {
            if day <= MONTH.last_of_month() {
                let book = DayBook::seal(last.as_ref(), day, days.remove(&day).unwrap()).unwrap();
                ports.store.put_day_book(&month.tenant, &book).await.unwrap();
                last = Some(book);
            } else {
                days.remove(&day);
            }
        }
        for line in order.iter().flat_map(books::lines_of) {
            days.entry(moscow_date(line.at)).or_default().push(line);
        }
    }
}

async fn papers_of(ports: &Ports, tenant: &Tenant, closed: &Closed, meter: &Meter) {
    let count = months::parts(closed);
    let mut sizes = [0_usize; 2];
    let mut largest = [0_usize; 2];
    for (kind, label) in ["csv", "xlsx"].into_iter().enumerate() {
        reset_peak();
        meter.start(label);
        let began = now();
        for part in 0..count {
            let mut reading = Reading::open(ports, tenant, closed, Some(part)).await.unwrap();
            let (report, before) = (reading.report.clone(), reading.before);
            let mut lines = Vec::new();
            while let Some(more) = reading.lines().await.unwrap() {
                lines.extend(more);
            }
            let bytes = if kind == 0 {
                let mut register = Register::part(Vec::new(), &report, before).unwrap();
                for line in &lines {
                    register.line(line).unwrap();
                }
                register.finish_part().unwrap()
            } else {
                let mut book = Book::part(Vec::new(), &report, before).unwrap();
                for line in &lines {
                    book.line(line).unwrap();
                }
                book.finish_part().unwrap()
            };
            sizes[kind] += bytes.len();
            largest[kind] = largest[kind].max(bytes.len());
        }
        told(&format!("{label} in {count} parts"), meter, label, began.elapsed());
        println!("  {} bytes, the largest part {}", sizes[kind], largest[kind]);
    }
    reset_peak();
    meter.start("act");
    let began = now();
    let report = Reading::open(ports, tenant, closed, None).await.unwrap().report;
    let register = closed.pages.as_ref().map(domain::report::pages::Pages::sha256);
    let bytes = Pdf::start(Vec::new(), &report, register.as_deref()).unwrap().finish().unwrap();
    told("act as PDF", meter, "act", began.elapsed());
    println!("  {} bytes", bytes.len());
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let count = std::env::args().nth(1).map_or(100_000, |count| count.parse().unwrap());
    let month = Arc::new(Month::new(count));
    let meter = Meter::new(|key| keys::kind(key).to_owned());
    let table: Arc<dyn Table> = Arc::new(MeteredTable::new(Made::new(Arc::clone(&month)), meter.clone()));
    let ports = ports(Arc::clone(&table));
    meter.start("set-up");
    set_up(&ports, table.as_ref(), &month).await;
    let row = serde_json::to_string(&month.order(0)).unwrap();
    println!("{count} orders, heads of {} bytes; before: {} MB", row.len(), memory("VmRSS:") / 1_024);

    reset_peak();
    meter.start("close");
    let began = now();
    let mut runs = 0;
    loop {
        runs += 1;
        let done = months::close(&ports, &month.tenant, months::ORDERS_MAX).await.unwrap();
        if !done.goes_on {
            assert_eq!(done.months, 1, "one month is closed");
            break;
        }
    }
    told(&format!("closed in {runs} runs"), &meter, "close", began.elapsed());
    let closed = ports.store.report(&month.tenant, Period::of(MONTH)).await.unwrap().unwrap();
    let pages = closed.pages.as_ref().unwrap();
    let head = serde_json::to_string(&closed).unwrap().len();
    println!(
        "  {} lines on {} pages, {} of movements; head {head} bytes",
        closed.totals.lines,
        pages.lines.len(),
        pages.movements.len()
    );
    for line in meter.report().iter().filter(|line| line.label == "close") {
        println!(
            "  {:<16} {:>6} calls {:>7} write units {:>7} read units",
            line.kind,
            line.calls,
            line.write_units,
            line.read_half_units / 2
        );
    }
    papers_of(&ports, &month.tenant, &closed, &meter).await;
}
