//! The program: a ledger that signs, proofs that hold without it, tiles by HTTP.

use crate::common::server::{Server, get};
use crate::support::{ORIGIN, World, record, run, text};
use partnership_ledger::access::NewKey;
use partnership_ledger::journal::{Frontier, Hash};
use partnership_ledger::proofs::{Checkpoint, Note, VerifierKey};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

fn checkpoint(server: &Server) -> (Note, Checkpoint) {
    let outcome = server.ask(&["checkpoint"]);
    assert_eq!(outcome.code, 0, "{}", outcome.error);
    let note = Note::parse(&outcome.out).expect("a note");
    let checkpoint = Checkpoint::parse(&note.text).expect("a checkpoint");
    (note, checkpoint)
}

#[test]
fn a_ledger_signs_what_it_has_and_goes_on_after_a_restart() {
    let world = World::new();
    let mut server = world.serve();
    let verifier = VerifierKey::parse(&world.verifier).expect("a key");
    let (note, empty) = checkpoint(&server);
    assert_eq!((verifier.check(&note), empty.origin.as_str(), empty.head), (Ok(0), ORIGIN, Frontier::new().head()));
    record(&server, "first", 300);
    let root = server.ask(&["checkpoint", "--min-position", "300", "--json"]).json();
    assert_eq!((&root["position"], &root["is_quorum"]), (&Value::from("300"), &Value::from(true)));
    server.terminate();
    let server = world.serve();
    let mut frontier = Frontier::new();
    drop(server);
    world.stored("data").iter().for_each(|record| frontier.push(record));
    let server = world.serve();
    let (note, signed) = checkpoint(&server);
    assert_eq!((verifier.check(&note), signed.head), (Ok(0), frontier.head()));
    record(&server, "second", 5);
    let outcome = server.ask(&["checkpoint", "--min-position", "305"]);
    assert_eq!(outcome.out.lines().nth(1), Some("305"), "{}", outcome.out);
    assert_eq!(server.ask(&["checkpoint", "--min-position", "306"]).code, 1, "beyond the last");
}

#[test]
fn a_second_has_one_checkpoint_however_many_ask() {
    let world = World::new();
    let server = world.serve();
    let began = Instant::now();
    let mut signed = std::collections::BTreeSet::new();
    for number in 0..12 {
        record(&server, &format!("n{number}"), 1);
        signed.insert(checkpoint(&server).1.head.size);
    }
    // One a second, the first at once.
    let most = usize::try_from(began.elapsed().as_secs()).expect("seconds") + 2;
    assert!(signed.len() <= most, "{signed:?} within {:?}", began.elapsed());
}

#[test]
fn a_proof_is_checked_without_the_ledger_and_holds_for_its_record_alone() {
    let world = World::new();
    let server = world.serve();
    record(&server, "partner", 20);
    let (proof, bytes, policy) = (world.path("7.tlog-proof"), world.path("7.record"), world.path("policy"));
    for number in ["7", "8"] {
        let (out, record_out) = (world.path(&format!("{number}.tlog-proof")), world.path(&format!("{number}.record")));
        let outcome = server.ask(&["proof", number, "--out", text(&out), "--record-out", text(&record_out)]);
        assert_eq!(outcome.code, 0, "{}", outcome.error);
    }
    drop(server);
    let verify = |proof: &std::path::Path, record: &std::path::Path| {
        run(&["verify-proof", text(proof), "--record", text(record), "--policy", text(&policy)])
    };
    let well = verify(&proof, &bytes);
    assert_eq!(well.code, 0, "{}", well.error);
    assert!(well.out.contains(&format!("record 7 of {ORIGIN}")) && well.out.contains("20 records"), "{}", well.out);
    let json = run(&["--json", "verify-proof", text(&proof), "--record", text(&bytes), "--policy", text(&policy)]).json();
    assert_eq!((&json["record_position"], &json["position"]), (&Value::from("7"), &Value::from("20")));
    let other = verify(&proof, &world.path("8.record"));
    assert!(other.code == 1 && other.error.contains("is not the one at position 7"), "{}", other.error);
    let whole = fs::read_to_string(&proof).expect("read");
    for (changed, code) in [
        (whole.replace("\n20\n", "\n21\n"), 1),
        (whole.replace("index 6", "index 5"), 1),
        (whole.replace("tlog-proof@v1", "tlog-proof@v9"), 2),
        (whole[..whole.len() / 2].to_owned(), 2),
    ] {
        let path = world.path("changed.tlog-proof");
        fs::write(&path, changed).expect("written");
        assert_eq!(verify(&path, &bytes).code, code);
    }
    fs::write(&policy, "quorum none\n").expect("written");
    let unknown = verify(&proof, &bytes);
    assert!(unknown.code == 1 && unknown.error.contains("no log of that name"), "{}", unknown.error);
    fs::write(&policy, "quorum nobody\n").expect("written");
    assert_eq!(verify(&proof, &bytes).code, 2);
}

