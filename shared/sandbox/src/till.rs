//! The sandbox register: prints one document per external id, ever, and numbers them like a fiscal drive does.
//!
//! ```text
//!  Waiting ──printed──▶ Done
//!     │ ▲
//!     ▼ │ the same id again (scenario failing_once)
//!   Failed
//! ```
//!
//! A document's numbers and the register's counters lie in two rows. The counters' row is written first and remembers the
//! document it numbered last, so that a crash between the two is mended by whoever prints next: no number is given twice, and
//! none is lost.

pub mod door;
mod rules;

use connectors::till::sandbox::translate;
use connectors::till::sandbox::wire::{CODE_QUEUE_TIMEOUT, DocumentBody, ErrorBody, Report, Status};
use domain::id::Tenant;
use domain::receipt::{Fiscal, ReceiptKind};
use domain::time::{Timestamp, plus_seconds};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use workflows::ports::Ports;

use crate::SandboxError;
use crate::callback::{self, Calling, Calls};
use crate::rows::{self, Next, Thing};

/// Seconds a shift may last (54-ФЗ: 24 hours).
const SHIFT_SECONDS: i64 = 24 * 3_600;
/// Seconds after which the sweep prints what the queue forgot.
const NET_SECONDS: i64 = 60;
/// How often printing looks again when others print at the same time.
const TRIES_MAX: usize = 16;

/// A document as the register keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    uuid: String,
    kind: ReceiptKind,
    body: DocumentBody,
    state: State,
    failures: u8,
    /// When the sweep prints it, should the queue have forgotten.
    #[serde(default, with = "jiff::fmt::serde::timestamp::second::optional", skip_serializing_if = "Option::is_none")]
    look_at: Option<Timestamp>,
    calls: Calls,
}

/// How a document stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Waiting,
    Done(Fiscal),
    Failed(ErrorBody),
}

impl Thing for Document {
    const KIND: &'static str = "till";

    fn due(&self) -> Option<Timestamp> {
        self.look_at.into_iter().chain(self.calls.due()).min()
    }
}

impl Calling for Document {
    const PURPOSE: &'static str = connectors::till::sandbox::PURPOSE;

    fn calls(&mut self) -> &mut Calls {
        &mut self.calls
    }

    fn callback_url(&self) -> &str {
        &self.body.service.callback_url
    }
}

impl Document {
    fn new(kind: ReceiptKind, body: DocumentBody, now: Timestamp) -> Self {
        let digest = Sha256::digest(format!("sandbox-till-uuid\n{}", body.external_id));
        let hex = hex::encode(&digest[..16]);
        let uuid = format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
        let look_at = Some(plus_seconds(now, NET_SECONDS));
        Self { uuid, kind, body, state: State::Waiting, failures: 0, look_at, calls: Calls::default() }
    }

    /// A document that failed in passing is queued anew when it is sent again.
    fn again(&mut self, now: Timestamp) -> bool {
        let failed = matches!(self.state, State::Failed(_));
        if failed {
            self.state = State::Waiting;
            self.look_at = Some(plus_seconds(now, NET_SECONDS));
        }
        failed
    }

    fn fails_now(&self) -> bool {
        self.body.scenario.as_deref() == Some("failing_once") && self.failures == 0
    }

    fn end(&mut self, state: State, now: Timestamp) {
        self.state = state;
        self.look_at = None;
        if self.body.scenario.as_deref() != Some("silent") {
            let report = self.report(now);
            self.calls.add(now, &report);
        }
    }

    fn report(&self, now: Timestamp) -> Report {
        let (status, error, payload) = match &self.state {
            State::Waiting => (Status::Wait, None, None),
            State::Done(fiscal) => (Status::Done, None, Some(translate::payload(fiscal))),
            State::Failed(error) => (Status::Fail, Some(error.clone()), None),
        };
        Report {
            uuid: self.uuid.clone(),
            external_id: self.body.external_id.clone(),
            status,
            error,
            payload,
            timestamp: translate::moment(now),
        }
    }
}

/// The register's counters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Register {
    drive: String,
    registration: String,
    /// Number of the last fiscal document, reports of shifts among them.
    document: u64,
    shift: u32,
    #[serde(default, with = "jiff::fmt::serde::timestamp::second::optional")]
    shift_opened_at: Option<Timestamp>,
    number: u32,
    /// The document numbered last: its row may not know yet.
    last: Option<Printed>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Printed {
    external_id: String,
    fiscal: Fiscal,
}

/// The id of a tenant's one register row.
const REGISTER: &str = "register";

impl Thing for Register {
    const KIND: &'static str = "till-register";

    fn due(&self) -> Option<Timestamp> {
        None
    }
}

impl Register {
    fn new(tenant: &Tenant) -> Self {
        let digits = |salt: &str, many: usize| -> String {
            let digest = Sha256::digest(format!("sandbox-till-{salt}\n{tenant}"));
            digest.iter().take(many).map(|byte| char::from(b'0' + byte % 10)).collect()
        };
        Self {
            // Drives of this series are for tests only (OrangeData manual 2.31).
            drive: format!("9999{}", digits("drive", 12)),
            registration: format!("0000{}", digits("registration", 12)),
            document: 0,
            shift: 0,
            shift_opened_at: None,
            number: 0,
            last: None,
        }
    }

