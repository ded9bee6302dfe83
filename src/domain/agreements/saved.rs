//! Agreements in a snapshot. Terms are kept as they were sent, and read again.

use super::terms::Terms;
use super::{Agreement, ExclusivityBreach, RecordedEnd, Signature, TerminationNotice, Version};
use crate::domain::parse::Fields;
use crate::proto;
use crate::snapshot::{Damaged, Input, Output, Saved, saved};

impl Saved for Terms {
    fn save(&self, out: &mut Output) {
        self.message.save(out);
    }

    fn load(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let message = proto::Terms::load(input)?;
        let mut fields = Fields::default();
        let terms = Self::parse(Some(&message), &mut fields);
        if fields.is_clean() { Ok((*terms).clone()) } else { Err(Damaged("these are no terms")) }
    }
}

saved!(ExclusivityBreach { stamp, agreement, by });
saved!(Version { effective_at, stamp, terms });
saved!(Signature { stamp, effective_at });
saved!(TerminationNotice { given, given_by, ends_at, withdrawn });
saved!(RecordedEnd { stamp, ends_at, cause });
saved!(Agreement { partner, agreement_type, proposal, signature, versions, notices, terminations, expiries });
