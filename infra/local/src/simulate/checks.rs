//! What must be true of a world at its end: our orders, the banks' own books, the register's documents, the wallets and what
//! everybody was told agree to the kopeck.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use domain::acquiring::Method;
use domain::details::Details;
use domain::id::Tenant;
use domain::money::Money;
use domain::order::{
    Event, Initiator, Operation, OperationKind, Order, Status, Task, TaskId, TransactionKind, TransactionState,
    means_id,
};
use domain::receipt::Fiscal;
use domain::subscription::{Every, NOTICE_LEAST_SECONDS, NOTICE_SECONDS, State, Subscription, amount};
use domain::time::{Timestamp, plus_seconds};
use domain::wallet::Kept;
use sandbox::double::{Binding, Deal};
use serde::de::DeserializeOwned;
use storage::table::Freshness;
use workflows::bank::operation_number;
use workflows::ports::Ports;

use super::devices::Device;
use super::outside::World;
use super::people::{CUSTOMERS, People, customer};
use super::subscribers::{is_of, payments};
use super::world::{Outcome, wait};

/// All that everybody has on record.
struct Record {
    orders: Vec<(Order, Details)>,
    deals: Vec<Deal>,
    bindings: Vec<Binding>,
    /// What the registers have printed by external id: twice, where two have.
    documents: BTreeMap<String, Vec<Fiscal>>,
    /// The wallets by customer.
    wallets: BTreeMap<String, Vec<Kept>>,
    subscriptions: Vec<Subscription>,
    /// The partner's accounts that take payments now.
    accounts: BTreeSet<Option<String>>,
    now: Timestamp,
}

/// The bank and the number a payment is known by there.
type Name = (String, String);

/// How the subscriptions of a world stood after weeks of calm.
#[derive(Default)]
pub(super) struct Standing {
    /// When.
    pub now: Timestamp,
    /// All of them.
    pub subscriptions: Vec<Subscription>,
}

/// Proves a world that has come to rest.
pub(super) fn prove(
    world: &World,
    ports: &Ports,
    tenant: &Tenant,
    people: &[People],
    standing: &Standing,
    outcome: &mut Outcome,
) {
    for someone in people {
        let known = someone.known.lock().unwrap_or_else(PoisonError::into_inner);
        outcome.findings.extend(known.wrong.iter().map(|wrong| format!("{}: {wrong}", someone.number)));
        let made = if known.id.is_some() { "" } else { ", not made" };
        count(outcome, format!("order {}{made}", someone.kind.name()));
    }
    let left = world.queue.lock().unwrap_or_else(PoisonError::into_inner).len();
    if left > 0 {
        outcome.findings.push(format!("{left} messages are left after weeks of calm"));
    }
    let audited = {
        let ports = ports.clone();
        wait(world, async move { workflows::audit::audit(&ports, &|| ()).await.ok() })
    };
    let Some(report) = audited else {
        outcome.findings.push("the audit failed".to_owned());
        return;
    };
    for finding in report.findings {
        outcome.findings.push(format!("{} {}: {}", finding.subject, finding.rule, finding.text));
    }
    let record = {
        let (ports, tenant, of) = (ports.clone(), tenant.clone(), world.clone());
        wait(world, async move { read(&of, &ports, &tenant).await })
    };
    let Some(record) = record else {
        outcome.findings.push("what is on record could not be read".to_owned());
        return;
    };
    for (order, _) in &record.orders {
        *outcome.statuses.entry(order.status().code().to_owned()).or_default() += 1;
        played(order, outcome);
        nothing_is_stuck(order, record.now, &mut outcome.findings);
    }
    for deal in &record.deals {
        if let Some(card) = deal.card() {
            count(outcome, format!("card {}", card.id()));
        }
    }
    banks_agree(&record, &mut outcome.findings);
    till_agrees(&record, &mut outcome.findings);
    wallets_agree(&record, outcome);
    subscriptions_agree(world, &record, people, outcome);
    for subscription in &standing.subscriptions {
        let why = match subscription.state {
            State::Paused(why) => format!(", {}", why.code()),
            State::Cancelled(by) => format!(" by the {}", by.code()),
            State::Active | State::Completed => String::new(),
        };
        count(outcome, format!("subscription {}{why}", subscription.state.code()));
        stands_still(subscription, standing.now, &record, &mut outcome.findings);
    }
    everybody_knows(world, &record, outcome);
    count_letters(world, outcome);
    for device in world.devices.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        count(outcome, "register in a shop");
        *outcome.played.entry("receipts of registers in shops".to_owned()).or_default() += device.printed().len();
    }
    for subscription in &record.subscriptions {
        if outcome.findings.iter().any(|finding| finding.contains(&subscription.id)) {
            let row = serde_json::to_string(subscription).unwrap_or_default();
            tracing::info!(subscription = subscription.id, row, "breaks a rule");
        }
    }
    for (order, _) in &record.orders {
        let of = order.number.split('-').next().filter(|of| of.starts_with("sub_"));
        let named = |finding: &String| finding.contains(&order.id.ulid()) || of.is_some_and(|of| finding.contains(of));
        if outcome.findings.iter().any(named) {
            let row = serde_json::to_string(order).unwrap_or_default();
            tracing::info!(order = %order.id, row, "breaks a rule");
            for deal in record.deals.iter().filter(|deal| deal.number.contains(&order.id.ulid())) {
                let row = serde_json::to_string(deal).unwrap_or_default();
                tracing::info!(order = %order.id, row, "at the bank");
            }
        }
    }
}

