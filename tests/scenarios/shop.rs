//! What shops ask for around a payment: prices in another currency, terminals, nominal accounts, the СБП, their own statuses,
//! buyers who come back.

use connectors::bank::catalogue::Family;
use domain::acquiring::Stages;
use domain::order::Status;
use domain::partner::{BankAccount, Destination, Rate, StatusAction};
use insta::assert_snapshot;
use rust_decimal::Decimal;
use serde_json::json;

use crate::story::{DAY, HOUR, Story, scenario, with_email};

#[tokio::test]
async fn a_price_in_yuan_is_paid_in_roubles_at_the_shops_rate() {
    let mut story = Story::begins().await;
    let rate = |rate, since: &str| Rate {
        currency: domain::money::Currency::from_code("CNY").unwrap(),
        rate: Decimal::new(rate, 4),
        since: since.parse().unwrap(),
    };
    let rates = vec![rate(110_000, "2026-01-01"), rate(112_345, "2026-11-01"), rate(999_999, "2026-12-01")];
    story.settings(|partner| partner.payment.rates = rates).await;
    let order = story
        .orders_as("A-1", |wish| {
            wish.currency = Some("CNY".to_owned());
            wish.lines[0].price = "99.99".to_owned();
            wish.amount = Some("99.99".to_owned());
        })
        .await;
    let view = story.api_order(&order).await;
    story.note(format!("A-1 is over {} {}, which is {}", view["amount"], view["currency"], view["original"])).await;
    assert_eq!(view["amount"], "1123.34", "99.99 at 11.2345");
    story.pays(&order, "success").await;
    story.settles().await;
    story.tells_money(&order).await;
    let mut wish = with_email("A-2");
    wish.currency = Some("USD".to_owned());
    let body = serde_json::to_string(&wish).unwrap();
    let said = story.api(&story.world.key, http::Method::POST, "/v1/orders", &[], &body).await;
    story
        .note(format!(
            "an order in dollars, which have no rate, is answered {} {}",
            said.status, said.body["errors"][0]["code"]
        ))
        .await;
    assert_eq!(said.status, 422);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_terminal_takes_the_money_and_only_a_terminal_gives_it_back() {
    let mut story = Story::begins().await;
    let order = story.orders_by_hand("A-1").await;
    story.asks(&order, "terminal", json!({"reference": "632112345678"})).await;
    story.asks(&order, "terminal", json!({"reference": "632112345678"})).await;
    story.asks(&order, "terminal", json!({"reference": "632112345679"})).await;
    story.settles().await;
    assert_eq!(story.tells_money(&order).await["payment_state"], "approved");
    story.asks(&order, "cancel", json!({})).await;
    story.asks(&order, "cancel", json!({"terminal_reference": "632199999999"})).await;
    story.settles().await;
    assert_eq!(story.tells_money(&order).await["status"], "refunded");
    story.passes(2 * DAY).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn an_executor_can_give_up_what_a_terminal_was_paid_for() {
    let mut story = Story::begins().await;
    let order = story.orders_by_hand("A-1").await;
    story.asks(&order, "terminal", json!({"reference": "632112345678"})).await;
    story.settles().await;
    let said = story.executor(&order, "fail").await;
    assert_eq!(said["report_status"], 200, "{said}");
    story.asks(&order, "cancel", json!({"terminal_reference": "632199999999"})).await;
    story.settles().await;
    assert_eq!(story.status(&order).await, Status::Refunded);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn money_lands_on_a_nominal_account_and_is_paid_out_from_there() {
    let mut story = Story::begins().await;
    story.tell("the partner has a nominal account at a bank").await;
    let mut account = story.account_at(Family::Rbs).await;
    account.nominal = true;
    story
        .settings(|partner| {
            partner.accounts.push(account);
            let Destination::Account(to) = partner.payout.to.clone() else { panic!("a bank account") };
            partner.payout.from = Some(BankAccount { number: "40702810300000000007".to_owned(), ..to });
        })
        .await;
    let order = story.orders_by_hand("A-1").await;
    story.tell("the buyer pays A-1 on that bank's page").await;
    let form = story.world.agree(&order).await.location();
    let page = story.world.get(&form).await.location();
    story.world.pay_at_bank(&page, "success").await;
    story.settles().await;
    let now = story.world.load(&order.id).await.order;
    assert!(now.operations[0].nominal);
    assert_eq!(now.status(), Status::Executing);
    story.asks(&order, "cancel", json!({"amount": "1000.00"})).await;
    story.settles().await;
    story.tells_money(&order).await;
    story.executor(&order, "fulfil").await;
    story.passes(3 * DAY + HOUR).await;
    let payouts = story.world.ports.store.payouts(&story.world.shop, None, 10).await.unwrap().0;
    let file = workflows::reading::payment_order_file(&story.world.ports, &payouts[0]);
    let file = encoding_rs::WINDOWS_1251.decode(&file).0.into_owned();
    assert!(file.contains("\r\nРасчСчет=40702810300000000007\r\n"), "{file}");
    assert!(file.contains("\r\nПлательщикСчет=40702810300000000007\r\n"), "{file}");
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_buyer_who_cancelled_at_the_bank_finishes_later() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.tell("the buyer goes to the bank and refuses there").await;
    let form = story.world.agree(&order).await.location();
    let refused = story.world.post(&form, &[("action", "refuse")]).await;
    let page = story.world.get(&refused.location()).await;
    assert_eq!(page.status, 200, "{}", page.text());
    story.settles().await;
    assert_eq!(story.tells_money(&order).await["operations"][0]["decline_reason"], "cancelled_by_buyer");
    story.passes(10 * 60).await;
    story.pays(&order, "success").await;
    story.settles().await;
    assert_eq!(story.tells_money(&order).await["payment_state"], "approved");
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_buyer_chooses_the_sbp() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    let sent = story.agrees_with(&order, &[("method", "sbp")]).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    story.tell("the buyer chooses the СБП and pays by the link in the bank's app").await;
    let now = story.world.load(&order.id).await.order;
    let link = now.operations[0].sbp_link().unwrap().to_owned();
    let qr = link.trim_start_matches("https://qr.nspk.ru/").split('?').next().unwrap().to_owned();
    let app = story.world.get(&format!("/sandbox/sbp/demoshop/{qr}")).await;
    story.world.pay_at_bank(&app.location(), "success").await;
    story.settles().await;
    let view = story.tells_money(&order).await;
    assert_eq!(
        (view["payment_state"].as_str(), view["operations"][0]["method"].as_str()),
        (Some("approved"), Some("sbp"))
    );
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn the_shops_own_statuses_capture_and_cancel() {
    let mut story = Story::begins().await;
    story
        .settings(|partner| {
            partner.payment.stages = Stages::Two;
            partner.payment.statuses.insert("picked".to_owned(), StatusAction::Capture);
            partner.payment.statuses.insert("declined".to_owned(), StatusAction::Cancel);
        })
        .await;
    let picked = story.orders_as("A-1", |wish| wish.scenario = Some(scenario(Some("manual"), None))).await;
    let declined = story.orders_as("A-2", |wish| wish.scenario = Some(scenario(Some("manual"), None))).await;
    story.pays(&picked, "success").await;
    story.pays(&declined, "success").await;
    story.settles().await;
    story.asks(&picked, "status", json!({"status": "on_its_way"})).await;
    story.asks(&picked, "status", json!({"status": "picked"})).await;
    story.asks(&picked, "status", json!({"status": "picked"})).await;
    story.asks(&declined, "status", json!({"status": "declined"})).await;
    story.settles().await;
    assert_eq!(story.tells_money(&picked).await["payment_state"], "approved");
    assert_eq!(story.tells_money(&declined).await["payment_state"], "canceled");
    assert_snapshot!(story.ends().await);
}
