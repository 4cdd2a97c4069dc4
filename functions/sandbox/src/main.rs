//! Starts the doors.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::start(runtime::serve_http(sandbox_door::router))
}
