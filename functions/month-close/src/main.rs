//! Starts the clock's worker.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::start(runtime::serve_schedule::<runtime::reach::Web, _>(month_close::tick))
}
