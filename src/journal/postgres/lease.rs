//! Leading: taking the lease with the next epoch, keeping it, giving it back.
//!
//! The lease is for liveness alone: while it lasts nobody else tries to lead. That two never both append is kept by the epoch's row, which
//! every append locks, and by the frames' primary key.

use super::address::PostgresAddress;
use super::frames::{as_sql, head_at};
use super::link::{Link, in_time, unreachable, unreachable_by};
use super::settings::check_settings;
use super::tables::{LOCK_EPOCH, LOCK_LEASE, NEXT_EPOCH, PIN_COMMITS, RELEASE, RENEW, STANDBYS, TAKE_LEASE};
use crate::journal::error::JournalError;
use crate::journal::merkle::{Frontier, TreeHead};
use crate::journal::port::StopListener;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};

/// How long a lease lasts.
pub(super) const LEASE: Duration = Duration::from_secs(10);
/// How often it is renewed.
const RENEWED_EVERY: Duration = Duration::from_secs(3);
/// The least time from one row to the next that says how far is durable, for those who follow.
const TOLD_EVERY: Duration = Duration::from_millis(20);
/// Between two attempts to reach a database that does not answer.
const RETRIED_EVERY: Duration = Duration::from_millis(500);
/// How long one attempt to renew the lease may take: a host that is away and one that is not.
const ATTEMPT: Duration = Duration::from_secs(5);
const LEAST_ATTEMPT: Duration = Duration::from_secs(1);
/// The row of the lease is not waited for: what it says of the records holds whether or not it is replicated.
const UNREPLICATED: &str = "set synchronous_commit = off";

/// Behind every position.
const LAST: u64 = i64::MAX.unsigned_abs();

/// Why the journal takes no more commits, once it does not.
pub(super) struct Stop {
    why: watch::Sender<Option<Arc<str>>>,
    tell: Mutex<Option<StopListener>>,
}

impl Default for Stop {
    fn default() -> Self {
        Self { why: watch::Sender::new(None), tell: Mutex::default() }
    }
}

impl Stop {
    /// Stops; the first reason is kept, and told once.
    pub fn stop(&self, why: &str) {
        let is_first = self.why.send_if_modified(|known| {
            let is_first = known.is_none();
            known.get_or_insert_with(|| why.into());
            is_first
        });
        if is_first && let Some(tell) = &*self.tell.lock() {
            tell(why);
        }
    }

    /// Stops because the journal is closed, which nobody need be told.
    pub fn close(&self) {
        self.why.send_modify(|known| {
            known.get_or_insert_with(|| "it was closed".into());
        });
    }

    /// Registers who is told.
    pub fn on_stop(&self, tell: StopListener) {
        let mut listener = self.tell.lock();
        let known = self.why.borrow().clone();
        if let Some(why) = known {
            tell(&why);
        }
        *listener = Some(tell);
    }

    /// `Stopped` once it has.
    pub fn check(&self) -> Result<(), JournalError> {
        match &*self.why.borrow() {
            None => Ok(()),
            Some(why) => Err(JournalError::stopped(&**why)),
        }
    }

    /// Waits until it has stopped.
    pub async fn stopped(&self) -> JournalError {
        let mut why = self.why.subscribe();
        let stopped = why.wait_for(Option::is_some).await.ok().and_then(|why| why.clone());
        JournalError::stopped(stopped.as_deref().unwrap_or("it was closed"))
    }
}

/// What was taken with a lease.
pub(super) struct Taken {
    /// The connection that appends.
    pub link: Link,
    pub epoch: i64,
    /// The tree over all records; all of them are durable.
    pub head: TreeHead,
}

/// Takes the lead if nobody has it; `None` if somebody does. `known` is what this node has published, which must be there. The commit
/// is replicated, and so is all that was appended before it.
pub(super) async fn take(
    address: &PostgresAddress,
    own: [&str; 2],
    known: TreeHead,
    accepts_unreplicated: bool,
) -> Result<Option<Taken>, JournalError> {
    let link = Link::open(address).await?;
    if !accepts_unreplicated {
        check_settings(address, &link).await?;
        in_time(address, link.client.batch_execute(PIN_COMMITS)).await?;
    }
    let (client, ledger, [holder, own_address]) = (&link.client, &address.ledger, own);
    in_time(address, client.batch_execute("begin")).await?;
    // It waits for an append that is under way.
    in_time(address, client.query_one(LOCK_EPOCH, &[ledger])).await?;
    let is_over: bool = in_time(address, client.query_one(LOCK_LEASE, &[ledger])).await?.get(0);
    if !is_over {
        return Ok(None);
    }
    check_known(address, &link, known).await?;
    let head = head_at(address, &link, LAST).await?.unwrap_or_else(|| Frontier::new().head());
    let last = as_sql(head.size);
    let epoch: i64 = in_time(address, client.query_one(NEXT_EPOCH, &[ledger, &holder, &own_address])).await?.get(0);
    in_time(address, client.execute(TAKE_LEASE, &[ledger, &epoch, &last, &LEASE.as_secs_f64()])).await?;
    in_time(address, client.batch_execute("commit")).await?;
    link.check()?;
    Ok(Some(Taken { link, epoch, head }))
}

/// Compares what this node has published with the database.
///
/// # Errors
/// `Shorter` if the database has less, `Diverged` if it has something else.
pub(super) async fn check_known(address: &PostgresAddress, link: &Link, known: TreeHead) -> Result<(), JournalError> {
    if known.size == 0 {
        return Ok(());
    }
    let place = || address.to_string();
    match head_at(address, link, known.size).await? {
        Some(head) if head == known => Ok(()),
        Some(head) if head.size >= known.size => Err(JournalError::Diverged { place: place(), position: known.size }),
        head => Err(JournalError::Shorter { place: place(), found: head.map_or(0, |head| head.size), known: known.size }),
    }
}

