//! Single rules of reconciliation, each by an example.

use std::collections::{BTreeMap, BTreeSet};

use domain::acquiring::Method;
use domain::ledger::{Account, Posting};
use domain::money::{Currency, Money};
use domain::reconcile::{
    By, Change, Deposits, Discrepancy, Facts, Kind, Movement, Paper, Refusal, Registry, Row, Scope, State, Statement,
    StatementFault, StatementLine, Subject, Terms, Way, What, compare, merge,
};
use domain::time::Timestamp;
use jiff::civil::{Date, date};

/// What corrections are posted against here.
const PARTNER: Account = Account::PartnerPending;
const DAY: Date = date(2026, 3, 10);
const WHOLE: Scope = Scope { from: date(2026, 3, 1), until: date(2026, 3, 31) };

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn noon() -> Timestamp {
    at("2026-03-10T09:00:00Z")
}

fn taken(operation: &str, minor: i64) -> Movement {
    Movement {
        at: noon(),
        number: format!("A-{operation}"),
        operation: operation.into(),
        account: "bank".into(),
        method: Method::Card,
        way: if minor < 0 { Way::Returned } else { Way::Taken },
        lands: Account::BankClearing,
        amount: Money::rub(minor),
        bank_fee: None,
        reference: Some(format!("ref-{operation}")),
    }
}

fn row(movement: &Movement) -> Row {
    Row {
        reference: movement.reference.clone(),
        operation: None,
        number: None,
        way: movement.way,
        amount: movement.amount,
        fee: None,
        day: movement.day(),
        at: None,
        line: 2,
    }
}

fn registry(day: Date, rows: Vec<Row>) -> Registry {
    Registry {
        account: "bank".into(),
        day,
        part: String::new(),
        received: at("2026-03-12T06:00:00Z"),
        lands: Account::BankClearing,
        rows,
    }
}

fn facts(movements: Vec<Movement>, registries: Vec<Registry>) -> Facts {
    Facts {
        movements,
        receipts: Vec::new(),
        payouts: Vec::new(),
        journal_until: date(2026, 3, 31),
        known: BTreeSet::new(),
        registries,
        reports: Vec::new(),
        statements: Vec::new(),
    }
}

fn terms() -> Terms {
    Terms::usual()
}

fn found(facts: &Facts) -> Vec<Discrepancy> {
    compare(facts, &terms(), WHOLE).unwrap().found
}

fn kinds(facts: &Facts) -> Vec<Kind> {
    let mut kinds: Vec<_> = found(facts).iter().map(|one| one.kind).collect();
    kinds.sort();
    kinds
}

fn days(from: i8, until: i8, mut rows: Vec<Row>) -> Vec<Registry> {
    (from..=until)
        .map(|day| registry(date(2026, 3, day), if day == 10 { std::mem::take(&mut rows) } else { Vec::new() }))
        .collect()
}

#[test]
fn what_happens_near_midnight_is_nothing_until_the_next_registry_lacks_it() {
    let late = Movement { at: at("2026-03-10T20:59:50Z"), ..taken("1", 29_000) };
    let scope = Scope::day(DAY);
    let first = facts(vec![late.clone()], days(9, 10, Vec::new()));
    let outcome = compare(&first, &terms(), scope).unwrap();
    assert_eq!(outcome.found, []);
    assert!(outcome.absent.contains(&Paper::Registry("bank".into(), date(2026, 3, 11))));
    // The next one has it, under its own day.
    let mut registries = days(9, 10, Vec::new());
    registries.push(registry(date(2026, 3, 11), vec![Row { day: date(2026, 3, 11), ..row(&late) }]));
    let outcome = compare(&facts(vec![late.clone()], registries), &terms(), scope).unwrap();
    assert_eq!((outcome.found.len(), outcome.matched, outcome.absent.len()), (0, 1, 0));
    // The next one lacks it too.
    assert_eq!(kinds(&facts(vec![late], days(9, 11, Vec::new()))), [Kind::MissingThere]);
}

