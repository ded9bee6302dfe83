//! Chooses the store of a ledger's records, here and nowhere else: `serve`, `demo`, `backup`, `restore` and `verify` open
//! what this gives them, and know the journal only by its port.
//!
//! A second kind of store is one more variant of [`Store`] and an arm in each of its methods.

pub use crate::journal::embedded::Inspection;
use crate::journal::embedded::{EmbeddedJournal, Options, has_remains, inspect_records, is_ledger};
use crate::journal::{Journal, JournalError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the records of a ledger are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Store {
    /// In a data directory of this machine, by the embedded journal.
    Directory(PathBuf),
}

/// How a store is opened. The default is for service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreOptions {
    /// Whether a damaged end of the log that no other copy has is cut off instead of refused.
    pub cut_damaged_tail: bool,
    /// Whether both copies of all records are read before the store opens, however many there are.
    pub check_everything: bool,
}

/// A store that is open. Nothing else may open it until its journal is closed.
pub struct OpenStore {
    /// Its journal.
    pub journal: Arc<dyn Journal>,
    /// What was repaired or is worth knowing, a sentence each.
    pub notes: Vec<String>,
}

impl Store {
    /// The store of a data directory.
    pub fn of(data_dir: &Path) -> Self {
        Self::Directory(data_dir.to_owned())
    }

    /// Whether a ledger is kept there.
    pub fn has_ledger(&self) -> bool {
        match self {
            Self::Directory(dir) => is_ledger(dir),
        }
    }

    /// Whether records may be there: a ledger, or what is left of one, which opening repairs or refuses.
    pub fn may_have_records(&self) -> bool {
        match self {
            Self::Directory(dir) => has_remains(dir),
        }
    }

    /// Opens it; an empty one is created if there is none.
    ///
    /// # Errors
    /// `Locked` if another process has it open; `Damaged` if records that had been acknowledged are lost; `Storage` if the
    /// operating system refuses a file operation.
    pub fn open(&self, options: StoreOptions) -> Result<OpenStore, JournalError> {
        let StoreOptions { cut_damaged_tail, check_everything } = options;
        match self {
            Self::Directory(dir) => {
                let mut options = Options { cut_damaged_tail, ..Options::default() };
                if check_everything {
                    options.check_up_to_bytes = u64::MAX;
                }
                let (journal, report) = EmbeddedJournal::open(dir, options)?;
                Ok(OpenStore { journal: Arc::new(journal), notes: report.notes })
            }
        }
    }

    /// Checks all that is stored, without changing anything, and shows every whole record with its position, in order.
    ///
    /// # Errors
    /// `Locked` if a process has it open; `Storage` if a file cannot be read at all.
    pub fn inspect(&self, visit: impl FnMut(u64, &[u8])) -> Result<Inspection, JournalError> {
        match self {
            Self::Directory(dir) => inspect_records(dir, visit),
        }
    }
}
