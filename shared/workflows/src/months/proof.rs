//! The proof of closed months: each is made again from the journals as they were known when it was closed, and compared with what is kept.

use domain::id::Tenant;
use domain::ledger::DayBook;
use domain::report::{Closed, Line, Period, Totals};

use super::lines::{Numbers, Walk, lines_of};
use super::movements::{movements, owed};
use super::register::Reading;
use crate::error::WorkflowError;
use crate::ports::Ports;

/// Reports read at once.
const PAGE: usize = 100;

/// What of a closed month does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The month.
    pub period: Period,
    /// Stable code of the rule.
    pub rule: &'static str,
    /// What is wrong.
    pub text: String,
}

/// Lines by the journals, one after the other.
struct Made<'a> {
    walk: Walk<'a>,
    period: Period,
    closed: &'a Numbers,
    waiting: std::vec::IntoIter<Line>,
}

impl Made<'_> {
    async fn next(&mut self) -> Result<Option<Line>, WorkflowError> {
        loop {
            if let Some(line) = self.waiting.next() {
                return Ok(Some(line));
            }
            let Some(order) = self.walk.next().await? else { return Ok(None) };
            let lines = lines_of(&order, self.period, self.closed)?;
            self.waiting = lines.into_iter().map(|(_, line)| line).collect::<Vec<_>>().into_iter();
        }
    }
}

/// Proves every closed month of a tenant's; answers how many there are, and what does not hold.
pub async fn prove(ports: &Ports, tenant: &Tenant, books: &[DayBook]) -> Result<(usize, Vec<Broken>), WorkflowError> {
    let (mut reports, mut after) = (Vec::new(), None);
    loop {
        let (page, more) = ports.store.report_page(tenant, after, PAGE).await?;
        reports.extend(page);
        after = more;
        if after.is_none() {
            break;
        }
    }
    reports.reverse();
    let (mut numbers, mut broken) = (Numbers::new(), Vec::new());
    let mut last: Option<&Closed> = None;
    for closed in &reports {
        let period = closed.head.period;
        let mut say = |rule, text: String| broken.push(Broken { period, rule, text });
        let (no, opening) = (last.map_or(1, |last| last.no + 1), last.map(|last| last.closing));
        if closed.no != no || closed.head.number != no.to_string() {
            say("report.number", format!("number {} ({}), {no} follows", closed.no, closed.head.number));
        }
        if opening.is_some_and(|opening| opening != closed.head.opening) {
            say(
                "report.opening",
                format!("opens with {}, not with what the one before closed with", closed.head.opening),
            );
        }
        let end = books.iter().rfind(|book| book.day <= period.last());
        if owed(end) != closed.closing {
            say("report.closing", format!("closes with {}, the sealed days with {}", closed.closing, owed(end)));
        }
        if end.map(|book| book.sha256.as_str()).unwrap_or_default() != closed.sha256 {
            say("report.seal", "it names another seal than its last day has".to_owned());
        }
        if let Err(error) = compare(ports, tenant, closed, &numbers, &mut say).await {
            // A page that can not be read is a finding; a table that does not answer is not.
            match &error {
                WorkflowError::Store(storage::store::StoreError::Shape(_)) | WorkflowError::Report(_) => {
                    say("report.pages", error.chain());
                }
                _ => return Err(error),
            }
        }
        numbers.insert(period, closed.head.number.clone());
        last = Some(closed);
    }
    Ok((reports.len(), broken))
}

/// Makes a month's lines and movements again.
async fn compare(
    ports: &Ports,
    tenant: &Tenant,
    closed: &Closed,
    numbers: &Numbers,
    say: &mut (impl FnMut(&'static str, String) + Send),
) -> Result<(), WorkflowError> {
    let period = closed.head.period;
    // Months closed before registers were kept named no documents they mend.
    let none = Numbers::new();
    let numbers = if closed.pages.is_some() { numbers } else { &none };
    let mut kept = Reading::open(ports, tenant, closed, None).await?;
    let mut made = Vec::new();
    for movement in movements(ports, tenant, period, numbers).await? {
        made.push(movement);
    }
    made.sort_by(|a, b| (a.on, a.kind, &a.reference).cmp(&(b.on, b.kind, &b.reference)));
    if made != kept.report.movements {
        say("report.movements", format!("{} by the journals, {} kept", made.len(), kept.report.movements.len()));
    }
    let walk = Walk::new(ports, tenant, period, 0, None);
    let mut made = Made { walk, period, closed: numbers, waiting: Vec::new().into_iter() };
    let mut totals = Totals::default();
    while let Some(lines) = kept.lines().await? {
        for line in lines {
            totals.add(&closed.head, &line)?;
            match made.next().await? {
                Some(again) if again == line => {}
                again => {
                    let again = again.map_or_else(|| "nothing".to_owned(), |line| line.order);
                    say("report.lines", format!("{} is kept where the journals have {again}", line.order));
                    return Ok(());
                }
            }
        }
    }
    if let Some(line) = made.next().await? {
        say("report.lines", format!("the journals have {}, which is not kept", line.order));
    } else if let Err(wrong) = kept.report.same(&totals) {
        say("report.sums", wrong.to_string());
    }
    Ok(())
}
