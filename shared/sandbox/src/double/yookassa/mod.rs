//! The double of `YooKassa`, API v3, as <https://yookassa.ru/developers> describes it.
//!
//! | door below `/sandbox/yookassa/{partner}/v3` | what it does |
//! |---|---|
//! | `POST /payments`, `GET /payments`, `GET /payments/{id}` | a payment; the newest thousand of them |
//! | `POST /payments/{id}/capture`, `POST /payments/{id}/cancel` | takes a hold, all of it or a part; lets it go |
//! | `POST /refunds`, `GET /refunds`, `GET /refunds/{id}` | a refund |
//! | `POST /payment_methods`, `GET /payment_methods/{id}` | saves means without a payment |
//! | `GET /me`, `GET /sbp_banks` | the shop; some members of the СБП |
//! | `/webhooks` | refused as to every shop: only applications with OAuth subscribe by API, a shop does it in its settings, here `PUT /sandbox/banks/yookassa` |
//!
//! Every `POST` wants a key of idempotence. The same key with the same body is answered alike for a day, with another body
//! refused, and after that day is new. Callbacks are not signed; they are repeated for a day until they are answered with 200.

mod door;
mod rows;
mod rules;
mod words;

use axum::Router;
use axum::routing::{any, get, post};
use domain::acquiring::Credentials;

use super::{Deal, Dialect, Event, Family, Outgoing, Seed, Terminal};
use crate::Shared;

/// Its dialect.
pub struct Yookassa;

/// Its doors.
pub fn routes() -> Router<Shared> {
    let doors = Router::new()
        .route("/payments", get(door::payments).post(door::create))
        .route("/payments/{id}", get(door::payment))
        .route("/payments/{id}/capture", post(door::capture))
        .route("/payments/{id}/cancel", post(door::cancel))
        .route("/refunds", get(door::refunds).post(door::give_back))
        .route("/refunds/{id}", get(door::refund))
        .route("/payment_methods", post(door::save))
        .route("/payment_methods/{id}", get(door::saved))
        .route("/me", get(door::shop))
        .route("/sbp_banks", get(door::sbp_banks))
        .route("/webhooks", any(door::subscriptions))
        .route("/webhooks/{id}", any(door::subscription));
    Router::new().nest("/sandbox/yookassa/{partner}/v3", doors)
}

impl Dialect for Yookassa {
    const FAMILY: Family = Family::Yookassa;
    /// A day in all; the bank does not publish the steps.
    const WAITS_SECONDS: &'static [i64] = &[60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 29_340];

    fn credentials(secret_hex: &str, _partner: &str) -> Credentials {
        let number = secret_hex.get(..8).and_then(|hex| u32::from_str_radix(hex, 16).ok()).unwrap_or_default();
        let key = secret_hex.get(8..51).unwrap_or(secret_hex);
        // Calls from the double come from wherever the platform runs, and prove as little as those from the bank's networks.
        let pairs = [
            ("shop_id", (number % 900_000 + 100_000).to_string()),
            ("secret_key", format!("test_{key}")),
            ("networks", "any".to_owned()),
        ];
        Credentials(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// Of the form of the bank's ids: `22e12f66-000f-5000-a000-18db351245c7`.
    fn reference(seed: &Seed, _partner: &str) -> String {
        let hex = seed.hex(20);
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        format!("{}-000f-5000-a000-{}", part(0, 8), part(8, 20))
    }

    fn tell(terminal: &Terminal, deal: &Deal, event: &Event) -> Vec<Outgoing> {
        let Some(body) = words::notification(terminal, deal, event) else { return Vec::new() };
        vec![Outgoing::post(terminal.callback_url(deal), "application/json", body.to_string())]
    }

    fn heard(_terminal: &Terminal, _outgoing: &Outgoing, status: u16, _body: &[u8]) -> bool {
        status == 200
    }

    fn order(deal: &Deal) -> String {
        deal.description.clone()
    }
}
