//! Writes what `infra/bench/cold_start.py` needs to bring a callback to the built function: the rows of one order before and after it.
//!
//! `cargo test -p bank-callback --test bench_rows -- --ignored`, after the shape of a row has changed.

use connectors::signature::{HEADER, derive, sign};
use domain::order::Status;
use http::Request;
use serde_json::{Value, json};
use support::{START, World, wish};
use workflows::bank::operation_number;
use workflows::ports::Clock;

/// Where the script looks.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/bench/callback_rows.json");

/// Every row, in DynamoDB's words.
fn rows(world: &World) -> Vec<Value> {
    let mut rows = Vec::new();
    for item in world.table.all_items() {
        let mut row = json!({
            "pk": { "S": item.key.pk }, "sk": { "S": item.key.sk }, "v": { "N": item.version.to_string() }, "b": { "S": item.body },
        });
        if let Some(due) = item.due {
            row["due_pk"] = json!({ "S": due.bucket });
            row["due_at"] = json!({ "N": due.at.to_string() });
        }
        rows.push(row);
    }
    rows
}

#[tokio::test]
#[ignore = "writes infra/bench/callback_rows.json"]
async fn write_the_rows_around_a_callback() {
    let world = World::new().await;
    let order = world.order(&wish("A-1")).await;
    assert_eq!(world.agree(&order).await.status, 303);
    let before = rows(&world);

    let amount = order.amount.minor();
    let body =
        json!({ "number": operation_number(&order.id, 1), "state": "succeeded", "amount": amount, "currency": "RUB" })
            .to_string();
    let secret = derive(&world.ports.settings.master_secret.0, "bank", order.id.tenant());
    let signature = sign(&secret, world.clock.now(), body.as_bytes());
    let path = format!("/callbacks/bank/sandbox/{}", order.id);
    let request = Request::post(&path).header(HEADER, signature).body(body.clone().into()).unwrap();
    assert_eq!(world.ask(request).await.status, 200);
    assert_eq!(world.status(&order.id).await, Status::Paid);

    let told = json!({
        "path": path, "body": body, "tenant": order.id.tenant().to_string(), "now": START, "before": before, "after": rows(&world),
    });
    std::fs::write(FILE, format!("{told:#}\n")).unwrap();
}
