//! What is written is read back, by us and by others; what banks write is read whole or not at all.

use domain::bank_exchange::{Direction, PaymentOrder, Side, Statement};
use domain::id::{Mode, OrderId, Tenant};
use domain::money::Money;
use domain::partner::{BankAccount, Destination};
use domain::payout::{Payout, PayoutLine};
use encoding_rs::{IBM866, WINDOWS_1251};
use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::*;

const OURS: &str = "40702810900000000009";

fn payer() -> Payer {
    Payer {
        name: "ООО «Апикасса»\nподдельная строка".into(),
        inn: "7700000016".into(),
        account: OURS.into(),
        bic: "044525974".into(),
        bank: "АО «ТБанк»".into(),
        correspondent: "30101810145250000974".into(),
    }
}

fn payout(number: u32, kopecks: i64, order: &str) -> Payout {
    let at = "2026-11-21T21:30:00Z".parse().unwrap(); // already the 22nd in Moscow
    let tenant = Tenant::try_new("demoshop", Mode::Test).unwrap();
    let line = PayoutLine { order: OrderId::new(tenant, "A-1", at), number: order.into(), amount: Money::rub(kopecks) };
    Payout {
        id: format!("po_{number}"),
        number,
        at,
        amount: Money::rub(kopecks),
        payee: "ООО «Справка \"Плюс\"»".into(),
        inn: "7700000023".into(),
        kpp: None,
        to: Destination::Account(BankAccount {
            number: "40702810200000000001".into(),
            bic: "044525225".into(),
            bank: "ПАО СБЕРБАНК".into(),
            correspondent: "30101810400000000225".into(),
        }),
        from: None,
        tax: None,
        days: None,
        orders: vec![line],
        version: 1,
        carried: None,
        state: domain::payout::PayoutState::Sent,
        lines: Vec::new(),
    }
}

/// Public parsers read this very file: `tests/clients/bank_exchange.py`.
#[test]
fn the_file_is_the_one_others_read() {
    let bytes = payment_orders(&payer(), &[payout(7, 289_500, "A-1 ☃"), payout(8, 1, "№ 5\r\nСумма=1.00")]);
    let golden = include_bytes!("../../tests/wire/1c_client_bank_exchange.cp1251");
    let text = |bytes: &[u8]| WINDOWS_1251.decode(bytes).0.into_owned();
    assert_eq!(text(&bytes), text(golden));
    assert_eq!(bytes, golden);
}

#[test]
fn the_file_is_what_a_bank_client_reads() {
    let bytes = payment_orders(&payer(), &[payout(7, 289_500, "A-1 ☃")]);
    let (text, _, wrong) = WINDOWS_1251.decode(&bytes);
    assert!(!wrong);
    assert!(text.starts_with("1CClientBankExchange\r\nВерсияФормата=1.03\r\nКодировка=Windows\r\n"));
    for line in ["Номер=7", "Дата=22.11.2026", "Сумма=2895.00", "ПолучательКПП=0", "ПолучательИНН=7700000023"]
    {
        assert!(text.contains(&format!("\r\n{line}\r\n")), "{line}");
    }
    assert!(text.contains("A-1 ?") && text.contains("«Апикасса» поддельная строка"));
    assert!(text.ends_with("КонецДокумента\r\nКонецФайла\r\n"));
}

/// A statement as banks write them: two accounts' days, a debit, a bank's fee, a return, and a document not executed yet.
const STATEMENT: &str = "1CClientBankExchange
ВерсияФормата=1.03
Кодировка=Windows
Отправитель=БИС-ФРОНТ
Получатель=
ДатаСоздания=24.11.2026
ВремяСоздания=10:00:00
ДатаНачала=20.11.2026
ДатаКонца=23.11.2026
РасчСчет=40702810900000000009
СекцияРасчСчет
ДатаНачала=20.11.2026
ДатаКонца=23.11.2026
НачальныйОстаток=10 000.00
РасчСчет=40702810900000000009
ВсегоСписано=2945,00
ВсегоПоступило=2895
КонечныйОстаток=9950.00
КонецРасчСчет
СекцияДокумент=Платежное поручение
Номер=7
Дата=20.11.2026
Сумма=2895.00
ПлательщикСчет=40702810900000000009
ДатаСписано=20.11.2026
Плательщик=ИНН 7700000016 ООО «Апикасса»
ПлательщикИНН=7700000016
ПлательщикРасчСчет=40702810900000000009
ПлательщикБИК=044525974
ПолучательСчет=30101810400000000225
ПолучательРасчСчет=40702810200000000001
Получатель1=ООО «Справка \"Плюс\"»
ПолучательИНН=7700000023
ПолучательБанк1=ПАО СБЕРБАНК
НазначениеПлатежа=Выплата po_7
за ноябрь, счёт № 5 = 100 руб.
НДС не облагается
КодНазПлатежа=
Очередность=5
СобственныйРеквизитБанка=да
КонецДокумента

