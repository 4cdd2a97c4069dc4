//! Payouts: asked for, listed, and as the file an accountant loads into the bank.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::payout::{Payout, PayoutState};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode, Uri};
use runtime::Problem;
use serde::Serialize;
use utoipa::ToSchema;
use workflows::error::WorkflowError;
use workflows::ports::Ports;
use workflows::{payouts, reading};

use crate::access::{Caller, OwnPayout};
use crate::examples;
use crate::partner::{AccountView, WalletView};
use crate::problems::{self, Answer};
use crate::query::{List, Parameters};

/// Payouts, newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PayoutList {
    /// The payouts.
    pub payouts: Vec<PayoutView>,
    /// Send it back as `cursor` to go on; `null` on the last page.
    pub next_cursor: Option<String>,
}

/// A payment order to the partner, and what became of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PayoutView {
    /// Id.
    #[schema(example = "po_01kavxa3hs8g5xv6qt7mh3v2kc")]
    pub id: String,
    /// Number of the payment order; 0 where nothing was left to transfer.
    #[schema(example = 7)]
    pub number: u32,
    /// `sent`, `confirmed` (the bank's statement has it), `returned` (the bank sent it back: it goes out with the next payout) or `netted`
    /// (all of it was set off against what you owed).
    #[schema(example = "sent")]
    pub state: &'static str,
    /// What you owed, or came back from the bank, and was settled with this payout; roubles, below zero where it was taken off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carried: Option<String>,
    /// The bank's day of what became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled_on: Option<String>,
    /// Why the bank sent it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_reason: Option<String>,
    /// When it was made.
    pub at: String,
    /// Roubles, with two decimals.
    #[schema(example = "2895.00")]
    pub amount: String,
    /// ISO 4217 currency.
    #[schema(example = "RUB")]
    pub currency: String,
    /// The bank account it goes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountView>,
    /// The e-wallet it goes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wallet: Option<WalletView>,
    /// Income tax that was withheld from a natural person, in roubles: `amount` is what is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub income_tax: Option<String>,
    /// The day it usually arrives, by the production calendar; left out where nothing was left to transfer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-11-25")]
    pub expected_on: Option<String>,
    /// The day it has arrived by: at most three working days after the bank took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-11-27")]
    pub expected_by: Option<String>,
    /// The orders it pays out, and each one's part.
    pub orders: Vec<PayoutLineView>,
    /// Path of the file for the bank.
    pub payment_order_url: String,
}

/// One order's part.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PayoutLineView {
    /// The order.
    pub order: String,
    /// The merchant's number of it.
    pub number: String,
    /// Roubles, with two decimals.
    pub amount: String,
}

/// A payout as partners and the operator read it.
pub fn view(payout: &Payout) -> PayoutView {
    let lines = payout.orders.iter().map(|line| PayoutLineView {
        order: line.order.to_string(),
        number: line.number.clone(),
        amount: line.amount.to_decimal().to_string(),
    });
    let (settled_on, return_reason) = match &payout.state {
        PayoutState::Sent | PayoutState::Netted => (None, None),
        PayoutState::Confirmed { on, .. } => (Some(on.to_string()), None),
        PayoutState::Returned { on, reason } => (Some(on.to_string()), Some(reason.clone())),
    };
    PayoutView {
        id: payout.id.clone(),
        number: payout.number,
        state: payout.state.code(),
        carried: payout.carried.map(|carried| carried.to_decimal().to_string()),
        settled_on,
        return_reason,
        at: payout.at.to_string(),
        amount: payout.amount.to_decimal().to_string(),
        currency: payout.amount.currency().code().to_owned(),
        account: payout.to.account().map(AccountView::from),
        wallet: payout.to.wallet().map(WalletView::from),
        income_tax: payout.tax.as_ref().map(|tax| tax.withheld.to_decimal().to_string()),
        expected_on: payout.expected().map(|expected| expected.usual.to_string()),
        expected_by: payout.expected().map(|expected| expected.latest.to_string()),
        orders: lines.collect(),
        payment_order_url: format!("/v1/payouts/{}/payment-order.txt", payout.id),
    }
}

