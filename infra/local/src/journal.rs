//! `apikassa journal`: every posting of a folder's store as text, for a program that we did not write to make the books again.
//!
//! As JSON it is what the seals cover and what is sealed; as Beancount it is a ledger with our own balances as its assertions.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufWriter, Error, Write};
use std::path::Path;
use std::process::ExitCode;

use domain::id::Tenant;
use domain::ledger::{Account, DayBook, Line, Nature, Posting, SealError, Statement};
use domain::time::{Timestamp, moscow_date};
use jiff::civil::Date;
use serde_json::{Value, json};
use storage::table::Freshness;
use workflows::error::WorkflowError;
use workflows::ports::Ports;
use workflows::{audit, books, clock, payouts};

use crate::audit::{AuditError, Copied};
use crate::cli::{JournalArgs, JournalFormat};

/// The store could not be read.
const UNREADABLE: u8 = 2;
/// Before any posting.
const OPENED: Date = Date::constant(1970, 1, 1);

/// Why a journal was not printed.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The store.
    #[error("the store does not open")]
    Store(#[from] AuditError),
    /// A row.
    #[error("the store is not readable")]
    Read(#[from] WorkflowError),
    /// The sums.
    #[error("the sealed days can not be added up")]
    Sum(#[from] SealError),
    /// The output.
    #[error("the journal can not be written")]
    Write(#[from] Error),
}

/// What the books of a tenant are made of, and what is said of them.
pub struct Book {
    /// Whose.
    pub tenant: Tenant,
    /// Entries with postings, in the order of time, source and number.
    pub lines: Vec<Line>,
    /// Sealed days, earliest first.
    pub sealed: Vec<DayBook>,
    /// The audit's trial balance.
    pub balances: BTreeMap<&'static str, i64>,
}

/// Prints the journal; the exit code says whether the store could be read.
pub async fn run(args: &JournalArgs) -> ExitCode {
    match printed(&args.data, args.format).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("apikassa journal: {}: {}", args.data.display(), runtime::log::chain(&error));
            ExitCode::from(UNREADABLE)
        }
    }
}

async fn printed(data: &Path, format: JournalFormat) -> Result<(), JournalError> {
    let copied = Copied::of(data).await?;
    let books = read(&copied.ports).await;
    copied.close().await;
    let books = books?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    match format {
        JournalFormat::Beancount => write_beancount(&mut out, &books)?,
        JournalFormat::Json => writeln!(out, "{}", as_json(&books))?,
    }
    Ok(out.flush()?)
}

/// The books of every tenant.
///
/// # Errors
/// A row is not readable.
pub async fn read(ports: &Ports) -> Result<Vec<Book>, WorkflowError> {
    let mut balances = audit::audit(ports, &|| ()).await?.balances;
    let mut all = Vec::new();
    for tenant in ports.store.tenants().await? {
        let now = clock::now(ports, &tenant).await?;
        let orders = payouts::recent_orders(ports, &tenant, now, Freshness::Consistent).await?;
        let entries = ports.store.book_entries(&tenant, Date::MIN).await?;
        let mut lines: Vec<_> =
            orders.iter().flat_map(books::lines_of).chain(entries.iter().map(Line::of_book)).collect();
        lines.sort_by(|one, other| (one.at, &one.source, one.no).cmp(&(other.at, &other.source, other.no)));
        let sealed = ports.store.day_books(&tenant).await?;
        let balances = balances.remove(&tenant.to_string()).unwrap_or_default();
        all.push(Book { tenant, lines, sealed, balances });
    }
    Ok(all)
}

/// What the seals cover, as it is stored, and the sealed days as they are stored.
pub fn as_json(books: &[Book]) -> Value {
    let posting = |posting: &Posting| {
        json!({
            "debit": posting.debit.code(), "credit": posting.credit.code(), "amount": posting.amount,
            "from": posting.from.map(Timestamp::as_second),
        })
    };
    let entry = |line: &Line| {
        json!({
            "at": line.at.as_second(), "source": line.source, "no": line.no, "event": line.event, "on": line.on,
            "postings": line.postings.iter().map(posting).collect::<Vec<_>>(),
        })
    };
    let day = |book: &DayBook| {
        json!({
            "day": book.day, "no": book.no, "previous_sha256": book.previous_sha256, "sha256": book.sha256,
            "entries": book.entries, "turnover": book.turnover, "balances": book.balances,
        })
    };
    let tenants = books.iter().map(|book| {
        json!({
            "tenant": book.tenant.to_string(), "balances": book.balances,
            "entries": book.lines.iter().map(entry).collect::<Vec<_>>(),
            "sealed": book.sealed.iter().map(day).collect::<Vec<_>>(),
        })
    });
    json!({ "tenants": tenants.collect::<Vec<_>>() })
}

/// A Beancount ledger. Postings stand on the day they take effect, debits above zero; when they were recorded is said beside.
///
/// # Errors
/// It can not be written, or a sum does not fit.
pub fn write_beancount(out: &mut impl Write, books: &[Book]) -> Result<(), JournalError> {
    writeln!(out, "option \"title\" \"Apikassa\"\noption \"operating_currency\" \"RUB\"")?;
    for book in books {
        writeln!(out, "\n; {}", book.tenant)?;
        for account in Account::ALL {
            writeln!(out, "{OPENED} open {} RUB", named(&book.tenant, account))?;
        }
        for line in &book.lines {
            for posting in &line.postings {
                write_posting(out, book, line, posting)?;
            }
        }
        writeln!(out, "\n; The sealed days say so, with what was recorded since and belongs to them.")?;
        for day in &book.sealed {
            write_balances(out, book, day.day, &standing(book, day.day)?)?;
        }
        writeln!(out, "\n; The audit says so.")?;
        write_balances(out, book, last_day(book), &book.balances)?;
    }
    Ok(())
}

fn write_posting(out: &mut impl Write, book: &Book, line: &Line, posting: &Posting) -> Result<(), Error> {
    let amount = posting.amount.to_decimal();
    let currency = posting.amount.currency().code();
    writeln!(out, "\n{} * \"{}\" \"{}\"", line.effective(posting), quoted(&line.source), line.event)?;
    writeln!(out, "  recorded: {}", moscow_date(line.at))?;
    writeln!(out, "  moment: \"{}\"\n  no: {}", line.at, line.no)?;
    writeln!(out, "  {}  {amount} {currency}", named(&book.tenant, posting.debit))?;
    writeln!(out, "  {}  -{amount} {currency}", named(&book.tenant, posting.credit))
}

/// Balances at the end of a day. To the kopeck: Beancount would let one pass.
fn write_balances(
    out: &mut impl Write,
    book: &Book,
    day: Date,
    balances: &BTreeMap<&'static str, i64>,
) -> Result<(), Error> {
    // Beancount looks at a balance as its day begins.
    let morning = day.tomorrow().unwrap_or(day);
    for account in Account::ALL {
        let minor = balances.get(account.code()).copied().unwrap_or_default();
        let amount = domain::money::Money::rub(minor).to_decimal();
        writeln!(out, "{morning} balance {}  {amount} ~ 0.00 RUB", named(&book.tenant, account))?;
    }
    Ok(())
}

/// What the sealed days say of a day's end; entries recorded since may belong to it too.
fn standing(book: &Book, day: Date) -> Result<BTreeMap<&'static str, i64>, SealError> {
    let through = book.sealed.last().map_or(Date::MIN, |last| last.day);
    let statement = Statement::of(&book.sealed, day, through)?;
    let mut sums: BTreeMap<_, _> = statement.balances.iter().map(|(account, minor)| (account.code(), *minor)).collect();
    for line in book.lines.iter().filter(|line| moscow_date(line.at) > through) {
        for posting in line.postings.iter().filter(|posting| line.effective(posting) <= day) {
            let minor = posting.amount.minor();
            for (account, minor) in [(posting.debit, minor), (posting.credit, -minor)] {
                let sum = sums.entry(account.code()).or_default();
                *sum = sum.checked_add(minor).ok_or(SealError::Overflow)?;
            }
        }
    }
    Ok(sums)
}

