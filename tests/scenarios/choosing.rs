//! Another way to pay: what was begun is given up, what the bank refuses is said, and one payment of an order stands.

use domain::order::{Order, Status};
use insta::assert_snapshot;
use support::{Answer, Call, Fault};

use crate::story::{DAY, HOUR, MINUTE, Story};

/// The buyer presses «Оплатить другим способом» on the order's page; answers with what the browser ends on.
async fn gives_up(story: &mut Story, order: &Order) -> Answer {
    story.tell("the buyer wants to pay another way").await;
    let page = story.world.get(&story.world.page(order)).await;
    let csrf = page.input("csrf").unwrap();
    let answer = story.world.post(&format!("{}/another", story.world.page(order)), &[("csrf", &csrf)]).await;
    story.note(format!("it is answered {}", answer.status)).await;
    story.look().await;
    if answer.status == 303 { story.world.get(&answer.location()).await } else { answer }
}

/// The buyer chooses the СБП; answers with the address their bank's app opens.
async fn chooses_the_sbp(story: &mut Story, order: &Order) -> String {
    story.tell("the buyer chooses the СБП").await;
    let sent = story.agrees_with(order, &[("method", "sbp")]).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let now = story.world.load(&order.id).await.order;
    let link = now.open_payment().unwrap().sbp_link().unwrap().to_owned();
    let qr = link.trim_start_matches("https://qr.nspk.ru/").split('?').next().unwrap().to_owned();
    story.world.get(&format!("/sandbox/sbp/demoshop/{qr}")).await.location()
}

#[tokio::test]
async fn a_code_nobody_scanned_is_given_up_for_a_card_and_can_not_be_paid_any_more() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    let app = chooses_the_sbp(&mut story, &order).await;
    let page = gives_up(&mut story, &order).await;
    assert!(page.text().contains("Вы не завершили оплату (СБП)"), "{}", page.text());
    assert!(page.text().contains("name=\"method\""), "all ways are there again");
    story.pays(&order, "success").await;
    story.tell("the buyer's bank opens the link after all").await;
    story.world.post(&app, &[("card", "success")]).await;
    story.settles().await;
    story.passes(2 * DAY).await;
    story.tells_money(&order).await;
    assert_eq!(story.status(&order).await, Status::Fulfilled);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn of_two_attempts_that_both_succeed_one_pays_and_the_other_goes_back_by_itself() {
    let mut story = Story::begins().await;
    let order = story.orders_by_hand("A-1").await;
    let app = chooses_the_sbp(&mut story, &order).await;
    story.tell("the buyer pays in the app, and the bank takes its time").await;
    story.world.post(&app, &[("card", "late")]).await;
    let page = gives_up(&mut story, &order).await;
    assert!(page.text().contains("Вы не завершили оплату (СБП)"), "{}", page.text());
    story.pays(&order, "success").await;
    story.settles().await;
    story.passes(10 * MINUTE).await;
    story.tells_money(&order).await;
    let now = story.world.load(&order.id).await.order;
    assert_eq!(now.payments().filter(|payment| payment.succeeded()).count(), 2, "both succeeded");
    assert_eq!(now.standing_payments().count(), 1, "exactly one pays for the order");
    assert_eq!((now.kept().unwrap(), now.taken().unwrap()), (order.amount, order.amount));
    story.passes(2 * DAY).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_given_up_code_that_is_paid_unheard_is_found_a_day_after_its_time() {
    let mut story = Story::begins().await;
    story.webhooks_in_short = true;
    let order = story.orders("A-1").await;
    story.tell("the bank ends no payment before its time").await;
    story.world.net.faults(|call| match call {
        Call::Http(request) if request.url.ends_with("/payments/withdraw") => Some(Fault::Refused),
        Call::Http(request) if request.url.contains("/callbacks/bank/") => Some(Fault::Silence),
        _ => None,
    });
    let app = chooses_the_sbp(&mut story, &order).await;
    gives_up(&mut story, &order).await;
    story.tell("the buyer pays by the old code, and the bank's callbacks get lost").await;
    story.world.post(&app, &[("card", "silent")]).await;
    story.settles().await;
    assert_eq!(story.status(&order).await, Status::Awaiting);
    story.passes(HOUR).await;
    assert_eq!(story.status(&order).await, Status::Expired);
    story.passes(2 * DAY).await;
    story.tells_money(&order).await;
    assert_eq!(story.status(&order).await, Status::Refunded);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn while_the_bank_is_silent_no_payment_is_given_up() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    let app = chooses_the_sbp(&mut story, &order).await;
    for silent in ["/payments/status", "/payments/withdraw"] {
        story.world.net.faults(move |call| match call {
            Call::Http(request) if request.url.ends_with(silent) => Some(Fault::Silence),
            _ => None,
        });
        let page = gives_up(&mut story, &order).await;
        assert_eq!(page.status, 503);
        assert!(page.text().contains("второго не начинаем"), "{}", page.text());
        assert_eq!(story.status(&order).await, Status::Checking);
    }
    story.world.net.no_faults();
    story.tell("the bank answers again, and the buyer pays by the code").await;
    story.world.pay_at_bank(&app, "success").await;
    story.settles().await;
    let late = story.world.load(&order.id).await.order;
    assert_eq!((late.status(), late.operations.len()), (Status::Fulfilled, 1));
    let csrf = workflows::links::form_token(&story.world.ports.settings, &order.id, "another");
    let too_late = story.world.post(&format!("{}/another", story.world.page(&order)), &[("csrf", &csrf)]).await;
    assert_eq!(too_late.status, 303, "what is paid is shown, not given up");
    let forged = story.world.post(&format!("{}/another", story.world.page(&order)), &[("csrf", "x")]).await;
    assert_eq!(forged.status, 403);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_payment_the_bank_refuses_is_declined_and_may_go_another_way() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.world.net.faults(|call| match call {
        Call::Http(request) if request.url.ends_with("/bank/v1/payments") => Some(Fault::Refused),
        _ => None,
    });
    story.tell("the buyer presses the button, and the bank refuses the payment").await;
    let sent = story.agrees_with(&order, &[("method", "sbp")]).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let page = story.world.get(&sent.location()).await;
    assert!(page.text().contains("Банк отклонил оплату (СБП)"), "{}", page.text());
    assert!(page.text().contains("name=\"method\""), "the other ways are there");
    story.look().await;
    story.world.net.no_faults();
    story.pays(&order, "success").await;
    story.settles().await;
    story.tells_money(&order).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_payment_that_is_refused_when_it_is_told_again_is_asked_about() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.world.net.faults(|call| match call {
        Call::Http(request) if request.url.ends_with("/bank/v1/payments") => Some(Fault::AnswerLost),
        _ => None,
    });
    story.tell("the buyer presses the button, and the bank's answer is lost").await;
    assert_eq!(story.world.agree(&order).await.status, 503);
    story.world.net.faults(|call| match call {
        Call::Http(request) if request.url.ends_with("/bank/v1/payments") => Some(Fault::Refused),
        _ => None,
    });
    story.tell("the buyer presses it again, and the bank refuses the same payment").await;
    assert_eq!(story.presses_again(&order).await.status, 303);
    story.look().await;
    assert_eq!(story.status(&order).await, Status::Checking, "the bank knows it: it may still be paid");
    story.world.net.no_faults();
    story.passes(HOUR).await;
    assert_eq!(story.status(&order).await, Status::Expired);
    assert_snapshot!(story.ends().await);
}
