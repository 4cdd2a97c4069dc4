//! Which bank, register and executor serve a tenant: a test tenant's sandbox, and the accounts a tenant has been given.

use connectors::bank::Bank;
use connectors::bank::sandbox::SandboxBank;
use connectors::fulfilment::Executor;
use connectors::fulfilment::sandbox::SandboxExecutor;
use connectors::signature::derive;
use connectors::till::Till;
use connectors::till::sandbox::SandboxTill;
use domain::acquiring::{Account, Credentials, Feature, Lapse, Method, MethodTerms, Wish, route};
use domain::details::ReceiptScenario;
use domain::id::{OrderId, Tenant};
use domain::money::Currency;
use domain::order::{Operation, Order};
use domain::partner::Partner;

use crate::error::WorkflowError;
use crate::ports::{Ports, Settings};

/// Which of a tenant's banks.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    /// The tenant.
    pub tenant: &'a Tenant,
    /// The account; the sandbox's own bank where none is named.
    pub account: Option<&'a str>,
}

impl<'a> At<'a> {
    /// The bank an operation is pinned to.
    pub fn operation(order: &'a Order, operation: &'a Operation) -> Self {
        Self { tenant: order.id.tenant(), account: operation.account.as_deref() }
    }
}

/// The bank of an account.
pub fn bank(ports: &Ports, partner: &Partner, at: At<'_>) -> Result<Box<dyn Bank>, WorkflowError> {
    let Some(id) = at.account else {
        let secret = sandbox(ports, at.tenant, "bank")?;
        return Ok(Box::new(SandboxBank::new(&ports.settings.base_url, at.tenant, secret, ports.clock.now())));
    };
    let account = partner.accounts.iter().find(|account| account.id == id);
    let bank = account.and_then(|account| connectors::bank::open(account, ports.clock.now()));
    bank.ok_or_else(|| WorkflowError::NotConnected(at.tenant.clone(), "bank"))
}

/// Where a bank tells what became of an order's operations.
pub fn callback_url(settings: &Settings, order: &OrderId, account: Option<&str>) -> String {
    match account {
        None => format!("{}/callbacks/bank/sandbox/{order}", settings.base_url),
        Some(account) => format!("{}/callbacks/bank/{}/{account}", settings.base_url, order.tenant()),
    }
}

/// An account that can take a payment; `None` for its id is the sandbox's own bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The account.
    pub account: Option<String>,
    /// Its money lands on a nominal account.
    pub nominal: bool,
    /// What it can do by the means that are wished for.
    pub terms: MethodTerms,
}

/// The accounts that can take a payment, the first choice first.
pub fn routes(tenant: &Tenant, partner: &Partner, wish: &Wish<'_>) -> Vec<Route> {
    if partner.accounts.is_empty() {
        if !tenant.is_test() {
            return Vec::new();
        }
        let own = [own_account()];
        return route(&own, &Wish { entity: None, ..*wish })
            .into_iter()
            .filter_map(|of| choice(of, wish, None))
            .collect();
    }
    let found = route(&partner.accounts, wish);
    found.into_iter().filter_map(|account| choice(account, wish, Some(account.id.clone()))).collect()
}

fn choice(account: &Account, wish: &Wish<'_>, id: Option<String>) -> Option<Route> {
    Some(Route { account: id, nominal: account.nominal, terms: account.terms(wish.method)?.clone() })
}

/// The sandbox's own bank as an account: it can do everything.
pub fn own_account() -> Account {
    let terms = |method, hold| MethodTerms {
        method,
        hold,
        save: Feature::Approved,
        partial_capture: true,
        partial_void: true,
        partial_refund: true,
        reversal: true,
        points: true,
        least_minor: 1,
        greatest_minor: 1_000_000_000,
        currencies: vec![Currency::RUB],
        hold_seconds: 7 * 24 * 3_600,
        hold_counts_today: false,
        lapse: Lapse::Released,
    };
    Account {
        id: "sandbox".to_owned(),
        bank: "sandbox".to_owned(),
        entity: None,
        priority: 0,
        enabled: true,
        nominal: false,
        methods: vec![terms(Method::Sbp, Feature::Off), terms(Method::Card, Feature::Approved)],
        address: None,
        credentials: Credentials::default(),
    }
}

/// The tenant's cash register.
pub fn till(ports: &Ports, tenant: &Tenant, scenario: ReceiptScenario) -> Result<Box<dyn Till>, WorkflowError> {
    let secret = sandbox(ports, tenant, "till")?;
    Ok(Box::new(SandboxTill::new(&ports.settings.base_url, tenant, secret, ports.clock.now(), scenario)))
}

/// The tenant's executor.
pub fn executor(ports: &Ports, tenant: &Tenant) -> Result<Box<dyn Executor>, WorkflowError> {
    let secret = sandbox(ports, tenant, "executor")?;
    Ok(Box::new(SandboxExecutor::new(&ports.settings.base_url, tenant, secret, ports.clock.now())))
}

fn sandbox(ports: &Ports, tenant: &Tenant, what: &'static str) -> Result<Vec<u8>, WorkflowError> {
    if !tenant.is_test() {
        return Err(WorkflowError::NotConnected(tenant.clone(), what));
    }
    Ok(derive(&ports.settings.master_secret.0, what, tenant))
}
