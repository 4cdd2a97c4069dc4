//! What a doubled register was sent and what it printed of that, whatever the platform was told: for whoever compares the two.

use axum::extract::{Path, Query, State as Given};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::contract::parse;
use super::document::{Document, Failure, State};
use crate::Shared;
use crate::door::{Refusal, answer, partner};
use crate::rows;

/// Documents of a tenant that are looked through, at most.
const DOCUMENTS_MAX: usize = 2_000;

/// The query of [`documents`].
#[derive(Debug, Deserialize)]
pub struct Wanted {
    /// How the external ids begin: an order's id.
    #[serde(default)]
    order: String,
}

/// `GET /sandbox/registers/{register}/documents?order=…`: the documents a register has, the printed ones first and in the order of
/// their numbers. `complete` is false where there are more than are looked through.
pub async fn documents(
    Given(Shared { ports, .. }): Given<Shared>,
    Path(register): Path<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let tenant = partner(&ports, &headers).await?;
    let kind = parse(&register).ok_or(Refusal::not_found())?;
    let mut found: Vec<Document> = rows::list(&ports, &tenant, DOCUMENTS_MAX).await?;
    let complete = found.len() < DOCUMENTS_MAX;
    found.retain(|document| document.kind == kind && document.external_id.starts_with(&wanted.order));
    found.sort_by_key(|document| match &document.state {
        State::Done(printed) => (printed.fiscal.document, document.taken_at),
        State::Waiting | State::Failed(_) => (u64::MAX, document.taken_at),
    });
    let shown: Vec<Value> = found.iter().map(shown).collect();
    Ok(answer(StatusCode::OK, json!({ "documents": shown, "complete": complete })))
}

fn shown(document: &Document) -> Value {
    let content = &document.content;
    let payments: Map<String, Value> = content
        .payments
        .tagged()
        .map(|(tag, amount)| (tag.to_string(), json!(amount.to_decimal().to_string())))
        .collect();
    let mut shown = json!({
        "external_id": document.external_id,
        "reference": document.reference,
        "fault": document.fault.map(super::Fault::code),
        "state": "waiting",
        "kind": if content.kind.tag_1054() == 1 { "sale" } else { "refund" },
        "correction": content.correction.is_some(),
        "total": content.total.to_decimal().to_string(),
        "payments": payments,
    });
    let mut rates: Vec<u8> = content.items.iter().map(domain::receipt::Item::tag_1199).collect();
    match &document.state {
        State::Waiting => {}
        State::Failed(failure) => {
            shown["state"] = json!("failed");
            shown["failure"] = json!(word(*failure));
        }
        State::Done(printed) => {
            shown["state"] = json!("printed");
            shown["drive"] = json!(printed.fiscal.drive);
            shown["document"] = json!(printed.fiscal.document);
            shown["sign"] = json!(printed.fiscal.sign);
            shown["number"] = json!(printed.fiscal.number);
            rates.clone_from(&printed.rates);
        }
    }
    let items = content.items.iter().zip(rates).map(|(item, rate)| {
        json!({
            "name": item.name,
            "quantity": item.quantity.normalize().to_string(),
            "amount": item.amount.to_decimal().to_string(),
            "1199": rate,
            "1214": item.settlement.tag_1214(),
            "1222": item.principal.as_ref().map(|principal| principal.sign.tag_1222()),
            "1226": item.principal.as_ref().map(|principal| &principal.supplier.inn),
            "mark": item.mark,
        })
    });
    shown["items"] = items.collect();
    shown
}

const fn word(failure: Failure) -> &'static str {
    match failure {
        Failure::Timeout => "timeout",
        Failure::Expired => "expired",
        Failure::Mark { .. } => "mark",
        Failure::Broken => "broken",
    }
}