#[test]
fn the_bank_may_know_before_us() {
    // We learn of it after midnight; until our day is over, the row waits.
    let ours = Movement { at: at("2026-03-10T21:00:30Z"), ..taken("1", 29_000) };
    let theirs = Row { number: Some("A-1".into()), day: DAY, ..row(&ours) };
    let mut early = facts(Vec::new(), days(9, 11, vec![theirs.clone()]));
    early.journal_until = DAY;
    let outcome = compare(&early, &terms(), WHOLE).unwrap();
    assert_eq!(outcome.found, []);
    assert_eq!(outcome.absent, [Paper::Journal(date(2026, 3, 11))].into());
    early.journal_until = date(2026, 3, 11);
    assert_eq!(kinds(&early), [Kind::Orphan], "nothing of ours is called so");
    assert_eq!(early.numbers_to_look_up(), ["A-1"].into());
    early.known.insert("A-1".into());
    assert!(early.numbers_to_look_up().is_empty());
    assert_eq!(kinds(&early), [Kind::MissingHere], "an old order's transaction is no stranger");
    early.movements.push(ours);
    assert_eq!(kinds(&early), []);
}

#[test]
fn a_refund_of_the_sbp_has_its_days() {
    let refund = Movement { method: Method::Sbp, ..taken("1", -29_000) };
    assert_eq!(kinds(&facts(vec![refund.clone()], days(9, 12, Vec::new()))), []);
    assert_eq!(kinds(&facts(vec![refund.clone()], days(9, 13, Vec::new()))), [Kind::CancelledRefund]);
    let theirs = Row { day: date(2026, 3, 13), ..row(&refund) };
    assert_eq!(kinds(&facts(vec![refund.clone()], days(9, 13, vec![theirs.clone()]))), []);
    let card = Movement { method: Method::Card, ..refund };
    assert_eq!(kinds(&facts(vec![card], days(9, 13, vec![theirs]))), [Kind::Date]);
}

#[test]
fn a_fee_kept_too_high_lowers_what_the_bank_holds_for_us() {
    let ours = Movement { bank_fee: Some(Money::rub(600)), ..taken("1", 29_000) };
    for (kept, outstanding) in [(650, -50), (580, 20)] {
        let theirs = Row { fee: Some(Money::rub(kept)), ..row(&ours) };
        let found = found(&facts(vec![ours.clone()], days(9, 12, vec![theirs])));
        let [fee] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((fee.kind, fee.outstanding().unwrap()), (Kind::Fee, Some(Money::rub(outstanding))));
        let (debit, credit) = match outstanding {
            ..0 => (Account::Acquiring, Account::BankClearing),
            _ => (Account::BankClearing, Account::Acquiring),
        };
        let posting = Posting::new(debit, credit, Money::rub(outstanding.abs()));
        assert_eq!(fee.against(Account::Acquiring).unwrap(), [posting], "{kept} kept of a fee of 600");
    }
}

#[test]
fn a_refund_the_bank_lists_and_takes_back_is_one_discrepancy() {
    let refund = taken("1", -29_000);
    let undone = Row { way: Way::Undone, amount: Money::rub(29_000), ..row(&refund) };
    let both = facts(vec![refund.clone()], days(9, 13, vec![row(&refund), undone]));
    let [one] = found(&both).try_into().unwrap();
    assert_eq!((one.kind, one.difference), (Kind::CancelledRefund, Some(Money::rub(29_000))));
    let [absent] = found(&facts(vec![refund.clone()], days(9, 13, Vec::new()))).try_into().unwrap();
    assert_eq!((absent.id, absent.difference), (one.id, one.difference), "and the same as its absence");
    // Our journal learns of it.
    let taken_back = Movement { way: Way::Undone, amount: Money::rub(29_000), ..refund };
    let known = Facts { movements: vec![both.movements[0].clone(), taken_back], ..both };
    assert_eq!(kinds(&known), []);
}

