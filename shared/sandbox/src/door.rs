//! What the sandbox's doors share: refusals, signatures, keys, pages.

use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use connectors::peer::{self, Malformed, TERMINAL};
use connectors::signature::{self, SignatureError};
use domain::id::Tenant;
use domain::partner::origin;
use runtime::problem::{FieldError, Problem};
use serde::de::DeserializeOwned;
use workflows::error::WorkflowError;
use workflows::ports::Ports;

use crate::SandboxError;

/// Bytes of the address a double tells its outcomes to, at most.
const CALLBACK_URL_BYTES_MAX: usize = 2_048;

/// A request that is not granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(Problem);

impl Refusal {
    /// A refusal with a stable code and words for people.
    pub const fn new(status: StatusCode, code: &'static str, english: &'static str, russian: &'static str) -> Self {
        Self(Problem::new(status, code, english, russian))
    }

    /// The fields that break a rule: pointer, rule in Russian, rule in English.
    pub fn invalid(errors: Vec<(String, String, String)>) -> Self {
        // The connector on the other side logs the detail: it must say all by itself.
        let named: Vec<_> = errors.iter().map(|(pointer, _, rule)| format!("{pointer}: {rule}")).collect();
        let fields =
            errors.into_iter().map(|(pointer, russian, english)| FieldError::new(pointer, "invalid", russian, english));
        Self(Problem::unprocessable(fields.collect()).detail(named.join("; ")))
    }

    /// One field that breaks a rule, for machines.
    pub fn field(pointer: &str, rule: &str) -> Self {
        Self::invalid(vec![machine_rule(pointer, rule)])
    }

    /// The same for somebody who looks at a page.
    pub fn page(self) -> Response {
        let status = self.0.status;
        let (lang, status_code) = (pages::Lang::default(), status.as_u16());
        let view =
            pages::ErrorView { lang, status: status_code, title: None, text: None, reference: None, onward: None };
        page(status, pages::error_page(&view), "")
    }

    /// Why a test partner's choice of doubles was not kept.
    pub fn of_choice(error: WorkflowError) -> Self {
        match error {
            WorkflowError::Store(error) => SandboxError::from(error).into(),
            _ => Self::not_found(),
        }
    }

    /// Nothing there, or nothing of the caller's.
    pub const fn not_found() -> Self {
        Self(Problem::not_found())
    }
}

/// A rule only our own connector can break: for engineers, in English.
pub fn machine_rule(pointer: &str, rule: &str) -> (String, String, String) {
    (pointer.to_owned(), "поле заполнено неверно".to_owned(), rule.to_owned())
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl From<SandboxError> for Refusal {
    fn from(error: SandboxError) -> Self {
        Self(if error.passes() { Problem::unavailable(&error, 2) } else { Problem::internal(&error) })
    }
}

impl From<storage::store::StoreError> for Refusal {
    fn from(error: storage::store::StoreError) -> Self {
        SandboxError::from(error).into()
    }
}

impl From<Malformed> for Refusal {
    fn from(Malformed { pointer, rule }: Malformed) -> Self {
        Self::field(&pointer, &rule)
    }
}

impl From<SignatureError> for Refusal {
    fn from(error: SignatureError) -> Self {
        let code = match error {
            SignatureError::Unsigned => "unsigned",
            SignatureError::Wrong => "wrong-signature",
            SignatureError::Stale { .. } => "stale-signature",
        };
        let problem =
            Problem::new(StatusCode::UNAUTHORIZED, code, "The signature is not accepted", "Подпись запроса не принята");
        Self(problem.detail(error.to_string()))
    }
}

/// A body as it was received, or why not.
pub type Received = Result<axum::body::Bytes, BytesRejection>;

/// The bytes of a body.
pub fn bytes(received: Received) -> Result<axum::body::Bytes, Refusal> {
    received.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal(Problem::too_large()),
        _ => Refusal(Problem::malformed()),
    })
}

/// Checks where a test partner wants to be told of what a double does; nowhere is the platform.
pub fn told_where(callback_url: Option<&str>) -> Result<(), Refusal> {
    let fits = |url: &str| {
        let plain = !url.contains(|c: char| c.is_control() || c.is_whitespace());
        url.len() <= CALLBACK_URL_BYTES_MAX && origin(url).is_some() && plain
    };
    if callback_url.is_none_or(fits) {
        return Ok(());
    }
    Err(Refusal::invalid(vec![(
        "/callback_url".to_owned(),
        format!("абсолютный адрес http(s), не длиннее {CALLBACK_URL_BYTES_MAX} знаков"),
        format!("an absolute http(s) URL, at most {CALLBACK_URL_BYTES_MAX} characters"),
    )]))
}

/// Who signed a machine's request, verified over the bytes received.
pub fn signed(ports: &Ports, headers: &HeaderMap, purpose: &str, body: &[u8]) -> Result<Tenant, Refusal> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let tenant: Tenant = text(TERMINAL).and_then(|terminal| terminal.parse().ok()).ok_or(Refusal::new(
        StatusCode::UNAUTHORIZED,
        "no-terminal",
        "X-Terminal names no tenant",
        "Терминал не указан",
    ))?;
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
        None => Err(Refusal(Problem::unauthorized().detail("a test key is needed: Authorization: Bearer ak_test_…"))),
    }
}

const fn live_refused() -> Refusal {
    let english = "The sandbox takes test keys only";
    Refusal::new(StatusCode::FORBIDDEN, "live-key", english, "Песочница принимает только тестовые ключи")
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
    Refusal(Problem::method_not_allowed())
}
