//! The served program under the layer, and clients that know what they were told.

use super::Layer;
use crate::common::events::{append_request, long_named};
use crate::common::server::{ANY_PORT, NotStarted, Server, serving};
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::{AppendResponse, Event, ReadRecordsRequest, Record};
use std::fs::{self, File};
use std::process::Command;
use tonic::Status;
use tonic::transport::Channel;

/// Serves the layer's data directory; `prepare` loads the layer.
pub fn serve(layer: &Layer, prepare: fn(&Layer, &mut Command)) -> Result<Server, NotStarted> {
    let mut command = serving(&layer.data(), ANY_PORT);
    command.stderr(File::create(layer.beside("errors")).expect("a file for its errors"));
    prepare(layer, &mut command);
    Server::start(&mut command).map_err(|not_started| NotStarted { errors: errors(layer), ..not_started })
}

/// What it has said on its standard error since its last start.
pub fn errors(layer: &Layer) -> String {
    fs::read_to_string(layer.beside("errors")).expect("what it said")
}

/// New partners, known by the number of their batch.
pub fn partners(number: u64, size: u64) -> Vec<Event> {
    let event = |index| {
        let times = 1 + usize::try_from((number + index) % 5).expect("small");
        Event { metadata: [("batch".to_owned(), number.to_string())].into(), ..long_named(&format!("p-{number}-{index}"), times) }
    };
    (0..size).map(event).collect()
}

/// The number of the batch that a record came in.
pub fn batch_of(record: &Record) -> u64 {
    record.event.as_ref().and_then(|event| event.metadata.get("batch")?.parse().ok()).expect("a batch's number")
}

pub async fn append(channel: Channel, events: Vec<Event>) -> Result<AppendResponse, Status> {
    let answer = LedgerServiceClient::new(channel).append(append_request(events)).await;
    answer.map(tonic::Response::into_inner)
}

/// All records, each at its position.
pub async fn records(channel: Channel) -> Vec<Record> {
    let request = ReadRecordsRequest { page_size: 1_000, ..ReadRecordsRequest::default() };
    let mut pages = AuditServiceClient::new(channel).read_records(request).await.expect("records").into_inner();
    let mut records = Vec::new();
    while let Some(page) = pages.message().await.expect("a page") {
        records.extend(page.records);
    }
    assert!(records.iter().zip(1..).all(|(record, position)| record.position == position), "positions without gaps");
    records
}
