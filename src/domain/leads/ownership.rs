//! Who owns a lead at a time, why, and since when: recorded decisions, what took the agreement's place, and the agreement's end (rules
//! 5.4, 5.6, 18.1).

use super::{Claim, Decision, Lead, Owner};
use crate::domain::calendar::{LATEST, Time};
use crate::domain::table::Row;
use crate::domain::{Seen, Stamp, State};
use crate::proto::{LeadsAtEnd, OwnershipRule};

/// So many successions are gone through again and again in less than a millisecond.
const MANY_SUCCESSIONS: usize = 64;

/// The owner of a lead at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// Who may work it.
    pub owner: Owner,
    /// The agreement that has the credit.
    pub credit: Option<Row>,
    /// Since when.
    pub since: Time,
    /// The record that decided it: of a succession the successor's signature; after the end what the end acts on.
    pub decided_at: u64,
    /// Why.
    pub rule: OwnershipRule,
}

impl Lead {
    /// Who owns it at a time; `None` before its first claim.
    pub fn ownership(&self, at: Time, seen: Seen, state: &State) -> Option<Ownership> {
        let succeeded = succeeded(self.decision_at(at, seen)?, at, seen, state);
        Some(self.passed_at_end(&succeeded, at, seen, state).unwrap_or(succeeded))
    }

    /// The agreement through whose rules its sales run at a time (rules 6.1).
    pub fn credit_at(&self, at: Time, seen: Seen, state: &State) -> Option<Row> {
        self.decision_at(at, seen)?.credit.map(|credit| state.agreements.in_place_of(credit, at, seen))
    }

    /// Whether so many agreements followed one that had the credit that a timeline takes long: it goes through them for each of them.
    pub fn has_many_successions(&self, state: &State) -> bool {
        let mut credits = self.decisions(Seen::ALL).filter_map(|decision| decision.credit);
        credits.any(|credit| state.agreements.successors(credit, LATEST, Seen::ALL).nth(MANY_SUCCESSIONS).is_some())
    }

    /// When an agreement had the credit while the lead was not lost: stretches in their order, the last one without an end if it
    /// still has it at the time seen.
    pub fn credited_stretches(&self, agreement: Row, seen: Seen, state: &State) -> Vec<(Time, Option<Time>)> {
        let by_then = |at: &Time| *at <= seen.time;
        let mut instants: Vec<Time> = self.decisions(seen).map(|decision| decision.stamp().occurred_at).collect();
        instants.extend(self.losses().iter().filter(|loss| seen.sees(**loss)).map(|loss| loss.occurred_at));
        instants.extend(state.agreements.by_id.get(agreement).signature_seen(seen).map(|signature| signature.effective_at).filter(by_then));
        instants.sort_unstable();
        instants.dedup();
        let mut stretches: Vec<(Time, Option<Time>)> = Vec::new();
        for instant in instants {
            let has = self.credit_at(instant, seen, state) == Some(agreement) && self.lost_at(instant, seen).is_none();
            match stretches.last_mut().filter(|(_, until)| until.is_none()) {
                Some((_, until)) if !has => *until = Some(instant),
                None if has => stretches.push((instant, None)),
                _ => {}
            }
        }
        stretches
    }

    /// What the end of the credit's agreement made of an ownership by a time (rules 5.4).
    fn passed_at_end(&self, before: &Ownership, at: Time, seen: Seen, state: &State) -> Option<Ownership> {
        let credit = before.credit?;
        let agreement = state.agreements.by_id.get(credit);
        let end = agreement.end(seen)?;
        let passes_at = end.at.max(before.since);
        if passes_at > at || self.lost_at(passes_at, seen).is_some() {
            return None;
        }
        let leads_at_end =
            agreement.terms_at_end(end.at, seen, state).map_or(LeadsAtEnd::AcquirerKeeps, |version| version.terms.leads_at_end);
        let passed = |owner, rule| Ownership { owner, since: passes_at, rule, ..*before };
        Some(match leads_at_end {
            LeadsAtEnd::House => passed(Owner::House, OwnershipRule::EndToHouse),
            LeadsAtEnd::Partner => passed(Owner::Partner(agreement.partner), OwnershipRule::EndToPartner),
            LeadsAtEnd::AcquirerKeeps | LeadsAtEnd::Unspecified => Ownership { rule: OwnershipRule::EndAcquirerKeeps, ..*before },
        })
    }

    /// Who owned it from when on, up to a time (rules 5.6).
    pub fn timeline(&self, at: Time, seen: Seen, state: &State) -> Vec<Ownership> {
        let mut instants: Vec<Time> = Vec::new();
        for decision in self.decisions(seen) {
            let decided_at = decision.stamp().occurred_at;
            instants.push(decided_at);
            let Some(credit) = decision.credit else { continue };
            for (agreement, since) in std::iter::once((credit, decided_at)).chain(state.agreements.successors(credit, at, seen)) {
                let end = state.agreements.by_id.get(agreement).end(seen).map(|end| end.at.max(since).max(decided_at));
                instants.extend(std::iter::once(since.max(decided_at)).chain(end));
            }
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

/// What a decision says, unless another agreement took the credit's place by a time: the owner is then as if the one before had not
/// ended (rules 18.1).
fn succeeded(decision: &Decision, at: Time, seen: Seen, state: &State) -> Ownership {
    let Claim { owner, credit, rule, .. } = **decision;
    let Stamp { occurred_at, position } = decision.stamp();
    let decided = Ownership { owner, credit, since: occurred_at, decided_at: position, rule };
    let successor = credit.and_then(|credit| state.agreements.successors(credit, at, seen).last());
    successor.map_or(decided, |(successor, takes_effect)| Ownership {
        credit: Some(successor),
        since: takes_effect.max(occurred_at),
        decided_at: state.agreements.by_id.get(successor).signature().map_or(position, |signature| signature.stamp.position),
        rule: OwnershipRule::Succession,
        owner,
    })
}
