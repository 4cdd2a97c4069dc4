//! The double of `YooKassa`.

use axum::Router;
use domain::acquiring::Credentials;

use super::{Deal, Dialect, Event, Family, Outgoing, Terminal};
use crate::Shared;

/// Its dialect.
pub struct Yookassa;

/// Its doors.
pub fn routes() -> Router<Shared> {
    Router::new()
}

impl Dialect for Yookassa {
    const FAMILY: Family = Family::Yookassa;
    const WAITS_SECONDS: &'static [i64] = &[30, 300, 1_800];

    fn credentials(_secret_hex: &str, _partner: &str) -> Credentials {
        Credentials::default()
    }

    fn tell(_terminal: &Terminal, _deal: &Deal, _event: &Event) -> Vec<Outgoing> {
        Vec::new()
    }
}
