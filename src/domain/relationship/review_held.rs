//! A check-in or quarterly business review was held (rules 10.1).

use super::Review;
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Stamp, State};
use crate::proto::{self, ReviewDecision, ReviewKind};
use smallvec::smallvec;

/// A check-in, or a quarterly business review with its decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewHeld {
    review: Id,
    agreement: Id,
    kind: ReviewKind,
    decision: Option<ReviewDecision>,
    summary: Box<str>,
}

impl EventType for ReviewHeld {
    type Message = proto::ReviewHeld;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        fields.text("summary", &message.summary);
        let kind = fields.enum_value("kind", message.kind);
        if kind == ReviewKind::QuarterlyReview && message.decision.is_none() {
            fields.bad("decision", "is required of a quarterly review: say whether to continue, expand, renew, adjust or end");
        }
        Self {
            review: fields.id("review_id", &message.review_id),
            agreement: fields.id("agreement_id", &message.agreement_id),
            kind,
            decision: message.decision.map(|decision| fields.enum_value("decision", decision)),
            summary: message.summary.as_str().into(),
        }
    }

    fn introduces(&self) -> Option<(IdKind, &Id)> {
        Some((IdKind::Review, &self.review))
    }

    fn refers_to(&self) -> References<'_> {
        smallvec![(IdKind::Agreement, &self.agreement)]
    }

    fn decide(&self, _: &Context, _: &State) -> Result<Vec<Effect>, Rejection> {
        Ok(Vec::new())
    }

    fn evolve(&self, stamp: Stamp, _: &[Effect], state: &mut State) {
        let about = (IdKind::Agreement, self.agreement.clone());
        state.introduce(IdKind::Review, &self.review, stamp, Some(about));
        let agreement = state.agreements.by_id.find(&self.agreement).expect("decide found the agreement");
        let (id, summary) = (self.review.clone(), self.summary.clone());
        let review = Review { id, stamp, kind: self.kind, decision: self.decision, summary };
        state.relationship.agreement_activity_mut(agreement).reviews.push(review);
    }
}
