//! Who asks, what is asked, what is answered.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State as Given};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use connectors::peer;
use connectors::till::business_kassa::translate::{nds_value, php_json, sign};
use connectors::till::business_kassa::wire::NewCommand;
use domain::id::Tenant;
use domain::receipt::register::RegisterKind;
use domain::tax::VatRate;
use domain::time::{MOSCOW, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use workflows::ports::Ports;

use super::super::{self as registers, Device, Document, Failure, Fault, NewDocument, Printed, State, is_external_id};
use super::read;
use crate::Shared;
use crate::door::{Received, Refusal, answer, bytes};

const KIND: RegisterKind = RegisterKind::BusinessKassa;

type Parameters = BTreeMap<String, String>;

/// Why something is not answered.
pub enum No {
    /// In the vendor's words.
    Said(StatusCode, String),
    /// The double itself, or a body that is none.
    Broken(Refusal),
}

/// What the double itself fails by.
impl<E> From<E> for No
where
    Refusal: From<E>,
{
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        match self {
            Self::Said(status, message) => answer(status, json!({ "message": message })),
            Self::Broken(refusal) => refusal.into_response(),
        }
    }
}

fn no(status: StatusCode, words: &str) -> No {
    No::Said(status, words.to_owned())
}

/// A partner's integration.
struct Integration {
    ports: Ports,
    tenant: Tenant,
    device: Device,
}

impl Integration {
    async fn of(shared: Shared, partner: &str) -> Result<Self, No> {
        let tenant = registers::tenant(partner).ok_or_else(|| no(StatusCode::FORBIDDEN, "Интеграция не найдена"))?;
        let device = registers::device(&shared.ports, &tenant, KIND).await?;
        Ok(Self { ports: shared.ports, tenant, device })
    }

    /// Holds a request to its signature: over the JSON of its parameters, sorted by name.
    fn signed(&self, headers: &HeaderMap, json: &str, app_id: &str) -> Result<(), No> {
        let given = headers.get("sign").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let wanted = sign(json, self.device.credentials.of("secret"));
        let is_theirs = bool::from(given.to_ascii_lowercase().as_bytes().ct_eq(wanted.as_bytes()));
        if app_id == self.device.credentials.of("app_id") && is_theirs {
            return Ok(());
        }
        Err(no(StatusCode::FORBIDDEN, "Подпись запроса не верна"))
    }

    fn asked(&self, headers: &HeaderMap, parameters: &Parameters) -> Result<(), No> {
        let of = |name: &str| parameters.get(name).map(String::as_str).unwrap_or_default();
        let json = php_json(parameters).map_err(|_| no(StatusCode::BAD_REQUEST, "Параметры запроса"))?;
        self.signed(headers, &json, of("app_id"))?;
        if of("nonce").is_empty() {
            return Err(no(StatusCode::BAD_REQUEST, "Не указан nonce"));
        }
        Ok(())
    }

    fn token(&self) -> String {
        hex::encode(Sha256::digest(format!("token\n{}", self.device.credentials.of("secret"))))
    }

    async fn entered(&self, token: &str) -> Result<(), No> {
        let is_known = bool::from(token.as_bytes().ct_eq(self.token().as_bytes()));
        if is_known && !registers::take(&self.ports, &self.tenant, KIND, Fault::Session).await? {
            return Ok(());
        }
        Err(no(StatusCode::UNAUTHORIZED, "Токен просрочен"))
    }

    async fn question(&self, headers: &HeaderMap, parameters: &Parameters) -> Result<(), No> {
        self.asked(headers, parameters)?;
        self.entered(parameters.get("token").map(String::as_str).unwrap_or_default()).await
    }
}

/// `GET Token`.
pub async fn token(
    Given(shared): Given<Shared>,
    Path(partner): Path<String>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
) -> Result<Response, No> {
    let integration = Integration::of(shared, &partner).await?;
    integration.asked(&headers, &parameters)?;
    Ok(answer(StatusCode::OK, json!({ "token": integration.token() })))
}

/// `GET StateSystem`.
pub async fn state_system(
    Given(shared): Given<Shared>,
    Path(partner): Path<String>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
) -> Result<Response, No> {
    let integration = Integration::of(shared, &partner).await?;
    integration.question(&headers, &parameters).await?;
    Ok(answer(StatusCode::OK, json!({ "fn_number": integration.device.drive })))
}

/// `GET Command`, of which the filter by `c_num` is doubled.
pub async fn commands(
    Given(shared): Given<Shared>,
    Path(partner): Path<String>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
) -> Result<Response, No> {
    let integration = Integration::of(shared, &partner).await?;
    integration.question(&headers, &parameters).await?;
    let c_num = parameters.get("c_num").map(String::as_str).unwrap_or_default();
    let found = numbered(&integration.ports, &integration.tenant, c_num).await?;
    let rows: Vec<Value> = found.iter().map(row).collect();
    Ok(answer(StatusCode::OK, rows))
}

/// `GET Command/{id}`.
pub async fn command_by_id(
    Given(shared): Given<Shared>,
    Path((partner, id)): Path<(String, String)>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
) -> Result<Response, No> {
    let integration = Integration::of(shared, &partner).await?;
    integration.question(&headers, &parameters).await?;
    match registers::find_by_reference(&integration.ports, &integration.tenant, KIND, &id).await? {
        Some(document) => Ok(answer(StatusCode::OK, row(&document))),
        None => Err(no(StatusCode::NOT_FOUND, "Команда не найдена")),
    }
}

