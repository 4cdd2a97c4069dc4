//! Statistics: orders made, paid, cancelled and refunded by days, weeks or months, and what they brought.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::csv::{Cell, table};
use domain::id::Tenant;
use domain::money::Money;
use domain::time::moscow_date;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, Uri};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;
use utoipa::ToSchema;
use workflows::clock;
use workflows::error::WorkflowError;
use workflows::ports::Ports;
use workflows::statistics::{self, Asked, By, Figures, Group, Rows};

use crate::access::Caller;
use crate::problems::{self, Answer};
use crate::query::{self, List, Parameters};

/// Calls one file is made of, at most: some 20,000 orders.
const FILE_PAGES_MAX: usize = 4;

/// Figures of some days.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StatisticsView {
    /// The first day, Moscow time.
    #[schema(example = "2026-11-01")]
    pub from: String,
    /// The last day.
    #[schema(example = "2026-11-30")]
    pub until: String,
    /// `day`, `week` or `month`.
    #[schema(example = "day")]
    pub by: &'static str,
    /// `none`, `method`, `account` or `status`.
    #[schema(example = "method")]
    pub group: &'static str,
    /// Earliest first; where nothing happened there is no row.
    pub rows: Vec<StatisticsRow>,
    /// All rows together.
    pub totals: FiguresView,
    /// Send it back as `cursor` to go on; `null` on the last page. Counts and sums of all pages are to be added up.
    pub next_cursor: Option<String>,
}

/// Figures of a day, a week or a month.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StatisticsRow {
    /// Its first day that was asked for.
    #[schema(example = "2026-11-21")]
    pub since: String,
    /// Its last day that was asked for.
    #[schema(example = "2026-11-21")]
    pub through: String,
    /// What the orders have in common: the means, the account, the status now; `null` where they have none.
    #[schema(example = "card")]
    pub group: Option<String>,
    /// What is counted.
    #[serde(flatten)]
    pub figures: FiguresView,
}

/// What is counted. All but `made` and `made_and_paid` is of the day it was recorded on, whenever the order was made.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FiguresView {
    /// Orders made.
    #[schema(example = 4)]
    pub made: u64,
    /// Of these, paid whenever.
    #[schema(example = 3)]
    pub made_and_paid: u64,
    /// Orders first paid.
    #[schema(example = 3)]
    pub paid: u64,
    /// Orders that ended without money: expired, cancelled, a hold let go whole.
    #[schema(example = 1)]
    pub cancelled: u64,
    /// Orders of which money first went back.
    #[schema(example = 1)]
    pub refunded: u64,
    /// Payments: a split order has one for each child.
    #[schema(example = 3)]
    pub payments: u64,
    /// Returns of money.
    #[schema(example = 1)]
    pub returns: u64,
    /// Taken, in roubles, cash your own people took included.
    #[schema(example = "9000.00")]
    pub captured: String,
    /// Went back of it.
    #[schema(example = "3000.00")]
    pub returned: String,
    /// Our fee less what was given back of it, VAT included.
    #[schema(example = "210.00")]
    pub fee: String,
    /// VAT in it.
    #[schema(example = "0.00")]
    pub vat: String,
    /// What your balance gained by it: what we took and did not give back, less the fee.
    #[schema(example = "5790.00")]
    pub net: String,
    /// `captured` by payments; `null` without any, and on a page that is not the whole.
    #[schema(example = "3000.00")]
    pub average_payment: Option<String>,
    /// `made_and_paid` of `made`, in percent; `null` where none was made, and on a page that is not the whole.
    #[schema(example = "75.00")]
    pub conversion_percent: Option<String>,
}

/// A quotient with two decimals, rounded half up.
fn ratio(of: Decimal, by: u64) -> Option<String> {
    let quotient = of.checked_div(Decimal::from(by))?;
    let mut rounded = quotient.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(2);
    Some(rounded.to_string())
}

fn shown(figures: &Figures, whole: bool) -> FiguresView {
    let roubles = |minor: i64| Money::rub(minor).to_decimal().to_string();
    let average = ratio(Money::rub(figures.captured).to_decimal(), figures.payments);
    let conversion = ratio(Decimal::from(figures.made_and_paid) * Decimal::ONE_HUNDRED, figures.made);
    FiguresView {
        made: figures.made,
        made_and_paid: figures.made_and_paid,
        paid: figures.paid,
        cancelled: figures.cancelled,
        refunded: figures.refunded,
        payments: figures.payments,
        returns: figures.returns,
        captured: roubles(figures.captured),
        returned: roubles(figures.returned),
        fee: roubles(figures.fee),
        vat: roubles(figures.vat),
        net: roubles(figures.net),
        average_payment: average.filter(|_| whole),
        conversion_percent: conversion.filter(|_| whole),
    }
}

