//! Receipts and messages: how many there were, that they cost the partner nothing, and what they cost the platform.

use axum::Json;
use axum::extract::State;
use domain::id::Tenant;
use domain::money::Money;
use domain::report::Period;
use domain::usage::{Kind, Price};
use http::Uri;
use jiff::civil::Date;
use runtime::Problem;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workflows::error::WorkflowError;
use workflows::ports::Ports;
use workflows::usage::{self, Standing};

use crate::access::{Caller, OperatedTenant, Operator, TenantPath};
use crate::operator::Check;
use crate::problems::Answer;
use crate::query::Parameters;
use crate::web;

/// Prices there can be at once: each kind's of many years.
const PRICES_MAX: usize = 200;
/// Decimals of a price: suppliers charge by the thousand.
const DECIMALS_MAX: u32 = 6;
/// The greatest price in roubles.
const PRICE_MAX: Decimal = Decimal::ONE_THOUSAND;

/// Receipts and messages of a month.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UsageView {
    /// The month, Moscow time.
    #[schema(example = "2026-11")]
    pub month: String,
    /// The last day of it that is counted, some hours after it has ended; `null` before the first.
    #[schema(example = "2026-11-21")]
    pub counted_through: Option<String>,
    /// Whether the month is over and will not change any more.
    pub is_final: bool,
    /// By kind, all kinds.
    pub kinds: Vec<UsedView>,
    /// What you are charged for all of it, in roubles.
    #[schema(example = "0.00")]
    pub charged: String,
}

/// Receipts or messages of one kind.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UsedView {
    /// `receipt`, `email` or `sms`.
    #[schema(example = "sms")]
    pub kind: &'static str,
    /// How many were printed, or got through.
    #[schema(example = 2)]
    pub count: u32,
    /// Parts the text messages were sent in; the same as `count` of the others.
    #[schema(example = 4)]
    pub units: u32,
    /// What you are charged for them, in roubles.
    #[schema(example = "0.00")]
    pub charged: String,
}

/// Receipts and messages of a partner's month, and what they cost the platform.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CostView {
    /// What the partner sees.
    #[serde(flatten)]
    pub usage: UsageView,
    /// What the kinds that have a price cost, by it: an estimate until the month is final, then what was booked.
    pub costs: Vec<KindCostView>,
    /// All of them together, in roubles.
    #[schema(example = "12.80")]
    pub cost: String,
}

/// What one kind costs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct KindCostView {
    /// `receipt`, `email` or `sms`.
    #[schema(example = "sms")]
    pub kind: &'static str,
    /// Roubles.
    #[schema(example = "11.60")]
    pub cost: String,
}

/// Prices of the platform's suppliers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplierPrices {
    /// By kind and day, at most 200.
    pub prices: Vec<SupplierPrice>,
}

/// What a supplier takes for one unit, from a day on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplierPrice {
    /// `receipt`, `email` or `sms`.
    #[schema(example = "sms")]
    pub kind: String,
    /// The first day it holds (Moscow); it ends where the next one of its kind begins.
    #[schema(example = "2026-11-01")]
    pub since: String,
    /// Roubles for a receipt, an e-mail or a part of a text message, at most 6 decimals; 0 where it is free.
    #[schema(example = "2.90")]
    pub price: String,
}

const FREE: Money = Money::rub(0);

fn roubles(money: Money) -> String {
    money.to_decimal().to_string()
}

fn shown(period: Period, standing: &Standing) -> UsageView {
    let kinds = Kind::ALL.into_iter().map(|kind| {
        let count = standing.month.used.of(kind);
        UsedView { kind: kind.code(), count: count.count, units: count.units, charged: roubles(FREE) }
    });
    UsageView {
        month: period.to_string(),
        counted_through: standing.through.map(|day| day.to_string()),
        is_final: standing.is_final,
        kinds: kinds.collect(),
        charged: roubles(FREE),
    }
}

async fn asked(ports: &Ports, tenant: &Tenant, uri: &Uri) -> Answer<(Period, Standing)> {
    let period = match Parameters::read(uri, &["month"])?.month()? {
        Some(month) => Date::new(month.year, month.month, 1).map(Period::of).map_err(|_| Problem::not_found())?,
        None => usage::this_month(ports, tenant).await?,
    };
    Ok((period, usage::standing(ports, tenant, period).await?))
}

/// Read what was printed and sent
///
/// Fiscal receipts printed, e-mails and text messages that got through, of a month. All of them are free of charge.
#[utoipa::path(
    get,
    path = "/v1/usage",
    operation_id = "usage",
    tag = "Reports",
    params(("month" = Option<String>, Query, description = "`YYYY-MM` (Moscow); this month when left out.", example = "2026-11")),
    responses((status = 200, description = "The usage.", body = UsageView)),
    security(("api_key" = [])),
)]
pub async fn read(State(ports): State<Ports>, Caller(tenant): Caller, uri: Uri) -> Answer<Json<UsageView>> {
    let (period, standing) = asked(&ports, &tenant, &uri).await?;
    Ok(Json(shown(period, &standing)))
}

