//! The partner's money goes out: when it is ripe, and once.

use domain::order::Status;
use http::Method;
use insta::assert_snapshot;
use serde_json::json;

use crate::story::{DAY, HOUR, MINUTE, Story};

#[tokio::test]
async fn nothing_is_paid_out_before_three_days() {
    let mut story = Story::begins().await;
    let order = story.orders_by_hand("A-1").await;
    story.pays(&order, "success").await;
    story.settles().await;
    story.passes(2 * DAY).await;
    story.executor(&order, "fulfil").await;
    story.settles().await;
    story.passes(23 * HOUR + 50 * MINUTE).await;
    assert_eq!(story.status(&order).await, Status::Fulfilled);
    story.tell("the last ten minutes of the third day").await;
    story.passes(10 * MINUTE).await;
    assert_eq!(story.status(&order).await, Status::PaidOut);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn what_is_not_executed_is_not_paid_out() {
    let mut story = Story::begins().await;
    let order = story.orders_by_hand("A-1").await;
    story.pays(&order, "success").await;
    story.settles().await;
    story.passes(10 * DAY).await;
    assert_eq!(story.status(&order).await, Status::Overdue);
    story.executor(&order, "fulfil").await;
    story.settles().await;
    assert_eq!(story.status(&order).await, Status::PaidOut);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_partner_asks_for_their_money_and_gets_what_is_ripe() {
    let mut story = Story::begins().await;
    story.webhooks_in_short = true;
    story.settings(|partner| partner.payout.automatic = false).await;
    for number in ["A-1", "A-2"] {
        let order = story.orders(number).await;
        story.pays(&order, "success").await;
    }
    story.settles().await;
    let key = story.world.key.clone();
    ask(&mut story, &key, "at once").await;
    story.passes(3 * DAY).await;
    let young = story.orders("A-3").await;
    story.pays(&young, "success").await;
    story.settles().await;
    ask(&mut story, &key, "after three days").await;
    ask(&mut story, &key, "once more").await;
    assert_eq!(story.status(&young).await, Status::Fulfilled, "too young");
    let payouts = story.world.ports.store.payouts(&story.world.shop, None, 10).await.unwrap().0;
    assert_eq!(payouts.len(), 1);
    let path = format!("/v1/payouts/{}/payment-order.txt", payouts[0].id);
    let file = story.api(&key, Method::GET, &path, &[], "").await;
    assert_eq!(file.status, 200);
    let (file, _, _) = encoding_rs::WINDOWS_1251.decode(&file.bytes);
    assert!(file.starts_with("1CClientBankExchange\r\n"), "{file}");
    let told = ["Номер=", "Сумма=", "ПолучательИНН=", "ПолучательСчет=", "НазначениеПлатежа="];
    for line in file.lines().filter(|line| told.iter().any(|name| line.starts_with(name))) {
        story.note(format!("the file says {line}")).await;
    }
    assert_snapshot!(story.ends().await);
}

async fn ask(story: &mut Story, key: &str, when: &str) {
    story.tell(format!("the partner asks for their money, {when}")).await;
    let balance = story.api(key, Method::GET, "/v1/balance", &[], "").await;
    let said = story.api(key, Method::POST, "/v1/payouts", &[], "").await;
    let sums: Vec<_> =
        said.body["payouts"].as_array().into_iter().flatten().map(|payout| payout["amount"].to_string()).collect();
    story.note(format!("available {}, pending {}", balance.body["available"], balance.body["pending"])).await;
    story.note(format!("answered {}: [{}]", said.status, sums.join(", "))).await;
    story.look().await;
}

#[tokio::test]
async fn the_partner_and_the_clock_together_pay_nothing_twice() {
    let mut story = Story::begins().await;
    story.webhooks_in_short = true;
    for number in ["A-1", "A-2", "A-3"] {
        let order = story.orders(number).await;
        story.pays(&order, "success").await;
    }
    story.settles().await;
    story.tell("three days pass, and nobody looks").await;
    story.world.advance(3 * DAY);
    story.tell("the clock ticks twice while the partner asks twice").await;
    let (ports, shop) = (story.world.ports.clone(), story.world.shop.clone());
    let (first, (), second, ()) = tokio::join!(
        workflows::payouts::request(&ports, &shop),
        story.world.tick(),
        workflows::payouts::request(&ports, &shop),
        story.world.tick(),
    );
    first.unwrap();
    second.unwrap();
    story.settles().await;
    let payouts = story.world.ports.store.payouts(&shop, None, 10).await.unwrap().0;
    let paid: Vec<_> = payouts.iter().flat_map(|payout| payout.orders.iter().map(|line| line.number.clone())).collect();
    assert_eq!(paid.len(), 3, "{paid:?}");
    story.ends().await; // whose payout carries which order is not part of the story
}

#[tokio::test]
async fn old_payouts_still_pass_the_audit_after_more_than_a_year() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.pays(&order, "success").await;
    story.settles().await;
    story.passes(3 * DAY).await;
    assert_eq!(story.status(&order).await, Status::PaidOut);
    story.tell("the partner moves their test clock by four hundred days").await;
    assert_eq!(story.world.advance_shop(400 * DAY).await.status, 200);
    story.settles().await;
    story.ends().await; // the audit is the point
}

#[tokio::test]
async fn many_orders_go_out_in_few_payouts() {
    let mut story = Story::begins().await;
    story.webhooks_in_short = true;
    story.settings(|partner| partner.webhook = None).await;
    for no in 0..100 {
        let order = story.world.order(&crate::story::with_email(&format!("B-{no}"))).await;
        story.world.pay(&order, "success").await;
    }
    story.tell("a hundred orders are paid").await;
    story.settles().await;
    story.world.advance(3 * DAY);
    story.settles().await;
    let payouts = story.world.ports.store.payouts(&story.world.shop, None, 10).await.unwrap().0;
    let mut sizes: Vec<_> = payouts.iter().map(|payout| payout.orders.len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes.iter().sum::<usize>(), 100);
    let total: i64 = payouts.iter().map(|payout| payout.amount.minor()).sum();
    assert_eq!(total, 100 * 289_500);
    assert!(sizes.len() <= 3, "{sizes:?}");
    let report = workflows::audit::audit(&story.world.ports, &|| ()).await.unwrap();
    assert!(report.is_clean(), "{:#?}", report.findings);
}

/// What the operator's accountant reads off the bank's statement.
async fn statement(story: &mut Story, number: u32, outcome: &str, text: &str) {
    story.tell(format!("the statement says of payment order {number}: {outcome}, {text}")).await;
    let on = domain::time::moscow_date(story.world.now().await).to_string();
    let body = json!({"outcome": outcome, "on": on, "text": text}).to_string();
    let path = format!("/v1/operator/payment-orders/{number}/outcome");
    let said = story.world.api(Method::POST, &path, support::OPERATOR_TOKEN, &body).await.json();
    let told = if said["code"].is_null() { &said["state"] } else { &said["code"] };
    story.note(format!("answered {told}")).await;
}

async fn payouts(story: &mut Story) {
    let key = story.world.key.clone();
    let list = story.api(&key, Method::GET, "/v1/payouts", &[], "").await;
    for payout in list.body["payouts"].as_array().unwrap() {
        let lines: Vec<_> =
            payout["orders"].as_array().unwrap().iter().map(|line| line["amount"].to_string()).collect();
        let (amount, state, carried) = (&payout["amount"], &payout["state"], &payout["carried"]);
        story.note(format!("payout of {amount}, {state}: [{}], carried {carried}", lines.join(", "))).await;
    }
    let balance = story.api(&key, Method::GET, "/v1/balance", &[], "").await;
    story.note(format!("available {}, pending {}", balance.body["available"], balance.body["pending"])).await;
}

#[tokio::test]
async fn a_payout_the_bank_sends_back_goes_out_with_the_next() {
    let mut story = Story::begins().await;
    story.webhooks_in_short = true;
    let order = story.orders("A-1").await;
    story.pays(&order, "success").await;
    story.settles().await;
    story.passes(3 * DAY).await;
    assert_eq!(story.status(&order).await, Status::PaidOut);
    statement(&mut story, 1, "confirmed", "481516").await;
    statement(&mut story, 1, "confirmed", "481516").await;
    story.passes(DAY).await;
    statement(&mut story, 1, "returned", "счёт получателя закрыт").await;
    statement(&mut story, 1, "confirmed", "481516").await;
    payouts(&mut story).await;
    let key = story.world.key.clone();
    ask(&mut story, &key, "with a new account in mind").await;
    statement(&mut story, 2, "confirmed", "481517").await;
    payouts(&mut story).await;
    story.passes(2 * DAY).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn what_goes_back_after_it_was_paid_out_is_taken_off_the_next_payouts() {
    let mut story = Story::begins().await;
    story.webhooks_in_short = true;
    story.settings(|partner| partner.payout.refunds_paid_out = true).await;
    let first = story.orders("A-1").await;
    story.pays(&first, "success").await;
    story.settles().await;
    story.passes(3 * DAY).await;
    assert_eq!(story.status(&first).await, Status::PaidOut);
    story.asks(&first, "cancel", json!({})).await;
    story.settles().await;
    assert_eq!(story.status(&first).await, Status::Refunded);
    payouts(&mut story).await;
    for number in ["A-2", "A-3"] {
        let order = story.orders(number).await;
        story.pays(&order, "success").await;
    }
    story.settles().await;
    story.passes(3 * DAY).await;
    payouts(&mut story).await;
    story.passes(2 * DAY).await;
    assert_snapshot!(story.ends().await);
}
