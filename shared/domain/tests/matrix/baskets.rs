//! What is bought.

use domain::details::{Line, Particulars, Subject};
use domain::money::Money;
use domain::order::What;
use domain::receipt::{AgentSign, Measure, Supplier};
use domain::tax::{Taxation, VatRate};
use rust_decimal::Decimal;

/// A line of `quantity` at so many kopecks each.
pub fn line(name: &str, quantity: Decimal, kopecks: i64, vat: VatRate, subject: Subject) -> Line {
    let price = Money::rub(kopecks);
    let amount = price.times(quantity).unwrap();
    Line { name: name.into(), price, quantity, amount, vat, subject, particulars: Particulars::default() }
}

/// 1220.00 for two tables at 22 %, 110.00 for a book at 10 %: goods of the partner's.
pub fn goods() -> Vec<Line> {
    vec![
        line("Стол", Decimal::TWO, 61_000, VatRate::Vat22, Subject::Goods),
        line("Книга", Decimal::ONE, 11_000, VatRate::Vat10, Subject::Goods),
    ]
}

/// One service without VAT.
pub fn service() -> Vec<Line> {
    vec![line("Выписка ЕГРН", Decimal::ONE, 99_900, VatRate::None, Subject::Service)]
}

/// Another seller.
pub fn supplier() -> Supplier {
    Supplier {
        name: "ИП Петров П. П.".into(), inn: "500100732259".into(), phones: vec!["+74950000001".into()]
    }
}

/// The same line, of another seller.
pub fn of_another(mut line: Line, sign: Option<AgentSign>) -> Line {
    line.particulars.supplier = Some(Box::new(supplier()));
    line.particulars.agent = sign;
    line
}

/// Goods of two sellers.
pub fn two_sellers() -> Vec<Line> {
    let mut lines = goods();
    let last = lines.pop().unwrap();
    lines.push(of_another(last, Some(AgentSign::Commissioner)));
    lines
}

/// The same line under another taxation system.
pub fn under(mut line: Line, taxation: Taxation) -> Line {
    line.particulars.taxation = Some(taxation);
    line
}

/// Boots with a marking code, and a third of a marked pack.
pub fn marked() -> Vec<Line> {
    let mut boots = line("Ботинки", Decimal::ONE, 488_000, VatRate::Vat22, Subject::GoodsMarked);
    boots.particulars.mark = Some("010460193600546421SERIAL0000013\u{1d}91EE05\u{1d}92dGVzdA==".into());
    let mut pills = line("Таблетки, 10 из 30", Decimal::ONE, 11_000, VatRate::Vat10, Subject::GoodsMarked);
    pills.particulars.mark = Some("010460193600546421SERIAL0000021\u{1d}91EE05\u{1d}92dGVzdA==".into());
    pills.particulars.fraction = Some((1, 3));
    vec![boots, pills]
}

/// Goods by weight, and their delivery.
pub fn weighed() -> Vec<Line> {
    let mut cheese = line("Сыр", Decimal::new(355, 3), 89_990, VatRate::Vat10, Subject::Goods);
    cheese.particulars.measure = Measure::of(11).unwrap();
    let mut delivery = line("Доставка", Decimal::ONE, 30_000, VatRate::Vat22, Subject::Service);
    delivery.particulars.delivery = true;
    vec![cheese, delivery]
}

/// So many lines with short or long names.
pub fn many(lines: usize, long: bool) -> Vec<Line> {
    let name = |no| if long { format!("{no:03} {}", "ж".repeat(124)) } else { format!("Деталь {no:03}") };
    (1..=lines).map(|no| line(&name(no), Decimal::ONE, 12_200, VatRate::Vat22, Subject::Goods)).collect()
}

/// So many roubles and kopecks of whatever stands.
pub fn amount(kopecks: i64) -> What {
    What::Amount(Money::rub(kopecks))
}

/// So many of a line.
pub fn of_line(line: u8, quantity: Decimal) -> What {
    What::Lines(vec![(line, quantity)])
}
