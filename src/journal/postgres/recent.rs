//! The last frames, kept in memory: who follows closely reads them from here and not from the database.

use crate::journal::frame::HeldFrame;
use std::collections::VecDeque;
use std::sync::Arc;

/// How many bytes of frames are kept; the last frame always is.
const KEPT_BYTES: usize = 32 << 20;

/// The last frames without a gap, up to the last position.
#[derive(Default)]
pub(super) struct RecentFrames {
    frames: VecDeque<Arc<HeldFrame>>,
    bytes: usize,
}

impl RecentFrames {
    /// Adds the next frame.
    pub fn push(&mut self, frame: HeldFrame) {
        self.bytes += frame.bytes.len();
        self.frames.push_back(Arc::new(frame));
        while self.bytes > KEPT_BYTES && self.frames.len() > 1 {
            let Some(oldest) = self.frames.pop_front() else { break };
            self.bytes -= oldest.bytes.len();
        }
    }

    /// The frame that has a position, if it is kept.
    pub fn find(&self, position: u64) -> Option<Arc<HeldFrame>> {
        let index = self.frames.partition_point(|frame| frame.header.last() < position);
        self.frames.get(index).filter(|frame| frame.header.first <= position).cloned()
    }
}
