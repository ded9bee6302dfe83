//! Following: what the leader has made durable is evolved here, as a replay does, until this process leads itself.

use super::Ledger;
use super::common::Core;
use super::replay::{APPLIED_AT_ONCE, ReplayError, ReplayReport, apply, decode_chunk, evolve_all};
use super::role::Role;
use super::snapshots;
use crate::clock::Clock;
use crate::journal::{Journal, JournalError, SharedJournal, SharedTexts};
use crate::ledger::{Limits, SnapshotSettings};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How often it is looked for what is new.
const LOOKED_EVERY: Duration = Duration::from_millis(50);
/// How long nothing is asked after an error.
const AFTER_ERROR: Duration = Duration::from_millis(500);
/// After how long without an answer what is read here counts as old.
const FRESH_FOR: Duration = Duration::from_secs(10);
/// How often the same trouble is said in the log.
const SAID_EVERY: Duration = Duration::from_secs(30);

/// What follows a shared journal.
pub struct Follower {
    journal: Arc<dyn SharedJournal>,
    /// Whether it leads when nobody does.
    may_lead: bool,
    /// When the journal answered last, and when trouble was told last.
    heard: Mutex<Instant>,
    told: Mutex<Option<Instant>>,
}

impl Follower {
    /// Follows a journal; it leads when nobody does, if it may.
    pub fn new(journal: Arc<dyn SharedJournal>, may_lead: bool) -> Self {
        Self { journal, may_lead, heard: Mutex::new(Instant::now()), told: Mutex::default() }
    }

    /// What is kept beside the records.
    pub fn texts(&self) -> Arc<dyn SharedTexts> {
        Arc::clone(&self.journal) as Arc<dyn SharedTexts>
    }

    /// Takes in what is new, and leads if nobody does. Returns whether this process leads.
    ///
    /// # Errors
    /// Those of the journal, and of replaying what it gives.
    pub fn step(&self, core: &Core) -> Result<bool, ReplayError> {
        let standing = self.journal.refresh()?;
        self.take_in(core)?;
        *self.heard.lock() = Instant::now();
        if standing.is_vacant && self.may_lead && self.journal.lead()? {
            self.take_in(core)?;
            core.set_role(Role::Leads);
            tracing::info!(position = core.last(), "this process leads");
            return Ok(true);
        }
        core.set_role(Role::Follows { leader: standing.leader.map(Into::into), is_fresh: true });
        Ok(false)
    }

    /// Evolves what the journal has and the state has not. It is published in one go: readers see whole commits.
    fn take_in(&self, core: &Core) -> Result<(), ReplayError> {
        let (last, seed) = (self.journal.last(), core.projections.seed());
        // Not behind the published position: the last time may have ended halfway.
        let mut next = core.state.read().position + 1;
        while next <= last {
            let chunk = decode_chunk(&*self.journal, &seed, next)?;
            for records in chunk.chunks(APPLIED_AT_ONCE) {
                let derived = evolve_all(&mut core.state.write(), records)?;
                apply(&core.projections, derived)?;
            }
            next += chunk.len() as u64;
        }
        if core.last() < last {
            core.published.send_replace(last);
            snapshots::take_if_due(core, last);
        }
        Ok(())
    }

    /// Says in the log why nothing is taken in, now and then; what is read here counts as old after a while.
    fn tell(&self, core: &Core, error: &ReplayError) {
        if self.heard.lock().elapsed() > FRESH_FOR {
            core.set_role(Role::Follows { leader: None, is_fresh: false });
        }
        let mut told = self.told.lock();
        if told.is_none_or(|told| told.elapsed() > SAID_EVERY) {
            tracing::warn!(%error, "what others record is not taken in; it is tried again");
            *told = Some(Instant::now());
        }
    }
}

/// Follows until this process leads, the ledger closes, or what is known here is not what the journal has.
pub fn run(core: &Core, follower: &Follower, closing: &watch::Receiver<bool>) {
    while !*closing.borrow() && core.check_running().is_ok() {
        let pause = match follower.step(core) {
            Ok(true) => return,
            Ok(false) => LOOKED_EVERY,
            // What may pass: the database is away, or is not set up to be led on.
            Err(error @ ReplayError::Journal(JournalError::Unreachable { .. } | JournalError::Unreplicated { .. })) => {
                follower.tell(core, &error);
                AFTER_ERROR
            }
            Err(error) => {
                let is_lost = matches!(&error, ReplayError::Journal(error) if error.is_lost_history());
                core.has_lost_history.store(is_lost, Ordering::Relaxed);
                core.set_role(Role::Follows { leader: None, is_fresh: false });
                return core.stop(&error.to_string());
            }
        };
        std::thread::sleep(pause);
    }
}

