//! What the workflows ask of memory, in the domain's words.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::delivery::Delivery;
use domain::details::Details;
use domain::exchange::Exchange;
use domain::id::{BillNumber, OrderId, Tenant};
use domain::order::{Order, TaskId};
use domain::partner::Partner;
use domain::subscription::Subscription;
use domain::tariff::Tariff;
use domain::time::Timestamp;
use domain::wallet::Kept;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::exchanges;
use crate::keys;
use crate::table::{Condition, Due, Freshness, Item, Key, Range, Table, TableError, Write};

/// Seconds a partner's settings may be used before they are read again.
pub(crate) const SETTINGS_SECONDS: i64 = 60;
/// Bill numbers leased at once: one shared write per this many orders and instance.
const BILL_LEASE: u64 = 100;

/// The table did not answer with what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else was first: look again.
    #[error("the row has changed meanwhile")]
    Conflict,
    /// It did not happen; try again.
    #[error("the table is not available")]
    NotDone(#[source] TableError),
    /// It may have happened; look again.
    #[error("the table did not answer")]
    Unknown(#[source] TableError),
    /// A row is not of a shape this program knows.
    #[error("a row is not readable")]
    Shape(#[source] TableError),
}

impl From<TableError> for StoreError {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Conflict { .. } => Self::Conflict,
            TableError::NotDone(_) => Self::NotDone(error),
            TableError::Unknown(_) => Self::Unknown(error),
            TableError::Shape { .. } => Self::Shape(error),
        }
    }
}

/// An order with everything a decision or a message needs.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The head.
    pub order: Order,
    /// What was offered or agreed.
    pub details: Details,
    /// Version of the agreement's row; 0 while there is none.
    pub agreement_version: u64,
    /// Delivery records.
    pub deliveries: Vec<Delivery>,
}

impl Loaded {
    /// Takes tasks off the order's list whose records say they are done. It costs nothing: the next commit writes the row
    /// anyway, and if there is none the list stays as it is stored.
    pub fn forget_done(&mut self) {
        let done = self.done_tasks();
        self.order.tasks.retain(|task| !done.contains(&task.id));
    }

    /// Tasks whose records say that they need not be sent again.
    pub fn done_tasks(&self) -> Vec<TaskId> {
        self.deliveries.iter().filter(|delivery| delivery.is_closed()).map(|delivery| delivery.task).collect()
    }
}

/// A claim on an order number: who came first decides what the number means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberClaim {
    /// The order.
    #[serde(rename = "o")]
    pub order: OrderId,
    /// Its bill number.
    #[serde(rename = "b")]
    pub bill: BillNumber,
    /// SHA-256 of what was asked for, hex.
    #[serde(rename = "h")]
    pub request_sha256: String,
    /// When.
    #[serde(rename = "t", with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
}

/// An API key: whose it is, and what for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum KeyRow {
    /// A key without a name, as all were at first.
    Plain(Tenant),
    /// A key of one of the partner's sites.
    Named {
        /// Whose.
        #[serde(rename = "t")]
        tenant: Tenant,
        /// The site's name.
        #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// It is good for nothing any more.
        #[serde(rename = "x", default, skip_serializing_if = "std::ops::Not::not")]
        revoked: bool,
    },
    /// A courier's key. Its tenant has a name of its own here, so that no program that knows nothing of couriers takes it for
    /// a key to everything.
    Courier {
        /// Whose.
        #[serde(rename = "c")]
        tenant: Tenant,
        /// The courier's name.
        #[serde(rename = "n")]
        name: String,
    },
}

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyRole {
    /// Everything a partner can.
    #[default]
    Partner,
    /// Read the orders given to it, take their money, hand them over.
    Courier,
}

impl KeyRole {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Partner, Self::Courier];

    /// The stable code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Partner => "partner",
            Self::Courier => "courier",
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Who bears an API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyOwner {
    /// The tenant.
    pub tenant: Tenant,
    /// The name of the key.
    pub name: Option<String>,
    /// What it may do.
    pub role: KeyRole,
}

