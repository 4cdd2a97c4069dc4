//! Income tax of natural persons: withheld with the payout, given back with a payout that came back, remitted to the budget.
//!
//! The payee's year is read before a payout and written with it under its version. Whoever pays the same person at the same moment is
//! refused by the table and looks again: no income is taxed twice as the first of its year.

use std::collections::{BTreeMap, BTreeSet};

use domain::bank_exchange::{self, Direction, Line, PaymentOrder};
use domain::id::Tenant;
use domain::income_tax::{self, CODE_CONTRACT, Payment, Report, Row, Totals, Year};
use domain::ledger::{Account, BookEntry, BookKind, Posting};
use domain::money::Money;
use domain::partner::Partner;
use domain::payout::{Payout, Tax};
use domain::time::{Timestamp, moscow_date, whole_seconds};
use jiff::civil::Date;
use storage::books::{Also, Written};
use storage::devices::Versioned;
pub use storage::income::{Registered, Remittance};

use crate::books;
use crate::clock;
use crate::error::WorkflowError;
use crate::ports::Ports;

/// The first year there is a register of.
const FIRST_YEAR: i16 = 2026;

/// What a payout's tax is, and what is written of it.
#[derive(Debug, Clone)]
pub struct Taxed {
    /// The payee's year as it was read.
    pub year: Versioned<Year>,
    /// The register's new row.
    pub row: Registered,
    /// What the payout says of it.
    pub tax: Tax,
}

/// Whose register a tenant's payouts stand in: one of all live ones, and one of each test tenant's own.
pub fn scope(tenant: &Tenant) -> Option<&Tenant> {
    Some(tenant).filter(|tenant| tenant.is_test())
}

/// The tax of a payout of `gross`. Nothing where none is withheld from who is paid, or where nothing is paid.
pub async fn taxed(
    ports: &Ports,
    tenant: &Tenant,
    partner: &Partner,
    gross: Money,
    now: Timestamp,
    payout: &str,
) -> Result<Option<Taxed>, WorkflowError> {
    let payee = partner.payout.payee.as_ref().filter(|payee| income_tax::is_withheld_from(payee.kind));
    let Some(payee) = payee.filter(|_| gross.is_positive()) else { return Ok(None) };
    let on = moscow_date(now);
    let year = ports.store.income_year(scope(tenant), on.year(), &payee.inn).await?;
    let payment = Payment {
        payee: payee.inn.clone(),
        on,
        residency: payee.residency,
        code: CODE_CONTRACT,
        income: gross,
        deduction: gross.zero(),
        reference: payout.to_owned(),
    };
    let row = income_tax::pay(&year.row.totals, &payment)?;
    let tax = Tax { year: row.year, residency: row.residency, income: gross, withheld: row.withheld };
    let row = Registered { tenant: tenant.clone(), name: payee.name.clone(), row };
    Ok(Some(Taxed { year, row, tax }))
}

/// What becomes of the payee's year when a payout comes back. Nothing where it was not taxed.
pub async fn undone(
    ports: &Ports,
    tenant: &Tenant,
    payout: &Payout,
    now: Timestamp,
) -> Result<Option<Taxed>, WorkflowError> {
    let Some(tax) = payout.tax.clone() else { return Ok(None) };
    let year = ports.store.income_year(scope(tenant), tax.year, &payout.inn).await?;
    let nothing = tax.income.zero();
    // What the payee has paid back meanwhile was taken off the year's income then.
    let income = tax.income.at_most(year.row.totals.income)?;
    let paid = Row {
        payee: payout.inn.clone(),
        year: tax.year,
        on: moscow_date(payout.at),
        residency: tax.residency,
        code: CODE_CONTRACT,
        income,
        deduction: nothing,
        computed: nothing,
        withheld: tax.withheld,
        returned: nothing,
        remit_by: None,
        reference: payout.id.clone(),
    };
    let row = income_tax::undo(&year.row.totals, &paid, year.row.residency, moscow_date(now))?;
    let row = Registered { tenant: tenant.clone(), name: payout.payee.clone(), row };
    Ok(Some(Taxed { year, row, tax }))
}

/// A year of a payee's that pays back what they owed, and its new row.
#[derive(Debug, Clone)]
pub struct TakenBack {
    /// The year as it was read.
    pub year: Versioned<Year>,
    /// The register's new row.
    pub row: Registered,
}

