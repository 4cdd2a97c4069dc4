//! A payout: the partner's part of fulfilled orders, sent by one payment order, or by one transfer to an e-wallet.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::calendar::{self, Transfer};
use crate::id::OrderId;
use crate::income_tax::Residency;
use crate::ledger::{Account, BookEntry, BookKind, Posting};
use crate::money::Money;
use crate::partner::{BankAccount, Destination};
use crate::time::{Timestamp, moscow_date};

/// Orders one payout may carry: a DynamoDB transaction takes 100 writes, some of them the payout itself and the personal account.
pub const ORDERS_MAX: usize = 90;

/// Moscow hour at which a bank stops taking the day's payment orders: those of later are taken the next working day.
pub const CUT_OFF_HOUR: i8 = 17;

/// A payment order to a partner. What it pays is never changed once written; what became of it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payout {
    /// `po_` and a ULID in lower case.
    pub id: String,
    /// Grows by one with every change; an attribute of its own in the row.
    #[serde(skip)]
    pub version: u64,
    /// Number of the payment order, 1 to 999 999; 0 where there is none because nothing was left to transfer.
    pub number: u32,
    /// When it was made.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// How much is transferred.
    pub amount: Money,
    /// Payee's name.
    pub payee: String,
    /// Payee's ИНН.
    pub inn: String,
    /// Payee's КПП.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kpp: Option<String>,
    /// Where to: `account` or `wallet`.
    #[serde(flatten)]
    pub to: Destination,
    /// The nominal account it leaves from; the agent's settlement account where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<BankAccount>,
    /// What was withheld for the budget from a natural person: `amount` is what is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<Tax>,
    /// The orders behind it, and each one's part; below zero where the partner owes for one.
    pub orders: Vec<PayoutLine>,
    /// What the partner's personal account gave to it; below zero where it took. None where nothing stood on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<Money>,
    /// The days it was expected on when it was made: documents that name them never change, whatever becomes of the calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<Days>,
    /// What became of it.
    #[serde(default, skip_serializing_if = "PayoutState::is_sent")]
    pub state: PayoutState,
    /// Names of the statement's lines that said so: a statement may be loaded twice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
}

/// The days a payout is expected on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// The day it usually arrives.
    pub usual: Date,
    /// The day it has arrived by.
    pub latest: Date,
}

impl Days {
    /// Those of a payout made at a moment, by the production calendar as it is known.
    pub fn of(at: Timestamp) -> Self {
        let Transfer { usual, latest, .. } = calendar::transfer(at, CUT_OFF_HOUR);
        Self { usual, latest }
    }
}

/// Income tax of a payout to a natural person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tax {
    /// The year the income belongs to.
    pub year: i16,
    /// The payee's status when it was paid.
    pub residency: Residency,
    /// The income: what was paid and what was withheld.
    pub income: Money,
    /// What was withheld.
    pub withheld: Money,
}

/// What became of a payout.
///
/// ```text
///  Sent ──▶ Confirmed ──▶ Returned        Netted (nothing was left to transfer)
///    └────────────────────▶┘
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayoutState {
    /// On its way: the bank's statement has not said anything yet.
    #[default]
    Sent,
    /// All of it was set off against what the partner owed.
    Netted,
    /// The bank's statement has it.
    Confirmed {
        /// The statement's day.
        on: Date,
        /// The bank's number of it.
        reference: String,
    },
    /// The bank sent it back: the partner's personal account has it.
    Returned {
        /// The day it came back.
        on: Date,
        /// Why, in the bank's words.
        reason: String,
    },
}

impl PayoutState {
    const fn is_sent(&self) -> bool {
        matches!(self, Self::Sent)
    }

    /// The stable code used in the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Netted => "netted",
            Self::Confirmed { .. } => "confirmed",
            Self::Returned { .. } => "returned",
        }
    }
}

/// What the bank says of a payout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayoutReport {
    /// It has left the account.
    Paid {
        /// The statement's day.
        on: Date,
        /// The bank's number of it.
        reference: String,
    },
    /// It came back.
    Returned {
        /// The day it came back.
        on: Date,
        /// Why, in the bank's words.
        reason: String,
    },
}

/// Why a report is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayoutRefusal {
    /// Nothing was transferred.
    #[error("payout {0} was netted: there was nothing to transfer")]
    Netted(String),
    /// It is said to have left after it came back.
    #[error("payout {0} has come back already")]
    CameBack(String),
}

