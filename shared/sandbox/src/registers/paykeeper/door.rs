//! Who asks, what is asked, what is answered.

use axum::extract::{Path, Query, State as Given};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use connectors::till::sandbox::translate::vat_word;
use domain::id::Tenant;
use domain::receipt::register::RegisterKind;
use domain::tax::VatRate;
use domain::time::MOSCOW;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use workflows::ports::Ports;

use super::super::{self as registers, Device, Document, Failure, Fault, NewDocument, State, is_external_id};
use super::read;
use crate::Shared;
use crate::door::{Received, Refusal, answer, bytes};

const KIND: RegisterKind = RegisterKind::Paykeeper;

/// Fields of a form, in order.
pub type Pairs = Vec<(String, String)>;

/// Of a field that comes twice the last counts, as in PHP.
pub fn of<'a>(pairs: &'a Pairs, name: &str) -> &'a str {
    pairs.iter().rfind(|(found, _)| found == name).map_or("", |(_, value)| value.as_str())
}

/// Why something is not answered.
pub enum No {
    /// Not let in: a page to sign in, as the vendor's server shows, not JSON.
    Entry,
    /// Refused, in the vendor's words, with HTTP status 200.
    Fail(String),
    /// The double itself.
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
            Self::Entry => {
                let headers = [
                    (header::WWW_AUTHENTICATE, "Basic realm=\"PayKeeper\""),
                    (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                ];
                (StatusCode::UNAUTHORIZED, headers, "<!DOCTYPE html><title>PayKeeper</title>").into_response()
            }
            Self::Fail(msg) => answer(StatusCode::OK, json!({ "result": "fail", "msg": msg })),
            Self::Broken(refusal) => refusal.into_response(),
        }
    }
}

/// A partner's cabinet.
struct Cabinet {
    ports: Ports,
    tenant: Tenant,
    device: Device,
}

impl Cabinet {
    /// For those who know the user and the password.
    async fn enter(shared: Shared, partner: &str, headers: &HeaderMap) -> Result<Self, No> {
        let tenant = registers::tenant(partner).ok_or(No::Entry)?;
        let device = registers::device(&shared.ports, &tenant, KIND).await?;
        let pair = format!("{}:{}", device.credentials.of("user"), device.credentials.of("password"));
        let wanted = base64::engine::general_purpose::STANDARD.encode(pair);
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.strip_prefix("Basic ")).map(str::trim).unwrap_or_default();
        let is_theirs = bool::from(given.as_bytes().ct_eq(wanted.as_bytes()));
        if is_theirs { Ok(Self { ports: shared.ports, tenant, device }) } else { Err(No::Entry) }
    }

    fn token(&self) -> String {
        hex::encode(Sha256::digest(format!("token\n{}", self.device.credentials.of("password"))))
    }
}

/// `GET /info/settings/token/`.
pub async fn token(
    Given(shared): Given<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
) -> Result<Response, No> {
    let cabinet = Cabinet::enter(shared, &partner, &headers).await?;
    Ok(answer(StatusCode::OK, json!({ "token": cabinet.token() })))
}

