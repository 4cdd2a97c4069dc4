//! The double of `OrangeData`, spoken to by the platform's own connector and, where that would never, by hand.

use axum::body::Body;
use connectors::till::orange_data::{Key, OrangeDataTill};
use connectors::till::{Failed, FailureClass, Printed, Question, Till as _, TillAnswer, TillError, difference};
use domain::money::Money;
use domain::receipt::register::{Register, RegisterKind};
use domain::receipt::{Ffd, Payments, ReceiptDocument, ReceiptKind, Settlement};
use domain::tax::VatRate;
use sandbox::registers;
use serde_json::{Value, json};

use crate::documents::{advance, closing, correction, document, item, marked, prepayment, refund, sale};
use crate::support::{Answer, BASE, World};

const CALLBACK: &str = "https://shop.test/callbacks/till/x";

async fn register(world: &World, ffd: Ffd) -> Register {
    let device = registers::device(&world.ports, &world.tenant, RegisterKind::OrangeData).await.unwrap();
    Register {
        id: "orange-data".into(),
        kind: device.kind,
        ffd,
        priority: 0,
        enabled: true,
        owner: None,
        group: device.group,
        address: Some(device.address),
        credentials: device.credentials,
    }
}

async fn print(world: &World, document: &ReceiptDocument) -> Result<TillAnswer, TillError> {
    let till = OrangeDataTill::new(&register(world, document.ffd).await);
    till.print(world.http(), document, CALLBACK).await
}

async fn ask(world: &World, document: &ReceiptDocument) -> TillAnswer {
    let till = OrangeDataTill::new(&register(world, document.ffd).await);
    till.ask(world.http(), Question { document, callback_url: CALLBACK }).await.unwrap()
}

/// Taken, then printed as it was sent.
async fn passes(world: &World, document: &ReceiptDocument) -> Box<Printed> {
    assert_eq!(print(world, document).await.unwrap(), TillAnswer::Waiting, "{}", document.external_id);
    world.pass(1).await;
    let printed = printed(world, document).await;
    assert_eq!(difference(document, &printed), None, "{}", document.external_id);
    printed
}

async fn printed(world: &World, document: &ReceiptDocument) -> Box<Printed> {
    match ask(world, document).await {
        TillAnswer::Printed(printed) => printed,
        other => panic!("{}: {other:?}", document.external_id),
    }
}

async fn failure(world: &World, document: &ReceiptDocument) -> (FailureClass, String) {
    match print(world, document).await.unwrap() {
        TillAnswer::Failed(Failed { class, text, .. }) => (class, text),
        other => panic!("{}: {other:?}", document.external_id),
    }
}

async fn spoil(world: &World, faults: &[&str]) {
    let key = workflows::access::issue_key(&world.ports, &world.tenant).await.unwrap();
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = json!({ "next": faults }).to_string();
    let path = "/sandbox/registers/orange_data/faults";
    assert_eq!(world.ask("PUT", path, &headers, Body::from(body)).await.status, 200);
}

/// A command by hand, signed.
async fn command(world: &World, path: &str, body: &Value) -> Answer {
    let key = Key::parse(register(world, Ffd::V1_2).await.credentials.of("private_key")).unwrap();
    let body = body.to_string();
    let signature = key.sign(body.as_bytes()).unwrap();
    let headers = [("x-signature", signature.as_str()), ("content-type", "application/json")];
    world.ask("POST", &format!("/sandbox/orange_data/demoshop/api/v2/{path}"), &headers, body).await
}

async fn get(world: &World, path: &str) -> Answer {
    world.ask("GET", &format!("/sandbox/orange_data/demoshop/api/v2/{path}"), &[], "").await
}

