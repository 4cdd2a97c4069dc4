//! What a partner has paid ahead for services: reserved with the order that needs it, taken or given back with the order's own
//! commits, and topped up once for each paper that says so.

use domain::commission::CommissionTerms;
use domain::id::Tenant;
use domain::ledger::{self, Account, BookEntry, BookKind, Posting, Prepaid};
use domain::money::Money;
use domain::order::{Order, deducts};
use domain::report::{Movement, MovementKind, Period};
use domain::tariff::Pricing;
use domain::time::moscow_date;
use jiff::civil::Date;
use rust_decimal::Decimal;
use storage::books::Written;
use storage::devices::Versioned;
use storage::store::StoreError;
use storage::table::Freshness;

use crate::clock;
use crate::error::WorkflowError;
use crate::months::lines::MONTHS;
use crate::payouts;
use crate::perform;
use crate::ports::Ports;
use crate::reading::{self, Reach};

/// Looks at a row that others keep changing before giving up.
const LOOKS_MAX: usize = 12;
/// Orders read at once.
const PAGE: usize = 500;

/// What an order needs and the partner has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortage {
    /// What is free.
    pub balance: Money,
    /// What it may be overdrawn by.
    pub credit: Money,
    /// What is needed.
    pub need: Money,
    /// For a month of the API; else for an order.
    pub month: bool,
}

fn need_of(pricing: Option<&Pricing>) -> Option<Money> {
    pricing?.service.as_ref().map(|service| service.reserved)
}

fn shortage(prepaid: &Prepaid, need: Money, credit: Money) -> Result<Option<Shortage>, WorkflowError> {
    let covered = prepaid.reserve(need, credit)?.is_some();
    Ok((!covered).then_some(Shortage { balance: prepaid.balance, credit, need, month: false }))
}

/// Looks whether an order priced so is covered, and the API is paid, before anything is kept of it. Answers what was read; nothing for
/// orders that reserve nothing. A number that was used before is let through: its order may be there.
pub(crate) async fn look(
    ports: &Ports,
    tenant: &Tenant,
    number: &str,
    pricing: Option<&Pricing>,
    credit: Money,
    unpaid_month: Option<Money>,
) -> Result<Result<Option<Versioned<Prepaid>>, Shortage>, WorkflowError> {
    if let Some(need) = unpaid_month
        && ports.store.number(tenant, number).await?.is_none()
    {
        let balance = ports.store.prepaid(tenant).await?.row.balance;
        return Ok(Err(Shortage { balance, credit, need, month: true }));
    }
    let Some(need) = need_of(pricing) else { return Ok(Ok(None)) };
    let prepaid = ports.store.prepaid(tenant).await?;
    match shortage(&prepaid.row, need, credit)? {
        Some(shortage) if ports.store.number(tenant, number).await?.is_none() => Ok(Err(shortage)),
        _ => Ok(Ok(Some(prepaid))),
    }
}

/// Writes a new order as it is priced, and reserves what its service needs, both or neither. An order that is there already stays as it
/// is. `known` is what was read before.
pub(crate) async fn create(
    ports: &Ports,
    order: Order,
    terms: CommissionTerms,
    pricing: Option<Pricing>,
    credit: Money,
    mut known: Option<Versioned<Prepaid>>,
) -> Result<Result<Order, Shortage>, WorkflowError> {
    let Some(need) = need_of(pricing.as_ref()) else {
        let order = order.priced(terms, pricing);
        ports.store.create_order(&order).await?;
        return Ok(Ok(order));
    };
    for _ in 0..LOOKS_MAX {
        let before = match known.take() {
            Some(known) => known,
            None => ports.store.prepaid(order.id.tenant()).await?,
        };
        let Some(overdrawn) = before.row.reserve(need, credit)? else {
            // The same request may have made it meanwhile, with the last of the money.
            return match (
                ports.store.load(&order.id, Freshness::Consistent).await?,
                shortage(&before.row, need, credit)?,
            ) {
                (None, Some(shortage)) => Ok(Err(shortage)),
                (Some(loaded), _) => Ok(Ok(loaded.order)),
                (None, None) => Err(WorkflowError::Busy),
            };
        };
        let mut pricing = pricing.clone();
        if let Some(service) = pricing.as_mut().and_then(|pricing| pricing.service.as_mut()) {
            service.overdrawn = overdrawn;
        }
        let priced = order.clone().priced(terms.clone(), pricing);
        let after = before.row.after(&postings_after(0, &priced))?;
        match ports.store.commit_with_prepaid(&priced, &before, &after).await {
            Ok(()) => return Ok(Ok(priced)),
            Err(StoreError::Conflict) => {
                // The same request has made it meanwhile, or another order has reserved something: look again.
                if let Some(loaded) = ports.store.load(&order.id, Freshness::Consistent).await? {
                    return Ok(Ok(loaded.order));
                }
            }
            Err(other) => return Err(other.into()),
        }
    }
    Err(WorkflowError::Busy)
}

