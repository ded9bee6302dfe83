//! The queue of frames that are durable in the log and not yet in the store. Reads of their records are served from here.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use crate::journal::frame::HeldFrame;
use crate::journal::merkle::TreeHead;

#[derive(Debug)]
struct Waiting {
    frames: VecDeque<Arc<HeldFrame>>,
    bytes: usize,
    /// The Merkle tree's head at the last frame that the store has.
    fed: TreeHead,
    is_closing: bool,
    failure: Option<String>,
}

/// The queue between the log and the store, bounded in bytes.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    limit_bytes: usize,
}

/// What the thread that feeds the store is to do next.
pub(super) enum Work {
    /// Write this frame to the store, then call `done`.
    Feed(Arc<HeldFrame>),
    /// Nothing arrived until the given time.
    Wait,
    /// All frames are in the store, and no more will come.
    Stop,
}

impl Queue {
    /// An empty queue; the store has the records up to `fed`.
    pub fn new(fed: TreeHead, limit_bytes: usize) -> Self {
        let waiting = Waiting { frames: VecDeque::new(), bytes: 0, fed, is_closing: false, failure: None };
        Self { waiting: Mutex::new(waiting), changed: Condvar::new(), limit_bytes }
    }

    /// Blocks until a frame of `bytes` bytes fits (back-pressure). The error says why the store failed.
    pub fn wait_for_room(&self, bytes: usize) -> Result<(), String> {
        let mut waiting = self.waiting.lock();
        loop {
            if let Some(why) = &waiting.failure {
                return Err(why.clone());
            }
            // A frame larger than the limit fits alone.
            if waiting.bytes == 0 || waiting.bytes + bytes <= self.limit_bytes {
                return Ok(());
            }
            self.changed.wait(&mut waiting);
        }
    }

    /// Adds a frame.
    pub fn push(&self, frame: HeldFrame) {
        let mut waiting = self.waiting.lock();
        waiting.bytes += frame.bytes.len();
        waiting.frames.push_back(Arc::new(frame));
        self.changed.notify_all();
    }

    /// Returns the queued frame that has `position`; `None` if the store has it.
    pub fn find(&self, position: u64) -> Option<Arc<HeldFrame>> {
        let waiting = self.waiting.lock();
        let index = waiting.frames.partition_point(|frame| frame.header.last() < position);
        let frame = waiting.frames.get(index)?;
        (frame.header.first <= position).then(|| Arc::clone(frame))
    }

    /// Waits for the next work, no longer than `until`.
    pub fn next(&self, until: Instant) -> Work {
        let mut waiting = self.waiting.lock();
        loop {
            if let Some(frame) = waiting.frames.front() {
                return Work::Feed(Arc::clone(frame));
            }
            if waiting.is_closing {
                return Work::Stop;
            }
            if self.changed.wait_until(&mut waiting, until).timed_out() {
                return Work::Wait;
            }
        }
    }

    /// Removes the frame that `next` returned: it is in the store.
    pub fn done(&self) {
        let mut waiting = self.waiting.lock();
        if let Some(frame) = waiting.frames.pop_front() {
            waiting.bytes -= frame.bytes.len();
            waiting.fed = frame.header.tree;
        }
        self.changed.notify_all();
    }

    /// Records that the store failed. Queued frames stay readable.
    pub fn fail(&self, why: String) {
        self.waiting.lock().failure.get_or_insert(why);
        self.changed.notify_all();
    }

    /// Returns why the store failed, if it has.
    pub fn failure(&self) -> Option<String> {
        self.waiting.lock().failure.clone()
    }

    /// Closes the queue: no more frames will come.
    pub fn close(&self) {
        self.waiting.lock().is_closing = true;
        self.changed.notify_all();
    }

    /// Returns the Merkle tree's head at the last frame that the store has.
    pub fn fed(&self) -> TreeHead {
        self.waiting.lock().fed
    }

    /// Waits until the store has `position`. The error says why the store failed.
    pub fn wait_until_fed(&self, position: u64) -> Result<(), String> {
        let mut waiting = self.waiting.lock();
        while waiting.fed.size < position {
            if let Some(why) = &waiting.failure {
                return Err(why.clone());
            }
            self.changed.wait(&mut waiting);
        }
        Ok(())
    }
}
