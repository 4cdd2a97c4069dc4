//! Tariffs put by the operator, assigned to partners, and what an order is priced by.

use std::sync::Arc;

use domain::commission::CommissionTerms;
use domain::details::Purpose;
use domain::id::Tenant;
use domain::money::Money;
use domain::partner::Partner;
use domain::tariff::{Activation, Assigned, Pricing, PromoRefusal, Tariff, Tariffs, Version, VersionRefusal};
use domain::tax::{Taxation, VatRate};
use domain::time::{Timestamp, moscow_date, plus_seconds, whole_seconds};
use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::clock;
use crate::error::WorkflowError;
use crate::ports::Ports;
use crate::prepaid::{self, Shortage};

/// Seconds a month of the API may be paid ahead: a month is not paid while another one has not begun.
const AHEAD_SECONDS: i64 = 31 * 24 * 3_600;

/// VAT on the platform's own fee on a day, in percent: under the general taxation the general rate, otherwise none. A tariff's version
/// may say another.
pub fn vat_percent(taxation: Taxation, on: Date) -> Decimal {
    let general = [VatRate::Vat22, VatRate::Vat20].into_iter().find(|rate| rate.in_force(on));
    let percent = general.filter(|_| taxation == Taxation::Osn).and_then(VatRate::percent);
    percent.map(Decimal::from).unwrap_or_default()
}

/// All tariffs, at most a minute old.
pub async fn all(ports: &Ports) -> Result<Arc<Vec<Tariff>>, WorkflowError> {
    Ok(ports.store.tariffs(whole_seconds(ports.clock.now())).await?)
}

/// What an order made at a moment is priced by. Partners without a tariff and a promo code read nothing for it.
pub(crate) async fn price(
    ports: &Ports,
    partner: &Partner,
    categories: &[&str],
    purpose: Purpose,
    now: Timestamp,
) -> Result<(CommissionTerms, Option<Pricing>), WorkflowError> {
    let mine = &partner.tariffs;
    let tariffs = match mine.at(now) {
        Some(_) => Some(all(ports).await?),
        None => None,
    };
    let tariff = tariffs.as_ref().and_then(|tariffs| tariffs.iter().find(|one| Some(one.id.as_str()) == mine.at(now)));
    let vat_percent = vat_percent(ports.settings.agent.taxation, moscow_date(now));
    let (terms, pricing) = mine.price(&partner.commission, tariff, vat_percent, categories, now);
    // Saving means is no order of anything: nothing would ever end it.
    let service = |pricing: &Pricing| pricing.service.clone().filter(|_| purpose != Purpose::SaveMeans);
    Ok((terms, pricing.map(|pricing| Pricing { service: service(&pricing), ..pricing })))
}

/// The price of a month of the API that a partner's tariff asks for, and the VAT in percent it includes.
async fn month(ports: &Ports, partner: &Partner, now: Timestamp) -> Result<Option<(Money, Decimal)>, WorkflowError> {
    let Some(id) = partner.tariffs.at(now) else { return Ok(None) };
    let tariffs = all(ports).await?;
    let version = tariffs.iter().find(|tariff| tariff.id == id).and_then(|tariff| tariff.at(now));
    let general = vat_percent(ports.settings.agent.taxation, moscow_date(now));
    Ok(version.and_then(|version| Some((version.api.month()?, version.vat_percent.unwrap_or(general)))))
}

/// The price of a month of the API that is not paid: without it a partner makes no orders.
pub(crate) async fn unpaid_month(
    ports: &Ports,
    partner: &Partner,
    now: Timestamp,
) -> Result<Option<Money>, WorkflowError> {
    if partner.tariffs.paid_until.is_some_and(|until| now < until) {
        return Ok(None);
    }
    Ok(month(ports, partner, now).await?.map(|(price, _)| price))
}

/// What became of a wish to pay for a month of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Month {
    /// The API is paid until then.
    Paid(Tariffs),
    /// What is paid ahead does not cover it.
    TooLittle(Shortage),
    /// The partner's tariff asks for none, or it is paid for more than a month ahead.
    None,
}

/// Pays for the next month of the API from what is paid ahead. Each month has a number: however often and wherever it is asked for, it
/// is paid once.
pub async fn pay_month(ports: &Ports, tenant: &Tenant) -> Result<Month, WorkflowError> {
    let now = clock::now(ports, tenant).await?;
    let partner = crate::perform::partner(ports, tenant).await?;
    let Some(price) = month(ports, &partner, now).await? else { return Ok(Month::None) };
    if partner.tariffs.paid_until.is_some_and(|until| plus_seconds(now, AHEAD_SECONDS) < until) {
        return Ok(Month::None);
    }
    let number = partner.tariffs.months + 1;
    let credit = Money::rub(partner.tariffs.credit_minor);
    if let Some(shortage) = prepaid::buy(ports, tenant, price, credit, &format!("api.{number}")).await? {
        return Ok(Month::TooLittle(shortage));
    }
    let change = |before: Option<Partner>| {
        let mut partner = before?;
        partner.tariffs.month_paid(number, now);
        let tariffs = partner.tariffs.clone();
        Some((partner, tariffs))
    };
    let changed = ports.store.change_partner(tenant, change).await?;
    Ok(Month::Paid(changed.ok_or(WorkflowError::NotFound)?))
}

