//! Pages only this machine has: the list of everything, the mailbox, the time machine, the executor, what is under way.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Form, Path, Query, Request, State};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use domain::id::Tenant;
use domain::time::whole_seconds;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use pages::{
    IndexLink, Lang, LocalIndexView, MailboxItem, MailboxMessageView, MailboxView, MessageBody, Page, TimeMachineView,
};
use runtime::Problem;
use serde::Deserialize;
use serde_json::{Value, json};
use storage::keys;
use storage::store::StoreError;
use tower::ServiceExt;
use workflows::ports::Ports;

use crate::demo::Keys;
use crate::doors::Doors;
use crate::mailbox::{Letter, Mailbox};
use crate::queues::Board;

/// Seconds a page waits for the workers after the clock was moved.
const SETTLE_SECONDS_MAX: u64 = 5;
/// Seconds `quiet.json` waits, at most.
const WAIT_SECONDS_MAX: u64 = 60;
/// Milliseconds between two looks.
const LOOK_MILLISECONDS: u64 = 50;
/// Due rows counted, at most.
const DUE_MAX: usize = 100;
/// Bytes of an answer of our own doors, at most.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// What the pages need.
#[derive(Clone)]
pub struct Desk {
    /// The outside.
    pub ports: Ports,
    /// The functions.
    pub doors: Doors,
    /// The demo partner.
    pub tenant: Tenant,
    /// Its keys.
    pub keys: Arc<Keys>,
    /// What was sent to buyers.
    pub mailbox: Mailbox,
    /// What is in the queues.
    pub board: Board,
    /// Where everything is kept, for people.
    pub data: String,
}

/// The pages.
pub fn router(desk: Desk) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/local/mailbox", get(mailbox))
        .route("/local/mailbox.json", get(mailbox_json))
        .route("/local/mailbox/{no}", get(message))
        .route("/local/mailbox/{no}/html", get(message_html))
        .route("/local/mailbox/{no}/inline/{content_id}", get(inline))
        .route("/local/time", get(time).post(travel))
        .route("/local/executions", get(executions))
        .route("/local/quiet.json", get(quiet))
        .route("/local/audit.json", get(audit))
        .with_state(desk)
}

/// Lets only requests through that mean this machine: a name that some web page has pointed at it is refused, or that page
/// could read the keys on the list of everything.
pub async fn only_this_machine(request: Request, next: Next) -> Response {
    let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match named.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => named,
    };
    let ours = matches!(name, "localhost" | "127.0.0.1" | "[::1]") || name.ends_with(".localhost");
    if ours {
        return next.run(request).await;
    }
    let english = "this is a stack on one machine; ask for localhost";
    Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        "misdirected",
        "The host is not this machine",
        "Адрес не принадлежит этой машине",
    )
    .detail(english)
    .into_response()
}

/// Whether a form was sent by a page of ours, or by no page at all, as with curl.
pub fn is_own_form(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => origin.strip_prefix("http://") == Some(host),
        (Some(_), None) => false,
        (None, _) => true,
    }
}

/// The language asked for by `?lang=` or else by the browser.
pub fn lang(query: &BTreeMap<String, String>, headers: &HeaderMap) -> Lang {
    let accepted = || headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let asked = query.get("lang").and_then(|code| Lang::parse(code));
    asked.unwrap_or_else(|| accepted().map_or_else(Lang::default, Lang::from_accept_language))
}

/// A page with the policy its hashes allow.
pub fn page(status: StatusCode, page: &Page) -> Response {
    let policy = HeaderValue::from_str(&page.content_security_policy("'self'"));
    let policy = policy.unwrap_or(HeaderValue::from_static("default-src 'none'"));
    (status, [(header::CONTENT_SECURITY_POLICY, policy)], Html(page.html.clone())).into_response()
}

