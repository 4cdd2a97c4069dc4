//! The contract of [`Table`]: every promise is asked of `MemoryTable` and of `DynamoTable`, the latter through the real SDK against an
//! embedded DynamoDB served on loopback. Then what only one of them can show: lost answers, prices, a file that is opened again.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, and the promises are no test functions themselves"
)]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use storage::dynamo::DynamoTable;
use storage::memory::MemoryTable;
use storage::metered::{Meter, MeteredTable};
use storage::table::{Condition, Due, Freshness, Item, Key, Page, Range, Table, TableError, Write};
use support::{Script, Served, TABLE, answer, client, key, lossy, refused_port, scripted, served};

/// Runs each promise on both tables.
macro_rules! contract {
    ($($promise:ident)*) => {
        mod memory {
            $(#[tokio::test] async fn $promise() { super::$promise(std::sync::Arc::new(super::MemoryTable::new())).await; })*
        }
        mod dynamo {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $promise() {
                let served = super::served().await;
                super::$promise(std::sync::Arc::new(served.table())).await;
            })*
        }
    };
}

contract! {
    an_item_comes_back_as_it_was_put
    nothing_is_an_answer
    a_put_happens_only_under_its_condition
    of_twenty_callers_on_one_version_exactly_one_wins
    of_twenty_commits_on_one_version_exactly_one_happens_with_all_its_writes
    a_commit_happens_as_a_whole_or_not_at_all
    the_first_failing_write_of_a_commit_is_named
    impossible_requests_are_refused_and_nothing_is_written
    a_range_is_in_key_order_and_ends_with_its_prefix
    a_range_goes_on_after_a_key_in_both_directions
    a_range_larger_than_a_megabyte_is_fetched_whole
    what_is_due_comes_earliest_first
    an_item_leaves_and_moves_in_the_due_index
    a_counter_adds_up_under_concurrency
    a_counter_is_an_item_with_a_number_only
    any_text_survives
}

type AnyTable = Arc<dyn Table>;

