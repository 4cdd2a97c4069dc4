//! What the platform costs: tariffs, promo codes, and what is paid ahead.

use domain::order::Status;
use http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::story::{DAY, HOUR, MINUTE, Story, with_email};

/// The operator does something; answers with what was said.
async fn operator(story: &mut Story, method: Method, path: &str, body: Value) -> Value {
    let path = format!("/v1/operator/{path}");
    let said = story.api(support::OPERATOR_TOKEN, method, &path, &[], &body.to_string()).await;
    let code = if said.status < 400 { String::new() } else { format!(" {}", said.body["code"]) };
    story.tell(format!("the operator sends {path} {body}: {}{code}", said.status)).await;
    said.body
}

/// A tariff by the order: 3 %, by СБП 1 %, 25 ₽ an order, 90 ₽ paid ahead at least.
async fn basic(story: &mut Story) {
    let version = json!({
        "name": {"ru": "Базовый", "en": "Basic"}, "fee": {"percent": "3"}, "vat_percent": "22",
        "rules": [{"method": "sbp", "fee": {"percent": "1"}}], "api": {"charged": "order", "price": "25.00"},
    });
    operator(story, Method::PUT, "tariffs/basic/versions/1", version).await;
    operator(story, Method::PUT, "partners/demoshop/test/tariff", json!({"tariff": "basic"})).await;
}

/// The partner pays for services to our account.
async fn pays_in(story: &mut Story, amount: &str, reference: &str) {
    let on = domain::time::moscow_date(story.world.now().await).to_string();
    let body = json!({"amount": amount, "reference": reference, "on": on});
    operator(story, Method::POST, "partners/demoshop/test/prepaid", body).await;
    account(story).await;
}

async fn account(story: &mut Story) -> Value {
    let said = story.api(&story.world.key, Method::GET, "/v1/prepaid", &[], "").await.body;
    let (free, reserved) = (&said["balance"], &said["reserved"]);
    story.note(format!("paid ahead: {free} free, {reserved} reserved")).await;
    said
}

async fn closes_the_month(story: &mut Story) {
    story.tell("forty days pass, and the month is closed").await;
    assert_eq!(story.world.advance_shop(40 * DAY).await.status, 200);
    story.settles().await;
    story.world.close_days().await;
    let report = story.api(&story.world.key, Method::GET, "/v1/reports/2026-11", &[], "").await;
    assert_eq!(report.status, 200, "{}", report.text);
    let (closing, fee, movements) = (&report.body["closing"], &report.body["fee"], &report.body["movements"]);
    story.note(format!("the report: fee {fee}, closing {closing}, {movements}")).await;
}

/// An order the API may refuse.
async fn wishes(story: &mut Story, number: &str) -> u16 {
    let body = serde_json::to_string(&with_email(number)).unwrap();
    let said = story.api(&story.world.key, Method::POST, "/v1/orders", &[], &body).await;
    let why =
        if said.status < 400 { String::new() } else { format!(": {} ({})", said.body["code"], said.body["detail"]) };
    story.tell(format!("the partner wishes for {number}: {}{why}", said.status)).await;
    said.status
}

