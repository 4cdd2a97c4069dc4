//! Rows of the register of income and tax of natural persons, and of the tax's remittances.
//!
//! A payee's year is one row, and every row of the register is written with it under a condition on its version: two payments to one
//! person at once can not both be taxed as the first.

use domain::id::Tenant;
use domain::income_tax::{Row, Year};
use domain::money::Money;
use domain::time::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::books::Written;
use crate::devices::Versioned;
use crate::keys;
use crate::store::{Store, StoreError, follows, parse, shape, text};
use crate::table::{Condition, Freshness, Item, Range, TableError, Write};

/// Rows read at once.
const PAGE: usize = 200;

/// A row of the register, and whose books it stands in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// The tenant.
    pub tenant: Tenant,
    /// The payee's name.
    pub name: String,
    /// The row.
    pub row: Row,
}

/// A payee's year as it was read, and the row that changes it.
#[derive(Debug, Clone, Copy)]
pub struct Income<'a> {
    /// The year.
    pub year: &'a Versioned<Year>,
    /// The row.
    pub row: &'a Registered,
}

impl Income<'_> {
    pub(crate) fn writes(&self) -> Result<[Write; 2], StoreError> {
        let Registered { tenant, row, .. } = self.row;
        let test = Some(tenant).filter(|tenant| tenant.is_test());
        let version = self.year.version + 1;
        let key = keys::income_year(test, row.year, &row.payee);
        let after = self.year.row.after(row).map_err(|error| shape(&key, error))?;
        let year = Item { body: text(&key, &after)?, key, version, due: None, ttl: None };
        let key = keys::income_row(test, row.year, &row.payee, version);
        let row = Item { body: text(&key, self.row)?, key, version: 1, due: None, ttl: None };
        Ok([Write { item: year, condition: follows(version) }, Write { item: row, condition: Condition::NotExists }])
    }
}

/// A payment of withheld tax to the budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remittance {
    /// Grows by one with every change; an attribute of its own in the row.
    #[serde(skip)]
    pub version: u64,
    /// The day it is due by.
    pub term: Date,
    /// The how-manieth of its term.
    pub no: u32,
    /// Number of the payment order.
    pub number: u32,
    /// When it was made.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// How much.
    pub amount: Money,
    /// Each tenant's part; below zero where more was given back than withheld.
    pub parts: Vec<(Tenant, Money)>,
    /// The statement's day and number of it, once it has left the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid: Option<(Date, String)>,
}

impl Store {
    /// A payee's year of income and tax.
    pub async fn income_year(
        &self,
        test: Option<&Tenant>,
        year: i16,
        inn: &str,
    ) -> Result<Versioned<Year>, StoreError> {
        let item = self.table.get(&keys::income_year(test, year, inn), Freshness::Consistent).await?;
        let Some(item) = item else { return Ok(Versioned { version: 0, row: Year::new(year) }) };
        Ok(Versioned { version: item.version, row: parse(&item)? })
    }

    /// The register of a year: payee by payee, each one's rows in the order they were written.
    pub async fn income_register(&self, test: Option<&Tenant>, year: i16) -> Result<Vec<Registered>, StoreError> {
        let (pk, mut rows, mut after) = (keys::income_partition(test, year), Vec::new(), None);
        loop {
            let range = Range { pk: pk.clone(), prefix: String::new(), after, descending: false, limit: PAGE };
            let page = self.table.query(&range, Freshness::Consistent).await?;
            for item in page.items.iter().filter(|item| keys::is_income_row(&item.key)) {
                rows.push(parse(item)?);
            }
            after = page.next;
            if after.is_none() {
                return Ok(rows);
            }
        }
    }

    /// All remittances, earliest term first.
    pub async fn remittances(&self, test: Option<&Tenant>) -> Result<Vec<Remittance>, StoreError> {
        let (pk, mut found, mut after) = (keys::remittance_partition(test), Vec::new(), None);
        loop {
            let range = Range { pk: pk.clone(), prefix: String::new(), after, descending: false, limit: PAGE };
            let page = self.table.query(&range, Freshness::Consistent).await?;
            for item in &page.items {
                found.push(Remittance { version: item.version, ..parse(item)? });
            }
            after = page.next;
            if after.is_none() {
                return Ok(found);
            }
        }
    }

    /// Writes a remittance: a new one once, a changed one over the version before.
    pub async fn put_remittance(&self, test: Option<&Tenant>, remittance: &Remittance) -> Result<Written, StoreError> {
        let key = keys::remittance(test, remittance.term, remittance.no);
        let item = Item { body: text(&key, remittance)?, key, version: remittance.version, due: None, ttl: None };
        match self.table.put(Write { item, condition: follows(remittance.version) }).await {
            Ok(()) => Ok(Written::Now),
            Err(TableError::Conflict { .. }) => Ok(Written::Before),
            Err(other) => Err(other.into()),
        }
    }
}
