//! The table of tamperings: what somebody does who has the disk, or the key as well, and who finds it out.
//!
//! | what is done | the key's state is as it was | who has the key makes it forget |
//! |---|---|---|
//! | a record, an effect or the order of records is changed, the tail is dropped, an older copy is restored | the ledger refuses to sign | `audit`, and any witness |
//! | two histories are signed | (the state is of one of them) | `audit`, and any witness |
//! | the key is replaced | | `audit`: the policy does not have it |
//! | records are changed under the ledger's own log | the ledger, at its start | the same |
//! | a tile is changed | the ledger, which makes it again | the same |
//! | a checkpoint or a proof is changed on its way | whoever checks it by the key | the same |

use crate::common::program::{Outcome, STORY, STORY_EVENTS, finish};
use crate::common::server::Server;
use crate::support::{World, record, run, text};
use partnership_ledger::proofs::Note;
use partnership_ledger::proto::Record;
use partnership_ledger::proto::effect::Effect;
use partnership_ledger::proto::event::Body;
use prost::Message as _;
use std::fs;

/// How many records a ledger has before somebody tampers with it, of which this many are signed.
const RECORDS: u64 = 40;

/// A ledger whose records were signed, and seen by an auditor and by a witness.
fn seen() -> (World, crate::support::Witness) {
    let world = World::new();
    let witness = world.witness("one");
    world.ask(&[&witness], 1);
    let mut server = world.serve_witnessed("data", &[]);
    assert_eq!(finish(server.command(&["append"]).write_stdin(STORY)).code, 0);
    record(&server, "partner", RECORDS - STORY_EVENTS);
    world.audit_well(&server, RECORDS);
    server.terminate();
    (world, witness)
}

/// What is done to records.
type Tampering = fn(&mut Vec<Vec<u8>>);

fn changed(records: &mut [Vec<u8>], index: usize, change: impl FnOnce(&mut Record)) {
    let mut record = Record::decode(&records[index][..]).expect("a record");
    let before = record.clone();
    change(&mut record);
    assert_ne!(record, before, "nothing was changed");
    records[index] = record.encode_to_vec();
}

const TAMPERINGS: [(&str, Tampering); 4] = [
    ("a record", |records| {
        changed(records, 20, |record| {
            let Some(Body::PartnerRegistered(partner)) = record.event.as_mut().and_then(|event| event.body.as_mut()) else {
                panic!("a partner")
            };
            "Somebody else".clone_into(&mut partner.display_name);
        });
    }),
    ("an effect", |records| {
        // What a sale earned is a tenth more, on both sides, so that the books still balance.
        let index = records.iter().position(|record| Record::decode(&record[..]).is_ok_and(|record| !postings(&record).is_empty()));
        changed(records, index.expect("a sale"), |record| {
            for effect in &mut record.effects {
                if let Some(Effect::Posting(posting)) = &mut effect.effect
                    && let Some(amount) = &mut posting.amount
                {
                    amount.minor_units += amount.minor_units / 10;
                }
            }
        });
    }),
    ("the order", |records| {
        records.swap(20, 21);
        changed(records, 20, |record| record.position = 21);
        changed(records, 21, |record| record.position = 22);
    }),
    ("a dropped tail", |records| records.truncate(30)),
];

fn postings(record: &Record) -> Vec<i64> {
    let amount = |effect: &partnership_ledger::proto::Effect| match &effect.effect {
        Some(Effect::Posting(posting)) => posting.amount.as_ref().map(|amount| amount.minor_units),
        _ => None,
    };
    record.effects.iter().filter_map(amount).collect()
}

/// Serves a folder, adds to it what takes it beyond what was signed, and asks for a checkpoint.
fn go_on(world: &World, folder: &str, options: &[&str]) -> (Server, Outcome) {
    let server = world.serve_with(folder, options);
    record(&server, "later", 15);
    let outcome = server.ask(&["checkpoint"]);
    (server, outcome)
}

fn assert_refused(outcome: &Outcome, said: &str) {
    assert!(
        outcome.code == 1 && outcome.error.contains("CHECKPOINT_REFUSED") && outcome.error.contains(said),
        "{}{}",
        outcome.out,
        outcome.error
    );
}

