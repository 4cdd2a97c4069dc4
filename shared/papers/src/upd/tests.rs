//! Months that have an act, and months that have none.

use domain::acquiring::Method;
use domain::report::{Contract, Event, Head, Line, Period, Signatory, Tally};
use jiff::civil::date;

use super::*;

fn party(inn: &str) -> Party {
    Party {
        name: "ООО «Ёлка & <Ко>»".into(),
        inn: inn.into(),
        standing: Standing::Company { kpp: None },
        ogrn: None,
        address: Some("Москва".into()),
        signatory: Some(Signatory {
            position: "Директор".into(),
            person: Person { surname: "Ёлкин".into(), name: "Пётр".into(), patronymic: None },
            basis: "Устава".into(),
        }),
    }
}

fn report(events: &[(Event, i64)]) -> Report {
    let head = Head {
        number: "17".into(),
        issued: date(2026, 11, 30),
        period: Period::of(date(2026, 11, 1)),
        agent: party("7700000016"),
        principal: party("7700000023"),
        contract: Some(Contract { number: "1".into(), date: date(2026, 1, 1) }),
        vat: VatRate::Vat22,
        opening: Money::rub(0),
    };
    let mut tally = Tally::new(head).unwrap();
    let mut closing = Money::rub(0);
    for (event, fee) in events {
        let line = Line {
            order: "1".into(),
            bill: "1".into(),
            event: *event,
            created: date(2026, 11, 1),
            paid: None,
            on: date(2026, 11, 1),
            method: Method::Card,
            amount: Money::rub(100_000),
            fee: Money::rub(*fee),
            vat: Money::rub(fee * 22 / 122),
            at_principal: false,
            corrects: None,
        };
        closing = closing.plus(line.net().unwrap()).unwrap();
        tally.line(&line).unwrap();
    }
    tally.finish(closing).unwrap()
}

fn exchange() -> Exchange {
    Exchange {
        sender: "2BM-1".into(),
        recipient: "2BM-2".into(),
        guid: "8c703486-75df-46f8-8f0a-959b09f807a9".into(),
        at: "2026-11-30T21:00:01Z".parse().unwrap(),
    }
}

#[test]
fn the_act_is_of_fees_withheld_less_fees_given_back() {
    let bytes = write(Vec::new(), &report(&[(Event::Paid, 12_200), (Event::Refunded, 6_100)]), &exchange()).unwrap();
    let text = encoding_rs::WINDOWS_1251.decode(&bytes).0.into_owned();
    assert!(text.contains(r#"СтТовБезНДСВсего="50.00" СтТовУчНалВсего="61.00""#), "{text}");
    assert!(text.contains("<СумНалВсего><СумНал>11.00</СумНал></СумНалВсего>"), "{text}");
    assert!(text.contains(r#"НаимОрг="ООО «Ёлка &amp; &lt;Ко&gt;»""#), "{text}");
    assert!(text.contains(r#"ДатаИнфПр="01.12.2026" ВремИнфПр="00.00.01""#), "Moscow time: {text}");
    let id = "ON_NSCHFDOPPR_2BM-2_2BM-1_20261201_8c703486-75df-46f8-8f0a-959b09f807a9_0_0_0_0_0_00";
    assert!(text.contains(&format!("ИдФайл=\"{id}\"")), "{text}");
}

#[test]
fn a_month_of_nothing_and_one_of_more_given_back_have_no_act() {
    let nothing = write(Vec::new(), &report(&[(Event::Cancelled, 0)]), &exchange());
    assert!(matches!(nothing, Err(PaperError::NoService(_))));
    let negative = write(Vec::new(), &report(&[(Event::Refunded, 6_100)]), &exchange());
    assert!(matches!(negative, Err(PaperError::Negative(fee)) if fee == Money::rub(-6_100)));
}

#[test]
fn a_spoilt_report_and_a_name_that_is_no_file_name_are_refused() {
    let mut spoilt = report(&[(Event::Paid, 12_200)]);
    spoilt.closing = Money::rub(1);
    assert!(matches!(write(Vec::new(), &spoilt, &exchange()), Err(PaperError::Report(_))));
    for wrong in ["", "../x", "a_b", "ы"] {
        let exchange = Exchange { sender: wrong.into(), ..exchange() };
        assert!(exchange.file_id().is_err(), "{wrong}");
    }
}

#[test]
fn other_lines_than_the_reports_are_not_printed() {
    let report = report(&[(Event::Paid, 12_200)]);
    let csv = crate::register::Register::start(Vec::new(), &report).unwrap();
    assert!(matches!(csv.finish(), Err(PaperError::Report(_))));
    let book = crate::xlsx::Book::start(Vec::new(), &report).unwrap();
    assert!(matches!(book.finish(), Err(PaperError::Report(_))));
    let pdf = crate::pdf::Pdf::start(Vec::new(), &report, None).unwrap();
    assert!(matches!(pdf.finish(), Err(PaperError::Report(_))));
}
