//! How long a month takes: `cargo run -p domain --example reconcile [orders] [wrong]`, `wrong` of ten thousand things in each way.
//!
//! Prints the month's size, what was found beside what was planted, seconds, and memory before and after (Linux).
#![expect(clippy::unwrap_used, reason = "an example ends where it can not go on")]

#[path = "../tests/reconcile/month.rs"]
mod month;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use domain::reconcile::{Kind, compare};

#[expect(clippy::disallowed_methods, reason = "measures, decides nothing")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed())
}

/// A figure of the process, in kilobytes.
fn memory(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<i64>().unwrap());
    let (orders, wrong) = (arguments.next().unwrap_or(62_500), arguments.next().unwrap_or(10));
    let month = month::month(1, orders, wrong);
    let rows: usize = month.facts.registries.iter().map(|registry| registry.rows.len()).sum();
    let prints: usize = month.facts.reports.iter().map(|report| report.prints.len()).sum();
    println!(
        "{orders} orders: {} transactions, {rows} rows of registries, {} receipts, {prints} printed, {} payouts",
        month.facts.movements.len(),
        month.facts.receipts.len(),
        month.facts.payouts.len(),
    );
    let (before, peak_before) = (memory("VmRSS:"), memory("VmHWM:"));
    let (outcome, took) = timed(|| compare(&month.facts, &month.terms, month.scope).unwrap());
    let peak = memory("VmHWM:");
    let mut counts: BTreeMap<Kind, [usize; 2]> = BTreeMap::new();
    month.planted.iter().for_each(|(kind, _)| counts.entry(*kind).or_default()[0] += 1);
    outcome.found.iter().for_each(|one| counts.entry(one.kind).or_default()[1] += 1);
    for (kind, [planted, found]) in &counts {
        println!("{:<18}{planted:>8} planted {found:>8} found", kind.code());
    }
    println!("{} matched, {} waiting; {:.3} s", outcome.matched, outcome.waiting.len(), took.as_secs_f64());
    println!("facts {before:?} kB (peak {peak_before:?}), peak after comparing {peak:?} kB");
}
