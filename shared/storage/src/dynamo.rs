//! The table in DynamoDB.
//!
//! | attribute | type | |
//! |---|---|---|
//! | `pk`, `sk` | S | primary key |
//! | `v` | N | version, or the number of a counter |
//! | `b` | S | body; absent when empty, so a counter has none |
//! | `due_pk`, `due_at` | S, N | key of the sparse index `due` (keys only) |
//! | `ttl` | N | Unix seconds |
//!
//! **Lost answers and the SDK's own retries.** The SDK sends a request again when its answer was lost. Every attempt is watched:
//! once one of them may have arrived, the whole call is never reported as `NotDone`, whatever the last attempt says. If the lost
//! attempt of a `put` did its work, its repeat meets our own write and the answer is `Conflict`: a caller treats every `Conflict` by
//! looking again. A repeated `commit` carries the client request token which the SDK makes for each call, so DynamoDB answers as it
//! did the first time. `add` has no condition to stop a repeat and is therefore sent once.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::client::Waiters;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::config::interceptors::FinalizerInterceptorContextRef;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{Config, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::{BoxError, SdkError};
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, CancellationReason, ConsumedCapacity, GlobalSecondaryIndex,
    KeySchemaElement, KeyType, Projection, ProjectionType, Put, ReturnConsumedCapacity, ReturnValue,
    ScalarAttributeType, TimeToLiveSpecification, TransactWriteItem,
};

use crate::table::{Condition, Due, Freshness, Item, Key, Page, Range, Table, TableError, Write};

/// Name of the index of what is due.
const DUE_INDEX: &str = "due";

/// How long a new table may take to become ready.
const CREATION_SECONDS_MAX: u64 = 60;

/// Why an item read from the table is not one of ours.
#[derive(Debug, thiserror::Error)]
enum ShapeError {
    /// Not there, or of another type.
    #[error("attribute {0} is missing or of another type")]
    Attribute(&'static str),
    /// Not a whole number of the expected size.
    #[error("attribute {name} is not a whole number")]
    Number {
        /// Name of the attribute.
        name: &'static str,
        /// Why.
        #[source]
        source: std::num::ParseIntError,
    },
}

/// The table in DynamoDB. Clones share the client and the counters.
#[derive(Debug, Clone)]
pub struct DynamoTable {
    client: Client,
    name: String,
    consumed: Arc<Consumed>,
}

/// What DynamoDB says it charged. Failed writes are charged too but their answers do not say so.
#[derive(Debug, Default)]
struct Consumed {
    calls: AtomicU64,
    write_units_milli: AtomicU64,
    read_units_milli: AtomicU64,
}

impl DynamoTable {
    /// Speaks to `table_name` through `client`.
    pub fn new(client: Client, table_name: impl Into<String>) -> Self {
        Self { client, name: table_name.into(), consumed: Arc::default() }
    }

    /// Creates the table as `template.yaml` describes it, unless it is there. For the one-machine stack and tests.
    ///
    /// # Errors
    /// `NotDone` when the table could not be created; `Unknown` when it does not become ready.
    pub async fn create(client: &Client, table_name: &str) -> Result<(), TableError> {
        let key = |name: &str, kind: KeyType| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build().map_err(not_done)
        };
        let attribute = |name: &str, kind: ScalarAttributeType| {
            AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().map_err(not_done)
        };
        let index = GlobalSecondaryIndex::builder()
            .index_name(DUE_INDEX)
            .key_schema(key("due_pk", KeyType::Hash)?)
            .key_schema(key("due_at", KeyType::Range)?)
            .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
            .build()
            .map_err(not_done)?;
        let created = client
            .create_table()
            .table_name(table_name)
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(attribute("pk", ScalarAttributeType::S)?)
            .attribute_definitions(attribute("sk", ScalarAttributeType::S)?)
            .attribute_definitions(attribute("due_pk", ScalarAttributeType::S)?)
            .attribute_definitions(attribute("due_at", ScalarAttributeType::N)?)
            .key_schema(key("pk", KeyType::Hash)?)
            .key_schema(key("sk", KeyType::Range)?)
            .global_secondary_indexes(index)
            .send()
            .await;
        match created {
            Ok(_) => {}
            Err(error) if matches!(error.as_service_error(), Some(CreateTableError::ResourceInUseException(_))) => {
                return Ok(());
            }
            Err(error) => return Err(not_done(error)),
        }
        client
            .wait_until_table_exists()
            .table_name(table_name)
            .wait(Duration::from_secs(CREATION_SECONDS_MAX))
            .await
            .map_err(|error| TableError::Unknown(Box::new(error)))?;
        let ttl = TimeToLiveSpecification::builder().attribute_name("ttl").enabled(true).build().map_err(not_done)?;
        // Without it old rows only stay longer: no reason to stop.
        let _enabled = client.update_time_to_live().table_name(table_name).time_to_live_specification(ttl).send().await;
        Ok(())
    }

