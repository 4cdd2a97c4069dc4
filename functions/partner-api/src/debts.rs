//! Invoices of what a partner owes and could not be netted in time.

use axum::Json;
use axum::extract::State;
use domain::debt::Invoice;
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;
use workflows::error::WorkflowError;
use workflows::ports::Ports;

use crate::access::Caller;
use crate::problems::Answer;
use crate::query::{List, Parameters};

/// Invoices, newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct InvoiceList {
    /// The invoices.
    pub invoices: Vec<InvoiceView>,
    /// Send it back as `cursor` to go on; `null` on the last page.
    pub next_cursor: Option<String>,
}

/// A demand for what you owe: pay it to our settlement account and name its number in what the payment is for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct InvoiceView {
    /// Eight digits; write them into the payment's purpose.
    #[schema(example = "00000007")]
    pub number: String,
    /// When it was made.
    pub at: String,
    /// Since when you owed.
    pub owed_since: String,
    /// Roubles, with two decimals.
    #[schema(example = "2895.00")]
    pub amount: String,
    /// How much of it was paid.
    #[schema(example = "0.00")]
    pub paid: String,
    /// `open`, or `paid` when all of it was.
    #[schema(example = "open")]
    pub state: &'static str,
    /// The day it is to be paid by.
    #[schema(example = "2026-12-07")]
    pub pay_by: String,
    /// The day the last payment came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_on: Option<String>,
}

fn view(invoice: &Invoice) -> InvoiceView {
    InvoiceView {
        number: invoice.written(),
        at: invoice.at.to_string(),
        owed_since: invoice.owed_since.to_string(),
        amount: invoice.amount.to_decimal().to_string(),
        paid: invoice.paid.to_decimal().to_string(),
        state: if invoice.is_paid() { "paid" } else { "open" },
        pay_by: invoice.pay_by().to_string(),
        paid_on: invoice.paid_on.map(|on| on.to_string()),
    }
}

/// List invoices
///
/// What you owed, was not covered by your orders within the agreed days (10 unless agreed otherwise), and is to be paid to us. Newest first.
#[utoipa::path(
    get,
    path = "/v1/invoices",
    operation_id = "invoices",
    tag = "Payouts",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 100 invoices, 50 when left out.", minimum = 1, maximum = 100, example = 50),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "Invoices.", body = InvoiceList)),
    security(("api_key" = [])),
)]
pub async fn list(State(ports): State<Ports>, Caller(tenant): Caller, uri: Uri) -> Answer<Json<InvoiceList>> {
    let parameters = Parameters::read(&uri, &["limit", "cursor"])?;
    let limit = parameters.limit()?;
    let list = List { tenant: &tenant, name: "invoices", filter: "" };
    let place = parameters.place(&ports, &list)?;
    let (found, next) = ports.store.invoices(&tenant, place, limit).await.map_err(WorkflowError::from)?;
    Ok(Json(InvoiceList {
        invoices: found.iter().map(view).collect(),
        next_cursor: next.map(|place| list.cursor(&ports.settings, &place)),
    }))
}
