//! The gRPC server: the services of a ledger, health and reflection, with the settings of HTTP/2.

use super::{Health, ServeConfig};
use crate::access::Gate;
use crate::clock::SystemClock;
use crate::console::Inside;
use crate::feed::Feed;
use crate::feed::webhooks::Webhooks;
use crate::grpc::{Bounds, EdgeLayer, Observer, Protection, audit_service, ledger_service, partnership_service, webhook_service};
use crate::ledger::{Ledger, Memory};
use crate::proofs::Proofs;
use crate::proto;
use std::sync::Arc;
use std::time::Duration;
use tonic::service::Routes;
use tonic::transport::server::{Router, Server};
use tower::Layer as _;
use tower::layer::util::{Identity, Stack};

/// The server with all services.
pub type Service = Router<Stack<EdgeLayer, Identity>>;

/// HTTP/2's window of one call. What the service does not read yet waits in HTTP/2's buffers, which nobody counts.
const STREAM_WINDOW_BYTES: u32 = 512 << 10;
/// HTTP/2's window of one connection.
const CONNECTION_WINDOW_BYTES: u32 = 2 << 20;
/// Calls that a client may have given up before the service has seen them, for each that it may have at a time. More is taken
/// for an attack and ends the connection. Reads that time out while the thread is busy are none.
const UNSEEN_RESETS: usize = 2;
/// Calls of one connection that may end for the client's errors in HTTP/2.
const ERROR_RESETS: usize = 1_024;
/// How long a connection may be idle before a keep-alive ping is sent.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// How long the client may take to answer the ping.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// By which part connections may last shorter than they may at most, at random for each thread, so that not all clients come
/// again at once.
const AGE_JITTER: f64 = 0.2;
/// The largest HTTP/2 frame.
const FRAME_BYTES: u32 = 256 << 10;

/// What the services of a ledger share, whatever runtimes they are served in.
pub struct Assembly {
    ledger: Ledger,
    feed: Feed,
    webhooks: Option<Webhooks>,
    proofs: Arc<Proofs>,
    memory: Memory,
    bounds: Bounds,
    health: Health,
    protection: Protection,
    connection_age: Duration,
    stream_in_flight: usize,
    max_concurrent_streams: u32,
}

impl Assembly {
    /// The assembly of a ledger's services, which lets everybody do everything.
    pub fn new(ledger: &Ledger, config: &ServeConfig) -> Self {
        let memory = Memory::new(config.memory_bytes, config.stall_timeout, config.limits.retry_after);
        Self {
            ledger: ledger.clone(),
            feed: Feed::new(ledger, config.heartbeat),
            webhooks: None,
            proofs: Arc::new(Proofs::in_memory(ledger)),
            bounds: Bounds {
                gate: Gate::open(Arc::new(SystemClock)),
                memory: memory.clone(),
                arrival_timeout: config.partial_message_timeout,
                observer: None,
            },
            memory,
            health: Health::new(),
            protection: Protection::default(),
            connection_age: config.connection_age,
            stream_in_flight: config.stream_in_flight,
            max_concurrent_streams: config.max_concurrent_streams,
        }
    }

    /// The same behind a gate.
    #[must_use]
    pub fn behind(mut self, gate: Arc<Gate>, protection: Protection) -> Self {
        self.bounds.gate = gate;
        Self { protection, ..self }
    }

    /// The same, with somebody who is told of calls.
    #[must_use]
    pub fn observed_by(mut self, observer: Option<Arc<dyn Observer>>) -> Self {
        self.bounds.observer = observer;
        self
    }

    /// The feed of what is recorded.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// The same, which delivers to endpoints.
    #[must_use]
    pub fn delivering(self, webhooks: Webhooks) -> Self {
        Self { webhooks: Some(webhooks), ..self }
    }

    /// The same, with what the ledger proves; without it proofs are made of tiles in memory, and no checkpoint is signed.
    #[must_use]
    pub fn proving(self, proofs: Arc<Proofs>) -> Self {
        Self { proofs, ..self }
    }

    /// The memory of all that is on its way in and out.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The health of the services.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// The services that record, answer and show records, behind the same edge, to be called within the process by the present
    /// runtime.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn inside(&self) -> Inside {
        let routes = Routes::new(ledger_service(&self.ledger, self.stream_in_flight, self.protection))
            .add_service(partnership_service(&self.ledger))
            .add_service(audit_service(&self.ledger, &self.feed, &self.proofs));
        EdgeLayer(self.bounds.clone()).layer(routes.prepare())
    }

    /// Returns a server for the present runtime, to be served over TCP or any other stream. The runtime learns that
    /// recording has stopped before a refusal for it is sent, so health never says less than an answer.
    ///
    /// # Errors
    /// If the contract's descriptor cannot be read, which is a defect.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn service(&self) -> Result<Service, tonic_reflection::server::Error> {
        tokio::spawn(self.health.clone().follow(self.ledger.clone()));
        let server = Server::builder()
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .max_frame_size(FRAME_BYTES)
            .max_concurrent_streams(self.max_concurrent_streams)
            .http2_max_pending_accept_reset_streams(Some(UNSEEN_RESETS * self.max_concurrent_streams as usize))
            .http2_max_local_error_reset_streams(Some(ERROR_RESETS))
            .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
            .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT));
        let server = if self.protection.encrypts { server.max_connection_age(age(self.connection_age, fastrand::f64())) } else { server };
        Ok(server
            .layer(EdgeLayer(self.bounds.clone()))
            .add_service(ledger_service(&self.ledger, self.stream_in_flight, self.protection))
            .add_service(partnership_service(&self.ledger))
            .add_service(audit_service(&self.ledger, &self.feed, &self.proofs))
            .add_service(webhook_service(self.webhooks.clone()))
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

/// How long connections last that may last so long at most, by a random number from 0 to 1.
fn age(most: Duration, random: f64) -> Duration {
    most.mul_f64(1.0 - AGE_JITTER * random)
}

fn reflection<'a>() -> tonic_reflection::server::Builder<'a> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::DESCRIPTOR)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_last_an_hour_or_at_random_up_to_a_fifth_less() {
        let most = ServeConfig::default().connection_age;
        assert_eq!(most, Duration::from_hours(1));
        let minutes = |random| age(most, random).as_secs_f64() / 60.0;
        assert_eq!([0.0, 0.5, 1.0].map(|random| format!("{:.0}", minutes(random))), ["60", "54", "48"]);
    }
}
