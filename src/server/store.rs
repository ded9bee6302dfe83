//! Chooses the store of a ledger's records, here and nowhere else: `serve`, `demo`, `backup`, `restore` and `verify` open
//! what this gives them, and know the journal only by its port.
//!
//! A further kind of store is one more variant of [`Store`] and an arm in each of its methods.

pub use crate::journal::embedded::Inspection;
use crate::journal::embedded::{EmbeddedJournal, Options, has_remains, inspect_records, is_ledger};
pub use crate::journal::postgres::PostgresAddress;
use crate::journal::postgres::{PostgresJournal, PostgresOptions, inspect_database};
use crate::journal::{Journal, JournalError, SharedJournal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the records of a ledger are kept.
#[derive(Clone, Debug)]
pub enum Store {
    /// In a data directory of this machine, by the embedded journal.
    Directory(PathBuf),
    /// In a database, by the journal that several processes share.
    Database(PostgresAddress, Box<PostgresOptions>),
}

/// How a store is opened. The default is for service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreOptions {
    /// Whether a damaged end of the log that no other copy has is cut off instead of refused.
    pub cut_damaged_tail: bool,
    /// Whether both copies of all records are read before the store opens, however many there are.
    pub check_everything: bool,
}

/// A store that is open. Nothing else may open a directory until its journal is closed.
pub struct OpenStore {
    /// Its journal.
    pub journal: Arc<dyn Journal>,
    /// The same, if several processes share it: it takes no commits until it leads.
    pub shared: Option<Arc<dyn SharedJournal>>,
    /// What was repaired or is worth knowing, a sentence each.
    pub notes: Vec<String>,
}

impl Store {
    /// The store of a data directory.
    pub fn of(data_dir: &Path) -> Self {
        Self::Directory(data_dir.to_owned())
    }

    /// The store of a ledger in a database, to be read, or to be led without a data directory.
    pub fn of_database(address: PostgresAddress, accepts_unreplicated: bool, must_exist: bool) -> Self {
        Self::Database(address, Box::new(PostgresOptions { accepts_unreplicated, must_exist, ..PostgresOptions::default() }))
    }

    /// Whether a ledger is kept there.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub fn has_ledger(&self) -> Result<bool, JournalError> {
        match self {
            Self::Directory(dir) => Ok(is_ledger(dir)),
            Self::Database(address, _) => PostgresJournal::has_records(address),
        }
    }

    /// Whether records may be there: a ledger, or what is left of one, which opening repairs or refuses.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub fn may_have_records(&self) -> Result<bool, JournalError> {
        match self {
            Self::Directory(dir) => Ok(has_remains(dir)),
            Self::Database(address, _) => PostgresJournal::has_records(address),
        }
    }

    /// Opens it; an empty one is created if there is none.
    ///
    /// # Errors
    /// `Locked` if another process has it open; `Damaged` if records that had been acknowledged are lost; `Storage` if the
    /// operating system refuses a file operation; of a database `Unreachable`, `Shorter` and `Diverged`.
    pub fn open(&self, options: StoreOptions) -> Result<OpenStore, JournalError> {
        let StoreOptions { cut_damaged_tail, check_everything } = options;
        match self {
            Self::Directory(dir) => {
                let mut options = Options { cut_damaged_tail, ..Options::default() };
                if check_everything {
                    options.check_up_to_bytes = u64::MAX;
                }
                let (journal, report) = EmbeddedJournal::open(dir, options)?;
                Ok(OpenStore { journal: Arc::new(journal), shared: None, notes: report.notes })
            }
            Self::Database(address, options) => {
                let (journal, notes) = PostgresJournal::open(address.clone(), PostgresOptions::clone(options))?;
                let journal = Arc::new(journal);
                Ok(OpenStore { journal: Arc::clone(&journal) as Arc<dyn Journal>, shared: Some(journal), notes })
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
            Self::Database(address, _) => inspect_database(address, visit),
        }
    }
}