#[tokio::test]
async fn a_document_is_printed_once_and_told_once() {
    let world = World::new();
    let sent = sale(&world, "o-r1", Ffd::V1_2);
    assert_eq!(ask(&world, &sent).await, TillAnswer::NotFound);
    assert_eq!(print(&world, &sent).await.unwrap(), TillAnswer::Waiting);
    assert_eq!(ask(&world, &sent).await, TillAnswer::Waiting);
    assert_eq!(print(&world, &sent).await.unwrap(), TillAnswer::Waiting, "409, and it waits");
    world.pass(1).await;
    let paper = printed(&world, &sent).await;
    assert_eq!(difference(&sent, &paper), None);
    assert_eq!(paper.echo.rates, Some(vec![11]));
    assert_eq!(print(&world, &sent).await.unwrap(), TillAnswer::Printed(paper.clone()), "409, and it is printed");
    assert!(paper.fiscal.drive.starts_with("9999"));
    assert_eq!(paper.fiscal.total, Money::rub(15_002));
    assert_eq!(paper.fiscal.at, world.now());

    let heard = world.heard();
    assert_eq!(heard.iter().map(|heard| heard.url.as_str()).collect::<Vec<_>>(), [CALLBACK]);
    let till = OrangeDataTill::new(&register(&world, Ffd::V1_2).await);
    let told = till.callback(world.now(), &heard[0].headers, &heard[0].body).unwrap();
    assert_eq!((told.external_id.as_str(), told.answer), ("o-r1", None), "it proves nothing");
    world.pass(100_000).await;
    assert_eq!(world.heard().len(), 0);
    assert_eq!(printed(&world, &sent).await, paper);
}

#[tokio::test]
async fn every_stage_of_a_sale_in_both_formats() {
    for ffd in [Ffd::V1_05, Ffd::V1_2] {
        let world = World::new();
        let sold = sale(&world, "sale", ffd);
        passes(&world, &sold).await;
        passes(&world, &refund(&sold, "refund")).await;
        let before = prepayment(&sold, "before");
        assert_eq!(passes(&world, &before).await.echo.rates, Some(vec![12]));
        passes(&world, &refund(&before, "before-back")).await;
        passes(&world, &closing(&sold, "closing")).await;
        let advanced = advance(&world, "advance", ffd);
        passes(&world, &advanced).await;
        passes(&world, &refund(&advanced, "advance-back")).await;
        passes(&world, &correction(&sold, "fix")).await;
        let own = domain::receipt::Item { principal: None, ..item(7_700, VatRate::None) };
        let mixed = document(&world, "mixed", ffd, vec![item(10_000, VatRate::Vat5), own, marked(250_000)]);
        passes(&world, &mixed).await;
        passes(&world, &refund(&mixed, "mixed-back")).await;
        let mut parts = document(&world, "parts", ffd, vec![item(10_000, VatRate::Vat10)]);
        parts.payments = Payments { cash: Money::rub(1), credit: Money::rub(9_999), ..Payments::none(Money::rub(0)) };
        parts.items[0].settlement = Settlement::PartialPayment;
        passes(&world, &parts).await;
        // What was sold before 2026 goes back at its rate.
        let old = document(&world, "old", ffd, vec![item(12_000, VatRate::Vat20), item(100, VatRate::Vat0)]);
        let old = ReceiptDocument { kind: ReceiptKind::SaleRefund, ..old };
        assert_eq!(passes(&world, &old).await.echo.rates, Some(vec![1, 5]));
    }
}

#[tokio::test]
async fn what_the_register_holds_is_what_was_sent() {
    let world = World::new();
    let mut sent = document(&world, "o-r1", Ffd::V1_2, vec![item(10_000, VatRate::Vat22), marked(250_000)]);
    sent.buyer.name = Some("ООО «Рога»".into());
    sent.buyer.inn = Some("7707083893".into());
    sent.items[1].fraction = Some((1, 3));
    passes(&world, &sent).await;
    let find = registers::find_by_external(&world.ports, &world.tenant, RegisterKind::OrangeData, "o-r1");
    let held = find.await.unwrap().unwrap().content;
    // The contract is the vendor's test owner's; CP866 knows other quotation marks.
    sent.agent.inn = "7727401209".into();
    sent.buyer.name = Some("ООО \"Рога\"".into());
    for item in &mut sent.items {
        item.principal.as_mut().unwrap().supplier.name = "ООО \"Справка\"".into();
    }
    assert_eq!(held, sent);
}