fn choice<T: Copy>(
    parameters: &Parameters,
    name: &str,
    choices: &[(&'static str, T)],
) -> Result<(&'static str, T), runtime::Problem> {
    let text = parameters.text(name);
    let found = choices.iter().find(|(code, _)| text.is_none_or(|text| text == *code));
    let codes: Vec<_> = choices.iter().map(|(code, _)| *code).collect();
    let codes = codes.join(", ");
    let wrong =
        || problems::fault(&format!("/{name}"), "choice", &format!("Одно из: {codes}."), &format!("One of: {codes}."));
    found.copied().ok_or_else(wrong)
}

/// Read statistics
///
/// Counts and sums by days, weeks or months of Moscow: from the same lines the months' reports are made of, so that a month's figures are
/// its report's. Orders made up to thirteen months before are looked at, some 5 000 in one call: go on until `next_cursor` is `null`, and
/// add up what the pages count.
#[utoipa::path(
    get,
    path = "/v1/statistics",
    operation_id = "statistics",
    tag = "Reports",
    params(
        ("from" = Option<String>, Query, description = "The first day, `YYYY-MM-DD`; the first of the last day's month when left out.", example = "2026-11-01"),
        ("until" = Option<String>, Query, description = "The last day; today when left out. 366 days at most.", example = "2026-11-30"),
        ("by" = Option<String>, Query, description = "`day`, `week` (from Monday) or `month`; `day` when left out.", example = "day"),
        ("group" = Option<String>, Query, description = "`none`, `method`, `account` or `status`; `none` when left out.", example = "method"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "Figures.", body = StatisticsView)),
    security(("api_key" = [])),
)]
pub async fn read(State(ports): State<Ports>, Caller(tenant): Caller, uri: Uri) -> Answer<Json<StatisticsView>> {
    let parameters = Parameters::read(&uri, &["from", "until", "by", "group", "cursor"])?;
    let Wish { asked, by, group } = wish(&ports, &tenant, &parameters).await?;
    let days = asked.days;
    let filter = format!("{} {} {by} {group}", days.from, days.until);
    let list = List { tenant: &tenant, name: "statistics", filter: &filter };
    let place = parameters.place(&ports, &list)?;
    let page = statistics::page(&ports, &tenant, &asked, place.as_deref()).await?;
    let whole = place.is_none() && page.next.is_none();
    let rows = page.rows.iter().map(|((since, group), figures)| StatisticsRow {
        since: since.to_string(),
        through: asked.by.last(*since).min(days.until).to_string(),
        group: group.clone(),
        figures: shown(figures, whole),
    });
    Ok(Json(StatisticsView {
        from: days.from.to_string(),
        until: days.until.to_string(),
        by,
        group,
        rows: rows.collect(),
        totals: shown(&all(&page.rows)?, whole),
        next_cursor: page.next.map(|place| list.cursor(&ports.settings, &place)),
    }))
}

/// What is asked for, and how it was named.
struct Wish {
    asked: Asked,
    by: &'static str,
    group: &'static str,
}

async fn wish(ports: &Ports, tenant: &Tenant, parameters: &Parameters) -> Answer<Wish> {
    let today = moscow_date(clock::now(ports, tenant).await.map_err(WorkflowError::from)?);
    let days = query::days(parameters, today)?;
    let (by_code, by) = choice(parameters, "by", &[("day", By::Day), ("week", By::Week), ("month", By::Month)])?;
    let groups =
        [("none", Group::None), ("method", Group::Method), ("account", Group::Account), ("status", Group::Status)];
    let (group_code, group) = choice(parameters, "group", &groups)?;
    let asked = Asked { days, by, group, orders_enough: statistics::ORDERS_ENOUGH };
    Ok(Wish { asked, by: by_code, group: group_code })
}

/// All rows together.
fn all(rows: &Rows) -> Result<Figures, WorkflowError> {
    Ok(rows.values().try_fold(Figures::default(), |sum, figures| sum.plus(figures))?)
}

