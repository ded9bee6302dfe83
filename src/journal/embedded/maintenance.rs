//! The thread that maintains the log in the background, with a low priority: it seals full segments and scrubs old ones.

use std::collections::HashSet;

use super::scrub::Scrubber;
use super::seal::seal_due;
use super::shared::Shared;
use crate::journal::panics::catch_panic;

/// How much less than others the thread gets where there is not enough for all: about a tenth.
const NICENESS: i32 = 10;

/// Seals full segments until the journal is closed. A failure only costs space, and is tried again at the next opening.
pub(super) fn maintain_log(shared: &Shared) {
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS) {
        tracing::debug!(%error, "segments are compressed with the usual priority");
    }
    let mut failed = HashSet::new();
    let mut scrubber = Scrubber::new(shared);
    let mut seen = 0;
    while let Some(checkpointed) = shared.maintenance.wait_beyond(seen) {
        seen = checkpointed;
        if !seal_due(shared, checkpointed, &mut failed) {
            return;
        }
        let looked = catch_panic(|| scrubber.step(shared)).unwrap_or_else(|panic| {
            tracing::error!(panic, "a bug in the background check");
            None
        });
        if let Some(pause) = looked {
            // Round again, first for what is to be sealed by then.
            seen = 0;
            if !shared.maintenance.pause(pause) {
                return;
            }
        }
    }
}
