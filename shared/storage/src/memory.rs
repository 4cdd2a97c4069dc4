//! The table in memory, for simulations: the promises of DynamoDB, its refusals, and on request its stale reads.
//!
//! Held to the same contract test as `DynamoTable`, and to a long random history played on both.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::dynamo::{NoLimit, Start, start};
use crate::metered::bytes;
use crate::table::{Condition, Due, Freshness, Item, Key, Page, Range, Table, TableError, Write};

// Limits of DynamoDB ("Quotas" in its developer guide).
const ITEM_BYTES_MAX: usize = 400 * 1024;
const COMMIT_BYTES_MAX: usize = 4 * 1024 * 1024;
const COMMIT_WRITES_MAX: usize = 100;

/// Decides, read by read, whether an eventual read is answered from before the last write.
pub type Picker = Arc<dyn Fn() -> bool + Send + Sync>;

/// Why the table refuses a request, as DynamoDB's validation would.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("a key of {bytes} bytes, allowed are 1 to {max}")]
    Key { bytes: usize, max: usize },
    #[error("an item of {bytes} bytes, allowed are {ITEM_BYTES_MAX}")]
    Item { bytes: usize },
    #[error("a commit of {bytes} bytes, allowed are {COMMIT_BYTES_MAX}")]
    Commit { bytes: usize },
    #[error("{writes} writes in a commit, allowed are 1 to {COMMIT_WRITES_MAX}")]
    Writes { writes: usize },
    #[error("write {write} of a commit has the key of an earlier one")]
    Twice { write: usize },
    #[error("a counter at {before} grew by {amount} beyond its range")]
    Overflow { before: u64, amount: u64 },
    #[error(transparent)]
    NoLimit(#[from] NoLimit),
}

impl From<Refusal> for TableError {
    fn from(refusal: Refusal) -> Self {
        Self::NotDone(Box::new(refusal))
    }
}

/// The table in memory. Clones share their items.
#[derive(Clone, Default)]
pub struct MemoryTable {
    state: Arc<Mutex<State>>,
    lagging: Option<Picker>,
}

impl fmt::Debug for MemoryTable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MemoryTable").field("items", &self.state().items.len()).finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct State {
    items: BTreeMap<Key, Item>,
    due: BTreeSet<(String, i64, Key)>,
    /// By partition: what its last write found.
    replaced: BTreeMap<String, Vec<(Key, Option<Item>)>>,
    /// By bucket of the due index: what the last write that touched it found.
    replaced_due: BTreeMap<String, Vec<(Key, Option<Due>)>>,
}

impl MemoryTable {
    /// An empty table, always fresh.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty table whose eventual reads, whenever `picker` says so, are answered from before the last write to their partition
    /// (of the due index: to their bucket).
    pub fn lagging(picker: Picker) -> Self {
        Self { lagging: Some(picker), ..Self::default() }
    }

    /// Every partition key, in order. For audits in tests.
    pub fn partitions(&self) -> Vec<String> {
        let mut partitions: Vec<String> = self.state().items.keys().map(|key| key.pk.clone()).collect();
        partitions.dedup();
        partitions
    }

    /// Every item, in order of keys. For audits in tests.
    pub fn all_items(&self) -> Vec<Item> {
        self.state().items.values().cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing can panic between two changes that belong together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lags(&self, freshness: Freshness) -> bool {
        freshness == Freshness::Eventual && self.lagging.as_ref().is_some_and(|picker| picker())
    }
}

impl State {
    fn holds(&self, write: &Write) -> bool {
        let stored = self.items.get(&write.item.key);
        match write.condition {
            Condition::Always => true,
            Condition::NotExists => stored.is_none(),
            Condition::Version(version) => stored.is_some_and(|stored| stored.version == version),
        }
    }

    fn apply(&mut self, items: Vec<Item>) {
        let mut replaced: Vec<(Key, Option<Item>)> = Vec::with_capacity(items.len());
        let mut buckets = BTreeSet::new();
        for item in items {
            let key = item.key.clone();
            let before = self.items.get(&key).cloned();
            if let Some(due) = before.as_ref().and_then(|before| before.due.clone()) {
                self.due.remove(&(due.bucket.clone(), due.at, key.clone()));
                buckets.insert(due.bucket);
            }
            if let Some(due) = item.due.clone() {
                self.due.insert((due.bucket.clone(), due.at, key.clone()));
                buckets.insert(due.bucket);
            }
            self.items.insert(key.clone(), item);
            replaced.push((key, before));
        }
        for bucket in buckets {
            let due = replaced
                .iter()
                .map(|(key, before)| (key.clone(), before.as_ref().and_then(|before| before.due.clone())))
                .collect();
            self.replaced_due.insert(bucket, due);
        }
        let mut partitions: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for (key, before) in replaced {
            partitions.entry(key.pk.clone()).or_default().push((key, before));
        }
        self.replaced.extend(partitions);
    }

    /// What the last write to the partition of `key` found there, if it wrote `key`.
    fn before(&self, key: &Key) -> Option<&Option<Item>> {
        self.replaced.get(&key.pk)?.iter().find(|(written, _)| written == key).map(|(_, before)| before)
    }

