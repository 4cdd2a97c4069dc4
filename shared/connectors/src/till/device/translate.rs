//! Both languages: ours and the device protocol's.

use domain::money::{Currency, Money, MoneyError};
use domain::receipt::device::{Condition, NotDone, Outcome, Trouble};
use domain::receipt::{
    Agent, AgentSign, Buyer, Cashier, Correction, Ffd, Fiscal, Item, Measure, Payments, Principal, ReceiptDocument,
    ReceiptKind, Settlement, Subject, Supplier,
};
use domain::tax::{Taxation, VatRate};
use domain::time::{Timestamp, plus_seconds, whole_seconds};

use super::catalogue;
use super::wire;
use crate::peer::Malformed;
use crate::till::FailureClass;

/// Seconds a register's clock may be ahead of ours.
const CLOCK_AHEAD_SECONDS: i64 = 24 * 3_600;
/// Characters of what an agent says, at most.
const WORDS_MAX: usize = 300;

fn roubles(amount: Money) -> String {
    amount.to_decimal().to_string()
}

/// A document in the protocol's words.
///
/// # Errors
/// The tax inside a line does not fit.
pub fn receipt(document: &ReceiptDocument) -> Result<wire::Receipt, MoneyError> {
    let correction = document.correction.as_ref();
    let paid = document.payments;
    Ok(wire::Receipt {
        kind: document.kind.tag_1054(),
        ffd: document.ffd.tag_1209(),
        taxation: document.taxation.tag_1055(),
        owner: document.agent.name.clone(),
        inn: document.agent.inn.clone(),
        address: document.agent.address.clone(),
        sender: document.agent.email.clone(),
        place: document.place.clone(),
        internet: document.internet,
        cashier: document.cashier.as_ref().map(|cashier| cashier.name.clone()),
        cashier_inn: document.cashier.as_ref().and_then(|cashier| cashier.inn.clone()),
        contact: document.buyer.contact.clone(),
        buyer: document.buyer.name.clone(),
        buyer_inn: document.buyer.inn.clone(),
        items: document.items.iter().map(|of| item(of, document.ffd)).collect::<Result<_, _>>()?,
        cash: roubles(paid.cash),
        electronic: roubles(paid.electronic),
        prepaid: roubles(paid.prepaid),
        credit: roubles(paid.credit),
        counter: roubles(paid.counter),
        total: roubles(document.total),
        correction: correction.map(|correction| u8::from(correction.order.is_some())),
        corrected_on: correction.map(|correction| correction.date),
        order: correction.and_then(|correction| correction.order.clone()),
        wrong_sign: document.mended().map(str::to_owned),
        sell_unchecked: document.sell_unchecked,
    })
}

fn item(item: &Item, ffd: Ffd) -> Result<wire::Item, MoneyError> {
    let principal = item.principal.as_ref();
    Ok(wire::Item {
        name: item.name.clone(),
        price: roubles(item.price),
        quantity: item.quantity.normalize().to_string(),
        measure: item.measure.tag_2108(),
        amount: roubles(item.amount),
        rate: item.tag_1199(),
        vat: item.vat_inside()?.map(roubles),
        subject: item.subject.tag_1212_in(ffd),
        settlement: item.settlement.tag_1214(),
        agent: principal.map(|principal| principal.sign.tag_1222()),
        supplier: principal.map(|principal| wire::Supplier {
            phones: principal.supplier.phones.clone(),
            name: principal.supplier.name.clone(),
        }),
        supplier_inn: principal.map(|principal| principal.supplier.inn.clone()),
        mark: item.mark.clone(),
        fraction: item.fraction.map(|(part, whole)| wire::Fraction { part, whole }),
    })
}

