//! The double of КИТ Онлайн: `SendCheck` and `StateCheck`, every answer with HTTP status 200 and a `ResultCode`.
//!
//! As the vendor does, it takes a `CheckId` once, whatever became of it, and tells nothing by itself. It prints FFD 1.05: the published
//! words of the protocol end there.

mod door;
mod read;

use axum::Router;
use axum::routing::post;
use domain::acquiring::Credentials;
use domain::receipt::Ffd;
use domain::receipt::register::RegisterKind;

use super::{Device, Dialect, Document, Failure, Outgoing, Seed};
use crate::Shared;

/// Its dialect.
pub struct KitOnline;

impl Dialect for KitOnline {
    const KIND: RegisterKind = RegisterKind::KitOnline;
    const FFD: Ffd = Ffd::V1_05;
    const SEGMENT: &'static str = "kit_online";

    fn credentials(secret_hex: &str, partner: &str) -> Credentials {
        let (company, password) = secret_hex.split_at(6);
        let company_id = u32::from_str_radix(company, 16).unwrap_or_default().saturating_add(1).to_string();
        let named = [("company_id", company_id.as_str()), ("login", partner), ("password", password)];
        Credentials(named.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    }

    /// `CheckQueueId`.
    fn reference(seed: &Seed, _external_id: &str) -> String {
        seed.digits(15)
    }

    fn again(_failure: Failure) -> bool {
        false
    }

    fn tell(_device: &Device, _document: &Document) -> Vec<Outgoing> {
        Vec::new()
    }
}

/// Its doors.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/sandbox/kit_online/{partner}/WebService.svc/SendCheck", post(door::send))
        .route("/sandbox/kit_online/{partner}/WebService.svc/StateCheck", post(door::state))
}
