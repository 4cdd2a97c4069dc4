//! What partners owe: invoiced when no order has netted it in time, closed by a bank's statement.

use domain::bank_exchange::Line;
use domain::debt::{self, Invoice};
use domain::id::Tenant;
use domain::money::Money;
use domain::partner::DEBT_DAYS;
use domain::time::moscow_date;
use storage::books::{Also, Written};
use storage::income::Income;
use storage::store::StoreError;

use crate::books;
use crate::clock;
use crate::error::WorkflowError;
use crate::income;
use crate::perform;
use crate::ports::Ports;

/// Invoices what a partner owes, once its term is over: what is owed moves from the personal account to the invoice in one commit, so
/// that it is neither netted nor invoiced twice.
pub async fn invoice(ports: &Ports, tenant: &Tenant) -> Result<Option<Invoice>, WorkflowError> {
    for _ in 0..5 {
        let purse = ports.store.purse(tenant).await?;
        if purse.row.owes_since.is_none() {
            return Ok(None); // of most partners, at every tick
        }
        let (partner, now) = (perform::partner(ports, tenant).await?, clock::now(ports, tenant).await?);
        let days = partner.payout.debt_days.unwrap_or(DEBT_DAYS);
        let Some((owed_since, amount)) = debt::overdue(&purse.row, days, now)? else { return Ok(None) };
        let invoice = Invoice {
            number: ports.store.next_invoice().await?,
            version: 1,
            at: now,
            owed_since,
            amount,
            paid: Money::rub(0),
            paid_on: None,
            inn: partner.inn.clone(),
        };
        let also = Also { invoice: Some(&invoice), ..Also::default() };
        match ports.store.put_book_entry(tenant, &debt::invoiced(&invoice), Some(&purse), also).await {
            Ok(_) => return Ok(Some(invoice)),
            Err(StoreError::Conflict) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(WorkflowError::Busy)
}

/// Takes down what a statement's line pays of an invoice; `name` is the line's. Answers the invoice and whether it was news; nothing
/// where the line names no invoice of its payer's, or several.
pub async fn seen(ports: &Ports, line: &Line, name: &str) -> Result<Option<(Invoice, bool)>, WorkflowError> {
    let Some(on) = line.booked else { return Ok(None) };
    let mut found = Vec::new();
    for number in debt::numbers_named(line) {
        if let Some(tenant) = ports.store.tenant_of_invoice(number).await?
            && let Some(invoice) = ports.store.invoice(&tenant, number).await?
            && debt::pays(line, &invoice)
        {
            found.push((tenant, number));
        }
    }
    let [(tenant, number)] = found.as_slice() else { return Ok(None) };
    let now = clock::now(ports, tenant).await?;
    for _ in 0..5 {
        let invoice = ports.store.invoice(tenant, *number).await?.ok_or(WorkflowError::NotFound)?;
        let (next, entry) = debt::paid(&invoice, line.amount, on, name, now)?;
        // What is more than was owed was no income, and is none now.
        let (closed, span) = (next.paid.minus(invoice.paid)?, (moscow_date(invoice.owed_since), on));
        let partner = perform::partner(ports, tenant).await?;
        let taken = income::taken_back(ports, tenant, &partner, closed, span, &entry.id).await?;
        let income: Vec<_> = taken.iter().map(|taken| Income { year: &taken.year, row: &taken.row }).collect();
        let also = Also { invoice: Some(&next), income: &income, ..Also::default() };
        match books::enter(ports, tenant, &entry, also).await {
            Ok(Written::Now) => return Ok(Some((next, true))),
            Ok(Written::Before) => return Ok(Some((invoice, false))),
            Err(WorkflowError::Store(StoreError::Conflict)) => {}
            Err(other) => return Err(other),
        }
    }
    Err(WorkflowError::Busy)
}
