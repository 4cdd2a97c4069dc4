//! Rows as they were ever written. Today's program reads each, and writes it back the same: nothing is lost, nothing is reshaped.
//!
//! One file, one row: `{"key": {"pk", "sk"}, "version", "body", "due", "ttl"}`, the body as the JSON it is. A file is never
//! changed once a program that wrote such rows has run anywhere; a new shape is a new file, made by
//! `UPDATE=1 cargo test -p tests --test stored`, which adds what is missing and touches nothing that is there.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test can not go on without ends it, and says where")]

mod rows;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use domain::delivery::Delivery;
use domain::details::Details;
use domain::exchange::Exchange;
use domain::id::Tenant;
use domain::ledger::{BookEntry, DayBook, Prepaid, Purse};
use domain::order::Order;
use domain::partner::Partner;
use domain::payout::Payout;
use domain::subscription::Subscription;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use storage::keys;
use storage::memory::MemoryTable;
use storage::store::{KeyClaim, KeyRow, ListedKey, NumberClaim, PayoutOwner, Store};
use storage::table::{Condition, Due, Freshness, Item, Key, Table as _, Write};
use workflows::execution::StoredResult;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("stored/rows")
}

/// Every row on file, by the file's name.
fn stored() -> BTreeMap<String, Value> {
    let mut rows = BTreeMap::new();
    for entry in fs::read_dir(folder()).unwrap().map(Result::unwrap) {
        let name = entry.file_name().to_string_lossy().trim_end_matches(".json").to_owned();
        let text = fs::read_to_string(entry.path()).unwrap();
        rows.insert(name.clone(), serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}")));
    }
    assert!(rows.len() > 20, "only {} rows are on file", rows.len());
    rows
}

fn key(row: &Value) -> Key {
    Key { pk: row["key"]["pk"].as_str().unwrap().to_owned(), sk: row["key"]["sk"].as_str().unwrap().to_owned() }
}

fn item(row: &Value) -> Item {
    let due = row.get("due").filter(|due| !due.is_null());
    let due =
        due.map(|due| Due { bucket: due["bucket"].as_str().unwrap().to_owned(), at: due["at"].as_i64().unwrap() });
    Item {
        key: key(row),
        version: row["version"].as_u64().unwrap(),
        body: row["body"].to_string(),
        due,
        ttl: row["ttl"].as_i64(),
    }
}

/// Reads a body and writes it again.
fn through<T: Serialize + DeserializeOwned>(name: &str, body: &Value) -> Value {
    let read: T =
        serde_json::from_value(body.clone()).unwrap_or_else(|error| panic!("{name} can not be read: {error}"));
    serde_json::to_value(read).unwrap()
}

/// Which type a row's body is, by its key.
fn rewritten(name: &str, row: &Value) -> Value {
    let (key, body) = (key(row), &row["body"]);
    match (key.pk.split('#').next().unwrap(), key.sk.len()) {
        ("O", keys::HEAD_LENGTH) => through::<Order>(name, body),
        ("O", _) if key.sk.ends_with("#A") => through::<Details>(name, body),
        ("O", _) => through::<Delivery>(name, body),
        ("X", _) => through::<StoredResult>(name, body),
        ("N", _) => through::<NumberClaim>(name, body),
        ("I", _) => through::<KeyClaim>(name, body),
        ("P", _) => through::<Partner>(name, body),
        ("TENANTS" | "Q" | "V", _) => through::<()>(name, body),
        ("K", _) => through::<KeyRow>(name, body),
        ("A", _) => through::<Vec<ListedKey>>(name, body),
        ("B", _) => through::<domain::wallet::Kept>(name, body),
        ("R", _) => through::<Subscription>(name, body),
        ("Y", _) => through::<Payout>(name, body),
        ("Z", _) if key.pk.starts_with("Z#i#") => through::<Tenant>(name, body),
        ("Z", _) => through::<PayoutOwner>(name, body),
        ("F", _) => through::<domain::debt::Invoice>(name, body),
        ("U", _) if key.pk.ends_with("#r") => through::<storage::income::Remittance>(name, body),
        ("U", _) if keys::is_income_row(&key) => through::<storage::income::Registered>(name, body),
        ("U", _) => through::<domain::income_tax::Year>(name, body),
        ("G", _) => through::<DayBook>(name, body),
        ("PRICES", _) => through::<Vec<domain::usage::Price>>(name, body),
        ("H", _) if key.pk.ends_with("#s") => through::<domain::usage::Sent>(name, body),
        ("H", _) if key.sk.starts_with(keys::USAGE_MONTH) => through::<domain::usage::Month>(name, body),
        ("H", _) => through::<domain::usage::Usage>(name, body),
        ("M", _) if key.sk == "@draft" => through::<domain::report::pages::Draft>(name, body),
        ("M", _) if key.sk == "@letters" => through::<domain::report::letters::Letters>(name, body),
        ("M", _) if key.pk.matches('#').count() > 1 => {
            // Deflated as exchanges are.
            let lines = String::from_utf8(storage::exchanges::lines(&body.to_string()).unwrap()).unwrap();
            for line in lines.lines() {
                let line: Value = serde_json::from_str(line).unwrap();
                let again = match key.sk.get(..1) {
                    Some("m") => through::<domain::report::Movement>(name, &line),
                    _ => through::<domain::report::Line>(name, &line),
                };
                assert_eq!(again, line, "{name}");
            }
            body.clone()
        }
        ("M", _) => through::<domain::report::Closed>(name, body),
        ("L", _) if key.pk.ends_with("#c") => through::<String>(name, body),
        ("TARIFFS", _) => through::<domain::tariff::Tariff>(name, body),
        ("PROMOS", _) => through::<domain::tariff::Promo>(name, body),
        ("L", _) if key.pk.ends_with("#p") && key.sk == "S" => through::<Prepaid>(name, body),
        ("L", _) if key.pk.ends_with("#p") => through::<Purse>(name, body),
        ("L", _) => through::<BookEntry>(name, body),
        ("W", _) => match key.pk.split('#').nth(2) {
            Some("p") => through::<domain::reconcile::Filing>(name, body),
            Some("d") => through::<domain::reconcile::Filed>(name, body),
            Some("r") => through::<domain::reconcile::Run>(name, body),
            Some("i") => through::<jiff::civil::Date>(name, body),
            None if key.sk == "settings" => through::<workflows::reconciliation::Rules>(name, body),
            None => through::<workflows::reconciliation::Progress>(name, body),
            // A page of rows, deflated: read where it is used.
            Some(_) => body.clone(),
        },
        ("E", _) => {
            let lines = String::from_utf8(storage::exchanges::lines(&body.to_string()).unwrap()).unwrap();
            assert!(lines.lines().count() > 0, "{name}");
            for line in lines.lines() {
                let line: Value = serde_json::from_str(line).unwrap();
                assert_eq!(through::<Exchange>(name, &line), line, "{name}");
            }
            body.clone()
        }
        ("S", _) if key.sk == "clock" => through::<i64>(name, body),
        // The sandbox's own things are private to it: its rows are read by itself, below.
        ("S" | "C", _) => body.clone(),
        _ => panic!("{name}: no such row is known: {key:?}"),
    }
}

