//! Their doors: tokens, registration, reports.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State as Given};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use connectors::peer;
use connectors::till::sandbox::translate::moment;
use domain::id::Tenant;
use domain::receipt::{Ffd, ReceiptKind};
use domain::time::Timestamp;
use hex::ToHex as _;
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;
use workflows::links::mac;
use workflows::ports::Ports;

use super::body::{Body, Login};
use super::read;
use super::words::{self, Wrong};
use crate::Shared;
use crate::door::{Received, Refusal, answer, bytes};
use crate::registers::{self, Device, Dialect, Fault, NewDocument, Was, is_external_id};

/// Seconds a token is good for (section 4.1).
const TOKEN_SECONDS: i64 = 24 * 3_600;

/// What a query names.
type Asked = Query<BTreeMap<String, String>>;

/// Who is asked, by whom, when.
struct Visit {
    ports: Ports,
    tenant: Tenant,
    device: Device,
    now: Timestamp,
}

impl Visit {
    async fn new<D: Dialect>(ports: Ports, partner: &str) -> Result<Self, Refusal> {
        let tenant = registers::tenant(partner).ok_or(Refusal::not_found())?;
        let device = registers::device(&ports, &tenant, D::KIND).await?;
        let now = workflows::clock::now(&ports, &tenant).await?;
        Ok(Self { ports, tenant, device, now })
    }

    fn refused(&self, wrong: &Wrong) -> Response {
        let status = StatusCode::from_u16(wrong.status).unwrap_or(StatusCode::BAD_REQUEST);
        answer(status, words::refused(wrong, self.now))
    }

    fn token(&self, issued: i64) -> String {
        let key = self.device.credentials.of("password").as_bytes();
        let seal: String = mac(key, format!("token\n{issued}").as_bytes()).encode_hex();
        format!("{issued:x}.{seal}")
    }

    /// Whether who asks may (sections 5.2 and 11.2).
    async fn admitted(&self, group: &str, headers: &HeaderMap, asked: &Asked) -> Result<Option<Wrong>, Refusal> {
        let named = headers.get("token").and_then(|token| token.to_str().ok());
        let token = named.or_else(|| asked.get("token").map(String::as_str)).unwrap_or_default();
        let issued = token.split_once('.').and_then(|(issued, _)| i64::from_str_radix(issued, 16).ok());
        let known = issued.filter(|issued| self.token(*issued).as_bytes().ct_eq(token.as_bytes()).into());
        let Some(issued) = known else {
            return Ok(Some(Wrong::new(401, 10, "Передан некорректный token")));
        };
        let old = !(0..TOKEN_SECONDS).contains(&(self.now.as_second() - issued));
        if old || registers::take(&self.ports, &self.tenant, self.device.kind, Fault::Session).await? {
            return Ok(Some(Wrong::new(401, 11, "Срок действия token истёк")));
        }
        let wrong = Wrong::new(401, 20, "Код группы, указанный в запросе, не соответствует token");
        Ok((self.device.group.as_deref() != Some(group)).then_some(wrong))
    }

    fn enter(&self, login: &str, pass: &str) -> Response {
        let of = |name: &str| self.device.credentials.of(name).as_bytes().to_vec();
        let known = of("login").ct_eq(login.as_bytes()) & of("password").ct_eq(pass.as_bytes());
        if bool::from(known) {
            let token = self.token(self.now.as_second());
            let body = json!({ "error": Value::Null, "token": token, "timestamp": moment(self.now) });
            return answer(StatusCode::OK, body);
        }
        self.refused(&Wrong::new(401, 12, "Неверный логин или пароль"))
    }
}

/// `POST getToken` (section 4.2).
pub async fn token<D: Dialect>(
    Given(Shared { ports, .. }): Given<Shared>,
    Path(partner): Path<String>,
    received: Received,
) -> Result<Response, Refusal> {
    let visit = Visit::new::<D>(ports, &partner).await?;
    match peer::read::<Login>(&bytes(received)?) {
        Ok(Login { login, pass }) => Ok(visit.enter(&login, &pass)),
        Err(malformed) => Ok(visit.refused(&Wrong::new(400, 13, malformed.pointer))),
    }
}

/// `GET getToken?login=…&pass=…` (section 4.2).
pub async fn token_by_query<D: Dialect>(
    Given(Shared { ports, .. }): Given<Shared>,
    Path(partner): Path<String>,
    asked: Asked,
) -> Result<Response, Refusal> {
    let visit = Visit::new::<D>(ports, &partner).await?;
    let of = |name: &str| asked.get(name).map_or("", String::as_str);
    Ok(visit.enter(of("login"), of("pass")))
}

