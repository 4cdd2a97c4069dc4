//! What the register is told, read back into a canonical receipt.

use std::collections::BTreeMap;

use bytes::Bytes;
use connectors::peer;
use connectors::till::orange_data::wire::{Command, Content, CorrectionContent, Position};
use domain::money::{Currency, Money};
use domain::receipt::{
    Agent, AgentSign, Buyer, Cashier, Correction, Ffd, Item, Measure, Payments, Principal, ReceiptDocument,
    ReceiptKind, Settlement, Subject, Supplier,
};
use domain::tax::{Taxation, VatRate};
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde_json::{Number, Value};
use workflows::ports::Ports;

use super::door::No;
use super::words::{NOT_SIGNED, unreadable};
use crate::registers::{Device, is_external_id};

/// What is asked for, by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 2.1.
    Receipt,
    /// 2.3: FFD 1.05, no items.
    Correction,
    /// 2.7: FFD 1.2.
    Correction12,
}

impl Kind {
    /// By its path.
    pub fn of(path: &str) -> Option<Self> {
        [Self::Receipt, Self::Correction, Self::Correction12].into_iter().find(|kind| kind.path() == path)
    }

    /// Its path.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Receipt => "documents",
            Self::Correction => "corrections",
            Self::Correction12 => "correction12",
        }
    }
}

/// A command that was read.
pub struct Read {
    /// What is to be printed.
    pub receipt: ReceiptDocument,
    /// Where the outcome is told.
    pub callback_url: Option<String>,
    /// The content as it came.
    pub words: Value,
}

/// Whether a command names this owner, this key, and a group there is.
pub fn contract(device: &Device, inn: &str, key: &str, group: Option<&str>) -> Result<(), No> {
    if device.credentials.of("inn") != inn {
        return Err(No::error("Организация не найдена"));
    }
    if device.credentials.of("key") != key {
        return Err(No::error(NOT_SIGNED));
    }
    let known = group.is_none_or(|group| group == "Main" || device.group.as_deref() == Some(group));
    if known { Ok(()) } else { Err(No::error("Группа не найдена")) }
}

/// Reads a signed command.
pub fn document(ports: &Ports, device: &Device, kind: Kind, body: &Bytes) -> Result<Read, No> {
    let agent = &ports.settings.agent;
    match kind {
        Kind::Receipt | Kind::Correction12 => {
            let command: Command<Content> = command(device, body)?;
            let receipt = receipt(&command, agent, &ports.settings.base_url, kind)?;
            Ok(Read { receipt, callback_url: command.callback_url, words: words(body)? })
        }
        Kind::Correction => {
            let command: Command<CorrectionContent> = command(device, body)?;
            let receipt = correction(&command, agent, &ports.settings.base_url)?;
            Ok(Read { receipt, callback_url: command.callback_url, words: words(body)? })
        }
    }
}

fn command<C: DeserializeOwned>(device: &Device, body: &Bytes) -> Result<Command<C>, No> {
    let command: Command<C> = peer::read(body).map_err(|malformed| unreadable(&malformed))?;
    contract(device, &command.inn, &command.key, command.group.as_deref())?;
    if !is_external_id(&command.id) || command.id.len() > 64 {
        return Err(No::error("Длина идентификатора документа 'Id' должна быть от 1 до 64"));
    }
    Ok(command)
}

fn words(body: &Bytes) -> Result<Value, No> {
    let mut body: Value = peer::read(body).map_err(|malformed| unreadable(&malformed))?;
    Ok(body["content"].take())
}

