//! Lines of a bank's statement matched with what was paid out: what went through, what came back, what nobody can tell.
//!
//! ```text
//! money out ─▶ number + amount + account, one payout only ──────────────▶ confirmed
//!           ─▶ the payout's id in the purpose ──┬─ the whole amount ────▶ confirmed
//!                                               ├─ less ────────────────▶ partial, confirmed with the last part
//!                                               └─ more, or a second time ▶ a contradiction
//!           ─▶ amount + account, or number alone ─▶ candidates for a person, never a guess
//! money in  ─▶ a payout's id, or its number and date, in the purpose ───▶ returned, with the bank's reason
//! ```
//!
//! A line is known by its name ([`Statement::names`]), so a statement may come twice, late, or overlap another: a line that was
//! matched before is a repeat. A document the bank has not executed yet says nothing, and is not remembered.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::bank_exchange::{Direction, Line, Statement};
use crate::money::{Money, MoneyError};

/// A payout as far as the bank is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The payout's id, which stands in the purpose.
    pub id: String,
    /// Number of the payment order. Numbers come again after a million.
    pub number: u32,
    /// Date of the payment order.
    pub date: Date,
    /// How much.
    pub amount: Money,
    /// The payee's account.
    pub account: String,
    /// What statements have shown to have gone out already.
    pub executed: Money,
    /// What statements have shown to have come back already.
    pub returned: Money,
}

/// What became of one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// The line, counted from 0.
    pub line: usize,
    /// Its name, to be remembered with what is recorded of it; for [`Outcome::Waiting`] not to be.
    pub name: String,
    /// What it says.
    pub outcome: Outcome,
}

/// What a line says about a payout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Outcome {
    /// All of the payout has gone out.
    Confirmed {
        /// Which.
        payout: String,
        /// By what it was recognised.
        by: Proof,
        /// The day our account moved.
        on: Date,
        /// This line's part: the payout's amount, or the last part of it.
        amount: Money,
    },
    /// A part of it has gone out.
    Partial {
        /// Which.
        payout: String,
        /// By what it was recognised.
        by: Proof,
        /// The day our account moved.
        on: Date,
        /// This part.
        amount: Money,
        /// What is still to go out.
        left: Money,
    },
    /// Some or all of it came back.
    Returned {
        /// Which.
        payout: String,
        /// The day our account moved.
        on: Date,
        /// How much.
        amount: Money,
        /// Why, in the bank's words.
        reason: String,
    },
    /// The line names a payout and can not be true of it: a person must look.
    Contradiction {
        /// Which.
        payout: String,
        /// How it contradicts.
        how: Contradiction,
    },
    /// It may be one of these payouts; nothing is recorded until a person says which.
    Candidates {
        /// Their ids, oldest number first.
        payouts: Vec<String>,
    },
    /// It is no payout's: a fee, a tax, a payment from somebody else.
    Unknown,
    /// The bank has the document and has not moved the money.
    Waiting,
    /// The same line was matched before.
    Repeat,
}

/// By what a payout was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Number of the order, amount and account.
    Number,
    /// The payout's id in the purpose.
    Reference,
}

/// How a line contradicts the payout it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contradiction {
    /// It has gone out already: paid twice.
    Twice,
    /// More has gone out than was ordered.
    TooMuch,
    /// It went to another account.
    Account,
    /// More came back than is out.
    ReturnedTooMuch,
}

