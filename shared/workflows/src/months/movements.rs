//! What else moved a partner's balance in a month: payouts, and entries of the book.

use domain::id::Tenant;
use domain::ledger::{self, Account, BookEntry, BookKind, DayBook, Posting};
use domain::money::{Money, MoneyError};
use domain::payout::Payout;
use domain::report::{Corrects, Movement, MovementKind, Period};
use domain::time::moscow_date;

use super::lines::Numbers;
use crate::error::WorkflowError;
use crate::ports::Ports;
use crate::prepaid;

/// Payouts read at once.
const PAGE: usize = 500;
/// Accounts that together are what the agent owes the partner: what is pending and available, less cash the partner has kept and less
/// what they were invoiced for.
const OWED: [Account; 4] =
    [Account::PartnerPending, Account::PartnerAvailable, Account::PartnerCash, Account::PartnerDebt];

/// What the agent owes the partner by a day's balances.
pub(super) fn owed(book: Option<&DayBook>) -> Money {
    let balances = book.map(|book| &book.balances);
    let of = |account| balances.and_then(|balances| balances.get(account)).copied().unwrap_or_default();
    Money::rub(-OWED.iter().map(of).sum::<i64>())
}

/// What the partner's balance gains by postings.
fn gained(postings: &[Posting]) -> Result<Money, MoneyError> {
    let zero = Money::rub(0);
    OWED.into_iter().try_fold(zero, |sum, account| sum.minus(ledger::balance(account, zero, postings)?))
}

/// Payouts and book entries of a month that moved the partner's balance.
pub(super) async fn movements(
    ports: &Ports,
    tenant: &Tenant,
    period: Period,
    closed: &Numbers,
) -> Result<Vec<Movement>, WorkflowError> {
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
        let mut movement = entered(&entry, gained, payout.as_ref())?;
        // What mends a day of a closed month names that month's document, and so does a payout of it that came back.
        let mended = entry.on.or_else(|| payout.as_ref().map(|payout| moscow_date(payout.at))).map(Period::of);
        movement.corrects = mended.and_then(|mended| corrected(closed, mended, period, &movement));
        movements.push(movement);
    }
    movements.extend(prepaid::deductions(ports, tenant, period).await?);
    Ok(movements)
}

/// The closed document a movement mends.
fn corrected(closed: &Numbers, mended: Period, period: Period, movement: &Movement) -> Option<Corrects> {
    let number = closed.get(&mended).filter(|_| mended < period)?;
    let reason = match movement.kind {
        MovementKind::PayoutReturned => "перечисление закрытого периода возвращено банком",
        _ => "запись относится ко дню закрытого периода",
    };
    Some(Corrects { period: mended, number: number.clone(), reason: reason.to_owned() })
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
