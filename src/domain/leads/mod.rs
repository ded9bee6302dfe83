//! Leads: who may work them and through which agreement their sales run, for any time (rules 5).

mod accrued;
pub mod approved;
mod claim;
mod credited;
mod encoding;
mod lead;
pub mod lost;
pub mod match_keys;
pub mod ownership;
pub mod protection_extended;
pub mod qualified;
pub mod reassigned;
pub mod referred;
mod stretch;

use super::blocks::Blocks;
use super::calendar::Time;
use super::effect::Party;
use super::ids::Id;
use super::interner::Interner;
use super::rejection::Rejection;
use super::slice::slice;
use super::table::{Row, Table, undo_by_copy};
use super::{Seen, Stamp, State};
use crate::encoding::Section;
use crate::proto::{AcquiredBy, LeadState, OwnershipRule};
use credited::CreditedLeads;
use match_keys::MatchKeys;

pub use claim::{Claim, Decision, DeclinedClaim, Origin, ProtectionEnd, Qualification};
pub use lead::Lead;
pub use stretch::{Lapses, LeadBlock};

slice! {
    /// All leads, their other ids and their match keys.
    pub struct Leads {
        /// By the id of their first referral.
        pub by_id: Table<Id, Lead> => Section::Leads,
        pub(super) aliases: Table<Id, Alias> => Section::Aliases,
        pub(super) match_keys: MatchKeys => (Section::MatchKeys, Section::SharedMatchKeys),
        /// The interner of claims.
        pub(super) claims: Interner<Claim>,
        /// By whose they are or were.
        pub credited: CreditedLeads,
        /// What is kept of each few of them together.
        pub blocks: Blocks<LeadBlock>,
    }
}

/// Another id of a lead (rules 5.3).
#[derive(Clone, Copy)]
pub struct Alias {
    lead: Row,
    stamp: Stamp,
}

undo_by_copy!(Alias, Lead);

impl Leads {
    /// The lead of an id or alias.
    pub fn find(&self, id: &Id) -> Option<Row> {
        self.by_id.find_latest(id).or_else(|| self.aliases.by_key(id).map(|alias| alias.lead))
    }

    /// The lead of an id or alias, if both are seen.
    pub fn find_seen(&self, id: &Id, seen: Seen) -> Option<Row> {
        if let Some(row) = self.by_id.find(id) {
            return self.by_id.get(row).is_seen(seen).then_some(row);
        }
        let row = self.aliases.by_key(id)?.lead;
        let lead = self.by_id.get(row);
        (lead.is_seen(seen) && lead.aliases(seen).contains(&id)).then_some(row)
    }

    /// The leads that have ever had a match key, by the order in which they got it.
    pub fn with_match_key(&self, key: &str) -> impl Iterator<Item = Row> {
        self.match_keys.find(key).into_iter().flat_map(|key| self.match_keys.leads(key))
    }

    /// Returns the position of the record that introduced an id or alias.
    pub fn introduced_at(&self, id: &Id) -> Option<u64> {
        let own = self.by_id.by_key(id).map(|lead| lead.introduced().position);
        own.or_else(|| self.aliases.by_key(id).map(|alias| alias.stamp.position))
    }

    /// The lead of an id that is known.
    pub fn known(&self, id: &Id) -> (Row, &Lead) {
        let row = self.find(id).expect("decide found the lead");
        (row, self.by_id.get(row))
    }

    /// The first recorded live lead that shares a key (rules 5.3).
    fn live_match(&self, keys: &[Box<str>], at: Time) -> Option<Row> {
        let rows = keys.iter().filter_map(|key| self.match_keys.find(key)).flat_map(|row| self.match_keys.leads(row));
        rows.filter(|row| self.by_id.get(*row).lost_at(at, Seen::ALL).is_none()).min()
    }

    fn add_match_key(&mut self, key: &str, lead: Row, stamp: Stamp) {
        if let Some(row) = self.match_keys.add(key, lead) {
            self.by_id.get_mut(lead).add_match_key(row, stamp);
        }
    }

    /// Writes a decision on a lead, and the lead if its id is new. Returns its row.
    fn decide(&mut self, lead: &Id, decision: Decision) -> Row {
        if let Some(row) = self.find(lead) {
            self.decide_again(row, decision);
            return row;
        }
        let decision = self.interned(decision);
        let row = self.by_id.insert(lead.clone(), Lead::new(decision));
        self.credited.note(row, self.by_id.get(row));
        self.note_decision(row);
        row
    }

    /// Writes a decision on a lead that is known.
    fn decide_again(&mut self, row: Row, decision: Decision) {
        let decision = self.interned(decision);
        self.by_id.get_mut(row).add_decision(decision);
        self.credited.note(row, self.by_id.get(row));
        self.note_decision(row);
    }

