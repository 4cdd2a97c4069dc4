//! Doubles of banks: one machine for what a payment goes through, and a dialect per family of protocols on top of it.
//!
//! A family's folder holds what its vendor's documents say and nothing else: routes, authentication, validation, error codes,
//! statuses, signatures, callbacks. What a payment can go through, the buyer's page, saved means, the keeping of callbacks and
//! their repetition are the machine's, so that every test card means the same at every bank.
//!
//! A family's door does four things: it finds out who asks ([`tenant`], [`terminal`]), reads the vendor's words, calls
//! [`open`], [`find`], [`act`] or [`charge`], and says how the deal stands ([`Deal::facts`]) in the vendor's words.

mod assist;
mod banks;
mod bindings;
mod card;
mod machine;
mod page;
mod paykeeper;
mod rbs;
mod tbank;
mod tell;
mod yookassa;

#[cfg(test)]
mod laws;

use axum::Router;
use axum::routing::get;
use connectors::signature::derive;
use domain::acquiring::{Credentials, Method};
use domain::id::{Mode, Tenant};
use domain::time::{Timestamp, plus_seconds};
use serde::{Deserialize, Serialize};
use storage::store::StoreError;
use workflows::links::mac;
use workflows::ports::Ports;

pub use bindings::{Binding, binding, bindings, unbind};
pub use card::{Card, CardShown};
pub use machine::{Deal, DealState, Facts, Go, NewDeal, No, RIGHT_CODE, Refund, RefundState};
pub(crate) use page::{Chosen, decide_deal, show_deal};
pub(crate) use tell::request;
pub use tell::{Event, Outgoing};

use crate::rows::{self, Next, Thing};
use crate::{SandboxError, Shared};

/// A family of protocols that is doubled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// The gateway of BPC that Sberbank, Alfa-Bank and many others run.
    Rbs,
    /// T-Bank, EACQ.
    Tbank,
    /// `PayKeeper`.
    Paykeeper,
    /// Assist.
    Assist,
    /// `YooKassa`.
    Yookassa,
    /// The sandbox's own bank, which every test partner has without a contract.
    Sandbox,
}

/// Calls something of a family's dialect.
macro_rules! dialect {
    ($family:expr, $dialect:ident => $call:expr) => {
        match $family {
            Family::Rbs => {
                type $dialect = rbs::Rbs;
                $call
            }
            Family::Tbank => {
                type $dialect = tbank::Tbank;
                $call
            }
            Family::Paykeeper => {
                type $dialect = paykeeper::Paykeeper;
                $call
            }
            Family::Assist => {
                type $dialect = assist::Assist;
                $call
            }
            Family::Yookassa => {
                type $dialect = yookassa::Yookassa;
                $call
            }
            Family::Sandbox => {
                type $dialect = crate::bank::Own;
                $call
            }
        }
    };
}

impl Family {
    /// All that partners can be connected to.
    pub const ALL: [Self; 5] = [Self::Rbs, Self::Tbank, Self::Paykeeper, Self::Assist, Self::Yookassa];

    /// The segment of its addresses.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Rbs => "rbs",
            Self::Tbank => "tbank",
            Self::Paykeeper => "paykeeper",
            Self::Assist => "assist",
            Self::Yookassa => "yookassa",
            Self::Sandbox => "sandbox",
        }
    }

    /// Reads the segment.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.code() == code)
    }

    const fn purpose(self) -> Option<&'static str> {
        dialect!(self, D => D::PURPOSE)
    }

    fn credentials(self, secret_hex: &str, partner: &str) -> Credentials {
        dialect!(self, D => D::credentials(secret_hex, partner))
    }

    const fn waits(self) -> &'static [i64] {
        dialect!(self, D => D::WAITS_SECONDS)
    }

    fn reference(self, seed: &Seed, partner: &str) -> String {
        dialect!(self, D => D::reference(seed, partner))
    }

    fn token(self, seed: &Seed) -> String {
        dialect!(self, D => D::token(seed))
    }

    fn tell(self, terminal: &Terminal, deal: &Deal, event: &Event) -> Vec<Outgoing> {
        dialect!(self, D => D::tell(terminal, deal, event))
    }

    fn heard(self, terminal: &Terminal, outgoing: &Outgoing, status: u16, body: &[u8]) -> bool {
        dialect!(self, D => D::heard(terminal, outgoing, status, body))
    }

    fn seal(self, terminal: &Terminal, now: Timestamp, outgoing: &Outgoing) -> Option<(&'static str, String)> {
        dialect!(self, D => D::seal(terminal, now, outgoing))
    }

    fn order(self, deal: &Deal) -> String {
        dialect!(self, D => D::order(deal))
    }

    fn back(self, deal: &Deal) -> String {
        dialect!(self, D => D::back(deal))
    }
}

