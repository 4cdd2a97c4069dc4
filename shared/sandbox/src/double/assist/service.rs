//! The doors of Assist's double.

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use connectors::bank::assist::wire::{OperationType, OrderState};
use domain::acquiring::{Lapse, Method, Stages};
use domain::details::Language;
use domain::id::Tenant;
use domain::money::Money;
use domain::time::{Timestamp, plus_seconds};
use serde_json::json;
use workflows::ports::Ports;

use super::ask::{Asked, Failure, Format, Recurring};
use super::order::{self, View, moment};
use super::render::{self, Reply, Shape};
use crate::door::{self, Received, Refusal};
use crate::double::{self, Deal, DealState, Facts, Family, NewDeal, No, Opened, Terminal};
use crate::{SandboxError, Shared};

/// Seconds an order waits for its buyer.
const OPEN_SECONDS: i64 = 3_600;
/// Seconds a hold stays.
const HOLD_SECONDS: u32 = 7 * 24 * 3_600;
/// Characters of a number of an order.
const NUMBER_MAX: usize = 128;

/// Who asks for what.
struct Caller {
    ports: Ports,
    tenant: Tenant,
    terminal: Terminal,
    now: Timestamp,
    asked: Asked,
}

/// Why a request is not answered with what it asked for.
enum Stop {
    /// Assist says no.
    Failure(Failure),
    /// The double can not.
    Broken(SandboxError),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<SandboxError> for Stop {
    fn from(error: SandboxError) -> Self {
        Self::Broken(error)
    }
}

impl From<storage::store::StoreError> for Stop {
    fn from(error: storage::store::StoreError) -> Self {
        Self::Broken(error.into())
    }
}

async fn caller(ports: Ports, partner: &str, asked: Asked) -> Result<Caller, Stop> {
    let tenant = double::tenant(partner).ok_or(Failure::STRANGER)?;
    let terminal = double::terminal(&ports, &tenant, Family::Assist).await?;
    let now = workflows::clock::now(&ports, &tenant).await?;
    Ok(Caller { ports, tenant, terminal, now, asked })
}

/// The web services: who asks is held to login and password, the answer is in the format that was asked for.
async fn serve(
    Shared { ports, .. }: Shared,
    partner: &str,
    headers: &HeaderMap,
    received: Received,
    usual: Format,
    service: impl AsyncFnOnce(&Caller, Format) -> Result<Response, Stop>,
) -> Response {
    let body = match door::bytes(received) {
        Ok(body) => body,
        Err(refusal) => return refusal.into_response(),
    };
    let asked = Asked::read(headers, &body);
    let format = asked.format(usual);
    let written = format.unwrap_or(usual);
    let answer = async {
        let caller = caller(ports, partner, asked).await?;
        if !caller.asked.is_from(&caller.terminal) {
            return Err(Failure::STRANGER.into());
        }
        service(&caller, format?).await
    };
    answer.await.unwrap_or_else(|stop| match stop {
        Stop::Failure(failure) => render::failure(written, failure),
        Stop::Broken(error) => Refusal::from(error).into_response(),
    })
}

impl Caller {
    fn view(&self, deal: &Deal) -> View {
        View::new(&self.terminal, deal, self.now, self.asked.english(false))
    }

    async fn by_bill(&self) -> Result<Deal, Stop> {
        let bill = self.asked.bill().ok_or(Failure::NO_ORDER)?;
        let found = double::find_by_reference(&self.ports, &self.tenant, Family::Assist, bill).await?;
        Ok(found.ok_or(Failure::NO_ORDER)?)
    }

    /// By the number or the billnumber, as far as it was made in the time that is looked at.
    async fn looked(&self) -> Result<Deal, Stop> {
        let number = self.asked.of("ordernumber");
        let found = if number.is_empty() {
            self.by_bill().await?
        } else {
            let found = double::find_by_number(&self.ports, &self.tenant, Family::Assist, number).await?;
            found.ok_or(Failure::NO_ORDER)?
        };
        let (from, until) = self.asked.span(self.now)?;
        if (from..=until).contains(&found.created_at) { Ok(found) } else { Err(Failure::NO_ORDER.into()) }
    }