#[tokio::test]
async fn a_lost_answer_is_no_second_document() {
    let world = World::new();
    spoil(&world, &["lost_answer"]).await;
    let sent = sale(&world, "o-r1", Ffd::V1_2);
    assert!(matches!(print(&world, &sent).await, Err(TillError::Unknown(_))));
    assert_eq!(print(&world, &sent).await.unwrap(), TillAnswer::Waiting);
    world.pass(1).await;
    assert_eq!(printed(&world, &sent).await.fiscal.number, 1);
    // Lost on the way instead.
    let second = sale(&world, "o-r2", Ffd::V1_2);
    world.lose_answers(1);
    assert!(matches!(print(&world, &second).await, Err(TillError::Unknown(_))));
    world.pass(1).await;
    let paper = printed(&world, &second).await;
    assert_eq!(print(&world, &second).await.unwrap(), TillAnswer::Printed(paper.clone()));
    assert_eq!(paper.fiscal.number, 2);
}

#[tokio::test]
async fn a_full_queue_passes() {
    let world = World::new();
    spoil(&world, &["failing_once"]).await;
    let sent = sale(&world, "o-r1", Ffd::V1_2);
    assert_eq!(failure(&world, &sent).await, (FailureClass::Passing, "the queue is full for 5 s".to_owned()));
    assert_eq!(ask(&world, &sent).await, TillAnswer::NotFound);
    assert_eq!(failure(&world, &sent).await.0, FailureClass::Passing, "before its time");
    world.pass(5).await;
    assert_eq!(ask(&world, &sent).await, TillAnswer::NotFound);
    assert_eq!(world.heard().len(), 0);
    assert_eq!(passes(&world, &sent).await.fiscal.number, 1);
}

#[tokio::test]
async fn an_expired_id_is_spent_and_a_new_one_prints() {
    let world = World::new();
    spoil(&world, &["expiring"]).await;
    let sent = sale(&world, "o-r1", Ffd::V1_2);
    assert_eq!(print(&world, &sent).await.unwrap(), TillAnswer::Waiting);
    world.pass(1).await;
    for answer in [ask(&world, &sent).await, print(&world, &sent).await.unwrap()] {
        assert!(matches!(answer, TillAnswer::Failed(Failed { class: FailureClass::Expired, .. })), "{answer:?}");
    }
    passes(&world, &sale(&world, "o-r1a1", Ffd::V1_2)).await;
}

#[tokio::test]
async fn a_refused_mark_is_told_unless_it_is_sold_unchecked() {
    let world = World::new();
    spoil(&world, &["mark_refused", "mark_refused"]).await;
    let sent = document(&world, "o-r1", Ffd::V1_2, vec![item(100, VatRate::None), marked(250_000)]);
    assert_eq!(print(&world, &sent).await.unwrap(), TillAnswer::Waiting);
    world.pass(1).await;
    let TillAnswer::Failed(Failed { class, text, .. }) = ask(&world, &sent).await else { panic!("printed") };
    assert_eq!((class, text.as_str()), (FailureClass::Mark, "item 1: check (2106) 1, 2004 1"));
    let unchecked = ReceiptDocument { external_id: "o-r2".into(), sell_unchecked: true, ..sent };
    passes(&world, &unchecked).await;
}

