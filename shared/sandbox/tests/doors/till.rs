//! The sandbox register through its doors, spoken to by the platform's own connector.

use std::collections::BTreeSet;

use crate::support::{BASE, World};
use connectors::till::sandbox::SandboxTill;
use connectors::till::{Till as _, TillAnswer};
use domain::details::{Line, ReceiptScenario, Subject};
use domain::money::Money;
use domain::receipt::{Fiscal, ReceiptDocument, ReceiptKind, Supplier};
use domain::tax::VatRate;

const CALLBACK: &str = "https://pay.test/callbacks/till/x";

fn till(world: &World, scenario: ReceiptScenario) -> SandboxTill {
    SandboxTill::new(BASE, &world.tenant, world.secret("till"), world.now(), scenario)
}

fn document(world: &World, id: &str) -> ReceiptDocument {
    let line = Line {
        name: "Выписка ЕГРН".into(),
        price: Money::rub(10_001),
        quantity: "1.5".parse().unwrap(),
        amount: Money::rub(15_002),
        vat: VatRate::Vat22,
        subject: Subject::Service,
    };
    ReceiptDocument {
        external_id: id.into(),
        kind: ReceiptKind::Sale,
        agent: world.ports.settings.agent.clone(),
        place: BASE.into(),
        buyer_contact: "buyer@mail.test".into(),
        lines: vec![line],
        supplier: Supplier {
            name: "ООО «Справка»".into(), inn: "7727401209".into(), phone: "+74951234567".into()
        },
        total: Money::rub(15_002),
    }
}

async fn print(world: &World, id: &str, scenario: ReceiptScenario) -> TillAnswer {
    till(world, scenario).print(world.http(), &document(world, id), CALLBACK).await.unwrap()
}

async fn ask(world: &World, id: &str) -> TillAnswer {
    till(world, ReceiptScenario::Prompt).ask(world.http(), id).await.unwrap()
}

async fn printed(world: &World, id: &str) -> Fiscal {
    match ask(world, id).await {
        TillAnswer::Printed(fiscal) => fiscal,
        other => panic!("{other:?}"),
    }
}

fn told(world: &World) -> Vec<(String, TillAnswer)> {
    let till = till(world, ReceiptScenario::Prompt);
    world.heard().iter().map(|heard| till.callback(world.now(), &heard.headers, &heard.body).unwrap()).collect()
}

#[tokio::test]
async fn one_document_per_id_ever() {
    let world = World::new();
    assert_eq!(ask(&world, "o-r1").await, TillAnswer::NotFound);
    assert_eq!(print(&world, "o-r1", ReceiptScenario::Prompt).await, TillAnswer::Waiting);
    assert_eq!(print(&world, "o-r1", ReceiptScenario::Prompt).await, TillAnswer::Waiting);
    world.drain().await;
    let fiscal = printed(&world, "o-r1").await;
    assert_eq!(told(&world), [("o-r1".to_owned(), TillAnswer::Printed(fiscal.clone()))]);
    assert_eq!(print(&world, "o-r1", ReceiptScenario::Prompt).await, TillAnswer::Printed(fiscal.clone()));
    world.pass(100_000).await;
    assert_eq!(told(&world), [], "told once, printed once");
    assert_eq!(printed(&world, "o-r1").await, fiscal);
    assert!(fiscal.drive.starts_with("9999") && fiscal.drive.len() == 16 && fiscal.sign.len() == 10);
    assert_eq!((fiscal.total, fiscal.shift, fiscal.number, fiscal.document), (Money::rub(15_002), 1, 1, 2));
}

#[tokio::test]
async fn documents_are_numbered_without_gaps_and_shifts_end_after_a_day() {
    let world = World::new();
    for id in ["a", "b"] {
        print(&world, id, ReceiptScenario::Prompt).await;
        world.drain().await;
    }
    let (first, second) = (printed(&world, "a").await, printed(&world, "b").await);
    assert_eq!((second.document, second.number), (first.document + 1, 2));
    world.pass(24 * 3_600).await;
    print(&world, "c", ReceiptScenario::Prompt).await;
    world.drain().await;
    let third = printed(&world, "c").await;
    // The closing and the opening report lie between.
    assert_eq!((third.document, third.shift, third.number), (second.document + 3, 2, 1));
}

#[tokio::test]
async fn a_message_the_queue_lost_is_found_by_the_sweep() {
    let world = World::new();
    print(&world, "a", ReceiptScenario::Prompt).await;
    world.lose_messages();
    world.pass(59).await;
    assert_eq!(ask(&world, "a").await, TillAnswer::Waiting);
    world.pass(1).await;
    printed(&world, "a").await;
    assert_eq!(told(&world).len(), 1);
}

