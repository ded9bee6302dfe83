//! Running a ledger: serving, ending, checking its directory; the demo, completions, and readers that go away.

use crate::common::program::{STORY, finish, process, program};
use crate::common::server::{ANY_PORT, Server, serving};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

/// A user who owns nothing.
const NOBODY: u32 = 65_534;

/// A directory with a ledger of the story that nobody serves.
fn closed_ledger(dir: &Path) -> PathBuf {
    let ledger = dir.join("ledger");
    let mut served = Server::on(&ledger);
    assert_eq!(finish(served.command(&["append"]).write_stdin(STORY)).code, 0);
    let (status, _) = served.terminate();
    assert_eq!(status.code(), Some(0));
    ledger
}

#[test]
fn it_says_where_it_listens_and_what_it_replayed() {
    let dir = tempfile::tempdir().expect("a directory");
    let ledger = closed_ledger(dir.path());
    let mut served = Server::on(&ledger);
    let line = served.says();
    assert!(line.starts_with("replayed 9 records in ") && line.ends_with(" a second)"), "{line}");
    assert_eq!(served.ask(&["records", "--from", "9"]).code, 0);
}

#[test]
fn it_says_which_ledger_it_serves_and_that_it_begins_a_new_one() {
    let dir = tempfile::tempdir().expect("a directory");
    let ledger = dir.path().join("ledger");
    let program = concat!("partnership-ledger ", env!("CARGO_PKG_VERSION"));
    let mut served = Server::on(&ledger);
    served.says();
    assert_eq!(served.says(), format!("{program} begins a new ledger in {}", ledger.display()));
    assert_eq!(finish(served.command(&["append"]).write_stdin(STORY)).code, 0);
    served.terminate();
    let mut served = Server::on(&ledger);
    served.says();
    assert_eq!(served.says(), format!("{program} serves the ledger in {}, of 9 records", ledger.display()));
}

#[test]
fn a_directory_of_other_files_is_refused_and_stays_as_it_is() {
    let dir = tempfile::tempdir().expect("a directory");
    for name in ["a.txt", "b.txt", "c.txt", "d.txt"] {
        fs::write(dir.path().join(name), "mine").expect("written");
    }
    let before = files(dir.path());
    for options in [&[][..], &["--dev"]] {
        let outcome = finish(program().args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(dir.path()).args(options));
        assert_eq!((outcome.code, outcome.out.as_str()), (2, ""), "{}", outcome.error);
        let says =
            format!("error: {} holds no ledger, but other files (a.txt, b.txt, c.txt and 1 more): check --data-dir", dir.path().display());
        assert!(outcome.error.starts_with(&says), "{}", outcome.error);
    }
    assert!(files(dir.path()) == before, "nothing is written");
}

#[test]
fn files_that_belong_to_a_new_ledger_are_no_reason_to_refuse_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = dir.path().join("calls.log");
    fs::write(&log, "").expect("written");
    let mut served = Server::with_options(dir.path(), &["--access-log", log.to_str().expect("a path")]);
    assert_eq!(served.terminate().0.code(), Some(0));
    // Its log lost, it is rebuilt from the store and not begun anew.
    fs::remove_dir_all(dir.path().join("wal")).expect("the log");
    let mut served = Server::on(dir.path());
    served.says();
    assert!(served.says().contains(" serves the ledger in "));
}

#[test]
fn sigterm_ends_it_with_0_although_a_client_stays_connected() {
    let mut served = Server::with_story();
    let idle = TcpStream::connect(&served.address).expect("a connection");
    let (status, took) = served.terminate();
    assert_eq!(status.code(), Some(0));
    assert!(took < Duration::from_secs(10), "{took:?}");
    drop(idle);
}