fn receipt(command: &Command<Content>, agent: &Agent, base_url: &str, kind: Kind) -> Result<ReceiptDocument, No> {
    let content = &command.content;
    let ffd = match content.ffd_version {
        None | Some(2) => Ffd::V1_05,
        Some(4) => Ffd::V1_2,
        Some(_) => return Err(No::error("Недопустимое значение 'FfdVersion'")),
    };
    if kind == Kind::Correction12 && ffd != Ffd::V1_2 {
        return Err(No::error("Недопустимое значение 'FfdVersion'"));
    }
    let old = content.use_tax20 == Some(true);
    let read = |(index, one): (usize, &Position)| {
        position(one, ffd, old)
            .map_err(|field| No::error(format!("Недопустимое значение 'Content.Positions[{index}].{field}'")))
    };
    let items = content.positions.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
    let sum = ReceiptDocument::items_sum(&items).map_err(|_| wrong("Positions"))?;
    let total = content.total_sum.as_ref().map_or(Some(sum), money).ok_or_else(|| wrong("TotalSum"))?;
    let correction = match kind {
        Kind::Correction12 => Some(cause(
            content.correction_type,
            content.cause_document_date.as_deref(),
            content.cause_document_number.as_deref(),
            content.additional_attribute.as_deref(),
        )?),
        _ => None,
    };
    let info = content.customer_info.as_ref();
    let document = ReceiptDocument {
        external_id: command.id.clone(),
        kind: direction(content.kind)?,
        ffd,
        agent: owner(agent, &command.inn, content.sender_email.as_deref()),
        taxation: taxation(content.check_close.taxation_system)?,
        place: content.settlement_place.clone().unwrap_or_else(|| base_url.to_owned()),
        internet: content.is_internet_store.unwrap_or(true),
        cashier: content.cashier.clone().map(|name| Cashier { name, inn: content.cashier_inn.clone() }),
        buyer: Buyer {
            contact: content.customer_contact.clone().unwrap_or_default(),
            name: info.and_then(|info| info.name.clone()).or_else(|| content.customer.clone()),
            inn: info.and_then(|info| info.inn.clone()).or_else(|| content.customer_inn.clone()),
        },
        items,
        payments: payments(content)?,
        total,
        wrong_sign: content.additional_attribute.clone().filter(|_| correction.is_none() && ffd == Ffd::V1_05),
        correction,
        sell_unchecked: command.ignore_item_code_check == Some(true),
    };
    if content.agent_type.is_some() && ffd == Ffd::V1_2 {
        return Err(No::error("Признак агента чека (тег 1057) не передаётся в ФФД 1.2"));
    }
    taxed(&content.more, &document)?;
    Ok(document)
}

/// The sums of tax, where they are told, are those of the items.
fn taxed(told: &BTreeMap<String, Value>, document: &ReceiptDocument) -> Result<(), No> {
    let vats = document.vats().map_err(|_| wrong("Positions"))?;
    for (name, amount) in told.iter().filter(|(name, _)| name.starts_with("vat")) {
        let no: Option<u8> =
            name.strip_prefix("vat").and_then(|name| name.strip_suffix("Sum")).and_then(|no| no.parse().ok());
        let rates: &[u8] = match no {
            Some(1) => &[1, 11],
            Some(2) => &[2],
            Some(3) => &[5],
            Some(4) => &[6],
            Some(5) => &[3, 12],
            Some(6) => &[4],
            Some(7) => &[7],
            Some(8) => &[8],
            Some(9) => &[9],
            Some(10) => &[10],
            _ => &[],
        };
        let sum = rates.iter().find_map(|rate| vats.get(rate)).copied().unwrap_or(Money::rub(0));
        let amount = if let Value::Number(amount) = amount { money(amount) } else { None };
        if amount != Some(sum) {
            return Err(wrong(name));
        }
    }
    Ok(())
}

