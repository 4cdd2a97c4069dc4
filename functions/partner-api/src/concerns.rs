//! Receipts somebody should look after, of all partners: for the operator's support and accounting.

use axum::Json;
use axum::extract::State;
use domain::id::{Mode, Tenant};
use domain::order::{Concern, OfConcern, TaskId};
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;
use workflows::concern::{self, Found};
use workflows::ports::{Ports, Settings};
use workflows::view::{self, ReceiptView};

use crate::access::Operator;
use crate::exchanges;
use crate::problems::{self, Answer};
use crate::query::{List, Parameters};

/// A receipt to look after.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConcernView {
    /// What is the matter: `waits` (not printed in the usual time, or an attempt has failed), `not_printed` (a register has surely not
    /// printed it; it is with another, or comes again), `differs` (printed otherwise than sent, and not corrected), `closing_late` (a
    /// prepayment whose closing receipt is past its day).
    #[schema(example = "waits")]
    pub concern: &'static str,
    /// Since when.
    pub since: String,
    /// Whose: the partner's id and `.t` or `.l`.
    #[schema(example = "demoshop.l")]
    pub tenant: String,
    /// Id of the order.
    pub order: String,
    /// The merchant's order number.
    #[schema(example = "A-1001")]
    pub number: String,
    /// The receipt.
    pub receipt: ReceiptView,
    /// The receipt's id at its register.
    pub external_id: String,
    /// Failed attempts in a row.
    pub failures: u8,
    /// When it is tried or asked about again; `null` where nothing is under way.
    pub next_at: Option<String>,
}

/// Receipts to look after.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConcernList {
    /// The receipts.
    pub receipts: Vec<ConcernView>,
    /// Send it back as `cursor` to go on; `null` on the last page. A page can be short, even empty, and still have one.
    pub next_cursor: Option<String>,
}

fn shown(settings: &Settings, found: &Found, one: &OfConcern<'_>) -> ConcernView {
    let Found { order, details, .. } = found;
    let task = order.tasks.iter().find(|task| task.id == TaskId::Receipt(one.receipt.no));
    ConcernView {
        concern: one.concern.code(),
        since: one.since.to_string(),
        tenant: order.id.tenant().to_string(),
        order: order.id.to_string(),
        number: order.number.clone(),
        receipt: view::receipt_view(settings, order, details, one.receipt),
        external_id: order.external_id(one.receipt),
        failures: task.map_or(0, |task| task.failures),
        next_at: task.map(|task| task.next_at.to_string()),
    }
}

/// Find receipts to look after
///
/// What waits, what was not printed, what differs, and prepayments past the day of their closing receipt: of all live orders, or of one
/// tenant's. By partner, not by time. A receipt is listed from the change that finds it so; one that was printed as it should be is not.
#[utoipa::path(
    get,
    path = "/v1/operator/receipts",
    operation_id = "operator_receipts",
    tag = "Operator",
    params(
        ("tenant" = Option<String>, Query, description = "Whose: the partner's id and `.t` for test, `.l` for live; all live ones when left out.", example = "demoshop.l"),
        ("concern" = Option<String>, Query, description = "Only this: `waits`, `not_printed`, `differs`, `closing_late`.", example = "differs"),
        ("limit" = Option<u32>, Query, description = "1 to 100 orders looked at, 50 when left out.", minimum = 1, maximum = 100, example = 50),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "Receipts.", body = ConcernList)),
    security(("operator_token" = [])),
)]
pub async fn list(State(ports): State<Ports>, Operator: Operator, uri: Uri) -> Answer<Json<ConcernList>> {
    let parameters = Parameters::read(&uri, &["tenant", "concern", "limit", "cursor"])?;
    let tenant = match parameters.text("tenant") {
        Some(_) => Some(exchanges::named(&ports, &parameters).await?),
        None => None,
    };
    let wanted = parameters.text("concern").map(|text| {
        Concern::ALL.into_iter().find(|known| known.code() == text).ok_or_else(|| {
            let codes = Concern::ALL.map(Concern::code).join(", ");
            problems::fault("/concern", "unknown_value", &format!("Допустимы: {codes}."), &format!("One of: {codes}."))
        })
    });
    let (wanted, limit) = (wanted.transpose()?, parameters.limit()?);
    // A cursor belongs to a tenant; those of all are nobody's in particular.
    let whose = tenant.clone().map_or_else(|| Tenant::try_new("everybody", Mode::Live).map_err(|_| ()), Ok);
    let Ok(whose) = whose else { return Err(runtime::Problem::not_found().into()) };
    let filter = format!("{} {}", tenant.is_some(), wanted.map_or("", Concern::code));
    let list = List { tenant: &whose, name: "operator_receipts", filter: &filter };
    let place = parameters.place(&ports, &list)?;
    let page = Box::pin(concern::page(&ports, tenant.as_ref(), place.as_deref(), limit)).await?;
    let receipts = page.orders.iter().flat_map(|found| {
        let of_concern = found.order.receipts_of_concern(found.now);
        let fit = of_concern.filter(|one| wanted.is_none_or(|wanted| wanted == one.concern));
        fit.map(|one| shown(&ports.settings, found, &one)).collect::<Vec<_>>()
    });
    Ok(Json(ConcernList {
        receipts: receipts.collect(),
        next_cursor: page.next.map(|place| list.cursor(&ports.settings, &place)),
    }))
}
