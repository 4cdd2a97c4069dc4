//! Days of a tenant's journal, sealed one after the other, and what can be read from them.
//!
//! ```text
//!  sha256 of day n = SHA-256(sha256 of day n-1, the day, every line of it in the order of time, source and number)
//! ```
//!
//! A day holds what was *recorded* in it (Moscow time), sorted by when it takes *effect*: so a statement has two times, and can say
//! what the books of one day looked like as they were known on another.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Account, Posting};
use crate::money::Money;
use crate::time::{Timestamp, moscow_date};

/// What a tenant's book entry is about. Entries are for what belongs to no single order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookKind {
    /// The bank's statement confirms a payout.
    PayoutConfirmed,
    /// The bank has sent a payout back.
    PayoutReturned,
    /// The personal account gave to a payout, or took from it.
    PayoutCarried,
    /// Income tax was withheld from a payout.
    TaxWithheld,
    /// Income tax that was withheld was paid to the budget.
    TaxRemitted,
    /// A service of the platform was paid from the balance.
    ServiceBought,
    /// The partner has paid ahead for services, to our settlement account.
    PrepaidPaid,
    /// Available money was moved to what is paid ahead.
    PrepaidMoved,
    /// The partner was invoiced for what they owe.
    DebtInvoiced,
    /// The partner has paid what they owed.
    DebtPaid,
    /// A month's receipts and messages were put to the platform's expense.
    UsageBooked,
    /// The acquirer has transferred what it took.
    Settled,
    /// An accountant has closed a difference.
    Corrected,
}

impl BookKind {
    /// The stable code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::PayoutConfirmed => "payout.confirmed",
            Self::PayoutReturned => "payout.returned",
            Self::PayoutCarried => "payout.carried",
            Self::TaxWithheld => "tax.withheld",
            Self::TaxRemitted => "tax.remitted",
            Self::ServiceBought => "service.bought",
            Self::PrepaidPaid => "prepaid.paid",
            Self::PrepaidMoved => "prepaid.moved",
            Self::DebtInvoiced => "debt.invoiced",
            Self::DebtPaid => "debt.paid",
            Self::UsageBooked => "usage.booked",
            Self::Settled => "bank.settled",
            Self::Corrected => "books.corrected",
        }
    }
}

/// A book entry. Its id is made of what it is about, so that the same thing is never entered twice; never changed once written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookEntry {
    /// Unique in the tenant's book; part of the key.
    #[serde(skip)]
    pub id: String,
    /// When it was recorded.
    #[serde(rename = "t", with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// The day it belongs to, where that is earlier.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Date>,
    /// What it is about.
    #[serde(rename = "k")]
    pub kind: BookKind,
    /// Why, in a person's words.
    #[serde(rename = "r", default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Who.
    #[serde(rename = "w", default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Postings.
    #[serde(rename = "p")]
    pub postings: Vec<Posting>,
}

/// Postings of one entry, of an order's journal or of the tenant's book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When it was recorded.
    pub at: Timestamp,
    /// The order, or the book entry.
    pub source: String,
    /// Number of the entry in its source.
    pub no: u16,
    /// What happened: the stable code.
    pub event: &'static str,
    /// The day it belongs to, where that is earlier than its recording.
    pub on: Option<Date>,
    /// Postings.
    pub postings: Vec<Posting>,
}

impl Line {
    /// A book entry's.
    pub fn of_book(entry: &BookEntry) -> Self {
        let BookEntry { at, on, kind, postings, .. } = entry;
        Self { at: *at, source: entry.id.clone(), no: 1, event: kind.code(), on: *on, postings: postings.clone() }
    }

    /// The day a posting takes effect.
    pub fn effective(&self, posting: &Posting) -> Date {
        self.on.unwrap_or_else(|| moscow_date(posting.effective(self.at)))
    }

    fn place(&self) -> (Timestamp, &str, u16) {
        (self.at, &self.source, self.no)
    }
}

/// Debits and credits, in kopecks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Turnover {
    /// Debits.
    #[serde(rename = "d", default)]
    pub debit: i64,
    /// Credits.
    #[serde(rename = "c", default)]
    pub credit: i64,
}

