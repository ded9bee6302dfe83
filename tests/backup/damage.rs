//! Copies that are damaged, of another ledger or half there are refused, and nothing half-restored is left.

use crate::common::program::{Outcome, finish, program};
use crate::common::server::Server;
use crate::support::{backup, closed_story, head, names_in, record, restore};
use partnership_ledger::backup::{BackupError, Folder, Growth, RecordPage};
use partnership_ledger::journal::Batch;
use rand::RngExt as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

/// A copy of three files: positions 1–9, 10–309 and 310–312.
fn three_files(dir: &Path) -> Server {
    let served = Server::with_story();
    let copy = dir.join("copy");
    for (name, count) in [("none", 0), ("many", 300), ("few", 3)] {
        record(&served.address, name, count);
        assert_eq!(backup(&served, &copy).code, 0);
    }
    assert_eq!(names_in(&copy).iter().filter(|name| name.ends_with(".records")).count(), 3);
    served
}

const SECOND: &str = "00000000000000000010.records";

/// A copy with one file changed is refused by `restore`, and by whoever would add to it.
fn assert_refused(dir: &Path, served: &Server, said: &[&str]) {
    let restored = dir.join("restored");
    let check = finish(program().args(["restore", "--dry-run", "--from"]).arg(dir.join("copy")));
    for outcome in [check, restore(&dir.join("copy"), &restored), backup(served, &dir.join("copy"))] {
        assert_eq!((outcome.code, outcome.out.as_str()), (1, ""), "{}", outcome.error);
        for word in said {
            assert!(outcome.error.contains(word), "{word:?} is not in {}", outcome.error);
        }
    }
    assert_eq!(names_in(dir), ["copy"], "nothing half-restored is left");
}

#[test]
fn a_flipped_byte_is_found_and_named() {
    let dir = tempfile::tempdir().expect("a directory");
    let served = three_files(dir.path());
    let file = dir.path().join("copy").join(SECOND);
    let whole = std::fs::read(&file).expect("readable");
    let mut random = rand::rng();
    for at in [0, 60, whole.len() - 1, random.random_range(0..whole.len()), random.random_range(0..whole.len())] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << random.random_range(0..8);
        std::fs::write(&file, &bytes).expect("writable");
        assert_refused(dir.path(), &served, &[SECOND, ": damaged at byte ", "position "]);
    }
    std::fs::write(&file, &whole).expect("writable");
    assert_eq!(restore(&dir.path().join("copy"), &dir.path().join("restored")).code, 0);
}

#[test]
fn a_file_cut_short_is_found_and_named() {
    let dir = tempfile::tempdir().expect("a directory");
    let served = three_files(dir.path());
    let last = "00000000000000000310.records";
    for (name, position) in [(SECOND, "from position 10 on"), (last, "from position 310 on")] {
        let file = dir.path().join("copy").join(name);
        let whole = std::fs::read(&file).expect("readable");
        std::fs::write(&file, &whole[..whole.len() / 2]).expect("writable");
        assert_refused(dir.path(), &served, &[name, position, "it ends there, before its end was written"]);
        std::fs::write(&file, []).expect("writable");
        assert_refused(dir.path(), &served, &[name, position, "it is empty"]);
        std::fs::write(&file, &whole).expect("writable");
    }
}

#[test]
fn a_missing_file_is_named_with_what_it_held() {
    let dir = tempfile::tempdir().expect("a directory");
    let served = three_files(dir.path());
    let copy = dir.path().join("copy");
    for (name, positions) in [(SECOND, "positions 10 to 309"), ("00000000000000000310.records", "positions 310 to 312")] {
        let aside = dir.path().join("copy").join(format!("{name}.away"));
        std::fs::rename(copy.join(name), &aside).expect("moved");
        assert_refused(dir.path(), &served, &[name, "is missing", positions]);
        std::fs::rename(&aside, copy.join(name)).expect("moved");
    }
    // One file in the place of another is no better.
    std::fs::copy(copy.join("00000000000000000310.records"), copy.join(SECOND)).expect("copied");
    assert_refused(dir.path(), &served, &[SECOND, "damaged at byte 0", "from position 10 on"]);
}

