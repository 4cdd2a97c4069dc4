//! Stationary registers: the catalogue of models, the key of a register's agent, and what the register tells of itself.

use axum::Json;
use axum::extract::{Path, State};
use connectors::till::device::catalogue::{Closing, DRIVE_DOCUMENTS, DRIVE_MONTHS, MODELS, Model};
use domain::receipt::device::Warning;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use workflows::device;
use workflows::ports::Ports;

use crate::access::{Caller, Operator};
use crate::banks::tenant_of;
use crate::problems::Answer;

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
        ("partner" = String, Path, description = "The partner's id.", example = "demoshop"),
        ("mode" = String, Path, description = "`test` or `live`.", example = "live"),
        ("register" = String, Path, description = "The register's id.", example = "shop-1"),
    ),
    responses((status = 201, description = "The key.", body = IssuedDeviceKey)),
    security(("operator_token" = [])),
)]
pub async fn issue_key(
    State(ports): State<Ports>,
    Operator: Operator,
    Path((partner, mode, register)): Path<(String, String, String)>,
) -> Answer<(StatusCode, Json<IssuedDeviceKey>)> {
    let tenant = tenant_of(&partner, &mode)?;
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
        ("partner" = String, Path, description = "The partner's id.", example = "demoshop"),
        ("mode" = String, Path, description = "`test` or `live`.", example = "live"),
        ("register" = String, Path, description = "The register's id.", example = "shop-1"),
    ),
    responses((status = 200, description = "The register.", body = DeviceView)),
    security(("operator_token" = [])),
)]
pub async fn look(
    State(ports): State<Ports>,
    Operator: Operator,
    Path((partner, mode, register)): Path<(String, String, String)>,
) -> Answer<Json<DeviceView>> {
    let tenant = tenant_of(&partner, &mode)?;
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
