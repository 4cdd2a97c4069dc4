//! The double of T-Bank (EACQ): «Протокол EACQ. Мультирасчеты» 1.8 of 13.11.2025 and the OpenAPI description 1.80.
//!
//! `POST /sandbox/tbank/{partner}/v2/{method}` with `Init`, `GetState`, `CheckOrder`, `Confirm`, `Cancel`, `Charge`, `GetQr`,
//! `GetQrState`, `QrMembersList`, `SbpPayTest`, `AddAccountQr`, `GetAddAccountQrState`, `GetAccountQrList`, `ChargeQr`,
//! `AddCustomer`, `GetCustomer`, `RemoveCustomer`, `GetCardList`, `RemoveCard`. Errors come with 200, as the bank's do.
//!
//! Where the documents leave it open:
//! - `Amount` of a state is what is left: held, or captured and not given back.
//! - `AUTH_FAIL` and `DEADLINE_EXPIRED` are told to nobody who does not ask; neither is a refund that was taken back.
//! - A payment in one stage by card is told twice, `AUTHORIZED` and `CONFIRMED`.
//! - A notification that was not heard comes hourly for a day and then daily for a month (1.80; 1.8 has the day only).
//! - `Charge` asks no buyer for a check: where one would be asked for, the money is taken.
//! - `GetCardList` leaves removed cards out.
//!
//! The bank's test cards (1.8, section 7) and the double's: …0013, …9761 and …2158 `success`, …0047 `challenge`, …0831, …9591 and
//! …7566 `insufficient_funds`, …0021, …2075 and …0005 `blocked`. Numbers are shown masked and taken nowhere.

mod door;
mod means;
mod words;

use axum::Router;
use axum::routing::post;
use connectors::bank::tbank::token;
use domain::acquiring::{Credentials, Stages};
use domain::money::Money;
use serde_json::{Map, Value, json};

use super::{Card, Deal, Dialect, Event, Family, Outgoing, Seed, Terminal};
use crate::Shared;
use words::{ended, is_binding, is_qr, left, status};

/// Attempts after the first: hourly for a day, daily for a month.
const WAITS: [i64; 54] = {
    let mut waits = [3_600; 54];
    let mut at = 24;
    while at < waits.len() {
        waits[at] = 86_400;
        at += 1;
    }
    waits
};

/// Its dialect.
pub struct Tbank;

/// Its doors.
pub fn routes() -> Router<Shared> {
    Router::new().route("/sandbox/tbank/{partner}/v2/{method}", post(door::call))
}

impl Dialect for Tbank {
    const FAMILY: Family = Family::Tbank;
    const WAITS_SECONDS: &'static [i64] = &WAITS;

    fn credentials(secret_hex: &str, _partner: &str) -> Credentials {
        let digit = |hex: char| hex.to_digit(16).and_then(|value| char::from_digit(value % 10, 10));
        // `SbpPayTest` and test cards are for terminals whose name ends like this.
        let terminal: String = secret_hex.chars().filter_map(digit).take(13).chain("DEMO".chars()).collect();
        let password = secret_hex.chars().skip(16).take(20).collect();
        let names = [("terminal_key".to_owned(), terminal), ("password".to_owned(), password)];
        Credentials(names.into())
    }

    fn reference(seed: &Seed, _partner: &str) -> String {
        seed.digits(13)
    }

    fn token(seed: &Seed) -> String {
        seed.digits(16)
    }

    fn tell(terminal: &Terminal, deal: &Deal, event: &Event) -> Vec<Outgoing> {
        let part = |left: Money, all, part| if left.is_zero() { all } else { part };
        let states: Vec<&str> = match event {
            Event::Bound if is_qr(deal) => return means::told(terminal, deal, "ACTIVE"),
            Event::Unbound if is_qr(deal) => return means::told(terminal, deal, "INACTIVE"),
            _ if is_binding(deal) => Vec::new(),
            Event::Authorized => vec!["AUTHORIZED"],
            Event::Captured { .. } if deal.stages == Stages::One && !is_qr(deal) => vec!["AUTHORIZED", "CONFIRMED"],
            Event::Captured { .. } => vec!["CONFIRMED"],
            Event::Declined if matches!(status(deal), "REJECTED" | "CANCELED") => vec![status(deal)],
            Event::Voided { .. } => vec![part(left(deal), "REVERSED", "PARTIAL_REVERSED")],
            Event::Refunded { .. } => vec![part(left(deal), "REFUNDED", "PARTIAL_REFUNDED")],
            Event::Declined | Event::TimedOut | Event::RefundCancelled { .. } | Event::Bound | Event::Unbound => {
                Vec::new()
            }
        };
        let told = states.into_iter().map(|status| notification(terminal, deal, status));
        told.filter_map(|fields| outgoing(terminal, deal, &fields)).collect()
    }

