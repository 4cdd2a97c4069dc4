//! What a partner has paid ahead for services of the platform: how it stands, and topping it up.

use axum::Json;
use axum::extract::State;
use domain::ledger::BookEntry;
use domain::money::{Currency, Money};
use domain::time::moscow_date;
use http::StatusCode;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workflows::clock;
use workflows::error::WorkflowError;
use workflows::orders::AMOUNT_MINOR_MAX;
use workflows::ports::Ports;
use workflows::prepaid::{self, Standing, ToppedUp};

use crate::access::{Caller, OperatedTenant, TenantPath};
use crate::problems::{self, Answer};
use crate::web;

/// What is paid ahead.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PrepaidView {
    /// Roubles that are free; below zero where credit has been used.
    #[schema(example = "910.00")]
    pub balance: String,
    /// Roubles reserved for orders under way.
    #[schema(example = "90.00")]
    pub reserved: String,
    /// Roubles the account may be overdrawn by.
    #[schema(example = "0.00")]
    pub credit: String,
}

impl From<&Standing> for PrepaidView {
    fn from(standing: &Standing) -> Self {
        let text = |amount: Money| amount.to_decimal().to_string();
        let Standing { prepaid, credit } = standing;
        Self { balance: text(prepaid.balance), reserved: text(prepaid.reserved), credit: text(*credit) }
    }
}

/// Available money to be moved to what is paid ahead.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveRequest {
    /// Roubles, above zero, no more than is available.
    #[schema(example = "1000.00")]
    pub amount: String,
    /// Your own number of it, 1 to 40 of `A-Z a-z 0-9 . _ -`: with the same number nothing is moved twice.
    #[schema(example = "top-up-7")]
    pub reference: String,
}

/// A partner's payment that has come to our account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayInRequest {
    /// Roubles, above zero.
    #[schema(example = "1000.00")]
    pub amount: String,
    /// The payment order's number with whatever makes it unique, 1 to 40 of `A-Z a-z 0-9 . _ -`: nothing is entered twice.
    #[schema(example = "044525225-481516")]
    pub reference: String,
    /// The statement's day; not after today.
    #[schema(example = "2026-11-23")]
    pub on: String,
}

/// A top-up, and how the account stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TopUpView {
    /// Its reference.
    #[schema(example = "top-up-7")]
    pub reference: String,
    /// Roubles.
    #[schema(example = "1000.00")]
    pub amount: String,
    /// The account.
    pub prepaid: PrepaidView,
}

fn amount(text: &str) -> Answer<Money> {
    let amount = Money::parse_major(text, Currency::RUB).ok();
    let amount = amount.filter(|amount| amount.is_positive() && amount.minor() <= AMOUNT_MINOR_MAX);
    let wrong =
        || problems::fault("/amount", "amount", "Сумма в рублях, больше нуля.", "An amount in roubles, above zero.");
    Ok(amount.ok_or_else(wrong)?)
}

fn reference(text: &str) -> Answer<&str> {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if (1..=40).contains(&text.len()) && plain {
        return Ok(text);
    }
    let (ru, en) = ("От 1 до 40 знаков: A-Z a-z 0-9 . _ -", "1 to 40 of A-Z a-z 0-9 . _ -");
    Err(problems::fault("/reference", "reference", ru, en).into())
}

async fn answer(
    ports: &Ports,
    tenant: &domain::id::Tenant,
    reference: &str,
    became: ToppedUp,
) -> Answer<(StatusCode, Json<TopUpView>)> {
    let (status, entry) = match became {
        ToppedUp::Now(entry) => (StatusCode::CREATED, entry),
        ToppedUp::Before(entry) => (StatusCode::OK, entry),
        ToppedUp::ReferenceTaken => return Err(problems::reference_taken().into()),
        ToppedUp::TooLittle(available) => {
            return Err(problems::available_too_low().detail(format!("{available} is available")).into());
        }
    };
    let standing = prepaid::standing(ports, tenant).await?;
    let sum = |entry: &BookEntry| entry.postings.first().map(|posting| posting.amount.to_decimal().to_string());
    let amount = sum(&entry).unwrap_or_default();
    let prepaid = PrepaidView::from(&standing);
    Ok((status, Json(TopUpView { reference: reference.to_owned(), amount, prepaid })))
}

