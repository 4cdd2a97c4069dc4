//! Receipts and messages: counted when a day is sealed, put to the platform's expense when a month is over, and nothing to the partner.
//!
//! A message is counted where its delivery is recorded, a receipt where the journal has it. What was sent twice by a crash was recorded
//! once, and counts once. A day's count is written before its seal, so whoever is cut short counts the same again; a month and the entry
//! of its cost are one commit, written once.

use domain::id::Tenant;
use domain::ledger::{BookEntry, BookKind};
use domain::report::Period;
use domain::time::{Timestamp, moscow_date};
use domain::usage::{self, Days, Month, Price, Sent, Usage};
use jiff::civil::Date;
use storage::books::Written;
use storage::store::OrderPage;

use crate::clock;
use crate::error::WorkflowError;
use crate::ports::Ports;

/// Counts what a page of orders has of the days that are wanted.
pub(crate) fn gather(days: &mut Days, page: &OrderPage, wanted: impl Fn(Date) -> bool) {
    for order in &page.orders {
        usage::printed(days, order, &wanted);
    }
    for delivery in &page.deliveries {
        usage::delivered(days, delivery, &wanted);
    }
}

/// Messages that belong to no order, of the days that are wanted, none of them before `since`.
pub(crate) async fn unowned(
    ports: &Ports,
    tenant: &Tenant,
    since: Date,
    wanted: impl Fn(Date) -> bool + Send,
) -> Result<Days, WorkflowError> {
    let mut days = Days::new();
    for (day, sent) in ports.store.sent_since(tenant, since).await? {
        if wanted(day) {
            days.entry(day).or_default().add(sent.kind, sent.units);
        }
    }
    Ok(days)
}

/// Notes that a message which belongs to no order has gone out. That it can not be noted is no reason to send it again: it is said in the
/// log, and not counted.
pub(crate) async fn sent(ports: &Ports, tenant: &Tenant, at: Timestamp, reference: &str, sent: Sent) {
    if let Err(error) = ports.store.put_sent(tenant, moscow_date(at), reference, sent).await {
        tracing::warn!(%tenant, reference, %error, "a message has gone out and is not counted");
    }
}

fn entry_id(period: Period) -> String {
    format!("{}/{period}", BookKind::UsageBooked.code())
}

fn next(period: Period) -> Option<Period> {
    period.last().tomorrow().ok().map(Period::of)
}

/// Reckons every month of a tenant's whose last day is sealed, and books what it costs. Answers how many months were reckoned now.
///
/// A month is reckoned by the prices that are set then. One that is reckoned stays as it is.
pub async fn close(ports: &Ports, tenant: &Tenant) -> Result<usize, WorkflowError> {
    let Some(sealed) = ports.store.last_day_book(tenant).await? else { return Ok(0) };
    let over = |period: &Period| period.last() <= sealed.day;
    let last = ports.store.usage_months(tenant, 1).await?.pop();
    let mut period = match last {
        Some((last, _)) => next(last),
        None => ports.store.first_usage_day(tenant).await?.map(Period::of),
    };
    let mut reckoned = 0;
    while let Some(month) = period.filter(over) {
        let days = ports.store.usage_days(tenant, month.first(), month.last()).await?;
        let made = Month::of(&days, &ports.store.supplier_prices().await?)?;
        let postings = made.postings();
        let entry = BookEntry {
            id: entry_id(month),
            at: clock::now(ports, tenant).await?,
            on: Some(month.last()),
            kind: BookKind::UsageBooked,
            reason: String::new(),
            by: String::new(),
            postings,
        };
        let entry = Some(&entry).filter(|entry| !entry.postings.is_empty());
        if ports.store.put_usage_month(tenant, month, &made, entry).await? == Written::Now {
            reckoned += 1;
        }
        period = next(month);
    }
    Ok(reckoned)
}

/// A month's usage as it is known now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What was used, and what it costs: by today's prices until the month is over.
    pub month: Month,
    /// The last day that is counted; nothing before the first day was sealed.
    pub through: Option<Date>,
    /// Whether the month is over and reckoned: nothing of it changes any more.
    pub is_final: bool,
}

