//! Amounts in order of time, and what disputes hold of them: a tree of packed leaves with sums and minima, so that the sum of any
//! stretch of time, and the lowest one from a time on, cost little however many amounts there are.

mod encoding;
pub mod since;

use crate::domain::calendar::Time;
use crate::encoding::{Packer, Unpacker};
use std::sync::Arc;

/// The most points of a leaf.
const LEAF: usize = 256;
/// The most branches of a node.
const BRANCHES: usize = 16;

/// By how much sums change at an instant, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// When.
    pub at: Time,
    /// What is added.
    pub amount: i128,
    /// What open disputes begin to hold, of the amounts until then.
    pub held: i128,
}

/// What points of a stretch of time come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// The sum of the amounts.
    pub amount: i128,
    /// The sum of what is held.
    pub held: i128,
    /// Whether any point changes what is held.
    has_held: bool,
    /// The lowest sum of amounts at one of the points, and the first time of it.
    least_amount: Option<(i128, Time)>,
    /// The lowest sum of amounts less what is held at one of the points, and the first time of it.
    least_free: Option<(i128, Time)>,
}

impl From<Point> for Stretch {
    fn from(Point { at, amount, held }: Point) -> Self {
        Self { amount, held, has_held: held != 0, least_amount: Some((amount, at)), least_free: Some((amount - held, at)) }
    }
}

impl Stretch {
    /// This stretch and a later one.
    #[must_use]
    pub fn then(self, later: Self) -> Self {
        let moved = |least: Option<(i128, Time)>, by: i128| least.map(|(sum, at)| (sum + by, at));
        Self {
            amount: self.amount + later.amount,
            held: self.held + later.held,
            has_held: self.has_held || later.has_held,
            least_amount: lesser(self.least_amount, moved(later.least_amount, self.amount)),
            least_free: lesser(self.least_free, moved(later.least_free, self.amount - self.held)),
        }
    }

    /// The same behind a point.
    #[must_use]
    pub fn after(self, point: Point) -> Self {
        Self::from(point).then(self)
    }

    /// The lowest sum of amounts less what is held, which is not below zero, at one of the points, and the first time of it.
    pub fn least(&self) -> Option<(i128, Time)> {
        // To take off what is not below zero is to take the lesser of both.
        lesser(self.least_amount, self.least_free)
    }
}

fn lesser(one: Option<(i128, Time)>, other: Option<(i128, Time)>) -> Option<(i128, Time)> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        _ => one.or(other),
    }
}

/// Points by time, one for each instant. A clone shares all of it, and costs a pointer.
#[derive(Clone, Default)]
pub struct Timeline {
    root: Option<Arc<Branch>>,
}

/// A part of the tree: its last instant, and what its points come to.
#[derive(Clone)]
struct Branch {
    last: Time,
    sums: Stretch,
    node: Arc<Node>,
}

enum Node {
    Leaf(Box<[u8]>),
    Inner(Vec<Branch>),
}

impl Timeline {
    /// Adds points, in any order.
    pub fn add(&mut self, mut points: Vec<Point>) {
        points.sort_by_key(|point| point.at);
        let points = merged(std::iter::empty(), points.into_iter());
        if points.is_empty() {
            return;
        }
        let mut branches = match &self.root {
            Some(root) => root.with(&points),
            None => leaves(&points, true),
        };
        while branches.len() > 1 {
            branches = inner(branches);
        }
        self.root = branches.pop().map(Arc::new);
    }

    /// What the points after a time, and until another one, come to; `None` is no limit.
    pub fn between(&self, after: Option<Time>, until: Option<Time>) -> Stretch {
        let mut sums = Stretch::default();
        if let Some(root) = &self.root {
            root.add_between(None, after, until, &mut sums);
        }
        sums
    }

    /// The changes of what is held until a time, in order.
    pub fn held_changes(&self, until: Time) -> Vec<(Time, i128)> {
        let mut changes = Vec::new();
        if let Some(root) = &self.root {
            root.add_held_changes(until, &mut changes);
        }
        changes
    }
}

impl Branch {
    fn leaf(points: &[Point]) -> Self {
        let sums = points.iter().fold(Stretch::default(), |sums, point| sums.then((*point).into()));
        let last = points.last().expect("a leaf has points").at;
        Self { last, sums, node: Arc::new(Node::Leaf(packed(points, sums.has_held))) }
    }

    /// What takes its place when points are added: none, it or several. The points are in order, one for each instant.
    fn with(&self, points: &[Point]) -> Vec<Self> {
        match &*self.node {
            Node::Leaf(bytes) => {
                let is_appended = points.first().is_some_and(|first| first.at > self.last);
                leaves(&merged(unpacked(bytes), points.iter().copied()), is_appended)
            }
            Node::Inner(branches) => {
                let (mut all, mut rest) = (Vec::with_capacity(branches.len() + 1), points);
                for (index, branch) in branches.iter().enumerate() {
                    let is_last = index + 1 == branches.len();
                    let count = if is_last { rest.len() } else { rest.partition_point(|point| point.at <= branch.last) };
                    let (own, others) = rest.split_at(count);
                    rest = others;
                    if own.is_empty() {
                        all.push(branch.clone());
                    } else {
                        all.extend(branch.with(own));
                    }
                }
                inner(all)
            }
        }
    }

