//! The double of Касса PayKeeper.

use axum::Router;
use domain::acquiring::Credentials;
use domain::receipt::register::RegisterKind;

use super::{Device, Dialect, Document, Outgoing};
use crate::Shared;

/// Its dialect.
pub struct Paykeeper;

impl Dialect for Paykeeper {
    const KIND: RegisterKind = RegisterKind::Paykeeper;
    const SEGMENT: &'static str = "paykeeper_kassa";

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
