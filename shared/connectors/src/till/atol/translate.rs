//! Both languages: ours and that of АТОЛ Онлайн.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::marking::{self, MarkKind, PlannedStatus};
use domain::money::MoneyError;
use domain::receipt::{Ffd, ReceiptDocument, ReceiptKind, Subject};
use domain::tax::VatRate;
use domain::time::Timestamp;

use super::Version;
use super::wire::{
    Answer, Body, CODE_DUPLICATE, CODE_EXPIRED_TOKEN, CODE_MISSING_TOKEN, CODE_NO_STATE, Client, ErrorBody, Item,
    MarkCode, MarkQuantity, Object, Payload, Receipt, Vat,
};
use crate::peer::Malformed;
use crate::till::sandbox::translate as words;
use crate::till::sandbox::wire::{AgentInfo, Company, CorrectionInfo, Payment, Service, SupplierInfo};
use crate::till::{Echo, Failed, FailureClass, Printed, TillAnswer, TillError};

/// Sums of tax in a receipt, at most (section 6.8).
const VATS_MAX: usize = 6;

/// Why a document can not be said in this version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsayable {
    /// The tax does not fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// Corrections of v4 have no items.
    #[error("protocol v4 has no corrections with items (1059)")]
    Correction,
    /// A marking code that can not be read.
    #[error("items[{0}]: the marking code (2000) can not be read")]
    Mark(usize),
}

/// The path of a document's kind (section 5.2).
pub const fn operation(document: &ReceiptDocument) -> &'static str {
    match (document.kind, document.correction.is_some()) {
        (ReceiptKind::Sale, false) => "sell",
        (ReceiptKind::SaleRefund, false) => "sell_refund",
        (ReceiptKind::Sale, true) => "sell_correction",
        (ReceiptKind::SaleRefund, true) => "sell_refund_correction",
    }
}

/// A document in the service's words.
///
/// # Errors
/// It can not be said in this version.
pub fn document(
    version: Version,
    document: &ReceiptDocument,
    callback_url: &str,
    now: Timestamp,
) -> Result<Body, Unsayable> {
    if version == Version::V4 && document.correction.is_some() {
        return Err(Unsayable::Correction);
    }
    let receipt = receipt(version, document)?;
    let (receipt, correction) =
        if document.correction.is_some() { (None, Some(receipt)) } else { (Some(receipt), None) };
    Ok(Body {
        timestamp: words::moment(now),
        external_id: document.external_id.clone(),
        service: Service { callback_url: callback_url.to_owned() },
        receipt,
        correction,
        ism_optional: (version == Version::V5 && document.sell_unchecked).then_some(true),
    })
}

fn receipt(version: Version, document: &ReceiptDocument) -> Result<Receipt, Unsayable> {
    let buyer = &document.buyer;
    let email = buyer.contact.contains('@');
    let vats = document.vats()?;
    let vats = if vats.len() > VATS_MAX {
        Vec::new()
    } else {
        let vats = vats.into_iter();
        let vats = vats.filter_map(|(tag, sum)| Some((VatRate::of_tag_1199(tag)?, sum)));
        vats.map(|((rate, calculated), sum)| Vat {
            kind: words::vat_word(rate, calculated),
            sum: Some(words::roubles(sum)),
        })
        .collect()
    };
    let items = document.items.iter().enumerate();
    let items = items.map(|(index, of)| item(version, index, of, document.kind, vats.is_empty()));
    let correction = document.correction.as_ref();
    let payments = document.payments.tagged();
    Ok(Receipt {
        client: Client {
            email: email.then(|| buyer.contact.clone()),
            phone: (!email).then(|| buyer.contact.clone()),
            name: buyer.name.clone(),
            inn: buyer.inn.clone(),
        },
        company: Company {
            email: document.agent.email.clone(),
            sno: words::sno(document.taxation).to_owned(),
            inn: document.agent.inn.clone(),
            payment_address: document.place.clone(),
        },
        correction_info: correction.map(|correction| CorrectionInfo {
            kind: if correction.order.is_some() { "instruction" } else { "self" }.to_owned(),
            base_date: correction.date.strftime("%d.%m.%Y").to_string(),
            base_number: correction.order.clone().unwrap_or_default(),
            wrong_sign: None,
        }),
        items: items.collect::<Result<_, _>>()?,
        payments: payments
            .map(|(tag, sum)| Payment { kind: words::payment_kind(tag), sum: words::roubles(sum) })
            .collect(),
        vats,
        total: words::roubles(document.total),
        cashier: document.cashier.as_ref().map(|cashier| cashier.name.clone()),
        cashier_inn: document.cashier.as_ref().filter(|_| version == Version::V5).and_then(|of| of.inn.clone()),
        additional_check_props: document.mended().map(str::to_owned),
        internet: document.internet,
    })
}