СекцияДокумент=Банковский ордер
Номер=811
Дата=23.11.2026
Сумма=50.00
ПлательщикСчет=40702810900000000009
ДатаСписано=23.11.2026
ПолучательСчет=70601810000000000001
НазначениеПлатежа1=Комиссия за
НазначениеПлатежа2=платежи
КонецДокумента
СекцияДокумент=Платежное поручение
Номер=4411
Дата=23.11.2026
Сумма=2895
ПлательщикСчет=30223810000000000001
ПолучательСчет=40702810900000000009
ДатаПоступило=23.11.2026
НазначениеПлатежа=Возврат п/п № 7 от 20.11.2026, причина: счёт закрыт
КонецДокумента
СекцияДокумент=Платежное поручение
Номер=8
Дата=23.11.2026
Сумма=0.01
ПлательщикСчет=40702810900000000009
ДатаСписано=
ПолучательСчет=40702810200000000001
НазначениеПлатежа=Выплата po_8
КонецДокумента
КонецФайла
";

fn windows(text: &str) -> Vec<u8> {
    let (bytes, _, unmappable) = WINDOWS_1251.encode(text);
    assert!(!unmappable);
    bytes.into_owned()
}

fn read_text(text: &str) -> Result<Statement, ReadError> {
    read(&windows(text))
}

#[test]
fn a_statement_is_read_line_by_line() {
    let statement = read_text(STATEMENT).unwrap();
    assert_eq!((statement.since, statement.until), (date(2026, 11, 20), date(2026, 11, 23)));
    let period = &statement.accounts[0];
    assert_eq!((period.opening, period.closing), (Some(Money::rub(1_000_000)), Some(Money::rub(995_000))));
    assert_eq!((period.spent, period.received), (Some(Money::rub(294_500)), Some(Money::rub(289_500))));
    assert_eq!(statement.gaps().unwrap(), []);
    let [debit, fee, back, waiting] = statement.lines.as_slice() else { panic!("{:?}", statement.lines) };
    assert_eq!(
        (debit.direction, debit.booked, debit.amount),
        (Direction::Out, Some(date(2026, 11, 20)), Money::rub(289_500))
    );
    assert_eq!(debit.purpose, "Выплата po_7 за ноябрь, счёт № 5 = 100 руб. НДС не облагается");
    assert_eq!(
        (debit.payee.account.as_str(), debit.payee.name.as_str()),
        ("40702810200000000001", "ООО «Справка \"Плюс\"»")
    );
    assert_eq!((debit.payer.name.as_str(), debit.other()), ("ООО «Апикасса»", &debit.payee));
    assert_eq!((fee.kind.as_str(), fee.purpose.as_str()), ("Банковский ордер", "Комиссия за платежи"));
    assert_eq!((back.direction, back.account.as_str(), back.booked), (Direction::In, OURS, Some(date(2026, 11, 23))));
    assert_eq!((waiting.number.as_str(), waiting.booked), ("8", None));
}