/// A sealed day. Days on which nothing was recorded may be passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayBook {
    /// The day (Moscow); part of the key.
    #[serde(skip, default = "epoch")]
    pub day: Date,
    /// 1, 2, … without gaps.
    #[serde(rename = "n")]
    pub no: u32,
    /// The seal of the day before.
    #[serde(rename = "q", default, skip_serializing_if = "Option::is_none")]
    pub previous_sha256: Option<String>,
    /// The seal, hex.
    #[serde(rename = "h")]
    pub sha256: String,
    /// How many entries it seals.
    #[serde(rename = "l")]
    pub entries: u32,
    /// What was recorded, by the day it takes effect and by account.
    #[serde(rename = "u")]
    pub turnover: BTreeMap<Date, BTreeMap<Account, Turnover>>,
    /// All that was recorded until the day's end, debits less credits in kopecks.
    #[serde(rename = "b")]
    pub balances: BTreeMap<Account, i64>,
}

const fn epoch() -> Date {
    Date::constant(1970, 1, 1)
}

impl DayBook {
    /// Whether anything was recorded that day that is the partner's concern; what the platform pays its suppliers is not.
    pub fn concerns_partner(&self) -> bool {
        let own = |account: &Account| matches!(account, Account::Messaging | Account::Suppliers);
        self.turnover.values().flat_map(BTreeMap::keys).any(|account| !own(account))
    }
}

/// Why a day can not be sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The day before is not before.
    #[error("{day} can not follow {last}, which is sealed")]
    Order {
        /// The day to be sealed.
        day: Date,
        /// The last one that is.
        last: Date,
    },
    /// An entry of another day.
    #[error("an entry recorded at {0} does not belong to the day")]
    Day(Timestamp),
    /// Two entries of one source have one number.
    #[error("entry {1} of {0} is there twice")]
    Twice(String, u16),
    /// The sums do not fit.
    #[error("an amount is larger than can be represented")]
    Overflow,
}

impl DayBook {
    /// Seals a day after the last one that is sealed.
    ///
    /// # Errors
    /// The lines are not the day's, or not each there once.
    pub fn seal(last: Option<&Self>, day: Date, mut lines: Vec<Line>) -> Result<Self, SealError> {
        if let Some(last) = last.filter(|last| last.day >= day) {
            return Err(SealError::Order { day, last: last.day });
        }
        lines.retain(|line| !line.postings.is_empty());
        lines.sort_by(|one, other| one.place().cmp(&other.place()));
        let previous_sha256 = last.map(|last| last.sha256.clone());
        let mut digest = Sha256::new();
        digest.update(previous_sha256.as_deref().unwrap_or_default());
        digest.update(format!("\n{day}\n"));
        let mut turnover: BTreeMap<Date, BTreeMap<Account, Turnover>> = BTreeMap::new();
        let mut balances = last.map(|last| last.balances.clone()).unwrap_or_default();
        let mut before: Option<(&str, u16)> = None;
        for line in &lines {
            if moscow_date(line.at) != day {
                return Err(SealError::Day(line.at));
            }
            if before == Some((&line.source, line.no)) {
                return Err(SealError::Twice(line.source.clone(), line.no));
            }
            before = Some((&line.source, line.no));
            for posting in &line.postings {
                let effective = line.effective(posting);
                digest.update(written(line, posting, effective));
                let of_day = turnover.entry(effective).or_default();
                add(&mut of_day.entry(posting.debit).or_default().debit, posting.amount.minor())?;
                add(&mut of_day.entry(posting.credit).or_default().credit, posting.amount.minor())?;
                add(balances.entry(posting.debit).or_default(), posting.amount.minor())?;
                add(balances.entry(posting.credit).or_default(), -posting.amount.minor())?;
            }
        }
        Ok(Self {
            day,
            no: last.map_or(0, |last| last.no).saturating_add(1),
            previous_sha256,
            sha256: hex::encode(digest.finalize()),
            entries: u32::try_from(lines.len()).map_err(|_| SealError::Overflow)?,
            turnover,
            balances,
        })
    }
}

