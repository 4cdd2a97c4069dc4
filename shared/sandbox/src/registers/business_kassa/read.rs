//! A command as the register understands it, and what it refuses.

use connectors::till::business_kassa::translate::tag_1199;
use connectors::till::business_kassa::wire::{Check, Good, REFUND, SALE};
use connectors::till::sandbox::translate::money;
use domain::money::Money;
use domain::receipt::{
    Agent, AgentSign, Buyer, Cashier, Ffd, Item, Measure, Payments, Principal, ReceiptDocument, ReceiptKind,
    Settlement, Subject, Supplier,
};
use domain::tax::{Taxation, VatRate};
use domain::time::Timestamp;
use serde_json::Number;

use super::super::first_breach;

/// A command as the register of `agent` prints it.
pub fn document(kind: &str, check: &Check, agent: &Agent, now: Timestamp) -> Result<ReceiptDocument, String> {
    let taxation = match check.tag1055 {
        None => agent.taxation,
        Some(bit) => {
            Taxation::ALL.into_iter().find(|known| known.tag_1055() == bit).ok_or("tag1055: 1, 2, 4, 16, 32")?
        }
    };
    let sum = |name: &str, sum: &Option<Number>| match sum {
        None => Ok(Money::rub(0)),
        Some(sum) => money(sum).ok_or_else(|| format!("{name}: не более двух знаков после точки")),
    };
    let payments = Payments {
        cash: sum("payed_cash", &check.payed_cash)?,
        electronic: sum("payed_cashless", &check.payed_cashless)?,
        prepaid: sum("payed_prepay", &check.payed_prepay)?,
        credit: sum("payed_credit", &check.payed_credit)?,
        counter: sum("payed_consideration", &check.payed_consideration)?,
    };
    let items = check.goods.iter().enumerate();
    let items = items.map(|(index, good)| item(good).map_err(|rule| format!("goods[{index}].{rule}")));
    let items = items.collect::<Result<Vec<_>, _>>()?;
    let document = ReceiptDocument {
        external_id: check.c_num.clone(),
        kind: match kind {
            SALE => ReceiptKind::Sale,
            REFUND => ReceiptKind::SaleRefund,
            _ => return Err(format!("type: {SALE}, {REFUND}")),
        },
        ffd: Ffd::V1_2,
        agent: agent.clone(),
        taxation,
        place: agent.address.clone(),
        internet: true,
        cashier: (!check.author.is_empty()).then(|| Cashier { name: check.author.clone(), inn: None }),
        buyer: Buyer { contact: check.contact.clone(), name: check.client_name.clone(), inn: check.client_inn.clone() },
        total: ReceiptDocument::items_sum(&items).map_err(|_| "goods: сумма слишком велика")?,
        items,
        payments,
        correction: None,
        wrong_sign: None,
        sell_unchecked: false,
    };
    match first_breach(&document, now) {
        None => Ok(document),
        Some(breach) => Err(format!("{} ({}): {}", breach.pointer, breach.tag, breach.rule.ru)),
    }
}

fn item(good: &Good) -> Result<Item, String> {
    let amount = |name: &str, number: &Number| money(number).ok_or_else(|| format!("{name}: рубли"));
    let quantity: rust_decimal::Decimal = good.count.to_string().parse().map_err(|_| "count: число")?;
    if quantity.scale() > 3 {
        return Err("count: не более трёх знаков после точки".to_owned());
    }
    let value = if good.nds_not_apply { None } else { good.nds_value };
    let rate = tag_1199(value).filter(|_| good.nds_not_apply || value.is_some()).and_then(VatRate::of_tag_1199);
    let (vat, calculated) = rate.ok_or("nds_value: ставка НДС")?;
    let subject = Subject::ALL.into_iter().find(|known| Some(known.tag_1212()) == good.item_type.or(Some(1)));
    let settlement = Settlement::ALL.into_iter().find(|known| Some(known.tag_1214()) == good.payment_mode.or(Some(4)));
    let principal = good.agent_info.as_ref().map(|info| {
        let sign = AgentSign::ALL.into_iter().find(|known| known.tag_1222() == info.kind);
        let supplier = Supplier {
            name: info.supplier_name.clone(),
            inn: info.supplier_inn.clone(),
            phones: info.supplier_phone.clone(),
        };
        sign.map(|sign| Principal { sign, supplier }).ok_or("agent_info.type: признак агента")
    });
    Ok(Item {
        name: good.name.clone(),
        price: amount("price", &good.price)?,
        quantity,
        measure: Measure::PIECE,
        amount: amount("sum", &good.sum)?,
        vat,
        calculated,
        subject: subject.ok_or("item_type: признак предмета расчёта")?,
        settlement: settlement.ok_or("payment_mode: признак способа расчёта")?,
        principal: principal.transpose()?,
        mark: None,
        fraction: None,
    })
}
