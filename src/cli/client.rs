//! The connection to a running ledger.

use super::failure::Failure;
use super::language::{Language, say};
use super::output::Output;
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::ledger_service_server;
use partnership_ledger::proto::partnership_service_client::PartnershipServiceClient;
use partnership_ledger::proto::webhook_service_client::WebhookServiceClient;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::error::Error;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{self, Certificate, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// The environment variable that may have the key itself.
const KEY: &str = "PARTNERSHIP_LEDGER_KEY";
/// How long a connection with calls under way may be silent before it is tried, and how long that may take.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long it is waited for another server to take over, and how often it is looked.
const TAKEOVER_TIMEOUT: Duration = Duration::from_secs(30);
const LOOKED_EVERY: Duration = Duration::from_millis(250);
/// The largest answer accepted: a page of 1 000 agreements with long terms.
const MAX_ANSWER_BYTES: usize = 64 << 20;
/// HTTP/2 window: a smaller one would leave a connection of high latency idle.
const WINDOW_BYTES: u32 = 4 << 20;

/// A connection that says who calls.
pub type Channel = InterceptedService<transport::Channel, Bearer>;
/// The clients of a running ledger. Only this file knows what their calls pass through.
pub type LedgerClient = LedgerServiceClient<Channel>;
pub type PartnershipClient = PartnershipServiceClient<Channel>;
pub type AuditClient = AuditServiceClient<Channel>;
pub type WebhookClient = WebhookServiceClient<Channel>;

/// How the ledger is reached: what its certificate is checked by, and what says who calls. The files are read when it is
/// connected to.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Credentials {
    /// The CA of the ledger's certificate, PEM; the system's if it is not said. For https addresses
    #[arg(long, global = true, value_name = "FILE", env = "PARTNERSHIP_LEDGER_CA")]
    ca: Option<PathBuf>,
    /// A file with an API key or a token; or set PARTNERSHIP_LEDGER_KEY to the key itself
    #[arg(long, global = true, value_name = "FILE", env = "PARTNERSHIP_LEDGER_KEY_FILE")]
    key_file: Option<PathBuf>,
    /// A client certificate, PEM, and those up to its CA
    #[arg(long, global = true, value_name = "FILE", env = "PARTNERSHIP_LEDGER_CLIENT_CERT", requires = "client_key")]
    client_cert: Option<PathBuf>,
    /// The private key of the client certificate, PEM
    #[arg(long, global = true, value_name = "FILE", env = "PARTNERSHIP_LEDGER_CLIENT_KEY", requires = "client_cert")]
    client_key: Option<PathBuf>,
}

