//! What a report is made of: what became of an order, and what else moved the balance.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Corrects, Head, Wrong};
use crate::acquiring::Method;
use crate::money::{Currency, Money};
use crate::tax::VatRate;

/// What became of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The buyer's money was credited, and the fee withheld.
    Paid,
    /// Money went back to the buyer.
    Refunded,
    /// The bank took a refund back: the money is the principal's again.
    Restored,
    /// The order ended and no money had moved: it expired, was declined, or its hold was let go.
    Cancelled,
}

impl Event {
    /// All of them, as a report lists them.
    pub const ALL: [Self; 4] = [Self::Paid, Self::Refunded, Self::Restored, Self::Cancelled];

    /// Which way the principal's balance moves: 1, −1, or not at all.
    pub const fn sign(self) -> i64 {
        match self {
            Self::Paid | Self::Restored => 1,
            Self::Refunded => -1,
            Self::Cancelled => 0,
        }
    }
}

/// One order's line. Amounts are magnitudes: what they do to the balance is said by the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The merchant's number of the order.
    pub order: String,
    /// The bill number (15 or 16 digits), as the bank's registry has it.
    pub bill: String,
    /// What became of it.
    pub event: Event,
    /// Day it was made, Moscow.
    pub created: Date,
    /// Day it was paid, Moscow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid: Option<Date>,
    /// Day of the event, Moscow: of this month, or of an earlier one when it corrects.
    pub on: Date,
    /// By what means.
    pub method: Method,
    /// What was paid, went back, or was asked for.
    pub amount: Money,
    /// The agent's fee on it, VAT included: withheld, or given back.
    pub fee: Money,
    /// VAT in the fee.
    pub vat: Money,
    /// The principal's own people took the money (cash, their terminal): it is not in the agent's hands.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_principal: bool,
    /// The closed document it mends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<Corrects>,
}

impl Line {
    /// What the principal's balance gains by it, negative when it loses.
    ///
    /// # Errors
    /// A sum that does not fit.
    pub fn net(&self) -> Result<Money, Wrong> {
        let held = if self.at_principal { self.amount.zero() } else { self.amount };
        signed(self.event.sign(), held.minus(self.fee)?)
    }

    /// Amount, fee and VAT with the sign of the event: what a column adds up.
    ///
    /// # Errors
    /// A sum that does not fit.
    pub fn signed(&self) -> Result<(Money, Money, Money), Wrong> {
        let sign = self.event.sign();
        Ok((signed(sign, self.amount)?, signed(sign, self.fee)?, signed(sign, self.vat)?))
    }

    /// Whether it can stand in a report.
    pub(super) fn check(&self, head: &Head) -> Result<(), Wrong> {
        let order = || self.order.clone();
        if [self.amount, self.fee, self.vat].iter().any(|money| money.currency() != Currency::RUB) {
            return Err(Wrong::Currency { order: order() });
        }
        let (amount, fee, vat) = (self.amount.minor(), self.fee.minor(), self.vat.minor());
        if amount < 0 || vat < 0 || vat > fee || fee > amount {
            return Err(Wrong::Amounts { order: order(), amount: self.amount, fee: self.fee, vat: self.vat });
        }
        if self.event == Event::Cancelled && fee != 0 {
            return Err(Wrong::CancelledFee { order: order(), fee: self.fee });
        }
        if head.vat == VatRate::None && vat != 0 {
            return Err(Wrong::NoVat { order: order(), vat: self.vat });
        }
        let in_time = match &self.corrects {
            None => head.period.contains(self.on),
            Some(corrects) if corrects.period < head.period => self.on <= head.period.last(),
            Some(corrects) => return Err(Wrong::CorrectsLater { order: order(), period: corrects.period }),
        };
        let in_order = self.created <= self.on && self.paid.is_none_or(|paid| self.created <= paid && paid <= self.on);
        if in_time && in_order { Ok(()) } else { Err(Wrong::Day { order: order(), on: self.on, period: head.period }) }
    }
}

fn signed(sign: i64, amount: Money) -> Result<Money, Wrong> {
    match sign {
        1 => Ok(amount),
        -1 => Ok(amount.zero().minus(amount)?),
        _ => Ok(amount.zero()),
    }
}

/// What moves a balance and belongs to no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    /// Money sent to the principal.
    Payout,
    /// A payout the bank sent back.
    PayoutReturned,
    /// A service of the platform paid from the balance.
    Service,
    /// Income tax withheld from a natural person.
    Withheld,
    /// The principal paid an invoice for what they owed.
    Settled,
    /// A correction in the principal's favour, with its reason.
    Credited,
    /// A correction against the principal, with its reason.
    Debited,
}

impl MovementKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Payout,
        Self::PayoutReturned,
        Self::Service,
        Self::Withheld,
        Self::Settled,
        Self::Credited,
        Self::Debited,
    ];

    /// Which way the principal's balance moves.
    pub const fn sign(self) -> i64 {
        match self {
            Self::PayoutReturned | Self::Settled | Self::Credited => 1,
            Self::Payout | Self::Service | Self::Withheld | Self::Debited => -1,
        }
    }
}

/// A payout or another movement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// What it is.
    pub kind: MovementKind,
    /// Day, Moscow.
    pub on: Date,
    /// Number of the payment order or of the book entry.
    pub reference: String,
    /// What for.
    pub what: String,
    /// How much, a magnitude.
    pub amount: Money,
    /// VAT in it; only a service has any.
    pub vat: Money,
    /// The closed document it mends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<Corrects>,
}

impl Movement {
    /// What the principal's balance gains by it, negative when it loses.
    ///
    /// # Errors
    /// A sum that does not fit.
    pub fn net(&self) -> Result<Money, Wrong> {
        signed(self.kind.sign(), self.amount)
    }

    /// Whether it can stand in a report.
    pub(super) fn check(&self, head: &Head) -> Result<(), Wrong> {
        let order = || self.reference.clone();
        let (amount, vat) = (self.amount.minor(), self.vat.minor());
        if self.amount.currency() != Currency::RUB || self.vat.currency() != Currency::RUB {
            return Err(Wrong::Currency { order: order() });
        }
        if amount <= 0 || vat < 0 || vat > amount || (vat > 0 && self.kind != MovementKind::Service) {
            return Err(Wrong::Amounts { order: order(), amount: self.amount, fee: self.amount.zero(), vat: self.vat });
        }
        if head.vat == VatRate::None && vat != 0 {
            return Err(Wrong::NoVat { order: order(), vat: self.vat });
        }
        if let Some(corrects) = self.corrects.as_ref().filter(|corrects| corrects.period >= head.period) {
            return Err(Wrong::CorrectsLater { order: order(), period: corrects.period });
        }
        let in_time = head.period.contains(self.on);
        if in_time { Ok(()) } else { Err(Wrong::Day { order: order(), on: self.on, period: head.period }) }
    }
}
