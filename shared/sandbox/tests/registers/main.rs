//! The doubles of cash registers at their doors, each spoken to by the platform's own connector of its protocol.

#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

#[path = "../doors/support.rs"]
#[expect(dead_code, reason = "the doors of banks and executors need more of it")]
mod support;

mod atol;
mod business_kassa;
mod device;
mod documents;
mod journal;
mod kit_online;
mod machine;
mod orange_data;
mod own;
mod paykeeper;
mod spoken;
