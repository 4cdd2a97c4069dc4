//! What the buyer opens: the page of an invoice, and the payment form. Both lead to the machine's page.

use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Response};

use super::super::{Deal, DealState, act, find_by_reference, open};
use super::book::{self, Invoice};
use super::door::{Cabinet, Fault, Pairs, Sent, ordered, withdraw};
use super::words::{self, System};
use crate::door::{Refusal, see_other};
use crate::rows::{self, Next};
use crate::{SandboxError, Shared};

/// Seconds a payment that was begun by the form can be finished.
pub const FORM_SECONDS: i64 = 3_600;

/// `GET /bill/{invoice}/`, with a `pstype` or without.
pub async fn bill(
    State(shared): State<Shared>,
    Path((partner, id)): Path<(String, String)>,
    Query(pairs): Query<Pairs>,
) -> Response {
    let known = id.len() <= 40 && id.bytes().all(|b| b.is_ascii_digit());
    let asked = async {
        let cabinet = Cabinet::of(shared, &partner).await?;
        let invoice: Option<Invoice> =
            if known { rows::load(&cabinet.ports, &cabinet.tenant, &id).await? } else { None };
        lead(&cabinet, invoice, &pairs).await
    };
    answered(asked.await)
}

/// `GET /create/`: the form's fields in the address.
pub async fn create_by_link(
    State(shared): State<Shared>,
    Path(partner): Path<String>,
    Query(pairs): Query<Pairs>,
) -> Response {
    answered(create(shared, &partner, pairs).await)
}

/// `POST /create/`.
pub async fn create_by_form(State(shared): State<Shared>, Path(partner): Path<String>, sent: Sent) -> Response {
    match sent {
        Ok(Form(pairs)) => answered(create(shared, &partner, pairs).await),
        Err(_) => answered(Ok(None)),
    }
}

async fn create(shared: Shared, partner: &str, pairs: Pairs) -> Result<Option<String>, Fault> {
    let cabinet = Cabinet::of(shared, partner).await?;
    let mut invoice = ordered(&pairs, cabinet.now, cabinet.terminal.credentials.of("secret"))?;
    if invoice.save && invoice.clientid.is_empty() {
        return Err(Fault::Fail("Не указан clientid."));
    }
    // The same form is the same order, however often the buyer's browser sends it.
    let asked = format!("{}\n{}\n{}\n{}", invoice.orderid, invoice.clientid, invoice.amount, invoice.service_name);
    invoice.id = format!("form-{}", workflows::access::sha256_hex(&asked));
    let invoice =
        rows::change(&cabinet.ports, &cabinet.tenant, &invoice.id.clone(), |before: Option<Invoice>| match before {
            Some(before) => Next::Keep(before),
            None => Next::Put(invoice.clone(), invoice.clone()),
        })
        .await?;
    lead(&cabinet, Some(invoice), &pairs).await
}

/// Where the buyer is led; nothing when there is nothing to pay.
async fn lead(cabinet: &Cabinet, invoice: Option<Invoice>, pairs: &Pairs) -> Result<Option<String>, Fault> {
    let pstype = pairs.iter().find(|(name, _)| name == "pstype").map_or("", |(_, value)| value.as_str());
    let (Some(invoice), Some(system)) = (invoice, System::of(pstype)) else { return Ok(None) };
    let deal = begun(cabinet, invoice, system).await?;
    Ok(deal.map(|deal| cabinet.terminal.page(&deal)))
}

/// The payment the buyer is at: the one that took money or may still, else a new try.
async fn begun(cabinet: &Cabinet, invoice: Invoice, system: System) -> Result<Option<Deal>, SandboxError> {
    let Cabinet { ports, tenant, now, .. } = cabinet;
    let last = invoice.payment(ports, tenant).await?;
    let is_over = invoice.revoked || *now >= invoice.expires_at;
    match last {
        Some(deal) if words::took_money(&deal.facts()) || is_over => return Ok(Some(deal)),
        Some(deal) => match deal.facts().state {
            DealState::Open if words::word(&deal, "system") == system.id() => return Ok(Some(deal)),
            // Another way to pay was chosen: the first is no offer any more.
            DealState::Open => {
                act(ports, tenant, &deal.reference, withdraw).await?;
            }
            DealState::Declined => {}
            _ => return Ok(Some(deal)),
        },
        None if is_over => return Ok(None),
        None => {}
    }
    let number = format!("{}-{}", invoice.id, invoice.payments.len() + 1);
    let new = invoice.deal(number, system, &ports.settings.base_url, tenant.partner());
    let deal = open(ports, tenant, new).await?.deal;
    book::begin(ports, tenant, &deal).await?;
    rows::change(ports, tenant, &invoice.id, |before: Option<Invoice>| match before {
        Some(mut known) if !known.payments.contains(&deal.reference) => {
            known.payments.push(deal.reference.clone());
            Next::Put(known, ())
        }
        _ => Next::Keep(()),
    })
    .await?;
    find_by_reference(ports, tenant, deal.family, &deal.reference).await
}

fn answered(asked: Result<Option<String>, Fault>) -> Response {
    match asked {
        Ok(Some(url)) => see_other(&url),
        Ok(None) | Err(Fault::NoEntry) => Refusal::not_found().page(),
        Err(Fault::Fail(rule)) => {
            let rule = ("/create".to_owned(), rule.to_owned(), "a form as the vendor's document says".to_owned());
            Refusal::invalid(vec![rule]).page()
        }
        Err(broken @ Fault::Broken(_)) => broken.into_response(),
    }
}
