//! The sandbox register through its doors, spoken to by the platform's own connector.

use std::collections::BTreeSet;

use connectors::till::sandbox::SandboxTill;
use connectors::till::{Failed, FailureClass, Printed, Question, Till as _, TillAnswer, TillCallback, difference};
use domain::details::ReceiptScenario;
use domain::money::Money;
use domain::receipt::{Ffd, Payments, ReceiptDocument, ReceiptKind, Subject};
use domain::tax::VatRate;

use crate::documents::{self, advance, closing, correction, marked, prepayment, refund};
use crate::support::{BASE, World};

const CALLBACK: &str = "https://pay.test/callbacks/till/x";

fn till(world: &World, scenario: ReceiptScenario) -> SandboxTill {
    SandboxTill::new(BASE, &world.tenant, world.secret("till"), world.now(), scenario)
}

fn document(world: &World, id: &str) -> ReceiptDocument {
    documents::sale(world, id, Ffd::V1_2)
}

async fn send(world: &World, document: &ReceiptDocument, scenario: ReceiptScenario) -> TillAnswer {
    till(world, scenario).print(world.http(), document, CALLBACK).await.unwrap()
}

async fn print(world: &World, id: &str, scenario: ReceiptScenario) -> TillAnswer {
    send(world, &document(world, id), scenario).await
}

async fn ask(world: &World, id: &str) -> TillAnswer {
    let document = document(world, id);
    let question = Question { document: &document, callback_url: CALLBACK };
    till(world, ReceiptScenario::Prompt).ask(world.http(), question).await.unwrap()
}

async fn printed(world: &World, id: &str) -> Box<Printed> {
    match ask(world, id).await {
        TillAnswer::Printed(printed) => printed,
        other => panic!("{other:?}"),
    }
}

fn told(world: &World) -> Vec<(String, TillAnswer)> {
    let till = till(world, ReceiptScenario::Prompt);
    let told = |heard: crate::support::Heard| till.callback(world.now(), &heard.headers, &heard.body).unwrap();
    let told = world.heard().into_iter().map(told);
    told.map(|TillCallback { external_id, answer }| (external_id, answer.unwrap())).collect()
}

#[tokio::test]
async fn one_document_per_id_ever() {
    let world = World::new();
    assert_eq!(ask(&world, "o-r1").await, TillAnswer::NotFound);
    assert_eq!(print(&world, "o-r1", ReceiptScenario::Prompt).await, TillAnswer::Waiting);
    assert_eq!(print(&world, "o-r1", ReceiptScenario::Prompt).await, TillAnswer::Waiting);
    world.drain().await;
    let paper = printed(&world, "o-r1").await;
    assert_eq!(told(&world), [("o-r1".to_owned(), TillAnswer::Printed(paper.clone()))]);
    assert_eq!(print(&world, "o-r1", ReceiptScenario::Prompt).await, TillAnswer::Printed(paper.clone()));
    world.pass(100_000).await;
    assert_eq!(told(&world), [], "told once, printed once");
    assert_eq!(printed(&world, "o-r1").await, paper);
    assert_eq!(difference(&document(&world, "o-r1"), &paper), None);
    let fiscal = paper.fiscal;
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
    let (first, second) = (printed(&world, "a").await.fiscal, printed(&world, "b").await.fiscal);
    assert_eq!((second.document, second.number), (first.document + 1, 2));
    world.pass(24 * 3_600).await;
    print(&world, "c", ReceiptScenario::Prompt).await;
    world.drain().await;
    let third = printed(&world, "c").await.fiscal;
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
    assert!(matches!(&failed, TillAnswer::Failed(failed) if failed.class == FailureClass::Passing), "{failed:?}");
    assert_eq!(told(&world), [("f".to_owned(), failed)]);
    assert_eq!(print(&world, "f", ReceiptScenario::FailingOnce).await, TillAnswer::Waiting);
    world.drain().await;
    let paper = printed(&world, "f").await;
    assert_eq!(told(&world), [("f".to_owned(), TillAnswer::Printed(paper))]);
}

