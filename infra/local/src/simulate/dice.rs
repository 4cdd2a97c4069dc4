//! The one source of chance: everything random in a simulation is drawn here, in one order, from one seed.

use std::sync::{Arc, Mutex, PoisonError};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// Dice, and the trace of all that was played with them. Clones share both.
#[derive(Clone)]
pub struct Dice {
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    rng: ChaCha8Rng,
    trace: Sha256,
}

impl Dice {
    /// Dice from a seed.
    pub fn new(seed: u64) -> Self {
        let inner = Inner { rng: ChaCha8Rng::seed_from_u64(seed), trace: Sha256::new() };
        Self { inner: Arc::new(Mutex::new(inner)) }
    }

    fn with<T>(&self, what: impl FnOnce(&mut Inner) -> T) -> T {
        what(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A number below `limit` (at least 1).
    pub fn below(&self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).unwrap_or(1);
        usize::try_from(self.with(|inner| inner.rng.next_u64()) % limit).unwrap_or(0)
    }

    /// True `per_mille` times in a thousand.
    pub fn chance(&self, per_mille: usize) -> bool {
        self.below(1_000) < per_mille
    }

    /// One of several.
    pub fn one_of<T: Copy>(&self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// Fills a buffer.
    pub fn fill(&self, buffer: &mut [u8]) {
        self.with(|inner| inner.rng.fill_bytes(buffer));
    }

    /// Adds to the trace.
    pub fn note(&self, text: &str) {
        self.with(|inner| {
            inner.trace.update(text.as_bytes());
            inner.trace.update(b"\n");
        });
    }

    /// The hash of the trace so far.
    pub fn trace(&self) -> [u8; 32] {
        self.with(|inner| inner.trace.clone().finalize().into())
    }
}