fn count(outcome: &mut Outcome, what: impl Into<String>) {
    *outcome.played.entry(what.into()).or_default() += 1;
}

async fn read(world: &World, ports: &Ports, tenant: &Tenant) -> Option<Record> {
    let now = workflows::clock::now(ports, tenant).await.ok()?;
    let mut orders = Vec::new();
    for order in workflows::payouts::recent_orders(ports, tenant, now, Freshness::Consistent).await.ok()? {
        let loaded = ports.store.load(&order.id, Freshness::Consistent).await.ok()??;
        orders.push((loaded.order, loaded.details));
    }
    let mut documents: BTreeMap<String, Vec<Fiscal>> = BTreeMap::new();
    for (_, row) in ports.store.sandbox_rows(tenant, "document", 100_000).await.ok()? {
        let body: serde_json::Value = serde_json::from_str(&row.body).ok()?;
        // Where a number may be commanded anew, the other times stand behind a `~`: they are of the same receipt.
        let id = body["external_id"].as_str()?.split('~').next()?.to_owned();
        let printed: Option<Fiscal> = serde_json::from_value(body["state"]["done"]["fiscal"].clone()).ok();
        documents.entry(id).or_default().extend(printed);
    }
    // A register in a shop knows documents, not what they are for: a document is the receipt's that is on record with it.
    let devices = world.devices.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for fiscal in devices.iter().flat_map(Device::printed) {
        let is = |known: &Fiscal| (&known.drive, known.document) == (&fiscal.drive, fiscal.document);
        let mut receipts = orders.iter().flat_map(|(order, _)| order.receipts.iter().map(move |one| (order, one)));
        let of = receipts.find(|(_, receipt)| receipt.fiscal.as_ref().is_some_and(is));
        let unknown = || format!("document {} of {}", fiscal.document, fiscal.drive);
        let id = of.map_or_else(unknown, |(order, receipt)| order.external_id(receipt));
        documents.entry(id).or_default().push(fiscal);
    }
    let mut wallets = BTreeMap::new();
    for customer in (0..CUSTOMERS).map(customer) {
        let wallet = ports.store.wallet(tenant, &customer).await.ok()?;
        wallets.insert(customer, wallet);
    }
    let (deals, bindings) = (rows(ports, tenant, "deal").await?, rows(ports, tenant, "binding").await?);
    let (subscriptions, _) = ports.store.subscriptions(tenant, None, 1_000).await.ok()?;
    let partner = ports.store.partner(tenant, now).await.ok()??;
    let enabled = partner.accounts.iter().filter(|account| account.enabled);
    let accounts = enabled.map(|account| Some(account.id.clone())).chain([None]).collect();
    Some(Record { orders, deals, bindings, documents, wallets, subscriptions, accounts, now })
}