async fn class(world: &World, document: &ReceiptDocument, scenario: ReceiptScenario) -> Option<FailureClass> {
    send(world, document, scenario).await;
    world.drain().await;
    match ask(world, &document.external_id).await {
        TillAnswer::Failed(Failed { class, .. }) => Some(class),
        TillAnswer::Printed(_) => None,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_spent_id_comes_again_under_a_new_one() {
    let world = World::new();
    let first = document(&world, "ord_t_x-r1");
    assert_eq!(class(&world, &first, ReceiptScenario::Expiring).await, Some(FailureClass::Expired));
    assert_eq!(class(&world, &first, ReceiptScenario::Expiring).await, Some(FailureClass::Expired), "spent for good");
    let second = document(&world, "ord_t_x-r1a1");
    assert_eq!(class(&world, &second, ReceiptScenario::Expiring).await, None);
}

#[tokio::test]
async fn a_broken_register_and_a_refused_mark_say_so() {
    let world = World::new();
    let plain = document(&world, "b-1");
    assert_eq!(class(&world, &plain, ReceiptScenario::Broken).await, Some(FailureClass::Register));
    assert_eq!(class(&world, &plain, ReceiptScenario::Broken).await, Some(FailureClass::Register));
    let goods = documents::document(&world, "m-1", Ffd::V1_2, vec![marked(100_000)]);
    assert_eq!(class(&world, &goods, ReceiptScenario::MarkRefused).await, Some(FailureClass::Mark));
    let plain = document(&world, "m-2");
    assert_eq!(class(&world, &plain, ReceiptScenario::MarkRefused).await, None, "nothing is marked in it");
}

#[tokio::test]
async fn a_register_that_prints_another_rate_is_found_out() {
    let world = World::new();
    print(&world, "o-1", ReceiptScenario::OtherRate).await;
    world.drain().await;
    let paper = printed(&world, "o-1").await;
    assert_eq!(paper.echo.rates, Some(vec![1]));
    let found = difference(&document(&world, "o-1"), &paper).unwrap();
    assert_eq!(found.rates, [(11, 1)]);
}

#[tokio::test]
async fn every_kind_of_receipt_is_printed() {
    let world = World::new();
    let sale = document(&world, "k-1");
    let goods = documents::document(&world, "k-7", Ffd::V1_2, vec![marked(100_000), sale.items[0].clone()]);
    let all = [
        sale.clone(),
        refund(&sale, "k-2"),
        prepayment(&sale, "k-3"),
        closing(&sale, "k-4"),
        advance(&world, "k-5", Ffd::V1_2),
        correction(&sale, "k-6"),
        goods.clone(),
        prepayment(&goods, "k-8"),
    ];
    for document in all {
        assert_eq!(class(&world, &document, ReceiptScenario::Prompt).await, None, "{}", document.external_id);
        let question = Question { document: &document, callback_url: CALLBACK };
        let answer = till(&world, ReceiptScenario::Prompt).ask(world.http(), question).await.unwrap();
        let TillAnswer::Printed(printed) = answer else { panic!("{answer:?}") };
        assert_eq!(difference(&document, &printed), None, "{}", document.external_id);
    }
}

fn supplier(d: &mut ReceiptDocument) -> &mut domain::receipt::Supplier {
    &mut d.items[0].principal.as_mut().unwrap().supplier
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
        (with(|d| supplier(d).inn = "7727401208".into()), "items[0].supplier.inn (1226)"),
        (with(|d| supplier(d).phones = vec!["84951234567".into()]), "items[0].supplier.phones (1171)"),
        (with(|d| supplier(d).name = "я".repeat(240)), "items[0].supplier.name (1225)"),
        (with(|d| supplier(d).name = "я".repeat(225)), "items[0].supplier (1224)"),
        (with(|d| d.agent.inn = "1".into()), "agent.inn (1018)"),
        (with(|d| d.buyer.contact = String::new()), "buyer.contact (1008)"),
        (with(|d| d.buyer.contact = "buyer@".into()), "buyer.contact (1008)"),
        (with(|d| d.items[0].name = "я".repeat(129)), "items[0].name (1030)"),
        (with(|d| d.items[0].amount = Money::rub(15_001)), "items[0].amount (1043)"),
        (with(|d| d.items[0].vat = VatRate::Vat20), "items[0].vat (1199)"),
        (with(|d| d.items[0].calculated = true), "items[0].vat (1199)"),
        (with(|d| d.items[0].subject = Subject::Goods), "items[0].quantity (1023)"),
        (with(|d| d.items[0].mark = Some("1".into())), "items[0].mark (2000)"),
        (with(|d| d.items.clear()), "items (1059)"),
        (with(|d| d.total = Money::rub(1)), "total (1020)"),
        (with(|d| d.payments = Payments::electronic(Money::rub(1))), "payments (1081)"),
        (with(|d| d.place = String::new()), "place (1187)"),
    ];
    let till = till(&world, ReceiptScenario::Prompt);
    for (document, field) in cases {
        match till.print(world.http(), &document, CALLBACK).await.unwrap() {
            TillAnswer::Failed(Failed { class: FailureClass::Document, code, text }) => {
                assert_eq!(code, "32");
                assert!(text.starts_with(field), "{field}: {text}");
            }
            other => panic!("{field}: {other:?}"),
        }
    }
    assert_eq!(ask(&world, "a").await, TillAnswer::NotFound, "nothing of it is kept");
    let refund = with(|d| {
        d.kind = ReceiptKind::SaleRefund;
        d.items[0].vat = VatRate::Vat20;
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
    let look = |id: &str| format!(r#"{{"tenant":"demoshop.t","kind":"document","id":"sandbox:{id}"}}"#);
    let work = async |id: &str| sandbox::work(&world.ports, &look(id)).await;
    let _ = tokio::join!(work("a"), work("b"), work("c"), work("d"), work("a"), work("b"));
    world.pass(60).await;
    world.pass(60).await;
    let mut numbers = BTreeSet::new();
    for id in ids {
        numbers.insert(printed(&world, id).await.fiscal.document);
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
        let look = |id: &str| format!(r#"{{"tenant":"demoshop.t","kind":"document","id":"sandbox:{id}"}}"#);
        let _ = sandbox::work(&world.ports, &look("a")).await;
        let _ = sandbox::work(&world.ports, &look("b")).await;
        world.fail_put(0);
        world.pass(60).await;
        world.pass(60).await;
        let mut numbers = [printed(&world, "a").await.fiscal.document, printed(&world, "b").await.fiscal.document];
        numbers.sort_unstable();
        assert_eq!(numbers, [2, 3], "{no}");
        let told: BTreeSet<_> = told(&world).into_iter().map(|(id, _)| id).collect();
        assert_eq!(told.len(), 2, "{no}: both were told of");
    }
}
