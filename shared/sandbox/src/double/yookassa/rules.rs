//! What `YooKassa` refuses, and how it says so.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use connectors::bank::yookassa::wire::{Amount, ErrorBody, Metadata, PaymentBody};
use connectors::bank::yookassa::{terms, translate};
use connectors::peer::Malformed;
use domain::acquiring::{Method, MethodTerms, Stages};
use domain::details::Language;
use domain::money::{Currency, Money};

use crate::SandboxError;

/// A request that is not granted (<https://yookassa.ru/developers/using-api/response-handling/http-codes>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    status: StatusCode,
    code: &'static str,
    description: String,
    parameter: Option<String>,
}

impl Wrong {
    fn new(status: StatusCode, code: &'static str, description: &str, parameter: Option<&str>) -> Self {
        Self { status, code, description: description.to_owned(), parameter: parameter.map(str::to_owned) }
    }

    /// 400: a parameter is wrong.
    pub fn parameter(parameter: &str, description: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description, Some(parameter))
    }

    /// 401: not a shop, or not its key.
    pub fn credentials() -> Self {
        let words =
            "Error in shopId or secret key. Check their validity. You can reissue the key in the Merchant Profile";
        Self::new(StatusCode::UNAUTHORIZED, "invalid_credentials", words, None)
    }

    /// 403: not with these credentials.
    pub fn forbidden(description: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", description, None)
    }

    /// 404: the shop has no such thing.
    pub fn not_found(parameter: &str, noun: &str) -> Self {
        let words = format!("Incorrect {parameter}. {noun} doesn't exist or access denied");
        Self::new(StatusCode::NOT_FOUND, "not_found", &words, Some(parameter))
    }

    /// 415: no JSON.
    pub fn content_type() -> Self {
        let words = "Content-Type must be application/json";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_request", words, None)
    }

    /// 400: the key was used with another body.
    pub fn key_used() -> Self {
        Self::parameter("Idempotence-Key", "Idempotence key duplicated")
    }
}

impl From<SandboxError> for Wrong {
    fn from(error: SandboxError) -> Self {
        tracing::warn!(%error, "the double of YooKassa could not answer");
        let words = "Internal server error";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_server_error", words, None)
    }
}

impl From<Malformed> for Wrong {
    fn from(Malformed { pointer, rule }: Malformed) -> Self {
        let parameter = pointer.trim_start_matches('/').replace('/', ".");
        let parameter = Some(parameter.as_str()).filter(|parameter| !parameter.is_empty());
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", &format!("Error in request body: {rule}"), parameter)
    }
}

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        let id = workflows::access::sha256_hex(&format!("{self:?}"));
        let body = ErrorBody {
            kind: "error".to_owned(),
            id: super::words::id(&id, "0000-5000-8000"),
            code: self.code.to_owned(),
            description: self.description,
            parameter: self.parameter,
        };
        (self.status, Json(body)).into_response()
    }
}

/// A payment as it was asked for, held to the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What is to be paid.
    pub amount: Money,
    /// In how many stages.
    pub stages: Stages,
    /// By what means; the card, where the buyer shall choose.
    pub method: Method,
    /// Where the buyer comes back to.
    pub return_url: Option<String>,
    /// Language of the page.
    pub language: Language,
}

