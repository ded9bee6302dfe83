//! Guards the doors: reads the access file and the files of TLS, and reads them anew by SIGHUP and when they change.
//!
//! Contents are compared, not times: files that are exchanged by links, as secrets of Kubernetes are, change without one.

use super::config::ServeConfig;
use super::error::ServeError;
use super::small_file::read_small;
use super::tls::Tls;
use crate::access::{AccessFile, Fault, Gate};
use crate::clock::SystemClock;
use crate::domain::ids::IdKind;
use crate::grpc::Protection;
use crate::ledger::Ledger;
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// How often files are compared with what was read.
const WATCH: Duration = Duration::from_secs(2);
/// How long before its end a certificate is warned of.
const WARNING: TimeDelta = TimeDelta::days(14);
/// How often it is.
const WARNING_PAUSE: Duration = Duration::from_hours(24);

/// Who gets in, and how connections are encrypted.
#[derive(Debug)]
pub struct Guard {
    access: Option<PathBuf>,
    gate: Arc<Gate>,
    tls: Option<Arc<Tls>>,
    is_insecure: bool,
    reloads: Reloads,
    /// What the files contained right before they were read first: the access file's, and those of TLS.
    first: [Option<[u8; 32]>; 2],
}

/// How often the files were read anew.
#[derive(Debug, Default)]
pub struct Reloads {
    /// And taken.
    pub taken: AtomicU64,
    /// And not taken, because something is wrong with them.
    pub refused: AtomicU64,
}

impl Guard {
    /// Reads the files that a configuration names.
    ///
    /// # Errors
    /// `Unguarded` for an address that others reach without TLS and access file; `Access` and `Tls` with all that is wrong.
    pub fn open(config: &ServeConfig) -> Result<Self, ServeError> {
        let is_open = !config.listen.ip().is_loopback() && (config.access.is_none() || config.tls.is_none());
        if is_open && !config.insecure {
            return Err(ServeError::Unguarded { address: config.listen });
        }
        let first = [
            config.access.as_deref().map(|path| contents(std::iter::once(path))),
            config.tls.as_ref().map(|files| contents(files.paths())),
        ];
        let tls = config.tls.as_ref().map(|files| Tls::open(files).map(Arc::new).map_err(ServeError::Tls)).transpose()?;
        let clock = Arc::new(SystemClock);
        let gate = match &config.access {
            None => Gate::open(clock),
            Some(path) => {
                let refused = |faults| ServeError::Access { path: path.clone(), faults };
                Gate::of(&read_access(path).map_err(refused)?, clock).map_err(refused)?
            }
        };
        Ok(Self { access: config.access.clone(), gate, tls, is_insecure: is_open, reloads: Reloads::default(), first })
    }

    /// Who gets in.
    pub fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// How connections are encrypted; `None` if they are not.
    pub fn tls(&self) -> Option<&Arc<Tls>> {
        self.tls.as_ref()
    }

    /// How often the files were read anew.
    pub fn reloads(&self) -> &Reloads {
        &self.reloads
    }

    /// How the server is protected.
    pub fn protection(&self) -> Protection {
        Protection { authenticates: self.gate.authenticates(), encrypts: self.tls.is_some(), is_insecure: self.is_insecure }
    }

