//! A partner's developer has the shop's figures on a page of their own, and the orders in 1С: both say what the accountant's papers say.

use domain::order::Status;
use http::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use support::World;
use workflows::orders::{ChildRequest, SplitRequest};

use crate::closing::until;
use crate::holding::basket;
use crate::story::{DAY, HOUR, Story};

async fn get(world: &World, path: &str) -> Value {
    let answer = world.api(Method::GET, path, &world.key, "").await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

fn sum(value: &Value) -> Decimal {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| value.as_u64().unwrap_or_default().into())
}

/// Counts and sums of a row.
const ADDED: [&str; 12] = [
    "made",
    "made_and_paid",
    "paid",
    "cancelled",
    "refunded",
    "payments",
    "returns",
    "captured",
    "returned",
    "fee",
    "vat",
    "net",
];

fn added(rows: &[Value]) -> Vec<Decimal> {
    ADDED.iter().map(|name| rows.iter().map(|row| sum(&row[*name])).sum()).collect()
}

fn figures(row: &Value) -> Vec<Decimal> {
    ADDED.iter().map(|name| sum(&row[*name])).collect()
}

/// A month with everything in it: paid, given back whole and in part, paid in parts, paid in cash, never paid.
async fn november() -> Story {
    let mut story = Story::begins().await; // 21 November
    story
        .settings(|partner| {
            partner.webhook = None; // nothing is told here
            partner.commission.vat_percent = Decimal::from(22);
        })
        .await;
    let first = story.orders("A-1").await;
    story.pays(&first, "success").await;
    let whole = story.orders_by_hand("A-2").await;
    story.pays(&whole, "success").await;
    let part = story.orders_by_hand("A-3").await;
    story.pays(&part, "success").await;
    story.orders("A-4").await;
    story.orders("A-5").await;
    story.settles().await;
    story.passes(DAY).await;
    story.asks(&whole, "cancel", json!({})).await;
    story.asks(&part, "cancel", json!({ "amount": "1000.00" })).await;
    let cash = story.orders("A-6").await;
    let till = json!({ "method": "cash", "reference": "PKO-7", "cashier": { "name": "Петрова А. И." } });
    assert_eq!(story.asks(&cash, "collect", till).await["captured"], "3000.00");
    let child = |name: &str, line| ChildRequest { name: name.to_owned(), lines: vec![line], entity: None };
    let split = story
        .orders_as("A-7", |wish| {
            wish.lines = basket();
            wish.customer = Some("buyer-1".to_owned());
            wish.split =
                Some(SplitRequest { children: vec![child("Склад 1", 1), child("Склад 2", 2)], least: None });
        })
        .await;
    story.pays_with(&split, &[("consent_means", "1")], "success").await;
    story.settles().await;
    assert_eq!(story.status(&whole).await, Status::Refunded);
    story.passes(4 * DAY + HOUR).await;
    story
}

#[tokio::test]
async fn the_figures_of_a_month_are_those_of_its_report_and_of_the_trial_balance() {
    let story = november().await;
    until(&story, "2026-12-01").await;
    story.world.close_days().await;
    let world = &story.world;
    let month = "/v1/statistics?from=2026-11-01&until=2026-11-30";
    let told = get(world, &format!("{month}&by=month")).await;
    assert_eq!((told["rows"].as_array().unwrap().len(), &told["next_cursor"]), (1, &Value::Null));
    let november = told["totals"].clone();
    assert_eq!(figures(&told["rows"][0]), figures(&november));
    assert_eq!((&told["rows"][0]["since"], &told["rows"][0]["through"]), (&json!("2026-11-01"), &json!("2026-11-30")));
    // Seven made, of which two nobody paid; one given back whole, one in part; one paid in two parts.
    for (name, count) in [
        ("made", 7),
        ("made_and_paid", 5),
        ("paid", 5),
        ("payments", 6),
        ("cancelled", 2),
        ("refunded", 2),
        ("returns", 2),
    ] {
        assert_eq!(november[name], json!(count), "{name}: {november}");
    }
    assert_eq!((&november["captured"], &november["returned"]), (&json!("15000.00"), &json!("4000.00")));
    assert_eq!((&november["average_payment"], &november["conversion_percent"]), (&json!("2500.00"), &json!("71.43")));

    let report = get(world, "/v1/reports/2026-11").await;
    let event = |name: &str, field: &str| {
        let events = report["events"].as_array().unwrap();
        sum(&events.iter().find(|one| one["event"] == name).unwrap()[field])
    };
    assert_eq!(sum(&november["payments"]), event("paid", "count"));
    assert_eq!(sum(&november["returns"]), event("refunded", "count"));
    assert_eq!(sum(&november["cancelled"]), event("cancelled", "count"));
    assert_eq!(sum(&november["captured"]), event("paid", "amount"));
    assert_eq!(sum(&november["returned"]), event("refunded", "amount") - event("restored", "amount"));
    assert_eq!((&november["fee"], &november["vat"]), (&report["fee"], &report["fee_vat"]));
    assert!(sum(&november["vat"]) > Decimal::ZERO && event("paid", "at_principal") > Decimal::ZERO);
    let paid_out: Decimal = report["movements"].as_array().unwrap().iter().map(|one| sum(&one["amount"])).sum();
    assert_eq!(sum(&november["net"]), sum(&report["closing"]) - sum(&report["opening"]) + paid_out);

    let statement = get(world, "/v1/ledger/statement?known=2026-11-30").await;
    let balance = |code: &str| {
        let accounts = statement["accounts"].as_array().unwrap();
        sum(&accounts.iter().find(|one| one["account"] == code).unwrap()["balance"])
    };
    assert_eq!(sum(&november["fee"]) - sum(&november["vat"]), -balance("fee"));
    assert_eq!(sum(&november["vat"]), -balance("vat"));
    let owed = balance("partner") + balance("available") + balance("cash");
    assert_eq!(sum(&november["net"]), -owed - balance("payout"));

    // However it is cut, it adds up to the same.
    for by in ["day", "week", "month"] {
        for group in ["none", "method", "account", "status"] {
            let told = get(world, &format!("{month}&by={by}&group={group}")).await;
            let rows = told["rows"].as_array().unwrap();
            assert_eq!(added(rows), figures(&november), "{by} {group}: {told}");
            assert_eq!(figures(&told["totals"]), figures(&november));
        }
    }
    let told = get(world, &format!("{month}&by=month&group=method")).await;
    let cash = told["rows"].as_array().unwrap().iter().find(|row| row["group"] == "cash").unwrap().clone();
    // Of cash the partner's balance gains nothing, and gives the fee.
    assert_eq!((&cash["captured"], sum(&cash["net"])), (&json!("3000.00"), -sum(&cash["fee"])));
    let days = get(world, &format!("{month}&by=day")).await;
    let days: Vec<_> = days["rows"].as_array().unwrap().iter().map(|row| row["since"].clone()).collect();
    assert_eq!(days, [json!("2026-11-21"), json!("2026-11-22")]);
    let weeks = get(world, "/v1/statistics?from=2026-11-20&until=2026-11-22&by=week").await;
    assert_eq!(
        (&weeks["rows"][0]["since"], &weeks["rows"][0]["through"]),
        (&json!("2026-11-20"), &json!("2026-11-22"))
    );
    story.ends().await; // the audit is the point
}

