//! `serve`: opens the ledger of a directory and serves it until SIGTERM or SIGINT.

use super::failure::Failure;
use super::store::SharedArgs;
use ipnet::IpNet;
use partnership_ledger::ledger::{ReplayError, ReplayReport};
use partnership_ledger::proofs::witness::WitnessError;
use partnership_ledger::proofs::{OpenError, ProofSettings};
use partnership_ledger::server::{
    AccessLogSettings, ConsoleLogin, DatabaseConfig, DevFiles, Ready, ServeConfig, ServeError, TlsFiles, TraceSettings, has_ledger, serve,
};
use std::io::{self, IsTerminal as _, Write as _};
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tracing_subscriber::EnvFilter;

#[derive(clap::Args)]
pub struct Args {
    /// Options from a file in TOML, such as `config template` writes; those given here or in the environment go before
    #[arg(long, value_name = "FILE", env = "PARTNERSHIP_LEDGER_CONFIG")]
    config: Option<PathBuf>,
    /// Where the ledger is kept; created if it is not there
    #[arg(long, value_name = "DIR", env = "PARTNERSHIP_LEDGER_DATA_DIR", default_value = "./ledger-data")]
    data_dir: PathBuf,
    #[command(flatten)]
    shared: SharedArgs,
    /// Where to listen; port 0 lets the system choose. An address that other machines reach needs TLS and an access file
    #[arg(long, value_name = "ADDR", env = "PARTNERSHIP_LEDGER_LISTEN", default_value = "127.0.0.1:50051", value_parser = parse_address)]
    listen: SocketAddr,
    #[command(flatten)]
    guard: GuardArgs,
    #[command(flatten)]
    seen: SeenArgs,
    #[command(flatten)]
    proved: ProvedArgs,
    /// Threads that serve connections, each of them its own [default: one for each core, at most 4]
    #[arg(long, value_name = "N", env = "PARTNERSHIP_LEDGER_WORKERS", value_parser = parse_workers)]
    workers: Option<usize>,
    /// MiB of memory for all that is on its way in and out: requests that arrive, answers that clients have not taken yet. A
    /// connection may hold a quarter of what is free; beyond that it is refused as overload [default: 256]
    #[arg(long, value_name = "MIB", env = "PARTNERSHIP_LEDGER_MEMORY", value_parser = parse_memory)]
    memory: Option<usize>,
    /// Deliver webhooks to the addresses of this network too, also by http; may be repeated. Without it they go to addresses of
    /// the global internet alone, by https
    #[arg(long, value_name = "CIDR", env = "PARTNERSHIP_LEDGER_WEBHOOK_ALLOW", value_delimiter = ',')]
    webhook_allow: Vec<IpNet>,
    /// Take a snapshot of the state every so many records, so that a start need not replay all of them; 0: none
    #[arg(long, value_name = "RECORDS", env = "PARTNERSHIP_LEDGER_SNAPSHOT_EVERY", default_value_t = 1_000_000)]
    snapshot_every: u64,
    /// Give up a damaged end of the log that neither the store nor the checkpoint has: records may be lost. Only if the
    /// ledger refuses to start for it, and there is no better copy
    #[arg(long)]
    cut_damaged_tail: bool,
    /// Read both copies of all records first, and repair what is damaged. Without this a ledger of more than 64 MiB is
    /// looked at in the background while it serves
    #[arg(long)]
    check: bool,
}

/// Who gets in, and how connections are encrypted.
#[derive(clap::Args)]
struct GuardArgs {
    /// Who may do what: an access file, see `access check`; read anew when it changes. Without one everybody may do everything
    #[arg(long, value_name = "FILE", env = "PARTNERSHIP_LEDGER_ACCESS")]
    access: Option<PathBuf>,
    /// The server's certificate and those up to its CA, PEM; read anew when they change
    #[arg(long, value_name = "FILE", env = "PARTNERSHIP_LEDGER_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The private key of the certificate, PEM
    #[arg(long, value_name = "FILE", env = "PARTNERSHIP_LEDGER_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// The CA of client certificates, PEM; without it none is asked for
    #[arg(long, value_name = "FILE", env = "PARTNERSHIP_LEDGER_TLS_CLIENT_CA", requires = "tls_cert")]
    tls_client_ca: Option<PathBuf>,
    /// The revocation lists of that CA, PEM
    #[arg(long, value_name = "FILE", env = "PARTNERSHIP_LEDGER_TLS_CLIENT_CRL", requires = "tls_client_ca")]
    tls_client_crl: Option<PathBuf>,
    /// Seconds that an encrypted connection may last, at random up to a fifth less: then its client has to come again, under the
    /// certificates of that time. Calls under way are finished [default: 3600]
    #[arg(
        long,
        value_name = "SECONDS",
        env = "PARTNERSHIP_LEDGER_CONNECTION_AGE",
        value_parser = clap::value_parser!(u64).range(1..=31_536_000)
    )]
    connection_age: Option<u64>,
    /// To try with: a certificate and an access file with one key of each role, made once in the data directory
    #[arg(long, conflicts_with_all = ["access", "tls_cert", "insecure"])]
    dev: bool,
    /// Serve an address that other machines reach without TLS or access file: whoever reaches it may read and write
    #[arg(long)]
    insecure: bool,
}

