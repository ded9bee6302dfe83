//! That the checks can fail: a disk that lies about its syncs is found out, and so is what was not recorded.

use super::cuts::{Plan, cut};
use super::history::History;
use super::totals::Totals;
use super::{seed, writer};
use crate::layer::Layer;
use crate::layer::disk::Disk;
use crate::layer::trace::Trace;

/// A ledger of some segments, closed in good order.
fn run(seed: u64) -> (Trace, History) {
    let layer = Layer::new();
    assert!(writer::write(&layer, seed, 150).success());
    writer::history(&layer, seed)
}

/// Cuts on a disk that only pretends to sync what `is_honest` says no to.
fn cut_on(is_honest: fn(&str) -> bool) -> Totals {
    let seed = seed();
    let (trace, history) = run(seed);
    cut(&trace, &history, Plan { disk: Disk::that_syncs(is_honest), keeps_faulty: false, ..Plan::new(40, seed) })
}

#[test]
fn a_disk_that_does_not_sync_the_log_is_found_out() {
    let totals = cut_on(|path| !path.starts_with("ledger/wal/"));
    assert!(totals.lost + totals.refused > 0, "{totals}");
}

#[test]
fn a_disk_that_forgets_names_is_found_out() {
    for is_honest in [(|path| path != "ledger/wal") as fn(&str) -> bool, |path| path != "ledger", |path| !path.is_empty()] {
        let totals = cut_on(is_honest);
        assert!(totals.lost + totals.refused > 0, "{totals}");
    }
}

/// The store is no more than a copy: one that was never synced, whatever the checkpoint says of it, is rebuilt.
#[test]
fn a_store_that_was_never_synced_loses_nothing() {
    let totals = cut_on(|path| !path.starts_with("ledger/store"));
    println!("{totals}");
    totals.assert_nothing_lost();
    assert!(totals.rebuilt > 0, "{totals}");
}

#[test]
fn half_batches_and_other_records_are_found_out() {
    let seed = seed();
    let (trace, mut history) = run(seed);
    let plan = || Plan { keeps_faulty: false, from: trace.operations.len() / 2, ..Plan::new(10, seed) };
    cut(&trace, &history, plan()).assert_nothing_lost();
    history.forge(3);
    let totals = cut(&trace, &history, plan());
    assert!(totals.faults.iter().all(|fault| fault.contains("records as they were recorded: 2 ")), "{:?}", totals.faults);
    assert_eq!(totals.faults.len(), 10, "{totals}");
    let (trace, mut history) = run(seed);
    history.forget_ends();
    assert_eq!(cut(&trace, &history, plan()).half_batches, 10);
}
