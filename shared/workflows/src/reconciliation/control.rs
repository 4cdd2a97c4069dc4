//! The control of a day: what our books hold at banks and on our own accounts, beside what the papers say is there.

use std::collections::BTreeMap;

use domain::id::Tenant;
use domain::ledger::{Account, Line, Statement};
use domain::money::{Money, MoneyError};
use domain::reconcile::{Filing, PaperKind};
use jiff::civil::Date;

use super::{Rules, rules};
use crate::error::WorkflowError;
use crate::ports::Ports;

/// What an account holds by our books and by the papers, at the end of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// By our books.
    pub books: Money,
    /// By the papers; nothing where they do not say.
    pub papers: Option<Money>,
}

impl Held {
    /// What the papers have more.
    ///
    /// # Errors
    /// The difference does not fit.
    pub fn difference(self) -> Result<Option<Money>, MoneyError> {
        self.papers.map(|papers| papers.minus(self.books)).transpose()
    }
}

/// A day's control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The day.
    pub day: Date,
    /// With acquiring banks: what registries of all days until then have them pay out, less what has come.
    pub clearing: Held,
    /// On the settlement account: its closing balance, less what is the agent's own.
    pub settlement: Held,
    /// On the nominal account: its closing balance.
    pub nominal: Held,
}

/// Controls of some days. Days after the last sealed one are not among them.
pub async fn days(ports: &Ports, tenant: &Tenant, from: Date, until: Date) -> Result<Vec<Day>, WorkflowError> {
    let rules = rules(ports, tenant).await?.unwrap_or_default();
    let books = ports.store.day_books(tenant).await?;
    let Some(last) = books.last().map(|book| book.day) else { return Ok(Vec::new()) };
    let until = until.min(last);
    let papers = ports.store.papers(tenant, Date::MIN, until).await?;
    // Corrections of days that are sealed, which were entered since.
    let entries = ports.store.book_entries(tenant, last.tomorrow().unwrap_or(last)).await?;
    let late: Vec<Line> = entries.iter().map(Line::of_book).collect();
    let mut found = Vec::new();
    let mut day = from;
    while day <= until {
        let statement = Statement::of(&books, day, last)?;
        let held = |account| in_books(&statement, &late, account, day);
        found.push(Day {
            day,
            clearing: Held { books: held(Account::BankClearing)?, papers: clearing(&papers, day)? },
            settlement: Held {
                books: held(Account::Settlement)?,
                papers: closing(&rules, &papers, Account::Settlement, day)?,
            },
            nominal: Held { books: held(Account::Nominal)?, papers: closing(&rules, &papers, Account::Nominal, day)? },
        });
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
    Ok(found)
}

fn in_books(statement: &Statement, late: &[Line], account: Account, day: Date) -> Result<Money, MoneyError> {
    let mut sum = statement.balance(account);
    for line in late {
        for posting in line.postings.iter().filter(|posting| line.effective(posting) <= day) {
            sum = sum.plus(domain::ledger::balance(account, sum.zero(), [posting])?)?;
        }
    }
    Ok(sum)
}

/// What banks still have to pay out: nothing is said where there is no registry.
fn clearing(papers: &[Filing], day: Date) -> Result<Option<Money>, MoneyError> {
    let until = papers.iter().filter(|head| head.day <= day);
    let mut sum = None;
    for head in until {
        let before = sum.unwrap_or(head.net.zero());
        match head.kind {
            PaperKind::Registry if head.lands == Account::BankClearing => sum = Some(before.plus(head.net)?),
            PaperKind::Statement if !head.net.is_zero() => sum = Some(before.minus(head.net)?),
            _ => {}
        }
    }
    Ok(sum)
}

fn closing(rules: &Rules, papers: &[Filing], account: Account, day: Date) -> Result<Option<Money>, MoneyError> {
    let of: BTreeMap<Date, &Filing> = papers
        .iter()
        .filter(|head| head.kind == PaperKind::Statement && head.lands == account)
        .map(|head| (head.day, head))
        .collect();
    let closing = of.get(&day).and_then(|head| head.closing);
    let own = if account == Account::Settlement { rules.own_minor } else { 0 };
    closing.map(|closing| closing.minus(Money::rub(own))).transpose()
}
