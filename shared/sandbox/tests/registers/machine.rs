//! The machine under all registers: a partner's contracts and faults at their doors.

use axum::body::Body;
use domain::id::Tenant;
use domain::receipt::Ffd;
use domain::receipt::register::RegisterKind;
use sandbox::registers::{self, Document, Failure, Fault, NewDocument, State, Was};
use serde_json::{Value, json};

use crate::documents::{document, item, marked, sale};
use crate::support::{BASE, World};
use domain::tax::VatRate;

const KIND: RegisterKind = RegisterKind::AtolV5;

async fn key(world: &World) -> String {
    workflows::access::issue_key(&world.ports, &world.tenant).await.unwrap()
}

fn new(world: &World, id: &str, fault: Option<Fault>) -> NewDocument {
    let content = sale(world, id, Ffd::V1_2);
    NewDocument { kind: KIND, content, callback_url: None, words: json!({ "kept": "as it is" }), fault }
}

async fn submit(world: &World, new: NewDocument) -> (Document, Was) {
    let submitted = registers::submit(&world.ports, &world.tenant, new).await.unwrap();
    (submitted.document, submitted.was)
}

async fn found(world: &World, id: &str) -> Document {
    registers::find(&world.ports, &world.tenant, KIND, id).await.unwrap().unwrap()
}

#[tokio::test]
async fn one_document_per_id_found_by_both_ids() {
    let world = World::new();
    let (taken, was) = submit(&world, new(&world, "a", None)).await;
    assert_eq!((was, &taken.state), (Was::New, &State::Waiting));
    let other = NewDocument {
        content: document(&world, "a", Ffd::V1_2, vec![item(1, VatRate::None)]),
        ..new(&world, "a", None)
    };
    let (known, was) = submit(&world, other).await;
    assert_eq!((was, &known.content), (Was::Known, &taken.content), "what was sent first");
    assert_eq!(found(&world, "a").await, found(&world, &taken.reference).await);
    assert_eq!(found(&world, "a").await.state, State::Waiting, "before its time");
    world.pass(1).await;
    let State::Done(printed) = found(&world, "a").await.state else { panic!("not printed") };
    assert_eq!((printed.rates.as_slice(), printed.vats[&11].minor()), ([11].as_slice(), 2_705));
    assert_eq!(registers::find(&world.ports, &world.tenant, RegisterKind::AtolV4, "a").await.unwrap(), None);
    let nobody = Tenant::try_new("other", domain::id::Mode::Test).unwrap();
    assert_eq!(registers::find(&world.ports, &nobody, KIND, "a").await.unwrap(), None);
}

#[tokio::test]
async fn what_does_not_print_by_itself_is_printed_when_told() {
    let world = World::new();
    let (taken, _) = submit(&world, new(&world, "a", None)).await;
    let print = async || registers::print(&world.ports, &world.tenant, KIND, &taken.reference).await.unwrap().unwrap();
    let (first, second) = (print().await, print().await);
    assert!(matches!(first.state, State::Done(_)));
    assert_eq!(first, second, "once");
}

#[tokio::test]
async fn faults_mean_the_same_at_every_register() {
    let world = World::new();
    let ends = async |id: &str, fault| {
        let (taken, _) = submit(&world, new(&world, id, Some(fault))).await;
        registers::print(&world.ports, &world.tenant, KIND, &taken.reference).await.unwrap().unwrap().state
    };
    assert_eq!(ends("t", Fault::FailingOnce).await, State::Failed(Failure::Timeout));
    assert_eq!(submit(&world, new(&world, "t", None)).await.1, Was::Known, "at this register the id is spent");
    let own = |id| NewDocument { kind: RegisterKind::Sandbox, ..new(&world, id, Some(Fault::FailingOnce)) };
    let print = async |id| {
        let (taken, was) = submit(&world, own(id)).await;
        let (ports, tenant) = (&world.ports, &world.tenant);
        (was, registers::print(ports, tenant, RegisterKind::Sandbox, &taken.reference).await.unwrap().unwrap().state)
    };
    assert_eq!(print("t").await, (Was::New, State::Failed(Failure::Timeout)));
    assert!(matches!(print("t").await, (Was::Again, State::Done(_))), "once, and not at another register");
    assert_eq!(ends("e", Fault::Expiring).await, State::Failed(Failure::Expired));
    assert_eq!(submit(&world, new(&world, "e", None)).await.1, Was::Known, "spent for good");
    assert_eq!(ends("b", Fault::Broken).await, State::Failed(Failure::Broken));
    assert!(matches!(ends("m", Fault::MarkRefused).await, State::Done(_)), "nothing is marked");
    let mut goods = new(&world, "g", Some(Fault::MarkRefused));
    goods.content = document(&world, "g", Ffd::V1_2, vec![item(1_000, VatRate::None), marked(1_000)]);
    let unchecked = NewDocument { content: goods.content.clone(), ..new(&world, "u", Some(Fault::MarkRefused)) };
    let (goods, _) = submit(&world, goods).await;
    let goods = registers::print(&world.ports, &world.tenant, KIND, &goods.reference).await.unwrap().unwrap();
    assert_eq!(goods.state, State::Failed(Failure::Mark { item: 1 }));
    let mut unchecked = unchecked;
    (unchecked.content.external_id, unchecked.content.sell_unchecked) = ("u".into(), true);
    let (unchecked, _) = submit(&world, unchecked).await;
    let unchecked = registers::print(&world.ports, &world.tenant, KIND, &unchecked.reference).await.unwrap().unwrap();
    assert!(matches!(unchecked.state, State::Done(_)), "sold all the same");
    let State::Done(other) = ends("o", Fault::OtherRate).await else { panic!("not printed") };
    assert_eq!((other.rates.as_slice(), other.vats[&1].minor()), ([1].as_slice(), 2_500));
}

