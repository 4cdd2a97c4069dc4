//! What must still be done outside, kept in the order's own row until its outcome is on record.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::IdError;
use crate::partner::Channel;
use crate::time::Timestamp;

/// Which outside thing. Its text form (`r1`, `w3`, `n5e`) names the task's message, its delivery record and its log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskId {
    /// Ask the bank what became of an operation.
    AskBank(u8),
    /// Tell the bank of an operation: a charge, a capture, a return.
    TellBank(u8),
    /// Keep what the bank has saved for an operation in the buyer's wallet.
    KeepMeans(u8),
    /// Have a receipt printed.
    Receipt(u8),
    /// Hand the order over to execution.
    HandOver,
    /// Tell the executor that the order is cancelled.
    CancelExecution,
    /// Tell the buyer of a journal entry through a channel.
    Notify(u16, Channel),
    /// Tell the partner of a journal entry.
    Webhook(u16),
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AskBank(no) => write!(f, "a{no}"),
            Self::TellBank(no) => write!(f, "f{no}"),
            Self::KeepMeans(no) => write!(f, "m{no}"),
            Self::Receipt(no) => write!(f, "r{no}"),
            Self::HandOver => f.write_str("h"),
            Self::CancelExecution => f.write_str("x"),
            Self::Notify(no, Channel::Email) => write!(f, "n{no}e"),
            Self::Notify(no, Channel::Sms) => write!(f, "n{no}s"),
            Self::Webhook(no) => write!(f, "w{no}"),
        }
    }
}

impl FromStr for TaskId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = || IdError { text: text.chars().take(60).collect(), wanted: "a task id" };
        let rest = text.get(1..).ok_or_else(wrong)?;
        let small = || rest.parse::<u8>().map_err(|_| wrong());
        match text.as_bytes().first() {
            Some(b'a') => small().map(Self::AskBank),
            Some(b'f') => small().map(Self::TellBank),
            Some(b'm') => small().map(Self::KeepMeans),
            Some(b'r') => small().map(Self::Receipt),
            Some(b'h') if rest.is_empty() => Ok(Self::HandOver),
            Some(b'x') if rest.is_empty() => Ok(Self::CancelExecution),
            Some(b'n') => {
                let (no, channel) = match (rest.strip_suffix('e'), rest.strip_suffix('s')) {
                    (Some(no), _) => (no, Channel::Email),
                    (_, Some(no)) => (no, Channel::Sms),
                    _ => return Err(wrong()),
                };
                no.parse().map(|no| Self::Notify(no, channel)).map_err(|_| wrong())
            }
            Some(b'w') => rest.parse().map(Self::Webhook).map_err(|_| wrong()),
            _ => Err(wrong()),
        }
    }
}

impl Serialize for TaskId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TaskId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A task and when to send it (again).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(TaskId, u8, i64)", into = "(TaskId, u8, i64)")]
pub struct Task {
    /// Which.
    pub id: TaskId,
    /// Failed attempts.
    pub failures: u8,
    /// When to send it if nothing was heard of it.
    pub next_at: Timestamp,
}

impl From<(TaskId, u8, i64)> for Task {
    fn from((id, failures, next_at): (TaskId, u8, i64)) -> Self {
        Self { id, failures, next_at: Timestamp::from_second(next_at).unwrap_or(Timestamp::UNIX_EPOCH) }
    }
}

impl From<Task> for (TaskId, u8, i64) {
    fn from(task: Task) -> Self {
        (task.id, task.failures, task.next_at.as_second())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn task_ids_read_back() {
        let ids = [
            TaskId::AskBank(1),
            TaskId::TellBank(2),
            TaskId::KeepMeans(7),
            TaskId::Receipt(3),
            TaskId::HandOver,
            TaskId::CancelExecution,
            TaskId::Notify(300, Channel::Email),
            TaskId::Notify(4, Channel::Sms),
            TaskId::Webhook(999),
        ];
        for id in ids {
            assert_eq!(id.to_string().parse::<TaskId>().unwrap(), id);
        }
        for text in ["", "z1", "n5", "r", "h1", "я", "r300"] {
            assert!(text.parse::<TaskId>().is_err(), "{text}");
        }
    }
}