    /// Returns the decision with its claim interned.
    fn interned(&mut self, mut decision: Decision) -> Decision {
        decision.claim = self.claims.intern(decision.claim);
        decision
    }

    /// Records that a claim on a lead used an id other than its own.
    fn note_alias(&mut self, alias: &Id, lead: Row, stamp: Stamp) {
        if self.aliases.find(alias).is_none() {
            self.aliases.insert(alias.clone(), Alias { lead, stamp });
        }
        // A claim that is recorded late may have used it earlier than those recorded before.
        let known = |(id, before): &(Id, Stamp)| id == alias && before.occurred_at <= stamp.occurred_at;
        if !self.by_id.get(lead).all_aliases().iter().any(known) {
            self.by_id.get_mut(lead).add_alias(alias.clone(), stamp);
        }
    }
}

/// Who owns a lead, by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// The house.
    House,
    /// A partner.
    Partner(Row),
}

impl Owner {
    /// The owner as an effect names it.
    pub fn to_party(self, state: &State) -> Party {
        match self {
            Self::House => Party::House,
            Self::Partner(row) => Party::Partner(state.partners.key(row).clone()),
        }
    }

    fn from_party(party: &Party, state: &State) -> Self {
        match party {
            Party::House => Self::House,
            Party::Partner(id) => Self::Partner(state.partners.find(id).expect("effects name known partners")),
        }
    }
}

impl Lead {
    /// Whether a referral that succeeded is seen. A reassignment does not introduce a lead, even if it occurred before
    /// (rules 1.4).
    pub fn is_seen(&self, seen: Seen) -> bool {
        self.decisions(seen).any(|decision| decision.acquired_by.is_some())
    }

    /// The decisions that are seen, in the order of recording.
    pub fn decisions(&self, seen: Seen) -> impl DoubleEndedIterator<Item = &Decision> {
        self.all_decisions().filter(move |decision| seen.sees(decision.stamp()))
    }

    /// The last recorded decision at or before a time (rules 5.3).
    pub fn decision_at(&self, at: Time, seen: Seen) -> Option<&Decision> {
        self.decisions(seen).rev().find(|decision| decision.stamp().occurred_at <= at)
    }

    fn decision_at_mut(&mut self, at: Time) -> Option<&mut Decision> {
        self.all_decisions_mut().rev().find(|decision| decision.stamp().occurred_at <= at)
    }

    /// The last recorded decision, whatever its time.
    fn last_decision(&self) -> &Decision {
        self.all_decisions().next_back().expect("a lead begins with a claim that succeeds")
    }

    /// The referral that a window counts from: the one that decided, or the last one before a reassignment (rules 6.3).
    pub fn referral_behind(&self, decision: &Decision) -> Option<&Decision> {
        let before = self.all_decisions().rev().filter(|known| known.stamp().position <= decision.stamp().position);
        before.into_iter().find(|known| known.acquired_by.is_some())
    }

    /// Who acquired it by the claim in force at a time; of a reassignment by the claim recorded before it (rules 5.1).
    pub fn acquired_by(&self, at: Time, seen: Seen) -> Option<AcquiredBy> {
        let in_force = self.decision_at(at, seen)?.stamp().position;
        let before = self.decisions(seen).rev().filter(|known| known.stamp().position <= in_force && known.stamp().occurred_at <= at);
        before.into_iter().find_map(|known| known.acquired_by)
    }

    /// When it was lost, if it is lost at a time: the last of losses and claims by then is a loss (rules 5.2, 5.3).
    pub fn lost_at(&self, at: Time, seen: Seen) -> Option<Time> {
        let by_then = |stamp: &Stamp| seen.sees(*stamp) && stamp.occurred_at <= at;
        let loss = self.losses().iter().copied().filter(by_then).max()?;
        let claims = self.all_decisions().filter(|decision| decision.acquired_by.is_some()).map(Decision::stamp);
        let claim = claims.filter(by_then).max();
        claim.is_none_or(|claim| claim < loss).then(|| self.first_loss_since(claim, at, seen))
    }

    /// The first loss after a claim.
    fn first_loss_since(&self, claim: Option<Stamp>, at: Time, seen: Seen) -> Time {
        let losses =
            self.losses().iter().filter(|loss| seen.sees(**loss) && loss.occurred_at <= at && claim.is_none_or(|claim| claim < **loss));
        losses.map(|loss| loss.occurred_at).min().unwrap_or(at)
    }

    /// The qualifications that are seen, in the order of recording.
    pub fn qualifications(&self, seen: Seen) -> impl DoubleEndedIterator<Item = Qualification> {
        self.all_qualifications().filter(move |qualification| seen.sees(qualification.stamp))
    }

