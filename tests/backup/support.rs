//! Ledgers to copy, and what their copies hold.

use crate::common::events::{append_request, long_named};
use crate::common::program::{Outcome, STORY, finish, program};
use crate::common::server::{Server, connect};
use partnership_ledger::backup::{Chain, Index, check, hex};
use partnership_ledger::journal::embedded::{EmbeddedJournal, Options};
use partnership_ledger::journal::{Frontier, Journal as _, StoredRecord};
use partnership_ledger::proto::Event;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

/// New partners, each with some bytes about it.
pub fn partners(name: &str, count: u64) -> Vec<Event> {
    let event = |number| {
        let metadata = (0..8).map(|key| (format!("key-{key}"), "v".repeat(200))).collect();
        Event { metadata, ..long_named(&format!("{name}-{number}"), 4) }
    };
    (0..count).map(event).collect()
}

/// A runtime for what a test does itself.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Records new partners.
pub fn record(address: &str, name: &str, count: u64) {
    runtime().block_on(async {
        let mut writer = LedgerServiceClient::new(connect(address).await);
        for events in partners(name, count).chunks(500) {
            writer.append(append_request(events)).await.expect("recorded");
        }
    });
}

/// A client that records small batches until it is told to stop, or the server is gone.
pub struct Client {
    stop: Arc<AtomicBool>,
    recorded: Arc<AtomicU64>,
    thread: JoinHandle<()>,
}

impl Client {
    pub fn start(address: &str, name: &str) -> Self {
        let (stop, recorded) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (address, name) = (address.to_owned(), name.to_owned());
        let thread = std::thread::spawn({
            let (stop, recorded) = (Arc::clone(&stop), Arc::clone(&recorded));
            move || runtime().block_on(Self::run(&address, &name, &stop, &recorded))
        });
        Self { stop, recorded, thread }
    }

    async fn run(address: &str, name: &str, stop: &AtomicBool, recorded: &AtomicU64) {
        let mut writer = LedgerServiceClient::new(connect(address).await);
        let mut number = 0;
        while !stop.load(Ordering::SeqCst) {
            number += 1;
            let events = partners(&format!("{name}-{number}"), 1 + number % 20);
            let count = events.len() as u64;
            if writer.append(append_request(events)).await.is_err() {
                return;
            }
            recorded.fetch_add(count, Ordering::SeqCst);
        }
    }

    /// How many events were acknowledged.
    pub fn recorded(&self) -> u64 {
        self.recorded.load(Ordering::SeqCst)
    }

    /// Stops it; how many events were acknowledged.
    pub fn stop(self) -> u64 {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.join().expect("a client");
        self.recorded.load(Ordering::SeqCst)
    }
}

/// What `backup` of a running ledger comes to.
pub fn backup(served: &Server, to: &Path) -> Outcome {
    finish(served.command(&["--json", "backup", "--to"]).arg(to))
}

/// What `restore` comes to.
pub fn restore(from: &Path, data_dir: &Path) -> Outcome {
    finish(program().args(["--json", "restore", "--from"]).arg(from).arg("--data-dir").arg(data_dir))
}

/// Position and root of a report.
pub fn head(report: &Value) -> (u64, String) {
    let text = |name: &str| report[name].as_str().unwrap_or_else(|| panic!("{name} of {report}")).to_owned();
    (text("position").parse().expect("a position"), text("tree_root"))
}

/// A directory with the story's ledger, closed.
pub fn closed_story(dir: &Path) -> PathBuf {
    let ledger = dir.join("story");
    let mut served = Server::on(&ledger);
    assert_eq!(finish(served.command(&["append"]).write_stdin(STORY)).code, 0);
    assert!(served.terminate().0.success());
    ledger
}

/// The stored records of a ledger that nobody serves.
pub fn stored_in(ledger: &Path) -> Vec<StoredRecord> {
    let (journal, _) = EmbeddedJournal::open(ledger, Options::default()).expect("a journal");
    let records = journal.read(1, usize::MAX, usize::MAX).expect("records");
    journal.close().expect("closed");
    records
}

/// The records of a copy, read by the library, without its index's help but for the names and lengths.
pub fn copied_to(dir: &Path) -> Vec<Vec<u8>> {
    let index = Index::of(dir).expect("a copy");
    let (mut records, mut chain) = (Vec::new(), Chain::default());
    for file in &index.files {
        let source = std::io::Read::take(File::open(dir.join(&file.name)).expect("the file"), file.bytes);
        check(source, &file.name, &mut chain, &mut |page| {
            records.extend(page.records.records().map(<[u8]>::to_vec));
            Ok(())
        })
        .expect("whole");
    }
    records
}

/// The root over the first records of a ledger.
pub fn root_of<'a>(records: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut frontier = Frontier::new();
    records.into_iter().for_each(|record| frontier.push(record));
    hex(&frontier.root())
}

/// Checks that a copy is, byte by byte, the beginning of a ledger that nobody serves any more.
pub fn assert_is_copy(copy: &Path, report: &(u64, String), ledger: &[StoredRecord]) {
    let copied = copied_to(copy);
    assert_eq!(copied.len() as u64, report.0);
    for (copied, stored) in copied.iter().zip(ledger) {
        assert!(copied == &stored.bytes, "record {} differs", stored.position);
    }
    assert!(copied.len() <= ledger.len(), "the copy has records that the ledger does not have");
    assert_eq!(root_of(ledger[..copied.len()].iter().map(|record| record.bytes.as_slice())), report.1);
}

/// Names in a directory, sorted.
pub fn names_in(dir: &Path) -> Vec<String> {
    let names = std::fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().expect("a name")).collect();
    names.sort();
    names
}
