//! The month's «Отчёт агента и Акт»: one document per partner and month, numbered and never changed.
//!
//! It is made by folding: a [`Tally`] is given every order's [`Line`] and every [`Movement`] once, keeps sums only, and becomes a
//! [`Report`] when the balance the ledger closed with is the one they lead to. Whoever prints the lines folds them again and compares
//! ([`Report::same`]), so a register can not differ from the act it belongs to. What was wrong is not mended in place: a line of a later
//! month names the document it [`Corrects`].
//!
//! ```text
//! opening + paid − refunded + restored − fees + fees given back − payouts ± other movements = closing
//! ```
//! (of what the agent held: money the partner's own people took is in the turnover and not in the balance)

mod brought;
mod closed;
pub mod letters;
mod line;
pub mod pages;
mod tally;

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use brought::Brought;
pub use closed::{Closed, MovementSum};
pub use line::{Event, Line, Movement, MovementKind};
pub use tally::{CorrectionSum, FeeSum, Side, Sum, Tally, Totals, Wrong};

use crate::money::Money;
use crate::tax::VatRate;

/// Movements one report may carry: a payout holds some ninety orders, so a month of 100,000 orders has about 1,100. They are held in memory
/// while a paper is made, some 300 bytes each.
pub const MOVEMENTS_MAX: usize = 100_000;

/// A calendar month in Moscow. Written as `2026-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period {
    first: Date,
}

impl Period {
    /// The month a day belongs to.
    pub fn of(day: Date) -> Self {
        Self { first: day.first_of_month() }
    }

    /// Its first day.
    pub const fn first(self) -> Date {
        self.first
    }

    /// Its last day.
    pub fn last(self) -> Date {
        self.first.last_of_month()
    }

    /// Whether a day belongs to it.
    pub fn contains(self, day: Date) -> bool {
        Self::of(day) == self
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.first.year(), self.first.month())
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

impl TryFrom<String> for Period {
    type Error = Wrong;

    fn try_from(text: String) -> Result<Self, Wrong> {
        format!("{text}-01").parse().map(Self::of).map_err(|_| Wrong::Period(text))
    }
}

/// A person's name as documents take it apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Фамилия.
    pub surname: String,
    /// Имя.
    pub name: String,
    /// Отчество, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patronymic: Option<String>,
}

impl Person {
    /// `Иванов И. И.`, as it stands beside a signature.
    pub fn short(&self) -> String {
        let initials = [Some(&self.name), self.patronymic.as_ref()];
        let letters = initials.into_iter().flatten().filter_map(|name| name.chars().next());
        letters.fold(self.surname.clone(), |text, letter| format!("{text}\u{a0}{letter}."))
    }
}

/// In whose name a side acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// A legal entity (ЮЛ) with its КПП.
    Company {
        /// КПП, 9 digits.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kpp: Option<String>,
    },
    /// A sole proprietor (ИП).
    Entrepreneur(Person),
}

/// One side of the contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Full name as documents write it.
    pub name: String,
    /// ИНН: 10 digits of a legal entity, 12 of a sole proprietor.
    pub inn: String,
    /// What it is.
    pub standing: Standing,
    /// ОГРН or ОГРНИП.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ogrn: Option<String>,
    /// Registered address in one line, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Who signs, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signatory: Option<Signatory>,
}

impl Party {
    /// КПП, if it has one.
    pub fn kpp(&self) -> Option<&str> {
        match &self.standing {
            Standing::Company { kpp } => kpp.as_deref(),
            Standing::Entrepreneur(_) => None,
        }
    }
}

/// Who signs for a side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signatory {
    /// `Генеральный директор`.
    pub position: String,
    /// Who.
    pub person: Person,
    /// On what grounds: `Устава`, `доверенности № 5 от 01.02.2026` (genitive).
    pub basis: String,
}

/// The agency contract, in most cases the accepted offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// Its number.
    pub number: String,
    /// Its date.
    pub date: Date,
}

/// The document a line mends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Corrects {
    /// The month of the document.
    pub period: Period,
    /// Its number.
    pub number: String,
    /// Why, in the accountant's words.
    pub reason: String,
}

/// What a report is about, known before its first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Number, 1 to 30 characters, given once.
    pub number: String,
    /// Day of the document: the month's last or later.
    pub issued: Date,
    /// The month.
    pub period: Period,
    /// The agent: provides the service.
    pub agent: Party,
    /// The principal: the partner.
    pub principal: Party,
    /// The contract between them, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<Contract>,
    /// VAT on the agent's fee.
    pub vat: VatRate,
    /// What the agent owed the principal when the month began; negative when the principal owed.
    pub opening: Money,
}

/// A finished report. Never changed once written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What it is about.
    pub head: Head,
    /// Sums of its lines.
    pub totals: Totals,
    /// Payouts and whatever else moved the balance and belongs to no order, in the order of days.
    pub movements: Vec<Movement>,
    /// What the agent owed the principal when the month ended; negative when the principal owed.
    pub closing: Money,
}

impl Report {
    /// What the agent earned on the principal's orders: fees withheld less fees given back, VAT included.
    ///
    /// # Errors
    /// A sum that does not fit.
    pub fn fee(&self) -> Result<(Money, Money), Wrong> {
        self.totals.fee()
    }

    /// What the act is about: the fee and the services bought from the balance, VAT included, and the VAT in it.
    ///
    /// # Errors
    /// A sum that does not fit.
    pub fn services(&self) -> Result<(Money, Money), Wrong> {
        let bought = self.movements.iter().filter(|movement| movement.kind == MovementKind::Service);
        bought.into_iter().try_fold(self.fee()?, |(sum, vat), one| Ok((sum.plus(one.amount)?, vat.plus(one.vat)?)))
    }

    /// Derives every sum again from its parts, and the closing balance from all of them.
    ///
    /// # Errors
    /// What does not add up.
    pub fn check(&self) -> Result<(), Wrong> {
        tally::check(&self.head, &self.totals, &self.movements, self.closing)
    }

    /// Whether lines folded again give the same sums: what a printer asks before it ends the register.
    ///
    /// # Errors
    /// They do not.
    pub fn same(&self, printed: &Totals) -> Result<(), Wrong> {
        if self.totals.lines != printed.lines {
            return Err(Wrong::Lines { printed: printed.lines, act: self.totals.lines });
        }
        if self.totals == *printed { Ok(()) } else { Err(Wrong::Register) }
    }
}

#[cfg(test)]
mod tests;
