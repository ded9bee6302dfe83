//! The threads that serve connections: each has a runtime of its own, and a connection stays with its thread.
//!
//! So all requests that a connection sends at once are handled before their answers are written, in one go. With a
//! work-stealing runtime answers were written one by one and its threads woke each other for it: two of them answered a
//! third fewer questions than one.

use super::assembly::{Assembly, Service};
use super::connections::{Accepted, Connection};
use super::error::ServeError;
use super::tls::Tls;
use crate::ledger::Memory;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::UnboundedReceiverStream;

/// Blocking threads of all runtimes together.
const BLOCKING_THREADS: usize = 512;
/// Blocking threads that each runtime has at least.
const LEAST_BLOCKING_THREADS: usize = 16;
/// How long work that has begun is waited for once connections are closed.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(500);

/// What a connection has to do before it is served.
#[derive(Clone)]
pub struct Entrance {
    /// How long the client may take to send the HTTP/2 preface, and to shake hands before it.
    pub preface_timeout: Duration,
    /// What it is encrypted with; `None` if it is not.
    pub tls: Option<Arc<Tls>>,
}

/// The stages of a shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Serving,
    /// Calls under way are finished, and no others begin.
    Draining,
    /// Connections are closed, whatever is under way.
    Closed,
}

/// The threads that serve connections.
pub struct Threads {
    stage: watch::Sender<Stage>,
    workers: Vec<Thread>,
    outcomes: JoinSet<Result<(), ServeError>>,
}

/// A thread that serves connections.
struct Thread {
    sender: mpsc::UnboundedSender<(Accepted, Arc<()>)>,
    /// Counts its connections: each holds a clone from when it is sent to the thread.
    connections: Arc<()>,
}

impl Threads {
    /// Starts `count` threads, at least one. To be called in a runtime, where their outcomes can be awaited.
    ///
    /// # Errors
    /// If the system refuses threads, or the contract's own description cannot be served.
    pub fn start(count: usize, assembly: &Assembly, entrance: &Entrance) -> Result<Self, ServeError> {
        let count = count.max(1);
        let mut threads = Self { stage: watch::Sender::new(Stage::Serving), workers: Vec::new(), outcomes: JoinSet::new() };
        for number in 0..count {
            threads.add(
                &format!("service-{number}"),
                BLOCKING_THREADS.div_ceil(count).max(LEAST_BLOCKING_THREADS),
                assembly,
                entrance.clone(),
            )?;
        }
        Ok(threads)
    }

    fn add(&mut self, name: &str, blocking_threads: usize, assembly: &Assembly, entrance: Entrance) -> Result<(), ServeError> {
        let refused = |source| ServeError::System { what: "threads", source };
        let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(blocking_threads).build().map_err(refused)?;
        let service = {
            let _inside = runtime.enter();
            assembly.service()?
        };
        let memory = assembly.memory().clone();
        let (sender, accepted) = mpsc::unbounded_channel();
        let (outcome, ended) = oneshot::channel();
        let stage = self.stage.subscribe();
        let work = move || {
            // The receiver may have been dropped.
            let _ = outcome.send(serve(runtime, service, accepted, entrance, memory, &stage));
        };
        std::thread::Builder::new().name(name.to_owned()).spawn(work).map_err(refused)?;
        self.outcomes.spawn(async { ended.await.unwrap_or(Err(ServeError::Defect)) });
        self.workers.push(Thread { sender, connections: Arc::new(()) });
        Ok(())
    }

    /// Has a connection served by the thread that has the fewest.
    pub fn serve(&self, connection: Accepted) {
        if let Some(thread) = self.workers.iter().min_by_key(|thread| Arc::strong_count(&thread.connections)) {
            // If the thread has ended, the connection is closed here.
            let _ = thread.sender.send((connection, Arc::clone(&thread.connections)));
        }
    }

    /// Waits until a thread has ended and returns how; `None` if none is left.
    pub async fn next_outcome(&mut self) -> Option<Result<(), ServeError>> {
        Some(self.outcomes.join_next().await?.unwrap_or(Err(ServeError::Defect)))
    }

    /// Waits until all have ended.
    ///
    /// # Errors
    /// The error of the first thread that did not end well.
    pub async fn all_outcomes(&mut self) -> Result<(), ServeError> {
        while let Some(outcome) = self.next_outcome().await {
            outcome?;
        }
        Ok(())
    }

    /// Has the threads finish the calls under way and begin no others.
    pub fn shut_down(&self) {
        self.stage.send_replace(Stage::Draining);
    }

    /// Closes all connections, whatever is under way.
    pub fn close(&self) {
        self.stage.send_replace(Stage::Closed);
    }

