//! Logs: one JSON object a line on standard output, which is what Lambda collects.
//!
//! No body, header, address or secret is ever logged. The libraries below would, at their finer levels, so whatever is asked
//! for they are heard only from `warn` on.

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// First parts of the names of libraries that see bodies, headers and keys.
const LIBRARIES: [&str; 14] = [
    "aws_", "axum", "dynoxide", "h2", "http_", "hyper", "lambda_", "mio", "reqwest", "rustls", "tokio", "tonic",
    "tower", "want",
];

/// Starts logging. A second call changes nothing. A panic is logged by its place only: its text may quote what is personal.
pub fn init(level: LevelFilter) {
    let filter = FilterFn::new(move |event| is_heard(event, level)).with_max_level_hint(level.max(LevelFilter::INFO));
    let lines =
        tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
    // It fails only where a subscriber is already set: in tests and on one machine, where the first one stays.
    if tracing_subscriber::registry().with(filter).with(lines).try_init().is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string);
            tracing::error!(place, "a panic");
        }));
    }
}

/// Our own spans are always kept: a warning without the id of its request tells nothing.
fn is_heard(event: &Metadata<'_>, level: LevelFilter) -> bool {
    let library = LIBRARIES.iter().any(|prefix| event.target().starts_with(prefix));
    if library {
        *event.level() <= level.min(LevelFilter::WARN)
    } else {
        *event.level() <= level || event.is_span() && *event.level() <= Level::INFO
    }
}

/// An error and its causes on one line.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |&error| error.source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What is written at a level while `say` runs.
    fn written(level: LevelFilter, say: impl FnOnce()) -> Vec<serde_json::Value> {
        let page = Page::default();
        let writer = page.clone();
        let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(move || writer.clone());
        let filter = FilterFn::new(move |event| is_heard(event, level));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(filter).with(lines), say);
        let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_warning_keeps_the_span_it_is_in() {
        let lines = written(LevelFilter::WARN, || {
            let _within = tracing::info_span!("request", request_id = "r-1").entered();
            tracing::info!("not heard");
            tracing::warn!("heard");
        });
        assert_eq!((lines.len(), &lines[0]["span"]["request_id"]), (1, &"r-1".into()));
    }

    #[test]
    fn a_line_is_json_and_libraries_are_silent_below_a_warning() {
        let lines = written(LevelFilter::DEBUG, || {
            tracing::debug!(order = "ord_1", "committed");
            tracing::trace!("too fine");
            tracing::debug!(target: "aws_smithy_runtime::client", "body: secret");
            tracing::warn!(target: "hyper::proto", "odd");
        });
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert_eq!((&lines[0]["order"], &lines[0]["level"]), (&"ord_1".into(), &"DEBUG".into()));
    }
}