/// Matches a statement's lines, in the order they were booked, money out before money in.
///
/// `sent` are the payouts that may still be seen in it, `seen` the names of lines recorded before. The answer has one entry for
/// each line, in the statement's order.
///
/// # Errors
/// Amounts of different currencies, or sums that do not fit.
pub fn matched(statement: &Statement, sent: &[Sent], seen: &BTreeSet<String>) -> Result<Vec<Match>, MoneyError> {
    let mut sent = sent.to_vec();
    sent.sort_by(|a, b| (a.date, a.number, &a.id).cmp(&(b.date, b.number, &b.id)));
    let names = statement.names();
    let mut order: Vec<usize> = (0..statement.lines.len()).collect();
    order.sort_by_key(|at| {
        let line = &statement.lines[*at];
        (line.booked, line.direction == Direction::In, *at)
    });
    let mut matches = Vec::with_capacity(order.len());
    for at in order {
        let line = &statement.lines[at];
        let outcome = match line.booked {
            None => Outcome::Waiting,
            Some(_) if seen.contains(&names[at]) => Outcome::Repeat,
            Some(on) => match line.direction {
                Direction::Out => gone_out(&mut sent, line, on)?,
                Direction::In => come_in(&mut sent, line, on)?,
                Direction::Between => Outcome::Unknown,
            },
        };
        matches.push(Match { line: at, name: names[at].clone(), outcome });
    }
    matches.sort_by_key(|found| found.line);
    Ok(matches)
}

fn gone_out(sent: &mut [Sent], line: &Line, on: Date) -> Result<Outcome, MoneyError> {
    let number = line.number.trim_start_matches('0');
    let numbered = |of: &Sent| of.number.to_string() == number && days_apart(of.date, line.date) <= NUMBER_DAYS;
    let purpose = line.purpose.to_lowercase();
    let named: Vec<usize> = all(sent, |of| names(&purpose, &of.id));
    let exact: Vec<usize> =
        all(sent, |of| numbered(of) && of.amount == line.amount && of.account == line.payee.account);
    // A number that comes again is told apart by the id, and an id by nothing: two of them are ambiguous.
    let both: Vec<usize> = exact.iter().copied().filter(|at| named.is_empty() || named.contains(at)).collect();
    match (both.as_slice(), named.as_slice()) {
        ([one], _) => executed(&mut sent[*one], line, on, Proof::Number),
        (_, [one]) => executed(&mut sent[*one], line, on, Proof::Reference),
        _ => {
            let open = |of: &Sent| of.executed.minor() < of.amount.minor();
            let alike = |of: &Sent| open(of) && of.amount == line.amount && of.account == line.payee.account;
            let by_number = |of: &Sent| numbered(of) && of.account == line.payee.account;
            Ok(candidates(sent, |of| exact_or(&exact, &named, sent, of) || alike(of) || by_number(of)))
        }
    }
}

/// Days between the date of our order and that of the bank's document: the bank may redate it, and numbers come again.
const NUMBER_DAYS: i64 = 30;

fn executed(of: &mut Sent, line: &Line, on: Date, by: Proof) -> Result<Outcome, MoneyError> {
    let payout = of.id.clone();
    if of.account != line.payee.account {
        return Ok(Outcome::Contradiction { payout, how: Contradiction::Account });
    }
    let after = of.executed.plus(line.amount)?;
    if after.minor() > of.amount.minor() {
        let twice = of.executed == of.amount;
        let how = if twice { Contradiction::Twice } else { Contradiction::TooMuch };
        return Ok(Outcome::Contradiction { payout, how });
    }
    of.executed = after;
    let left = of.amount.minus(after)?;
    Ok(if left.is_zero() {
        Outcome::Confirmed { payout, by, on, amount: line.amount }
    } else {
        Outcome::Partial { payout, by, on, amount: line.amount, left }
    })
}

fn come_in(sent: &mut [Sent], line: &Line, on: Date) -> Result<Outcome, MoneyError> {
    let purpose = line.purpose.to_lowercase();
    let named: Vec<usize> = all(sent, |of| names(&purpose, &of.id));
    if let [one] = named.as_slice() {
        return returned(&mut sent[*one], line, on);
    }
    if !named.is_empty() {
        return Ok(candidates(sent, |of| names(&purpose, &of.id)));
    }
    if !speaks_of_return(&purpose) {
        return Ok(Outcome::Unknown);
    }
    // «Возврат п/п № 7 от 20.11.2026»: the number and the date of our order, and no more than its amount.
    let told = numbers_and_dates(&purpose);
    let fits = |of: &Sent| line.amount.minor() <= of.amount.minor() && line.amount.currency() == of.amount.currency();
    let by_number: Vec<usize> = all(sent, |of| fits(of) && told.contains(&(of.number, Some(of.date))));
    if let [one] = by_number.as_slice() {
        return returned(&mut sent[*one], line, on);
    }
    let alike = |of: &Sent| told.iter().any(|(number, _)| *number == of.number) || of.amount == line.amount;
    Ok(candidates(sent, |of| fits(of) && alike(of)))
}

