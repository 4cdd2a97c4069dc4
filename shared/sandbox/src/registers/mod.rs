//! Doubles of cash registers: one machine that takes, numbers and prints documents, and a dialect per family of protocols on top.
//!
//! ```text
//!  Waiting ──printed──▶ Done
//!     │ ▲
//!     ▼ │ the same id again, where the register takes that
//!   Failed
//! ```
//!
//! A family's folder holds what its vendor's documents say and nothing else: routes, authentication, validation, error codes,
//! callbacks. What is printed, once per external id ever, its numbers, shifts, faults and the repetition of callbacks are the
//! machine's, so that every fault means the same at every register.
//!
//! A family's door does four things: it finds out who asks ([`tenant`], [`device`]), reads the vendor's body back into the
//! canonical receipt and refuses what its laws refuse ([`first_breach`]), calls [`submit`] or [`find`], and says how the document
//! stands ([`Document::state`]) in the vendor's words.

mod atol;
mod business_kassa;
mod contract;
mod counters;
mod device;
mod document;
mod journal;
mod kit_online;
mod orange_data;
mod paykeeper;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, put};
use connectors::signature::derive;
use domain::acquiring::Credentials;
use domain::id::Tenant;
use domain::receipt::laws::{self, Breach};
use domain::receipt::register::RegisterKind;
use domain::receipt::{Ffd, ReceiptDocument};
use domain::time::{Timestamp, moscow_date};
use workflows::ports::Ports;

pub use crate::double::{Outgoing, Seed, tenant};
use contract::Settings;
use counters::{Counters, Last, Serials};
pub use document::{Document, Failure, Fault, NewDocument, Printed, State};

use crate::callback::{self, Call};
use crate::double;
use crate::rows::{self, Next, Thing};
use crate::{SandboxError, Shared};

/// How often printing looks again when others print at the same time.
const TRIES_MAX: usize = 16;
/// What a register says of a document that it refuses by a rule of its own.
const REFUSED: &str = "Место расчётов (тег 1187) не то, с которым касса зарегистрирована";

/// Calls something of a family's dialect.
macro_rules! dialect {
    ($kind:expr, $dialect:ident => $call:expr) => {
        match $kind {
            RegisterKind::Sandbox => {
                type $dialect = crate::till::Own;
                $call
            }
            RegisterKind::AtolV4 => {
                type $dialect = atol::AtolV4;
                $call
            }
            RegisterKind::AtolV5 => {
                type $dialect = atol::AtolV5;
                $call
            }
            RegisterKind::BusinessKassaV4 => {
                type $dialect = atol::BusinessKassaV4;
                $call
            }
            RegisterKind::OrangeData => {
                type $dialect = orange_data::OrangeData;
                $call
            }
            RegisterKind::Paykeeper => {
                type $dialect = paykeeper::Paykeeper;
                $call
            }
            RegisterKind::KitOnline => {
                type $dialect = kit_online::KitOnline;
                $call
            }
            RegisterKind::BusinessKassa => {
                type $dialect = business_kassa::BusinessKassa;
                $call
            }
            RegisterKind::Device => {
                type $dialect = device::Stationary;
                $call
            }
        }
    };
}

/// What one family says differently from the others.
pub trait Dialect {
    /// Which.
    const KIND: RegisterKind;

    /// Tag 1209 of what it prints.
    const FFD: Ffd = Ffd::V1_2;

    /// The segment of its addresses: `/sandbox/<segment>/{partner}`.
    const SEGMENT: &'static str;

    /// Seconds between the attempts of a callback: as many repetitions as there are.
    const WAITS_SECONDS: &'static [i64] = &callback::WAITS_SECONDS;

    /// Seconds from taking a document to printing it; nothing where only [`print`] prints.
    const DELAY_SECONDS: Option<i64> = Some(1);

    /// Seconds after which the sweep prints what the queue forgot.
    const NET_SECONDS: i64 = 0;

    /// What the platform's own secret for this register is derived for; nothing for a vendor that gives out its own.
    const PURPOSE: Option<&'static str> = None;

