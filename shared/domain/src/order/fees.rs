//! What an order's terms make of its money: the fee on what stands, and what the partner's credit has paid for its service.

use super::{ExecutionEnd, Initiator, Operation, OperationKind, Order, Status, TransactionKind};
use crate::acquiring::Method;
use crate::commission::{CommissionTerms, Fee};
use crate::ledger::{self, Account, Posting};
use crate::money::{Money, MoneyError};
use crate::tariff::{Cells, Group, Pricing, RefundedFee, ServiceEnd};

impl Order {
    /// The order as a tariff prices it: what its service needs is reserved by the entry that makes it.
    #[must_use]
    pub fn priced(mut self, general: CommissionTerms, pricing: Option<Pricing>) -> Self {
        let reserved = pricing.as_ref().and_then(|pricing| pricing.service.as_ref()).map(|service| service.reserved);
        if let (Some(reserved), Some(created)) = (reserved, self.journal.first_mut()) {
            created.postings.extend(ledger::signed(Account::Prepaid, Account::Reserved, reserved));
        }
        self.commission = general;
        self.pricing = pricing.map(Box::new);
        self
    }

    /// The fee on what was taken and has not gone back; `returning` counts as gone what is on its way.
    ///
    /// # Errors
    /// The amounts do not work out.
    pub fn fee(&self, returning: bool) -> Result<Fee, MoneyError> {
        let Some(pricing) = &self.pricing else {
            let stands = if returning { self.kept()? } else { self.taken()? };
            return self.commission.parts(stands);
        };
        pricing.fee(&self.commission, &self.cells(pricing, returning)?)
    }

    /// What stands, by the way it was paid and by category.
    fn cells(&self, pricing: &Pricing, returning: bool) -> Result<Cells, MoneyError> {
        let mut cells = Cells::new();
        for operation in &self.operations {
            let back = matches!(operation.kind, OperationKind::Return { .. });
            let open = back && operation.is_open() && operation.told() != Some(TransactionKind::Void);
            if Self::receipt_due(operation).is_none() && !(returning && open) {
                continue;
            }
            if back && pricing.refunds == RefundedFee::Kept && operation.by != Initiator::Platform {
                continue;
            }
            let group = Group::of(operation.method);
            let mut add = |category: Option<&String>, minor: i64| -> Result<(), MoneyError> {
                let sum = cells.entry((group, category.cloned())).or_insert(0_i64);
                let minor = if back { minor.checked_neg() } else { Some(minor) };
                *sum = minor.and_then(|minor| sum.checked_add(minor)).ok_or(MoneyError::Overflow)?;
                Ok(())
            };
            match pricing.moved.iter().find(|moved| moved.operation == operation.no) {
                Some(moved) => {
                    for (category, minor) in &moved.shares {
                        add(category.as_ref(), *minor)?;
                    }
                }
                None => add(None, operation.money()?.minor())?,
            }
        }
        Ok(cells)
    }

    /// The fee on the books.
    ///
    /// # Errors
    /// The amounts do not work out.
    pub fn booked_fee(&self) -> Result<Fee, MoneyError> {
        let zero = self.amount.zero();
        let postings = || self.journal.iter().flat_map(|entry| &entry.postings);
        let net = zero.minus(ledger::balance(Account::Commission, zero, postings())?)?;
        let vat = ledger::fee_vat(zero, postings())?;
        Ok(Fee { net, vat })
    }

    /// What of the partner's share of the buyer's money pays for what their credit has paid: no more than there is of it. Cash is
    /// with the partner, and pays for nothing.
    ///
    /// # Errors
    /// The amounts do not work out.
    pub fn deduction(&self) -> Result<Money, MoneyError> {
        let zero = self.amount.zero();
        let service = self.pricing.as_ref().and_then(|pricing| pricing.service.as_ref());
        let Some(service) = service.filter(|service| service.ended != Some(ServiceEnd::Released)) else {
            return Ok(zero);
        };
        if service.overdrawn.is_zero() {
            return Ok(zero);
        }
        let in_cash = |payment: &&Operation| payment.method == Method::Cash;
        let mut cash = self.attempts().filter(in_cash);
        let cash = cash.try_fold(zero, |sum, payment| sum.plus(self.figures(payment)?.kept()?))?;
        let share = self.taken()?.minus(cash)?.minus(self.fee(false)?.total()?)?;
        if share.is_positive() { share.at_most(service.overdrawn) } else { Ok(zero) }
    }

    /// What has been taken off the buyer's payment for the service.
    ///
    /// # Errors
    /// The amounts do not work out.
    pub fn deducted(&self) -> Result<Money, MoneyError> {
        let zero = self.amount.zero();
        self.journal
            .iter()
            .flat_map(|entry| &entry.postings)
            .try_fold(zero, |sum, posting| sum.plus(deducts(posting, zero)?))
    }

    /// Whether what it owes or is owed is final but for time: it was fulfilled, or its money went back and left a fee.
    pub(super) fn is_settled_with_partner(&self) -> bool {
        match self.execution.ended {
            Some(ExecutionEnd::Fulfilled(_)) => true,
            Some(_) => self.keeps_fee() && self.status() == Status::Refunded,
            None => false,
        }
    }

    /// Whether a refund leaves the fee.
    pub fn keeps_fee(&self) -> bool {
        self.pricing.as_ref().is_some_and(|pricing| pricing.refunds == RefundedFee::Kept)
    }
}

/// What a posting takes off the buyer's payment for the service; below zero where it gives back.
///
/// # Errors
/// The amount does not fit.
pub fn deducts(posting: &Posting, zero: Money) -> Result<Money, MoneyError> {
    match (posting.debit, posting.credit) {
        (Account::PartnerPending, Account::Prepaid) => Ok(posting.amount),
        (Account::Prepaid, Account::PartnerPending) => zero.minus(posting.amount),
        _ => Ok(zero),
    }
}
