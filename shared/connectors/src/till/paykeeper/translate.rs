//! Both languages: ours and that of Касса `PayKeeper`.

use base64::Engine as _;
use domain::money::{Currency, Money};
use domain::receipt::{Fiscal, Item, Measure, ReceiptDocument, ReceiptKind, Settlement, Subject};

use super::wire::{
    AgentOfItem, CartItem, CartRate, CorrectionProperties, ReceiptProperties, ReceiptRow, SupplierOfItem,
};
use crate::peer::Malformed;
use crate::till::reading::{class_of, count, count_or_none, failed, moment, number, sign, sixteen, unsupported};
use crate::till::sandbox::translate::{agent_word, vat_rate, vat_word};
use crate::till::{Echo, Printed, TillAnswer};

/// The forms a receipt's moment comes in; the first is tag 1196's own.
const MOMENTS: [&str; 3] = ["%Y%m%dT%H%M", "%Y%m%dT%H%M%S", "%Y-%m-%d %H:%M:%S"];

/// The fields of a print, without the token.
///
/// # Errors
/// What the protocol can not say, as the answer of this register.
pub fn fields(document: &ReceiptDocument) -> Result<Vec<(&'static str, String)>, TillAnswer> {
    let cart = document.items.iter().map(item).collect::<Result<Vec<_>, _>>()?;
    let json = |value: serde_json::Result<String>| value.map_err(|_| unsupported("a cart that is no JSON"));
    let paid = document.payments;
    let sum = |amount: Money| amount.to_decimal().to_string();
    let yes = |yes: bool| if yes { "true" } else { "false" }.to_owned();
    let kind = match document.kind {
        ReceiptKind::Sale => "sale",
        ReceiptKind::SaleRefund => "refund",
    };
    let mut fields = vec![
        ("payment_id", String::new()),
        ("type", kind.to_owned()),
        ("is_post_sale", yes(document.kind == ReceiptKind::Sale && paid.prepaid.is_positive())),
        ("is_correction", yes(document.correction.is_some())),
        ("refund_id", String::new()),
        ("contact", document.buyer.contact.clone()),
        ("sum_cashless", sum(paid.electronic)),
        ("sum_cash", sum(paid.cash)),
        ("sum_advance", sum(paid.prepaid)),
        ("sum_credit", sum(paid.credit)),
        ("sum_counter_payment", sum(paid.counter)),
        ("cart", json(serde_json::to_string(&cart))?),
        ("receipt_key", document.external_id.clone()),
    ];
    if let Some(correction) = &document.correction {
        let properties = ReceiptProperties {
            correction: CorrectionProperties {
                kind: if correction.order.is_some() { "instruction" } else { "self" }.to_owned(),
                date: correction.date.to_string(),
                number: correction.order.clone(),
                wrong_sign: correction.wrong_sign.clone(),
            },
        };
        fields.push(("receipt_properties", json(serde_json::to_string(&properties))?));
    }
    Ok(fields)
}

fn item(item: &Item) -> Result<CartItem, TillAnswer> {
    let item_type = subject_word(item.subject).ok_or_else(|| unsupported("deposits"))?;
    let (sold, whole) = item.fraction.map_or((None, None), |(part, whole)| (Some(part), Some(whole)));
    let principal = item.principal.as_ref();
    Ok(CartItem {
        name: item.name.clone(),
        price: number(item.price.to_decimal()),
        quantity: number(item.quantity),
        sum: number(item.amount.to_decimal()),
        tax: vat_word(item.vat, item.calculated).to_owned(),
        item_type: Some(item_type.to_owned()),
        payment_type: Some(settlement_word(item.settlement).to_owned()),
        measure: (item.measure != Measure::PIECE).then(|| item.measure.tag_2108().to_string()),
        item_code_b64: item.mark.as_ref().map(|mark| base64::engine::general_purpose::STANDARD.encode(mark)),
        items_in_package: whole,
        items_sold_from_package: sold,
        agent: principal.map(|of| AgentOfItem { kind: agent_word(of.sign).to_owned() }),
        supplier: principal.map(|of| SupplierOfItem {
            name: of.supplier.name.clone(),
            inn: of.supplier.inn.clone(),
            phones: of.supplier.phones.clone(),
        }),
    })
}

