//! Where a ledger's database is, and how its connections are encrypted.

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use std::fmt::{self, Display, Formatter};
use std::net::IpAddr;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long a connection to one host may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// After how long without an answer a silent connection is tried, how often, and how many times in vain.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(3);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(2);
const KEEPALIVE_RETRIES: u32 = 3;
/// After how long what was sent without an answer ends a connection.
const UNANSWERED: Duration = Duration::from_secs(10);
/// The environment variable with the password of an address that has none.
const PASSWORD: &str = "PGPASSWORD";
/// The longest name of a ledger, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// The parameter of an address that names the CA of the database's certificate, PEM.
const ROOT_CERTIFICATE: &str = "sslrootcert=";
/// Values of `sslmode` that mean no more here than `require`: a certificate is always checked.
const CHECKED_MODES: [&str; 2] = ["sslmode=verify-full", "sslmode=verify-ca"];

/// A ledger in a database.
#[derive(Clone)]
pub struct PostgresAddress {
    pub(super) config: Arc<Config>,
    pub(super) tls: MakeRustlsConnect,
    pub(super) ledger: String,
    place: Arc<str>,
}

impl PostgresAddress {
    /// Whether a text is an address of a database.
    pub fn is_one(text: &str) -> bool {
        text.starts_with("postgres://") || text.starts_with("postgresql://")
    }

    /// Reads the address of a database (`postgres://user@host:port,host:port/database?sslmode=require&sslrootcert=FILE`) and the
    /// ledger's name in it. Of several hosts the one is used that takes writes.
    ///
    /// # Errors
    /// What is wrong with either.
    pub fn parse(url: &str, ledger: &str) -> Result<Self, String> {
        if !Self::is_one(url) {
            return Err("must be postgres://USER@HOST:PORT/DATABASE".to_owned());
        }
        let is_letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
        if ledger.is_empty() || ledger.len() > MAX_NAME_BYTES || !ledger.chars().all(is_letter) {
            return Err(format!("the ledger's name must be 1 to {MAX_NAME_BYTES} characters of A-Z a-z 0-9 - _ ."));
        }
        let (url, roots) = without_root_certificate(url);
        let mut config = Config::from_str(&url).map_err(|error| explain(&error))?;
        // As the database's own programs have it: a password in an address is seen by whoever lists processes.
        if config.get_password().is_none()
            && let Ok(password) = std::env::var(PASSWORD)
        {
            config.password(password);
        }
        if config.get_application_name().is_none() {
            config.application_name(format!("partnership-ledger {ledger}"));
        }
        config
            .target_session_attrs(TargetSessionAttrs::ReadWrite)
            .connect_timeout(CONNECT_TIMEOUT)
            .keepalives(true)
            .keepalives_idle(KEEPALIVE_IDLE)
            .keepalives_interval(KEEPALIVE_INTERVAL)
            .keepalives_retries(KEEPALIVE_RETRIES)
            .tcp_user_timeout(UNANSWERED);
        // Left to itself the client goes on in the open where the database has no TLS, or where somebody between says so.
        if !url.contains("sslmode=") && config.get_hosts().iter().any(is_elsewhere) {
            config.ssl_mode(SslMode::Require);
        }
        let tls = if config.get_ssl_mode() == SslMode::Disable { without_roots() } else { with_roots(roots.as_deref()) }?;
        let place = place_of(&config, ledger).into();
        Ok(Self { config: Arc::new(config), tls: MakeRustlsConnect::new(tls), ledger: ledger.to_owned(), place })
    }

    /// The ledger's name.
    pub fn ledger(&self) -> &str {
        &self.ledger
    }
}

/// Without the password.
impl Display for PostgresAddress {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.place)
    }
}

impl fmt::Debug for PostgresAddress {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "PostgresAddress({self})")
    }
}

/// An error with its causes: the first alone often says only that there was one.
pub(super) fn explain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Whether a host may be another machine.
fn is_elsewhere(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => name != "localhost" && !name.parse().is_ok_and(|address: IpAddr| address.is_loopback()),
        Host::Unix(_) => false,
    }
}

