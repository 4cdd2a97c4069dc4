//! Money is held first: captured whole or in part, by command or by rule, let go, edited down, and what its deadline does.

use domain::acquiring::{Lapse, Stages};
use domain::details::CaptureRule;
use domain::order::{Event, Order, Status};
use insta::assert_snapshot;
use serde_json::json;
use workflows::orders::LineRequest;

use crate::story::{DAY, HOUR, MINUTE, Story, scenario, with_email};

/// Two units of 1000.00 and two of 500.00.
pub fn basket() -> Vec<LineRequest> {
    let line = |name: &str, price: &str| LineRequest {
        name: name.to_owned(),
        price: price.to_owned(),
        quantity: Some("2".to_owned()),
        ..LineRequest::default()
    };
    vec![line("Кружка", "1000.00"), line("Блюдце", "500.00")]
}

/// A partner who holds first, and an order whose money is held.
async fn held(capture: CaptureRule, hold_end: Lapse) -> (Story, Order) {
    let mut story = Story::begins().await;
    story
        .settings(|partner| {
            (partner.payment.stages, partner.payment.capture, partner.payment.hold_end) =
                (Stages::Two, capture, hold_end);
        })
        .await;
    let order = bought(&mut story, "success").await;
    (story, order)
}

async fn bought(story: &mut Story, card: &str) -> Order {
    let order = story
        .orders_as("A-1", |wish| {
            wish.lines = basket();
            wish.scenario = Some(scenario(Some("manual"), None));
        })
        .await;
    story.pays(&order, card).await;
    story.settles().await;
    order
}

