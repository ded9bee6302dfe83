//! A process that writes to a journal under the layer: this test's own program once more, told so by its environment.

use super::history::History;
use crate::common::directories::{batch, random, record, small_options};
use crate::layer::trace::Trace;
use crate::layer::{Layer, order};
use partnership_ledger::journal::Journal;
use partnership_ledger::journal::embedded::{EmbeddedJournal, Options};
use rand::RngExt as _;
use std::collections::BTreeSet;
use std::env;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::Mutex;
use std::time::Duration;

/// What the process is told.
const DATA: &str = "POWER_CUTS_DATA";
const NOTES: &str = "POWER_CUTS_NOTES";
const COMMITS: &str = "POWER_CUTS_COMMITS";
const RUN_SEED: &str = "POWER_CUTS_RUN_SEED";
/// The test that writes if it is told to.
const TEST: &str = "power_cuts::a_power_cut_at_any_moment_loses_nothing_acknowledged";
/// Clients that append.
const CLIENTS: u64 = 3;

fn options() -> Options {
    Options { checkpoint_interval: Duration::from_millis(15), ..small_options() }
}

/// Writes, if this process was started for it. Answers whether it was.
pub fn was_told_to_write() -> bool {
    let Some(data) = env::var_os(DATA).map(PathBuf::from) else {
        return false;
    };
    let number = |name| env::var(name).ok().and_then(|text| text.parse::<u64>().ok()).expect("a number");
    let trace = PathBuf::from(env::var_os("FAULTS_TRACE").expect("a trace"));
    let notes = File::options().create(true).append(true).open(env::var_os(NOTES).expect("a path")).expect("a file for notes");
    let (journal, _) = EmbeddedJournal::open(&data, options()).expect("a journal");
    let until = Mutex::new((notes, number(COMMITS)));
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (journal, until, trace) = (&journal, &until, &trace);
            scope.spawn(move || append_as_client(journal, until, trace, number(RUN_SEED), client));
        }
    });
    journal.close().expect("closed");
    true
}

/// Notes a line by one write: the process may be killed from another thread at any moment.
fn note(notes: &mut File, line: &str) {
    notes.write_all(line.as_bytes()).expect("noted");
}

/// Appends batches in turn with the other clients, and notes what is begun and what is acknowledged.
fn append_as_client(journal: &EmbeddedJournal, turn: &Mutex<(File, u64)>, trace: &Path, seed: u64, client: u64) {
    let mut choices = random(seed ^ client ^ journal.last());
    loop {
        let mut taken = turn.lock().expect("a turn");
        let (notes, commits) = &mut *taken;
        if *commits == 0 {
            return;
        }
        *commits -= 1;
        let last = journal.last();
        // Some are larger than a segment that was begun for another.
        let count = if choices.random_ratio(1, 8) { choices.random_range(12..60) } else { choices.random_range(1..12) };
        note(notes, &format!("begun {}\n", last + count));
        let head = journal.append(last, &batch(seed, last, count)).expect("appended");
        let length = fs::metadata(trace).expect("the trace").len();
        note(notes, &format!("acknowledged {} {length}\n", head.size));
        drop(taken);
        match choices.random_range(0..25) {
            0 => assert!(journal.checkpoint().is_ok()),
            1..5 => std::thread::sleep(Duration::from_micros(choices.random_range(0..800))),
            _ => {}
        }
    }
}

/// Starts the process that writes, and waits for its end.
pub fn write(layer: &Layer, seed: u64, commits: u64) -> ExitStatus {
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.args([TEST, "--exact", "--test-threads=1", "--quiet"]);
    command.env(DATA, layer.data()).env(NOTES, layer.beside("notes"));
    command.env(COMMITS, commits.to_string()).env(RUN_SEED, seed.to_string());
    layer.record(&mut command);
    command.output().expect("the program runs").status
}

/// Orders that kill the process at a step which a commit, a new segment or a checkpoint consists of.
pub fn kill_somewhere(seed: u64) -> Vec<String> {
    let mut choices = random(seed);
    let (operation, prefix, most) = [
        ("write", "ledger/wal", 150),
        ("sync", "ledger/wal", 150),
        ("rename", "ledger/wal", 12),
        ("open", "ledger/wal", 12),
        ("write", "ledger/store/db", 40),
        ("sync", "ledger/store/db", 15),
        ("rename", "ledger/checkpoint", 15),
    ][choices.random_range(0..7)];
    vec![order(operation, prefix, choices.random_range(1..most), 1, "kill")]
}

/// What the processes have written in the end.
pub fn history(layer: &Layer, seed: u64) -> (Trace, History) {
    let trace = Trace::read(&layer.trace());
    let notes = fs::read_to_string(layer.beside("notes")).expect("the notes");
    let (mut ends, mut acknowledgements) = (BTreeSet::new(), Vec::new());
    for line in notes.lines() {
        let words: Vec<_> = line.split(' ').collect();
        let number = |index: usize| words[index].parse::<u64>().expect("a number");
        match words[0] {
            "begun" => _ = ends.insert(number(1)),
            _ => acknowledgements.push((number(2), number(1))),
        }
    }
    let history = History::of(&layer.data(), ends, acknowledgements);
    for (bytes, position) in history.records().iter().zip(1..) {
        assert!(*bytes == record(seed, position), "record {position} is what was appended");
    }
    (trace, history)
}
