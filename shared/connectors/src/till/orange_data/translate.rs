//! Both languages: ours and `OrangeData`'s.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::marking;
use domain::money::{Money, MoneyError};
use domain::receipt::{Ffd, Fiscal, Item, ReceiptDocument, ReceiptKind};
use domain::tax::Taxation;
use domain::time::{MOSCOW, Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::size::{BYTES_MAX, bytes};
use super::text::printable;
use super::wire::{
    CheckClose, Command, Content, CorrectionContent, CustomerInfo, Done, Errors, Fraction, MarkErrors, Payment,
    Position, SupplierInfo,
};
use crate::peer::Malformed;
use crate::till::sandbox::translate::{money, number, roubles};
use crate::till::{Echo, Failed, FailureClass, Printed};

/// Tag 1199 by the number of a receipt's sum, `vat1Sum` to `vat10Sum` (2.1.1.1): not the numbers of an item's rate.
const SUMS: [(u8, u8); 10] = [(1, 1), (2, 2), (3, 5), (4, 6), (5, 3), (6, 4), (7, 7), (8, 8), (9, 9), (10, 10)];

/// What a contract puts into every command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// The owner's ИНН.
    pub inn: String,
    /// Name of the signing key.
    pub key: String,
    /// The group of devices.
    pub group: Option<String>,
    /// The group wants cashier, address and place.
    pub courier: bool,
}

/// The path of a document's kind below `/api/v2`.
pub const fn path(document: &ReceiptDocument) -> &'static str {
    match (document.correction.is_some(), document.ffd) {
        (false, _) => "documents",
        (true, Ffd::V1_05) => "corrections",
        (true, Ffd::V1_2) => "correction12",
    }
}

/// The body of a command.
///
/// # Errors
/// This register can not print the document, or none can.
pub fn command(contract: &Contract, document: &ReceiptDocument, callback_url: &str) -> Result<Vec<u8>, Failed> {
    let size = bytes(document);
    if size > BYTES_MAX {
        return Err(failed(FailureClass::Document, "size", &format!("{size} bytes, a drive takes {BYTES_MAX}")));
    }
    if document.correction.is_some() && document.ffd == Ffd::V1_05 {
        let content = correction(document)?;
        return written(contract, document, callback_url, content);
    }
    let content = content(contract, document)?;
    written(contract, document, callback_url, content)
}

fn written<C: Serialize>(
    contract: &Contract,
    document: &ReceiptDocument,
    callback_url: &str,
    content: C,
) -> Result<Vec<u8>, Failed> {
    let marked = document.items.iter().any(|item| item.mark.is_some());
    let command = Command {
        id: document.external_id.clone(),
        inn: contract.inn.clone(),
        group: contract.group.clone(),
        key: contract.key.clone(),
        content,
        callback_url: Some(callback_url.to_owned()),
        callback_api_key: None,
        ignore_item_code_check: (document.sell_unchecked && marked).then_some(true),
    };
    serde_json::to_vec(&command).map_err(|error| failed(FailureClass::Document, "json", &error.to_string()))
}

fn content(contract: &Contract, document: &ReceiptDocument) -> Result<Content, Failed> {
    let ffd = document.ffd;
    let positions = document.items.iter().map(|item| position(item, document)).collect::<Result<_, _>>()?;
    let payments =
        document.payments.tagged().map(|(tag, amount)| Payment { kind: payment(tag), amount: roubles(amount) });
    let agent = sole_agent(document);
    let correction = document.correction.as_ref();
    let courier = document.cashier.as_ref().filter(|_| contract.courier);
    let buyer = &document.buyer;
    let of_firm = buyer.name.is_some() || buyer.inn.is_some();
    let (old, new) = (ffd == Ffd::V1_05, ffd == Ffd::V1_2);
    let name = buyer.name.as_deref().map(printable);
    Ok(Content {
        ffd_version: Some(ffd.tag_1209()),
        kind: document.kind.tag_1054(),
        positions,
        check_close: CheckClose { payments: payments.collect(), taxation_system: taxation(document.taxation) },
        customer_contact: Some(printable(&buyer.contact)),
        agent_type: agent.map(|item| item.principal.as_ref().map_or(0, |principal| principal.sign.tag_1222())),
        supplier_phone_numbers: agent.and_then(|item| Some(item.principal.as_ref()?.supplier.phones.clone())),
        customer: name.clone().filter(|_| old),
        customer_inn: buyer.inn.clone().filter(|_| old),
        customer_info: (of_firm && new).then(|| CustomerInfo { name, inn: buyer.inn.clone() }),
        cashier: courier.map(|cashier| printable(&cashier.name)),
        cashier_inn: courier.and_then(|cashier| cashier.inn.clone()).filter(|inn| inn.len() == 12),
        settlement_address: contract.courier.then(|| printable(&document.agent.address)),
        settlement_place: contract.courier.then(|| printable(&document.place)),
        sender_email: Some(printable(&document.agent.email)),
        additional_attribute: document.mended().map(str::to_owned),
        total_sum: Some(roubles(document.total)),
        use_tax20: old_rates(document)?,
        is_internet_store: Some(document.internet),
        correction_type: correction.map(|correction| u8::from(correction.order.is_some())),
        cause_document_date: correction.map(|correction| midnight(correction.date)),
        cause_document_number: correction.and_then(|correction| correction.order.as_deref().map(printable)),
        more: sums(document, "vat")?,
    })
}

