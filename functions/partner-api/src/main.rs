//! Starts the partner API on Lambda.

fn main() -> std::process::ExitCode {
    runtime::start(runtime::serve_http::<runtime::reach::Web>(partner_api::router))
}