/// What one family says differently from the others.
pub trait Dialect {
    /// Which.
    const FAMILY: Family;

    /// Seconds between the attempts of a callback: as many repetitions as there are.
    const WAITS_SECONDS: &'static [i64];

    /// What the platform's own secret for this bank is derived for; nothing for a bank that gives out its own.
    const PURPOSE: Option<&'static str> = None;

    /// What a partner's terminal is known by. `secret_hex`: 64 hexadecimal digits, other ones for every family and partner.
    fn credentials(secret_hex: &str, partner: &str) -> Credentials;

    /// The bank's own id of a deal: the same seed, the same id; unique among all deals of a tenant, so long enough.
    fn reference(seed: &Seed, _partner: &str) -> String {
        seed.hex(32)
    }

    /// The token of the means a deal saves.
    fn token(seed: &Seed) -> String {
        seed.hex(32)
    }

    /// What the bank tells of what happened, in order. `deal` is as it stood then.
    fn tell(terminal: &Terminal, deal: &Deal, event: &Event) -> Vec<Outgoing>;

    /// Whether an answer ends the repetition.
    fn heard(_terminal: &Terminal, _outgoing: &Outgoing, status: u16, _body: &[u8]) -> bool {
        (200..300).contains(&status)
    }

    /// A header that is made anew for every attempt, where a signature carries the (real) time.
    fn seal(_terminal: &Terminal, _now: Timestamp, _outgoing: &Outgoing) -> Option<(&'static str, String)> {
        None
    }

    /// The number the buyer is shown.
    fn order(deal: &Deal) -> String {
        deal.number.clone()
    }

    /// Where the buyer is sent from the bank's page.
    fn back(deal: &Deal) -> String {
        let declined = deal.facts().state == DealState::Declined;
        if declined { deal.return_failure.clone() } else { deal.return_success.clone() }
    }
}

/// Bytes nobody can guess, the same ones for the same purpose.
#[derive(Debug, Clone, Copy)]
pub struct Seed([u8; 32]);

impl Seed {
    /// Lower-case hexadecimal digits, at most 64.
    pub fn hex(&self, characters: usize) -> String {
        hex::encode(self.0).chars().take(characters).collect()
    }

    /// Decimal digits, at most 32, the first not zero.
    pub fn digits(&self, characters: usize) -> String {
        let first = self.0.iter().take(1).map(|byte| char::from(b'1' + byte % 9));
        first.chain(self.0.iter().skip(1).map(|byte| char::from(b'0' + byte % 10))).take(characters).collect()
    }

    /// `A-Z 0-9`, at most 32.
    pub fn code(&self, characters: usize) -> String {
        const LETTERS: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let letter = |byte: &u8| LETTERS.get(usize::from(byte % 36)).copied().map_or('0', char::from);
        self.0.iter().map(letter).take(characters).collect()
    }

    /// A UUID in its text form, version 4 by its looks.
    pub fn uuid(&self) -> String {
        let hex = self.hex(32);
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        format!("{}-{}-4{}-a{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
    }
}

/// What a new deal is named by, derived from its number.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    reference: String,
    qr: String,
    token: String,
}

/// One partner's contract with a doubled bank.
#[derive(Debug, Clone)]
pub struct Terminal {
    /// Whose.
    pub tenant: Tenant,
    /// Which bank.
    pub family: Family,
    /// Names and secrets, as the connector of the family documents them.
    pub credentials: Credentials,
    /// Where callbacks go, unless a payment says otherwise.
    pub callback_url: String,
    /// Address of the double's API, without a trailing slash.
    pub address: String,
    /// What the addresses of its pages begin with, without a trailing slash.
    pub pages: String,
}

