//! The books as the partner sees them: postings of one order, of a month, and what is owed now.

use axum::Json;
use axum::extract::State;
use domain::ledger::Account;
use domain::money::Money;
use domain::order::{Entry, Order};
use domain::time::moscow_date;
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;
use workflows::error::WorkflowError;
use workflows::ports::Ports;
use workflows::reading::Reach;
use workflows::{books, clock, payouts, reading};

use crate::access::{Caller, OwnOrder};
use crate::examples;
use crate::problems::{self, Answer};
use crate::query::{self, List, Month, Parameters};

/// Months before the ledger's own in which an order with postings of that month may have been made.
const MONTHS_BACK: usize = 13;

/// Postings.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LedgerPage {
    /// Order by order, the newest order first; within an order as they were made.
    pub postings: Vec<LedgerRow>,
    /// Send it back as `cursor` to go on; `null` on the last page. A page can be short, even empty, and still have one.
    pub next_cursor: Option<String>,
}

/// One posting. A refund is the same posting the other way round.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LedgerRow {
    /// When it was made.
    pub at: String,
    /// The order.
    pub order: String,
    /// The merchant's number of it.
    pub number: String,
    /// What happened.
    #[schema(example = "order.paid")]
    pub event: &'static str,
    /// Account debited: `bank` (money at the bank), `nominal`, `cash` (with you already), `partner` (owed to you, pending), `available`
    /// (owed to you, to be paid out), `payout` (on its way to you), `fee` (the agent's fee), `vat` (VAT on it).
    #[schema(example = "bank")]
    pub debit: &'static str,
    /// Account credited.
    #[schema(example = "partner")]
    pub credit: &'static str,
    /// Roubles, with two decimals.
    #[schema(example = "3000.00")]
    pub amount: String,
    /// When it takes effect, where that is later than `at`: what a fulfilled order owes you becomes available three days later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<String>,
}

/// Balances of a day, as they were known at the end of another.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StatementView {
    /// What takes effect later is not in it.
    #[schema(example = "2026-11-24")]
    pub effective: String,
    /// What was recorded later is not in it.
    #[schema(example = "2026-11-21")]
    pub known: String,
    /// The last sealed day. What was recorded since is in no statement yet.
    #[schema(example = "2026-11-21")]
    pub sealed_through: String,
    /// Every account of the chart, also those with nothing on them.
    pub accounts: Vec<AccountBalance>,
}

/// An account and its balance.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AccountBalance {
    /// Code.
    #[schema(example = "available")]
    pub account: &'static str,
    /// `asset`, `liability`, `income` or `expense`.
    #[schema(example = "liability")]
    pub nature: &'static str,
    /// Debits less credits in roubles, with two decimals: below zero where the agent owes or earns. All accounts together are nothing.
    #[schema(example = "-2895.00")]
    pub balance: String,
}

/// Sealed days, latest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DayList {
    /// The days.
    pub days: Vec<DayView>,
    /// Send it back as `cursor` to go on; `null` on the last page.
    pub next_cursor: Option<String>,
}

/// A sealed day. Its seal is the SHA-256 of the seal before it and of every posting recorded that day, so that no posting of a sealed
/// day can change without every later seal changing.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DayView {
    /// The day (Moscow).
    #[schema(example = "2026-11-21")]
    pub day: String,
    /// 1, 2, … without gaps.
    #[schema(example = 7)]
    pub number: u32,
    /// How many entries were recorded that day.
    #[schema(example = 12)]
    pub entries: u32,
    /// The seal, hex.
    pub sha256: String,
    /// The seal of the day before; `null` for the first.
    pub previous_sha256: Option<String>,
}

/// What is owed to the partner.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BalanceView {
    /// Of fulfilled orders, three days past payment and hand-over: a payout can be asked for.
    #[schema(example = "2895.00")]
    pub available: String,
    /// Of paid orders that are not fulfilled yet, or not for three days.
    #[schema(example = "0.00")]
    pub pending: String,
    /// ISO 4217 currency.
    #[schema(example = "RUB")]
    pub currency: &'static str,
}

