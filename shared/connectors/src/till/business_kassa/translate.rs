//! Both languages: ours and that of Бизнес.Ру Чеки.

use std::collections::BTreeMap;

use domain::money::{Currency, Money};
use domain::receipt::{Ffd, Fiscal, Item, Measure, ReceiptDocument, ReceiptKind, Subject};
use domain::tax::VatRate;
use md5::{Digest, Md5};
use serde::Serialize;
use serde_json::Number;

use super::wire::{AgentInfo, Check, CommandRow, Good, REFUND, Rate, SALE};
use crate::peer::Malformed;
use crate::till::reading::{
    class_of, count, count_or_none, failed, moment, number, sign as fiscal_sign, sixteen, unsupported,
};
use crate::till::{Echo, FailureClass, Printed, TillAnswer};

/// Decimals of a quantity, at most.
const COUNT_DECIMALS_MAX: u32 = 3;
/// Characters of tag 1021, at most.
const AUTHOR_MAX: usize = 64;
/// The forms a receipt's moment comes in.
const MOMENTS: [&str; 3] = ["%d.%m.%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"];

/// JSON as PHP's `json_encode(…, JSON_UNESCAPED_UNICODE)` writes it: the vendor signs what it has read and written again, so slashes
/// and the two separators of lines of Unicode are escaped.
///
/// # Errors
/// Never for what this family sends.
pub fn php_json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let json = serde_json::to_string(value)?;
    Ok(json.replace('/', "\\/").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029"))
}

/// The header `sign` over the JSON of the parameters, sorted by name.
pub fn sign(json: &str, secret: &str) -> String {
    hex::encode(Md5::digest(format!("{json}{secret}")))
}

/// The parameters of a question with the signature over them.
///
/// # Errors
/// Never for what this family sends.
pub fn signed_query(parameters: &BTreeMap<&str, String>, secret: &str) -> Result<(String, String), serde_json::Error> {
    let sign = sign(&php_json(parameters)?, secret);
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    Ok((query, sign))
}

/// `Command.type` of a document.
pub const fn command_type(kind: ReceiptKind) -> &'static str {
    match kind {
        ReceiptKind::Sale => SALE,
        ReceiptKind::SaleRefund => REFUND,
    }
}

/// A document in the vendor's words.
///
/// # Errors
/// What the protocol can not say, as the answer of this register.
pub fn check(document: &ReceiptDocument) -> Result<Check, TillAnswer> {
    if document.correction.is_some() {
        return Err(unsupported("corrections"));
    }
    let goods = document.items.iter().map(|item| good(item, document.ffd)).collect::<Result<_, _>>()?;
    let author = document.cashier.as_ref().map_or(&document.agent.name, |cashier| &cashier.name);
    let paid = document.payments;
    let some = |amount: Money| (!amount.is_zero()).then(|| roubles(amount));
    Ok(Check {
        c_num: document.external_id.clone(),
        author: author.chars().take(AUTHOR_MAX).collect(),
        contact: document.buyer.contact.clone(),
        client_name: document.buyer.name.clone(),
        client_inn: document.buyer.inn.clone(),
        payed_cash: some(paid.cash),
        payed_cashless: some(paid.electronic),
        payed_prepay: some(paid.prepaid),
        payed_credit: some(paid.credit),
        payed_consideration: some(paid.counter),
        tag1055: Some(document.taxation.tag_1055()),
        goods,
    })
}

fn good(item: &Item, ffd: Ffd) -> Result<Good, TillAnswer> {
    if item.mark.is_some() || item.fraction.is_some() {
        return Err(unsupported("marking codes"));
    }
    if item.subject == Subject::Deposit {
        return Err(unsupported("deposits"));
    }
    // Tag 1197 of FFD 1.05 may be left out, tag 2108 of FFD 1.2 may not.
    if ffd == Ffd::V1_2 && item.measure != Measure::PIECE {
        return Err(unsupported("measures besides pieces"));
    }
    if item.quantity.normalize().scale() > COUNT_DECIMALS_MAX {
        return Err(unsupported("quantities with more than three decimals"));
    }
    let nds_value = nds_value(item.vat, item.calculated);
    Ok(Good {
        name: item.name.clone(),
        price: roubles(item.price),
        count: number(item.quantity),
        sum: roubles(item.amount),
        nds_value,
        nds_not_apply: nds_value.is_none(),
        payment_mode: Some(item.settlement.tag_1214()),
        item_type: Some(item.subject.tag_1212_in(ffd)),
        agent_info: item.principal.as_ref().map(|principal| AgentInfo {
            kind: principal.sign.tag_1222(),
            supplier_phone: principal.supplier.phones.clone(),
            supplier_name: principal.supplier.name.clone(),
            supplier_inn: principal.supplier.inn.clone(),
        }),
    })
}

