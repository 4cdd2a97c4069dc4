//! The clearing registry of a day: what was taken and what went back, for whoever reconciles with the bank's own.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::csv::{Cell, table};
use domain::id::Tenant;
use domain::money::Money;
use domain::time::moscow_date;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, Uri};
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;
use workflows::clearing::{self, Total, Transaction};
use workflows::clock;
use workflows::error::WorkflowError;
use workflows::ports::Ports;

use crate::access::Caller;
use crate::problems::{self, Answer};
use crate::query::{List, Parameters};

/// Transactions of one file, at most: some 4 MB, where an answer may have six.
const FILE_ROWS_MAX: usize = 20_000;

/// Financial transactions of a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ClearingPage {
    /// The day, Moscow time.
    #[schema(example = "2026-11-21")]
    pub date: String,
    /// The newest order's first; within an order as they were made.
    pub transactions: Vec<TransactionView>,
    /// Sums of the whole day by account and method, on the last page; `null` before.
    pub totals: Option<Vec<TotalView>>,
    /// Send it back as `cursor` to go on; `null` on the last page. A page can be short, even empty, and still have one.
    pub next_cursor: Option<String>,
}

/// A financial transaction.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TransactionView {
    /// When it became known.
    pub at: String,
    /// The order.
    pub order: String,
    /// The merchant's number of it.
    pub number: String,
    /// The extended number: billnumber, a dot, the operation's number.
    #[schema(example = "1381966011250111.1")]
    pub operation: String,
    /// `purchase`, `capture`; `refund`, `reversal`. A refund the bank took back comes once more with a positive amount.
    #[schema(example = "purchase")]
    pub transaction: &'static str,
    /// The account at a bank; none for the sandbox's own.
    pub account: Option<String>,
    /// By what means.
    #[schema(example = "card")]
    pub method: &'static str,
    /// Roubles with two decimals; negative for what went back.
    #[schema(example = "3000.00")]
    pub amount: String,
    /// The agent's fee on it; negative for what was given back of it.
    #[schema(example = "105.00")]
    pub fee: String,
    /// The bank's own id.
    pub bank_reference: Option<String>,
}

/// Sums of one account and method.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TotalView {
    /// The account at a bank; none for the sandbox's own.
    pub account: Option<String>,
    /// By what means.
    #[schema(example = "card")]
    pub method: &'static str,
    /// How many transactions.
    pub count: usize,
    /// Taken, in roubles.
    #[schema(example = "3000.00")]
    pub taken: String,
    /// Went back.
    #[schema(example = "0.00")]
    pub returned: String,
    /// Taken less went back.
    #[schema(example = "3000.00")]
    pub net: String,
    /// The agent's fee.
    #[schema(example = "105.00")]
    pub fee: String,
}

fn roubles(money: Money) -> String {
    money.to_decimal().to_string()
}

fn shown(one: &Transaction) -> TransactionView {
    TransactionView {
        at: one.at.to_string(),
        order: one.order.to_string(),
        number: one.number.clone(),
        operation: one.operation.clone(),
        transaction: one.kind.code(),
        account: one.account.clone(),
        method: one.method.code(),
        amount: roubles(one.amount),
        fee: roubles(one.fee),
        bank_reference: one.reference.clone(),
    }
}

fn sums(total: &Total) -> Result<TotalView, WorkflowError> {
    Ok(TotalView {
        account: total.account.clone(),
        method: total.method.code(),
        count: total.count,
        taken: roubles(total.taken),
        returned: roubles(total.returned),
        net: roubles(total.net()?),
        fee: roubles(total.fee),
    })
}

async fn day(ports: &Ports, tenant: &Tenant, parameters: &Parameters) -> Answer<Date> {
    match parameters.date()? {
        Some(date) => Ok(date),
        None => Ok(moscow_date(clock::now(ports, tenant).await.map_err(WorkflowError::from)?)),
    }
}