/// Holds a payment to the rules (<https://yookassa.ru/developers/api#create_payment>).
pub fn payment(body: &PaymentBody) -> Result<Wanted, Wrong> {
    let amount = amount(body.amount.as_ref())?;
    text("description", body.description.as_deref(), 128)?;
    text("merchant_customer_id", body.merchant_customer_id.as_deref(), 200)?;
    metadata(body.metadata.as_ref())?;
    let kind = body.payment_method_data.as_ref().map(|data| data.kind.as_str());
    if kind.is_some() && body.payment_method_id.is_some() {
        return Err(Wrong::parameter("payment_method_id", "Specify either payment_method_id or payment_method_data"));
    }
    let method = method(kind, "payment_method_data.type")?;
    let stages = if body.capture { Stages::One } else { Stages::Two };
    if let Some(terms) = terms_of(method) {
        if stages == Stages::Two && !terms.hold.is_on() {
            return Err(Wrong::parameter("capture", "Two-stage payments are not available for this payment method"));
        }
        if !(terms.least_minor..=terms.greatest_minor).contains(&amount.minor()) {
            return Err(Wrong::parameter("amount.value", "The amount is out of the limits of the payment method"));
        }
    }
    let confirmation = body.confirmation.as_ref();
    match confirmation.map(|confirmation| (confirmation.kind.as_str(), confirmation.return_url.as_deref())) {
        None if body.payment_method_id.is_some() => {}
        None => return Err(Wrong::parameter("confirmation", "Confirmation is required for this payment method")),
        Some(("redirect", Some(url))) if is_url(url) => {}
        Some(("redirect", _)) => {
            return Err(Wrong::parameter("confirmation.return_url", "An absolute URL, at most 2048 characters"));
        }
        Some(("qr", None)) if method == Method::Sbp => {}
        Some(("qr", Some(url))) if method == Method::Sbp && is_url(url) => {}
        Some(_) => {
            let words = "The confirmation type is not available for this payment method";
            return Err(Wrong::parameter("confirmation.type", words));
        }
    }
    let language = match confirmation.and_then(|confirmation| confirmation.locale.as_deref()) {
        None | Some("ru_RU") => Language::Ru,
        Some("en_US") => Language::En,
        Some(_) => return Err(Wrong::parameter("confirmation.locale", "ru_RU or en_US")),
    };
    let return_url = confirmation.and_then(|confirmation| confirmation.return_url.clone());
    Ok(Wanted { amount, stages, method, return_url, language })
}

/// Reads a code of means; the card, where none is given.
pub fn method(kind: Option<&str>, parameter: &str) -> Result<Method, Wrong> {
    let Some(kind) = kind else { return Ok(Method::Card) };
    let found = Method::ALL.into_iter().find(|method| translate::method(*method) == Some(kind));
    found.ok_or_else(|| Wrong::parameter(parameter, "The payment method is not available"))
}

fn terms_of(method: Method) -> Option<MethodTerms> {
    terms().into_iter().find(|terms| terms.method == method)
}

/// Reads a positive amount of roubles.
pub fn amount(amount: Option<&Amount>) -> Result<Money, Wrong> {
    let amount = amount.ok_or_else(|| Wrong::parameter("amount", "The amount is not specified"))?;
    if amount.currency != "RUB" {
        return Err(Wrong::parameter("amount.currency", "The currency is not available for the shop"));
    }
    Money::parse_major(&amount.value, Currency::RUB)
        .ok()
        .filter(|money| money.is_positive())
        .ok_or_else(|| Wrong::parameter("amount.value", "The amount is incorrect"))
}

/// Holds the shop's own pairs to their limits.
pub fn metadata(metadata: Option<&Metadata>) -> Result<(), Wrong> {
    let Some(pairs) = metadata else { return Ok(()) };
    let fits = |(name, value): (&String, &String)| name.chars().count() <= 32 && value.chars().count() <= 512;
    if pairs.len() > 16 || !pairs.iter().all(fits) {
        return Err(Wrong::parameter("metadata", "At most 16 keys of 32 characters, values of 512 characters"));
    }
    Ok(())
}

/// Holds a text to its length.
pub fn text(parameter: &str, text: Option<&str>, most: usize) -> Result<(), Wrong> {
    match text {
        Some(text) if text.chars().count() > most => {
            Err(Wrong::parameter(parameter, &format!("At most {most} characters")))
        }
        _ => Ok(()),
    }
}

/// A key of idempotence (<https://yookassa.ru/developers/using-api/interaction-format>).
pub fn key(key: Option<&str>) -> Result<&str, Wrong> {
    match key {
        None | Some("") => Err(Wrong::parameter("Idempotence-Key", "Idempotence key is empty")),
        Some(key) if key.len() > 64 || !key.bytes().all(|b| b.is_ascii_graphic()) => {
            Err(Wrong::parameter("Idempotence-Key", "Idempotence key is too long: at most 64 characters"))
        }
        Some(key) => Ok(key),
    }
}

fn is_url(url: &str) -> bool {
    url.len() <= 2_048
        && domain::partner::origin(url).is_some()
        && !url.contains(|c: char| c.is_control() || c.is_whitespace())
}
