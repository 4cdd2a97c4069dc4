//! The gateway's doors: who asks, for which method, and the payment page's address.

use axum::extract::{Path, State};
use axum::http::{Method as Verb, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use connectors::bank::rbs::wire::{method, read_form};
use domain::id::Tenant;
use subtle::ConstantTimeEq as _;
use workflows::ports::Ports;

use super::orders;
use super::words::{Fault, Fields, done};
use crate::Shared;
use crate::door::{Received, Refusal, see_other};
use crate::double::{self, Family, Terminal};

/// Who asked, and what for.
pub struct Asked<'a> {
    /// What does it.
    pub ports: &'a Ports,
    /// Whose.
    pub tenant: &'a Tenant,
    /// The partner's contract.
    pub terminal: &'a Terminal,
    /// The request's fields.
    pub fields: &'a Fields,
}

/// A method of the gateway's: GET with a query, or POST with a form.
pub async fn method(
    State(Shared { ports, .. }): State<Shared>,
    Path((partner, name)): Path<(String, String)>,
    verb: Verb,
    uri: Uri,
    received: Received,
) -> Response {
    if verb != Verb::GET && verb != Verb::POST {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let Ok(body) = received else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let fields = Fields::read(uri.query().unwrap_or_default(), &body);
    match answer(&ports, &partner, &name, &fields).await {
        Ok(Some(answer)) => done(fields.language(), answer),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(fault) => fault.response(fields.language()),
    }
}

async fn answer(ports: &Ports, partner: &str, name: &str, fields: &Fields) -> Result<Option<serde_json::Value>, Fault> {
    let tenant = &double::tenant(partner).ok_or_else(Fault::denied)?;
    let terminal = &double::terminal(ports, tenant, Family::Rbs).await?;
    if !is_known(terminal, fields) {
        return Err(Fault::denied());
    }
    let asked = Asked { ports, tenant, terminal, fields };
    let answer = match name {
        method::REGISTER => orders::register(&asked, domain::acquiring::Stages::One).await,
        method::REGISTER_PRE_AUTH => orders::register(&asked, domain::acquiring::Stages::Two).await,
        method::STATUS => orders::status(&asked).await,
        method::DEPOSIT => orders::deposit(&asked).await,
        method::REVERSE => orders::reverse(&asked).await,
        method::AUTO_COMPLETION => orders::complete(&asked).await,
        method::REFUND => orders::refund(&asked, false).await,
        method::AUTO_REFUND => orders::refund(&asked, true).await,
        method::DECLINE => orders::decline(&asked).await,
        method::PAY_BINDING => orders::pay_binding(&asked).await,
        method::BINDINGS => orders::bindings(&asked).await,
        // Sberbank's newer gateway spells it otherwise.
        method::UNBIND | "unbindCard.do" => orders::unbind(&asked).await,
        method::QR_GET => orders::qr(&asked).await,
        method::QR_STATUS => orders::qr_status(&asked).await,
        _ => return Ok(None),
    };
    answer.map(Some)
}

/// By `userName` and `password`, or by `token`.
fn is_known(terminal: &Terminal, fields: &Fields) -> bool {
    let same = |field: &str, credential: &str| {
        let wanted = terminal.credentials.of(credential);
        !wanted.is_empty() && bool::from(fields.of(field).unwrap_or_default().as_bytes().ct_eq(wanted.as_bytes()))
    };
    if fields.of("token").is_some() {
        same("token", "token")
    } else {
        same("userName", "user") & same("password", "password")
    }
}

/// The payment page's own address leads to the page all doubles share.
pub async fn page(
    State(Shared { ports, .. }): State<Shared>,
    Path((partner, _merchant, _page)): Path<(String, String, String)>,
    uri: Uri,
) -> Response {
    let fields = read_form(uri.query().unwrap_or_default().as_bytes());
    let order = fields.into_iter().find(|(name, _)| name == "mdOrder").map(|(_, order)| order).unwrap_or_default();
    let Some(tenant) = double::tenant(&partner) else { return Refusal::not_found().page() };
    let deal = double::find_by_reference(&ports, &tenant, Family::Rbs, &order).await;
    let terminal = double::terminal(&ports, &tenant, Family::Rbs).await;
    match (deal, terminal) {
        (Ok(Some(deal)), Ok(terminal)) => see_other(&terminal.page(&deal)),
        (Ok(None), Ok(_)) => Refusal::not_found().page(),
        (Err(error), _) | (_, Err(error)) => Refusal::from(error).page(),
    }
}

/// An address with more of a query.
pub fn with_query(url: &str, query: &str) -> String {
    let (start, fragment) =
        url.split_once('#').map_or((url, String::new()), |(start, rest)| (start, format!("#{rest}")));
    let joint = if start.contains('?') { '&' } else { '?' };
    format!("{start}{joint}{query}{fragment}")
}
