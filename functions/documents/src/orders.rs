//! Orders as files for other programs: `CommerceML` for 1С, a table for an accountant. Page by page, each a whole file.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::id::Tenant;
use domain::time::moscow_date;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LINK};
use http::{HeaderValue, Uri};
use jiff::civil::Date;
use papers::{PaperError, commerceml, orders};
use runtime::Problem;
use runtime::caller::{Answer, Caller};
use runtime::query::{List, Parameters, days};
use workflows::error::WorkflowError;
use workflows::exports::{self, Days};
use workflows::ports::Ports;
use workflows::{clock, links};

/// Orders in one document of `CommerceML`, at most: each is one more read.
const DOCUMENT_ORDERS_MAX: usize = 500;
/// Orders in one table, at most.
const TABLE_ORDERS_MAX: usize = 2_000;
/// Bytes after which a document ends: an answer may have six million, and one order has some 100,000 at most.
const BYTES_ENOUGH: usize = 4_000_000;

/// A form orders are exported in.
struct Form {
    path: &'static str,
    extension: &'static str,
    media_type: &'static str,
    orders_max: usize,
}

const DOCUMENT: Form = Form {
    path: "/v1/orders.xml",
    extension: "xml",
    media_type: "application/xml; charset=utf-8",
    orders_max: DOCUMENT_ORDERS_MAX,
};

const TABLE: Form = Form {
    path: "/v1/orders.csv",
    extension: "csv",
    media_type: "text/csv; charset=utf-8",
    orders_max: TABLE_ORDERS_MAX,
};

/// What is asked for.
struct Asked {
    tenant: Tenant,
    days: Days,
    limit: usize,
    /// What a cursor must stay with.
    filter: String,
    place: Option<String>,
}

/// Whatever keeps a file from being written is ours.
fn made<T>(written: Result<T, PaperError>) -> Answer<T> {
    written.map_err(|error| Problem::internal(&error).into())
}

impl Asked {
    async fn read(ports: &Ports, tenant: Tenant, uri: &Uri, form: &Form) -> Answer<Self> {
        let parameters = Parameters::read(uri, &["from", "until", "limit", "cursor"])?;
        let today = moscow_date(clock::now(ports, &tenant).await.map_err(WorkflowError::from)?);
        let days = days(&parameters, today)?;
        let limit = parameters.limit_of(form.orders_max, form.orders_max)?;
        let filter = format!("{} {}", days.from, days.until);
        let list = List { tenant: &tenant, name: form.path, filter: &filter };
        let place = parameters.place(ports, &list)?;
        Ok(Self { tenant, days, limit, filter, place })
    }

    async fn page(&self, ports: &Ports) -> Answer<exports::Page> {
        Ok(exports::page(ports, &self.tenant, self.days, self.place.as_deref(), self.limit).await?)
    }

    /// The file, with the next page's address where there is one.
    fn answer(&self, ports: &Ports, form: &Form, bytes: Vec<u8>, next: Option<&str>) -> Response {
        let Days { from, until } = self.days;
        let mut response = bytes.into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(form.media_type));
        let name = format!("attachment; filename=\"orders-{from}-{until}.{}\"", form.extension);
        let name = HeaderValue::try_from(name);
        headers.insert(CONTENT_DISPOSITION, name.unwrap_or(HeaderValue::from_static("attachment")));
        if let Some(link) = next.and_then(|place| self.link(ports, form, from, until, place)) {
            headers.insert(LINK, link);
        }
        response
    }

    fn link(&self, ports: &Ports, form: &Form, from: Date, until: Date, place: &str) -> Option<HeaderValue> {
        let list = List { tenant: &self.tenant, name: form.path, filter: &self.filter };
        let parameters = [
            ("from", from.to_string()),
            ("until", until.to_string()),
            ("limit", self.limit.to_string()),
            ("cursor", list.cursor(&ports.settings, place)),
        ];
        let parameters = parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let address = links::with_query(&format!("{}{}", ports.settings.base_url, form.path), &parameters);
        HeaderValue::try_from(format!("<{address}>; rel=\"next\"")).ok()
    }
}

/// Orders as `CommerceML`.
pub(crate) async fn document(State(ports): State<Ports>, Caller(tenant): Caller, uri: Uri) -> Answer<Response> {
    let asked = Asked::read(&ports, tenant, &uri, &DOCUMENT).await?;
    let page = asked.page(&ports).await?;
    let now = clock::now(&ports, &asked.tenant).await.map_err(WorkflowError::from)?;
    let (mut next, mut left) = (page.next, page.orders.len());
    let mut document = made(commerceml::Orders::start(Vec::new(), now))?;
    for order in page.orders {
        let details = exports::details(&ports, &order).await?;
        let exported = exports::exported(order)?;
        let sale = commerceml::Sale { order: &exported.order, details: &details, brought: &exported.brought };
        made(document.order(sale))?;
        left -= 1;
        if document.bytes() >= BYTES_ENOUGH && left > 0 {
            next = Some(exports::place_after(&exported.order.id));
            break;
        }
    }
    let bytes = made(document.finish())?;
    Ok(asked.answer(&ports, &DOCUMENT, bytes, next.as_deref()))
}

/// Orders as a table.
pub(crate) async fn table(State(ports): State<Ports>, Caller(tenant): Caller, uri: Uri) -> Answer<Response> {
    let asked = Asked::read(&ports, tenant, &uri, &TABLE).await?;
    let page = asked.page(&ports).await?;
    let orders = page.orders.into_iter().map(exports::exported).collect::<Result<Vec<_>, _>>()?;
    let numbers = exports::payment_orders(&ports, &asked.tenant, &orders).await?;
    let mut table = made(orders::Orders::start(Vec::new()))?;
    for one in &orders {
        let number = one.order.payout.as_ref().and_then(|payout| numbers.get(payout)).copied();
        made(table.order(&one.order, &one.brought, number))?;
    }
    let bytes = made(table.finish())?;
    Ok(asked.answer(&ports, &TABLE, bytes, page.next.as_deref()))
}
