//! The letter about a closed month: to the partner's accountant, once; and again when the operator says so.
//!
//! What is wanted and what went out stands in a row beside the report, written before it. The clock asks for what is wanted, hour by hour; a
//! worker takes a letter under a lease, sends it, and notes that it went. It is sent twice only when that note is lost.

use connectors::channel::{ChannelError, Email};
use domain::id::Tenant;
use domain::report::letters::{Letters, Sent};
use domain::report::{Closed, Period, Wrong};
use domain::time::{moscow_date, plus_seconds};
use pages::{ReportMailView, report_mail};
use serde::{Deserialize, Serialize};
use storage::devices::Versioned;
use storage::store::StoreError;

use crate::checkout::page_agent;
use crate::error::WorkflowError;
use crate::ports::{Message, Ports, QueueName};
use crate::{clock, links, perform, usage};

/// Reports whose letters are looked after: an older one is sent again by the operator, who sees whether it went.
const REPORTS: usize = 3;
/// Seconds the links of a letter open the papers: two months.
const LINK_SECONDS: i64 = 60 * 24 * 3_600;

/// What the worker of the queue `notification` is sent about a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReportNotice {
    tenant: Tenant,
    report: Period,
}

/// Has a letter wanted for a month that is about to be closed.
pub(super) async fn want_first(ports: &Ports, tenant: &Tenant, period: Period) -> Result<(), WorkflowError> {
    let found = ports.store.letters(tenant, period).await?;
    if found.version > 0 {
        return Ok(()); // a run before this one has come so far
    }
    let first = Versioned { version: found.version, row: Letters::first() };
    match ports.store.put_letters(tenant, period, &first).await {
        Ok(()) | Err(StoreError::Conflict) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

/// Sends a worker after every letter of a tenant's that is due. Answers how many.
pub async fn send_due(ports: &Ports, tenant: &Tenant) -> Result<usize, WorkflowError> {
    let mut sent = 0;
    for closed in ports.store.report_page(tenant, None, REPORTS).await?.0 {
        let period = closed.head.period;
        if !ports.store.letters(tenant, period).await?.row.is_due() {
            continue;
        }
        if perform::partner(ports, tenant).await?.legal.accountant.is_none() {
            return Ok(sent); // it waits until there is somebody to write to
        }
        send(ports, tenant, period).await?;
        sent += 1;
    }
    Ok(sent)
}

async fn send(ports: &Ports, tenant: &Tenant, report: Period) -> Result<(), WorkflowError> {
    let notice = ReportNotice { tenant: tenant.clone(), report };
    let body = serde_json::to_string(&notice).map_err(WorkflowError::Message)?;
    let message = Message { queue: QueueName::Notification, body, delay_seconds: 0 };
    let failed =
        |error: crate::ports::QueueError| WorkflowError::Outside { who: "the queue", reason: error.to_string() };
    ports.queue.send(vec![message]).await.map_err(failed)
}

/// The operator has a letter sent again.
///
/// # Errors
/// The month is not closed.
pub async fn send_again(ports: &Ports, tenant: &Tenant, period: Period) -> Result<Letters, WorkflowError> {
    if ports.store.report(tenant, period).await?.is_none() {
        return Err(WorkflowError::NotFound);
    }
    let letters = change(ports, tenant, period, |letters| {
        letters.want();
        true
    });
    let letters = letters.await?.unwrap_or_default();
    if perform::partner(ports, tenant).await?.legal.accountant.is_some() {
        send(ports, tenant, period).await?;
    }
    Ok(letters)
}

/// Changes what is noted of a report's letters; nothing when `by` leaves it as it is.
async fn change(
    ports: &Ports,
    tenant: &Tenant,
    period: Period,
    by: impl Fn(&mut Letters) -> bool,
) -> Result<Option<Letters>, WorkflowError> {
    for _ in 0..5 {
        let mut found = ports.store.letters(tenant, period).await?;
        if !by(&mut found.row) {
            return Ok(None);
        }
        match ports.store.put_letters(tenant, period, &found).await {
            Ok(()) => return Ok(Some(found.row)),
            Err(StoreError::Conflict) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(WorkflowError::Busy)
}

/// The worker's part.
pub(crate) async fn tell(ports: &Ports, notice: &ReportNotice) -> Result<(), WorkflowError> {
    let ReportNotice { tenant, report: period } = notice;
    let Some(closed) = ports.store.report(tenant, *period).await? else { return Ok(()) };
    let partner = perform::partner(ports, tenant).await?;
    let Some(to) = partner.legal.accountant.clone() else { return Ok(()) };
    let now = clock::now(ports, tenant).await?;
    let Some(taken) = change(ports, tenant, *period, |letters| letters.take(now)).await? else { return Ok(()) };
    let mail = report_mail(&view(ports, tenant, &closed, now)?);
    let reference = format!("{tenant}-{period}-{}", taken.wanted);
    let email = Email {
        to: to.clone(),
        subject: mail.subject,
        text: mail.text,
        html: mail.html,
        inline: Vec::new(),
        reference: reference.clone(),
    };
    match ports.channels.email(email).await {
        Ok(id) => {
            let used = domain::usage::Sent { kind: domain::usage::Kind::Email, units: 1 };
            usage::sent(ports, tenant, now, &reference, used).await;
            let sent = Sent { at: now, to, id };
            change(ports, tenant, *period, |letters| {
                letters.went(sent.clone());
                true
            })
            .await?;
        }
        Err(error) => {
            let forever = matches!(error, ChannelError::Refused(_));
            tracing::warn!(%tenant, %period, %error, forever, "a report's letter did not go out");
            let why: String = error.to_string().chars().take(200).collect();
            change(ports, tenant, *period, |letters| {
                letters.failed(why.clone(), forever);
                true
            })
            .await?;
        }
    }
    Ok(())
}

fn view(
    ports: &Ports,
    tenant: &Tenant,
    closed: &Closed,
    now: domain::time::Timestamp,
) -> Result<ReportMailView, Wrong> {
    let until = plus_seconds(now, LINK_SECONDS);
    let url = links::report_url(&ports.settings, tenant, closed.head.period, until);
    let (fee, vat) = closed.totals.fee()?;
    let day = |date: jiff::civil::Date| date.strftime("%d.%m.%Y").to_string();
    let count = super::parts(closed);
    let electronic = closed.head.contract.is_some();
    Ok(ReportMailView {
        number: closed.head.number.clone(),
        issued: day(closed.head.issued),
        first: day(closed.head.period.first()),
        last: day(closed.head.period.last()),
        partner: closed.head.principal.name.clone(),
        partner_inn: closed.head.principal.inn.clone(),
        agent: page_agent(&ports.settings),
        lines: closed.totals.lines,
        turnover_minor: turnover(closed)?,
        fee_minor: fee.minor(),
        vat_minor: vat.minor(),
        opening_minor: closed.head.opening.minor(),
        closing_minor: closed.closing.minor(),
        act_url: format!("{url}/act.pdf"),
        workbook_urls: files(&url, "report.xlsx", count),
        register_urls: files(&url, "report.csv", count),
        electronic_url: electronic.then(|| format!("{url}/upd.xml")),
        until: day(moscow_date(until)),
        test_mode: tenant.is_test(),
    })
}

fn turnover(closed: &Closed) -> Result<i64, Wrong> {
    use domain::report::Event::{Paid, Refunded, Restored};
    let of = |event| closed.totals.of(event).amount;
    Ok(of(Paid).plus(of(Restored))?.minus(of(Refunded))?.minor())
}

fn files(url: &str, file: &str, parts: usize) -> Vec<String> {
    if parts == 1 {
        return vec![format!("{url}/{file}")];
    }
    (1..=parts).map(|part| format!("{url}/{file}?part={part}")).collect()
}
