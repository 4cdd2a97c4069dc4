//! A month is closed in any number of steps, and through any crash, to the same report.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use domain::id::{Mode, Tenant};
use domain::ledger::Account;
use domain::report::pages::PageSeal;
use domain::report::{Event, Line};
use storage::keys;
use storage::memory::MemoryTable;
use storage::registers::Sheet;
use storage::store::Store;
use storage::table::{Condition, Freshness, Item, Key, Page, Range, Table, TableError, Write};
use support::World;
use workflows::books;
use workflows::months::{self, Reading};
use workflows::ports::Ports;

use crate::{DAY, cancelled, december, november, over, paid, report};

/// A table that goes down at one write: before it, or after it.
pub(crate) struct Crashing {
    inner: MemoryTable,
    writes: AtomicUsize,
    at: usize,
    done: bool,
}

impl Crashing {
    pub(crate) fn new(inner: MemoryTable, at: usize, done: bool) -> Self {
        Self { inner, writes: AtomicUsize::default(), at, done }
    }

    pub(crate) fn all_items(&self) -> Vec<Item> {
        self.inner.all_items()
    }

    /// How many writes were tried.
    pub(crate) fn writes(&self) -> usize {
        self.writes.load(Ordering::Relaxed)
    }

    async fn write(&self, write: impl Future<Output = Result<(), TableError>> + Send) -> Result<(), TableError> {
        let down = || std::io::Error::other("the process is gone");
        if self.writes.fetch_add(1, Ordering::Relaxed) != self.at {
            return write.await;
        }
        if !self.done {
            return Err(TableError::NotDone(down().into()));
        }
        write.await?;
        Err(TableError::Unknown(down().into()))
    }
}

#[async_trait]
impl Table for Crashing {
    async fn get(&self, key: &Key, freshness: Freshness) -> Result<Option<Item>, TableError> {
        self.inner.get(key, freshness).await
    }

    async fn query(&self, range: &Range, freshness: Freshness) -> Result<Page, TableError> {
        self.inner.query(range, freshness).await
    }

