//! What a caller reads when something is not as they wished: RFC 9457 problem details, for machines in English and by stable
//! codes, for people in Russian beside English.

use std::error::Error;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

/// The media type of a problem (RFC 9457, section 3).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A problem. Rendered at once, and once more by [`crate::door`], which adds the request's id as its `instance`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// HTTP status.
    pub status: StatusCode,
    /// Stable code; also the anchor of its description, `/docs#problem-{code}`.
    pub code: &'static str,
    /// What it is, always the same for a code, in English.
    pub title_en: &'static str,
    /// The same in Russian.
    pub title_ru: &'static str,
    /// What it is this time, in English; empty when there is nothing to add.
    pub detail: String,
    /// What is wrong with which part of the request.
    pub errors: Vec<FieldError>,
    /// Seconds after which it is worth trying again.
    pub retry_after_seconds: Option<u32>,
}

/// What is wrong with one part of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) into the request's body; empty for the body as a whole.
    pub pointer: String,
    /// Stable code.
    pub code: &'static str,
    /// For a person, in Russian.
    pub message_ru: String,
    /// For a person, in English.
    pub message_en: String,
}

#[derive(Serialize)]
struct ProblemBody<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    messages: Messages<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldErrorBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u32>,
}

#[derive(Serialize)]
struct FieldErrorBody<'a> {
    pointer: &'a str,
    code: &'a str,
    messages: Messages<'a>,
}

#[derive(Serialize)]
struct Messages<'a> {
    ru: &'a str,
    en: &'a str,
}

impl Problem {
    /// A problem of this kind, with nothing more to say.
    pub const fn new(status: StatusCode, code: &'static str, title_en: &'static str, title_ru: &'static str) -> Self {
        Self { status, code, title_en, title_ru, detail: String::new(), errors: Vec::new(), retry_after_seconds: None }
    }

    /// With what it is this time.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// With the time after which it is worth trying again.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// 400: the request cannot be read at all.
    pub const fn malformed() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", "The request cannot be read", "Запрос не удалось прочитать")
    }

    /// 401: who asks is not known.
    pub const fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "The token is missing or not valid",
            "Токен не указан или недействителен",
        )
    }

    /// 403: who asks may not.
    pub const fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "This is not allowed", "Недостаточно прав")
    }

    /// 404: there is no such thing, or it is not theirs to see.
    pub const fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing", "Не найдено")
    }

    /// 405: not this way.
    pub const fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "The method is not allowed here",
            "Метод не поддерживается",
        )
    }

    /// 409: what is there already stands against it.
    pub const fn conflict(code: &'static str, title_en: &'static str, title_ru: &'static str) -> Self {
        Self::new(StatusCode::CONFLICT, code, title_en, title_ru)
    }

    /// 413: more than is read.
    pub const fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            "The body is larger than 64 kB",
            "Тело запроса больше 64 КБ",
        )
    }

    /// 415: not a kind of body that is read here.
    pub const fn unsupported_media_type() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "The body must be application/json",
            "Тело запроса должно быть application/json",
        )
    }

    /// 422: readable, but not acceptable, and where.
    pub fn unprocessable(errors: Vec<FieldError>) -> Self {
        let mut problem = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid",
            "Some fields are not valid",
            "Некоторые поля заполнены неверно",
        );
        problem.errors = errors;
        problem
    }

    /// 429: too often.
    pub const fn too_many_requests(retry_after_seconds: u32) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "Too many requests", "Слишком много запросов")
            .retry_after(retry_after_seconds)
    }

    /// 500: ours. Logs the error with its causes, and tells nothing of it.
    pub fn internal(error: &(dyn Error + 'static)) -> Self {
        tracing::error!(error = crate::log::chain(error), "a request failed");
        Self::internal_logged()
    }

    /// 500 for what has been logged already.
    pub const fn internal_logged() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong on our side",
            "Что-то пошло не так на нашей стороне",
        )
    }

    /// 503: the outside's. Logs the error with its causes, and tells nothing of it.
    pub fn unavailable(error: &(dyn Error + 'static), retry_after_seconds: u32) -> Self {
        tracing::warn!(error = crate::log::chain(error), "a request waits for the outside");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Temporarily unavailable, try again",
            "Временно недоступно, попробуйте ещё раз",
        )
        .retry_after(retry_after_seconds)
    }

    /// The answer, with the request's id once it is known.
    pub(crate) fn render(self, request_id: Option<&str>) -> Response {
        let body = ProblemBody {
            r#type: format!("/docs#problem-{}", self.code),
            title: self.title_en,
            status: self.status.as_u16(),
            code: self.code,
            detail: &self.detail,
            instance: request_id.map(|id| format!("urn:apikassa:request:{id}")),
            messages: Messages { ru: self.title_ru, en: self.title_en },
            errors: self
                .errors
                .iter()
                .map(|error| FieldErrorBody {
                    pointer: &error.pointer,
                    code: error.code,
                    messages: Messages { ru: &error.message_ru, en: &error.message_en },
                })
                .collect(),
            retry_after_seconds: self.retry_after_seconds,
        };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl FieldError {
    /// A fault of the part at `pointer`.
    pub fn new(
        pointer: impl Into<String>,
        code: &'static str,
        message_ru: impl Into<String>,
        message_en: impl Into<String>,
    ) -> Self {
        Self { pointer: pointer.into(), code, message_ru: message_ru.into(), message_en: message_en.into() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.render(None)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use http_body_util::BodyExt;
    use serde_json::{Value, json};

    use super::*;

    pub(crate) async fn body(response: Response) -> Value {
        serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
    }

    #[tokio::test]
    async fn a_problem_speaks_to_machines_and_to_people() {
        let error = FieldError::new("/lines/0/price", "too_small", "не меньше 1", "at least 1");
        let response = Problem::unprocessable(vec![error]).detail("one line is wrong").render(Some("req-1"));
        assert_eq!(response.status(), 422);
        assert_eq!(response.headers()[CONTENT_TYPE], MEDIA_TYPE);
        let expected = json!({
            "type": "/docs#problem-invalid",
            "title": "Some fields are not valid",
            "status": 422,
            "code": "invalid",
            "detail": "one line is wrong",
            "instance": "urn:apikassa:request:req-1",
            "messages": { "ru": "Некоторые поля заполнены неверно", "en": "Some fields are not valid" },
            "errors": [{
                "pointer": "/lines/0/price",
                "code": "too_small",
                "messages": { "ru": "не меньше 1", "en": "at least 1" },
            }],
        });
        assert_eq!(body(response).await, expected);
    }

    #[tokio::test]
    async fn headers_follow_the_problem() {
        let response = Problem::too_many_requests(7).into_response();
        assert_eq!(response.headers()[RETRY_AFTER], "7");
        assert_eq!(body(response).await["retry_after_seconds"], 7);
        assert_eq!(Problem::unauthorized().into_response().headers()[WWW_AUTHENTICATE], "Bearer");
    }

    #[tokio::test]
    async fn what_went_wrong_with_us_is_not_told() {
        let error = std::io::Error::other("the table apikassa is on fire");
        for response in [Problem::internal(&error).into_response(), Problem::unavailable(&error, 1).into_response()] {
            assert!(!body(response).await.to_string().contains("fire"));
        }
    }
}
