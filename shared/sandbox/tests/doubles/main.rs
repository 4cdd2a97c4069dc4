//! The doubles of banks at their doors, each spoken to by the platform's own connector of its protocol.

#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

#[path = "../doors/support.rs"]
mod support;

mod assist;
mod machine;
mod paykeeper;
mod rbs;
mod tbank;
mod yookassa;
