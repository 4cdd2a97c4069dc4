//! Documents as registers are sent them in these tests.

use domain::money::Money;
use domain::receipt::{
    AgentSign, Buyer, Correction, Ffd, Item, Measure, Payments, Principal, ReceiptDocument, ReceiptKind, Settlement,
    Subject, Supplier,
};
use domain::tax::VatRate;

use crate::support::{BASE, World};

/// A unit with its code, cryptographic tail and group separators included.
pub const MARK: &str = "010460193600546421SERIAL0000013\u{1d}91EE05\u{1d}92dGVzdA==";

/// The seller of the lines that are not the agent's own.
pub fn principal() -> Principal {
    Principal {
        sign: AgentSign::Agent,
        supplier: Supplier {
            name: "ООО «Справка»".into(),
            inn: "7727401209".into(),
            phones: vec!["+74951234567".into()],
        },
    }
}

/// A service of the principal's.
pub fn item(minor: i64, vat: VatRate) -> Item {
    Item {
        name: "Выписка ЕГРН".into(),
        price: Money::rub(minor),
        quantity: 1.into(),
        measure: Measure::PIECE,
        amount: Money::rub(minor),
        vat,
        calculated: false,
        subject: Subject::Service,
        settlement: Settlement::FullPayment,
        principal: Some(principal()),
        mark: None,
        fraction: None,
    }
}

/// One marked unit of the principal's.
pub fn marked(minor: i64) -> Item {
    Item {
        name: "Кроссовки".into(),
        subject: Subject::GoodsMarked,
        mark: Some(MARK.into()),
        ..item(minor, VatRate::Vat22)
    }
}

/// A sale of these items, paid by electronic means.
pub fn document(world: &World, id: &str, ffd: Ffd, items: Vec<Item>) -> ReceiptDocument {
    let agent = world.ports.settings.agent.clone();
    let total = ReceiptDocument::items_sum(&items).unwrap();
    ReceiptDocument {
        external_id: id.into(),
        kind: ReceiptKind::Sale,
        ffd,
        taxation: agent.taxation,
        agent,
        place: BASE.into(),
        internet: true,
        cashier: None,
        buyer: Buyer { contact: "buyer@mail.test".into(), name: None, inn: None },
        items,
        payments: Payments::electronic(total),
        total,
        correction: None,
        wrong_sign: None,
        sell_unchecked: false,
    }
}

/// A sale of one service for 150.02.
pub fn sale(world: &World, id: &str, ffd: Ffd) -> ReceiptDocument {
    let item = Item { price: Money::rub(10_001), quantity: "1.5".parse().unwrap(), ..item(15_002, VatRate::Vat22) };
    document(world, id, ffd, vec![item])
}

/// The same given back.
pub fn refund(sale: &ReceiptDocument, id: &str) -> ReceiptDocument {
    ReceiptDocument { external_id: id.into(), kind: ReceiptKind::SaleRefund, ..sale.clone() }
}

/// The sale while it is only paid for: calculated rates, no marking codes.
pub fn prepayment(sale: &ReceiptDocument, id: &str) -> ReceiptDocument {
    let before = |item: &Item| Item {
        settlement: Settlement::FullPrepayment,
        calculated: item.vat.percent().is_some_and(|percent| percent > 0),
        mark: None,
        ..item.clone()
    };
    let items = sale.items.iter().map(before).collect();
    ReceiptDocument { external_id: id.into(), items, ..sale.clone() }
}

/// The sale handed over after it was paid for (tag 1215).
pub fn closing(sale: &ReceiptDocument, id: &str) -> ReceiptDocument {
    ReceiptDocument { external_id: id.into(), payments: Payments::prepaid(sale.total), ..sale.clone() }
}

/// Money for nothing that is known yet.
pub fn advance(world: &World, id: &str, ffd: Ffd) -> ReceiptDocument {
    let item = Item {
        name: "Аванс".into(),
        subject: Subject::Payment,
        settlement: Settlement::Advance,
        calculated: true,
        ..item(50_000, VatRate::Vat22)
    };
    document(world, id, ffd, vec![item])
}

/// A correction of the sale by the agent's own accord.
pub fn correction(sale: &ReceiptDocument, id: &str) -> ReceiptDocument {
    let date = jiff::civil::date(2026, 11, 17);
    let correction = Some(Correction { order: None, date, wrong_sign: Some("1234567890".into()) });
    ReceiptDocument { external_id: id.into(), correction, ..sale.clone() }
}
