//! Months that are closed: the partner's reports as sums, and as the papers an accountant files.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::id::Tenant;
use domain::money::Money;
use domain::report::{Closed, Event, Line, Period, Report};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, Uri};
use papers::PaperError;
use papers::pdf::Pdf;
use papers::register::Register;
use papers::upd::{self, Exchange};
use papers::xlsx::Book;
use runtime::Problem;
use serde::Serialize;
use utoipa::ToSchema;
use workflows::access::sha256_hex;
use workflows::error::WorkflowError;
use workflows::ports::Ports;
use workflows::{clock, months, perform};

use crate::access::{Caller, OwnMonth};
use crate::problems::{self, Answer};
use crate::query::{List, Parameters};

/// Lines of one paper, at most: so many are read and written well within the time a request has.
const LINES_MAX: u64 = 20_000;
/// Bytes of one paper, at most: an answer may have six million once they are written as letters.
const BYTES_MAX: usize = 4_400_000;

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

/// The whole report, from the journals.
async fn whole(ports: &Ports, tenant: &Tenant, period: Period) -> Answer<(Report, Vec<Line>)> {
    if find(ports, tenant, period).await?.totals.lines > LINES_MAX {
        return Err(problems::report_too_large().into());
    }
    months::report(ports, tenant, period).await?.ok_or_else(|| Problem::not_found().into())
}

fn paper(
    written: Result<Vec<u8>, PaperError>,
    name: &str,
    extension: &str,
    media_type: &'static str,
) -> Answer<Response> {
    let written = written.map_err(|error| match error {
        PaperError::NoService(_) => problems::upd_no_service(),
        PaperError::Negative(_) => problems::upd_negative(),
        PaperError::Requisite(_) => problems::upd_requisites(),
        PaperError::TooLong(_) => problems::report_too_large(),
        other => Problem::internal(&other),
    })?;
    if written.len() > BYTES_MAX {
        return Err(problems::report_too_large().into());
    }
    let mut response = written.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    let name = format!("attachment; filename=\"{name}.{extension}\"");
    headers.insert(CONTENT_DISPOSITION, HeaderValue::try_from(name).unwrap_or(HeaderValue::from_static("attachment")));
    Ok(response)
}

/// Download a month's act
///
/// «Отчёт агента и Акт» with the register of orders, as a PDF/A to print and sign.
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
pub async fn act(State(ports): State<Ports>, OwnMonth(tenant, period): OwnMonth) -> Answer<Response> {
    let (report, lines) = whole(&ports, &tenant, period).await?;
    let written = || {
        let mut pdf = Pdf::start(Vec::new(), &report)?;
        lines.iter().try_for_each(|line| pdf.line(line))?;
        pdf.finish()
    };
    paper(written(), &format!("act-{period}"), "pdf", "application/pdf")
}

/// Download a month's report as a workbook
///
/// The register of orders and the act.
#[utoipa::path(
    get,
    path = "/v1/reports/{month}/report.xlsx",
    operation_id = "report_workbook",
    tag = "Reports",
    params(("month" = String, Path, description = "`YYYY-MM`.", example = "2026-11")),
    responses((status = 200, description = "The file.", body = Vec<u8>,
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers(("Content-Disposition" = String, description = "An attachment with a name.")))),
    security(("api_key" = [])),
)]
pub async fn workbook(State(ports): State<Ports>, OwnMonth(tenant, period): OwnMonth) -> Answer<Response> {
    let (report, lines) = whole(&ports, &tenant, period).await?;
    let written = || {
        let mut book = Book::start(Vec::new(), &report)?;
        lines.iter().try_for_each(|line| book.line(line))?;
        book.finish()
    };
    let media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    paper(written(), &format!("report-{period}"), "xlsx", media_type)
}

/// Download a month's register of orders
///
/// For spreadsheets: UTF-8 with a mark, semicolons, decimal commas.
#[utoipa::path(
    get,
    path = "/v1/reports/{month}/report.csv",
    operation_id = "report_register",
    tag = "Reports",
    params(("month" = String, Path, description = "`YYYY-MM`.", example = "2026-11")),
    responses((status = 200, description = "The file.", body = String, content_type = "text/csv; charset=utf-8",
        headers(("Content-Disposition" = String, description = "An attachment with a name.")))),
    security(("api_key" = [])),
)]
pub async fn register(State(ports): State<Ports>, OwnMonth(tenant, period): OwnMonth) -> Answer<Response> {
    let (report, lines) = whole(&ports, &tenant, period).await?;
    let written = || {
        let mut register = Register::start(Vec::new(), &report)?;
        lines.iter().try_for_each(|line| register.line(line))?;
        register.finish()
    };
    paper(written(), &format!("report-{period}"), "csv", "text/csv; charset=utf-8")
}

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
pub async fn electronic(State(ports): State<Ports>, OwnMonth(tenant, period): OwnMonth) -> Answer<Response> {
    let (report, _) = whole(&ports, &tenant, period).await?;
    let partner = perform::partner(&ports, &tenant).await?;
    let participants = partner.legal.exchange.clone().ok_or_else(problems::upd_requisites)?;
    let exchange = Exchange {
        sender: participants.agent,
        recipient: participants.partner,
        guid: guid(&tenant, period),
        at: clock::now(&ports, &tenant).await.map_err(WorkflowError::from)?,
    };
    let written = exchange.file_id().and_then(|name| Ok((upd::write(Vec::new(), &report, &exchange)?, name)));
    let (written, name) = match written {
        Ok((written, name)) => (Ok(written), name),
        Err(error) => (Err(error), String::new()),
    };
    paper(written, &name, "xml", "application/xml; charset=windows-1251")
}

/// A document's own id, the same whenever it is asked for.
fn guid(tenant: &Tenant, period: Period) -> String {
    let hex = sha256_hex(&format!("upd\n{tenant}\n{period}"));
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}
