//! Starts the worker.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::start(runtime::serve_sqs_whole::<runtime::reach::Inside, _>(exchange::handle))
}