#[test]
fn a_damaged_or_missing_index_is_told_with_the_way_out() {
    let dir = tempfile::tempdir().expect("a directory");
    let served = three_files(dir.path());
    let index = dir.path().join("copy/partnership-ledger.backup");
    let mut text = std::fs::read(&index).expect("readable");
    text[30] ^= 4;
    std::fs::write(&index, text).expect("writable");
    assert_refused(dir.path(), &served, &["partnership-ledger.backup: damaged", "restore --from -"]);
    std::fs::remove_file(&index).expect("removed");
    for outcome in [restore(&dir.path().join("copy"), &dir.path().join("restored")), backup(&served, &dir.path().join("copy"))] {
        assert!(outcome.code == 2 && outcome.error.contains("restore --from -"), "{}", outcome.error);
    }
    let nothing = restore(&dir.path().join("nothing"), &dir.path().join("restored"));
    assert!(nothing.code == 2 && nothing.error.contains("holds no backup"), "{}", nothing.error);
}

#[test]
fn a_ledger_is_restored_where_nothing_is_only() {
    let dir = tempfile::tempdir().expect("a directory");
    let ledger = closed_story(dir.path());
    let copy = dir.path().join("copy");
    let at_rest = || finish(program().args(["--json", "backup", "--data-dir"]).arg(&ledger).arg("--to").arg(&copy));
    assert_eq!(at_rest().code, 0);
    let before = names_in(dir.path());
    let file = dir.path().join("copy/lock");
    for (place, said) in [(&ledger, "is not empty"), (&copy, "is not empty"), (&file, "is no directory")] {
        let refused = restore(&copy, place);
        assert_eq!((refused.code, refused.out.as_str()), (2, ""));
        assert!(refused.error.contains(said), "{}", refused.error);
    }
    assert_eq!(names_in(dir.path()), before);
    assert_eq!(head(&at_rest().json()).0, 9, "the ledger is as it was");
    // Nor does a backup go where something else is.
    let into = finish(program().args(["backup", "--data-dir"]).arg(&ledger).arg("--to").arg(&ledger));
    assert!(into.code == 4 || into.code == 2, "{}", into.error);
    let foreign = dir.path().join("foreign");
    std::fs::create_dir(&foreign).expect("a directory");
    std::fs::write(foreign.join("photo.jpeg"), "…").expect("a file");
    let into = finish(program().args(["backup", "--data-dir"]).arg(&ledger).arg("--to").arg(&foreign));
    assert!(into.code == 2 && into.error.contains("holds photo.jpeg, and no backup"), "{}", into.error);
    assert_eq!(names_in(&foreign), ["photo.jpeg"]);
}

/// What a backup of another ledger comes to; the copy stays as it was, byte by byte.
fn refused_as_other(served: &Server, copy: &Path) -> Outcome {
    let files: Vec<_> = names_in(copy).iter().map(|name| std::fs::read(copy.join(name)).expect("readable")).collect();
    let refused = backup(served, copy);
    let after: Vec<_> = names_in(copy).iter().map(|name| std::fs::read(copy.join(name)).expect("readable")).collect();
    assert!(files == after, "the copy is as it was");
    refused
}

#[test]
fn another_ledger_is_not_added_to_a_copy() {
    let dir = tempfile::tempdir().expect("a directory");
    let copy = dir.path().join("copy");
    let served = Server::with_story();
    assert_eq!(backup(&served, &copy).code, 0);
    let shorter = Server::fresh();
    let refused = refused_as_other(&shorter, &copy);
    assert!(refused.code == 1 && refused.error.contains("goes up to position 9, the ledger only up to 0"), "{}", refused.error);
    for count in [9, 20] {
        let other = Server::fresh();
        record(&other.address, "other", count);
        let refused = refused_as_other(&other, &copy);
        assert!(refused.code == 1 && refused.error.contains("the copy up to position 9 is not of this ledger"), "{}", refused.error);
    }
}

