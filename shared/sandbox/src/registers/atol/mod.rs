//! The double of АТОЛ Онлайн, protocols v4 and v5, and of the dialect of v4 that Бизнес.Ру Чеки speaks.

use axum::Router;
use domain::acquiring::Credentials;
use domain::receipt::Ffd;
use domain::receipt::register::RegisterKind;

use super::{Device, Dialect, Document, Outgoing};
use crate::Shared;

macro_rules! dialects {
    ($($(#[$doc:meta])* $name:ident $segment:literal $ffd:ident)*) => {
        $($(#[$doc])* pub struct $name;

        impl Dialect for $name {
            const KIND: RegisterKind = RegisterKind::$name;
            const FFD: Ffd = Ffd::$ffd;
            const SEGMENT: &'static str = $segment;

            fn credentials(_secret_hex: &str, _partner: &str) -> Credentials {
                Credentials::default()
            }

            fn tell(_device: &Device, _document: &Document) -> Vec<Outgoing> {
                Vec::new()
            }
        })*
    };
}

dialects! {
    /// АТОЛ Онлайн v4.
    AtolV4 "atol_v4" V1_05
    /// АТОЛ Онлайн v5.
    AtolV5 "atol_v5" V1_2
    /// Бизнес.Ру Чеки in the dialect of v4.
    BusinessKassaV4 "business_kassa_v4" V1_05
}

/// Their doors.
pub fn routes() -> Router<Shared> {
    Router::new()
}