fn item(pk: &str, sk: &str, version: u64) -> Item {
    Item { key: key(pk, sk), version, body: format!(r#"{{"at":{version}}}"#), due: None, ttl: None }
}

fn due(bucket: &str, at: i64) -> Due {
    Due { bucket: bucket.to_owned(), at }
}

fn write(item: Item, condition: Condition) -> Write {
    Write { item, condition }
}

fn range(pk: &str, prefix: &str) -> Range {
    Range { pk: pk.to_owned(), prefix: prefix.to_owned(), after: None, descending: false, limit: 100 }
}

fn keys(page: &Page) -> Vec<&str> {
    page.items.iter().map(|item| item.key.sk.as_str()).collect()
}

fn conflict(result: Result<(), TableError>) -> usize {
    match result {
        Err(TableError::Conflict { write }) => write,
        other => panic!("a conflict was expected: {other:?}"),
    }
}

async fn stored(table: &AnyTable, pk: &str, sk: &str) -> Option<Item> {
    table.get(&key(pk, sk), Freshness::Consistent).await.unwrap()
}

async fn an_item_comes_back_as_it_was_put(table: AnyTable) {
    let full = Item { due: Some(due("D#1", 1_763_750_000)), ttl: Some(1_800_000_000), ..item("O#1", "head", 7) };
    let bare = Item { body: String::new(), ..item("O#1", "bare", 0) };
    for item in [full, bare] {
        table.put(write(item.clone(), Condition::Always)).await.unwrap();
        assert_eq!(stored(&table, &item.key.pk, &item.key.sk).await, Some(item.clone()));
        assert_eq!(table.get(&item.key, Freshness::Eventual).await.unwrap(), Some(item));
    }
    let without = item("O#1", "head", 8);
    table.put(write(without.clone(), Condition::Always)).await.unwrap();
    assert_eq!(stored(&table, "O#1", "head").await, Some(without), "a put replaces the whole item");
}

async fn nothing_is_an_answer(table: AnyTable) {
    assert_eq!(stored(&table, "O#1", "head").await, None);
    for (pk, sk) in [("", "head"), ("O#1", ""), (&"p".repeat(2049), "head"), ("O#1", &"s".repeat(1025))] {
        assert_eq!(stored(&table, pk, sk).await, None, "{pk:.20} {sk:.20}");
    }
    assert_eq!(
        table.query(&range("O#1", ""), Freshness::Consistent).await.unwrap(),
        Page { items: vec![], next: None }
    );
    assert_eq!(table.due("D#1", i64::MAX, 10).await.unwrap(), vec![]);
    assert_eq!(table.due("D#1", i64::MAX, 0).await.unwrap(), vec![]);
}

async fn a_put_happens_only_under_its_condition(table: AnyTable) {
    let put = async |version, condition| table.put(write(item("O#1", "head", version), condition)).await;
    assert_eq!(conflict(put(1, Condition::Version(0)).await), 0, "nothing is not version 0");
    put(1, Condition::NotExists).await.unwrap();
    assert_eq!(conflict(put(2, Condition::NotExists).await), 0);
    assert_eq!(conflict(put(2, Condition::Version(2)).await), 0);
    assert_eq!(stored(&table, "O#1", "head").await, Some(item("O#1", "head", 1)));
    put(2, Condition::Version(1)).await.unwrap();
    assert_eq!(conflict(put(2, Condition::Version(1)).await), 0);
    assert_eq!(stored(&table, "O#1", "head").await, Some(item("O#1", "head", 2)));
    put(u64::MAX, Condition::Always).await.unwrap();
    put(1, Condition::Version(u64::MAX)).await.unwrap();
    assert_eq!(stored(&table, "O#1", "head").await, Some(item("O#1", "head", 1)));
}

async fn of_twenty_callers_on_one_version_exactly_one_wins(table: AnyTable) {
    table.put(write(item("O#1", "head", 1), Condition::NotExists)).await.unwrap();
    for version in 1..=3 {
        let callers: Vec<_> = (0..20)
            .map(|caller| {
                let table = table.clone();
                let body = format!("caller {caller}");
                let item = Item { body: body.clone(), ..item("O#1", "head", version + 1) };
                tokio::spawn(async move { (body, table.put(write(item, Condition::Version(version))).await) })
            })
            .collect();
        let mut winners = Vec::new();
        for caller in callers {
            match caller.await.unwrap() {
                (body, Ok(())) => winners.push(body),
                (_, result) => assert_eq!(conflict(result), 0),
            }
        }
        assert_eq!(winners.len(), 1);
        assert_eq!(stored(&table, "O#1", "head").await.unwrap().body, winners[0]);
    }
}

async fn of_twenty_commits_on_one_version_exactly_one_happens_with_all_its_writes(table: AnyTable) {
    table.put(write(item("O#1", "head", 1), Condition::NotExists)).await.unwrap();
    let callers: Vec<_> = (0..20)
        .map(|caller| {
            let table = table.clone();
            let writes = vec![
                write(item("O#1", &format!("journal#{caller}"), 0), Condition::NotExists),
                write(item("O#1", "head", 2), Condition::Version(1)),
            ];
            tokio::spawn(async move { table.commit(writes).await })
        })
        .collect();
    let mut wins = 0;
    for caller in callers {
        match caller.await.unwrap() {
            Ok(()) => wins += 1,
            // 1 for the condition; an emulator serialises, DynamoDB may also say that another commit was in the way.
            result => assert_eq!(conflict(result), 1),
        }
    }
    assert_eq!(wins, 1);
    assert_eq!(stored(&table, "O#1", "head").await, Some(item("O#1", "head", 2)));
    assert_eq!(table.query(&range("O#1", "journal#"), Freshness::Consistent).await.unwrap().items.len(), 1);
}

async fn a_commit_happens_as_a_whole_or_not_at_all(table: AnyTable) {
    let writes = |head| {
        vec![
            write(item("O#1", "new", 1), Condition::NotExists),
            write(Item { due: Some(due("D#1", 5)), ..item("O#1", "head", head) }, Condition::Version(head - 1)),
            write(item("P#1", "other partition", 1), Condition::Always),
        ]
    };
    assert_eq!(conflict(table.commit(writes(2)).await), 1);
    assert_eq!(stored(&table, "O#1", "new").await, None);
    assert_eq!(stored(&table, "P#1", "other partition").await, None);
    assert_eq!(table.due("D#1", 9, 9).await.unwrap(), vec![]);
    table.put(write(item("O#1", "head", 1), Condition::NotExists)).await.unwrap();
    table.commit(writes(2)).await.unwrap();
    for write in writes(2) {
        assert_eq!(stored(&table, &write.item.key.pk, &write.item.key.sk).await, Some(write.item));
    }
    assert_eq!(table.due("D#1", 9, 9).await.unwrap(), vec![(key("O#1", "head"), 5)]);
    assert_eq!(conflict(table.commit(writes(3)).await), 0, "the same again: already there");
    assert_eq!(stored(&table, "O#1", "head").await.unwrap().version, 2);
}

async fn the_first_failing_write_of_a_commit_is_named(table: AnyTable) {
    table.put(write(item("O#1", "taken", 1), Condition::NotExists)).await.unwrap();
    for failing in 0..5 {
        let writes = (0..5)
            .map(|at| {
                let sk = if at == failing { "taken".to_owned() } else { format!("free#{failing}#{at}") };
                // The last one always fails as well.
                let condition = if at == 4 && failing != 4 { Condition::Version(9) } else { Condition::NotExists };
                write(item("O#1", &sk, 1), condition)
            })
            .collect();
        assert_eq!(conflict(table.commit(writes).await), failing);
    }
    let hundred = |count: usize| {
        (0..count).map(|at| write(item("O#1", &format!("of#{at:03}"), 1), Condition::NotExists)).collect::<Vec<_>>()
    };
    table.commit(hundred(100)).await.unwrap();
    assert_eq!(table.query(&range("O#1", "of#"), Freshness::Consistent).await.unwrap().items.len(), 100);
    assert_eq!(conflict(table.commit(hundred(100)[99..].to_vec()).await), 0);
}

async fn impossible_requests_are_refused_and_nothing_is_written(table: AnyTable) {
    let big = |sk: &str, bytes: usize| Item { body: "x".repeat(bytes), ..item("O#1", sk, 0) };
    let same = |at| write(item("O#1", "same", at), Condition::Always);
    let puts = [
        item("", "sk", 0),
        item("O#1", "", 0),
        item(&"p".repeat(2049), "sk", 0),
        item("O#1", &"s".repeat(1025), 0),
        big("big", 400 * 1024),
        Item { due: Some(due("", 1)), ..item("O#1", "due", 0) },
    ];
    for item in puts {
        let name = format!("{:.20} {:.20}", item.key.pk, item.key.sk);
        let refused = table.put(write(item, Condition::Always)).await;
        assert!(matches!(refused, Err(TableError::NotDone(_))), "{name}: {refused:?}");
    }
    let commits = [
        vec![],
        vec![same(1), same(2)],
        (0..101).map(|at| write(item("O#1", &format!("{at}"), 0), Condition::Always)).collect(),
        (0..11).map(|at| write(big(&format!("{at}"), 399 * 1024), Condition::Always)).collect(),
    ];
    for (index, writes) in commits.into_iter().enumerate() {
        let refused = table.commit(writes).await;
        assert!(matches!(refused, Err(TableError::NotDone(_))), "commit {index}: {refused:?}");
    }
    let refused = table.query(&Range { limit: 0, ..range("O#1", "") }, Freshness::Consistent).await;
    assert!(matches!(refused, Err(TableError::NotDone(_))), "{refused:?}");
    assert_eq!(table.query(&range("O#1", ""), Freshness::Consistent).await.unwrap().items, vec![]);
    // Exactly at the limit: 2 + 3, 2 + 3, 1 + 1 and 1 bytes beside the body.
    let largest = big("max", 400 * 1024 - 13);
    table.put(write(largest.clone(), Condition::Always)).await.unwrap();
    assert_eq!(stored(&table, "O#1", "max").await, Some(largest));
    let over = table.put(write(big("max", 400 * 1024 - 12), Condition::Always)).await;
    assert!(matches!(over, Err(TableError::NotDone(_))), "{over:?}");
}

async fn fill(table: &AnyTable) {
    for sk in ["a#1", "a#10", "a#2", "a", "A#1", "b#1", "я#1", "a#\u{10FFFF}"] {
        table.put(write(item("O#1", sk, 1), Condition::NotExists)).await.unwrap();
        table.put(write(item("O#10", sk, 1), Condition::NotExists)).await.unwrap();
    }
}

async fn a_range_is_in_key_order_and_ends_with_its_prefix(table: AnyTable) {
    fill(&table).await;
    let query = async |range: Range| table.query(&range, Freshness::Consistent).await.unwrap();
    let all = query(range("O#1", "")).await;
    assert_eq!(keys(&all), ["A#1", "a", "a#1", "a#10", "a#2", "a#\u{10FFFF}", "b#1", "я#1"]);
    assert_eq!(all.next, None);
    assert_eq!(all.items[0], item("O#1", "A#1", 1));
    assert_eq!(keys(&query(range("O#1", "a#")).await), ["a#1", "a#10", "a#2", "a#\u{10FFFF}"]);
    assert_eq!(keys(&query(range("O#1", "a#1")).await), ["a#1", "a#10"]);
    assert_eq!(keys(&query(range("O#1", "c")).await), [""; 0]);
    assert_eq!(keys(&query(range("O#", "")).await), [""; 0]);
    let descending = query(Range { descending: true, ..range("O#1", "a#") }).await;
    assert_eq!(keys(&descending), ["a#\u{10FFFF}", "a#2", "a#10", "a#1"]);
}

async fn a_range_goes_on_after_a_key_in_both_directions(table: AnyTable) {
    fill(&table).await;
    let query = async |range: Range| table.query(&range, Freshness::Eventual).await.unwrap();
    for (descending, prefix) in [(false, ""), (true, ""), (false, "a#"), (true, "a#")] {
        let whole = query(Range { descending, ..range("O#1", prefix) }).await;
        for limit in 1..=9 {
            let mut pages = Vec::new();
            let mut after = None;
            loop {
                let page = query(Range { descending, limit, after, ..range("O#1", prefix) }).await;
                assert!(page.items.len() <= limit);
                assert!(pages.len() <= whole.items.len(), "limit {limit}: it goes on and on");
                assert_eq!(page.next.is_some(), page.items.len() == limit, "limit {limit}");
                pages.extend(page.items);
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            assert_eq!(pages, whole.items, "limit {limit}");
        }
    }
    // A start that is no key of the partition, or outside of the prefix.
    let after = async |after: &str, descending| {
        let page = query(Range { after: Some(after.to_owned()), descending, ..range("O#1", "a#") }).await;
        keys(&page).join(" ")
    };
    assert_eq!(after("a#11", false).await, "a#2 a#\u{10FFFF}");
    assert_eq!(after("a#11", true).await, "a#10 a#1");
    assert_eq!(after("", false).await, "a#1 a#10 a#2 a#\u{10FFFF}");
    assert_eq!(after("", true).await, "");
    assert_eq!(after("A", false).await, "a#1 a#10 a#2 a#\u{10FFFF}");
    assert_eq!(after("A", true).await, "");
    assert_eq!(after("b", false).await, "");
    assert_eq!(after("b", true).await, "a#\u{10FFFF} a#2 a#10 a#1");
    let empty = query(Range { after: Some(String::new()), descending: true, ..range("O#1", "") }).await;
    assert_eq!(empty, Page { items: vec![], next: None });
    let edge = query(Range { after: Some(String::new()), ..range("O#1", "") }).await;
    assert_eq!(edge.items.len(), 8);
}

async fn a_range_larger_than_a_megabyte_is_fetched_whole(table: AnyTable) {
    for at in 0..7 {
        let item = Item { body: "x".repeat(300 * 1024), ..item("O#1", &format!("{at}"), 1) };
        table.put(write(item, Condition::NotExists)).await.unwrap();
    }
    let page = table.query(&range("O#1", ""), Freshness::Consistent).await.unwrap();
    assert_eq!(keys(&page), ["0", "1", "2", "3", "4", "5", "6"]);
    assert_eq!(page.next, None);
    let page = table.query(&Range { limit: 6, ..range("O#1", "") }, Freshness::Consistent).await.unwrap();
    assert_eq!(keys(&page), ["0", "1", "2", "3", "4", "5"]);
    assert_eq!(page.next.as_deref(), Some("5"));
}

async fn what_is_due_comes_earliest_first(table: AnyTable) {
    for (order, at) in [(1, 900), (2, 1000), (3, 5), (4, -20), (5, 1_763_750_000), (6, 20), (7, 0)] {
        let item = Item { due: Some(due("D#1", at)), ..item(&format!("O#{order}"), "head", 1) };
        table.put(write(item, Condition::NotExists)).await.unwrap();
    }
    table.put(write(Item { due: Some(due("D#10", 1)), ..item("O#8", "head", 1) }, Condition::NotExists)).await.unwrap();
    table.put(write(item("O#9", "head", 1), Condition::NotExists)).await.unwrap();
    let due = async |until, limit| {
        let found = table.due("D#1", until, limit).await.unwrap();
        found.into_iter().map(|(key, at)| (key.pk.replace("O#", ""), at)).collect::<Vec<_>>()
    };
    let expected = [("4", -20), ("7", 0), ("3", 5), ("6", 20), ("1", 900), ("2", 1000), ("5", 1_763_750_000)]
        .map(|(order, at)| (order.to_owned(), at));
    assert_eq!(due(i64::MAX, 100).await, expected);
    assert_eq!(due(900, 100).await, expected[..5], "until is inclusive");
    assert_eq!(due(899, 100).await, expected[..4]);
    assert_eq!(due(i64::MAX, 3).await, expected[..3]);
    assert_eq!(due(-21, 100).await, []);
}

async fn an_item_leaves_and_moves_in_the_due_index(table: AnyTable) {
    let put = async |version: u64, due: Option<Due>| {
        let condition = if version == 1 { Condition::NotExists } else { Condition::Version(version - 1) };
        table.put(write(Item { due, ..item("O#1", "head", version) }, condition)).await
    };
    let due_in = async |bucket: &str| {
        let found = table.due(bucket, i64::MAX, 10).await.unwrap();
        found.into_iter().map(|(_, at)| at).collect::<Vec<_>>()
    };
    put(1, Some(due("D#1", 10))).await.unwrap();
    assert_eq!(due_in("D#1").await, [10]);
    put(2, Some(due("D#1", 30))).await.unwrap();
    assert_eq!(due_in("D#1").await, [30], "moved in time, not doubled");
    put(3, Some(due("D#2", 30))).await.unwrap();
    assert_eq!((due_in("D#1").await, due_in("D#2").await), (vec![], vec![30]), "moved to another bucket");
    conflict(put(3, None).await);
    assert_eq!(due_in("D#2").await, [30], "a failed write moves nothing");
    let clear = vec![
        write(item("O#1", "head", 4), Condition::Version(3)),
        write(Item { due: Some(due("D#2", 1)), ..item("O#1", "other", 1) }, Condition::NotExists),
    ];
    table.commit(clear).await.unwrap();
    assert_eq!(table.due("D#2", i64::MAX, 10).await.unwrap(), vec![(key("O#1", "other"), 1)]);
}

async fn a_counter_adds_up_under_concurrency(table: AnyTable) {
    let callers: Vec<_> = (0..20)
        .map(|_| {
            let table = table.clone();
            tokio::spawn(async move { table.add(&key("C#1", "number"), 3).await.unwrap() })
        })
        .collect();
    let mut sums = BTreeSet::new();
    for caller in callers {
        sums.insert(caller.await.unwrap());
    }
    assert_eq!(sums, (1..=20).map(|times| times * 3).collect(), "each sum was given out once");
    assert_eq!(table.add(&key("C#1", "number"), 0).await.unwrap(), 60);
}

async fn a_counter_is_an_item_with_a_number_only(table: AnyTable) {
    assert_eq!(table.add(&key("C#1", "number"), 5).await.unwrap(), 5);
    let counter = Item { body: String::new(), ..item("C#1", "number", 5) };
    assert_eq!(stored(&table, "C#1", "number").await, Some(counter));
    let kept = Item { due: Some(due("D#1", 3)), ttl: Some(9), ..item("C#1", "item", 40) };
    table.put(write(kept.clone(), Condition::NotExists)).await.unwrap();
    assert_eq!(table.add(&key("C#1", "item"), 2).await.unwrap(), 42);
    assert_eq!(stored(&table, "C#1", "item").await, Some(Item { version: 42, ..kept }), "the rest stays");
    assert_eq!(table.due("D#1", 3, 9).await.unwrap().len(), 1);
}

async fn any_text_survives(table: AnyTable) {
    let bodies = [
        "Жёлтый чай №7 — 1 500,00 ₽",
        "quotes \" ' \\ and \u{0} \u{1f} \n \r \t",
        "🧾👩‍👩‍👧‍👦 \u{202e}right to left",
        r#"{"nested":"{\"json\":true}","empty":""}"#,
        "\u{feff}\u{FFFD}\u{10FFFF}",
    ];
    for (at, body) in bodies.into_iter().enumerate() {
        let item =
            Item { body: body.to_owned(), ..item("Покупатель #1", &format!("ключ {body} {at}"), 1) };
        table.put(write(item.clone(), Condition::NotExists)).await.unwrap();
        assert_eq!(table.get(&item.key, Freshness::Consistent).await.unwrap(), Some(item));
    }
}

/// A small generator: the history is the same on every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn chance(&mut self) -> bool {
        self.below(2) == 0
    }

    fn key(&mut self) -> Key {
        key(&format!("O#{}", self.below(3)), &format!("{}#{}", ["a", "b"][usize::from(self.chance())], self.below(4)))
    }

    fn write(&mut self) -> Write {
        let condition = match self.below(4) {
            0 => Condition::Always,
            1 => Condition::NotExists,
            _ => Condition::Version(self.below(4)),
        };
        let at = i64::try_from(self.below(50)).unwrap();
        let due = self.chance().then(|| Due { bucket: format!("D#{}", self.below(2)), at });
        let ttl = self.chance().then_some(at);
        let body = "x".repeat(usize::try_from(self.below(3) * 900).unwrap());
        Write { item: Item { key: self.key(), version: self.below(4), body, due, ttl }, condition }
    }

    async fn ask(&mut self, sides: u64, table: &dyn Table, twin: &dyn Table) -> (String, String) {
        fn both<A: std::fmt::Debug>(one: A, other: A) -> (String, String) {
            (format!("{one:?}"), format!("{other:?}"))
        }
        let fresh = if self.chance() { Freshness::Consistent } else { Freshness::Eventual };
        match sides {
            0 => {
                let key = self.key();
                both(table.get(&key, fresh).await, twin.get(&key, fresh).await)
            }
            1 => {
                let range = Range {
                    pk: format!("O#{}", self.below(3)),
                    prefix: ["", "a", "b#"][usize::try_from(self.below(3)).unwrap()].to_owned(),
                    after: self.chance().then(|| self.key().sk),
                    descending: self.chance(),
                    limit: usize::try_from(self.below(5) + 1).unwrap(),
                };
                both(table.query(&range, fresh).await, twin.query(&range, fresh).await)
            }
            2 => {
                let bucket = format!("D#{}", self.below(2));
                let until = i64::try_from(self.below(60)).unwrap();
                // The order of entries due at the same second is nobody's promise.
                let sorted = |found: Result<Vec<(Key, i64)>, TableError>| {
                    let mut found = found.unwrap();
                    assert!(found.is_sorted_by_key(|(_, at)| *at));
                    found.sort_by(|one, other| (one.1, &one.0).cmp(&(other.1, &other.0)));
                    found
                };
                both(sorted(table.due(&bucket, until, 100).await), sorted(twin.due(&bucket, until, 100).await))
            }
            3 => {
                let (key, amount) = (self.key(), self.below(3));
                both(table.add(&key, amount).await.unwrap(), twin.add(&key, amount).await.unwrap())
            }
            4 | 5 => {
                let count = self.below(3) + 1;
                let mut writes: Vec<Write> = (0..count).map(|_| self.write()).collect();
                writes.sort_by(|one, other| one.item.key.cmp(&other.item.key));
                writes.dedup_by(|one, other| one.item.key == other.item.key);
                both(table.commit(writes.clone()).await, twin.commit(writes).await)
            }
            _ => {
                let write = self.write();
                both(table.put(write.clone()).await, twin.put(write).await)
            }
        }
    }
}

#[tokio::test]
async fn both_tables_and_the_meter_agree_on_a_long_random_history() {
    let served = served().await;
    let dynamo = served.table();
    let meter = Meter::new(|key| key.pk.clone());
    let metered = MeteredTable::new(dynamo.clone(), meter.clone());
    let memory = MemoryTable::new();
    let mut dice = Dice(20_261_121);
    for step in 0..1500 {
        let (reported, computed) = (dynamo.consumed(), sum(&meter));
        let sides = dice.below(9);
        let (one, other) = dice.ask(sides, &metered, &memory).await;
        assert_eq!(one, other, "step {step}");
        let reported = (dynamo.consumed().1 - reported.1, dynamo.consumed().2 - reported.2);
        let computed = (sum(&meter).0 - computed.0, sum(&meter).1 - computed.1);
        // A failed write is charged but nobody says how much.
        if !one.contains("Conflict") {
            assert_eq!((computed.0 * 1000, computed.1 * 500), reported, "step {step}: {sides} {one}");
        }
    }
    let mut rows = Vec::new();
    for pk in memory.partitions() {
        rows.extend(dynamo.query(&range(&pk, ""), Freshness::Consistent).await.unwrap().items);
    }
    assert_eq!(rows, memory.all_items());
}

fn sum(meter: &Meter) -> (u64, u64) {
    meter.report().iter().fold((0, 0), |sum, line| (sum.0 + line.write_units, sum.1 + line.read_half_units))
}

#[tokio::test]
async fn the_computed_price_is_the_reported_price() {
    use Freshness::{Consistent, Eventual};

    let served = served().await;
    let dynamo = served.table();
    let meter = Meter::new(|key| key.pk.clone());
    let table = MeteredTable::new(dynamo.clone(), meter.clone());
    let sized = |sk: &str, bytes: usize, due: Option<Due>| Item {
        // Beside the body: 2 + 3, 2 + the sort key, 1 + 2 and 1 for its name.
        body: "x".repeat(bytes - 11 - sk.len()),
        due,
        ..item("O#1", sk, 1)
    };
    let mut expected = (0, 0);
    let mut check = |case: &str, write_units: u64, read_half_units: u64| {
        expected = (expected.0 + write_units, expected.1 + read_half_units);
        assert_eq!(sum(&meter), expected, "computed: {case}");
        let (_, written, read) = dynamo.consumed();
        assert_eq!((written, read), (expected.0 * 1000, expected.1 * 500), "reported: {case}");
    };
    let put = async |item| table.put(write(item, Condition::Always)).await.unwrap();
    let get = async |sk, freshness| table.get(&key("O#1", sk), freshness).await.unwrap();

    put(sized("a", 1024, None)).await;
    check("exactly a kilobyte", 1, 0);
    put(sized("a", 1025, None)).await;
    check("a byte more", 2, 0);
    put(sized("a", 100, None)).await;
    check("shrunk: the larger of before and after", 2, 0);
    put(sized("a", 100, Some(due("D#1", 1_763_750_001)))).await;
    check("entered into the index", 1 + 1, 0);
    put(sized("a", 1500, Some(due("D#1", 1_763_750_001)))).await;
    check("the same entry", 2, 0);
    put(sized("a", 100, Some(due("D#1", 1_763_750_002)))).await;
    check("the entry moved", 2 + 2, 0);
    put(sized("a", 100, None)).await;
    check("the entry taken out", 1 + 1, 0);
    table
        .commit(vec![
            write(sized("a", 3000, Some(due("D#1", 5))), Condition::Version(1)),
            write(sized("b", 1024, None), Condition::NotExists),
        ])
        .await
        .unwrap();
    check("a commit doubles the items, not the index", 2 * (3 + 1) + 1, 0);
    for _ in 0..12 {
        table.add(&key("C#1", "number"), 9).await.unwrap();
    }
    check("a counter", 12, 0);
    get("a", Eventual).await;
    get("a", Consistent).await;
    check("3 KB, both ways", 0, 1 + 2);
    get("nothing", Eventual).await;
    get("nothing", Consistent).await;
    check("nothing, both ways", 0, 1 + 2);
    put(sized("c", 4097, None)).await;
    check("a byte over four kilobytes", 5, 0);
    get("c", Eventual).await;
    get("c", Consistent).await;
    check("read both ways", 0, 2 + 4);
    table.query(&range("O#1", ""), Consistent).await.unwrap();
    check("a range by its sum: 3000 + 1024 + 4097 bytes", 0, 4);
    table.query(&range("O#2", ""), Eventual).await.unwrap();
    check("an empty range", 0, 1);
    table.due("D#1", 9, 9).await.unwrap();
    check("what is due", 0, 1);
    assert_eq!(dynamo.consumed().0, 30);

    // What is charged without being said: by the existing item, in a commit by every write.
    let before = sum(&meter).0;
    conflict(table.put(write(sized("c", 100, None), Condition::NotExists)).await);
    assert_eq!(sum(&meter).0 - before, 5);
    conflict(table.put(write(sized("none", 3000, None), Condition::Version(1))).await);
    assert_eq!(sum(&meter).0 - before, 5 + 1);
    let writes =
        vec![write(sized("a", 100, None), Condition::Always), write(sized("b", 100, None), Condition::NotExists)];
    conflict(table.commit(writes).await);
    assert_eq!(sum(&meter).0 - before, 5 + 1 + 2 * (3 + 1));
    assert_eq!(sum(&meter).0 * 1000 - dynamo.consumed().1, (5 + 1 + 8) * 1000);
}

#[tokio::test]
async fn the_meter_tells_labels_kinds_and_crowded_keys_apart() {
    let meter = Meter::new(|key| key.pk.split('#').next().unwrap_or_default().to_owned());
    let table = MeteredTable::new(MemoryTable::new(), meter.clone());
    meter.start("paying");
    let writes = vec![
        write(item("O#1", "head", 1), Condition::NotExists),
        write(item("O#1", "journal", 1), Condition::NotExists),
        write(item("P#1", "balance", 1), Condition::Always),
    ];
    table.commit(writes.clone()).await.unwrap();
    meter.start("looking");
    table.get(&key("O#1", "head"), Freshness::Eventual).await.unwrap();
    table.query(&range("O#1", ""), Freshness::Consistent).await.unwrap();
    conflict(table.commit(writes).await);
    table.put(write(item("P#1", "balance", 1), Condition::Always)).await.unwrap();
    let lines: Vec<_> = meter
        .report()
        .into_iter()
        .map(|line| {
            format!("{} {} {} {} {}", line.label, line.kind, line.calls, line.write_units, line.read_half_units)
        })
        .collect();
    assert_eq!(lines, ["looking O 3 4 3", "looking P 2 3 0", "paying O 1 4 0", "paying P 1 2 0"]);
    assert_eq!(meter.calls().into_iter().collect::<Vec<_>>(), [("looking".to_owned(), 4), ("paying".to_owned(), 1)]);
    let touches: Vec<_> = meter.touches().into_iter().map(|(key, times)| (key.sk, times)).collect();
    assert_eq!(touches, [("head".to_owned(), 1), ("journal".to_owned(), 1), ("balance".to_owned(), 2)]);
}

#[tokio::test]
async fn a_lagging_table_answers_eventual_reads_from_before_the_last_write() {
    let lags = Arc::new(AtomicBool::new(false));
    let picker = lags.clone();
    let memory = MemoryTable::lagging(Arc::new(move || picker.load(Ordering::Relaxed)));
    let table: AnyTable = Arc::new(memory.clone());
    let head = |version, at| Item { due: Some(due("D#1", at)), ..item("O#1", "head", version) };
    table.put(write(item("O#1", "basket", 1), Condition::NotExists)).await.unwrap();
    table.put(write(head(1, 10), Condition::NotExists)).await.unwrap();
    let commit = vec![
        write(head(2, 20), Condition::Version(1)),
        write(item("O#1", "journal#1", 0), Condition::NotExists),
        write(item("P#1", "x", 0), Condition::NotExists),
    ];
    table.commit(commit).await.unwrap();
    table.put(write(item("Q#1", "elsewhere", 1), Condition::NotExists)).await.unwrap();
    lags.store(true, Ordering::Relaxed);
    let get = async |sk: &str, freshness| table.get(&key("O#1", sk), freshness).await.unwrap();
    assert_eq!(get("head", Freshness::Eventual).await, Some(head(1, 10)));
    assert_eq!(get("head", Freshness::Consistent).await, Some(head(2, 20)));
    assert_eq!(get("journal#1", Freshness::Eventual).await, None);
    assert_eq!(get("basket", Freshness::Eventual).await, Some(item("O#1", "basket", 1)));
    let all = range("O#1", "");
    assert_eq!(keys(&table.query(&all, Freshness::Eventual).await.unwrap()), ["basket", "head"]);
    assert_eq!(table.query(&all, Freshness::Eventual).await.unwrap().items[1], head(1, 10));
    assert_eq!(keys(&table.query(&all, Freshness::Consistent).await.unwrap()), ["basket", "head", "journal#1"]);
    assert_eq!(table.due("D#1", 99, 9).await.unwrap(), vec![(key("O#1", "head"), 10)]);
    table.put(write(item("O#1", "head", 3), Condition::Version(2))).await.unwrap();
    assert_eq!(
        get("journal#1", Freshness::Eventual).await,
        Some(item("O#1", "journal#1", 0)),
        "only the last write lags"
    );
    assert_eq!(table.due("D#1", 99, 9).await.unwrap(), vec![(key("O#1", "head"), 20)]);
    lags.store(false, Ordering::Relaxed);
    assert_eq!(get("head", Freshness::Eventual).await, Some(item("O#1", "head", 3)));
    assert_eq!(table.due("D#1", 99, 9).await.unwrap(), vec![]);
    assert_eq!(memory.partitions(), ["O#1", "P#1", "Q#1"]);
    assert_eq!(memory.all_items().len(), 5);
}

/// Every operation, by name, with the word for what became of it.
async fn every_operation(table: &dyn Table) -> Vec<(&'static str, &'static str)> {
    fn word<A>(result: &Result<A, TableError>) -> &'static str {
        match result {
            Ok(_) => "done",
            Err(TableError::Conflict { .. }) => "conflict",
            Err(TableError::NotDone(_)) => "not done",
            Err(TableError::Unknown(_)) => "unknown",
            Err(TableError::Shape { .. }) => "shape",
        }
    }
    let at = key("O#1", "head");
    let one = write(item("O#1", "head", 1), Condition::Always);
    let two = write(item("O#1", "journal", 1), Condition::Always);
    vec![
        ("get", word(&table.get(&at, Freshness::Consistent).await)),
        ("query", word(&table.query(&range("O#1", ""), Freshness::Consistent).await)),
        ("put", word(&table.put(one.clone()).await)),
        ("commit", word(&table.commit(vec![one, two]).await)),
        ("due", word(&table.due("D#1", 1, 1).await)),
        ("add", word(&table.add(&at, 1).await)),
    ]
}