#[test]
fn partial_refunds_under_one_reference_are_told_apart_by_amount() {
    let refunds =
        [-10_000, -10_000, -5_000].map(|minor| Movement { reference: Some("md".into()), ..taken("1", minor) });
    let refunds: Vec<_> =
        refunds.into_iter().enumerate().map(|(no, one)| Movement { operation: format!("1.{no}"), ..one }).collect();
    let mut rows: Vec<_> = refunds.iter().rev().map(row).collect();
    assert_eq!(kinds(&facts(refunds.clone(), days(9, 13, rows.clone()))), []);
    // The one that is left on each side is one refund with two amounts.
    rows[0].amount = Money::rub(-4_999);
    let [one] = found(&facts(refunds.clone(), days(9, 13, rows.clone()))).try_into().unwrap();
    assert_eq!((one.kind, one.difference), (Kind::Amount, Some(Money::rub(1))));
    // Two that are left on each side are not guessed at: who belongs to whom is the accountant's to say.
    rows[1].amount = Money::rub(-9_000);
    let unclear = found(&facts(refunds, days(9, 13, rows)));
    let kinds: BTreeSet<_> = unclear.iter().map(|one| (one.kind, one.candidates.len())).collect();
    assert_eq!((unclear.len(), kinds), (4, [(Kind::CancelledRefund, 2), (Kind::MissingHere, 2)].into()));
}

#[test]
fn what_names_nothing_is_paired_by_amount_and_time_only_where_it_is_alone() {
    let nameless = |movement: &Movement| Row { reference: None, ..row(movement) };
    let (one, other) = (taken("1", 29_000), taken("2", 29_000));
    assert_eq!(kinds(&facts(vec![one.clone()], days(9, 13, vec![nameless(&one)]))), []);
    let unclear = found(&facts(vec![one.clone(), other.clone()], days(9, 13, vec![nameless(&one)])));
    let candidates: Vec<_> = unclear.iter().map(|one| (one.kind, one.candidates.len())).collect();
    assert_eq!(unclear.len(), 3);
    assert!(candidates.contains(&(Kind::MissingHere, 2)) && candidates.contains(&(Kind::MissingThere, 1)));
    // One of ours, and two rows it might be.
    let two = found(&facts(vec![one.clone()], days(9, 13, vec![nameless(&one), nameless(&one)])));
    let kinds_of_two: Vec<_> = two.iter().map(|one| (one.kind, one.candidates.len())).collect();
    assert_eq!(kinds_of_two.len(), 3);
    assert!(kinds_of_two.contains(&(Kind::MissingThere, 2)) && kinds_of_two.contains(&(Kind::MissingHere, 1)));
    // A moment, or the order's number, makes it clear.
    let minute = Row { at: Some(noon()), ..nameless(&one) };
    let away = Movement { at: at("2026-03-10T10:00:00Z"), ..other.clone() };
    assert_eq!(kinds(&facts(vec![one.clone(), away], days(9, 13, vec![minute]))), [Kind::MissingThere]);
    let numbered = Row { number: Some("A-2".into()), ..nameless(&one) };
    let [left] = found(&facts(vec![one.clone(), other], days(9, 13, vec![numbered]))).try_into().unwrap();
    assert!(matches!(left.subject, Subject::Transaction { operation: Some(operation), .. } if operation == "1"));
    // Another reference is another transaction, whatever the amount.
    let stranger = Row { reference: Some("other".into()), ..row(&one) };
    assert_eq!(kinds(&facts(vec![one], days(9, 13, vec![stranger]))), [Kind::MissingThere, Kind::Orphan]);
}

#[test]
fn a_registry_imported_twice_is_one_and_a_corrected_one_takes_its_place() {
    let one = taken("1", 29_000);
    let mut all = facts(vec![one.clone()], days(9, 13, vec![row(&one)]));
    all.registries.extend(all.registries.clone());
    assert_eq!(kinds(&all), []);
    let wrong = Row { amount: Money::rub(28_000), ..row(&one) };
    let later = Registry { received: at("2026-03-13T06:00:00Z"), ..registry(DAY, vec![wrong]) };
    all.registries.insert(0, later);
    assert_eq!(kinds(&all), [Kind::Amount]);
    // The same row twice in one file is another matter.
    let twice = facts(vec![one.clone()], days(9, 13, vec![row(&one), row(&one)]));
    let [copy] = found(&twice).try_into().unwrap();
    assert_eq!((copy.kind, copy.difference), (Kind::Duplicate, Some(Money::rub(29_000))));
    assert_eq!(found(&twice)[0].id, copy.id);
}

