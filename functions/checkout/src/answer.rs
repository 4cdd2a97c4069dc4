//! Who reads, and what they are answered with: a page under its policy, a redirect, a designed failure.

use std::convert::Infallible;

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::response::{Html, IntoResponse, Response};
use domain::details::Language;
use domain::partner::Partner;
use http::header::{ACCEPT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use pages::{ErrorView, Lang, Page};
use runtime::RequestId;
use workflows::error::{Whose, WorkflowError};
use workflows::ports::Settings;

/// Named values in the order they came, decoded.
pub(crate) type Pairs = Vec<(String, String)>;

/// Seconds after which a page that could not be made is worth asking for again.
const RETRY_AFTER_SECONDS: &str = "5";

/// Who reads: the language they chose or prefer, and the id of their request.
pub(crate) struct Reader {
    /// `?lang=`.
    pub chosen: Option<Lang>,
    /// Of the `Accept-Language` header.
    pub preferred: Lang,
    /// What to name when asking support.
    pub request_id: String,
}

impl<S: Sync> FromRequestParts<S> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let RequestId(request_id) = RequestId::from_request_parts(parts, state).await?;
        let query = pairs(parts.uri.query().unwrap_or_default().as_bytes());
        let header = parts.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Self {
            chosen: value(&query, "lang").and_then(Lang::parse),
            preferred: Lang::from_accept_language(header),
            request_id,
        })
    }
}

impl Reader {
    /// The language of a page about an order: what the reader chose, else the order's.
    pub fn language(&self, order: Language) -> Lang {
        self.chosen.unwrap_or(workflows::checkout::page_language(order))
    }

    /// The language of a page about no order.
    pub fn own_language(&self) -> Lang {
        self.chosen.unwrap_or(self.preferred)
    }

    /// A failure in the common words of its status.
    pub fn failure(&self, status: StatusCode) -> Response {
        self.failure_in_words(status, self.own_language(), None, None)
    }

    /// A failure in words of its own.
    pub fn failure_in_words(
        &self,
        status: StatusCode,
        lang: Lang,
        words: Option<(&str, &str)>,
        onward: Option<(String, String)>,
    ) -> Response {
        let (title, text) = words.map(|(title, text)| (title.to_owned(), text.to_owned())).unzip();
        let reference = Some(self.request_id.clone());
        let view = ErrorView { lang, status: status.as_u16(), title, text, reference, onward };
        let mut response = page(status, &pages::error_page(&view), "");
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
        }
        response
    }

    /// What came of a workflow: its page, or the failure it ended in, logged once.
    pub fn answer(&self, outcome: Result<Response, WorkflowError>) -> Response {
        outcome.unwrap_or_else(|error| {
            let status = match error.whose() {
                Whose::Caller => match error {
                    WorkflowError::Refused(_) => StatusCode::CONFLICT,
                    _ => StatusCode::NOT_FOUND,
                },
                Whose::Outside => StatusCode::SERVICE_UNAVAILABLE,
                Whose::Ours => StatusCode::INTERNAL_SERVER_ERROR,
            };
            match error.whose() {
                Whose::Caller => tracing::info!(error = error.chain(), "a page is refused"),
                Whose::Outside => tracing::warn!(error = error.chain(), "a page waits for the outside"),
                Whose::Ours => tracing::error!(error = error.chain(), "a page failed"),
            }
            self.failure(status)
        })
    }
}

/// A page with the policy its hashes allow. `form_action`: what its forms, and the redirects they are answered with, may
/// reach; empty for none.
pub(crate) fn page(status: StatusCode, page: &Page, form_action: &str) -> Response {
    let policy = HeaderValue::from_str(&page.content_security_policy(form_action));
    // Without a policy nothing may run or load: never a page with none.
    let policy = policy.unwrap_or(HeaderValue::from_static("default-src 'none'"));
    (status, [(CONTENT_SECURITY_POLICY, policy)], Html(page.html.clone())).into_response()
}

/// What the forms of an order's pages may reach: this door, and the address under which the bank's page answers. Of a test partner's
/// own bank that is ours. Of any other nobody knows the name before the payment is made there: it is not that of the bank's API.
pub(crate) fn form_action(settings: &Settings, partner: &Partner) -> String {
    let own = domain::partner::origin(&settings.base_url).map(|origin| format!(" {origin}")).unwrap_or_default();
    let banks = if partner.accounts.is_empty() { "" } else { " https:" };
    format!("'self'{own}{banks}")
}

/// 303: the other place is to be looked at with GET, so that a reload repeats no form.
pub(crate) fn see_other(url: &str) -> Response {
    let Ok(url) = HeaderValue::from_str(url) else {
        tracing::error!("an address does not fit a header");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    (StatusCode::SEE_OTHER, [(LOCATION, url)]).into_response()
}

/// The fields of a form.
///
/// # Errors
/// The body is not a form's.
pub(crate) fn form(headers: &HeaderMap, body: &Bytes) -> Result<Pairs, StatusCode> {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        Ok(pairs(body))
    } else {
        Err(StatusCode::UNSUPPORTED_MEDIA_TYPE)
    }
}

/// Fields as browsers write them.
pub(crate) fn pairs(text: &[u8]) -> Pairs {
    form_urlencoded::parse(text).into_owned().collect()
}

/// The first value of a field.
pub(crate) fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}