    /// Does something to a deal and answers with the operation it made.
    async fn act(
        &self,
        deal: &Deal,
        what: impl FnMut(&mut Deal, Timestamp) -> Result<(), Failure> + Send,
    ) -> Result<Deal, Stop> {
        let done = double::act(&self.ports, &self.tenant, &deal.reference, what).await?;
        let (answer, deal) = done.ok_or(Failure::NO_ORDER)?;
        answer?;
        Ok(deal)
    }

    /// A payment as the request has it.
    fn payment(&self) -> Result<(NewDeal, Option<Recurring>), Failure> {
        let asked = &self.asked;
        asked.may_pay(&self.terminal)?;
        let number = asked.of("ordernumber");
        if !(1..=NUMBER_MAX).contains(&number.chars().count()) {
            return Err(Failure::NUMBER);
        }
        let amount = asked.money("orderamount", "ordercurrency")?;
        let points = Some("ordermaxpoints").filter(|name| !asked.of(name).is_empty());
        let points_max = points.map(|name| asked.money(name, "ordercurrency")).transpose()?;
        let recurring = asked.recurring(self.now)?;
        let held = match asked.of("delay") {
            "" | "0" => false,
            "1" => true,
            _ => return Err(Failure::DELAY),
        };
        let method = method(asked);
        let one_of = |names: [&str; 2]| {
            names.map(|name| asked.of(name)).into_iter().find(|url| !url.is_empty()).unwrap_or_default()
        };
        let (ok, no) = (one_of(["url_return_ok", "url_return"]), one_of(["url_return_no", "url_return"]));
        let plain = |url: &str| url.is_empty() || url.starts_with("https://") || url.starts_with("http://");
        if !plain(ok) || !plain(no) {
            return Err(Failure::URL);
        }
        if asked.of("ordercomment").chars().count() > 4_000 {
            return Err(Failure::COMMENT);
        }
        let own = |url: &str| if url.is_empty() { self.terminal.pages.clone() } else { url.to_owned() };
        let customer = match asked.of("customernumber") {
            // A recurrent has no customer; the machine keeps means for one.
            "" => recurring.map(|_| format!("recurring:{number}")),
            customer => Some(customer.to_owned()),
        };
        let name = |field: &str| asked.of(field).to_owned();
        let words = json!({
            "firstname": name("firstname"), "lastname": name("lastname"), "middlename": name("middlename"), "email": name("email"),
            "cheque": asked.cheque()?,
            "least": recurring.map(|recurring| recurring.least), "greatest": recurring.map(|recurring| recurring.greatest),
        });
        let new = NewDeal {
            family: Family::Assist,
            number: number.to_owned(),
            amount,
            // The second stage is the cards'; other means are taken at once.
            stages: if held && method != Method::Sbp { Stages::Two } else { Stages::One },
            method,
            description: name("ordercomment"),
            return_success: own(ok),
            return_failure: own(no),
            callback_url: None,
            expires_at: plus_seconds(self.now, OPEN_SECONDS),
            language: if asked.english(false) { Language::En } else { Language::Ru },
            merchant: String::new(),
            customer,
            save: recurring.is_some(),
            points_max,
            hold_seconds: HOLD_SECONDS,
            lapse: Lapse::Released,
            words,
        };
        Ok((new, recurring))
    }

