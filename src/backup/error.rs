//! What can go wrong with a backup, each with the way to mend it.

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
        /// The file, or what stands for it.
        file: String,
        /// Where in it.
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
    /// A later release has written it.
    #[error("{file} has version {version} of the backup format; this release knows version 1: use a release that knows it")]
    Later {
        /// The file, or what stands for it.
        file: String,
        /// Its version.
        version: u32,
    },
    /// The directory has no backup.
    #[error("{} holds no backup: it has no {index}", dir.display())]
    NoBackup {
        /// The directory.
        dir: PathBuf,
        /// The file by which a backup is known.
        index: &'static str,
    },
    /// The directory has something else.
    #[error("{} holds {what}, and no backup: name a directory that is new, empty, or a backup of this ledger", dir.display())]
    NotForBackups {
        /// The directory.
        dir: PathBuf,
        /// What was found there.
        what: String,
    },
    /// The directory has a backup's files without the index.
    #[error(
        "{} holds files of a backup but not their index, {index}. They may still be restored: \
         cat {}/*.records | partnership-ledger restore --from - --data-dir NEW. To start a new backup, name another directory",
        dir.display(), dir.display()
    )]
    NoIndex {
        /// The directory.
        dir: PathBuf,
        /// The file that is not there.
        index: &'static str,
    },
    /// Another process adds to the same directory.
    #[error("{}: another process is adding to this backup; wait for its end, or name another directory", dir.display())]
    InUse {
        /// The directory.
        dir: PathBuf,
    },
    /// What is there is not what the ledger has before it.
    #[error(
        "the copy up to position {position} is not of this ledger: {what}. Nothing was added; name another directory, or \
         find out with `verify` and `restore` which of the two is right"
    )]
    OtherLedger {
        /// Up to where the copy goes.
        position: u64,
        /// How it shows.
        what: String,
    },
    /// The ledger ends before what is there.
    #[error(
        "the copy goes up to position {copy}, the ledger only up to {ledger}: it is another ledger, or it has lost records. \
         Nothing was changed; name another directory, or restore the ledger from this copy"
    )]
    Shorter {
        /// Up to where the copy goes.
        copy: u64,
        /// Up to where the ledger goes.
        ledger: u64,
    },
    /// What came does not add up to what was announced.
    #[error(
        "what came up to position {position} is not what the ledger announced: {what}. Nothing was kept; check the ledger with `verify`"
    )]
    Broken {
        /// Up to where it was good, or was to go.
        position: u64,
        /// What is wrong.
        what: String,
    },
    /// A ledger is restored where nothing is yet.
    #[error("{} {what}: a ledger is restored into a new or empty directory only", dir.display())]
    NotEmpty {
        /// The directory.
        dir: PathBuf,
        /// What it is instead.
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
        /// What was found.
        found: u64,
        /// Its root.
        found_root: String,
    },
    /// The journal refused.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The operating system refused.
    #[error("{what}: {source}")]
    Io {
        /// What was being done to which file.
        what: String,
        /// The system's answer.
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
