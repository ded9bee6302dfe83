//! What a principal may append: its event types, and what its events must be about. Asked by the writer, whose state knows
//! whom an event is about; never by the domain and never in replay, so that a policy that changes rewrites nothing.

use super::event_types::EventTypes;
use super::principal::{Principal, Scope};
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::table::Row;
use crate::domain::{Event, Seen, State};
use crate::ledger::{Denied, Missing, Permit};

/// What a principal may append.
#[derive(Debug)]
pub struct EventScope {
    event_types: EventTypes,
    scope: Option<Scope>,
}

impl EventScope {
    /// What a principal may append; `None` if that is everything.
    pub fn of(principal: &Principal) -> Option<Self> {
        let is_all = principal.event_types == EventTypes::all() && principal.scope.is_none();
        (!is_all).then(|| Self { event_types: principal.event_types, scope: principal.scope.clone() })
    }
}

impl Permit for EventScope {
    fn check_type(&self, event: &Event) -> Result<(), Denied> {
        if self.event_types.has_type_of(&event.body) {
            return Ok(());
        }
        Err(Denied { missing: Missing::EventType, what: event.body.name().to_owned() })
    }

    fn check_subjects(&self, event: &Event, effects: &[Effect], state: &State) -> Result<(), Denied> {
        match &self.scope {
            None => Ok(()),
            Some(scope) => Subjects { scope, state }.check(event, effects),
        }
    }
}

/// Compares whom events are about with a scope.
struct Subjects<'a> {
    scope: &'a Scope,
    state: &'a State,
}

impl Subjects<'_> {
    fn check(&self, event: &Event, effects: &[Effect]) -> Result<(), Denied> {
        let concerned = self.state.concerned(&event.body, effects);
        for row in &concerned.agreements {
            self.check_agreement(*row)?;
        }
        for row in &concerned.partners {
            self.check_partner(*row, &concerned.agreements)?;
        }
        // Of a referral it is the agreement that counts.
        for row in &concerned.leads {
            self.check_lead(*row)?;
        }
        let is_new_own = self.check_new(event, &concerned.partners)?;
        let is_known = event.body.refers_to().iter().all(|(kind, id)| self.state.introduced_at(*kind, id).is_some());
        // What names an unknown id is refused for that by the rules.
        if is_new_own || !is_known || !concerned.partners.is_empty() || !concerned.leads.is_empty() {
            return Ok(());
        }
        Err(Denied { missing: Missing::Scope, what: format!("{}, which is about everybody", event.body.name()) })
    }

    fn is_own(&self, agreement: Row) -> bool {
        let partner = self.state.partners.key(self.state.agreements.by_id.get(agreement).partner);
        self.scope.agreements.contains(self.state.agreements.by_id.key(agreement)) || self.scope.partners.contains(partner)
    }

    fn check_agreement(&self, row: Row) -> Result<(), Denied> {
        if self.is_own(row) { Ok(()) } else { Err(outside(IdKind::Agreement, self.state.agreements.by_id.key(row))) }
    }

    /// A partner is concerned by itself, or through an agreement that is in the scope.
    fn check_partner(&self, row: Row, agreements: &[Row]) -> Result<(), Denied> {
        let id = self.state.partners.key(row);
        let is_through_own = || agreements.iter().any(|agreement| self.state.agreements.by_id.get(*agreement).partner == row);
        if self.scope.partners.contains(id) || is_through_own() { Ok(()) } else { Err(outside(IdKind::Partner, id)) }
    }

    /// A lead is in the scope if the agreement that has the credit is; of one that has come to the house, one that had it.
    fn check_lead(&self, row: Row) -> Result<(), Denied> {
        let lead = self.state.leads.by_id.get(row);
        let mut credits = lead.decisions(Seen::ALL).rev().map(|decision| decision.credit);
        let is_own = match credits.next() {
            Some(Some(credit)) => self.is_own(credit),
            _ => credits.flatten().any(|credit| self.is_own(credit)),
        };
        if is_own { Ok(()) } else { Err(outside(IdKind::Lead, self.state.leads.by_id.key(row))) }
    }

    /// What the state does not know yet: a new partner, or a new agreement. Returns whether there is one, in the scope.
    fn check_new(&self, event: &Event, partners: &[Row]) -> Result<bool, Denied> {
        let Scope { partners: own, agreements } = self.scope;
        match event.body.introduces() {
            Some((IdKind::Partner, id)) => {
                if own.contains(id) {
                    Ok(true)
                } else {
                    Err(outside(IdKind::Partner, id))
                }
            }
            Some((IdKind::Agreement, id)) => {
                let is_own = agreements.contains(id) || partners.iter().all(|row| own.contains(self.state.partners.key(*row)));
                if is_own { Ok(true) } else { Err(outside(IdKind::Agreement, id)) }
            }
            _ => Ok(false),
        }
    }
}

fn outside(kind: IdKind, id: &Id) -> Denied {
    Denied { missing: Missing::Scope, what: format!("{} {id}", kind.field()) }
}
