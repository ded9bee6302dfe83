use super::*;
use crate::journal::Frontier;
use crate::proofs::note::to_base64;
use crate::proofs::tree::consistency;
use std::convert::Infallible;

struct World {
    log: SecretKey,
    dir: tempfile::TempDir,
}

fn leaf(number: u64) -> Hash {
    crate::journal::leaf_hash(&number.to_le_bytes())
}

fn head(size: u64) -> TreeHead {
    let mut frontier = Frontier::new();
    (0..size).for_each(|number| frontier.push_leaf(leaf(number)));
    frontier.head()
}

fn proof(first: u64, second: u64) -> Vec<Hash> {
    fn node(height: u32, number: u64) -> Hash {
        match height {
            0 => leaf(number),
            _ => crate::journal::node_hash(&node(height - 1, 2 * number), &node(height - 1, 2 * number + 1)),
        }
    }
    let Ok(proof) = consistency(first, second, &mut |height, number| Ok::<_, Infallible>(node(height, number)));
    proof
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        new_witness_key(&dir.path().join("key"), "witness.example").expect("a key");
        Self { log: SecretKey::make("ledger.example", KeyKind::Log).expect("a key"), dir }
    }

    fn open(&self) -> Result<Cosigner, WitnessError> {
        let policy = Policy::parse(&format!("log {}\nquorum none", self.log.verifier())).expect("a policy");
        Cosigner::open(&self.dir.path().join("state"), &self.dir.path().join("key"), policy)
    }

    fn note(&self, head: TreeHead) -> Note {
        let text = Checkpoint { origin: "ledger.example".to_owned(), head }.text();
        Note { signatures: vec![self.log.sign(&text, 0)], text }
    }

    fn request(&self, old: u64, head: TreeHead, proof: &[Hash]) -> String {
        let lines = proof.iter().fold(String::new(), |lines, hash| lines + &to_base64(hash) + "\n");
        format!("old {old}\n{lines}\n{}", self.note(head))
    }
}

#[test]
fn what_goes_on_is_cosigned_and_kept_over_restarts() {
    let world = World::new();
    for (old, new) in [(0, 0), (0, 5), (5, 5), (5, 8), (8, 13)] {
        let witness = world.open().expect("a witness");
        let answer = witness.add_checkpoint(&world.request(old, head(new), &proof(old, new)), 1_700_000_000 + new);
        assert_eq!(answer.status, 200, "{old} to {new}: {answer:?}");
        let mut note = world.note(head(new));
        note.signatures.extend(Note::parse_signatures(&answer.body).expect("signatures"));
        assert_eq!(witness.verifier().check(&note), Ok(1_700_000_000 + new));
        let kept = witness.checkpoint(&origin_hash("ledger.example"));
        assert_eq!((kept.status, Note::parse(&kept.body).expect("a note")), (200, note));
    }
}

#[test]
fn what_does_not_go_on_is_refused_and_kept_as_evidence() {
    let world = World::new();
    let witness = world.open().expect("a witness");
    assert_eq!(witness.add_checkpoint(&world.request(0, head(5), &[]), 1).status, 200);
    let other = TreeHead { size: 5, root: [9; 32] };
    let kept = || {
        let entries = std::fs::read_dir(world.dir.path().join("state")).expect("its state").flatten();
        let names = entries.map(|entry| entry.file_name().into_string().expect("a name"));
        let of = origin_hash("ledger.example");
        let mut ends: Vec<_> = names.filter_map(|name| name.strip_prefix(&of).map(str::to_owned)).collect();
        ends.sort();
        ends
    };
    let of = |old: u64, head: TreeHead, proof: &[Hash]| witness.add_checkpoint(&world.request(old, head, proof), 2);
    let conflict = of(0, head(8), &proof(0, 8));
    assert_eq!((conflict.status, conflict.content_type, conflict.body.as_str()), (409, "text/x.tlog.size", "5\n"));
    assert_eq!(of(3, head(4), &proof(3, 4)).status, 409, "an older one");
    assert_eq!(of(9, head(8), &[]).status, 400, "an old size beyond");
    assert_eq!(of(5, head(8), &proof(4, 8)).status, 422, "a right checkpoint with the proof of another");
    assert!(!kept().contains(&".contradiction".to_owned()), "these contradict nothing: {:?}", kept());
    let elsewhere = TreeHead { size: 8, root: [9; 32] };
    for _ in 0..2 {
        assert_eq!(of(5, elsewhere, &proof(5, 8)).status, 422, "a fork that is longer");
    }
    assert_eq!(kept().len(), 3, "the one that was cosigned, and both that were not proved: {:?}", kept());
    assert_eq!(of(5, other, &[]).status, 422, "another root");
    let evidence = world.dir.path().join("state").join(origin_hash("ledger.example") + ".contradiction");
    let text = std::fs::read_to_string(evidence).expect("what contradicts is kept whatever came before");
    let (seen, offered) = text.split_at(text.rfind("\nledger.example\n").expect("two checkpoints") + 1);
    for (note, head) in [(seen.trim_end().to_owned() + "\n", head(5)), (offered.to_owned(), other)] {
        let note = Note::parse(&note).expect("a note");
        assert_eq!((world.log.verifier().check(&note), Checkpoint::parse(&note.text).expect("one").head), (Ok(0), head));
    }
    assert_eq!(of(5, head(8), &proof(5, 8)).status, 200, "what is right goes on");
    assert_eq!(kept(), [".checkpoint", ".contradiction", ".unproved-8-0909090909090909"], "what was proved is unproved no more");
}

