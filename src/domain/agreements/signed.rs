//! An agreement was signed, and tested against exclusivities (rules 4.1, 4.6).

use super::terms::Terms;
use super::{Agreement, ExclusivityBreach, RecordedEnd, Signature, Version};
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::{Fields, MAX_ITEMS};
use crate::domain::rejection::Rejection;
use crate::domain::{Context, EventType, References, Seen, Stamp, State};
use crate::proto::{self, AgreementType, EndCause};
use std::sync::Arc;

/// The house and a partner signed an agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreementSigned {
    agreement: Id,
    partner: Id,
    agreement_type: AgreementType,
    terms: Arc<Terms>,
    effective_at: Time,
    expires_at: Option<Time>,
    acknowledged_conflicts: Vec<Id>,
}

impl EventType for AgreementSigned {
    type Message = proto::AgreementSigned;

    fn parse(message: &Self::Message, occurred_at: Time, fields: &mut Fields) -> Self {
        let effective_at = fields.optional_time("effective_at", message.effective_at.as_ref()).unwrap_or(occurred_at);
        let expires_at = fields.optional_time("expires_at", message.expires_at.as_ref());
        if expires_at.is_some_and(|expires_at| expires_at <= effective_at) {
            fields.bad("expires_at", "must be later than effective_at");
        }
        Self {
            agreement: fields.id("agreement_id", &message.agreement_id),
            partner: fields.id("partner_id", &message.partner_id),
            agreement_type: fields.enum_value("type", message.r#type),
            terms: Terms::parse(message.terms.as_deref(), fields),
            effective_at,
            expires_at,
            acknowledged_conflicts: fields
                .each("acknowledged_conflicts", &message.acknowledged_conflicts, MAX_ITEMS, |fields, id| fields.id("", id)),
        }
    }

    fn introduces(&self) -> Option<(IdKind, &Id)> {
        Some((IdKind::Agreement, &self.agreement))
    }

    fn terms(&self) -> Option<&Terms> {
        Some(&self.terms)
    }

    fn refers_to(&self) -> References<'_> {
        let conflicts = self.acknowledged_conflicts.iter().map(|id| (IdKind::Agreement, id));
        std::iter::once((IdKind::Partner, &self.partner)).chain(conflicts).collect()
    }

    fn decide(&self, _: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        self.match_proposal(state)?;
        let conflicts = self.conflicts(state);
        let mut open: Vec<Id> =
            conflicts.iter().map(|conflict| conflict.other.clone()).filter(|id| !self.acknowledged_conflicts.contains(id)).collect();
        open.sort_unstable();
        open.dedup();
        if !open.is_empty() {
            return Err(Rejection::ExclusivityConflict { agreements: open });
        }
        let breaches = conflicts.into_iter().map(|conflict| self.breach(conflict));
        let expiry =
            self.expires_at.map(|ends_at| Effect::AgreementEndSet { agreement: self.agreement.clone(), ends_at, cause: EndCause::Expiry });
        Ok(expiry.into_iter().chain(breaches).collect())
    }

    fn evolve(&self, stamp: Stamp, effects: &[Effect], state: &mut State) {
        let partner = state.partners.find(&self.partner).expect("decide found the partner");
        let row = match state.agreements.by_id.find(&self.agreement) {
            Some(row) => row,
            None => {
                let row = state.agreements.by_id.insert(self.agreement.clone(), Agreement::new(partner, self.agreement_type));
                state.partners.get_mut(partner).agreements.push(row);
                row
            }
        };
        let agreement = state.agreements.by_id.get_mut(row);
        agreement.signature = Some(Signature { stamp, effective_at: self.effective_at });
        agreement.add_version(Version { effective_at: self.effective_at, stamp, terms: Arc::clone(&self.terms) });
        for effect in effects {
            if let Effect::AgreementEndSet { ends_at, cause, .. } = effect {
                agreement.expiries.push(RecordedEnd { stamp, ends_at: *ends_at, cause: *cause });
            }
        }
        state.agreements.note_exclusivity(row, &self.terms);
        for effect in effects {
            if let Effect::ExclusivityBreached { agreement, by_agreement } = effect {
                let known = |id| state.agreements.by_id.find(id).expect("decide found both agreements");
                let breach = ExclusivityBreach { stamp, agreement: known(agreement), by: known(by_agreement) };
                state.agreements.breaches.push(breach);
            }
        }
    }
}

/// An exclusivity that stands against the signature.
struct Conflict {
    /// The agreement on the other side.
    other: Id,
    /// Whether this agreement's own exclusivity is broken, not the other's.
    own: bool,
}

impl AgreementSigned {
    fn match_proposal(&self, state: &State) -> Result<(), Rejection> {
        let Some(proposed) = state.agreements.by_id.by_key(&self.agreement) else { return Ok(()) };
        let partner = state.partners.key(proposed.partner);
        if partner == &self.partner && proposed.agreement_type == self.agreement_type {
            return Ok(());
        }
        Err(Rejection::ProposalMismatch {
            agreement: self.agreement.clone(),
            partner: partner.clone(),
            agreement_type: proposed.agreement_type.as_str_name().to_owned(),
        })
    }

    /// What stands against it at its start: exclusivities of others first, then its own (rules 4.6).
    fn conflicts(&self, state: &State) -> Vec<Conflict> {
        let at = self.effective_at;
        let this = state.partners.by_key(&self.partner).expect("the partner is known");
        let mut conflicts = Vec::new();
        for row in state.agreements.naming(&self.partner, this.categories()) {
            let other = state.agreements.by_id.get(row);
            if state.partners.key(other.partner) == &self.partner || !other.is_active(at, Seen::ALL) {
                continue;
            }
            let Some(version) = other.terms_in_force(at, Seen::ALL) else { continue };
            let Some(exclusivity) = &version.terms.exclusivity else { continue };
            let lapsed = other.exclusivity_ends(version).is_some_and(|end| end <= at);
            if exclusivity.binds_house() && !lapsed && exclusivity.names(&self.partner, this.categories()) {
                conflicts.push(Conflict { other: state.agreements.by_id.key(row).clone(), own: false });
            }
        }
        if let Some(exclusivity) = self.terms.exclusivity.as_ref().filter(|exclusivity| exclusivity.binds_house()) {
            for row in exclusivity.named_agreements(state) {
                let other = state.agreements.by_id.get(row);
                if state.partners.key(other.partner) != &self.partner && other.is_active(at, Seen::ALL) {
                    conflicts.push(Conflict { other: state.agreements.by_id.key(row).clone(), own: true });
                }
            }
        }
        conflicts
    }

    fn breach(&self, conflict: Conflict) -> Effect {
        if conflict.own {
            Effect::ExclusivityBreached { agreement: self.agreement.clone(), by_agreement: conflict.other }
        } else {
            Effect::ExclusivityBreached { agreement: conflict.other, by_agreement: self.agreement.clone() }
        }
    }
}
