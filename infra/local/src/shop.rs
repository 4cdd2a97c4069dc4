//! The demo partner's shop. It knows of the platform what any partner knows: an API key, two secrets, the API's address; and it
//! speaks to the platform over HTTP as any partner does.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use connectors::http::{Http, Request};
use domain::time::Timestamp;
use http::{HeaderMap, Method, StatusCode};
use pages::{Good, Lang, MailboxItem, MailboxMessageView, MessageBody, ShopReturnView, ShopView};
use runtime::Problem;
use runtime::ids::{SystemClock, SystemRandom};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use workflows::links;
use workflows::ports::Clock;

use crate::demo::Keys;
use crate::lines::Lines;
use crate::local_pages::{is_own_form, lang, page, see_other};

/// Webhooks shown on the page, at most; all are in the JSON.
const SHOWN_MAX: usize = 50;

/// Something the shop sells.
struct Ware {
    id: &'static str,
    /// In Russian and English.
    title: [&'static str; 2],
    text: [&'static str; 2],
    price_minor: i64,
    /// What the sandbox executor does with it.
    execution: &'static str,
}

/// What the shop sells.
const WARES: [Ware; 4] = [
    Ware {
        id: "egrn",
        title: ["Выписка из ЕГРН", "Land register extract"],
        text: ["Исполняется сразу, результат придёт по почте.", "Executed at once, the result comes by mail."],
        price_minor: 300_000,
        execution: "automatic",
    },
    Ware {
        id: "cadastre",
        title: ["Кадастровый план территории", "Cadastral plan"],
        text: ["Исполняется сразу, стоит дороже.", "Executed at once, costs more."],
        price_minor: 1_234_550,
        execution: "automatic",
    },
    Ware {
        id: "archive",
        title: ["Архивная справка", "Archive certificate"],
        text: [
            "Ждёт решения исполнителя: ссылка на его страницу есть на главной.",
            "Waits for the executor: the start page links to theirs.",
        ],
        price_minor: 99_000,
        execution: "manual",
    },
    Ware {
        id: "lost",
        title: ["Справка, которой нет", "A certificate that does not exist"],
        text: ["Исполнитель откажется, деньги вернутся.", "The executor gives up, the money goes back."],
        price_minor: 15_000,
        execution: "failing",
    },
];

/// A webhook the shop received and believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// 1, 2, ….
    pub no: usize,
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`.
    pub timestamp: String,
    /// When it came, real time.
    pub at: Timestamp,
    /// What it said.
    pub body: Value,
}

impl Heard {
    fn word(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or("?")
    }
}

/// The shop.
#[derive(Clone)]
pub struct Shop {
    /// Its keys.
    pub keys: Arc<Keys>,
    /// The platform's address, which is the shop's too.
    pub base_url: String,
    /// HTTP to the platform.
    pub http: Arc<dyn Http>,
    /// What it heard.
    pub heard: Lines<Heard>,
}

/// The shop's pages.
pub fn router(shop: Shop) -> Router {
    Router::new()
        .route("/shop", get(show))
        .route("/shop/buy", post(buy))
        .route("/shop/return", get(returned))
        .route("/shop/webhook", post(hear))
        .route("/shop/webhooks", get(list))
        .route("/shop/webhooks.json", get(list_json))
        .route("/shop/webhooks/{no}", get(one))
        .with_state(shop)
}

fn shop_page(lang: Lang, problem: Option<String>) -> Response {
    let word = usize::from(lang == Lang::En);
    let goods = WARES.iter().map(|ware| Good {
        id: ware.id.to_owned(),
        title: ware.title[word].to_owned(),
        text: ware.text[word].to_owned(),
        price_minor: ware.price_minor,
    });
    let status = if problem.is_some() { StatusCode::BAD_GATEWAY } else { StatusCode::OK };
    let view = ShopView {
        lang,
        language_url: Some(format!("/shop?lang={}", if lang == Lang::Ru { "en" } else { "ru" })),
        action_url: format!("/shop/buy?lang={}", lang.code()),
        csrf: String::new(),
        goods: goods.collect(),
        problem,
    };
    page(status, &pages::shop(&view))
}

async fn show(Query(query): Query<BTreeMap<String, String>>, headers: HeaderMap) -> Response {
    shop_page(lang(&query, &headers), None)
}

#[derive(Debug, Deserialize)]
struct Choice {
    good: String,
}

async fn buy(
    State(shop): State<Shop>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    Form(Choice { good }): Form<Choice>,
) -> Response {
    let lang = lang(&query, &headers);
    if !is_own_form(&headers) {
        return Problem::forbidden().into_response();
    }
    let Some(ware) = WARES.iter().find(|ware| ware.id == good) else {
        return Problem::not_found().into_response();
    };
    let title = ware.title[usize::from(lang == Lang::En)];
    let number = format!("D-{}", links::random_text(&SystemRandom, 10));
    let order = json!({
        "number": number,
        "description": title,
        "lines": [{ "name": title, "price": domain::money::Money::rub(ware.price_minor).to_decimal().to_string() }],
        "language": lang.code(),
        "scenario": { "execution": ware.execution },
    });
    match shop.ask(Method::POST, "/v1/orders", Some((&number, &order))).await {
        Ok((200 | 201, answer)) => match answer.get("checkout_url").and_then(Value::as_str) {
            Some(url) => see_other(url),
            None => shop_page(lang, Some("no checkout_url".to_owned())),
        },
        Ok((status, answer)) => shop_page(lang, Some(format!("HTTP {status}: {answer}"))),
        Err(reason) => shop_page(lang, Some(reason)),
    }
}

impl Shop {
    /// Asks the platform's API. `order`: an idempotency key and a body.
    async fn ask(&self, method: Method, path: &str, order: Option<(&str, &Value)>) -> Result<(u16, Value), String> {
        let mut headers = vec![("authorization", format!("Bearer {}", self.keys.test_key))];
        let mut body = Bytes::new();
        if let Some((key, order)) = order {
            headers.push(("content-type", "application/json".to_owned()));
            headers.push(("idempotency-key", key.to_owned()));
            body = Bytes::from(order.to_string());
        }
        let request = Request { method, url: format!("{}{path}", self.base_url), headers, body, partner_given: false };
        let response = self.http.send(request).await.map_err(|error| error.to_string())?;
        let answer = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
        Ok((response.status, answer))
    }
}

async fn returned(
    State(shop): State<Shop>,
    Query(params): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let signature_valid = links::fields_signature_holds(&shop.keys.form_secret, &params);
    // What is not signed is not asked about either: anyone can make up a link.
    let order = params.get("order").filter(|_| signature_valid);
    let asked = match order {
        Some(order) => shop.ask(Method::GET, &format!("/v1/orders/{order}"), None).await.ok(),
        None => None,
    };
    let word = |name: &str| {
        let (_, answer) = asked.as_ref()?;
        Some(answer.get(name)?.as_str()?.to_owned())
    };
    let view = ShopReturnView {
        lang: lang(&BTreeMap::new(), &headers),
        signature_valid,
        api_status: word("status"),
        order_url: word("checkout_url"),
        params: params.into_iter().collect(),
        shop_url: "/shop".to_owned(),
    };
    page(StatusCode::OK, &pages::shop_return(&view))
}

async fn hear(State(shop): State<Shop>, headers: HeaderMap, body: Bytes) -> Result<StatusCode, Problem> {
    standardwebhooks::Webhook::new(&shop.keys.webhook_secret)
        .and_then(|webhook| webhook.verify(&body, &headers))
        .map_err(|error| Problem::unauthorized().detail(error.to_string()))?;
    let body: Value = serde_json::from_slice(&body).map_err(|_| Problem::malformed())?;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let kept = shop.heard.push(|no| Heard {
        no,
        id: text("webhook-id"),
        timestamp: text("webhook-timestamp"),
        at: SystemClock.now(),
        body,
    });
    match kept {
        Ok(_) => Ok(StatusCode::NO_CONTENT),
        Err(error) => {
            tracing::error!(%error, "the demo shop could not keep a webhook");
            Err(Problem::internal_logged())
        }
    }
}

async fn list_json(State(shop): State<Shop>, Query(query): Query<BTreeMap<String, String>>) -> Json<Value> {
    let of = |name: &str, found: &str| query.get(name).is_none_or(|wanted| wanted == found);
    let heard: Vec<_> = shop
        .heard
        .all()
        .iter()
        .filter(|heard| of("order", heard.word("/data/id")) && of("type", heard.word("/type")))
        .map(|heard| json!(**heard))
        .collect();
    Json(json!({ "webhooks": heard }))
}

async fn list(State(shop): State<Shop>, headers: HeaderMap) -> Response {
    let lang = lang(&BTreeMap::new(), &headers);
    let all = shop.heard.all();
    let lines: Vec<_> = all
        .iter()
        .rev()
        .take(SHOWN_MAX)
        .map(|heard| {
            let (event, number) = (heard.word("/type"), heard.word("/data/number"));
            format!("{:>4}  {}  {event:<24} {number:<14} {}", heard.no, heard.word("/timestamp"), heard.id)
        })
        .collect();
    let text = match (lines.is_empty(), lang) {
        (false, _) => lines.join("\n"),
        (true, Lang::Ru) => "Пока ни одного. Оплатите заказ.".to_owned(),
        (true, Lang::En) => "None yet. Pay for an order.".to_owned(),
    };
    let subject = match lang {
        Lang::Ru => "Вебхуки демо-магазина",
        Lang::En => "Webhooks of the demo shop",
    };
    let at = all.last().map_or_else(|| SystemClock.now(), |heard| heard.at);
    message(lang, subject, ("/shop/webhooks", "/local/mailbox"), at, text)
}

async fn one(State(shop): State<Shop>, Path(no): Path<usize>, headers: HeaderMap) -> Response {
    let Some(heard) = shop.heard.one(no) else { return Problem::not_found().into_response() };
    let text = serde_json::to_string_pretty(&heard.body).unwrap_or_default();
    let url = format!("/shop/webhooks/{no}");
    message(lang(&BTreeMap::new(), &headers), heard.word("/type"), (&url, "/shop/webhooks"), heard.at, text)
}

/// A webhook, on the page made for a message without parts.
fn message(lang: Lang, subject: &str, (url, up): (&str, &str), at: Timestamp, text: String) -> Response {
    let view = MailboxMessageView {
        lang,
        item: MailboxItem {
            url: url.to_owned(),
            channel: "Webhook".to_owned(),
            to: "/shop/webhook".to_owned(),
            subject: subject.to_owned(),
            at_ms: at.as_millisecond(),
        },
        body: MessageBody::Text(text),
        attachments: vec![("webhooks.json".to_owned(), "/shop/webhooks.json".to_owned())],
        mailbox_url: up.to_owned(),
    };
    page(StatusCode::OK, &pages::mailbox_message(&view))
}
