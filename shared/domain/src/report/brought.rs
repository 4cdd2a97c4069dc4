//! What an order has brought so far: the sums of its lines in the reports of all months.

use jiff::civil::Date;

use super::{Event, Line, Wrong};
use crate::acquiring::Method;
use crate::money::Money;

/// Sums of one order's lines. They can not differ from the reports, for there is nothing else they could be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brought {
    /// The day it was first paid, Moscow.
    pub paid: Option<Date>,
    /// By what means it was first paid.
    pub method: Option<Method>,
    /// What was taken, whoever has it.
    pub captured: Money,
    /// What went back of it.
    pub refunded: Money,
    /// The agent's fee less what was given back of it, VAT included.
    pub fee: Money,
    /// VAT in it.
    pub vat: Money,
    /// What the partner's balance has gained, below zero where it has lost: cash their own people took is not in it.
    pub net: Money,
}

impl Brought {
    /// Sums an order's lines up.
    ///
    /// # Errors
    /// A sum that does not fit.
    pub fn of<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Result<Self, Wrong> {
        let zero = Money::rub(0);
        let mut brought =
            Self { paid: None, method: None, captured: zero, refunded: zero, fee: zero, vat: zero, net: zero };
        for line in lines {
            brought.add(line)?;
        }
        Ok(brought)
    }

    fn add(&mut self, line: &Line) -> Result<(), Wrong> {
        match line.event {
            Event::Paid => {
                self.captured = self.captured.plus(line.amount)?;
                self.paid = self.paid.or(Some(line.on));
                self.method = self.method.or(Some(line.method));
            }
            Event::Refunded => self.refunded = self.refunded.plus(line.amount)?,
            Event::Restored => self.refunded = self.refunded.minus(line.amount)?,
            Event::Cancelled => {}
        }
        let (_, fee, vat) = line.signed()?;
        self.fee = self.fee.plus(fee)?;
        self.vat = self.vat.plus(vat)?;
        self.net = self.net.plus(line.net()?)?;
        Ok(())
    }
}
