//! The relationship: managers, launch steps, reviews, brand uses, breaches and partner fit (rules 10.1).

pub mod alerts;
pub mod assessed;
pub mod brand_use_decided;
pub mod brand_use_requested;
pub mod breach_cured;
pub mod breach_reported;
mod encoding;
pub mod launch_step_completed;
pub mod manager_assigned;
pub mod review_held;
mod watched;

use super::blocks::Blocks;
use super::calendar::Time;
use super::ids::Id;
use super::slice::slice;
use super::table::{Row, Table, Undo, undo_by_copy};
use super::{Seen, Stamp};
use crate::encoding::Section;
use crate::proto::{BrandChannel, BreachClause, LaunchStep, ReviewDecision, ReviewKind, Side};
pub use watched::AgreementBlock;

slice! {
    /// What is known of all relationships.
    pub struct Relationship {
        /// What was recorded about agreements, by the agreement's row.
        pub(super) agreements: Table<Row, AgreementActivity> => Section::Conduct,
        /// What was recorded about partners before there was an agreement, by the partner's row.
        pub(super) partners: Table<Row, PartnerActivity> => Section::Approaches,
        /// Brand uses by id.
        pub brand_uses: Table<Id, BrandUse> => Section::BrandUses,
        /// Breaches by id.
        pub breaches: Table<Id, Breach> => Section::Breaches,
        /// What alerts about each few agreements can be, by the agreement's row.
        pub watched: Blocks<AgreementBlock>,
    }
}

/// What was recorded about an agreement's relationship, each list in the order of recording.
#[derive(Clone, Default)]
pub(super) struct AgreementActivity {
    managers: Vec<Manager>,
    steps: Vec<CompletedStep>,
    reviews: Vec<Review>,
    brand_uses: Vec<Row>,
    breaches: Vec<Row>,
}

/// What was recorded about a partner before there was an agreement, each list in the order of recording.
#[derive(Clone, Default)]
pub(super) struct PartnerActivity {
    assessments: Vec<(Stamp, Fit)>,
    steps: Vec<CompletedStep>,
}

/// Who looks after an agreement for a side.
#[derive(Clone, Debug)]
pub struct Manager {
    /// When it was named, and by which record.
    pub stamp: Stamp,
    /// For which side.
    pub side: Side,
    /// Who, as sent.
    pub name: Box<str>,
}

/// A step of the launch checklist that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompletedStep {
    /// When, and by which record.
    pub stamp: Stamp,
    /// Which.
    pub step: LaunchStep,
}

/// A meeting about the relationship.
#[derive(Clone, Debug)]
pub struct Review {
    /// Its id, unique among reviews.
    pub id: Id,
    /// When it was held, and by which record.
    pub stamp: Stamp,
    /// What kind it was.
    pub kind: ReviewKind,
    /// What was decided.
    pub decision: Option<ReviewDecision>,
    /// The summary, as sent.
    pub summary: Box<str>,
}

/// How well a partner fits, on scales of 1 to 5.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fit {
    /// How well the offers complement each other.
    pub complementarity: u32,
    /// How much of the audience is shared.
    pub shared_audience: u32,
    /// How well the brands go together.
    pub brand_alignment: u32,
    /// Whether it competes with the house.
    pub competitor: bool,
    /// Notes, as sent.
    pub notes: Box<str>,
}

/// A use of a brand that a side asked for.
#[derive(Clone, Debug)]
pub struct BrandUse {
    /// When it was requested, and by which record.
    pub requested: Stamp,
    /// Under which agreement.
    pub agreement: Row,
    /// By whom.
    pub requested_by: Side,
    /// Where the brand is shown.
    pub channel: BrandChannel,
    /// What is shown, as sent.
    pub asset: Box<str>,
    decided: Option<BrandUseDecision>,
}

/// A decision on a brand use.
#[derive(Clone, Debug)]
pub struct BrandUseDecision {
    /// When, and by which record; that of the request where the terms allowed it.
    pub stamp: Stamp,
    /// Whether the brand may be used.
    pub approved: bool,
    /// A note, as sent.
    pub note: Box<str>,
}

