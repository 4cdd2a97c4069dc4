//! The signed redirect form: what makes an order, and what makes none.
#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

use std::collections::BTreeMap;

use domain::id::{Mode, Tenant};
use domain::time::Timestamp;
use support::{Answer, FORM_SECRET, START, World, partner};
use workflows::links::{fields_signature, with_query};

fn at(shift: i64) -> String {
    (START.parse::<Timestamp>().unwrap().as_second() + shift).to_string()
}

fn fields(changes: &[(&str, &str)]) -> BTreeMap<String, String> {
    let at = at(0);
    let sound = [
        ("partner", "demoshop"),
        ("mode", "test"),
        ("number", "F-1"),
        ("amount", "1234.50"),
        ("name", "Выписка ЕГРН"),
        ("email", "ivanova@mail.example"),
        ("at", at.as_str()),
    ];
    let all = sound.iter().chain(changes);
    let mut fields: BTreeMap<_, _> = all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    fields.retain(|_, value| value != "-");
    fields
}

fn signed(changes: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut fields = fields(changes);
    let signature = fields_signature(FORM_SECRET, &fields);
    fields.insert("signature".to_owned(), signature);
    fields
}

async fn posted(world: &World, fields: &BTreeMap<String, String>) -> Answer {
    let pairs: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    world.post("/pay", &pairs).await
}

/// The form is refused with this status, its page names this, and nothing was kept.
async fn refused(world: &World, fields: &BTreeMap<String, String>, status: u16, named: &str) {
    let orders =
        || world.table.partitions().into_iter().filter(|pk| pk.starts_with("O#") || pk.starts_with("N#")).count();
    let before = orders();
    let answer = posted(world, fields).await;
    assert_eq!(answer.status, status, "{}", answer.text());
    assert!(answer.text().contains(named), "{named}: {}", answer.text());
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(orders(), before);
}

#[tokio::test]
async fn a_signed_form_makes_an_order_once() {
    let world = World::new().await;
    let first = posted(&world, &signed(&[])).await;
    assert_eq!(first.status, 303);
    let page = world.get(&first.location()).await;
    assert!(page.text().contains("F-1") && page.text().contains("iv•••@mail.example"));
    // The same by GET, signed at another time: the same order.
    world.advance(60);
    let later = signed(&[("at", &at(60))]);
    assert_eq!(world.get(&with_query("/pay", &later)).await.location(), first.location());
    // A reader of English is shown English where the form names no language.
    assert_eq!(
        world.get_in(&with_query("/pay", &later), "en").await.location(),
        format!("{}?lang=en", first.location())
    );
}

#[tokio::test]
async fn numbered_lines_make_a_basket() {
    let world = World::new().await;
    let lines = signed(&[
        ("name", "-"),
        ("amount", "250.00"),
        ("line1_name", "Справка"),
        ("line1_price", "100.00"),
        ("line1_quantity", "2"),
        ("line1_vat", "vat22"),
        ("line2_name", "Доставка"),
        ("line2_price", "50.00"),
        ("button", "order"),
        ("language", "en"),
    ]);
    let page = world.get(&posted(&world, &lines).await.location()).await.text();
    for said in ["Справка", "Доставка", "VAT 22%", "no VAT"] {
        assert!(page.contains(said), "{said}");
    }
}

#[tokio::test]
async fn a_number_used_before_is_a_conflict() {
    let world = World::new().await;
    posted(&world, &signed(&[])).await.location();
    refused(&world, &signed(&[("amount", "1.00")]), 409, "number").await;
}

#[tokio::test]
async fn what_is_not_signed_by_a_partner_looks_the_same() {
    let world = World::new().await;
    let mut tampered = signed(&[]);
    tampered.insert("amount".to_owned(), "1.00".to_owned());
    let mut added = signed(&[]);
    added.insert("description".to_owned(), "x".to_owned());
    let mut unsigned = signed(&[]);
    unsigned.remove("signature");
    let unknown = signed(&[("partner", "nobody1")]);
    let mut guessed = fields(&[("partner", "nobody1")]);
    guessed.insert("signature".to_owned(), fields_signature("", &guessed));
    let cases = [
        tampered,
        added,
        unsigned,
        unknown,
        guessed,
        signed(&[("mode", "prod")]),
        signed(&[("mode", "-")]),
        signed(&[("mode", "live")]),
    ];
    let mut told = Vec::new();
    for case in cases {
        refused(&world, &case, 401, "signature").await;
        let answer = posted(&world, &case).await;
        told.push(answer.text().replace(answer.header("x-request-id"), ""));
    }
    assert!(told.iter().all(|text| *text == told[0]));
}

#[tokio::test]
async fn a_form_signed_long_ago_is_stale() {
    let world = World::new().await;
    for shift in [-86_401, 86_401] {
        refused(&world, &signed(&[("at", &at(shift))]), 400, "at").await;
    }
    for unreadable in ["-", "yesterday", ""] {
        refused(&world, &signed(&[("at", unreadable)]), 400, "at:").await;
    }
    assert_eq!(posted(&world, &signed(&[("at", &at(-86_400))])).await.status, 303);
}

#[tokio::test]
async fn each_field_that_breaks_a_rule_is_named() {
    let world = World::new().await;
    let cases = [
        (vec![("utm_source", "x")], "utm_source:"),
        (vec![("number", "-")], "number:"),
        (vec![("amount", "12,50")], "amount:"),
        (vec![("amount", "-")], "amount:"),
        (vec![("email", "not an address")], "email:"),
        (vec![("phone", "12")], "phone:"),
        (vec![("success_url", "https://evil.example/")], "success_url:"),
        (vec![("failure_url", "javascript:alert(1)")], "failure_url:"),
        (vec![("button", "buy")], "button:"),
        (vec![("language", "fr")], "language:"),
        (vec![("line1_name", "x")], "name:"),
        (vec![("name", "-"), ("line1_name", "x"), ("line1_price", "0")], "line1_price:"),
        (vec![("name", "-"), ("line1_name", "x"), ("line1_price", "1"), ("amount", "2")], "amount:"),
        (vec![("channels", "email,pigeon")], "channels:"),
        (vec![("timeout", "soon")], "timeout:"),
    ];
    for (changes, named) in cases {
        refused(&world, &signed(&changes), 422, named).await;
    }
    let english = posted(&world, &signed(&[("language", "en"), ("amount", "0")])).await;
    assert!(english.text().contains("amount: A price in roubles"), "{}", english.text());
    let hostile = posted(&world, &signed(&[("<script>", "x")])).await;
    assert!(!hostile.text().contains("<script>:"));
}

#[tokio::test]
async fn a_doubled_field_is_refused_wherever_it_comes_from() {
    let world = World::new().await;
    let form = signed(&[]);
    let mut pairs: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let path = "/pay?amount=1.00";
    assert_eq!(world.post(path, &pairs).await.status, 400);
    pairs.push(("amount", "1.00"));
    let answer = world.post("/pay", &pairs).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("amount:"));
    assert_eq!(world.post("/pay", &[("x", &"y".repeat(70_000))]).await.status, 413);
}

#[tokio::test]
async fn a_live_partner_without_a_bank_is_told_so_and_touches_no_test_data() {
    let world = World::new().await;
    let live = Tenant::try_new("demoshop", Mode::Live).unwrap();
    world.enrol(&live, &partner()).await;
    refused(&world, &signed(&[("mode", "live")]), 409, "банку").await;
}