    /// What a partner is known by. `secret_hex`: 64 hexadecimal digits, other ones for every kind and partner.
    fn credentials(secret_hex: &str, partner: &str) -> Credentials;

    /// The group of registers, where the protocol has them.
    fn group(_partner: &str) -> Option<String> {
        None
    }

    /// The register's own id of a document: the same seed, the same id; unique among a tenant's documents of this kind.
    fn reference(seed: &Seed, _external_id: &str) -> String {
        seed.uuid()
    }

    /// Whether a document that failed is queued anew when its id comes again.
    fn again(failure: Failure) -> bool {
        matches!(failure, Failure::Timeout | Failure::Broken)
    }

    /// What the register tells of a document that was printed or has failed.
    fn tell(device: &Device, document: &Document) -> Vec<Outgoing>;

    /// Whether an answer ends the repetition.
    fn heard(_device: &Device, _outgoing: &Outgoing, status: u16, _body: &[u8]) -> bool {
        (200..300).contains(&status)
    }

    /// A header that is made anew for every attempt, where a signature carries the (real) time.
    fn seal(_device: &Device, _now: Timestamp, _outgoing: &Outgoing) -> Option<(&'static str, String)> {
        None
    }
}

/// One partner's contract with a doubled register, and the virtual register behind it.
#[derive(Debug, Clone)]
pub struct Device {
    /// Whose.
    pub tenant: Tenant,
    /// Which.
    pub kind: RegisterKind,
    /// Names and secrets, as the connector of the family documents them.
    pub credentials: Credentials,
    /// The group of registers, where the protocol has them.
    pub group: Option<String>,
    /// Tag 1209 of what it prints.
    pub ffd: Ffd,
    /// Address of the double's API, without a trailing slash.
    pub address: String,
    /// Where outcomes are told, unless a document says otherwise.
    pub callback_url: String,
    /// Tag 1041.
    pub drive: String,
    /// Tag 1037.
    pub registration: String,
    /// Tag 1013.
    pub serial: String,
}

/// What a submitted document was to the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Was {
    /// Never seen.
    New,
    /// Seen, failed, and queued anew.
    Again,
    /// Seen.
    Known,
}

/// What became of a submitted document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// The document of that id, as it stands now: what was sent first, whatever was sent now.
    pub document: Document,
    /// What it was.
    pub was: Was,
}

impl Submitted {
    /// Whether nobody may hear of it: then the door answers [`lost_answer`].
    pub fn answer_is_lost(&self) -> bool {
        self.was == Was::New && self.document.fault == Some(Fault::LostAnswer)
    }
}

/// Doors of all families, and what they share.
pub fn routes() -> Router<Shared> {
    Router::new()
        .merge(atol::routes())
        .merge(orange_data::routes())
        .merge(paykeeper::routes())
        .merge(kit_online::routes())
        .merge(business_kassa::routes())
        .merge(device::routes())
        .route("/sandbox/registers", get(contract::list).put(contract::choose))
        .route("/sandbox/registers/{register}", get(contract::show).put(contract::set))
        .route("/sandbox/registers/{register}/faults", put(contract::faults))
        .route("/sandbox/registers/{register}/documents", get(journal::documents))
}

/// A partner's contract with a doubled register.
///
/// # Errors
/// The partner's settings could not be read.
pub async fn device(ports: &Ports, tenant: &Tenant, kind: RegisterKind) -> Result<Device, SandboxError> {
    let settings: Option<Settings> = rows::load(ports, tenant, kind.code()).await?;
    let secret_hex = match dialect!(kind, D => D::PURPOSE) {
        Some(purpose) => hex::encode(derive(&ports.settings.master_secret.0, purpose, tenant)),
        None => double::seed(ports, tenant, &format!("register\n{}", kind.code())).hex(64),
    };
    let (base, segment, partner) = (&ports.settings.base_url, dialect!(kind, D => D::SEGMENT), tenant.partner());
    let usual = || format!("{base}/callbacks/till/{tenant}/{}", contract::register_id(kind));
    let Serials { drive, registration, serial } = Serials::new(tenant, kind);
    Ok(Device {
        tenant: tenant.clone(),
        kind,
        credentials: dialect!(kind, D => D::credentials(&secret_hex, partner)),
        group: dialect!(kind, D => D::group(partner)),
        ffd: dialect!(kind, D => D::FFD),
        address: format!("{base}/sandbox/{segment}/{partner}"),
        callback_url: settings.and_then(|settings| settings.callback_url).unwrap_or_else(usual),
        drive,
        registration,
        serial,
    })
}