async fn rows<T: DeserializeOwned>(ports: &Ports, tenant: &Tenant, kind: &str) -> Option<Vec<T>> {
    let rows = ports.store.sandbox_rows(tenant, kind, 100_000).await.ok()?;
    rows.iter().map(|(_, row)| serde_json::from_str(&row.body).ok()).collect()
}

/// The bank an operation was told to.
fn bank_of(operation: &Operation) -> String {
    operation.account.clone().unwrap_or_else(|| "sandbox".to_owned())
}

/// By what a bank knows a deal: a key that was forgotten and used again stands for the same payment of ours.
fn name_of(deal: &Deal) -> Name {
    let number = deal.number.split(' ').next().unwrap_or_default();
    (deal.family.code().to_owned(), number.to_owned())
}

/// Seconds two machines' clocks are apart, at most.
const SKEW_SECONDS: i64 = 120;
/// Days of calm a daily subscription is looked at in.
const CALM_DAYS: i64 = 13;
/// Seconds such a one is without a charge at most: a day to the notice, one from it to the charge, one to its place, and the sweeps'.
const IDLE_SECONDS_MAX: i64 = 4 * 24 * 3_600;

/// Seconds in which everybody hears of what has happened.
const FRESH_SECONDS: i64 = 24 * 3_600;

/// Everything that was asked for has ended, and nothing is still to be done.
fn nothing_is_stuck(order: &Order, now: Timestamp, findings: &mut Vec<String>) {
    // What happened in the last day of calm is still being told, or was told and not looked at since.
    let is_fresh =
        |no: u16| order.journal.iter().any(|entry| entry.no == no && plus_seconds(entry.at, FRESH_SECONDS) > now);
    let is_told = |task: &&Task| match task.id {
        TaskId::Webhook(no) | TaskId::Notify(no, _) => is_fresh(no),
        _ => false,
    };
    for task in order.tasks.iter().filter(|task| !is_told(task)) {
        findings.push(format!("{} task {} is not done after weeks of calm", order.id, task.id));
    }
    for operation in order.operations.iter().filter(|operation| operation.is_open()) {
        findings.push(format!("{}: operation {} has no outcome after weeks of calm", order.id, operation.no));
    }
    if matches!(order.status(), Status::Checking | Status::Refunding) {
        findings.push(format!("{} is still {}", order.id, order.status().code()));
    }
    for payment in order.attempts() {
        let held = order.figures(payment).is_ok_and(|figures| figures.held.is_positive());
        if held && payment.hold_until.is_none_or(|until| until < now) {
            findings.push(format!("{}: payment {} is held beyond its time", order.id, payment.no));
        }
    }
}

