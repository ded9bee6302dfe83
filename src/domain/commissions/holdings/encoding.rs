//! Holdings in a snapshot.

use super::{CommissionPart, Holding, Holdings};
use crate::encoding::{Codec, Damaged, Input, Output, codec};

codec!(Holding { partner, agreement, position, source, currency, amount, awaiting, available_at, entry });
codec!(Holdings(all));
codec!(CommissionPart { partner, agreement, position, currency, amount, available_at, awaits, number, entry });

impl Codec for Box<[CommissionPart]> {
    fn encode(&self, out: &mut Output) {
        out.number(self.len() as u64);
        self.iter().for_each(|part| part.encode(out));
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(Vec::decode(input)?.into_boxed_slice())
    }
}
