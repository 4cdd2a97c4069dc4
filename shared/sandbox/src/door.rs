//! What the sandbox's doors share: refusals, signatures, keys, pages.

use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use connectors::peer::{self, Malformed, TERMINAL};
use connectors::signature::{self, SignatureError};
use domain::id::Tenant;
use serde::de::DeserializeOwned;
use serde_json::json;
use workflows::ports::Ports;

use crate::SandboxError;

/// A request that is not granted, as RFC 9457 has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    code: &'static str,
    english: String,
    russian: &'static str,
    errors: Vec<(String, String)>,
}

impl Refusal {
    /// A refusal with a stable code and words for people.
    pub fn new(status: StatusCode, code: &'static str, english: impl Into<String>, russian: &'static str) -> Self {
        Self { status, code, english: english.into(), russian, errors: Vec::new() }
    }

    /// The fields that break a rule.
    pub fn invalid(errors: Vec<(String, String)>) -> Self {
        let named: Vec<_> = errors.iter().map(|(pointer, rule)| format!("{pointer}: {rule}")).collect();
        let english = named.join("; ");
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", english, "Поля заполнены неверно") }
    }

    /// Nothing there, or nothing of the caller's.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing at this address", "По этому адресу ничего нет")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let errors: Vec<_> =
            self.errors.iter().map(|(pointer, detail)| json!({ "pointer": pointer, "detail": detail })).collect();
        let mut body = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or_default(),
            "status": self.status.as_u16(),
            "code": self.code,
            "detail": self.english,
            "detail_ru": self.russian,
        });
        if let (false, Some(body)) = (errors.is_empty(), body.as_object_mut()) {
            body.insert("errors".to_owned(), errors.into());
        }
        let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))];
        (self.status, kind, body.to_string()).into_response()
    }
}

impl From<SandboxError> for Refusal {
    fn from(error: SandboxError) -> Self {
        if error.passes() {
            tracing::warn!(error = chain(&error), "the sandbox could not answer now");
            let english = "not available now, try again";
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", english, "Сейчас недоступно, повторите позже");
        }
        tracing::error!(error = chain(&error), "the sandbox failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something went wrong on our side", "Ошибка на нашей стороне")
    }
}

impl From<storage::store::StoreError> for Refusal {
    fn from(error: storage::store::StoreError) -> Self {
        SandboxError::from(error).into()
    }
}

impl From<Malformed> for Refusal {
    fn from(Malformed { pointer, rule }: Malformed) -> Self {
        Self::invalid(vec![(pointer, rule)])
    }
}

impl From<SignatureError> for Refusal {
    fn from(error: SignatureError) -> Self {
        let code = match error {
            SignatureError::Unsigned => "unsigned",
            SignatureError::Wrong => "wrong_signature",
            SignatureError::Stale { .. } => "stale_signature",
        };
        Self::new(StatusCode::UNAUTHORIZED, code, error.to_string(), "Подпись запроса не принята")
    }
}

/// An error with its causes on one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// A body as it was received, or why not.
pub type Received = Result<axum::body::Bytes, BytesRejection>;

/// The bytes of a body.
pub fn bytes(received: Received) -> Result<axum::body::Bytes, Refusal> {
    received.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "at most 256 kB", "Запрос больше 256 КБ")
        }
        _ => Refusal::new(StatusCode::BAD_REQUEST, "unreadable", "the body did not arrive whole", "Тело запроса не получено"),
    })
}

/// Who signed a machine's request, verified over the bytes received.
pub fn signed(ports: &Ports, headers: &HeaderMap, purpose: &str, body: &[u8]) -> Result<Tenant, Refusal> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let tenant: Tenant = text(TERMINAL)
        .and_then(|terminal| terminal.parse().ok())
        .ok_or_else(|| Refusal::new(StatusCode::UNAUTHORIZED, "no_terminal", "x-terminal names no tenant", "Терминал не указан"))?;
    let secret = signature::derive(&ports.settings.master_secret.0, purpose, &tenant);
    signature::verify(&secret, ports.clock.now(), text(signature::HEADER), body)?;
    if !tenant.is_test() {
        return Err(live_refused());
    }
    Ok(tenant)
}

/// The test partner whose key a request bears.
pub async fn partner(ports: &Ports, headers: &HeaderMap) -> Result<Tenant, Refusal> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    match workflows::access::tenant(ports, authorization).await? {
        Some(tenant) if tenant.is_test() => Ok(tenant),
        Some(_) => Err(live_refused()),
        None => Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "a test key is needed: Authorization: Bearer ak_test_…",
            "Нужен тестовый ключ",
        )),
    }
}

fn live_refused() -> Refusal {
    let english = "the sandbox is for test keys; a live key must never be used here";
    Refusal::new(StatusCode::FORBIDDEN, "live_key", english, "Песочница принимает только тестовые ключи")
}

/// A signed JSON request of the platform's.
pub fn signed_json<T: DeserializeOwned>(
    ports: &Ports,
    headers: &HeaderMap,
    purpose: &str,
    received: Received,
) -> Result<(Tenant, T), Refusal> {
    let body = bytes(received)?;
    let tenant = signed(ports, headers, purpose, &body)?;
    Ok((tenant, peer::read(&body)?))
}

/// A JSON answer that nobody keeps.
pub fn answer(status: StatusCode, body: impl serde::Serialize) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// A page with the strict policy its hashes allow. `form_action`: what its forms may reach.
pub fn page(status: StatusCode, page: pages::Page, form_action: &str) -> Response {
    let policy = HeaderValue::from_str(&page.content_security_policy(form_action));
    // Without a policy nothing may run or load: never send a page with none.
    let policy = policy.unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ];
    (status, headers, Html(page.html)).into_response()
}

/// Sends a browser on with a GET.
pub fn see_other(url: &str) -> Response {
    let headers = [
        (header::LOCATION, HeaderValue::from_str(url).unwrap_or(HeaderValue::from_static("/"))),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// No such address.
pub async fn nothing_here() -> Refusal {
    Refusal::not_found()
}

/// An address of ours, asked in a way it does not answer.
pub async fn wrong_method() -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "not this way", "Метод не поддерживается")
}