async fn all_are(word: &str, table: &dyn Table) {
    for (operation, outcome) in every_operation(table).await {
        assert_eq!(outcome, word, "{operation}");
    }
}

#[tokio::test]
async fn nobody_there_is_not_done() {
    let table = DynamoTable::new(client(refused_port().await), TABLE);
    all_are("not done", &table).await;
    let nameless = DynamoTable::new(support::client_to("http://nobody.invalid:1", Duration::from_secs(20)), TABLE);
    all_are("not done", &nameless).await;
}

#[tokio::test]
async fn refusals_are_not_done_and_failures_inside_are_unknown() {
    for (status, code, word) in [
        (400, "ProvisionedThroughputExceededException", "not done"),
        (400, "ThrottlingException", "not done"),
        (400, "RequestLimitExceeded", "not done"),
        (400, "ValidationException", "not done"),
        (400, "AccessDeniedException", "not done"),
        (400, "ResourceNotFoundException", "not done"),
        (500, "InternalServerError", "unknown"),
        (503, "ServiceUnavailable", "unknown"),
    ] {
        let port =
            scripted(move |_| Script::Answer(answer(status, &format!(r#"{{"__type":"x#{code}","message":"m"}}"#))))
                .await;
        for (operation, outcome) in every_operation(&DynamoTable::new(client(port), TABLE)).await {
            assert_eq!(outcome, word, "{status} {code}: {operation}");
        }
    }
    let port = scripted(|_| Script::Answer(answer(200, "not json"))).await;
    all_are("unknown", &DynamoTable::new(client(port), TABLE)).await;
}

#[tokio::test]
async fn silence_is_unknown_whatever_the_next_attempt_meets() {
    let hangs_up = scripted(|_| Script::HangUp).await;
    all_are("unknown", &DynamoTable::new(client(hangs_up), TABLE)).await;
    let silent = scripted(|_| Script::Silence).await;
    let impatient = support::client_to(&format!("http://127.0.0.1:{silent}"), Duration::from_millis(150));
    all_are("unknown", &DynamoTable::new(impatient, TABLE)).await;
    // The first attempt is lost, the second is refused for sure: together still unknown.
    let throttled = r#"{"__type":"x#ThrottlingException","message":"m"}"#;
    let put = || write(item("O#1", "head", 1), Condition::Always);
    let port = scripted(move |attempt| match attempt {
        0 => Script::HangUp,
        _ => Script::Answer(answer(400, throttled)),
    })
    .await;
    let result = DynamoTable::new(client(port), TABLE).put(put()).await;
    assert!(matches!(result, Err(TableError::Unknown(_))), "{result:?}");
    let port = scripted(|_| Script::HangUpForGood).await;
    let result = DynamoTable::new(client(port), TABLE).put(put()).await;
    assert!(matches!(result, Err(TableError::Unknown(_))), "{result:?}");
}

#[tokio::test]
async fn the_reasons_of_a_cancelled_commit_are_told_apart() {
    for (reasons, expected) in [
        (vec!["None", "ConditionalCheckFailed"], Some(1)),
        (vec!["TransactionConflict", "None"], Some(0)),
        (vec!["None", "TransactionConflict"], Some(1)),
        (vec!["ThrottlingError", "ConditionalCheckFailed"], Some(1)),
        (vec!["ThrottlingError", "None"], None),
        (vec!["None", "ProvisionedThroughputExceeded"], None),
        (vec!["ValidationError", "None"], None),
        (vec![], None),
    ] {
        let list: Vec<_> = reasons.iter().map(|code| format!(r#"{{"Code":"{code}"}}"#)).collect();
        let body = format!(
            r#"{{"__type":"x#TransactionCanceledException","Message":"m","CancellationReasons":[{}]}}"#,
            list.join(",")
        );
        let port = scripted(move |_| Script::Answer(answer(400, &body))).await;
        let writes = ["head", "journal"].map(|sk| write(item("O#1", sk, 1), Condition::Always)).to_vec();
        match (DynamoTable::new(client(port), TABLE).commit(writes).await, expected) {
            (Err(TableError::Conflict { write }), Some(expected)) => assert_eq!(write, expected, "{reasons:?}"),
            (Err(TableError::NotDone(_)), None) => {}
            (other, _) => panic!("{reasons:?}: {other:?}"),
        }
    }
    let in_progress = r#"{"__type":"x#TransactionInProgressException","Message":"m"}"#;
    let port = scripted(move |_| Script::Answer(answer(400, in_progress))).await;
    let writes = ["head", "journal"].map(|sk| write(item("O#1", sk, 1), Condition::Always)).to_vec();
    let result = DynamoTable::new(client(port), TABLE).commit(writes).await;
    assert!(matches!(result, Err(TableError::Unknown(_))), "{result:?}");
}

#[tokio::test]
async fn a_lost_answer_of_a_put_meets_itself_as_a_conflict() {
    let served = served().await;
    let (port, loss) = lossy(&served).await;
    let table: AnyTable = Arc::new(DynamoTable::new(client(port), TABLE));
    loss.lose_next(1);
    assert_eq!(conflict(table.put(write(item("O#1", "head", 1), Condition::NotExists)).await), 0);
    assert_eq!(stored(&table, "O#1", "head").await, Some(item("O#1", "head", 1)), "looking again shows our own write");
    loss.lose_next(99);
    let result = table.put(write(item("O#1", "head", 2), Condition::Always)).await;
    assert!(matches!(result, Err(TableError::Unknown(_))), "{result:?}");
    loss.lose_next(0);
    assert_eq!(stored(&table, "O#1", "head").await.unwrap().version, 2);
}

#[tokio::test]
async fn a_lost_answer_of_a_commit_is_found_again_by_its_token() {
    let served = served().await;
    let (port, loss) = lossy(&served).await;
    let dynamo = DynamoTable::new(client(port), TABLE);
    let table: AnyTable = Arc::new(dynamo.clone());
    let writes = |version| {
        ["head", "journal"].map(|sk| write(item("O#1", sk, version), Condition::Version(version - 1))).to_vec()
    };
    table.put(write(item("O#1", "head", 0), Condition::NotExists)).await.unwrap();
    table.put(write(item("O#1", "journal", 0), Condition::NotExists)).await.unwrap();
    let (_, written, read) = dynamo.consumed();
    loss.lose_next(1);
    table.commit(writes(1)).await.unwrap();
    assert_eq!(stored(&table, "O#1", "head").await.unwrap().version, 1);
    // The answer that came is the repeat's, charged as a transactional read, and then our own look.
    assert_eq!((dynamo.consumed().1 - written, dynamo.consumed().2 - read), (0, 4000 + 1000));
    loss.lose_next(99);
    let result = table.commit(writes(2)).await;
    assert!(matches!(result, Err(TableError::Unknown(_))), "{result:?}");
    loss.lose_next(0);
    assert_eq!(stored(&table, "O#1", "head").await.unwrap().version, 2);
}

#[tokio::test]
async fn a_lost_answer_of_add_is_unknown_and_added_once() {
    let served = served().await;
    let (port, loss) = lossy(&served).await;
    let table = DynamoTable::new(client(port), TABLE);
    table.add(&key("C#1", "number"), 1).await.unwrap();
    loss.lose_next(1);
    let result = table.add(&key("C#1", "number"), 1).await;
    assert!(matches!(result, Err(TableError::Unknown(_))), "{result:?}");
    assert_eq!(table.add(&key("C#1", "number"), 0).await.unwrap(), 2);
}

#[tokio::test]
async fn a_foreign_row_is_named_by_its_key() {
    let served = served().await;
    let table = served.table();
    let raw = |name: &str, value: aws_sdk_dynamodb::types::AttributeValue| {
        let request = client(served.port).put_item().table_name(TABLE);
        let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
        request.item("pk", text("O#1")).item("sk", text("head")).item(name, value).send()
    };
    let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    let number = |text: &str| aws_sdk_dynamodb::types::AttributeValue::N(text.to_owned());
    for (name, value) in [("x", text("no version")), ("v", text("1")), ("v", number("1.5")), ("v", number("-1"))] {
        raw(name, value).await.unwrap();
        for result in [
            table.get(&key("O#1", "head"), Freshness::Consistent).await.map(|_| ()),
            table.query(&range("O#1", ""), Freshness::Consistent).await.map(|_| ()),
        ] {
            match result {
                Err(error @ TableError::Shape { .. }) => assert_eq!(error.to_string(), "item O#1 head is not readable"),
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn the_table_is_created_once_and_a_file_keeps_it() {
    let path = std::env::temp_dir().join(format!("apikassa-contract-{}.db", std::process::id()));
    let file = path.to_str().unwrap();
    for life in 0..3_u64 {
        let served = Served::start(dynoxide::Database::new(file).unwrap()).await;
        DynamoTable::create(&client(served.port), TABLE).await.unwrap();
        let table: AnyTable = Arc::new(served.table());
        let ttl = client(served.port).describe_time_to_live().table_name(TABLE).send().await.unwrap();
        assert_eq!(ttl.time_to_live_description().unwrap().attribute_name(), Some("ttl"));
        if life > 0 {
            assert_eq!(stored(&table, "O#1", "head").await.unwrap().version, life - 1);
            assert_eq!(table.due("D#1", 9, 9).await.unwrap(), vec![(key("O#1", "head"), 7)]);
        }
        let condition = if life == 0 { Condition::NotExists } else { Condition::Version(life - 1) };
        table.put(write(Item { due: Some(due("D#1", 7)), ..item("O#1", "head", life) }, condition)).await.unwrap();
        drop(table);
        served.stop().await;
    }
    for suffix in ["", "-wal", "-shm"] {
        let _gone = std::fs::remove_file(format!("{file}{suffix}"));
    }
}
