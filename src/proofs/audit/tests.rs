//! Audits of records that are in order, and of those that are not.

use super::*;
use crate::proofs::key::{KeyKind, SecretKey};
use crate::proofs::tree::{consistency, empty_root};
use std::convert::Infallible;

struct World {
    key: SecretKey,
    policy: Policy,
    dir: tempfile::TempDir,
}

fn records(count: u64) -> Vec<Vec<u8>> {
    (1..=count).map(|position| format!("record {position}").into_bytes()).collect()
}

fn head(records: &[Vec<u8>]) -> TreeHead {
    let mut frontier = Frontier::new();
    records.iter().for_each(|record| frontier.push(record));
    frontier.head()
}

impl World {
    fn new() -> Self {
        let key = SecretKey::make("ledger.example", KeyKind::Log).expect("a key");
        let policy = Policy::parse(&format!("log {}\nquorum none", key.verifier())).expect("a policy");
        Self { key, policy, dir: tempfile::tempdir().expect("a directory") }
    }

    fn auditor(&self) -> Auditor {
        Auditor::open(&self.dir.path().join("state"), &self.policy).expect("an auditor")
    }

    fn note(&self, head: TreeHead) -> Note {
        let text = Checkpoint { origin: "ledger.example".to_owned(), head }.text();
        Note { signatures: vec![self.key.sign(&text, 0)], text }
    }

    /// Audits records beside a signed head, and keeps that if all is well.
    fn audit(&self, signed: TreeHead, records: &[Vec<u8>]) -> Result<(), Finding> {
        let (mut auditor, note) = (self.auditor(), self.note(signed));
        let mut audit = auditor.begin(&note, &self.policy)?;
        (1..).zip(records).for_each(|(position, record)| audit.take(record, position));
        audit.check_records(head(records))?;
        let checkpoint = audit.checkpoint().clone();
        auditor.keep(&note, checkpoint).expect("kept");
        Ok(())
    }
}

#[test]
fn what_goes_on_is_well_and_is_kept() {
    let world = World::new();
    for (signed, shown) in [(0, 0), (0, 5), (5, 5), (5, 9), (9, 9), (20, 21)] {
        assert_eq!(world.audit(head(&records(signed)), &records(shown)), Ok(()), "{signed} of {shown}");
        assert_eq!(world.auditor().last().map(|last| last.head), Some(head(&records(signed))));
    }
    assert!(matches!(
        Auditor::open(&world.dir.path().join("state"), &Policy::parse("quorum none").expect("one")),
        Err(StateError::Unbelieved { .. })
    ));
    let auditor = world.auditor();
    assert!(matches!(Auditor::open(&world.dir.path().join("state"), &world.policy), Err(StateError::InUse { .. })));
    drop(auditor);
}

#[test]
fn each_tampering_is_found_by_its_name() {
    let world = World::new();
    let ten = records(10);
    world.audit(head(&ten), &ten).expect("well");
    let mut changed = records(12);
    changed[3] = b"another".to_vec();
    let mut exchanged = records(12);
    exchanged.swap(3, 4);
    let more = records(12);
    assert_eq!(world.audit(head(&more), &changed), Err(Finding::Records));
    assert_eq!(world.audit(head(&more), &exchanged), Err(Finding::Records));
    assert_eq!(world.audit(head(&more), &records(11)), Err(Finding::Missing { signed: 12, shown: 11 }));
    assert_eq!(world.audit(head(&changed), &more), Err(Finding::Records), "the signature is of what is not shown");
    assert_eq!(world.audit(head(&changed), &changed), Err(Finding::Forked { seen: 10 }));
    assert_eq!(world.audit(head(&records(9)), &records(9)), Err(Finding::Shorter { seen: 10, offered: 9 }));
    assert_eq!(world.audit(head(&changed[..10]), &changed[..10]), Err(Finding::Forked { seen: 10 }));
    let stranger = World { dir: tempfile::tempdir().expect("a directory"), ..World::new() };
    assert!(matches!(world.auditor().begin(&stranger.note(head(&more)), &world.policy), Err(Finding::Unbelieved(_))));
    world.audit(head(&more), &more).expect("what is right is well again");
}

#[test]
fn heads_positions_and_proofs_are_checked_as_well() {
    let world = World::new();
    let ten = records(10);
    world.audit(head(&ten), &ten).expect("well");
    let auditor = world.auditor();
    let audit = |positions: &mut dyn Iterator<Item = u64>| {
        let mut audit = auditor.begin(&world.note(head(&records(12))), &world.policy).expect("believed");
        records(13).iter().zip(positions).for_each(|(record, position)| audit.take(record, position));
        audit
    };
    let misplaced = audit(&mut (1..=5).chain(7..));
    assert_eq!(misplaced.check_records(head(&records(13))), Err(Finding::Position { position: 6, says: 7 }));
    let audit = audit(&mut (1..));
    assert_eq!(audit.check_records(head(&records(12))), Err(Finding::Head));
    assert_eq!(audit.check_records(head(&records(13))), Ok(()));
    let mut node = |height: u32, number: u64| {
        let first = usize::try_from(number << height).expect("a number");
        Ok::<_, Infallible>(head(&records(20)[first..first + (1 << height)]).root)
    };
    let Ok(proof) = consistency(10, 12, &mut node);
    assert_eq!(audit.check_proof(&proof), Ok(()));
    assert!(matches!(audit.check_proof(&proof[1..]), Err(Finding::Proof(_))));
    assert_eq!(audit.before().map(|head| head.size), Some(10));
    assert_ne!(audit.before().map(|head| head.root), Some(empty_root()));
}

#[test]
fn evidence_has_all_that_convinces_others() {
    let world = World::new();
    let ten = records(10);
    world.audit(head(&ten), &ten).expect("well");
    let auditor = world.auditor();
    let offered = world.note(TreeHead { size: 10, root: [9; 32] });
    let finding = auditor.begin(&offered, &world.policy).err().expect("a finding");
    assert!(finding.is_fork());
    for number in 1..=2 {
        let dir = auditor.keep_evidence(&finding, &offered.to_string(), &[[7; 32]]).expect("kept");
        assert!(dir.ends_with(format!("evidence-{number}")));
        let read = |name: &str| std::fs::read_to_string(dir.join(name)).expect("read");
        for (name, head) in [("seen.checkpoint", head(&ten)), ("offered.checkpoint", TreeHead { size: 10, root: [9; 32] })] {
            let note = Note::parse(&read(name)).expect("a note");
            assert_eq!(world.policy.believe(&note).expect("believed").0.head, head);
        }
        assert!(read("finding.txt").contains("two histories") && !read("consistency-proof.txt").is_empty());
    }
}
