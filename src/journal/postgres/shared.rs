//! What the journal's callers share: the records as far as they are known here, the connections, and whether this process leads.

use super::address::{PostgresAddress, explain};
use super::driver::Driver;
use super::frames::{as_sql, frames_from, head_at};
use super::kept_head::KeptHead;
use super::lease::{Lease, Stop, Taken, check_known, take};
use super::link::{Link, in_time};
use super::recent::RecentFrames;
use super::tables::{APPEND, STANDING};
use crate::journal::batch::Batch;
use crate::journal::cache::FrameCache;
use crate::journal::error::JournalError;
use crate::journal::frame::{FrameHeader, HeldFrame, MAX_COMMIT_BYTES, body_bytes, encode_frame};
use crate::journal::merkle::{Frontier, Hash, TreeHead, leaf_hash};
use crate::journal::port::Standing;
use crate::journal::recent_leaves::RecentLeaves;
use crate::journal::recovery::DirLock;
use crate::journal::store::compress;
use crate::measure::Histogram;
use parking_lot::{Mutex, RwLock};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tokio_postgres::Statement;
use tokio_postgres::error::SqlState;

/// Frames, and bytes of them as they are stored, that are taken in at a time.
const TAKEN_AT_ONCE: (u32, usize) = (256, 16 << 20);

/// What the callers share.
pub(super) struct Shared {
    pub address: PostgresAddress,
    /// Who this process is, and where it is reached when it leads.
    pub own: [String; 2],
    pub accepts_unreplicated: bool,
    pub driver: Driver,
    /// The tree so far. Whoever appends or takes in frames holds it meanwhile.
    pub tail: Mutex<Frontier>,
    /// What others see of it.
    pub head: RwLock<TreeHead>,
    pub recent: Mutex<RecentFrames>,
    pub cache: FrameCache,
    pub recent_leaves: RecentLeaves,
    /// The connection for questions.
    pub reader: tokio::sync::Mutex<Option<Arc<Link>>>,
    /// Whether it is a new one, by which the database was not yet compared with what is known here.
    pub is_unchecked: AtomicBool,
    pub leading: Mutex<Option<Arc<Leading>>>,
    pub stop: Arc<Stop>,
    pub is_closed: AtomicBool,
    pub kept: Mutex<Option<KeptHead>>,
    /// Nobody else uses the data directory.
    pub dir_lock: Mutex<Option<DirLock>>,
    pub syncs: Arc<Histogram>,
}

/// What a process has that leads.
pub(super) struct Leading {
    link: Link,
    append: Statement,
    pub epoch: i64,
    pub lease: Lease,
}

/// A frame that is to be appended.
struct Draft {
    first: u64,
    count: i32,
    root: Hash,
    stored: Vec<u8>,
}

impl Shared {
    /// Returns `Stopped` once the journal is closed.
    pub fn check_open(&self) -> Result<(), JournalError> {
        if self.is_closed.load(Ordering::Acquire) { Err(JournalError::stopped("it was closed")) } else { Ok(()) }
    }

    /// The connection for questions, made anew if it is gone.
    pub async fn reader(&self) -> Result<Arc<Link>, JournalError> {
        let mut reader = self.reader.lock().await;
        if let Some(link) = reader.as_ref().filter(|link| !link.client.is_closed()) {
            return Ok(Arc::clone(link));
        }
        let link = Arc::new(Link::open(&self.address).await?);
        *reader = Some(Arc::clone(&link));
        self.is_unchecked.store(true, Ordering::Release);
        Ok(link)
    }

    /// Forgets the connection for questions after an answer that did not come.
    pub async fn forget_reader(&self) {
        *self.reader.lock().await = None;
    }

    /// Reads frames from the one that has a position on; tries once more on a new connection.
    pub async fn frames(&self, position: u64, most_frames: u32, most_bytes: usize) -> Result<Vec<HeldFrame>, JournalError> {
        let link = self.reader().await?;
        match frames_from(&self.address, &link, position, most_frames, most_bytes).await {
            Err(JournalError::Unreachable { .. }) => {
                self.forget_reader().await;
                let link = self.reader().await?;
                frames_from(&self.address, &link, position, most_frames, most_bytes).await
            }
            read => read,
        }
    }

