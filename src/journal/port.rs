//! The port: what the ledger needs of a store of records, whatever keeps them.

use super::batch::Batch;
use super::error::JournalError;
use super::merkle::{Frontier, Hash, TreeHead, leaf_hash};
use crate::measure::Histogram;
use std::sync::Arc;

/// One record as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// Its position: the first record has 1, without gaps.
    pub position: u64,
    /// The exact bytes that were appended.
    pub bytes: Vec<u8>,
}

/// What a journal takes on this machine's disk: allocated bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DiskBytes {
    /// The log, with the space allocated ahead of need.
    pub log: u64,
    /// What serves the reads, if that is kept beside the log.
    pub store: u64,
}

/// What a journal measures of itself.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// How long syncing to the disk took, each time; `None` if nothing is synced.
    pub syncs: Option<Arc<Histogram>>,
    /// Records that are durable, and not yet where reads are served from.
    pub store_lag: u64,
}

/// Bytes of records that are read at a time to work out an earlier head.
const READ_AT_A_TIME: usize = 4 << 20;

/// Called with the reason when a journal stops by itself.
pub type StopListener = Box<dyn Fn(&str) + Send + Sync>;

/// A durable sequence of records. All implementations pass one contract test.
pub trait Journal: Send + Sync {
    /// The last durable position; 0 if there is none.
    fn last(&self) -> u64;

    /// The Merkle tree's head over all durable records.
    fn tree_head(&self) -> TreeHead;

    /// Returns the Merkle tree's head as it was at a position; `None` if that is beyond the last one. A journal that keeps
    /// one head for each commit returns `None` as well if no commit ended there.
    ///
    /// # Errors
    /// As for `read`.
    fn tree_head_at(&self, position: u64) -> Result<Option<TreeHead>, JournalError> {
        let head = self.tree_head();
        if position >= head.size {
            return Ok(Some(head).filter(|head| head.size == position));
        }
        let mut frontier = Frontier::new();
        while frontier.size() < position {
            let next = frontier.size() + 1;
            let records = self.read(next, (position - frontier.size()) as usize, READ_AT_A_TIME)?;
            if records.is_empty() {
                return Ok(None);
            }
            records.iter().for_each(|record| frontier.push(&record.bytes));
        }
        Ok(Some(frontier.head()))
    }

    /// Appends one commit after `expected_last` and returns once it is durable. Atomic: after a crash all of it is
    /// there or nothing. An empty batch changes nothing and returns the present head.
    ///
    /// # Errors
    /// `PositionMismatch` if `expected_last` is not the last position, `TooLarge` if the commit exceeds
    /// [`MAX_COMMIT_BYTES`] (both leave the journal as it was); `Storage` if writing or syncing failed, after which
    /// it is unknown what was stored and every later call returns `Stopped`.
    fn append(&self, expected_last: u64, batch: &Batch) -> Result<TreeHead, JournalError>;

