//! `YooKassa`, API v3 (<https://yookassa.ru/developers/api>): JSON over HTTP Basic, a key of idempotence on every command.
//!
//! | credential | what it is |
//! |---|---|
//! | `shop_id` | the shop's number, `shopId` |
//! | `secret_key` | the shop's secret key |
//! | `networks` | optional: networks that callbacks come from instead of [`NETWORKS`], separated by commas, or `any`; for a double |
//!
//! The account's address is the one before `/v3`: `https://api.yookassa.ru`.
//!
//! Our number goes along as the key of idempotence, kept for 24 hours, and in `metadata`, kept for good. So a payment whose id was
//! lost with the answer is found in the list of payments, and a refund in the list of its payment's refunds, however late. Only a
//! payment that is registered or charged once more after those 24 hours is a new one to the bank: by then it is asked about.
//!
//! What it can not do: let go a part of a hold; reverse a capture (a refund on the same day is one by itself); close a payment at
//! our time (an unpaid one closes after the means' own term, an hour); be told where to call back (the shop's settings say it);
//! forget saved means (the shop just stops to use them); take bonus points. It does not tell of a refund that was not made.

mod client;
mod networks;
pub mod translate;
pub mod wire;

use domain::acquiring::{Feature, Lapse, Method, MethodTerms};
use domain::money::Currency;

pub use client::YookassaBank;
pub use networks::NETWORKS;

/// Key of `metadata` that carries our number of a payment or a refund.
pub const NUMBER: &str = "apikassa_number";
/// Key of a refund's `metadata` that carries our number of its payment.
pub const PAYMENT: &str = "apikassa_payment";

/// Seconds a hold stays: seven days for every means that can be held.
const HOLD_SECONDS: u32 = 7 * 24 * 3_600;

/// What the protocol can do, by means (<https://yookassa.ru/developers/payment-methods/overview> and the page of each means).
/// Saved means are granted on application: a live account has them off until then.
pub fn terms() -> Vec<MethodTerms> {
    // Mir Pay stands on the card page by itself and has no type of its own.
    vec![
        held(Method::Card, 35_000_000),
        MethodTerms { hold: Feature::Off, partial_capture: false, hold_seconds: 0, ..held(Method::Sbp, 70_000_000) },
        held(Method::SberPay, 70_000_000),
        held(Method::TPay, 70_000_000),
    ]
}

fn held(method: Method, greatest_minor: i64) -> MethodTerms {
    MethodTerms {
        method,
        hold: Feature::Approved,
        save: Feature::Approved,
        partial_capture: true,
        partial_void: false,
        partial_refund: true,
        reversal: false,
        points: false,
        least_minor: 100,
        greatest_minor,
        currencies: vec![Currency::RUB],
        hold_seconds: HOLD_SECONDS,
        hold_counts_today: false,
        lapse: Lapse::Released,
    }
}
