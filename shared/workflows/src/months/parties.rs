//! Who a report is between, as it stands on the day its month is closed.

use domain::money::Money;
use domain::partner::Partner;
use domain::report::{Head, Party, Period, Person, Signatory, Standing, Wrong};
use domain::tax::VatRate;
use rust_decimal::Decimal;

use crate::ports::Ports;

/// The head of a month's report.
pub(super) fn head(ports: &Ports, partner: &Partner, period: Period, no: u32, vat: VatRate, opening: Money) -> Head {
    Head {
        number: no.to_string(),
        issued: period.last(),
        period,
        agent: agent(ports, partner),
        principal: principal(partner),
        contract: partner.legal.contract.clone(),
        vat,
        opening,
    }
}

/// The rate of so many percent.
pub(super) fn rate(percent: Decimal) -> Result<VatRate, Wrong> {
    if percent.is_zero() {
        return Ok(VatRate::None);
    }
    let known = VatRate::ALL.into_iter().find(|rate| rate.percent().map(Decimal::from) == Some(percent));
    known.ok_or(Wrong::Head("VAT rate"))
}

fn standing(inn: &str, kpp: Option<&str>, name: &str, signatory: Option<&Signatory>) -> Standing {
    if inn.len() != 12 {
        return Standing::Company { kpp: kpp.map(ToOwned::to_owned) };
    }
    // A sole proprietor's name is `ИП Иванов Иван Иванович`, and it is mostly they who sign.
    let mut words = name
        .split_whitespace()
        .filter(|word| !matches!(word.to_lowercase().as_str(), "ип" | "индивидуальный" | "предприниматель"));
    let named = Person {
        surname: words.next().unwrap_or(name).to_owned(),
        name: words.next().unwrap_or_default().to_owned(),
        patronymic: Some(words.collect::<Vec<_>>().join(" ")).filter(|patronymic| !patronymic.is_empty()),
    };
    let told = signatory.filter(|_| named.name.is_empty()).map(|signatory| signatory.person.clone());
    Standing::Entrepreneur(told.unwrap_or(named))
}

fn agent(ports: &Ports, partner: &Partner) -> Party {
    let agent = &ports.settings.agent;
    let signatory = partner.legal.agent_signatory.clone();
    Party {
        name: agent.name.clone(),
        inn: agent.inn.clone(),
        standing: standing(&agent.inn, None, &agent.name, signatory.as_ref()),
        ogrn: None,
        address: Some(agent.address.clone()).filter(|address| !address.trim().is_empty()),
        signatory,
    }
}

fn principal(partner: &Partner) -> Party {
    let legal = &partner.legal;
    Party {
        name: partner.name.clone(),
        inn: partner.inn.clone(),
        standing: standing(&partner.inn, partner.kpp.as_deref(), &partner.name, legal.signatory.as_ref()),
        ogrn: legal.ogrn.clone(),
        address: legal.address.clone(),
        signatory: legal.signatory.clone(),
    }
}
