//! The double of the gateway of BPC (Sberbank, Alfa-Bank and others): its methods under `payment/rest`, its payment page's
//! address, its callbacks.
//!
//! As the gateway's documents have it: every answer is JSON with HTTP 200 whatever it says; an order's number is taken once,
//! and once more is error 1; nought is everything; a hold or a capture is reversed once, a capture only on the day it was
//! made; refunds are taken off `depositedAmount`; the same `externalRefundId` or another `expectedDepositedAmount` than the
//! order's moves nothing; points («Спасибо») are chosen at the page, and at least a hundred roubles are paid by card; amounts
//! are money, and points stand beside them; `autoCompletion.do` and `autoRefund.do` are told the sum of both and divide it in the
//! proportion of the payment (Sberbank's wiki, integration:spasibo). What it does not say is decided here: money is rounded down,
//! and an order of which points stand does not go back in money alone.

mod door;
mod orders;
mod words;

use axum::Router;
use axum::routing::{any, get};
use connectors::bank::rbs::{checksum, wire};
use domain::acquiring::Credentials;

use super::{Deal, Dialect, Event, Family, Outgoing, Seed, Terminal};
use crate::Shared;

/// Its dialect.
pub struct Rbs;

/// Its doors.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/sandbox/rbs/{partner}/payment/rest/{*method}", any(door::method))
        .route("/sandbox/rbs/{partner}/payment/merchants/{merchant}/{page}", get(door::page))
}

impl Dialect for Rbs {
    const FAMILY: Family = Family::Rbs;
    /// "At intervals of 30 seconds until … there are 3 successive notification failures."
    const WAITS_SECONDS: &'static [i64] = &[30, 30];

    fn credentials(secret_hex: &str, partner: &str) -> Credentials {
        let part = |from, to| secret_hex.get(from..to).unwrap_or_default().to_owned();
        let named = [
            ("user", format!("{partner}-api")),
            ("password", part(0, 16)),
            ("token", part(16, 42)),
            ("callback_key", part(42, 64)),
        ];
        Credentials(named.map(|(name, value)| (name.to_owned(), value)).into())
    }

    fn reference(seed: &Seed, _partner: &str) -> String {
        seed.uuid()
    }

    fn token(seed: &Seed) -> String {
        seed.uuid()
    }

    fn tell(terminal: &Terminal, deal: &Deal, event: &Event) -> Vec<Outgoing> {
        let (operation, status) = match event {
            Event::Authorized => ("approved", "1"),
            Event::Captured { .. } => ("deposited", "1"),
            Event::Declined => (orders::first_operation(deal), "0"),
            Event::TimedOut => ("declinedByTimeout", "1"),
            Event::Voided { .. } => ("reversed", "1"),
            Event::Refunded { id } if id == orders::REVERSAL => ("reversed", "1"),
            Event::Refunded { .. } => ("refunded", "1"),
            Event::Bound => ("bindingCreated", "1"),
            Event::Unbound => ("bindingActivityChanged", "1"),
            Event::RefundCancelled { .. } => return Vec::new(),
        };
        let mut fields = vec![("mdOrder", deal.reference.clone()), ("orderNumber", deal.number.clone())];
        fields.extend([("operation", operation.to_owned()), ("status", status.to_owned())]);
        fields.push(("amount", deal.amount.minor().to_string()));
        // What belongs to no payment goes to the static address, whatever an order said.
        let mut to = terminal.callback_url(deal);
        match event {
            Event::Refunded { id } => {
                let amount = deal.refund_of(id).map(|_| orders::refunded_money(deal, id).to_string());
                fields.extend(amount.map(|amount| ("operationRefundedAmount", amount)));
                if !orders::is_ours(id) {
                    fields.push(("externalRefundId", id.clone()));
                }
            }
            Event::Bound | Event::Unbound => {
                to = &terminal.callback_url;
                fields.push(("bindingId", deal.token().to_owned()));
                fields.extend(deal.customer.clone().map(|customer| ("clientId", customer)));
                if *event == Event::Unbound {
                    fields.push(("enabled", "false".to_owned()));
                }
            }
            _ => {}
        }
        let mut fields: Vec<_> = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let checksum = checksum(terminal.credentials.of("callback_key"), &fields);
        fields.push(("checksum".to_owned(), checksum));
        fields.push(("sign_alias".to_owned(), "apikassa-sandbox".to_owned()));
        vec![Outgoing::get(door::with_query(to, &wire::write_form(&fields)))]
    }

    fn heard(_terminal: &Terminal, _outgoing: &Outgoing, status: u16, _body: &[u8]) -> bool {
        status == 200
    }

    fn back(deal: &Deal) -> String {
        let declined = deal.facts().state == super::DealState::Declined;
        let to = if declined { &deal.return_failure } else { &deal.return_success };
        let lang = deal.words["language"].as_str().unwrap_or("ru");
        door::with_query(to, &wire::write_form(&[("orderId", deal.reference.as_str()), ("lang", lang)]))
    }
}
