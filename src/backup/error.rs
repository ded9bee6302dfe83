//! Errors of backups; each text says what to do.

use crate::journal::JournalError;
use std::io;
use std::path::PathBuf;

/// An error of making, reading or restoring a backup. Its text is for the operator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// Stored parts are not what was written.
    #[error("{file}: damaged at byte {offset}, from position {position} on: {what}. Take this file from another copy, or another backup")]
    Damaged {
        /// The file, or the name of the stream.
        file: String,
        /// The offset in it, in bytes.
        offset: u64,
        /// The first position that cannot be trusted.
        position: u64,
        /// What is wrong.
        what: String,
    },
    /// A file of a folder is not there.
    #[error("{file} is missing, with the records of positions {first} to {last}. Take it from another copy, or another backup")]
    Missing {
        /// The file.
        file: String,
        /// The first position that it has.
        first: u64,
        /// The last position that it has.
        last: u64,
    },
    /// A later release wrote it.
    #[error("{file} has version {version} of the backup format; this release knows version 1: use a release that knows it")]
    Later {
        /// The file, or the name of the stream.
        file: String,
        /// Its version.
        version: u32,
    },
    /// The directory has no backup.
    #[error("{} holds no backup: it has no {index}", dir.display())]
    NoBackup {
        /// The directory.
        dir: PathBuf,
        /// The file that every backup has.
        index: &'static str,
    },
    /// The directory has other files.
    #[error("{} holds {what}, and no backup: name a directory that is new, empty, or a backup of this ledger", dir.display())]
    NotForBackups {
        /// The directory.
        dir: PathBuf,
        /// What was found there.
        what: String,
    },
    /// The directory has a backup's files and no index.
    #[error(
        "{} holds files of a backup but not their index, {index}. They may still be restored: \
         cat {}/*.records | partnership-ledger restore --from - --data-dir NEW. To start a new backup, name another directory",
        dir.display(), dir.display()
    )]
    NoIndex {
        /// The directory.
        dir: PathBuf,
        /// The missing file.
        index: &'static str,
    },
    /// Another process is adding to the same directory.
    #[error("{}: another process is adding to this backup; wait for its end, or name another directory", dir.display())]
    InUse {
        /// The directory.
        dir: PathBuf,
    },
    /// The copy has other records than the ledger.
    #[error(
        "the copy up to position {position} is not of this ledger: {what}. Nothing was added; name another directory, or \
         find out with `verify` and `restore` which of the two is right"
    )]
    OtherLedger {
        /// The last position of the copy.
        position: u64,
        /// What differs.
        what: String,
    },
    /// The ledger is shorter than the copy.
    #[error(
        "the copy goes up to position {copy}, the ledger only up to {ledger}: it is another ledger, or it has lost records. \
         Nothing was changed; name another directory, or restore the ledger from this copy"
    )]
    Shorter {
        /// The last position of the copy.
        copy: u64,
        /// The last position of the ledger.
        ledger: u64,
    },
    /// What was received is not what was announced.
    #[error(
        "what came up to position {position} is not what the ledger announced: {what}. Nothing was kept; check the ledger with `verify`"
    )]
    Broken {
        /// The last good position, or the announced one.
        position: u64,
        /// What is wrong.
        what: String,
    },
    /// A ledger is restored into a new or empty directory only.
    #[error("{} {what}: a ledger is restored into a new or empty directory only", dir.display())]
    NotEmpty {
        /// The directory.
        dir: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The restored ledger, opened again, is not what was written.
    #[error(
        "the restored ledger is at position {found} with root {found_root}, not at {position} with root {root}; it was not kept. Try another disk"
    )]
    NotTheSame {
        /// The backup's position.
        position: u64,
        /// The backup's root.
        root: String,
        /// The position that was found.
        found: u64,
        /// The root that was found.
        found_root: String,
    },
    /// An error of the journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The operating system refused.
    #[error("{what}: {source}")]
    Io {
        /// What was being done to which file.
        what: String,
        /// The operating system's error.
        source: io::Error,
    },
}

impl BackupError {
    /// Turns an I/O error into `Io`, with what was being done.
    pub fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
