//! The double of КИТ Онлайн.

use axum::Router;
use domain::acquiring::Credentials;
use domain::receipt::register::RegisterKind;

use super::{Device, Dialect, Document, Outgoing};
use crate::Shared;

/// Its dialect.
pub struct KitOnline;

impl Dialect for KitOnline {
    const KIND: RegisterKind = RegisterKind::KitOnline;
    const SEGMENT: &'static str = "kit_online";

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
