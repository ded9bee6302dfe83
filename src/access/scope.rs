//! What a principal may append: its event types, and what its events must be about. Asked by the writer, whose state knows
//! whom an event is about; never by the domain and never in replay, so that a policy that changes rewrites nothing.

use super::event_types::EventTypes;
use super::principal::Scope;
use crate::domain::agreements::programmes::Programme;
use crate::domain::calendar::LATEST;
use crate::domain::effect::Effect;
use crate::domain::ids::{Id, IdKind};
use crate::domain::table::Row;
use crate::domain::{Body, Event, Moved, Rows, Seen, State, Subjects as Found, push_once};
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

    fn check_named(&self, event: &Event, state: &State) -> Result<Found, Denied> {
        match &self.scope {
            None => Ok(Found::default()),
            Some(scope) => Subjects { scope, state }.check_named(&event.body),
        }
    }

    fn check_moved(&self, event: &Event, named: &Found, effects: &[Effect], state: &State) -> Result<(), Denied> {
        match &self.scope {
            None => Ok(()),
            Some(scope) if (Subjects { scope, state }).are_own_moved(named, effects) => Ok(()),
            Some(_) => Err(Denied { missing: Missing::Scope, what: format!("{}, which moves what is others'", event.body.name()) }),
        }
    }
}

/// Compares whom events are about with a scope.
///
/// It is asked for each event, so what an event says again and again is found once: `Found` has the agreements, partners and leads
/// that were found to be within the scope, each by itself, and ids are compared with those before they are looked up.
struct Subjects<'a> {
    scope: &'a Scope,
    state: &'a State,
}

