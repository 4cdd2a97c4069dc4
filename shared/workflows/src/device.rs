//! Stationary registers: jobs are put on record, an agent fetches them and tells what became of them.
//!
//! ```text
//! print ─▶ job Waiting ─▶ take: desk leased, job Out ─▶ the register prints ─▶ done: document claimed, job Printed, receipt
//!                                                                               on record, desk free
//! ```
//!
//! Each arrow may break. A job that is out is given out again when its lease is over, and says so; no other is given out before it
//! is closed. A job's row and its desk's are written one after the other: whoever comes next reads the job, and puts the desk right.

use async_trait::async_trait;
use connectors::http::Http;
use connectors::till::device::{translate, wire};
use connectors::till::{CallbackError, Echo, Failed, Printed, Question, Till, TillAnswer, TillCallback, TillError};
use domain::id::{Mode, Tenant};
use domain::partner::Partner;
use domain::receipt::ReceiptDocument;
use domain::receipt::device::{
    Condition, Desk, Document, Job, JobState, Lease, Next, NotDone, Outcome, TEST_DRIVES, Trouble, Warning,
};
use domain::receipt::register::RegisterKind;
use domain::time::{Timestamp, whole_seconds};
use storage::devices::{DeviceKey, Place, Versioned};
use storage::store::{Claimed, Store, StoreError};
use storage::table::Freshness;

use crate::access::{bearer, sha256_hex};
use crate::error::{Whose, WorkflowError};
use crate::links::random_text;
use crate::perform;
use crate::ports::Ports;
use crate::receipt;

/// Looks at rows that others keep changing before giving up.
const LOOKS_MAX: usize = 6;

// --- the register, as receipts see it ---

/// A stationary register: its jobs lie in our own table.
#[derive(Clone)]
pub struct DeviceTill {
    store: Store,
    tenant: Tenant,
    register: String,
    now: Timestamp,
}

impl DeviceTill {
    /// A tenant's register.
    pub fn new(ports: &Ports, tenant: &Tenant, register: &str) -> Self {
        let now = whole_seconds(ports.clock.now());
        Self { store: ports.store.clone(), tenant: tenant.clone(), register: register.to_owned(), now }
    }

    /// Puts a job out, if it is `new` or surely not printed; answers how it stands.
    async fn offer(&self, external_id: &str, new: bool) -> Result<TillAnswer, StoreError> {
        let place = Place { tenant: &self.tenant, register: &self.register };
        for _ in 0..LOOKS_MAX {
            let stored = self.store.job(place, external_id).await?;
            let (version, row) = match stored {
                None if !new => return Ok(TillAnswer::NotFound),
                None => (0, Job::new(self.now)),
                Some(Versioned { version, row }) if row.is_forgotten(self.now) => {
                    let text = "no agent has fetched it".to_owned();
                    let forgotten = NotDone { lease: 0, why: Trouble::NotFetched, text };
                    (version, Job { state: JobState::Failed(forgotten), ..row })
                }
                Some(Versioned { version, row: Job { state: JobState::Failed(_) | JobState::Gone, .. } }) => {
                    (version, Job::new(self.now))
                }
                Some(Versioned { row, .. }) => return Ok(answer(&row.state)),
            };
            let told = answer(&row.state);
            match self.store.put_job(place, external_id, &Versioned { version, row }).await {
                Ok(()) => return Ok(told),
                Err(StoreError::Conflict) => {}
                Err(other) => return Err(other),
            }
        }
        Err(StoreError::Conflict)
    }
}

fn answer(state: &JobState) -> TillAnswer {
    match state {
        JobState::Waiting | JobState::Out | JobState::Gone => TillAnswer::Waiting,
        JobState::Printed(Outcome { fiscal, rates }) => {
            let echo = Echo { rates: rates.clone(), ..Echo::default() };
            TillAnswer::Printed(Box::new(Printed { fiscal: fiscal.clone(), echo }))
        }
        JobState::Failed(failed) => refusal(failed),
    }
}

fn refusal(failed: &NotDone) -> TillAnswer {
    let code = failed.why.code().to_owned();
    TillAnswer::Failed(Failed { class: translate::class(failed.why), code, text: failed.text.clone() })
}