    /// Adds what its points between two times come to. `before` is the last instant before it.
    fn add_between(&self, before: Option<Time>, after: Option<Time>, until: Option<Time>, sums: &mut Stretch) {
        let begins_within = after.is_none_or(|after| before.is_some_and(|before| before >= after));
        if begins_within && until.is_none_or(|until| self.last <= until) {
            *sums = sums.then(self.sums);
            return;
        }
        match &*self.node {
            Node::Leaf(bytes) => {
                let within = |at: Time| after.is_none_or(|after| at > after) && until.is_none_or(|until| at <= until);
                unpacked(bytes).filter(|point| within(point.at)).for_each(|point| *sums = sums.then(point.into()));
            }
            Node::Inner(branches) => {
                let mut before = before;
                for branch in branches {
                    if until.is_some_and(|until| before.is_some_and(|before| before >= until)) {
                        break;
                    }
                    if after.is_none_or(|after| branch.last > after) {
                        branch.add_between(before, after, until, sums);
                    }
                    before = Some(branch.last);
                }
            }
        }
    }

    fn add_held_changes(&self, until: Time, changes: &mut Vec<(Time, i128)>) {
        match &*self.node {
            _ if !self.sums.has_held => {}
            Node::Leaf(bytes) => {
                let held = unpacked(bytes).filter(|point| point.held != 0 && point.at <= until);
                changes.extend(held.map(|point| (point.at, point.held)));
            }
            Node::Inner(branches) => branches.iter().for_each(|branch| branch.add_held_changes(until, changes)),
        }
    }
}

/// Points of two lists in order, as one: those of an instant are added up, and left out if nothing changes.
fn merged(one: impl Iterator<Item = Point>, other: impl Iterator<Item = Point>) -> Vec<Point> {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    let mut points: Vec<Point> = Vec::new();
    loop {
        let next = match (one.peek(), other.peek()) {
            (Some(left), Some(right)) if right.at < left.at => other.next(),
            (Some(_), _) => one.next(),
            (None, _) => other.next(),
        };
        let Some(next) = next else { break };
        match points.last_mut().filter(|last| last.at == next.at) {
            Some(last) => {
                last.amount += next.amount;
                last.held += next.held;
            }
            None => {
                drop_if_nothing(&mut points);
                points.push(next);
            }
        }
    }
    drop_if_nothing(&mut points);
    points
}

fn drop_if_nothing(points: &mut Vec<Point>) {
    points.pop_if(|last| last.amount == 0 && last.held == 0);
}

/// Leaves of points. What is appended fills them, since what follows is mostly appended as well.
fn leaves(points: &[Point], is_appended: bool) -> Vec<Branch> {
    let size = if is_appended { LEAF } else { even(points.len(), LEAF) };
    points.chunks(size).map(Branch::leaf).collect()
}

/// Nodes of branches.
fn inner(mut branches: Vec<Branch>) -> Vec<Branch> {
    let size = even(branches.len(), BRANCHES);
    let mut nodes = Vec::with_capacity(branches.len().div_ceil(size));
    while !branches.is_empty() {
        let rest = branches.split_off(size.min(branches.len()));
        let sums = branches.iter().fold(Stretch::default(), |sums, branch| sums.then(branch.sums));
        let last = branches.last().expect("a node has branches").last;
        nodes.push(Branch { last, sums, node: Arc::new(Node::Inner(branches)) });
        branches = rest;
    }
    nodes
}

/// The size of parts of a list, all about the same and none above `most`.
fn even(len: usize, most: usize) -> usize {
    len.div_ceil(len.div_ceil(most).max(1)).max(1)
}

/// Points of a leaf as bytes; the first one says whether any of them changes what is held.
fn packed(points: &[Point], has_held: bool) -> Box<[u8]> {
    let mut packer = Packer::default();
    packer.byte(u8::from(has_held));
    for point in points {
        packer.time(point.at);
        packer.sum(point.amount);
        if has_held {
            packer.sum(point.held);
        }
    }
    packer.finish()
}

fn unpacked(bytes: &[u8]) -> impl Iterator<Item = Point> {
    let mut unpacker = Unpacker::new(bytes);
    let has_held = unpacker.byte() == 1;
    std::iter::from_fn(move || {
        (!unpacker.is_done()).then(|| Point {
            at: unpacker.time(),
            amount: unpacker.sum(),
            held: if has_held { unpacker.sum() } else { 0 },
        })
    })
}

#[cfg(test)]
mod tests;
