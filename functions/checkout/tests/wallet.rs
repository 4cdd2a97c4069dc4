//! «Мои карты»: who may open it, what is switched off and on and deleted there.
#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

use domain::details::Purpose;
use domain::order::Order;
use domain::time::{Timestamp, plus_seconds};
use support::{BASE_URL, Fault, World, wish};
use workflows::links::{checkout_token, wallet_url};

async fn of_customer(world: &World, number: &str) -> Order {
    world.order_with(&wish(number), |offer| offer.payment.customer = Some("Иванов/1".into())).await
}

async fn saved(world: &World, number: &str) {
    let order = of_customer(world, number).await;
    let sent = world.agree_with(&order, &[("method", "card"), ("means", ""), ("consent_means", "1")]).await;
    world.pay_at_bank(&sent.location(), "success").await;
    world.settle().await;
}

fn opened(world: &World, now: Timestamp) -> String {
    let url = wallet_url(&world.ports.settings, &world.shop, "Иванов/1", plus_seconds(now, 3_600));
    url.strip_prefix(BASE_URL).unwrap().to_owned()
}

async fn offered(world: &World, number: &str) -> bool {
    let order = of_customer(world, number).await;
    world.get(&world.page(&order)).await.text().contains("Мир •• 0001")
}

#[tokio::test]
async fn means_are_switched_off_on_and_deleted() {
    let world = World::new().await;
    let page = opened(&world, world.now().await);
    assert!(world.get(&page).await.text().contains("Сохранённых карт нет"));
    saved(&world, "A-1").await;
    // A bank that gives the same token again: kept twice, shown once.
    let mut twice = world.ports.store.wallet(&world.shop, "Иванов/1").await.unwrap().remove(0);
    twice.id = "mns_again_1".to_owned();
    world.ports.store.keep_means(&world.shop, "Иванов/1", &twice).await.unwrap();
    let shown = world.get(&page).await;
    assert_eq!(shown.text().matches("<h2><svg").count(), 1, "the same card twice is one: {}", shown.text());
    assert!(shown.text().contains("Мир •• 0001") && shown.text().contains("12/2030"));
    assert!(shown.header("content-security-policy").contains("form-action 'self'"));
    let (csrf, means) = (shown.input("csrf").unwrap(), shown.input("means").unwrap());
    for forged in ["", "x"] {
        let fields = [("csrf", forged), ("means", means.as_str()), ("do", "off")];
        assert_eq!(world.post(&page, &fields).await.status, 403);
    }
    let act = async |what: &str| {
        let fields = [("csrf", csrf.as_str()), ("means", means.as_str()), ("do", what)];
        world.post(&format!("{page}?lang=ru"), &fields).await
    };
    assert_eq!(act("off").await.location(), format!("{page}?lang=ru"));
    assert!(world.get(&page).await.text().contains("Отключена"));
    assert!(!offered(&world, "B-1").await, "what is switched off is not offered");
    act("on").await;
    assert!(offered(&world, "B-2").await);
    assert_eq!(act("steal").await.status, 400);

    world.net.faults(|_| Some(Fault::NotDone));
    let silent = act("delete").await;
    world.net.no_faults();
    assert_eq!(silent.status, 503);
    assert!(silent.text().contains("списать с неё уже нельзя"), "{}", silent.text());
    assert!(!offered(&world, "B-3").await, "off, though the bank was not told");
    assert_eq!(act("delete").await.status, 303);
    assert_eq!(act("delete").await.status, 303, "twice is once");
    assert!(world.get(&page).await.text().contains("Сохранённых карт нет"), "neither of the two is left");
    assert_eq!(act("on").await.status, 404);
    let nobodys = [("csrf", csrf.as_str()), ("means", "mns_x_1"), ("do", "off")];
    assert_eq!(world.post(&page, &nobodys).await.status, 404);
}

#[tokio::test]
async fn the_link_opens_for_an_hour_and_for_nobody_else() {
    let world = World::new().await;
    saved(&world, "A-1").await;
    let page = opened(&world, world.now().await);
    assert_eq!(world.get(&format!("{page}x")).await.status, 404);
    assert_eq!(world.get("/w/x").await.status, 404);
    let order = of_customer(&world, "A-2").await;
    let foreign = format!("/w/{}", checkout_token(&world.ports.settings, &order.id));
    assert_eq!(world.get(&foreign).await.status, 404, "a token of another purpose");
    let english = world.get_in(&page, "en").await;
    assert!(english.text().contains("My cards") && english.text().contains("Switch off"));
    world.advance(3_600);
    let expired = world.get(&page).await;
    assert_eq!(expired.status, 410);
    assert!(expired.text().contains("Срок ссылки истёк") && !expired.text().contains("•• 0001"));
    assert_eq!(world.post(&page, &[("do", "off")]).await.status, 410);
}

#[tokio::test]
async fn a_card_is_added_where_the_shop_has_prepared_it() {
    let world = World::new().await;
    let page = opened(&world, world.now().await);
    let add = world
        .order_with(&wish("A-1"), |offer| {
            offer.payment.customer = Some("Иванов/1".into());
            offer.payment.purpose = Purpose::SaveMeans;
        })
        .await;
    let token = |order: &Order| checkout_token(&world.ports.settings, &order.id);
    let with = world.get(&format!("{page}?add={}", token(&add))).await;
    assert!(with.text().contains(&format!("href=\"{}\"", world.page(&add))), "{}", with.text());
    let other = of_customer(&world, "A-2").await;
    for not in [token(&other), "x".to_owned()] {
        let without = world.get(&format!("{page}?add={not}")).await;
        assert_eq!(without.status, 200);
        assert!(!without.text().contains("Добавить карту"), "{not}");
    }
}
