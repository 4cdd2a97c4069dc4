//! What passed between a bank and us can be read afterwards: by the order, by the time, by what stands in it; and nothing that
//! nobody may read is in it.

use domain::order::Status;
use serde_json::Value;
use storage::keys;
use support::{BUYER_EMAIL, BUYER_PHONE, Call, Fault};
use workflows::orders::OrderRequest;
use workflows::ports::QueueName;

use crate::story::{MINUTE, Said, Story};

async fn asks(story: &Story, path: &str) -> Said {
    story.api(&story.world.key, http::Method::GET, path, &[], "").await
}

/// The order's exchanges, oldest first.
async fn exchanges(story: &Story, id: &domain::id::OrderId) -> Vec<Value> {
    let said = asks(story, &format!("/v1/orders/{id}/exchanges")).await;
    assert_eq!(said.status, 200, "{}", said.text);
    let mut exchanges = said.body["exchanges"].as_array().unwrap().clone();
    exchanges.reverse();
    exchanges
}

fn told(exchanges: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    exchanges
        .iter()
        .map(|one| format!("{} {} {}", text(&one["purpose"]), text(&one["outcome"]), one["status"]))
        .collect()
}

#[tokio::test]
async fn a_paid_orders_exchanges_are_listed_and_masked() {
    let mut story = Story::begins().await;
    let telling = |wish: &mut OrderRequest| {
        wish.description = Some(format!("для {BUYER_EMAIL}, {BUYER_PHONE}, карта 2201 3820 0000 0013"));
    };
    let order = story.orders_as("A-1", telling).await;
    story.pays(&order, "success").await;
    story.settles().await;
    assert_eq!(story.status(&order).await, Status::Fulfilled);

    let exchanges = exchanges(&story, &order.id).await;
    assert_eq!(told(&exchanges), ["register answered 201", "callback taken 200"]);
    let [register, callback] = &exchanges[..] else { panic!("{exchanges:?}") };
    assert_eq!((&register["method"], &register["operation"]), (&"POST".into(), &1.into()));
    let body = register["request"]["body"].as_str().unwrap();
    for there in
        ["\"amount\":300000", "2201 38** **** 0013", &order.bill.to_string(), "@", order.id.to_string().as_str()]
    {
        assert!(body.contains(there), "{there}: {body}");
    }
    let all = Value::from(exchanges.clone()).to_string();
    let token = workflows::links::checkout_token(&story.world.ports.settings, &order.id);
    for gone in
        [BUYER_EMAIL, BUYER_PHONE.trim_start_matches('+'), "3820 0000 0013", "v1=", token.rsplit_once('~').unwrap().1]
    {
        assert!(!all.contains(gone), "{gone}: {all}");
    }
    let signature = |passage: &Value| {
        let headers = passage["headers"].as_array().unwrap();
        headers.iter().find(|header| header["name"] == "x-signature").unwrap()["value"].clone()
    };
    assert_eq!((signature(&register["request"]), signature(&callback["request"])), ("***".into(), "***".into()));
    assert!(callback["request"]["body"].as_str().unwrap().contains("succeeded"));

    // What is kept is masked too: nobody finds more in the table than is shown.
    for item in story.world.table.all_items().iter().filter(|item| item.key.pk.starts_with("E#")) {
        let lines = String::from_utf8(storage::exchanges::lines(&item.body).unwrap()).unwrap();
        assert!(!lines.contains(BUYER_EMAIL) && !lines.contains(BUYER_PHONE), "{lines}");
        assert_eq!(keys::kind(&item.key), "exchanges");
        let days = (item.ttl.unwrap() - story.world.now().await.as_second()) / (24 * 3_600);
        assert!((399..=400).contains(&days), "{days}");
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_is_shown_as_no_answer() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.world.net.faults(|call| match call {
        Call::Http(request) if request.url.ends_with("/sandbox/bank/v1/payments") => Some(Fault::AnswerLost),
        _ => None,
    });
    story.tell("the buyer presses the button; the bank's answer is lost").await;
    story.world.agree(&order).await;
    story.world.net.no_faults();
    story.settles().await;
    story.passes(30 * MINUTE).await;
    let exchanges = exchanges(&story, &order.id).await;
    assert_eq!(told(&exchanges)[0], "register no_answer null");
    assert_eq!((&exchanges[0]["answer"], &exchanges[0]["note"]), (&Value::Null, &"the answer got lost".into()));
    assert_eq!(told(&exchanges)[1..], ["callback taken 200"], "the bank told by itself that nobody paid");
    let found = asks(&story, "/v1/exchanges?text=NO_ANSWER").await;
    assert_eq!(found.body["exchanges"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_callback_nobody_signed_is_shown_as_refused_and_a_strangers_is_not_kept() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.world.agree(&order).await;
    story.bank_says(&order, "unsigned", |forged| forged.signed = false).await;
    story.settles().await;
    let shown = exchanges(&story, &order.id).await;
    let refused = shown.iter().find(|one| one["outcome"] == "refused").unwrap();
    assert_eq!((&refused["purpose"], &refused["note"]), (&"callback".into(), &"the callback is not signed".into()));

    let nobody: domain::id::Tenant = "nobodys.t".parse().unwrap();
    let id = domain::id::OrderId::new(nobody, "A-1", story.world.ports.clock.now());
    story
        .bank_says(&order, "for a partner there is not", |forged| {
            forged.order = id.to_string();
            forged.signed = false;
        })
        .await;
    assert!(story.world.queue.waiting().iter().all(|waiting| waiting.message.queue != QueueName::Exchange));
}

#[tokio::test]
async fn an_exchange_that_is_brought_again_in_other_company_is_shown_once() {
    let mut story = Story::begins().await;
    let (first, second) = (story.orders("A-1").await, story.orders("A-2").await);
    story.pays(&first, "success").await;
    story.pays(&second, "success").await;
    let waiting = story.world.queue.waiting().into_iter().map(|waiting| waiting.message);
    let bodies: Vec<_> =
        waiting.filter(|message| message.queue == QueueName::Exchange).map(|message| message.body).collect();
    assert_eq!(bodies.len(), 4);
    // Together, in twos, one by one, and with what is no exchange.
    for size in [4, 2, 1] {
        for batch in bodies.chunks(size) {
            let mut batch = batch.to_vec();
            batch.insert(0, "nonsense".to_owned());
            let kept = workflows::exchange::keep(&story.world.ports, &batch).await;
            assert_eq!(
                kept.iter().map(Result::is_ok).collect::<Vec<_>>(),
                [&[false][..], &vec![true; size][..]].concat()
            );
        }
    }
    story.settles().await;
    let rows = story.world.table.all_items().into_iter().filter(|item| item.key.pk.starts_with("E#")).count();
    assert!(rows >= 7, "{rows}");
    for (order, number) in [(&first, "A-1"), (&second, "A-2")] {
        assert_eq!(
            told(&exchanges(&story, &order.id).await),
            ["register answered 201", "callback taken 200"],
            "{number}"
        );
    }
    let all = asks(&story, "/v1/exchanges").await;
    assert_eq!(all.body["exchanges"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn a_journal_that_can_not_be_written_stops_no_payment() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.world.queue.close(true);
    story.pays(&order, "success").await;
    assert_eq!(story.status(&order).await, Status::Paid);
    story.world.queue.close(false);
    story.passes(60 * MINUTE).await;
    assert_eq!(story.status(&order).await, Status::Fulfilled);
    assert!(exchanges(&story, &order.id).await.is_empty());
}
