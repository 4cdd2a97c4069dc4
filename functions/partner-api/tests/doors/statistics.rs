//! Statistics: what is asked for, what can not be, and what it costs.

use domain::id::{Mode, Tenant};
use jiff::civil::date;
use serde_json::{Value, json};
use workflows::exports::Days;
use workflows::statistics::{self, Asked, By, Figures, Group, Rows};

use crate::Api;
use crate::files::text;
use crate::orders::wish;

const DAY: i64 = 24 * 3_600;

/// Two paid, one of them refunded the day after; one never paid.
async fn november() -> Api {
    let api = Api::new().await; // 21 November
    api.paid(&wish("A-1"), "success").await;
    let gone = api.paid(&wish("A-2"), "success").await;
    api.order(&wish("A-3")).await;
    api.world.pass(DAY, DAY).await;
    assert_eq!(api.post(&format!("{gone}/cancel"), &json!({})).await.status, 200);
    api.world.settle().await;
    api
}

#[tokio::test]
async fn days_have_what_was_recorded_on_them() {
    let api = november().await;
    let told = api.get("/v1/statistics").await;
    assert_eq!(told.status, 200, "{}", text(&told));
    let told = told.json();
    assert_eq!(
        (&told["from"], &told["until"], &told["by"], &told["group"]),
        (&json!("2026-11-01"), &json!("2026-11-22"), &json!("day"), &json!("none"))
    );
    let rows = told["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    let first = json!({
        "since": "2026-11-21", "through": "2026-11-21", "group": null,
        "made": 3, "made_and_paid": 2, "paid": 2, "cancelled": 0, "refunded": 0, "payments": 2, "returns": 0,
        "captured": "6000.00", "returned": "0.00", "fee": "210.00", "vat": "0.00", "net": "5790.00",
        "average_payment": "3000.00", "conversion_percent": "66.67",
    });
    assert_eq!(rows[0], first);
    let second = &rows[1];
    let counted = ["since", "cancelled", "refunded", "returned"].map(|name| second[name].clone());
    assert_eq!(counted, [json!("2026-11-22"), json!(1), json!(1), json!("3000.00")]);
    assert_eq!((&second["fee"], &second["net"]), (&json!("-105.00"), &json!("-2895.00")));
    assert_eq!((&second["average_payment"], &second["conversion_percent"]), (&Value::Null, &Value::Null));
    let groups = async |group: &str| -> Vec<Value> {
        let told = api.get(&format!("/v1/statistics?group={group}&by=month")).await.json();
        told["rows"].as_array().unwrap().iter().map(|row| row["group"].clone()).collect()
    };
    assert_eq!(groups("status").await, [json!("expired"), json!("fulfilled"), json!("refunded")]);
    // What nobody tried to pay has no means.
    assert_eq!(groups("method").await, [Value::Null, json!("card")]);
}

#[tokio::test]
async fn what_can_not_be_asked_for_is_pointed_to() {
    let api = november().await;
    for (asked, pointer, code) in [
        ("from=2026-11-22&until=2026-11-21", "/until", "before_from"),
        ("from=2025-11-20&until=2026-11-21", "/from", "period"),
        ("until=2026-02-30", "/until", "date"),
        ("by=year", "/by", "choice"),
        ("group=buyer", "/group", "choice"),
        ("cursor=AAAA", "/cursor", "cursor"),
        ("limit=10", "/limit", "unknown"),
    ] {
        let faults = api.get(&format!("/v1/statistics?{asked}")).await.faults();
        assert_eq!(faults, [(pointer.to_owned(), code.to_owned())], "{asked}");
    }
    let other = Tenant::try_new("othershop", Mode::Test).unwrap();
    let key = api.world.enrol(&other, &support::partner()).await;
    let seen = api.call("GET", "/v1/statistics", &key, None).await.json();
    assert_eq!((&seen["rows"], &seen["totals"]["made"]), (&json!([]), &json!(0)));
    assert_eq!(api.call("GET", "/v1/statistics", "", None).await.problem().0, 401);
}

#[tokio::test]
async fn a_file_has_the_rows_and_their_totals() {
    let api = november().await;
    let answer = api.get("/v1/statistics.csv?group=method").await;
    let csv = text(&answer);
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"statistics-2026-11-01-2026-11-22.csv\"");
    let rows: Vec<_> = csv.strip_prefix('\u{feff}').unwrap().split_terminator("\r\n").skip(1).collect();
    let wanted = [
        "21.11.2026;21.11.2026;;1;0;0;0;0;0;0;0,00;0,00;0,00;0,00;0,00;;0,00",
        "21.11.2026;21.11.2026;card;2;2;2;0;0;2;0;6000,00;0,00;210,00;0,00;5790,00;3000,00;100,00",
        "22.11.2026;22.11.2026;;0;0;0;1;0;0;0;0,00;0,00;0,00;0,00;0,00;;",
        "22.11.2026;22.11.2026;card;0;0;0;0;1;0;1;0,00;3000,00;-105,00;0,00;-2895,00;;",
        "Итого;;;3;2;2;1;1;2;1;6000,00;3000,00;105,00;0,00;2895,00;3000,00;66,67",
    ];
    assert_eq!(rows, wanted);
    assert_eq!(api.get("/v1/statistics.csv?cursor=A").await.faults(), [("/cursor".to_owned(), "unknown".to_owned())]);
}

fn asked(orders_enough: usize) -> Asked {
    let days = Days { from: date(2026, 11, 1), until: date(2026, 11, 30) };
    Asked { days, by: By::Day, group: Group::Status, orders_enough }
}

#[tokio::test]
async fn pages_add_up_to_the_whole_however_short_they_are() {
    let api = november().await;
    for no in 4..=9 {
        api.order(&wish(&format!("A-{no}"))).await;
    }
    let (ports, shop) = (&api.world.ports, &api.world.shop);
    let whole = statistics::page(ports, shop, &asked(statistics::ORDERS_ENOUGH), None).await.unwrap();
    assert_eq!(whole.next, None);
    assert_eq!(whole.rows.values().map(|row| row.made).sum::<u64>(), 9);
    for enough in 1..=4 {
        let (mut rows, mut place, mut pages) = (Rows::new(), None::<String>, 0);
        loop {
            let page = statistics::page(ports, shop, &asked(enough), place.as_deref()).await.unwrap();
            for (key, figures) in page.rows {
                let sum: &mut Figures = rows.entry(key).or_default();
                *sum = sum.plus(&figures).unwrap();
            }
            (place, pages) = (page.next, pages + 1);
            assert!(pages < 100);
            if place.is_none() {
                break;
            }
        }
        assert_eq!(rows, whole.rows, "{enough}");
        assert!(pages > 1);
    }
}
