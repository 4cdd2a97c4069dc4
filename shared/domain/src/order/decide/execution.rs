//! Execution: handed over, done, given up, opened.

use super::{Event, ExecutionEnd, ExecutionOutcome, Initiator, Next, Refusal, TaskId, What, ledger};
use crate::details::CaptureRule;
use crate::maturity::Wait;

impl Next<'_> {
    pub(super) fn handed_over(&mut self) -> Result<(), Refusal> {
        self.drop_task(TaskId::HandOver);
        if self.order.execution.handed_over_at.is_some() || self.order.execution.ended.is_some() {
            return Ok(());
        }
        if self.order.standing_payment().is_none() {
            return Err(Refusal::NotPayable(self.order.status()));
        }
        self.order.execution.handed_over_at = Some(self.context.now);
        self.record(Event::HandedOver, None, Vec::new())
    }

    pub(super) fn execution_reported(&mut self, outcome: ExecutionOutcome) -> Result<(), Refusal> {
        match (self.order.execution.ended, outcome) {
            (Some(ExecutionEnd::Fulfilled(_)), ExecutionOutcome::Fulfilled)
            | (Some(ExecutionEnd::Failed(_)), ExecutionOutcome::Failed) => return Ok(()),
            (Some(ended), _) => return Err(Refusal::ExecutionEnded(ended)),
            (None, _) => {}
        }
        if self.order.standing_payment().is_none() || self.order.is_splitting() {
            return Err(Refusal::NotPayable(self.order.status()));
        }
        if self.order.execution.handed_over_at.is_none() {
            // The executor answers before its acceptance was on record.
            self.handed_over()?;
        }
        match outcome {
            ExecutionOutcome::Fulfilled => {
                self.order.execution.ended = Some(ExecutionEnd::Fulfilled(self.context.now));
                // Decided here once: terms that change later are not those of this order.
                self.order.execution.wait = Some(self.context.wait).filter(|wait| *wait != Wait::default());
                self.record(Event::Fulfilled, None, Vec::new())?;
                self.close_prepayments()?;
                if self.details.payment.capture == CaptureRule::Fulfilled && self.order.held()?.is_positive() {
                    match self.capture(&What::Whole, Initiator::Rule) {
                        // What is under way already decides for itself.
                        Ok(()) | Err(Refusal::OperationUnderWay(_) | Refusal::NothingHeld) => {}
                        Err(other) => return Err(other),
                    }
                }
                Ok(())
            }
            ExecutionOutcome::Failed => {
                self.order.execution.ended = Some(ExecutionEnd::Failed(self.context.now));
                self.record(Event::ExecutionFailed, None, Vec::new())?;
                self.give_all_that_stands_back()
            }
        }
    }

    pub(super) fn open_result(&mut self) -> Result<(), Refusal> {
        let Some(ExecutionEnd::Fulfilled(_)) = self.order.execution.ended else {
            return Err(Refusal::NotFulfilled);
        };
        if self.order.execution.opened_at.is_some() {
            return Ok(());
        }
        self.order.execution.opened_at = Some(self.context.now);
        self.record(Event::ResultOpened, None, Vec::new())
    }

    /// The partner's part goes out. What moved after it did, either way, is settled with a later payout.
    pub(super) fn pay_out(&mut self, payout: &str) -> Result<(), Refusal> {
        if self.order.payout.as_deref() == Some(payout) {
            return Ok(());
        }
        if self.order.payable_at().is_none_or(|at| at > self.context.now) {
            return Err(Refusal::NotMature);
        }
        let postings = ledger::payout(self.order.owed()?)?;
        let fulfilled = matches!(self.order.execution.ended, Some(ExecutionEnd::Fulfilled(_)));
        if self.order.payout.is_some() || !fulfilled {
            return self.record(Event::Settled, None, postings);
        }
        self.order.payout = Some(payout.to_owned());
        self.record(Event::PaidOut, None, postings)
    }
}
