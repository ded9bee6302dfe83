//! Copies made while clients append, added to, carried over a pipe, and restored.

use crate::common::program::{STORY, STORY_EVENTS, finish, process, program};
use crate::common::server::Server;
use crate::support::{Client, assert_is_copy, backup, closed_story, copied_to, head, names_in, record, restore, root_of, stored_in};
use std::path::Path;
use std::process::Stdio;

const EMPTY_ROOT: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Two ledgers answer the same to whoever asks about the story.
fn assert_same_answers(one: &Server, other: &Server) {
    let questions: [&[&str]; 7] = [
        &["--json", "balance"],
        &["--json", "statement", "acme"],
        &["statement", "acme", "--month", "2025-03"],
        &["--json", "lead", "lead-1"],
        &["explain", "sale-1"],
        &["--json", "records", "--from", "1", "--partner", "acme"],
        &["trial-balance"],
    ];
    for words in questions {
        let [one, other] = [one, other].map(|served| served.ask(words));
        assert_eq!((one.code, other.code), (0, 0), "{words:?}: {}{}", one.error, other.error);
        assert!(one.out == other.out, "{words:?}:\n{}\n{}", one.out, other.out);
    }
}

#[test]
fn a_copy_made_while_clients_append_is_exact_up_to_where_it_began() {
    let dir = tempfile::tempdir().expect("a directory");
    let ledger = dir.path().join("ledger");
    let mut served = Server::on(&ledger);
    record(&served.address, "before", 1_000);
    let clients: Vec<_> = (0..4).map(|number| Client::start(&served.address, &format!("client-{number}"))).collect();
    let mut copies = Vec::new();
    for number in 0..3 {
        let before: u64 = 1_000 + clients.iter().map(Client::recorded).sum::<u64>();
        let copy = dir.path().join(format!("copy-{number}"));
        let outcome = backup(&served, &copy);
        assert_eq!(outcome.code, 0, "{}", outcome.error);
        let report = head(&outcome.json());
        assert!(report.0 >= before, "what was acknowledged before is in the copy: {} of {before}", report.0);
        copies.push((copy, report));
    }
    let added = backup(&served, &copies[0].0);
    let recorded: u64 = clients.into_iter().map(Client::stop).sum();
    served.kill();
    let stored = stored_in(&ledger);
    assert!(recorded > 0 && stored.len() as u64 >= 1_000 + recorded);
    assert!(copies[0].1.0 < copies[2].1.0, "clients went on meanwhile: {:?}", copies.iter().map(|copy| copy.1.0).collect::<Vec<_>>());
    copies[0].1 = head(&added.json());
    for (copy, report) in &copies {
        assert_is_copy(copy, report, &stored);
    }
}

#[test]
fn what_is_restored_elsewhere_has_the_same_root_and_gives_the_same_answers() {
    let dir = tempfile::tempdir().expect("a directory");
    let (copy, restored) = (dir.path().join("copy"), dir.path().join("elsewhere").join("ledger"));
    let served = Server::with_story();
    let copied = backup(&served, &copy).json();
    let outcome = restore(&copy, &restored);
    assert_eq!((outcome.code, outcome.error.as_str()), (0, ""));
    assert_eq!(head(&outcome.json()), head(&copied));
    let checked = finish(program().args(["--json", "verify", "--data-dir"]).arg(&restored)).json();
    assert_eq!(head(&checked), head(&copied));
    assert_eq!(names_in(restored.parent().expect("a parent")), ["ledger"], "nothing else is left");
    let other = Server::on(&restored);
    assert_same_answers(&other, &served);
    // It goes on as the other does.
    let again = finish(other.command(&["append"]).write_stdin(STORY));
    assert_eq!(again.out, format!("0 recorded, {STORY_EVENTS} recorded before; the ledger is at position {STORY_EVENTS}\n"));
    record(&other.address, "new", 3);
    let more = backup(&other, &copy).json();
    assert_eq!((head(&more).0, more["records"].as_str()), (STORY_EVENTS + 3, Some("3")), "the copy goes on with the restored ledger");
}

#[test]
fn a_second_backup_adds_only_what_is_new() {
    let dir = tempfile::tempdir().expect("a directory");
    let copy = dir.path().join("copy");
    let served = Server::fresh();
    let mut sizes = Vec::new();
    for (round, count) in [0, 300, 0, 1, 400].into_iter().enumerate() {
        let before = if copy.exists() { files_of(&copy) } else { Vec::new() };
        record(&served.address, &format!("round-{round}"), count);
        let report = backup(&served, &copy).json();
        assert_eq!(report["records"].as_str(), Some(count.to_string().as_str()));
        let after = files_of(&copy);
        assert_eq!(after[..before.len()], before, "what was there is left as it was");
        assert_eq!(after.len() - before.len(), usize::from(count > 0));
        sizes.push(head(&report).0);
    }
    assert_eq!(sizes, [0, 300, 300, 301, 701]);
    let copied = copied_to(&copy);
    let report = restore(&copy, &dir.path().join("ledger")).json();
    assert_eq!(head(&report), (701, root_of(copied.iter().map(Vec::as_slice))));
}

/// Names and content of the files with records.
fn files_of(copy: &Path) -> Vec<(String, Vec<u8>)> {
    let names = names_in(copy).into_iter().filter(|name| name.ends_with(".records"));
    names.map(|name| (name.clone(), std::fs::read(copy.join(&name)).expect("readable"))).collect()
}

