//! The connection to a running ledger.

use super::failure::Failure;
use super::language::{Language, say};
use super::output::Output;
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::partnership_service_client::PartnershipServiceClient;
use std::error::Error;
use std::time::Duration;
use tonic::transport::{Channel, Endpoint};

/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The largest answer accepted: a page of 1 000 agreements with long terms.
const MAX_ANSWER_BYTES: usize = 64 << 20;
/// HTTP/2 window: a smaller one would leave a connection of high latency idle.
const WINDOW_BYTES: u32 = 4 << 20;

/// What a command works with: the ledger's address and the output.
pub struct Session {
    /// Where the ledger listens.
    pub address: String,
    /// The output.
    pub out: Output,
}

impl Session {
    /// Connects to the service that records.
    pub async fn ledger(&self) -> Result<LedgerServiceClient<Channel>, Failure> {
        Ok(LedgerServiceClient::new(connect(&self.address, self.out.language).await?).max_decoding_message_size(MAX_ANSWER_BYTES))
    }

    /// Connects to the service that answers questions.
    pub async fn partnership(&self) -> Result<PartnershipServiceClient<Channel>, Failure> {
        Ok(PartnershipServiceClient::new(connect(&self.address, self.out.language).await?).max_decoding_message_size(MAX_ANSWER_BYTES))
    }

    /// Connects to the service that shows the records.
    pub async fn audit(&self) -> Result<AuditServiceClient<Channel>, Failure> {
        Ok(AuditServiceClient::new(connect(&self.address, self.out.language).await?).max_decoding_message_size(MAX_ANSWER_BYTES))
    }
}

async fn connect(address: &str, language: Language) -> Result<Channel, Failure> {
    let url = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
    if !url.starts_with("http://") {
        let error = say!(language, "failure-only-http");
        return Err(Failure::usage(say!(language, "failure-address", address = address, error = error)));
    }
    let endpoint = Endpoint::from_shared(url)
        .map_err(|error| Failure::usage(say!(language, "failure-address", address = address, error = root_cause(&error))))?;
    endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .connect()
        .await
        .map_err(|error| Failure::unavailable(say!(language, "failure-connect", address = address, error = root_cause(&error))))
}

/// Returns the innermost cause of an error, which is the most specific.
fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