/// `POST /change/receipt/print/`.
pub async fn print(
    Given(shared): Given<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, No> {
    let cabinet = Cabinet::enter(shared, &partner, &headers).await?;
    let Cabinet { ports, tenant, .. } = &cabinet;
    let pairs: Pairs = url::form_urlencoded::parse(&bytes(received)?).into_owned().collect();
    let is_token = bool::from(of(&pairs, "token").as_bytes().ct_eq(cabinet.token().as_bytes()));
    if !is_token || registers::take(ports, tenant, KIND, Fault::Session).await? {
        return Err(No::Fail("Токен безопасности не верен".to_owned()));
    }
    let key = of(&pairs, "receipt_key");
    if !is_external_id(key) {
        return Err(No::Fail("Не указан receipt_key".to_owned()));
    }
    let now = workflows::clock::now(ports, tenant).await?;
    let content = match read::document(&pairs, &ports.settings.agent, now) {
        Ok(content) => content,
        // Seen before: whatever the form says now, the key has its one receipt.
        Err(words) => match registers::find_by_external(ports, tenant, KIND, key).await? {
            Some(known) => known.content,
            None => return Err(No::Fail(words)),
        },
    };
    if registers::refuses(ports, tenant, KIND, key).await? {
        return Err(No::Fail(registers::REFUSED.to_owned()));
    }
    let words = json!({ "type": of(&pairs, "type"), "cart": of(&pairs, "cart") });
    let new = NewDocument { kind: KIND, content, callback_url: None, words, fault: None };
    let submitted = registers::submit(ports, tenant, new).await?;
    if submitted.answer_is_lost() {
        return Ok(registers::lost_answer());
    }
    Ok(answer(StatusCode::OK, json!({ "result": "success", "receipt_id": submitted.document.reference })))
}

/// The query of [`by_id`].
#[derive(Debug, Deserialize)]
pub struct ById {
    #[serde(default)]
    id: String,
}

/// `GET /info/receipts/byid/?id=`.
pub async fn by_id(
    Given(shared): Given<Shared>,
    Path(partner): Path<String>,
    Query(ById { id }): Query<ById>,
    headers: HeaderMap,
) -> Result<Response, No> {
    let Cabinet { ports, tenant, .. } = Cabinet::enter(shared, &partner, &headers).await?;
    match registers::find_by_reference(&ports, &tenant, KIND, &id).await? {
        Some(document) => Ok(answer(StatusCode::OK, row(&document))),
        None => Err(No::Fail("Чек не найден".to_owned())),
    }
}

/// `created`, `success` or `failed`.
pub const fn status(document: &Document) -> &'static str {
    match document.state {
        State::Waiting => "created",
        State::Done(_) => "success",
        State::Failed(_) => "failed",
    }
}

/// A receipt as the cabinet shows it.
fn row(document: &Document) -> Value {
    let paid = document.content.payments;
    let mut row = json!({
        "id": document.reference,
        "receipt_key": document.external_id,
        "status": status(document),
        "type": document.words["type"],
        "contact": document.content.buyer.contact,
        "sum_cashless": paid.electronic.to_decimal().to_string(),
        "sum_cash": paid.cash.to_decimal().to_string(),
        "sum_advance": paid.prepaid.to_decimal().to_string(),
        "sum_credit": paid.credit.to_decimal().to_string(),
        "sum_counter_payment": paid.counter.to_decimal().to_string(),
        "cart": document.words["cart"],
    });
    match &document.state {
        State::Waiting => {}
        State::Failed(failure) => row["msg"] = json!(words(*failure)),
        State::Done(printed) => {
            let fiscal = &printed.fiscal;
            row["fn"] = json!(fiscal.drive);
            row["fnd"] = json!(fiscal.document.to_string());
            row["fpd"] = json!(fiscal.sign);
            row["rnkkt"] = json!(fiscal.register);
            row["ts"] = json!(MOSCOW.to_datetime(fiscal.at).strftime("%Y%m%dT%H%M").to_string());
            row["shift_number"] = json!(fiscal.shift);
            row["receipt_number"] = json!(fiscal.number);
            let cart = document.words["cart"].as_str().and_then(|cart| serde_json::from_str(cart).ok());
            let mut cart: Vec<Value> = cart.unwrap_or_default();
            for (item, rate) in cart.iter_mut().zip(&printed.rates) {
                item["tax"] = json!(VatRate::of_tag_1199(*rate).map(|(rate, calculated)| vat_word(rate, calculated)));
            }
            row["cart"] = json!(Value::from(cart).to_string());
        }
    }
    row
}

const fn words(failure: Failure) -> &'static str {
    match failure {
        Failure::Timeout => "Истекло время ожидания ответа кассы",
        Failure::Expired => "Чек просрочен",
        Failure::Mark { .. } => "Код маркировки не прошёл проверку",
        Failure::Broken => "Исчерпан ресурс фискального накопителя",
    }
}
