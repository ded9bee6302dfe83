//! Ledgers ask witnesses, which cosign one history alone; without them the ledger goes on, or gives nothing out.

use crate::support::{World, record, text};
use partnership_ledger::proofs::{Note, VerifierKey};
use serde_json::Value;

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
    let outcome = crate::support::run(&["verify-proof", text(&proof), "--record", text(&bytes), "--policy", text(&world.path("policy"))]);
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
    let second = crate::support::run(&[
        "witness",
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--state",
        text(&state),
        "--key",
        text(&key),
        "--policy",
        text(&policy),
    ]);
    assert!(second.code == 4 && second.error.contains("in use"), "{}", second.error);
    let server = world.serve();
    let other = world.try_serve("other", "key", &[]).expect_err("the key is in use");
    assert!(other.errors.contains("in use by another process"), "{}", other.errors);
    drop((one, server));
}
