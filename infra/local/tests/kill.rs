//! The stack is killed at random moments of many orders' lives, started again, and audited.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use domain::id::{Mode, Tenant};
use local::store::Embedded;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::Value;
use support::Caller;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

const KILLS: usize = 6;
const ORDERS_PER_ROUND: usize = 8;
/// Answers between the start of a round's orders and the kill, at most.
const ANSWERS_MAX: usize = 110;
const DAY: i64 = 24 * 3_600;

const CARDS: [&str; 12] = [
    "success",
    "success",
    "success",
    "insufficient_funds",
    "blocked",
    "challenge",
    "abandoned",
    "late",
    "silent",
    "after_expiry",
    "doubled",
    "out_of_order",
];
const EXECUTIONS: [&str; 4] = ["automatic", "automatic", "manual", "failing"];

struct Stack {
    child: Child,
    caller: Caller,
}

/// Starts the built program and reads where it is.
async fn stack(data: &Path) -> Stack {
    let mut child = Command::new(env!("CARGO_BIN_EXE_apikassa"))
        .args(["local", "--port", "0", "--json", "--log", "off", "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = tokio::time::timeout(Duration::from_secs(30), lines.next_line()).await.unwrap().unwrap().unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let caller = Caller::new(ready["base_url"].as_str().unwrap(), ready["test_key"].as_str().unwrap());
    Stack { child, caller }
}

/// One order's partner and buyer. Whatever fails on the way is tried again in a later round.
async fn drive(caller: Caller, number: String, execution: &str, card: &str) {
    let Ok(order) = caller.create(&number, execution).await else { return };
    let Some(page) = order["checkout_url"].as_str() else { return };
    let _ = caller.pay(page, card).await;
}

/// Waits for all that still run.
async fn all(drivers: &mut Vec<JoinHandle<()>>) {
    while let Some(driver) = drivers.last_mut() {
        driver.await.unwrap();
        drivers.pop();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_nothing_is_lost_and_nothing_doubled() {
    let seed = 20_261_121;
    let temporary = tempfile::tempdir().unwrap();
    let data = temporary.path();
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let mut pick = |count: usize| usize::try_from(dice.next_u64() % u64::try_from(count).unwrap()).unwrap();
    let mut orders: Vec<(String, &str)> = Vec::new();

    for round in 0..KILLS {
        let mut running = stack(data).await;
        for no in 0..ORDERS_PER_ROUND {
            orders.push((format!("K-{round}-{no}"), EXECUTIONS[pick(EXECUTIONS.len())]));
        }
        let kill_after = 1 + pick(ANSWERS_MAX);
        // New ones, and some of those the last kill interrupted.
        let first = orders.len().saturating_sub(2 * ORDERS_PER_ROUND);
        let mut drivers: Vec<_> = orders[first..]
            .iter()
            .map(|(number, execution)| {
                let card = CARDS[pick(CARDS.len())];
                tokio::spawn(drive(running.caller.clone(), number.clone(), execution, card))
            })
            .collect();
        let mut answers = running.caller.answers.subscribe();
        tokio::select! {
            counted = answers.wait_for(|answers| *answers >= kill_after) => drop(counted.unwrap()),
            // All were done before: killed while the workers are at it.
            () = all(&mut drivers) => {}
        }
        running.child.start_kill().unwrap();
        assert!(!running.child.wait().await.unwrap().success());
        all(&mut drivers).await;
    }

    let mut running = stack(data).await;
    let caller = running.caller.clone();
    let mut ids = BTreeMap::new();
    for (number, execution) in &orders {
        let order = caller.create(number, execution).await.unwrap();
        ids.insert(order["id"].as_str().unwrap().to_owned(), number.clone());
    }
    assert_eq!(ids.len(), orders.len(), "a number is one order");
    // Half of the buyers come back; who has paid before must not pay again.
    for (number, execution) in orders.iter().step_by(2) {
        drive(caller.clone(), number.clone(), execution, "success").await;
    }
    caller.quiet().await;
    for seconds in [600, 1_800, DAY, 3 * DAY, 2 * DAY, 2 * DAY] {
        caller.advance(seconds).await;
        caller.quiet().await;
    }
    let mut statuses: BTreeMap<String, usize> = BTreeMap::new();
    for id in ids.keys() {
        let status = caller.order(id).await["status"].as_str().unwrap().to_owned();
        *statuses.entry(status).or_default() += 1;
    }
    for open in ["checking_payment", "paid", "refunding", "awaiting_payment", "fulfilled"] {
        assert!(!statuses.contains_key(open), "seed {seed}: {statuses:?}");
    }
    running.child.start_kill().unwrap();
    running.child.wait().await.unwrap();

    let audited = Command::new(env!("CARGO_BIN_EXE_apikassa"))
        .args(["audit", "--json", "--data"])
        .arg(data)
        .output()
        .await
        .unwrap();
    let report = String::from_utf8(audited.stdout).unwrap();
    assert_eq!(audited.status.code(), Some(0), "seed {seed}: {report}");
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["orders"], orders.len());
    both_sides_agree(data, &ids).await;
}

/// What the bank has taken is what the orders say was captured, payment by payment.
async fn both_sides_agree(data: &Path, ids: &BTreeMap<String, String>) {
    let embedded = Embedded::open(&data.join("apikassa.db")).await.unwrap();
    let tenant = Tenant::try_new("demoshop", Mode::Test).unwrap();
    let rows = embedded.store.sandbox_rows(&tenant, "deal", 10_000).await.unwrap();
    let taken: BTreeSet<String> = rows
        .iter()
        .map(|(_, row)| serde_json::from_str::<Value>(&row.body).unwrap())
        .filter(|deal| deal["captured"] != "0RUB")
        .map(|deal| deal["asked"]["number"].as_str().unwrap().to_owned())
        .collect();
    let mut captured = BTreeSet::new();
    for id in ids.keys() {
        let loaded = embedded.store.load(&id.parse().unwrap(), storage::table::Freshness::Consistent).await.unwrap();
        let order = loaded.unwrap().order;
        captured.extend(
            order.payments().filter(|payment| payment.succeeded()).map(|payment| format!("{id}-o{}", payment.no)),
        );
    }
    assert_eq!(taken, captured, "money taken, money on record");
    assert!(!taken.is_empty());
    embedded.close().await;
}