    /// Implements `Journal::append`.
    pub fn append(&self, expected_last: u64, batch: &Batch) -> Result<TreeHead, JournalError> {
        let mut tail = self.tail.lock();
        self.check_open()?;
        self.stop.check()?;
        let leading = self.leading.lock().clone().ok_or_else(|| JournalError::stopped("this process does not lead"))?;
        let last = tail.size();
        if expected_last != last {
            return Err(JournalError::PositionMismatch { expected: expected_last, last });
        }
        let body = body_bytes(batch);
        if body > MAX_COMMIT_BYTES {
            return Err(JournalError::TooLarge { bytes: body, limit: MAX_COMMIT_BYTES });
        }
        if batch.is_empty() {
            return Ok(*self.head.read());
        }
        let mut after = tail.clone();
        let leaves: Vec<Hash> = batch.records().map(leaf_hash).collect();
        leaves.iter().for_each(|leaf| after.push_leaf(*leaf));
        let (first, tree) = (last + 1, after.head());
        let mut bytes = Vec::new();
        encode_frame(&mut bytes, first, batch, tree);
        let stored = compress(&bytes).unwrap_or_else(|| bytes.clone());
        // Count and length fit in 32 bits: a commit's limit is smaller.
        let draft = Draft { first, count: i32::try_from(batch.len()).unwrap_or(i32::MAX), root: tree.root, stored };
        let began = Instant::now();
        let (address, stop) = (self.address.clone(), Arc::clone(&self.stop));
        let appending = Arc::clone(&leading);
        self.driver
            .wait(async move {
                tokio::select! {
                    appended = insert(&address, &appending, draft) => appended,
                    stopped = stop.stopped() => Err(stopped),
                }
            })
            // Nobody knows what the database has of it: nothing more is appended.
            .inspect_err(|error| self.stop.stop(&reason(error)))?;
        self.syncs.since(began);
        let header = FrameHeader { first, count: batch.len() as u32, body_bytes: body as u32, tree };
        self.publish(&mut tail, after, HeldFrame { header, bytes }, &leaves);
        leading.lease.moved(tree);
        Ok(tree)
    }

    /// What follows a durable frame is seen by all who read.
    fn publish(&self, tail: &mut Frontier, after: Frontier, frame: HeldFrame, leaves: &[Hash]) {
        let first = frame.header.first;
        self.recent.lock().push(frame);
        self.recent_leaves.push(first, leaves);
        *self.head.write() = after.head();
        if let Some(kept) = self.kept.lock().as_mut() {
            kept.write(&after);
        }
        *tail = after;
    }

    /// Takes in the frames that follow, up to the one that ends at `until` or before it, each checked by its root.
    pub fn take_in(self: &Arc<Self>, tail: &mut Frontier, until: u64) -> Result<(), JournalError> {
        while tail.size() < until {
            let (shared, next, (frames, bytes)) = (Arc::clone(self), tail.size() + 1, TAKEN_AT_ONCE);
            let frames = self.driver.wait(async move { shared.frames(next, frames, bytes).await })?;
            if frames.is_empty() {
                let what = "the database says that they are durable, and does not have them".to_owned();
                return Err(JournalError::Damaged { what, first: next, last: until });
            }
            for frame in frames {
                if frame.header.last() > until {
                    return Ok(());
                }
                self.take_frame(tail, frame)?;
            }
        }
        Ok(())
    }

    fn take_frame(&self, tail: &mut Frontier, frame: HeldFrame) -> Result<(), JournalError> {
        let leaves: Vec<Hash> = frame.frame().records().map(|(_, record)| leaf_hash(record)).collect();
        let mut after = tail.clone();
        leaves.iter().for_each(|leaf| after.push_leaf(*leaf));
        if frame.header.first != tail.size() + 1 || frame.header.tree != after.head() {
            return Err(JournalError::Diverged { place: self.address.to_string(), position: tail.size() });
        }
        self.publish(tail, after, frame, &leaves);
        Ok(())
    }

    /// Implements `SharedJournal::refresh`.
    pub fn refresh(self: &Arc<Self>) -> Result<Standing, JournalError> {
        self.check_open()?;
        if self.leading.lock().is_some() {
            return Ok(Standing { is_vacant: false, leader: Some(self.own[1].clone()) });
        }
        let mut tail = self.tail.lock();
        let (shared, known) = (Arc::clone(self), tail.head());
        let (durable, standing) = self.driver.wait(async move {
            let asked = shared.ask_standing(known).await;
            if matches!(asked, Err(JournalError::Unreachable { .. })) {
                shared.forget_reader().await;
            }
            asked
        })?;
        self.take_in(&mut tail, durable)?;
        Ok(standing)
    }

