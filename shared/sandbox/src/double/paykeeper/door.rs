//! The cabinet's JSON API: who asks, what is asked, what is answered.

use std::collections::BTreeMap;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use connectors::bank::paykeeper::translate::{md5_of, order_sign};
use domain::id::Tenant;
use domain::money::Money;
use domain::time::{Timestamp, moscow_date, plus_seconds};
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;
use workflows::ports::Ports;

use super::super::{Deal, DealState, Event, Family, Terminal, act, charge, find_by_reference, tenant, terminal};
use super::book::{self, Invoice};
use super::words::{self, System};
use crate::rows::{self, Next};
use crate::{SandboxError, Shared};

/// Seconds an invoice is open when it says nothing else.
const OPEN_SECONDS: i64 = 30 * 24 * 3_600;
/// Elements of a list when nothing else is asked for, and at most.
const LIST_MAX: usize = 100;
/// Characters of a field.
const TEXT_MAX: usize = 255;

/// Why something is not answered.
pub enum Fault {
    /// Not let in: a page to sign in, as the vendor's server shows, not JSON.
    NoEntry,
    /// Refused, in the vendor's words, with HTTP status 200.
    Fail(&'static str),
    /// The double itself.
    Broken(SandboxError),
}

impl From<SandboxError> for Fault {
    fn from(error: SandboxError) -> Self {
        Self::Broken(error)
    }
}

impl From<storage::store::StoreError> for Fault {
    fn from(error: storage::store::StoreError) -> Self {
        Self::Broken(error.into())
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        const SIGN_IN: &str =
            "<!DOCTYPE html><html><head><title>PayKeeper</title></head><body>Авторизация</body></html>";
        let html = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
        match self {
            Self::NoEntry => {
                let realm = [(header::WWW_AUTHENTICATE, "Basic realm=\"PayKeeper\"")];
                (StatusCode::UNAUTHORIZED, realm, html, SIGN_IN).into_response()
            }
            Self::Fail(msg) => said(&json!({ "result": "fail", "msg": msg })),
            Self::Broken(error) => {
                tracing::error!(%error, "the double failed");
                let status =
                    if error.passes() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::INTERNAL_SERVER_ERROR };
                (status, html, "<html><body>500</body></html>").into_response()
            }
        }
    }
}

/// JSON, as the vendor writes it.
fn said(value: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (headers, words::json_text(value)).into_response()
}

fn success() -> Response {
    said(&json!({ "result": "success" }))
}

/// Fields of a form or a query, in order; a name may come more than once.
pub type Pairs = Vec<(String, String)>;
/// A form as it was received, or why not.
pub type Sent = Result<Form<Pairs>, FormRejection>;
type Answer = Result<Response, Fault>;

/// Of a field that comes twice the last counts, as in PHP: there are clients that put the fresh token behind the stale one.
fn of<'a>(pairs: &'a Pairs, name: &str) -> &'a str {
    pairs.iter().rfind(|(found, _)| found == name).map_or("", |(_, value)| value.as_str())
}

/// A partner's cabinet.
pub struct Cabinet {
    pub ports: Ports,
    pub tenant: Tenant,
    pub terminal: Terminal,
    pub now: Timestamp,
}

impl Cabinet {
    /// The cabinet of a partner, whoever asks.
    pub async fn of(shared: Shared, partner: &str) -> Result<Self, Fault> {
        let ports = shared.ports;
        let tenant = tenant(partner).ok_or(Fault::NoEntry)?;
        let terminal = terminal(&ports, &tenant, Family::Paykeeper).await?;
        let now = workflows::clock::now(&ports, &tenant).await?;
        Ok(Self { ports, tenant, terminal, now })
    }

