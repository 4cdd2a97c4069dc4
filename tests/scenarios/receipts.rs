//! The fiscal receipt: one for each captured or returned amount, whatever the register does.

use domain::order::{Event, Status, TaskId};
use insta::assert_snapshot;
use workflows::ports::{Message, QueueName};

use crate::story::{HOUR, MINUTE, Story, scenario};

#[tokio::test]
async fn a_silent_register_is_asked() {
    let mut story = Story::begins().await;
    let order = story.orders_as("A-1", |wish| wish.scenario = Some(scenario(None, Some("silent")))).await;
    story.pays(&order, "success").await;
    story.settles().await;
    assert!(!story.world.load(&order.id).await.order.has(Event::ReceiptIssued), "the register has said nothing");
    story.passes(HOUR).await;
    assert!(story.world.load(&order.id).await.order.has(Event::ReceiptIssued));
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_register_that_fails_once_is_tried_again() {
    let mut story = Story::begins().await;
    let order = story.orders_as("A-1", |wish| wish.scenario = Some(scenario(None, Some("failing_once")))).await;
    story.pays(&order, "success").await;
    story.settles().await;
    assert!(!story.world.load(&order.id).await.order.has(Event::ReceiptIssued));
    story.passes(HOUR).await;
    assert!(story.world.load(&order.id).await.order.has(Event::ReceiptIssued));
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_receipt_asked_for_thrice_is_printed_once() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.pays(&order, "success").await;
    story.tell("the queue brings the receipt's message three times").await;
    let waiting = story.world.queue.waiting();
    let printing = waiting.into_iter().find(|waiting| waiting.message.queue == QueueName::Receipt).unwrap();
    for _ in 0..3 {
        story.world.queue.put_back(printing.clone());
        let brought = story.world.queue.take(printing.no).unwrap();
        let pumped = story.world.deliver(brought).await;
        assert!(pumped.outcome.is_ok(), "{:?}", pumped.outcome);
    }
    story.settles().await;
    story.tell("the queue brings it a fourth time, when all is done").await;
    story.world.queue.put_back(printing);
    story.settles().await;
    story.tell("and once more when all is done, as a sweep would send it").await;
    let work =
        workflows::perform::Work { order: order.id.clone(), task: TaskId::Receipt(1), snapshot: None, replay: false };
    let body = serde_json::to_string(&work).unwrap();
    let message = Message { queue: QueueName::Receipt, body, delay_seconds: 0 };
    story.world.ports.queue.send(vec![message]).await.unwrap();
    story.passes(30 * MINUTE).await;
    let order = story.world.load(&order.id).await.order;
    assert_eq!(order.journal.iter().filter(|entry| entry.event == Event::ReceiptIssued).count(), 1);
    assert_eq!(order.status(), Status::Fulfilled);
    // The register has printed one document: the next one has the next number.
    let register = story.world.ports.store.sandbox_rows(&story.world.shop, "register", 1).await.unwrap();
    let register: serde_json::Value = serde_json::from_str(&register[0].1.body).unwrap();
    assert_eq!((register["number"].as_u64(), register["document"].as_u64()), (Some(1), Some(2)));
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn the_receipt_of_the_letter_is_the_one_the_register_printed() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.pays(&order, "success").await;
    story.settles().await;
    let fiscal = story.world.load(&order.id).await.order.receipts[0].fiscal.clone().unwrap();
    let letter = story.world.mailbox.emails().into_iter().find(|letter| letter.text.contains("/r/")).unwrap();
    assert!(letter.html.contains(&fiscal.sign) && letter.html.contains(&fiscal.drive));
    assert_eq!(letter.inline.len(), 1, "the QR code");
    let url = letter.text.split_whitespace().find(|word| word.contains("/r/")).unwrap();
    let page = story.world.get(url).await;
    assert_eq!(page.status, 200);
    for wanted in [fiscal.sign.as_str(), fiscal.drive.as_str(), "ООО «Справка»", "7700000016"] {
        assert!(page.text().contains(wanted), "{wanted}");
    }
    let view = story.api_order(&order).await;
    assert_eq!(view["receipts"][0]["fiscal_sign"].as_str(), Some(fiscal.sign.as_str()));
    story.note("letter, page and API show the same fiscal sign").await;
    assert_snapshot!(story.ends().await);
}
