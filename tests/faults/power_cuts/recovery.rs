//! Power cuts while a ledger is brought into order: after another cut, and while what was damaged is put back.

use super::cuts::{Plan, cut};
use super::history::History;
use super::totals::Totals;
use super::{cuts, seed, writer};
use crate::common::directories::{check_records, copy_dir, files, flip_bit, random, small_options, truncate, zero_sector};
use crate::layer::disk::Disk;
use crate::layer::image::{self, Arrival};
use crate::layer::trace::Trace;
use crate::layer::{Layer, order};
use partnership_ledger::journal::embedded::EmbeddedJournal;
use rand::RngExt as _;
use rand::rngs::StdRng;
use std::fs;

/// Ledgers that are recovered in each test.
const ROUNDS: u64 = 8;

/// Starts on what lies below the root, is killed at one of the first changes, starts again, and is cut anywhere in both.
/// `length` of the trace before is what had been acknowledged.
fn recover_and_cut(layer: &Layer, before: &History, length: u64, seed: u64, choices: &mut StdRng) -> Totals {
    let disk = Disk::holding(&layer.root());
    layer.order(&[order("change", "-", choices.random_range(0..60), 1, "kill")]);
    writer::write(layer, seed, 5);
    layer.order(&[]);
    assert!(writer::write(layer, seed, 5).success(), "it starts again");
    let (trace, mut history) = writer::history(layer, seed);
    history.follows(before, length);
    cut(&trace, &history, Plan { disk, ..Plan::new(cuts() / (5 * ROUNDS), seed) })
}

/// Half of the ledgers have lost more of their store than an honest disk loses, so that it is rebuilt.
#[test]
fn a_power_cut_during_the_recovery_from_another_loses_nothing_acknowledged() {
    let seed = seed();
    let mut choices = random(seed);
    let first = Layer::new();
    first.order(&writer::kill_somewhere(seed));
    writer::write(&first, seed, 90);
    first.order(&[]);
    writer::write(&first, seed, 20);
    let (trace, history) = writer::history(&first, seed);
    let mut totals = Totals::default();
    for round in 0..ROUNDS {
        let layer = Layer::new();
        let mut disk = if round % 2 == 0 { Disk::honest() } else { Disk::that_syncs(|path| !path.ends_with("store/db")) };
        let moment = choices.random_range(trace.operations.len() / 8..trace.operations.len());
        trace.operations[..=moment].iter().for_each(|operation| disk.apply(operation));
        image::write(&disk, Arrival::any(&mut choices), &mut choices, &layer.root());
        totals.add(recover_and_cut(&layer, &history, trace.lengths[moment], seed, &mut choices));
    }
    println!("{totals}");
    totals.assert_nothing_lost();
}

/// What is damaged in the log is put back from the store, and the power goes while that is done.
#[test]
fn a_power_cut_during_a_repair_loses_nothing_acknowledged() {
    let seed = seed();
    let mut choices = random(seed);
    let first = Layer::new();
    assert!(writer::write(&first, seed, 60).success());
    let (trace, history) = (Trace::read(&first.trace()), writer::history(&first, seed).1);
    let mut totals = Totals::default();
    for round in 0..ROUNDS {
        let layer = Layer::new();
        copy_dir(&first.root(), &layer.root()).expect("a copy");
        let segments = files(&layer.data().join("wal"));
        // A start looks at the frames of the last segment, and at the headers and the lengths of all.
        let (segment, last) = (&segments[choices.random_range(0..segments.len())], &segments[segments.len() - 1]);
        match round % 4 {
            0 => _ = zero_sector(last, &mut choices),
            1 => _ = flip_bit(last, &mut choices),
            2 => _ = truncate(segment, &mut choices),
            _ => fs::remove_file(segment).expect("removed"),
        }
        totals.add(recover_and_cut(&layer, &history, trace.lengths[trace.lengths.len() - 1], seed, &mut choices));
    }
    println!("{totals}");
    totals.assert_nothing_lost();
}

/// sled sums its data file up in another file when it opens. One that was cut off is no reason to give the store up.
#[test]
fn a_process_killed_while_the_store_is_summed_up_costs_no_store() {
    let seed = seed();
    for skip in 0..3 {
        let layer = Layer::new();
        assert!(writer::write(&layer, seed, 30).success());
        layer.order(&[order("write", "ledger/store/snap.", skip, 1, "kill")]);
        assert!(!writer::write(&layer, seed, 30).success(), "it was killed");
        let (journal, report) = EmbeddedJournal::open(&layer.data(), small_options()).expect("it opens");
        assert!(!report.rebuilt_store && report.notes.is_empty(), "{report:?}");
        check_records(&journal, seed);
    }
}
