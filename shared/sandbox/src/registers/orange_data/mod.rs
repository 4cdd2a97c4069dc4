//! The double of OrangeData.

use axum::Router;
use domain::acquiring::Credentials;
use domain::receipt::register::RegisterKind;

use super::{Device, Dialect, Document, Outgoing};
use crate::Shared;

/// Its dialect.
pub struct OrangeData;

impl Dialect for OrangeData {
    const KIND: RegisterKind = RegisterKind::OrangeData;
    const SEGMENT: &'static str = "orange_data";

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
