//! Proves a store: every order by itself, payouts against their orders, and the books of each tenant as a whole.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use domain::id::Tenant;
use domain::ledger::{Account, BookEntry, BookKind, Posting, Prepaid, Purse, balance};
use domain::money::Money;
use domain::order::{Initiator, Order};
use domain::payout::{Payout, PayoutState};
use domain::subscription::REMEMBERED_MAX;
use domain::time::Timestamp;
use serde::Serialize;
use storage::store::OrderPage;
use storage::table::Freshness;

use crate::error::WorkflowError;
use crate::perform;
use crate::ports::Ports;
use crate::reading::{self, Span};
use crate::{books, clock, income, months, usage};

/// What an audit found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Orders looked at.
    pub orders: usize,
    /// Payouts looked at.
    pub payouts: usize,
    /// Subscriptions looked at.
    pub subscriptions: usize,
    /// Sealed days proved.
    pub days: usize,
    /// Closed months proved.
    pub reports: usize,
    /// Orders on which a task is still to be done.
    pub unfinished: usize,
    /// What breaks a rule.
    pub findings: Vec<Finding>,
    /// Payouts whose last expected day has passed and nobody has said what became of: an accountant's to ask about, no rule is broken.
    pub overdue: Vec<Overdue>,
    /// Trial balance by tenant and account, debits less credits in kopecks.
    pub balances: BTreeMap<String, BTreeMap<&'static str, i64>>,
}

/// A payout that should have arrived.
#[derive(Debug, Clone, Serialize)]
pub struct Overdue {
    /// Whose.
    pub tenant: String,
    /// The payout.
    pub payout: String,
    /// Number of the payment order.
    pub number: u32,
    /// In kopecks.
    pub amount_minor: i64,
    /// The last day it was expected on.
    pub expected_by: String,
}

/// A rule that does not hold.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// The order, payout or tenant.
    pub subject: String,
    /// Stable code of the rule.
    pub rule: &'static str,
    /// What is wrong.
    pub text: String,
}

impl Report {
    /// Whether everything holds.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    fn say(&mut self, subject: &impl ToString, rule: &'static str, text: impl Into<String>) {
        self.findings.push(Finding { subject: subject.to_string(), rule, text: text.into() });
    }
}

/// Audits every tenant. `progress` is told of each order looked at.
pub async fn audit(ports: &Ports, progress: &(dyn Fn() + Sync)) -> Result<Report, WorkflowError> {
    let mut report = Report::default();
    for tenant in ports.store.tenants().await? {
        audit_tenant(ports, &tenant, &mut report, progress).await?;
    }
    Ok(report)
}

async fn audit_tenant(
    ports: &Ports,
    tenant: &Tenant,
    report: &mut Report,
    progress: &(dyn Fn() + Sync),
) -> Result<(), WorkflowError> {
    let now = clock::now(ports, tenant).await?;
    let partner = perform::partner(ports, tenant).await?;
    let (mut orders, mut used) = (Vec::new(), usage::unowned(ports, tenant, jiff::civil::Date::MIN, |_| true).await?);
    let gathers = |page: OrderPage| {
        usage::gather(&mut used, &page, |_| true);
        orders.extend(page.orders);
    };
    reading::each_page(ports, tenant, Span::recent(ports, now), gathers).await?;
    let mut postings: Vec<Posting> = Vec::new();
    for order in &orders {
        progress();
        report.orders += 1;
        report.unfinished += usize::from(!order.tasks.is_empty());
        for finding in domain::audit::audit(order, now, partner.payout.automatic) {
            report.say(&order.id, finding.rule, finding.text);
        }
        postings.extend(order.journal.iter().flat_map(|entry| entry.postings.iter().copied()));
    }
    audit_payouts(ports, tenant, &orders, now, report).await?;
    audit_subscriptions(ports, tenant, &orders, now, report).await?;
    let entries = ports.store.book_entries(tenant, jiff::civil::Date::MIN).await?;
    let sealed = ports.store.day_books(tenant).await?;
    report.days += sealed.len();
    for broken in books::prove(&orders, &entries, &sealed)? {
        report.say(tenant, "books.seal", format!("{}: {}", broken.day, broken.text));
    }
    let last = sealed.last().map(|last| last.day);
    for broken in usage::prove(ports, tenant, &used, &entries, last).await? {
        report.say(tenant, broken.rule, broken.text);
    }
    let (reports, broken) = Box::pin(months::proof::prove(ports, tenant, &sealed)).await?;
    report.reports += reports;
    for broken in broken {
        report.say(tenant, broken.rule, format!("{}: {}", broken.period, broken.text));
    }
    let mut made = Purse::default();
    for entry in &entries {
        made = made.after(&entry.postings, entry.at)?;
    }
    let purse = ports.store.purse(tenant).await?.row;
    if made.balance != purse.balance {
        report.say(tenant, "books.purse", format!("{} by the entries, {} stands there", made.balance, purse.balance));
    }
    audit_payees(ports, tenant, &entries, now, report).await?;
    postings.extend(entries.iter().flat_map(|entry| entry.postings.iter().copied()));
    let (made, prepaid) = (Prepaid::default().after(&postings)?, ports.store.prepaid(tenant).await?.row);
    if made != prepaid {
        report.say(tenant, "books.prepaid", format!("the postings make {made:?}, there stands {prepaid:?}"));
    }
    let mut sum = 0;
    let balances = report.balances.entry(tenant.to_string()).or_default();
    for account in Account::ALL {
        let amount = balance(account, Money::rub(0), &postings)?.minor();
        balances.insert(account.code(), amount);
        sum += amount;
    }
    if sum != 0 {
        report.say(tenant, "books.total", format!("the tenant's books are {sum} kopecks off zero"));
    }
    Ok(())
}