#[test]
fn every_row_ever_written_is_read_and_written_back_the_same() {
    for (name, row) in stored() {
        assert_eq!(rewritten(&name, &row), row["body"], "{name} is not written as it was read");
    }
}

#[test]
fn the_key_of_a_head_leads_to_its_order_and_back() {
    let heads = stored().into_iter().filter(|(name, _)| name.starts_with("order-"));
    let mut seen = 0;
    for (name, row) in heads {
        let (found, order) = (key(&row), keys::order_of(&key(&row)));
        let order = order.unwrap_or_else(|| panic!("{name}: {found:?} is no order's key"));
        assert_eq!(keys::head(&order), found, "{name}");
        if let Some(due) = item(&row).due {
            assert_eq!(due.bucket, keys::order_due_bucket(&order), "{name}");
        }
        seen += 1;
    }
    assert!(seen > 8, "only {seen} heads are on file");
}

async fn table_of(rows: impl IntoIterator<Item = &Value>) -> Store {
    let table = MemoryTable::new();
    for row in rows {
        table.put(Write { item: item(row), condition: Condition::Always }).await.unwrap();
    }
    Store::new(Arc::new(table))
}

#[tokio::test]
async fn an_old_order_is_loaded_with_its_agreement_and_passes_the_audit() {
    let rows = stored();
    for (name, row) in rows.iter().filter(|(name, _)| name.starts_with("order-")) {
        // Until the buyer agrees, the offer lies in the head itself.
        let agreement = rows.get(&name.replacen("order-", "agreement-", 1));
        let store = table_of([row].into_iter().chain(agreement)).await;
        let id = keys::order_of(&key(row)).unwrap();
        let loaded =
            store.load(&id, Freshness::Consistent).await.unwrap().unwrap_or_else(|| panic!("{name}: not found"));
        assert_eq!(loaded.order.version, row["version"].as_u64().unwrap(), "{name}");
        assert_eq!(serde_json::to_value(&loaded.order).unwrap(), row["body"], "{name}");
        if let Some(agreement) = agreement {
            assert_eq!(serde_json::to_value(&loaded.details).unwrap(), agreement["body"], "{name}");
        }
        let found = domain::audit::audit(&loaded.order, rows::moment(0), true);
        assert!(found.is_empty(), "{name}: {found:?}");
    }
}

