//! What `PayKeeper` writes down beside the payments themselves: invoices, and which payments an order number and a day have.

use domain::acquiring::{Lapse, Stages};
use domain::details::Language;
use domain::id::Tenant;
use domain::money::Money;
use domain::time::{Timestamp, moscow_date};
use jiff::fmt::serde::timestamp::second;
use serde::{Deserialize, Serialize};
use serde_json::json;
use workflows::ports::Ports;

use super::super::{Deal, DealState, Family, NewDeal, find_by_reference};
use super::words::{Service, System, took_money};
use crate::SandboxError;
use crate::rows::{self, Next, Thing};

/// Entries a day or an order number remembers, at most.
const ENTRIES_MAX: usize = 2_000;
/// Days a register looks back from its end, at most.
const DAYS_MAX: usize = 62;

/// An invoice; also what a payment form was filled with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// Id.
    pub id: String,
    /// The shop's order number; may be empty.
    pub orderid: String,
    /// The shop's client.
    pub clientid: String,
    /// As it was sent: a text, or JSON with more.
    pub service_name: String,
    /// The buyer's e-mail.
    pub client_email: String,
    /// The buyer's telephone.
    pub client_phone: String,
    /// What is to be paid.
    pub amount: Money,
    /// Until when.
    #[serde(with = "second::required")]
    pub expires_at: Timestamp,
    /// When it was made.
    #[serde(with = "second::required")]
    pub created_at: Timestamp,
    /// Sent by mail.
    pub sent: bool,
    /// Withdrawn.
    pub revoked: bool,
    /// The card is saved for the client.
    pub save: bool,
    /// Payments the buyer began, in order.
    pub payments: Vec<String>,
}

impl Thing for Invoice {
    const KIND: &'static str = "paykeeper-invoice";

    fn due(&self) -> Option<Timestamp> {
        None
    }
}

impl Invoice {
    /// The payment of it that counts, as it stands now: what took money, else the last.
    pub async fn payment(&self, ports: &Ports, tenant: &Tenant) -> Result<Option<Deal>, SandboxError> {
        let mut last = None;
        for reference in &self.payments {
            let found = find_by_reference(ports, tenant, Family::Paykeeper, reference).await?;
            if found.as_ref().is_some_and(|deal| took_money(&deal.facts())) {
                return Ok(found);
            }
            last = found.or(last);
        }
        Ok(last)
    }

    /// `created`, `sent`, `paid` or `expired`.
    pub fn status(&self, payment: Option<&Deal>, now: Timestamp) -> &'static str {
        let is_over = self.revoked
            || now >= self.expires_at
            || payment.is_some_and(|deal| deal.facts().state == DealState::Declined && now >= deal.expires_at);
        match (payment.is_some_and(|deal| took_money(&deal.facts())), is_over) {
            (true, _) => "paid",
            (false, true) => "expired",
            (false, false) if self.sent => "sent",
            (false, false) => "created",
        }
    }

    /// A payment of it through one of the systems.
    pub fn deal(&self, number: String, system: System, base_url: &str, partner: &str) -> NewDeal {
        let service = Service::read(&self.service_name);
        let back = if service.back.is_empty() { base_url.to_owned() } else { service.back };
        NewDeal {
            family: Family::Paykeeper,
            number,
            amount: self.amount,
            stages: if system == System::CardHold { Stages::Two } else { Stages::One },
            method: system.method(),
            description: service.name.clone(),
            return_success: back.clone(),
            return_failure: back,
            callback_url: None,
            expires_at: self.expires_at,
            language: if service.lang == "en" { Language::En } else { Language::Ru },
            merchant: partner.to_owned(),
            customer: (!self.clientid.is_empty()).then(|| self.clientid.clone()),
            save: self.save,
            points_max: None,
            hold_seconds: connectors::bank::paykeeper::HOLD_SECONDS,
            lapse: Lapse::Captured,
            words: json!({
                "orderid": self.orderid,
                "clientid": self.clientid,
                "service_name": service.name,
                "client_email": self.client_email,
                "client_phone": self.client_phone,
                "system": system.id(),
            }),
        }
    }
}

/// Payments under one order number, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Order {
    payments: Vec<String>,
}

impl Thing for Order {
    const KIND: &'static str = "paykeeper-order";

    fn due(&self) -> Option<Timestamp> {
        None
    }
}

/// What was made on one day in Moscow, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Day {
    invoices: Vec<String>,
    payments: Vec<String>,
    made: u32,
}

impl Thing for Day {
    const KIND: &'static str = "paykeeper-day";

    fn due(&self) -> Option<Timestamp> {
        None
    }
}