#[test]
fn checkpoint_and_tiles_are_served_by_http_and_counted() {
    let world = World::new();
    let mut server = world.serve_with("data", &["--observe", "127.0.0.1:0"]);
    record(&server, "partner", 700);
    let observed = server.observed();
    // The answers are bytes, so they are fetched as such.
    let tile = |path: &str| fetch(&observed, path);
    let note = Note::parse(&get(&observed, "/checkpoint", "*/*").expect("an answer").1).expect("a note");
    VerifierKey::parse(&world.verifier).expect("a key").check(&note).expect("signed");
    assert_eq!(Checkpoint::parse(&note.text).expect("a checkpoint").head.size, 700);
    let (status, leaves) = tile("/tile/0/001");
    assert_eq!((status, leaves.len()), (200, 256 * 32));
    let (status, last) = tile("/tile/0/002.p/188");
    assert_eq!((status, last.len()), (200, 188 * 32));
    let (status, above) = tile("/tile/1/000.p/2");
    assert_eq!((status, above.len()), (200, 64));
    for missing in ["/tile/0/002", "/tile/0/002.p/189", "/tile/1/000", "/tile/0/3", "/tile/entries/000", "/tile/", "/tile/0/000.p/0"] {
        assert_eq!(tile(missing).0, 404, "{missing}");
    }
    let mut frontier = Frontier::new();
    leaves.as_chunks::<32>().0.iter().for_each(|leaf: &Hash| frontier.push_leaf(*leaf));
    assert_eq!(frontier.root()[..], above[32..], "the hash of a full tile stands above it");
    let metrics = get(&observed, "/metrics", "*/*").expect("an answer").1;
    for line in [
        "partnership_ledger_signed_checkpoint_position 700",
        "partnership_ledger_tiles_position 700",
        "partnership_ledger_tiles_repaired_total 0",
    ] {
        assert!(metrics.lines().any(|metric| metric == line), "{line}: {metrics}");
    }
}

/// Asks an address by HTTP for bytes.
fn fetch(address: &str, path: &str) -> (u16, Vec<u8>) {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(address).expect("a connection");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: ledger\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
    let status = String::from_utf8_lossy(&answer[9..12]).parse().expect("a status");
    (status, answer.split_off(end + 4))
}

#[test]
fn without_a_key_nothing_is_signed_and_the_origin_stays() {
    let world = World::new();
    let dir = world.path("plain");
    let server = Server::with_options(&dir, &["--origin", "plain.example"]);
    let refused = server.ask(&["checkpoint"]);
    assert!(refused.code == 1 && refused.error.contains("CHECKPOINTS_NOT_SIGNED"), "{}", refused.error);
    drop(server);
    assert_eq!(fs::read_to_string(dir.join("origin")).expect("an origin"), "plain.example\n");
    let other = world.try_serve("plain", "key", &[]).expect_err("the key of another origin");
    assert!(other.errors.contains("the ledger's origin is plain.example"), "{}", other.errors);
    let renamed = world.try_serve("plain", "key", &["--origin", ORIGIN]).expect_err("an origin is for good");
    assert!(renamed.errors.contains("for good"), "{}", renamed.errors);
    let made = run(&["checkpoint-key", "new", text(&world.path("own")), "--data-dir", text(&dir)]);
    assert!(made.out.starts_with("plain.example+"), "{}{}", made.out, made.error);
    let server = world.try_serve("plain", "own", &[]).expect("its own key");
    assert_eq!(checkpoint(&server).1.origin, "plain.example");
    let shown = run(&["checkpoint-key", "show", text(&world.path("own"))]);
    assert_eq!(shown.out, made.out);
}

