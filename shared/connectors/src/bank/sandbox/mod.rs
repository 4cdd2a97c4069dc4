//! The sandbox bank's dialect: signed JSON, amounts in minor units.
//!
//! | what | path below `/sandbox/bank/v1` |
//! |---|---|
//! | payment, in one stage or two; its page or link of the СБП | `payments` |
//! | payment from saved means | `charges` |
//! | how a payment, a capture or a return stands | `payments/status` |
//! | capture, void, reversal, refund | `captures`, `voids`, `reversals`, `refunds` |
//! | saved means are forgotten | `means/forget` |
//!
//! Everything has a number of the merchant's; the same number gets the same answer and is done once. A payment is answered, and
//! told of in callbacks, with how the whole of it stands; a command with its own outcome.

mod client;
pub mod translate;
pub mod wire;

pub use client::SandboxBank;
use domain::acquiring::{Feature, Lapse, Method, MethodTerms};
use domain::money::Currency;

/// The purpose its secrets are derived for ([`crate::signature::derive`]).
pub const PURPOSE: &str = "bank";
/// Kopecks of one payment, at most: what a fiscal receipt can carry (`OrangeData` manual 2.31: 99 999 999.99).
pub const AMOUNT_MAX: i64 = 9_999_999_999;
/// Seconds a hold stays: seven days, as most banks have it.
pub const HOLD_SECONDS: u32 = 7 * 24 * 3_600;
/// Seconds after a capture in which it can be reversed: a day, when banks clear.
pub const CLEARING_SECONDS: i64 = 24 * 3_600;

/// What the sandbox bank can do, by means: all that any bank can, so that everything can be tried.
pub fn terms() -> Vec<MethodTerms> {
    let terms = |method, hold: bool, save: bool| {
        let feature = |on| if on { Feature::Approved } else { Feature::Off };
        MethodTerms {
            method,
            hold: feature(hold),
            save: feature(save),
            partial_capture: hold,
            partial_void: hold,
            partial_refund: true,
            reversal: hold,
            points: method == Method::Card,
            least_minor: 1,
            greatest_minor: AMOUNT_MAX,
            currencies: vec![Currency::RUB],
            hold_seconds: if hold { HOLD_SECONDS } else { 0 },
            hold_counts_today: false,
            lapse: Lapse::Released,
        }
    };
    vec![
        terms(Method::Card, true, true),
        terms(Method::Sbp, false, true),
        terms(Method::MirPay, true, false),
        terms(Method::YandexPay, true, false),
        terms(Method::SberPay, true, true),
        terms(Method::TPay, true, true),
        terms(Method::MtsPay, true, false),
        terms(Method::Dolyami, false, false),
    ]
}