/// What was withheld stands in the register, and what was invoiced in the invoices, to the kopeck as the books have it.
async fn audit_payees(
    ports: &Ports,
    tenant: &Tenant,
    entries: &[BookEntry],
    now: Timestamp,
    report: &mut Report,
) -> Result<(), WorkflowError> {
    let booked = |account: Account, kinds: &[BookKind]| {
        let of_kinds = entries.iter().filter(|entry| kinds.contains(&entry.kind));
        balance(account, Money::rub(0), of_kinds.flat_map(|entry| &entry.postings)).map(Money::minor)
    };
    let withheld = -booked(Account::IncomeTax, &[BookKind::TaxWithheld, BookKind::PayoutReturned])?;
    let register = income::audited(ports, tenant, now).await?;
    if register.withheld.minor() != withheld {
        let said = register.withheld;
        report.say(tenant, "income.books", format!("{said} in the register, {withheld} kopecks in the books"));
    }
    for (payee, year) in register.broken {
        report.say(tenant, "income.year", format!("the year {year} of {payee} is not the sum of its rows"));
    }
    let (mut invoiced, mut paid, mut after) = (0, 0, None);
    loop {
        let (page, next) = ports.store.invoices(tenant, after, 100).await?;
        invoiced += page.iter().map(|invoice| invoice.amount.minor()).sum::<i64>();
        paid += page.iter().map(|invoice| invoice.paid.minor()).sum::<i64>();
        after = next;
        if after.is_none() {
            break;
        }
    }
    let books = (
        booked(Account::PartnerDebt, &[BookKind::DebtInvoiced])?,
        -booked(Account::PartnerDebt, &[BookKind::DebtPaid])?,
    );
    if books != (invoiced, paid) {
        report.say(tenant, "debt.books", format!("{invoiced} invoiced and {paid} paid, the books say {books:?}"));
    }
    Ok(())
}

