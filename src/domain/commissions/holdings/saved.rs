//! Holdings in a snapshot.

use super::{CommissionPart, Holding, Holdings};
use crate::snapshot::{Damaged, Input, Output, Saved, saved};

saved!(Holding { partner, agreement, position, amount, available_at, entry });
saved!(Holdings(all));
saved!(CommissionPart { partner, agreement, amount, available_at });

impl Saved for Box<[CommissionPart]> {
    fn save(&self, out: &mut Output) {
        out.number(self.len() as u64);
        self.iter().for_each(|part| part.save(out));
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(Vec::load(input)?.into_boxed_slice())
    }
}
