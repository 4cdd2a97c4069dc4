//! What the act says.

use domain::money::Money;
use domain::report::{Event, MovementKind, Party, Report, Standing};
use domain::tax::VatRate;

use super::flow::{Align, Column, Flow, Page, Paper};
use super::text::{Fonts, Weight};
use crate::upd::DOCUMENT;
use crate::{PaperError, words};

const SIZE: i32 = 180;
const SMALL: i32 = 165;
/// Movements that are printed one by one, at most.
const MOVEMENTS_MAX: usize = 300;

const fn left(name: &'static str, width: i32) -> Column {
    Column { name, width, align: Align::Left }
}

const fn right(name: &'static str, width: i32) -> Column {
    Column { name, width, align: Align::Right }
}

type Row = (Vec<String>, Weight);

fn row<const N: usize>(cells: [String; N]) -> Row {
    (cells.into(), Weight::Regular)
}

fn total<const N: usize>(cells: [String; N]) -> Row {
    (cells.into(), Weight::Bold)
}

/// The act's pages.
pub(super) fn pages(fonts: &Fonts, report: &Report, register_sha256: Option<&str>) -> Result<Vec<Page>, PaperError> {
    let head = &report.head;
    let mut flow = Flow::new(fonts, Paper::Upright);
    flow.paragraph(&format!("{DOCUMENT} № {}", head.number), 280, Weight::Bold, Align::Centre);
    let issued = format!("от {}", words::long_date(head.issued));
    flow.paragraph(&issued, 220, Weight::Regular, Align::Centre);
    let (first, last) = (words::date(head.period.first()), words::date(head.period.last()));
    let period = format!("за {} ({first} – {last}, время московское)", words::month(head.period));
    flow.paragraph(&period, 200, Weight::Regular, Align::Centre);
    flow.gap(200);
    flow.beside(&[party("Агент (исполнитель)", &head.agent), party("Принципал (заказчик)", &head.principal)], SIZE);
    flow.gap(120);
    let contract = head.contract.as_ref().map(|contract| {
        let (number, date) = (&contract.number, words::long_date(contract.date));
        format!("Основание: агентский договор № {number} от {date} ")
    });
    let contract = contract.unwrap_or_default() + "Все суммы указаны в российских рублях.";
    flow.paragraph(&contract, SIZE, Weight::Regular, Align::Left);

    orders(&mut flow, report, register_sha256)?;
    fees(&mut flow, report)?;
    movements(&mut flow, report)?;
    corrections(&mut flow, report);
    balance(&mut flow, report)?;
    acceptance(&mut flow, report)?;
    Ok(flow.pages())
}

fn party(role: &str, party: &Party) -> Vec<(String, Weight)> {
    let kpp = party.kpp().map(|kpp| format!(" / КПП {kpp}")).unwrap_or_default();
    let ogrn = match party.standing {
        Standing::Company { .. } => "ОГРН",
        Standing::Entrepreneur(_) => "ОГРНИП",
    };
    let mut lines = vec![
        (role.to_owned(), Weight::Bold),
        (party.name.clone(), Weight::Regular),
        (format!("ИНН {}{kpp}", party.inn), Weight::Regular),
    ];
    if let Some(number) = &party.ogrn {
        lines.push((format!("{ogrn} {number}"), Weight::Regular));
    }
    lines.extend(party.address.clone().map(|address| (address, Weight::Regular)));
    lines
}

