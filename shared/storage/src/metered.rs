//! What the table costs: every call counted in DynamoDB's units, by kind of item.
//!
//! Computed from what goes in and comes out, by AWS's rules ("Capacity unit consumption" in the developer guide), so that it can be
//! had over any table, `MemoryTable` included. The contract test compares it with what an emulator measured against AWS reports.
//!
//! | | units |
//! |---|---|
//! | write | 1 per KB of the larger of before and after, rounded up; in a commit twice that |
//! | index `due` | entry added or taken out 1, moved 2, untouched 0; not doubled in a commit |
//! | condition failed | the existing item's KB, at least 1; in a commit every write as if done, without the index |
//! | read | 1 per 4 KB, half of it when eventual; a range by the sum of its sizes; nothing found costs like 4 KB |
//!
//! Not seen: repeats by the SDK, the rounding at each megabyte of a range, and the size of items written before this meter.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::dynamo::{Start, start};
use crate::table::{Due, Freshness, Item, Key, Page, Range, Table, TableError, Write};

/// Bytes that one write unit covers.
const WRITE_UNIT_BYTES: usize = 1024;

/// Bytes that one consistent read unit covers.
const READ_UNIT_BYTES: usize = 4096;

/// Names the kind of item behind a key.
pub type KindOf = fn(&Key) -> String;

/// What one kind of item cost under one label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// As given to [`Meter::start`].
    pub label: String,
    /// As the classifier names it. Of a range: the kind of its prefix; of the due index: of its bucket with an empty sort key.
    pub kind: String,
    /// Calls in which the kind took part.
    pub calls: u64,
    /// Write units, the due index included.
    pub write_units: u64,
    /// Read units times two.
    pub read_half_units: u64,
}

/// Counts the calls of every [`MeteredTable`] that was given it. Clones count together.
#[derive(Debug, Clone)]
pub struct Meter {
    kind_of: KindOf,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    label: String,
    calls: BTreeMap<String, u64>,
    lines: BTreeMap<(String, String), Counts>,
    known: BTreeMap<Key, Known>,
    touches: BTreeMap<Key, u64>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    calls: u64,
    write_units: u64,
    read_half_units: u64,
}

/// What is remembered of an item that was written.
#[derive(Debug, Clone)]
struct Known {
    /// Without the version's digits, which `add` changes.
    bytes: usize,
    version: u64,
    due: Option<Due>,
}

impl Known {
    fn of(item: &Item) -> Self {
        Self { bytes: bytes(item) - number_bytes(item.version), version: item.version, due: item.due.clone() }
    }

    fn counter(key: &Key) -> Self {
        Self { bytes: key_bytes(key) + "v".len(), version: 0, due: None }
    }

    fn write_units(&self) -> u64 {
        units(self.bytes + number_bytes(self.version), WRITE_UNIT_BYTES)
    }
}

impl Meter {
    /// Counts by the kinds that `kind_of` names.
    pub fn new(kind_of: KindOf) -> Self {
        Self { kind_of, state: Arc::default() }
    }

    /// What follows is counted under `label`.
    pub fn start(&self, label: impl Into<String>) {
        self.state().label = label.into();
    }

    /// Everything counted so far, by label and kind.
    pub fn report(&self) -> Vec<Line> {
        self.state()
            .lines
            .iter()
            .map(|((label, kind), counts)| Line {
                label: label.clone(),
                kind: kind.clone(),
                calls: counts.calls,
                write_units: counts.write_units,
                read_half_units: counts.read_half_units,
            })
            .collect()
    }

    /// Calls by label. A commit of three kinds is one call here and one in each of three lines of the report.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.state().calls.clone()
    }

    /// How often each item was written: a key far ahead of the others is a queue in the making.
    pub fn touches(&self) -> BTreeMap<Key, u64> {
        self.state().touches.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One read call; `bytes` is what came back, nothing if it failed.
    fn read(&self, key: &Key, bytes: Option<usize>, freshness: Freshness) {
        let half_units = bytes.map_or(0, |bytes| {
            let halves = match freshness {
                Freshness::Eventual => 1,
                Freshness::Consistent => 2,
            };
            units(bytes, READ_UNIT_BYTES) * halves
        });
        let mut state = self.state();
        state.call();
        let counts = state.line((self.kind_of)(key));
        counts.calls += 1;
        counts.read_half_units += half_units;
    }

    /// One write call with what became of it; `factor` is 2 for a commit.
    fn wrote(&self, writes: &[(Key, Known)], outcome: Outcome, factor: u64) {
        let mut state = self.state();
        state.call();
        let mut seen = Vec::new();
        for (key, after) in writes {
            let before = state.known.get(key).cloned();
            let before_units = before.as_ref().map_or(1, Known::write_units);
            let larger = before_units.max(after.write_units());
            let write_units = match outcome {
                Outcome::Done => {
                    larger * factor + index_units(before.and_then(|before| before.due).as_ref(), after.due.as_ref())
                }
                Outcome::Conflict if factor > 1 => larger * factor,
                Outcome::Conflict => before_units,
                Outcome::NotDone => 0,
            };
            let kind = (self.kind_of)(key);
            let first = !seen.contains(&kind);
            let counts = state.line(kind.clone());
            counts.calls += u64::from(first);
            counts.write_units += write_units;
            if first {
                seen.push(kind);
            }
            if outcome == Outcome::Done {
                state.known.insert(key.clone(), after.clone());
                *state.touches.entry(key.clone()).or_default() += 1;
            }
        }
    }
}

impl State {
    fn call(&mut self) {
        *self.calls.entry(self.label.clone()).or_default() += 1;
    }