fn correction(document: &ReceiptDocument) -> Result<CorrectionContent, Failed> {
    let Some(correction) = document.correction.as_ref().filter(|_| document.kind == ReceiptKind::Sale) else {
        return Err(failed(
            FailureClass::Document,
            "1054",
            "FFD 1.05 corrects receipts and expenses, not their refunds",
        ));
    };
    let paid = |amount: Money| (!amount.is_zero()).then(|| roubles(amount));
    let payments = &document.payments;
    Ok(CorrectionContent {
        ffd_version: Some(document.ffd.tag_1209()),
        kind: document.kind.tag_1054(),
        correction_type: u8::from(correction.order.is_some()),
        cause_document_date: midnight(correction.date),
        cause_document_number: correction.order.as_deref().map(printable),
        taxation_system: taxation(document.taxation),
        total_sum: roubles(document.total),
        cash_sum: paid(payments.cash),
        e_cash_sum: paid(payments.electronic),
        prepayment_sum: paid(payments.prepaid),
        postpayment_sum: paid(payments.credit),
        other_payment_type_sum: paid(payments.counter),
        customer_contact: Some(printable(&document.buyer.contact)),
        sender_email: Some(printable(&document.agent.email)),
        is_internet_store: Some(document.internet),
        use_tax20: old_rates(document)?,
        more: sums(document, "tax")?,
    })
}

fn position(item: &Item, document: &ReceiptDocument) -> Result<Position, Failed> {
    let (old, new) = (document.ffd == Ffd::V1_05, document.ffd == Ffd::V1_2);
    let mark = item.mark.as_deref().map(marking::parse).transpose();
    let mark = mark.map_err(|error| failed(FailureClass::Document, "mark", &error.to_string()))?;
    let principal = item.principal.as_ref();
    // At 0 % and without VAT the item carries no tax, and a zero would not be written.
    let tax = item.vat_inside().map_err(|error| uncountable(&error))?.filter(|tax| !tax.is_zero());
    Ok(Position {
        quantity: number(&item.quantity.normalize().to_string()),
        price: roubles(item.price),
        tax: rate(item.tag_1199()),
        tax_sum: tax.map(roubles),
        text: printable(&item.name),
        payment_method_type: Some(item.settlement.tag_1214()),
        payment_subject_type: Some(item.subject.tag_1212_in(document.ffd)),
        nomenclature_code: mark.as_ref().filter(|_| old).map(|mark| STANDARD.encode(mark.tag_1162())),
        item_code: mark.as_ref().filter(|_| new).map(|mark| mark.raw().to_owned()),
        planned_status: (mark.is_some() && new).then(|| planned(document.kind, item.fraction.is_some())),
        fractional_quantity: item
            .fraction
            .filter(|_| new)
            .map(|(numerator, denominator)| Fraction { numerator, denominator }),
        unit_of_measurement: old.then(|| printable(item.measure.text())),
        quantity_measurement_unit: new.then(|| item.measure.tag_2108()),
        agent_type: principal.map(|principal| principal.sign.tag_1222()),
        supplier_inn: principal.map(|principal| principal.supplier.inn.clone()),
        supplier_info: principal.map(|principal| SupplierInfo {
            phone_numbers: principal.supplier.phones.clone(),
            name: printable(&principal.supplier.name),
        }),
    })
}

