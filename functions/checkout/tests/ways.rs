//! What can be paid by: cards, the СБП, saved means; what is saved, what was declined, what is paid in parts.

use domain::acquiring::Method;
use domain::details::{Child, Details, Original, Purpose};
use domain::money::{Currency, Money};
use domain::order::{Event, Order, Status};
use support::{Answer, BASE_URL, World, wish};
use workflows::orders::{LineRequest, OrderRequest};

fn said(answer: &Answer) -> String {
    answer.text().replace('\u{a0}', " ")
}

/// The tag of the input with this name and value.
fn tag(page: &Answer, name: &str, value: &str) -> Option<String> {
    let (name, value) = (format!("name=\"{name}\""), format!("value=\"{value}\""));
    let text = page.text();
    let mut tags = text.split("<input ").skip(1).filter_map(|rest| rest.split('>').next());
    tags.find(|tag| tag.contains(&name) && tag.contains(&value)).map(ToOwned::to_owned)
}

async fn of_customer(world: &World, number: &str) -> Order {
    world.order_with(&wish(number), |offer| offer.payment.customer = Some("buyer-1".into())).await
}

/// Pays with a card and lets it be kept.
async fn with_saved_card(world: &World, number: &str, card: &str) -> Order {
    let order = of_customer(world, number).await;
    let sent = world.agree_with(&order, &[("method", "card"), ("consent_means", "1")]).await;
    world.pay_at_bank(&sent.location(), card).await;
    world.settle().await;
    order
}

#[tokio::test]
async fn the_card_is_chosen_beforehand_and_every_way_is_one_press_away() {
    let world = World::new().await;
    let order = world.order(&wish("A-1")).await;
    let page = world.get(&world.page(&order)).await;
    assert!(tag(&page, "method", "card").unwrap().contains(" checked"));
    assert!(!tag(&page, "method", "sbp").unwrap().contains(" checked"));
    assert_eq!((page.input("means"), page.input("consent_means")), (None, None));
    assert!(!page.text().contains("name=\"consent_means\""), "nobody to save anything for");
    assert!(!page.text().contains("name=\"means\""));
    let kept = world.agree_with(&order, &[("method", "sbp"), ("email", "nobody")]).await;
    assert_eq!(kept.status, 422);
    assert!(tag(&kept, "method", "sbp").unwrap().contains(" checked"), "the choice is kept");
    for unknown in ["bitcoin", "terminal", "dolyami"] {
        let refused = world.agree_with(&order, &[("method", unknown)]).await;
        assert_eq!(refused.status, 422, "{unknown}");
        assert!(refused.text().contains("href=\"#ways\"") && refused.text().contains("Выберите способ оплаты"));
    }
    // A shop that takes cards only is not offered more.
    let cards = world.order_with(&wish("A-2"), |offer| offer.payment.methods = vec![Method::Card]).await;
    let page = world.get(&world.page(&cards)).await;
    assert_eq!(page.input("method").as_deref(), Some("card"));
    assert!(!page.text().contains("СБП"));
}

#[tokio::test]
async fn through_the_sbp_the_buyer_scans_or_taps_on_one_page() {
    let world = World::new().await;
    let order = world.order(&wish("A-1")).await;
    let page = world.page(&order);
    let sent = world.agree_with(&order, &[("method", "sbp")]).await;
    assert_eq!((sent.status, sent.location()), (303, page.clone()));
    let shown = world.get(&page).await;
    let text = said(&shown);
    let loaded = world.load(&order.id).await.order;
    let link = loaded.open_payment().unwrap().sbp_link().unwrap().to_owned();
    assert!(text.contains("class=\"qr\"") && text.contains("3 000,00 ₽") && text.contains("20:00"), "{text}");
    assert!(text.contains(&format!("href=\"{}\"", link.replace('&', "&#38;"))), "{text}");
    assert_eq!(shown.refresh(), Some((5, format!("{page}/return"))));
    assert!(shown.header("content-security-policy").contains("form-action 'self'"), "the payment can be given up");
    assert!(text.contains("Оплатить другим способом"));
    // Pressing again begins nothing new.
    let csrf = workflows::links::form_token(&world.ports.settings, &order.id, "pay");
    let again = world.post(&format!("{page}/pay"), &[("csrf", &csrf), ("method", "card")]).await;
    assert_eq!((again.location(), world.load(&order.id).await.order.operations.len()), (page.clone(), 1));
    // The page of the buyer's bank, as the sandbox has it.
    let bank_page = text.split(&format!("href=\"{BASE_URL}/sandbox/sbp/")).nth(1).unwrap().split('"').next().unwrap();
    let deal = world.get(&format!("/sandbox/sbp/{bank_page}")).await.location();
    let done = world.pay_at_bank(&deal, "success").await;
    assert!(said(&done).contains("Заказ оплачен"), "{}", done.text());
    let english = world.get(&format!("{page}?lang=en")).await;
    assert!(english.text().contains("Order paid"));
}

