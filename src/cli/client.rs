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
/// The largest answer taken: a page of 1 000 agreements with long terms.
const MAX_ANSWER_BYTES: usize = 64 << 20;
/// How much of an answer may be on its way: over a long line, what is less leaves it idle.
const WINDOW_BYTES: u32 = 4 << 20;

/// What a command works with: where the ledger is, and where its answers go.
pub struct Session {
    /// Where the ledger listens.
    pub address: String,
    /// Where answers go.
    pub out: Output,
}

impl Session {
    /// The service that writes.
    pub async fn ledger(&self) -> Result<LedgerServiceClient<Channel>, Failure> {
        Ok(LedgerServiceClient::new(connect(&self.address, self.out.language).await?).max_decoding_message_size(MAX_ANSWER_BYTES))
    }

    /// The service that reads.
    pub async fn partnership(&self) -> Result<PartnershipServiceClient<Channel>, Failure> {
        Ok(PartnershipServiceClient::new(connect(&self.address, self.out.language).await?).max_decoding_message_size(MAX_ANSWER_BYTES))
    }

    /// The service that shows the records.
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

/// What is at the bottom of an error, which says more than what is wrapped around it.
fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
