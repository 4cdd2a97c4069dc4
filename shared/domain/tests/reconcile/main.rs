//! Reconciliation on generated months: all that is planted is found, with its kind, and nothing else.
#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

mod month;
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use domain::ledger::Posting;
use domain::money::{Currency, Money};
use domain::reconcile::{Change, Discrepancy, Facts, Kind, Scope, Subject, compare, merge};
use month::{AFTER, DAYS, Month, day, first_day, month};

/// Planted, found of it, and found without having been planted.
type Counts = BTreeMap<Kind, [usize; 3]>;

/// What a discrepancy is about, as the planting names it.
fn name(found: &Discrepancy) -> String {
    match &found.subject {
        Subject::Transaction { number, operation, reference, .. } => {
            operation.as_ref().or(reference.as_ref()).or(number.as_ref()).cloned().unwrap_or_default()
        }
        Subject::Receipt { external_id, document, .. } => {
            external_id.clone().unwrap_or_else(|| document.as_ref().unwrap().1.to_string())
        }
        Subject::Payout { id, .. } => id.clone(),
        Subject::Deposit { account, from, .. } => format!("{account}/{from}"),
        Subject::Line { reference } => reference.clone(),
    }
}

fn tally(month: &Month, found: &[Discrepancy], counts: &mut Counts) -> Vec<String> {
    let mut left: BTreeMap<(Kind, String), usize> = BTreeMap::new();
    for (kind, name) in &month.planted {
        counts.entry(*kind).or_default()[0] += 1;
        *left.entry((*kind, name.clone())).or_default() += 1;
    }
    let mut wrong = Vec::new();
    for one in found {
        if let Some(left) = left.get_mut(&(one.kind, name(one))).filter(|left| **left > 0) {
            *left -= 1;
            counts.entry(one.kind).or_default()[1] += 1;
        } else {
            counts.entry(one.kind).or_default()[2] += 1;
            wrong.push(format!("invented: {} of {} ({})", one.kind.code(), name(one), one.key));
        }
    }
    let missed = left.into_iter().filter(|(_, left)| *left > 0);
    wrong.extend(missed.map(|((kind, name), _)| format!("missed: {} of {name}", kind.code())));
    wrong
}

fn table(counts: &Counts) -> String {
    let mut table = format!("{:<18}{:>10}{:>10}{:>10}\n", "kind", "planted", "found", "invented");
    for kind in Kind::ALL {
        let [planted, found, invented] = counts.get(&kind).copied().unwrap_or_default();
        writeln!(table, "{:<18}{planted:>10}{found:>10}{invented:>10}", kind.code()).unwrap();
    }
    table
}

#[test]
fn all_that_is_planted_is_found_and_nothing_else() {
    let mut counts = Counts::new();
    let months = 48_u64;
    for seed in 0..months {
        // From a few things wrong to a month in which one in thirty is, in each of the ways there are.
        let wrong = [10, 40, 120, 350][usize::try_from(seed % 4).unwrap()];
        let month = month(seed, 400, wrong);
        let outcome = compare(&month.facts, &month.terms, month.scope).unwrap();
        let faults = tally(&month, &outcome.found, &mut counts);
        assert!(faults.is_empty(), "seed {seed}: {} faults\n{}", faults.len(), faults.join("\n"));
        let ids: BTreeSet<_> = outcome.found.iter().map(|one| &one.id).collect();
        assert_eq!(ids.len(), outcome.found.len(), "seed {seed}: two discrepancies share an id");
        assert!(outcome.absent.is_empty(), "seed {seed}: {:?}", outcome.absent);
    }
    println!("{months} months of 400 orders\n{}", table(&counts));
    assert!(Kind::ALL.iter().all(|kind| counts[kind][0] > 20), "a kind was hardly planted\n{}", table(&counts));
}

#[test]
fn a_month_without_faults_has_no_discrepancy() {
    for seed in 1_000..1_024 {
        let month = month(seed, 500, 0);
        let outcome = compare(&month.facts, &month.terms, month.scope).unwrap();
        assert_eq!(outcome.found, [], "seed {seed}");
        assert!(outcome.matched > 1_000 && outcome.absent.is_empty());
    }
}

/// The differences together are the whole gap between the bank's money and ours, to the kopeck.
#[test]
fn what_is_found_explains_the_whole_gap() {
    for seed in 2_000..2_016 {
        let month = month(seed, 400, 200);
        let outcome = compare(&month.facts, &month.terms, month.scope).unwrap();
        let mut gap: BTreeMap<Currency, i64> = BTreeMap::new();
        let mut add = |money: Money, sign: i64| *gap.entry(money.currency()).or_default() += sign * money.minor();
        let mut files = BTreeMap::new();
        for registry in &month.facts.registries {
            let key = (&registry.account, registry.day, &registry.part);
            let held = files.entry(key).or_insert(registry);
            if held.received < registry.received {
                *held = registry;
            }
        }
        files.values().flat_map(|registry| &registry.rows).for_each(|row| add(row.amount, 1));
        for movement in month.facts.movements.iter().filter(|movement| movement.account != "cash") {
            add(movement.amount, -1);
        }
        let is_money = |one: &&Discrepancy| {
            let transaction = matches!(one.subject, Subject::Transaction { .. });
            transaction && !matches!(one.kind, Kind::Fee | Kind::Date)
        };
        for one in outcome.found.iter().filter(is_money) {
            let amount = |side: &Option<domain::reconcile::Side>| side.as_ref().and_then(|side| side.amount);
            for (money, sign) in [(amount(&one.theirs), -1), (amount(&one.ours), 1)] {
                if let Some(money) = money {
                    add(money, sign);
                }
            }
        }
        assert!(gap.values().all(|gap| *gap == 0), "seed {seed}: {gap:?}");
    }
}

