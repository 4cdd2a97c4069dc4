//! A body read back into the canonical receipt, and refused where it can not be.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connectors::till::sandbox::translate::{self as shared, money};
use domain::money::Money;
use domain::receipt::laws::rule;
use domain::receipt::{
    Agent, AgentSign, Buyer, Cashier, Correction, Ffd, Measure, Payments, Principal, ReceiptDocument, ReceiptKind,
    Settlement, Subject, Supplier,
};
use domain::tax::{Taxation, VatRate};

use super::body::{Body, Client, Item, Payment, Receipt, SupplierInfo, Vat};

/// Items, at most; ways of payment, at most; sums of tax, at most (sections 6.6 to 6.8).
const MOST: (usize, usize, usize) = (100, 10, 6);

/// A document as the register understands it.
///
/// # Errors
/// The field that is wrong, with its tag.
pub(super) fn document(ffd: Ffd, kind: ReceiptKind, correction: bool, body: &Body) -> Result<ReceiptDocument, String> {
    let (name, found, other) = if correction {
        ("correction", &body.correction, &body.receipt)
    } else {
        ("receipt", &body.receipt, &body.correction)
    };
    let receipt = found.as_ref().filter(|_| other.is_none()).ok_or_else(|| format!("{name}: present, and alone"))?;
    let moment = jiff::civil::DateTime::strptime("%d.%m.%Y %H:%M:%S", &body.timestamp);
    must(moment.is_ok(), "timestamp", "dd.mm.yyyy HH:MM:SS")?;
    must((1..=MOST.0).contains(&receipt.items.len()), "items (1059)", "1 to 100")?;
    must((1..=MOST.1).contains(&receipt.payments.len()), "payments", "1 to 10")?;
    must(ffd == Ffd::V1_2 || (receipt.cashier_inn.is_none() && !body.ism_optional), "cashier_inn", "not in v4")?;
    let sno = receipt.company.sno.as_deref().unwrap_or("osn");
    let all = [Taxation::Osn, Taxation::UsnIncome, Taxation::UsnIncomeOutcome, Taxation::Esn, Taxation::Patent];
    let taxation = all.into_iter().find(|taxation| shared::sno(*taxation) == sno);
    let taxation = taxation.ok_or("company.sno (1055): a taxation system")?;
    let total = money(&receipt.total).ok_or("total (1020): roubles with at most two decimals")?;
    let items = receipt.items.iter().enumerate();
    let items = items.map(|(index, of)| item(ffd, kind, of).map_err(|wrong| format!("items[{index}].{wrong}")));
    let document = ReceiptDocument {
        external_id: body.external_id.clone(),
        kind,
        ffd,
        agent: Agent {
            name: String::new(),
            inn: receipt.company.inn.clone(),
            address: receipt.company.payment_address.clone(),
            email: receipt.company.email.clone(),
            phone: String::new(),
            taxation,
        },
        taxation,
        place: receipt.company.payment_address.clone(),
        internet: receipt.internet,
        cashier: receipt.cashier.clone().map(|name| Cashier { name, inn: receipt.cashier_inn.clone() }),
        buyer: buyer(receipt.client.as_ref())?,
        items: items.collect::<Result<_, _>>()?,
        payments: payments(&receipt.payments, total)?,
        total,
        correction: if correction { Some(corrected(receipt)?) } else { None },
        wrong_sign: receipt.additional_check_props.clone().filter(|_| !correction && ffd == Ffd::V1_05),
        sell_unchecked: body.ism_optional,
    };
    vats(receipt.vats.as_deref(), &document)?;
    Ok(document)
}

fn buyer(client: Option<&Client>) -> Result<Buyer, String> {
    let client = client.ok_or("client: present")?;
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    // A Russian number may come without its prefix (section 6.2).
    let whole = |phone: String| if phone.starts_with('+') { phone } else { format!("+7{phone}") };
    let contact = given(&client.email).or_else(|| given(&client.phone).map(whole));
    let contact = contact.ok_or("client.email (1008): an e-mail address or a telephone")?;
    Ok(Buyer { contact, name: given(&client.name), inn: given(&client.inn) })
}

fn payments(paid: &[Payment], total: Money) -> Result<Payments, String> {
    let mut payments = Payments::none(total.zero());
    for (index, payment) in paid.iter().enumerate() {
        let sum = money(&payment.sum)
            .ok_or_else(|| format!("payments[{index}].sum (1081): roubles with at most two decimals"))?;
        // 5 to 9 are the same kinds, extended.
        let part = match payment.kind {
            0 | 5 => &mut payments.cash,
            1 | 6 => &mut payments.electronic,
            2 | 7 => &mut payments.prepaid,
            3 | 8 => &mut payments.credit,
            4 | 9 => &mut payments.counter,
            _ => return Err(format!("payments[{index}].type: 0 to 9")),
        };
        *part = part.plus(sum).map_err(|_| format!("payments[{index}].sum (1081): too large"))?;
    }
    Ok(payments)
}

