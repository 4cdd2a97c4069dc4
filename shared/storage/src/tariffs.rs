//! Rows of tariffs and promo codes, and what a partner has paid ahead.

use std::sync::Arc;

use domain::id::Tenant;
use domain::ledger::{BookEntry, Prepaid, Purse};
use domain::order::Order;
use domain::tariff::{Promo, Tariff};
use domain::time::Timestamp;
use jiff::civil::Date;

use crate::books::{Written, book_entry_writes, purse_write};
use crate::devices::Versioned;
use crate::keys;
use crate::store::{SETTINGS_SECONDS, Store, StoreError, follows, head_item, locked, parse, text};
use crate::table::{Condition, Freshness, Item, Range, TableError, Write};

/// Tariffs there can be: all are read at once, once a minute.
const TARIFFS_MAX: usize = 100;

impl Store {
    /// All tariffs by id, at most a minute old. `now` is the real time.
    pub async fn tariffs(&self, now: Timestamp) -> Result<Arc<Vec<Tariff>>, StoreError> {
        let now = now.as_second();
        if let Some((read_at, tariffs)) = locked(&self.tariffs).as_ref()
            && (0..SETTINGS_SECONDS).contains(&(now - read_at))
        {
            return Ok(Arc::clone(tariffs));
        }
        let pk = keys::TARIFFS.to_owned();
        let range = Range { pk, prefix: String::new(), after: None, descending: false, limit: TARIFFS_MAX };
        let page = self.table.query(&range, Freshness::Consistent).await?;
        let tariffs: Vec<Tariff> = page
            .items
            .iter()
            .map(|item| Ok(Tariff { id: item.key.sk.clone(), ..parse(item)? }))
            .collect::<Result<_, StoreError>>()?;
        let tariffs = Arc::new(tariffs);
        *locked(&self.tariffs) = Some((now, Arc::clone(&tariffs)));
        Ok(tariffs)
    }

    /// Changes a tariff as it is stored now, or makes one. `change` may be called again when another change comes between, and answers
    /// nothing to leave everything as it is.
    pub async fn change_tariff<T>(
        &self,
        id: &str,
        mut change: impl FnMut(Option<Tariff>) -> (Option<Tariff>, T) + Send,
    ) -> Result<T, StoreError> {
        let key = keys::tariff(id);
        for _ in 0..5 {
            let stored = self.table.get(&key, Freshness::Consistent).await?;
            let before = stored.as_ref().map(|item| Ok::<_, StoreError>(Tariff { id: id.to_owned(), ..parse(item)? }));
            let (tariff, answer) = change(before.transpose()?);
            let Some(tariff) = tariff else { return Ok(answer) };
            let version = stored.map_or(1, |item| item.version + 1);
            let item = Item { body: text(&key, &tariff)?, key: key.clone(), version, due: None, ttl: None };
            match self.table.put(Write { item, condition: follows(version) }).await {
                Ok(()) => {
                    *locked(&self.tariffs) = None;
                    return Ok(answer);
                }
                Err(TableError::Conflict { .. }) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(StoreError::Conflict)
    }

    /// A promo code.
    pub async fn promo(&self, code: &str) -> Result<Option<Promo>, StoreError> {
        let promo: Option<Promo> = self.read(&keys::promo(code), Freshness::Consistent).await?;
        Ok(promo.map(|promo| Promo { code: code.to_owned(), ..promo }))
    }

    /// Makes a promo code. One that is there stays as it is, and is answered.
    pub async fn put_promo(&self, promo: &Promo) -> Result<Promo, StoreError> {
        let key = keys::promo(&promo.code);
        let item = Item { body: text(&key, promo)?, key, version: 1, due: None, ttl: None };
        match self.table.put(Write { item, condition: Condition::NotExists }).await {
            Ok(()) => Ok(promo.clone()),
            Err(TableError::Conflict { .. }) => self.promo(&promo.code).await?.ok_or(StoreError::Conflict),
            Err(other) => Err(other.into()),
        }
    }

    /// All promo codes.
    pub async fn promos(&self) -> Result<Vec<Promo>, StoreError> {
        let items = self.rows(keys::PROMOS.to_owned(), None).await?;
        items.iter().map(|item| Ok(Promo { code: item.key.sk.clone(), ..parse(item)? })).collect()
    }

    /// What a tenant has paid ahead.
    pub async fn prepaid(&self, tenant: &Tenant) -> Result<Versioned<Prepaid>, StoreError> {
        let item = self.table.get(&keys::prepaid(tenant), Freshness::Consistent).await?;
        let Some(item) = item else { return Ok(Versioned { version: 0, row: Prepaid::default() }) };
        Ok(Versioned { version: item.version, row: parse(&item)? })
    }

    /// Writes an order and what its entries made of what was paid ahead, both or neither: a new order, or the next state of one.
    /// That another was first with either is a conflict.
    pub async fn commit_with_prepaid(
        &self,
        order: &Order,
        before: &Versioned<Prepaid>,
        after: &Prepaid,
    ) -> Result<(), StoreError> {
        let write = prepaid_write(order.id.tenant(), before, after)?;
        let head = Write { item: head_item(order)?, condition: follows(order.version) };
        Ok(self.table.commit(vec![head, write]).await?)
    }

    /// Enters something about what was paid ahead into a tenant's book, once, as [`Store::put_book_entry`] does.
    pub async fn put_prepaid_entry(
        &self,
        tenant: &Tenant,
        entry: &BookEntry,
        prepaid: (&Versioned<Prepaid>, &Prepaid),
        purse: Option<&Versioned<Purse>>,
    ) -> Result<Written, StoreError> {
        let mut writes = book_entry_writes(tenant, entry)?;
        writes.push(prepaid_write(tenant, prepaid.0, prepaid.1)?);
        writes.extend(purse.map(|purse| purse_write(tenant, purse, &entry.postings, entry.at)).transpose()?);
        match self.table.commit(writes).await {
            Ok(()) => Ok(Written::Now),
            Err(TableError::Conflict { .. }) if self.book_entry(tenant, &entry.id).await?.is_some() => {
                Ok(Written::Before)
            }
            Err(other) => Err(other.into()),
        }
    }

    /// A tenant's book entry by its id.
    pub async fn book_entry(&self, tenant: &Tenant, id: &str) -> Result<Option<BookEntry>, StoreError> {
        let day: Option<Date> = self.read(&keys::book_claim(tenant, id), Freshness::Consistent).await?;
        let Some(day) = day else { return Ok(None) };
        let entry: Option<BookEntry> = self.read(&keys::book_entry(tenant, day, id), Freshness::Consistent).await?;
        Ok(entry.map(|entry| BookEntry { id: id.to_owned(), ..entry }))
    }
}

fn prepaid_write(tenant: &Tenant, before: &Versioned<Prepaid>, after: &Prepaid) -> Result<Write, StoreError> {
    let key = keys::prepaid(tenant);
    let version = before.version + 1;
    let item = Item { body: text(&key, after)?, key, version, due: None, ttl: None };
    Ok(Write { item, condition: follows(version) })
}