impl Terminal {
    /// Where callbacks of a deal go.
    pub fn callback_url<'a>(&'a self, deal: &'a Deal) -> &'a str {
        deal.callback_url.as_deref().unwrap_or(&self.callback_url)
    }

    /// The page where a deal is paid.
    pub fn page(&self, deal: &Deal) -> String {
        format!("{}/{}", self.pages, deal.reference)
    }
}

/// What the partner has set for one bank.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct TerminalSettings {
    #[serde(default)]
    callback_url: Option<String>,
}

impl Thing for TerminalSettings {
    const KIND: &'static str = "terminal";

    fn due(&self) -> Option<Timestamp> {
        None
    }
}

/// Which deal a link of the СБП leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Qr {
    reference: String,
}

impl Thing for Qr {
    const KIND: &'static str = "qr";

    fn due(&self) -> Option<Timestamp> {
        None
    }
}

/// Doors of all families, and what they share.
pub fn routes() -> Router<Shared> {
    Router::new()
        .merge(rbs::routes())
        .merge(tbank::routes())
        .merge(paykeeper::routes())
        .merge(assist::routes())
        .merge(yookassa::routes())
        .route("/sandbox/banks", axum::routing::put(banks::choose))
        .route("/sandbox/banks/{family}", get(banks::show).put(banks::set))
        .route("/sandbox/deal/{partner}/{reference}", get(page::show).post(page::decide))
        .route("/sandbox/sbp/{partner}/{qr_id}", get(page::sbp))
}

/// The test tenant a path names.
pub fn tenant(partner: &str) -> Option<Tenant> {
    Tenant::try_new(partner, Mode::Test).ok()
}

/// A partner's contract with a doubled bank.
///
/// # Errors
/// The partner's settings could not be read.
pub async fn terminal(ports: &Ports, tenant: &Tenant, family: Family) -> Result<Terminal, SandboxError> {
    let set: Option<TerminalSettings> = rows::load(ports, tenant, family.code()).await?;
    let secret_hex = match family.purpose() {
        Some(purpose) => hex::encode(derive(&ports.settings.master_secret.0, purpose, tenant)),
        None => seed(ports, tenant, &format!("credentials\n{}", family.code())).hex(64),
    };
    let (base, code, partner) = (&ports.settings.base_url, family.code(), tenant.partner());
    let usual = || format!("{base}/callbacks/bank/{tenant}/{code}");
    Ok(Terminal {
        tenant: tenant.clone(),
        family,
        credentials: family.credentials(&secret_hex, partner),
        callback_url: set.and_then(|set| set.callback_url).unwrap_or_else(usual),
        address: format!("{base}/sandbox/{code}/{partner}"),
        pages: format!("{base}/sandbox/deal/{partner}"),
    })
}

/// What became of a request for a new deal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The deal of that number, as it stands now.
    pub deal: Deal,
    /// Whether it was made just now.
    pub is_new: bool,
    /// Whether it was asked for with the same content; else the family answers as its vendor does.
    pub is_same: bool,
}

impl Opened {
    fn before(deal: &Deal, new: &NewDeal, now: Timestamp) -> Self {
        Self { deal: advanced(deal.clone(), now), is_new: false, is_same: deal.asked().asks_the_same(new) }
    }
}

/// Makes a deal, unless there is one of that number.
///
/// # Errors
/// Rows could not be read or written.
pub async fn open(ports: &Ports, tenant: &Tenant, new: NewDeal) -> Result<Opened, SandboxError> {
    let ids = ids(ports, tenant, new.family, &new.number);
    if new.method == Method::Sbp {
        keep_qr(ports, tenant, &ids).await?;
    }
    let now = workflows::clock::now(ports, tenant).await?;
    let opened = rows::change(ports, tenant, &ids.reference, |before: Option<Deal>| {
        if let Some(before) = before {
            return Next::Keep(Opened::before(&before, &new, now));
        }
        let deal = Deal::new(new.clone(), ids.clone(), now);
        Next::Put(deal.clone(), Opened { deal, is_new: true, is_same: true })
    })
    .await?;
    rows::wake::<Deal>(ports, tenant, &ids.reference, now, opened.deal.due()).await;
    Ok(opened)
}

