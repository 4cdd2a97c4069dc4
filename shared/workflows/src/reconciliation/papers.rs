//! Papers as they come: read, kept, and what a statement shows of banks' transfers entered into the books.

use std::collections::BTreeMap;

use connectors::registry::{self, RegistryError};
use domain::bank_exchange::{Direction, Line, Statement};
use domain::id::Tenant;
use domain::ledger::{Account, BookEntry, BookKind, Posting};
use domain::matching::{Match, Outcome};
use domain::money::{Currency, Money, MoneyError};
use domain::partner::Partner;
use domain::payout::Payout;
use domain::reconcile::{Deposits, Filing, PaperKind, Print, Row, StatementLine, What};
use domain::time::{Timestamp, moscow_date};
use jiff::Span;
use jiff::civil::Date;
use serde::Serialize;
use storage::books::{Also, Written};
use storage::reconcile::pack;
use storage::store::StoreError;

use super::{DepositRules, Progress, Rules, lands, rules};
use crate::books;
use crate::clock;
use crate::error::WorkflowError;
use crate::perform;
use crate::ports::Ports;

/// Days one deposit may be for.
const DEPOSIT_DAYS_MAX: i32 = 31;

/// Why a paper was not loaded. Nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Nobody has said how such papers are written.
    #[error("nobody has said how papers of {0} are written")]
    NotConfigured(String),
    /// The account's day does not consist of such a file.
    #[error("a day of the account has no file called {0}")]
    Part(String),
    /// It can not be read.
    #[error("the paper is not readable")]
    Unreadable(#[source] RegistryError),
    /// Memory failed; loaded again, it goes on.
    #[error("the paper was not loaded")]
    Failed(#[from] WorkflowError),
}

/// A paper that is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// Its head.
    pub head: Filing,
    /// It was not here before.
    pub new: bool,
}

/// Loads a bank's registry of a day.
pub async fn load_registry(
    ports: &Ports,
    tenant: &Tenant,
    (account, day, part): (&str, Date, &str),
    file: &[u8],
) -> Result<Loaded, LoadError> {
    let rules = rules(ports, tenant).await?.unwrap_or_default();
    let of = rules.accounts.get(account).ok_or_else(|| LoadError::NotConfigured(account.to_owned()))?;
    let known = if of.parts.is_empty() { part.is_empty() } else { of.parts.contains(part) };
    if !known {
        return Err(LoadError::Part(part.to_owned()));
    }
    let rows = registry::read(file, &of.registry).map_err(LoadError::Unreadable)?;
    let partner = perform::partner(ports, tenant).await?;
    let how = of.deposits.as_ref().map_or(Deposits::Net, |deposits| deposits.how);
    let net = net(&rows, how).map_err(WorkflowError::from)?;
    let head = blank(ports, tenant, day, (PaperKind::Registry, account, part)).await?;
    let head = Filing { lands: lands(&partner, account), net, ..head };
    Ok(keep(ports, tenant, head, &rows).await?)
}

/// What a bank has to pay out for rows: those in roubles, less its fees where it keeps them.
fn net(rows: &[Row], how: Deposits) -> Result<Money, MoneyError> {
    let zero = Money::rub(0);
    rows.iter().filter(|row| row.amount.currency() == Currency::RUB).try_fold(zero, |sum, row| {
        let fee = row.fee.filter(|fee| how == Deposits::Net && fee.currency() == Currency::RUB).unwrap_or(zero);
        sum.plus(row.amount)?.minus(fee)
    })
}

/// Loads a register's report of a day.
pub async fn load_report(
    ports: &Ports,
    tenant: &Tenant,
    (register, day): (&str, Date),
    file: &[u8],
) -> Result<Loaded, LoadError> {
    let rules = rules(ports, tenant).await?.unwrap_or_default();
    let format = rules.registers.get(register).ok_or_else(|| LoadError::NotConfigured(register.to_owned()))?;
    let prints: Vec<Print> = registry::read_report(file, format).map_err(LoadError::Unreadable)?;
    let head = blank(ports, tenant, day, (PaperKind::Report, register, "")).await?;
    Ok(keep(ports, tenant, head, &prints).await?)
}

async fn blank(
    ports: &Ports,
    tenant: &Tenant,
    day: Date,
    (kind, name, part): (PaperKind, &str, &str),
) -> Result<Filing, WorkflowError> {
    Ok(Filing {
        day,
        kind,
        name: name.to_owned(),
        part: part.to_owned(),
        received: clock::now(ports, tenant).await?,
        sha256: String::new(),
        rows: 0,
        pages: 0,
        lands: Account::BankClearing,
        net: Money::rub(0),
        opening: None,
        closing: None,
    })
}