/// Sends a browser on with a GET.
pub fn see_other(url: &str) -> Response {
    let location = HeaderValue::from_str(url).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

fn failed(error: &StoreError) -> Problem {
    tracing::error!(error = runtime::log::chain(error), "the store failed");
    Problem::internal_logged()
}

// --- the list of everything ---

async fn index(
    State(desk): State<Desk>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let lang = lang(&query, &headers);
    let say = |ru: &'static str, en: &'static str| if lang == Lang::Ru { ru } else { en }.to_owned();
    let link = |url: &str, title: (&'static str, &'static str), text: (&'static str, &'static str)| IndexLink {
        url: url.to_owned(),
        title: say(title.0, title.1),
        text: say(text.0, text.1),
    };
    let links = vec![
        link(
            "/shop",
            ("Демо-магазин", "Demo shop"),
            ("Купить справку и оплатить её тестовой картой.", "Buy a certificate and pay with a test card."),
        ),
        link(
            "/local/mailbox",
            ("Почта и SMS", "E-mail and SMS"),
            (
                "Всё, что отправлено покупателям. Для программ: /local/mailbox.json.",
                "All that was sent to buyers. For scripts: /local/mailbox.json.",
            ),
        ),
        link(
            "/local/time",
            ("Машина времени", "Time machine"),
            (
                "Перевести часы демо-магазина: истечение, три дня, выплаты.",
                "Move the demo shop's clock: expiry, three days, payouts.",
            ),
        ),
        link(
            "/local/executions",
            ("Исполнитель", "Executor"),
            ("Заказы, которые ждут исполнения вручную.", "Orders that wait to be executed by hand."),
        ),
        link(
            "/shop/webhooks",
            ("Вебхуки", "Webhooks"),
            (
                "Что узнал магазин, с проверенной подписью. Для программ: /shop/webhooks.json.",
                "What the shop has heard, signatures verified. For scripts: /shop/webhooks.json.",
            ),
        ),
        link(
            "/docs",
            ("Описание API", "API reference"),
            (
                "И /openapi.json для программ. Для оператора: /docs/operator.",
                "And /openapi.json for programs. The operator's: /docs/operator.",
            ),
        ),
        link(
            "/local/quiet.json",
            ("Что выполняется", "What is under way"),
            (
                "Очереди, сроки, недоставленное. ?wait_seconds=20 ждёт тишины.",
                "Queues, what is due, dead letters. ?wait_seconds=20 waits for quiet.",
            ),
        ),
        link(
            "/local/audit.json",
            ("Проверка книг", "Audit"),
            ("Сходятся ли деньги, чеки и выплаты.", "Whether money, receipts and payouts agree."),
        ),
    ];
    let fact = |name: (&'static str, &'static str), value: &str| (say(name.0, name.1), value.to_owned());
    let facts = vec![
        fact(("Тестовый ключ API", "Test API key"), &desk.keys.test_key),
        fact(("Секрет вебхуков", "Webhook secret"), &desk.keys.webhook_secret),
        fact(("Секрет форм и возвратов", "Form and return secret"), &desk.keys.form_secret),
        fact(("Токен оператора", "Operator token"), &desk.keys.operator_token),
        fact(("Новый заказ", "A new order"), &curl_order(&desk.ports.settings.base_url, &desk.keys)),
        fact(("Часы вперёд на три дня", "Three days ahead"), &curl_clock(&desk.ports.settings.base_url, &desk.keys)),
        fact(("Данные", "Data"), &desk.data),
        fact(("Недоставленные сообщения", "Dead letters"), &desk.board.dead_letters().len().to_string()),
    ];
    page(StatusCode::OK, &pages::local_index(&LocalIndexView { lang, links, facts }))
}

/// A new order by curl.
pub fn curl_order(base_url: &str, keys: &Keys) -> String {
    format!(
        "curl -sS {base_url}/v1/orders -H 'authorization: Bearer {}' -H 'content-type: application/json' \
         -d '{{\"number\":\"A-1\",\"lines\":[{{\"name\":\"Выписка ЕГРН\",\"price\":\"3000.00\"}}]}}'",
        keys.test_key
    )
}

/// Three days ahead by curl.
fn curl_clock(base_url: &str, keys: &Keys) -> String {
    format!(
        "curl -sS {base_url}/sandbox/clock -H 'authorization: Bearer {}' -H 'content-type: application/json' \
         -d '{{\"advance_seconds\":259200}}'",
        keys.test_key
    )
}

// --- the mailbox ---

fn item(letter: &Letter) -> MailboxItem {
    let sms = letter.channel == "sms";
    MailboxItem {
        url: format!("/local/mailbox/{}", letter.no),
        channel: if sms { "SMS" } else { "E-mail" }.to_owned(),
        to: letter.to.clone(),
        subject: letter.subject.clone().unwrap_or_else(|| letter.text.clone()),
        at_ms: letter.at.as_millisecond(),
    }
}

async fn mailbox(
    State(desk): State<Desk>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let items = desk.mailbox.letters().iter().rev().map(|letter| item(letter)).collect();
    let view = MailboxView { lang: lang(&query, &headers), items, index_url: Some("/".to_owned()) };
    page(StatusCode::OK, &pages::mailbox(&view))
}

async fn mailbox_json(State(desk): State<Desk>, Query(query): Query<BTreeMap<String, String>>) -> Json<Value> {
    let letters: Vec<_> = desk
        .mailbox
        .letters()
        .iter()
        .filter(|letter| query.get("to").is_none_or(|to| *to == letter.to))
        .filter(|letter| query.get("channel").is_none_or(|channel| *channel == letter.channel))
        .map(|letter| json!(**letter))
        .collect();
    Json(json!({ "messages": letters }))
}

async fn message(
    State(desk): State<Desk>,
    Path(no): Path<usize>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let Some(letter) = desk.mailbox.letter(no) else { return Problem::not_found().into_response() };
    let body = if letter.html.is_some() {
        MessageBody::Mail { text: letter.text.clone(), html_url: format!("/local/mailbox/{no}/html") }
    } else {
        MessageBody::Text(letter.text.clone())
    };
    let attachments = letter.inline.iter().map(|picture| {
        (format!("{}.png", picture.content_id), format!("/local/mailbox/{no}/inline/{}", picture.content_id))
    });
    let view = MailboxMessageView {
        lang: lang(&query, &headers),
        item: item(&letter),
        body,
        attachments: attachments.collect(),
        mailbox_url: "/local/mailbox".to_owned(),
    };
    page(StatusCode::OK, &pages::mailbox_message(&view))
}

/// The HTML part as a mail program shows it: inline styles, its own pictures, no script, no form, nothing from elsewhere.
async fn message_html(State(desk): State<Desk>, Path(no): Path<usize>, headers: HeaderMap) -> Response {
    let Some(letter) = desk.mailbox.letter(no) else { return Problem::not_found().into_response() };
    let Some(html) = &letter.html else { return Problem::not_found().into_response() };
    let html = letter.inline.iter().fold(html.clone(), |html, picture| {
        let id = &picture.content_id;
        html.replace(&format!("cid:{id}"), &format!("/local/mailbox/{no}/inline/{id}"))
    });
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    // The document has no origin of its own under `sandbox`, so pictures are allowed by address and not as 'self'.
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; img-src http://{host} data:; form-action 'none'; base-uri 'none'; \
         frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
    );
    let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'; sandbox"));
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(html)).into_response()
}

