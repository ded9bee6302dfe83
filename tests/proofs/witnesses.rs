//! Ledgers ask witnesses, which cosign one history alone; without them the ledger goes on, or gives nothing out.

use crate::common::server::{Server, get};
use crate::support::{Witness, World, record, run, text};
use partnership_ledger::proofs::{Note, VerifierKey};
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

#[test]
fn witnesses_cosign_what_goes_on_over_restarts_of_either_side() {
    let world = World::new();
    let (mut one, two) = (world.witness("one"), world.witness("two"));
    world.ask(&[&one, &two], 2);
    let mut server = world.serve_witnessed("data", &[]);
    for (number, size) in [("a", 5), ("b", 10), ("c", 15)] {
        record(&server, number, 5);
        let answer = server.ask(&["checkpoint", "--min-position", &size.to_string(), "--json"]).json();
        assert_eq!(answer["cosigned_by"], serde_json::json!(["one", "two"]), "{answer}");
        assert_eq!((&answer["is_quorum"], &answer["position"]), (&Value::from(true), &Value::from(size.to_string())));
        let note = Note::parse(answer["checkpoint"].as_str().expect("a note")).expect("a note");
        for witness in [&one, &two] {
            assert!(VerifierKey::parse(&witness.verifier).expect("a key").check(&note).expect("cosigned") > 1_700_000_000);
        }
        // Either begins anew in between.
        one.kill();
        one.start(&world);
        server.terminate();
        server = world.serve_witnessed("data", &[]);
    }
    world.audit_well(&server, 15);
    let (proof, bytes) = (world.path("proof"), world.path("bytes"));
    assert_eq!(server.ask(&["proof", "3", "--out", text(&proof), "--record-out", text(&bytes)]).code, 0);
    drop(server);
    let outcome = run(&["verify-proof", text(&proof), "--record", text(&bytes), "--policy", text(&world.path("policy"))]);
    assert!(outcome.code == 0 && outcome.out.contains("cosigned by one, two"), "{}{}", outcome.out, outcome.error);
}

#[test]
fn without_a_witness_the_ledger_goes_on_and_says_so() {
    let world = World::new();
    let (one, mut two) = (world.witness("one"), world.witness("two"));
    world.ask(&[&one, &two], 2);
    two.kill();
    let server = world.serve_witnessed("data", &[]);
    record(&server, "a", 3);
    let outcome = server.ask(&["checkpoint", "--min-position", "3"]);
    assert_eq!(outcome.code, 0, "{}", outcome.error);
    for said in ["cosigned by one", "not cosigned by two: ", "fewer than the ledger's own policy asks for"] {
        assert!(outcome.error.contains(said), "{said}: {}", outcome.error);
    }
    // Whose policy asks for both does not believe it.
    let audit = world.audit(&server);
    assert!(audit.code == 1 && audit.error.contains("too few cosignatures"), "{}", audit.error);
    assert!(!world.path("auditor").join("evidence-1").exists(), "a witness that is away proves nothing");
    two.start(&world);
    record(&server, "b", 1);
    assert_eq!(server.ask(&["checkpoint", "--min-position", "4"]).code, 0);
    world.audit_well(&server, 4);
}

#[test]
fn where_witnesses_are_required_nothing_is_given_out_without_them() {
    let world = World::new();
    let (one, mut two) = (world.witness("one"), world.witness("two"));
    world.ask(&[&one, &two], 2);
    two.kill();
    let server = world.serve_witnessed("data", &["--witness-required"]);
    record(&server, "a", 3);
    let refused = server.ask(&["checkpoint"]);
    assert!(refused.code == 4 && refused.error.contains("WITNESSES_MISSING") && refused.error.contains("two: "), "{}", refused.error);
    two.start(&world);
    let given = server.ask(&["checkpoint", "--min-position", "3", "--json"]).json();
    assert_eq!((&given["position"], &given["is_quorum"]), (&Value::from("3"), &Value::from(true)));
    // What a quorum has cosigned is still given out, and nothing beyond.
    two.kill();
    record(&server, "b", 1);
    assert_eq!(server.ask(&["checkpoint", "--json"]).json()["position"], Value::from("3"));
    assert_eq!(server.ask(&["checkpoint", "--min-position", "4"]).code, 4);
    assert_eq!(server.ask(&["proof", "3"]).code, 0);
    assert_eq!(server.ask(&["proof", "4"]).code, 4);
}

#[test]
fn two_that_want_one_key_or_one_state_are_kept_apart() {
    let world = World::new();
    let one = world.witness("one");
    let (state, key, policy) = (world.path("one.state"), world.path("one"), world.path("one.policy"));
    let second =
        run(&["witness", "serve", "--listen", "127.0.0.1:0", "--state", text(&state), "--key", text(&key), "--policy", text(&policy)]);
    assert!(second.code == 4 && second.error.contains("in use"), "{}", second.error);
    let server = world.serve();
    let other = world.try_serve("other", "key", &[]).expect_err("the key is in use");
    assert!(other.errors.contains("in use by another process"), "{}", other.errors);
    drop((one, server));
}

