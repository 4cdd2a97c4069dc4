//! The doors of the double of `YooKassa`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use connectors::bank::yookassa::wire::{CaptureBody, ConfirmationBody, List, Metadata, PaymentBody, RefundBody};
use connectors::peer;
use domain::acquiring::{Lapse, Method, Stages};
use domain::id::Tenant;
use domain::money::Money;
use domain::time::{Timestamp, plus_seconds};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;
use workflows::ports::Ports;

use super::rules::{self, Wrong};
use super::{rows, words};
use crate::Shared;
use crate::door::Received;
use crate::double::{self, Deal, Family, NewDeal, No, Terminal};

/// Seconds a key of idempotence is kept.
const KEY_SECONDS: i64 = 24 * 3_600;
/// Seconds a payment can be paid.
const OPEN_SECONDS: i64 = 3_600;
/// Seconds a hold stays.
const HOLD_SECONDS: u32 = 7 * 24 * 3_600;
/// Times one key is used anew, at most: a key a day for years.
const USES_MAX: usize = 1_000;
/// Seconds in which a payment is made once it has its place in the list, at most.
const MAKING_SECONDS: i64 = 60;
/// Objects in a part of a list: unless it is asked for, and at most.
const PART: (usize, usize) = (10, 100);

/// What a list may be asked for.
type Filters = Query<BTreeMap<String, String>>;

/// Which shop asks, and its contract.
struct Shop {
    ports: Ports,
    tenant: Tenant,
    terminal: Terminal,
    now: Timestamp,
}

impl Shop {
    /// Finds out who asks: HTTP Basic with the shop's number and key.
    async fn of(ports: Ports, partner: &str, headers: &HeaderMap) -> Result<Self, Wrong> {
        let tenant = double::tenant(partner).ok_or_else(Wrong::credentials)?;
        let terminal = double::terminal(&ports, &tenant, Family::Yookassa).await?;
        let given = headers.get(header::AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
        let wanted = basic(terminal.credentials.of("shop_id"), terminal.credentials.of("secret_key"));
        if !bool::from(given.ct_eq(wanted.as_bytes())) {
            return Err(Wrong::credentials());
        }
        let now = workflows::clock::now(&ports, &tenant).await.map_err(crate::SandboxError::from)?;
        Ok(Self { ports, tenant, terminal, now })
    }

    async fn deal(&self, id: &str) -> Result<Option<Deal>, Wrong> {
        let found = double::find_by_reference(&self.ports, &self.tenant, Family::Yookassa, id).await?;
        Ok(found)
    }

    async fn payment(&self, id: &str) -> Result<Deal, Wrong> {
        let found = self.deal(id).await?.filter(|deal| !words::is_saving(deal));
        found.ok_or_else(|| Wrong::not_found("payment_id", "Payment"))
    }

    /// The number a new deal gets: its key, until that is forgotten after a day; then the key stands for a new deal.
    async fn number(&self, key: &str) -> Result<String, Wrong> {
        let mut number = key.to_owned();
        for no in 1..USES_MAX {
            let found = double::find_by_number(&self.ports, &self.tenant, Family::Yookassa, &number).await?;
            let Some(before) = found else { break };
            if plus_seconds(before.created_at, KEY_SECONDS) > self.now {
                break;
            }
            number = format!("{key} {no}");
        }
        Ok(number)
    }

    fn shown(&self, deal: &Deal) -> Response {
        Json(words::payment(&self.terminal, deal)).into_response()
    }

    fn new_deal(&self, number: String, amount: Money, stages: Stages, method: Method, asked: Value) -> NewDeal {
        NewDeal {
            family: Family::Yookassa,
            number,
            amount,
            stages,
            method,
            description: String::new(),
            return_success: self.terminal.pages.clone(),
            return_failure: self.terminal.pages.clone(),
            callback_url: None,
            expires_at: plus_seconds(self.now, OPEN_SECONDS),
            language: domain::details::Language::Ru,
            merchant: self.tenant.partner().to_owned(),
            customer: None,
            save: false,
            points_max: None,
            hold_seconds: HOLD_SECONDS,
            lapse: Lapse::Released,
            words: asked,
        }
    }
}

fn basic(shop_id: &str, secret_key: &str) -> String {
    use base64::Engine as _;
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{shop_id}:{secret_key}"));
    format!("Basic {pair}")
}

/// Key and body of a command; an empty body is an empty object.
fn command<T: DeserializeOwned>(headers: &HeaderMap, received: Received) -> Result<(String, T, Value), Wrong> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let key = rules::key(text("idempotence-key"))?.to_owned();
    let bytes = received.map_err(|_| Wrong::parameter("body", "The request's body could not be read"))?;
    if bytes.is_empty() {
        let raw = json!({});
        return Ok((key, peer::read(b"{}")?, raw));
    }
    if !text("content-type").is_some_and(|kind| kind.trim_start().starts_with("application/json")) {
        return Err(Wrong::content_type());
    }
    Ok((key, peer::read(&bytes)?, peer::read(&bytes)?))
}