fn postings_after(known: usize, order: &Order) -> Vec<Posting> {
    order.journal.iter().skip(known).flat_map(|entry| entry.postings.iter().copied()).collect()
}

/// Writes the next state of an order, and with it what its new entries make of what was paid ahead. An order nothing is reserved for
/// is one write and no more.
pub(crate) async fn commit(ports: &Ports, before: &Order, order: &Order) -> Result<(), StoreError> {
    let has_service = order.pricing.as_ref().is_some_and(|pricing| pricing.service.is_some());
    if !has_service {
        return ports.store.commit(order).await;
    }
    let postings = postings_after(before.journal.len(), order);
    if !Prepaid::is_touched(&postings) {
        return ports.store.commit(order).await;
    }
    let prepaid = ports.store.prepaid(order.id.tenant()).await?;
    let Ok(after) = prepaid.row.after(&postings) else { return Err(StoreError::Conflict) };
    ports.store.commit_with_prepaid(order, &prepaid, &after).await
}

/// How an account of what is paid ahead stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The two sums.
    pub prepaid: Prepaid,
    /// What it may be overdrawn by.
    pub credit: Money,
}

/// How a tenant's account stands.
pub async fn standing(ports: &Ports, tenant: &Tenant) -> Result<Standing, WorkflowError> {
    let partner = perform::partner(ports, tenant).await?;
    let prepaid = ports.store.prepaid(tenant).await?.row;
    Ok(Standing { prepaid, credit: Money::rub(partner.tariffs.credit_minor) })
}

/// What became of a wish to top the account up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToppedUp {
    /// It was entered now.
    Now(BookEntry),
    /// It had been before.
    Before(BookEntry),
    /// The reference was used for another sum, or another day.
    ReferenceTaken,
    /// There is not so much available.
    TooLittle(Money),
}

/// Takes down that a partner's payment for services has come to our settlement account, once for each reference.
pub async fn pay_in(
    ports: &Ports,
    tenant: &Tenant,
    amount: Money,
    reference: &str,
    on: Date,
) -> Result<ToppedUp, WorkflowError> {
    perform::partner(ports, tenant).await?;
    let now = clock::now(ports, tenant).await?;
    let entry = BookEntry {
        id: format!("{}/{reference}", BookKind::PrepaidPaid.code()),
        at: now,
        on: Some(on).filter(|on| *on != moscow_date(now)),
        kind: BookKind::PrepaidPaid,
        reason: String::new(),
        by: "operator".to_owned(),
        postings: vec![Posting::new(Account::Settlement, Account::Prepaid, amount)],
    };
    enter(ports, tenant, entry, From::Outside).await
}

/// Moves available money to what is paid ahead, once for each reference of the partner's.
pub async fn move_available(
    ports: &Ports,
    tenant: &Tenant,
    amount: Money,
    reference: &str,
) -> Result<ToppedUp, WorkflowError> {
    let entry = BookEntry {
        id: format!("{}/{reference}", BookKind::PrepaidMoved.code()),
        at: clock::now(ports, tenant).await?,
        on: None,
        kind: BookKind::PrepaidMoved,
        reason: String::new(),
        by: "partner".to_owned(),
        postings: vec![Posting::new(Account::PartnerAvailable, Account::Prepaid, amount)],
    };
    enter(ports, tenant, entry, From::Available(amount)).await
}

/// Buys a service from what is paid ahead, once for each reference; the price includes VAT. Answers what is missing; nothing when it is bought, now or before.
pub(crate) async fn buy(
    ports: &Ports,
    tenant: &Tenant,
    (price, vat_percent): (Money, Decimal),
    credit: Money,
    reference: &str,
) -> Result<Option<Shortage>, WorkflowError> {
    let entry = BookEntry {
        id: format!("{}/{reference}", BookKind::ServiceBought.code()),
        at: clock::now(ports, tenant).await?,
        on: None,
        kind: BookKind::ServiceBought,
        reason: String::new(),
        by: "partner".to_owned(),
        postings: ledger::service(Account::Prepaid, price, vat_percent)?,
    };
    Ok(match enter(ports, tenant, entry, From::Prepaid(price, credit)).await? {
        ToppedUp::TooLittle(balance) => Some(Shortage { balance, credit, need: price, month: true }),
        _ => None,
    })
}

/// Where the money of an entry comes from, and how much of it there must be.
#[derive(Clone, Copy)]
enum From {
    /// It has come to our account.
    Outside,
    /// So much is taken from what is available.
    Available(Money),
    /// So much is taken from what is paid ahead, and this credit.
    Prepaid(Money, Money),
}