/// What the banks hold, took and gave back is what our orders say, payment by payment; nobody was charged twice, and no bank
/// has money we know nothing of.
fn banks_agree(record: &Record, findings: &mut Vec<String>) {
    let mut at_bank: BTreeMap<Name, Vec<&Deal>> = BTreeMap::new();
    for deal in &record.deals {
        at_bank.entry(name_of(deal)).or_default().push(deal);
    }
    for (order, _) in &record.orders {
        let mut charged: BTreeMap<Option<u8>, usize> = BTreeMap::new();
        for payment in order.attempts().filter(|payment| payment.method != Method::Terminal) {
            let name = (bank_of(payment), operation_number(&order.id, payment));
            let deals = at_bank.remove(&name).unwrap_or_default();
            let (mut held, mut captured, mut refunded) = (0, 0, 0);
            for deal in deals {
                let facts = deal.facts();
                held += facts.held.minor();
                captured += facts.captured.minor();
                refunded += facts.refunded.minor();
                if payment.is_payment() && facts.held.minor() + facts.captured.minor() > facts.refunded.minor() {
                    *charged.entry(payment.child).or_default() += 1;
                }
            }
            let ours = order.figures(payment).map(|figures| (figures.held, figures.captured, figures.returned));
            let ours = ours.map(|(held, captured, back)| (held.minor(), captured.minor(), back.minor()));
            // To the bank points are a part of what it took; to us they are no money.
            let points = payment.points.map_or(0, Money::minor);
            let agree = [
                (held, captured, refunded),
                ((held - points).max(0), captured, refunded),
                (held, captured - points, refunded),
                (held, captured - points, refunded - points),
            ];
            // A part that goes back takes its part of the points with it; a rounded kopeck is the bank's.
            let shared = |back: i64| (refunded * (captured - points) - back * captured).abs() <= captured;
            let in_parts = |ours: &(i64, i64, i64)| (ours.0, ours.1) == (held, captured - points) && shared(ours.2);
            if !ours.as_ref().is_ok_and(|ours| agree.contains(ours) || in_parts(ours)) {
                findings.push(format!(
                    "{}: payment {} ({name:?}): the bank holds {held}, took {captured}, gave back {refunded}; we say {ours:?}",
                    order.id, payment.no
                ));
            }
        }
        for (child, times) in charged.into_iter().filter(|(_, times)| *times > 1) {
            findings.push(format!("{}: the buyer has paid {times} times for {child:?}", order.id));
        }
    }
    for (name, deals) in at_bank {
        for facts in deals.iter().map(|deal| deal.facts()) {
            if facts.held.is_positive() || facts.captured.is_positive() {
                findings.push(format!("{name:?}: the bank has money we know nothing of: {:?}", facts.standing()));
            }
        }
    }
}

/// Every movement of money has one receipt over it, and the register printed just those.
fn till_agrees(record: &Record, findings: &mut Vec<String>) {
    let mut ours = BTreeSet::new();
    for (order, details) in &record.orders {
        let moved = order.operations.iter().filter(|operation| Order::receipt_due(operation).is_some());
        for operation in moved {
            let Ok(money) = operation.money() else { continue };
            let mut sum = order.amount.zero();
            for receipt in order.receipts_of(operation.no, false) {
                match order.receipt_total(receipt, details).and_then(|total| sum.plus(total)) {
                    Ok(more) => sum = more,
                    Err(error) => findings.push(format!("{}: receipt {}: {error}", order.id, receipt.no)),
                }
            }
            if sum != money {
                findings.push(format!("{}: operation {} is receipted over {sum}, not {money}", order.id, operation.no));
            }
        }
        for receipt in &order.receipts {
            let id = order.external_id(receipt);
            let printed = record.documents.get(&id).cloned().unwrap_or_default();
            let known: Vec<_> = receipt.fiscal.iter().cloned().collect();
            if printed.iter().map(named).ne(known.iter().map(named)) {
                findings.push(format!("{id}: the registers have {printed:?}, we have {known:?}"));
            }
            if receipt.fiscal.is_none() {
                findings.push(format!("{id}: was never issued"));
            }
            ours.insert(id);
        }
    }
    let printed = record.documents.iter().filter(|(_, printed)| !printed.is_empty());
    for (id, _) in printed.filter(|(id, _)| !ours.contains(*id)) {
        findings.push(format!("the register printed {id}, which is none of our receipts"));
    }
}

/// What every register tells of a receipt: some tell neither shift nor second.
fn named(fiscal: &Fiscal) -> (&str, u64, &str, Money, i64) {
    (&fiscal.drive, fiscal.document, &fiscal.sign, fiscal.total, fiscal.at.as_second() / 60)
}

