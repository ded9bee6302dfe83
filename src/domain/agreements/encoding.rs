//! Agreements in a snapshot. Terms are kept as they were sent, and read again.

use super::terms::Terms;
use super::{Agreement, ExclusivityBreach, Family, OwnVersion, RecordedEnd, Signature, TerminationNotice};
use crate::domain::parse::Fields;
use crate::encoding::{Codec, Damaged, Input, Output, codec};
use crate::proto;

impl Codec for Terms {
    fn encode(&self, out: &mut Output) {
        self.message.encode(out);
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let message = proto::Terms::decode(input)?;
        let mut fields = Fields::default();
        let terms = Self::parse(Some(&message), &mut fields);
        if fields.is_clean() { Ok((*terms).clone()) } else { Err(Damaged("these are no terms")) }
    }
}

codec!(ExclusivityBreach { stamp, agreement, by });
codec!(Family { recruited_by, supersedes, superseded_by });
codec!(OwnVersion { effective_at, stamp, terms });
codec!(Signature { stamp, effective_at });
codec!(TerminationNotice { given, given_by, ends_at, withdrawn });
codec!(RecordedEnd { stamp, ends_at, cause });
codec!(Agreement { partner, agreement_type, proposal, signature, programme, family, versions, notices, terminations, expiries });
