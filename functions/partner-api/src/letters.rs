//! Letters about closed months to a partner's accountant, as the operator sees them and has them sent again.

use axum::Json;
use axum::extract::{FromRequestParts, RawPathParams, State};
use domain::id::Tenant;
use domain::report::Period;
use domain::report::letters::Letters;
use http::request::Parts;
use runtime::Problem;
use serde::Serialize;
use utoipa::ToSchema;
use workflows::error::WorkflowError;
use workflows::months;
use workflows::ports::Ports;

use crate::access::{OperatedTenant, TenantPath};
use crate::problems::{Answer, Refused};
use crate::query::Month;

/// Letters about a report.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LettersView {
    /// One is still to be sent: within the hour, once there is an address.
    pub is_due: bool,
    /// Where the next one goes: `legal.accountant` of the partner.
    #[schema(example = "buh@shop.example")]
    pub to: Option<String>,
    /// Those that went out.
    pub sent: Vec<SentView>,
    /// Why the last try failed.
    pub failure: Option<String>,
}

/// A letter that went out.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SentView {
    /// When.
    #[schema(example = "2026-12-01T00:20:00Z")]
    pub at: String,
    /// Where to.
    #[schema(example = "buh@shop.example")]
    pub to: String,
    /// The provider's id of it.
    pub provider_id: String,
}

/// A closed month in the path of one of the operator's routes.
#[derive(Debug, Clone)]
pub struct OperatedMonth(Tenant, Period);

impl FromRequestParts<Ports> for OperatedMonth {
    type Rejection = Refused;

    async fn from_request_parts(request: &mut Parts, ports: &Ports) -> Result<Self, Refused> {
        let OperatedTenant(tenant) = OperatedTenant::from_request_parts(request, ports).await?;
        let params = RawPathParams::from_request_parts(request, ports).await.map_err(|_| Problem::not_found())?;
        let month = params.iter().find(|(name, _)| *name == "month").and_then(|(_, month)| Month::parse(month));
        let period = month.and_then(|month| Period::try_from(month.to_string()).ok()).ok_or_else(Problem::not_found)?;
        let closed = ports.store.report(&tenant, period).await.map_err(WorkflowError::from)?;
        if closed.is_some() { Ok(Self(tenant, period)) } else { Err(Problem::not_found().into()) }
    }
}

async fn shown(ports: &Ports, tenant: &Tenant, letters: Letters) -> Answer<Json<LettersView>> {
    let partner = ports.store.partner(tenant, ports.clock.now()).await.map_err(WorkflowError::from)?;
    let sent = letters.sent.iter().map(|sent| SentView {
        at: sent.at.to_string(),
        to: sent.to.clone(),
        provider_id: sent.id.clone(),
    });
    Ok(Json(LettersView {
        is_due: letters.is_due(),
        to: partner.and_then(|partner| partner.legal.accountant.clone()),
        sent: sent.collect(),
        failure: letters.failure.clone(),
    }))
}

/// Look at a report's letters
///
/// When a month is closed, its number, totals and links to its papers go to the partner's accountant, once.
#[utoipa::path(
    get,
    path = "/v1/operator/partners/{partner}/{mode}/reports/{month}/letters",
    operation_id = "report_letters",
    tag = "Operator",
    params(TenantPath, ("month" = String, Path, description = "`YYYY-MM`.", example = "2026-11")),
    responses((status = 200, description = "The letters.", body = LettersView)),
    security(("operator_token" = [])),
)]
pub async fn look(
    State(ports): State<Ports>,
    OperatedMonth(tenant, period): OperatedMonth,
) -> Answer<Json<LettersView>> {
    let letters = ports.store.letters(&tenant, period).await.map_err(WorkflowError::from)?.row;
    shown(&ports, &tenant, letters).await
}

/// Send a report's letter again
///
/// With links that open for another two months. Asked for twice before it went, it goes once.
#[utoipa::path(
    post,
    path = "/v1/operator/partners/{partner}/{mode}/reports/{month}/letters",
    operation_id = "send_report_letter",
    tag = "Operator",
    params(TenantPath, ("month" = String, Path, description = "`YYYY-MM`.", example = "2026-11")),
    responses((status = 200, description = "The letters; one is on its way.", body = LettersView)),
    security(("operator_token" = [])),
)]
pub async fn send(
    State(ports): State<Ports>,
    OperatedMonth(tenant, period): OperatedMonth,
) -> Answer<Json<LettersView>> {
    let letters = months::letters::send_again(&ports, &tenant, period).await?;
    shown(&ports, &tenant, letters).await
}
