//! What the service says about itself: health and reflection; and that it comes back as it was.

use crate::common::events::{adjustment, agreement, partner};
use crate::common::journals::ControlledJournal;
use crate::common::service::Service;
use partnership_ledger::clock::SystemClock;
use partnership_ledger::journal::embedded::{EmbeddedJournal, Options};
use partnership_ledger::journal::{Batch, Journal, MemoryJournal};
use partnership_ledger::ledger::{Ledger, Limits, ReplayError};
use partnership_ledger::proto::{Event, Record};
use prost::Message as _;
use std::sync::Arc;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

const NAMES: [&str; 3] = ["", "partnership.ledger.v1.LedgerService", "partnership.ledger.v1.AuditService"];

async fn health(service: &Service) -> [ServingStatus; 3] {
    let mut client = HealthClient::new(service.connect().await);
    let mut found = [ServingStatus::Unknown; 3];
    for (found, name) in found.iter_mut().zip(NAMES) {
        *found = client.check(HealthCheckRequest { service: name.into() }).await.expect("a status").into_inner().status();
    }
    found
}

#[tokio::test]
async fn health_is_told_per_service() {
    let journal = Arc::new(ControlledJournal::default());
    let service = Service::with(journal.clone(), Limits::default()).await;
    assert_eq!(health(&service).await, [ServingStatus::Serving; 3]);
    journal.fail();
    service.append([partner("a")]).await.expect_err("lost");
    tokio::task::yield_now().await;
    assert_eq!(health(&service).await, [ServingStatus::NotServing, ServingStatus::NotServing, ServingStatus::Serving]);
    service.health.ending().await;
    assert_eq!(health(&service).await, [ServingStatus::NotServing; 3]);
}

#[tokio::test]
async fn reflection_speaks_v1() {
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
    use tonic_reflection::pb::v1::{ServerReflectionRequest, server_reflection_client::ServerReflectionClient};
    let service = Service::start().await;
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(MessageRequest::ListServices(String::new())) };
    let mut client = ServerReflectionClient::new(service.connect().await);
    let mut answers = client.server_reflection_info(tokio_stream::iter([request])).await.expect("an answer").into_inner();
    let answer = answers.message().await.expect("an answer").expect("an answer").message_response;
    let Some(MessageResponse::ListServicesResponse(list)) = answer else { panic!("{answer:?}") };
    assert!(NAMES[1..].iter().all(|name| list.service.iter().any(|service| service.name == *name)), "{list:?}");
}

#[tokio::test]
async fn reflection_speaks_v1alpha() {
    use tonic_reflection::pb::v1alpha::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1alpha::server_reflection_response::MessageResponse;
    use tonic_reflection::pb::v1alpha::{ServerReflectionRequest, server_reflection_client::ServerReflectionClient};
    let service = Service::start().await;
    let symbol = MessageRequest::FileContainingSymbol("partnership.ledger.v1.Record".into());
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(symbol) };
    let mut client = ServerReflectionClient::new(service.connect().await);
    let mut answers = client.server_reflection_info(tokio_stream::iter([request])).await.expect("an answer").into_inner();
    let answer = answers.message().await.expect("an answer").expect("an answer").message_response;
    assert!(matches!(&answer, Some(MessageResponse::FileDescriptorResponse(_))), "{answer:?}");
}

#[tokio::test]
async fn a_ledger_comes_back_as_it_was() {
    let dir = tempfile::tempdir().expect("a directory");
    let open = || -> Arc<dyn Journal> { Arc::new(EmbeddedJournal::open(dir.path(), Options::default()).expect("a journal").0) };
    let service = Service::with(open(), Limits::default()).await;
    let first = service.append([partner("a"), agreement("ag", "a"), adjustment("x", "ag", 500)]).await.expect("recorded");
    let records = service.records();
    service.ledger.close().expect("closed");
    assert_eq!(service.append([partner("late")]).await.expect_err("closed").code(), tonic::Code::Unavailable);
    drop(service);
    let service = Service::with(open(), Limits::default()).await;
    assert_eq!(service.records(), records);
    let again = service.append([adjustment("x", "ag", 500), partner("b")]).await.expect("recorded");
    assert_eq!(again.results[0].effects, first.results[2].effects);
    let told: Vec<_> = again.results.iter().map(|result| (result.position, result.duplicate)).collect();
    assert_eq!(told, [(3, true), (4, false)]);
    service.ledger.close().expect("closed");
}

fn opened(records: &[Vec<u8>]) -> Result<(), ReplayError> {
    let journal = MemoryJournal::new();
    let mut batch = Batch::new();
    records.iter().for_each(|record| batch.push(record));
    journal.append(0, &batch).expect("appended");
    Ledger::open(Arc::new(journal), Arc::new(SystemClock), Limits::default()).map(|_| ())
}

fn record(position: u64, event: Event) -> Vec<u8> {
    let recorded_at = event.occurred_at;
    Record { position, recorded_at, recorded_by: "anonymous".into(), event: Some(event), effects: vec![] }.encode_to_vec()
}

#[tokio::test]
async fn what_cannot_be_replayed_is_named_by_its_position() {
    let unreadable = opened(&[record(1, partner("a")), b"no record".to_vec()]).expect_err("unreadable");
    assert!(matches!(unreadable, ReplayError::Unreadable { position: 2, .. }), "{unreadable}");
    let elsewhere = opened(&[record(1, partner("a")), record(3, partner("b"))]).expect_err("not its place");
    assert!(matches!(elsewhere, ReplayError::Unreadable { position: 2, .. }), "{elsewhere}");
    let twice = opened(&[record(1, partner("a")), record(2, partner("a"))]).expect_err("a contradiction");
    assert!(matches!(twice, ReplayError::Contradiction { position: 2, .. }), "{twice}");
    opened(&[record(1, partner("a")), record(2, partner("b"))]).expect("a ledger");
}
