//! Rows of what suppliers are paid for: their prices, messages that belong to no order, days and months counted together.

use domain::id::Tenant;
use domain::ledger::BookEntry;
use domain::report::Period;
use domain::usage::{Days, Month, Price, Sent, Usage};
use jiff::civil::Date;

use crate::books::{Written, book_entry_writes};
use crate::keys;
use crate::store::{Store, StoreError, parse, shape, text};
use crate::table::{Condition, Freshness, Item, Range, TableError, Write};

impl Store {
    /// Prices of the platform's suppliers; none where none were set.
    pub async fn supplier_prices(&self) -> Result<Vec<Price>, StoreError> {
        let prices: Option<Vec<Price>> = self.read(&keys::supplier_prices(), Freshness::Consistent).await?;
        Ok(prices.unwrap_or_default())
    }

    /// Sets all of them.
    pub async fn put_supplier_prices(&self, prices: &[Price]) -> Result<(), StoreError> {
        self.write(keys::supplier_prices(), &prices).await
    }

    /// Notes a message that belongs to no order, once for each reference and day.
    pub async fn put_sent(&self, tenant: &Tenant, day: Date, reference: &str, sent: Sent) -> Result<(), StoreError> {
        self.write(keys::sent(tenant, day, reference), &sent).await
    }

    /// Messages that belong to no order, of a day and later ones.
    pub async fn sent_since(&self, tenant: &Tenant, day: Date) -> Result<Vec<(Date, Sent)>, StoreError> {
        let items = self.rows(keys::sent_partition(tenant), Some(day.to_string())).await?;
        let day = |item: &Item| item.key.sk.get(..10).unwrap_or_default().parse::<Date>();
        items.iter().map(|item| Ok((day(item).map_err(|error| shape(&item.key, error))?, parse(item)?))).collect()
    }

    /// Writes what was used on a day: again the same, before the day is sealed.
    pub async fn put_usage_day(&self, tenant: &Tenant, day: Date, used: &Usage) -> Result<(), StoreError> {
        self.write(keys::usage_day(tenant, day), used).await
    }

    /// Days from one to another on which something was used.
    pub async fn usage_days(&self, tenant: &Tenant, first: Date, last: Date) -> Result<Days, StoreError> {
        let mut after = Some(keys::before_usage_day(first));
        let mut days = Days::new();
        loop {
            let (pk, prefix) = (keys::usage_partition(tenant), keys::USAGE_DAY.to_owned());
            let range = Range { pk, prefix, after, descending: false, limit: 100 };
            let page = self.table.query(&range, Freshness::Consistent).await?;
            for item in &page.items {
                let day = keys::day_of_usage(&item.key).ok_or_else(|| shape(&item.key, "no day"))?;
                if day > last {
                    return Ok(days);
                }
                days.insert(day, parse(item)?);
            }
            after = page.next;
            if after.is_none() {
                return Ok(days);
            }
        }
    }

    /// The first day on which something was used.
    pub async fn first_usage_day(&self, tenant: &Tenant) -> Result<Option<Date>, StoreError> {
        let (pk, prefix) = (keys::usage_partition(tenant), keys::USAGE_DAY.to_owned());
        let range = Range { pk, prefix, after: None, descending: false, limit: 1 };
        let page = self.table.query(&range, Freshness::Consistent).await?;
        Ok(page.items.first().and_then(|item| keys::day_of_usage(&item.key)))
    }

    /// A month that was reckoned.
    pub async fn usage_month(&self, tenant: &Tenant, period: Period) -> Result<Option<Month>, StoreError> {
        self.read(&keys::usage_month(tenant, period), Freshness::Consistent).await
    }

    /// The months that were reckoned, latest first, at most `limit` of them.
    pub async fn usage_months(&self, tenant: &Tenant, limit: usize) -> Result<Vec<(Period, Month)>, StoreError> {
        let (mut months, mut after) = (Vec::new(), None);
        while months.len() < limit {
            let (pk, prefix) = (keys::usage_partition(tenant), keys::USAGE_MONTH.to_owned());
            let range = Range { pk, prefix, after, descending: true, limit: limit.min(100) };
            let page = self.table.query(&range, Freshness::Consistent).await?;
            for item in &page.items {
                let period = keys::month_of_usage(&item.key).ok_or_else(|| shape(&item.key, "no month"))?;
                months.push((period, parse(item)?));
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        Ok(months)
    }

    /// Writes a month and the book entry of its cost, both or neither, once.
    pub async fn put_usage_month(
        &self,
        tenant: &Tenant,
        period: Period,
        month: &Month,
        entry: Option<&BookEntry>,
    ) -> Result<Written, StoreError> {
        let key = keys::usage_month(tenant, period);
        let item = Item { body: text(&key, month)?, key, version: 1, due: None, ttl: None };
        let month = Write { item, condition: Condition::NotExists };
        let written = match entry {
            None => self.table.put(month).await,
            Some(entry) => {
                let mut writes = book_entry_writes(tenant, entry)?;
                writes.push(month);
                self.table.commit(writes).await
            }
        };
        match written {
            Ok(()) => Ok(Written::Now),
            Err(TableError::Conflict { .. }) if self.usage_month(tenant, period).await?.is_some() => {
                Ok(Written::Before)
            }
            Err(other) => Err(other.into()),
        }
    }
}
