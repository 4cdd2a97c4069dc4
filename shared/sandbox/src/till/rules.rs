//! What a register refuses: FFD 1.2 with an agent, each breach named by its field and tag.

use connectors::till::sandbox::translate;
use connectors::till::sandbox::wire::{DocumentBody, Item, SupplierInfo};
use domain::money::Money;
use domain::receipt::ReceiptKind;
use domain::time::{Timestamp, moscow_date};
use rust_decimal::Decimal;

/// Kopecks, at most: 99 999 999.99.
const AMOUNT_MAX: i64 = 9_999_999_999;
/// Bytes of tag 1224 in the register's CP866, at most.
const SUPPLIER_BYTES_MAX: usize = 243;

/// The first rule a document breaks, as `field (tag): rule`.
pub fn broken(kind: ReceiptKind, body: &DocumentBody, now: Timestamp) -> Option<String> {
    check(kind, body, now).err()
}

fn check(kind: ReceiptKind, body: &DocumentBody, now: Timestamp) -> Result<(), String> {
    let id = &body.external_id;
    let plain = (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    rule(plain, "external_id", "1 to 128 of A-Z a-z 0-9 _ . -")?;
    let url = &body.service.callback_url;
    rule(
        url.len() <= 256 && domain::partner::origin(url).is_some(),
        "service.callback_url",
        "a URL of at most 256 characters",
    )?;
    let scenario = body.scenario.as_deref().unwrap_or("prompt");
    rule(matches!(scenario, "prompt" | "silent" | "failing_once"), "scenario", "prompt, silent or failing_once")?;
    let receipt = &body.receipt;
    match (&receipt.client.email, &receipt.client.phone) {
        (None, None) => rule(false, "client (1008)", "an e-mail or a telephone")?,
        (email, phone) => {
            rule(email.as_deref().is_none_or(is_email), "client.email (1008)", "an e-mail of at most 64 characters")?;
            rule(phone.as_deref().is_none_or(is_phone), "client.phone (1008)", "+ and 10 to 15 digits")?;
        }
    }
    let company = &receipt.company;
    rule(is_inn(&company.inn), "company.inn (1018)", "10 or 12 digits with right check digits")?;
    rule(is_email(&company.email), "company.email (1117)", "an e-mail of at most 64 characters")?;
    let sno = ["osn", "usn_income", "usn_income_outcome", "esn", "patent"].contains(&company.sno.as_str());
    rule(sno, "company.sno (1055)", "a taxation system")?;
    rule(is_text(&company.payment_address, 256), "company.payment_address (1187)", "1 to 256 characters")?;
    rule((1..=100).contains(&receipt.items.len()), "items (1059)", "1 to 100")?;
    let mut sum = Money::rub(0);
    for (index, item) in receipt.items.iter().enumerate() {
        let amount = check_item(kind, item, now).map_err(|rule| format!("items[{index}].{rule}"))?;
        sum = sum.plus(amount).map_err(|_| "total (1020): too large".to_owned())?;
    }
    let total = translate::money(&receipt.total);
    rule(total == Some(sum), "total (1020)", "the sum of all items (1043)")?;
    rule((1..=10).contains(&receipt.payments.len()), "payments", "1 to 10")?;
    let mut paid = Money::rub(0);
    for (index, payment) in receipt.payments.iter().enumerate() {
        rule(
            payment.kind == 1,
            &format!("payments[{index}].type"),
            "1, by electronic means (1081): an online payment has no cash",
        )?;
        let part = translate::money(&payment.sum).and_then(|part| paid.plus(part).ok());
        paid = part.ok_or_else(|| format!("payments[{index}].sum (1081): roubles with at most two decimals"))?;
    }
    rule(Some(paid) == total, "payments (1081)", "together the total (1020)")?;
    rule(receipt.internet, "internet (1125)", "true: settled on the Internet")
}

fn check_item(kind: ReceiptKind, item: &Item, now: Timestamp) -> Result<Money, String> {
    rule(is_text(&item.name, 128), "name (1030)", "1 to 128 characters")?;
    let price = translate::money(&item.price).filter(|price| price.minor() <= AMOUNT_MAX);
    let price = price.ok_or("price (1079): roubles with at most two decimals, up to 99999999.99")?;
    let quantity: Option<Decimal> = item.quantity.to_string().parse().ok();
    let quantity = quantity.map(|quantity| quantity.normalize());
    let quantity = quantity.filter(|quantity| *quantity > Decimal::ZERO && quantity.scale() <= 6);
    let quantity = quantity.ok_or("quantity (1023): positive, at most 6 decimals")?;
    let sum = translate::money(&item.sum).filter(|sum| sum.minor() <= AMOUNT_MAX);
    let sum = sum.ok_or("sum (1043): roubles with at most two decimals, up to 99999999.99")?;
    rule(price.times(quantity) == Ok(sum), "sum (1043)", "price (1079) times quantity (1023), rounded to the kopeck")?;
    rule(item.payment_method == "full_payment", "payment_method (1214)", "full_payment")?;
    rule((1..=33).contains(&item.payment_object), "payment_object (1212)", "1 to 33")?;
    let piece = item.measure != 0 || quantity.is_integer() || item.payment_object != 1;
    rule(piece, "quantity (1023)", "whole for goods counted in pieces (2108 = 0)")?;
    let rate =
        translate::vat_rate(&item.vat.kind).ok_or("vat.type (1199): none, vat0, vat5, vat7, vat10, vat20 or vat22")?;
    // A refund carries the rate of its sale, whenever that was.
    let in_force = kind == ReceiptKind::SaleRefund || rate.in_force(moscow_date(now));
    rule(in_force, "vat.type (1199)", "a rate that is in force today")?;
    let tax = rate.inside(sum).map_err(|_| "vat.sum (1200): too large")?;
    let named = item.vat.sum.as_ref().map(translate::money);
    rule(named == tax.map(Some), "vat.sum (1200)", "the tax inside the sum (1043), and absent without a rate")?;
    match (&item.agent_info, &item.supplier_info) {
        (Some(agent), Some(supplier)) => {
            rule(agent.kind == "another", "agent_info.type (1222)", "another: the register is an agent's, bit 6")?;
            check_supplier(supplier)?;
        }
        (None, Some(_)) => rule(false, "supplier_info", "not without agent_info (1222)")?,
        (_, None) => rule(false, "supplier_info (1224)", "present: this register prints for principals only")?,
    }
    Ok(sum)
}

fn check_supplier(supplier: &SupplierInfo) -> Result<(), String> {
    rule(is_inn(&supplier.inn), "supplier_info.inn (1226)", "10 or 12 digits with right check digits")?;
    rule(is_text(&supplier.name, 239), "supplier_info.name (1225)", "1 to 239 characters")?;
    let phones = !supplier.phones.is_empty() && supplier.phones.iter().all(|phone| is_phone(phone));
    rule(phones, "supplier_info.phones (1171)", "at least one, each + and 10 to 15 digits")?;
    let phones: usize = supplier.phones.iter().map(|phone| phone.len() + 4).sum();
    let bytes = supplier.name.chars().count() + 4 + phones;
    rule(bytes <= SUPPLIER_BYTES_MAX, "supplier_info (1224)", "name and telephones together at most 243 bytes")
}

fn rule(holds: bool, field: &str, wanted: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("{field}: {wanted}")) }
}