/// What becomes of the payee's income when they pay back `amount` of what they had been paid: it is taken off the year in which they came to
/// owe it (`since`), and off the years before as far as that one has not so much. The tax withheld too much lowers what is withheld next in
/// that year, or is given back on the payee's application. Nothing where none is withheld from who is paid.
pub async fn taken_back(
    ports: &Ports,
    tenant: &Tenant,
    partner: &Partner,
    amount: Money,
    (since, on): (Date, Date),
    reference: &str,
) -> Result<Vec<TakenBack>, WorkflowError> {
    let payee = partner.payout.payee.as_ref().filter(|payee| income_tax::is_withheld_from(payee.kind));
    let Some(payee) = payee else { return Ok(Vec::new()) };
    let (mut left, mut taken) = (amount, Vec::new());
    for year in (FIRST_YEAR..=since.year()).rev() {
        let year = ports.store.income_year(scope(tenant), year, &payee.inn).await?;
        let income = left.at_most(year.row.totals.income)?;
        if !income.is_positive() {
            continue;
        }
        let correction = Payment {
            payee: payee.inn.clone(),
            on,
            residency: year.row.residency,
            code: CODE_CONTRACT,
            income,
            deduction: income.zero(),
            reference: reference.to_owned(),
        };
        let row = income_tax::take_back(&year.row.totals, &correction)?;
        let row = Registered { tenant: tenant.clone(), name: payee.name.clone(), row };
        taken.push(TakenBack { year, row });
        left = left.minus(income)?;
        if !left.is_positive() {
            break;
        }
    }
    Ok(taken)
}

/// What the register says of one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audited {
    /// Withheld less given back, over all years.
    pub withheld: Money,
    /// Payees' years that are not the sum of their rows: ИНН and year.
    pub broken: Vec<(String, i16)>,
}

/// Adds a tenant's rows up, and each of its payees' years from all its rows.
pub async fn audited(ports: &Ports, tenant: &Tenant, now: Timestamp) -> Result<Audited, WorkflowError> {
    let test = scope(tenant);
    let (mut withheld, mut broken) = (Money::rub(0), Vec::new());
    for year in FIRST_YEAR..=moscow_date(now).year() {
        let rows = ports.store.income_register(test, year).await?;
        let mut payees = BTreeSet::new();
        for Registered { row, .. } in rows.iter().filter(|registered| registered.tenant == *tenant) {
            withheld = withheld.plus(row.withheld)?.minus(row.returned)?;
            payees.insert(row.payee.as_str());
        }
        for payee in payees {
            let own = rows.iter().map(|registered| &registered.row).filter(|row| row.payee == payee);
            let made = Totals::of(year, own)?;
            if ports.store.income_year(test, year, payee).await?.row.totals != made {
                broken.push((payee.to_owned(), year));
            }
        }
    }
    Ok(Audited { withheld, broken })
}

/// The figures of 6-НДФЛ up to the end of a quarter.
pub async fn report(ports: &Ports, test: Option<&Tenant>, year: i16, quarter: u8) -> Result<Report, WorkflowError> {
    let rows = ports.store.income_register(test, year).await?;
    let rows: Vec<Row> = rows.into_iter().map(|registered| registered.row).collect();
    Ok(income_tax::report(year, quarter, &rows)?)
}

/// Makes the payment orders of withheld tax whose term has come to its end or is here: of each term what was withheld, less what was
/// given back, less what was remitted before. Asked twice, or at once, it makes none twice.
pub async fn remit(ports: &Ports, test: Option<&Tenant>) -> Result<Vec<Remittance>, WorkflowError> {
    let now = match test {
        Some(tenant) => clock::now(ports, tenant).await?,
        None => whole_seconds(ports.clock.now()),
    };
    let today = moscow_date(now);
    let mut rows = Vec::new();
    for year in FIRST_YEAR..=today.year() {
        rows.extend(ports.store.income_register(test, year).await?);
    }
    let mut known = ports.store.remittances(test).await?;
    let terms: BTreeSet<Date> = rows.iter().filter_map(|registered| registered.row.remit_by).collect();
    let current = income_tax::remit_by(today).value;
    let mut made = Vec::new();
    for term in terms.into_iter().filter(|term| *term < current || *term <= today) {
        let shares = due(&rows, &known, term)?;
        let amount = shares.iter().try_fold(Money::rub(0), |sum, (_, part)| sum.plus(*part))?;
        if !amount.is_positive() {
            continue; // what was given back lowers the next term's
        }
        let before = known.iter().filter(|remittance| remittance.term == term).count();
        let remittance = Remittance {
            version: 1,
            term,
            no: u32::try_from(before + 1).unwrap_or(u32::MAX),
            number: ports.store.next_payment_order().await?,
            at: now,
            amount,
            parts: shares,
            paid: None,
        };
        if ports.store.put_remittance(test, &remittance).await? == Written::Now {
            known.push(remittance.clone());
            made.push(remittance);
        }
    }
    Ok(made)
}

