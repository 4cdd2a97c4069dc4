//! What an executor hears when it tells us how execution ended.
#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

use connectors::signature::{HEADER, derive, sign};
use domain::id::OrderId;
use domain::order::{Order, Status};
use http::Request;
use serde_json::{Value, json};
use support::{Answer, World, wish};
use workflows::orders::{OrderRequest, ScenarioRequest};
use workflows::ports::Clock;

async fn tell(world: &World, order: &OrderId, body: &Value, purpose: &str) -> Answer {
    let secret = derive(&world.ports.settings.master_secret.0, purpose, order.tenant());
    let body = body.to_string();
    let signature = sign(&secret, world.clock.now(), body.as_bytes());
    let request = Request::post(format!("/callbacks/execution/sandbox/{order}")).header(HEADER, signature);
    world.ask(request.body(body.into()).unwrap()).await
}

fn done(order: &OrderId) -> Value {
    json!({ "order": order, "outcome": "fulfilled", "result": { "kind": "text", "text": "готово" } })
}

fn failed(order: &OrderId) -> Value {
    json!({ "order": order, "outcome": "failed", "reason": "нет данных" })
}

async fn handed_over(world: &World) -> Order {
    let scenario = Some(ScenarioRequest { execution: Some("manual".into()), receipt: None });
    let order = world.order(&OrderRequest { scenario, ..wish("A-1") }).await;
    world.pay(&order, "success").await;
    world.settle().await;
    assert_eq!(world.status(&order.id).await, Status::Executing);
    order
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_fulfilment_is_recorded_once_and_nothing_else_after_it() {
    let world = World::new().await;
    let id = handed_over(&world).await.id;
    for _ in 0..2 {
        let answer = tell(&world, &id, &done(&id), "executor").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert_eq!(world.status(&id).await, Status::Fulfilled);
    let answer = tell(&world, &id, &failed(&id), "executor").await;
    assert_eq!(code(&answer), (409, "execution_ended".to_owned()));
    assert_eq!(world.status(&id).await, Status::Fulfilled);
}

#[tokio::test]
async fn a_file_reaches_the_buyer_as_a_download_and_never_as_a_page() {
    let world = World::new().await;
    let id = handed_over(&world).await.id;
    let file = json!({ "kind": "file", "name": "Выписка.html", "media_type": "text/html", "base64": "PHNjcmlwdD4=" });
    let body = json!({ "order": id, "outcome": "fulfilled", "result": file });
    assert_eq!(tell(&world, &id, &body, "executor").await.status, 200);
    let order = world.load(&id).await.order;
    let (link, _) = workflows::execution::result_link(&world.ports, &order).unwrap();
    assert!(world.get(&link).await.text().contains(&format!("{link}/file")));
    let sent = world.get(&format!("{link}/file")).await;
    assert_eq!((sent.status, sent.text().as_str()), (200, "<script>"));
    assert_eq!(
        sent.header("content-disposition"),
        "attachment; filename=\"_______.html\"; filename*=UTF-8''%D0%92%D1%8B%D0%BF%D0%B8%D1%81%D0%BA%D0%B0.html"
    );
    assert_eq!(sent.header("content-security-policy"), "default-src 'none'; sandbox");
    assert_eq!(sent.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn a_late_execution_of_a_cancelled_order_is_refused() {
    let world = World::new().await;
    let order = handed_over(&world).await;
    world.advance(3 * 86_400);
    world.settle().await;
    let cancel = format!("{}/cancel", world.page(&order));
    let csrf = world.get(&cancel).await.input("csrf").unwrap();
    world.post(&cancel, &[("csrf", &csrf)]).await;
    let answer = tell(&world, &order.id, &done(&order.id), "executor").await;
    assert_eq!(code(&answer), (409, "execution_ended".to_owned()));
    world.settle().await;
    assert_eq!(world.status(&order.id).await, Status::Refunded);
}

#[tokio::test]
async fn what_is_refused_changes_nothing() {
    let world = World::new().await;
    let id = handed_over(&world).await.id;
    let rows = world.table.all_items();
    let other = OrderId::new(world.shop.clone(), "never made", world.clock.now());
    let is = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(code(&tell(&world, &id, &done(&id), "bank").await), is(401, "callback_signature"));
    assert_eq!(code(&tell(&world, &id, &json!({}), "executor").await), is(400, "callback_malformed"));
    assert_eq!(code(&tell(&world, &other, &failed(&other), "executor").await), is(404, "not_found"));
    assert_eq!(
        code(&tell(&world, &other, &failed(&id), "executor").await),
        is(404, "not_found"),
        "told at another's address"
    );
    assert_eq!(world.table.all_items(), rows);
}
