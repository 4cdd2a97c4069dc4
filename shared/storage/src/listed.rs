//! Rows that list orders beside their own: those with a receipt to look after, and those given to a courier's key.

use domain::id::{OrderId, Tenant};
use domain::time::Timestamp;

use crate::keys;
use crate::store::{Store, StoreError, text};
use crate::table::{Condition, Freshness, Item, Key, Page, Range, TableError, Write};

/// An order in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The order.
    pub order: OrderId,
    /// Where in the list it stands: what to go on after.
    pub place: String,
    /// When it was listed, last; the real time.
    pub at: Timestamp,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPage {
    /// The orders.
    pub orders: Vec<Listed>,
    /// Where to go on.
    pub next: Option<String>,
}

/// A row says when it was written in its version: whoever takes it off the list sees whether it was listed again meanwhile.
fn item(key: Key, at: Timestamp, ttl: Option<i64>) -> Result<Item, StoreError> {
    let version = u64::try_from(at.as_second()).unwrap_or_default() + u64::from(ttl.is_some());
    Ok(Item { body: text(&key, &())?, key, version, due: None, ttl })
}

/// What a page of rows says; rows that wait for their deletion are none.
fn page_of(page: Page, order: impl Fn(&Key) -> Option<OrderId>) -> ListedPage {
    let rows = page.items.into_iter().filter(|item| item.ttl.is_none());
    let orders = rows.filter_map(|item| {
        let at = i64::try_from(item.version).ok().and_then(|second| Timestamp::from_second(second).ok())?;
        Some(Listed { order: order(&item.key)?, place: item.key.sk, at })
    });
    ListedPage { orders: orders.collect(), next: page.next }
}

impl Store {
    /// Lists an order among those with a receipt to look after. `now` is the real time.
    pub async fn list_concern(&self, id: &OrderId, now: Timestamp) -> Result<(), StoreError> {
        let item = item(keys::concern(id), now, None)?;
        Ok(self.table.put(Write { item, condition: Condition::Always }).await?)
    }

    /// Takes an order off that list, unless it was listed again since it was read there. `now` is the real time.
    pub async fn unlist_concern(&self, listed: &Listed, now: Timestamp) -> Result<(), StoreError> {
        let item = item(keys::concern(&listed.order), listed.at, Some(now.as_second()))?;
        let condition = Condition::Version(u64::try_from(listed.at.as_second()).unwrap_or_default());
        match self.table.put(Write { item, condition }).await {
            Ok(()) | Err(TableError::Conflict { .. }) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    /// A page of one of [`keys::concern_partitions`], of one tenant if it is named.
    pub async fn concerns(
        &self,
        partition: &str,
        tenant: Option<&Tenant>,
        after: Option<String>,
        limit: usize,
    ) -> Result<ListedPage, StoreError> {
        let prefix = tenant.map(keys::concern_prefix).unwrap_or_default();
        let range = Range { pk: partition.to_owned(), prefix, after, descending: false, limit };
        Ok(page_of(self.table.query(&range, Freshness::Eventual).await?, keys::concern_order))
    }

    /// Gives an order to a courier's key, or takes it back. `now` is the real time.
    pub async fn give_order(
        &self,
        id: &OrderId,
        key_sha256: &str,
        given: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // What is taken back is gone at once for every reader, and from the table some time after.
        let item = item(keys::given(id, key_sha256), now, (!given).then_some(now.as_second()))?;
        Ok(self.table.put(Write { item, condition: Condition::Always }).await?)
    }

    /// Whether an order was given to a courier's key.
    pub async fn is_given(&self, id: &OrderId, key_sha256: &str) -> Result<bool, StoreError> {
        let row = self.table.get(&keys::given(id, key_sha256), Freshness::Consistent).await?;
        Ok(row.is_some_and(|item| item.ttl.is_none()))
    }

    /// Orders given to a courier's key, the newest first.
    pub async fn given_orders(
        &self,
        tenant: &Tenant,
        key_sha256: &str,
        after: Option<String>,
        limit: usize,
    ) -> Result<ListedPage, StoreError> {
        let pk = keys::given_partition(tenant, key_sha256);
        let range = Range { pk, prefix: String::new(), after, descending: true, limit };
        Ok(page_of(self.table.query(&range, Freshness::Eventual).await?, keys::given_order))
    }
}
