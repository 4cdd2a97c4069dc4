//! Money goes back on the partner's word: undone, refunded, in parts, with points; and banks that refuse or change their mind.

use connectors::bank::catalogue::Family;
use domain::acquiring::Stages;
use domain::order::{Order, Status};
use insta::assert_snapshot;
use serde_json::json;
use workflows::orders::PaymentTermsRequest;

use crate::holding::basket;
use crate::story::{DAY, HOUR, MINUTE, Story, scenario};

async fn paid(card: &str) -> (Story, Order) {
    let mut story = Story::begins().await;
    let order = story
        .orders_as("A-1", |wish| {
            wish.lines = basket();
            wish.scenario = Some(scenario(Some("manual"), None));
        })
        .await;
    story.pays(&order, card).await;
    story.settles().await;
    (story, order)
}

#[tokio::test]
async fn an_order_cancelled_on_the_day_of_its_payment_is_reversed() {
    let (mut story, order) = paid("success").await;
    story.passes(HOUR).await;
    story.asks(&order, "cancel", json!({"reason": "покупатель передумал"})).await;
    story.settles().await;
    let view = story.tells_money(&order).await;
    assert_eq!(
        (view["status"].as_str(), view["operations"][1]["transaction"].as_str()),
        (Some("refunded"), Some("reversal"))
    );
    story.passes(2 * DAY).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn an_order_cancelled_the_day_after_is_refunded() {
    let (mut story, order) = paid("success").await;
    story.passes(DAY).await;
    story.asks(&order, "cancel", json!({})).await;
    story.settles().await;
    let view = story.tells_money(&order).await;
    assert_eq!(
        (view["status"].as_str(), view["operations"][1]["transaction"].as_str()),
        (Some("refunded"), Some("refund"))
    );
    story.passes(2 * DAY).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn parts_of_a_payment_go_back_until_nothing_is_left() {
    let (mut story, order) = paid("success").await;
    story.asks(&order, "cancel", json!({"lines": [{"line": 2, "quantity": "1"}]})).await;
    story.asks(&order, "cancel", json!({"amount": "1000.00"})).await;
    story.settles().await;
    assert_eq!(story.tells_money(&order).await["payment_state"], "partial_canceled");
    story.asks(&order, "cancel", json!({"amount": "1000.00", "lines": [{"line": 1}]})).await;
    story.asks(&order, "cancel", json!({"amount": "2500.01"})).await;
    story.asks(&order, "cancel", json!({"amount": "333.33"})).await;
    story.settles().await;
    story.asks(&order, "cancel", json!({})).await;
    story.settles().await;
    let view = story.tells_money(&order).await;
    assert_eq!((view["status"].as_str(), view["payment_state"].as_str()), (Some("refunded"), Some("canceled")));
    story.passes(2 * DAY).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn an_order_with_a_part_given_back_is_fulfilled_and_the_rest_is_paid_out() {
    let (mut story, order) = paid("success").await;
    story.asks(&order, "cancel", json!({"amount": "1000.00"})).await;
    story.settles().await;
    story.executor(&order, "fulfil").await;
    story.passes(3 * DAY + HOUR).await;
    assert_eq!(story.status(&order).await, Status::PaidOut);
    story.asks(&order, "cancel", json!({"amount": "1000.00"})).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_slow_refund_is_waited_for() {
    let (mut story, order) = paid("refund_slow").await;
    story.passes(DAY).await;
    story.asks(&order, "cancel", json!({})).await;
    story.settles().await;
    assert_eq!(story.tells_money(&order).await["status"], "refunding");
    story.passes(HOUR).await;
    assert_eq!(story.tells_money(&order).await["status"], "refunded");
    story.passes(2 * DAY).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_refund_the_bank_takes_back_is_found_out_and_done_again() {
    let (mut story, order) = paid("refund_cancelled").await;
    story.passes(DAY).await;
    story.asks(&order, "cancel", json!({})).await;
    story.settles().await;
    assert_eq!(story.status(&order).await, Status::Refunded);
    story.passes(3 * DAY).await;
    story.tells_money(&order).await;
    assert!(story.world.load(&order.id).await.order.has(domain::order::Event::RefundUndone));
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn an_answer_overtaken_by_a_newer_one_does_not_stand_for_the_refund_that_is_tried_again() {
    let (mut story, order) = paid("refund_cancelled").await;
    story.passes(DAY).await;
    story.asks(&order, "cancel", json!({})).await;
    story.settles().await;
    assert_eq!(story.status(&order).await, Status::Refunded);
    story.tell("somebody asks the bank about the payment; its answer, that the money has gone back, takes hours").await;
    let mut late = story.world.net.late(|request| request.url.contains("/bank/v1/payments/"));
    let (ports, id) = (story.world.ports.clone(), order.id.clone());
    let asked = tokio::spawn(async move { workflows::bank::ask(&ports, &id, 1).await });
    late.given().await;
    story.world.pass(2 * HOUR, MINUTE).await;
    assert_eq!(story.status(&order).await, Status::Refunded, "nobody else has asked");
    story.tell("meanwhile the bank took the refund back, and says so to the next who asks").await;
    workflows::bank::ask(&story.world.ports, &order.id, 1).await.unwrap();
    assert_eq!(story.status(&order).await, Status::Refunding);
    story.tell("now the first answer arrives, before the refund was tried again").await;
    late.arrives();
    asked.await.unwrap().unwrap();
    assert_eq!(story.status(&order).await, Status::Refunding, "it was true of the first attempt only");
    story.settles().await;
    assert_eq!(story.status(&order).await, Status::Refunded);
    let again = workflows::bank::ask(&story.world.ports, &order.id, 1).await.unwrap();
    assert!(!again.changed, "the bank sees it as we do");
    story.passes(2 * DAY).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_refund_the_bank_declines_is_told_again_under_a_new_number() {
    let (mut story, order) = paid("refund_refused").await;
    story.passes(DAY).await;
    story.asks(&order, "cancel", json!({})).await;
    story.settles().await;
    assert_eq!(story.tells_money(&order).await["status"], "refunding");
    story.passes(HOUR).await;
    assert_eq!(story.tells_money(&order).await["status"], "refunded");
    story.passes(2 * DAY).await;
    assert_snapshot!(story.ends().await);
}

/// A partner with an account at a bank of the RBS family, whose buyer pays half of order A-1 with points there.
async fn paid_at_rbs(stages: Stages) -> (Story, Order) {
    let mut story = Story::begins().await;
    story.tell("the partner's bank has a programme of points").await;
    let account = story.account_at(Family::Rbs).await;
    story
        .settings(|partner| {
            partner.payment.stages = stages;
            partner.accounts.push(account);
        })
        .await;
    let order = story.orders_by_hand("A-1").await;
    story.tell("the buyer pays A-1 on that bank's page, a half with points").await;
    let form = story.world.agree(&order).await.location();
    let page = story.world.get(&form).await.location();
    story.world.pay_at_bank(&page, "points").await;
    story.settles().await;
    (story, order)
}

/// What was done by number: kind, what the bank was told, how much, how it ended.
fn seen(view: &serde_json::Value, no: usize) -> [&str; 4] {
    ["kind", "transaction", "amount", "state"].map(|name| view["operations"][no - 1][name].as_str().unwrap_or_default())
}

#[tokio::test]
async fn points_a_bank_gives_for_a_payment_are_taken_back_with_it() {
    let (mut story, order) = paid_at_rbs(Stages::Two).await;
    let view = story.tells_money(&order).await;
    assert_eq!((&view["held"], &view["payment_state"]), (&json!("1500.00"), &json!("delayed")), "points are no money");
    assert_eq!(seen(&view, 2), ["points_spent", "points", "1500.00", "succeeded"]);
    assert_eq!(view["operations"].as_array().unwrap().len(), 2, "for a hold nothing is given");
    story.asks(&order, "capture", json!({})).await;
    story.settles().await;
    let view = story.tells_money(&order).await;
    assert_eq!((&view["captured"], &view["payment_state"]), (&json!("1500.00"), &json!("approved")));
    assert_eq!(view["operations"][3]["by"], "bank");
    assert_eq!(seen(&view, 4), ["points_accrued", "points", "15.00", "succeeded"], "a hundredth of 1500.00 in money");
    assert_eq!(view["operations"].as_array().unwrap().len(), 4, "once, however often the bank tells of it");
    story.tells_receipts().await;
    story.passes(DAY).await;
    story.asks(&order, "cancel", json!({})).await;
    story.settles().await;
    let view = story.tells_money(&order).await;
    for (no, kind, amount) in [(2, "points_spent", "1500.00"), (4, "points_accrued", "15.00")] {
        assert_eq!(seen(&view, no), [kind, "void", amount, "succeeded"]);
    }
    assert_eq!((&view["returned"], &view["status"]), (&json!("1500.00"), &json!("refunded")));
    story.tells_receipts().await;
    story.passes(2 * DAY).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_part_of_a_payment_with_points_at_a_bank_goes_back_and_then_the_rest() {
    let (mut story, order) = paid_at_rbs(Stages::One).await;
    let view = story.tells_money(&order).await;
    assert_eq!((&view["captured"], &view["payment_state"]), (&json!("1500.00"), &json!("approved")));
    story.passes(DAY).await;
    story.asks(&order, "cancel", json!({"amount": "1500.01"})).await;
    story.asks(&order, "cancel", json!({"amount": "333.33"})).await;
    story.settles().await;
    let view = story.tells_money(&order).await;
    assert_eq!((&view["returned"], &view["payment_state"]), (&json!("333.33"), &json!("partial_canceled")));
    assert_eq!(seen(&view, 2), ["points_spent", "points", "1500.00", "succeeded"], "noted as spent until all is back");
    story.passes(2 * DAY).await;
    story.asks(&order, "cancel", json!({})).await;
    story.settles().await;
    let view = story.tells_money(&order).await;
    assert_eq!((&view["returned"], &view["status"]), (&json!("1500.00"), &json!("refunded")));
    assert_eq!(seen(&view, 2), ["points_spent", "void", "1500.00", "succeeded"]);
    story.tells_receipts().await;
    story.passes(2 * DAY).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_hold_with_points_at_a_bank_is_captured_in_part() {
    let (mut story, order) = paid_at_rbs(Stages::Two).await;
    story.asks(&order, "capture", json!({"amount": "1000.00"})).await;
    story.settles().await;
    let view = story.tells_money(&order).await;
    assert_eq!((&view["captured"], &view["payment_state"]), (&json!("1000.00"), &json!("partial_approved")));
    story.passes(DAY).await;
    story.asks(&order, "cancel", json!({"amount": "250.50"})).await;
    story.settles().await;
    story.asks(&order, "cancel", json!({})).await;
    story.settles().await;
    let view = story.tells_money(&order).await;
    assert_eq!((&view["returned"], &view["status"]), (&json!("1000.00"), &json!("refunded")));
    story.tells_receipts().await;
    story.passes(2 * DAY).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn points_are_no_money_and_go_back_with_it() {
    let mut story = Story::begins().await;
    let order = story
        .orders_as("A-1", |wish| {
            wish.scenario = Some(scenario(Some("manual"), None));
            wish.payment =
                Some(PaymentTermsRequest { points_max: Some("1000.00".to_owned()), ..PaymentTermsRequest::default() });
        })
        .await;
    story.pays(&order, "points").await;
    story.settles().await;
    let view = story.tells_money(&order).await;
    assert_eq!((view["payment_state"].as_str(), view["captured"].as_str()), (Some("approved"), Some("2000.00")));
    story.passes(MINUTE).await;
    story.asks(&order, "cancel", json!({})).await;
    story.settles().await;
    assert!(story.world.load(&order.id).await.order.has(domain::order::Event::PointsReturned));
    story.tells_money(&order).await;
    story.passes(2 * DAY).await;
    assert_snapshot!(story.ends().await);
}
