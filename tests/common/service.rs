//! A service in memory, journals that misbehave, and events to send.

use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use parking_lot::{Condvar, Mutex};
use partnership_ledger::clock::{Clock, SystemClock};
use partnership_ledger::domain::parse::timestamp;
use partnership_ledger::journal::{Batch, DiskBytes, Journal, JournalError, MemoryJournal, StoredRecord, TreeHead};
use partnership_ledger::ledger::{Ledger, Limits};
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::event::Body as Fact;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::partnership_service_client::PartnershipServiceClient;
use partnership_ledger::proto::{
    AgreementSigned, AgreementType, AppendRequest, AppendResponse, CommissionAdjusted, Event, Money, PartnerKind, PartnerRegistered,
    Record, Terms,
};
use partnership_ledger::server::{Health, ServeConfig, assemble};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// A service that runs in memory.
pub struct Service {
    pub ledger: Ledger,
    pub health: Health,
    connections: mpsc::UnboundedSender<Result<DuplexStream, std::io::Error>>,
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
        let (connections, incoming) = mpsc::unbounded_channel();
        tokio::spawn(service.serve_with_incoming(UnboundedReceiverStream::new(incoming)));
        Self { ledger, health, connections }
    }

    /// A connection to it.
    pub async fn connect(&self) -> Channel {
        let connections = self.connections.clone();
        let connect = tower::service_fn(move |_| {
            let (client, server) = tokio::io::duplex(1 << 20);
            let sent = connections.send(Ok(server)).map_err(|_| std::io::Error::other("the service has ended"));
            async move { sent.map(|()| TokioIo::new(client)) }
        });
        Endpoint::from_static("http://in.memory").connect_with_connector(connect).await.expect("a connection")
    }

    /// A connection that leaves deadlines to the server: tonic's own client keeps them too, and says CANCELLED.
    pub async fn connect_bare(&self) -> LedgerServiceClient<Bare> {
        let (client, server) = tokio::io::duplex(1 << 20);
        self.connections.send(Ok(server)).expect("the service runs");
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
        let request = AppendRequest { events: events.into(), expected_last_position: None };
        self.writer().await.append(request).await.map(tonic::Response::into_inner)
    }

    /// All durable records.
    pub fn records(&self) -> Vec<Record> {
        self.ledger.records(1, usize::MAX, usize::MAX).expect("records")
    }
}

/// A client's connection without deadlines of its own.
#[derive(Clone)]
pub struct Bare(http2::SendRequest<Body>);

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

/// A journal whose appends wait or fail when told to.
#[derive(Default)]
pub struct Moody {
    inner: MemoryJournal,
    is_held: Mutex<bool>,
    changed: Condvar,
    fails: AtomicBool,
}

impl Moody {
    /// Appends wait from now on, or no longer.
    pub fn hold(&self, is_held: bool) {
        *self.is_held.lock() = is_held;
        self.changed.notify_all();
    }

    /// Appends fail from now on, whatever is said later.
    pub fn fail(&self) {
        self.fails.store(true, Ordering::SeqCst);
    }
}

impl Journal for Moody {
    fn last(&self) -> u64 {
        self.inner.last()
    }

    fn tree_head(&self) -> TreeHead {
        self.inner.tree_head()
    }

    fn append(&self, expected_last: u64, batch: &Batch) -> Result<TreeHead, JournalError> {
        let mut is_held = self.is_held.lock();
        while *is_held {
            self.changed.wait(&mut is_held);
        }
        if self.fails.load(Ordering::SeqCst) {
            return Err(JournalError::Storage { what: "the disk at /secret/path".into(), source: std::io::Error::other("broke") });
        }
        self.inner.append(expected_last, batch)
    }

    fn read(&self, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<StoredRecord>, JournalError> {
        self.inner.read(from, max_records, max_bytes)
    }

    fn checkpoint(&self) -> Result<u64, JournalError> {
        self.inner.checkpoint()
    }

    fn close(&self) -> Result<(), JournalError> {
        self.inner.close()
    }

    fn disk_bytes(&self) -> Result<DiskBytes, JournalError> {
        self.inner.disk_bytes()
    }
}

/// The event id that a name stands for.
pub fn event_id(name: &str) -> String {
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, name.as_bytes()).to_string()
}

/// An event of an hour ago whose id is made of `name`.
pub fn event(name: &str, body: Fact) -> Event {
    // One hour for all: what is sent again must be the same.
    static HOUR_AGO: std::sync::LazyLock<chrono::DateTime<chrono::Utc>> =
        std::sync::LazyLock::new(|| chrono::Utc::now() - chrono::Duration::hours(1));
    Event { event_id: event_id(name), occurred_at: Some(timestamp(*HOUR_AGO)), metadata: [].into(), body: Some(body) }
}

/// A partner is registered.
pub fn partner(id: &str) -> Event {
    let kind = PartnerKind::Reseller as i32;
    let body = PartnerRegistered { partner_id: id.into(), display_name: format!("Partner {id}"), kind, ..PartnerRegistered::default() };
    event(&format!("partner {id}"), Fact::PartnerRegistered(body))
}

/// An agreement is signed with a partner.
pub fn agreement(id: &str, partner: &str) -> Event {
    let (terms, kind) = (Some(Box::new(Terms::default())), AgreementType::Channel as i32);
    let body = AgreementSigned { agreement_id: id.into(), partner_id: partner.into(), r#type: kind, terms, ..AgreementSigned::default() };
    event(&format!("agreement {id}"), Fact::AgreementSigned(body))
}

/// Commission is given by hand under an agreement, in US cents.
pub fn adjustment(id: &str, agreement: &str, minor_units: i64) -> Event {
    let amount = Some(Money { currency_code: "USD".into(), minor_units });
    let body = CommissionAdjusted { adjustment_id: id.into(), agreement_id: agreement.into(), amount, reason: "a gift".into() };
    event(&format!("adjustment {id}"), Fact::CommissionAdjusted(body))
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