#[test]
fn encodings_and_line_ends_do_not_matter() {
    let wanted = read_text(STATEMENT).unwrap();
    let lines = |end: &str| STATEMENT.replace('\n', end);
    let dos = lines("\r\n").replace("=Windows", "=DOS").replace(['«', '»'], "\"");
    let (bytes, _, unmappable) = IBM866.encode(&dos);
    assert!(!unmappable);
    assert_eq!(read(&bytes).unwrap().lines.len(), 4);
    assert_eq!(read(&bytes).unwrap().accounts, wanted.accounts);
    for text in [lines("\n"), lines("\r\n"), lines("\r"), lines("  \r\n\r\n")] {
        assert_eq!(read_text(&text).unwrap(), wanted);
        // UTF-8, whatever the header calls it, with a mark in front or without.
        assert_eq!(read(text.as_bytes()).unwrap(), wanted);
        assert_eq!(read(format!("\u{feff}{}", text.replace("=Windows", "=UTF-8")).as_bytes()).unwrap(), wanted);
    }
}

#[test]
fn nothing_is_half_read() {
    let table = [
        ("1CClientBankExchange\n", "", 1, None, "does not begin with `1CClientBankExchange`"),
        ("КонецФайла\n", "", 70, None, "the file is cut off: its end mark is missing"),
        ("КонецФайла\n", "КонецФайла\nещё", 72, None, "something follows the end mark"),
        (
            "ВерсияФормата=1.03",
            "ВерсияФормата=2.0",
            2,
            Some("ВерсияФормата"),
            "version `2.0` of the format is not known",
        ),
        (
            "Кодировка=Windows",
            "Кодировка=KOI8-R",
            3,
            Some("Кодировка"),
            "no text in CP1251, CP866 or UTF-8 with the keys of the format",
        ),
        (
            "ДатаНачала=20.11.2026\nДатаКонца=23.11.2026\nРасч",
            "ДатаНачала=24.11.2026\nДатаКонца=23.11.2026\nРасч",
            9,
            Some("ДатаКонца"),
            "the last day is before the first",
        ),
        (
            "КонечныйОстаток=9950.00",
            "КонечныйОстаток=9950.01",
            18,
            Some("КонечныйОстаток"),
            "opening balance 10000.00 RUB, received 2895.00 RUB, spent 2945.00 RUB, but closing balance 9950.01 RUB",
        ),
        ("КонецРасчСчет\n", "", 19, None, "`СекцияДокумент=Платежное поручение` can not stand here"),
        ("Номер=811\n", "", 43, Some("Номер"), "is missing"),
        ("Сумма=50.00", "Сумма=50.001", 46, Some("Сумма"), "`50.001` is no amount"),
        ("Сумма=50.00", "Сумма=-50.00", 46, Some("Сумма"), "`-50.00` is no amount"),
        ("Сумма=50.00", "Сумма=0", 46, Some("Сумма"), "`0` is no amount"),
        ("Сумма=50.00", "Сумма=5 0.00", 46, Some("Сумма"), "`5 0.00` is no amount"),
        ("Сумма=50.00", "Сумма=", 46, Some("Сумма"), "is missing"),
        ("Сумма=50.00", "Сумма=50.00\nСумма=51.00", 47, Some("Сумма"), "comes twice, as `50.00` and `51.00`"),
        ("Сумма=50.00", "пятьдесят", 46, None, "`пятьдесят` is no `Key=value`"),
        (
            "Дата=20.11.2026\nСумма",
            "Дата=2026-11-20\nСумма",
            22,
            Some("Дата"),
            "`2026-11-20` is no date of the form dd.mm.yyyy",
        ),
        (
            "ДатаСписано=23.11.2026",
            "ДатаСписано=31.11.2026",
            48,
            Some("ДатаСписано"),
            "`31.11.2026` is no date of the form dd.mm.yyyy",
        ),
        (
            "РасчСчет=40702810900000000009\nСекция",
            "РасчСчет=4070281\nСекция",
            10,
            Some("РасчСчет"),
            "`4070281` is no account number",
        ),
        (
            "ПлательщикСчет=40702810900000000009\nДатаСписано=23.11.2026",
            "ПлательщикСчет=40702810600000000008\nДатаСписано=23.11.2026",
            47,
            Some("ПлательщикСчет"),
            "neither side is an account of the statement",
        ),
    ];
    for (from, to, line, key, wrong) in table {
        assert!(STATEMENT.contains(from), "{from}");
        let error = read_text(&STATEMENT.replacen(from, to, 1)).unwrap_err();
        assert_eq!(
            (error.line, error.key.as_deref(), error.wrong.to_string().as_str()),
            (line, key, wrong),
            "{from} → {to}"
        );
        assert!(error.ru().starts_with(&format!("Строка {line}")), "{}", error.ru());
    }
    let error = read_text(&STATEMENT.replace("Сумма=50.00", "Сумма=5O")).unwrap_err();
    assert_eq!(error.to_string(), "line 46, Сумма: `5O` is no amount");
    assert_eq!(error.ru(), "Строка 46, Сумма: «5O» — не сумма.");
    assert_eq!(read(b"%PDF-1.4").unwrap_err().wrong, Wrong::Encoding);
}

