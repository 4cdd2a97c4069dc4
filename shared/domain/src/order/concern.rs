//! Which receipts somebody should look after: support, because a buyer waits for one; accounting, because the law gives little time.
//!
//! Everything here is read off the order as it stands, and a receipt that goes its usual way is never in it.

use super::{Event, Order, RESEND_SECONDS, Receipt, Stage, TaskId};
use crate::money::Money;
use crate::receipt::ReceiptKind;
use crate::time::{Timestamp, plus_seconds};

/// What is the matter with a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Concern {
    /// It has not been printed in the usual time, or an attempt has failed.
    Waits,
    /// A register has surely not printed it; it is with another one, or comes again under a new id.
    NotPrinted,
    /// It was printed otherwise than it was sent, and nobody has had it corrected.
    Differs,
    /// It is a prepayment's whose closing receipt is past its day.
    ClosingLate,
}

impl Concern {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Waits, Self::NotPrinted, Self::Differs, Self::ClosingLate];

    /// The stable code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Waits => "waits",
            Self::NotPrinted => "not_printed",
            Self::Differs => "differs",
            Self::ClosingLate => "closing_late",
        }
    }
}

/// A receipt somebody should look after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfConcern<'a> {
    /// The receipt.
    pub receipt: &'a Receipt,
    /// What is the matter.
    pub concern: Concern,
    /// Since when.
    pub since: Timestamp,
}

impl Order {
    /// The receipts somebody should look after now, in the order of their numbers.
    pub fn receipts_of_concern(&self, now: Timestamp) -> impl Iterator<Item = OfConcern<'_>> {
        self.receipts.iter().filter_map(move |receipt| {
            let (concern, since) = self.concern(receipt, now)?;
            Some(OfConcern { receipt, concern, since })
        })
    }

    fn concern(&self, receipt: &Receipt, now: Timestamp) -> Option<(Concern, Timestamp)> {
        if receipt.fiscal.is_none() {
            if let Some(moved) = self.happened(Event::ReceiptMoved, receipt.no) {
                return Some((Concern::NotPrinted, moved));
            }
            let task = self.tasks.iter().find(|task| task.id == TaskId::Receipt(receipt.no));
            let failed = task.is_some_and(|task| task.failures > 0);
            let due = self.due_since(receipt);
            return (failed || plus_seconds(due, RESEND_SECONDS) <= now).then_some((Concern::Waits, due));
        }
        if receipt.differs.is_some() {
            let corrected = self.receipts.iter().any(|other| other.corrects == Some(receipt.no));
            let told = self.happened(Event::ReceiptDiffers, receipt.no).unwrap_or(self.created_at);
            return (!corrected).then_some((Concern::Differs, told));
        }
        let late = self.journal.iter().rfind(|entry| entry.event == Event::ClosingLate)?;
        (self.is_unclosed(receipt) && self.kept().is_ok_and(Money::is_positive))
            .then_some((Concern::ClosingLate, late.at))
    }

    /// Since when a receipt is to be printed.
    fn due_since(&self, receipt: &Receipt) -> Timestamp {
        let due = match (receipt.corrects, receipt.stage, receipt.kind) {
            (Some(wrong), ..) => self.happened(Event::ReceiptCorrected, wrong),
            (None, Stage::Closing, _) => self.first(Event::Fulfilled),
            (None, _, ReceiptKind::Sale) => self.happened(Event::Captured, receipt.operation),
            (None, _, _) => self.happened(Event::Refunded, receipt.operation),
        };
        due.unwrap_or(self.created_at)
    }

    /// Whether a receipt is of money that came before the hand-over, and no closing receipt has followed.
    fn is_unclosed(&self, receipt: &Receipt) -> bool {
        receipt.kind == ReceiptKind::Sale
            && receipt.corrects.is_none()
            && receipt.stage.settlement().is_before()
            && self.receipts_of(receipt.operation, true).next().is_none()
    }
}