/// Two ledgers that differ in one early record only.
#[test]
fn a_ledger_that_differs_early_is_found_by_the_root() {
    let dir = tempfile::tempdir().expect("a directory");
    let page = |first: u64, texts: &[&str]| {
        let mut records = Batch::new();
        texts.iter().for_each(|text| records.push(text.as_bytes()));
        RecordPage { first, records }
    };
    let copy = |name: &str, texts: &[&str]| {
        let mut folder = Folder::open(&dir.path().join(name)).expect("a folder");
        let mut chain = partnership_ledger::backup::Chain::default();
        assert!(chain.push(&page(1, texts)));
        let mut addition = folder.add(Growth::LastFile);
        addition.page(&page(1, texts)).expect("written");
        addition.commit(chain.head()).expect("kept");
        (folder, chain)
    };
    let (mut ours, _) = copy("ours", &["a", "b", "c"]);
    let (theirs, mut chain) = copy("theirs", &["x", "b", "c"]);
    let leaf = partnership_ledger::journal::leaf_hash(b"c");
    ours.check_ledger(3, Some(leaf)).expect("their last records are alike");
    assert!(matches!(ours.add(Growth::NewFile).commit(theirs.head()), Err(BackupError::OtherLedger { position: 3, .. })));
    assert!(chain.push(&page(4, &["d"])));
    let before = ours.head();
    let mut addition = ours.add(Growth::LastFile);
    addition.page(&page(4, &["d"])).expect("written");
    assert!(matches!(addition.commit(chain.head()), Err(BackupError::OtherLedger { position: 3, .. })));
    assert_eq!(ours.head(), before);
    drop(ours);
    let again = Folder::open(&dir.path().join("ours")).expect("what was there is whole");
    assert_eq!(again.head(), before);
    let busy = Folder::open(&dir.path().join("ours")).map(drop).expect_err("one at a time");
    assert!(matches!(busy, BackupError::InUse { .. }), "{busy}");
}

#[test]
fn a_backup_that_is_cut_off_leaves_nothing_that_looks_whole() {
    let dir = tempfile::tempdir().expect("a directory");
    let copy = dir.path().join("copy");
    let served = Server::fresh();
    record(&served.address, "some", 600);
    let through = |bytes: usize, words: &[&str]| {
        let address = cutting(&served.address, bytes);
        finish(program().args(["--json", "backup", "--address", &format!("http://{address}"), "--to"]).arg(&copy).args(words))
    };
    for bytes in [0, 200, 400_000] {
        let cut = through(bytes, &[]);
        assert_eq!((cut.code, cut.out.as_str()), (4, ""), "{}", cut.error);
        let refused = restore(&copy, &dir.path().join("restored"));
        assert!(refused.code == 2 && refused.error.contains("holds no backup"), "{}", refused.error);
    }
    let first = backup(&served, &copy).json();
    record(&served.address, "more", 600);
    assert_eq!(through(400_000, &[]).code, 4);
    let report = restore(&copy, &dir.path().join("restored")).json();
    assert_eq!(head(&report), head(&first), "what was there before is whole");
    assert!(backup(&served, &copy).json()["records"] == "600");
}

/// An address that leads to another, and is cut off after so many bytes of the answers.
fn cutting(to: &str, bytes: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let to = to.to_owned();
    std::thread::spawn(move || {
        let (client, _) = listener.accept().expect("a client");
        let server = TcpStream::connect(&to).expect("the server");
        let (mut asking, mut asked) = (client.try_clone().expect("a handle"), server.try_clone().expect("a handle"));
        std::thread::spawn(move || std::io::copy(&mut asking, &mut asked));
        let mut answers = server.try_clone().expect("a handle").take(bytes as u64);
        let mut client_side = client.try_clone().expect("a handle");
        let _ = std::io::copy(&mut answers, &mut client_side);
        let _ = client_side.flush();
        // Both ends learn of it.
        let _ = client.shutdown(std::net::Shutdown::Both);
        let _ = server.shutdown(std::net::Shutdown::Both);
    });
    address
}