#[test]
fn a_start_that_is_refused_fixes_no_origin() {
    let world = World::new();
    let origin = world.path("data").join("origin");
    let typo = world.try_serve("data", "key", &["--origin", "typo.example"]).expect_err("the key is of another origin");
    assert!(typo.errors.contains("the ledger's origin is typo.example"), "{}", typo.errors);
    fs::rename(world.path("key.signed"), world.path("elsewhere")).expect("moved");
    assert!(world.try_serve("data", "key", &[]).expect_err("its past is not known").errors.contains("checkpoint-key adopt"));
    assert!(!origin.exists());
    fs::rename(world.path("elsewhere"), world.path("key.signed")).expect("moved");
    let server = world.try_serve("data", "key", &["--origin", ORIGIN]).expect("the right one");
    assert_eq!(fs::read_to_string(&origin).expect("an origin"), format!("{ORIGIN}\n"));
    drop(server);
    fs::write(&origin, "").expect("cut");
    let cut = world.try_serve("data", "key", &[]).expect_err("it is cut");
    assert!(cut.errors.contains(text(&origin)), "{}", cut.errors);
}

/// A copy of a backup, looked at without the key, is still the ledger of its key afterwards.
#[test]
fn records_without_their_origin_wait_for_somebody_who_says_it() {
    let world = World::new();
    let mut server = world.serve();
    record(&server, "partner", 3);
    assert_eq!(server.ask(&["backup", "--to", text(&world.path("backup"))]).code, 0);
    server.terminate();
    for name in ["restored", "other"] {
        assert_eq!(run(&["restore", "--from", text(&world.path("backup")), "--data-dir", text(&world.path(name))]).code, 0);
    }
    let origin = world.path("restored").join("origin");
    let mut looked_at = Server::on(&world.path("restored"));
    assert_eq!(looked_at.ask(&["trial-balance"]).code, 0);
    looked_at.terminate();
    assert!(!origin.exists());
    let made = run(&["checkpoint-key", "new", text(&world.path("made")), "--data-dir", text(&world.path("restored"))]);
    assert!(made.code == 2 && made.error.contains("--origin"), "{}", made.error);
    let server = world.serve_with("restored", &[]);
    assert_eq!(checkpoint(&server).1.origin, ORIGIN);
    assert_eq!(fs::read_to_string(&origin).expect("an origin"), format!("{ORIGIN}\n"));
    drop(server);
    // What is told to whom a signature is refused: the records go on as another ledger.
    assert_eq!(run(&["checkpoint-key", "new", text(&world.path("anew")), "--origin", "anew.example"]).code, 0);
    let server = world.try_serve("other", "anew", &[]).expect("another ledger");
    let anew = checkpoint(&server).1;
    assert_eq!((anew.origin.as_str(), anew.head.size), ("anew.example", 3));
}

