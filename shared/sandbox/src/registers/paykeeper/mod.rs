//! The double of Касса PayKeeper: receipts of the cabinet's JSON API, found by their key, shown by their number.

mod door;
mod read;

use axum::Router;
use axum::routing::{get, post};
use domain::acquiring::Credentials;
use domain::receipt::register::RegisterKind;

use super::{Device, Dialect, Document, Failure, Outgoing, Seed};
use crate::Shared;

/// Its dialect.
pub struct Paykeeper;

impl Dialect for Paykeeper {
    const KIND: RegisterKind = RegisterKind::Paykeeper;
    const SEGMENT: &'static str = "paykeeper_kassa";

    fn credentials(secret_hex: &str, partner: &str) -> Credentials {
        let (password, _) = secret_hex.split_at(secret_hex.len() / 2);
        let named = [("user", partner), ("password", password)];
        Credentials(named.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    }

    /// `receipt_id`.
    fn reference(seed: &Seed, _external_id: &str) -> String {
        seed.digits(12)
    }

    /// Every question comes as a print with the key: only what was not got to in time is tried anew by it.
    fn again(failure: Failure) -> bool {
        failure == Failure::Timeout
    }

    /// The final state of a receipt («JSON API», 8.13), as a form like that of payments.
    fn tell(device: &Device, document: &Document) -> Vec<Outgoing> {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("id", &document.reference);
        form.append_pair("receipt_key", &document.external_id);
        form.append_pair("status", door::status(document));
        let url = document.callback_url(device);
        vec![Outgoing::post(url, "application/x-www-form-urlencoded", form.finish())]
    }
}

/// Its doors. The vendor's paths end with a slash; clients leave it out here and there.
pub fn routes() -> Router<Shared> {
    let mut router = Router::new();
    for slash in ["", "/"] {
        let at = |path: &str| format!("/sandbox/paykeeper_kassa/{{partner}}{path}{slash}");
        router = router
            .route(&at("/info/settings/token"), get(door::token))
            .route(&at("/change/receipt/print"), post(door::print))
            .route(&at("/info/receipts/byid"), get(door::by_id));
    }
    router
}