#[tokio::test]
async fn scenarios() {
    let world = World::new();
    print(&world, "s", ReceiptScenario::Silent).await;
    world.drain().await;
    printed(&world, "s").await;
    assert_eq!(told(&world), []);

    print(&world, "f", ReceiptScenario::FailingOnce).await;
    world.drain().await;
    let failed = ask(&world, "f").await;
    assert!(matches!(failed, TillAnswer::Failed { passing: true, .. }), "{failed:?}");
    assert_eq!(told(&world), [("f".to_owned(), failed)]);
    assert_eq!(print(&world, "f", ReceiptScenario::FailingOnce).await, TillAnswer::Waiting);
    world.drain().await;
    let fiscal = printed(&world, "f").await;
    assert_eq!(told(&world), [("f".to_owned(), TillAnswer::Printed(fiscal))]);
}

#[tokio::test]
async fn a_document_that_breaks_a_rule_is_refused_by_field_and_tag() {
    let world = World::new();
    let good = document(&world, "a");
    let with = |change: fn(&mut ReceiptDocument)| {
        let mut document = good.clone();
        change(&mut document);
        document
    };
    let cases = [
        (with(|d| d.supplier.inn = "7727401208".into()), "items[0].supplier_info.inn (1226)"),
        (with(|d| d.supplier.phone = "84951234567".into()), "items[0].supplier_info.phones (1171)"),
        (with(|d| d.supplier.name = "я".repeat(240)), "items[0].supplier_info.name (1225)"),
        (with(|d| d.supplier.name = "я".repeat(225)), "items[0].supplier_info (1224)"),
        (with(|d| d.agent.inn = "1".into()), "company.inn (1018)"),
        (with(|d| d.buyer_contact = String::new()), "client.phone (1008)"),
        (with(|d| d.buyer_contact = "buyer@".into()), "client.email (1008)"),
        (with(|d| d.lines[0].name = "я".repeat(129)), "items[0].name (1030)"),
        (with(|d| d.lines[0].amount = Money::rub(15_001)), "items[0].sum (1043)"),
        (with(|d| d.lines[0].vat = VatRate::Vat20), "items[0].vat.type (1199)"),
        (with(|d| d.lines[0].subject = Subject::Goods), "items[0].quantity (1023)"),
        (with(|d| d.lines.clear()), "items (1059)"),
        (with(|d| d.total = Money::rub(1)), "total (1020)"),
        (with(|d| d.place = String::new()), "company.payment_address (1187)"),
    ];
    let till = till(&world, ReceiptScenario::Prompt);
    for (document, field) in cases {
        match till.print(world.http(), &document, CALLBACK).await.unwrap() {
            TillAnswer::Failed { code: 32, text, passing: false } => {
                assert!(text.starts_with(field), "{field}: {text}");
            }
            other => panic!("{field}: {other:?}"),
        }
    }
    assert_eq!(ask(&world, "a").await, TillAnswer::NotFound, "nothing of it is kept");
    let refund = with(|d| {
        d.kind = ReceiptKind::SaleRefund;
        d.lines[0].vat = VatRate::Vat20;
    });
    let answer = till.print(world.http(), &refund, CALLBACK).await.unwrap();
    assert_eq!(answer, TillAnswer::Waiting, "a refund keeps the rate of its sale");
}

#[tokio::test]
async fn printers_at_the_same_time_never_share_a_number() {
    let world = World::new();
    let ids = ["a", "b", "c", "d"];
    for id in ids {
        print(&world, id, ReceiptScenario::Prompt).await;
    }
    world.lose_messages();
    let look = |id: &str| format!(r#"{{"tenant":"demoshop.t","kind":"till","id":"{id}"}}"#);
    let work = async |id: &str| sandbox::work(&world.ports, &look(id)).await;
    let _ = tokio::join!(work("a"), work("b"), work("c"), work("d"), work("a"), work("b"));
    world.pass(60).await;
    world.pass(60).await;
    let mut numbers = BTreeSet::new();
    for id in ids {
        numbers.insert(printed(&world, id).await.document);
    }
    assert_eq!(numbers.into_iter().collect::<Vec<_>>(), [2, 3, 4, 5]);
}

#[tokio::test]
async fn a_crash_between_any_two_writes_gives_no_number_twice_and_loses_none() {
    for no in 1..=8 {
        let world = World::new();
        for id in ["a", "b"] {
            print(&world, id, ReceiptScenario::Prompt).await;
        }
        world.lose_messages();
        world.fail_put(no);
        let look = |id: &str| format!(r#"{{"tenant":"demoshop.t","kind":"till","id":"{id}"}}"#);
        let _ = sandbox::work(&world.ports, &look("a")).await;
        let _ = sandbox::work(&world.ports, &look("b")).await;
        world.fail_put(0);
        world.pass(60).await;
        world.pass(60).await;
        let mut numbers = [printed(&world, "a").await.document, printed(&world, "b").await.document];
        numbers.sort_unstable();
        assert_eq!(numbers, [2, 3], "{no}");
        let told: BTreeSet<_> = told(&world).into_iter().map(|(id, _)| id).collect();
        assert_eq!(told.len(), 2, "{no}: both were told of");
    }
}
