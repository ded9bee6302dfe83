//! What was earned, in a snapshot. What many have alike is written once in a chunk, and shared again when it is loaded.

use super::{ColdFields, Earning, Pinned, WarmFields};
use crate::encoding::{Codec, Damaged, Input, Output, codec};

codec!(Pinned { credit, sold, collected, earned, holder, wait, awaits });
codec!(WarmFields { refunded, exempt, taken, refunds, entries, cold });
codec!(ColdFields { disputes, details, holdings });

impl Codec for Earning {
    fn encode(&self, out: &mut Output) {
        let Self { stamp, minor_units, pinned, entry, warm } = self;
        stamp.encode(out);
        minor_units.encode(out);
        out.shared(&**pinned);
        entry.encode(out);
        warm.encode(out);
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            stamp: Codec::decode(input)?,
            minor_units: Codec::decode(input)?,
            pinned: input.shared()?,
            entry: Codec::decode(input)?,
            warm: Codec::decode(input)?,
        })
    }
}
