//! Rows of a tenant's reconciliation: papers as they were read, the work list, what each run saw.
//!
//! A paper's rows are kept on pages under their digest, and its head names the pages: whoever reads a head finds all of them, and
//! the same rows written again are the same pages. A discrepancy lies under the day it was first found to be of, and its id leads
//! to that day.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::details::Details;
use domain::id::Tenant;
use domain::ledger::{BookEntry, Purse};
use domain::order::Order;
use domain::reconcile::{Filed, Filing, Run};
use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::books::{Written, book_entry_writes, purse_write};
use crate::devices::Versioned;
use crate::keys;
use crate::store::{Store, StoreError, follows, order_from, parse, shape, text};
use crate::table::{Condition, Freshness, Item, Range, Write};

/// Rows of the table read at once.
const PAGE: usize = 300;
/// Characters of a page's body, at most: half of what an item may have.
const PAGE_BYTES_MAX: usize = 200_000;
/// Rows deflated together, at most.
const PAGE_ROWS_MAX: usize = 5_000;
/// Bytes a page may inflate to.
const PLAIN_BYTES_MAX: usize = 64 * 1024 * 1024;
/// As miniz counts.
const DEFLATE_LEVEL: u8 = 6;

/// A page of a paper's rows.
#[derive(Debug, Serialize, Deserialize)]
struct Page {
    /// How many rows.
    #[serde(rename = "n")]
    count: usize,
    /// Deflated JSON, base64.
    #[serde(rename = "z")]
    deflated: String,
}

/// A paper's rows, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// SHA-256 of the rows, hex.
    pub sha256: String,
    /// Bodies of the pages.
    pub pages: Vec<String>,
}

/// Packs a paper's rows.
///
/// # Errors
/// They can not be written as JSON.
pub fn pack<T: Serialize>(rows: &[T]) -> Result<Packed, serde_json::Error> {
    let mut digest = Sha256::new();
    let mut pages = Vec::new();
    let mut left: Vec<&[T]> = rows.chunks(PAGE_ROWS_MAX).rev().collect();
    while let Some(part) = left.pop() {
        let json = serde_json::to_vec(part)?;
        let deflated = STANDARD.encode(miniz_oxide::deflate::compress_to_vec(&json, DEFLATE_LEVEL));
        if deflated.len() > PAGE_BYTES_MAX && part.len() > 1 {
            let (first, second) = part.split_at(part.len() / 2);
            left.extend([second, first]);
            continue;
        }
        pages.push(serde_json::to_string(&Page { count: part.len(), deflated })?);
    }
    for row in rows {
        digest.update(serde_json::to_vec(row)?);
        digest.update("\n");
    }
    Ok(Packed { sha256: hex::encode(digest.finalize()), pages })
}

fn unpack<T: DeserializeOwned>(item: &Item) -> Result<Vec<T>, StoreError> {
    let page: Page = parse(item)?;
    let deflated = STANDARD.decode(page.deflated).map_err(|error| shape(&item.key, error))?;
    let json = miniz_oxide::inflate::decompress_to_vec_with_limit(&deflated, PLAIN_BYTES_MAX)
        .map_err(|error| shape(&item.key, error.to_string()))?;
    serde_json::from_slice(&json).map_err(|error| shape(&item.key, error))
}

impl Store {
    /// How a tenant is reconciled: whatever the workflows keep of it.
    pub async fn reconciliation<T: DeserializeOwned>(&self, tenant: &Tenant) -> Result<Option<T>, StoreError> {
        self.read(&keys::reconciliation(tenant, "settings"), Freshness::Consistent).await
    }

    /// Writes how a tenant is reconciled.
    pub async fn put_reconciliation<T: Serialize>(&self, tenant: &Tenant, settings: &T) -> Result<(), StoreError> {
        self.write(keys::reconciliation(tenant, "settings"), settings).await
    }

    /// How far a tenant's reconciliation is.
    pub async fn reconciliation_state<T: DeserializeOwned + Default>(
        &self,
        tenant: &Tenant,
    ) -> Result<Versioned<T>, StoreError> {
        let item = self.table.get(&keys::reconciliation(tenant, "state"), Freshness::Consistent).await?;
        let Some(item) = item else { return Ok(Versioned { version: 0, row: T::default() }) };
        Ok(Versioned { version: item.version, row: parse(&item)? })
    }

