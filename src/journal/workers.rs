//! The thread that feeds the store off the commit's path and writes the checkpoints.

use std::time::Instant;

use super::durable::Inner;
use super::options::Step;
use super::pending::{HeldFrame, Work};
use super::quiet::catch;

/// Feeds the store until the journal is closed or the store fails.
pub(super) fn feed_store(inner: &Inner) {
    let result = catch(|| run(inner)).unwrap_or_else(|panic| Err(format!("a bug: {panic}")));
    if let Err(why) = result {
        inner.store_failed(&why);
    }
}

fn run(inner: &Inner) -> Result<(), String> {
    let interval = inner.options.checkpoint_interval;
    let mut checkpoint_due = Instant::now() + interval;
    loop {
        match inner.queue.next(checkpoint_due) {
            Work::Feed(frame) => {
                put(inner, &frame)?;
                inner.queue.done();
            }
            Work::Wait => {}
            Work::Stop => return Ok(()),
        }
        if Instant::now() >= checkpoint_due {
            if inner.write_checkpoint(false).is_err() {
                // It has told of it and stopped the journal.
                return Ok(());
            }
            checkpoint_due = Instant::now() + interval;
        }
    }
}

fn put(inner: &Inner, frame: &HeldFrame) -> Result<(), String> {
    inner.options.step(Step::FeedStore).map_err(|error| error.to_string())?;
    let store = inner.store.read();
    let store = store.as_ref().ok_or("it is closed")?;
    store.put(frame.header.first, &frame.bytes).map_err(|error| error.to_string())
}
