//! What a bank hears when it tells us something: believed once, or refused with nothing changed.
#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

use connectors::signature::{HEADER, derive, sign};
use domain::id::OrderId;
use domain::order::{Order, Status};
use domain::time::{Timestamp, plus_seconds};
use http::Request;
use serde_json::{Value, json};
use support::{Answer, World, wish};
use workflows::ports::Clock;

/// Tells as the bank would, signed at a moment with a secret.
async fn tell(world: &World, order: &OrderId, body: &Value, at: Timestamp, purpose: &str) -> Answer {
    let secret = derive(&world.ports.settings.master_secret.0, purpose, order.tenant());
    let body = body.to_string();
    let request =
        Request::post(format!("/callbacks/bank/sandbox/{order}")).header(HEADER, sign(&secret, at, body.as_bytes()));
    world.ask(request.body(body.into()).unwrap()).await
}

async fn told(world: &World, order: &OrderId, body: &Value) -> (u16, String) {
    let answer = tell(world, order, body, world.clock.now(), "bank").await;
    let code = if answer.status == 200 { String::new() } else { answer.json()["code"].as_str().unwrap().to_owned() };
    (answer.status, code)
}

fn says(order: &OrderId, state: &str, changes: &Value) -> Value {
    let mut body = json!({ "number": format!("{order}-o1"), "state": state });
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn paid(order: &OrderId, amount: i64) -> Value {
    says(order, "succeeded", &json!({ "amount": amount, "currency": "RUB" }))
}

/// An order whose buyer is at the bank's page.
async fn at_bank(world: &World) -> Order {
    let order = world.order(&wish("A-1")).await;
    assert_eq!(world.agree(&order).await.status, 303);
    world.queue.take_all();
    order
}

#[tokio::test]
async fn a_signed_success_is_recorded_once() {
    let world = World::new().await;
    let id = at_bank(&world).await.id;
    for _ in 0..3 {
        assert_eq!(told(&world, &id, &paid(&id, 300_000)).await, (200, String::new()));
    }
    let order = world.load(&id).await.order;
    assert_eq!(order.status(), Status::Paid);
    assert_eq!(order.journal.iter().filter(|entry| entry.event == domain::order::Event::Captured).count(), 1);
}

#[tokio::test]
async fn what_is_refused_changes_nothing() {
    let world = World::new().await;
    let id = at_bank(&world).await.id;
    let other = world.order(&wish("A-2")).await.id;
    let rows = world.table.all_items();
    let (now, body) = (world.clock.now(), paid(&id, 300_000));
    let code = |answer: Answer| (answer.status, answer.json()["code"].as_str().unwrap().to_owned());
    let is = |status: u16, code: &str| (status, code.to_owned());

    let unsigned = Request::post(format!("/callbacks/bank/sandbox/{id}")).body(body.to_string().into()).unwrap();
    assert_eq!(code(world.ask(unsigned).await), is(401, "callback_unsigned"));
    assert_eq!(code(tell(&world, &id, &body, now, "till").await), is(401, "callback_signature"));
    assert_eq!(code(tell(&world, &id, &body, plus_seconds(now, -301), "bank").await), is(400, "callback_stale"));
    let half = json!({ "number": format!("{id}-o1"), "state": 1 });
    let malformed = tell(&world, &id, &half, now, "bank").await;
    assert_eq!(malformed.json()["errors"][0]["pointer"], "/state");
    assert_eq!(code(malformed), is(400, "callback_malformed"));
    assert_eq!(told(&world, &id, &paid(&id, 299_900)).await, is(409, "amount_differs"));
    let foreign = says(&id, "succeeded", &json!({ "amount": 300_000, "currency": "RUB", "reference": "pay_other" }));
    assert_eq!(told(&world, &id, &foreign).await, is(409, "reference_differs"));
    assert_eq!(
        told(&world, &id, &paid(&other, 300_000)).await,
        is(404, "not_found"),
        "told at another order's address"
    );
    assert_eq!(told(&world, &other, &paid(&other, 300_000)).await, is(409, "no_operation"));
    let nobody = OrderId::new(world.shop.clone(), "never made", now);
    assert_eq!(told(&world, &nobody, &paid(&nobody, 1)).await, is(404, "not_found"));
    let live: OrderId = id.to_string().replace("ord_t_", "ord_l_").parse().unwrap();
    assert_eq!(told(&world, &live, &paid(&live, 300_000)).await, is(404, "not_found"));
    let large = Request::post(format!("/callbacks/bank/sandbox/{id}")).body("x".repeat(70_000).into()).unwrap();
    assert_eq!(code(world.ask(large).await), is(413, "too_large"));
    let nowhere = Request::post("/callbacks/bank/sandbox/x").body(String::new().into()).unwrap();
    assert_eq!(code(world.ask(nowhere).await), is(404, "not_found"));
    assert_eq!(world.table.all_items(), rows);
}

#[tokio::test]
async fn a_success_is_final() {
    let world = World::new().await;
    let id = at_bank(&world).await.id;
    assert_eq!(told(&world, &id, &paid(&id, 300_000)).await.0, 200);
    let declined = says(&id, "declined", &json!({ "reason": "insufficient_funds" }));
    assert_eq!(told(&world, &id, &declined).await, (409, "contradiction".to_owned()));
    assert_eq!(world.status(&id).await, Status::Paid);
}