/// How what is recorded is proved to others.
#[derive(clap::Args)]
struct ProvedArgs {
    /// The ledger's origin, fixed for good when it is served first: the name that its checkpoints carry, best an address without a scheme,
    /// such as ledger.example.com/partners [default: that of the checkpoint key, else a random one]
    #[arg(long, value_name = "ORIGIN", env = "PARTNERSHIP_LEDGER_ORIGIN")]
    origin: Option<String>,
    /// Sign checkpoints with this key, which `checkpoint-key new` makes; FILE.signed beside it says what was signed last
    #[arg(long, value_name = "FILE", env = "PARTNERSHIP_LEDGER_CHECKPOINT_KEY")]
    checkpoint_key: Option<PathBuf>,
    /// Sign one every so many seconds though nobody asks, if there are new records; nobody gets more than one a second
    #[arg(long, value_name = "SECONDS", requires = "checkpoint_key", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    checkpoint_every: u64,
    /// Ask the witnesses of this policy for cosignatures (c2sp.org/tlog-policy); without them the ledger goes on, and says so
    #[arg(long, value_name = "FILE", env = "PARTNERSHIP_LEDGER_WITNESSES", requires = "checkpoint_key")]
    witnesses: Option<PathBuf>,
    /// Give out only checkpoints that a quorum of that policy has cosigned
    #[arg(long, requires = "witnesses")]
    witness_required: bool,
}

impl ProvedArgs {
    fn settings(self) -> ProofSettings {
        let Self { origin, checkpoint_key: key, checkpoint_every, witnesses, witness_required } = self;
        ProofSettings { origin, key, witnesses, witness_required, every: Duration::from_secs(checkpoint_every) }
    }
}

/// How the server is seen from outside.
#[derive(clap::Args)]
struct SeenArgs {
    /// Serve metrics at /metrics, and health at /healthz and /readyz, by HTTP without TLS: for this machine, or a network that
    /// nobody else is in [default if it is given without: 127.0.0.1:9464]
    #[arg(
        long,
        value_name = "ADDR",
        env = "PARTNERSHIP_LEDGER_OBSERVE",
        num_args = 0..=1,
        default_missing_value = "127.0.0.1:9464",
        value_parser = parse_address
    )]
    observe: Option<SocketAddr>,
    /// Serve the console, the ledger in a browser. An address that other machines reach needs TLS and an access file [default if
    /// it is given without: 127.0.0.1:8080]
    #[arg(
        long,
        value_name = "ADDR",
        env = "PARTNERSHIP_LEDGER_CONSOLE",
        num_args = 0..=1,
        default_missing_value = "127.0.0.1:8080",
        value_parser = parse_address
    )]
    console: Option<SocketAddr>,
    /// Log in to the console with this issuer of the access file, by OpenID Connect; without it people paste an API key
    #[arg(long, value_name = "ISSUER", requires_all = ["console", "access", "console_client", "console_url"])]
    console_login: Option<String>,
    /// What the issuer knows the console by; the issuer's audience in the access file has to name it
    #[arg(long, value_name = "ID", requires = "console_login")]
    console_client: Option<String>,
    /// A file of the secret that the console shows itself to the issuer by, if it has one
    #[arg(long, value_name = "FILE", requires = "console_login")]
    console_client_secret: Option<PathBuf>,
    /// The address of the console as browsers have it, which the issuer leads back to, such as https://console.example
    #[arg(long, value_name = "URL", requires = "console_login")]
    console_url: Option<String>,
    /// Log each call to a file, a line of JSON each; SIGHUP opens it anew
    #[arg(long, value_name = "FILE", env = "PARTNERSHIP_LEDGER_ACCESS_LOG")]
    access_log: Option<PathBuf>,
    /// No line, no answer: answers wait until they are logged, and calls are refused while they cannot be
    #[arg(long, requires = "access_log")]
    access_log_required: bool,
    /// Which part of the appends of emitters has a line, if they were taken: from 0 to 1
    #[arg(long, value_name = "PART", requires = "access_log", default_value = "1", value_parser = parse_part)]
    access_log_sample: f64,
    /// Rename the file to FILE.1 once it has so many bytes, and FILE.1 to FILE.2 and so on
    #[arg(long, value_name = "BYTES", requires = "access_log", value_parser = clap::value_parser!(u64).range(4096..))]
    access_log_max_bytes: Option<u64>,
    /// Renamed files that are kept
    #[arg(long, value_name = "N", requires = "access_log_max_bytes", default_value_t = 5)]
    access_log_keep: usize,
    /// How the server's own log is written
    #[arg(long, value_name = "FORMAT", env = "PARTNERSHIP_LEDGER_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

