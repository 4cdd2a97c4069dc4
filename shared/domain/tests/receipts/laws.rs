//! What is true of the receipts of every story.

use std::collections::{BTreeMap, BTreeSet};

use domain::acquiring::{Method, Stages};
use domain::details::{CaptureRule, PaymentTerms};
use domain::money::Money;
use domain::order::{Event, Operation, Receipt, ReceiptScheme, Stage};
use domain::receipt::laws::{AMOUNT_MINOR_MAX, ITEMS_MAX, breaches};
use domain::receipt::register::Register;
use domain::receipt::{Agent, Item, ReceiptDocument, ReceiptKind, Settlement};
use domain::tax::Taxation;
use domain::time::moscow_date;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::basket::basket;
use crate::story::{Ask, Story, agent, at, children, details};

#[derive(Debug, Clone)]
pub enum Step {
    Capture(Ask),
    GiveBack(Ask),
    /// Asked for; the bank takes its time.
    Owe(Ask),
    Bank,
    BankMoves(u32),
    Edit,
    Print(u8, Option<(u8, u8)>),
    Fulfil,
}

fn ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        1 => Just(Ask::All),
        3 => (1_u32..1_000).prop_map(Ask::Share),
        2 => (any::<u8>(), prop_oneof![Just(1_000_u32), Just(500), 1_u32..1_000]).prop_map(|(no, share)| Ask::Line(no, share)),
        2 => any::<u8>().prop_map(Ask::Unit),
    ]
}

pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    let other = prop_oneof![Just(None), Just(Some((11_u8, 1_u8))), Just(Some((12, 3)))];
    let step = prop_oneof![
        3 => ask().prop_map(Step::Capture),
        4 => ask().prop_map(Step::GiveBack),
        2 => ask().prop_map(Step::Owe),
        1 => Just(Step::Bank),
        1 => (1_u32..=1_000).prop_map(Step::BankMoves),
        1 => Just(Step::Edit),
        3 => (any::<u8>(), other).prop_map(|(which, other)| Step::Print(which, other)),
        2 => Just(Step::Fulfil),
    ];
    prop::collection::vec(step, 0..12)
}

pub fn scheme() -> impl Strategy<Value = ReceiptScheme> {
    prop_oneof![Just(ReceiptScheme::Full), Just(ReceiptScheme::Prepayment), Just(ReceiptScheme::Advance)]
}