    /// The last qualification in recording order that no claim reopened since (rules 13).
    pub fn qualification(&self, seen: Seen) -> Option<Qualification> {
        let last = self.all_qualifications().rev().find(|qualification| seen.sees(qualification.stamp))?;
        let reopened = self.decisions(seen).rev().find(|decision| decision.rule == OwnershipRule::AfterLoss);
        reopened.is_none_or(|reopened| reopened.stamp().position < last.stamp.position).then_some(last)
    }

    /// Whether it qualified while protected and was not lost since (rules 5.2).
    fn keeps_protection(&self, at: Time, seen: Seen) -> bool {
        self.unlost_qualifications(at, seen).any(|qualification| qualification.protected)
    }

    /// The qualifications by a time that no loss ended by then, and that were not recorded before the last claim which
    /// reopened it by then (rules 13).
    fn unlost_qualifications(&self, at: Time, seen: Seen) -> impl Iterator<Item = Qualification> {
        let by_then = move |stamp: Stamp| seen.sees(stamp) && stamp.occurred_at <= at;
        let lost_since = move |stamp: Stamp| self.losses().iter().any(|loss| by_then(*loss) && *loss > stamp);
        let reopened = self.all_decisions().filter(|decision| decision.rule == OwnershipRule::AfterLoss).map(Decision::stamp);
        let reopened = reopened.filter(|stamp| by_then(*stamp)).map(|stamp| stamp.position).max().unwrap_or(0);
        let counts = move |stamp: Stamp| by_then(stamp) && stamp.position > reopened && !lost_since(stamp);
        self.all_qualifications().filter(move |known| counts(known.stamp))
    }

    /// Until when the owner's claim at a time is protected, without regard to loss; `None` without a claim.
    pub fn protection_at(&self, at: Time, seen: Seen) -> Option<ProtectionEnd> {
        let decision = self.decision_at(at, seen)?;
        Some(if self.keeps_protection(at, seen) { ProtectionEnd::Unlimited } else { decision.protected_until(seen) })
    }

    /// Whether the owner's claim is protected at a time (rules 5.2, 13).
    pub fn is_protected(&self, at: Time, seen: Seen) -> bool {
        self.lost_at(at, seen).is_none() && self.protection_at(at, seen).is_some_and(|until| until.holds_at(at))
    }

    /// When the protection ends as shown at a time: a lost lead's ended at the loss, if not before (rules 13).
    pub fn protection_shown(&self, at: Time, seen: Seen) -> Option<Time> {
        match self.lost_at(at, seen) {
            Some(lost) => {
                let by_date = self.decision_at(at, seen).and_then(|decision| decision.protected_until(seen).time());
                let kept = self.keeps_protection(lost - chrono::Duration::nanoseconds(1), seen);
                Some(by_date.filter(|_| !kept).map_or(lost, |until| until.min(lost)))
            }
            None => self.protection_at(at, seen).and_then(ProtectionEnd::time),
        }
    }

    /// Its state at a time: a loss ends a qualification, also if a later claim reopened the lead.
    pub fn state_at(&self, at: Time, seen: Seen) -> LeadState {
        if self.lost_at(at, seen).is_some() {
            LeadState::Lost
        } else if self.unlost_qualifications(at, seen).next().is_some() {
            LeadState::Qualified
        } else {
            LeadState::Open
        }
    }

    /// Refuses what a lost lead does not take (rules 5.2).
    fn require_not_lost(&self, id: &Id, at: Time) -> Result<(), Rejection> {
        match self.lost_at(at, Seen::ALL) {
            Some(lost_at) => Err(Rejection::LeadLost { lead: id.clone(), lost_at }),
            None => Ok(()),
        }
    }

    /// Its other ids that are seen, in the order in which they became known.
    pub fn aliases(&self, seen: Seen) -> Vec<&Id> {
        let mut aliases: Vec<&Id> = Vec::new();
        for (id, _) in self.all_aliases().iter().filter(|(_, stamp)| seen.sees(*stamp)) {
            if !aliases.contains(&id) {
                aliases.push(id);
            }
        }
        aliases
    }

    /// Its match keys that are seen.
    pub fn match_keys<'a>(&self, seen: Seen, state: &'a State) -> impl Iterator<Item = &'a str> {
        self.all_match_keys().filter(move |(_, stamp)| seen.sees(*stamp)).map(|(row, _)| state.leads.match_keys.text(row))
    }

    /// The declined claims that are seen.
    pub fn declined(&self, seen: Seen) -> impl Iterator<Item = &DeclinedClaim> {
        self.all_declined().iter().filter(move |claim| seen.sees(claim.stamp))
    }
}
