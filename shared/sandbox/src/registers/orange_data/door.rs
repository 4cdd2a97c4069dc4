//! The register's doors.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use connectors::till::orange_data::Key;
use connectors::till::orange_data::wire::{EXPIRED, SIGNATURE};
use domain::receipt::register::RegisterKind;
use domain::time::Timestamp;
use serde::Deserialize;
use serde_json::json;
use workflows::ports::Ports;

use super::read::{self, Kind};
use super::words::{self, NOT_SIGNED};
use super::{GROUP, KEY};
use crate::door::{Received, Refusal, answer};
use crate::registers::{self, Device, Document, Failure, Fault, NewDocument, State as Stands, device, tenant};
use crate::{SandboxError, Shared};

/// Seconds until a full queue is empty again.
const RETRY_AFTER: &str = "5";

/// Why a request is not granted.
pub enum No {
    /// 400 with sentences (2.1.2).
    Errors(Vec<String>),
    /// Ours.
    Sandbox(SandboxError),
}

impl No {
    /// One sentence.
    pub fn error(text: impl Into<String>) -> Self {
        Self::Errors(vec![text.into()])
    }
}

impl From<SandboxError> for No {
    fn from(error: SandboxError) -> Self {
        Self::Sandbox(error)
    }
}

fn granted(result: Result<Response, No>) -> Response {
    match result {
        Ok(response) => response,
        Err(No::Errors(errors)) => answer(StatusCode::BAD_REQUEST, json!({ "errors": errors })),
        Err(No::Sandbox(error)) => Refusal::from(error).into_response(),
    }
}

/// `POST …/documents/`, `…/corrections/`, `…/correction12/` (2.1, 2.3, 2.7).
pub async fn command(
    State(Shared { ports, .. }): State<Shared>,
    Path((partner, kind)): Path<(String, String)>,
    headers: HeaderMap,
    received: Received,
) -> Response {
    let Some(kind) = Kind::of(&kind) else { return StatusCode::NOT_FOUND.into_response() };
    granted(taken(&ports, &partner, kind, &headers, received).await)
}

async fn taken(
    ports: &Ports,
    partner: &str,
    kind: Kind,
    headers: &HeaderMap,
    received: Received,
) -> Result<Response, No> {
    let (device, body) = signed(ports, partner, headers, received).await?;
    let content = read::document(ports, &device, kind, &body)?;
    let now = workflows::clock::now(ports, &device.tenant).await.map_err(SandboxError::from)?;
    lawful(&content.receipt, now)?;
    if registers::refuses(ports, &device.tenant, device.kind, &content.receipt.external_id).await? {
        return Err(No::error(registers::REFUSED));
    }
    let new = NewDocument {
        kind: RegisterKind::OrangeData,
        content: content.receipt,
        callback_url: content.callback_url,
        words: json!({ "kind": kind.path(), "content": content.words }),
        fault: None,
    };
    let submitted = registers::submit(ports, &device.tenant, new).await?;
    let document = &submitted.document;
    if submitted.answer_is_lost() {
        return Ok(registers::lost_answer());
    }
    Ok(match hidden(document) {
        Some(Fault::Broken) => {
            return Err(No::error(format!("Группа '{GROUP}' не найдена: в ней нет работающих касс")));
        }
        Some(_) => {
            let full = json!({ "errors": ["Очередь документов переполнена, повторите попытку позже"] });
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, RETRY_AFTER)], axum::Json(full)).into_response()
        }
        None if submitted.was == registers::Was::Known => StatusCode::CONFLICT.into_response(),
        None => StatusCode::CREATED.into_response(),
    })
}

/// What keeps a command from being taken: nobody has heard of its document then.
fn hidden(document: &Document) -> Option<Fault> {
    let turned_away = match document.state {
        Stands::Waiting => document.failures == 0,
        Stands::Failed(failure) => failure == Failure::Timeout,
        Stands::Done(_) => false,
    };
    match document.fault {
        Some(Fault::Broken) => Some(Fault::Broken),
        Some(Fault::FailingOnce) if turned_away => Some(Fault::FailingOnce),
        _ => None,
    }
}

