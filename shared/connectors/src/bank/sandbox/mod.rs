//! The sandbox bank's dialect: signed JSON, amounts in minor units.

mod client;
pub mod translate;
pub mod wire;

pub use client::SandboxBank;

/// The purpose its secrets are derived for ([`crate::signature::derive`]).
pub const PURPOSE: &str = "bank";