fn roubles(amount: Money) -> Number {
    number(amount.to_decimal())
}

/// Tag 1199 in the vendor's numbers; nothing without VAT.
pub const fn nds_value(rate: VatRate, calculated: bool) -> Option<u8> {
    match (rate.percent(), calculated) {
        (Some(percent), true) if percent > 0 => Some(100 + percent),
        (percent, _) => percent,
    }
}

/// Tag 1199 of the vendor's numbers.
pub fn tag_1199(nds_value: Option<u8>) -> Option<u8> {
    let all = VatRate::ALL.into_iter().flat_map(|rate| [(rate, false), (rate, true)]);
    let mut found = all.filter(|(rate, calculated)| self::nds_value(*rate, *calculated) == nds_value);
    found.next().map(|(rate, calculated)| if calculated { rate.tag_1199_calculated() } else { rate.tag_1199() })
}

/// What the commands under one number of ours come down to: printed if any was, else waiting if any still may, else as the last one
/// failed. Nothing without any.
///
/// # Errors
/// Fiscal attributes that are none.
pub fn answer(rows: &[CommandRow], document: &ReceiptDocument) -> Result<Option<TillAnswer>, Malformed> {
    let mut best = None;
    for (index, row) in rows.iter().enumerate() {
        let found = standing(row, &format!("/{index}"), document)?;
        let better = matches!((&best, &found), (None | Some(TillAnswer::Failed(_)), _) | (_, TillAnswer::Printed(_)));
        if better {
            best = Some(found);
        }
        if matches!(best, Some(TillAnswer::Printed(_))) {
            break;
        }
    }
    Ok(best)
}

fn standing(row: &CommandRow, at: &str, document: &ReceiptDocument) -> Result<TillAnswer, Malformed> {
    let attributes = [&row.fiscal_document_number, &row.fiscal_document_attribute, &row.receipt_datetime];
    if attributes.iter().all(|attribute| !attribute.is_empty() && **attribute != "0") {
        let echo = Echo { rates: rates(row, at)?, ..Echo::default() };
        return Ok(TillAnswer::Printed(Box::new(Printed { fiscal: fiscal(row, at, document)?, echo })));
    }
    if row.date_result.is_empty() || row.result_msg.is_empty() {
        return Ok(TillAnswer::Waiting);
    }
    Ok(failed(class_of(&row.result_msg), row.id.clone(), &row.result_msg))
}

fn rates(row: &CommandRow, at: &str) -> Result<Option<Vec<u8>>, Malformed> {
    let Some(command) = row.command.as_ref().filter(|command| !command.goods.is_empty()) else { return Ok(None) };
    let rate = |(index, good): (usize, &Rate)| {
        let pointer = format!("{at}/command/goods/{index}/nds_value");
        let value = if good.nds_not_apply { None } else { Some(count(&pointer, &good.nds_value)?) };
        tag_1199(value).ok_or_else(|| Malformed::at(&pointer, "a rate of VAT"))
    };
    command.goods.iter().enumerate().map(rate).collect::<Result<_, _>>().map(Some)
}

/// What was printed. Shift and number in it are not always told; without a total the one that was sent stands for it.
fn fiscal(row: &CommandRow, at: &str, document: &ReceiptDocument) -> Result<Fiscal, Malformed> {
    let pointer = |name: &str| format!("{at}/{name}");
    let total = if row.total.is_empty() {
        document.total
    } else {
        let wrong = |_| Malformed::at(&pointer("total"), "an amount with at most two decimals");
        Money::parse_major(&row.total, Currency::RUB).map_err(wrong)?
    };
    Ok(Fiscal {
        drive: sixteen(&pointer("fn_number"), &row.fn_number)?,
        document: count(&pointer("fiscal_document_number"), &row.fiscal_document_number)?,
        sign: fiscal_sign(&pointer("fiscal_document_attribute"), &row.fiscal_document_attribute)?,
        register: sixteen(&pointer("ecr_registration_number"), &row.ecr_registration_number)?,
        shift: count_or_none(&pointer("result_shift_number"), &row.result_shift_number)?,
        number: count_or_none(&pointer("fiscal_receipt_number"), &row.fiscal_receipt_number)?,
        at: moment(&pointer("receipt_datetime"), &row.receipt_datetime, &MOMENTS)?,
        total,
    })
}

/// Whether a document that failed so may go to the same register under the same number again.
pub const fn may_come_again(answer: &TillAnswer) -> bool {
    match answer {
        TillAnswer::Failed(failed) => matches!(failed.class, FailureClass::Passing),
        TillAnswer::Waiting | TillAnswer::Printed(_) | TillAnswer::NotFound => false,
    }
}
