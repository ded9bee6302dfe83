//! Packed stamps in a snapshot.

use super::PackedStamp;
use crate::domain::{LAST_POSITION, Stamp};
use crate::snapshot::{Damaged, Input, Output, Saved};

impl Saved for Stamp {
    fn save(&self, out: &mut Output) {
        let Self { occurred_at, position } = self;
        out.time(*occurred_at);
        out.position(*position);
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(Self { occurred_at: input.time()?, position: input.position()? })
    }
}

impl Saved for PackedStamp {
    fn save(&self, out: &mut Output) {
        Stamp::from(*self).save(out);
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let stamp = Stamp::load(input)?;
        let fits = stamp.position <= LAST_POSITION || stamp.position == u64::MAX;
        if fits { Ok(stamp.into()) } else { Err(Damaged("a position is too large")) }
    }
}