/// A breach of an agreement.
#[derive(Clone, Debug)]
pub struct Breach {
    /// When it was reported, and by which record.
    pub reported: Stamp,
    /// Of which agreement.
    pub agreement: Row,
    /// By whom.
    pub by: Side,
    /// Of which part.
    pub clause: BreachClause,
    /// Until when it is to be cured; `None` for no deadline.
    pub cure_by: Option<Time>,
    /// What happened, as sent.
    pub description: Box<str>,
    cured: Option<Stamp>,
}

undo_by_copy!(BrandUse, Breach);

impl Undo for AgreementActivity {
    type Mark = [usize; 5];

    fn mark(&self) -> Self::Mark {
        [self.managers.len(), self.steps.len(), self.reviews.len(), self.brand_uses.len(), self.breaches.len()]
    }

    fn undo(&mut self, [managers, steps, reviews, brand_uses, breaches]: Self::Mark) {
        self.managers.truncate(managers);
        self.steps.truncate(steps);
        self.reviews.truncate(reviews);
        self.brand_uses.truncate(brand_uses);
        self.breaches.truncate(breaches);
    }
}

impl Undo for PartnerActivity {
    type Mark = [usize; 2];

    fn mark(&self) -> Self::Mark {
        [self.assessments.len(), self.steps.len()]
    }

    fn undo(&mut self, [assessments, steps]: Self::Mark) {
        self.assessments.truncate(assessments);
        self.steps.truncate(steps);
    }
}

impl Fit {
    /// Whether it fits: a competitor never does, otherwise it takes 3 or more on each scale.
    pub fn fits(&self) -> bool {
        !self.competitor && [self.complementarity, self.shared_audience, self.brand_alignment].iter().all(|mark| *mark >= 3)
    }
}

impl BrandUse {
    /// How it was decided, as seen.
    pub fn decision(&self, seen: Seen) -> Option<&BrandUseDecision> {
        self.decided.as_ref().filter(|decision| seen.sees(decision.stamp))
    }
}

impl Breach {
    /// Returns when it was cured, as seen.
    pub fn cured_at(&self, seen: Seen) -> Option<Time> {
        self.cured.filter(|stamp| seen.sees(*stamp)).map(|stamp| stamp.occurred_at)
    }
}

impl Relationship {
    /// How many items the lists of an agreement have.
    pub fn agreement_items(&self, agreement: Row) -> usize {
        self.agreements.by_key(&agreement).map_or(0, |activity| activity.mark().iter().sum())
    }

    /// How many items the lists of a partner have.
    pub fn partner_items(&self, partner: Row) -> usize {
        self.partners.by_key(&partner).map_or(0, |activity| activity.mark().iter().sum())
    }

    /// The manager of a side as last named, as seen.
    pub fn manager(&self, agreement: Row, side: Side, seen: Seen) -> Option<&Manager> {
        self.managers(agreement, side, seen).max_by_key(|manager| manager.stamp)
    }

    /// The managers that a side has named, as seen, in the order of recording.
    pub fn managers(&self, agreement: Row, side: Side, seen: Seen) -> impl Iterator<Item = &Manager> {
        let named = self.agreements.by_key(&agreement).map_or(&[][..], |activity| &activity.managers);
        named.iter().filter(move |manager| manager.side == side && seen.sees(manager.stamp))
    }

    /// The launch steps done under an agreement, as seen, in the order of the checklist.
    pub fn agreement_steps(&self, agreement: Row, seen: Seen) -> Vec<CompletedStep> {
        in_order(self.agreements.by_key(&agreement).map_or(&[][..], |activity| &activity.steps), seen)
    }

    /// The launch steps done with a partner itself, as seen, in the order of the checklist.
    pub fn partner_steps(&self, partner: Row, seen: Seen) -> Vec<CompletedStep> {
        in_order(self.partners.by_key(&partner).map_or(&[][..], |activity| &activity.steps), seen)
    }

