//! Our side of a comparison, read from the orders' journals page by page, and the other side, read from the papers.

use std::collections::BTreeSet;

use domain::details::Details;
use domain::id::Tenant;
use domain::ledger::{self, Account};
use domain::money::MoneyError;
use domain::order::{Event, Order, Receipt, Stage};
use domain::partner::Partner;
use domain::payout::{Payout, PayoutState};
use domain::receipt::ReceiptKind;
use domain::reconcile::{
    self, Due, Facts, Filing, Movement, PaperKind, Printed, Registry, Report, Scope, Sent, Statement, Way,
};
use domain::time::{Timestamp, moscow_date};
use jiff::civil::Date;
use storage::keys;

use super::{OWN, Rules};
use crate::error::WorkflowError;
use crate::payouts;
use crate::ports::Ports;
use crate::receipt;

/// Months (UTC) before a day's own in which an order with an entry of that day may have been made.
const MONTHS_BACK: usize = 13;
/// Rows of the table read at once.
const PAGE: usize = 1_000;
/// Payouts read at once.
const PAYOUTS_PAGE: usize = 200;
/// Numbers of orders looked up that papers name and the days do not.
const LOOK_UPS_MAX: usize = 2_000;

/// What a comparison is made of.
#[derive(Debug, Clone)]
pub struct Gathered {
    /// The facts.
    pub facts: Facts,
    /// The papers' heads.
    pub papers: Vec<Filing>,
}

/// Gathers the facts of some days. `journal_until` is the last day our journal is whole of.
pub async fn gather(
    ports: &Ports,
    tenant: &Tenant,
    (partner, rules): (&Partner, &Rules),
    days: Scope,
    journal_until: Date,
) -> Result<Gathered, WorkflowError> {
    let mut facts = Facts {
        movements: Vec::new(),
        receipts: Vec::new(),
        payouts: sent(ports, tenant, days).await?,
        journal_until,
        known: BTreeSet::new(),
        registries: Vec::new(),
        reports: Vec::new(),
        statements: Vec::new(),
    };
    let papers = ports.store.papers(tenant, days.from, days.until).await?;
    for head in &papers {
        match head.kind {
            PaperKind::Registry => facts.registries.push(Registry {
                account: head.name.clone(),
                day: head.day,
                part: head.part.clone(),
                received: head.received,
                lands: head.lands,
                rows: ports.store.paper_rows(tenant, head).await?,
            }),
            PaperKind::Report => facts.reports.push(Report {
                register: head.name.clone(),
                day: head.day,
                received: head.received,
                prints: ports.store.paper_rows(tenant, head).await?,
            }),
            PaperKind::Statement => facts.statements.push(Statement {
                account: head.lands,
                day: head.day,
                received: head.received,
                opening: head.opening.unwrap_or(head.net.zero()),
                closing: head.closing.unwrap_or(head.net.zero()),
                lines: ports.store.paper_rows(tenant, head).await?,
            }),
        }
    }
    let noon = |day: Date| domain::time::MOSCOW.to_timestamp(day.at(12, 0, 0, 0)).unwrap_or(Timestamp::MAX);
    let months = (i32::from(days.until.year()) - i32::from(days.from.year())) * 12 + i32::from(days.until.month())
        - i32::from(days.from.month());
    let months = usize::try_from(months).unwrap_or(0) + 1 + MONTHS_BACK;
    let receipts = !rules.registers.is_empty();
    for month in payouts::months_back(noon(days.until), months) {
        for spread in 0..keys::SPREAD {
            let mut after = None;
            loop {
                let (page, next) = ports.store.agreed_orders(tenant, month, spread, after, PAGE).await?;
                for (order, details) in &page {
                    facts.movements.extend(movements(order, days)?);
                    if receipts {
                        let details = details.as_ref().or(order.offer.as_deref());
                        facts.receipts.extend(dues(ports, partner, rules, (order, details), days)?);
                    }
                }
                after = next;
                if after.is_none() {
                    break;
                }
            }
        }
    }
    let named: Vec<String> = facts.numbers_to_look_up().into_iter().take(LOOK_UPS_MAX).map(str::to_owned).collect();
    for number in named {
        if ports.store.number(tenant, &number).await?.is_some() {
            facts.known.insert(number);
        }
    }
    Ok(Gathered { facts, papers })
}

