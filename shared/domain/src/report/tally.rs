//! The fold: sums of lines, and the check that they lead from one balance to the other.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Corrects, Event, Head, Line, MOVEMENTS_MAX, Movement, Period, Report};
use crate::acquiring::Method;
use crate::money::{Money, MoneyError};
use crate::tax::VatRate;

/// Why a report can not be made, or does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// Not a month.
    #[error("`{0}` is not a month (2026-11)")]
    Period(String),
    /// The head is not that of a document.
    #[error("the document's {0} is missing, too long or wrong")]
    Head(&'static str),
    /// The document would be dated before its month ended.
    #[error("a report of {period} dated {issued} comes before the month's end")]
    Early {
        /// The date.
        issued: Date,
        /// The month.
        period: Period,
    },
    /// Not roubles.
    #[error("{order} is not in roubles")]
    Currency {
        /// Order or reference.
        order: String,
    },
    /// Negative, or a part larger than its whole.
    #[error("{order}: {amount} with a fee of {fee} and VAT of {vat} can not be")]
    Amounts {
        /// Order or reference.
        order: String,
        /// The amount.
        amount: Money,
        /// The fee.
        fee: Money,
        /// The VAT.
        vat: Money,
    },
    /// Nothing moved, and yet a fee.
    #[error("{order} was cancelled before any money moved, its fee is {fee}")]
    CancelledFee {
        /// Order.
        order: String,
        /// The fee.
        fee: Money,
    },
    /// The agent pays no VAT, and yet some.
    #[error("{order} has VAT of {vat}, the agent is no VAT payer")]
    NoVat {
        /// Order or reference.
        order: String,
        /// The VAT.
        vat: Money,
    },
    /// A day outside of the month, or days out of order.
    #[error("{order} of {on} does not belong to {period}")]
    Day {
        /// Order or reference.
        order: String,
        /// The day.
        on: Date,
        /// The month.
        period: Period,
    },
    /// A correction stands in a later month than what it mends.
    #[error("{order} corrects a document of {period}, which is not closed yet")]
    CorrectsLater {
        /// Order or reference.
        order: String,
        /// The month of the document.
        period: Period,
    },
    /// More than [`MOVEMENTS_MAX`].
    #[error("a report carries {MOVEMENTS_MAX} movements at most")]
    Movements,
    /// The balance does not follow.
    #[error("the lines lead to {derived}, the ledger closed with {ledger}")]
    Closing {
        /// By the lines.
        derived: Money,
        /// By the ledger.
        ledger: Money,
    },
    /// Fees by method and fees by event differ.
    #[error("fees {side} are {by_method} by method and {by_event} by event")]
    Fees {
        /// `withheld` or `given back`.
        side: &'static str,
        /// By method.
        by_method: Money,
        /// By event.
        by_event: Money,
    },
    /// Counts by event do not make the number of lines.
    #[error("{events} events make {lines} lines")]
    Count {
        /// By event.
        events: u64,
        /// Lines.
        lines: u64,
    },
    /// Another number of lines was printed.
    #[error("the register has {printed} lines, the act has {act}")]
    Lines {
        /// In the register.
        printed: u64,
        /// In the act.
        act: u64,
    },
    /// A page of the register is not what was sealed, or can not be one.
    #[error("a page of the register: {0}")]
    Page(String),
    /// Other lines were printed.
    #[error("the register's sums are not the act's")]
    Register,
    /// Sums that do not fit.
    #[error("a sum can not be formed")]
    Money(#[from] MoneyError),
}

/// Sums of one event's lines, magnitudes all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// How many.
    pub count: u64,
    /// Amounts.
    pub amount: Money,
    /// The part of `amount` that the principal's own people took.
    pub at_principal: Money,
    /// Fees, VAT included.
    pub fee: Money,
    /// VAT in the fees.
    pub vat: Money,
}

impl Default for Sum {
    fn default() -> Self {
        let zero = Money::rub(0);
        Self { count: 0, amount: zero, at_principal: zero, fee: zero, vat: zero }
    }
}

/// Sums of one side of the fees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// How many lines.
    pub count: u64,
    /// The orders' amounts it was reckoned from.
    pub base: Money,
    /// Fees, VAT included.
    pub fee: Money,
    /// VAT in them.
    pub vat: Money,
}

