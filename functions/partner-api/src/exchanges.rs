//! The journal of exchanges with banks: looked through, searched, taken away.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::exchange::{Exchange, Passage, Place};
use domain::id::{OrderId, Tenant};
use domain::time::{Timestamp, plus_seconds};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LINK};
use http::{HeaderValue, Uri};
use runtime::Problem;
use serde::Serialize;
use utoipa::ToSchema;
use workflows::error::WorkflowError;
use workflows::exchange::{self, ExchangesFound, Reach, Span, Wanted};
use workflows::ports::Ports;
use workflows::{clock, perform};

use crate::access::{Caller, Operator, OwnOrder};
use crate::examples;
use crate::problems::{self, Answer};
use crate::query::{List, Parameters};

/// Days that are looked through when no beginning is given.
const DAYS: i64 = 7;
/// Days between beginning and end, at most.
const DAYS_MAX: i64 = 400;
/// Characters of a text to be found, at most.
const TEXT_CHARACTERS_MAX: usize = 100;
/// Bytes of an export's part, at most: Lambda answers with six megabytes at most.
const EXPORT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Exchanges of an export's part, at most.
const EXPORT_MAX: usize = 5_000;
/// Exchanges read at once for an export.
const EXPORT_AT_ONCE: usize = 100;
/// Seconds a machine's clock may be ahead of another's.
const SKEW_SECONDS: i64 = 600;

/// Some exchanges, newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ExchangeList {
    /// The exchanges.
    pub exchanges: Vec<ExchangeView>,
    /// Send it back as `cursor` to go on; `null` on the last page. A page can be short, even empty, and still have one.
    pub next_cursor: Option<String>,
}

/// One request to a bank and its answer, or one callback of a bank's.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ExchangeView {
    /// Id of the exchange.
    #[schema(example = "8f14e45fceea167a5a36")]
    pub id: String,
    /// When it began, to the millisecond.
    pub at: String,
    /// The order it was about.
    pub order: Option<String>,
    /// Number of the order's operation.
    pub operation: Option<u8>,
    /// The account at the bank.
    pub account: Option<String>,
    /// `register`, `charge`, `ask`, `capture`, `give_back`, `withdraw`, `forget`; `callback` when the bank told something by itself.
    #[schema(example = "register")]
    pub purpose: &'static str,
    /// HTTP method.
    #[schema(example = "POST")]
    pub method: String,
    /// Address.
    pub url: String,
    /// What we sent; in a callback, what the bank sent.
    pub request: PassageView,
    /// HTTP status of the answer.
    pub status: Option<u16>,
    /// The answer; `null` when none came.
    pub answer: Option<PassageView>,
    /// `answered`; `no_answer`: the bank may have done it, and is asked; `not_sent`: it has not. Of a callback: `taken`, `refused`,
    /// or `failed` when the bank has to repeat it.
    #[schema(example = "answered")]
    pub outcome: &'static str,
    /// Why there is no answer, or why a callback was not taken.
    pub note: Option<String>,
    /// Milliseconds until the answer.
    pub milliseconds: u32,
}

/// One direction of an exchange, masked: `***` stands for secrets, cards keep six and four digits, e-mail addresses the first letter
/// and the domain, telephones two digits.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PassageView {
    /// Headers.
    pub headers: Vec<HeaderView>,
    /// Body, at most 16 kB of it.
    pub body: String,
    /// Bytes the body had.
    pub bytes: u64,
}

/// A header.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HeaderView {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}

fn passage(passage: Passage) -> PassageView {
    let headers = passage.headers.into_iter().map(|(name, value)| HeaderView { name, value });
    PassageView { headers: headers.collect(), body: passage.body, bytes: passage.bytes }
}

fn view(exchange: Exchange) -> ExchangeView {
    ExchangeView {
        at: exchange.at.to_string(),
        order: exchange.order.as_ref().map(ToString::to_string),
        operation: exchange.operation,
        account: exchange.account,
        purpose: exchange.purpose.code(),
        method: exchange.method,
        url: exchange.url,
        request: passage(exchange.request),
        status: exchange.status,
        answer: exchange.answer.map(passage),
        outcome: exchange.outcome.code(),
        note: Some(exchange.note).filter(|note| !note.is_empty()),
        milliseconds: exchange.milliseconds,
        id: exchange.id,
    }
}

/// What of the journal is asked for.
struct Asked {
    tenant: Tenant,
    wanted: Wanted,
    span: Span,
    before: Option<Place>,
    limit: usize,
    /// What must stay the same from page to page.
    filter: String,
}

