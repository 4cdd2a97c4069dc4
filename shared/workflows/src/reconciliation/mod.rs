//! A partner's reconciliation: papers are loaded, a run lays our journal beside them, and what differs is the accountant's work list.
//!
//! ```text
//!  registry · report · statement ─▶ papers (rows on pages, the last one counts) ┐
//!  orders, payouts ─▶ facts of some days ──────────────────────────────────────┴▶ compare ─▶ merge ─▶ work list ─▶ correction
//! ```
//!
//! Everything may come twice: a paper is known by its rows, a discrepancy by what it is about, a posting by the line or the
//! discrepancy it is for. A run that is cut short has filed a part of what it found, and the next one files the rest.

pub mod close;
pub mod control;
pub mod facts;
pub mod papers;
pub mod run;

use std::collections::{BTreeMap, BTreeSet};

use connectors::registry::{Format, ReportFormat};
use domain::id::Tenant;
use domain::ledger::Account;
use domain::partner::Partner;
use domain::reconcile::{Deposits, Terms};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::error::WorkflowError;
use crate::ports::Ports;

/// What the sandbox's own bank and register are called, which have no name in the partner's settings.
pub const OWN: &str = "sandbox";

/// How a partner is reconciled.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Number of our settlement account the partner's money comes to and leaves from; the account payouts go out from where none is
    /// said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement: Option<String>,
    /// Number of the nominal account; the one payouts leave from where none is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nominal: Option<String>,
    /// Kopecks on the settlement account that are not in the partner's books: the agent's own, and what was there before.
    #[serde(default)]
    pub own_minor: i64,
    /// Lines of statements that are nobody's are in this partner's work list. Where several partners share an account, one has them.
    #[serde(default)]
    pub strangers: bool,
    /// The acquiring accounts, by id; the sandbox's own bank is `sandbox`.
    #[serde(default)]
    pub accounts: BTreeMap<String, AccountRules>,
    /// Reports of registers, by the register's id; the sandbox's own is `sandbox`. Receipts are compared where there are any.
    #[serde(default)]
    pub registers: BTreeMap<String, ReportFormat>,
}

/// How an acquiring account is reconciled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountRules {
    /// How its bank writes registries.
    pub registry: Format,
    /// Names of the files a day consists of, where it is not one without a name.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub parts: BTreeSet<String>,
    /// How its money comes; not compared where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deposits: Option<DepositRules>,
}

/// How a bank pays out what it took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepositRules {
    /// Less its fees, or in full.
    #[serde(default)]
    pub how: Deposits,
    /// ИНН of whoever pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer_inn: Option<String>,
    /// What stands in the purpose, in letters of any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Days before the statement's own a deposit is for, where its purpose names none.
    #[serde(default = "one_day")]
    pub days_before: u8,
}

const fn one_day() -> u8 {
    1
}

/// How far a partner's reconciliation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// The last day that was compared by the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<Date>,
    /// The earliest day a paper was loaded for since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_from: Option<Date>,
}

/// A partner's rules; nothing where nobody has set any.
pub async fn rules(ports: &Ports, tenant: &Tenant) -> Result<Option<Rules>, WorkflowError> {
    Ok(ports.store.reconciliation(tenant).await?)
}

/// Sets them.
pub async fn set_rules(ports: &Ports, tenant: &Tenant, rules: &Rules) -> Result<(), WorkflowError> {
    Ok(ports.store.put_reconciliation(tenant, rules).await?)
}

impl Rules {
    /// Number of the account of our books, where its statements are known.
    pub fn number<'a>(&'a self, ports: &'a Ports, partner: &'a Partner, account: Account) -> Option<&'a str> {
        let leaves = || partner.payout.from.as_ref().map(|from| from.number.as_str());
        match account {
            Account::Settlement => Some(self.settlement.as_deref().unwrap_or(&ports.settings.payer.account)),
            Account::Nominal => self.nominal.as_deref().or_else(leaves),
            _ => None,
        }
    }

    /// What is allowed for.
    pub fn terms(&self) -> Terms {
        let mut terms = Terms::usual();
        for (id, rules) in &self.accounts {
            if !rules.parts.is_empty() {
                terms.parts.insert(id.clone(), rules.parts.clone());
            }
            if let Some(deposits) = &rules.deposits {
                terms.deposits.insert(id.clone(), deposits.how);
            }
        }
        terms
    }
}

/// Where an acquiring account's money lands.
fn lands(partner: &Partner, account: &str) -> Account {
    let nominal = partner.accounts.iter().any(|known| known.id == account && known.nominal);
    if nominal { Account::Nominal } else { Account::BankClearing }
}
