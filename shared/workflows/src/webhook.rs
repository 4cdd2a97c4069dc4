//! Webhooks to partners, signed as Standard Webhooks says: `webhook-id`, `webhook-timestamp`, `webhook-signature`.

use bytes::Bytes;
use connectors::http::{HttpError, Request};
use domain::delivery::{Attempt, Delivery};
use domain::details::Details;
use domain::id::OrderId;
use domain::order::{Command, Order, TaskId};
use domain::partner::{Partner, WebhookEndpoint};
use domain::time::{Timestamp, whole_seconds};
use serde::Serialize;
use storage::table::Freshness;

use crate::error::WorkflowError;
use crate::perform::{self, Work, apply};
use crate::ports::{Ports, Settings};
use crate::{clock, view};

/// What a webhook carries.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct WebhookPayload {
    /// What happened, such as `order.paid`.
    #[serde(rename = "type")]
    #[schema(example = "order.paid")]
    pub event: &'static str,
    /// When it happened.
    pub timestamp: String,
    /// Number of the entry in the order's timeline.
    pub entry: u16,
    /// The order as it stands when the webhook is sent; a webhook sent again tells how it stands then.
    pub data: view::OrderView,
}

/// The payload for a journal entry.
pub fn payload(settings: &Settings, order: &Order, details: &Details, entry: u16) -> Option<WebhookPayload> {
    let entry = order.journal.iter().find(|found| found.no == entry)?;
    entry.event.webhook()?;
    Some(WebhookPayload {
        event: order.event_code(entry),
        timestamp: entry.at.to_string(),
        entry: entry.no,
        data: view::order(settings, order, details),
    })
}

/// The id a webhook bears however often it is sent.
pub fn message_id(order: &OrderId, entry: u16) -> String {
    format!("msg_{}_{entry}", order.ulid())
}

/// The worker of the queue `webhook`.
pub async fn work(ports: &Ports, body: &str) -> Result<(), WorkflowError> {
    let work = perform::work(body)?;
    let (id, replay, first) = (work.order.clone(), work.replay, work.snapshot.is_some());
    let TaskId::Webhook(entry) = work.task else {
        return Ok(());
    };
    let task = work.task;
    let Some((order, details)) = perform::subject(ports, work).await? else {
        return Ok(());
    };
    let partner = perform::partner(ports, id.tenant()).await?;
    let Some(endpoint) = partner.webhook.as_ref().filter(|endpoint| replay || !endpoint.gone) else {
        return give_up(ports, &id, task).await;
    };
    let Some(payload) = payload(&ports.settings, &order, &details, entry) else {
        return give_up(ports, &id, task).await;
    };
    let now = clock::now(ports, id.tenant()).await?;
    // The first attempt of a task needs no look at earlier ones; a doubled message only sends the same id again.
    let earlier = if first { None } else { ports.store.delivery(&id, task).await? };
    let mut delivery = earlier.unwrap_or_else(|| Delivery::new(task, payload.event));
    let answer = send(ports, endpoint, &message_id(&id, entry), &payload).await?;
    delivery.attempt(Attempt { at: now, status: answer.status, note: answer.note });
    match answer.fate {
        Fate::Delivered => {
            delivery.done_at = Some(now);
            delivery.given_up = false;
            return Ok(ports.store.put_delivery(&id, &delivery).await?);
        }
        Fate::Gone => {
            delivery.given_up = true;
            let (url, secret) = (endpoint.url.clone(), endpoint.secret.clone());
            let silenced = |partner: Option<Partner>| {
                let mut partner = partner?;
                let named = partner.webhook.as_mut().filter(|named| named.url == url && named.secret == secret)?;
                named.gone = true;
                Some((partner, ()))
            };
            ports.store.change_partner(id.tenant(), silenced).await?;
        }
        Fate::Later(_) => {}
    }
    ports.store.put_delivery(&id, &delivery).await?;
    if replay {
        return Ok(());
    }
    let (forever, retry_after_seconds) = match answer.fate {
        Fate::Later(seconds) => (false, seconds),
        _ => (true, None),
    };
    let failed = Command::TaskFailed { task, forever, retry_after_seconds };
    let applied = apply(ports, &id, &failed).await?;
    if !applied.order.tasks.iter().any(|left| left.id == task) && !delivery.given_up {
        delivery.given_up = true; // the last attempt of three days
        ports.store.put_delivery(&id, &delivery).await?;
    }
    Ok(())
}