/// A place as a cursor carries it.
fn written(place: &Place) -> String {
    format!("{} {}", place.0, place.1)
}

fn place_of(text: &str) -> Option<Place> {
    let (at, id) = text.split_once(' ')?;
    Some((at.parse().ok()?, id.to_owned()))
}

async fn asked(ports: &Ports, tenant: Tenant, name: &'static str, parameters: &Parameters) -> Answer<Asked> {
    let order = match parameters.text("order") {
        None => None,
        // Another's order is answered as one that never was.
        Some(text) => Some(
            text.parse::<OrderId>()
                .ok()
                .filter(|id| *id.tenant() == tenant)
                .ok_or_else(|| problems::fault("/order", "order", "Такого заказа нет.", "There is no such order."))?,
        ),
    };
    let text = parameters.text("text");
    if text.is_some_and(|text| text.is_empty() || text.chars().count() > TEXT_CHARACTERS_MAX) {
        return Err(problems::fault("/text", "length", "От 1 до 100 символов.", "1 to 100 characters.").into());
    }
    let (from, to) = (moment(parameters, "from")?, moment(parameters, "to")?);
    let filter = [order.as_ref().map(ToString::to_string), text.map(ToOwned::to_owned)]
        .into_iter()
        .chain([from, to].map(|at| at.map(|at| at.to_string())))
        .map(|part| part.unwrap_or_default().replace('\n', " "))
        .collect::<Vec<_>>()
        .join("\n");
    let list = List { tenant: &tenant, name, filter: &filter };
    let before = parameters.place(ports, &list)?.as_deref().and_then(place_of);
    let now = plus_seconds(clock::now(ports, &tenant).await.map_err(WorkflowError::from)?, SKEW_SECONDS);
    let to = to.unwrap_or(now).min(now);
    let start = match (from, &order) {
        (Some(from), _) => from,
        (None, Some(order)) => plus_seconds(order.created_at(), -SKEW_SECONDS),
        (None, None) => plus_seconds(to, -DAYS * 24 * 3_600),
    };
    if to.as_second() - start.as_second() > DAYS_MAX * 24 * 3_600 && from.is_some() {
        return Err(problems::fault("/from", "range", "Не больше 400 дней.", "At most 400 days.").into());
    }
    let from = start.max(plus_seconds(to, -DAYS_MAX * 24 * 3_600));
    let wanted = Wanted { order, text: text.map(ToOwned::to_owned) };
    Ok(Asked { wanted, span: Span { from, to }, before, limit: parameters.limit()?, filter, tenant })
}

fn moment(parameters: &Parameters, name: &str) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = parameters.text(name) else { return Ok(None) };
    let day =
        || text.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|day| day.timestamp());
    let at = if text.len() == 10 { day() } else { text.parse().ok() };
    at.map(Some).ok_or_else(|| {
        let (ru, en) =
            ("Момент вида 2026-11-21T10:00:00Z или день.", "A moment such as 2026-11-21T10:00:00Z, or a day.");
        problems::fault(&format!("/{name}"), "moment", ru, en)
    })
}

async fn page(ports: &Ports, asked: &Asked, before: Option<&Place>, limit: usize) -> Answer<ExchangesFound> {
    let Asked { tenant, wanted, span, .. } = asked;
    Ok(exchange::find(ports, tenant, &[*span], wanted, before, limit, Reach::STANDARD).await?)
}

async fn listed(ports: &Ports, tenant: Tenant, parameters: &Parameters) -> Answer<Json<ExchangeList>> {
    let asked = asked(ports, tenant, "exchanges", parameters).await?;
    let found = page(ports, &asked, asked.before.as_ref(), asked.limit).await?;
    let list = List { tenant: &asked.tenant, name: "exchanges", filter: &asked.filter };
    Ok(Json(ExchangeList {
        next_cursor: found.next.map(|place| list.cursor(&ports.settings, &written(&place))),
        exchanges: found.exchanges.into_iter().map(view).collect(),
    }))
}

