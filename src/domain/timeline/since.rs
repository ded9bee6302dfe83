//! Since when what a timeline comes to has been enough, without a break.

use super::{BRANCHES, Branch, Node, Point, Stretch, Timeline, unpacked};
use crate::domain::calendar::Time;
use crate::encoding::Unpacker;
use arrayvec::ArrayVec;

/// A change beside the points of a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Time,
    /// What is added, in minor units.
    pub amount: i128,
    /// What open disputes begin to hold.
    pub held: i128,
    /// How much is enough from then on, if that changes.
    pub least: Option<i128>,
}

impl From<Point> for Step {
    fn from(Point { at, amount, held }: Point) -> Self {
        Self { at, amount, held, least: None }
    }
}

impl Timeline {
    /// Returns since when, up to a time, the sum of amounts less what is held, which is not below zero, has been enough at every
    /// instant; `None` if it is not at the last one. It costs the logarithm of the number of points, and some for each step; a leaf
    /// with steps is looked through only where it is close.
    ///
    /// Steps are in order of time, and none is later. Before the first one that says how much is enough it is `least`, which is
    /// above zero: of nothing there is never enough.
    pub fn enough_since(&self, until: Time, least: i128, steps: &[Step]) -> Option<Time> {
        debug_assert!(least > 0 && steps.is_sorted_by_key(|step| step.at) && steps.last().is_none_or(|last| last.at <= until));
        let (mut run, start) = (Run { until, since: None }, Level { amount: 0, held: 0, least });
        match &self.root {
            Some(root) => run.is_broken_in(root, start, steps),
            None => run.is_broken_among(&[], start, steps),
        };
        run.since.map(Start::time)
    }

    /// The first instant; `None` without any.
    pub fn first(&self) -> Option<Time> {
        self.root.as_deref().map(Branch::first)
    }

    /// Returns an instant up to a time at which the sum of amounts, and `beside` more, is not above zero; a late one, if branches' sums
    /// say so. No leaf is read, so it costs little; `None` if there is none, or none that is found.
    pub fn known_empty_at(&self, until: Time, beside: i128) -> Option<Time> {
        self.root.as_ref()?.known_empty_at(until, beside)
    }
}

impl Branch {
    fn first(&self) -> Time {
        let mut branch = self;
        loop {
            match &*branch.node {
                Node::Inner(branches) => branch = branches.first().expect("a node has branches"),
                Node::Leaf(bytes) => return unpacked(bytes).next().expect("a leaf has points").at,
            }
        }
    }

    /// The same of a branch; `start` is what all before it comes to, and what is beside.
    fn known_empty_at(&self, until: Time, start: i128) -> Option<Time> {
        let (least, at) = self.sums.least_amount?;
        if start + least > 0 {
            return None;
        }
        let Node::Inner(branches) = &*self.node else { return (at <= until).then_some(at) };
        let mut start = start;
        let mut starts: ArrayVec<i128, BRANCHES> = ArrayVec::new();
        for branch in branches {
            starts.push(start);
            start += branch.sums.amount;
        }
        branches.iter().zip(starts).rev().find_map(|(branch, start)| branch.known_empty_at(until, start))
    }
}

/// What the sums come to at an instant, and how much is enough then.
#[derive(Clone, Copy)]
struct Level {
    amount: i128,
    held: i128,
    least: i128,
}

impl Level {
    fn is_enough(&self) -> bool {
        self.amount - self.held.max(0) >= self.least
    }

    /// Whether it is enough at every point of a stretch that follows.
    fn is_enough_throughout(&self, stretch: &Stretch) -> bool {
        let amounts = stretch.least_amount.is_none_or(|(least, _)| self.amount + least >= self.least);
        // To take off what is not below zero is to take the lesser of both.
        amounts && stretch.least_free.is_none_or(|(least, _)| self.amount - self.held + least >= self.least)
    }

    /// Whether it is certainly enough at every point of a stretch that follows, and at every one of some steps within it, wherever
    /// in it they are: even if the lowest sums of both come together, and the most that is ever asked is asked throughout.
    fn is_enough_wherever(&self, stretch: &Stretch, steps: &[Step]) -> bool {
        let (mut beside, mut lowest) = (Self { amount: 0, held: 0, least: self.least }, (0, 0));
        let mut least = self.least;
        for step in steps {
            beside.take(step);
            lowest = (beside.amount.min(lowest.0), (beside.amount - beside.held).min(lowest.1));
            least = least.max(beside.least);
        }
        let of_stretch = |least: Option<(i128, Time)>| least.map_or(0, |(least, _)| least.min(0));
        let amount = self.amount + of_stretch(stretch.least_amount) + lowest.0;
        let free = self.amount - self.held + of_stretch(stretch.least_free) + lowest.1;
        amount.min(free) >= least
    }

    fn take(&mut self, step: &Step) {
        self.amount += step.amount;
        self.held += step.held;
        self.least = step.least.unwrap_or(self.least);
    }