/// Read what a partner's receipts and messages cost
///
/// What the partner sees, and the platform's cost of it. Once the month is over the cost is on the account `messaging`.
#[utoipa::path(
    get,
    path = "/v1/operator/partners/{partner}/{mode}/usage",
    operation_id = "usage_of_partner",
    tag = "Operator",
    params(
        TenantPath,
        ("month" = Option<String>, Query, description = "`YYYY-MM` (Moscow); this month when left out.", example = "2026-11"),
    ),
    responses((status = 200, description = "The usage and its cost.", body = CostView)),
    security(("operator_token" = [])),
)]
pub async fn of_partner(
    State(ports): State<Ports>,
    OperatedTenant(tenant): OperatedTenant,
    uri: Uri,
) -> Answer<Json<CostView>> {
    let (period, standing) = asked(&ports, &tenant, &uri).await?;
    let costs = standing.month.costs.iter();
    Ok(Json(CostView {
        usage: shown(period, &standing),
        costs: costs.map(|(kind, cost)| KindCostView { kind: kind.code(), cost: roubles(*cost) }).collect(),
        cost: roubles(standing.month.cost().map_err(WorkflowError::from)?),
    }))
}

fn listed(prices: &[Price]) -> SupplierPrices {
    let prices = prices.iter().map(|price| SupplierPrice {
        kind: price.kind.code().to_owned(),
        since: price.since.to_string(),
        price: price.price.to_string(),
    });
    SupplierPrices { prices: prices.collect() }
}

/// Read the suppliers' prices
///
/// Those of all partners' receipts and messages.
#[utoipa::path(
    get,
    path = "/v1/operator/supplier-prices",
    operation_id = "supplier_prices",
    tag = "Operator",
    responses((status = 200, description = "The prices.", body = SupplierPrices)),
    security(("operator_token" = [])),
)]
pub async fn prices(State(ports): State<Ports>, Operator: Operator) -> Answer<Json<SupplierPrices>> {
    Ok(Json(listed(&ports.store.supplier_prices().await.map_err(WorkflowError::from)?)))
}

fn price(check: &mut Check, no: usize, asked: &SupplierPrice) -> Option<Price> {
    let kinds = Kind::ALL.map(|kind| (kind.code(), kind));
    let kind = check.choice(&format!("/prices/{no}/kind"), &asked.kind, &kinds);
    let since = asked.since.parse::<Date>().ok().filter(|_| asked.since.len() == 10);
    if since.is_none() {
        let (ru, en) = ("День вида 2026-11-01.", "A day such as 2026-11-01.");
        check.say(&format!("/prices/{no}/since"), "date", ru, en);
    }
    let plain = asked.price.len() <= 12 && asked.price.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let price = asked.price.parse::<Decimal>().ok().filter(|price| plain && price.scale() <= DECIMALS_MAX);
    let price = price.filter(|price| *price <= PRICE_MAX);
    if price.is_none() {
        let (ru, en) = ("Рубли, от 0 до 1000, не больше 6 знаков.", "Roubles, 0 to 1000, at most 6 decimals.");
        check.say(&format!("/prices/{no}/price"), "amount", ru, en);
    }
    Some(Price { kind: kind?, since: since?, price: price? })
}

/// Set the suppliers' prices
///
/// All of them at once; what is left out is gone. A month is reckoned once its last day is sealed, by the prices that are set then: a kind
/// without a price costs nothing, and a price that is set later changes no month that was reckoned.
#[utoipa::path(
    put,
    path = "/v1/operator/supplier-prices",
    operation_id = "set_supplier_prices",
    tag = "Operator",
    request_body(content = SupplierPrices, example = json!({"prices": [
        {"kind": "receipt", "since": "2026-11-01", "price": "0.60"},
        {"kind": "email", "since": "2026-11-01", "price": "0.008"},
        {"kind": "sms", "since": "2026-11-01", "price": "2.90"},
    ]})),
    responses((status = 200, description = "The prices.", body = SupplierPrices)),
    security(("operator_token" = [])),
)]
pub async fn set_prices(
    State(ports): State<Ports>,
    Operator: Operator,
    web::Json(asked): web::Json<SupplierPrices>,
) -> Answer<Json<SupplierPrices>> {
    let mut check = Check { errors: Vec::new(), lenient: false };
    if asked.prices.len() > PRICES_MAX {
        check.say("/prices", "too_many", "Не больше 200.", "At most 200.");
        return Err(Problem::unprocessable(check.errors).into());
    }
    let mut prices: Vec<Price> = Vec::new();
    for (no, asked) in asked.prices.iter().enumerate() {
        let Some(price) = price(&mut check, no, asked) else { continue };
        if prices.iter().any(|other| (other.kind, other.since) == (price.kind, price.since)) {
            let (ru, en) = ("Такая цена уже есть.", "There is such a price already.");
            check.say(&format!("/prices/{no}"), "repeated", ru, en);
        }
        prices.push(price);
    }
    if !check.errors.is_empty() {
        return Err(Problem::unprocessable(check.errors).into());
    }
    Ok(Json(listed(&usage::set_prices(&ports, prices).await?)))
}
