//! Serving over TCP: start, signals, and an end in time whatever the clients do.

use super::assembly::Assembly;
use super::config::{DatabaseConfig, ServeConfig};
use super::connections::{Acceptor, most_connections};
use super::console::{ConsoleListener, bind as bind_console};
use super::data_dir::has_ledger;
use super::error::ServeError;
use super::guard::Guard;
use super::observation::{Observation, bind as bind_observe};
use super::open::{OpenLedger, open};
use super::signals::{Signals, ignore_hang_up};
use super::store::Store;
use super::supervisor::Supervisor;
use super::threads::{Entrance, Threads};
use crate::feed::webhooks::{Allowed, Webhooks};
use crate::journal::{JournalError, create_private_dir};
use crate::ledger::{Ledger, ReplayReport};
use crate::proofs::{OpenProofs, Proofs};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Builder;
use tokio::sync::watch;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1_024;

/// How long a start waits for the database, and how often it looks.
const AWAITED: Duration = Duration::from_mins(1);
const AWAITED_EVERY: Duration = Duration::from_secs(2);
/// How often a database that is away is asked whether it is back.
const ASKED_EVERY: Duration = Duration::from_millis(500);

fn system(what: &'static str) -> impl FnOnce(io::Error) -> ServeError {
    move |source| ServeError::System { what, source }
}

/// What is known once a server listens.
#[derive(Clone, Copy)]
pub struct Ready<'a> {
    /// Its real address.
    pub address: SocketAddr,
    /// Where its metrics are.
    pub observed: Option<SocketAddr>,
    /// Where the console is opened by a browser.
    pub console: Option<&'a str>,
    /// The data directory.
    pub data_dir: &'a Path,
    /// The database that keeps the records, if they are not kept in the data directory.
    pub database: Option<&'a DatabaseConfig>,
    /// Whether a new ledger begins in it.
    pub is_new: bool,
    /// What was replayed.
    pub replayed: &'a ReplayReport,
    /// The notes of opening the store.
    pub notes: &'a [String],
    /// What it proves to others.
    pub proofs: &'a Proofs,
}