/// FFD 1.05 names the agent for the receipt too (tag 1057), where all of it is one principal's.
fn sole_agent(document: &ReceiptDocument) -> Option<&Item> {
    let first = document.items.first().filter(|first| first.principal.is_some() && document.ffd == Ffd::V1_05)?;
    document.items.iter().all(|item| item.principal == first.principal).then_some(first)
}

/// Tag 2003: a unit is sold or comes back, or a part of it.
pub const fn planned(kind: ReceiptKind, part: bool) -> u8 {
    match (kind, part) {
        (ReceiptKind::Sale, false) => 1,
        (ReceiptKind::Sale, true) => 2,
        (ReceiptKind::SaleRefund, false) => 3,
        (ReceiptKind::SaleRefund, true) => 4,
    }
}

/// Whether the rates are the old ones; nothing to say where no item has a rate that changed.
fn old_rates(document: &ReceiptDocument) -> Result<Option<bool>, Failed> {
    let has = |tags: [u8; 2]| document.items.iter().any(|item| tags.contains(&item.tag_1199()));
    match (has([1, 3]), has([11, 12])) {
        (true, true) => {
            Err(failed(FailureClass::Register, "useTax20", "20 % and 22 % do not go into one receipt at this register"))
        }
        (old, _) => Ok(old.then_some(true)),
    }
}

/// An item's rate in the vendor's numbers.
pub const fn rate(tag_1199: u8) -> u8 {
    match tag_1199 {
        11 => 1,
        12 => 3,
        tag => tag,
    }
}

/// Tag 1199 of a rate in the vendor's numbers.
pub const fn tag_1199(rate: u8, use_tax20: bool) -> u8 {
    match (rate, use_tax20) {
        (1, false) => 11,
        (3, false) => 12,
        (rate, _) => rate,
    }
}

fn sums(document: &ReceiptDocument, name: &str) -> Result<BTreeMap<String, Value>, Failed> {
    let vats = document.vats().map_err(|error| uncountable(&error))?;
    let sum = |(tag, amount): (u8, Money)| {
        let (no, _) = SUMS.into_iter().find(|(_, found)| *found == rate(tag))?;
        Some((format!("{name}{no}Sum"), Value::Number(roubles(amount))))
    };
    Ok(vats.into_iter().filter_map(sum).collect())
}

/// Sums by tag 1199; nothing where there is none of them.
pub fn vats(more: &BTreeMap<String, Value>, name: &str, use_tax20: bool) -> Option<BTreeMap<u8, Money>> {
    let sum = |(no, rate): (u8, u8)| {
        let amount = more.get(&format!("{name}{no}Sum"))?;
        let Value::Number(amount) = amount else { return None };
        Some((tag_1199(rate, use_tax20), money(amount)?))
    };
    let vats: BTreeMap<u8, Money> = SUMS.into_iter().filter_map(sum).collect();
    (!vats.is_empty()).then_some(vats)
}

/// Tags 1031 and 1081 to 1217 in the vendor's numbers (2.1.1.4).
pub const fn payment(tag: u16) -> u8 {
    match tag {
        1031 => 1,
        1215 => 14,
        1216 => 15,
        1217 => 16,
        _ => 2,
    }
}

/// Tag 1055 in the vendor's numbers (2.1.1.3); 3 was ЕНВД.
pub const fn taxation(taxation: Taxation) -> u8 {
    match taxation {
        Taxation::Osn => 0,
        Taxation::UsnIncome => 1,
        Taxation::UsnIncomeOutcome => 2,
        Taxation::Esn => 4,
        Taxation::Patent => 5,
    }
}

fn midnight(date: jiff::civil::Date) -> String {
    date.strftime("%Y-%m-%dT00:00:00").to_string()
}

/// What was printed, of a receipt or a correction with items.
///
/// # Errors
/// A fiscal attribute or an amount is not of its form.
pub fn printed(done: &Done<Content>) -> Result<Printed, Malformed> {
    let content = &done.content;
    let total = match &content.total_sum {
        Some(total) => money(total),
        None => items_sum(&content.positions),
    };
    let use_tax20 = content.use_tax20 == Some(true);
    let rates = content.positions.iter().map(|position| tag_1199(position.tax, use_tax20)).collect();
    let vats = vats(&content.more, "vat", use_tax20);
    Ok(Printed { fiscal: fiscal(done, total)?, echo: Echo { rates: Some(rates), vats, ..Echo::default() } })
}

