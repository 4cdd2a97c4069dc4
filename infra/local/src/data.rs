//! The folder of a local stack: its store, its mail, its secrets. Everything in it is made at the first start.
//!
//! | file | |
//! |---|---|
//! | `apikassa.db` (and `-wal`, `-shm`) | the table |
//! | `mailbox.jsonl`, `webhooks.jsonl` | what was sent to buyers, what the demo shop received |
//! | `secret` | the platform's master secret; only its owner may read it |
//! | `demo.json` | keys of the demo partner and the operator; only their owner may read it |
//! | `lock` | held by the stack that runs |

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Error, ErrorKind, Result, Write};
use std::path::{Path, PathBuf};

use runtime::ids::SystemRandom;
use workflows::links::random_text;

use crate::demo::Keys;

/// Characters of a master secret: 48 carry about 280 bits.
const SECRET_CHARACTERS: usize = 48;

/// A stack's folder.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Names a folder; nothing is touched.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Makes the folder if it is not there, and takes it for this process until the lock is dropped.
    ///
    /// # Errors
    /// It can not be made, or another process has it (`WouldBlock`).
    pub fn take(&self) -> Result<File> {
        std::fs::create_dir_all(&self.path)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(self.path.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => Err(Error::new(ErrorKind::WouldBlock, "another process uses the folder")),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The table's file.
    pub fn store(&self) -> PathBuf {
        self.path.join("apikassa.db")
    }

    /// What was sent to buyers.
    pub fn mailbox(&self) -> PathBuf {
        self.path.join("mailbox.jsonl")
    }

    /// What the demo shop received.
    pub fn webhooks(&self) -> PathBuf {
        self.path.join("webhooks.jsonl")
    }

    /// The master secret, made if there is none.
    ///
    /// # Errors
    /// It can not be read or written.
    pub fn secret(&self) -> Result<String> {
        if let Some(secret) = self.known_secret()? {
            return Ok(secret);
        }
        let secret = new_secret();
        self.write_private("secret", &secret)?;
        Ok(secret)
    }

    /// The master secret, if there is one.
    ///
    /// # Errors
    /// It can not be read.
    pub fn known_secret(&self) -> Result<Option<String>> {
        read(&self.path.join("secret"))
    }

    /// The demo partner's keys, made if there are none.
    ///
    /// # Errors
    /// They can not be read or written.
    pub fn keys(&self) -> Result<Keys> {
        if let Some(text) = read(&self.path.join("demo.json"))? {
            return Ok(serde_json::from_str(&text)?);
        }
        let keys = Keys::new(&SystemRandom);
        self.keep_keys(&keys)?;
        Ok(keys)
    }

    /// Writes the demo partner's keys.
    ///
    /// # Errors
    /// They can not be written.
    pub fn keep_keys(&self, keys: &Keys) -> Result<()> {
        self.write_private("demo.json", &serde_json::to_string_pretty(keys)?)
    }

    /// Writes a file whole or not at all, for its owner's eyes only.
    fn write_private(&self, name: &str, text: &str) -> Result<()> {
        let unfinished = self.path.join(format!("{name}.new"));
        let mut options = OpenOptions::new();
        options.create(true).write(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&unfinished)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(unfinished, self.path.join(name))
    }
}

/// A new master secret.
pub fn new_secret() -> String {
    random_text(&SystemRandom, SECRET_CHARACTERS)
}

fn read(path: &Path) -> Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_at_the_first_start_stays() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::new(temporary.path().join("deep").join("data"));
        let lock = folder.take().unwrap();
        assert_eq!(Folder::new(folder.path()).take().unwrap_err().kind(), ErrorKind::WouldBlock);
        let (secret, keys) = (folder.secret().unwrap(), folder.keys().unwrap());
        assert_eq!((secret.len(), folder.secret().unwrap()), (SECRET_CHARACTERS, secret));
        assert_eq!(folder.keys().unwrap(), keys);
        drop(lock);
        folder.take().unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn secrets_are_their_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::new(temporary.path());
        folder.secret().unwrap();
        folder.keys().unwrap();
        for name in ["secret", "demo.json"] {
            let mode = std::fs::metadata(temporary.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
}