/// Read the clearing registry of a day
///
/// Every transaction that moved money on a day (Moscow time): purchases and captures, refunds and reversals. Holds move none. Go on until
/// `next_cursor` is `null`; the last page has the day's totals by account and method.
#[utoipa::path(
    get,
    path = "/v1/clearing",
    operation_id = "clearing",
    tag = "Ledger",
    params(
        ("date" = Option<String>, Query, description = "`YYYY-MM-DD`; today when left out.", example = "2026-11-21"),
        ("limit" = Option<u32>, Query, description = "1 to 100 orders whose transactions are on a page, 50 when left out.", minimum = 1, maximum = 100, example = 50),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "Transactions.", body = ClearingPage)),
    security(("api_key" = [])),
)]
pub async fn read(State(ports): State<Ports>, Caller(tenant): Caller, uri: Uri) -> Answer<Json<ClearingPage>> {
    let parameters = Parameters::read(&uri, &["date", "limit", "cursor"])?;
    let limit = parameters.limit()?;
    let date = day(&ports, &tenant, &parameters).await?;
    let filter = date.to_string();
    let list = List { tenant: &tenant, name: "clearing", filter: &filter };
    let place = parameters.place(&ports, &list)?;
    let page = clearing::page(&ports, &tenant, date, place.as_deref(), limit).await?;
    let totals = match (&page.next, &place) {
        (Some(_), _) => None,
        (None, None) => Some(clearing::totals(&page.transactions).map_err(WorkflowError::from)?),
        // The pages before are not at hand any more: read once more for their sums.
        (None, Some(_)) => {
            let whole = clearing::whole(&ports, &tenant, date, usize::MAX).await?.unwrap_or_default();
            Some(clearing::totals(&whole).map_err(WorkflowError::from)?)
        }
    };
    let totals = totals.map(|totals| totals.iter().map(sums).collect::<Result<Vec<_>, _>>()).transpose()?;
    Ok(Json(ClearingPage {
        date: filter.clone(),
        transactions: page.transactions.iter().map(shown).collect(),
        totals,
        next_cursor: page.next.map(|place| list.cursor(&ports.settings, &place)),
    }))
}

/// Download the clearing registry of a day
///
/// For spreadsheets: UTF-8 with a mark, semicolons, decimal commas; the whole day with its totals, up to 20 000 transactions.
#[utoipa::path(
    get,
    path = "/v1/clearing.csv",
    operation_id = "clearing_file",
    tag = "Ledger",
    params(("date" = Option<String>, Query, description = "`YYYY-MM-DD`; today when left out.", example = "2026-11-21")),
    responses((status = 200, description = "The file.", body = String, content_type = "text/csv; charset=utf-8",
        headers(("Content-Disposition" = String, description = "An attachment with a name.")))),
    security(("api_key" = [])),
)]
pub async fn file(State(ports): State<Ports>, Caller(tenant): Caller, uri: Uri) -> Answer<Response> {
    let parameters = Parameters::read(&uri, &["date"])?;
    let date = day(&ports, &tenant, &parameters).await?;
    let whole = clearing::whole(&ports, &tenant, date, FILE_ROWS_MAX).await?;
    let whole = whole.ok_or_else(problems::clearing_too_large)?;
    let totals = clearing::totals(&whole).map_err(WorkflowError::from)?;
    let mut response = written(&whole, &totals).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let name = format!("attachment; filename=\"clearing-{date}.csv\"");
    headers.insert(CONTENT_DISPOSITION, HeaderValue::try_from(name).unwrap_or(HeaderValue::from_static("attachment")));
    Ok(response)
}

fn written(whole: &[Transaction], totals: &[Total]) -> String {
    const HEADING: [&str; 10] = [
        "Время (Москва)",
        "Заказ",
        "Номер магазина",
        "Операция",
        "Транзакция",
        "Счёт у банка",
        "Способ",
        "Сумма",
        "Комиссия",
        "Номер банка",
    ];
    let rows = whole.iter().map(|one| {
        let at = domain::time::MOSCOW.to_datetime(one.at).strftime("%d.%m.%Y %H:%M:%S").to_string();
        vec![
            Cell::Text(at),
            Cell::Text(one.order.to_string()),
            Cell::Text(one.number.clone()),
            Cell::Text(one.operation.clone()),
            one.kind.code().into(),
            Cell::Text(one.account.clone().unwrap_or_default()),
            one.method.code().into(),
            Cell::Number(one.amount.to_decimal()),
            Cell::Number(one.fee.to_decimal()),
            Cell::Text(one.reference.clone().unwrap_or_default()),
        ]
    });
    let sums = totals.iter().map(|total| {
        let net = total.net().map_or(Decimal::ZERO, Money::to_decimal);
        vec![
            "Итого".into(),
            "".into(),
            "".into(),
            Cell::Text(total.count.to_string()),
            "".into(),
            Cell::Text(total.account.clone().unwrap_or_default()),
            total.method.code().into(),
            Cell::Number(net),
            Cell::Number(total.fee.to_decimal()),
            "".into(),
        ]
    });
    table(&HEADING, rows.chain(sums))
}
