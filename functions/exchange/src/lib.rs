//! Keeps the journal of exchanges with banks: a whole batch of the queue `exchange` at once, in as few rows as can be.
//!
//! Invariant: it sees nothing that is not masked already, reads no row and touches no order's. A batch brought again, whole or in
//! part, changes nothing of what a reader is shown.

use runtime::WorkerError;
use workflows::ports::Ports;

/// A batch. Each message is answered for by itself, in their order: `Err` for those to be brought again.
pub async fn handle(ports: Ports, bodies: Vec<String>) -> Vec<Result<(), WorkerError>> {
    workflows::exchange::keep(&ports, &bodies).await.into_iter().map(runtime::worked).collect()
}
