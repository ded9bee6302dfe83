//! Cuts: images of the disk at random moments of a trace, each opened and checked.

use crate::faults::disk::Disk;
use crate::faults::image::{self, Arrival};
use crate::faults::room;
use crate::faults::trace::Trace;
use crate::history::{Checked, History};
use crate::journal_support::random;
use rand::RngExt as _;
use rand::rngs::StdRng;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, sync_channel};
use tempfile::TempDir;

/// Images that are checked at a time.
const CHECKERS: usize = 2;

/// What the checks of many cuts found.
#[derive(Debug, Default)]
pub struct Totals {
    pub cuts: u64,
    /// Acknowledged records that were looked for, over all cuts.
    pub acknowledged: u64,
    pub lost: u64,
    pub half_batches: u64,
    pub refused: u64,
    pub rebuilt: u64,
    /// The store had to be fed again with what came after its last sync.
    pub fed: u64,
    pub torn: u64,
    /// What was wrong, each with where the image is kept.
    pub faults: Vec<String>,
}

impl Totals {
    pub fn add(&mut self, other: Self) {
        self.cuts += other.cuts;
        self.acknowledged += other.acknowledged;
        self.lost += other.lost;
        self.half_batches += other.half_batches;
        self.refused += other.refused;
        self.rebuilt += other.rebuilt;
        self.fed += other.fed;
        self.torn += other.torn;
        self.faults.extend(other.faults);
    }

    fn take(&mut self, checked: Checked) {
        self.cuts += 1;
        self.acknowledged += checked.acknowledged;
        self.lost += checked.lost;
        self.half_batches += u64::from(checked.is_half);
        self.refused += u64::from(checked.is_refused);
        self.rebuilt += u64::from(checked.is_rebuilt);
        self.fed += u64::from(checked.is_fed);
        self.torn += u64::from(checked.is_torn);
        self.faults.extend(checked.fault);
    }

    /// Fails unless every cut left everything that was acknowledged, and nothing by halves.
    pub fn assert_nothing_lost(&self) {
        assert!(self.faults.is_empty(), "{self}; the first faults:\n{}", self.faults[..self.faults.len().min(5)].join("\n"));
        assert_eq!((self.lost, self.half_batches, self.refused), (0, 0, 0), "{self}");
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} cuts, {} acknowledged records checked, {} lost, {} half batches, {} refused; \
             a torn frame was cut off {} times, sled was behind {} times and rebuilt {} times",
            self.cuts, self.acknowledged, self.lost, self.half_batches, self.refused, self.torn, self.fed, self.rebuilt
        )
    }
}

/// How the images are made.
pub struct Plan {
    pub cuts: u64,
    pub seed: u64,
    /// The disk on which the trace begins.
    pub disk: Disk,
    /// Images that show a fault are kept.
    pub keeps_faulty: bool,
    /// The first operation after which the power may be cut.
    pub from: usize,
}

impl Plan {
    /// Cuts anywhere on an honest disk.
    pub fn new(cuts: u64, seed: u64) -> Self {
        Self { cuts, seed, disk: Disk::honest(), keeps_faulty: true, from: 0 }
    }
}

/// An image that waits to be checked.
struct Waiting {
    dir: TempDir,
    acknowledged: u64,
    what: String,
}

/// Cuts the power at random moments of the trace, and checks each image.
pub fn cut(trace: &Trace, history: &History, plan: Plan) -> Totals {
    let totals = Mutex::new(Totals::default());
    let (sender, images) = sync_channel(CHECKERS);
    let images = Mutex::new(images);
    let keeps_faulty = plan.keeps_faulty;
    std::thread::scope(|scope| {
        for _ in 0..CHECKERS {
            scope.spawn(|| check_all(&images, history, keeps_faulty, &totals));
        }
        make_images(trace, history, plan, |waiting| sender.send(waiting).expect("a checker"));
        drop(sender);
    });
    totals.into_inner().expect("totals")
}

/// The moments, in order: half of them anywhere, half where names change.
fn moments(trace: &Trace, plan: &Plan, random: &mut StdRng) -> Vec<usize> {
    let all = plan.from..trace.operations.len();
    let about_names: Vec<_> = all.clone().filter(|&index| trace.operations[index].is_about_names()).collect();
    let last = all.end - 1;
    let mut moments: Vec<_> = (0..plan.cuts)
        .map(|cut| {
            if cut % 2 == 0 {
                return random.random_range(all.clone());
            }
            let near = about_names[random.random_range(0..about_names.len())] + random.random_range(0..6);
            near.saturating_sub(2).clamp(all.start, last)
        })
        .collect();
    moments.sort_unstable();
    moments
}

fn make_images(trace: &Trace, history: &History, plan: Plan, mut take: impl FnMut(Waiting)) {
    let mut choices = random(plan.seed);
    let moments = moments(trace, &plan, &mut choices);
    let (mut disk, mut done) = (plan.disk, 0);
    for moment in moments {
        while done <= moment {
            disk.apply(&trace.operations[done]);
            done += 1;
        }
        let arrival = Arrival::any(&mut choices);
        let dir = room();
        image::write(&disk, arrival, &mut choices, dir.path());
        let acknowledged = history.acknowledged_at(trace.lengths[moment]);
        let what = format!("after operation {moment} ({:?}), {arrival:?}", Short(&trace.operations[moment]));
        take(Waiting { dir, acknowledged, what });
    }
}

fn check_all(images: &Mutex<Receiver<Waiting>>, history: &History, keeps_faulty: bool, totals: &Mutex<Totals>) {
    loop {
        let next = images.lock().expect("images").recv();
        let Ok(Waiting { dir, acknowledged, what }) = next else {
            return;
        };
        let mut checked = history.check(dir.path(), acknowledged);
        if let Some(fault) = checked.fault.take() {
            let kept = if keeps_faulty { keep(dir) } else { PathBuf::new() };
            checked.fault = Some(format!("{what}: {fault} (what is left is in {})", kept.display()));
        }
        totals.lock().expect("totals").take(checked);
    }
}

fn keep(dir: TempDir) -> PathBuf {
    let path = dir.keep();
    fs::canonicalize(&path).unwrap_or(path)
}

/// An operation without its bytes.
struct Short<'a>(&'a crate::faults::trace::Operation);

impl fmt::Debug for Short<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:?}", self.0);
        formatter.write_str(text.split(", bytes").next().unwrap_or_default())
    }
}
