//! What comes with time: expiry, the three days, reminders, the end of holds, lost tasks.

use super::{Cancellation, Event, ExecutionEnd, Initiator, Next, Refusal, TaskId, What};
use crate::acquiring::Lapse;
use crate::order::RESEND_SECONDS;
use crate::time::plus_seconds;
use crate::webhook::{persist_seconds, retry_seconds};

impl Next<'_> {
    pub(super) fn task_failed(&mut self, id: TaskId, forever: bool, retry_after_seconds: Option<u32>) {
        let context = self.context;
        let Some(task) = self.order.tasks.iter_mut().find(|task| task.id == id) else {
            return;
        };
        task.failures = task.failures.saturating_add(1);
        let wait = match id {
            _ if forever => None,
            TaskId::Webhook(_) => retry_seconds(task.failures, context.jitter),
            TaskId::Notify(..) if task.failures > 20 => None,
            _ => Some(persist_seconds(task.failures, context.jitter)),
        };
        if let Some(seconds) = wait {
            let asked = i64::from(retry_after_seconds.unwrap_or(0));
            task.next_at = plus_seconds(context.now, seconds.max(asked));
            self.touched = true;
        } else {
            self.drop_task(id);
        }
    }

    pub(super) fn look_due(&mut self, done: &[TaskId]) -> Result<(), Refusal> {
        for id in done {
            self.drop_task(*id);
        }
        self.expire_if_over()?;
        let now = self.context.now;
        let late = self.order.execution.overdue_at.is_none()
            && self.order.execution_deadline().is_some_and(|deadline| deadline <= now);
        if late {
            self.order.execution.overdue_at = Some(now);
            self.record(Event::Overdue, None, Vec::new())?;
        }
        if self.order.reminder_at().is_some_and(|at| at <= now) {
            self.order.execution.reminded = true;
            self.record(Event::Reminded, None, Vec::new())?;
        }
        self.holds_due()?;
        self.closings_due()?;
        for task in self.order.tasks.iter_mut().filter(|task| task.next_at <= now) {
            task.next_at = plus_seconds(now, RESEND_SECONDS);
            if !self.send.contains(&task.id) {
                self.send.push(task.id);
            }
            self.touched = true;
        }
        Ok(())
    }

    /// Warns of holds that end, and captures or lets go what nobody decided about, as the partner has it set.
    fn holds_due(&mut self) -> Result<(), Refusal> {
        let now = self.context.now;
        let payments: Vec<_> = self.order.payments().cloned().collect();
        for payment in payments {
            if self.order.hold_over(&payment).is_some_and(|over| over <= now) {
                self.task(TaskId::AskBank(payment.no));
            }
            let Some((warning, end)) = self.order.hold_deadlines(&payment) else { continue };
            if warning <= now && self.order.happened(Event::HoldEnding, payment.no).is_none() {
                self.record(Event::HoldEnding, Some(payment.no), Vec::new())?;
            }
            if end > now {
                continue;
            }
            // What was delivered is not given away because nobody remembered to take the money.
            let fulfilled = matches!(self.order.execution.ended, Some(ExecutionEnd::Fulfilled(_)));
            let decided = match self.details.payment.hold_end {
                Lapse::Captured => self.capture(&What::Whole, Initiator::Rule),
                Lapse::Released if fulfilled => self.capture(&What::Whole, Initiator::Rule),
                Lapse::Released => {
                    let by = Initiator::Rule;
                    self.cancel_whole(&Cancellation {
                        by,
                        what: What::Whole,
                        reason: None,
                        terminal: None,
                        asked: None,
                    })
                }
            };
            match decided {
                // Somebody has decided meanwhile.
                Ok(()) | Err(Refusal::OperationUnderWay(_) | Refusal::PaymentUnderWay(_)) => {}
                // The bank captures nothing like it: what can not be taken is not kept from the buyer any longer.
                Err(Refusal::Unsupported(_) | Refusal::Part(_)) => {
                    if self.order.open_operation_of(payment.no).is_none() {
                        self.give_all_back(payment.no, Initiator::Rule)?;
                    }
                }
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }

    /// Ends an order nobody paid in time; never while a payment's outcome is not known.
    pub(super) fn expire_if_over(&mut self) -> Result<(), Refusal> {
        if self.order.waits_until().is_some_and(|until| self.context.now >= until) {
            self.order.means = None;
            self.record(Event::Expired, None, Vec::new())?;
        }
        Ok(())
    }
}
