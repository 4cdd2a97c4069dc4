//! Taxes of receipts, as vendors publish them.

use domain::details::{Line, Particulars, PaymentTerms, Subject};
use domain::money::Money;
use domain::order::{ReceiptScheme, Stage};
use domain::tax::VatRate;
use rust_decimal::Decimal;

use crate::story::{Ask, Story, details};

fn line(name: &str, minor: i64, vat: VatRate) -> Line {
    let price = Money::rub(minor);
    let (subject, particulars) = (Subject::Service, Particulars::default());
    Line { name: name.into(), price, quantity: Decimal::ONE, amount: price, vat, subject, particulars }
}

fn vats(lines: &[Line], scheme: ReceiptScheme) -> Vec<(u8, i64)> {
    let mut story = Story::new(details(lines.to_vec(), scheme, PaymentTerms::default()));
    story.pay(None);
    let document = story.document(&story.order.receipts[0]);
    document.vats().unwrap().into_iter().map(|(tag, vat)| (tag, vat.minor())).collect()
}

#[test]
fn the_taxes_are_those_of_the_published_receipts() {
    // The sample receipt of ATOL Online's specification v4: 300.00 at 20 % and 100.00 at 10 %.
    let sample = [line("колбаса", 30_000, VatRate::Vat20), line("картошка", 10_000, VatRate::Vat10)];
    assert_eq!(vats(&sample, ReceiptScheme::Full), [(1, 5_000), (2, 909)]);
    // A driver's log of a stationary register: 766 at 20 %.
    assert_eq!(vats(&[line("услуга", 76_600, VatRate::Vat20)], ReceiptScheme::Full), [(1, 12_767)]);
    // Without VAT and at 0 % the amount itself is named.
    let free = [line("а", 100, VatRate::None), line("б", 200, VatRate::Vat0), line("в", 300, VatRate::None)];
    assert_eq!(vats(&free, ReceiptScheme::Full), [(5, 200), (6, 400)]);
}

#[test]
fn what_is_paid_before_names_the_calculated_rate_and_the_closing_the_usual_one() {
    let lines = [line("стол", 122_000, VatRate::Vat22), line("книга", 11_000, VatRate::Vat10)];
    for scheme in [ReceiptScheme::Prepayment, ReceiptScheme::Advance] {
        assert_eq!(vats(&lines, scheme), [(4, 1_000), (12, 22_000)]);
        let mut story = Story::new(details(lines.to_vec(), scheme, PaymentTerms::default()));
        story.pay(None);
        assert!(story.fulfil());
        let closing = story.order.receipts.last().unwrap();
        assert_eq!(closing.stage, Stage::Closing);
        let vats: Vec<_> = story.document(closing).vats().unwrap().into_iter().collect();
        assert_eq!(vats, [(2, Money::rub(1_000)), (11, Money::rub(22_000))]);
    }
}

#[test]
fn a_refund_carries_the_rate_of_its_sale() {
    // Sold at 20 %, given back when 22 % is the rate.
    let mut story =
        Story::new(details(vec![line("стол", 12_000, VatRate::Vat20)], ReceiptScheme::Full, PaymentTerms::default()));
    story.pay(None);
    assert!(story.give_back(&Ask::Share(500)));
    let refund = story.document(story.order.receipts.last().unwrap());
    assert_eq!(refund.items[0].tag_1199(), 1);
    assert_eq!(refund.items[0].vat_inside(), Ok(Some(Money::rub(1_000))));
    let on = jiff::civil::date(2026, 11, 18);
    assert_eq!(domain::receipt::laws::breaches(&refund, on), []);
    let sale = story.document(&story.order.receipts[0]);
    let broken = domain::receipt::laws::breaches(&sale, on);
    assert_eq!(broken[0].rule.code, "vat_not_in_force");
}

#[test]
fn what_was_printed_over_another_total_is_undone_over_that_total() {
    let lines = vec![line("стол", 122_000, VatRate::Vat22), line("книга", 11_000, VatRate::Vat10)];
    for more in [-1, 7, 100_000] {
        let mut story = Story::new(details(lines.clone(), ReceiptScheme::Full, PaymentTerms::default()));
        story.pay(None);
        assert!(story.print_over(0, None, more));
        let [wrong, undoing, right] = [0, 1, 2].map(|at| story.document(&story.order.receipts[at]));
        assert_eq!((wrong.total, right.total), (Money::rub(133_000), Money::rub(133_000)));
        assert_eq!((undoing.kind, undoing.total), (wrong.kind.reversed(), Money::rub(133_000 + more)));
        assert_eq!(domain::receipt::laws::breaches(&undoing, jiff::civil::date(2026, 11, 18)), []);
        assert_eq!(right.items, wrong.items);
        // Printed as it was sent, it is not wrong.
        assert!(story.print_over(0, None, 0) && story.print_over(0, None, 0));
        assert_eq!(story.order.receipts.len(), 3);
    }
}

#[test]
fn what_undoes_a_wrong_refund_in_the_older_format_may_have_the_old_rate_since_it_names_the_wrong_one() {
    let sold = vec![line("стол", 12_000, VatRate::Vat20)];
    let mut story = Story::new(details(sold, ReceiptScheme::Full, PaymentTerms::default()));
    story.pay(None);
    assert!(story.print(0, None) && story.give_back(&Ask::Share(500)) && story.print(0, Some((1, 11))));
    let [refund, undoing, anew] = [1, 2, 3].map(|at| {
        let text = r#"{"id": "old", "kind": "atol_v4", "ffd": "1.05", "credentials": {}}"#;
        story.document_by(&story.order.receipts[at], Some(&serde_json::from_str(text).unwrap()))
    });
    let on = jiff::civil::date(2026, 11, 18);
    assert_eq!((undoing.kind.tag_1054(), undoing.items[0].tag_1199(), anew.items[0].tag_1199()), (1, 11, 1));
    let mut old = anew.clone();
    old.kind = refund.kind.reversed();
    for document in [&refund, &undoing, &anew, &old] {
        assert_eq!(domain::receipt::laws::breaches(document, on), []);
    }
    assert_eq!((refund.mended(), undoing.mended(), anew.mended()), (None, Some("1234567890"), Some("1234567890")));
    old.wrong_sign = None;
    assert_eq!(domain::receipt::laws::breaches(&old, on)[0].rule.code, "vat_not_in_force");
}
