//! What an order's page says while money is held, when a part of it moved, and when it went back.
#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

use domain::acquiring::{Lapse, Stages};
use domain::money::Money;
use domain::order::{Cancellation, Command, Initiator, Order, Status, What};
use support::{World, wish};
use workflows::orders::{OrderRequest, ScenarioRequest};
use workflows::perform::apply;

fn manual(number: &str) -> OrderRequest {
    let scenario = Some(ScenarioRequest { execution: Some("manual".into()), receipt: None });
    OrderRequest { scenario, ..wish(number) }
}

async fn held(world: &World) -> Order {
    let order = world.order_with(&manual("A-1"), |offer| offer.payment.stages = Stages::Two).await;
    world.pay(&order, "success").await;
    order
}

async fn page(world: &World, order: &Order) -> String {
    world.get(&world.page(order)).await.text().replace('\u{a0}', " ")
}

fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part}: {text}");
    }
}

async fn give_back(world: &World, order: &Order, what: What) {
    let cancellation = Cancellation { by: Initiator::Partner, what, reason: None, terminal: None, asked: None };
    apply(&world.ports, &order.id, &Command::Cancel(cancellation)).await.unwrap();
}

#[tokio::test]
async fn held_money_is_not_called_taken() {
    let world = World::new().await;
    let offered = world.order_with(&manual("A-0"), |offer| offer.payment.stages = Stages::Two).await;
    says(&page(&world, &offered).await, &["Деньги удержим на карте, а спишем, когда магазин подтвердит заказ"]);
    let order = held(&world).await;
    let shown = world.get(&world.page(&order)).await;
    assert!(shown.refresh().unwrap().1.starts_with("https://shop.example/paid?"), "the buyer goes back to the shop");
    for _ in 0..2 {
        let text = page(&world, &order).await;
        says(&text, &["Деньги удержаны", "3 000,00 ₽", "28 ноября 2026", "снимется само", "Чек придёт, когда"]);
        assert!(!text.contains("Заказ оплачен"), "{text}");
        // Handed over to be carried out: held all the same.
        world.settle().await;
    }
    let order = world
        .order_with(&manual("A-2"), |offer| {
            offer.payment.stages = Stages::Two;
            offer.payment.hold_end = Lapse::Captured;
        })
        .await;
    world.pay(&order, "success").await;
    says(&page(&world, &order).await, &["В конце срока сумма спишется"]);
}

#[tokio::test]
async fn a_part_is_taken_and_the_rest_let_go() {
    let world = World::new().await;
    let order = held(&world).await;
    world.settle().await;
    let capture = Command::Capture { what: What::Amount(Money::rub(200_000)), by: Initiator::Partner };
    apply(&world.ports, &order.id, &capture).await.unwrap();
    world.settle().await;
    let text = page(&world, &order).await;
    says(
        &text,
        &["Заказ оплачен", "Списано", "2 000,00 ₽", "Удержание снято", "1 000,00 ₽", "Удержанные деньги списаны"],
    );
}

#[tokio::test]
async fn a_hold_that_is_let_go_took_nothing() {
    let world = World::new().await;
    let order = held(&world).await;
    give_back(&world, &order, What::Whole).await;
    says(&page(&world, &order).await, &["Снимаем удержание", "Деньги не списаны", "3 000,00 ₽"]);
    world.settle().await;
    let text = page(&world, &order).await;
    says(&text, &["Удержание снято", "Деньги не списаны", "3 000,00 ₽", "Вернуться в магазин"]);
    assert!(!text.contains("Время на оплату вышло"), "{text}");
    assert_eq!(world.status(&order.id).await, Status::Cancelled);
}

#[tokio::test]
async fn an_overdue_order_whose_money_is_held_is_cancelled_without_a_refund() {
    let world = World::new().await;
    let order = held(&world).await;
    world.settle().await;
    world.advance(3 * 86_400);
    world.settle().await;
    says(&page(&world, &order).await, &["Исполнение задерживается", "Отменить заказ и снять удержание"]);
    let question = world.get(&format!("{}/cancel", world.page(&order))).await;
    says(&question.text(), &["Снимем удержание", "Деньги останутся у вас"]);
    let csrf = question.input("csrf").unwrap();
    world.post(&format!("{}/cancel", world.page(&order)), &[("csrf", &csrf)]).await;
    world.settle().await;
    says(&page(&world, &order).await, &["Удержание снято", "Вы отменили заказ"]);
}

#[tokio::test]
async fn a_part_that_went_back_is_said_beside_what_stays_paid() {
    let world = World::new().await;
    let order = world.order(&manual("A-1")).await;
    world.pay(&order, "refund_slow").await;
    world.settle().await;
    give_back(&world, &order, What::Amount(Money::rub(50_000))).await;
    world.pump_all().await;
    says(&page(&world, &order).await, &["Заказ оплачен", "Возвращаем", "500,00 ₽"]);
    world.pass(1_800, 600).await;
    let text = page(&world, &order).await;
    says(&text, &["Заказ оплачен", "Возвращено", "500,00 ₽", "Часть денег возвращена", "Чек возврата выдан"]);
    give_back(&world, &order, What::Whole).await;
    let text = page(&world, &order).await;
    says(&text, &["Заказ отменён", "Вернём", "2 500,00 ₽"]);
    world.pass(1_800, 600).await;
    says(&page(&world, &order).await, &["Деньги возвращены", "3 000,00 ₽"]);
}
