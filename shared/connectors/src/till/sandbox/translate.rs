//! Both languages: ours and the sandbox register's.

use domain::details::{Line, ReceiptScenario};
use domain::money::{Currency, Money, MoneyError};
use domain::receipt::{Fiscal, ReceiptDocument, ReceiptKind};
use domain::tax::{Taxation, VatRate};
use domain::time::{MOSCOW, Timestamp};
use serde_json::Number;

use super::wire::{
    AgentInfo, CODE_DUPLICATE, CODE_NOT_FOUND, Client, Company, DocumentBody, ErrorBody, Item, Payload, Payment,
    ReceiptBody, Report, Service, Status, SupplierInfo, Vat,
};
use crate::peer::Malformed;
use crate::till::TillAnswer;

const MOMENT: &str = "%d.%m.%Y %H:%M:%S";

/// The path of a document's kind.
pub const fn path(kind: ReceiptKind) -> &'static str {
    match kind {
        ReceiptKind::Sale => "/sandbox/till/v5/sell",
        ReceiptKind::SaleRefund => "/sandbox/till/v5/sell_refund",
    }
}

/// A document in the register's words.
///
/// # Errors
/// The tax inside a line does not fit.
pub fn document(
    document: &ReceiptDocument,
    callback_url: &str,
    scenario: ReceiptScenario,
    now: Timestamp,
) -> Result<DocumentBody, MoneyError> {
    let contact = document.buyer_contact.clone();
    let client = if contact.contains('@') {
        Client { email: Some(contact), phone: None }
    } else {
        Client { email: None, phone: Some(contact) }
    };
    let items = document.lines.iter().map(|line| item(line, document)).collect::<Result<_, _>>()?;
    Ok(DocumentBody {
        external_id: document.external_id.clone(),
        receipt: ReceiptBody {
            client,
            company: Company {
                email: document.agent.email.clone(),
                sno: sno(document.agent.taxation).to_owned(),
                inn: document.agent.inn.clone(),
                payment_address: document.place.clone(),
            },
            items,
            payments: vec![Payment { kind: 1, sum: roubles(document.total) }],
            total: roubles(document.total),
            internet: true,
        },
        service: Service { callback_url: callback_url.to_owned() },
        timestamp: moment(now),
        scenario: scenario_word(scenario).map(str::to_owned),
    })
}

fn item(line: &Line, document: &ReceiptDocument) -> Result<Item, MoneyError> {
    Ok(Item {
        name: line.name.clone(),
        price: roubles(line.price),
        quantity: number(&line.quantity.normalize().to_string()),
        measure: 0,
        sum: roubles(line.amount),
        payment_method: "full_payment".to_owned(),
        payment_object: line.subject.tag_1212(),
        vat: Vat { kind: vat_word(line.vat).to_owned(), sum: line.vat.inside(line.amount)?.map(roubles) },
        agent_info: Some(AgentInfo { kind: "another".to_owned() }),
        supplier_info: Some(SupplierInfo {
            phones: vec![document.supplier.phone.clone()],
            name: document.supplier.name.clone(),
            inn: document.supplier.inn.clone(),
        }),
    })
}

/// An answer in our words.
///
/// # Errors
/// `done` without readable fiscal attributes, or `fail` without an error.
pub fn answer(report: &Report) -> Result<TillAnswer, Malformed> {
    match (report.status, &report.error, &report.payload) {
        (Status::Done, _, Some(payload)) => fiscal(payload).map(TillAnswer::Printed),
        (Status::Done, _, None) => Err(Malformed::at("/payload", "present with `done`")),
        (Status::Wait, None, _) => Ok(TillAnswer::Waiting),
        (Status::Wait, Some(error), _) if error.code == CODE_DUPLICATE => Ok(TillAnswer::Waiting),
        (Status::Wait | Status::Fail, Some(error), _) if error.code == CODE_NOT_FOUND => Ok(TillAnswer::NotFound),
        (Status::Wait | Status::Fail, Some(error), _) => Ok(failed(error)),
        (Status::Fail, None, _) => Err(Malformed::at("/error", "present with `fail`")),
    }
}