    /// Waits up to a second for threads that still work after `close`; what has not ended by then ends with the process.
    pub async fn wait(&mut self) {
        let all = async { while self.next_outcome().await.is_some() {} };
        let _ = tokio::time::timeout(2 * SHUTDOWN_TIMEOUT, all).await;
    }
}

/// Serves the connections sent to a thread, until it is told to end.
fn serve(
    runtime: Runtime,
    service: Service,
    accepted: mpsc::UnboundedReceiver<(Accepted, Arc<()>)>,
    entrance: Entrance,
    memory: Memory,
    stage: &watch::Receiver<Stage>,
) -> Result<(), ServeError> {
    let (sender, connections) = mpsc::unbounded_channel();
    runtime.spawn(enter(accepted, entrance, memory, sender));
    let incoming = UnboundedReceiverStream::new(connections).map(Ok::<_, std::io::Error>);
    let reached = |least| {
        let mut stage = stage.clone();
        async move {
            // A dropped sender means the last stage.
            let _ = stage.wait_for(|stage| *stage >= least).await;
        }
    };
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = service.serve_with_incoming_shutdown(incoming, reached(Stage::Draining)) => outcome.map_err(ServeError::Transport),
            () = reached(Stage::Closed) => Ok(()),
        }
    });
    runtime.shutdown_timeout(SHUTDOWN_TIMEOUT);
    outcome
}

/// Registers connections with the present runtime and sends them on; those with TLS once they have shaken hands, each in its own
/// time.
async fn enter(
    mut accepted: mpsc::UnboundedReceiver<(Accepted, Arc<()>)>,
    entrance: Entrance,
    memory: Memory,
    sender: mpsc::UnboundedSender<Connection>,
) {
    while let Some((connection, count)) = accepted.recv().await {
        let registered = connection.register(entrance.preface_timeout, count, &memory);
        let registered = match registered {
            Ok(registered) => registered,
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be served");
                continue;
            }
        };
        match &entrance.tls {
            // Nobody receives any more when the thread ends.
            None => drop(sender.send(registered)),
            Some(tls) => {
                let (tls, sender) = (Arc::clone(tls), sender.clone());
                tokio::spawn(async move {
                    match registered.secured(&tls).await {
                        Ok(connection) => drop(sender.send(connection)),
                        // Anybody who reaches the port can cause it.
                        Err(error) => tracing::debug!(%error, "a connection did not come about"),
                    }
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ServeConfig;
    use super::super::connections::Acceptor;
    use super::*;
    use crate::clock::SystemClock;
    use crate::journal::MemoryJournal;
    use crate::ledger::{Ledger, Limits};
    use tokio::net::{TcpListener, TcpStream};

    const THREADS: usize = 3;

    fn connections(threads: &Threads) -> Vec<usize> {
        threads.workers.iter().map(|thread| Arc::strong_count(&thread.connections) - 1).collect()
    }

    async fn until(threads: &Threads, expected: &[usize]) {
        for _ in 0..1_000 {
            if connections(threads) == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{:?} connections instead of {expected:?}", connections(threads));
    }

    #[tokio::test]
    async fn every_thread_gets_its_share_of_the_connections_and_ends_when_told() {
        let (ledger, _) = Ledger::open(Arc::new(MemoryJournal::default()), Arc::new(SystemClock), Limits::default()).expect("a ledger");
        let config = ServeConfig::default();
        let entrance = Entrance { preface_timeout: config.preface_timeout, tls: None };
        let mut threads = Threads::start(THREADS, &Assembly::new(&ledger, &config), &entrance).expect("threads");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut acceptor = Acceptor::new(listener, 100);
        let mut clients = Vec::new();
        // All at once: a connection counts before its thread has seen it.
        for _ in 0..2 * THREADS {
            clients.push(TcpStream::connect(address).await.expect("connected"));
        }
        for number in 0..2 * THREADS {
            threads.serve(acceptor.next().await);
            let expected: Vec<_> = (0..THREADS).map(|thread| (number + THREADS - thread) / THREADS).collect();
            assert_eq!(connections(&threads), expected);
        }
        // The first thread's clients go; who comes next is its own.
        clients.swap_remove(3);
        clients.swap_remove(0);
        until(&threads, &[0, 2, 2]).await;
        clients.push(TcpStream::connect(address).await.expect("connected"));
        threads.serve(acceptor.next().await);
        until(&threads, &[1, 2, 2]).await;
        // Silent clients do not keep the threads running.
        threads.close();
        threads.all_outcomes().await.expect("they end well");
        assert!(threads.next_outcome().await.is_none(), "none is left");
        ledger.close().expect("closed");
    }
}
