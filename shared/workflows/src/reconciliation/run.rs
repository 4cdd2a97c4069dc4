//! A run: the facts of some days compared, what was found laid beside the work list, and each day's figures taken down.

use std::collections::{BTreeMap, BTreeSet};

use domain::calendar;
use domain::id::Tenant;
use domain::ledger::Account;
use domain::reconcile::{
    Change, Counted, Facts, Filed, Filing, Outcome, Paper, PaperKind, Run, RunState, Scope, Subject, compare, merge,
};
use domain::time::{Timestamp, moscow_date};
use jiff::Span;
use jiff::civil::Date;
use storage::store::StoreError;

use super::facts::{Gathered, gather};
use super::{Progress, Rules, rules};
use crate::clock;
use crate::error::WorkflowError;
use crate::perform;
use crate::ports::Ports;

/// Days around the scope whose facts may be partners of what lies at its edges.
const MARGIN_DAYS: i64 = 14;
/// Days around the scope under which a discrepancy of it may be filed: a corrected paper moves some.
const FILED_DAYS: i64 = 45;
/// Days one run may be about.
pub const DAYS_MAX: i64 = 62;
/// Days the clock looks back: the longest that anything waits for a paper, and some.
const BACK_DAYS: i64 = 9;
/// Days something may wait for a paper.
const WAITS_DAYS: i32 = 5;

/// Working days after its own in which a paper is to be here: the days a bank's registry may well be late by, with a weekend between.
const LATE_AFTER_WORKING_DAYS: u16 = 5;
/// Days the clock looks back for papers that never came.
const LATE_BACK_DAYS: i64 = 90;

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ran {
    /// Transactions, receipts, payouts and deposits with a partner.
    pub matched: usize,
    /// Discrepancies found, open and closed.
    pub found: usize,
    /// Things that wait for a paper.
    pub waiting: usize,
    /// Discrepancies that are new.
    pub opened: usize,
    /// Those whose figures changed.
    pub changed: usize,
    /// Those that were closed and are open again.
    pub reopened: usize,
    /// Those that later facts have closed.
    pub closed: usize,
    /// Every day of every account, register and statement.
    pub runs: Vec<Run>,
}

fn shifted(day: Date, days: i64) -> Date {
    day.saturating_add(Span::new().days(days))
}

/// The last day a tenant's journal is whole of.
async fn whole_until(ports: &Ports, tenant: &Tenant) -> Result<Date, WorkflowError> {
    let today = moscow_date(clock::now(ports, tenant).await?);
    Ok(shifted(today, -1))
}

/// Compares some days, and brings the work list up to date. Run again over the same facts, it changes nothing. Nothing where nobody
/// has said how the partner is reconciled.
pub async fn run(ports: &Ports, tenant: &Tenant, scope: Scope) -> Result<Option<Ran>, WorkflowError> {
    let Some(rules) = rules(ports, tenant).await? else { return Ok(None) };
    let partner = perform::partner(ports, tenant).await?;
    let whole = whole_until(ports, tenant).await?;
    // Of days that are not over nothing is said.
    let scope = Scope { from: scope.from, until: scope.until.min(whole) };
    if scope.until < scope.from {
        return Ok(Some(Ran::default()));
    }
    let days = Scope { from: shifted(scope.from, -MARGIN_DAYS), until: shifted(scope.until, MARGIN_DAYS) };
    let Gathered { facts, papers } = gather(ports, tenant, (&partner, &rules), days, whole).await?;
    let terms = rules.terms();
    let outcome = compare(&facts, &terms, scope)?;
    let mut ran =
        Ran { matched: outcome.matched, found: outcome.found.len(), waiting: outcome.waiting.len(), ..Ran::default() };
    file(ports, tenant, scope, (&outcome, &papers), &mut ran).await?;
    ran.runs = figures(&rules, scope, &facts, &papers, &outcome, clock::now(ports, tenant).await?);
    let known = ports.store.runs(tenant, scope.from, scope.until).await?;
    for run in &ran.runs {
        let same = |known: &Run| Run { at: known.at, ..run.clone() } == *known;
        if !known.iter().any(same) {
            ports.store.put_run(tenant, run).await?;
        }
    }
    Ok(Some(ran))
}

