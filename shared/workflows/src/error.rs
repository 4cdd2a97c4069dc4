//! What can go wrong on the path, and whose it is.

use connectors::bank::BankError;
use domain::id::Tenant;
use domain::income_tax::TaxError;
use domain::ledger::SealError;
use domain::money::MoneyError;
use domain::order::Refusal;
use domain::payout::PayoutRefusal;
use domain::report::Wrong;
use storage::store::StoreError;

/// Whose a failure is: sets status, retry and log level at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The caller's: 4xx with the message, no retry, info.
    Caller,
    /// Someone outside: 503, retry, warn.
    Outside,
    /// Ours: 500 with nothing inside, dead-letter queue, error.
    Ours,
}

/// A workflow did not get to its end.
#[derive(Debug, thiserror::Error)]
pub enum WorkflowError {
    /// There is no such thing, or it is not the caller's.
    #[error("not found")]
    NotFound,
    /// The domain refuses.
    #[error("refused")]
    Refused(#[from] Refusal),
    /// Others keep changing the order.
    #[error("the order is being changed by others")]
    Busy,
    /// Memory failed.
    #[error("memory failed")]
    Store(#[from] StoreError),
    /// The tenant has no bank, register or executor connected.
    #[error("{0} has no {1} connected")]
    NotConnected(Tenant, &'static str),
    /// The bank failed.
    #[error("the bank failed")]
    Bank(#[source] BankError),
    /// Someone else outside failed.
    #[error("{who} failed: {reason}")]
    Outside {
        /// Who.
        who: &'static str,
        /// How.
        reason: String,
    },
    /// Sums do not work out.
    #[error("amounts do not work out")]
    Money(#[from] MoneyError),
    /// Income tax does not work out.
    #[error("income tax does not work out")]
    Tax(#[from] TaxError),
    /// A payout's report contradicts what is known of it.
    #[error("the payout's report is refused")]
    Payout(#[from] PayoutRefusal),
    /// A day of the books can not be sealed.
    #[error("the books can not be sealed")]
    Books(#[from] SealError),
    /// A month's report does not lead to the ledger's balance, or to what it was closed with.
    #[error("the month's report does not hold")]
    Report(#[source] Box<Wrong>),
    /// A message to a worker is not of the shape this program sends.
    #[error("a message is not readable")]
    Message(#[source] serde_json::Error),
}

impl From<Wrong> for WorkflowError {
    fn from(wrong: Wrong) -> Self {
        Self::Report(Box::new(wrong))
    }
}

impl WorkflowError {
    /// Whose it is.
    pub fn whose(&self) -> Whose {
        match self {
            Self::NotFound | Self::Refused(_) | Self::Payout(_) | Self::NotConnected(..) => Whose::Caller,
            Self::Busy
            | Self::Outside { .. }
            | Self::Bank(BankError::NotSent(_) | BankError::Unknown(_))
            | Self::Store(StoreError::Conflict | StoreError::NotDone(_) | StoreError::Unknown(_)) => Whose::Outside,
            Self::Bank(_)
            | Self::Store(StoreError::Shape(_))
            | Self::Money(_)
            | Self::Tax(_)
            | Self::Books(_)
            | Self::Report(_)
            | Self::Message(_) => Whose::Ours,
        }
    }

    /// The whole chain on one line, for the log.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}