    /// Returns the records from position `from` on (0 means 1): at most `max_records`, and no more than `max_bytes` of
    /// them, except that the first is always returned. Empty if `from` lies behind the last position.
    ///
    /// # Errors
    /// `Damaged` if no copy has the records whole; `Stopped` after `close`.
    fn read(&self, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<StoredRecord>, JournalError>;

    /// Returns the leaf hashes of records from position `from` on (1 or more): at most `max_records`, fewer if that is cheaper, and at
    /// least one unless `from` lies behind the last position.
    ///
    /// # Errors
    /// As for `read`.
    fn leaf_hashes(&self, from: u64, max_records: usize) -> Result<Vec<Hash>, JournalError> {
        let records = self.read(from, max_records, READ_AT_A_TIME)?;
        Ok(records.iter().map(|record| leaf_hash(&record.bytes)).collect())
    }

    /// Completes what the journal does behind its commits, so that the next opening has the least to read. Returns the
    /// position up to which that is done: the last one. The default is for journals that do nothing behind their commits.
    ///
    /// # Errors
    /// `Storage` or `Stopped` if it failed; what was appended is durable all the same.
    fn checkpoint(&self) -> Result<u64, JournalError> {
        Ok(self.last())
    }

    /// Stops taking commits, completes what is done behind them, and releases what the journal holds. Idempotent.
    ///
    /// # Errors
    /// `Storage` or `Stopped` if it could not be completed; what was appended is durable all the same.
    fn close(&self) -> Result<(), JournalError>;

    /// Takes no more commits and lets another process lead at once, where several share the records; reads go on. Idempotent. The
    /// default is for journals that one process owns.
    ///
    /// # Errors
    /// `Unreachable` if the others cannot be told: they find out when the lease ends.
    fn resign(&self) -> Result<(), JournalError> {
        Ok(())
    }

    /// Notes that a head is signed as a checkpoint, before the signature goes out, where several processes share the records. The
    /// default is for journals that one process owns: its key's own file says what was signed.
    ///
    /// # Errors
    /// `Unreachable` if it cannot be noted; `Stopped` if more was signed before, or something else.
    fn note_signed(&self, head: TreeHead) -> Result<(), JournalError> {
        let _ = head;
        Ok(())
    }

    /// Registers `tell`, which is called with the reason if the journal stops taking commits by itself, outside of a call;
    /// at once if it has already. The default is for journals to which this cannot happen.
    fn on_stop(&self, tell: StopListener) {
        drop(tell);
    }

    /// What the journal measures of itself; by default nothing.
    fn measured(&self) -> Measured {
        Measured::default()
    }

    /// What the journal takes on this machine's disk; by default nothing.
    ///
    /// # Errors
    /// `Storage` if a file could not be looked at.
    fn disk_bytes(&self) -> Result<DiskBytes, JournalError> {
        Ok(DiskBytes::default())
    }
}

/// How the processes that share a journal stand to each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether no process leads.
    pub is_vacant: bool,
    /// Where the process that leads can be reached, if it has said so.
    pub leader: Option<String>,
}

/// Small texts by name that belong to a ledger and are no records, kept where all processes see them that share it. Only the one that
/// leads writes them.
pub trait SharedTexts: Send + Sync {
    /// The names of all of them, in order.
    ///
    /// # Errors
    /// `Unreachable`.
    fn names(&self) -> Result<Vec<String>, JournalError>;

    /// A text; `None` if there is none of this name.
    ///
    /// # Errors
    /// `Unreachable`.
    fn text(&self, name: &str) -> Result<Option<String>, JournalError>;

    /// Keeps a text, durably, in place of one of the same name.
    ///
    /// # Errors
    /// `Unreachable`, after which it may be kept; `Stopped` if this process does not lead.
    fn set_text(&self, name: &str, text: &str) -> Result<(), JournalError>;

    /// Removes a text, if it is there.
    ///
    /// # Errors
    /// As for `set_text`.
    fn remove_text(&self, name: &str) -> Result<(), JournalError>;
}

/// A journal that several processes share: one leads, which is the only one to append, the others follow.
///
/// A journal is opened as a follower: `append` answers `Stopped` until `lead` has succeeded. It stops when another process leads.
pub trait SharedJournal: Journal + SharedTexts {
    /// Takes in what the leader has made durable since the last time, as far as it follows from what is known here.
    ///
    /// # Errors
    /// `Unreachable` if the others' store cannot be asked, which may be tried again; `Shorter`, `Diverged` or `Damaged` if it has
    /// lost or changed what is known here.
    fn refresh(&self) -> Result<Standing, JournalError>;

    /// Leads from now on, if no other process does: takes in what is missing and returns true. The call is a barrier: what was
    /// readable before it is durable after it. False if another process leads.
    ///
    /// # Errors
    /// As for `refresh`; `Unreplicated` if the store could lose what it acknowledges.
    fn lead(&self) -> Result<bool, JournalError>;
}
