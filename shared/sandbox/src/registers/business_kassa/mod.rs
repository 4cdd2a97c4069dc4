//! The double of Бизнес.Ру Чеки's own API: a token, commands to a register, and the list of them by the shop's number.
//!
//! The vendor does not promise that a `c_num` is taken once, so this double does not either: a command is known by its `nonce`
//! («уникальный идентификатор команды»), and the same number in another one is printed again.

mod door;
mod read;

use axum::Router;
use axum::routing::get;
use domain::acquiring::Credentials;
use domain::receipt::register::RegisterKind;

use super::{Device, Dialect, Document, Failure, Outgoing, Seed};
use crate::Shared;

/// Its dialect.
pub struct BusinessKassa;

impl Dialect for BusinessKassa {
    const KIND: RegisterKind = RegisterKind::BusinessKassa;
    const SEGMENT: &'static str = "business_kassa";

    fn credentials(secret_hex: &str, _partner: &str) -> Credentials {
        let (app_id, secret) = secret_hex.split_at(secret_hex.len() / 2);
        let named = [("app_id", app_id), ("secret", secret)];
        Credentials(named.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    }

    /// `command_id`.
    fn reference(seed: &Seed, _external_id: &str) -> String {
        seed.digits(15)
    }

    /// The same command again is that command, whatever became of it; another try is another command.
    fn again(_failure: Failure) -> bool {
        false
    }

    fn tell(_device: &Device, _document: &Document) -> Vec<Outgoing> {
        Vec::new()
    }
}

/// Its doors.
pub fn routes() -> Router<Shared> {
    let at = |path: &str| format!("/sandbox/business_kassa/{{partner}}/{path}");
    Router::new()
        .route(&at("Token"), get(door::token))
        .route(&at("StateSystem"), get(door::state_system))
        .route(&at("Command"), get(door::commands).post(door::command))
        .route(&at("Command/{id}"), get(door::command_by_id))
}
