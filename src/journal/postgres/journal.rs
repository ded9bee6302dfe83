//! The journal in a database: opening and closing it, and the ports' methods.

use super::address::PostgresAddress;
use super::driver::Driver;
use super::frames::head_at;
use super::kept_head::KeptHead;
use super::lease::{Stop, check_known};
use super::link::{Link, in_time};
use super::shared::Shared;
use super::tables::{ARE_CREATED, CREATE, INTRODUCE};
use crate::journal::batch::Batch;
use crate::journal::cache::FrameCache;
use crate::journal::disk::create_private_dir;
use crate::journal::error::JournalError;
use crate::journal::merkle::{Frontier, Hash, TreeHead, leaf_hash};
use crate::journal::port::{Journal, Measured, SharedJournal, Standing, StopListener, StoredRecord};
use crate::journal::recent_leaves::RecentLeaves;
use crate::journal::recovery::DirLock;
use crate::measure::Histogram;
use parking_lot::{Mutex, RwLock};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes of records that are read at a time to hash them.
const HASHED_AT_A_TIME: usize = 4 << 20;

/// How a journal in a database is opened.
#[derive(Clone, Debug, Default)]
pub struct PostgresOptions {
    /// Where this process is reached when it leads: what the others tell their clients.
    pub own_address: String,
    /// The data directory, which keeps what this node has published; nowhere without.
    pub data_dir: Option<PathBuf>,
    /// Whether to lead although the database could lose what it has acknowledged.
    pub accepts_unreplicated: bool,
    /// The last position of a database that has less than this node has published, to go on from there all the same.
    pub accepts_shorter: Option<u64>,
    /// Whether a ledger that is not there is only looked for, and not begun.
    pub must_exist: bool,
}

/// The journal in a `PostgreSQL` database that several processes share.
pub struct PostgresJournal {
    pub(super) shared: Arc<Shared>,
}

impl PostgresJournal {
    /// Opens the ledger of a database as one who follows, with all that is durable; `lead` makes it take commits.
    ///
    /// # Errors
    /// `Unreachable`; `Shorter` or `Diverged` if the database has not what this node has published; `Damaged`; `Locked` or `Storage` if
    /// the data directory is another process's or cannot be used.
    pub fn open(address: PostgresAddress, options: PostgresOptions) -> Result<(Self, Vec<String>), JournalError> {
        let PostgresOptions { own_address, data_dir, accepts_unreplicated, accepts_shorter, must_exist } = options;
        let (mut kept, mut dir_lock) = (None, None);
        let mut published = Frontier::new();
        if let Some(dir) = &data_dir {
            create_private_dir(dir).map_err(JournalError::storage(format!("creating {}", dir.display())))?;
            dir_lock = Some(DirLock::take(dir)?);
            let (file, frontier) = KeptHead::open(dir)?;
            (kept, published) = (Some(file), frontier);
        }
        let driver = Driver::start()?;
        let (asked, known) = (address.clone(), published.head());
        let (link, found) = driver.wait(async move {
            let link = Link::open(&asked).await?;
            introduce(&asked, &link, must_exist).await?;
            let found = match check_known(&asked, &link, known).await {
                Err(JournalError::Shorter { found, .. }) if Some(found) == accepts_shorter => Some(found),
                checked => checked.map(|()| None)?,
            };
            Ok((link, found))
        })?;
        let mut notes = Vec::new();
        if let Some(found) = found {
            notes.push(format!(
                "{address} has {found} records: the {} after them that this node has published are given up",
                known.size - found
            ));
            kept.as_mut().map_or(Ok(()), KeptHead::reset)?;
            published = Frontier::new();
        }
        let head = published.head();
        let shared = Arc::new(Shared {
            address,
            own: [uuid::Uuid::new_v4().to_string(), own_address],
            accepts_unreplicated,
            driver,
            tail: Mutex::new(published),
            head: RwLock::new(head),
            recent: Mutex::default(),
            cache: FrameCache::default(),
            recent_leaves: RecentLeaves::default(),
            reader: tokio::sync::Mutex::new(Some(Arc::new(link))),
            is_unchecked: AtomicBool::new(false),
            leading: Mutex::default(),
            stop: Arc::<Stop>::default(),
            is_closed: AtomicBool::new(false),
            kept: Mutex::new(kept),
            dir_lock: Mutex::new(dir_lock),
            syncs: Arc::new(Histogram::of_durations()),
        });
        shared.refresh()?;
        Ok((Self { shared }, notes))
    }

