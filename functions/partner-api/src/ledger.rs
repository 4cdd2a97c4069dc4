//! The books as the partner sees them: postings of one order, of a month, and what is owed now.

use axum::Json;
use axum::extract::State;
use domain::money::Money;
use domain::order::{Entry, Order};
use domain::time::moscow_date;
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;
use workflows::error::WorkflowError;
use workflows::ports::Ports;
use workflows::reading::Reach;
use workflows::{clock, payouts, reading};

use crate::access::{Caller, OwnOrder};
use crate::examples;
use crate::problems::Answer;
use crate::query::{List, Month, Parameters};

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
    /// Account debited: `bank` (money at the bank), `partner` (owed to you), `fee` (the agent's fee), `payout` (on its way to you).
    #[schema(example = "bank")]
    pub debit: &'static str,
    /// Account credited.
    #[schema(example = "partner")]
    pub credit: &'static str,
    /// Roubles, with two decimals.
    #[schema(example = "3000.00")]
    pub amount: String,
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
