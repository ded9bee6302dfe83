//! Snapshots: a ledger that begins with one is the ledger that replayed all, and no snapshot is ever trusted over the journal.

use crate::common::events::{append_request, long_named};
use crate::common::server::Server;
use crate::outside::ledger::Ledger as _;
use crate::outside::model::Model;
use crate::outside::questions::{Question, moments};
use crate::outside::served::Served;
use crate::outside::workload::{NOW, Requests, workload};
use partnership_ledger::clock::{ManualClock, SystemClock};
use partnership_ledger::domain::{Record, State, StateLoad, parse};
use partnership_ledger::encoding::Section;
use partnership_ledger::journal::embedded::{EmbeddedJournal, Options};
use partnership_ledger::journal::{Batch, Frontier, Journal as _, MemoryJournal, TreeHead};
use partnership_ledger::ledger::{Ledger, Limits, ReplayReport, SnapshotSettings};
use partnership_ledger::proto as pb;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::snapshot::{FORMAT_VERSION, LoadError, SnapshotFile, Snapshots};
use partnership_ledger::workload::{Mix, Story};
use prost::Message as _;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

const SEEDS: std::ops::Range<u64> = 920_001..920_005;
/// How long a snapshot is waited for: it is written in the background at a low priority, and the tests beside this one use
/// every core.
const TIMEOUT: Duration = Duration::from_mins(5);
/// Never by the count of records.
const AT_CLOSE_ONLY: u64 = u64::MAX;