#[test]
fn of_a_day_in_several_files_all_must_be_there() {
    let mut terms = terms();
    terms.parts.insert("bank".into(), ["cards".to_owned(), "sbp".to_owned()].into());
    let part = |part: &str| {
        let named = |one: Registry| Registry { part: part.into(), ..one };
        days(9, 11, Vec::new()).into_iter().map(named).collect::<Vec<_>>()
    };
    let mut all = facts(vec![taken("1", 29_000)], part("cards"));
    assert_eq!(compare(&all, &terms, WHOLE).unwrap().found, []);
    all.registries.extend(part("sbp"));
    assert_eq!(compare(&all, &terms, WHOLE).unwrap().found.len(), 1);
}

#[test]
fn a_currency_of_its_own_is_compared_as_it_is() {
    let dollars = Movement { amount: Money::new(5_000, Currency::USD), ..taken("1", 1) };
    assert_eq!(kinds(&facts(vec![dollars.clone()], days(9, 13, vec![row(&dollars)]))), []);
    let roubles = Row { amount: Money::rub(5_000), ..row(&dollars) };
    let [one] = found(&facts(vec![dollars], days(9, 13, vec![roubles]))).try_into().unwrap();
    assert_eq!((one.kind, one.difference), (Kind::Currency, None));
    assert_eq!(one.corrected(Vec::new(), "причина", "acc", noon()), Err(Refusal::NotByPosting));
    assert!(one.explained("курс банка на день операции", "acc", noon()).is_ok());
}

#[test]
fn what_lands_on_a_nominal_account_is_about_that_account_and_paid_out_there() {
    let nominal = Movement { lands: Account::Nominal, method: Method::Sbp, ..taken("1", 29_000) };
    let settled = taken("2", 10_000);
    let wrong = Row { amount: Money::rub(28_000), ..row(&nominal) };
    let mut all = facts(vec![nominal, settled.clone()], days(9, 20, vec![wrong, row(&settled)]));
    assert_eq!(found(&all)[0].account, Some(Account::Nominal));
    // One registry, two deposits.
    let deposit = |lands, minor| {
        let what = What::Deposit { account: "bank".into(), lands, from: DAY, until: DAY };
        StatementLine { reference: "d".into(), amount: Money::rub(minor), what }
    };
    let statement = |account, day, lines| {
        let zero = Money::rub(0);
        Statement { account, day, received: noon(), opening: zero, closing: zero, lines }
    };
    for day in 10..=20 {
        let (first, day) = (day == 11, date(2026, 3, day));
        let lines = |lands, minor| if first { vec![deposit(lands, minor)] } else { Vec::new() };
        all.statements.push(statement(Account::Nominal, day, lines(Account::Nominal, 28_000)));
        all.statements.push(statement(Account::Settlement, day, lines(Account::BankClearing, 9_000)));
    }
    let terms = Terms { deposits: BTreeMap::from([("bank".into(), Deposits::Net)]), ..terms() };
    let found = compare(&all, &terms, WHOLE).unwrap().found;
    let deposits: Vec<_> =
        found.iter().filter(|one| matches!(one.subject, Subject::Deposit { .. })).map(|one| one.difference).collect();
    assert_eq!(deposits, [Some(Money::rub(-1_000))]);
}

#[test]
fn a_statement_cut_short_does_not_add_up() {
    let line = StatementLine { reference: "1".into(), amount: Money::rub(500), what: What::Own };
    let whole = Statement {
        account: Account::BankClearing,
        day: DAY,
        received: noon(),
        opening: Money::rub(100),
        closing: Money::rub(600),
        lines: vec![line],
    };
    assert_eq!(whole.check(), Ok(()));
    let cut = Statement { lines: Vec::new(), ..whole };
    assert_eq!(cut.check(), Err(StatementFault::Sum { counted: Money::rub(100), closing: Money::rub(600) }));
}