    /// For those who know the user and the password.
    async fn enter(shared: Shared, partner: &str, headers: &HeaderMap) -> Result<Self, Fault> {
        let cabinet = Self::of(shared, partner).await?;
        let credentials = &cabinet.terminal.credentials;
        let pair = format!("{}:{}", credentials.of("user"), credentials.of("password"));
        let wanted = base64::engine::general_purpose::STANDARD.encode(pair);
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.strip_prefix("Basic ")).map(str::trim).unwrap_or_default();
        if bool::from(given.as_bytes().ct_eq(wanted.as_bytes())) { Ok(cabinet) } else { Err(Fault::NoEntry) }
    }

    /// For a change: with the token of the day.
    async fn change(shared: Shared, partner: &str, headers: &HeaderMap, sent: Sent) -> Result<(Self, Pairs), Fault> {
        let cabinet = Self::enter(shared, partner, headers).await?;
        let Ok(Form(pairs)) = sent else { return Err(Fault::Fail("Неверный формат запроса.")) };
        if bool::from(of(&pairs, "token").as_bytes().ct_eq(cabinet.token().as_bytes())) {
            Ok((cabinet, pairs))
        } else {
            Err(Fault::Fail("Токен безопасности не верен."))
        }
    }

    /// Changes every day at midnight in Moscow.
    fn token(&self) -> String {
        let day = moscow_date(self.now).to_string();
        md5_of(&["token", &day], self.terminal.credentials.of("password"))
    }

    /// A payment the buyer has begun.
    async fn payment(&self, id: &str) -> Result<Option<Deal>, SandboxError> {
        let found = find_by_reference(&self.ports, &self.tenant, Family::Paykeeper, id).await?;
        Ok(found.filter(|deal| words::status(deal, &deal.facts()).is_some()))
    }
}

/// `GET /info/settings/token/`.
pub async fn token(State(shared): State<Shared>, Path(partner): Path<String>, headers: HeaderMap) -> Answer {
    let cabinet = Cabinet::enter(shared, &partner, &headers).await?;
    Ok(said(&json!({ "token": cabinet.token() })))
}

/// `GET /info/systems/list/`.
pub async fn systems(State(shared): State<Shared>, Path(partner): Path<String>, headers: HeaderMap) -> Answer {
    Cabinet::enter(shared, &partner, &headers).await?;
    Ok(said(&System::ALL.map(System::listed).into_iter().collect()))
}

/// `POST /change/invoice/preview/`: another one every time, whatever the order number.
pub async fn preview(
    State(shared): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    sent: Sent,
) -> Answer {
    let (cabinet, pairs) = Cabinet::change(shared, &partner, &headers, sent).await?;
    let amount = words::amount(of(&pairs, "pay_amount")).ok_or(Fault::Fail("Некорректная сумма счёта."))?;
    let expires_at = match of(&pairs, "expiry") {
        "" => plus_seconds(cabinet.now, OPEN_SECONDS),
        text => words::until(text).ok_or(Fault::Fail("Некорректный срок действия счёта."))?,
    };
    if expires_at <= cabinet.now {
        return Err(Fault::Fail("Срок действия счёта истёк."));
    }
    let fields = ["orderid", "clientid", "client_email", "client_phone"].map(|name| of(&pairs, name).to_owned());
    if fields.iter().any(|field| field.chars().count() > TEXT_MAX) {
        return Err(Fault::Fail("Слишком длинное значение поля."));
    }
    let [orderid, clientid, client_email, client_phone] = fields;
    let invoice = Invoice {
        id: String::new(),
        orderid,
        clientid,
        service_name: of(&pairs, "service_name").to_owned(),
        client_email,
        client_phone,
        amount,
        expires_at,
        created_at: cabinet.now,
        sent: false,
        revoked: false,
        save: false,
        payments: Vec::new(),
    };
    let invoice = book::keep(&cabinet.ports, &cabinet.tenant, invoice).await?;
    let url = format!("{}/bill/{}/", cabinet.terminal.address, invoice.id);
    let page = format!("<a href=\"{url}\">{url}</a>");
    Ok(said(&json!({ "invoice_id": invoice.id, "invoice_url": url, "invoice": page })))
}

/// `POST /change/invoice/send/`: no mail leaves the double.
pub async fn send_invoice(
    State(shared): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    sent: Sent,
) -> Answer {
    let (cabinet, pairs) = Cabinet::change(shared, &partner, &headers, sent).await?;
    mark(&cabinet, of(&pairs, "id"), |invoice| invoice.sent = true).await?;
    Ok(success())
}

