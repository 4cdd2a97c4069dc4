//! Saved means: a row by token, and a row by customer that lists the tokens.

use domain::acquiring::Method;
use domain::id::Tenant;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use workflows::ports::Ports;

use super::card::{Card, CardShown};
use super::machine::Deal;
use super::tell::Event;
use super::{Family, act};
use crate::SandboxError;
use crate::rows::{self, Next, Thing};

/// Saved means of one customer, at most: more are forgotten from the oldest on.
const TOKENS_MAX: usize = 50;

/// Means a buyer has allowed to be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// Whose.
    pub family: Family,
    /// What it is charged by.
    pub token: String,
    /// The merchant's id of the buyer.
    pub customer: String,
    /// By what means.
    pub method: Method,
    /// The test card behind it.
    pub card: Card,
    /// Reference of the deal that made it.
    pub deal: String,
    /// When.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub made_at: Timestamp,
    /// Whether it was forgotten.
    pub forgotten: bool,
}

impl Binding {
    /// What a bank shows of it; nothing for the СБП.
    pub fn shown(&self) -> Option<CardShown> {
        (self.method != Method::Sbp).then(|| self.card.shown())
    }
}

impl Thing for Binding {
    const KIND: &'static str = "binding";

    fn due(&self) -> Option<Timestamp> {
        None
    }
}

/// The tokens of one customer, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Customer {
    tokens: Vec<String>,
}

impl Thing for Customer {
    const KIND: &'static str = "binding-customer";

    fn due(&self) -> Option<Timestamp> {
        None
    }
}

fn id(family: Family, name: &str) -> String {
    format!("{}.{}", family.code(), workflows::access::sha256_hex(name))
}

/// Writes down the means a deal has saved. Repeatable.
pub(super) async fn keep(ports: &Ports, tenant: &Tenant, deal: &Deal) -> Result<(), SandboxError> {
    let (Some(customer), Some(card)) = (&deal.customer, deal.card()) else { return Ok(()) };
    let token = deal.token();
    // The customer's list first: a token in it without its row is passed over, a row nobody lists would be lost.
    rows::change(ports, tenant, &id(deal.family, customer), |before: Option<Customer>| {
        let mut known = before.unwrap_or_default();
        if known.tokens.iter().any(|known| known == token) {
            return Next::Keep(());
        }
        known.tokens.push(token.to_owned());
        let over = known.tokens.len().saturating_sub(TOKENS_MAX);
        known.tokens.drain(..over);
        Next::Put(known, ())
    })
    .await?;
    let binding = Binding {
        family: deal.family,
        token: token.to_owned(),
        customer: customer.clone(),
        method: deal.method,
        card,
        deal: deal.reference.clone(),
        made_at: deal.facts().authorized_at.unwrap_or(deal.created_at),
        forgotten: false,
    };
    rows::change(ports, tenant, &id(deal.family, token), |before: Option<Binding>| match before {
        Some(_) => Next::Keep(()),
        None => Next::Put(binding.clone(), ()),
    })
    .await
}

/// Saved means by their token; nothing when they are unknown or forgotten.
pub async fn binding(
    ports: &Ports,
    tenant: &Tenant,
    family: Family,
    token: &str,
) -> Result<Option<Binding>, SandboxError> {
    let found: Option<Binding> = rows::load(ports, tenant, &id(family, token)).await?;
    Ok(found.filter(|binding| !binding.forgotten))
}

/// Saved means of a customer, oldest first.
pub async fn bindings(
    ports: &Ports,
    tenant: &Tenant,
    family: Family,
    customer: &str,
) -> Result<Vec<Binding>, SandboxError> {
    let known: Option<Customer> = rows::load(ports, tenant, &id(family, customer)).await?;
    let mut found = Vec::new();
    for token in known.unwrap_or_default().tokens {
        found.extend(binding(ports, tenant, family, &token).await?);
    }
    Ok(found)
}

/// Forgets saved means, and has it told. Whether there were any; forgotten before counts as there.
pub async fn unbind(ports: &Ports, tenant: &Tenant, family: Family, token: &str) -> Result<bool, SandboxError> {
    let forgotten = rows::change(ports, tenant, &id(family, token), |before: Option<Binding>| match before {
        None => Next::Keep(None),
        Some(before) if before.forgotten => Next::Keep(Some(None)),
        Some(before) => {
            let deal = before.deal.clone();
            Next::Put(Binding { forgotten: true, ..before }, Some(Some(deal)))
        }
    })
    .await?;
    if let Some(Some(reference)) = &forgotten {
        act(ports, tenant, reference, |deal, now| deal.tell(&Event::Unbound, now)).await?;
    }
    Ok(forgotten.is_some())
}
