//! A check as the register understands it, and what it refuses: the vendor's own rules first, then the laws of receipts.

use connectors::till::kit_online::translate::CHECK_ID_MAX;
use connectors::till::kit_online::wire::{Check, Subject};
use domain::money::Money;
use domain::receipt::laws::{self, Breach, rule};
use domain::receipt::{
    Agent, AgentSign, Buyer, Ffd, Item, Measure, Payments, Principal, ReceiptDocument, ReceiptKind, Settlement,
    Supplier,
};
use domain::tax::{Taxation, VatRate};
use domain::time::{Timestamp, moscow_date};

use super::door::{CHECK_ID, UNWANTED};

/// Why a check is refused: `ResultCode` and `ErrorMessage`.
pub type Refused = (u32, String);

/// A check as the register of `agent` prints it.
pub fn document(check: &Check, agent: &Agent, now: Timestamp) -> Result<ReceiptDocument, Refused> {
    let no = |code, words: &str| (code, format!("Неверный формат запроса. {words}"));
    if check.check_id.chars().count() > CHECK_ID_MAX {
        return Err(no(CHECK_ID, "Недопустимое значение CheckId"));
    }
    let taxation = match check.tax_system_type {
        None => agent.taxation,
        Some(bit) => Taxation::ALL
            .into_iter()
            .find(|known| known.tag_1055() == bit)
            .ok_or_else(|| no(15, "Недопустимое значение TaxSystemType"))?,
    };
    let mut kinds = [ReceiptKind::Sale, ReceiptKind::SaleRefund].into_iter();
    let kind = kinds.find(|kind| kind.tag_1054() == check.calculation_type);
    let contact = match (&check.email, &check.phone) {
        (Some(_), Some(_)) => return Err(no(51, "Недопустимо одновременное указание почты и номера телефона")),
        (Some(email), None) => email.clone(),
        (None, Some(phone)) if phone.len() == 10 => format!("+7{phone}"),
        (None, _) => return Err(no(51, "Почта или телефон из 10 цифр")),
    };
    if check.subjects.is_empty() {
        return Err(no(6, "Массив Subjects не может быть пустым"));
    }
    let (pay, part) = (&check.pay, |sum: Option<i64>| Money::rub(sum.unwrap_or(0)));
    let payments = Payments {
        cash: part(pay.cash_sum),
        electronic: part(pay.e_money_sum),
        prepaid: part(pay.prepayment_sum),
        credit: part(pay.postpay_sum),
        counter: part(pay.providing_sum),
    };
    if payments.tagged().next().is_none() {
        return Err(no(17, "Объект Pay не содержит ни одного элемента"));
    }
    let items = check.subjects.iter().map(item).collect::<Result<Vec<_>, _>>()?;
    let document = ReceiptDocument {
        external_id: check.check_id.clone(),
        kind: kind.ok_or_else(|| no(16, "Недопустимое значение CalculationType"))?,
        ffd: Ffd::V1_05,
        agent: agent.clone(),
        taxation,
        place: agent.address.clone(),
        internet: true,
        cashier: None,
        buyer: Buyer { contact, name: None, inn: None },
        items,
        payments,
        total: Money::rub(check.sum),
        correction: None,
        wrong_sign: None,
        sell_unchecked: false,
    };
    // The protocol has no place for the sign of the wrong receipt (1192): whether a plain sale undoes an old refund is not told.
    let dated = |breach: &Breach| breach.rule.code == rule::VAT_IN_FORCE.code;
    match laws::breaches(&document, moscow_date(now)).into_iter().find(|breach| !dated(breach)) {
        None => Ok(document),
        Some(breach) => {
            Err((code_of(&breach.pointer), format!("{} ({}): {}", breach.pointer, breach.tag, breach.rule.ru)))
        }
    }
}

fn item(subject: &Subject) -> Result<Item, Refused> {
    let no = |code, words: &str| (code, format!("Неверный формат запроса. {words} в предмете расчета"));
    let quantity = subject.quantity.to_string().parse().map_err(|_| no(25, "Недопустимое значение Quantity"))?;
    let (vat, calculated) = VatRate::of_tag_1199(subject.tax).ok_or_else(|| no(24, "Недопустимое значение Tax"))?;
    let attribute = subject.pay_attribute.unwrap_or(4);
    let settlement = Settlement::ALL.into_iter().find(|known| known.tag_1214() == attribute);
    let attribute = subject.goods_attribute.unwrap_or(4);
    let goods = domain::receipt::Subject::ALL.into_iter().find(|known| known.tag_1212_in(Ffd::V1_05) == attribute);
    let unit = subject.unit.as_deref().unwrap_or_default();
    let measure = (0..=u8::MAX).filter_map(Measure::of).find(|known| known.text() == unit);
    let price = Money::rub(subject.price);
    let sign = AgentSign::ALL.into_iter().find(|known| Some(known.tag_1222()) == subject.agent_type);
    let principal = match (subject.agent_type, sign, &subject.supplier_inn, &subject.supplier_info) {
        (None, _, None, None) => None,
        (Some(_), Some(sign), Some(inn), Some(info)) => {
            let supplier = Supplier { name: info.name.clone(), inn: inn.clone(), phones: info.phone_numbers.clone() };
            Some(Principal { sign, supplier })
        }
        _ => return Err(no(53, "Недопустимое значение AgentFlag")),
    };
    Ok(Item {
        name: subject.subject_name.clone(),
        price,
        quantity,
        measure: measure.unwrap_or_default(),
        amount: price.times(quantity).map_err(|_| no(23, "Недопустимое значение Price"))?,
        vat,
        calculated,
        subject: goods.ok_or_else(|| no(101, "Недопустимое значение GoodsAttribute"))?,
        settlement: settlement.ok_or_else(|| no(27, "Недопустимое значение PayAttribute"))?,
        principal,
        mark: None,
        fraction: None,
    })
}

/// The code of the vendor's table that comes closest.
fn code_of(pointer: &str) -> u32 {
    match pointer.rsplit('/').next() {
        Some("name") => 26,
        Some("price" | "amount") => 23,
        Some("quantity") => 25,
        Some("vat") => 24,
        Some("settlement") => 27,
        Some("total") => 38,
        Some("payments" | "prepaid") => 39,
        Some("inn" | "supplier" | "phones") => 53,
        _ => UNWANTED,
    }
}
