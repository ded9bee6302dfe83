//! What proofs cost: taking records into the tiles, which happens behind every commit, and making a proof.

use crate::workload::so_many;
use criterion::{BatchSize, Criterion, Throughput};
use partnership_ledger::journal::{Frontier, Hash, TreeHead, leaf_hash};
use partnership_ledger::ledger::Error;
use partnership_ledger::proofs::tiles::{Directory, Leaves, Tiles};
use std::hint::black_box;
use std::sync::Arc;
use tempfile::TempDir;

/// Leaves as the journal keeps them, hashed already.
#[derive(Clone)]
struct Hashed {
    leaves: Arc<Vec<Hash>>,
    head: TreeHead,
}

impl Hashed {
    fn new(count: usize) -> Self {
        let leaves: Vec<Hash> = (0..count).map(|number| leaf_hash(&number.to_le_bytes())).collect();
        let mut frontier = Frontier::new();
        leaves.iter().for_each(|leaf| frontier.push_leaf(*leaf));
        Self { leaves: Arc::new(leaves), head: frontier.head() }
    }

    fn tiles(&self) -> (TempDir, Tiles) {
        let dir = tempfile::tempdir().expect("a directory");
        let files = Directory::of(dir.path().to_owned());
        (dir, Tiles::new(Box::new(self.clone()), Box::new(files)))
    }
}

impl Leaves for Hashed {
    fn tree_head(&self) -> TreeHead {
        self.head
    }

    fn leaf_hashes(&self, from: u64, max: usize) -> Result<Vec<Hash>, Error> {
        let from = usize::try_from(from - 1).expect("a position");
        Ok(self.leaves[from..self.leaves.len().min(from + max)].to_vec())
    }

    fn leaf_hashes_anew(&self, from: u64, max: usize) -> Result<Vec<Hash>, Error> {
        self.leaf_hashes(from, max)
    }
}

/// Growing tiles, and proofs from them.
pub fn proofs(criterion: &mut Criterion) {
    let hashed = Hashed::new(so_many(500_000));
    let size = hashed.head.size;
    let mut group = criterion.benchmark_group("proofs");
    group.sample_size(10).throughput(Throughput::Elements(size));
    group.bench_function("tiles grow", |bencher| {
        bencher.iter_batched(
            || hashed.tiles(),
            |(dir, tiles)| {
                tiles.catch_up().expect("caught up");
                (dir, tiles)
            },
            BatchSize::PerIteration,
        );
    });
    let (_dir, tiles) = hashed.tiles();
    tiles.catch_up().expect("caught up");
    group.throughput(Throughput::Elements(1));
    let mut position = 0;
    group.bench_function("inclusion", |bencher| {
        bencher.iter(|| {
            position = position * 7_919 % size + 1;
            black_box(tiles.inclusion(position, size).expect("a proof"))
        });
    });
    group.bench_function("consistency", |bencher| {
        bencher.iter(|| {
            position = position * 7_919 % size + 1;
            black_box(tiles.consistency(position, size).expect("a proof"))
        });
    });
    group.finish();
}
