//! What was earned, in a snapshot. What many have alike is written once in a chunk, and shared again when it is loaded.

use super::{ColdFields, Earning, Pinned, WarmFields};
use crate::snapshot::{Damaged, Input, Output, Saved, saved};

saved!(Pinned { credit, sold, collected, earned, holder, wait });
saved!(WarmFields { refunded, exempt, taken, refunds, entries, cold });
saved!(ColdFields { disputes, holdings });

impl Saved for Earning {
    fn save(&self, out: &mut Output) {
        let Self { stamp, minor_units, pinned, entry, warm } = self;
        stamp.save(out);
        minor_units.save(out);
        out.shared(&**pinned);
        entry.save(out);
        warm.save(out);
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            stamp: Saved::load(input)?,
            minor_units: Saved::load(input)?,
            pinned: input.shared()?,
            entry: Saved::load(input)?,
            warm: Saved::load(input)?,
        })
    }
}
