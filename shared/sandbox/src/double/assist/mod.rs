//! The double of Assist, as its manual has it (<https://docs.assist.ru>): order numbers and billnumbers, nine states of an order,
//! operations by number, answers as separated fields, XML and JSON, notifications with a check value.
//!
//! Set up like this: order numbers are unique, payments, confirmations and cancellations are told of by POST with an MD5 check
//! value and an XML answer, an order waits an hour for its buyer, a hold is let go after seven days. Everything is in test mode, and
//! says so. Codes of failures are those of the manual's tables that public clients carry; which of them comes when is the double's
//! own choice where nobody says.

mod ask;
mod order;
mod render;
mod service;

use axum::Router;
use axum::routing::{get, post};
use connectors::bank::assist::wire;
use connectors::bank::assist::xml;
use domain::acquiring::Credentials;
use url::form_urlencoded;

use self::order::View;
use super::{Deal, Dialect, Event, Family, Outgoing, Seed, Terminal};
use crate::Shared;

/// Its dialect.
pub struct Assist;

/// Its doors.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/sandbox/assist/{partner}/pay/payrequest.cfm", post(service::pay_request))
        .route("/sandbox/assist/{partner}/pay/order.cfm", get(service::order_page).post(service::order_form))
        .route("/sandbox/assist/{partner}/pay/error.cfm", get(service::error_page))
        .route("/sandbox/assist/{partner}/charge/charge.cfm", post(service::charge))
        .route("/sandbox/assist/{partner}/cancel/cancel.cfm", post(service::cancel))
        .route("/sandbox/assist/{partner}/cancel/wscancel.cfm", post(service::ws_cancel))
        .route("/sandbox/assist/{partner}/orderresult/orderresult.cfm", post(service::order_result))
        .route("/sandbox/assist/{partner}/orderstate/orderstate.cfm", post(service::order_state))
        .route("/sandbox/assist/{partner}/recurrent/rp.cfm", post(service::recurrent))
}

impl Dialect for Assist {
    const FAMILY: Family = Family::Assist;

    /// "With increasing intervals during the four hours but not more than 8 times": the steps are ours.
    const WAITS_SECONDS: &'static [i64] = &[60, 120, 300, 600, 1_200, 2_400, 3_600, 5_400];

    fn credentials(secret_hex: &str, _partner: &str) -> Credentials {
        let part = |from: usize, to: usize| secret_hex.get(from..to).unwrap_or_default();
        let digit = |c: char| char::from_digit(c.to_digit(16).unwrap_or_default() % 9 + 1, 10).unwrap_or('1');
        let given = [
            ("merchant_id", part(0, 6).chars().map(digit).collect()),
            ("login", format!("shop_{}", part(6, 16))),
            ("password", part(16, 36).to_owned()),
            ("secret", part(36, 64).to_owned()),
            ("test", "1".to_owned()),
        ];
        Credentials(given.map(|(name, value)| (name.to_owned(), value)).into())
    }

    /// A billnumber: 16 digits that begin with 5.
    fn reference(seed: &Seed, _partner: &str) -> String {
        format!("5{}", seed.digits(15))
    }

    fn tell(terminal: &Terminal, deal: &Deal, event: &Event) -> Vec<Outgoing> {
        let view = View::new(terminal, deal, deal.facts().changed_at, false);
        let operation = match event {
            Event::Authorized | Event::Declined => view.first(wire::OperationType::Payment),
            Event::Captured { .. } => {
                view.first(wire::OperationType::Charge).or_else(|| view.first(wire::OperationType::Payment))
            }
            Event::Voided { .. } => view.first(wire::OperationType::Cancel),
            Event::Refunded { id } => view.refund(id),
            // What ran out of time is not told of, nor what the bank takes back, nor means.
            Event::TimedOut | Event::RefundCancelled { .. } | Event::Bound | Event::Unbound => None,
        };
        let Some(operation) = operation else { return Vec::new() };
        let fields = view.notification(operation);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let content_type = "application/x-www-form-urlencoded; charset=UTF-8";
        vec![Outgoing::post(terminal.callback_url(deal), content_type, body)]
    }

    /// Any answer in the agreed form ends the repetition, also one that says no.
    fn heard(_terminal: &Terminal, _outgoing: &Outgoing, status: u16, body: &[u8]) -> bool {
        let said = xml::read(&bytes::Bytes::copy_from_slice(body));
        let agreed = said.is_ok_and(|said| said.name == "pushpaymentresult" && !said.attribute("firstcode").is_empty());
        (200..300).contains(&status) && agreed
    }

    /// With the numbers of the order, as Assist sends its buyers back.
    fn back(deal: &Deal) -> String {
        let paid = deal.facts().authorized_at.is_some();
        let url = if paid { &deal.return_success } else { &deal.return_failure };
        let sign = if url.contains('?') { '&' } else { '?' };
        let numbers = form_urlencoded::Serializer::new(String::new())
            .append_pair("billnumber", &deal.reference)
            .append_pair("ordernumber", &deal.number)
            .finish();
        format!("{url}{sign}{numbers}")
    }
}
