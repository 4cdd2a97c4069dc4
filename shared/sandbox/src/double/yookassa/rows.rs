//! What the double can be asked for besides a deal's own id: the newest payments, and a refund's payment.

use std::collections::BTreeSet;

use domain::id::Tenant;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use workflows::ports::Ports;

use crate::SandboxError;
use crate::rows::{self, Next, Thing};

/// Payments that can be listed, at most: the newest ones.
const LISTED_MAX: usize = 1_000;
/// Later than every moment there is; ids count down from it, so that the newest comes first.
const LAST_SECOND: i64 = 9_999_999_999;

/// A place in the list of payments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The deal.
    pub reference: String,
    /// When it got its place, Unix seconds: not after it was made.
    pub at: i64,
}

impl Thing for Listed {
    const KIND: &'static str = "yookassa-payment";

    fn due(&self) -> Option<Timestamp> {
        None
    }
}

/// Which payment a refund is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RefundOf {
    reference: String,
}

impl Thing for RefundOf {
    const KIND: &'static str = "yookassa-refund";

    fn due(&self) -> Option<Timestamp> {
        None
    }
}

/// Gives a payment its place in the list, before it is made: what is made can be found, whoever lost the answer.
pub async fn list(ports: &Ports, tenant: &Tenant, reference: &str, now: Timestamp) -> Result<(), SandboxError> {
    let id = format!("{:010}-{reference}", LAST_SECOND.saturating_sub(now.as_second()));
    rows::change(ports, tenant, &id, |before: Option<Listed>| match before {
        Some(_) => Next::Keep(()),
        None => Next::Put(Listed { reference: reference.to_owned(), at: now.as_second() }, ()),
    })
    .await
}

/// Places of payments, the newest first, each payment once.
pub async fn listed(ports: &Ports, tenant: &Tenant) -> Result<Vec<Listed>, SandboxError> {
    let mut found = rows::list::<Listed>(ports, tenant, LISTED_MAX).await?;
    let mut seen = BTreeSet::new();
    // One that was asked for twice has two places.
    found.retain(|listed| seen.insert(listed.reference.clone()));
    Ok(found)
}

/// Writes down which payment a refund is of, before it is made.
pub async fn keep_refund(ports: &Ports, tenant: &Tenant, id: &str, reference: &str) -> Result<(), SandboxError> {
    rows::change(ports, tenant, id, |before: Option<RefundOf>| match before {
        Some(_) => Next::Keep(()),
        None => Next::Put(RefundOf { reference: reference.to_owned() }, ()),
    })
    .await
}

/// Which payment a refund is of.
pub async fn refund_of(ports: &Ports, tenant: &Tenant, id: &str) -> Result<Option<String>, SandboxError> {
    let plain = (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !plain {
        return Ok(None);
    }
    let found: Option<RefundOf> = rows::load(ports, tenant, id).await?;
    Ok(found.map(|of| of.reference))
}
