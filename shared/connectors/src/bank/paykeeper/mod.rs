//! `PayKeeper`: invoices paid on its own page, roubles with two decimals, Basic authorization and a security token per change.
//!
//! Documents: «JSON API» (2 «Платежи», 3 «Счета», 6 «Токен безопасности», 9 «Привязка карты»), «HTML-форма», «Приём POST
//! оповещений», «Холдирование средств» at docs.paykeeper.ru.
//!
//! Credentials of an account:
//! - `user`, `password`: a user of the cabinet;
//! - `secret`: the secret word of notifications and of the payment form;
//! - `hold_systems` (optional): ids of the payment systems that only authorize, with commas between, or `all`. Whether a payment
//!   is held is a setting of its payment system at `PayKeeper`, not of the request;
//! - `pstype_hold` (optional): the `pstype` that leads to such a system, where there are others beside it;
//! - `pstype_<method>` (optional), as `pstype_card` or `pstype_sber_pay`: the `pstype` that leads to this means. СБП has
//!   `sbp_default` when nothing is said.
//!
//! The address of notifications is set in the cabinet: the protocol can not carry it. Told are accepted payments only; declines,
//! captures and refunds are to be asked about.
//!
//! What it can not do: let go a part of a hold and keep the rest (a partial reverse of a hold captures what is left: that is how
//! less than everything is captured), forget saved means on its side, currencies besides the rouble, bonus points.
//! No request carries an idempotency key, so every command looks first how the payment stands.

mod client;
pub mod translate;
pub mod wire;

pub use client::PaykeeperBank;
use domain::acquiring::{Feature, Lapse, Method, MethodTerms};
use domain::money::Currency;

/// The `pstype` of СБП where an account names no other.
pub const PSTYPE_SBP: &str = "sbp_default";
/// Seconds the card networks keep a hold; `PayKeeper` captures by itself before that, when its own term is over.
pub const HOLD_SECONDS: u32 = 7 * 24 * 3_600;
/// The most one СБП payment can be, in kopecks; a contract may narrow it, and what a card may pay.
const GREATEST_MINOR: i64 = 100_000_000;

/// What an account can do before its contract says more. Holds and saved cards are granted on application; a hold nobody
/// captures is captured by `PayKeeper` («Холдирование средств»).
pub fn terms() -> Vec<MethodTerms> {
    let card = MethodTerms {
        method: Method::Card,
        hold: Feature::Off,
        save: Feature::Off,
        partial_capture: true,
        partial_void: false,
        partial_refund: true,
        reversal: true,
        points: false,
        least_minor: 100,
        greatest_minor: GREATEST_MINOR,
        currencies: vec![Currency::RUB],
        hold_seconds: HOLD_SECONDS,
        hold_counts_today: false,
        lapse: Lapse::Captured,
    };
    let sbp =
        MethodTerms { method: Method::Sbp, partial_capture: false, reversal: false, hold_seconds: 0, ..card.clone() };
    vec![card, sbp]
}
