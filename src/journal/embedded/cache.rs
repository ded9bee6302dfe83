//! A cache of frames that reads took only a part of.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use super::queue::HeldFrame;
use crate::journal::frame::Frame;

/// How many frames the cache keeps, and of how many bytes together.
const CACHED_FRAMES: usize = 32;
const CACHED_BYTES: usize = 16 << 20;

/// The frames of which reads took a part only: the next read is likely to want another part.
#[derive(Debug, Default)]
pub(super) struct FrameCache {
    frames: Mutex<VecDeque<Arc<HeldFrame>>>,
}

impl FrameCache {
    pub fn find(&self, position: u64) -> Option<Arc<HeldFrame>> {
        let frames = self.frames.lock();
        let has = |frame: &&Arc<HeldFrame>| (frame.header.first..=frame.header.last()).contains(&position);
        frames.iter().find(has).cloned()
    }

    pub fn keep(&self, frame: &Frame) {
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
