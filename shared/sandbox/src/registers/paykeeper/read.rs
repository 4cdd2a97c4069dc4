//! A form as the register understands it, and what it refuses.

use base64::Engine as _;
use connectors::till::paykeeper::translate::{settlement_word, subject_word};
use connectors::till::paykeeper::wire::{CartItem, ReceiptProperties};
use connectors::till::sandbox::translate::{agent_word, money, vat_rate};
use domain::money::{Currency, Money};
use domain::receipt::{
    Agent, AgentSign, Buyer, Correction, Ffd, Item, Measure, Payments, Principal, ReceiptDocument, ReceiptKind,
    Settlement, Subject, Supplier,
};
use domain::time::Timestamp;

use super::super::first_breach;
use super::door::{Pairs, of};

/// A form as the register of `agent` prints it.
pub fn document(pairs: &Pairs, agent: &Agent, now: Timestamp) -> Result<ReceiptDocument, String> {
    let sum = |name: &str| {
        let text = of(pairs, name);
        let sum = Money::parse_major(if text.is_empty() { "0" } else { text }, Currency::RUB);
        sum.map_err(|_| format!("{name}: сумма в рублях"))
    };
    let payments = Payments {
        cash: sum("sum_cash")?,
        electronic: sum("sum_cashless")?,
        prepaid: sum("sum_advance")?,
        credit: sum("sum_credit")?,
        counter: sum("sum_counter_payment")?,
    };
    let cart: Vec<CartItem> = serde_json::from_str(of(pairs, "cart")).map_err(|_| "cart: корзина в JSON")?;
    let items = cart.iter().enumerate();
    let items = items.map(|(index, position)| item(position).map_err(|rule| format!("cart[{index}].{rule}")));
    let items = items.collect::<Result<Vec<_>, _>>()?;
    let document = ReceiptDocument {
        external_id: of(pairs, "receipt_key").to_owned(),
        kind: match of(pairs, "type") {
            "sale" => ReceiptKind::Sale,
            "refund" => ReceiptKind::SaleRefund,
            _ => return Err("type: sale, refund".to_owned()),
        },
        ffd: Ffd::V1_2,
        agent: agent.clone(),
        taxation: agent.taxation,
        place: agent.address.clone(),
        internet: true,
        cashier: None,
        buyer: Buyer { contact: of(pairs, "contact").to_owned(), name: None, inn: None },
        total: ReceiptDocument::items_sum(&items).map_err(|_| "cart: сумма слишком велика")?,
        items,
        payments,
        correction: correction(pairs)?,
        wrong_sign: None,
        sell_unchecked: false,
    };
    match first_breach(&document, now) {
        None => Ok(document),
        Some(breach) => Err(format!("{} ({}): {}", breach.pointer, breach.tag, breach.rule.ru)),
    }
}

fn correction(pairs: &Pairs) -> Result<Option<Correction>, String> {
    if of(pairs, "is_correction") != "true" {
        return Ok(None);
    }
    let wrong = || "receipt_properties.correction: основание коррекции".to_owned();
    let told: ReceiptProperties = serde_json::from_str(of(pairs, "receipt_properties")).map_err(|_| wrong())?;
    let told = told.correction;
    let order = match (told.kind.as_str(), told.number) {
        ("self", None) => None,
        ("instruction", Some(number)) => Some(number),
        _ => return Err(wrong()),
    };
    Ok(Some(Correction { order, date: told.date.parse().map_err(|_| wrong())?, wrong_sign: told.wrong_sign }))
}

fn item(position: &CartItem) -> Result<Item, String> {
    let quantity = position.quantity.to_string().parse().map_err(|_| "quantity: число")?;
    let (vat, calculated) = vat_rate(&position.tax).ok_or("tax: код налога")?;
    let word = position.item_type.as_deref().unwrap_or("goods");
    let subject = Subject::ALL.into_iter().find(|known| subject_word(*known) == Some(word));
    let word = position.payment_type.as_deref().unwrap_or("full");
    let settlement = Settlement::ALL.into_iter().find(|known| settlement_word(*known) == word);
    let code = position.measure.as_deref().map(|code| code.parse().ok().and_then(Measure::of));
    let mark = position.item_code_b64.as_ref().map(|code| {
        let bytes = base64::engine::general_purpose::STANDARD.decode(code).ok();
        bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or("item_code_b64: код маркировки в Base64")
    });
    let sign = position.agent.as_ref().map(|agent| {
        let sign = AgentSign::ALL.into_iter().find(|known| agent_word(*known) == agent.kind);
        sign.ok_or("agent.type: признак агента")
    });
    let principal = match (sign.transpose()?, &position.supplier) {
        (None, None) => None,
        (Some(sign), Some(of)) => Some(Principal {
            sign,
            supplier: Supplier { name: of.name.clone(), inn: of.inn.clone(), phones: of.phones.clone() },
        }),
        _ => return Err("supplier: только вместе с признаком агента".to_owned()),
    };
    Ok(Item {
        name: position.name.clone(),
        price: money(&position.price).ok_or("price: рубли")?,
        quantity,
        measure: code.unwrap_or(Some(Measure::PIECE)).ok_or("measure: единица измерения")?,
        amount: money(&position.sum).ok_or("sum: рубли")?,
        vat,
        calculated,
        subject: subject.ok_or("item_type: признак предмета расчёта")?,
        settlement: settlement.ok_or("payment_type: признак способа расчёта")?,
        principal,
        mark: mark.transpose()?,
        fraction: position.items_sold_from_package.zip(position.items_in_package),
    })
}
