//! Starts the partner API on Lambda.

fn main() -> std::process::ExitCode {
    runtime::start(runtime::serve_http(partner_api::router))
}
