//! Double entry: a posting names both accounts, so that no book can fail to balance.
//!
//! An order's postings stand in its own journal, written in the same commit as the state they follow from; what belongs to no
//! order stands in the tenant's book entries. Days are sealed into a chain of hashes ([`DayBook`]) that any later change of an
//! entry breaks. Nothing here is a balance that is counted up: every balance is a sum of postings, and can be made again.

mod book;
mod chart;
mod prepaid;
mod purse;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub use book::{BookEntry, BookKind, DayBook, Line, SealError, Statement, Turnover};
pub use chart::{Account, Nature};
pub use prepaid::Prepaid;
pub use purse::Purse;

use crate::commission::Fee;
use crate::money::{Money, MoneyError};
use crate::time::Timestamp;

/// An amount moved from the credited account to the debited one. Always positive; a refund swaps the accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub struct Posting {
    /// Debited.
    pub debit: Account,
    /// Credited.
    pub credit: Account,
    /// How much.
    pub amount: Money,
    /// When it takes effect, where that is later than its recording: money that matures.
    pub from: Option<Timestamp>,
}

/// A posting as it is stored: three values, a fourth only where it takes effect later (Unix seconds).
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Row {
    Later(Account, Account, Money, i64),
    AtOnce(Account, Account, Money),
}

impl From<Row> for Posting {
    fn from(row: Row) -> Self {
        match row {
            Row::AtOnce(debit, credit, amount) => Self { debit, credit, amount, from: None },
            Row::Later(debit, credit, amount, from) => {
                Self { debit, credit, amount, from: Timestamp::from_second(from).ok() }
            }
        }
    }
}

impl From<Posting> for Row {
    fn from(posting: Posting) -> Self {
        let Posting { debit, credit, amount, from } = posting;
        match from {
            None => Self::AtOnce(debit, credit, amount),
            Some(from) => Self::Later(debit, credit, amount, from.as_second()),
        }
    }
}

impl Posting {
    /// A posting that takes effect when it is recorded.
    pub const fn new(debit: Account, credit: Account, amount: Money) -> Self {
        Self { debit, credit, amount, from: None }
    }

    /// The same amount the other way.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self { debit: self.credit, credit: self.debit, ..self }
    }

    /// When it takes effect, recorded at `at`.
    pub fn effective(&self, at: Timestamp) -> Timestamp {
        self.from.map_or(at, |from| from.max(at))
    }
}

fn moving(postings: impl IntoIterator<Item = Posting>) -> Vec<Posting> {
    postings.into_iter().filter(|posting| posting.amount.is_positive()).collect()
}

/// `amount` from the credited account to the debited one, the other way where it is below zero; nothing where it is nothing.
pub fn signed(debit: Account, credit: Account, amount: Money) -> Option<Posting> {
    match amount.minor() {
        0 => None,
        1.. => Some(Posting::new(debit, credit, amount)),
        below => Some(Posting::new(credit, debit, Money::new(below.saturating_neg(), amount.currency()))),
    }
}

/// A captured payment: the whole amount is owed to the partner, and the fee with its VAT is withheld at the same moment. `at` is
/// where the money lands. A part of the fee that is below zero goes back.
pub fn capture(at: Account, amount: Money, fee: Fee) -> Vec<Posting> {
    let moved = [
        signed(at, Account::PartnerPending, amount),
        signed(Account::PartnerPending, Account::Commission, fee.net),
        signed(Account::PartnerPending, Account::CommissionVat, fee.vat),
    ];
    moved.into_iter().flatten().collect()
}

/// A refund: a capture's postings, reversed.
pub fn refund(at: Account, amount: Money, fee: Fee) -> Vec<Posting> {
    capture(at, amount, fee).into_iter().map(Posting::reversed).collect()
}

/// A service of the platform that is paid from what stands at `from`. Its price includes VAT: `price × rate / (100 + rate)`, rounded half away
/// from zero to the kopeck; the rest is income.
///
/// # Errors
/// The amount does not fit.
pub fn service(from: Account, price: Money, vat_percent: Decimal) -> Result<Vec<Posting>, MoneyError> {
    let vat = included_vat(price, vat_percent)?;
    let moved = [signed(from, Account::Services, price.minus(vat)?), signed(from, Account::CommissionVat, vat)];
    Ok(moved.into_iter().flatten().collect())
}

/// The VAT that a price contains.
///
/// # Errors
/// The amount does not fit.
pub fn included_vat(price: Money, percent: Decimal) -> Result<Money, MoneyError> {
    price.times(percent / (Decimal::ONE_HUNDRED + percent))
}

/// VAT on the fee, as it was withheld by these postings: that of a service comes from what was paid ahead, and is none of it.
///
/// # Errors
/// The sum does not fit.
pub fn fee_vat<'a>(zero: Money, postings: impl IntoIterator<Item = &'a Posting>) -> Result<Money, MoneyError> {
    let ahead = |account: Account| matches!(account, Account::Prepaid | Account::Reserved);
    let of_fee = postings.into_iter().filter(|posting| !ahead(posting.debit) && !ahead(posting.credit));
    zero.minus(balance(Account::CommissionVat, zero, of_fee)?)
}

