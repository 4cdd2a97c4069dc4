//! Rows of payouts.

use domain::id::Tenant;
use domain::ledger::{BookEntry, Purse};
use domain::order::Order;
use domain::payout::{Payout, PayoutState};
use domain::time::{MOSCOW, Timestamp};

use crate::books::{book_entry_writes, purse_write};
use crate::devices::Versioned;
use crate::income::Income;
use crate::keys;
use crate::store::{PayoutOwner, Store, StoreError, head_item, parse, text};
use crate::table::{Condition, Due, Freshness, Item, Range, Write};

/// What a payout takes with it into its commit besides its orders.
#[derive(Debug, Clone, Copy, Default)]
pub struct With<'a> {
    /// What the personal account gives to it, and the account as it was read.
    pub carried: Option<(&'a BookEntry, &'a Versioned<Purse>)>,
    /// The personal account as it was read, written though nothing of it is given: so that whoever takes from what is available
    /// knows of the payout.
    pub guarded: Option<&'a Versioned<Purse>>,
    /// The entry that withholds its tax.
    pub withheld: Option<&'a BookEntry>,
    /// The payee's year, as it was read, and its new row.
    pub income: Option<Income<'a>>,
}

impl Store {
    /// Writes a payout, the orders it pays out and what goes with it, all or none.
    pub async fn commit_payout(
        &self,
        tenant: &Tenant,
        payout: &Payout,
        orders: &[Order],
        with: With<'_>,
    ) -> Result<(), StoreError> {
        let mut writes = vec![Write { item: payout_item(tenant, payout)?, condition: Condition::NotExists }];
        for order in orders {
            writes.push(Write { item: head_item(order)?, condition: Condition::Version(order.version - 1) });
        }
        if let Some((entry, purse)) = with.carried {
            writes.extend(book_entry_writes(tenant, entry)?);
            writes.push(purse_write(tenant, purse, &entry.postings, entry.at)?);
        } else if let Some(purse) = with.guarded {
            writes.push(purse_write(tenant, purse, &[], payout.at)?);
        }
        if let Some(entry) = with.withheld {
            writes.extend(book_entry_writes(tenant, entry)?);
        }
        if let Some(income) = with.income {
            writes.extend(income.writes()?);
        }
        if payout.number > 0 {
            let key = keys::payout_number(payout.number);
            let owner = PayoutOwner { tenant: tenant.clone(), id: payout.id.clone() };
            let item = Item { body: text(&key, &owner)?, key, version: 0, due: None, ttl: None };
            writes.push(Write { item, condition: Condition::Always });
        }
        Ok(self.table.commit(writes).await?)
    }

    /// A payout.
    pub async fn payout(&self, tenant: &Tenant, id: &str) -> Result<Option<Payout>, StoreError> {
        let item = self.table.get(&keys::payout(tenant, id), Freshness::Consistent).await?;
        item.as_ref().map(payout_from).transpose()
    }

    /// The payout that has a payment order's number; the latest one, for numbers begin anew after 999 999.
    pub async fn payout_of_number(&self, number: u32) -> Result<Option<PayoutOwner>, StoreError> {
        self.read(&keys::payout_number(number), Freshness::Consistent).await
    }

    /// A tenant's payouts, newest first.
    pub async fn payouts(
        &self,
        tenant: &Tenant,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Payout>, Option<String>), StoreError> {
        let range = Range { pk: keys::payout_partition(tenant), prefix: String::new(), after, descending: true, limit };
        let page = self.table.query(&range, Freshness::Consistent).await?;
        let payouts = page.items.iter().map(payout_from).collect::<Result<_, _>>()?;
        Ok((payouts, page.next))
    }

    /// Payouts nobody has confirmed yet that are overdue at `until`, of all live tenants or of one test tenant, earliest first.
    pub async fn unconfirmed_payouts(
        &self,
        test: Option<&Tenant>,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Tenant, Payout)>, StoreError> {
        let due = self.table.due(&keys::payout_due_bucket(test), until.as_second(), limit).await?;
        let mut found = Vec::new();
        for (tenant, id) in due.iter().filter_map(|(key, _)| keys::payout_of(key)) {
            if let Some(payout) = self.payout(&tenant, &id).await?.filter(|payout| payout.state == PayoutState::Sent) {
                found.push((tenant, payout));
            }
        }
        Ok(found)
    }
}

/// A payout's row: listed as due from the day it is overdue, until somebody says what became of it.
pub(crate) fn payout_item(tenant: &Tenant, payout: &Payout) -> Result<Item, StoreError> {
    let key = keys::payout(tenant, &payout.id);
    let expected = payout.expected().filter(|_| payout.state == PayoutState::Sent);
    let overdue = expected.and_then(|expected| expected.latest.tomorrow().ok());
    let overdue = overdue.and_then(|day| MOSCOW.to_timestamp(day.at(0, 0, 0, 0)).ok());
    let bucket = || keys::payout_due_bucket(Some(tenant).filter(|tenant| tenant.is_test()));
    let due = overdue.map(|at| Due { bucket: bucket(), at: at.as_second() });
    Ok(Item { body: text(&key, payout)?, key, version: payout.version, due, ttl: None })
}

fn payout_from(item: &Item) -> Result<Payout, StoreError> {
    Ok(Payout { version: item.version, ..parse(item)? })
}
