//! The partner's money going out: mature orders gathered into payment orders.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{OrderId, Tenant};
use domain::ledger::{self, BookEntry, BookKind};
use domain::money::{Money, MoneyError};
use domain::order::{Change, Command, Decision, Order, decide};
use domain::partner::Partner;
use domain::payout::{Days, ORDERS_MAX, Payout, PayoutLine, PayoutReport, PayoutState};
use domain::time::{Timestamp, whole_seconds};
use storage::books::Also;
use storage::income::Income;
use storage::keys;
use storage::payouts::With;
use storage::store::{Loaded, StoreError};
use storage::table::Freshness;

use crate::books;
use crate::clock;
use crate::error::WorkflowError;
use crate::income;
use crate::perform::{self, context};
use crate::ports::Ports;

/// Months (UTC) without orders after which nothing older is looked for.
const MONTHS_EMPTY: usize = 24;
/// Months looked back through at the most: thirty years.
const MONTHS_MAX: usize = 360;

/// Pays out mature orders, by partner and at most [`ORDERS_MAX`] to a payout. Answers how many payouts were made.
///
/// A payout and its orders are written in one commit: an order whose row changed meanwhile spoils the commit, and the whole
/// group is left to the next sweep, still due.
pub async fn pay(ports: &Ports, orders: Vec<Loaded>, now: Timestamp) -> Result<usize, WorkflowError> {
    let mut by_tenant: BTreeMap<Tenant, Vec<Loaded>> = BTreeMap::new();
    for loaded in orders {
        by_tenant.entry(loaded.order.id.tenant().clone()).or_default().push(loaded);
    }
    let mut made = 0;
    for (tenant, orders) in by_tenant {
        let partner = perform::partner(ports, &tenant).await?;
        for group in orders.chunks(ORDERS_MAX) {
            match pay_group(ports, &tenant, &partner, group, now).await {
                Ok(Some(_)) => made += 1,
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%tenant, error = %error.chain(), "a payout was not made; its orders stay due");
                }
            }
        }
    }
    Ok(made)
}

async fn pay_group(
    ports: &Ports,
    tenant: &Tenant,
    partner: &Partner,
    group: &[Loaded],
    now: Timestamp,
) -> Result<Option<Payout>, WorkflowError> {
    let id = payout_id(ports, now);
    let command = Command::PayOut { payout: id.clone() };
    let (mut lines, mut nexts, mut sends) = (Vec::new(), Vec::new(), Vec::new());
    for loaded in group {
        let decision = decide(&loaded.order, &loaded.details, &command, &context(ports, partner, now));
        let Ok(Decision::Changed(change)) = decision else {
            continue;
        };
        let Change { order, send } = *change;
        lines.push(PayoutLine { order: order.id.clone(), number: order.number.clone(), amount: loaded.order.owed()? });
        sends.push((loaded, order.clone(), send));
        nexts.push(order);
    }
    let zero = Money::rub(0);
    let owed = lines.iter().try_fold(zero, |sum, line| sum.plus(line.amount))?;
    let purse = ports.store.purse(tenant).await?;
    let carried = purse.row.carried(owed)?;
    let gross = owed.plus(carried)?;
    if lines.is_empty() && !gross.is_positive() {
        return Ok(None);
    }
    let taxed = income::taxed(ports, tenant, partner, gross, now, &id).await?;
    let amount = taxed.as_ref().map_or(Ok(gross), |taxed| gross.minus(taxed.tax.withheld))?;
    let book_entry = (!carried.is_zero()).then(|| {
        Ok::<_, MoneyError>(BookEntry {
            id: format!("{}/{id}", BookKind::PayoutCarried.code()),
            at: now,
            on: None,
            kind: BookKind::PayoutCarried,
            reason: String::new(),
            by: String::new(),
            postings: ledger::payout(carried)?,
        })
    });
    let book_entry = book_entry.transpose()?;
    let number = if amount.is_positive() { ports.store.next_payment_order().await? } else { 0 };
    let (_, payee, inn) = partner.paid();
    let payout = Payout {
        id,
        version: 1,
        number,
        at: now,
        amount,
        payee: payee.to_owned(),
        inn: inn.to_owned(),
        kpp: partner.kpp.clone().filter(|_| partner.payout.payee.is_none()),
        to: partner.payout.to.clone(),
        from: partner.payout.from.clone(),
        tax: taxed.as_ref().map(|taxed| taxed.tax.clone()),
        days: amount.is_positive().then(|| Days::of(now)),
        orders: lines,
        carried: Some(carried).filter(|carried| !carried.is_zero()),
        lines: Vec::new(),
        state: if amount.is_positive() { PayoutState::Sent } else { PayoutState::Netted },
    };
    let withheld = payout.withholding();
    let withheld = (!withheld.is_empty()).then(|| BookEntry {
        id: format!("{}/{}", BookKind::TaxWithheld.code(), payout.id),
        at: now,
        on: None,
        kind: BookKind::TaxWithheld,
        reason: String::new(),
        by: String::new(),
        postings: withheld,
    });
    let with = With {
        carried: book_entry.as_ref().map(|entry| (entry, &purse)),
        // Who has a tariff may move available money to what is paid ahead, and looks at the personal account's row for payouts.
        guarded: (!partner.tariffs.assigned.is_empty()).then_some(&purse),
        withheld: withheld.as_ref(),
        income: taxed.as_ref().map(|taxed| Income { year: &taxed.year, row: &taxed.row }),
    };
    ports.store.commit_payout(tenant, &payout, &nexts, with).await?;
    for (loaded, order, tasks) in sends {
        perform::send(ports, &order, &loaded.details, &tasks).await;
    }
    Ok(Some(payout))
}