/// `POST /change/invoice/revoke/`: what nobody has paid is withdrawn.
pub async fn revoke(
    State(shared): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    sent: Sent,
) -> Answer {
    let (cabinet, pairs) = Cabinet::change(shared, &partner, &headers, sent).await?;
    let Cabinet { ports, tenant, .. } = &cabinet;
    let invoice: Option<Invoice> = rows::load(ports, tenant, of(&pairs, "id")).await?;
    let invoice = invoice.ok_or(Fault::Fail("Счёт не найден."))?;
    if let Some(deal) = invoice.payment(ports, tenant).await? {
        if words::took_money(&deal.facts()) {
            return Err(Fault::Fail("Нельзя отозвать оплаченный счёт."));
        }
        act(ports, tenant, &deal.reference, withdraw).await?;
    }
    mark(&cabinet, &invoice.id, |invoice| invoice.revoked = true).await?;
    Ok(success())
}

/// Takes back the offer to pay: what the buyer has not begun leaves no payment behind.
pub fn withdraw(deal: &mut Deal, now: Timestamp) {
    let unbegun = deal.facts().state == DealState::Open;
    if deal.cancel_open(now).is_ok() && unbegun {
        deal.notes.insert("withdrawn".to_owned(), true.into());
    }
}

async fn mark(cabinet: &Cabinet, id: &str, what: fn(&mut Invoice)) -> Result<(), Fault> {
    let is_there = rows::change(&cabinet.ports, &cabinet.tenant, id, |before: Option<Invoice>| match before {
        None => Next::Keep(false),
        Some(mut invoice) => {
            what(&mut invoice);
            Next::Put(invoice, true)
        }
    });
    if is_there.await? { Ok(()) } else { Err(Fault::Fail("Счёт не найден.")) }
}

async fn shown(cabinet: &Cabinet, invoice: &Invoice) -> Result<Value, SandboxError> {
    let payment = invoice.payment(&cabinet.ports, &cabinet.tenant).await?;
    let paid = payment.as_ref().filter(|deal| words::took_money(&deal.facts()));
    Ok(json!({
        "id": invoice.id,
        "user_id": "1",
        "user_login": cabinet.terminal.credentials.of("user"),
        "status": invoice.status(payment.as_ref(), cabinet.now),
        "pay_amount": connectors::bank::paykeeper::translate::roubles(invoice.amount),
        "clientid": invoice.clientid,
        "orderid": invoice.orderid,
        "paymentid": paid.map(|deal| deal.reference.clone()),
        "service_name": invoice.service_name,
        "client_email": invoice.client_email,
        "client_phone": invoice.client_phone,
        "expiry_datetime": words::moscow(invoice.expires_at),
        "created_datetime": words::moscow(invoice.created_at),
        "paid_datetime": paid.and_then(|deal| deal.facts().authorized_at).map(words::moscow),
    }))
}

/// `GET /info/invoice/byid/`.
pub async fn invoice(
    State(shared): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    Query(pairs): Query<Pairs>,
) -> Answer {
    let cabinet = Cabinet::enter(shared, &partner, &headers).await?;
    let found: Option<Invoice> = rows::load(&cabinet.ports, &cabinet.tenant, row_id(of(&pairs, "id"))?).await?;
    let found = found.ok_or(Fault::Fail("Счёт не найден."))?;
    Ok(said(&shown(&cabinet, &found).await?))
}

/// An id as it may stand in a key.
fn row_id(id: &str) -> Result<&str, Fault> {
    let good = (1..=40).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit());
    if good { Ok(id) } else { Err(Fault::Fail("Счёт не найден.")) }
}

/// `GET /info/invoice/list/`: the latest last.
pub async fn invoices(
    State(shared): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    Query(pairs): Query<Pairs>,
) -> Answer {
    let cabinet = Cabinet::enter(shared, &partner, &headers).await?;
    Ok(said(&page_of(chosen(&cabinet, &pairs).await?, &pairs)))
}

/// `GET /info/invoice/listcount/`: how many there are of each state, and in all.
pub async fn count(
    State(shared): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    Query(pairs): Query<Pairs>,
) -> Answer {
    let cabinet = Cabinet::enter(shared, &partner, &headers).await?;
    let found = chosen(&cabinet, &pairs).await?;
    let mut counted = BTreeMap::<&str, usize>::new();
    for invoice in &found {
        *counted.entry(state_of(invoice)).or_default() += 1;
    }
    let statuses: Vec<Value> =
        counted.iter().map(|(status, count)| json!({ "status": status, "count": count.to_string() })).collect();
    Ok(said(&json!({ "statuses": statuses, "fullcount": [{ "count": found.len().to_string() }] })))
}

