//! What a cash register hears when it tells us of a receipt.
#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

use std::sync::{Arc, Mutex};

use connectors::signature::{HEADER, derive, sign};
use domain::id::OrderId;
use domain::order::Order;
use http::Request;
use support::{Answer, Call, Fault, World, wish};
use workflows::ports::Clock;

async fn tell(world: &World, order: &OrderId, body: &str, purpose: &str) -> Answer {
    let secret = derive(&world.ports.settings.master_secret.0, purpose, order.tenant());
    let signature = sign(&secret, world.clock.now(), body.as_bytes());
    let request = Request::post(format!("/callbacks/till/sandbox/{order}")).header(HEADER, signature);
    world.ask(request.body(body.to_owned().into()).unwrap()).await
}

/// An order whose receipt is printed and not yet told of, and what the register wants to tell.
async fn printed(world: &World) -> (Order, String) {
    let order = world.order(&wish("A-1")).await;
    let heard = Arc::new(Mutex::new(String::new()));
    let writes = Arc::clone(&heard);
    world.net.faults(move |call| match call {
        Call::Http(request) if request.url.contains("/callbacks/till/") => {
            *writes.lock().unwrap() = String::from_utf8(request.body.to_vec()).unwrap();
            Some(Fault::Silence)
        }
        _ => None,
    });
    world.pay(&order, "success").await;
    world.settle().await;
    world.pass(120, 30).await;
    let body = heard.lock().unwrap().clone();
    assert!(!body.is_empty(), "the register wanted to tell");
    world.net.no_faults();
    (order, body)
}

#[tokio::test]
async fn a_printed_receipt_is_recorded_once() {
    let world = World::new().await;
    let (order, body) = printed(&world).await;
    for _ in 0..2 {
        assert_eq!(tell(&world, &order.id, &body, "till").await.status, 200);
    }
    let order = world.load(&order.id).await.order;
    assert_eq!(order.receipts.len(), 1);
    assert!(order.receipts[0].fiscal.is_some());
}

#[tokio::test]
async fn what_is_refused_changes_nothing() {
    let world = World::new().await;
    let (order, body) = printed(&world).await;
    let other = world.order(&wish("A-2")).await;
    let rows = world.table.all_items();
    let code = |answer: Answer| (answer.status, answer.json()["code"].as_str().unwrap().to_owned());
    let is = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(code(tell(&world, &order.id, &body, "bank").await), is(401, "callback_signature"));
    assert_eq!(code(tell(&world, &order.id, "{", "till").await), is(400, "callback_malformed"));
    assert_eq!(code(tell(&world, &other.id, &body, "till").await), is(404, "not_found"));
    assert_eq!(world.table.all_items(), rows);
}

#[tokio::test]
async fn a_receipt_printed_over_another_total_is_recorded_and_told_apart() {
    let world = World::new().await;
    let (order, body) = printed(&world).await;
    let less = body.replace("3000", "2999");
    assert_ne!(less, body);
    assert_eq!(tell(&world, &order.id, &less, "till").await.status, 200);
    let order = world.load(&order.id).await.order;
    let differs = order.receipts[0].differs.as_ref().unwrap();
    assert!(differs.text.contains("1020"), "{}", differs.text);
}
