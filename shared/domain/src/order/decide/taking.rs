//! Money becomes ours: held, captured.

use rust_decimal::Decimal;

use super::{
    Event, Initiator, Money, Next, Operation, OperationKind, Refusal, Stages, TaskId, Transaction, TransactionKind,
    TransactionState, What, ledger,
};
use crate::acquirer::{self, BankFee};
use crate::acquiring::{Method, SavedMeans};
use crate::details::Purpose;
use crate::ledger::Account;
use crate::order::parts::{self, Part, take};
use crate::order::{BankReport, Means, Start};
use crate::receipt::ReceiptKind;
use crate::time::{MOSCOW, Timestamp, moscow_date, plus_seconds};

impl Next<'_> {
    /// The bank holds or has taken a payment's money for the first time: what was saved and paid with points is noted.
    pub(super) fn authorized(&mut self, no: u8, report: &BankReport) -> Result<(), Refusal> {
        let operation = self.operation(no)?.clone();
        if let Some(saved) = report.saved.as_ref().filter(|_| operation.save && operation.saved.is_none()) {
            self.means_saved(no, saved)?;
        }
        let points = report.points.filter(|points| points.is_positive() && operation.points.is_none());
        if let Some(points) = points {
            let all = self.order.parts_of_payment(&operation, self.details);
            let money = operation.amount.minus(points)?;
            let lines = self.order.basket(self.details);
            let parts =
                if money.is_positive() { take(&all, &What::Amount(money), money.zero(), lines)? } else { Vec::new() };
            let parts = parts::with_units(parts, &all);
            let payment = self.operation_mut(no)?;
            payment.points = Some(points);
            payment.parts = parts;
            let spent = Self::operation_on(&operation, OperationKind::PointsSpent { of: no }, points, operation.by);
            let spent = self.push_operation(spent, TransactionKind::Points)?;
            self.settle(spent, TransactionState::Succeeded, None)?;
            self.record(Event::PointsSpent, Some(spent), Vec::new())?;
        }
        Ok(())
    }

    /// The bank gives points for a payment: with it, with its capture or later, and tells of them as often as it is asked.
    pub(super) fn accrued(&mut self, no: u8, report: &BankReport) -> Result<(), Refusal> {
        let Some(points) = report.accrued.filter(|points| points.is_positive()) else { return Ok(()) };
        let payment = self.operation(no)?.clone();
        let figures = self.order.figures(&payment)?;
        let gone = !figures.held.is_positive() && !figures.kept()?.is_positive();
        let known = |of: &Operation| matches!(of.kind, OperationKind::PointsAccrued { .. });
        if gone || self.order.operations_of(no).any(known) {
            return Ok(());
        }
        let given = Self::operation_on(&payment, OperationKind::PointsAccrued { of: no }, points, Initiator::Bank);
        let given = self.push_operation(given, TransactionKind::Points)?;
        self.settle(given, TransactionState::Succeeded, None)?;
        self.record(Event::PointsAccrued, Some(given), Vec::new())
    }

    pub(super) fn means_saved(&mut self, no: u8, saved: &SavedMeans) -> Result<(), Refusal> {
        self.operation_mut(no)?.saved = Some(saved.clone());
        self.task(TaskId::KeepMeans(no));
        self.record(Event::MeansSaved, Some(no), Vec::new())
    }

    /// Whether a payment that has just come can not pay for the order: another does, or it is over.
    fn is_spoiled(&self, payment: &Operation) -> bool {
        let second = self.order.standing_payments().any(|other| other.no != payment.no && other.child == payment.child);
        second
            || self.order.has(Event::Expired)
            || self.order.has(Event::Cancelled)
            || self.order.execution.ended.is_some()
            || (payment.child.is_some() && !self.order.is_splitting())
    }

    /// A hold stands.
    pub(super) fn held(&mut self, no: u8) -> Result<(), Refusal> {
        let payment = self.operation(no)?.clone();
        let until = hold_until(self.context.now, payment.hold_seconds, payment.hold_counts_today);
        self.operation_mut(no)?.hold_until = until;
        self.payment_came(no);
        if payment.kind == OperationKind::Verification {
            return self.verified(&payment);
        }
        let spoiled = self.is_spoiled(&payment);
        self.record(Event::Held, Some(no), Vec::new())?;
        if spoiled {
            return self.goes_back_at_once(no);
        }
        self.stands_now()
    }

    /// Means were checked: the hold goes back at once, and what they were checked for begins.
    fn verified(&mut self, operation: &Operation) -> Result<(), Refusal> {
        let no = operation.no;
        let token = self.operation(no)?.saved.is_some();
        if !token {
            self.record(Event::MeansNotSaved, Some(no), Vec::new())?;
        }
        self.give_all_back(no, Initiator::Platform)?;
        // Another check may have come first: what it began is not begun twice, under way, standing or gone back.
        let begun = self.order.is_splitting() || self.order.payments().any(Operation::succeeded);
        let over = self.order.has(Event::Expired) || self.order.has(Event::Cancelled);
        if !token || over || begun {
            return Ok(());
        }
        let means = crate::order::means_id(&self.order.id, no);
        match self.details.payment.purpose {
            Purpose::SaveMeans => {}
            // The buyer has chosen others since.
            Purpose::Order if self.order.means.is_some() => {}
            Purpose::Order => self.order.means = Some(Means { id: means, account: operation.account.clone() }),
            Purpose::Pay => {
                let start = Start {
                    account: operation.account.clone(),
                    method: operation.method,
                    nominal: operation.nominal,
                    hold_seconds: operation.hold_seconds,
                    hold_counts_today: operation.hold_counts_today,
                    by: Initiator::Platform,
                    means: Some(means),
                    ..Start::default()
                };
                self.start_children(&start)?;
            }
        }
        Ok(())
    }

    /// Nobody needs to ask about or repeat a payment any more.
    fn payment_came(&mut self, no: u8) {
        self.drop_task(TaskId::AskBank(no));
        self.drop_task(TaskId::TellBank(no));
    }

    /// A payment that pays for nothing goes back; it may be the last a split waited for.
    fn goes_back_at_once(&mut self, no: u8) -> Result<(), Refusal> {
        self.give_all_back(no, Initiator::Platform)?;
        self.split_step()
    }

    /// A payment pays for the order now.
    fn stands_now(&mut self) -> Result<(), Refusal> {
        if self.order.is_splitting() {
            return self.split_step();
        }
        self.hand_over();
        Ok(())
    }

    pub(super) fn hand_over(&mut self) {
        if self.order.execution.handed_over_at.is_none() && self.order.execution.ended.is_none() {
            self.task(TaskId::HandOver);
        }
    }

    /// Money of `payment` was captured by `operation`: the payment itself, or its capture.
    pub(super) fn captured(&mut self, payment_no: u8, operation: u8, amount: Money) -> Result<(), Refusal> {
        let payment = self.operation(payment_no)?.clone();
        let at_once = payment_no == operation;
        let spoiled = at_once && self.is_spoiled(&payment);
        self.note_categories(operation)?;
        let fee = self.fee_due()?; // the operation counts as done already
        let mut postings = ledger::capture(landing(&payment), amount, fee);
        let bank_fee = self.bank_fee(&payment, amount)?;
        if let Some(fee) = bank_fee {
            postings.extend(ledger::bank_fee(landing(&payment), fee.amount)?);
            self.operation_mut(operation)?.bank_fee = bank_fee;
        }
        if at_once {
            // Of a hold it is known for long that it came: what is asked about it now is another thing.
            self.payment_came(payment_no);
        }
        self.drop_task(TaskId::TellBank(operation));
        self.record(Event::Captured, Some(operation), postings)?;
        self.receipt(ReceiptKind::Sale, operation)?;
        if spoiled {
            return self.goes_back_at_once(payment_no);
        }
        if at_once { self.stands_now() } else { Ok(()) }
    }

    /// What the bank keeps of a capture: by the terms of its account, its means and the day. Nothing where none are known.
    fn bank_fee(&self, payment: &Operation, captured: Money) -> Result<Option<BankFee>, Refusal> {
        let account = payment.account.as_deref().filter(|_| !payment.method.is_collected());
        let account = account.and_then(|id| self.context.accounts.iter().find(|account| account.id == id));
        let on = moscow_date(self.context.now);
        let terms = account.and_then(|account| acquirer::terms(&account.acquiring, payment.method, on));
        let Some(terms) = terms else { return Ok(None) };
        Ok(Some(BankFee { amount: terms.fee(captured)?, refunds: terms.refunds }))
    }

    pub(super) fn capture(&mut self, what: &What, by: Initiator) -> Result<(), Refusal> {
        if self.order.is_splitting() {
            return Err(Refusal::PaymentUnderWay(self.order.open_payment().map_or(0, |open| open.no)));
        }
        let mut held = Vec::new();
        let mut under_way = false;
        for payment in self.order.standing_payments() {
            if !self.order.figures(payment)?.held.is_positive() {
                continue;
            }
            match self.order.open_operation_of(payment.no) {
                None => held.push(payment.clone()),
                // Asked for before: a repetition changes nothing.
                Some(open) if matches!(open.kind, OperationKind::Capture { .. }) && *what == What::Whole => {
                    under_way = true;
                }
                Some(open) => return Err(Refusal::OperationUnderWay(open.no)),
            }
        }
        match held.as_slice() {
            [] if under_way || (*what == What::Whole && self.order.taken()?.is_positive()) => Ok(()),
            [] => Err(Refusal::NothingHeld),
            [one] => self.start_capture(one, what, by),
            many if *what == What::Whole => {
                for payment in many {
                    self.start_capture(payment, what, by)?;
                }
                Ok(())
            }
            many => {
                // A part of several children: each child gives what of the part is its own.
                let What::Lines(lines) = what else { return Err(Refusal::Unsupported("partial_capture")) };
                self.all_are_paid_for(many, lines)?;
                for payment in many {
                    let own: Vec<_> = self.order.parts_of_payment(payment, self.details);
                    let mine: Vec<(u8, Decimal)> =
                        lines.iter().filter(|(line, _)| own.iter().any(|part| part.line == *line)).copied().collect();
                    if !mine.is_empty() {
                        self.start_capture(payment, &What::Lines(mine), by)?;
                    }
                }
                Ok(())
            }
        }
    }

    fn start_capture(&mut self, payment: &Operation, what: &What, by: Initiator) -> Result<(), Refusal> {
        let zero = payment.amount.zero();
        let held = self.order.figures(payment)?.held;
        let available = self.capturable(payment)?;
        let lines = self.order.basket(self.details);
        let taken = parts::with_units(take(&available, what, zero, lines)?, &available);
        let amount = parts::sum(zero, &taken)?;
        if !amount.is_positive() || held.minus(amount)?.minor() < 0 {
            return Err(parts::PartError::TooMuch { asked: amount, available: held }.into());
        }
        if amount != held && self.terms(payment).is_some_and(|terms| !terms.partial_capture) {
            return Err(Refusal::Unsupported("partial_capture"));
        }
        if amount != held && !self.moves(payment, amount) {
            return Err(Refusal::Unsupported("captures of so little"));
        }
        let all = self.order.parts_of_payment(payment, self.details);
        let parts = if taken == all { Vec::new() } else { taken };
        let capture = Self::operation_on(payment, OperationKind::Capture { of: payment.no }, amount, by);
        let no = self.push_operation(Operation { parts, ..capture }, TransactionKind::Capture)?;
        self.record(Event::CaptureStarted, Some(no), Vec::new())?;
        self.task(TaskId::TellBank(no));
        Ok(())
    }

    /// What of the basket a hold can still be captured for.
    pub(super) fn capturable(&self, payment: &Operation) -> Result<Vec<Part>, Refusal> {
        let mut available = if payment.parts.is_empty() {
            self.order.parts_of_payment(payment, self.details)
        } else {
            payment.parts.clone()
        };
        for gone in self.order.returns_of(payment.no).filter(|gone| gone.succeeded()) {
            available = parts::less(available, &gone.parts)?;
        }
        Ok(available)
    }

    /// The bank has captured by itself, at the end of a hold or on word from its own cabinet.
    pub(super) fn captured_by_bank(&mut self, payment_no: u8, amount: Money) -> Result<(), Refusal> {
        let payment = self.operation(payment_no)?.clone();
        let zero = payment.amount.zero();
        let available = self.capturable(&payment)?;
        let all = parts::sum(zero, &available)?;
        let what = if all.minus(amount)?.minor() <= 0 { What::Whole } else { What::Amount(amount) };
        let taken = take(&available, &what, zero, self.order.basket(self.details))?;
        let taken = parts::with_units(taken, &available);
        let capture = Self::operation_on(&payment, OperationKind::Capture { of: payment_no }, amount, Initiator::Bank);
        let same = taken == self.order.parts_of_payment(&payment, self.details);
        let parts = if same && all == amount { Vec::new() } else { as_much(taken, amount)? };
        let no = self.push_operation(Operation { parts, ..capture }, TransactionKind::Capture)?;
        self.settle(no, TransactionState::Succeeded, None)?;
        // A return that was under way as the letting go of the hold is now one of captured money.
        let open: Vec<u8> = self.order.returns_of(payment_no).filter(|of| of.is_open()).map(|of| of.no).collect();
        let captured = self.operation(no)?.parts.clone();
        let captured = if captured.is_empty() { available } else { captured };
        for no in open {
            let asked = self.operation(no)?.amount;
            let back = if asked.minus(amount)?.minor() < 0 { asked } else { amount };
            let parts = take(&captured, &What::Amount(back), zero, self.order.basket(self.details))?;
            let operation = self.operation_mut(no)?;
            operation.amount = back;
            operation.parts = parts;
            if let Some(told) = operation.transactions.last_mut() {
                let (kind, state, attempt) =
                    (TransactionKind::Refund, TransactionState::Intended, told.attempt.saturating_add(1));
                *told = Transaction { kind, state, reference: None, url: None, attempt };
            }
        }
        self.captured(payment_no, no, amount)?;
        if payment.kind == OperationKind::Verification && self.order.open_operation_of(payment_no).is_none() {
            self.give_all_back(payment_no, Initiator::Platform)?;
        }
        Ok(())
    }
}

