//! Income tax of natural persons, for the operator's accountant: the register, the figures of 6-НДФЛ, and what is paid to the budget.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use connectors::client_bank;
use domain::csv::{Cell, table};
use domain::income_tax::{Report, Residency, Section1, Section2};
use domain::money::Money;
use http::{StatusCode, Uri};
use runtime::{Path, Problem};
use serde::Serialize;
use utoipa::ToSchema;
use workflows::error::WorkflowError;
use workflows::income::{self, Registered, Remittance};
use workflows::ports::Ports;

use crate::access::Operator;
use crate::problems::Answer;
use crate::query::Parameters;
use crate::transfers::{attached, scope};

/// Years there can be a register of.
const YEARS: std::ops::RangeInclusive<i16> = 2024..=2100;

/// The figures of 6-НДФЛ, from the beginning of the year to the end of a quarter.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IncomeTaxReport {
    /// The year.
    #[schema(example = 2026)]
    pub year: i16,
    /// The quarter, 1 to 4.
    #[schema(example = 4)]
    pub quarter: u8,
    /// Section 1: the last three months, by budget code.
    pub section_1: Vec<ObligationView>,
    /// Section 2: the year so far, by rate.
    pub section_2: Vec<RateView>,
}

/// What is paid for three months under one budget code, in roubles.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ObligationView {
    /// Budget code (line 010).
    #[schema(example = "18210102010011000110")]
    pub kbk: String,
    /// Withheld (line 020).
    #[schema(example = "390.00")]
    pub withheld: String,
    /// By term (lines 021 to 026).
    pub by_term: Vec<String>,
    /// Given back (line 030).
    #[schema(example = "0.00")]
    pub returned: String,
    /// By term (lines 031 to 036).
    pub returned_by_term: Vec<String>,
}

/// Income and tax of the year at one rate, in roubles.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RateView {
    /// Percent (line 100).
    #[schema(example = 13)]
    pub percent: u8,
    /// Budget code (line 105).
    #[schema(example = "18210102010011000110")]
    pub kbk: String,
    /// Persons (line 110).
    #[schema(example = 1)]
    pub persons: u32,
    /// Income (line 120).
    #[schema(example = "3000.00")]
    pub income: String,
    /// Deductions (line 130).
    #[schema(example = "0.00")]
    pub deduction: String,
    /// Tax computed (line 140).
    #[schema(example = "390.00")]
    pub computed: String,
    /// Withheld (line 160).
    #[schema(example = "390.00")]
    pub withheld: String,
    /// Not withheld (line 170).
    #[schema(example = "0.00")]
    pub not_withheld: String,
    /// Withheld too much (line 180).
    #[schema(example = "0.00")]
    pub excess: String,
    /// Given back (line 190).
    #[schema(example = "0.00")]
    pub returned: String,
}

/// Payments of withheld tax to the budget.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RemittanceList {
    /// The payments, earliest term first.
    pub remittances: Vec<RemittanceView>,
}

/// A payment of withheld tax.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RemittanceView {
    /// Number of the payment order.
    #[schema(example = 8)]
    pub number: u32,
    /// The day it is due by.
    #[schema(example = "2026-12-28")]
    pub term: String,
    /// When it was made.
    pub at: String,
    /// Roubles.
    #[schema(example = "390.00")]
    pub amount: String,
    /// `due`, or `paid` once a bank's statement has it.
    #[schema(example = "due")]
    pub state: &'static str,
    /// The statement's day of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_on: Option<String>,
    /// Path of the file for the bank.
    pub payment_order_url: String,
}

fn roubles(amount: Money) -> String {
    amount.to_decimal().to_string()
}

fn obligation(section: Section1) -> ObligationView {
    ObligationView {
        kbk: section.kbk,
        withheld: roubles(section.withheld),
        by_term: section.by_term.into_iter().map(roubles).collect(),
        returned: roubles(section.returned),
        returned_by_term: section.returned_by_term.into_iter().map(roubles).collect(),
    }
}

fn at_rate(section: Section2) -> RateView {
    RateView {
        percent: section.percent,
        kbk: section.kbk,
        persons: section.persons,
        income: roubles(section.income),
        deduction: roubles(section.deduction),
        computed: roubles(section.computed),
        withheld: roubles(section.withheld),
        not_withheld: roubles(section.not_withheld),
        excess: roubles(section.excess),
        returned: roubles(section.returned),
    }
}

