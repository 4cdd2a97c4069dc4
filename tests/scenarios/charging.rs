//! Saved means: kept with consent, used, switched off and deleted by the buyer; charged later by the shop's status, by its
//! manager, with the order.

use connectors::bank::catalogue::Family;
use domain::details::VerificationAmount;
use domain::order::{Order, Status};
use domain::partner::StatusAction;
use http::Method;
use insta::assert_snapshot;
use serde_json::json;
use workflows::orders::{ChargeRequest, OrderRequest, PaymentTermsRequest};

use crate::story::{DAY, HOUR, Said, Story, scenario, with_email};

const BUYER: &str = "buyer-1";

fn by_hand(wish: &mut OrderRequest) {
    wish.customer = Some(BUYER.to_owned());
    wish.scenario = Some(scenario(Some("manual"), None));
}

fn purpose(wish: &mut OrderRequest, purpose: &str) {
    by_hand(wish);
    wish.payment = Some(PaymentTermsRequest { purpose: Some(purpose.to_owned()), ..PaymentTermsRequest::default() });
}

/// A buyer who has paid an order and let the card be kept; answers with the means' id.
async fn saved(story: &mut Story, card: &str) -> String {
    let order = story.orders_as("A-0", by_hand).await;
    story.pays_with(&order, &[("consent_means", "1")], card).await;
    story.settles().await;
    let wallet = story.wallet(BUYER).await;
    wallet[0]["id"].as_str().unwrap().to_owned()
}

/// A buyer who has ordered and left means, at a shop whose status `picked` charges them.
async fn ordered(card: &str) -> (Story, Order) {
    let mut story = Story::begins().await;
    story
        .settings(|partner| {
            partner.payment.statuses.insert("picked".to_owned(), StatusAction::Charge);
            partner.payment.statuses.insert("gone".to_owned(), StatusAction::Cancel);
        })
        .await;
    let order = story.orders_as("A-1", |wish| purpose(wish, "order")).await;
    story.pays_with(&order, &[("consent_means", "1")], card).await;
    story.settles().await;
    assert_eq!(story.status(&order).await, Status::Ordered);
    story.tells_money(&order).await;
    (story, order)
}

/// The partner makes an order that is charged at once.
async fn charges(story: &mut Story, number: &str, price: &str, means: &str, reason: &str) -> Said {
    let mut wish = with_email(number);
    by_hand(&mut wish);
    price.clone_into(&mut wish.lines[0].price);
    wish.charge = Some(ChargeRequest { means: means.to_owned(), reason: reason.to_owned() });
    story.tell(format!("the partner makes order {number} over {price} and charges the saved means: «{reason}»")).await;
    let body = serde_json::to_string(&wish).unwrap();
    let said = story.api(&story.world.key, Method::POST, "/v1/orders", &[], &body).await;
    let code = said.body["errors"][0]["code"].as_str().or(said.body["detail"].as_str()).unwrap_or_default().to_owned();
    story.note(format!("it is answered {} {code}", said.status)).await;
    if let Some(id) = said.body["id"].as_str() {
        let order = story.world.load(&id.parse().unwrap()).await.order;
        story.follows(&order).await;
        story.settles().await;
    }
    said
}

