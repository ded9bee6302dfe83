//! The threads that serve connections: each has a runtime of its own, and a connection stays with its thread.
//!
//! So all that a connection brings at once is handled before its answers are written, together. Threads that take tasks
//! from each other write answers one by one, and wake each other for it: with two of them a third fewer questions were
//! answered than with one.

use super::connections::Newcomer;
use super::{Assembly, ServeError, Service};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::UnboundedReceiverStream;

/// Threads for long work, of all runtimes together.
const LONG_WORK: usize = 512;
/// Each runtime has so many at least.
const LEAST_LONG_WORK: usize = 16;
/// How long work that has begun is waited for once connections are cut.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(500);

/// How far serving has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Serving,
    /// Calls under way are finished, and nothing else is begun.
    Ending,
    /// Connections are cut.
    Over,
}

/// The threads that serve.
pub struct Threads {
    stage: watch::Sender<Stage>,
    each: Vec<Thread>,
    outcomes: JoinSet<Result<(), ServeError>>,
}

/// The way to a thread.
struct Thread {
    newcomers: mpsc::UnboundedSender<(Newcomer, Arc<()>)>,
    /// Each of its connections holds a clone, from when it is sent there.
    connections: Arc<()>,
}

impl Threads {
    /// Starts so many, at least one. To be called in a runtime, where their outcomes can be waited for. A client must begin
    /// to speak within `preface_timeout`.
    ///
    /// # Errors
    /// If the system refuses threads, or the contract's own description cannot be served.
    pub fn start(count: usize, assembly: &Assembly, preface_timeout: Duration) -> Result<Self, ServeError> {
        let count = count.max(1);
        let mut threads = Self { stage: watch::Sender::new(Stage::Serving), each: Vec::new(), outcomes: JoinSet::new() };
        for number in 0..count {
            threads.add(&format!("service-{number}"), LONG_WORK.div_ceil(count).max(LEAST_LONG_WORK), assembly, preface_timeout)?;
        }
        Ok(threads)
    }

    fn add(&mut self, name: &str, long_work: usize, assembly: &Assembly, preface_timeout: Duration) -> Result<(), ServeError> {
        let refused = |source| ServeError::System { what: "threads", source };
        let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(long_work).build().map_err(refused)?;
        let service = {
            let _inside = runtime.enter();
            assembly.service()?
        };
        let (newcomers, coming) = mpsc::unbounded_channel();
        let (outcome, told) = oneshot::channel();
        let stage = self.stage.subscribe();
        let work = move || {
            // Whoever would hear of it may have gone.
            let _ = outcome.send(serve(runtime, service, coming, preface_timeout, &stage));
        };
        std::thread::Builder::new().name(name.to_owned()).spawn(work).map_err(refused)?;
        self.outcomes.spawn(async { told.await.unwrap_or(Err(ServeError::Defect)) });
        self.each.push(Thread { newcomers, connections: Arc::new(()) });
        Ok(())
    }

    /// Has a connection served by the thread that has the fewest.
    pub fn take(&self, newcomer: Newcomer) {
        if let Some(thread) = self.each.iter().min_by_key(|thread| Arc::strong_count(&thread.connections)) {
            // A thread that has ended takes none: it is closed.
            let _ = thread.newcomers.send((newcomer, Arc::clone(&thread.connections)));
        }
    }

    /// Waits until a thread has ended; nothing if none is left.
    pub async fn next_outcome(&mut self) -> Option<Result<(), ServeError>> {
        Some(self.outcomes.join_next().await?.unwrap_or(Err(ServeError::Defect)))
    }

    /// Waits until all have ended.
    ///
    /// # Errors
    /// The first one's that did not end well.
    pub async fn all_outcomes(&mut self) -> Result<(), ServeError> {
        while let Some(outcome) = self.next_outcome().await {
            outcome?;
        }
        Ok(())
    }

    /// Begins nothing more.
    pub fn end(&self) {
        self.stage.send_replace(Stage::Ending);
    }

    /// Cuts all connections.
    pub fn cut(&self) {
        self.stage.send_replace(Stage::Over);
    }

    /// Waits a moment for threads that still work after connections were cut. What has not ended by then ends with the
    /// process.
    pub async fn wait(&mut self) {
        let all = async { while self.next_outcome().await.is_some() {} };
        let _ = tokio::time::timeout(2 * SHUTDOWN_TIMEOUT, all).await;
    }
}

/// Serves the connections that come in until it is told to end.
fn serve(
    runtime: Runtime,
    service: Service,
    coming: mpsc::UnboundedReceiver<(Newcomer, Arc<()>)>,
    preface_timeout: Duration,
    stage: &watch::Receiver<Stage>,
) -> Result<(), ServeError> {
    let incoming = UnboundedReceiverStream::new(coming).filter_map(move |(newcomer, counted)| {
        let settled = newcomer.settle(preface_timeout, counted);
        settled.inspect_err(|error| tracing::warn!(%error, "a connection cannot be served")).ok().map(Ok::<_, std::io::Error>)
    });
    let reached = |least| {
        let mut stage = stage.clone();
        async move {
            // Without whoever would tell, it is over as well.
            let _ = stage.wait_for(|stage| *stage >= least).await;
        }
    };
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = service.serve_with_incoming_shutdown(incoming, reached(Stage::Ending)) => outcome.map_err(ServeError::Transport),
            () = reached(Stage::Over) => Ok(()),
        }
    });
    runtime.shutdown_timeout(SHUTDOWN_TIMEOUT);
    outcome
}

#[cfg(test)]
mod tests {
    use super::super::Acceptor;
    use super::*;
    use crate::clock::SystemClock;
    use crate::config::{Limits, ServeConfig};
    use crate::journal::MemoryJournal;
    use crate::ledger::Ledger;
    use tokio::net::{TcpListener, TcpStream};

    const THREADS: usize = 3;

    fn connections(threads: &Threads) -> Vec<usize> {
        threads.each.iter().map(|thread| Arc::strong_count(&thread.connections) - 1).collect()
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
        let mut threads = Threads::start(THREADS, &Assembly::new(&ledger, &config), config.preface_timeout).expect("threads");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut acceptor = Acceptor::new(listener, 100);
        let mut clients = Vec::new();
        // All at once: a connection counts before its thread has seen it.
        for _ in 0..2 * THREADS {
            clients.push(TcpStream::connect(address).await.expect("connected"));
        }
        for number in 0..2 * THREADS {
            threads.take(acceptor.next().await);
            let expected: Vec<_> = (0..THREADS).map(|thread| (number + THREADS - thread) / THREADS).collect();
            assert_eq!(connections(&threads), expected);
        }
        // The first thread's clients go; who comes next is its own.
        clients.swap_remove(3);
        clients.swap_remove(0);
        until(&threads, &[0, 2, 2]).await;
        clients.push(TcpStream::connect(address).await.expect("connected"));
        threads.take(acceptor.next().await);
        until(&threads, &[1, 2, 2]).await;
        // Clients that say nothing do not keep the threads.
        threads.cut();
        threads.all_outcomes().await.expect("they end well");
        assert!(threads.next_outcome().await.is_none(), "none is left");
        ledger.close().expect("closed");
    }
}
