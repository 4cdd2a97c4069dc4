//! Months that are over: the partner's report is made from the journals, numbered, and never changed again.
//!
//! A month is closed once its last day is sealed: no entry can come late then, so that whoever gathers its lines, however often they are
//! cut short, gathers the same ones (`register.rs`). What counts is the day a thing was recorded (Moscow): money of an older order that moves
//! this month is in this month's report, and names the document the order was paid in.

pub mod letters;
pub(crate) mod lines;
mod movements;
mod parties;
pub mod proof;
mod register;

use domain::id::Tenant;
use domain::ledger::DayBook;
use domain::report::{Closed, Period, Tally, Wrong};
use domain::tax::VatRate;
use storage::books::Written;
use storage::store::StoreError;

use self::lines::Numbers;
pub use self::lines::lines;
use self::movements::owed;
use self::register::{Gathering, movements_of};
pub use self::register::{PART_PAGES, Reading, parts};
use crate::error::WorkflowError;
use crate::perform;
use crate::ports::Ports;

/// Sealed days or reports read at once.
const PAGE: usize = 500;
/// Orders of one tenant's that one run looks at, at most: some minutes of one that may take fifteen, so that the others' months are not
/// kept waiting by it.
pub const ORDERS_MAX: usize = 200_000;

/// What one run has come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Months closed.
    pub months: usize,
    /// A month is only partly gathered: the next run goes on with it.
    pub goes_on: bool,
}

/// Closes a tenant's months whose last day is sealed, one after the other, looking at no more than `orders_max` orders or so.
///
/// Every run comes to the same reports: of two at once, or of one that was cut short, the first to write a month has closed it.
pub async fn close(ports: &Ports, tenant: &Tenant, orders_max: usize) -> Result<Done, WorkflowError> {
    let Some(sealed) = ports.store.last_day_book(tenant).await? else { return Ok(Done::default()) };
    let mut last = ports.store.report_page(tenant, None, 1).await?.0.pop();
    let over = |period: Period| period.last() <= sealed.day;
    if last.as_ref().is_some_and(|last| next(last.head.period).is_none_or(|next| !over(next))) {
        return Ok(Done::default());
    }
    let books = books_since(ports, tenant, last.as_ref().map(|last| last.head.period)).await?;
    let mut numbers = numbers(ports, tenant).await?;
    let mut period = match &last {
        Some(last) => next(last.head.period),
        None => books.first().map(|book| Period::of(book.day)),
    };
    let mut done = Done::default();
    while let Some(month) = period.filter(|month| over(*month)) {
        if books.iter().any(|book| month.contains(book.day) && book.concerns_partner()) {
            let made = match make(ports, tenant, month, last.as_ref(), &books, &numbers, orders_max).await {
                // Another run is gathering the same month: it goes on.
                Err(WorkflowError::Store(StoreError::Conflict)) => None,
                made => made?,
            };
            let Some(made) = made else { return Ok(Done { goes_on: true, ..done }) };
            letters::want_first(ports, tenant, month).await?;
            if ports.store.put_report(tenant, &made).await? == Written::Before {
                // Another run has closed it, from the same entries: it goes on from there.
                return Ok(done);
            }
            numbers.insert(month, made.head.number.clone());
            done.months += 1;
            last = Some(made);
        }
        period = next(month);
    }
    Ok(done)
}

fn next(period: Period) -> Option<Period> {
    period.last().tomorrow().ok().map(Period::of)
}

/// Numbers of all reports there are.
async fn numbers(ports: &Ports, tenant: &Tenant) -> Result<Numbers, StoreError> {
    let (mut numbers, mut after) = (Numbers::new(), None);
    loop {
        let (page, more) = ports.store.report_page(tenant, after, PAGE).await?;
        numbers.extend(page.into_iter().map(|closed| (closed.head.period, closed.head.number)));
        after = more;
        if after.is_none() {
            return Ok(numbers);
        }
    }
}

/// Sealed days since the beginning of a month, earliest first; all of them when none is named.
async fn books_since(ports: &Ports, tenant: &Tenant, since: Option<Period>) -> Result<Vec<DayBook>, WorkflowError> {
    let Some(since) = since else { return Ok(ports.store.day_books(tenant).await?) };
    let (mut books, mut after) = (Vec::new(), None);
    loop {
        let (page, more) = ports.store.day_book_page(tenant, after, PAGE).await?;
        let enough = page.last().is_some_and(|book| book.day < since.first());
        books.extend(page);
        after = more;
        if enough || after.is_none() {
            break;
        }
    }
    books.reverse();
    Ok(books)
}

async fn make(
    ports: &Ports,
    tenant: &Tenant,
    period: Period,
    last: Option<&Closed>,
    books: &[DayBook],
    closed: &Numbers,
    orders_max: usize,
) -> Result<Option<Closed>, WorkflowError> {
    let before = books.iter().rfind(|book| book.day < period.first());
    let end = books.iter().rfind(|book| book.day <= period.last());
    let opening = owed(before);
    if let Some(last) = last.filter(|last| last.closing != opening) {
        return Err(Wrong::Closing { derived: last.closing, ledger: opening }.into());
    }
    let partner = perform::partner(ports, tenant).await?;
    let no = last.map_or(0, |last| last.no) + 1;
    // The rate is known when all fees are; while lines are gathered any will do that lets them have VAT.
    let mut head = parties::head(ports, &partner, period, no, VatRate::Vat22, opening);
    let gathered = Gathering { ports, tenant, head: &head, closed }.gather(orders_max).await?;
    let Some(draft) = gathered else { return Ok(None) };
    head.vat = parties::rate(draft.percent.map_or(partner.commission.vat_percent, |(_, percent)| percent))?;
    let pages = draft.pages.unwrap_or_default();
    let mut tally = Tally::of(head, draft.totals)?;
    for movement in movements_of(ports, tenant, period, &pages).await? {
        tally.movement(movement)?;
    }
    let report = tally.finish(owed(end))?;
    let sha256 = end.map(|end| end.sha256.as_str()).unwrap_or_default();
    Ok(Some(Closed { pages: Some(pages), ..Closed::of(no, &report, sha256)? }))
}
