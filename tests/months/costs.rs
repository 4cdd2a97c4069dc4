//! What exports and statistics read of the table.

use std::sync::Arc;

use jiff::civil::date;
use storage::metered::{Meter, MeteredTable};
use storage::store::Store;
use support::World;
use workflows::exports::{self, Days};
use workflows::ports::Ports;
use workflows::statistics::{self, Asked, By, Group};

use crate::paid;

#[tokio::test]
async fn what_it_costs_is_what_the_documents_say() {
    let world = World::new().await;
    for no in 1..=100 {
        paid(&world, &format!("A-{no}")).await;
    }
    let days = Days { from: date(2026, 11, 1), until: date(2026, 11, 30) };
    let asked = Asked { days, by: By::Day, group: Group::Status, orders_enough: statistics::ORDERS_ENOUGH };
    let meter = Meter::new(|key| storage::keys::kind(key).to_owned());
    let table = MeteredTable::new(world.table.clone(), meter.clone());
    let ports = Ports { store: Store::new(Arc::new(table)), ..world.ports.clone() };
    let half_units = || meter.report().iter().map(|line| line.read_half_units).sum::<u64>();
    let page = statistics::page(&ports, &world.shop, &asked, None).await.unwrap();
    assert_eq!(page.rows.values().map(|row| row.paid).sum::<u64>(), 100);
    let statistics = half_units();
    let orders = exports::page(&ports, &world.shop, days, None, 500).await.unwrap().orders;
    let listed = half_units() - statistics;
    for order in &orders {
        exports::details(&ports, order).await.unwrap();
    }
    let agreed = half_units() - statistics - listed;
    // Half units of read for a hundred orders; statistics have thirteen months before, four parts each, besides.
    println!("statistics {statistics}, orders {listed}, agreements {agreed}");
    assert!(statistics < 130 && listed < 75 && agreed <= 100, "{statistics} {listed} {agreed}");
}
