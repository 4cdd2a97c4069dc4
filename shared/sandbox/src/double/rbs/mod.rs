//! The double of the gateway of BPC (Sberbank, Alfa-Bank and others).

use axum::Router;
use domain::acquiring::Credentials;

use super::{Deal, Dialect, Event, Family, Outgoing, Terminal};
use crate::Shared;

/// Its dialect.
pub struct Rbs;

/// Its doors.
pub fn routes() -> Router<Shared> {
    Router::new()
}

impl Dialect for Rbs {
    const FAMILY: Family = Family::Rbs;
    const WAITS_SECONDS: &'static [i64] = &[30, 30, 30];

    fn credentials(_secret_hex: &str, _partner: &str) -> Credentials {
        Credentials::default()
    }

    fn tell(_terminal: &Terminal, _deal: &Deal, _event: &Event) -> Vec<Outgoing> {
        Vec::new()
    }
}
