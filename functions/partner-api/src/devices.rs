//! Stationary registers: the catalogue of models, the key of a register's agent, and what the register tells of itself.

use axum::Json;
use axum::extract::State;
use connectors::till::device::catalogue::{Closing, DRIVE_DOCUMENTS, DRIVE_MONTHS, MODELS, Model};
use domain::receipt::device::{JobState, Warning};
use http::StatusCode;
use runtime::{Path, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workflows::device::{self, Declared};
use workflows::ports::Ports;

use crate::access::{Caller, OperatedTenant, TenantPath};
use crate::problems::{self, Answer};
use crate::web;

/// Characters of a reason, at most.
const REASON_CHARACTERS_MAX: usize = 200;

/// A model of a stationary register.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeviceModelView {
    /// Its key.
    #[schema(example = "atol-30f")]
    pub key: &'static str,
    /// Its maker.
    #[schema(example = "АТОЛ")]
    pub vendor: &'static str,
    /// Its name.
    #[schema(example = "АТОЛ 30Ф")]
    pub name: &'static str,
    /// Versions of the format (tag 1209) it can be registered with.
    #[schema(example = json!(["1.05", "1.2"]))]
    pub ffd: Vec<&'static str>,
    /// The first receipt opens the shift.
    pub opens_shift: bool,
    /// It closes a shift before 24 hours by itself; otherwise its agent does.
    pub closes_shift: bool,
    /// It makes a receipt without paper when it is told so.
    pub paperless: bool,
    /// Months the drives for it live.
    #[schema(example = json!([13, 15, 36]))]
    pub drive_months: Vec<u8>,
    /// Documents that fit into a drive, about.
    #[schema(example = 250_000)]
    pub drive_documents: u32,
}

/// The catalogue.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeviceModelList {
    /// The models.
    pub models: Vec<DeviceModelView>,
}

/// A key that was issued.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IssuedDeviceKey {
    /// The register.
    #[schema(example = "shop-1")]
    pub register: String,
    /// The key of its agent; shown this once. The one before is good for nothing any more.
    #[schema(example = "dk_test_demoshop_…")]
    pub device_key: String,
}

/// A stationary register as its operator sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeviceView {
    /// Id.
    #[schema(example = "shop-1")]
    pub register: String,
    /// Whether its agent has a key.
    pub has_key: bool,
    /// Jobs that wait to be fetched, at most ten are counted.
    pub waiting: usize,
    /// The job that is out, until its lease is over.
    pub out: Option<DeviceJobView>,
    /// What somebody should look after: `silent`, `paper_out`, `shift_over_24h`, `drive_ends`, `drive_expired`, `drive_nearly_full`,
    /// `drive_full`, `test_drive`.
    #[schema(value_type = Vec<String>, example = json!(["drive_ends"]))]
    pub warnings: Vec<Warning>,
    /// What it told of itself last.
    pub state: Option<DeviceStateView>,
}

/// A job that is out.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeviceJobView {
    /// The receipt's id at the register.
    pub external_id: String,
    /// When it is given out again, unless it is closed before.
    pub lease_until: String,
}

/// What a register told of itself.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeviceStateView {
    /// When.
    pub at: String,
    /// Key of its model.
    #[schema(example = "atol-30f")]
    pub model: String,
    /// Serial number.
    #[schema(example = "00106107031234")]
    pub serial: String,
    /// РН ККТ.
    pub registration: Option<String>,
    /// ФН.
    #[schema(example = "9999078900001234")]
    pub drive: String,
    /// The last day of the drive.
    #[schema(example = "2027-12-20")]
    pub drive_until: String,
    /// Documents the drive has left.
    pub documents_left: u32,
    /// When the shift was opened; `null` while it is closed.
    pub shift_opened_at: Option<String>,
    /// Whether there is paper; `null` without a printer.
    pub paper: Option<bool>,
    /// Agent and firmware.
    pub software: String,
}

