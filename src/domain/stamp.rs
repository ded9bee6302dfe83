//! Stamps in less memory, and in a snapshot.

use super::calendar::Time;
use super::{LAST_POSITION, Stamp};
use crate::encoding::{Codec, Damaged, Input, Output};

/// A stamp in 16 bytes, for rows of which there are many. The state takes positions of 32 bits only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CompactStamp {
    occurred_at: Time,
    position: u32,
}

impl From<Stamp> for CompactStamp {
    fn from(stamp: Stamp) -> Self {
        // A stamp of what is only weighed lies behind all records.
        let position = if stamp.position == u64::MAX { u32::MAX } else { position_of(stamp.position) };
        Self { occurred_at: stamp.occurred_at, position }
    }
}

impl From<CompactStamp> for Stamp {
    fn from(CompactStamp { occurred_at, position }: CompactStamp) -> Self {
        Self { occurred_at, position: if position == u32::MAX { u64::MAX } else { u64::from(position) } }
    }
}

fn position_of(position: u64) -> u32 {
    assert!(position <= LAST_POSITION, "no record beyond the last position is taken");
    u32::try_from(position).expect("the last position fits")
}

impl Codec for Stamp {
    fn encode(&self, out: &mut Output) {
        let Self { occurred_at, position } = self;
        out.time(*occurred_at);
        out.position(*position);
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(Self { occurred_at: input.time()?, position: input.position()? })
    }
}

impl Codec for CompactStamp {
    fn encode(&self, out: &mut Output) {
        Stamp::from(*self).encode(out);
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let stamp = Stamp::decode(input)?;
        let fits = stamp.position <= LAST_POSITION || stamp.position == u64::MAX;
        if fits { Ok(stamp.into()) } else { Err(Damaged("a position is too large")) }
    }
}