/// `sums`: the tax is told by item. v5 always does, v4 where the receipt has no room for its sums.
fn item(
    version: Version,
    index: usize,
    item: &domain::receipt::Item,
    kind: ReceiptKind,
    sums: bool,
) -> Result<Item, Unsayable> {
    let mark = item.mark.as_deref().map(marking::parse).transpose().map_err(|_| Unsayable::Mark(index))?;
    let inside = item.vat_inside()?.unwrap_or(item.amount.zero());
    let v5 = version == Version::V5;
    let marked = mark.as_ref().filter(|_| v5);
    Ok(Item {
        name: item.name.clone(),
        price: words::roubles(item.price),
        quantity: words::number(&item.quantity.normalize().to_string()),
        measurement_unit: (!v5).then(|| item.measure.text().to_owned()),
        measure: v5.then(|| item.measure.tag_2108()),
        sum: words::roubles(item.amount),
        payment_method: words::settlement_word(item.settlement).to_owned(),
        payment_object: if v5 {
            Object::Number(item.subject.tag_1212_in(Ffd::V1_2))
        } else {
            Object::Word(object_word(item.subject))
        },
        vat: Vat {
            kind: words::vat_word(item.vat, item.calculated),
            sum: (v5 || sums).then(|| words::roubles(inside)),
        },
        agent_info: item.principal.as_ref().map(|of| AgentInfo { kind: words::agent_word(of.sign).to_owned() }),
        supplier_info: item.principal.as_ref().map(|of| SupplierInfo {
            phones: of.supplier.phones.clone(),
            name: of.supplier.name.clone(),
            inn: of.supplier.inn.clone(),
        }),
        nomenclature_code: mark.as_ref().filter(|_| !v5).map(marking::Mark::tag_1162_text),
        mark_code: marked.map(|mark| MarkCode([(mark_field(mark.kind()), STANDARD.encode(mark.raw()))].into())),
        mark_processing_mode: marked.map(|_| "0"),
        mark_quantity: item
            .fraction
            .filter(|_| v5)
            .map(|(numerator, denominator)| MarkQuantity { numerator, denominator }),
        planned_status: marked.map(|_| PlannedStatus::of(kind, item.fraction.is_some()).tag_2003()),
    })
}

/// Tag 1212 of FFD 1.05 in words (section 8.3).
pub const fn object_word(subject: Subject) -> &'static str {
    match subject {
        Subject::Goods | Subject::GoodsUncoded | Subject::GoodsMarked => "commodity",
        Subject::Excise | Subject::ExciseUncoded | Subject::ExciseMarked => "excise",
        Subject::Work => "job",
        Subject::Service => "service",
        Subject::Intellectual => "intellectual_activity",
        Subject::Payment => "payment",
        Subject::AgentFee => "agent_commission",
        Subject::Other => "another",
        Subject::PropertyRight => "property_right",
        Subject::Deposit => "deposit",
    }
}

/// The field of `mark_code` a kind of code goes into.
pub const fn mark_field(kind: MarkKind) -> &'static str {
    match kind {
        MarkKind::Ean8 => "ean8",
        MarkKind::Ean13 => "ean13",
        MarkKind::Itf14 => "itf14",
        MarkKind::Gs1 => "gs10",
        MarkKind::Gs1Marked => "gs1m",
        MarkKind::Short => "short",
        MarkKind::Fur => "fur",
        MarkKind::Egais20 => "egais20",
        MarkKind::Egais30 => "egais30",
        MarkKind::Unrecognised | MarkKind::Reserved(_) => "unknown",
    }
}

/// What a registration came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registered {
    /// Now, or it was before and was not said to be.
    As(String),
    /// Before; its uuid, where it is told.
    Before(Option<String>),
    /// Surely not.
    Not(Failed),
}

/// Why the service gave no outcome.
#[derive(Debug, thiserror::Error)]
#[error("the service answered with its error {0}")]
pub struct Said(pub i64);

