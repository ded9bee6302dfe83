//! Playing one schedule from its seed.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock, Weak};

use parking_lot::{Mutex, MutexGuard};
use partnership_ledger::journal::{Frontier, Hash};

use super::disk::{Defect, Meanwhile};
use super::world::World;

/// Rounds in which clients learn what came of their requests, in the end.
const LAST_ROUNDS: usize = 200;

/// What a schedule came to.
pub struct Played {
    /// What happened, step by step.
    pub trace: String,
    /// The root over the records that are left on the disk.
    pub root: Hash,
    /// The promise that was not kept.
    pub broken: Option<String>,
    /// What of interest happened, and how often.
    pub reached: BTreeMap<&'static str, u64>,
}

/// A schedule that is being played. The journal takes steps of it during its syncs.
struct Schedule {
    world: OnceLock<Mutex<World>>,
}

impl Schedule {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.get().expect("set before anything happens").try_lock().expect("nobody else plays this schedule")
    }

    fn play(&self) {
        let steps = {
            let mut world = self.world();
            if world.below(4) > 0 {
                // Nothing can be told before the story's partners are known.
                world.submit();
                world.settle();
            }
            20 + world.below(140)
        };
        for _ in 0..steps {
            if self.world().step() {
                self.commit();
            }
        }
        self.end();
    }

    /// The committer's turn, during which other things happen: the world is not held.
    fn commit(&self) {
        let ledger = {
            let mut world = self.world();
            if !world.begin_commit(false) {
                return;
            }
            world.ledger.clone()
        };
        ledger.commit_next();
        self.world().end_commit();
    }

    /// The faults end: everybody learns what came of their requests, and all of it is looked at.
    fn end(&self) {
        let mut world = self.world();
        if world.broken.is_none() {
            world.crash();
        }
        for _ in 0..LAST_ROUNDS {
            if world.broken.is_some() || !world.has_more() {
                break;
            }
            (0..4).for_each(|_| world.submit());
            world.poll_streams();
            world.settle();
        }
        if world.broken.is_some() {
            return;
        }
        if world.has_more() || world.taken() > 0 {
            return world.keep(Err("somebody never learns what came of a request".to_owned()));
        }
        let kept = world.oracle.nothing_is_lost_or_doubled();
        world.keep(kept);
        let kept = world.read_all();
        world.keep(kept);
    }
}

/// Plays the schedule of a seed, with a journal that may have a defect.
pub fn play(seed: u64, defect: Option<Defect>) -> Played {
    let schedule = Arc::new(Schedule { world: OnceLock::new() });
    let this: Weak<Schedule> = Arc::downgrade(&schedule);
    let meanwhile: Meanwhile = Arc::new(move || {
        if let Some(schedule) = this.upgrade() {
            schedule.world().step();
        }
    });
    let _ = schedule.world.set(Mutex::new(World::new(seed, defect, meanwhile)));
    let panicked = catch_unwind(AssertUnwindSafe(|| schedule.play())).err();
    let mut world = schedule.world();
    if panicked.is_some() {
        world.keep(Err("a panic".to_owned()));
    }
    let mut frontier = Frontier::default();
    world.disk.records().iter().for_each(|record| frontier.push(record));
    let (trace, reached) = (std::mem::take(&mut world.trace), std::mem::take(&mut world.reached));
    Played { trace, root: frontier.root(), broken: world.broken.take(), reached }
}
