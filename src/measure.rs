//! Measures: counts and histograms made of atomics, written by whoever works and read by whoever watches. Neither waits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The upper ends of the buckets of durations, in nanoseconds: 100 µs to 10 s.
const DURATIONS: [u64; 16] = [
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
];
/// The upper ends of the buckets of counts.
const COUNTS: [u64; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096, 8_192, 16_384, 32_768];
/// Buckets, with that of what is larger than all ends.
const BUCKETS: usize = DURATIONS.len() + 1;

/// A histogram.
#[derive(Debug)]
pub struct Histogram {
    ends: &'static [u64; BUCKETS - 1],
    /// What one of the unit that is shown is, in the unit that is kept.
    per_unit: u64,
    counts: [AtomicU64; BUCKETS],
    sum: AtomicU64,
}

/// What a histogram has counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counted {
    /// The sum of all values.
    pub sum: f64,
    /// How many there were.
    pub count: u64,
    /// The upper end of each bucket, and how many values were in it alone. The last end is infinite.
    pub buckets: Vec<(f64, u64)>,
}

impl Histogram {
    const fn new(ends: &'static [u64; BUCKETS - 1], per_unit: u64) -> Self {
        Self { ends, per_unit, counts: [const { AtomicU64::new(0) }; BUCKETS], sum: AtomicU64::new(0) }
    }

    /// A histogram of durations, shown in seconds.
    pub const fn of_durations() -> Self {
        Self::new(&DURATIONS, 1_000_000_000)
    }

    /// A histogram of counts.
    pub const fn of_counts() -> Self {
        Self::new(&COUNTS, 1)
    }

    /// Counts a value: of durations in nanoseconds.
    pub fn count(&self, value: u64) {
        let bucket = self.ends.partition_point(|end| *end < value);
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// Counts a duration.
    pub fn took(&self, duration: Duration) {
        self.count(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Counts how long something took that began at a time.
    pub fn since(&self, began: Instant) {
        self.took(began.elapsed());
    }

    /// What was counted so far.
    #[expect(clippy::cast_precision_loss, reason = "what is shown is a float")]
    pub fn counted(&self) -> Counted {
        let counts = self.counts.each_ref().map(|count| count.load(Ordering::Relaxed));
        let per_unit = self.per_unit as f64;
        let ends = self.ends.iter().map(|end| *end as f64 / per_unit).chain([f64::INFINITY]);
        Counted { sum: self.sum.load(Ordering::Relaxed) as f64 / per_unit, count: counts.iter().sum(), buckets: ends.zip(counts).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_in_the_first_bucket_whose_end_it_does_not_pass() {
        let histogram = Histogram::of_durations();
        for nanoseconds in [0, 100_000, 100_001, 20_000_000_000] {
            histogram.took(Duration::from_nanos(nanoseconds));
        }
        let Counted { sum, count, buckets } = histogram.counted();
        assert_eq!((count, buckets.len()), (4, BUCKETS));
        assert!((sum - 20.000_200_001).abs() < 1e-9, "{sum}");
        assert_eq!((buckets[0], buckets[1], buckets[BUCKETS - 1]), ((0.000_1, 2), (0.000_25, 1), (f64::INFINITY, 1)));
        let counts = Histogram::of_counts();
        counts.count(3);
        assert_eq!(counts.counted().buckets[2], (4.0, 1));
    }
}