#[test]
fn a_backup_is_restored_through_a_pipe() {
    let dir = tempfile::tempdir().expect("a directory");
    let served = Server::with_story();
    record(&served.address, "more", 600);
    let mut from = process()
        .args(["--json", "backup", "--to", "-", "--address", &format!("http://{}", served.address)])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let restored = dir.path().join("restored");
    let to = process()
        .args(["--json", "restore", "--from", "-", "--data-dir"])
        .arg(&restored)
        .stdin(from.stdout.take().expect("its output"))
        .output()
        .expect("it runs");
    let from = from.wait_with_output().expect("it ends");
    assert!(from.status.success() && to.status.success(), "{from:?} {to:?}");
    let told = |text: &[u8]| head(&serde_json::from_slice(text).expect("JSON"));
    assert_eq!(told(&from.stderr), told(&to.stdout));
    assert_eq!(told(&to.stdout).0, STORY_EVENTS + 600);
    assert_same_answers(&Server::on(&restored), &served);
}

#[test]
fn a_reader_that_goes_away_makes_no_whole_backup() {
    let served = Server::fresh();
    record(&served.address, "many", 1_000);
    let mut from = process()
        .args(["backup", "--to", "-", "--address", &format!("http://{}", served.address)])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(from.stdout.take());
    let outcome = from.wait_with_output().expect("it ends");
    let error = String::from_utf8(outcome.stderr).expect("text");
    assert!(outcome.status.code() == Some(1) && error.contains("writing the standard output"), "{error}");
}

#[test]
fn the_files_of_a_copy_one_behind_the_other_are_a_stream() {
    let dir = tempfile::tempdir().expect("a directory");
    let copy = dir.path().join("copy");
    let served = Server::with_story();
    backup(&served, &copy);
    record(&served.address, "more", 10);
    let report = backup(&served, &copy).json();
    let joined: Vec<u8> = files_of(&copy).into_iter().flat_map(|(_, bytes)| bytes).collect();
    let restored = dir.path().join("restored");
    let stream =
        |bytes: Vec<u8>| finish(program().args(["--json", "restore", "--from", "-", "--data-dir"]).arg(&restored).write_stdin(bytes));
    for cut in [0, 3, 100, joined.len() / 2, joined.len() - 1] {
        let refused = stream(joined[..cut].to_vec());
        assert_eq!(refused.code, 1, "{cut}: {}", refused.error);
        assert!(refused.error.contains("the standard input: damaged at byte ") && !restored.exists(), "{}", refused.error);
    }
    let checked = finish(program().args(["--json", "restore", "--dry-run", "--from", "-"]).write_stdin(joined.clone())).json();
    assert_eq!((head(&checked), restored.exists()), (head(&report), false));
    assert_eq!(head(&stream(joined).json()), head(&report));
}

#[test]
fn a_ledger_that_nobody_serves_is_copied_from_its_directory() {
    let dir = tempfile::tempdir().expect("a directory");
    let ledger = closed_story(dir.path());
    let at_rest = |to: &Path| finish(program().args(["--json", "backup", "--data-dir"]).arg(&ledger).arg("--to").arg(to));
    let copy = dir.path().join("copy");
    let report = at_rest(&copy).json();
    assert_is_copy(&copy, &head(&report), &stored_in(&ledger));
    let served = Server::on(&ledger);
    let in_use = at_rest(&dir.path().join("other"));
    assert!(in_use.code == 4 && in_use.error.contains("in use by another process"), "{}", in_use.error);
    // The same copy goes on with the running ledger.
    record(&served.address, "more", 5);
    let more = backup(&served, &copy).json();
    assert_eq!((more["records"].as_str(), head(&more).0), (Some("5"), STORY_EVENTS + 5));
    let nothing = finish(program().args(["backup", "--data-dir"]).arg(dir.path().join("nix")).arg("--to").arg(&copy));
    assert!(nothing.code == 2 && nothing.error.contains("holds no ledger"), "{}", nothing.error);
    assert!(!dir.path().join("nix").exists(), "no ledger was made to be copied");
}

#[test]
fn an_empty_ledger_is_copied_and_restored() {
    let dir = tempfile::tempdir().expect("a directory");
    let (copy, restored) = (dir.path().join("copy"), dir.path().join("restored"));
    let served = Server::fresh();
    assert_eq!(head(&backup(&served, &copy).json()), (0, EMPTY_ROOT.to_owned()));
    std::fs::create_dir(&restored).expect("an empty directory");
    assert_eq!(head(&restore(&copy, &restored).json()), (0, EMPTY_ROOT.to_owned()));
    let mut other = Server::on(&restored);
    assert_eq!(other.says(), "replayed 0 records: the ledger is empty");
}

#[test]
fn reports_are_for_people_too() {
    let dir = tempfile::tempdir().expect("a directory");
    let copy = dir.path().join("copy");
    let served = Server::with_story();
    let copied = finish(served.command(&["backup", "--to"]).arg(&copy)).out;
    assert!(copied.starts_with("position 9, tree root ") && copied.contains(": 9 records copied, "), "{copied}");
    let restored =
        finish(program().args(["--lang", "th", "restore", "--from"]).arg(&copy).arg("--data-dir").arg(dir.path().join("ledger")));
    assert!(restored.out.starts_with("ลำดับที่ 9 "), "{}{}", restored.out, restored.error);
    record(&served.address, "more", 2);
    let status = finish(served.command(&["backup", "--status", "--to"]).arg(&copy)).out;
    assert!(status.contains("2 records, the oldest recorded "), "{status}");
    for words in [&["--follow"][..], &["--status"]] {
        let refused = finish(served.command(&["backup", "--to", "-"]).args(words));
        assert!(refused.code == 2 && refused.error.contains("--to DIR"), "{}", refused.error);
    }
}