/// Every subscription against the orders of its charges; and whoever was charged by a schedule has agreed to one.
async fn audit_subscriptions(
    ports: &Ports,
    tenant: &Tenant,
    orders: &[Order],
    now: Timestamp,
    report: &mut Report,
) -> Result<(), WorkflowError> {
    let by_id: BTreeMap<_, _> = orders.iter().map(|order| (&order.id, order)).collect();
    let (mut known, mut forgetful, mut after) = (BTreeSet::new(), false, None);
    loop {
        let (page, next) = ports.store.subscriptions(tenant, after, 100).await?;
        for subscription in page {
            report.subscriptions += 1;
            forgetful |= subscription.charges.len() >= REMEMBERED_MAX;
            let mut charged: Vec<Cow<'_, Order>> = Vec::new();
            for charge in &subscription.charges {
                known.insert(charge.order.clone());
                if let Some(order) = by_id.get(&charge.order) {
                    charged.push(Cow::Borrowed(order));
                } else {
                    let loaded = ports.store.load(&charge.order, Freshness::Consistent).await?;
                    charged.extend(loaded.map(|loaded| Cow::Owned(loaded.order)));
                }
            }
            let charged: Vec<&Order> = charged.iter().map(AsRef::as_ref).collect();
            for finding in domain::subscription::prove(&subscription, tenant, &charged, now) {
                report.say(&subscription.id, finding.rule, finding.text);
            }
        }
        after = next;
        if after.is_none() {
            break;
        }
    }
    let unknown = |order: &&Order| !forgetful && !known.contains(&order.id);
    for order in orders.iter().filter(unknown) {
        if order.payments().any(|payment| payment.by == Initiator::Schedule) {
            report.say(&order.id, "subscription.unknown", "charged by a schedule, and no subscription knows of it");
        }
    }
    Ok(())
}

async fn audit_payouts(
    ports: &Ports,
    tenant: &Tenant,
    orders: &[Order],
    now: Timestamp,
    report: &mut Report,
) -> Result<(), WorkflowError> {
    let mut by_id: BTreeMap<_, _> = orders.iter().map(|order| (order.id.clone(), Cow::Borrowed(order))).collect();
    let (mut given, mut known): (BTreeMap<_, i64>, BTreeSet<String>) = (BTreeMap::new(), BTreeSet::new());
    let mut after = None;
    loop {
        let (page, next) = ports.store.payouts(tenant, after, 100).await?;
        for payout in page {
            report.payouts += 1;
            if let Some(expected) = payout.expected().filter(|_| payout.is_overdue(now)) {
                report.overdue.push(Overdue {
                    tenant: tenant.to_string(),
                    payout: payout.id.clone(),
                    number: payout.number,
                    amount_minor: payout.amount.minor(),
                    expected_by: expected.latest.to_string(),
                });
            }
            known.insert(payout.id.clone());
            // A payout is kept for ever; its orders may be older than those that are listed.
            for line in payout.orders.iter().filter(|line| line.order.tenant() == tenant) {
                if !by_id.contains_key(&line.order)
                    && let Some(loaded) = ports.store.load(&line.order, Freshness::Consistent).await?
                {
                    by_id.insert(line.order.clone(), Cow::Owned(loaded.order));
                }
            }
            audit_payout(&payout, report);
            for line in &payout.orders {
                *given.entry(line.order.clone()).or_default() += line.amount.minor();
                if !by_id.contains_key(&line.order) {
                    report.say(&payout.id, "payout.order", format!("{} does not exist", line.order));
                }
            }
        }
        after = next;
        if after.is_none() {
            break;
        }
    }
    for (id, order) in &by_id {
        if order.payout.as_ref().is_some_and(|payout| !known.contains(payout)) {
            report.say(id, "payout.missing", "the order names a payout that does not exist");
        }
        let postings = order.journal.iter().flat_map(|entry| &entry.postings);
        let out = -balance(Account::PayoutInTransit, Money::rub(0), postings)?.minor();
        let given = given.remove(id).unwrap_or_default();
        if out != given {
            report.say(id, "payout.line", format!("its payouts carry {given} kopecks of it, its books say {out}"));
        }
    }
    Ok(())
}

fn audit_payout(payout: &Payout, report: &mut Report) {
    let carried = payout.carried.map_or(0, Money::minor);
    let sum = carried + payout.orders.iter().map(|line| line.amount.minor()).sum::<i64>();
    let withheld = payout.tax.as_ref().map_or(0, |tax| tax.withheld.minor());
    if sum != payout.amount.minor() + withheld || payout.tax.as_ref().is_some_and(|tax| tax.income.minor() != sum) {
        report.say(&payout.id, "payout.sum", format!("{} is not the sum of its orders", payout.amount));
    }
    let netted = payout.state == PayoutState::Netted;
    if payout.amount.minor() < 0 || payout.amount.is_zero() != netted || (payout.number == 0) != netted {
        report.say(&payout.id, "payout.state", format!("{} is {}", payout.amount, payout.state.code()));
    }
}
