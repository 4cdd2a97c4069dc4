//! What the buyer is told of money that is held, let go, taken without them, or given back in part: by letter and by SMS.
#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

use domain::acquiring::Stages;
use domain::details::{Details, Line, Purpose};
use domain::money::Money;
use domain::order::{Cancellation, Command, Event, Initiator, Order, Start, What};
use support::{BUYER_PHONE, World, wish};
use workflows::orders::{OrderRequest, ScenarioRequest};
use workflows::perform::apply;

/// An order by hand, told of through both channels.
fn both(language: &str) -> OrderRequest {
    let mut wish = wish("A-1");
    wish.scenario = Some(ScenarioRequest { execution: Some("manual".into()), receipt: None });
    wish.buyer.phone = Some(BUYER_PHONE.into());
    wish.channels = vec!["email".into(), "sms".into()];
    wish.language = Some(language.into());
    wish
}

/// The latest letter and the latest SMS, their spaces made plain.
fn latest(world: &World) -> (String, String) {
    let letter = world.mailbox.emails().pop().unwrap();
    let text = format!("{}\n{}", letter.subject, letter.text).replace('\u{a0}', " ");
    // Both parts of a letter say the same.
    let html = letter.html.replace('\u{a0}', " ");
    for line in text.lines().filter(|line| line.contains('₽') && line.starts_with(|c: char| c.is_alphabetic())) {
        let value = line.rsplit(": ").next().unwrap();
        assert!(html.contains(value), "only in the text part: {value}");
    }
    (text, world.mailbox.texts().pop().unwrap().text)
}

fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// Every entry the buyer is told of has had its letter and its SMS.
async fn all_told(world: &World, order: &Order) {
    let loaded = world.load(&order.id).await;
    let told = loaded.order.journal.iter().filter(|entry| loaded.order.is_told_to_buyer(entry)).count();
    let sent = loaded.deliveries.iter().filter(|sent| sent.event.starts_with("message.") && sent.done_at.is_some());
    assert_eq!(sent.count(), told * 2, "{:?}", loaded.order.journal);
}

fn two_stages(offer: &mut Details) {
    offer.payment.stages = Stages::Two;
}

async fn give_back(world: &World, order: &Order, what: What) {
    let cancellation = Cancellation { by: Initiator::Partner, what, reason: None, terminal: None, asked: None };
    apply(&world.ports, &order.id, &Command::Cancel(cancellation)).await.unwrap();
    world.settle().await;
}

#[tokio::test]
async fn a_hold_is_told_of_as_a_hold_and_its_end_too() {
    for (language, held, part, released) in [
        (
            "ru",
            ["Деньги удержаны", "ничего не списал", "Не дольше чем до: 28 ноября 2026", "Удержано: 3 000,00 ₽"],
            ["Часть удержания снята", "Удержание снято: 500,00 ₽", "Удержано: 2 500,00 ₽"],
            ["Удержание снято", "Деньги за заказ не списаны", "2 500,00 ₽"],
        ),
        (
            "en",
            ["The money is held", "nothing is charged", "No longer than until: 28 November 2026", "Held: 3,000.00 ₽"],
            ["A part of the hold is let go", "Hold let go: 500.00 ₽", "Held: 2,500.00 ₽"],
            ["The hold is let go", "Nothing was charged for the order", "2,500.00 ₽"],
        ),
    ] {
        let world = World::new().await;
        let order = world.order_with(&both(language), two_stages).await;
        world.pay(&order, "success").await;
        world.pump_all().await;
        let (letter, sms) = latest(&world);
        says(&letter, &held);
        says(
            &sms,
            if language == "ru" {
                &["удержано 3 000,00 ₽", "Не списано"]
            } else {
                &["held: 3,000.00 ₽", "Not charged"]
            },
        );
        give_back(&world, &order, What::Amount(Money::rub(50_000))).await;
        let (letter, sms) = latest(&world);
        says(&letter, &part);
        says(&sms, &[if language == "ru" { "удержание снято: 500,00 ₽" } else { "hold let go: 500.00 ₽" }]);
        give_back(&world, &order, What::Whole).await;
        let letters: Vec<_> = world.mailbox.emails().iter().map(|mail| mail.subject.clone()).collect();
        says(&letters.join("; "), &[if language == "ru" { "Заказ отменён" } else { "Order cancelled" }]);
        says(&latest(&world).0, &released);
        let cancelled = world
            .mailbox
            .texts()
            .into_iter()
            .map(|sms| sms.text)
            .find(|text| text.contains("деньги не списаны") || text.contains("nothing was charged"));
        assert!(cancelled.is_some(), "a cancellation of what was only held promises no refund");
        all_told(&world, &order).await;
    }
}

/// An order whose means are left for later.
async fn ordered(world: &World, language: &str) -> Order {
    let order = world
        .order_with(&both(language), |offer| {
            offer.payment.purpose = Purpose::Order;
            offer.payment.customer = Some("buyer-1".into());
        })
        .await;
    let sent = world.agree_with(&order, &[("method", "card"), ("consent_means", "1")]).await;
    world.pay_at_bank(&sent.location(), "success").await;
    world.settle().await;
    order
}