/// Makes a deal that is paid from saved means, unless there is one of that number; nothing when the means are unknown or
/// forgotten. How it went is in the deal: it may be declined, or ask the buyer for a check at its page.
///
/// # Errors
/// Rows could not be read or written.
pub async fn charge(
    ports: &Ports,
    tenant: &Tenant,
    new: NewDeal,
    token: &str,
    buyer_present: bool,
) -> Result<Option<Opened>, SandboxError> {
    let (family, ids) = (new.family, ids(ports, tenant, new.family, &new.number));
    let known = binding(ports, tenant, family, token).await?;
    let terminal = terminal(ports, tenant, family).await?;
    let opened = run(ports, &terminal, &ids.reference, |before, now| match (before, &known) {
        // Done before is done, even if the means were forgotten since.
        (Some(before), _) => {
            let opened = Opened::before(&before, &new, now);
            Some((before, opened))
        }
        (None, None) => None,
        (None, Some(known)) => {
            let mut deal = Deal::new(new.clone(), ids.clone(), now);
            // A new deal takes every charge.
            let _ = deal.charge(known, buyer_present, now);
            let opened = Opened { deal: deal.clone(), is_new: true, is_same: true };
            Some((deal, opened))
        }
    })
    .await?;
    Ok(opened.map(|(opened, deal)| Opened { deal: if opened.is_new { deal } else { opened.deal }, ..opened }))
}

/// A deal of a family's, by the merchant's number or the bank's own id, as it stands now.
///
/// # Errors
/// Rows could not be read.
pub async fn find(
    ports: &Ports,
    tenant: &Tenant,
    family: Family,
    number_or_reference: &str,
) -> Result<Option<Deal>, SandboxError> {
    match find_by_reference(ports, tenant, family, number_or_reference).await? {
        Some(deal) => Ok(Some(deal)),
        None => find_by_number(ports, tenant, family, number_or_reference).await,
    }
}

/// A deal of a family's, by the merchant's number, as it stands now.
///
/// # Errors
/// Rows could not be read.
pub async fn find_by_number(
    ports: &Ports,
    tenant: &Tenant,
    family: Family,
    number: &str,
) -> Result<Option<Deal>, SandboxError> {
    let Ids { reference, .. } = ids(ports, tenant, family, number);
    find_by_reference(ports, tenant, family, &reference).await
}

/// A deal of a family's, by the bank's own id, as it stands now.
///
/// # Errors
/// Rows could not be read.
pub async fn find_by_reference(
    ports: &Ports,
    tenant: &Tenant,
    family: Family,
    reference: &str,
) -> Result<Option<Deal>, SandboxError> {
    // What is in no reference is in no key.
    if !(1..=100).contains(&reference.len()) || !reference.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(None);
    }
    let Some(deal) = rows::load::<Deal>(ports, tenant, reference).await? else { return Ok(None) };
    let now = workflows::clock::now(ports, tenant).await?;
    if deal.family != family {
        return Ok(None);
    }
    // Not written: the sweep comes to the same, whenever it comes.
    let deal = advanced(deal, now);
    if deal.bind_at.is_some() {
        // Whoever asks is told of the means: they must be there to be charged, and to be forgotten.
        bindings::keep(ports, tenant, &deal).await?;
    }
    Ok(Some(deal))
}

fn advanced(mut deal: Deal, now: Timestamp) -> Deal {
    deal.advance(now);
    deal.happened.clear();
    deal
}