/// An address that answers whatever it is asked with a status and a body, as a proxy in front of a witness could.
fn answering(status: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let address = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.expect("a connection"));
            let (mut line, mut length) = (String::new(), 0);
            while stream.read_line(&mut line).is_ok_and(|read| read > 2) {
                let field = line.to_ascii_lowercase();
                length = field.strip_prefix("content-length:").map_or(length, |value| value.trim().parse().expect("a length"));
                line.clear();
            }
            let _ = stream.read_exact(&mut vec![0; length]);
            let size = body.len();
            let _ = write!(stream.get_mut(), "HTTP/1.1 {status}\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n{body}");
        }
    });
    address
}

/// A status has no signature: without the cosigned checkpoint that it speaks of it stops nothing.
#[test]
fn an_answer_that_nobody_has_signed_does_not_stop_the_ledger() {
    let world = World::new();
    for (name, status, body) in [
        ("unprocessable", "422 Unprocessable Content", "the checkpoint is not consistent\n"),
        ("conflict", "409 Conflict", "4000000000\n"),
        ("within", "409 Conflict", "1\n"),
    ] {
        let made = run(&["witness", "new-key", text(&world.path(name)), "--name", &format!("{name}.example")]);
        let verifier = made.out.trim_end().to_owned();
        let witness = Witness { name: name.to_owned(), verifier, address: answering(status, body), server: None };
        world.ask(&[&witness], 1);
        let mut server = world.serve_witnessed("data", &["--observe", "127.0.0.1:0"]);
        let observed = server.observed();
        for round in 0..2 {
            record(&server, &format!("{name}-{round}"), 2);
            let outcome = server.ask(&["checkpoint"]);
            assert_eq!(outcome.code, 0, "{name}: {}", outcome.error);
            assert!(outcome.error.contains(&format!("not cosigned by {name}: ")), "{}", outcome.error);
        }
        assert_eq!(get(&observed, "/checkpoint", "*/*").expect("an answer").0, 200);
        assert!(is_shown(&observed, "partnership_ledger_checkpoint_refused 0"));
        server.terminate();
    }
}

fn is_shown(observed: &str, metric: &str) -> bool {
    get(observed, "/metrics", "*/*").expect("an answer").1.lines().any(|line| line == metric)
}

/// Waits until a metric is shown.
fn wait_for(observed: &str, metric: &str) {
    let began = Instant::now();
    while !is_shown(observed, metric) {
        assert!(began.elapsed() < Duration::from_secs(30), "{metric} is not shown");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_refusal_is_shown_at_once_and_ends_once_the_witness_is_mended() {
    let world = World::new();
    let mut witness = world.witness("one");
    world.ask(&[&witness], 1);
    let mut server: Server = world.serve_witnessed("data", &[]);
    record(&server, "this-way", 3);
    assert_eq!(server.ask(&["checkpoint"]).code, 0);
    server.terminate();
    // Another history under the same key, as the witness sees it.
    world.forget();
    let mut server = world.serve_witnessed("fork", &["--observe", "127.0.0.1:0", "--checkpoint-every", "1"]);
    let observed = server.observed();
    record(&server, "that-way", 5);
    // Nobody asks for a checkpoint, and an alert fires all the same.
    wait_for(&observed, "partnership_ledger_checkpoint_refused 1");
    let refused = server.ask(&["checkpoint"]);
    assert!(refused.code == 1 && refused.error.contains("CHECKPOINT_REFUSED"), "{}", refused.error);
    assert_eq!(get(&observed, "/checkpoint", "*/*").expect("an answer").0, 503);
    witness.kill();
    fs::remove_dir_all(world.path("one.state")).expect("removed");
    witness.start(&world);
    wait_for(&observed, "partnership_ledger_checkpoint_refused 0");
    let mended = server.ask(&["checkpoint", "--min-position", "5", "--json"]);
    assert_eq!(mended.code, 0, "{}", mended.error);
    assert_eq!(mended.json()["cosigned_by"], serde_json::json!(["one"]));
}

#[test]
fn a_restored_older_copy_is_shown_by_the_metric_of_refusals() {
    let world = World::new();
    let mut server = world.serve();
    record(&server, "partner", 5);
    assert_eq!(server.ask(&["checkpoint", "--min-position", "5"]).code, 0);
    server.terminate();
    let records = world.stored("data");
    world.rewrite("older", &records[..3]);
    let mut server = world.serve_with("older", &["--observe", "127.0.0.1:0", "--checkpoint-every", "1"]);
    let observed = server.observed();
    wait_for(&observed, "partnership_ledger_checkpoint_refused 1");
    let answer = get(&observed, "/checkpoint", "*/*").expect("an answer");
    assert!(answer.0 == 503 && answer.1.contains("has 3 records"), "{answer:?}");
}

/// Whoever connects and says nothing, or half of something, holds a place for a few seconds.
#[test]
fn silent_connections_do_not_keep_a_witness_from_answering() {
    let world = World::new();
    let witness = world.witness("one");
    let silent: Vec<TcpStream> = (0..161)
        .map(|number| {
            let mut stream = TcpStream::connect(&witness.address).expect("a connection");
            if number % 2 == 0 {
                stream.write_all(b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 100\r\n\r\nold 0").expect("sent");
            }
            stream
        })
        .collect();
    let began = Instant::now();
    let path = format!("/{}/checkpoint", "0".repeat(64));
    assert_eq!(get(&witness.address, &path, "*/*").expect("an answer").0, 404);
    // The last of 161 behind 64 places waits for two of them to be let go, each within five seconds.
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    drop(silent);
}
