//! Starts the doors.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::start(runtime::serve_http::<runtime::reach::Web>(sandbox_door::router))
}
