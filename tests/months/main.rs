//! Months that are closed: whoever is cut short, and however often, the same report comes of it; its papers, its letter, its alarm.
#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

mod closing;
mod costs;
mod letters;
mod papers;
mod usage;

use domain::order::Order;
use domain::report::{Closed, Period};
use http::Method;
use jiff::civil::date;
use support::{World, wish};

pub(crate) const DAY: i64 = 24 * 3_600;

pub(crate) fn november() -> Period {
    Period::of(date(2026, 11, 1))
}

pub(crate) fn december() -> Period {
    Period::of(date(2026, 12, 1))
}

/// Makes an order the buyer pays.
pub(crate) async fn paid(world: &World, number: &str) -> Order {
    let order = world.order(&wish(number)).await;
    world.pay(&order, "success").await;
    world.settle().await;
    order
}

/// Has an order's money go back.
pub(crate) async fn cancelled(world: &World, order: &Order) {
    let answer = world.api(Method::POST, &format!("/v1/orders/{}/cancel", order.id), &world.key, "{}").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    world.settle().await;
}

/// A world whose November is over, and not closed: seven paid, three of them refunded, one never paid.
pub(crate) async fn over() -> World {
    let world = World::new().await; // 21 November
    for no in 1..=7 {
        let order = paid(&world, &format!("A-{no}")).await;
        if no % 2 == 0 {
            cancelled(&world, &order).await;
        }
    }
    world.order(&wish("A-8")).await;
    world.pass(11 * DAY, 6 * 3_600).await;
    world
}

pub(crate) async fn report(world: &World, period: Period) -> Closed {
    world.ports.store.report(&world.shop, period).await.unwrap().unwrap()
}
