//! Both languages: ours and КИТ Онлайн's.

use domain::money::Money;
use domain::receipt::{Fiscal, Item, ReceiptDocument};
use md5::{Digest, Md5};

use super::wire::{
    Answer, Check, CheckState, FAILED, FiscalData, NOT_FOUND, OK, Pay, SERVICE_ERROR, SUCCEEDED, Subject, SupplierInfo,
    WAITING,
};
use crate::peer::Malformed;
use crate::till::reading::{count, failed, moment, number, refused, sign as fiscal_sign, sixteen, unsupported};
use crate::till::{Echo, FailureClass, Printed, TillAnswer, TillError};

/// Characters of a `CheckId`, at most.
pub const CHECK_ID_MAX: usize = 64;

/// The forms `FiscalData.Date` comes in; the first is the published one.
const MOMENTS: [&str; 4] = ["%d.%m.%y %H:%M", "%d.%m.%Y %H:%M", "%d.%m.%y %H:%M:%S", "%d.%m.%Y %H:%M:%S"];

/// `Request.Sign`: MD5 of company, password and `CheckId`, hexadecimal, in capitals.
pub fn sign(company_id: &str, password: &str, check_id: &str) -> String {
    hex::encode_upper(Md5::digest(format!("{company_id}{password}{check_id}")))
}

/// A document in the vendor's words.
///
/// # Errors
/// What the protocol can not say, as the answer of this register.
pub fn check(document: &ReceiptDocument) -> Result<Check, TillAnswer> {
    if document.correction.is_some() {
        return Err(unsupported("corrections"));
    }
    if document.items.iter().any(|item| item.mark.is_some() || item.fraction.is_some()) {
        return Err(unsupported("marking codes"));
    }
    if document.external_id.chars().count() > CHECK_ID_MAX {
        return Err(failed(FailureClass::Document, "check_id", "an id of at most 64 characters"));
    }
    let contact = &document.buyer.contact;
    let (email, phone) = if contact.contains('@') {
        (Some(contact.clone()), None)
    } else {
        let digits = contact.strip_prefix("+7").filter(|digits| digits.len() == 10);
        (None, Some(digits.ok_or_else(|| unsupported("telephones outside +7"))?.to_owned()))
    };
    let paid = document.payments;
    let some = |amount: Money| (!amount.is_zero()).then(|| amount.minor());
    Ok(Check {
        check_id: document.external_id.clone(),
        calculation_type: document.kind.tag_1054(),
        tax_system_type: Some(document.taxation.tag_1055()),
        sum: document.total.minor(),
        email,
        phone,
        pay: Pay {
            cash_sum: some(paid.cash),
            e_money_sum: some(paid.electronic),
            prepayment_sum: some(paid.prepaid),
            postpay_sum: some(paid.credit),
            providing_sum: some(paid.counter),
        },
        subjects: document.items.iter().map(|item| subject(item, document)).collect(),
    })
}

fn subject(item: &Item, document: &ReceiptDocument) -> Subject {
    let supplier = item.principal.as_ref().map(|principal| &principal.supplier);
    Subject {
        subject_name: item.name.clone(),
        price: item.price.minor(),
        quantity: number(item.quantity),
        tax: item.tag_1199(),
        pay_attribute: Some(item.settlement.tag_1214()),
        goods_attribute: Some(item.subject.tag_1212_in(document.ffd)),
        unit: Some(item.measure.text().to_owned()),
        agent_type: item.principal.as_ref().map(|principal| principal.sign.tag_1222()),
        supplier_inn: supplier.map(|supplier| supplier.inn.clone()),
        supplier_info: supplier
            .map(|supplier| SupplierInfo { name: supplier.name.clone(), phone_numbers: supplier.phones.clone() }),
    }
}

