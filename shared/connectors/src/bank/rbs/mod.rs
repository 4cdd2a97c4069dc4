//! The RBS gateway of BPC, which Sberbank, Alfa-Bank and other banks run under their own names: forms in, JSON out, amounts in
//! minor units.
//!
//! Documents: "REST API" and "Callback notifications" of BPC's gateway (dev.bpcbt.com, integration/api), Sberbank's edition of
//! them (securecardpayment.ru/wiki, integration:api:rest), its pages on points (integration:spasibo) and its newer partner API
//! (ecomtest.sberbank.ru, ecomm/gw/partner/api/v1), and Alfa-Bank's pages on the СБП (`sbp/c2b/qr`).
//!
//! Points («Спасибо») are chosen by the buyer at the page. An order is registered with the whole sum, and its amounts are money
//! alone from then on, here as at the gateway: 3000.00 of which 1500 are points stand as 1500.00 beside 1500 points. A capture
//! or a refund is told the gateway as the sum of both; a part of a refund takes its part of the points back with it.
//!
//! Credentials, by name:
//! - `user` and `password`: the login of the service account, usually ending in `-api`; or `token`, which is used where there
//!   is no `user`. Some gateways answer a token's questions by the bank's own id only.
//! - `base_path`: where the methods lie under the address; `/payment/rest` where it is not given.
//! - `page`: address prefix of the payment page, to which the order's id is appended; needed when the answer to a registration
//!   was lost, because a repeated registration does not name the page again. Where it is not given, the gateway's own layout is
//!   taken: `…/merchants/<login without -api>/payment_<language>.html?mdOrder=`.
//! - `callback_key`: the shared key of callbacks with a checksum (HMAC-SHA256), or `callback_public_key`: the gateway's public
//!   key or certificate in PEM (RSA, PKCS#1 v1.5, SHA-512). Without either every callback is only a reason to ask.
//!
//! What the bank has to set for the account: `getOrderStatusExtended` of version 03 or later (it tells amounts), callbacks of
//! the operations `approved`, `deposited`, `reversed`, `refunded` and `declinedByTimeout`, `dynamicCallbackUrl`, and for saved
//! cards stored credentials with `FORCE_CREATE_BINDING` and payment without CVC.
//!
//! The callback's address must have no query of its own: its fields would be held to a checksum that does not cover them.
//!
//! What it can not do: СБП in two stages or saved; a second letting-go of one hold (a reversal is done once, so a part of a
//! hold is let go only where the bank agreed to it); points chosen by the shop, whose limit no request carries.

mod client;
mod sign;
pub mod translate;
pub mod wire;

pub use client::RbsBank;
pub use sign::{checksum, signed_text};

use domain::acquiring::{Feature, Lapse, Method, MethodTerms};
use domain::money::Currency;

/// Seconds a hold stays: "the money will be returned to a cardholder in a week or so" (REST API, Payment status).
const HOLD_SECONDS: u32 = 7 * 24 * 3_600;
/// Refunds of less than a rouble are refused with code 7, so smaller payments could not go back.
const LEAST_CARD_MINOR: i64 = 100;
/// `amount` has at most twelve digits (REST API, register.do).
const GREATEST_CARD_MINOR: i64 = 999_999_999_999;
/// Least and greatest operation of the СБП between a person and a shop: ten roubles and a million.
const SBP_MINOR: (i64, i64) = (1_000, 100_000_000);

/// What an account can do until its contract says more.
pub fn terms() -> Vec<MethodTerms> {
    let page = |method| MethodTerms {
        method,
        hold: Feature::Off,
        save: Feature::Off,
        partial_capture: true,
        partial_void: false,
        partial_refund: true,
        reversal: true,
        points: false,
        least_minor: LEAST_CARD_MINOR,
        greatest_minor: GREATEST_CARD_MINOR,
        currencies: vec![Currency::RUB],
        hold_seconds: HOLD_SECONDS,
        hold_counts_today: false,
        lapse: Lapse::Released,
    };
    let sbp = MethodTerms {
        partial_capture: false,
        reversal: false,
        least_minor: SBP_MINOR.0,
        greatest_minor: SBP_MINOR.1,
        hold_seconds: 0,
        ..page(Method::Sbp)
    };
    vec![page(Method::Card), sbp, page(Method::SberPay), page(Method::MirPay)]
}