/// The evidence that an auditor has kept: what it says, and both checkpoints, each signed by the ledger.
fn assert_evidence(world: &World, outcome: &Outcome, said: &str) {
    assert!(outcome.code == 1 && outcome.error.contains(said), "{}{}", outcome.out, outcome.error);
    let dir = world.path("auditor").join("evidence-1");
    assert!(fs::read_to_string(dir.join("finding.txt")).expect("a finding").contains(said));
    let key = partnership_ledger::proofs::VerifierKey::parse(&world.verifier).expect("a key");
    for name in ["seen.checkpoint", "offered.checkpoint"] {
        let note = Note::parse(&fs::read_to_string(dir.join(name)).expect("a checkpoint")).expect("a note");
        key.check(&note).expect("signed by the ledger itself");
    }
}

#[test]
fn changed_histories_are_not_signed_as_long_as_the_key_remembers() {
    let (world, _witness) = seen();
    let records = world.stored("data");
    for (name, tamper) in TAMPERINGS {
        let mut tampered = records.clone();
        tamper(&mut tampered);
        world.rewrite(name, &tampered);
        // A dropped tail is grown over, so that the ledger is as long as before.
        let (server, outcome) = go_on(&world, name, &[]);
        assert_refused(&outcome, "are not those that the ledger's key has signed");
        drop(server);
    }
    let shorter = world.serve_with("a dropped tail", &[]);
    drop(shorter);
    world.rewrite("cut", &records[..30]);
    let server = world.serve_with("cut", &[]);
    assert_refused(&server.ask(&["checkpoint"]), "has 30 records, and its key has signed 40");
    assert!(server.ask(&["proof", "1"]).error.contains("CHECKPOINT_REFUSED"));
}

#[test]
fn changed_histories_are_found_by_the_audit_when_the_key_was_made_to_forget() {
    for (name, tamper) in TAMPERINGS {
        let (world, _witness) = seen();
        let mut tampered = world.stored("data");
        tamper(&mut tampered);
        world.rewrite("tampered", &tampered);
        world.forget();
        // The policy asks for nobody else, so that the audit is on its own.
        fs::write(world.path("policy"), format!("log {}\nquorum none\n", world.verifier)).expect("written");
        let (server, outcome) = go_on(&world, "tampered", &[]);
        assert_eq!(outcome.code, 0, "{name}: {}", outcome.error);
        assert_evidence(&world, &world.audit(&server), "two histories");
    }
}

#[test]
fn changed_histories_are_found_by_a_witness_when_the_key_was_made_to_forget() {
    for (name, tamper) in TAMPERINGS {
        let (world, witness) = seen();
        let mut tampered = world.stored("data");
        tamper(&mut tampered);
        world.rewrite("tampered", &tampered);
        world.forget();
        let witnesses = world.path("witnesses");
        let (server, outcome) = go_on(&world, "tampered", &["--witnesses", text(&witnesses)]);
        assert_refused(&outcome, "the witness one has cosigned what the ledger does not have");
        let kept = fs::read_dir(world.path("one.state")).expect("its state").flatten();
        let mut names = kept.into_iter().map(|entry| entry.file_name().into_string().expect("a name"));
        let is_kept = names.any(|name| name.ends_with(".contradiction") || name.contains(".unproved-"));
        assert!(is_kept, "{name}: the witness has kept what the ledger has signed");
        drop((server, witness));
    }
}

#[test]
fn a_restored_older_backup_is_not_signed_and_found_by_audit_and_witness() {
    let (world, _witness) = seen();
    let backup = world.path("backup");
    let mut server = world.serve_witnessed("data", &[]);
    assert_eq!(server.ask(&["backup", "--to", text(&backup)]).code, 0);
    record(&server, "after-the-backup", 5);
    assert_eq!(server.ask(&["checkpoint", "--min-position", "45"]).code, 0);
    world.audit_well(&server, RECORDS + 5);
    server.terminate();
    assert_eq!(run(&["restore", "--from", text(&backup), "--data-dir", text(&world.path("restored"))]).code, 0);
    let server = world.serve_with("restored", &[]);
    assert_refused(&server.ask(&["checkpoint"]), "has 40 records, and its key has signed 45");
    drop(server);
    // Another machine that has the key, and not what it has signed.
    fs::copy(world.path("key"), world.path("copied-key")).expect("copied");
    let refused = world.try_serve("restored", "copied-key", &[]).expect_err("it is not known what it has signed");
    assert!(refused.errors.contains("checkpoint-key adopt"), "{}", refused.errors);
    let last = world.path("auditor").join("last.checkpoint");
    assert_eq!(run(&["checkpoint-key", "adopt", text(&world.path("copied-key")), "--checkpoint", text(&last)]).code, 0);
    let server = world.try_serve("restored", "copied-key", &[]).expect("it serves");
    assert_refused(&server.ask(&["checkpoint"]), "has 40 records, and its key has signed 45");
    drop(server);
    // Who makes the key forget meets the others.
    world.forget();
    let server = world.serve_witnessed("restored", &[]);
    assert_refused(&server.ask(&["checkpoint"]), "the witness one has cosigned what the ledger does not have: 45 records");
    drop(server);
    world.forget();
    world.ask_nobody();
    let server = world.serve_with("restored", &[]);
    let outcome = world.audit(&server);
    assert_evidence(&world, &outcome, "signed 45 records before, and now 40");
}