    /// Creates an order; nothing where there is one of that number that is not this one, or is over.
    async fn open(&self) -> Result<Deal, Stop> {
        let (new, _) = self.payment()?;
        let Opened { deal, is_same, .. } = double::open(&self.ports, &self.tenant, new).await?;
        let open = order::state(&deal, &deal.facts()) == OrderState::InProcess;
        if is_same && open { Ok(deal) } else { Err(Failure::DUPLICATE.into()) }
    }
}

/// The means the page shows: the first that is chosen and not hidden. Cards where nothing is said.
fn method(asked: &Asked) -> Method {
    let shown = |name: &str| asked.of(name) == "1";
    if shown("cardpayment") {
        Method::Card
    } else if shown("fastpaypayment") {
        Method::Sbp
    } else if shown("mirpaypayment") {
        Method::MirPay
    } else {
        Method::Card
    }
}

/// `/pay/payrequest.cfm`: the order is created, the answer says where to send the buyer.
pub async fn pay_request(
    State(Shared { ports, .. }): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    received: Received,
) -> Response {
    let body = match door::bytes(received) {
        Ok(body) => body,
        Err(refusal) => return refusal.into_response(),
    };
    let answer = async {
        let caller = caller(ports, &partner, Asked::read(&headers, &body)).await?;
        let deal = caller.open().await;
        let now = moment(caller.now);
        match deal {
            Ok(deal) => {
                let page = caller.terminal.page(&deal);
                Ok(render::page(&page, &moment(deal.expires_at), OrderState::InProcess.word()))
            }
            // Not one of the nine words, and no reason: so the manual has it.
            Err(Stop::Failure(_)) => Ok(render::page("", &now, "Decline")),
            Err(broken) => Err(broken),
        }
    };
    match answer.await {
        Ok(response) => response,
        Err(Stop::Failure(_)) => render::page("", "", "Decline"),
        Err(Stop::Broken(error)) => Refusal::from(error).into_response(),
    }
}

/// `/pay/order.cfm` as the buyer's browser sends it: a form, its check value in it.
pub async fn order_form(
    State(shared): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    received: Received,
) -> Response {
    match door::bytes(received) {
        Ok(body) => order(shared, &partner, Asked::read(&headers, &body)).await,
        Err(refusal) => refusal.page(),
    }
}

/// `/pay/order.cfm` as a link.
pub async fn order_page(
    State(shared): State<Shared>,
    Path(partner): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    order(shared, &partner, Asked::query(&query.unwrap_or_default())).await
}

async fn order(Shared { ports, .. }: Shared, partner: &str, asked: Asked) -> Response {
    let answer = async {
        let caller = caller(ports, partner, asked).await?;
        let deal = caller.open().await?;
        Ok(caller.terminal.page(&deal))
    };
    match answer.await {
        Ok(page) => found(&page),
        Err(Stop::Failure(Failure { first, second })) => found(&format!("error.cfm?ErrorID={first}.{second}")),
        Err(Stop::Broken(error)) => Refusal::from(error).page(),
    }
}

/// 302, as Assist redirects.
fn found(url: &str) -> Response {
    let location = HeaderValue::from_str(url).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
}

/// Where a buyer lands whose order could not be created.
pub async fn error_page(Path(_): Path<String>) -> Response {
    let refusal = Refusal::new(
        StatusCode::BAD_REQUEST,
        "assist-order",
        "The order was not created: the shop sent wrong parameters",
        "Заказ не создан: магазин передал неверные параметры",
    );
    refusal.page()
}

/// `/orderstate/orderstate.cfm`: the order alone.
pub async fn order_state(
    State(shared): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    received: Received,
) -> Response {
    serve(shared, &partner, &headers, received, Format::Csv, async |caller, format| {
        let view = caller.view(&caller.looked().await?);
        Ok(render::reply(format, &Reply { service: "orderstate", shape: Shape::Order, told: Some((&view, None)) }))
    })
    .await
}

/// `/orderresult/orderresult.cfm`: the order with everything that was done in it.
pub async fn order_result(
    State(shared): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    received: Received,
) -> Response {
    serve(shared, &partner, &headers, received, Format::Xml, async |caller, format| {
        if format == Format::Csv {
            return Err(Failure::FORMAT.into());
        }
        let view = caller.view(&caller.looked().await?);
        Ok(render::reply(format, &Reply { service: "orderresult", shape: Shape::Orders, told: Some((&view, None)) }))
    })
    .await
}

/// `/charge/charge.cfm`: confirms a payment of two stages, once.
pub async fn charge(
    State(shared): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    received: Received,
) -> Response {
    serve(shared, &partner, &headers, received, Format::Csv, async |caller, format| {
        let part = caller.asked.part()?;
        let deal = caller.by_bill().await?;
        let deal = caller
            .act(&deal, |deal, now| {
                // A hold with points is confirmed whole, and its amount is not said.
                let Facts { held, points, state, .. } = deal.facts();
                if state == DealState::Held && points.is_positive() && part.is_some() {
                    return Err(Failure::AMOUNT);
                }
                let amount = part.unwrap_or(held);
                deal.capture(amount, now).map_err(|no| match no {
                    No::TooMuch if deal.facts().state == DealState::Held => Failure::AMOUNT,
                    _ => Failure::CONFIRMATION,
                })
            })
            .await?;
        let view = caller.view(&deal);
        let told = view.last(OperationType::Charge).map(|operation| (&view, Some(operation)));
        Ok(render::reply(format, &Reply { service: "charge", shape: Shape::Flat, told }))
    })
    .await
}

/// `/cancel/cancel.cfm`: the same as the next, answered flat.
pub async fn cancel(
    State(shared): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    received: Received,
) -> Response {
    serve(shared, &partner, &headers, received, Format::Csv, async |caller, format| {
        cancelled(caller, format, "cancel", Shape::Flat).await
    })
    .await
}

/// `/cancel/wscancel.cfm`: lets a hold go, or sends money back, whichever it is; all of it or a part.
pub async fn ws_cancel(
    State(shared): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    received: Received,
) -> Response {
    serve(shared, &partner, &headers, received, Format::Json, async |caller, format| {
        cancelled(caller, format, "wscancel", Shape::Nested).await
    })
    .await
}

async fn cancelled(caller: &Caller, format: Format, service: &'static str, shape: Shape) -> Result<Response, Stop> {
    let part = caller.asked.part()?;
    let external = caller.asked.of("externalrefundid");
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
    let right = (10..=100).contains(&external.len()) && external.bytes().all(allowed);
    if !external.is_empty() && !right {
        return Err(Failure::EXTERNAL.into());
    }
    // Only JSON looks at the external id.
    let external = if format == Format::Json { external } else { "" };
    let deal = caller.by_bill().await?;
    let mut made = None;
    let deal = caller
        .act(&deal, |deal, now| {
            let facts = deal.facts();
            if facts.state == DealState::Held {
                return match part {
                    Some(amount) if amount != facts.held => Err(Failure::AMOUNT),
                    _ => deal.void(facts.held, now).map_err(|_| Failure::CANCELLATION),
                };
            }
            let left = facts.captured.minus(facts.refunded).unwrap_or_else(|_| facts.captured.zero());
            let id = match external {
                "" => format!("cancel-{}", facts.refunds.len()),
                id if facts.refunds.iter().any(|refund| refund.id == id) => return Err(Failure::EXTERNAL),
                id => id.to_owned(),
            };
            made = Some(id.clone());
            refunded(deal, &id, part.unwrap_or(left), now)
        })
        .await?;
    let view = caller.view(&deal);
    let operation = made.and_then(|id| view.refund(&id)).or_else(|| view.last(OperationType::Cancel));
    let told = operation.map(|operation| (&view, Some(operation)));
    Ok(render::reply(format, &Reply { service, shape, told }))
}

/// A refund that the bank declines is an operation like any other.
fn refunded(deal: &mut Deal, id: &str, amount: Money, now: Timestamp) -> Result<(), Failure> {
    match deal.refund(id, amount, now) {
        Ok(_) | Err(No::Refused(_)) => Ok(()),
        Err(No::TooMuch) => Err(Failure::AMOUNT),
        Err(_) => Err(Failure::CANCELLATION),
    }
}

/// `/recurrent/rp.cfm`: a payment from the means of an earlier one.
pub async fn recurrent(
    State(shared): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    received: Received,
) -> Response {
    serve(shared, &partner, &headers, received, Format::Csv, async |caller, format| {
        let number = caller.asked.of("ordernumber");
        if !(1..=NUMBER_MAX).contains(&number.chars().count()) {
            return Err(Failure::NUMBER.into());
        }
        let amount = caller.asked.money("amount", "currency")?;
        let first = caller.by_bill().await?;
        let limit = |name: &str| -> Option<Money> { first.words[name].as_str()?.parse().ok() };
        let (Some(least), Some(greatest)) = (limit("least"), limit("greatest")) else {
            return Err(Failure::NO_ORDER.into());
        };
        if !(least.minor()..=greatest.minor()).contains(&amount.minor()) {
            return Err(Failure::AMOUNT.into());
        }
        let new = NewDeal {
            number: number.to_owned(),
            amount,
            stages: Stages::One,
            description: caller.asked.of("ordercomment").to_owned(),
            expires_at: plus_seconds(caller.now, OPEN_SECONDS),
            customer: None,
            save: false,
            points_max: None,
            words: json!({ "of": first.reference }),
            ..first.asked().clone()
        };
        let charged = double::charge(&caller.ports, &caller.tenant, new, first.token(), false).await?;
        let Opened { deal, is_new, .. } = charged.ok_or(Failure::NO_ORDER)?;
        if !is_new {
            return Err(Failure::DUPLICATE.into());
        }
        let view = caller.view(&deal);
        let told = view.first(OperationType::Payment).map(|operation| (&view, Some(operation)));
        Ok(render::reply(format, &Reply { service: "rp", shape: Shape::Flat, told }))
    })
    .await
}
