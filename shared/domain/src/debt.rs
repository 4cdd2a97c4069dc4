//! What a partner owes and could not be netted with their orders in time: invoiced by a number, paid by bank transfer.
//!
//! ```text
//! personal account below zero ── term over ──▶ invoice ──▶ part of it paid ──▶ paid
//!      available ◀── debt                        settlement ◀── debt   (and ◀── available, what is too much)
//! ```

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::bank_exchange::{Direction, Line};
use crate::ledger::{Account, BookEntry, BookKind, Posting, Purse};
use crate::money::{Money, MoneyError};
use crate::time::{Timestamp, moscow_date, plus_seconds};

/// Digits of an invoice's number: more than a payment order's six, so that no text names one for the other.
pub const NUMBER_DIGITS: usize = 8;
/// Days an invoice is to be paid in (Civil Code, article 314, item 2: seven days from the demand).
pub const PAY_DAYS: i64 = 7;

/// A demand for what a partner owes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// Its number, unique among all partners'.
    pub number: u32,
    /// Grows by one with every change; an attribute of its own in the row.
    #[serde(skip)]
    pub version: u64,
    /// When it was made.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// Since when the partner owed.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub owed_since: Timestamp,
    /// How much.
    pub amount: Money,
    /// How much of it was paid.
    pub paid: Money,
    /// The day the last payment came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_on: Option<Date>,
    /// The partner's ИНН: who pays by it.
    pub inn: String,
}

impl Invoice {
    /// The number as it is written: eight digits.
    pub fn written(&self) -> String {
        format!("{:0width$}", self.number, width = NUMBER_DIGITS)
    }

    /// What is still to be paid.
    ///
    /// # Errors
    /// The difference does not fit.
    pub fn left(&self) -> Result<Money, MoneyError> {
        self.amount.minus(self.paid)
    }

    /// Whether all of it was paid.
    pub fn is_paid(&self) -> bool {
        self.paid.minor() >= self.amount.minor()
    }

    /// The day it is to be paid by.
    pub fn pay_by(&self) -> Date {
        moscow_date(plus_seconds(self.at, PAY_DAYS * 86_400))
    }
}

/// What a personal account owes, once it has owed for so many days: since when, and how much.
///
/// # Errors
/// The amount does not fit.
pub fn overdue(purse: &Purse, days: u16, now: Timestamp) -> Result<Option<(Timestamp, Money)>, MoneyError> {
    let Some(since) = purse.owes_since else { return Ok(None) };
    if purse.balance.minor() >= 0 || plus_seconds(since, i64::from(days) * 86_400) > now {
        return Ok(None);
    }
    Ok(Some((since, purse.balance.zero().minus(purse.balance)?)))
}

/// The entry of an invoice: what the partner owes leaves the personal account, and waits for their payment.
pub fn invoiced(invoice: &Invoice) -> BookEntry {
    BookEntry {
        id: format!("{}/{}", BookKind::DebtInvoiced.code(), invoice.written()),
        at: invoice.at,
        on: None,
        kind: BookKind::DebtInvoiced,
        reason: format!("счёт № {}", invoice.written()),
        by: String::new(),
        postings: vec![Posting::new(Account::PartnerDebt, Account::PartnerAvailable, invoice.amount)],
    }
}

/// A payment by an invoice: the invoice as it is then, and the entry. What is more than was owed is the partner's again. `line` names
/// the statement's line, so that the same one is entered once.
///
/// # Errors
/// The sums do not fit.
pub fn paid(
    invoice: &Invoice,
    amount: Money,
    on: Date,
    line: &str,
    now: Timestamp,
) -> Result<(Invoice, BookEntry), MoneyError> {
    let closed = amount.at_most(invoice.left()?)?;
    let more = amount.minus(closed)?;
    let parts = [(Account::PartnerDebt, closed), (Account::PartnerAvailable, more)];
    let entry = BookEntry {
        id: format!("{}/{}/{line}", BookKind::DebtPaid.code(), invoice.written()),
        at: now,
        on: Some(on).filter(|on| *on < moscow_date(now)),
        kind: BookKind::DebtPaid,
        reason: format!("счёт № {}", invoice.written()),
        by: String::new(),
        postings: parts
            .into_iter()
            .filter(|(_, part)| part.is_positive())
            .map(|(from, part)| Posting::new(Account::Settlement, from, part))
            .collect(),
    };
    let paid = invoice.paid.plus(closed)?;
    Ok((Invoice { paid, paid_on: Some(on), version: invoice.version + 1, ..invoice.clone() }, entry))
}

