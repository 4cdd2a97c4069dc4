//! The room that **translates**: between our words and those of banks, registers, executors and channels.
//!
//! Invariant: no connector knows the table or decides anything; it says what the other side said, or that it does not know.

pub mod bank;
pub mod channel;
pub mod client;
pub mod client_bank;
pub mod fulfilment;
pub mod http;
pub mod mask;
pub mod nspk;
pub mod peer;
pub mod registry;
pub mod signature;
pub mod till;
pub mod wallet;
