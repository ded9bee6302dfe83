//! Claims in a snapshot. Those that were decided alike are written once in a chunk, and shared again when they are loaded.

use super::{Claim, Decision, DeclinedClaim, Later, Origin, Protection, Qualification};
use crate::snapshot::{Damaged, Input, Output, Saved, saved};

saved!(Protection { days, from_approval });
saved!(Origin { agreement, campaign });
saved!(Claim { owner, credit, rule, acquired_by, origin, protection, zone });
saved!(Later { approved, extensions });
saved!(DeclinedClaim { stamp, agreement, held_by, protected_until, earlier_than_owner });
saved!(Qualification { stamp, protected });

impl Saved for Decision {
    fn save(&self, out: &mut Output) {
        let Self { stamp, claim, later } = self;
        stamp.save(out);
        out.shared(&**claim);
        later.save(out);
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        Ok(Self { stamp: Saved::load(input)?, claim: input.shared()?, later: Saved::load(input)? })
    }
}