async fn inline(State(desk): State<Desk>, Path((no, content_id)): Path<(usize, String)>) -> Response {
    let letter = desk.mailbox.letter(no);
    let picture = letter.as_ref().and_then(|letter| letter.inline.iter().find(|found| found.content_id == content_id));
    let Some(picture) = picture else { return Problem::not_found().into_response() };
    ([(header::CONTENT_TYPE, "image/png")], picture.bytes()).into_response()
}

// --- the time machine ---

async fn time(
    State(desk): State<Desk>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let lang = lang(&query, &headers);
    let now = workflows::clock::now(&desk.ports, &desk.tenant).await.map_err(|error| failed(&error))?;
    let moved = query.get("moved").and_then(|hours| hours.parse::<i64>().ok());
    let notice = moved.map(|hours| match lang {
        Lang::Ru => format!("Часы переведены на {hours} ч вперёд; всё, чему пришёл срок, выполнено."),
        Lang::En => format!("The clock was moved {hours} h ahead; all that was due is done."),
    });
    let view = TimeMachineView {
        lang,
        now_ms: now.as_millisecond(),
        real_now_ms: whole_seconds(desk.ports.clock.now()).as_millisecond(),
        action_url: "/local/time".to_owned(),
        csrf: String::new(),
        notice,
        index_url: Some("/".to_owned()),
    };
    Ok(page(StatusCode::OK, &pages::time_machine(&view)))
}

