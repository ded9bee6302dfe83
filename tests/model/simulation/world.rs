//! One schedule: a ledger, its disk and clock, its clients and readers, and the seed that says what happens next.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, LazyLock};

use chrono::TimeDelta;
use partnership_ledger::clock::{Clock as _, ManualClock};
use partnership_ledger::ledger::{Limits, Progress, SteppedLedger};
use partnership_ledger::proto::AppendRequest;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use super::clients::{Call, Client, Stage};
use super::disk::{Defect, Disk, Fate, Meanwhile, Outcome, SimulatedJournal};
use super::oracle::{Kept, Oracle};
use crate::outside::ledger::When;
use crate::outside::questions::Question;
use crate::outside::workload::{NOW, Requests, workload};

/// Stories that the clients' requests are taken from.
static STORIES: LazyLock<Vec<Requests>> = LazyLock::new(|| (0..24).map(|number| workload(7_000 + number)).collect());

/// A commit on its way to the disk.
pub struct Committing {
    /// The calls that it answers.
    calls: Vec<usize>,
    /// The last position that is decided with it.
    last: u64,
    /// What becomes of it; nothing if it has no records.
    fate: Option<Fate>,
}

/// Everything of one schedule.
pub struct World {
    pub rng: StdRng,
    /// What happened, step by step.
    pub trace: String,
    /// The first promise that was not kept.
    pub broken: Option<String>,
    /// What this schedule came to, and how often.
    pub reached: BTreeMap<&'static str, u64>,
    pub clock: Arc<ManualClock>,
    pub disk: Arc<Disk>,
    pub ledger: Arc<SteppedLedger>,
    journal: Arc<SimulatedJournal>,
    meanwhile: Meanwhile,
    defect: Option<Defect>,
    pub limits: Limits,
    pub oracle: Oracle,
    /// What the clients have to tell.
    pub story: VecDeque<AppendRequest>,
    pub clients: Vec<Client>,
    /// The calls of this run of the process.
    pub calls: Vec<Call>,
    /// Those that wait for the writer.
    pub queue: VecDeque<usize>,
    /// The one that is decided and finds no room in the commit that is being filled.
    waiting: Option<usize>,
    /// Those in the commit that is being filled.
    filling: Vec<usize>,
    pub committing: Option<Committing>,
    /// Answers about the past, which stay.
    pub remembered: Vec<(Question, When, Vec<u8>)>,
}

