//! How an order stands: everything that is derived from its operations and never stored.

use serde::{Deserialize, Serialize};

use super::operation::{Operation, OperationKind, TransactionKind, TransactionState};
use super::parts::{self, Part};
use super::{
    CHARGE_SECONDS, Entry, Event, ExecutionEnd, HOLD_MARGIN_SECONDS, HOLD_WARNING_SECONDS, Order, REMINDER_SECONDS,
    THREE_DAYS_SECONDS, TaskId,
};
use crate::details::{Details, Line};
use crate::ledger;
use crate::maturity;
use crate::money::{Money, MoneyError};
use crate::time::{Timestamp, plus_seconds};

/// The order in one word, for people and partners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing was paid yet.
    Awaiting,
    /// A payment is under way, and its outcome not known.
    Checking,
    /// The buyer has agreed and left means to charge; nothing is taken yet.
    Ordered,
    /// The money is held, not taken; not yet handed over.
    Held,
    /// Paid, not yet handed over.
    Paid,
    /// Handed over to execution.
    Executing,
    /// Not executed in three days; the buyer may cancel.
    Overdue,
    /// Executed and delivered.
    Fulfilled,
    /// Executed, and the partner's part has gone out.
    PaidOut,
    /// Cancelled; the money is on its way back.
    Refunding,
    /// The money is back.
    Refunded,
    /// The hold was let go; no money was ever taken.
    Cancelled,
    /// The means were checked and saved; that was all there was to do.
    MeansSaved,
    /// Nobody paid in time.
    Expired,
}

impl Status {
    /// The stable code used in the API and in return parameters.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Awaiting => "awaiting_payment",
            Self::Checking => "checking_payment",
            Self::Ordered => "ordered",
            Self::Held => "held",
            Self::Paid => "paid",
            Self::Executing => "executing",
            Self::Overdue => "overdue",
            Self::Fulfilled => "fulfilled",
            Self::PaidOut => "paid_out",
            Self::Refunding => "refunding",
            Self::Refunded => "refunded",
            Self::Cancelled => "cancelled",
            Self::MeansSaved => "means_saved",
            Self::Expired => "expired",
        }
    }
}

/// The order's payment in the nine states processing knows (Assist, states of an order).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// No outcome yet.
    InProcess,
    /// All is held.
    Delayed,
    /// All is captured.
    Approved,
    /// Less than all was captured, and nothing is held or went back.
    PartialApproved,
    /// Less than all is held, or a part is held and a part captured.
    PartialDelayed,
    /// All that was held or captured went back.
    Canceled,
    /// A part of what was captured went back.
    PartialCanceled,
    /// The bank declined the last attempt.
    Declined,
    /// Nobody paid in time.
    Timeout,
}

impl PaymentState {
    /// All nine.
    pub const ALL: [Self; 9] = [
        Self::InProcess,
        Self::Delayed,
        Self::Approved,
        Self::PartialApproved,
        Self::PartialDelayed,
        Self::Canceled,
        Self::PartialCanceled,
        Self::Declined,
        Self::Timeout,
    ];

    /// The stable code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::InProcess => "in_process",
            Self::Delayed => "delayed",
            Self::Approved => "approved",
            Self::PartialApproved => "partial_approved",
            Self::PartialDelayed => "partial_delayed",
            Self::Canceled => "canceled",
            Self::PartialCanceled => "partial_canceled",
            Self::Declined => "declined",
            Self::Timeout => "timeout",
        }
    }
}

/// What of a payment is where. Points are no money and count nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Held now.
    pub held: Money,
    /// Was let go of a hold, by return or with a smaller capture.
    pub let_go: Money,
    /// Captured in all.
    pub captured: Money,
    /// Went back of it.
    pub returned: Money,
    /// On its way back or being let go: the bank has not said so yet.
    pub returning: Money,
}

impl Figures {
    /// What the agent has or can take: held or captured, and neither gone nor going back.
    ///
    /// # Errors
    /// The amounts do not work out.
    pub fn standing(&self) -> Result<Money, MoneyError> {
        self.held.plus(self.captured)?.minus(self.returned)?.minus(self.returning)
    }

    /// Captured and not back yet.
    ///
    /// # Errors
    /// The amounts do not work out.
    pub fn kept(&self) -> Result<Money, MoneyError> {
        self.captured.minus(self.returned)
    }
}