    async fn put(&self, write: Write) -> Result<(), TableError> {
        self.write(self.inner.put(write)).await
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<(), TableError> {
        self.write(self.inner.commit(writes)).await
    }

    async fn due(&self, bucket: &str, until: i64, limit: usize) -> Result<Vec<(Key, i64)>, TableError> {
        self.inner.due(bucket, until, limit).await
    }

    async fn add(&self, key: &Key, amount: u64) -> Result<u64, TableError> {
        self.inner.add(key, amount).await
    }
}

/// The same rows in another table.
pub(crate) async fn copied(items: &[Item]) -> MemoryTable {
    let table = MemoryTable::new();
    for item in items {
        table.put(Write { item: item.clone(), condition: Condition::Always }).await.unwrap();
    }
    table
}

pub(crate) fn over_table(world: &World, table: Arc<dyn Table>) -> Ports {
    Ports { store: Store::new(table), ..world.ports.clone() }
}

/// Closes a month step by step; answers in how many.
async fn close(ports: &Ports, tenant: &Tenant, orders_max: usize) -> usize {
    for step in 1..100 {
        match months::close(ports, tenant, orders_max).await {
            Ok(done) if !done.goes_on => return step,
            Ok(_) | Err(_) => {}
        }
    }
    panic!("the month is never closed");
}

async fn lines(ports: &Ports, tenant: &Tenant) -> Vec<Line> {
    let closed = ports.store.report(tenant, november()).await.unwrap().unwrap();
    let mut reading = Reading::open(ports, tenant, &closed, None).await.unwrap();
    let mut all = Vec::new();
    while let Some(lines) = reading.lines().await.unwrap() {
        all.extend(lines);
    }
    all
}

#[tokio::test]
async fn a_month_closed_in_steps_through_crashes_is_the_same_month() {
    let world = over().await;
    books::seal(&world.ports, &world.shop).await.unwrap();
    let items = world.table.all_items();
    assert_eq!(close(&world.ports, &world.shop, months::ORDERS_MAX).await, 1);
    let (whole, its_lines) = (report(&world, november()).await, lines(&world.ports, &world.shop).await);
    assert_eq!((whole.totals.lines, whole.totals.of(Event::Refunded).count), (11, 3));
    assert!(its_lines.is_sorted_by_key(|line| line.created));

    let mut most = 0;
    for orders_max in [1, 3] {
        for (at, done) in (0..40).flat_map(|at| [(at, false), (at, true)]) {
            let inner = copied(&items).await;
            let table = Arc::new(Crashing::new(inner, at, done));
            let ports = over_table(&world, Arc::clone(&table) as _);
            most = most.max(close(&ports, &world.shop, orders_max).await);
            let again = ports.store.report(&world.shop, november()).await.unwrap().unwrap();
            // Pages are as the steps were; all else is the same.
            assert_eq!(domain::report::Closed { pages: whole.pages.clone(), ..again }, whole, "{at} {done}");
            assert_eq!(lines(&ports, &world.shop).await, its_lines, "{at} {done}");
            if table.writes() < at {
                break;
            }
        }
    }
    assert!(most > 3, "only {most} steps");
}

#[tokio::test]
async fn two_that_close_the_same_month_at_once_close_it_once() {
    let world = over().await;
    books::seal(&world.ports, &world.shop).await.unwrap();
    let (one, other) = tokio::join!(
        months::close(&world.ports, &world.shop, months::ORDERS_MAX),
        months::close(&world.ports, &world.shop, months::ORDERS_MAX)
    );
    let closed = [one, other].into_iter().map(|done| done.unwrap().months).sum::<usize>();
    assert_eq!(closed, 1);
    assert_eq!(lines(&world.ports, &world.shop).await.len(), 11);
}

#[tokio::test]
async fn a_month_that_does_not_hold_rings_and_the_others_are_closed() {
    let world = over().await;
    let other = Tenant::try_new("othershop", Mode::Test).unwrap();
    world.enrol(&other, &support::partner()).await;
    books::seal(&world.ports, &world.shop).await.unwrap();
    // The balance of the last sealed day is not what its entries come to.
    let books = world.ports.store.day_books(&world.shop).await.unwrap();
    let mut book = books.into_iter().rfind(|book| november().contains(book.day)).unwrap();
    *book.balances.entry(Account::PartnerAvailable).or_default() -= 77_700;
    let key = keys::day_book(&world.shop, book.day);
    let item = Item { key, version: 1, body: serde_json::to_string(&book).unwrap(), due: None, ttl: None };
    let spoilt = Write { item, condition: Condition::Always };
    world.table.put(spoilt).await.unwrap();

    assert!(month_close::tick(world.ports.clone()).await.is_err(), "nobody would be told");
    assert!(world.ports.store.report(&world.shop, november()).await.unwrap().is_none());
    assert!(world.ports.store.last_day_book(&other).await.unwrap().is_some(), "another's books wait for it");
}

#[tokio::test]
async fn a_page_that_was_changed_is_not_read() {
    let world = over().await;
    world.close_days().await;
    let closed = report(&world, november()).await;
    let seal: PageSeal = closed.pages.as_ref().unwrap().lines[0].clone();
    let mut rows: Vec<Line> = world.ports.store.page(&world.shop, november(), Sheet::Lines, 0, &seal).await.unwrap();
    rows[0].amount = domain::money::Money::rub(1);
    let mut spoilt = domain::report::pages::Paged::default();
    for row in &rows {
        spoilt.push(row).unwrap();
    }
    let page = spoilt.finish().remove(0);
    world.ports.store.put_page(&world.shop, november(), Sheet::Lines, 0, &page).await.unwrap();
    let mut reading = Reading::open(&world.ports, &world.shop, &closed, None).await.unwrap();
    assert!(reading.lines().await.is_err());
}

#[tokio::test]
async fn what_changes_a_closed_month_stands_in_the_next_and_names_it() {
    let world = World::new().await;
    paid(&world, "A-1").await;
    world.pass(9 * DAY, 6 * 3_600).await; // 30 November
    let goes = paid(&world, "A-2").await;
    world.pass(DAY + 12 * 3_600, 6 * 3_600).await; // 2 December: the month is closed with both
    world.close_days().await;
    let first = report(&world, november()).await;
    assert_eq!(first.totals.of(Event::Paid).count, 2);

    cancelled(&world, &goes).await;
    let own = paid(&world, "A-3").await;
    cancelled(&world, &own).await;
    world.pass(31 * DAY, 12 * 3_600).await;
    world.close_days().await;
    let second = report(&world, december()).await;
    assert_eq!(second.totals.of(Event::Refunded).count, 2);
    // The order of November names November's document; December's own does not.
    let [sum] = second.totals.corrections.as_slice() else { panic!("{:?}", second.totals.corrections) };
    assert_eq!((sum.corrects.period, sum.corrects.number.as_str(), sum.count), (november(), "1", 1));
    assert_eq!(report(&world, november()).await, first, "what is closed stays");
}

#[tokio::test]
async fn an_audit_makes_every_closed_month_again() {
    let world = over().await;
    world.close_days().await;
    let audited = workflows::audit::audit(&world.ports, &|| {}).await.unwrap();
    assert_eq!((audited.reports, audited.findings.len()), (1, 0), "{:?}", audited.findings);
    let closed = report(&world, november()).await;
    let (tenant, store) = (&world.shop, &world.ports.store);
    let key = keys::report(tenant, november());
    let rules = async || -> Vec<&'static str> {
        let audited = workflows::audit::audit(&world.ports, &|| {}).await.unwrap();
        audited.findings.iter().map(|finding| finding.rule).collect()
    };
    let keep = async |closed: &domain::report::Closed| {
        let body = serde_json::to_string(closed).unwrap();
        let item = Item { key: key.clone(), version: 1, body, due: None, ttl: None };
        world.table.put(Write { item, condition: Condition::Always }).await.unwrap();
    };

