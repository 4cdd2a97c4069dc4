//! The double of Бизнес.Ру Чеки, its own open API.

use axum::Router;
use domain::acquiring::Credentials;
use domain::receipt::register::RegisterKind;

use super::{Device, Dialect, Document, Outgoing};
use crate::Shared;

/// Its dialect.
pub struct BusinessKassa;

impl Dialect for BusinessKassa {
    const KIND: RegisterKind = RegisterKind::BusinessKassa;
    const SEGMENT: &'static str = "business_kassa";

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