impl Payout {
    /// The days it is expected on, by the production calendar. Nothing where nothing was transferred.
    pub fn expected(&self) -> Option<Days> {
        (self.state != PayoutState::Netted).then(|| self.days.unwrap_or_else(|| Days::of(self.at)))
    }

    /// Whether the last day it is expected on has passed, and nobody has said what became of it.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.state.is_sent() && self.expected().is_some_and(|expected| expected.latest < moscow_date(now))
    }

    /// The account of our books its money leaves.
    pub const fn leaves(&self) -> Account {
        if self.from.is_some() { Account::Nominal } else { Account::Settlement }
    }

    /// What left the partner's available balance with it: what was transferred and what was withheld.
    ///
    /// # Errors
    /// The sum does not fit.
    pub fn gross(&self) -> Result<Money, crate::money::MoneyError> {
        self.tax.as_ref().map_or(Ok(self.amount), |tax| self.amount.plus(tax.withheld))
    }

    /// The postings that withhold its tax.
    pub fn withholding(&self) -> Vec<Posting> {
        let withheld = self.tax.iter().map(|tax| tax.withheld).filter(|withheld| withheld.is_positive());
        withheld.map(|withheld| Posting::new(Account::PayoutInTransit, Account::IncomeTax, withheld)).collect()
    }

    /// What a report changes: the payout's next state, and the entry that goes into the partner's book with it. Nothing when it was
    /// known.
    ///
    /// # Errors
    /// The report contradicts what became of it.
    pub fn reported(&self, report: &PayoutReport, now: Timestamp) -> Result<Option<(Self, BookEntry)>, PayoutRefusal> {
        let (state, kind, on, reason, mut postings) = match (report, &self.state) {
            (_, PayoutState::Netted) => return Err(PayoutRefusal::Netted(self.id.clone())),
            (PayoutReport::Paid { .. }, PayoutState::Confirmed { .. })
            | (PayoutReport::Returned { .. }, PayoutState::Returned { .. }) => return Ok(None),
            (PayoutReport::Paid { .. }, PayoutState::Returned { .. }) => {
                return Err(PayoutRefusal::CameBack(self.id.clone()));
            }
            (PayoutReport::Paid { on, reference }, PayoutState::Sent) => (
                PayoutState::Confirmed { on: *on, reference: reference.clone() },
                BookKind::PayoutConfirmed,
                *on,
                reference.clone(),
                vec![Posting::new(Account::PayoutInTransit, self.leaves(), self.amount)],
            ),
            (PayoutReport::Returned { on, reason }, before) => {
                let from = if before.is_sent() { Account::PayoutInTransit } else { self.leaves() };
                (
                    PayoutState::Returned { on: *on, reason: reason.clone() },
                    BookKind::PayoutReturned,
                    *on,
                    reason.clone(),
                    vec![Posting::new(from, Account::PartnerAvailable, self.amount)],
                )
            }
        };
        if kind == BookKind::PayoutReturned {
            // Nobody was paid, so nothing is withheld: the payee's income of the year is less by all of it.
            let withheld = self.tax.iter().map(|tax| tax.withheld).filter(|withheld| withheld.is_positive());
            postings.extend(withheld.map(|tax| Posting::new(Account::IncomeTax, Account::PartnerAvailable, tax)));
        }
        let entry = BookEntry {
            id: format!("{}/{}", kind.code(), self.id),
            at: now,
            on: Some(on).filter(|on| *on < moscow_date(now)),
            kind,
            reason,
            by: String::new(),
            postings,
        };
        Ok(Some((Self { state, version: self.version + 1, ..self.clone() }, entry)))
    }
}

