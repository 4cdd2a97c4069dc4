//! Rows of the sandbox: read, decide, write if nobody else did meanwhile, else look again; and waking up in time.

use domain::id::Tenant;
use domain::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use storage::store::{SandboxRow, StoreError};
use workflows::ports::{Message, Ports, QueueName};

use crate::{Look, SandboxError};

/// Looks at a row that others keep changing before giving up.
const LOOKS_MAX: usize = 8;
/// A queue delays a message at most this long.
const DELAY_SECONDS_MAX: i64 = 900;
/// What is due later than this is left to the sweep.
const WAKE_SECONDS_MAX: i64 = 1_800;

/// Something of the sandbox that lives in a row.
pub trait Thing: Serialize + DeserializeOwned + Send + Sync {
    /// Names its rows and messages.
    const KIND: &'static str;

    /// When somebody must look at it next.
    fn due(&self) -> Option<Timestamp>;
}

/// What becomes of a row.
pub enum Next<T, A> {
    /// It is written, and this is the answer.
    Put(T, A),
    /// It stays, and this is the answer.
    Keep(A),
}

/// Reads a row.
pub async fn load<T: Thing>(ports: &Ports, tenant: &Tenant, id: &str) -> Result<Option<T>, SandboxError> {
    let row = ports.store.sandbox_row(tenant, T::KIND, id).await?;
    row.map(|row| parse(id, &row)).transpose()
}

/// Reads rows, newest last.
pub async fn list<T: Thing>(ports: &Ports, tenant: &Tenant, limit: usize) -> Result<Vec<T>, SandboxError> {
    let rows = ports.store.sandbox_rows(tenant, T::KIND, limit).await?;
    rows.iter().map(|(id, row)| parse(id, row)).collect()
}

/// Reads a row, decides, and writes it only if nobody else did meanwhile; else decides again on what they wrote.
pub async fn change<T: Thing, A>(
    ports: &Ports,
    tenant: &Tenant,
    id: &str,
    mut decide: impl FnMut(Option<T>) -> Next<T, A> + Send,
) -> Result<A, SandboxError> {
    for _ in 0..LOOKS_MAX {
        let row = ports.store.sandbox_row(tenant, T::KIND, id).await?;
        let version = row.as_ref().map_or(0, |row| row.version);
        let thing = row.map(|row| parse(id, &row)).transpose()?;
        let (next, answer) = match decide(thing) {
            Next::Keep(answer) => return Ok(answer),
            Next::Put(next, answer) => (next, answer),
        };
        let body = serde_json::to_string(&next).map_err(|source| SandboxError::Row {
            kind: T::KIND,
            id: id.to_owned(),
            source,
        })?;
        let row = SandboxRow { version: version + 1, body, due: next.due() };
        match ports.store.put_sandbox_row(tenant, T::KIND, id, &row).await {
            Ok(()) => return Ok(answer),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(SandboxError::Busy { kind: T::KIND, id: id.to_owned() })
}

/// Sends word to look at a row when it is due, if that is soon. Lost words are found again by the sweep, so a queue that does
/// not answer is no reason to fail.
pub async fn wake<T: Thing>(ports: &Ports, tenant: &Tenant, id: &str, now: Timestamp, due: Option<Timestamp>) {
    let Some(wait) = due.map(|due| due.as_second().saturating_sub(now.as_second()).max(0)) else {
        return;
    };
    if wait > WAKE_SECONDS_MAX {
        return;
    }
    let look = Look { tenant: tenant.clone(), kind: T::KIND.to_owned(), id: id.to_owned() };
    let Ok(body) = serde_json::to_string(&look) else { return };
    let delay_seconds = u16::try_from(wait.min(DELAY_SECONDS_MAX)).unwrap_or(0);
    if let Err(error) = ports.queue.send(vec![Message { queue: QueueName::Sandbox, body, delay_seconds }]).await {
        tracing::warn!(%tenant, kind = T::KIND, id, %error, "left to the sweep");
    }
}

/// Takes a row of a kind that nothing reads any more out of what is due: left there, every sweep would stop at it.
pub async fn put_aside(ports: &Ports, tenant: &Tenant, kind: &str, id: &str) -> Result<(), SandboxError> {
    let Some(row) = ports.store.sandbox_row(tenant, kind, id).await? else { return Ok(()) };
    let row = SandboxRow { version: row.version + 1, due: None, ..row };
    Ok(ports.store.put_sandbox_row(tenant, kind, id, &row).await?)
}

fn parse<T: Thing>(id: &str, row: &SandboxRow) -> Result<T, SandboxError> {
    serde_json::from_str(&row.body).map_err(|source| SandboxError::Row { kind: T::KIND, id: id.to_owned(), source })
}
