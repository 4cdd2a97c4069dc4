//! Stationary registers: the protocol in which a device agent beside the register fetches jobs and tells what became of them.
//!
//! It is our own protocol (docs/DEVICES.md); the agent speaks to the register in its maker's. There is no client: the agent calls
//! us, so that a register behind a shop's router needs no address of its own. What we have of its state is what it told last.
//! Credentials: none in the contract; the agent bears a device key, whose hash lies at the register's desk.
//!
//! What it can not do: tell anything while the agent is away, and know by itself whether a document that was given out to a register
//! that then burnt down was printed.

pub mod catalogue;
pub mod translate;
pub mod wire;