fn order_id(orderid: &str) -> String {
    workflows::access::sha256_hex(orderid)
}

fn add(list: &mut Vec<String>, entry: &str) -> bool {
    if list.iter().any(|known| known == entry) {
        return false;
    }
    list.push(entry.to_owned());
    let over = list.len().saturating_sub(ENTRIES_MAX);
    list.drain(..over);
    true
}

/// Writes a new invoice down under an id of its own.
pub async fn keep(ports: &Ports, tenant: &Tenant, mut invoice: Invoice) -> Result<Invoice, SandboxError> {
    let (now, day) = (invoice.created_at, moscow_date(invoice.created_at).to_string());
    let clock = super::words::moscow(now).replace(|c: char| !c.is_ascii_digit(), "");
    invoice.id = rows::change(ports, tenant, &day, |before: Option<Day>| {
        let mut day = before.unwrap_or_default();
        day.made = day.made.saturating_add(1);
        // As the vendor's: the moment and three digits more.
        let id = format!("{clock}{:03}", day.made % 1_000);
        add(&mut day.invoices, &id);
        Next::Put(day, id)
    })
    .await?;
    rows::change(ports, tenant, &invoice.id, |_: Option<Invoice>| Next::Put(invoice.clone(), ())).await?;
    Ok(invoice)
}

/// Writes down that a payment was begun.
pub async fn begin(ports: &Ports, tenant: &Tenant, deal: &Deal) -> Result<(), SandboxError> {
    let orderid = super::words::word(deal, "orderid").to_owned();
    rows::change(ports, tenant, &order_id(&orderid), |before: Option<Order>| {
        let mut order = before.unwrap_or_default();
        if add(&mut order.payments, &deal.reference) { Next::Put(order, ()) } else { Next::Keep(()) }
    })
    .await?;
    let day = moscow_date(deal.created_at).to_string();
    rows::change(ports, tenant, &day, |before: Option<Day>| {
        let mut day = before.unwrap_or_default();
        if add(&mut day.payments, &deal.reference) { Next::Put(day, ()) } else { Next::Keep(()) }
    })
    .await
}

/// How many payments an order number has.
pub async fn count_of(ports: &Ports, tenant: &Tenant, orderid: &str) -> Result<usize, SandboxError> {
    let order: Option<Order> = rows::load(ports, tenant, &order_id(orderid)).await?;
    Ok(order.unwrap_or_default().payments.len())
}

/// The payments of an order number, as they stand now.
pub async fn payments_of(ports: &Ports, tenant: &Tenant, orderid: &str) -> Result<Vec<Deal>, SandboxError> {
    let order: Option<Order> = rows::load(ports, tenant, &order_id(orderid)).await?;
    deals(ports, tenant, &order.unwrap_or_default().payments).await
}

/// The payments begun on these days.
pub async fn payments_between(
    ports: &Ports,
    tenant: &Tenant,
    first: jiff::civil::Date,
    last: jiff::civil::Date,
) -> Result<Vec<Deal>, SandboxError> {
    let mut found = Vec::new();
    for day in days(ports, tenant, first, last).await? {
        found.extend(deals(ports, tenant, &day.payments).await?);
    }
    Ok(found)
}

/// The invoices made on these days.
pub async fn invoices_between(
    ports: &Ports,
    tenant: &Tenant,
    first: jiff::civil::Date,
    last: jiff::civil::Date,
) -> Result<Vec<Invoice>, SandboxError> {
    let mut found = Vec::new();
    for day in days(ports, tenant, first, last).await? {
        for id in &day.invoices {
            found.extend(rows::load::<Invoice>(ports, tenant, id).await?);
        }
    }
    Ok(found)
}

async fn days(
    ports: &Ports,
    tenant: &Tenant,
    first: jiff::civil::Date,
    last: jiff::civil::Date,
) -> Result<Vec<Day>, SandboxError> {
    let now = workflows::clock::now(ports, tenant).await?;
    let mut found = Vec::new();
    // Nothing is written ahead of the day that is.
    let mut at = last.min(moscow_date(now));
    for _ in 0..DAYS_MAX {
        if at < first {
            break;
        }
        found.extend(rows::load::<Day>(ports, tenant, &at.to_string()).await?);
        let Ok(before) = at.yesterday() else { break };
        at = before;
    }
    found.reverse();
    Ok(found)
}

async fn deals(ports: &Ports, tenant: &Tenant, references: &[String]) -> Result<Vec<Deal>, SandboxError> {
    let mut found = Vec::new();
    for reference in references {
        found.extend(find_by_reference(ports, tenant, Family::Paykeeper, reference).await?);
    }
    Ok(found)
}
