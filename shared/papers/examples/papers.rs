//! Writes sample papers for whoever looks at them, and prints what a large month costs.
//!
//! ```text
//! papers samples FOLDER        every paper of six months, and the lines they were made of
//! papers orders FOLDER         orders as CommerceML and as a table, and what they were made of
//! papers bench FORMAT ORDERS   time and peak memory: csv, xlsx, pdf, upd, diadoc
//! ```

use std::collections::BTreeMap;
use std::fs::{File, create_dir_all, read_to_string, write};
use std::io::{BufWriter, Write};
use std::path::Path;

use domain::acquiring::Method;
use domain::details::{Contact, Details, Firm, Line as DetailsLine, Particulars, Source, Subject};
use domain::id::{BillNumber, Mode, OrderId, Tenant};
use domain::money::Money;
use domain::order::Order;
use domain::receipt::Measure;
use domain::report::pages::{Page, Paged, Pages};
use domain::report::{
    Brought, Contract, Corrects, Event, Head, Line, Movement, MovementKind, Party, Period, Person, Report, Signatory,
    Standing, Tally,
};
use domain::tax::VatRate;
use domain::time::Timestamp;
use jiff::civil::{Date, date};
use papers::pdf::Pdf;
use papers::register::Register;
use papers::upd::{self, Exchange};
use papers::xlsx::Book;
use papers::{PaperError, commerceml, diadoc};
use rust_decimal::Decimal;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn person(surname: &str, name: &str, patronymic: Option<&str>) -> Person {
    Person { surname: surname.into(), name: name.into(), patronymic: patronymic.map(Into::into) }
}

fn agent() -> Party {
    Party {
        name: "Общество с ограниченной ответственностью «Апикасса»".into(),
        inn: "7700000016".into(),
        standing: Standing::Company { kpp: Some("770101001".into()) },
        ogrn: Some("1027700000017".into()),
        address: Some("101000, г. Москва, ул. Примерная, д. 1, помещ. 2".into()),
        signatory: Some(Signatory {
            position: "Генеральный директор".into(),
            person: person("Агентова", "Мария", Some("Сергеевна")),
            basis: "Устава".into(),
        }),
    }
}

fn company() -> Party {
    Party {
        name: "ООО «Справка»".into(),
        inn: "7700000023".into(),
        standing: Standing::Company { kpp: Some("773601001".into()) },
        ogrn: Some("1037700000026".into()),
        address: Some("117312, г. Москва, пр-кт Образцовый, д. 5".into()),
        signatory: Some(Signatory {
            position: "Директор".into(),
            person: person("Справкин", "Пётр", None),
            basis: "доверенности № 5 от 01.02.2026".into(),
        }),
    }
}

fn entrepreneur() -> Party {
    let who = person("Константинопольская-Переяславская", "Александра", Some("Вениаминовна"));
    Party {
        name: "Индивидуальный предприниматель Константинопольская-Переяславская Александра Вениаминовна".into(),
        inn: "770000000017".into(),
        standing: Standing::Entrepreneur(who.clone()),
        ogrn: Some("304770000000019".into()),
        address: Some("620000, Свердловская обл., г. Екатеринбург, ул. Очень Длинного Названия Первопроходцев Севера, д. 128, корп. 3, кв. 456".into()),
        signatory: Some(Signatory {
            position: "Индивидуальный предприниматель".into(),
            person: who,
            basis: "записи ЕГРИП № 304770000000019".into(),
        }),
    }
}

fn head(number: &str, principal: Party, vat: VatRate, opening: i64) -> Head {
    Head {
        number: number.into(),
        issued: date(2026, 11, 30),
        period: Period::of(date(2026, 11, 1)),
        agent: agent(),
        principal,
        contract: Some(Contract { number: "АК-2026/118".into(), date: date(2026, 1, 15) }),
        vat,
        opening: Money::rub(opening),
    }
}

/// The same month for the same seed.
struct Month {
    seed: u64,
    made: u64,
    orders: u64,
    vat: VatRate,
    corrections: bool,
}

impl Month {
    const fn new(orders: u64, vat: VatRate, corrections: bool) -> Self {
        Self { seed: 7, made: 0, orders, vat, corrections }
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % below
    }

    fn day(&mut self, from: i8) -> Date {
        let days = u64::try_from(30 - from).unwrap_or(0) + 1;
        date(2026, 11, from + i8::try_from(self.draw(days)).unwrap_or(0))
    }
}

