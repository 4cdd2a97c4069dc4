//! The whole flow in virtual time, with faults, from a seed: real doors, real workers, real sandbox; a table, a network and
//! queues that fail, repeat, delay, fall silent and die between any two calls. After each world the audit must find nothing.

mod checks;
mod devices;
pub mod dice;
mod kinds;
pub mod outside;
mod partner;
mod people;
mod processes;
mod subscribers;
pub mod world;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest, Sha256};

use crate::cli::SimulateArgs;
pub use world::{Outcome, simulate_world};

/// Orders of one world. A failing world is replayed alone: `--orders 20 --seed <its seed>`.
pub const ORDERS_PER_WORLD: u64 = 20;

/// Runs the simulation the command line asks for.
pub fn run(args: &SimulateArgs) -> ExitCode {
    let worlds = args.orders.div_ceil(ORDERS_PER_WORLD).max(1);
    let progress = ProgressBar::new(worlds * ORDERS_PER_WORLD);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} orders {elapsed_precise}") {
        progress.set_style(style);
    }
    let next = AtomicU64::new(0);
    let outcomes: Mutex<BTreeMap<u64, Outcome>> = Mutex::default();
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= worlds {
                        return;
                    }
                    let outcome = simulate_world(world_seed(args.seed, index), ORDERS_PER_WORLD);
                    progress.inc(ORDERS_PER_WORLD);
                    outcomes.lock().unwrap_or_else(PoisonError::into_inner).insert(index, outcome);
                }
            });
        }
    });
    progress.finish_and_clear();
    let outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    report(args, &outcomes)
}

/// The seed of a world: the first has the run's own, so that any world can be run alone.
fn world_seed(seed: u64, index: u64) -> u64 {
    if index == 0 {
        return seed;
    }
    let digest = Sha256::digest(format!("{seed}/{index}"));
    // 53 bits: a seed survives any JSON reader.
    digest[..8].iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte)) >> 11
}

fn report(args: &SimulateArgs, outcomes: &BTreeMap<u64, Outcome>) -> ExitCode {
    let mut trace = Sha256::new();
    let (mut faults, mut crashes, mut steps, mut doubled) = (0, 0, 0, 0);
    let mut statuses: BTreeMap<String, usize> = BTreeMap::new();
    let mut played: BTreeMap<String, usize> = BTreeMap::new();
    let mut failed = Vec::new();
    for (index, outcome) in outcomes {
        trace.update(outcome.trace);
        faults += outcome.faults;
        crashes += outcome.crashes;
        steps += outcome.steps;
        doubled += outcome.doubled_letters;
        for (status, count) in &outcome.statuses {
            *statuses.entry(status.clone()).or_default() += count;
        }
        for (what, count) in &outcome.played {
            *played.entry(what.clone()).or_default() += count;
        }
        if !outcome.findings.is_empty() {
            failed.push((world_seed(args.seed, *index), &outcome.findings));
        }
    }
    let orders: usize = statuses.values().sum();
    let trace = hex::encode(trace.finalize());
    if args.json {
        let failures: Vec<_> =
            failed.iter().map(|(seed, findings)| serde_json::json!({ "seed": seed, "findings": findings })).collect();
        let report = serde_json::json!({
            "orders": orders, "worlds": outcomes.len(), "seed": args.seed, "trace": trace, "steps": steps,
            "faults": faults, "crashes": crashes, "doubled_letters": doubled, "statuses": statuses, "played": played,
            "failures": failures,
        });
        anstream::println!("{report}");
    } else {
        anstream::println!("{orders} orders in {} worlds from seed {}", outcomes.len(), args.seed);
        anstream::println!(
            "{steps} steps, {faults} faults, {crashes} crashes; {doubled} letters sent again after an unknown outcome"
        );
        for (status, count) in &statuses {
            anstream::println!("  {status:<18} {count:>7}");
        }
        for (what, count) in &played {
            anstream::println!("  {what:<46} {count:>7}");
        }
        anstream::println!("trace {trace}");
        for (seed, findings) in &failed {
            anstream::println!(
                "seed {seed} breaks {} rules; replay: simulate --orders {ORDERS_PER_WORLD} --seed {seed}",
                findings.len()
            );
            for finding in findings.iter().take(10) {
                anstream::println!("  {finding}");
            }
        }
    }
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