/// A posting as its day's seal covers it: one line of text, so that any program can make the seal again. The lines follow the seal
/// of the day before (hex; nothing before the first), a line break, the day and a line break.
///
/// ```text
/// recorded (Unix seconds)|source|number|event|debit|credit|3000.00 RUB|the day it takes effect|from when, if later (Unix seconds)
/// ```
fn written(line: &Line, posting: &Posting, effective: Date) -> String {
    let Posting { debit, credit, amount, from } = posting;
    let from = from.map(|from| from.as_second().to_string()).unwrap_or_default();
    format!(
        "{}|{}|{}|{}|{}|{}|{amount}|{effective}|{from}\n",
        line.at.as_second(),
        line.source,
        line.no,
        line.event,
        debit.code(),
        credit.code()
    )
}

fn add(sum: &mut i64, minor: i64) -> Result<(), SealError> {
    *sum = sum.checked_add(minor).ok_or(SealError::Overflow)?;
    Ok(())
}

/// Balances of a day, as they were known at the end of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What takes effect later is not in it.
    pub effective: Date,
    /// What was recorded later is not in it.
    pub known: Date,
    /// Debits less credits, in kopecks.
    pub balances: BTreeMap<Account, i64>,
}

impl Statement {
    /// Adds up sealed days.
    ///
    /// # Errors
    /// A sum does not fit.
    pub fn of<'a>(
        books: impl IntoIterator<Item = &'a DayBook>,
        effective: Date,
        known: Date,
    ) -> Result<Self, SealError> {
        let mut balances = BTreeMap::new();
        for book in books.into_iter().filter(|book| book.day <= known) {
            for (account, turnover) in book.turnover.range(..=effective).flat_map(|(_, accounts)| accounts) {
                let sum: &mut i64 = balances.entry(*account).or_default();
                add(sum, turnover.debit)?;
                add(sum, -turnover.credit)?;
            }
        }
        Ok(Self { effective, known, balances })
    }

    /// Debits less credits of an account.
    pub fn balance(&self, account: Account) -> Money {
        Money::rub(self.balances.get(&account).copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn line(at_text: &str, source: &str, no: u16, postings: Vec<Posting>) -> Line {
        Line { at: at(at_text), source: source.to_owned(), no, event: "order.paid", on: None, postings }
    }

    fn taken(minor: i64) -> Posting {
        Posting::new(Account::BankClearing, Account::PartnerPending, Money::rub(minor))
    }

    fn matured(minor: i64, from: &str) -> Posting {
        let posting = Posting::new(Account::PartnerPending, Account::PartnerAvailable, Money::rub(minor));
        Posting { from: Some(at(from)), ..posting }
    }

    fn two_days() -> Vec<DayBook> {
        let one = vec![line("2026-11-20T10:00:00Z", "a", 2, vec![taken(300)])];
        let first = DayBook::seal(None, one[0].at.to_zoned(jiff::tz::TimeZone::UTC).date(), one).unwrap();
        let two = vec![line("2026-11-21T10:00:00Z", "a", 5, vec![matured(300, "2026-11-24T10:00:00Z")])];
        let second = DayBook::seal(Some(&first), first.day.tomorrow().unwrap(), two).unwrap();
        vec![first, second]
    }

    #[test]
    fn a_statement_has_two_times() {
        let books = two_days();
        let day = |day| Date::constant(2026, 11, day);
        let of = |effective, known| Statement::of(&books, day(effective), day(known)).unwrap();
        let figures = |effective, known| {
            let statement = of(effective, known);
            [Account::BankClearing, Account::PartnerPending, Account::PartnerAvailable]
                .map(|account| statement.balance(account).minor())
        };
        assert_eq!(figures(20, 20), [300, -300, 0]);
        assert_eq!(figures(23, 21), [300, -300, 0], "not mature yet");
        assert_eq!(figures(24, 21), [300, 0, -300], "known on the 21st to be available on the 24th");
        assert_eq!(figures(24, 20), [300, -300, 0], "not known on the 20th");
        assert_eq!(books[1].balances.values().sum::<i64>(), 0);
    }

    #[test]
    fn any_change_of_an_entry_breaks_the_chain() {
        let [first, second] = two_days().try_into().unwrap();
        assert_eq!(second.previous_sha256.as_ref(), Some(&first.sha256));
        let day = first.day;
        let seal = |lines| DayBook::seal(None, day, lines).unwrap().sha256;
        let line = || line("2026-11-20T10:00:00Z", "a", 2, vec![taken(300)]);
        assert_eq!(seal(vec![line()]), first.sha256);
        let changed = [
            Line { at: at("2026-11-20T10:00:01Z"), ..line() },
            Line { source: "b".to_owned(), ..line() },
            Line { no: 3, ..line() },
            Line { event: "order.refunded", ..line() },
            Line { on: Some(day.yesterday().unwrap()), ..line() },
            Line { postings: vec![taken(301)], ..line() },
            Line { postings: vec![taken(300).reversed()], ..line() },
            Line { postings: vec![matured(300, "2026-11-24T10:00:00Z")], ..line() },
        ];
        for changed in changed {
            assert_ne!(seal(vec![changed.clone()]), first.sha256, "{changed:?}");
        }
        let other = DayBook::seal(
            Some(&first),
            day.tomorrow().unwrap(),
            vec![Line { at: at("2026-11-21T10:00:00Z"), ..line() }],
        );
        assert_ne!(other.unwrap().sha256, second.sha256);
    }

    #[test]
    fn a_day_is_sealed_once_and_of_its_own_entries() {
        let [first, _] = two_days().try_into().unwrap();
        let line = || line("2026-11-20T10:00:00Z", "a", 2, vec![taken(300)]);
        assert!(matches!(DayBook::seal(Some(&first), first.day, vec![line()]), Err(SealError::Order { .. })));
        let tomorrow = first.day.tomorrow().unwrap();
        assert!(matches!(DayBook::seal(Some(&first), tomorrow, vec![line()]), Err(SealError::Day(_))));
        assert!(matches!(DayBook::seal(None, first.day, vec![line(), line()]), Err(SealError::Twice(_, 2))));
        let empty = DayBook::seal(Some(&first), tomorrow, Vec::new()).unwrap();
        assert_eq!((empty.entries, &empty.balances), (0, &first.balances));
        assert_ne!(empty.sha256, first.sha256);
    }

    proptest! {
        #[test]
        fn the_last_days_balances_are_the_sum_of_all_turnover(days in proptest::collection::vec(proptest::collection::vec((1_i64..1_000_000, 0_usize..14, 1_usize..14, 0_i64..9), 0..6), 1..8)) {
            let start = Date::constant(2026, 11, 1);
            let mut books: Vec<DayBook> = Vec::new();
            for (back, day) in days.iter().enumerate() {
                let date = start.saturating_add(jiff::Span::new().days(i64::try_from(back).unwrap()));
                let noon = crate::time::MOSCOW.to_timestamp(date.at(12, 0, 0, 0)).unwrap();
                let lines = day.iter().enumerate().map(|(no, (minor, debit, step, later))| {
                    let posting = Posting::new(Account::ALL[*debit], Account::ALL[(debit + step) % Account::ALL.len()], Money::rub(*minor));
                    let from = (*later > 0).then(|| crate::time::plus_seconds(noon, later * 86_400));
                    let postings = vec![Posting { from, ..posting }];
                    Line { at: noon, source: format!("o{no}"), no: 1, event: "order.paid", on: None, postings }
                });
                let sealed = DayBook::seal(books.last(), date, lines.collect()).unwrap();
                books.push(sealed);
            }
            let far = Date::constant(2027, 1, 1);
            let all = Statement::of(&books, far, far).unwrap();
            let last = books.last().map(|book| book.balances.clone()).unwrap_or_default();
            prop_assert_eq!(&all.balances, &last);
            prop_assert_eq!(all.balances.values().sum::<i64>(), 0);
            for (at, book) in books.iter().enumerate() {
                prop_assert_eq!(usize::try_from(book.no).unwrap(), at + 1);
                prop_assert_eq!(Statement::of(&books, far, book.day).unwrap().balances, book.balances.clone());
            }
        }
    }
}
