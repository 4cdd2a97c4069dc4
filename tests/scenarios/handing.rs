//! People beside the machines: a courier with a key of their own, and support with the list of receipts to look after.

use domain::order::{Event, Status};
use http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::story::{HOUR, Story, scenario};

/// Looks at the operator's list; tells it.
async fn list(story: &mut Story) -> Vec<Value> {
    let path = "/v1/operator/receipts?tenant=demoshop.t";
    let said = story.api(support::OPERATOR_TOKEN, Method::GET, path, &[], "").await;
    let found = said.body["receipts"].as_array().cloned().unwrap_or_default();
    let told = |one: &Value| format!("receipt {} of {} {}", one["receipt"]["no"], one["number"], one["concern"]);
    let told: Vec<_> = found.iter().map(told).collect();
    let told = if told.is_empty() { "nothing".to_owned() } else { told.join(", ") };
    story.tell(format!("support looks at the list of receipts: {told}")).await;
    found
}

#[tokio::test]
async fn support_sees_the_receipt_that_waits_and_no_other() {
    let mut story = Story::begins().await;
    let usual = story.orders("A-1").await;
    story.pays(&usual, "success").await;
    story.settles().await;
    let late = story.orders_as("A-2", |wish| wish.scenario = Some(scenario(None, Some("failing_once")))).await;
    story.pays(&late, "success").await;
    story.settles().await;
    let found = list(&mut story).await;
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["number"], &found[0]["concern"]), (&"A-2".into(), &"waits".into()));
    story.passes(HOUR).await;
    assert!(story.world.load(&late.id).await.order.has(Event::ReceiptIssued));
    assert_eq!(list(&mut story).await.len(), 0);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_courier_takes_cash_at_the_door_for_the_order_given_to_them() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    let other = story.orders("A-2").await;
    let own = story.world.key.clone();
    let body = json!({ "name": "Курьер 12" }).to_string();
    let issued = story.api(&own, Method::POST, "/v1/partner/keys", &[], &body).await.body;
    let (id, key) = (issued["id"].as_str().unwrap().to_owned(), issued["api_key"].as_str().unwrap().to_owned());
    story.tell("the partner gives A-1 to a courier").await;
    let give = format!("/v1/orders/{}/couriers/{id}", order.id);
    assert_eq!(story.api(&own, Method::PUT, &give, &[], "").await.status, 204);
    let cash = json!({ "method": "cash", "reference": "PKO-7", "cashier": { "name": "Петрова А. И." } }).to_string();
    for (order, wanted) in [(&order, 200), (&other, 404)] {
        let path = format!("/v1/orders/{}/collect", order.id);
        let said = story.api(&key, Method::POST, &path, &[], &cash).await;
        assert_eq!(said.status, wanted, "{}", said.text);
        story.tell(format!("the courier takes cash for {}: it is answered {wanted}", order.number)).await;
        story.look().await;
    }
    let cancel = format!("/v1/orders/{}/cancel", order.id);
    let said = story.api(&key, Method::POST, &cancel, &[], "{}").await;
    assert_eq!((said.status, &said.body["code"]), (403, &"courier_key".into()));
    story.tell("the courier asks to give it back: that is none of a courier's affairs").await;
    story.settles().await;
    assert_eq!(story.status(&order).await, Status::Fulfilled);
    assert_eq!(story.status(&other).await, Status::Awaiting);
    story.tell("the courier loses the phone; the partner ends the key").await;
    let gone = story.api(&own, Method::DELETE, &format!("/v1/partner/keys/{id}"), &[], "").await;
    assert_eq!(gone.status, 204);
    assert_eq!(story.api(&key, Method::GET, "/v1/courier/orders", &[], "").await.status, 401);
    assert_snapshot!(story.ends().await);
}
