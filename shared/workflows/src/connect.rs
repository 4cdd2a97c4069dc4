//! Which bank, register and executor serve a tenant. Test tenants have the sandbox; live ones what will be connected.

use connectors::bank::Bank;
use connectors::bank::sandbox::SandboxBank;
use connectors::fulfilment::Executor;
use connectors::fulfilment::sandbox::SandboxExecutor;
use connectors::signature::derive;
use connectors::till::Till;
use connectors::till::sandbox::SandboxTill;
use domain::details::ReceiptScenario;
use domain::id::Tenant;

use crate::error::WorkflowError;
use crate::ports::Ports;

/// The tenant's bank.
pub fn bank(ports: &Ports, tenant: &Tenant) -> Result<Box<dyn Bank>, WorkflowError> {
    let secret = sandbox(ports, tenant, "bank")?;
    Ok(Box::new(SandboxBank::new(&ports.settings.base_url, tenant, secret, ports.clock.now())))
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