#[test]
fn a_second_server_on_the_directory_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let ledger = dir.path().join("ledger");
    let served = Server::on(&ledger);
    for words in [&["serve", "--listen", "127.0.0.1:0", "--data-dir"][..], &["verify", "--data-dir"]] {
        let second = finish(program().args(words).arg(&ledger).env("RUST_LOG", "error"));
        assert_eq!((second.code, second.out.as_str()), (4, ""));
        assert!(second.error.starts_with("error: ") && second.error.contains("in use by another process"), "{}", second.error);
        assert_eq!(second.error.lines().count(), 1, "{}", second.error);
    }
    let other = dir.path().join("other");
    let taken = finish(program().args(["serve", "--listen", &served.address, "--data-dir"]).arg(&other));
    assert_eq!(taken.code, 4, "{}", taken.error);
    assert!(!other.exists(), "a start that fails for its address leaves no directory");
}

#[test]
fn what_it_writes_is_for_its_own_user_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    let ledger = closed_ledger(dir.path());
    let mode = std::fs::metadata(&ledger).expect("the directory").permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "{mode:o}");
    for file in ["lock", "checkpoint", "store/db"] {
        let mode = std::fs::metadata(ledger.join(file)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}: {mode:o}");
    }
}

#[test]
fn a_terminal_that_goes_away_does_not_end_it() {
    let mut served = Server::with_story();
    for _ in 0..3 {
        served.signal("-HUP");
        assert_eq!(served.ask(&["records", "--from", "9"]).code, 0);
    }
    assert_eq!(served.terminate().0.code(), Some(0));
}

#[test]
fn a_pipe_in_place_of_a_file_is_refused_by_serve_and_verify() {
    let dir = tempfile::tempdir().expect("a directory");
    let ledger = closed_ledger(dir.path());
    std::fs::remove_file(ledger.join("checkpoint")).expect("it was there");
    assert!(std::process::Command::new("mkfifo").arg(ledger.join("checkpoint")).status().expect("mkfifo runs").success());
    for words in [&["serve", "--listen", "127.0.0.1:0", "--data-dir"][..], &["verify", "--data-dir"]] {
        let outcome = finish(program().args(words).arg(&ledger));
        assert_eq!((outcome.code, outcome.out.as_str()), (1, ""), "{}", outcome.error);
        assert!(outcome.error.contains("checkpoint is neither a regular file nor a directory"), "{}", outcome.error);
    }
}

#[test]
fn settings_of_the_log_that_say_nothing_are_as_good_as_none() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut serving = process();
    serving.args(["serve", "--listen", "0.0.0.0:0", "--insecure", "--data-dir"]).arg(dir.path().join("ledger")).env("RUST_LOG", "");
    serving.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut serving = serving.spawn().expect("it starts");
    // A disk that is nearly full is warned of first, wherever this runs.
    let mut lines = BufReader::new(serving.stderr.take().expect("piped")).lines().map_while(Result::ok);
    let line = lines.find(|line| !line.contains("the disk fills")).unwrap_or_default();
    serving.kill().expect("it runs");
    serving.wait().expect("it ends");
    assert!(line.contains("without TLS or authentication"), "{line}");
}

#[test]
fn the_log_says_what_was_appended_and_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = dir.path().join("log");
    let mut serving = serving(&dir.path().join("ledger"), ANY_PORT);
    serving.stderr(fs::File::create(&log).expect("a file")).args(["--log-format", "json"]);
    let mut served = Server::start(&mut serving).expect("it starts");
    assert_eq!(finish(served.command(&["append"]).write_stdin(STORY)).code, 0);
    assert_eq!(finish(served.command(&["append"]).write_stdin(STORY)).code, 0);
    let unknown = STORY.lines().nth(1).expect("the agreement").replace("000000000002", "000000000099").replace("acme", "nobody");
    assert_eq!(finish(served.command(&["append"]).write_stdin(unknown)).code, 3);
    assert_eq!(served.terminate().0.code(), Some(0));
    let log = fs::read_to_string(log).expect("text");
    let lines = log.lines().filter(|line| line.contains("events appended"));
    let said: Vec<Value> = lines.map(|line| serde_json::from_str(line).expect("JSON")).collect();
    // One line, unless a minute went by.
    let sum = |name: &str| said.iter().filter_map(|line| line[name].as_u64()).sum::<u64>();
    assert_eq!((sum("recorded"), sum("duplicates"), sum("refused")), (9, 9, 1), "{log}");
    assert!(said.iter().all(|line| line["level"] == "INFO") && said.iter().any(|line| line["reasons"] == "UNKNOWN_ID 1"), "{log}");
}

