//! What a partner has paid ahead for services of the platform, and how much of it orders under way have reserved.

use serde::{Deserialize, Serialize};

use super::{Account, Posting, balance};
use crate::money::{Money, MoneyError};

/// The sums of two accounts, kept in one small row so that a reservation can be refused in the commit that would make it. The
/// orders' journals and the book entries can make it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepaid {
    /// What is free; below zero within the partner's credit limit.
    #[serde(rename = "b")]
    pub balance: Money,
    /// What is reserved.
    #[serde(rename = "r")]
    pub reserved: Money,
}

impl Default for Prepaid {
    fn default() -> Self {
        Self { balance: Money::rub(0), reserved: Money::rub(0) }
    }
}

impl Prepaid {
    /// Whether any of these postings is about it.
    pub fn is_touched(postings: &[Posting]) -> bool {
        let about = |account| matches!(account, Account::Prepaid | Account::Reserved);
        postings.iter().any(|posting| about(posting.debit) || about(posting.credit))
    }

    /// What stands there after these postings.
    ///
    /// # Errors
    /// The sum does not fit.
    pub fn after(&self, postings: &[Posting]) -> Result<Self, MoneyError> {
        let zero = self.balance.zero();
        Ok(Self {
            balance: self.balance.minus(balance(Account::Prepaid, zero, postings)?)?,
            reserved: self.reserved.minus(balance(Account::Reserved, zero, postings)?)?,
        })
    }

    /// What of `need` is not covered by what is free: the partner's credit pays it. Nothing where that is more than `credit`.
    ///
    /// # Errors
    /// A sum does not fit.
    pub fn reserve(&self, need: Money, credit: Money) -> Result<Option<Money>, MoneyError> {
        let left = self.balance.minus(need)?;
        if left.plus(credit)?.minor() < 0 {
            return Ok(None);
        }
        let missing = left.minor().min(0).saturating_neg();
        Ok(Some(Money::new(missing, need.currency()).at_most(need)?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_free_and_what_credit_pays_are_what_is_needed(free in -50_000_i64..50_000, need in 1_i64..20_000, credit in 0_i64..60_000) {
            let prepaid = Prepaid { balance: Money::rub(free), reserved: Money::rub(0) };
            match prepaid.reserve(Money::rub(need), Money::rub(credit)).unwrap() {
                None => prop_assert!(free - need < -credit),
                Some(overdrawn) => {
                    prop_assert!(free - need >= -credit);
                    prop_assert_eq!(overdrawn.minor(), need - free.clamp(0, need));
                }
            }
        }
    }

    #[test]
    fn a_reservation_moves_between_the_two_sums() {
        let before = Prepaid { balance: Money::rub(9_000), reserved: Money::rub(0) };
        let reserved = before.after(&[Posting::new(Account::Prepaid, Account::Reserved, Money::rub(9_000))]).unwrap();
        assert_eq!(reserved, Prepaid { balance: Money::rub(0), reserved: Money::rub(9_000) });
        let taken = reserved.after(&[Posting::new(Account::Reserved, Account::Services, Money::rub(9_000))]).unwrap();
        assert_eq!(taken, Prepaid::default());
        assert!(!Prepaid::is_touched(&[Posting::new(Account::BankClearing, Account::PartnerPending, Money::rub(1))]));
    }
}
