//! What was earned, in a snapshot. What many have alike is written once in a chunk, and shared again when it is loaded.

use super::{Earning, Pinned, Rare, Rest};
use crate::encoding::{Codec, Damaged, Input, Output, codec};

codec!(Pinned { credit, sold, collected, earned, holder, wait });
codec!(Rest { refunded, exempt, taken, refunds, entries, rare });
codec!(Rare { disputes, holdings });

impl Codec for Earning {
    fn encode(&self, out: &mut Output) {
        let Self { stamp, minor_units, pinned, entry, rest } = self;
        stamp.encode(out);
        minor_units.encode(out);
        out.shared(&**pinned);
        entry.encode(out);
        rest.encode(out);
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            stamp: Codec::decode(input)?,
            minor_units: Codec::decode(input)?,
            pinned: input.shared()?,
            entry: Codec::decode(input)?,
            rest: Codec::decode(input)?,
        })
    }
}