/// List payouts
///
/// Newest first.
#[utoipa::path(
    get,
    path = "/v1/payouts",
    operation_id = "payouts",
    tag = "Payouts",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 100 payouts, 50 when left out.", minimum = 1, maximum = 100, example = 50),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "Payouts.", body = PayoutList, example = json!(examples::payout_list()))),
    security(("api_key" = [])),
)]
pub async fn list(State(ports): State<Ports>, Caller(tenant): Caller, uri: Uri) -> Answer<Json<PayoutList>> {
    let parameters = Parameters::read(&uri, &["limit", "cursor"])?;
    let limit = parameters.limit()?;
    let list = List { tenant: &tenant, name: "payouts", filter: "" };
    let place = parameters.place(&ports, &list)?;
    let (found, next) = ports.store.payouts(&tenant, place, limit).await.map_err(WorkflowError::from)?;
    Ok(Json(PayoutList {
        payouts: found.iter().map(view).collect(),
        next_cursor: next.map(|place| list.cursor(&ports.settings, &place)),
    }))
}

/// Ask for a payout
///
/// Everything that is available goes out now, never earlier than three days after payment and hand-over; several payment orders when
/// there are more than 90 orders.
#[utoipa::path(
    post,
    path = "/v1/payouts",
    operation_id = "request_payout",
    tag = "Payouts",
    responses((status = 201, description = "The payouts that were made.", body = PayoutList, example = json!(examples::payout_list()))),
    security(("api_key" = [])),
)]
pub async fn request(State(ports): State<Ports>, Caller(tenant): Caller) -> Answer<(StatusCode, Json<PayoutList>)> {
    let made = payouts::request(&ports, &tenant).await?;
    if made.is_empty() {
        return Err(problems::nothing_to_pay_out().into());
    }
    let payouts = made.iter().map(view).collect();
    Ok((StatusCode::CREATED, Json(PayoutList { payouts, next_cursor: None })))
}

async fn find(ports: &Ports, OwnPayout(tenant, id): &OwnPayout) -> Answer<Payout> {
    let found = ports.store.payout(tenant, id).await.map_err(WorkflowError::from)?;
    found.ok_or_else(|| Problem::not_found().into())
}

/// Look at a payout
///
/// The payment order and the orders behind it.
#[utoipa::path(
    get,
    path = "/v1/payouts/{id}",
    operation_id = "payout",
    tag = "Payouts",
    params(("id" = String, Path, description = "Id of the payout.", example = "po_01kavxa3hs8g5xv6qt7mh3v2kc")),
    responses((status = 200, description = "The payout.", body = PayoutView, example = json!(examples::payout()))),
    security(("api_key" = [])),
)]
pub async fn one(State(ports): State<Ports>, payout: OwnPayout) -> Answer<Json<PayoutView>> {
    Ok(Json(view(&find(&ports, &payout).await?)))
}

/// Download a payout's payment order
///
/// A `1CClientBankExchange` file of format 1.03 in CP1251, as banks' client programs and 1C load it.
#[utoipa::path(
    get,
    path = "/v1/payouts/{id}/payment-order.txt",
    operation_id = "payment_order",
    tag = "Payouts",
    params(("id" = String, Path, description = "Id of the payout.")),
    responses((status = 200, description = "The file.", body = String, content_type = "text/plain; charset=windows-1251",
        headers(("Content-Disposition" = String, description = "An attachment with a name.")))),
    security(("api_key" = [])),
)]
pub async fn file(State(ports): State<Ports>, payout: OwnPayout) -> Answer<Response> {
    let payout = find(&ports, &payout).await?;
    if payout.to.account().is_none() {
        return Err(Problem::not_found().into()); // a wallet is paid by its operator's registry
    }
    let mut response = reading::payment_order_file(&ports, &payout).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=windows-1251"));
    let name = format!("attachment; filename=\"payment-order-{}.txt\"", payout.number);
    headers.insert(CONTENT_DISPOSITION, HeaderValue::try_from(name).unwrap_or(HeaderValue::from_static("attachment")));
    Ok(response)
}