/// Download statistics
///
/// For spreadsheets: UTF-8 with a mark, semicolons, decimal commas; with a row of totals. Up to some 20 000 orders of the days and of the
/// thirteen months before.
#[utoipa::path(
    get,
    path = "/v1/statistics.csv",
    operation_id = "statistics_file",
    tag = "Reports",
    params(
        ("from" = Option<String>, Query, description = "The first day, `YYYY-MM-DD`; the first of the last day's month when left out.", example = "2026-11-01"),
        ("until" = Option<String>, Query, description = "The last day; today when left out. 366 days at most.", example = "2026-11-30"),
        ("by" = Option<String>, Query, description = "`day`, `week` (from Monday) or `month`; `day` when left out.", example = "day"),
        ("group" = Option<String>, Query, description = "`none`, `method`, `account` or `status`; `none` when left out.", example = "method"),
    ),
    responses((status = 200, description = "The file.", body = String, content_type = "text/csv; charset=utf-8",
        headers(("Content-Disposition" = String, description = "An attachment with a name.")))),
    security(("api_key" = [])),
)]
pub async fn file(State(ports): State<Ports>, Caller(tenant): Caller, uri: Uri) -> Answer<Response> {
    let parameters = Parameters::read(&uri, &["from", "until", "by", "group"])?;
    let Wish { asked, .. } = wish(&ports, &tenant, &parameters).await?;
    let (mut rows, mut place) = (Rows::new(), None::<String>);
    for _ in 0..FILE_PAGES_MAX {
        let page = statistics::page(&ports, &tenant, &asked, place.as_deref()).await?;
        for (key, figures) in page.rows {
            let sum = rows.entry(key).or_default();
            *sum = sum.plus(&figures).map_err(WorkflowError::from)?;
        }
        place = page.next;
        if place.is_none() {
            break;
        }
    }
    if place.is_some() {
        return Err(problems::statistics_too_large().into());
    }
    let mut response = written(&asked, &rows, &all(&rows)?).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let name = format!("attachment; filename=\"statistics-{}-{}.csv\"", asked.days.from, asked.days.until);
    headers.insert(CONTENT_DISPOSITION, HeaderValue::try_from(name).unwrap_or(HeaderValue::from_static("attachment")));
    Ok(response)
}

fn written(asked: &Asked, rows: &Rows, totals: &Figures) -> String {
    const HEADING: [&str; 17] = [
        "С",
        "По",
        "Группа",
        "Создано заказов",
        "Из них оплачено",
        "Оплачено заказов",
        "Отменено без оплаты",
        "Заказов с возвратом",
        "Платежей",
        "Возвратов",
        "Получено",
        "Возвращено",
        "Вознаграждение агента",
        "В том числе НДС",
        "К перечислению",
        "Средний платёж",
        "Конверсия, %",
    ];
    let day = |day: jiff::civil::Date| day.strftime("%d.%m.%Y").to_string();
    let row = |since: String, through: String, group: String, figures: &Figures| {
        let number = |count: u64| Cell::Number(Decimal::from(count));
        let sum = |minor: i64| Cell::Number(Money::rub(minor).to_decimal());
        let figure = |text: Option<String>| {
            text.and_then(|text| text.parse().ok()).map_or_else(|| Cell::Text(String::new()), Cell::Number)
        };
        let FiguresView { average_payment, conversion_percent, .. } = shown(figures, true);
        let texts = [since, through, group].map(Cell::Text);
        let counts = [
            figures.made,
            figures.made_and_paid,
            figures.paid,
            figures.cancelled,
            figures.refunded,
            figures.payments,
            figures.returns,
        ];
        let sums = [figures.captured, figures.returned, figures.fee, figures.vat, figures.net];
        let rates = [average_payment, conversion_percent].map(figure);
        texts.into_iter().chain(counts.map(number)).chain(sums.map(sum)).chain(rates).collect::<Vec<_>>()
    };
    let through = |since: jiff::civil::Date| asked.by.last(since).min(asked.days.until);
    let body = rows.iter().map(|((since, group), figures)| {
        row(day(*since), day(through(*since)), group.clone().unwrap_or_default(), figures)
    });
    let total = row("Итого".to_owned(), String::new(), String::new(), totals);
    table(&HEADING, body.chain([total]))
}
