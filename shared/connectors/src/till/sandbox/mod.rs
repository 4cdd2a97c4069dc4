//! The sandbox register's dialect: FFD 1.2 in the shape of ATOL Online v5, signed like everything of the sandbox.

mod client;
pub mod translate;
pub mod wire;

pub use client::SandboxTill;

/// The purpose its secrets are derived for ([`crate::signature::derive`]).
pub const PURPOSE: &str = "till";