fn edited(order: &Order, details: &Details, price: i64) -> Vec<Line> {
    let mut lines = order.basket(details).to_vec();
    let mut more = lines[0].clone();
    more.name = "Доставка".into();
    (more.price, more.amount) = (Money::rub(price), Money::rub(price));
    lines.push(more);
    lines
}

#[tokio::test]
async fn an_order_that_costs_more_is_told_of_before_it_is_charged() {
    let world = World::new().await;
    let order = ordered(&world, "ru").await;
    let loaded = world.load(&order.id).await;
    let lines = edited(&loaded.order, &loaded.details, 25_000);
    apply(&world.ports, &order.id, &Command::Edit { lines, by: Initiator::Partner }).await.unwrap();
    world.settle().await;
    let (letter, sms) = latest(&world);
    says(
        &letter,
        &["Сумма заказа выросла", "Добавлено: Доставка: 1 × 250,00 ₽", "Было: 3 000,00 ₽", "Стало: 3 250,00 ₽"],
    );
    says(&letter, &["отмените заказ на его странице до списания", "help@shop.example"]);
    says(&sms, &["подорожал, теперь 3 250,00 ₽"]);
    let page = world.get(&world.page(&order)).await.text().replace('\u{a0}', " ");
    says(&page, &["Доставка", "3 250,00 ₽", "Состав заказа изменён"]);
    let lines = vec![loaded.details.lines[0].clone()];
    let cheaper = lines.into_iter().map(|line| Line { price: Money::rub(9_900), amount: Money::rub(9_900), ..line });
    let edit = Command::Edit { lines: cheaper.collect(), by: Initiator::Partner };
    apply(&world.ports, &order.id, &edit).await.unwrap();
    world.settle().await;
    says(&latest(&world).0, &["Заказ изменён", "Изменено: Выписка ЕГРН: 1 × 3 000,00 ₽ → 1 × 99,00 ₽"]);
    all_told(&world, &order).await;
}

#[tokio::test]
async fn a_charge_without_the_buyer_says_who_why_and_how_to_stop_it() {
    for (language, parts, sms) in [
        (
            "ru",
            [
                "Оплата списана с сохранённой карты",
                "Кто списал: продавец",
                "Причина: заказ собран",
                "С чего: Мир •• 0001",
                "отключите или удалите карту",
            ],
            "оплачен сохранённой картой: 3 000,00 ₽",
        ),
        (
            "en",
            [
                "Your saved card was charged",
                "Charged by: the seller",
                "Reason: заказ собран",
                "Charged to: Мир •• 0001",
                "switch the card off",
            ],
            "charged to your saved card: 3,000.00 ₽",
        ),
    ] {
        let world = World::new().await;
        let order = ordered(&world, language).await;
        let means = world.load(&order.id).await.order.means.unwrap();
        let start = Start {
            account: means.account,
            by: Initiator::Partner,
            reason: Some("заказ собран".into()),
            means: Some(means.id),
            ..Start::default()
        };
        apply(&world.ports, &order.id, &Command::StartPayment(start)).await.unwrap();
        world.settle().await;
        assert!(world.load(&order.id).await.order.has(Event::Captured));
        let (letter, text) = latest(&world);
        says(&letter, &parts);
        says(&letter, &["help@apikassa.example", "help@shop.example"]);
        says(&text, &[sms]);
        all_told(&world, &order).await;
    }
}

#[tokio::test]
async fn means_switched_off_are_not_charged() {
    let world = World::new().await;
    let order = ordered(&world, "ru").await;
    let means = world.load(&order.id).await.order.means.unwrap();
    workflows::wallet::enable(&world.ports, &world.shop, "buyer-1", &means.id, false).await.unwrap();
    let start = Start { by: Initiator::Partner, means: Some(means.id), ..Start::default() };
    apply(&world.ports, &order.id, &Command::StartPayment(start)).await.unwrap();
    world.settle().await;
    let order = world.load(&order.id).await.order;
    assert!(order.has(Event::PaymentDeclined) && !order.has(Event::Captured));
}

#[tokio::test]
async fn a_refund_of_a_part_names_the_part() {
    for (language, parts, sms) in [
        (
            "ru",
            ["Часть денег возвращена", "Возвращено: 500,00 ₽", "Остаётся оплаченным: 2 500,00 ₽", "Возврат прихода"],
            "возвращено 500,00 ₽",
        ),
        (
            "en",
            ["A part of the money is returned", "Returned: 500.00 ₽", "Stays paid: 2,500.00 ₽", "Возврат прихода"],
            "returned: 500.00 ₽",
        ),
    ] {
        let world = World::new().await;
        let order = world.order(&both(language)).await;
        world.pay(&order, "success").await;
        world.settle().await;
        give_back(&world, &order, What::Amount(Money::rub(50_000))).await;
        let (letter, text) = latest(&world);
        says(&letter, &parts);
        says(&text, &[sms]);
        assert!(!text.contains("отменён") && !text.contains("refunded"), "{text}");
        give_back(&world, &order, What::Whole).await;
        let (letter, _) = latest(&world);
        says(&letter, &[if language == "ru" { "Возвращено: 2 500,00 ₽" } else { "Returned: 2,500.00 ₽" }]);
        all_told(&world, &order).await;
    }
}