impl Default for Side {
    fn default() -> Self {
        let zero = Money::rub(0);
        Self { count: 0, base: zero, fee: zero, vat: zero }
    }
}

/// Fees of one method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FeeSum {
    /// Withheld from payments.
    pub withheld: Side,
    /// Given back with refunds.
    pub returned: Side,
}

/// What a month's lines do to an earlier document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectionSum {
    /// The document, and the reason of the first line that mends it.
    pub corrects: Corrects,
    /// How many lines.
    pub count: u64,
    /// What the principal's balance gains, negative when it loses.
    pub net: Money,
}

/// Sums of a report's lines: as large for 100,000 lines as for ten.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Lines.
    pub lines: u64,
    /// By event.
    pub events: BTreeMap<Event, Sum>,
    /// By method.
    pub fees: BTreeMap<Method, FeeSum>,
    /// By document mended, oldest first.
    pub corrections: Vec<CorrectionSum>,
}

impl Totals {
    /// One event's sums; nothing but zeros when there was none.
    pub fn of(&self, event: Event) -> Sum {
        self.events.get(&event).copied().unwrap_or_default()
    }

    /// Fees withheld less fees given back, VAT included, and the VAT in it.
    ///
    /// # Errors
    /// A sum that does not fit.
    pub fn fee(&self) -> Result<(Money, Money), Wrong> {
        let zero = Money::rub(0);
        self.fees.values().try_fold((zero, zero), |(fee, vat), one| {
            let fee = fee.plus(one.withheld.fee)?.minus(one.returned.fee)?;
            Ok((fee, vat.plus(one.withheld.vat)?.minus(one.returned.vat)?))
        })
    }

    /// What the principal's balance gained by the lines.
    ///
    /// # Errors
    /// A sum that does not fit.
    pub fn net(&self) -> Result<Money, Wrong> {
        Event::ALL.into_iter().try_fold(Money::rub(0), |net, event| {
            let sum = self.of(event);
            let held = sum.amount.minus(sum.at_principal)?.minus(sum.fee)?;
            match event.sign() {
                1 => Ok(net.plus(held)?),
                -1 => Ok(net.minus(held)?),
                _ => Ok(net),
            }
        })
    }

    /// One more line.
    ///
    /// # Errors
    /// The line can not stand in this report, or a sum does not fit; nothing is added then.
    pub fn add(&mut self, head: &Head, line: &Line) -> Result<(), Wrong> {
        line.check(head)?;
        let mut sum = self.of(line.event);
        sum.count += 1;
        sum.amount = sum.amount.plus(line.amount)?;
        sum.fee = sum.fee.plus(line.fee)?;
        sum.vat = sum.vat.plus(line.vat)?;
        if line.at_principal {
            sum.at_principal = sum.at_principal.plus(line.amount)?;
        }
        let mut fees = self.fees.get(&line.method).copied().unwrap_or_default();
        if line.event.sign() != 0 {
            let side = if line.event.sign() > 0 { &mut fees.withheld } else { &mut fees.returned };
            side.count += 1;
            side.base = side.base.plus(line.amount)?;
            side.fee = side.fee.plus(line.fee)?;
            side.vat = side.vat.plus(line.vat)?;
        }
        if let Some(corrects) = &line.corrects {
            self.correct(corrects, line.net()?)?;
        }
        if line.event.sign() != 0 {
            self.fees.insert(line.method, fees);
        }
        self.events.insert(line.event, sum);
        self.lines += 1;
        Ok(())
    }

    fn correct(&mut self, corrects: &Corrects, net: Money) -> Result<(), Wrong> {
        let key = |one: &CorrectionSum| (one.corrects.period, one.corrects.number.clone());
        match self.corrections.binary_search_by_key(&(corrects.period, corrects.number.clone()), key) {
            Ok(at) => {
                let Some(one) = self.corrections.get_mut(at) else { return Ok(()) };
                one.net = one.net.plus(net)?;
                one.count += 1;
            }
            Err(at) => self.corrections.insert(at, CorrectionSum { corrects: corrects.clone(), count: 1, net }),
        }
        Ok(())
    }
}

/// A report in the making.
#[derive(Debug, Clone)]
pub struct Tally {
    head: Head,
    totals: Totals,
    movements: Vec<Movement>,
}