fn corrected(receipt: &Receipt) -> Result<Correction, String> {
    let info = receipt.correction_info.as_ref().ok_or("correction_info: present")?;
    let date = jiff::civil::Date::strptime("%d.%m.%Y", &info.base_date);
    let date = date.map_err(|_| "correction_info.base_date (1178): dd.mm.yyyy")?;
    let number = info.base_number.clone().filter(|number| !number.is_empty());
    let order = match info.kind.as_str() {
        "self" => None,
        "instruction" => Some(number.ok_or("correction_info.base_number (1179): present with an order")?),
        _ => return Err("correction_info.type (1173): self or instruction".to_owned()),
    };
    Ok(Correction { order, date, wrong_sign: receipt.additional_check_props.clone() })
}

fn item(ffd: Ffd, kind: ReceiptKind, item: &Item) -> Result<domain::receipt::Item, String> {
    let price = money(&item.price).ok_or("price (1079): roubles with at most two decimals")?;
    let amount = money(&item.sum).ok_or("sum (1043): roubles with at most two decimals")?;
    let quantity = item.quantity.to_string().parse().map_err(|_| "quantity (1023): a decimal")?;
    let settlement = item.payment_method.as_deref().unwrap_or("full_prepayment");
    let settlement = Settlement::ALL.into_iter().find(|way| shared::settlement_word(*way) == settlement);
    let (vat, calculated) = shared::vat_rate(&item.vat.kind).ok_or("vat.type (1199): a rate")?;
    let inside = vat.inside(amount).map_err(|_| "vat.sum (1200): too large")?.unwrap_or(amount.zero());
    let told = item.vat.sum.as_ref().map(|sum| money(sum).ok_or("vat.sum (1200): roubles")).transpose()?;
    must(ffd == Ffd::V1_05 || told.is_some(), "vat.sum (1200)", "present")?;
    must(told.is_none_or(|told| near(told, inside, 1)), "vat.sum (1200)", "the tax inside the sum (1043)")?;
    let (mark, fraction) = match ffd {
        Ffd::V1_05 => {
            let known = item.measure.is_none() && item.mark_code.is_none() && item.mark_quantity.is_none();
            must(known && item.planned_status.is_none(), "measure (2108)", "not in v4")?;
            let unit = item.measurement_unit.as_deref().unwrap_or_default();
            must(unit.chars().count() <= 16, "measurement_unit (1197)", "at most 16 characters")?;
            (item.nomenclature_code.as_deref().map(nomenclature).transpose()?, None)
        }
        Ffd::V1_2 => {
            must(item.nomenclature_code.is_none(), "nomenclature_code (1162)", "not in v5")?;
            (mark(kind, item)?, item.mark_quantity.as_ref().map(|part| (part.numerator, part.denominator)))
        }
    };
    let subject = subject(ffd, item, mark.is_some()).ok_or("payment_object (1212): a subject")?;
    Ok(domain::receipt::Item {
        name: item.name.clone(),
        price,
        quantity,
        measure: measure(ffd, item).ok_or("measure (2108): a code of the table")?,
        amount,
        vat,
        calculated,
        subject,
        settlement: settlement.ok_or("payment_method (1214): a way of settlement")?,
        principal: principal(item)?,
        mark,
        fraction,
    })
}

fn principal(item: &Item) -> Result<Option<Principal>, String> {
    let sign = item.agent_info.as_ref().map(|info| {
        let sign = AgentSign::ALL.into_iter().find(|sign| shared::agent_word(*sign) == info.kind);
        sign.ok_or("agent_info.type (1222): an agent sign")
    });
    match (sign.transpose()?, &item.supplier_info) {
        (None, None) => Ok(None),
        (Some(sign), Some(SupplierInfo { phones, name, inn })) => {
            let supplier = Supplier { name: name.clone(), inn: inn.clone(), phones: phones.clone() };
            Ok(Some(Principal { sign, supplier }))
        }
        (None, Some(_)) | (Some(_), None) => Err(format!("supplier_info (1224): {}", rule::SUPPLIER.en)),
    }
}

/// Tag 1212: a word of section 8.3 in v4, a number in v5. v4 tells marked goods by their code alone.
fn subject(ffd: Ffd, item: &Item, marked: bool) -> Option<Subject> {
    use connectors::till::atol::translate::object_word;
    match (ffd, &item.payment_object) {
        (Ffd::V1_2, Some(number)) => {
            let number = u8::try_from(number.as_u64()?).ok()?;
            Subject::ALL.into_iter().find(|subject| subject.tag_1212() == number)
        }
        (Ffd::V1_2, None) => None,
        (Ffd::V1_05, word) => {
            let word = word.as_ref().map_or(Some("commodity"), serde_json::Value::as_str)?;
            let named = |subject: &Subject| object_word(*subject) == word && subject.is_marked() == marked;
            // Of goods that are not marked the plain ones are meant, which come before those that should be.
            Subject::ALL.into_iter().find(named)
        }
    }
}