    /// Numbers a document.
    fn print(&mut self, document: &Document, now: Timestamp) -> Option<Fiscal> {
        let total = translate::money(&document.body.receipt.total)?;
        let open = self.shift_opened_at.is_some_and(|at| now < plus_seconds(at, SHIFT_SECONDS));
        if !open {
            // The report that closes a shift and the one that opens the next are fiscal documents too.
            self.document += if self.shift_opened_at.is_some() { 2 } else { 1 };
            self.shift += 1;
            self.shift_opened_at = Some(now);
            self.number = 0;
        }
        self.document += 1;
        self.number += 1;
        let external_id = document.body.external_id.clone();
        let sign = Sha256::digest(format!("{}\n{}\n{external_id}\n{total}", self.drive, self.document));
        let sign = u32::from_be_bytes([sign[0], sign[1], sign[2], sign[3]]);
        let fiscal = Fiscal {
            drive: self.drive.clone(),
            document: self.document,
            sign: format!("{sign:010}"),
            register: self.registration.clone(),
            shift: self.shift,
            number: self.number,
            at: now,
            total,
        };
        self.last = Some(Printed { external_id, fiscal: fiscal.clone() });
        Some(fiscal)
    }
}

/// What numbering a document came to.
enum Numbered {
    Now(Fiscal),
    /// This one was numbered before, and its row does not know yet.
    First(Printed),
}

/// Prints what waits, and makes the callbacks that are due.
pub async fn work(ports: &Ports, tenant: &Tenant, external_id: &str) -> Result<(), SandboxError> {
    let now = workflows::clock::now(ports, tenant).await?;
    let Some(document) = rows::load::<Document>(ports, tenant, external_id).await? else {
        return Ok(());
    };
    if document.state == State::Waiting {
        if document.fails_now() {
            fail_once(ports, tenant, external_id, now).await?;
        } else {
            let fiscal = number(ports, tenant, &document, now).await?;
            write(ports, tenant, external_id, &fiscal, now).await?;
        }
    }
    let begun = rows::change(ports, tenant, external_id, |document: Option<Document>| {
        let Some(mut document) = document else {
            return Next::Keep(None);
        };
        let begun = document.calls.begin(now, &callback::WAITS_SECONDS);
        let (url, due) = (document.callback_url().to_owned(), document.due());
        if begun.is_empty() {
            Next::Keep(Some((url, due, begun)))
        } else {
            Next::Put(document, Some((url, due, begun)))
        }
    })
    .await?;
    let Some((url, due, begun)) = begun else { return Ok(()) };
    if begun.is_empty() {
        rows::wake::<Document>(ports, tenant, external_id, now, due).await;
    } else {
        callback::make::<Document>(ports, tenant, external_id, now, &url, begun).await?;
    }
    Ok(())
}

async fn fail_once(ports: &Ports, tenant: &Tenant, external_id: &str, now: Timestamp) -> Result<(), SandboxError> {
    rows::change(ports, tenant, external_id, |document: Option<Document>| match document {
        Some(mut document) if document.state == State::Waiting && document.fails_now() => {
            document.failures += 1;
            let text = "the register did not answer in time".to_owned();
            let error = ErrorBody { code: CODE_QUEUE_TIMEOUT, text, kind: "timeout".to_owned() };
            document.end(State::Failed(error), now);
            Next::Put(document, ())
        }
        _ => Next::Keep(()),
    })
    .await
}

/// The document's fiscal attributes, given once.
async fn number(ports: &Ports, tenant: &Tenant, document: &Document, now: Timestamp) -> Result<Fiscal, SandboxError> {
    let external_id = &document.body.external_id;
    // Whose row is known to have its numbers.
    let mut mended: Option<String> = None;
    for _ in 0..TRIES_MAX {
        let numbered = rows::change(ports, tenant, REGISTER, |register: Option<Register>| {
            let mut register = register.unwrap_or_else(|| Register::new(tenant));
            match &register.last {
                Some(last) if last.external_id == *external_id => {
                    return Next::Keep(Some(Numbered::Now(last.fiscal.clone())));
                }
                Some(last) if mended.as_ref() != Some(&last.external_id) => {
                    return Next::Keep(Some(Numbered::First(last.clone())));
                }
                _ => {}
            }
            match register.print(document, now) {
                Some(fiscal) => Next::Put(register, Some(Numbered::Now(fiscal))),
                None => Next::Keep(None),
            }
        })
        .await?;
        match numbered {
            Some(Numbered::Now(fiscal)) => return Ok(fiscal),
            Some(Numbered::First(last)) => {
                write(ports, tenant, &last.external_id, &last.fiscal, now).await?;
                mended = Some(last.external_id);
                // It may have been this very document that another worker printed meanwhile.
                let mine = rows::load::<Document>(ports, tenant, external_id).await?;
                if let Some(State::Done(fiscal)) = mine.map(|mine| mine.state) {
                    return Ok(fiscal);
                }
            }
            None => return Err(SandboxError::Message("a document without a total")),
        }
    }
    Err(SandboxError::Busy { kind: Register::KIND, id: REGISTER.to_owned() })
}

async fn write(
    ports: &Ports,
    tenant: &Tenant,
    external_id: &str,
    fiscal: &Fiscal,
    now: Timestamp,
) -> Result<(), SandboxError> {
    rows::change(ports, tenant, external_id, |document: Option<Document>| match document {
        Some(mut document) if !matches!(document.state, State::Done(_)) => {
            document.end(State::Done(fiscal.clone()), now);
            // Whoever wrote it may not be who calls back: the sweep or the queue's message does.
            Next::Put(document, ())
        }
        _ => Next::Keep(()),
    })
    .await
}