/// The first law of receipts a document breaks on the day of `now`.
pub fn first_breach(content: &ReceiptDocument, now: Timestamp) -> Option<Breach> {
    laws::breaches(content, moscow_date(now)).into_iter().next()
}

/// Whether an external id can be one: it becomes a part of a row's key.
pub fn is_external_id(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:-".contains(&b))
}

/// Takes a document, unless there is one of its external id. What it says was looked through before, and
/// [`is_external_id`] holds.
///
/// # Errors
/// Rows could not be read or written.
pub async fn submit(ports: &Ports, tenant: &Tenant, mut new: NewDocument) -> Result<Submitted, SandboxError> {
    let kind = new.kind;
    let reference = reference(ports, tenant, kind, &new.content.external_id);
    let key = Document::key(kind, &reference);
    let now = workflows::clock::now(ports, tenant).await?;
    if new.fault.is_none() && rows::load::<Document>(ports, tenant, &key).await?.is_none() {
        new.fault = contract::next_fault(ports, tenant, kind).await?;
    }
    let (delay, net) = dialect!(kind, D => (D::DELAY_SECONDS, D::NET_SECONDS));
    let mut submitted = rows::change(ports, tenant, &key, |before: Option<Document>| {
        let Some(mut before) = before else {
            let mut document = Document::new(new.clone(), reference.clone(), now);
            document.queue(delay, net, now);
            return Next::Put(document.clone(), Submitted { document, was: Was::New });
        };
        match before.state {
            State::Failed(failure) if dialect!(kind, D => D::again(failure)) => {
                before.queue(delay, net, now);
                Next::Put(before.clone(), Submitted { document: before, was: Was::Again })
            }
            _ => Next::Keep(Submitted { document: before, was: Was::Known }),
        }
    })
    .await?;
    if submitted.was != Was::Known {
        rows::wake::<Document>(ports, tenant, &key, now, submitted.document.print_at).await;
    }
    if submitted.was == Was::New && submitted.document.fault == Some(Fault::Duplicate) {
        // The first time is over; what is answered is the second.
        submitted.was = Was::Known;
    }
    Ok(submitted)
}

/// The answer of a gateway that lost the real one.
pub fn lost_answer() -> Response {
    let page = "<html><head><title>504 Gateway Time-out</title></head><body>504 Gateway Time-out</body></html>";
    (StatusCode::GATEWAY_TIMEOUT, [(header::CONTENT_TYPE, "text/html")], page).into_response()
}

/// A document of a register's, by either id.
///
/// # Errors
/// Rows could not be read.
pub async fn find(
    ports: &Ports,
    tenant: &Tenant,
    kind: RegisterKind,
    external_id_or_reference: &str,
) -> Result<Option<Document>, SandboxError> {
    match find_by_reference(ports, tenant, kind, external_id_or_reference).await? {
        Some(document) => Ok(Some(document)),
        None => find_by_external(ports, tenant, kind, external_id_or_reference).await,
    }
}

/// A document of a register's, by the platform's id.
///
/// # Errors
/// Rows could not be read.
pub async fn find_by_external(
    ports: &Ports,
    tenant: &Tenant,
    kind: RegisterKind,
    external_id: &str,
) -> Result<Option<Document>, SandboxError> {
    let reference = reference(ports, tenant, kind, external_id);
    find_by_reference(ports, tenant, kind, &reference).await
}

/// A document of a register's, by the register's own id.
///
/// # Errors
/// Rows could not be read.
pub async fn find_by_reference(
    ports: &Ports,
    tenant: &Tenant,
    kind: RegisterKind,
    reference: &str,
) -> Result<Option<Document>, SandboxError> {
    // What is in no reference is in no key.
    if !(1..=128).contains(&reference.len()) || !reference.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(None);
    }
    rows::load(ports, tenant, &Document::key(kind, reference)).await
}

