//! What the books cost: `cargo run --release -p domain --example ledger MODE [N]`.
//!
//! | mode | N | |
//! |---|---|---|
//! | `orders` | orders | every decision of an order that is paid, fulfilled and paid out, with its messages and receipt |
//! | `make` | postings | makes them and does nothing: what the two modes below count besides their own |
//! | `seal` | postings | seals them by days into a chain |
//! | `rebuild` | postings | makes every balance again, as an audit does |
//!
//! Prints seconds, and memory (Linux). Instructions: `valgrind --tool=callgrind`, the difference of two modes or of two N.
#![expect(clippy::unwrap_used, clippy::panic, reason = "an example ends where it can not go on")]

#[expect(dead_code, reason = "the tests' tale can do more than be paid")]
#[path = "../tests/payments/tale.rs"]
mod tale;

use std::time::{Duration, Instant};

use domain::commission::Fee;
use domain::details::PaymentTerms;
use domain::ledger::{Account, DayBook, Line, balance, capture, mature, payout};
use domain::money::Money;
use domain::order::{Command, ExecutionOutcome};
use domain::time::{MOSCOW, Timestamp, plus_seconds};
use jiff::civil::Date;

use tale::Tale;

/// Postings of an order: payment, fee, its VAT, matured, paid out.
const OF_ORDER: u32 = 5;
/// Orders of one day.
const A_DAY: u32 = 1_000;

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

fn paid_out() -> Tale {
    Tale::new(PaymentTerms::default())
        .started()
        .done(1)
        .does(Command::HandedOver)
        .does(Command::ExecutionReported(ExecutionOutcome::Fulfilled))
        .looks(4 * tale::DAY)
        .does(Command::PayOut { payout: "po_1".to_owned() })
}

/// Noon of a day, counted from the first.
fn noon(day: u32) -> (Date, Timestamp) {
    let date = Date::constant(2026, 1, 1).saturating_add(jiff::Span::new().days(day));
    (date, MOSCOW.to_timestamp(date.at(12, 0, 0, 0)).unwrap())
}

fn lines(order: u32, at: Timestamp) -> [Line; 3] {
    let minor = 100_000 + i64::from(order % 977);
    let fee = Fee { net: Money::rub(minor / 40), vat: Money::rub(minor / 200) };
    let owed = Money::rub(minor - minor / 40 - minor / 200);
    let due = plus_seconds(at, 3 * tale::DAY);
    let line = |no, event, postings| Line { at, source: format!("ord_{order:026}"), no, event, on: None, postings };
    [
        line(2, "order.paid", capture(Account::BankClearing, Money::rub(minor), fee)),
        line(4, "order.fulfilled", Vec::from_iter(mature(Money::rub(-owed.minor()), Some(due)).unwrap())),
        line(5, "order.paid_out", payout(owed).unwrap()),
    ]
}

/// Days with their lines.
fn make(postings: u32) -> Vec<(Date, Vec<Line>)> {
    let orders = postings / OF_ORDER;
    let days = (0..orders.div_ceil(A_DAY)).map(|day| {
        let (date, at) = noon(day);
        let of_day = day * A_DAY..orders.min((day + 1) * A_DAY);
        (date, of_day.flat_map(|order| lines(order, at)).collect())
    });
    days.collect()
}

fn told(what: &str, count: usize, took: Duration) {
    let micros = took.as_micros().max(1);
    let per_second = u128::try_from(count).unwrap() * 1_000_000 / micros;
    println!("{count} {what} in {}.{:03} s: {per_second} a second", micros / 1_000_000, micros / 1_000 % 1_000);
}

fn orders(count: u32) {
    let (mut entries, mut postings) = (0, 0);
    let ((), took) = timed(|| {
        for _ in 0..count {
            let tale = paid_out();
            entries += tale.order.journal.len();
            postings += tale.order.journal.iter().map(|entry| entry.postings.len()).sum::<usize>();
        }
    });
    told("orders paid and paid out", usize::try_from(count).unwrap(), took);
    told("entries in their journals", entries, took);
    told("postings decided", postings, took);
}

fn seal(days: Vec<(Date, Vec<Line>)>, postings: usize) {
    let (last, took) = timed(|| {
        let mut last: Option<DayBook> = None;
        for (day, lines) in days {
            last = Some(DayBook::seal(last.as_ref(), day, lines).unwrap());
        }
        last
    });
    told("postings sealed", postings, took);
    let told = last.map(|last| format!("day {}: {}", last.no, last.sha256));
    println!("{}", told.unwrap_or_default());
}

fn rebuild(days: &[(Date, Vec<Line>)], count: usize) {
    let postings = || days.iter().flat_map(|(_, lines)| lines).flat_map(|line| &line.postings);
    let (sums, took) = timed(|| Account::ALL.map(|account| balance(account, Money::rub(0), postings()).unwrap()));
    told("postings made into every balance", count, took);
    println!("off zero by {}", sums.iter().map(|sum| sum.minor()).sum::<i64>());
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mode = arguments.next().unwrap_or_default();
    let count = arguments.next().map(|count| count.parse::<u32>().unwrap());
    if mode == "orders" {
        orders(count.unwrap_or(10_000));
    } else {
        let days = make(count.unwrap_or(1_000_000));
        let postings = days.iter().flat_map(|(_, lines)| lines).map(|line| line.postings.len()).sum();
        println!("{postings} postings of {} days made: {:?} kB", days.len(), memory("VmRSS:"));
        match mode.as_str() {
            "make" => {}
            "seal" => seal(days, postings),
            "rebuild" => rebuild(&days, postings),
            _ => panic!("orders, make, seal or rebuild"),
        }
    }
    println!("at most {:?} kB", memory("VmHWM:"));
}
