//! The act for electronic document exchange: a universal transfer document (УПД), format 5.03.
//!
//! Order of the tax service of 19.12.2023 No. ЕД-7-26/970@ as amended by No. ЕД-7-26/1032@ of 15.11.2024 (version 5.03). The format of acts of
//! No. ММВ-7-10/552@ is no more since 01.01.2026 (No. ЕД-7-26/28@ of 20.01.2025), so an act is a УПД now:
//!
//! - `СЧФДОП` when the agent pays VAT: invoice and act in one;
//! - `ДОП` when the agent does not: an act only.
//!
//! In it the agent is the seller of a service, the fee, and the principal the buyer; the orders themselves stand in the register. A УПД has no
//! place for negative sums and none for no services at all: such a month has its report and no act ([`PaperError::Negative`],
//! [`PaperError::NoService`]).

use std::io::Write;

use domain::money::Money;
use domain::report::{Contract, MovementKind, Party, Person, Report, Signatory, Standing};
use domain::tax::VatRate;
use domain::time::{MOSCOW, Timestamp};

use crate::xml::{Encoding, Xml};
use crate::{PaperError, words};

/// The name of the act, agreed by the parties in the offer.
pub const DOCUMENT: &str = "Отчёт агента и Акт об оказанных услугах";

/// What was done, as the format's default has it.
pub(crate) const OPERATION: &str = "Услуги оказаны в полном объеме";

/// Who exchanges the document, and its own id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The agent's id as a participant of the exchange (`2BM-7700000016-770101001-…`).
    pub sender: String,
    /// The principal's.
    pub recipient: String,
    /// Id of this file, a GUID with hyphens.
    pub guid: String,
    /// When it is made.
    pub at: Timestamp,
}

impl Exchange {
    /// The name of the file without `.xml`, which is its id inside too: prefix, recipient, sender, day, GUID, and six marks of goods that need
    /// their own attention (marking, traceability, …), none of which a fee has.
    ///
    /// # Errors
    /// A part that a file name can not have, or a name longer than 255.
    pub fn file_id(&self) -> Result<String, PaperError> {
        let fits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !fits(&self.sender) || !fits(&self.recipient) {
            return Err(PaperError::Requisite("a participant's id"));
        }
        if self.guid.len() != 36 || !self.guid.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-') {
            return Err(PaperError::Requisite("the file's GUID"));
        }
        let day = MOSCOW.to_datetime(self.at).date().strftime("%Y%m%d").to_string();
        let id = format!("ON_NSCHFDOPPR_{}_{}_{day}_{}_0_0_0_0_0_00", self.recipient, self.sender, self.guid);
        if id.len() <= 255 { Ok(id) } else { Err(PaperError::Requisite("the file's id")) }
    }
}

/// One service of the act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Service {
    pub(crate) name: String,
    /// VAT included.
    pub(crate) gross: Money,
    pub(crate) vat: Money,
}

impl Service {
    pub(crate) fn before_vat(&self) -> Result<Money, PaperError> {
        Ok(self.gross.minus(self.vat)?)
    }
}

/// The contract, which the formats must name.
pub(crate) fn contract(report: &Report) -> Result<&Contract, PaperError> {
    report.head.contract.as_ref().ok_or(PaperError::Requisite("the contract's number and date"))
}

/// Whoever signs for a side, whom the formats must name.
pub(crate) fn signatory(party: &Party) -> Result<&Signatory, PaperError> {
    party.signatory.as_ref().ok_or(PaperError::Requisite("the agent's signatory"))
}

/// A side's address, which the formats must name.
pub(crate) fn address(party: &Party) -> Result<&str, PaperError> {
    party.address.as_deref().ok_or(PaperError::Requisite("a side's legal address"))
}

/// The services of the act: the fee first, then what was bought from the balance.
pub(crate) fn services(report: &Report) -> Result<Vec<Service>, PaperError> {
    let head = &report.head;
    let (fee, vat) = report.fee()?;
    if fee.minor() < 0 || vat.minor() < 0 {
        return Err(PaperError::Negative(fee));
    }
    let signed = contract(report)?;
    let contract = format!("№ {} от {}", signed.number, words::date(signed.date));
    let mut services = Vec::new();
    if fee.is_positive() {
        let month = words::month(head.period);
        let name =
            format!("Агентское вознаграждение за {month} по договору {contract} (отчёт агента № {})", head.number);
        services.push(Service { name, gross: fee, vat });
    }
    for bought in report.movements.iter().filter(|movement| movement.kind == MovementKind::Service) {
        services.push(Service { name: bought.what.clone(), gross: bought.amount, vat: bought.vat });
    }
    if services.is_empty() { Err(PaperError::NoService(head.period)) } else { Ok(services) }
}