impl Ledger {
    /// Opens a ledger that several processes share: this one follows, and leads when nobody does, if it may. `snapshots` as for
    /// `open_with_snapshots`.
    ///
    /// # Errors
    /// As for `open`; why it may not lead.
    pub fn open_shared(
        journal: &Arc<dyn SharedJournal>,
        clock: Arc<dyn Clock>,
        limits: Limits,
        snapshots: Option<SnapshotSettings>,
        may_lead: bool,
    ) -> Result<(Self, ReplayReport), ReplayError> {
        let follower = Follower::new(Arc::clone(journal), may_lead);
        Self::start(Arc::clone(journal) as Arc<dyn Journal>, clock, limits, snapshots, Some(follower))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::journal::{Batch, MemoryJournal, Standing, StoredRecord, TreeHead};
    use crate::ledger::{Append, Events};
    use crate::proto::{Event, PartnerKind, PartnerRegistered, event::Body};
    use std::sync::atomic::{AtomicBool, AtomicU64};

    /// More than one chunk.
    const RECORDS: u64 = 6_000;

    /// A journal that another process appends to, which cannot be read on once.
    struct Flaky {
        inner: MemoryJournal,
        shown: AtomicU64,
        fails: AtomicBool,
    }

    impl Journal for Flaky {
        fn last(&self) -> u64 {
            self.shown.load(Ordering::SeqCst)
        }

        fn tree_head(&self) -> TreeHead {
            self.inner.tree_head_at(self.last()).expect("it reads").expect("it has it")
        }

        fn append(&self, _: u64, _: &Batch) -> Result<TreeHead, JournalError> {
            Err(JournalError::stopped("this process does not lead"))
        }

        fn read(&self, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<StoredRecord>, JournalError> {
            if from > 1 && self.fails.swap(false, Ordering::SeqCst) {
                return Err(JournalError::Unreachable { place: "the database".into(), why: "it is away".into(), may_pass: true });
            }
            self.inner.read(from, max_records, max_bytes)
        }

        fn close(&self) -> Result<(), JournalError> {
            Ok(())
        }
    }

    impl SharedTexts for Flaky {
        fn names(&self) -> Result<Vec<String>, JournalError> {
            Ok(Vec::new())
        }

        fn text(&self, _: &str) -> Result<Option<String>, JournalError> {
            Ok(None)
        }

        fn set_text(&self, _: &str, _: &str) -> Result<(), JournalError> {
            Err(JournalError::stopped("this process does not lead"))
        }

        fn remove_text(&self, _: &str) -> Result<(), JournalError> {
            Err(JournalError::stopped("this process does not lead"))
        }
    }

    impl SharedJournal for Flaky {
        fn refresh(&self) -> Result<Standing, JournalError> {
            self.shown.store(self.inner.last(), Ordering::SeqCst);
            Ok(Standing { is_vacant: false, leader: Some("http://leader".into()) })
        }

        fn lead(&self) -> Result<bool, JournalError> {
            Ok(false)
        }
    }

    /// A journal of so many partners.
    async fn recorded() -> MemoryJournal {
        let journal = Arc::new(MemoryJournal::new());
        let (ledger, _) =
            Ledger::open(Arc::clone(&journal) as Arc<dyn Journal>, Arc::new(SystemClock), Limits::default()).expect("it opens");
        let partner = |number: u64| PartnerRegistered {
            partner_id: format!("p-{number}"),
            display_name: "A partner".into(),
            kind: PartnerKind::Affiliate.into(),
            ..PartnerRegistered::default()
        };
        let event = |number: u64| Event {
            event_id: uuid::Uuid::from_u64_pair(1, number).to_string(),
            occurred_at: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 }),
            body: Some(Body::PartnerRegistered(partner(number))),
            ..Event::default()
        };
        for first in (0..RECORDS).step_by(500) {
            let events = Events::from((first..first + 500).map(event).collect::<Vec<_>>());
            let (recorded_by, permit, deadline, account) = ("test".into(), None, None, None);
            let append = Append { events, expected_last_position: None, recorded_by, permit, deadline, account };
            ledger.append(append).await.expect("recorded");
        }
        let records = journal.read(1, usize::MAX, usize::MAX).expect("it reads");
        let copy = MemoryJournal::new();
        let mut batch = Batch::new();
        records.iter().for_each(|record| batch.push(&record.bytes));
        copy.append(0, &batch).expect("appended");
        ledger.close().expect("closed");
        copy
    }

    #[tokio::test]
    async fn what_was_taken_in_by_half_is_gone_on_with() {
        let inner = recorded().await;
        let flaky = Arc::new(Flaky { inner, shown: AtomicU64::new(0), fails: AtomicBool::new(true) });
        let shared = Arc::clone(&flaky) as Arc<dyn SharedJournal>;
        let follower = Follower::new(Arc::clone(&shared), false);
        let journal = Arc::clone(&flaky) as Arc<dyn Journal>;
        let (ledger, ..) =
            Ledger::prepare(journal, Arc::new(SystemClock), Limits::default(), None, Some(follower.texts())).expect("it opens");
        let refused = follower.step(&ledger.core).expect_err("it cannot be read on");
        assert!(matches!(refused, ReplayError::Journal(JournalError::Unreachable { .. })), "{refused}");
        assert_eq!(ledger.last(), 0, "half of it is not published");
        assert!(ledger.core.state.read().position > 0);
        assert!(!follower.step(&ledger.core).expect("the rest"));
        assert_eq!((ledger.last(), ledger.core.state.read().position), (RECORDS, RECORDS));
        assert!(ledger.check_leads().is_err());
        let known = crate::domain::ids::EventId::parse(&uuid::Uuid::from_u64_pair(1, RECORDS - 1).to_string()).expect("an id");
        assert_eq!(ledger.record_of(known).expect("it is found by its id").position, RECORDS);
    }
}
