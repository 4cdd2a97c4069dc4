//! Both languages: ours and the sandbox register's.

use domain::details::ReceiptScenario;
use domain::money::{Currency, Money, MoneyError};
use domain::receipt::{AgentSign, Fiscal, ReceiptDocument, ReceiptKind, Settlement};
use domain::tax::{Taxation, VatRate};
use domain::time::{MOSCOW, Timestamp};
use serde_json::Number;

use super::wire::{
    AgentInfo, CODE_BROKEN, CODE_DUPLICATE, CODE_EXPIRED, CODE_MARK, CODE_NOT_FOUND, Client, Company, CorrectionInfo,
    DocumentBody, ErrorBody, Item, Payload, Payment, ReceiptBody, Report, Service, Status, SupplierInfo, Vat,
};
use crate::peer::Malformed;
use crate::till::{Echo, Failed, FailureClass, Printed, TillAnswer};

const MOMENT: &str = "%d.%m.%Y %H:%M:%S";

/// The path of a document's kind.
pub const fn path(kind: ReceiptKind, correction: bool) -> &'static str {
    match (kind, correction) {
        (ReceiptKind::Sale, false) => "/sandbox/till/v5/sell",
        (ReceiptKind::SaleRefund, false) => "/sandbox/till/v5/sell_refund",
        (ReceiptKind::Sale, true) => "/sandbox/till/v5/sell_correction",
        (ReceiptKind::SaleRefund, true) => "/sandbox/till/v5/sell_refund_correction",
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
    let contact = document.buyer.contact.clone();
    let client = if contact.contains('@') {
        Client { email: Some(contact), phone: None }
    } else {
        Client { email: None, phone: Some(contact) }
    };
    let items = document.items.iter().map(item).collect::<Result<_, _>>()?;
    let payments = document.payments.tagged().map(|(tag, sum)| Payment { kind: payment_kind(tag), sum: roubles(sum) });
    Ok(DocumentBody {
        external_id: document.external_id.clone(),
        receipt: ReceiptBody {
            client,
            company: Company {
                email: document.agent.email.clone(),
                sno: sno(document.taxation).to_owned(),
                inn: document.agent.inn.clone(),
                payment_address: document.place.clone(),
            },
            items,
            payments: payments.collect(),
            total: roubles(document.total),
            internet: document.internet,
            cashier: document.cashier.as_ref().map(|cashier| cashier.name.clone()),
            correction: document.correction.as_ref().map(|correction| CorrectionInfo {
                kind: if correction.order.is_some() { "instruction" } else { "self" }.to_owned(),
                base_date: correction.date.strftime("%d.%m.%Y").to_string(),
                base_number: correction.order.clone().unwrap_or_default(),
                wrong_sign: correction.wrong_sign.clone(),
            }),
        },
        service: Service { callback_url: callback_url.to_owned() },
        timestamp: moment(now),
        scenario: scenario_word(scenario).map(str::to_owned),
    })
}

/// Tags 1031 and 1081 to 1217 in the register's numbers.
pub const fn payment_kind(tag: u16) -> u8 {
    match tag {
        1031 => 0,
        1215 => 2,
        1216 => 3,
        1217 => 4,
        _ => 1,
    }
}

/// Tag 1214 in the register's words.
pub const fn settlement_word(settlement: Settlement) -> &'static str {
    match settlement {
        Settlement::FullPrepayment => "full_prepayment",
        Settlement::Prepayment => "prepayment",
        Settlement::Advance => "advance",
        Settlement::FullPayment => "full_payment",
        Settlement::PartialPayment => "partial_payment",
        Settlement::Credit => "credit",
        Settlement::CreditPayment => "credit_payment",
    }
}

