//! The sandbox at its doors: what the platform's own connectors, buyers and test partners see.

#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

mod bank;
mod executor;
mod support;