    /// Whether a database has records of a ledger.
    ///
    /// # Errors
    /// `Unreachable`.
    pub fn has_records(address: &PostgresAddress) -> Result<bool, JournalError> {
        let address = address.clone();
        Driver::start()?.wait(async move {
            let link = Link::open(&address).await?;
            let are_created: bool = in_time(&address, link.client.query_one(ARE_CREATED, &[])).await?.get(0);
            Ok(are_created && head_at(&address, &link, u64::MAX).await?.is_some())
        })
    }
}

/// Creates the tables and the ledger's rows in them, unless they are there.
async fn introduce(address: &PostgresAddress, link: &Link, must_exist: bool) -> Result<(), JournalError> {
    let client = &link.client;
    let are_created: bool = in_time(address, client.query_one(ARE_CREATED, &[])).await?.get(0);
    if must_exist {
        let is_there = are_created && head_at(address, link, u64::MAX).await?.is_some();
        return if is_there { Ok(()) } else { Err(JournalError::stopped(format!("there is no {address}"))) };
    }
    if !are_created {
        let created = in_time(address, client.batch_execute(CREATE)).await;
        // Another process may have created them meanwhile, which fails one of the two.
        let are_created: bool = in_time(address, client.query_one(ARE_CREATED, &[])).await?.get(0);
        if !are_created {
            created?;
        }
    }
    for statement in INTRODUCE {
        in_time(address, client.execute(statement, &[&address.ledger])).await?;
    }
    Ok(())
}

impl Journal for PostgresJournal {
    fn last(&self) -> u64 {
        self.shared.head.read().size
    }

    fn tree_head(&self) -> TreeHead {
        *self.shared.head.read()
    }

    fn tree_head_at(&self, position: u64) -> Result<Option<TreeHead>, JournalError> {
        self.shared.tree_head_at(position)
    }

    fn append(&self, expected_last: u64, batch: &Batch) -> Result<TreeHead, JournalError> {
        self.shared.append(expected_last, batch)
    }

    fn read(&self, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<StoredRecord>, JournalError> {
        self.shared.read(from, max_records, max_bytes)
    }

    fn leaf_hashes(&self, from: u64, max_records: usize) -> Result<Vec<Hash>, JournalError> {
        if let Some(leaves) = self.shared.recent_leaves.get(from, max_records) {
            return Ok(leaves);
        }
        let records = self.read(from, max_records, HASHED_AT_A_TIME)?;
        Ok(records.iter().map(|record| leaf_hash(&record.bytes)).collect())
    }

    fn checkpoint(&self) -> Result<u64, JournalError> {
        self.shared.check_open()?;
        Ok(self.last())
    }

    fn close(&self) -> Result<(), JournalError> {
        if self.shared.is_closed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let resigned = self.shared.resign();
        self.shared.stop.close();
        *self.shared.dir_lock.lock() = None;
        resigned
    }

    fn resign(&self) -> Result<(), JournalError> {
        self.shared.resign()
    }

    fn note_signed(&self, head: TreeHead) -> Result<(), JournalError> {
        self.shared.note_signed(head)
    }

    fn on_stop(&self, tell: StopListener) {
        self.shared.stop.on_stop(tell);
    }

    fn measured(&self) -> Measured {
        Measured { syncs: Some(Arc::clone(&self.shared.syncs)), store_lag: 0 }
    }
}

impl SharedJournal for PostgresJournal {
    fn refresh(&self) -> Result<Standing, JournalError> {
        self.shared.refresh()
    }

    fn lead(&self) -> Result<bool, JournalError> {
        self.shared.lead()
    }
}

impl Drop for PostgresJournal {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::warn!(%error, "closing the journal");
        }
    }
}