/// Find exchanges with banks
///
/// Every request to a bank and what it answered, every callback of a bank's and what became of it, newest first: of an order, of a time,
/// with a text in them. What nobody may read is masked before it is kept. An exchange can be read some five minutes after it was made,
/// for 400 days. A `cursor` belongs to the filters it was given out for.
#[utoipa::path(
    get,
    path = "/v1/exchanges",
    operation_id = "exchanges",
    tag = "Exchanges",
    params(
        ("order" = Option<String>, Query, description = "Only of this order; from its creation on, when no `from` is given."),
        ("from" = Option<String>, Query, description = "From this moment or day (UTC) on; the last 7 days when left out.", example = "2026-11-20"),
        ("to" = Option<String>, Query, description = "Before this moment or day (UTC).", example = "2026-11-21T12:00:00Z"),
        ("text" = Option<String>, Query, description = "Only with this text in address, headers, bodies or codes, in whatever case.", example = "no_answer"),
        ("limit" = Option<u32>, Query, description = "1 to 100 exchanges, 50 when left out.", minimum = 1, maximum = 100, example = 50),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "Exchanges.", body = ExchangeList, example = json!(examples::exchange_list()))),
    security(("api_key" = [])),
)]
pub async fn list(State(ports): State<Ports>, Caller(tenant): Caller, uri: Uri) -> Answer<Json<ExchangeList>> {
    let parameters = Parameters::read(&uri, &["order", "from", "to", "text", "limit", "cursor"])?;
    listed(&ports, tenant, &parameters).await
}

/// Read an order's exchanges with banks
///
/// What was asked of the bank for this order and what it said, newest first: around everything in the order's timeline, and up to now
/// while an operation is open.
#[utoipa::path(
    get,
    path = "/v1/orders/{id}/exchanges",
    operation_id = "order_exchanges",
    tag = "Exchanges",
    params(
        ("id" = String, Path, description = "Id of the order."),
        ("limit" = Option<u32>, Query, description = "1 to 100 exchanges, 50 when left out.", minimum = 1, maximum = 100, example = 50),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "Exchanges.", body = ExchangeList, example = json!(examples::exchange_list()))),
    security(("api_key" = [])),
)]
pub async fn of_order(State(ports): State<Ports>, OwnOrder(id): OwnOrder, uri: Uri) -> Answer<Json<ExchangeList>> {
    let parameters = Parameters::read(&uri, &["limit", "cursor"])?;
    let filter = id.to_string();
    let list = List { tenant: id.tenant(), name: "order-exchanges", filter: &filter };
    let before = parameters.place(&ports, &list)?.as_deref().and_then(place_of);
    let found = exchange::of_order(&ports, &id, before.as_ref(), parameters.limit()?).await?;
    Ok(Json(ExchangeList {
        next_cursor: found.next.map(|place| list.cursor(&ports.settings, &written(&place))),
        exchanges: found.exchanges.into_iter().map(view).collect(),
    }))
}

/// One part of an export, and where the next begins.
async fn exported(ports: &Ports, tenant: Tenant, path: &str, parameters: &Parameters) -> Answer<Response> {
    let asked = asked(ports, tenant, "exchanges.ndjson", parameters).await?;
    let (mut lines, mut count, mut next) = (String::new(), 0, asked.before.clone());
    let rest = 'part: loop {
        let found = page(ports, &asked, next.as_ref(), EXPORT_AT_ONCE).await?;
        let read_far = found.exchanges.len() < EXPORT_AT_ONCE;
        for exchange in found.exchanges {
            let place = exchange.place();
            lines.push_str(&serde_json::to_string(&view(exchange)).map_err(WorkflowError::Message)?);
            lines.push('\n');
            count += 1;
            if lines.len() >= EXPORT_BYTES_MAX || count >= EXPORT_MAX {
                break 'part Some(place);
            }
        }
        match found.next {
            // Read far and found little: the part ends, so that an answer comes in time.
            next if next.is_none() || read_far => break next,
            more => next = more,
        }
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson")),
        (CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"exchanges.ndjson\"")),
    ];
    let mut response = (headers, lines).into_response();
    if let Some(place) = rest {
        let list = List { tenant: &asked.tenant, name: "exchanges.ndjson", filter: &asked.filter };
        let cursor = list.cursor(&ports.settings, &written(&place));
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for name in ["tenant", "order", "from", "to", "text"] {
            if let Some(value) = parameters.text(name) {
                query.append_pair(name, value);
            }
        }
        query.append_pair("cursor", &cursor);
        let link = format!("<{}{path}?{}>; rel=\"next\"", ports.settings.base_url, query.finish());
        // Everything in it is encoded.
        if let Ok(link) = HeaderValue::try_from(link) {
            response.headers_mut().insert(LINK, link);
        }
    }
    Ok(response)
}