/// Enters what changes the account, once.
async fn enter(ports: &Ports, tenant: &Tenant, entry: BookEntry, from: From) -> Result<ToppedUp, WorkflowError> {
    for _ in 0..LOOKS_MAX {
        if let Some(there) = ports.store.book_entry(tenant, &entry.id).await? {
            let day = |entry: &BookEntry| entry.on.unwrap_or_else(|| moscow_date(entry.at));
            let paper = entry.kind != BookKind::PrepaidPaid || day(&there) == day(&entry);
            return Ok(if there.postings == entry.postings && paper {
                ToppedUp::Before(there)
            } else {
                ToppedUp::ReferenceTaken
            });
        }
        // Read first: a payout that takes the same money meanwhile writes this row too, and then this entry is not written.
        let purse = match from {
            From::Available(_) => Some(ports.store.purse(tenant).await?),
            From::Outside | From::Prepaid(..) => None,
        };
        if let (From::Available(amount), Some(purse)) = (from, &purse) {
            let available = available(ports, tenant, purse.row.balance, amount).await?;
            if available.minus(amount)?.minor() < 0 {
                return Ok(ToppedUp::TooLittle(available));
            }
        }
        let before = ports.store.prepaid(tenant).await?;
        if let From::Prepaid(price, credit) = from
            && before.row.reserve(price, credit)?.is_none()
        {
            return Ok(ToppedUp::TooLittle(before.row.balance));
        }
        let after = before.row.after(&entry.postings)?;
        match ports.store.put_prepaid_entry(tenant, &entry, (&before, &after), purse.as_ref()).await {
            Ok(Written::Now) => return Ok(ToppedUp::Now(entry)),
            Ok(Written::Before) | Err(StoreError::Conflict) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(WorkflowError::Busy)
}

/// What is available besides the personal account's `personal`, at least as far as `wanted`: orders are read again one by one,
/// consistently, until there is enough of them.
async fn available(ports: &Ports, tenant: &Tenant, personal: Money, wanted: Money) -> Result<Money, WorkflowError> {
    let now = clock::now(ports, tenant).await?;
    let mut mature: Vec<Order> = payouts::recent_orders(ports, tenant, now, Freshness::Consistent).await?;
    mature.retain(|order| order.payable_at().is_some_and(|at| at <= now));
    mature.sort_by_key(|order| order.owed().map_or(0, Money::minor)); // what is owed to us counts first
    let mut sum = personal;
    for order in mature {
        let known = order.owed()?;
        if known.is_positive() && sum.minor() >= wanted.minor() {
            break;
        }
        let Some(loaded) = ports.store.load(&order.id, Freshness::Consistent).await? else { continue };
        if loaded.order.payable_at().is_some_and(|at| at <= now) {
            sum = sum.plus(loaded.order.owed()?)?;
        }
    }
    Ok(sum)
}

/// What was taken off buyers' payments in a month for services the partner's credit had paid, as the month's report tells it.
pub(crate) async fn deductions(ports: &Ports, tenant: &Tenant, period: Period) -> Result<Vec<Movement>, WorkflowError> {
    let partner = perform::partner(ports, tenant).await?;
    if partner.tariffs.assigned.is_empty() {
        return Ok(Vec::new());
    }
    let zero = Money::rub(0);
    let noon = domain::time::MOSCOW.to_timestamp(period.last().at(12, 0, 0, 0)).unwrap_or(domain::time::Timestamp::MAX);
    let mut movements = Vec::new();
    for month in payouts::months_back(noon, MONTHS) {
        let mut place: Option<String> = None;
        loop {
            let wanted = |order: &Order| order.pricing.as_ref().is_some_and(|pricing| pricing.service.is_some());
            let page =
                reading::orders_of_month(ports, tenant, month, place.as_deref(), PAGE, Reach::SEALED, wanted).await?;
            for order in &page.orders {
                for entry in order.journal.iter().filter(|entry| period.contains(moscow_date(entry.at))) {
                    let mut moved = entry.postings.iter().map(|posting| deducts(posting, zero));
                    let moved = moved.try_fold(zero, |sum, one| sum.plus(one?))?;
                    let (kind, amount, what) = match moved.minor() {
                        0 => continue,
                        1.. => (MovementKind::Service, moved, "Услуга платформы, оплаченная в кредит"),
                        _ => (MovementKind::Credited, zero.minus(moved)?, "Возврат удержанного за услугу платформы"),
                    };
                    let what = format!("{what}, заказ {}", order.number);
                    let (on, reference) = (moscow_date(entry.at), order.bill.to_string());
                    movements.push(Movement { kind, on, reference, what, amount, vat: zero, corrects: None });
                }
            }
            place = page.next;
            if place.is_none() {
                break;
            }
        }
    }
    Ok(movements)
}