/// Tag 1212 in the vendor's words; nothing for what it has none for.
pub const fn subject_word(subject: Subject) -> Option<&'static str> {
    Some(match subject {
        Subject::Service => "service",
        Subject::Goods => "goods",
        Subject::Excise => "excise",
        Subject::Work => "work",
        Subject::Intellectual => "ip",
        Subject::Payment => "payment",
        Subject::AgentFee => "agent",
        Subject::Other => "other",
        Subject::PropertyRight => "property_right",
        Subject::Deposit => return None,
        Subject::ExciseUncoded => "exc_uncoded",
        Subject::ExciseMarked => "exc_coded",
        Subject::GoodsUncoded => "goods_uncoded",
        Subject::GoodsMarked => "goods_coded",
    })
}

/// Tag 1214 in the vendor's words.
pub const fn settlement_word(settlement: Settlement) -> &'static str {
    match settlement {
        Settlement::FullPrepayment => "prepay",
        Settlement::Prepayment => "part_prepay",
        Settlement::Advance => "advance",
        Settlement::FullPayment => "full",
        Settlement::PartialPayment => "part_credit",
        Settlement::Credit => "credit",
        Settlement::CreditPayment => "credit_payment",
    }
}

/// A receipt of the cabinet in our words.
///
/// # Errors
/// Another receipt than the one asked for, a state that is none, or fiscal attributes that are none.
pub fn answer(row: &ReceiptRow, document: &ReceiptDocument) -> Result<TillAnswer, Malformed> {
    if !row.receipt_key.is_empty() && row.receipt_key != document.external_id {
        return Err(Malformed::at("/receipt_key", "the key that was sent"));
    }
    match row.status.as_str() {
        // A printed receipt may be without its attributes for a while («JSON API», 8.12).
        "success" if row.document.is_empty() || row.sign.is_empty() => Ok(TillAnswer::Waiting),
        "success" => Ok(TillAnswer::Printed(Box::new(Printed {
            fiscal: fiscal(row, document)?,
            echo: Echo { rates: rates(&row.cart)?, ..Echo::default() },
        }))),
        "created" | "sent" | "pending" => Ok(TillAnswer::Waiting),
        "failed" | "fail" => Ok(failed(class_of(&row.msg), "failed", &row.msg)),
        _ => Err(Malformed::at("/status", "created, sent, success or failed")),
    }
}

fn rates(cart: &serde_json::Value) -> Result<Option<Vec<u8>>, Malformed> {
    let wrong = || Malformed::at("/cart", "a list of positions with their rates");
    let items: Vec<CartRate> = match cart {
        serde_json::Value::Null => return Ok(None),
        serde_json::Value::String(text) if text.is_empty() => return Ok(None),
        serde_json::Value::String(text) => serde_json::from_str(text).map_err(|_| wrong())?,
        other => serde_json::from_value(other.clone()).map_err(|_| wrong())?,
    };
    let tag = |item: &CartRate| {
        let (rate, calculated) = vat_rate(&item.tax)?;
        Some(if calculated { rate.tag_1199_calculated() } else { rate.tag_1199() })
    };
    items.iter().map(tag).collect::<Option<_>>().map(Some).ok_or_else(wrong)
}

/// What was printed. Without a sum of any kind the total that was sent stands for it.
fn fiscal(row: &ReceiptRow, document: &ReceiptDocument) -> Result<Fiscal, Malformed> {
    let sums = [&row.sum_cash, &row.sum_cashless, &row.sum_advance, &row.sum_credit, &row.sum_counter_payment];
    let told: Vec<&String> = sums.into_iter().filter(|sum| !sum.is_empty()).collect();
    let wrong = |_| Malformed::at("/sum_cashless", "roubles with at most two decimals");
    let mut total = if told.is_empty() { document.total } else { document.total.zero() };
    for sum in told {
        total = Money::parse_major(sum, Currency::RUB).and_then(|sum| total.plus(sum)).map_err(wrong)?;
    }
    Ok(Fiscal {
        drive: sixteen("/fn", &row.drive)?,
        document: count("/fnd", &row.document)?,
        sign: sign("/fpd", &row.sign)?,
        register: sixteen("/rnkkt", &row.register)?,
        shift: count_or_none("/shift_number", &row.shift_number)?,
        number: count_or_none("/receipt_number", &row.receipt_number)?,
        at: moment("/ts", &row.at, &MOMENTS)?,
        total,
    })
}
