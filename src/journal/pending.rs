//! The frames that are durable in the log and still wait for the store. Reads of their records come from here.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use super::TreeHead;
use super::codec::FrameHeader;

/// A whole frame held in memory.
#[derive(Debug)]
pub(super) struct HeldFrame {
    pub header: FrameHeader,
    pub bytes: Vec<u8>,
}

#[derive(Debug)]
struct State {
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
    state: Mutex<State>,
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
        let state = State { frames: VecDeque::new(), bytes: 0, fed, is_closing: false, failure: None };
        Self { state: Mutex::new(state), changed: Condvar::new(), limit_bytes }
    }

    /// Waits until another frame fits; the error says why none ever will.
    pub fn wait_for_room(&self, bytes: usize) -> Result<(), String> {
        let mut state = self.state.lock();
        loop {
            if let Some(why) = &state.failure {
                return Err(why.clone());
            }
            // A frame larger than the limit goes in alone.
            if state.bytes == 0 || state.bytes + bytes <= self.limit_bytes {
                return Ok(());
            }
            self.changed.wait(&mut state);
        }
    }

    pub fn push(&self, frame: HeldFrame) {
        let mut state = self.state.lock();
        state.bytes += frame.bytes.len();
        state.frames.push_back(Arc::new(frame));
        self.changed.notify_all();
    }

    /// The waiting frame that has `position`. If there is none, the store has it.
    pub fn find(&self, position: u64) -> Option<Arc<HeldFrame>> {
        let state = self.state.lock();
        let index = state.frames.partition_point(|frame| frame.header.last() < position);
        let frame = state.frames.get(index)?;
        (frame.header.first <= position).then(|| Arc::clone(frame))
    }

    /// Waits for the store's next work, no longer than `until`.
    pub fn next(&self, until: Instant) -> Work {
        let mut state = self.state.lock();
        loop {
            if let Some(frame) = state.frames.front() {
                return Work::Feed(Arc::clone(frame));
            }
            if state.is_closing {
                return Work::Stop;
            }
            if self.changed.wait_until(&mut state, until).timed_out() {
                return Work::Wait;
            }
        }
    }

    /// The frame that `next` gave is in the store.
    pub fn done(&self) {
        let mut state = self.state.lock();
        if let Some(frame) = state.frames.pop_front() {
            state.bytes -= frame.bytes.len();
            state.fed = frame.header.tree;
        }
        self.changed.notify_all();
    }

    /// The store takes no more. What waits stays readable.
    pub fn fail(&self, why: String) {
        self.state.lock().failure.get_or_insert(why);
        self.changed.notify_all();
    }

    /// Why the store takes no more, if it does not.
    pub fn failure(&self) -> Option<String> {
        self.state.lock().failure.clone()
    }

    /// No more frames will come.
    pub fn close(&self) {
        self.state.lock().is_closing = true;
        self.changed.notify_all();
    }

    /// The tree's head at the last frame that the store has.
    pub fn fed(&self) -> TreeHead {
        self.state.lock().fed
    }

    /// Waits until the store has `position`; the error says why it never will.
    pub fn wait_until_fed(&self, position: u64) -> Result<(), String> {
        let mut state = self.state.lock();
        while state.fed.size < position {
            if let Some(why) = &state.failure {
                return Err(why.clone());
            }
            self.changed.wait(&mut state);
        }
        Ok(())
    }
}
