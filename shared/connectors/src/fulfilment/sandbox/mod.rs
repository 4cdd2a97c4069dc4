//! The sandbox executor's dialect: signed JSON.

mod client;
pub mod translate;
pub mod wire;

pub use client::SandboxExecutor;

/// The purpose its secrets are derived for ([`crate::signature::derive`]).
pub const PURPOSE: &str = "executor";