    /// Writes how far it is, if what is stored is what was read.
    pub async fn put_reconciliation_state<T: Serialize>(
        &self,
        tenant: &Tenant,
        before: u64,
        state: &T,
    ) -> Result<(), StoreError> {
        let key = keys::reconciliation(tenant, "state");
        let item = Item { body: text(&key, state)?, key, version: before + 1, due: None, ttl: None };
        Ok(self.table.put(Write { item, condition: follows(before + 1) }).await?)
    }

    /// Writes a paper: its pages, then its head. The same rows again change nothing.
    pub async fn put_paper(&self, tenant: &Tenant, head: &Filing, packed: &Packed) -> Result<Written, StoreError> {
        let key = keys::paper(tenant, head);
        let known = self.table.get(&key, Freshness::Consistent).await?;
        let before = known.as_ref().map(parse::<Filing>).transpose()?;
        let same = |known: &Filing| Filing { received: known.received, ..head.clone() } == *known;
        if before.as_ref().is_some_and(same) {
            return Ok(Written::Before);
        }
        for (no, body) in packed.pages.iter().enumerate() {
            let key = keys::paper_page(tenant, &packed.sha256, no);
            let item = Item { key, version: 0, body: body.clone(), due: None, ttl: None };
            self.table.put(Write { item, condition: Condition::Always }).await?;
        }
        let version = known.map_or(0, |known| known.version) + 1;
        let item = Item { body: text(&key, head)?, key, version, due: None, ttl: None };
        self.table.put(Write { item, condition: follows(version) }).await?;
        Ok(Written::Now)
    }

    /// Heads of a tenant's papers of some days, earliest first.
    pub async fn papers(&self, tenant: &Tenant, from: Date, until: Date) -> Result<Vec<Filing>, StoreError> {
        let items = self.days(keys::papers_partition(tenant), from, until).await?;
        items.iter().map(parse).collect()
    }

    /// A paper's rows.
    pub async fn paper_rows<T: DeserializeOwned>(&self, tenant: &Tenant, head: &Filing) -> Result<Vec<T>, StoreError> {
        let mut rows = Vec::new();
        for no in 0..usize::try_from(head.pages).unwrap_or(usize::MAX) {
            let key = keys::paper_page(tenant, &head.sha256, no);
            let item = self.table.get(&key, Freshness::Consistent).await?;
            rows.extend(unpack::<T>(&item.ok_or_else(|| shape(&key, "a page of a paper is missing"))?)?);
        }
        Ok(rows)
    }

    /// The day a discrepancy lies under.
    async fn filed_day(&self, tenant: &Tenant, id: &str) -> Result<Option<Date>, StoreError> {
        self.read(&keys::discrepancy_day(tenant, id), Freshness::Consistent).await
    }

    /// A discrepancy of a tenant's work list.
    pub async fn discrepancy(&self, tenant: &Tenant, id: &str) -> Result<Option<Filed>, StoreError> {
        let Some(day) = self.filed_day(tenant, id).await? else { return Ok(None) };
        let item = self.table.get(&keys::discrepancy(tenant, day, id), Freshness::Consistent).await?;
        item.as_ref().map(filed_from).transpose()
    }

    /// Writes the next state of a discrepancy, if what is stored has the version before.
    pub async fn put_discrepancy(&self, tenant: &Tenant, filed: &Filed) -> Result<(), StoreError> {
        if filed.version == 1 {
            // First, so that whoever has the discrepancy finds it; alone it leads nowhere, and says so.
            self.write(keys::discrepancy_day(tenant, &filed.found.id), &filed.filed).await?;
        }
        Ok(self.table.put(discrepancy_write(tenant, filed)?).await?)
    }

    /// Writes the next state of a discrepancy with what is posted for it, and what follows from that onto the personal account.
    pub async fn correct(
        &self,
        tenant: &Tenant,
        filed: &Filed,
        entry: &BookEntry,
        purse: Option<&Versioned<Purse>>,
    ) -> Result<(), StoreError> {
        let mut writes = book_entry_writes(tenant, entry)?;
        writes.extend(purse.map(|purse| purse_write(tenant, purse, &entry.postings, entry.at)).transpose()?);
        writes.push(discrepancy_write(tenant, filed)?);
        Ok(self.table.commit(writes).await?)
    }

    /// Discrepancies filed under some days, earliest first.
    pub async fn discrepancies(&self, tenant: &Tenant, from: Date, until: Date) -> Result<Vec<Filed>, StoreError> {
        let items = self.days(keys::discrepancies_partition(tenant), from, until).await?;
        items.iter().map(filed_from).collect()
    }