fn orders(flow: &mut Flow<'_>, report: &Report, register_sha256: Option<&str>) -> Result<(), PaperError> {
    flow.section("Исполнение поручения: расчёты с покупателями");
    let columns = [
        left("Показатель", 3_306),
        right("Заказов", 1_000),
        right("Сумма", 1_600),
        right("Вознаграждение", 1_700),
        right("в т. ч. НДС", 1_100),
        right("К перечислению", 1_500),
    ];
    let totals = &report.totals;
    let mut rows = Vec::new();
    for (event, name) in [
        (Event::Paid, "Оплачено покупателями"),
        (Event::Refunded, "Возвращено покупателям"),
        (Event::Restored, "Возвраты, отозванные банком"),
        (Event::Cancelled, "Отменено без оплаты (справочно)"),
    ] {
        let sum = totals.of(event);
        if event == Event::Restored && sum.count == 0 {
            continue;
        }
        let held = sum.amount.minus(sum.at_principal)?.minus(sum.fee)?;
        let zero = held.zero();
        let signed = |amount: Money| if event.sign() < 0 { zero.minus(amount) } else { Ok(amount) };
        let net = if event.sign() == 0 { zero } else { signed(held)? };
        let amount = if event.sign() == 0 { sum.amount } else { signed(sum.amount)? };
        let amount = if event.sign() == 0 { format!("({})", words::money(amount)) } else { words::money(amount) };
        rows.push(row([
            name.to_owned(),
            words::count(sum.count),
            amount,
            words::money(signed(sum.fee)?),
            words::money(signed(sum.vat)?),
            words::money(net),
        ]));
    }
    let (paid, restored, refunded) = (totals.of(Event::Paid), totals.of(Event::Restored), totals.of(Event::Refunded));
    let turnover = paid.amount.plus(restored.amount)?.minus(refunded.amount)?;
    let (fee, vat) = totals.fee()?;
    let sums = [turnover, fee, vat, totals.net()?].map(words::money);
    let [turnover, fee, vat, net] = sums;
    rows.push(total(["Итого".to_owned(), words::count(totals.lines), turnover, fee, vat, net]));
    flow.table(&columns, &rows, SMALL);
    let own = paid.at_principal.plus(restored.at_principal)?.minus(refunded.at_principal)?;
    if !own.is_zero() {
        let text = format!(
            "В том числе получено от покупателей самим принципалом (наличные, собственный терминал): {}; к перечислению не подлежит.",
            words::money(own)
        );
        flow.gap(60);
        flow.paragraph(&text, SMALL, Weight::Regular, Align::Left);
    }
    if totals.lines == 0 {
        flow.gap(60);
        flow.paragraph("Заказов в отчётном периоде не было.", SMALL, Weight::Regular, Align::Left);
    } else {
        flow.gap(60);
        let here = "Каждый заказ с датами, способом оплаты и удержанным вознаграждением приведён в приложении.";
        let text = register_sha256.map_or_else(
            || here.to_owned(),
            |sha256| {
                let (lines, period) = (words::count(totals.lines), head_file(report));
                format!(
                    "Каждый заказ с датами, способом оплаты и удержанным вознаграждением приведён в реестре — неотъемлемой части этого документа: {lines} строк, файлы {period}.xlsx и {period}.csv, контрольная сумма SHA-256 {sha256}."
                )
            },
        );
        flow.paragraph(&text, SMALL, Weight::Regular, Align::Left);
    }
    Ok(())
}

fn fees(flow: &mut Flow<'_>, report: &Report) -> Result<(), PaperError> {
    if report.totals.fees.is_empty() {
        return Ok(());
    }
    flow.section("Вознаграждение агента");
    let columns = [
        left("Способ оплаты", 2_006),
        right("Операций", 950),
        right("С суммы", 1_700),
        right("Удержано", 1_450),
        right("Возвращено", 1_300),
        right("Итого", 1_500),
        right("в т. ч. НДС", 1_300),
    ];
    let mut rows = Vec::new();
    for (method, sum) in &report.totals.fees {
        let net = sum.withheld.fee.minus(sum.returned.fee)?;
        let vat = sum.withheld.vat.minus(sum.returned.vat)?;
        rows.push(row([
            words::method(*method).to_owned(),
            words::count(sum.withheld.count + sum.returned.count),
            words::money(sum.withheld.base.minus(sum.returned.base)?),
            words::money(sum.withheld.fee),
            words::money(sum.returned.fee),
            words::money(net),
            words::money(vat),
        ]));
    }
    let (fee, vat) = report.fee()?;
    let empty = String::new;
    rows.push(total(["Итого".to_owned(), empty(), empty(), empty(), empty(), words::money(fee), words::money(vat)]));
    flow.table(&columns, &rows, SMALL);
    Ok(())
}