#[tokio::test]
async fn what_goes_back_in_december_is_of_december_and_changes_nothing_of_november() {
    let mut story = november().await;
    story.settings(|partner| partner.payout.refunds_paid_out = true).await;
    until(&story, "2026-12-03").await;
    let november = "/v1/statistics?from=2026-11-01&until=2026-11-30";
    let before = get(&story.world, november).await;
    let first = story.followed().first().unwrap().clone();
    story.asks(&first, "cancel", json!({})).await;
    story.settles().await;
    assert_eq!(story.status(&first).await, Status::Refunded);
    assert_eq!(get(&story.world, november).await, before);
    let december = get(&story.world, "/v1/statistics?from=2026-12-02").await["totals"].clone();
    let counts = |names: [&str; 5]| names.map(|name| december[name].clone());
    assert_eq!(counts(["made", "paid", "refunded", "payments", "returns"]), [0, 0, 1, 0, 1].map(|count| json!(count)));
    assert_eq!((&december["returned"], &december["conversion_percent"]), (&json!("3000.00"), &Value::Null));
    assert!(sum(&december["net"]) < Decimal::ZERO);
    story.ends().await;
}

#[tokio::test]
async fn the_orders_in_1c_are_those_of_the_report() {
    let story = november().await;
    until(&story, "2026-12-01").await;
    story.world.close_days().await;
    let world = &story.world;
    let report = get(world, "/v1/reports/2026-11").await;
    let event = |name: &str| {
        let events = report["events"].as_array().unwrap();
        sum(&events.iter().find(|one| one["event"] == name).unwrap()["amount"])
    };
    let file = async |path: &str| world.api(Method::GET, path, &world.key, "").await.text();
    let xml = file("/v1/orders.xml?from=2026-11-01&until=2026-11-30").await;
    let told = |name: &str| -> Decimal {
        let open = format!("<Наименование>{name}</Наименование><Значение>");
        xml.split(&open).skip(1).map(|rest| rest.split('<').next().unwrap().parse::<Decimal>().unwrap()).sum()
    };
    assert_eq!((told("Получено"), told("Возвращено")), (event("paid"), event("refunded")));
    assert_eq!(told("Вознаграждение агента"), sum(&report["fee"]));
    assert_eq!(xml.matches("<Наименование>Заказ оплачен</Наименование><Значение>true</Значение>").count(), 4);
    let csv = file("/v1/orders.csv?from=2026-11-01&until=2026-11-30").await;
    let column = |at: usize| -> Decimal {
        let cells = csv.lines().skip(1).map(|row| row.split(';').nth(at).unwrap().replace(',', "."));
        cells.map(|cell| cell.parse::<Decimal>().unwrap()).sum()
    };
    assert_eq!((column(7), column(8)), (event("paid"), event("refunded")));
    assert_eq!((column(9), column(10)), (sum(&report["fee"]), sum(&report["fee_vat"])));
    story.ends().await;
}
