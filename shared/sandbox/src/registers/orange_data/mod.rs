//! The double of `OrangeData` (manual 2.31.3): signed commands, a queue, and questions by the owner's id.
//!
//! | here | at the vendor |
//! |---|---|
//! | no client certificate: there is no TLS on one machine | mutual TLS on every connection |
//! | one signing key, the one the vendor publishes for its own test stand; the key's *name* is the partner's own | a key per owner |
//! | a full queue (503) turns a command away once, with the fault `failing_once` | whenever too much is waiting |
//! | a broken register (400, with words of ours) is a group without devices | the manual lists no words |
//! | a document larger than a drive takes is refused at once | after the queue |
//! | a callback is the answer to the question, of what was printed | the manual does not show one |

mod door;
mod read;
mod words;

use axum::Router;
use axum::routing::{get, post};
use domain::acquiring::Credentials;
use domain::receipt::register::RegisterKind;

use super::{Device, Dialect, Document, Outgoing, State};
use crate::Shared;

/// The key everybody may sign with at the vendor's test stand (`files_for_test/private_key_test.xml`), as PEM.
const KEY: &str = include_str!("key.pem");
/// The owner at the vendor's test stand.
const INN: &str = "7727401209";
/// The group of devices for FFD 1.2.
const GROUP: &str = "Main_2";

/// Its dialect.
pub struct OrangeData;

impl Dialect for OrangeData {
    const KIND: RegisterKind = RegisterKind::OrangeData;
    const SEGMENT: &'static str = "orange_data";

    fn credentials(secret_hex: &str, _partner: &str) -> Credentials {
        let name = format!("{INN}_{}", secret_hex.get(..8).unwrap_or_default());
        let pairs = [("inn", INN.to_owned()), ("key", name), ("private_key", KEY.to_owned())];
        Credentials(pairs.map(|(name, value)| (name.to_owned(), value)).into())
    }

    fn group(_partner: &str) -> Option<String> {
        Some(GROUP.to_owned())
    }

    /// The owner's id is the only one there is.
    fn reference(_seed: &super::Seed, external_id: &str) -> String {
        external_id.to_owned()
    }

    fn tell(device: &Device, document: &Document) -> Vec<Outgoing> {
        let State::Done(printed) = &document.state else { return Vec::new() };
        let body = words::done(device, document, printed).to_string();
        vec![Outgoing::post(document.callback_url(device), "application/json; charset=utf-8", body)]
    }
}

/// Its doors. The vendor's own client leaves the last slash out.
pub fn routes() -> Router<Shared> {
    let at = |path: &str| format!("/sandbox/orange_data/{{partner}}/api/v2/{path}");
    Router::new()
        .route(&at("check"), post(door::check))
        .route(&at("check/"), post(door::check))
        .route(&at("devices/status/{inn}/{group}"), get(door::devices))
        .route(&at("{kind}"), post(door::command))
        .route(&at("{kind}/"), post(door::command))
        .route(&at("{kind}/{inn}/status/{id}"), get(door::status))
}