/// A month's usage of a tenant.
pub async fn standing(ports: &Ports, tenant: &Tenant, period: Period) -> Result<Standing, WorkflowError> {
    let through = ports.store.last_day_book(tenant).await?.map(|book| book.day.min(period.last()));
    if let Some(month) = ports.store.usage_month(tenant, period).await? {
        return Ok(Standing { month, through, is_final: true });
    }
    let mut days = ports.store.usage_days(tenant, period.first(), period.last()).await?;
    // A day that is counted and not sealed yet is not told of: the next run may still be writing it.
    days.retain(|day, _| through.is_some_and(|through| *day <= through));
    let month = Month::of(&days, &ports.store.supplier_prices().await?)?;
    let through = through.filter(|through| *through >= period.first());
    Ok(Standing { month, through, is_final: false })
}

/// Sets the prices of the platform's suppliers, all at once. Months that are reckoned stay as they are.
pub async fn set_prices(ports: &Ports, mut prices: Vec<Price>) -> Result<Vec<Price>, WorkflowError> {
    prices.sort_by_key(|price| (price.kind, price.since));
    ports.store.put_supplier_prices(&prices).await?;
    Ok(prices)
}

/// What of the usage does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Stable code of the rule.
    pub rule: &'static str,
    /// What is wrong.
    pub text: String,
}

/// Counts every sealed day again, reckons every month again from its days and by its own prices, and holds the books to it. `counted` is what
/// journals, delivery records and other messages come to.
pub(crate) async fn prove(
    ports: &Ports,
    tenant: &Tenant,
    counted: &Days,
    entries: &[BookEntry],
    sealed: Option<Date>,
) -> Result<Vec<Broken>, WorkflowError> {
    let mut broken = Vec::new();
    let mut say = |rule, text: String| broken.push(Broken { rule, text });
    let kept = ports.store.usage_days(tenant, Date::MIN, Date::MAX).await?;
    // Days that were sealed before anything was counted have no rows, and are not held to any.
    let since = kept.keys().next().copied();
    let is_sealed = |day: &&Date| sealed.is_some_and(|sealed| **day <= sealed);
    let is_counted = |day: &&Date| since.is_some_and(|since| since <= **day);
    let days = kept.keys().chain(counted.keys().filter(is_counted)).filter(is_sealed);
    for day in days.collect::<std::collections::BTreeSet<_>>() {
        let none = Usage::default();
        let of = |days: &Days| days.get(day).unwrap_or(&none).clone();
        if of(&kept) != of(counted) {
            say("usage.day", format!("{day}: the records come to {:?}, {:?} is kept", of(counted), of(&kept)));
        }
    }
    let months = ports.store.usage_months(tenant, usize::MAX).await?;
    for (period, month) in &months {
        let made = Month::of(&usage::days_of(&kept, *period), &month.prices)?;
        if made != *month {
            say("usage.month", format!("{period}: its days come to {made:?}, {month:?} is kept"));
        }
        let id = entry_id(*period);
        let booked = entries.iter().find(|entry| entry.id == id).map(|entry| entry.postings.clone());
        if booked.clone().unwrap_or_default() != month.postings() {
            say("usage.books", format!("{period}: {} by the month, the books have {booked:?}", month.cost()?));
        }
    }
    for entry in entries.iter().filter(|entry| entry.kind == BookKind::UsageBooked) {
        if !months.iter().any(|(period, _)| entry.id == entry_id(*period)) {
            say("usage.books", format!("{} belongs to no month that was reckoned", entry.id));
        }
    }
    for (period, next) in months.windows(2).map(|two| (two[1].0, two[0].0)) {
        if self::next(period) != Some(next) {
            say("usage.gap", format!("{next} follows {period}"));
        }
    }
    Ok(broken)
}

/// The month a moment of a tenant's lies in.
pub async fn this_month(ports: &Ports, tenant: &Tenant) -> Result<Period, WorkflowError> {
    Ok(Period::of(moscow_date(clock::now(ports, tenant).await?)))
}