/// Puts a version of a tariff, and the tariff's name. Answers the tariff, and whether anything changed.
pub async fn put(
    ports: &Ports,
    id: &str,
    name: &(String, String),
    version: &Version,
) -> Result<Result<(Tariff, bool), VersionRefusal>, WorkflowError> {
    let now = whole_seconds(ports.clock.now());
    let put = |before: Option<Tariff>| {
        let new = || Tariff { id: id.to_owned(), name: name.clone(), versions: Vec::new() };
        let mut tariff = before.unwrap_or_else(new);
        match tariff.put(version.clone(), now) {
            Err(refusal) => (None, Err(refusal)),
            Ok(changed) => {
                let changed = changed || tariff.name != *name;
                tariff.name.clone_from(name);
                (changed.then(|| tariff.clone()), Ok((tariff, changed)))
            }
        }
    };
    Ok(ports.store.change_tariff(id, put).await?)
}

/// Why a tariff can not be assigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unassignable {
    /// There is no such tariff.
    Unknown,
    /// It has no version in force by then.
    NotInForce,
    /// What has been priced stays priced: it can not begin before now.
    Past,
}

/// What an operator sets of a partner's pricing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The tariff; individual terms where none is named.
    pub tariff: Option<String>,
    /// Since when; at once where nothing is said.
    pub from: Option<Timestamp>,
    /// Kopecks the account of what is paid ahead may be overdrawn by; as before where nothing is said.
    pub credit_minor: Option<i64>,
}

/// Assigns a tariff to a partner. Other instances hear of it within a minute.
pub async fn assign(
    ports: &Ports,
    tenant: &Tenant,
    asked: &Assignment,
) -> Result<Result<Tariffs, Unassignable>, WorkflowError> {
    let now = clock::now(ports, tenant).await?;
    let from = asked.from.unwrap_or(now);
    if from < now && asked.from.is_some() {
        // Said again, it changes nothing and is no error.
        let partner = crate::perform::partner(ports, tenant).await?;
        let there = partner.tariffs.assigned.iter().any(|one| one.from == from && one.tariff == asked.tariff);
        return Ok(if there { Ok(partner.tariffs.clone()) } else { Err(Unassignable::Past) });
    }
    if let Some(id) = &asked.tariff {
        let tariffs = all(ports).await?;
        let Some(tariff) = tariffs.iter().find(|tariff| tariff.id == *id) else {
            return Ok(Err(Unassignable::Unknown));
        };
        if tariff.at(from).is_none() {
            return Ok(Err(Unassignable::NotInForce));
        }
    }
    let change = |before: Option<Partner>| {
        let mut partner = before?;
        partner.tariffs.assign(Assigned { tariff: asked.tariff.clone(), from });
        partner.tariffs.credit_minor = asked.credit_minor.unwrap_or(partner.tariffs.credit_minor);
        let tariffs = partner.tariffs.clone();
        Some((partner, tariffs))
    };
    let changed = ports.store.change_partner(tenant, change).await?;
    Ok(Ok(changed.ok_or(WorkflowError::NotFound)?))
}

/// Activates a promo code for a partner, once. Nothing where there is no such code. Other instances hear of it within a minute.
pub async fn activate(
    ports: &Ports,
    tenant: &Tenant,
    code: &str,
) -> Result<Option<Result<Activation, PromoRefusal>>, WorkflowError> {
    let Some(promo) = ports.store.promo(code).await? else { return Ok(None) };
    let now = clock::now(ports, tenant).await?;
    let mut refused = None;
    let change = |before: Option<Partner>| {
        let mut partner = before?;
        match partner.tariffs.activate(&promo, now).cloned() {
            Ok(activation) => Some((partner, activation)),
            Err(refusal) => {
                refused = Some(refusal);
                None
            }
        }
    };
    let activated = ports.store.change_partner(tenant, change).await?;
    match (activated, refused) {
        (Some(activation), _) => Ok(Some(Ok(activation))),
        (None, Some(refusal)) => Ok(Some(Err(refusal))),
        (None, None) => Err(WorkflowError::NotFound),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vat_on_the_fee_follows_the_platforms_taxation_and_the_day() {
        let percent = |taxation, on: &str| vat_percent(taxation, on.parse().unwrap()).to_string();
        assert_eq!(percent(Taxation::Osn, "2025-12-31"), "20");
        assert_eq!(percent(Taxation::Osn, "2026-01-01"), "22");
        assert_eq!(percent(Taxation::UsnIncome, "2026-01-01"), "0");
    }
}
