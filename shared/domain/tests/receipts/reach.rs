//! The stories reach what the laws are about: a law nothing ever comes under says nothing.

use std::collections::BTreeMap;

use domain::acquiring::Stages;
use domain::details::PaymentTerms;
use domain::order::{Event, OperationKind, Stage};
use domain::receipt::ReceiptKind;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::basket::basket;
use crate::laws::{Step, scheme, step, steps};
use crate::story::{Story, details};

#[test]
fn the_stories_reach_what_the_laws_are_about() {
    let mut runner = TestRunner::deterministic();
    let tale = (basket(8), scheme(), any::<bool>(), steps());
    let mut reached: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..400 {
        let (lines, scheme, two, steps) = tale.new_tree(&mut runner).unwrap().current();
        let stages = if two { Stages::Two } else { Stages::One };
        let mut story = Story::new(details(lines, scheme, PaymentTerms { stages, ..PaymentTerms::default() }));
        story.pay(None);
        let mut reach = |what: String| *reached.entry(what).or_default() += 1;
        for next in &steps {
            let done = step(&mut story, next);
            match next {
                Step::Edit if done => reach("edited".into()),
                Step::BankMoves(_) if done => reach("the bank by itself".into()),
                Step::Capture(_) | Step::GiveBack(_) if done => reach("asked and done".into()),
                _ => {}
            }
        }
        for receipt in &story.order.receipts {
            let what = match (receipt.corrects, receipt.share) {
                (Some(no), _) if story.order.receipts[usize::from(no) - 1].corrects.is_some() => {
                    "corrects a correction"
                }
                (Some(_), _) => "corrects",
                (None, 0) => "first",
                (None, _) => "divided",
            };
            reach(format!("{} {} {what}", receipt.stage.code(), receipt.kind.tag_1054()));
            let operation = story.order.operation(receipt.operation).unwrap();
            if !operation.parts.is_empty() {
                let kind = if matches!(operation.kind, OperationKind::Capture { .. }) { "capture" } else { "return" };
                reach(format!("part of a {kind}"));
            }
            let closed_less = receipt.stage == Stage::Closing
                && story.order.receipts.iter().any(|other| {
                    other.kind == ReceiptKind::SaleRefund && other.stage != Stage::Full && other.corrects.is_none()
                });
            if closed_less {
                reach("closed after a part went back".into());
            }
        }
        if story.order.has(Event::Fulfilled) {
            reach("fulfilled".into());
        }
    }
    let stages = ["full", "prepayment", "advance"];
    let mut wanted: Vec<String> =
        stages.iter().flat_map(|stage| [1, 2].map(|kind| format!("{stage} {kind} first"))).collect();
    wanted.extend(stages.iter().chain(&["closing"]).map(|stage| format!("{stage} 1 divided")));
    wanted.extend(
        ["closing 1 first", "closing 1 corrects", "closing 2 corrects", "full 2 corrects a correction"]
            .map(str::to_owned),
    );
    wanted.extend(["part of a capture", "part of a return", "closed after a part went back"].map(str::to_owned));
    wanted.extend(["edited", "the bank by itself", "asked and done", "fulfilled"].map(str::to_owned));
    let missing: Vec<_> = wanted.iter().filter(|what| reached.get(*what).is_none_or(|times| *times < 3)).collect();
    assert!(missing.is_empty(), "{missing:?} of {reached:#?}");
}
