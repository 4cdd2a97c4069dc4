//! What every register is sent and prints, read back at its journal: ids that come twice, refusals, and a rate nobody sent.

use connectors::till::{FailureClass, TillAnswer};
use domain::receipt::register::RegisterKind;
use serde_json::{Value, json};

use crate::documents::sale;
use crate::spoken::{Spoken, failed};

const KINDS: [RegisterKind; 7] = [
    RegisterKind::AtolV4,
    RegisterKind::AtolV5,
    RegisterKind::BusinessKassaV4,
    RegisterKind::OrangeData,
    RegisterKind::Paykeeper,
    RegisterKind::KitOnline,
    RegisterKind::BusinessKassa,
];

async fn documents(spoken: &Spoken, order: &str) -> Vec<Value> {
    let key = workflows::access::issue_key(&spoken.world.ports, &spoken.world.tenant).await.unwrap();
    let path = format!("/sandbox/registers/{}/documents?order={order}", spoken.register.kind.code());
    let bearer = format!("Bearer {key}");
    let answer = spoken.world.ask("GET", &path, &[("authorization", bearer.as_str())], "").await;
    assert_eq!(answer.status, 200);
    let told = answer.json();
    assert_eq!(told["complete"], json!(true));
    told["documents"].as_array().unwrap().clone()
}

fn states(documents: &[Value]) -> Vec<&str> {
    documents.iter().map(|document| document["state"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_document_that_arrives_twice_is_one() {
    for kind in KINDS {
        let spoken = Spoken::new(kind).await;
        let sale = sale(&spoken.world, "o-r1", spoken.register.ffd);
        spoken.spoil(&["duplicate"]).await;
        assert_eq!(
            spoken.print(&sale).await.unwrap(),
            TillAnswer::Waiting,
            "{kind:?}: it has it, and has not printed it"
        );
        spoken.world.pass(2).await;
        assert!(matches!(spoken.ask(&sale).await, TillAnswer::Printed(_)), "{kind:?}");
        assert_eq!(states(&documents(&spoken, "o-").await), ["printed"], "{kind:?}");
    }
}

#[tokio::test]
async fn a_document_refused_by_a_rule_of_the_registers_own_is_not_kept() {
    for kind in KINDS {
        let spoken = Spoken::new(kind).await;
        let first = sale(&spoken.world, "o-r1", spoken.register.ffd);
        spoken.printed(&first).await;
        spoken.spoil(&["refused"]).await;
        assert!(matches!(spoken.ask(&first).await, TillAnswer::Printed(_)), "{kind:?}: what it has is past that");
        let second = sale(&spoken.world, "o-r2", spoken.register.ffd);
        let refused = failed(spoken.print(&second).await.unwrap());
        assert_eq!(refused.class, FailureClass::Document, "{kind:?}: {}", refused.text);
        assert!(refused.text.contains("1187"), "{kind:?}: {}", refused.text);
        assert_eq!(documents(&spoken, "o-r2").await.len(), 0, "{kind:?}");
        spoken.printed(&second).await;
        assert_eq!(states(&documents(&spoken, "o-").await), ["printed", "printed"], "{kind:?}");
    }
}

#[tokio::test]
async fn the_journal_says_what_was_printed() {
    for kind in KINDS {
        let spoken = Spoken::new(kind).await;
        spoken.spoil(&["other_rate", "expiring"]).await;
        let sold = sale(&spoken.world, "o-r1", spoken.register.ffd);
        spoken.print(&sold).await.unwrap();
        spoken.print(&sale(&spoken.world, "o-r2", spoken.register.ffd)).await.unwrap();
        spoken.print(&sale(&spoken.world, "p-r1", spoken.register.ffd)).await.unwrap();
        spoken.world.pass(2).await;
        let seen = documents(&spoken, "o-").await;
        assert_eq!(states(&seen), ["printed", "failed"], "{kind:?}: of this order, the printed one first");
        assert_eq!(
            (&seen[0]["kind"], &seen[0]["total"]),
            (&json!("sale"), &json!(sold.total.to_decimal().to_string()))
        );
        assert_eq!((&seen[0]["items"][0]["1199"], &seen[1]["items"][0]["1199"]), (&json!(1), &json!(11)), "{kind:?}");
        assert_eq!((&seen[0]["items"][0]["1222"], &seen[0]["items"][0]["1214"]), (&json!(64), &json!(4)), "{kind:?}");
        assert_eq!(seen[0]["payments"], json!({ "1081": sold.total.to_decimal().to_string() }), "{kind:?}");
        assert!(seen[0]["document"].is_u64() && seen[1]["failure"] == "expired", "{kind:?}");
    }
}

#[tokio::test]
async fn a_number_of_business_kassas_is_printed_as_often_as_it_is_commanded_anew() {
    let spoken = Spoken::new(RegisterKind::BusinessKassa).await;
    let sold = sale(&spoken.world, "o-r1", spoken.register.ffd);
    spoken.spoil(&["failing_once"]).await;
    assert_eq!(spoken.fails(&sold).await.class, FailureClass::Passing);
    spoken.printed(&sold).await;
    let seen = documents(&spoken, "o-").await;
    assert_eq!(states(&seen), ["printed", "failed"], "another try is another command");
    assert_ne!(seen[0]["reference"], seen[1]["reference"]);
    assert!(matches!(spoken.print(&sold).await.unwrap(), TillAnswer::Printed(_)), "the list is looked at first");
    assert_eq!(documents(&spoken, "o-").await.len(), 2);
}
