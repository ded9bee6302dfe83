//! The served program under the layer, and clients that know what they were told.

use super::Layer;
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::{AppendRequest, AppendResponse, Event, PartnerKind, PartnerRegistered, ReadRecordsRequest, Record};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

/// The program, serving.
#[derive(Debug)]
pub struct Server {
    process: Child,
    pub address: String,
    _out: BufReader<ChildStdout>,
}

/// How the program ended that could not start, and what it said.
#[derive(Debug)]
pub struct NotStarted {
    pub status: ExitStatus,
    pub errors: String,
}

impl Server {
    /// Starts it on the layer's data directory; `prepare` loads the layer.
    pub fn start(layer: &Layer, prepare: fn(&Layer, &mut Command)) -> Result<Self, NotStarted> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_partnership-ledger"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(layer.data()).env_remove("RUST_LOG");
        prepare(layer, &mut command);
        let errors = File::create(layer.beside("errors")).expect("a file for its errors");
        let mut process = command.stdout(Stdio::piped()).stderr(errors).spawn().expect("the program starts");
        let mut out = BufReader::new(process.stdout.take().expect("its output"));
        let mut line = String::new();
        out.read_line(&mut line).expect("its first line");
        match line.trim().strip_prefix("listening on ") {
            Some(address) => Ok(Self { process, address: address.to_owned(), _out: out }),
            None => {
                let status = process.wait().expect("it ends");
                Err(NotStarted { status, errors: Self::errors(layer) })
            }
        }
    }

    /// What it has said on its standard error since its last start.
    pub fn errors(layer: &Layer) -> String {
        fs::read_to_string(layer.beside("errors")).expect("what it said")
    }

    pub async fn connect(&self) -> Channel {
        Endpoint::from_shared(format!("http://{}", self.address)).expect("an address").connect().await.expect("a connection")
    }

    pub fn kill(mut self) {
        // It may be gone already: killed by order.
        let _ = self.process.kill();
        self.process.wait().expect("it ends");
    }

    /// Sends SIGTERM, and answers how the program ended.
    pub fn terminate(mut self) -> ExitStatus {
        let sent = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
        self.process.wait().expect("it ends")
    }
}

/// New partners, known by the number of their batch.
pub fn partners(number: u64, size: u64) -> Vec<Event> {
    let event = |index| {
        let id = format!("p-{number}-{index}");
        let registered = PartnerRegistered {
            partner_id: id.clone(),
            display_name: "A partner with a name of some length ".repeat(1 + usize::try_from((number + index) % 5).expect("small")),
            kind: PartnerKind::Affiliate as i32,
            ..PartnerRegistered::default()
        };
        Event {
            event_id: uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, id.as_bytes()).to_string(),
            occurred_at: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 }),
            metadata: [("batch".to_owned(), number.to_string())].into(),
            body: Some(Body::PartnerRegistered(registered)),
        }
    };
    (0..size).map(event).collect()
}

/// The number of the batch that a record came in.
pub fn batch_of(record: &Record) -> u64 {
    record.event.as_ref().and_then(|event| event.metadata.get("batch")?.parse().ok()).expect("a batch's number")
}

pub async fn append(channel: Channel, events: Vec<Event>) -> Result<AppendResponse, Status> {
    let answer = LedgerServiceClient::new(channel).append(AppendRequest { events, expected_last_position: None }).await;
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
