//! What gets lost is found again: messages, answers, the process itself.

use domain::order::Status;
use insta::assert_snapshot;
use support::{Call, Fault};

use crate::story::{DAY, HOUR, MINUTE, Story};

#[tokio::test]
async fn lost_messages_are_sent_again_by_the_sweep() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.pays(&order, "success").await;
    let lost = story.world.queue.take_all().len();
    story.tell(format!("all {lost} messages of the queues are lost")).await;
    story.settles().await;
    assert_eq!(story.status(&order).await, Status::Paid);
    story.passes(HOUR).await;
    assert_eq!(story.status(&order).await, Status::Fulfilled);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_crash_between_the_commit_and_the_sending_loses_nothing() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.tell("from now on the process dies after every commit, before it has sent a message").await;
    story.world.queue.close(true);
    story.pays(&order, "success").await;
    story.world.restart();
    assert!(story.world.queue.waiting().is_empty());
    assert_eq!(story.status(&order).await, Status::Paid);
    story.world.queue.close(false);
    story.tell("a process that lives takes over").await;
    story.passes(HOUR).await;
    assert_eq!(story.status(&order).await, Status::Fulfilled);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn queues_that_take_nothing_for_hours_only_delay() {
    let mut story = Story::begins().await;
    story.webhooks_in_short = true;
    let order = story.orders_by_hand("A-1").await;
    story.world.queue.close(true);
    story.pays(&order, "success").await;
    story.passes(2 * HOUR).await;
    assert_eq!(story.status(&order).await, Status::Paid);
    story.world.queue.close(false);
    story.tell("the queues are back").await;
    story.passes(HOUR).await;
    assert_eq!(story.status(&order).await, Status::Executing);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_bank_whose_answer_to_the_registration_is_lost_is_not_told_of_a_second_payment() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.world.net.faults(|call| match call {
        Call::Http(request) if request.url.ends_with("/bank/v1/payments") => Some(Fault::AnswerLost),
        _ => None,
    });
    story.tell("the buyer presses the button, and the bank's answer is lost").await;
    let silent = story.world.agree(&order).await;
    assert_eq!(silent.status, 503);
    assert!(silent.text().contains("Деньги не списаны"));
    story.look().await;
    assert_eq!(story.status(&order).await, Status::Checking);
    story.world.net.no_faults();
    story.tell("the buyer presses it again").await;
    let bank = story.presses_again(&order).await.location();
    story.world.pay_at_bank(&bank, "success").await;
    story.settles().await;
    let paid = story.world.load(&order.id).await.order;
    assert_eq!(paid.operations.len(), 1);
    assert_eq!(paid.status(), Status::Fulfilled);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_bank_that_was_never_reached_leaves_the_order_payable_until_it_expires() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.world.net.faults(|call| match call {
        Call::Http(request) if request.url.contains("/sandbox/bank/") => Some(Fault::NotDone),
        _ => None,
    });
    story.tell("the buyer presses the button, and the line to the bank is down").await;
    assert_eq!(story.world.agree(&order).await.status, 503);
    story.look().await;
    story.world.net.no_faults();
    story.passes(30 * MINUTE).await;
    assert_eq!(story.status(&order).await, Status::Expired);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn an_executor_that_is_down_gets_the_order_when_it_is_back() {
    let mut story = Story::begins().await;
    let order = story.orders_by_hand("A-1").await;
    story.world.net.faults(|call| match call {
        Call::Http(request) if request.url.contains("/sandbox/executor/") => Some(Fault::AnswerLost),
        _ => None,
    });
    story.pays(&order, "success").await;
    story.passes(HOUR).await;
    assert_eq!(story.status(&order).await, Status::Paid);
    story.world.net.no_faults();
    story.tell("the executor is back").await;
    story.passes(2 * HOUR).await;
    assert_eq!(story.status(&order).await, Status::Executing);
    story.passes(DAY).await;
    story.executor(&order, "fulfil").await;
    story.settles().await;
    assert_snapshot!(story.ends().await);
}
