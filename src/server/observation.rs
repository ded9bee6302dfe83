//! Who sees a server from outside: put together from the configuration, before the ledger is opened.

use super::access_log::AccessLog;
use super::config::ServeConfig;
use super::disk::Disk;
use super::error::ServeError;
use super::guard::Guard;
use super::observe::{Listening, Observers, Stage, Summary, Traces, Watched};
use crate::feed::Feed;
use crate::feed::webhooks::Webhooks;
use crate::ledger::Ledger;
use crate::proofs::Proofs;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::Sender;

/// Binds the address that metrics are served on, if there is one.
///
/// # Errors
/// `Listen` if the system refuses it.
pub fn bind(config: &ServeConfig) -> Result<Option<TcpListener>, ServeError> {
    let bound = config.observe.map(|address| TcpListener::bind(address).map_err(|source| ServeError::Listen { address, source }));
    bound.transpose()
}

/// Who sees a server from outside.
pub struct Observation {
    observers: Arc<Observers>,
    watched: Arc<Watched>,
    listening: Option<Listening>,
    _disk: Sender<()>,
    /// Says its last when this is dropped.
    _summary: Summary,
}

impl Observation {
    /// Opens the access log, and begins to show what there is to see and to send traces.
    ///
    /// # Errors
    /// `AccessLog`, `Traces`, or what else the system refuses.
    pub fn start(config: &ServeConfig, listener: Option<TcpListener>, guard: &Arc<Guard>) -> Result<Self, ServeError> {
        let threads = |source| ServeError::System { what: "threads", source };
        let log = config
            .access_log
            .as_ref()
            .map(|settings| AccessLog::open(settings).map_err(|source| ServeError::AccessLog { path: settings.path.clone(), source }));
        let traces = config.traces.as_ref().map(|settings| Traces::start(settings).map_err(ServeError::Traces));
        let (log, traces) = (log.transpose()?.map(Arc::new), traces.transpose()?.map(Arc::new));
        let observers = Arc::new(Observers::new(log, traces, listener.is_some()));
        let disk = Arc::new(Disk::of(&config.data_dir));
        let watching = disk.watch().map_err(threads)?;
        let watched = Arc::new(Watched::new(Arc::clone(guard), Arc::clone(&observers), disk, config.data_dir.clone()));
        let listening = listener.map(|listener| Listening::start(listener, &watched)).transpose().map_err(threads)?;
        let summary = observers.summarize().map_err(threads)?;
        Ok(Self { observers, watched, listening, _disk: watching, _summary: summary })
    }

    /// What calls are told to.
    pub fn observers(&self) -> &Arc<Observers> {
        &self.observers
    }

    /// Where metrics are served.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listening.as_ref().map(|listening| listening.address)
    }

    /// The ledger is open, and so are its feed and the endpoints that it delivers to; it proves what it has.
    pub fn opened(&self, ledger: &Ledger, feed: &Feed, webhooks: Option<Webhooks>, proofs: &Arc<Proofs>) {
        self.watched.opened(ledger, feed, webhooks);
        self.watched.proves(proofs);
    }

    /// Calls are taken from now on.
    pub fn serving(&self) {
        self.watched.reached(Stage::Serving);
    }

    /// No more calls are taken from now on.
    pub fn ending(&self) {
        self.watched.reached(Stage::Ending);
    }

    /// Has the access log opened anew.
    pub fn reopen_log(&self) {
        self.observers.log.iter().for_each(|log| log.reopen());
    }

    /// Writes and sends what is still held, within a bound.
    pub fn close(&self) {
        self.observers.close();
    }
}
