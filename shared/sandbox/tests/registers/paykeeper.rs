//! Касса PayKeeper: its double and the platform's connector.

use connectors::till::{FailureClass, TillAnswer, TillCallback, difference};
use domain::money::Money;
use domain::receipt::register::RegisterKind;
use domain::receipt::{Correction, Item, Measure, Payments, ReceiptDocument, Subject};
use domain::tax::VatRate;

use crate::documents::{MARK, advance, closing, correction, document, item, marked, prepayment, refund, sale};
use crate::spoken::{Spoken, failed};

const KIND: RegisterKind = RegisterKind::Paykeeper;

#[tokio::test]
async fn what_is_said_is_understood() {
    let spoken = Spoken::new(KIND).await;
    let (world, ffd) = (&spoken.world, spoken.register.ffd);
    let sale = sale(world, "sale", ffd);
    let first = spoken.says_all(&sale).await;
    assert_eq!(first.echo.rates, Some(vec![11]));
    let second = spoken.says_all(&refund(&sale, "refund")).await;
    assert_eq!((first.fiscal.document + 1, first.fiscal.number + 1), (second.fiscal.document, second.fiscal.number));
    spoken.says_all(&prepayment(&sale, "prepayment")).await;
    spoken.says_all(&closing(&sale, "closing")).await;
    spoken.says_all(&advance(world, "advance", ffd)).await;
    let weighed = Item { measure: Measure::of(11).unwrap(), ..item(3_000, VatRate::Vat0) };
    let own = Item { principal: None, ..item(2_000, VatRate::Vat10) };
    let mut mixed = document(world, "mixed", ffd, vec![item(1_000, VatRate::None), own, weighed]);
    mixed.payments = Payments { cash: Money::rub(1_050), ..Payments::electronic(Money::rub(4_950)) };
    mixed.buyer.contact = "+375291234567".into();
    spoken.says_all(&mixed).await;
}

#[tokio::test]
async fn marked_goods_and_corrections_are_understood() {
    let spoken = Spoken::new(KIND).await;
    let (world, ffd) = (&spoken.world, spoken.register.ffd);
    spoken.says_all(&document(world, "marked", ffd, vec![marked(1_000), item(2_000, VatRate::Vat22)])).await;
    assert_eq!(spoken.kept("marked").await.unwrap().items[0].mark.as_deref(), Some(MARK), "separators and all");
    let part = Item { fraction: Some((1, 3)), ..marked(1_000) };
    spoken.says_all(&document(world, "part", ffd, vec![part])).await;
    let own = correction(&sale(world, "s", ffd), "correction");
    spoken.says_all(&own).await;
    let ordered = Correction { order: Some("17-04/2".into()), ..own.correction.clone().unwrap() };
    spoken.says_all(&ReceiptDocument { external_id: "ordered".into(), correction: Some(ordered), ..own }).await;
    let deposit = Item { subject: Subject::Deposit, ..item(1_000, VatRate::None) };
    spoken.has_no_words_for(&document(world, "deposit", ffd, vec![deposit])).await;
}

#[tokio::test]
async fn an_answer_that_got_lost_prints_nothing_twice() {
    let spoken = Spoken::new(KIND).await;
    let sale = sale(&spoken.world, "sale", spoken.register.ffd);
    spoken.spoil(&["lost_answer"]).await;
    assert!(spoken.print(&sale).await.unwrap_err().may_have_happened());
    assert_eq!(spoken.print(&sale).await.unwrap(), TillAnswer::Waiting, "the same key");
    spoken.world.pass(2).await;
    let TillAnswer::Printed(first) = spoken.print(&sale).await.unwrap() else { panic!("not printed") };
    spoken.world.lose_answers(1);
    assert!(spoken.print(&sale).await.unwrap_err().may_have_happened());
    assert_eq!(spoken.ask(&sale).await, TillAnswer::Printed(first));
}

#[tokio::test]
async fn a_final_receipt_is_told_and_then_asked_about() {
    let spoken = Spoken::new(KIND).await;
    let sale = sale(&spoken.world, "ord_t_demoshop_01kaj0000000000000000000000-r1", spoken.register.ffd);
    assert_eq!(spoken.print(&sale).await.unwrap(), TillAnswer::Waiting);
    spoken.world.pass(2).await;
    let heard = spoken.world.heard();
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].url, "https://pay.test/callbacks/till/demoshop.t/paykeeper");
    let told = spoken.till.callback(spoken.world.now(), &heard[0].headers, &heard[0].body).unwrap();
    assert_eq!(told, TillCallback { external_id: sale.external_id.clone(), answer: None });
    assert!(matches!(spoken.ask(&sale).await, TillAnswer::Printed(_)));
}

#[tokio::test]
async fn failures_are_told_apart() {
    let spoken = Spoken::new(KIND).await;
    let of = |id: &str| sale(&spoken.world, id, spoken.register.ffd);
    spoken.spoil(&["expiring", "broken", "other_rate", "failing_once"]).await;
    let mut classes = Vec::new();
    for id in ["a", "b"] {
        classes.push(spoken.fails(&of(id)).await.class);
    }
    assert_eq!(classes, [FailureClass::Expired, FailureClass::Register]);
    let other = spoken.printed(&of("c")).await;
    let differs = difference(&of("c"), &other).unwrap();
    assert_eq!(differs.rates, [(11, 1)], "{}", differs.text);
    // The key is sent anew with every question: what failed in passing is queued again by it.
    assert_eq!(spoken.print(&of("d")).await.unwrap(), TillAnswer::Waiting);
    spoken.world.pass(2).await;
    assert_eq!(spoken.print(&of("d")).await.unwrap(), TillAnswer::Waiting);
    spoken.world.pass(2).await;
    assert!(matches!(spoken.print(&of("d")).await.unwrap(), TillAnswer::Printed(_)));
    spoken.spoil(&["mark_refused"]).await;
    let goods = document(&spoken.world, "e", spoken.register.ffd, vec![marked(1_000)]);
    assert_eq!(spoken.fails(&goods).await.class, FailureClass::Mark);
    let wrong = ReceiptDocument { payments: Payments::electronic(Money::rub(1)), ..of("f") };
    let refused = failed(spoken.print(&wrong).await.unwrap());
    assert_eq!(refused.class, FailureClass::Document, "{}", refused.text);
}

#[tokio::test]
async fn the_door_is_shut_to_others() {
    let spoken = Spoken::new(KIND).await;
    let of = |id: &str| sale(&spoken.world, id, spoken.register.ffd);
    spoken.printed(&of("a")).await;
    spoken.spoil(&["session"]).await;
    spoken.printed(&of("b")).await;
    let barred = failed(spoken.with("password", "x").print(spoken.world.http(), &of("c"), "").await.unwrap());
    assert_eq!((barred.class, barred.code.as_str()), (FailureClass::Register, "auth"));
    let other = failed(spoken.with("taxation", "usn_income").print(spoken.world.http(), &of("c"), "").await.unwrap());
    assert_eq!((other.class, other.code.as_str()), (FailureClass::Register, "unsupported"));
    assert_eq!(spoken.kept("c").await, None);
}
