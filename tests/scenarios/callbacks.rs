//! What a bank says, or somebody who pretends to be one.

use domain::order::Status;
use insta::assert_snapshot;

use crate::story::{MINUTE, Story};

#[tokio::test]
async fn a_callback_that_comes_twice_is_recorded_once() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.pays(&order, "doubled").await;
    story.settles().await;
    assert_eq!(story.bank_says(&order, "the same once more", |_| ()).await, 200);
    story.settles().await;
    assert_eq!(story.world.load(&order.id).await.order.payments().count(), 1);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_stale_pending_after_the_success_changes_nothing() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.pays(&order, "out_of_order").await;
    story.settles().await;
    assert_eq!(story.status(&order).await, Status::Fulfilled);
    story.passes(40 * MINUTE).await; // whatever the bank repeats
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn nobody_is_believed_who_has_not_signed() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.tell("the buyer goes to the bank's page").await;
    story.world.agree(&order).await;
    story.look().await;
    let before = story.world.load(&order.id).await.order;
    let none = story.bank_says(&order, "unsigned", |forged| forged.signed = false).await;
    let wrong =
        story.bank_says(&order, "signed with another secret", |forged| forged.secret = b"guessed".to_vec()).await;
    let shop = story.world.ports.settings.master_secret.0.clone();
    let other = connectors::signature::derive(&shop, "till", &story.world.shop);
    let purpose = story.bank_says(&order, "signed with the register's secret", |forged| forged.secret = other).await;
    for status in [none, wrong, purpose] {
        assert!((400..500).contains(&status), "{status}");
    }
    assert_eq!(story.world.load(&order.id).await.order, before, "nothing has changed");
    story.settles().await;
    story.passes(30 * MINUTE).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_signature_of_long_ago_is_not_believed() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.tell("the buyer pays with the card `silent` and closes the window").await;
    let bank = story.world.agree(&order).await.location();
    story.world.post(&bank, &[("card", "silent")]).await;
    story.look().await;
    for seconds in [-301, 301] {
        let words = format!("signed {seconds} s from now");
        let at = domain::time::plus_seconds(story.world.ports.clock.now(), seconds);
        let status = story.bank_says(&order, &words, |forged| forged.signed_at = at).await;
        assert!((400..500).contains(&status), "{status}");
        assert_eq!(story.status(&order).await, Status::Checking);
    }
    let at = domain::time::plus_seconds(story.world.ports.clock.now(), -299);
    let status = story.bank_says(&order, "signed -299 s from now", |forged| forged.signed_at = at).await;
    assert_eq!(status, 200);
    assert_eq!(story.status(&order).await, Status::Paid);
    story.settles().await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn another_amount_or_another_currency_is_refused() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.tell("the buyer goes to the bank's page").await;
    story.world.agree(&order).await;
    story.look().await;
    let less = story.bank_says(&order, "2999.99 RUB", |forged| forged.amount -= 1).await;
    let more = story.bank_says(&order, "3000.01 RUB", |forged| forged.amount += 1).await;
    let dollars = story.bank_says(&order, "3000.00 USD", |forged| forged.currency = "USD").await;
    let reference =
        story.bank_says(&order, "another reference", |forged| forged.reference = "pay_other".to_owned()).await;
    let operation = story
        .bank_says(&order, "an operation there is not", |forged| forged.number = forged.number.replace("-o1", "-o7"))
        .await;
    for status in [less, more, dollars, reference, operation] {
        assert!((400..500).contains(&status), "{status}");
    }
    assert_eq!(story.status(&order).await, Status::Checking);
    assert!(story.world.load(&order.id).await.order.journal.iter().all(|entry| entry.postings.is_empty()));
    story.passes(30 * MINUTE).await;
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_success_is_final_whatever_comes_after_it() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    story.pays(&order, "success").await;
    story.settles().await;
    let paid = story.world.load(&order.id).await.order;
    let status = story.bank_says(&order, "declined, after the success", |forged| forged.state = "declined").await;
    assert!((400..500).contains(&status), "{status}");
    let status = story.bank_says(&order, "pending, after the success", |forged| forged.state = "pending").await;
    assert!((200..500).contains(&status), "{status}");
    assert_eq!(story.world.load(&order.id).await.order, paid);
    assert_snapshot!(story.ends().await);
}

#[tokio::test]
async fn a_callback_of_another_order_or_of_none_is_not_found() {
    let mut story = Story::begins().await;
    let order = story.orders("A-1").await;
    let other = story.orders("A-2").await;
    story.tell("both buyers go to the bank's page").await;
    story.world.agree(&order).await;
    story.world.agree(&other).await;
    story.look().await;
    let number = format!("{}-o1", other.id);
    let crossed = story.bank_says(&order, "about A-2, at the address of A-1", |forged| forged.number = number).await;
    assert_eq!(crossed, 404);
    let id = domain::id::OrderId::new(story.world.shop.clone(), "never", story.world.ports.clock.now());
    let unknown = story.bank_says(&order, "of an order that never was", |forged| {
        forged.order = id.to_string();
        forged.number = format!("{id}-o1");
    });
    assert_eq!(unknown.await, 404);
    let nonsense =
        story.bank_says(&order, "at an address that is none", |forged| forged.order = "nonsense".to_owned()).await;
    assert_eq!(nonsense, 404);
    assert_eq!(story.status(&order).await, Status::Checking);
    assert_eq!(story.status(&other).await, Status::Checking);
    story.passes(30 * MINUTE).await;
    assert_snapshot!(story.ends().await);
}