#[test]
fn a_bank_may_leave_our_own_account_out() {
    let without =
        STATEMENT.replace("ПлательщикСчет=40702810900000000009\nДатаСписано=23", "ПлательщикСчет=\nДатаСписано=23");
    assert_eq!(read_text(&without).unwrap().lines[1], {
        let mut line = read_text(STATEMENT).unwrap().lines.remove(1);
        line.payer.account = String::new();
        line
    });
    // Both sides ours: money between our accounts.
    let between = STATEMENT.replace("ПолучательСчет=70601810000000000001", "ПолучательСчет=40702810900000000009");
    assert_eq!(read_text(&between).unwrap().lines[1].direction, Direction::Between);
}

fn side(account: &str, name: String, inn: String) -> Side {
    Side {
        name,
        inn,
        kpp: "773601001".into(),
        account: account.into(),
        bic: "044525225".into(),
        bank: "ПАО СБЕРБАНК".into(),
        correspondent: "30101810400000000225".into(),
    }
}

fn orders() -> impl Strategy<Value = Vec<PaymentOrder>> {
    // What CP1251 has, with quotes, signs of equality, line ends and words of the format among it.
    let text = "[А-Яа-яёЁA-Za-z0-9 «»\"'№=.,;:()\r\n\t-]{1,60}|КонецДокумента|КонецФайла\r\n|Сумма=1|=";
    let order = (1_u32..=999_999, 1_i64..1_000_000_000_000, 0_i16..2000, text, text, "[0-9]{12}").prop_map(
        |(number, kopecks, day, name, purpose, inn)| PaymentOrder {
            budget: None,
            number,
            date: date(2025, 1, 1).saturating_add(jiff::Span::new().days(day)),
            amount: Money::rub(kopecks),
            payer: side(OURS, "ООО «Апикасса»".into(), "7700000016".into()),
            payee: side("40702810200000000001", name, inn),
            purpose,
        },
    );
    proptest::collection::vec(order, 1..6)
}

fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(orders in orders()) {
        let statement = read(&orders_file(&orders, "АО «ТБанк»")).unwrap();
        let days: Vec<Date> = orders.iter().map(|order| order.date).collect();
        prop_assert_eq!(Some(statement.since), days.iter().min().copied());
        prop_assert_eq!(Some(statement.until), days.iter().max().copied());
        prop_assert_eq!(statement.lines.len(), orders.len());
        for (line, order) in statement.lines.iter().zip(&orders) {
            prop_assert_eq!(&line.number, &order.number.to_string());
            prop_assert_eq!((line.date, line.amount, line.direction, line.booked), (order.date, order.amount, Direction::Out, None));
            prop_assert_eq!(&line.payer, &order.payer);
            let payee = Side { name: plain(&order.payee.name), ..order.payee.clone() };
            if !payee.name.is_empty() {
                prop_assert_eq!(&line.payee, &payee);
            }
            prop_assert_eq!(&line.purpose, &plain(&order.purpose));
        }
    }

    #[test]
    fn a_file_cut_anywhere_is_refused(at in 0_usize..2_000) {
        let bytes = windows(STATEMENT);
        let at = at.min(bytes.len() - "КонецФайла\n".chars().count() - 1);
        prop_assert!(read(&bytes[..at]).is_err());
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), line in 0_usize..70) {
        let _ = read(&bytes);
        let mut lines: Vec<Vec<u8>> = windows(STATEMENT).split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        lines[line] = bytes;
        if let Ok(statement) = read(&lines.join(&b'\n')) {
            prop_assert!(statement.lines.iter().all(|line| line.amount.is_positive()));
        }
    }
}