/// How the server's own log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum LogFormat {
    /// A line of text for each message
    Text,
    /// A line of JSON for each message
    Json,
}

impl SeenArgs {
    fn console_login(&self) -> Option<ConsoleLogin> {
        Some(ConsoleLogin {
            issuer: self.console_login.clone()?,
            client_id: self.console_client.clone()?,
            client_secret: self.console_client_secret.clone(),
            url: self.console_url.clone()?,
        })
    }

    fn access_log(&self) -> Option<AccessLogSettings> {
        Some(AccessLogSettings {
            path: self.access_log.clone()?,
            is_required: self.access_log_required,
            sample: self.access_log_sample,
            max_bytes: self.access_log_max_bytes,
            kept_files: self.access_log_keep,
        })
    }
}

impl GuardArgs {
    /// The access file and the files of TLS.
    fn files(&self, data_dir: &Path) -> Result<(Option<PathBuf>, Option<TlsFiles>), Failure> {
        if self.dev {
            // Before anything is written into a directory that is not the ledger's.
            has_ledger(&ServeConfig { data_dir: data_dir.to_owned(), ..ServeConfig::default() })?;
            let files = DevFiles::of(data_dir).map_err(|source| ServeError::Dev { dir: data_dir.to_owned(), source })?;
            return Ok((Some(files.access), Some(files.tls)));
        }
        let tls = self.tls_cert.clone().zip(self.tls_key.clone()).map(|(certificate, key)| {
            let (client_ca, client_crl) = (self.tls_client_ca.clone(), self.tls_client_crl.clone());
            TlsFiles { certificate, key, client_ca, client_crl }
        });
        Ok((self.access.clone(), tls))
    }
}

pub fn run(args: Args) -> Result<(), Failure> {
    log_in_format(args.seen.log_format);
    let Args {
        // Its options are among the others.
        config: _,
        data_dir,
        shared,
        listen,
        guard,
        seen,
        proved,
        workers,
        memory,
        webhook_allow,
        snapshot_every: snapshot_records,
        cut_damaged_tail,
        check: check_everything,
    } = args;
    let defaults = ServeConfig::default();
    let worker_threads = workers.unwrap_or(defaults.worker_threads);
    let memory_bytes = memory.map_or(defaults.memory_bytes, |mebibytes| mebibytes << 20);
    let (access, tls) = guard.files(&data_dir)?;
    let config = ServeConfig {
        data_dir,
        database: shared.config(listen)?,
        listen,
        access,
        tls,
        connection_age: guard.connection_age.map_or(defaults.connection_age, Duration::from_secs),
        insecure: guard.insecure,
        observe: seen.observe,
        console: seen.console,
        console_login: seen.console_login(),
        access_log: seen.access_log(),
        traces: TraceSettings::of_environment().map_err(Failure::usage)?,
        worker_threads,
        memory_bytes,
        webhook_allowed: webhook_allow,
        snapshot_records,
        proofs: proved.settings(),
        cut_damaged_tail,
        check_everything,
        ..defaults
    };
    let how = Announced { is_open: config.access.is_none() || config.tls.is_none(), dev_dir: guard.dev.then(|| config.data_dir.clone()) };
    Ok(serve(&config, |ready| announce(ready, &how))?)
}

/// What is said at the start beside the ledger itself.
struct Announced {
    /// Whether there is no TLS or no access file.
    is_open: bool,
    /// The data directory, if there are files to try with in it.
    dev_dir: Option<PathBuf>,
}

/// Prints where it listens, on the first line, what was replayed, and last which ledger it is. That nobody reads it is no reason not to serve.
fn announce(ready: &Ready<'_>, how: &Announced) {
    let Ready { address, observed, console, data_dir, database, is_new, replayed, notes, proofs } = *ready;
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "listening on {address}");
    let _ = writeln!(out, "{}", replay_line(replayed));
    if let Some(observed) = observed {
        let _ = writeln!(out, "metrics on http://{observed}/metrics");
    }
    if let Some(url) = console {
        let _ = writeln!(out, "the console is at {url}");
    }
    if let Some(key) = proofs.verifier() {
        let _ = writeln!(out, "checkpoints signed by {key}");
    }
    let _ = writeln!(out, "{}", ledger_line(data_dir, database, is_new, replayed));
    let _ = out.flush();
    for note in notes {
        tracing::warn!("{note}");
    }
    if let Some(dir) = &how.dev_dir {
        let dir = dir.join("dev");
        let (port, ca, key) = (address.port(), dir.join("ca.pem"), dir.join("keys/admin"));
        let (ca, key) = (ca.display(), key.display());
        let _ = writeln!(out, "to try: partnership-ledger --address https://localhost:{port} --ca {ca} --key-file {key} whoami");
    }
    if let Some(observed) = observed.filter(|observed| !observed.ip().is_loopback()) {
        tracing::warn!("{observed} is open to other machines: whoever reaches it sees the ledger's figures, though no names of partners");
    }
    if how.is_open && !address.ip().is_loopback() {
        tracing::warn!(
            "{address} is open to other machines without TLS or authentication, as --insecure says: whoever reaches it may read and write"
        );
    }
}

