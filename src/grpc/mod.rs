//! The service: what is assembled of the ledger, and nothing of its rules.

mod arrival;
mod audit;
mod connections;
mod edge;
mod health;
mod pages;
mod read;
mod serve;
mod status;
mod threads;
mod wire;
mod write;

pub use arrival::Bounds;
pub use connections::{Acceptor, Connection, Newcomer, most_connections};
pub use edge::{Edge, EdgeLayer};
pub use health::Health;
pub use serve::{ServeError, serve};
pub use status::{DOMAIN, to_status};

use crate::config::{MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES, ServeConfig};
use crate::ledger::{Error, Ledger};
use crate::proto;
use crate::proto::partnership_service_server::PartnershipServiceServer;
use std::pin::Pin;
use std::time::Duration;
use tokio_stream::Stream;
use tonic::transport::server::{Router, Server};
use tonic::{Response, Status};
use tower::layer::util::{Identity, Stack};
use wire::{AuditServiceServer, LedgerServiceServer};

/// What a streaming call answers.
pub type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The server with all services.
pub type Service = Router<Stack<EdgeLayer, Identity>>;

/// HTTP/2's window of one call: as large as the largest request.
const STREAM_WINDOW_BYTES: u32 = 4 << 20;
/// HTTP/2's window of one connection.
const CONNECTION_WINDOW_BYTES: u32 = 16 << 20;
/// How long a connection may be silent before the client is asked whether it is still there.
const ASK_AFTER: Duration = Duration::from_secs(30);
/// How long the client may take to say that it is.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(20);
/// The largest HTTP/2 frame.
const FRAME_BYTES: u32 = 256 << 10;

/// What all services of a ledger have in common, in whichever runtimes they are served.
pub struct Assembly {
    ledger: Ledger,
    bounds: Bounds,
    health: Health,
    stream_in_flight: usize,
    max_concurrent_streams: u32,
}

impl Assembly {
    /// That of a ledger.
    pub fn new(ledger: &Ledger, config: &ServeConfig) -> Self {
        Self {
            ledger: ledger.clone(),
            bounds: Bounds::new(config.arriving_bytes, config.arriving_time, config.limits.retry_after),
            health: Health::new(),
            stream_in_flight: config.stream_in_flight,
            max_concurrent_streams: config.max_concurrent_streams,
        }
    }

    /// Says how the services are.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// A service for the present runtime; to be served over TCP, or over anything else that is a stream. The runtime hears
    /// that recording has stopped before it hears of a refused event: health never says less than an answer.
    ///
    /// # Errors
    /// If the contract's descriptor cannot be read, which is a defect.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn service(&self) -> Result<Service, tonic_reflection::server::Error> {
        tokio::spawn(self.health.clone().follow(self.ledger.clone()));
        let write = LedgerServiceServer::new(write::Writing::new(self.ledger.in_this_runtime(), self.stream_in_flight))
            .max_decoding_message_size(MAX_REQUEST_BYTES)
            .max_encoding_message_size(MAX_RESPONSE_BYTES);
        let read = PartnershipServiceServer::new(read::Partnership::new(self.ledger.clone()))
            .max_decoding_message_size(MAX_REQUEST_BYTES)
            .max_encoding_message_size(MAX_RESPONSE_BYTES);
        let audit = AuditServiceServer::new(audit::Audit::new(self.ledger.clone()))
            .max_decoding_message_size(MAX_REQUEST_BYTES)
            .max_encoding_message_size(MAX_RESPONSE_BYTES);
        Ok(Server::builder()
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .max_frame_size(FRAME_BYTES)
            .max_concurrent_streams(self.max_concurrent_streams)
            .http2_keepalive_interval(Some(ASK_AFTER))
            .http2_keepalive_timeout(Some(GIVEN_UP_AFTER))
            .layer(EdgeLayer(self.bounds.clone()))
            .add_service(write)
            .add_service(read)
            .add_service(audit)
            .add_service(self.health.service())
            .add_service(reflection().build_v1()?)
            .add_service(reflection().build_v1alpha()?))
    }
}

/// Assembles the service of a ledger for the present runtime alone.
///
/// # Errors
/// As for `Assembly::service`.
///
/// # Panics
/// Outside of a runtime.
pub fn assemble(ledger: &Ledger, config: &ServeConfig) -> Result<(Service, Health), tonic_reflection::server::Error> {
    let assembly = Assembly::new(ledger, config);
    Ok((assembly.service()?, assembly.health))
}

fn reflection<'a>() -> tonic_reflection::server::Builder<'a> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::DESCRIPTOR)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

/// Answers a call on a thread where waiting and long work hold nobody up.
pub(crate) async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<Response<T>, Status> {
    let outcome =
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|panic| Err(Error::Internal(format!("a defect in answering: {panic}"))));
    outcome.map(Response::new).map_err(to_status)
}
