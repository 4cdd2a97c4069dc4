//! Which bank, register and executor serve a tenant: a test tenant's sandbox, and the accounts a tenant has been given.

use connectors::bank::Bank;
use connectors::bank::catalogue::{self as catalogue_of, BANKS};
pub use connectors::bank::catalogue::{Family, Listed};
use connectors::bank::sandbox::SandboxBank;
use connectors::fulfilment::Executor;
use connectors::fulfilment::sandbox::SandboxExecutor;
use connectors::signature::derive;
use connectors::till::Till;
use connectors::till::sandbox::SandboxTill;
use domain::acquiring::{Account, Credentials, Feature, Method, MethodTerms, Wish, route};
use domain::details::ReceiptScenario;
use domain::id::{OrderId, Tenant};
use domain::order::{Operation, Order};
use domain::partner::Partner;
use domain::receipt::register::{self, Register, RegisterKind};

use crate::device::DeviceTill;
use crate::error::WorkflowError;
use crate::perform;
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
        Some(account) => account_callback_url(settings, order.tenant(), account),
    }
}

/// Where an account's bank sends its callbacks.
pub fn account_callback_url(settings: &Settings, tenant: &Tenant, account: &str) -> String {
    format!("{}/callbacks/bank/{tenant}/{account}", settings.base_url)
}

/// The banks that can be connected: key, name, protocol, and why one is gone.
pub fn catalogue() -> impl Iterator<Item = (&'static str, &'static str, &'static str, Option<&'static str>)> {
    BANKS.iter().map(|bank| (bank.key, bank.name, bank.family.code(), bank.gone))
}

/// A bank of the catalogue; nothing for one that is not listed.
pub fn listed(key: &str) -> Option<&'static Listed> {
    catalogue_of::find(key)
}

/// A test partner's account at the double of a protocol, under the protocol's name.
pub fn double_account(family: Family, address: String, credentials: Credentials) -> Account {
    Account {
        id: family.code().to_owned(),
        bank: format!("{}-test", family.code()),
        entity: None,
        priority: 0,
        enabled: true,
        nominal: false,
        // Granted there is what a real bank grants on application.
        methods: family.terms().into_iter().map(granted).collect(),
        acquiring: Vec::new(),
        address: Some(address),
        credentials,
    }
}

/// What an account can do once the bank has granted everything it was asked for.
fn granted(terms: MethodTerms) -> MethodTerms {
    let card = terms.method == Method::Card;
    let grant = |feature| if card || feature == Feature::Requested { Feature::Approved } else { feature };
    MethodTerms { hold: grant(terms.hold), save: grant(terms.save), ..terms }
}

/// Makes an account a test partner's only bank for new payments; the sandbox's own bank where none is given. Payments taken
/// before stay with the account that took them.
pub async fn choose_test_bank(ports: &Ports, tenant: &Tenant, account: Option<Account>) -> Result<(), WorkflowError> {
    let chosen = |partner: Option<Partner>| {
        let mut partner = partner.filter(|_| tenant.is_test())?;
        for known in &mut partner.accounts {
            known.enabled = false;
        }
        if let Some(account) = &account {
            partner.accounts.retain(|known| known.id != account.id);
            partner.accounts.push(account.clone());
        }
        Some((partner, ()))
    };
    ports.store.change_partner(tenant, chosen).await?.ok_or(WorkflowError::NotFound)
}

/// The registers a test partner's new receipts go to, the first choice first; none for the sandbox's own.
pub async fn test_registers(ports: &Ports, tenant: &Tenant) -> Result<Vec<Register>, WorkflowError> {
    let partner = perform::partner(ports, tenant).await?;
    Ok(register::route(&partner.receipts.registers).into_iter().cloned().collect())
}

/// Makes registers a test partner's only ones for new receipts; the sandbox's own where none is given. Receipts pinned before
/// stay with the register they are pinned to.
pub async fn choose_test_registers(
    ports: &Ports,
    tenant: &Tenant,
    registers: &[Register],
) -> Result<(), WorkflowError> {
    let chosen = |partner: Option<Partner>| {
        let mut partner = partner.filter(|_| tenant.is_test())?;
        let known = &mut partner.receipts.registers;
        for register in known.iter_mut() {
            register.enabled = false;
        }
        known.retain(|known| registers.iter().all(|register| register.id != known.id));
        known.extend_from_slice(registers);
        Some((partner, ()))
    };
    ports.store.change_partner(tenant, chosen).await?.ok_or(WorkflowError::NotFound)
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
    if partner.accounts.iter().all(|account| !account.enabled) {
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
pub(crate) fn own_account() -> Account {
    // All it can do is far more than most; what a buyer is offered by default is what every shop has.
    let methods = connectors::bank::sandbox::terms().into_iter();
    let methods = methods.filter(|terms| matches!(terms.method, Method::Card | Method::Sbp)).collect();
    Account {
        id: "sandbox".to_owned(),
        bank: "sandbox".to_owned(),
        entity: None,
        priority: 0,
        enabled: true,
        nominal: false,
        methods,
        acquiring: Vec::new(),
        address: None,
        credentials: Credentials::default(),
    }
}

/// The cash register a receipt is pinned to; the sandbox's own where none is named.
pub fn till(
    ports: &Ports,
    tenant: &Tenant,
    partner: &Partner,
    register: Option<&str>,
    scenario: ReceiptScenario,
) -> Result<Box<dyn Till>, WorkflowError> {
    let Some(id) = register else {
        let secret = sandbox(ports, tenant, "till")?;
        let till = SandboxTill::new(&ports.settings.base_url, tenant, secret, ports.clock.now(), scenario);
        return Ok(Box::new(till));
    };
    let register = partner.receipts.registers.iter().find(|register| register.id == id);
    if register.is_some_and(|register| register.kind == RegisterKind::Device) {
        return Ok(Box::new(DeviceTill::new(ports, tenant, id)));
    }
    let till = register.and_then(|register| connectors::till::open(register, &ports.tokens, ports.clock.now()));
    till.ok_or_else(|| WorkflowError::NotConnected(tenant.clone(), "till"))
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
