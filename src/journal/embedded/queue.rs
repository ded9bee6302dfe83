//! The frames that are durable in the log and still wait for the store. Reads of their records come from here.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use crate::journal::frame::FrameHeader;
use crate::journal::merkle::TreeHead;

/// A whole frame held in memory.
#[derive(Debug)]
pub(super) struct HeldFrame {
    pub header: FrameHeader,
    pub bytes: Vec<u8>,
}

#[derive(Debug)]
struct Waiting {
    frames: VecDeque<Arc<HeldFrame>>,
    bytes: usize,
    /// The tree's head at the last frame that the store has.
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

/// What the store's thread is to do next.
pub(super) enum Work {
    /// Put this frame into the store, then call `done`.
    Feed(Arc<HeldFrame>),
    /// Nothing to do until the given time.
    Wait,
    /// All is in the store, and no more will come.
    Stop,
}

impl Queue {
    pub fn new(fed: TreeHead, limit_bytes: usize) -> Self {
        let waiting = Waiting { frames: VecDeque::new(), bytes: 0, fed, is_closing: false, failure: None };
        Self { waiting: Mutex::new(waiting), changed: Condvar::new(), limit_bytes }
    }

    /// Waits until another frame fits; the error says why none ever will.
    pub fn wait_for_room(&self, bytes: usize) -> Result<(), String> {
        let mut waiting = self.waiting.lock();
        loop {
            if let Some(why) = &waiting.failure {
                return Err(why.clone());
            }
            // A frame larger than the limit goes in alone.
            if waiting.bytes == 0 || waiting.bytes + bytes <= self.limit_bytes {
                return Ok(());
            }
            self.changed.wait(&mut waiting);
        }
    }

    pub fn push(&self, frame: HeldFrame) {
        let mut waiting = self.waiting.lock();
        waiting.bytes += frame.bytes.len();
        waiting.frames.push_back(Arc::new(frame));
        self.changed.notify_all();
    }

    /// The waiting frame that has `position`. If there is none, the store has it.
    pub fn find(&self, position: u64) -> Option<Arc<HeldFrame>> {
        let waiting = self.waiting.lock();
        let index = waiting.frames.partition_point(|frame| frame.header.last() < position);
        let frame = waiting.frames.get(index)?;
        (frame.header.first <= position).then(|| Arc::clone(frame))
    }

    /// Waits for the store's next work, no longer than `until`.
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

    /// The frame that `next` gave is in the store.
    pub fn done(&self) {
        let mut waiting = self.waiting.lock();
        if let Some(frame) = waiting.frames.pop_front() {
            waiting.bytes -= frame.bytes.len();
            waiting.fed = frame.header.tree;
        }
        self.changed.notify_all();
    }

    /// The store takes no more. What waits stays readable.
    pub fn fail(&self, why: String) {
        self.waiting.lock().failure.get_or_insert(why);
        self.changed.notify_all();
    }

    /// Why the store takes no more, if it does not.
    pub fn failure(&self) -> Option<String> {
        self.waiting.lock().failure.clone()
    }

    /// No more frames will come.
    pub fn close(&self) {
        self.waiting.lock().is_closing = true;
        self.changed.notify_all();
    }

    /// The tree's head at the last frame that the store has.
    pub fn fed(&self) -> TreeHead {
        self.waiting.lock().fed
    }

    /// Waits until the store has `position`; the error says why it never will.
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