    fn line(&mut self, kind: String) -> &mut Counts {
        self.lines.entry((self.label.clone(), kind)).or_default()
    }
}

/// What became of a write, as far as its price goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    Conflict,
    NotDone,
}

impl Outcome {
    fn of<T>(result: &Result<T, TableError>) -> Self {
        match result {
            // Not knowing, the dearer is assumed. A shape that cannot be read is an answer to something done.
            Ok(_) | Err(TableError::Unknown(_) | TableError::Shape { .. }) => Self::Done,
            Err(TableError::Conflict { .. }) => Self::Conflict,
            Err(TableError::NotDone(_)) => Self::NotDone,
        }
    }
}

/// Rounded up, at least 1.
fn units(bytes: usize, unit: usize) -> u64 {
    u64::try_from(bytes.div_ceil(unit).max(1)).unwrap_or(u64::MAX)
}

/// What the due index costs; its entries hold keys only and are taken as below 1 KB.
fn index_units(before: Option<&Due>, after: Option<&Due>) -> u64 {
    match (before, after) {
        (None, None) => 0,
        (Some(before), Some(after)) if before == after => 0,
        (Some(_), Some(_)) => 2,
        (None, Some(_)) | (Some(_), None) => 1,
    }
}

/// Size of an item as DynamoDB counts it: names and values.
pub(crate) fn bytes(item: &Item) -> usize {
    let body = if item.body.is_empty() { 0 } else { "b".len() + item.body.len() };
    let due = item.due.as_ref().map_or(0, |due| due_bytes(&due.bucket, due.at));
    let ttl = item.ttl.map_or(0, |ttl| "ttl".len() + number_bytes(ttl));
    key_bytes(&item.key) + "v".len() + number_bytes(item.version) + body + due + ttl
}

fn key_bytes(key: &Key) -> usize {
    "pk".len() + key.pk.len() + "sk".len() + key.sk.len()
}

fn due_bytes(bucket: &str, at: i64) -> usize {
    "due_pk".len() + bucket.len() + "due_at".len() + number_bytes(at)
}

/// One byte for each two significant digits, one for the exponent, one for a minus. Zeros at the end are not significant.
fn number_bytes(number: impl std::fmt::Display + Copy) -> usize {
    let text = number.to_string();
    let digits = text.trim_start_matches('-');
    let minus = text.len() - digits.len();
    digits.trim_end_matches('0').len().div_ceil(2) + 1 + minus
}

/// A table whose calls are counted.
#[derive(Debug, Clone)]
pub struct MeteredTable<T> {
    inner: T,
    meter: Meter,
}

impl<T: Table> MeteredTable<T> {
    /// Counts the calls of `inner` on `meter`.
    pub fn new(inner: T, meter: Meter) -> Self {
        Self { inner, meter }
    }

    /// Where the calls are counted.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }
}

#[async_trait]
impl<T: Table> Table for MeteredTable<T> {
    async fn get(&self, key: &Key, freshness: Freshness) -> Result<Option<Item>, TableError> {
        let result = self.inner.get(key, freshness).await;
        if !key.is_possible() {
            return result; // nothing was asked
        }
        let read = result.as_ref().ok().map(|item| item.as_ref().map_or(0, bytes));
        self.meter.read(key, read, freshness);
        result
    }

    async fn query(&self, range: &Range, freshness: Freshness) -> Result<Page, TableError> {
        let result = self.inner.query(range, freshness).await;
        if start(range).is_ok_and(|start| start == Start::Nowhere) {
            return result; // nothing was asked
        }
        let read = result.as_ref().ok().map(|page| page.items.iter().map(bytes).sum());
        self.meter.read(&Key { pk: range.pk.clone(), sk: range.prefix.clone() }, read, freshness);
        result
    }

    async fn put(&self, write: Write) -> Result<(), TableError> {
        let written = (write.item.key.clone(), Known::of(&write.item));
        let result = self.inner.put(write).await;
        self.meter.wrote(&[written], Outcome::of(&result), 1);
        result
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<(), TableError> {
        let written: Vec<_> = writes.iter().map(|write| (write.item.key.clone(), Known::of(&write.item))).collect();
        let result = self.inner.commit(writes).await;
        self.meter.wrote(&written, Outcome::of(&result), 2);
        result
    }

    async fn due(&self, bucket: &str, until: i64, limit: usize) -> Result<Vec<(Key, i64)>, TableError> {
        let result = self.inner.due(bucket, until, limit).await;
        let read = result
            .as_ref()
            .ok()
            .map(|found| found.iter().map(|(key, at)| key_bytes(key) + due_bytes(bucket, *at)).sum());
        self.meter.read(&Key { pk: bucket.to_owned(), sk: String::new() }, read, Freshness::Eventual);
        result
    }

    async fn add(&self, key: &Key, amount: u64) -> Result<u64, TableError> {
        let result = self.inner.add(key, amount).await;
        let mut after = self.meter.state().known.get(key).cloned().unwrap_or_else(|| Known::counter(key));
        after.version = result.as_ref().ok().copied().unwrap_or(after.version);
        self.meter.wrote(&[(key.clone(), after)], Outcome::of(&result), 1);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_cost_half_a_byte_and_zeros_at_the_end_nothing() {
        let table: [(i64, usize); 8] =
            [(0, 1), (7, 2), (10, 2), (42, 2), (123, 3), (1_700_000_000, 2), (1_763_750_001, 6), (-42, 3)];
        for (number, expected) in table {
            assert_eq!(number_bytes(number), expected, "{number}");
        }
    }
}
