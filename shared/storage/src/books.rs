//! Rows of a tenant's books: entries that belong to no order, sealed days and closed months.

use domain::debt::Invoice;
use domain::id::Tenant;
use domain::ledger::{BookEntry, DayBook, Posting, Purse};
use domain::payout::Payout;
use domain::report::{Closed, Period};
use domain::time::{Timestamp, moscow_date};
use jiff::civil::Date;

use crate::devices::Versioned;
use crate::income::Income;
use crate::keys;
use crate::payouts::payout_item;
use crate::store::{Store, StoreError, follows, parse, shape, text};
use crate::table::{Condition, Freshness, Item, Key, Range, TableError, Write};

/// Rows read at once.
const PAGE: usize = 200;

/// Whether something was written now, or had been before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is there now.
    Now,
    /// It was there before: nothing was written.
    Before,
}

/// What is written with a book entry, all or none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Also<'a> {
    /// What became of a payout.
    pub payout: Option<&'a Payout>,
    /// What became of a payee's years, each once.
    pub income: &'a [Income<'a>],
    /// What became of an invoice.
    pub invoice: Option<&'a Invoice>,
}

impl Also<'_> {
    /// Whether nothing else is written.
    pub const fn is_nothing(&self) -> bool {
        self.payout.is_none() && self.income.is_empty() && self.invoice.is_none()
    }

    fn writes(&self, tenant: &Tenant) -> Result<Vec<Write>, StoreError> {
        let mut writes = Vec::new();
        if let Some(payout) = self.payout {
            let item = payout_item(tenant, payout)?;
            writes.push(Write { item, condition: Condition::Version(payout.version - 1) });
        }
        for income in self.income {
            writes.extend(income.writes()?);
        }
        if let Some(invoice) = self.invoice {
            writes.extend(crate::debts::invoice_writes(tenant, invoice)?);
        }
        Ok(writes)
    }
}

impl Store {
    /// A tenant's personal account.
    pub async fn purse(&self, tenant: &Tenant) -> Result<Versioned<Purse>, StoreError> {
        let item = self.table.get(&keys::purse(tenant), Freshness::Consistent).await?;
        let Some(item) = item else { return Ok(Versioned { version: 0, row: Purse::default() }) };
        Ok(Versioned { version: item.version, row: parse(&item)? })
    }

    /// Enters something into a tenant's book, once: the entry's id is claimed for ever in the same commit. The personal account, as it
    /// was read, follows from it; `also` is written in the same commit.
    pub async fn put_book_entry(
        &self,
        tenant: &Tenant,
        entry: &BookEntry,
        purse: Option<&Versioned<Purse>>,
        also: Also<'_>,
    ) -> Result<Written, StoreError> {
        let mut writes = book_entry_writes(tenant, entry)?;
        writes.extend(purse.map(|purse| purse_write(tenant, purse, &entry.postings, entry.at)).transpose()?);
        writes.extend(also.writes(tenant)?);
        match self.table.commit(writes).await {
            Ok(()) => Ok(Written::Now),
            Err(TableError::Conflict { .. }) => {
                let claim = self.table.get(&keys::book_claim(tenant, &entry.id), Freshness::Consistent).await?;
                claim.map(|_| Written::Before).ok_or(StoreError::Conflict)
            }
            Err(other) => Err(other.into()),
        }
    }

    /// A tenant's book entries that were recorded on a day or later (Moscow), earliest day first.
    pub async fn book_entries(&self, tenant: &Tenant, since: Date) -> Result<Vec<BookEntry>, StoreError> {
        let after = Some(keys::before_book_day(since));
        let items = self.rows(keys::book_partition(tenant), after).await?;
        items.iter().map(|item| Ok(BookEntry { id: keys::book_entry_id(&item.key), ..parse(item)? })).collect()
    }

    /// Writes a sealed day. A day is sealed once.
    pub async fn put_day_book(&self, tenant: &Tenant, book: &DayBook) -> Result<Written, StoreError> {
        let key = keys::day_book(tenant, book.day);
        let item = Item { body: text(&key, book)?, key, version: 1, due: None, ttl: None };
        match self.table.put(Write { item, condition: Condition::NotExists }).await {
            Ok(()) => Ok(Written::Now),
            Err(TableError::Conflict { .. }) => Ok(Written::Before),
            Err(other) => Err(other.into()),
        }
    }