/// The document's function.
pub(crate) fn function(report: &Report) -> &'static str {
    if report.head.vat == VatRate::None { "ДОП" } else { "СЧФДОП" }
}

fn sum(money: Money) -> String {
    money.to_decimal().to_string()
}

fn rate(vat: VatRate) -> String {
    vat.percent().map_or_else(|| "без НДС".to_owned(), |percent| format!("{percent}%"))
}

/// Writes the seller's title.
///
/// # Errors
/// A month without services or with more given back than earned, a requisite that does not fit, or the place it is written to fails.
pub fn write<W: Write>(out: W, report: &Report, exchange: &Exchange) -> Result<W, PaperError> {
    report.check()?;
    let services = services(report)?;
    let head = &report.head;
    let made = MOSCOW.to_datetime(exchange.at);
    let (day, time) = (words::date(made.date()), made.strftime("%H.%M.%S").to_string());
    let issued = words::date(head.issued);
    let mut xml = Xml::start(out, Encoding::Windows1251)?;
    xml.open("Файл", [("ИдФайл", exchange.file_id()?.as_str()), ("ВерсФорм", "5.03"), ("ВерсПрог", "Apikassa")])?;
    xml.open(
        "Документ",
        [
            ("КНД", "1115131"),
            ("Функция", function(report)),
            (
                "ПоФактХЖ",
                "Документ об отгрузке товаров (выполнении работ), передаче имущественных прав (документ об оказании услуг)",
            ),
            ("НаимДокОпр", DOCUMENT),
            ("ДатаИнфПр", &day),
            ("ВремИнфПр", &time),
            ("НаимЭконСубСост", &composer(&head.agent)),
        ],
    )?;
    xml.open("СвСчФакт", [("НомерДок", head.number.as_str()), ("ДатаДок", &issued)])?;
    party(&mut xml, "СвПрод", &head.agent)?;
    // Line 5а of an invoice: the document of the shipment, which a УПД is itself.
    if head.vat != VatRate::None {
        let name = "Универсальный передаточный документ";
        xml.empty("ДокПодтвОтгрНом", reference(name, &head.number, &issued))?;
    }
    party(&mut xml, "СвПокуп", &head.principal)?;
    xml.empty("ДенИзм", [("КодОКВ", "643"), ("НаимОКВ", "Российский рубль")])?;
    xml.open("ИнфПолФХЖ1", [])?;
    let period = format!("{} - {}", words::date(head.period.first()), words::date(head.period.last()));
    for (name, value) in [("ПериодОтчета", period.as_str()), ("НомерОтчетаАгента", &head.number)]
    {
        xml.empty("ТекстИнф", [("Идентиф", name), ("Значен", value)])?;
    }
    xml.close()?;
    xml.close()?;
    table(&mut xml, report, &services)?;
    xml.open("СвПродПер", [])?;
    let (from, to) = (words::date(head.period.first()), words::date(head.period.last()));
    let handed = [
        ("СодОпер", OPERATION),
        ("ДатаПер", issued.as_str()),
        ("ДатаНачПер", from.as_str()),
        ("ДатаОконПер", to.as_str()),
    ];
    xml.open("СвПер", handed)?;
    let contract = contract(report)?;
    xml.empty("ОснПер", reference("Агентский договор", &contract.number, &words::date(contract.date)))?;
    xml.close()?;
    xml.close()?;
    // 1: by the data of the signature itself, the head of the organisation or the sole proprietor.
    let signatory = signatory(&head.agent)?;
    if !fits(&signatory.position, 255) {
        return Err(PaperError::Requisite("the signatory's position"));
    }
    xml.open("Подписант", [("СпосПодтПолном", "1"), ("Должн", signatory.position.as_str())])?;
    person(&mut xml, &signatory.person)?;
    Ok(xml.finish()?)
}