#[tokio::test]
async fn held_money_is_captured_when_the_goods_are_there() {
    let (mut story, order) = held(CaptureRule::Manual, Lapse::Released).await;
    let view = story.tells_money(&order).await;
    assert_eq!((view["payment_state"].as_str(), view["commission"].as_str()), (Some("delayed"), None), "no fee yet");
    story.asks(&order, "capture", json!({})).await;
    story.asks(&order, "capture", json!({})).await;
    story.settles().await;
    assert_eq!(story.tells_money(&order).await["payment_state"], "approved");
    story.executor(&order, "fulfil").await;
    story.passes(3 * DAY + HOUR).await;
    assert_eq!(story.status(&order).await, Status::PaidOut);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn an_amount_of_a_hold_is_captured_and_the_rest_let_go() {
    let (mut story, order) = held(CaptureRule::Manual, Lapse::Released).await;
    story.asks(&order, "capture", json!({"amount": "3000.01"})).await;
    story.asks(&order, "capture", json!({"amount": "1234.56"})).await;
    story.settles().await;
    assert_eq!(story.tells_money(&order).await["payment_state"], "partial_approved");
    story.asks(&order, "capture", json!({"amount": "1.00"})).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn lines_of_a_hold_are_captured_and_no_others_are_on_the_receipt() {
    let (mut story, order) = held(CaptureRule::Manual, Lapse::Released).await;
    story.asks(&order, "capture", json!({"lines": [{"line": 1, "quantity": "1"}, {"line": 2}]})).await;
    story.settles().await;
    let now = story.world.load(&order.id).await;
    let lines = now.order.receipt_lines(&now.order.receipts[0], &now.details).unwrap();
    for line in &lines {
        story.note(format!("the receipt has {} × {} at {}", line.name, line.quantity, line.price)).await;
    }
    assert_eq!(lines.len(), 2);
    assert_eq!(story.tells_money(&order).await["captured"], "2000.00");
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn fulfilment_captures_where_the_partner_has_it_so() {
    let (mut story, order) = held(CaptureRule::Fulfilled, Lapse::Released).await;
    story.executor(&order, "fulfil").await;
    story.settles().await;
    let view = story.tells_money(&order).await;
    assert_eq!((view["status"].as_str(), view["payment_state"].as_str()), (Some("fulfilled"), Some("approved")));
    story.passes(3 * DAY + HOUR).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_held_order_that_is_cancelled_never_moves_money() {
    let (mut story, order) = held(CaptureRule::Manual, Lapse::Released).await;
    story.asks(&order, "cancel", json!({"reason": "нет на складе"})).await;
    story.asks(&order, "cancel", json!({})).await;
    story.settles().await;
    let view = story.tells_money(&order).await;
    assert_eq!((view["status"].as_str(), view["payment_state"].as_str()), (Some("cancelled"), Some("canceled")));
    story.asks(&order, "capture", json!({})).await;
    assert!(story.world.load(&order.id).await.order.receipts.is_empty(), "no receipt for what never moved");
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_line_of_a_hold_is_let_go_and_the_rest_captured() {
    let (mut story, order) = held(CaptureRule::Manual, Lapse::Released).await;
    story.asks(&order, "cancel", json!({"lines": [{"line": 2}]})).await;
    story.asks(&order, "capture", json!({})).await;
    story.settles().await;
    assert_eq!(story.tells_money(&order).await["payment_state"], "partial_delayed");
    story.asks(&order, "capture", json!({})).await;
    story.settles().await;
    assert_eq!(story.tells_money(&order).await["captured"], "2000.00");
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_hold_nobody_decides_about_is_warned_of_and_let_go() {
    let (mut story, order) = held(CaptureRule::Manual, Lapse::Released).await;
    story.webhooks_in_short = true;
    story.passes(8 * DAY).await;
    let now = story.world.load(&order.id).await.order;
    assert!(now.has(Event::HoldEnding), "the partner was warned");
    assert_eq!(now.status(), Status::Cancelled);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_hold_nobody_decides_about_is_captured_where_the_partner_has_it_so() {
    let (mut story, order) = held(CaptureRule::Manual, Lapse::Captured).await;
    story.webhooks_in_short = true;
    story.passes(8 * DAY).await;
    assert_eq!(story.tells_money(&order).await["payment_state"], "approved");
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn what_was_fulfilled_is_captured_before_its_hold_ends() {
    let (mut story, order) = held(CaptureRule::Manual, Lapse::Released).await;
    story.webhooks_in_short = true;
    story.executor(&order, "fulfil").await;
    story.passes(8 * DAY).await;
    assert_eq!(story.tells_money(&order).await["payment_state"], "approved");
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_held_order_is_edited_down_never_up() {
    let (mut story, order) = held(CaptureRule::Manual, Lapse::Released).await;
    story.asks(&order, "edit", json!({"lines": [{"name": "Сервиз", "price": "3000.01"}]})).await;
    let less = json!({"lines": [{"name": "Кружка", "price": "1000.00", "quantity": "2"}, {"name": "Ложка", "price": "500.00"}]});
    story.asks(&order, "edit", less.clone()).await;
    story.asks(&order, "edit", less).await;
    story.asks(&order, "capture", json!({})).await;
    story.settles().await;
    let view = story.tells_money(&order).await;
    assert_eq!((view["captured"].as_str(), view["amount"].as_str()), (Some("2500.00"), Some("2500.00")));
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_hold_the_bank_drops_by_itself_cancels_the_order() {
    let mut story = Story::begins().await;
    story.settings(|partner| partner.payment.stages = Stages::Two).await;
    let order = bought(&mut story, "hold_dropped").await;
    story.passes(DAY + HOUR).await;
    let view = story.tells_money(&order).await;
    assert_eq!((view["status"].as_str(), view["payment_state"].as_str()), (Some("cancelled"), Some("canceled")));
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn while_nobody_knows_what_became_of_a_capture_nothing_else_begins() {
    let (mut story, order) = held(CaptureRule::Manual, Lapse::Released).await;
    story.world.net.faults(|call| match call {
        support::Call::Http(request) if request.url.contains("/sandbox/bank/v1/") => Some(support::Fault::Silence),
        _ => None,
    });
    story.tell("the line to the bank is cut").await;
    story.asks(&order, "capture", json!({})).await;
    story.settles().await;
    story.asks(&order, "cancel", json!({})).await;
    story.asks(&order, "cancel", json!({"amount": "100.00"})).await;
    story.asks(&order, "edit", json!({"lines": [{"name": "Кружка", "price": "1000.00"}]})).await;
    story.passes(10 * MINUTE).await;
    assert_eq!(story.tells_money(&order).await["payment_state"], "delayed");
    story.tell("the line to the bank is mended").await;
    story.world.net.no_faults();
    story.passes(HOUR).await;
    assert_eq!(story.tells_money(&order).await["payment_state"], "approved");
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn the_sbp_holds_nothing() {
    let mut story = Story::begins().await;
    let mut wish = with_email("A-1");
    let wanted = json!({"stages": 2, "methods": ["sbp"]});
    wish.payment = serde_json::from_value(wanted.clone()).unwrap();
    story.tell(format!("the partner makes order A-1 to be paid so: {wanted}")).await;
    let body = serde_json::to_string(&wish).unwrap();
    let said = story.api(&story.world.key, http::Method::POST, "/v1/orders", &[], &body).await;
    assert_eq!((said.status, said.body["errors"][0]["code"].as_str()), (422, Some("no_account")), "{}", said.text);
    story.note(format!("it is answered {} {}", said.status, said.body["errors"][0])).await;
    assert_snapshot!(story.ends().await);
}