/// Lays what was found beside the work list, and writes what changed.
async fn file(
    ports: &Ports,
    tenant: &Tenant,
    scope: Scope,
    (outcome, papers): (&Outcome, &[Filing]),
    ran: &mut Ran,
) -> Result<(), WorkflowError> {
    for _ in 0..5 {
        let now = clock::now(ports, tenant).await?;
        let (from, until) = (shifted(scope.from, -FILED_DAYS), shifted(scope.until, FILED_DAYS));
        let listed = ports.store.discrepancies(tenant, from, until).await?;
        let mut filed: BTreeMap<String, Filed> = listed.into_iter().map(|one| (one.found.id.clone(), one)).collect();
        for found in &outcome.found {
            if !filed.contains_key(&found.id)
                && let Some(known) = ports.store.discrepancy(tenant, &found.id).await?
            {
                filed.insert(found.id.clone(), known);
            }
        }
        let list: Vec<_> = filed.values().map(|one| one.found.clone()).collect();
        let mut conflict = false;
        for change in merge(&list, outcome, scope, now)? {
            let found = change.discrepancy();
            let next = match filed.get(&found.id) {
                None => Filed::new(found.clone(), now),
                Some(before) => before.changed(&change, &explained_by(before, papers), now),
            };
            match ports.store.put_discrepancy(tenant, &next).await {
                // An accountant was at it: the next round sees what they did.
                Err(StoreError::Conflict) => conflict = true,
                done => {
                    done?;
                    *match change {
                        Change::Opened(_) => &mut ran.opened,
                        Change::Updated(_) => &mut ran.changed,
                        Change::Reopened(_) => &mut ran.reopened,
                        Change::Closed(_) => &mut ran.closed,
                    } += 1;
                }
            }
        }
        if !conflict {
            return Ok(());
        }
    }
    Err(WorkflowError::Busy)
}

/// What came after a discrepancy last changed, and may have explained it: papers of what it is about, those of its own day first; else
/// our own journal.
fn explained_by(before: &Filed, papers: &[Filing]) -> String {
    let since = before.notes.last().map_or(Timestamp::MIN, |note| note.at);
    let about = before.about();
    let fits = |head: &&Filing| {
        let kind = match before.found.subject {
            Subject::Transaction { .. } => head.kind == PaperKind::Registry,
            Subject::Receipt { .. } => head.kind == PaperKind::Report,
            Subject::Payout { .. } | Subject::Line { .. } => head.kind == PaperKind::Statement,
            Subject::Deposit { .. } => head.kind != PaperKind::Report,
        };
        let named = head.kind == PaperKind::Statement || about.is_none_or(|name| name == head.name);
        kind && named && head.received >= since
    };
    let mut later: Vec<_> = papers.iter().filter(fits).collect();
    let apart = |head: &&Filing| head.day.since(before.found.day).map_or(i32::MAX, |span| span.get_days().abs());
    later.sort_by_key(apart);
    let titles: Vec<_> = later.into_iter().map(Filing::title).take(2).collect();
    if titles.is_empty() { "our journal".to_owned() } else { titles.join(", ") }
}

type Place = (Date, PaperKind, String);

