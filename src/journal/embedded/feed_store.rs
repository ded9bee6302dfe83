//! The thread that writes frames to the store, off the commit's path, and the checkpoints.

use std::time::Instant;

use super::queue::Work;
use super::shared::Shared;
use crate::journal::frame::HeldFrame;
use crate::journal::options::Step;
use crate::journal::panics::catch_panic;

/// Writes queued frames to the store until the journal is closed or the store fails.
pub(super) fn feed_store(shared: &Shared) {
    let result = catch_panic(|| run(shared)).unwrap_or_else(|panic| Err(format!("a bug: {panic}")));
    if let Err(why) = result {
        shared.store_failed(&why);
    }
}

fn run(shared: &Shared) -> Result<(), String> {
    let interval = shared.options.checkpoint_interval;
    let mut checkpoint_due = Instant::now() + interval;
    loop {
        match shared.queue.next(checkpoint_due) {
            Work::Feed(frame) => {
                put(shared, &frame)?;
                shared.queue.done();
            }
            Work::Wait => {}
            Work::Stop => return Ok(()),
        }
        if Instant::now() >= checkpoint_due {
            if shared.write_checkpoint(false).is_err() {
                // `write_checkpoint` has reported it and stopped the journal.
                return Ok(());
            }
            checkpoint_due = Instant::now() + interval;
        }
    }
}

fn put(shared: &Shared, frame: &HeldFrame) -> Result<(), String> {
    shared.options.step(Step::FeedStore).map_err(|error| error.to_string())?;
    let store = shared.store.read();
    let store = store.as_ref().ok_or("it is closed")?;
    store.put(frame.header.first, &frame.bytes).map_err(|error| error.to_string())
}