/// Strikes off a fault that is next for requests of a kind other than documents; answers whether there was one.
///
/// # Errors
/// Rows could not be read or written.
pub async fn take(ports: &Ports, tenant: &Tenant, kind: RegisterKind, fault: Fault) -> Result<bool, SandboxError> {
    contract::take(ports, tenant, kind, fault).await
}

/// Whether a register refuses a document at its door by a rule of its own, in the words of [`REFUSED`]; one it has is past that.
///
/// # Errors
/// Rows could not be read or written.
pub async fn refuses(
    ports: &Ports,
    tenant: &Tenant,
    kind: RegisterKind,
    external_id: &str,
) -> Result<bool, SandboxError> {
    let is_known = find_by_external(ports, tenant, kind, external_id).await?.is_some();
    Ok(!is_known && take(ports, tenant, kind, Fault::Refused).await?)
}

/// Prints a document now, unless it was printed or something keeps it from being; answers how it stands then. Nothing when there
/// is no such document.
///
/// # Errors
/// Rows could not be read or written.
pub async fn print(
    ports: &Ports,
    tenant: &Tenant,
    kind: RegisterKind,
    reference: &str,
) -> Result<Option<Document>, SandboxError> {
    let Some(document) = find_by_reference(ports, tenant, kind, reference).await? else { return Ok(None) };
    let key = Document::key(kind, reference);
    if document.state == State::Waiting {
        let now = workflows::clock::now(ports, tenant).await?;
        settle(ports, &device(ports, tenant, kind).await?, &document, now).await?;
        call(ports, tenant, &key).await?;
    }
    rows::load(ports, tenant, &key).await
}

/// Prints what is ripe, and makes the callbacks that are due.
pub(crate) async fn work(ports: &Ports, tenant: &Tenant, key: &str) -> Result<(), SandboxError> {
    let now = workflows::clock::now(ports, tenant).await?;
    let Some(document) = rows::load::<Document>(ports, tenant, key).await? else { return Ok(()) };
    if document.is_ripe(now) {
        settle(ports, &device(ports, tenant, document.kind).await?, &document, now).await?;
    }
    call(ports, tenant, key).await
}

/// A waiting document comes to its end.
async fn settle(ports: &Ports, device: &Device, document: &Document, now: Timestamp) -> Result<(), SandboxError> {
    let state = match document.failure() {
        Some(failure) => State::Failed(failure),
        None => State::Done(Box::new(number(ports, device, document, now).await?)),
    };
    write(ports, device, &document.reference, &state, now).await
}

/// Makes the callbacks that are due.
async fn call(ports: &Ports, tenant: &Tenant, key: &str) -> Result<(), SandboxError> {
    let now = workflows::clock::now(ports, tenant).await?;
    let begun = rows::change(ports, tenant, key, |document: Option<Document>| {
        let Some(mut document) = document else { return Next::Keep(None) };
        let begun = document.calls.begin(now, dialect!(document.kind, D => D::WAITS_SECONDS));
        let answer = Some((document.kind, document.due(), begun));
        if answer.as_ref().is_some_and(|(_, _, begun)| begun.is_empty()) {
            Next::Keep(answer)
        } else {
            Next::Put(document, answer)
        }
    })
    .await?;
    match begun {
        None => {}
        Some((_, due, begun)) if begun.is_empty() => rows::wake::<Document>(ports, tenant, key, now, due).await,
        Some((kind, _, begun)) => tell(ports, &device(ports, tenant, kind).await?, key, now, begun).await?,
    }
    Ok(())
}

