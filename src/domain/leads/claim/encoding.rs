//! Claims in a snapshot. Those that were decided alike are written once in a chunk, and shared again when they are loaded.

use super::{Claim, Decision, DeclinedClaim, Later, Origin, Protection, Qualification};
use crate::encoding::{Codec, Damaged, Input, Output, codec};

codec!(Protection { days, from_approval });
codec!(Origin { agreement, campaign });
codec!(Claim { owner, credit, rule, acquired_by, origin, protection, zone });
codec!(Later { approved, extensions });
codec!(DeclinedClaim { stamp, agreement, held_by, protected_until, earlier_than_owner });
codec!(Qualification { stamp, protected });

impl Codec for Decision {
    fn encode(&self, out: &mut Output) {
        let Self { stamp, claim, later } = self;
        stamp.encode(out);
        out.shared(&**claim);
        later.encode(out);
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(Self { stamp: Codec::decode(input)?, claim: input.shared()?, later: Codec::decode(input)? })
    }
}
