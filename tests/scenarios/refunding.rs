//! Money goes back: cancelled after three days, given up by the executor, paid too late.

use domain::order::{Event, Status};
use http::Method;
use insta::assert_snapshot;
use serde_json::json;

use crate::story::{DAY, HOUR, MINUTE, Story, scenario};

#[tokio::test]
async fn an_overdue_order_is_cancelled_by_its_buyer() {
    let mut story = Story::begins().await;
    let order = story.orders_by_hand("A-1").await;
    story.pays(&order, "success").await;
    story.settles().await;
    story.tell("the buyer can not cancel yet").await;
    let early = story.world.get(&format!("{}/cancel", story.world.page(&order))).await;
    assert_eq!(early.status, 303, "the question is not asked");
    story.passes(3 * DAY).await;
    assert_eq!(story.status(&order).await, Status::Overdue);
    let letter = story.world.mailbox.emails().pop().unwrap();
    assert!(letter.text.contains("/cancel"), "the letter leads to the button");
    story.cancels(&order).await;
    story.settles().await;
    assert_eq!(story.status(&order).await, Status::Refunded);
    let order = story.world.load(&order.id).await.order;
    assert_eq!(order.receipts.len(), 2, "a receipt for the money that came, one for what went back");
    story.passes(4 * DAY).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_second_press_of_cancel_refunds_nothing_more() {
    let mut story = Story::begins().await;
    let order = story.orders_by_hand("A-1").await;
    story.pays(&order, "success").await;
    story.settles().await;
    story.passes(3 * DAY).await;
    story.cancels(&order).await;
    story.cancels(&order).await;
    story.settles().await;
    story.cancels(&order).await;
    story.settles().await;
    let order = story.world.load(&order.id).await.order;
    assert_eq!(order.operations.len(), 2);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_late_execution_after_the_cancellation_comes_too_late() {
    let mut story = Story::begins().await;
    let order = story.orders_by_hand("A-1").await;
    story.pays(&order, "success").await;
    story.settles().await;
    story.passes(3 * DAY).await;
    story.cancels(&order).await;
    let said = story.executor(&order, "fulfil?force=1").await;
    assert_eq!(said["report_status"], 409, "{said}");
    story.settles().await;
    story.executor(&order, "fulfil?force=1").await;
    story.settles().await;
    assert_eq!(story.status(&order).await, Status::Refunded);
    let cancelled = story.world.load(&order.id).await.order;
    assert!(!cancelled.has(Event::Fulfilled));
    story.passes(4 * DAY).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_cancellation_after_the_late_execution_comes_too_late() {
    let mut story = Story::begins().await;
    let order = story.orders_by_hand("A-1").await;
    story.pays(&order, "success").await;
    story.settles().await;
    story.passes(3 * DAY).await;
    assert_eq!(story.status(&order).await, Status::Overdue);
    story.executor(&order, "fulfil").await;
    story.cancels(&order).await;
    story.settles().await;
    assert!(matches!(story.status(&order).await, Status::Fulfilled | Status::PaidOut));
    let fulfilled = story.world.load(&order.id).await.order;
    assert!(!fulfilled.has(Event::Cancelled) && fulfilled.operations.len() == 1);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_cancellation_and_a_late_execution_at_once_are_decided_once() {
    let mut story = Story::begins().await;
    let order = story.orders_by_hand("A-1").await;
    story.pays(&order, "success").await;
    story.settles().await;
    story.passes(3 * DAY).await;
    let settings = &story.world.ports.settings;
    let (token, csrf) = (
        workflows::links::checkout_token(settings, &order.id),
        workflows::links::form_token(settings, &order.id, "cancel"),
    );
    let path = format!("/sandbox/executions/{}/fulfil", order.id);
    let (cancelled, reported) = tokio::join!(
        workflows::checkout::cancel(&story.world.ports, &token, &csrf),
        story.world.api(http::Method::POST, &path, &story.world.key, ""),
    );
    cancelled.unwrap();
    story.settles().await;
    let order = story.world.load(&order.id).await.order;
    assert!(order.has(Event::Cancelled) != order.has(Event::Fulfilled), "one of the two");
    assert_eq!(order.has(Event::Fulfilled), reported.json()["report_status"] == 200, "and the executor knows which");
    assert_eq!(order.has(Event::Refunded), order.has(Event::Cancelled));
    story.ends().await; // who comes first is not part of the story
}

#[tokio::test]
async fn an_executor_who_changes_their_mind_is_not_heard() {
    let mut story = Story::begins().await;
    let done = story.orders_by_hand("A-1").await;
    let given_up = story.orders_by_hand("A-2").await;
    story.pays(&done, "success").await;
    story.pays(&given_up, "success").await;
    story.settles().await;
    story.executor(&done, "fulfil").await;
    story.executor(&given_up, "fail").await;
    story.settles().await;
    assert_eq!(story.executor(&done, "fail?force=1").await["report_status"], 409);
    assert_eq!(story.executor(&given_up, "fulfil?force=1").await["report_status"], 409);
    assert_eq!(
        story.executor(&done, "fulfil?force=1").await["report_status"],
        200,
        "the same again is no contradiction"
    );
    story.settles().await;
    assert_eq!(story.status(&done).await, Status::Fulfilled);
    assert_eq!(story.status(&given_up).await, Status::Refunded);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn an_order_the_executor_gives_up_is_refunded() {
    let mut story = Story::begins().await;
    let order = story.orders_as("A-1", |wish| wish.scenario = Some(scenario(Some("failing"), None))).await;
    story.pays(&order, "success").await;
    story.settles().await;
    assert_eq!(story.status(&order).await, Status::Refunded);
    story.passes(4 * DAY).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn money_that_arrives_after_the_expiry_goes_back_by_itself() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.pays(&order, "after_expiry").await;
    story.passes(HOUR).await;
    assert_eq!(story.status(&order).await, Status::Refunded);
    let refunded = story.world.load(&order.id).await.order;
    assert!(!refunded.has(Event::HandedOver), "nobody executes what is not sold");
    assert_eq!(refunded.receipts.len(), 2);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn money_that_arrives_after_the_expiry_unheard_is_found_a_day_later_and_goes_back() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.pays(&order, "after_expiry").await;
    story.passes(25 * MINUTE).await;
    assert_eq!(story.status(&order).await, Status::Expired);
    story.tell("from now on every callback of the bank's is lost").await;
    story.world.net.faults(|call| match call {
        support::Call::Http(request) if request.url.contains("/callbacks/bank/") => Some(support::Fault::NotDone),
        _ => None,
    });
    story.passes(12 * HOUR).await;
    assert_eq!(story.status(&order).await, Status::Expired, "the money is there, and nobody has said so");
    story.passes(2 * DAY).await;
    assert_eq!(story.status(&order).await, Status::Refunded);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_bank_that_does_not_answer_a_refund_is_told_again_and_refunds_once() {
    let mut story = Story::begins().await;
    let order = story.orders_by_hand("A-1").await;
    story.pays(&order, "success").await;
    story.settles().await;
    story.passes(3 * DAY).await;
    story.world.net.faults(|call| match call {
        support::Call::Http(request) if request.url.ends_with("/refunds") => Some(support::Fault::AnswerLost),
        support::Call::Http(request) if request.url.contains("/callbacks/bank/") => Some(support::Fault::Silence),
        _ => None,
    });
    story.cancels(&order).await;
    story.settles().await;
    assert_eq!(story.status(&order).await, Status::Refunding, "what the bank did is not known");
    story.passes(10 * MINUTE).await;
    assert_eq!(story.status(&order).await, Status::Refunding);
    story.tell("the line to the bank is mended").await;
    story.world.net.no_faults();
    story.passes(HOUR).await;
    assert_eq!(story.status(&order).await, Status::Refunded);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_part_that_is_asked_for_twice_under_one_key_goes_back_once() {
    let mut story = Story::begins().await;
    let order = story.orders_by_hand("A-1").await;
    story.pays(&order, "success").await;
    story.settles().await;
    let path = format!("/v1/orders/{}/cancel", order.id);
    let asks = async |story: &mut Story, key: Option<&str>, amount: &str| {
        story.tell(format!("the shop gives {amount} back, by its key {}", key.unwrap_or("none"))).await;
        let headers: Vec<(&str, &str)> = key.map(|key| ("idempotency-key", key)).into_iter().collect();
        let body = json!({ "amount": amount }).to_string();
        let said = story.api(&story.world.key, Method::POST, &path, &headers, &body).await;
        story.note(format!("it is answered {} {}", said.status, said.body["code"].as_str().unwrap_or_default())).await;
        story.look().await;
        said
    };
    assert_eq!(asks(&mut story, Some("return-7"), "1000.00").await.status, 200);
    // The answer got lost: asked again while the first is under way, and after it.
    assert_eq!(asks(&mut story, Some("return-7"), "1000.00").await.status, 200);
    story.settles().await;
    assert_eq!(asks(&mut story, Some("return-7"), "1000.00").await.status, 200);
    assert_eq!(story.tells_money(&order).await["returned"], "1000.00");
    let other = asks(&mut story, Some("return-7"), "500.00").await;
    assert_eq!((other.status, other.body["code"].as_str()), (409, Some("return_key_reused")));
    assert_eq!(asks(&mut story, Some(""), "500.00").await.status, 400);
    assert_eq!(asks(&mut story, Some("return-8"), "500.00").await.status, 200);
    story.settles().await;
    assert_eq!(asks(&mut story, None, "500.00").await.status, 200, "whoever names none means another one");
    story.settles().await;
    assert_eq!(story.tells_money(&order).await["returned"], "2000.00");
    assert_snapshot!(story.ends().await);
}