fn is_text(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= most && !text.contains(char::is_control)
}

fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    let named = parts.is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@'));
    named && text.chars().count() <= 64 && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

fn is_phone(text: &str) -> bool {
    text.strip_prefix('+')
        .is_some_and(|digits| (10..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// Check digits of an ИНН (приказ ФНС ММВ-7-6/435, weights as published there).
pub fn is_inn(text: &str) -> bool {
    const WEIGHTS: [u32; 11] = [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8];
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(10)).collect();
    let Some(digits) = digits.filter(|digits| digits.iter().any(|digit| *digit != 0)) else {
        return false;
    };
    let control = |many: usize| {
        let weights = &WEIGHTS[WEIGHTS.len() - many..];
        digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum::<u32>() % 11 % 10
    };
    match digits.len() {
        10 => control(9) == digits[9],
        12 => control(10) == digits[10] && control(11) == digits[11],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_of_published_numbers() {
        // OrangeData's and ATOL's public test companies, Сбербанк, and the tax service's own sample of a person.
        for inn in ["7727401209", "5544332219", "7707083893", "500100732259"] {
            assert!(is_inn(inn), "{inn}");
        }
        for inn in ["", "7707083894", "500100732258", "770708389", "0000000000", "7707083893 ", "77070838٩3"] {
            assert!(!is_inn(inn), "{inn}");
        }
    }
}
