//! An accountant closes a discrepancy, by a posting or with an explanation, or opens it again.

use domain::id::Tenant;
use domain::ledger::{Account, BookEntry, BookKind, Posting};
use domain::reconcile::{Filed, Note, Refusal};
use domain::time::{Timestamp, moscow_date};
use storage::store::StoreError;

use crate::clock;
use crate::error::WorkflowError;
use crate::ports::Ports;

/// Accounts a correction may stand against. What is the partner's goes to what they are owed available: what is pending is of orders,
/// and a correction there would never mature.
pub const AGAINST: [Account; 8] = [
    Account::PartnerAvailable,
    Account::Adjustment,
    Account::Acquiring,
    Account::BankClearing,
    Account::Nominal,
    Account::Settlement,
    Account::PayoutInTransit,
    Account::Suppliers,
];

/// Why a discrepancy stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum CloseError {
    /// There is none.
    #[error("there is no such discrepancy")]
    NotFound,
    /// The domain refuses.
    #[error("refused")]
    Refused(#[from] Refusal),
    /// Memory failed.
    #[error("memory failed")]
    Failed(#[from] WorkflowError),
}

impl From<StoreError> for CloseError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// What is done about a discrepancy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// All that is outstanding is posted against an account.
    Correct(Account),
    /// Nothing has to be posted.
    Explain,
    /// It is to be looked at again; what was posted for it is taken back.
    Reopen,
}

/// Does something about a discrepancy, in one commit with what is posted for it. `who` does it, and says why.
pub async fn act(
    ports: &Ports,
    tenant: &Tenant,
    id: &str,
    action: Action,
    (reason, who): (&str, &str),
) -> Result<Filed, CloseError> {
    for _ in 0..5 {
        let now = clock::now(ports, tenant).await.map_err(WorkflowError::from)?;
        let filed = ports.store.discrepancy(tenant, id).await?.ok_or(CloseError::NotFound)?;
        let (found, postings, what) = match action {
            Action::Correct(account) => {
                let postings = if filed.found.is_open() { filed.found.against(account)? } else { Vec::new() };
                (filed.found.corrected(postings.clone(), reason, who, now)?, postings, "corrected")
            }
            Action::Explain => (filed.found.explained(reason, who, now)?, Vec::new(), "explained"),
            Action::Reopen => {
                let (open, postings) = filed.found.reopened(reason, who, now)?;
                (open, postings, "reopened")
            }
        };
        let note = Note { at: now, who: who.trim().to_owned(), what: what.to_owned(), text: reason.trim().to_owned() };
        let next = filed.next(found, note);
        let written = if postings.is_empty() {
            ports.store.put_discrepancy(tenant, &next).await
        } else {
            let entry = entry(&next, postings, (reason, who), now);
            let touches = |posting: &Posting| [posting.debit, posting.credit].contains(&Account::PartnerAvailable);
            let purse = if entry.postings.iter().any(touches) { Some(ports.store.purse(tenant).await?) } else { None };
            ports.store.correct(tenant, &next, &entry, purse.as_ref()).await
        };
        match written {
            // Somebody else was at it, or at the partner's personal account.
            Err(StoreError::Conflict) => {}
            done => {
                done?;
                return Ok(next);
            }
        }
    }
    Err(WorkflowError::Busy.into())
}

/// The book entry of the last correction: it belongs to the day of what it corrects.
fn entry(filed: &Filed, postings: Vec<Posting>, (reason, who): (&str, &str), now: Timestamp) -> BookEntry {
    let found = &filed.found;
    BookEntry {
        id: format!("fix/{}/{}", found.id, found.corrections.len()),
        at: now,
        on: Some(found.day).filter(|day| *day < moscow_date(now)),
        kind: BookKind::Corrected,
        reason: reason.trim().to_owned(),
        by: who.trim().to_owned(),
        postings,
    }
}
