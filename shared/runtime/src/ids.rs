//! The clock and the randomness of the real world.

use domain::time::Timestamp;
use workflows::ports::{Clock, Random};

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "the one place that draws randomness")]
    fn fill(&self, buffer: &mut [u8]) {
        if let Err(error) = getrandom::fill(buffer) {
            // Ids and keys that can be guessed are worse than no answer.
            tracing::error!(%error, "the system has no randomness");
            std::process::abort();
        }
    }
}

/// `2 × N` random lower-case hexadecimal digits.
pub(crate) fn random_hex<const N: usize>() -> String {
    use std::fmt::Write;

    let mut bytes = [0; N];
    SystemRandom.fill(&mut bytes);
    bytes.iter().fold(String::with_capacity(2 * N), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
