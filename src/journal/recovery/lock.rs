//! An exclusive lock on the directory: a locked file with the process id of the owner.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use super::layout::LOCK_FILE;
use crate::journal::error::JournalError;

/// The lock, released on drop.
#[derive(Debug)]
pub(crate) struct DirLock {
    file: File,
}

impl Drop for DirLock {
    fn drop(&mut self) {
        // A child process that another thread is just starting may still have a copy of the open file, which would keep the
        // lock a moment longer. If this fails, the lock is released when the last copy is closed.
        let _ = self.file.unlock();
    }
}

impl DirLock {
    /// Locks the directory and writes the process id into the file.
    pub fn take(dir: &Path) -> Result<Self, JournalError> {
        let path = dir.join(LOCK_FILE);
        let what = format!("locking {}", path.display());
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(JournalError::storage(&what))?;
        lock(&mut file, dir, &what)?;
        let write_pid = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        write_pid(&mut file).map_err(JournalError::storage(what))?;
        Ok(Self { file })
    }

    /// Locks the directory and writes nothing. Returns `None` if it was never opened and has no lock file.
    pub fn take_for_reading(dir: &Path) -> Result<Option<Self>, JournalError> {
        let path = dir.join(LOCK_FILE);
        let what = format!("locking {}", path.display());
        match File::open(&path) {
            Ok(mut file) => {
                lock(&mut file, dir, &what)?;
                Ok(Some(Self { file }))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(JournalError::storage(what)(error)),
        }
    }
}

fn lock(file: &mut File, dir: &Path, what: &str) -> Result<(), JournalError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            // The owner's id is only a help: without it the error is still right.
            let _ = file.take(32).read_to_string(&mut pid);
            let pid = pid.trim();
            let owner = (!pid.is_empty()).then(|| pid.to_owned());
            Err(JournalError::Locked { place: dir.display().to_string(), owner })
        }
        Err(TryLockError::Error(error)) => Err(JournalError::storage(what)(error)),
    }
}
