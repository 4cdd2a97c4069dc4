//! What a report holds to.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::acquiring::Method;
use crate::money::Currency;

fn party(name: &str, inn: &str) -> Party {
    Party {
        name: name.into(),
        inn: inn.into(),
        standing: Standing::Company { kpp: Some("770101001".into()) },
        ogrn: None,
        address: Some("101000, г. Москва, ул. Примерная, д. 1".into()),
        signatory: Some(Signatory {
            position: "Генеральный директор".into(),
            person: Person {
                surname: "Иванов".into(), name: "Иван".into(), patronymic: Some("Иванович".into())
            },
            basis: "Устава".into(),
        }),
    }
}

fn head() -> Head {
    Head {
        number: "17".into(),
        issued: date(2026, 11, 30),
        period: Period::of(date(2026, 11, 5)),
        agent: party("ООО «Апикасса»", "7700000016"),
        principal: party("ООО «Справка»", "7700000023"),
        contract: Some(Contract { number: "А-1".into(), date: date(2026, 1, 15) }),
        vat: VatRate::Vat22,
        opening: Money::rub(100_000),
    }
}

fn line(event: Event, amount: i64, fee: i64, vat: i64) -> Line {
    Line {
        order: "A-1".into(),
        bill: "1381966011250111".into(),
        event,
        created: date(2026, 11, 3),
        paid: None,
        on: date(2026, 11, 5),
        method: Method::Sbp,
        amount: Money::rub(amount),
        fee: Money::rub(fee),
        vat: Money::rub(vat),
        at_principal: false,
        corrects: None,
    }
}

fn movement(kind: MovementKind, amount: i64) -> Movement {
    Movement {
        kind,
        on: date(2026, 11, 20),
        reference: "12".into(),
        what: "Вывод денежных средств".into(),
        amount: Money::rub(amount),
        vat: Money::rub(0),
        corrects: None,
    }
}

fn october(number: &str) -> Corrects {
    Corrects {
        period: Period::of(date(2026, 10, 1)), number: number.into(), reason: "Задвоенный возврат".into()
    }
}

/// A line, and what it does to the balance in kopecks, written without the code under test.
fn lines() -> impl Strategy<Value = (Line, i64)> {
    let parts = (0_u8..4, 0_i64..50_000_000, 0_i64..=1000, 0_usize..10, any::<bool>(), any::<bool>());
    parts.prop_map(|(event, amount, permille, method, at_principal, corrects)| {
        let event = Event::ALL[usize::from(event)];
        let fee = if event == Event::Cancelled { 0 } else { amount * permille / 1000 };
        let mut line = line(event, amount, fee, fee * 22 / 122);
        line.method = Method::ALL[method];
        line.at_principal = at_principal;
        line.corrects = corrects.then(|| october(if fee % 2 == 0 { "15" } else { "16" }));
        let held = if at_principal { 0 } else { amount };
        let effect = match event {
            Event::Paid | Event::Restored => held - fee,
            Event::Refunded => fee - held,
            Event::Cancelled => 0,
        };
        (line, effect)
    })
}

proptest! {
    #[test]
    fn any_month_leads_from_balance_to_balance(lines in prop::collection::vec(lines(), 0..40), payout in 1_i64..1_000_000) {
        let mut tally = Tally::new(head()).unwrap();
        let mut expected = head().opening.minor() - payout;
        for (line, effect) in &lines {
            tally.line(line).unwrap();
            expected += effect;
            prop_assert_eq!(line.net().unwrap(), Money::rub(*effect));
        }
        tally.movement(movement(MovementKind::Payout, payout)).unwrap();
        let wrong = tally.clone().finish(Money::rub(expected + 1));
        let refused = matches!(wrong, Err(Wrong::Closing { .. }));
        prop_assert!(refused);
        let report = tally.finish(Money::rub(expected)).unwrap();
        prop_assert_eq!(report.check(), Ok(()));
        let corrected: i64 = lines.iter().filter(|(line, _)| line.corrects.is_some()).map(|(_, effect)| effect).sum();
        let told: i64 = report.totals.corrections.iter().map(|one| one.net.minor()).sum();
        prop_assert_eq!(corrected, told);

        // In another order: the same sums (which reason of a document is told first is not one).
        let mut again = Totals::default();
        for (line, _) in lines.iter().rev() {
            again.add(&report.head, line).unwrap();
        }
        prop_assert_eq!(report.same(&again), Ok(()));

        // Stored and read back, it is the same and still holds.
        let stored = serde_json::to_string(&report).unwrap();
        let back: Report = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(back.check(), Ok(()));
        prop_assert_eq!(back, report);
    }
}

