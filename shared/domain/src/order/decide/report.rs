//! What a bank says of an operation, held against what is on record.
//!
//! A bank that knows payments only says how the whole payment stands; which operation that settles is decided here. What it
//! tells by itself may be older than what is known: less than known is then no news. Asked, it says the truth of now.

use super::{
    BankReport, BankState, DeclineReason, Event, Initiator, Money, Next, Operation, OperationKind, Refusal, Stages,
    Standing, Task, TaskId, TransactionKind, TransactionState,
};
use crate::order::{RECHECK_SECONDS, RESEND_SECONDS};
use crate::time::plus_seconds;

impl Next<'_> {
    pub(super) fn bank_reported(&mut self, no: u8, report: &BankReport, asked: bool) -> Result<(), Refusal> {
        let operation = self.operation(no)?;
        match operation.kind {
            OperationKind::Payment | OperationKind::Verification => {
                let known = operation.succeeded();
                self.same_reference(no, report.reference.as_deref())?;
                self.payment_reported(no, report, asked)?;
                if !asked && !known && self.context.now >= self.order.expires_at {
                    // Late news of a hold may be older than its end.
                    let payment = self.operation(no)?;
                    if self.order.figures(payment)?.held.is_positive() {
                        self.task(TaskId::AskBank(no));
                    }
                }
            }
            OperationKind::Capture { of } | OperationKind::Return { of } => {
                if let BankState::Stands(standing) = report.state {
                    self.stands(of, &standing, report, asked)?;
                } else if report.attempt.is_none_or(|attempt| attempt == operation.attempt()) {
                    self.same_reference(no, report.reference.as_deref())?;
                    self.operation_reported(no, report)?;
                }
                // What became of an earlier attempt is in how the payment stands, which is asked before every other.
            }
            OperationKind::PointsSpent { .. } | OperationKind::PointsAccrued { .. } => {
                return Err(Refusal::NoOperation(no));
            }
        }
        self.give_back_what_is_not_wanted()?;
        self.expire_if_over()
    }

    fn payment_reported(&mut self, no: u8, report: &BankReport, asked: bool) -> Result<(), Refusal> {
        let operation = self.operation(no)?;
        let (state, zero, stages) = (operation.state(), operation.amount.zero(), operation.stages);
        if let Some(saved) = report.saved.as_ref().filter(|_| {
            // Some banks tell of the means apart from the payment, and later.
            state == TransactionState::Succeeded && operation.save && operation.saved.is_none()
        }) {
            self.means_saved(no, saved)?;
        }
        match (report.state, state) {
            (BankState::Pending, TransactionState::Intended) => {
                if let Some(reference) = &report.reference {
                    self.settle(no, TransactionState::Pending, Some(reference))?;
                }
                Ok(())
            }
            // Some banks learn of a payment only when the buyer begins it. Whoever has not when the time is over does not pay.
            (BankState::NotFound, TransactionState::Pending) if asked && self.is_long_over() => {
                self.payment_declined(no, DeclineReason::TimedOut, report)
            }
            (BankState::Pending, _)
            | (BankState::Declined(_) | BankState::NotFound, TransactionState::Declined(_))
            | (BankState::NotFound, TransactionState::Pending) => Ok(()),
            (BankState::Declined(_) | BankState::NotFound, TransactionState::Succeeded) => {
                Err(Refusal::Contradiction(no))
            }
            (BankState::Declined(reason), _) => self.payment_declined(no, reason, report),
            // The bank does not know of it yet: the operation's task tells it.
            (BankState::NotFound, TransactionState::Intended) if self.is_to_be_told(no) => Ok(()),
            (BankState::NotFound, TransactionState::Intended) => {
                self.payment_declined(no, DeclineReason::NotReached, report)
            }
            (BankState::Succeeded(reported), _) => {
                let standing = match stages {
                    Stages::One => Standing { held: zero, captured: reported, refunded: zero },
                    Stages::Two => Standing { held: reported, captured: zero, refunded: zero },
                };
                // Told of the payment alone: what became of it later is not in the words.
                if state == TransactionState::Succeeded { Ok(()) } else { self.stands(no, &standing, report, asked) }
            }
            (BankState::Stands(standing), _) => self.stands(no, &standing, report, asked),
        }
    }

    /// Whether a task is still to tell the bank of an operation.
    fn is_to_be_told(&self, no: u8) -> bool {
        self.order.tasks.iter().any(|task| task.id == TaskId::TellBank(no))
    }

    /// Whether the time to pay has been over for a while: who pays in its last moment is on record at every bank by then.
    fn is_long_over(&self) -> bool {
        plus_seconds(self.order.expires_at, RESEND_SECONDS) <= self.context.now
    }

    fn payment_declined(&mut self, no: u8, reason: DeclineReason, report: &BankReport) -> Result<(), Refusal> {
        self.settle(no, TransactionState::Declined(reason), report.reference.as_deref())?;
        self.drop_task(TaskId::AskBank(no));
        self.drop_task(TaskId::TellBank(no));
        if matches!(reason, DeclineReason::TimedOut | DeclineReason::NotReached) {
            // Nothing was refused: time only ran out. Money that moved after all, and whose callbacks got lost, is found by
            // asking once more a day later.
            let next_at = plus_seconds(self.context.now, RECHECK_SECONDS);
            self.order.tasks.push(Task { id: TaskId::AskBank(no), failures: 0, next_at });
        }
        self.record(Event::PaymentDeclined, Some(no), Vec::new())?;
        self.split_step()
    }

    /// The bank speaks of a capture or a return alone.
    fn operation_reported(&mut self, no: u8, report: &BankReport) -> Result<(), Refusal> {
        let operation = self.operation(no)?.clone();
        let of = operation.kind.of().ok_or(Refusal::NoOperation(no))?;
        let capture = matches!(operation.kind, OperationKind::Capture { .. });
        match (report.state, operation.state()) {
            (BankState::Succeeded(_) | BankState::Pending | BankState::NotFound, TransactionState::Succeeded)
            | (_, TransactionState::Declined(_))
            | (BankState::NotFound, _) => Ok(()), // the bank has not been told; the operation's task tells it
            (BankState::Succeeded(reported), _) => {
                if reported != operation.amount {
                    return Err(Refusal::Amount { reported, expected: operation.amount });
                }
                if !capture {
                    self.taken_for_another(of, &operation)?;
                }
                self.settle(no, TransactionState::Succeeded, report.reference.as_deref())?;
                if capture { self.captured(of, no, reported) } else { self.returned(no) }
            }
            (BankState::Declined(_), TransactionState::Succeeded) if capture => Err(Refusal::Contradiction(no)),
            (BankState::Declined(_), TransactionState::Succeeded) => {
                if operation.told() == Some(TransactionKind::Void) {
                    return Err(Refusal::Contradiction(no));
                }
                self.refund_undone(no)
            }
            (BankState::Declined(reason), _) if capture => self.capture_declined(no, of, reason),
            (BankState::Declined(_), _) => self.return_declined(no),
            (BankState::Pending, _) => {
                if operation.state() == TransactionState::Intended && report.reference.is_some() {
                    self.settle(no, TransactionState::Pending, report.reference.as_deref())?;
                }
                Ok(())
            }
            (BankState::Stands(_), _) => Err(Refusal::Contradiction(no)),
        }
    }

    /// The bank names a return that is through. Where another of the same sum, tried again, was held to be through only because so much
    /// had gone back, it was this one that had: the other is owed still. The bank is asked how the payment stands before it is tried.
    fn taken_for_another(&mut self, of: u8, named: &Operation) -> Result<(), Refusal> {
        let mistaken = self.order.returns_of(of).find(|other| {
            let guessed = other.succeeded() && other.attempt() > 0 && other.reference().is_none();
            guessed && other.no != named.no && other.amount == named.amount && other.told() == named.told()
        });
        match mistaken.map(|other| other.no) {
            Some(other) => self.refund_undone(other),
            None => Ok(()),
        }
    }

    /// The bank would not capture: what stands of the hold is asked for.
    fn capture_declined(&mut self, no: u8, of: u8, reason: DeclineReason) -> Result<(), Refusal> {
        self.capture_ended(no, reason)?;
        self.task(TaskId::AskBank(of));
        Ok(())
    }

    /// The bank says how a whole payment stands.
    fn stands(&mut self, no: u8, standing: &Standing, report: &BankReport, asked: bool) -> Result<(), Refusal> {
        let payment = self.operation(no)?.clone();
        let zero = payment.amount.zero();
        for amount in [standing.held, standing.captured, standing.refunded] {
            if amount.currency() != zero.currency() {
                return Err(Refusal::Amount { reported: amount, expected: payment.amount });
            }
        }
        if !payment.succeeded() && !self.first_seen(no, standing, report)? {
            return Ok(());
        }
        self.capture_seen(no, standing, asked)?;
        self.release_seen(no, standing)?;
        self.refunds_seen(no, standing, asked)?;
        self.accrued(no, report)
    }

    /// A payment that was not known to have come. Answers whether it has.
    fn first_seen(&mut self, no: u8, standing: &Standing, report: &BankReport) -> Result<bool, Refusal> {
        let payment = self.operation(no)?.clone();
        let open = payment.state().is_open();
        let came = standing.held.plus(standing.captured)?;
        if !came.is_positive() {
            // Held and let go before anybody here knew, or given up.
            if open {
                self.payment_declined(no, DeclineReason::Other, report)?;
            }
            return Ok(false);
        }
        if super::taking::at_once(payment.stages) && standing.held.is_positive() {
            if open && report.reference.is_some() {
                self.settle(no, TransactionState::Pending, report.reference.as_deref())?;
            }
            return Ok(false); // on its way to be captured
        }
        // Points are no money: what came with them is less. All of it and points beside would book the points as money.
        let points = report.points.unwrap_or(came.zero());
        let expected = payment.amount;
        if came.plus(points)? != expected {
            return Err(Refusal::Amount { reported: came, expected });
        }
        self.settle(no, TransactionState::Succeeded, report.reference.as_deref())?;
        self.authorized(no, report)?;
        if super::taking::at_once(payment.stages) {
            self.captured(no, no, came)?;
        } else {
            self.held(no)?;
        }
        let payment = self.operation(no)?;
        if payment.save && payment.saved.is_none() {
            // Some banks tell of the means apart from the payment. A day later whoever has not told is asked.
            self.ask_again(no);
        }
        Ok(true)
    }

    fn capture_seen(&mut self, no: u8, standing: &Standing, asked: bool) -> Result<(), Refusal> {
        let payment = self.operation(no)?.clone();
        let known = self.order.figures(&payment)?;
        if standing.captured == known.captured {
            return Ok(());
        }
        if known.captured.is_positive() {
            // A reversal, ours or one of the bank's own cabinet, makes a capture never have been; anything else contradicts what
            // the bank has said before.
            let reversed = standing.captured.is_zero() && standing.held.is_zero();
            let stale = !asked && standing.captured.minor() < known.captured.minor();
            return if stale || reversed { Ok(()) } else { Err(Refusal::Contradiction(no)) };
        }
        let capture = self
            .order
            .operations_of(no)
            .find(|of| matches!(of.kind, OperationKind::Capture { .. }) && of.is_open())
            .cloned();
        if let Some(capture) = capture.as_ref().filter(|capture| capture.amount == standing.captured) {
            self.settle(capture.no, TransactionState::Succeeded, None)?;
            return self.captured(no, capture.no, capture.amount);
        }
        if standing.captured.minus(known.held)?.is_positive() {
            let expected = capture.map_or(known.held, |capture| capture.amount);
            return Err(Refusal::Amount { reported: standing.captured, expected });
        }
        let mut wanted = self.capturable(&payment)?;
        if let Some(capture) = capture {
            // The bank was faster, at the end of the hold or on word from its own cabinet. A hold is captured once: ours will
            // not be done any more.
            self.capture_ended(capture.no, DeclineReason::Other)?;
            wanted = if capture.parts.is_empty() { wanted } else { capture.parts };
        }
        self.captured_by_bank(no, standing.captured)?;
        self.give_back_what_was_not_to_be_taken(no, &wanted)
    }

    /// A capture was not done, and will not be.
    fn capture_ended(&mut self, no: u8, reason: DeclineReason) -> Result<(), Refusal> {
        self.settle(no, TransactionState::Declined(reason), None)?;
        self.drop_task(TaskId::TellBank(no));
        self.record(Event::CaptureFailed, Some(no), Vec::new())
    }

    fn release_seen(&mut self, no: u8, standing: &Standing) -> Result<(), Refusal> {
        let payment = self.operation(no)?.clone();
        let known = self.order.figures(&payment)?;
        let less = known.held.minus(standing.held)?;
        if !less.is_positive() {
            return Ok(()); // nothing was let go, or it is older than what is known
        }
        let void = self
            .order
            .returns_of(no)
            .find(|of| of.is_open() && of.told() == Some(TransactionKind::Void))
            .map(|of| (of.no, of.amount));
        let mut rest = less;
        if let Some((void, amount)) = void {
            if less.minus(amount)?.minor() < 0 {
                return Err(Refusal::Amount { reported: less, expected: amount });
            }
            self.settle(void, TransactionState::Succeeded, None)?;
            self.returned(void)?;
            rest = less.minus(amount)?;
        }
        if rest.is_positive() {
            let capture = self.order.operations_of(no).find(|of| of.is_open()).map(|of| of.no);
            if let Some(capture) = capture {
                self.capture_ended(capture, DeclineReason::TimedOut)?;
            }
            self.returned_by_bank(no, TransactionKind::Void, rest)?;
        }
        Ok(())
    }

    fn refunds_seen(&mut self, no: u8, standing: &Standing, asked: bool) -> Result<(), Refusal> {
        let payment = self.operation(no)?.clone();
        let known = self.order.figures(&payment)?;
        if !known.captured.is_positive() {
            return Ok(());
        }
        // A reversed capture never was: all of it went back.
        let seen =
            if standing.captured.is_zero() && standing.held.is_zero() { known.captured } else { standing.refunded };
        let mut more = seen.minus(known.returned)?;
        if seen.minus(known.captured)?.is_positive() {
            return Err(Refusal::Amount { reported: seen, expected: known.captured });
        }
        if more.is_positive() {
            for (open, amount) in self.refunds_through(no, more.minor(), asked) {
                self.settle(open, TransactionState::Succeeded, None)?;
                self.returned(open)?;
                more = more.minus(amount)?;
            }
        }
        if more.is_positive() {
            let open = self.order.returns_of(no).find(|of| of.is_open()).map(|of| (of.no, of.amount));
            return match open {
                None => self.returned_by_bank(no, TransactionKind::Refund, more),
                // Done, and an earlier one taken back that nobody has asked about since; or else only a part of it is through, and
                // it is asked about again.
                Some((open, amount)) if asked => self.done_and_another_undone(no, open, amount.minus(more)?),
                Some(_) => Ok(()),
            };
        }
        if more.minor() < 0 && asked {
            return self.take_refunds_back(no, more);
        }
        Ok(())
    }

    /// Returns under way that are through when so much more went back than is known: those of just that sum. An answer that fits none
    /// exactly settles one after the other as far as it goes; news nobody asked for settles nothing then, for it may be older than the
    /// bank's taking a refund back: so what is tried again since then is settled by the answer to a question only.
    fn refunds_through(&self, no: u8, more: i64, asked: bool) -> Vec<(u8, Money)> {
        let open: Vec<&Operation> =
            self.order.returns_of(no).filter(|of| of.is_open() && (asked || of.attempt() == 0)).collect();
        let amounts: Vec<(u8, i64)> = open.iter().take(REFUNDS_SEARCHED).map(|of| (of.no, of.amount.minor())).collect();
        let through = match summing_up(&amounts, more) {
            Some(exact) => exact,
            None if asked => fitting(&amounts, more),
            None => Vec::new(),
        };
        open.iter().filter(|of| through.contains(&of.no)).map(|of| (of.no, of.amount)).collect()
    }

    /// The bank says that less went back than it had said before: refunds of just that sum are owed again; where none are, the
    /// latest.
    fn take_refunds_back(&mut self, no: u8, more: Money) -> Result<(), Refusal> {
        let done = self.refunds_to_undo(no);
        let mut owed = -more.minor();
        let exact = summing_up(&done, owed);
        for (refund, amount) in done {
            if exact.as_ref().map_or(owed > 0, |exact| exact.contains(&refund)) {
                self.refund_undone(refund)?;
                owed -= amount;
            }
        }
        Ok(())
    }

    /// A return under way is through if refunds of just the sum that is missing were taken back.
    fn done_and_another_undone(&mut self, no: u8, open: u8, missing: Money) -> Result<(), Refusal> {
        let Some(undone) = summing_up(&self.refunds_to_undo(no), missing.minor()) else { return Ok(()) };
        self.settle(open, TransactionState::Succeeded, None)?;
        self.returned(open)?;
        for refund in undone {
            self.refund_undone(refund)?;
        }
        Ok(())
    }

    /// Refunds that are owed again if the bank takes them back, the latest first. What the bank gave back of itself is its own
    /// affair, as long as the order stands.
    fn refunds_to_undo(&self, no: u8) -> Vec<(u8, i64)> {
        let owed = |of: &&Operation| of.by != Initiator::Bank || self.is_not_wanted();
        self.order
            .returns_of(no)
            .rev()
            .filter(|of| of.succeeded() && of.told() != Some(TransactionKind::Void))
            .filter(owed)
            .map(|of| (of.no, of.amount.minor()))
            .take(REFUNDS_SEARCHED)
            .collect()
    }
}

/// Refunds that are tried for one sum, at most.
const REFUNDS_SEARCHED: usize = 12;

/// The refunds, one after the other, that so much is enough for.
fn fitting(refunds: &[(u8, i64)], mut sum: i64) -> Vec<u8> {
    let mut fits = Vec::new();
    for (no, amount) in refunds {
        if *amount <= sum {
            sum -= amount;
            fits.push(*no);
        }
    }
    fits
}

/// The refunds, the first ones rather than the last, that sum up to just so much.
fn summing_up(refunds: &[(u8, i64)], sum: i64) -> Option<Vec<u8>> {
    match refunds.split_first() {
        _ if sum == 0 => Some(Vec::new()),
        None => None,
        Some(((no, amount), rest)) => {
            let with = (*amount <= sum).then(|| summing_up(rest, sum - amount)).flatten();
            match with {
                Some(mut found) => {
                    found.push(*no);
                    Some(found)
                }
                None => summing_up(rest, sum),
            }
        }
    }
}