#[test]
fn a_whole_ledger_passes_the_check() {
    let dir = tempfile::tempdir().expect("a directory");
    let ledger = closed_ledger(dir.path());
    let before = files(&ledger);
    let outcome = finish(program().args(["verify", "--data-dir"]).arg(&ledger));
    assert_eq!((outcome.code, outcome.error.as_str()), (0, ""), "{}", outcome.out);
    assert!(files(&ledger) == before, "it is only read");
    assert!(outcome.out.contains("zero at every position replayed") && outcome.out.ends_with("all is well\n"), "{}", outcome.out);
    let answer = finish(program().args(["verify", "--json", "--data-dir"]).arg(&ledger)).json();
    assert_eq!((answer["position"].as_str(), answer["problems"].as_array().map(Vec::len)), (Some("9"), Some(0)));
    let root = answer["tree_root"].as_str().expect("a root");
    assert_eq!(root.len(), 64);
}

/// All files below a directory with their content.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), std::fs::read(&path).expect("readable"));
        }
    }
    found
}

#[test]
fn a_damaged_ledger_fails_the_check_and_is_not_served() {
    let dir = tempfile::tempdir().expect("a directory");
    let ledger = closed_ledger(dir.path());
    flip_a_byte_of_the_log(&ledger);
    std::fs::remove_dir_all(ledger.join("store")).expect("the store is gone too");
    let outcome = finish(program().args(["verify", "--data-dir"]).arg(&ledger));
    assert_eq!(outcome.code, 1);
    assert!(outcome.out.contains("problem: wal/") && outcome.error.ends_with("found\n"), "{}{}", outcome.out, outcome.error);
    let answer = finish(program().args(["verify", "--json", "--data-dir"]).arg(&ledger));
    assert_eq!(answer.code, 1);
    assert!(answer.out.contains("\"problems\":[\""), "{}", answer.out);
    let served = finish(program().args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(&ledger));
    assert_eq!((served.code, served.out.as_str()), (1, ""));
    assert!(served.error.lines().last().is_some_and(|line| line.starts_with("error: ")), "{}", served.error);
}

#[test]
fn a_damaged_end_is_given_up_by_order_only() {
    let dir = tempfile::tempdir().expect("a directory");
    let ledger = dir.path().join("ledger");
    let mut served = Server::on(&ledger);
    let registered = r#"{"event_id":"018f4c2e-7d10-7c3a-9b1e-5a0d6f2b8c01","occurred_at":"2025-01-01T00:00:00Z",
        "partner_registered":{"partner_id":"acme","display_name":"Acme","kind":"PARTNER_KIND_RESELLER"}}"#;
    let file = dir.path().join("events.jsonl");
    std::fs::write(&file, registered.replace('\n', " ")).expect("writable");
    assert_eq!(served.ask(&["append", file.to_str().expect("a path")]).code, 0);
    served.kill();
    // Neither the store nor the checkpoint may say what was there.
    std::fs::remove_dir_all(ledger.join("store")).expect("the store");
    std::fs::remove_file(ledger.join("checkpoint")).expect("the checkpoint");
    flip_a_byte_of_the_log(&ledger);
    let refused = finish(program().args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(&ledger));
    assert_eq!(refused.code, 1, "{}", refused.error);
    assert!(refused.error.lines().last().is_some_and(|line| line.contains("serve --cut-damaged-tail")), "{}", refused.error);
    let mut served = Server::with_options(&ledger, &["--cut-damaged-tail"]);
    assert_eq!(served.says(), "replayed 0 records: the ledger is empty");
}

