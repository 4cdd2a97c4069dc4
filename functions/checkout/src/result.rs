//! What the buyer takes away: the receipt, the result, the texts agreed to.

use axum::extract::State;
use axum::http::HeaderName;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connectors::fulfilment::ResultContent;
use domain::details::Language;
use http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, StatusCode};
use pages::{DeliveryContent, DeliveryExpiredView, DeliveryView, Lang, LegalKind, LegalView};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use runtime::Path;
use workflows::checkout::{self, page_agent, page_partner};
use workflows::error::WorkflowError;
use workflows::execution::{ResultPage, open_result};
use workflows::notification::receipt_view;
use workflows::ports::{Ports, Settings};
use workflows::{links, perform};

use crate::answer::{Reader, page};
use crate::view::other_language;

/// What a file's name may contain unescaped in a header (RFC 8187, `attr-char`).
const ATTRIBUTE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `GET /r/{token}`.
pub(crate) async fn receipt(State(ports): State<Ports>, Path(token): Path<String>, reader: Reader) -> Response {
    let shown = async {
        let (id, no) = links::open_receipt(&ports.settings, &token).ok_or(WorkflowError::NotFound)?;
        let seen = checkout::look(&ports, &id).await?;
        let receipt = seen.order.receipts.iter().find(|receipt| receipt.no == no).ok_or(WorkflowError::NotFound)?;
        let mut view = receipt_view(&ports.settings, &seen.order, &seen.details, &seen.partner, receipt)?;
        view.lang = reader.language(seen.details.language);
        view.language_url = Some(other_language(view.lang).to_owned());
        Ok(page(StatusCode::OK, &pages::receipt(&view), ""))
    };
    reader.answer(shown.await)
}

/// `GET /d/{token}`.
pub(crate) async fn delivery(State(ports): State<Ports>, Path(token): Path<String>, reader: Reader) -> Response {
    let shown = async {
        match open_result(&ports, &token).await? {
            ResultPage::Expired(_) => expired(&ports, &token, &reader).await,
            ResultPage::Open { result, applied, until } => {
                let partner = perform::partner(&ports, applied.order.id.tenant()).await?;
                let lang = reader.language(applied.details.language);
                let first_line = applied.details.lines.first().map(|line| line.name.clone());
                let content = match result.content {
                    ResultContent::Text(text) => DeliveryContent::Text(text),
                    ResultContent::Link(url) => DeliveryContent::Link { url },
                    ResultContent::File { name, base64, .. } => DeliveryContent::File {
                        name,
                        size_bytes: STANDARD.decode(&base64).ok().and_then(|bytes| u64::try_from(bytes.len()).ok()),
                        url: format!("{}/file", links::result_url(&ports.settings, &applied.order.id, until)),
                    },
                };
                let view = DeliveryView {
                    lang,
                    language_url: Some(other_language(lang).to_owned()),
                    partner: page_partner(&partner),
                    agent: page_agent(&ports.settings),
                    bill: applied.order.bill.to_string(),
                    number: applied.order.number.clone(),
                    title: applied.details.description.clone().or(first_line).unwrap_or_default(),
                    content,
                    valid_until_ms: Some(until.as_millisecond()),
                    order_url: Some(links::checkout_url(&ports.settings, &applied.order.id)),
                    test_mode: applied.order.id.tenant().is_test(),
                };
                Ok(page(StatusCode::OK, &pages::delivery(&view), ""))
            }
        }
    };
    reader.answer(shown.await)
}

async fn expired(ports: &Ports, token: &str, reader: &Reader) -> Result<Response, WorkflowError> {
    let (id, until) = links::open_result(&ports.settings, token).ok_or(WorkflowError::NotFound)?;
    let seen = checkout::look(ports, &id).await?;
    let lang = reader.language(seen.details.language);
    let view = DeliveryExpiredView {
        lang,
        language_url: Some(other_language(lang).to_owned()),
        partner: page_partner(&seen.partner),
        agent: page_agent(&ports.settings),
        bill: seen.order.bill.to_string(),
        number: seen.order.number.clone(),
        expired_at_ms: until.as_millisecond(),
        order_url: Some(links::checkout_url(&ports.settings, &id)),
    };
    Ok(page(StatusCode::GONE, &pages::delivery_expired(&view), ""))
}

/// `GET /d/{token}/file`: always a download. What an executor sent must never run as a page of ours.
pub(crate) async fn file(State(ports): State<Ports>, Path(token): Path<String>, reader: Reader) -> Response {
    let sent = async {
        let result = match open_result(&ports, &token).await? {
            ResultPage::Expired(_) => return expired(&ports, &token, &reader).await,
            ResultPage::Open { result, .. } => result,
        };
        let ResultContent::File { name, media_type, base64 } = result.content else {
            return Err(WorkflowError::NotFound);
        };
        let Ok(bytes) = STANDARD.decode(&base64) else {
            tracing::error!("a stored file is not base64");
            return Ok(reader.failure(StatusCode::INTERNAL_SERVER_ERROR));
        };
        Ok((download_headers(&name, &media_type), bytes).into_response())
    };
    reader.answer(sent.await)
}

fn download_headers(name: &str, media_type: &str) -> [(HeaderName, HeaderValue); 4] {
    let otherwise = HeaderValue::from_static("application/octet-stream");
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_. ".contains(c) { c } else { '_' }).collect();
    let disposition =
        format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(name, ATTRIBUTE));
    [
        (CONTENT_TYPE, HeaderValue::from_str(media_type).unwrap_or(otherwise)),
        (CONTENT_DISPOSITION, HeaderValue::from_str(&disposition).unwrap_or(HeaderValue::from_static("attachment"))),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ]
}

/// `GET /legal/personal-data`.
pub(crate) async fn personal_data(State(ports): State<Ports>, reader: Reader) -> Response {
    legal(&ports.settings, LegalKind::PersonalData, &reader)
}

/// `GET /legal/terms`.
pub(crate) async fn terms(State(ports): State<Ports>, reader: Reader) -> Response {
    legal(&ports.settings, LegalKind::Terms, &reader)
}

/// Just the text that is hashed as evidence of a consent, laid out.
fn legal(settings: &Settings, kind: LegalKind, reader: &Reader) -> Response {
    let lang = reader.own_language();
    let language = match lang {
        Lang::Ru => Language::Ru,
        Lang::En => Language::En,
    };
    let (personal_data, terms) = checkout::texts(settings, language);
    let text = match kind {
        LegalKind::PersonalData => personal_data,
        LegalKind::Terms => terms,
    };
    let view =
        LegalView { lang, language_url: Some(other_language(lang).to_owned()), text, agent: page_agent(settings) };
    page(StatusCode::OK, &pages::legal(&view), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_can_not_break_out_of_its_header() {
        let [_, (_, disposition), ..] = download_headers("Выписка \"1\".pdf\r\nX: y", "text/html\r\n");
        let text = disposition.to_str().unwrap();
        assert!(text.starts_with("attachment; filename=\"_______ _1_.pdf__X_ y\"; filename*=UTF-8''%D0%92"), "{text}");
    }
}
