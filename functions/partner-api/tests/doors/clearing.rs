//! The clearing registry of a day.

use domain::id::{Mode, Tenant};
use domain::partner::{Partner, PayoutTerms};
use serde_json::{Value, json};

use crate::Api;
use crate::orders::wish;

const DAY: i64 = 24 * 3_600;

/// A world whose money stays where it is.
async fn by_hand() -> Api {
    let api = Api::new().await;
    let before = support::partner();
    let partner = Partner { payout: PayoutTerms { automatic: false, ..before.payout.clone() }, ..before };
    api.world.ports.store.put_partner(&api.world.shop, &partner).await.unwrap();
    api
}

async fn act(api: &Api, path: &str, what: &str, body: Value) {
    let answer = api.post(&format!("{path}/{what}"), &body).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    api.world.settle().await;
}

/// A day's registry, page by page.
async fn all(api: &Api, date: &str, limit: usize) -> (Vec<Value>, Value, usize) {
    let (mut rows, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = api.get(&format!("/v1/clearing?date={date}&limit={limit}{cursor}")).await.json();
        rows.extend(page["transactions"].as_array().unwrap().iter().cloned());
        pages += 1;
        assert!(pages < 100);
        match page["next_cursor"].as_str() {
            Some(next) => {
                assert_eq!(page["totals"], Value::Null);
                cursor = format!("&cursor={next}");
            }
            None => return (rows, page["totals"].clone(), pages),
        }
    }
}

fn told(rows: &[Value]) -> Vec<(&str, &str, &str, &str)> {
    let mut told: Vec<_> = rows
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap();
            (text("number"), text("transaction"), text("amount"), text("fee"))
        })
        .collect();
    told.sort_unstable();
    told
}

#[tokio::test]
async fn a_day_has_what_moved_money_on_it_and_nothing_else() {
    let api = by_hand().await; // 21 November, noon in Moscow
    let plain = api.paid(&wish("A-1"), "success").await;
    let mut two = wish("A-2");
    two["payment"] = json!({ "stages": 2 });
    let held = api.paid(&two, "success").await;
    let gone = api.paid(&wish("A-3"), "success").await;
    act(&api, &gone, "cancel", json!({})).await;
    api.paid(&wish("A-4"), "insufficient_funds").await;

    let (rows, totals, _) = all(&api, "2026-11-21", 50).await;
    assert_eq!(
        told(&rows),
        [
            ("A-1", "purchase", "3000.00", "105.00"),
            ("A-3", "purchase", "3000.00", "105.00"),
            ("A-3", "reversal", "-3000.00", "-105.00"),
        ],
        "a hold moves nothing"
    );
    let total = json!([{
        "account": null, "method": "card", "count": 3, "taken": "6000.00", "returned": "3000.00", "net": "3000.00", "fee": "105.00",
    }]);
    assert_eq!(totals, total);
    let order = api.get(&plain).await.json();
    let row = rows.iter().find(|row| row["number"] == "A-1").unwrap();
    assert_eq!((&row["order"], &row["operation"]), (&order["id"], &order["operations"][0]["number"]));
    assert_eq!(row["bank_reference"], order["operations"][0]["bank_reference"]);
    assert_eq!(api.get("/v1/clearing").await.json()["transactions"], json!(rows), "today when no day is named");

    api.world.pass(DAY, 6 * 3_600).await;
    act(&api, &held, "capture", json!({ "amount": "2000.00" })).await;
    act(&api, &plain, "cancel", json!({ "amount": "1000.00" })).await;
    let (rows, _, _) = all(&api, "2026-11-22", 50).await;
    assert_eq!(told(&rows), [("A-1", "refund", "-1000.00", "-35.00"), ("A-2", "capture", "2000.00", "70.00")]);
    assert_eq!(all(&api, "2026-11-21", 50).await.1, total, "the day before stays as it was");
    assert_eq!(all(&api, "2026-11-20", 50).await.0, Vec::<Value>::new());
}

#[tokio::test]
async fn the_day_is_moscows_and_pages_add_up() {
    let api = by_hand().await;
    for no in 0..5 {
        api.paid(&wish(&format!("A-{no}")), "success").await;
        api.world.advance(1);
    }
    api.world.advance(12 * 3_600); // past midnight in Moscow, not yet in UTC
    for no in 5..8 {
        api.paid(&wish(&format!("A-{no}")), "success").await;
    }
    for limit in [1, 2, 5, 100] {
        let (first, totals, pages) = all(&api, "2026-11-21", limit).await;
        assert_eq!((first.len(), &totals[0]["count"], &totals[0]["taken"]), (5, &5.into(), &"15000.00".into()));
        assert!(limit > 1 || pages >= 5);
        let (second, totals, _) = all(&api, "2026-11-22", limit).await;
        assert_eq!((second.len(), &totals[0]["count"]), (3, &3.into()), "{limit}");
    }
}