impl World {
    pub fn new(seed: u64, defect: Option<Defect>, meanwhile: Meanwhile) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let (disk, clock) = (Arc::new(Disk::default()), Arc::new(ManualClock::new(NOW)));
        let limits = limits(&mut rng);
        let clients = (0..rng.random_range(1..=4)).map(|_| Client::default()).collect();
        let story = story(&mut rng);
        let journal = Arc::new(SimulatedJournal::open(disk.clone(), defect, meanwhile.clone()));
        let (ledger, _) = SteppedLedger::open(journal.clone(), clock.clone(), limits.clone()).expect("an empty ledger opens");
        Self {
            rng,
            trace: String::new(),
            broken: None,
            reached: BTreeMap::new(),
            clock,
            disk,
            ledger: Arc::new(ledger),
            journal,
            meanwhile,
            defect,
            limits,
            oracle: Oracle::new(),
            story,
            clients,
            calls: Vec::new(),
            queue: VecDeque::new(),
            waiting: None,
            filling: Vec::new(),
            committing: None,
            remembered: Vec::new(),
        }
    }

    /// Something happens. True if it is the committer's turn, which the caller lets go on: other things happen meanwhile.
    pub fn step(&mut self) -> bool {
        if self.broken.is_some() {
            return false;
        }
        let is_idle = self.committing.is_none();
        match self.below(if self.oracle.has_stopped { 160 } else { 120 }) {
            0..32 => self.submit(),
            32..58 => self.decide(),
            58..76 => self.take_answer(),
            76..86 => self.read(),
            86..90 => self.move_clock(),
            90..94 => self.abandon(),
            94..100 => self.stream(),
            100..118 if is_idle => return true,
            118 | 130.. if is_idle => self.crash(),
            119 if is_idle => self.close(),
            _ => {}
        }
        false
    }

    /// The writer's turn.
    pub fn decide(&mut self) {
        let progress = self.ledger.decide_next();
        match (self.waiting, progress) {
            (Some(_), Progress::Nothing) => self.reach("a commit that was full"),
            (Some(call), Progress::HandedOver) => {
                self.waiting = None;
                self.filling.push(call);
            }
            (None, Progress::Nothing) if self.queue.is_empty() => {}
            (None, Progress::Nothing) => self.keep(Err("the queue is not taken from".to_owned())),
            (None, Progress::Taken | Progress::Decided) => self.decided(progress == Progress::Decided),
            (waiting, progress) => self.keep(Err(format!("with {waiting:?} waiting, the writer has {progress:?}"))),
        }
    }

    fn decided(&mut self, has_no_room: bool) {
        let Some(number) = self.queue.pop_front() else {
            return self.keep(Err("a request that nobody sent is decided".to_owned()));
        };
        let call = &mut self.calls[number];
        if call.ticket.is_none() {
            call.stage = Stage::Answered;
            return self.say(&format!("nobody waits for {number} any more"));
        }
        let expected = self.oracle.decide(&call.request, self.clock.now(), call.is_late);
        call.stage = Stage::Decided;
        call.last = self.oracle.model.last_position();
        let told = format!("{number} is decided: {}", expected.in_short());
        call.expected = Some(expected);
        self.say(&told);
        if has_no_room {
            self.waiting = Some(number);
        } else {
            self.filling.push(number);
        }
    }

    /// The committer's turn begins. False if there is nothing to commit.
    pub fn begin_commit(&mut self, is_peaceful: bool) -> bool {
        let calls = std::mem::take(&mut self.filling);
        let Some(last) = calls.last().map(|call| self.calls[*call].last) else {
            let is_any = self.ledger.commit_next();
            self.keep(if is_any { Err("a commit of nothing".to_owned()) } else { Ok(()) });
            return false;
        };
        let has_records = !self.oracle.has_stopped && last > self.oracle.published;
        let fate =
            has_records.then(|| if is_peaceful { Fate { outcome: Outcome::Synced, steps_before: 0, steps_after: 0 } } else { self.fate() });
        if let Some(fate) = fate {
            self.journal.prepare(fate);
        }
        self.say(&format!("commit up to {last} for {calls:?}: {fate:?}"));
        self.committing = Some(Committing { calls, last, fate });
        true
    }

    fn fate(&mut self) -> Fate {
        let lands = self.rng.random_bool(0.5);
        let outcome = match self.below(24) {
            0..3 => Outcome::Crashed { lands },
            3..5 => Outcome::Failed { lands },
            _ => Outcome::Synced,
        };
        let is_slow = self.rng.random_bool(0.5);
        let mut steps = |most: u32| if is_slow { self.rng.random_range(0..=most) } else { 0 };
        Fate { outcome, steps_before: steps(12), steps_after: steps(4) }
    }

    /// The committer's turn is over.
    pub fn end_commit(&mut self) {
        let Some(Committing { calls, last, fate }) = self.committing.take() else { return };
        match fate.map(|fate| fate.outcome) {
            Some(Outcome::Crashed { lands }) => {
                self.reach(if lands { "a crash after the commit was there" } else { "a crash before the commit was there" });
                return self.crash();
            }
            Some(Outcome::Failed { lands }) => {
                self.reach(if lands { "a failed sync of what is there" } else { "a failed sync of what is not there" });
                self.oracle.has_stopped = true;
            }
            Some(Outcome::Synced) => {
                let kept = self.oracle.committed(&self.disk, last);
                self.keep(kept);
            }
            None => {}
        }
        for call in calls {
            self.calls[call].answered(self.oracle.has_stopped);
        }
    }

    /// The process ends, and starts again with what is on the disk.
    pub fn crash(&mut self) {
        self.say("the process ends");
        self.start();
    }

    /// The process is told to end: all that was taken is decided and committed.
    fn close(&mut self) {
        self.settle();
        if self.broken.is_some() {
            return;
        }
        self.reach("a ledger that was closed");
        let closed = self.ledger.close();
        self.keep(closed.map_err(|error| error.to_string()));
        self.start();
    }

    /// Decides, commits and answers all that was taken; nothing else happens meanwhile.
    pub fn settle(&mut self) {
        loop {
            while self.broken.is_none() && (!self.queue.is_empty() || (self.waiting.is_some() && self.filling.is_empty())) {
                self.decide();
                if self.waiting.is_some() {
                    break;
                }
            }
            if self.broken.is_some() || !self.begin_commit(true) {
                break;
            }
            self.ledger.commit_next();
            self.end_commit();
        }
        for call in 0..self.calls.len() {
            self.take_answer_of(call);
        }
    }

    fn start(&mut self) {
        self.hang_up();
        self.queue.clear();
        self.filling.clear();
        self.waiting = None;
        let kept = self.oracle.restarted(&self.disk);
        self.keep(kept);
        if self.broken.is_some() {
            return;
        }
        self.journal = Arc::new(SimulatedJournal::open(self.disk.clone(), self.defect, self.meanwhile.clone()));
        match SteppedLedger::open(self.journal.clone(), self.clock.clone(), self.limits.clone()) {
            Ok((ledger, _)) => self.ledger = Arc::new(ledger),
            Err(error) => return self.keep(Err(format!("the ledger does not open: {error}"))),
        }
        self.say(&format!("it starts again at {}", self.oracle.published));
        if self.ledger.ledger().last() != self.oracle.published {
            self.keep(Err(format!("it has {} of {} records", self.ledger.ledger().last(), self.oracle.published)));
        }
    }

    fn move_clock(&mut self) {
        let now = self.clock.now();
        let to = match self.below(12) {
            0..6 => now + TimeDelta::milliseconds(self.rng.random_range(1..5_000)),
            6..8 => now + TimeDelta::days(self.rng.random_range(1..40)),
            8..10 => now - TimeDelta::seconds(self.rng.random_range(1..100_000)),
            10 => now - TimeDelta::days(self.rng.random_range(300..1_500)),
            _ => NOW.max(now),
        };
        if to < now.min(self.oracle.last_recorded_at()) {
            self.reach("a clock that went back");
        }
        self.say(&format!("it is {to}"));
        self.clock.set(to);
    }

    /// Notes a promise that was not kept.
    pub fn keep(&mut self, kept: Kept) {
        if let Err(why) = kept
            && self.broken.is_none()
        {
            self.say(&format!("BROKEN: {why}"));
            self.broken = Some(why);
        }
    }

    pub fn say(&mut self, what: &str) {
        self.trace.push_str(what);
        self.trace.push('\n');
    }

    pub fn reach(&mut self, what: &'static str) {
        *self.reached.entry(what).or_default() += 1;
    }

    pub fn below(&mut self, end: u32) -> u32 {
        self.rng.random_range(0..end)
    }

    /// Requests that take room: queued, decided or in syncing.
    pub fn taken(&self) -> usize {
        self.calls.iter().filter(|call| call.stage != Stage::Answered).count()
    }
}

/// Small limits, so that they are reached.
fn limits(rng: &mut StdRng) -> Limits {
    let queue_bytes = if rng.random_bool(0.2) { rng.random_range(400..3_000) } else { 1 << 20 };
    Limits {
        queue_requests: if rng.random_bool(0.5) { rng.random_range(2..6) } else { 16 },
        queue_bytes,
        commit_records: rng.random_range(1..9),
        commit_bytes: if rng.random_bool(0.2) { rng.random_range(200..2_000) } else { 1 << 20 },
        ..Limits::default()
    }
}

/// The beginning of a story, maybe with gaps.
fn story(rng: &mut StdRng) -> VecDeque<AppendRequest> {
    let whole = STORIES.choose(rng).expect("some stories");
    let (length, share) = (rng.random_range(3..30), rng.random_range(0.7..1.0));
    let told = whole.iter().take(length).enumerate().filter(|(number, _)| *number == 0 || rng.random_bool(share));
    told.map(|(_, request)| request.clone()).collect()
}