/// Opens a ledger and serves it until SIGTERM or SIGINT. `on_ready` is called once it listens.
///
/// # Errors
/// Why it could not start, or what went wrong at the end.
pub fn serve(config: &ServeConfig, on_ready: impl FnOnce(&Ready<'_>)) -> Result<(), ServeError> {
    // Connections are served by other threads, so this one hears signals whatever they do.
    let runtime = Builder::new_current_thread().enable_all().build().map_err(system("threads"))?;
    let socket = {
        let _inside = runtime.enter();
        ignore_hang_up().map_err(system("signals"))?;
        bind(config.listen).map_err(|source| ServeError::Listen { address: config.listen, source })?
    };
    let own_address = own_address(config, &socket)?;
    let guard = Arc::new(Guard::open(config)?);
    let observe = bind_observe(config)?;
    let console = bind_console(config)?;
    await_database(config);
    let is_new = !has_ledger(config)?;
    // Only now: a start that fails for its address or its files leaves no directory.
    create_private_dir(&config.data_dir).map_err(|source| ServeError::DataDir { dir: config.data_dir.clone(), source })?;
    let supervisor = Supervisor::start().map_err(system("threads"))?;
    // Seen from now on, also while its records are replayed.
    let observation = Observation::start(config, observe, &guard)?;
    let proofs = OpenProofs::open(config.data_dir.clone(), config.proofs.clone()).map_err(ServeError::Proofs)?;
    let OpenLedger { ledger, replayed, notes } = open(config, &own_address)?;
    let proofs = proofs.with_origin(&ledger).map_err(ServeError::Proofs)?;
    let proofs = Arc::new(proofs.start(&ledger).map_err(system("threads"))?);
    let webhooks = open_webhooks(config, &ledger, proofs.origin()).map_err(system("the webhooks of the data directory"))?;
    let assembly = assembly(&ledger, config, &guard, &observation).delivering(webhooks.clone()).proving(Arc::clone(&proofs));
    observation.opened(&ledger, assembly.feed(), Some(webhooks), &proofs);
    let mut threads = {
        let _inside = runtime.enter();
        Threads::start(config.worker_threads, &assembly, &Entrance { preface_timeout: config.preface_timeout, tls: guard.tls().cloned() })?
    };
    let console = console.map(|listener| ConsoleListener::start(listener, &assembly, &guard, config)).transpose()?;
    let reload = guard.watch(&ledger).map_err(system("threads"))?;
    let served = runtime.block_on(async {
        // Until here clients are refused at once instead of waiting for the replay.
        let listener = socket.listen(BACKLOG).map_err(|source| ServeError::Listen { address: config.listen, source })?;
        let address = listener.local_addr().map_err(|source| ServeError::Listen { address: config.listen, source })?;
        let signals = Signals::new().map_err(system("signals"))?;
        let observed = observation.address();
        let console = console.as_ref().map(ConsoleListener::url);
        let console = console.as_deref();
        on_ready(&Ready {
            address,
            observed,
            console,
            data_dir: &config.data_dir,
            database: config.database.as_ref(),
            is_new,
            replayed: &replayed,
            notes: &notes,
            proofs: &proofs,
        });
        supervisor.serving(&ledger);
        let mut told = Told { signals, reload, observation: &observation, supervisor: &supervisor };
        run(&ledger, config, listener, &assembly, &mut threads, &mut told).await
    });
    threads.close();
    drop(console);
    proofs.close();
    let stopped = ledger.stopped().borrow().clone().map(|why| (why, ledger.has_lost_history()));
    let closed = close(ledger, config.close);
    runtime.block_on(threads.wait());
    observation.close();
    served?;
    match stopped {
        Some((why, true)) => Err(ServeError::LostHistory(why.to_string())),
        Some((why, false)) if config.database.is_some() => Err(ServeError::Deposed(why.to_string())),
        Some((why, false)) => Err(ServeError::Stopped(why.to_string())),
        None => closed,
    }
}

/// The services, behind their guard and seen by whoever observes them.
fn assembly(ledger: &Ledger, config: &ServeConfig, guard: &Guard, observation: &Observation) -> Assembly {
    let assembly = Assembly::new(ledger, config).behind(Arc::clone(guard.gate()), guard.protection());
    assembly.observed_by(Some(observation.observers().observer()))
}

/// Goes on to deliver to the endpoints of the data directory, or of the database that several servers share.
fn open_webhooks(config: &ServeConfig, ledger: &Ledger, origin: Option<&str>) -> io::Result<Webhooks> {
    let allowed = Allowed(config.webhook_allowed.clone());
    Webhooks::open(&config.data_dir, ledger, origin.unwrap_or_default(), allowed, config.webhook_pace)
}

/// Where clients of this machine reach this server: what others tell them who share the ledger, unless they are told something else.
fn own_address(config: &ServeConfig, socket: &TcpSocket) -> Result<String, ServeError> {
    let address = socket.local_addr().map_err(|source| ServeError::Listen { address: config.listen, source })?;
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    Ok(format!("{scheme}://{address}"))
}

/// What the process is told by signals.
struct Told<'a> {
    signals: Signals,
    /// Has files read anew.
    reload: Sender<()>,
    observation: &'a Observation,
    supervisor: &'a Supervisor,
}

