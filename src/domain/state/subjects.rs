//! Whom a record is about: the rows under which the index finds it.

use super::State;
use crate::domain::effect::{Effect, Party};
use crate::domain::event::Body;
use crate::domain::ids::{Id, IdKind};
use crate::domain::state::Record;
use crate::domain::table::Row;
use smallvec::SmallVec;

/// Rows; mostly one or two.
pub type Rows = SmallVec<[Row; 2]>;

/// Which rows a record is about, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subjects {
    /// Partners.
    pub partners: Rows,
    /// Agreements.
    pub agreements: Rows,
    /// Leads.
    pub leads: Rows,
}

impl Subjects {
    pub(in crate::domain) fn add_partner(&mut self, row: Row) {
        push_once(&mut self.partners, row);
    }

    /// Adds an agreement and its partner.
    pub(in crate::domain) fn add_agreement(&mut self, row: Row, state: &State) {
        push_once(&mut self.agreements, row);
        self.add_partner(state.agreements.by_id.get(row).partner);
    }

    pub(in crate::domain) fn add_lead(&mut self, row: Row) {
        push_once(&mut self.leads, row);
    }

    /// Whether an id is that of a row which is there already: a record names the same few again and again, and to compare them
    /// costs less than to find them.
    fn has(&self, kind: IdKind, id: &Id, state: &State) -> bool {
        match kind {
            IdKind::Partner => self.partners.iter().any(|row| state.partners.key(*row) == id),
            IdKind::Agreement => self.agreements.iter().any(|row| state.agreements.by_id.key(*row) == id),
            IdKind::Lead => self.leads.iter().any(|row| state.leads.by_id.key(*row) == id),
            _ => false,
        }
    }
}

fn push_once(rows: &mut Rows, row: Row) {
    if !rows.contains(&row) {
        rows.push(row);
    }
}

impl State {
    /// Which partners, agreements and leads an evolved record is about.
    pub fn subjects(&self, record: &Record) -> Subjects {
        let mut subjects = Subjects::default();
        self.add_named(&record.event.body, &mut subjects);
        if let Body::LeadReferred(referred) = &record.event.body {
            self.add_subject(IdKind::Lead, &referred.lead, &mut subjects);
        }
        for effect in &record.effects {
            match effect {
                Effect::LeadClaimDeclined { held_by: Party::Partner(holder), .. } => {
                    self.add_subject(IdKind::Partner, holder, &mut subjects);
                }
                Effect::ExclusivityBreached { agreement, by_agreement } => {
                    self.add_subject(IdKind::Agreement, agreement, &mut subjects);
                    self.add_subject(IdKind::Agreement, by_agreement, &mut subjects);
                }
                effect => self.add_moved(effect, &mut subjects),
            }
        }
        subjects
    }

    /// What an id of a kind is about that has no rows of its own: a review its agreement, a payment its partner, a cost its
    /// campaign. None for what stands for itself.
    pub fn about(&self, kind: IdKind, id: &Id) -> Vec<(IdKind, Id)> {
        let agreement = match kind {
            IdKind::BrandUse => self.relationship.brand_uses.by_key(id).map(|brand_use| brand_use.agreement),
            IdKind::Breach => self.relationship.breaches.by_key(id).map(|breach| breach.agreement),
            _ => None,
        };
        let agreement = agreement.map(|row| (IdKind::Agreement, self.agreements.by_id.key(row).clone()));
        let hold = if kind == IdKind::Hold { self.holds.by_key(id) } else { None };
        let partner = hold.map(|hold| (IdKind::Partner, self.partners.key(hold.partner).clone()));
        self.other_about(kind, id).into_iter().chain(agreement).chain(partner).collect()
    }

    /// Whose money or leads some effects move, which need not be recorded. Who only happens to be in the way of a claim is not among
    /// them. Ids that the state does not know are left out.
    pub fn moved_by(&self, effects: &[Effect]) -> Subjects {
        let mut subjects = Subjects::default();
        effects.iter().for_each(|effect| self.add_moved(effect, &mut subjects));
        subjects
    }

    /// Whose business an id is: of a sale the agreement and the lead, of a campaign all who take part. Nobody's if it is unknown.
    pub fn concerned_by(&self, kind: IdKind, id: &Id) -> Subjects {
        let mut subjects = Subjects::default();
        self.add_subject(kind, id, &mut subjects);
        subjects
    }

    fn add_named(&self, body: &Body, subjects: &mut Subjects) {
        if let Some((kind, id)) = body.introduces() {
            self.add_subject(kind, id, subjects);
        }
        for (kind, id) in body.refers_to() {
            // A lead that came through a campaign is not the business of all who take part in it.
            if kind != IdKind::Campaign || !matches!(body, Body::LeadReferred(_)) {
                self.add_subject(kind, id, subjects);
            }
        }
    }

    fn add_moved(&self, effect: &Effect, subjects: &mut Subjects) {
        match effect {
            Effect::Posting(posting) => {
                posting.subject.partner.iter().for_each(|id| self.add_subject(IdKind::Partner, id, subjects));
                posting.subject.agreement.iter().for_each(|id| self.add_subject(IdKind::Agreement, id, subjects));
            }
            Effect::LeadOwnerSet { credit: Some(agreement), .. } => self.add_subject(IdKind::Agreement, agreement, subjects),
            Effect::CommissionAssessed(assessment) => {
                assessment.agreement.iter().for_each(|id| self.add_subject(IdKind::Agreement, id, subjects));
            }
            _ => {}
        }
    }

    fn add_subject(&self, kind: IdKind, id: &Id, subjects: &mut Subjects) {
        if subjects.has(kind, id, self) {
            return;
        }
        match kind {
            IdKind::Partner => self.partners.find(id).into_iter().for_each(|row| subjects.add_partner(row)),
            IdKind::Agreement => self.agreements.by_id.find(id).into_iter().for_each(|row| subjects.add_agreement(row, self)),
            IdKind::Lead => self.leads.find(id).into_iter().for_each(|row| subjects.add_lead(row)),
            IdKind::Campaign => {
                let participants = self.campaigns.by_id.by_key(id).into_iter().flat_map(|campaign| &campaign.participants);
                participants.filter_map(|participant| participant.agreement).for_each(|row| subjects.add_agreement(row, self));
            }
            // Its terms may be anybody's: it stands for itself.
            IdKind::Programme => {}
            IdKind::BrandUse => {
                self.relationship.brand_uses.by_key(id).into_iter().for_each(|brand_use| subjects.add_agreement(brand_use.agreement, self));
            }
            IdKind::Breach => {
                self.relationship.breaches.by_key(id).into_iter().for_each(|breach| subjects.add_agreement(breach.agreement, self));
            }
            IdKind::Hold => self.holds.by_key(id).into_iter().for_each(|hold| subjects.add_partner(hold.partner)),
            IdKind::Sale | IdKind::Refund | IdKind::Payout | IdKind::Dispute => {
                self.commissions.add_subjects(kind, id, self, subjects);
            }
            IdKind::Reinstatement
            | IdKind::Receipt
            | IdKind::Line
            | IdKind::Adjustment
            | IdKind::PayoutReturn
            | IdKind::Payment
            | IdKind::Deliverable
            | IdKind::Cost
            | IdKind::Contribution
            | IdKind::Distribution
            | IdKind::Review => {
                if let Some((kind, id)) = self.other_about(kind, id) {
                    self.add_subject(kind, &id, subjects);
                }
            }
        }
    }
}