    /// What was asked and what DynamoDB says it charged since the start: calls (repeats by the SDK not counted), thousandths of
    /// write units, thousandths of read units.
    pub fn consumed(&self) -> (u64, u64, u64) {
        (
            self.consumed.calls.load(Ordering::Relaxed),
            self.consumed.write_units_milli.load(Ordering::Relaxed),
            self.consumed.read_units_milli.load(Ordering::Relaxed),
        )
    }

    /// A call is about to be sent.
    fn attempts(&self) -> Attempts {
        self.consumed.calls.fetch_add(1, Ordering::Relaxed);
        Attempts::default()
    }

    fn wrote(&self, capacity: Option<&ConsumedCapacity>) {
        let units = capacity.and_then(ConsumedCapacity::capacity_units);
        self.consumed.write_units_milli.fetch_add(milli(units), Ordering::Relaxed);
    }

    fn read(&self, capacity: Option<&ConsumedCapacity>) {
        let units = capacity.and_then(ConsumedCapacity::capacity_units);
        self.consumed.read_units_milli.fetch_add(milli(units), Ordering::Relaxed);
    }
}

/// Thousandths, by way of text: floats are not calculated with in this program.
fn milli(units: Option<f64>) -> u64 {
    units.map(|units| format!("{units:.3}").replace('.', "")).and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// Watches the attempts of one call: may one of them have arrived without its answer coming back?
#[derive(Debug, Clone, Default)]
struct Attempts {
    lost: Arc<AtomicBool>,
}

impl Attempts {
    /// The word for a failure that is not a failed condition.
    fn failure<E>(&self, error: SdkError<E, HttpResponse>) -> TableError
    where
        E: Error + Send + Sync + 'static,
    {
        // A timeout over the whole call ends it in the middle of an attempt, unseen by the interceptor.
        let lost = self.lost.load(Ordering::Relaxed) || matches!(error, SdkError::TimeoutError(_));
        // Only the source: the error itself holds the raw answer, which does not belong into a log.
        let source = error.into_source().unwrap_or_else(|whole| Box::new(whole));
        if lost { TableError::Unknown(source) } else { TableError::NotDone(source) }
    }
}

impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "Attempts"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(Err(error)) = context.output_or_error() else {
            return Ok(());
        };
        let refused = context.response().is_some_and(|response| response.status().is_client_error());
        let unsent =
            context.response().is_none() && error.as_connector_error().is_some_and(|error| never_connected(error));
        if !refused && !unsent {
            self.lost.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// No connection came about, so nothing was sent.
fn never_connected(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |&error| error.source())
        .filter_map(|error| error.downcast_ref::<hyper_util::client::legacy::Error>())
        .any(hyper_util::client::legacy::Error::is_connect)
}

fn not_done(error: impl Error + Send + Sync + 'static) -> TableError {
    TableError::NotDone(Box::new(error))
}

/// The condition in DynamoDB's words, with the version it names.
fn condition(condition: Condition) -> (Option<&'static str>, Option<AttributeValue>) {
    match condition {
        Condition::Always => (None, None),
        Condition::NotExists => (Some("attribute_not_exists(pk)"), None),
        Condition::Version(version) => (Some("v = :v"), Some(number(version))),
    }
}

fn number(value: impl std::fmt::Display + Copy) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// An item in DynamoDB's words.
fn attributes(item: Item) -> HashMap<String, AttributeValue> {
    let mut attributes = HashMap::from([
        ("pk".to_owned(), AttributeValue::S(item.key.pk)),
        ("sk".to_owned(), AttributeValue::S(item.key.sk)),
        ("v".to_owned(), number(item.version)),
    ]);
    if !item.body.is_empty() {
        attributes.insert("b".to_owned(), AttributeValue::S(item.body));
    }
    if let Some(due) = item.due {
        attributes.insert("due_pk".to_owned(), AttributeValue::S(due.bucket));
        attributes.insert("due_at".to_owned(), number(due.at));
    }
    if let Some(ttl) = item.ttl {
        attributes.insert("ttl".to_owned(), number(ttl));
    }
    attributes
}

/// A row as it came, taken apart attribute by attribute.
struct Row(HashMap<String, AttributeValue>);

impl Row {
    fn text(&mut self, name: &'static str) -> Result<Option<String>, ShapeError> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(AttributeValue::S(text)) => Ok(Some(text)),
            Some(_) => Err(ShapeError::Attribute(name)),
        }
    }

    fn number<N>(&mut self, name: &'static str) -> Result<Option<N>, ShapeError>
    where
        N: std::str::FromStr<Err = std::num::ParseIntError>,
    {
        match self.0.remove(name) {
            None => Ok(None),
            Some(AttributeValue::N(digits)) => {
                digits.parse().map(Some).map_err(|source| ShapeError::Number { name, source })
            }
            Some(_) => Err(ShapeError::Attribute(name)),
        }
    }

    fn key(&mut self) -> Result<Key, TableError> {
        let text = |name, row: &mut Self| row.text(name).ok().flatten();
        match (text("pk", self), text("sk", self)) {
            (Some(pk), Some(sk)) => Ok(Key { pk, sk }),
            (pk, sk) => Err(TableError::Shape {
                pk: pk.unwrap_or_default(),
                sk: sk.unwrap_or_default(),
                source: Box::new(ShapeError::Attribute("pk or sk")),
            }),
        }
    }

    fn item(mut self) -> Result<Item, TableError> {
        let key = self.key()?;
        self.rest(key.clone()).map_err(|source| shape(key, source))
    }

    fn rest(mut self, key: Key) -> Result<Item, ShapeError> {
        let due = match (self.text("due_pk")?, self.number("due_at")?) {
            (Some(bucket), Some(at)) => Some(Due { bucket, at }),
            (None, None) => None,
            _ => return Err(ShapeError::Attribute("due_pk or due_at")),
        };
        Ok(Item {
            key,
            version: self.number("v")?.ok_or(ShapeError::Attribute("v"))?,
            body: self.text("b")?.unwrap_or_default(),
            due,
            ttl: self.number("ttl")?,
        })
    }

    fn due(mut self) -> Result<(Key, i64), TableError> {
        let key = self.key()?;
        let at = self.number("due_at").and_then(|at| at.ok_or(ShapeError::Attribute("due_at")));
        match at {
            Ok(at) => Ok((key, at)),
            Err(source) => Err(shape(key, source)),
        }
    }
}

fn shape(key: Key, source: ShapeError) -> TableError {
    TableError::Shape { pk: key.pk, sk: key.sk, source: Box::new(source) }
}

/// The write whose condition did not hold, if that is why a commit was cancelled.
fn conflict(reasons: &[CancellationReason]) -> Option<usize> {
    reasons.iter().position(|reason| matches!(reason.code(), Some("ConditionalCheckFailed" | "TransactionConflict")))
}

/// Where a range begins. DynamoDB refuses a start outside of the prefix, so one before it is the edge and one behind it is nowhere.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Start<'a> {
    /// At the range's own edge.
    Edge,
    /// Behind this sort key.
    After(&'a str),
    /// Nothing is left.
    Nowhere,
}

/// The range asks for nothing, and "complete" or "not complete" would both be wrong.
#[derive(Debug, thiserror::Error)]
#[error("the limit of a range is 0")]
pub(crate) struct NoLimit;

/// Where `range` begins.
pub(crate) fn start(range: &Range) -> Result<Start<'_>, NoLimit> {
    if range.limit == 0 {
        return Err(NoLimit);
    }
    let Some(after) = range.after.as_deref() else {
        return Ok(Start::Edge);
    };
    Ok(if after.starts_with(range.prefix.as_str()) && !after.is_empty() {
        Start::After(after)
    } else if (after < range.prefix.as_str() || after.is_empty()) != range.descending {
        Start::Edge
    } else {
        Start::Nowhere
    })
}