    fn heard(_terminal: &Terminal, _outgoing: &Outgoing, status: u16, body: &[u8]) -> bool {
        status == 200 && body == b"OK"
    }

    /// `${Success}` and others in `SuccessURL` and `FailURL` are filled in (1.8, table 1.2).
    fn back(deal: &Deal) -> String {
        let (code, message) = ended(deal);
        let (success, url) = match deal.facts().state {
            super::DealState::Declined => ("false", &deal.return_failure),
            _ => ("true", &deal.return_success),
        };
        let amount = deal.amount.minor().to_string();
        let message = if code == "0" { "" } else { message };
        let message = escaped(message);
        let values = [
            ("${Success}", success),
            ("${ErrorCode}", code),
            ("${OrderId}", &deal.number),
            ("${PaymentId}", &deal.reference),
            ("${Amount}", &amount),
            ("${Message}", &message),
            ("${Details}", &message),
        ];
        values.iter().fold(url.clone(), |url, (name, value)| url.replace(name, value))
    }
}

/// As a part of an address.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for (at, digit) in hex::encode_upper(text).char_indices() {
        if at % 2 == 0 {
            escaped.push('%');
        }
        escaped.push(digit);
    }
    escaped
}

/// What a notification of a payment says (1.8, table 4.2.1).
fn notification(terminal: &Terminal, deal: &Deal, status: &str) -> Map<String, Value> {
    let (code, message) = ended(deal);
    let mut fields = Map::new();
    let mut say = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    say("TerminalKey", json!(terminal.credentials.of("terminal_key")));
    say("OrderId", json!(deal.number));
    say("Success", json!(code == "0"));
    say("Status", json!(status));
    // The tables have a string, the bank's later example a number, and so has what it sends.
    say("PaymentId", deal.reference.parse::<u64>().map_or_else(|_| json!(deal.reference), |id| json!(id)));
    say("ErrorCode", json!(code));
    let stands = if status == "AUTHORIZED" { deal.amount } else { left(deal) };
    say("Amount", json!(stands.minor()));
    if code != "0" {
        say("Message", json!(message));
    }
    if is_qr(deal) {
        say("Pan", json!("+7 (***) ***-**-00"));
    } else if let Some(card) = deal.card() {
        say("Pan", json!(masked(card)));
        say("ExpDate", json!(EXPIRES));
    }
    if let Some(token) = kept(deal) {
        say("CardId", card_id(&token).parse::<u64>().map_or(Value::Null, |id| json!(id)));
        say("RebillId", json!(token));
    }
    fields
}

/// The token of a card this deal saves.
fn kept(deal: &Deal) -> Option<String> {
    let facts = deal.facts();
    let took = facts.authorized_at.is_some();
    (took && deal.save && deal.customer.is_some() && !is_qr(deal)).then(|| deal.token().to_owned())
}

/// Signs what is told and addresses it.
fn outgoing(terminal: &Terminal, deal: &Deal, fields: &Map<String, Value>) -> Option<Outgoing> {
    let signed = token::signed(fields, terminal.credentials.of("password")).ok()?;
    let body = String::from_utf8(signed).ok()?;
    Some(Outgoing::post(terminal.callback_url(deal), "application/json", body))
}

/// Until when every test card is valid, `MMYY`.
const EXPIRES: &str = "1230";

/// A test card's number as it is shown: that of the bank's own which does the same, where there is one.
fn masked(card: Card) -> String {
    let tail = match card {
        Card::Success => "0013",
        Card::Challenge => "0047",
        Card::InsufficientFunds => "0831",
        Card::Blocked => "0021",
        other => return format!("220138******9{}", other.last_four().get(1..).unwrap_or_default()),
    };
    format!("220138******{tail}")
}

/// The bank's id of a saved card: another number than the one that is charged.
fn card_id(token: &str) -> String {
    format!("8{}", token.chars().skip(4).take(9).collect::<String>())
}