fn place_of(config: &Config, ledger: &str) -> String {
    let ports = config.get_ports();
    let hosts = config.get_hosts().iter().enumerate().map(|(index, host)| {
        let port = ports.get(index).or_else(|| ports.first()).unwrap_or(&5432);
        match host {
            Host::Tcp(name) => format!("{name}:{port}"),
            Host::Unix(path) => format!("{}:{port}", path.display()),
        }
    });
    let hosts: Vec<String> = hosts.collect();
    let database = config.get_dbname().or_else(|| config.get_user()).unwrap_or_default();
    format!("the ledger {ledger} of postgres://{}/{database}", hosts.join(","))
}

/// Takes out of an address what the client library does not know.
fn without_root_certificate(url: &str) -> (String, Option<String>) {
    let Some((base, parameters)) = url.split_once('?') else { return (url.to_owned(), None) };
    let mut roots = None;
    let kept: Vec<&str> = parameters
        .split('&')
        .filter(|parameter| match parameter.strip_prefix(ROOT_CERTIFICATE) {
            Some(path) => {
                roots = Some(path.replace("%2F", "/"));
                false
            }
            None => true,
        })
        .map(|parameter| if CHECKED_MODES.contains(&parameter) { "sslmode=require" } else { parameter })
        .collect();
    (format!("{base}?{}", kept.join("&")), roots)
}

fn client(roots: RootCertStore) -> Result<ClientConfig, String> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider())).with_safe_default_protocol_versions();
    Ok(builder.map_err(|error| error.to_string())?.with_root_certificates(roots).with_no_client_auth())
}

fn without_roots() -> Result<ClientConfig, String> {
    client(RootCertStore::empty())
}

/// Trusts the CAs of a file, or those of the system.
fn with_roots(path: Option<&str>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    let certificates: Vec<CertificateDer<'static>> = match path {
        Some(path) => {
            let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
            read.map_err(|error| format!("{path}: {error}"))?
        }
        None => rustls_native_certs::load_native_certs().certs,
    };
    let (added, _) = roots.add_parsable_certificates(certificates);
    match path {
        Some(path) if added == 0 => Err(format!("{path} has no certificate")),
        _ => client(roots),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_place_without_the_password() {
        let address = PostgresAddress::parse("postgres://user:secret@one:5433,two/books?sslmode=disable", "acme").expect("an address");
        assert_eq!(address.to_string(), "the ledger acme of postgres://one:5433,two:5432/books");
        assert!(!format!("{address:?} {:?}", address.config).contains("secret"));
        assert_eq!(address.config.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
    }

    #[test]
    fn another_machine_is_spoken_to_in_the_open_by_order_alone() {
        let mode = |url: &str| PostgresAddress::parse(url, "acme").expect("an address").config.get_ssl_mode();
        assert_eq!(mode("postgres://user@db.example/books"), SslMode::Require);
        assert_eq!(mode("postgres://user@127.0.0.1,10.0.0.1/books"), SslMode::Require);
        assert_eq!(mode("postgres://user@db.example/books?sslmode=disable"), SslMode::Disable);
        assert_eq!(mode("postgres://user@localhost,127.0.0.1/books"), SslMode::Prefer);
    }

    #[test]
    fn what_is_no_address_or_no_name_is_refused() {
        for (url, ledger) in [
            ("./ledger-data", "acme"),
            ("postgres://localhost/books?sslmode=disable&nothing=known", "acme"),
            ("postgres://localhost/books?sslmode=disable", ""),
            ("postgres://localhost/books?sslmode=disable", "two words"),
            ("postgres://localhost/books?sslmode=verify-full&sslrootcert=/not/there", "acme"),
        ] {
            assert!(PostgresAddress::parse(url, ledger).is_err(), "{url} {ledger}");
        }
    }

    #[test]
    fn the_root_certificate_is_taken_out_of_the_address() {
        let (url, roots) = without_root_certificate("postgres://h/d?sslrootcert=%2Fetc%2Fca.pem&sslmode=verify-full");
        assert_eq!((url.as_str(), roots.as_deref()), ("postgres://h/d?sslmode=require", Some("/etc/ca.pem")));
    }
}
