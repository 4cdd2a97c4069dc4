//! A tenant's books as a whole: days sealed one after the other, statements read from them, and the proof that both follow from
//! the orders' journals.

use std::collections::BTreeMap;

use domain::id::Tenant;
use domain::ledger::{Account, BookEntry, DayBook, Line, SealError, Statement};
use domain::order::Order;
use domain::time::{Timestamp, moscow_date, plus_seconds};
use jiff::civil::Date;
use storage::books::{Also, Written};
use storage::store::{OrderPage, StoreError};

use crate::error::WorkflowError;
use crate::ports::Ports;
use crate::reading::{self, Span};
use crate::{clock, payouts, usage};

/// Seconds after a day's end before it is sealed: no function runs so long that an entry it dated before midnight could come later.
const SEAL_AFTER_SECONDS: i64 = 3_600;
/// Months before a day's own in which an order with an entry of that day may have been made, once a day has been sealed.
const MONTHS_BACK: usize = 13;

/// An order's entries with postings.
pub fn lines_of(order: &Order) -> impl Iterator<Item = Line> + '_ {
    order.journal.iter().filter(|entry| !entry.postings.is_empty()).map(|entry| Line {
        at: entry.at,
        source: order.id.to_string(),
        no: entry.no,
        event: entry.event.code(),
        on: None,
        postings: entry.postings.clone(),
    })
}

/// Lines by the day they were recorded.
pub type Days = BTreeMap<Date, Vec<Line>>;

fn gather(days: &mut Days, lines: impl Iterator<Item = Line>, wanted: impl Fn(Date) -> bool) {
    for line in lines {
        let day = moscow_date(line.at);
        if wanted(day) {
            days.entry(day).or_default().push(line);
        }
    }
}

/// Enters something into a tenant's book, and what follows from it onto the personal account, once. `also` is what the entry changes
/// besides, in the same commit.
pub async fn enter(
    ports: &Ports,
    tenant: &Tenant,
    entry: &BookEntry,
    also: Also<'_>,
) -> Result<Written, WorkflowError> {
    let touches = entry
        .postings
        .iter()
        .any(|posting| posting.debit == Account::PartnerAvailable || posting.credit == Account::PartnerAvailable);
    for _ in 0..5 {
        let purse = if touches { Some(ports.store.purse(tenant).await?) } else { None };
        match ports.store.put_book_entry(tenant, entry, purse.as_ref(), also).await {
            // Somebody else changed the personal account meanwhile; what else has changed is its reader's to look at again.
            Err(StoreError::Conflict) if touches && also.is_nothing() => {}
            done => return Ok(done?),
        }
    }
    Err(WorkflowError::Busy)
}

/// Seals every day of a tenant's that is over, after the last one that is sealed. Answers how many days were sealed.
pub async fn seal(ports: &Ports, tenant: &Tenant) -> Result<usize, WorkflowError> {
    let now = clock::now(ports, tenant).await?;
    let mut last = ports.store.last_day_book(tenant).await?;
    let since = last.as_ref().map(|last| last.day);
    let today = moscow_date(plus_seconds(now, -SEAL_AFTER_SECONDS));
    let wanted = |day: Date| day < today && since.is_none_or(|since| day > since);
    if since.and_then(|since| since.tomorrow().ok()).is_some_and(|next| !wanted(next)) {
        return Ok(0);
    }
    let mut days = Days::new();
    let entries = ports.store.book_entries(tenant, since.unwrap_or(Date::MIN)).await?;
    gather(&mut days, entries.iter().map(Line::of_book), wanted);
    let mut used = usage::unowned(ports, tenant, since.unwrap_or(Date::MIN), wanted).await?;
    let span = since.map_or_else(|| Span::recent(ports, now), |since| Span::of(months(since, today)));
    let gathers = |page: OrderPage| {
        for order in &page.orders {
            gather(&mut days, lines_of(order), wanted);
        }
        usage::gather(&mut used, &page, wanted);
    };
    reading::each_page(ports, tenant, span, gathers).await?;
    if let Ok(yesterday) = today.yesterday() {
        days.entry(yesterday).or_default(); // sealed even when nothing was recorded: the next run need not look so far back
    }
    for day in used.keys() {
        days.entry(*day).or_default(); // a message may be all there was
    }
    let mut sealed = 0;
    for (day, lines) in days {
        let book = DayBook::seal(last.as_ref(), day, lines)?;
        if let Some(used) = used.get(&day) {
            // First: of a day that is sealed nothing is counted any more.
            ports.store.put_usage_day(tenant, day, used).await?;
        }
        if ports.store.put_day_book(tenant, &book).await? == Written::Before {
            // Another run has sealed it, from the same entries: it goes on from there.
            return Ok(sealed);
        }
        sealed += 1;
        last = Some(book);
    }
    Ok(sealed)
}

/// Months (UTC) whose orders may have entries of the days after `since` and before `today`, newest first.
fn months(since: Date, today: Date) -> Vec<(i16, i8)> {
    let months_between =
        (i32::from(today.year()) - i32::from(since.year())) * 12 + i32::from(today.month()) - i32::from(since.month());
    let count = usize::try_from(months_between).unwrap_or(0) + 1 + MONTHS_BACK;
    let noon = domain::time::MOSCOW.to_timestamp(today.at(12, 0, 0, 0)).unwrap_or(Timestamp::MAX);
    payouts::months_back(noon, count)
}

/// Balances of a day, as they were known at the end of another; the last sealed day where none is named.
pub async fn statement(
    ports: &Ports,
    tenant: &Tenant,
    effective: Option<Date>,
    known: Option<Date>,
) -> Result<Option<Statement>, WorkflowError> {
    let books = ports.store.day_books(tenant).await?;
    let Some(last) = books.last() else { return Ok(None) };
    let known = known.unwrap_or(last.day);
    Ok(Some(Statement::of(&books, effective.unwrap_or(known), known)?))
}

/// What a sealed day and the entries of that day do not agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The day.
    pub day: Date,
    /// What is wrong.
    pub text: String,
}

/// Makes every seal again from the journals, and compares: a day that was changed afterwards, an entry that came late, a gap.
pub fn prove<'a>(
    orders: impl IntoIterator<Item = &'a Order>,
    entries: &[BookEntry],
    sealed: &[DayBook],
) -> Result<Vec<Broken>, SealError> {
    let mut days = Days::new();
    let through = sealed.last().map(|last| last.day);
    let wanted = |day: Date| through.is_some_and(|through| day <= through);
    gather(&mut days, entries.iter().map(Line::of_book), wanted);
    for order in orders {
        gather(&mut days, lines_of(order), wanted);
    }
    let mut broken = Vec::new();
    let mut say = |day: Date, text: String| broken.push(Broken { day, text });
    let mut last: Option<&DayBook> = None;
    for book in sealed {
        let made = DayBook::seal(last, book.day, days.remove(&book.day).unwrap_or_default())?;
        if made != *book {
            say(book.day, format!("the entries give {}, the seal is {}", made.sha256, book.sha256));
        }
        last = Some(book);
    }
    for (day, lines) in days {
        say(day, format!("{} entries of a day that was passed over when later days were sealed", lines.len()));
    }
    Ok(broken)
}