    /// Watches the files on a thread of its own, until what this returns is dropped. Each message has them read anew at once.
    /// What they name of the ledger and it does not know is logged.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn watch(self: &Arc<Self>, ledger: &Ledger) -> std::io::Result<Sender<()>> {
        let (sender, receiver) = channel();
        let (guard, ledger) = (Arc::clone(self), ledger.clone());
        std::thread::Builder::new().name("guard".to_owned()).spawn(move || guard.run(&ledger, &receiver))?;
        // Issuers may take their time to answer; files are not to wait for them.
        let gate = Arc::downgrade(&self.gate);
        std::thread::Builder::new().name("issuers".to_owned()).spawn(move || {
            while let Some(gate) = gate.upgrade() {
                gate.refresh_keys();
                drop(gate);
                std::thread::sleep(WATCH);
            }
        })?;
        Ok(sender)
    }

    fn run(&self, ledger: &Ledger, asked: &Receiver<()>) {
        let [mut access, mut tls] = self.first;
        self.warn_of_unknown(ledger);
        let mut warned: Option<Instant> = None;
        loop {
            let is_asked = match asked.recv_timeout(WATCH) {
                Ok(()) => true,
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let now = self.access_contents();
            if is_asked || now != access {
                access = now;
                self.reload_access();
                self.warn_of_unknown(ledger);
            }
            let now = self.tls_contents();
            if is_asked || now != tls {
                tls = now;
                self.reload_tls();
            }
            if warned.is_none_or(|warned| warned.elapsed() >= WARNING_PAUSE) && self.warn_of_expiry(Utc::now()) {
                warned = Some(Instant::now());
            }
        }
    }

    fn access_contents(&self) -> Option<[u8; 32]> {
        self.access.as_deref().map(|path| contents(std::iter::once(path)))
    }

    fn tls_contents(&self) -> Option<[u8; 32]> {
        self.tls.as_ref().map(|tls| contents(tls.files().paths()))
    }

    fn reload_access(&self) {
        let Some(path) = &self.access else { return };
        match read_access(path).and_then(|file| self.gate.reload(&file)) {
            Ok(()) => {
                self.reloads.taken.fetch_add(1, Ordering::Relaxed);
                tracing::info!(path = %path.display(), "the access file was read anew");
            }
            Err(faults) => {
                self.reloads.refused.fetch_add(1, Ordering::Relaxed);
                for fault in faults {
                    tracing::error!(path = %path.display(), %fault, "the access file is not taken; the one of before stays");
                }
            }
        }
    }

    fn reload_tls(&self) {
        let Some(tls) = &self.tls else { return };
        match tls.reload() {
            Ok(()) => {
                self.reloads.taken.fetch_add(1, Ordering::Relaxed);
                // Client certificates are checked again, those of streams at once.
                self.gate.look_again();
                tracing::info!(not_after = %tls.not_after(), "the files of TLS were read anew");
            }
            Err(error) => {
                self.reloads.refused.fetch_add(1, Ordering::Relaxed);
                tracing::error!(error, "the files of TLS are not taken; those of before stay");
            }
        }
    }

    /// Warns of partners and agreements in the access file that the ledger does not know: they may come, or be misspelt.
    fn warn_of_unknown(&self, ledger: &Ledger) {
        let Some(policy) = self.gate.policy() else { return };
        for principal in policy.principals() {
            let scope = principal.scope.iter();
            let partners = scope.clone().flat_map(|scope| &scope.partners).chain(&principal.partner);
            let partners = partners.map(|id| (IdKind::Partner, id));
            let agreements = scope.flat_map(|scope| &scope.agreements).map(|id| (IdKind::Agreement, id));
            for (kind, id) in partners.chain(agreements) {
                // Looked at one by one, and logged without the lock: the writer waits for it.
                let is_known = ledger.view(None).is_ok_and(|state| state.introduced_at(kind, id).is_some());
                if !is_known {
                    let (principal, kind) = (&principal.name, kind.field());
                    tracing::warn!(%principal, kind, %id, "the access file names what the ledger does not know: it is yet to come, or misspelt");
                }
            }
        }
    }

    /// Warns of a certificate that is about to expire. Returns whether it did.
    fn warn_of_expiry(&self, now: DateTime<Utc>) -> bool {
        let Some(not_after) = self.tls.as_ref().map(|tls| tls.not_after()) else { return false };
        let is_near = not_after - now <= WARNING;
        if is_near {
            tracing::warn!(%not_after, "the server's certificate expires soon, or has expired: clients refuse it then");
        }
        is_near
    }
}

/// Reads an access file.
///
/// # Errors
/// All that is wrong with it.
pub fn read_access(path: &Path) -> Result<AccessFile, Vec<Fault>> {
    let text = read_small(path).and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other));
    let text = text.map_err(|error| vec![Fault { place: path.display().to_string(), what: format!("cannot be read: {error}") }])?;
    AccessFile::read(&text)
}

/// The hash of what files contain; those that cannot be read count as such.
fn contents<'a>(paths: impl Iterator<Item = &'a Path>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for path in paths {
        match read_small(path) {
            Ok(bytes) => {
                hash.update((bytes.len() as u64).to_le_bytes());
                hash.update(bytes);
            }
            Err(_) => hash.update(u64::MAX.to_le_bytes()),
        }
    }
    hash.finalize().into()
}