/// `POST /payments`.
pub async fn create(
    State(Shared { ports, .. }): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Wrong> {
    let shop = Shop::of(ports, &partner, &headers).await?;
    let (key, body, raw): (_, PaymentBody, _) = command(&headers, received)?;
    let wanted = rules::payment(&body)?;
    let number = shop.number(&key).await?;
    let (ports, tenant) = (&shop.ports, &shop.tenant);
    let reference = double::ids(ports, tenant, Family::Yookassa, &number).reference;
    let mut new = shop.new_deal(number, wanted.amount, wanted.stages, wanted.method, raw);
    new.description = body.description.unwrap_or_default();
    new.language = wanted.language;
    if let Some(url) = wanted.return_url {
        new.return_success.clone_from(&url);
        new.return_failure = url;
    }
    let Some(token) = body.payment_method_id else {
        new.save = body.save_payment_method == Some(true);
        // Means are saved for the shop; who the buyer is, it may say or not.
        new.customer = new.save.then(|| body.merchant_customer_id.unwrap_or_else(|| format!("key {key}")));
        rows::list(ports, tenant, &reference, shop.now).await?;
        let opened = double::open(ports, tenant, new).await?;
        return if opened.is_same { Ok(shop.shown(&opened.deal)) } else { Err(Wrong::key_used()) };
    };
    let no_means = || {
        let words = "This payment_method_id doesn't exist. Specify the id of the saved payment_method";
        Wrong::parameter("payment_method_id", words)
    };
    let saved = shop.deal(&token).await?.ok_or_else(no_means)?;
    let means = saved.facts().binding.ok_or_else(no_means)?;
    new.method = saved.method;
    if wanted.stages == Stages::Two && saved.method == Method::Sbp {
        return Err(Wrong::parameter("capture", "Two-stage payments are not available for this payment method"));
    }
    rows::list(ports, tenant, &reference, shop.now).await?;
    let buyer_present = body.confirmation.is_some();
    let opened = double::charge(ports, tenant, new, &means, buyer_present).await?.ok_or_else(no_means)?;
    if opened.is_same { Ok(shop.shown(&opened.deal)) } else { Err(Wrong::key_used()) }
}

/// `GET /payments/{id}`.
pub async fn payment(
    State(Shared { ports, .. }): State<Shared>,
    Path((partner, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Wrong> {
    let shop = Shop::of(ports, &partner, &headers).await?;
    Ok(shop.shown(&shop.payment(&id).await?))
}

/// `POST /payments/{id}/capture`: all of what is held, or a part; the rest is let go.
pub async fn capture(
    State(Shared { ports, .. }): State<Shared>,
    Path((partner, id)): Path<(String, String)>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Wrong> {
    let shop = Shop::of(ports, &partner, &headers).await?;
    let (key, body, raw): (_, CaptureBody, _) = command(&headers, received)?;
    let amount = body.amount.as_ref().map(|amount| rules::amount(Some(amount))).transpose()?;
    let id = shop.payment(&id).await?.reference.clone();
    act_once(&shop, &id, &key, &json!({ "capture": raw }), |deal, now| {
        match deal.capture(amount.unwrap_or(deal.facts().held), now) {
            Ok(()) => Ok(()),
            Err(No::TooMuch) => Err(Wrong::parameter("amount", "The amount is greater than what can be captured")),
            Err(_) => {
                let words = "You can only capture payments with the waiting_for_capture status";
                Err(Wrong::parameter("payment_id", words))
            }
        }
    })
    .await
}

/// `POST /payments/{id}/cancel`: a hold is let go, whole.
pub async fn cancel(
    State(Shared { ports, .. }): State<Shared>,
    Path((partner, id)): Path<(String, String)>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Wrong> {
    let shop = Shop::of(ports, &partner, &headers).await?;
    let (key, _, raw): (_, Value, _) = command(&headers, received)?;
    let id = shop.payment(&id).await?.reference.clone();
    act_once(&shop, &id, &key, &json!({ "cancel": raw }), |deal, now| {
        // Noted first: what is told of it says who let it go.
        let before = deal.notes.insert(words::CANCELED.to_owned(), json!(true));
        deal.void(deal.facts().held, now).map_err(|_| {
            if before.is_none() {
                deal.notes.remove(words::CANCELED);
            }
            Wrong::parameter("payment_id", "You can only cancel payments with the waiting_for_capture status")
        })
    })
    .await
}

/// Does something to a payment once per key. What was refused may be tried again with the same key.
async fn act_once(
    shop: &Shop,
    id: &str,
    key: &str,
    asked: &Value,
    mut what: impl FnMut(&mut Deal, Timestamp) -> Result<(), Wrong> + Send,
) -> Result<Response, Wrong> {
    let note = format!("key {key}");
    let acted = double::act(&shop.ports, &shop.tenant, id, |deal, now| {
        match seen(deal, &note, asked, now) {
            Some(same) => return same.then_some(()).ok_or_else(Wrong::key_used),
            None => what(deal, now)?,
        }
        deal.notes.insert(note.clone(), json!({ "at": now.as_second(), "asked": asked }));
        Ok(())
    })
    .await?;
    let (done, deal) = acted.ok_or_else(|| Wrong::not_found("payment_id", "Payment"))?;
    done.map(|()| shop.shown(&deal))
}

/// Whether a key was used within the last day, and for the same.
fn seen(deal: &Deal, note: &str, asked: &Value, now: Timestamp) -> Option<bool> {
    let before = deal.notes.get(note)?;
    let at = before.get("at")?.as_i64()?;
    (now.as_second() < at.saturating_add(KEY_SECONDS)).then(|| before.get("asked") == Some(asked))
}

/// `POST /refunds`.
pub async fn give_back(
    State(Shared { ports, .. }): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Wrong> {
    let shop = Shop::of(ports, &partner, &headers).await?;
    let (key, body, raw): (_, RefundBody, _) = command(&headers, received)?;
    let payment_id = body.payment_id.as_deref().ok_or_else(|| Wrong::parameter("payment_id", "It is required"))?;
    let amount = rules::amount(body.amount.as_ref())?;
    rules::text("description", body.description.as_deref(), 250)?;
    rules::metadata(body.metadata.as_ref())?;
    let deal = shop.deal(payment_id).await?.filter(|deal| !words::is_saving(deal)).ok_or_else(|| {
        let words = "Incorrect payment_id. Payment doesn't exist or access denied";
        Wrong::parameter("payment_id", words)
    })?;
    let (note, asked) = (format!("key {key}"), json!({ "refund": raw }));
    let of = |no: usize| {
        let hex = workflows::access::sha256_hex(&format!("refund\n{}\n{key}\n{no}", deal.reference));
        words::id(&hex, "0016-5000-b000")
    };
    // The same key is another refund once it was forgotten.
    let uses = (0..USES_MAX).take_while(|no| deal.refund_of(&of(*no)).is_some()).count();
    let id = match seen(&deal, &note, &asked, shop.now) {
        Some(_) => of(uses.saturating_sub(1)),
        None => of(uses),
    };
    rows::keep_refund(&shop.ports, &shop.tenant, &id, &deal.reference).await?;
    let acted = double::act(&shop.ports, &shop.tenant, &deal.reference, |deal, now| {
        if let Some(same) = seen(deal, &note, &asked, now) {
            return same.then_some(()).ok_or_else(Wrong::key_used);
        }
        // Noted first: what is told of it carries the shop's own pairs.
        let before = deal.notes.insert(id.clone(), raw.clone());
        match deal.refund(&id, amount, now) {
            // Declined is an answer: the refund is there, and canceled.
            Ok(_) | Err(No::Refused(_)) => {
                deal.notes.insert(note.clone(), json!({ "at": now.as_second(), "asked": asked }));
                Ok(())
            }
            Err(no) => {
                if before.is_none() {
                    deal.notes.remove(&id);
                }
                Err(match no {
                    No::TooMuch => Wrong::parameter("amount", "The refund is greater than the rest of the payment"),
                    _ => Wrong::parameter("payment_id", "You can only refund payments with the succeeded status"),
                })
            }
        }
    })
    .await?;
    let no_refund = || Wrong::not_found("refund_id", "Refund");
    let (done, deal) = acted.ok_or_else(no_refund)?;
    done?;
    Ok(Json(words::refund(&deal, &id).ok_or_else(no_refund)?).into_response())
}

/// `GET /refunds/{id}`.
pub async fn refund(
    State(Shared { ports, .. }): State<Shared>,
    Path((partner, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Wrong> {
    let shop = Shop::of(ports, &partner, &headers).await?;
    let no_refund = || Wrong::not_found("refund_id", "Refund");
    let reference = rows::refund_of(&shop.ports, &shop.tenant, &id).await?.ok_or_else(no_refund)?;
    let deal = shop.deal(&reference).await?.ok_or_else(no_refund)?;
    Ok(Json(words::refund(&deal, &id).ok_or_else(no_refund)?).into_response())
}

/// `GET /payments` with filters, the newest first (<https://yookassa.ru/developers/using-api/lists>).
pub async fn payments(
    State(Shared { ports, .. }): State<Shared>,
    Path(partner): Path<String>,
    Query(filters): Filters,
    headers: HeaderMap,
) -> Result<Response, Wrong> {
    let shop = Shop::of(ports, &partner, &headers).await?;
    let wanted = |payment: &Value| {
        Ok::<_, Wrong>(
            within(&filters, "created_at", payment)?
                && within(&filters, "captured_at", payment)?
                && same(&filters, "status", payment.get("status"))
                && same(&filters, "payment_method", payment.pointer("/payment_method/type")),
        )
    };
    let limit = limit(&filters)?;
    let since = ["created_at.gte", "created_at.gt"].iter().filter_map(|name| filters.get(*name)?.parse().ok()).max();
    let mut before_cursor = filters.get("cursor");
    let mut found = Vec::new();
    for listed in rows::listed(&shop.ports, &shop.tenant).await? {
        if before_cursor.is_some_and(|cursor| *cursor != listed.reference) {
            continue;
        }
        before_cursor = None;
        let older = since.is_some_and(|since: Timestamp| listed.at.saturating_add(MAKING_SECONDS) < since.as_second());
        if older || found.len() > limit {
            break;
        }
        let Some(deal) = shop.deal(&listed.reference).await? else { continue };
        let payment = json!(words::payment(&shop.terminal, &deal));
        if wanted(&payment)? {
            found.push(payment);
        }
    }
    if before_cursor.is_some() {
        return Err(Wrong::parameter("cursor", "The cursor is incorrect"));
    }
    Ok(part(found, limit))
}

/// `GET /refunds` with filters, the newest first.
pub async fn refunds(
    State(Shared { ports, .. }): State<Shared>,
    Path(partner): Path<String>,
    Query(filters): Filters,
    headers: HeaderMap,
) -> Result<Response, Wrong> {
    let shop = Shop::of(ports, &partner, &headers).await?;
    let mut deals: Vec<Deal> = Vec::new();
    if let Some(id) = filters.get("payment_id") {
        deals.extend(shop.deal(id).await?);
    } else {
        for listed in rows::listed(&shop.ports, &shop.tenant).await? {
            deals.extend(shop.deal(&listed.reference).await?);
        }
    }
    let limit = limit(&filters)?;
    let mut found = Vec::new();
    for deal in deals {
        for refund in deal.facts().refunds {
            let refund = json!(words::refund(&deal, &refund.id));
            if within(&filters, "created_at", &refund)? && same(&filters, "status", refund.get("status")) {
                found.push(refund);
            }
        }
    }
    found.sort_by(|one, other| created(other).cmp(created(one)));
    if let Some(cursor) = filters.get("cursor") {
        let at = found.iter().position(|refund| id(refund).as_ref() == Some(cursor));
        found.drain(..at.ok_or_else(|| Wrong::parameter("cursor", "The cursor is incorrect"))?);
    }
    Ok(part(found, limit))
}

fn created(object: &Value) -> &str {
    object.get("created_at").and_then(Value::as_str).unwrap_or_default()
}

/// Whether a moment lies where the filters of its name want it.
fn within(filters: &BTreeMap<String, String>, name: &str, object: &Value) -> Result<bool, Wrong> {
    let at = object.get(name).and_then(Value::as_str).and_then(|at| at.parse::<Timestamp>().ok());
    for (end, holds) in [
        ("gte", Timestamp::ge as fn(&Timestamp, &Timestamp) -> bool),
        ("gt", Timestamp::gt),
        ("lte", Timestamp::le),
        ("lt", Timestamp::lt),
    ] {
        let parameter = format!("{name}.{end}");
        let Some(bound) = filters.get(&parameter) else { continue };
        let bound = bound.parse().map_err(|_| Wrong::parameter(&parameter, "ISO 8601 is required"))?;
        if !at.is_some_and(|at| holds(&at, &bound)) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn same(filters: &BTreeMap<String, String>, name: &str, value: Option<&Value>) -> bool {
    filters.get(name).is_none_or(|wanted| value.and_then(Value::as_str) == Some(wanted))
}

fn limit(filters: &BTreeMap<String, String>) -> Result<usize, Wrong> {
    let (usual, most) = PART;
    let limit = filters.get("limit").map_or(Ok(usual), |limit| limit.parse());
    let limit = limit.ok().filter(|limit| (1..=most).contains(limit));
    limit.ok_or_else(|| Wrong::parameter("limit", "From 1 to 100"))
}

fn id(object: &Value) -> Option<String> {
    object.get("id").and_then(Value::as_str).map(str::to_owned)
}

/// One part of a list. The cursor is the id of the object the next part begins with.
fn part(mut found: Vec<Value>, limit: usize) -> Response {
    let next_cursor = found.get(limit).and_then(id);
    found.truncate(limit);
    Json(List { kind: "list".to_owned(), items: found, next_cursor }).into_response()
}

/// `POST /payment_methods`.
#[derive(Debug, Deserialize)]
pub struct SaveBody {
    #[serde(rename = "type")]
    kind: String,
    confirmation: Option<ConfirmationBody>,
    #[serde(default)]
    metadata: Option<Metadata>,
}

/// `POST /payment_methods`: means are saved without a payment, at a page of the bank's.
pub async fn save(
    State(Shared { ports, .. }): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Wrong> {
    let shop = Shop::of(ports, &partner, &headers).await?;
    let (key, body, mut raw): (_, SaveBody, _) = command(&headers, received)?;
    rules::metadata(body.metadata.as_ref())?;
    let method = rules::method(Some(&body.kind), "type")?;
    if !matches!(method, Method::Card | Method::Sbp) {
        return Err(Wrong::parameter("type", "Only bank_card and sbp are saved without a payment"));
    }
    let url = body.confirmation.and_then(|confirmation| confirmation.return_url);
    let url = url.ok_or_else(|| Wrong::parameter("confirmation", "It is required"))?;
    if let Some(words) = raw.as_object_mut() {
        words.insert(words::SAVING.to_owned(), json!(true));
    }
    let number = shop.number(&format!("saving {key}")).await?;
    let new = NewDeal {
        description: "Привязка".to_owned(),
        return_success: url.clone(),
        return_failure: url,
        customer: Some(format!("key {key}")),
        save: true,
        hold_seconds: 0,
        ..shop.new_deal(number, Money::rub(0), Stages::Two, method, raw)
    };
    let opened = double::open(&shop.ports, &shop.tenant, new).await?;
    if !opened.is_same {
        return Err(Wrong::key_used());
    }
    means(&shop, &opened.deal)
}

/// `GET /payment_methods/{id}`.
pub async fn saved(
    State(Shared { ports, .. }): State<Shared>,
    Path((partner, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Wrong> {
    let shop = Shop::of(ports, &partner, &headers).await?;
    let found = shop.deal(&id).await?;
    let made_here = |deal: &Deal| words::is_saving(deal) || deal.save && deal.facts().binding.is_some();
    let deal = found.filter(made_here).ok_or_else(|| Wrong::not_found("payment_method_id", "Payment method"))?;
    means(&shop, &deal)
}

fn means(shop: &Shop, deal: &Deal) -> Result<Response, Wrong> {
    let object = words::saved(&shop.terminal, deal);
    Ok(Json(object.ok_or_else(|| Wrong::not_found("payment_method_id", "Payment method"))?).into_response())
}

/// `GET /me`.
pub async fn shop(
    State(Shared { ports, .. }): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Wrong> {
    let shop = Shop::of(ports, &partner, &headers).await?;
    let body = json!({
        "account_id": shop.terminal.credentials.of("shop_id"),
        "status": "enabled",
        "test": true,
        "fiscalization": { "enabled": false, "provider": "fns" },
        "fiscalization_enabled": false,
        "payment_methods": ["bank_card", "sbp", "sberbank", "tinkoff_bank"],
        "name": shop.tenant.partner(),
    });
    Ok(Json(body).into_response())
}

/// `GET /sbp_banks`: some members of the СБП.
pub async fn sbp_banks(
    State(Shared { ports, .. }): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Wrong> {
    Shop::of(ports, &partner, &headers).await?;
    let banks = [
        ("100000000004", "Т-Банк", "044525974"),
        ("100000000008", "АЛЬФА-БАНК", "044525593"),
        ("100000000111", "Сбербанк", "044525225"),
    ];
    let items = banks.map(|(bank_id, name, bic)| json!({ "bank_id": bank_id, "name": name, "bic": bic }));
    Ok(Json(List { kind: "list".to_owned(), items: items.into(), next_cursor: None }).into_response())
}

/// `/webhooks`: only for applications with OAuth.
pub async fn subscriptions(
    State(Shared { ports, .. }): State<Shared>,
    Path(partner): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Wrong> {
    Shop::of(ports, &partner, &headers).await?;
    Err(Wrong::forbidden("Webhooks by API are for OAuth applications; set the URL in the Merchant Profile"))
}

/// `/webhooks/{id}`: likewise.
pub async fn subscription(
    shared: State<Shared>,
    Path((partner, _)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Wrong> {
    subscriptions(shared, Path(partner), headers).await
}