impl Order {
    /// The operation with this number.
    pub fn operation(&self, no: u8) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.no == no)
    }

    /// Payments, in the order they were tried.
    pub fn payments(&self) -> impl DoubleEndedIterator<Item = &Operation> {
        self.operations.iter().filter(|operation| operation.is_payment())
    }

    /// Payments and verifications, in the order they were tried.
    pub fn attempts(&self) -> impl DoubleEndedIterator<Item = &Operation> {
        self.operations.iter().filter(|operation| operation.kind.of().is_none())
    }

    /// The payment or verification whose outcome is not known.
    pub fn open_payment(&self) -> Option<&Operation> {
        self.attempts().rev().find(|operation| operation.is_open())
    }

    /// Operations on a payment.
    pub fn operations_of(&self, payment: u8) -> impl DoubleEndedIterator<Item = &Operation> {
        self.operations.iter().filter(move |operation| operation.kind.of() == Some(payment))
    }

    /// Returns of a payment, wherever they stand.
    pub fn returns_of(&self, payment: u8) -> impl DoubleEndedIterator<Item = &Operation> {
        self.operations.iter().filter(move |operation| operation.kind == OperationKind::Return { of: payment })
    }

    /// The capture or return of a payment whose outcome is not known.
    pub fn open_operation_of(&self, payment: u8) -> Option<&Operation> {
        self.operations_of(payment).find(|operation| operation.is_open())
    }

    /// What of a payment is where.
    ///
    /// # Errors
    /// The amounts do not work out.
    pub fn figures(&self, payment: &Operation) -> Result<Figures, MoneyError> {
        let zero = payment.amount.zero();
        let mut figures = Figures { held: zero, let_go: zero, captured: zero, returned: zero, returning: zero };
        if !payment.succeeded() {
            return Ok(figures);
        }
        match payment.told() {
            Some(TransactionKind::Authorization) => figures.held = payment.money()?,
            _ => figures.captured = payment.money()?,
        }
        for operation in self.operations_of(payment.no) {
            match (operation.kind, operation.told(), operation.state()) {
                (OperationKind::Capture { .. }, _, TransactionState::Succeeded) => {
                    figures.captured = operation.amount;
                    figures.let_go = figures.let_go.plus(figures.held.minus(operation.amount)?)?;
                    figures.held = zero;
                }
                (OperationKind::Return { .. }, Some(TransactionKind::Void), TransactionState::Succeeded) => {
                    figures.held = figures.held.minus(operation.amount)?;
                    figures.let_go = figures.let_go.plus(operation.amount)?;
                }
                (OperationKind::Return { .. }, _, TransactionState::Succeeded) => {
                    figures.returned = figures.returned.plus(operation.amount)?;
                }
                (OperationKind::Return { .. }, _, state) if state.is_open() => {
                    figures.returning = figures.returning.plus(operation.amount)?;
                }
                _ => {}
            }
        }
        Ok(figures)
    }

    /// Whether a payment pays for the order: something of it is held or captured, and not on its way back.
    pub fn stands(&self, payment: &Operation) -> bool {
        let standing = self.figures(payment).and_then(|figures| figures.standing());
        payment.is_payment() && standing.is_ok_and(Money::is_positive)
    }

    /// The payments that pay for the order: one, or one for each child.
    pub fn standing_payments(&self) -> impl Iterator<Item = &Operation> {
        self.payments().filter(|payment| self.stands(payment))
    }

    /// The (first) payment that pays for the order.
    pub fn standing_payment(&self) -> Option<&Operation> {
        self.standing_payments().next()
    }

    /// What is captured and not on its way back, over all standing payments.
    ///
    /// # Errors
    /// The amounts do not work out.
    pub fn kept(&self) -> Result<Money, MoneyError> {
        self.standing_payments().try_fold(self.amount.zero(), |sum, payment| {
            let figures = self.figures(payment)?;
            sum.plus(figures.kept()?)?.minus(if figures.held.is_positive() {
                figures.held.zero()
            } else {
                figures.returning
            })
        })
    }

    /// Captured and not back yet, over all payments: what the fee is charged on.
    ///
    /// # Errors
    /// The amounts do not work out.
    pub fn taken(&self) -> Result<Money, MoneyError> {
        self.attempts().try_fold(self.amount.zero(), |sum, payment| sum.plus(self.figures(payment)?.kept()?))
    }

    /// What is held, over all payments.
    ///
    /// # Errors
    /// The amounts do not work out.
    pub fn held(&self) -> Result<Money, MoneyError> {
        self.payments().try_fold(self.amount.zero(), |sum, payment| sum.plus(self.figures(payment)?.held))
    }

    /// The basket as it is now.
    pub fn basket<'a>(&'a self, details: &'a Details) -> &'a [Line] {
        if self.lines.is_empty() { &details.lines } else { &self.lines }
    }

    /// What of the basket a payment is for: all of it, or its child's lines.
    pub fn parts_of_payment(&self, payment: &Operation, details: &Details) -> Vec<Part> {
        let mut all = parts::whole(self.basket(details));
        if let Some(child) = payment.child.and_then(|no| details.payment.children.get(usize::from(no).wrapping_sub(1)))
        {
            all.retain(|part| child.lines.contains(&part.line));
        }
        all
    }

    /// Whether an entry is a capture that was sent back whole in the same breath: the order had expired or was paid already.
    pub fn is_returned_capture(&self, entry: &Entry) -> bool {
        let next = self.journal.iter().find(|next| next.no == entry.no + 1);
        let next = next.filter(|next| next.event == Event::RefundStarted && next.at == entry.at);
        let of = |entry: &Entry| entry.subject.and_then(|no| self.operation(no));
        let taken = of(entry).and_then(|taken| taken.money().ok());
        entry.event == Event::Captured && taken.is_some() && taken == next.and_then(of).map(|back| back.amount)
    }

    /// The code of an entry's event. A payment that came too late is not called one that pays for the order.
    pub fn event_code(&self, entry: &Entry) -> &'static str {
        if self.is_returned_capture(entry) { "order.payment_returned" } else { entry.event.code() }
    }

    /// Whether the buyer is told of an entry. Of a charge the bank declined only a buyer who was not there: whoever stands on
    /// the page reads it there.
    pub fn is_told_to_buyer(&self, entry: &Entry) -> bool {
        let charge = || entry.subject.and_then(|no| self.operation(no)).is_some_and(Operation::is_without_buyer);
        entry.event.told_to_buyer() || (entry.event == Event::PaymentDeclined && charge())
    }

    /// Whether the journal has such an entry.
    pub fn has(&self, event: Event) -> bool {
        self.journal.iter().any(|entry| entry.event == event)
    }

    /// When something first happened.
    pub fn first(&self, event: Event) -> Option<Timestamp> {
        self.journal.iter().find(|entry| entry.event == event).map(|entry| entry.at)
    }

    /// When something happened to an operation.
    pub fn happened(&self, event: Event, operation: u8) -> Option<Timestamp> {
        let found = self.journal.iter().find(|entry| entry.event == event && entry.subject == Some(operation));
        found.map(|entry| entry.at)
    }

    /// Whether a split payment is still being charged child by child.
    pub fn is_splitting(&self) -> bool {
        let times = |event| self.journal.iter().filter(|entry| entry.event == event).count();
        times(Event::SplitStarted) > times(Event::SplitEnded)
    }

    /// The order in one word.
    pub fn status(&self) -> Status {
        let standing = self.standing_payment().is_some();
        if self.is_splitting() {
            return Status::Checking;
        }
        if standing {
            let held = self.held().is_ok_and(Money::is_positive);
            return match (self.execution.ended, self.payout.is_some()) {
                (Some(ExecutionEnd::Fulfilled(_)), true) => Status::PaidOut,
                (Some(ExecutionEnd::Fulfilled(_)), false) => Status::Fulfilled,
                _ if self.execution.overdue_at.is_some() => Status::Overdue,
                _ if self.execution.handed_over_at.is_some() => Status::Executing,
                _ if held && !self.taken().is_ok_and(Money::is_positive) => Status::Held,
                _ => Status::Paid,
            };
        }
        let gone = || self.payments().filter(|payment| payment.succeeded());
        if gone().any(|payment| self.returns_of(payment.no).any(Operation::is_open)) {
            return Status::Refunding;
        }
        if self.payments().any(|payment| self.figures(payment).is_ok_and(|figures| figures.captured.is_positive())) {
            return Status::Refunded;
        }
        if gone().next().is_some() || self.has(Event::Cancelled) {
            return Status::Cancelled;
        }
        if self.has(Event::Expired) {
            return Status::Expired;
        }
        // With payments tried, the means were saved on the way to something else, and that is still to be paid.
        if self.has(Event::MeansSaved) && self.means.is_none() && self.payments().next().is_none() {
            return Status::MeansSaved;
        }
        match (self.open_payment(), &self.means) {
            (Some(_), _) => Status::Checking,
            (None, Some(_)) => Status::Ordered,
            (None, None) => Status::Awaiting,
        }
    }

    /// The payment in one of processing's nine states.
    pub fn payment_state(&self) -> PaymentState {
        let figures = |payment: &Operation| self.figures(payment).ok();
        let minor = |money: Money| money.minor();
        // A payment that went back because another one stands says nothing of the order.
        let mut counted: Vec<&Operation> = self.standing_payments().collect();
        if counted.is_empty() {
            counted = self
                .payments()
                .filter(|payment| {
                    figures(payment).is_some_and(|f| minor(f.held) > 0 || minor(f.captured) > minor(f.returned))
                })
                .collect();
        }
        let (mut held, mut captured, mut returned, mut points) = (0, 0, 0, 0);
        for payment in &counted {
            if let Some(f) = figures(payment) {
                held += minor(f.held);
                captured += minor(f.captured);
                returned += minor(f.returned);
                points += payment.points.map_or(0, minor);
            }
        }
        let wanted = minor(self.amount) - points;
        match (held > 0, captured > 0) {
            (true, false) if held >= wanted => return PaymentState::Delayed,
            (true, _) => return PaymentState::PartialDelayed,
            (false, true) if returned > 0 => return PaymentState::PartialCanceled,
            (false, true) if captured >= wanted => return PaymentState::Approved,
            (false, true) => return PaymentState::PartialApproved,
            (false, false) => {}
        }
        if self.payments().any(Operation::succeeded) || self.has(Event::Cancelled) {
            return PaymentState::Canceled;
        }
        if self.has(Event::Expired) {
            return PaymentState::Timeout;
        }
        match self.attempts().next_back().map(Operation::state) {
            Some(TransactionState::Declined(_)) => PaymentState::Declined,
            _ => PaymentState::InProcess,
        }
    }

    /// When the buyer may cancel, if execution is still due then.
    pub fn execution_deadline(&self) -> Option<Timestamp> {
        self.standing_payment()?;
        if self.execution.ended.is_some() || self.is_splitting() {
            return None;
        }
        let paid = || self.first(Event::Captured).into_iter().chain(self.first(Event::Held)).min();
        let from = self.execution.handed_over_at.or_else(paid)?;
        Some(plus_seconds(from, THREE_DAYS_SECONDS))
    }

    /// Whether the buyer may cancel now: what is late, and what they have agreed to pay later while nothing was charged.
    pub fn may_cancel(&self) -> bool {
        let late =
            self.execution.overdue_at.is_some() && self.execution.ended.is_none() && self.standing_payment().is_some();
        late || self.status() == Status::Ordered
    }

    /// What the agent owes the partner for the order by its books; below zero where the partner owes.
    ///
    /// # Errors
    /// The amounts do not work out.
    pub fn owed(&self) -> Result<Money, MoneyError> {
        let zero = self.amount.zero();
        let postings = || self.journal.iter().flat_map(|entry| &entry.postings);
        let pending = ledger::balance(ledger::Account::PartnerPending, zero, postings())?;
        zero.minus(pending)?.minus(ledger::balance(ledger::Account::PartnerAvailable, zero, postings())?)
    }

    /// When the partner's part may go out: the order is fulfilled, all that stands of it is captured, and three days have
    /// passed since both payment and hand-over. What moved after it went out is settled with the next payout. Nothing while nothing
    /// is owed either way.
    pub fn payable_at(&self) -> Option<Timestamp> {
        if !self.is_settled_with_partner() {
            return None;
        }
        let settled = self.payments().all(|payment| {
            let open = self.open_operation_of(payment.no).is_some();
            !open && self.figures(payment).is_ok_and(|figures| figures.held.is_zero())
        });
        if !settled || self.owed().is_ok_and(Money::is_zero) {
            return None;
        }
        self.matures_at().or_else(|| self.journal.last().map(|entry| entry.at))
    }

    /// Three days after the last payment that stands, and after the hand-over; later where the partner's terms were longer when it was
    /// fulfilled.
    pub fn matures_at(&self) -> Option<Timestamp> {
        let paid = self.standing_payments().filter_map(|payment| self.captured_at(payment)).max()?;
        let handed_over = self.execution.handed_over_at.unwrap_or(paid);
        Some(maturity::waited(paid.max(handed_over), self.execution.wait.unwrap_or_default()).value)
    }

    /// When a payment's money was captured.
    pub fn captured_at(&self, payment: &Operation) -> Option<Timestamp> {
        let capture = self
            .operations_of(payment.no)
            .find(|operation| matches!(operation.kind, OperationKind::Capture { .. }) && operation.succeeded());
        self.happened(Event::Captured, capture.map_or(payment.no, |capture| capture.no))
    }

    /// When the partner is warned that a payment's hold ends, and when it is captured or let go instead. A hold too short to
    /// warn a day before is warned of at half its time.
    pub fn hold_deadlines(&self, payment: &Operation) -> Option<(Timestamp, Timestamp)> {
        let until = payment.hold_until?;
        if !self.is_left_held(payment) || self.is_refused(payment) {
            return None;
        }
        let long = i64::from(payment.hold_seconds);
        let warning = HOLD_WARNING_SECONDS.min(long / 2);
        let margin = HOLD_MARGIN_SECONDS.min(long / 4);
        Some((plus_seconds(until, -warning), plus_seconds(until, -margin)))
    }

    /// When the bank is asked what has become of a hold it would not capture: it ends by itself, and the word of that may get lost.
    /// Nothing while it is asked about already.
    pub(super) fn hold_over(&self, payment: &Operation) -> Option<Timestamp> {
        let asked = self.tasks.iter().any(|task| task.id == TaskId::AskBank(payment.no));
        payment.hold_until.filter(|_| self.is_left_held(payment) && self.is_refused(payment) && !asked)
    }

    /// Whether a payment is held, and nothing is under way with it.
    fn is_left_held(&self, payment: &Operation) -> bool {
        let held = self.figures(payment).is_ok_and(|figures| figures.held.is_positive());
        held && self.open_operation_of(payment.no).is_none()
    }

    /// Whether the bank would not capture a hold. It is asked what stands; the deadline comes no second time.
    fn is_refused(&self, payment: &Operation) -> bool {
        self.operations_of(payment.no).any(|of| matches!(of.state(), TransactionState::Declined(_)))
    }

    /// Whether the bank still has to be asked about an operation: its outcome is not known, or it is a hold that should have
    /// ended.
    pub fn is_unsettled(&self, no: u8, now: Timestamp) -> bool {
        self.operation(no).is_some_and(|operation| {
            let held = self.figures(operation).is_ok_and(|figures| figures.held.is_positive());
            operation.is_open() || (held && operation.hold_until.is_some_and(|until| until <= now))
        })
    }

    /// Until when the order waits for a payment, or for the charge it was agreed to.
    pub fn waits_until(&self) -> Option<Timestamp> {
        match self.status() {
            Status::Awaiting => Some(self.expires_at),
            Status::Ordered => Some(plus_seconds(self.created_at, CHARGE_SECONDS)),
            _ => None,
        }
    }

    /// When somebody must look at the order next, if nobody does before.
    pub fn next_due(&self, automatic_payout: bool) -> Option<Timestamp> {
        let tasks = self.tasks.iter().map(|task| task.next_at);
        let overdue = self.execution_deadline().filter(|_| self.execution.overdue_at.is_none());
        let payable = self.payable_at().filter(|_| automatic_payout);
        let holds = self.payments().filter_map(|payment| {
            let (warning, end) = self.hold_deadlines(payment)?;
            let warned = self.happened(Event::HoldEnding, payment.no).is_some();
            Some(if warned { end } else { warning })
        });
        let holds = holds.chain(self.payments().filter_map(|payment| self.hold_over(payment)));
        let looks = [self.waits_until(), overdue, payable, self.reminder_at(), self.closing_by];
        tasks.chain(looks.into_iter().flatten()).chain(holds).min()
    }

    pub(super) fn reminder_at(&self) -> Option<Timestamp> {
        let Some(ExecutionEnd::Fulfilled(at)) = self.execution.ended else {
            return None;
        };
        let wanted =
            self.execution.opened_at.is_none() && !self.execution.reminded && self.standing_payment().is_some();
        wanted.then(|| plus_seconds(at, REMINDER_SECONDS))
    }

    /// The partner's part of what was captured and is not on its way back.
    ///
    /// # Errors
    /// The amounts do not work out.
    pub fn net(&self) -> Result<Money, MoneyError> {
        let kept = self.kept()?;
        kept.minus(self.fee(true)?.total()?)
    }
}