fn position(position: &Position, ffd: Ffd, old: bool) -> Result<Item, &'static str> {
    let price = money(&position.price).ok_or("Price")?;
    let quantity: Decimal = position.quantity.to_string().parse().map_err(|_| "Quantity")?;
    let (vat, calculated) = rate(position.tax, old).ok_or("Tax")?;
    let subject = position.payment_subject_type.unwrap_or(1);
    let marked = position.item_code.is_some() || position.nomenclature_code.is_some();
    let subject = match (ffd, subject, marked) {
        // FFD 1.05 has no number of its own for goods with a code.
        (Ffd::V1_05, 1, true) => Some(Subject::GoodsMarked),
        (Ffd::V1_05, 2, true) => Some(Subject::ExciseMarked),
        _ => Subject::ALL.into_iter().find(|found| found.tag_1212() == subject),
    };
    let settlement = position.payment_method_type.unwrap_or(4);
    let measure = match ffd {
        Ffd::V1_2 => Measure::of(position.quantity_measurement_unit.unwrap_or(0)),
        Ffd::V1_05 => measure(position.unit_of_measurement.as_deref()),
    };
    let item = Item {
        name: position.text.clone(),
        price,
        quantity,
        measure: measure.ok_or("QuantityMeasurementUnit")?,
        amount: price.times(quantity).map_err(|_| "Quantity")?,
        vat,
        calculated,
        subject: subject.ok_or("PaymentSubjectType")?,
        settlement: Settlement::ALL
            .into_iter()
            .find(|found| found.tag_1214() == settlement)
            .ok_or("PaymentMethodType")?,
        principal: principal(position)?,
        mark: position.item_code.clone().or_else(|| position.nomenclature_code.as_deref().and_then(coded)),
        fraction: position.fractional_quantity.map(|fraction| (fraction.numerator, fraction.denominator)),
    };
    let tax = item.vat_inside().map_err(|_| "TaxSum")?.filter(|_| item.vat != VatRate::Vat0);
    let told = position.tax_sum.as_ref().map(|told| money(told).ok_or("TaxSum")).transpose()?;
    if told.is_some_and(|told| !told.is_zero() && tax.is_some_and(|tax| tax != told)) {
        return Err("TaxSum");
    }
    let planned = position.planned_status.is_none_or(|status| matches!(status, 1..=6 | 255));
    if planned && (ffd == Ffd::V1_2 || position.item_code.is_none()) { Ok(item) } else { Err("PlannedStatus") }
}

/// Tag 1162 in base64 as the code of a unit: type `44 4D`, the product in six bytes, the serial number.
fn coded(text: &str) -> Option<String> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
    let (gtin, serial) = bytes.strip_prefix(&[0x44, 0x4D])?.split_at_checked(6)?;
    let gtin = gtin.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    Some(format!("01{gtin:014}21{}", std::str::from_utf8(serial).ok()?.trim_end()))
}

fn measure(text: Option<&str>) -> Option<Measure> {
    let Some(text) = text else { return Some(Measure::PIECE) };
    (0..=u8::MAX).filter_map(Measure::of).find(|measure| measure.text().eq_ignore_ascii_case(text)).or(Measure::of(255))
}

fn principal(position: &Position) -> Result<Option<Principal>, &'static str> {
    let (sign, info, inn) = (position.agent_type, &position.supplier_info, &position.supplier_inn);
    match (sign, info, inn) {
        (None, None, None) => Ok(None),
        (Some(sign), Some(info), Some(inn)) => {
            let sign = AgentSign::ALL.into_iter().find(|found| found.tag_1222() == sign).ok_or("AgentType")?;
            let supplier = Supplier { name: info.name.clone(), inn: inn.clone(), phones: info.phone_numbers.clone() };
            Ok(Some(Principal { sign, supplier }))
        }
        (None, ..) => Err("AgentType"),
        (_, None, _) => Err("SupplierInfo"),
        _ => Err("SupplierINN"),
    }
}

/// A rate by the vendor's number, and whether it is the calculated one.
fn rate(tax: u8, old: bool) -> Option<(VatRate, bool)> {
    let tag = match tax {
        1 if !old => 11,
        3 if !old => 12,
        1..=10 => tax,
        _ => return None,
    };
    VatRate::of_tag_1199(tag)
}

