//! An agreement was signed, and tested against exclusivities; it may take a programme's terms, and another one's place (rules 4.1,
//! 4.6, 15.1, 18).

use super::terms::Terms;
use super::{Agreement, ExclusivityBreach, Family, OwnVersion, RecordedEnd, Signature};
use crate::domain::calendar::Time;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::parse::{Fields, MAX_ITEMS};
use crate::domain::rejection::Rejection;
use crate::domain::table::Row;
use crate::domain::{Context, EventType, Seen, Stamp, State};
use crate::proto::{self, AgreementType, EndCause};
use std::sync::Arc;

/// The house and a partner signed an agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreementSigned {
    agreement: Id,
    partner: Id,
    agreement_type: AgreementType,
    terms: SignedTerms,
    effective_at: Time,
    expires_at: Option<Time>,
    acknowledged_conflicts: Vec<Id>,
    recruited_by: Option<Id>,
    supersedes: Option<Id>,
}

/// What was signed (rules 18.2).
#[derive(Clone, Debug, PartialEq, Eq)]
enum SignedTerms {
    /// Terms of its own.
    Own(Arc<Terms>),
    /// Those of a programme.
    Programme(Id),
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
            terms: SignedTerms::parse(message, fields),
            effective_at,
            expires_at,
            acknowledged_conflicts: fields
                .each("acknowledged_conflicts", &message.acknowledged_conflicts, MAX_ITEMS, |fields, id| fields.id("", id)),
            recruited_by: fields.optional_id("recruited_by_agreement_id", message.recruited_by_agreement_id.as_deref()),
            supersedes: fields.optional_id("supersedes_agreement_id", message.supersedes_agreement_id.as_deref()),
        }
    }

    fn introduces(&self) -> Option<(IdKind, &Id)> {
        Some((IdKind::Agreement, &self.agreement))
    }

    fn terms(&self) -> Option<&Terms> {
        self.terms.own().map(Arc::as_ref)
    }

    fn refers_to(&self) -> Vec<(IdKind, &Id)> {
        let conflicts = self.acknowledged_conflicts.iter().map(|id| (IdKind::Agreement, id));
        let programme = self.terms.programme().map(|id| (IdKind::Programme, id));
        let family = self.recruited_by.iter().chain(&self.supersedes).map(|id| (IdKind::Agreement, id));
        std::iter::once((IdKind::Partner, &self.partner)).chain(conflicts).chain(programme).chain(family).collect()
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        self.require_family(context, state)?;
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
        let family = self.family(state);
        let programme = self.terms.programme().map(|id| state.agreements.programmes.find(id).expect("decide found the programme"));
        let agreement = state.agreements.by_id.get_mut(row);
        agreement.signature = Some(Signature { stamp, effective_at: self.effective_at });
        (agreement.family, agreement.programme) = (family, programme.into());
        if let SignedTerms::Own(terms) = &self.terms {
            agreement.add_version(OwnVersion { effective_at: self.effective_at, stamp, terms: Arc::clone(terms) });
        }
        for effect in effects {
            if let Effect::AgreementEndSet { ends_at, cause, .. } = effect {
                agreement.expiries.push(RecordedEnd { stamp, ends_at: *ends_at, cause: *cause });
            }
        }
        if let Some(predecessor) = family.supersedes.get() {
            state.agreements.by_id.get_mut(predecessor).family.superseded_by = Some(row).into();
        }
        match &self.terms {
            SignedTerms::Own(terms) => state.agreements.note_exclusivity(row, terms),
            SignedTerms::Programme(_) => {
                programme.into_iter().for_each(|programme| state.agreements.programmes.get_mut(programme).add_agreement(row));
            }
        }
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

impl SignedTerms {
    fn parse(message: &proto::AgreementSigned, fields: &mut Fields) -> Self {
        let Some(id) = &message.programme_id else { return Self::Own(Terms::parse(message.terms.as_deref(), fields)) };
        if message.terms.is_some() {
            fields.bad("terms", "does not go with programme_id; sign a programme's terms, and amend the agreement where its own differ");
        }
        Self::Programme(fields.id("programme_id", id))
    }

    fn own(&self) -> Option<&Arc<Terms>> {
        match self {
            Self::Own(terms) => Some(terms),
            Self::Programme(_) => None,
        }
    }

    fn programme(&self) -> Option<&Id> {
        match self {
            Self::Own(_) => None,
            Self::Programme(id) => Some(id),
        }
    }
}

impl AgreementSigned {
    /// Refuses a predecessor that another one supersedes; a recruiter that is not signed, or of the same partner; a predecessor that is
    /// not signed, of another partner, or takes effect later (rules 15.1, 18.1, 22).
    fn require_family(&self, context: &Context, state: &State) -> Result<(), Rejection> {
        let known = |id: &Option<Id>| id.as_ref().map(|id| (id.clone(), state.agreements.known(id)));
        let (recruiter, predecessor) = (known(&self.recruited_by), known(&self.supersedes));
        if let Some((id, known)) = &predecessor
            && let Some(signature) = known.superseded_by().and_then(|row| state.agreements.by_id.get(row).signature())
        {
            return Err(Rejection::AlreadyDone { what: format!("the succession of agreement {id}"), position: signature.stamp.position });
        }
        let partner = |known: &Agreement| state.partners.key(known.partner).clone();
        let mismatch = |id: &Id, partner, why| Err(Rejection::PartnerMismatch { agreement: id.clone(), partner, why });
        if let Some((id, known)) = recruiter {
            known.require_signed(&id, context.occurred_at)?;
            if partner(known) == self.partner {
                return mismatch(&id, partner(known), "a partner does not recruit itself; name an agreement of another one, or none");
            }
        }
        let Some((id, known)) = predecessor else { return Ok(()) };
        known.require_signed(&id, context.occurred_at)?;
        if partner(known) != self.partner {
            return mismatch(&id, partner(known), "what supersedes it is with the same partner; name an agreement of this one, or none");
        }
        match known.signature() {
            Some(signature) if self.effective_at < signature.effective_at => {
                Err(Rejection::SuccessionTooEarly { agreement: id, effective_at: signature.effective_at })
            }
            _ => Ok(()),
        }
    }

    /// What it is to others; a successor that names no recruiter keeps its predecessor's (rules 15.1).
    fn family(&self, state: &State) -> Family {
        let row = |id: &Option<Id>| id.as_ref().and_then(|id| state.agreements.by_id.find(id));
        let supersedes: Option<Row> = row(&self.supersedes);
        let inherited = supersedes.and_then(|row| state.agreements.by_id.get(row).recruited_by());
        Family { recruited_by: row(&self.recruited_by).or(inherited).into(), supersedes: supersedes.into(), ..Family::NONE }
    }

    /// The terms with which it takes effect, as known now.
    fn first_terms<'a>(&'a self, state: &'a State) -> Option<&'a Terms> {
        match &self.terms {
            SignedTerms::Own(terms) => Some(terms),
            SignedTerms::Programme(id) => {
                let programme = state.agreements.programmes.by_key(id)?;
                programme.in_force(self.effective_at, Seen::ALL).map(|version| version.terms.as_ref())
            }
        }
    }

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
        for row in state.agreements.naming(&self.partner, this.categories(), state) {
            let other = state.agreements.by_id.get(row);
            if state.partners.key(other.partner) == &self.partner || !other.is_active(at, Seen::ALL) {
                continue;
            }
            let Some(version) = other.terms_in_force(at, Seen::ALL, state) else { continue };
            let Some(exclusivity) = &version.terms.exclusivity else { continue };
            let lapsed = other.exclusivity_ends(version).is_some_and(|end| end <= at);
            if exclusivity.binds_house() && !lapsed && exclusivity.names(&self.partner, this.categories()) {
                conflicts.push(Conflict { other: state.agreements.by_id.key(row).clone(), own: false });
            }
        }
        let exclusivity = self.first_terms(state).and_then(|terms| terms.exclusivity.as_ref());
        if let Some(exclusivity) = exclusivity.filter(|exclusivity| exclusivity.binds_house()) {
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
