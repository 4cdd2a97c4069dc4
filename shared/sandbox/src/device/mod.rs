//! A stationary register that is not there: the machine with its drive, and the agent beside it, which speaks to our doors as a real
//! one does. Time and chance come from outside: the same turns print the same documents.

mod agent;
mod register;

pub use agent::{Agent, Crash, Turn, Work};
pub use register::{Drive, Register, Shift};
