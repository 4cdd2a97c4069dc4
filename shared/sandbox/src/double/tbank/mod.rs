//! The double of T-Bank (EACQ).

use axum::Router;
use domain::acquiring::Credentials;

use super::{Deal, Dialect, Event, Family, Outgoing, Terminal};
use crate::Shared;

/// Its dialect.
pub struct Tbank;

/// Its doors.
pub fn routes() -> Router<Shared> {
    Router::new()
}

impl Dialect for Tbank {
    const FAMILY: Family = Family::Tbank;
    const WAITS_SECONDS: &'static [i64] = &[3_600; 24];

    fn credentials(_secret_hex: &str, _partner: &str) -> Credentials {
        Credentials::default()
    }

    fn tell(_terminal: &Terminal, _deal: &Deal, _event: &Event) -> Vec<Outgoing> {
        Vec::new()
    }
}
