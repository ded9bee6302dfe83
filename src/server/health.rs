//! Health: of the whole server and of each service, by the standard protocol.

use crate::ledger::Ledger;
use crate::proto::{audit_service_server, ledger_service_server};
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

/// The name under which the whole server is asked for.
const WHOLE: &str = "";
/// The services that are told apart.
const SERVICES: [&str; 2] = [ledger_service_server::SERVICE_NAME, audit_service_server::SERVICE_NAME];

/// Says how the services are.
#[derive(Clone, Debug)]
pub struct Health(HealthReporter);

impl Health {
    pub(super) fn new() -> Self {
        Self(HealthReporter::new())
    }

    /// The service that tells whoever asks.
    pub(super) fn service(&self) -> HealthServer<HealthService> {
        HealthServer::new(HealthService::from_health_reporter(self.0.clone()))
    }

    /// Everything serves.
    pub async fn serving(&self) {
        for name in SERVICES.into_iter().chain([WHOLE]) {
            self.0.set_service_status(name, ServingStatus::Serving).await;
        }
    }

    /// Nothing serves any more: the server is about to end.
    pub async fn ending(&self) {
        for name in SERVICES.into_iter().chain([WHOLE]) {
            self.0.set_service_status(name, ServingStatus::NotServing).await;
        }
    }

    /// Waits until recording stops for good, and says so: of the writing service, and of the whole, which needs a
    /// restart. Reading goes on.
    pub async fn follow(self, ledger: Ledger) {
        let mut stopped = ledger.stopped();
        drop(ledger);
        if stopped.wait_for(Option::is_some).await.is_ok() {
            for name in [ledger_service_server::SERVICE_NAME, WHOLE] {
                self.0.set_service_status(name, ServingStatus::NotServing).await;
            }
        }
    }
}