    /// A page of a tenant's work list, earliest day first, after a place.
    pub async fn discrepancy_page(
        &self,
        tenant: &Tenant,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<(String, Filed)>, Option<String>), StoreError> {
        let pk = keys::discrepancies_partition(tenant);
        let range = Range { pk, prefix: String::new(), after, descending: false, limit };
        let page = self.table.query(&range, Freshness::Consistent).await?;
        let found = page.items.iter().map(|item| Ok((item.key.sk.clone(), filed_from(item)?)));
        Ok((found.collect::<Result<_, StoreError>>()?, page.next))
    }

    /// Writes what a run saw of a day of one account, register or statement.
    pub async fn put_run(&self, tenant: &Tenant, run: &Run) -> Result<(), StoreError> {
        self.write(keys::run(tenant, run), run).await
    }

    /// What was seen of some days, earliest first.
    pub async fn runs(&self, tenant: &Tenant, from: Date, until: Date) -> Result<Vec<Run>, StoreError> {
        let items = self.days(keys::runs_partition(tenant), from, until).await?;
        items.iter().map(parse).collect()
    }

    /// Rows of a partition whose sort keys begin with a day, of some days.
    async fn days(&self, pk: String, from: Date, until: Date) -> Result<Vec<Item>, StoreError> {
        let last = until.to_string();
        let (mut rows, mut after) = (Vec::new(), Some(keys::before_day(from)));
        loop {
            let range = Range { pk: pk.clone(), prefix: String::new(), after, descending: false, limit: PAGE };
            let page = self.table.query(&range, Freshness::Consistent).await?;
            let beyond = |item: &Item| item.key.sk.get(..last.len()).is_some_and(|day| day > last.as_str());
            let over = page.items.iter().any(beyond);
            rows.extend(page.items.into_iter().filter(|item| !beyond(item)));
            after = page.next.filter(|_| !over);
            if after.is_none() {
                return Ok(rows);
            }
        }
    }

    /// A tenant's orders of a part of a month with what was agreed, oldest first, in the pages they lie in: what is agreed lies
    /// right behind the head.
    pub async fn agreed_orders(
        &self,
        tenant: &Tenant,
        (year, month): (i16, i8),
        spread: u8,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<(Order, Option<Details>)>, Option<String>), StoreError> {
        let pk = keys::month_partition(tenant, year, month, spread);
        let range = Range { pk, prefix: String::new(), after, descending: false, limit };
        let page = self.table.query(&range, Freshness::Eventual).await?;
        let mut next = page.next;
        let mut items = page.items;
        if next.is_some()
            && let Some(last) = items.iter().rposition(|item| keys::order_of(&item.key).is_some())
            && last > 0
        {
            // The last order's rows may go on in the next page: it begins with that order.
            next = items.get(last - 1).map(|item| item.key.sk.clone());
            items.truncate(last);
        }
        let mut found: Vec<(Order, Option<Details>)> = Vec::new();
        for item in &items {
            if let Some(id) = keys::order_of(&item.key) {
                found.push((order_from(id, item)?, None));
            } else if let Some((order, details)) = found.last_mut()
                && item.key == keys::agreement(&order.id)
            {
                *details = Some(parse(item)?);
            }
        }
        Ok((found, next))
    }
}

fn filed_from(item: &Item) -> Result<Filed, StoreError> {
    Ok(Filed { version: item.version, ..parse(item)? })
}

fn discrepancy_write(tenant: &Tenant, filed: &Filed) -> Result<Write, StoreError> {
    let key = keys::discrepancy(tenant, filed.filed, &filed.found.id);
    let item = Item { body: text(&key, filed)?, key, version: filed.version, due: None, ttl: None };
    Ok(Write { item, condition: follows(filed.version) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_rows_go_on_many_pages_and_the_same_rows_have_one_name() {
        // Numbers that do not deflate well.
        let rows: Vec<String> = (0_u64..12_000).map(|no| hex::encode(Sha256::digest(no.to_string()))).collect();
        let packed = pack(&rows).unwrap();
        assert!(packed.pages.len() > 2 && packed.pages.iter().all(|page| page.len() <= PAGE_BYTES_MAX + 100));
        assert_eq!(pack(&rows).unwrap(), packed);
        assert_ne!(pack(&rows[1..]).unwrap().sha256, packed.sha256);
        let key = crate::table::Key { pk: String::new(), sk: String::new() };
        let read = packed.pages.iter().flat_map(|body| {
            let item = Item { key: key.clone(), version: 0, body: body.clone(), due: None, ttl: None };
            unpack::<String>(&item).unwrap()
        });
        assert_eq!(read.collect::<Vec<_>>(), rows);
        assert_eq!(pack::<String>(&[]).unwrap().pages, Vec::<String>::new());
    }
}
