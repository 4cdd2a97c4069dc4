//! The doubles of АТОЛ Онлайн, protocols v4 and v5, and of the dialect of v4 that Бизнес.Ру Чеки speaks.
//!
//! After «Описание протокола v4 (ФФД 1.05)», 5.23 of 09.12.2025, and the public clients of v5. Purchases (`buy…`) and the
//! corrections of v4, which have no items, are refused with error 31.

mod body;
mod door;
mod read;
mod words;

use axum::Router;
use axum::routing::{get, post};
use domain::acquiring::Credentials;
use domain::receipt::Ffd;
use domain::receipt::register::RegisterKind;

use super::{Device, Dialect, Document, Failure, Outgoing};
use crate::Shared;

macro_rules! dialects {
    ($($(#[$doc:meta])* $name:ident $segment:literal $ffd:ident $group:literal;)*) => {
        $($(#[$doc])*
        pub struct $name;

        impl Dialect for $name {
            const KIND: RegisterKind = RegisterKind::$name;
            const FFD: Ffd = Ffd::$ffd;
            const SEGMENT: &'static str = $segment;
            /// Told once: who hears nothing asks (section 10.1).
            const WAITS_SECONDS: &'static [i64] = &[];

            fn credentials(secret_hex: &str, partner: &str) -> Credentials {
                credentials(Self::KIND, secret_hex, partner)
            }

            fn group(partner: &str) -> Option<String> {
                Some(format!("{partner}_{}", $group))
            }

            /// Whatever became of it, its external id is taken.
            fn again(_failure: Failure) -> bool {
                false
            }

            fn tell(device: &Device, document: &Document) -> Vec<Outgoing> {
                words::tell(device, document)
            }
        })*
    };
}

dialects! {
    /// АТОЛ Онлайн v4.
    AtolV4 "atol_v4" V1_05 "4179";
    /// АТОЛ Онлайн v5.
    AtolV5 "atol_v5" V1_2 "5179";
    /// Бизнес.Ру Чеки in the dialect of v4.
    BusinessKassaV4 "business_kassa_v4" V1_05 "1";
}

fn credentials(kind: RegisterKind, secret_hex: &str, partner: &str) -> Credentials {
    let half = secret_hex.len() / 2;
    let mut names = vec![
        ("login".to_owned(), format!("{partner}-{}", secret_hex.get(..12).unwrap_or_default())),
        ("password".to_owned(), secret_hex.get(half..).unwrap_or_default().to_owned()),
    ];
    if kind == RegisterKind::BusinessKassaV4 {
        names.push(("partner".to_owned(), partner.to_owned()));
    }
    Credentials(names.into_iter().collect())
}

/// Their doors.
pub fn routes() -> Router<Shared> {
    Router::new()
        .merge(routes_of::<AtolV4>("v4"))
        .merge(routes_of::<AtolV5>("v5"))
        .merge(routes_of::<BusinessKassaV4>("v4"))
}

fn routes_of<D: Dialect + 'static>(version: &str) -> Router<Shared> {
    let at = format!("/sandbox/{}/{{partner}}/{version}", D::SEGMENT);
    Router::new()
        .route(&format!("{at}/getToken"), get(door::token_by_query::<D>).post(door::token::<D>))
        .route(&format!("{at}/{{group}}/{{operation}}"), post(door::register::<D>))
        .route(&format!("{at}/{{group}}/report/{{uuid}}"), get(door::report::<D>))
}