#[derive(Debug, Deserialize)]
struct Jump {
    hours: String,
    #[serde(default)]
    hours_custom: String,
}

async fn travel(State(desk): State<Desk>, headers: HeaderMap, Form(jump): Form<Jump>) -> Response {
    if !is_own_form(&headers) {
        return Problem::forbidden().into_response();
    }
    let text = if jump.hours == "custom" { &jump.hours_custom } else { &jump.hours };
    let Some(hours) = text.trim().parse::<i64>().ok().filter(|hours| (1..=8_760).contains(hours)) else {
        return Problem::malformed().detail("hours: 1 to 8760").into_response();
    };
    let body = json!({ "advance_seconds": hours * 3_600 });
    let response = ask_sandbox(&desk, Method::POST, "/sandbox/clock", Body::from(body.to_string())).await;
    if !response.status().is_success() {
        return response;
    }
    for _ in 0..SETTLE_SECONDS_MAX * 1_000 / LOOK_MILLISECONDS {
        if desk.board.is_quiet() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(LOOK_MILLISECONDS)).await;
    }
    see_other(&format!("/local/time?moved={hours}"))
}

/// Asks the sandbox's door with the demo partner's key, without the way over the network.
async fn ask_sandbox(desk: &Desk, method: Method, path: &str, body: Body) -> Response {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {}", desk.keys.test_key))
        .header(header::CONTENT_TYPE, "application/json")
        .body(body);
    match request {
        Ok(request) => desk.doors.sandbox.clone().oneshot(request).await.into_response(),
        Err(error) => Problem::malformed().detail(error.to_string()).into_response(),
    }
}

async fn executions(State(desk): State<Desk>) -> Response {
    let response = ask_sandbox(&desk, Method::GET, "/sandbox/executions", Body::empty()).await;
    if !response.status().is_success() {
        return response;
    }
    let Ok(body) = http_body_util::Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await else {
        return Problem::internal_logged().into_response();
    };
    let answer: Value = serde_json::from_slice(&body.to_bytes()).unwrap_or_default();
    answer.get("page").and_then(Value::as_str).map_or_else(|| Problem::not_found().into_response(), see_other)
}

// --- what is under way ---

async fn quiet(
    State(desk): State<Desk>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Json<Value>, Problem> {
    let seconds = query.get("wait_seconds").and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    let mut looks = seconds.min(WAIT_SECONDS_MAX) * 1_000 / LOOK_MILLISECONDS;
    loop {
        let (rows, orders) = due(&desk.ports).await.map_err(|error| failed(&error))?;
        let is_quiet = rows == 0 && orders == 0 && desk.board.is_quiet();
        if is_quiet || looks == 0 {
            return Ok(Json(json!({
                "quiet": is_quiet,
                "due_orders": orders,
                "due_sandbox_rows": rows,
                "queues": desk.board.counts(),
                "dead_letters": desk.board.dead_letters(),
            })));
        }
        looks -= 1;
        tokio::time::sleep(Duration::from_millis(LOOK_MILLISECONDS)).await;
    }
}

/// Sandbox rows and orders that are due now.
async fn due(ports: &Ports) -> Result<(usize, usize), StoreError> {
    let (mut rows, mut orders) = (0, 0);
    let real = whole_seconds(ports.clock.now());
    for part in 0..keys::DUE_SPREAD {
        orders += ports.store.due_orders(&keys::live_due_bucket(part), real, DUE_MAX).await?.len();
    }
    for tenant in ports.store.tenants().await? {
        if tenant.is_test() {
            let now = workflows::clock::now(ports, &tenant).await?;
            rows += ports.store.due_sandbox_rows(&tenant, now, DUE_MAX).await?.len();
            orders += ports.store.due_orders(&keys::test_due_bucket(&tenant), now, DUE_MAX).await?.len();
        }
    }
    Ok((rows, orders))
}

async fn audit(State(desk): State<Desk>) -> Result<Response, Problem> {
    let report = workflows::audit::audit(&desk.ports, &|| ()).await.map_err(|error| {
        tracing::error!(error = error.chain(), "the audit did not get to its end");
        Problem::internal_logged()
    })?;
    let status = if report.is_clean() { StatusCode::OK } else { StatusCode::CONFLICT };
    Ok((status, Json(report)).into_response())
}
