//! Power cuts: whatever a disk may hold when the power goes, nothing acknowledged is lost and no batch is half there.
//!
//! Real processes write under the fault layer. From what it wrote down, the disk is put together as a cut may leave it,
//! hundreds of times: what was synced is there; of each 512-byte sector written since there is the newest content or any
//! older one, files have any of their sizes since, and directories lack any of their last changes. Each such disk is
//! opened and checked: every acknowledged record byte by byte, batches whole, the tree's root, that appending goes on, and
//! that the next start finds nothing amiss. `POWER_CUTS` says how many cuts, `POWER_CUTS_SEED` repeats the choices.

mod cuts;
mod history;
mod recovery;
mod served;
mod signed;
mod teeth;
mod totals;
mod writer;

use self::cuts::{Plan, cut};
use self::totals::Totals;
use crate::layer::{Layer, order};
use rand::RngExt as _;

/// Cuts in all, of which each test takes a part.
const CUTS: u64 = 400;

fn cuts() -> u64 {
    std::env::var("POWER_CUTS").ok().and_then(|text| text.parse().ok()).unwrap_or(CUTS)
}

fn seed() -> u64 {
    let seed = std::env::var("POWER_CUTS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(|| rand::rng().random());
    println!("POWER_CUTS_SEED={seed}");
    seed
}

/// Three processes one after the other: two are killed somewhere, the last closes in good order.
#[test]
fn a_power_cut_at_any_moment_loses_nothing_acknowledged() {
    if writer::was_told_to_write() {
        return;
    }
    let seed = seed();
    let mut totals = Totals::default();
    let mut renamed = [0; 3];
    for run in 0..3 {
        let seed = seed.wrapping_add(run);
        let layer = Layer::new();
        for process in 0..3 {
            layer.order(&if process < 2 { writer::kill_somewhere(seed.wrapping_add(process)) } else { Vec::new() });
            writer::write(&layer, seed, 130);
        }
        let (trace, history) = writer::history(&layer, seed);
        for (count, end) in renamed.iter_mut().zip([".seg", ".segz", "checkpoint"]) {
            *count += trace.renamed_to(end);
        }
        totals.add(cut(&trace, &history, Plan::new(cuts() / 6, seed)));
    }
    println!("{totals}; in the traces {renamed:?} segments, compressed segments and checkpoints");
    assert!(renamed.iter().all(|count| *count > 3), "what is cut has all of it: {renamed:?}");
    totals.assert_nothing_lost();
}

/// What a killed process had not synced is seen by the next one, which builds on it: that has to be durable as well.
#[test]
fn a_process_killed_before_it_synced_leaves_nothing_that_a_later_power_cut_takes_away() {
    let seed = seed();
    let mut totals = Totals::default();
    for skip in 0..12 {
        let layer = Layer::new();
        let [wal, segment] = [("ledger/wal$", skip), ("ledger/wal/0", 5 * skip)].map(|(path, skip)| order("sync", path, skip, 1, "kill"));
        layer.order(&[if skip % 3 == 0 { segment } else { wal }]);
        assert!(!writer::write(&layer, seed, 500).success(), "it was killed");
        layer.order(&[]);
        // Few enough to stay in one segment.
        assert!(writer::write(&layer, seed, 3).success());
        let (trace, history) = writer::history(&layer, seed);
        totals.add(cut(&trace, &history, Plan { from: trace.last_begin(), ..Plan::new(cuts() / 60, seed) }));
    }
    println!("{totals}");
    totals.assert_nothing_lost();
}
