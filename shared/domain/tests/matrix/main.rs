//! The receipts of every way to pay, tag by tag, in both versions of the format: `docs/RECEIPTS.md` and what it leads to are
//! written from here, and of each way it is checked that its receipts keep the rules and say what became of the money.
#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

mod baskets;
mod laws;
mod paths;
mod table;
mod tags;
mod tale;
#[path = "../written/mod.rs"]
mod written;
