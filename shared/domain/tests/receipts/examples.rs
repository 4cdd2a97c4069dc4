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
