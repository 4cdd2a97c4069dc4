//! A partner's contracts with the doubled registers: shown, chosen and spoiled with a test key.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use connectors::peer;
use domain::id::Tenant;
use domain::receipt::register::{Register, RegisterKind};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use workflows::connect;
use workflows::ports::Ports;

use super::document::Fault;
use super::{Device, device};
use crate::door::{Received, Refusal, answer, bytes, partner, told_where};
use crate::rows::{self, Next, Thing};
use crate::{SandboxError, Shared};

/// Faults that wait for documents, at most.
const FAULTS_MAX: usize = 50;

/// What the partner has set for one register.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Settings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) callback_url: Option<String>,
    /// What goes wrong with the next documents, one after the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    next: Vec<Fault>,
    /// What goes wrong with all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    always: Option<Fault>,
}

impl Thing for Settings {
    const KIND: &'static str = "register-settings";

    fn due(&self) -> Option<Timestamp> {
        None
    }
}

/// By what a partner's registers know the double of a kind.
pub(super) fn register_id(kind: RegisterKind) -> String {
    kind.code().replace('_', "-")
}

/// What shall go wrong with a document that is new: struck off before the document is written, so that a fault may be lost with
/// a crash and is never played twice.
pub(super) async fn next_fault(
    ports: &Ports,
    tenant: &Tenant,
    kind: RegisterKind,
) -> Result<Option<Fault>, SandboxError> {
    rows::change(ports, tenant, kind.code(), |settings: Option<Settings>| {
        let Some(mut settings) = settings else { return Next::Keep(None) };
        match settings.next.iter().position(|fault| !fault.is_of_requests()) {
            Some(index) => {
                let fault = settings.next.remove(index);
                Next::Put(settings, Some(fault))
            }
            None => Next::Keep(settings.always.filter(|fault| !fault.is_of_requests())),
        }
    })
    .await
}

/// Strikes off a fault of another kind; answers whether there was one.
pub(super) async fn take(
    ports: &Ports,
    tenant: &Tenant,
    kind: RegisterKind,
    fault: Fault,
) -> Result<bool, SandboxError> {
    rows::change(ports, tenant, kind.code(), |settings: Option<Settings>| {
        let Some(mut settings) = settings else { return Next::Keep(false) };
        match settings.next.iter().position(|next| *next == fault) {
            Some(index) => {
                settings.next.remove(index);
                Next::Put(settings, true)
            }
            None => Next::Keep(settings.always == Some(fault)),
        }
    })
    .await
}

/// `GET /sandbox/registers`: all doubles, and which of them the partner's receipts go to, the first choice first.
pub async fn list(State(Shared { ports, .. }): State<Shared>, headers: HeaderMap) -> Result<Response, Refusal> {
    let tenant = partner(&ports, &headers).await?;
    let chosen = connect::test_registers(&ports, &tenant).await.map_err(Refusal::of_choice)?;
    let known: Vec<_> = doubles().map(RegisterKind::code).collect();
    Ok(answer(StatusCode::OK, json!({ "registers": codes(&chosen), "known": known })))
}

/// `PUT /sandbox/registers`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    /// Codes, the first choice first; none: the sandbox's own register.
    registers: Vec<String>,
}

/// `PUT /sandbox/registers` with `{"registers": ["atol_v5", …]}`: new receipts of test orders go to the first of these doubles and,
/// where it can not print, to the next; with none to the sandbox's own register.
pub async fn choose(
    State(Shared { ports, .. }): State<Shared>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Refusal> {
    let tenant = partner(&ports, &headers).await?;
    let Choice { registers } = peer::read(&bytes(received)?)?;
    let mut chosen: Vec<Register> = Vec::new();
    for (index, code) in registers.iter().enumerate() {
        let kind = parse(code).filter(|kind| chosen.iter().all(|chosen| chosen.kind != *kind));
        let Some(kind) = kind else {
            let known = doubles().map(RegisterKind::code).collect::<Vec<_>>().join(", ");
            return Err(Refusal::invalid(vec![(
                format!("/registers/{index}"),
                format!("по одному из: {known}"),
                format!("each of these once: {known}"),
            )]));
        };
        chosen.push(contract(device(&ports, &tenant, kind).await?, index));
    }
    connect::choose_test_registers(&ports, &tenant, &chosen).await.map_err(Refusal::of_choice)?;
    Ok(answer(StatusCode::OK, json!({ "registers": codes(&chosen) })))
}

/// `GET /sandbox/registers/{register}`: address, credentials, where outcomes are told, and what shall go wrong.
pub async fn show(
    State(Shared { ports, .. }): State<Shared>,
    Path(register): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let tenant = partner(&ports, &headers).await?;
    shown(&ports, &tenant, parse(&register).ok_or(Refusal::not_found())?).await
}

/// `PUT /sandbox/registers/{register}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    /// Where outcomes are told; nothing: to the platform.
    callback_url: Option<String>,
}

