//! The listener of the console, on a thread of its own: pages never stand beside appends.

use super::assembly::Assembly;
use super::config::{ConsoleLogin, ServeConfig};
use super::error::ServeError;
use super::guard::Guard;
use super::http::{BODY_TIMEOUT, Remote, TEXT, accept_with, answer};
use super::tls::Tls;
use crate::console::{Console, OidcSettings, Reply, Settings};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::{Request, StatusCode};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// The largest form, in bytes.
const MAX_FORM_BYTES: usize = 256 << 10;
/// The file of the key that sessions are sealed by, in the data directory.
const KEY_FILE: &str = "console.key";

/// Binds the address of the console, if there is one.
///
/// # Errors
/// `Unguarded` for an address that others reach without TLS and access file; `Listen` if the system refuses it.
pub fn bind(config: &ServeConfig) -> Result<Option<TcpListener>, ServeError> {
    let Some(address) = config.console else { return Ok(None) };
    let is_open = !address.ip().is_loopback() && (config.access.is_none() || config.tls.is_none());
    if is_open && !config.insecure {
        return Err(ServeError::Unguarded { address });
    }
    TcpListener::bind(address).map(Some).map_err(|source| ServeError::Listen { address, source })
}

/// A console that answers until it is dropped.
pub struct ConsoleListener {
    /// Where it listens.
    pub address: SocketAddr,
    /// Whether it is reached by HTTPS.
    pub encrypts: bool,
    _end: oneshot::Sender<()>,
}

impl ConsoleListener {
    /// Serves the console of a ledger behind its guard. The key of its sessions is kept in the data directory.
    ///
    /// # Errors
    /// If the system refuses a thread, or the key cannot be read or written.
    pub fn start(listener: TcpListener, assembly: &Assembly, guard: &Guard, config: &ServeConfig) -> Result<Self, ServeError> {
        let refused = |source: io::Error| ServeError::Console(source.to_string());
        let authenticates = guard.protection().authenticates;
        let key = if authenticates { kept_key(&config.data_dir) } else { new_key() }.map_err(refused)?;
        let oidc = config.console_login.as_ref().map(|login| oidc(login, guard)).transpose().map_err(ServeError::Console)?;
        let started =
            Self::serve(listener, assembly, &Settings { authenticates, encrypts: guard.tls().is_some(), key, oidc }, guard.tls().cloned());
        started.map_err(refused)
    }

    /// Serves the console of a ledger that is open to this machine.
    ///
    /// # Errors
    /// If the system refuses a thread or random numbers.
    pub fn start_open(listener: TcpListener, assembly: &Assembly) -> io::Result<Self> {
        Self::serve(listener, assembly, &Settings { authenticates: false, encrypts: false, key: new_key()?, oidc: None }, None)
    }

    fn serve(listener: TcpListener, assembly: &Assembly, settings: &Settings, tls: Option<Arc<Tls>>) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let (address, encrypts) = (listener.local_addr()?, settings.encrypts);
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let console = {
            let _inside = runtime.enter();
            Arc::new(Console::new(assembly.inside(), assembly.memory().clone(), settings)?)
        };
        let (end, ended) = oneshot::channel();
        std::thread::Builder::new().name("console".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = ended => {}
                    () = accept_with(listener, "the console", tls, move |request| visit(Arc::clone(&console), request)) => {}
                }
            });
        })?;
        Ok(Self { address, encrypts, _end: end })
    }

    /// The address to be opened by a browser.
    pub fn url(&self) -> String {
        format!("{}://{}/", if self.encrypts { "https" } else { "http" }, self.address)
    }
}

async fn visit(console: Arc<Console>, request: Request<Incoming>) -> Reply {
    let (parts, body) = request.into_parts();
    let address = parts.extensions.get::<Remote>().map(|remote| remote.0.ip().to_canonical());
    let body = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, MAX_FORM_BYTES).collect()).await;
    match body {
        Ok(Ok(body)) => console.answer(&parts, &body.to_bytes(), address).await,
        Ok(Err(_)) => answer(StatusCode::PAYLOAD_TOO_LARGE, "the form is too large, or did not come whole\n", TEXT),
        Err(_) => answer(StatusCode::REQUEST_TIMEOUT, "the form did not come in time\n", TEXT),
    }
}

/// The login of an issuer that the access file names.
fn oidc(login: &ConsoleLogin, guard: &Guard) -> Result<OidcSettings, String> {
    let policy = guard.gate().policy().ok_or("logging in with an issuer needs an access file: --access FILE")?;
    let name = login.issuer.as_str();
    let issuer = policy.issuer(name).ok_or_else(|| format!("the access file has no [[issuer]] of the name {name:?}"))?;
    let secret = login.client_secret.as_ref().map(|path| {
        let bytes = super::small_file::read_small(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        String::from_utf8(bytes).map(|text| text.trim().to_owned()).map_err(|_| format!("{} is no text", path.display()))
    });
    Ok(OidcSettings {
        name: name.to_owned(),
        issuer: issuer.issuer.clone(),
        ca: issuer.ca.clone(),
        client_id: login.client_id.clone(),
        client_secret: secret.transpose()?,
        console_url: login.url.clone(),
    })
}

/// A key of random numbers.
fn new_key() -> io::Result<[u8; 32]> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    Ok(key)
}

/// The key of a data directory; it is made if it is not there.
fn kept_key(data_dir: &Path) -> io::Result<[u8; 32]> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let path = data_dir.join(KEY_FILE);
    match super::small_file::read_small(&path) {
        Ok(bytes) => bytes
            .try_into()
            .map_err(|_| io::Error::other(format!("{} is no key of 32 bytes: remove it, and another one is made", path.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key = new_key()?;
            std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?.write_all(&key)?;
            Ok(key)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_is_its_user_s_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().expect("a directory");
        let key = kept_key(dir.path()).expect("it is made");
        assert_eq!(kept_key(dir.path()).expect("it is read"), key);
        let mode = std::fs::metadata(dir.path().join(KEY_FILE)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o077, 0);
        std::fs::write(dir.path().join(KEY_FILE), b"short").expect("written");
        assert!(kept_key(dir.path()).expect_err("no key").to_string().contains("remove it"));
    }
}
