//! Money goes back: one command, and the state and the clearing of each payment say whether it is a void, a reversal or a
//! refund.

use rust_decimal::Decimal;

use super::{
    Cancellation, Event, ExecutionEnd, Initiator, Money, Next, Operation, OperationKind, Refusal, Status, TaskId,
    Transaction, TransactionKind, TransactionState, What, ledger,
};
use crate::acquirer::{self, BankFee, OnRefund};
use crate::order::parts::{self, Part, take};
use crate::receipt::ReceiptKind;
use crate::time::moscow_date;

impl Next<'_> {
    pub(super) fn cancel(&mut self, cancellation: &Cancellation) -> Result<(), Refusal> {
        if cancellation.by == Initiator::Buyer {
            match self.order.execution.ended {
                Some(ExecutionEnd::Cancelled(_)) => return Ok(()),
                Some(ended) => return Err(Refusal::ExecutionEnded(ended)),
                None => {}
            }
            if !self.order.may_cancel() {
                return Err(Refusal::NotCancellable);
            }
        }
        if self.is_asked_again(cancellation)? {
            return Ok(());
        }
        match cancellation.what {
            What::Whole => self.cancel_whole(cancellation),
            _ => self.cancel_part(cancellation),
        }
    }

    /// Whether the same was asked for before under the same name: it is done, or under way.
    fn is_asked_again(&self, cancellation: &Cancellation) -> Result<bool, Refusal> {
        let Some(asked) = &cancellation.asked else { return Ok(false) };
        let mut before = self.order.operations.iter().filter_map(|operation| operation.asked.as_ref());
        match before.find(|before| before.key == asked.key) {
            None => Ok(false),
            Some(before) if before.body == asked.body => Ok(true),
            Some(_) => Err(Refusal::KeyReused),
        }
    }

    /// Ends the order: execution, and whatever stands of its money.
    pub(super) fn cancel_whole(&mut self, cancellation: &Cancellation) -> Result<(), Refusal> {
        match self.order.status() {
            Status::Refunding | Status::Refunded | Status::Cancelled => return Ok(()),
            Status::Checking => {
                return Err(Refusal::PaymentUnderWay(self.order.open_payment().map_or(0, |open| open.no)));
            }
            Status::PaidOut if !self.context.refunds_paid_out => return Err(Refusal::PaidOut),
            Status::Expired | Status::MeansSaved => return Err(Refusal::NotPayable(self.order.status())),
            Status::Awaiting | Status::Ordered => {
                self.order.means = None;
                return self.record(Event::Cancelled, None, Vec::new());
            }
            _ => {}
        }
        let standing: Vec<u8> = self.order.standing_payments().map(|payment| payment.no).collect();
        for payment in &standing {
            self.free(*payment)?;
        }
        if self.order.execution.ended.is_none() {
            self.order.execution.ended = Some(ExecutionEnd::Cancelled(self.context.now));
            self.drop_task(TaskId::HandOver);
            self.record(Event::Cancelled, None, Vec::new())?;
            self.task(TaskId::CancelExecution);
        }
        for payment in standing {
            self.give_back(payment, &What::Whole, cancellation)?;
        }
        Ok(())
    }

    /// Refuses while a capture or return of a payment is under way.
    fn free(&self, payment: u8) -> Result<(), Refusal> {
        self.order.open_operation_of(payment).map_or(Ok(()), |open| Err(Refusal::OperationUnderWay(open.no)))
    }

    fn cancel_part(&mut self, cancellation: &Cancellation) -> Result<(), Refusal> {
        if self.order.payout.is_some() && !self.context.refunds_paid_out {
            return Err(Refusal::PaidOut);
        }
        if self.order.is_splitting() {
            return Err(Refusal::PaymentUnderWay(self.order.open_payment().map_or(0, |open| open.no)));
        }
        let standing: Vec<Operation> = self.order.standing_payments().cloned().collect();
        match (standing.as_slice(), &cancellation.what) {
            ([], _) => Err(Refusal::NothingStands),
            ([one], what) => {
                self.free(one.no)?;
                self.give_back(one.no, what, cancellation)
            }
            (many, What::Lines(lines)) => {
                self.all_are_paid_for(many, lines)?;
                for payment in many {
                    let own = self.order.parts_of_payment(payment, self.details);
                    let mine: Vec<_> =
                        lines.iter().filter(|(line, _)| own.iter().any(|part| part.line == *line)).copied().collect();
                    if !mine.is_empty() {
                        self.free(payment.no)?;
                        self.give_back(payment.no, &What::Lines(mine), cancellation)?;
                    }
                }
                Ok(())
            }
            // Which child's buyer of what is meant can not be guessed.
            _ => Err(Refusal::Unsupported("refunds by amount of split orders")),
        }
    }

    /// Refuses lines that none of the payments is for: what was asked for must not be passed over in silence.
    pub(super) fn all_are_paid_for(&self, payments: &[Operation], lines: &[(u8, Decimal)]) -> Result<(), Refusal> {
        let parts: Vec<Part> =
            payments.iter().flat_map(|payment| self.order.parts_of_payment(payment, self.details)).collect();
        let unknown = lines.iter().find(|(line, _)| parts.iter().all(|part| part.line != *line));
        unknown.map_or(Ok(()), |(line, _)| Err(parts::PartError::Line { line: *line, available: Decimal::ZERO }.into()))
    }

    /// Money of an order that ended without being fulfilled goes back as soon as nothing else is under way with it.
    pub(super) fn give_back_what_is_not_wanted(&mut self) -> Result<(), Refusal> {
        if self.is_not_wanted() { self.give_all_that_stands_back() } else { Ok(()) }
    }

    /// Whatever stands goes back, unless something is under way with it. What a terminal took only an operator gives back.
    pub(super) fn give_all_that_stands_back(&mut self) -> Result<(), Refusal> {
        let at_a_bank = self.order.standing_payments().filter(|payment| !payment.method.is_collected());
        let standing: Vec<u8> = at_a_bank.map(|payment| payment.no).collect();
        for payment in standing {
            if self.order.open_operation_of(payment).is_none() {
                self.give_all_back(payment, Initiator::Platform)?;
            }
        }
        Ok(())
    }

    /// The bank took more of a hold than `wanted`, of itself: the difference goes back, unless all of it does.
    pub(super) fn give_back_what_was_not_to_be_taken(&mut self, payment: u8, wanted: &[Part]) -> Result<(), Refusal> {
        let captured = self.operation(payment)?.clone();
        let kept = self.order.figures(&captured)?.standing()?;
        let more = kept.minus(parts::sum(kept.zero(), wanted)?)?;
        if !more.is_positive() || self.is_not_wanted() || self.order.open_operation_of(payment).is_some() {
            return Ok(());
        }
        let left = parts::less(self.refundable(&captured)?, wanted)?;
        let cancellation = Cancellation {
            by: Initiator::Platform,
            what: What::Amount(more),
            reason: None,
            terminal: None,
            asked: None,
        };
        match self.give_back(payment, &cancellation.what, &cancellation) {
            Ok(()) => {}
            // What the bank can not give back in part stays taken until the partner cancels the whole.
            Err(Refusal::Unsupported(_)) => return Ok(()),
            Err(other) => return Err(other),
        }
        if parts::sum(more.zero(), &left)? == more
            && let Some(refund) = self.order.operations.last_mut()
        {
            refund.parts = left;
        }
        Ok(())
    }

    /// Whether the order ended without being fulfilled: nothing of its money is to stand.
    pub(super) fn is_not_wanted(&self) -> bool {
        let ended = matches!(self.order.execution.ended, Some(ExecutionEnd::Cancelled(_) | ExecutionEnd::Failed(_)));
        ended || self.order.has(Event::Cancelled)
    }

    /// All of a payment goes back.
    pub(super) fn give_all_back(&mut self, payment: u8, by: Initiator) -> Result<(), Refusal> {
        let cancellation = Cancellation { by, what: What::Whole, reason: None, terminal: None, asked: None };
        self.give_back(payment, &What::Whole, &cancellation)
    }

    /// Puts a return on record, of the kind the payment's state and clearing ask for.
    fn give_back(&mut self, payment_no: u8, what: &What, cancellation: &Cancellation) -> Result<(), Refusal> {
        let payment = self.operation(payment_no)?.clone();
        let figures = self.order.figures(&payment)?;
        let zero = payment.amount.zero();
        let lines = self.order.basket(self.details);
        let (told, amount, parts) = if figures.held.is_positive() {
            let capturable = self.capturable(&payment)?;
            let mut parts = if *what == What::Whole { Vec::new() } else { take(&capturable, what, zero, lines)? };
            if parts::sum(zero, &parts)? == parts::sum(zero, &capturable)? {
                // Nothing is left to be captured for: what an edit has left over of the hold goes with it.
                parts = Vec::new();
            }
            let amount = if parts.is_empty() { figures.held } else { parts::sum(zero, &parts)? };
            if figures.held.minus(amount)?.minor() < 0 {
                return Err(parts::PartError::TooMuch { asked: amount, available: figures.held }.into());
            }
            if amount != figures.held && self.terms(&payment).is_some_and(|terms| !terms.partial_void) {
                return Err(Refusal::Unsupported("partial_void"));
            }
            if !self.leaves_what_moves(&payment, figures.held, amount)? {
                return Err(Refusal::Unsupported("releases of so little, or all but so little"));
            }
            (TransactionKind::Void, amount, parts)
        } else {
            let kept = figures.kept()?.minus(figures.returning)?;
            if !kept.is_positive() {
                return Err(Refusal::NothingStands);
            }
            let first = figures.returned.is_zero() && figures.returning.is_zero();
            let available = self.refundable(&payment)?;
            let parts = if *what == What::Whole && first {
                parts::with_units(self.captured_parts(&payment), &parts::whole(lines))
            } else {
                take(&available, what, zero, lines)?
            };
            let amount = if *what == What::Whole { kept } else { parts::sum(zero, &parts)? };
            if amount != kept && self.terms(&payment).is_some_and(|terms| !terms.partial_refund) {
                return Err(Refusal::Unsupported("partial_refund"));
            }
            if !self.leaves_what_moves(&payment, kept, amount)? {
                return Err(Refusal::Unsupported("refunds of so little, or all but so little"));
            }
            let whole = first && amount == kept;
            let told =
                if whole && self.reverses(&payment) { TransactionKind::Reversal } else { TransactionKind::Refund };
            (told, amount, parts)
        };
        let reason = cancellation.reason.clone();
        let operation = Self::operation_on(&payment, OperationKind::Return { of: payment_no }, amount, cancellation.by);
        let terminal = payment.method.is_collected();
        if terminal && cancellation.terminal.is_none() {
            return Err(Refusal::TerminalReference);
        }
        let asked = cancellation.asked.clone();
        let no = self.push_operation(Operation { parts, reason, asked, ..operation }, told)?;
        let started = if told == TransactionKind::Void { Event::ReleaseStarted } else { Event::RefundStarted };
        if told != TransactionKind::Void {
            self.note_categories(no)?;
        }
        self.record(started, Some(no), Vec::new())?;
        if terminal {
            self.settle(no, TransactionState::Succeeded, cancellation.terminal.as_deref())?;
            return self.returned(no);
        }
        self.task(TaskId::TellBank(no));
        Ok(())
    }

    /// Whether the bank moves `amount` and later what is left of `standing`; it would refuse less than its least for ever.
    fn leaves_what_moves(&self, payment: &Operation, standing: Money, amount: Money) -> Result<bool, Refusal> {
        let rest = standing.minus(amount)?;
        Ok(rest.is_zero() || (self.moves(payment, amount) && self.moves(payment, rest)))
    }

    /// Whether a capture can still be undone instead of refunded: the bank can, and it has not cleared. Captures clear with
    /// their Moscow day.
    fn reverses(&self, payment: &Operation) -> bool {
        let able = self.terms(payment).map_or(payment.account.is_none(), |terms| terms.reversal);
        let able = able && !payment.method.is_collected();
        let captured = self.order.captured_at(payment);
        able && captured.is_some_and(|at| moscow_date(at) == moscow_date(self.context.now))
    }

    /// The parts of what was captured, as the sale receipt has them; empty for the whole basket.
    pub(super) fn captured_parts(&self, payment: &Operation) -> Vec<Part> {
        let capture = self
            .order
            .operations_of(payment.no)
            .find(|operation| matches!(operation.kind, OperationKind::Capture { .. }) && operation.succeeded());
        capture.map_or(&payment.parts, |capture| &capture.parts).clone()
    }

    fn refundable(&self, payment: &Operation) -> Result<Vec<Part>, Refusal> {
        let mut available = self.captured_parts(payment);
        if available.is_empty() {
            available = self.order.parts_of_payment(payment, self.details);
        }
        // Rows of old name no units where they were paid less for.
        let basket = parts::whole(self.order.basket(self.details));
        let mut available = parts::with_units(available, &basket);
        let gone = self.order.returns_of(payment.no).filter(|gone| gone.told() != Some(TransactionKind::Void));
        for gone in gone.filter(|gone| !matches!(gone.state(), TransactionState::Declined(_))) {
            available = parts::less(available, &gone.parts)?;
        }
        Ok(available)
    }

    /// A return is done.
    pub(super) fn returned(&mut self, no: u8) -> Result<(), Refusal> {
        let operation = self.operation(no)?.clone();
        let of = operation.kind.of().ok_or(Refusal::NoOperation(no))?;
        let payment = self.operation(of)?.clone();
        self.drop_task(TaskId::TellBank(no));
        if operation.told() == Some(TransactionKind::Void) {
            if payment.kind == OperationKind::Verification {
                return Ok(());
            }
            self.record(Event::Released, Some(no), Vec::new())?;
        } else {
            self.note_categories(no)?;
            let fee = self.fee_due()?; // the operation counts as done already
            let mut postings = ledger::refund(super::taking::landing(&payment), operation.amount, fee.reversed()?);
            let bank_fee = self.bank_fee_back(&payment, &operation)?;
            if let Some(fee) = bank_fee {
                let given = fee.amount.zero().minus(fee.amount)?;
                postings.extend(ledger::bank_fee(super::taking::landing(&payment), given)?);
            }
            self.operation_mut(no)?.bank_fee = bank_fee;
            self.record(Event::Refunded, Some(no), postings)?;
            self.receipt(ReceiptKind::SaleRefund, no)?;
            if !payment.method.is_collected() {
                self.ask_again(no);
            }
        }
        self.return_points(of)
    }

    /// What the bank gives back of its fee with a return, by the terms its captures were charged under; nothing where none were known.
    fn bank_fee_back(&self, payment: &Operation, back: &Operation) -> Result<Option<BankFee>, Refusal> {
        let zero = back.amount.zero();
        let (mut charged, mut captured, mut gone, mut given, mut refunds) = (zero, zero, back.amount, zero, None);
        let done = std::iter::once(payment).chain(self.order.operations_of(payment.no)).filter(|of| of.succeeded());
        for of in done {
            match (of.kind, of.bank_fee) {
                (OperationKind::Return { .. }, fee) if of.no != back.no && of.told() != Some(TransactionKind::Void) => {
                    gone = gone.plus(of.amount)?;
                    given = given.plus(fee.map_or(zero, |fee| fee.amount))?;
                }
                (OperationKind::Payment | OperationKind::Verification | OperationKind::Capture { .. }, Some(fee)) => {
                    charged = charged.plus(fee.amount)?;
                    captured = captured.plus(of.money()?)?;
                    refunds = Some(fee.refunds);
                }
                _ => {}
            }
        }
        let comes = refunds == Some(OnRefund::Returned) || back.told() == Some(TransactionKind::Reversal);
        let Some(refunds) = refunds.filter(|_| comes) else { return Ok(None) };
        let amount = acquirer::come_back(charged, captured, gone)?.minus(given)?;
        Ok(Some(BankFee { amount, refunds }).filter(|fee| fee.amount.is_positive()))
    }

    /// An operation is asked about once more a day later. For refunds: banks have been seen to take one back without a word.
    pub(super) fn ask_again(&mut self, no: u8) {
        let next_at = crate::time::plus_seconds(self.context.now, crate::order::RECHECK_SECONDS);
        self.drop_task(TaskId::AskBank(no));
        self.order.tasks.push(super::Task { id: TaskId::AskBank(no), failures: 0, next_at });
    }

    /// Points of a payment that has gone back whole go back with it.
    fn return_points(&mut self, payment: u8) -> Result<(), Refusal> {
        let figures = self.order.figures(self.operation(payment)?)?;
        if figures.held.is_positive() || figures.kept()?.is_positive() {
            return Ok(());
        }
        let points: Vec<u8> = self
            .order
            .operations_of(payment)
            .filter(|operation| {
                matches!(operation.kind, OperationKind::PointsSpent { .. } | OperationKind::PointsAccrued { .. })
                    && operation.transactions.len() == 1
            })
            .map(|operation| operation.no)
            .collect();
        for no in points {
            self.operation_mut(no)?.transactions.push(Transaction {
                kind: TransactionKind::Void,
                state: TransactionState::Succeeded,
                reference: None,
                url: None,
                attempt: 0,
            });
            self.record(Event::PointsReturned, Some(no), Vec::new())?;
        }
        Ok(())
    }

    /// The bank would not do a return. Money owed to a buyer stays owed: it is asked again under a new number, a reversal that
    /// came too late as a refund.
    pub(super) fn return_declined(&mut self, no: u8) -> Result<(), Refusal> {
        let operation = self.operation_mut(no)?;
        if let Some(told) = operation.transactions.last_mut() {
            let kind = if told.kind == TransactionKind::Reversal { TransactionKind::Refund } else { told.kind };
            let attempt = told.attempt.saturating_add(1);
            *told = Transaction { kind, state: TransactionState::Intended, reference: None, url: None, attempt };
        }
        self.task_failed(TaskId::TellBank(no), false, None);
        Ok(())
    }

    /// The bank has taken a refund back: the money is owed again, its receipt stays.
    pub(super) fn refund_undone(&mut self, no: u8) -> Result<(), Refusal> {
        let operation = self.operation(no)?.clone();
        let of = operation.kind.of().ok_or(Refusal::NoOperation(no))?;
        let payment = self.operation(of)?.clone();
        let attempt = operation.attempt().saturating_add(1);
        if let Some(told) = self.operation_mut(no)?.transactions.last_mut() {
            *told = Transaction {
                kind: TransactionKind::Refund,
                state: TransactionState::Intended,
                reference: None,
                url: None,
                attempt,
            };
        }
        let fee = self.fee_due()?;
        let mut postings = ledger::capture(super::taking::landing(&payment), operation.amount, fee);
        if let Some(fee) = self.operation_mut(no)?.bank_fee.take() {
            postings.extend(ledger::bank_fee(super::taking::landing(&payment), fee.amount)?);
        }
        self.drop_task(TaskId::AskBank(no));
        self.record(Event::RefundUndone, Some(no), postings)?;
        self.task(TaskId::TellBank(no));
        Ok(())
    }

    /// Money went back that nobody here asked for: by the bank, or in the bank's own cabinet.
    pub(super) fn returned_by_bank(
        &mut self,
        payment_no: u8,
        told: TransactionKind,
        amount: Money,
    ) -> Result<(), Refusal> {
        let payment = self.operation(payment_no)?.clone();
        let zero = amount.zero();
        let lines = self.order.basket(self.details);
        let available =
            if told == TransactionKind::Void { self.capturable(&payment)? } else { self.refundable(&payment)? };
        let all = parts::sum(zero, &available)?;
        let what = if all.minus(amount)?.minor() <= 0 { What::Whole } else { What::Amount(amount) };
        let parts = if told == TransactionKind::Void && what == What::Whole {
            Vec::new()
        } else {
            take(&available, &what, zero, lines)?
        };
        let operation = Self::operation_on(&payment, OperationKind::Return { of: payment_no }, amount, Initiator::Bank);
        let no = self.push_operation(Operation { parts, ..operation }, told)?;
        self.settle(no, TransactionState::Succeeded, None)?;
        self.returned(no)?;
        let gone = !self.order.stands(self.operation(payment_no)?);
        if gone
            && self.order.execution.ended.is_none()
            && !self.order.is_splitting()
            && self.order.standing_payment().is_none()
        {
            self.order.execution.ended = Some(ExecutionEnd::Cancelled(self.context.now));
            self.drop_task(TaskId::HandOver);
            self.record(Event::Cancelled, None, Vec::new())?;
            self.task(TaskId::CancelExecution);
        }
        Ok(())
    }
}