/// A return may be seen before the payment itself, in a statement that came first: what is back has been out.
fn returned(of: &mut Sent, line: &Line, on: Date) -> Result<Outcome, MoneyError> {
    let payout = of.id.clone();
    let after = of.returned.plus(line.amount)?;
    if after.minor() > of.amount.minor() {
        return Ok(Outcome::Contradiction { payout, how: Contradiction::ReturnedTooMuch });
    }
    of.returned = after;
    Ok(Outcome::Returned { payout, on, amount: line.amount, reason: line.purpose.clone() })
}

fn all(sent: &[Sent], is: impl Fn(&Sent) -> bool) -> Vec<usize> {
    sent.iter().enumerate().filter(|(_, of)| is(of)).map(|(at, _)| at).collect()
}

fn exact_or(exact: &[usize], named: &[usize], sent: &[Sent], of: &Sent) -> bool {
    exact.iter().chain(named).any(|at| sent[*at].id == of.id)
}

fn candidates(sent: &[Sent], is: impl Fn(&Sent) -> bool) -> Outcome {
    let payouts: Vec<String> = sent.iter().filter(|of| is(of)).map(|of| of.id.clone()).collect();
    if payouts.is_empty() { Outcome::Unknown } else { Outcome::Candidates { payouts } }
}

/// Whether a text in small letters names an id as a word of its own: `po_1` is not named by `po_12`.
fn names(text: &str, id: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(id).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + id.len()..].chars().next();
        !id.is_empty() && !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

fn speaks_of_return(purpose: &str) -> bool {
    ["возврат", "возвращ", "отказ в зачислении"].iter().any(|word| purpose.contains(word))
}

/// Numbers in a text, each with the date that follows it before the next number, where one does.
fn numbers_and_dates(text: &str) -> Vec<(u32, Option<Date>)> {
    let mut found: Vec<(u32, Option<Date>)> = Vec::new();
    for word in text.split(|c: char| !c.is_ascii_digit() && c != '.').map(|word| word.trim_matches('.')) {
        if let Some(date) = dotted(word) {
            if let Some((_, of @ None)) = found.last_mut() {
                *of = Some(date);
            }
        } else if let Ok(number) = word.parse() {
            found.push((number, None));
        }
    }
    found
}

/// `20.11.2026` or `20.11.26`.
fn dotted(word: &str) -> Option<Date> {
    let parts: Vec<&str> = word.split('.').collect();
    let [day, month, year] = parts.as_slice() else { return None };
    let century = if year.len() == 2 { 2000 } else { 0 };
    Date::new(year.parse::<i16>().ok()?.checked_add(century)?, month.parse().ok()?, day.parse().ok()?).ok()
}

