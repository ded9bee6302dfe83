//! What the sides of an agreement did, as messages (rules 10.1).

use crate::domain::parse::timestamp;
use crate::domain::relationship::{CompletedStep, Review};
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::proto::{self, Side};

/// The managers as last named, the house's first.
pub fn managers(state: &State, agreement: Row, seen: Seen) -> Vec<proto::Manager> {
    let named = |side| state.relationship.manager(agreement, side, seen);
    let managers = [Side::House, Side::Partner].into_iter().filter_map(named);
    managers.map(|manager| proto::Manager { side: manager.side as i32, manager: manager.name.to_string() }).collect()
}

/// The launch steps done, in the order given.
pub fn launch_steps(steps: &[CompletedStep]) -> Vec<proto::LaunchStepDone> {
    let done = |step: &CompletedStep| proto::LaunchStepDone {
        step: step.step as i32,
        completed_at: Some(timestamp(step.stamp.occurred_at)),
        position: step.stamp.position,
    };
    steps.iter().map(done).collect()
}

/// A review.
pub fn review(review: &Review) -> proto::Review {
    proto::Review {
        review_id: review.id.to_string(),
        kind: review.kind as i32,
        decision: review.decision.map(|decision| decision as i32),
        summary: review.summary.to_string(),
        held_at: Some(timestamp(review.stamp.occurred_at)),
        position: review.stamp.position,
    }
}

/// The brand uses of an agreement, in the order in which they were requested.
pub fn brand_uses(state: &State, agreement: Row, seen: Seen) -> Vec<proto::BrandUse> {
    let uses = state.relationship.brand_uses_of(agreement, seen).into_iter();
    uses.map(|(id, brand_use)| {
        let decision = brand_use.decision(seen);
        proto::BrandUse {
            brand_use_id: id.to_string(),
            requested_by: brand_use.requested_by as i32,
            channel: brand_use.channel as i32,
            asset: brand_use.asset.to_string(),
            requested_at: Some(timestamp(brand_use.requested.occurred_at)),
            approved: decision.map(|decision| decision.approved),
            decided_at: decision.map(|decision| timestamp(decision.stamp.occurred_at)),
            note: decision.map(|decision| decision.note.to_string()).unwrap_or_default(),
            position: brand_use.requested.position,
        }
    })
    .collect()
}

/// The breaches of an agreement, in the order in which they were reported.
pub fn breaches(state: &State, agreement: Row, seen: Seen) -> Vec<proto::Breach> {
    let breaches = state.relationship.breaches_of(agreement, seen).into_iter();
    breaches
        .map(|(id, breach)| proto::Breach {
            breach_id: id.to_string(),
            by: breach.by as i32,
            clause: breach.clause as i32,
            description: breach.description.to_string(),
            reported_at: Some(timestamp(breach.reported.occurred_at)),
            cure_by: breach.cure_by.map(timestamp),
            cured_at: breach.cured_at(seen).map(timestamp),
            position: breach.reported.position,
        })
        .collect()
}
