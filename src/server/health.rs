//! The health of the whole server and of each service, by the standard protocol (grpc.health.v1).

use crate::ledger::{Ledger, Role};
use crate::proto::{audit_service_server, ledger_service_server, partnership_service_server};
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

/// The service name that stands for the whole server.
const WHOLE: &str = "";
/// The service that records.
const RECORDING: &str = ledger_service_server::SERVICE_NAME;
/// The services with a status of their own.
const SERVICES: [&str; 3] = [RECORDING, audit_service_server::SERVICE_NAME, partnership_service_server::SERVICE_NAME];

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

    /// Sets the statuses as the ledger's role has it: the recording service serves where the ledger is led, the reading ones and the
    /// whole server unless what is read has become old.
    pub async fn of_role(&self, role: &Role) {
        let status = |serves| if serves { ServingStatus::Serving } else { ServingStatus::NotServing };
        let is_read = !matches!(role, Role::Follows { is_fresh: false, .. });
        for name in SERVICES.into_iter().chain([WHOLE]) {
            let serves = if name == RECORDING { *role == Role::Leads } else { is_read };
            self.0.set_service_status(name, status(serves)).await;
        }
    }

    /// Follows the ledger's role. When recording stops for good, the recording service and the whole server, which needs a restart,
    /// are set to `NOT_SERVING`; reading goes on.
    pub async fn follow(self, ledger: Ledger) {
        let (mut stopped, mut role, mut closing) = (ledger.stopped(), ledger.role(), ledger.closing());
        drop(ledger);
        loop {
            tokio::select! {
                biased;
                has_stopped = async { stopped.wait_for(Option::is_some).await.is_ok() } => {
                    if has_stopped {
                        for name in [RECORDING, WHOLE] {
                            self.0.set_service_status(name, ServingStatus::NotServing).await;
                        }
                    }
                    return;
                }
                changed = role.changed() => {
                    // What ends has said so.
                    if changed.is_err() || *closing.borrow_and_update() {
                        return;
                    }
                    let present = role.borrow_and_update().clone();
                    self.of_role(&present).await;
                }
            }
        }
    }
}
