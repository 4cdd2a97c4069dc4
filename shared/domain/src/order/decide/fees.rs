//! The fee and the service of an order follow its state: whatever a decision has changed, the last of its entries brings the books
//! there.

use std::collections::BTreeMap;

use super::{Event, ExecutionEnd, Next, OperationKind, Refusal, Status, ledger};
use crate::commission::Fee;
use crate::ledger::{Account, Posting};
use crate::order::parts::Part;
use crate::tariff::{Moved, ServiceEnd};

impl Next<'_> {
    /// What the books lack of the fee as the order stands; below zero what they have too much.
    pub(super) fn fee_due(&self) -> Result<Fee, Refusal> {
        Ok(self.order.fee(false)?.minus(self.order.booked_fee()?)?)
    }

    /// Notes what of which category an operation moves, where categories have terms of their own.
    pub(super) fn note_categories(&mut self, no: u8) -> Result<(), Refusal> {
        let Some(pricing) = self.order.pricing.as_ref().filter(|pricing| pricing.tells_categories()) else {
            return Ok(());
        };
        let priced: Vec<&String> = pricing.rules.iter().filter_map(|rule| rule.category.as_ref()).collect();
        let operation = self.operation(no)?;
        let payment = self.operation(operation.kind.of().unwrap_or(no))?;
        let mut parts: Vec<Part> = operation.parts.clone();
        if parts.is_empty() && matches!(operation.kind, OperationKind::Return { .. }) {
            parts = self.captured_parts(payment);
        }
        if parts.is_empty() {
            parts = self.order.parts_of_payment(payment, self.details);
        }
        let lines = self.order.basket(self.details);
        let mut shares: BTreeMap<Option<String>, i64> = BTreeMap::new();
        for part in &parts {
            let line = usize::from(part.line).checked_sub(1).and_then(|at| lines.get(at));
            let category = line.and_then(|line| line.particulars.category.as_ref());
            let category = category.filter(|category| priced.contains(category)).cloned();
            *shares.entry(category).or_default() += part.amount.minor();
        }
        // A basket that was edited below what the bank took: the difference goes with the largest share, and comes back with it.
        let difference = operation.money()?.minor() - shares.values().sum::<i64>();
        let largest = shares.iter().max_by_key(|(_, minor)| **minor).map(|(category, _)| category.clone());
        *shares.entry(largest.unwrap_or_default()).or_default() += difference;
        let moved = Moved { operation: no, shares: shares.into_iter().filter(|(_, minor)| *minor != 0).collect() };
        if let Some(pricing) = &mut self.order.pricing {
            pricing.moved.retain(|there| there.operation != no);
            pricing.moved.push(moved);
        }
        Ok(())
    }

    /// What was reserved for the order is taken when it is fulfilled and goes back when it ends otherwise, once; what the partner's
    /// credit paid of it is taken off the buyer's payment. Written with the last of the entries after the `known` ones.
    pub(super) fn settle_service(&mut self, known: usize) -> Result<(), Refusal> {
        let service = self.order.pricing.as_ref().and_then(|pricing| pricing.service.clone());
        let Some(service) = service.filter(|_| self.order.journal.len() > known) else { return Ok(()) };
        let mut postings: Vec<Posting> = Vec::new();
        if service.ended.is_none()
            && let Some(end) = self.service_end()
        {
            let taken = if end == ServiceEnd::Taken { service.price } else { service.price.zero() };
            postings.extend(ledger::service(Account::Reserved, taken, service.vat_percent)?);
            postings.extend(ledger::signed(Account::Reserved, Account::Prepaid, service.reserved.minus(taken)?));
            let pricing = self.order.pricing.as_mut().and_then(|pricing| pricing.service.as_mut());
            if let Some(service) = pricing {
                service.ended = Some(end);
            }
        }
        let due = self.order.deduction()?.minus(self.order.deducted()?)?;
        postings.extend(ledger::signed(Account::PartnerPending, Account::Prepaid, due));
        if let Some(entry) = self.order.journal.last_mut() {
            entry.postings.extend(postings);
        }
        Ok(())
    }

    fn service_end(&self) -> Option<ServiceEnd> {
        if matches!(self.order.execution.ended, Some(ExecutionEnd::Fulfilled(_))) {
            return Some(ServiceEnd::Taken);
        }
        let nothing = matches!(self.order.status(), Status::Refunded | Status::Cancelled | Status::Expired);
        (nothing || self.is_not_wanted() || self.order.has(Event::Expired)).then_some(ServiceEnd::Released)
    }
}