fn correction(command: &Command<CorrectionContent>, agent: &Agent, base_url: &str) -> Result<ReceiptDocument, No> {
    let content = &command.content;
    if content.kind != 1 {
        return Err(wrong("Type"));
    }
    let total = money(&content.total_sum).ok_or_else(|| wrong("TotalSum"))?;
    let part =
        |part: &Option<Number>| part.as_ref().map_or(Some(Money::rub(0)), money).ok_or_else(|| wrong("TotalSum"));
    // Such a correction has no items: one stands for them, at the first rate that is told.
    let numbers = [(1, 1), (5, 3), (2, 2), (6, 4), (7, 7), (8, 8), (9, 9), (10, 10), (3, 5), (4, 6)];
    let told = numbers.into_iter().find(|(no, _)| content.more.contains_key(&format!("tax{no}Sum")));
    let (vat, calculated) =
        told.and_then(|(_, tax)| rate(tax, content.use_tax20 == Some(true))).unwrap_or((VatRate::None, false));
    let settlement = if calculated { Settlement::FullPrepayment } else { Settlement::FullPayment };
    let item = Item {
        name: "Коррекция".to_owned(),
        price: total,
        quantity: Decimal::ONE,
        measure: Measure::PIECE,
        amount: total,
        vat,
        calculated,
        subject: Subject::Other,
        settlement,
        principal: None,
        mark: None,
        fraction: None,
    };
    let date = Some(content.cause_document_date.as_str());
    Ok(ReceiptDocument {
        external_id: command.id.clone(),
        kind: ReceiptKind::Sale,
        ffd: Ffd::V1_05,
        agent: owner(agent, &command.inn, content.sender_email.as_deref()),
        taxation: taxation(content.taxation_system)?,
        place: base_url.to_owned(),
        internet: content.is_internet_store.unwrap_or(true),
        cashier: None,
        buyer: Buyer {
            contact: content.customer_contact.clone().unwrap_or_else(|| agent.email.clone()),
            name: None,
            inn: None,
        },
        items: vec![item],
        payments: Payments {
            cash: part(&content.cash_sum)?,
            electronic: part(&content.e_cash_sum)?,
            prepaid: part(&content.prepayment_sum)?,
            credit: part(&content.postpayment_sum)?,
            counter: part(&content.other_payment_type_sum)?,
        },
        total,
        correction: Some(cause(Some(content.correction_type), date, content.cause_document_number.as_deref(), None)?),
        wrong_sign: None,
        sell_unchecked: false,
    })
}

fn cause(
    kind: Option<u8>,
    date: Option<&str>,
    number: Option<&str>,
    wrong_sign: Option<&str>,
) -> Result<Correction, No> {
    let date = date.and_then(|date| date.strip_suffix("T00:00:00")).and_then(|date| date.parse().ok());
    let order = match (kind, number) {
        (Some(0), _) => None,
        (Some(1), Some(number)) if (1..=32).contains(&number.chars().count()) => Some(number.to_owned()),
        (Some(1), _) => return Err(wrong("CauseDocumentNumber")),
        _ => return Err(wrong("CorrectionType")),
    };
    let wrong_sign = wrong_sign.map(str::to_owned);
    Ok(Correction { order, date: date.ok_or_else(|| wrong("CauseDocumentDate"))?, wrong_sign })
}

fn payments(content: &Content) -> Result<Payments, No> {
    let mut payments = Payments::none(Money::rub(0));
    for payment in &content.check_close.payments {
        let amount = money(&payment.amount).ok_or_else(|| wrong("CheckClose.Payments"))?;
        let kind = match payment.kind {
            1 => &mut payments.cash,
            2 => &mut payments.electronic,
            14 => &mut payments.prepaid,
            15 => &mut payments.credit,
            16 => &mut payments.counter,
            _ => return Err(wrong("CheckClose.Payments")),
        };
        *kind = kind.plus(amount).map_err(|_| wrong("CheckClose.Payments"))?;
    }
    Ok(payments)
}

fn owner(agent: &Agent, inn: &str, email: Option<&str>) -> Agent {
    let email = email.map_or_else(|| agent.email.clone(), str::to_owned);
    Agent { inn: inn.to_owned(), email, ..agent.clone() }
}

fn direction(kind: u8) -> Result<ReceiptKind, No> {
    let known = [ReceiptKind::Sale, ReceiptKind::SaleRefund].into_iter().find(|found| found.tag_1054() == kind);
    known.ok_or_else(|| wrong("Type"))
}

fn taxation(number: u8) -> Result<Taxation, No> {
    match number {
        0 => Ok(Taxation::Osn),
        1 => Ok(Taxation::UsnIncome),
        2 => Ok(Taxation::UsnIncomeOutcome),
        4 => Ok(Taxation::Esn),
        5 => Ok(Taxation::Patent),
        _ => Err(wrong("CheckClose.TaxationSystem")),
    }
}

fn money(number: &Number) -> Option<Money> {
    Money::parse_major(&number.to_string(), Currency::RUB).ok()
}

fn wrong(field: &str) -> No {
    No::error(format!("Недопустимое значение 'Content.{field}'"))
}
