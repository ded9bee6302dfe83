//! The health of the whole server and of each service, by the standard protocol (grpc.health.v1).

use crate::ledger::Ledger;
use crate::proto::{audit_service_server, ledger_service_server};
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

/// The service name that stands for the whole server.
const WHOLE: &str = "";
/// The services with a status of their own.
const SERVICES: [&str; 2] = [ledger_service_server::SERVICE_NAME, audit_service_server::SERVICE_NAME];

/// Sets the serving status of the services.
#[derive(Clone, Debug)]
pub struct Health(HealthReporter);

impl Health {
    pub(super) fn new() -> Self {
        Self(HealthReporter::new())
    }

    /// Returns the service that answers health checks.
    pub(super) fn service(&self) -> HealthServer<HealthService> {
        HealthServer::new(HealthService::from_health_reporter(self.0.clone()))
    }

    /// Sets every status to SERVING.
    pub async fn serving(&self) {
        for name in SERVICES.into_iter().chain([WHOLE]) {
            self.0.set_service_status(name, ServingStatus::Serving).await;
        }
    }

    /// Sets every status to `NOT_SERVING`: the server is about to end.
    pub async fn ending(&self) {
        for name in SERVICES.into_iter().chain([WHOLE]) {
            self.0.set_service_status(name, ServingStatus::NotServing).await;
        }
    }

    /// Waits until recording stops for good, and then sets the recording service and the whole server, which needs a
    /// restart, to `NOT_SERVING`. Reading goes on.
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