/// `POST <group>/<operation>` (section 5).
pub async fn register<D: Dialect>(
    Given(Shared { ports, .. }): Given<Shared>,
    Path((partner, group, operation)): Path<(String, String, String)>,
    asked: Asked,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Refusal> {
    let visit = Visit::new::<D>(ports, &partner).await?;
    if let Some(wrong) = visit.admitted(&group, &headers, &asked).await? {
        return Ok(visit.refused(&wrong));
    }
    let mut read = document::<D>(&operation, &headers, &bytes(received)?, visit.now);
    if let Ok(NewDocument { content, .. }) = &read
        && registers::refuses(&visit.ports, &visit.tenant, D::KIND, &content.external_id).await?
    {
        read = Err((Wrong::invalid(registers::REFUSED), None));
    }
    let new = match read {
        Ok(new) => new,
        Err((wrong, id)) => {
            // Whatever is sent under it now, the id has its one document.
            let known = match id.filter(|id| is_external_id(id)) {
                Some(id) => registers::find_by_external(&visit.ports, &visit.tenant, D::KIND, &id).await?,
                None => None,
            };
            return Ok(known.map_or_else(|| visit.refused(&wrong), |known| taken(&visit, &known, &group, true)));
        }
    };
    let submitted = registers::submit(&visit.ports, &visit.tenant, new).await?;
    if submitted.answer_is_lost() {
        return Ok(registers::lost_answer());
    }
    Ok(taken(&visit, &submitted.document, &group, submitted.was == Was::Known))
}

/// A document that is registered, now or before (section 9; error 33).
fn taken(visit: &Visit, document: &registers::Document, group: &str, before: bool) -> Response {
    let (status, wrong) = if before {
        let text = format!("В системе существует чек с external_id : {} и group_code: {group}", document.external_id);
        (StatusCode::BAD_REQUEST, words::error(33, "system", &text, &document.reference))
    } else {
        (StatusCode::OK, Value::Null)
    };
    let body = json!({ "uuid": document.reference, "timestamp": moment(visit.now), "error": wrong, "status": "wait" });
    answer(status, body)
}

/// A document read and looked through; else what is wrong with it, and its id where that could be read.
fn document<D: Dialect>(
    operation: &str,
    headers: &HeaderMap,
    raw: &[u8],
    now: Timestamp,
) -> Result<NewDocument, (Wrong, Option<String>)> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/json") {
        return Err((Wrong::new(415, 41, format!("Некорректный Content-Type: {kind}")), None));
    }
    let (kind, correction) = match (operation, D::FFD) {
        ("sell", _) => (ReceiptKind::Sale, false),
        ("sell_refund", _) => (ReceiptKind::SaleRefund, false),
        ("sell_correction", Ffd::V1_2) => (ReceiptKind::Sale, true),
        ("sell_refund_correction", Ffd::V1_2) => (ReceiptKind::SaleRefund, true),
        _ => return Err((Wrong::new(400, 31, format!("Операция \"{operation}\" не поддерживается")), None)),
    };
    let body: Body = peer::read(raw)
        .map_err(|malformed| (Wrong::invalid(&format!("{}: {}", malformed.pointer, malformed.rule)), None))?;
    let invalid = |what: &str| (Wrong::invalid(what), Some(body.external_id.clone()));
    if !is_external_id(&body.external_id) {
        return Err(invalid("external_id: 1 to 128 of A-Z a-z 0-9 _ . : -"));
    }
    let url = body.service.as_ref().and_then(|service| service.callback_url.clone()).filter(|url| !url.is_empty());
    if url.as_ref().is_some_and(|url| url.len() > 256 || domain::partner::origin(url).is_none()) {
        return Err(invalid("service.callback_url: an http(s) URL of at most 256 characters"));
    }
    let content = read::document(D::FFD, kind, correction, &body).map_err(|wrong| invalid(&wrong))?;
    if let Some(breach) = registers::first_breach(&content, now) {
        return Err(invalid(&format!("{} ({}): {}", breach.pointer, breach.tag, breach.rule.en)));
    }
    Ok(NewDocument { kind: D::KIND, content, callback_url: url, words: Value::Null, fault: None })
}

/// `GET <group>/report/<uuid>` (section 10.2).
pub async fn report<D: Dialect>(
    Given(Shared { ports, .. }): Given<Shared>,
    Path((partner, group, uuid)): Path<(String, String, String)>,
    asked: Asked,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let visit = Visit::new::<D>(ports, &partner).await?;
    if let Some(wrong) = visit.admitted(&group, &headers, &asked).await? {
        return Ok(visit.refused(&wrong));
    }
    if let Some(document) = registers::find_by_reference(&visit.ports, &visit.tenant, D::KIND, &uuid).await? {
        return Ok(answer(StatusCode::OK, words::report(&visit.device, &document, visit.now)));
    }
    let text = format!("Передан некорректный UUID : \"{uuid}\"");
    Ok(visit.refused(&Wrong { stands: Some("fail"), ..Wrong::new(400, 30, text) }))
}
