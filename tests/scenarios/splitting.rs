//! One order, several payments: goods of two warehouses, each charged and given back by itself.

use domain::order::{Order, Status};
use insta::assert_snapshot;
use serde_json::json;
use workflows::orders::{ChildRequest, SplitRequest};

use crate::holding::basket;
use crate::story::{DAY, HOUR, Story, scenario};

/// An order of two warehouses, 2000.00 and 1000.00.
async fn split(story: &mut Story, least: Option<u8>) -> Order {
    let child = |name: &str, line| ChildRequest { name: name.to_owned(), lines: vec![line], entity: None };
    story
        .orders_as("A-1", |wish| {
            wish.lines = basket();
            wish.customer = Some("buyer-1".to_owned());
            wish.scenario = Some(scenario(Some("manual"), None));
            wish.split =
                Some(SplitRequest { children: vec![child("Склад 1", 1), child("Склад 2", 2)], least });
        })
        .await
}

/// The bank refuses the second charge.
fn refuse_the_second_charge(story: &Story) {
    let mut charges = 0;
    story.world.net.faults(move |call| match call {
        support::Call::Http(request) if request.url.ends_with("/charges") => {
            charges += 1;
            (charges == 2).then_some(support::Fault::Refused)
        }
        _ => None,
    });
}

#[tokio::test]
async fn an_order_of_two_warehouses_is_paid_once_and_charged_twice() {
    let mut story = Story::begins().await;
    let order = split(&mut story, None).await;
    story.pays_with(&order, &[("consent_means", "1")], "success").await;
    story.settles().await;
    let view = story.tells_money(&order).await;
    assert_eq!((view["payment_state"].as_str(), view["captured"].as_str()), (Some("approved"), Some("3000.00")));
    assert_eq!(story.world.load(&order.id).await.order.receipts.len(), 2, "a receipt for each warehouse");
    story.executor(&order, "fulfil").await;
    story.passes(3 * DAY + HOUR).await;
    assert_eq!(story.status(&order).await, Status::PaidOut);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_charge_that_fails_sends_the_other_back_where_both_are_needed() {
    let mut story = Story::begins().await;
    let order = split(&mut story, None).await;
    refuse_the_second_charge(&story);
    story.pays_with(&order, &[("consent_means", "1")], "success").await;
    story.settles().await;
    story.passes(2 * HOUR).await;
    let view = story.tells_money(&order).await;
    assert_eq!(view["status"], "refunded", "{view}");
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn one_of_two_is_enough_where_the_shop_says_so() {
    let mut story = Story::begins().await;
    let order = split(&mut story, Some(1)).await;
    refuse_the_second_charge(&story);
    story.pays_with(&order, &[("consent_means", "1")], "success").await;
    story.settles().await;
    story.passes(2 * HOUR).await;
    let view = story.tells_money(&order).await;
    assert_eq!(view["payment_state"], "partial_approved", "{view}");
    assert_eq!(view["children"][1]["paid_by"], json!(null));
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_card_that_pays_for_neither_leaves_the_order_to_another_card() {
    let mut story = Story::begins().await;
    let order = split(&mut story, None).await;
    story.pays_with(&order, &[("consent_means", "1")], "charge_declined").await;
    story.settles().await;
    story.tells_money(&order).await;
    story.pays_with(&order, &[("consent_means", "1")], "success").await;
    story.settles().await;
    assert_eq!(story.tells_money(&order).await["payment_state"], "approved");
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn lines_go_back_to_where_they_were_charged() {
    let mut story = Story::begins().await;
    let order = split(&mut story, None).await;
    story.pays_with(&order, &[("consent_means", "1")], "success").await;
    story.settles().await;
    story.asks(&order, "cancel", json!({"amount": "1000.00"})).await;
    story.asks(&order, "cancel", json!({"lines": [{"line": 1, "quantity": "1"}, {"line": 2, "quantity": "1"}]})).await;
    story.settles().await;
    assert_eq!(story.tells_money(&order).await["payment_state"], "partial_canceled");
    story.asks(&order, "cancel", json!({})).await;
    story.settles().await;
    assert_eq!(story.tells_money(&order).await["status"], "refunded");
    story.passes(2 * DAY).await;
    assert_snapshot!(story.ends().await);
}
