//! `records --follow`: what comes is shown as it comes, also after the server was away.

use crate::PATIENCE;
use crate::common::program::{Running, STORY, finish, process, program};
use crate::common::server::{ANY_PORT, Server, serving};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

/// `records --follow` in a process of its own, and the lines that it writes.
struct Following {
    process: Running,
    lines: Receiver<String>,
}

impl Following {
    fn start(address: &str, words: &[&str]) -> Self {
        let mut command = process();
        command.args(["records", "--follow"]).args(words).env("PARTNERSHIP_LEDGER_ADDRESS", format!("http://{address}"));
        let mut process = Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts"));
        let out = BufReader::new(process.0.stdout.take().expect("its output"));
        let (sender, lines) = channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line))));
        Self { process, lines }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line in time")
    }

    /// The position of the record in the next line of JSON.
    fn position(&self) -> u64 {
        let record: serde_json::Value = serde_json::from_str(&self.line()).expect("JSON");
        record["position"].as_str().and_then(|position| position.parse().ok()).expect("a position")
    }

    /// Ends it by a signal; returns its exit code, and what it said on its standard error.
    fn end(mut self) -> (Option<i32>, String) {
        self.process.signal("-TERM");
        let status = self.process.0.wait().expect("it ends");
        let mut said = String::new();
        self.process.0.stderr.take().expect("its errors").read_to_string(&mut said).expect("text");
        (status.code(), said)
    }
}

fn append(address: &str, lines: &[&str]) {
    let mut command = program();
    command.args(["append"]).env("PARTNERSHIP_LEDGER_ADDRESS", format!("http://{address}"));
    let outcome = finish(command.write_stdin(lines.join("\n")));
    assert_eq!(outcome.code, 0, "{}", outcome.error);
}

fn again(dir: &Path, address: &str) -> Server {
    let begun = Instant::now();
    loop {
        match Server::start(&mut serving(dir, address)) {
            Ok(server) => return server,
            Err(not_started) => assert!(begun.elapsed() < PATIENCE, "{not_started:?}"),
        }
    }
}

#[test]
fn it_goes_on_by_itself_after_the_server_was_away() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(&mut serving(dir.path(), ANY_PORT)).expect("it starts");
    let address = server.address.clone();
    let story: Vec<&str> = STORY.lines().filter(|line| !line.is_empty()).collect();
    append(&address, &story[..4]);
    let from_the_first = Following::start(&address, &["--json", "--from", "1"]);
    let last_two = Following::start(&address, &["--json", "-n", "2"]);
    let filtered = Following::start(&address, &["--json", "--from", "1", "--type", "sale_recorded"]);
    assert_eq!([1, 2, 3, 4], std::array::from_fn(|_| from_the_first.position()));
    assert_eq!([3, 4], std::array::from_fn(|_| last_two.position()));
    assert_eq!(filtered.position(), 4);
    append(&address, &story[4..6]);
    for following in [&from_the_first, &last_two] {
        assert_eq!([5, 6], std::array::from_fn(|_| following.position()));
    }
    server.kill();
    let mut server = again(dir.path(), &address);
    append(&address, &story[6..]);
    for following in [&from_the_first, &last_two] {
        assert_eq!([7, 8, 9], std::array::from_fn(|_| following.position()), "nothing twice, nothing missing");
    }
    assert_eq!(filtered.position(), 5);
    for following in [from_the_first, last_two, filtered] {
        let (code, said) = following.end();
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("the ledger is away") && said.contains("the ledger is back"), "{said}");
    }
    assert!(server.terminate().0.success());
}

#[test]
fn people_get_lines_and_what_waiting_does_not_cure_ends_it() {
    let server = Server::with_story();
    let following = Following::start(&server.address, &["-n", "1"]);
    let header = following.line();
    assert!(header.contains("position") && header.contains("recorded by"), "{header}");
    following.line();
    let line = following.line();
    assert!(line.trim_start().starts_with("9 ") && line.contains("agreement_terminated"), "{line}");
    let event = r#"{"event_id":"00000000-0000-4000-8000-000000000099","occurred_at":"2025-07-01T00:00:00Z","partner_registered":{"partner_id":"new","display_name":"New","kind":"PARTNER_KIND_RESELLER"}}"#;
    append(&server.address, &[event]);
    let line = following.line();
    assert!(line.trim_start().starts_with("10 ") && line.contains("partner_registered"), "{line}");
    assert_eq!(following.end().0, Some(0));
    let unknown = server.ask(&["records", "--follow", "--from", "1", "--partner", "nobody"]);
    assert_eq!((unknown.code, unknown.error.contains("UNKNOWN_ID")), (3, true), "{}", unknown.error);
    let beyond = server.ask(&["records", "--follow", "--from", "100"]);
    assert!(beyond.error.contains("no record 100") && beyond.error.contains("--from 11"), "{}", beyond.error);
    assert_eq!((beyond.code, beyond.error.contains("POSITION_NOT_REACHED")), (1, true), "{}", beyond.error);
    let moment = server.ask(&["records", "--follow", "--as-of", "2025-12-31"]);
    assert_eq!(moment.code, 2, "{}", moment.error);
    let nobody = finish(program().args(["--address", "http://127.0.0.1:1", "records", "--follow"]));
    assert_eq!(nobody.code, 4, "{}", nobody.error);
}

/// `records --follow | head`, while nothing is recorded.
#[test]
fn it_ends_when_the_reader_of_its_output_has_gone_though_nothing_comes() {
    let server = Server::with_story();
    let mut command = process();
    command.args(["records", "--follow", "-n", "1"]).env("PARTNERSHIP_LEDGER_ADDRESS", format!("http://{}", server.address));
    let mut following = Running(command.stdout(Stdio::piped()).spawn().expect("it starts"));
    let mut out = BufReader::new(following.0.stdout.take().expect("its output"));
    let mut line = String::new();
    out.read_line(&mut line).expect("a line");
    let begun = Instant::now();
    drop(out);
    loop {
        if let Some(status) = following.0.try_wait().expect("it is ours") {
            assert_eq!(status.code(), Some(0));
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "it hangs");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
