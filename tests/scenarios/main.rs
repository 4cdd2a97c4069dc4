//! What happens when …? Readable scripts over a whole world; the test's name is a sentence, its telling a snapshot.
//!
//! Each story ends with the audit: the books balance, every captured amount has its receipt, nothing is stuck. A telling that
//! has changed is looked at and accepted with `INSTA_UPDATE=always cargo test -p tests --test scenarios`.
#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

mod callbacks;
mod charging;
mod choosing;
mod closing;
mod exchanges;
mod exporting;
mod giving;
mod handing;
mod holding;
mod payees;
mod paying;
mod payouts;
mod receipts;
mod reconciling;
mod recovering;
mod refunding;
mod shop;
mod splitting;
mod story;
mod subscribing;
mod tariffs;
mod telling;
mod tenants;