/// Somewhere within the first record, behind the segment's header.
fn flip_a_byte_of_the_log(ledger: &Path) {
    let mut segments: Vec<PathBuf> =
        std::fs::read_dir(ledger.join("wal")).expect("the log").map(|entry| entry.expect("an entry").path()).collect();
    segments.sort();
    let segment = segments.first().expect("a segment");
    let mut bytes = std::fs::read(segment).expect("readable");
    let name = b"Acme";
    let at = bytes.windows(name.len()).position(|window| window == name).expect("the record is there");
    bytes[at] ^= 1;
    std::fs::write(segment, bytes).expect("writable");
}

#[test]
fn the_demo_tells_its_stories_and_how_to_go_on() {
    let outcome = finish(program().arg("demo"));
    assert_eq!((outcome.code, outcome.error.as_str()), (0, ""), "{}", outcome.out);
    for word in [
        "= payable      10000.00",
        "refused: EXCEEDS_PAYABLE: ",
        "refused: EXCLUSIVITY_CONFLICT: ",
        "360.00 USD of beacon",
        "END_ACQUIRER_KEEPS",
        "END_TO_HOUSE",
        "OUTSIDE_WINDOW",
        "20 % of each sale, for 12 months",
        "-100.00",
        "10 % (50 of 500)",
        "1150 % (23000.00 of 2000.00)",
        "300 % (150000 of 50000)",
        "unequal effort",
        "= payable      15000.00",
        "500000.00 USD  500000.00 USD",
        "next: review the results",
        "27.76 % (90700.00 of 326700.00)",
        "agreement quarry-1 (60 %): 1200.00 USD were earned by rule share: 20 % of 6000.01 USD",
        "The sale was voided, with 100.00 USD left of it; 10.00 USD of commission were taken back",
        "of it awaiting customers' payments",
        "recruiters-recruiter: 10 % of what is earned by agreements 2 levels below this one",
        "agreement maple-1 (2 above cedar-1): 4.00 USD were earned by rule recruiters-recruiter: 10 % of 40.00 USD",
        "failed 2026-02-03",
        "settled 2026-02-06",
        "partnership-ledger serve --data-dir",
    ] {
        assert!(outcome.out.contains(word), "{word:?} is missing:\n{}", outcome.out);
    }
}

#[test]
fn the_demo_is_told_in_thai_as_well() {
    let outcome = finish(program().args(["--lang", "th", "demo"]));
    assert_eq!((outcome.code, outcome.error.as_str()), (0, ""), "{}", outcome.out);
    for word in ["แคมเปญที่ 1", "23,000.00", "EXCEEDS_PAYABLE", "2568"] {
        assert!(outcome.out.contains(word), "{word:?} is missing:\n{}", outcome.out);
    }
}

#[test]
fn completions_name_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let outcome = finish(program().args(["completions", shell]));
        assert_eq!(outcome.code, 0);
        assert!(outcome.out.contains("trial-balance") && outcome.out.contains("as-of-position"), "{shell}");
    }
}

#[test]
fn its_version_is_one_that_the_changelog_tells_of() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(finish(program().arg("--version")).out, format!("partnership-ledger {version}\n"));
    assert!(include_str!("../../CHANGELOG.md").contains(&format!("\n## [{version}] - 2")), "no heading of {version}");
}