    // Somebody takes an order out of the register, and seals what is left, sums and all.
    let seal = closed.pages.as_ref().unwrap().lines[0].clone();
    let rows: Vec<Line> = store.page(tenant, november(), Sheet::Lines, 0, &seal).await.unwrap();
    let mut fewer = domain::report::pages::Paged::default();
    rows.iter().skip(1).for_each(|row| fewer.push(row).unwrap());
    let page = fewer.finish().remove(0);
    store.put_page(tenant, november(), Sheet::Lines, 0, &page).await.unwrap();
    assert_eq!(rules().await, ["report.pages"]);
    let mut spoilt = closed.clone();
    spoilt.pages.as_mut().unwrap().lines[0] = page.seal();
    keep(&spoilt).await;
    assert_eq!(rules().await, ["report.lines"]);

    let mut whole = domain::report::pages::Paged::default();
    for row in &rows {
        whole.push(row).unwrap();
    }
    store.put_page(tenant, november(), Sheet::Lines, 0, &whole.finish().remove(0)).await.unwrap();
    keep(&closed).await;
    assert!(rules().await.is_empty());
    let zero = domain::money::Money::rub(0);
    for (rule, spoilt) in [
        ("report.number", domain::report::Closed { no: 2, ..closed.clone() }),
        ("report.seal", domain::report::Closed { sha256: "00".into(), ..closed.clone() }),
        ("report.movements", {
            let mut spoilt = closed.clone();
            spoilt.pages.as_mut().unwrap().movements.clear();
            spoilt.movements.clear();
            let sent = closed.movements.values().fold(zero, |sum, one| sum.plus(one.amount).unwrap());
            spoilt.closing = closed.closing.plus(sent).unwrap();
            spoilt
        }),
    ] {
        keep(&spoilt).await;
        assert!(rules().await.contains(&rule), "{rule}: {:?}", rules().await);
    }
}
