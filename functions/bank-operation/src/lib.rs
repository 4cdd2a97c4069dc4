//! Refunds, and asks the bank what became of a payment: one message of the queue `bank-operation`, one outside thing.
//!
//! Invariant: it decides nothing. What happened outside goes back to the order as a command, in `workflows`.

use runtime::WorkerError;
use workflows::ports::Ports;

/// One message.
///
/// # Errors
/// It is to be brought again.
pub async fn handle(ports: Ports, body: String) -> Result<(), WorkerError> {
    runtime::worked(workflows::bank::work(&ports, &body).await)
}