fn days_apart(a: Date, b: Date) -> i64 {
    a.duration_until(b).as_hours().abs() / 24
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::bank_exchange::Side;

    const OURS: &str = "40702810900000000009";
    const THEIRS: &str = "40702810200000000001";

    fn sent(number: u32, kopecks: i64) -> Sent {
        Sent {
            id: format!("po_{number:03}"),
            number,
            date: date(2026, 11, 20),
            amount: Money::rub(kopecks),
            account: THEIRS.into(),
            executed: Money::rub(0),
            returned: Money::rub(0),
        }
    }

    fn out(number: &str, kopecks: i64, purpose: &str) -> Line {
        Line {
            account: OURS.into(),
            direction: Direction::Out,
            kind: "Платежное поручение".into(),
            number: number.into(),
            date: date(2026, 11, 20),
            booked: Some(date(2026, 11, 20)),
            amount: Money::rub(kopecks),
            payer: Side { account: OURS.into(), ..Side::default() },
            payee: Side { account: THEIRS.into(), ..Side::default() },
            purpose: purpose.into(),
        }
    }

    fn back(kopecks: i64, purpose: &str) -> Line {
        Line {
            direction: Direction::In,
            number: "4411".into(),
            date: date(2026, 11, 23),
            booked: Some(date(2026, 11, 23)),
            payer: Side { account: "30223810000000000001".into(), ..Side::default() },
            payee: Side { account: OURS.into(), ..Side::default() },
            ..out("", kopecks, purpose)
        }
    }

    fn statement(lines: Vec<Line>) -> Statement {
        Statement { since: date(2026, 11, 20), until: date(2026, 11, 23), accounts: Vec::new(), lines }
    }

    fn told(lines: Vec<Line>, sent: &[Sent]) -> Vec<String> {
        matched(&statement(lines), sent, &BTreeSet::new()).unwrap().iter().map(|found| tell(&found.outcome)).collect()
    }

    fn tell(outcome: &Outcome) -> String {
        match outcome {
            Outcome::Confirmed { payout, by, amount, .. } => format!("{payout} confirmed by {by:?}, {amount}"),
            Outcome::Partial { payout, amount, left, .. } => format!("{payout} in part, {amount}, {left} left"),
            Outcome::Returned { payout, amount, .. } => format!("{payout} back, {amount}"),
            Outcome::Contradiction { payout, how } => format!("{payout} {how:?}"),
            Outcome::Candidates { payouts } => format!("one of {}", payouts.join(" ")),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn what_went_out_is_recognised_or_left_to_a_person() {
        let two = [sent(7, 289_500), sent(8, 289_500)];
        let elsewhere =
            Line { payee: Side { account: "40702810500000000002".into(), ..Side::default() }, ..out("9", 1, "") };
        let other_account = Line { purpose: "Выплата po_007".into(), ..elsewhere.clone() };
        let table = [
            (out("7", 289_500, "Выплата"), "po_007 confirmed by Number, 2895.00 RUB"),
            (out("000008", 289_500, ""), "po_008 confirmed by Number, 2895.00 RUB"),
            (out("7", 289_500, "Выплата po_007."), "po_007 confirmed by Number, 2895.00 RUB"),
            // The bank gave it a number of its own.
            (out("900", 289_500, "Выплата PO_008, НДС не облагается"), "po_008 confirmed by Reference, 2895.00 RUB"),
            // The number says one, the purpose the other: the id is ours alone.
            (out("7", 289_500, "Выплата po_008"), "po_008 confirmed by Reference, 2895.00 RUB"),
            (out("900", 100, "po_008"), "po_008 in part, 1.00 RUB, 2894.00 RUB left"),
            (out("900", 289_501, "po_008"), "po_008 TooMuch"),
            (other_account, "po_007 Account"),
            // No number, no id: the same amount to the same account may be either.
            (out("900", 289_500, "Выплата"), "one of po_007 po_008"),
            (out("900", 289_500, "po_007 и po_008"), "one of po_007 po_008"),
            // The number and account fit, the amount does not.
            (out("8", 5, "Выплата"), "one of po_008"),
            (out("900", 289_500, "po_0071 xpo_007"), "one of po_007 po_008"),
            (elsewhere, "Unknown"),
            (Line { booked: None, ..out("7", 289_500, "po_007") }, "Waiting"),
            (Line { direction: Direction::Between, ..out("7", 289_500, "po_007") }, "Unknown"),
            // A million payments ago there was a number 7, too.
            (Line { date: date(2025, 11, 20), ..out("7", 1, "") }, "Unknown"),
        ];
        for (line, wanted) in table {
            assert_eq!(told(vec![line.clone()], &two), [wanted], "{line:?}");
        }
        // Of two with one number the purpose tells; without it nobody does.
        let same = [sent(7, 100), Sent { id: "po_107".into(), ..sent(7, 100) }];
        assert_eq!(told(vec![out("7", 100, "po_107")], &same), ["po_107 confirmed by Number, 1.00 RUB"]);
        assert_eq!(told(vec![out("7", 100, "")], &same), ["one of po_007 po_107"]);
    }

    #[test]
    fn what_came_back_names_the_payment() {
        let two = [sent(7, 289_500), sent(8, 289_500)];
        let table = [
            (back(289_500, "Возврат п/п № 7 от 20.11.2026, причина: счёт закрыт"), "po_007 back, 2895.00 RUB"),
            (back(289_500, "ВОЗВРАТ ПО П/П №8 ОТ 20.11.26 СЧЕТ ЗАКРЫТ"), "po_008 back, 2895.00 RUB"),
            (back(100, "Выплата po_008. Возвращено частично"), "po_008 back, 1.00 RUB"),
            (back(289_501, "Возврат po_008"), "po_008 ReturnedTooMuch"),
            (back(289_500, "Возврат ошибочно перечисленных средств"), "one of po_007 po_008"),
            (back(289_500, "Возврат п/п № 7 от 19.11.2026"), "one of po_007 po_008"),
            (back(5, "Возврат п/п № 7"), "one of po_007"),
            (back(289_500, "Возврат po_007, po_008"), "one of po_007 po_008"),
            (back(5, "Возврат переплаты за услуги связи"), "Unknown"),
            // A payment that only happens to be as large.
            (back(289_500, "Оплата по счёту № 7 от 20.11.2026"), "Unknown"),
        ];
        for (line, wanted) in table {
            assert_eq!(told(vec![line.clone()], &two), [wanted], "{line:?}");
        }
        let found =
            matched(&statement(vec![back(289_500, "Возврат po_007: счёт закрыт")]), &two, &BTreeSet::new()).unwrap();
        let Outcome::Returned { reason, on, .. } = &found[0].outcome else { panic!("{found:?}") };
        assert_eq!((reason.as_str(), *on), ("Возврат po_007: счёт закрыт", date(2026, 11, 23)));
    }

    #[test]
    fn a_payout_is_confirmed_once() {
        let one = [sent(7, 100)];
        let twice = vec![out("7", 100, "po_007"), out("7", 100, "po_007")];
        assert_eq!(told(twice, &one), ["po_007 confirmed by Number, 1.00 RUB", "po_007 Twice"]);
        let parts = vec![out("1", 40, "po_007"), out("2", 60, "po_007"), out("3", 1, "po_007")];
        assert_eq!(
            told(parts, &one),
            ["po_007 in part, 0.40 RUB, 0.60 RUB left", "po_007 confirmed by Reference, 0.60 RUB", "po_007 Twice"]
        );
        // Parts complete each other in the order they were booked, however the file has them.
        let later = Line { booked: Some(date(2026, 11, 21)), ..out("2", 60, "po_007") };
        let parts = vec![later, out("1", 40, "po_007")];
        assert_eq!(
            told(parts, &one),
            ["po_007 confirmed by Reference, 0.60 RUB", "po_007 in part, 0.40 RUB, 0.60 RUB left"]
        );
        let already = [Sent { executed: Money::rub(100), ..sent(7, 100) }];
        assert_eq!(told(vec![out("7", 100, "")], &already), ["po_007 Twice"]);
        // Back before out in the file, and in the order they were booked all the same.
        let mixed = vec![back(100, "Возврат po_007"), out("7", 100, "")];
        assert_eq!(told(mixed, &one), ["po_007 back, 1.00 RUB", "po_007 confirmed by Number, 1.00 RUB"]);
        assert_eq!(
            told(vec![back(60, "Возврат po_007"), back(60, "Возврат po_007 ")], &one),
            ["po_007 back, 0.60 RUB", "po_007 ReturnedTooMuch"]
        );
    }

    /// Plays statements one after the other, remembering what a workflow would.
    fn play(statements: &[Statement], sent: &mut [Sent], seen: &mut BTreeSet<String>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for statement in statements {
            for found in matched(statement, sent, seen).unwrap() {
                let of = |sent: &mut [Sent], payout: &str, out: bool, amount: Money| {
                    let of = sent.iter_mut().find(|of| of.id == payout).unwrap();
                    let sum = if out { &mut of.executed } else { &mut of.returned };
                    *sum = sum.plus(amount).unwrap();
                };
                match &found.outcome {
                    Outcome::Confirmed { payout, amount, .. } | Outcome::Partial { payout, amount, .. } => {
                        of(sent, payout, true, *amount);
                    }
                    Outcome::Returned { payout, amount, .. } => of(sent, payout, false, *amount),
                    _ => {}
                }
                if !matches!(found.outcome, Outcome::Waiting) {
                    seen.insert(found.name.clone());
                }
                if !matches!(found.outcome, Outcome::Waiting | Outcome::Repeat) {
                    outcomes.push(found.outcome);
                }
            }
        }
        outcomes
    }

    #[test]
    fn a_document_seen_waiting_is_confirmed_when_it_is_executed() {
        let waiting = statement(vec![Line { booked: None, ..out("7", 100, "po_007") }]);
        let done = statement(vec![out("7", 100, "po_007")]);
        let (mut sent, mut seen) = ([sent(7, 100)], BTreeSet::new());
        let outcomes = play(&[waiting.clone(), done.clone(), done, waiting], &mut sent, &mut seen);
        assert_eq!(outcomes.iter().map(tell).collect::<Vec<_>>(), ["po_007 confirmed by Number, 1.00 RUB"]);
    }

    fn lines() -> impl Strategy<Value = Vec<Line>> {
        let purposes = [
            "",
            "po_001",
            "po_002",
            "Выплата po_003",
            "Возврат po_001",
            "Возврат п/п № 2 от 20.11.2026",
            "Возврат",
            "po_001 po_002",
        ];
        let line = (
            0_u8..3,
            0_u32..5,
            prop_oneof![Just(100_i64), Just(40), Just(60), Just(200)],
            0..purposes.len(),
            20_i8..24,
        );
        let line = line.prop_map(move |(kind, number, kopecks, purpose, day)| {
            let line = match kind {
                0 | 1 => out(&number.to_string(), kopecks, purposes[purpose]),
                _ => back(kopecks, purposes[purpose]),
            };
            Line { booked: Some(date(2026, 11, day)), ..line }
        });
        proptest::collection::vec(line, 0..12)
    }

    fn three() -> Vec<Sent> {
        vec![sent(1, 100), sent(2, 100), sent(3, 200)]
    }

    proptest! {
        #[test]
        fn a_statement_that_comes_again_says_nothing_new(lines in lines()) {
            let statement = statement(lines);
            let (mut once, mut seen) = (three(), BTreeSet::new());
            let first = play(std::slice::from_ref(&statement), &mut once, &mut seen);
            prop_assert_eq!(first.len(), statement.lines.len());
            let after = once.clone();
            let again = play(&[statement.clone(), statement], &mut once, &mut seen);
            prop_assert_eq!(again, vec![]);
            prop_assert_eq!(once, after);
        }

        #[test]
        fn statements_that_overlap_say_the_same_as_one(lines in lines(), cut in 20_i8..24, back_to in 20_i8..24) {
            // Whole days, in the order they were booked, as banks make statements.
            let mut lines = lines;
            lines.sort_by_key(|line| line.booked);
            let until = |day| lines.iter().filter(|line| line.booked <= Some(date(2026, 11, day))).cloned().collect();
            let from = |day| lines.iter().filter(|line| line.booked >= Some(date(2026, 11, day))).cloned().collect();
            let (mut one, mut many) = (three(), three());
            let whole = play(&[statement(lines.clone())], &mut one, &mut BTreeSet::new());
            let parts = [statement(until(cut)), statement(from(back_to.min(cut + 1)))];
            let pieces = play(&parts, &mut many, &mut BTreeSet::new());
            prop_assert_eq!(one, many);
            prop_assert_eq!(whole.len(), pieces.len());
        }

        #[test]
        fn no_payout_goes_out_or_comes_back_more_than_whole(lines in lines()) {
            let mut sent = three();
            play(&[statement(lines)], &mut sent, &mut BTreeSet::new());
            for of in sent {
                prop_assert!(of.executed.minor() <= of.amount.minor() && of.returned.minor() <= of.amount.minor());
            }
        }
    }
}