    /// How far is durable, and who leads. The first answer of a connection is compared with what is known here: the
    /// database may be another one by now.
    async fn ask_standing(&self, known: TreeHead) -> Result<(u64, Standing), JournalError> {
        let link = self.reader().await?;
        let row = in_time(&self.address, link.client.query_one(STANDING, &[&self.address.ledger])).await?;
        let (leader, is_vacant, durable): (String, bool, i64) = (row.get(0), row.get(1), row.get(2));
        let durable = u64::try_from(durable).unwrap_or_default();
        if self.is_unchecked.load(Ordering::Acquire) || durable < known.size {
            check_known(&self.address, &link, known).await?;
            self.is_unchecked.store(false, Ordering::Release);
        }
        Ok((durable, Standing { is_vacant, leader: Some(leader).filter(|leader| !is_vacant && !leader.is_empty()) }))
    }

    /// Implements `SharedJournal::lead`.
    pub fn lead(self: &Arc<Self>) -> Result<bool, JournalError> {
        self.check_open()?;
        self.stop.check()?;
        if self.leading.lock().is_some() {
            return Ok(true);
        }
        let mut tail = self.tail.lock();
        let (shared, known) = (Arc::clone(self), tail.head());
        let taken = self.driver.wait(async move {
            let own = [shared.own[0].as_str(), shared.own[1].as_str()];
            let Some(taken) = take(&shared.address, own, known, shared.accepts_unreplicated).await? else { return Ok(None) };
            let append = in_time(&shared.address, taken.link.client.prepare(APPEND)).await?;
            Ok(Some((taken, append)))
        })?;
        let Some((taken, append)) = taken else { return Ok(false) };
        let (head, stop) = (taken.head, Arc::clone(&self.stop));
        let lease = Lease::new(self.address.clone(), &taken, self.accepts_unreplicated, stop);
        let Taken { link, epoch, .. } = taken;
        let leading = Arc::new(Leading { link, append, epoch, lease });
        let keeping = Arc::clone(&leading);
        if let Some(handle) = self.driver.handle() {
            handle.spawn(async move { keeping.lease.keep().await });
        }
        // The frames are read on another connection, which may lead to another database.
        let taken_in = self.take_in(&mut tail, head.size).and_then(|()| {
            let position = head.size.min(tail.size());
            if tail.head() == head { Ok(()) } else { Err(JournalError::Diverged { place: self.address.to_string(), position }) }
        });
        if let Err(error) = taken_in {
            let given_up = Arc::clone(&leading);
            // Else it is over by itself.
            let _ = self.driver.wait(async move { given_up.lease.release().await });
            return Err(error);
        }
        *self.leading.lock() = Some(leading);
        Ok(true)
    }

    /// Implements `Journal::resign`.
    pub fn resign(&self) -> Result<(), JournalError> {
        // Waits for the commit that is under way.
        let _tail = self.tail.lock();
        let Some(leading) = self.leading.lock().take() else { return Ok(()) };
        self.driver.wait(async move { leading.lease.release().await })
    }

    /// Implements `Journal::tree_head_at`.
    pub fn tree_head_at(self: &Arc<Self>, position: u64) -> Result<Option<TreeHead>, JournalError> {
        self.check_open()?;
        let head = *self.head.read();
        if position == 0 || position >= head.size {
            return Ok([Frontier::new().head(), head].into_iter().find(|known| known.size == position));
        }
        let shared = Arc::clone(self);
        let found = self.driver.wait(async move {
            let link = shared.reader().await?;
            head_at(&shared.address, &link, position).await
        })?;
        Ok(found.filter(|found| found.size == position))
    }
}

/// What an error says, without what it says to do about it.
fn reason(error: &JournalError) -> String {
    match error {
        JournalError::Stopped { why } => why.clone(),
        error => error.to_string(),
    }
}

/// Appends a frame. Whatever is not certain is an error.
async fn insert(address: &PostgresAddress, leading: &Leading, draft: Draft) -> Result<(), JournalError> {
    let Draft { first, count, root, stored } = draft;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
        [&address.ledger, &leading.epoch, &as_sql(first), &count, &&root[..], &stored];
    let inserted = leading.link.client.execute(&leading.append, &parameters).await;
    leading.link.check()?;
    match inserted {
        Ok(1) => Ok(()),
        Ok(_) => Err(JournalError::stopped("another process leads now")),
        Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
            Err(JournalError::stopped(format!("position {first} has a record of another process already")))
        }
        Err(error) => Err(JournalError::stopped(format!("{address} did not confirm a commit: {}", explain(&error)))),
    }
}
