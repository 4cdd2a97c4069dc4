//! The accountant's work list: how a discrepancy is opened, closed and opened again.
//!
//! ```text
//!            correction (posts all that is outstanding) · explanation
//!   Open ───────────────────────────────────────────────────────────▶ Resolved
//!    │  ▲ ◀───────────────────────────────────────────────────────────┘  ▲
//!    │        the figures changed · found again · what was corrected is gone │
//!    └─────────────────────────────────────────────────────────────────┘
//!                    a later day explains it: by itself
//! ```

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::finding::Discrepancy;
use super::{Outcome, Scope};
use crate::ledger::{self, Account, Posting};
use crate::money::{Money, MoneyError};
use crate::time::Timestamp;

/// Characters a reason may have.
pub const REASON_MAX: usize = 500;

/// How a discrepancy stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum State {
    /// Someone has to look.
    Open,
    /// Nobody has to.
    Resolved {
        /// When.
        #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
        at: Timestamp,
        /// By what.
        by: By,
    },
}

/// What resolved a discrepancy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum By {
    /// Later facts: it is not found any more.
    Themselves,
    /// The last of [`Discrepancy::corrections`].
    Correction,
    /// Someone says why nothing has to be posted.
    Explained {
        /// Why.
        reason: String,
        /// Who says so.
        who: String,
    },
}

/// What an accountant posted to close a discrepancy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// When.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// Who.
    pub who: String,
    /// What.
    pub postings: Vec<Posting>,
}

/// Why a discrepancy was not closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is closed.
    #[error("the discrepancy is closed")]
    Closed,
    /// It is open.
    #[error("the discrepancy is open")]
    Open,
    /// No reason, or one that is too long.
    #[error("a reason of 1 to {REASON_MAX} characters is needed")]
    Reason,
    /// Nobody is named.
    #[error("whoever closes a discrepancy must be named")]
    Who,
    /// No posting can close a discrepancy of this kind.
    #[error("no posting closes it: it takes a document of the other side, or an explanation")]
    NotByPosting,
    /// A posting of nothing, of less than nothing, or from an account to itself.
    #[error("posting {at} moves nothing")]
    Idle {
        /// Its place, from 1.
        at: usize,
    },
    /// The postings do not come to what is outstanding.
    #[error("the postings move the account by {posted}, outstanding is {outstanding}")]
    Sum {
        /// What they come to.
        posted: Money,
        /// What is outstanding.
        outstanding: Money,
    },
    /// The postings can not be summed.
    #[error("the postings can not be summed")]
    Money(#[from] MoneyError),
}

fn checked(reason: &str, who: &str) -> Result<(String, String), Refusal> {
    let (reason, who) = (reason.trim(), who.trim());
    if reason.is_empty() || reason.chars().count() > REASON_MAX {
        return Err(Refusal::Reason);
    }
    if who.is_empty() { Err(Refusal::Who) } else { Ok((reason.to_owned(), who.to_owned())) }
}

impl Discrepancy {
    /// Whether someone has to look.
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Closes it by postings. Each names both accounts, so that they balance; together they must move the account it is about by
    /// exactly what is outstanding. The caller writes them to the books in the same commit.
    ///
    /// # Errors
    /// A refusal.
    pub fn corrected(&self, postings: Vec<Posting>, reason: &str, who: &str, at: Timestamp) -> Result<Self, Refusal> {
        if !self.is_open() {
            return Err(Refusal::Closed);
        }
        let (reason, who) = checked(reason, who)?;
        let (Some(account), Some(outstanding)) = (self.account, self.outstanding()?) else {
            return Err(Refusal::NotByPosting);
        };
        let idle = |posting: &Posting| !posting.amount.is_positive() || posting.debit == posting.credit;
        if let Some(at) = postings.iter().position(idle) {
            return Err(Refusal::Idle { at: at + 1 });
        }
        let posted = ledger::balance(account, outstanding.zero(), &postings)?;
        // A posting past the account in another currency would balance, and mean nothing.
        postings.iter().try_fold(outstanding.zero(), |sum, posting| sum.plus(posting.amount))?;
        if posted != outstanding || postings.is_empty() {
            return Err(Refusal::Sum { posted, outstanding });
        }
        let mut closed = self.clone();
        closed.corrections.push(Correction { at, reason, who, postings });
        closed.state = State::Resolved { at, by: By::Correction };
        Ok(closed)
    }

    /// The one posting that moves the account it is about by all that is outstanding, against another account.
    ///
    /// # Errors
    /// No posting can close it, or none has to.
    pub fn against(&self, other: Account) -> Result<Vec<Posting>, Refusal> {
        let (Some(account), Some(outstanding)) = (self.account, self.outstanding()?) else {
            return Err(Refusal::NotByPosting);
        };
        let posting = Posting::new(account, other, outstanding);
        let back = Posting::new(other, account, outstanding.zero().minus(outstanding)?);
        let all = [posting, back].into_iter().filter(|posting| posting.amount.is_positive());
        let all: Vec<_> = all.collect();
        if all.is_empty() || account == other { Err(Refusal::Idle { at: 1 }) } else { Ok(all) }
    }

