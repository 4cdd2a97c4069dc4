//! What is true of the receipts of every way, in both versions.

use std::collections::{BTreeMap, BTreeSet};

use domain::audit::audit;
use domain::order::{Event, Part, Receipt, Stage};
use domain::receipt::laws::breaches;
use domain::receipt::{Ffd, Item, Measure, ReceiptDocument, ReceiptKind, Settlement};
use domain::time::moscow_date;

use crate::paths::{Path, chapters};
use crate::tale::Tale;

/// Kopecks by line of the basket.
type ByLine = BTreeMap<u8, i64>;

fn add(to: &mut ByLine, parts: &[Part], sign: i64) {
    for part in parts {
        *to.entry(part.line).or_default() += sign * part.amount.minor();
    }
}

fn nothing(of: &ByLine) -> bool {
    of.values().all(|minor| *minor == 0)
}

/// Every document keeps the rules on the day it was sent, its sums agree, and it says the same ever after.
fn documents(tale: &Tale, place: &str) {
    let mut ids = BTreeSet::new();
    for (no, document, at) in &tale.sent {
        let place = format!("{place}, receipt {no}");
        let receipt = tale.receipt(*no);
        assert_eq!(breaches(document, moscow_date(*at)), [], "{place}: {document:#?}");
        let items = ReceiptDocument::items_sum(&document.items).unwrap();
        let paid = document.payments.sum().unwrap();
        let total = tale.order.receipt_total(receipt, &tale.details).unwrap();
        let printed = receipt.fiscal.as_ref().unwrap().total;
        assert_eq!([items, paid, total, printed], [document.total; 4], "{place}");
        assert_eq!(document, &tale.document(receipt), "{place}: it would be another document now");
        let mut vats = BTreeMap::<u8, i64>::new();
        for item in &document.items {
            // Without VAT and at 0 % the sum is of the items' amounts.
            let taxed = item.vat.percent().is_some_and(|percent| percent > 0);
            let tax = if taxed { item.vat_inside().unwrap().unwrap() } else { item.amount };
            *vats.entry(item.tag_1199()).or_default() += tax.minor();
        }
        let said: BTreeMap<u8, i64> =
            document.vats().unwrap().into_iter().map(|(rate, tax)| (rate, tax.minor())).collect();
        assert_eq!(said, vats, "{place}: the tax by rate is not that of the items");
        assert!(ids.insert(document.external_id.clone()) && document.external_id.len() <= 64, "{place}");
        let basket = tale.order.basket(&tale.details);
        for item in document.items.iter().filter(|item| item.measure != Measure::PIECE) {
            let fits = basket.iter().any(|line| line.name == item.name && item.quantity <= line.quantity);
            assert!(fits, "{place}: {} of {} is more than was bought", item.quantity, item.name);
        }
        let before = document.items.iter().any(|item| item.settlement.is_before());
        let calculated = |item: &Item| item.vat.percent().is_some_and(|percent| percent > 0);
        for item in &document.items {
            assert_eq!(item.calculated, before && calculated(item), "{place}: the calculated rate");
            assert!(!(before && item.mark.is_some()), "{place}: a code before the hand-over");
        }
    }
    let numbers: Vec<u8> = tale.sent.iter().map(|(no, ..)| *no).collect();
    let due: Vec<u8> = tale.order.receipts.iter().map(|receipt| receipt.no).collect();
    assert_eq!(numbers, due, "{place}: not every receipt was printed, or not once");
}