/// What the bank keeps for itself of money that landed at `at`; below zero where it gives a fee back. The agent's expense: nothing of
/// it is the partner's.
///
/// # Errors
/// The amount does not fit.
pub fn bank_fee(at: Account, fee: Money) -> Result<Vec<Posting>, MoneyError> {
    let kept = Posting::new(Account::Acquiring, at, fee);
    let back = Posting::new(at, Account::Acquiring, fee.zero().minus(fee)?);
    Ok(moving([kept, back]))
}

/// What an entry took at banks, or gave back there: before the banks' own fees.
///
/// # Errors
/// The sum does not fit.
pub fn at_banks(zero: Money, postings: &[Posting]) -> Result<Money, MoneyError> {
    let accounts = [Account::BankClearing, Account::Nominal, Account::Acquiring];
    accounts.into_iter().try_fold(zero, |sum, account| sum.plus(balance(account, zero, postings)?))
}

/// What a fulfilled order owes the partner becomes available at `from`: `pending` is the balance of what is pending, debits less
/// credits, so below zero where the agent owes.
pub fn mature(pending: Money, from: Option<Timestamp>) -> Result<Option<Posting>, MoneyError> {
    let owed = pending.zero().minus(pending)?;
    let posting = match owed.minor() {
        0 => return Ok(None),
        1.. => Posting::new(Account::PartnerPending, Account::PartnerAvailable, owed),
        _ => Posting::new(Account::PartnerAvailable, Account::PartnerPending, pending),
    };
    Ok(Some(Posting { from, ..posting }))
}

/// Cash the partner has kept is set off against what they are owed: `cash` is what the account holds.
pub fn set_off(cash: Money) -> Result<Option<Posting>, MoneyError> {
    Ok(match cash.minor() {
        0 => None,
        1.. => Some(Posting::new(Account::PartnerPending, Account::PartnerCash, cash)),
        _ => Some(Posting::new(Account::PartnerCash, Account::PartnerPending, cash.zero().minus(cash)?)),
    })
}

/// The partner's part goes out: `owed` is what is available, below zero where the partner owes, and the next payouts are less.
pub fn payout(owed: Money) -> Result<Vec<Posting>, MoneyError> {
    let out = Posting::new(Account::PartnerAvailable, Account::PayoutInTransit, owed);
    let back = Posting::new(Account::PayoutInTransit, Account::PartnerAvailable, owed.zero().minus(owed)?);
    Ok(moving([out, back]))
}

/// Debits less credits of one account.
///
/// # Errors
/// A sum that does not fit, or postings of several currencies.
pub fn balance<'a>(
    account: Account,
    zero: Money,
    postings: impl IntoIterator<Item = &'a Posting>,
) -> Result<Money, MoneyError> {
    postings.into_iter().try_fold(zero, |sum, posting| {
        let sum = if posting.debit == account { sum.plus(posting.amount)? } else { sum };
        if posting.credit == account { sum.minus(posting.amount) } else { Ok(sum) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refund_undoes_a_capture_and_all_accounts_sum_to_zero() {
        let (amount, fee) = (Money::rub(300_000), Fee { net: Money::rub(10_500), vat: Money::rub(2_310) });
        let mut postings = capture(Account::BankClearing, amount, fee);
        assert_eq!(balance(Account::PartnerPending, Money::rub(0), &postings).unwrap(), Money::rub(-287_190));
        let sum: i64 = Account::ALL.iter().map(|a| balance(*a, Money::rub(0), &postings).unwrap().minor()).sum();
        assert_eq!(sum, 0);
        postings.extend(refund(Account::BankClearing, amount, fee));
        for account in Account::ALL {
            assert!(balance(account, Money::rub(0), &postings).unwrap().is_zero());
        }
    }

    #[test]
    fn a_posting_is_stored_in_three_values_or_four() {
        let now = Posting::new(Account::BankClearing, Account::PartnerPending, Money::rub(100));
        let later = Posting { from: Timestamp::from_second(1_800_000_000).ok(), ..now };
        for (posting, text) in
            [(now, r#"["bank","partner","100RUB"]"#), (later, r#"["bank","partner","100RUB",1800000000]"#)]
        {
            assert_eq!(serde_json::to_string(&posting).unwrap(), text);
            assert_eq!(serde_json::from_str::<Posting>(text).unwrap(), posting);
        }
        assert!(serde_json::from_str::<Posting>(r#"["bank","partner"]"#).is_err());
    }

    #[test]
    fn maturing_empties_what_is_pending_either_way() {
        for minor in [-289_500, 0, 10_500] {
            let pending = Money::rub(minor);
            let postings: Vec<_> = mature(pending, None).unwrap().into_iter().collect();
            let moved = balance(Account::PartnerPending, Money::rub(0), &postings).unwrap();
            assert_eq!(moved.plus(pending).unwrap(), Money::rub(0));
        }
    }
}
