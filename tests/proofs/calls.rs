//! The calls that prove, as the contract has them, and whom they show what.

use crate::common::events::{adjustment, agreement, event_id, partner};
use crate::common::service::{Service, told};
use partnership_ledger::access::{AccessFile, Gate, NewKey};
use partnership_ledger::clock::SystemClock;
use partnership_ledger::journal::{Frontier, Hash, leaf_hash};
use partnership_ledger::proofs::tree::{is_consistent, root_of_inclusion};
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::get_inclusion_proof_request::Key;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::{
    GetCheckpointRequest, GetConsistencyProofRequest, GetInclusionProofRequest, GetProofRequest, get_proof_request,
};
use prost::Message as _;
use std::fmt::Write as _;
use std::sync::Arc;
use tonic::Code;

fn hashes(bytes: &[Vec<u8>]) -> Vec<Hash> {
    bytes.iter().map(|bytes| Hash::try_from(&bytes[..]).expect("32 bytes")).collect()
}

/// The roots at every size of what a service has recorded, and the leaf hashes.
fn roots(service: &Service) -> (Vec<Hash>, Vec<Hash>) {
    let (mut frontier, mut leaves) = (Frontier::new(), Vec::new());
    let mut roots = vec![frontier.root()];
    for record in service.records() {
        leaves.push(leaf_hash(&record.encode_to_vec()));
        frontier.push_leaf(leaves[leaves.len() - 1]);
        roots.push(frontier.root());
    }
    (roots, leaves)
}

async fn filled(count: usize) -> Service {
    let service = Service::start().await;
    service.append((0..count).map(|number| partner(&format!("p{number}"))).collect::<Vec<_>>()).await.expect("recorded");
    service
}

#[tokio::test]
async fn every_record_is_proved_in_trees_of_every_size() {
    let service = filled(300).await;
    let (roots, leaves) = roots(&service);
    let mut auditor = service.auditor().await;
    for (position, size) in [(1, 1), (1, 300), (2, 3), (255, 256), (256, 256), (257, 257), (300, 300), (100, 299)] {
        let request = GetInclusionProofRequest { key: Some(Key::Position(position)), tree_size: Some(size) };
        let answer = auditor.get_inclusion_proof(request).await.expect("a proof").into_inner();
        assert_eq!((answer.leaf_index, answer.tree_size, answer.position), (position - 1, size, 300));
        let index = usize::try_from(position - 1).expect("an index");
        let root = roots[usize::try_from(size).expect("a size")];
        assert_eq!((&answer.leaf_hash[..], &answer.root[..]), (&leaves[index][..], &root[..]));
        assert_eq!(root_of_inclusion(&leaves[index], position - 1, size, &hashes(&answer.hashes)), Some(root));
    }
    let by_id = GetInclusionProofRequest { key: Some(Key::EventId(event_id("partner p7"))), tree_size: None };
    let answer = auditor.get_inclusion_proof(by_id).await.expect("a proof").into_inner();
    assert_eq!((answer.leaf_index, answer.tree_size), (7, 300));
}

#[tokio::test]
async fn every_tree_goes_on_from_every_earlier_one() {
    let service = filled(70).await;
    let (roots, _) = roots(&service);
    let mut auditor = service.auditor().await;
    for first in 0..=70 {
        let answer = auditor.get_consistency_proof(GetConsistencyProofRequest { first, second: None }).await.expect("a proof").into_inner();
        let of = |size: u64| roots[usize::try_from(size).expect("a size")];
        assert_eq!((answer.second, &answer.first_root[..], &answer.second_root[..]), (70, &of(first)[..], &of(70)[..]));
        assert!(is_consistent(first, &of(first), 70, &of(70), &hashes(&answer.hashes)), "{first}");
    }
}