/// A registration's answer in our words (sections 9 and 11.2).
///
/// # Errors
/// It is not known whether the document was registered.
pub fn registered(answer: &Answer) -> Result<Registered, TillError> {
    let uuid = answer.uuid.clone().filter(|uuid| !uuid.is_empty());
    // It becomes a part of an address.
    let plain = |uuid: &String| uuid.len() <= 128 && uuid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !uuid.as_ref().is_none_or(plain) {
        return Err(Malformed::at("/uuid", "at most 128 of A-Z a-z 0-9 -").into());
    }
    let Some(error) = &answer.error else {
        return uuid.map(Registered::As).ok_or_else(|| Malformed::at("/uuid", "present without an error").into());
    };
    let class = match error.code {
        CODE_DUPLICATE => return Ok(Registered::Before(uuid)),
        // A fresh token is refused as well: nothing was registered, and nothing is wrong with the document.
        CODE_MISSING_TOKEN | CODE_EXPIRED_TOKEN => FailureClass::Passing,
        12 | 14 | 20 | 21 => FailureClass::Register,
        13 | 31 | 32 | 40 | 41 => FailureClass::Document,
        code => return Err(TillError::Unknown(Box::new(Said(code)))),
    };
    Ok(Registered::Not(failed(class, error)))
}

/// A report in our words (section 10).
///
/// # Errors
/// It is none of a document.
pub fn report(answer: &Answer) -> Result<TillAnswer, TillError> {
    match (answer.status.as_deref(), &answer.payload, &answer.error) {
        (Some("done"), Some(payload), _) => Ok(TillAnswer::Printed(Box::new(printed(payload)?))),
        (Some("done"), None, _) => Err(Malformed::at("/payload", "present with `done`").into()),
        (Some("fail"), _, Some(error)) if error.kind == "system" && error.code == 30 => {
            // Reports are kept 32 days: that there is none does not mean that nothing was printed.
            Err(TillError::Refused { status: 400, code: "30".to_owned(), message: cut(&error.text) })
        }
        (Some("fail"), _, Some(error)) => Ok(TillAnswer::Failed(failed(class(error), error))),
        (Some("fail"), _, None) => Err(Malformed::at("/error", "present with `fail`").into()),
        (Some("wait"), _, None) => Ok(TillAnswer::Waiting),
        (Some("wait") | None, _, Some(error)) if error.code == CODE_NO_STATE => Ok(TillAnswer::Waiting),
        (_, _, Some(error)) => Err(TillError::Unknown(Box::new(Said(error.code)))),
        _ => Err(Malformed::at("/status", "wait, done or fail").into()),
    }
}

/// What became of a document that was registered and not printed (section 11.3). Its id is spent in any case.
fn class(error: &ErrorBody) -> FailureClass {
    match (error.kind.as_str(), error.code) {
        ("driver", code) => driver_class(code),
        ("timeout", _) | (_, -1) | ("system", 0 | 1) => FailureClass::Expired,
        ("agent" | "system", 13 | 32 | 2006 | 2007) => FailureClass::Document,
        // The register of another owner (2003, 2009), or trouble of the service's with this one.
        _ => FailureClass::Register,
    }
}

/// What a register's own code means (section 11.3): «исправить чек», «отправьте чек повторно», or «сбой кассы».
const fn driver_class(code: i64) -> FailureClass {
    match code {
        24 | 146 | 192 | 193 | 244 | 404 | 405 | 408 | 409 | 420 | 421 => FailureClass::Mark,
        13 | 16 | 17 | 23 | 27 | 41 | 48 | 52 | 53 | 57 | 60 | 63 | 66 | 78 | 98 | 110 | 128 | 134 | 143 | 144
        | 145 | 147 | 161 | 163 | 215 | 216 | 217 | 227 | 228 | 231 | 243 | 261 | 265 | 412 => FailureClass::Document,
        // The last four: the service that checks codes of marked goods was not reached.
        36 | 40 | 402 | 411 | 418 | 419 => FailureClass::Expired,
        // The drive, the register, its connection: another one prints it, or this one once it is mended.
        _ => FailureClass::Register,
    }
}

/// A failure in our words.
pub fn failed(class: FailureClass, error: &ErrorBody) -> Failed {
    let kind = if error.kind.is_empty() { "unknown" } else { &error.kind };
    Failed { class, code: format!("{}/{kind}", error.code), text: cut(&error.text) }
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

fn printed(payload: &Payload) -> Result<Printed, Malformed> {
    let marks = payload.marks_result.iter().flatten();
    // The position comes as a number with a fraction of zero.
    let marks = marks.filter_map(|mark| {
        let position = mark.position.to_string();
        let position = position.split_once('.').map_or(position.as_str(), |(whole, _)| whole);
        Some((position.parse().ok()?, mark.result))
    });
    let echo = Echo { marks: marks.collect(), ..Echo::default() };
    Ok(Printed { fiscal: words::fiscal(&payload.fiscal)?, echo })
}
