//! The gRPC server: the services of a ledger, health and reflection, with the settings of HTTP/2.

use super::{Health, ServeConfig};
use crate::grpc::{Bounds, EdgeLayer, audit_service, ledger_service, partnership_service};
use crate::ledger::Ledger;
use crate::proto;
use std::time::Duration;
use tonic::transport::server::{Router, Server};
use tower::layer::util::{Identity, Stack};

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
        Ok(Server::builder()
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .max_frame_size(FRAME_BYTES)
            .max_concurrent_streams(self.max_concurrent_streams)
            .http2_keepalive_interval(Some(ASK_AFTER))
            .http2_keepalive_timeout(Some(GIVEN_UP_AFTER))
            .layer(EdgeLayer(self.bounds.clone()))
            .add_service(ledger_service(&self.ledger, self.stream_in_flight))
            .add_service(partnership_service(&self.ledger))
            .add_service(audit_service(&self.ledger))
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
