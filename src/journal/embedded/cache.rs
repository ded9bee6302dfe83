//! A cache of frames of which a read took only a part.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use super::queue::HeldFrame;
use crate::journal::frame::Frame;

/// The limits of the cache: number of frames, and their bytes together.
const CACHED_FRAMES: usize = 32;
const CACHED_BYTES: usize = 16 << 20;

/// The frames of which a read took only a part: the next read is likely to need the rest.
#[derive(Debug, Default)]
pub(super) struct FrameCache {
    frames: Mutex<VecDeque<Arc<HeldFrame>>>,
}

impl FrameCache {
    /// Returns the cached frame that has `position`.
    pub fn find(&self, position: u64) -> Option<Arc<HeldFrame>> {
        let frames = self.frames.lock();
        let has = |frame: &&Arc<HeldFrame>| (frame.header.first..=frame.header.last()).contains(&position);
        frames.iter().find(has).cloned()
    }

    /// Adds a frame and evicts the oldest ones beyond the limits.
    pub fn insert(&self, frame: &Frame) {
        if frame.bytes.len() > CACHED_BYTES {
            return;
        }
        let mut frames = self.frames.lock();
        frames.push_back(Arc::new(HeldFrame { header: frame.header, bytes: frame.bytes.to_vec() }));
        let mut bytes: usize = frames.iter().map(|frame| frame.bytes.len()).sum();
        while frames.len() > CACHED_FRAMES || bytes > CACHED_BYTES {
            bytes -= frames.pop_front().map_or(0, |frame| frame.bytes.len());
        }
    }
}