/// Sales less refunds are the money that is kept; closings offset exactly the prepayments that were not given back.
fn money(tale: &Tale, place: &str) {
    let (mut kept, mut before, mut handed) = (0, ByLine::new(), ByLine::new());
    let mut lines = ByLine::new();
    for (no, document, _) in &tale.sent {
        let receipt = tale.receipt(*no);
        let settlement = document.items[0].settlement;
        assert!(document.items.iter().all(|item| item.settlement == settlement), "{place}: two kinds of settlement");
        if receipt.corrects.is_some() {
            continue;
        }
        let sign = if document.kind == ReceiptKind::Sale { 1 } else { -1 };
        let offset = document.payments.prepaid.is_positive();
        assert_eq!(
            offset,
            receipt.stage == Stage::Closing,
            "{place}, receipt {no}: an offset closes, and nothing else"
        );
        if !offset {
            kept += sign * document.total.minor();
        }
        if receipt.share > 0 {
            continue; // its operation's parts were counted with the first share
        }
        let parts = tale.order.receipt_parts(receipt, &tale.details).unwrap();
        match settlement {
            _ if offset => add(&mut handed, &parts, 1),
            Settlement::FullPayment => add(&mut lines, &parts, sign),
            _ => {
                add(&mut before, &parts, sign);
                add(&mut lines, &parts, sign);
            }
        }
    }
    assert_eq!(kept, tale.order.taken().unwrap().minor(), "{place}: sales less refunds are not what is kept");
    assert!(lines.values().all(|minor| *minor >= 0), "{place}: a line was given back for more than it cost: {lines:?}");
    assert_eq!(lines.values().sum::<i64>(), kept, "{place}: the lines do not add up");
    if tale.order.has(Event::Fulfilled) {
        for (line, minor) in &handed {
            *before.entry(*line).or_default() -= minor;
        }
        assert!(nothing(&before), "{place}: prepayments and closings do not match: {before:?}");
    } else {
        assert!(nothing(&handed), "{place}: closed before the hand-over");
    }
    if !tale.order.taken().unwrap().is_positive() {
        assert!(nothing(&lines), "{place}: nothing is kept, and receipts say {lines:?}");
    }
}

/// A correction undoes what was printed and says what should have been; FFD 1.05 knows no чек коррекции with lines.
fn corrections(tale: &Tale, ffd: Ffd, place: &str) {
    let printed = |no: u8| &tale.sent.iter().find(|(of, ..)| *of == no).unwrap().1;
    for wrong in tale.order.receipts.iter().filter(|receipt| receipt.differs.is_some()) {
        let pair: Vec<&Receipt> =
            tale.order.receipts.iter().filter(|receipt| receipt.corrects == Some(wrong.no)).collect();
        let [undoing, anew] = pair[..] else { panic!("{place}: receipt {} has no two corrections", wrong.no) };
        let (sent, undoing, anew) = (printed(wrong.no), printed(undoing.no), printed(anew.no));
        assert_eq!((undoing.kind, anew.kind), (sent.kind.reversed(), sent.kind), "{place}");
        assert_eq!(anew.items, sent.items, "{place}");
        let rates = &wrong.differs.as_ref().unwrap().rates;
        for (was, undone) in sent.items.iter().zip(&undoing.items) {
            let other = rates.iter().find(|(of, _)| *of == was.tag_1199()).map_or(was.tag_1199(), |(_, other)| *other);
            assert_eq!((undone.tag_1199(), undone.amount), (other, was.amount), "{place}");
        }
        for document in [undoing, anew] {
            assert_eq!(document.mended(), Some(wrong.fiscal.as_ref().unwrap().sign.as_str()), "{place}");
            assert_eq!(document.correction.is_some(), ffd == Ffd::V1_2, "{place}");
        }
    }
}

fn told(path: &Path, ffd: Ffd) -> Tale {
    let tale = (path.tale)(ffd);
    let place = format!("{}, FFD {}", path.name, ffd.text());
    documents(&tale, &place);
    money(&tale, &place);
    corrections(&tale, ffd, &place);
    let findings = audit(&tale.order, tale.at(), false);
    assert!(findings.is_empty(), "{place}: {findings:#?}\n{:#?}", tale.order);
    tale
}

/// The same way in both versions, FFD 1.05 first.
pub fn in_both(path: &Path) -> [Tale; 2] {
    [Ffd::V1_05, Ffd::V1_2].map(|ffd| told(path, ffd))
}

#[test]
fn the_versions_say_the_same_but_for_corrections() {
    for path in chapters().iter().flat_map(|chapter| &chapter.paths) {
        let [old, new] = in_both(path);
        assert_eq!(old.sent.len(), new.sent.len(), "{}", path.name);
        for ((no, old, _), (_, new, _)) in old.sent.iter().zip(&new.sent) {
            assert_eq!(old.mended(), new.mended(), "{}, receipt {no}", path.name);
            let correction = new.correction.clone();
            let same = ReceiptDocument { ffd: Ffd::V1_2, correction, wrong_sign: None, ..old.clone() };
            assert_eq!(&same, new, "{}, receipt {no}", path.name);
        }
    }
}
