//! A partner's personal account: what the agent owes them, or they owe, for no single order.

use serde::{Deserialize, Serialize};

use super::{Account, Posting, balance};
use crate::money::{Money, MoneyError};
use crate::time::Timestamp;

/// What stands on a personal account: payouts that came back, services bought, what was netted. It is the available balance less
/// that of the orders, kept beside the book entries so that a decision sees it at once; the book entries can make it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purse {
    /// Above zero what the agent owes, below zero what the partner owes.
    #[serde(rename = "b")]
    pub balance: Money,
    /// Since when the partner owes, while they do. Debts of before this was noted count from their next change.
    #[serde(
        rename = "s",
        default,
        with = "jiff::fmt::serde::timestamp::second::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub owes_since: Option<Timestamp>,
}

impl Default for Purse {
    fn default() -> Self {
        Self { balance: Money::rub(0), owes_since: None }
    }
}

impl Purse {
    /// What stands on it after a book entry with these postings, recorded at `at`.
    ///
    /// # Errors
    /// The sum does not fit.
    pub fn after(&self, postings: &[Posting], at: Timestamp) -> Result<Self, MoneyError> {
        let debits = balance(Account::PartnerAvailable, self.balance.zero(), postings)?;
        let balance = self.balance.minus(debits)?;
        let owes_since = (balance.minor() < 0).then(|| self.owes_since.unwrap_or(at));
        Ok(Self { balance, owes_since })
    }

    /// What it gives to a payout of orders that are owed `owed`: all that stands on it; where the partner owes, no more than the orders
    /// bring; and where the orders themselves owe, what covers them, on credit if need be.
    ///
    /// # Errors
    /// The sum does not fit.
    pub fn carried(&self, owed: Money) -> Result<Money, MoneyError> {
        let covers = owed.zero().minus(owed)?;
        Ok(if self.balance.minor() >= covers.minor() { self.balance } else { covers })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_payout_is_never_below_zero_and_nothing_is_lost(purse in -1_000_000_i64..1_000_000, owed in -1_000_000_i64..1_000_000) {
            let before = Purse { balance: Money::rub(purse), ..Purse::default() };
            let carried = before.carried(Money::rub(owed)).unwrap();
            let transferred = owed + carried.minor();
            prop_assert!(transferred >= 0);
            let postings = super::super::payout(carried).unwrap();
            let after = before.after(&postings, Timestamp::UNIX_EPOCH).unwrap();
            prop_assert_eq!(after.owes_since.is_some(), after.balance.minor() < 0);
            prop_assert_eq!(after.balance.minor() + transferred, purse + owed);
            // Money is transferred only when nobody owes anything any more.
            prop_assert!(transferred == 0 || after.balance.is_zero());
        }
    }
}
