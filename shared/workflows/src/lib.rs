//! The room that **conducts**: load, decide, commit, do. One file, one path, read from top to bottom.
//!
//! Invariant: nothing outside is touched before the intention is on record, and nothing is believed before its outcome is.
//! Workflows know no HTTP status and no Lambda; they decide nothing about money themselves.

pub mod access;
pub mod audit;
pub mod bank;
pub mod basket;
pub mod books;
pub mod checkout;
pub mod clearing;
pub mod clock;
pub mod concern;
pub mod connect;
pub mod couriers;
pub mod debts;
pub mod device;
pub mod error;
pub mod exchange;
pub mod execution;
pub mod exports;
pub mod handover;
pub mod income;
pub mod links;
pub mod months;
pub mod notification;
pub mod orders;
pub mod payments;
pub mod payouts;
pub mod perform;
pub mod ports;
pub mod prepaid;
pub mod reading;
pub mod receipt;
pub mod reconciliation;
pub mod statements;
pub mod statistics;
pub mod subscriptions;
pub mod sweep;
pub mod tariffs;
pub mod terms;
pub mod transfers;
pub mod usage;
pub mod view;
pub mod wallet;
pub mod webhook;