fn shown(remittance: &Remittance) -> RemittanceView {
    RemittanceView {
        number: remittance.number,
        term: remittance.term.to_string(),
        at: remittance.at.to_string(),
        amount: roubles(remittance.amount),
        state: if remittance.paid.is_some() { "paid" } else { "due" },
        paid_on: remittance.paid.as_ref().map(|(on, _)| on.to_string()),
        payment_order_url: format!("/v1/operator/income-tax/remittances/{}/payment-order.txt", remittance.number),
    }
}

fn known(year: i16) -> Answer<i16> {
    Some(year).filter(|year| YEARS.contains(year)).ok_or_else(|| Problem::not_found().into())
}

/// Download the register of income and tax
///
/// One row for each payout to a natural person and for each that came back, payee by payee in the order they were written: CSV, UTF-8 with a
/// mark, semicolons, decimal commas (Tax Code, article 230, item 1).
#[utoipa::path(
    get,
    path = "/v1/operator/income-tax/{year}/register.csv",
    operation_id = "income_register",
    tag = "Operator",
    params(
        ("year" = i16, Path, description = "The year.", example = 2026),
        ("tenant" = Option<String>, Query, description = "A test tenant: the partner's id and `.t`; all live ones when left out.", example = "demoshop.t"),
    ),
    responses((status = 200, description = "The file.", body = String, content_type = "text/csv; charset=utf-8",
        headers(("Content-Disposition" = String, description = "An attachment with a name.")))),
    security(("operator_token" = [])),
)]
pub async fn register(
    State(ports): State<Ports>,
    Operator: Operator,
    Path(year): Path<i16>,
    uri: Uri,
) -> Answer<Response> {
    const HEADING: [&str; 14] = [
        "ИНН",
        "Получатель",
        "Налоговый период",
        "Дата",
        "Статус",
        "Код дохода",
        "Доход",
        "Вычет",
        "Налог исчислен",
        "Налог удержан",
        "Налог возвращён",
        "Перечислить до",
        "Выплата",
        "Партнёр",
    ];
    let test = scope(&ports, &Parameters::read(&uri, &["tenant"])?).await?;
    let rows = ports.store.income_register(test.as_ref(), known(year)?).await.map_err(WorkflowError::from)?;
    let file = table(&HEADING, rows.iter().map(cells));
    Ok(attached(file, "text/csv; charset=utf-8", &format!("income-tax-{year}.csv")))
}

fn cells(registered: &Registered) -> Vec<Cell> {
    let Registered { tenant, name, row } = registered;
    let money = |amount: Money| Cell::Number(amount.to_decimal());
    vec![
        row.payee.as_str().into(),
        name.as_str().into(),
        row.year.to_string().into(),
        row.on.strftime("%d.%m.%Y").to_string().into(),
        // Codes of taxpayers' statuses (приказ ФНС ЕД-7-11/649@, annex 3): resident, non-resident.
        match row.residency {
            Residency::Resident => "1".into(),
            Residency::NonResident => "2".into(),
        },
        row.code.to_string().into(),
        money(row.income),
        money(row.deduction),
        money(row.computed),
        money(row.withheld),
        money(row.returned),
        row.remit_by.map(|by| by.strftime("%d.%m.%Y").to_string()).unwrap_or_default().into(),
        row.reference.as_str().into(),
        tenant.to_string().into(),
    ]
}

/// Read the figures of 6-НДФЛ
///
/// From the register, as of now: section 1 for the quarter's three months, section 2 from the beginning of the year.
#[utoipa::path(
    get,
    path = "/v1/operator/income-tax/{year}/quarters/{quarter}",
    operation_id = "income_tax_report",
    tag = "Operator",
    params(
        ("year" = i16, Path, description = "The year.", example = 2026),
        ("quarter" = u8, Path, description = "The quarter, 1 to 4.", example = 4),
        ("tenant" = Option<String>, Query, description = "A test tenant: the partner's id and `.t`; all live ones when left out.", example = "demoshop.t"),
    ),
    responses((status = 200, description = "The figures.", body = IncomeTaxReport)),
    security(("operator_token" = [])),
)]
pub async fn report(
    State(ports): State<Ports>,
    Operator: Operator,
    Path((year, quarter)): Path<(i16, u8)>,
    uri: Uri,
) -> Answer<Json<IncomeTaxReport>> {
    let test = scope(&ports, &Parameters::read(&uri, &["tenant"])?).await?;
    if !(1..=4).contains(&quarter) {
        return Err(Problem::not_found().into());
    }
    let Report { year, quarter, section_1, section_2 } =
        income::report(&ports, test.as_ref(), known(year)?, quarter).await?;
    Ok(Json(IncomeTaxReport {
        year,
        quarter,
        section_1: section_1.into_iter().map(obligation).collect(),
        section_2: section_2.into_iter().map(at_rate).collect(),
    }))
}