/// Export exchanges with banks
///
/// The same exchanges as lines of JSON, newest first, some megabytes at a time. Go on at the address of the header `Link` (`rel="next"`)
/// until there is none: `curl` it in a loop.
#[utoipa::path(
    get,
    path = "/v1/exchanges.ndjson",
    operation_id = "export_exchanges",
    tag = "Exchanges",
    params(
        ("order" = Option<String>, Query, description = "Only of this order."),
        ("from" = Option<String>, Query, description = "From this moment or day (UTC) on; the last 7 days when left out.", example = "2026-11-01"),
        ("to" = Option<String>, Query, description = "Before this moment or day (UTC).", example = "2026-12-01"),
        ("text" = Option<String>, Query, description = "Only with this text in them."),
        ("cursor" = Option<String>, Query, description = "Stands in the address of the header `Link`."),
    ),
    responses((status = 200, description = "One exchange a line.", body = String, content_type = "application/x-ndjson",
        headers(("Link" = String, description = "Where to go on; absent on the last part.")))),
    security(("api_key" = [])),
)]
pub async fn export(State(ports): State<Ports>, Caller(tenant): Caller, uri: Uri) -> Answer<Response> {
    let parameters = Parameters::read(&uri, &["order", "from", "to", "text", "cursor"])?;
    exported(&ports, tenant, "/v1/exchanges.ndjson", &parameters).await
}

/// The tenant an operator names.
pub(crate) async fn named(ports: &Ports, parameters: &Parameters) -> Answer<Tenant> {
    let missing = || problems::fault("/tenant", "tenant", "Такого партнёра нет.", "There is no such tenant.");
    let tenant: Tenant = parameters.text("tenant").and_then(|text| text.parse().ok()).ok_or_else(missing)?;
    match perform::partner(ports, &tenant).await {
        Ok(_) => Ok(tenant),
        Err(WorkflowError::NotFound) => Err(missing().into()),
        Err(other) => Err(other.into()),
    }
}

/// Find any partner's exchanges with banks
///
/// As the partner would, for any tenant.
#[utoipa::path(
    get,
    path = "/v1/operator/exchanges",
    operation_id = "operator_exchanges",
    tag = "Operator",
    params(
        ("tenant" = String, Query, description = "Whose: the partner's id and `.t` for test, `.l` for live.", example = "demoshop.l"),
        ("order" = Option<String>, Query, description = "Only of this order."),
        ("from" = Option<String>, Query, description = "From this moment or day (UTC) on; the last 7 days when left out."),
        ("to" = Option<String>, Query, description = "Before this moment or day (UTC)."),
        ("text" = Option<String>, Query, description = "Only with this text in them."),
        ("limit" = Option<u32>, Query, description = "1 to 100 exchanges, 50 when left out.", minimum = 1, maximum = 100, example = 50),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "Exchanges.", body = ExchangeList)),
    security(("operator_token" = [])),
)]
pub async fn list_any(State(ports): State<Ports>, Operator: Operator, uri: Uri) -> Answer<Json<ExchangeList>> {
    let parameters = Parameters::read(&uri, &["tenant", "order", "from", "to", "text", "limit", "cursor"])?;
    let tenant = named(&ports, &parameters).await?;
    listed(&ports, tenant, &parameters).await
}

/// Export any partner's exchanges with banks
///
/// As the partner would, for any tenant.
#[utoipa::path(
    get,
    path = "/v1/operator/exchanges.ndjson",
    operation_id = "operator_export_exchanges",
    tag = "Operator",
    params(
        ("tenant" = String, Query, description = "Whose: the partner's id and `.t` for test, `.l` for live.", example = "demoshop.l"),
        ("order" = Option<String>, Query, description = "Only of this order."),
        ("from" = Option<String>, Query, description = "From this moment or day (UTC) on; the last 7 days when left out."),
        ("to" = Option<String>, Query, description = "Before this moment or day (UTC)."),
        ("text" = Option<String>, Query, description = "Only with this text in them."),
        ("cursor" = Option<String>, Query, description = "Stands in the address of the header `Link`."),
    ),
    responses((status = 200, description = "One exchange a line.", body = String, content_type = "application/x-ndjson",
        headers(("Link" = String, description = "Where to go on; absent on the last part.")))),
    security(("operator_token" = [])),
)]
pub async fn export_any(State(ports): State<Ports>, Operator: Operator, uri: Uri) -> Answer<Response> {
    let parameters = Parameters::read(&uri, &["tenant", "order", "from", "to", "text", "cursor"])?;
    let tenant = named(&ports, &parameters).await?;
    exported(&ports, tenant, "/v1/operator/exchanges.ndjson", &parameters).await
}
