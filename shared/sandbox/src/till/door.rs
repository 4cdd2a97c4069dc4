//! The sandbox register's API, for the platform's register connector.

use axum::extract::State as Given;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use connectors::peer;
use connectors::till::sandbox::wire::{
    CODE_DUPLICATE, CODE_NOT_FOUND, CODE_VALIDATION, DocumentBody, ErrorBody, Report, ReportBody, Status,
};
use connectors::till::sandbox::{PURPOSE, translate};
use domain::details::ReceiptScenario;
use domain::receipt::ReceiptKind;
use domain::receipt::register::RegisterKind;
use domain::time::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::rules;
use crate::Shared;
use crate::door::{Received, Refusal, answer, bytes, signed, signed_json};
use crate::registers::{self, Fault, NewDocument, State, Was, is_external_id};

/// `POST /sandbox/till/v5/sell`.
pub async fn sell(given: Given<Shared>, headers: HeaderMap, received: Received) -> Result<Response, Refusal> {
    take(given, &headers, received, ReceiptKind::Sale).await
}

/// `POST /sandbox/till/v5/sell_refund`.
pub async fn sell_refund(given: Given<Shared>, headers: HeaderMap, received: Received) -> Result<Response, Refusal> {
    take(given, &headers, received, ReceiptKind::SaleRefund).await
}

/// `POST /sandbox/till/v5/sell_correction`.
pub async fn sell_correction(
    given: Given<Shared>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Refusal> {
    take(given, &headers, received, ReceiptKind::Sale).await
}

/// `POST /sandbox/till/v5/sell_refund_correction`.
pub async fn sell_refund_correction(
    given: Given<Shared>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Refusal> {
    take(given, &headers, received, ReceiptKind::SaleRefund).await
}

async fn take(
    Given(Shared { ports, .. }): Given<Shared>,
    headers: &HeaderMap,
    received: Received,
    kind: ReceiptKind,
) -> Result<Response, Refusal> {
    let raw = bytes(received)?;
    let tenant = signed(&ports, headers, PURPOSE, &raw)?;
    let now = workflows::clock::now(&ports, &tenant).await?;
    let body: DocumentBody = match peer::read(&raw) {
        Ok(body) => body,
        Err(malformed) => {
            let text = format!("{}: {}", malformed.pointer, malformed.rule);
            return Ok(refused(String::new(), text, now));
        }
    };
    let id = body.external_id.clone();
    // An id that could not be a key is refused before it is looked up.
    if !is_external_id(&id) {
        return Ok(refused(id, "external_id: 1 to 128 of A-Z a-z 0-9 _ . : -".to_owned(), now));
    }
    let kind_of = RegisterKind::Sandbox;
    let content = match rules::document(kind, &body, now) {
        Ok(content) => content,
        // Seen before: whatever the body says now, the id has its one document.
        Err(broken) => match registers::find_by_external(&ports, &tenant, kind_of, &id).await? {
            Some(known) => known.content,
            None => return Ok(refused(id, broken, now)),
        },
    };
    let scenario = ReceiptScenario::ALL.into_iter().find(|known| Some(known.code()) == body.scenario.as_deref());
    // Only a document's first id is spent: the platform numbers the others.
    let again = id.rsplit_once("-r").is_some_and(|(_, attempt)| attempt.contains('a'));
    let fault = scenario.and_then(Fault::of).filter(|fault| *fault != Fault::Expiring || !again);
    // A correction that is printed wrong again would never end.
    let fault = fault.filter(|fault| *fault != Fault::OtherRate || content.correction.is_none());
    let new = NewDocument {
        kind: kind_of,
        content,
        callback_url: Some(body.service.callback_url),
        words: Value::String(uuid(&id)),
        fault,
    };
    let submitted = registers::submit(&ports, &tenant, new).await?;
    if submitted.answer_is_lost() {
        return Ok(registers::lost_answer());
    }
    let mut report = super::report(&submitted.document, now);
    if submitted.was == Was::Known && submitted.document.state == State::Waiting {
        let text = "the external_id was sent before".to_owned();
        report.error = Some(ErrorBody { code: CODE_DUPLICATE, text, kind: "system".to_owned() });
    }
    Ok(answer(StatusCode::OK, report))
}

/// The register's own id of a document.
fn uuid(external_id: &str) -> String {
    let hex = hex::encode(&Sha256::digest(format!("sandbox-till-uuid\n{external_id}"))[..16]);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// `POST /sandbox/till/v5/report`.
pub async fn report(
    Given(Shared { ports, .. }): Given<Shared>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Refusal> {
    let (tenant, body): (_, ReportBody) = signed_json(&ports, &headers, PURPOSE, received)?;
    let now = workflows::clock::now(&ports, &tenant).await?;
    let kind = RegisterKind::Sandbox;
    let document = registers::find_by_external(&ports, &tenant, kind, &body.external_id).await?;
    let report = document.map_or_else(
        || {
            let text = "no such document".to_owned();
            failed(body.external_id, ErrorBody { code: CODE_NOT_FOUND, text, kind: "system".to_owned() }, now)
        },
        |document| super::report(&document, now),
    );
    Ok(answer(StatusCode::OK, report))
}

fn refused(external_id: String, text: String, now: Timestamp) -> Response {
    let error = ErrorBody { code: CODE_VALIDATION, text, kind: "system".to_owned() };
    answer(StatusCode::BAD_REQUEST, failed(external_id, error, now))
}

fn failed(external_id: String, error: ErrorBody, now: Timestamp) -> Report {
    Report {
        uuid: String::new(),
        external_id,
        status: Status::Fail,
        error: Some(error),
        payload: None,
        timestamp: translate::moment(now),
    }
}