/// The invoices of the days and states that are asked for.
async fn chosen(cabinet: &Cabinet, pairs: &Pairs) -> Result<Vec<Value>, Fault> {
    let (first, last) = between(of(pairs, "start_date"), of(pairs, "end_date"))?;
    let wanted = all_of(pairs, "status");
    let mut found = Vec::new();
    for invoice in book::invoices_between(&cabinet.ports, &cabinet.tenant, first, last).await? {
        let shown = shown(cabinet, &invoice).await?;
        if wanted.is_empty() || wanted.contains(&state_of(&shown)) {
            found.push(shown);
        }
    }
    Ok(found)
}

fn state_of(invoice: &Value) -> &str {
    invoice.get("status").and_then(Value::as_str).unwrap_or_default()
}

/// `name[]=a&name[]=b`, or with numbers between the brackets.
fn all_of<'a>(pairs: &'a Pairs, name: &str) -> Vec<&'a str> {
    let is_it = |found: &str| found.split_once('[').map_or(found, |(start, _)| start) == name;
    pairs.iter().filter(|(found, _)| is_it(found)).map(|(_, value)| value.as_str()).collect()
}

fn between(first: &str, last: &str) -> Result<(jiff::civil::Date, jiff::civil::Date), Fault> {
    let read = |text: &str| text.parse().map_err(|_| Fault::Fail("Некорректная дата."));
    Ok((read(first)?, read(last)?))
}

fn page_of(list: Vec<Value>, pairs: &Pairs) -> Value {
    let number = |name: &str, usual: usize| of(pairs, name).parse().unwrap_or(usual);
    list.into_iter().skip(number("from", 0)).take(number("limit", LIST_MAX).min(LIST_MAX)).collect()
}

/// `GET /info/payments/byid/`.
pub async fn payment(
    State(shared): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    Query(pairs): Query<Pairs>,
) -> Answer {
    let cabinet = Cabinet::enter(shared, &partner, &headers).await?;
    let advanced = of(&pairs, "advanced") == "true";
    let found = cabinet.payment(of(&pairs, "id")).await?;
    let rows = said(&found.iter().filter_map(|deal| words::payment(deal, advanced)).collect());
    // A partner's clock may be ahead of the real one; the server's is its own.
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&cabinet.now);
    Ok(match date {
        Ok(date) => ([(header::DATE, date)], rows).into_response(),
        Err(_) => rows,
    })
}

/// `GET /info/payments/search/`: by order number or id; within two months also by a part of the order number. Nothing found is
/// an empty body.
pub async fn search(
    State(shared): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    Query(pairs): Query<Pairs>,
) -> Answer {
    let cabinet = Cabinet::enter(shared, &partner, &headers).await?;
    let Cabinet { ports, tenant, .. } = &cabinet;
    let (first, last) = between(of(&pairs, "beg_date"), of(&pairs, "end_date"))?;
    let query = of(&pairs, "query");
    let mut found = book::payments_of(ports, tenant, query).await?;
    found.extend(cabinet.payment(query).await?);
    for deal in book::payments_between(ports, tenant, first, last).await? {
        let is_new = found.iter().all(|known| known.reference != deal.reference);
        if is_new && words::word(&deal, "orderid").contains(query) {
            found.push(deal);
        }
    }
    let within = |deal: &&Deal| (first..=last).contains(&moscow_date(deal.created_at));
    let rows: Vec<Value> = found.iter().filter(within).filter_map(|deal| words::payment(deal, false)).collect();
    Ok(if rows.is_empty() { StatusCode::OK.into_response() } else { said(&rows.into_iter().take(LIST_MAX).collect()) })
}

/// `GET /info/payments/bydate/`.
pub async fn by_date(
    State(shared): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    Query(pairs): Query<Pairs>,
) -> Answer {
    let cabinet = Cabinet::enter(shared, &partner, &headers).await?;
    let (first, last) = between(of(&pairs, "start"), of(&pairs, "end"))?;
    let (states, systems) = (all_of(&pairs, "status"), all_of(&pairs, "payment_system_id"));
    let is_wanted = |row: &Value| {
        let said = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        (states.is_empty() || states.contains(&said("status")))
            && (systems.is_empty() || systems.contains(&said("payment_system_id")))
    };
    let found = book::payments_between(&cabinet.ports, &cabinet.tenant, first, last).await?;
    let rows = found.iter().filter_map(|deal| words::payment(deal, false)).filter(is_wanted).collect();
    Ok(said(&page_of(rows, &pairs)))
}

