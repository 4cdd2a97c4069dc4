//! The room that **decides**: money, orders, receipts, ledger, payouts as pure values and pure functions.
//!
//! Invariant: nothing here reads a clock, draws a random number, or talks to anyone. Everything a decision needs is an
//! argument; everything it wants done is in its answer. No bank, register or cloud is known by name.

pub mod acquiring;
pub mod audit;
pub mod commission;
pub mod consent;
pub mod delivery;
pub mod details;
pub mod exchange;
pub mod id;
pub mod ledger;
pub mod marking;
pub mod money;
pub mod order;
pub mod partner;
pub mod payout;
pub mod receipt;
pub mod report;
pub mod subscription;
pub mod tax;
pub mod time;
pub mod wallet;
pub mod webhook;