impl Told<'_> {
    /// Waits for a signal that ends the process and returns its name.
    async fn end(&mut self) -> &'static str {
        let (reload, observation) = (&self.reload, self.observation);
        self.signals
            .next(|| {
                tracing::info!(signal = "SIGHUP", "reading files anew");
                // The guard lasts as long as this.
                let _ = reload.send(());
                observation.reopen_log();
            })
            .await
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Serves until a signal, then shuts down gracefully: health says so, no connection is accepted, and calls under way have
/// `config.drain` to finish. Without that limit a client that stays connected would keep the server up for ever.
async fn run(
    ledger: &Ledger,
    config: &ServeConfig,
    listener: TcpListener,
    assembly: &Assembly,
    threads: &mut Threads,
    told: &mut Told<'_>,
) -> Result<(), ServeError> {
    let health = assembly.health();
    health.serving().await;
    // Where another server leads, this one does not record.
    let role = ledger.role().borrow().clone();
    health.of_role(&role).await;
    told.observation.serving();
    // Reports it as well if recording has stopped already.
    tokio::spawn(health.clone().follow(ledger.clone()));
    let by_files = most_connections(config.worker_threads + 1);
    let mut acceptor = Acceptor::new(listener, config.max_connections.min(by_files));
    let mut stopped = ledger.stopped();
    let ended = loop {
        tokio::select! {
            accepted = acceptor.next() => threads.serve(accepted),
            // A thread ended by itself; calls under way on the others are finished.
            Some(outcome) = threads.next_outcome() => break outcome,
            name = told.end() => {
                tracing::info!(signal = name, "ending");
                break Ok(());
            }
            // Another one leads, or the database is not what it was. Started again, it follows.
            () = deposed(&mut stopped, config) => break Ok(()),
        }
    };
    // New connections are refused from here on.
    drop(acceptor);
    told.observation.ending();
    told.supervisor.ending();
    health.ending().await;
    ledger.begin_closing();
    resign(ledger, config);
    threads.shut_down();
    tokio::select! {
        outcome = threads.all_outcomes() => return ended.and(outcome),
        () = tokio::time::sleep(config.drain) => tracing::info!("some connections stayed open and are cut"),
        name = told.end() => tracing::info!(signal = name, "asked again to end: connections are cut"),
    }
    ended
}

/// Waits until recording has stopped although the database can be asked: another server leads by now, or may. Questions are answered
/// until then. Without a database that never happens.
async fn deposed(stopped: &mut watch::Receiver<Option<Arc<str>>>, config: &ServeConfig) {
    let Some(database) = &config.database else { return std::future::pending().await };
    if stopped.wait_for(Option::is_some).await.is_err() {
        return;
    }
    loop {
        let store = Store::of_database(database.address.clone(), false, true);
        // A defect in asking is no reason to stay.
        if !matches!(tokio::task::spawn_blocking(move || store.has_ledger()).await, Ok(Err(_))) {
            return;
        }
        tokio::time::sleep(ASKED_EVERY).await;
    }
}

/// Waits for a database that is away or starts, a minute at most: a service manager would give up sooner. What it refuses for good is
/// found out by who opens it.
fn await_database(config: &ServeConfig) {
    let Some(database) = &config.database else { return };
    let began = Instant::now();
    while let Err(error @ JournalError::Unreachable { may_pass: true, .. }) =
        Store::of_database(database.address.clone(), false, true).has_ledger()
    {
        if began.elapsed() > AWAITED {
            return;
        }
        tracing::warn!(%error, "waiting for the database");
        std::thread::sleep(AWAITED_EVERY);
    }
}

/// Has another server lead at once, while calls under way are finished here.
fn resign(ledger: &Ledger, config: &ServeConfig) {
    if config.database.is_none() {
        return;
    }
    let ledger = ledger.clone();
    std::thread::spawn(move || {
        if let Err(error) = ledger.resign() {
            tracing::warn!(%error, "the others are not told that this server ends: they find out when its lease is over");
        }
    });
}

/// Commits the requests that were accepted and closes the journal; fails if that takes longer than `within`.
fn close(ledger: Ledger, within: Duration) -> Result<(), ServeError> {
    let (sender, closed) = channel();
    std::thread::spawn(move || {
        let _ = sender.send(ledger.close());
    });
    Ok(closed.recv_timeout(within).map_err(|_| ServeError::CloseTimeout(within))??)
}
