//! What was earned, in a snapshot. What many have alike is written once in a chunk, and shared again when it is loaded.

use super::{Earning, Pinned, Rare, Rest};
use crate::snapshot::{Damaged, Input, Output, Saved, saved};

saved!(Pinned { credit, sold, collected, earned, holder, wait });
saved!(Rest { refunded, exempt, taken, refunds, entries, rare });
saved!(Rare { disputes, holdings });

impl Saved for Earning {
    fn save(&self, out: &mut Output) {
        let Self { stamp, minor_units, pinned, entry, rest } = self;
        stamp.save(out);
        minor_units.save(out);
        out.shared(&**pinned);
        entry.save(out);
        rest.save(out);
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            stamp: Saved::load(input)?,
            minor_units: Saved::load(input)?,
            pinned: input.shared()?,
            entry: Saved::load(input)?,
            rest: Saved::load(input)?,
        })
    }
}
