//! What was recorded in a run, what of it was acknowledged when, and how an image is held against it.

use super::totals::Totals;
use crate::common::directories::small_options;
use crate::layer::served::batch_of;
use partnership_ledger::clock::SystemClock;
use partnership_ledger::journal::embedded::{EmbeddedJournal, OpenReport};
use partnership_ledger::journal::{Batch, Frontier, Hash, Journal, StoredRecord};
use partnership_ledger::ledger::{Ledger, Limits};
use partnership_ledger::proto;
use prost::Message as _;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// What was recorded, and what of it was acknowledged when.
pub struct History {
    /// All records in order: a cut leaves a beginning of them.
    records: Vec<Vec<u8>>,
    /// The tree's root after each; the first is the empty tree's.
    roots: Vec<Hash>,
    /// The positions at which batches end.
    ends: BTreeSet<u64>,
    /// How long the trace was when a position was acknowledged, at most; in order.
    acknowledgements: Vec<(u64, u64)>,
    /// Whether the records are those of a ledger, which can be replayed.
    is_ledger: bool,
}

impl History {
    /// What a directory holds in the end, with the acknowledgements as (length of the trace, position).
    pub fn of(dir: &Path, ends: BTreeSet<u64>, mut acknowledgements: Vec<(u64, u64)>) -> Self {
        let (journal, _) = EmbeddedJournal::open(dir, small_options()).expect("the ledger in the end");
        let records: Vec<_> = read_all(&journal).expect("its records").into_iter().map(|record| record.bytes).collect();
        let mut frontier = Frontier::new();
        let mut roots = vec![frontier.head().root];
        for record in &records {
            frontier.push(record);
            roots.push(frontier.head().root);
        }
        acknowledgements.sort_unstable();
        Self { records, roots, ends, acknowledgements, is_ledger: false }
    }

    /// The same of a ledger: each event says which batch it came in.
    pub fn of_ledger(dir: &Path, acknowledgements: Vec<(u64, u64)>) -> Self {
        let mut history = Self::of(dir, BTreeSet::new(), acknowledgements);
        let batches: Vec<_> = history.records.iter().map(|bytes| batch_of(&proto::Record::decode(&bytes[..]).expect("a record"))).collect();
        let last = batches.len() as u64;
        let changes = (1..last).zip(batches.windows(2)).filter(|(_, pair)| pair[0] != pair[1]).map(|(position, _)| position);
        history.ends = changes.chain([last]).collect();
        history.is_ledger = true;
        history
    }

    /// Takes in what had been acknowledged before the trace began: when another was that long.
    pub fn follows(&mut self, before: &Self, length: u64) {
        self.ends.extend(&before.ends);
        self.acknowledgements.insert(0, (0, before.acknowledged_at(length)));
    }

    /// Forgets where batches end.
    pub fn forget_ends(&mut self) {
        self.ends.clear();
    }

    /// Remembers a record wrongly.
    pub fn forge(&mut self, position: usize) {
        self.records[position - 1].push(1);
    }

    pub fn records(&self) -> &[Vec<u8>] {
        &self.records
    }

    /// The last position that had been acknowledged when the trace was that long.
    pub fn acknowledged_at(&self, length: u64) -> u64 {
        let before = self.acknowledgements.iter().take_while(|(at, _)| *at <= length);
        before.map(|(_, position)| *position).max().unwrap_or(0)
    }

    /// Opens the ledger below a root as it was left and checks what it has, that it goes on, and that it is then well.
    pub fn check(&self, root: &Path, acknowledged: u64) -> Totals {
        let mut checked = Totals { cuts: 1, acknowledged, ..Totals::default() };
        let fault = self.try_check(&root.join("ledger"), &mut checked).err();
        checked.faults.extend(fault);
        checked
    }

    fn try_check(&self, dir: &Path, checked: &mut Totals) -> Result<(), String> {
        let (journal, report) = EmbeddedJournal::open(dir, small_options()).map_err(|error| {
            checked.refused = 1;
            format!("refused: {error}")
        })?;
        checked.rebuilt = u64::from(report.rebuilt_store);
        checked.fed = u64::from(report.fed_records > 0 && !report.rebuilt_store);
        checked.torn = u64::from(report.torn_tail_bytes > 0);
        let records = self.compare(&journal, &report, checked)?;
        if self.is_ledger {
            let (ledger, replayed) =
                Ledger::open(Arc::new(journal), Arc::new(SystemClock), Limits::default()).map_err(|error| error.to_string())?;
            ledger.close().map_err(|error| error.to_string())?;
            expect("replayed records", &replayed.records, &records)?;
        } else {
            append_one(&journal, records)?;
            journal.close().map_err(|error| error.to_string())?;
        }
        self.reopen(dir, records)
    }

    /// A second start finds nothing amiss, and appending goes on.
    fn reopen(&self, dir: &Path, records: u64) -> Result<(), String> {
        let (journal, report) = EmbeddedJournal::open(dir, small_options()).map_err(|error| format!("opened again: {error}"))?;
        let records = if self.is_ledger { records } else { records + 1 };
        expect("the second start's notes", &report.notes, &Vec::new())?;
        expect("what the second start has", &report.last, &records)?;
        append_one(&journal, records)?;
        journal.close().map_err(|error| error.to_string())
    }

    /// Compares all records with what was recorded. Answers how many there are.
    fn compare(&self, journal: &EmbeddedJournal, report: &OpenReport, checked: &mut Totals) -> Result<u64, String> {
        let found = read_all(journal)?;
        let count = found.len() as u64;
        expect("the last position", &(report.last, journal.last()), &(count, count))?;
        checked.lost = checked.acknowledged.saturating_sub(count);
        if checked.lost > 0 {
            return Err(format!("{} acknowledged records of {} are lost: {report:?}", checked.lost, checked.acknowledged));
        }
        let same = found.iter().zip(&self.records).take_while(|(found, recorded)| found.bytes == **recorded).count();
        expect("records as they were recorded", &same, &found.len())?;
        expect("positions without gaps", &found.iter().zip(1..).all(|(record, position)| record.position == position), &true)?;
        expect("the tree's root", &report.tree_head.root, &self.roots[same])?;
        if count > 0 && !self.ends.contains(&count) {
            checked.half_batches = 1;
            return Err(format!("position {count} is in the middle of a batch"));
        }
        Ok(count)
    }
}

fn expect<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?} instead of {expected:?}")) }
}

/// Half of them are larger than a segment that was begun for another.
fn append_one(journal: &EmbeddedJournal, last: u64) -> Result<(), String> {
    let mut batch = Batch::new();
    batch.push(&b"appended after the cut; ".repeat(if last.is_multiple_of(2) { 1 } else { 3000 }));
    let head = journal.append(last, &batch).map_err(|error| format!("appending: {error}"))?;
    expect("the position after appending", &head.size, &(last + 1))
}

fn read_all(journal: &EmbeddedJournal) -> Result<Vec<StoredRecord>, String> {
    let mut records = Vec::new();
    loop {
        let page = journal.read(records.len() as u64 + 1, 500, 1 << 20).map_err(|error| format!("reading: {error}"))?;
        if page.is_empty() {
            return Ok(records);
        }
        records.extend(page);
    }
}