/// Registers of other kinds than the platform's own: an older format, an owner who sells for others.
fn registers() -> [Register; 2] {
    let register = |text: &str| serde_json::from_str::<Register>(text).unwrap();
    let older = register(r#"{"id": "old", "kind": "atol_v4", "ffd": "1.05", "credentials": {}}"#);
    let shops = register(r#"{"id": "shop", "kind": "device", "credentials": {}}"#);
    let owner = Agent { inn: "7707083893".into(), taxation: Taxation::UsnIncome, ..agent() };
    [older, Register { owner: Some(owner), ..shops }]
}

/// Wherever a receipt is printed it is the same one: the same lines, sums and rates.
fn other_register(
    story: &Story,
    receipt: &Receipt,
    document: &ReceiptDocument,
    register: &Register,
) -> Result<(), TestCaseError> {
    let other = story.document_by(receipt, Some(register));
    prop_assert_eq!(breaches(&other, moscow_date(at(story.now))), vec![], "{:?}", other);
    prop_assert_eq!(other.mended().is_some(), receipt.corrects.is_some(), "the wrong receipt is named in both formats");
    let said = |document: &ReceiptDocument| {
        let items = document.items.iter().map(|item| (item.name.clone(), item.amount, item.tag_1199()));
        (items.collect::<Vec<_>>(), document.total, document.payments, document.external_id.clone())
    };
    prop_assert_eq!(said(&other), said(document));
    for (item, of) in other.items.iter().zip(story.order.receipt_lines(receipt, &story.details).unwrap()) {
        let seller = of.particulars.supplier.as_deref();
        let own = register.owner.is_some() && seller.is_none();
        prop_assert_eq!(item.principal.is_none(), own);
        let named = item.principal.as_ref().map(|principal| &principal.supplier);
        prop_assert!(own || seller.is_none() || named == seller);
    }
    Ok(())
}

/// Every document can be printed: it breaks no rule, and its sums agree.
fn printable(story: &Story) -> Result<(), TestCaseError> {
    let on = moscow_date(at(story.now));
    for receipt in &story.order.receipts {
        corrected(story, receipt)?;
        let document = story.document(receipt);
        prop_assert_eq!(breaches(&document, on), vec![], "{:?}\n{:?}", receipt, document);
        for register in registers() {
            other_register(story, receipt, &document, &register)?;
        }
        let items = ReceiptDocument::items_sum(&document.items).unwrap();
        prop_assert_eq!((items, document.payments.sum().unwrap()), (document.total, document.total));
        prop_assert_eq!(story.order.receipt_total(receipt, &story.details).unwrap(), document.total);
        let size = serde_json::to_string(&document).unwrap().len();
        prop_assert!(size <= 32_768, "{} bytes", size);
        for (tag, vat) in document.vats().unwrap() {
            let gross = document.items.iter().filter(|item| item.tag_1199() == tag).map(|item| item.amount.minor());
            prop_assert!((0..=gross.sum::<i64>()).contains(&vat.minor()));
        }
        let settlement = match receipt.stage {
            Stage::Full | Stage::Closing => Settlement::FullPayment,
            Stage::Prepayment => Settlement::FullPrepayment,
            Stage::Advance => Settlement::Advance,
        };
        prop_assert!(document.items.iter().all(|item| item.settlement == settlement));
        let offset = document.payments.prepaid.is_positive();
        prop_assert_eq!(offset, receipt.stage == Stage::Closing);
    }
    Ok(())
}

/// What undoes a wrong receipt says the contrary with the rates that were printed; what replaces it says what it should have.
fn corrected(story: &Story, receipt: &Receipt) -> Result<(), TestCaseError> {
    let Some(wrong) = receipt.corrects.map(|no| &story.order.receipts[usize::from(no) - 1]) else { return Ok(()) };
    let (sent, document) = (story.document(wrong), story.document(receipt));
    prop_assert_eq!(document.total, sent.total);
    prop_assert_eq!(document.correction.unwrap().wrong_sign, Some(wrong.fiscal.as_ref().unwrap().sign.clone()));
    let rates = |document: &ReceiptDocument| document.items.iter().map(Item::tag_1199).collect::<Vec<_>>();
    let mut wanted = rates(&sent);
    if receipt.kind == wrong.kind {
        prop_assert_eq!(&document.items, &sent.items);
    } else {
        let printed = &wrong.differs.as_ref().unwrap().rates;
        let as_printed = |rate: &u8| printed.iter().find(|(sent, _)| sent == rate).map_or(*rate, |(_, other)| *other);
        wanted = wanted.iter().map(as_printed).collect();
    }
    let items = story.document(receipt).items;
    prop_assert_eq!(items.iter().map(Item::tag_1199).collect::<Vec<_>>(), wanted);
    Ok(())
}

/// The documents an operation's lines are divided into name every line once, in order, and differ for a reason.
fn divided(story: &Story) -> Result<(), TestCaseError> {
    let basket = story.order.basket(&story.details);
    let of = |receipt: &Receipt| (receipt.operation, receipt.stage == Stage::Closing);
    let receipts = || story.order.receipts.iter().filter(|receipt| receipt.corrects.is_none());
    let groups: BTreeSet<_> = receipts().map(of).collect();
    for group in groups {
        let shares: Vec<_> = receipts().filter(|receipt| of(receipt) == group).collect();
        let numbers: Vec<_> = shares.iter().map(|receipt| receipt.share).collect();
        prop_assert_eq!(numbers, (0..u8::try_from(shares.len()).unwrap()).collect::<Vec<_>>());
        let parts = story.order.receipt_parts(shares[0], &story.details).unwrap();
        let documents: Vec<_> = shares.iter().map(|receipt| story.document(receipt)).collect();
        let total: i64 = documents.iter().map(|document| document.total.minor()).sum();
        prop_assert_eq!(total, parts.iter().map(|part| part.amount.minor()).sum::<i64>());
        for (receipt, document) in shares.iter().zip(&documents) {
            prop_assert!((1..=ITEMS_MAX).contains(&document.items.len()) && document.total.minor() <= AMOUNT_MINOR_MAX);
            let lines = story.order.receipt_lines(receipt, &story.details).unwrap();
            let systems: BTreeSet<_> =
                lines.iter().map(|line| line.particulars.taxation.map(Taxation::tag_1055)).collect();
            prop_assert_eq!(systems.len(), 1);
        }
        if shares[0].stage == Stage::Advance {
            // An advance names no lines, but keeps apart what is taxed at different rates.
            let rates =
                |of: &mut BTreeMap<u8, i64>, rate: u8, amount: Money| *of.entry(rate).or_default() += amount.minor();
            let (mut said, mut wanted) = (BTreeMap::new(), BTreeMap::new());
            for item in documents.iter().flat_map(|document| &document.items) {
                rates(&mut said, item.tag_1199(), item.amount);
            }
            for part in &parts {
                let rate = basket[usize::from(part.line) - 1].vat;
                rates(&mut wanted, rate.tag_1199_calculated(), part.amount);
            }
            prop_assert_eq!(said, wanted);
            continue;
        }
        let place = |name: &str| basket.iter().position(|line| line.name == name).unwrap();
        let named: Vec<Vec<usize>> =
            documents.iter().map(|document| document.items.iter().map(|item| place(&item.name)).collect()).collect();
        prop_assert!(named.iter().all(|places| places.is_sorted()), "{:?}", named);
        let mut all = named.concat();
        all.sort_unstable();
        all.dedup(); // units that were paid less for may have two prices, a kopeck apart
        prop_assert_eq!(all, parts.iter().map(|part| usize::from(part.line) - 1).collect::<Vec<_>>());
    }
    Ok(())
}

/// Receipts say what became of the money, in all and line by line.
fn accounted(story: &Story) -> Result<(), TestCaseError> {
    use ReceiptKind::{Sale, SaleRefund};
    let money = |stage| stage != Stage::Closing;
    let before = |stage: Stage| stage.settlement().is_before();
    let (captured, returned) = story.moved();
    prop_assert_eq!(story.total(Sale, money), captured);
    prop_assert_eq!(story.total(SaleRefund, money), returned);
    let (mut sold, back) = (story.said(Sale, money), story.said(SaleRefund, money));
    for (line, minor) in &back {
        let sold = sold.entry(*line).or_default();
        *sold -= minor;
        prop_assert!(*sold >= 0, "line {} went back for {} more than it was sold for", line, -*sold);
    }
    sold.retain(|_, minor| *minor != 0);
    prop_assert_eq!(sold.values().sum::<i64>(), captured - returned);
    let under_way = story.order.operations.iter().any(Operation::is_open);
    if under_way {
        // What goes back is settled when it has.
    } else if story.order.has(Event::Fulfilled) {
        // What was paid before is either given back as such, or closed; nothing is closed twice, and nothing stays open.
        let mut open = story.said(Sale, before);
        for said in [story.said(SaleRefund, before), story.said(Sale, |stage| stage == Stage::Closing)] {
            for (line, minor) in said {
                *open.entry(line).or_default() -= minor;
            }
        }
        prop_assert!(open.values().all(|minor| *minor == 0), "{:?}", open);
    } else {
        prop_assert_eq!(story.total(Sale, |stage| stage == Stage::Closing), 0);
    }
    Ok(())
}

fn check(story: &Story) -> Result<(), TestCaseError> {
    printable(story)?;
    divided(story)?;
    accounted(story)
}

/// One step further; whether it was possible.
pub fn step(story: &mut Story, step: &Step) -> bool {
    match step {
        Step::Capture(ask) => story.capture(ask),
        Step::GiveBack(ask) => story.give_back(ask),
        Step::Owe(ask) => story.owe(ask),
        Step::Bank => {
            story.bank_does_it(None);
            true
        }
        Step::BankMoves(share) => story.bank_moves(*share),
        Step::Edit => story.edit(),
        Step::Print(which, other) => story.print(*which, *other),
        Step::Fulfil => story.fulfil(),
    }
}

fn live(story: &mut Story, steps: &[Step]) -> Result<(), TestCaseError> {
    check(story)?;
    for next in steps {
        step(story, next);
        check(story)?;
    }
    // In the end everything goes back, in whatever parts it went before.
    story.bank_does_it(None);
    story.give_back(&Ask::All);
    check(story)?;
    let (captured, returned) = story.moved();
    prop_assert_eq!(captured, returned);
    let (sold, back) =
        [ReceiptKind::Sale, ReceiptKind::SaleRefund].map(|kind| story.said(kind, |s| s != Stage::Closing)).into();
    prop_assert_eq!(sold, back);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_payment_and_whatever_becomes_of_it(
        lines in basket(8), scheme in scheme(), two in any::<bool>(), fulfilled in any::<bool>(),
        points in prop::option::weighted(0.4, 1_u32..1_000), steps in steps(),
    ) {
        let stages = if two { Stages::Two } else { Stages::One };
        let capture = if fulfilled { CaptureRule::Fulfilled } else { CaptureRule::Manual };
        let terms = PaymentTerms { stages, capture, ..PaymentTerms::default() };
        let mut story = Story::new(details(lines, scheme, terms));
        let points = points.map(|share| story.order.amount.times(Decimal::new(i64::from(share), 3)).unwrap());
        let points = points.filter(|points| points.is_positive() && points.minor() < story.order.amount.minor());
        story.pay(points);
        live(&mut story, &steps)?;
    }

    #[test]
    fn money_a_person_took(lines in basket(5), scheme in scheme(), cash in any::<bool>(), steps in steps()) {
        let method = if cash { Method::Cash } else { Method::Terminal };
        let mut story = Story::new(details(lines, scheme, PaymentTerms::default()));
        story.collect(method);
        let sale = story.document(&story.order.receipts[0]);
        prop_assert_eq!((sale.payments.cash.is_positive(), sale.internet), (cash, false));
        prop_assert_eq!(sale.cashier.map(|cashier| cashier.name), Some("Иванова И. И.".to_owned()));
        live(&mut story, &steps)?;
        for receipt in &story.order.receipts {
            let document = story.document(receipt);
            prop_assert_eq!((document.place.as_str(), document.internet), ("Москва, Тверская, 1", false));
        }
    }

    #[test]
    fn children_that_are_paid_apart(lines in basket(8), scheme in scheme(), two in any::<bool>(), steps in steps()) {
        let stages = if two { Stages::Two } else { Stages::One };
        let terms = PaymentTerms { stages, children: children(&lines), ..PaymentTerms::default() };
        let mut story = Story::new(details(lines, scheme, terms));
        story.pay(None);
        live(&mut story, &steps)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_basket_too_long_or_too_dear_for_one_receipt(lines in basket(100), scheme in scheme(), steps in steps()) {
        let mut story = Story::new(details(lines, scheme, PaymentTerms::default()));
        story.pay(None);
        live(&mut story, &steps)?;
    }
}

#[test]
fn totals_beyond_a_receipts_limit_are_divided_in_every_scheme() {
    let dear = |no: usize| domain::details::Line {
        name: format!("№{no}"),
        price: Money::rub(6_000_000_000),
        quantity: Decimal::ONE,
        amount: Money::rub(6_000_000_000),
        vat: domain::tax::VatRate::Vat22,
        subject: domain::details::Subject::Service,
        particulars: domain::details::Particulars::default(),
    };
    for scheme in [ReceiptScheme::Full, ReceiptScheme::Prepayment, ReceiptScheme::Advance] {
        let mut story = Story::new(details((0..3).map(dear).collect(), scheme, PaymentTerms::default()));
        story.pay(None);
        assert!(story.order.receipts.len() == 3, "{scheme:?}: {:?}", story.order.receipts);
        live(&mut story, &[Step::Fulfil]).unwrap();
    }
}
