//! The payment model laid open: what every command and every word of a bank makes of every state an order can be in
//! (`docs/PAYMENTS.md` and what it leads to are written from here), and that the order of events does not matter to the kopeck.
#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

mod bank;
mod commands;
mod histories;
mod permutations;
mod states;
mod table;
mod tale;
#[path = "../written/mod.rs"]
mod written;
