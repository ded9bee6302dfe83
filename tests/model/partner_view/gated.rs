//! A ledger in memory behind a gate: an administrator, two emitters and some partners, each with a key by its name.

use crate::common::service::Connections;
use crate::outside::json;
use crate::outside::served::Described;
use crate::outside::workload::NOW;
use partnership_ledger::access::{AccessFile, Gate, KeyHash};
use partnership_ledger::clock::ManualClock;
use partnership_ledger::grpc::Protection;
use partnership_ledger::journal::MemoryJournal;
use partnership_ledger::ledger::{Ledger, Limits};
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::partnership_service_client::PartnershipServiceClient;
use partnership_ledger::proto::{self as pb, get_record_request::Key};
use partnership_ledger::server::{Assembly, ServeConfig};
use prost_reflect::{DynamicMessage, MethodDescriptor, Value};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

pub struct Gated {
    ledger: Ledger,
    channel: Channel,
    runtime: Runtime,
}

/// A method of the contract.
pub fn method(service: &str, name: &str) -> MethodDescriptor {
    json::method(&format!("partnership.ledger.v1.{service}/{name}"))
}

/// Code and metadata of a status.
pub fn told(status: &Status) -> (Code, HashMap<String, String>) {
    (status.code(), status.get_error_details().error_info().map(|info| info.metadata.clone()).unwrap_or_default())
}

/// The key of a principal: ids of keys are letters and digits.
fn key_of(name: &str) -> (String, String) {
    let id: String = name.bytes().filter(u8::is_ascii_alphanumeric).map(char::from).collect();
    (format!("plk_{id}_secret"), id)
}

fn principal(file: &mut String, name: &str, roles: &str) {
    let (key, id) = key_of(name);
    let hash = KeyHash::of(&key);
    let _ = writeln!(file, "[[principal]]\nname = \"{name}\"\n{roles}\n[[principal.key]]\nid = \"{id}\"\nsha256 = \"{hash}\"");
}

impl Gated {
    /// A ledger without records.
    pub fn start(partners: &[String]) -> Self {
        let mut file = String::new();
        principal(&mut file, "admin", "roles = [\"admin\"]");
        let groups: Vec<String> = partnership_ledger::access::EventTypes::groups().map(|group| format!("{group:?}")).collect();
        ["crm", "shop"]
            .iter()
            .for_each(|name| principal(&mut file, name, &format!("roles = [\"emitter\"]\nevents = [{}]", groups.join(", "))));
        partners.iter().for_each(|partner| principal(&mut file, partner, &format!("roles = [\"partner\"]\npartner = \"{partner}\"")));
        let clock = Arc::new(ManualClock::new(NOW));
        let gate = Gate::of(&AccessFile::read(&file).expect("an access file"), Arc::clone(&clock) as _).expect("a gate");
        let runtime = Runtime::new().expect("a runtime");
        let (ledger, _) = Ledger::open(Arc::new(MemoryJournal::new()), clock, Limits::default()).expect("a ledger");
        let protection = Protection { authenticates: true, ..Protection::default() };
        let channel = {
            let _guard = runtime.enter();
            let assembly = Assembly::new(&ledger, &ServeConfig::default()).behind(gate, protection);
            let (connections, _) = Connections::to(assembly.service().expect("a service"));
            runtime.block_on(connections.connect())
        };
        Self { ledger, channel, runtime }
    }

    /// All records.
    pub fn records(&self) -> Vec<pb::Record> {
        self.ledger.records(1, usize::MAX, usize::MAX).expect("records")
    }

    pub fn append(&self, name: &str, event: &pb::Event) -> Result<(), Status> {
        let mut client = LedgerServiceClient::new(self.channel.clone());
        let request = pb::AppendRequest { events: vec![event.clone()], expected_last_position: None };
        self.runtime.block_on(client.append(by(name, request))).map(|_| ())
    }

    /// Records an event, unless the rules refuse it: stories try what they forbid.
    pub fn append_if_allowed(&self, name: &str, event: &pb::Event) {
        match self.append(name, event) {
            Err(status) if !is_by_the_rules(status.code()) => panic!("{event:?}: {status:?}"),
            _ => {}
        }
    }