/// Means in the wallets can be charged at the bank, and the bank keeps none that are in no wallet.
fn wallets_agree(record: &Record, outcome: &mut Outcome) {
    let findings = &mut outcome.findings;
    let deals: BTreeMap<&str, &Deal> = record.deals.iter().map(|deal| (deal.reference.as_str(), deal)).collect();
    // Every bank has names of its own for what it saves: it is known by the payment that saved it.
    let at_bank: BTreeMap<Name, &Binding> = record
        .bindings
        .iter()
        .filter_map(|binding| Some((name_of(deals.get(binding.deal.as_str())?), binding)))
        .collect();
    let mut here: BTreeMap<Name, (&str, &Kept)> = BTreeMap::new();
    for (customer, kept) in
        record.wallets.iter().flat_map(|(customer, wallet)| wallet.iter().map(move |k| (customer, k)))
    {
        let saving = record.orders.iter().find(|(order, _)| order.id == kept.order).and_then(|(order, _)| {
            let attempt = order.attempts().find(|attempt| means_id(&order.id, attempt.no) == kept.id)?;
            Some((bank_of(attempt), operation_number(&order.id, attempt)))
        });
        match saving {
            Some(name) => drop(here.insert(name, (customer, kept))),
            None => findings.push(format!("{}: no payment has saved them", kept.id)),
        }
    }
    let mut counts = [0_usize; 3];
    for (name, (customer, kept)) in &here {
        counts[if kept.deleted { 2 } else { usize::from(!kept.enabled) }] += 1;
        match at_bank.get(name) {
            None => findings.push(format!("{} ({name:?}): the bank does not know them", kept.id)),
            Some(binding) if record.wallets.contains_key(&binding.customer) && binding.customer != **customer => {
                findings.push(format!("{} ({name:?}): the bank keeps them for {}", kept.id, binding.customer));
            }
            Some(binding) if binding.forgotten && kept.enabled => {
                findings.push(format!("{} ({name:?}): offered, and forgotten at the bank", kept.id));
            }
            // Not every bank forgets on word; and what was cut short is finished by asking again, if somebody does.
            Some(binding) if !binding.forgotten && kept.is_gone() && binding.family.code() == "sandbox" => {
                findings.push(format!("{} ({name:?}): deleted, and kept at the bank", kept.id));
            }
            Some(_) => {}
        }
    }
    // What a payment saved that to us came to nothing stays with the bank, and is of no use to anybody.
    let came = |name: &Name| {
        record.orders.iter().any(|(order, _)| {
            order
                .attempts()
                .any(|attempt| attempt.succeeded() && *name == (bank_of(attempt), operation_number(&order.id, attempt)))
        })
    };
    let unknown = |(name, binding): &(&Name, &&Binding)| !binding.forgotten && !here.contains_key(*name);
    let unknown: Vec<_> = at_bank.iter().filter(unknown).collect();
    for (name, binding) in unknown.iter().filter(|(name, _)| came(name)) {
        // A bank that lists a buyer's means without saying which payment saved which: of several that nobody had heard of then, none
        // is anybody's.
        let alike = |other: &(&Name, &&Binding)| {
            other.1.family.code() == "tbank"
                && (other.1.family, &other.1.customer) == (binding.family, &binding.customer)
        };
        if at_bank.iter().filter(alike).count() > 1 {
            continue;
        }
        findings.push(format!("{name:?}: the bank keeps means for {} that are in no wallet", binding.customer));
    }
    for (times, what) in counts.into_iter().zip(["means kept", "means switched off", "means deleted"]) {
        *outcome.played.entry(what.to_owned()).or_default() += times;
    }
}

