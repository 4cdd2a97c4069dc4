//! What receipts and messages of a month cost: counted once whoever is cut short, and the audit names what does not fit.

use std::sync::Arc;

use domain::ledger::BookKind;
use domain::usage::{Kind, Price, Usage};
use jiff::civil::date;
use storage::table::{Condition, Item, Key, Table as _, Write};
use support::World;
use workflows::ports::Ports;

use crate::closing::{Crashing, copied, over_table};
use crate::{DAY, november, over};

async fn priced() -> World {
    let world = over().await;
    let price = |kind, price: i64| Price { kind, since: date(2026, 11, 1), price: price.into() };
    let prices = vec![price(Kind::Receipt, 1), price(Kind::Email, 2)];
    workflows::usage::set_prices(&world.ports, prices).await.unwrap();
    world
}

async fn rules(ports: &Ports) -> Vec<&'static str> {
    let report = workflows::audit::audit(ports, &|| {}).await.unwrap();
    report.findings.iter().map(|finding| finding.rule).collect()
}

/// Rows of what was used, and the entries of its cost, as they lie in the table.
fn kept(items: &[Item]) -> Vec<(String, String)> {
    let is_own = |item: &&Item| item.key.pk.starts_with("H#") || item.key.sk.contains("#usage.booked/");
    items.iter().filter(is_own).map(|item| (item.key.sk.clone(), item.body.clone())).collect()
}

async fn replace(world: &World, key: Key, body: String) {
    let item = world.table.all_items().into_iter().find(|item| item.key == key).unwrap();
    world.table.put(Write { item: Item { body, ..item }, condition: Condition::Always }).await.unwrap();
}

#[tokio::test]
async fn whoever_is_cut_short_counts_and_books_the_same() {
    let world = priced().await;
    let before = world.table.all_items();
    world.close_days().await;
    let wanted = kept(&world.table.all_items());
    let (store, shop) = (&world.ports.store, &world.shop);
    let month = store.usage_month(shop, november()).await.unwrap().unwrap();
    // Seven were paid, and three of them went back.
    assert_eq!(month.used.of(Kind::Receipt).count, 10);
    assert_eq!(month.cost().unwrap().minor(), 1_000 + 200 * i64::from(month.used.of(Kind::Email).count));
    let entries = store.book_entries(shop, date(2026, 11, 1)).await.unwrap();
    assert_eq!(entries.iter().filter(|entry| entry.kind == BookKind::UsageBooked).count(), 1);
    for (at, done) in (0..60).flat_map(|at| [(at, false), (at, true)]) {
        let table = Arc::new(Crashing::new(copied(&before).await, at, done));
        let ports = over_table(&world, Arc::clone(&table) as _);
        let down = month_close::tick(ports.clone()).await.is_err();
        if table.writes() <= at {
            assert!(at > 10 && !down, "only {at} writes");
            return;
        }
        month_close::tick(ports.clone()).await.unwrap();
        let now: Vec<_> = table.all_items();
        assert_eq!(kept(&now), wanted, "cut short at write {at}, {done}");
        assert_eq!(rules(&ports).await, [""; 0], "cut short at write {at}, {done}");
    }
    panic!("the tick never ends");
}

#[tokio::test]
async fn the_audit_names_what_does_not_fit() {
    let world = priced().await;
    world.close_days().await;
    assert_eq!(rules(&world.ports).await, [""; 0]);
    let (store, shop) = (&world.ports.store, &world.shop);
    let days = store.usage_days(shop, date(2026, 11, 1), date(2026, 11, 30)).await.unwrap();
    let (day, used) = days.first_key_value().unwrap();
    let mut more = used.clone();
    more.add(Kind::Receipt, 1);
    store.put_usage_day(shop, *day, &more).await.unwrap();
    assert_eq!(rules(&world.ports).await, ["usage.day", "usage.month"]);
    store.put_usage_day(shop, *day, used).await.unwrap();
    store.put_usage_day(shop, date(2026, 11, 29), &more).await.unwrap();
    assert_eq!(rules(&world.ports).await, ["usage.day", "usage.month"], "a day on which nothing was");
    store.put_usage_day(shop, date(2026, 11, 29), &Usage::default()).await.unwrap();
    assert_eq!(rules(&world.ports).await, [""; 0]);

    // The month says another cost than its entry.
    let key = storage::keys::usage_month(shop, november());
    let mut month = store.usage_month(shop, november()).await.unwrap().unwrap();
    month.costs.clear();
    month.prices.clear();
    replace(&world, key, serde_json::to_string(&month).unwrap()).await;
    assert_eq!(rules(&world.ports).await, ["usage.books"]);
}

#[tokio::test]
async fn months_in_which_nobody_looked_are_reckoned_one_after_the_other() {
    let world = priced().await;
    world.pass(62 * DAY, DAY).await;
    world.close_days().await;
    let months = world.ports.store.usage_months(&world.shop, 10).await.unwrap();
    let periods: Vec<_> = months.iter().map(|(period, _)| period.to_string()).collect();
    assert_eq!(periods, ["2027-01", "2026-12", "2026-11"]);
    assert_eq!(rules(&world.ports).await, [""; 0]);
}

#[tokio::test]
async fn what_is_written_of_days_and_months_is_what_the_template_allows() {
    let template = include_str!("../../template.yaml");
    let policy = template.split("\n  KeepsBooks:").nth(1).unwrap();
    let keys = policy.split("dynamodb:LeadingKeys: [").nth(1).unwrap().split(']').next().unwrap();
    let allowed: Vec<&str> = keys.split(", ").map(|key| key.trim_matches('"').trim_end_matches('*')).collect();
    let world = priced().await;
    let before = world.table.all_items();
    world.close_days().await;
    let written: Vec<_> = world.table.all_items().into_iter().filter(|item| !before.contains(item)).collect();
    for start in ["G#", "H#", "L#", "M#"] {
        assert!(written.iter().any(|item| item.key.pk.starts_with(start)), "nothing of {start} was written");
    }
    for Item { key, .. } in written {
        assert!(allowed.iter().any(|start| key.pk.starts_with(start)), "{key:?} may not be written by {allowed:?}");
    }
}