fn rows<'a>(order: &'a Order, wanted: impl Fn(&Entry) -> bool + 'a) -> impl Iterator<Item = LedgerRow> + 'a {
    order.journal.iter().filter(move |entry| wanted(entry)).flat_map(|entry| {
        entry.postings.iter().map(|posting| LedgerRow {
            at: entry.at.to_string(),
            order: order.id.to_string(),
            number: order.number.clone(),
            event: order.event_code(entry),
            debit: posting.debit.code(),
            credit: posting.credit.code(),
            amount: posting.amount.to_decimal().to_string(),
            effective_from: posting.from.map(|from| from.to_string()),
        })
    })
}

/// Read an order's postings
///
/// What the order did to the books, in the order it did.
#[utoipa::path(
    get,
    path = "/v1/orders/{id}/ledger",
    operation_id = "order_ledger",
    tag = "Ledger",
    params(("id" = String, Path, description = "Id of the order.")),
    responses((status = 200, description = "Postings.", body = LedgerPage, example = json!(examples::ledger_page()))),
    security(("api_key" = [])),
)]
pub async fn of_order(State(ports): State<Ports>, OwnOrder(id): OwnOrder) -> Answer<Json<LedgerPage>> {
    let (order, _) = reading::deliveries(&ports, &id).await?;
    Ok(Json(LedgerPage { postings: rows(&order, |_| true).collect(), next_cursor: None }))
}

/// Read the ledger of a month
///
/// Postings made in a month (Moscow time, as in the month's report), whenever their orders were created. Go on until `next_cursor` is
/// `null`.
#[utoipa::path(
    get,
    path = "/v1/ledger",
    operation_id = "ledger",
    tag = "Ledger",
    params(
        ("month" = Option<String>, Query, description = "`YYYY-MM`; this month when left out.", example = "2026-11"),
        ("limit" = Option<u32>, Query, description = "1 to 100 orders whose postings are on a page, 50 when left out.", minimum = 1, maximum = 100, example = 50),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "Postings.", body = LedgerPage, example = json!(examples::ledger_page()))),
    security(("api_key" = [])),
)]
pub async fn of_month(State(ports): State<Ports>, Caller(tenant): Caller, uri: Uri) -> Answer<Json<LedgerPage>> {
    let parameters = Parameters::read(&uri, &["month", "limit", "cursor"])?;
    let limit = parameters.limit()?;
    let month = match parameters.month()? {
        Some(month) => month,
        None => Month::of(moscow_date(clock::now(&ports, &tenant).await.map_err(WorkflowError::from)?)),
    };
    let filter = month.to_string();
    let list = List { tenant: &tenant, name: "ledger", filter: &filter };
    // A place is the month of the orders and the place in it; an empty one is its beginning.
    let place = parameters.place(&ports, &list)?.unwrap_or_else(|| format!("{month} "));
    let (of, mut after) = place.split_once(' ').map_or(("", None), |(of, after)| (of, Some(after.to_owned())));
    let mut of = Month::parse(of).unwrap_or(month);

    let in_month = |entry: &Entry| Month::of(moscow_date(entry.at)) == month;
    let wanted = |order: &Order| order.journal.iter().any(|entry| in_month(entry) && !entry.postings.is_empty());
    let oldest = (0..MONTHS_BACK).fold(month, |month, _| month.before());
    let (mut postings, mut left) = (Vec::new(), limit);
    let next = loop {
        let from = after.take().filter(|place| !place.is_empty());
        let page = reading::orders_of_month(
            &ports,
            &tenant,
            (of.year, of.month),
            from.as_deref(),
            left,
            Reach::STANDARD,
            wanted,
        )
        .await?;
        left = left.saturating_sub(page.orders.len());
        postings.extend(page.orders.iter().flat_map(|order| rows(order, in_month)));
        if let Some(place) = page.next {
            break Some(format!("{of} {place}"));
        }
        if of == oldest {
            break None;
        }
        of = of.before();
        if left == 0 {
            break Some(format!("{of} "));
        }
    };
    let next_cursor = next.map(|place| list.cursor(&ports.settings, &place));
    Ok(Json(LedgerPage { postings, next_cursor }))
}

