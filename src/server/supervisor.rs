//! What a service manager such as systemd is told, if it started the server (sd_notify): that a long start goes on, that the ledger is
//! served, that the server is alive, and that it ends.

use crate::ledger::Ledger;
use sd_notify::{NotifyState, notify, watchdog_enabled};
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// By how much a start that goes on asks for more time, and how often. A replay may take minutes.
const MORE_TIME: Duration = Duration::from_mins(1);
const ASKED_EVERY: Duration = Duration::from_secs(10);
/// How often there is anything to do without a watchdog.
const IDLE: Duration = Duration::from_hours(1);

/// Tells the service manager, on a thread of its own; nobody, if there is none.
pub struct Supervisor(Option<Sender<Stage>>);

/// How far the server is.
enum Stage {
    Opening,
    Serving(Ledger),
    Ending,
}

impl Supervisor {
    /// Tells that the start goes on, until something else is told.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn start() -> io::Result<Self> {
        if std::env::var_os("NOTIFY_SOCKET").is_none() {
            return Ok(Self(None));
        }
        let (sender, stages) = channel();
        thread::Builder::new().name("supervisor".to_owned()).spawn(move || run(&stages))?;
        Ok(Self(Some(sender)))
    }

    /// Tells that the ledger is served, and from then on, as often as the watchdog wants it, that questions are answered.
    pub fn serving(&self, ledger: &Ledger) {
        self.tell(Stage::Serving(ledger.clone()));
    }

    /// Tells that the server ends.
    pub fn ending(&self) {
        self.tell(Stage::Ending);
    }

    fn tell(&self, stage: Stage) {
        // Without a thread there is nobody to tell.
        self.0.as_ref().map(|stages| stages.send(stage));
    }
}

fn run(stages: &Receiver<Stage>) {
    let watched_every = watchdog_enabled().map_or(IDLE, |within| within / 2);
    let mut stage = Stage::Opening;
    send(&[NotifyState::Status("opening the ledger"), more_time()]);
    loop {
        let pause = if matches!(stage, Stage::Opening) { ASKED_EVERY } else { watched_every };
        match stages.recv_timeout(pause) {
            Ok(next) => {
                stage = next;
                match &stage {
                    Stage::Opening => {}
                    Stage::Serving(_) => send(&[NotifyState::Ready, NotifyState::Status("serving the ledger")]),
                    Stage::Ending => send(&[NotifyState::Stopping, NotifyState::Status("finishing calls and closing the ledger")]),
                }
            }
            Err(RecvTimeoutError::Timeout) => match &stage {
                Stage::Opening => send(&[more_time()]),
                Stage::Serving(ledger) => {
                    // Waits for the state as every question does: whoever holds it for good keeps this from being said.
                    drop(ledger.view(None));
                    send(&[NotifyState::Watchdog]);
                }
                Stage::Ending => {}
            },
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn more_time() -> NotifyState<'static> {
    NotifyState::ExtendTimeoutUsec(u32::try_from(MORE_TIME.as_micros()).unwrap_or(u32::MAX))
}

fn send(states: &[NotifyState<'_>]) {
    if let Err(error) = notify(states) {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}
