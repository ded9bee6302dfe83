//! How the service is set up, with the defaults and what they are good for.

use super::access_log::AccessLogSettings;
use super::observe::TraceSettings;
use super::store::PostgresAddress;
use super::tls::TlsFiles;
use crate::feed::HEARTBEAT;
use crate::feed::webhooks::Pace;
use crate::ledger::Limits;
use crate::proofs::ProofSettings;
use ipnet::IpNet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// A database that keeps the records, which several servers share.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// Where it is, and the ledger's name in it.
    pub address: PostgresAddress,
    /// Whether this server never leads.
    pub only_follows: bool,
    /// Where clients reach this server, as the others tell them; where it listens without.
    pub advertised: Option<String>,
    /// Whether to lead although the database could lose what it has acknowledged.
    pub accepts_unreplicated: bool,
    /// The last position of a database that has less than this server has published, to go on from there all the same.
    pub accepts_shorter: Option<u64>,
}

/// How the service is set up.
#[derive(Clone, Debug)]
pub struct ServeConfig {
    /// Where the ledger is kept; created if it is not there. With a database it keeps what can be made again, and what this server has
    /// published.
    pub data_dir: PathBuf,
    /// The database that keeps the records; the data directory does without.
    pub database: Option<DatabaseConfig>,
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Who may do what: an access file. Without one everybody may do everything, which only a loopback address is good for.
    pub access: Option<PathBuf>,
    /// The files of TLS; without them connections are not encrypted.
    pub tls: Option<TlsFiles>,
    /// How long an encrypted connection may last: then its client has to come again, under the certificates of that time. At
    /// random up to a fifth less, so that not all come at once. Calls under way are finished.
    pub connection_age: Duration,
    /// Whether an address that other machines reach may be served without TLS or access file.
    pub insecure: bool,
    /// Where metrics and health are served by HTTP; nowhere without.
    pub observe: Option<SocketAddr>,
    /// Where the console is served by HTTP, or by HTTPS if there are files of TLS; nowhere without.
    pub console: Option<SocketAddr>,
    /// How people log in to the console with an issuer of the access file; without it they have API keys.
    pub console_login: Option<ConsoleLogin>,
    /// Where each call is logged; nowhere without.
    pub access_log: Option<AccessLogSettings>,
    /// Where traces are sent; nowhere without.
    pub traces: Option<TraceSettings>,
    /// How what is recorded is proved to others: the ledger's origin, the key of its checkpoints, its witnesses.
    pub proofs: ProofSettings,
    /// Whether a damaged end of the log that no other copy has is cut off instead of refused.
    pub cut_damaged_tail: bool,
    /// Records from one snapshot of the state to the next; 0 for none.
    pub snapshot_records: u64,
    /// Whether both copies of all records are read before the service starts, however large the ledger is.
    pub check_everything: bool,
    /// What the ledger accepts before it refuses requests.
    pub limits: Limits,
    /// Threads that serve connections; a connection stays with its thread.
    pub worker_threads: usize,
    /// Connections at a time; more are closed at once. The system's limit of open files may allow fewer.
    pub max_connections: usize,
    /// How long a client that has connected may take to send the HTTP/2 preface.
    pub preface_timeout: Duration,
    /// Bytes of all that is on its way in and out – requests that arrive, answers that clients have not taken –, over all
    /// connections; beyond it requests are refused as overload and pages wait. A connection may hold a quarter of what is
    /// free: the largest answer, of 48 MiB, needs four times as much.
    pub memory_bytes: usize,
    /// How long a client need take nothing of an answer until that may be given up, if others are short of memory.
    pub stall_timeout: Duration,
    /// How long the rest of a message may take once it has begun to arrive.
    pub partial_message_timeout: Duration,
    /// Calls at a time on one connection.
    pub max_concurrent_streams: u32,
    /// Unanswered requests of one append stream; at that many it is not read on (back-pressure).
    pub stream_in_flight: usize,
    /// After how long without anything else a subscriber is told that its stream lives.
    pub heartbeat: Duration,
    /// Which addresses webhooks are delivered to beside those of the global internet.
    pub webhook_allowed: Vec<IpNet>,
    /// How often deliveries that fail are tried again, and for how long.
    pub webhook_pace: Pace,
    /// How long calls under way may take to finish once the service is told to stop.
    pub drain: Duration,
    /// How long the last commits and closing the journal may take after that.
    pub close: Duration,
}

/// How people log in to the console with an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleLogin {
    /// What the access file calls the issuer.
    pub issuer: String,
    /// What the issuer knows the console by.
    pub client_id: String,
    /// A file of what the console shows itself to the issuer by, if it has to.
    pub client_secret: Option<PathBuf>,
    /// The address of the console, as browsers have it.
    pub url: String,
}

impl Default for ServeConfig {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            data_dir: PathBuf::from("ledger-data"),
            database: None,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 50051)),
            access: None,
            tls: None,
            connection_age: Duration::from_hours(1),
            insecure: false,
            observe: None,
            console: None,
            console_login: None,
            access_log: None,
            traces: None,
            proofs: ProofSettings::default(),
            cut_damaged_tail: false,
            snapshot_records: 1_000_000,
            check_everything: false,
            limits: Limits::default(),
            worker_threads: cores.min(4),
            max_connections: 4_096,
            preface_timeout: Duration::from_secs(10),
            memory_bytes: 256 << 20,
            stall_timeout: Duration::from_secs(30),
            partial_message_timeout: Duration::from_mins(1),
            max_concurrent_streams: 256,
            stream_in_flight: 256,
            heartbeat: HEARTBEAT,
            webhook_allowed: Vec::new(),
            webhook_pace: Pace::default(),
            drain: Duration::from_secs(4),
            close: Duration::from_secs(5),
        }
    }
}