/// That a job was not printed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotPrintedRequest {
    /// How that is known, 1 to 200 characters.
    #[schema(example = "Касса сгорела; ФН прочитан, документа нет")]
    pub reason: String,
    /// Somebody has made sure that the register has not printed it; needed for a job an agent has had.
    #[serde(default)]
    pub confirmed: bool,
}

/// A job of a register.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct JobView {
    /// The receipt's id at the register.
    pub external_id: String,
    /// When it was put there, last.
    pub since: String,
    /// `waiting` to be fetched; `out`, given to an agent; `printed`; `failed`, surely not printed; `gone` to another register.
    #[schema(example = "failed")]
    pub state: &'static str,
    /// Why it was not printed: what the agent told, `not_fetched`, or `declared` by a person.
    #[schema(example = "declared")]
    pub code: Option<&'static str>,
    /// The same in the agent's or the person's words.
    pub text: Option<String>,
}

fn shown(model: &Model) -> DeviceModelView {
    let mut months: Vec<u8> =
        DRIVE_MONTHS.iter().filter(|(ffd, _)| model.ffd.contains(ffd)).flat_map(|(_, months)| *months).collect();
    months.sort_unstable();
    months.dedup();
    DeviceModelView {
        key: model.key,
        vendor: model.vendor,
        name: model.name,
        ffd: model.ffd.iter().map(|ffd| ffd.text()).collect(),
        opens_shift: model.opens_shift,
        closes_shift: model.closing == Closing::Itself,
        paperless: model.paperless,
        drive_months: months,
        drive_documents: DRIVE_DOCUMENTS,
    }
}

/// List the models of stationary registers
///
/// What a model commonly can; what a single register has, its agent tells.
#[utoipa::path(
    get,
    path = "/v1/devices/models",
    operation_id = "device_models",
    tag = "Settings",
    responses((status = 200, description = "The catalogue.", body = DeviceModelList)),
    security(("api_key" = [])),
)]
pub async fn models(Caller(_): Caller) -> Json<DeviceModelList> {
    Json(DeviceModelList { models: MODELS.iter().map(shown).collect() })
}

/// Issue the key of a register's agent
///
/// For a register of the kind `device`. The key is shown this once; the one before is good for nothing from then on.
#[utoipa::path(
    post,
    path = "/v1/operator/partners/{partner}/{mode}/registers/{register}/device-key",
    operation_id = "issue_device_key",
    tag = "Operator",
    params(
        TenantPath,
        ("register" = String, Path, description = "The register's id.", example = "shop-1"),
    ),
    responses((status = 201, description = "The key.", body = IssuedDeviceKey)),
    security(("operator_token" = [])),
)]
pub async fn issue_key(
    State(ports): State<Ports>,
    OperatedTenant(tenant): OperatedTenant,
    Path((_, _, register)): Path<(String, String, String)>,
) -> Answer<(StatusCode, Json<IssuedDeviceKey>)> {
    let device_key = device::issue_key(&ports, &tenant, &register).await?;
    Ok((StatusCode::CREATED, Json(IssuedDeviceKey { register, device_key })))
}

/// Look at a stationary register
///
/// What it told of itself last, what to look after, and what it has to print.
#[utoipa::path(
    get,
    path = "/v1/operator/partners/{partner}/{mode}/registers/{register}/device",
    operation_id = "device",
    tag = "Operator",
    params(
        TenantPath,
        ("register" = String, Path, description = "The register's id.", example = "shop-1"),
    ),
    responses((status = 200, description = "The register.", body = DeviceView)),
    security(("operator_token" = [])),
)]
pub async fn look(
    State(ports): State<Ports>,
    OperatedTenant(tenant): OperatedTenant,
    Path((_, _, register)): Path<(String, String, String)>,
) -> Answer<Json<DeviceView>> {
    let seen = device::look(&ports, &tenant, &register).await?;
    let out = seen.out.map(|lease| DeviceJobView { external_id: lease.job, lease_until: lease.until.to_string() });
    let state = seen.state.map(|state| DeviceStateView {
        at: state.at.to_string(),
        model: state.model,
        serial: state.serial,
        registration: state.registration,
        drive: state.drive,
        drive_until: state.drive_until.to_string(),
        documents_left: state.documents_left,
        shift_opened_at: state.shift_opened_at.map(|at| at.to_string()),
        paper: state.paper,
        software: state.software,
    });
    Ok(Json(DeviceView { register, has_key: seen.has_key, waiting: seen.waiting, out, warnings: seen.warnings, state }))
}

