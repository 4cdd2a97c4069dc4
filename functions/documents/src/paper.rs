//! One paper, from the month that was closed to the bytes of an answer.

use axum::response::{IntoResponse, Response};
use domain::id::Tenant;
use domain::report::pages::Pages;
use domain::report::{Closed, Line, Period};
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use papers::PaperError;
use papers::pdf::Pdf;
use papers::register::Register;
use papers::upd::{self, Exchange};
use papers::xlsx::Book;
use runtime::Problem;
use runtime::caller::{Answer, Refused};
use runtime::papers::{report_in_parts, report_too_large, upd_negative, upd_no_service, upd_requisites};
use runtime::query::wrong;
use workflows::access::sha256_hex;
use workflows::error::WorkflowError;
use workflows::months::{self, Reading};
use workflows::ports::Ports;
use workflows::{clock, perform};

/// Bytes of one paper, at most: an answer may have six million once they are written as letters.
const BYTES_MAX: usize = 4_400_000;

/// Lines of one file, at most: a part has fewer, a month that was closed before there were parts may have more.
const LINES_MAX: usize = 40_000;

/// What is made of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paper {
    /// «Отчёт агента и Акт».
    Act,
    /// The register and the act as a workbook.
    Workbook,
    /// The register as CSV.
    Register,
    /// The УПД.
    Electronic,
}

fn refused(error: PaperError) -> Refused {
    match error {
        PaperError::NoService(_) => upd_no_service(),
        PaperError::Negative(_) => upd_negative(),
        PaperError::Requisite(_) => upd_requisites(),
        PaperError::TooLong(_) => report_too_large(),
        other => Problem::internal(&other),
    }
    .into()
}

/// All lines of a reading: those of one file.
async fn lines(mut reading: Reading<'_>) -> Answer<Vec<Line>> {
    let mut all = Vec::new();
    while let Some(lines) = reading.lines().await? {
        all.extend(lines);
        if all.len() > LINES_MAX {
            return Err(report_too_large().into());
        }
    }
    Ok(all)
}

/// Makes a paper, or a part of one.
pub(crate) async fn make(
    ports: &Ports,
    tenant: &Tenant,
    period: Period,
    paper: Paper,
    part: Option<usize>,
) -> Answer<Response> {
    let closed = ports.store.report(tenant, period).await.map_err(WorkflowError::from)?;
    let closed = closed.ok_or_else(Problem::not_found)?;
    let count = months::parts(&closed);
    match (paper, part) {
        (Paper::Workbook | Paper::Register, None) if count > 1 => return Err(report_in_parts().into()),
        (Paper::Workbook | Paper::Register, Some(part)) if part >= count => return Err(Problem::not_found().into()),
        (Paper::Act | Paper::Electronic, Some(_)) => {
            return Err(wrong("part", "unknown", "неизвестный параметр", "unknown parameter").into());
        }
        _ => {}
    }
    let name = match part.filter(|_| count > 1) {
        Some(part) => format!("report-{period}-{}", part + 1),
        None => format!("report-{period}"),
    };
    match paper {
        Paper::Act => act(ports, tenant, &closed).await,
        Paper::Workbook => workbook(ports, tenant, &closed, part.filter(|_| count > 1), &name).await,
        Paper::Register => register(ports, tenant, &closed, part.filter(|_| count > 1), &name).await,
        Paper::Electronic => electronic(ports, tenant, &closed).await,
    }
}

async fn act(ports: &Ports, tenant: &Tenant, closed: &Closed) -> Answer<Response> {
    let reading = Reading::open(ports, tenant, closed, None).await?;
    let report = reading.report.clone();
    let register = closed.pages.as_ref().map(Pages::sha256).filter(|_| !Pdf::<Vec<u8>>::has_register(&report));
    let lines = if register.is_some() { Vec::new() } else { lines(reading).await? };
    let written = || {
        let mut pdf = Pdf::start(Vec::new(), &report, register.as_deref())?;
        lines.iter().try_for_each(|line| pdf.line(line))?;
        pdf.finish()
    };
    let bytes = written().map_err(refused)?;
    file(bytes, &format!("act-{}", closed.head.period), "pdf", "application/pdf")
}

async fn workbook(
    ports: &Ports,
    tenant: &Tenant,
    closed: &Closed,
    part: Option<usize>,
    name: &str,
) -> Answer<Response> {
    let reading = Reading::open(ports, tenant, closed, part).await?;
    let (report, before) = (reading.report.clone(), reading.before);
    let lines = lines(reading).await?;
    let written = || {
        let mut book = Book::part(Vec::new(), &report, before)?;
        lines.iter().try_for_each(|line| book.line(line))?;
        if part.is_some() { book.finish_part() } else { book.finish() }
    };
    let media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    file(written().map_err(refused)?, name, "xlsx", media_type)
}

async fn register(
    ports: &Ports,
    tenant: &Tenant,
    closed: &Closed,
    part: Option<usize>,
    name: &str,
) -> Answer<Response> {
    let reading = Reading::open(ports, tenant, closed, part).await?;
    let (report, before) = (reading.report.clone(), reading.before);
    let lines = lines(reading).await?;
    let written = || {
        let mut register = Register::part(Vec::new(), &report, before)?;
        lines.iter().try_for_each(|line| register.line(line))?;
        if part.is_some() { register.finish_part() } else { register.finish() }
    };
    file(written().map_err(refused)?, name, "csv", "text/csv; charset=utf-8")
}

async fn electronic(ports: &Ports, tenant: &Tenant, closed: &Closed) -> Answer<Response> {
    let report = Reading::open(ports, tenant, closed, None).await?.report;
    let partner = perform::partner(ports, tenant).await?;
    let participants = partner.legal.exchange.clone().ok_or_else(upd_requisites)?;
    let exchange = Exchange {
        sender: participants.agent,
        recipient: participants.partner,
        guid: guid(tenant, closed.head.period),
        at: clock::now(ports, tenant).await.map_err(WorkflowError::from)?,
    };
    let name = exchange.file_id().map_err(refused)?;
    let bytes = upd::write(Vec::new(), &report, &exchange).map_err(refused)?;
    file(bytes, &name, "xml", "application/xml; charset=windows-1251")
}

fn file(bytes: Vec<u8>, name: &str, extension: &str, media_type: &'static str) -> Answer<Response> {
    if bytes.len() > BYTES_MAX {
        return Err(report_too_large().into());
    }
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    let name = format!("attachment; filename=\"{name}.{extension}\"");
    headers.insert(CONTENT_DISPOSITION, HeaderValue::try_from(name).unwrap_or(HeaderValue::from_static("attachment")));
    Ok(response)
}

/// A document's own id, the same whenever it is asked for.
fn guid(tenant: &Tenant, period: Period) -> String {
    let hex = sha256_hex(&format!("upd\n{tenant}\n{period}"));
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}
