//! The feed out: records in their order as they are recorded, for whoever follows them.
//!
//! There is no buffer of what is new: a subscriber reads pages after its position, up to the last published one, and then waits
//! until that moves. So there is no gap between catching up and following, and nobody is dropped for being slow. One thread reads
//! and encodes the newest pages once for all, and keeps the last of them in a ring; who is further behind, or wants a part only,
//! reads by itself. `webhooks` delivers the same to endpoints that cannot subscribe.

mod audience;
mod reader;
mod ring;
mod subscription;
pub mod webhooks;

pub use audience::Audience;
pub use subscription::{Next, Subscription};

use crate::ledger::{Error, Ledger};
use crate::queries::records::Following;
use parking_lot::Mutex;
use ring::Ring;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The most bytes of a page.
pub const MAX_PAGE_BYTES: usize = 512 << 10;
/// After how long without anything else a subscriber is told that its stream lives.
pub const HEARTBEAT: Duration = Duration::from_secs(15);

/// The feed of a ledger. Clones are handles of the same one.
#[derive(Clone)]
pub struct Feed(Arc<Shared>);

/// What subscribers and the reader share.
struct Shared {
    ledger: Ledger,
    heartbeat: Duration,
    ring: Mutex<Ring>,
    /// The last position of the ring, and why it goes no further, once it does not.
    tip: watch::Sender<Tip>,
    audience: Audience,
    /// Whether the reader runs.
    reads: Mutex<bool>,
}

/// How far the newest pages reach.
#[derive(Clone, Debug, Default)]
struct Tip {
    position: u64,
    /// Why no more pages come.
    failed: Option<Error>,
}

impl Feed {
    /// The feed of a ledger. Nothing is read before somebody subscribes.
    pub fn new(ledger: &Ledger, heartbeat: Duration) -> Self {
        Self(Arc::new(Shared {
            ledger: ledger.clone(),
            heartbeat,
            ring: Mutex::new(Ring::after(ledger.last())),
            tip: watch::Sender::default(),
            audience: Audience::default(),
            reads: Mutex::default(),
        }))
    }

    /// Follows what is wanted after a position, which must not be beyond the last one.
    ///
    /// # Errors
    /// `Internal` if the system refuses a thread.
    pub fn subscribe(&self, after: u64, following: Following) -> Result<Subscription, Error> {
        let place = self.0.audience.join(after);
        reader::ensure(&self.0).map_err(|error| Error::Internal(format!("no thread for the feed: {error}")))?;
        Ok(Subscription::new(Arc::clone(&self.0), place, after, following))
    }

    /// Who follows, and how far they are.
    pub fn audience(&self) -> &Audience {
        &self.0.audience
    }

    /// Records that the subscriber furthest behind has still to get; 0 without any.
    pub fn lag(&self) -> u64 {
        self.0.audience.slowest().map_or(0, |position| self.0.ledger.last().saturating_sub(position))
    }
}