fn movements(flow: &mut Flow<'_>, report: &Report) -> Result<(), PaperError> {
    flow.section("Перечисления и иные движения");
    if report.movements.len() > MOVEMENTS_MAX {
        return movements_by_kind(flow, report);
    }
    if report.movements.is_empty() {
        flow.paragraph("Перечислений и иных движений в отчётном периоде не было.", SMALL, Weight::Regular, Align::Left);
        return Ok(());
    }
    let columns = [
        Column { name: "Дата", width: 1_100, align: Align::Centre },
        left("Документ", 1_300),
        left("Содержание", 6_206),
        right("Сумма", 1_600),
    ];
    let mut rows = Vec::new();
    let mut sum = report.closing.zero();
    for movement in &report.movements {
        let mut what = format!("{}: {}", words::movement(movement.kind), movement.what);
        if movement.vat.is_positive() {
            what = format!("{what}, в том числе {} {}", words::vat(report.head.vat), words::money(movement.vat));
        }
        if let Some(corrects) = &movement.corrects {
            what = format!("{what} (исправляет {}: {})", words::document(corrects), corrects.reason);
        }
        let net = movement.net()?;
        sum = sum.plus(net)?;
        rows.push(row([words::date(movement.on), movement.reference.clone(), what, words::money(net)]));
    }
    rows.push(total(["Итого".to_owned(), String::new(), String::new(), words::money(sum)]));
    flow.table(&columns, &rows, SMALL);
    Ok(())
}

/// Too many movements to be printed one by one: their sums.
fn movements_by_kind(flow: &mut Flow<'_>, report: &Report) -> Result<(), PaperError> {
    let columns = [left("Содержание", 7_106), right("Документов", 1_300), right("Сумма", 1_800)];
    let mut rows = Vec::new();
    let mut all = report.closing.zero();
    for kind in MovementKind::ALL {
        let mut of_kind = report.movements.iter().filter(|movement| movement.kind == kind).peekable();
        if of_kind.peek().is_none() {
            continue;
        }
        let (count, sum) = of_kind.try_fold((0, all.zero()), |(count, sum), movement| {
            Ok::<_, PaperError>((count + 1, sum.plus(movement.net()?)?))
        })?;
        all = all.plus(sum)?;
        rows.push(row([words::movement(kind).to_owned(), words::count(count), words::money(sum)]));
    }
    let count = words::count(u64::try_from(report.movements.len()).unwrap_or(u64::MAX));
    rows.push(total(["Итого".to_owned(), count, words::money(all)]));
    flow.table(&columns, &rows, SMALL);
    flow.gap(60);
    let text = format!("Каждый документ приведён на листе «Движения» файла {}.xlsx.", head_file(report));
    flow.paragraph(&text, SMALL, Weight::Regular, Align::Left);
    Ok(())
}

/// How the files of the register are named.
fn head_file(report: &Report) -> String {
    format!("report-{}", report.head.period)
}

fn corrections(flow: &mut Flow<'_>, report: &Report) {
    if report.totals.corrections.is_empty() {
        return;
    }
    flow.heading("Исправления закрытых периодов (входят в суммы раздела 1)");
    let columns = [
        left("Исправляемый документ", 3_300),
        left("Основание", 4_306),
        right("Строк", 900),
        right("Влияние на остаток", 1_700),
    ];
    let told = |one: &domain::report::CorrectionSum| {
        let document = format!("Отчёт агента и Акт {}", words::document(&one.corrects));
        row([document, one.corrects.reason.clone(), words::count(one.count), words::money(one.net)])
    };
    let rows: Vec<Row> = report.totals.corrections.iter().map(told).collect();
    flow.table(&columns, &rows, SMALL);
}