/// What was printed, of a correction in FFD 1.05.
///
/// # Errors
/// A fiscal attribute or an amount is not of its form.
pub fn corrected(done: &Done<CorrectionContent>) -> Result<Printed, Malformed> {
    let vats = vats(&done.content.more, "tax", done.content.use_tax20 == Some(true));
    let fiscal = fiscal(done, money(&done.content.total_sum))?;
    Ok(Printed { fiscal, echo: Echo { vats, ..Echo::default() } })
}

fn items_sum(positions: &[Position]) -> Option<Money> {
    positions.iter().try_fold(Money::rub(0), |sum, position| {
        let quantity = position.quantity.to_string().parse().ok()?;
        sum.plus(money(&position.price)?.times(quantity).ok()?).ok()
    })
}

fn fiscal<C>(done: &Done<C>, total: Option<Money>) -> Result<Fiscal, Malformed> {
    let digits =
        |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let must = |holds: bool, pointer: &str, rule: &str| {
        if holds { Ok(()) } else { Err(Malformed::at(pointer, rule)) }
    };
    must(digits(&done.fs_number, 16) && done.fs_number.len() == 16, "/fsNumber", "16 digits")?;
    must(digits(done.device_rn.trim(), 20), "/deviceRN", "up to 20 digits")?;
    must(digits(&done.fp, 10), "/fp", "up to 10 digits")?;
    Ok(Fiscal {
        drive: done.fs_number.clone(),
        document: done.document_number,
        sign: format!("{:0>10}", done.fp),
        register: done.device_rn.trim().to_owned(),
        shift: done.shift_number,
        number: done.document_index,
        at: moment(&done.processed_at).ok_or_else(|| Malformed::at("/processedAt", "a time in ISO 8601"))?,
        total: total.ok_or_else(|| Malformed::at("/content/totalSum", "an amount with at most two decimals"))?,
    })
}

/// A time as the register's clock shows it. Read as Moscow's and shown as Moscow's it stays what stands on the receipt, wherever the
/// register is.
fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let at: jiff::civil::DateTime = text.parse().ok()?;
    let whole = at.with().subsec_nanosecond(0).build().ok()?;
    MOSCOW.to_timestamp(whole).ok()
}

/// A refused command (2.1.2). What is said of the contract is not said of the document. The manual has words for the signature
/// only: of the others those count that name something of the contract and say that it is not there.
pub fn refused(status: u16, errors: &Errors) -> Failed {
    const OF_THE_CONTRACT: [&str; 5] = ["организаци", "групп", "ключ", "касс", "устройств"];
    let text = errors.errors.join("; ");
    let lower = text.to_lowercase();
    let says = |word: &&str| lower.contains(*word);
    let missing = ["не найден", "нет доступ", "заблокир"].iter().any(says);
    let contract = ["подпись", "сертификат"].iter().any(says) || missing && OF_THE_CONTRACT.iter().any(says);
    failed(if contract { FailureClass::Register } else { FailureClass::Document }, &status.to_string(), &text)
}

/// Marking codes that did not pass (2.2.2).
pub fn unmarked(errors: &MarkErrors) -> Failed {
    let (MarkErrors::Object { errors } | MarkErrors::List(errors)) = errors;
    let one = |error: &super::wire::MarkError| {
        let check = error.check_result.as_ref();
        let bits =
            check.and_then(|check| check.check_result).map_or_else(|| "none".to_owned(), |bits| bits.to_string());
        let status = check.and_then(|check| check.fs_check_status);
        let status = status.map_or_else(String::new, |status| format!(", 2004 {status}"));
        format!("item {}: check (2106) {bits}{status}", error.position)
    };
    failed(FailureClass::Mark, "422", &errors.iter().map(one).collect::<Vec<_>>().join("; "))
}

/// A failure in the vendor's words, cut to what is kept of them.
pub fn failed(class: FailureClass, code: &str, text: &str) -> Failed {
    Failed { class, code: code.to_owned(), text: text.chars().filter(|c| !c.is_control()).take(300).collect() }
}

fn uncountable(error: &MoneyError) -> Failed {
    failed(FailureClass::Document, "amount", &error.to_string())
}
