//! The room that **opens the door**: Lambda, configuration, clock, randomness, logs, problems, queues.
//!
//! Invariant: this is the only room that reads the environment, the clock or randomness, and it does so in `config.rs` and
//! `ids.rs` alone. It does not know what money is: bodies and handlers pass through it unread, and nothing of them is logged.
//!
//! A function's `main.rs` is one line:
//!
//! ```ignore
//! fn main() -> std::process::ExitCode {
//!     runtime::start(runtime::serve_http::<runtime::reach::Web>(checkout::router))
//! }
//! ```

pub mod aws;
pub mod caller;
pub mod config;
pub mod http_door;
pub mod ids;
pub mod json_body;
pub mod log;
mod objects;
pub mod outcome;
pub mod papers;
pub mod path;
pub mod problem;
pub mod query;
pub mod queue;
pub mod reach;
pub mod schedule_door;
pub mod sqs_door;
pub mod start;

pub use http_door::{ClientAddress, PAPER_BYTES_MAX, RequestId, door, serve_http};
pub use json_body::JsonBody;
pub use outcome::{answered, heard, worked};
pub use path::Path;
pub use problem::{FieldError, Problem};
pub use schedule_door::serve_schedule;
pub use sqs_door::{WorkerError, handle_batch, handle_whole, serve_sqs, serve_sqs_whole};
pub use start::{StartError, start};