impl KeyRow {
    /// Who bears the key; nobody when it was revoked.
    fn owner(self) -> Option<KeyOwner> {
        match self {
            Self::Plain(tenant) => Some(KeyOwner { tenant, name: None, role: KeyRole::Partner }),
            Self::Named { revoked: true, .. } => None,
            Self::Named { tenant, name, .. } => Some(KeyOwner { tenant, name, role: KeyRole::Partner }),
            Self::Courier { tenant, name } => Some(KeyOwner { tenant, name: Some(name), role: KeyRole::Courier }),
        }
    }
}

/// An API key in a tenant's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedKey {
    /// SHA-256 of the key, hex.
    #[serde(rename = "h")]
    pub sha256: String,
    /// What it is for.
    #[serde(rename = "n")]
    pub name: String,
    /// When it was issued.
    #[serde(rename = "t", with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// What it may do.
    #[serde(rename = "r", default, skip_serializing_if = "is_default")]
    pub role: KeyRole,
}

/// A claim on an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyClaim {
    /// SHA-256 of what was asked for, hex.
    #[serde(rename = "h")]
    pub request_sha256: String,
}

/// Whether a claim was the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed<T> {
    /// It is ours now.
    First,
    /// It was taken before; this is what it says.
    Taken(T),
}

/// Whose payment order a number is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutOwner {
    /// The tenant.
    #[serde(rename = "t")]
    pub tenant: Tenant,
    /// The payout.
    #[serde(rename = "i")]
    pub id: String,
}

/// A row of the sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxRow {
    /// Grows by one with every write; a new row has 1.
    pub version: u64,
    /// JSON text.
    pub body: String,
    /// When the sandbox shall look at it, in the tenant's own time.
    pub due: Option<Timestamp>,
}

/// A page of orders.
#[derive(Debug, Clone)]
pub struct OrderPage {
    /// Heads.
    pub orders: Vec<Order>,
    /// Delivery records among them, where they were asked for; those of an order may be on another page.
    pub deliveries: Vec<Delivery>,
    /// Where to go on.
    pub next: Option<String>,
}

/// A page of packed exchanges.
#[derive(Debug, Clone)]
pub struct ExchangePage {
    /// Each row with the beginning of its slot.
    pub rows: Vec<(Timestamp, Vec<Exchange>)>,
    /// Where to go on.
    pub next: Option<String>,
}

/// What was read lately, and when (Unix seconds of the real time).
type Cache<T> = Arc<Mutex<HashMap<String, (i64, T)>>>;
/// The same of something there is one of.
type Latest<T> = Arc<Mutex<Option<(i64, T)>>>;

/// Memory.
#[derive(Clone)]
pub struct Store {
    pub(crate) table: Arc<dyn Table>,
    settings: Cache<Arc<Partner>>,
    pub(crate) tariffs: Latest<Arc<Vec<Tariff>>>,
    keys: Cache<KeyOwner>,
    bills: Arc<Mutex<(u64, u64)>>,
}

impl Store {
    /// Memory on a table.
    pub fn new(table: Arc<dyn Table>) -> Self {
        Self { table, settings: Arc::default(), tariffs: Arc::default(), keys: Arc::default(), bills: Arc::default() }
    }

    // --- orders ---

    /// Claims an order number.
    pub async fn claim_number(&self, number: &str, claim: &NumberClaim) -> Result<Claimed<NumberClaim>, StoreError> {
        self.claim(keys::number(claim.order.tenant(), number), claim, None).await
    }

    /// The order that has a number.
    pub async fn number(&self, tenant: &Tenant, number: &str) -> Result<Option<NumberClaim>, StoreError> {
        self.read(&keys::number(tenant, number), Freshness::Consistent).await
    }

    /// Claims an idempotency key until `ttl` (Unix seconds).
    pub async fn claim_key(
        &self,
        tenant: &Tenant,
        key: &str,
        claim: &KeyClaim,
        ttl: i64,
    ) -> Result<Claimed<KeyClaim>, StoreError> {
        self.claim(keys::idempotency(tenant, key), claim, Some(ttl)).await
    }

