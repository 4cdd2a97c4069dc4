//! What of a basket an operation is about, to the kopeck: the same parts go into its receipt.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::details::{Line, Particulars};
use crate::money::{Money, MoneyError};
use crate::receipt::{Measure, laws};

/// How much of what stands is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// All that stands.
    Whole,
    /// An amount, spread over all lines in proportion.
    Amount(Money),
    /// Quantities of lines; lines are counted from 1.
    Lines(Vec<(u8, Decimal)>),
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u8, Decimal, Money)", into = "(u8, Decimal, Money)")]
pub struct Part {
    /// The line, counted from 1.
    pub line: u8,
    /// How many units; zero for a part of the price of all of them.
    pub quantity: Decimal,
    /// How much money.
    pub amount: Money,
}

impl From<(u8, Decimal, Money)> for Part {
    fn from((line, quantity, amount): (u8, Decimal, Money)) -> Self {
        Self { line, quantity, amount }
    }
}

impl From<Part> for (u8, Decimal, Money) {
    fn from(part: Part) -> Self {
        (part.line, part.quantity, part.amount)
    }
}

/// Why no such part can be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartError {
    /// Nothing, or less than nothing.
    #[error("the amount must be positive")]
    Nothing,
    /// More than there is.
    #[error("{asked} is more than the {available} that stand")]
    TooMuch {
        /// What was asked for.
        asked: Money,
        /// What there is.
        available: Money,
    },
    /// No such line, or not so much of it.
    #[error("line {line} has {available} left")]
    Line {
        /// The line, counted from 1.
        line: u8,
        /// Units that are left of it.
        available: Decimal,
    },
    /// Sums do not work out.
    #[error("the amounts do not work out")]
    Money(#[from] MoneyError),
}

/// All of a basket.
pub fn whole(lines: &[Line]) -> Vec<Part> {
    (1_u8..)
        .zip(lines)
        .map(|(line, of)| Part { line, quantity: of.quantity, amount: of.amount })
        .filter(|part| part.amount.is_positive())
        .collect()
}

/// The sum of parts.
pub fn sum(zero: Money, parts: &[Part]) -> Result<Money, MoneyError> {
    parts.iter().try_fold(zero, |sum, part| sum.plus(part.amount))
}

/// What is left of parts when others are taken away.
pub fn less(mut parts: Vec<Part>, taken: &[Part]) -> Result<Vec<Part>, MoneyError> {
    for gone in taken {
        if let Some(part) = parts.iter_mut().find(|part| part.line == gone.line) {
            part.amount = part.amount.minus(gone.amount)?;
            part.quantity = (part.quantity - gone.quantity).max(Decimal::ZERO);
        }
    }
    parts.retain(|part| part.amount.is_positive());
    Ok(parts)
}

/// Takes what is meant of what there is.
///
/// An amount is spread in proportion to the parts, each share rounded down and the kopecks left given to the largest
/// remainders, so that the shares add up and none exceeds its part.
pub fn take(available: &[Part], what: &What, zero: Money, lines: &[Line]) -> Result<Vec<Part>, PartError> {
    let all = sum(zero, available)?;
    match what {
        What::Whole => Ok(available.to_vec()),
        What::Amount(amount) => {
            if !amount.is_positive() {
                return Err(PartError::Nothing);
            }
            if all.minus(*amount)?.minor() < 0 {
                return Err(PartError::TooMuch { asked: *amount, available: all });
            }
            if *amount == all { Ok(available.to_vec()) } else { spread(available, *amount, all) }
        }
        What::Lines(wanted) => {
            let mut parts: Vec<Part> = Vec::new();
            for (line, quantity) in wanted {
                let part = available.iter().find(|part| part.line == *line);
                let left = part.map_or(Decimal::ZERO, |part| part.quantity);
                let twice = parts.iter().any(|part| part.line == *line);
                let (Some(part), Some(of)) = (part, lines.get(usize::from(*line).wrapping_sub(1))) else {
                    return Err(PartError::Line { line: *line, available: left });
                };
                if *quantity <= Decimal::ZERO || *quantity > left || twice {
                    return Err(PartError::Line { line: *line, available: left });
                }
                let amount = if *quantity == left {
                    part.amount
                } else {
                    of.amount
                        .times(quantity.checked_div(of.quantity).ok_or(MoneyError::Overflow)?)?
                        .at_most(part.amount)?
                };
                if amount.is_positive() {
                    parts.push(Part { line: *line, quantity: *quantity, amount });
                }
            }
            if parts.is_empty() { Err(PartError::Nothing) } else { Ok(parts) }
        }
    }
}

