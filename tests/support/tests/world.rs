//! The world keeps its promises: the same seed gives the same rows, nothing happens by itself, workers and clocks do their part.

use domain::order::{Event, Status};
use http::Method;
use runtime::WorkerError;
use storage::memory::MemoryTable;
use support::{Fault, World, wish};
use workflows::ports::{Message, QueueName};

async fn a_life(seed: u64) -> Vec<storage::table::Item> {
    let world = World::build(seed, MemoryTable::new(), None).await;
    let order = world.order(&wish("A-1")).await;
    world.pay(&order, "success").await;
    world.settle().await;
    world.pass(4 * 86_400, 3_600).await;
    assert_eq!(world.status(&order.id).await, Status::PaidOut);
    world.table.all_items()
}

#[tokio::test]
async fn the_same_seed_gives_the_same_world() {
    assert_eq!(a_life(7).await, a_life(7).await);
}

#[tokio::test]
async fn one_life_leaves_mail_webhooks_and_a_payout() {
    let world = World::new().await;
    let order = world.order(&wish("A-1")).await;
    world.pay(&order, "success").await;
    assert_eq!(world.mailbox.emails().len(), 0, "nothing happens by itself");
    world.settle().await;
    assert_eq!(world.mailbox.emails().len(), 2, "the receipt, the result");
    assert!(world.mailbox.emails()[0].text.contains("ФПД"));
    world.advance(3 * 86_400);
    world.settle().await;
    let told: Vec<_> = world
        .net
        .webhooks()
        .iter()
        .map(|sent| serde_json::from_slice::<serde_json::Value>(&sent.body).unwrap()["type"].clone())
        .collect();
    for event in ["order.paid", "receipt.issued", "order.handed_over", "order.fulfilled", "order.paid_out"] {
        assert!(told.iter().any(|kind| kind == event), "{event}: {told:?}");
    }
    assert_eq!(world.status(&order.id).await, Status::PaidOut);
    let api = world.api(Method::GET, &format!("/v1/orders/{}", order.id), &world.key, "").await;
    assert_eq!(api.json()["status"], "paid_out");
    assert!(world.queue.dead().is_empty());
}

#[tokio::test]
async fn a_moved_clock_makes_everything_due_happen_before_the_answer() {
    let world = World::new().await;
    let order = world.order(&wish("A-1")).await;
    world.pay(&order, "abandoned").await;
    let answer = world.advance_shop(1_300).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    world.settle().await;
    assert_eq!(world.status(&order.id).await, Status::Expired);
    let unpaid = world.order(&wish("A-2")).await;
    assert_eq!(world.advance_shop(1_300).await.status, 200);
    assert_eq!(world.status(&unpaid.id).await, Status::Expired);
}

#[tokio::test]
async fn a_worker_asks_again_only_where_that_can_help() {
    let world = World::new().await;
    let order = world.order(&wish("A-1")).await;
    let bring = async |queue, body: &str| {
        let message = Message { queue, body: body.to_owned(), delay_seconds: 0 };
        workflows::ports::Queue::send(world.queue.as_ref(), vec![message]).await.unwrap();
        world.pump_one().await.unwrap().outcome
    };
    for queue in QueueName::ALL {
        let outcome = bring(queue, "{").await;
        assert!(matches!(outcome, Err(WorkerError::Unreadable(_))), "{queue:?}: {outcome:?}");
    }
    world.queue.take_all();
    let nobody = order.id.to_string().replace("demoshop", "demoshoq");
    for (queue, task) in [
        (QueueName::BankOperation, "a1"),
        (QueueName::Receipt, "r1"),
        (QueueName::Notification, "n1e"),
        (QueueName::Webhook, "w1"),
        (QueueName::Fulfilment, "h"),
    ] {
        let body = serde_json::json!({ "order": nobody, "task": task }).to_string();
        let outcome = bring(queue, &body).await;
        assert!(outcome.is_ok(), "{queue:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn what_was_lost_or_doubled_on_the_way_changes_nothing_in_the_end() {
    let world = World::new().await;
    let order = world.order(&wish("A-1")).await;
    world.pay(&order, "success").await;
    world.queue.take_all(); // every message is lost
    let mut calls = 0;
    world.net.faults(move |_| {
        calls += 1;
        (calls % 3 == 0).then_some(Fault::AnswerLost)
    });
    for _ in 0..50 {
        world.advance(600);
        for waiting in world.queue.waiting() {
            world.queue.put_back(waiting.clone());
            world.deliver(waiting).await; // the same message comes twice
        }
        world.settle().await;
    }
    world.net.no_faults();
    world.pass(86_400, 3_600).await;
    let order = world.load(&order.id).await.order;
    assert!(matches!(order.status(), Status::Fulfilled | Status::PaidOut), "{:?}", order.status());
    assert_eq!(order.journal.iter().filter(|entry| entry.event == Event::ReceiptIssued).count(), 1);
}

#[tokio::test]
async fn a_restart_loses_nothing() {
    let mut world = World::new().await;
    let order = world.order(&wish("A-1")).await;
    world.restart();
    world.pay(&order, "success").await;
    world.restart();
    world.settle().await;
    assert_eq!(world.status(&order.id).await, Status::Fulfilled);
}