/// An order's movements of some days.
fn movements(order: &Order, days: Scope) -> Result<Vec<Movement>, MoneyError> {
    let mut found = Vec::new();
    for entry in order.journal.iter().filter(|entry| days.holds(moscow_date(entry.at))) {
        let way = match entry.event {
            Event::Captured => Way::Taken,
            Event::Refunded => Way::Returned,
            Event::RefundUndone => Way::Undone,
            _ => continue,
        };
        let Some(operation) = entry.subject.and_then(|no| order.operation(no)) else { continue };
        let zero = order.amount.zero();
        let moved = |account| ledger::balance(account, zero, &entry.postings);
        let amount = ledger::at_banks(zero, &entry.postings)?;
        let charged = moved(Account::Acquiring)?;
        let lands = match (operation.method.is_collected(), operation.nominal) {
            // What people took is in no bank's registry.
            (true, _) => Account::PartnerCash,
            (_, true) => Account::Nominal,
            (_, false) => Account::BankClearing,
        };
        // A fee that is kept when money goes back is none of the refund's; where no tariff is known, nothing is compared.
        let payment = operation.kind.of().and_then(|of| order.operation(of)).unwrap_or(operation);
        let tariff = std::iter::once(payment).chain(order.operations_of(payment.no)).any(|of| of.bank_fee.is_some());
        found.push(Movement {
            at: entry.at,
            number: order.number.clone(),
            operation: format!("{}.{}", order.bill, operation.no),
            account: operation.account.clone().unwrap_or_else(|| OWN.to_owned()),
            method: operation.method,
            way,
            lands,
            amount,
            bank_fee: tariff.then_some(charged),
            reference: operation.reference().map(ToOwned::to_owned),
        });
    }
    Ok(found)
}

/// When a receipt fell due.
fn due_at(order: &Order, receipt: &Receipt) -> Timestamp {
    let subject = |entry: &&domain::order::Entry| entry.subject == Some(receipt.operation);
    let moves =
        |entry: &&domain::order::Entry| matches!(entry.event, Event::Captured | Event::Refunded | Event::RefundUndone);
    let at = if receipt.corrects.is_some() {
        receipt.fiscal.as_ref().map(|fiscal| fiscal.at)
    } else if receipt.stage == Stage::Closing {
        order.first(Event::Fulfilled)
    } else {
        order.journal.iter().find(|entry| subject(entry) && moves(entry)).map(|entry| entry.at)
    };
    at.unwrap_or(order.created_at)
}

/// An order's receipts of some days.
fn dues(
    ports: &Ports,
    partner: &Partner,
    rules: &Rules,
    (order, details): (&Order, Option<&Details>),
    days: Scope,
) -> Result<Vec<Due>, WorkflowError> {
    let mut found = Vec::new();
    for of in &order.receipts {
        let register = of.register.as_deref().unwrap_or(OWN);
        let day = moscow_date(due_at(order, of));
        let Some(details) = details.filter(|_| days.holds(day) && rules.registers.contains_key(register)) else {
            continue;
        };
        let document = receipt::document(&ports.settings, order, details, partner, of)?;
        let total = order.receipt_total(of, details)?;
        let total = if of.kind == ReceiptKind::SaleRefund { total.zero().minus(total)? } else { total };
        found.push(Due {
            external_id: order.external_id(of),
            number: order.number.clone(),
            register: register.to_owned(),
            day,
            total,
            vats: document.vats()?,
            printed: of.fiscal.as_ref().map(|fiscal| Printed {
                drive: fiscal.drive.clone(),
                document: fiscal.document,
                day: moscow_date(fiscal.at),
            }),
        });
    }
    Ok(found)
}

/// Payouts of some days. What was netted is in no statement.
async fn sent(ports: &Ports, tenant: &Tenant, days: Scope) -> Result<Vec<Sent>, WorkflowError> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let (page, next) = ports.store.payouts(tenant, after, PAYOUTS_PAGE).await?;
        let over = page.last().is_some_and(|last| moscow_date(last.at) < days.from);
        found.extend(page.iter().filter(|payout| days.holds(moscow_date(payout.at))).filter_map(as_sent));
        after = next.filter(|_| !over);
        if after.is_none() {
            return Ok(found);
        }
    }
}

fn as_sent(payout: &Payout) -> Option<Sent> {
    let state = match payout.state {
        PayoutState::Netted => return None,
        PayoutState::Sent => reconcile::PayoutState::Sent,
        PayoutState::Confirmed { .. } => reconcile::PayoutState::Confirmed,
        PayoutState::Returned { .. } => reconcile::PayoutState::Returned,
    };
    let Payout { id, number, at, amount, .. } = payout;
    Some(Sent { id: id.clone(), number: *number, day: moscow_date(*at), amount: *amount, state, from: payout.leaves() })
}