    pub fn record(&self, name: &str, key: Key) -> Result<pb::GetRecordResponse, Status> {
        let mut client = AuditServiceClient::new(self.channel.clone());
        self.runtime.block_on(client.get_record(by(name, pb::GetRecordRequest { key: Some(key) }))).map(tonic::Response::into_inner)
    }

    /// The leaf of a record in an inclusion proof.
    pub fn proved(&self, name: &str, key: pb::get_inclusion_proof_request::Key) -> Result<u64, Status> {
        let mut client = AuditServiceClient::new(self.channel.clone());
        let request = pb::GetInclusionProofRequest { key: Some(key), tree_size: None };
        self.runtime.block_on(client.get_inclusion_proof(by(name, request))).map(|answer| answer.into_inner().leaf_index)
    }

    pub fn metrics(&self, name: &str, request: pb::GetMetricsRequest) -> pb::GetMetricsResponse {
        let mut client = PartnershipServiceClient::new(self.channel.clone());
        self.runtime.block_on(client.get_metrics(by(name, request))).expect("figures").into_inner()
    }

    /// The answers to a call: one, or those of a stream up to its end.
    pub fn call(&self, name: &str, method: &MethodDescriptor, request: DynamicMessage) -> Result<Vec<DynamicMessage>, Status> {
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name()).parse().expect("a path");
        let mut client = tonic::client::Grpc::new(self.channel.clone()).max_decoding_message_size(64 << 20);
        let codec = Described(method.output());
        self.runtime.block_on(async {
            client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
            if !method.is_server_streaming() {
                return client.unary(by(name, request), path, codec).await.map(|answer| vec![answer.into_inner()]);
            }
            let mut stream = client.server_streaming(by(name, request), path, codec).await?.into_inner();
            let mut answers = Vec::new();
            while let Some(answer) = stream.message().await? {
                answers.push(answer);
            }
            Ok(answers)
        })
    }

    /// The items of a list on all its pages, and the answers themselves; of a single answer that alone. No page but the last is
    /// short.
    pub fn pages(
        &self,
        name: &str,
        method: &MethodDescriptor,
        request: &DynamicMessage,
        page_size: u32,
    ) -> Result<(Vec<DynamicMessage>, Vec<DynamicMessage>), Status> {
        let (mut request, mut items, mut answers) = (request.clone(), Vec::new(), Vec::new());
        let is_list = method.output().get_field_by_name("next_page_token").is_some();
        if is_list {
            request.set_field_by_name("page_size", Value::U32(page_size));
        }
        loop {
            let some = self.call(name, method, request.clone())?;
            answers.extend(some.iter().cloned());
            if !is_list {
                return Ok((some, answers));
            }
            let found = items_of(&some[0]);
            let next = some[0].get_field_by_name("next_page_token").and_then(|token| token.as_str().map(str::to_owned)).unwrap_or_default();
            assert!(next.is_empty() || found.len() == page_size as usize, "{}: a page of {} goes on", method.name(), found.len());
            items.extend(found);
            if next.is_empty() {
                return Ok((items, answers));
            }
            request.set_field_by_name("page_token", Value::String(next));
        }
    }
}

/// Whether a refusal has a code of those that rejections have: by a rule, of what is unknown, taken, passed or malformed.
fn is_by_the_rules(code: Code) -> bool {
    matches!(code, Code::FailedPrecondition | Code::NotFound | Code::AlreadyExists | Code::Aborted | Code::InvalidArgument)
}

/// The items of a page: its one list of messages.
fn items_of(page: &DynamicMessage) -> Vec<DynamicMessage> {
    let list = page.fields().find_map(|(_, value)| value.as_list().map(<[Value]>::to_vec)).unwrap_or_default();
    list.iter().filter_map(|item| item.as_message().cloned()).collect()
}

fn by<T>(name: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let bearer = format!("Bearer {}", key_of(name).0).parse().expect("a header");
    request.metadata_mut().insert("authorization", bearer);
    request
}
