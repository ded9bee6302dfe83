//! Cuts: images of the disk at random moments of a trace, each opened and checked.

use super::history::History;
use super::totals::Totals;
use crate::common::directories::random;
use crate::layer::disk::Disk;
use crate::layer::image::{self, Arrival};
use crate::layer::room;
use crate::layer::trace::Trace;
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
        if let Some(fault) = checked.faults.pop() {
            let kept = if keeps_faulty { keep(dir) } else { PathBuf::new() };
            checked.faults.push(format!("{what}: {fault} (what is left is in {})", kept.display()));
        }
        totals.lock().expect("totals").add(checked);
    }
}

fn keep(dir: TempDir) -> PathBuf {
    let path = dir.keep();
    fs::canonicalize(&path).unwrap_or(path)
}

/// An operation without its bytes.
struct Short<'a>(&'a crate::layer::trace::Operation);

impl fmt::Debug for Short<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:?}", self.0);
        formatter.write_str(text.split(", bytes").next().unwrap_or_default())
    }
}