#[test]
fn new_checkpoints_are_signed_though_nobody_asks() {
    let world = World::new();
    let server = world.serve_with("data", &["--checkpoint-every", "1"]);
    record(&server, "partner", 3);
    let began = Instant::now();
    while !fs::read_to_string(world.path("key.signed")).expect("read").contains("\n3\n") {
        assert!(began.elapsed() < Duration::from_secs(20), "nothing was signed");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn what_was_given_out_is_kept_whenever_the_server_is_killed() {
    let world = World::new();
    let signed = || {
        let note = Note::parse(&fs::read_to_string(world.path("key.signed")).expect("it is there")).expect("it is whole");
        VerifierKey::parse(&world.verifier).expect("a key").check(&note).expect("it is signed");
        Checkpoint::parse(&note.text).expect("a checkpoint").head
    };
    for round in 0..8_u64 {
        let mut server = world.serve();
        record(&server, &format!("round{round}"), 3 + round);
        let seen = std::thread::scope(|scope| {
            let asking = scope.spawn(|| server.ask(&["checkpoint"]));
            std::thread::sleep(Duration::from_millis(7 * round));
            asking.join().expect("no panic")
        });
        server.kill();
        // Nothing of what was given out is forgotten.
        let head = Checkpoint::parse(&Note::parse(&seen.out).expect("a note").text).expect("a checkpoint").head;
        assert!(signed().size >= head.size, "round {round}");
        let mut frontier = Frontier::new();
        world.stored("data").iter().take(usize::try_from(signed().size).expect("a size")).for_each(|record| frontier.push(record));
        assert_eq!(signed(), frontier.head(), "round {round}");
    }
}

/// A cron job tells from the exit code whether something is wrong with the ledger, or with how it was asked.
#[test]
fn an_audit_that_could_not_look_has_found_nothing() {
    let world = World::new();
    let mut access = String::new();
    for (name, more) in [("admin", "roles = [\"admin\"]"), ("partner", "roles = [\"partner\"]\npartner = \"a\"")] {
        let NewKey { id, key, hash } = NewKey::make().expect("random numbers");
        let _ = write!(access, "[[principal]]\nname = \"{name}\"\n{more}\n[[principal.key]]\nid = \"{id}\"\nsha256 = \"{hash}\"\n");
        fs::write(world.path(name), key).expect("written");
        fs::set_permissions(world.path(name), Permissions::from_mode(0o600)).expect("set");
    }
    fs::write(world.path("access.toml"), access).expect("written");
    fs::set_permissions(world.path("access.toml"), Permissions::from_mode(0o600)).expect("set");
    let server = world.serve_with("data", &["--access", text(&world.path("access.toml"))]);
    let (policy, auditor) = (world.path("policy"), world.path("auditor"));
    let audit =
        |state: &std::path::Path, key: &[&str]| server.ask(&[key, &["audit", "--policy", text(&policy), "--state", text(state)]].concat());
    let key = |name| ["--key-file".to_owned(), text(&world.path(name)).to_owned()];
    let (admin, partner) = (key("admin"), key("partner"));
    for (caller, code) in [(vec![], 2), (partner.iter().map(String::as_str).collect(), 2), (admin.iter().map(String::as_str).collect(), 0)]
    {
        let outcome = audit(&auditor, &caller);
        assert_eq!(outcome.code, code, "{caller:?}: {}{}", outcome.out, outcome.error);
    }
    let file = audit(&policy, &admin.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(file.code == 2 && file.error.contains(text(&policy)), "{}", file.error);
}

#[test]
fn a_proof_and_its_record_are_two_files_or_none() {
    let world = World::new();
    let server = world.serve();
    record(&server, "partner", 3);
    let (proof, bytes) = (world.path("proof"), world.path("bytes"));
    let same = world.dir.path().join(".").join("proof");
    let refused = server.ask(&["proof", "3", "--out", text(&proof), "--record-out", text(&same)]);
    assert!(refused.code == 2 && refused.error.contains("a file of its own"), "{}", refused.error);
    let nowhere = world.path("nowhere").join("x");
    for (out, record_out) in [(&nowhere, &bytes), (&proof, &nowhere)] {
        let refused = server.ask(&["proof", "3", "--out", text(out), "--record-out", text(record_out)]);
        assert!(refused.code == 2 && refused.error.contains(text(&nowhere)), "{}", refused.error);
    }
    assert!(!proof.exists() && !bytes.exists());
    assert_eq!(server.ask(&["checkpoint", "--out", text(&nowhere)]).code, 2);
}

#[test]
fn a_policy_that_cannot_be_meant_so_is_refused_with_its_line() {
    let world = World::new();
    let serve = |policy: &str, more: &[&str]| {
        fs::write(world.path("asked"), policy).expect("written");
        world.try_serve("data", "key", &[&["--witnesses", text(&world.path("asked"))], more].concat())
    };
    let log = format!("log {}\n", world.verifier);
    let none = serve(&(log.clone() + "quorum none\n"), &["--witness-required"]).expect_err("there is none to require");
    assert!(none.errors.contains("line 2: `quorum none`"), "{}", none.errors);
    assert_eq!(run(&["witness", "new-key", text(&world.path("w")), "--name", "w.example"]).code, 0);
    let made = run(&["witness", "new-key", text(&world.path("x")), "--name", "x.example"]).out;
    let ftp = serve(&format!("{log}witness x {} ftp://x\nquorum none\n", made.trim_end()), &[]).expect_err("it cannot be asked");
    assert!(ftp.errors.contains("line 2: ftp://x must begin with"), "{}", ftp.errors);
    drop(serve(&(log + "quorum none\n"), &[]).expect("nobody is required"));
}