#[test]
fn what_is_not_proved_is_kept_up_to_a_bound_and_never_in_the_way_of_a_contradiction() {
    let world = World::new();
    let witness = world.open().expect("a witness");
    assert_eq!(witness.add_checkpoint(&world.request(0, head(5), &[]), 1).status, 200);
    for number in 0..MAX_UNPROVED as u64 + 3 {
        let planted = TreeHead { size: 6 + number, root: [1; 32] };
        assert_eq!(witness.add_checkpoint(&world.request(5, planted, &[]), 1).status, 422);
    }
    let names = || std::fs::read_dir(world.dir.path().join("state")).expect("its state").flatten().map(|entry| entry.file_name());
    assert_eq!(names().filter(|name| name.to_string_lossy().contains(".unproved-")).count(), MAX_UNPROVED);
    assert_eq!(witness.add_checkpoint(&world.request(5, TreeHead { size: 5, root: [9; 32] }, &[]), 1).status, 422);
    assert!(names().any(|name| name.to_string_lossy().ends_with(".contradiction")));
}

#[test]
fn only_known_logs_are_cosigned_and_requests_must_be_whole() {
    let world = World::new();
    let witness = world.open().expect("a witness");
    let good = world.request(0, head(5), &[]);
    let stranger = World { log: SecretKey::make("ledger.example", KeyKind::Log).expect("a key"), dir: tempfile::tempdir().expect("one") };
    let elsewhere = World { log: SecretKey::make("other.example", KeyKind::Log).expect("a key"), dir: tempfile::tempdir().expect("one") };
    for (body, status) in [
        (stranger.request(0, head(5), &[]), 403),
        (elsewhere.request(0, head(5), &[]).replace("ledger.example\n", "other.example\n"), 404),
        (good.replace("\n5\n", "\n6\n"), 403),
        (good.replace("old 0", "old 00"), 400),
        (good.replace("old 0\n", "old 0\nAAAA\n"), 400),
        (good.replace("old 0\n", &format!("old 0\n{}", format!("{}\n", to_base64(&[0; 32])).repeat(64))), 400),
        (good.replace("old 0\n", &format!("old 0\n{}\n", to_base64(&[0; 32]))), 422),
        (world.request(0, TreeHead { size: 0, root: [9; 32] }, &[]), 422),
        (String::new(), 400),
    ] {
        assert_eq!(witness.add_checkpoint(&body, 1).status, status, "{body}");
    }
    assert_eq!(witness.add_checkpoint(&good, 1).status, 200);
    for unknown in ["", "../key", &origin_hash("other.example"), &origin_hash("ledger.example").to_uppercase()] {
        assert_eq!(witness.checkpoint(unknown).status, 404, "{unknown}");
    }
}

#[test]
fn its_state_is_its_own_and_a_changed_one_stops_it() {
    let world = World::new();
    let witness = world.open().expect("a witness");
    assert!(matches!(world.open(), Err(WitnessError::InUse { .. })));
    assert_eq!(witness.add_checkpoint(&world.request(0, head(5), &[]), 1).status, 200);
    let path = witness.kept_in(&origin_hash("ledger.example"));
    let kept = std::fs::read_to_string(&path).expect("read");
    std::fs::write(&path, kept.replace("\n5\n", "\n4\n")).expect("written");
    assert_eq!(witness.add_checkpoint(&world.request(4, head(8), &proof(4, 8)), 1).status, 500);
    drop(witness);
    let policy = Policy::parse("quorum none").expect("a policy");
    let without = Cosigner::open(&world.dir.path().join("state"), &world.dir.path().join("key"), policy);
    assert!(matches!(without, Err(WitnessError::NoLogs)));
}