    /// The reviews held under an agreement, as seen, in the order in which they were held.
    pub fn reviews(&self, agreement: Row, seen: Seen) -> Vec<&Review> {
        let held = self.agreements.by_key(&agreement).map_or(&[][..], |activity| &activity.reviews);
        let mut held: Vec<&Review> = held.iter().filter(|review| seen.sees(review.stamp)).collect();
        held.sort_by_key(|review| review.stamp);
        held
    }

    /// When the last review of a kind was held, as seen.
    pub fn last_review(&self, agreement: Row, kind: ReviewKind, seen: Seen) -> Option<Time> {
        let held = self.agreements.by_key(&agreement).map_or(&[][..], |activity| &activity.reviews);
        let of_kind = held.iter().filter(|review| review.kind == kind && seen.sees(review.stamp));
        of_kind.map(|review| review.stamp.occurred_at).max()
    }

    /// The brand uses under an agreement, as seen, in the order in which they were requested.
    pub fn brand_uses_of(&self, agreement: Row, seen: Seen) -> Vec<(&Id, &BrandUse)> {
        let rows = self.agreements.by_key(&agreement).map_or(&[][..], |activity| &activity.brand_uses);
        let uses = rows.iter().map(|row| (self.brand_uses.key(*row), self.brand_uses.get(*row)));
        let mut uses: Vec<_> = uses.filter(|(_, brand_use)| seen.sees(brand_use.requested)).collect();
        uses.sort_by_key(|(_, brand_use)| brand_use.requested);
        uses
    }

    /// The breaches of an agreement, as seen, in the order in which they were reported.
    pub fn breaches_of(&self, agreement: Row, seen: Seen) -> Vec<(&Id, &Breach)> {
        let rows = self.agreements.by_key(&agreement).map_or(&[][..], |activity| &activity.breaches);
        let breaches = rows.iter().map(|row| (self.breaches.key(*row), self.breaches.get(*row)));
        let mut breaches: Vec<_> = breaches.filter(|(_, breach)| seen.sees(breach.reported)).collect();
        breaches.sort_by_key(|(_, breach)| breach.reported);
        breaches
    }

    /// The latest assessment of a partner, as seen.
    pub fn fit(&self, partner: Row, seen: Seen) -> Option<(Stamp, &Fit)> {
        let assessments = self.partners.by_key(&partner).map_or(&[][..], |activity| &activity.assessments);
        let assessments = assessments.iter().filter(|(stamp, _)| seen.sees(*stamp));
        assessments.max_by_key(|(stamp, _)| *stamp).map(|(stamp, fit)| (*stamp, fit))
    }

    fn agreement_activity_mut(&mut self, agreement: Row) -> &mut AgreementActivity {
        let row = self.agreements.find_or_insert_with(agreement, AgreementActivity::default);
        self.agreements.get_mut(row)
    }

    fn partner_activity_mut(&mut self, partner: Row) -> &mut PartnerActivity {
        let row = self.partners.find_or_insert_with(partner, PartnerActivity::default);
        self.partners.get_mut(row)
    }
}

fn in_order(steps: &[CompletedStep], seen: Seen) -> Vec<CompletedStep> {
    let mut steps: Vec<CompletedStep> = steps.iter().copied().filter(|step| seen.sees(step.stamp)).collect();
    steps.sort_by_key(|step| step.step as i32);
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fit_takes_three_on_each_scale_and_no_competitor() {
        let fit = |marks: [u32; 3], competitor| {
            let [complementarity, shared_audience, brand_alignment] = marks;
            Fit { complementarity, shared_audience, brand_alignment, competitor, notes: "".into() }.fits()
        };
        assert!(fit([3, 3, 3], false));
        assert!(!fit([2, 5, 5], false) && !fit([5, 2, 5], false) && !fit([5, 5, 2], false));
        assert!(!fit([5, 5, 5], true));
    }
}