    /// Items of a partition by sort key, from `prefix` on.
    fn partition(&self, pk: &str, prefix: &str, lags: bool) -> BTreeMap<&str, &Item> {
        let from = Key { pk: pk.to_owned(), sk: prefix.to_owned() };
        let mut items: BTreeMap<&str, &Item> = self
            .items
            .range((Bound::Included(from), Bound::Unbounded))
            .take_while(|(key, _)| key.pk == pk && key.sk.starts_with(prefix))
            .map(|(key, item)| (key.sk.as_str(), item))
            .collect();
        for (key, before) in self.replaced.get(pk).into_iter().flatten().filter(|_| lags) {
            match before {
                Some(before) if key.sk.starts_with(prefix) => items.insert(&key.sk, before),
                Some(_) => None,
                None => items.remove(key.sk.as_str()),
            };
        }
        items
    }
}

/// As DynamoDB would refuse it.
fn check(item: &Item) -> Result<(), Refusal> {
    let bucket = item.due.as_ref().map(|due| due.bucket.as_str());
    for (text, max) in [
        (Some(item.key.pk.as_str()), Key::PK_BYTES_MAX),
        (Some(&item.key.sk), Key::SK_BYTES_MAX),
        (bucket, Key::PK_BYTES_MAX),
    ] {
        match text.map(str::len) {
            Some(bytes) if bytes == 0 || bytes > max => return Err(Refusal::Key { bytes, max }),
            _ => {}
        }
    }
    match bytes(item) {
        bytes if bytes > ITEM_BYTES_MAX => Err(Refusal::Item { bytes }),
        _ => Ok(()),
    }
}

fn check_commit(writes: &[Write]) -> Result<(), Refusal> {
    if writes.is_empty() || writes.len() > COMMIT_WRITES_MAX {
        return Err(Refusal::Writes { writes: writes.len() });
    }
    let mut keys = BTreeSet::new();
    for (index, write) in writes.iter().enumerate() {
        check(&write.item)?;
        if !keys.insert(&write.item.key) {
            return Err(Refusal::Twice { write: index });
        }
    }
    match writes.iter().map(|write| bytes(&write.item)).sum() {
        bytes if bytes > COMMIT_BYTES_MAX => Err(Refusal::Commit { bytes }),
        _ => Ok(()),
    }
}

#[async_trait]
impl Table for MemoryTable {
    async fn get(&self, key: &Key, freshness: Freshness) -> Result<Option<Item>, TableError> {
        let lags = self.lags(freshness);
        let state = self.state();
        match state.before(key).filter(|_| lags) {
            Some(before) => Ok(before.clone()),
            None => Ok(state.items.get(key).cloned()),
        }
    }

    async fn query(&self, range: &Range, freshness: Freshness) -> Result<Page, TableError> {
        let start = start(range).map_err(Refusal::from)?;
        let lags = self.lags(freshness);
        let state = self.state();
        let items = state.partition(&range.pk, &range.prefix, lags);
        let behind = |sk: &str| match start {
            Start::Edge => true,
            Start::After(after) if range.descending => sk < after,
            Start::After(after) => sk > after,
            Start::Nowhere => false,
        };
        let chosen = items.into_iter().filter(|(sk, _)| behind(sk)).map(|(_, item)| item);
        let items: Vec<Item> = if range.descending {
            chosen.rev().take(range.limit).cloned().collect()
        } else {
            chosen.take(range.limit).cloned().collect()
        };
        // Like DynamoDB, which stops at the limit without looking whether anything follows.
        let next = items.last().filter(|_| items.len() == range.limit).map(|item| item.key.sk.clone());
        Ok(Page { items, next })
    }

    async fn put(&self, write: Write) -> Result<(), TableError> {
        check(&write.item)?;
        let mut state = self.state();
        if !state.holds(&write) {
            return Err(TableError::Conflict { write: 0 });
        }
        state.apply(vec![write.item]);
        Ok(())
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<(), TableError> {
        check_commit(&writes)?;
        let mut state = self.state();
        if let Some(write) = writes.iter().position(|write| !state.holds(write)) {
            return Err(TableError::Conflict { write });
        }
        state.apply(writes.into_iter().map(|write| write.item).collect());
        Ok(())
    }

    async fn due(&self, bucket: &str, until: i64, limit: usize) -> Result<Vec<(Key, i64)>, TableError> {
        let lags = self.lags(Freshness::Eventual);
        let state = self.state();
        let replaced = state.replaced_due.get(bucket).filter(|_| lags).map_or(&[][..], Vec::as_slice);
        let now = state
            .due
            .range((bucket.to_owned(), i64::MIN, Key { pk: String::new(), sk: String::new() })..)
            .take_while(|(found, at, _)| found == bucket && *at <= until)
            .map(|(_, at, key)| (*at, key))
            .filter(|(_, key)| !replaced.iter().any(|(written, _)| written == *key));
        if replaced.is_empty() {
            return Ok(now.take(limit).map(|(at, key)| (key.clone(), at)).collect());
        }
        let before = replaced.iter().filter_map(|(key, due)| match due {
            Some(due) if due.bucket == bucket && due.at <= until => Some((due.at, key)),
            _ => None,
        });
        let merged: BTreeSet<(i64, &Key)> = now.chain(before).collect();
        Ok(merged.into_iter().take(limit).map(|(at, key)| (key.clone(), at)).collect())
    }

    async fn add(&self, key: &Key, amount: u64) -> Result<u64, TableError> {
        let mut state = self.state();
        let mut item = state.items.get(key).cloned().unwrap_or_else(|| Item {
            key: key.clone(),
            version: 0,
            body: String::new(),
            due: None,
            ttl: None,
        });
        let before = item.version;
        item.version = before.checked_add(amount).ok_or(Refusal::Overflow { before, amount })?;
        check(&item)?;
        let sum = item.version;
        state.apply(vec![item]);
        Ok(sum)
    }
}
