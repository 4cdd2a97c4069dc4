//! Baskets: everything an order's line may be that a receipt can name.

use domain::details::{Line, Particulars};
use domain::money::Money;
use domain::receipt::{AgentSign, Measure, Subject, Supplier};
use domain::tax::{Taxation, VatRate};
use proptest::prelude::*;
use rust_decimal::Decimal;

fn supplier(no: u8) -> Supplier {
    let (name, inn) = match no {
        0 => ("ООО «Справка»", "7707083893"),
        1 => ("ИП Петров Пётр Петрович", "500100732259"),
        _ => ("АО «Обувь и сапоги»", "5544332219"),
    };
    Supplier { name: name.into(), inn: inn.into(), phones: vec!["+74950000001".into()] }
}

/// What is counted how: goods in pieces are whole, everything else may be a part.
fn counted() -> impl Strategy<Value = (Subject, Measure, Decimal)> {
    let pieces = (1_i64..40).prop_map(Decimal::from).boxed();
    let parts = (1_i64..90_000_000, 0_u32..=6).prop_map(|(mantissa, scale)| Decimal::new(mantissa, scale));
    let parts = parts.prop_map(|quantity| if quantity > Decimal::from(999) { Decimal::ONE } else { quantity }).boxed();
    let kilograms = Measure::of(11).unwrap();
    let goods = prop_oneof![Just(Subject::Goods), Just(Subject::Excise), Just(Subject::GoodsUncoded)];
    let other = prop_oneof![Just(Subject::Service), Just(Subject::Work), Just(Subject::Other)];
    prop_oneof![
        3 => (goods.clone(), pieces).prop_map(|(subject, quantity)| (subject, Measure::PIECE, quantity)),
        2 => (goods, parts.clone()).prop_map(move |(subject, quantity)| (subject, kilograms, quantity)),
        3 => (other, parts).prop_map(|(subject, quantity)| (subject, Measure::PIECE, quantity)),
        1 => Just((Subject::GoodsMarked, Measure::PIECE, Decimal::ONE)),
        1 => Just((Subject::ExciseMarked, Measure::PIECE, Decimal::ONE)),
    ]
}

fn particulars() -> impl Strategy<Value = Particulars> {
    let seller = prop_oneof![2 => Just(None), 1 => (0_u8..3).prop_map(|no| Some(Box::new(supplier(no))))];
    let sign = prop::option::weighted(0.2, prop::sample::select(AgentSign::ALL.to_vec()));
    let taxation = prop_oneof![
        4 => Just(None),
        1 => Just(Some(Taxation::Osn)),
        1 => Just(Some(Taxation::UsnIncome)),
        1 => Just(Some(Taxation::Patent)),
    ];
    (seller, sign, taxation).prop_map(|(supplier, agent, taxation)| Particulars {
        supplier,
        agent,
        taxation,
        ..Particulars::default()
    })
}

fn line() -> impl Strategy<Value = Line> {
    // Rates of the day the stories are told on.
    let rates = vec![VatRate::None, VatRate::Vat0, VatRate::Vat5, VatRate::Vat7, VatRate::Vat10, VatRate::Vat22];
    let price = prop_oneof![4 => 1_i64..1_000_000, 1 => 1_i64..50, 1 => Just(30_000_000_i64)];
    (price, counted(), prop::sample::select(rates), particulars(), any::<bool>(), 0_usize..120).prop_map(
        |(price, (subject, measure, quantity), vat, mut particulars, fraction, long)| {
            let price = Money::rub(price);
            let product = price.times(quantity).unwrap();
            // A line that costs nothing, or more than a receipt can say, is no line.
            let fits = product.is_positive() && product.minor() <= 900_000_000;
            let quantity = if fits { quantity } else { Decimal::ONE };
            particulars.measure = measure;
            if subject.is_marked() {
                particulars.fraction = fraction.then_some((1, 3));
                particulars.mark = Some(String::new());
            }
            let amount = price.times(quantity).unwrap();
            Line { name: "я".repeat(long), price, quantity, amount, vat, subject, particulars }
        },
    )
}

/// A basket of up to so many lines, each with a name and a marking code of its own.
pub fn basket(most: usize) -> impl Strategy<Value = Vec<Line>> {
    prop::collection::vec(line(), 1..=most).prop_map(|mut lines| {
        for (no, line) in lines.iter_mut().enumerate() {
            line.name = format!("№{no} {}", line.name);
            if let Some(mark) = &mut line.particulars.mark {
                *mark = format!("010460193600546421S{no:012}\u{1d}91EE05\u{1d}92dGVzdA==");
            }
        }
        lines
    })
}