/// `PUT /sandbox/registers/{register}` with `{"callback_url": …|null}`; answers like `GET`.
pub async fn set(
    State(Shared { ports, .. }): State<Shared>,
    Path(register): Path<String>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Refusal> {
    let tenant = partner(&ports, &headers).await?;
    let kind = parse(&register).ok_or(Refusal::not_found())?;
    let Told { callback_url } = peer::read(&bytes(received)?)?;
    told_where(callback_url.as_deref())?;
    change(&ports, &tenant, kind, |settings| settings.callback_url.clone_from(&callback_url)).await?;
    shown(&ports, &tenant, kind).await
}

/// `PUT /sandbox/registers/{register}/faults`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Faults {
    /// What goes wrong with the next documents, one after the other.
    #[serde(default)]
    next: Vec<Fault>,
    /// What goes wrong with all others.
    #[serde(default)]
    always: Option<Fault>,
}

/// `PUT /sandbox/registers/{register}/faults` with `{"next": ["lost_answer", …], "always": null}`; answers like `GET` of the register.
pub async fn faults(
    State(Shared { ports, .. }): State<Shared>,
    Path(register): Path<String>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Refusal> {
    let tenant = partner(&ports, &headers).await?;
    let kind = parse(&register).ok_or(Refusal::not_found())?;
    let Faults { next, always } = peer::read(&bytes(received)?)?;
    if next.len() > FAULTS_MAX {
        return Err(Refusal::invalid(vec![(
            "/next".to_owned(),
            format!("не больше {FAULTS_MAX}"),
            format!("at most {FAULTS_MAX}"),
        )]));
    }
    change(&ports, &tenant, kind, |settings| {
        settings.next.clone_from(&next);
        settings.always = always;
    })
    .await?;
    shown(&ports, &tenant, kind).await
}

async fn change(
    ports: &Ports,
    tenant: &Tenant,
    kind: RegisterKind,
    mut what: impl FnMut(&mut Settings) + Send,
) -> Result<(), SandboxError> {
    rows::change(ports, tenant, kind.code(), |before: Option<Settings>| {
        let before = before.unwrap_or_default();
        let mut next = before.clone();
        what(&mut next);
        if before == next { Next::Keep(()) } else { Next::Put(next, ()) }
    })
    .await
}

async fn shown(ports: &Ports, tenant: &Tenant, kind: RegisterKind) -> Result<Response, Refusal> {
    let device = device(ports, tenant, kind).await?;
    let settings: Settings = rows::load(ports, tenant, kind.code()).await?.unwrap_or_default();
    let body = json!({
        "register": kind.code(),
        "address": device.address,
        "group": device.group,
        "ffd": device.ffd,
        "credentials": device.credentials,
        "callback_url": device.callback_url,
        "drive": device.drive,
        "registration": device.registration,
        "serial": device.serial,
        "faults": { "next": settings.next, "always": settings.always },
    });
    Ok(answer(StatusCode::OK, body))
}

/// The double as one of a partner's registers.
fn contract(device: Device, place: usize) -> Register {
    Register {
        id: register_id(device.kind),
        kind: device.kind,
        ffd: device.ffd,
        priority: u8::try_from(place).unwrap_or(u8::MAX),
        enabled: true,
        owner: None,
        group: device.group,
        address: Some(device.address),
        credentials: device.credentials,
    }
}

/// All that partners can be connected to.
fn doubles() -> impl Iterator<Item = RegisterKind> {
    RegisterKind::ALL.into_iter().filter(|kind| *kind != RegisterKind::Sandbox)
}

pub(super) fn parse(code: &str) -> Option<RegisterKind> {
    doubles().find(|kind| kind.code() == code)
}

fn codes(registers: &[Register]) -> Vec<&'static str> {
    registers.iter().map(|register| register.kind.code()).collect()
}
