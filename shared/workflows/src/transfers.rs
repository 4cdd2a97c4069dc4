//! Payouts to e-wallets: as the registry an accountant uploads to the wallets' operator, and as what the operator tells of them.

use connectors::wallet::{self, Fate, ReadError, Told, Transfer};
use domain::bank_exchange;
use domain::id::Tenant;
use domain::payout::{Payout, PayoutReport, PayoutState};
use domain::requisites::WalletOperator;
use domain::time::Timestamp;

use crate::error::WorkflowError;
use crate::payouts;
use crate::ports::Ports;

/// Payouts one registry has, at most; more are in the next one, once these are confirmed.
const TRANSFERS_MAX: usize = 1_000;

/// Why what an operator tells is not taken down. Nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is none, or is damaged.
    #[error("the file is not readable")]
    Unreadable(#[source] ReadError),
    /// Memory failed; loaded again, it goes on.
    #[error("the file was not loaded")]
    Failed(#[from] WorkflowError),
}

/// What became of one line.
#[derive(Debug, Clone)]
pub struct Imported {
    /// What the operator tells.
    pub told: Told,
    /// `recorded`, `repeat` (it was known), `contradiction` (another wallet or sum, or not what was told before), `unknown` (no such payout).
    pub outcome: &'static str,
    /// The payout.
    pub payout: Option<String>,
}

/// The registry of all payouts to an operator's wallets that nobody has confirmed yet.
pub async fn registry(
    ports: &Ports,
    test: Option<&Tenant>,
    operator: WalletOperator,
) -> Result<Vec<u8>, WorkflowError> {
    let open = ports.store.unconfirmed_payouts(test, Timestamp::MAX, TRANSFERS_MAX).await?;
    let transfers: Vec<Transfer> = open.iter().filter_map(|(_, payout)| transfer(payout, operator)).collect();
    Ok(wallet::adapter(operator).registry(&transfers))
}

fn transfer(payout: &Payout, operator: WalletOperator) -> Option<Transfer> {
    let wallet = payout.to.wallet().filter(|wallet| wallet.operator == operator)?;
    Some(Transfer {
        number: payout.number,
        wallet: wallet.number.clone(),
        amount: payout.amount,
        purpose: bank_exchange::purpose(payout),
    })
}

/// Takes down what an operator tells of its wallets' payouts. Loaded again, it changes nothing.
pub async fn import(ports: &Ports, operator: WalletOperator, bytes: &[u8]) -> Result<Vec<Imported>, ImportError> {
    let told = wallet::adapter(operator).outcomes(bytes).map_err(ImportError::Unreadable)?;
    let mut imported = Vec::new();
    for told in told {
        let (outcome, payout) = record(ports, operator, &told).await?;
        imported.push(Imported { told, outcome, payout });
    }
    Ok(imported)
}

async fn record(
    ports: &Ports,
    operator: WalletOperator,
    told: &Told,
) -> Result<(&'static str, Option<String>), WorkflowError> {
    let Some(owner) = ports.store.payout_of_number(told.number).await? else { return Ok(("unknown", None)) };
    let Some(payout) = ports.store.payout(&owner.tenant, &owner.id).await? else { return Ok(("unknown", None)) };
    let Some(transfer) = transfer(&payout, operator) else { return Ok(("unknown", None)) };
    let id = Some(payout.id.clone());
    if transfer.wallet != told.wallet || transfer.amount != told.amount {
        return Ok(("contradiction", id));
    }
    let report = match &told.fate {
        // A returned transfer was credited first: told again of that, nothing contradicts.
        Fate::Credited if matches!(payout.state, PayoutState::Returned { .. }) => return Ok(("repeat", id)),
        Fate::Credited => PayoutReport::Paid { on: told.on, reference: told.number.to_string() },
        Fate::Returned(reason) => PayoutReport::Returned { on: told.on, reason: reason.clone() },
    };
    match payouts::report(ports, &owner.tenant, &owner.id, &report, None).await {
        Ok((_, true)) => Ok(("recorded", id)),
        Ok((_, false)) => Ok(("repeat", id)),
        Err(WorkflowError::Payout(_)) => Ok(("contradiction", id)),
        Err(other) => Err(other),
    }
}
