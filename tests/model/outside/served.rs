//! The ledger under test, behind its service: in memory over a duplex, or on disk over TCP.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Utc};
use partnership_ledger::clock::{Clock, ManualClock, SystemClock};
use partnership_ledger::journal::Journal;
use partnership_ledger::journal::embedded::{EmbeddedJournal, Options};
use partnership_ledger::ledger;
use partnership_ledger::proto as pb;
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::partnership_service_client::PartnershipServiceClient;
use partnership_ledger::server::{ServeConfig, assemble};
use prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::AbortHandle;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt as _;

use crate::common::server::connect;
use crate::common::service::Connections;

use super::json;
use super::ledger::{Answer, Ledger, Refusal};
use super::scenario::Callee;

/// The largest answer that is taken.
const MAX_ANSWER_BYTES: usize = 64 << 20;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

/// A running service and a connection to it. Ends when dropped.
pub struct Served {
    ledger: ledger::Ledger,
    channel: Channel,
    server: AbortHandle,
}

impl Served {
    /// Serves a journal in memory, at a time that stands still.
    pub fn in_memory(journal: Arc<dyn Journal>, now: DateTime<Utc>) -> Self {
        let (ledger, service) = open(journal, Arc::new(ManualClock::new(now)));
        Self::through_memory(ledger, service)
    }

    /// Serves a ledger that is open, in memory.
    pub fn of(ledger: ledger::Ledger) -> Self {
        let service = service_of(&ledger);
        Self::through_memory(ledger, service)
    }

    fn through_memory(ledger: ledger::Ledger, service: partnership_ledger::server::Service) -> Self {
        let (connections, server) = {
            let _guard = RUNTIME.enter();
            Connections::to(service)
        };
        let channel = RUNTIME.block_on(connections.connect());
        Self { ledger, channel, server }
    }

    /// Serves a durable journal over TCP, at the present time.
    pub fn over_tcp(directory: &Path) -> Self {
        let (journal, _) = EmbeddedJournal::open(directory, Options::default()).expect("a journal");
        let (ledger, service) = open(Arc::new(journal), Arc::new(SystemClock));
        let listener = RUNTIME.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = RUNTIME.spawn(async move {
            service.serve_with_incoming(TcpIncoming::from(listener)).await.expect("the service ends by itself only if told");
        });
        let channel = RUNTIME.block_on(connect(&address.to_string()));
        Self { ledger, channel, server: server.abort_handle() }
    }

    /// All records, as stored.
    pub fn records(&self) -> Vec<pb::Record> {
        self.ledger.records(1, usize::MAX, usize::MAX).expect("records")
    }

    /// The partners, a page.
    pub fn list_partners(&mut self, request: &pb::ListPartnersRequest) -> Answer<pb::ListPartnersResponse> {
        wait(self.reader().list_partners(request.clone()))
    }

    /// The agreements, a page.
    pub fn list_agreements(&mut self, request: &pb::ListAgreementsRequest) -> Answer<pb::ListAgreementsResponse> {
        wait(self.reader().list_agreements(request.clone()))
    }

    /// The leads, a page.
    pub fn list_leads(&mut self, request: &pb::ListLeadsRequest) -> Answer<pb::ListLeadsResponse> {
        wait(self.reader().list_leads(request.clone()))
    }

    /// The campaigns, a page.
    pub fn list_campaigns(&mut self, request: &pb::ListCampaignsRequest) -> Answer<pb::ListCampaignsResponse> {
        wait(self.reader().list_campaigns(request.clone()))
    }

    /// What every partner is owed, a page.
    pub fn list_balances(&mut self, request: &pb::ListBalancesRequest) -> Answer<pb::ListBalancesResponse> {
        wait(self.reader().list_balances(request.clone()))
    }

    /// The records that match a filter, all pages of them.
    pub fn read_records(&mut self, request: &pb::ReadRecordsRequest) -> Answer<Vec<pb::Record>> {
        let mut auditor = self.auditor();
        let read = async {
            let mut pages = auditor.read_records(request.clone()).await?.into_inner();
            let mut records = Vec::new();
            while let Some(page) = pages.message().await? {
                records.extend(page.records);
            }
            Ok(records)
        };
        RUNTIME.block_on(read).map_err(|status: Status| refusal(&status))
    }

