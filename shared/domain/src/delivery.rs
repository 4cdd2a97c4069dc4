//! The delivery log: every attempt to tell a buyer or a partner something, and how it went.

use serde::{Deserialize, Serialize};

use crate::order::TaskId;
use crate::time::Timestamp;

/// Attempts kept of one message; older ones fall off.
pub const ATTEMPTS_MAX: usize = 20;

/// One message and its attempts. Its existence with `done_at` set is what makes a second sending a repetition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The task.
    #[serde(rename = "i")]
    pub task: TaskId,
    /// What it told: a webhook's event type or a message's kind.
    #[serde(rename = "e")]
    pub event: String,
    /// When it got through.
    #[serde(
        rename = "z",
        default,
        with = "jiff::fmt::serde::timestamp::second::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub done_at: Option<Timestamp>,
    /// The other side will never take it; no more attempts.
    #[serde(rename = "g", default, skip_serializing_if = "std::ops::Not::not")]
    pub given_up: bool,
    /// Parts the supplier is paid for: of a text message several.
    #[serde(rename = "p", default = "one", skip_serializing_if = "is_one")]
    pub parts: u16,
    /// The attempts, oldest first.
    #[serde(rename = "a", default)]
    pub attempts: Vec<Attempt>,
}

const fn one() -> u16 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference over")]
const fn is_one(parts: &u16) -> bool {
    *parts == 1
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When.
    #[serde(rename = "t", with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// HTTP status, where there was one.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The provider's id, or why it failed.
    #[serde(rename = "n", default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Delivery {
    /// A message nobody has tried to send yet.
    pub fn new(task: TaskId, event: impl Into<String>) -> Self {
        Self { task, event: event.into(), done_at: None, given_up: false, parts: 1, attempts: Vec::new() }
    }

    /// Adds an attempt, dropping the oldest over the limit.
    pub fn attempt(&mut self, attempt: Attempt) {
        if self.attempts.len() >= ATTEMPTS_MAX {
            self.attempts.remove(0);
        }
        self.attempts.push(attempt);
    }

    /// Whether nothing more will be tried.
    pub fn is_closed(&self) -> bool {
        self.given_up || self.done_at.is_some()
    }
}