/// Makes callbacks, in order, and strikes off those that were heard.
async fn tell(
    ports: &Ports,
    device: &Device,
    key: &str,
    now: Timestamp,
    begun: Vec<Call<Outgoing>>,
) -> Result<(), SandboxError> {
    let tenant = &device.tenant;
    let mut heard = Vec::new();
    for Call { no, body: outgoing, .. } in begun {
        // Where it is sealed with a time, that is the real one: how old a request is has nothing to do with a test clock.
        let seal = dialect!(device.kind, D => D::seal(device, ports.clock.now(), &outgoing));
        match ports.http.send(double::request(ports, seal, &outgoing)).await {
            Ok(response) if dialect!(device.kind, D => D::heard(device, &outgoing, response.status, &response.body)) => {
                heard.push(no);
            }
            Ok(response) => tracing::warn!(%tenant, key, status = response.status, "a callback was not accepted"),
            Err(error) => tracing::warn!(%tenant, key, %error, "a callback was not answered"),
        }
    }
    let due = rows::change(ports, tenant, key, |document: Option<Document>| {
        let Some(mut document) = document else { return Next::Keep(None) };
        let struck = document.calls.end(&heard);
        let due = document.due();
        if struck { Next::Put(document, due) } else { Next::Keep(due) }
    })
    .await?;
    rows::wake::<Document>(ports, tenant, key, now, due).await;
    Ok(())
}

/// What numbering a document came to.
enum Numbered {
    Now(Printed),
    /// This one was numbered before, and its row does not know yet.
    First(Last),
}

/// The document's fiscal attributes, given once.
async fn number(ports: &Ports, device: &Device, document: &Document, now: Timestamp) -> Result<Printed, SandboxError> {
    let (tenant, kind) = (&device.tenant, device.kind);
    // Whose row is known to have its numbers.
    let mut mended: Option<String> = None;
    for _ in 0..TRIES_MAX {
        let numbered = rows::change(ports, tenant, kind.code(), |counters: Option<Counters>| {
            let mut counters = counters.unwrap_or_else(|| Counters::new(tenant, kind));
            match &counters.last {
                Some(last) if last.reference == document.reference => {
                    return Next::Keep(Numbered::Now(last.printed.clone()));
                }
                Some(last) if mended.as_ref() != Some(&last.reference) => {
                    return Next::Keep(Numbered::First(last.clone()));
                }
                _ => {}
            }
            let printed = counters.print(document, now);
            Next::Put(counters, Numbered::Now(printed))
        })
        .await?;
        match numbered {
            Numbered::Now(printed) => return Ok(printed),
            Numbered::First(Last { reference, printed }) => {
                write(ports, device, &reference, &State::Done(Box::new(printed)), now).await?;
                mended = Some(reference);
                // It may have been this very document that another worker printed meanwhile.
                let key = Document::key(kind, &document.reference);
                let mine = rows::load::<Document>(ports, tenant, &key).await?;
                if let Some(State::Done(printed)) = mine.map(|mine| mine.state) {
                    return Ok(*printed);
                }
            }
        }
    }
    Err(SandboxError::Busy { kind: Counters::KIND, id: kind.code().to_owned() })
}

/// Writes how a document ended, with what is told of it; what was printed stays printed.
async fn write(
    ports: &Ports,
    device: &Device,
    reference: &str,
    state: &State,
    now: Timestamp,
) -> Result<(), SandboxError> {
    let key = Document::key(device.kind, reference);
    rows::change(ports, &device.tenant, &key, |document: Option<Document>| {
        let Some(mut document) = document else { return Next::Keep(()) };
        // A failure is written only over waiting; what was numbered is printed, whatever else was thought of it meanwhile.
        let stands = match state {
            State::Done(_) => matches!(document.state, State::Done(_)),
            _ => document.state != State::Waiting,
        };
        if stands {
            return Next::Keep(());
        }
        document.end(state.clone(), now);
        if document.fault != Some(Fault::Silent) {
            for outgoing in dialect!(device.kind, D => D::tell(device, &document)) {
                document.calls.push(domain::time::plus_seconds(now, outgoing.delay_seconds), outgoing);
            }
        }
        // Whoever wrote it may not be who calls back: the sweep or the queue's message does.
        Next::Put(document, ())
    })
    .await
}

fn reference(ports: &Ports, tenant: &Tenant, kind: RegisterKind, external_id: &str) -> String {
    let seed = double::seed(ports, tenant, &format!("document\n{}\n{external_id}", kind.code()));
    dialect!(kind, D => D::reference(&seed, external_id))
}