/// The last day on which anything takes effect.
fn last_day(book: &Book) -> Date {
    let days = book.lines.iter().flat_map(|line| line.postings.iter().map(|posting| line.effective(posting)));
    let days: BTreeSet<Date> = days.chain(book.sealed.iter().map(|day| day.day)).collect();
    days.last().copied().unwrap_or(OPENED)
}

/// An account's name: by its nature, then by whose it is.
fn named(tenant: &Tenant, account: Account) -> String {
    let root = match account.nature() {
        Nature::Asset => "Assets",
        Nature::Liability => "Liabilities",
        Nature::Income => "Income",
        Nature::Expense => "Expenses",
    };
    let of = tenant.to_string().replace('.', "-");
    format!("{root}:{}:{}", capital(&of), capital(account.code()))
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use domain::money::Money;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A payment of a sealed day that matures later, and a correction since that belongs to that day.
    fn book() -> Book {
        let line = |moment, source: &str, event, on, postings| Line {
            at: at(moment),
            source: source.to_owned(),
            no: 2,
            event,
            on,
            postings,
        };
        let taken = Posting::new(Account::BankClearing, Account::PartnerPending, Money::rub(30_005));
        let matured = Posting {
            from: Some(at("2026-11-23T21:00:00Z")),
            ..Posting::new(Account::PartnerPending, Account::PartnerAvailable, Money::rub(30_005))
        };
        let bank_fee = Posting::new(Account::Acquiring, Account::BankClearing, Money::rub(5));
        let day = Date::constant(2026, 11, 21);
        let first = line("2026-11-20T21:00:00Z", "ord_1", "order.paid", None, vec![taken, matured]);
        let since = line("2026-11-22T09:00:00Z", "fee \"1\"", "books.corrected", Some(day), vec![bank_fee]);
        let sealed = DayBook::seal(None, day, vec![first.clone()]).unwrap();
        let balances = [("bank", 30_000), ("available", -30_005), ("acquirer", 5), ("partner", 0)];
        Book {
            tenant: "demoshop.t".parse().unwrap(),
            lines: vec![first, since],
            sealed: vec![sealed],
            balances: BTreeMap::from(balances),
        }
    }

    #[test]
    fn a_posting_stands_on_the_day_it_takes_effect_and_balances_follow() {
        let mut out = Vec::new();
        write_beancount(&mut out, &[book()]).unwrap();
        let text = String::from_utf8(out).unwrap();
        let matured = "2026-11-24 * \"ord_1\" \"order.paid\"\n  recorded: 2026-11-21\n  moment: \"2026-11-20T21:00:00Z\"\n  no: 2\n  \
            Liabilities:Demoshop-t:Partner  300.05 RUB\n  Liabilities:Demoshop-t:Available  -300.05 RUB\n";
        assert!(text.contains(matured), "{text}");
        assert!(
            text.contains("2026-11-21 * \"fee \\\"1\\\"\" \"books.corrected\"\n  recorded: 2026-11-22\n"),
            "{text}"
        );
        for balance in [
            "2026-11-22 balance Assets:Demoshop-t:Bank  300.00 ~ 0.00 RUB",
            "2026-11-22 balance Liabilities:Demoshop-t:Partner  -300.05 ~ 0.00 RUB",
            "2026-11-22 balance Liabilities:Demoshop-t:Available  0.00 ~ 0.00 RUB",
            "2026-11-25 balance Liabilities:Demoshop-t:Available  -300.05 ~ 0.00 RUB",
            "2026-11-25 balance Expenses:Demoshop-t:Acquirer  0.05 ~ 0.00 RUB",
        ] {
            assert!(text.contains(balance), "{balance}: {text}");
        }
    }

    #[test]
    fn json_has_what_the_seal_covers() {
        let told = as_json(&[book()]);
        let tenant = &told["tenants"][0];
        let posting = json!({ "debit": "partner", "credit": "available", "amount": "30005RUB", "from": 1_795_467_600 });
        assert_eq!(tenant["entries"][0]["postings"][1], posting);
        assert_eq!(tenant["entries"][1]["on"], "2026-11-21");
        assert_eq!(tenant["sealed"][0]["turnover"]["2026-11-24"]["available"], json!({ "d": 0, "c": 30_005 }));
        assert_eq!(tenant["sealed"][0]["entries"], 1);
    }
}
