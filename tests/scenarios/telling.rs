//! The buyer and the partner are told: again when it did not get through, and not for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use connectors::http::Response;
use domain::order::{Event, TaskId};
use domain::partner::Channel;
use http::Method;
use insta::assert_snapshot;
use support::{Fault, WEBHOOK_SECRET, WEBHOOK_URL};

use crate::story::{DAY, HOUR, MINUTE, Story};

fn answer(status: u16, headers: &[(&str, &str)]) -> Response {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Response { status, headers, body: Bytes::new() }
}

/// The partner's server answers the first `times` so, and 200 from then on.
fn partner_answers_first(story: &Story, times: usize, status: u16, headers: &'static [(&'static str, &'static str)]) {
    let heard = Arc::new(AtomicUsize::new(0));
    story.world.net.answer(WEBHOOK_URL, move |_| {
        let before = heard.fetch_add(1, Ordering::Relaxed);
        if before < times { answer(status, headers) } else { answer(200, &[]) }
    });
}

#[tokio::test]
async fn a_webhook_waits_as_long_as_the_partner_asks() {
    let mut story = Story::begins().await;
    let order = story.orders_by_hand("A-1").await;
    // order.paid, receipt.issued and order.handed_over all meet the closed door.
    partner_answers_first(&story, 3, 503, &[("retry-after", "1800")]);
    story.pays(&order, "success").await;
    story.settles().await;
    story.passes(29 * MINUTE).await;
    assert_eq!(story.world.net.webhooks().len(), 3, "nothing is sent before the partner wants it");
    story.passes(5 * MINUTE).await;
    let paid = story.entry(&order, "order.paid").await;
    story.tell_log(&order, TaskId::Webhook(paid)).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_webhook_that_meets_silence_is_sent_again_with_the_same_id() {
    let mut story = Story::begins().await;
    let order = story.orders_by_hand("A-1").await;
    story.world.net.faults(|call| match call {
        support::Call::Http(request) if request.url == WEBHOOK_URL => Some(Fault::AnswerLost),
        _ => None,
    });
    story.pays(&order, "success").await;
    story.settles().await;
    story.tell("the partner's line is mended").await;
    story.world.net.no_faults();
    story.passes(10 * MINUTE).await;
    let paid = story.entry(&order, "order.paid").await;
    story.tell_log(&order, TaskId::Webhook(paid)).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_partner_who_says_gone_hears_nothing_until_they_name_an_address_anew() {
    let mut story = Story::begins().await;
    let order = story.orders_by_hand("A-1").await;
    partner_answers_first(&story, 1, 410, &[]);
    story.pays(&order, "success").await;
    story.settles().await;
    story.passes(HOUR).await;
    assert_eq!(story.world.net.webhooks().len(), 1, "410 is final");
    let paid = story.entry(&order, "order.paid").await;
    story.tell_log(&order, TaskId::Webhook(paid)).await;
    story.tell("the partner names the address anew").await;
    let key = story.world.key.clone();
    let body = serde_json::json!({ "url": WEBHOOK_URL }).to_string();
    let said = story.api(&key, Method::PUT, "/v1/webhook", &[], &body).await;
    assert_eq!(said.status, 200, "{}", said.text);
    story.webhook_secret = said.body["secret"].as_str().unwrap().to_owned();
    assert_ne!(story.webhook_secret, WEBHOOK_SECRET);
    story.passes(2 * MINUTE).await;
    story.executor(&order, "fulfil").await;
    story.settles().await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_webhook_nobody_takes_is_given_up_after_three_days_and_can_be_replayed() {
    let mut story = Story::begins().await;
    story.webhooks_in_short = true;
    story.settings(|partner| partner.payout.automatic = false).await;
    let order = story.orders("A-1").await;
    story.world.net.answer(WEBHOOK_URL, |_| answer(500, &[]));
    story.pays(&order, "success").await;
    story.settles().await;
    story.passes(4 * DAY).await;
    let entry = story.entry(&order, "order.paid").await;
    story.tell_log(&order, TaskId::Webhook(entry)).await;
    let left = story.world.load(&order.id).await.order.tasks;
    assert!(left.is_empty(), "{left:?}");
    let key = story.world.key.clone();
    let path = format!("/v1/orders/{}/deliveries", order.id);
    let log = story.api(&key, Method::GET, &path, &[], "").await.body;
    let found = log["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .find(|delivery| delivery["entry"] == entry && delivery["channel"] == "webhook");
    assert_eq!(found.unwrap()["state"], "given_up");
    story.tell("the partner mends their server and asks for order.paid again").await;
    story.world.net.answer(WEBHOOK_URL, |_| answer(204, &[]));
    let before = story.world.net.webhooks().len();
    let said = story.api(&key, Method::POST, &format!("{path}/{entry}/replay"), &[], "").await;
    story.note(format!("the API answers {}", said.status)).await;
    assert_eq!(said.status, 202, "{}", said.text);
    story.settles().await;
    let sent = story.world.net.webhooks();
    assert_eq!(sent.len(), before + 1);
    let id = |at: usize| sent[at].headers.iter().find(|(name, _)| *name == "webhook-id").unwrap().1.clone();
    assert_eq!(id(before), said.body["message_id"].as_str().unwrap(), "the same id as ever");
    story.tell_log(&order, TaskId::Webhook(entry)).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_letter_that_did_not_go_out_is_sent_again_and_once() {
    let mut story = Story::begins().await;
    let order = story.orders_by_hand("A-1").await;
    story.world.mailbox.faults(|_| Some(Fault::NotDone));
    story.pays(&order, "success").await;
    story.settles().await;
    assert!(story.world.mailbox.emails().is_empty());
    story.tell("the mail server is mended").await;
    story.world.mailbox.no_faults();
    story.passes(HOUR).await;
    assert_eq!(story.world.mailbox.emails().len(), 1);
    let entry = story.entry(&order, "receipt.issued").await;
    story.tell_log(&order, TaskId::Notify(entry, Channel::Email)).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn an_address_that_is_none_is_tried_once() {
    let mut story = Story::begins().await;
    let order = story.orders_by_hand("A-1").await;
    story.world.mailbox.faults(|_| Some(Fault::Refused));
    story.pays(&order, "success").await;
    story.settles().await;
    story.world.mailbox.no_faults();
    story.passes(HOUR).await;
    let entry = story.entry(&order, "receipt.issued").await;
    story.tell_log(&order, TaskId::Notify(entry, Channel::Email)).await;
    assert!(story.world.mailbox.emails().is_empty());
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_message_the_queue_brings_twice_is_one_letter() {
    let mut story = Story::begins().await;
    let order = story.orders_by_hand("A-1").await;
    story.pays(&order, "success").await;
    story.tell("the queue brings every message twice").await;
    for _ in 0..20 {
        let Some(waiting) = story.world.queue.take_first() else { break };
        for _ in 0..2 {
            story.world.deliver(waiting.clone()).await;
        }
    }
    story.settles().await;
    assert_eq!(story.world.mailbox.emails().len(), 1);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn the_buyer_is_told_by_sms_too_when_they_chose_it() {
    let mut story = Story::begins().await;
    let order = story.orders_as("A-1", |wish| {
        wish.buyer.phone = Some("+7 916 123-45-67".to_owned());
        wish.channels = vec!["email".to_owned(), "sms".to_owned()];
    });
    let order = order.await;
    story.pays(&order, "success").await;
    story.settles().await;
    assert_eq!(story.world.mailbox.texts().len(), story.world.mailbox.emails().len());
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_buyer_who_has_not_opened_the_result_is_reminded_once_after_a_day() {
    let mut story = Story::begins().await;
    story.settings(|partner| partner.payout.automatic = false).await;
    let (sleeper, reader) = (story.orders("A-1").await, story.orders("A-2").await);
    story.pays(&sleeper, "success").await;
    story.pays(&reader, "success").await;
    story.settles().await;
    story.opens_the_result().await;
    story.passes(2 * DAY).await;
    let reminded = |order: &domain::order::Order| order.has(Event::Reminded);
    let (first, second) = (story.world.load(&sleeper.id).await.order, story.world.load(&reader.id).await.order);
    assert!(reminded(&first) != reminded(&second), "only who has not opened it");
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_buyer_who_agrees_while_the_partner_cancels_is_told() {
    let mut story = Story::begins().await;
    let order = story.orders_as("A-1", |wish| *wish = support::wish("A-1")).await;
    let nobody = story.orders_as("A-2", |wish| *wish = support::wish("A-2")).await;
    story.asks(&order, "cancel", serde_json::json!({})).await;
    story.asks(&nobody, "cancel", serde_json::json!({})).await;
    story.tell("what the buyer of A-1 has agreed to meanwhile arrives; their payment never does").await;
    let mut agreed = story.world.load(&order.id).await.details;
    agreed.channels = vec![domain::partner::Channel::Email];
    agreed.email = Some(domain::details::Contact {
        value: support::BUYER_EMAIL.to_owned(),
        source: domain::details::Source::Buyer,
    });
    story.world.ports.store.put_agreement(&order.id, &agreed, 1).await.unwrap();
    story.passes(HOUR).await;
    assert_eq!(story.world.mailbox.emails().len(), 1);
    assert_snapshot!(story.ends().await);
}
