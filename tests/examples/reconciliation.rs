//! What a month's reconciliation costs as it is worked: `cargo run --release -p tests --example reconciliation [orders]`.
//!
//! Orders lie in a table in memory that counts what AWS would bill; registries come as CSV. Prints rows, seconds, calls, units and
//! the process's memory (Linux).
#![expect(clippy::unwrap_used, reason = "an example ends where it can not go on")]

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::id::{BillNumber, OrderId};
use domain::order::Event;
use domain::reconcile::Scope;
use domain::time::{moscow_date, plus_seconds};
use jiff::Span;
use storage::memory::MemoryTable;
use storage::metered::{Meter, MeteredTable};
use storage::store::Store;
use support::World;
use workflows::ports::Ports;
use workflows::reconciliation::{self, Rules, papers, run};

const DAY: i64 = 86_400;
const DAYS: i64 = 20;

#[expect(clippy::disallowed_methods, reason = "measures, decides nothing")]
async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    let done = work.await;
    (done, start.elapsed())
}

/// A figure of the process, in kilobytes.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|figure| figure.parse().ok()).unwrap_or_default()
}

fn say(meter: &Meter, what: &str, took: Duration) {
    let lines = meter.report();
    let of = lines.iter().filter(|line| line.label == what);
    let (mut calls, mut writes, mut reads) = (0, 0, 0);
    for line in of {
        calls += line.calls;
        writes += line.write_units;
        reads += line.read_half_units;
    }
    let (resident, peak) = (memory("VmRSS:"), memory("VmHWM:"));
    println!(
        "{what}: {:.2} s, {calls} calls, {writes} write units, {} read units; {resident} kB, peak {peak} kB",
        took.as_secs_f64(),
        reads / 2
    );
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let orders: i64 = std::env::args().nth(1).map_or(20_000, |argument| argument.parse().unwrap());
    let (table, meter) = (MemoryTable::new(), Meter::new(|key| storage::keys::kind(key).to_owned()));
    let (inner, counted) = (table.clone(), meter.clone());
    let wrap: Arc<support::Wrap> = Arc::new(move |ports| Ports {
        store: Store::new(Arc::new(MeteredTable::new(inner.clone(), counted.clone()))),
        ..ports
    });
    let world = World::build(1, table, Some(wrap)).await;
    let made = world.order(&support::wish("A-1")).await;
    world.pay(&made, "success").await;
    world.settle().await;
    let paid = world.load(&made.id).await.order;
    let first = moscow_date(paid.created_at);
    let day = |number: i64| first.checked_add(Span::new().days(number)).unwrap();
    let mut files = vec!["Дата;Сумма;Номер\n".to_owned(); usize::try_from(DAYS + 2).unwrap()];
    for no in 0..orders {
        let number = no * DAYS / orders;
        let mut order = paid.clone();
        let at = plus_seconds(paid.created_at, number * DAY);
        order.number = format!("B-{no}");
        order.id = OrderId::new(world.shop.clone(), &order.number, at);
        order.bill = BillNumber::new(5_000_000 + u64::try_from(no).unwrap());
        (order.created_at, order.due) = (at, None);
        order.tasks.clear();
        for entry in &mut order.journal {
            entry.at = plus_seconds(entry.at, number * DAY);
        }
        world.ports.store.create_order(&order).await.unwrap();
        let captured = order.journal.iter().find(|entry| entry.event == Event::Captured).unwrap();
        let operation = format!("{}.{}", order.bill, captured.subject.unwrap());
        // One of a thousand is not in the registry, one has another amount.
        let amount = if no % 1_000 == 1 { "2999,00" } else { "3000,00" };
        if no % 1_000 != 0 {
            let file = &mut files[usize::try_from(number).unwrap()];
            let _ = writeln!(file, "{};{amount};{operation}", day(number).strftime("%d.%m.%Y"));
        }
    }
    world.advance((DAYS + 3) * DAY);
    let format = serde_json::json!({"accounts": {"sandbox": {"registry": {
        "day_format": "%d.%m.%Y", "columns": {"day": "Дата", "amount": "Сумма", "operation": "Номер"},
    }}}});
    let rules: Rules = serde_json::from_value(format).unwrap();
    reconciliation::set_rules(&world.ports, &world.shop, &rules).await.unwrap();
    println!("{orders} orders, {} kB before", memory("VmRSS:"));
    meter.start("registries loaded");
    let mut rows = 0;
    let loading = async {
        for (number, file) in (0_i64..).zip(&files) {
            let of = ("sandbox", day(number), "");
            let loaded = papers::load_registry(&world.ports, &world.shop, of, file.as_bytes()).await.unwrap();
            rows += loaded.head.rows;
        }
    };
    let ((), took) = timed(loading).await;
    say(&meter, "registries loaded", took);
    for what in ["first run", "second run"] {
        meter.start(what);
        let scope = Scope { from: day(0), until: day(DAYS) };
        let (ran, took) = timed(run::run(&world.ports, &world.shop, scope)).await;
        let ran = ran.unwrap().unwrap();
        say(&meter, what, took);
        println!("  {rows} rows: {} matched, {} found, {} opened", ran.matched, ran.found, ran.opened);
    }
}