async fn keep<T: Serialize>(ports: &Ports, tenant: &Tenant, head: Filing, rows: &[T]) -> Result<Loaded, WorkflowError> {
    let packed = pack(rows).map_err(WorkflowError::Message)?;
    let count = |of: usize| u32::try_from(of).unwrap_or(u32::MAX);
    let (rows, pages) = (count(rows.len()), count(packed.pages.len()));
    let head = Filing { sha256: packed.sha256.clone(), rows, pages, ..head };
    let new = ports.store.put_paper(tenant, &head, &packed).await? == Written::Now;
    if new {
        touch(ports, tenant, head.day).await?;
    }
    Ok(Loaded { head, new })
}

/// A day is to be compared again.
async fn touch(ports: &Ports, tenant: &Tenant, day: Date) -> Result<(), WorkflowError> {
    for _ in 0..5 {
        let state = ports.store.reconciliation_state::<Progress>(tenant).await?;
        let changed_from = Some(state.row.changed_from.map_or(day, |known| known.min(day)));
        if changed_from == state.row.changed_from {
            return Ok(());
        }
        match ports.store.put_reconciliation_state(tenant, state.version, &Progress { changed_from, ..state.row }).await
        {
            Err(StoreError::Conflict) => {}
            done => return Ok(done?),
        }
    }
    Err(WorkflowError::Busy)
}

/// Takes a statement down for every partner whose money the account holds: its lines, and what is posted for them. Answers how many
/// postings were made now.
pub async fn take_statement(
    ports: &Ports,
    statement: &Statement,
    matches: &[Match],
    payouts: &BTreeMap<String, (Tenant, Payout)>,
) -> Result<usize, WorkflowError> {
    let mut holders = Vec::new();
    for tenant in ports.store.tenants().await? {
        if let Some(rules) = rules(ports, &tenant).await? {
            let partner = perform::partner(ports, &tenant).await?;
            holders.push((tenant, partner, rules));
        }
    }
    let mut concerned = Vec::new();
    for (tenant, partner, rules) in &holders {
        for account in [Account::Settlement, Account::Nominal] {
            let Some(number) = rules.number(ports, partner, account) else { continue };
            let named = |line: &Line| line.account == number || line.payee.account == number;
            if statement.accounts.iter().any(|period| period.account == number) || statement.lines.iter().any(named) {
                let nominal = rules.number(ports, partner, Account::Nominal).unwrap_or_default();
                let settlement = rules.number(ports, partner, Account::Settlement).unwrap_or_default();
                let own = [nominal, settlement];
                concerned.push(Of { ports, tenant, partner, rules, account, number, own, statement, matches, payouts });
            }
        }
    }
    // What one partner knows is no stranger's to another with the same account.
    let mut known = vec![false; statement.lines.len()];
    for of in &concerned {
        for (known, read) in known.iter_mut().zip(of.reads()) {
            *known |= read.is_some_and(|(_, _, read)| read.what != What::Unknown);
        }
    }
    let mut posted = 0;
    for of in &concerned {
        posted += of.take(&known).await?;
    }
    Ok(posted)
}

/// A statement as it concerns one partner and one account.
struct Of<'a> {
    ports: &'a Ports,
    tenant: &'a Tenant,
    partner: &'a Partner,
    rules: &'a Rules,
    account: Account,
    number: &'a str,
    /// The nominal and the settlement account.
    own: [&'a str; 2],
    statement: &'a Statement,
    matches: &'a [Match],
    payouts: &'a BTreeMap<String, (Tenant, Payout)>,
}

/// What a line is, and whether it is to be posted besides what is recorded of its payout.
struct Read {
    what: What,
    posting: Option<(Account, Account)>,
}