#[tokio::test]
async fn what_cannot_be_proved_is_refused_with_words() {
    let service = filled(3).await;
    let mut auditor = service.auditor().await;
    let mut inclusion = async |key, tree_size| {
        let refused = auditor.get_inclusion_proof(GetInclusionProofRequest { key, tree_size }).await.expect_err("refused");
        told(&refused)
    };
    let malformed = (Code::InvalidArgument, "MALFORMED".to_owned());
    let beyond = (Code::FailedPrecondition, "POSITION_NOT_REACHED".to_owned());
    assert_eq!(inclusion(None, None).await, malformed);
    assert_eq!(inclusion(Some(Key::Position(0)), None).await, malformed);
    assert_eq!(inclusion(Some(Key::Position(4)), None).await, beyond);
    assert_eq!(inclusion(Some(Key::Position(1)), Some(4)).await, beyond);
    assert_eq!(inclusion(Some(Key::Position(3)), Some(2)).await, malformed);
    assert_eq!(inclusion(Some(Key::EventId(event_id("nothing"))), None).await.1, "UNKNOWN_ID");
    let mut consistency = async |first, second| {
        told(&auditor.get_consistency_proof(GetConsistencyProofRequest { first, second }).await.expect_err("refused"))
    };
    assert_eq!(consistency(2, Some(1)).await, malformed);
    assert_eq!(consistency(1, Some(4)).await, beyond);
    assert_eq!(consistency(4, None).await, beyond);
    let checkpoint = auditor.get_checkpoint(GetCheckpointRequest { min_position: 4 }).await.expect_err("beyond");
    assert_eq!(told(&checkpoint), beyond);
    for unsigned in [
        auditor.get_checkpoint(GetCheckpointRequest::default()).await.expect_err("no key"),
        auditor.get_proof(GetProofRequest { key: Some(get_proof_request::Key::Position(1)) }).await.expect_err("no key"),
    ] {
        assert_eq!(told(&unsigned), (Code::FailedPrecondition, "CHECKPOINTS_NOT_SIGNED".to_owned()));
        assert!(unsigned.message().contains("--checkpoint-key"), "{}", unsigned.message());
    }
}

/// A partner has proofs of the records that it is shown, an emitter of those that it has recorded, and what is another's is as unknown
/// as what there is not.
#[tokio::test(flavor = "multi_thread")]
async fn proofs_are_of_what_their_caller_is_shown() {
    let mut text = String::new();
    let mut keys = Vec::new();
    for (name, more) in [
        ("admin", "roles = [\"admin\"]"),
        ("partner", "roles = [\"partner\"]\npartner = \"a\""),
        ("emitter", "roles = [\"emitter\"]\nevents = [\"leads\", \"sales\"]"),
    ] {
        let NewKey { id, key, hash } = NewKey::make().expect("random numbers");
        let _ = write!(text, "[[principal]]\nname = \"{name}\"\n{more}\n[[principal.key]]\nid = \"{id}\"\nsha256 = \"{hash}\"\n");
        keys.push(key);
    }
    let file = AccessFile::read(&text).expect("an access file");
    let service = Service::behind(Gate::of(&file, Arc::new(SystemClock)).expect("a gate")).await;
    let events = vec![partner("a"), partner("b"), agreement("aa", "a"), agreement("bb", "b"), adjustment("1", "aa", 100)];
    let request = crate::common::events::append_request(events);
    LedgerServiceClient::new(service.connect_as(&keys[0]).await).append(request).await.expect("recorded");
    let ask = async |key: &str, wanted: Key| {
        let mut client = AuditServiceClient::new(service.connect_as(key).await);
        let request = GetInclusionProofRequest { key: Some(wanted), tree_size: None };
        client.get_inclusion_proof(request).await.map(|answer| answer.into_inner().leaf_index).map_err(|status| told(&status))
    };
    let unknown = Err((Code::NotFound, "UNKNOWN_ID".to_owned()));
    for (position, is_own) in [(1, true), (2, false), (3, true), (4, false), (5, true), (6, false)] {
        let expected = if is_own { Ok(position - 1) } else { unknown.clone() };
        assert_eq!(ask(&keys[1], Key::Position(position)).await, expected, "the partner, {position}");
    }
    assert_eq!(ask(&keys[1], Key::EventId(event_id("partner b"))).await, unknown);
    assert_eq!(ask(&keys[1], Key::EventId(event_id("partner a"))).await, Ok(0));
    assert_eq!(ask(&keys[2], Key::EventId(event_id("partner a"))).await, unknown, "another has recorded it");
    assert_eq!(ask(&keys[2], Key::Position(1)).await.expect_err("by id alone").0, Code::PermissionDenied);
    let mut as_partner = AuditServiceClient::new(service.connect_as(&keys[1]).await);
    as_partner.get_consistency_proof(GetConsistencyProofRequest { first: 2, second: None }).await.expect("a proof says nothing of others");
}
