//! Starts the door.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::start(runtime::serve_http(bank_callback::router))
}