/// `POST Command`.
pub async fn command(
    Given(shared): Given<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, No> {
    let integration = Integration::of(shared, &partner).await?;
    let Integration { ports, tenant, .. } = &integration;
    let raw = bytes(received)?;
    let text = std::str::from_utf8(&raw).map_err(|_| no(StatusCode::BAD_REQUEST, "Тело запроса не в UTF-8"))?;
    let body: Value = peer::read(&raw).map_err(|_| no(StatusCode::BAD_REQUEST, "Тело запроса не JSON"))?;
    integration.signed(&headers, text, body["app_id"].as_str().unwrap_or_default())?;
    integration.entered(body["token"].as_str().unwrap_or_default()).await?;
    let wrong = |words: String| No::Said(StatusCode::UNPROCESSABLE_ENTITY, words);
    let NewCommand { command, kind, nonce, .. } =
        peer::read(&raw).map_err(|malformed| wrong(format!("{}: {}", malformed.pointer, malformed.rule)))?;
    if !is_external_id(&command.c_num) {
        return Err(wrong("c_num: недопустимые символы".to_owned()));
    }
    let known = numbered(ports, tenant, &command.c_num).await?;
    if let Some(same) = known.iter().find(|known| known.words["nonce"] == nonce) {
        return Ok(taken(same));
    }
    let now = workflows::clock::now(ports, tenant).await?;
    let mut content = read::document(&kind, &command, &ports.settings.agent, now).map_err(wrong)?;
    if registers::refuses(ports, tenant, KIND, &command.c_num).await? {
        return Err(wrong(registers::REFUSED.to_owned()));
    }
    content.external_id = name(&command.c_num, known.len() + 1);
    let words = json!({ "type": kind, "command": command, "nonce": nonce });
    let new = NewDocument { kind: KIND, content, callback_url: None, words, fault: None };
    let submitted = registers::submit(ports, tenant, new).await?;
    if submitted.answer_is_lost() {
        return Ok(registers::lost_answer());
    }
    Ok(taken(&submitted.document))
}

fn taken(document: &Document) -> Response {
    answer(StatusCode::OK, json!({ "command_id": number(&document.reference) }))
}

/// What the machine knows a number's command by, from 1: the number itself, then what no number can be.
fn name(c_num: &str, no: usize) -> String {
    if no == 1 { c_num.to_owned() } else { format!("{c_num}~{no}") }
}

/// The commands under a number of the shop's, the first one first.
async fn numbered(ports: &Ports, tenant: &Tenant, c_num: &str) -> Result<Vec<Document>, No> {
    let mut found = Vec::new();
    while is_external_id(c_num)
        && let Some(document) = registers::find_by_external(ports, tenant, KIND, &name(c_num, found.len() + 1)).await?
    {
        found.push(document);
    }
    Ok(found)
}

/// A command and what became of it.
fn row(document: &Document) -> Value {
    let mut row = json!({
        "id": number(&document.reference),
        "c_num": document.words["command"]["c_num"],
        "type": document.words["type"],
        "date_create": moment(document.taken_at),
        "date_result": document.ended_at.map(moment),
        "command": document.words["command"],
    });
    match &document.state {
        State::Waiting => {}
        State::Failed(failure) => row["result_msg"] = json!(words(*failure)),
        State::Done(printed) => print(&mut row, printed),
    }
    row
}

fn print(row: &mut Value, Printed { fiscal, rates, .. }: &Printed) {
    let told = json!({
        "fn_number": fiscal.drive,
        "ecr_registration_number": fiscal.register,
        "fiscal_document_number": fiscal.document.to_string(),
        "fiscal_document_attribute": number(&fiscal.sign),
        "fiscal_receipt_number": fiscal.number,
        "result_shift_number": fiscal.shift,
        "receipt_datetime": moment(fiscal.at),
        "total": fiscal.total.to_decimal().to_string(),
        "result_msg": "OK",
    });
    if let (Some(row), Value::Object(told)) = (row.as_object_mut(), told) {
        row.extend(told);
    }
    let goods = row["command"]["goods"].as_array_mut().into_iter().flatten();
    for (good, rate) in goods.zip(rates) {
        let value = VatRate::of_tag_1199(*rate).and_then(|(rate, calculated)| nds_value(rate, calculated));
        good["nds_value"] = json!(value);
        good["nds_not_apply"] = json!(value.is_none());
    }
}

const fn words(failure: Failure) -> &'static str {
    match failure {
        Failure::Timeout => "Истекло время ожидания ответа ККТ",
        Failure::Expired => "Команда просрочена",
        Failure::Mark { .. } => "Проверка кода маркировки дала отрицательный результат",
        Failure::Broken => "Исчерпан ресурс фискального накопителя",
    }
}

fn moment(at: Timestamp) -> String {
    MOSCOW.to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Digits as the vendor writes them: without quotes.
fn number(digits: &str) -> Value {
    digits.parse::<u64>().map_or_else(|_| json!(digits), |number| json!(number))
}