/// A lease that is kept.
pub(super) struct Lease {
    address: PostgresAddress,
    epoch: i64,
    /// What is durable.
    durable: Mutex<TreeHead>,
    /// Whether commits need not wait for a standby.
    accepts_unreplicated: bool,
    moved: Notify,
    ended: watch::Sender<bool>,
    /// The connection that it is kept on. Whoever gives the lease back waits for a renewal that is under way.
    link: tokio::sync::Mutex<Option<Link>>,
    stop: Arc<Stop>,
}

impl Lease {
    /// The lease of an epoch that was taken.
    pub fn new(address: PostgresAddress, taken: &Taken, accepts_unreplicated: bool, stop: Arc<Stop>) -> Self {
        let (durable, ended) = (Mutex::new(taken.head), watch::Sender::new(false));
        let (moved, link) = (Notify::new(), tokio::sync::Mutex::default());
        Self { address, epoch: taken.epoch, durable, accepts_unreplicated, moved, ended, link, stop }
    }

    /// Tells those who follow that more is durable, a moment later.
    pub fn moved(&self, durable: TreeHead) {
        *self.durable.lock() = durable;
        self.moved.notify_one();
    }

    /// Keeps the lease until it is ended, or until somebody else has it or it can no longer be kept: then the journal stops.
    pub async fn keep(&self) {
        let mut ended = self.ended.subscribe();
        let (mut kept, mut pause) = (Instant::now(), Duration::ZERO);
        loop {
            let due = async {
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = self.moved.notified(), if pause == RENEWED_EVERY => tokio::time::sleep(TOLD_EVERY).await,
                }
            };
            tokio::select! {
                () = due => {}
                _ = ended.wait_for(|ended| *ended) => return,
                _ = self.stop.stopped() => return,
            }
            let began = Instant::now();
            let mut link = self.link.lock().await;
            if *ended.borrow() {
                return;
            }
            // Not beyond the lease's end: then another one leads. Who was asleep for longer tries once.
            let attempt = ATTEMPT.min(LEASE.saturating_sub(kept.elapsed())).max(LEAST_ATTEMPT);
            match self.renew(&mut link, attempt).await {
                Ok(true) => (kept, pause) = (began, RENEWED_EVERY),
                Ok(false) => return self.stop.stop("another process leads now"),
                // The database is another one by now, or has lost what was acknowledged: nothing of it is changed.
                Err(error @ (JournalError::Shorter { .. } | JournalError::Diverged { .. } | JournalError::Unreplicated { .. })) => {
                    return self.stop.stop(&error.to_string());
                }
                Err(error) if kept.elapsed() >= LEASE => {
                    return self.stop.stop(&format!("the lease could not be renewed for {LEASE:?}: {error}"));
                }
                Err(error) => {
                    pause = RETRIED_EVERY;
                    tracing::warn!(%error, "the lease could not be renewed; it is tried again");
                }
            }
        }
    }

    /// Renews the lease once; false if somebody else has it. The connection is made if there is none.
    async fn renew(&self, link: &mut Option<Link>, within: Duration) -> Result<bool, JournalError> {
        let renewed = self.write(link, RENEW, within).await;
        if renewed.is_err() {
            *link = None;
        }
        renewed
    }

    /// Gives the lease back, so that another process leads at once.
    pub async fn release(&self) -> Result<(), JournalError> {
        self.ended.send_replace(true);
        let mut link = self.link.lock().await;
        self.write(&mut link, RELEASE, ATTEMPT).await.map(drop)
    }

    async fn write(&self, link: &mut Option<Link>, statement: &str, within: Duration) -> Result<bool, JournalError> {
        let address = &self.address;
        let bound = async {
            if link.as_ref().is_none_or(|link| link.client.is_closed()) {
                let opened = Link::open(address).await?;
                in_time(address, opened.client.batch_execute(UNREPLICATED)).await?;
                let known = *self.durable.lock();
                check_known(address, &opened, known).await?;
                *link = Some(opened);
            }
            let Some(link) = link.as_ref() else { return Ok(false) };
            let durable = as_sql(self.durable.lock().size);
            let seconds = LEASE.as_secs_f64();
            let written = match statement {
                RELEASE => link.client.execute(RELEASE, &[&address.ledger, &self.epoch, &durable]).await,
                _ => {
                    self.check_standbys(link).await?;
                    link.client.execute(RENEW, &[&address.ledger, &self.epoch, &durable, &seconds]).await
                }
            };
            Ok(written.map_err(|error| unreachable_by(address, &error))? == 1)
        };
        tokio::time::timeout(within, bound).await.unwrap_or_else(|_| Err(unreachable(address, "no answer in time")))
    }

    /// Refuses a database that commits no longer wait for a standby of, though they are meant to: it is set while a server leads.
    async fn check_standbys(&self, link: &Link) -> Result<(), JournalError> {
        if self.accepts_unreplicated {
            return Ok(());
        }
        let names: String = in_time(&self.address, link.client.query_one(STANDBYS, &[])).await?.get(0);
        if names.trim().is_empty() {
            let why = "no standby is synchronous any more: synchronous_standby_names was emptied".to_owned();
            return Err(JournalError::Unreplicated { place: self.address.to_string(), why });
        }
        Ok(())
    }
}