fn spread(available: &[Part], amount: Money, all: Money) -> Result<Vec<Part>, PartError> {
    let (wanted, whole) = (i128::from(amount.minor()), i128::from(all.minor()));
    let mut shares: Vec<(usize, i128, i128)> = Vec::new();
    for (at, part) in available.iter().enumerate() {
        let product = i128::from(part.amount.minor()) * wanted;
        shares.push((at, product / whole, product % whole));
    }
    let given: i128 = shares.iter().map(|(_, share, _)| share).sum();
    let mut left = wanted - given;
    // Largest remainder first, the earlier line where they are equal; a share with a remainder is below its part.
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(shares[*at].2), *at));
    for at in order {
        if left > 0 && shares[at].2 > 0 {
            shares[at].1 += 1;
            left -= 1;
        }
    }
    let mut parts = Vec::new();
    for (at, share, _) in shares {
        let minor = i64::try_from(share).map_err(|_| MoneyError::Overflow)?;
        let part = &available[at];
        let quantity = if minor == part.amount.minor() { part.quantity } else { Decimal::ZERO };
        if minor > 0 {
            parts.push(Part { line: part.line, quantity, amount: Money::new(minor, amount.currency()) });
        }
    }
    Ok(parts)
}

/// Parts as lines of a receipt: quantity times price is the amount in each. A part of a price is one piece, whatever the line is
/// counted by: it weighs nothing, and `1 kg` of cheese that weighed 355 g would be said of goods that never were.
pub fn as_lines(lines: &[Line], parts: &[Part]) -> Vec<Line> {
    parts
        .iter()
        .filter_map(|part| {
            let line = lines.get(usize::from(part.line).wrapping_sub(1))?;
            let exact = is_countable(line, part.quantity)
                && line.price.times(part.quantity).is_ok_and(|cost| cost == part.amount);
            if exact {
                return Some(Line { quantity: part.quantity, amount: part.amount, ..line.clone() });
            }
            let particulars = Particulars { measure: Measure::PIECE, ..line.particulars.clone() };
            let (price, quantity) = (part.amount, Decimal::ONE);
            Some(Line { price, quantity, amount: part.amount, particulars, ..line.clone() })
        })
        .collect()
}

/// Whether a receipt can name such a quantity of a line: half a piece of goods it can not, a part of its price it can.
fn is_countable(line: &Line, quantity: Decimal) -> bool {
    let pieces = line.subject.is_goods() && line.particulars.measure == Measure::PIECE;
    let whole = !pieces || line.particulars.fraction.is_some() || quantity.is_integer();
    let marked = line.particulars.mark.is_none() || quantity == Decimal::ONE;
    quantity > Decimal::ZERO && quantity.normalize().scale() <= laws::QUANTITY_DECIMALS_MAX && whole && marked
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part() -> impl Strategy<Value = Part> {
        (1_i64..10_000_000, 1_i64..9).prop_map(|(minor, quantity)| Part {
            line: 0,
            quantity: Decimal::from(quantity),
            amount: Money::rub(minor),
        })
    }

    proptest! {
        #[test]
        fn an_amount_is_spread_to_the_kopeck_and_no_share_exceeds_its_part(
            parts in prop::collection::vec(part(), 1..20), share in 1_u32..=1_000_000,
        ) {
            let parts: Vec<_> = (1_u8..).zip(parts).map(|(line, part)| Part { line, ..part }).collect();
            let all = sum(Money::rub(0), &parts).unwrap();
            let amount = Money::rub((i128::from(all.minor()) * i128::from(share) / 1_000_000).try_into().unwrap());
            prop_assume!(amount.is_positive());
            let taken = take(&parts, &What::Amount(amount), all.zero(), &[]).unwrap();
            prop_assert_eq!(sum(all.zero(), &taken).unwrap(), amount);
            let rest = less(parts.clone(), &taken).unwrap();
            prop_assert_eq!(sum(all.zero(), &rest).unwrap(), all.minus(amount).unwrap());
            for part in &taken {
                let of = parts.iter().find(|of| of.line == part.line).unwrap();
                prop_assert!(part.amount.minor() <= of.amount.minor());
            }
        }
    }
}