/// Which program serves which ledger.
fn ledger_line(data_dir: &Path, database: Option<&DatabaseConfig>, is_new: bool, replayed: &ReplayReport) -> String {
    let version = env!("CARGO_PKG_VERSION");
    if let Some(database) = database {
        let records = replayed.from + replayed.records;
        return format!("partnership-ledger {version} serves {}, of {records} records at the start", database.address);
    }
    let dir = std::path::absolute(data_dir).unwrap_or_else(|_| data_dir.to_owned());
    let dir = dir.display();
    match replayed.from + replayed.records {
        _ if is_new => format!("partnership-ledger {version} begins a new ledger in {dir}"),
        1 => format!("partnership-ledger {version} serves the ledger in {dir}, of 1 record"),
        records => format!("partnership-ledger {version} serves the ledger in {dir}, of {records} records"),
    }
}

fn replay_line(replayed: &ReplayReport) -> String {
    let (records, seconds) = (replayed.records, replayed.seconds);
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a speed for people to read")]
    let per_second = (records as f64 / seconds.max(0.001)) as u64;
    let (from, load_seconds) = (replayed.from, replayed.load_seconds);
    match (from, records) {
        (0, 0) => "replayed 0 records: the ledger is empty".to_owned(),
        (1.., 0) => format!("loaded the snapshot of position {from} in {load_seconds:.3} s, and replayed 0 records"),
        (1.., _) => {
            format!("loaded the snapshot of position {from} in {load_seconds:.3} s, and replayed {records} records in {seconds:.3} s")
        }
        _ => format!("replayed {records} records in {seconds:.3} s ({per_second} a second)"),
    }
}

/// Logs to the standard error, as text.
pub fn log_to_standard_error() {
    log_in_format(LogFormat::Text);
}

fn log_in_format(format: LogFormat) {
    // Set but empty it says nothing, as if it were not set.
    let directives = std::env::var(EnvFilter::DEFAULT_ENV).ok().filter(|directives| !directives.trim().is_empty());
    let filter = directives.and_then(|directives| EnvFilter::try_new(directives).ok()).unwrap_or_else(|| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}

/// Parses an address to listen on.
pub fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let mut addresses = text.to_socket_addrs().map_err(|error| format!("must be HOST:PORT, such as 127.0.0.1:50051 ({error})"))?;
    addresses.next().ok_or_else(|| "names no address".to_owned())
}

fn parse_part(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|part| (0.0..=1.0).contains(part)).ok_or_else(|| "must be a number from 0 to 1".to_owned())
}

fn parse_workers(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|workers| (1..=256).contains(workers)).ok_or_else(|| "must be a number from 1 to 256".to_owned())
}

fn parse_memory(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|mebibytes| (256..=1 << 20).contains(mebibytes))
        .ok_or_else(|| "must be a number from 256 to 1048576".to_owned())
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        let text = error.to_string();
        match error {
            ServeError::Listen { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => Self::usage(text),
            ServeError::Listen { .. } | ServeError::Deposed(_) => Self::unavailable(text),
            ServeError::Journal(error) | ServeError::Replay(ReplayError::Journal(error)) => error.into(),
            ServeError::LostHistory(_) => Self::lost_history(text),
            ServeError::Proofs(OpenError::Key(error)) | ServeError::Witness(WitnessError::Key(error)) => error.into(),
            ServeError::Witness(error) => error.into(),
            ServeError::Proofs(_)
            | ServeError::DataDir { .. }
            | ServeError::DataDirUnreadable { .. }
            | ServeError::NoLedger { .. }
            | ServeError::HasLedger { .. }
            | ServeError::Unguarded { .. }
            | ServeError::Access { .. }
            | ServeError::Tls(_)
            | ServeError::Console(_)
            | ServeError::AccessLog { .. }
            | ServeError::Traces(_)
            | ServeError::Dev { .. } => Self::usage(text),
            _ => Self::check(text),
        }
    }
}
