//! Assist, the processing centre of `paysecure.ru` (<https://docs.assist.ru>, «Настройка технического взаимодействия»): forms in,
//! XML out, one order number for everything.
//!
//! | credential | what it is |
//! |---|---|
//! | `merchant_id` | number of the enterprise, `Merchant_ID` |
//! | `login`, `password` | of an account with access to the web services |
//! | `secret` | the secret word ("Payment options" of the merchant's settings), which makes `Checkvalue` and tells Assist's notifications from others |
//! | `test` | `1` where test payments count: a double, a demo host |
//!
//! The account's address is the server's: `https://payments.paysecure.ru`, or the numbered host of the contract. Where Assist
//! sends its notifications is one of the merchant's settings, with signature type MD5 and protocol POST. A notification of money is a
//! reason to ask, however well it is signed: the check value leaves out too much of it. Without a secret word, or signed with PGP,
//! so is every other.
//!
//! **Looking.** An order is found only in the span of time that is looked at, which may not be long. Our numbers begin with a ULID:
//! it says where to begin.
//!
//! **Names.** `OrderNumber` is our number. `billnumber` is Assist's: 15 or 16 digits, and `bill.1`, `bill.2` … name the operations of
//! an order. Trying again under one order number makes another billnumber; a payment is known by the first, in the form `bill.1` when
//! it is in two stages. That form is remembered because Assist's words do not tell a hold let go from a payment sent back: both are
//! `Canceled`.
//!
//! **Repetition.** Assist takes an order number twice and cancels twice. So every command asks first, by our number, how the payment
//! stands; confirming is done once at most by Assist itself; a return carries `Externalrefundid`, which Assist takes once per order. A
//! page that is registered a second time is another page of the same order number: the first was never shown, and if money came
//! meanwhile the registration says that its outcome is not known.
//!
//! **Recurrents.** Means are saved by `RecurringIndicator`; the token is the billnumber of the payment that saved them, charged by
//! `/recurrent/rp.cfm`. `CustomerNumber` goes along with the other payments: Assist's page then offers the buyer's own saved cards.
//! The two exclude each other ("Recurring payments", note to `RecurringIndicator`).
//!
//! What it can not do: close a payment at our time (its own settings say when); let a part of a hold go and keep the rest; hold a
//! recurrent or an СБП payment; give the link of the СБП (its own page shows the QR code); forget a recurrent (the shop just stops to use
//! it). It tells nothing of orders that ran out of time.

mod client;
pub mod translate;
pub mod wire;
pub mod xml;

use domain::acquiring::{Feature, Lapse, Method, MethodTerms};
use domain::money::Currency;

pub use client::AssistBank;

/// Seconds a hold stays at most: the schemes' seven days; the acquirer behind the contract may have fewer.
const HOLD_SECONDS: u32 = 7 * 24 * 3_600;
/// Greatest amount in minor units: the protocol has 15 digits, the acquirer behind the contract decides.
const GREATEST_MINOR: i64 = 100_000_000;

/// What the protocol can do, by means ("Payment request", "Payment confirmation", "Cancelation and Refund").
/// Two stages and recurrents are granted on application: a live account has them off until then.
pub fn terms() -> Vec<MethodTerms> {
    vec![
        of(Method::Card),
        MethodTerms { save: Feature::Off, points: false, ..of(Method::MirPay) },
        MethodTerms {
            hold: Feature::Off,
            save: Feature::Off,
            partial_capture: false,
            points: false,
            hold_seconds: 0,
            ..of(Method::Sbp)
        },
    ]
}

fn of(method: Method) -> MethodTerms {
    MethodTerms {
        method,
        hold: Feature::Approved,
        save: Feature::Approved,
        partial_capture: true,
        partial_void: false,
        partial_refund: true,
        reversal: true,
        points: true,
        least_minor: 100,
        greatest_minor: GREATEST_MINOR,
        currencies: vec![Currency::RUB],
        hold_seconds: HOLD_SECONDS,
        hold_counts_today: false,
        lapse: Lapse::Released,
    }
}
