//! The sandbox register's API, for the platform's register connector.

use axum::extract::State as Given;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use connectors::peer;
use connectors::till::sandbox::wire::{
    CODE_DUPLICATE, CODE_NOT_FOUND, CODE_VALIDATION, DocumentBody, ErrorBody, Report, ReportBody, Status,
};
use connectors::till::sandbox::{PURPOSE, translate};
use domain::receipt::ReceiptKind;
use domain::time::Timestamp;

use super::{Document, State, rules};
use crate::Shared;
use crate::door::{Received, Refusal, answer, bytes, signed, signed_json};
use crate::rows::{self, Next};

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
    let sane = (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    if !sane {
        return Ok(refused(id, "external_id: 1 to 128 of A-Z a-z 0-9 _ . -".to_owned(), now));
    }
    let taken = rows::change(&ports, &tenant, &id, |before: Option<Document>| {
        let Some(mut before) = before else {
            if let Err(broken) = rules::document(kind, &body, now) {
                return Next::Keep(Err(broken));
            }
            let document = Document::new(kind, body.clone(), now);
            let report = document.report(now);
            return Next::Put(document, Ok((report, true)));
        };
        // Seen before: whatever the body says now, the id has its one document.
        if before.again(now) {
            let report = before.report(now);
            return Next::Put(before, Ok((report, true)));
        }
        let mut report = before.report(now);
        if before.state == State::Waiting {
            let text = "the external_id was sent before".to_owned();
            report.error = Some(ErrorBody { code: CODE_DUPLICATE, text, kind: "system".to_owned() });
        }
        Next::Keep(Ok((report, false)))
    })
    .await?;
    match taken {
        Ok((report, queued)) => {
            if queued {
                rows::wake::<Document>(&ports, &tenant, &id, now, Some(now)).await;
            }
            Ok(answer(StatusCode::OK, report))
        }
        Err(broken) => Ok(refused(id, broken, now)),
    }
}

/// `POST /sandbox/till/v5/report`.
pub async fn report(
    Given(Shared { ports, .. }): Given<Shared>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Refusal> {
    let (tenant, body): (_, ReportBody) = signed_json(&ports, &headers, PURPOSE, received)?;
    let now = workflows::clock::now(&ports, &tenant).await?;
    let document = rows::load::<Document>(&ports, &tenant, &body.external_id).await?;
    let report = document.map_or_else(
        || {
            let text = "no such document".to_owned();
            failed(body.external_id, ErrorBody { code: CODE_NOT_FOUND, text, kind: "system".to_owned() }, now)
        },
        |document| document.report(now),
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