/// `GET /info/options/byid/`.
pub async fn options(
    State(shared): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    Query(pairs): Query<Pairs>,
) -> Answer {
    let cabinet = Cabinet::enter(shared, &partner, &headers).await?;
    let found = cabinet.payment(of(&pairs, "id")).await?.ok_or(Fault::Fail("Платёж не найден."))?;
    let named = ["service_name", "client_email", "client_phone"];
    Ok(said(&named.into_iter().map(|name| (name.to_owned(), Value::from(words::word(&found, name)))).collect()))
}

/// `GET /info/refunds/bypaymentid/`.
pub async fn refunds(
    State(shared): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    Query(pairs): Query<Pairs>,
) -> Answer {
    let cabinet = Cabinet::enter(shared, &partner, &headers).await?;
    let found = cabinet.payment(of(&pairs, "id")).await?;
    Ok(said(&found.iter().flat_map(words::refunds).collect()))
}

/// `POST /change/payment/capture/`: the whole of a hold.
pub async fn capture(
    State(shared): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    sent: Sent,
) -> Answer {
    let (cabinet, pairs) = Cabinet::change(shared, &partner, &headers, sent).await?;
    let done = act(&cabinet.ports, &cabinet.tenant, of_known(&cabinet, &pairs).await?, |deal, now| {
        let held = deal.facts().held;
        deal.capture(held, now).is_ok()
    });
    match done.await? {
        Some((true, _)) => Ok(success()),
        _ => Err(Fault::Fail("Нельзя списать платёж, который не авторизован.")),
    }
}

/// `POST /change/payment/reverse/`: lets a hold go, captures what a partial reverse leaves of it, or sends money back. Sent
/// twice, it is done twice.
pub async fn reverse(
    State(shared): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    sent: Sent,
) -> Answer {
    let (cabinet, pairs) = Cabinet::change(shared, &partner, &headers, sent).await?;
    // PHP's `false` arrives as nothing.
    let partial = match of(&pairs, "partial") {
        "true" | "1" => true,
        "false" | "0" | "" => false,
        _ => return Err(Fault::Fail("Некорректное значение параметра partial.")),
    };
    let amount = match of(&pairs, "amount") {
        // Of the whole some public clients name no amount.
        "" if !partial => None,
        text => Some(words::amount(text).ok_or(Fault::Fail("Некорректная сумма возврата."))?),
    };
    let done = act(&cabinet.ports, &cabinet.tenant, of_known(&cabinet, &pairs).await?, |deal, now| {
        reversed(deal, amount, partial, now)
    });
    match done.await? {
        Some((Ok(()), _)) => Ok(success()),
        Some((Err(msg), _)) => Err(Fault::Fail(msg)),
        None => Err(Fault::Fail("Платёж не найден.")),
    }
}

/// `amount`: nothing for all that stands.
fn reversed(deal: &mut Deal, amount: Option<Money>, partial: bool, now: Timestamp) -> Result<(), &'static str> {
    const TOO_MUCH: &str = "Сумма возврата превышает сумму платежа.";
    const NOT_WHOLE: &str = "Сумма полного возврата не совпадает с суммой платежа.";
    const NOT_DONE: &str = "Нельзя сделать возврат по платежу, статус которого не \"совершён\", \"получен\" или \"превышено число повторов\".";
    let facts = deal.facts();
    let stands = if facts.state == DealState::Held {
        facts.held
    } else {
        let back = facts.refunds.iter().filter(|refund| words::counts(refund.state));
        let back = back.fold(deal.amount.zero(), |sum, refund| sum.plus(refund.amount).unwrap_or(sum));
        facts.captured.minus(back).map_err(|_| NOT_DONE)?
    };
    let amount = amount.unwrap_or(stands);
    let rest = stands.minus(amount).map_err(|_| NOT_DONE)?;
    if !stands.is_positive() {
        return Err(NOT_DONE);
    }
    if rest.minor() < 0 {
        return Err(TOO_MUCH);
    }
    if !partial && rest.is_positive() {
        return Err(NOT_WHOLE);
    }
    match facts.state {
        DealState::Held if rest.is_positive() => deal.capture(rest, now).map_err(|_| NOT_DONE),
        DealState::Held => {
            deal.notes.insert("let_go".to_owned(), true.into());
            deal.void(amount, now).map_err(|_| NOT_DONE)
        }
        _ => {
            let id = format!("{}", facts.refunds.len() + 1);
            // Taken on all the same: what the acquirer declines is seen among the refunds.
            let _ = deal.refund(&id, amount, now);
            Ok(())
        }
    }
}