/// Read the balance
///
/// What is owed to you after the agent's fee, and how much of it can go out now.
#[utoipa::path(
    get,
    path = "/v1/balance",
    operation_id = "balance",
    tag = "Ledger",
    responses((status = 200, description = "The balance.", body = BalanceView)),
    security(("api_key" = [])),
)]
pub async fn balance(State(ports): State<Ports>, Caller(tenant): Caller) -> Answer<Json<BalanceView>> {
    let balance = payouts::balance(&ports, &tenant).await?;
    let roubles = |minor| Money::rub(minor).to_decimal().to_string();
    Ok(Json(BalanceView {
        available: roubles(balance.available_minor),
        pending: roubles(balance.pending_minor),
        currency: Money::rub(0).currency().code(),
    }))
}

/// Read a statement
///
/// What stood on every account on one day, as it was known at the end of another: from the sealed days, so that the same question
/// always has the same answer.
#[utoipa::path(
    get,
    path = "/v1/ledger/statement",
    operation_id = "statement",
    tag = "Ledger",
    params(
        ("effective" = Option<String>, Query, description = "A day (Moscow); what takes effect later is left out. `known` when left out.", example = "2026-11-24"),
        ("known" = Option<String>, Query, description = "A sealed day; what was recorded later is left out. The last sealed day when left out.", example = "2026-11-21"),
    ),
    responses((status = 200, description = "The statement.", body = StatementView)),
    security(("api_key" = [])),
)]
pub async fn statement(State(ports): State<Ports>, Caller(tenant): Caller, uri: Uri) -> Answer<Json<StatementView>> {
    let parameters = Parameters::read(&uri, &["effective", "known"])?;
    let (effective, known) = (parameters.day("effective")?, parameters.day("known")?);
    let last = ports.store.last_day_book(&tenant).await.map_err(WorkflowError::from)?;
    let Some(last) = last else { return Err(problems::nothing_sealed().into()) };
    if known.is_some_and(|known| known > last.day) {
        return Err(
            query::wrong("known", "not_sealed", "Этот день ещё не закрыт.", "That day is not sealed yet.").into()
        );
    }
    let Some(statement) = books::statement(&ports, &tenant, effective, known).await? else {
        return Err(problems::nothing_sealed().into());
    };
    let accounts = Account::ALL.into_iter().map(|account| AccountBalance {
        account: account.code(),
        nature: account.nature().code(),
        balance: statement.balance(account).to_decimal().to_string(),
    });
    Ok(Json(StatementView {
        effective: statement.effective.to_string(),
        known: statement.known.to_string(),
        sealed_through: last.day.to_string(),
        accounts: accounts.collect(),
    }))
}

/// List sealed days
///
/// The chain of the books, latest day first: keep a seal, and see later that nothing before it has changed.
#[utoipa::path(
    get,
    path = "/v1/ledger/days",
    operation_id = "sealed_days",
    tag = "Ledger",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 100 days, 50 when left out.", minimum = 1, maximum = 100, example = 50),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "The days.", body = DayList)),
    security(("api_key" = [])),
)]
pub async fn days(State(ports): State<Ports>, Caller(tenant): Caller, uri: Uri) -> Answer<Json<DayList>> {
    let parameters = Parameters::read(&uri, &["limit", "cursor"])?;
    let limit = parameters.limit()?;
    let list = List { tenant: &tenant, name: "days", filter: "" };
    let place = parameters.place(&ports, &list)?;
    let (books, next) = ports.store.day_book_page(&tenant, place, limit).await.map_err(WorkflowError::from)?;
    let next_cursor = next.map(|place| list.cursor(&ports.settings, &place));
    let days = books.into_iter().map(|book| DayView {
        day: book.day.to_string(),
        number: book.no,
        entries: book.entries,
        sha256: book.sha256,
        previous_sha256: book.previous_sha256,
    });
    Ok(Json(DayList { days: days.collect(), next_cursor }))
}
