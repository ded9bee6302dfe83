//! A dispute was resolved; it holds nothing back any more (rules 7.5).

use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Stamp, State};
use crate::proto::{self, DisputeOutcome};
use smallvec::smallvec;

/// How a dispute ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeResolved {
    dispute: Id,
    outcome: DisputeOutcome,
    resolution: Box<str>,
}

impl EventType for DisputeResolved {
    type Message = proto::DisputeResolved;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        fields.text("resolution", &message.resolution);
        Self {
            dispute: fields.id("dispute_id", &message.dispute_id),
            outcome: fields.enum_value("outcome", message.outcome),
            resolution: message.resolution.as_str().into(),
        }
    }

    fn refers_to(&self) -> References<'_> {
        smallvec![(IdKind::Dispute, &self.dispute)]
    }

    fn decide(&self, _: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let dispute = state.commissions.disputes.by_key(&self.dispute).expect("the dispute is known");
        match &dispute.resolved {
            Some((stamp, _, _)) => {
                Err(Rejection::AlreadyDone { what: format!("the resolution of dispute {}", self.dispute), position: stamp.position })
            }
            None => Ok(Vec::new()),
        }
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let row = state.commissions.disputes.find(&self.dispute).expect("decide found the dispute");
        state.commissions.disputes.get_mut(row).resolved = Some((stamp, self.outcome, self.resolution.clone()));
        state.commissions.note_resolved(row, stamp);
        state.release_from(row, stamp.position);
    }
}
