//! A file of JSON lines that is only added to, with its content in memory: mail, webhooks received.
//!
//! A line is written by one call and is in the system's hands when that returns, so killing the process loses none. A line that
//! was cut off by a kill is the last one; it was answered to nobody and is taken away at the next start.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Values in the order they came. Clones share them.
pub struct Lines<T> {
    inner: Arc<Mutex<Inner<T>>>,
}

struct Inner<T> {
    file: Option<File>,
    values: Vec<Arc<T>>,
}

impl<T> Clone for Lines<T> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<T: Serialize + DeserializeOwned> Lines<T> {
    /// Values kept in memory only.
    pub fn in_memory() -> Self {
        Self { inner: Arc::new(Mutex::new(Inner { file: None, values: Vec::new() })) }
    }

    /// Values kept in a file, which is made if it is not there.
    ///
    /// # Errors
    /// The file can not be opened, or a line before the last is not one of ours.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).read(true).open(path)?;
        let text = std::fs::read(path)?;
        let mut values = Vec::new();
        let mut whole = 0;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            if line.last() != Some(&b'\n') {
                break;
            }
            values.push(Arc::new(serde_json::from_slice(line)?));
            whole += line.len();
        }
        if whole < text.len() {
            file.set_len(u64::try_from(whole).unwrap_or(u64::MAX))?;
        }
        Ok(Self { inner: Arc::new(Mutex::new(Inner { file: Some(file), values })) })
    }

    /// Adds a value made from its number (1, 2, …), and answers the number.
    ///
    /// # Errors
    /// The line could not be written; the value is not kept.
    pub fn push(&self, make: impl FnOnce(usize) -> T) -> std::io::Result<usize> {
        let mut inner = self.locked();
        let no = inner.values.len() + 1;
        let value = make(no);
        if let Some(file) = &mut inner.file {
            let mut line = serde_json::to_vec(&value)?;
            line.push(b'\n');
            file.write_all(&line)?;
        }
        inner.values.push(Arc::new(value));
        Ok(no)
    }
}

impl<T> Lines<T> {
    /// All values, oldest first.
    pub fn all(&self) -> Vec<Arc<T>> {
        self.locked().values.clone()
    }

    /// The value with a number from 1 on.
    pub fn one(&self, no: usize) -> Option<Arc<T>> {
        self.locked().values.get(no.checked_sub(1)?).cloned()
    }

    fn locked(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_outlive_the_process_and_a_torn_one_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines.jsonl");
        let lines = Lines::<String>::open(&path).unwrap();
        assert_eq!(lines.push(|no| format!("строка {no}\n")).unwrap(), 1);
        assert_eq!(lines.push(|no| format!("строка {no}")).unwrap(), 2);
        drop(lines);
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"\"torn").unwrap();
        let again = Lines::<String>::open(&path).unwrap();
        assert_eq!(again.push(|no| no.to_string()).unwrap(), 3);
        let again = Lines::<String>::open(&path).unwrap();
        assert_eq!(again.all().iter().map(|line| line.as_str()).collect::<Vec<_>>(), ["строка 1\n", "строка 2", "3"]);
        assert_eq!(again.one(2).as_deref().map(String::as_str), Some("строка 2"));
        assert!(again.one(0).is_none() && again.one(4).is_none());
    }
}
