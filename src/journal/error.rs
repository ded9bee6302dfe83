//! Errors of the journal; each text says what to do.

use std::io;

/// An error of the journal. Its text is for the operator, not for a remote caller.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Another process has the ledger open.
    #[error(
        "the ledger in {place} is in use by another process{}: stop that process first, or use another ledger",
        owner.as_ref().map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    Locked {
        /// Where it is kept.
        place: String,
        /// The other's process id, as far as it is known.
        owner: Option<String>,
    },
    /// Records that were acknowledged cannot be read.
    #[error("records {first} to {last} are damaged: {what}. Nothing was dropped; restore what is named from a backup and start again")]
    Damaged {
        /// What is wrong, and where.
        what: String,
        /// The first damaged position.
        first: u64,
        /// The last damaged position.
        last: u64,
    },
    /// A part of it was written by a later release.
    #[error("{part} has the format's version {version}, which this release does not know: use the release that wrote it, or a later one")]
    NewerFormat {
        /// The part, by the name that the store has for it.
        part: String,
        /// Its version.
        version: u8,
    },
    /// The commit was meant for another state of the ledger. Nothing was written.
    #[error("the commit expects position {expected} to be the last, but it is {last}: read up to there and decide again")]
    PositionMismatch {
        /// What the caller took for the last position.
        expected: u64,
        /// The last position.
        last: u64,
    },
    /// The commit is larger than a frame may be. Nothing was written.
    #[error("the commit has {bytes} bytes, more than the limit of {limit}: split it")]
    TooLarge {
        /// The commit's size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The operating system refused an operation.
    #[error("{what}: {source}. Check the disk's health, its free space and the directory's permissions, then restart")]
    Storage {
        /// What was being done to what.
        what: String,
        /// The operating system's error.
        source: io::Error,
    },
    /// The database that keeps the records cannot be asked.
    #[error("{place} cannot be asked: {why}. Check its address, the network, and the database's own log")]
    Unreachable {
        /// Where the records are.
        place: String,
        /// What went wrong.
        why: String,
        /// Whether it may pass by itself: the database is away or starts, and has not refused who asks.
        may_pass: bool,
    },
    /// The database does not keep what it acknowledges as it must.
    #[error("{place} could lose what it has acknowledged: {why}. To record there all the same, say --accept-unreplicated")]
    Unreplicated {
        /// Where the records are.
        place: String,
        /// Which settings are wrong, and what to set.
        why: String,
    },
    /// The database has fewer records than this node has published.
    #[error(
        "{place} has {found} records, and this node has published {known}: it was restored, or a standby took over that had not \
         received everything. Nothing is recorded, so that no position gets a second record. Bring back the database that has all {known}; \
         or, if the records after {found} are given up for good, start with --accept-shorter {found}"
    )]
    Shorter {
        /// Where the records are.
        place: String,
        /// The last position there.
        found: u64,
        /// The last position that this node has published.
        known: u64,
    },
    /// The database has other records than this node has published.
    #[error(
        "the first {position} records of {place} are not those that this node has published: another history took their place. Nothing \
         is recorded. Find out which history counts; a node goes on with the database's if it starts with a new data directory"
    )]
    Diverged {
        /// Where the records are.
        place: String,
        /// The position up to which this node knows them.
        position: u64,
    },
    /// The journal takes no commits any more, or is closed.
    #[error("the journal has stopped: {why}. Restart to go on from what is durable")]
    Stopped {
        /// What stopped it.
        why: String,
    },
}

impl JournalError {
    /// `Damaged`, of the positions from `first` to `last` in the log and the store.
    pub(crate) fn damaged(what: impl std::fmt::Display, first: u64, last: u64) -> Self {
        let what = format!("{what} (of a backup the log's segments are enough: the store is rebuilt from them)");
        Self::Damaged { what, first, last }
    }

    /// Whether the store has less than this node has published, or something else: an operator has to decide how to go on.
    #[must_use]
    pub fn is_lost_history(&self) -> bool {
        matches!(self, Self::Shorter { .. } | Self::Diverged { .. })
    }

    /// `Stopped`, with the reason.
    pub(crate) fn stopped(why: impl Into<String>) -> Self {
        Self::Stopped { why: why.into() }
    }

    /// Turns an I/O error into `Storage`, with what was being done.
    pub(crate) fn storage(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Storage { what, source }
    }
}
