//! The same act as data for Diadoc's `GenerateTitleXml`, which makes the formalised file itself (developer.kontur.ru, «Генерация
//! формализованного документа»; scheme `ON_NSCHFDOPPR_UserContract_970_05_03_01`): for a partner whose exchange goes through Diadoc's boxes.
//!
//! `POST /GenerateTitleXml?boxId=…&documentTypeNamedId=UniversalTransferDocument&documentFunction=…&documentVersion=utd970_05_03_01&titleIndex=0`.

use std::io::Write;

use domain::report::{Party, Report, Standing};
use domain::tax::VatRate;

use crate::upd::{DOCUMENT, OPERATION, address, contract, function, services, signatory};
use crate::xml::{Encoding, Xml};
use crate::{PaperError, words};

/// The version to name in the request.
pub const VERSION: &str = "utd970_05_03_01";

/// The function to name in the request: `СЧФДОП`, or `ДОП` of an agent that pays no VAT.
pub fn document_function(report: &Report) -> &'static str {
    function(report)
}

const fn rate(vat: VatRate) -> &'static str {
    match vat {
        VatRate::None => "NoVat",
        VatRate::Vat0 => "ZeroPercent",
        VatRate::Vat5 => "FivePercent",
        VatRate::Vat7 => "SevenPercent",
        VatRate::Vat10 => "TenPercent",
        VatRate::Vat20 => "TwentyPercent",
        VatRate::Vat22 => "TwentyTwoPercent",
    }
}

/// Writes the body of the request.
///
/// # Errors
/// A month without services or with more given back than earned, or the place it is written to fails.
pub fn write<W: Write>(out: W, report: &Report) -> Result<W, PaperError> {
    report.check()?;
    let services = services(report)?;
    let head = &report.head;
    let issued = words::date(head.issued);
    let untaxed = head.vat == VatRate::None;
    let mut xml = Xml::start(out, Encoding::Utf8)?;
    xml.open(
        "UniversalTransferDocument",
        [
            ("Function", function(report)),
            ("DocumentDate", issued.as_str()),
            ("DocumentNumber", &head.number),
            ("DocumentName", DOCUMENT),
            ("Currency", "643"),
            ("DocumentCreator", &head.agent.name),
        ],
    )?;
    for (side, one, who) in [("Sellers", "Seller", &head.agent), ("Buyers", "Buyer", &head.principal)] {
        xml.open(side, [])?;
        xml.open(one, [])?;
        party(&mut xml, who)?;
        xml.close()?;
        xml.close()?;
    }
    // 1: by the data of the signature itself.
    let signatory = signatory(&head.agent)?;
    xml.open("Signers", [])?;
    xml.open("Signer", [("SignerPowersConfirmationMethod", "1")])?;
    let patronymic = signatory.person.patronymic.as_ref().map(|text| ("MiddleName", text.as_str()));
    let named = [("LastName", signatory.person.surname.as_str()), ("FirstName", &signatory.person.name)];
    xml.empty("Fio", named.into_iter().chain(patronymic))?;
    xml.open_text("Position", [("PositionSource", "Manual")], &signatory.position)?;
    xml.close()?;
    xml.close()?;
    if !untaxed {
        xml.open("DocumentShipments", [])?;
        let name = "Универсальный передаточный документ";
        xml.empty("DocumentShipment", reference(name, &head.number, &issued))?;
        xml.close()?;
    }
    let (gross, vat) = report.services()?;
    let sums = [gross.minus(vat)?, vat, gross].map(|sum| sum.to_decimal().to_string());
    let [net, vat, gross] = sums.each_ref().map(String::as_str);
    let vat = if untaxed { ("WithoutVat", "true") } else { ("Vat", vat) };
    xml.open("Table", [("TotalWithVatExcluded", net), vat, ("Total", gross)])?;
    for service in &services {
        let sums = [service.before_vat()?, service.vat, service.gross].map(|sum| sum.to_decimal().to_string());
        let [net, vat, gross] = sums.each_ref().map(String::as_str);
        let vat = if untaxed { ("WithoutVat", "true") } else { ("Vat", vat) };
        xml.empty(
            "Item",
            [
                ("Product", service.name.as_str()),
                ("Unit", "876"),
                ("UnitName", "усл. ед"),
                ("Quantity", "1"),
                ("Price", net),
                ("TaxRate", rate(head.vat)),
                ("SubtotalWithVatExcluded", net),
                vat,
                ("Subtotal", gross),
                ("ItemMark", "3"),
            ],
        )?;
    }
    xml.close()?;
    let days = [words::date(head.period.first()), words::date(head.period.last())];
    let [from, to] = days.each_ref().map(String::as_str);
    let handed = [
        ("OperationInfo", OPERATION),
        ("TransferDate", issued.as_str()),
        ("TransferStartDate", from),
        ("TransferEndDate", to),
    ];
    xml.open("TransferInfo", handed)?;
    xml.open("TransferBases", [])?;
    let contract = contract(report)?;
    xml.empty("TransferBase", reference("Агентский договор", &contract.number, &words::date(contract.date)))?;
    Ok(xml.finish()?)
}

fn reference<'a>(name: &'a str, number: &'a str, date: &'a str) -> [(&'a str, &'a str); 3] {
    [("DocumentName", name), ("DocumentNumber", number), ("DocumentDate", date)]
}

fn party<W: Write>(xml: &mut Xml<W>, party: &Party) -> Result<(), PaperError> {
    // Kinds of organisations: 1 a sole proprietor, 2 a legal entity.
    let (kind, name) = match &party.standing {
        Standing::Company { .. } => ("2", party.name.clone()),
        Standing::Entrepreneur(who) => {
            let names = [Some(&who.surname), Some(&who.name), who.patronymic.as_ref()];
            ("1", names.into_iter().flatten().cloned().collect::<Vec<_>>().join(" "))
        }
    };
    let kpp = party.kpp().map(|kpp| ("Kpp", kpp));
    let named = [("OrgType", kind), ("OrgName", name.as_str()), ("Inn", &party.inn)];
    xml.open("OrganizationDetails", named.into_iter().chain(kpp))?;
    xml.open("Address", [])?;
    xml.empty("ForeignAddress", [("Country", "643"), ("Address", address(party)?)])?;
    xml.close()?;
    Ok(xml.close()?)
}