    fn writer(&self) -> LedgerServiceClient<Channel> {
        LedgerServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    fn reader(&self) -> PartnershipServiceClient<Channel> {
        PartnershipServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    fn auditor(&self) -> AuditServiceClient<Channel> {
        AuditServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }
}

fn open(journal: Arc<dyn Journal>, clock: Arc<dyn Clock>) -> (ledger::Ledger, partnership_ledger::server::Service) {
    let (ledger, _) = ledger::Ledger::open(journal, clock, ServeConfig::default().limits).expect("a ledger");
    let service = service_of(&ledger);
    (ledger, service)
}

fn service_of(ledger: &ledger::Ledger) -> partnership_ledger::server::Service {
    let _guard = RUNTIME.enter();
    assemble(ledger, &ServeConfig::default()).expect("a service").0
}

impl Drop for Served {
    fn drop(&mut self) {
        self.server.abort();
        self.ledger.close().expect("the journal closes");
    }
}

/// Waits for a call's answer.
fn wait<A>(call: impl Future<Output = Result<Response<A>, Status>>) -> Answer<A> {
    RUNTIME.block_on(call).map(Response::into_inner).map_err(|status| refusal(&status))
}

impl Ledger for Served {
    fn append(&mut self, request: &pb::AppendRequest) -> Answer<pb::AppendResponse> {
        wait(self.writer().append(request.clone()))
    }

    fn partner(&mut self, request: &pb::GetPartnerRequest) -> Answer<pb::GetPartnerResponse> {
        wait(self.reader().get_partner(request.clone()))
    }

    fn agreement(&mut self, request: &pb::GetAgreementRequest) -> Answer<pb::GetAgreementResponse> {
        wait(self.reader().get_agreement(request.clone()))
    }

    fn lead(&mut self, request: &pb::GetLeadRequest) -> Answer<pb::GetLeadResponse> {
        wait(self.reader().get_lead(request.clone()))
    }

    fn balance(&mut self, request: &pb::GetBalanceRequest) -> Answer<pb::GetBalanceResponse> {
        wait(self.reader().get_balance(request.clone()))
    }

    fn entries(&mut self, request: &pb::ListEntriesRequest) -> Answer<pb::ListEntriesResponse> {
        wait(self.reader().list_entries(request.clone()))
    }

    fn payables(&mut self, request: &pb::ListPayablesRequest) -> Answer<pb::ListPayablesResponse> {
        wait(self.reader().list_payables(request.clone()))
    }

    fn disputes(&mut self, request: &pb::ListDisputesRequest) -> Answer<pb::ListDisputesResponse> {
        wait(self.reader().list_disputes(request.clone()))
    }

    fn explain(&mut self, request: &pb::ExplainSaleRequest) -> Answer<pb::ExplainSaleResponse> {
        wait(self.reader().explain_sale(request.clone()))
    }

    fn payouts(&mut self, request: &pb::ListPayoutsRequest) -> Answer<pb::ListPayoutsResponse> {
        wait(self.reader().list_payouts(request.clone()))
    }

    fn campaign(&mut self, request: &pb::GetCampaignRequest) -> Answer<pb::GetCampaignResponse> {
        wait(self.reader().get_campaign(request.clone()))
    }

    fn metrics(&mut self, request: &pb::GetMetricsRequest) -> Answer<pb::GetMetricsResponse> {
        wait(self.reader().get_metrics(request.clone()))
    }

    fn alerts(&mut self, request: &pb::ListAlertsRequest) -> Answer<pb::ListAlertsResponse> {
        wait(self.reader().list_alerts(request.clone()))
    }

    fn programme(&mut self, request: &pb::GetProgrammeRequest) -> Answer<pb::GetProgrammeResponse> {
        wait(self.reader().get_programme(request.clone()))
    }

    fn programmes(&mut self, request: &pb::ListProgrammesRequest) -> Answer<pb::ListProgrammesResponse> {
        wait(self.reader().list_programmes(request.clone()))
    }

    fn payout_summary(&mut self, request: &pb::GetPayoutSummaryRequest) -> Answer<pb::GetPayoutSummaryResponse> {
        wait(self.reader().get_payout_summary(request.clone()))
    }

    fn trial_balance(&mut self, request: &pb::GetTrialBalanceRequest) -> Answer<pb::GetTrialBalanceResponse> {
        wait(self.auditor().get_trial_balance(*request))
    }
}

impl Callee for Served {
    fn call(&mut self, method: &str, request: &Value) -> Result<Value, Refusal> {
        let described = json::method(method);
        let request = json::read(described.input(), request);
        let path = format!("/{method}").parse().expect("a path");
        let codec = Described(described.output());
        let mut client = tonic::client::Grpc::new(self.channel.clone()).max_decoding_message_size(MAX_ANSWER_BYTES);
        let answer = RUNTIME.block_on(async {
            client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
            client.unary(Request::new(request), path, codec).await
        });
        answer.map(|response| json::write(response.get_ref())).map_err(|status| refusal(&status))
    }
}

/// What a status says.
pub fn refusal(status: &Status) -> Refusal {
    let details = status.get_error_details();
    let violations = details.bad_request().map_or(&[][..], |bad| &bad.field_violations);
    Refusal {
        code: code_name(status.code()),
        reason: details.error_info().map_or(String::new(), |info| info.reason.clone()),
        fields: violations.iter().map(|violation| violation.field.clone()).collect(),
        message: status.message().to_owned(),
    }
}

/// `FailedPrecondition` is `FAILED_PRECONDITION`.
fn code_name(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

/// Answers of one kind, known by its descriptor.
pub struct Described(pub MessageDescriptor);

impl Codec for Described {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self(self.0.clone())
    }

    fn decoder(&mut self) -> Self {
        Self(self.0.clone())
    }
}

impl Encoder for Described {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, message: DynamicMessage, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        message.encode(buffer).map_err(|error| Status::internal(error.to_string()))
    }
}

impl Decoder for Described {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        let message = DynamicMessage::decode(self.0.clone(), buffer);
        message.map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}