fn payout_id(ports: &Ports, now: Timestamp) -> String {
    let mut random = [0_u8; 16];
    ports.random.fill(&mut random);
    let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or(0);
    format!("po_{}", ulid::Ulid::from_parts(milliseconds, u128::from_be_bytes(random)).to_string().to_lowercase())
}

/// Takes down what the bank says of a payout, and the name of the statement's line that says so. Answers whether it was news.
pub async fn report(
    ports: &Ports,
    tenant: &Tenant,
    id: &str,
    report: &PayoutReport,
    line: Option<&str>,
) -> Result<(Payout, bool), WorkflowError> {
    let now = clock::now(ports, tenant).await?;
    for _ in 0..5 {
        let payout = ports.store.payout(tenant, id).await?.ok_or(WorkflowError::NotFound)?;
        let Some((mut next, entry)) = payout.reported(report, now)? else { return Ok((payout, false)) };
        next.lines.extend(line.map(ToOwned::to_owned));
        let undone = match next.state {
            PayoutState::Returned { .. } => income::undone(ports, tenant, &payout, now).await?,
            _ => None,
        };
        let income: Vec<_> = undone.iter().map(|undone| Income { year: &undone.year, row: &undone.row }).collect();
        match books::enter(ports, tenant, &entry, Also { payout: Some(&next), income: &income, invoice: None }).await {
            Ok(_) => return Ok((next, true)),
            Err(WorkflowError::Store(StoreError::Conflict)) => {}
            Err(other) => return Err(other),
        }
    }
    Err(WorkflowError::Busy)
}

/// A partner's balance: what is owed, and how much of it may go out now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// Fulfilled and mature, in kopecks.
    pub available_minor: i64,
    /// Paid, but not fulfilled or not mature, in kopecks.
    pub pending_minor: i64,
    /// The mature orders behind the available part.
    pub orders: Vec<OrderId>,
}

/// Adds a tenant's balance up from its orders.
pub async fn balance(ports: &Ports, tenant: &Tenant) -> Result<Balance, WorkflowError> {
    let now = clock::now(ports, tenant).await?;
    let personal = ports.store.purse(tenant).await?.row.balance;
    let mut balance = Balance { available_minor: personal.minor(), pending_minor: 0, orders: Vec::new() };
    for order in recent_orders(ports, tenant, now, Freshness::Eventual).await? {
        let owed = order.owed()?.minor();
        if order.payable_at().is_some_and(|at| at <= now) {
            balance.available_minor += owed;
            balance.orders.push(order.id);
        } else {
            balance.pending_minor += owed;
        }
    }
    Ok(balance)
}

/// Heads of all of a tenant's orders that may still wait for their payout.
pub async fn recent_orders(
    ports: &Ports,
    tenant: &Tenant,
    now: Timestamp,
    freshness: Freshness,
) -> Result<Vec<Order>, WorkflowError> {
    let mut orders = Vec::new();
    let mut empty = 0;
    let (months, empty_max) = recent_months(ports, now);
    for month in months {
        let before = orders.len();
        for spread in 0..keys::SPREAD {
            let mut after = None;
            loop {
                let page = ports.store.orders(tenant, month, spread, after, 500, freshness).await?;
                orders.extend(page.orders);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        empty = if orders.len() == before { empty + 1 } else { 0 };
        if empty == empty_max {
            break;
        }
    }
    Ok(orders)
}

/// Months in which a tenant, whose time is `now`, may have made orders, newest first; so many without one are the beginning.
pub(crate) fn recent_months(ports: &Ports, now: Timestamp) -> (Vec<(i16, i8)>, usize) {
    (months_back(now.max(whole_seconds(ports.clock.now())), MONTHS_MAX), MONTHS_EMPTY)
}

/// The month of `now` and those before it, newest first.
pub fn months_back(now: Timestamp, count: usize) -> Vec<(i16, i8)> {
    let date = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let (mut year, mut month) = (date.year(), date.month());
    let mut months = Vec::with_capacity(count);
    for _ in 0..count {
        months.push((year, month));
        (year, month) = if month == 1 { (year - 1, 12) } else { (year, month - 1) };
    }
    months
}

/// Pays out everything that is mature, at the partner's request («Вывод денежных средств»).
pub async fn request(ports: &Ports, tenant: &Tenant) -> Result<Vec<Payout>, WorkflowError> {
    let now = clock::now(ports, tenant).await?;
    let partner = perform::partner(ports, tenant).await?;
    let wanted: BTreeSet<OrderId> = balance(ports, tenant).await?.orders.into_iter().collect();
    let mut loaded = Vec::new();
    for id in wanted {
        if let Some(order) = ports.store.load(&id, Freshness::Consistent).await? {
            loaded.push(order);
        }
    }
    let mut payouts = Vec::new();
    let mut groups: Vec<&[Loaded]> = loaded.chunks(ORDERS_MAX).collect();
    if groups.is_empty() {
        groups.push(&[]); // the personal account alone may have something
    }
    for group in groups {
        match pay_group(ports, tenant, &partner, group, now).await {
            Ok(payout) => payouts.extend(payout),
            // Another request or the sweep was first with some of them: what is left can be asked for again.
            Err(WorkflowError::Store(StoreError::Conflict)) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(payouts)
}