#[tokio::test]
async fn another_rate_than_sent_is_seen() {
    let world = World::new();
    spoil(&world, &["other_rate", "other_rate"]).await;
    let sent = sale(&world, "o-r1", Ffd::V1_2);
    let fix = ReceiptDocument { ffd: Ffd::V1_05, ..correction(&sent, "o-r2") };
    for sent in [sent, fix] {
        assert_eq!(print(&world, &sent).await.unwrap(), TillAnswer::Waiting);
        world.pass(1).await;
        let found = difference(&sent, &*printed(&world, &sent).await).unwrap();
        assert_eq!(found.rates, [(11, 1)], "{found:?}");
    }
}

#[tokio::test]
async fn a_broken_register_prints_nothing_and_says_so() {
    let world = World::new();
    spoil(&world, &["broken"]).await;
    let sent = sale(&world, "o-r1", Ffd::V1_2);
    assert_eq!(failure(&world, &sent).await.0, FailureClass::Register);
    world.pass(10).await;
    assert_eq!(ask(&world, &sent).await, TillAnswer::NotFound);
}

#[tokio::test]
async fn a_silent_register_is_asked() {
    let world = World::new();
    spoil(&world, &["silent"]).await;
    passes(&world, &sale(&world, "o-r1", Ffd::V1_2)).await;
    assert_eq!(world.heard().len(), 0);
}

#[tokio::test]
async fn what_breaks_a_law_is_refused_in_the_registers_words() {
    let world = World::new();
    let old = document(&world, "a", Ffd::V1_2, vec![item(100, VatRate::Vat20)]);
    let (class, text) = failure(&world, &old).await;
    assert_eq!(class, FailureClass::Document);
    assert!(text.contains("/items/0/vat (тег 1199)"), "{text}");
    let mut unpaid = sale(&world, "b", Ffd::V1_2);
    unpaid.payments = Payments::electronic(Money::rub(1));
    assert_eq!(failure(&world, &unpaid).await.0, FailureClass::Document);
    let mut nobody = sale(&world, "c", Ffd::V1_2);
    nobody.items[0].principal.as_mut().unwrap().supplier.inn = "7727401208".into();
    assert!(failure(&world, &nobody).await.1.contains("тег 1226"));
}

#[tokio::test]
async fn a_contract_that_does_not_hold_sends_receipts_elsewhere() {
    let world = World::new();
    let sent = sale(&world, "o-r1", Ffd::V1_2);
    // Another key than is agreed on, of the same length.
    let other = "7727401209_00000000";
    for (name, value) in [("key", other), ("inn", "7707083893")] {
        let mut register = register(&world, Ffd::V1_2).await;
        register.credentials.0.insert(name.into(), value.into());
        let answer = OrangeDataTill::new(&register).print(world.http(), &sent, CALLBACK).await.unwrap();
        assert!(matches!(answer, TillAnswer::Failed(Failed { class: FailureClass::Register, .. })), "{answer:?}");
    }
    let mut register = register(&world, Ffd::V1_2).await;
    register.group = Some("Vend".into());
    let answer = OrangeDataTill::new(&register).print(world.http(), &sent, CALLBACK).await.unwrap();
    assert!(matches!(answer, TillAnswer::Failed(Failed { class: FailureClass::Register, .. })), "{answer:?}");
}

#[tokio::test]
async fn a_signature_is_verified_over_what_was_received() {
    let world = World::new();
    let register = register(&world, Ffd::V1_2).await;
    let key = Key::parse(register.credentials.of("private_key")).unwrap();
    let body = json!({ "inn": "7727401209", "key": register.credentials.of("key"), "group": "Main_2" });
    assert_eq!(command(&world, "check/", &body).await.status, 200);
    let path = "/sandbox/orange_data/demoshop/api/v2/check/";
    let spaced = serde_json::to_string_pretty(&body).unwrap();
    let signature = key.sign(body.to_string().as_bytes()).unwrap();
    for headers in [vec![("x-signature", signature.as_str())], vec![("x-signature", "AAAA")], Vec::new()] {
        let answer = world.ask("POST", path, &headers, spaced.clone()).await;
        assert_eq!((answer.status, answer.json()), (400, json!({ "errors": ["Подпись не прошла проверку"] })));
    }
    let over_spaced = key.sign(spaced.as_bytes()).unwrap();
    assert_eq!(world.ask("POST", path, &[("x-signature", &over_spaced)], spaced).await.status, 200);
}

