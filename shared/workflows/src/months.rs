//! Months that are over: the partner's report is made from the journals, numbered, and never changed again.
//!
//! A month is closed once its last day is sealed: no entry can come late then, so that the same lines can be read again for as long as
//! the journals are kept, and a paper is refused when they are not those the month was closed with. What counts is the day a thing was
//! recorded (Moscow): money of an older order that moves this month is in this month's report.

use domain::id::Tenant;
use domain::ledger::{self, Account, BookEntry, BookKind, DayBook, Posting};
use domain::money::{Money, MoneyError};
use domain::order::{self, Entry, OperationKind, Order};
use domain::partner::Partner;
use domain::payout::Payout;
use domain::report::{
    Closed, Event, Head, Line, Movement, MovementKind, Party, Period, Person, Report, Signatory, Standing, Tally, Wrong,
};
use domain::tax::VatRate;
use domain::time::{Timestamp, moscow_date};
use rust_decimal::Decimal;
use storage::books::Written;

use crate::error::WorkflowError;
use crate::payouts;
use crate::perform;
use crate::ports::Ports;
use crate::prepaid;
use crate::reading::{self, Reach};

/// Months (UTC), the report's own with them, in which an order with an entry of the month may have been made.
pub(crate) const MONTHS: usize = 14;
/// Orders, payouts or days read at once.
const PAGE: usize = 500;
/// Accounts that together are what the agent owes the partner: what is pending and available, less cash the partner has kept and less
/// what they were invoiced for.
const OWED: [Account; 4] =
    [Account::PartnerPending, Account::PartnerAvailable, Account::PartnerCash, Account::PartnerDebt];

/// Closes a tenant's months whose last day is sealed, one after the other. Answers how many were closed.
///
/// Every run comes to the same reports: of two at once, or of one that was cut short, the first to write a month has closed it.
pub async fn close(ports: &Ports, tenant: &Tenant) -> Result<usize, WorkflowError> {
    let Some(sealed) = ports.store.last_day_book(tenant).await? else { return Ok(0) };
    let mut last = ports.store.report_page(tenant, None, 1).await?.0.pop();
    let over = |period: Period| period.last() <= sealed.day;
    if last.as_ref().is_some_and(|last| next(last.head.period).is_none_or(|next| !over(next))) {
        return Ok(0);
    }
    let books = books_since(ports, tenant, last.as_ref().map(|last| last.head.period)).await?;
    let mut period = match &last {
        Some(last) => next(last.head.period),
        None => books.first().map(|book| Period::of(book.day)),
    };
    let mut closed = 0;
    while let Some(month) = period.filter(|month| over(*month)) {
        if books.iter().any(|book| month.contains(book.day) && book.entries > 0) {
            let made = make(ports, tenant, month, last.as_ref(), &books).await?;
            if ports.store.put_report(tenant, &made).await? == Written::Before {
                // Another run has closed it, from the same entries: it goes on from there.
                return Ok(closed);
            }
            closed += 1;
            last = Some(made);
        }
        period = next(month);
    }
    Ok(closed)
}

