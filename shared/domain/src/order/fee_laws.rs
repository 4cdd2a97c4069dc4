//! What fees come to, reckoned a second time by arithmetic of its own: over every way to pay, category, promo code, capture in pieces and
//! partial refund.

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::laws::{context, details_of, order, rule};
use super::*;
use crate::acquiring::{Method, Stages, Standing};
use crate::audit::audit;
use crate::commission::Fee;
use crate::details::PaymentTerms;
use crate::ledger::{self, Account};
use crate::tariff::{Group, Pricing, RefundedFee, Rule, Service, ServiceEnd};

fn apply(order: &mut Order, details: &Details, seconds: &mut i64, command: &Command) -> Result<(), Refusal> {
    *seconds += 1;
    if let Decision::Changed(change) = decide(order, details, command, &context(*seconds))? {
        *order = change.order;
    }
    Ok(())
}

fn booked(order: &Order, account: Account) -> i64 {
    let postings = order.journal.iter().flat_map(|entry| &entry.postings);
    ledger::balance(account, Money::rub(0), postings).unwrap().minor()
}

/// Half away from zero, of `minor` at `percent` with two decimals.
fn share(minor: i64, hundredths: i64) -> i64 {
    i64::try_from((i128::from(minor) * i128::from(hundredths) + 5_000) / 10_000).unwrap()
}

/// The fee and the VAT of a sum, in whole kopecks.
fn reckon(sum: i64, percent: i64, least: i64, off: i64) -> (i64, i64) {
    if sum <= 0 {
        return (0, 0);
    }
    let fee = share(share(sum, percent * 100).max(least), (100 - off) * 100);
    let vat = share(fee, 2_200);
    if fee + vat <= sum {
        return (fee, vat);
    }
    let vat = i64::try_from((i128::from(sum) * 22 * 2 + 122) / 244).unwrap();
    (sum - vat, vat)
}

fn method() -> impl Strategy<Value = Method> {
    prop::sample::select(Method::ALL.into_iter().filter(|method| !method.is_collected()).collect::<Vec<_>>())
}

