//! A partner's contracts with the doubled banks: shown and set with a test key.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use connectors::peer;
use domain::id::Tenant;
use serde::Deserialize;
use serde_json::json;
use workflows::connect;
use workflows::ports::Ports;

use super::{Family, TerminalSettings, terminal};
use crate::Shared;
use crate::door::{Received, Refusal, answer, bytes, partner, told_where};
use crate::rows::{self, Next};

/// `PUT /sandbox/banks/{family}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Where callbacks go; nothing: to the platform.
    callback_url: Option<String>,
}

/// `GET /sandbox/banks/{family}`: address, credentials and where callbacks go.
pub async fn show(
    State(Shared { ports, .. }): State<Shared>,
    Path(family): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let tenant = partner(&ports, &headers).await?;
    shown(&ports, &tenant, Family::parse(&family).ok_or(Refusal::not_found())?).await
}

/// `PUT /sandbox/banks/{family}` with `{"callback_url": …|null}`; answers like `GET`.
pub async fn set(
    State(Shared { ports, .. }): State<Shared>,
    Path(family): Path<String>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Refusal> {
    let tenant = partner(&ports, &headers).await?;
    let family = Family::parse(&family).ok_or(Refusal::not_found())?;
    let Settings { callback_url } = peer::read(&bytes(received)?)?;
    told_where(callback_url.as_deref())?;
    rows::change(&ports, &tenant, family.code(), |before: Option<TerminalSettings>| {
        let next = TerminalSettings { callback_url: callback_url.clone() };
        if before.as_ref() == Some(&next) { Next::Keep(()) } else { Next::Put(next, ()) }
    })
    .await?;
    shown(&ports, &tenant, family).await
}

/// `PUT /sandbox/banks`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    /// `rbs`, `tbank`, `paykeeper`, `assist` or `yookassa`; nothing: the sandbox's own bank.
    bank: Option<String>,
}

/// `PUT /sandbox/banks` with `{"bank": "tbank"|null}`: new test payments go to that double, or to the sandbox's own bank.
pub async fn choose(
    State(Shared { ports, .. }): State<Shared>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Refusal> {
    let tenant = partner(&ports, &headers).await?;
    let Choice { bank } = peer::read(&bytes(received)?)?;
    let account = match bank.as_deref() {
        None => None,
        Some(code) => {
            let known = connect::Family::ALL.into_iter().find(|family| family.code() == code);
            let (Some(known), Some(family)) = (known, Family::parse(code)) else {
                return Err(Refusal::invalid(vec![(
                    "/bank".to_owned(),
                    "rbs, tbank, paykeeper, assist, yookassa или null".to_owned(),
                    "rbs, tbank, paykeeper, assist, yookassa or null".to_owned(),
                )]));
            };
            let terminal = terminal(&ports, &tenant, family).await?;
            Some(connect::double_account(known, terminal.address, terminal.credentials))
        }
    };
    connect::choose_test_bank(&ports, &tenant, account).await.map_err(Refusal::of_choice)?;
    Ok(answer(StatusCode::OK, json!({ "bank": bank })))
}

async fn shown(ports: &Ports, tenant: &Tenant, family: Family) -> Result<Response, Refusal> {
    let terminal = terminal(ports, tenant, family).await?;
    let body = json!({
        "bank": family.code(),
        "address": terminal.address,
        "pages": terminal.pages,
        "credentials": terminal.credentials,
        "callback_url": terminal.callback_url,
    });
    Ok(answer(StatusCode::OK, body))
}
