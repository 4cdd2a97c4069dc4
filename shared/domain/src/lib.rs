//! The room that **decides**: money, orders, receipts, ledger, payouts as pure values and pure functions.
//!
//! Invariant: nothing here reads a clock, draws a random number, or talks to anyone. Everything a decision needs is an
//! argument; everything it wants done is in its answer. No bank, register or cloud is known by name.

pub mod acquirer;
pub mod acquiring;
pub mod audit;
pub mod bank_exchange;
pub mod calendar;
pub mod commission;
pub mod consent;
pub mod csv;
pub mod debt;
pub mod delivery;
pub mod details;
pub mod exchange;
pub mod id;
pub mod income_tax;
pub mod ledger;
pub mod marking;
pub mod matching;
pub mod maturity;
pub mod money;
pub mod order;
pub mod partner;
pub mod payout;
pub mod receipt;
pub mod reconcile;
pub mod report;
pub mod requisites;
pub mod subscription;
pub mod tariff;
pub mod tax;
pub mod time;
pub mod usage;
pub mod wallet;
pub mod webhook;