async fn give_up(ports: &Ports, id: &OrderId, task: TaskId) -> Result<(), WorkflowError> {
    let failed = Command::TaskFailed { task, forever: true, retry_after_seconds: None };
    apply(ports, id, &failed).await.map(|_| ())
}

enum Fate {
    Delivered,
    Gone,
    Later(Option<u32>),
}

struct Answer {
    fate: Fate,
    status: Option<u16>,
    note: String,
}

async fn send(
    ports: &Ports,
    endpoint: &WebhookEndpoint,
    message_id: &str,
    payload: &WebhookPayload,
) -> Result<Answer, WorkflowError> {
    let body = serde_json::to_vec(payload).map_err(WorkflowError::Message)?;
    // Receivers compare the timestamp with their own clock, so it is the real time even for test partners.
    let timestamp = whole_seconds(ports.clock.now()).as_second();
    let signature = standardwebhooks::Webhook::new(&endpoint.secret)
        .and_then(|signer| signer.sign(message_id, timestamp, &body))
        .map_err(|error| WorkflowError::Outside { who: "webhook signing", reason: error.to_string() })?;
    let request = Request {
        method: http::Method::POST,
        url: endpoint.url.clone(),
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("user-agent", "Apikassa-Webhooks/1".to_owned()),
            ("webhook-id", message_id.to_owned()),
            ("webhook-timestamp", timestamp.to_string()),
            ("webhook-signature", signature),
        ],
        body: Bytes::from(body),
        partner_given: true,
    };
    Ok(match ports.http.send(request).await {
        Ok(response) => {
            let fate = match response.status {
                200..=299 => Fate::Delivered,
                410 => Fate::Gone,
                _ => {
                    let now = whole_seconds(ports.clock.now());
                    Fate::Later(response.header("retry-after").and_then(|text| retry_after(text, now)))
                }
            };
            Answer { fate, status: Some(response.status), note: String::new() }
        }
        Err(HttpError::NotSent(reason) | HttpError::Unknown(reason)) => {
            Answer { fate: Fate::Later(None), status: None, note: reason.chars().take(200).collect() }
        }
    })
}

/// Seconds an HTTP `Retry-After` asks for (RFC 9110 §10.2.3: seconds or a date), at most a day.
fn retry_after(text: &str, now: Timestamp) -> Option<u32> {
    const DAY: i64 = 24 * 3_600;
    let text = text.trim();
    let seconds = text.parse::<i64>().ok().or_else(|| {
        let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
        Some(at.as_second() - now.as_second())
    })?;
    u32::try_from(seconds.clamp(0, DAY)).ok()
}

/// Sends a webhook again at the partner's wish, whatever became of it before.
pub async fn replay(ports: &Ports, id: &OrderId, entry: u16) -> Result<(), WorkflowError> {
    let loaded = ports.store.load(id, Freshness::Consistent).await?.ok_or(WorkflowError::NotFound)?;
    if payload(&ports.settings, &loaded.order, &loaded.details, entry).is_none() {
        return Err(WorkflowError::NotFound);
    }
    let work = Work { order: id.clone(), task: TaskId::Webhook(entry), snapshot: None, replay: true };
    perform::send_works(ports, std::iter::once(work))
        .await
        .map_err(|error| WorkflowError::Outside { who: "the queue", reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_in_both_its_forms() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        assert_eq!(retry_after("120", now), Some(120));
        assert_eq!(retry_after("Sat, 21 Nov 2026 10:01:00 GMT", now), Some(60));
        assert_eq!(retry_after("999999999", now), Some(86_400));
        assert_eq!(retry_after("-5", now), Some(0));
        assert_eq!(retry_after("soon", now), None);
    }

    #[test]
    fn the_library_signs_as_the_published_vector_says() {
        let signer = standardwebhooks::Webhook::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = signer.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b"{\"test\": 2432232314}").unwrap();
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