fn till_error(error: StoreError) -> TillError {
    match error {
        StoreError::NotDone(_) | StoreError::Conflict => TillError::NotSent(Box::new(error)),
        StoreError::Unknown(_) | StoreError::Shape(_) => TillError::Unknown(Box::new(error)),
    }
}

#[async_trait]
impl Till for DeviceTill {
    async fn print(&self, _: &dyn Http, document: &ReceiptDocument, _: &str) -> Result<TillAnswer, TillError> {
        self.offer(&document.external_id, true).await.map_err(till_error)
    }

    /// A job that surely was not printed is put out again: nothing else would have it printed.
    async fn ask(&self, _: &dyn Http, question: Question<'_>) -> Result<TillAnswer, TillError> {
        self.offer(&question.document.external_id, false).await.map_err(till_error)
    }

    /// An agent has doors of its own.
    fn callback(&self, _: Timestamp, _: &http::HeaderMap, _: &[u8]) -> Result<TillCallback, CallbackError> {
        Err(CallbackError::Unsigned)
    }
}

// --- the agent ---

/// An agent that has shown its key, and the register it stands beside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent(DeviceKey);

impl Agent {
    /// The register.
    pub fn register(&self) -> &str {
        &self.0.register
    }

    fn place(&self) -> Place<'_> {
        Place { tenant: &self.0.tenant, register: &self.0.register }
    }
}

fn is_device(partner: &Partner, register: &str) -> bool {
    let mut registers = partner.receipts.registers.iter();
    registers.any(|found| found.id == register && found.kind == RegisterKind::Device)
}

/// Whose agent an `Authorization` header bears the key of; nobody's when another key was issued since.
///
/// A key looks like `dk_test_demoshop_…`; only its SHA-256 is stored.
pub async fn agent(ports: &Ports, authorization: Option<&str>) -> Result<Option<Agent>, WorkflowError> {
    let Some(key) = bearer(authorization).filter(|key| key.starts_with("dk_") && key.len() <= 100) else {
        return Ok(None);
    };
    let sha256 = sha256_hex(key);
    let Some(owner) = ports.store.device_key(&sha256).await? else { return Ok(None) };
    let agent = Agent(owner);
    let desk = ports.store.desk(agent.place()).await?;
    let good = desk.row.key_sha256.as_deref() == Some(sha256.as_str());
    let partner = perform::partner(ports, &agent.0.tenant).await?;
    Ok((good && is_device(&partner, agent.register())).then_some(agent))
}

/// Makes the key of a register's agent; it is shown once, and the one before is good for nothing any more.
pub async fn issue_key(ports: &Ports, tenant: &Tenant, register: &str) -> Result<String, WorkflowError> {
    if !is_device(&*perform::partner(ports, tenant).await?, register) {
        return Err(WorkflowError::NotFound);
    }
    let mode = if tenant.mode() == Mode::Test { "test" } else { "live" };
    let key = format!("dk_{mode}_{}_{}", tenant.partner(), random_text(ports.random.as_ref(), 32));
    let sha256 = sha256_hex(&key);
    let owner = DeviceKey { tenant: tenant.clone(), register: register.to_owned() };
    ports.store.put_device_key(&sha256, &owner).await?;
    change_desk(ports, Place { tenant, register }, |desk| {
        desk.key_sha256 = Some(sha256.clone());
        true
    })
    .await?;
    Ok(key)
}

