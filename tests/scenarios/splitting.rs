//! One order, several payments: goods of two warehouses, each charged and given back by itself.

use connectors::bank::catalogue::Family;
use domain::acquiring::{Account, Feature};
use domain::order::{Order, Status};
use http::Method;
use insta::assert_snapshot;
use serde_json::json;
use workflows::orders::{ChildRequest, LineRequest, OrderRequest, PaymentTermsRequest, SplitRequest};

use crate::holding::basket;
use crate::story::{DAY, HOUR, Story, scenario, with_email};

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

/// ИНН of a seller with a bank contract of its own.
const SELLER: &str = "7700000016";

/// A partner with an account at a bank of the RBS family, and a seller with an account of its own as `change` has it.
async fn with_a_seller(story: &mut Story, change: impl FnOnce(&mut Account)) {
    let main = story.account_at(Family::Rbs).await;
    let mut own = Account { id: "seller".to_owned(), entity: Some(SELLER.to_owned()), ..main.clone() };
    change(&mut own);
    story.settings(|partner| partner.accounts = vec![main, own]).await;
}

/// An order of the partner's own goods, 2000.00, and of the seller's, 1000.00.
fn of_a_seller(wish: &mut OrderRequest) {
    let child = |name: &str, line, entity: Option<&str>| ChildRequest {
        name: name.to_owned(),
        lines: vec![line],
        entity: entity.map(ToOwned::to_owned),
    };
    wish.lines = basket();
    wish.customer = Some("buyer-1".to_owned());
    wish.scenario = Some(scenario(Some("manual"), None));
    wish.payment = Some(PaymentTermsRequest { stages: Some(2), ..PaymentTermsRequest::default() });
    let children = vec![child("Магазин", 1, None), child("Продавец", 2, Some(SELLER))];
    wish.split = Some(SplitRequest { children, least: None });
}

/// The buyer lets the card be kept and pays at the bank of the RBS family.
async fn pays_at_rbs(story: &mut Story, order: &Order) {
    story.tell("the buyer lets the card be kept, and pays on the bank's page").await;
    let form = story.agrees_with(order, &[("consent_means", "1")]).await.location();
    let page = story.world.get(&form).await.location();
    story.world.pay_at_bank(&page, "success").await;
    story.settles().await;
}

