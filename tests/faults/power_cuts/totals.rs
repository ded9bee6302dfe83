//! What the checks of cuts found, added up.

use std::fmt;

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
