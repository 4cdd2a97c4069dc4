//! Starts the worker.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::start(runtime::serve_sqs::<runtime::reach::Web, _>(fulfilment::handle))
}
