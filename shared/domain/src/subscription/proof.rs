//! What must be true of every subscription at any moment, whatever happened to it: checked from its stored row and its orders'.

use std::collections::BTreeMap;

use super::{
    Charge, LOOK_SECONDS, NOTICE_LEAST_SECONDS, NOTICE_SECONDS, REMEMBERED_MAX, State, Subscription, amount,
    subscription_id,
};
use crate::audit::{Finding, STUCK_SECONDS};
use crate::id::Tenant;
use crate::money::Money;
use crate::order::{Event, Initiator, Operation, Order, Status};
use crate::time::{Timestamp, plus_seconds};

/// Checks one subscription. `orders` are those of its charges, as far as there are any; `now` is in its tenant's own time.
pub fn prove(subscription: &Subscription, tenant: &Tenant, orders: &[&Order], now: Timestamp) -> Vec<Finding> {
    let mut proof = Proof { subscription, findings: Vec::new() };
    proof.identity(tenant);
    proof.charges(orders);
    proof.announced();
    proof.goes_on(now);
    proof.findings
}

struct Proof<'a> {
    subscription: &'a Subscription,
    findings: Vec<Finding>,
}

impl Proof<'_> {
    fn say(&mut self, rule: &'static str, text: impl Into<String>) {
        self.findings.push(Finding { rule, text: text.into() });
    }

    fn identity(&mut self, tenant: &Tenant) {
        if self.subscription.id != subscription_id(tenant, &self.subscription.number) {
            self.say("subscription.id", format!("{} is not the id of its number", self.subscription.id));
        }
    }

    /// Every charge has the amount its phase says, is paid for once at most, and the row says of it what its order does.
    fn charges(&mut self, orders: &[&Order]) {
        let subscription = self.subscription;
        for (at, charge) in subscription.charges.iter().enumerate() {
            let no = charge.no;
            if amount(&subscription.phases, no) != Some(charge.amount) {
                self.say("subscription.amount", format!("charge {no} is {}, which no phase says", charge.amount));
            }
            let last = at + 1 == subscription.charges.len();
            let follows = at == 0 || subscription.charges[at - 1].no <= no;
            if !follows || no > subscription.charge || (no == subscription.charge && charge.paid == Some(true)) {
                self.say("subscription.number", format!("charge {no} is out of turn: {} is next", subscription.charge));
            }
            if charge.paid.is_none() && !last {
                self.say("subscription.outcome", format!("what came of charge {no} was never looked at"));
            }
            match orders.iter().find(|order| order.id == charge.order) {
                Some(order) => self.order(charge, order),
                // On record before it is made, and perhaps never made.
                None if charge.paid == Some(true) => {
                    self.say("subscription.order", format!("the order of charge {no} does not exist"));
                }
                None => {}
            }
        }
        for (no, times) in self.standing(orders).into_iter().filter(|(_, times)| *times > 1) {
            self.say("subscription.once", format!("charge {no} is paid for {times} times"));
        }
        let remembered = subscription.charges.first().map_or(subscription.charge, |first| first.no);
        let forgotten = if subscription.charges.len() < REMEMBERED_MAX { 1 } else { remembered };
        for no in forgotten..subscription.charge {
            if !subscription.charges.iter().any(|charge| charge.no == no && charge.paid == Some(true)) {
                self.say("subscription.skipped", format!("charge {no} was left out"));
            }
        }
    }

    /// How many orders of each charge were paid and not given back.
    fn standing(&self, orders: &[&Order]) -> BTreeMap<u32, usize> {
        let mut times = BTreeMap::new();
        for charge in &self.subscription.charges {
            let order = orders.iter().find(|order| order.id == charge.order);
            let stands =
                |order: &Order| order.kept().is_ok_and(Money::is_positive) && order.status() != Status::Refunding;
            *times.entry(charge.no).or_default() += usize::from(order.is_some_and(|order| stands(order)));
        }
        times
    }

    fn order(&mut self, charge: &Charge, order: &Order) {
        let no = charge.no;
        if order.amount != charge.amount {
            self.say("subscription.amount", format!("charge {no} is {}, its order {}", charge.amount, order.amount));
        }
        // The other way round it may be: the buyer pays the order of a declined charge by hand.
        if charge.paid == Some(true) && !order.has(Event::Captured) {
            self.say("subscription.outcome", format!("charge {no} is paid for here, and nothing was taken"));
        }
        let scheduled = |payment: &&Operation| payment.by == Initiator::Schedule;
        for payment in order.payments().filter(scheduled) {
            let Some(started) = order.happened(Event::PaymentStarted, payment.no) else { continue };
            let ended = self.subscription.ended_at;
            if ended.is_some_and(|ended| plus_seconds(ended, LOOK_SECONDS) < started) {
                self.say("subscription.ended", format!("charge {no} was made after the end, at {started}"));
            }
            if charge.scheduled.is_some_and(|place| started < plus_seconds(place, -LOOK_SECONDS)) {
                self.say("subscription.early", format!("charge {no} was made before its time, at {started}"));
            }
        }
    }

    /// Nobody is charged without a word a day before, but at the moment of their agreement.
    fn announced(&mut self) {
        let created = self.subscription.created_at.as_second();
        for charge in &self.subscription.charges {
            let Some(scheduled) = charge.scheduled else { continue };
            let early = |told: Timestamp| charge.at.as_second() - told.as_second() < NOTICE_LEAST_SECONDS;
            let at_once = charge.no == 1
                && scheduled.as_second() - created < NOTICE_SECONDS
                && charge.at.as_second() - scheduled.as_second() < NOTICE_SECONDS;
            if charge.told.map_or(!at_once, early) {
                let (no, at, told) = (charge.no, charge.at, charge.told);
                self.say("subscription.notice", format!("charge {no} was made at {at}, the buyer told {told:?}"));
            }
        }
    }

    /// What is due is looked after.
    fn goes_on(&mut self, now: Timestamp) {
        let subscription = self.subscription;
        let over = subscription.state == State::Active && subscription.amount().is_none();
        if over {
            self.say("subscription.completed", "its phases are over, and it goes on");
        }
        if subscription.due().is_some_and(|due| plus_seconds(due, STUCK_SECONDS) < now) {
            self.say("subscription.forgotten", format!("due since {:?}", subscription.due()));
        }
    }
}