fn next(period: Period) -> Option<Period> {
    period.last().tomorrow().ok().map(Period::of)
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

/// What the agent owes the partner by a day's balances.
fn owed(book: Option<&DayBook>) -> Money {
    let balances = book.map(|book| &book.balances);
    let of = |account| balances.and_then(|balances| balances.get(account)).copied().unwrap_or_default();
    Money::rub(-OWED.iter().map(of).sum::<i64>())
}

/// What the partner's balance gains by postings.
fn gained(postings: &[Posting]) -> Result<Money, MoneyError> {
    let zero = Money::rub(0);
    OWED.into_iter().try_fold(zero, |sum, account| sum.minus(ledger::balance(account, zero, postings)?))
}

async fn make(
    ports: &Ports,
    tenant: &Tenant,
    period: Period,
    last: Option<&Closed>,
    books: &[DayBook],
) -> Result<Closed, WorkflowError> {
    let before = books.iter().rfind(|book| book.day < period.first());
    let end = books.iter().rfind(|book| book.day <= period.last());
    let opening = owed(before);
    if let Some(last) = last.filter(|last| last.closing != opening) {
        return Err(Wrong::Closing { derived: last.closing, ledger: opening }.into());
    }
    let (lines, percent) = lines(ports, tenant, period).await?;
    let partner = perform::partner(ports, tenant).await?;
    let no = last.map_or(0, |last| last.no) + 1;
    let head = Head {
        number: no.to_string(),
        issued: period.last(),
        period,
        agent: agent(ports, &partner),
        principal: principal(&partner),
        contract: partner.legal.contract.clone(),
        vat: rate(percent.unwrap_or(partner.commission.vat_percent))?,
        opening,
    };
    let mut tally = Tally::new(head)?;
    for line in &lines {
        tally.line(line)?;
    }
    for movement in movements(ports, tenant, period).await? {
        tally.movement(movement)?;
    }
    let report = tally.finish(owed(end))?;
    let sha256 = end.map(|end| end.sha256.as_str()).unwrap_or_default();
    Ok(Closed::of(no, &report, sha256)?)
}

fn rate(percent: Decimal) -> Result<VatRate, Wrong> {
    if percent.is_zero() {
        return Ok(VatRate::None);
    }
    let known = VatRate::ALL.into_iter().find(|rate| rate.percent().map(Decimal::from) == Some(percent));
    known.ok_or(Wrong::Head("VAT rate"))
}

fn standing(inn: &str, kpp: Option<&str>, name: &str, signatory: Option<&Signatory>) -> Standing {
    if inn.len() != 12 {
        return Standing::Company { kpp: kpp.map(ToOwned::to_owned) };
    }
    // A sole proprietor's name is `ИП Иванов Иван Иванович`, and it is mostly they who sign.
    let mut words = name
        .split_whitespace()
        .filter(|word| !matches!(word.to_lowercase().as_str(), "ип" | "индивидуальный" | "предприниматель"));
    let named = Person {
        surname: words.next().unwrap_or(name).to_owned(),
        name: words.next().unwrap_or_default().to_owned(),
        patronymic: Some(words.collect::<Vec<_>>().join(" ")).filter(|patronymic| !patronymic.is_empty()),
    };
    let told = signatory.filter(|_| named.name.is_empty()).map(|signatory| signatory.person.clone());
    Standing::Entrepreneur(told.unwrap_or(named))
}

fn agent(ports: &Ports, partner: &Partner) -> Party {
    let agent = &ports.settings.agent;
    let signatory = partner.legal.agent_signatory.clone();
    Party {
        name: agent.name.clone(),
        inn: agent.inn.clone(),
        standing: standing(&agent.inn, None, &agent.name, signatory.as_ref()),
        ogrn: None,
        address: Some(agent.address.clone()).filter(|address| !address.trim().is_empty()),
        signatory,
    }
}

fn principal(partner: &Partner) -> Party {
    let legal = &partner.legal;
    Party {
        name: partner.name.clone(),
        inn: partner.inn.clone(),
        standing: standing(&partner.inn, partner.kpp.as_deref(), &partner.name, legal.signatory.as_ref()),
        ogrn: legal.ogrn.clone(),
        address: legal.address.clone(),
        signatory: legal.signatory.clone(),
    }
}

/// The lines of a month in the order they were recorded, and the VAT in percent on the fee of the last of them that has any.
async fn lines(ports: &Ports, tenant: &Tenant, period: Period) -> Result<(Vec<Line>, Option<Decimal>), WorkflowError> {
    let wanted = |order: &Order| order.journal.iter().any(|entry| period.contains(moscow_date(entry.at)));
    let mut found: Vec<(Timestamp, String, u16, Line, Decimal)> = Vec::new();
    let noon = domain::time::MOSCOW.to_timestamp(period.last().at(12, 0, 0, 0)).unwrap_or(Timestamp::MAX);
    for month in payouts::months_back(noon, MONTHS) {
        let mut place: Option<String> = None;
        loop {
            let page =
                reading::orders_of_month(ports, tenant, month, place.as_deref(), PAGE, Reach::SEALED, wanted).await?;
            for order in &page.orders {
                let id = order.id.to_string();
                let of_order = lines_of(order, period)?.into_iter();
                found.extend(
                    of_order.map(|(entry, line)| (entry.at, id.clone(), entry.no, line, order.commission.vat_percent)),
                );
            }
            place = page.next;
            if place.is_none() {
                break;
            }
        }
    }
    found.sort_by(|one, other| (one.0, &one.1, one.2).cmp(&(other.0, &other.1, other.2)));
    let percent = found.iter().rev().find(|(_, _, _, line, _)| line.vat.is_positive()).map(|found| found.4);
    Ok((found.into_iter().map(|(_, _, _, line, _)| line).collect(), percent))
}

/// An order's lines of a month, each with its entry. Entries of later months count for nothing: a closed report must be made again as it
/// was, whatever becomes of the order.
fn lines_of(order: &Order, period: Period) -> Result<Vec<(&Entry, Line)>, MoneyError> {
    let journal = || order.journal.iter().filter(|entry| moscow_date(entry.at) <= period.last());
    let is_capture = |entry: &&Entry| entry.event == order::Event::Captured;
    let paid = journal().find(is_capture).map(|entry| moscow_date(entry.at));
    let mut lines = Vec::new();
    for entry in journal().filter(|entry| period.contains(moscow_date(entry.at))) {
        let event = match entry.event {
            order::Event::Captured => Event::Paid,
            order::Event::Refunded => Event::Refunded,
            order::Event::RefundUndone => Event::Restored,
            _ => continue,
        };
        let (amount, fee, vat, at_principal) = moved(entry)?;
        let on = moscow_date(entry.at);
        let method = entry.subject.and_then(|no| order.operation(no)).map(|operation| operation.method);
        let line = Line {
            order: order.number.clone(),
            bill: order.bill.to_string(),
            event,
            created: moscow_date(order.created_at),
            paid: if event == Event::Paid { Some(on) } else { paid },
            on,
            method: method.unwrap_or_default(),
            amount,
            fee,
            vat,
            at_principal,
            corrects: None,
        };
        lines.push((entry, line));
    }
    let ended = journal().find(|entry| is_end(order, entry));
    if let Some(entry) = ended.filter(|entry| paid.is_none() && period.contains(moscow_date(entry.at))) {
        let zero = order.amount.zero();
        let line = Line {
            order: order.number.clone(),
            bill: order.bill.to_string(),
            event: Event::Cancelled,
            created: moscow_date(order.created_at),
            paid: None,
            on: moscow_date(entry.at),
            method: order.payments().next_back().map(|payment| payment.method).unwrap_or_default(),
            amount: order.amount,
            fee: zero,
            vat: zero,
            at_principal: false,
            corrects: None,
        };
        lines.push((entry, line));
    }
    Ok(lines)
}

/// Whether an order that was never paid ended with an entry.
fn is_end(order: &Order, entry: &Entry) -> bool {
    match entry.event {
        order::Event::Expired | order::Event::Cancelled => true,
        order::Event::Released => {
            let operation = |no| order.operation(no);
            let release = entry.subject.and_then(operation);
            let held = release.and_then(|release| release.kind.of()).and_then(operation);
            let whole = release.zip(held).is_some_and(|(release, held)| release.amount == held.amount);
            whole && held.is_some_and(|held| held.kind != OperationKind::Verification)
        }
        _ => false,
    }
}

/// Amount, fee and VAT of an entry, magnitudes all, and whether the partner's own people have the money.
fn moved(entry: &Entry) -> Result<(Money, Money, Money, bool), MoneyError> {
    let zero = Money::rub(0);
    let of = |account| {
        let balance = ledger::balance(account, zero, &entry.postings)?;
        if balance.minor() < 0 { zero.minus(balance) } else { Ok(balance) }
    };
    let vat = of(Account::CommissionVat)?;
    let fee = of(Account::Commission)?.plus(vat)?;
    let held = ledger::at_banks(zero, &entry.postings)?;
    let held = if held.minor() < 0 { zero.minus(held)? } else { held };
    if held.is_positive() {
        return Ok((held, fee, vat, false));
    }
    // What is set off by the same entry stands before the entry's own postings.
    let touches = |one: &&Posting| [one.debit, one.credit].contains(&Account::PartnerCash);
    let cash = entry.postings.iter().rfind(touches).map(|posting| posting.amount);
    Ok((cash.unwrap_or(zero), fee, vat, cash.is_some()))
}

/// Payouts and book entries of a month that moved the partner's balance.
async fn movements(ports: &Ports, tenant: &Tenant, period: Period) -> Result<Vec<Movement>, WorkflowError> {
    let mut movements = Vec::new();
    let mut after = None;
    'pages: loop {
        let (page, more) = ports.store.payouts(tenant, after, PAGE).await?;
        for payout in page {
            let on = moscow_date(payout.at);
            if on < period.first() {
                break 'pages;
            }
            if period.contains(on) {
                movements.extend(sent(&payout));
            }
        }
        after = more;
        if after.is_none() {
            break;
        }
    }
    for entry in ports.store.book_entries(tenant, period.first()).await? {
        if !period.contains(moscow_date(entry.at)) {
            continue;
        }
        let gained = gained(&entry.postings)?;
        // What the personal account gives to a payout is part of the payout's own amount.
        if entry.kind == BookKind::PayoutCarried || gained.is_zero() {
            continue;
        }
        let payout = match (entry.kind, entry.id.split_once('/')) {
            (BookKind::PayoutReturned, Some((_, id))) => ports.store.payout(tenant, id).await?,
            _ => None,
        };
        movements.push(entered(&entry, gained, payout.as_ref())?);
    }
    movements.extend(prepaid::deductions(ports, tenant, period).await?);
    Ok(movements)
}