/// Every charge of a subscription is the one its phases say, was announced, and made once when it was due; none was made after
/// somebody was told that it is over, nor of means somebody was told are deleted.
fn subscriptions_agree(world: &World, record: &Record, people: &[People], outcome: &mut Outcome) {
    let orders = || record.orders.iter().map(|(order, _)| order);
    for someone in people {
        let known = someone.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(id), Some(begun)) = (&known.subscribed.id, &known.subscribed.ended) {
            let charges = payments(orders(), |order, payment| is_of(order, id) && payment.is_without_buyer());
            for (order, no) in charges.difference(begun) {
                outcome
                    .findings
                    .push(format!("{id}: {order} was charged ({no}) after somebody was told that it is over"));
            }
        }
        for (means, begun) in &known.deleted {
            let of = |_: &Order, payment: &Operation| payment.means.as_ref() == Some(means) && payment.succeeded();
            for (order, no) in payments(orders(), of).difference(begun) {
                outcome
                    .findings
                    .push(format!("{means}: {order} was charged ({no}) after somebody was told they are gone"));
            }
        }
        if let Some(id) = &known.subscribed.id
            && !record.subscriptions.iter().any(|subscription| subscription.id == *id)
        {
            outcome.findings.push(format!("{id}: told of, and not there"));
        }
    }
    let notices = world.notices.lock().unwrap_or_else(PoisonError::into_inner);
    for subscription in &record.subscriptions {
        let id = &subscription.id;
        let own: Vec<&Order> = orders().filter(|order| is_of(order, id)).collect();
        let mut paid: BTreeMap<u32, Vec<&Order>> = BTreeMap::new();
        for order in &own {
            let no = order.number[id.len() + 1..].split('-').next().and_then(|no| no.parse().ok()).unwrap_or_default();
            if amount(&subscription.phases, no) != Some(order.amount) {
                outcome.findings.push(format!("{id}: {} is over {}, which no phase says", order.number, order.amount));
            }
            for payment in order.payments().filter(|payment| payment.is_without_buyer()) {
                count(outcome, if payment.succeeded() { "scheduled charge" } else { "scheduled charge, declined" });
                let started = order.happened(Event::PaymentStarted, payment.no).map_or(0, Timestamp::as_second);
                let told = notices.get(&format!("{id}-{no}-notice"));
                let told = told
                    .and_then(|told| told.first())
                    .is_some_and(|at| at + NOTICE_LEAST_SECONDS - SKEW_SECONDS <= started);
                // At once, and again a day after each time it was declined: of a first charge there is no other word for a week.
                let at_once = no == 1 && started - subscription.created_at.as_second() < 7 * NOTICE_SECONDS;
                if !told && !at_once {
                    outcome.findings.push(format!("{id}: {} was charged without a notice a day before", order.number));
                }
            }
            if order.has(Event::Captured) {
                paid.entry(no).or_default().push(order);
            }
        }
        for no in 1..subscription.charge {
            let stands = |order: &&&Order| order.kept().is_ok_and(Money::is_positive);
            let found = paid.get(&no).map(Vec::as_slice).unwrap_or_default();
            if found.is_empty() || found.iter().filter(stands).count() > 1 {
                outcome.findings.push(format!("{id}: charge {no} was paid by {} orders", found.len()));
            }
        }
    }
}

/// What goes on by the day has gone on in the weeks of calm, unless its bank takes no more of its means: no longer without a charge
/// than for one that is declined, its notice and its place.
fn stands_still(subscription: &Subscription, now: Timestamp, record: &Record, findings: &mut Vec<String>) {
    let since = plus_seconds(now, -CALM_DAYS * 24 * 3_600);
    let means = record.wallets.get(&subscription.customer).into_iter().flatten();
    let taken = means.filter(|kept| kept.id == subscription.means).any(|kept| record.accounts.contains(&kept.account));
    if subscription.state != State::Active || subscription.every != Every::Day || subscription.from > since || !taken {
        return;
    }
    let own = record.orders.iter().map(|(order, _)| order).filter(|order| is_of(order, &subscription.id));
    // Every moment at which a charge was asked for, or came to its end.
    let is_charge = |event: Event| matches!(event, Event::PaymentStarted | Event::Captured | Event::PaymentDeclined);
    let mut moments: Vec<(Timestamp, bool)> = own
        .flat_map(|order| &order.journal)
        .filter(|entry| is_charge(entry.event) && entry.at > since)
        .map(|entry| (entry.at, entry.event == Event::PaymentStarted))
        .chain([(now, true)])
        .collect();
    moments.sort_unstable();
    let mut idle_from = Some(since);
    for (at, starts) in moments {
        let idle = idle_from.take_if(|_| starts).map_or(0, |from| at.as_second() - from.as_second());
        if idle > IDLE_SECONDS_MAX {
            findings.push(format!("{}: nothing was charged for {idle} seconds until {at}", subscription.id));
        }
        if !starts {
            idle_from = Some(at);
        }
    }
}