/// Puts an API key or a token into each request.
#[derive(Clone, Default)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl Bearer {
    /// What sends an API key; `None` if it is none.
    pub fn of(key: &str) -> Option<Self> {
        let mut value = MetadataValue::try_from(format!("Bearer {}", key.trim())).ok().filter(|_| !key.trim().is_empty())?;
        value.set_sensitive(true);
        Some(Self(Some(value)))
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

/// What a command works with: the ledger's addresses, what says who calls, and the output.
pub struct Session {
    /// Where the ledger listens; several of one that several servers share.
    pub addresses: Vec<String>,
    /// What says who calls.
    pub credentials: Credentials,
    /// The output.
    pub out: Output,
}

impl Session {
    /// What connects to the ledger.
    pub fn dialer(&self) -> Dialer {
        Dialer { addresses: self.addresses.clone(), credentials: self.credentials.clone(), language: self.out.language }
    }

    /// Connects to the service that records: of several servers at the one that does.
    pub async fn ledger(&self) -> Result<LedgerClient, Failure> {
        Ok(ledger_on(self.leader().await?))
    }

    /// Connects to the only server, or to the one of several that records.
    async fn leader(&self) -> Result<Channel, Failure> {
        let dialer = self.dialer();
        if dialer.has_choice() { dialer.recording(None).await } else { dialer.connect().await }
    }

    /// Connects to the service that answers questions.
    pub async fn partnership(&self) -> Result<PartnershipClient, Failure> {
        Ok(PartnershipServiceClient::new(self.connect().await?).max_decoding_message_size(MAX_ANSWER_BYTES))
    }

    /// Connects to the service that shows the records.
    pub async fn audit(&self) -> Result<AuditClient, Failure> {
        Ok(AuditServiceClient::new(self.connect().await?).max_decoding_message_size(MAX_ANSWER_BYTES))
    }

    /// The same, at the server that signs checkpoints: of several the one that records.
    pub async fn signing_audit(&self) -> Result<AuditClient, Failure> {
        Ok(AuditServiceClient::new(self.leader().await?).max_decoding_message_size(MAX_ANSWER_BYTES))
    }

    /// Connects to the service that sets webhooks: of several servers at the one that records.
    pub async fn webhooks(&self) -> Result<WebhookClient, Failure> {
        Ok(WebhookServiceClient::new(self.leader().await?).max_decoding_message_size(MAX_ANSWER_BYTES))
    }

    async fn connect(&self) -> Result<Channel, Failure> {
        self.dialer().connect().await
    }
}

/// The service that records, by a connection.
pub fn ledger_on(channel: Channel) -> LedgerClient {
    LedgerServiceClient::new(channel).max_decoding_message_size(MAX_ANSWER_BYTES)
}

/// Connects to the servers of a ledger.
#[derive(Clone)]
pub struct Dialer {
    addresses: Vec<String>,
    credentials: Credentials,
    language: Language,
}

impl Dialer {
    /// Whether there are several servers.
    pub fn has_choice(&self) -> bool {
        self.addresses.len() > 1
    }

    /// Connects to the first server that can be reached.
    pub async fn connect(&self) -> Result<Channel, Failure> {
        let mut outcome = Err(Failure::usage(say!(self.language, "failure-no-address")));
        for address in &self.addresses {
            outcome = self.connect_to(address).await;
            if !matches!(&outcome, Err(failure) if failure.is_unavailable()) {
                break;
            }
        }
        outcome
    }

    /// Connects to the server where the service that records serves; `leader` is asked first. While none does it waits, as
    /// another one takes over, up to half a minute.
    pub async fn recording(&self, leader: Option<&str>) -> Result<Channel, Failure> {
        let began = Instant::now();
        let mut hint = leader;
        loop {
            let mut failure = Failure::unavailable(say!(self.language, "failure-no-leader"));
            for address in hint.take().into_iter().chain(self.addresses.iter().map(String::as_str)) {
                match self.connect_to(address).await {
                    Ok(channel) if is_recording(channel.clone()).await => return Ok(channel),
                    Ok(_) => {}
                    Err(other) if other.is_unavailable() || Some(address) == leader => failure = other,
                    Err(other) => return Err(other),
                }
            }
            if began.elapsed() > TAKEOVER_TIMEOUT {
                return Err(failure);
            }
            tokio::time::sleep(LOOKED_EVERY).await;
        }
    }

    async fn connect_to(&self, address: &str) -> Result<Channel, Failure> {
        let language = self.language;
        let url = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
        let bad = |error: String| Failure::usage(say!(language, "failure-address", address = address, error = error));
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(bad(say!(language, "failure-only-http")));
        }
        let endpoint = Endpoint::from_shared(url.clone()).map_err(|error| bad(root_cause(&error)))?;
        let endpoint = endpoint
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            // A server that is gone, with its machine or its network, is noticed.
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE)
            .initial_stream_window_size(WINDOW_BYTES)
            .initial_connection_window_size(WINDOW_BYTES);
        let is_encrypted = url.starts_with("https://");
        let bearer = self.credentials.bearer(language)?;
        if bearer.0.is_some() && !is_encrypted && !is_own(endpoint.uri().host()) {
            return Err(bad(say!(language, "failure-key-in-the-open")));
        }
        let endpoint = if is_encrypted {
            endpoint.tls_config(self.credentials.tls(language)?).map_err(|error| bad(root_cause(&error)))?
        } else {
            endpoint
        };
        let channel = endpoint.connect().await;
        let channel = channel
            .map_err(|error| Failure::unavailable(say!(language, "failure-connect", address = address, error = root_cause(&error))))?;
        Ok(InterceptedService::new(channel, bearer))
    }
}

/// Whether the service that records serves at the other end.
async fn is_recording(channel: Channel) -> bool {
    let service = ledger_service_server::SERVICE_NAME.to_owned();
    let mut health = HealthClient::new(channel);
    let asked = tokio::time::timeout(CONNECT_TIMEOUT, health.check(HealthCheckRequest { service }));
    matches!(asked.await, Ok(Ok(answer)) if answer.get_ref().status() == ServingStatus::Serving)
}

impl Credentials {
    /// What is sent to say who calls.
    fn bearer(&self, language: Language) -> Result<Bearer, Failure> {
        let (from, text) = match &self.key_file {
            Some(path) => (path.display().to_string(), read(path)?),
            None => match std::env::var(KEY) {
                Ok(key) if !key.trim().is_empty() => (KEY.to_owned(), key.into_bytes()),
                _ => return Ok(Bearer::default()),
            },
        };
        let key = String::from_utf8(text).unwrap_or_default();
        Bearer::of(&key).ok_or_else(|| Failure::usage(say!(language, "failure-no-key", file = from)))
    }

    /// What the ledger's certificate is checked by, and the client's own.
    fn tls(&self, language: Language) -> Result<ClientTlsConfig, Failure> {
        let mut tls = match &self.ca {
            Some(ca) => {
                let pem = read(ca)?;
                if CertificateDer::pem_slice_iter(&pem).next().is_none() {
                    return Err(Failure::usage(say!(language, "failure-no-certificate", file = ca.display().to_string())));
                }
                ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem))
            }
            None => ClientTlsConfig::new().with_native_roots(),
        };
        if let (Some(certificate), Some(key)) = (&self.client_cert, &self.client_key) {
            tls = tls.identity(Identity::from_pem(read(certificate)?, read(key)?));
        }
        Ok(tls)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// Whether a host is this machine, where nobody is on the way to read along.
fn is_own(host: Option<&str>) -> bool {
    let host = host.unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Returns the innermost cause of an error, which is the most specific.
fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
