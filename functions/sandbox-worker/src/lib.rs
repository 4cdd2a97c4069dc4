//! What the sandbox bank, register and executor do later: one message of the queue `sandbox`, one row looked at.
//!
//! Invariant: it knows no order of ours. It does what a bank, a register or an executor would do on their own machines.

use runtime::WorkerError;
use sandbox::SandboxError;
use workflows::ports::Ports;

/// One message.
///
/// # Errors
/// It is to be brought again.
pub async fn handle(ports: Ports, body: String) -> Result<(), WorkerError> {
    sandbox::work(&ports, &body).await.map_err(|error| match error {
        SandboxError::Message(_) => WorkerError::Unreadable(error.into()),
        _ if error.passes() => WorkerError::Outside(error.into()),
        _ => WorkerError::Ours(error.into()),
    })
}
