//! T-Bank's internet acquiring (EACQ, «Т‑Касса»): JSON over POST, a token of SHA-256 in every body.
//!
//! Documents: «Протокол EACQ. Мультирасчеты» 1.8 of 13.11.2025 and the OpenAPI description «Прием платежей» 1.80.
//!
//! Credentials of an account: `terminal_key` (`TerminalKey`) and `password` (the terminal's password, which signs both ways).
//! The address is without `/v2`: `https://securepay.tinkoff.ru`.
//!
//! What the bank can not do, or tells only in part:
//! - A second `Init` with the same `OrderId` is refused, and the address of the first one's form is told once only. When that
//!   answer was lost, a payment nobody has seen yet is cancelled and refused, so that the buyer can start another; a link of the
//!   СБП is asked for again.
//! - `ExternalRequestId` makes `Cancel` repeatable, but not for the СБП (1.80, `Cancel`): there the state is looked at before
//!   every attempt.
//! - A state names the money that is left, never what went back: that is told from what was captured, which must be known.
//! - A payment in one stage may be seen in `AUTHORIZED` for a moment: held, and not yet captured.
//! - An account of the СБП that was bound can not be unbound by the shop.

mod client;
pub mod token;
pub mod translate;
pub mod wire;

pub use client::TbankBank;
use domain::acquiring::{Feature, Lapse, Method, MethodTerms};
use domain::money::Currency;

/// A day in seconds.
const DAY: u32 = 24 * 3_600;

/// What a terminal can do when it is new.
///
/// The form the bank shows takes cards and whatever else the terminal allows; the СБП is paid by a link of its own.
/// Two stages are asked for payment by payment (`PayType`), without an application; `Charge` is switched on by the bank on
/// application (1.80, «Charge»).
pub fn terms() -> Vec<MethodTerms> {
    // «Подтвердить платеж необходимо в течение 7 дней, включая день авторизации»
    let card = card(Method::Card, 7 * DAY);
    let sbp = MethodTerms {
        method: Method::Sbp,
        hold: Feature::Off, // «По СБП нет двухстадийной оплаты»
        partial_capture: false,
        partial_void: false,
        // «От 10 рублей до 1 миллиона рублей» (1.80, error 3016).
        least_minor: 1_000,
        greatest_minor: 100_000_000,
        hold_seconds: 0,
        hold_counts_today: false,
        ..card.clone()
    };
    // Held as cards are, by SberPay for thirty days (developer.tbank.ru, «SberPay»).
    let pays = [(Method::TPay, 7), (Method::MirPay, 7), (Method::SberPay, 30)];
    let pays = pays.map(|(method, days)| self::card(method, days * DAY));
    [card, sbp].into_iter().chain(pays).collect()
}

fn card(method: Method, hold_seconds: u32) -> MethodTerms {
    MethodTerms {
        method,
        hold: Feature::Approved,
        save: Feature::Off,
        partial_capture: true, // «Сумма списания может быть меньше или равна сумме авторизации»
        partial_void: true,    // «При частичном анхолде остаток также остается в резерве»
        partial_refund: true,
        reversal: false, // What is `CONFIRMED` is refunded.
        points: false,
        least_minor: 100,              // Table 2.3.1
        greatest_minor: 9_999_999_999, // `Amount` has at most ten digits.
        currencies: vec![Currency::RUB],
        hold_seconds,
        hold_counts_today: true,
        lapse: Lapse::Released,
    }
}