/// Tag 1222 in the register's words.
pub const fn agent_word(sign: AgentSign) -> &'static str {
    match sign {
        AgentSign::BankPayingAgent => "bank_paying_agent",
        AgentSign::BankPayingSubagent => "bank_paying_subagent",
        AgentSign::PayingAgent => "paying_agent",
        AgentSign::PayingSubagent => "paying_subagent",
        AgentSign::Attorney => "attorney",
        AgentSign::Commissioner => "commission_agent",
        AgentSign::Agent => "another",
    }
}

fn item(item: &domain::receipt::Item) -> Result<Item, MoneyError> {
    Ok(Item {
        name: item.name.clone(),
        price: roubles(item.price),
        quantity: number(&item.quantity.normalize().to_string()),
        measure: item.measure.tag_2108(),
        sum: roubles(item.amount),
        payment_method: settlement_word(item.settlement).to_owned(),
        payment_object: item.subject.tag_1212(),
        vat: Vat { kind: vat_word(item.vat, item.calculated).to_owned(), sum: item.vat_inside()?.map(roubles) },
        agent_info: item.principal.as_ref().map(|of| AgentInfo { kind: agent_word(of.sign).to_owned() }),
        supplier_info: item.principal.as_ref().map(|of| SupplierInfo {
            phones: of.supplier.phones.clone(),
            name: of.supplier.name.clone(),
            inn: of.supplier.inn.clone(),
        }),
        mark: item.mark.clone(),
        fraction: item.fraction,
    })
}

/// An answer in our words.
///
/// # Errors
/// `done` without readable fiscal attributes, or `fail` without an error.
pub fn answer(report: &Report) -> Result<TillAnswer, Malformed> {
    match (report.status, &report.error, &report.payload) {
        (Status::Done, _, Some(payload)) => {
            Ok(TillAnswer::Printed(Box::new(Printed { fiscal: fiscal(payload)?, echo: echo(payload) })))
        }
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
    let class = match error.code {
        CODE_EXPIRED => FailureClass::Expired,
        CODE_BROKEN => FailureClass::Register,
        CODE_MARK => FailureClass::Mark,
        _ if matches!(error.kind.as_str(), "timeout" | "driver" | "agent") => FailureClass::Passing,
        _ => FailureClass::Document,
    };
    let text = error.text.chars().filter(|c| !c.is_control()).take(300).collect();
    TillAnswer::Failed(Failed { class, code: error.code.to_string(), text })
}

fn echo(payload: &Payload) -> Echo {
    Echo { rates: payload.rates.clone(), ..Echo::default() }
}

/// What was printed, in our words.
///
/// # Errors
/// A number that is none.
pub fn fiscal(payload: &Payload) -> Result<Fiscal, Malformed> {
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
        rates: None,
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
pub const fn vat_word(rate: VatRate, calculated: bool) -> &'static str {
    match (rate, calculated) {
        (VatRate::None, _) => "none",
        (VatRate::Vat0, _) => "vat0",
        (VatRate::Vat5, false) => "vat5",
        (VatRate::Vat7, false) => "vat7",
        (VatRate::Vat10, false) => "vat10",
        (VatRate::Vat20, false) => "vat20",
        (VatRate::Vat22, false) => "vat22",
        (VatRate::Vat5, true) => "vat105",
        (VatRate::Vat7, true) => "vat107",
        (VatRate::Vat10, true) => "vat110",
        (VatRate::Vat20, true) => "vat120",
        (VatRate::Vat22, true) => "vat122",
    }
}

/// Tag 1199 in our words, and whether the rate is the calculated one.
pub fn vat_rate(word: &str) -> Option<(VatRate, bool)> {
    let all = VatRate::ALL.into_iter().flat_map(|rate| [(rate, false), (rate, true)]);
    all.into_iter().find(|(rate, calculated)| vat_word(*rate, *calculated) == word)
}

/// The scenario's word; nothing for the usual one.
pub const fn scenario_word(scenario: ReceiptScenario) -> Option<&'static str> {
    match scenario {
        ReceiptScenario::Prompt => None,
        other => Some(other.code()),
    }
}