/// List payments of withheld tax
///
/// Earliest term first.
#[utoipa::path(
    get,
    path = "/v1/operator/income-tax/remittances",
    operation_id = "remittances",
    tag = "Operator",
    params(("tenant" = Option<String>, Query, description = "A test tenant: the partner's id and `.t`; all live ones when left out.", example = "demoshop.t")),
    responses((status = 200, description = "The payments.", body = RemittanceList)),
    security(("operator_token" = [])),
)]
pub async fn remittances(State(ports): State<Ports>, Operator: Operator, uri: Uri) -> Answer<Json<RemittanceList>> {
    let test = scope(&ports, &Parameters::read(&uri, &["tenant"])?).await?;
    let found = ports.store.remittances(test.as_ref()).await.map_err(WorkflowError::from)?;
    Ok(Json(RemittanceList { remittances: found.iter().map(shown).collect() }))
}

/// Make the payments of withheld tax
///
/// Of every term that is over or due today (the 28th for the 1st to 22nd, the 5th for the rest, moved to working days): what was withheld, less
/// what was given back, less what was paid before. Asked again, it makes none twice. A bank's statement (`/v1/operator/statements`) says that
/// one was paid.
#[utoipa::path(
    post,
    path = "/v1/operator/income-tax/remittances",
    operation_id = "remit_income_tax",
    tag = "Operator",
    params(("tenant" = Option<String>, Query, description = "A test tenant: the partner's id and `.t`; all live ones when left out.", example = "demoshop.t")),
    responses((status = 201, description = "The payments that were made.", body = RemittanceList)),
    security(("operator_token" = [])),
)]
pub async fn remit(
    State(ports): State<Ports>,
    Operator: Operator,
    uri: Uri,
) -> Answer<(StatusCode, Json<RemittanceList>)> {
    let test = scope(&ports, &Parameters::read(&uri, &["tenant"])?).await?;
    let made = income::remit(&ports, test.as_ref()).await?;
    Ok((StatusCode::CREATED, Json(RemittanceList { remittances: made.iter().map(shown).collect() })))
}

/// Download the payment order of withheld tax
///
/// A `1CClientBankExchange` file in CP1251: the single tax payment with its budget requisites.
#[utoipa::path(
    get,
    path = "/v1/operator/income-tax/remittances/{number}/payment-order.txt",
    operation_id = "remittance_order",
    tag = "Operator",
    params(
        ("number" = u32, Path, description = "Number of the payment order.", example = 8),
        ("tenant" = Option<String>, Query, description = "A test tenant: the partner's id and `.t`; all live ones when left out.", example = "demoshop.t"),
    ),
    responses((status = 200, description = "The file.", body = String, content_type = "text/plain; charset=windows-1251",
        headers(("Content-Disposition" = String, description = "An attachment with a name.")))),
    security(("operator_token" = [])),
)]
pub async fn payment_order(
    State(ports): State<Ports>,
    Operator: Operator,
    Path(number): Path<u32>,
    uri: Uri,
) -> Answer<Response> {
    let test = scope(&ports, &Parameters::read(&uri, &["tenant"])?).await?;
    let found = ports.store.remittances(test.as_ref()).await.map_err(WorkflowError::from)?;
    let remittance = found.iter().rev().find(|remittance| remittance.number == number);
    let remittance = remittance.ok_or_else(Problem::not_found)?;
    let order = income::payment_order(&ports, remittance);
    let file = client_bank::orders_file(&[order], &ports.settings.payer.bank);
    Ok(attached(file, "text/plain; charset=windows-1251", &format!("payment-order-{number}.txt")))
}