#[tokio::test]
async fn what_is_not_an_order_is_found_by_todays_keys() {
    let rows = stored();
    let store = table_of(rows.values()).await;
    let tenant: Tenant = "demoshop.t".parse().unwrap();
    for (name, row) in &rows {
        let key = key(row);
        if key.pk.starts_with("Y#") {
            assert!(store.payout(&tenant, &key.sk).await.unwrap().is_some(), "{name}");
        }
        if key.pk == keys::TENANTS {
            assert!(store.tenants().await.unwrap().contains(&key.sk.parse().unwrap()), "{name}");
        }
        if let Some(number) = key.pk.strip_prefix("N#demoshop.t#") {
            assert!(store.number(&tenant, number).await.unwrap().is_some(), "{name}");
        }
        if let Some(sha256) = key.pk.strip_prefix("K#") {
            let owner = store.key_owner(sha256, rows::moment(0)).await.unwrap();
            assert_eq!(owner.is_some(), name != "api-key-revoked", "{name}");
        }
        if key.pk.starts_with("R#") {
            assert!(store.subscription(&tenant, &key.sk).await.unwrap().is_some(), "{name}");
        }
        if key.pk.starts_with("A#") {
            assert!(!store.listed_keys(&tenant).await.unwrap().is_empty(), "{name}");
        }
        if key.pk.starts_with("Q#") {
            let order = keys::concern_order(&key).unwrap();
            assert_eq!(keys::concern(&order), key, "{name}");
            let listed = store.concerns(&key.pk, Some(&tenant), None, 10).await.unwrap();
            assert!(listed.orders.iter().any(|listed| listed.order == order), "{name}");
        }
        if key.pk.starts_with("V#") {
            let order = keys::given_order(&key).unwrap();
            let alone = table_of([row]).await;
            let given = alone.is_given(&order, key.pk.rsplit('#').next().unwrap()).await.unwrap();
            assert_eq!(given, name == "couriers-order", "{name}");
        }
        if key.pk.starts_with("B#") {
            assert_eq!(store.wallet(&tenant, "buyer-1").await.unwrap().len(), 1, "{name}");
        }
    }
    assert_eq!(store.payout_of_number(1).await.unwrap().unwrap().tenant, tenant);
    assert!(store.last_day_book(&tenant).await.unwrap().is_some());
    assert!(
        !store
            .book_entries(&tenant, domain::time::moscow_date(domain::time::Timestamp::UNIX_EPOCH))
            .await
            .unwrap()
            .is_empty()
    );
    assert!(store.purse(&tenant).await.unwrap().version > 0);
    assert!(store.prepaid(&tenant).await.unwrap().version > 0);
    assert_eq!(store.tariffs(rows::moment(0)).await.unwrap().len(), 1);
    assert!(store.promo("START3").await.unwrap().is_some());
    let exchanges = store.exchanges(&tenant, rows::moment(0), None, 100).await.unwrap();
    assert!(!exchanges.rows.is_empty() && exchanges.rows.iter().all(|(_, exchanges)| !exchanges.is_empty()));
    assert_eq!(store.clock_offset(&tenant).await.unwrap(), 259_200);
    assert!(store.partner(&tenant, rows::moment(0)).await.unwrap().is_some());
    // Leased by a hundred: numbers on file are never given out again.
    let taken: Vec<_> = (0..100).map(domain::id::BillNumber::new).collect();
    assert!(!taken.contains(&store.next_bill().await.unwrap()));
    for kind in ["deal", "document", "register", "executor"] {
        assert!(!store.sandbox_rows(&tenant, kind, 10).await.unwrap().is_empty(), "{kind}");
    }
}

#[tokio::test]
async fn the_sandbox_reads_its_old_rows() {
    let world = support::World::new().await;
    for row in stored().values().filter(|row| row["key"]["pk"].as_str().unwrap().starts_with("S#demoshop.t#")) {
        world.table.put(Write { item: item(row), condition: Condition::Always }).await.unwrap();
    }
    let mut looked = 0;
    for kind in ["deal", "till", "document", "executor"] {
        for (id, _) in world.ports.store.sandbox_rows(&world.shop, kind, 100).await.unwrap() {
            // A row that can not be read is an error of its worker's.
            let body = serde_json::json!({ "tenant": "demoshop.t", "kind": kind, "id": id }).to_string();
            sandbox_worker::handle(world.ports.clone(), body)
                .await
                .unwrap_or_else(|error| panic!("{kind} {id}: {error}"));
            looked += 1;
        }
    }
    assert!(looked >= 4, "{looked}");
}

#[expect(clippy::disallowed_methods, reason = "whoever runs the test says that files may be made")]
fn update_is_wanted() -> bool {
    std::env::var_os("UPDATE").is_some()
}

/// Adds the shapes that are not on file yet. Does nothing without `UPDATE=1`, but fails when a shape is missing.
#[tokio::test]
async fn every_shape_of_today_is_on_file() {
    let update = update_is_wanted();
    let shapes = Box::pin(rows::shapes_of_today()).await;
    let mut missing = Vec::new();
    for (name, row) in shapes {
        let path = folder().join(format!("{name}.json"));
        if path.exists() {
            continue;
        }
        if update {
            fs::create_dir_all(folder()).unwrap();
            fs::write(path, format!("{}\n", serde_json::to_string_pretty(&row).unwrap())).unwrap();
        } else {
            missing.push(name);
        }
    }
    assert!(
        missing.is_empty(),
        "no file for {missing:?}: UPDATE=1 cargo test -p tests --test stored, then look at the new files"
    );
}
