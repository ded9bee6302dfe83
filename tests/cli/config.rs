//! `config` and `serve --config`: options from a file; and what a service manager is told.

use crate::common::program::{STORY, finish, process, program};
use crate::common::server::Server;
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

#[test]
fn options_of_a_file_hold_unless_they_are_given_otherwise() {
    let dir = tempfile::tempdir().expect("a directory");
    let (ledger, file) = (dir.path().join("ledger"), dir.path().join("config.toml"));
    let text = format!(
        "data-dir = {:?}\nlisten = \"127.0.0.1:0\"\nworkers = 1\nsnapshot-every = 4\nobserve = \"127.0.0.1:0\"\n",
        ledger.display().to_string()
    );
    fs::write(&file, text).expect("written");
    let checked = finish(program().args(["config", "check"]).arg(&file));
    assert_eq!((checked.code, checked.out), (0, format!("{} is good: 5 options\n", file.display())), "{}", checked.error);
    let start = |environment: Option<(&str, &str)>, options: &[&str]| {
        let mut command = process();
        command.args(["serve", "--config"]).arg(&file).args(options).envs(environment);
        Server::start(&mut command).expect("it starts")
    };
    let mut served = start(None, &[]);
    assert!(served.observed().starts_with("127.0.0.1:"), "the file's option holds");
    assert_eq!(finish(served.command(&["append"]).write_stdin(STORY)).code, 0);
    served.terminate();
    // What is given goes before the file, and so does the environment.
    let other = dir.path().join("other");
    let other = other.to_str().expect("a path");
    let ways: [(_, &[&str]); 2] = [(None, &["--data-dir", other]), (Some(("PARTNERSHIP_LEDGER_DATA_DIR", other)), &[])];
    for (environment, options) in ways {
        let mut served = start(environment, options);
        assert_eq!(served.ask(&["records", "--from", "1", "--json"]).out, "");
        served.terminate();
    }
    let served = start(None, &[]);
    assert_eq!(served.ask(&["records", "--from", "1", "--json"]).out.lines().count(), 9);
}

#[test]
fn a_file_that_is_wrong_is_refused_with_every_fault_and_no_directory_is_made() {
    let dir = tempfile::tempdir().expect("a directory");
    let (ledger, file) = (dir.path().join("ledger"), dir.path().join("config.toml"));
    fs::write(&file, format!("data-dir = {:?}\ndata_dir = 1\nmemory = 1\nlisten = \"nowhere\"\n", ledger.display().to_string()))
        .expect("written");
    for words in [&["config", "check"][..], &["serve", "--config"]] {
        let outcome = finish(program().args(words).arg(&file));
        assert_eq!(outcome.code, 2, "{}", outcome.error);
        for fault in ["data_dir: serve has no such option; write data-dir", "'1' for '--memory <MIB>'", "'nowhere' for '--listen <ADDR>'"] {
            assert!(outcome.error.contains(fault), "{fault}: {}", outcome.error);
        }
    }
    // What options are together is seen when all are known.
    fs::write(&file, "tls-cert = \"cert.pem\"\n").expect("written");
    let outcome = finish(program().args(["serve", "--config"]).arg(&file));
    assert_eq!(outcome.code, 2);
    assert!(
        outcome.error.starts_with(&format!("with the options of {}:", file.display())) && outcome.error.contains("--tls-key"),
        "{}",
        outcome.error
    );
    let missing = finish(program().args(["serve", "--config", "/there/is/none"]));
    assert_eq!(missing.code, 2);
    assert!(missing.error.contains("/there/is/none is not good") && !ledger.exists(), "{}", missing.error);
}

#[test]
fn the_template_is_a_configuration() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("config.toml");
    fs::write(&file, finish(program().args(["config", "template"])).out).expect("written");
    let checked = finish(program().args(["config", "check"]).arg(&file));
    assert_eq!((checked.code, checked.out), (0, format!("{} is good: 0 options\n", file.display())));
}

/// What a service manager is told, up to a state.
fn told(socket: &UnixDatagram, until: &str) -> Vec<String> {
    let (mut told, begun) = (Vec::new(), Instant::now());
    while !told.iter().any(|state: &String| state == until) {
        assert!(begun.elapsed() < Duration::from_secs(30), "{until} is not among {told:?}");
        let mut bytes = [0; 4_096];
        if let Ok(length) = socket.recv(&mut bytes) {
            told.extend(String::from_utf8_lossy(&bytes[..length]).lines().map(str::to_owned));
        }
    }
    told
}

#[test]
fn a_service_manager_is_told_that_it_starts_serves_lives_and_ends() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout");
    let mut command = process();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(dir.path().join("ledger"));
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "200000");
    let mut served = Server::start(&mut command).expect("it starts");
    let begun = told(&socket, "READY=1");
    assert!(begun.iter().any(|state| state.starts_with("EXTEND_TIMEOUT_USEC=")), "{begun:?}");
    told(&socket, "WATCHDOG=1");
    assert_eq!(finish(served.command(&["append"]).write_stdin(STORY)).code, 0);
    told(&socket, "WATCHDOG=1");
    served.signal("-TERM");
    told(&socket, "STOPPING=1");
    assert_eq!(served.terminate().0.code(), Some(0));
}