#[test]
fn what_can_not_stand_in_a_report_is_named() {
    let head = head();
    let refused = |change: &dyn Fn(&mut Line)| {
        let mut line = line(Event::Paid, 300_000, 10_500, 1_893);
        change(&mut line);
        Totals::default().add(&head, &line).unwrap_err()
    };
    assert!(matches!(refused(&|line| line.amount = Money::new(1, Currency::USD)), Wrong::Currency { .. }));
    assert!(matches!(refused(&|line| line.fee = Money::rub(300_001)), Wrong::Amounts { .. }));
    assert!(matches!(refused(&|line| line.vat = Money::rub(10_501)), Wrong::Amounts { .. }));
    assert!(matches!(refused(&|line| line.amount = Money::rub(-1)), Wrong::Amounts { .. }));
    assert!(matches!(refused(&|line| line.event = Event::Cancelled), Wrong::CancelledFee { .. }));
    assert!(matches!(refused(&|line| line.on = date(2026, 12, 1)), Wrong::Day { .. }));
    assert!(matches!(refused(&|line| line.on = date(2026, 10, 31)), Wrong::Day { .. }));
    assert!(matches!(refused(&|line| line.created = date(2026, 11, 6)), Wrong::Day { .. }));
    assert!(matches!(refused(&|line| line.paid = Some(date(2026, 11, 6))), Wrong::Day { .. }));
    let later = |line: &mut Line| line.corrects = Some(Corrects { period: line_month(), ..october("1") });
    assert!(matches!(refused(&later), Wrong::CorrectsLater { .. }));

    let mut tally = Tally::new(head.clone()).unwrap();
    assert!(matches!(tally.movement(movement(MovementKind::Payout, 0)), Err(Wrong::Amounts { .. })));
    let taxed = Movement { vat: Money::rub(1), ..movement(MovementKind::Payout, 5) };
    assert!(matches!(tally.movement(taxed), Err(Wrong::Amounts { .. })));
    let december = Movement { on: date(2026, 12, 1), ..movement(MovementKind::Payout, 5) };
    assert!(matches!(tally.movement(december), Err(Wrong::Day { .. })));

    let early = Head { issued: date(2026, 11, 29), ..head.clone() };
    assert!(matches!(Tally::new(early), Err(Wrong::Early { .. })));
    assert!(matches!(Tally::new(Head { number: String::new(), ..head.clone() }), Err(Wrong::Head("number"))));
    let untaxed = Head { vat: VatRate::None, ..head };
    assert!(matches!(Totals::default().add(&untaxed, &line(Event::Paid, 100, 10, 1)), Err(Wrong::NoVat { .. })));
}

fn line_month() -> Period {
    head().period
}

#[test]
fn a_correction_may_name_a_day_of_its_own_month_and_of_the_mended_one() {
    let mut totals = Totals::default();
    for day in [date(2026, 10, 30), date(2026, 11, 2)] {
        let line = Line {
            on: day,
            created: date(2026, 10, 1),
            corrects: Some(october("15")),
            ..line(Event::Refunded, 50_000, 1_750, 316)
        };
        totals.add(&head(), &line).unwrap();
    }
    let told = totals.corrections.first().unwrap();
    assert_eq!((told.count, told.net), (2, Money::rub(-96_500)));
}

#[test]
fn a_spoilt_report_and_another_register_are_noticed() {
    let mut tally = Tally::new(head()).unwrap();
    tally.line(&line(Event::Paid, 300_000, 10_500, 1_893)).unwrap();
    tally.line(&line(Event::Refunded, 100_000, 3_500, 631)).unwrap();
    let service = Movement { vat: Money::rub(1_803), ..movement(MovementKind::Service, 10_000) };
    tally.movement(service).unwrap();
    let report = tally.finish(Money::rub(100_000 + 289_500 - 96_500 - 10_000)).unwrap();
    assert_eq!(report.fee().unwrap(), (Money::rub(7_000), Money::rub(1_262)));
    assert_eq!(report.services().unwrap(), (Money::rub(17_000), Money::rub(3_065)));

    let mut fewer = report.totals.clone();
    fewer.lines -= 1;
    assert!(matches!(report.same(&fewer), Err(Wrong::Lines { printed: 1, act: 2 })));
    let mut other = report.totals.clone();
    other.events.get_mut(&Event::Paid).unwrap().amount = Money::rub(300_001);
    assert_eq!(report.same(&other), Err(Wrong::Register));
    let mut spoilt = report.clone();
    spoilt.totals.fees.get_mut(&Method::Sbp).unwrap().withheld.fee = Money::rub(10_501);
    assert!(matches!(spoilt.check(), Err(Wrong::Fees { side: "withheld", .. })));
    let mut spoilt = report.clone();
    spoilt.totals.lines = 3;
    assert!(matches!(spoilt.check(), Err(Wrong::Count { .. })));
    let mut spoilt = report;
    spoilt.movements.clear();
    assert!(matches!(spoilt.check(), Err(Wrong::Closing { .. })));
}

#[test]
fn months_and_names_are_written_as_documents_do() {
    let period: Period = String::from("2026-02").try_into().unwrap();
    assert_eq!((period.first(), period.last()), (date(2026, 2, 1), date(2026, 2, 28)));
    assert!(Period::try_from(String::from("2026-13")).is_err());
    assert_eq!(party("", "").signatory.unwrap().person.short(), "Иванов\u{a0}И.\u{a0}И.");
}
