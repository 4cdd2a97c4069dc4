//! What a register refuses: its body read as the canonical receipt, and that receipt's laws, each breach named by its field and tag.

use connectors::till::sandbox::translate;
use connectors::till::sandbox::wire::{DocumentBody, Item};
use domain::receipt::{
    Agent, AgentSign, Buyer, Cashier, Correction, Ffd, Measure, Payments, Principal, ReceiptDocument, ReceiptKind,
    Settlement, Subject, Supplier, laws,
};
use domain::tax::Taxation;
use domain::time::{Timestamp, moscow_date};
use rust_decimal::Decimal;

/// A document as the register understands it.
///
/// # Errors
/// The first rule it breaks, as `field (tag): rule`.
pub fn document(kind: ReceiptKind, body: &DocumentBody, now: Timestamp) -> Result<ReceiptDocument, String> {
    let url = &body.service.callback_url;
    rule(
        url.len() <= 256 && domain::partner::origin(url).is_some(),
        "service.callback_url",
        "a URL of at most 256 characters",
    )?;
    let scenario = body.scenario.as_deref().unwrap_or("prompt");
    let known = domain::details::ReceiptScenario::ALL.iter().any(|known| known.code() == scenario);
    rule(known, "scenario", "a receipt scenario of the sandbox")?;
    let document = read(kind, body)?;
    match laws::breaches(&document, moscow_date(now)).first() {
        Some(breach) => Err(format!("{} ({}): {}", field(&breach.pointer), breach.tag, breach.rule.en)),
        None => Ok(document),
    }
}

/// `/items/0/name` as `items[0].name`.
fn field(pointer: &str) -> String {
    let parts = pointer.trim_start_matches('/').split('/').enumerate();
    let parts = parts.map(|(no, part)| match part.parse::<usize>() {
        Ok(index) => format!("[{index}]"),
        Err(_) if no == 0 => part.to_owned(),
        Err(_) => format!(".{part}"),
    });
    parts.collect()
}

fn read(kind: ReceiptKind, body: &DocumentBody) -> Result<ReceiptDocument, String> {
    let receipt = &body.receipt;
    let company = &receipt.company;
    let taxation = [Taxation::Osn, Taxation::UsnIncome, Taxation::UsnIncomeOutcome, Taxation::Esn, Taxation::Patent];
    let taxation = taxation.into_iter().find(|taxation| translate::sno(*taxation) == company.sno);
    let taxation = taxation.ok_or("company.sno (1055): a taxation system")?;
    let contact = receipt.client.email.as_ref().or(receipt.client.phone.as_ref());
    let total = translate::money(&receipt.total).ok_or("total (1020): roubles with at most two decimals")?;
    let mut payments = Payments::none(total.zero());
    for (index, payment) in receipt.payments.iter().enumerate() {
        let sum = translate::money(&payment.sum)
            .ok_or_else(|| format!("payments[{index}].sum (1081): roubles with at most two decimals"))?;
        let part = match payment.kind {
            0 => &mut payments.cash,
            1 => &mut payments.electronic,
            2 => &mut payments.prepaid,
            3 => &mut payments.credit,
            4 => &mut payments.counter,
            _ => return Err(format!("payments[{index}].type: 0 to 4")),
        };
        *part = part.plus(sum).map_err(|_| format!("payments[{index}].sum (1081): too large"))?;
    }
    let items = receipt.items.iter().enumerate();
    let items = items.map(|(index, item)| read_item(item).map_err(|rule| format!("items[{index}].{rule}")));
    let correction = receipt.correction.as_ref().map(|correction| {
        let date = jiff::civil::Date::strptime("%d.%m.%Y", &correction.base_date);
        let date = date.map_err(|_| "correction.base_date (1178): dd.mm.yyyy".to_owned())?;
        let order = (correction.kind == "instruction").then(|| correction.base_number.clone());
        Ok::<_, String>(Correction { order, date, wrong_sign: correction.wrong_sign.clone() })
    });
    Ok(ReceiptDocument {
        external_id: body.external_id.clone(),
        kind,
        ffd: Ffd::V1_2,
        agent: Agent {
            name: String::new(),
            inn: company.inn.clone(),
            address: company.payment_address.clone(),
            email: company.email.clone(),
            phone: String::new(),
            taxation,
        },
        taxation,
        place: company.payment_address.clone(),
        internet: receipt.internet,
        cashier: receipt.cashier.clone().map(|name| Cashier { name, inn: None }),
        buyer: Buyer { contact: contact.cloned().unwrap_or_default(), name: None, inn: None },
        items: items.collect::<Result<_, _>>()?,
        payments,
        total,
        correction: correction.transpose()?,
        wrong_sign: None,
        sell_unchecked: false,
    })
}

fn read_item(item: &Item) -> Result<domain::receipt::Item, String> {
    let price = translate::money(&item.price).ok_or("price (1079): roubles with at most two decimals")?;
    let amount = translate::money(&item.sum).ok_or("sum (1043): roubles with at most two decimals")?;
    let quantity: Option<Decimal> = item.quantity.to_string().parse().ok();
    let settlement = Settlement::ALL.into_iter().find(|way| translate::settlement_word(*way) == item.payment_method);
    let (vat, calculated) = translate::vat_rate(&item.vat.kind).ok_or("vat.type (1199): a rate")?;
    let named = item.vat.sum.as_ref().map(translate::money);
    let tax = vat.inside(amount).map_err(|_| "vat.sum (1200): too large")?;
    rule(named == tax.map(Some), "vat.sum (1200)", "the tax inside the sum (1043), and absent without a rate")?;
    let sign = item.agent_info.as_ref().map(|info| {
        let sign = AgentSign::ALL.into_iter().find(|sign| translate::agent_word(*sign) == info.kind);
        sign.ok_or("agent_info.type (1222): an agent sign")
    });
    let principal = match (sign.transpose()?, &item.supplier_info) {
        (None, None) => None,
        (Some(sign), Some(of)) => Some(Principal {
            sign,
            supplier: Supplier { name: of.name.clone(), inn: of.inn.clone(), phones: of.phones.clone() },
        }),
        (None, Some(_)) | (Some(_), None) => {
            return Err(format!("supplier_info (1224): {}", laws::rule::SUPPLIER.en));
        }
    };
    Ok(domain::receipt::Item {
        name: item.name.clone(),
        price,
        quantity: quantity.ok_or("quantity (1023): a decimal")?,
        measure: Measure::of(item.measure).ok_or("measure (2108): a code of the table")?,
        amount,
        vat,
        calculated,
        subject: subject(item.payment_object).ok_or("payment_object (1212): a subject this register prints")?,
        settlement: settlement.ok_or("payment_method (1214): a way of settlement")?,
        principal,
        mark: item.mark.clone(),
        fraction: item.fraction,
    })
}

fn subject(tag: u8) -> Option<Subject> {
    Subject::ALL.into_iter().find(|subject| subject.tag_1212() == tag)
}

fn rule(holds: bool, field: &str, wanted: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("{field}: {wanted}")) }
}
