//! Months that are closed: the partner's reports as sums, and as the papers an accountant files.

use axum::Json;
use axum::extract::State;
use domain::id::Tenant;
use domain::money::Money;
use domain::report::pages::Pages;
use domain::report::{Closed, Event, Period};
use http::Uri;
use runtime::Problem;
use serde::Serialize;
use utoipa::ToSchema;
use workflows::error::WorkflowError;
use workflows::months;
use workflows::ports::Ports;

use crate::access::{Caller, OwnMonth};
use crate::problems::Answer;
use crate::query::{List, Parameters};

/// Reports, latest month first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReportList {
    /// The reports.
    pub reports: Vec<ReportView>,
    /// Send it back as `cursor` to go on; `null` on the last page.
    pub next_cursor: Option<String>,
}

/// A closed month. It never changes: what was wrong is mended by a later one.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReportView {
    /// The month, Moscow time.
    #[schema(example = "2026-11")]
    pub month: String,
    /// The document's number: 1, 2, … without gaps.
    #[schema(example = 1)]
    pub number: u32,
    /// The document's date.
    #[schema(example = "2026-11-30")]
    pub issued: String,
    /// What we owed you when the month began, in roubles; below zero where you owed.
    #[schema(example = "0.00")]
    pub opening: String,
    /// What we owed you when it ended.
    #[schema(example = "2895.00")]
    pub closing: String,
    /// Our fees of the month less what was given back of them, VAT included.
    #[schema(example = "105.00")]
    pub fee: String,
    /// VAT in it.
    #[schema(example = "0.00")]
    pub fee_vat: String,
    /// Lines of the register: an order has one for each thing that became of it.
    #[schema(example = 4)]
    pub lines: u64,
    /// Files the register comes in, as CSV and as a workbook: ask for each by `part`.
    #[schema(example = 1)]
    pub parts: usize,
    /// SHA-256 over all pages of the register; `null` of months that were closed before it was kept in pages.
    pub register_sha256: Option<String>,
    /// What became of orders, all events.
    pub events: Vec<EventSumView>,
    /// What else moved the balance.
    pub movements: Vec<MovementSumView>,
    /// Seal of the last day of the books it rests on.
    pub sha256: String,
}

/// Sums of one thing that became of orders.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventSumView {
    /// `paid`, `refunded`, `restored` (the bank took a refund back) or `cancelled` (no money had moved).
    #[schema(example = "paid")]
    pub event: String,
    /// How many.
    #[schema(example = 2)]
    pub count: u64,
    /// Roubles.
    #[schema(example = "6000.00")]
    pub amount: String,
    /// The part of it your own people took.
    #[schema(example = "0.00")]
    pub at_principal: String,
    /// Fees on it, VAT included.
    #[schema(example = "210.00")]
    pub fee: String,
    /// VAT in them.
    #[schema(example = "0.00")]
    pub vat: String,
}

/// Sums of one kind of movement.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MovementSumView {
    /// `payout`, `payout_returned`, `service`, `withheld`, `settled`, `credited` or `debited`.
    #[schema(example = "payout")]
    pub kind: String,
    /// How many.
    #[schema(example = 1)]
    pub count: u64,
    /// Roubles.
    #[schema(example = "2895.00")]
    pub amount: String,
    /// VAT in it.
    #[schema(example = "0.00")]
    pub vat: String,
}

fn roubles(money: Money) -> String {
    money.to_decimal().to_string()
}

/// The name a value has in JSON.
fn code(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(ToOwned::to_owned)).unwrap_or_default()
}

fn shown(closed: &Closed) -> Result<ReportView, WorkflowError> {
    let (fee, fee_vat) = closed.totals.fee()?;
    let events = Event::ALL.into_iter().map(|event| {
        let sum = closed.totals.of(event);
        EventSumView {
            event: code(&event),
            count: sum.count,
            amount: roubles(sum.amount),
            at_principal: roubles(sum.at_principal),
            fee: roubles(sum.fee),
            vat: roubles(sum.vat),
        }
    });
    let movements = closed.movements.iter().map(|(kind, sum)| MovementSumView {
        kind: code(kind),
        count: sum.count,
        amount: roubles(sum.amount),
        vat: roubles(sum.vat),
    });
    Ok(ReportView {
        month: closed.head.period.to_string(),
        number: closed.no,
        issued: closed.head.issued.to_string(),
        opening: roubles(closed.head.opening),
        closing: roubles(closed.closing),
        fee: roubles(fee),
        fee_vat: roubles(fee_vat),
        lines: closed.totals.lines,
        parts: months::parts(closed),
        register_sha256: closed.pages.as_ref().map(Pages::sha256),
        events: events.collect(),
        movements: movements.collect(),
        sha256: closed.sha256.clone(),
    })
}

