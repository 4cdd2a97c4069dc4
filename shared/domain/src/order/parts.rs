//! What of a basket an operation is about, to the kopeck: the same parts go into its receipt.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::details::Line;
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
    /// How many units; zero for a part of the price of all of them, which stay where they are.
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
                let amount = if *quantity == left { part.amount } else { cost(of, part, *quantity)? };
                if amount.is_positive() {
                    parts.push(Part { line: *line, quantity: *quantity, amount });
                }
            }
            if parts.is_empty() { Err(PartError::Nothing) } else { Ok(parts) }
        }
    }
}

/// What so many units of a part cost: at the line's price, or at what points, a capture of less and refunds by amount have left of it.
fn cost(line: &Line, part: &Part, quantity: Decimal) -> Result<Money, MoneyError> {
    let cost = if line.price.times(part.quantity)? == part.amount {
        line.price.times(quantity)?
    } else {
        part.amount.times(quantity.checked_div(part.quantity).ok_or(MoneyError::Overflow)?)?
    };
    cost.at_most(part.amount)
}

/// Parts that were taken by amount, as all the units there are at a lower price: so they are sold.
pub fn with_units(mut taken: Vec<Part>, available: &[Part]) -> Vec<Part> {
    for part in taken.iter_mut().filter(|part| part.quantity.is_zero()) {
        let units = available.iter().find(|other| other.line == part.line);
        part.quantity = units.map_or(Decimal::ZERO, |units| units.quantity);
    }
    taken
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
/// counted by: it weighs nothing, and `1 kg` of cheese that weighed 355 g would be said of goods that never were. Where it is given
/// back, the unit stays with its buyer, and its code in nobody's refund.
pub fn as_lines(lines: &[Line], parts: &[Part], is_return: bool) -> Vec<Line> {
    let mut named = Vec::with_capacity(parts.len());
    for part in parts {
        let Some(line) = lines.get(usize::from(part.line).wrapping_sub(1)) else { continue };
        if let Some(units) = units(line, part) {
            named.extend(units);
            continue;
        }
        let mut piece = Line { price: part.amount, quantity: Decimal::ONE, amount: part.amount, ..line.clone() };
        piece.particulars.measure = Measure::PIECE;
        if is_return {
            (piece.particulars.mark, piece.particulars.fraction) = (None, None);
            piece.subject = piece.subject.uncoded();
        }
        named.push(piece);
    }
    named
}

/// Lines as a register printed them over another total: which of them it changed it does not tell, so each has its share of the
/// difference.
pub fn as_printed(lines: &[Line], printed: Money) -> Result<Vec<Line>, MoneyError> {
    let sent = lines.iter().try_fold(printed.zero(), |sum, line| sum.plus(line.amount))?;
    if sent == printed || !printed.is_positive() || !sent.is_positive() {
        return Ok(lines.to_vec());
    }
    let available = whole(lines);
    let shares = spread(&available, printed, sent).map_err(|_| MoneyError::Overflow)?;
    Ok(as_lines(lines, &with_units(shares, &available), false))
}

/// A part by its units: at one price, or where no price of whole kopecks costs just so much, at two that are a kopeck apart.
fn units(line: &Line, part: &Part) -> Option<Vec<Line>> {
    let Part { quantity, amount, .. } = part;
    if !is_countable(line, *quantity) {
        return None;
    }
    let at = |price: Money, quantity: Decimal| -> Option<Line> {
        let amount = price.times(quantity).ok()?;
        (laws::is_amount(price) && amount.is_positive()).then(|| Line { price, quantity, amount, ..line.clone() })
    };
    let evenly = |amount: Money, quantity: Decimal| -> Option<Line> {
        let price = amount.times(Decimal::ONE.checked_div(quantity)?).ok()?;
        at(price, quantity).filter(|line| line.amount == amount)
    };
    let usual = at(line.price, *quantity).filter(|line| line.amount == *amount);
    if let Some(one) = usual.or_else(|| evenly(*amount, *quantity)) {
        return Some(vec![one]);
    }
    let low = Decimal::from(amount.minor()).checked_div(*quantity)?.floor();
    let low = Money::new(i64::try_from(low).ok()?, amount.currency());
    let (whole, rest) = (quantity.floor(), quantity.fract());
    let more = if rest.is_zero() { amount.minus(low.times(whole).ok()?).ok()?.minor().into() } else { rest };
    let first = at(low, quantity.checked_sub(more)?)?;
    let second = evenly(amount.minus(first.amount).ok()?, more)?;
    Some(vec![first, second])
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

        #[test]
        fn by_amounts_and_by_units_all_of_it_goes_back_and_no_more(
            lines in prop::collection::vec(line(), 1..6), paid in 1_u32..=1_000_000,
            steps in prop::collection::vec((any::<u8>(), 1_u32..=1_000, any::<bool>()), 0..12),
        ) {
            let all = whole(&lines);
            let zero = Money::rub(0);
            let worth = sum(zero, &all).unwrap();
            let less_paid = Money::rub((i128::from(worth.minor()) * i128::from(paid) / 1_000_000).try_into().unwrap());
            prop_assume!(less_paid.is_positive());
            let sold = with_units(take(&all, &What::Amount(less_paid), zero, &lines).unwrap(), &all);
            let named = as_lines(&lines, &sold, false);
            prop_assert_eq!(named.iter().try_fold(zero, |sum, line| sum.plus(line.amount)).unwrap(), less_paid);
            for part in &sold {
                let of = &lines[usize::from(part.line) - 1];
                let units: Decimal = named.iter().filter(|line| line.name == of.name).map(|line| line.quantity).sum();
                // Where units cost less than a kopeck each no price of theirs can be printed.
                prop_assert!(units == of.quantity || part.amount.times(Decimal::ONE / of.quantity).unwrap().minor() < 2);
            }
            let (mut left, mut back) = (sold, zero);
            let mut give = |left: &mut Vec<Part>, what: &What| -> Result<(), PartError> {
                let taken = take(left, what, zero, &lines)?;
                let named = as_lines(&lines, &taken, true);
                for line in &named {
                    assert_eq!(line.price.times(line.quantity).unwrap(), line.amount);
                }
                let named = named.iter().try_fold(zero, |sum, line| sum.plus(line.amount)).unwrap();
                assert_eq!(named, sum(zero, &taken).unwrap());
                back = back.plus(named).unwrap();
                *left = less(std::mem::take(left), &taken).unwrap();
                Ok(())
            };
            for (which, share, by_units) in steps {
                if left.is_empty() {
                    break;
                }
                let part = left[usize::from(which) % left.len()].clone();
                let what = if by_units {
                    let quantity = (part.quantity * Decimal::from(share) / Decimal::from(1_000)).ceil().min(part.quantity);
                    What::Lines(vec![(part.line, quantity)])
                } else {
                    let all = sum(zero, &left).unwrap();
                    What::Amount(all.times(Decimal::new(share.into(), 3)).unwrap())
                };
                match give(&mut left, &what) {
                    Ok(()) | Err(PartError::Nothing) => {}
                    Err(other) => prop_assert!(false, "{what:?} of {left:?}: {other}"),
                }
            }
            // All that remains can be asked for by its lines.
            let rest: Vec<_> = left.iter().map(|part| (part.line, part.quantity)).collect();
            if !rest.is_empty() {
                give(&mut left, &What::Lines(rest)).unwrap();
            }
            prop_assert!(left.is_empty());
            prop_assert_eq!(back, less_paid);
        }
    }

    fn line() -> impl Strategy<Value = Line> {
        let quantity = prop_oneof![
            (1_i64..40).prop_map(Decimal::from),
            (1_i64..90_000, 1_u32..=3).prop_map(|(mantissa, scale)| Decimal::new(mantissa, scale)),
        ];
        (1_i64..100_000, quantity, any::<u64>()).prop_filter_map("costs something", |(price, quantity, name)| {
            let price = Money::rub(price);
            let amount = price.times(quantity).ok().filter(|amount| amount.is_positive())?;
            let (vat, subject) = (crate::tax::VatRate::None, crate::receipt::Subject::Service);
            let particulars = crate::details::Particulars::default();
            Some(Line { name: name.to_string(), price, quantity, amount, vat, subject, particulars })
        })
    }

    fn boots(mark: bool) -> Line {
        let mark = mark.then(|| "01046019360054642100001\u{1d}91EE05".to_owned());
        let (subject, quantity) = match mark {
            Some(_) => (crate::receipt::Subject::GoodsMarked, Decimal::ONE),
            None => (crate::receipt::Subject::Goods, Decimal::from(3)),
        };
        let particulars = crate::details::Particulars { mark, ..crate::details::Particulars::default() };
        let (price, vat, name) = (Money::rub(61_000), crate::tax::VatRate::Vat22, "Ботинки".to_owned());
        Line { amount: price.times(quantity).unwrap(), name, price, quantity, vat, subject, particulars }
    }

    #[test]
    fn units_that_were_paid_less_for_are_named_by_their_number_and_go_back_by_it() {
        let lines = [boots(false)];
        let all = whole(&lines);
        let sold = with_units(take(&all, &What::Amount(Money::rub(100_000)), Money::rub(0), &lines).unwrap(), &all);
        let said = |parts: &[Part], back| {
            let lines = as_lines(&lines, parts, back);
            lines.iter().map(|line| format!("{} × {}", line.quantity, line.price)).collect::<Vec<_>>()
        };
        assert_eq!(said(&sold, false), ["2 × 333.33 RUB", "1 × 333.34 RUB"]);
        let one = take(&sold, &What::Lines(vec![(1, Decimal::ONE)]), Money::rub(0), &lines).unwrap();
        assert_eq!(said(&one, true), ["1 × 333.33 RUB"]);
        let left = less(sold, &one).unwrap();
        let some = take(&left, &What::Amount(Money::rub(6_667)), Money::rub(0), &lines).unwrap();
        assert_eq!(said(&some, true), ["1 × 66.67 RUB"], "a part of the price");
        assert_eq!(said(&less(left, &some).unwrap(), true), ["2 × 300.00 RUB"]);
    }

    #[test]
    fn a_code_goes_back_with_its_unit_and_not_with_a_part_of_its_price() {
        let lines = [boots(true)];
        let all = whole(&lines);
        let some = take(&all, &What::Amount(Money::rub(10_000)), Money::rub(0), &lines).unwrap();
        let back = as_lines(&lines, &some, true);
        assert_eq!(
            (back[0].particulars.mark.as_deref(), back[0].subject),
            (None, crate::receipt::Subject::GoodsUncoded)
        );
        let rest = as_lines(&lines, &less(all, &some).unwrap(), true);
        assert_eq!(
            (rest[0].price, rest[0].quantity, rest[0].subject),
            (Money::rub(51_000), Decimal::ONE, lines[0].subject)
        );
        assert_eq!(rest[0].particulars.mark, lines[0].particulars.mark, "the unit comes back");
    }
}