fn balance(flow: &mut Flow<'_>, report: &Report) -> Result<(), PaperError> {
    flow.section("Взаимные расчёты");
    let head = &report.head;
    let moved = |kinds: &[MovementKind]| {
        let ours = report.movements.iter().filter(|movement| kinds.contains(&movement.kind));
        ours.into_iter().try_fold(head.opening.zero(), |sum, one| Ok::<_, PaperError>(sum.plus(one.net()?)?))
    };
    let (fee, _) = report.fee()?;
    let totals = &report.totals;
    let received = totals.net()?.plus(fee)?;
    let known = [MovementKind::Payout, MovementKind::PayoutReturned, MovementKind::Service, MovementKind::Withheld];
    let other: Vec<MovementKind> = MovementKind::ALL.into_iter().filter(|kind| !known.contains(kind)).collect();
    let owed = |amount: Money, day: &str| {
        let side = if amount.minor() < 0 { "долг принципала" } else { "долг агента" };
        format!("Остаток на {day} ({side})")
    };
    let mut rows = vec![
        total([owed(head.opening, &words::date(head.period.first())), words::money(head.opening)]),
        row(["Получено агентом для принципала за вычетом возвратов".into(), words::money(received)]),
        row(["Вознаграждение агента".into(), words::money(fee.zero().minus(fee)?)]),
        row(["Перечислено принципалу".into(), words::money(moved(&known[..2])?)]),
    ];
    for (name, sum) in [
        ("Услуги платформы, оплаченные с остатка", moved(&[MovementKind::Service])?),
        ("Удержан НДФЛ", moved(&[MovementKind::Withheld])?),
        ("Прочие движения", moved(&other)?),
    ] {
        if !sum.is_zero() {
            rows.push(row([name.into(), words::money(sum)]));
        }
    }
    let last = words::date(head.period.last());
    rows.push(total([owed(report.closing, &format!("конец дня {last}")), words::money(report.closing)]));
    flow.table(&[left("Показатель", 8_206), right("Сумма", 2_000)], &rows, SMALL);
    Ok(())
}

fn acceptance(flow: &mut Flow<'_>, report: &Report) -> Result<(), PaperError> {
    let head = &report.head;
    let (services, vat) = report.services()?;
    // What is signed stands on one page with the signatures.
    flow.keep(6_200);
    flow.section("Акт");
    let taxed = if head.vat == VatRate::None {
        "НДС не облагается".to_owned()
    } else {
        format!("в том числе {} {}", words::vat(head.vat), words::money(vat))
    };
    let accepted = if services.is_positive() {
        let amount = words::money(services);
        let written = words::in_words(services);
        format!(
            "Агент оказал, а принципал принял услуги на сумму {amount} руб. ({written}), {taxed}. Услуги оказаны полностью и в срок, претензий по объёму, качеству и срокам стороны не имеют. Вознаграждение удержано агентом из полученных для принципала денежных средств."
        )
    } else if services.is_zero() {
        "Услуги, подлежащие оплате, в отчётном периоде не оказывались.".to_owned()
    } else {
        let back = services.zero().minus(services)?;
        let (amount, written) = (words::money(back), words::in_words(back));
        format!(
            "Возвращённое агентом вознаграждение превысило удержанное на {amount} руб. ({written}). Эта сумма оформляется корректировочным документом к актам прошлых периодов."
        )
    };
    flow.paragraph(&accepted, SIZE, Weight::Regular, Align::Left);
    flow.gap(100);
    flow.paragraph(&words::taxes(report), SIZE, Weight::Regular, Align::Left);
    flow.gap(100);
    let objections = "Возражения по отчёту принципал сообщает агенту в течение тридцати дней со дня его получения, если договором не установлен иной срок; в противном случае отчёт считается принятым (п. 3 ст. 1008 ГК РФ). Документ не изменяется: исправления вносятся в отчёт следующего периода со ссылкой на этот документ.";
    flow.paragraph(objections, SIZE, Weight::Regular, Align::Left);

    flow.gap(300);
    let side = |role: &str, party: &Party| {
        let mut lines = vec![(role.to_owned(), Weight::Bold), (party.name.clone(), Weight::Regular)];
        if let Some(signatory) = &party.signatory {
            let basis = format!("действует на основании {}", signatory.basis);
            lines.extend([(signatory.position.clone(), Weight::Regular), (basis, Weight::Regular)]);
        }
        lines
    };
    flow.beside(&[side("От агента", &head.agent), side("От принципала", &head.principal)], SIZE);
    let pen = |party: &Party| {
        let name = party.signatory.as_ref().map(|signatory| signatory.person.short());
        [name.unwrap_or_default(), "М. П.".to_owned()]
    };
    flow.signature(&[pen(&head.agent), pen(&head.principal)], SIZE);
    Ok(())
}
