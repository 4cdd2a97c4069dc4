//! Starts the clock's worker.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::start(runtime::serve_schedule(deadlines::tick))
}