#[tokio::test]
async fn what_the_sbp_declines_says_why_and_a_card_pays() {
    let world = World::new().await;
    let order = world.order(&wish("A-1")).await;
    world.agree_with(&order, &[("method", "sbp")]).await;
    let link = world.load(&order.id).await.order;
    let id = workflows::checkout::sbp_link(&link).unwrap().id;
    let deal = world.get(&format!("/sandbox/sbp/demoshop/{id}")).await.location();
    let declined = world.pay_at_bank(&deal, "insufficient_funds").await;
    let text = said(&declined);
    assert!(text.contains("На счёте не хватает денег (СБП)") && text.contains("Деньги не списаны"), "{text}");
    assert!(text.contains("Ниже есть и другие способы оплаты") && tag(&declined, "method", "card").is_some());
    let paid = world.pay(&order, "success").await;
    assert!(said(&paid).contains("Заказ оплачен"));
    let done = world.load(&order.id).await.order;
    let methods: Vec<_> = done.payments().map(|payment| payment.method).collect();
    assert_eq!(methods, [Method::Sbp, Method::Card]);
}

#[tokio::test]
async fn a_link_over_another_amount_or_cut_short_is_shown_to_nobody() {
    let world = World::new().await;
    let order = world.order(&wish("A-1")).await;
    world.agree_with(&order, &[("method", "sbp")]).await;
    let mut known = world.load(&order.id).await.order;
    let url = known.open_payment().unwrap().url().unwrap().to_owned();
    let other = workflows::checkout::sbp_link(&known).map(|link| link.url.to_owned());
    assert_eq!(other.as_deref(), Some(url.as_str()));
    let cut = url[..url.len() - 1].to_owned();
    let foreign =
        "https://qr.nspk.ru/AD10001246OADML79D5OP9279JLPI2V6?type=02&bank=100000000001&sum=253&cur=RUB&crc=D959";
    for wrong in [cut, foreign.to_owned()] {
        known = world.load(&order.id).await.order;
        known.operations[0].transactions[0].url = Some(wrong);
        known.version += 1;
        world.ports.store.commit(&known).await.unwrap();
        let page = world.get(&world.page(&order)).await.text();
        assert!(page.contains("Проверяем оплату") && !page.contains("qr.nspk.ru"), "{page}");
    }
}

#[tokio::test]
async fn a_card_is_kept_with_consent_and_pays_the_next_order_without_the_bank() {
    let world = World::new().await;
    let first = of_customer(&world, "A-1").await;
    let page = world.get(&world.page(&first)).await;
    assert!(page.text().contains("name=\"consent_means\"") && page.input("consent_means").is_none(), "not ticked");
    with_saved_card(&world, "A-2", "success").await;
    let consent = world.load(&first.id).await.details.consent;
    assert!(consent.is_none());

    let next = of_customer(&world, "A-3").await;
    let page = world.get(&world.page(&next)).await;
    let text = said(&page);
    let (kept, methods) = (text.find("Мир •• 0001").unwrap(), text.find("Банковская карта").unwrap());
    assert!(kept < methods && text.contains("до 12/2030") && text.contains("Другой способ"), "{text}");
    let means = page.input("means").unwrap();
    assert!(means.starts_with("mns_"), "{means}");
    let pressed = world.agree(&next).await;
    assert_eq!(pressed.location(), world.page(&next), "no page of the bank's");
    world.settle().await;
    assert!(world.load(&next.id).await.order.has(Event::Captured));
    // Another buyer of the shop sees nothing of it, and can not name it.
    let other = world.order_with(&wish("A-4"), |offer| offer.payment.customer = Some("buyer-2".into())).await;
    assert!(!world.get(&world.page(&other)).await.text().contains("•• 0001"));
    let stolen = world.agree_with(&other, &[("means", &means)]).await;
    assert_eq!(stolen.status, 422);
    assert!(stolen.text().contains("href=\"#ways\"") && stolen.text().contains("Этот способ больше недоступен"));
}

#[tokio::test]
async fn a_saved_card_that_is_declined_is_named_and_is_not_tried_next() {
    let world = World::new().await;
    with_saved_card(&world, "A-1", "charge_declined").await;
    let order = of_customer(&world, "A-2").await;
    world.agree(&order).await;
    world.settle().await;
    let page = world.get(&world.page(&order)).await;
    let text = said(&page);
    assert!(text.contains("На карте не хватает денег (Мир •• 0016)"), "{text}");
    assert_eq!(page.input("means").as_deref(), Some(""), "another way is chosen");
    let paid = world.pay(&order, "success").await;
    assert!(said(&paid).contains("Заказ оплачен"), "{}", paid.text());
}