/// What was seen of each day.
fn figures(
    rules: &Rules,
    scope: Scope,
    facts: &Facts,
    papers: &[Filing],
    outcome: &Outcome,
    at: Timestamp,
) -> Vec<Run> {
    let mut ours: BTreeMap<Place, Counted> = BTreeMap::new();
    let mut theirs: BTreeMap<Place, Counted> = BTreeMap::new();
    let count = |sums: &mut BTreeMap<Place, Counted>, place: Place, amount| {
        let sum = sums.entry(place).or_default();
        *sum = sum.with(amount);
    };
    for movement in facts.movements.iter().filter(|movement| movement.lands != Account::PartnerCash) {
        count(&mut ours, (movement.day(), PaperKind::Registry, movement.account.clone()), movement.amount);
    }
    for due in &facts.receipts {
        count(&mut ours, (due.day, PaperKind::Report, due.register.clone()), due.total);
    }
    for payout in &facts.payouts {
        let out = payout.amount.zero().minus(payout.amount).unwrap_or(payout.amount);
        count(&mut ours, (payout.day, PaperKind::Statement, payout.from.code().to_owned()), out);
    }
    for head in papers {
        theirs.entry((head.day, head.kind, head.name.clone())).or_default();
    }
    for registry in &facts.registries {
        for row in &registry.rows {
            count(&mut theirs, (registry.day, PaperKind::Registry, registry.account.clone()), row.amount);
        }
    }
    for report in &facts.reports {
        for print in &report.prints {
            count(&mut theirs, (report.day, PaperKind::Report, report.register.clone()), print.total);
        }
    }
    for statement in &facts.statements {
        let name = statement.account.code().to_owned();
        for line in &statement.lines {
            count(&mut theirs, (statement.day, PaperKind::Statement, name.clone()), line.amount);
        }
    }
    let mut found: BTreeMap<Place, BTreeMap<_, u32>> = BTreeMap::new();
    for one in &outcome.found {
        let (kind, name) = match &one.subject {
            Subject::Transaction { account, .. } => (PaperKind::Registry, account.clone()),
            Subject::Receipt { register, .. } => (PaperKind::Report, register.clone()),
            Subject::Payout { id, .. } => {
                let from = facts.payouts.iter().find(|payout| payout.id == *id).map(|payout| payout.from);
                (PaperKind::Statement, from.unwrap_or(Account::Settlement).code().to_owned())
            }
            Subject::Deposit { .. } | Subject::Line { .. } => {
                let nominal = one.account == Some(Account::Nominal);
                let account = if nominal { Account::Nominal } else { Account::Settlement };
                (PaperKind::Statement, account.code().to_owned())
            }
        };
        *found.entry((one.day, kind, name)).or_default().entry(one.kind).or_default() += 1;
    }
    let places: BTreeSet<Place> = ours.keys().chain(theirs.keys()).chain(found.keys()).cloned().collect();
    let looked_at = |place: &&Place| {
        let known = match place.1 {
            // An account nobody has said how to read has movements all the same.
            PaperKind::Registry | PaperKind::Statement => true,
            PaperKind::Report => rules.registers.contains_key(&place.2),
        };
        known && scope.holds(place.0)
    };
    let places = places.iter().filter(looked_at).map(|place| {
        let (day, kind, name) = place.clone();
        let theirs = theirs.get(place).copied();
        let ours = ours.get(place).copied().unwrap_or_default();
        let waits: Vec<String> = outcome.absent.iter().filter(|paper| concerns(paper, place)).map(title).collect();
        let state = match (theirs, waits.is_empty()) {
            (None, _) if ours.count > 0 => RunState::PaperMissing,
            (_, false) => RunState::Waiting,
            (_, true) => RunState::Compared,
        };
        let found = found.get(place).map(|kinds| kinds.iter().map(|(kind, count)| (*kind, *count)).collect());
        Run { day, kind, name, at, ours, theirs, state, waits, found: found.unwrap_or_default() }
    });
    places.collect()
}

/// Whether something of a place may wait for a paper.
fn concerns(paper: &Paper, (day, kind, name): &Place) -> bool {
    let (of, called, on) = match paper {
        Paper::Journal(_) => return false,
        Paper::Registry(account, on) => (PaperKind::Registry, account.as_str(), *on),
        Paper::Report(register, on) => (PaperKind::Report, register.as_str(), *on),
        Paper::Statement(account, on) => (PaperKind::Statement, account.code(), *on),
    };
    let days = on.since(*day).map_or(i32::MAX, |span| span.get_days());
    of == *kind && called == name && (0..=WAITS_DAYS).contains(&days)
}