#[tokio::test]
async fn an_order_is_priced_by_the_version_in_force_when_it_was_made_and_by_the_way_it_is_paid() {
    let mut story = Story::begins().await;
    story.webhooks_in_short = true;
    let version = |percent: &str, from: Option<String>| {
        json!({
            "name": {"ru": "Один", "en": "One"}, "fee": {"percent": percent, "least": "10.00"}, "vat_percent": "22", "from": from,
            "rules": [{"method": "sbp", "fee": {"percent": "1"}}, {"category": "books", "fee": {"percent": "10"}}],
            "api": {"charged": "month", "price": "0.00"},
        })
    };
    operator(&mut story, Method::PUT, "tariffs/one/versions/1", version("3", None)).await;
    operator(&mut story, Method::PUT, "partners/demoshop/test/tariff", json!({"tariff": "one"})).await;
    let soon = domain::time::plus_seconds(story.world.now().await, HOUR).to_string();
    operator(&mut story, Method::PUT, "tariffs/one/versions/2", version("5", Some(soon))).await;
    let early = story.orders_by_hand("A-1").await;
    let by_phone = story.orders_by_hand("A-2").await;
    story.passes(5 * MINUTE).await;
    story.pays(&early, "success").await;
    let sent = story.agrees_with(&by_phone, &[("method", "sbp")]).await;
    assert_eq!(sent.status, 303);
    let now = story.world.load(&by_phone.id).await.order;
    let link = now.operations[0].sbp_link().unwrap().to_owned();
    let qr = link.trim_start_matches("https://qr.nspk.ru/").split('?').next().unwrap().to_owned();
    let app = story.world.get(&format!("/sandbox/sbp/demoshop/{qr}")).await;
    story.world.pay_at_bank(&app.location(), "success").await;
    story.settles().await;
    story.passes(HOUR).await;
    operator(&mut story, Method::PUT, "tariffs/one/versions/1", version("4", None)).await;
    let late = story.orders_by_hand("A-3").await;
    story.pays(&late, "success").await;
    let mixed = story
        .orders_as("A-4", |wish| {
            wish.lines[0].category = Some("books".to_owned());
            wish.lines.push(wish.lines[0].clone());
            wish.lines[1].category = None;
            wish.lines[1].price = "1000.00".to_owned();
        })
        .await;
    story.pays(&mixed, "success").await;
    story.settles().await;
    let mut fees = Vec::new();
    for order in [&early, &by_phone, &late, &mixed] {
        let view = story.api_order(order).await;
        fees.push(view["commission"].as_str().unwrap_or_default().to_owned());
    }
    story.note(format!("fees with their VAT: {}", fees.join(", "))).await;
    assert_eq!(fees, ["109.80", "36.60", "183.00", "427.00"], "90, 30, 150, and 300 with 50, and 22 % on them");
    story.asks(&mixed, "cancel", json!({"lines": [{"line": 1}]})).await;
    story.settles().await;
    assert_eq!(story.api_order(&mixed).await["commission"], "61.00", "the books went back with their own fee");
    story.asks(&late, "cancel", json!({})).await;
    story.settles().await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_fee_that_a_refund_leaves_is_taken_off_the_next_payout() {
    let mut story = Story::begins().await;
    story.webhooks_in_short = true;
    let version = json!({
        "name": {"ru": "Твёрдый", "en": "Firm"}, "fee": {"percent": "3"}, "refunds": "kept", "api": {"charged": "month", "price": "0"},
    });
    operator(&mut story, Method::PUT, "tariffs/firm/versions/1", version).await;
    operator(&mut story, Method::PUT, "partners/demoshop/test/tariff", json!({"tariff": "firm"})).await;
    let refunded = story.orders_by_hand("A-1").await;
    let good = story.orders("A-2").await;
    for order in [&refunded, &good] {
        story.pays(order, "success").await;
    }
    story.settles().await;
    story.asks(&refunded, "cancel", json!({})).await;
    story.settles().await;
    assert_eq!(story.status(&refunded).await, Status::Refunded);
    story.passes(4 * DAY).await;
    let payouts = story.world.ports.store.payouts(&story.world.shop, None, 10).await.unwrap().0;
    let sent: i64 = payouts.iter().map(|payout| payout.amount.minor()).sum();
    assert_eq!(sent, 300_000 - 2 * 9_000);
    closes_the_month(&mut story).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn an_order_on_the_basic_tariff_needs_ninety_roubles_paid_ahead() {
    let mut story = Story::begins().await;
    story.webhooks_in_short = true;
    basic(&mut story).await;
    assert_eq!(wishes(&mut story, "A-1").await, 402);
    pays_in(&mut story, "180.00", "481516").await;
    pays_in(&mut story, "180.00", "481516").await;
    let fulfilled = story.orders("A-1").await;
    assert_eq!(wishes(&mut story, "A-1").await, 200, "the same order again reserves nothing");
    let forgotten = story.orders_by_hand("A-2").await;
    account(&mut story).await;
    assert_eq!(wishes(&mut story, "A-3").await, 402);
    story.pays(&fulfilled, "success").await;
    story.settles().await;
    account(&mut story).await;
    story.passes(HOUR).await;
    assert_eq!(story.status(&forgotten).await, Status::Expired);
    assert_eq!(account(&mut story).await["balance"], "155.00");
    let cancelled = story.orders_by_hand("A-4").await;
    story.pays(&cancelled, "success").await;
    story.settles().await;
    story.asks(&cancelled, "cancel", json!({})).await;
    story.settles().await;
    let after = account(&mut story).await;
    assert_eq!((after["balance"].as_str(), after["reserved"].as_str()), (Some("155.00"), Some("0.00")));
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn two_orders_at_once_do_not_share_the_last_ninety_roubles() {
    let mut story = Story::begins().await;
    story.webhooks_in_short = true;
    basic(&mut story).await;
    pays_in(&mut story, "90.00", "1").await;
    let (ports, shop) = (story.world.ports.clone(), story.world.shop.clone());
    let wished = |number: &'static str| {
        let (ports, shop) = (ports.clone(), shop.clone());
        async move { Box::pin(workflows::orders::create(&ports, &shop, &with_email(number), None)).await.unwrap() }
    };
    let made = tokio::join!(wished("A-1"), wished("A-2"), wished("A-3"), wished("A-1"));
    let made = [made.0, made.1, made.2, made.3];
    let mut numbers = Vec::new();
    for one in &made {
        if let workflows::orders::Created::Order { order, .. } = one {
            numbers.push(order.number.clone());
        } else {
            assert!(matches!(one, workflows::orders::Created::TooLittle(_)), "{one:?}");
        }
    }
    numbers.dedup();
    story.tell(format!("of three orders wished for at once {} is made", numbers.len())).await;
    assert_eq!(numbers.len(), 1, "{numbers:?}");
    let after = account(&mut story).await;
    assert_eq!((after["balance"].as_str(), after["reserved"].as_str()), (Some("0.00"), Some("90.00")));
    story.ends().await; // which of them it is, is not part of the story
}

#[tokio::test]
async fn what_credit_has_paid_is_taken_off_the_buyers_payment() {
    let mut story = Story::begins().await;
    story.webhooks_in_short = true;
    basic(&mut story).await;
    let path = "partners/demoshop/test/tariff";
    operator(&mut story, Method::PUT, path, json!({"tariff": "basic", "credit": "150.00"})).await;
    pays_in(&mut story, "30.00", "7").await;
    let order = story.orders("A-1").await;
    account(&mut story).await;
    let unpaid = story.orders_by_hand("A-2").await;
    assert_eq!(wishes(&mut story, "A-3").await, 402, "60 of the 150 are used, and 90 more");
    story.pays(&order, "success").await;
    story.settles().await;
    account(&mut story).await;
    story.tells_money(&order).await;
    let balance = story.api(&story.world.key, Method::GET, "/v1/balance", &[], "").await.body;
    story.note(format!("pending {}, available {}", balance["pending"], balance["available"])).await;
    assert_eq!(balance["pending"], "2830.20", "3000.00 less 109.80 of fee and 60.00 of credit");
    story.asks(&unpaid, "cancel", json!({})).await;
    account(&mut story).await;
    story.passes(4 * DAY).await;
    closes_the_month(&mut story).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_promo_code_makes_three_months_free_of_fees() {
    let mut story = Story::begins().await;
    story.webhooks_in_short = true;
    let last = domain::time::moscow_date(story.world.now().await).to_string();
    let promo = json!({"off_percent": "100", "months": 3, "last_day": last});
    operator(&mut story, Method::PUT, "promo-codes/START3", promo).await;
    let before = story.orders_by_hand("A-1").await;
    for code in ["NOTHING", "start3", "START3"] {
        let body = json!({"code": code}).to_string();
        let said = story.api(&story.world.key, Method::POST, "/v1/partner/promo-codes", &[], &body).await;
        story.tell(format!("the partner activates {code}: {} {}", said.status, said.body["code"])).await;
    }
    let free = story.orders_by_hand("A-2").await;
    for order in [&before, &free] {
        story.pays(order, "success").await;
    }
    story.settles().await;
    story.tell("ninety-three days pass").await;
    assert_eq!(story.world.advance_shop(93 * DAY).await.status, 200);
    let after = story.orders_by_hand("A-3").await;
    story.pays(&after, "success").await;
    story.settles().await;
    let mut fees = Vec::new();
    for order in [&before, &free, &after] {
        fees.push(story.api_order(order).await["commission"].as_str().unwrap_or_default().to_owned());
    }
    story.note(format!("fees: {}", fees.join(", "))).await;
    assert_eq!(fees, ["105.00", "0.00", "105.00"]);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn services_are_paid_ahead_from_the_balance_and_no_money_goes_out_twice() {
    let mut story = Story::begins().await;
    story.webhooks_in_short = true;
    story.settings(|partner| partner.payout.automatic = false).await;
    basic(&mut story).await;
    pays_in(&mut story, "90.00", "1").await;
    let order = story.orders("A-1").await;
    story.pays(&order, "success").await;
    story.settles().await;
    let sum_of = |amount: &str, reference: &str| json!({"amount": amount, "reference": reference}).to_string();
    let key = story.world.key.clone();
    let said = story.api(&key, Method::POST, "/v1/prepaid", &[], &sum_of("100.00", "t-1")).await;
    story.tell(format!("the partner moves 100.00 too early: {} {}", said.status, said.body["code"])).await;
    assert_eq!(said.status, 409);
    story.passes(3 * DAY).await;
    for (amount, reference) in [("100.00", "t-1"), ("100.00", "t-1"), ("200.00", "t-1"), ("9000.00", "t-2")] {
        let said = story.api(&key, Method::POST, "/v1/prepaid", &[], &sum_of(amount, reference)).await;
        let code =
            if said.status < 400 { String::new() } else { format!(" {} {}", said.body["code"], said.body["detail"]) };
        story.tell(format!("the partner moves {amount} as {reference}: {}{code}", said.status)).await;
    }
    account(&mut story).await;
    story.tell("all that is left is paid out and moved at once").await;
    let (ports, shop) = (story.world.ports.clone(), story.world.shop.clone());
    let left = domain::money::Money::rub(279_020);
    let (paid, moved) = tokio::join!(
        workflows::payouts::request(&ports, &shop),
        workflows::prepaid::move_available(&ports, &shop, left, "t-3"),
    );
    let paid: i64 = paid.unwrap().iter().map(|payout| payout.amount.minor()).sum();
    let moved = match moved.unwrap() {
        workflows::prepaid::ToppedUp::Now(_) => left.minor(),
        _ => 0,
    };
    assert_eq!(paid + moved, left.minor(), "one of the two");
    let balance = story.api(&key, Method::GET, "/v1/balance", &[], "").await.body;
    if moved > 0 {
        // What the payout had not taken goes out against what was moved.
        workflows::payouts::request(&ports, &shop).await.unwrap();
    }
    story.note(format!("available {}", balance["available"])).await;
    assert_eq!(balance["available"], "0.00");
    story.ends().await;
}
