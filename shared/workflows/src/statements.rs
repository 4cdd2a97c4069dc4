//! A bank's statement of our settlement account: what it says of payouts, of invoices of partners' debts and of remitted tax is taken
//! down, everything else is named and left.
//!
//! A statement may be loaded twice, and may overlap the one before: a line that was taken down is known by its name, and a payout
//! that is confirmed or has come back is not so a second time.

use std::collections::BTreeMap;

use connectors::client_bank;
use domain::bank_exchange::{Direction, Line, Statement};
use domain::id::Tenant;
use domain::matching::{Match, Outcome, Sent, matched};
use domain::payout::{Payout, PayoutReport, PayoutState};
use domain::time::moscow_date;

use crate::debts;
use crate::error::WorkflowError;
use crate::income;
use crate::payouts;
use crate::ports::Ports;
use crate::reconciliation;

/// Numbers looked up that one line names, at most.
const NUMBERS_MAX: usize = 8;

/// Why a statement is not loaded. Nothing of it was taken down.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is none, or is damaged.
    #[error("the statement is not readable")]
    Unreadable(#[source] client_bank::ReadError),
    /// Memory failed; loaded again, it goes on.
    #[error("the statement was not loaded")]
    Failed(#[from] WorkflowError),
}

/// What became of a statement's lines.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The statement.
    pub statement: Statement,
    /// One for each line, in the statement's order.
    pub matches: Vec<Match>,
    /// Lines no payout's, by their place: invoices that were paid, tax that was remitted.
    pub others: BTreeMap<usize, Other>,
    /// Lines that were taken down now.
    pub recorded: usize,
}

/// What a line says that is no payout's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Other {
    /// A partner has paid an invoice, by its written number, or a part of it.
    Invoice(String),
    /// Withheld tax has gone to the budget, by the payment order of this number.
    Tax(u32),
}

/// Loads a statement: payouts it confirms or sends back are taken down, each in the commit of its own book entry.
pub async fn import(ports: &Ports, bytes: &[u8]) -> Result<Imported, ImportError> {
    let statement = client_bank::read(bytes).map_err(ImportError::Unreadable)?;
    let known = payouts_named(ports, &statement).await?;
    let sent: Vec<Sent> = known.values().map(|(_, payout)| sent(payout)).collect();
    let seen = known.values().flat_map(|(_, payout)| payout.lines.iter().cloned()).collect();
    let matches = matched(&statement, &sent, &seen).map_err(WorkflowError::from)?;
    let (mut recorded, mut others) = (0, BTreeMap::new());
    for found in &matches {
        let line = statement.lines.get(found.line).filter(|_| is_nobodys(&found.outcome));
        if let Some((other, news)) = match line {
            Some(line) => elsewhere(ports, line, &found.name).await?,
            None => None,
        } {
            others.insert(found.line, other);
            recorded += usize::from(news);
            continue;
        }
        let (id, report) = match &found.outcome {
            Outcome::Confirmed { payout, on, .. } => {
                let reference = statement.lines.get(found.line).map(|line| line.number.clone()).unwrap_or_default();
                (payout, PayoutReport::Paid { on: *on, reference })
            }
            Outcome::Returned { payout, on, amount, reason }
                if known.get(payout).is_some_and(|(_, known)| known.amount == *amount) =>
            {
                (payout, PayoutReport::Returned { on: *on, reason: reason.clone() })
            }
            _ => continue,
        };
        let Some((tenant, _)) = known.get(id) else { continue };
        match payouts::report(ports, tenant, id, &report, Some(&found.name)).await {
            Ok((_, true)) => recorded += 1,
            // Somebody took it down by hand meanwhile.
            Ok((_, false)) | Err(WorkflowError::Payout(_)) => {}
            Err(other) => return Err(other.into()),
        }
    }
    recorded += reconciliation::papers::take_statement(ports, &statement, &matches, &known).await?;
    Ok(Imported { statement, matches, others, recorded })
}

/// Whether no payout is sure to be meant.
const fn is_nobodys(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Unknown | Outcome::Candidates { .. })
}

async fn elsewhere(ports: &Ports, line: &Line, name: &str) -> Result<Option<(Other, bool)>, WorkflowError> {
    if let Some((invoice, news)) = debts::seen(ports, line, name).await? {
        return Ok(Some((Other::Invoice(invoice.written()), news)));
    }
    Ok(income::seen(ports, line).await?.map(|(number, news)| (Other::Tax(number), news)))
}

/// Payouts whose numbers the lines name, in the document's own number or in what it is said to be for.
async fn payouts_named(
    ports: &Ports,
    statement: &Statement,
) -> Result<BTreeMap<String, (Tenant, Payout)>, WorkflowError> {
    let mut numbers = std::collections::BTreeSet::new();
    for line in &statement.lines {
        let own = (line.direction == Direction::Out).then_some(line.number.as_str());
        let words = line.purpose.split(|c: char| !c.is_ascii_digit()).filter(|word| (1..=6).contains(&word.len()));
        numbers.extend(own.into_iter().chain(words.take(NUMBERS_MAX)).filter_map(|word| word.parse::<u32>().ok()));
    }
    let mut payouts = BTreeMap::new();
    for number in numbers.into_iter().filter(|number| *number > 0) {
        let Some(owner) = ports.store.payout_of_number(number).await? else { continue };
        if let Some(payout) = ports.store.payout(&owner.tenant, &owner.id).await? {
            payouts.insert(owner.id, (owner.tenant, payout));
        }
    }
    Ok(payouts)
}

fn sent(payout: &Payout) -> Sent {
    let zero = payout.amount.zero();
    let (executed, returned) = match payout.state {
        PayoutState::Sent | PayoutState::Netted => (zero, zero),
        PayoutState::Confirmed { .. } => (payout.amount, zero),
        PayoutState::Returned { .. } => (payout.amount, payout.amount),
    };
    Sent {
        id: payout.id.clone(),
        number: payout.number,
        date: moscow_date(payout.at),
        amount: payout.amount,
        account: payout.to.number().to_owned(),
        executed,
        returned,
    }
}