    /// The level behind a stretch and the steps beside it.
    fn behind(mut self, stretch: &Stretch, steps: &[Step]) -> Self {
        self.amount += stretch.amount;
        self.held += stretch.held;
        steps.iter().for_each(|step| self.take(step));
        self
    }
}

/// The first instant of a run: known, or that of a branch's first point, unless that of the first step beside it is earlier.
#[derive(Clone, Copy)]
enum Start<'a> {
    At(Parts),
    FirstOf(&'a Branch, Option<Time>),
}

impl Start<'_> {
    fn time(self) -> Time {
        match self {
            Self::At((seconds, nanoseconds)) => Time::from_timestamp(seconds, nanoseconds).expect("it was a time"),
            Self::FirstOf(branch, step) => step.map_or(branch.first(), |step| step.min(branch.first())),
        }
    }
}

/// The instants at which it is enough, from the last one back to where that begins.
struct Run<'a> {
    until: Time,
    since: Option<Start<'a>>,
}

impl<'a> Run<'a> {
    /// Goes back through a branch, which begins at a level, and the steps beside it. Returns whether the run begins in it.
    fn is_broken_in(&mut self, branch: &'a Branch, start: Level, steps: &[Step]) -> bool {
        let (steps, later) = steps.split_at(steps.partition_point(|step| step.at <= branch.last));
        if !later.is_empty() && self.is_broken_among(&[], start.behind(&branch.sums, steps), later) {
            return true;
        }
        let is_enough = || match steps {
            [] => start.is_enough_throughout(&branch.sums),
            steps => start.is_enough_wherever(&branch.sums, steps),
        };
        if branch.last <= self.until && is_enough() {
            self.since = Some(Start::FirstOf(branch, steps.first().map(|step| step.at)));
            return false;
        }
        match &*branch.node {
            Node::Leaf(bytes) => self.is_broken_among(bytes, start, steps),
            Node::Inner(branches) => {
                let parts = parts(branches, self.until, start, steps);
                parts.into_iter().rev().any(|(branch, start, steps)| self.is_broken_in(branch, start, steps))
            }
        }
    }

    /// The same of a leaf's points and steps, instant by instant.
    fn is_broken_among(&mut self, leaf: &[u8], level: Level, steps: &[Step]) -> bool {
        let (until, mut steps) = (parts_of(self.until), steps.iter().map(|step| (parts_of(step.at), step)).peekable());
        let mut run = InLeaf { level, first: None, is_broken: false };
        let mut points = Unpacker::new(leaf);
        let has_held = !leaf.is_empty() && points.byte() == 1;
        while !points.is_done() {
            let at = points.instant();
            if until < at {
                break;
            }
            while let Some((before, _)) = steps.peek().copied().filter(|(before, _)| *before < at) {
                while let Some((_, step)) = steps.next_if(|(same, _)| *same == before) {
                    run.level.take(step);
                }
                run.pass(before);
            }
            run.level.amount += points.sum();
            run.level.held += if has_held { points.sum() } else { 0 };
            while let Some((_, step)) = steps.next_if(|(same, _)| *same == at) {
                run.level.take(step);
            }
            run.pass(at);
        }
        while let Some((at, step)) = steps.next() {
            run.level.take(step);
            if steps.peek().is_none_or(|(next, _)| *next != at) {
                run.pass(at);
            }
        }
        self.since = run.first.map(Start::At).or(self.since);
        run.is_broken
    }
}

/// The instants of a leaf, from the first one on.
struct InLeaf {
    level: Level,
    /// The first instant of those at which it is enough up to here.
    first: Option<Parts>,
    is_broken: bool,
}

impl InLeaf {
    /// Passes an instant, at which the level is reached.
    fn pass(&mut self, at: Parts) {
        if self.level.is_enough() {
            self.first = self.first.or(Some(at));
        } else {
            (self.first, self.is_broken) = (None, true);
        }
    }
}

/// A time as seconds of Unix time and nanoseconds.
type Parts = (i64, u32);

fn parts_of(time: Time) -> Parts {
    (time.timestamp(), time.timestamp_subsec_nanos())
}

/// A branch, the level at its beginning, and the steps beside it.
type Part<'a, 'b> = (&'a Branch, Level, &'b [Step]);

/// The branches that begin by a time. Steps behind the last one are beside it.
fn parts<'a, 'b>(branches: &'a [Branch], until: Time, start: Level, steps: &'b [Step]) -> ArrayVec<Part<'a, 'b>, BRANCHES> {
    let (mut parts, mut level, mut rest) = (ArrayVec::new(), start, steps);
    for (index, branch) in branches.iter().enumerate() {
        let is_last = index + 1 == branches.len();
        let count = if is_last { rest.len() } else { rest.partition_point(|step| step.at <= branch.last) };
        let (own, others) = rest.split_at(count);
        parts.push((branch, level, own));
        if branch.last >= until {
            break;
        }
        level = level.behind(&branch.sums, own);
        rest = others;
    }
    parts
}
