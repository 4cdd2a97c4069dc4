//! The few things asked of DynamoDB, as a trait: one table, whole-item writes, conditions on a version.
//!
//! Every item is written whole and carries its body as JSON text. `DynamoTable` speaks to DynamoDB; `MemoryTable` keeps the
//! same promises in memory for simulations; both are held to one contract test.

use async_trait::async_trait;

/// Primary key of an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Partition key, attribute `pk`.
    pub pk: String,
    /// Sort key, attribute `sk`.
    pub sk: String,
}

impl Key {
    /// Bytes of a partition key, at most ("Quotas" in DynamoDB's developer guide).
    pub const PK_BYTES_MAX: usize = 2048;
    /// Bytes of a sort key, at most.
    pub const SK_BYTES_MAX: usize = 1024;

    /// Whether an item can have it. What callers name may be of any length; a key no item can have is nobody's, which is an answer,
    /// where DynamoDB refuses the question.
    pub fn is_possible(&self) -> bool {
        (1..=Self::PK_BYTES_MAX).contains(&self.pk.len()) && (1..=Self::SK_BYTES_MAX).contains(&self.sk.len())
    }
}

/// An item as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Primary key.
    pub key: Key,
    /// Attribute `v`: grows by one with every write of a versioned item; 0 for items never conditioned on a version.
    pub version: u64,
    /// Attribute `b`: JSON text.
    pub body: String,
    /// Attributes `due_pk` and `due_at` (Unix seconds): the item's entry in the sparse index of what is due.
    pub due: Option<Due>,
    /// Attribute `ttl` (Unix seconds): DynamoDB deletes the item some time after.
    pub ttl: Option<i64>,
}

/// An entry of the due index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Index partition.
    pub bucket: String,
    /// Unix seconds.
    pub at: i64,
}

/// What must hold for a write to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Whatever is there is replaced.
    Always,
    /// No item has the key.
    NotExists,
    /// The stored version is this one.
    Version(u64),
}

/// One write of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The item to put.
    pub item: Item,
    /// Its condition.
    pub condition: Condition,
}

/// How fresh a read must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// May lag behind; half the price. Only where a stale answer is harmless or a version-checked write follows.
    Eventual,
    /// Sees every write that was answered before.
    Consistent,
}

/// Which sort keys of a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// Partition key.
    pub pk: String,
    /// Sort keys start with this.
    pub prefix: String,
    /// Go on after this sort key (exclusive); from the other end when `descending`.
    pub after: Option<String>,
    /// Newest first.
    pub descending: bool,
    /// At most this many items.
    pub limit: usize,
}

/// A page of a range, complete when `next` is nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The items in key order.
    pub items: Vec<Item>,
    /// Sort key to go on after.
    pub next: Option<String>,
}

/// Why the table did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// A condition did not hold (or another commit was in the way). Nothing was written. `write` is the first that failed.
    #[error("a condition did not hold for write {write}")]
    Conflict {
        /// Index of the write.
        write: usize,
    },
    /// It did not happen: throttled, refused, not reachable.
    #[error("the table did not do it")]
    NotDone(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It may have happened: the answer was lost.
    #[error("the table did not answer")]
    Unknown(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// An item is not of the shape this program writes.
    #[error("item {pk} {sk} is not readable")]
    Shape {
        /// Partition key.
        pk: String,
        /// Sort key.
        sk: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The table.
#[async_trait]
pub trait Table: Send + Sync {
    /// One item; nothing under a key no item can have.
    async fn get(&self, key: &Key, freshness: Freshness) -> Result<Option<Item>, TableError>;
    /// Items of one partition.
    async fn query(&self, range: &Range, freshness: Freshness) -> Result<Page, TableError>;
    /// One conditional write (`PutItem`).
    async fn put(&self, write: Write) -> Result<(), TableError>;
    /// All writes or none (`TransactWriteItems`), 2 to 100.
    async fn commit(&self, writes: Vec<Write>) -> Result<(), TableError>;
    /// Keys due at or before `until`, earliest first, with the moment they are due.
    async fn due(&self, bucket: &str, until: i64, limit: usize) -> Result<Vec<(Key, i64)>, TableError>;
    /// Adds to the number in attribute `v` of an item (created at 0) and answers the sum.
    async fn add(&self, key: &Key, amount: u64) -> Result<u64, TableError>;
}
