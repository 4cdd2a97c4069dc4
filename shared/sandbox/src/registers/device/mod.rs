//! The double of a stationary register, whose device agent fetches its jobs.

use axum::Router;
use domain::acquiring::Credentials;
use domain::receipt::register::RegisterKind;

use super::{Device, Dialect, Document, Outgoing};
use crate::Shared;

/// Its dialect.
pub struct Stationary;

impl Dialect for Stationary {
    const KIND: RegisterKind = RegisterKind::Device;
    const SEGMENT: &'static str = "device";

    fn credentials(_secret_hex: &str, _partner: &str) -> Credentials {
        Credentials::default()
    }

    fn tell(_device: &Device, _document: &Document) -> Vec<Outgoing> {
        Vec::new()
    }
}

/// Its doors.
pub fn routes() -> Router<Shared> {
    Router::new()
}