/// One discrepancy: the bank has 10.00 more than we.
fn more() -> (Facts, Discrepancy) {
    let one = taken("1", 29_000);
    let theirs = Row { amount: Money::rub(30_000), ..row(&one) };
    let all = facts(vec![one], days(9, 13, vec![theirs]));
    let [found] = found(&all).try_into().unwrap();
    (all, found)
}

fn posting(debit: Account, credit: Account, minor: i64) -> Posting {
    Posting::new(debit, credit, Money::rub(minor))
}

#[test]
fn a_correction_posts_what_is_outstanding_and_nothing_else() {
    let (_, one) = more();
    let (bank, partner, fee) = (Account::BankClearing, PARTNER, Account::Commission);
    let correct = |postings| one.corrected(postings, " банк прав ", "acc", noon());
    let outstanding = Money::rub(1_000);
    let sum = |posted| Err(Refusal::Sum { posted: Money::rub(posted), outstanding });
    assert_eq!(correct(Vec::new()), sum(0));
    assert_eq!(correct(vec![posting(bank, partner, 999)]), sum(999));
    assert_eq!(correct(vec![posting(partner, bank, 1_000)]), sum(-1_000));
    assert_eq!(correct(vec![posting(fee, partner, 1_000)]), sum(0));
    assert_eq!(correct(vec![posting(bank, partner, 1_000), posting(bank, fee, 0)]), Err(Refusal::Idle { at: 2 }));
    assert_eq!(correct(vec![posting(bank, bank, 1_000)]), Err(Refusal::Idle { at: 1 }));
    let dollars = Posting { amount: Money::new(1, Currency::USD), ..posting(fee, partner, 1) };
    assert!(matches!(correct(vec![posting(bank, partner, 1_000), dollars]), Err(Refusal::Money(_))));
    let good = vec![posting(bank, partner, 900), posting(bank, fee, 100)];
    assert_eq!(one.corrected(good.clone(), " ", "acc", noon()), Err(Refusal::Reason));
    assert_eq!(one.corrected(good.clone(), &"я".repeat(501), "acc", noon()), Err(Refusal::Reason));
    assert_eq!(one.corrected(good.clone(), "банк прав", "", noon()), Err(Refusal::Who));
    let done = correct(good).unwrap();
    assert_eq!(done.state, State::Resolved { at: noon(), by: By::Correction });
    assert_eq!(done.corrections[0].reason, "банк прав");
    assert_eq!(done.corrected(vec![posting(bank, partner, 1_000)], "ещё раз", "acc", noon()), Err(Refusal::Closed));
    assert_eq!(done.explained("ещё раз", "acc", noon()), Err(Refusal::Closed));
    let stored = serde_json::to_string(&done).unwrap();
    assert_eq!(serde_json::from_str::<Discrepancy>(&stored).unwrap(), done);
}

#[test]
fn what_a_later_paper_explains_closes_by_itself_and_opens_again_when_it_is_found_again() {
    let (mut all, one) = more();
    let wrong = all.registries.clone();
    let whole = |all: &Facts| compare(all, &terms(), WHOLE).unwrap();
    let right = Registry { received: at("2026-03-14T06:00:00Z"), ..registry(DAY, vec![row(&all.movements[0])]) };
    all.registries.push(right);
    let [change] = merge(std::slice::from_ref(&one), &whole(&all), WHOLE, noon()).unwrap().try_into().unwrap();
    assert!(matches!(&change, Change::Closed(_)), "{change:?}");
    let closed = change.discrepancy().clone();
    assert_eq!(closed.state, State::Resolved { at: noon(), by: By::Themselves });
    assert_eq!(merge(std::slice::from_ref(&closed), &whole(&all), WHOLE, noon()).unwrap(), []);
    all.registries = wrong;
    let [change] = merge(&[closed], &whole(&all), WHOLE, noon()).unwrap().try_into().unwrap();
    assert_eq!(change, Change::Reopened(one.clone()));
    // Out of the scope nothing is known, and nothing changes.
    let elsewhere = Scope::day(date(2026, 3, 20));
    let outcome = compare(&all, &terms(), elsewhere).unwrap();
    assert_eq!(merge(&[one], &outcome, elsewhere, noon()).unwrap(), []);
}

