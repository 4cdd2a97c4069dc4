//! Starts the door.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::start(runtime::serve_http::<runtime::reach::Web>(bank_callback::router))
}