/// What was transferred, with the days it is expected on, and what was withheld from it for the budget.
fn sent(payout: &Payout) -> impl Iterator<Item = Movement> + '_ {
    let day = |date: jiff::civil::Date| date.strftime("%d.%m.%Y").to_string();
    // What an old payout's document says was said before its days were kept, and stays as it is.
    let transferred = payout.days.map_or_else(
        || "Перечислено принципалу".to_owned(),
        |days| format!("зачисление обычно {}, не позднее {}", day(days.usual), day(days.latest)),
    );
    let withheld = payout.tax.as_ref().map_or(payout.amount.zero(), |tax| tax.withheld);
    let moved = [
        (MovementKind::Payout, transferred, payout.amount),
        (MovementKind::Withheld, "Удержан НДФЛ".to_owned(), withheld),
    ];
    let moved = moved.into_iter().filter(|(_, _, amount)| amount.is_positive());
    moved.map(|(kind, what, amount)| Movement {
        kind,
        on: moscow_date(payout.at),
        reference: payout.number.to_string(),
        what,
        amount,
        vat: amount.zero(),
        corrects: None,
    })
}

fn entered(entry: &BookEntry, gained: Money, payout: Option<&Payout>) -> Result<Movement, MoneyError> {
    let zero = gained.zero();
    let (kind, what) = match (entry.kind, gained.is_positive()) {
        (BookKind::PayoutReturned, true) => (MovementKind::PayoutReturned, "Перечисление возвращено банком"),
        (BookKind::TaxWithheld, false) => (MovementKind::Withheld, "Удержан НДФЛ"),
        (BookKind::PrepaidMoved, false) => (MovementKind::Service, "Зачтено в счёт услуг платформы"),
        (BookKind::ServiceBought, false) => (MovementKind::Service, "Услуга платформы"),
        (BookKind::DebtInvoiced, true) => (MovementKind::Settled, "Долг выставлен принципалу к оплате"),
        (BookKind::DebtPaid, true) => (MovementKind::Settled, "Долг погашен принципалом"),
        (_, true) => (MovementKind::Credited, "Исправление в пользу принципала"),
        (_, false) => (MovementKind::Debited, "Исправление в пользу агента"),
    };
    let vat = match kind {
        MovementKind::Service => zero.minus(ledger::balance(Account::CommissionVat, zero, &entry.postings)?)?,
        _ => zero,
    };
    let what = if entry.reason.is_empty() { what.to_owned() } else { format!("{what}: {}", entry.reason) };
    Ok(Movement {
        kind,
        on: moscow_date(entry.at),
        reference: payout.map_or_else(|| entry.id.clone(), |payout| payout.number.to_string()),
        what,
        amount: if gained.is_positive() { gained } else { zero.minus(gained)? },
        vat,
        corrects: None,
    })
}

/// A closed month's whole report with its lines, read again from the journals. Nothing until the month is closed.
pub async fn report(
    ports: &Ports,
    tenant: &Tenant,
    period: Period,
) -> Result<Option<(Report, Vec<Line>)>, WorkflowError> {
    let Some(closed) = ports.store.report(tenant, period).await? else { return Ok(None) };
    let (lines, _) = lines(ports, tenant, period).await?;
    let movements = movements(ports, tenant, period).await?;
    let report = closed.again(&lines, movements)?;
    Ok(Some((report, lines)))
}