#[tokio::test]
async fn a_refund_the_bank_takes_back_comes_once_more() {
    let api = by_hand().await;
    let path = api.paid(&wish("A-1"), "refund_cancelled").await;
    api.world.pass(DAY, 6 * 3_600).await;
    act(&api, &path, "cancel", json!({ "amount": "1000.00" })).await;
    api.world.pass(3 * DAY, 3_600).await;
    let mut rows = Vec::new();
    for day in 21..=26 {
        rows.extend(all(&api, &format!("2026-11-{day}"), 50).await.0);
    }
    let sum: rust_decimal::Decimal =
        rows.iter().map(|row| row["amount"].as_str().unwrap().parse::<rust_decimal::Decimal>().unwrap()).sum();
    let order = api.get(&path).await.json();
    let kept: rust_decimal::Decimal = order["captured"].as_str().unwrap().parse::<rust_decimal::Decimal>().unwrap()
        - order["returned"].as_str().unwrap().parse::<rust_decimal::Decimal>().unwrap();
    assert_eq!(sum, kept, "{rows:#?}");
    let undone = order["timeline"].as_array().unwrap().iter().filter(|entry| entry["event"] == "order.refund_undone");
    let again = rows.iter().filter(|row| row["transaction"] == "refund" && row["amount"] == "1000.00");
    assert_eq!(undone.count(), again.count());
}

#[tokio::test]
async fn the_file_is_for_spreadsheets_and_runs_nothing() {
    let api = by_hand().await;
    api.paid(&wish("=HYPERLINK(\"http://evil.example\";1)"), "success").await;
    let gone = api.paid(&wish("A-2"), "success").await;
    act(&api, &gone, "cancel", json!({})).await;
    let file = api.get("/v1/clearing.csv?date=2026-11-21").await;
    assert_eq!((file.status, file.header("content-type")), (200, "text/csv; charset=utf-8"));
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"clearing-2026-11-21.csv\"");
    let text = String::from_utf8(file.body).unwrap();
    assert!(text.starts_with("\u{feff}Время (Москва);Заказ;"));
    assert!(text.contains(";\"'=HYPERLINK(\"\"http://evil.example\"\";1)\";"), "{text}");
    assert!(text.contains(";purchase;;card;3000,00;105,00;"), "{text}");
    assert!(text.contains(";reversal;;card;-3000,00;-105,00;"), "{text}");
    assert!(text.ends_with("Итого;;;3;;;card;3000,00;105,00;\r\n"), "{text}");
    assert!(text.contains("\r\n21.11.2026 12:00:00;"), "{text}");
    assert_eq!(text.lines().count(), 5);
}

#[tokio::test]
async fn it_is_the_callers_own_and_bad_queries_are_refused() {
    let api = by_hand().await;
    api.paid(&wish("A-1"), "success").await;
    api.paid(&wish("A-2"), "success").await;
    let live = Tenant::try_new("demoshop", Mode::Live).unwrap();
    let other = api.world.enrol(&live, &support::partner()).await;
    let path = "/v1/clearing?date=2026-11-21";
    assert_eq!(api.call("GET", path, &other, None).await.json()["transactions"], json!([]));
    let cursor = api.get(&format!("{path}&limit=1")).await.json()["next_cursor"].as_str().unwrap().to_owned();
    let stolen = format!("{path}&limit=1&cursor={cursor}");
    assert_eq!(api.call("GET", &stolen, &other, None).await.faults(), [("/cursor".into(), "cursor".into())]);
    assert_eq!(api.get(&stolen.replace("11-21", "11-22")).await.faults(), [("/cursor".into(), "cursor".into())]);
    for path in ["/v1/clearing", "/v1/clearing.csv"] {
        assert_eq!(api.call("GET", path, "", None).await.problem().0, 401);
        for (query, at, code) in [
            ("date=2026-11-31", "/date", "date"),
            ("date=21.11.2026", "/date", "date"),
            ("date=", "/date", "date"),
            ("day=2026-11-21", "/day", "unknown"),
        ] {
            assert_eq!(api.get(&format!("{path}?{query}")).await.faults(), [(at.into(), code.into())], "{query}");
        }
    }
    assert_eq!(api.get("/v1/clearing?limit=0").await.faults(), [("/limit".into(), "range".into())]);
    assert_eq!(api.get("/v1/clearing.csv?limit=1").await.faults(), [("/limit".into(), "unknown".into())]);
}
