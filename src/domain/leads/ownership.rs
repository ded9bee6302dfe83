//! Who owns a lead at a time, why, and since when: recorded decisions and the agreement's end (rules 5.4, 5.6).

use super::{Decision, Lead, Owner};
use crate::domain::calendar::Time;
use crate::domain::table::Row;
use crate::domain::{Seen, State};
use crate::proto::{LeadsAtEnd, OwnershipRule};

/// The owner of a lead at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// Who may work it.
    pub owner: Owner,
    /// The agreement that has the credit.
    pub credit: Option<Row>,
    /// Since when.
    pub since: Time,
    /// The record that decided it; after the end that of the claim or reassignment which the end acts on.
    pub decided_at: u64,
    /// Why.
    pub rule: OwnershipRule,
}

impl Lead {
    /// Who owns it at a time; `None` before its first claim.
    pub fn ownership(&self, at: Time, seen: Seen, state: &State) -> Option<Ownership> {
        let decision = self.decision_at(at, seen)?;
        Some(self.passed_at_end(decision, at, seen, state).unwrap_or_else(|| decided(decision)))
    }

    /// The agreement through whose rules its sales run at a time (rules 6.1).
    pub fn credit_at(&self, at: Time, seen: Seen) -> Option<Row> {
        self.decision_at(at, seen)?.credit
    }

    /// What the end of the credit's agreement made of a decision by a time (rules 5.4).
    fn passed_at_end(&self, decision: &Decision, at: Time, seen: Seen, state: &State) -> Option<Ownership> {
        let credit = decision.credit?;
        let agreement = state.agreements.by_id.get(credit);
        let end = agreement.end(seen)?;
        let passes_at = end.at.max(decision.stamp().occurred_at);
        if passes_at > at || self.lost_at(passes_at, seen).is_some() {
            return None;
        }
        let leads_at_end =
            agreement.terms_at_end(end.at, seen, state).map_or(LeadsAtEnd::AcquirerKeeps, |version| version.terms.leads_at_end);
        let passed = |owner, rule| Ownership { owner, credit: Some(credit), since: passes_at, decided_at: decision.stamp().position, rule };
        Some(match leads_at_end {
            LeadsAtEnd::House => passed(Owner::House, OwnershipRule::EndToHouse),
            LeadsAtEnd::Partner => passed(Owner::Partner(agreement.partner), OwnershipRule::EndToPartner),
            LeadsAtEnd::AcquirerKeeps | LeadsAtEnd::Unspecified => Ownership { rule: OwnershipRule::EndAcquirerKeeps, ..decided(decision) },
        })
    }

    /// Who owned it from when on, up to a time (rules 5.6).
    pub fn timeline(&self, at: Time, seen: Seen, state: &State) -> Vec<Ownership> {
        let mut instants: Vec<Time> = Vec::new();
        for decision in self.decisions(seen) {
            instants.push(decision.stamp().occurred_at);
            let end = decision.credit.and_then(|credit| state.agreements.by_id.get(credit).end(seen));
            instants.extend(end.map(|end| end.at.max(decision.stamp().occurred_at)));
        }
        instants.retain(|instant| *instant <= at);
        instants.sort_unstable();
        instants.dedup();
        let mut timeline: Vec<Ownership> = Vec::new();
        for instant in instants {
            let Some(mut ownership) = self.ownership(instant, seen, state) else { continue };
            // A line of the timeline begins when its rule does.
            ownership.since = instant;
            let same = |last: &&Ownership| {
                (last.owner, last.credit, last.decided_at, last.rule)
                    == (ownership.owner, ownership.credit, ownership.decided_at, ownership.rule)
            };
            if timeline.last().as_ref().is_none_or(|last| !same(last)) {
                timeline.push(ownership);
            }
        }
        timeline
    }
}

fn decided(decision: &Decision) -> Ownership {
    Ownership {
        owner: decision.owner,
        credit: decision.credit,
        since: decision.stamp().occurred_at,
        decided_at: decision.stamp().position,
        rule: decision.rule,
    }
}
