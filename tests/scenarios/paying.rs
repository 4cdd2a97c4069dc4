//! The buyer pays, or does not.

use domain::order::{DeclineReason, Status};
use insta::assert_snapshot;
use support::BUYER_EMAIL;

use crate::story::{DAY, HOUR, MINUTE, Story};

#[tokio::test]
async fn an_order_is_paid_executed_and_paid_out() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.pays(&order, "success").await;
    story.settles().await;
    assert_eq!(story.status(&order).await, Status::Fulfilled);
    story.opens_the_result().await;
    story.passes(3 * DAY).await;
    assert_eq!(story.status(&order).await, Status::PaidOut);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_declined_buyer_pays_by_another_card() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    let page = story.pays(&order, "insufficient_funds").await;
    assert!(page.text().contains("На карте не хватает денег"), "the page says why: {}", page.text());
    assert_eq!(story.status(&order).await, Status::Awaiting);
    story.pays(&order, "success").await;
    story.settles().await;
    let view = story.api_order(&order).await;
    let operations = view["operations"].as_array().unwrap();
    assert_eq!(operations.len(), 2);
    assert_eq!(
        (operations[0]["decline_reason"].as_str(), operations[1]["state"].as_str()),
        (Some("insufficient_funds"), Some("succeeded"))
    );
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_blocked_card_moves_no_money() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.pays(&order, "blocked").await;
    story.settles().await;
    let declined = story.world.load(&order.id).await.order;
    assert_eq!(workflows::checkout::last_decline(&declined), Some(DeclineReason::CardBlocked));
    story.passes(HOUR).await;
    assert_eq!(story.status(&order).await, Status::Expired);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_right_code_passes_the_banks_check() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.tell("the buyer goes to pay with the card `challenge` and types a wrong code, then the right one").await;
    let bank = story.world.agree(&order).await.location();
    story.world.pay_at_bank(&bank, "challenge").await;
    let wrong = story.world.post(&format!("{bank}/challenge"), &[("code", "000000")]).await;
    assert_eq!(wrong.status, 422);
    assert_eq!(story.status(&order).await, Status::Checking);
    let right = story.world.post(&format!("{bank}/challenge"), &[("code", "111111")]).await;
    let page = story.world.get(&right.location()).await;
    assert_eq!(page.status, 200);
    story.settles().await;
    assert_eq!(story.status(&order).await, Status::Fulfilled);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn three_wrong_codes_fail_the_banks_check() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.tell("the buyer goes to pay with the card `challenge` and types three wrong codes").await;
    let bank = story.world.agree(&order).await.location();
    story.world.pay_at_bank(&bank, "challenge").await;
    for _ in 0..3 {
        story.world.post(&format!("{bank}/challenge"), &[("code", "000000")]).await;
    }
    story.settles().await;
    let declined = story.world.load(&order.id).await.order;
    assert_eq!(workflows::checkout::last_decline(&declined), Some(DeclineReason::AuthenticationFailed));
    assert_eq!(declined.status(), Status::Awaiting);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_buyer_who_goes_away_at_the_bank_lets_the_order_expire() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.pays(&order, "abandoned").await;
    assert_eq!(story.status(&order).await, Status::Checking);
    story.passes(HOUR).await;
    assert_eq!(story.status(&order).await, Status::Expired);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn an_order_nobody_pays_expires_and_its_page_sends_the_buyer_back() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.tell("the buyer looks at the page and does nothing").await;
    let page = story.world.get(&story.world.page(&order)).await;
    // The page looks at itself again when the time is over, without JavaScript.
    let (seconds, _) = page.refresh().unwrap();
    assert_eq!(seconds, 1_201);
    story.passes(21 * MINUTE).await;
    assert_eq!(story.status(&order).await, Status::Expired);
    let page = story.world.get(&story.world.page(&order)).await;
    story.tell_return(&page).await;
    story.tell("the buyer presses the button of a page that was left open").await;
    assert_eq!(story.presses_again(&order).await.status, 303);
    assert_eq!(story.status(&order).await, Status::Expired);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_late_answer_of_the_bank_is_waited_for() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    let page = story.pays(&order, "late").await;
    assert!(page.refresh().is_some(), "the page asks again by itself");
    assert_eq!(story.status(&order).await, Status::Checking);
    story.passes(5 * MINUTE).await;
    assert_eq!(story.status(&order).await, Status::Fulfilled);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_bank_that_never_calls_back_is_asked_when_the_buyer_returns() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.pays(&order, "silent").await;
    assert_eq!(story.status(&order).await, Status::Paid);
    story.settles().await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_bank_that_never_calls_back_is_asked_though_the_buyer_closed_the_window() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.tell("the buyer pays with the card `silent` and closes the window").await;
    let bank = story.world.agree(&order).await.location();
    story.world.post(&bank, &[("card", "silent")]).await;
    story.settles().await;
    assert_eq!(story.status(&order).await, Status::Checking);
    story.passes(30 * MINUTE).await;
    assert_eq!(story.status(&order).await, Status::Fulfilled);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn two_presses_of_the_button_pay_once() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.tell("the buyer presses the button twice at once, then once more").await;
    let (first, second) = tokio::join!(story.presses_again(&order), story.presses_again(&order));
    let third = story.presses_again(&order).await;
    assert_eq!(first.location(), second.location());
    assert_eq!(first.location(), third.location());
    story.tell("the buyer pays twice at the bank's page").await;
    story.world.pay_at_bank(&first.location(), "success").await;
    story.world.pay_at_bank(&first.location(), "success").await;
    story.settles().await;
    let paid = story.world.load(&order.id).await.order;
    assert_eq!(paid.payments().count(), 1);
    story.tell("the buyer goes back in the browser and presses the button again").await;
    let again = story.presses_again(&order).await;
    assert_eq!(again.status, 303);
    assert!(!again.location().contains("/sandbox/bank/"), "nobody is sent to pay twice");
    story.settles().await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn what_the_buyer_entered_reaches_the_partner_by_all_three_ways() {
    let mut story = Story::begins().await;
    let order = story.orders_as("A-1", |wish| {
        wish.buyer.email = None;
        wish.buyer.phone = Some("8 (916) 000-00-01".to_owned());
        wish.channels = Vec::new();
    });
    let order = order.await;
    let page = story.pays(&order, "success").await;
    let fields = story.tell_return(&page).await;
    assert_eq!(fields.get("email").map(String::as_str), Some(BUYER_EMAIL));
    assert_eq!(fields.get("phone"), None, "what the partner passed is not sent back");
    story.settles().await;
    let api = story.api_order(&order).await["buyer"].clone();
    assert_eq!(api["email"], serde_json::json!({ "value": BUYER_EMAIL, "source": "buyer" }));
    assert_eq!(api["phone"], serde_json::json!({ "value": "+79160000001", "source": "partner" }));
    for webhook in story.world.net.webhooks() {
        let body: serde_json::Value = serde_json::from_slice(&webhook.body).unwrap();
        assert_eq!(body["data"]["buyer"], api);
    }
    story.note(format!("the API and every webhook say of the buyer: {api}")).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn nobody_pays_without_both_consents() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    let page = story.world.get(&story.world.page(&order)).await;
    assert_eq!(page.input("consent_personal_data"), None, "the boxes are not ticked beforehand");
    let csrf = page.input("csrf").unwrap();
    for ticked in [[("consent_terms", "1")], [("consent_personal_data", "1")]] {
        story.tell(format!("the buyer ticks only `{}`", ticked[0].0)).await;
        let path = format!("{}/pay", story.world.page(&order));
        let answer = story.world.post(&path, &[("csrf", csrf.as_str()), ticked[0]]).await;
        assert_eq!(answer.status, 422);
        assert_eq!(story.status(&order).await, Status::Awaiting);
    }
    story.pays(&order, "success").await;
    let consent = story.world.load(&order.id).await.details.consent.unwrap();
    assert_eq!((consent.address.as_str(), consent.user_agent.as_str()), ("203.0.113.7", "Mozilla/5.0 (test)"));
    let texts = workflows::checkout::texts(&story.world.ports.settings, domain::details::Language::Ru);
    assert_eq!(consent.personal_data.sha256, workflows::access::sha256_hex(&texts.0.plain));
    assert_eq!(consent.terms.sha256, workflows::access::sha256_hex(&texts.1.plain));
    story.settles().await;
    assert_snapshot!(story.ends().await);
}