/// Every change reached the partner and, where it is one for the buyer, the buyer.
fn everybody_knows(world: &World, record: &Record, outcome: &mut Outcome) {
    let heard: BTreeSet<String> = world.heard.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
    let letters: BTreeSet<String> =
        world.letters.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
    for (order, details) in &record.orders {
        for entry in &order.journal {
            let id = workflows::webhook::message_id(&order.id, entry.no);
            if entry.event.webhook().is_some() && !heard.contains(&id) {
                outcome.findings.push(format!("{}: the partner never heard of {}", order.id, entry.event.code()));
            }
            let prefix = format!("{}-n{}", order.id, entry.no);
            let told = ["e", "s"].iter().any(|channel| letters.contains(&format!("{prefix}{channel}")));
            // An order cancelled before its buyer came has nobody to tell.
            let reachable = details.reachable().next().is_some();
            if order.is_told_to_buyer(entry) && !told && reachable {
                outcome.findings.push(format!("{}: the buyer was never told of {}", order.id, entry.event.code()));
            }
            if order.is_told_to_buyer(entry) && !reachable && order.payments().next().is_some() {
                let wrong = format!("{}: the buyer of {} can not be reached", order.id, entry.event.code());
                outcome.findings.push(wrong);
            }
        }
    }
}

fn count_letters(world: &World, outcome: &mut Outcome) {
    let letters = world.letters.lock().unwrap_or_else(PoisonError::into_inner);
    outcome.doubled_letters = letters.len() - letters.iter().collect::<BTreeSet<_>>().len();
    let told = world.callbacks.lock().unwrap_or_else(PoisonError::into_inner).len();
    *outcome.played.entry("callbacks of banks".to_owned()).or_default() += told;
    *outcome.played.entry("messages given up by a queue".to_owned()).or_default() += world.dead.load(Ordering::Relaxed);
}

/// Counts what an order went through.
fn played(order: &Order, outcome: &mut Outcome) {
    for operation in &order.operations {
        let of = operation.kind.of().and_then(|of| order.operation(of));
        let part = of.is_some_and(|of| of.amount != operation.amount);
        let part = if part { "part" } else { "whole" };
        let by = if operation.by == Initiator::Bank { " by the bank itself" } else { "" };
        let end = match operation.state() {
            TransactionState::Succeeded => "",
            TransactionState::Declined(_) => ", declined",
            TransactionState::Intended | TransactionState::Pending => ", open",
        };
        let what = match (operation.kind, operation.told()) {
            (OperationKind::Verification, _) => format!("verification{end}"),
            (OperationKind::Payment, told) => {
                let held = if told == Some(TransactionKind::Authorization) { "hold" } else { "purchase" };
                let means = if operation.means.is_some() { " of saved means" } else { "" };
                let child = if operation.child.is_some() { " for a child" } else { "" };
                format!("{held}{means}{child}{end}")
            }
            (OperationKind::Capture { .. }, _) => format!("capture of {part}{by}{end}"),
            (OperationKind::Return { .. }, told) => {
                format!("{} of {part}{by}{end}", told.map_or("return", TransactionKind::code))
            }
            (OperationKind::PointsSpent { .. }, _) => "points spent".to_owned(),
            (OperationKind::PointsAccrued { .. }, _) => "points accrued".to_owned(),
        };
        count(outcome, what);
        if operation.is_payment() && operation.succeeded() {
            let method = operation.method.code();
            let bank = if operation.method == Method::Terminal { "no bank".to_owned() } else { bank_of(operation) };
            count(outcome, format!("paid through {bank} by {method}"));
        }
    }
    for event in [Event::Edited, Event::RefundUndone, Event::HoldEnding, Event::MeansNotSaved, Event::CaptureFailed] {
        if order.has(event) {
            count(outcome, format!("order with {}", event.code()));
        }
    }
    if order.has(Event::SplitEnded) {
        let standing = order.payments().filter(|payment| payment.succeeded()).count();
        let end = if order.has(Event::HandedOver) { "stands" } else { "goes back" };
        count(outcome, format!("split with {standing} paid children, {end}"));
    }
    if order.kept().is_ok_and(Money::is_positive)
        && order.operations.iter().any(|o| matches!(o.kind, OperationKind::Return { .. }) && o.succeeded())
    {
        count(outcome, "order that gave a part back");
    }
}
