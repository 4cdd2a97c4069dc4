//! Rows of invoices of what partners owe.

use domain::debt::Invoice;
use domain::id::Tenant;

use crate::keys;
use crate::store::{Store, StoreError, follows, parse, text};
use crate::table::{Condition, Freshness, Item, Range, Write};

impl Store {
    /// The next invoice's number, counted over all partners. A number may be left out, none comes twice.
    pub async fn next_invoice(&self) -> Result<u32, StoreError> {
        let number = self.table.add(&keys::counter("invoice"), 1).await?;
        Ok(u32::try_from((number - 1) % 99_999_999 + 1).unwrap_or(1))
    }

    /// An invoice.
    pub async fn invoice(&self, tenant: &Tenant, number: u32) -> Result<Option<Invoice>, StoreError> {
        let item = self.table.get(&keys::invoice(tenant, number), Freshness::Consistent).await?;
        item.as_ref().map(invoice_from).transpose()
    }

    /// Whose invoice a number is.
    pub async fn tenant_of_invoice(&self, number: u32) -> Result<Option<Tenant>, StoreError> {
        self.read(&keys::invoice_number(number), Freshness::Consistent).await
    }

    /// A page of a tenant's invoices, newest first.
    pub async fn invoices(
        &self,
        tenant: &Tenant,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Invoice>, Option<String>), StoreError> {
        let pk = keys::invoice_partition(tenant);
        let range = Range { pk, prefix: String::new(), after, descending: true, limit };
        let page = self.table.query(&range, Freshness::Consistent).await?;
        Ok((page.items.iter().map(invoice_from).collect::<Result<_, _>>()?, page.next))
    }
}

/// The writes of an invoice: a new one with its number, a changed one over the version before.
pub(crate) fn invoice_writes(tenant: &Tenant, invoice: &Invoice) -> Result<Vec<Write>, StoreError> {
    let key = keys::invoice(tenant, invoice.number);
    let item = Item { body: text(&key, invoice)?, key, version: invoice.version, due: None, ttl: None };
    let mut writes = vec![Write { item, condition: follows(invoice.version) }];
    if invoice.version == 1 {
        let key = keys::invoice_number(invoice.number);
        let item = Item { body: text(&key, tenant)?, key, version: 1, due: None, ttl: None };
        writes.push(Write { item, condition: Condition::Always });
    }
    Ok(writes)
}

fn invoice_from(item: &Item) -> Result<Invoice, StoreError> {
    Ok(Invoice { version: item.version, ..parse(item)? })
}