#[test]
fn two_histories_of_one_key_are_found_by_audit_and_witness() {
    let (world, _witness) = seen();
    let records = world.stored("data");
    world.rewrite("fork", &records);
    let state = fs::read(world.path("key.signed")).expect("read");
    let witnesses = world.path("witnesses");
    let options = ["--witnesses", text(&witnesses)];
    let mut server = world.serve_with("data", &options);
    record(&server, "this-way", 3);
    world.audit_well(&server, RECORDS + 3);
    server.terminate();
    // The same key on another machine, with what it had signed before the fork.
    fs::write(world.path("key.signed"), &state).expect("written");
    let server = world.serve_with("fork", &options);
    record(&server, "that-way", 5);
    assert_refused(&server.ask(&["checkpoint"]), "the witness one has cosigned what the ledger does not have");
    drop(server);
    fs::write(world.path("key.signed"), &state).expect("written");
    world.ask_nobody();
    let server = world.serve_with("fork", &[]);
    assert_evidence(&world, &world.audit(&server), "two histories");
}

#[test]
fn a_replaced_key_is_not_believed() {
    let (world, _witness) = seen();
    let made = run(&["checkpoint-key", "new", text(&world.path("other")), "--origin", crate::support::ORIGIN]);
    assert_eq!(made.code, 0, "{}", made.error);
    let server = world.try_serve("data", "other", &[]).expect("it serves");
    let outcome = world.audit(&server);
    assert!(outcome.code == 1 && outcome.error.contains("it has no signature of"), "{}", outcome.error);
    assert!(world.path("auditor").join("evidence-1/offered.checkpoint").exists());
}

#[test]
fn records_that_were_changed_under_the_log_are_not_served() {
    let (world, _witness) = seen();
    let segment =
        fs::read_dir(world.path("data").join("wal")).expect("a log").flatten().map(|entry| entry.path()).min().expect("a segment");
    let mut bytes = fs::read(&segment).expect("read");
    let at = bytes.windows(9).position(|window| window == b"A partner").expect("a name");
    bytes[at] ^= 1;
    fs::write(&segment, bytes).expect("written");
    // The store has another copy of it, which is what is shown: the log is repaired from it.
    let server = world.serve_with("data", &[]);
    world.ask_nobody();
    world.audit_well(&server, RECORDS);
}

#[test]
fn a_changed_tile_is_made_again_and_proves_nothing_false() {
    let world = World::new();
    let mut server = world.serve();
    record(&server, "partner", 600);
    world.audit_well(&server, 600);
    server.terminate();
    let tile = world.path("data").join("tiles/0");
    let whole = fs::read(&tile).expect("tiles");
    let mut damaged = whole.clone();
    damaged[40] ^= 1;
    fs::write(&tile, damaged).expect("written");
    let server = world.serve();
    let (proof, bytes) = (world.path("proof"), world.path("bytes"));
    assert_eq!(server.ask(&["proof", "2", "--out", text(&proof), "--record-out", text(&bytes)]).code, 0);
    let verified = run(&["verify-proof", text(&proof), "--record", text(&bytes), "--policy", text(&world.path("policy"))]);
    assert_eq!(verified.code, 0, "{}", verified.error);
    assert_eq!(fs::read(&tile).expect("tiles"), whole, "it is made again");
    world.audit_well(&server, 600);
}

#[test]
fn a_checkpoint_that_was_changed_on_its_way_is_not_believed() {
    let (world, _witness) = seen();
    let server = world.serve();
    let (proof, bytes) = (world.path("proof"), world.path("bytes"));
    world.ask_nobody();
    assert_eq!(server.ask(&["proof", "2", "--out", text(&proof), "--record-out", text(&bytes)]).code, 0);
    let whole = fs::read_to_string(&proof).expect("read");
    fs::write(&proof, whole.replacen(&format!("\n{RECORDS}\n"), "\n41\n", 1)).expect("written");
    let verified = run(&["verify-proof", text(&proof), "--record", text(&bytes), "--policy", text(&world.path("policy"))]);
    assert!(verified.code == 1 && verified.error.contains("is wrong"), "{}", verified.error);
}