fn lawful(content: &domain::receipt::ReceiptDocument, now: Timestamp) -> Result<(), No> {
    if let Some(breach) = registers::first_breach(content, now) {
        return Err(No::error(words::broken(&breach)));
    }
    let (size, most) = (connectors::till::orange_data::bytes(content), connectors::till::orange_data::BYTES_MAX);
    if size > most {
        return Err(No::error(format!("Размер документа превышает {most} байт")));
    }
    Ok(())
}

/// `GET …/documents/{inn}/status/{id}` and its likes (2.2, 2.4, 2.8).
pub async fn status(
    State(Shared { ports, .. }): State<Shared>,
    Path((partner, kind, inn, id)): Path<(String, String, String, String)>,
) -> Response {
    let Some(kind) = Kind::of(&kind) else { return StatusCode::NOT_FOUND.into_response() };
    granted(stands(&ports, &partner, kind, &inn, &id).await)
}

async fn stands(ports: &Ports, partner: &str, kind: Kind, inn: &str, id: &str) -> Result<Response, No> {
    let device = owner(ports, partner).await?;
    if device.credentials.of("inn") != inn {
        return Err(No::error("Организация не найдена"));
    }
    let found = registers::find_by_external(ports, &device.tenant, RegisterKind::OrangeData, id).await?;
    let found = found.filter(|found| found.words["kind"] == kind.path() && hidden(found).is_none());
    let Some(document) = found else {
        return Err(No::error("Чек с указанным идентификатором не найден"));
    };
    Ok(match &document.state {
        Stands::Waiting => StatusCode::ACCEPTED.into_response(),
        Stands::Done(printed) => answer(StatusCode::OK, words::done(&device, &document, printed)),
        Stands::Failed(Failure::Mark { item }) => {
            answer(StatusCode::UNPROCESSABLE_ENTITY, words::unmarked(&document, *item))
        }
        Stands::Failed(_) => match StatusCode::from_u16(EXPIRED) {
            Ok(expired) => expired.into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
    })
}

/// What the check of a contract names (2.6.1).
#[derive(Deserialize)]
struct Checked {
    inn: String,
    key: String,
    #[serde(default)]
    group: Option<String>,
}

/// `POST …/check/` (2.6).
pub async fn check(
    State(Shared { ports, .. }): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    received: Received,
) -> Response {
    let checked = async {
        let (device, body) = signed(&ports, &partner, &headers, received).await?;
        let Checked { inn, key, group } =
            connectors::peer::read(&body).map_err(|malformed| words::unreadable(&malformed))?;
        read::contract(&device, &inn, &key, group.as_deref())?;
        Ok(StatusCode::OK.into_response())
    };
    granted(checked.await)
}

/// `GET …/devices/status/{inn}/{group}` (2.5).
pub async fn devices(
    State(Shared { ports, .. }): State<Shared>,
    Path((partner, inn, group)): Path<(String, String, String)>,
) -> Response {
    let shown = async {
        let device = owner(&ports, &partner).await?;
        if device.credentials.of("inn") != inn || device.group.as_deref() != Some(&group) {
            return Err(No::error("Организация или группа не найдена"));
        }
        let one = json!({
            "deviceSN": device.serial,
            "fsNumber": device.drive,
            "ofdName": words::OFD,
            "ofdAddress": null,
            "unsentDocumentsCount": 0,
            "firstUnsentDocumentDate": null,
            "fsDocumentsCount": 0,
            "fsExpirationDate": null,
        });
        Ok(answer(StatusCode::OK, json!({ "devices": [one] })))
    };
    granted(shown.await)
}

async fn owner(ports: &Ports, partner: &str) -> Result<Device, No> {
    let tenant = tenant(partner).ok_or_else(|| No::error("Организация не найдена"))?;
    Ok(device(ports, &tenant, RegisterKind::OrangeData).await?)
}

/// A body whose signature holds over the bytes that were received (1.2.5).
async fn signed(
    ports: &Ports,
    partner: &str,
    headers: &HeaderMap,
    received: Received,
) -> Result<(Device, bytes::Bytes), No> {
    let device = owner(ports, partner).await?;
    let body = received.map_err(|_| No::error("Некорректный запрос"))?;
    let signature = headers.get(SIGNATURE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let holds = Key::parse(KEY).is_ok_and(|key| key.verifies(&body, signature));
    if holds { Ok((device, body)) } else { Err(No::error(NOT_SIGNED)) }
}