/// Read what is paid ahead
///
/// Orders of tariffs that charge by the order reserve their price here when they are made: it is taken when the order is fulfilled, and
/// goes back when it ends otherwise.
#[utoipa::path(
    get,
    path = "/v1/prepaid",
    operation_id = "prepaid",
    tag = "Tariffs",
    responses((status = 200, description = "How the account stands.", body = PrepaidView,
        example = json!({"balance": "910.00", "reserved": "90.00", "credit": "0.00"}))),
    security(("api_key" = [])),
)]
pub async fn read(State(ports): State<Ports>, Caller(tenant): Caller) -> Answer<Json<PrepaidView>> {
    Ok(Json(PrepaidView::from(&prepaid::standing(&ports, &tenant).await?)))
}

/// Pay ahead from your balance
///
/// Moves money that is available for payout to what is paid ahead for services. Asked again with the same `reference`, it changes nothing
/// and answers 200.
#[utoipa::path(
    post,
    path = "/v1/prepaid",
    operation_id = "move_to_prepaid",
    tag = "Tariffs",
    request_body(content = MoveRequest, example = json!({"amount": "1000.00", "reference": "top-up-7"})),
    responses(
        (status = 201, description = "It was moved.", body = TopUpView),
        (status = 200, description = "It had been moved before.", body = TopUpView),
    ),
    security(("api_key" = [])),
)]
pub async fn move_available(
    State(ports): State<Ports>,
    Caller(tenant): Caller,
    web::Json(asked): web::Json<MoveRequest>,
) -> Answer<(StatusCode, Json<TopUpView>)> {
    let (amount, reference) = (amount(&asked.amount)?, reference(&asked.reference)?);
    let became = prepaid::move_available(&ports, &tenant, amount, reference).await?;
    answer(&ports, &tenant, reference, became).await
}

/// Record a partner's payment for services
///
/// A payment that has come to our settlement account, as the bank's statement says. Recorded again with the same `reference`, it changes
/// nothing and answers 200.
#[utoipa::path(
    post,
    path = "/v1/operator/partners/{partner}/{mode}/prepaid",
    operation_id = "pay_in_prepaid",
    tag = "Operator",
    params(TenantPath),
    request_body(content = PayInRequest, example = json!({"amount": "1000.00", "reference": "044525225-481516", "on": "2026-11-23"})),
    responses(
        (status = 201, description = "It was recorded.", body = TopUpView),
        (status = 200, description = "It had been recorded before.", body = TopUpView),
    ),
    security(("operator_token" = [])),
)]
pub async fn pay_in(
    State(ports): State<Ports>,
    OperatedTenant(tenant): OperatedTenant,
    web::Json(asked): web::Json<PayInRequest>,
) -> Answer<(StatusCode, Json<TopUpView>)> {
    let (amount, reference) = (amount(&asked.amount)?, reference(&asked.reference)?);
    let today = moscow_date(clock::now(&ports, &tenant).await.map_err(WorkflowError::from)?);
    let on = asked.on.parse::<Date>().ok().filter(|on| asked.on.len() == 10 && *on <= today);
    let wrong = || {
        problems::fault(
            "/on",
            "date",
            "День вида 2026-11-21, не позже сегодняшнего.",
            "A day such as 2026-11-21, not after today.",
        )
    };
    let on = on.ok_or_else(wrong)?;
    let became = prepaid::pay_in(&ports, &tenant, amount, reference, on).await?;
    answer(&ports, &tenant, reference, became).await
}
