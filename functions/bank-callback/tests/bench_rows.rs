//! What `infra/bench/cold_start.py` needs to bring a callback to the built function: the rows of one order before and after it.
//!
//! `UPDATE=1 cargo test -p bank-callback --test bench_rows` writes them anew, after the shape of a row has changed.

use connectors::signature::{HEADER, derive, sign};
use domain::order::Status;
use http::Request;
use serde_json::{Value, json};
use support::{START, World, wish};
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
#[expect(clippy::disallowed_methods, reason = "UPDATE=1 is how a person asks this test to write")]
async fn the_benchs_rows_are_what_the_function_writes_today() {
    let world = World::new().await;
    let order = world.order(&wish("A-1")).await;
    assert_eq!(world.agree(&order).await.status, 303);
    let before = rows(&world);

    let amount = order.amount.minor();
    let number = format!("{}-o1", order.id);
    // Spelled out: the signature is over these bytes, whatever order a JSON library would put the fields in.
    let body = format!(r#"{{"number":"{number}","state":"succeeded","amount":{amount},"currency":"RUB"}}"#);
    let secret = derive(&world.ports.settings.master_secret.0, "bank", order.id.tenant());
    let signature = sign(&secret, world.clock.now(), body.as_bytes());
    let path = format!("/callbacks/bank/sandbox/{}", order.id);
    let request = Request::post(&path).header(HEADER, signature).body(body.clone().into()).unwrap();
    assert_eq!(world.ask(request).await.status, 200);
    assert_eq!(world.status(&order.id).await, Status::Paid);

    let told = json!({
        "path": path, "body": body, "tenant": order.id.tenant().to_string(), "now": START, "before": before, "after": rows(&world),
    });
    if std::env::var("UPDATE").is_ok_and(|value| value == "1") {
        std::fs::write(FILE, format!("{told:#}\n")).unwrap();
    }
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap();
    assert!(kept == told, "callback_rows.json is stale: run UPDATE=1 cargo test -p bank-callback --test bench_rows");
}