    /// The last day of a tenant's that is sealed.
    pub async fn last_day_book(&self, tenant: &Tenant) -> Result<Option<DayBook>, StoreError> {
        Ok(self.day_book_page(tenant, None, 1).await?.0.pop())
    }

    /// A page of a tenant's sealed days, latest first.
    pub async fn day_book_page(
        &self,
        tenant: &Tenant,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<DayBook>, Option<String>), StoreError> {
        let pk = keys::day_book_partition(tenant);
        let range = Range { pk, prefix: String::new(), after, descending: true, limit };
        let page = self.table.query(&range, Freshness::Consistent).await?;
        Ok((page.items.iter().map(day_book_from).collect::<Result<_, _>>()?, page.next))
    }

    /// A tenant's sealed days, earliest first.
    pub async fn day_books(&self, tenant: &Tenant) -> Result<Vec<DayBook>, StoreError> {
        let items = self.rows(keys::day_book_partition(tenant), None).await?;
        items.iter().map(day_book_from).collect()
    }

    /// Writes a month's report. A month is closed once.
    pub async fn put_report(&self, tenant: &Tenant, closed: &Closed) -> Result<Written, StoreError> {
        let key = keys::report(tenant, closed.head.period);
        let item = Item { body: text(&key, closed)?, key, version: 1, due: None, ttl: None };
        match self.table.put(Write { item, condition: Condition::NotExists }).await {
            Ok(()) => Ok(Written::Now),
            Err(TableError::Conflict { .. }) => Ok(Written::Before),
            Err(other) => Err(other.into()),
        }
    }

    /// The report of a month, once it is closed.
    pub async fn report(&self, tenant: &Tenant, period: Period) -> Result<Option<Closed>, StoreError> {
        let item = self.table.get(&keys::report(tenant, period), Freshness::Consistent).await?;
        item.as_ref().map(parse).transpose()
    }

    /// A page of a tenant's reports, latest first.
    pub async fn report_page(
        &self,
        tenant: &Tenant,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Closed>, Option<String>), StoreError> {
        let pk = keys::report_partition(tenant);
        let range = Range { pk, prefix: String::new(), after, descending: true, limit };
        let page = self.table.query(&range, Freshness::Consistent).await?;
        Ok((page.items.iter().map(parse).collect::<Result<_, _>>()?, page.next))
    }

    pub(crate) async fn rows(&self, pk: String, mut after: Option<String>) -> Result<Vec<Item>, StoreError> {
        let mut rows = Vec::new();
        loop {
            let range = Range { pk: pk.clone(), prefix: String::new(), after, descending: false, limit: PAGE };
            let page = self.table.query(&range, Freshness::Consistent).await?;
            rows.extend(page.items);
            after = page.next;
            if after.is_none() {
                return Ok(rows);
            }
        }
    }
}

/// The writes that enter something into a tenant's book, to be part of a commit.
pub(crate) fn book_entry_writes(tenant: &Tenant, entry: &BookEntry) -> Result<Vec<Write>, StoreError> {
    let new = |key: Key, body: String| {
        let item = Item { key, version: 1, body, due: None, ttl: None };
        Write { item, condition: Condition::NotExists }
    };
    let day = moscow_date(entry.at);
    let (claim, key) = (keys::book_claim(tenant, &entry.id), keys::book_entry(tenant, day, &entry.id));
    let (claimed, body) = (text(&claim, &day)?, text(&key, entry)?);
    Ok(vec![new(claim, claimed), new(key, body)])
}

/// The write of what stands on a personal account after an entry with these postings, recorded at `at`.
pub(crate) fn purse_write(
    tenant: &Tenant,
    purse: &Versioned<Purse>,
    postings: &[Posting],
    at: Timestamp,
) -> Result<Write, StoreError> {
    let key = keys::purse(tenant);
    let after = purse.row.after(postings, at).map_err(|error| shape(&key, error))?;
    let version = purse.version + 1;
    let item = Item { body: text(&key, &after)?, key, version, due: None, ttl: None };
    Ok(Write { item, condition: follows(version) })
}

fn day_book_from(item: &Item) -> Result<DayBook, StoreError> {
    let day = item.key.sk.parse().map_err(|error| shape(&item.key, error))?;
    Ok(DayBook { day, ..parse(item)? })
}