/// Parts that sum up to an amount: where an edited basket costs less than the bank has taken, the difference is one more part
/// of the first line, and goes back with it.
fn as_much(mut taken: Vec<Part>, amount: Money) -> Result<Vec<Part>, Refusal> {
    let all = parts::sum(amount.zero(), &taken)?;
    let more = amount.minus(all)?;
    if more.is_positive()
        && let Some(first) = taken.first_mut()
    {
        first.amount = first.amount.plus(more)?;
    }
    Ok(taken)
}

/// Where a payment's money lands.
pub(super) const fn landing(payment: &Operation) -> Account {
    match (payment.method, payment.nominal) {
        (Method::Cash, _) => Account::PartnerCash,
        (_, true) => Account::Nominal,
        (_, false) => Account::BankClearing,
    }
}

fn hold_until(now: Timestamp, seconds: u32, counts_today: bool) -> Option<Timestamp> {
    if seconds == 0 {
        return None;
    }
    let from = if counts_today {
        let at = MOSCOW.to_datetime(now);
        let since = i64::from(at.hour()) * 3_600 + i64::from(at.minute()) * 60 + i64::from(at.second());
        plus_seconds(now, -since)
    } else {
        now
    };
    Some(plus_seconds(from, i64::from(seconds)))
}

/// Whether a payment in these stages is taken at once.
pub(super) const fn at_once(stages: Stages) -> bool {
    matches!(stages, Stages::One)
}
