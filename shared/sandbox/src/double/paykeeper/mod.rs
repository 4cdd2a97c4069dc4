//! The double of `PayKeeper`: a cabinet with three payment systems (cards at once, cards in two stages, СБП), invoices, the
//! payment form, saved cards and notifications.
//!
//! As the vendor's server does, it takes any order number any number of times: every invoice, every charge and every try of a
//! buyer is a payment of its own, and who repeats a command without looking first does it twice.

mod book;
mod door;
mod pages;
mod words;

use axum::Router;
use axum::routing::{any, get, post};
use connectors::bank::paykeeper::translate::md5_of;
use domain::acquiring::Credentials;

use super::{Deal, Dialect, Event, Family, Outgoing, Seed, Terminal};
use crate::Shared;

/// Its dialect.
pub struct Paykeeper;

/// Its doors. The vendor's paths end with a slash; clients leave it out here and there.
pub fn routes() -> Router<Shared> {
    let at = |path: &str| format!("/sandbox/paykeeper/{{partner}}{path}");
    let mut router = Router::new();
    for slash in ["", "/"] {
        let at = |path: &str| format!("{}{slash}", at(path));
        router = router
            .route(&at("/info/settings/token"), any(door::token))
            .route(&at("/info/systems/list"), get(door::systems))
            .route(&at("/change/invoice/preview"), post(door::preview))
            .route(&at("/change/invoice/send"), post(door::send_invoice))
            .route(&at("/change/invoice/revoke"), post(door::revoke))
            .route(&at("/info/invoice/byid"), get(door::invoice))
            .route(&at("/info/invoice/list"), get(door::invoices))
            .route(&at("/info/invoice/listcount"), get(door::count))
            .route(&at("/info/payments/byid"), get(door::payment))
            .route(&at("/info/payments/search"), get(door::search))
            .route(&at("/info/payments/bydate"), get(door::by_date))
            .route(&at("/info/options/byid"), get(door::options))
            .route(&at("/info/refunds/bypaymentid"), get(door::refunds))
            .route(&at("/change/payment/capture"), post(door::capture))
            .route(&at("/change/payment/reverse"), post(door::reverse))
            .route(&at("/change/payment/repeatcnt"), post(door::tell_again))
            .route(&at("/change/binding/execute"), post(door::execute))
            .route(&at("/bill/{invoice}"), get(pages::bill))
            .route(&at("/create"), get(pages::create_by_link).post(pages::create_by_form));
    }
    router
}

impl Dialect for Paykeeper {
    const FAMILY: Family = Family::Paykeeper;
    // The vendor counts its attempts (`repeat_counter`) and publishes no schedule: this one is the double's own.
    const WAITS_SECONDS: &'static [i64] = &[60, 300, 900, 3_600, 14_400, 43_200];

    fn credentials(secret_hex: &str, partner: &str) -> Credentials {
        let (password, secret) = secret_hex.split_at(secret_hex.len() / 2);
        let named = [
            ("user", partner),
            ("password", password),
            ("secret", secret),
            ("hold_systems", words::System::CardHold.id()),
            ("pstype_card", words::System::Card.pstype()),
            ("pstype_hold", words::System::CardHold.pstype()),
        ];
        Credentials(named.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    }

    fn reference(seed: &Seed, _partner: &str) -> String {
        seed.digits(15)
    }

    fn token(seed: &Seed) -> String {
        seed.uuid()
    }

    /// Accepted payments are told of, and nothing else («Приём POST оповещений»).
    fn tell(terminal: &Terminal, deal: &Deal, event: &Event) -> Vec<Outgoing> {
        let is_accepted = match event {
            Event::Authorized => true,
            Event::Captured { .. } => deal.stages == domain::acquiring::Stages::One,
            _ => false,
        };
        let told = is_accepted.then(|| {
            let body = words::notification(deal, terminal.credentials.of("secret"));
            Outgoing::post(terminal.callback_url(deal), "application/x-www-form-urlencoded", body)
        });
        told.into_iter().collect()
    }

    fn heard(terminal: &Terminal, outgoing: &Outgoing, status: u16, body: &[u8]) -> bool {
        let id = words::field(&outgoing.body, "id");
        let wanted = format!("OK {}", md5_of(&[&id], terminal.credentials.of("secret")));
        (200..300).contains(&status) && body.trim_ascii() == wanted.as_bytes()
    }

    fn order(deal: &Deal) -> String {
        words::word(deal, "orderid").to_owned()
    }
}
