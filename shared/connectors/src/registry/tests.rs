//! Registries as banks write them, and what is wrong with some.

use domain::money::{Currency, Money};
use jiff::civil::date;

use super::*;

/// Columns and words in the manner of `YooKassa`'s registry of payments (yookassa.ru/docs/support/merchant/payments/reports): time as
/// `18.06.2021 17:46:58`, a point before the kopecks.
fn yookassa() -> Format {
    serde_json::from_str(
        r#"{
            "encoding": "windows1251", "skip": 2, "until": ["Сумма принятых", "Итого"],
            "columns": {"reference": "Идентификатор платежа", "amount": "Сумма платежа", "currency": "Валюта платежа",
                        "day": "Время платежа", "number": "Описание"},
            "day_format": "%d.%m.%Y %H:%M:%S"
        }"#,
    )
    .unwrap()
}

/// Words of the table of signs in T-Bank's manual (developer.tbank.ru/eacq, refunds and registries), columns by place.
fn tbank() -> Format {
    serde_json::from_str(
        r#"{
            "delimiter": ",", "header": false, "fees": "moved", "utc_hours": 0,
            "columns": {"day": 1, "time": 2, "way": 3, "amount": 4, "fee": 5, "reference": 6, "operation": 7, "currency": 8},
            "day_format": "%Y-%m-%d %H:%M",
            "ways": {"Debit": "taken", "Credit": "returned", "CancelRefund": "undone", "Chargeback": "disputed",
                     "Chargeback_Reversal": "dispute_won", "AUTH_FAIL": "fee_only", "Auth": null}
        }"#,
    )
    .unwrap()
}

fn cp1251(text: &str) -> Vec<u8> {
    encoding_rs::WINDOWS_1251.encode(text).0.into_owned()
}

const HEADER: &str = "Реестр платежей\r\nМагазин 12345\r\n\r\nИдентификатор платежа;Сумма платежа;Валюта платежа;Время платежа;Описание\r\n";

#[test]
fn a_registry_in_cp1251_with_a_preamble_and_totals() {
    let file = cp1251(&format!(
        "{HEADER}2d8c-1;1 234.56;RUB;18.06.2021 23:46:58;\"Заказ; \"\"А-1\"\"\"\r\n;;;;\r\n2d8c-2;-500,5;RUR;19.06.2021 00:00:01;-\r\n\
         Сумма принятых платежей: 734.06 руб.;;;;\r\n"
    ));
    let rows = read(&file, &yookassa()).unwrap();
    let [first, second] = rows.try_into().unwrap();
    assert_eq!((first.way, first.amount, first.line), (Way::Taken, Money::rub(123_456), 5));
    assert_eq!((first.day, first.number.as_deref()), (date(2021, 6, 18), Some("Заказ; \"А-1\"")));
    assert_eq!(first.at, Some("2021-06-18T20:46:58Z".parse().unwrap()));
    assert_eq!((second.way, second.amount), (Way::Returned, Money::rub(-50_050)));
    assert_eq!((second.day, second.number, second.fee), (date(2021, 6, 19), None, None));
}

#[test]
fn words_of_a_bank_say_which_way_the_money_went() {
    let file = "\u{feff}2026-03-10,21:30,Debit,1000.00,-21.00,r1,1.1,643\n\
                2026-03-10,09:00,Credit,1000.00,21.00,r2,1.2,RUB\n\
                2026-03-10,09:00,CancelRefund,1000,0,r3,1.2,810\n\
                2026-03-10,09:00,Chargeback,-7,,r4,,USD\n\
                2026-03-10,09:00,AUTH_FAIL,550.00,-1.50,r5,,\n\
                2026-03-10,09:00,Auth,1.00,,r6,,\n";
    let rows = read(file.as_bytes(), &tbank()).unwrap();
    let told: Vec<_> = rows.iter().map(|row| (row.way, row.amount, row.fee)).collect();
    assert_eq!(
        told,
        [
            (Way::Taken, Money::rub(100_000), Some(Money::rub(2_100))),
            // A fee that is given back is below zero.
            (Way::Returned, Money::rub(-100_000), Some(Money::rub(-2_100))),
            (Way::Undone, Money::rub(100_000), Some(Money::rub(0))),
            (Way::Disputed, Money::new(-700, Currency::USD), None),
            (Way::FeeOnly, Money::rub(0), Some(Money::rub(150))),
        ]
    );
    // 21:30 of UTC is the next day in Moscow.
    assert_eq!((rows[0].day, rows[1].day), (date(2026, 3, 11), date(2026, 3, 10)));
    assert_eq!((rows[0].operation.as_deref(), rows[3].operation.as_deref()), (Some("1.1"), None));
}