impl Of<'_> {
    /// Day, amount and meaning of each line; nothing of those that did not move the account.
    fn reads(&self) -> impl Iterator<Item = Option<(Date, Money, Read)>> {
        self.statement.lines.iter().zip(self.matches).map(|(line, found)| {
            let (on, amount) = self.moved(line)?;
            Some((on, amount, self.read(line, found, on)))
        })
    }

    /// `known` says of each line whether any partner knows what it is.
    async fn take(&self, known: &[bool]) -> Result<usize, WorkflowError> {
        let now = clock::now(self.ports, self.tenant).await?;
        let mut days: BTreeMap<Date, Vec<StatementLine>> = BTreeMap::new();
        let mut deposited: BTreeMap<Date, Money> = BTreeMap::new();
        let mut moved: BTreeMap<Date, Money> = BTreeMap::new();
        let mut posted = 0;
        let of_account = self.statement.accounts.iter().filter(|period| period.account == self.number);
        for period in of_account.clone() {
            let mut day = period.since;
            while day <= period.until {
                days.entry(day).or_default();
                let Ok(next) = day.tomorrow() else { break };
                day = next;
            }
        }
        let lines = self.statement.lines.iter().zip(self.matches);
        for (((line, found), read), known) in lines.zip(self.reads()).zip(known) {
            let Some((on, amount, Read { what, posting })) = read else { continue };
            let sum = moved.entry(on).or_insert(Money::rub(0));
            *sum = sum.plus(amount)?;
            if let Some((debit, credit)) = posting
                && self.post(&found.name, on, Posting::new(debit, credit, line.amount), now).await?
            {
                posted += 1;
            }
            if let What::Deposit { lands: Account::BankClearing, .. } = &what {
                let sum = deposited.entry(on).or_insert(Money::rub(0));
                *sum = sum.plus(amount)?;
            }
            let anothers = what == What::Unknown && (*known || !self.rules.strangers);
            let what = if anothers { What::Own } else { what };
            days.entry(on).or_default().push(StatementLine { reference: line.number.clone(), amount, what });
        }
        // Opening balances run from the first day on.
        let mut standing = of_account.min_by_key(|period| period.since).and_then(|period| period.opening);
        for (day, lines) in days {
            let opening = standing;
            let change = moved.get(&day).copied().unwrap_or(Money::rub(0));
            standing = standing.map(|standing| standing.plus(change)).transpose()?;
            let name = (PaperKind::Statement, self.account.code(), "");
            let head = blank(self.ports, self.tenant, day, name).await?;
            let net = deposited.get(&day).copied().unwrap_or(Money::rub(0));
            let head = Filing { lands: self.account, net, opening, closing: standing, ..head };
            keep(self.ports, self.tenant, head, &lines).await?;
        }
        Ok(posted)
    }

    /// The day and the amount a line moved the account by.
    fn moved(&self, line: &Line) -> Option<(Date, Money)> {
        let on = line.booked?;
        let out = line.account == self.number && line.direction != Direction::In;
        let into = (line.account == self.number && line.direction == Direction::In)
            || (line.direction == Direction::Between && line.payee.account == self.number);
        let out_amount = || line.amount.zero().minus(line.amount).ok();
        if out { Some((on, out_amount()?)) } else { into.then_some((on, line.amount)) }
    }

    fn read(&self, line: &Line, found: &Match, on: Date) -> Read {
        let own = |id: &str| self.payouts.get(id).filter(|(tenant, _)| tenant == self.tenant);
        let of_payout = |id: &str, extra: bool| {
            let Some((_, payout)) = own(id) else { return Read { what: What::Own, posting: None } };
            let leaves = payout.leaves();
            let out = line.direction == Direction::Out;
            let what = if out { What::Payout(payout.number) } else { What::PayoutReturned(payout.number) };
            let (debit, credit) = (Account::PayoutInTransit, self.account);
            // Its own entry has it leave the account it was to leave from: perhaps it left another.
            let elsewhere = (self.account != leaves).then_some((leaves, self.account));
            let posting = if extra { Some((debit, credit)) } else { elsewhere };
            let posting = posting.map(|(debit, credit)| if out { (debit, credit) } else { (credit, debit) });
            Read { what, posting }
        };
        match &found.outcome {
            Outcome::Confirmed { payout, .. } | Outcome::Partial { payout, .. } => return of_payout(payout, false),
            Outcome::Returned { payout, amount, .. } => {
                let whole = own(payout).is_none_or(|(_, known)| known.amount == *amount);
                return of_payout(payout, !whole);
            }
            Outcome::Contradiction { payout, .. } => return of_payout(payout, true),
            Outcome::Repeat => {
                let named = self.payouts.iter().find(|(_, (_, payout))| payout.lines.contains(&found.name));
                if let Some((id, _)) = named {
                    return of_payout(id, false);
                }
            }
            Outcome::Candidates { .. } | Outcome::Unknown | Outcome::Waiting => {}
        }
        // The agent takes its fee off the nominal account, or makes something good there. It is posted once, where both are told of.
        let ([nominal, settlement], sides) = (self.own, (line.payer.account.as_str(), line.payee.account.as_str()));
        let between = match sides {
            _ if nominal.is_empty() => None,
            (from, to) if from == nominal && to == settlement => Some((Account::Settlement, Account::Nominal)),
            (from, to) if from == settlement && to == nominal => Some((Account::Nominal, Account::Settlement)),
            _ => None,
        };
        if let Some(posting) = between {
            return Read { what: What::Own, posting: Some(posting).filter(|_| self.account == Account::Nominal) };
        }
        for (id, rules) in &self.rules.accounts {
            let at = lands(self.partner, id);
            let here = (at == Account::Nominal) == (self.account == Account::Nominal);
            let Some(deposits) = rules.deposits.as_ref().filter(|rules| here && is_deposit(rules, line)) else {
                continue;
            };
            let (from, until) = days_of(&line.purpose, on, deposits.days_before);
            // What lands on a nominal account is booked there from the beginning.
            let posting = match (self.account, line.direction) {
                (Account::Nominal, _) => None,
                (_, Direction::In) => Some((self.account, at)),
                (_, Direction::Out | Direction::Between) => Some((at, self.account)),
            };
            return Read { what: What::Deposit { account: id.clone(), lands: at, from, until }, posting };
        }
        Read { what: What::Unknown, posting: None }
    }

    async fn post(&self, name: &str, on: Date, posting: Posting, now: Timestamp) -> Result<bool, WorkflowError> {
        let entry = BookEntry {
            id: format!("line/{}/{name}", self.account.code()),
            at: now,
            on: Some(on).filter(|on| *on < moscow_date(now)),
            kind: BookKind::Settled,
            reason: String::new(),
            by: String::new(),
            postings: vec![posting],
        };
        Ok(books::enter(self.ports, self.tenant, &entry, Also::default()).await? == Written::Now)
    }
}

