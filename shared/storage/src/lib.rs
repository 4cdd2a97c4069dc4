//! The room that **remembers**: keys, rows, conditions.
//!
//! Invariant: every key is spelled in `keys.rs` and nowhere else; no `Scan`; no row is reshaped in place; a write carries the
//! meaning of its own failure. Connectors and workflows are not known here.

pub mod books;
pub mod debts;
pub mod devices;
pub mod dynamo;
pub mod exchanges;
pub mod income;
pub mod keys;
pub mod listed;
pub mod memory;
pub mod metered;
pub mod payouts;
pub mod reconcile;
pub mod registers;
pub mod store;
pub mod table;
pub mod tariffs;
pub mod usage;
