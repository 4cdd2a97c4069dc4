//! Payments begin: by the buyer at the bank's page, from saved means, child by child, at a terminal.

use super::{
    Collected, DeclineReason, Event, Initiator, Line, Money, Next, Operation, OperationKind, Refusal, Stages, Start,
    Status, Task, TaskId, Transaction, TransactionKind, TransactionState,
};
use crate::acquiring::{Method, Wish, of_entity};
use crate::details::Purpose;
use crate::order::parts;
use crate::order::{Means, RECHECK_SECONDS};
use crate::time::plus_seconds;

impl Next<'_> {
    pub(super) fn start_payment(&mut self, start: &Start) -> Result<(), Refusal> {
        let buyer = start.by == Initiator::Buyer;
        match self.order.status() {
            Status::Awaiting => {}
            Status::Ordered if !buyer => {}
            Status::Checking => {
                let open = self.order.open_payment().map_or(0, |operation| operation.no);
                return Err(Refusal::PaymentUnderWay(open));
            }
            Status::Expired => return Err(Refusal::Expired(self.order.expires_at)),
            other => return Err(Refusal::NotPayable(other)),
        }
        let until = self.order.waits_until().unwrap_or(self.order.expires_at);
        if self.context.now >= until {
            return Err(Refusal::Expired(until));
        }
        if !buyer && start.means.is_none() {
            return Err(Refusal::NoMeans);
        }
        self.order.offer = None;
        let terms = &self.details.payment;
        let verify = match terms.purpose {
            Purpose::SaveMeans => true,
            Purpose::Order if buyer => match &start.means {
                Some(means) => {
                    self.order.means = Some(Means { id: means.clone(), account: start.account.clone() });
                    return self.record(Event::MeansSaved, None, Vec::new());
                }
                None => true,
            },
            _ => !terms.children.is_empty() && start.means.is_none(),
        };
        if verify {
            let amount = Money::new(terms.verification.minor(), self.order.amount.currency());
            let start = Start { save: true, means: None, ..start.clone() };
            self.begin(OperationKind::Verification, amount, None, Stages::Two, &start).map(|_| ())
        } else if terms.children.is_empty() {
            let (amount, stages) = (self.order.amount, terms.stages);
            self.begin(OperationKind::Payment, amount, None, stages, start).map(|_| ())
        } else {
            self.start_children(start)
        }
    }

    /// Puts a payment on record.
    fn begin(
        &mut self,
        kind: OperationKind,
        amount: Money,
        child: Option<u8>,
        stages: Stages,
        start: &Start,
    ) -> Result<u8, Refusal> {
        let told = match stages {
            Stages::One => TransactionKind::Purchase,
            Stages::Two => TransactionKind::Authorization,
        };
        let operation = Operation {
            no: 0,
            kind,
            amount,
            transactions: Vec::new(),
            parts: Vec::new(),
            child,
            method: start.method,
            account: start.account.clone(),
            stages,
            hold_seconds: if stages == Stages::Two { start.hold_seconds } else { 0 },
            hold_counts_today: stages == Stages::Two && start.hold_counts_today,
            hold_until: None,
            by: start.by,
            reason: start.reason.clone(),
            nominal: start.nominal,
            save: start.save,
            saved: None,
            means: start.means.clone(),
            points: None,
            collected: None,
            bank_fee: None,
            asked: None,
        };
        let no = self.push_operation(operation, told)?;
        self.record(Event::PaymentStarted, Some(no), Vec::new())?;
        if start.by == Initiator::Buyer {
            // Asked about when the time to pay is over, should the bank not have said anything until then.
            let next_at = self.order.expires_at.max(self.context.now);
            self.order.tasks.push(Task { id: TaskId::AskBank(no), failures: 0, next_at });
        } else {
            self.task(TaskId::TellBank(no));
        }
        Ok(no)
    }

    /// Charges every child with the same saved means, each through the account of its legal entity.
    pub(super) fn start_children(&mut self, start: &Start) -> Result<(), Refusal> {
        self.record(Event::SplitStarted, None, Vec::new())?;
        let stages = self.details.payment.stages;
        let children = self.details.payment.children.clone();
        let mut nowhere = Vec::new();
        for (no, child) in (1_u8..).zip(&children) {
            let by = if start.by == Initiator::Buyer { Initiator::Platform } else { start.by };
            let mut own = Start { by, save: false, ..start.clone() };
            let mut found = true;
            if let Some(entity) = child.entity.as_deref() {
                let wish =
                    Wish { method: start.method, amount: child.amount, stages, save: false, entity: Some(entity) };
                let account = of_entity(self.context.accounts, start.account.as_deref(), &wish);
                let terms = account.and_then(|account| account.terms(start.method));
                found = terms.is_some();
                if let (Some(account), Some(terms)) = (account, terms) {
                    own.account = Some(account.id.clone());
                    own.nominal = account.nominal;
                    own.hold_seconds = terms.hold_seconds;
                    own.hold_counts_today = terms.hold_counts_today;
                }
            }
            let payment = self.begin(OperationKind::Payment, child.amount, Some(no), stages, &own)?;
            if !found {
                nowhere.push(payment);
            }
        }
        for payment in nowhere {
            // One legal entity's money is never taken through the contract of another.
            self.drop_task(TaskId::TellBank(payment));
            self.send.retain(|task| *task != TaskId::TellBank(payment));
            self.settle(payment, TransactionState::Declined(DeclineReason::Other), None)?;
            self.record(Event::PaymentDeclined, Some(payment), Vec::new())?;
        }
        self.split_step()
    }

    /// Ends a split once every child's payment has ended: enough stand, or everything goes back.
    pub(super) fn split_step(&mut self) -> Result<(), Refusal> {
        if !self.order.is_splitting() || self.order.payments().any(Operation::is_open) {
            return Ok(());
        }
        self.record(Event::SplitEnded, None, Vec::new())?;
        let standing: Vec<u8> = self.order.standing_payments().map(|payment| payment.no).collect();
        let all = self.details.payment.children.len();
        let least = match usize::from(self.details.payment.children_least) {
            0 => all,
            least => least.min(all),
        };
        if standing.len() >= least {
            self.hand_over();
            return Ok(());
        }
        for payment in standing {
            self.give_all_back(payment, Initiator::Platform)?;
        }
        Ok(())
    }

    pub(super) fn bank_registered(&mut self, no: u8, reference: &str, url: &str) -> Result<(), Refusal> {
        self.same_reference(no, Some(reference))?;
        let operation = self.operation_mut(no)?;
        let Some(transaction) = operation.transactions.last_mut() else {
            return Err(Refusal::NoOperation(no));
        };
        if transaction.state == TransactionState::Intended {
            transaction.state = TransactionState::Pending;
            transaction.reference = Some(reference.to_owned());
            transaction.url = Some(url.to_owned());
        } else if transaction.state == TransactionState::Pending && transaction.url.is_none() {
            // The bank has told of the payment before the address of its page was on record.
            transaction.reference = Some(reference.to_owned());
            transaction.url = Some(url.to_owned());
        } else {
            self.touched = false;
        }
        Ok(())
    }

    /// What was given up is declined here, and may still be paid at the bank until its time is over: it is asked about once
    /// more when nobody can pay it any longer.
    pub(super) fn give_up(&mut self, no: u8) -> Result<(), Refusal> {
        let operation = self.operation(no)?;
        match operation.state() {
            TransactionState::Declined(_) => return Ok(()),
            TransactionState::Succeeded => return Err(Refusal::NotPayable(self.order.status())),
            TransactionState::Intended | TransactionState::Pending if !operation.may_be_given_up() => {
                return Err(Refusal::PaymentUnderWay(no));
            }
            TransactionState::Intended | TransactionState::Pending => {}
        }
        self.settle(no, TransactionState::Declined(DeclineReason::CancelledByBuyer), None)?;
        self.drop_task(TaskId::AskBank(no));
        let next_at = plus_seconds(self.order.expires_at.max(self.context.now), RECHECK_SECONDS);
        self.order.tasks.push(Task { id: TaskId::AskBank(no), failures: 0, next_at });
        self.record(Event::PaymentDeclined, Some(no), Vec::new())
    }

    pub(super) fn same_reference(&self, no: u8, reported: Option<&str>) -> Result<(), Refusal> {
        match (reported, self.operation(no)?.reference()) {
            (Some(reported), Some(known)) if reported != known => {
                Err(Refusal::Reference { reported: reported.to_owned(), known: known.to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// Money taken by a terminal beside the platform: there is nobody to ask, the operator's word is the outcome.
    pub(super) fn collect(
        &mut self,
        method: Method,
        reference: &str,
        collected: Option<&Collected>,
    ) -> Result<(), Refusal> {
        if !method.is_collected() {
            return Err(Refusal::Unsupported(method.code()));
        }
        let known = |operation: &Operation| operation.method == method && operation.reference() == Some(reference);
        if self.order.payments().any(known) {
            return Ok(());
        }
        match self.order.status() {
            Status::Awaiting | Status::Ordered => {}
            Status::Checking => {
                return Err(Refusal::PaymentUnderWay(self.order.open_payment().map_or(0, |open| open.no)));
            }
            Status::Expired => return Err(Refusal::Expired(self.order.expires_at)),
            other => return Err(Refusal::NotPayable(other)),
        }
        let start = Start { method, by: Initiator::Partner, ..Start::default() };
        let amount = self.order.amount;
        let no = self.begin(OperationKind::Payment, amount, None, Stages::One, &start)?;
        self.drop_task(TaskId::TellBank(no));
        self.send.retain(|task| *task != TaskId::TellBank(no));
        self.operation_mut(no)?.collected = collected.cloned().map(Box::new);
        self.settle(no, TransactionState::Succeeded, Some(reference))?;
        self.captured(no, no, amount)
    }

    /// Ends a transaction, or learns the bank's id of it.
    pub(super) fn settle(&mut self, no: u8, state: TransactionState, reference: Option<&str>) -> Result<(), Refusal> {
        if let Some(Transaction { state: known, reference: id, url, .. }) =
            self.operation_mut(no)?.transactions.last_mut()
        {
            *known = state;
            if let Some(reference) = reference {
                *id = Some(reference.to_owned());
            }
            if state != TransactionState::Pending {
                *url = None;
            }
        }
        Ok(())
    }

    pub(super) fn edit(&mut self, lines: &[Line], by: Initiator) -> Result<(), Refusal> {
        if self.order.basket(self.details) == lines {
            return Ok(());
        }
        let zero = self.order.amount.zero();
        let wanted = parts::sum(zero, &parts::whole(lines))?;
        let simple = self.details.payment.children.is_empty()
            && self.details.payment.original.is_none()
            && self.order.payments().all(|payment| payment.points.is_none());
        if !simple || !wanted.is_positive() || by == Initiator::Buyer {
            return Err(Refusal::NotEditable);
        }
        let held = self.order.held()?;
        match self.order.status() {
            Status::Ordered => {}
            _ if held.is_positive() && !self.order.taken()?.is_positive() => {
                let payment = self.order.standing_payment().ok_or(Refusal::NotEditable)?;
                if let Some(open) = self.order.open_operation_of(payment.no) {
                    return Err(Refusal::OperationUnderWay(open.no));
                }
                if self.order.returns_of(payment.no).any(Operation::succeeded) {
                    return Err(Refusal::NotEditable); // what was let go by lines names the old basket
                }
                if held.minus(wanted)?.minor() < 0 {
                    return Err(Refusal::AboveHold { wanted, held });
                }
                let partial = self.terms(payment).is_none_or(|terms| terms.partial_capture);
                if wanted != held && !partial {
                    return Err(Refusal::Unsupported("partial_capture"));
                }
                if wanted != held && !self.moves(payment, wanted) {
                    return Err(Refusal::Unsupported("captures of so little"));
                }
            }
            _ => return Err(Refusal::NotEditable),
        }
        self.order.lines = lines.to_vec();
        self.order.amount = wanted;
        self.record(Event::Edited, None, Vec::new())
    }
}