#[tokio::test]
async fn the_other_doors_and_what_can_not_be_read() {
    let world = World::new();
    let devices = get(&world, "devices/status/7727401209/Main_2").await.json();
    assert!(devices["devices"][0]["fsNumber"].as_str().unwrap().starts_with("9999"), "{devices}");
    assert_eq!(get(&world, "devices/status/7727401209/Vend").await.status, 400);
    assert_eq!(get(&world, "documents/7727401209/status/none").await.status, 400);
    assert_eq!(get(&world, "documents/7707083893/status/none").await.status, 400);
    assert_eq!(get(&world, "moon/7727401209/status/none").await.status, 404);
    assert_eq!(command(&world, "moon/", &json!({})).await.status, 404);
    let sentences = async |body: Value| {
        let answer = command(&world, "documents/", &body).await;
        assert_eq!(answer.status, 400);
        answer.json()["errors"][0].as_str().unwrap().to_owned()
    };
    assert_eq!(sentences(json!({})).await, "Не указан идентификатор документа 'Id'");
    assert_eq!(sentences(json!({ "id": "1" })).await, "Не указан ИНН организации 'INN'");
    let key = register(&world, Ffd::V1_2).await.credentials.of("key").to_owned();
    let head = json!({ "id": "1", "inn": "7727401209", "group": null, "key": key });
    assert_eq!(sentences(head.clone()).await, "Отсутствует содержимое документа 'Content'");
    // The manual's first example (2.1), at a rate of this year: the format of 1.05 where none is named.
    let mut example = head;
    example["content"] = json!({
        "type": 1,
        "positions": [
            { "quantity": 1.000, "price": 123.45, "tax": 6, "text": "Булка", "paymentMethodType": 4, "paymentSubjectType": 1 },
            { "quantity": 2.000, "price": 4.45, "tax": 2, "text": "Спички «Маяк»", "paymentMethodType": 4, "paymentSubjectType": 13 }
        ],
        "checkClose": { "payments": [{ "type": 1, "amount": 123.45 }, { "type": 2, "amount": 8.90000 }], "taxationSystem": 1 },
        "customerContact": "foo@example.com"
    });
    assert_eq!(command(&world, "documents", &example).await.status, 201);
    assert_eq!(command(&world, "documents", &example).await.status, 409);
    assert_eq!(get(&world, "documents/7727401209/status/1").await.status, 202);
    world.pass(1).await;
    let told = get(&world, "documents/7727401209/status/1").await.json();
    assert_eq!(told["content"]["positions"][1]["text"], "Спички Маяк", "what CP866 lacks is left out");
    assert_eq!((&told["content"]["vat2Sum"], &told["content"]["vat4Sum"]), (&json!(0.81), &json!(123.45)));
    assert_eq!(get(&world, "correction12/7727401209/status/1").await.status, 400, "it is no correction");
    assert!(world.heard()[0].url.starts_with(BASE), "to the platform, where no other address is named");
    for (field, value) in [
        ("/content/positions/0/tax", json!(11)),
        ("/content/positions/0/paymentSubjectType", json!(99)),
        ("/content/checkClose/taxationSystem", json!(3)),
        ("/content/checkClose/payments/0/type", json!(3)),
        ("/content/type", json!(3)),
    ] {
        let mut wrong = example.clone();
        wrong["id"] = json!("2");
        *wrong.pointer_mut(field).unwrap() = value;
        assert_eq!(command(&world, "documents", &wrong).await.status, 400, "{field}");
    }
}