/// Whether a line is a bank's transfer by its rules. Rules that name nothing fit nothing.
fn is_deposit(rules: &DepositRules, line: &Line) -> bool {
    let inn = rules.payer_inn.as_ref().is_none_or(|inn| *inn == line.other().inn);
    let words = rules.purpose.as_ref().map(|words| words.to_lowercase());
    let purpose = words.is_none_or(|words| line.purpose.to_lowercase().contains(&words));
    (rules.payer_inn.is_some() || rules.purpose.is_some()) && inn && purpose && line.direction != Direction::Between
}

/// The days a deposit is for: those its purpose names, one or the first and the last of several; else some days before its own.
fn days_of(purpose: &str, on: Date, before: u8) -> (Date, Date) {
    let words = purpose.split(|c: char| !c.is_ascii_digit() && c != '.').map(|word| word.trim_matches('.'));
    let mut days: Vec<Date> = words.filter_map(dotted).filter(|day| *day <= on).collect();
    days.sort_unstable();
    match (days.first(), days.last()) {
        (Some(first), Some(last)) if last.since(*first).is_ok_and(|span| span.get_days() <= DEPOSIT_DAYS_MAX) => {
            (*first, *last)
        }
        (_, Some(last)) => (*last, *last),
        _ => {
            let day = on.saturating_sub(Span::new().days(i64::from(before)));
            (day, day)
        }
    }
}

/// `20.11.2026` or `20.11.26`.
fn dotted(word: &str) -> Option<Date> {
    let parts: Vec<&str> = word.split('.').collect();
    let [day, month, year] = parts.as_slice() else { return None };
    let century = if year.len() == 2 { 2000 } else { 0 };
    Date::new(year.parse::<i16>().ok()?.checked_add(century)?, month.parse().ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_deposit_says_which_days_it_is_for() {
        let on = date(2026, 11, 23);
        let of = |purpose| days_of(purpose, on, 1);
        let day = |day| date(2026, 11, day);
        assert_eq!(of("Возмещение по операциям за 20.11.2026"), (day(20), day(20)));
        assert_eq!(of("Возмещение за 20.11.26-22.11.26, договор 1 от 01.02.2026"), (day(22), day(22)), "too long");
        assert_eq!(of("за период с 20.11.2026 по 22.11.2026"), (day(20), day(22)));
        assert_eq!(of("Возмещение по договору"), (day(22), day(22)));
        assert_eq!(of("срок до 31.12.2026"), (day(22), day(22)), "a day to come is none of its days");
    }
}