impl Iterator for Month {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        if self.made == self.orders {
            return None;
        }
        self.made += 1;
        let event = match self.draw(20) {
            0 | 1 => Event::Refunded,
            2 => Event::Cancelled,
            3 if self.corrections => Event::Restored,
            _ => Event::Paid,
        };
        let amount = i64::try_from(100 + self.draw(2_000_000)).ok()?;
        let fee = if event == Event::Cancelled { 0 } else { amount * 35 / 1000 };
        let vat = self.vat.percent().map_or(0, |percent| fee * i64::from(percent) / (100 + i64::from(percent)));
        let created = self.day(1);
        let on = self.day(created.day());
        let method = *Method::ALL.get(usize::try_from(self.draw(10)).ok()?)?;
        let at_principal = self.corrections && matches!(method, Method::Cash | Method::Terminal);
        let wrong = self.corrections && self.draw(6) == 0;
        let corrects = wrong.then(|| Corrects {
            period: Period::of(date(2026, 10, 1)),
            number: if amount % 2 == 0 { "15".into() } else { "15-А".into() },
            reason: "Возврат учтён дважды; акт сверки от 12.11.2026".into(),
        });
        let order = match self.made {
            3 => "=HYPERLINK(\"http://evil.example\";\"x\")".to_owned(),
            4 => "+7-916;\"заказ\"".to_owned(),
            5 => "@СУММ(A1:A9)".to_owned(),
            6 => "-1+1".to_owned(),
            7 => "ЗАКАЗ-С-ОЧЕНЬ-ДЛИННЫМ-НОМЕРОМ-КОТОРЫЙ-НЕ-ПОМЕЩАЕТСЯ-В-КОЛОНКУ-2026/000007".to_owned(),
            made => format!("INV-{made:07}"),
        };
        Some(Line {
            order,
            bill: format!("{}", 1_381_966_011_250_000_u64 + self.made),
            event,
            created,
            paid: (event != Event::Cancelled).then_some(created),
            on,
            method,
            amount: Money::rub(amount),
            fee: Money::rub(fee),
            vat: Money::rub(vat),
            at_principal,
            corrects,
        })
    }
}

fn movement(kind: MovementKind, day: i8, reference: &str, what: &str, amount: i64, vat: i64) -> Movement {
    Movement {
        kind,
        on: date(2026, 11, day),
        reference: reference.into(),
        what: what.into(),
        amount: Money::rub(amount),
        vat: Money::rub(vat),
        corrects: None,
    }
}

fn report(head: &Head, lines: impl Iterator<Item = Line>, movements: Vec<Movement>) -> Outcome<Report> {
    let mut tally = Tally::new(head.clone())?;
    let mut closing = head.opening;
    for line in lines {
        closing = closing.plus(line.net()?)?;
        tally.line(&line)?;
    }
    for movement in movements {
        closing = closing.plus(movement.net()?)?;
        tally.movement(movement)?;
    }
    Ok(tally.finish(closing)?)
}

fn payouts(count: u32) -> Vec<Movement> {
    let one = |at: u32| {
        let day = i8::try_from(at % 28 + 1).unwrap_or(1);
        movement(MovementKind::Payout, day, &(800 + at).to_string(), "Вывод денежных средств по договору", 5_000_000, 0)
    };
    (0..count).map(one).collect()
}

fn exchange() -> Outcome<Exchange> {
    Ok(Exchange {
        sender: "2BM-7700000016-770101001-202601150000000000001".into(),
        recipient: "2BM-7700000023-773601001-202601150000000000002".into(),
        guid: "8c703486-75df-46f8-8f0a-959b09f807a9".into(),
        at: "2026-11-30T20:15:09Z".parse::<Timestamp>()?,
    })
}