#[test]
fn what_can_not_be_read_is_named_by_line_and_column() {
    let cases = [
        ("x;1;RUB;вчера;-", "line 5, column `Время платежа`: `вчера` is not a day as the format has it"),
        ("x;1,234.56;RUB;18.06.2021 17:46:58;-", "line 5, column `Сумма платежа`: `1,234.56` is not an amount"),
        ("x;0.001;RUB;18.06.2021 17:46:58;-", "line 5, column `Сумма платежа`: `0.001` is not an amount"),
        ("x;;RUB;18.06.2021 17:46:58;-", "line 5, column `Сумма платежа`: `` is not an amount"),
        ("x;1;РУБ;18.06.2021 17:46:58;-", "line 5, column `Валюта платежа`: `РУБ` is not a currency of ISO 4217"),
        ("x;1;RUB", "line 5 has no column `Время платежа`"),
    ];
    for (line, told) in cases {
        let error = read(&cp1251(&format!("{HEADER}{line}\r\n")), &yookassa()).unwrap_err();
        assert_eq!(error.to_string(), told, "{line}");
    }
    let row = |way, amount| format!("2026-03-10,09:00,{way},{amount},,r,,\n");
    let word = read(row("Debt", "1").as_bytes(), &tbank()).unwrap_err();
    assert_eq!(word.to_string(), "line 1, column 3: `Debt` is not a kind of operation the format knows");
    let sign = read(row("Debit", "-1").as_bytes(), &tbank()).unwrap_err();
    assert_eq!(sign.to_string(), "line 1, column 4: `-1.00` is not an amount of the sign its kind has");
    let bytes = read(b"2026-03-10,09:00,Debit,1,,\xff,,\n", &tbank()).unwrap_err();
    assert!(bytes.to_string().starts_with("line 1, column 6: "), "{bytes}");
}

/// A report in the manner of the operators of fiscal data.
fn fiscal() -> ReportFormat {
    serde_json::from_str(
        r#"{
            "encoding": "windows1251", "day_format": "%d.%m.%Y %H:%M",
            "columns": {"day": "Дата и время", "kind": "Признак расчета", "drive": "ФН", "document": "ФД", "sign": "ФПД",
                        "total": "Сумма", "vats": {"11": "НДС 22%"}},
            "kinds": {"Приход": "sale", "Возврат прихода": "refund", "Закрытие смены": null}
        }"#,
    )
    .unwrap()
}

#[test]
fn a_registers_report_lists_its_receipts_and_passes_over_its_shifts() {
    let head = "Дата и время;Признак расчета;ФН;ФД;ФПД;Сумма;НДС 22%\r\n";
    let sale = "21.11.2026 23:30;Приход;9961440300000001;101;1234567890;1 220,00;220,00\r\n";
    let back = "22.11.2026 00:10;Возврат прихода;9961440300000001;102;0123456789;1220,00;-\r\n";
    let shift = "22.11.2026 00:20;Закрытие смены;9961440300000001;103;1;;\r\n";
    let prints = read_report(&cp1251(&format!("{head}{sale}{back}{shift}")), &fiscal()).unwrap();
    let [first, second] = prints.try_into().unwrap();
    assert_eq!(
        (first.total, first.printed.document, first.printed.day),
        (Money::rub(122_000), 101, date(2026, 11, 21))
    );
    assert_eq!(first.vats, [(11, Money::rub(22_000))].into());
    assert_eq!((second.total, second.vats.len(), second.external_id), (Money::rub(-122_000), 0, None));
    for (from, to, told) in [
        (
            "9961440300000001;101",
            "996144030000001;101",
            "line 2, column `ФН`: `996144030000001` is not a drive's number of 16 digits",
        ),
        (
            "101;1234567890",
            "101;12345678901",
            "line 2, column `ФПД`: `12345678901` is not a fiscal sign of up to ten digits",
        ),
        ("101", "один", "line 2, column `ФД`: `один` is not a document's number"),
        ("Приход", "Расход", "line 2, column `Признак расчета`: `Расход` is not a kind of document the format knows"),
    ] {
        let error = read_report(&cp1251(&format!("{head}{}", sale.replace(from, to))), &fiscal()).unwrap_err();
        assert_eq!(error.to_string(), told);
    }
}

#[test]
fn a_file_without_its_header_is_not_an_empty_registry() {
    assert!(matches!(read(b"", &yookassa()), Err(RegistryError::Empty)));
    let other = cp1251(&HEADER.replace("Сумма платежа", "Сумма"));
    let error = read(&other, &yookassa()).unwrap_err();
    assert_eq!(error.to_string(), "line 4 is to name the columns, and none is called `Сумма платежа`");
    assert_eq!(read(&cp1251(HEADER), &yookassa()).unwrap(), []);
}

#[test]
fn a_format_is_configuration_and_what_it_does_not_know_is_refused() {
    let text = serde_json::to_string(&tbank()).unwrap();
    assert_eq!(serde_json::from_str::<Format>(&text).unwrap(), tbank());
    assert!(serde_json::from_str::<Format>(&text.replace("\"skip\"", "\"skipped\"")).is_err());
    let wide = Format { delimiter: '→', ..tbank() };
    assert!(matches!(read(b"", &wide), Err(RegistryError::Format(_))));
    let mut zero = tbank();
    zero.columns.amount = Column::Place(0);
    assert!(matches!(read(b"", &zero), Err(RegistryError::Format(_))));
}