/// One order's part of a payout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutLine {
    /// The order.
    pub order: OrderId,
    /// The merchant's number of it.
    pub number: String,
    /// The partner's part.
    pub amount: Money,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Purse, balance};

    fn payout() -> Payout {
        Payout {
            id: "po_1".to_owned(),
            version: 1,
            number: 7,
            at: "2026-11-20T10:00:00Z".parse().unwrap(),
            amount: Money::rub(289_500),
            payee: "ООО «Справка»".to_owned(),
            inn: "7700000016".to_owned(),
            kpp: None,
            to: Destination::Account(BankAccount {
                number: "40702810200000000001".to_owned(),
                bic: "044525225".to_owned(),
                bank: "Банк".to_owned(),
                correspondent: "30101810400000000225".to_owned(),
            }),
            from: None,
            tax: None,
            days: None,
            orders: Vec::new(),
            carried: None,
            state: PayoutState::Sent,
            lines: Vec::new(),
        }
    }

    #[test]
    fn it_is_expected_the_next_working_day_and_overdue_after_the_third() {
        // A Friday, 13:00 in Moscow; the next Monday is worked.
        let payout = payout();
        let expected = payout.expected().unwrap();
        assert_eq!((expected.usual, expected.latest), (Date::constant(2026, 11, 23), Date::constant(2026, 11, 25)));
        assert!(!payout.is_overdue("2026-11-25T20:59:59Z".parse().unwrap()));
        assert!(payout.is_overdue("2026-11-25T21:00:00Z".parse().unwrap()), "the 26th in Moscow");
        let paid = PayoutReport::Paid { on: expected.latest, reference: "1".to_owned() };
        let (confirmed, _) = payout.reported(&paid, "2026-11-30T10:00:00Z".parse().unwrap()).unwrap().unwrap();
        assert!(!confirmed.is_overdue(Timestamp::MAX));
        assert_eq!(Payout { state: PayoutState::Netted, ..payout }.expected(), None);
    }

    #[test]
    fn a_persons_payout_that_comes_back_gives_its_tax_back() {
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let on = Date::constant(2026, 11, 21);
        let (income, withheld) = (Money::rub(332_800), Money::rub(43_300));
        let tax = Some(Tax { year: 2026, residency: Residency::Resident, income, withheld });
        let payout = Payout { tax, ..payout() };
        assert_eq!(payout.gross().unwrap(), income);
        let out = crate::ledger::payout(income).unwrap();
        let all = [out, payout.withholding()].concat();
        let of = |account, all: &[Posting]| balance(account, Money::rub(0), all).unwrap().minor();
        assert_eq!((of(Account::PayoutInTransit, &all), of(Account::IncomeTax, &all)), (-289_500, -43_300));
        let back = PayoutReport::Returned { on, reason: "счёт закрыт".to_owned() };
        let (_, came) = payout.reported(&back, now).unwrap().unwrap();
        let all = [all, came.postings.clone()].concat();
        for account in Account::ALL {
            assert_eq!(of(account, &all), 0, "{account:?}");
        }
        assert_eq!(Purse::default().after(&came.postings, now).unwrap().balance, income);
    }

    #[test]
    fn a_payout_leaves_comes_back_and_stands_on_the_personal_account() {
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let on = Date::constant(2026, 11, 21);
        let paid = PayoutReport::Paid { on, reference: "123".to_owned() };
        let back = PayoutReport::Returned { on, reason: "счёт закрыт".to_owned() };
        let (confirmed, left) = payout().reported(&paid, now).unwrap().unwrap();
        assert_eq!((confirmed.version, confirmed.state.code(), left.on), (2, "confirmed", Some(on)));
        assert_eq!(confirmed.reported(&paid, now), Ok(None), "told twice");
        let (returned, came) = confirmed.reported(&back, now).unwrap().unwrap();
        assert!(matches!(returned.reported(&paid, now), Err(PayoutRefusal::CameBack(_))));
        let all = [left.postings, came.postings.clone()].concat();
        let of = |account| balance(account, Money::rub(0), &all).unwrap().minor();
        assert_eq!((of(Account::Settlement), of(Account::PayoutInTransit)), (0, 289_500));
        assert_eq!(Purse::default().after(&came.postings, now).unwrap().balance, Money::rub(289_500));
        // From a nominal account it leaves that one, and comes back there.
        let Destination::Account(nominal) = payout().to else { unreachable!() };
        let (confirmed, left) = Payout { from: Some(nominal), ..payout() }.reported(&paid, now).unwrap().unwrap();
        assert_eq!(left.postings[0].credit, Account::Nominal);
        assert_eq!(confirmed.reported(&back, now).unwrap().unwrap().1.postings[0].debit, Account::Nominal);
        // It may also come back without ever having been seen to leave.
        let (_, came) = payout().reported(&back, now).unwrap().unwrap();
        assert_eq!(came.postings[0].debit, Account::PayoutInTransit);
        let netted = Payout { state: PayoutState::Netted, ..payout() };
        assert!(netted.reported(&paid, now).is_err());
    }
}