/// List reports
///
/// Your months that are closed, latest first: a month is closed some hours after its last day. A month in which nothing was entered into
/// the books has none.
#[utoipa::path(
    get,
    path = "/v1/reports",
    operation_id = "reports",
    tag = "Reports",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 100 reports, 50 when left out.", minimum = 1, maximum = 100, example = 50),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "Reports.", body = ReportList)),
    security(("api_key" = [])),
)]
pub async fn list(State(ports): State<Ports>, Caller(tenant): Caller, uri: Uri) -> Answer<Json<ReportList>> {
    let parameters = Parameters::read(&uri, &["limit", "cursor"])?;
    let limit = parameters.limit()?;
    let list = List { tenant: &tenant, name: "reports", filter: "" };
    let place = parameters.place(&ports, &list)?;
    let (found, next) = ports.store.report_page(&tenant, place, limit).await.map_err(WorkflowError::from)?;
    Ok(Json(ReportList {
        reports: found.iter().map(shown).collect::<Result<_, _>>()?,
        next_cursor: next.map(|place| list.cursor(&ports.settings, &place)),
    }))
}

/// Look at a month's report
///
/// Its sums; nothing is there until the month is closed.
#[utoipa::path(
    get,
    path = "/v1/reports/{month}",
    operation_id = "report",
    tag = "Reports",
    params(("month" = String, Path, description = "`YYYY-MM`.", example = "2026-11")),
    responses((status = 200, description = "The report.", body = ReportView)),
    security(("api_key" = [])),
)]
pub async fn one(State(ports): State<Ports>, OwnMonth(tenant, period): OwnMonth) -> Answer<Json<ReportView>> {
    Ok(Json(shown(&find(&ports, &tenant, period).await?)?))
}

async fn find(ports: &Ports, tenant: &Tenant, period: Period) -> Answer<Closed> {
    let found = ports.store.report(tenant, period).await.map_err(WorkflowError::from)?;
    found.ok_or_else(|| Problem::not_found().into())
}

// The papers themselves are made by the function `documents`; what stands here is how the API's document names them.

/// Download a month's act
///
/// «Отчёт агента и Акт», as a PDF/A to print and sign. The register of orders is its appendix up to 2,000 lines; a longer one stays a file
/// (`report.xlsx`, `report.csv`), which the act names by its number of lines and its SHA-256.
#[utoipa::path(
    get,
    path = "/v1/reports/{month}/act.pdf",
    operation_id = "report_act",
    tag = "Reports",
    params(("month" = String, Path, description = "`YYYY-MM`.", example = "2026-11")),
    responses((status = 200, description = "The file.", body = Vec<u8>, content_type = "application/pdf",
        headers(("Content-Disposition" = String, description = "An attachment with a name.")))),
    security(("api_key" = [])),
)]
pub const fn act() {}

/// Download a month's report as a workbook
///
/// The register of orders and the act.
#[utoipa::path(
    get,
    path = "/v1/reports/{month}/report.xlsx",
    operation_id = "report_workbook",
    tag = "Reports",
    params(
        ("month" = String, Path, description = "`YYYY-MM`.", example = "2026-11"),
        ("part" = Option<u32>, Query, description = "Of a report in several `parts`: which, from 1. Each has some 14,000 lines.",
            minimum = 1, example = 1),
    ),
    responses((status = 200, description = "The file.", body = Vec<u8>,
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers(("Content-Disposition" = String, description = "An attachment with a name.")))),
    security(("api_key" = [])),
)]
pub const fn workbook() {}

/// Download a month's register of orders
///
/// For spreadsheets: UTF-8 with a mark, semicolons, decimal commas.
#[utoipa::path(
    get,
    path = "/v1/reports/{month}/report.csv",
    operation_id = "report_register",
    tag = "Reports",
    params(
        ("month" = String, Path, description = "`YYYY-MM`.", example = "2026-11"),
        ("part" = Option<u32>, Query, description = "Of a report in several `parts`: which, from 1. Each has some 14,000 lines.",
            minimum = 1, example = 1),
    ),
    responses((status = 200, description = "The file.", body = String, content_type = "text/csv; charset=utf-8",
        headers(("Content-Disposition" = String, description = "An attachment with a name.")))),
    security(("api_key" = [])),
)]
pub const fn register() {}

/// Download a month's УПД
///
/// The seller's title of format 5.03 in CP1251, for electronic document exchange. It needs the contract, both addresses, the agent's
/// signatory and both sides' ids of participants, which the operator enters.
#[utoipa::path(
    get,
    path = "/v1/reports/{month}/upd.xml",
    operation_id = "report_upd",
    tag = "Reports",
    params(("month" = String, Path, description = "`YYYY-MM`.", example = "2026-11")),
    responses((status = 200, description = "The file.", body = String, content_type = "application/xml; charset=windows-1251",
        headers(("Content-Disposition" = String, description = "An attachment with a name.")))),
    security(("api_key" = [])),
)]
pub const fn electronic() {}