/// DynamoDB counts in `i32`.
fn limit(left: usize) -> i32 {
    i32::try_from(left).unwrap_or(i32::MAX)
}

#[async_trait]
impl Table for DynamoTable {
    async fn get(&self, key: &Key, freshness: Freshness) -> Result<Option<Item>, TableError> {
        if !key.is_possible() {
            return Ok(None);
        }
        let attempts = self.attempts();
        let answer = self
            .client
            .get_item()
            .table_name(&self.name)
            .key("pk", text(&key.pk))
            .key("sk", text(&key.sk))
            .consistent_read(freshness == Freshness::Consistent)
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await
            .map_err(|error| attempts.failure(error))?;
        self.read(answer.consumed_capacity());
        answer.item.map(|row| Row(row).item()).transpose()
    }

    async fn query(&self, range: &Range, freshness: Freshness) -> Result<Page, TableError> {
        let mut from = match start(range).map_err(not_done)? {
            Start::Nowhere => {
                return Ok(Page { items: Vec::new(), next: None });
            }
            Start::Edge => None,
            Start::After(sk) => Some(HashMap::from([("pk".to_owned(), text(&range.pk)), ("sk".to_owned(), text(sk))])),
        };
        let (expression, prefix) = if range.prefix.is_empty() {
            ("pk = :pk", None)
        } else {
            ("pk = :pk AND begins_with(sk, :prefix)", Some(text(&range.prefix)))
        };
        let mut values = HashMap::from([(":pk".to_owned(), text(&range.pk))]);
        values.extend(prefix.map(|prefix| (":prefix".to_owned(), prefix)));
        let mut items = Vec::new();
        loop {
            let attempts = self.attempts();
            let answer = self
                .client
                .query()
                .table_name(&self.name)
                .key_condition_expression(expression)
                .set_expression_attribute_values(Some(values.clone()))
                .set_exclusive_start_key(from)
                .scan_index_forward(!range.descending)
                .consistent_read(freshness == Freshness::Consistent)
                .limit(limit(range.limit.saturating_sub(items.len())))
                .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
                .customize()
                .interceptor(attempts.clone())
                .send()
                .await
                .map_err(|error| attempts.failure(error))?;
            self.read(answer.consumed_capacity());
            for row in answer.items.unwrap_or_default() {
                items.push(Row(row).item()?);
            }
            from = answer.last_evaluated_key;
            match &from {
                None => return Ok(Page { items, next: None }),
                Some(_) if items.len() >= range.limit => {
                    let next = items.last().map(|item| item.key.sk.clone());
                    return Ok(Page { items, next });
                }
                Some(_) => {}
            }
        }
    }