fn measure(ffd: Ffd, item: &Item) -> Option<Measure> {
    match ffd {
        Ffd::V1_2 => Measure::of(item.measure?),
        // A text of any kind: what is in the table is understood.
        Ffd::V1_05 => {
            let Some(text) = item.measurement_unit.as_deref() else { return Some(Measure::PIECE) };
            let known = (0..=u8::MAX).filter_map(Measure::of).find(|measure| measure.text() == text);
            known.or(Measure::of(255))
        }
    }
}

/// Tag 1163 of v5: one code in base64, its mode of processing and what becomes of the unit.
fn mark(kind: ReceiptKind, item: &Item) -> Result<Option<String>, String> {
    const FIELDS: [&str; 10] =
        ["unknown", "ean8", "ean13", "itf14", "gs10", "gs1m", "short", "fur", "egais20", "egais30"];
    let Some(codes) = &item.mark_code else {
        must(item.mark_quantity.is_none(), "mark_quantity (1291)", "with a code only")?;
        return Ok(None);
    };
    let mut codes = codes.iter();
    let (Some((field, code)), None) = (codes.next(), codes.next()) else {
        return Err("mark_code (1163): one code".to_owned());
    };
    must(FIELDS.contains(&field.as_str()), "mark_code (1163)", "a kind of code")?;
    must(item.mark_processing_mode.as_deref() == Some("0"), "mark_processing_mode (2102)", "0")?;
    let statuses = match kind {
        ReceiptKind::Sale => [1, 2],
        ReceiptKind::SaleRefund => [3, 4],
    };
    must(
        item.planned_status.is_some_and(|status| statuses.contains(&status)),
        "planned_status (2003)",
        "sold or returned",
    )?;
    let code = STANDARD.decode(code).ok().and_then(|code| String::from_utf8(code).ok());
    code.map(Some).ok_or_else(|| "mark_code (2000): base64".to_owned())
}

/// Tag 1162 of v4: bytes in hexadecimal, `44 4D`, the product's number in six bytes, the serial number; or the code itself.
fn nomenclature(text: &str) -> Result<String, String> {
    let wrong = "nomenclature_code (1162): at most 32 bytes in hexadecimal";
    if text.starts_with("01") && text.len() > 16 && !text.contains(' ') {
        return Ok(text.to_owned());
    }
    let bytes = text.split(' ').map(|byte| u8::from_str_radix(byte, 16).ok().filter(|_| byte.len() == 2));
    let bytes: Vec<u8> = bytes.collect::<Option<_>>().ok_or(wrong)?;
    must(bytes.len() <= 32, "nomenclature_code (1162)", "at most 32 bytes")?;
    match bytes.as_slice() {
        [0x44, 0x4D, rest @ ..] if rest.len() > 6 => {
            let (product, serial) = rest.split_at(6);
            let product = product.iter().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
            let serial = std::str::from_utf8(serial).map_err(|_| wrong)?;
            Ok(format!("01{product:014}21{serial}"))
        }
        _ => Err(wrong.to_owned()),
    }
}

/// Tags 1102 to 1107, where they are told.
fn vats(told: Option<&[Vat]>, document: &ReceiptDocument) -> Result<(), String> {
    let Some(told) = told else { return Ok(()) };
    must((1..=MOST.2).contains(&told.len()), "vats", "1 to 6")?;
    let wanted = document.vats().map_err(|_| "vats: too large")?;
    let known = told.iter().map(|vat| {
        let (rate, calculated) = shared::vat_rate(&vat.kind)?;
        let tag = if calculated { rate.tag_1199_calculated() } else { rate.tag_1199() };
        Some((tag, (rate, vat.sum.as_ref().and_then(money)?)))
    });
    let known: std::collections::BTreeMap<u8, (VatRate, Money)> =
        known.collect::<Option<_>>().ok_or("vats: a rate and a sum")?;
    must(known.len() == told.len() && known.keys().eq(wanted.keys()), "vats", "each rate of the items once")?;
    let most = i64::try_from(document.items.len()).unwrap_or(0);
    for (tag, sum) in &wanted {
        let Some((rate, told)) = known.get(tag) else { continue };
        let untaxed = rate.percent().is_none_or(|percent| percent == 0);
        let holds = near(*told, *sum, most) || (untaxed && told.is_zero());
        must(holds, "vats (1102)", "the tax inside the items' sums")?;
    }
    Ok(())
}

/// Sums may be rounded by item or all together.
fn near(told: Money, wanted: Money, most: i64) -> bool {
    (told.minor() - wanted.minor()).abs() <= most
}

fn must(holds: bool, field: &str, wanted: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("{field}: {wanted}")) }
}
