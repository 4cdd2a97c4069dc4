//! Double entry: a posting names both accounts, so that no book can fail to balance.

use serde::{Deserialize, Serialize};

use crate::money::{Money, MoneyError};

/// Accounts of the agent's books, each kept per tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Account {
    /// Money of captured payments at the acquiring bank (asset).
    #[serde(rename = "bank")]
    BankClearing,
    /// Money that landed on a nominal account, past the settlement account (asset).
    #[serde(rename = "nominal")]
    Nominal,
    /// Cash the partner's own people took and keep (asset): it is set off against what the partner is owed.
    #[serde(rename = "cash")]
    PartnerCash,
    /// What the agent owes the partner (liability).
    #[serde(rename = "partner")]
    PartnerPayable,
    /// The agent's fee (income).
    #[serde(rename = "fee")]
    Commission,
    /// Money on its way to partners by payment order (liability until the bank statement confirms it).
    #[serde(rename = "payout")]
    PayoutInTransit,
}

impl Account {
    /// All accounts, in the order a trial balance lists them.
    pub const ALL: [Self; 6] = [
        Self::BankClearing,
        Self::Nominal,
        Self::PartnerCash,
        Self::PartnerPayable,
        Self::Commission,
        Self::PayoutInTransit,
    ];

    /// The code used in rows and in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::BankClearing => "bank",
            Self::Nominal => "nominal",
            Self::PartnerCash => "cash",
            Self::PartnerPayable => "partner",
            Self::Commission => "fee",
            Self::PayoutInTransit => "payout",
        }
    }
}

/// An amount moved from the credited account to the debited one. Always positive; a refund swaps the accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(Account, Account, Money)", into = "(Account, Account, Money)")]
pub struct Posting {
    /// Debited.
    pub debit: Account,
    /// Credited.
    pub credit: Account,
    /// How much.
    pub amount: Money,
}

impl From<(Account, Account, Money)> for Posting {
    fn from((debit, credit, amount): (Account, Account, Money)) -> Self {
        Self { debit, credit, amount }
    }
}

impl From<Posting> for (Account, Account, Money) {
    fn from(posting: Posting) -> Self {
        (posting.debit, posting.credit, posting.amount)
    }
}

impl Posting {
    /// The same amount the other way.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self { debit: self.credit, credit: self.debit, amount: self.amount }
    }
}

/// A captured payment: the whole amount is owed to the partner, and the fee is withheld at the same moment. `at` is where the
/// money lands.
pub fn capture(at: Account, amount: Money, fee: Money) -> Vec<Posting> {
    let gross = Posting { debit: at, credit: Account::PartnerPayable, amount };
    let withheld = Posting { debit: Account::PartnerPayable, credit: Account::Commission, amount: fee };
    [gross, withheld].into_iter().filter(|posting| posting.amount.is_positive()).collect()
}

/// A refund: a capture's postings, reversed.
pub fn refund(at: Account, amount: Money, fee: Money) -> Vec<Posting> {
    capture(at, amount, fee).into_iter().map(Posting::reversed).collect()
}

/// The partner's part goes out.
pub fn payout(amount: Money) -> Vec<Posting> {
    let posting = Posting { debit: Account::PartnerPayable, credit: Account::PayoutInTransit, amount };
    if amount.is_positive() { vec![posting] } else { Vec::new() }
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
        let (amount, fee) = (Money::rub(300_000), Money::rub(10_500));
        let mut postings = capture(Account::BankClearing, amount, fee);
        assert_eq!(balance(Account::PartnerPayable, Money::rub(0), &postings).unwrap(), Money::rub(-289_500));
        let sum: i64 = Account::ALL.iter().map(|a| balance(*a, Money::rub(0), &postings).unwrap().minor()).sum();
        assert_eq!(sum, 0);
        postings.extend(refund(Account::BankClearing, amount, fee));
        for account in Account::ALL {
            assert!(balance(account, Money::rub(0), &postings).unwrap().is_zero());
        }
    }
}