/// The id of a payment that is there.
async fn of_known<'a>(cabinet: &Cabinet, pairs: &'a Pairs) -> Result<&'a str, Fault> {
    let id = of(pairs, "id");
    cabinet.payment(id).await?.map(|_| id).ok_or(Fault::Fail("Платёж не найден."))
}

/// `POST /change/payment/repeatcnt/`: tells of a payment once more.
pub async fn tell_again(
    State(shared): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    sent: Sent,
) -> Answer {
    let (cabinet, pairs) = Cabinet::change(shared, &partner, &headers, sent).await?;
    act(&cabinet.ports, &cabinet.tenant, of_known(&cabinet, &pairs).await?, |deal, now| {
        // What is still being told is told now instead of later: heard once, it is told no more.
        if words::took_money(&deal.facts()) && !deal.calls.hasten(now) {
            deal.tell(&Event::Authorized, now);
        }
    })
    .await?;
    Ok(success())
}

/// `POST /change/binding/execute/`: a charge of a saved card; another payment every time.
pub async fn execute(
    State(shared): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    sent: Sent,
) -> Answer {
    let (cabinet, pairs) = Cabinet::change(shared, &partner, &headers, sent).await?;
    let Cabinet { ports, tenant, terminal, now } = &cabinet;
    let invoice = ordered(&pairs, *now, terminal.credentials.of("secret"))?;
    let system = System::of(of(&pairs, "pstype")).ok_or(Fault::Fail("Платёжная система не найдена."))?;
    let nth = book::count_of(ports, tenant, &invoice.orderid).await?;
    let number = format!("charge-{nth}-{}", invoice.orderid);
    let new = invoice.deal(number, system, &ports.settings.base_url, tenant.partner());
    let opened = charge(ports, tenant, new, of(&pairs, "bank_id"), false).await?;
    let deal = opened.ok_or(Fault::Fail("Привязка не найдена."))?.deal;
    book::begin(ports, tenant, &deal).await?;
    if deal.facts().state == DealState::Declined {
        return Err(Fault::Fail("Платёж отклонён банком."));
    }
    Ok(said(&json!({ "result": "success", "payment_id": deal.reference })))
}

/// An order as the form and the charge carry it; a signature that comes with it must be right («HTML-форма»).
pub fn ordered(pairs: &Pairs, now: Timestamp, secret: &str) -> Result<Invoice, Fault> {
    const SIGNED: [&str; 6] = ["sum", "clientid", "orderid", "service_name", "client_email", "client_phone"];
    let amount = words::amount(of(pairs, "sum")).ok_or(Fault::Fail("Некорректная сумма."))?;
    let [_, clientid, orderid, service_name, client_email, client_phone] =
        SIGNED.map(|name| of(pairs, name).to_owned());
    let sum = connectors::bank::paykeeper::translate::roubles(amount);
    let signed = [&sum, &clientid, &orderid, &service_name, &client_email, &client_phone].map(String::as_str);
    let (sign, wanted) = (of(pairs, "sign"), order_sign(&signed, secret));
    if !sign.is_empty() && !bool::from(sign.as_bytes().ct_eq(wanted.as_bytes())) {
        return Err(Fault::Fail("Цифровая подпись не верна."));
    }
    let said = json!({
        "service_name": service_name,
        "user_result_callback": of(pairs, "user_result_callback"),
        "lang": of(pairs, "lang"),
    });
    Ok(Invoice {
        id: String::new(),
        orderid,
        clientid,
        service_name: said.to_string(),
        client_email,
        client_phone,
        amount,
        expires_at: plus_seconds(now, super::pages::FORM_SECONDS),
        created_at: now,
        sent: false,
        revoked: false,
        save: of(pairs, "msgtype") == "createbinding",
        payments: Vec::new(),
    })
}