fn samples(folder: &Path) -> Outcome<()> {
    let more = vec![
        movement(MovementKind::Payout, 10, "815", "Вывод денежных средств", 1_200_000, 0),
        movement(MovementKind::PayoutReturned, 12, "815", "Счёт получателя закрыт", 1_200_000, 0),
        movement(MovementKind::Service, 15, "У-3", "Пакет отчётов ЕГРН, 500 шт.", 900_000, 0),
        movement(MovementKind::Withheld, 20, "НДФЛ-1", "Налог с выплаты физическому лицу", 130_000, 0),
        movement(
            MovementKind::Debited,
            25,
            "К-7",
            "Исправление по сверке с банком: комиссия удержана дважды",
            25_050,
            0,
        ),
    ];
    let service = vec![movement(MovementKind::Service, 15, "У-3", "Пакет отчётов ЕГРН", 1_220_000, 220_000)];
    let vat = VatRate::Vat22;
    let months = [
        ("one-page", head("17", company(), vat, 1_525_040), Month::new(12, vat, false), payouts(3)),
        ("many-pages", head("18", company(), vat, 0), Month::new(400, vat, false), payouts(70)),
        (
            "corrections",
            head("19/И", entrepreneur(), VatRate::None, -90_000),
            Month::new(60, VatRate::None, true),
            more,
        ),
        ("empty", head("20", company(), vat, 333), Month::new(0, vat, false), Vec::new()),
        ("services-only", head("21", company(), vat, 2_000_000), Month::new(0, vat, false), service),
        ("in-files", head("22", company(), vat, 0), Month::new(2_400, vat, true), payouts(320)),
    ];
    for (name, head, month, movements) in months {
        let folder = folder.join(name);
        create_dir_all(&folder)?;
        let lines: Vec<Line> = month.collect();
        let report = report(&head, lines.iter().cloned(), movements)?;
        let file = |end: &str| File::create(folder.join(end)).map(BufWriter::new);
        let mut csv = Register::start(file("register.csv")?, &report)?;
        let mut book = Book::start(file("report.xlsx")?, &report)?;
        // A register that is too long to be printed is known by its hash.
        let mut pages = Paged::default();
        lines.iter().try_for_each(|line| pages.push(line))?;
        let lines_of = pages.finish().iter().map(Page::seal).collect();
        let sha256 = Pages { movements: Vec::new(), lines: lines_of }.sha256();
        let printed = Pdf::<Vec<u8>>::has_register(&report);
        let mut pdf = Pdf::start(file("report.pdf")?, &report, (!printed).then_some(sha256.as_str()))?;
        for line in &lines {
            csv.line(line)?;
            book.line(line)?;
            if printed {
                pdf.line(line)?;
            }
        }
        csv.finish()?;
        book.finish()?;
        pdf.finish()?;
        let exchange = exchange()?;
        match upd::write(Vec::new(), &report, &exchange) {
            Ok(bytes) => {
                write(folder.join(format!("{}.xml", exchange.file_id()?)), bytes)?;
                diadoc::write(file("diadoc.xml")?, &report)?;
            }
            Err(PaperError::NoService(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let told: BTreeMap<&str, serde_json::Value> = BTreeMap::from([
            ("lines", serde_json::to_value(&lines)?),
            ("movements", serde_json::to_value(&report.movements)?),
            ("head", serde_json::to_value(&report.head)?),
            ("closing", serde_json::to_value(report.closing)?),
            ("register_sha256", if printed { serde_json::Value::Null } else { sha256.as_str().into() }),
        ]);
        write(folder.join("told.json"), serde_json::to_vec(&told)?)?;
    }
    Ok(())
}

/// The `at`th sample order: every rate, measure and kind of line, every kind of buyer.
fn order(at: u32) -> Outcome<(Order, Details, Brought)> {
    let contact = |value: &str| Some(Contact { value: value.into(), source: Source::Buyer });
    let (rates, subjects) = (VatRate::ALL, Subject::ALL);
    let of = |no: usize, count: usize| (usize::try_from(at).unwrap_or_default() * 7 + no * 5) % count;
    let mut lines = Vec::new();
    for no in 0..=of(3, 5) {
        let price = Money::rub(123_450 / (i64::try_from(no)? + 1));
        let quantity = Decimal::new(i64::from(at % 4) * 500 + 500, 3).normalize();
        let measure = u8::try_from(of(no, 256))?;
        lines.push(DetailsLine {
            name: format!("Товар № {no} «Ё» <&\"'> \u{1}\u{fffe} {}", "длинный ".repeat(of(no, 12))),
            price,
            quantity,
            amount: price.times(quantity)?,
            vat: rates[of(no, rates.len())],
            subject: subjects[of(no, subjects.len())],
            particulars: Particulars {
                measure: Measure::of(measure).unwrap_or_default(),
                product: no.is_multiple_of(2).then(|| format!("арт-{no}")),
                delivery: no == 3,
                ..Particulars::default()
            },
        });
    }
    let amount = lines.iter().try_fold(Money::rub(0), |sum, line| sum.plus(line.amount))?;
    let firm = match at % 5 {
        0 => Some(Firm { name: "ООО «Покупатель»".into(), inn: "7700000016".into() }),
        1 => Some(Firm { name: "ИП Покупателев И. И.".into(), inn: "500100732259".into() }),
        _ => None,
    };
    let details = Details {
        description: at.is_multiple_of(3).then(|| "Слово ".repeat(700)),
        email: if at % 5 == 4 { None } else { contact("ivanova@example.com") },
        phone: if at.is_multiple_of(2) { contact("+79161234567") } else { None },
        firm,
        ..serde_json::from_value(serde_json::json!({ "n": format!("З-{at}"), "l": lines }))?
    };
    let made: Timestamp = "2026-11-20T20:59:59Z".parse()?;
    let made = domain::time::plus_seconds(made, i64::from(at));
    let id = OrderId::new(Tenant::try_new("demoshop", Mode::Test)?, &details.number, made);
    let terms = serde_json::from_value(serde_json::json!({ "p": "3.5" }))?;
    let order = Order::new(id, BillNumber::new(u64::from(at)), amount, terms, 1_200, details.clone(), made);
    let zero = amount.zero();
    let brought = Brought {
        paid: None,
        method: at.is_multiple_of(2).then_some(Method::Sbp),
        captured: amount,
        refunded: zero,
        fee: zero,
        vat: zero,
        net: amount,
    };
    Ok((order, details, brought))
}

fn orders(folder: &Path) -> Outcome<()> {
    create_dir_all(folder)?;
    let file = |name: &str| File::create(folder.join(name)).map(BufWriter::new);
    let mut document = commerceml::Orders::start(file("orders.xml")?, "2026-11-21T09:00:00Z".parse()?)?;
    let mut table = papers::orders::Orders::start(file("orders.csv")?)?;
    let mut told = Vec::new();
    for at in 0..40 {
        let (order, details, brought) = order(at)?;
        document.order(commerceml::Sale { order: &order, details: &details, brought: &brought })?;
        table.order(&order, &brought, None)?;
        let lines = details.lines.iter().map(|line| {
            let particulars = &line.particulars;
            serde_json::json!({
                "price": line.price, "quantity": line.quantity, "amount": line.amount, "vat": line.vat.code(),
                "unit": particulars.measure.okei().0, "product": particulars.product, "delivery": particulars.delivery,
            })
        });
        told.push(serde_json::json!({
            "number": order.number, "amount": order.amount, "lines": lines.collect::<Vec<_>>(),
            "inn": details.firm.as_ref().map(|firm| &firm.inn),
            "email": details.email.as_ref().map(|one| &one.value), "phone": details.phone.as_ref().map(|one| &one.value),
        }));
    }
    document.finish()?;
    table.finish()?;
    write(folder.join("told.json"), serde_json::to_vec(&told)?)?;
    Ok(())
}

/// Counts what is written, and keeps nothing.
struct Counted(u64);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += u64::try_from(bytes.len()).unwrap_or(0);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn peak() -> Outcome<String> {
    let status = read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(line.unwrap_or("unknown").trim().to_owned())
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn bench(format: &str, orders: u64) -> Outcome<()> {
    let month = || Month::new(orders, VatRate::Vat22, false);
    let movements = payouts(u32::try_from(orders / 90)?);
    let began = std::time::Instant::now();
    let report = report(&head("17", company(), VatRate::Vat22, 0), month(), movements)?;
    let (folded, folded_peak) = (began.elapsed(), peak()?);
    let out = Counted(0);
    let written = match format {
        "csv" => {
            let mut csv = Register::start(out, &report)?;
            month().try_for_each(|line| csv.line(&line))?;
            csv.finish()?.0
        }
        "xlsx" => {
            let mut book = Book::start(out, &report)?;
            month().try_for_each(|line| book.line(&line))?;
            book.finish()?.0
        }
        "pdf" => {
            let mut pdf = Pdf::start(out, &report, None)?;
            month().try_for_each(|line| pdf.line(&line))?;
            pdf.finish()?.0
        }
        "upd" => upd::write(out, &report, &exchange()?)?.0,
        "diadoc" => diadoc::write(out, &report)?.0,
        other => return Err(format!("no format {other}").into()),
    };
    let (took, peak) = (began.elapsed().checked_sub(folded).unwrap_or_default(), peak()?);
    println!(
        "{format:6} {orders} orders: {written} bytes, {took:.2?}, peak {peak} (the fold: {folded:.2?}, {folded_peak})"
    );
    Ok(())
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["samples", folder] => samples(Path::new(folder)),
        ["orders", folder] => orders(Path::new(folder)),
        ["bench", format, orders] => bench(format, orders.parse()?),
        _ => Err("papers samples FOLDER | papers orders FOLDER | papers bench FORMAT ORDERS".into()),
    }
}