/// What is known at the end of a day: the papers of that day and before.
fn known(facts: &Facts, at: i64) -> Facts {
    let today = day(at);
    Facts {
        movements: facts.movements.iter().filter(|one| one.day() <= today).cloned().collect(),
        receipts: facts.receipts.iter().filter(|one| one.day <= today).cloned().collect(),
        payouts: facts.payouts.iter().filter(|one| one.day <= today).cloned().collect(),
        journal_until: today,
        known: facts.known.clone(),
        registries: facts.registries.iter().filter(|one| one.day <= today).cloned().collect(),
        reports: facts.reports.iter().filter(|one| one.day <= today).cloned().collect(),
        statements: facts.statements.iter().filter(|one| one.day <= today).cloned().collect(),
    }
}

/// Keeps a work list over the month as the papers come in, a day at a time.
fn kept(month: &Month) -> (BTreeMap<String, Discrepancy>, usize) {
    let (mut list, mut opened): (BTreeMap<String, Discrepancy>, usize) = (BTreeMap::new(), 0);
    for at in 0..DAYS + AFTER {
        let scope = Scope { from: day((at - 14).max(0)), until: day(at.min(DAYS - 1)) };
        let outcome = compare(&known(&month.facts, at), &month.terms, scope).unwrap();
        let now = "2026-06-01T00:00:00Z".parse().unwrap();
        let held: Vec<_> = list.values().cloned().collect();
        for change in merge(&held, &outcome, scope, now).unwrap() {
            opened += usize::from(matches!(change, Change::Opened(_)));
            list.insert(change.discrepancy().id.clone(), change.discrepancy().clone());
        }
        let held: Vec<_> = list.values().cloned().collect();
        assert_eq!(merge(&held, &outcome, scope, now).unwrap(), [], "the same facts again change nothing");
    }
    (list, opened)
}

#[test]
fn day_by_day_the_work_list_comes_to_the_same() {
    for seed in 3_000..3_004 {
        let month = month(seed, 300, 150);
        let (list, _) = kept(&month);
        let open: BTreeSet<_> =
            list.values().filter(|one| one.is_open()).map(|one| (one.id.clone(), one.key.clone())).collect();
        let outcome = compare(&month.facts, &month.terms, month.scope).unwrap();
        let whole: BTreeSet<_> = outcome.found.iter().map(|one| (one.id.clone(), one.key.clone())).collect();
        assert_eq!(open, whole, "seed {seed}");
    }
}

#[test]
fn day_by_day_nothing_is_opened_in_a_month_without_faults() {
    let month = month(4_000, 300, 0);
    let (list, opened) = kept(&month);
    assert_eq!((list.len(), opened), (0, 0), "{list:#?}");
}

#[test]
fn the_order_papers_come_in_does_not_matter() {
    let mut month = month(5_000, 300, 150);
    let outcome = compare(&month.facts, &month.terms, month.scope).unwrap();
    let now = "2026-06-01T00:00:00Z".parse().unwrap();
    assert_eq!(merge(&outcome.found, &outcome, month.scope, now).unwrap(), []);
    month.facts.reports.reverse();
    month.facts.statements.reverse();
    month.facts.receipts.reverse();
    month.facts.payouts.reverse();
    // (Of registries received at one moment the later in the list counts: only the true ones are turned round.)
    let stale = |at: &domain::reconcile::Registry| {
        jiff::civil::Date::from(domain::time::MOSCOW.to_datetime(at.received)) == first_day()
    };
    month.facts.registries.retain(|one| !stale(one));
    month.facts.registries.reverse();
    month.facts.movements.reverse();
    let again = compare(&month.facts, &month.terms, month.scope).unwrap();
    assert_eq!(again.found, outcome.found);
}

#[test]
fn every_discrepancy_that_moves_money_is_closed_by_one_posting() {
    let month = month(6_000, 400, 200);
    let outcome = compare(&month.facts, &month.terms, month.scope).unwrap();
    let now = "2026-06-01T00:00:00Z".parse().unwrap();
    let mut closed = 0;
    for one in &outcome.found {
        let Some(outstanding) = one.outstanding().unwrap().filter(|money| !money.is_zero()) else { continue };
        let (account, against) = (one.account.unwrap(), domain::ledger::Account::Commission);
        let size = Money::new(outstanding.minor().abs(), outstanding.currency());
        let up = outstanding.is_positive();
        let (debit, credit) = if up { (account, against) } else { (against, account) };
        let posting = Posting::new(debit, credit, size);
        assert!(one.corrected(vec![posting.reversed()], "проверка", "acc", now).is_err());
        let done = one.corrected(vec![posting], "проверка", "acc", now).unwrap();
        assert!(done.outstanding().unwrap().unwrap().is_zero() && !done.is_open());
        closed += 1;
    }
    assert!(closed > 100, "{closed}");
}

#[test]
fn the_document_names_every_kind_once() {
    let document = include_str!("../../../../docs/RECONCILIATION.md");
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    assert_eq!(rows.collect::<Vec<_>>(), Kind::ALL.map(Kind::code));
}