#[tokio::test]
async fn every_legal_entity_is_paid_through_its_own_account() {
    let mut story = Story::begins().await;
    // The seller's bank keeps a hold for five days, the shop's for seven.
    with_a_seller(&mut story, |own| own.methods.iter_mut().for_each(|terms| terms.hold_seconds = 5 * 86_400)).await;
    let order = story.orders_as("A-1", of_a_seller).await;
    pays_at_rbs(&mut story, &order).await;
    let now = story.world.load(&order.id).await.order;
    let paid: Vec<_> =
        now.payments().map(|paid| (paid.account.as_deref().unwrap(), paid.hold_seconds / 86_400)).collect();
    assert_eq!(paid, [("rbs", 7), ("seller", 5)]);
    assert_eq!(story.tells_money(&order).await["payment_state"], "delayed");
    story.asks(&order, "capture", json!({})).await;
    story.settles().await;
    story.asks(&order, "cancel", json!({"lines": [{"line": 2, "quantity": "1"}]})).await;
    story.settles().await;
    assert_eq!(story.tells_money(&order).await["payment_state"], "partial_canceled");
    let back = story.world.load(&order.id).await.order.operations.last().unwrap().account.clone();
    assert_eq!(back.as_deref(), Some("seller"), "it goes back through the account it came by");
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn no_legal_entity_is_paid_through_the_account_of_another() {
    let mut story = Story::begins().await;
    with_a_seller(&mut story, |_| ()).await;
    let order = story.orders_as("A-1", of_a_seller).await;
    story.tell("the buyer goes to the bank's page, and the seller's account is switched off").await;
    let form = story.agrees_with(&order, &[("consent_means", "1")]).await.location();
    with_a_seller(&mut story, |own| own.enabled = false).await;
    let page = story.world.get(&form).await.location();
    story.world.pay_at_bank(&page, "success").await;
    story.settles().await;
    let view = story.tells_money(&order).await;
    let now = story.world.load(&order.id).await.order;
    let seller = now.payments().find(|payment| payment.child == Some(2)).unwrap();
    assert!(!seller.succeeded() && seller.attempt() == 0, "nothing of the seller's was taken: {view}");
    story.passes(2 * HOUR).await;
    assert_eq!(story.tells_money(&order).await["status"], "cancelled", "and what was held for the shop is let go");
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_card_is_kept_only_where_every_legal_entity_has_its_bank() {
    let mut story = Story::begins().await;
    let elsewhere = story.account_at(Family::Tbank).await;
    let refused = async |story: &mut Story, change: &dyn Fn(&mut Account)| {
        with_a_seller(story, change).await;
        let mut wish = with_email("A-1");
        of_a_seller(&mut wish);
        let body = serde_json::to_string(&wish).unwrap();
        let said = story.api(&story.world.key, Method::POST, "/v1/orders", &[], &body).await;
        (said.status, said.body["errors"][0]["code"].as_str().unwrap_or_default().to_owned())
    };
    let no_account = (422, "no_account".to_owned());
    // Another bank does not know the card; the contract takes too little, or holds nothing.
    let other = move |own: &mut Account| (own.bank, own.address) = (elsewhere.bank.clone(), elsewhere.address.clone());
    assert_eq!(refused(&mut story, &other).await, no_account);
    let little = |own: &mut Account| own.methods.iter_mut().for_each(|terms| terms.greatest_minor = 99_999);
    assert_eq!(refused(&mut story, &little).await, no_account);
    let no_hold = |own: &mut Account| own.methods.iter_mut().for_each(|terms| terms.hold = Feature::Off);
    assert_eq!(refused(&mut story, &no_hold).await, no_account);
    assert_eq!(refused(&mut story, &|_| ()).await.0, 201);
    // A part that is too little for the shop's own bank is not found out by sending everything back.
    let mut shops = story.account_at(Family::Rbs).await;
    shops.methods.iter_mut().for_each(|terms| terms.least_minor = 150_000);
    story.settings(|partner| partner.accounts = vec![shops]).await;
    let mut wish = with_email("A-2");
    of_a_seller(&mut wish);
    for child in &mut wish.split.as_mut().unwrap().children {
        child.entity = None;
    }
    let body = serde_json::to_string(&wish).unwrap();
    let said = story.api(&story.world.key, Method::POST, "/v1/orders", &[], &body).await;
    assert_eq!((said.status, said.body["errors"][0]["code"].as_str()), (422, Some("no_account")), "{}", said.text);
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

#[tokio::test]
async fn a_line_whose_money_is_back_already_is_not_passed_over_in_silence() {
    let mut story = Story::begins().await;
    let order = story
        .orders_as("A-1", |wish| {
            let third =
                LineRequest { name: "Ложка".to_owned(), price: "100.00".to_owned(), ..LineRequest::default() };
            wish.lines = basket().into_iter().chain([third]).collect();
            wish.customer = Some("buyer-1".to_owned());
            wish.scenario = Some(scenario(Some("manual"), None));
            let child = |no: u8| ChildRequest { name: format!("Склад {no}"), lines: vec![no], entity: None };
            wish.split = Some(SplitRequest { children: (1..=3).map(child).collect(), least: None });
        })
        .await;
    story.pays_with(&order, &[("consent_means", "1")], "success").await;
    story.settles().await;
    story.asks(&order, "cancel", json!({"lines": [{"line": 3}]})).await;
    story.settles().await;
    let both = json!({"lines": [{"line": 1, "quantity": "1"}, {"line": 3}]});
    let refused = story.asks(&order, "cancel", both).await;
    assert_eq!(refused["code"], "part", "{refused}");
    assert_eq!(story.api_order(&order).await["returned"], "100.00");
    assert_snapshot!(story.ends().await);
}