    async fn put(&self, write: Write) -> Result<(), TableError> {
        let attempts = self.attempts();
        let (expression, version) = condition(write.condition);
        let answer = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(attributes(write.item)))
            .set_condition_expression(expression.map(str::to_owned))
            .set_expression_attribute_values(version.map(|version| HashMap::from([(":v".to_owned(), version)])))
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await;
        match answer {
            Ok(answer) => {
                self.wrote(answer.consumed_capacity());
                Ok(())
            }
            Err(error) => match error.as_service_error() {
                Some(
                    PutItemError::ConditionalCheckFailedException(_) | PutItemError::TransactionConflictException(_),
                ) => Err(TableError::Conflict { write: 0 }),
                _ => Err(attempts.failure(error)),
            },
        }
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<(), TableError> {
        let mut puts = Vec::with_capacity(writes.len());
        for write in writes {
            let (expression, version) = condition(write.condition);
            let put = Put::builder()
                .table_name(&self.name)
                .set_item(Some(attributes(write.item)))
                .set_condition_expression(expression.map(str::to_owned))
                .set_expression_attribute_values(version.map(|version| HashMap::from([(":v".to_owned(), version)])))
                .build()
                .map_err(not_done)?;
            puts.push(TransactWriteItem::builder().put(put).build());
        }
        let attempts = self.attempts();
        let answer = self
            .client
            .transact_write_items()
            .set_transact_items(Some(puts))
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await;
        match answer {
            Ok(answer) => {
                for capacity in answer.consumed_capacity() {
                    // Answering a repeat of a commit that was done is charged as a read.
                    if capacity.read_capacity_units().is_some() {
                        self.read(Some(capacity));
                    } else {
                        self.wrote(Some(capacity));
                    }
                }
                Ok(())
            }
            Err(error) => match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    match conflict(cancelled.cancellation_reasons()) {
                        Some(write) => Err(TableError::Conflict { write }),
                        None => Err(attempts.failure(error)),
                    }
                }
                Some(TransactWriteItemsError::TransactionInProgressException(_)) => {
                    Err(TableError::Unknown(Box::new(error.into_service_error())))
                }
                _ => Err(attempts.failure(error)),
            },
        }
    }

    async fn due(&self, bucket: &str, until: i64, limit_items: usize) -> Result<Vec<(Key, i64)>, TableError> {
        let mut found = Vec::new();
        let mut start = None;
        while found.len() < limit_items {
            let attempts = self.attempts();
            let answer = self
                .client
                .query()
                .table_name(&self.name)
                .index_name(DUE_INDEX)
                .key_condition_expression("due_pk = :bucket AND due_at <= :until")
                .expression_attribute_values(":bucket", text(bucket))
                .expression_attribute_values(":until", number(until))
                .set_exclusive_start_key(start)
                .limit(limit(limit_items.saturating_sub(found.len())))
                .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
                .customize()
                .interceptor(attempts.clone())
                .send()
                .await
                .map_err(|error| attempts.failure(error))?;
            self.read(answer.consumed_capacity());
            for row in answer.items.unwrap_or_default() {
                found.push(Row(row).due()?);
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        Ok(found)
    }

    async fn add(&self, key: &Key, amount: u64) -> Result<u64, TableError> {
        let attempts = self.attempts();
        let answer = self
            .client
            .update_item()
            .table_name(&self.name)
            .key("pk", text(&key.pk))
            .key("sk", text(&key.sk))
            .update_expression("ADD v :amount")
            .expression_attribute_values(":amount", number(amount))
            .return_values(ReturnValue::UpdatedNew)
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
            .customize()
            .interceptor(attempts.clone())
            .config_override(Config::builder().retry_config(RetryConfig::disabled()))
            .send()
            .await
            .map_err(|error| attempts.failure(error))?;
        self.wrote(answer.consumed_capacity());
        Row(answer.attributes.unwrap_or_default())
            .number("v")
            .and_then(|sum| sum.ok_or(ShapeError::Attribute("v")))
            .map_err(|source| shape(key.clone(), source))
    }
}
