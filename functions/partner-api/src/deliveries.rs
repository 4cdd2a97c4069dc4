//! The delivery log: what was told to the buyer and to the partner about an order, attempt by attempt; and telling it again.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use domain::delivery::Delivery;
use domain::order::{Order, Task, TaskId};
use domain::partner::Channel;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use workflows::ports::Ports;
use workflows::{perform, reading, webhook};

use crate::access::{OwnEntry, OwnOrder};
use crate::examples;
use crate::problems::{self, Answer};

/// Everything that was told, or is to be, about an order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeliveryList {
    /// The messages, in the order of the timeline.
    pub deliveries: Vec<DeliveryView>,
}

/// One message and its attempts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeliveryView {
    /// Number of the timeline's entry it tells of.
    pub entry: u16,
    /// `webhook` to the partner; `email` or `sms` to the buyer.
    #[schema(example = "webhook")]
    pub channel: &'static str,
    /// What it tells: a webhook's type or a message's kind.
    #[schema(example = "order.paid")]
    pub event: String,
    /// `delivered`, `pending` or `given_up`.
    #[schema(example = "delivered")]
    pub state: &'static str,
    /// The `webhook-id` it bears however often it is sent.
    pub message_id: Option<String>,
    /// When it got through.
    pub delivered_at: Option<String>,
    /// When it will be tried (again), while it is pending.
    pub next_attempt_at: Option<String>,
    /// The latest attempts, at most 20, oldest first.
    pub attempts: Vec<AttemptView>,
}

/// One attempt.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AttemptView {
    /// When.
    pub at: String,
    /// HTTP status, where there was one.
    pub status: Option<u16>,
    /// The provider's id of the message, or why it failed.
    pub note: String,
}

/// A webhook that will be sent again.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReplayView {
    /// The `webhook-id` it will bear.
    #[schema(example = "msg_01kavxa3hs8g5xv6qt7mh3v2kc_3")]
    pub message_id: String,
}

/// The entry and the channel of a task that tells somebody something.
fn told(task: TaskId) -> Option<(u16, &'static str)> {
    match task {
        TaskId::Webhook(entry) => Some((entry, "webhook")),
        TaskId::Notify(entry, Channel::Email) => Some((entry, "email")),
        TaskId::Notify(entry, Channel::Sms) => Some((entry, "sms")),
        _ => None,
    }
}

fn view(order: &Order, task: TaskId, record: Option<&Delivery>, pending: Option<&Task>) -> Option<DeliveryView> {
    let (entry, channel) = told(task)?;
    let told_of = order.journal.iter().find(|found| found.no == entry);
    let event = record.map(|record| record.event.clone()).filter(|event| !event.is_empty());
    let event = event.or_else(|| told_of.map(|found| found.event.code().to_owned())).unwrap_or_default();
    let state = match (record, pending) {
        (Some(record), _) if record.done_at.is_some() => "delivered",
        (Some(record), _) if record.given_up => "given_up",
        (_, Some(_)) => "pending",
        _ => "given_up",
    };
    let attempts = record.into_iter().flat_map(|record| &record.attempts).map(|attempt| AttemptView {
        at: attempt.at.to_string(),
        status: attempt.status,
        note: attempt.note.clone(),
    });
    Some(DeliveryView {
        entry,
        channel,
        event,
        state,
        message_id: matches!(task, TaskId::Webhook(_)).then(|| webhook::message_id(&order.id, entry)),
        delivered_at: record.and_then(|record| record.done_at).map(|at| at.to_string()),
        next_attempt_at: pending.filter(|_| state == "pending").map(|task| task.next_at.to_string()),
        attempts: attempts.collect(),
    })
}

/// Read an order's delivery log
///
/// Every webhook to you and every message to the buyer, with each attempt and what came of it: enough to answer a buyer who asks.
#[utoipa::path(
    get,
    path = "/v1/orders/{id}/deliveries",
    operation_id = "deliveries",
    tag = "Deliveries",
    params(("id" = String, Path, description = "Id of the order.")),
    responses((status = 200, description = "The log.", body = DeliveryList, example = json!(examples::delivery_list()))),
    security(("api_key" = [])),
)]
pub async fn list(State(ports): State<Ports>, OwnOrder(id): OwnOrder) -> Answer<Json<DeliveryList>> {
    let (order, records) = reading::deliveries(&ports, &id).await?;
    let mut tasks: BTreeMap<_, (TaskId, Option<&Delivery>, Option<&Task>)> = BTreeMap::new();
    for record in &records {
        if let Some(at) = told(record.task) {
            tasks.insert(at, (record.task, Some(record), None));
        }
    }
    for task in &order.tasks {
        if let Some(at) = told(task.id) {
            tasks.entry(at).or_insert((task.id, None, None)).2 = Some(task);
        }
    }
    let deliveries = tasks.into_values().filter_map(|(task, record, pending)| view(&order, task, record, pending));
    Ok(Json(DeliveryList { deliveries: deliveries.collect() }))
}

/// Send a webhook again
///
/// Whatever became of it before, and also to an address that had answered 410. It bears the same `webhook-id`, so that a receiver who had
/// taken it can tell.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/deliveries/{entry}/replay",
    operation_id = "replay_webhook",
    tag = "Deliveries",
    params(
        ("id" = String, Path, description = "Id of the order."),
        ("entry" = u16, Path, description = "Number of the timeline's entry.", example = 3),
    ),
    responses((status = 202, description = "It will be sent.", body = ReplayView)),
    security(("api_key" = [])),
)]
pub async fn replay(
    State(ports): State<Ports>,
    OwnEntry(id, entry): OwnEntry,
) -> Answer<(StatusCode, Json<ReplayView>)> {
    let partner = perform::partner(&ports, id.tenant()).await?;
    if partner.webhook.is_none() {
        return Err(problems::webhook_not_set().into());
    }
    webhook::replay(&ports, &id, entry).await?;
    Ok((StatusCode::ACCEPTED, Json(ReplayView { message_id: webhook::message_id(&id, entry) })))
}