impl Subjects<'_> {
    /// A refusal names ids as they were sent, and nothing that the state knows of them.
    fn check_named(&self, body: &Body) -> Result<Found, Denied> {
        let is_exclusive = |id: &Id| self.state.agreements.programmes.by_key(id).is_some_and(Programme::has_exclusivity);
        let takes_exclusive = body.refers_to().into_iter().any(|(kind, id)| kind == IdKind::Programme && is_exclusive(id));
        if takes_exclusive || body.terms().is_some_and(|terms| terms.exclusivity.is_some()) {
            return Err(Denied { missing: Missing::Scope, what: "exclusivity, which binds the house against others".to_owned() });
        }
        let introduced = body.introduces();
        self.check_new(introduced)?;
        let mut found = Found::default();
        let mut is_about_somebody = matches!(introduced, Some((IdKind::Partner | IdKind::Agreement, _)));
        let referred = body.refers_to();
        for (kind, id) in introduced.iter().chain(&referred) {
            // A lead that came through a campaign is not the business of all who take part in it.
            if *kind == IdKind::Campaign && matches!(body, Body::LeadReferred(_)) {
                continue;
            }
            if found.has(*kind, id, self.state) {
                is_about_somebody = true;
                continue;
            }
            let concerned = self.state.concerned_by(*kind, id);
            if !self.are_own(&concerned, &mut found) {
                return Err(outside(*kind, id));
            }
            is_about_somebody |= !concerned.partners.is_empty() || !concerned.leads.is_empty();
        }
        // What names an unknown id is refused for that by the rules.
        let names_unknown = || referred.iter().any(|(kind, id)| self.state.introduced_at(*kind, id).is_none());
        if is_about_somebody || names_unknown() {
            return Ok(found);
        }
        Err(Denied { missing: Missing::Scope, what: format!("{}, which is about everybody", body.name()) })
    }

    /// Whether all whom some effects move are in the scope. Ids that the state does not know are left out.
    fn are_own_moved(&self, named: &Found, effects: &[Effect]) -> bool {
        let state = self.state;
        // The agreements of these effects, and partners that are in the scope only if one of them is theirs.
        let (mut agreements, mut partners) = (Rows::new(), Rows::new());
        for Moved { partner, agreement } in effects.iter().map(Moved::by) {
            if let Some(id) = agreement {
                let has_id = |row: &&Row| state.agreements.by_id.key(**row) == id;
                let is_new = !agreements.iter().any(|row| has_id(&row));
                let known = || named.agreements.iter().find(has_id).copied();
                if is_new && let Some(row) = known().or_else(|| state.agreements.by_id.find(id)) {
                    if !named.agreements.contains(&row) && !self.is_own(row) {
                        return false;
                    }
                    agreements.push(row);
                }
            }
            if let Some(id) = partner {
                let is_through = agreements.iter().any(|row| state.partners.key(self.partner_of(*row)) == id);
                let is_own = is_through || named.has(IdKind::Partner, id, state) || self.scope.partners.contains(id);
                if !is_own && let Some(row) = state.partners.find(id) {
                    push_once(&mut partners, row);
                }
            }
        }
        partners.iter().all(|row| self.is_through_own(*row, &agreements))
    }

    /// Whether all that an id is about is in the scope; what is, each by itself, is added to what was found.
    fn are_own(&self, rows: &Found, found: &mut Found) -> bool {
        for row in &rows.agreements {
            if !found.agreements.contains(row) && !self.is_own(*row) {
                return false;
            }
            push_once(&mut found.agreements, *row);
        }
        for row in &rows.partners {
            if self.is_through_own(*row, &rows.agreements) || found.partners.contains(row) {
                continue;
            }
            if !self.scope.partners.contains(self.state.partners.key(*row)) {
                return false;
            }
            found.add_partner(*row);
        }
        for row in &rows.leads {
            if !self.is_own_lead(*row, found) {
                return false;
            }
            found.add_lead(*row);
        }
        true
    }

    fn is_own(&self, agreement: Row) -> bool {
        self.scope.partners.contains(self.state.partners.key(self.partner_of(agreement)))
            || self.scope.agreements.contains(self.state.agreements.by_id.key(agreement))
    }

    fn partner_of(&self, agreement: Row) -> Row {
        self.state.agreements.by_id.get(agreement).partner
    }

    /// A partner is concerned by itself, or through an agreement that is in the scope.
    fn is_through_own(&self, partner: Row, agreements: &[Row]) -> bool {
        agreements.iter().any(|agreement| self.partner_of(*agreement) == partner)
    }

    /// A lead is in the scope if the agreement that was given the credit is, or one that takes its place; of a lead that has come
    /// to the house, one that had it. The agreement is added to what was found.
    fn is_own_lead(&self, row: Row, found: &mut Found) -> bool {
        let lead = self.state.leads.by_id.get(row);
        let mut credits = lead.decisions(Seen::ALL).rev().map(|decision| decision.credit);
        let own = match credits.next() {
            Some(Some(credit)) => self.own_by_succession(credit, found),
            _ => credits.flatten().find_map(|credit| self.own_by_succession(credit, found)),
        };
        own.inspect(|credit| push_once(&mut found.agreements, *credit)).is_some()
    }

    /// An agreement, or the first that took its place, that is in the scope.
    fn own_by_succession(&self, agreement: Row, found: &Found) -> Option<Row> {
        let successors = self.state.agreements.successors(agreement, LATEST, Seen::ALL).map(|(row, _)| row);
        let mut all = std::iter::once(agreement).chain(successors);
        all.find(|row| found.agreements.contains(row) || self.is_own(*row))
    }

    /// A partner or an agreement that is introduced: the partner must be in the scope; whose an agreement is the event names.
    fn check_new(&self, introduced: Option<(IdKind, &Id)>) -> Result<(), Denied> {
        match introduced {
            Some((kind @ IdKind::Partner, id)) if !self.scope.partners.contains(id) => Err(outside(kind, id)),
            Some((kind @ IdKind::Agreement, id)) if self.state.introduced_at(kind, id).is_some() => {
                if self.are_own(&self.state.concerned_by(kind, id), &mut Found::default()) { Ok(()) } else { Err(outside(kind, id)) }
            }
            _ => Ok(()),
        }
    }
}

fn outside(kind: IdKind, id: &Id) -> Denied {
    Denied { missing: Missing::Scope, what: format!("{} {id}", kind.field()) }
}