fn purpose(purpose: Purpose) -> impl FnOnce(&mut Details) {
    move |offer| {
        offer.payment.purpose = purpose;
        offer.payment.customer = Some("buyer-1".into());
    }
}

#[tokio::test]
async fn an_order_to_be_charged_later_needs_the_consent_and_can_be_stopped() {
    let world = World::new().await;
    let order = world.order_with(&wish("A-1"), purpose(Purpose::Order)).await;
    let page = world.get(&world.page(&order)).await;
    let text = said(&page);
    assert!(text.contains("<button class=\"go\">Заказать</button>") && text.contains("отпустит 1,00 ₽"), "{text}");
    let refused = world.agree(&order).await;
    assert_eq!(refused.status, 422);
    for part in ["href=\"#consent_means\"", "id=\"consent_means-e\"", "aria-describedby=\"consent_means-e\""] {
        assert!(refused.text().contains(part), "{part}");
    }
    let sent = world.agree_with(&order, &[("consent_means", "1")]).await;
    let done = world.pay_at_bank(&sent.location(), "success").await;
    let text = said(&done);
    for part in ["Заказ оформлен", "Деньги пока не списаны", "Мир •• 0001", "/cancel", "3 000,00 ₽"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (seconds, back) = done.refresh().unwrap();
    assert!(seconds == 15 && back.starts_with("https://shop.example/paid?") && back.contains("status=ordered"));
    world.settle().await;
    let question = world.get(&format!("{}/cancel", world.page(&order))).await;
    assert!(said(&question).contains("Не спишем") && said(&question).contains("списаны не будут"));
    let csrf = question.input("csrf").unwrap();
    world.post(&format!("{}/cancel", world.page(&order)), &[("csrf", &csrf)]).await;
    assert_eq!(world.status(&order.id).await, Status::Cancelled);
    let text = said(&world.get(&world.page(&order)).await);
    assert!(text.contains("Заказ отменён") && text.contains("Деньги не списаны"), "{text}");
}

#[tokio::test]
async fn a_card_is_added_and_nothing_is_taken() {
    let world = World::new().await;
    let order = world.order_with(&wish("A-1"), purpose(Purpose::SaveMeans)).await;
    let text = said(&world.get(&world.page(&order)).await);
    assert!(text.contains("Привязка карты") && text.contains(">Привязать карту</button>"), "{text}");
    let sent = world.agree_with(&order, &[("consent_means", "1")]).await;
    let done = world.pay_at_bank(&sent.location(), "success").await;
    world.settle().await;
    let text = said(&done);
    assert!(text.contains("Карта привязана") && text.contains("Мир •• 0001"), "{text}");
    assert_eq!(world.status(&order.id).await, Status::MeansSaved);
    assert!(world.load(&order.id).await.order.taken().unwrap().is_zero());
}

#[tokio::test]
async fn parts_a_foreign_price_and_points_are_explained() {
    let world = World::new().await;
    let line =
        |name: &str, price: &str| LineRequest { name: name.into(), price: price.into(), ..LineRequest::default() };
    let wish = OrderRequest { lines: vec![line("Стол", "2000.00"), line("Стул", "1000.00")], ..wish("A-1") };
    let child =
        |name: &str, no, minor| Child { name: name.into(), lines: vec![no], amount: Money::rub(minor), entity: None };
    let order = world
        .order_with(&wish, |offer| {
            let terms = &mut offer.payment;
            terms.customer = Some("buyer-1".into());
            terms.children = vec![child("Склад Химки", 1, 200_000), child("Склад Тверь", 2, 100_000)];
            terms.original = Some(Original {
                amount: Money::new(3_244, Currency::USD),
                rate: "92.4719".parse().unwrap(),
                since: "2026-11-21".parse().unwrap(),
            });
            terms.points_max = Some(Money::rub(50_000));
        })
        .await;
    let text = said(&world.get(&world.page(&order)).await);
    for part in [
        "Заказ оплачивается частями: Склад Химки 2 000,00 ₽; Склад Тверь 1 000,00 ₽",
        "Цена магазина 32,44 USD по курсу 92,4719 ₽ на 21 ноября 2026",
        "Бонусами банка можно оплатить до 500,00 ₽",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let sent = world.agree_with(&order, &[("consent_means", "1")]).await;
    let splitting = world.pay_at_bank(&sent.location(), "success").await;
    let text = said(&splitting);
    assert!(text.contains("Оплачиваем части заказа") && text.contains("ждём банк"), "{text}");
    assert_eq!(splitting.refresh(), Some((5, String::new())));
    world.settle().await;
    let text = said(&world.get(&world.page(&order)).await);
    assert!(text.contains("Части заказа") && text.matches(">оплачено<").count() == 2, "{text}");
}
