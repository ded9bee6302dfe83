//! A copy that is kept up: over restarts of the ledger and of the follower, and to a well-behaved end.

use crate::common::program::{Running, STORY_EVENTS, finish, process, program};
use crate::common::server::{Server, serving};
use crate::support::{Client, assert_is_copy, names_in, record, restore, stored_in};
use partnership_ledger::backup::{Folder, Index, hex};
use rand::RngExt as _;
use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// How long to wait for what must come.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Asks a process to end by a signal. Returns its exit code and what it said.
fn end(mut process: Running, signal: &str) -> (i32, String, String) {
    process.signal(signal);
    let (mut out, mut error) = (String::new(), String::new());
    process.0.stdout.take().expect("its output").read_to_string(&mut out).expect("text");
    process.0.stderr.take().expect("its errors").read_to_string(&mut error).expect("text");
    (process.0.wait().expect("it ends").code().expect("it ended by itself"), out, error)
}

/// An address that nobody listens at yet.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").to_string()
}

fn serve(ledger: &Path, address: &str) -> Server {
    Server::start(&mut serving(ledger, address)).unwrap_or_else(|not_started| panic!("{not_started:?}"))
}

/// Follows a ledger, which it looks at every so many seconds.
fn follow(address: &str, every: &str, copy: &Path) -> Running {
    let mut command = process();
    command.args(["--address", &format!("http://{address}"), "backup", "--follow", "--every", every, "--to"]).arg(copy);
    Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts"))
}

/// Waits until a copy has come to a position.
fn wait_for(copy: &Path, position: u64) -> Index {
    let started = Instant::now();
    loop {
        match Index::of(copy) {
            Ok(index) if index.position >= position => return index,
            _ => assert!(started.elapsed() < TIMEOUT, "the copy does not come to position {position}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_follower_waits_for_the_ledger_and_goes_on_after_it_was_killed() {
    let dir = tempfile::tempdir().expect("a directory");
    let (ledger, copy, address) = (dir.path().join("ledger"), dir.path().join("copy"), free_address());
    let follower = follow(&address, "0.05", &copy);
    let mut expected = 0;
    for round in 0..3 {
        let mut server = serve(&ledger, &address);
        let client = Client::start(&address, &format!("round-{round}"));
        while client.recorded() < 100 {
            std::thread::sleep(Duration::from_millis(5));
        }
        // In the middle of both.
        server.kill();
        expected += client.stop();
        let _restarted = serve(&ledger, &address);
        wait_for(&copy, expected);
    }
    let mut server = serve(&ledger, &address);
    record(&address, "last", 7);
    wait_for(&copy, expected + 7);
    let (code, out, error) = end(follower, "-TERM");
    assert_eq!(code, 0, "{error}");
    let index = Index::of(&copy).expect("a copy");
    let (position, root) = (index.position, hex(&index.head().root));
    assert_eq!(out.lines().last(), Some(format!("stopped at position {position}, tree root {root}").as_str()));
    assert!(out.lines().all(|line| line.contains(" more, ") || line.starts_with("stopped")), "{out}");
    assert!(error.contains("the ledger is away") && error.contains("the ledger is back"), "{error}");
    server.kill();
    assert_is_copy(&copy, &(position, root), &stored_in(&ledger));
}

#[test]
fn what_was_recorded_until_the_signal_is_in_the_copy() {
    let dir = tempfile::tempdir().expect("a directory");
    let (ledger, copy, address) = (dir.path().join("ledger"), dir.path().join("copy"), free_address());
    let _server = serve(&ledger, &address);
    for (signal, count) in [("-INT", 40), ("-TERM", 50)] {
        // It looks for something new once a day, but for the first time and at its end.
        let before = Index::of(&copy).map_or(0, |index| index.position);
        let follower = follow(&address, "86400", &copy);
        record(&address, &format!("{signal}-first"), 1);
        wait_for(&copy, before);
        std::thread::sleep(Duration::from_millis(300));
        record(&address, signal, count);
        let (code, out, error) = end(follower, signal);
        assert_eq!((code, error.as_str()), (0, ""), "{out}");
        assert_eq!(Index::of(&copy).expect("a copy").position, before + count + 1, "{out}");
    }
}

/// The follower is killed at any moment: what counts is whole, and the next one goes on from it.
#[test]
fn a_killed_follower_leaves_a_whole_copy() {
    let dir = tempfile::tempdir().expect("a directory");
    let (ledger, copy, address) = (dir.path().join("ledger"), dir.path().join("copy"), free_address());
    let mut server = serve(&ledger, &address);
    let client = Client::start(&address, "client");
    let rounds = std::env::var("FOLLOW_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(6);
    let mut before = 0;
    for _ in 0..rounds {
        let mut follower = follow(&address, "0.05", &copy);
        std::thread::sleep(Duration::from_millis(rand::rng().random_range(20..500)));
        follower.kill();
        if let Ok(index) = Index::of(&copy) {
            assert!(index.position >= before);
            before = index.position;
            assert_eq!(Folder::open(&copy).expect("whole").head(), index.head());
        }
    }
    let follower = follow(&address, "0.05", &copy);
    let expected = client.stop();
    let index = wait_for(&copy, expected);
    let second = finish(program().args(["--address", &format!("http://{address}"), "backup", "--to"]).arg(&copy));
    assert!(second.code == 4 && second.error.contains("another process is adding to this backup"), "{}", second.error);
    assert_eq!(end(follower, "-TERM").0, 0);
    server.kill();
    let stored = stored_in(&ledger);
    assert_eq!((index.position, index.files.len()), (stored.len() as u64, 1), "small additions go into the same file");
    assert_is_copy(&copy, &(index.position, hex(&index.head().root)), &stored);
    assert_eq!(names_in(&copy).len(), 3, "{:?}", names_in(&copy));
    let restored = restore(&copy, &dir.path().join("restored"));
    assert_eq!(restored.code, 0, "{}", restored.error);
}

#[test]
fn the_status_says_how_far_behind_a_copy_is() {
    let dir = tempfile::tempdir().expect("a directory");
    let (ledger, copy, address) = (dir.path().join("ledger"), dir.path().join("copy"), free_address());
    let mut server = serve(&ledger, &address);
    record(&address, "first", STORY_EVENTS);
    let program = |words: &[&str]| {
        finish(program().args(["--json", "--address", &format!("http://{address}"), "backup", "--to"]).arg(&copy).args(words))
    };
    assert_eq!(program(&["--status"]).code, 2, "there is no copy yet");
    assert_eq!(program(&[]).code, 0);
    let status = program(&["--status"]).json();
    assert_eq!((status["records_behind"].as_str(), status["seconds_behind"].as_f64()), (Some("0"), Some(0.0)));
    record(&address, "more", 5);
    let status = program(&["--status"]).json();
    assert_eq!(
        (status["position"].as_str(), status["ledger_position"].as_str(), status["records_behind"].as_str()),
        (Some("9"), Some("14"), Some("5"))
    );
    assert!(status["seconds_behind"].as_f64().is_some_and(|seconds| seconds > 0.0), "{status}");
    server.kill();
    let alone = program(&["--status"]);
    assert_eq!(alone.code, 4, "{}", alone.error);
    assert!(alone.out.contains(r#""ledger_position":null"#) && alone.out.contains(r#""position":"9""#), "{}", alone.out);
}