#[tokio::test]
async fn an_order_that_was_charged_is_found_again_after_its_card_was_deleted() {
    let mut story = Story::begins().await;
    let id = saved(&mut story, "success").await;
    let first = charges(&mut story, "A-1", "1500.00", &id, "Замена").await;
    assert_eq!(first.status, 201, "{}", first.text);
    story.tell("the shop did not hear the answer, the buyer deletes the card, and the shop asks again").await;
    let path = format!("/v1/customers/{BUYER}/means/{id}");
    assert_eq!(story.world.api(Method::DELETE, &path, &story.world.key, "").await.status, 204);
    let again = charges(&mut story, "A-1", "1500.00", &id, "Замена").await;
    assert_eq!((again.status, &again.body["id"]), (200, &first.body["id"]), "{}", again.text);
    story.tell("charges without the buyer are stopped, and the shop asks once more").await;
    story.settings(|partner| partner.payment.charges_frozen = true).await;
    let frozen = charges(&mut story, "A-1", "1500.00", &id, "Замена").await;
    assert_eq!((frozen.status, &frozen.body["id"]), (200, &first.body["id"]), "{}", frozen.text);
    let other = charges(&mut story, "A-1", "1600.00", &id, "Замена").await;
    assert_eq!(other.status, 409, "another request is another one: {}", other.text);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_kept_card_whose_check_is_left_unfinished_is_given_up_for_another_way() {
    let mut story = Story::begins().await;
    story.tell("the partner's bank asks for a check of this card, kept or not").await;
    let account = story.account_at(Family::Rbs).await;
    story.settings(|partner| partner.accounts = vec![account]).await;
    let first = story.orders_as("A-0", by_hand).await;
    let form = story.agrees_with(&first, &[("consent_means", "1")]).await.location();
    let bank = story.world.get(&form).await.location();
    story.world.pay_at_bank(&bank, "challenge").await;
    story.world.post(&bank, &[("code", "111111")]).await;
    story.settles().await;
    let id = story.wallet(BUYER).await[0]["id"].as_str().unwrap().to_owned();

    let next = story.orders_as("A-1", by_hand).await;
    story.tell("the buyer pays A-1 with the kept card, and closes the page where the bank asks for a code").await;
    let sent = story.agrees_with(&next, &[("means", &id)]).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let check = sent.location();
    assert!(!check.starts_with("/c/"), "the bank's own page: {check}");
    story.look().await;
    let again = story.presses_again(&next).await;
    assert_eq!(again.location(), check, "pressed again, the button leads to the same page");
    let page = story.world.get(&story.world.page(&next)).await;
    assert!(page.text().contains("Оплатить другим способом"), "{}", page.text());
    story.passes(HOUR).await;
    assert_eq!(story.status(&next).await, Status::Expired);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_card_is_kept_with_consent_used_again_switched_off_and_deleted() {
    let mut story = Story::begins().await;
    let id = saved(&mut story, "success").await;
    let again = story.orders_as("A-1", by_hand).await;
    story.tell("the buyer pays A-1 with the card the shop knows").await;
    let answer = story.agrees_with(&again, &[("means", &id)]).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    story.settles().await;
    assert_eq!(story.status(&again).await, Status::Executing);
    let path = format!("/v1/customers/{BUYER}/means/{id}");
    story.tell("the buyer switches the card off in the shop's account").await;
    let off = story.api(&story.world.key, Method::PATCH, &path, &[], r#"{"enabled":false}"#).await;
    assert_eq!(off.status, 200, "{}", off.text);
    story.wallet(BUYER).await;
    charges(&mut story, "A-2", "500.00", &id, "Доставка").await;
    let third = story.orders_as("A-3", by_hand).await;
    let answer = story.agrees_with(&third, &[("means", &id)]).await;
    assert_eq!(answer.status, 422, "means that are switched off are not charged");
    story.tell("the buyer deletes the card").await;
    for _ in 0..2 {
        let gone = story.api(&story.world.key, Method::DELETE, &path, &[], "").await;
        story.note(format!("it is answered {}", gone.status)).await;
    }
    assert!(story.wallet(BUYER).await.is_empty());
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn without_consent_nothing_is_kept() {
    let mut story = Story::begins().await;
    let order = story.orders_as("A-1", by_hand).await;
    story.pays(&order, "success").await;
    story.settles().await;
    assert!(story.wallet(BUYER).await.is_empty());
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_buyer_adds_a_card_and_the_rouble_goes_back() {
    let mut story = Story::begins().await;
    let order = story.orders_as("A-1", |wish| purpose(wish, "save_means")).await;
    let refused = story.agrees_with(&order, &[]).await;
    assert_eq!(refused.status, 422, "not without consent");
    story.pays_with(&order, &[("consent_means", "1")], "success").await;
    story.settles().await;
    assert_eq!(story.status(&order).await, Status::MeansSaved);
    story.tells_money(&order).await;
    story.wallet(BUYER).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_bank_that_holds_no_less_than_ten_roubles_checks_a_card_with_ten() {
    let mut story = Story::begins().await;
    story.settings(|partner| partner.payment.verification = VerificationAmount::Ten).await;
    let order = story.orders_as("A-1", |wish| purpose(wish, "order")).await;
    let page = story.world.get(&story.world.page(&order)).await.text();
    assert!(page.contains("10,00"), "the buyer reads what will be held: {page}");
    story.tell("the partner goes back to one rouble; an order made before stays as it was agreed").await;
    story.settings(|partner| partner.payment.verification = VerificationAmount::One).await;
    story.pays_with(&order, &[("consent_means", "1")], "success").await;
    story.settles().await;
    let view = story.tells_money(&order).await;
    for (at, kind) in [(0, "verification"), (1, "void")] {
        assert_eq!(
            (&view["operations"][at]["kind"], &view["operations"][at]["amount"]),
            (&json!(kind), &json!("10.00"))
        );
    }
    assert_eq!((&view["status"], &view["held"]), (&json!("ordered"), &json!("0.00")));
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn an_order_is_charged_when_the_shop_has_picked_it() {
    let (mut story, order) = ordered("success").await;
    story.passes(2 * DAY).await;
    story.asks(&order, "status", json!({"status": "packed"})).await;
    story.asks(&order, "status", json!({"status": "picked"})).await;
    story.settles().await;
    let view = story.tells_money(&order).await;
    assert_eq!(view["payment_state"], "approved", "{view}");
    story.executor(&order, "fulfil").await;
    story.settles().await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn an_order_nobody_picks_is_cancelled_and_charged_nothing() {
    let (mut story, order) = ordered("success").await;
    story.passes(HOUR).await;
    story.asks(&order, "status", json!({"status": "gone"})).await;
    story.settles().await;
    assert_eq!(story.status(&order).await, Status::Cancelled);
    story.asks(&order, "charge", json!({"reason": "всё же нашёлся"})).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_charge_without_enough_money_is_declined_and_may_be_tried_again() {
    let (mut story, order) = ordered("charge_declined").await;
    story.asks(&order, "charge", json!({"reason": "Заказ собран"})).await;
    story.settles().await;
    let view = story.tells_money(&order).await;
    assert_eq!((view["status"].as_str(), view["payment_state"].as_str()), (Some("ordered"), Some("declined")));
    story.asks(&order, "charge", json!({"reason": "Заказ собран, вторая попытка"})).await;
    story.settles().await;
    story.tells_money(&order).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn an_order_that_waits_for_its_charge_is_edited_up_and_the_buyer_is_told() {
    let (mut story, order) = ordered("success").await;
    story
        .asks(
            &order,
            "edit",
            json!({"lines": [{"name": "Выписка ЕГРН", "price": "3000.00"}, {"name": "Курьер", "price": "450.50"}]}),
        )
        .await;
    story.settles().await;
    story.asks(&order, "charge", json!({"reason": "Заказ собран"})).await;
    story.settles().await;
    assert_eq!(story.tells_money(&order).await["captured"], "3450.50");
    story.asks(&order, "edit", json!({"lines": [{"name": "Выписка ЕГРН", "price": "5000.00"}]})).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_manager_makes_an_order_and_pays_it_with_the_buyers_card() {
    let mut story = Story::begins().await;
    let id = saved(&mut story, "success").await;
    charges(&mut story, "A-1", "700.00", &id, "Замена товара").await;
    charges(&mut story, "A-2", "700.00", "mns_of_nobody", "Замена товара").await;
    story.tell("the operator stops charges without the buyer").await;
    story.settings(|partner| partner.payment.charges_frozen = true).await;
    charges(&mut story, "A-3", "700.00", &id, "Ещё одна замена").await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_subscription_is_charged_month_by_month_each_phase_at_its_own_price() {
    let mut story = Story::begins().await;
    story.webhooks_in_short = true;
    let id = saved(&mut story, "success").await;
    let phases = json!([{"amount": "1.00", "count": 1}, {"amount": "500.00", "count": 1}, {"amount": "1000.00"}]);
    story.tell(format!("the partner makes a subscription, month by month: {phases}")).await;
    let wish = json!({
        "number": "S-1", "customer": BUYER, "means": id, "phases": phases, "every": "month", "description": "Подписка",
        "terms_version": "2026-11-01", "rises_agreed": true, "buyer": {"email": support::BUYER_EMAIL},
        "first_at": "2026-11-25T09:00:00Z",
    });
    let said = story.api(&story.world.key, Method::POST, "/v1/subscriptions", &[], &wish.to_string()).await;
    assert_eq!(said.status, 201, "{}", said.text);
    let path = format!("/v1/subscriptions/{}", said.body["id"].as_str().unwrap());
    let mut known = 0;
    for _ in 0..3 {
        story.passes(31 * DAY).await;
        let now = story.api(&story.world.key, Method::GET, &path, &[], "").await.body;
        for charge in &now["charges"].as_array().unwrap()[known..] {
            let order = story.world.load(&charge["order"].as_str().unwrap().parse().unwrap()).await.order;
            let (amount, state) = (order.kept().unwrap(), order.payment_state().code());
            story
                .note(format!("charge {}: {} asked for, {amount} taken, {state}", charge["no"], charge["amount"]))
                .await;
            story.follows(&order).await;
        }
        known = now["charges"].as_array().unwrap().len();
    }
    assert_eq!(known, 3);
    story.tell("the partner ends the subscription, twice").await;
    for _ in 0..2 {
        let ended = story.api(&story.world.key, Method::POST, &format!("{path}/cancel"), &[], "{}").await;
        story.note(format!("it is answered {} {}", ended.status, ended.body["state"])).await;
    }
    story.passes(40 * DAY).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_charge_whose_answer_gets_lost_is_asked_about_and_not_repeated() {
    let (mut story, order) = ordered("success").await;
    story.world.net.faults(|call| match call {
        support::Call::Http(request) if request.url.ends_with("/charges") => Some(support::Fault::AnswerLost),
        _ => None,
    });
    story.asks(&order, "charge", json!({"reason": "Заказ собран"})).await;
    story.asks(&order, "charge", json!({"reason": "Заказ собран"})).await;
    story.asks(&order, "cancel", json!({})).await;
    story.passes(HOUR).await;
    assert_eq!(story.tells_money(&order).await["payment_state"], "approved");
    let now = story.world.load(&order.id).await.order;
    assert_eq!(now.payments().count(), 1);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn an_order_charged_without_a_word_on_channels_is_told_of_through_what_is_known() {
    let mut story = Story::begins().await;
    let id = saved(&mut story, "success").await;
    let mut wish = with_email("A-1");
    by_hand(&mut wish);
    wish.channels = Vec::new();
    wish.charge = Some(ChargeRequest { means: id, reason: "Замена товара".to_owned() });
    story.tell("the partner charges a new order and names no channels").await;
    let body = serde_json::to_string(&wish).unwrap();
    let said = story.api(&story.world.key, Method::POST, "/v1/orders", &[], &body).await;
    assert_eq!(said.status, 201, "{}", said.text);
    let order = story.world.load(&said.body["id"].as_str().unwrap().parse().unwrap()).await.order;
    story.follows(&order).await;
    let before = story.world.mailbox.emails().len();
    story.settles().await;
    assert_eq!(story.world.mailbox.emails().len(), before + 1);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_charge_that_is_declined_is_told_and_the_buyer_pays_themselves() {
    let mut story = Story::begins().await;
    let id = saved(&mut story, "charge_declined").await;
    charges(&mut story, "A-1", "700.00", &id, "Замена товара").await;
    let told = story.world.mailbox.emails().pop().unwrap();
    for part in ["Оплату списать не удалось", "Не хватает", "700,00 ₽", "Замена товара", "Оплатить заказ"]
    {
        let text = told.text.replace('\u{a0}', " ").replace("На карте не хватает", "Не хватает");
        assert!(text.contains(part), "{part}: {text}");
    }
    let order = story.world.load(&story.followed().last().unwrap().id).await.order;
    // Nobody has agreed to this order: the page asks, and what was agreed is put on record.
    let csrf = workflows::links::form_token(&story.world.ports.settings, &order.id, "pay");
    let page = story.world.page(&order);
    let refused = story.world.post(&format!("{page}/pay"), &[("csrf", &csrf)]).await;
    assert_eq!(refused.status, 422, "not without consent");
    story.pays(&order, "success").await;
    story.settles().await;
    assert!(story.world.load(&order.id).await.details.consent.is_some());
    story.tells_money(&order).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn the_same_card_saved_twice_is_listed_once_and_deleted_as_one() {
    let mut story = Story::begins().await;
    let first = saved(&mut story, "success").await;
    story.passes(HOUR).await;
    let again = story.orders_as("A-1", by_hand).await;
    story.pays_with(&again, &[("consent_means", "1")], "success").await;
    story.settles().await;
    let wallet = story.wallet(BUYER).await;
    assert_eq!(wallet.len(), 1, "{wallet:?}");
    let newest = wallet[0]["id"].as_str().unwrap().to_owned();
    assert_ne!(newest, first);
    charges(&mut story, "A-2", "500.00", &first, "Кто знает карту по прежнему имени").await;
    story.tell("the buyer deletes the card").await;
    let path = format!("/v1/customers/{BUYER}/means/{newest}");
    assert_eq!(story.api(&story.world.key, Method::DELETE, &path, &[], "").await.status, 204);
    story.wallet(BUYER).await;
    let tokens = story.world.ports.store.sandbox_rows(&story.world.shop, "binding", 10).await.unwrap();
    assert_eq!(tokens.len(), 2);
    assert!(tokens.iter().all(|(_, row)| row.body.contains("\"forgotten\":true")), "both are forgotten at the bank");
    charges(&mut story, "A-3", "500.00", &first, "Ещё раз").await;
    assert_snapshot!(story.ends().await);
}
