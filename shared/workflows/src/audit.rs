//! Proves a store: every order by itself, payouts against their orders, and the books of each tenant as a whole.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use domain::id::Tenant;
use domain::ledger::{Account, Posting, Purse, balance};
use domain::money::Money;
use domain::order::Order;
use domain::payout::{Payout, PayoutState};
use serde::Serialize;
use storage::table::Freshness;

use crate::error::WorkflowError;
use crate::perform;
use crate::ports::Ports;
use crate::{books, clock, months, payouts};

/// What an audit found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Orders looked at.
    pub orders: usize,
    /// Payouts looked at.
    pub payouts: usize,
    /// Sealed days proved.
    pub days: usize,
    /// Closed months proved.
    pub reports: usize,
    /// Orders on which a task is still to be done.
    pub unfinished: usize,
    /// What breaks a rule.
    pub findings: Vec<Finding>,
    /// Trial balance by tenant and account, debits less credits in kopecks.
    pub balances: BTreeMap<String, BTreeMap<&'static str, i64>>,
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
    let orders = payouts::recent_orders(ports, tenant, now).await?;
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
    audit_payouts(ports, tenant, &orders, report).await?;
    let entries = ports.store.book_entries(tenant, jiff::civil::Date::MIN).await?;
    let sealed = ports.store.day_books(tenant).await?;
    report.days += sealed.len();
    for broken in books::prove(&orders, &entries, &sealed)? {
        report.say(tenant, "books.seal", format!("{}: {}", broken.day, broken.text));
    }
    let (reports, broken) = Box::pin(months::proof::prove(ports, tenant, &sealed)).await?;
    report.reports += reports;
    for broken in broken {
        report.say(tenant, broken.rule, format!("{}: {}", broken.period, broken.text));
    }
    let mut made = Purse::default();
    for entry in &entries {
        made = made.after(&entry.postings)?;
    }
    let purse = ports.store.purse(tenant).await?.row;
    if made != purse {
        report.say(tenant, "books.purse", format!("{} by the entries, {} stands there", made.balance, purse.balance));
    }
    postings.extend(entries.iter().flat_map(|entry| entry.postings.iter().copied()));
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

async fn audit_payouts(
    ports: &Ports,
    tenant: &Tenant,
    orders: &[Order],
    report: &mut Report,
) -> Result<(), WorkflowError> {
    let mut by_id: BTreeMap<_, _> = orders.iter().map(|order| (order.id.clone(), Cow::Borrowed(order))).collect();
    let (mut given, mut known): (BTreeMap<_, i64>, BTreeSet<String>) = (BTreeMap::new(), BTreeSet::new());
    let mut after = None;
    loop {
        let (page, next) = ports.store.payouts(tenant, after, 100).await?;
        for payout in page {
            report.payouts += 1;
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
    if sum != payout.amount.minor() {
        report.say(&payout.id, "payout.sum", format!("{} is not the sum of its orders", payout.amount));
    }
    let netted = payout.state == PayoutState::Netted;
    if payout.amount.minor() < 0 || payout.amount.is_zero() != netted || (payout.number == 0) != netted {
        report.say(&payout.id, "payout.state", format!("{} is {}", payout.amount, payout.state.code()));
    }
}