/// The canonical document of a receipt, as an agent reads it. The agent's telephone is not printed and not told.
///
/// # Errors
/// Where it is none.
pub fn document(external_id: &str, receipt: &wire::Receipt) -> Result<ReceiptDocument, Malformed> {
    let kind = [ReceiptKind::Sale, ReceiptKind::SaleRefund].into_iter().find(|kind| kind.tag_1054() == receipt.kind);
    let ffd = [Ffd::V1_05, Ffd::V1_2].into_iter().find(|ffd| ffd.tag_1209() == receipt.ffd);
    let taxations = [Taxation::Osn, Taxation::UsnIncome, Taxation::UsnIncomeOutcome, Taxation::Esn, Taxation::Patent];
    let taxation = taxations.into_iter().find(|taxation| taxation.tag_1055() == receipt.taxation);
    let taxation = taxation.ok_or_else(|| Malformed::at("/1055", "a taxation system"))?;
    Ok(ReceiptDocument {
        external_id: external_id.to_owned(),
        kind: kind.ok_or_else(|| Malformed::at("/1054", "1 or 2"))?,
        ffd: ffd.ok_or_else(|| Malformed::at("/1209", "2 or 4"))?,
        agent: Agent {
            name: receipt.owner.clone(),
            inn: receipt.inn.clone(),
            address: receipt.address.clone(),
            email: receipt.sender.clone(),
            phone: String::new(),
            taxation,
        },
        taxation,
        place: receipt.place.clone(),
        internet: receipt.internet,
        cashier: receipt.cashier.clone().map(|name| Cashier { name, inn: receipt.cashier_inn.clone() }),
        buyer: Buyer { contact: receipt.contact.clone(), name: receipt.buyer.clone(), inn: receipt.buyer_inn.clone() },
        items: receipt.items.iter().enumerate().map(|(at, item)| read_item(at, item)).collect::<Result<_, _>>()?,
        payments: Payments {
            cash: amount("/1031", &receipt.cash)?,
            electronic: amount("/1081", &receipt.electronic)?,
            prepaid: amount("/1215", &receipt.prepaid)?,
            credit: amount("/1216", &receipt.credit)?,
            counter: amount("/1217", &receipt.counter)?,
        },
        total: amount("/1020", &receipt.total)?,
        correction: match (receipt.correction, receipt.corrected_on) {
            (None, _) => None,
            (Some(_), Some(date)) => {
                Some(Correction { order: receipt.order.clone(), date, wrong_sign: receipt.wrong_sign.clone() })
            }
            (Some(_), None) => return Err(Malformed::at("/1178", "a correction has its day")),
        },
        wrong_sign: receipt.wrong_sign.clone().filter(|_| receipt.correction.is_none()),
        sell_unchecked: receipt.sell_unchecked,
    })
}

fn read_item(at: usize, item: &wire::Item) -> Result<Item, Malformed> {
    let none = |tag: u16, rule: &str| Malformed::at(&format!("/1059/{at}/{tag}"), rule);
    let (vat, calculated) = VatRate::of_tag_1199(item.rate).ok_or_else(|| none(1199, "a VAT rate"))?;
    let principal = match (item.agent, &item.supplier, &item.supplier_inn) {
        (None, None, None) => None,
        (Some(sign), Some(supplier), Some(inn)) => Some(Principal {
            sign: AgentSign::ALL
                .into_iter()
                .find(|known| known.tag_1222() == sign)
                .ok_or_else(|| none(1222, "one agent sign"))?,
            supplier: Supplier { name: supplier.name.clone(), inn: inn.clone(), phones: supplier.phones.clone() },
        }),
        _ => return Err(none(1224, "an agent sign, a supplier and their ИНН go together")),
    };
    let marked = |subject: &Subject| subject.is_marked() == item.mark.is_some();
    let subjects = || Subject::ALL.into_iter().filter(|subject| subject.tag_1212() == item.subject);
    Ok(Item {
        name: item.name.clone(),
        price: amount(&format!("/1059/{at}/1079"), &item.price)?,
        quantity: item.quantity.parse().map_err(|_| none(1023, "a decimal number"))?,
        measure: Measure::of(item.measure).ok_or_else(|| none(2108, "a measure"))?,
        amount: amount(&format!("/1059/{at}/1043"), &item.amount)?,
        vat,
        calculated,
        subject: subjects().find(marked).or_else(|| subjects().next()).ok_or_else(|| none(1212, "a subject"))?,
        settlement: Settlement::ALL
            .into_iter()
            .find(|known| known.tag_1214() == item.settlement)
            .ok_or_else(|| none(1214, "1 to 7"))?,
        principal,
        mark: item.mark.clone(),
        fraction: item.fraction.as_ref().map(|fraction| (fraction.part, fraction.whole)),
    })
}

fn amount(pointer: &str, text: &str) -> Result<Money, Malformed> {
    Money::parse_major(text, Currency::RUB).map_err(|_| Malformed::at(pointer, "roubles, as 3000.00"))
}

fn digits(pointer: &str, text: &str, many: usize) -> Result<String, Malformed> {
    let fits = text.len() == many && text.bytes().all(|b| b.is_ascii_digit()) && text.bytes().any(|b| b != b'0');
    if fits { Ok(text.to_owned()) } else { Err(Malformed::at(pointer, format!("{many} digits"))) }
}