/// What comes back: an amount, or units of a line.
fn back() -> impl Strategy<Value = What> {
    prop_oneof![
        (1_i64..120_000).prop_map(|minor| What::Amount(Money::rub(minor))),
        (1_u8..3, 1_i64..3).prop_map(|(line, units)| What::Lines(vec![(line, Decimal::from(units))])),
        Just(What::Whole),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn fee_vat_and_the_partners_share_are_the_payment_to_the_kopeck(
        method in method(), two in any::<bool>(), piece in prop::option::of(back()), backs in prop::collection::vec(back(), 0..5),
        percents in prop::collection::vec(0_i64..12, 4), leasts in prop::collection::vec(0_i64..9_000, 4),
        off in prop::sample::select(vec![0_i64, 10, 33, 50, 100]), kept in any::<bool>(), overdrawn in 0_i64..9_001,
    ) {
        let stages = if two { Stages::Two } else { Stages::One };
        let details = details_of(&PaymentTerms { stages, ..PaymentTerms::default() });
        let specials = [(Some(Group::Sbp), None), (None, Some("books")), (Some(Group::Card), Some("toys"))];
        let rules: Vec<Rule> = specials.iter().zip(&percents).zip(&leasts)
            .map(|(((group, category), percent), least)| rule(*group, *category, *percent, *least)).collect();
        let general = rule(None, None, percents[3], leasts[3]).terms;
        let service = Service { reserved: Money::rub(9_000), price: Money::rub(9_000), overdrawn: Money::rub(overdrawn), vat_percent: 22.into(), ended: None };
        let pricing = Pricing {
            tariff: Some("one".into()), version: 1, rules, off: Decimal::from(off), service: Some(service), moved: Vec::new(),
            refunds: if kept { RefundedFee::Kept } else { RefundedFee::Reversed },
        };
        let mut order = order().priced(general, Some(pricing));
        let mut seconds = 0;
        let start = Command::StartPayment(Start { method, hold_seconds: 604_800, ..Start::default() });
        apply(&mut order, &details, &mut seconds, &start).unwrap();
        let stands = |held, captured, refunded| {
            let standing = Standing { held: Money::rub(held), captured: Money::rub(captured), refunded: Money::rub(refunded) };
            Command::BankReported { operation: 1, report: BankReport::new(None, BankState::Stands(standing)), asked: true }
        };
        let mut captured = 300_000;
        if two {
            apply(&mut order, &details, &mut seconds, &stands(300_000, 0, 0)).unwrap();
            let what = piece.unwrap_or(What::Whole);
            if apply(&mut order, &details, &mut seconds, &Command::Capture { what, by: Initiator::Partner }).is_err() {
                apply(&mut order, &details, &mut seconds, &Command::Capture { what: What::Whole, by: Initiator::Partner }).unwrap();
            }
            captured = order.operations.last().unwrap().amount.minor();
        }
        apply(&mut order, &details, &mut seconds, &stands(0, captured, 0)).unwrap();
        let mut refunded = 0;
        for what in backs {
            let cancellation = Cancellation { by: Initiator::Partner, what, reason: None, terminal: None, asked: None };
            if apply(&mut order, &details, &mut seconds, &Command::Cancel(cancellation)).is_err() {
                continue;
            }
            let Some(open) = order.operations.iter().find(|of| of.is_open()) else { continue };
            refunded += open.amount.minor();
            apply(&mut order, &details, &mut seconds, &stands(0, captured, refunded)).unwrap();

            prop_assert_eq!(audit(&order, crate::time::plus_seconds(order.created_at, seconds), true), vec![]);
        }
        // Every operation's own parts, line 1 of books and line 2 of toys; without any it is about the whole basket.
        let mut books_and_toys = [0_i64; 2];
        for operation in order.operations.iter().filter(|operation| Order::receipt_due(operation).is_some()) {
            let returned = matches!(operation.kind, OperationKind::Return { .. });
            if returned && kept { continue }
            let sign = if returned { -1 } else { 1 };
            let of_capture = order.operations.iter().find(|of| matches!(of.kind, OperationKind::Capture { .. })).map(|of| of.parts.clone());
            let parts = if operation.parts.is_empty() && returned { of_capture.unwrap_or_default() } else { operation.parts.clone() };
            if parts.is_empty() {
                books_and_toys[0] += sign * 200_000;
                books_and_toys[1] += sign * 100_000;
            }
            for part in parts {
                books_and_toys[usize::from(part.line) - 1] += sign * part.amount.minor();
            }
        }
        let toys = match Group::of(method) { Group::Card => 2, Group::Sbp => 0, _ => 3 };
        let fees = [(books_and_toys[0], 1), (books_and_toys[1], toys)].map(|(sum, of)| reckon(sum, percents[of], leasts[of], off));
        let (fee, vat) = (fees[0].0 + fees[1].0, fees[0].1 + fees[1].1);
        prop_assert_eq!((-booked(&order, Account::Commission), -booked(&order, Account::CommissionVat)), (fee, vat));
        let partner = -booked(&order, Account::PartnerPending) - booked(&order, Account::PartnerAvailable);
        let for_service = order.deducted().unwrap().minor();
        prop_assert_eq!(fee + vat + partner + for_service, captured - refunded);
        prop_assert_eq!(booked(&order, Account::BankClearing), captured - refunded);
        let service = order.pricing.as_ref().unwrap().service.as_ref().unwrap();
        let possible = (captured - refunded - fee - vat).clamp(0, overdrawn);
        prop_assert_eq!(for_service, if service.ended == Some(ServiceEnd::Released) { 0 } else { possible });
    }
}

#[test]
fn two_ways_to_pay_one_order_have_a_fee_each() {
    let general = rule(None, None, 3, 4_000).terms;
    let mut order =
        order().priced(general.clone(), Some(Pricing { tariff: Some("one".into()), version: 1, ..Pricing::default() }));
    let paid = |no: u8, child: u8, method, minor| Operation {
        no,
        kind: OperationKind::Payment,
        amount: Money::rub(minor),
        transactions: vec![Transaction {
            kind: TransactionKind::Purchase,
            state: TransactionState::Succeeded,
            reference: None,
            url: None,
            attempt: 0,
        }],
        child: Some(child),
        method,
        ..blank()
    };
    order.operations = vec![paid(1, 1, Method::Sbp, 200_000), paid(2, 2, Method::MirPay, 100_000)];
    let fee = order.fee(false).unwrap();
    let each = |minor| general.parts(Money::rub(minor)).unwrap();
    assert_eq!(fee, each(200_000).plus(each(100_000)).unwrap());
    assert_eq!(
        (fee.net.minor(), each(300_000).net.minor()),
        (6_000 + 4_000, 9_000),
        "the least fee is charged for the smaller one"
    );
    order.operations = vec![paid(1, 1, Method::Card, 200_000), paid(2, 2, Method::MirPay, 100_000)];
    assert_eq!(order.fee(false).unwrap(), each(300_000), "a card in a wallet is a card");
}

fn blank() -> Operation {
    let text = r#"{"n":1,"k":"p","a":"0RUB","t":[]}"#;
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_reservation_is_taken_by_the_fulfilment_and_given_back_by_any_other_end() {
    let service = |overdrawn| Service {
        reserved: Money::rub(9_000),
        price: Money::rub(2_500),
        overdrawn: Money::rub(overdrawn),
        vat_percent: Decimal::ZERO,
        ended: None,
    };
    let new = |overdrawn| {
        let commission = order().commission;
        order().priced(commission, Some(Pricing { service: Some(service(overdrawn)), ..Pricing::default() }))
    };
    let details = details_of(&PaymentTerms::default());
    let sums =
        |order: &Order| [Account::Prepaid, Account::Reserved, Account::Services].map(|account| -booked(order, account));
    let (mut unpaid, mut seconds) = (new(9_000), 1_200);
    assert_eq!(sums(&unpaid), [-9_000, 9_000, 0]);
    apply(&mut unpaid, &details, &mut seconds, &Command::LookDue { done: vec![] }).unwrap();
    assert_eq!((unpaid.status(), sums(&unpaid)), (Status::Expired, [0, 0, 0]));

    let (mut paid, mut seconds) = (new(4_000), 0);
    let succeeded = BankReport::new(None, BankState::Succeeded(Money::rub(300_000)));
    let report = Command::BankReported { operation: 1, report: succeeded, asked: true };
    for command in [Command::StartPayment(Start::default()), report.clone()] {
        apply(&mut paid, &details, &mut seconds, &command).unwrap();
    }
    assert_eq!(sums(&paid), [-5_000, 9_000, 0], "what credit paid is taken off the buyer's payment");
    assert_eq!(booked(&paid, Account::PartnerPending), -(289_500 - 4_000));
    let mut cancelled = paid.clone();
    for command in [Command::HandedOver, Command::ExecutionReported(ExecutionOutcome::Fulfilled)] {
        apply(&mut paid, &details, &mut seconds, &command).unwrap();
    }
    assert_eq!(sums(&paid), [4_000 - 2_500, 0, 2_500]);
    let before = paid.clone();
    apply(&mut paid, &details, &mut seconds, &Command::ExecutionReported(ExecutionOutcome::Fulfilled)).unwrap();
    assert_eq!(paid, before, "second times are harmless");
    let whole = Cancellation { by: Initiator::Partner, what: What::Whole, reason: None, terminal: None, asked: None };
    apply(&mut cancelled, &details, &mut seconds, &Command::Cancel(whole)).unwrap();
    assert_eq!(sums(&cancelled), [0, 0, 0], "and what was taken off goes back with it");
    assert_eq!(audit(&cancelled, cancelled.created_at, true), []);
    assert_eq!(cancelled.fee(false).unwrap(), Fee { net: Money::rub(10_500), vat: Money::rub(0) });
}

#[test]
fn the_price_of_a_service_includes_vat_that_stands_beside_the_fees() {
    // 25.00 × 22 / 122 = 4.508…; 0.61 × 22 / 122 = 0.11; 1.11 × 20 / 120 = 0.185, away from zero.
    for (price, percent, wanted) in [(2_500, 22, 451), (61, 22, 11), (111, 20, 19), (2_500, 0, 0), (2_500, 5, 119)] {
        assert_eq!(
            crate::ledger::included_vat(Money::rub(price), percent.into()).unwrap(),
            Money::rub(wanted),
            "{price}"
        );
    }
    let service = Service {
        reserved: Money::rub(9_000),
        price: Money::rub(2_500),
        overdrawn: Money::rub(0),
        vat_percent: 22.into(),
        ended: None,
    };
    let commission = CommissionTerms { vat_percent: 22.into(), ..order().commission };
    let mut order = order().priced(commission, Some(Pricing { service: Some(service), ..Pricing::default() }));
    let (details, mut seconds) = (details_of(&PaymentTerms::default()), 0);
    let succeeded = BankReport::new(None, BankState::Succeeded(Money::rub(300_000)));
    let report = Command::BankReported { operation: 1, report: succeeded, asked: true };
    let fulfilled = Command::ExecutionReported(ExecutionOutcome::Fulfilled);
    for command in [Command::StartPayment(Start::default()), report, Command::HandedOver, fulfilled] {
        apply(&mut order, &details, &mut seconds, &command).unwrap();
    }
    let sums = [Account::Services, Account::CommissionVat, Account::Commission, Account::Reserved, Account::Prepaid];
    // 105.00 of fee with 23.10 of VAT, and 25.00 of which 4.51 are VAT.
    assert_eq!(sums.map(|account| -booked(&order, account)), [2_049, 2_310 + 451, 10_500, 0, -2_500]);
    assert_eq!(order.booked_fee().unwrap(), Fee { net: Money::rub(10_500), vat: Money::rub(2_310) });
    let audited =
        |order: &Order| audit(order, order.created_at, true).into_iter().map(|found| found.rule).collect::<Vec<_>>();
    assert_eq!(audited(&order), [""; 0]);
    // Booked gross, as if there were no VAT in it.
    let mut gross = order.clone();
    for posting in gross.journal.iter_mut().flat_map(|entry| &mut entry.postings) {
        if (posting.debit, posting.credit) == (Account::Reserved, Account::CommissionVat) {
            posting.credit = Account::Services;
        }
    }
    assert_eq!(audited(&gross), ["service.books", "service.books"]);
}

#[test]
fn a_fee_that_is_kept_is_owed_by_the_partner_and_settled_with_a_payout() {
    let commission = order().commission;
    let kept = |by| {
        let pricing = Pricing { refunds: RefundedFee::Kept, ..Pricing::default() };
        let details = details_of(&PaymentTerms::default());
        let (mut order, mut seconds) = (order().priced(commission.clone(), Some(pricing)), 0);
        let standing =
            |refunded| Standing { held: Money::rub(0), captured: Money::rub(300_000), refunded: Money::rub(refunded) };
        let stands = |refunded| {
            let report = BankReport::new(None, BankState::Stands(standing(refunded)));
            Command::BankReported { operation: 1, report, asked: true }
        };
        let back = Cancellation { by, what: What::Whole, reason: None, terminal: None, asked: None };
        for command in [Command::StartPayment(Start::default()), stands(0), Command::Cancel(back), stands(300_000)] {
            apply(&mut order, &details, &mut seconds, &command).unwrap();
        }
        (order, details, seconds)
    };
    let (mut refunded, details, mut seconds) = kept(Initiator::Partner);
    assert_eq!((refunded.status(), refunded.owed().unwrap()), (Status::Refunded, Money::rub(-10_500)));
    assert_eq!(booked(&refunded, Account::PartnerAvailable), 10_500);
    apply(&mut refunded, &details, &mut seconds, &Command::PayOut { payout: "po_1".into() }).unwrap();
    assert!(refunded.owed().unwrap().is_zero() && refunded.status() == Status::Refunded);
    assert_eq!(refunded.payable_at(), None);
    assert_eq!(audit(&refunded, crate::time::plus_seconds(refunded.created_at, seconds), true), []);
    let (platform, _, _) = kept(Initiator::Platform);
    assert!(platform.owed().unwrap().is_zero(), "what the platform gives back of itself costs nobody a fee");
}

#[test]
fn the_examples_of_the_document_are_what_is_reckoned() {
    // docs/TARIFFS.md: payment, percent in hundredths, least, VAT, promo; fee, VAT, partner.
    let rows = [
        (300_000, 350, 0, 22, 0, [10_500, 2_310, 287_190]),
        (300_000, 120, 0, 22, 0, [3_600, 792, 295_608]),
        (50, 100, 0, 0, 0, [1, 0, 49]),
        (10_000, 350, 1_000, 22, 0, [1_000, 220, 8_780]),
        (1_000, 350, 1_000, 22, 0, [820, 180, 0]),
        (300_000, 350, 0, 22, 50, [5_250, 1_155, 293_595]),
    ];
    for (payment, percent, least_minor, vat, off, wanted) in rows {
        let terms = CommissionTerms {
            percent: Decimal::new(percent, 2),
            fixed_minor: 0,
            least_minor,
            greatest_minor: None,
            vat_percent: Decimal::from(vat),
        };
        let fee = terms.discounted(Money::rub(payment), Decimal::from(off)).unwrap();
        let partner = payment - fee.total().unwrap().minor();
        assert_eq!([fee.net.minor(), fee.vat.minor(), partner], wanted, "{payment}");
    }
}
