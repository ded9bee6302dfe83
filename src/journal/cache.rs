//! A cache of frames of which a read took only a part.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use super::frame::{Frame, HeldFrame};

/// The limits of the cache: number of frames, and their bytes together.
const CACHED_FRAMES: usize = 32;
const CACHED_BYTES: usize = 16 << 20;

/// Places of which it is known how often they were asked for.
const ASKED_PLACES: usize = 64;
/// How often a few records of a place are read before the whole frame is.
const OFTEN: u32 = 4;

/// The frames of which a read took only a part: the next read is likely to need the rest.
#[derive(Debug, Default)]
pub(crate) struct FrameCache {
    frames: Mutex<VecDeque<Arc<HeldFrame>>>,
    /// Where parts of frames were read last, and how often.
    asked: Mutex<VecDeque<(u64, u32)>>,
}

impl FrameCache {
    /// Returns the cached frame that has `position`.
    pub fn find(&self, position: u64) -> Option<Arc<HeldFrame>> {
        let frames = self.frames.lock();
        let has = |frame: &&Arc<HeldFrame>| (frame.header.first..=frame.header.last()).contains(&position);
        frames.iter().find(has).cloned()
    }

    /// Notes that a few records of a place are read; returns whether that happened often of late.
    pub fn is_asked_often(&self, place: u64) -> bool {
        let mut asked = self.asked.lock();
        let times = match asked.iter_mut().find(|(known, _)| *known == place) {
            Some((_, times)) => {
                *times += 1;
                *times
            }
            None => {
                asked.push_back((place, 1));
                1
            }
        };
        if asked.len() > ASKED_PLACES {
            asked.pop_front();
        }
        times > OFTEN
    }

    /// Adds a frame and evicts the oldest ones beyond the limits.
    pub fn insert(&self, frame: &Frame) {
        if frame.bytes.len() > CACHED_BYTES {
            return;
        }
        // Copied before the lock is taken, for which appends wait as well, and freed after it.
        let held = Arc::new(HeldFrame { header: frame.header, bytes: frame.bytes.to_vec() });
        let mut evicted = Vec::new();
        let mut frames = self.frames.lock();
        frames.push_back(held);
        let mut bytes: usize = frames.iter().map(|frame| frame.bytes.len()).sum();
        while frames.len() > CACHED_FRAMES || bytes > CACHED_BYTES {
            let Some(frame) = frames.pop_front() else { break };
            bytes -= frame.bytes.len();
            evicted.push(frame);
        }
        drop(frames);
        drop(evicted);
    }
}
