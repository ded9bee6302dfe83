//! The thread that maintains the log in the background, with a low priority: it seals full segments and scrubs old ones.

use std::collections::HashSet;

use super::scrub::Scrubber;
use super::seal::seal_due;
use super::shared::Shared;
use crate::journal::panics::catch_panic;
use crate::priority::{Niceness, lower_priority};

/// The priority of the thread.
const NICENESS: Niceness = Niceness(10);

/// Seals full segments and scrubs until the journal is closed. A failure to seal only costs space, and is retried at the
/// next opening.
pub(super) fn maintain_log(shared: &Shared) {
    lower_priority(NICENESS);
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
            // Once more: first seal what is due by then, then scrub the next segment.
            seen = 0;
            if !shared.maintenance.pause(pause) {
                return;
            }
        }
    }
}