/// What bash completes the last of some words to.
fn completed_by_bash(script: &str, words: &[&str]) -> Vec<String> {
    let (current, previous) = (words[words.len() - 1], words[words.len() - 2]);
    let quoted = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
    let asked = format!(
        "{script}\nCOMP_WORDS=({quoted}); COMP_CWORD={}\n_partnership__ledger partnership-ledger '{current}' '{previous}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.len() - 1
    );
    let outcome = finish(assert_cmd::Command::new("bash").args(["--norc", "--noprofile"]).write_stdin(asked));
    assert_eq!((outcome.code, outcome.error.as_str()), (0, ""), "{words:?}");
    outcome.out.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn bash_completes_subcommands_their_options_and_values() {
    let script = finish(program().args(["completions", "bash"])).out;
    let completed = |words: &[&str]| completed_by_bash(&script, &[&["partnership-ledger"], words].concat());
    assert_eq!(completed(&["trial"]), ["trial-balance"]);
    assert_eq!(completed(&["statement", "acme", "--mon"]), ["--month"]);
    assert_eq!(completed(&["statement", "acme", "--format", ""]), ["text", "json", "csv", "html"]);
    assert_eq!(completed(&["serve", "--log-format", "j"]), ["json"]);
    assert_eq!(completed(&["trial-balance", "--lang", "t"]), ["th"]);
    assert_eq!(completed(&["checkpoint-key", "new", "key", "--ori"]), ["--origin"]);
    assert_eq!(completed(&["--lang", "th", "completions", "z"]), ["zsh"]);
}

#[test]
fn fish_completes_values_where_it_is_installed() {
    if installed("fish").is_none() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let script = dir.path().join("completions.fish");
    fs::write(&script, finish(program().args(["completions", "fish"])).out).expect("written");
    let asked = format!("source {}; complete -C 'partnership-ledger statement acme --format c'", script.display());
    let outcome = finish(assert_cmd::Command::new("fish").args(["--no-config", "-c", &asked]));
    assert!(outcome.out.lines().any(|line| line.starts_with("csv")), "{}{}", outcome.out, outcome.error);
}

/// Where a program is, if it is installed.
fn installed(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|dir| dir.join(name)).find(|path| path.is_file())
}

#[test]
fn help_tells_the_exit_codes() {
    let outcome = finish(program().arg("--help"));
    assert_eq!(outcome.code, 0);
    assert!(outcome.out.contains("Exit codes:") && outcome.out.contains("  4  the ledger cannot be reached"), "{}", outcome.out);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let served = Server::with_story();
    let sale = STORY.lines().nth(4).expect("the sale");
    let sales: Vec<String> = (0..3_000)
        .map(|number| {
            sale.replace("saleRecorded\":{\"saleId\":\"sale-1", &format!("saleRecorded\":{{\"saleId\":\"s-{number}"))
                .replace("000000000004", &format!("1{number:011}"))
        })
        .collect();
    assert_eq!(finish(served.command(&["append"]).write_stdin(sales.join("\n"))).code, 0);
    for words in [&["records", "--from", "1", "--json"][..], &["statement", "acme"], &["completions", "zsh"]] {
        let mut child = process()
            .args(words)
            .env("PARTNERSHIP_LEDGER_ADDRESS", &served.address)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut first = String::new();
        // The reader is dropped after one line, and the pipe with it.
        BufReader::with_capacity(16, child.stdout.take().expect("its output")).read_line(&mut first).expect("a line");
        let status = child.wait().expect("it ends");
        let mut error = String::new();
        child.stderr.take().expect("its errors").read_to_string(&mut error).expect("text");
        assert_eq!((status.code(), error.as_str()), (Some(0), ""), "{words:?}");
    }
}

/// A command without the rights of root, who may read everything.
fn without_rights(words: &[&str], path: &Path) -> assert_cmd::Command {
    let mut command = process();
    command.args(words).arg(path);
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    assert_cmd::Command::from_std(command)
}

#[test]
fn what_the_system_does_not_permit_is_the_callers_to_mend() {
    let dir = tempfile::tempdir().expect("a directory");
    let ledger = closed_ledger(dir.path());
    let file = dir.path().join("events.jsonl");
    fs::write(&file, STORY).expect("written");
    for open in [dir.path(), &ledger] {
        fs::set_permissions(open, Permissions::from_mode(0o755)).expect("its mode is set");
    }
    let inside = fs::read_dir(&ledger).expect("a directory").map(|entry| entry.expect("an entry").path());
    for closed in inside.filter(|path| path.is_file()).chain([file.clone()]) {
        fs::set_permissions(closed, Permissions::from_mode(0o000)).expect("its mode is set");
    }
    for (words, path) in
        [(&["append"][..], &file), (&["verify", "--data-dir"], &ledger), (&["serve", "--listen", "127.0.0.1:0", "--data-dir"], &ledger)]
    {
        let outcome = finish(&mut without_rights(words, path));
        assert_eq!(outcome.code, 2, "{words:?}: {}", outcome.error);
        assert!(outcome.error.contains("Permission denied"), "{words:?}: {}", outcome.error);
    }
}
