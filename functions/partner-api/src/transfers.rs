//! The operator's payouts: those that are overdue, and those to e-wallets as files of the wallets' operator.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::id::Tenant;
use domain::requisites::WalletOperator;
use domain::time::whole_seconds;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, Uri};
use runtime::{Path, Problem};
use serde::Serialize;
use utoipa::ToSchema;
use workflows::error::WorkflowError;
use workflows::ports::Ports;
use workflows::transfers::{self, ImportError};
use workflows::{clock, income};

use crate::access::Operator;
use crate::exchanges;
use crate::payees::OPERATORS;
use crate::payouts::{PayoutView, view};
use crate::problems::{self, Answer};
use crate::query::Parameters;

/// Overdue payouts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OverdueList {
    /// The payouts, those longest overdue first; at most a hundred.
    pub payouts: Vec<OverdueView>,
}

/// A payout whose last expected day has passed, and nobody has said what became of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OverdueView {
    /// Whose: the partner's id and `.t` or `.l`.
    #[schema(example = "demoshop.l")]
    pub tenant: String,
    /// The payout.
    pub payout: PayoutView,
}

/// The tenant of a test, where the query names one; all live ones otherwise.
pub(crate) async fn scope(ports: &Ports, parameters: &Parameters) -> Answer<Option<Tenant>> {
    if parameters.text("tenant").is_none() {
        return Ok(None);
    }
    let tenant = exchanges::named(ports, parameters).await?;
    Ok(income::scope(&tenant).cloned())
}

/// Find overdue payouts
///
/// Payouts that should have arrived by the production calendar and that no statement has confirmed or sent back: of all live tenants, or of
/// one test tenant. Load the bank's statement, or ask the bank.
#[utoipa::path(
    get,
    path = "/v1/operator/payouts/overdue",
    operation_id = "overdue_payouts",
    tag = "Operator",
    params(("tenant" = Option<String>, Query, description = "A test tenant: the partner's id and `.t`; all live ones when left out.", example = "demoshop.t")),
    responses((status = 200, description = "The payouts.", body = OverdueList)),
    security(("operator_token" = [])),
)]
pub async fn overdue(State(ports): State<Ports>, Operator: Operator, uri: Uri) -> Answer<Json<OverdueList>> {
    let test = scope(&ports, &Parameters::read(&uri, &["tenant"])?).await?;
    let now = match &test {
        Some(tenant) => clock::now(&ports, tenant).await.map_err(WorkflowError::from)?,
        None => whole_seconds(ports.clock.now()),
    };
    let found = ports.store.unconfirmed_payouts(test.as_ref(), now, 100).await.map_err(WorkflowError::from)?;
    let payouts = found.iter().map(|(tenant, payout)| OverdueView { tenant: tenant.to_string(), payout: view(payout) });
    Ok(Json(OverdueList { payouts: payouts.collect() }))
}

fn operator(name: &str) -> Answer<WalletOperator> {
    let found = OPERATORS.iter().find(|(known, _)| *known == name).map(|(_, operator)| *operator);
    found.ok_or_else(|| Problem::not_found().into())
}

/// Download the registry of wallet payouts
///
/// Every payout to a wallet of this operator that nobody has confirmed yet, to be uploaded to the operator: number, wallet, sum, purpose; CSV in
/// UTF-8 with a mark, semicolons.
#[utoipa::path(
    get,
    path = "/v1/operator/wallets/{operator}/registry.csv",
    operation_id = "wallet_registry",
    tag = "Operator",
    params(
        ("operator" = String, Path, description = "Whose wallets: `yoomoney`.", example = "yoomoney"),
        ("tenant" = Option<String>, Query, description = "A test tenant: the partner's id and `.t`; all live ones when left out.", example = "demoshop.t"),
    ),
    responses((status = 200, description = "The file.", body = String, content_type = "text/csv; charset=utf-8",
        headers(("Content-Disposition" = String, description = "An attachment with a name.")))),
    security(("operator_token" = [])),
)]
pub async fn registry(
    State(ports): State<Ports>,
    Operator: Operator,
    Path(name): Path<String>,
    uri: Uri,
) -> Answer<Response> {
    let operator = operator(&name)?;
    let test = scope(&ports, &Parameters::read(&uri, &["tenant"])?).await?;
    let file = transfers::registry(&ports, test.as_ref(), operator).await?;
    Ok(attached(file, "text/csv; charset=utf-8", &format!("{name}-payouts.csv")))
}

/// A file as an answer.
pub(crate) fn attached(file: impl IntoResponse, media: &'static str, name: &str) -> Response {
    let mut response = file.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    let disposition = format!("attachment; filename=\"{name}\"");
    let plain = HeaderValue::from_static("attachment");
    headers.insert(CONTENT_DISPOSITION, HeaderValue::try_from(disposition).unwrap_or(plain));
    response
}

/// What became of the lines of a wallets' operator.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WalletImport {
    /// Lines that were taken down just now.
    #[schema(example = 1)]
    pub recorded: usize,
    /// Every line, in the file's order.
    pub lines: Vec<WalletLine>,
}

/// A line of a wallets' operator.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WalletLine {
    /// Our number.
    #[schema(example = 7)]
    pub number: u32,
    /// Roubles, with two decimals.
    #[schema(example = "2895.00")]
    pub amount: String,
    /// `recorded`, `repeat` (it was known), `contradiction` (another wallet or sum, or not what was told before: nothing was taken down) or
    /// `unknown` (no payout to a wallet has the number).
    #[schema(example = "recorded")]
    pub outcome: &'static str,
    /// The payout.
    pub payout: Option<String>,
}

/// Load what became of wallet payouts
///
/// The operator's registry: CSV in UTF-8 with semicolons and the columns «Номер», «Кошелек», «Сумма», «Дата», «Состояние» («зачислено» or
/// «возвращено») and «Причина». Loaded again, it changes nothing. A damaged file is refused whole, with the line and the column.
#[utoipa::path(
    post,
    path = "/v1/operator/wallets/{operator}/outcomes",
    operation_id = "wallet_outcomes",
    tag = "Operator",
    params(("operator" = String, Path, description = "Whose wallets: `yoomoney`.", example = "yoomoney")),
    request_body(content = String, content_type = "text/csv", description = "The file."),
    responses((status = 200, description = "What became of its lines.", body = WalletImport)),
    security(("operator_token" = [])),
)]
pub async fn load(
    State(ports): State<Ports>,
    Operator: Operator,
    Path(name): Path<String>,
    bytes: Bytes,
) -> Answer<Json<WalletImport>> {
    let imported = match transfers::import(&ports, operator(&name)?, &bytes).await {
        Ok(imported) => imported,
        Err(ImportError::Unreadable(error)) => {
            return Err(problems::fault("", "registry", &error.ru(), &format!("{error}.")).into());
        }
        Err(ImportError::Failed(error)) => return Err(error.into()),
    };
    let recorded = imported.iter().filter(|one| one.outcome == "recorded").count();
    let lines = imported.into_iter().map(|one| WalletLine {
        number: one.told.number,
        amount: one.told.amount.to_decimal().to_string(),
        outcome: one.outcome,
        payout: one.payout,
    });
    Ok(Json(WalletImport { recorded, lines: lines.collect() }))
}
