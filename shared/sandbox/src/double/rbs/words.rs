//! The gateway's words: what a request carries, and what it is answered.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use connectors::bank::rbs::wire::{code, read_form};
use domain::details::Language;
use serde_json::{Value, json};

use crate::SandboxError;

/// The fields of a request, query and form together. A field given again counts by its first value, but for `features`.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    first: BTreeMap<String, String>,
    features: Vec<String>,
}

impl Fields {
    /// Of a query and a form's body.
    pub fn read(query: &str, body: &[u8]) -> Self {
        let mut fields = Self::default();
        for (name, value) in read_form(query.as_bytes()).into_iter().chain(read_form(body)) {
            if name == "features" {
                fields.features.extend(value.split([',', ';']).map(|feature| feature.trim().to_owned()));
            }
            fields.first.entry(name).or_insert(value);
        }
        fields
    }

    /// A field; nothing when it is not given or empty.
    pub fn of(&self, name: &str) -> Option<&str> {
        self.first.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A field that has to be there.
    ///
    /// # Errors
    /// It is not.
    pub fn needed(&self, name: &'static str) -> Result<&str, Fault> {
        self.of(name)
            .ok_or_else(|| Fault::new(code::EMPTY, &format!("Не указан {name}"), &format!("[{name}] is empty")))
    }

    /// An amount in minor units, of at most twelve digits.
    ///
    /// # Errors
    /// It is something else.
    pub fn amount(&self, name: &'static str) -> Result<Option<i64>, Fault> {
        let Some(text) = self.of(name) else { return Ok(None) };
        let digits = text.len() <= 12 && text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|_| digits).map(Some).ok_or_else(|| Fault::invalid(name))
    }

    /// Whether a feature of the order is asked for.
    pub fn feature(&self, name: &str) -> bool {
        self.features.iter().any(|feature| feature == name)
    }

    /// The language of the answer.
    pub fn language(&self) -> Language {
        if self.of("language").is_some_and(|language| language.eq_ignore_ascii_case("en")) {
            Language::En
        } else {
            Language::Ru
        }
    }
}

/// A method that says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    code: i64,
    russian: String,
    english: String,
    /// The gateway itself is broken: said with this status.
    status: StatusCode,
}

impl Fault {
    /// An error with its words.
    pub fn new(code: i64, russian: &str, english: &str) -> Self {
        Self { code, russian: russian.to_owned(), english: english.to_owned(), status: StatusCode::OK }
    }

    /// A field with a wrong value.
    pub fn invalid(name: &str) -> Self {
        Self::new(code::INVALID, &format!("Неверное значение параметра {name}"), &format!("[{name}] is invalid"))
    }

    /// Unknown login, or wrong password.
    pub fn denied() -> Self {
        Self::new(code::INVALID, "Доступ запрещён", "Access denied")
    }

    /// No such order.
    pub fn not_found() -> Self {
        Self::new(code::NOT_FOUND, "Заказ не найден", "Order not found")
    }

    /// An order's number that was used.
    pub fn duplicate() -> Self {
        let english = "Order with this number was already processed";
        Self::new(code::DUPLICATE, "Заказ с таким номером уже обработан", english)
    }

    /// A stored credential that is not there.
    pub fn no_binding() -> Self {
        Self::new(code::BINDING, "Связка не найдена", "Binding not found")
    }

    /// Not in the order's state.
    pub fn state() -> Self {
        let english = "Payment must be in the correct state";
        Self::new(code::STATE, "Платёж должен быть в корректном состоянии", english)
    }

    /// More than there is.
    pub fn too_much() -> Self {
        let english = "The amount exceeds the debited amount";
        Self::new(code::STATE, "Сумма превышает сумму списания", english)
    }

    /// The answer.
    pub fn response(&self, language: Language) -> Response {
        let message = if language == Language::En { &self.english } else { &self.russian };
        let body = json!({ "errorCode": self.code.to_string(), "errorMessage": message });
        (self.status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
    }
}

impl From<SandboxError> for Fault {
    fn from(error: SandboxError) -> Self {
        tracing::error!(%error, "the double of the gateway failed");
        let status = if error.passes() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::INTERNAL_SERVER_ERROR };
        Self { status, ..Self::new(code::STATE, "Системная ошибка", "System error") }
    }
}

/// What a method says when it was done. `more` has its fields.
pub fn done(language: Language, more: Value) -> Response {
    let message = if language == Language::En { "Success" } else { "Успешно" };
    let mut body = json!({ "errorCode": "0", "errorMessage": message });
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    (StatusCode::OK, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
