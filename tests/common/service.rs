//! The service over connections in memory.

use super::events::append_request;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use partnership_ledger::access::Gate;
use partnership_ledger::clock::{Clock, SystemClock};
use partnership_ledger::grpc::{Observer, Protection};
use partnership_ledger::journal::{Journal, MemoryJournal};
use partnership_ledger::ledger::{Ledger, Limits};
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::partnership_service_client::PartnershipServiceClient;
use partnership_ledger::proto::{AppendResponse, Event, Record};
use partnership_ledger::server::{self, Assembly, Health, ServeConfig, assemble};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// Connections in memory to a service.
pub struct Connections(mpsc::UnboundedSender<Result<DuplexStream, std::io::Error>>);

impl Connections {
    /// Serves on the runtime that this is called on, until the task is aborted.
    pub fn to(service: server::Service) -> (Self, AbortHandle) {
        let (connections, incoming) = mpsc::unbounded_channel();
        let task = tokio::spawn(service.serve_with_incoming(UnboundedReceiverStream::new(incoming)));
        (Self(connections), task.abort_handle())
    }

    /// The client's end of a new connection, as bytes.
    fn open(&self) -> std::io::Result<DuplexStream> {
        let (client, server) = tokio::io::duplex(1 << 20);
        self.0.send(Ok(server)).map_err(|_| std::io::Error::other("the service has ended"))?;
        Ok(client)
    }

    /// A connection to the service.
    pub async fn connect(&self) -> Channel {
        let connections = Self(self.0.clone());
        let connect = tower::service_fn(move |_| {
            let client = connections.open();
            async move { client.map(TokioIo::new) }
        });
        Endpoint::from_static("http://in.memory").connect_with_connector(connect).await.expect("a connection")
    }
}

/// A service that runs in memory.
pub struct Service {
    pub ledger: Ledger,
    pub health: Health,
    connections: Connections,
}

impl Service {
    /// A service of an empty ledger.
    pub async fn start() -> Self {
        Self::with(Arc::new(MemoryJournal::new()), Limits::default()).await
    }

    /// A service of a journal.
    pub async fn with(journal: Arc<dyn Journal>, limits: Limits) -> Self {
        Self::with_clock(journal, limits, Arc::new(SystemClock)).await
    }

    /// A service of a journal, at the time of a clock.
    pub async fn with_clock(journal: Arc<dyn Journal>, limits: Limits, clock: Arc<dyn Clock>) -> Self {
        let (ledger, _) = Ledger::open(journal, clock, limits.clone()).expect("a ledger");
        let (service, health) = assemble(&ledger, &ServeConfig { limits, ..ServeConfig::default() }).expect("a service");
        health.serving().await;
        tokio::spawn(health.clone().follow(ledger.clone()));
        Self { ledger, health, connections: Connections::to(service).0 }
    }

    /// A service of an empty ledger behind a gate.
    pub async fn behind(gate: Arc<Gate>) -> Self {
        Self::observed(gate, None).await
    }

    /// The same, with somebody who is told of calls.
    pub async fn observed(gate: Arc<Gate>, observer: Option<Arc<dyn Observer>>) -> Self {
        let (ledger, _) = Ledger::open(Arc::new(MemoryJournal::new()), Arc::new(SystemClock), Limits::default()).expect("a ledger");
        let protection = Protection { authenticates: true, ..Protection::default() };
        let assembly = Assembly::new(&ledger, &ServeConfig::default()).behind(gate, protection).observed_by(observer);
        let (connections, health) = (Connections::to(assembly.service().expect("a service")).0, assembly.health().clone());
        health.serving().await;
        Self { ledger, health, connections }
    }

    /// A connection of somebody with a credential: an API key or a token.
    pub async fn connect_as(&self, credential: &str) -> Known {
        InterceptedService::new(self.connect().await, Bearer(credential.to_owned()))
    }

    /// A connection to it.
    pub async fn connect(&self) -> Channel {
        self.connections.connect().await
    }

    /// A connection that leaves deadlines to the server: tonic's own client keeps them too, and says CANCELLED.
    pub async fn connect_bare(&self) -> LedgerServiceClient<Bare> {
        let client = self.connections.open().expect("the service runs");
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(client)).await.expect("a connection");
        tokio::spawn(connection);
        LedgerServiceClient::with_origin(Bare(sender), "http://in.memory".parse().expect("an origin"))
    }

    pub async fn writer(&self) -> LedgerServiceClient<Channel> {
        LedgerServiceClient::new(self.connect().await).max_decoding_message_size(64 << 20).max_encoding_message_size(64 << 20)
    }

    pub async fn reader(&self) -> PartnershipServiceClient<Channel> {
        PartnershipServiceClient::new(self.connect().await).max_decoding_message_size(64 << 20)
    }

    pub async fn auditor(&self) -> AuditServiceClient<Channel> {
        AuditServiceClient::new(self.connect().await).max_decoding_message_size(64 << 20)
    }

    /// Appends, on a connection of its own.
    pub async fn append(&self, events: impl Into<Vec<Event>>) -> Result<AppendResponse, Status> {
        self.writer().await.append(append_request(events)).await.map(tonic::Response::into_inner)
    }

    /// All durable records.
    pub fn records(&self) -> Vec<Record> {
        self.ledger.records(1, usize::MAX, usize::MAX).expect("records")
    }
}

/// A connection that says who calls.
pub type Known = InterceptedService<Channel, Bearer>;

/// Puts a credential into each request.
#[derive(Clone)]
pub struct Bearer(pub String);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: tonic::Request<()>) -> Result<tonic::Request<()>, Status> {
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.0).parse().expect("a header"));
        Ok(request)
    }
}

/// A client's connection without deadlines of its own.
#[derive(Clone)]
pub struct Bare(pub http2::SendRequest<Body>);

impl tower::Service<Request<Body>> for Bare {
    type Response = Response<hyper::body::Incoming>;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, hyper::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), hyper::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.0.send_request(request))
    }
}

/// Code and reason of an error, which always has details of this ledger.
pub fn told(status: &Status) -> (Code, String) {
    let details = status.get_error_details();
    let info = details.error_info().unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
    assert_eq!(info.domain, "partnership-ledger");
    assert!(!status.message().is_empty(), "an error without words");
    (status.code(), info.reason.clone())
}

/// A piece of an error's metadata.
pub fn metadata(status: &Status, name: &str) -> Option<String> {
    status.get_error_details().error_info()?.metadata.get(name).cloned()
}
