//! What a principal may append: its event types, and what its events must be about. Asked by the writer, whose state knows
//! whom an event is about; never by the domain and never in replay, so that a policy that changes rewrites nothing.

use super::event_types::EventTypes;
use super::principal::Scope;
use crate::domain::agreements::programmes::Programme;
use crate::domain::calendar::LATEST;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::table::Row;
use crate::domain::{self, Body, Event, Seen, State};
use crate::ledger::{Denied, Missing, Permit};
use std::sync::Arc;

/// What a principal may append.
#[derive(Debug)]
pub struct EventScope {
    event_types: EventTypes,
    scope: Option<Arc<Scope>>,
}

impl EventScope {
    /// What a principal may append that has event types and a scope; `None` if that is everything.
    pub fn permit(event_types: EventTypes, scope: Option<&Arc<Scope>>) -> Option<Arc<dyn Permit>> {
        let is_all = event_types == EventTypes::all() && scope.is_none();
        (!is_all).then(|| Arc::new(Self { event_types, scope: scope.cloned() }) as Arc<dyn Permit>)
    }
}

impl Permit for EventScope {
    fn check_type(&self, event: &Event) -> Result<(), Denied> {
        if self.event_types.has_type_of(&event.body) {
            return Ok(());
        }
        Err(Denied { missing: Missing::EventType, what: event.body.name().to_owned() })
    }

    fn check_named(&self, event: &Event, state: &State) -> Result<(), Denied> {
        match &self.scope {
            None => Ok(()),
            Some(scope) => Subjects { scope, state }.check_named(&event.body),
        }
    }

    fn check_moved(&self, event: &Event, effects: &[Effect], state: &State) -> Result<(), Denied> {
        match &self.scope {
            None => Ok(()),
            Some(scope) => Subjects { scope, state }.check_moved(&event.body, effects),
        }
    }
}

/// Compares whom events are about with a scope.
struct Subjects<'a> {
    scope: &'a Scope,
    state: &'a State,
}

impl Subjects<'_> {
    /// A refusal names ids as they were sent, and nothing that the state knows of them.
    fn check_named(&self, body: &Body) -> Result<(), Denied> {
        let is_exclusive = |id: &Id| self.state.agreements.programmes.by_key(id).is_some_and(Programme::has_exclusivity);
        let takes_exclusive = body.refers_to().into_iter().any(|(kind, id)| kind == IdKind::Programme && is_exclusive(id));
        if takes_exclusive || body.terms().is_some_and(|terms| terms.exclusivity.is_some()) {
            return Err(Denied { missing: Missing::Scope, what: "exclusivity, which binds the house against others".to_owned() });
        }
        self.check_new(body)?;
        let introduced = body.introduces();
        let mut is_about_somebody = matches!(introduced, Some((IdKind::Partner | IdKind::Agreement, _)));
        for (kind, id) in introduced.into_iter().chain(body.refers_to()) {
            // A lead that came through a campaign is not the business of all who take part in it.
            if kind == IdKind::Campaign && matches!(body, Body::LeadReferred(_)) {
                continue;
            }
            let concerned = self.state.concerned_by(kind, id);
            if !self.are_own(&concerned) {
                return Err(outside(kind, id));
            }
            is_about_somebody |= !concerned.partners.is_empty() || !concerned.leads.is_empty();
        }
        // What names an unknown id is refused for that by the rules.
        let names_unknown = || body.refers_to().iter().any(|(kind, id)| self.state.introduced_at(*kind, id).is_none());
        if is_about_somebody || names_unknown() {
            return Ok(());
        }
        Err(Denied { missing: Missing::Scope, what: format!("{}, which is about everybody", body.name()) })
    }

    fn check_moved(&self, body: &Body, effects: &[Effect]) -> Result<(), Denied> {
        if self.are_own(&self.state.moved_by(effects)) {
            return Ok(());
        }
        Err(Denied { missing: Missing::Scope, what: format!("{}, which moves what is others'", body.name()) })
    }

    /// Whether all of some rows are in the scope.
    fn are_own(&self, rows: &domain::Subjects) -> bool {
        rows.agreements.iter().all(|row| self.is_own(*row))
            && rows.partners.iter().all(|row| self.is_own_partner(*row, &rows.agreements))
            && rows.leads.iter().all(|row| self.is_own_lead(*row))
    }

    fn is_own(&self, agreement: Row) -> bool {
        let partner = self.state.partners.key(self.state.agreements.by_id.get(agreement).partner);
        self.scope.agreements.contains(self.state.agreements.by_id.key(agreement)) || self.scope.partners.contains(partner)
    }

    /// A partner is concerned by itself, or through an agreement that is in the scope.
    fn is_own_partner(&self, row: Row, agreements: &[Row]) -> bool {
        let is_through_own = || agreements.iter().any(|agreement| self.state.agreements.by_id.get(*agreement).partner == row);
        self.scope.partners.contains(self.state.partners.key(row)) || is_through_own()
    }

    /// A lead is in the scope if the agreement that was given the credit is, or one that takes its place; of a lead that has come
    /// to the house, one that had it.
    fn is_own_lead(&self, row: Row) -> bool {
        let lead = self.state.leads.by_id.get(row);
        let mut credits = lead.decisions(Seen::ALL).rev().map(|decision| decision.credit);
        match credits.next() {
            Some(Some(credit)) => self.is_own_by_succession(credit),
            _ => credits.flatten().any(|credit| self.is_own_by_succession(credit)),
        }
    }

    fn is_own_by_succession(&self, agreement: Row) -> bool {
        let mut successors = self.state.agreements.successors(agreement, LATEST, Seen::ALL);
        self.is_own(agreement) || successors.any(|(row, _)| self.is_own(row))
    }

    /// A partner or an agreement that is introduced: the partner must be in the scope; whose an agreement is the event names.
    fn check_new(&self, body: &Body) -> Result<(), Denied> {
        match body.introduces() {
            Some((kind @ IdKind::Partner, id)) if !self.scope.partners.contains(id) => Err(outside(kind, id)),
            Some((kind @ IdKind::Agreement, id)) if self.state.introduced_at(kind, id).is_some() => {
                if self.are_own(&self.state.concerned_by(kind, id)) { Ok(()) } else { Err(outside(kind, id)) }
            }
            _ => Ok(()),
        }
    }
}

fn outside(kind: IdKind, id: &Id) -> Denied {
    Denied { missing: Missing::Scope, what: format!("{} {id}", kind.field()) }
}