/// Changes a deal, and makes the callbacks that follow before the answer; a crash loses none of them. `reference` is one that
/// [`find`] gave. Nothing when there is no such deal.
///
/// # Errors
/// Rows could not be read or written.
pub async fn act<A: Send>(
    ports: &Ports,
    tenant: &Tenant,
    reference: &str,
    mut what: impl FnMut(&mut Deal, Timestamp) -> A + Send,
) -> Result<Option<(A, Deal)>, SandboxError> {
    let Some(deal) = rows::load::<Deal>(ports, tenant, reference).await? else { return Ok(None) };
    let terminal = terminal(ports, tenant, deal.family).await?;
    run(ports, &terminal, reference, |before, now| {
        let mut deal = before?;
        deal.advance(now);
        let answer = what(&mut deal, now);
        Some((deal, answer))
    })
    .await
}

/// Lets happen what is due on a deal.
pub(crate) async fn work(ports: &Ports, tenant: &Tenant, reference: &str) -> Result<(), SandboxError> {
    act(ports, tenant, reference, |_, _| ()).await.map(|_| ())
}

/// Writes what `what` makes of a deal, together with the callbacks of it in the family's words, and begins to make them.
async fn run<A: Send>(
    ports: &Ports,
    terminal: &Terminal,
    reference: &str,
    mut what: impl FnMut(Option<Deal>, Timestamp) -> Option<(Deal, A)> + Send,
) -> Result<Option<(A, Deal)>, SandboxError> {
    let (tenant, family) = (&terminal.tenant, terminal.family);
    let now = workflows::clock::now(ports, tenant).await?;
    let done = rows::change(ports, tenant, reference, |before: Option<Deal>| {
        let Some((mut deal, answer)) = what(before.clone(), now) else {
            return Next::Keep(None);
        };
        for happened in std::mem::take(&mut deal.happened) {
            for outgoing in family.tell(terminal, &happened.deal, &happened.event) {
                deal.calls.push(plus_seconds(happened.at, outgoing.delay_seconds), outgoing);
            }
        }
        let begun = deal.calls.begin(now, family.waits());
        let done = Some((answer, deal.clone(), begun));
        if before.as_ref() == Some(&deal) { Next::Keep(done) } else { Next::Put(deal, done) }
    })
    .await?;
    let Some((answer, mut deal, begun)) = done else { return Ok(None) };
    if deal.bind_at.is_some() {
        // Before anybody is told of the means, they can be used.
        bindings::keep(ports, tenant, &deal).await?;
        rows::change(ports, tenant, reference, |before: Option<Deal>| {
            let Some(mut deal) = before.filter(|deal| deal.bind_at.is_some()) else { return Next::Keep(()) };
            deal.bind_at = None;
            Next::Put(deal, ())
        })
        .await?;
        deal.bind_at = None;
    }
    if begun.is_empty() {
        rows::wake::<Deal>(ports, tenant, reference, now, deal.due()).await;
    } else {
        tell::make(ports, terminal, reference, now, begun).await?;
    }
    Ok(Some((answer, deal)))
}

fn ids(ports: &Ports, tenant: &Tenant, family: Family, number: &str) -> Ids {
    let of = |what: &str| seed(ports, tenant, &format!("{what}\n{}\n{number}", family.code()));
    Ids {
        reference: family.reference(&of("reference"), tenant.partner()),
        qr: format!("AD{}", of("qr").code(30)),
        token: family.token(&of("token")),
    }
}

pub(crate) fn seed(ports: &Ports, tenant: &Tenant, what: &str) -> Seed {
    Seed(mac(&ports.settings.master_secret.0, format!("sandbox-double\n{tenant}\n{what}").as_bytes()))
}

async fn keep_qr(ports: &Ports, tenant: &Tenant, ids: &Ids) -> Result<(), SandboxError> {
    rows::change(ports, tenant, &ids.qr, |before: Option<Qr>| match before {
        Some(_) => Next::Keep(()),
        None => Next::Put(Qr { reference: ids.reference.clone() }, ()),
    })
    .await
}

/// Where a link of the СБП leads to.
async fn deal_of_qr(ports: &Ports, tenant: &Tenant, qr_id: &str) -> Result<Option<String>, StoreError> {
    let row = ports.store.sandbox_row(tenant, Qr::KIND, qr_id).await?;
    Ok(row.and_then(|row| serde_json::from_str::<Qr>(&row.body).ok()).map(|qr| qr.reference))
}
