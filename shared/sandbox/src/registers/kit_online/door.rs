//! Who asks, what is asked, what is answered.

use axum::extract::{Path, State as Given};
use axum::http::StatusCode;
use axum::response::Response;
use connectors::peer;
use connectors::till::kit_online::translate::sign;
use connectors::till::kit_online::wire::{
    Answer, Asking, CheckState, FAILED, FiscalData, KNOWN, NOT_FOUND, SUCCEEDED, SendCheck, StateCheck, WAITING,
};
use domain::receipt::Fiscal;
use domain::receipt::register::RegisterKind;
use domain::time::MOSCOW;
use subtle::ConstantTimeEq as _;

use super::super::{self as registers, Device, Document, Failure, NewDocument, State, Was, is_external_id};
use super::read;
use crate::Shared;
use crate::door::{Received, Refusal, answer, bytes};

const KIND: RegisterKind = RegisterKind::KitOnline;
/// «Неверная структура JSON».
const NO_JSON: u32 = 2;
/// «Неверный формат запроса», of whatever has no code of its own.
pub(super) const UNWANTED: u32 = 3;
/// «Неверный формат запроса. Значение `CheckId` …».
pub(super) const CHECK_ID: u32 = 44;

/// `POST /WebService.svc/SendCheck`.
pub async fn send(
    Given(Shared { ports, .. }): Given<Shared>,
    Path(partner): Path<String>,
    received: Received,
) -> Result<Response, Refusal> {
    let Some(tenant) = registers::tenant(&partner) else {
        return Ok(no(31, "Компания с таким id не найдена"));
    };
    let device = registers::device(&ports, &tenant, KIND).await?;
    let SendCheck { request, check } = match peer::read(&bytes(received)?) {
        Ok(body) => body,
        Err(malformed) => return Ok(no(NO_JSON, &format!("Неверная структура JSON: {}", malformed.pointer))),
    };
    if let Err((code, words)) = enter(&device, &request, &check.check_id) {
        return Ok(no(code, words));
    }
    let known = || no(KNOWN, "Чек с таким CheckId уже существует");
    if registers::find_by_external(&ports, &tenant, KIND, &check.check_id).await?.is_some() {
        return Ok(known());
    }
    let now = workflows::clock::now(&ports, &tenant).await?;
    let content = match read::document(&check, &ports.settings.agent, now) {
        Ok(content) => content,
        Err((code, words)) => return Ok(no(code, &words)),
    };
    if registers::refuses(&ports, &tenant, KIND, &check.check_id).await? {
        return Ok(no(UNWANTED, registers::REFUSED));
    }
    let new = NewDocument { kind: KIND, content, callback_url: None, words: serde_json::Value::Null, fault: None };
    let submitted = registers::submit(&ports, &tenant, new).await?;
    if submitted.answer_is_lost() {
        return Ok(registers::lost_answer());
    }
    if submitted.was != Was::New {
        return Ok(known());
    }
    let check_queue_id = submitted.document.reference.parse().ok();
    Ok(answer(StatusCode::OK, Answer { check_queue_id, ..Answer::default() }))
}

/// `POST /WebService.svc/StateCheck`.
pub async fn state(
    Given(Shared { ports, .. }): Given<Shared>,
    Path(partner): Path<String>,
    received: Received,
) -> Result<Response, Refusal> {
    let Some(tenant) = registers::tenant(&partner) else {
        return Ok(no(31, "Компания с таким id не найдена"));
    };
    let device = registers::device(&ports, &tenant, KIND).await?;
    let StateCheck { request, check_number } = match peer::read(&bytes(received)?) {
        Ok(body) => body,
        Err(malformed) => return Ok(no(NO_JSON, &format!("Неверная структура JSON: {}", malformed.pointer))),
    };
    if let Err((code, words)) = enter(&device, &request, &check_number) {
        return Ok(no(code, words));
    }
    let Some(document) = registers::find_by_external(&ports, &tenant, KIND, &check_number).await? else {
        return Ok(no(NOT_FOUND, "Чек с таким id не найден"));
    };
    Ok(answer(StatusCode::OK, standing(&device, &request, &document)))
}

/// Lets in who knows the company's password; signed for this very document.
fn enter(device: &Device, asking: &Asking, check_id: &str) -> Result<(), (u32, &'static str)> {
    let credentials = &device.credentials;
    if asking.company_id.to_string() != credentials.of("company_id") {
        return Err((31, "Компания с таким id не найдена"));
    }
    if asking.user_login != credentials.of("login") {
        return Err((33, "Пользователь с таким логином не найден"));
    }
    let wanted = sign(credentials.of("company_id"), credentials.of("password"), check_id);
    if !bool::from(asking.sign.to_ascii_uppercase().as_bytes().ct_eq(wanted.as_bytes())) {
        return Err((37, "Неверная подпись"));
    }
    if !is_external_id(check_id) {
        return Err((CHECK_ID, "Неверный формат запроса. Недопустимое значение CheckId"));
    }
    Ok(())
}

fn standing(device: &Device, asking: &Asking, document: &Document) -> Answer {
    let state = |state, error_code| Some(CheckState { state, error_code });
    let told = asking.fiscal_data.as_deref() == Some("1");
    match &document.state {
        State::Waiting => Answer { check_state: state(WAITING[2], None), ..Answer::default() },
        State::Failed(failure) => Answer {
            check_state: state(FAILED, Some(error_code(*failure))),
            error_message: Some(words(*failure).to_owned()),
            ..Answer::default()
        },
        State::Done(printed) => Answer {
            check_state: state(SUCCEEDED, None),
            fiscal_data: told.then(|| fiscal_data(device, &printed.fiscal)),
            ..Answer::default()
        },
    }
}

/// The vendor's table of errors of documents.
const fn error_code(failure: Failure) -> u32 {
    match failure {
        Failure::Timeout => 55,
        Failure::Expired => 51,
        Failure::Mark { .. } => 9,
        Failure::Broken => 5,
    }
}

const fn words(failure: Failure) -> &'static str {
    match failure {
        Failure::Timeout => "Нет связи с ККТ",
        Failure::Expired => "Максимальное время фиксации превышено",
        Failure::Mark { .. } => "Параметры команды имеют правильный формат, но их значение не верно",
        Failure::Broken => "Закончен срок эксплуатации ФН",
    }
}

fn fiscal_data(device: &Device, fiscal: &Fiscal) -> FiscalData {
    FiscalData {
        date: MOSCOW.to_datetime(fiscal.at).strftime("%d.%m.%y %H:%M").to_string(),
        rnm: fiscal.register.clone(),
        storage_number: fiscal.drive.clone(),
        session: fiscal.shift.to_string(),
        check_number: fiscal.number.to_string(),
        document: fiscal.document.to_string(),
        sign: fiscal.sign.clone(),
        factory_number: device.serial.clone(),
    }
}

fn no(code: u32, words: &str) -> Response {
    let refusal = Answer { result_code: code, error_message: Some(words.to_owned()), ..Answer::default() };
    answer(StatusCode::OK, refusal)
}
