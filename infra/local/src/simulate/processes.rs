//! Processes in one thread: a chosen one takes a step to its next input or output, and any may die there.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use super::dice::Dice;

type Process = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Steps after which a world that does not come to rest is given up.
const STEPS_MAX: usize = 3_000_000;

/// All processes of a world. Clones share them.
#[derive(Clone)]
pub struct Processes {
    shared: Arc<Shared>,
}

struct Shared {
    dice: Dice,
    fresh: Mutex<Vec<Process>>,
    running: Mutex<Vec<Process>>,
    dying: AtomicBool,
    steps: AtomicUsize,
    crashes: AtomicUsize,
}

impl Processes {
    /// No processes yet.
    pub fn new(dice: Dice) -> Self {
        let shared = Shared {
            dice,
            fresh: Mutex::default(),
            running: Mutex::default(),
            dying: AtomicBool::new(false),
            steps: AtomicUsize::new(0),
            crashes: AtomicUsize::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Starts a process; it takes its first step when it is chosen.
    pub fn start(&self, process: impl Future<Output = ()> + Send + 'static) {
        self.shared.fresh.lock().unwrap_or_else(PoisonError::into_inner).push(Box::pin(process));
    }

    /// The process that takes a step now never takes another: its machine is gone.
    pub async fn die(&self) {
        self.shared.dying.store(true, Ordering::Relaxed);
        std::future::pending::<()>().await;
    }

    /// Lets the others take steps.
    pub async fn others(&self) {
        let mut waited = false;
        std::future::poll_fn(
            move |_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending },
        )
        .await;
    }

    /// Lets all processes run until none is left, a random one at each step. Answers whether they came to rest.
    pub fn run(&self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        let mut steps = 0;
        loop {
            let fresh = std::mem::take(&mut *self.shared.fresh.lock().unwrap_or_else(PoisonError::into_inner));
            let mut running = std::mem::take(&mut *self.shared.running.lock().unwrap_or_else(PoisonError::into_inner));
            running.extend(fresh);
            if running.is_empty() {
                return true;
            }
            steps += 1;
            if steps > STEPS_MAX {
                return false;
            }
            let chosen = self.shared.dice.below(running.len());
            let mut process = running.swap_remove(chosen);
            self.shared.steps.fetch_add(1, Ordering::Relaxed);
            let done = process.as_mut().poll(&mut context).is_ready();
            let died = self.shared.dying.swap(false, Ordering::Relaxed);
            if died {
                self.shared.crashes.fetch_add(1, Ordering::Relaxed);
            } else if !done {
                running.push(process);
            }
            *self.shared.running.lock().unwrap_or_else(PoisonError::into_inner) = running;
        }
    }

    /// Steps taken, and crashes among them.
    pub fn counts(&self) -> (usize, usize) {
        (self.shared.steps.load(Ordering::Relaxed), self.shared.crashes.load(Ordering::Relaxed))
    }
}

/// A value one process gives another, once. When the giver dies, the taker learns that nothing will come.
pub struct Promise<T>(Arc<Mutex<Given<T>>>);

enum Given<T> {
    NotYet,
    Value(T),
    Gone,
}

/// The taker's end.
pub struct Awaited<T>(Arc<Mutex<Given<T>>>);

/// Both ends.
pub fn promise<T>() -> (Promise<T>, Awaited<T>) {
    let given = Arc::new(Mutex::new(Given::NotYet));
    (Promise(Arc::clone(&given)), Awaited(given))
}

impl<T> Promise<T> {
    /// Gives the value.
    pub fn keep(self, value: T) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Given::Value(value);
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        let mut given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*given, Given::NotYet) {
            *given = Given::Gone;
        }
    }
}

impl<T> Awaited<T> {
    /// Waits for the value; nothing when it will never come.
    pub async fn value(self) -> Option<T> {
        std::future::poll_fn(|_| {
            let mut given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match std::mem::replace(&mut *given, Given::NotYet) {
                Given::NotYet => Poll::Pending,
                Given::Value(value) => Poll::Ready(Some(value)),
                Given::Gone => Poll::Ready(None),
            }
        })
        .await
    }
}