fn moment(pointer: &str, text: &str, now: Timestamp) -> Result<Timestamp, Malformed> {
    let at: Timestamp = text.parse().map_err(|_| Malformed::at(pointer, "a moment, RFC 3339"))?;
    if at > plus_seconds(now, CLOCK_AHEAD_SECONDS) {
        return Err(Malformed::at(pointer, "not more than a day ahead"));
    }
    Ok(whole_seconds(at))
}

fn positive(pointer: &str, is: bool) -> Result<(), Malformed> {
    if is { Ok(()) } else { Err(Malformed::at(pointer, "1 or more")) }
}

/// What was printed, as far as it can be: numbers have their lengths, a moment is not in the future.
///
/// # Errors
/// Where not.
pub fn outcome(done: &wire::Done, now: Timestamp) -> Result<Outcome, Malformed> {
    positive("/1040", done.document > 0)?;
    positive("/1038", done.shift > 0)?;
    positive("/1042", done.number > 0)?;
    let fiscal = Fiscal {
        drive: digits("/1041", &done.drive, 16)?,
        document: done.document,
        sign: digits("/1077", &done.sign, 10)?,
        register: digits("/1037", &done.registration, 16)?,
        shift: done.shift,
        number: done.number,
        at: moment("/1012", &done.at, now)?,
        total: amount("/1020", &done.total)?,
    };
    if let Some(rates) = &done.rates
        && let Some(at) = rates.iter().position(|rate| VatRate::of_tag_1199(*rate).is_none())
    {
        return Err(Malformed::at(&format!("/1199/{at}"), "a VAT rate"));
    }
    Ok(Outcome { fiscal, rates: done.rates.clone() })
}

/// Fiscal attributes in the protocol's words.
pub fn done(outcome: &Outcome) -> wire::Done {
    let fiscal = &outcome.fiscal;
    wire::Done {
        drive: fiscal.drive.clone(),
        document: fiscal.document,
        sign: fiscal.sign.clone(),
        registration: fiscal.register.clone(),
        shift: fiscal.shift,
        number: fiscal.number,
        at: fiscal.at.to_string(),
        total: roubles(fiscal.total),
        rates: outcome.rates.clone(),
    }
}

/// What a register told of itself at `now`.
///
/// # Errors
/// Where it can not be so.
pub fn condition(state: &wire::State, now: Timestamp) -> Result<Condition, Malformed> {
    if catalogue::find(&state.model).is_none() {
        return Err(Malformed::at("/model", "a model of the catalogue"));
    }
    let text = |pointer: &str, text: &str| {
        let fits = domain::receipt::laws::is_text(text, 64);
        if fits { Ok(text.to_owned()) } else { Err(Malformed::at(pointer, "1 to 64 characters")) }
    };
    let registration = state.registration.as_deref().map(|number| digits("/registration", number, 16)).transpose()?;
    let opened = state.shift_opened_at.as_deref().map(|at| moment("/shift_opened_at", at, now)).transpose()?;
    Ok(Condition {
        at: whole_seconds(now),
        model: state.model.clone(),
        serial: text("/serial", &state.serial)?,
        registration,
        drive: digits("/drive", &state.drive, 16)?,
        drive_until: state.drive_until,
        documents_left: state.documents_left,
        shift_opened_at: opened,
        paper: state.paper,
        software: text("/software", &state.software)?,
    })
}

/// What a trouble means for the receipt. Paper, a connection and a shift are put right by people within the day; a drive is not.
pub const fn class(why: Trouble) -> FailureClass {
    match why {
        Trouble::PaperOut | Trouble::Offline | Trouble::ShiftOver24h => FailureClass::Passing,
        Trouble::DriveFull | Trouble::DriveExpired | Trouble::NotFetched | Trouble::Declared => FailureClass::Register,
        Trouble::MarkingRefused => FailureClass::Mark,
        Trouble::Document => FailureClass::Document,
    }
}

/// Why it was not printed.
///
/// # Errors
/// No agent can tell that.
pub fn not_done(told: &wire::NotDone) -> Result<NotDone, Malformed> {
    if !Trouble::TOLD.contains(&told.code) {
        return Err(Malformed::at("/code", "a trouble of the register's"));
    }
    let text = told.text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(WORDS_MAX).collect();
    Ok(NotDone { lease: told.lease, why: told.code, text })
}
