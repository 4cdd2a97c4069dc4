//! What the doubles say.

use connectors::till::sandbox::translate as shared;
use domain::receipt::Ffd;
use domain::time::Timestamp;
use serde_json::{Value, json};

use crate::registers::{Device, Document, Failure, Outgoing, Printed, State};

/// An error of the service's (section 11.2): HTTP status, code, words, how the document stands then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) status: u16,
    pub(super) code: i32,
    pub(super) text: String,
    pub(super) stands: Option<&'static str>,
}

impl Wrong {
    pub(super) fn new(status: u16, code: i32, text: impl Into<String>) -> Self {
        Self { status, code, text: text.into(), stands: None }
    }

    /// Error 32: a document that breaks a rule.
    pub(super) fn invalid(what: &str) -> Self {
        let text = format!("Ошибка валидации входного чека. Ошибочные поля : {what}");
        Self { stands: Some("fail"), ..Self::new(400, 32, text) }
    }
}

/// An error in the service's words.
pub(super) fn error(code: i32, kind: &str, text: &str, id: &str) -> Value {
    json!({ "error_id": id, "code": code, "text": text, "type": kind })
}

/// The answer to a request that is refused.
pub(super) fn refused(wrong: &Wrong, now: Timestamp) -> Value {
    let id = format!("{:08x}-0000-4000-8000-{:012x}", wrong.code, now.as_second());
    let mut body = json!({
        "timestamp": shared::moment(now),
        "error": error(wrong.code, "system", &wrong.text, &id),
    });
    if let (Some(stands), Some(body)) = (wrong.stands, body.as_object_mut()) {
        body.insert("status".to_owned(), Value::from(stands));
    }
    body
}

/// What a report says, and a callback (section 10).
pub(super) fn report(device: &Device, document: &Document, now: Timestamp) -> Value {
    let (status, wrong, payload) = match &document.state {
        State::Waiting => {
            let text = "Состояние чека не найдено. Попробуйте позднее";
            ("wait", error(34, "system", text, &document.reference), Value::Null)
        }
        State::Done(printed) => ("done", Value::Null, payload(device, document, printed)),
        State::Failed(failure) => {
            let (code, kind, text) = failed(*failure);
            ("fail", error(code, kind, text, &document.reference), Value::Null)
        }
    };
    json!({
        "uuid": document.reference,
        "error": wrong,
        "status": status,
        "payload": payload,
        "timestamp": shared::moment(now),
        "group_code": device.group,
        "daemon_code": "sandbox",
        "device_code": device.serial,
        "external_id": document.external_id,
        "callback_url": document.callback_url.clone().unwrap_or_default(),
    })
}

const fn failed(failure: Failure) -> (i32, &'static str, &'static str) {
    match failure {
        Failure::Timeout => (-1, "timeout", "Превышено время ожидания чека в очереди"),
        Failure::Expired => (1, "system", "Ошибка обработки входящего документа"),
        Failure::Mark { .. } => (409, "driver", "Некорректный код маркировки"),
        Failure::Broken => (121, "driver", "Архив ФН переполнен"),
    }
}

fn payload(device: &Device, document: &Document, printed: &Printed) -> Value {
    let mut payload = serde_json::to_value(shared::payload(&printed.fiscal)).unwrap_or_default();
    if let Some(payload) = payload.as_object_mut() {
        payload.insert("ofd_inn".to_owned(), Value::from("7709364346"));
        let marked = document.content.items.iter().enumerate().filter(|(_, item)| item.mark.is_some());
        let checked = marked.map(|(index, item)| json!({ "position": index, "mark_code": item.mark, "result": 15 }));
        let checked: Vec<Value> = checked.collect();
        if device.ffd == Ffd::V1_2 && !checked.is_empty() {
            payload.insert("marks_result".to_owned(), Value::from(checked));
        }
    }
    payload
}

/// The callback: the report, to the address the document named, if it did.
pub(super) fn tell(device: &Device, document: &Document) -> Vec<Outgoing> {
    let Some(url) = &document.callback_url else { return Vec::new() };
    let body = report(device, document, document.ended_at.unwrap_or(document.taken_at));
    vec![Outgoing::post(url, "application/json; charset=utf-8", body.to_string())]
}