impl Tally {
    /// An empty one.
    ///
    /// # Errors
    /// The head is not that of a document.
    pub fn new(head: Head) -> Result<Self, Wrong> {
        if head.issued < head.period.last() {
            return Err(Wrong::Early { issued: head.issued, period: head.period });
        }
        let texts = [
            ("number", Some(head.number.as_str()), 30),
            ("contract", head.contract.as_ref().map(|contract| contract.number.as_str()), 100),
            ("agent", Some(head.agent.name.as_str()), 1000),
            ("principal", Some(head.principal.name.as_str()), 1000),
            ("agent's address", head.agent.address.as_deref(), 1000),
            ("principal's address", head.principal.address.as_deref(), 1000),
        ];
        for (what, text, longest) in texts {
            let Some(text) = text else { continue };
            let length = text.chars().count();
            if text.trim().is_empty() || length > longest || text.chars().any(char::is_control) {
                return Err(Wrong::Head(what));
            }
        }
        Ok(Self { head, totals: Totals::default(), movements: Vec::new() })
    }

    /// One whose lines are folded already.
    ///
    /// # Errors
    /// The head is not that of a document.
    pub fn of(head: Head, totals: Totals) -> Result<Self, Wrong> {
        let (_, vat) = totals.fee()?;
        if head.vat == VatRate::None && !vat.is_zero() {
            return Err(Wrong::Head("VAT rate"));
        }
        Ok(Self { totals, ..Self::new(head)? })
    }

    /// One more order's line.
    ///
    /// # Errors
    /// It can not stand in this report.
    pub fn line(&mut self, line: &Line) -> Result<(), Wrong> {
        self.totals.add(&self.head, line)
    }

    /// One more movement.
    ///
    /// # Errors
    /// It can not stand in this report, or there are too many.
    pub fn movement(&mut self, movement: Movement) -> Result<(), Wrong> {
        movement.check(&self.head)?;
        if self.movements.len() >= MOVEMENTS_MAX {
            return Err(Wrong::Movements);
        }
        self.movements.push(movement);
        Ok(())
    }

    /// The report, when it leads to the balance the ledger closed with.
    ///
    /// # Errors
    /// It leads elsewhere.
    pub fn finish(self, closing: Money) -> Result<Report, Wrong> {
        let Self { head, totals, mut movements } = self;
        movements.sort_by(|a, b| (a.on, a.kind, &a.reference).cmp(&(b.on, b.kind, &b.reference)));
        let report = Report { head, totals, movements, closing };
        report.check()?;
        Ok(report)
    }
}

pub(super) fn check(head: &Head, totals: &Totals, movements: &[Movement], closing: Money) -> Result<(), Wrong> {
    let events = Event::ALL.into_iter().map(|event| totals.of(event).count).sum();
    if events != totals.lines {
        return Err(Wrong::Count { events, lines: totals.lines });
    }
    let zero = Money::rub(0);
    let by_method = |side: fn(&FeeSum) -> Side| {
        totals
            .fees
            .values()
            .map(side)
            .try_fold((zero, zero), |(fee, vat), one| Ok::<_, MoneyError>((fee.plus(one.fee)?, vat.plus(one.vat)?)))
    };
    let (paid, restored, refunded) = (totals.of(Event::Paid), totals.of(Event::Restored), totals.of(Event::Refunded));
    let withheld = (paid.fee.plus(restored.fee)?, paid.vat.plus(restored.vat)?);
    let sides = [
        ("withheld", by_method(|one| one.withheld)?, withheld),
        ("given back", by_method(|one| one.returned)?, (refunded.fee, refunded.vat)),
    ];
    for (side, by_method, by_event) in sides {
        for (by_method, by_event) in [(by_method.0, by_event.0), (by_method.1, by_event.1)] {
            if by_method != by_event {
                return Err(Wrong::Fees { side, by_method, by_event });
            }
        }
    }
    for movement in movements {
        movement.check(head)?;
    }
    let moved = movements.iter().try_fold(zero, |sum, one| Ok::<_, Wrong>(sum.plus(one.net()?)?))?;
    let derived = head.opening.plus(totals.net()?)?.plus(moved)?;
    if derived == closing { Ok(()) } else { Err(Wrong::Closing { derived, ledger: closing }) }
}