fn table<W: Write>(xml: &mut Xml<W>, report: &Report, services: &[Service]) -> Result<(), PaperError> {
    let rate = rate(report.head.vat);
    xml.open("ТаблСчФакт", [])?;
    for (number, service) in (1_u32..).zip(services) {
        if !fits(&service.name, 2_000) {
            return Err(PaperError::Requisite("a service's name"));
        }
        let (number, net, gross) = (number.to_string(), sum(service.before_vat()?), sum(service.gross));
        // 876: условная единица, the unit of a service that is not counted.
        xml.open(
            "СведТов",
            [
                ("НомСтр", number.as_str()),
                ("НаимТов", &service.name),
                ("ОКЕИ_Тов", "876"),
                ("НаимЕдИзм", "усл. ед"),
                ("КолТов", "1"),
                ("ЦенаТов", &net),
                ("СтТовБезНДС", &net),
                ("НалСт", &rate),
                ("СтТовУчНал", &gross),
            ],
        )?;
        // 3: a service.
        xml.empty("ДопСведТов", [("ПрТовРаб", "3")])?;
        xml.open("Акциз", [])?;
        xml.text("БезАкциз", "без акциза")?;
        xml.close()?;
        tax(xml, "СумНал", report.head.vat, service.vat)?;
        xml.close()?;
    }
    let (gross, vat) = report.services()?;
    let (all, net) = (sum(gross), sum(gross.minus(vat)?));
    xml.open("ВсегоОпл", [("СтТовБезНДСВсего", net.as_str()), ("СтТовУчНалВсего", &all)])?;
    tax(xml, "СумНалВсего", report.head.vat, vat)?;
    xml.close()?;
    xml.close()?;
    Ok(())
}

fn tax<W: Write>(xml: &mut Xml<W>, name: &'static str, rate: VatRate, vat: Money) -> Result<(), PaperError> {
    xml.open(name, [])?;
    if rate == VatRate::None {
        xml.text("БезНДС", "без НДС")?;
    } else {
        xml.text("СумНал", &sum(vat))?;
    }
    xml.close()?;
    Ok(())
}

fn reference<'a>(name: &'a str, number: &'a str, date: &'a str) -> [(&'a str, &'a str); 3] {
    [("РеквНаимДок", name), ("РеквНомерДок", number), ("РеквДатаДок", date)]
}

/// Whether a text is there and not longer than its field.
fn fits(text: &str, longest: usize) -> bool {
    !text.is_empty() && text.chars().count() <= longest
}

fn composer(party: &Party) -> String {
    let kpp = party.kpp().map(|kpp| format!(", КПП {kpp}")).unwrap_or_default();
    format!("{}, ИНН {}{kpp}", party.name, party.inn)
}

fn party<W: Write>(xml: &mut Xml<W>, name: &'static str, party: &Party) -> Result<(), PaperError> {
    let digits = |text: &str, length: usize| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    xml.open(name, [])?;
    xml.open("ИдСв", [])?;
    match &party.standing {
        Standing::Company { kpp } => {
            if !digits(&party.inn, 10) || kpp.as_ref().is_some_and(|kpp| !digits(kpp, 9)) {
                return Err(PaperError::Requisite("ИНН or КПП of a legal entity"));
            }
            let kpp = kpp.as_ref().map(|kpp| ("КПП", kpp.as_str()));
            let named = [("НаимОрг", party.name.as_str()), ("ИННЮЛ", &party.inn)];
            xml.empty("СвЮЛУч", named.into_iter().chain(kpp))?;
        }
        Standing::Entrepreneur(who) => {
            if !digits(&party.inn, 12) {
                return Err(PaperError::Requisite("ИНН of a sole proprietor"));
            }
            let ogrn = party.ogrn.as_ref().map(|ogrn| ("ОГРНИП", ogrn.as_str()));
            xml.open("СвИП", [("ИННФЛ", party.inn.as_str())].into_iter().chain(ogrn))?;
            person(xml, who)?;
            xml.close()?;
        }
    }
    xml.close()?;
    xml.open("Адрес", [])?;
    // In one line: the parts of АдрРФ are not known apart, and АдрИнф carries any address.
    xml.empty("АдрИнф", [("КодСтр", "643"), ("НаимСтран", "Россия"), ("АдрТекст", address(party)?)])?;
    xml.close()?;
    xml.close()?;
    Ok(())
}

fn person<W: Write>(xml: &mut Xml<W>, who: &Person) -> Result<(), PaperError> {
    let parts = [Some(&who.surname), Some(&who.name), who.patronymic.as_ref()];
    if !parts.into_iter().flatten().all(|part| fits(part, 60)) {
        return Err(PaperError::Requisite("a person's name"));
    }
    let patronymic = who.patronymic.as_ref().map(|text| ("Отчество", text.as_str()));
    let named = [("Фамилия", who.surname.as_str()), ("Имя", who.name.as_str())];
    Ok(xml.empty("ФИО", named.into_iter().chain(patronymic))?)
}

#[cfg(test)]
mod tests;