/// An answer to either question in our words.
///
/// # Errors
/// A refusal that is nobody's but ours to understand, an answer that makes no sense, or one that leaves open what was printed.
pub fn answer(told: &Answer, document: &ReceiptDocument) -> Result<TillAnswer, TillError> {
    let words = told.error_message.as_deref().unwrap_or_default();
    match told.result_code {
        OK => match &told.check_state {
            None => Ok(TillAnswer::Waiting),
            Some(state) => standing(state, told.fiscal_data.as_ref(), document),
        },
        SERVICE_ERROR => Err(TillError::Unknown(Box::new(Said(SERVICE_ERROR)))),
        NOT_FOUND => Ok(TillAnswer::NotFound),
        code => match refusal_class(code) {
            Some(class) => Ok(failed(class, code.to_string(), words)),
            None => Err(refused(200, &code.to_string(), words)),
        },
    }
}

fn standing(
    CheckState { state, error_code }: &CheckState,
    fiscal_data: Option<&FiscalData>,
    document: &ReceiptDocument,
) -> Result<TillAnswer, TillError> {
    match (*state, fiscal_data) {
        (SUCCEEDED, Some(data)) => {
            Ok(TillAnswer::Printed(Box::new(Printed { fiscal: fiscal(data, document)?, echo: Echo::default() })))
        }
        (SUCCEEDED, None) => Err(Malformed::at("/FiscalData", "present with state 1000").into()),
        (FAILED, _) => {
            let code = error_code.ok_or_else(|| Malformed::at("/CheckState/ErrorCode", "present with state 1010"))?;
            match failure_class(code) {
                Some(class) => Ok(failed(class, code.to_string(), &format!("error {code} of the register"))),
                None => Err(TillError::Unknown(Box::new(Said(code)))),
            }
        }
        (state, _) if WAITING.contains(&state) => Ok(TillAnswer::Waiting),
        _ => Err(Malformed::at("/CheckState/State", "0, 10, 20, 30, 1000 or 1010").into()),
    }
}

/// An error that leaves open whether the document was printed.
#[derive(Debug, thiserror::Error)]
#[error("the register told its error {0}")]
struct Said(u32);

/// What a refused request means (the vendor's table of `ResultCode`).
pub const fn refusal_class(code: u32) -> Option<FailureClass> {
    match code {
        // The request itself, its fields and its sums.
        2..=27 | 30 | 38 | 39 | 44 | 51..=53 | 100 | 101 => Some(FailureClass::Document),
        // Company, user and signature; registers and organizations that are unknown, blocked or not of one another.
        28 | 29 | 31..=37 | 40 | 41 | 46..=50 | 54 => Some(FailureClass::Register),
        _ => None,
    }
}

/// What a failed document means (the vendor's table of `CheckState.ErrorCode`); nothing where it may have been printed: 25 is
/// «Данные уже были переданы ранее», 26, 45 and 46 are failures of the device that say not when.
pub const fn failure_class(code: u32) -> Option<FailureClass> {
    match code {
        // The document.
        1 | 9 | 10 | 18 | 19 | 20 | 23 | 27 | 28 | 30 | 34..=41 | 54 => Some(FailureClass::Document),
        // The drive and its archive, the register's registration and rent, what it is set to, none at hand.
        2..=6 | 8 | 11..=13 | 16 | 24 | 29 | 32 | 42..=44 | 50 | 52 | 53 | 56..=58 => Some(FailureClass::Register),
        // The clock, the shift, the printer, the line, the time it may take: it passes, and the id is spent.
        7 | 14 | 15 | 17 | 21 | 22 | 31 | 33 | 51 | 55 => Some(FailureClass::Expired),
        _ => None,
    }
}

/// What was printed. The total is not told: the one that was sent stands for it.
fn fiscal(data: &FiscalData, document: &ReceiptDocument) -> Result<Fiscal, Malformed> {
    Ok(Fiscal {
        drive: sixteen("/FiscalData/StorageNumber", &data.storage_number)?,
        document: count("/FiscalData/Document", &data.document)?,
        sign: fiscal_sign("/FiscalData/Sign", &data.sign)?,
        register: sixteen("/FiscalData/Rnm", &data.rnm)?,
        shift: count("/FiscalData/Session", &data.session)?,
        number: count("/FiscalData/CheckNumber", &data.check_number)?,
        at: moment("/FiscalData/Date", &data.date, &MOMENTS)?,
        total: document.total,
    })
}
