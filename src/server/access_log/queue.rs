//! What waits to be written to the access log, with a bound.

use super::line::Line;
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::oneshot;

/// Lines that may wait. Those that answers wait for are not counted against it: there are no more of them than calls.
const CAPACITY: usize = 8_192;
/// Lines that are written at once, at most.
const BATCH: usize = 512;
/// How long lines that nobody waits for may lie: the thread is not woken for each.
const PAUSE: Duration = Duration::from_millis(20);

/// A line, and who waits for it.
#[derive(Debug)]
pub struct Item {
    /// The line.
    pub line: Line,
    /// Told whether it was written.
    pub written: Option<oneshot::Sender<bool>>,
}

/// What the log's thread is to do next.
pub enum Work {
    /// Write these.
    Write(Vec<Item>),
    /// Open the file anew.
    Reopen,
    /// Nothing comes any more.
    End,
}

/// The queue.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    items: VecDeque<Item>,
    reopens: bool,
    is_closed: bool,
}

impl Queue {
    /// Adds a line; false if there is no room for it.
    pub fn push(&self, item: Item) -> bool {
        let is_awaited = item.written.is_some();
        let mut waiting = self.waiting.lock();
        if waiting.is_closed || (!is_awaited && waiting.items.len() >= CAPACITY) {
            return false;
        }
        waiting.items.push_back(item);
        let wakes = is_awaited || waiting.items.len() == CAPACITY / 2;
        drop(waiting);
        if wakes {
            self.changed.notify_one();
        }
        true
    }

    /// Has the file opened anew, after what waits now.
    pub fn reopen(&self) {
        self.waiting.lock().reopens = true;
        self.changed.notify_one();
    }

    /// Takes no more.
    pub fn close(&self) {
        self.waiting.lock().is_closed = true;
        self.changed.notify_one();
    }

    /// Waits for the next work.
    pub fn next(&self) -> Work {
        let mut waiting = self.waiting.lock();
        loop {
            if !waiting.items.is_empty() {
                let count = waiting.items.len().min(BATCH);
                return Work::Write(waiting.items.drain(..count).collect());
            }
            if std::mem::take(&mut waiting.reopens) {
                return Work::Reopen;
            }
            if waiting.is_closed {
                return Work::End;
            }
            self.changed.wait_for(&mut waiting, PAUSE);
        }
    }
}