/// Declare a job not printed
///
/// So that another register may print the receipt: when the register itself has said so or never fetched the job, or when somebody has
/// looked at it and confirms that the drive has no such document. A job that an agent has at this moment is refused until its lease is
/// over. The reason stays with the job. Repeating it changes nothing.
#[utoipa::path(
    post,
    path = "/v1/operator/partners/{partner}/{mode}/registers/{register}/jobs/{job}/not-printed",
    operation_id = "declare_not_printed",
    tag = "Operator",
    params(
        TenantPath,
        ("register" = String, Path, description = "The register's id.", example = "shop-1"),
        ("job" = String, Path, description = "The receipt's id at the register, `external_id`."),
    ),
    request_body = NotPrintedRequest,
    responses((status = 204, description = "It is on record; the receipt goes to the next register, or comes again.")),
    security(("operator_token" = [])),
)]
pub async fn not_printed(
    State(ports): State<Ports>,
    OperatedTenant(tenant): OperatedTenant,
    Path((_, _, register, job)): Path<(String, String, String, String)>,
    web::Json(request): web::Json<NotPrintedRequest>,
) -> Answer<StatusCode> {
    let reason = request.reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_CHARACTERS_MAX || reason.chars().any(char::is_control) {
        let (ru, en) = ("От 1 до 200 символов, без управляющих.", "1 to 200 characters, none of them a control one.");
        return Err(problems::fault("/reason", "reason", ru, en).into());
    }
    let job = job_id(&job)?;
    match Box::pin(device::declare(&ports, &tenant, &register, job, reason, request.confirmed)).await? {
        Declared::Recorded => Ok(StatusCode::NO_CONTENT),
        Declared::Printed => Err(problems::job_printed().into()),
        Declared::Unconfirmed => Err(problems::job_unconfirmed().into()),
        Declared::Leased(until) => Err(problems::job_leased().detail(format!("the lease is over at {until}")).into()),
    }
}

/// A register's other rows are no jobs.
fn job_id(text: &str) -> Result<&str, Problem> {
    if text.starts_with("ord_") { Ok(text) } else { Err(Problem::not_found()) }
}

/// Look at a job
///
/// How it stands, and why it was not printed.
#[utoipa::path(
    get,
    path = "/v1/operator/partners/{partner}/{mode}/registers/{register}/jobs/{job}",
    operation_id = "device_job",
    tag = "Operator",
    params(
        TenantPath,
        ("register" = String, Path, description = "The register's id.", example = "shop-1"),
        ("job" = String, Path, description = "The receipt's id at the register, `external_id`."),
    ),
    responses((status = 200, description = "The job.", body = JobView)),
    security(("operator_token" = [])),
)]
pub async fn job(
    State(ports): State<Ports>,
    OperatedTenant(tenant): OperatedTenant,
    Path((_, _, register, job)): Path<(String, String, String, String)>,
) -> Answer<Json<JobView>> {
    let id = job_id(&job)?;
    let found = device::job(&ports, &tenant, &register, id).await?;
    let (state, why) = match found.state {
        JobState::Waiting => ("waiting", None),
        JobState::Out => ("out", None),
        JobState::Printed(_) => ("printed", None),
        JobState::Failed(why) => ("failed", Some(why)),
        JobState::Gone => ("gone", None),
    };
    let (code, text) = why.map(|why| (why.why.code(), why.text)).unzip();
    Ok(Json(JobView { external_id: job, since: found.since.to_string(), state, code, text }))
}