async fn put(world: &World, key: &str, path: &str, body: Value) -> (u16, Value) {
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let answer = world.ask("PUT", path, &headers, Body::from(body.to_string())).await;
    (answer.status, answer.json())
}

async fn get(world: &World, key: &str, path: &str) -> (u16, Value) {
    let answer = world.ask("GET", path, &[("authorization", &format!("Bearer {key}"))], "").await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn a_partner_chooses_the_registers_of_new_receipts() {
    let world = World::new();
    let key = key(&world).await;
    assert_eq!(put(&world, &key, "/sandbox/registers", json!({ "registers": ["atol_v5"] })).await.0, 404, "nobody yet");
    world.ports.store.put_partner(&world.tenant, &partner()).await.unwrap();
    let (status, chosen) =
        put(&world, &key, "/sandbox/registers", json!({ "registers": ["atol_v5", "atol_v4"] })).await;
    assert_eq!((status, &chosen), (200, &json!({ "registers": ["atol_v5", "atol_v4"] })));
    assert_eq!(get(&world, &key, "/sandbox/registers").await.1["registers"], chosen["registers"]);
    let now = world.now();
    let known = world.ports.store.partner(&world.tenant, now).await.unwrap().unwrap().receipts.registers.clone();
    let seen: Vec<_> =
        known.iter().map(|known| (known.id.as_str(), known.ffd, known.address.as_deref().unwrap())).collect();
    let address = |code: &str| format!("{BASE}/sandbox/{code}/demoshop");
    assert_eq!(
        seen,
        [("atol-v5", Ffd::V1_2, address("atol_v5").as_str()), ("atol-v4", Ffd::V1_05, &address("atol_v4"))]
    );
    assert_eq!(put(&world, &key, "/sandbox/registers", json!({ "registers": [] })).await.0, 200);
    assert_eq!(get(&world, &key, "/sandbox/registers").await.1["registers"], json!([]));
    let kept = world.ports.store.partner(&world.tenant, now).await.unwrap().unwrap().receipts.registers.clone();
    assert!(kept.len() == 2 && kept.iter().all(|kept| !kept.enabled), "what they were asked before is seen through");
    for bad in [
        json!({ "registers": ["moon"] }),
        json!({ "registers": ["atol_v5", "atol_v5"] }),
        json!({ "registers": ["sandbox"] }),
    ] {
        assert_eq!(put(&world, &key, "/sandbox/registers", bad).await.0, 422);
    }
}

#[tokio::test]
async fn a_partner_sees_and_spoils_a_register() {
    let world = World::new();
    let key = key(&world).await;
    let path = "/sandbox/registers/atol_v5";
    let (_, shown) = get(&world, &key, path).await;
    assert_eq!(shown["callback_url"], format!("{BASE}/callbacks/till/demoshop.t/atol-v5"));
    assert!(shown["drive"].as_str().unwrap().starts_with("9999"));
    let (_, set) = put(&world, &key, path, json!({ "callback_url": "http://127.0.0.1:9/x" })).await;
    assert_eq!(set["callback_url"], "http://127.0.0.1:9/x");
    assert_eq!(put(&world, &key, path, json!({ "callback_url": "x" })).await.0, 422);
    assert_eq!(put(&world, &key, path, json!({ "callback_url": null })).await.1, shown);
    let faults = format!("{path}/faults");
    let wanted = json!({ "next": ["session", "expiring"], "always": "broken" });
    assert_eq!(put(&world, &key, &faults, wanted.clone()).await.1["faults"], wanted);
    assert_eq!(put(&world, &key, &faults, json!({ "next": ["rain"] })).await.0, 422);
    let take = async || registers::take(&world.ports, &world.tenant, KIND, Fault::Session).await.unwrap();
    assert_eq!((take().await, take().await), (true, false));
    let fault = async |id: &str| submit(&world, new(&world, id, None)).await.0.fault;
    assert_eq!(fault("a").await, Some(Fault::Expiring));
    assert_eq!(fault("b").await, Some(Fault::Broken));
    assert_eq!(fault("a").await, Some(Fault::Expiring), "known: no fault is spent on it");
    put(&world, &key, &faults, json!({})).await;
    assert_eq!(fault("c").await, None);
    assert_eq!(get(&world, &key, "/sandbox/registers/sandbox").await.0, 404);
    assert_eq!(world.ask("GET", path, &[], "").await.status, 401);
}

/// A partner as they are stored.
fn partner() -> domain::partner::Partner {
    let row: Value = serde_json::from_str(include_str!("../../../../tests/stored/rows/partner-1.json")).unwrap();
    serde_json::from_value(row["body"].clone()).unwrap()
}
