//! Rows of stationary registers: the desk, the jobs, the state, the keys of their agents.

use domain::id::Tenant;
use domain::receipt::device::{Condition, Desk, Document, Job, JobState};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::keys;
use crate::store::{Claimed, Store, StoreError, follows, parse, text};
use crate::table::{Condition as When, Due, Freshness, Item, TableError, Write};

/// Jobs that wait, looked at at once: more than one is only passed over when the index is behind.
const WAITING_LOOKED_AT: usize = 10;

/// Which register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// Whose.
    pub tenant: &'a Tenant,
    /// Its id.
    pub register: &'a str,
}

/// Whose agent bears a device key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceKey {
    /// The tenant.
    #[serde(rename = "t")]
    pub tenant: Tenant,
    /// The register.
    #[serde(rename = "r")]
    pub register: String,
}

/// A row and its version; 0 while there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The version.
    pub version: u64,
    /// What it says.
    pub row: T,
}

impl Store {
    /// Whose agent bears a device key, by the key's SHA-256 in hex. The register's desk says whether it is still good.
    pub async fn device_key(&self, sha256: &str) -> Result<Option<DeviceKey>, StoreError> {
        self.read(&keys::device_key(sha256), Freshness::Consistent).await
    }

    /// Keeps a device key.
    pub async fn put_device_key(&self, sha256: &str, key: &DeviceKey) -> Result<(), StoreError> {
        self.write(keys::device_key(sha256), key).await
    }

    /// A register's desk.
    pub async fn desk(&self, place: Place<'_>) -> Result<Versioned<Desk>, StoreError> {
        let stored = self.table.get(&keys::desk(place.tenant, place.register), Freshness::Consistent).await?;
        let Some(item) = stored else { return Ok(Versioned { version: 0, row: Desk::default() }) };
        Ok(Versioned { version: item.version, row: parse(&item)? })
    }

    /// Writes a desk, if what is stored is of this version.
    pub async fn put_desk(&self, place: Place<'_>, desk: &Versioned<Desk>) -> Result<(), StoreError> {
        let key = keys::desk(place.tenant, place.register);
        let version = desk.version + 1;
        let item = Item { body: text(&key, &desk.row)?, key, version, due: None, ttl: None };
        Ok(self.table.put(Write { item, condition: follows(version) }).await?)
    }

    /// A job.
    pub async fn job(&self, place: Place<'_>, external_id: &str) -> Result<Option<Versioned<Job>>, StoreError> {
        let key = keys::job(place.tenant, place.register, external_id);
        let stored = self.table.get(&key, Freshness::Consistent).await?;
        stored.map(|item| Ok(Versioned { version: item.version, row: parse(&item)? })).transpose()
    }

    /// Writes a job, if what is stored is of this version (0 for a new one). While it waits, the due index lists it.
    pub async fn put_job(&self, place: Place<'_>, external_id: &str, job: &Versioned<Job>) -> Result<(), StoreError> {
        let key = keys::job(place.tenant, place.register, external_id);
        let version = job.version + 1;
        let due = (job.row.state == JobState::Waiting)
            .then(|| Due { bucket: keys::job_due_bucket(place.tenant, place.register), at: job.row.since.as_second() });
        let item = Item { body: text(&key, &job.row)?, key, version, due, ttl: None };
        Ok(self.table.put(Write { item, condition: follows(version) }).await?)
    }

    /// External ids of jobs that wait, the oldest first. The index may be behind: look at the job itself.
    pub async fn waiting_jobs(&self, place: Place<'_>, now: Timestamp) -> Result<Vec<String>, StoreError> {
        let bucket = keys::job_due_bucket(place.tenant, place.register);
        let due = self.table.due(&bucket, now.as_second(), WAITING_LOOKED_AT).await?;
        Ok(due.into_iter().map(|(key, _)| key.sk).collect())
    }

    /// Claims a fiscal document for a job: no other job can have been printed as the same one.
    pub async fn claim_document(
        &self,
        place: Place<'_>,
        document: &Document,
        external_id: &str,
    ) -> Result<Claimed<String>, StoreError> {
        let key = keys::device_document(place.tenant, place.register, &document.drive, document.number);
        self.claim(key, &external_id.to_owned(), None).await
    }

    /// What a register told of itself last.
    pub async fn device_state(&self, place: Place<'_>) -> Result<Option<Condition>, StoreError> {
        self.read(&keys::device_state(place.tenant, place.register), Freshness::Eventual).await
    }

    /// Keeps what a register tells of itself.
    pub async fn put_device_state(&self, place: Place<'_>, state: &Condition) -> Result<(), StoreError> {
        let key = keys::device_state(place.tenant, place.register);
        let item = Item { body: text(&key, state)?, key, version: 0, due: None, ttl: None };
        self.table.put(Write { item, condition: When::Always }).await.map_err(|error: TableError| error.into())
    }
}