/// Changes a desk as it is stored now. `change` may be called again, and says whether there is anything to write.
async fn change_desk(
    ports: &Ports,
    place: Place<'_>,
    mut change: impl FnMut(&mut Desk) -> bool,
) -> Result<(), WorkflowError> {
    for _ in 0..LOOKS_MAX {
        let mut desk = ports.store.desk(place).await?;
        if !change(&mut desk.row) {
            return Ok(());
        }
        match ports.store.put_desk(place, &desk).await {
            Ok(()) => return Ok(()),
            Err(StoreError::Conflict) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(WorkflowError::Busy)
}

/// What an agent that comes for a job gets.
#[derive(Debug, Clone, PartialEq)]
pub enum Taken {
    /// A job.
    Job(Box<wire::Job>),
    /// Nothing; while a job is out, until then.
    Nothing(Option<Timestamp>),
}

/// What became of giving out one job.
enum Given {
    Job(Box<wire::Job>),
    /// It is closed: the next one.
    Closed,
    /// Somebody else was first: look again.
    Changed,
}

/// Gives out the job that is next, and nobody else gets one until it is closed or its lease is over.
pub async fn take(ports: &Ports, agent: &Agent) -> Result<Taken, WorkflowError> {
    let (place, now) = (agent.place(), whole_seconds(ports.clock.now()));
    'look: for _ in 0..LOOKS_MAX {
        let desk = ports.store.desk(place).await?;
        let jobs = match desk.row.next(now) {
            Next::Nothing(until) => return Ok(Taken::Nothing(Some(until))),
            Next::Again(job) => vec![job],
            Next::Any => ports.store.waiting_jobs(place, now).await?,
        };
        for job in &jobs {
            match Box::pin(give(ports, place, desk.clone(), job, now)).await? {
                Given::Job(job) => return Ok(Taken::Job(job)),
                Given::Closed => {}
                Given::Changed => continue 'look,
            }
        }
        if desk.row.out.is_none() {
            return Ok(Taken::Nothing(None));
        }
    }
    Err(WorkflowError::Busy)
}

async fn give(
    ports: &Ports,
    place: Place<'_>,
    mut desk: Versioned<Desk>,
    id: &str,
    now: Timestamp,
) -> Result<Given, WorkflowError> {
    let Some(job) = ports.store.job(place, id).await? else { return Ok(Given::Closed) };
    if job.row.is_closed() {
        change_desk(ports, place, |desk| desk.close(id, &job.row.state)).await?;
        return Ok(Given::Closed);
    }
    let partner = perform::partner(ports, place.tenant).await?;
    let found = receipt::pinned(ports, &partner, place.tenant, Some(place.register), id, Freshness::Consistent).await;
    let found = match found {
        Err(error) if error.whose() != Whose::Outside && job.row.state == JobState::Waiting => {
            // One receipt that can not be told must not keep the others waiting.
            tracing::error!(job = id, error = error.chain(), "a job can not be given out");
            return Ok(Given::Closed);
        }
        found => found?,
    };
    let Some(found) = found.filter(|found| found.receipt.fiscal.is_none()) else {
        if !write_job(ports, place, id, &job, JobState::Gone).await? {
            return Ok(Given::Changed);
        }
        Box::pin(change_desk(ports, place, |desk| desk.close(id, &JobState::Gone))).await?;
        return Ok(Given::Closed);
    };
    let (after, receipt) = (desk.row.last.clone(), translate::receipt(&found.document)?);
    let lease = desk.row.lease(id, now);
    match ports.store.put_desk(place, &desk).await {
        Ok(()) => {}
        Err(StoreError::Conflict) => return Ok(Given::Changed),
        Err(other) => return Err(other.into()),
    }
    let maybe_printed = job.row.state == JobState::Out;
    // From here it may be printed, and it is not withdrawn any more.
    if !maybe_printed && !write_job(ports, place, id, &job, JobState::Out).await? {
        // It has been withdrawn a moment ago. The lease is nobody's.
        change_desk(ports, place, |desk| {
            let ours = desk.out.as_ref() == Some(&lease);
            desk.out = desk.out.take().filter(|_| !ours);
            ours
        })
        .await?;
        return Ok(Given::Changed);
    }
    let job = wire::Job {
        external_id: id.to_owned(),
        lease: lease.no,
        lease_until: lease.until.to_string(),
        maybe_printed,
        printed_after: after.map(|Document { drive, number }| wire::After { drive, document: number }),
        receipt,
    };
    Ok(Given::Job(Box::new(job)))
}

/// Writes a job's next state; answers whether nobody else was first.
async fn write_job(
    ports: &Ports,
    place: Place<'_>,
    id: &str,
    job: &Versioned<Job>,
    state: JobState,
) -> Result<bool, WorkflowError> {
    let row = Job { state, ..job.row.clone() };
    match ports.store.put_job(place, id, &Versioned { version: job.version, row }).await {
        Ok(()) => Ok(true),
        Err(StoreError::Conflict) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

/// What an agent hears of what it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It is on record.
    Recorded,
    /// The job is on record as printed by another document.
    PrintedBefore,
    /// The document is on record as another job's.
    AnotherJobs,
    /// The lease is not its own any more.
    Stale,
    /// A drive for tests signs nothing for real money.
    TestDrive,
}

/// Records what a register printed. That it did is a fact whoever holds the lease: it is taken late as well.
pub async fn done(ports: &Ports, agent: &Agent, id: &str, outcome: &Outcome) -> Result<Told, WorkflowError> {
    let (place, document) = (agent.place(), Document::from(&outcome.fiscal));
    if document.drive.starts_with(TEST_DRIVES) && !place.tenant.is_test() {
        return Ok(Told::TestDrive);
    }
    let mut written = None;
    for _ in 0..LOOKS_MAX {
        let job = ports.store.job(place, id).await?.ok_or(WorkflowError::NotFound)?;
        if let JobState::Printed(before) = &job.row.state {
            if Document::from(&before.fiscal) != document {
                tracing::error!(job = id, register = place.register, "a register has printed a receipt twice");
                return Ok(Told::PrintedBefore);
            }
            written = Some(job.row.state);
            break;
        }
        if let Claimed::Taken(other) = ports.store.claim_document(place, &document, id).await?
            && other != id
        {
            tracing::error!(job = id, other, register = place.register, "one document is told for two receipts");
            return Ok(Told::AnotherJobs);
        }
        let state = JobState::Printed(outcome.clone());
        if write_job(ports, place, id, &job, state.clone()).await? {
            written = Some(state);
            break;
        }
    }
    let state = written.ok_or(WorkflowError::Busy)?;
    let partner = perform::partner(ports, place.tenant).await?;
    Box::pin(receipt::told(ports, &partner, place.tenant, place.register, id, answer(&state))).await?;
    change_desk(ports, place, |desk| desk.close(id, &state)).await?;
    Ok(Told::Recorded)
}

/// Records why a register has surely not printed. Only who holds the lease knows that.
///
/// The receipt is told first and the job closed after: a job that is closed may be put out again.
pub async fn failed(ports: &Ports, agent: &Agent, id: &str, why: &NotDone) -> Result<Told, WorkflowError> {
    let place = agent.place();
    let job = ports.store.job(place, id).await?.ok_or(WorkflowError::NotFound)?;
    if matches!(&job.row.state, JobState::Failed(before) if before.lease == why.lease) {
        change_desk(ports, place, |desk| desk.close(id, &job.row.state)).await?;
        return Ok(Told::Recorded);
    }
    let desk = ports.store.desk(place).await?.row;
    let holds = desk.out.is_some_and(|lease| lease.job == id && lease.no == why.lease);
    if !holds || job.row.state != JobState::Out {
        return Ok(Told::Stale);
    }
    let partner = perform::partner(ports, place.tenant).await?;
    Box::pin(receipt::told(ports, &partner, place.tenant, place.register, id, refusal(why))).await?;
    let state = JobState::Failed(why.clone());
    if !write_job(ports, place, id, &job, state.clone()).await? {
        return Err(WorkflowError::Busy);
    }
    change_desk(ports, place, |desk| desk.close(id, &state)).await?;
    Ok(Told::Recorded)
}

/// What an operator hears of declaring that a job was not printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declared {
    /// It is on record; the receipt goes to the next register.
    Recorded,
    /// It is on record as printed.
    Printed,
    /// It was given out: only who has looked at the register knows.
    Unconfirmed,
    /// An agent has it, until then.
    Leased(Timestamp),
}

/// Records that a person vouches for a job not to have been printed, though its register may never say so: its receipt may be printed
/// elsewhere from then on. What was given out has to be `confirmed`; what was not, or what the register itself has refused, need not.
///
/// The desk is taken first, so that no agent gets the job meanwhile; then the job is closed, and then the receipt moves. Cut short, it
/// is done by declaring it again; until then the receipt stays where it is.
pub async fn declare(
    ports: &Ports,
    tenant: &Tenant,
    register: &str,
    id: &str,
    reason: &str,
    confirmed: bool,
) -> Result<Declared, WorkflowError> {
    let (place, now) = (Place { tenant, register }, whole_seconds(ports.clock.now()));
    let partner = perform::partner(ports, tenant).await?;
    let stored = if is_device(&partner, register) { ports.store.job(place, id).await? } else { None };
    let job = stored.ok_or(WorkflowError::NotFound)?;
    let mut lease = 0;
    match &job.row.state {
        JobState::Printed(_) => return Ok(Declared::Printed),
        JobState::Gone => return Ok(Declared::Recorded),
        JobState::Out if !confirmed => return Ok(Declared::Unconfirmed),
        JobState::Out => {
            let mut desk = ports.store.desk(place).await?;
            match &desk.row.out {
                Some(out) if out.job == id && out.until > now => return Ok(Declared::Leased(out.until)),
                // Another one is out: nobody gets this one before that is closed.
                Some(out) if out.job != id => {}
                _ => {
                    lease = desk.row.lease(id, now).no;
                    ports.store.put_desk(place, &desk).await.map_err(busy)?;
                }
            }
        }
        JobState::Waiting | JobState::Failed(_) => {}
    }
    let declared = NotDone { lease, why: Trouble::Declared, text: reason.to_owned() };
    let again = matches!(&job.row.state, JobState::Failed(before) if before.why == Trouble::Declared);
    let state = if again { job.row.state.clone() } else { JobState::Failed(declared.clone()) };
    if !again && !write_job(ports, place, id, &job, state.clone()).await? {
        return Err(WorkflowError::Busy);
    }
    Box::pin(receipt::told(ports, &partner, tenant, register, id, refusal(&declared))).await?;
    change_desk(ports, place, |desk| desk.close(id, &state)).await?;
    tracing::warn!(%tenant, register, job = id, reason, "a person has declared a job not printed");
    Ok(Declared::Recorded)
}

fn busy(error: StoreError) -> WorkflowError {
    if matches!(error, StoreError::Conflict) { WorkflowError::Busy } else { error.into() }
}

/// How a job stands, as the operator sees it.
pub async fn job(ports: &Ports, tenant: &Tenant, register: &str, id: &str) -> Result<Job, WorkflowError> {
    let job = ports.store.job(Place { tenant, register }, id).await?;
    job.map(|job| job.row).ok_or(WorkflowError::NotFound)
}

/// Keeps what a register tells of itself.
pub async fn state(ports: &Ports, agent: &Agent, told: &Condition) -> Result<(), WorkflowError> {
    let warnings = told.warnings(told.at);
    if !warnings.is_empty() {
        let (tenant, register) = (agent.place().tenant, agent.register());
        tracing::warn!(%tenant, register, ?warnings, "a register needs somebody to look after it");
    }
    Ok(ports.store.put_device_state(agent.place(), told).await?)
}

/// A register as its operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What it told of itself last.
    pub state: Option<Condition>,
    /// What is to be looked after.
    pub warnings: Vec<Warning>,
    /// The job that is out.
    pub out: Option<Lease>,
    /// Whether its agent has a key.
    pub has_key: bool,
    /// Jobs that wait, at most ten.
    pub waiting: usize,
}

/// Looks at a register.
pub async fn look(ports: &Ports, tenant: &Tenant, register: &str) -> Result<Seen, WorkflowError> {
    if !is_device(&*perform::partner(ports, tenant).await?, register) {
        return Err(WorkflowError::NotFound);
    }
    let (place, now) = (Place { tenant, register }, whole_seconds(ports.clock.now()));
    let state = ports.store.device_state(place).await?;
    let warnings = state.as_ref().map_or_else(|| vec![Warning::Silent], |state| state.warnings(now));
    let desk = ports.store.desk(place).await?.row;
    let waiting = ports.store.waiting_jobs(place, now).await?.len();
    Ok(Seen { state, warnings, out: desk.out, has_key: desk.key_sha256.is_some(), waiting })
}