/// The invoice numbers a line of a statement may name: money that came in, and words of eight digits in what it is said to be for.
pub fn numbers_named(line: &Line) -> Vec<u32> {
    if line.direction != Direction::In {
        return Vec::new();
    }
    let words = line.purpose.split(|c: char| !c.is_ascii_digit()).filter(|word| word.len() == NUMBER_DIGITS);
    let mut numbers: Vec<u32> = words.filter_map(|word| word.parse().ok()).filter(|number| *number > 0).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// Whether a line pays an invoice whose number it names: it comes from the partner, in roubles, and the money has moved.
pub fn pays(line: &Line, invoice: &Invoice) -> bool {
    line.payer.inn == invoice.inn && line.amount.currency() == invoice.amount.currency() && line.booked.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bank_exchange::Side;
    use crate::ledger::balance;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn invoice() -> Invoice {
        Invoice {
            number: 7,
            version: 1,
            at: at("2026-11-30T09:00:00Z"),
            owed_since: at("2026-11-20T09:00:00Z"),
            amount: Money::rub(289_500),
            paid: Money::rub(0),
            paid_on: None,
            inn: "7700000016".to_owned(),
        }
    }

    fn line(purpose: &str) -> Line {
        Line {
            account: "40702810600000000001".into(),
            direction: Direction::In,
            kind: "Платежное поручение".into(),
            number: "15".into(),
            date: Date::constant(2026, 12, 1),
            booked: Some(Date::constant(2026, 12, 1)),
            amount: Money::rub(289_500),
            payer: Side { inn: "7700000016".into(), ..Side::default() },
            payee: Side::default(),
            purpose: purpose.into(),
        }
    }

    #[test]
    fn what_is_owed_is_invoiced_when_its_term_is_over() {
        let owes = Purse { balance: Money::rub(-100), owes_since: Some(at("2026-11-20T09:00:00Z")) };
        assert_eq!(overdue(&owes, 10, at("2026-11-30T08:59:59Z")), Ok(None));
        let found = overdue(&owes, 10, at("2026-11-30T09:00:00Z")).unwrap();
        assert_eq!(found, Some((at("2026-11-20T09:00:00Z"), Money::rub(100))));
        assert_eq!(overdue(&Purse::default(), 0, Timestamp::MAX), Ok(None));
    }

    #[test]
    fn a_debt_goes_over_an_invoice_and_ends_paid() {
        let invoice = invoice();
        let (now, on) = (at("2026-12-02T09:00:00Z"), Date::constant(2026, 12, 1));
        let debt = invoiced(&invoice);
        let (half, first) = paid(&invoice, Money::rub(100_000), on, "a", now).unwrap();
        assert!(!half.is_paid());
        let (whole, second) = paid(&half, Money::rub(200_000), on, "b", now).unwrap();
        assert!(whole.is_paid() && whole.version == 3 && whole.left().unwrap().is_zero());
        assert_ne!(first.id, second.id);
        let all = [debt.postings, first.postings, second.postings.clone()].concat();
        let of = |account| balance(account, Money::rub(0), &all).unwrap().minor();
        assert_eq!((of(Account::PartnerDebt), of(Account::Settlement)), (0, 300_000));
        // The debt of before, and 105 roubles too much.
        assert_eq!(of(Account::PartnerAvailable), -289_500 - 10_500);
        assert_eq!(second.postings.len(), 2);
        // All of it again: none of it is owed any more.
        let (_, again) = paid(&whole, Money::rub(100), on, "c", now).unwrap();
        assert_eq!(again.postings, [Posting::new(Account::Settlement, Account::PartnerAvailable, Money::rub(100))]);
    }

    #[test]
    fn a_line_names_an_invoice_by_eight_digits() {
        let invoice = invoice();
        assert_eq!((invoice.written().as_str(), invoice.pay_by()), ("00000007", Date::constant(2026, 12, 7)));
        let line = line("Оплата по счёту № 00000007 от 30.11.2026, договор 123456. НДС не облагается");
        assert_eq!(numbers_named(&line), [7]);
        assert!(pays(&line, &invoice));
        let stranger = Line { payer: Side { inn: "7700000023".into(), ..Side::default() }, ..line.clone() };
        assert!(!pays(&stranger, &invoice));
        assert!(numbers_named(&Line { direction: Direction::Out, ..line }).is_empty());
        assert!(numbers_named(&self::line("счёт 7, заказ 000000071")).is_empty());
    }
}