fn open(journal: &Arc<MemoryJournal>, data_dir: &Path, every_records: u64) -> (Ledger, ReplayReport) {
    let settings = SnapshotSettings { every_records, least_at_close: 1, close_timeout: TIMEOUT, data_dir: data_dir.to_owned() };
    let clock = Arc::new(ManualClock::new(NOW));
    Ledger::open_with_snapshots(journal.clone(), clock, Limits::default(), settings).expect("replayable")
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

/// The same records in a journal of their own, up to a position.
fn copied(journal: &MemoryJournal, last: u64) -> Arc<MemoryJournal> {
    let copy = MemoryJournal::new();
    for stored in journal.read(1, usize::MAX, usize::MAX).expect("it is open").iter().take_while(|stored| stored.position <= last) {
        let mut batch = Batch::new();
        batch.push(&stored.bytes);
        copy.append(stored.position - 1, &batch).expect("in order");
    }
    Arc::new(copy)
}

/// The journal of requests that were told to a ledger, and the one snapshot that it left when it was closed.
fn told(requests: &[pb::AppendRequest]) -> (Arc<MemoryJournal>, tempfile::TempDir, PathBuf) {
    let (journal, dir) = (Arc::new(MemoryJournal::new()), directory());
    let mut served = Served::of(open(&journal, dir.path(), AT_CLOSE_ONLY).0);
    for request in requests {
        let _ = served.append(request);
    }
    // The ledger closes its journal as well.
    let kept = copied(&journal, journal.last());
    drop(served);
    let mut found = Snapshots::of(dir.path()).list().expect("a directory");
    assert_eq!((found.len(), found[0].position), (1, kept.last()));
    (kept, dir, found.remove(0).path)
}

/// What a snapshot holds but event ids, whose fingerprints every ledger makes with a secret of its own.
fn content(path: &Path) -> Vec<(Section, Vec<u8>)> {
    let (file, bytes) = (SnapshotFile::open(path).expect("a snapshot"), fs::read(path).expect("a file"));
    file.check().expect("whole");
    let place = |at: u64| usize::try_from(at).expect("small");
    let chunks = file.chunks().filter(|(section, _)| !matches!(section, Section::EventIdSeed | Section::EventIds));
    chunks.map(|(section, range)| (section, bytes[place(range.start)..place(range.end)].to_vec())).collect()
}

fn model_of(records: &[pb::Record]) -> Model {
    let mut model = Model { now: Some(NOW), ..Model::default() };
    for record in records {
        let event = record.event.clone().expect("a record has its event");
        // Where the model would have refused, it only lacks something to ask about.
        let _ = model.record_all(&pb::AppendRequest { events: vec![event], expected_last_position: None });
    }
    model
}

/// Every answer, to the byte, for several moments before and after any snapshot.
fn answers(served: &mut Served, model: &Model) -> Vec<(String, Vec<u8>)> {
    let each = moments(model).into_iter().flat_map(|when| Question::all(model).into_iter().map(move |question| (question, when)));
    let mut answers: Vec<_> = each.map(|(question, when)| (format!("{question:?} {when:?}"), question.exactly(served, when))).collect();
    answers.extend((0..16).map(|number| leads_of(served, &format!("a{number}"))));
    answers
}

/// The leads of an agreement, if it is known: they are found by what no snapshot holds.
fn leads_of(served: &mut Served, agreement: &str) -> (String, Vec<u8>) {
    let listed = served.list_leads(&pb::ListLeadsRequest { agreement_id: Some(agreement.to_owned()), ..Default::default() });
    (format!("leads of {agreement}"), listed.map(|leads| leads.encode_to_vec()).unwrap_or_default())
}

/// All there are, once there is one behind a position. `again` sends what was recorded before: one that was due while another was
/// being written is taken with the next request.
fn newer_snapshots(data_dir: &Path, position: u64, mut again: impl FnMut()) -> Vec<u64> {
    let started = Instant::now();
    loop {
        let found: Vec<u64> = Snapshots::of(data_dir).list().expect("a directory").iter().map(|found| found.position).collect();
        if found.iter().any(|found| *found > position) {
            return found;
        }
        assert!(started.elapsed() < TIMEOUT, "no snapshot was written");
        again();
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Goes on with both ledgers as one: the same requests, answers, records and books, and the same snapshot in the end.
fn go_on(mut served: Served, mut full: Served, requests: &Requests, seed: u64) {
    for request in requests {
        assert_eq!(served.append(request), full.append(request), "seed {seed}: appended otherwise");
    }
    let records = full.records();
    assert!(served.records() == records, "seed {seed}: other records");
    let model = model_of(&records);
    assert!(answers(&mut served, &model) == answers(&mut full, &model), "seed {seed}: other answers after going on");
}

#[test]
fn a_ledger_that_begins_with_a_snapshot_is_the_one_that_replayed_all() {
    for seed in SEEDS {
        let (journal, dir) = (Arc::new(MemoryJournal::new()), directory());
        let mut served = Served::of(open(&journal, dir.path(), 9).0);
        let mut snapshots = BTreeSet::new();
        let requests = workload(seed);
        for (index, request) in requests.iter().enumerate() {
            let _ = served.append(request);
            if index % (requests.len() / 3) == requests.len() / 3 - 1 {
                // However slow the disk: several come to their end while appends go on.
                let behind = snapshots.last().copied().unwrap_or(0);
                snapshots.extend(newer_snapshots(dir.path(), behind, || drop(served.append(request))));
            }
        }
        let last = journal.last();
        assert!(snapshots.len() > 2 && snapshots.iter().all(|position| *position <= last), "{snapshots:?} while {last} were appended");
        let newest: Vec<u64> = Snapshots::of(dir.path()).list().expect("a directory").iter().map(|found| found.position).collect();
        let records = served.records();
        let model = model_of(&records);
        let expected = answers(&mut served, &model);
        for position in newest {
            // It may be one of the two that were kept before another came; what is there is what is looked at.
            let path = dir.path().join(format!("snapshots/{position}.snapshot"));
            let own = directory();
            fs::create_dir(own.path().join("snapshots")).expect("a directory");
            if fs::copy(&path, own.path().join(format!("snapshots/{position}.snapshot"))).is_err() {
                continue;
            }
            let (ledger, report) = open(&copied(&journal, last), own.path(), AT_CLOSE_ONLY);
            assert_eq!((report.from, report.records, report.ignored), (position, last - position, vec![]), "seed {seed}");
            let mut again = Served::of(ledger);
            assert!(again.records() == records && answers(&mut again, &model) == expected, "seed {seed}: other answers from {position}");
            let plain = directory();
            let full = Served::of(open(&copied(&journal, last), plain.path(), AT_CLOSE_ONLY).0);
            go_on(again, full, &workload(seed + 1_000), seed);
            let newest = |dir: &Path| Snapshots::of(dir).list().expect("a directory").remove(0).path;
            assert!(content(&newest(own.path())) == content(&newest(plain.path())), "seed {seed}: other books");
        }
    }
}

#[test]
fn the_same_records_make_the_same_snapshot() {
    let requests = workload(SEEDS.start);
    let [(_one, _first, one), (_other, _second, other)] = [told(&requests), told(&requests)];
    assert!(content(&one) == content(&other));
}

/// Writes bytes in place of a snapshot and opens the ledger.
fn opened_with(bytes: &[u8], path: &Path, journal: &Arc<MemoryJournal>) -> ReplayReport {
    fs::write(path, bytes).expect("written");
    let data_dir = path.parent().and_then(Path::parent).expect("it lies in the data directory");
    let settings =
        SnapshotSettings { every_records: AT_CLOSE_ONLY, least_at_close: AT_CLOSE_ONLY, ..SnapshotSettings::new(data_dir.to_owned()) };
    let clock = Arc::new(ManualClock::new(NOW));
    let (_, report) = Ledger::open_with_snapshots(journal.clone(), clock, Limits::default(), settings).expect("replayable");
    report
}

fn assert_ignored(report: &ReplayReport, journal: &MemoryJournal, why: &str) {
    assert_eq!((report.from, report.records), (0, journal.last()));
    assert!(report.ignored.len() == 1 && report.ignored[0].contains(why), "{:?} does not say {why:?}", report.ignored);
}

#[test]
fn a_damaged_snapshot_is_found_out_wherever_the_damage_is() {
    let (journal, _dir, path) = told(&workload(SEEDS.start)[..12]);
    let whole = fs::read(&path).expect("a file");
    let chunks: Vec<(Section, u64)> =
        SnapshotFile::open(&path).expect("whole").chunks().map(|(section, range)| (section, range.start)).collect();
    assert_eq!(opened_with(&whole, &path, &journal).from, journal.last());
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(&path, &bytes).expect("written");
        assert!(SnapshotFile::open(&path).and_then(|file| file.check()).is_err(), "byte {at} of {}", whole.len());
    }
    for length in (0..whole.len()).step_by(23) {
        fs::write(&path, &whole[..length]).expect("written");
        assert!(SnapshotFile::open(&path).is_err(), "{length} of {} bytes", whole.len());
    }
    let mut seen = BTreeSet::new();
    let first_of_each = chunks.into_iter().filter(|(section, _)| seen.insert(*section)).map(|(_, start)| start);
    for at in first_of_each.chain([0, 20, 60, whole.len() as u64 - 1, whole.len() as u64 - 20, whole.len() as u64 - 30]) {
        let mut bytes = whole.clone();
        bytes[usize::try_from(at).expect("small")] ^= 0x10;
        assert_ignored(&opened_with(&bytes, &path, &journal), &journal, "damaged");
    }
    assert_ignored(&opened_with(&[], &path, &journal), &journal, "too short");
    assert_eq!(opened_with(&whole, &path, &journal).from, journal.last(), "mended");
}

/// Makes the checksums of a snapshot right again, whatever its chunks hold now.
fn resealed(mut bytes: Vec<u8>, chunks: &[Range<usize>]) -> Vec<u8> {
    let end = bytes.len() - 24;
    let start = usize::try_from(u64::from_le_bytes(bytes[end..end + 8].try_into().expect("eight bytes"))).expect("small");
    let mut at = start;
    for chunk in chunks {
        at += 1;
        for _number in 0..3 {
            at += bytes[at..].iter().position(|byte| *byte < 0x80).expect("a number ends") + 1;
        }
        let crc = crc32c::crc32c(&bytes[chunk.clone()]).to_le_bytes();
        bytes[at..at + 4].copy_from_slice(&crc);
        at += 4;
    }
    assert_eq!(at, end);
    let crc = crc32c::crc32c(&bytes[start..end + 16]).to_le_bytes();
    bytes[end + 16..end + 20].copy_from_slice(&crc);
    bytes
}

#[test]
fn bytes_that_nobody_wrote_are_loaded_or_refused() {
    let (journal, _dir, path) = told(&workload(SEEDS.start)[..12]);
    let whole = fs::read(&path).expect("a file");
    let place = |at: u64| usize::try_from(at).expect("small");
    let file = SnapshotFile::open(&path).expect("whole");
    let chunks: Vec<Range<usize>> = file.chunks().map(|(_, range)| place(range.start)..place(range.end)).collect();
    let mut random = StdRng::seed_from_u64(1);
    let mut refused = 0;
    for _ in 0..250 {
        let mut bytes = whole.clone();
        for _ in 0..random.random_range(1..4) {
            let chunk = &chunks[random.random_range(0..chunks.len())];
            if !chunk.is_empty() {
                bytes[random.random_range(chunk.clone())] = random.random();
            }
        }
        refused += usize::from(opened_with(&resealed(bytes, &chunks), &path, &journal).from == 0);
    }
    assert!(refused > 20, "only {refused} were refused");
}

/// Changes a snapshot's header and makes its checksum right again.
fn with_header(whole: &[u8], change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    change(&mut bytes[..60]);
    let crc = crc32c::crc32c(&bytes[..60]);
    bytes[60..64].copy_from_slice(&crc.to_le_bytes());
    bytes
}

#[test]
fn a_snapshot_of_something_else_is_ignored() {
    let requests = workload(SEEDS.start);
    let (journal, dir, path) = told(&requests[..12]);
    let whole = fs::read(&path).expect("a file");
    let older = with_header(&whole, |header| header[8..12].copy_from_slice(&(FORMAT_VERSION - 1).to_le_bytes()));
    fs::write(&path, &older).expect("written");
    assert!(matches!(SnapshotFile::open(&path), Err(LoadError::OtherVersion)));
    assert_ignored(&opened_with(&older, &path, &journal), &journal, "another release or format");
    let other_release = with_header(&whole, |header| header[12] ^= 1);
    assert_ignored(&opened_with(&other_release, &path, &journal), &journal, "another release or format");
    let other_root = with_header(&whole, |header| header[30] ^= 1);
    assert_ignored(&opened_with(&other_root, &path, &journal), &journal, "other records than the journal's");
    let other_position = with_header(&whole, |header| header[16] ^= 1);
    assert_ignored(&opened_with(&other_position, &path, &journal), &journal, "another position");
    let shorter = copied(&journal, journal.last() - 1);
    assert_ignored(&opened_with(&whole, &path, &shorter), &shorter, "does not go so far");
    let (others, _, _) = told(&workload(SEEDS.start + 1));
    let others = copied(&others, journal.last());
    assert_eq!(others.last(), journal.last());
    assert_ignored(&opened_with(&whole, &path, &others), &others, "other records than the journal's");
    fs::remove_dir_all(dir.path().join("snapshots")).expect("removed");
    let (_, report) = open(&journal, dir.path(), AT_CLOSE_ONLY);
    assert_eq!((report.from, report.records, report.ignored), (0, journal.last(), vec![]));
}

#[test]
fn the_one_before_serves_when_the_newest_is_damaged() {
    let requests = workload(SEEDS.start);
    let (journal, dir, earlier) = told(&requests[..12]);
    let before = journal.last();
    let mut served = Served::of(open(&journal, dir.path(), AT_CLOSE_ONLY).0);
    for request in &requests[12..] {
        let _ = served.append(request);
    }
    let records = served.records();
    let kept = copied(&journal, journal.last());
    drop(served);
    let newest = Snapshots::of(dir.path()).list().expect("a directory").remove(0);
    assert!(newest.position > before && earlier.is_file());
    let mut bytes = fs::read(&newest.path).expect("a file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&newest.path, &bytes).expect("written");
    // What a process left unfinished is no snapshot.
    let unfinished = dir.path().join("snapshots/999.new");
    fs::write(&unfinished, b"PLSNAP").expect("written");
    let (ledger, report) = open(&kept, dir.path(), AT_CLOSE_ONLY);
    assert_eq!((report.from, report.records), (before, kept.last() - before));
    assert!(report.ignored.len() == 1 && report.ignored[0].contains("damaged"), "{:?}", report.ignored);
    assert!(!unfinished.exists());
    let served = Served::of(ledger);
    assert!(served.records() == records);
}

/// A state of many rows, and events that come after it.
fn realistic_state(events: usize) -> (State, Vec<pb::Event>) {
    let story = Story::new(Mix::Realistic, 7, 150, 1);
    let (introductions, mut lane) = (story.introduce().collect::<Vec<_>>(), story.lane(0));
    let mut story = introductions.into_iter().chain((0..).map(|number| lane.event(number)));
    let messages: Vec<pb::Event> = story.by_ref().take(events).collect();
    let mut state = State::default();
    record(&mut state, &messages);
    (state, story.take(500).collect())
}

/// Decides and evolves events; answers what they did.
fn record(state: &mut State, messages: &[pb::Event]) -> Vec<Record> {
    let mut records = Vec::new();
    for event in messages.chunks(1_000).flat_map(|chunk| parse(chunk).expect("well formed")) {
        let effects = state.decide(&event, NOW, u64::MAX >> 1).expect("the story follows the rules");
        let record = Record { position: state.position + 1, recorded_at: NOW, event, effects };
        state.evolve(&record);
        records.push(record);
    }
    records
}

fn saved(state: &State, dir: &Path) -> PathBuf {
    let head = TreeHead { size: state.position, root: Frontier::new().head().root };
    let frozen = state.share();
    Snapshots::of(dir).save(head, &|| false, |writer| frozen.save(writer)).expect("a disk");
    dir.join(format!("snapshots/{}.snapshot", state.position))
}

fn loaded(path: &Path) -> State {
    let parts = StateLoad::default();
    SnapshotFile::open(path).and_then(|file| file.load(&|section| parts.part(section))).expect("whole");
    parts.finish().expect("all parts")
}

#[test]
fn a_state_of_many_rows_comes_back_whole() {
    let (mut state, next) = realistic_state(60_000);
    let dirs = [directory(), directory()];
    let path = saved(&state, dirs[0].path());
    let mut again = loaded(&path);
    assert!(content(&saved(&again, dirs[1].path())) == content(&path));
    assert!(SnapshotFile::open(&path).expect("whole").chunks().filter(|(section, _)| *section == Section::Sales).count() > 1);
    assert_eq!(record(&mut again, &next), record(&mut state, &next));
    assert!(content(&saved(&again, dirs[1].path())) == content(&saved(&state, dirs[0].path())));
}

/// Appends partners, some at a time, until the server is gone.
async fn append_until_gone(address: String, round: u64) {
    let Ok(mut writer) = LedgerServiceClient::connect(format!("http://{address}")).await else { return };
    for batch in 0_u64.. {
        let events = (0..20).map(|index| long_named(&format!("p-{round}-{batch}-{index}"), 1));
        if writer.append(append_request(events.collect::<Vec<_>>())).await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_while_it_writes_snapshots_leaves_none_that_is_torn() {
    let dir = directory();
    let mut begun_with = BTreeSet::new();
    for round in 0..6 {
        let mut server = Server::with_options(dir.path(), &["--snapshot-every", "60"]);
        let client = tokio::spawn(append_until_gone(server.address.clone(), round));
        tokio::time::sleep(Duration::from_millis(150 + 70 * round)).await;
        server.kill();
        client.await.expect("a client");
        for checked in Snapshots::of(dir.path()).check().expect("a directory") {
            assert!(checked.outcome.is_ok(), "{checked:?}");
        }
        let (journal, _) = EmbeddedJournal::open(dir.path(), Options::default()).expect("a journal");
        let newest = Snapshots::of(dir.path()).list().expect("a directory").first().map_or(0, |found| found.position);
        let settings = SnapshotSettings {
            every_records: AT_CLOSE_ONLY,
            least_at_close: AT_CLOSE_ONLY,
            ..SnapshotSettings::new(dir.path().to_owned())
        };
        let last = journal.last();
        let (ledger, report) =
            Ledger::open_with_snapshots(Arc::new(journal), Arc::new(SystemClock), Limits::default(), settings).expect("replayable");
        assert_eq!((report.from, report.records, report.ignored), (newest, last - newest, vec![]));
        ledger.close().expect("closed");
        begun_with.insert(newest);
    }
    assert!(begun_with.len() > 2, "it began with {begun_with:?} only");
}

/// If this fails, the same records come to other bytes than in earlier builds: raise `FORMAT_VERSION`, so that snapshots
/// of those are ignored and never misread, and write the new sum down here. (Other stories come to other sums as well.)
#[test]
fn the_format_is_the_one_of_its_version() {
    let (_journal, _dir, told) = told(&workload(SEEDS.start));
    let dir = directory();
    let of_many = saved(&realistic_state(3_000).0, dir.path());
    let sums: Vec<(Section, u32)> =
        [told, of_many].iter().flat_map(|path| content(path)).map(|(section, bytes)| (section, crc32c::crc32c(&bytes))).collect();
    let all = sums.iter().fold(0, |sum, (section, crc)| crc32c::crc32c_append(sum, &[&[*section as u8][..], &crc.to_le_bytes()].concat()));
    assert_eq!((FORMAT_VERSION, all), GOLDEN, "{sums:x?}");
}

/// A version of the format, and the sum of what it makes of the stories above.
const GOLDEN: (u32, u32) = (5, 3_046_152_420);