/// What our own journal is called among the papers: it comes by itself.
const JOURNAL: &str = "journal";

fn title(paper: &Paper) -> String {
    match paper {
        Paper::Journal(day) => format!("{JOURNAL} {day}"),
        Paper::Registry(account, day) => format!("registry {account} {day}"),
        Paper::Report(register, day) => format!("report {register} {day}"),
        Paper::Statement(account, day) => format!("statement {} {day}", account.code()),
    }
}

/// What the clock did for a partner.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ticked {
    /// Days that were compared.
    pub days: usize,
    /// Discrepancies that are new, or open again.
    pub opened: usize,
    /// Accounts, registers and statements with something of ours on a day, and no paper.
    pub missing: Vec<String>,
    /// Papers that something waits for and that should have been here for days: nobody will bring them unless somebody asks.
    pub late: Vec<String>,
}

/// Papers of the last months that something waits for, and that have not come within [`LATE_AFTER_WORKING_DAYS`]: those of days with
/// movements, and those without which what happened near midnight can not be settled.
async fn late(ports: &Ports, tenant: &Tenant) -> Result<Vec<String>, WorkflowError> {
    let today = moscow_date(clock::now(ports, tenant).await?);
    let is_late = |day: Date| calendar::plus_working_days(day, LATE_AFTER_WORKING_DAYS).value < today;
    let mut late = BTreeSet::new();
    for run in ports.store.runs(tenant, shifted(today, -LATE_BACK_DAYS), today).await? {
        if run.state == RunState::PaperMissing {
            late.insert((run.day, format!("{} {} {}", run.kind.code(), run.name, run.day)));
        }
        for title in &run.waits {
            let day = title.rsplit(' ').next().and_then(|day| day.parse::<Date>().ok());
            late.extend(day.filter(|_| !title.starts_with(JOURNAL)).map(|day| (day, title.clone())));
        }
    }
    Ok(late.into_iter().filter(|(day, _)| is_late(*day)).map(|(_, title)| title).collect())
}

/// Compares what can be compared once a day is sealed, or a paper was loaded since. Nothing where there is nothing to do.
pub async fn tick(ports: &Ports, tenant: &Tenant) -> Result<Option<Ticked>, WorkflowError> {
    if rules(ports, tenant).await?.is_none() {
        return Ok(None);
    }
    let Some(sealed) = ports.store.last_day_book(tenant).await? else { return Ok(None) };
    let state = ports.store.reconciliation_state::<Progress>(tenant).await?;
    let Progress { through, changed_from } = state.row;
    if through == Some(sealed.day) && changed_from.is_none_or(|from| from > sealed.day) {
        return Ok(None);
    }
    let usual = shifted(through.unwrap_or(sealed.day).min(sealed.day), -BACK_DAYS);
    let from = changed_from.map_or(usual, |changed| usual.min(shifted(changed, -BACK_DAYS)));
    let mut ticked = Ticked::default();
    let mut first = from.max(shifted(sealed.day, -400));
    while first <= sealed.day {
        let last = shifted(first, DAYS_MAX - 1).min(sealed.day);
        let ran = run(ports, tenant, Scope { from: first, until: last }).await?.unwrap_or_default();
        ticked.days += usize::try_from(last.since(first).map_or(0, |span| span.get_days())).unwrap_or(0) + 1;
        ticked.opened += ran.opened + ran.reopened;
        let missing = ran.runs.iter().filter(|run| run.state == RunState::PaperMissing);
        ticked.missing.extend(missing.map(|run| format!("{} {} {}", run.kind.code(), run.name, run.day)));
        first = shifted(last, 1);
    }
    ticked.late = late(ports, tenant).await?;
    let next = Progress { through: Some(sealed.day), changed_from: changed_from.filter(|from| *from > sealed.day) };
    match ports.store.put_reconciliation_state(tenant, state.version, &next).await {
        // A paper came meanwhile: the next hour looks again.
        Ok(()) | Err(StoreError::Conflict) => Ok(Some(ticked)),
        Err(other) => Err(other.into()),
    }
}