#[test]
fn what_waits_for_a_paper_does_not_close() {
    let one = taken("1", 29_000);
    let [missing] = found(&facts(vec![one.clone()], days(9, 13, Vec::new()))).try_into().unwrap();
    // A registry is taken away: whether it is missing is not known any more.
    let outcome = compare(&facts(vec![one], days(11, 13, Vec::new())), &terms(), WHOLE).unwrap();
    assert_eq!(outcome.found, []);
    assert_eq!(merge(&[missing], &outcome, WHOLE, noon()).unwrap(), []);
}

#[test]
fn what_was_corrected_and_has_lost_its_ground_is_to_be_posted_back() {
    let (mut all, one) = more();
    let (bank, partner) = (Account::BankClearing, PARTNER);
    let done = one.corrected(vec![posting(bank, partner, 1_000)], "банк прав", "acc", noon()).unwrap();
    let whole = |all: &Facts| compare(all, &terms(), WHOLE).unwrap();
    assert_eq!(
        merge(std::slice::from_ref(&done), &whole(&all), WHOLE, noon()).unwrap(),
        [],
        "found again, it stays closed"
    );
    // The bank's figure changes once more.
    let mut changed = all.clone();
    changed.registries[1].rows[0].amount = Money::rub(29_400);
    let [change] = merge(std::slice::from_ref(&done), &whole(&changed), WHOLE, noon()).unwrap().try_into().unwrap();
    assert!(matches!(&change, Change::Reopened(_)), "{change:?}");
    assert_eq!(change.discrepancy().outstanding(), Ok(Some(Money::rub(-600))));
    // It is gone: all that was posted is outstanding, and no explanation will do.
    all.registries[1].rows[0].amount = Money::rub(29_000);
    let [change] = merge(&[done], &whole(&all), WHOLE, noon()).unwrap().try_into().unwrap();
    let gone = change.discrepancy().clone();
    assert!(matches!(&change, Change::Reopened(_)) && gone.outstanding() == Ok(Some(Money::rub(-1_000))));
    assert!(matches!(gone.explained("забыть", "acc", noon()), Err(Refusal::Sum { .. })));
    let settled = gone.corrected(vec![posting(partner, bank, 1_000)], "банк исправил реестр", "acc", noon()).unwrap();
    assert_eq!(settled.outstanding(), Ok(Some(Money::rub(0))));
    assert_eq!(merge(&[settled], &whole(&all), WHOLE, noon()).unwrap(), []);
}

#[test]
fn a_person_opens_it_again_and_what_was_posted_is_taken_back() {
    let (all, one) = more();
    let done = one.corrected(one.against(Account::Adjustment).unwrap(), "списать", "acc", noon()).unwrap();
    assert_eq!(one.reopened("зачем", "acc", noon()), Err(Refusal::Open));
    assert_eq!(done.reopened(" ", "acc", noon()), Err(Refusal::Reason));
    let (open, back) = done.reopened("ошибка", "acc", noon()).unwrap();
    assert_eq!(back, [posting(Account::Adjustment, Account::BankClearing, 1_000)]);
    assert!(open.is_open() && open.outstanding() == Ok(Some(Money::rub(1_000))));
    let whole = compare(&all, &terms(), WHOLE).unwrap();
    assert_eq!(merge(std::slice::from_ref(&open), &whole, WHOLE, noon()).unwrap(), [], "it stays open");
    let again = open.corrected(open.against(PARTNER).unwrap(), "банк прав", "acc", noon()).unwrap();
    assert_eq!((again.outstanding(), again.corrections.len()), (Ok(Some(Money::rub(0))), 3));
    // Nothing is left of what was posted; still, what has postings is not explained away.
    assert!(matches!(open.explained("не надо", "acc", noon()), Err(Refusal::Sum { .. })));
    let (free, none) = one.explained("так и есть", "acc", noon()).unwrap().reopened("нет", "acc", noon()).unwrap();
    assert_eq!((free.is_open(), none.len()), (true, 0));
    assert_eq!(one.against(Account::BankClearing), Err(Refusal::Idle { at: 1 }));
}