    pub(crate) async fn claim<T: Serialize + DeserializeOwned>(
        &self,
        key: Key,
        claim: &T,
        ttl: Option<i64>,
    ) -> Result<Claimed<T>, StoreError> {
        let item = Item { key: key.clone(), version: 1, body: text(&key, claim)?, due: None, ttl };
        match self.table.put(Write { item, condition: Condition::NotExists }).await {
            Ok(()) => return Ok(Claimed::First),
            Err(TableError::Conflict { .. }) => {}
            Err(other) => return Err(other.into()),
        }
        let taken = self.read(&key, Freshness::Consistent).await?;
        taken.map(Claimed::Taken).ok_or(StoreError::Conflict)
    }

    /// Writes the head of a new order. That it is there already is no error: creation is repeatable.
    pub async fn create_order(&self, order: &Order) -> Result<(), StoreError> {
        let write = Write { item: head_item(order)?, condition: Condition::NotExists };
        match self.table.put(write).await {
            Ok(()) | Err(TableError::Conflict { .. }) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    /// An order with its agreement and delivery records, in one query.
    pub async fn load(&self, id: &OrderId, freshness: Freshness) -> Result<Option<Loaded>, StoreError> {
        let range =
            Range { pk: keys::order_partition(id), prefix: id.ulid(), after: None, descending: false, limit: 400 };
        let page = self.table.query(&range, freshness).await?;
        let (mut order, mut agreement, mut deliveries) = (None, None, Vec::new());
        for item in page.items {
            if item.key == keys::head(id) {
                order = Some(order_from(id.clone(), &item)?);
            } else if item.key == keys::agreement(id) {
                agreement = Some((item.version, parse::<Details>(&item)?));
            } else {
                deliveries.push(parse::<Delivery>(&item)?);
            }
        }
        let Some(order) = order else { return Ok(None) };
        let offer = order.offer.as_deref().cloned();
        let (agreement_version, details) = match (agreement, offer) {
            (Some((version, details)), _) => (version, details),
            (None, Some(offer)) => (0, offer),
            (None, None) => return Err(shape(&keys::agreement(id), "the agreement is missing")),
        };
        Ok(Some(Loaded { order, details, agreement_version, deliveries }))
    }

    /// What was agreed, or offered, of an order whose head is at hand.
    pub async fn details(&self, order: &Order, freshness: Freshness) -> Result<Details, StoreError> {
        let key = keys::agreement(&order.id);
        let agreed: Option<Details> = self.read(&key, freshness).await?;
        let details = agreed.or_else(|| order.offer.as_deref().cloned());
        details.ok_or_else(|| shape(&key, "the agreement is missing"))
    }

    /// Writes what the buyer agreed to, as version `version` of its row.
    pub async fn put_agreement(&self, id: &OrderId, details: &Details, version: u64) -> Result<(), StoreError> {
        let key = keys::agreement(id);
        let body = text(&key, details)?;
        let condition = follows(version);
        Ok(self.table.put(Write { item: Item { key, version, body, due: None, ttl: None }, condition }).await?)
    }

    /// Writes the next state of an order: its journal, postings and tasks with it, in one conditional write.
    pub async fn commit(&self, order: &Order) -> Result<(), StoreError> {
        let condition = Condition::Version(order.version - 1);
        Ok(self.table.put(Write { item: head_item(order)?, condition }).await?)
    }

    /// Heads of a tenant's orders of a month (UTC), part `spread` of [`keys::SPREAD`], newest first.
    pub async fn orders(
        &self,
        tenant: &Tenant,
        (year, month): (i16, i8),
        spread: u8,
        after: Option<String>,
        limit: usize,
        freshness: Freshness,
    ) -> Result<OrderPage, StoreError> {
        let pk = keys::month_partition(tenant, year, month, spread);
        let range = Range { pk, prefix: String::new(), after, descending: true, limit };
        let page = self.table.query(&range, freshness).await?;
        Ok(OrderPage { orders: heads(&page.items)?, deliveries: Vec::new(), next: page.next })
    }

    /// The same rows with the delivery records that lie between them, as they are this moment.
    pub async fn orders_and_deliveries(
        &self,
        tenant: &Tenant,
        (year, month): (i16, i8),
        spread: u8,
        after: Option<String>,
        limit: usize,
    ) -> Result<OrderPage, StoreError> {
        let pk = keys::month_partition(tenant, year, month, spread);
        let range = Range { pk, prefix: String::new(), after, descending: true, limit };
        let page = self.table.query(&range, Freshness::Consistent).await?;
        let deliveries = page.items.iter().filter(|item| keys::is_delivery(&item.key)).map(parse);
        Ok(OrderPage {
            orders: heads(&page.items)?,
            deliveries: deliveries.collect::<Result<_, _>>()?,
            next: page.next,
        })
    }

    /// Orders of a bucket of the due index that are due at or before `until`.
    pub async fn due_orders(&self, bucket: &str, until: Timestamp, limit: usize) -> Result<Vec<OrderId>, StoreError> {
        let due = self.table.due(bucket, until.as_second(), limit).await?;
        Ok(due.iter().filter_map(|(key, _)| keys::order_of(key)).collect())
    }

    // --- deliveries and results ---

    /// A delivery record.
    pub async fn delivery(&self, id: &OrderId, task: TaskId) -> Result<Option<Delivery>, StoreError> {
        self.read(&keys::delivery(id, task), Freshness::Eventual).await
    }

    /// Writes a delivery record.
    pub async fn put_delivery(&self, id: &OrderId, delivery: &Delivery) -> Result<(), StoreError> {
        self.write(keys::delivery(id, delivery.task), delivery).await
    }

    /// What execution brought.
    pub async fn result<T: DeserializeOwned>(&self, id: &OrderId) -> Result<Option<T>, StoreError> {
        self.read(&keys::result(id), Freshness::Consistent).await
    }

    /// Keeps what execution brought. The first result stays.
    pub async fn put_result<T: Serialize>(&self, id: &OrderId, result: &T) -> Result<(), StoreError> {
        let key = keys::result(id);
        let item = Item { body: text(&key, result)?, key, version: 1, due: None, ttl: None };
        match self.table.put(Write { item, condition: Condition::NotExists }).await {
            Ok(()) | Err(TableError::Conflict { .. }) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    // --- partners ---

    /// A partner's settings, at most a minute old. `now` is the real time.
    pub async fn partner(&self, tenant: &Tenant, now: Timestamp) -> Result<Option<Arc<Partner>>, StoreError> {
        let name = tenant.to_string();
        let now = now.as_second();
        if let Some((read_at, partner)) = locked(&self.settings).get(&name)
            && (0..SETTINGS_SECONDS).contains(&(now - read_at))
        {
            return Ok(Some(Arc::clone(partner)));
        }
        let read: Option<Partner> = self.read_settings(&keys::partner(tenant)).await?;
        let partner = read.map(Arc::new);
        if let Some(partner) = &partner {
            locked(&self.settings).insert(name, (now, Arc::clone(partner)));
        }
        Ok(partner)
    }

    /// Writes a partner's settings, whatever they were, and lists the tenant.
    pub async fn put_partner(&self, tenant: &Tenant, partner: &Partner) -> Result<(), StoreError> {
        self.change_partner(tenant, |_| Some((partner.clone(), ()))).await.map(|_| ())
    }

    /// Changes a partner's settings as they are stored now. `change` gets nothing for a partner nobody has heard of, may be
    /// called again when another change comes between, and answers nothing to leave everything as it is.
    pub async fn change_partner<T>(
        &self,
        tenant: &Tenant,
        mut change: impl FnMut(Option<Partner>) -> Option<(Partner, T)> + Send,
    ) -> Result<Option<T>, StoreError> {
        let key = keys::partner(tenant);
        for _ in 0..5 {
            let stored = self.table.get(&key, Freshness::Consistent).await?;
            let before = stored.as_ref().map(parse::<Partner>).transpose()?;
            let Some((partner, answer)) = change(before) else { return Ok(None) };
            let (version, condition) = match &stored {
                Some(item) => (item.version + 1, Condition::Version(item.version)),
                None => (1, Condition::NotExists),
            };
            if stored.is_none() {
                self.write(keys::tenant(tenant), &()).await?;
            }
            let item = Item { key: key.clone(), version, body: text(&key, &partner)?, due: None, ttl: None };
            match self.table.put(Write { item, condition }).await {
                Ok(()) => {
                    locked(&self.settings).remove(&tenant.to_string());
                    return Ok(Some(answer));
                }
                Err(TableError::Conflict { .. }) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(StoreError::Conflict)
    }

    /// All tenants.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        let mut tenants = Vec::new();
        let mut after = None;
        loop {
            let range =
                Range { pk: keys::TENANTS.to_owned(), prefix: String::new(), after, descending: false, limit: 500 };
            let page = self.table.query(&range, Freshness::Eventual).await?;
            tenants.extend(page.items.iter().filter_map(|item| item.key.sk.parse::<Tenant>().ok()));
            after = page.next;
            if after.is_none() {
                return Ok(tenants);
            }
        }
    }

    /// Who bears an API key, by the key's SHA-256 in hex; at most a minute old. `now` is the real time.
    pub async fn key_owner(&self, sha256: &str, now: Timestamp) -> Result<Option<KeyOwner>, StoreError> {
        let now = now.as_second();
        if let Some((read_at, owner)) = locked(&self.keys).get(sha256)
            && (0..SETTINGS_SECONDS).contains(&(now - read_at))
        {
            return Ok(Some(owner.clone()));
        }
        let row: Option<KeyRow> = self.read_settings(&keys::api_key(sha256)).await?;
        let owner = row.and_then(KeyRow::owner);
        match &owner {
            Some(owner) => locked(&self.keys).insert(sha256.to_owned(), (now, owner.clone())),
            None => locked(&self.keys).remove(sha256),
        };
        Ok(owner)
    }

    /// The row of an API key as it is stored now.
    pub async fn key_row(&self, sha256: &str) -> Result<Option<KeyRow>, StoreError> {
        self.read(&keys::api_key(sha256), Freshness::Consistent).await
    }

    /// Gives an API key without a name to a tenant.
    pub async fn put_key(&self, sha256: &str, owner: &Tenant) -> Result<(), StoreError> {
        self.write(keys::api_key(sha256), &KeyRow::Plain(owner.clone())).await
    }

    /// Writes the row of an API key, whatever it was.
    pub async fn put_key_row(&self, sha256: &str, row: &KeyRow) -> Result<(), StoreError> {
        self.write(keys::api_key(sha256), row).await?;
        locked(&self.keys).remove(sha256);
        Ok(())
    }

    /// A tenant's API keys that have a name, oldest first.
    pub async fn listed_keys(&self, tenant: &Tenant) -> Result<Vec<ListedKey>, StoreError> {
        Ok(self.read(&keys::api_keys(tenant), Freshness::Consistent).await?.unwrap_or_default())
    }

    /// Changes the list of a tenant's API keys as it is stored now. `change` may be called again when another change comes
    /// between, and answers nothing to leave everything as it is.
    pub async fn change_listed_keys<T>(
        &self,
        tenant: &Tenant,
        mut change: impl FnMut(Vec<ListedKey>) -> Option<(Vec<ListedKey>, T)> + Send,
    ) -> Result<Option<T>, StoreError> {
        let key = keys::api_keys(tenant);
        for _ in 0..5 {
            let stored = self.table.get(&key, Freshness::Consistent).await?;
            let before = stored.as_ref().map(parse).transpose()?.unwrap_or_default();
            let Some((list, answer)) = change(before) else { return Ok(None) };
            let version = stored.map_or(1, |item| item.version + 1);
            let item = Item { key: key.clone(), version, body: text(&key, &list)?, due: None, ttl: None };
            match self.table.put(Write { item, condition: follows(version) }).await {
                Ok(()) => return Ok(Some(answer)),
                Err(TableError::Conflict { .. }) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(StoreError::Conflict)
    }

    // --- numbers and payouts ---

    /// The next bill number. Numbers are leased a hundred at a time; those of an instance that goes away are never used.
    pub async fn next_bill(&self) -> Result<BillNumber, StoreError> {
        if let Some(number) = take(&mut locked(&self.bills)) {
            return Ok(BillNumber::new(number));
        }
        let end = self.table.add(&keys::counter("bill"), BILL_LEASE).await?;
        *locked(&self.bills) = (end - BILL_LEASE + 1, end);
        Ok(BillNumber::new(end - BILL_LEASE))
    }

    /// The next number of a payment order.
    pub async fn next_payment_order(&self) -> Result<u32, StoreError> {
        let number = self.table.add(&keys::counter("payment-order"), 1).await?;
        Ok(u32::try_from((number - 1) % 999_999 + 1).unwrap_or(1))
    }

    // --- wallets ---

    /// Means of a buyer's.
    pub async fn means(&self, tenant: &Tenant, customer: &str, id: &str) -> Result<Option<Kept>, StoreError> {
        self.read(&keys::means(tenant, customer, id), Freshness::Consistent).await
    }

    /// A buyer's wallet, oldest first; at most 50.
    pub async fn wallet(&self, tenant: &Tenant, customer: &str) -> Result<Vec<Kept>, StoreError> {
        let pk = keys::wallet_partition(tenant, customer);
        let range = Range { pk, prefix: String::new(), after: None, descending: false, limit: 50 };
        let page = self.table.query(&range, Freshness::Consistent).await?;
        page.items.iter().map(parse).collect()
    }

    /// Keeps means in a wallet. What is there under their id already stays as it is: switched off, or deleted.
    pub async fn keep_means(&self, tenant: &Tenant, customer: &str, kept: &Kept) -> Result<(), StoreError> {
        let key = keys::means(tenant, customer, &kept.id);
        let item = Item { body: text(&key, kept)?, key, version: 1, due: None, ttl: None };
        match self.table.put(Write { item, condition: Condition::NotExists }).await {
            Ok(()) | Err(TableError::Conflict { .. }) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    /// Changes means as they are stored now, and answers how they stand then; nothing where there are none. `change` may be called
    /// again when another change comes between, and answers nothing to leave everything as it is.
    pub async fn change_means(
        &self,
        tenant: &Tenant,
        customer: &str,
        id: &str,
        mut change: impl FnMut(&Kept) -> Option<Kept> + Send,
    ) -> Result<Option<Kept>, StoreError> {
        let key = keys::means(tenant, customer, id);
        for _ in 0..5 {
            let Some(stored) = self.table.get(&key, Freshness::Consistent).await? else { return Ok(None) };
            let before: Kept = parse(&stored)?;
            let Some(kept) = change(&before) else { return Ok(Some(before)) };
            let body = text(&key, &kept)?;
            let item = Item { key: key.clone(), version: stored.version + 1, body, due: None, ttl: None };
            match self.table.put(Write { item, condition: Condition::Version(stored.version) }).await {
                Ok(()) => return Ok(Some(kept)),
                Err(TableError::Conflict { .. }) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(StoreError::Conflict)
    }

    // --- subscriptions ---

    /// A subscription.
    pub async fn subscription(&self, tenant: &Tenant, id: &str) -> Result<Option<Subscription>, StoreError> {
        let item = self.table.get(&keys::subscription(tenant, id), Freshness::Consistent).await?;
        item.as_ref().map(subscription_from).transpose()
    }

    /// Writes the next state of a subscription, if what is stored has the version before; a new one has version 1.
    pub async fn put_subscription(&self, tenant: &Tenant, subscription: &Subscription) -> Result<(), StoreError> {
        let bucket = keys::subscription_due_bucket(tenant, &subscription.id);
        let due = subscription.due().map(|at| Due { bucket, at: at.as_second() });
        let key = keys::subscription(tenant, &subscription.id);
        let version = subscription.version;
        let item = Item { body: text(&key, subscription)?, key, version, due, ttl: None };
        Ok(self.table.put(Write { item, condition: follows(version) }).await?)
    }

    /// A tenant's subscriptions in the order of their ids.
    pub async fn subscriptions(
        &self,
        tenant: &Tenant,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Subscription>, Option<String>), StoreError> {
        let pk = keys::subscription_partition(tenant);
        let range = Range { pk, prefix: String::new(), after, descending: false, limit };
        let page = self.table.query(&range, Freshness::Consistent).await?;
        let found = page.items.iter().map(subscription_from).collect::<Result<_, _>>()?;
        Ok((found, page.next))
    }

    /// Subscriptions of a bucket of the due index that are due at or before `until`.
    pub async fn due_subscriptions(
        &self,
        bucket: &str,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Tenant, String)>, StoreError> {
        let due = self.table.due(bucket, until.as_second(), limit).await?;
        Ok(due.iter().filter_map(|(key, _)| keys::subscription_of(key)).collect())
    }

    // --- exchanges with banks ---

    /// Writes packed exchanges, to be kept until `ttl` (Unix seconds). Written again they replace themselves.
    pub async fn put_exchanges(&self, row: &exchanges::Row, ttl: i64) -> Result<(), StoreError> {
        let item = Item { key: row.key.clone(), version: 0, body: row.body.clone(), due: None, ttl: Some(ttl) };
        Ok(self.table.put(Write { item, condition: Condition::Always }).await?)
    }

    /// Packed exchanges of a tenant and a day (UTC), the latest slot first. All rows of a slot follow each other.
    pub async fn exchanges(
        &self,
        tenant: &Tenant,
        day: Timestamp,
        after: Option<String>,
        limit: usize,
    ) -> Result<ExchangePage, StoreError> {
        let pk = keys::exchange_partition(tenant, day);
        let range = Range { pk, prefix: String::new(), after, descending: true, limit };
        let page = self.table.query(&range, Freshness::Eventual).await?;
        let mut rows = Vec::new();
        for item in &page.items {
            let slot = keys::slot_of(&item.key).ok_or_else(|| shape(&item.key, "no slot's key"))?;
            rows.push((slot, exchanges::unpack(&item.body).map_err(|error| shape(&item.key, error))?));
        }
        Ok(ExchangePage { rows, next: page.next })
    }

    // --- the sandbox ---

    /// Seconds a test tenant's clock is ahead of the real one.
    pub async fn clock_offset(&self, tenant: &Tenant) -> Result<i64, StoreError> {
        let offset: Option<i64> = self.read(&keys::sandbox(tenant, "clock", "clock"), Freshness::Consistent).await?;
        Ok(offset.unwrap_or(0))
    }

    /// Moves a test tenant's clock; answers how far it is ahead now.
    pub async fn advance_clock(&self, tenant: &Tenant, seconds: i64) -> Result<i64, StoreError> {
        let key = keys::sandbox(tenant, "clock", "clock");
        let stored = self.table.get(&key, Freshness::Consistent).await?;
        let (version, offset) = match &stored {
            Some(item) => (item.version, parse::<i64>(item)?),
            None => (0, 0),
        };
        let offset = offset + seconds;
        let item = Item { body: text(&key, &offset)?, key, version: version + 1, due: None, ttl: None };
        self.table.put(Write { item, condition: follows(version + 1) }).await?;
        Ok(offset)
    }

    /// A row of the sandbox.
    pub async fn sandbox_row(&self, tenant: &Tenant, kind: &str, id: &str) -> Result<Option<SandboxRow>, StoreError> {
        let item = self.table.get(&keys::sandbox(tenant, kind, id), Freshness::Consistent).await?;
        Ok(item.map(sandbox_row))
    }

    /// Writes a row of the sandbox, if what is stored has the version before.
    pub async fn put_sandbox_row(
        &self,
        tenant: &Tenant,
        kind: &str,
        id: &str,
        row: &SandboxRow,
    ) -> Result<(), StoreError> {
        let due = row.due.map(|at| Due { bucket: keys::sandbox_due_bucket(tenant), at: at.as_second() });
        let key = keys::sandbox(tenant, kind, id);
        let item = Item { key, version: row.version, body: row.body.clone(), due, ttl: None };
        Ok(self.table.put(Write { item, condition: follows(row.version) }).await?)
    }

    /// Rows of a kind, in the order of their ids.
    pub async fn sandbox_rows(
        &self,
        tenant: &Tenant,
        kind: &str,
        limit: usize,
    ) -> Result<Vec<(String, SandboxRow)>, StoreError> {
        let pk = keys::sandbox_partition(tenant, kind);
        let range = Range { pk, prefix: String::new(), after: None, descending: false, limit };
        let page = self.table.query(&range, Freshness::Consistent).await?;
        Ok(page.items.into_iter().map(|item| (item.key.sk.clone(), sandbox_row(item))).collect())
    }

    /// Rows that are due, as kind and id.
    pub async fn due_sandbox_rows(
        &self,
        tenant: &Tenant,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let due = self.table.due(&keys::sandbox_due_bucket(tenant), until.as_second(), limit).await?;
        Ok(due.iter().filter_map(|(key, _)| keys::sandbox_of(key)).collect())
    }

    // --- rows ---

    /// A row that changes rarely: a replica that does not know it yet is not believed.
    async fn read_settings<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, StoreError> {
        match self.read(key, Freshness::Eventual).await? {
            Some(read) => Ok(Some(read)),
            None => self.read(key, Freshness::Consistent).await,
        }
    }

    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        key: &Key,
        freshness: Freshness,
    ) -> Result<Option<T>, StoreError> {
        let item = self.table.get(key, freshness).await?;
        item.as_ref().map(parse).transpose()
    }

    pub(crate) async fn write<T: Serialize>(&self, key: Key, value: &T) -> Result<(), StoreError> {
        let item = Item { body: text(&key, value)?, key, version: 0, due: None, ttl: None };
        Ok(self.table.put(Write { item, condition: Condition::Always }).await?)
    }
}

fn take(lease: &mut (u64, u64)) -> Option<u64> {
    let (next, end) = *lease;
    (next < end).then(|| {
        lease.0 = next + 1;
        next
    })
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn follows(version: u64) -> Condition {
    if version == 1 { Condition::NotExists } else { Condition::Version(version - 1) }
}

fn sandbox_row(item: Item) -> SandboxRow {
    let due = item.due.and_then(|due| Timestamp::from_second(due.at).ok());
    SandboxRow { version: item.version, body: item.body, due }
}

pub(crate) fn head_item(order: &Order) -> Result<Item, StoreError> {
    let key = keys::head(&order.id);
    let due = order.due.map(|at| Due { bucket: keys::order_due_bucket(&order.id), at: at.as_second() });
    Ok(Item { body: text(&key, order)?, key, version: order.version, due, ttl: None })
}

/// The heads of orders among some rows.
pub(crate) fn heads(items: &[Item]) -> Result<Vec<Order>, StoreError> {
    let heads = items.iter().filter_map(|item| Some((keys::order_of(&item.key)?, item)));
    heads.map(|(id, item)| order_from(id, item)).collect()
}

pub(crate) fn order_from(id: OrderId, item: &Item) -> Result<Order, StoreError> {
    let mut order: Order = parse(item)?;
    order.id = id;
    order.version = item.version;
    order.due = item.due.as_ref().and_then(|due| Timestamp::from_second(due.at).ok());
    Ok(order)
}

fn subscription_from(item: &Item) -> Result<Subscription, StoreError> {
    let mut subscription: Subscription = parse(item)?;
    subscription.id.clone_from(&item.key.sk);
    subscription.version = item.version;
    Ok(subscription)
}

pub(crate) fn parse<T: DeserializeOwned>(item: &Item) -> Result<T, StoreError> {
    serde_json::from_str(&item.body).map_err(|error| shape(&item.key, error))
}

pub(crate) fn text<T: Serialize>(key: &Key, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| shape(key, error))
}

pub(crate) fn shape(key: &Key, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Shape(TableError::Shape { pk: key.pk.clone(), sk: key.sk.clone(), source: source.into() })
}
