//! Serving over TCP: start, signals, and an end in time whatever the clients do.

use super::Assembly;
use super::connections::{Acceptor, most_connections};
use super::health::Health;
use super::threads::Threads;
use crate::clock::SystemClock;
use crate::config::{ServeConfig, SnapshotSettings};
use crate::journal::JournalError;
use crate::journal::embedded::{EmbeddedJournal, OpenReport, Options};
use crate::ledger::{Ledger, ReplayError, ReplayReport};
use crate::signals::Signals;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Builder;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1_024;

/// Why the service could not be started, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The data directory cannot be made.
    #[error("the data directory {} cannot be created: {source}", dir.display())]
    DataDir {
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The address cannot be listened on.
    #[error("{address} cannot be listened on: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The journal cannot be opened, or not closed well.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The records cannot be replayed.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The system refused threads or signals.
    #[error("the system refused {what}: {source}")]
    System {
        /// What.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The contract's own description cannot be served.
    #[error("the contract's description cannot be served: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The server ended by itself.
    #[error("the server failed: {0}")]
    Transport(#[from] tonic::transport::Error),
    /// A thread that served has ended by itself.
    #[error("a thread of the service ended by a defect")]
    Defect,
    /// Recording stopped while serving.
    #[error("recording stopped: {0}")]
    Stopped(String),
    /// The journal was not closed in time.
    #[error("the journal was not closed within {0:?}; what was acknowledged is safe, the next start takes longer")]
    CloseTimeout(Duration),
}

fn system(what: &'static str) -> impl FnOnce(io::Error) -> ServeError {
    move |source| ServeError::System { what, source }
}

/// Serves the ledger of a directory until SIGTERM or SIGINT. `on_ready` is called once it listens, with the real address.
///
/// # Errors
/// Why it could not start, or what went wrong at the end.
pub fn serve(config: &ServeConfig, on_ready: impl FnOnce(SocketAddr, &ReplayReport, &OpenReport)) -> Result<(), ServeError> {
    std::fs::create_dir_all(&config.data_dir).map_err(|source| ServeError::DataDir { dir: config.data_dir.clone(), source })?;
    // Of its own, connections have other threads: whatever they do, signals are heard.
    let runtime = Builder::new_current_thread().enable_all().build().map_err(system("threads"))?;
    let socket = {
        let _inside = runtime.enter();
        bind(config.listen).map_err(|source| ServeError::Listen { address: config.listen, source })?
    };
    let mut options = Options { cut_damaged_tail: config.cut_damaged_tail, ..Options::default() };
    if config.check_everything {
        options.check_up_to_bytes = u64::MAX;
    }
    let (journal, opened) = EmbeddedJournal::open(&config.data_dir, options)?;
    let (journal, clock, limits) = (Arc::new(journal), Arc::new(SystemClock), config.limits.clone());
    let (ledger, replayed) = match config.snapshot_records {
        0 => Ledger::open(journal, clock, limits)?,
        every_records => {
            let settings = SnapshotSettings { every_records, ..SnapshotSettings::new(config.data_dir.clone()) };
            Ledger::open_with_snapshots(journal, clock, limits, settings)?
        }
    };
    let assembly = Assembly::new(&ledger, config);
    let mut threads = {
        let _inside = runtime.enter();
        Threads::start(config.worker_threads, &assembly, config.patience)?
    };
    let served = runtime.block_on(async {
        // Whoever asks before this is refused, and not kept waiting for the replay.
        let listener = socket.listen(BACKLOG).map_err(|source| ServeError::Listen { address: config.listen, source })?;
        let address = listener.local_addr().map_err(|source| ServeError::Listen { address: config.listen, source })?;
        let mut signals = Signals::new().map_err(system("signals"))?;
        on_ready(address, &replayed, &opened);
        run(&ledger, config, listener, assembly.health(), &mut threads, &mut signals).await
    });
    threads.cut();
    let stopped = ledger.stopped().borrow().clone();
    let closed = close(ledger, config.close);
    runtime.block_on(threads.wait());
    served?;
    match stopped {
        Some(why) => Err(ServeError::Stopped(why.to_string())),
        None => closed,
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Serves until a signal, then ends: says so, takes nothing more, and gives the calls under way their time. Clients
/// that are connected and silent would keep the server up for ever, so the time is counted here.
async fn run(
    ledger: &Ledger,
    config: &ServeConfig,
    listener: TcpListener,
    health: &Health,
    threads: &mut Threads,
    signals: &mut Signals,
) -> Result<(), ServeError> {
    health.serving().await;
    // Also if it has stopped already.
    tokio::spawn(health.clone().follow(ledger.clone()));
    let most = most_connections(config.worker_threads + 1);
    let mut acceptor = Acceptor::new(listener, config.max_connections.min(most));
    let ended = loop {
        tokio::select! {
            newcomer = acceptor.next() => threads.take(newcomer),
            // Calls under way on the others are finished.
            Some(outcome) = threads.next_outcome() => break outcome,
            name = signals.next() => {
                tracing::info!(signal = name, "ending");
                break Ok(());
            }
        }
    };
    // Whoever comes now is refused.
    drop(acceptor);
    health.ending().await;
    ledger.begin_closing();
    threads.end();
    tokio::select! {
        outcome = threads.all_outcomes() => return ended.and(outcome),
        () = tokio::time::sleep(config.drain) => tracing::info!("some connections stayed open and are cut"),
        name = signals.next() => tracing::info!(signal = name, "asked again to end: connections are cut"),
    }
    ended
}

/// Commits what was taken and closes the journal, within a time.
fn close(ledger: Ledger, within: Duration) -> Result<(), ServeError> {
    let (sender, closed) = channel();
    std::thread::spawn(move || {
        let _ = sender.send(ledger.close());
    });
    Ok(closed.recv_timeout(within).map_err(|_| ServeError::CloseTimeout(within))??)
}