    /// Opens it again by a person's word. What was posted for it is taken back by its reverse, which is answered too: the caller
    /// writes it to the books in the same commit.
    ///
    /// # Errors
    /// It is open, or nobody says why.
    pub fn reopened(&self, reason: &str, who: &str, at: Timestamp) -> Result<(Self, Vec<Posting>), Refusal> {
        if self.is_open() {
            return Err(Refusal::Open);
        }
        let (reason, who) = checked(reason, who)?;
        let mut open = Self { state: State::Open, ..self.clone() };
        let reversed = match &self.state {
            State::Resolved { by: By::Correction, .. } => self.corrections.last(),
            _ => None,
        };
        let postings: Vec<_> =
            reversed.into_iter().flat_map(|last| &last.postings).map(|posting| posting.reversed()).collect();
        if !postings.is_empty() {
            open.corrections.push(Correction { at, reason, who, postings: postings.clone() });
        }
        Ok((open, postings))
    }

    /// Closes it without a posting. What was corrected before and has lost its ground can not be explained away: its postings
    /// stand in the books.
    ///
    /// # Errors
    /// A refusal.
    pub fn explained(&self, reason: &str, who: &str, at: Timestamp) -> Result<Self, Refusal> {
        if !self.is_open() {
            return Err(Refusal::Closed);
        }
        let (reason, who) = checked(reason, who)?;
        if !self.corrections.is_empty()
            && let Some(outstanding) = self.outstanding()?.filter(|outstanding| !outstanding.is_zero())
        {
            return Err(Refusal::Sum { posted: outstanding.zero(), outstanding });
        }
        Ok(Self { state: State::Resolved { at, by: By::Explained { reason, who } }, ..self.clone() })
    }

    /// Whether the facts are what they were.
    fn says(&self, found: &Self) -> bool {
        (&self.ours, &self.theirs, self.account, self.difference)
            == (&found.ours, &found.theirs, found.account, found.difference)
    }

    /// The state after the facts have changed: nothing is left to do only where all of it is posted.
    fn reconsidered(self, at: Timestamp) -> Result<Self, MoneyError> {
        let done = !self.corrections.is_empty() && self.outstanding()?.is_some_and(Money::is_zero);
        let state = if done { State::Resolved { at, by: By::Themselves } } else { State::Open };
        Ok(Self { state, ..self })
    }
}

/// What changed in the work list, and is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Opened(Discrepancy),
    /// Open it was, and other figures it has.
    Updated(Discrepancy),
    /// Closed it was, and open it is again.
    Reopened(Discrepancy),
    /// Later facts have closed it.
    Closed(Discrepancy),
}

impl Change {
    /// The discrepancy as it stands now.
    pub const fn discrepancy(&self) -> &Discrepancy {
        match self {
            Self::Opened(one) | Self::Updated(one) | Self::Reopened(one) | Self::Closed(one) => one,
        }
    }
}

/// Lays what was found beside the work list of the scope's days: what is to be written, by id. Repeated with the same facts it
/// asks for nothing.
///
/// What is not found any more closes by itself, unless it waits for a paper; where something was posted for it, it opens
/// again instead, with the posting's reverse outstanding.
///
/// # Errors
/// Amounts that do not fit.
pub fn merge(list: &[Discrepancy], outcome: &Outcome, scope: Scope, now: Timestamp) -> Result<Vec<Change>, MoneyError> {
    let held: BTreeMap<&str, &Discrepancy> = list.iter().map(|one| (one.id.as_str(), one)).collect();
    let found: BTreeSet<&str> = outcome.found.iter().map(|one| one.id.as_str()).collect();
    let mut changes = Vec::new();
    for one in &outcome.found {
        let Some(held) = held.get(one.id.as_str()) else {
            changes.push(Change::Opened(one.clone()));
            continue;
        };
        // What closed by itself and is found again with the same figures is open again all the same.
        let was_gone = matches!(held.state, State::Resolved { by: By::Themselves, .. }) && held.corrections.is_empty();
        if held.says(one) && !was_gone {
            continue;
        }
        let renewed = Discrepancy { corrections: held.corrections.clone(), ..one.clone() }.reconsidered(now)?;
        changes.push(change(held, renewed));
    }
    let gone = list.iter().filter(|one| !found.contains(one.id.as_str()));
    for one in gone.filter(|one| scope.holds(one.day) && !outcome.waiting.contains(&one.key)) {
        let difference = one.difference.map(Money::zero);
        if one.corrections.is_empty() {
            if one.is_open() {
                let state = State::Resolved { at: now, by: By::Themselves };
                changes.push(Change::Closed(Discrepancy { state, ..one.clone() }));
            }
        } else if one.difference != difference {
            let renewed = Discrepancy { difference, ..one.clone() }.reconsidered(now)?;
            changes.push(change(one, renewed));
        }
    }
    changes.sort_by(|left, right| left.discrepancy().id.cmp(&right.discrepancy().id));
    Ok(changes)
}

fn change(held: &Discrepancy, renewed: Discrepancy) -> Change {
    match (held.is_open(), renewed.is_open()) {
        (true, true) | (false, false) => Change::Updated(renewed),
        (false, true) => Change::Reopened(renewed),
        (true, false) => Change::Closed(renewed),
    }
}
