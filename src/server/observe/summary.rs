//! What was appended and refused, in the server's own log: a line for each minute in which there was any, and one at the end.

use super::calls::Calls;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often a line is written, if there is something to say.
const EVERY: Duration = Duration::from_mins(1);

/// Writes the lines on a thread of its own; the last one when it is dropped.
#[derive(Debug)]
pub struct Summary {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Summary {
    /// Begins to write of these counts.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn start(calls: &Arc<Calls>) -> io::Result<Self> {
        let (end, ended) = channel();
        let calls = Arc::clone(calls);
        let thread = std::thread::Builder::new().name("summary".to_owned()).spawn(move || run(&calls, &ended))?;
        Ok(Self { end: Some(end), thread: Some(thread) })
    }
}

impl Drop for Summary {
    fn drop(&mut self) {
        drop(self.end.take());
        // A defect of the thread has been reported by its panic.
        self.thread.take().map(JoinHandle::join);
    }
}

fn run(calls: &Calls, ended: &Receiver<()>) {
    let mut told = Counts::default();
    loop {
        let is_over = ended.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout);
        let counts = Counts::of(calls);
        let since = counts.since(&told);
        if since != Counts::default() {
            let Counts { recorded, duplicates, refused, .. } = since;
            tracing::info!(recorded, duplicates, refused, reasons = since.reasons(), "events appended");
        }
        if is_over {
            return;
        }
        told = counts;
    }
}

/// What became of events since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Counts {
    recorded: u64,
    duplicates: u64,
    refused: u64,
    /// The requests that were refused, by the reason.
    rejections: BTreeMap<String, u64>,
}

impl Counts {
    fn of(calls: &Calls) -> Self {
        let [recorded, duplicates, refused] = calls.event_counts();
        Self { recorded, duplicates, refused, rejections: calls.rejections() }
    }

    /// What came after earlier counts.
    fn since(&self, earlier: &Self) -> Self {
        let before = |reason: &str| earlier.rejections.get(reason).copied().unwrap_or_default();
        let rejections = self.rejections.iter().map(|(reason, count)| (reason.clone(), count.saturating_sub(before(reason))));
        Self {
            recorded: self.recorded.saturating_sub(earlier.recorded),
            duplicates: self.duplicates.saturating_sub(earlier.duplicates),
            refused: self.refused.saturating_sub(earlier.refused),
            rejections: rejections.filter(|(_, count)| *count > 0).collect(),
        }
    }

    /// The reasons with the requests refused for them: `UNKNOWN_ID 2, MALFORMED 1`.
    fn reasons(&self) -> String {
        let mut reasons: Vec<(&String, &u64)> = self.rejections.iter().collect();
        reasons.sort_by_key(|(reason, count)| (std::cmp::Reverse(**count), *reason));
        reasons.into_iter().map(|(reason, count)| format!("{reason} {count}")).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grpc::Appended;

    #[test]
    fn each_interval_has_its_own_counts() {
        let calls = Calls::default();
        calls.appended(&Appended::Recorded { recorded: 3, duplicates: 1 });
        calls.appended(&Appended::Refused { events: 2, reason: "UNKNOWN_ID" });
        let first = Counts::of(&calls);
        assert_eq!(first.since(&first), Counts::default());
        calls.appended(&Appended::Recorded { recorded: 4, duplicates: 0 });
        calls.appended(&Appended::Refused { events: 1, reason: "MALFORMED" });
        calls.appended(&Appended::Refused { events: 1, reason: "UNKNOWN_ID" });
        calls.appended(&Appended::Refused { events: 1, reason: "UNKNOWN_ID" });
        let since = Counts::of(&calls).since(&first);
        assert_eq!((since.recorded, since.duplicates, since.refused), (4, 0, 3));
        assert_eq!(since.reasons(), "UNKNOWN_ID 2, MALFORMED 1");
    }
}