/// What each tenant's books owe the budget up to a term, less what was remitted.
fn due(rows: &[Registered], known: &[Remittance], term: Date) -> Result<Vec<(Tenant, Money)>, WorkflowError> {
    let mut due: BTreeMap<Tenant, Money> = BTreeMap::new();
    for Registered { tenant, row, .. } in rows {
        if row.remit_by.is_some_and(|by| by <= term) {
            let sum = due.entry(tenant.clone()).or_insert(Money::rub(0));
            *sum = sum.plus(row.withheld)?.minus(row.returned)?;
        }
    }
    for (tenant, part) in known.iter().filter(|remittance| remittance.term <= term).flat_map(|one| &one.parts) {
        let sum = due.entry(tenant.clone()).or_insert(Money::rub(0));
        *sum = sum.minus(*part)?;
    }
    Ok(due.into_iter().filter(|(_, sum)| !sum.is_zero()).collect())
}

/// The payment order of a remittance.
pub fn payment_order(ports: &Ports, remittance: &Remittance) -> PaymentOrder {
    let payer = ports.settings.payer.side();
    PaymentOrder::of_tax(remittance.number, moscow_date(remittance.at), remittance.amount, &payer)
}

/// Takes down that a remittance has left the account, in every tenant's book it pays for. Answers whether it was news.
async fn remitted(
    ports: &Ports,
    test: Option<&Tenant>,
    remittance: &Remittance,
    on: Date,
    reference: &str,
) -> Result<bool, WorkflowError> {
    for (tenant, part) in &remittance.parts {
        let posting = if part.is_positive() {
            Posting::new(Account::IncomeTax, Account::Settlement, *part)
        } else {
            Posting::new(Account::Settlement, Account::IncomeTax, part.zero().minus(*part)?)
        };
        let now = clock::now(ports, tenant).await?;
        let entry = BookEntry {
            id: format!("{}/{}/{}", BookKind::TaxRemitted.code(), remittance.term, remittance.no),
            at: now,
            on: Some(on).filter(|on| *on < moscow_date(now)),
            kind: BookKind::TaxRemitted,
            reason: format!("НДФЛ со сроком {}", remittance.term.strftime("%d.%m.%Y")),
            by: String::new(),
            postings: vec![posting],
        };
        // Cut short between two books, it goes on where it was: an entry is made once.
        books::enter(ports, tenant, &entry, Also::default()).await?;
    }
    let paid = Some((on, reference.to_owned()));
    let next = Remittance { paid, version: remittance.version + 1, ..remittance.clone() };
    Ok(ports.store.put_remittance(test, &next).await? == Written::Now)
}

/// Takes down what a statement's line says of a remittance: money to the Treasury by our payment order. Answers the order's number and
/// whether it was news; nothing where the line is no remittance's.
pub async fn seen(ports: &Ports, line: &Line) -> Result<Option<(u32, bool)>, WorkflowError> {
    let to_treasury = line.direction == Direction::Out && line.payee.account == bank_exchange::treasury().account;
    let (Some(on), true) = (line.booked, to_treasury) else { return Ok(None) };
    let mut scopes = vec![None];
    scopes.extend(ports.store.tenants().await?.into_iter().filter(Tenant::is_test).map(Some));
    for test in &scopes {
        let known = ports.store.remittances(test.as_ref()).await?;
        let is =
            |of: &&Remittance| of.number.to_string() == line.number.trim_start_matches('0') && of.amount == line.amount;
        if let Some(found) = known.iter().rev().find(is) {
            let news = found.paid.is_none() && remitted(ports, test.as_ref(), found, on, &line.number).await?;
            return Ok(Some((found.number, news)));
        }
    }
    Ok(None)
}
