//! Starts the documents' door on Lambda.

fn main() -> std::process::ExitCode {
    runtime::start(runtime::serve_http::<runtime::reach::Inside>(documents::router))
}