fn failed(error: &ErrorBody) -> TillAnswer {
    // What the register, its drive or its queue could not do now it may do later; what it calls invalid stays invalid.
    let passing = matches!(error.kind.as_str(), "timeout" | "driver" | "agent");
    let text = error.text.chars().filter(|c| !c.is_control()).take(300).collect();
    TillAnswer::Failed { code: error.code, text, passing }
}

fn fiscal(payload: &Payload) -> Result<Fiscal, Malformed> {
    let at = jiff::civil::DateTime::strptime(MOMENT, &payload.receipt_datetime)
        .ok()
        .and_then(|at| MOSCOW.to_timestamp(at).ok())
        .ok_or_else(|| Malformed::at("/payload/receipt_datetime", "dd.mm.yyyy HH:MM:SS"))?;
    let total =
        money(&payload.total).ok_or_else(|| Malformed::at("/payload/total", "an amount with at most two decimals"))?;
    let digits = |text: &str| text.len() == 16 && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(&payload.fn_number) {
        return Err(Malformed::at("/payload/fn_number", "16 digits"));
    }
    if !digits(&payload.ecr_registration_number) {
        return Err(Malformed::at("/payload/ecr_registration_number", "16 digits"));
    }
    Ok(Fiscal {
        drive: payload.fn_number.clone(),
        document: payload.fiscal_document_number,
        sign: format!("{:010}", payload.fiscal_document_attribute),
        register: payload.ecr_registration_number.clone(),
        shift: payload.shift_number,
        number: payload.fiscal_receipt_number,
        at,
        total,
    })
}

/// What was printed, in the register's words.
pub fn payload(fiscal: &Fiscal) -> Payload {
    Payload {
        fiscal_receipt_number: fiscal.number,
        shift_number: fiscal.shift,
        receipt_datetime: moment(fiscal.at),
        total: roubles(fiscal.total),
        fn_number: fiscal.drive.clone(),
        ecr_registration_number: fiscal.register.clone(),
        fiscal_document_number: fiscal.document,
        fiscal_document_attribute: fiscal.sign.parse().unwrap_or(0),
        fns_site: "www.nalog.gov.ru".to_owned(),
    }
}

/// `dd.mm.yyyy HH:MM:SS`, Moscow.
pub fn moment(at: Timestamp) -> String {
    MOSCOW.to_datetime(at).strftime(MOMENT).to_string()
}

/// An amount as a JSON number of roubles. Written from and read as decimal text: no arithmetic is done on the float between.
pub fn roubles(amount: Money) -> Number {
    number(&amount.to_decimal().to_string())
}

/// Roubles read exactly; nothing if it has more than two decimals or is negative.
pub fn money(number: &Number) -> Option<Money> {
    Money::parse_major(&number.to_string(), Currency::RUB).ok()
}

/// A plain decimal as a JSON number.
pub fn number(text: &str) -> Number {
    text.parse().unwrap_or_else(|_| Number::from(0))
}

/// Tag 1055 in the register's words.
pub const fn sno(taxation: Taxation) -> &'static str {
    match taxation {
        Taxation::Osn => "osn",
        Taxation::UsnIncome => "usn_income",
        Taxation::UsnIncomeOutcome => "usn_income_outcome",
        Taxation::Esn => "esn",
        Taxation::Patent => "patent",
    }
}

/// Tag 1199 in the register's words.
pub const fn vat_word(rate: VatRate) -> &'static str {
    match rate {
        VatRate::None => "none",
        VatRate::Vat0 => "vat0",
        VatRate::Vat5 => "vat5",
        VatRate::Vat7 => "vat7",
        VatRate::Vat10 => "vat10",
        VatRate::Vat20 => "vat20",
        VatRate::Vat22 => "vat22",
    }
}

/// Tag 1199 in our words.
pub fn vat_rate(word: &str) -> Option<VatRate> {
    const ALL: [VatRate; 7] =
        [VatRate::None, VatRate::Vat0, VatRate::Vat5, VatRate::Vat7, VatRate::Vat10, VatRate::Vat20, VatRate::Vat22];
    ALL.into_iter().find(|rate| vat_word(*rate) == word)
}

/// The scenario's word; nothing for the usual one.
pub const fn scenario_word(scenario: ReceiptScenario) -> Option<&'static str> {
    match scenario {
        ReceiptScenario::Prompt => None,
        ReceiptScenario::Silent => Some("silent"),
        ReceiptScenario::FailingOnce => Some("failing_once"),
    }
}
